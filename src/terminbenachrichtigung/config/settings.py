"""The settings, frozen: every key of the configuration with its default (contract, section 6).

The descriptions are what `config schema` shows in an editor; AMPAREX's German name of a field
stands in brackets. The first example of a key without a default also stands in for it while the
other keys are checked, so that one missing key does not hide the mistakes beside it.
"""

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, ConfigDict, Field, SecretStr
from pydantic.json_schema import SkipJsonSchema

from terminbenachrichtigung.config.channels import EmailSettings, SmsSettings
from terminbenachrichtigung.config.fields import (
    Address,
    BranchLanguage,
    CalendarDate,
    Channels,
    Holidays,
    Language,
    Line,
    LineOrNothing,
    MetricsFile,
    PingUrl,
    ReplyTo,
    SendAt,
    Switch,
    Text,
    TimeOfDay,
    Weekday,
    Whole,
    Zone,
    some,
)
from terminbenachrichtigung.config.section import URL_FILE, Section
from terminbenachrichtigung.model.journal import CANCELLATION, MOVE
from terminbenachrichtigung.model.lead import DaysBefore, HoursBefore, Lead


class ScheduleSettings(Section):
    """Where the appointments are read from (AMPAREX: Terminplaner)."""

    url: Annotated[
        SecretStr,
        Field(
            description="SQLAlchemy URL of the database",
            examples=["sqlite:///schedule.db", "postgresql://reader@db.example.org/praxis"],
            json_schema_extra={"default": "sqlite:///schedule.db"},
        ),
    ] = SecretStr("sqlite:///schedule.db")
    url_file: Annotated[str, Field(description=URL_FILE)] = ""
    source: Annotated[Line, Field(description="Table or view with one row per appointment")] = (
        "reminder_appointments"
    )
    query_file: Annotated[str, Field(description="File with a SELECT, instead of `source`")] = ""
    query: SkipJsonSchema[str | None] = None
    """The text of `query_file`, read by the loader; None: use `source`. No key of the file."""
    extra_columns: Annotated[
        tuple[Line, ...],
        Field(
            description="Further columns, for texts: appointment.extra.NAME", examples=[["room", "colleague"]]
        ),
    ] = ()
    midnight_starts: Annotated[
        Switch, Field(description="Whether 00:00 is a time of day, and not a date without one")
    ] = False


class JournalSettings(Section):
    """The tool's own tables."""

    url: Annotated[
        SecretStr,
        Field(
            description="SQLAlchemy URL of the journal: SQLite or PostgreSQL",
            examples=["sqlite:///journal.db", "postgresql://writer@db.example.org/reminders"],
            json_schema_extra={"default": "sqlite:///journal.db"},
        ),
    ] = SecretStr("sqlite:///journal.db")
    url_file: Annotated[str, Field(description=URL_FILE)] = ""
    retention_days: Annotated[
        Whole, Field(ge=1, le=36500, description="Days after which old rows are deleted")
    ] = 180
    claim_timeout_minutes: Annotated[
        Whole, Field(ge=1, le=1440, description="Minutes after which an unsettled claim is unknown")
    ] = 15


class Rules(Section):
    """Whom a run notifies, and when."""

    quiet_hours: Annotated[Switch, Field(description="Whether nothing is sent at night (Nachtruhe)")] = True
    quiet_start: Annotated[TimeOfDay, Field(description="Local time (Start Nachtruhe)")] = time(20, 0)
    quiet_end: Annotated[TimeOfDay, Field(description="Local time (Ende Nachtruhe)")] = time(8, 0)
    quiet_days: Annotated[
        tuple[Weekday, ...], Field(description="Weekdays on which nothing is sent", examples=[["sunday"]])
    ] = ()
    quiet_dates: Annotated[
        tuple[CalendarDate, ...],
        Field(description="Dates on which nothing is sent", examples=[["2026-12-24"]]),
    ] = ()
    quiet_holidays: Annotated[
        Holidays, Field(description="Public holidays on which nothing is sent", examples=["DE-HH"])
    ] = ""
    pre_quiet_minutes: Annotated[
        Whole, Field(ge=0, le=720, description="Minutes before a quiet period that reach beyond it")
    ] = 90
    hours_between_messages: Annotated[
        Whole,
        Field(
            ge=1,
            le=99,
            description="Least hours between two messages to a customer (Min. Stunden vor Doppelnachricht)",
        ),
    ] = 12
    hours_after_booking: Annotated[
        Whole, Field(ge=0, le=8760, description="Hours in which a new booking is left alone")
    ] = 0
    same_day: Annotated[Switch, Field(description="Whether to remind on the appointment's own day")] = False
    require_consent: Annotated[Switch, Field(description="Whether `reminder_consent` must be given")] = False
    on_unknown: Annotated[
        Literal["hold", "fallback"], Field(description="After an unclear answer: staff, or the next channel")
    ] = "hold"
    excluded_statuses: Annotated[
        tuple[Line, ...], Field(description="Statuses that are not reminded, in any case")
    ] = ("Storniert", "Geplatzt")
    include_branches: Annotated[
        tuple[str, ...],
        Field(
            description="Branches that are reminded (Filialcode Filter); empty: all", examples=[["HH*", "B1"]]
        ),
    ] = ()
    exclude_branches: Annotated[
        tuple[str, ...], Field(description="Branches that are not reminded", examples=[["TEST*"]])
    ] = ()


