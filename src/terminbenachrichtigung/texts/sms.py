"""A text -> what the mobile network makes of it: GSM-7 or UCS-2, and how many parts (GSM 03.38, 03.40)."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

_BASIC = (
    "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = "^{}\\[~]|€"
"""Take two septets each. The form feed, the tenth one, is left out: it would end the page on some phones."""

_ONLY_BASIC = re.compile(f"[{re.escape(_BASIC)}]*")
_ONLY_GSM = re.compile(f"[{re.escape(_BASIC + _EXTENSION)}]*")
_TWO_SEPTETS = re.compile(f"([{re.escape(_EXTENSION)}])")
_TWO_UNITS = re.compile("([\U00010000-\U0010ffff])")

_LOOK_ALIKES = {
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‘’‚‛′‹›´`ʼ", "'"),
    **dict.fromkeys("‐‑‒–—―−⁃", "-"),
    **dict.fromkeys(
        "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t",
        " ",
    ),
    **dict.fromkeys("\v\f\x85\u2028\u2029", "\n"),
    **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),  # show nothing, and no script needs them
    "…": "...",
    "\r": "\n",
}
_REMOVED = dict.fromkeys(map(chr, (*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000))), "")
"""Control characters, and halves of surrogate pairs, which cannot be sent."""
_NORMALISED = str.maketrans(_REMOVED | _LOOK_ALIKES | {"\n": "\n"})

_NEAREST = {
    "ı": "i", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th",
    "œ": "oe", "Œ": "OE", "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T", "ŋ": "n", "Ŋ": "N", "ĸ": "k",
    "ŀ": "l", "Ŀ": "L", "ə": "e", "Ə": "E", "ẞ": "SS", "ƒ": "f", "ƶ": "z", "Ƶ": "Z",
    "ɓ": "b", "ɗ": "d", "ƙ": "k", "ǝ": "e", "ª": "a", "º": "o",
}  # fmt: skip
"""Latin letters that Unicode does not take apart into a letter and its marks."""
_SHOWS_NOTHING = re.compile("[\u200c-\u200f\u202a-\u202e\u2066-\u2069\ufe00-\ufe0f]")
"""Joiners, marks of direction, variation selectors: other scripts and emoji need them, GSM-7 has none."""


@dataclass(frozen=True, slots=True)
class SmsText:
    """A text as it is sent. `parts` is what the gateway counts and charges; 0 for an empty text."""

    text: str
    parts: int
    encoding: Literal["gsm7", "ucs2"]


def sms_text(text: str, *, transliterate: bool) -> SmsText:
    """Normalise the text (NFC, look-alikes of GSM-7 for typographic signs) and count its parts.

    With `transliterate`, Latin letters outside GSM-7 become their nearest (ı -> i, Ł -> L, û -> u), but
    only if that saves the whole text from UCS-2, whose parts hold less than half as much. Otherwise
    names keep their letters.
    """
    if not _ONLY_GSM.fullmatch(text):
        text = _normalised(text)
        if transliterate and (saved := _transliterated(text)) is not None:
            text = saved
    if _ONLY_GSM.fullmatch(text):
        return SmsText(text, _parts(_TWO_SEPTETS.sub("\x1b\\1", text), 160, 153), "gsm7")
    return SmsText(text, _parts(_TWO_UNITS.sub("\x1b\\1", text), 70, 67), "ucs2")


def _normalised(text: str) -> str:
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").translate(_NORMALISED)
    return unicodedata.normalize("NFC", text)  # again: a soft hyphen may have parted a letter and its mark


def _transliterated(text: str) -> str | None:
    """The text in GSM-7 alone, or None if a sign has no near letter there."""
    saved: list[str] = []
    for sign in text:
        near = _nearest(sign)
        if near is None:
            return None
        saved.append(near)
    return "".join(saved)


@lru_cache(maxsize=4096)
def _nearest(sign: str) -> str | None:
    if _ONLY_GSM.fullmatch(sign):
        return sign
    if _SHOWS_NOTHING.fullmatch(sign):
        return ""
    if sign in _NEAREST:
        return _NEAREST[sign]
    if "\u0300" <= sign <= "\u036f":  # an accent that Unicode has no letter for, such as the one of m̌
        return ""
    if "LATIN" not in unicodedata.name(sign, ""):
        return None
    letters, *marks = list(unicodedata.normalize("NFD", sign))
    for mark in marks:  # the Vietnamese ế is nearer to é than to e
        letter = unicodedata.normalize("NFC", letters + mark)
        if _ONLY_BASIC.fullmatch(letter):
            return letter
    if marks:
        return _nearest(letters)
    # A ligature, or a letter of another width.
    letters = _normalised(unicodedata.normalize("NFKC", sign))
    return None if letters == sign else _transliterated(letters)


def _parts(units: str, single: int, each: int) -> int:
    """How many parts hold the units: `single` if one is enough, else `each` in every part.

    What takes two units has an escape as the first, and is never split over parts.
    """
    if len(units) <= single:
        return 1 if units else 0
    parts = end = 0
    while end < len(units):
        parts += 1
        end += each
        if end < len(units) and units[end - 1] == "\x1b":
            end -= 1
    return parts
