"""What people typed into an e-mail field -> an address that any mail server takes, or the reason why not.

Syntax only: whether the domain exists is for the mail server to find out (contract, section 3).
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from types import ModuleType

# Nearly every address fits this. For these email-validator gives the same answer (a test compares the two),
# but takes ten times as long, and 25 ms to import.
_PLAIN = re.compile(
    r"(?P<local>[A-Z0-9_+-]+(?:\.[A-Z0-9_+-]+)*)"
    r"@(?P<domain>(?:[A-Z0-9]{1,32}(?:-[A-Z0-9]{1,30})?\.)+[A-Z]{1,63})",
    re.I | re.A,
)
_LONGEST = 254  # octets, RFC 5321, 4.5.3.1.3
_LONGEST_FIELD = 1_000  # characters; a longer field is no list of addresses
_SEPARATORS = re.compile(r"[;,\s]+")
# RFC 6068: subject and further recipients stand behind the question mark.
_MAILTO = re.compile(r"mailto:/*([^?]*)(?:\?.*)?", re.I)
# White space and invisible characters, which come along when an address is copied from a web page.
_SURROUNDING = " \t\n\r\v\f\x85\xa0" + "".join(
    map(chr, (*range(0x200B, 0x2010), *range(0x2028, 0x2030), 0x2060, 0xFEFF))
)


class EmailRefusal(StrEnum):
    """Why something typed is not an address that can be written to."""

    SEVERAL = "several"
    LOCAL_PART_NOT_ASCII = "local_part_not_ascii"  # needs SMTPUTF8, which many mail servers lack
    NOT_VALID = "not_valid"


@dataclass(frozen=True, slots=True)
class EmailResult:
    """The address with its domain in lower-case ASCII, or None and why; both None if nothing was typed."""

    address: str | None
    refused: EmailRefusal | None = None


def email_address(value: str) -> EmailResult:
    """Return the first valid address in `value`, which is split at `;`, `,` and white space. Never raises.

    Quoted local parts, comments, display names and domain literals are refused: no customer has one, and each
    could smuggle something into a header. A domain with letters beyond ASCII is returned in its ASCII form
    (`xn--...`). `mailto:` is taken off, and so is the apostrophe with which spreadsheets mark a text.
    """
    if len(value) > _LONGEST_FIELD:
        return EmailResult(None, EmailRefusal.NOT_VALID)
    return _first_address(value)


def pieces(value: str) -> Iterator[str]:
    """What was typed in the field, split where one address ends, without what stands around it."""
    # Else `ida&amp;eva@example.org` would be split at its semicolon: a stranger's address remains.
    text = html.unescape(value) if "&" in value else value
    bare = (_bare(piece.strip(_SURROUNDING)) for piece in _SEPARATORS.split(text))
    return filter(None, bare)


@lru_cache(maxsize=8_192)
def _first_address(value: str) -> EmailResult:
    read = [(piece, _one_address(piece)) for piece in pieces(value)]
    if not read:
        return EmailResult(None)
    valid = (result for _, result in read if result.address is not None)
    # Of several refusals, that of something with an @ says more than that of a word beside it.
    telling = (result for piece, result in read if "@" in piece)
    return next(valid, None) or next(telling, read[0][1])


def _bare(piece: str) -> str:
    if piece[:1] == "'":
        piece = piece.strip("'")
    link = _MAILTO.fullmatch(piece)
    return link[1] if link else piece


def _one_address(typed: str) -> EmailResult:
    if len(typed) > _LONGEST:
        return EmailResult(None, EmailRefusal.NOT_VALID)
    if plain := _PLAIN.fullmatch(typed):
        return EmailResult(f"{plain['local']}@{plain['domain'].lower()}")
    if address := _address_or_none(typed):
        return EmailResult(address)
    local_part, _, domain = typed.rpartition("@")
    if "@" in local_part:
        return EmailResult(None, EmailRefusal.SEVERAL)
    if domain and not local_part.isascii():
        return EmailResult(None, EmailRefusal.LOCAL_PART_NOT_ASCII)
    return EmailResult(None, EmailRefusal.NOT_VALID)


def checked_address(typed: str, *, umlauts_before_the_at: bool = False) -> str:
    """An address in its ASCII form where it has one, checked by its syntax alone.

    Raises:
        ValueError: why it is none.
    """
    library = _library()
    valid = library.validate_email(typed, check_deliverability=False, allow_smtputf8=umlauts_before_the_at)
    return str(valid.ascii_email or valid.normalized)


def _address_or_none(typed: str) -> str | None:
    try:
        return checked_address(typed)
    except ValueError:  # the library's own error is one
        return None


@cache
def _library() -> ModuleType:
    import email_validator  # noqa: PLC0415

    # A practice's own server may well be in .local; the library's way to allow it is to change this list.
    # All callers get the library here, so that the answer does not depend on who imported it first.
    email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()
    return email_validator
