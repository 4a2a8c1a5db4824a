"""What a text costs: GSM-7 and UCS-2, counted at every boundary (contract, section 6)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminbenachrichtigung.texts.sms import SmsText, sms_text

# Written down again, sign by sign, from GSM 03.38: the tests must not share a slip with the code.
BASIC = set(
    "@£$¥èéùìòÇ\nØøÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
EXTENSION = set("^{}\\[~]|€")


def test_the_table_has_as_many_signs_as_the_standard() -> None:
    assert len(BASIC) == 128 - 2  # without the escape, and the carriage return that becomes a line feed
    assert len(EXTENSION) == 10 - 1  # without the form feed


def packed(text: str) -> tuple[int, str]:
    """Put the text into parts sign by sign, as a phone does; no arithmetic."""
    if set(text) <= BASIC | EXTENSION:
        costs, single, each, encoding = [1 + (sign in EXTENSION) for sign in text], 160, 153, "gsm7"
    else:
        costs, single, each, encoding = [1 + (ord(sign) > 0xFFFF) for sign in text], 70, 67, "ucs2"
    if sum(costs) <= single:
        return int(bool(costs)), encoding
    parts = [0]
    for cost in costs:
        if parts[-1] + cost > each:
            parts.append(0)
        parts[-1] += cost
    return len(parts), encoding


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 0),
        ("a", 1),
        # 160 alone, 153 in each of several
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 459, 3),
        ("a" * 460, 4),
        # signs of the extension table take two septets ...
        ("€" * 80, 1),
        ("a" + "€" * 80, 2),
        ("a" * 158 + "€", 1),
        ("a" * 159 + "€", 2),
        # ... and are never split over parts
        ("a" * 151 + "€" + "a" * 153, 2),
        ("a" * 152 + "€" + "a" * 151, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("a" * 152 + "€" + "a" * 150 + "€", 3),
        ("€" * 152, 2),  # 76 in each part: the 153rd septet stays empty
        ("€" * 153, 3),
    ],
)
def test_gsm7_parts(text: str, parts: int) -> None:
    assert sms_text(text, transliterate=True) == SmsText(text, parts, "gsm7")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        # 70 alone, 67 in each of several
        ("я" * 70, 1),
        ("я" * 71, 2),
        ("я" * 134, 2),
        ("я" * 135, 3),
        ("a" * 69 + "я", 1),
        ("a" * 70 + "я", 2),
        # signs outside the basic plane take two code units ...
        ("😀" * 35, 1),
        ("😀" * 35 + "a", 2),
        ("я" * 68 + "😀", 1),
        ("я" * 69 + "😀", 2),
        # ... and are never split over parts
        ("я" * 66 + "😀" + "я" * 65, 2),
        ("я" * 66 + "😀" + "я" * 66, 3),
        ("😀" * 66, 2),  # 33 in each part: the 67th unit stays empty
        ("😀" * 67, 3),
        # where one sign needs UCS-2, those of the extension table take one unit like all others
        ("я" + "€" * 69, 1),
    ],
)
def test_ucs2_parts(text: str, parts: int) -> None:
    assert sms_text(text, transliterate=True) == SmsText(text, parts, "ucs2")


SIGNS = st.sampled_from("aä\n€[я😀")


@given(st.lists(st.tuples(SIGNS, st.integers(0, 160)), max_size=6))
def test_parts_are_those_of_a_phone_that_packs_sign_by_sign(runs: list[tuple[str, int]]) -> None:
    text = "".join(sign * times for sign, times in runs)
    answer = sms_text(text, transliterate=True)
    assert (answer.text, (answer.parts, answer.encoding)) == (text, packed(text))


@given(st.text(max_size=400), st.booleans())
def test_whatever_goes_in_comes_out_counted_sendable_and_settled(text: str, transliterate: bool) -> None:
    answer = sms_text(text, transliterate=transliterate)
    assert (answer.parts, answer.encoding) == packed(answer.text)
    assert unicodedata.is_normalized("NFC", answer.text)
    assert not any(unicodedata.category(sign) in ("Cc", "Cs") for sign in answer.text.replace("\n", ""))
    answer.text.encode("utf-8")
    assert sms_text(answer.text, transliterate=transliterate) == answer


@pytest.mark.parametrize(
    ("typographic", "plain"),
    [
        ("„Gruß“ “a” «b» ″", '"Gruß" "a" "b" "'),
        ("‚a‘ ’ ‹b› ′ ` ´", "'a' ' 'b' ' ' '"),
        ("9–10 — a‑b ‐ − ―", "9-10 - a-b - - -"),
        ("und so weiter…", "und so weiter..."),
        ("10\u00a0Uhr\u202f!\u2009a\u3000b\tc", "10 Uhr ! a b c"),
        ("Ter\u00admin\u200b\ufeff\u2060", "Termin"),  # soft hyphen and others that show nothing
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\x00b\x07c\x1bd\x7fe\x0c", "abcde\n"),  # control characters go; a page ends a line
        ("a\ud800b", "ab"),  # half of a surrogate pair
        ("u\u0308", "ü"),  # NFC
        ("Mu\u0308ller \u212b", "Müller Å"),
    ],
)
@pytest.mark.parametrize("transliterate", [True, False])
def test_typographic_signs_become_their_look_alikes(
    typographic: str, plain: str, transliterate: bool
) -> None:
    answer = sms_text(typographic, transliterate=transliterate)
    assert (answer.text, answer.encoding) == (plain, "gsm7")


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("Işık", "Isik"),
        ("Łukasz", "Lukasz"),
        ("août", "aout"),
        ("Đorđević", "Dordevic"),
        ("Françoise", "Francoise"),  # the table has Ç, but no ç
        ("ÇÉÆØ", "ÇÉÆØ"),
        ("Dvořák", "Dvorak"),
        ("Erdoğan", "Erdogan"),
        ("Ștefan", "Stefan"),
        ("Sørensen Þór", "Sørensen Thor"),
        ("Nguyễn Thế", "Nguyen Thé"),  # the nearest that the table has
        ("Œuvre œ", "OEuvre oe"),
        ("STRAẞE", "STRASSE"),
        ("ǆ ﬁ Ａ 1º", "dz fi A 1o"),
        ("m\u030c", "m"),  # an accent without a letter of its own
        ("Anna\u200d\u200e", "Anna"),  # shows nothing in Latin script
    ],
)
def test_latin_letters_become_their_nearest_if_that_saves_the_whole_text(name: str, saved: str) -> None:
    assert sms_text(f"Guten Tag {name}!", transliterate=True) == SmsText(f"Guten Tag {saved}!", 1, "gsm7")


@pytest.mark.parametrize("rest", ["😀", "Иванов", "محمد", "张", "1\ufe0f\u20e3", "°", "•"])
def test_no_letter_is_bent_where_the_text_needs_ucs2_anyway(rest: str) -> None:
    text = f"Łukasz Işık û, {rest}"
    assert sms_text(text, transliterate=True) == SmsText(text, 1, "ucs2")


def test_no_letter_is_bent_unless_asked() -> None:
    assert sms_text("Łukasz", transliterate=False) == SmsText("Łukasz", 1, "ucs2")


def test_joined_emoji_stay_joined() -> None:
    family = "👨\u200d👩\u200d👧"
    assert sms_text(family, transliterate=True) == SmsText(family, 1, "ucs2")
