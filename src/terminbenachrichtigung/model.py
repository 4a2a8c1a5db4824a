"""The values that travel between the rooms. Frozen; every datetime here is aware and in UTC.

UTC, because Python subtracts two datetimes of one zone by their wall clocks: an hour would be
lost or won in the two nights in which summer time begins and ends.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

# ---------------------------------------------------------------- what the schedule says


@dataclass(frozen=True, slots=True)
class Appointment:
    """One row of the schedule (AMPAREX: Terminplaner), one occurrence of an appointment.

    Missing texts are empty, never None, so that no template can print "None".
    """

    appointment_id: str
    starts_at: datetime
    customer_id: str | None
    type_notifiable: bool
    is_group: bool
    status: str = ""
    type_name: str = ""
    branch_code: str = ""
    branch_name: str = ""
    branch_phone: str = ""
    branch_address: str = ""
    branch_email: str = ""
    salutation: str = ""
    first_name: str = ""
    last_name: str = ""
    mobile: str = ""
    phone: str = ""
    email: str = ""
    preferred_channel: str = ""
    reminder_consent: bool = False
    language: str = ""
    ends_at: datetime | None = None
    created_at: datetime | None = None
    last_contacted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was passed over because a needed value could not be read, or its id came twice."""

    appointment_id: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class Window:
    """What one reading of the schedule gave: appointments by start, soonest first."""

    appointments: tuple[Appointment, ...]
    bad_rows: tuple[BadRow, ...] = ()
    warnings: tuple[str, ...] = ()


# ---------------------------------------------------------------- what the rules say


class Channel(StrEnum):
    """A way to reach a customer that needs no person (AMPAREX: Kontaktkanal)."""

    SMS = "sms"
    EMAIL = "email"


class Reason(StrEnum):
    """Why a run does not notify an appointment, in the order of the rules (contract, section 2)."""

    NO_CUSTOMER = "no_customer"
    GROUP_APPOINTMENT = "group_appointment"
    TYPE_NOT_ALLOWED = "type_not_allowed"
    STATUS_EXCLUDED = "status_excluded"
    BRANCH_EXCLUDED = "branch_excluded"
    ALREADY_NOTIFIED = "already_notified"
    IN_PROGRESS = "in_progress"
    MISSED = "missed"
    PAST = "past"
    SAME_DAY = "same_day"
    NOT_YET_DUE = "not_yet_due"
    BOOKED_RECENTLY = "booked_recently"
    OPTED_OUT = "opted_out"
    NO_CONSENT = "no_consent"
    MANUAL_CONTACT = "manual_contact"
    NO_CONTACT = "no_contact"
    SUPERSEDED = "superseded"
    RECENTLY_NOTIFIED = "recently_notified"
    HELD_BACK = "held_back"
    CHANGED = "changed"  # it was planned, but the schedule said otherwise just before its claim


@dataclass(frozen=True, slots=True)
class Route:
    """One channel with the recipient on it: an E.164 number or an e-mail address."""

    channel: Channel
    recipient: str


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """What one customer is to receive at one time for one reminder, not yet claimed."""

    reminder: str
    customer_id: str
    appointments: tuple[Appointment, ...]  # soonest first; the first one gives the customer's data
    routes: tuple[Route, ...]  # in the order in which they are tried; never empty
    gap_waived: bool = False  # the customer gap yields (moved, the last chance, or sent by hand)
    again: frozenset[str] = frozenset()  # messages, by their ids, that a person chose to repeat

    @property
    def soonest(self) -> Appointment:
        return self.appointments[0]

    @property
    def order(self) -> tuple[datetime, str, str, str]:
        """Soonest first, and always the same."""
        first = self.soonest
        return (first.starts_at, self.customer_id, first.appointment_id, self.reminder)


@dataclass(frozen=True, slots=True)
class Skip:
    """An appointment that a reminder leaves alone in this run, and why."""

    appointment: Appointment
    reminder: str
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says to one appointment and reminder, and the values it looked at."""

    reason: Reason
    skips: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run would do: messages in the order of sending, and a reason for all else."""

    messages: tuple[PlannedMessage, ...]
    skips: tuple[Skip, ...]
    warnings: tuple[str, ...] = ()


# ---------------------------------------------------------------- what the journal knows


class State(StrEnum):
    """Where a message stands in the journal."""

    CLAIMED = "claimed"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    RELEASED = "released"
    ADOPTED = "adopted"


CHANNELS_LEFT = (State.FAILED, State.UNDELIVERED)
"""Refused, or not arrived, by what was tried: a recipient not yet rejected opens the message again."""
TOLD_NOBODY = (*CHANNELS_LEFT, State.RELEASED)


