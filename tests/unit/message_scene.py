"""A practice with its shipped texts, and an appointment to bend, for the tests of texts."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from terminbenachrichtigung.config.channels import EmailSettings
from terminbenachrichtigung.config.settings import Reminder, Settings, TemplateTexts
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.texts.messages import Texts

SHIPPED = tomllib.loads(files("terminbenachrichtigung").joinpath("texts/templates.toml").read_text("utf-8"))

EMAIL = EmailSettings(host="mail.example.org", sender="Praxis <termine@example.org>")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

ANNA = Appointment(
    appointment_id="4711",
    starts_at=datetime(2026, 11, 25, 8, 0, tzinfo=UTC),  # a Wednesday, 09:00 in Berlin
    customer_id="17",
    type_notifiable=True,
    is_group=False,
    type_name="Hörtest",
    branch_code="HH1",
    branch_name="Optik Meier",
    branch_phone="040 123456",
    branch_address="Hauptstraße 1, 20095 Hamburg",
    branch_email="hh1@example.org",
    ends_at=datetime(2026, 11, 25, 8, 30, tzinfo=UTC),
    salutation="Frau",
    first_name="Anna",
    last_name="Müller",
)


def anna(**changes: Any) -> Appointment:
    return replace(ANNA, **changes)


def settings(templates: dict[str, dict[str, dict[str, str]]] | None = None, **changes: Any) -> Settings:
    """Settings with these templates, or else with those that ship."""
    texts = {
        name: {language: TemplateTexts(**kinds) for language, kinds in languages.items()}
        for name, languages in (SHIPPED if templates is None else templates).items()
    }
    whole = {"reminders": (Reminder(name="Terminerinnerung", hours_before=24),), "email": EMAIL, **changes}
    return Settings(templates=texts, **whole)


def texts(sms: str = "x", subject: str = "x", body: str = "x", **changes: Any) -> Texts:
    """One template `t` in German."""
    kinds = {"sms": sms, "email_subject": subject, "email_body": body}
    return Texts(settings({"t": {"de": kinds}}, **changes))