class Safety(Section):
    """Brakes."""

    max_messages_per_run: Annotated[
        Whole, Field(ge=0, description="A plan above it sends nothing; 0: no limit")
    ] = 0
    only_recipients: Annotated[
        tuple[Line, ...],
        Field(description="If set, nobody else is ever sent anything", examples=[["+491715555555"]]),
    ] = ()
    """Normalised by the loader: E.164 numbers, e-mail addresses in lower case."""


def _one_lead(schema: dict[str, Any]) -> None:
    schema["oneOf"] = [{"required": ["hours_before"]}, {"required": ["days_before", "at"]}]


class Reminder(Section):
    """One configured notification (AMPAREX: Terminerinnerung, Kontaktvorlage)."""

    model_config = ConfigDict(json_schema_extra=_one_lead)

    name: Annotated[
        Line, Field(description="Unique; renamed, what it told counts", examples=["Terminerinnerung"])
    ]
    hours_before: Annotated[
        Whole | None, Field(ge=1, le=99, description="Lead in hours (Stunden vor Termin)", examples=[24])
    ] = None
    days_before: Annotated[
        Whole | None, Field(ge=1, le=60, description="Lead in days, with `at`", examples=[1])
    ] = None
    at: Annotated[
        TimeOfDay | None, Field(description="Local time from which a day's appointments are due")
    ] = None
    types: Annotated[
        tuple[str, ...],
        Field(
            description="Only these types of appointment, exact or with * and ?; empty: all",
            examples=[["Hörtest*"]],
        ),
    ] = ()
    branches: Annotated[
        tuple[str, ...], Field(description="Only these branches, the same", examples=[["HH*", "B1"]])
    ] = ()
    unless_confirmed: Annotated[
        Switch, Field(description="Not to those who confirmed this start by reply")
    ] = False
    channels: Annotated[Channels, Field(description="In the order in which they are tried")] = (
        "sms",
        "email",
    )
    template: Annotated[Line, Field(description="A name under [templates]")] = "terminerinnerung"

    @property
    def lead(self) -> Lead:
        """How long before its start an appointment becomes due."""
        if self.hours_before is not None:
            return HoursBefore(self.hours_before)
        assert self.days_before is not None  # `config check` refuses a reminder without a lead
        assert self.at is not None
        return DaysBefore(self.days_before, self.at)


class Confirmation(Section):
    """The confirmation of a booking by e-mail (AMPAREX: Terminbestätigung)."""

    enabled: Annotated[Switch, Field(description="Whether bookings are confirmed by e-mail")] = False
    template: Annotated[Line, Field(description="A name under [templates]")] = "terminbestaetigung"


class RepliesSettings(Section):
    """What customers answer to an SMS (AMPAREX: RückSMS)."""

    enabled: Annotated[
        Switch, Field(description="Whether answers are fetched; needs a gateway and a sender that have any")
    ] = False


CORRECTION_TEMPLATES = {CANCELLATION: "terminabsage", MOVE: "terminverschiebung"}
"""By the name of a correction: its template."""


class Corrections(Section):
    """Messages to customers whose appointment was cancelled or moved after they were told of it."""

    enabled: Annotated[Switch, Field(description="Whether customers are told of such changes")] = False
    cancelled: Annotated[Switch, Field(description="That it is off (Terminabsage)")] = True
    moved: Annotated[Switch, Field(description="That it has another start (Terminverschiebung)")] = True


