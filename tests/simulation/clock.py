"""Simulated time: the clock on the wall, which people can set, and the seconds that pass anyway."""

from collections.abc import Callable
from datetime import datetime, timedelta


class Clock:
    """Stands in for the machine's clocks."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._elapsed = 0.0

    def now(self) -> datetime:
        """What the clock on the wall shows, in UTC and whole seconds."""
        return self._now

    def monotonic(self) -> float:
        """Seconds that have passed."""
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._elapsed += seconds
        self._now += timedelta(seconds=round(seconds))

    def sleep_until(self, moment: datetime) -> None:
        """Let time pass until the clock shows `moment`; nothing if it already shows a later one."""
        self.sleep(max(0.0, (moment - self._now).total_seconds()))

    def step(self, by: timedelta) -> None:
        """Set the clock, as a person or a time server does."""
        self._now += by


class AskedClock:
    """A simulated clock as a run is handed it: something may happen whenever it asks for the time."""

    def __init__(self, clock: Clock, now: Callable[[], datetime]) -> None:
        self._clock = clock
        self.now = now

    def monotonic(self) -> float:
        """Seconds that have passed."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._clock.sleep(seconds)