@dataclass(frozen=True, slots=True)
class Notification:
    """One appointment in one message for one reminder, as the journal remembers it."""

    reminder: str
    appointment_id: str
    generation: int  # counts an appointment's notifications for one reminder, from 1
    customer_id: str
    starts_at: datetime
    state: State
    message_id: str
    run_now: datetime  # the `now` of the run that claimed it
    route: Route | None = field(
        default=None, compare=False
    )  # of the last attempt; None: adopted, or not read


CONFIRMATION = "Terminbestätigung"
"""The name under which the journal keeps confirmations of bookings; no reminder may have it."""


@dataclass(frozen=True, slots=True)
class Contacted:
    """A message that counts for the customer gap (claimed, sent, delivered, unknown)."""

    run_now: datetime
    reminder: str
    own: bool = False  # made by the run that asks


@dataclass(frozen=True, slots=True)
class Leftover:
    """An appointment that the last run which planned it left `retry` or `deferred`."""

    customer_id: str
    starts_at: datetime
    outcome: "MessageOutcome"


@dataclass(frozen=True, slots=True)
class Known:
    """The journal's answers for one set of appointments. Empty where there is no journal."""

    notifications: Mapping[str, Sequence[Notification]] = field(default_factory=dict)
    """By appointment: all reminders and generations that are still kept, oldest first."""
    confirmations: Mapping[str, Sequence[Notification]] = field(default_factory=dict)
    """By appointment: its confirmations, oldest first. Apart, because no reminder's rule looks at them."""
    rejected: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By appointment: recipients that a gateway or mail server refused for good."""
    contacted: Mapping[str, Sequence[Contacted]] = field(default_factory=dict)
    """By customer: messages within the gap, in any order."""
    open_claims: frozenset[str] = frozenset()
    """Customers for whom another run holds an open claim."""
    leftovers: Mapping[tuple[str, str], Leftover] = field(default_factory=dict)
    """By (reminder, appointment)."""
    complete_runs: Sequence[datetime] = ()
    """The `now` of complete runs, ascending, as far back as a window can have opened."""
    last_complete_run: datetime | None = None
    journal_since: datetime | None = None
    reminder_since: Mapping[str, datetime] = field(default_factory=dict)
    """By reminder: the `now` of its first complete run; of the confirmation, since it was switched on."""


# ---------------------------------------------------------------- what is sent


@dataclass(frozen=True, slots=True)
class Content:
    """A rendered message for one route, ready for its channel."""

    channel: Channel
    recipient: str
    language: str
    text: str
    subject: str | None = None  # e-mail only
    parts: int | None = None  # SMS only, as `encoding`
    encoding: str | None = None  # "gsm7" or "ucs2"
    branch_code: str = ""  # the channel picks the sender or the reply address by it
    reply_to: str = ""  # the branch's address, if it has a valid one
    calendar: bytes | None = None
    html: str | None = None  # e-mail only: the same once more, for whoever's program shows it


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send one message. Only the journal makes one, after its commit.

    `send` takes a Claim, so nothing can leave that is not in the journal first.
    """

    message_id: str  # a UUID; also the job's label at the gateway and in the Message-ID
    message: PlannedMessage


@dataclass(frozen=True, slots=True)
class StaffClaim:
    """The right to mail the staff list of a day to one of its recipients. Only the journal makes one."""

    mail_id: str  # a UUID; also in the Message-ID
    day: date
    branch_code: str  # empty: everybody's list
    recipient: str


@dataclass(frozen=True, slots=True)
class StaffTick:
    """What a person ticked off on the staff list: no later move, and no new failure, is meant by it."""

    appointment_id: str
    customer_id: str
    starts_at: datetime
    reason: str
    message_id: str  # of the message that is the cause; empty where none is


@dataclass(frozen=True, slots=True)
class Sent:
    """The gateway said so in its answer; the mail server accepted the data."""

    word: ClassVar[str] = "sent"
    detail: str = ""
    job_id: str = field(default="", compare=False)  # the gateway's, which the detail names for people


@dataclass(frozen=True, slots=True)
class Rejected:
    """Refused for good: this recipient or this text."""

    word: ClassVar[str] = "rejected"
    detail: str  # the gateway's word, or the mail server's answer
    unheard_word: str | None = None  # a word of rejection that our table does not know


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Surely not sent; another time or another channel may do."""

    word: ClassVar[str] = "unavailable"
    detail: str
    account_error: bool = False  # closes the channel for the rest of the run
    again: bool = True  # whether trying again in this run makes sense
    recipient_only: bool = False  # says nothing about the channel: a mail server's 4xx to one recipient


@dataclass(frozen=True, slots=True)
class Unknown:
    """It left, and no clear answer came: it may have been sent."""

    word: ClassVar[str] = "unknown"
    detail: str


Outcome = Sent | Rejected | Unavailable | Unknown
"""How one attempt ended. A closed type: `match` on it, with `assert_never` at the end.

