"""Waiting for a journal that cannot be written at the moment, without hanging for ever."""

import functools
import time
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from terminbenachrichtigung.errors import JournalError
from terminbenachrichtigung.journal.database import may_pass

PATIENCE_SECONDS = 90
"""How long a locked, full or restarting journal is waited for; three times SQLite's own busy timeout."""

_Self = TypeVar("_Self", bound="Patient")
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class Patient:
    """What the repeating has to remember between two calls."""

    def __init__(self) -> None:
        self._retrying = False
        self._patience_ends: float | None = None  # by the monotonic clock; None while all is well


def patient(
    method: Callable[Concatenate[_Self, _Arguments], _Result],
) -> Callable[Concatenate[_Self, _Arguments], _Result]:
    """Repeats a transaction that the database could not finish: locked, disk full, server restarted.

    The whole transaction is repeated, so a method must be right when its first try did commit and
    only the answer was lost: `_retrying` tells it.
    """

    @functools.wraps(method)
    def repeated(self: _Self, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        pause = 0.2
        try:
            while True:
                try:
                    result = method(self, *args, **kwargs)
                except JournalError as error:
                    # Counted from the first failure, not for each call: a run with eight messages under
                    # way would otherwise hang on a full disk for eight times as long.
                    if self._patience_ends is None:
                        self._patience_ends = time.monotonic() + PATIENCE_SECONDS
                    if not may_pass(error) or time.monotonic() + pause > self._patience_ends:
                        raise
                else:
                    self._patience_ends = None
                    return result
                self._retrying = True
                time.sleep(pause)
                pause = min(pause * 2, 5.0)
        finally:
            self._retrying = False

    return repeated
