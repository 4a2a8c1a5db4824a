"""What the rules say, and what a run would do."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from terminbenachrichtigung.model.appointment import Appointment


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
    NOT_FOR_THIS_REMINDER = "not_for_this_reminder"
    ALREADY_NOTIFIED = "already_notified"
    IN_PROGRESS = "in_progress"
    MISSED = "missed"
    PAST = "past"
    SAME_DAY = "same_day"
    NOT_YET_DUE = "not_yet_due"
    HELD = "held"
    BOOKED_RECENTLY = "booked_recently"
    OPTED_OUT = "opted_out"
    NO_CONSENT = "no_consent"
    MANUAL_CONTACT = "manual_contact"
    NO_CONTACT = "no_contact"
    CONFIRMED = "confirmed"
    SUPERSEDED = "superseded"
    RECENTLY_NOTIFIED = "recently_notified"
    HELD_BACK = "held_back"
    CHANGED = "changed"  # planned, but the schedule had changed just before the claim


@dataclass(frozen=True, slots=True)
class Route:
    """One channel with the recipient on it: an E.164 number or an e-mail address."""

    channel: Channel
    recipient: str


@dataclass(frozen=True, slots=True)
class Correction:
    """What a correction is about: the start that the customer was told."""

    told: datetime  # to the minute
    told_by: frozenset[str]  # the messages that it corrects; they must still be the latest ones
    takes_place_of: tuple[tuple[str, str], ...] = ()
    """Pairs of (reminder, appointment) that it replaces, so that the reminder itself does not follow."""
    cancelled: bool = False  # the appointment is off; else it is at another start now


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """A message that one customer is to receive for one reminder, not yet claimed."""

    reminder: str
    customer_id: str
    appointments: tuple[Appointment, ...]  # soonest first; the first one gives the customer's data
    routes: tuple[Route, ...]  # in the order in which they are tried; never empty
    gap_waived: bool = False  # the customer gap yields (moved, the last chance, or sent by hand)
    again: frozenset[str] = frozenset()  # messages, by their ids, that do not count as told any more
    correction: Correction | None = None  # None: it corrects nothing

    @property
    def soonest(self) -> Appointment:
        return self.appointments[0]

    @property
    def until(self) -> datetime:
        """From this moment on it comes too late: the earliest start that it names."""
        if self.correction is None:
            return self.soonest.starts_at
        if self.correction.cancelled:
            return self.correction.told
        return min(self.correction.told, self.soonest.starts_at)

    @property
    def order(self) -> tuple[datetime, str, str, str]:
        """Sorts the soonest first; the order is the same in each run."""
        return (self.until, self.customer_id, self.soonest.appointment_id, self.reminder)


@dataclass(frozen=True, slots=True)
class Skip:
    """An appointment that a reminder does not tell in this run, and why."""

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
    """What a run would do: messages in the order of sending, and a reason for each other appointment."""

    messages: tuple[PlannedMessage, ...]
    skips: tuple[Skip, ...]
    warnings: tuple[str, ...] = ()


class MessageOutcome(StrEnum):
    """How a message ended in a run."""

    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    RETRY = "retry"
    DEFERRED = "deferred"
