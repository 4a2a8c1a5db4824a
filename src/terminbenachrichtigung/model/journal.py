"""What the journal knows, and what `history` shows of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from terminbenachrichtigung.model.plan import Channel, MessageOutcome, Reason, Route
from terminbenachrichtigung.model.reply import Answer


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
"""Refused or not arrived by the channels that were tried. A recipient that was not rejected may be tried."""


TOLD_NOBODY = (*CHANNELS_LEFT, State.RELEASED)
SURELY_TOLD = (State.SENT, State.DELIVERED)


@dataclass(frozen=True, slots=True)
class ToldAhead:
    """What one reminder told of appointments ahead."""

    appointments: int
    first: datetime  # the `now` of the runs
    last: datetime


@dataclass(frozen=True, slots=True)
class Notification:
    """One appointment in one message for one reminder, as the journal remembers it."""

    reminder: str
    appointment_id: str
    generation: int  # counts an appointment's notifications for one reminder, from 1
    customer_id: str
    starts_at: datetime  # to the minute, as texts show it
    state: State
    message_id: str
    run_now: datetime  # the `now` of the run that claimed it
    route: Route | None = field(default=None, compare=False)
    """Of the last attempt; None: adopted, or not read."""
    name: frozenset[str] = field(default=frozenset(), compare=False)
    """Hashes of the words of the customer's name; empty for no name."""
    first_recipient: str | None = field(default=None, compare=False)
    """Hash of the message's first recipient; None where another system told them."""
    revoked: bool = False
    """Whether the customer was told since that it is off."""
    claimed_at: datetime | None = field(default=None, compare=False)
    """By the journal's clock; None where it was not read."""

    @property
    def forgotten(self) -> bool:
        """Whether the recipient was deleted because the customer asked for that (`journal forget`)."""
        return self.route is not None and not self.route.recipient


CONFIRMATION = "Terminbestätigung"
"""The name under which the journal keeps confirmations of bookings; no reminder may have it."""
CANCELLATION, MOVE = CORRECTIONS = ("Terminabsage", "Terminverschiebung")
"""The names under which the journal keeps corrections: an appointment is off, or has moved."""
BESIDE_REMINDERS = (CONFIRMATION, *CORRECTIONS)
"""The names that are no reminder's. Such messages do not count for the customer gap."""


@dataclass(frozen=True, slots=True)
class Change:
    """An appointment that is not as its customer was told: off, or at another start."""

    appointment_id: str
    message_id: str  # of the last word that they have about it
    starts_at: datetime | None  # where it is now, to the minute; None: it is off


@dataclass(frozen=True, slots=True)
class SeenChange:
    """A change that each complete run has seen since a moment."""

    change: Change
    seen_at: datetime  # the `now` of the first of these runs


@dataclass(frozen=True, slots=True)
class JournalReply:
    """A customer's answer as the journal remembers it, with what it answers."""

    reply_id: str
    sender: str  # E.164; empty, as the text, once it was forgotten
    text: str
    answer: Answer
    received_at: datetime
    message_id: str | None = None  # None: it belongs to no message
    about: tuple[Notification, ...] = ()  # what that message told, soonest first
    told: bool = True  # whether a report has named it
    noted_at: datetime | None = None  # the `now` of the run that fetched it

    @property
    def came_too_late(self) -> bool:
        """Whether all that its message told was over when it was fetched; one without a message is too."""
        return all(self.noted_at is not None and told.starts_at <= self.noted_at for told in self.about)


@dataclass(frozen=True, slots=True)
class Contacted:
    """A message that counts for the customer gap (claimed, sent, delivered, unknown)."""

    run_now: datetime
    reminder: str
    own: bool = False  # by the run that asks


@dataclass(frozen=True, slots=True)
class Leftover:
    """A due appointment that the last run did not tell, although no rule spoke against it."""

    customer_id: str
    starts_at: datetime
    why: MessageOutcome | Reason


