"""Numbers as people type them (contract, section 3)."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminbenachrichtigung.contact.phone import PhoneRefusal, PhoneResult, Refusal, mobile_number, number_key

MOBILE = "+491715555555"


def german(*fields: str) -> PhoneResult:
    return mobile_number(fields, "+49", frozenset())


def refusals(result: PhoneResult) -> list[PhoneRefusal]:
    return [refusal.code for refusal in result.refused]


@pytest.mark.parametrize(
    "typed",
    [
        # the examples of the contract
        "0171/5555-555",
        "+49 (0)171 5555555",
        "0049171 5555555",
        "491715555555",  # a valid landline, read nationally: the second reading makes it a mobile number
        "Mobil: 0171 5555555",
        "0171 5555555 (privat)",
        "030 123456; 0171 5555555",
        # plain
        "0171 5555555",
        "01715555555",
        "+491715555555",
        "+49 171 5555555",
        "(0171) 5555555",
        "(+49) 171 5555555",
        "0171-555-55-55",
        "0171/555/55/55",
        "0171.5555.555",
        "  0171 5555555\t",
        "171 5555555",  # a spreadsheet took the zero
        "'01715555555",  # and this one kept it, with its apostrophe
        # the second reading, as if + stood before it
        "49 171 5555555",
        "49 (0)171 5555555",
        "(49) 171 5555555",
        "Mobil 491715555555",
        # known words before and after, any case, with or without a colon or full stop
        *(
            f"{word}{mark} 0171 5555555"
            for word in (
                "Tel",
                "Telefon",
                "Mobil",
                "Mobile",
                "Handy",
                "privat",
                "dienstlich",
                "Büro",
                "Arbeit",
            )
            for mark in ("", ":", ".", ".:")
        ),
        "0171 5555555 Handy",
        "0171 5555555 privat.",
        "HANDY 0171 5555555",
        "BÜRO: 0171 5555555",
        "Bu\u0308ro: 0171 5555555",  # the umlaut as two signs
        "Mobil0171 5555555",
        "0171 5555555privat",
        "Handy privat: 0171 5555555",
        "Tel./Mobil: 0171 5555555",
        "Handy - 0171 5555555 - privat",
        "tel:+491715555555",
        # brackets that hold only known words
        *(
            f"0171 5555555 ({word})"
            for word in ("Mutter", "Vater", "Tochter", "Sohn", "Frau", "Mann", "Partner", "Eltern", "Handy")
        ),
        "(Mutter) 0171 5555555",
        "(Handy Mutter): 0171 5555555",
        "0171 5555555 (Frau/Mann)",
        "0171 5555555 [privat]",
        "Mobil (privat): 0171 5555555",
        # fields are split at ; , and line ends
        "030 123456, 0171 5555555",
        "030 123456\n0171 5555555",
        "030 123456\r\n0171 5555555",
        "030 123456\u20280171 5555555",
        ";;, 0171 5555555",
        "0171 5555 Ute; 0171 5555555",
        # invisible characters go
        "\u202d0171 5555555\u202c",  # marks of direction, from a Windows contact
        "0171\u200b5555555",
        "0171\u00a05555555",
        "0171\u00ad5555555",
        "\ufeff0171 5555555",
        "0171 555\x005555",
        "0171\u31645555555",  # a Hangul filler: a letter by its class, but there is nothing to see
        # a spreadsheet's, a data frame's or Access' trace
        "1715555555.0",
        "+491715555555.0",
        "491715555555.0",
        "01715555555.00",
        "Mobil: 1715555555.0",
        "1715555555.0; 0172 5555555",
        "1715555555,0",  # the same from a German one: split at the comma
        "'+491715555555",
        "'1715555555.0",
        '="01715555555"',
        "１７１５５５５５５５.0",
        # a blank before the last digit of a number that needs it
        "0171 555555 5",
        "+49 171 55 55 55 5",
        # digits of other scripts have one value only
        "０１７１ ５５５５５５５",
        "４９１７１５５５５５５５",
        "٠١٧١ ٥٥٥٥٥٥٥",
        "＋49 171 5555555",
        # signs that say nothing
        "📱 0171 5555555",
        "☎ 0171 5555555",
        "*0171 5555555",
        "0171 5555555 !",
        "~0171 5555555",
        # errors in the country's prefix
        "+49 0171 5555555",
        "++49 171 5555555",
        "+ 49 171 5555555",
        "+0049 171 5555555",
        "00 49 (0) 171 5555555",
        "0049 0171 5555555",
        "(0049) 171 5555555",
        "+49-(0)-171-5555555",
        "+49 [0] 171 5555555",
        "49 0171 5555555",
        "490171 5555555",
    ],
)
def test_what_people_type_for_a_mobile_number_is_understood(typed: str) -> None:
    assert german(typed).number == MOBILE


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        # any letter left over: without it, most of these would be valid numbers of strangers
        ("0171 5555 Ute", PhoneRefusal.LETTERS_LEFT),
        ("0171 5555555 (alt)", PhoneRefusal.LETTERS_LEFT),
        ("(alt) 0171 5555555", PhoneRefusal.LETTERS_LEFT),
        ("falsch: 0171 5555555", PhoneRefusal.LETTERS_LEFT),
        ("Fax 0171 5555555", PhoneRefusal.LETTERS_LEFT),
        ("0171 5555555 Fax", PhoneRefusal.LETTERS_LEFT),
        ("Telefax 0171 5555555", PhoneRefusal.LETTERS_LEFT),  # known only at the start
        ("Mutter 0171 5555555", PhoneRefusal.LETTERS_LEFT),  # family only in brackets
        ("0171 5555555 (nicht Mutter)", PhoneRefusal.LETTERS_LEFT),
        ("0171 privat 5555555", PhoneRefusal.LETTERS_LEFT),  # not before, not after
        ("0171 (privat) 5555555", PhoneRefusal.LETTERS_LEFT),
        ("O171 5555555", PhoneRefusal.LETTERS_LEFT),  # the letter O
        ("0171 555555б", PhoneRefusal.LETTERS_LEFT),
        ("0171 5555555²", PhoneRefusal.LETTERS_LEFT),  # a footnote, no digit
        ("0171 555555½", PhoneRefusal.LETTERS_LEFT),
        ("0800 FLOWERS", PhoneRefusal.LETTERS_LEFT),
        ("+1 800 FLOWERS", PhoneRefusal.LETTERS_LEFT),
        ("keine", PhoneRefusal.LETTERS_LEFT),
        # a sign that people put there for a reason
        ("0171 5555555 ?", PhoneRefusal.LETTERS_LEFT),
        ("0171 5555555 (?)", PhoneRefusal.LETTERS_LEFT),
        ("?0171 5555555", PhoneRefusal.LETTERS_LEFT),
        ("0171 5555555 †", PhoneRefusal.LETTERS_LEFT),  # who died
        ("✝ 0171 5555555", PhoneRefusal.LETTERS_LEFT),
        ("~~0171 5555555~~", PhoneRefusal.LETTERS_LEFT),  # crossed out
        ("0\u03361\u03367\u03361\u0336 5555555", PhoneRefusal.LETTERS_LEFT),
        ("0171 5555555 ❌", PhoneRefusal.LETTERS_LEFT),
        ("🚫0171 5555555", PhoneRefusal.LETTERS_LEFT),
        ("0171 555\ufffd5555", PhoneRefusal.LETTERS_LEFT),  # a byte that was no letter
        # an extension
        ("0171 5555555 ext. 5", PhoneRefusal.LETTERS_LEFT),
        ("0171 5555555x5", PhoneRefusal.LETTERS_LEFT),
        ("+49-171-5555555;ext=5", PhoneRefusal.LETTERS_LEFT),
        ("0171 5555555#5", PhoneRefusal.EXTENSION),
        ("0171 5555555~5", PhoneRefusal.EXTENSION),
        ("0171 5555555/6", PhoneRefusal.EXTENSION),  # ...5 or ...6; 0171 55555556 is somebody else
        ("0171 5555555-6", PhoneRefusal.EXTENSION),
        ("0171 5555555 / 6", PhoneRefusal.EXTENSION),
        ("0171-5555555-6", PhoneRefusal.EXTENSION),
        ("0171 5555555 (6)", PhoneRefusal.EXTENSION),
        ("491715555555/6", PhoneRefusal.EXTENSION),
        ("0171 5555555*0", PhoneRefusal.EXTENSION),
        ("0171 5555555 \u2011 0", PhoneRefusal.EXTENSION),  # a hyphen that does not break
        ("0171 5555555\u22120", PhoneRefusal.EXTENSION),  # a minus
        ("0171 5555555 - (6)", PhoneRefusal.EXTENSION),
        ("(1715555555.0)", PhoneRefusal.EXTENSION),
        ("0171 5555555.0", PhoneRefusal.EXTENSION),  # not a number as a spreadsheet writes it: it has a blank
        ("0171.5555555.6", PhoneRefusal.EXTENSION),
        ("0171 5555555 1", PhoneRefusal.EXTENSION),  # the first of several, or 0171 55555551: a stranger
        ("+49 171 5555555 0", PhoneRefusal.EXTENSION),
        ("01715555555\u00a01", PhoneRefusal.EXTENSION),
        ("0151 5555555.0", PhoneRefusal.EXTENSION),  # only with its 0 it would be complete
        ("+49 151 5555555.0", PhoneRefusal.EXTENSION),
        ("1715555555.5", PhoneRefusal.EXTENSION),
        # what a spreadsheet shortened
        ("1.71E+10", PhoneRefusal.LETTERS_LEFT),
        ("1.715555555E+9", PhoneRefusal.LETTERS_LEFT),
        ("1715555555e0", PhoneRefusal.LETTERS_LEFT),
        ("1715555555.0e0", PhoneRefusal.LETTERS_LEFT),
        ("#NV", PhoneRefusal.LETTERS_LEFT),
        ("nan", PhoneRefusal.LETTERS_LEFT),
        ("NULL", PhoneRefusal.LETTERS_LEFT),
        ("0.0", PhoneRefusal.NOT_VALID),
        # no number, no mobile number
        ("-", PhoneRefusal.NO_DIGITS),
        ("privat", PhoneRefusal.NO_DIGITS),
        ("112", PhoneRefusal.NOT_VALID),
        ("0171 55", PhoneRefusal.NOT_VALID),
        ("0171 5555555 / 0172 5555555", PhoneRefusal.NOT_VALID),  # no separator that we split at
        ("0171 5555555 + 0172 5555555", PhoneRefusal.NOT_VALID),
        ("0171_5555555", PhoneRefusal.NOT_VALID),
        ("1" * 300, PhoneRefusal.NOT_VALID),
        ("030 123456", PhoneRefusal.NOT_MOBILE),
        ("+4930123456", PhoneRefusal.NOT_MOBILE),
        ("0800 1234567", PhoneRefusal.NOT_MOBILE),
        ("0137 1234567", PhoneRefusal.NOT_MOBILE),
    ],
)
def test_what_is_not_surely_one_mobile_number_is_refused_with_its_reason(
    typed: str, code: PhoneRefusal
) -> None:
    result = german(typed)
    assert (result.number, refusals(result)) == (None, [code])


def test_mobile_is_read_before_phone_and_the_first_mobile_number_wins() -> None:
    assert german("0172 5555555; 0173 5555555", "0171 5555555").number == "+491725555555"
    assert german("030 123456", "0171 5555555").number == MOBILE
    assert german("", "0171 5555555").number == MOBILE


def test_what_was_refused_before_the_number_is_named_as_it_was_typed() -> None:
    result = german("030 123456, Fax 0171 1111111", "0171 5555555")
    assert result == PhoneResult(
        MOBILE,
        (
            Refusal("030 123456", PhoneRefusal.NOT_MOBILE),
            Refusal("Fax 0171 1111111", PhoneRefusal.LETTERS_LEFT),
        ),
    )


@pytest.mark.parametrize("fields", [(), ("",), ("", " "), (" ; ,\n\u200b", "\t")])
def test_nothing_typed_is_nothing_refused(fields: tuple[str, ...]) -> None:
    assert german(*fields) == PhoneResult(None, ())


@pytest.mark.parametrize("shortened", ["1,71E+10", "1,715555555E+9", "4,91715555555E+11", "4,91716E+11"])
def test_a_number_that_a_german_spreadsheet_shortened_is_refused_in_both_halves(shortened: str) -> None:
    assert german(shortened).number is None
    assert PhoneRefusal.LETTERS_LEFT in refusals(german(shortened))


@pytest.mark.parametrize("pasted", ["0171 5555555; " * 800_000, "1;" * 5_000_000, "Ute " * 2_500_000])
def test_a_field_of_ten_megabytes_is_refused_at_its_length(pasted: str) -> None:
    """Reading it whole took 17 seconds and 1.5 GB. The other field is still read."""
    (refusal,) = german(pasted).refused
    assert (refusal.code, len(refusal.typed)) == (PhoneRefusal.NOT_VALID, 80)
    assert german(pasted, "0171 5555555").number == MOBILE


def test_a_long_text_is_refused_in_short() -> None:
    (refusal,) = german("Ute " * 5_000).refused
    assert len(refusal.typed) == 80
    (whole,) = german("U" * 80).refused
    assert whole.typed == "U" * 80
    (cut,) = german("U" * 81).refused
    assert cut.typed == "U" * 79 + "…"


@pytest.mark.parametrize(("signs", "number"), [(250, MOBILE), (251, None)])
def test_one_number_of_a_field_has_at_most_250_signs(signs: int, number: str | None) -> None:
    assert german("Mobil 0171".ljust(signs - 7) + "5555555").number == number


@pytest.mark.parametrize(("signs", "number"), [(1_000, MOBILE), (1_001, None)])
def test_a_field_has_at_most_1000_signs(signs: int, number: str | None) -> None:
    assert german("0171 5555555;".ljust(signs, ";")).number == number


@pytest.mark.parametrize(
    ("typed", "country_code", "number"),
    [
        ("0664 1234567", "+43", "+436641234567"),  # Austria
        ("0664 1234567", "0043", "+436641234567"),
        ("0664/1234-567", "+43", "+436641234567"),  # 0664 1234 is valid too, but this is one number
        ("0664/123-45-67", "+43", "+436641234567"),
        ("079 123 45 67", "+41", "+41791234567"),  # Switzerland
        ("06 12 34 56 78", "+33", "+33612345678"),  # France
        ("07400 123456", "+44", "+447400123456"),  # +44: main region United Kingdom
        ("07797 712345", "+44", "+447797712345"),  # Jersey, in the same code
        ("(212) 555-0123", "+1", "+12125550123"),  # North America does not tell mobile from landline
        ("1 604 555 0123", "+1", "+16045550123"),  # Canada, in the same code
        ("8 (912) 345-67-89", "+7", "+79123456789"),  # +7: main region Russia
        ("+43 664 1234567", "+49", "+436641234567"),  # international, whatever the country
        ("0043 664 1234567", "+49", "+436641234567"),
        ("43 664 1234567", "+49", None),  # begins with another country's digits: no second reading
        ("436641234567", "+43", "+436641234567"),
        ("0664 1234567/68", "+43", None),  # Austrian numbers have many lengths: ...67 and ...68
        ("+43 664 1234567 - 12", "+49", None),  # and an extension of two digits
        ("0664 12345-67", "+43", "+436641234567"),
        ("0171 5555555", "+999", None),  # no such code: only international numbers can be read
        ("+49 171 5555555", "+999", MOBILE),
        ("+49 171 5555555", "", MOBILE),
        ("491715555555", "", None),  # there are no digits of a country that it could begin with
    ],
)
def test_national_numbers_belong_to_the_country_code(
    typed: str, country_code: str, number: str | None
) -> None:
    assert mobile_number([typed], country_code, frozenset()).number == number


@pytest.mark.parametrize(
    ("typed", "countries", "allowed"),
    [
        ("0171 5555555", {"DE"}, True),
        ("0171 5555555", {"de", "AT"}, True),
        ("0171 5555555", {"+49"}, True),  # calling codes will do as well
        ("+43 664 1234567", {"DE"}, False),
        ("+43 664 1234567", {"DE", "AT"}, True),
        ("+44 7797 712345", {"GB"}, False),  # Jersey shares the code, but is another country
        ("+44 7797 712345", {"+44"}, True),
    ],
)
def test_countries_limits_who_may_be_texted(typed: str, countries: set[str], allowed: bool) -> None:
    result = mobile_number([typed], "+49", frozenset(countries))
    assert (result.number is not None) is allowed
    assert refusals(result) == ([] if allowed else [PhoneRefusal.COUNTRY_NOT_ALLOWED])


def test_a_number_of_a_country_that_is_not_allowed_gives_way_to_the_next() -> None:
    assert mobile_number(["+43 664 1234567", "0171 5555555"], "+49", frozenset({"DE"})).number == MOBILE


PARTS = st.sampled_from(
    [
        "0171",
        "49",
        "+",
        "00",
        "(0)",
        "(",
        ")",
        "[",
        "]",
        "5555555",
        "Tel",
        "privat",
        ":",
        ".",
        "/",
        "-",
        " ",
        ";",
        "#",
    ]
)


@given(st.lists(PARTS, max_size=40).map("".join))
def test_no_number_has_a_digit_that_nobody_typed(typed: str) -> None:
    number = german(typed).number
    if number is not None:
        pieces = ["".join(filter(str.isdigit, piece)) for piece in typed.split(";")]
        assert any(piece.endswith(number.removeprefix("+49")) for piece in pieces)


@given(st.text(max_size=60), st.text(max_size=5))
def test_no_text_raises(typed: str, country_code: str) -> None:
    mobile_number([typed], country_code, frozenset())


@given(
    st.integers(0, 9_999_999),
    st.sampled_from(string.ascii_letters + "äßéжأ"),
    st.integers(0, 11),
    st.booleans(),
)
def test_a_letter_anywhere_refuses_the_number(last: int, letter: str, at: int, spaced: bool) -> None:
    number = f"0171{last:07}"
    mark = f" {letter} " if spaced else letter
    assert german(number[:at] + mark + number[at:]).number is None


@pytest.mark.parametrize(
    ("key", "spellings"),
    [
        # what remains of it    the spellings of one number
        ("1715555555", ("0171/5555-555", "+49 171 5555555", "+49 (0)171 5555555", "0049171 5555555")),
        ("1715555555", ("1715555555.0", "491715555555", "Mobil: 0171 5555555", "0171 5555555 (privat)")),
        ("1515555555", ("0151 5555555", "+491515555555")),  # not that of 0171 5555555
        ("5112345678", ("0151 12345678", "+49 151 12345678", "4915112345678")),  # eleven digits: the last ten
        ("30123456", ("030 123456", "+49 30 123456", "0049 (0)30 123456")),
        ("6641234567", ("0664 1234567", "+43 664 1234567")),  # Austria
        ("2012345678", ("+1 201-234-5678", "001 201 234 5678")),  # a calling code of one digit
        ("621123456", ("+352 621 123 456",)),  # and of three
        ("5551234", ("555-1234", "+1 555-1234")),  # without its area
        ("12345", ("12345", "012345")),  # five digits are enough
        ("", ("", "privat", "-", "1234", "01234", "+49", "00")),  # too short to tell anybody apart
    ],
)
def test_what_the_spellings_of_one_number_have_in_common(key: str, spellings: tuple[str, ...]) -> None:
    assert {number_key(typed) for typed in spellings} == {key}


@given(st.text(max_size=40) | st.text("+0123456789 ()/-", max_size=20))
def test_the_key_of_a_number_is_five_to_ten_digits_or_empty(typed: str) -> None:
    key = number_key(typed)
    assert key == "" or (key.isdecimal() and 5 <= len(key) <= 10)
