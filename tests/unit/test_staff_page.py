"""The staff list on paper and as a mail: plain words, whatever anybody typed (see also tests/browser)."""

from dataclasses import fields, replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from browser.sample import BERLIN, NOW, START, customers
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.model.reply import Answer
from terminbenachrichtigung.output.pages import known_language
from terminbenachrichtigung.staff_list.entries import Got, Matter, Said, StaffEntry
from terminbenachrichtigung.staff_list.page import as_html, as_mail, of_branch
from terminbenachrichtigung.staff_list.reasons import StaffReason
from terminbenachrichtigung.staff_list.words import WORDS


class Reader(HTMLParser):
    """The texts of a page, and its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(" ".join(data.split()))


def html(*entries: StaffEntry, language: str = "de") -> str:
    return as_html(entries, now=NOW, zone=BERLIN, language=language)


def text(*entries: StaffEntry, language: str = "de") -> str:
    return as_mail(entries, "empfang@example.org", now=NOW, zone=BERLIN, language=language).text


def entry(reason: StaffReason = StaffReason.FAILED, *got: Got, **fields: Any) -> StaffEntry:
    """The first customer of the sample, listed for another reason."""
    (first,) = customers(1)
    (matter,) = first.matters
    told = fields.pop("told", None)
    listed = replace(matter, reason=reason, got=got, told=told, said=fields.pop("said", ()))
    return replace(first, matters=(listed,), **fields)


def test_a_message_about_a_start_with_seconds_said_the_same() -> None:
    got = Got("Terminerinnerung", Channel.SMS, State.SENT, NOW, START)
    listed = entry(StaffReason.NUMBER_CHANGED, got)
    (matter,) = listed.matters
    seconds = replace(matter, starts_at=START + timedelta(seconds=30))
    assert "mit Termin" not in text(replace(listed, matters=(seconds,)))


def test_an_answer_is_quoted_and_clipped() -> None:
    said = Said(NOW - timedelta(hours=1), "x" * 5000, Answer.OTHER)
    lines = text(entry(StaffReason.REPLY, said=(said,))).splitlines()
    assert lines[-3:-1] == [
        "      Hat auf die SMS geantwortet. Bitte lesen.",
        f"      Antwort 24.11.2026, 06:50 Uhr: „{'x' * 199}…“",
    ]


def test_the_text_of_a_mail_says_all_in_lines_that_can_be_ticked() -> None:
    got = Got(
        "Terminerinnerung", Channel.SMS, State.SENT, NOW - timedelta(hours=15), START + timedelta(days=1)
    )
    moved = entry(StaffReason.MOVED, got, told=START + timedelta(days=1), phone="040 123456")
    assert text(moved).splitlines() == [
        "Bitte anrufen oder schreiben: 1 Kunde",
        "Stand: Dienstag, 24. November 2026, 07:50 Uhr",
        "",
        "[ ] Frau Änne Öztürk-Großmüller, Nr. 101",
        "    Mobil: 0171 3920001",
        "    Telefon: 040 123456",
        "    E-Mail: anne.oeztuerk@example.org",
        "    Mittwoch, 25.11.2026, 09:00 Uhr, Optik Hansen Altona (#4711)",
        "      Der Termin wurde verschoben. Bitte die neue Zeit mitteilen.",
        "      Mitgeteilt war 26.11.2026, 09:00 Uhr.",
        "      Bisher: Terminerinnerung, SMS, 23.11.2026, 16:50 Uhr",
    ]


GOT = [
    # what they got                                           how it reads
    pytest.param((), "Bisher: nichts", id="nothing"),
    pytest.param(
        (Got("R", Channel.EMAIL, State.UNKNOWN, NOW, START),),
        "Bisher: R, E-Mail, 24.11.2026, 07:50 Uhr (vielleicht nicht angekommen)",
        id="perhaps",
    ),
    pytest.param(
        (Got("R", None, State.ADOPTED, NOW, START),),
        "Bisher: R, durch ein anderes System, 24.11.2026, 07:50 Uhr",
        id="from elsewhere",
    ),
    pytest.param(
        (Got("R", Channel.SMS, State.SENT, NOW, START + timedelta(hours=1)),),
        "Bisher: R, SMS, 24.11.2026, 07:50 Uhr (mit Termin 25.11.2026, 10:00 Uhr)",
        id="about another time",
    ),
]


@pytest.mark.parametrize(("got", "line"), GOT)
def test_what_a_customer_already_got(got: tuple[Got, ...], line: str) -> None:
    assert line in Reader(html(entry(StaffReason.FAILED, *got))).texts
    assert line in text(entry(StaffReason.FAILED, *got))


@pytest.mark.parametrize("field", ["name", "mobile", "phone", "email", "customer_id"])
def test_nothing_that_was_typed_becomes_html(field: str) -> None:
    typed = "\"><img src=x onerror='a()'>&amp;{{ 7 * 7 }}"
    changes: dict[str, Any] = {field: typed}
    page = Reader(html(replace(entry(), **changes)))
    assert any(typed in each for each in page.texts)
    assert "img" not in page.tags


def test_nothing_about_an_appointment_becomes_html() -> None:
    typed = "<script>x</script>"
    matter = Matter(typed, START, StaffReason.FAILED, typed, None, typed, typed)
    page = Reader(html(replace(entry(), matters=(matter,))))
    assert typed in page.texts
    assert "script" not in page.tags


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = html(*customers())
    assert "http" not in page
    assert not {"link", "img", "script", "iframe"} & set(Reader(page).tags)


def test_each_customer_is_one_box_to_tick() -> None:
    page = html(*customers())
    assert page.count('class="tick"') == 12
    assert page.count("<tbody>") == 1


def test_a_novel_does_not_bury_the_others() -> None:
    assert len(html(entry(name="x" * 10_000))) < len(html(entry())) + 1_000


@pytest.mark.parametrize("language", ["de", "en", "fr"])
@pytest.mark.parametrize("reason", list(StaffReason))
def test_every_reason_has_plain_words_in_every_language(language: str, reason: StaffReason) -> None:
    words = WORDS[language].reasons[reason].format(wish="Brief")
    assert words in Reader(html(entry(reason), language=language)).texts
    assert "_" not in words


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_german_is_left_in_another_language(language: str) -> None:
    """Words that are the same in both are the exception."""
    same = {field.name for field in fields(WORDS["de"])} & {
        field.name
        for field in fields(WORDS["de"])
        if getattr(WORDS["de"], field.name) == getattr(WORDS[language], field.name)
    }
    assert same <= {"email"}


def test_a_language_without_words_is_written_in_german_dates_too() -> None:
    assert known_language("it", WORDS) == known_language("de-AT", WORDS) == "de"
    page = html(entry(), language="it")
    assert '<html lang="de">' in page
    assert "Mittwoch" in page


def test_an_empty_page_says_so() -> None:
    assert "Niemand muss angerufen oder angeschrieben werden." in Reader(html()).texts


def test_a_customer_belongs_to_the_branch_of_the_soonest_appointment() -> None:
    here, there, nowhere = (entry(branch_code=code) for code in ("HH1 ", "HH2", ""))
    assert of_branch([here, there, nowhere], " hh1") == (here,)
