"""What all rooms of the simulation share: one practice, its schedule and journal, and how it fails."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NoReturn

from simulation.clock import Clock
from simulation.configurations import Configuration
from simulation.front_desk import FrontDesk
from simulation.memory import Tables
from simulation.minutes import Minutes
from simulation.network import Network
from simulation.oracle import Memory
from simulation.outlets import Attempted
from simulation.schedule_file import ScheduleFile
from simulation.verdicts import Oracle, Verdict
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.model.result import RunResult

_LINES = 70
"""Of a customer's history, when a promise is broken."""


class BrokenPromiseError(BaseException):
    """A promise did not hold; the message says how to see it again. Nothing of the program may catch it."""


@dataclass
class Run:
    """One run while it is under way."""

    now: datetime
    began: float
    trouble: str
    at: int
    """The trouble comes at the attempt, question for the time, or step of this number."""
    where: str
    depth: int
    verdict: Verdict | None
    """None in a quiet period."""
    memory: Memory
    """What the journal knew when the run began, and had asked what became of earlier SMS."""
    run_id: str = ""
    credits: Decimal | None = None
    """What the gateway said that the account holds; None: nothing yet."""
    unwritten: RunResult | None = None
    """What its report would have said, when it was killed before that was written."""
    made: list[Attempted] = field(default_factory=list)
    attempts: int = 0
    questions: int = 0
    steps: int = 0

    @property
    def planned(self) -> list[str]:
        """The appointments that it has to tell."""
        messages = self.verdict.messages | self.verdict.corrections if self.verdict else frozenset()
        return sorted(name for message in messages for name in message.appointment_ids)


@dataclass
class Log:
    """What happened, to whom, and how often."""

    clock: Clock
    lines: list[tuple[datetime, str, str]] = field(default_factory=list)
    figures: Counter[str] = field(default_factory=Counter)

    def note(self, customer: str, what: str) -> None:
        """Something happened to a customer; or to all, if the name is empty."""
        self.lines.append((self.clock.now(), customer, what))


@dataclass
class World:
    """One practice."""

    configuration: Configuration
    seed: int
    weeks: float
    settings: Settings
    clock: Clock
    minutes: Minutes
    schedule: ScheduleFile
    desk: FrontDesk
    oracle: Oracle
    tables: Tables
    log: Log
    network: Network

    def fail(self, what: str, customer: str | None = None) -> NoReturn:
        """End here, with what happened to a customer, and how to see it again."""
        theirs = [
            each.appointment_id for each in self.schedule.bookings.values() if each.customer_id == customer
        ]
        lines = [
            f"{at.astimezone(self.settings.zone):%a %m-%d %H:%M:%S}  {line}"
            for at, whom, line in self.log.lines
            if whom in (customer, "") or line.split(" ", 1)[0] in theirs
        ]
        now = self.clock.now().astimezone(self.settings.zone)
        raise BrokenPromiseError(
            f"{what}\n\nIt is {now:%a %Y-%m-%d %H:%M:%S} in {self.configuration.name!r}. "
            f"Customer {customer}:\n  " + "\n  ".join(lines[-_LINES:]) + "\n\n"
            f"Replay: pytest tests/simulation --seed {self.seed} --weeks {self.weeks:g}"
        )
