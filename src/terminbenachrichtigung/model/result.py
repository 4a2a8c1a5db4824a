"""What a run found and did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from terminbenachrichtigung.model.appointment import Appointment, BadRow
from terminbenachrichtigung.model.delivery import Attempt, Content
from terminbenachrichtigung.model.journal import Change, State
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, PlannedMessage, Route, Skip
from terminbenachrichtigung.model.reply import ReplyNote


@dataclass(frozen=True, slots=True)
class Update:
    """A message of an earlier run of which this run learned a new state."""

    message_id: str
    reminder: str
    customer_id: str
    appointment_ids: tuple[str, ...]
    route: Route  # by which it was sent
    was: State
    state: State
    detail: str


@dataclass(frozen=True, slots=True)
class Credits:
    """What a run found of the account from which its SMS are paid."""

    balance: Decimal  # before its first SMS
    missing: Decimal = Decimal(0)  # how much more was needed for what was due
    low: bool = False  # whether what is left is below `credits_warn_below`
    left: Decimal = Decimal(0)  # after its last SMS, as far as the price is known
    currency: str = ""  # of all these; empty: they count SMS credits


@dataclass(frozen=True, slots=True)
class Stranded:
    """An appointment whose SMS did not arrive, and for which no channel, or no time, is left."""

    appointment: Appointment
    reminder: str


@dataclass(frozen=True, slots=True)
class MessageResult:
    """A message with what became of it; in a dry run `outcome` is None and `attempts` empty."""

    message: PlannedMessage
    content: Content  # for the route that was tried last, else the first
    outcome: MessageOutcome | None = None
    attempts: tuple[Attempt, ...] = ()
    message_id: str | None = None
    detail: str = ""


class Mode(StrEnum):
    """Which command made a result."""

    RUN_ONCE = "run-once"
    DRY_RUN = "dry-run"
    NOTIFY = "notify"


class Stop(StrEnum):
    """What cut a run short, or kept it from sending at all."""

    SIGNAL = "signal"
    MAX_RUN_MINUTES = "max_run_minutes"
    QUIET = "quiet"  # a quiet period began during the run
    BRAKE = "brake"  # the plan is above the limit of `Brake`
    JOURNAL = "journal"  # the journal could not be written any more
    CLAIM_GONE = "claim gone"  # the journal has lost a claim of this run, as a restored file has
    SCHEDULE = "schedule"  # the schedule could not be read any more


@dataclass(frozen=True, slots=True)
class Untold:
    """A message of an earlier run that needs a person, and that no report has named yet.

    `unknown`: its run ended before the message was settled, or before its report was written.
    `failed`: its run ended before its report was written.
    """

    message_id: str
    reminder: str
    customer_id: str
    appointment_ids: tuple[str, ...]
    route: Route
    state: State = State.UNKNOWN


@dataclass(frozen=True, slots=True)
class Brake:
    """The limit above which a plan is not sent, and the setting that gives it."""

    limit: int
    setting: str = "safety.max_messages_per_run"


@dataclass(frozen=True, slots=True)
class HeldCorrections:
    """Corrections that a run did not send because they are so many: a wrong view, or a day called off."""

    planned: int  # appointments that are off or have moved
    told: int  # appointments ahead of which somebody was told


@dataclass(frozen=True, slots=True)
class RunResult:
    """Everything that a run, a dry run or a notification by hand found and did."""

    mode: Mode
    at: datetime
    quiet: bool
    messages: tuple[MessageResult, ...] = ()
    skips: tuple[Skip, ...] = ()
    bad_rows: tuple[BadRow, ...] = ()
    warnings: tuple[str, ...] = ()
    next_open: datetime | None = None  # in a quiet period: when it ends
    closed: Mapping[Channel, str] = field(default_factory=dict)  # channel -> why it was closed
    stop: Stop | None = None
    stop_detail: str = ""
    brake: Brake | None = None  # what stopped it, if that was the brake
    untold: tuple[Untold, ...] = ()
    updates: tuple[Update, ...] = ()  # what became known of messages of earlier runs
    replies: tuple[ReplyNote, ...] = ()  # what customers answered, and no report has named yet
    stranded: tuple[Stranded, ...] = ()
    credits: Credits | None = None  # None: the run did not ask, or got no answer
    changes: tuple[Change, ...] = ()  # where the schedule differs from what somebody was told
    held_corrections: HeldCorrections | None = None  # None: none are held
    news: tuple[str, ...] = ()
    """What newly needs a person: one line each, reported once per state (exit code 1)."""
    facts: tuple[tuple[str, str], ...] = ()
    """Facts about the mails of the staff list that `news` names, as (subject, fact)."""
    on_staff_list: int | None = None
    """How many customers a person must call or write; None: nobody asked."""
