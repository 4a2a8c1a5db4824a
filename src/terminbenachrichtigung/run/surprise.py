"""Unforeseen errors inside an adapter: each ends one message or one question, never the run."""

import logging
import traceback
from collections.abc import Callable
from typing import TypeVar

from terminbenachrichtigung.model.delivery import Unknown

_LOG = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")


def or_unknown(call: Callable[[], _Answer]) -> _Answer | Unknown:
    """An adapter's answer. An error that it did not foresee is `unknown`, since something may have left."""
    try:
        return call()
    except Exception as error:
        return Unknown(_surprise(error))


def _surprise(error: Exception) -> str:
    """Writes the error's type and place into the log; returns a sentence for the report.

    The error's own words stay out, because they may quote a customer's number or a text.
    """
    kind = type(error).__name__
    frames = reversed(traceback.extract_tb(error.__traceback__))
    way = " < ".join(f"{frame.name} ({frame.filename}, line {frame.lineno})" for frame in frames)
    _LOG.error("an error that nobody foresaw: %s in %s", kind, way, extra={"event": "unforeseen"})
    return f"an error that nobody foresaw ({kind}); the log says where"