@dataclass(frozen=True, slots=True)
class Known:
    """The journal's answers for one set of appointments. Empty where there is no journal."""

    notifications: Mapping[str, Sequence[Notification]] = field(default_factory=dict)
    """By appointment: all reminders and generations that are still kept, oldest first."""
    confirmations: Mapping[str, Sequence[Notification]] = field(default_factory=dict)
    """By appointment: its confirmations, oldest first. Kept apart, because no rule of reminders uses them."""
    told_beside: Sequence[Notification] = ()
    """What was told of other ids on the days of these appointments: they may be the same ones, made anew."""
    ticks: Sequence["StaffTick"] = ()
    """What a person ticked off on the staff list, of appointments ahead or within the gap."""
    name_key: bytes = b""
    """The key with which the journal hashes names and recipients."""
    opted_out: frozenset[str] = frozenset()
    """Recipients that asked not to be written to any more."""
    replies: Sequence[JournalReply] = ()
    """What was answered to messages about these starts and later ones, oldest first."""
    rejected: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By appointment: recipients that a gateway or mail server refused for good."""
    contacted: Mapping[str, Sequence[Contacted]] = field(default_factory=dict)
    """By customer: messages within the gap, in any order."""
    open_claims: frozenset[str] = frozenset()
    """Customers for whom another run holds an open claim."""
    leftovers: Mapping[tuple[str, str], Leftover] = field(default_factory=dict)
    """By (reminder, appointment)."""
    complete_runs: Sequence[datetime] = ()
    """The `now` of complete runs, ascending, as far back as a window can have opened; none after `now`."""
    runs_ahead: int = 0
    """Runs that are dated after `now`: some clock was wrong. They count as none."""
    database_now: datetime | None = None
    """The time on the database server; None for SQLite, which has no clock of its own."""
    last_complete_run: datetime | None = None
    journal_since: datetime | None = None
    changes: Mapping[str, SeenChange] = field(default_factory=dict)
    """By appointment: how, in the last complete run, it differed from what its customer was told."""
    reminder_since: Mapping[str, datetime] = field(default_factory=dict)
    """By reminder: the `now` of its first complete run; of the confirmation, since it was switched on."""


@dataclass(frozen=True, slots=True)
class OptOut:
    """A recipient that asked not to be written to any more."""

    recipient: str  # E.164, or an address in lower case
    since: datetime
    why: str


@dataclass(frozen=True, slots=True)
class ForgottenCustomer:
    """What the journal has forgotten of a customer."""

    messages: int  # whose recipients are out
    replies: int  # whose numbers and words are out
    ahead: int  # appointments ahead, for which hashes stay until they are over


@dataclass(frozen=True, slots=True)
class StaffTick:
    """What a person ticked off on the staff list. A later move or a new failure is listed again."""

    appointment_id: str
    customer_id: str
    starts_at: datetime  # to the minute
    reason: str
    message_id: str  # of the message that is the cause; empty where none is
    revokes: datetime | None = field(default=None, compare=False)
    """The start that this person told the customer to be off; None: none."""
    done_at: datetime | None = field(default=None, compare=False)
    """By the journal's clock; None for one that is not noted yet."""
    name: frozenset[str] = field(default=frozenset(), compare=False)
    """Hashes of the words of the customer's name; empty for no name."""


@dataclass(frozen=True, slots=True)
class JournalAttempt:
    """One attempt as the journal remembers it."""

    channel: Channel
    recipient: str
    outcome: str  # "sent", "rejected", "unavailable" or "unknown"
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MessageReply:
    """What somebody answered to a message; number and text are empty once they were forgotten."""

    at: datetime
    sender: str
    answer: Answer  # what it was understood as
    text: str


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
    replies: tuple[MessageReply, ...] = ()  # oldest first


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which messages `history` shows: those that fit everything that is given here."""

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
