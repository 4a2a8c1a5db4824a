"""The time, handed in wherever it is asked, and how long the program waits for what.

No rule asks a clock: rules are handed a moment. What waits, sends or measures is handed a `Clock` and
`Timings`, so that a test can let hours pass, and need not wait for a locked database as long as a run does.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """The two clocks of a machine, and the way to wait."""

    def now(self) -> datetime:
        """The moment that the clock on the wall shows, in UTC. People and time servers may set it."""

    def monotonic(self) -> float:
        """Seconds that have passed since some moment. Nobody can set it; it stands still in suspension."""

    def sleep(self, seconds: float) -> None:
        """Waits."""


class SystemClock:
    """The machine's own."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since the machine was started, without the time for which it was suspended."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)


SYSTEM_CLOCK = SystemClock()


@dataclass(frozen=True)
class ClockAt(SystemClock):
    """A clock on the wall that shows one moment for ever: for a run as it was at another time than now."""

    moment: datetime

    def now(self) -> datetime:
        """That moment."""
        return self.moment


@dataclass(frozen=True, slots=True)
class Timings:
    """How long the program waits for what, in seconds. Only tests use others than these."""

    busy: float = 30.0
    """For another run's lock on the journal, in one statement."""
    statement: float = 300.0
    """For one statement on Postgres."""
    patience: float = 90.0
    """For a journal that is locked, full or restarting; three times what one statement waits."""
    fresh: float = 25.0
    """So old the rows may be before they are read again."""
    stale: float = 30.0
    """So old they may be when a message that was made from them is claimed (contract, section 2)."""
    pauses: tuple[float, float] = (1.0, 4.0)
    """Before the second and the third try of what surely did not happen."""
    wake: float = 0.25
    """How long a stop signal may go unseen while attempts are under way."""
    asking: float = 30.0
    """After so long no further question about earlier SMS is asked, so that the run's own work can begin."""
    force: float = 300.0
    """After `max_run_minutes`, until a run that still hangs is ended by force."""
    mail_idle: float = 30.0
    """How long a connection to the mail server may rest before it is made anew."""


TIMINGS = Timings()


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment by both clocks."""

    now: datetime
    monotonic: float

    def later(self, seconds: float) -> "Instant":
        """So many seconds after it."""
        return Instant(self.now + timedelta(seconds=seconds), self.monotonic + seconds)


def instant(clock: Clock) -> Instant:
    """This moment, by both clocks."""
    return Instant(clock.now(), clock.monotonic())


def elapsed(clock: Clock, since: Instant) -> float:
    """Seconds since then by the clock that counted more.

    The monotonic clock stands still while the machine is suspended; the clock on the wall may be set back.
    """
    return max(clock.monotonic() - since.monotonic, (clock.now() - since.now).total_seconds())
