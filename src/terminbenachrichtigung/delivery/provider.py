"""What a gateway's own file says about it, and what all of them do in the same way."""

import re
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from terminbenachrichtigung.config.channels import SmsSettings
from terminbenachrichtigung.config.filters import branch_settings
from terminbenachrichtigung.config.keys import expectation
from terminbenachrichtigung.config.problems import KeyPath, Problem, path_text
from terminbenachrichtigung.config.settings import Branch
from terminbenachrichtigung.delivery.channel import Gateway
from terminbenachrichtigung.delivery.exchange import Answer, Line, Request
from terminbenachrichtigung.model.delivery import Claim, Content, Outcome, Rejected
from terminbenachrichtigung.model.plan import Channel

Branches = Mapping[str, Branch]


@dataclass(frozen=True, slots=True)
class Provider:
    """A gateway that can be configured. Pure: its adapter is handed the line to the network."""

    base_url: str
    """Where it is reached if `base_url` is empty."""
    make: Callable[[SmsSettings, Branches, Callable[[], datetime], Line], Gateway]
    sender_names: re.Pattern[str]
    """The names that it takes as a sender, beside phone numbers."""
    sender_names_in_words: str
    """The same for people, as the rest of a sentence that begins with "up to"."""
    problems: Callable[[SmsSettings], Iterator[Problem]]
    """What it misses, or cannot do, in the section `[sms]` and in its own."""
    reply_problem: Callable[[SmsSettings, str], str]
    """Why nobody can answer what goes out by a sender; empty if they can."""
    warnings: Callable[[SmsSettings], Iterator[str]] = lambda _sms: iter(())
    """What is allowed, and probably not meant."""


class SmsAdapter(ABC):
    """The `sms` channel over one gateway: what every adapter of `Provider.make` does in the same way."""

    name = Channel.SMS

    def __init__(
        self, settings: SmsSettings, branches: Branches, clock: Callable[[], datetime], line: Line
    ) -> None:
        """Open nothing yet.

        Args:
            settings: the section `[sms]`.
            branches: the sections `[branches.*]`, for the sender.
            clock: gives the present moment, aware.
            line: the way to the gateway.
        """
        self._settings = settings
        self._branches = branches
        self._clock = clock
        self._line = line

    def send(self, claim: Claim, content: Content) -> Outcome:
        """Hand one SMS to the gateway."""
        return self._submit(claim.message_id, content)

    def test(self, content: Content) -> Outcome:
        """Hand one test SMS to the gateway, with a label that no message has."""
        return self._submit(f"test-message-{uuid.uuid4()}", content)

    def close(self) -> None:
        """Close all connections."""
        self._line.close()

    def _submit(self, label: str, content: Content) -> Outcome:
        sender = branch_settings(self._branches, content.branch_code).sms_sender or self._settings.sender
        try:
            request = self._message(content, label, sender)
        except UnicodeEncodeError:  # half a character, which no encoding knows
            return Rejected("the text holds what no SMS can carry")
        answer = self._line.ask(request)
        return self._outcome(answer) if isinstance(answer, Answer) else answer

    @abstractmethod
    def _message(self, content: Content, label: str, sender: str) -> Request:
        """The request that hands one SMS over; raises UnicodeEncodeError for half a character."""

    @abstractmethod
    def _outcome(self, answer: Answer) -> Outcome:
        """What the answer to it means."""


def missing(*path: str) -> Problem:
    """A key that this gateway needs is not there."""
    key: KeyPath = path
    return Problem(path_text(key), f"is missing; it must be {expectation(key)}")