class MonitoringSettings(Section):
    """Who watches over the hourly run."""

    ping_url: Annotated[
        PingUrl,
        Field(
            description="Called at start, success and failure, as healthchecks.io has it; empty: nobody is",
            examples=["https://hc-ping.com/your-uuid"],
            json_schema_extra={"default": ""},
        ),
    ] = SecretStr("")
    """A secret: whoever knows it can report a success although no run succeeded."""
    ping_url_file: Annotated[str, Field(description=URL_FILE)] = ""
    textfile: Annotated[
        MetricsFile, Field(description="File for node_exporter's textfile collector; empty: none is written")
    ] = ""


class FiguresSettings(Section):
    """How `figures` counts."""

    no_show_statuses: Annotated[
        tuple[Line, ...], Field(description="Statuses of appointments to which nobody came, in any case")
    ] = ("Geplatzt",)


class StaffListSettings(Section):
    """Who gets the list of the customers whom a person must call or write, by e-mail, once a day."""

    recipients: Annotated[
        tuple[Address, ...],
        Field(description="Addresses that get everybody; empty: none", examples=[["empfang@example.org"]]),
    ] = ()
    send_at: Annotated[
        SendAt, Field(description="Local time; the first run after it sends the list, also if it is quiet")
    ] = time(7, 30)


class Branch(Section):
    """What one branch does differently."""

    language: Annotated[
        BranchLanguage, Field(description="For customers without a language of their own", examples=["fr"])
    ] = ""
    sms_sender: Annotated[LineOrNothing, Field(description="Empty: [sms] sender")] = ""
    reply_to: Annotated[ReplyTo, Field(description="Empty: [email] reply_to")] = ""
    staff_recipients: Annotated[
        tuple[Address, ...],
        Field(description="Addresses that get this branch's customers", examples=[["hh1@example.org"]]),
    ] = ()


class TemplateTexts(Section):
    """One template in one language; a text that is missing here is looked for in the next language."""

    sms: Annotated[Text | None, Field(description="Jinja template of the SMS")] = None
    email_subject: Annotated[Text | None, Field(description="Jinja template of the subject")] = None
    email_body: Annotated[Text | None, Field(description="Jinja template of the mail's text")] = None


def _left_out() -> Any:
    """A section that is missing is read like an empty one.

    `default_factory=Rules` would build a validator for each section: a tenth of the time of an idle run.
    """
    return Field(default_factory=dict, validate_default=True)


class Settings(Section):
    """The whole configuration."""

    timezone: Annotated[Zone, Field(description="The practice's time zone")] = "Europe/Berlin"
    default_language: Annotated[Language, Field(description="For customers without a language")] = "de"
    max_run_minutes: Annotated[
        Whole, Field(ge=1, le=1440, description="Minutes after which a run stops claiming")
    ] = 30
    schedule: ScheduleSettings = _left_out()
    journal: JournalSettings = _left_out()
    rules: Rules = _left_out()
    safety: Safety = _left_out()
    reminders: Annotated[
        tuple[Reminder, ...],
        AfterValidator(some),
        Field(
            examples=[[{"name": "Terminerinnerung", "hours_before": 24}]], json_schema_extra={"minItems": 1}
        ),
    ]
    confirmation: Confirmation = _left_out()
    replies: RepliesSettings = _left_out()
    corrections: Corrections = _left_out()
    sms: SmsSettings | None = None
    email: EmailSettings | None = None
    monitoring: MonitoringSettings = _left_out()
    staff_list: StaffListSettings = _left_out()
    figures: FiguresSettings = _left_out()
    branches: Annotated[Mapping[str, Branch], Field(description="By branch_code")] = Field(
        default_factory=dict
    )
    templates: Annotated[
        Mapping[str, Mapping[Language, TemplateTexts]], Field(description="By name, then language")
    ] = Field(default_factory=dict)
    """The loader puts the shipped templates under those of the file, text by text."""

    @property
    def zone(self) -> ZoneInfo:
        """The practice's time zone: `local` always means this one."""
        return ZoneInfo(self.timezone)

    @property
    def has_staff_recipients(self) -> bool:
        """Whether the staff list is mailed to anybody."""
        branches = self.branches.values()
        return bool(self.staff_list.recipients) or any(branch.staff_recipients for branch in branches)
