"""Machines with clocks of their own that run one practice's crontab; here, in the process of the tests.

host = Host(practice, ahead=timedelta(minutes=20))
host.run(local("2026-11-24 10:00"))        `run-once` on it at that moment, of which its clock tells another
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

from practice import Practice
from terminbenachrichtigung import wiring
from terminbenachrichtigung.clock import TIMINGS, Clock, ClockAt, Timings
from terminbenachrichtigung.model.result import RunResult
from terminbenachrichtigung.run import once

HOUR = timedelta(hours=1)


class Host:
    """One machine. Several of them may run at once, each in a thread of its own."""

    def __init__(
        self,
        practice: Practice,
        *,
        ahead: timedelta = timedelta(),
        config: Path | None = None,
        timings: Timings = TIMINGS,
    ) -> None:
        """Read the configuration as it is now.

        Args:
            practice: whose crontab it runs.
            ahead: of the right time; negative where the clock is late.
            config: a configuration of this host's own.
            timings: how long its runs wait for what.
        """
        self._settings = wiring.load_config(config or practice.config, {}).settings
        self._ahead = ahead
        self._timings = timings

    def run(self, moment: datetime, clock: Clock | None = None) -> RunResult:
        """`run-once` at the right time `moment`; the clock on the wall stands still, if it is not another."""
        clock = clock or ClockAt(moment + self._ahead)
        with wiring.run_context(self._settings, clock=clock, timings=self._timings) as context:
            return once.run_once(context)


def run_together(hosts: list[Host], moment: datetime) -> list[RunResult]:
    """What the runs of all hosts came to that began at one moment."""
    with ThreadPoolExecutor(len(hosts)) as threads:
        return list(threads.map(lambda host: host.run(moment), hosts))


def hourly(first: datetime, last: datetime) -> list[datetime]:
    """The moments at which cron calls, from the first to the last, an hour of elapsed time apart."""
    return [first + hours * HOUR for hours in range((last - first) // HOUR + 1)]
