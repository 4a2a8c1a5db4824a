"""What of a recipient may be seen in logs and normal output (contract, section 8)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminbenachrichtigung.output.masking import mask_address, mask_number, mask_text

NUMBERS = [
    ("+491715555555", "+49171•••555"),  # the contract's example
    ("+4915112345678", "+49151•••678"),  # eleven digits behind the country
    ("+4366412345", "+436•••345"),  # ten digits: four stay hidden
    ("00491715555555", "00491•••555"),  # as the gateway wants it
    ("0171/5555-555", "0171•••555"),  # as typed: eleven digits, four hidden
    ("+43123456", "•••"),  # short: what stayed hidden could be guessed
    ("110", "•••"),
    ("", "•••"),
    ("anna@example.org", "•••"),  # not a number at all
    ("0171 5555555 Ute Meier", "0171•••555"),  # words go with the middle
    ("٠١٧١٥٥٥٥٥٥٥", "0171•••555"),  # another script's digits count as digits
]


@pytest.mark.parametrize(("number", "masked"), NUMBERS)
def test_numbers(number: str, masked: str) -> None:
    assert mask_number(number) == masked


ADDRESSES = [
    ("anna@example.org", "a•••@example.org"),  # the contract's example
    ("  anna@example.org ", "a•••@example.org"),
    ("a@example.org", "•••@example.org"),  # its first letter is all of it
    ('"anna@home"@example.org', '"•••@example.org'),  # the last @ parts them
    ("ümit@example.org", "ü•••@example.org"),
    ("anna", "•••"),  # no address
    ("anna@", "•••"),
    ("@example.org", "•••"),
    ("", "•••"),
    ("+491715555555", "•••"),
]


@pytest.mark.parametrize(("address", "masked"), ADDRESSES)
def test_addresses(address: str, masked: str) -> None:
    assert mask_address(address) == masked


TEXTS = [
    # text                                    belongs to it            masked
    ("550 <anna@example.org>: unknown", (), "550 <a•••@example.org>: unknown"),
    ("to:anna@example.org,b@example.org", (), "to:a•••@example.org,•••@example.org"),
    ("+49 171 5555555 refused", (), "+49171•••555 refused"),
    ("00491715555555 refused", (), "00491•••555 refused"),
    ("0171/5555-555 refused", (), "0171•••555 refused"),
    ("491715555555 refused", ("+491715555555",), "49171•••555 refused"),  # no sign of a number but its own
    ("(171) 555 55 55", ("+491715555555",), "(171•••555"),  # ten digits
    ("1715555555", ("030 123456; 0171 5555555",), "171•••555"),  # one of two in a field
    ("no mail to Anna bei Example", ("anna bei example",), "no mail to •••"),  # what was typed as an address
    (r"no mail to \1@x", (r"\1@x",), r"no mail to \•••@x"),  # and is no pattern for a replacement
    ("mobile - is empty", ("-",), "mobile - is empty"),  # a placeholder hides nothing
    # typed with whatever stands on a keyboard, and several in one field
    ("0171_555_5555: not valid", ("0171_555_5555; 0171 1",), "0171•••555: not valid"),
    ("no number (0171*5555*555: x)", ("0171*5555*555, -",), "no number (0171•••555: x)"),
    ("0171 · 5555555", ("0171 · 5555555 oder 030 12",), "0171•••555"),
    ("0171~5555~555", ("0171~5555~555 / 12",), "0171•••555"),
    ("0171'5555'555", ("0171'5555'555 (x)",), "0171•••555"),
    ("0171 5555555 & 0172 6666666", ("0171 5555555 & 0172 6666666 ",), "01715•••666"),
    ("0171–5555—555", ("0171–5555—555 Ute",), "0171•••555"),
    ("0171x5555x555x5: letters", ("0171x5555x555x5 ",), "01715•••555: letters"),
    ("12345 is no number", ("12345; 1",), "••• is no number"),  # whatever has five digits
    ("5/55/55/ 5 is no number", ("030; 5 55 555 5",), "••• is no number"),
    ("0171 5555555, and 4711", ("0171 5555555; 1",), "0171•••555, and 4711"),
    # what must stay readable
    ("JobId 8147110815", ("+491715555555",), "JobId 8147110815"),
    ("row 0004711", (), "row 0004711"),
    ("notified 2026-11-24 09:00 for 03.12.2026 09:00", (), "notified 2026-11-24 09:00 for 03.12.2026 09:00"),
    ("message 0190f3c2-4a1b-7c3d-8e4f-012345678901", (), "message 0190f3c2-4a1b-7c3d-8e4f-012345678901"),
    ("HTTP 503", (), "HTTP 503"),
]


@pytest.mark.parametrize(("text", "private", "masked"), TEXTS)
def test_quoted_recipients(text: str, private: tuple[str, ...], masked: str) -> None:
    assert mask_text(text, private) == masked


@given(
    before=st.text(max_size=20),
    national=st.from_regex(r"1[5-7][0-9]{8,9}", fullmatch=True),
    gap=st.sampled_from(["", " ", "-", "/", "."]),
    prefix=st.sampled_from(["+49", "0049", "49", "0", ""]),
    after=st.text(max_size=20),
)
def test_a_known_number_is_hidden_however_it_is_written(
    before: str, national: str, gap: str, prefix: str, after: str
) -> None:
    written = f"{prefix}{gap}{national[:3]}{gap}{national[3:]}"
    masked = mask_text(f"{before}{written}{after}", [f"+49{national}"])
    assert written not in masked
    assert national[3:] not in masked


@pytest.mark.parametrize("flood", ["1" * 10**6, "a" * 10**6, "a@" * 10**5, "+1 " * 10**5, "1a" * 10**5])
def test_a_flood_of_text_takes_no_time(flood: str) -> None:
    begun = time.process_time()
    mask_text(flood, ["+491715555555", "anna@example.org"])
    mask_text("no number", ["anna@example.org", flood])
    assert time.process_time() - begun < 5  # seconds; a pattern that backtracks takes hours
