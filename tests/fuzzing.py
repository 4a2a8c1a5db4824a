"""What the fuzz tests share: how many inputs they get, and an alarm for those that never come to an end."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from hypothesis import HealthCheck, settings

_MOST_SECONDS = 20.0  # of CPU time; real inputs take milliseconds


def inputs(hundreds: int) -> settings:
    """So many hundred inputs for a test, times the option `--inputs`."""
    return settings(
        max_examples=hundreds * settings().max_examples, suppress_health_check=[HealthCheck.too_slow]
    )


class EndlessError(BaseException):
    """Not an Exception: nothing that handles those may take it for one of its own."""


@contextmanager
def comes_to_an_end() -> Iterator[None]:
    """Raises EndlessError in what takes too much CPU time, however busy the machine is with other things."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise EndlessError

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, _MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
