"""A gateway and a mail server in this process: they do what the hour says, and keep what they got."""

import random
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulation.clock import Clock
from simulation.network import Network
from simulation.oracle import parts_of
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.delivery import (
    Claim,
    Content,
    Outcome,
    Rejected,
    Sent,
    Unavailable,
    Unknown,
)
from terminbenachrichtigung.model.plan import Channel, Correction


class Killed(BaseException):
    """The end of a run's process: nothing of the program may catch it."""


class SameThread(ThreadPoolExecutor):
    """Runs each job where it is submitted, so that a seed always comes to the same end."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Do it now."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@dataclass(frozen=True)
class Attempted:
    """What a gateway or mail server was asked, and what became of it."""

    elapsed: float
    at: datetime
    channel: Channel
    recipient: str
    text: str
    parts: int
    message_id: str
    reminder: str
    customer_id: str
    appointments: tuple[Appointment, ...]
    outcome: Outcome
    correction: Correction | None
    arrived: bool
    """Whether the customer really got it, which the run may never learn."""

    @property
    def word(self) -> str:
        """The outcome as the journal notes it."""
        return type(self.outcome).__name__.lower()

    @property
    def may_have_arrived(self) -> bool:
        """Whether a run must take it for sent."""
        return isinstance(self.outcome, Sent | Unknown)


UNHEARD = Rejected("Ouch", unheard_word="Ouch")
"""A word that no table knows: of three recipients, it closes the channel and is taken back."""
WEATHER = {
    # sent, rejected, unavailable (passing, for good, for one), unknown, an unheard-of word, account error
    "fine": (97, 1, 1, 0, 0, 1, 0, 0),
    "mixed": (60, 10, 12, 3, 3, 10, 2, 0),
    "down": (0, 0, 80, 10, 0, 10, 0, 0),
    "silent": (10, 0, 10, 0, 0, 80, 0, 0),
    "locked": (40, 0, 0, 0, 0, 0, 0, 60),
    "strange": (30, 0, 0, 0, 0, 0, 70, 0),
    "greylisting": (40, 0, 0, 0, 60, 0, 0, 0),
}


@dataclass
class Peer:
    """One of the two, as the program's `delivery.Channel`."""

    name: Channel
    clock: Clock
    chance: random.Random
    before: Callable[["Peer", Claim, Content], None]
    """Looks at what is about to leave; may change the world, or kill the run."""
    after: Callable[[Attempted], None]
    weather: str = "fine"
    seconds: int = 1
    """How long an attempt takes at most."""
    attempts: list[Attempted] = field(default_factory=list)
    dead_recipients: set[str] = field(default_factory=set)
    network: Network | None = None
    """Where an SMS goes from here; None: this one sends e-mail."""

    def send(self, claim: Claim, content: Content) -> Outcome:
        """One attempt."""
        self.before(self, claim, content)
        asked, at = self.clock.monotonic(), self.clock.now()
        self.clock.sleep(self.chance.randint(0, self.seconds))
        outcome, parts = self._outcome(content.recipient), parts_of(content.text)
        if self.network is not None and self.network.credits < parts:
            outcome = Unavailable("NoCredit", account_error=True)
        arrived = isinstance(outcome, Sent) or (isinstance(outcome, Unknown) and self.chance.random() < 0.5)
        message = claim.message
        if arrived and self.network is not None:
            answered = isinstance(outcome, Sent)
            job_id = self.network.take(claim.message_id, content.recipient, parts, answered=answered)
            outcome = Sent(f"JobId {job_id}", job_id) if answered else outcome
        attempted = Attempted(
            asked,
            at,
            self.name,
            content.recipient,
            content.text,
            parts,
            claim.message_id,
            message.reminder,
            message.customer_id,
            message.appointments,
            outcome,
            message.correction,
            arrived,
        )
        self.attempts.append(attempted)
        self.after(attempted)
        return outcome

    def _outcome(self, recipient: str) -> Outcome:
        if self.chance.random() < 0.01:
            self.dead_recipients.add(recipient)
        if recipient in self.dead_recipients and self.weather in ("fine", "mixed"):
            return Rejected("NoRecipientFound")
        outcomes: tuple[Outcome, ...] = (
            Sent("JobId 1"),
            Rejected("NoRecipientFound"),
            Unavailable("refused"),
            Unavailable("HTTP 400", again=False),
            Unavailable("451 later", recipient_only=True),
            Unknown("no answer"),
            UNHEARD,
            Unavailable("AccountLocked", account_error=True),
        )
        (outcome,) = self.chance.choices(outcomes, WEATHER[self.weather])
        return outcome

    def test(self, content: Content) -> Outcome:
        """Nobody asks for it here."""
        raise AssertionError(content)

    def close(self) -> None:
        """Nothing is held."""
