"""What nobody foresaw inside an adapter: it ends one message, or one question, and never the run."""

import logging
import traceback
from collections.abc import Callable
from typing import TypeVar

from terminbenachrichtigung.model.delivery import Unknown

_LOG = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")


def or_unknown(call: Callable[[], _Answer]) -> _Answer | Unknown:
    """What an adapter answers. An error that it did not foresee is `unknown`: something may have left."""
    try:
        return call()
    except Exception as error:
        return Unknown(_surprise(error))


def _surprise(error: Exception) -> str:
    """Says in the log what happened and where; gives a sentence for the report.

    Type and place, without the error's own words: they may quote a customer's number or a text.
    """
    kind = type(error).__name__
    frames = reversed(traceback.extract_tb(error.__traceback__))
    way = " < ".join(f"{frame.name} ({frame.filename}, line {frame.lineno})" for frame in frames)
    _LOG.error("an error that nobody foresaw: %s in %s", kind, way, extra={"event": "unforeseen"})
    return f"an error that nobody foresaw ({kind}); the log says where"
