"""`figures`: shares and their intervals, and the page that shows them (contract, section 10)."""

import re
from collections import Counter
from datetime import date

import pytest

from terminbenachrichtigung.model.figures import (
    Ending,
    Figures,
    Group,
    LeadTime,
    Section,
    Share,
    Week,
)
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.on_demand.figures_page import figures_as_html
from terminbenachrichtigung.on_demand.figures_text import figures_as_csv, figures_as_text
from terminbenachrichtigung.on_demand.figures_words import WORDS
from terminbenachrichtigung.output.tables import render


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        # worked examples of Wilson's score interval without correction for continuity
        (0, 30, 0.0, 0.1135),
        (30, 30, 0.8865, 1.0),
        (15, 30, 0.3315, 0.6685),
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, table I
        (15, 148, 0.0624, 0.1605),  # the same
    ],
)
def test_the_interval_is_the_one_of_wilson(count: int, of: int, low: float, high: float) -> None:
    interval = Share(count, of).interval
    assert interval is not None
    assert interval == pytest.approx((low, high), abs=0.0001)


def test_with_fewer_than_thirty_nothing_is_claimed() -> None:
    assert (Share(1, 29).rate, Share(1, 29).interval) == (None, None)
    assert Share(3, 30).rate == 0.1


def section(name: str = "", *, told: int = 100, told_no_show: int = 4) -> Section:
    return Section(
        name,
        messages=Counter(
            {
                (Channel.SMS, State.DELIVERED): 90,
                (Channel.SMS, State.SENT): 10,
                (Channel.EMAIL, State.SENT): 7,
            }
        ),
        parts=110,
        lead_times=Counter({LeadTime.UNDER_24_HOURS: 100}),
        endings=Counter(
            {
                (Group.TOLD, Ending.CAME): told - told_no_show,
                (Group.TOLD, Ending.NO_SHOW): told_no_show,
                (Group.CONFIRMED, Ending.CAME): 40,
                (Group.CONFIRMED, Ending.NO_SHOW): 1,
                (Group.NOT_TOLD, Ending.CAME): 9,
                (Group.UNCERTAIN, Ending.CAME): 2,
            }
        ),
        ahead=3,
    )


FIGURES = Figures(
    date(2026, 9, 1),
    date(2026, 11, 24),
    section(),
    date(2026, 9, 14),
    weeks=[Week(date(2026, 9, 14), section()), Week(date(2026, 9, 21), section())],
    branches=[section("<b>Nord & Süd</b>"), section("=HYPERLINK(1)", told=20)],
    types=[section("Hörtest")],
)


@pytest.mark.parametrize("language", WORDS)
def test_the_page_is_whole_in_each_language_and_carries_no_script(language: str) -> None:
    page = figures_as_html(FIGURES, language)
    assert f'<html lang="{language}">' in page
    assert "<script" not in page
    assert page.count("<svg") == page.count("</svg>") > 3
    assert WORDS[language].title in page
    for sentence in WORDS[language].how:
        assert sentence.replace("'", "&#39;") in page
    assert not re.search(r"\{[a-z_]*\}|None", page.partition("</style>")[2])


def test_the_numbers_that_stand_alone_say_what_they_count() -> None:
    cards = re.findall(r'<div class="card"><b>(.*?)</b><span>(.*?)</span>', figures_as_html(FIGURES, "en"))
    assert cards == [
        ("100", "SMS"),
        ("7", "E-mail"),
        ("110", "SMS parts paid for"),
        ("90.0 %", "of the SMS known to have arrived"),
    ]


def test_what_somebody_typed_as_a_branch_is_no_html() -> None:
    page = figures_as_html(FIGURES, "de")
    assert "<b>Nord" not in page
    assert "&lt;b&gt;Nord &amp; Süd&lt;/b&gt;" in page


def test_a_language_that_the_page_does_not_speak_reads_german() -> None:
    assert '<html lang="de">' in figures_as_html(FIGURES, "it")
    assert '<html lang="fr">' in figures_as_html(FIGURES, "fr-CH")


def test_no_share_without_its_numbers() -> None:
    page = figures_as_html(FIGURES, "en")
    assert "4.0 % (1.6 to 9.8)" in page  # 4 of 100
    assert "0 of 9: too few to say" in page
    text = render(figures_as_text(FIGURES))
    assert "4: 4.0 % (1.6 to 9.8)" in text
    assert "Those before 2026-09-14 are not counted" in text
    assert "2.4 % (0.4 to 12.6)" in page  # 1 of 41 who confirmed
    assert "1: 2.4 % (0.4 to 12.6)" in text
    assert "111 lie behind" in text  # who confirmed is among those told, and counted once
    assert "Left out of both groups: 2" in text


def test_where_nobody_confirmed_there_is_no_such_group() -> None:
    endings = Counter({(Group.TOLD, Ending.CAME): 50})
    nobody = Figures(date(2026, 9, 1), date(2026, 9, 2), Section("", endings=endings))
    assert WORDS["de"].groups[Group.CONFIRMED] not in figures_as_html(nobody, "de")
    assert "confirmed" not in render(figures_as_text(nobody))


def test_an_empty_span_says_so() -> None:
    nothing = Figures(date(2026, 9, 1), date(2026, 9, 2), Section(""))
    assert WORDS["de"].nothing in figures_as_html(nothing, "de")
    assert "0 lie behind, 0 ahead" in render(figures_as_text(nothing))


def test_a_spreadsheet_calculates_nothing_of_what_it_is_given() -> None:
    lines = figures_as_csv(FIGURES).splitlines()
    assert lines[0].startswith("section,name,sms_delivered,sms_sent")
    assert [line.partition(",")[0] for line in lines[1:]] == [
        "total", "week", "week", "branch", "branch", "type",
    ]  # fmt: skip
    assert not any(re.search(r"(^|,)=", line) for line in lines)
