"""What the fuzz tests share: how many inputs, an alarm for those without end, and what people enter."""

import html
import re
import signal
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TypeVar

import idna
import phonenumbers
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

Test = TypeVar("Test", bound=Callable[..., Any])
_MOST_SECONDS = 20.0  # of CPU time; real inputs take milliseconds


def inputs(times: int) -> Callable[[Test], Test]:
    """So many times the option `--inputs` for a test."""
    count = times * settings().max_examples
    chosen = settings(max_examples=count, suppress_health_check=[HealthCheck.too_slow])
    return lambda test: pytest.mark.sized(chosen(test))


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


# ---------------------------------------------------------------- what people and programs enter

NASTY = st.sampled_from(
    [
        *("{{ 123456 + 654321 }}", "{% for x in customer %}", "{{ customer.__class__ }}", "{#", "{{", "%}"),
        *("a\0b", "a\r\nBcc: all@example.org\r\n\r\nText", "a\nb", "\x1b[31mrot\x07", "\x85", "\u2028"),
        *(
            "'; DROP TABLE reminder_appointments; --",
            "]]><Status>Ok</Status>",
            "<b>&amp;</b>",
            "&Recipient=1",
        ),
        *(
            "\u202eregreB",
            "נועה כהן",
            "\u2066x",
            "\u200bx",
            "🙂" * 40,
            "e\u0301",
            "ﬃ",
            "Żółć",
            "I\u0307",
            "\ufeff",
        ),
        *("=?utf-8?q?=0d=0aBcc:x@y.de?=", "None", "NULL", "%s %n %(x)s", "\\", '"', "''", "a" * 10_000),
        *(
            "24:00",
            "2026-11-25 09:00",
            "Storniert",
            "keine",
            "brief",
            "email",
            "sms",
            "fr",
            "de-AT",
            "xx",
            "tlh",
        ),
    ]
)
TEXT = st.one_of(NASTY, st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
ANYTHING = st.one_of(
    TEXT,
    TEXT,
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.binary(max_size=10),
)

DIGITS = st.sampled_from(
    [
        *("0171", "171", "0049", "+49", "49", "(0)", "5555555", "555 55 55", "12", "030 123456", "00", "110"),
        *(
            "+43 664 1234567",
            "+1 212 555 0123",
            "+44 7700 900123",
            "0800",
            "٠١٧١",
            "\uff10\uff11\uff17\uff11",
            "²",
        ),
    ]
)
AROUND = st.sampled_from(
    [
        *("", " ", "/", "-", "–", "(", ")", "[", "]", ".", ":", ";", ",", "\n", "#", "*", "+", "x", "ext. 5"),
        *(
            "Tel",
            "Tel.:",
            "Mobil",
            "Handy",
            "privat",
            "Büro",
            "Mutter",
            "Ute",
            "falsch:",
            "(alt)",
            "Fax",
            "\u200e",
        ),
    ]
)
BEGINS = st.sampled_from(["0171", "+49 171", "0049171", "49171", "(0171)", "030", "0043 664"])
ENDS = st.sampled_from(["5555555", "555 55 55", "5555-555", "123456", "1234567", "(5555555)", "55"])
NUMBERS = st.one_of(
    st.tuples(AROUND, BEGINS, AROUND, ENDS, AROUND).map("".join),
    st.lists(st.one_of(DIGITS, AROUND), max_size=8).map("".join),
    st.lists(st.one_of(DIGITS, AROUND), max_size=8).map(" ".join),
    st.from_regex(r"\A0(15|16|17)[0-9]{8,9}\Z"),
    ANYTHING,
)
PARTS = st.sampled_from(
    [
        *(
            "anna",
            "Anna.B",
            "@",
            "example.org",
            "müller.de",
            "Example.ORG",
            ".",
            ",",
            ";",
            " ",
            "<",
            ">",
            '"',
        ),
        *("+", "\r\n", "\0", "=?utf-8?q?x?=", "ä", "xn--mller-kva.de", "[127.0.0.1]", "localhost", "\u200b"),
    ]
)
ADDRESSES = st.one_of(st.lists(PARTS, max_size=6).map("".join), st.emails(), ANYTHING)


# ---------------------------------------------------------------- recipients, by a reading that is not ours


def is_typed_number(recipient: str, *fields: str) -> bool:
    """Whether the national digits of a number stand in one of the fields, in one piece of it."""
    national = str(phonenumbers.parse(recipient).national_number)
    pieces = re.split(r"[;,\r\n\v\f\x85\u2028\u2029]", ";".join(fields))
    return any(national in "".join(map(_digit, piece)) for piece in pieces)


def _digit(sign: str) -> str:
    value = unicodedata.decimal(sign, None)
    return "" if value is None else str(value)


def is_typed_address(recipient: str, field: str) -> bool:
    """Whether an address is one that stands in the field, letter by letter but for their case."""
    return any(_is_this_address(recipient, typed) for typed in re.split(r"[;,\s]", html.unescape(field)))


def _is_this_address(recipient: str, typed: str) -> bool:
    typed = unicodedata.normalize("NFC", typed).strip("\u200b\ufeff")
    if typed.startswith("'"):
        typed = typed.strip("'")
    local_part, _, domain = typed.rpartition("@")
    with suppress(idna.IDNAError):
        if not domain.isascii():
            domain = idna.encode(domain, uts46=True).decode()
    return recipient.lower() == f"{local_part}@{domain}".lower()
