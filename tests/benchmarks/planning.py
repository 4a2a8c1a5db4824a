"""Rules, phone numbers, texts and their parts, for appointments that were never seen before."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import process_time

from terminbenachrichtigung.config.channels import SmsSettings
from terminbenachrichtigung.config.files import shipped_templates
from terminbenachrichtigung.config.settings import Reminder, Settings
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import Known
from terminbenachrichtigung.model.plan import Channel, Correction
from terminbenachrichtigung.rules.context import Situation
from terminbenachrichtigung.rules.planning import plan
from terminbenachrichtigung.texts.messages import Texts
from terminbenachrichtigung.times.windows import Quiet

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def per_second(count: int) -> float:
    """Appointments planned in a second of CPU, each of a customer of their own."""
    settings = Settings.model_validate(
        {
            "reminders": (Reminder(name="Terminerinnerung", hours_before=24),),
            "sms": SmsSettings.model_validate({"serial": "4711", "password": "demo", "sender": "Optik"}),
            "templates": shipped_templates(),
        }
    )
    texts = Texts(settings)
    start = NOW + timedelta(hours=20)
    rows = [
        Appointment(
            str(n),
            start + timedelta(minutes=n % 240),
            str(n),
            type_notifiable=True,
            is_group=False,
            salutation="Frau",
            last_name=f"Berger{n}",
            mobile=f"0171 {5_000_000 + n}",
            branch_name="Optik Nord",
            branch_phone="040 123456",
        )
        for n in range(count)
    ]

    def parts(
        _reminder: str,
        _channel: Channel,
        appointments: Sequence[Appointment],
        _correction: Correction | None = None,
        /,
    ) -> int:
        return texts.sms("terminerinnerung", appointments).parts

    began = process_time()
    quiet = Quiet(settings.rules, settings.zone)
    planned = plan(rows, Situation(settings, Known(), NOW, parts, quiet))
    seconds = process_time() - began
    assert len(planned.messages) == count
    return count / seconds
