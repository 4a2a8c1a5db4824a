"""One value of a row, as a database driver hands it over, becomes one of ours or is `Unreadable`.

A foreign schedule holds what people and programs put there: SQLite columns take any type, and text
may be bytes that are no UTF-8. These functions are the careful ones; `rows` asks them only for the
columns in which its quick look found something unusual.
"""

import re
import unicodedata
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

LONGEST_KEY = 255  # characters; PostgreSQL cannot index keys of some thousand
LONGEST_TEXT = 10_000  # characters; a longer text is a file by mistake, and would cost a run seconds
_LONGEST_SHOWN = 40  # characters of a value in a message
_LONGEST_NUMBER = 40  # digits of a key

NO_KEY = re.compile(
    # What programs write for "nothing", and numbers that a spreadsheet has shortened; each a whole line.
    r"^(?:null|none|nan|nat|nil|undefined|n/a|[(<\[](?:null|none|na)[)>\]]|\\N"
    r"|#(?:NV|N/A|NA|REF|BEZUG|WERT|VALUE|NAME|ZAHL|NUM|NULL|DIV/0)[!?]?"
    r"|[0-9][.,][0-9]+e\+?[0-9]+|[0-9]e\+[0-9]+|##+|[-–—.?*/_]+)$|\0",
    re.IGNORECASE | re.MULTILINE,
)
"""Texts that are no id: two customers with the id NULL would hear each other's times."""

UNDECODED = re.compile("[\ufffd\ud800-\udfff]")
"""What stands in a text for bytes that were no letters."""

BOOLEANS: dict[object, bool] = {
    None: False,  # an unset flag allows nothing: type not allowed, no group, no consent
    0: False,  # finds False, 0.0 and Decimal(0) too, which are equal as dictionary keys
    1: True,
    "0": False,
    "1": True,
    "false": False,
    "true": True,
    "f": False,
    "t": True,
}


class Unreadable(ValueError):  # noqa: N818 - it describes the value, and is never fatal
    """A value cannot be read; the text says why, without the name of its column."""


def shown(value: object) -> str:
    """A value for a message: short, on one line, control characters escaped."""
    if isinstance(value, bytes | bytearray | memoryview):
        return "bytes that are no text"
    if isinstance(value, date):
        return str(value)
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def text(value: object) -> str:
    """A text without surrounding space; missing is empty. Whole numbers are texts too: `mobile` 0171…"""
    match value:
        case None:
            return ""
        case str():
            found = value.strip()
            if len(found) > LONGEST_TEXT:
                raise Unreadable(f"longer than {LONGEST_TEXT} characters: {shown(found)}")
            return found
        case bool():
            pass
        case int() | UUID():
            return str(value)
        case Decimal() if _is_whole(value):
            return str(int(value))
    raise Unreadable(f"not a text: {shown(value)}")


def word(value: object) -> str:
    """A text on which a rule decides: what was lost in its letters may be a refusal or a cancellation."""
    found = text(value)
    if UNDECODED.search(found):
        raise Unreadable(f"broken letters: {shown(found)}")
    return found


def anything(value: object) -> str:
    """A value of a further column, as texts show it: a room, a number, a date, a link."""
    match value:
        case bool():
            return str(value).lower()
        case float() | Decimal() | date() | datetime() | time():
            return str(value)
    return text(value)


def key(value: object) -> str:
    """An id as text; empty where there is none. 17 and "17" are the same, and é in one sign or in two."""
    try:
        found = unicodedata.normalize("NFC", text(value))
    except Unreadable:
        raise Unreadable(f"neither a text nor a whole number: {shown(value)}") from None
    if "\0" in found:
        raise Unreadable(f"contains a NUL character: {shown(found)}")
    if len(found) > LONGEST_KEY:
        raise Unreadable(f"longer than {LONGEST_KEY} characters: {shown(found)}")
    if NO_KEY.search(found.replace("\n", " ")):
        raise Unreadable(f"stands for no id, or for one that a spreadsheet has shortened: {shown(found)}")
    return found


def allowed(value: object) -> bool:
    """Like `boolean`, but NULL allows."""
    return value is None or boolean(value)


def boolean(value: object) -> bool:
    """A boolean, 0 or 1, or the words for them; NULL is false."""
    plain = value.strip().lower() if isinstance(value, str) else value
    try:
        return BOOLEANS[plain]
    except (KeyError, TypeError):
        raise Unreadable(f"neither true nor false, 0 nor 1: {shown(value)}") from None


def _is_whole(number: Decimal) -> bool:
    return number.is_finite() and number.adjusted() < _LONGEST_NUMBER and number == number.to_integral_value()
