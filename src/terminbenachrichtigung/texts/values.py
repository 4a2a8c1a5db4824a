"""Values of the schedule as a customer reads them: without `NULL`, `divers` and web addresses."""

import re
import unicodedata
from contextlib import suppress

from terminbenachrichtigung.contact.names import NOTHING, says_nothing, without_notes
from terminbenachrichtigung.safe_text import one_line

_NO_SALUTATION = re.compile(
    r"(divers|kein|ohne|unbe|unknown|none|null|männl|maennl|weibl|male|female|k\. ?a\."
    r"|neutral|sonst|person|inter|nicht|non|nb$|ander|other|autre|kind$|child$|enfant$|anrede$)"
    r"|.*(/|\b(?:oder|or|ou)\b)",
    re.I,
)
"""How a category begins that some programs keep where the form of address belongs; or a choice: Frau/Herr."""
_OF_A_LETTER = re.compile(
    r"(?:an|sehr (?:ge|ver)ehrte[rs]?|liebe[rs]?|guten tag|hallo|dear|ch[eè]re?)(?: |$)", re.I
)
"""What stands before a form of address at the head of a letter, or on its envelope."""
_TO_A_MAN = re.compile(r"\bHerrn\b", re.I)
_TO_NOBODY = "damen und herren"
_LETTERS = re.compile(r"[^\W\d_]{2}")
_CODED_OR_LOST = re.compile(r"&(?:[a-z]{2,8}|#\d{2,5});|</?[a-z]+>|[^\W\d_]\?[^\W\d_]", re.I)
_LONGEST_NAME = 40  # signs of one name in an SMS (contract, section 8)
_LOOKED_AT = 200  # signs: what stands behind them is cut anyway
_MARKS = r"[^\w\s\x00-\x7f]*"  # accents and joiners, which a text in GSM-7 leaves out
_STOP = "[.\u2024\u3002\uff0e\uff61]"  # and the signs that phones take for a full stop in an address
_DOT = _MARKS + _STOP + _MARKS
_LINK = re.compile(rf":{_MARKS}/{_MARKS}/|www{_DOT}|\w{_DOT}\w[^/]*/", re.I)
_NUMBER = re.compile(r"\+?\d(?:[\W_]*\d){5,}")
_DOT_IN_A_WORD = re.compile(rf"(?<=[^\W_])({_MARKS}){_STOP}(?={_MARKS}[^\W_])")


def shown(value: str) -> str:
    """A value as it stands in a text: one line, and empty where it only says that there is nothing (`-`)."""
    return "" if says_nothing(value) else one_line(value)


def part_of_name(value: str) -> str:
    """A first or last name, without notes beside it."""
    return without_notes(shown(value))


def salutation(value: str) -> str:
    """A form of address; empty where it is none: a sign, a single letter (`m`), a category (`divers`)."""
    text = shown(value)
    return text if _LETTERS.search(text) and not _NO_SALUTATION.match(text) else ""


def greeted(salutation: str, first_name: str, last_name: str) -> str:
    """A customer's name behind a greeting: Frau Müller; or Anna Müller, or what there is of it.

    Address books keep a form of address as it stands on an envelope (`Herrn`), or at the head of a letter
    (`Sehr geehrte Frau Müller`).
    """
    form = _TO_A_MAN.sub("Herr", _OF_A_LETTER.sub("", salutation)).strip(" ,")
    if not last_name or form.casefold() in ("", _TO_NOBODY):
        return f"{first_name} {last_name}".strip()
    if last_name.casefold().startswith(f"{form} ".casefold()):
        return last_name
    return form if form.casefold().endswith(f" {last_name}".casefold()) else f"{form} {last_name}"


def name_in_sms(name: str) -> str:
    """A name that carries nothing else: at most 40 signs, and nothing that a phone makes a link of.

    Anybody may write anything into the field of an online booking, and the practice's name stands under the
    message. A web address goes, and so does a telephone number; any other full stop within a word gets a
    blank behind it.
    """
    seen = unicodedata.normalize("NFC", name[:_LOOKED_AT])
    words = " ".join(word for word in seen.split() if not _LINK.search(word))
    words = " ".join(_NUMBER.sub(" ", words).split())
    return _DOT_IN_A_WORD.sub(r"\1. ", words)[:_LONGEST_NAME].rstrip()


def is_no_name(name: str) -> bool:
    """Whether a name only says that there is nothing (`NULL`), or its letters are broken (`MÃ¼ller`)."""
    return name.strip() in NOTHING or is_garbled(name)


def is_garbled(text: str) -> bool:
    """Whether letters were lost (U+FFFD, `M?ller`), stand coded (`&uuml;`), or were read in another encoding.

    That is mostly UTF-8 that was read as Windows-1252 or Latin-1 (`Ã¼` for `ü`).
    """
    if _CODED_OR_LOST.search(text):
        return True
    if text.isascii():
        return False
    for encoding in ("cp1252", "latin-1"):
        with suppress(UnicodeError):
            return text.encode(encoding).decode("utf-8") != text
    return "\ufffd" in text
