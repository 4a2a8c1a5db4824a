"""The page of the staff list in a real browser: on paper, in width, in its letters, with hostile names."""

from pathlib import Path

import pytest

from browser import chromium
from browser.sample import BERLIN, NOW, customers, stranger
from practice import Practice
from terminbenachrichtigung.staff_list.page import as_html

PAPER = 703
"""CSS pixels (96 to the inch) of an A4 sheet between its margins of 12 mm."""

TOO_WIDE = """
[...document.querySelectorAll("body, body *")]
  .filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5
                  || each.scrollWidth > each.clientWidth + 1 && each.tagName === "TD")
  .map(each => each.outerHTML.slice(0, 200))
"""


def page_of(folder: Path, count: int, language: str = "de") -> Path:
    page = folder / "page.html"
    text = as_html(customers(count), now=NOW, zone=BERLIN, language=language)
    page.write_text(text, encoding="utf-8")
    return page


@pytest.mark.parametrize("language", ["de", "en", "fr"])
def test_a_dozen_customers_fit_on_one_sheet(tmp_path: Path, language: str) -> None:
    assert chromium.pages(page_of(tmp_path, 12, language)) == 1


def test_fifty_customers_take_several_sheets(tmp_path: Path) -> None:
    assert chromium.pages(page_of(tmp_path, 50)) > 1


def test_whom_nobody_knows_is_shown_by_the_number_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(as_html([stranger()], now=NOW, zone=BERLIN, language="de"), encoding="utf-8")
    text = chromium.asked(page, "document.body.innerText", width=1000)
    assert "Unbekannt\nMobil +491715555001" in text
    assert "Wer ist da?" in text
    assert "?\n" not in text.replace("Wer ist da?", "")
    assert "Bisher" not in text


@pytest.mark.parametrize("language", ["de", "en", "fr"])
def test_no_date_breaks_in_a_narrow_window(tmp_path: Path, language: str) -> None:
    page = page_of(tmp_path, 12, language)
    heights = chromium.asked(
        page, "[...document.querySelectorAll('.date')].map(each => each.getClientRects().length)", width=500
    )
    assert max(heights) <= 2  # between the weekday and the date
    assert len(heights) >= 12


@pytest.mark.parametrize(
    ("width", "as_printed"),
    [
        pytest.param(PAPER, True, id="on paper"),
        pytest.param(1000, False, id="on a screen"),
        pytest.param(500, False, id="on a small one"),
    ],
)
def test_nothing_is_wider_than_the_page(tmp_path: Path, width: int, as_printed: bool) -> None:
    page = page_of(tmp_path, 12)
    if as_printed:
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace("@media print", "@media all"), encoding="utf-8")
    assert chromium.asked(page, TOO_WIDE, width=width) == []


def test_the_page_that_the_command_writes_shows_umlauts_and_obeys_no_name(
    practice: Practice, tmp_path: Path
) -> None:
    hostile = "<script>document.title = 'taken over'</script><img src=x onerror=alert(1)>"
    practice.book("1", customer=1, preferred_channel="Brief", last_name="Öztürk-Großmüller")
    practice.book("2", "2026-11-25 10:00", customer=2, preferred_channel="Brief", last_name=hostile)
    page = tmp_path / "list.html"
    assert practice.run("staff-list", "--html", str(page)).exit_code == 0
    seen = chromium.asked(
        page,
        "({title: document.title, text: document.body.innerText, images: document.images.length,"
        " scripts: document.scripts.length})",
        width=1000,
    )
    assert seen["title"] == "Bitte anrufen oder schreiben: 2 Kunden"
    assert (seen["images"], seen["scripts"]) == (0, 1)  # the one that asks
    for words in ("Frau Anna Öztürk-Großmüller", hostile, "Mittwoch, 25.11.2026", "09:00 Uhr"):
        assert words in seen["text"]
