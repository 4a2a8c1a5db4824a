"""Rows that cannot be used are listed, and nothing else suffers from them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schedule_tables import ROW, TYPES, execute, make_table, open_schedule, read, scan, writing

from fuzzing import inputs
from postgres import PostgresServer
from terminbenachrichtigung.model.appointment import Appointment, BadRow
from terminbenachrichtigung.schedule.reading import Portions
from terminbenachrichtigung.schedule.rows import COLUMNS

GOOD = {**ROW, "appointment_id": "good"}
AS_TEXT = dict.fromkeys(COLUMNS, "TEXT")
UNTYPED = dict.fromkeys(COLUMNS, "")  # SQLite: a column without a type keeps what it is given

NO_KEY = "neither a text nor a whole number"

NEEDED_CASES = [
    # column, what it holds, what the report says
    ("starts_at", None, "starts_at: missing"),
    ("starts_at", "", "starts_at: missing"),
    ("starts_at", "   ", "starts_at: missing"),
    ("starts_at", "kaputt", "starts_at: not a timestamp: 'kaputt'"),
    ("starts_at", "24.11.2026 09:00", "starts_at: not a timestamp: '24.11.2026 09:00'"),
    ("starts_at", "11/24/2026 9:00 AM", "starts_at: not a timestamp: '11/24/2026 9:00 AM'"),
    ("starts_at", "2026-11-24 9 Uhr", "starts_at: not a timestamp: '2026-11-24 9 Uhr'"),
    ("starts_at", "2026-11-24", "starts_at: has no time of day: '2026-11-24'"),
    ("starts_at", "x" * 10_000, f"starts_at: not a timestamp: '{'x' * 38}…"),
    ("type_notifiable", "vielleicht", "type_notifiable: neither true nor false, 0 nor 1: 'vielleicht'"),
    ("type_notifiable", "", "type_notifiable: neither true nor false, 0 nor 1: ''"),
    ("is_group", "2", "is_group: neither true nor false, 0 nor 1: '2'"),
    ("customer_id", "x" * 300, f"customer_id: longer than 255 characters: '{'x' * 38}…"),
]


@pytest.mark.parametrize(("column", "value", "detail"), NEEDED_CASES)
def test_a_row_whose_needed_value_cannot_be_read_is_a_bad_row(
    database_url: str, column: str, value: object, detail: str
) -> None:
    make_table(database_url, [GOOD, {**ROW, column: value}], types=AS_TEXT)
    for window in (read(database_url), scan(database_url)):
        assert window.bad_rows == (BadRow("4711", detail),)
    assert [found.appointment_id for found in read(database_url).appointments] == ["good"]


SQLITE_CASES = [
    # column, SQL of what it holds in SQLite, what the report says
    ("starts_at", "1795507200", "starts_at: a number, not a timestamp: 1795507200"),
    ("starts_at", "2461369.5", "starts_at: a number, not a timestamp: 2461369.5"),
    ("starts_at", "x'32303236'", "starts_at: not a timestamp: bytes that are no text"),
    (
        "starts_at",
        "CAST(x'323032362D31312D3234FF' AS TEXT)",
        "starts_at: not a timestamp: bytes that are no text",
    ),
    (
        "starts_at",
        "'2026-11-24 09:00' || char(0) || 'x'",
        r"starts_at: not a timestamp: '2026-11-24 09:00\x00x'",
    ),
    ("type_notifiable", "7", "type_notifiable: neither true nor false, 0 nor 1: 7"),
    ("type_notifiable", "0.5", "type_notifiable: neither true nor false, 0 nor 1: 0.5"),
    ("is_group", "x'01'", "is_group: neither true nor false, 0 nor 1: bytes that are no text"),
    ("customer_id", "17.5", f"customer_id: {NO_KEY}: 17.5"),
    ("customer_id", "x'3137'", "customer_id: neither a text nor a whole number: bytes that are no text"),
    (
        "customer_id",
        "CAST(x'ff' AS TEXT)",
        "customer_id: neither a text nor a whole number: bytes that are no text",
    ),
    ("customer_id", "'1' || char(0) || '7'", r"customer_id: contains a NUL character: '1\x007'"),
]


@pytest.mark.parametrize(("column", "sql", "detail"), SQLITE_CASES)
def test_what_only_sqlite_can_hold_spoils_no_other_row(
    tmp_path: Path, column: str, sql: str, detail: str
) -> None:
    url = f"sqlite:///{tmp_path / 'schedule.db'}"
    make_table(url, [GOOD, {**ROW, "starts_at": "2026-11-24 10:00"}], types=UNTYPED)
    execute(url, f"UPDATE reminder_appointments SET {column} = {sql} WHERE appointment_id = '4711'")
    for window in (read(url), scan(url)):
        assert window.bad_rows == (BadRow("4711", detail),)
    assert [found.appointment_id for found in read(url).appointments] == ["good"]


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("NULL", "missing"),
        ("''", "missing"),
        ("'  '", "missing"),
        ("47.11", f"{NO_KEY}: 47.11"),
        ("x'34373131'", f"{NO_KEY}: bytes that are no text"),
        ("'47' || char(0)", r"contains a NUL character: '47\x00'"),
    ],
)
def test_a_row_without_a_usable_id_is_described_by_what_else_it_holds(
    tmp_path: Path, sql: str, problem: str
) -> None:
    url = f"sqlite:///{tmp_path / 'schedule.db'}"
    make_table(url, [ROW], types=UNTYPED)
    execute(url, f"UPDATE reminder_appointments SET appointment_id = {sql}")
    expected = f"appointment_id: {problem} (starts_at '2026-11-24 09:00:00', customer_id 17)"
    assert read(url).bad_rows == (BadRow(None, expected),)


def test_all_that_is_wrong_with_a_row_is_said_at_once(database_url: str) -> None:
    make_table(
        database_url, [{**ROW, "type_notifiable": "x", "is_group": "y", "starts_at": None}], types=AS_TEXT
    )
    (bad,) = read(database_url).bad_rows
    assert [problem.split(":")[0] for problem in bad.detail.split("; ")] == [
        "starts_at",
        "type_notifiable",
        "is_group",
    ]


@pytest.mark.parametrize("declared", ["TIMESTAMP", "TIMESTAMPTZ"])
@pytest.mark.parametrize("value", ["infinity", "-infinity", "20000-01-01 00:00", "0044-03-15 12:00 BC"])
def test_times_of_postgres_that_python_cannot_hold_spoil_no_other_row(
    postgres_url: str, declared: str, value: str
) -> None:
    columns = [*ROW, "last_contacted_at", "first_name"]
    types = {**TYPES, "starts_at": declared, "last_contacted_at": declared}
    make_table(
        postgres_url,
        [{**GOOD, "last_contacted_at": value, "first_name": "Ida"}],
        columns=columns,
        types=types,
    )
    window = read(postgres_url)
    assert [(found.last_contacted_at, found.first_name) for found in window.appointments] == [(None, "Ida")]
    (warning,) = window.warnings
    assert warning.startswith("last_contacted_at: 1 value could not be read and was left out")
    execute(postgres_url, f"UPDATE reminder_appointments SET starts_at = '{value}'")
    assert [bad.appointment_id for bad in scan(postgres_url).bad_rows] == ["good"]


def test_bytes_of_postgres_that_are_no_text_spoil_no_other_row(postgres_server: PostgresServer) -> None:
    postgres_server.start()
    url = postgres_server.create_database("bytes", "ENCODING 'SQL_ASCII' TEMPLATE template0")
    url += "&client_encoding=utf8"  # SQLAlchemy could not even ask for the version without it
    make_table(url, [GOOD, ROW], columns=[*ROW, "last_name"])
    execute(url, r"UPDATE reminder_appointments SET last_name = E'M\xfcller' WHERE appointment_id = '4711'")
    window = read(url)
    assert [found.last_name for found in window.appointments] == ["", ""]
    assert window.warnings == (
        "last_name: 1 value could not be read and was left out, "
        "for instance not a text: bytes that are no text (appointment 4711)",
    )
    postgres_server.drop_database("bytes")


def test_an_unreadable_optional_value_is_dropped_and_warned_about_once_per_column(database_url: str) -> None:
    rows = [
        {**ROW, "appointment_id": str(number), "created_at": "gestern", "ends_at": end}
        for number, end in enumerate(["2026-11-24 10:00", "bald", "2026-11-24"])
    ]
    make_table(database_url, rows, columns=[*ROW, "created_at", "ends_at"], types=AS_TEXT)
    window = read(database_url)
    assert [(found.created_at, found.ends_at) for found in window.appointments] == [
        (None, datetime(2026, 11, 24, 9, tzinfo=UTC)),
        (None, None),
        (None, None),
    ]
    assert window.bad_rows == ()
    assert window.warnings == (
        "ends_at: 2 values could not be read and were left out, "
        "for instance not a timestamp: 'bald' (appointment 1)",
        "created_at: 3 values could not be read and were left out, "
        "for instance not a timestamp: 'gestern' (appointment 0)",
    )


def test_bytes_in_an_optional_text_are_dropped_and_the_row_is_kept(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'schedule.db'}"
    make_table(url, [GOOD, ROW], columns=[*ROW, "last_name"])
    execute(url, "UPDATE reminder_appointments SET last_name = CAST(x'4DFC6C6C6572' AS TEXT)")  # Latin-1
    window = read(url)
    assert [found.last_name for found in window.appointments] == ["", ""]
    assert window.warnings == (
        "last_name: 2 values could not be read and were left out, "
        "for instance not a text: bytes that are no text (appointment good)",
    )


# ------------------------------------------------------------------ one id, several rows


def test_identical_rows_are_one_appointment(database_url: str) -> None:
    make_table(database_url, [GOOD, ROW, ROW, ROW])
    window = read(database_url)
    assert sorted(found.appointment_id for found in window.appointments) == ["4711", "good"]
    assert window.bad_rows == scan(database_url).bad_rows == ()


REPEATED = "appointment_id: comes more than once, with different content"


@pytest.mark.parametrize(
    ("column", "value", "hours"),
    [
        ("starts_at", "2026-11-24 10:00:00", [8, 9]),
        ("customer_id", "18", [8]),
        ("is_group", True, [8]),
        ("starts_at", None, [8]),
    ],
)
def test_rows_of_one_id_with_different_content_are_a_bad_row_for_each_start(
    database_url: str, column: str, value: object, hours: list[int]
) -> None:
    make_table(database_url, [ROW, GOOD, {**ROW, column: value}, ROW])
    starts = [datetime(2026, 11, 24, hour, tzinfo=UTC) for hour in hours]
    expected = tuple(BadRow("4711", REPEATED, start) for start in starts)
    assert read(database_url).bad_rows == expected
    assert [found.appointment_id for found in read(database_url).appointments] == ["good"]
    assert scan(database_url).bad_rows == expected


NO_IDS = (
    *("NULL", "null", "None", "nan", "NaN", "NaT", "undefined", "n/a", "(null)", "<null>", "[NULL]", r"\N"),
    *("-", "???"),
    *("#NV", "#N/A", "#BEZUG!", "########"),
    *("4,71E+12", "4.71e+12", "1,8E15", "4E+12"),
)
IDS = ("Nulland", "Nan-17", "none2", "#17", "#", "E12", "4E12", "471E12x", "N", "0")


@pytest.mark.parametrize("column", ["appointment_id", "customer_id"])
def test_a_word_in_place_of_an_id_makes_a_bad_row(database_url: str, column: str) -> None:
    ids = ({**ROW, "appointment_id": word, "customer_id": word} for word in IDS)
    odd = ({**ROW, "appointment_id": f"row {n}", column: word} for n, word in enumerate(NO_IDS))
    make_table(database_url, [*ids, *odd])
    window = read(database_url)
    reason = f"{column}: stands for no id, or for one that a spreadsheet has shortened: "
    expected = {f"{reason}{word!r}" for word in NO_IDS}
    assert {bad.detail.partition(" (")[0] for bad in window.bad_rows} == expected
    assert {(each.appointment_id, each.customer_id) for each in window.appointments} == {(w, w) for w in IDS}


def test_blanks_around_such_a_word_change_nothing(database_url: str) -> None:
    make_table(database_url, [GOOD, {**ROW, "appointment_id": " NULL "}])
    window = read(database_url)
    assert [bad.detail.partition(":")[0] for bad in window.bad_rows] == ["appointment_id"]
    assert [found.appointment_id for found in window.appointments] == ["good"]


@pytest.mark.parametrize("column", ["mobile", "email", "last_name"])
def test_a_text_of_a_megabyte_is_dropped_and_warned_about(database_url: str, column: str) -> None:
    make_table(
        database_url,
        [
            {**ROW, column: "0171 5555555; " * 80_000},
            *({**GOOD, "appointment_id": f"{n}"} for n in range(12)),
        ],
        columns=[*ROW, column],
    )
    window = read(database_url)
    assert {getattr(found, column) for found in window.appointments} == {""}
    assert len(window.appointments) == 13
    (warning,) = window.warnings
    assert "longer than 10000 characters: '0171 5555555; " in warning
    assert len(warning) < 250


def test_a_number_and_its_text_are_the_same_id(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'schedule.db'}"
    rows = [{**ROW, "appointment_id": key, "customer_id": "17" if key == 17 else "18"} for key in (17, "17")]
    make_table(url, rows, types=UNTYPED)
    assert [bad.appointment_id for bad in read(url).bad_rows] == ["17"]
    assert [bad.appointment_id for bad in scan(url).bad_rows] == ["17"]


def test_identical_bad_rows_are_listed_once(database_url: str) -> None:
    make_table(database_url, [{**ROW, "starts_at": None}] * 3)
    assert (
        read(database_url).bad_rows == scan(database_url).bad_rows == (BadRow("4711", "starts_at: missing"),)
    )


# ------------------------------------------------------------------ what is outside of the range


def test_bad_rows_come_by_their_start_and_not_as_the_database_gives_them(database_url: str) -> None:
    midnight = {**ROW, "starts_at": "2026-11-25 00:00"}
    rows = [
        {**ROW, "appointment_id": "4", "starts_at": None},
        {**midnight, "appointment_id": "3"},
        {**midnight, "appointment_id": "2"},
        {**midnight, "appointment_id": "1", "starts_at": "2026-11-24 00:00"},
    ]
    make_table(database_url, rows)
    assert [row.appointment_id for row in read(database_url).bad_rows] == ["1", "2", "3", "4"]


def test_a_bad_row_outside_of_the_range_is_left_to_a_scan(database_url: str) -> None:
    rows = [
        {**ROW, "starts_at": "2026-12-24 09:00", "type_notifiable": "x"},
        {**ROW, "appointment_id": "4712", "starts_at": "2026-12-24 09:00"},
        {**ROW, "appointment_id": "4712", "starts_at": "2026-12-25 09:00"},
    ]
    make_table(database_url, rows, types=AS_TEXT)
    assert read(database_url).bad_rows == ()
    assert [bad.appointment_id for bad in scan(database_url).bad_rows] == ["4711", "4712", "4712"]


def test_a_scan_finds_repeated_ids_across_its_chunks_and_counts_what_it_does_not_list(
    database_url: str,
) -> None:
    rows = [
        {**ROW, "appointment_id": f"{number // 2:03}", "customer_id": str(number)} for number in range(40)
    ]
    make_table(database_url, rows)
    window = scan(database_url, portions=Portions(rows=3, listed=4))
    assert [bad.appointment_id for bad in window.bad_rows] == ["000", "001", "002", "003"]
    assert window.warnings == ("16 more bad rows are not listed",)


def test_rows_without_a_start_cannot_flood_a_run(database_url: str) -> None:
    make_table(database_url)
    with writing(database_url) as connection:
        connection.exec_driver_sql(
            "INSERT INTO reminder_appointments (appointment_id) "
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) "
            "SELECT CAST(i AS VARCHAR(9)) FROM n"
        )
    window = read(database_url)
    assert len(window.bad_rows) == 1000
    assert window.warnings == ("rows without a readable start are listed up to the number of 1000",)


# ------------------------------------------------------------------ anything at all

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(),
    st.sampled_from(["2026-11-24 09:00", "2026-11-24T09:00Z", "0", "1", "17", "2026-11-24 ", "\0", "  "]),
    st.datetimes().map(str),
)


@pytest.fixture(scope="module")
def untyped_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('fuzz') / 'schedule.db'}"
    make_table(url, columns=COLUMNS, types=UNTYPED)
    return url


@inputs(3)
@given(
    rows=st.lists(
        st.fixed_dictionaries({}, optional={**dict.fromkeys(COLUMNS, VALUES)}), min_size=1, max_size=5
    ),
    as_text=st.booleans(),
)
def test_whatever_the_rows_hold_each_is_an_appointment_or_a_bad_row(
    untyped_url: str, rows: list[dict[str, object]], as_text: bool
) -> None:
    with writing(untyped_url) as connection:
        connection.exec_driver_sql("DELETE FROM reminder_appointments")
        for number, row in enumerate(rows):
            # Bytes may also be stored as text that is no UTF-8. The ids differ, so that no row hides another.
            held = {**row, "appointment_id": f"{number}"}
            marks = ", ".join(
                "CAST(? AS TEXT)" if as_text and isinstance(value, bytes) else "?" for value in held.values()
            )
            connection.exec_driver_sql(
                f"INSERT INTO reminder_appointments ({', '.join(held)}) VALUES ({marks})",
                tuple(held.values()),
            )
    schedule = open_schedule(untyped_url)
    found = {str(number): schedule.find(str(number)) for number in range(len(rows))}
    assert [len(window.appointments) + len(window.bad_rows) for window in found.values()] == [1] * len(rows)
    scanned = schedule.scan()
    # A start that means never is nothing to mend: only who asks for the row hears of it.
    assert sorted(scanned.bad_rows, key=lambda bad: bad.appointment_id or "") == [
        bad for window in found.values() for bad in window.bad_rows if "means never" not in bad.detail
    ]
    ranged = schedule.read(datetime(1000, 1, 3, tzinfo=UTC), datetime(2099, 12, 29, tzinfo=UTC))
    appointments = [row for window in found.values() for row in window.appointments]
    assert set(ranged.appointments) <= set(appointments)
    assert all(isinstance(row, Appointment) and row.starts_at.tzinfo is UTC for row in appointments)
    schedule.close()
