"""What is sent, how an attempt ends, and what became of it later."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Channel, PlannedMessage, Route


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
    calendar_method: str = "PUBLISH"  # as the calendar says it; CANCEL: its events are off
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

    @property
    def doubt(self) -> tuple[str, str]:
        """The fact that the mail may or may not have been sent, as (subject, fact)."""
        return f"staff mail {self.mail_id}", "unknown"


@dataclass(frozen=True, slots=True)
class Sent:
    """The gateway said so in its answer; the mail server accepted the data."""

    word: ClassVar[str] = "sent"
    detail: str = ""
    job_id: str = field(default="", compare=False)  # the gateway's, which the detail names for people
    price: Decimal | None = field(default=None, compare=False)  # of the whole message, if the gateway said it


@dataclass(frozen=True, slots=True)
class Rejected:
    """Refused for good, because of this recipient or this text."""

    word: ClassVar[str] = "rejected"
    detail: str  # the gateway's word, or the mail server's answer
    unheard_word: str | None = None
    """The words of a rejection that may be about the account or the sender, not about this recipient."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Surely not sent; it may succeed later or on another channel."""

    word: ClassVar[str] = "unavailable"
    detail: str
    account_error: bool = False  # closes the channel for the rest of the run
    again: bool = True  # whether trying again in this run makes sense
    recipient_only: bool = False  # about one recipient, such as a mail server's 4xx; not about the channel
    too_fast: bool = False  # other messages had better wait too


@dataclass(frozen=True, slots=True)
class Unknown:
    """It left, and no clear answer came: it may have been sent."""

    word: ClassVar[str] = "unknown"
    detail: str


Outcome = Sent | Rejected | Unavailable | Unknown
"""How one attempt ended. A closed type: `match` on it, with `assert_never` at the end.

`word` is the contract's word for it (section 3), in the journal and in every output.
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one message on one channel."""

    route: Route
    outcome: Outcome
    parts: int | None = None  # of an SMS; None: an e-mail, or an attempt that became known later


@dataclass(frozen=True, slots=True)
class OpenMessage:
    """A message of an earlier run of which nobody knows what became; by these values its gateway is asked."""

    message_id: str  # its label at the gateway
    recipient: str
    at: datetime  # the `now` of its run
    job_id: str = ""  # the gateway's, where it gave one


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a gateway says became of one SMS, or one part of it; its job may be other software's."""

    label: str  # of the job: our message's id, if it is ours and the gateway gives it
    job_id: str
    recipient: str  # digits, as the gateway writes them; may be empty
    state: State | None  # delivered, undelivered; None: nothing final, or a word nobody knows
    word: str  # the gateway's own, fit to be shown
    unheard: bool = False  # the word is not known
    part: str = ""  # of a long SMS: which part it is about
    number: int = 0  # the order in which the gateway gave the reports
    at: datetime | None = None
    note: str = ""  # what the gateway adds to its word: a code, a text


@dataclass(frozen=True, slots=True)
class LaterWord:
    """What is to be noted about one message that was sent, or may have been, by one channel."""

    message_id: str
    channel: Channel
    state: State | None  # sent, delivered or undelivered; None: only the detail is new
    detail: str
    recipient: str = ""  # as the gateway writes it; a word about another number is not noted
    job_id: str = ""
