"""What people typed into a telephone field -> a mobile number in E.164, or the reason why not.

A wrong guess would send an SMS to a stranger. So what is not surely one number is refused (contract,
section 3).
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

_SEPARATORS = re.compile(r"""[,\r\n\v\f\x85\u2028\u2029]|;(?!\s*(?:ext|isub|phone-context)\s*=)""", re.I)
"""Semicolon, comma, line end; but not a semicolon before the extension of a number (RFC 3966)."""

# Control and format characters, fillers and variation selectors: they come along when a number is
# pasted from a web page or a contact list.
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)

_WORDS = "telefon|tel|mobile|mobil|handy|privat|dienstlich|büro|arbeit"
_BRACKET_WORDS = f"{_WORDS}|mutter|vater|tochter|sohn|frau|mann|partner|eltern"
_LETTER = r"[^\W\d_]"  # also the digits that have no decimal value, such as ² and ½
_GAP = r"[\s.:/–—-]*"
_KNOWN = (
    rf"(?:(?<!{_LETTER})(?:{_WORDS})(?!{_LETTER})"
    rf"|[(\[]{_GAP}(?:(?:{_BRACKET_WORDS})(?!{_LETTER}){_GAP})+[)\]])"
)
_KNOWN_BEFORE = re.compile(rf"^{_GAP}(?:{_KNOWN}{_GAP})+", re.I)
_KNOWN_AFTER = re.compile(rf"(?:{_KNOWN}{_GAP})+$", re.I)
_UNCLEAR = re.compile(rf"{_LETTER}|~~|[?†‡✝✞✟⚰☠❌❎✖✗✘⛔🚫\ufffd\u0335-\u0338]")
"""A letter, or a sign by which people say that a number is crossed out, doubtful, or of somebody who died."""
_TAIL = re.compile(r"(.*\d)[\W_]+\d\s*[)\]]?|(.*\d{6})\s*[/–—-]\s*\d{2,3}")
"""A number, then a sign or a blank and one more digit; or six digits, a stroke, and two or three more."""
_DECIMAL = re.compile(r"(\+?\d+)\.0+")
"""1713920001.0: a spreadsheet or a data frame took the number for a quantity."""
_DECIMAL_END = re.compile(r".*\d\.0\W*")
"""The same after a number with blanks or signs, where nobody knows whether somebody typed the 0."""

_LONGEST = 250  # characters of one number; phonenumbers does not read longer ones either
_LONGEST_FIELD = 1_000  # characters; a longer field is no list of numbers, and would take minutes to read


class PhoneRefusal(StrEnum):
    """Why something typed is not a number that can be texted."""

    NO_DIGITS = "no_digits"  # a dash, a word such as "privat": no number at all
    LETTERS_LEFT = "letters_left"
    EXTENSION = "extension"
    NOT_VALID = "not_valid"
    NOT_MOBILE = "not_mobile"
    COUNTRY_NOT_ALLOWED = "country_not_allowed"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing typed (without invisible characters, at most 80 signs), and why it was refused."""

    typed: str
    code: PhoneRefusal


@dataclass(frozen=True, slots=True)
class PhoneResult:
    """The number in E.164, or None; and what was refused before it. Both are empty if nothing was typed."""

    number: str | None
    refused: tuple[Refusal, ...]


def mobile_number(fields: Sequence[str], country_code: str, countries: frozenset[str]) -> PhoneResult:
    """Return the first mobile number in the fields, which are read in their order. Never raises.

    `country_code` is the country that national numbers belong to, such as "+49" (AMPAREX: Landescode).
    `countries` limits the countries that may be texted, by ISO code ("DE") or calling code ("+49");
    empty allows all.
    """
    return _mobile_number(tuple(field[: _LONGEST_FIELD + 1] for field in fields), country_code, countries)


# Kept for the rows of one customer, and for plans that are made anew; 8,192 results are about 3 MB.
@lru_cache(maxsize=8_192)
def _mobile_number(fields: tuple[str, ...], country_code: str, countries: frozenset[str]) -> PhoneResult:
    refused: list[Refusal] = []
    for typed in pieces(fields):
        answer = _read(typed, country_code, countries)
        if not isinstance(answer, PhoneRefusal):
            return PhoneResult(answer, tuple(refused))
        refused.append(Refusal(typed if len(typed) <= 80 else f"{typed[:79]}…", answer))
    return PhoneResult(None, tuple(refused))


def number_keys(*fields: str) -> frozenset[str]:
    """The keys of all numbers in these fields."""
    return frozenset(number_key(piece) for field in fields for piece in _SEPARATORS.split(field)) - {""}


