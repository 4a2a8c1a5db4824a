"""What every channel promises, and what its adapters share."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from terminbenachrichtigung.model import plan
from terminbenachrichtigung.model.delivery import (
    Claim,
    Content,
    DeliveryReport,
    OpenMessage,
    Outcome,
    StaffClaim,
    Unavailable,
    Unknown,
)
from terminbenachrichtigung.model.reply import Reply
from terminbenachrichtigung.safe_text import one_line, printable

_HIDDEN = "•••"
_LONGEST_QUOTE = 120  # characters: enough for a mail server's reason, little enough for a table


class Channel(Protocol):
    """What sends messages. Safe to use from several threads; every call blocks until its outcome is known.

    Whatever the network or the peer does is an outcome, never an exception, and takes at most the
    `timeout_seconds` of the channel's settings in total.
    """

    @property
    def name(self) -> plan.Channel:
        """Which channel this is."""

    def send(self, claim: Claim, content: Content) -> Outcome:
        """Make one attempt at a claimed message. The claim is the proof that the journal knows of it."""

    def test(self, content: Content) -> Outcome:
        """Send a test message that no journal knows, the same way."""

    def close(self) -> None:
        """Give up all connections; nothing may be sent afterwards."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account still holds: SMS credits, or money."""

    amount: Decimal
    currency: str = ""  # such as "EUR"; empty: the amount counts SMS credits

    def __str__(self) -> str:
        return f"{self.amount} {self.currency or 'credits'}"


Trouble = Unavailable | Unknown
"""Why a question to a gateway has no answer."""


class Account(Protocol):
    """A gateway's account, which can be asked questions. Faults are answers, as of a `Channel`."""

    def balance(self) -> Balance | Trouble:
        """What the account still holds."""

    def find(self, message: OpenMessage) -> tuple[str, ...] | Trouble:
        """The ids of the jobs with a message's label; none if the gateway never took it."""

    def reports(self, awaited: Sequence[OpenMessage]) -> Iterator[tuple[DeliveryReport, ...] | Trouble]:
        """The delivery reports for these messages, and perhaps others of the account: one answer at a time.

        Each step makes one request. Nothing comes after a `Trouble`.
        """

    def replies(self, since: datetime) -> Iterator[tuple[Reply, ...] | Trouble]:
        """What customers answered since then, and perhaps before: one answer of the gateway at a time.

        Nothing is taken that other software waits for: asked again, the gateway gives the same. Each step
        makes one request. Nothing comes after a `Trouble`.
        """


class Gateway(Channel, Account, Protocol):
    """What sends SMS, and answers questions about them and about the account."""


class Mailer(Channel, Protocol):
    """What sends e-mail, to customers and to staff."""

    def send_to_staff(self, claim: StaffClaim, content: Content) -> Outcome:
        """Make one attempt at a claimed mail to staff."""

    def check(self) -> Unavailable | None:
        """Connect, log in, and leave, without sending anything; None if all of that works."""


def quoted(words: str, *hidden: str) -> str:
    """A peer's own words on one short line, without control characters and without what is `hidden`.

    Servers like to repeat what they were told: the recipient, sometimes the password.
    """
    words = one_line(printable(words))
    secrets = {one_line(printable(each)) for each in hidden}
    for secret in sorted(secrets, key=len, reverse=True):  # one may be a part of another
        if secret:
            words = re.sub(re.escape(secret), _HIDDEN, words, flags=re.IGNORECASE)
    return words if len(words) <= _LONGEST_QUOTE else words[: _LONGEST_QUOTE - 1] + "…"
