"""What a customer answered to an SMS (AMPAREX: RückSMS)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Answer(StrEnum):
    """What an answer was understood as."""

    YES = "yes"
    NO = "no"
    STOP = "stop"
    OTHER = "other"  # a person reads it


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, as a gateway hands it out. Fetched twice, it has the same id."""

    reply_id: str  # the gateway's own
    sender: str  # E.164; as the gateway writes it where that is no number
    text: str  # word for word; shown only to those who ask for it, never logged
    received_at: datetime
    job_id: str = ""  # of the SMS that it answers, where the gateway says so
    unsure: timedelta = timedelta()
    """How much earlier it may have come, where the gateway names no zone or its time cannot be read."""


@dataclass(frozen=True, slots=True)
class SentSms:
    """An SMS that was sent, or may have been: what is needed to find out whether a reply answers it."""

    message_id: str
    customer_id: str
    name: frozenset[str]  # hashes of the words of the customer's name
    recipient: str
    sent_at: datetime  # the `now` of its run
    job_id: str = ""  # the gateway's, where it gave one


@dataclass(frozen=True, slots=True)
class NewReply:
    """A reply that the journal does not have yet, with what it means and what it answers."""

    reply: Reply
    answer: Answer
    message_id: str | None  # None: it belongs to no message
    opts_out: Sequence[str] = ()  # the recipients that are not to be written to any more


class ReplyKind(StrEnum):
    """What came of a reply."""

    CONFIRMED = "confirmed"
    WANTS_TO_CANCEL = "wants_to_cancel"
    REPLY = "reply"  # a person must read it
    OPTED_OUT = "opted_out"
    NOTED = "noted"  # nothing follows: a later answer holds, or it answers that an appointment is off


@dataclass(frozen=True, slots=True)
class ReplyNote:
    """What came of one reply, for the report of a run."""

    reply_id: str
    kind: ReplyKind
    sender: str
    received_at: datetime
    text: str
    customer_id: str | None  # None: it belongs to no message
    appointment_ids: tuple[str, ...] = ()