def number_key(typed: str) -> str:
    """What two spellings of one number have in common, so that people can be told apart; else empty.

    It is not dialled. `+49 171 5555001`, `0171/5555001` and a spreadsheet's `1715555001.0` have one key, 0151
    5555001 has another. Fewer than five digits, such as an extension, can be alike by chance and have none.
    """
    digits = "".join(filter(str.isdecimal, typed.strip().removesuffix(".0").replace("(0)", "")))
    if typed.lstrip().startswith("+") or digits.startswith("00"):
        digits = _without_calling_code(digits.lstrip("0"))
    # Where a spreadsheet took the +, the calling code stays before the number, and the end counts.
    key = digits.lstrip("0")[-10:]
    return key if len(key) >= 5 else ""


def _without_calling_code(digits: str) -> str:
    import phonenumbers  # noqa: PLC0415

    lengths = (n for n in (1, 2, 3) if int(digits[:n] or 0) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
    return digits[next(lengths, 0) :]


def pieces(fields: Sequence[str]) -> Iterator[str]:
    """What was typed in these fields, split where one number ends, without what nobody sees."""
    for field in fields:
        for piece in _SEPARATORS.split(field) if len(field) <= _LONGEST_FIELD else [field]:
            typed = piece.strip()
            if not (typed.isascii() and typed.isprintable()):
                typed = unicodedata.normalize("NFC", _INVISIBLE.sub("", typed)).strip()
            if typed:
                yield typed


def _read(typed: str, country_code: str, countries: frozenset[str]) -> str | PhoneRefusal:
    if len(typed) > _LONGEST:
        return PhoneRefusal.NOT_VALID
    bare = _KNOWN_AFTER.sub("", _KNOWN_BEFORE.sub("", typed))
    if _UNCLEAR.search(bare):
        return PhoneRefusal.LETTERS_LEFT
    if not bare.isascii():
        bare = "".join(str(unicodedata.decimal(sign, sign)) for sign in bare)
    if decimal := _DECIMAL.fullmatch(bare.strip("' ")):
        bare = decimal[1]
    digits = "".join(filter(str.isdecimal, bare))
    if not digits:
        return PhoneRefusal.NO_DIGITS
    calling_code, region = _home(country_code)
    national = _mobile(bare, region, countries)
    if not isinstance(national, PhoneRefusal) or not calling_code or not digits.startswith(calling_code):
        return national
    international = _mobile("+" + bare[bare.index(digits[0]) :], region, countries)
    return national if international is PhoneRefusal.NOT_VALID else international


@lru_cache
def _home(country_code: str) -> tuple[str, str]:
    """The digits of the calling code and its main region: "+49" -> ("49", "DE"), "+44" -> ("44", "GB").

    Other regions of a shared code (Jersey in +44, Canada in +1) are recognised by the number itself.
    """
    import phonenumbers  # noqa: PLC0415  25 ms, which a run with nothing due need not pay

    digits = "".join(filter(str.isdecimal, country_code)).lstrip("0")
    return digits, phonenumbers.region_code_for_country_code(int(digits or 0))


def _mobile(text: str, region: str, countries: frozenset[str]) -> str | PhoneRefusal:
    import phonenumbers  # noqa: PLC0415

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return PhoneRefusal.NOT_VALID
    if number.extension:
        return PhoneRefusal.EXTENSION
    # A type is only given to a number that is valid in its country.
    match phonenumbers.number_type(number):
        case phonenumbers.PhoneNumberType.MOBILE | phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE:
            pass
        case phonenumbers.PhoneNumberType.UNKNOWN:
            return PhoneRefusal.NOT_VALID
        case _:
            return PhoneRefusal.NOT_MOBILE
    # "0171 5555555/6" means two numbers, ...5 and ...6; "-6" is an extension, " 1" the first of several, ".0"
    # comes from a spreadsheet. 0171 55555556 may be a stranger's. So a number that is complete without what
    # stands behind the last sign is refused.
    tail = _TAIL.fullmatch(text)
    if tail and not isinstance(_mobile(tail[1] or tail[2], region, frozenset()), PhoneRefusal):
        return PhoneRefusal.EXTENSION
    if _DECIMAL_END.fullmatch(text):
        return PhoneRefusal.EXTENSION
    if countries and not _allowed(
        phonenumbers.region_code_for_number(number), number.country_code, countries
    ):
        return PhoneRefusal.COUNTRY_NOT_ALLOWED
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _allowed(region: str | None, calling_code: int | None, countries: frozenset[str]) -> bool:
    return any(
        country.strip().upper() == region or country.strip().lstrip("+0") == str(calling_code)
        for country in countries
    )
