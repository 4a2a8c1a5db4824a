"""The settings, frozen: every key of the configuration with its default (contract, section 6)."""

from collections.abc import Mapping
from datetime import date, time
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Section(BaseModel):
    """Base of all sections: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ScheduleSettings(Section):
    """Where the appointments are read from (AMPAREX: Terminplaner)."""

    url: SecretStr = SecretStr("sqlite:///schedule.db")
    source: str = "reminder_appointments"
    query: str | None = None  # the text of `query_file`, read by the loader; None: use `source`


class JournalSettings(Section):
    """The tool's own tables."""

    url: SecretStr = SecretStr("sqlite:///journal.db")
    retention_days: int = 180
    claim_timeout_minutes: int = 15


class Rules(Section):
    """Whom a run notifies, and when."""

    quiet_hours: bool = True
    quiet_start: time = time(20, 0)
    quiet_end: time = time(8, 0)
    quiet_days: tuple[Weekday, ...] = ()
    quiet_dates: tuple[date, ...] = ()
    quiet_holidays: str = ""
    pre_quiet_minutes: int = 90
    hours_between_messages: int = 12
    hours_after_booking: int = 0
    same_day: bool = False
    require_consent: bool = False
    on_unknown: Literal["hold", "fallback"] = "hold"
    excluded_statuses: tuple[str, ...] = ("Storniert", "Geplatzt")
    include_branches: tuple[str, ...] = ()
    exclude_branches: tuple[str, ...] = ()


class Safety(Section):
    """Brakes."""

    max_messages_per_run: int = 0
    only_recipients: tuple[str, ...] = ()  # normalised by the loader: E.164, e-mail in lower case


class Reminder(Section):
    """One configured notification (AMPAREX: Terminerinnerung, Kontaktvorlage)."""

    name: str
    hours_before: int
    channels: tuple[Literal["sms", "email"], ...] = ("sms", "email")
    template: str = "terminerinnerung"


class Confirmation(Section):
    """The confirmation of a booking by e-mail (AMPAREX: Terminbestätigung)."""

    enabled: bool = False
    template: str = "terminbestaetigung"


class SmsSettings(Section):
    """The smscreator.de gateway (AMPAREX: SMS | Schnittstellen)."""

    provider: Literal["smscreator"] = "smscreator"
    base_url: str = "https://www.smscreator.de/gateway"
    serial: str
    password: SecretStr
    sender: str
    country_code: str = "+49"
    countries: tuple[str, ...] = ()
    sms_type: str = "auto"
    max_parts: int = 3
    transliterate: bool = True
    proxy_server: str = ""
    proxy_port: int = 3128
    active_from: date | None = None
    check_balance: bool = True
    timeout_seconds: int = 10
    concurrency: int = 8
    max_per_second: float = 0


class EmailSettings(Section):
    """The mail server."""

    host: str
    port: int = 587
    security: Literal["tls", "starttls", "none"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: str
    reply_to: str = ""
    timeout_seconds: int = 20
    concurrency: int = 2
    max_per_second: float = 0
    calendar_attachment: bool = True


class Branch(Section):
    """What one branch does differently."""

    sms_sender: str = ""
    reply_to: str = ""


class TemplateTexts(Section):
    """One template in one language; a text that is missing here is looked for in the next language."""

    sms: str | None = None
    email_subject: str | None = None
    email_body: str | None = None


class Settings(Section):
    """The whole configuration."""

    timezone: str = "Europe/Berlin"
    default_language: str = "de"
    max_run_minutes: int = 30
    schedule: ScheduleSettings = ScheduleSettings()
    journal: JournalSettings = JournalSettings()
    rules: Rules = Rules()
    safety: Safety = Safety()
    reminders: tuple[Reminder, ...]
    confirmation: Confirmation = Confirmation()
    sms: SmsSettings | None = None
    email: EmailSettings | None = None
    branches: Mapping[str, Branch] = Field(default_factory=dict)
    templates: Mapping[str, Mapping[str, TemplateTexts]] = Field(default_factory=dict)
    """Name, then language. The loader puts the shipped templates under those of the file."""

    @property
    def zone(self) -> ZoneInfo:
        """The practice's time zone: `local` always means this one."""
        return ZoneInfo(self.timezone)
