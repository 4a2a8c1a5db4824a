"""What a CSV export says, line by line: entries, refusals, and what is left out."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.own_schedule import csv_cells, csv_file, ids
from terminbenachrichtigung.own_schedule.entries import Ending, How, Parsed
from terminbenachrichtigung.own_schedule.moments import DateOrder
from terminbenachrichtigung.own_schedule.source import Source

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOW = How(NOW, BERLIN, frozenset({"storniert", "geplatzt"}))
NINE = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def read(*lines: str, how: How = HOW, before: Source | None = None, end: str = "\n") -> Parsed:
    table = csv_cells.table(("\n".join(lines) + end).encode())
    return csv_file.read(table, how, before or Source("s"))


def one(heading: str, cell: str, how: How = HOW) -> Parsed:
    """A file with one line, which has this cell too."""
    return read(
        f"Termin-ID;Beginn;Name;Handy;{heading}", f"a;2026-11-25 09:00;Ida Meier;0171 5555001;{cell}", how=how
    )


@pytest.mark.parametrize(
    ("heading", "cell", "expected"),
    [
        # what the column says; nothing where there is no such column
        ("Notiz", "x", {}),
        ("Ende", "09:30", {"ends_at": NINE.replace(minute=30)}),
        ("Ende", "", {"ends_at": None}),
        ("Ende", "bald", {"ends_at": None}),  # nothing needs it
        ("Erstellt am", "24.11.2026", {"created_at": datetime(2026, 11, 23, 23, 0, tzinfo=UTC)}),
        ("Erstellt am", "", {}),
        ("Erstellt am", "gestern", {"created_at": None}),
        ("Gruppe", "ja", {"is_group": True}),
        ("Gruppe", "", {"is_group": False}),
        ("Terminart", "Sehtest", {"type_name": "Sehtest"}),
        ("Filiale", "HH1", {"branch_code": "HH1"}),
        ("Filialname", "Optik Nord", {"branch_name": "Optik Nord"}),
        ("Telefon Filiale", "040 123", {"branch_phone": "040 123"}),
        ("Adresse Filiale", "Lange Reihe 1", {"branch_address": "Lange Reihe 1"}),
        ("E-Mail Filiale", "hh1@example.org", {"branch_email": "hh1@example.org"}),
        ("Status", "Neu", {"status": "Neu"}),
        ("Status", "geplatzt", {"status": "geplatzt"}),  # excluded already: it keeps its name
        ("Status", "Abgesagt vom Kunden", {"status": "Storniert"}),
        ("Titel", "Abgesagt: Sehtest", {"status": "Storniert"}),
        ("Titel", "Sehtest", {"status": ""}),
        ("Titel", "", {"status": ""}),
        ("Storniert", "ja", {"status": "Storniert"}),
        ("Storniert", "", {"status": ""}),
        ("Storniert am", "24.11.2026", {"status": "Storniert"}),
        ("Storniert am", "0000-00-00 00:00:00", {"status": ""}),
        ("Storniert am", "NULL", {"status": ""}),
        ("Storniert", "storniert", {"status": "Storniert"}),
    ],
)
def test_what_a_column_says_of_an_appointment(heading: str, cell: str, expected: dict[str, Any]) -> None:
    (entry,) = one(heading, cell).entries
    assert (entry.appointment_id, entry.starts_at, entry.values) == ("a", NINE, expected)


@pytest.mark.parametrize(
    ("allowed", "refused", "leave"),
    [("ja", "", True), ("ja", "ja", False), ("nein", "nein", False), ("", "nein", None)],
)
def test_a_no_counts_in_whichever_of_two_columns(allowed: str, refused: str, leave: bool | None) -> None:
    head = "Termin-ID;Beginn;Name;Handy;SMS erlaubt;Keine SMS"
    (entry,) = read(head, f"a;2026-11-25 09:00;Ida Meier;0171 5555001;{allowed};{refused}").entries
    assert entry.person is not None
    assert entry.person.said["sms_allowed"] is leave


def test_who_did_not_come_stays_so_beside_the_day_of_a_cancellation() -> None:
    """The figures count who did not come by the status."""
    head = "Termin-ID;Beginn;Name;Handy;Status;Storniert am"
    (entry,) = read(head, "a;2026-11-25 09:00;Ida Meier;0171 5555001;Geplatzt;24.11.2026").entries
    assert entry.values["status"] == "Geplatzt"


@pytest.mark.parametrize(
    ("heading", "cell", "expected", "dropped"),
    [
        ("Einwilligung", "ja", {"reminder_consent": True}, 0),
        ("Einwilligung", "nein", {"reminder_consent": False}, 0),
        ("Einwilligung", "", {"reminder_consent": False}, 0),
        ("Einwilligung", "vielleicht", {"reminder_consent": False}, 1),  # what is not clear is none
        ("SMS erlaubt", "ja", {"sms_allowed": True}, 0),
        ("SMS-Einwilligung", "nein", {"sms_allowed": False}, 0),
        ("SMS erlaubt", "", {"sms_allowed": None}, 0),  # nothing is said, which allows
        ("SMS erlaubt", "vielleicht", {"sms_allowed": False}, 1),
        ("Email consent", "no", {"email_allowed": False}, 0),
        ("E-Mail erlaubt", "NULL", {"email_allowed": None}, 0),
        ("Keine SMS", "x", {"sms_allowed": False}, 0),
        ("SMS-Sperre", "nein", {"sms_allowed": None}, 0),
        ("Kunde: SMS gesperrt", "", {"sms_allowed": None}, 0),
        ("Email opt-out", "seit Mai", {"email_allowed": False}, 1),
        ("Erinnerung per", "keine SMS", {"preferred_channel": "keine SMS"}, 0),
        ("Letzter Kontakt", "25.11.2026 09:00", {"last_contacted_at": NINE}, 0),
        ("Letzter Kontakt", "", {}, 0),
        ("Letzter Kontakt", "gestern", {"last_contacted_at": None}, 1),
        ("Sprache", "fr", {"language": "fr"}, 0),
    ],
)
def test_what_a_column_says_of_a_customer(
    heading: str, cell: str, expected: dict[str, Any], dropped: int
) -> None:
    parsed = one(heading, cell)
    (entry,) = parsed.entries
    assert entry.person is not None
    names = {"first_name": "Ida", "last_name": "Meier", "mobile": "0171 5555001"}
    assert entry.person.said == {**names, **expected}
    assert len(parsed.warnings) == dropped
    assert all("line 2: " in warning for warning in parsed.warnings)


@pytest.mark.parametrize(
    ("line", "reason", "known"),
    [
        ("a;2026-11-25 09:00;Ida", "has 3 cells under 4 headings", "a"),
        ("a;2026-11-25 09:00;Ida;0171 5555001;x", "has 5 cells under 4 headings", "a"),
        ('a;"2026"x;Ida;0171', "';' expected after '\"'", ""),
        (";2026-11-25 09:00;Ida;0171 5555001", "appointment_id: missing", ""),
        ("NULL;2026-11-25 09:00;Ida;0171 5555001", "appointment_id: stands for no id", ""),
        ("a;morgen;Ida;0171 5555001", "starts_at: not a date and time: 'morgen'", "a"),
        ("a;;Ida;0171 5555001", "starts_at: missing", "a"),
        ("a;2026-11-25 09:00;M\ufffdller;0171 5555001", "customer: broken letters", "a"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_with_its_id_and_the_others_go_in(
    line: str, reason: str, known: str
) -> None:
    head, other = "Termin-ID;Beginn;Name;Handy", "b;2026-11-25 09:00;Eva;0171 5555002"
    parsed = read(head, line, other)
    (refused,) = parsed.refused
    assert refused.reason.startswith(reason)
    assert (refused.line, refused.appointment_id) == (2, known)
    assert [entry.appointment_id for entry in parsed.entries] == ["b"]
    again = read(head, other, line, other).refused[0]  # on another line it is the same
    assert (again.key == refused.key) is (known != "" or "expected" not in reason)


@pytest.mark.parametrize(
    ("heading", "cell", "reason"),
    [
        ("Status", "M\ufffdglich", "status: broken letters in 'M\ufffdglich'"),
        ("Gruppe", "vielleicht", "status: neither yes nor no: 'vielleicht'"),
        ("Storniert", "vielleicht", "status: cancelled: neither yes, no, nor a date: 'vielleicht'"),
        ("Ganztägig", "ja", "starts_at: a whole day, without a time"),
        ("Zeitzone", "Mittelerde", "starts_at: unknown time zone 'Mittelerde'"),
        ("Beschreibung", "Name: Otto Kurz", "description: names 'Otto Kurz'"),
    ],
)
def test_a_column_that_cannot_be_read_refuses_its_line(heading: str, cell: str, reason: str) -> None:
    (refused,) = one(heading, cell).refused
    assert refused.reason.startswith(reason.partition(" '")[0])
    assert (refused.name, refused.names_somebody, refused.appointment_id) == ("Ida Meier", True, "a")
    assert refused.starts_at == (None if reason.startswith("starts_at") else NINE)


@pytest.mark.parametrize("word", ["NULL", "null", "None", "nan", "NaN", "#NV", "#N/A", "(null)"])
def test_what_programs_write_where_there_is_nothing_is_nothing_and_no_id(word: str) -> None:
    head = "Termin-ID;Kundennummer;Beginn;Name;Handy;Ende;Status;Storniert am"
    parsed = read(head, f"a;17;2026-11-25 09:00;Ida Meier;{word};{word};{word};{word}")
    (entry,) = parsed.entries
    assert entry.person is not None
    assert entry.person.said["mobile"] == ""
    assert entry.values == {"status": "", "ends_at": None}
    assert parsed.warnings == ()
    for both in (f"{word};17", f"a;{word}"):
        (refused,) = read(head, f"{both};2026-11-25 09:00;Ida Meier;0171 5555001;;;").refused
        assert "stands for no id" in refused.reason
    assert read(head, f"a;;2026-11-25 09:00;{word};{word};;;").entries[0].person is None


def test_where_ids_are_made_no_cell_is_one_and_a_bad_line_has_none() -> None:
    how = replace(HOW, ids_from=("start", "customer"))
    parsed = read("Termin-ID;Beginn;Name;Handy", "a;2026-11-25 09:00;Ida;0171 5555001", "b;2026", how=how)
    assert [entry.appointment_id for entry in parsed.entries] == [""]
    assert [line.appointment_id for line in parsed.refused] == [""]


def test_whole_days_that_name_nobody_are_counted_and_no_others() -> None:
    head = "Termin-ID;Beginn;Name;Handy;Ganztägig"
    parsed = read(head, "a;2026-11-25;;;ja", "b;2026-11-25 09:00;;;nein", "c;2026-11-25;Ida;0171 5555001;ja")
    assert parsed.nobody == {"all-day entries": 1}
    assert [entry.appointment_id for entry in parsed.entries] == ["b"]
    assert [line.appointment_id for line in parsed.refused] == ["c"]


@pytest.mark.parametrize(
    ("subject", "how", "titles", "name"),
    [
        ("Ida Meier 0171 5555001", {"title_is_customer": True}, (), "Ida Meier"),
        ("Urlaub", {"title_is_customer": True}, ("Urlaub",), None),
        ("", {"title_is_customer": True}, (), None),
        ("Ida Meier 0171 5555001", {}, (), None),  # titles are not read unless it is said
    ],
)
def test_a_title_is_the_customer_where_that_is_said(
    subject: str, how: dict[str, Any], titles: tuple[str, ...], name: str | None
) -> None:
    parsed = read("Termin-ID;Beginn;Betreff", f"a;2026-11-25 09:00;{subject}", how=replace(HOW, **how))
    (entry,) = parsed.entries
    assert parsed.titles == titles
    assert (entry.person and entry.person.name) == name


@pytest.mark.parametrize(
    ("last", "before", "force", "cut", "entries"),
    [
        # how the file ends; how the last whole one of these headings ended
        ("b;2026-11-25 10:00;Eva;0171 5555002\n", None, False, "", 2),
        ("b;2026-11-25 10:00;Eva;0171 5555002", None, False, "", 2),
        ("b;2026-11-25 10:00;Eva;0171 5555002", Ending(line_end=False), False, "", 2),
        ("b;2026-11-25 10:00;Eva;0171 5555", Ending(), False, "ends without a line end, which earlier", 1),
        ("b;2026-11-25 10:00;Eva;0171 5555", Ending(), True, "", 2),
        ("b;2026-11-25 10\n", None, False, "has 2 cells under 4 headings", 1),
        ("Summe;12\n", Ending(short_line="Summe|#"), False, "", 1),  # the number of its lines
        ("Summe;12\n", Ending(short_line="Ende"), False, "has 2 cells under 4 headings", 1),
        ("Summe;12\n", None, True, "", 1),
        ('b;"2026-11-2', None, False, "the file ends inside quotation marks", 1),
        ('b;"2026"x;Eva;0171\n', None, False, "", 1),  # a bad line is not the end of the file
    ],
)
def test_a_file_that_ends_otherwise_than_the_one_before_is_cut_short(
    last: str, before: Ending | None, force: bool, cut: str, entries: int
) -> None:
    parsed = read(
        "Termin-ID;Beginn;Name;Handy",
        "a;2026-11-25 09:00;Ida;0171 5555001",
        last,
        end="",
        how=replace(HOW, force=force),
        before=Source("s", ending=before),
    )
    assert parsed.cut.startswith(cut)
    assert bool(parsed.cut) is bool(cut)
    assert len(parsed.entries) == entries
    # The doubtful line may be somebody's: it is refused, with its id.
    doubtful = last.partition(";")[0] if '"' not in last else ""
    assert [line.appointment_id for line in parsed.refused] == ([doubtful] if cut or '"' in last else [])


def test_how_a_whole_file_ends_is_kept_for_the_next() -> None:
    head, line = "Termin-ID;Beginn;Name;Handy", "a;2026-11-25 09:00;Ida;0171 5555001"
    assert read(head, line).ending == Ending(line_end=True, short_line="")
    assert read(head, line, end="").ending == Ending(line_end=False, short_line="")
    assert read(head, line, "Summe;12").ending == Ending(line_end=True, short_line="Summe|#")
    assert read(head).ending == Ending(line_end=True)
    assert read(head).entries == ()


@pytest.mark.parametrize(
    ("dates", "how", "before", "order"),
    [
        (["11/25/2026 9:00"], None, None, "mdy"),
        (["25/11/2026 9:00"], None, None, "dmy"),
        (["25.11.2026 9:00"], None, None, None),
        (["12/11/2026 9:00"], DateOrder.DAY_FIRST, None, "dmy"),
        (["12/11/2026 9:00"], None, DateOrder.MONTH_FIRST, "mdy"),  # an earlier file settled it
        (["11/25/2026 9:00"], DateOrder.DAY_FIRST, None, "dmy"),  # said, and so the line is refused
    ],
)
def test_the_order_of_day_and_month_is_the_file_s(
    dates: list[str], how: DateOrder | None, before: DateOrder | None, order: str | None
) -> None:
    lines = [f"{at};{date};Ida;0171 5555001" for at, date in enumerate(dates)]
    source = Source("s", order=before)
    parsed = read("Termin-ID;Beginn;Name;Handy", *lines, how=replace(HOW, order=how), before=source)
    assert parsed.order == order


@pytest.mark.parametrize(
    ("heading", "cells", "warning"),
    [
        ("Stornierungen bisher", ["3", "0"], 'the heading "Stornierungen bisher" holds a word for a canc'),
        ("Stornierbar", ["nein", ""], None),  # it says no throughout
        ("Notiz", ["Abgesagt", ""], "'Abgesagt' stands below the heading \"Notiz\", and is not used"),
        ("", ["storniert", ""], "'storniert' stands below column 5, which has no heading, and is not used"),
        ("Notiz", ["abgesagt worden war er nie", ""], None),
        ("Notiz", ["NULL", ""], None),
    ],
)
def test_a_column_that_is_not_used_and_may_say_that_it_is_off_is_warned_about(
    heading: str, cells: list[str], warning: str | None
) -> None:
    lines = [f"{at};2026-11-25 09:00;Ida{at};0171 555500{at};{cell}" for at, cell in enumerate(cells)]
    warnings = read(f"Termin-ID;Beginn;Name;Handy;{heading}", *lines).warnings
    assert [each[: len(warning or "")] for each in warnings] == ([warning] if warning else [])
    ignored = replace(HOW, ignored=(heading,)) if heading else HOW
    assert not heading or not read(f"Termin-ID;Beginn;Name;Handy;{heading}", *lines, how=ignored).warnings


@pytest.mark.parametrize(
    ("heading", "numbers", "refused"),
    [
        ("Nr", ["1", "2", "3"], True),
        ("Nr.", ["0", "1", "2"], True),
        ("#", ["1", "2", "3"], True),
        ("Nr", ["1", "2"], False),  # too few to tell
        ("Nr", ["2", "3", "4"], False),  # numbers of a program may begin anywhere
        ("Nr", ["1", "2", "4"], False),
        ("Nr", ["1", "2", "x"], False),
        ("Termin-Nr", ["1", "2", "3"], False),  # of the appointment, and not of the line
    ],
)
def test_a_number_that_only_counts_the_lines_is_no_id(
    heading: str, numbers: list[str], refused: bool
) -> None:
    assert ids.counts_up(heading, numbers) is refused
    how = replace(HOW, mapping={"appointment_id": heading})
    lines = [f"{number};2026-11-25 09:00;Ida;0171 5555001" for number in numbers]
    if refused:
        with pytest.raises(ConfigError, match="only numbers the lines"):
            read(f"{heading};Beginn;Name;Handy", *lines, how=how)
    else:
        assert len(read(f"{heading};Beginn;Name;Handy", *lines, how=how).entries) == len(numbers)


def test_statuses_that_mean_that_it_is_off_are_counted_as_the_file_has_them() -> None:
    lines = [
        f"{at};2026-11-25 09:00;Ida;0171 5555001;{status}"
        for at, status in enumerate(("geplatzt", "Abgesagt", "Abgesagt", "Neu"))
    ]
    assert read("Termin-ID;Beginn;Name;Handy;Status", *lines).off == {"geplatzt": 1, "Abgesagt": 2}
    decided = replace(HOW, statuses={"abgesagt": False, "neu": True})
    assert read("Termin-ID;Beginn;Name;Handy;Status", *lines, how=decided).off == {"geplatzt": 1, "Neu": 1}


@pytest.mark.parametrize(
    ("cell", "first", "last"),
    [
        ("Meier, Ida", "Ida", "Meier"),
        ("von der Tann Ida", None, "von der Tann Ida"),  # where the first name begins is not said
    ],
)
def test_below_a_heading_that_has_the_last_name_first_a_comma_divides(
    cell: str, first: str | None, last: str
) -> None:
    (entry,) = read("Termin-ID;Beginn;Name, Vorname", f"a;2026-11-25 09:00;{cell}").entries
    assert entry.person is not None
    assert (entry.person.said.get("first_name"), entry.person.said["last_name"]) == (first, last)


# ---------------------------------------------------------------- cells

HEAD, LINE = "Termin-ID;Beginn;Name;Handy", "a;2026-11-25 09:00;Ida;0171 5555001"


@pytest.mark.parametrize(
    ("lines", "ids"),
    [
        ([HEAD, LINE], ["a"]),
        ([HEAD.replace(";", ","), LINE.replace(";", ",")], ["a"]),
        ([HEAD.replace(";", "\t"), LINE.replace(";", "\t")], ["a"]),
        ([HEAD.replace(";", "|"), LINE.replace(";", "|")], ["a"]),
        (["sep=;", HEAD, LINE], ["a"]),  # as Excel begins
        (["", "Termine der Praxis", "Stand: 24.11.2026, 9 Uhr", HEAD, LINE], ["a"]),
        ([";Termin;;Kunde", HEAD, LINE], ["a"]),  # headings of groups of columns above
        ([HEAD, '"a"; "2026-11-25 09:00"; "Ida"; "0171 5555001"'], ["a"]),
        ([HEAD, "", ";;;", LINE], ["a"]),
        ([HEAD, LINE, HEAD, LINE.replace("a;", "b;")], ["a", "b"]),  # once on each page
        ([HEAD, LINE, f" {HEAD} ", LINE.replace("a;", "b;")], ["a", "b"]),
        ([HEAD, LINE, "\ufeff" + HEAD, LINE.replace("a;", "b;")], ["a", "b"]),  # joined files
        ([HEAD, '"a";"2026-11-25 09:00";"Ida";"0171 5555001"'], ["a"]),
        ([f"{HEAD};;", f"{LINE};;"], ["a"]),
        ([HEAD, f"{LINE};;"], ["a"]),  # empty cells beyond the headings
    ],
)
def test_the_cells_are_found_in_whatever_stands_around_them(lines: list[str], ids: list[str]) -> None:
    parsed = read(*lines)
    assert [entry.appointment_id for entry in parsed.entries] == ids
    assert parsed.refused == ()


@pytest.mark.parametrize(
    ("lines", "rows"),
    [
        # A quotation mark that two lines have makes one row of them, which are two.
        (['1;"Ida;0171', '2;Eva";0172'], [(2, ["1", '"Ida', "0171"]), (3, ["2", 'Eva"', "0172"])]),
        (['"Ida;1;0171', 'Eva";2;0172'], [(2, ['"Ida', "1", "0171"]), (3, ['Eva"', "2", "0172"])]),
        (['1;"Ida;0171', '2;"Eva";0172'], [(2, ["1", '"Ida', "0171"]), (3, ["2", "Eva", "0172"])]),
        (
            ['1;"Ida;0171', '2;Eva";"0172', '3;"Max";0173'],
            [(2, ["1", '"Ida', "0171"]), (3, ["2", 'Eva"', '"0172']), (4, ["3", "Max", "0173"])],
        ),
        # A cell may have lines of its own, or end with one.
        (['1;"Ida', 'Meier";0171'], [(2, ["1", "Ida\nMeier", "0171"])]),
        (['1;"Ida', '";0171'], [(2, ["1", "Ida\n", "0171"])]),
    ],
)
def test_the_rows_below_the_headings_are(lines: list[str], rows: list[tuple[int, list[str]]]) -> None:
    found = csv_cells.table("\n".join(["Kundennummer;Name;Handy", *lines, ""]).encode()).rows
    cells = [(line, row.cells if isinstance(row, csv_cells.Unclosed) else row) for line, row in found]
    assert cells == rows


def test_a_hint_of_excel_s_is_not_the_headings_either_where_none_is_known() -> None:
    assert csv_cells.table(b"sep=;\nFoo;Bar\n1;2\n").headings == ("Foo", "Bar")


def test_headings_with_an_open_quotation_mark_are_refused_with_their_line() -> None:
    with pytest.raises(ConfigError, match=r"^line 1: the file is no CSV: "):
        read('"Termin-ID;Beginn', "a;2026-11-25 09:00", "b;2026-11-26 09:00")


def test_headings_that_are_no_csv_are_refused_with_their_line() -> None:
    with pytest.raises(ConfigError, match=r"^line 1: the file is no CSV: "):
        read('"Termin-ID"x;Beginn', "a;2026-11-25 09:00")


@pytest.mark.parametrize(
    ("headings", "cells"),
    [
        ("Beginn", "2026-11-25 09:00"),
        ("Start (UTC)", "2026-11-25 08:00"),
        ("Start [GMT];Ende", "2026-11-25 08:00;"),
        ("Ende (UTC);Beginn", ";2026-11-25 09:00"),  # the start's own heading says nothing of it
        ("Datum;Uhrzeit", "25.11.2026;09:00"),
        ("Termin;Uhrzeit", "25.11.2026;09:00"),  # then the first is the day
        ("Uhrzeit;Termin", "09:00;25.11.2026"),
        ("Beginn;Zeitzone", "2026-11-25 08:00;Europe/London"),
        ("Beginn;Telefon dienstlich;Telefon", "2026-11-25 09:00;;040 5555001"),
    ],
)
def test_headings_say_which_column_is_the_start(headings: str, cells: str) -> None:
    (entry,) = read(f"Termin-ID;Name;Handy;{headings}", f"a;Ida;0171 5555001;{cells}").entries
    assert entry.starts_at == NINE


@pytest.mark.parametrize(
    ("headings", "reason"),
    [
        (
            "Termin-ID;Beginn;Start",
            '"Beginn", "Start" both mean starts_at; choose one with --mapping starts_at=',
        ),
        ("Termin-ID;Datum;Termin;Uhrzeit", '"Termin", "Uhrzeit" both mean starts_at'),
        ("Termin-ID;Beginn;Handy;Mobil", '"Handy", "Mobil" both mean mobile'),
        ("Beginn;Name", "no heading means appointment_id; the file has"),
        ("Termin-ID;Name", "no heading means starts_at; the file has"),
        ("Name;Handy", "no heading means appointment_id and starts_at; the file has"),
        ("Lfd. Nr;Beginn", None),
    ],
)
def test_headings_that_are_missing_or_may_be_taken_for_each_other_are_refused(
    headings: str, reason: str | None
) -> None:
    how = HOW if reason else replace(HOW, mapping={"appointment_id": "Lfd. Nr"})
    with pytest.raises(ConfigError) as refused:
        read(headings, how=how)
    assert str(refused.value).startswith(reason or '"Lfd. Nr" is a running number, which is no id')


def test_of_two_headings_for_a_phone_the_usual_one_wins() -> None:
    head = "Termin-ID;Beginn;Name;{};{}"
    for first, second in (("Telefon", "Telefon dienstlich"), ("Telefon dienstlich", "Telefon")):
        cells = {"Telefon": "040 1", "Telefon dienstlich": "040 2"}
        (entry,) = read(
            head.format(first, second), f"a;2026-11-25 09:00;Ida;{cells[first]};{cells[second]}"
        ).entries
        assert entry.person is not None
        assert entry.person.said["phone"] == "040 1"
    (entry,) = read(head.format("Telefon privat", "Telefon dienstlich"), "a;2026-11-25 09:00;Ida;1;2").entries
    assert entry.person is not None
    assert entry.person.said["phone"] == "1"  # of two unusual ones the first


def test_a_heading_can_be_named_or_left_out() -> None:
    head, line = "Termin-ID;Beginn;Start;Name;Handy", "a;2026-11-25 09:00;2026-11-25 10:00;Ida;0171 5555001"
    for how in (replace(HOW, ignored=("Start",)), replace(HOW, mapping={"starts_at": "Beginn"})):
        assert read(head, line, how=how).entries[0].starts_at == NINE
    with pytest.raises(ConfigError, match=r"^--ignore: the file has no heading .Stunde.; it has "):
        read(head, line, how=replace(HOW, ignored=("Stunde",)))
    with pytest.raises(ConfigError, match=r"^--mapping: there is no column .start.; there are "):
        read(head, line, how=replace(HOW, mapping={"start": "Beginn"}))
