"""Nothing raw from a schedule reaches a terminal, and no row is lost on the way."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminbenachrichtigung.output.tables import LONGEST, Row, Table, render
from terminbenachrichtigung.safe_text import printable

PRINTED = [
    ("Müller", "Müller"),
    ("Mu\u0308ller", "Müller"),  # composed, or the columns would not stand in line
    ("Meier\nBcc: x", "Meier Bcc: x"),  # a line break would begin a row of its own
    ("Meier\r", "Meier "),  # a carriage return would overwrite the row
    ("\x1b[31mred", " [31mred"),  # an escape commands the terminal
    ("\x9b31mred", " 31mred"),  # so does its one-byte form
    ("\x00\x07\x7f", "   "),
    ("a\u2028b\u2029c\x85d", "a b c d"),  # Unicode's own line breaks
    ("\u202egnp.exe\u202c", "gnp.exe"),  # would turn the row around
    ("\u2066\u2067\u2069\u200e\u200f\u061c", ""),
    ("a\u200bb\ufeffc", "abc"),  # invisible
    ("\ud800", "\ufffd"),  # half a surrogate pair cannot be written to a stream
    ("שלום 😀 ı", "שלום 😀 ı"),  # right to left by itself is text
]


@pytest.mark.parametrize(("text", "printed"), PRINTED)
def test_printable(text: str, printed: str) -> None:
    assert printable(text) == printed


anything = st.text(st.characters(exclude_categories=()), max_size=30) | st.sampled_from(
    [text for text, _ in PRINTED]
)


@given(title=anything, cells=st.lists(st.tuples(anything, anything), min_size=1, max_size=3), below=anything)
@pytest.mark.parametrize("width", [None, 60])
def test_no_control_character_gets_through(
    width: int | None, title: str, cells: list[tuple[str, str]], below: str
) -> None:
    rows = tuple(Row(row, below) for row in cells)
    output = render([title, Table(title, ("one", "two"), rows)], width=width, colour=False)
    raw = {c for c in output if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert raw <= {"\n"}
    output.encode()  # a stream can take it


@given(cells=st.lists(anything, min_size=1, max_size=5))
def test_a_row_stays_one_line_in_a_log(cells: list[str]) -> None:
    table = Table("title", ("id", "name"), tuple(Row((f"row{i}", cell)) for i, cell in enumerate(cells)))
    lines = render([table]).splitlines()
    assert len(lines) == 2 + len(cells)  # the title and the columns before them
    assert [line.split()[0] for line in lines[2:]] == [f"row{i}" for i in range(len(cells))]


@pytest.mark.parametrize("below", ["", "text"], ids=["table", "rows with texts"])
def test_markup_is_text(below: str) -> None:
    name = "[red]Anna[/red] :smile: [/]"
    table = Table("[b]title", ("name",), (Row((name,), below),))
    output = render(["[i]line", table], width=80, colour=False)
    assert all(text in output for text in (name, "[b]title", "[i]line"))


def test_colour_is_seen_on_a_terminal_only_and_only_if_wanted() -> None:
    table = Table("title", ("name",), (Row(("Anna",), style="red"),))
    assert "\x1b[31m  Anna" in render([table], width=80)
    assert "\x1b" not in render([table], width=80, colour=False)
    assert "\x1b" not in render([table])


def test_a_long_cell_is_cut_and_does_not_widen_its_column() -> None:
    table = Table("", ("name", "id"), (Row(("x" * 10_000, "1")), Row(("Anna", "2"))))
    long, short = render([table]).splitlines()[-2:]
    assert long == "  " + "x" * (LONGEST - 1) + "…  1"
    assert short == "  Anna" + " " * 36 + "  2"


def test_a_text_below_a_row_is_never_cut() -> None:
    table = Table("", ("name",), (Row(("Anna",), "x" * 10_000),))
    assert "x" * 10_000 in render([table])
    assert render([table], width=80, colour=False).count("x") == 10_000


ID = "0190f3c2-4a1b-7c3d-8e4f-012345678901"


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("below", ["", "2026-11-24 10:00 sms rejected"])
def test_rows_wrap_under_their_own_columns_and_ids_stay_whole(width: int, below: str) -> None:
    """A failed message took 13 lines of 11 signs, and its id was cut into four."""
    detail = "no mobile number (0171 5555 Ute: unclear letters beside it); email: no address"
    cells = ("2026-11-25 09:00", "Frau Anna Leutheusser-Schnarrenberger (17)", "failed", detail, ID)
    table = Table("messages", ("start", "customer", "outcome", "detail", "message"), (Row(cells, below),))
    lines = render([table], width=width, colour=False).splitlines()
    assert max(map(len, lines)) <= width
    assert f"      message {ID}" in lines
    shown = " ".join(lines).split()
    assert [word for word in detail.split() if word not in shown] == []
    if below:
        assert lines[-1] == f"      {below}"
    heading = next(at for at, line in enumerate(lines) if "outcome" in line)
    outcome = lines[heading].index("outcome")
    assert lines[heading + 1][outcome:].startswith("failed")
    customer = [line[lines[heading].index("customer") : outcome].strip() for line in lines[heading + 1 :]]
    assert " ".join(customer).startswith("Frau Anna Leutheusser-Schnarrenberger (17)")


def test_a_table_that_is_too_wide_wraps_each_cell_under_its_own_heading() -> None:
    rows = (
        Row(("not_yet_due", "passes", "starts 2026-11-24 08:55, due are starts up to 2026-11-26 14:52")),
        Row(("held", "passes", "no import holds it")),
    )
    table = Table("", ("rule", "says", "looked at"), rows)
    assert render([table], width=60, colour=False).splitlines() == [
        "  rule         says    looked at",
        "  not_yet_due  passes  starts 2026-11-24 08:55, due are",
        "                       starts up to 2026-11-26 14:52",
        "  held         passes  no import holds it",
    ]


def test_columns_that_would_be_too_narrow_to_read_stand_under_their_row() -> None:
    columns = ("appointment", "customer", "contact", "state")
    row = Row(("4711", "Frau Anna Muster (17)", "0171 5555555, anna@example.org", "not-notified (due now)"))
    assert render([Table("", columns, (row,))], width=60, colour=False).splitlines() == [
        "  appointment  customer",
        "  4711         Frau Anna Muster (17)",
        "      contact: 0171 5555555, anna@example.org; state:",
        "      not-notified (due now)",
    ]


def test_where_a_row_fits_its_id_stands_in_it(tmp_path: object) -> None:
    table = Table("", ("name", "message"), (Row(("Anna", ID)),))
    assert f"  Anna  {ID}" in render([table], width=80, colour=False).splitlines()


def test_a_column_that_is_empty_throughout_and_an_empty_table_are_left_out() -> None:
    filled = Table("filled", ("name", "detail", "id"), (Row(("Anna", "", "1")), Row(("", "", "2"))))
    empty = Table("empty", ("name",), ())
    assert render(["begin", empty, filled, empty, filled, "end"]).splitlines() == [
        "begin",
        "",
        "filled",
        "  name  id",
        "  Anna  1",
        "        2",
        "",
        "filled",
        "  name  id",
        "  Anna  1",
        "        2",
        "",
        "end",
    ]
    assert "detail" not in render([filled], width=80)


def test_one_blank_line_stands_before_each_table_and_between_rows_with_texts() -> None:
    table = Table("title", ("name",), (Row(("Anna",), "one"), Row(("Ute",), "two")))
    listed = ["title", "  name", "  Anna", "      one", "", "  Ute", "      two", ""]
    printed = render(["begin", table, table, "end"], width=80, colour=False)
    assert printed.splitlines() == ["begin", "", *listed, *listed, "end"]
