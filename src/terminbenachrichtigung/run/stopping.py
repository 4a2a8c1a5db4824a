"""How a run is told to end: by a signal, by its own limit of time, and at last by force.

Python handles a signal between two steps of the main thread, which may hang in a database for long. So a
thread of its own reads each signal at once from a pipe, to which Python writes it.
"""

import os
import select
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from terminbenachrichtigung.clock import TIMINGS, Clock, Timings
from terminbenachrichtigung.errors import TerminbenachrichtigungError
from terminbenachrichtigung.model.result import Stop

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # the last: the terminal or the line to it is gone
_SHOW_CURSOR = b"\x1b[?25h"  # a progress bar hides it

Say = Callable[[str], None]
"""Says a sentence to people, at once."""


@contextmanager
def stop_signals(
    max_run_minutes: int, clock: Clock, say: Say, timings: Timings = TIMINGS
) -> Iterator[Callable[[], Stop | None]]:
    """Gives a function that a run calls between two messages: it says why the run must end now, or None.

    The first SIGTERM, SIGINT or SIGHUP, and the end of `max_run_minutes`, let what is under way finish. A
    second signal, and `timings.force` seconds after the limit, end the process at once with exit code 1: its
    open claims are left to expire.
    """
    asked = threading.Event()
    ends = clock.monotonic() + max_run_minutes * 60
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    def note(_number: int, _frame: FrameType | None) -> None:
        asked.set()

    def watch() -> None:
        while True:
            left = max(0.0, ends + timings.force - clock.monotonic())
            if not select.select([reader], [], [], left)[0]:
                minutes = f"{timings.force / 60:g} minutes after max_run_minutes = {max_run_minutes}"
                _leave(say, f"the run still hangs {minutes}, and is ended by force")
            numbers = [number for number in os.read(reader, 64) if number in _SIGNALS]
            if over.is_set():
                return  # a signal that came with the end of the run is read together with it
            for number in numbers:
                if asked_before and number == signal.SIGHUP:
                    continue  # a terminal that is gone is told by the shell and by the system
                if asked_before:
                    _leave(say, "a second stop signal ends the run by force")
                asked_before.append(True)
                asked.set()
                _in_a_second(
                    say, "stopping: what is under way is finished first; a second signal ends at once"
                )

    asked_before: list[bool] = []
    over = threading.Event()
    watching = threading.Thread(target=watch, name="stop signals", daemon=True)
    try:
        watching.start()
    except RuntimeError as error:
        # Without it nothing could end a run that hangs, and so it sends nothing.
        raise TerminbenachrichtigungError(
            "the system allows this user no further thread (ulimit -u, systemd's TasksMax, the container's "
            "limit of processes), so nothing was sent"
        ) from error
    # Under nohup the end of the terminal is not meant for the run.
    under_nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    caught = [number for number in _SIGNALS if not (under_nohup and number == signal.SIGHUP)]
    before = {number: signal.signal(number, note) for number in caught}
    pipe_before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield lambda: Stop.SIGNAL if asked.is_set() else _after(ends, clock)
    finally:
        signal.set_wakeup_fd(pipe_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        over.set()
        os.write(writer, b"\0")
        watching.join()
        os.close(writer)
        os.close(reader)


def _after(ends: float, clock: Clock) -> Stop | None:
    return Stop.MAX_RUN_MINUTES if clock.monotonic() > ends else None


def _leave(say: Say, why: str) -> None:
    """Ends the process at once."""
    _in_a_second(say, f"{why}; what was under way counts as unknown after journal.claim_timeout_minutes")
    with suppress(OSError):
        if os.isatty(2):
            os.write(2, _SHOW_CURSOR)
    os._exit(1)


def _in_a_second(say: Say, sentence: str) -> None:
    """Says it, and waits at most a second: stderr may lead to a full pipe that nobody reads."""

    def try_to_say() -> None:
        with suppress(OSError):
            say(sentence)

    saying = threading.Thread(target=try_to_say, daemon=True)
    with suppress(RuntimeError):  # the system allows no further thread
        saying.start()
        saying.join(1)
