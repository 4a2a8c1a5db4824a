"""Addresses as people type them (contract, section 3)."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from terminbenachrichtigung.contact.email_address import (
    EmailRefusal,
    EmailResult,
    checked_address,
    email_address,
)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("anna@example.org", "anna@example.org"),
        ("  anna@example.org \t", "anna@example.org"),
        ("anna@example.org\r\n", "anna@example.org"),  # a line end around it is surrounding space
        ("\ufeffanna@example.org\u200b", "anna@example.org"),  # pasted from a web page
        ("Anna.Mueller+praxis@Example.ORG", "Anna.Mueller+praxis@example.org"),
        ("o'brien@example.org", "o'brien@example.org"),
        ("a_b-c@t-online.de", "a_b-c@t-online.de"),
        ("anna@müller.de", "anna@xn--mller-kva.de"),  # an international domain has an ASCII form
        ("anna@xn--mller-kva.de", "anna@xn--mller-kva.de"),
        ("anna@praxis.local", "anna@praxis.local"),  # syntax only
        ("o'brien@praxis.local", "o'brien@praxis.local"),
        ("anna@example.test", "anna@example.test"),
        # the first valid one of several, split like phone fields and at blanks
        ("anna@example.org; eve@example.net", "anna@example.org"),
        ("anna@example.org,eve@example.net", "anna@example.org"),
        ("anna@example.org eve@example.net", "anna@example.org"),
        ("anna@example.org\neve@example.net", "anna@example.org"),
        ("anna@gmx; anna@example.org", "anna@example.org"),
        ("privat: anna@example.org", "anna@example.org"),
        ("anna@example.org (Mutter)", "anna@example.org"),
        ("jörg@example.org; joerg@example.org", "joerg@example.org"),
        # nothing behind it ever becomes a header or a second recipient
        ("anna@example.org\nBcc: eve@example.net", "anna@example.org"),
        ("anna@example.org\r\nSubject: x", "anna@example.org"),
        # split at its semicolon, the rest would be a stranger's
        ("anna&amp;eve@example.org", "anna&eve@example.org"),
        ("anna&#46;m@example.org", "anna.m@example.org"),
        # how a spreadsheet marks a text
        ("'anna@example.org", "anna@example.org"),
        ("'anna@example.org'", "anna@example.org"),
        # a link
        ("mailto:anna@example.org", "anna@example.org"),
        ("MailTo:anna@example.org", "anna@example.org"),
        ("mailto://anna@example.org", "anna@example.org"),  # not //anna, a valid local part
        ("mailto: anna@example.org", "anna@example.org"),
        ("mailto:anna@example.org?cc=eve@example.net&subject=x", "anna@example.org"),
        ("mailto:anna@example.org,eve@example.net", "anna@example.org"),
    ],
)
def test_a_valid_address_is_used_without_surrounding_space(typed: str, address: str) -> None:
    assert email_address(typed) == EmailResult(address)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("anna", EmailRefusal.NOT_VALID),
        ("keine", EmailRefusal.NOT_VALID),
        ("@example.org", EmailRefusal.NOT_VALID),
        ("anna@", EmailRefusal.NOT_VALID),
        ("anna@gmx", EmailRefusal.NOT_VALID),  # half a domain
        ("anna@example..org", EmailRefusal.NOT_VALID),
        ("anna@example.org.", EmailRefusal.NOT_VALID),
        ("anna@example.org'", EmailRefusal.NOT_VALID),  # a spreadsheet's apostrophe stands before it
        (".anna@example.org", EmailRefusal.NOT_VALID),
        ("anna@exam ple.org", EmailRefusal.NOT_VALID),
        ("anna @example.org", EmailRefusal.NOT_VALID),
        ("mailto:eve?to=anna@example.org", EmailRefusal.NOT_VALID),
        # what could smuggle something into a header or an envelope
        ("anna\n@example.org", EmailRefusal.NOT_VALID),
        ("anna\0@example.org", EmailRefusal.NOT_VALID),
        ("anna@example.org\0.net", EmailRefusal.NOT_VALID),
        ('"anna b"@example.org', EmailRefusal.NOT_VALID),
        ("anna(Mutter)@example.org", EmailRefusal.NOT_VALID),
        ("Anna <anna@example.org>", EmailRefusal.NOT_VALID),
        ("<anna@example.org>", EmailRefusal.NOT_VALID),
        ("anna@[127.0.0.1]", EmailRefusal.NOT_VALID),
        ("anna@example.org\u202e.net", EmailRefusal.NOT_VALID),
        ("anna@example.org\ud800", EmailRefusal.NOT_VALID),
        (f"{'a' * 250}@example.org", EmailRefusal.NOT_VALID),
        (f"anna@{'a' * 64}.org", EmailRefusal.NOT_VALID),
        ("anna@example.org; " * 600_000, EmailRefusal.NOT_VALID),  # 10 MB
        # more than one
        ("anna@example.org/eve@example.net", EmailRefusal.SEVERAL),
        ("anna@example.org&eve@example.net", EmailRefusal.SEVERAL),
        ("anna@example.org<mailto:anna@example.org>", EmailRefusal.SEVERAL),
        # a mail server without SMTPUTF8 cannot carry these
        ("jörg@example.org", EmailRefusal.LOCAL_PART_NOT_ASCII),
        ("jo\u0308rg@müller.de", EmailRefusal.LOCAL_PART_NOT_ASCII),
    ],
)
def test_what_is_no_address_is_refused_with_its_reason(typed: str, reason: EmailRefusal) -> None:
    assert email_address(typed) == EmailResult(None, reason)


@pytest.mark.parametrize("sign", "\u200b\u200f\u2028\u202a\u202e\u202f\u2060\ufeff\u00a0\x85")
def test_signs_that_nobody_sees_around_an_address_are_taken_off(sign: str) -> None:
    assert email_address(f"{sign}anna@example.org{sign}") == EmailResult("anna@example.org")


@pytest.mark.parametrize("sign", "\u2027\u2030\u2010")
def test_signs_that_can_be_seen_are_not(sign: str) -> None:
    assert email_address(f"{sign}anna@example.org").address is None


@pytest.mark.parametrize(("signs", "valid"), [(254, True), (255, False)])
def test_an_address_has_at_most_254_signs(signs: int, valid: bool) -> None:
    address = f"{'a' * 64}@{'b' * 50}.{'c' * 50}.{'d' * 50}.".ljust(signs - 3, "e") + ".de"
    assert (len(address), email_address(address).address == address) == (signs, valid)


@pytest.mark.parametrize("typed", ["", "   ", "\n", "\u200b", "mailto:", " ; , "])
def test_nothing_typed_is_nothing_refused(typed: str) -> None:
    assert email_address(typed) == EmailResult(None)


LABELS = st.text("abcXYZ019-_", min_size=1, max_size=40)
PLAIN_LOOKING = st.builds(
    lambda local, domain: f"{'.'.join(local)}@{'.'.join(domain)}",
    st.lists(st.text("abcXYZ019-_+.", max_size=20), min_size=1, max_size=3),
    st.lists(LABELS, min_size=1, max_size=4),
)


@given(PLAIN_LOOKING | st.emails() | st.text("ab.-@1", max_size=12))
def test_the_short_cut_for_plain_addresses_agrees_with_the_library(typed: str) -> None:
    import email_validator

    assume(
        not typed.startswith("'")
    )  # a spreadsheet's mark for a text is taken off; to the library it is a letter

    email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()  # as our module does, so that .local is allowed
    ours = email_address(typed).address
    try:
        theirs = email_validator.validate_email(
            typed, check_deliverability=False, allow_smtputf8=False
        ).ascii_email
    except email_validator.EmailNotValidError:
        theirs = None
    # The library writes role names such as INFO in lower case; a local part is the server's business.
    assert (ours and ours.lower()) == (theirs and theirs.lower())


@given(st.text(max_size=60) | st.text('a@.\r\n\0 <>,;"()', max_size=30))
def test_no_text_raises_and_no_address_holds_a_sign_that_a_header_could_trip_over(typed: str) -> None:
    address = email_address(typed).address
    if address is not None:
        assert address.isascii()
        assert address.isprintable()
        assert not set(address) & set(' ,;<>"()[]\\')
        assert address.count("@") == 1


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ("jörg@", EmailRefusal.NOT_VALID),  # what is missing is the rest, not an ASCII form
        ("Ute jörg@example.org", EmailRefusal.LOCAL_PART_NOT_ASCII),  # not that of the word beside it
        ("jörg@example.org Ute", EmailRefusal.LOCAL_PART_NOT_ASCII),
        ("Ute Meier", EmailRefusal.NOT_VALID),
    ],
)
def test_of_several_refusals_the_one_of_an_address_is_told(typed: str, refusal: EmailRefusal) -> None:
    assert email_address(typed) == EmailResult(None, refusal)


@pytest.mark.parametrize(
    ("signs", "address"),
    [
        (1_000, "anna@example.org"),  # so long a field is read, and no longer one
        (1_001, None),
    ],
)
def test_a_field_longer_than_any_list_of_addresses_is_refused(signs: int, address: str | None) -> None:
    assert email_address("anna@example.org".ljust(signs - 1) + ";").address == address


def test_an_address_with_umlauts_before_the_at_is_only_kept_where_it_is_asked_for() -> None:
    """Nobody is written to there, but `only_recipients` may name it."""
    assert checked_address("Jürgen@example.org", umlauts_before_the_at=True) == "Jürgen@example.org"
    with pytest.raises(ValueError, match="not supported"):
        checked_address("jürgen@example.org")
