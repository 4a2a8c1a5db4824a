"""What an exported file says, and what an import of it would change."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.own_schedule import csv_file, entries
from terminbenachrichtigung.own_schedule.changes import KEYS, Changes, Held, How, Row, find
from terminbenachrichtigung.own_schedule.entries import Entry, Parsed, Refused
from terminbenachrichtigung.schedule.values import Unreadable

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOW = How(NOW, BERLIN, frozenset({"storniert", "geplatzt"}), "Storniert", "Termin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def parsed(text: str, encoding: str = "utf-8", **mapping: str) -> Parsed:
    return csv_file.read(text.encode(encoding), BERLIN, mapping)


# ---------------------------------------------------------------- times, names, headings


@pytest.mark.parametrize(
    ("text", "day", "expected"),
    [
        ("2026-11-24 09:00", "", "2026-11-24 09:00"),
        ("2026-11-24T09:00:30", "", "2026-11-24 09:00:30"),
        ("2026-11-24T08:00:00Z", "", "2026-11-24 09:00"),
        ("2026-11-24 10:00+02:00", "", "2026-11-24 09:00"),
        ("24.11.2026 9:00", "", "2026-11-24 09:00"),
        ("24.11.26 09:00 Uhr", "", "2026-11-24 09:00"),
        ("Di., 24.11.2026, 09:00", "", "2026-11-24 09:00"),  # with its day of the week
        ("9:00", "24.11.2026", "2026-11-24 09:00"),  # date and time in two columns
        ("09.00 Uhr", "24.11.2026 00:00:00", "2026-11-24 09:00"),  # Excel writes a date with a midnight
        ("00:00", "2026-11-24", "2026-11-24 00:00"),
        ("2026-10-25 02:30", "", "2026-10-25 02:30"),  # twice on the clock: the earlier
        ("2026-03-29 02:30", "", "2026-03-29 03:30"),  # skipped by the clock: moved forward
    ],
)
def test_a_time_is_read_in_every_form_that_exports_write(text: str, day: str, expected: str) -> None:
    assert entries.moment(text, BERLIN, day) == utc(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "24.11.2026",  # no time of day
        "11/24/2026 09:00",  # month first, or day first?
        "24.11.2026 9:00 PM",
        "30.02.2026 09:00",
        "24.11.2026 24:00",
        "24.11.0026 09:00",
        "46350.375",  # Excel's number
        "morgen 9:00",
    ],
)
def test_a_time_that_could_mean_another_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        entries.moment(text, BERLIN)


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("Termin-ID", "appointment_id"),
        ("TERMIN_NR.", "appointment_id"),
        ("starts_at", "starts_at"),
        ("Beginn", "starts_at"),
        ("Start Time", "starts_at"),
        ("Filialkuerzel", "branch_code"),
        ("Filialkürzel", "branch_code"),
        ("E-Mail", "email"),
        ("Handy-Nr", None),
        ("Bemerkung", None),
    ],
)
def test_headings_are_recognised(heading: str, column: str | None) -> None:
    assert entries.column_of(heading) == column


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"name": "Frau Ida Meier"}, ("Frau", "Ida", "Meier")),
        ({"name": "Meier, Ida"}, ("", "Ida", "Meier")),
        ({"name": "Meier"}, ("", "", "Meier")),
        ({"name": "von der Tann", "first_name": "Ida"}, ("", "Ida", "von der Tann")),
        ({"name": "falsch", "first_name": "Ida", "last_name": "Meier"}, ("", "Ida", "Meier")),
    ],
)
def test_a_whole_name_becomes_its_parts(raw: dict[str, str], expected: tuple[str, str, str]) -> None:
    said = entries.customer(raw)[1]
    assert tuple(said.get(name, "") for name in ("salutation", "first_name", "last_name")) == expected


def test_a_customer_without_an_id_is_known_by_name_and_number_however_it_is_typed() -> None:
    ida = {"first_name": "Ida", "last_name": "Meier", "mobile": "0171 5555555"}
    first = entries.customer(ida)[0]
    assert first == entries.customer({"name": "IDA  Meier", "mobile": "+49 171/5555555"})[0]
    assert first != entries.customer(ida | {"first_name": "Eva"})[0]  # a family's number
    assert first != entries.customer(ida | {"mobile": "0171 5555556"})[0]  # another Ida Meier
    assert entries.customer({"first_name": " ", "mobile": ""}) == (None, {})


# ---------------------------------------------------------------- CSV


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_delimiter_and_encoding_are_recognised(delimiter: str, encoding: str) -> None:
    lines = [["Termin-ID", "Beginn", "Nachname", "Vorname"], ["1", "24.11.2026 09:00", "Kühn", "Eva"]]
    found = parsed("\r\n".join(map(delimiter.join, lines)), encoding)
    assert [(entry.appointment_id, entry.values["last_name"]) for entry in found.entries] == [("1", "Kühn")]


def test_a_refused_line_has_its_number_and_reason_and_keeps_nobody_out() -> None:
    found = parsed(
        "sep=;\nid;start;Name;Gruppe\n"
        '1;2026-11-25 09:00;"Mei\ner";\n'  # a cell of two lines
        "\n"
        "2;irgendwann;Kühn;\n"
        ";2026-11-25 09:00;Kühn;\n"
        "4;2026-11-25 09:00\n"
        "5;2026-11-25 09:00;Kühn;vielleicht\n"
    )
    assert [(entry.line, entry.appointment_id) for entry in found.entries] == [(3, "1")]
    assert [(line.line, line.appointment_id, line.reason) for line in found.refused] == [
        (6, "2", "starts_at: not a date and time: 'irgendwann'"),
        (7, None, "appointment_id: missing"),
        (8, "4", "has 2 cells under 4 headings"),
        (9, "5", "is_group: neither true nor false, 0 nor 1: 'vielleicht'"),
    ]


def test_identical_lines_are_one_and_differing_ones_of_one_id_are_refused() -> None:
    found = parsed(
        "id;start\n1;2026-11-25 09:00\n1;25.11.2026 9:00\n2;2026-11-25 09:00\n2;2026-11-25 10:00\n"
    )
    assert [entry.appointment_id for entry in found.entries] == ["1"]
    assert [(line.line, line.appointment_id) for line in found.refused] == [(4, "2"), (5, "2")]


def test_an_unreadable_optional_value_is_left_out_with_a_warning_and_allows_nothing() -> None:
    found = parsed("id;start;Ende;Einwilligung;Nachname\n1;2026-11-25 09:00;spät;vielleicht;Meier\n")
    assert found.entries[0].values["ends_at"] is None
    assert found.entries[0].values["reminder_consent"] is False
    assert [warning.split(":")[0] for warning in found.warnings] == [
        "line 2",
        "line 2",
    ]


@pytest.mark.parametrize(
    ("text", "mapping", "words"),
    [
        ("Nummer;Beginn\n1;x\n", {}, 'no heading means appointment_id; the file has "Nummer", "Beginn"'),
        ("", {}, "no heading means"),
        ("id;start;Telefon;Tel\n", {}, '"Telefon", "Tel" both mean phone'),
        ("id;start\n", {"phone": "Fon"}, 'has no heading "Fon"'),
        ("id;start\n", {"fon": "id"}, 'there is no column "fon"'),
        # the open quotation mark would swallow the rest, which would then count as cancelled
        ('id;start\n1;"2026-11-25 09:00\n2;2026-11-25 09:00\n', {}, "line 2: the file is no CSV"),
        ("id;start\0", {}, "is no text"),
    ],
)
def test_a_file_that_is_no_table_of_appointments_is_refused_whole(
    text: str, mapping: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        parsed(text, **mapping)
    assert words in str(refused.value)


def test_a_mapping_names_what_is_not_recognised_and_settles_what_means_two() -> None:
    text = "Nummer;start;Telefon;Tel\n1;2026-11-25 09:00;030 1;030 2\n"
    (entry,) = parsed(text, appointment_id="Nummer", phone="Tel").entries
    assert (entry.appointment_id, entry.values["phone"]) == ("1", "030 2")


# ---------------------------------------------------------------- what an import would change


def appointment(start: str = "2026-11-26 09:00", **columns: object) -> Row:
    return {
        "customer_id": "17",
        "type_code": "T",
        "branch_code": None,
        "status": "",
        "is_group": False,
        "starts_at": utc(start),
        "ends_at": None,
        "created_at": None,
    } | columns


def held(**appointments: Row) -> Held:
    rows: dict[str, Mapping[str, Row]] = {name: {} for name in KEYS}
    rows["appointment_types"] = {"T": {"type_code": "T", "name": "Termin", "notifiable": False}}
    rows["appointments"] = appointments
    return Held(rows, empty=not appointments)


def entry(key: str, start: str = "2026-11-26 09:00", customer: str | None = "17", **said: Any) -> Entry:
    return Entry(1, key, utc(start), customer, said)


def changes(found: list[Entry], before: Held, how: How = HOW, **file: Any) -> Changes:
    return find(Parsed(tuple(found), **file), before, how)


def kinds(found: Changes) -> dict[str, str]:
    named = {"new": found.new, "changed": found.changed, "cancelled": found.cancelled}
    return {change.appointment_id: kind for kind, listed in named.items() for change in listed}


@pytest.mark.parametrize(
    ("before", "said", "kind", "disturbed"),
    [
        (appointment(), entry("a"), {}, 0),
        (appointment(), entry("a", "2026-11-26 10:00"), {"a": "changed"}, 1),  # moved
        (appointment(), entry("a", customer="18"), {"a": "changed"}, 1),
        (appointment(), entry("a", is_group=True), {"a": "changed"}, 0),
        (appointment(), entry("a", status="Storniert"), {"a": "cancelled"}, 1),
        (appointment(), entry("a", status="geplatzt "), {"a": "cancelled"}, 1),
        (appointment(status="Storniert"), entry("a"), {"a": "changed"}, 0),  # it is back
        (appointment(status="Bestätigt"), entry("a"), {}, 0),  # a file without status leaves it
        (appointment("2026-11-23 09:00"), entry("a", "2026-11-23 10:00"), {"a": "changed"}, 0),  # past
    ],
)
def test_an_appointment_of_the_file_is(
    before: Row, said: Entry, kind: dict[str, str], disturbed: int
) -> None:
    found = changes([said], held(a=before))
    assert kinds(found) == kind
    assert (found.unchanged, found.disturbed) == (0 if kind else 1, disturbed)


@pytest.mark.parametrize(
    ("gone", "file", "how", "cancelled"),
    [
        (appointment("2026-11-28 18:00"), {}, {}, True),
        (appointment("2026-11-30 23:59"), {}, {}, True),  # the last day of the file, after its last start
        (appointment("2026-12-01 00:00"), {}, {}, False),  # after the days of the file
        (appointment("2026-11-24 09:59"), {}, {}, False),  # before now
        (appointment("2026-11-28 18:00", status="Storniert"), {}, {}, False),  # already
        (appointment("2026-11-28 18:00"), {}, {"partial": True}, False),
        (appointment("2026-11-28 18:00"), {"complete": False}, {}, False),
        (appointment("2026-11-28 18:00"), {"refused": (Refused(2, "x", "gone"),)}, {}, False),
        (appointment("2026-11-28 18:00"), {"refused": (Refused(2, "x", "other"),)}, {}, True),
        (appointment("2026-11-28 18:00"), {"refused": (Refused(2, "x"),)}, {}, False),  # may be it
        (appointment("2026-11-28 18:00", branch_code="HH2"), {}, {"branch_code": "HH1"}, False),
        (appointment("2026-11-28 18:00", branch_code="HH1"), {}, {"branch_code": "HH1"}, True),
    ],
)
def test_what_is_gone_from_a_complete_file_is_cancelled(
    gone: Row, file: dict[str, Any], how: dict[str, Any], cancelled: bool
) -> None:
    said = [entry("a", "2026-11-24 08:00"), entry("b", "2026-11-30 09:00")]
    found = changes(said, held(gone=gone), How(NOW, BERLIN, HOW.excluded, "Storniert", "T", **how), **file)
    assert (kinds(found).get("gone") == "cancelled") is cancelled
    assert found.updates["appointments"] == ({"gone": {"status": "Storniert"}} if cancelled else {})


@pytest.mark.parametrize(("moved", "braked"), [(0, False), (2, False), (3, True)])
def test_a_file_that_disturbs_more_than_a_fifth_is_braked(moved: int, braked: bool) -> None:
    before = held(**{str(number): appointment() for number in range(10)})
    said = [entry(str(number), f"2026-11-26 {10 if number < moved else 9:02}:00") for number in range(10)]
    found = changes(said, before)
    assert (found.disturbed, found.ahead, found.braked) == (moved, 10, braked)


def test_only_what_a_later_file_adds_counts_as_booked_now() -> None:
    def booked(before: Held, **said: Any) -> object:
        return changes([entry("new", **said)], before).inserts["appointments"]["new"]["created_at"]

    assert booked(held()) is None
    assert booked(held(old=appointment("2026-11-01 09:00"))) == NOW
    assert booked(held(), created_at=utc("2026-11-01 09:00")) == utc("2026-11-01 09:00")


def test_types_are_found_by_code_or_name_and_keep_their_permission() -> None:
    found = changes([entry("a", type_name="termin"), entry("b", type_name="Sehtest")], held())
    assert list(found.inserts["appointment_types"]) == ["Sehtest"]
    assert found.updates["appointment_types"] == {}
    assert {key: row["type_code"] for key, row in found.inserts["appointments"].items()} == {
        "a": "T",
        "b": "Sehtest",
    }
