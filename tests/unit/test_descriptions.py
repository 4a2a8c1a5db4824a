"""Which customer the title and the description of a calendar entry name."""

from contextlib import suppress

import pytest

from terminbenachrichtigung.own_schedule.columns import column_of
from terminbenachrichtigung.own_schedule.descriptions import (
    cancellations,
    check_one_person,
    labelled,
    titled,
)
from terminbenachrichtigung.schedule.values import Unreadable


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Name: Ida Meier\nMobil: 0171 5555001", {"name": "Ida Meier", "mobile": "0171 5555001"}),
        ("Name:Ida\r\nE-Mail: ida@example.org", {"name": "Ida", "email": "ida@example.org"}),
        ("- Kundennummer: 17\n* Vorname : Ida", {"customer_id": "17", "first_name": "Ida"}),
        ("**Name:** Ida *", {"name": "Ida"}),
        ("<b>Name:</b> Ida<br>Handy: 0171 5555001", {"name": "Ida", "mobile": "0171 5555001"}),
        ("Name: Ida\u2028Handy: 0171", {"name": "Ida", "mobile": "0171"}),
        ("0171 5555001", {}),  # whose?
        ("Arzt: Dr. Lang\nRaum: 3", {}),
        ("Start: 09:00\nName: Ida", {"name": "Ida"}),  # no column about a customer
        ("Name:", {}),
        (f"{'x' * 41}: Ida", {}),
        ("Kunde: Meier, Ida, Tel: 0171 5555001", {"name": "Meier, Ida", "phone": "0171 5555001"}),
        ("Name: Ida | Mobil: 0171 5555001; Raum: 3", {"name": "Ida", "mobile": "0171 5555001; Raum: 3"}),
        ("Notiz: ihre Mutter, Tel: 0171 5555001", {}),  # no line about the customer
        ("Kunde: Ida Meier Tel. 0171 5555001", {"name": "Ida Meier", "mobile": "0171 5555001"}),
        ("Kunde: Meier, Ida (0171 5555001)", {"name": "Meier, Ida", "mobile": "0171 5555001"}),
        (
            "Kunde: Ida Meier 040 5555001\nMobil: 0171 5555001",
            {"name": "Ida Meier", "mobile": "0171 5555001"},
        ),
        # a label above its value, as in mails and tables
        ("Name:\nIda Meier\n\n*Mobil:*\n0171 5555001", {"name": "Ida Meier", "mobile": "0171 5555001"}),
        (
            "<p><b>Name:</b></p><p>Ida Meier</p><p>Mobil: </p><p>0171 5555001</p>",
            {"name": "Ida Meier", "mobile": "0171 5555001"},
        ),
        (
            "<table><tr><td>Name</td><td>Ida Meier</td></tr>\n"
            "<tr><th><b>Mobil:</b></th> <td>0171 5555001</td></tr></table>",
            {"name": "Ida Meier", "mobile": "0171 5555001"},
        ),
        ("Name:\nMobil:\nBemerkung: ruft an", {}),  # a form that nobody filled in
        ("Name:\nMobil: 0171 5555001", {"mobile": "0171 5555001"}),
        ("Raum:\nIda Meier", {}),
        ("Name:\nIda Meier jun.\nMobil:\n0171 5555001", {"name": "Ida Meier jun.", "mobile": "0171 5555001"}),
        # below the empty lines of a form stands what concerns everybody
        ("Name:\nTelefon:\nE-Mail:\n\nBitte 10 Minuten früher kommen", {}),
        ("Name:\nBitte nüchtern kommen\nTelefon: 0171 5555001", {"phone": "0171 5555001"}),
        ("Name: Ida Meier\nTelefon:\nPraxis Dr. Kurz, Ring 1, 24105 Kiel", {"name": "Ida Meier"}),
        ("Kundennummer:\nWir bitten um 10 Minuten", {}),
        ("Name:\nBitte anrufen\nTelefon: 0171 5555001", {"phone": "0171 5555001"}),
        ("Name:\nBitte etwas zu trinken dabei", {}),
        ("Name:\nBrille mit Etui hier", {}),  # a word of four letters ends a sentence
        ("Name:\nWer ist da?", {}),
        ("Name:\nBitte klingeln an Tor B!", {}),
        ("Name:\nida meier", {"name": "ida meier"}),
        ("Name:\n \nIda Meier", {"name": "Ida Meier"}),
        ("Name:\nA B C D E F G H", {"name": "A B C D E F G H"}),  # as many words as a name may have
        ("Name:\nA B C D E F G H I", {}),
        # the same twice is once, however it is written
        ("Mobil: 0171 5555001\nMobil: +49 171 5555001", {"mobile": "0171 5555001"}),
        ("Name: Ida Meier\nName: ida meier.", {"name": "Ida Meier"}),
        ("Telefon: 12345\nTelefon: 1-2345", {"phone": "12345"}),
    ],
)
def test_labelled_lines_say_who_it_is(description: str, expected: dict[str, str]) -> None:
    assert labelled(description) == expected


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        (
            "Telefon: 0171 5555001\nTelefon: 040 5555",
            "description: 'Telefon' stands twice, with '0171 5555001'",
        ),
        ("Telefon: 555501\nTelefon: 555502", "description: 'Telefon' stands twice"),
        ("Name: Ida\nName: Eva", "description: 'Name' stands twice, with 'Ida' and 'Eva'"),
    ],
)
def test_a_label_that_stands_twice_with_different_values_is_refused(description: str, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        labelled(description)
    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize(
    ("description", "says"),
    [
        ("ABGESAGT", True),
        ("Status: abgesagt", True),
        ("Raum: abgesagt", False),  # the room is
        ("Notiz: storniert", False),
        ("Abgesagt: ja", True),
        ("Abgesagt: nein", False),
        ("[Cancel]", False),  # a link
        ("Hinweis:\nABGESAGT", True),  # below a label that says nothing of the customer
    ],
)
def test_a_line_says_that_it_is_off_alone_or_under_a_label_for_it(description: str, says: bool) -> None:
    assert list(cancellations(description)) == description.splitlines()[-1:] * says


@pytest.mark.parametrize(
    ("found", "refused"),
    [
        ([{"name": "Ida Meier"}, {"last_name": "Meier"}], False),
        ([{"name": "Ida Meier"}, {"name": "Eva Kurz"}], True),
        ([{"name": "Ida"}, {}, {"name": "Eva"}], True),
        ([{"name": "Ida"}, {"mobile": "1"}], False),
        ([{"name": "Ida"}, {"name": "..."}], False),  # no word of a name
        ([{"name": "NULL"}, {"name": "Eva"}], False),
    ],
)
def test_places_that_name_different_people_are_refused(found: list[dict[str, str]], refused: bool) -> None:
    if refused:
        with pytest.raises(Unreadable, match="which of them is the customer"):
            check_one_person(*found)
    else:
        check_one_person(*found)


IDA = {"name": "Ida Meier", "mobile": "0171 5555001"}


@pytest.mark.parametrize(
    ("title", "beside", "expected"),
    [
        ("Ida Meier 0171 5555001", {}, IDA),
        ("0171 5555001 Ida Meier", {}, IDA),
        ("Sehtest Ida Meier, Tel. 0171 5555001", {}, IDA),
        ("Ida Meier - Sehtest - 0171 5555001", {}, IDA),
        ("Sehtest: Ida Meier (0171 5555001)", {}, IDA),
        ("Abgesagt: Ida Meier 0171 5555001", {}, IDA),
        ("Kontrolle mit Frau Ida Meier 0171 5555001", {}, {**IDA, "name": "Frau Ida Meier"}),
        ("Ida Meier +49 171 5555001", {}, {"name": "Ida Meier", "mobile": "+49 171 5555001"}),
        ("Ida Meier ida@example.org", {}, {"name": "Ida Meier", "email": "ida@example.org"}),
        # without a number, an address or an id it may be anything
        ("Ida Meier", {}, {}),
        ("Ida Meier", {"name": "Ida"}, {}),
        ("Ida Meier", {"mobile": "0171 5555001"}, {"name": "Ida Meier"}),
        ("Ida Meier", {"phone": "040 5555001"}, {"name": "Ida Meier"}),
        ("Ida Meier", {"email": "ida@example.org"}, {"name": "Ida Meier"}),
        ("Ida Meier", {"customer_id": "17"}, {"name": "Ida Meier"}),
        # a number alone is nobody's, unless a name stands beside the title
        ("0171 5555001", {}, {}),
        ("Sehtest 0171 5555001", {}, {}),
        ("Sehtest 0171 5555001", {"name": "Ida"}, {"mobile": "0171 5555001"}),
        ("Sehtest 0171 5555001", {"last_name": "Meier"}, {"mobile": "0171 5555001"}),
        # what can be no number, and no name
        ("Ida Meier 2026", {}, {}),
        ("Ida Meier 12345", {}, {}),
        ("Ida Meier A0171 5555001", {}, {}),
        ("Bitte an alle Unterlagen denken danke 0171 5555001", {}, {}),  # six words
        ("Ida Maria Anna Eva Meier 0171 5555001", {}, {**IDA, "name": "Ida Maria Anna Eva Meier"}),
        ("??? 0171 5555001", {}, {}),
        # the same person as beside it
        ("Meier 0171 5555001", {"name": "Ida Meier"}, {"name": "Meier", "mobile": "0171 5555001"}),
        ("Eva Kurz", {"name": "Ida", "mobile": "0171"}, {"name": "Eva Kurz"}),  # without a number of its own
    ],
)
def test_a_title_says_who_it_is_as_small_practices_write_it(
    title: str, beside: dict[str, str], expected: dict[str, str]
) -> None:
    assert titled(title, beside) == expected


def test_a_title_whose_number_may_be_another_person_s_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"^names 'Eva Kurz' and 'Ida Meier'; which of them"):
        titled("Eva Kurz 0171 5555002", {"name": "Ida Meier"})
    with pytest.raises(Unreadable):
        titled("Eva Kurz eva@example.org", {"name": "Ida Meier", "mobile": "0171 5555001"})
    # The number stands beside the title, and the title adds none.
    assert titled("Eva Kurz 0171 5555001", {"name": "Ida Meier", "mobile": "0171 5555001"})


@pytest.mark.parametrize("sign", ["a", " ", "0", "1.", "-", "_", "<tr><td>", "a: ", "Name:\n", "(", "+49 "])
def test_a_long_text_costs_what_its_length_does(sign: str) -> None:
    """A file by mistake; each place was once tried to the end of the text, which took minutes."""
    text = sign * (100_000 // len(sign))
    titled(text, {})
    with suppress(Unreadable):  # a label that stands twice
        labelled(text)
    list(cancellations(text))
    column_of(text)