`word` is what the contract, section 3, calls it: in the journal, and for people and programs.
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one message on one channel."""

    route: Route
    outcome: Outcome


class MessageOutcome(StrEnum):
    """How a message ended in a run."""

    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    RETRY = "retry"
    DEFERRED = "deferred"


# ---------------------------------------------------------------- what became of it later


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a gateway says became of one SMS, or one part of it; its job may be other software's."""

    label: str  # of the job: our message's id, if it is ours and the gateway gives it
    job_id: str
    recipient: str  # digits, as the gateway writes them; may be empty
    state: State | None  # delivered, undelivered; None: nothing final, or a word nobody knows
    word: str  # the gateway's own, fit to be shown
    unheard: bool = False  # the word is not known
    part: str = ""  # which part of a long SMS it is about
    number: int = 0  # the reports are counted
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tidings:
    """What is to be noted about one message that was sent, or may have been, by one channel."""

    message_id: str
    channel: Channel
    state: State | None  # sent, delivered or undelivered; None: only the detail is new
    detail: str
    recipient: str = ""  # as the gateway writes it; what is about another number is not noted
    job_id: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """A message of an earlier run that a run found to stand elsewhere than the journal had it."""

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

    balance: Decimal  # SMS credits, before its first SMS
    missing: Decimal = Decimal(0)  # so many more were needed for what was due
    low: bool = False  # below the limit of which a person wants to be told


@dataclass(frozen=True, slots=True)
class Stranded:
    """An appointment whose SMS did not arrive, and for which no channel, or no time, is left."""

    appointment: Appointment
    reminder: str


# ---------------------------------------------------------------- what a run reports


@dataclass(frozen=True, slots=True)
class MessageResult:
    """A message with what became of it; in a dry run `outcome` is None and `attempts` empty."""

    message: PlannedMessage
    content: Content  # for the route that was tried last, else the first
    outcome: MessageOutcome | None = None
    attempts: tuple[Attempt, ...] = ()
    message_id: str | None = None
    detail: str = ""


class Stop(StrEnum):
    """What cut a run short, or kept it from sending at all."""

    SIGNAL = "signal"
    MAX_RUN_MINUTES = "max_run_minutes"
    QUIET = "quiet"  # a quiet period began during the run
    BRAKE = "brake"  # the plan is above max_messages_per_run
    JOURNAL = "journal"  # the journal could not be written any more
    SCHEDULE = "schedule"  # the schedule could not be read any more


@dataclass(frozen=True, slots=True)
class Expired:
    """A claim of an earlier run that ended without settling it: nobody knows whether it was sent."""

    message_id: str
    reminder: str
    customer_id: str
    appointment_ids: tuple[str, ...]
    route: Route


@dataclass(frozen=True, slots=True)
class RunResult:
    """Everything that `run-once` or `dry-run` found and did."""

    command: str  # "run-once" or "dry-run"
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
    expired: tuple[Expired, ...] = ()
    updates: tuple[Update, ...] = ()  # what became known of messages of earlier runs
    stranded: tuple[Stranded, ...] = ()
    credits: Credits | None = None  # None: the run did not ask, or got no answer
    news: tuple[str, ...] = ()
    """What newly needs a person: one line each, reported once per state (exit code 1)."""


# ---------------------------------------------------------------- what `history` shows


@dataclass(frozen=True, slots=True)
class JournalAttempt:
    """One attempt as the journal remembers it; `outcome` is one of the words of contract, section 3."""

    channel: Channel
    recipient: str
    outcome: str  # "sent", "rejected", "unavailable" or "unknown"
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class JournalMessage:
    """One message as the journal remembers it, without its text, which the journal does not hold."""

    message_id: str
    run_id: str
    reminder: str
    customer_id: str
    appointment_ids: tuple[str, ...]
    state: State
    channel: Channel | None  # None: adopted, or released before any attempt
    recipient: str | None
    claimed_at: datetime
    settled_at: datetime | None
    attempts: tuple[JournalAttempt, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which messages `history` shows: those of which everything that is given here is true."""

    customer_id: str | None = None
    appointment_id: str | None = None
    run_id: str = ""  # the beginning of it is enough
    states: tuple[State, ...] = ()  # one of these; empty: any
    since: datetime | None = None  # claimed at this moment or later
    until: datetime | None = None  # claimed before this moment


@dataclass(frozen=True, slots=True)
class JournalRun:
    """One run, or one sending by hand, as the journal remembers it."""

    run_id: str
    command: str  # "run-once" or "notify"
    at: datetime  # its `now`
    host: str
    process: int
    started_at: datetime  # by the journal database's clock, as is `finished_at`
    finished_at: datetime | None  # None: it is under way, or was killed
    complete: bool  # not stopped, braked, or cut off
    ending: str | None  # "complete", "quiet", or what cut it short
    counts: Mapping[str, int] = field(default_factory=dict)
    """Messages by outcome."""
