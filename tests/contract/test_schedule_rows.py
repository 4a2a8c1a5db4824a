"""What a row of the schedule becomes: every column of the contract's section 5, on both databases."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from schedule_tables import ROW, TYPES, execute, local, make_table, open_schedule, read, writing
from sqlalchemy.engine import make_url

from terminbenachrichtigung.config.filters import is_excluded_status
from terminbenachrichtigung.config.settings import Rules
from terminbenachrichtigung.model.appointment import Appointment, BadRow
from terminbenachrichtigung.rules.contact import Preference, preference
from terminbenachrichtigung.schedule.rows import COLUMNS

NEEDED = Appointment(
    appointment_id="4711",
    starts_at=local("2026-11-24 09:00"),
    customer_id="17",
    type_notifiable=True,
    is_group=False,
)

COLUMN_CASES = [
    # column, what the schedule holds, what the appointment holds
    ("status", "Bestätigt", "Bestätigt"),
    ("type_name", "Sehtest 👓", "Sehtest 👓"),
    ("branch_code", "HH1", "HH1"),
    ("branch_name", "Optik an der Alster", "Optik an der Alster"),
    ("branch_phone", "040 123456", "040 123456"),
    ("branch_address", "Jungfernstieg 1\n20095 Hamburg", "Jungfernstieg 1\n20095 Hamburg"),
    ("branch_email", "hh1@example.org", "hh1@example.org"),
    ("salutation", "Frau", "Frau"),
    ("first_name", "Ida", "Ida"),
    ("last_name", "von der Müllerin", "von der Müllerin"),
    ("mobile", "0171 5555555", "0171 5555555"),
    ("phone", "040 / 55 55", "040 / 55 55"),
    ("email", "ida@example.org", "ida@example.org"),
    ("preferred_channel", "Brief", "Brief"),
    ("reminder_consent", True, True),
    ("reminder_consent", False, False),
    ("sms_allowed", True, True),
    ("sms_allowed", None, True),
    ("sms_allowed", False, False),
    ("email_allowed", True, True),
    ("email_allowed", None, True),
    ("email_allowed", False, False),
    ("language", "de-AT", "de-AT"),
    ("ends_at", "2026-11-24 09:30:00", local("2026-11-24 09:30")),
    ("created_at", "2026-11-20 17:12:01.25", local("2026-11-20 17:12:01.25")),
    ("last_contacted_at", "2026-07-01 08:00:00", local("2026-07-01 08:00")),
    ("import_state", "held", "held"),
    # texts that have done harm elsewhere
    ("last_name", "{{ customer.mobile }}", "{{ customer.mobile }}"),
    ("last_name", "x" * 10_000, "x" * 10_000),
    ("last_name", "مريم", "مريم"),
    ("last_name", "  Müller  ", "Müller"),
    ("first_name", "", ""),
    ("email", "a@example.org\nBcc: b@example.org", "a@example.org\nBcc: b@example.org"),
]


def test_the_table_of_columns_here_has_all_optional_ones() -> None:
    assert {case[0] for case in COLUMN_CASES} == set(COLUMNS) - set(ROW)


def test_each_optional_column_is_read(database_url: str) -> None:
    rows = [
        {**ROW, "appointment_id": str(n), "customer_id": str(n), column: value}
        for n, (column, value, _) in enumerate(COLUMN_CASES)
    ]
    make_table(database_url, rows, columns=dict.fromkeys(name for row in rows for name in row))
    window = read(database_url)
    assert (window.bad_rows, window.warnings) == ((), ())
    found = {each.appointment_id: each for each in window.appointments}
    read_as = [(column, getattr(found[str(n)], column)) for n, (column, _, _) in enumerate(COLUMN_CASES)]
    assert read_as == [(column, expected) for column, _, expected in COLUMN_CASES]


def test_one_optional_column_may_be_there_alone(database_url: str) -> None:
    make_table(database_url, [{**ROW, "mobile": "0171 5555555"}], columns=[*ROW, "mobile"])
    assert read(database_url).appointments == (replace(NEEDED, mobile="0171 5555555"),)


def test_all_optional_columns_may_be_absent(database_url: str) -> None:
    make_table(database_url, [ROW])
    assert read(database_url).appointments == (NEEDED,)


def test_null_anywhere_but_in_key_and_start_is_the_empty_value(database_url: str) -> None:
    make_table(
        database_url,
        [{"appointment_id": "4711", "starts_at": ROW["starts_at"]}],
        columns=[*reversed(COLUMNS)],
    )
    window = read(database_url)
    (found,) = window.appointments
    # An unset flag allows nothing, and makes no group: rule 3 skips the row and says so.
    assert found == Appointment("4711", NEEDED.starts_at, None, type_notifiable=False, is_group=False)
    assert (window.bad_rows, window.warnings) == ((), ())


@pytest.mark.parametrize("text_keys", [True, False], ids=["text keys", "integer keys"])
def test_keys_are_texts_whatever_type_they_have_in_the_schedule(database_url: str, text_keys: bool) -> None:
    types = TYPES if text_keys else {**TYPES, "appointment_id": "BIGINT", "customer_id": "BIGINT"}
    key: object = "900719925474099" if text_keys else 900719925474099
    make_table(database_url, [{**ROW, "appointment_id": key, "customer_id": key}], types=types)
    (found,) = read(database_url).appointments
    assert (found.appointment_id, found.customer_id) == ("900719925474099", "900719925474099")


def test_a_key_of_fixed_length_loses_its_padding(postgres_url: str) -> None:
    make_table(postgres_url, [ROW], types={**TYPES, "appointment_id": "CHAR(12)", "customer_id": "CHAR(12)"})
    assert read(postgres_url).appointments == (NEEDED,)


@pytest.mark.parametrize(
    ("declared", "value", "expected"),
    [
        ("NUMERIC", 17, "17"),
        ("UUID", "7d444840-9dc0-11d1-b245-5ffdce74fad2", "7d444840-9dc0-11d1-b245-5ffdce74fad2"),
    ],
)
def test_other_types_of_postgres_that_name_a_key_exactly_are_keys(
    postgres_url: str, declared: str, value: object, expected: str
) -> None:
    execute(
        postgres_url,
        "CREATE VIEW reminder_appointments AS SELECT "
        f"'{value}'::{declared} AS appointment_id, timestamp '2026-11-24 09:00' AS starts_at, "
        "17 AS customer_id, true AS type_notifiable, false AS is_group",
    )
    assert [found.appointment_id for found in read(postgres_url).appointments] == [expected]


@pytest.mark.parametrize("customer", [None, "", "   "])
def test_no_customer_is_none(database_url: str, customer: str | None) -> None:
    make_table(database_url, [{**ROW, "customer_id": customer}])
    assert [found.customer_id for found in read(database_url).appointments] == [None]


@pytest.mark.parametrize(
    ("declared", "meaning"),
    [
        ("INTEGER", {0: False, 1: True, None: False}),
        ("TEXT", {"0": False, "1": True, "true": True, "FALSE": False, " t ": True, None: False}),
    ],
)
def test_a_boolean_may_be_a_number_or_a_word(
    database_url: str, declared: str, meaning: dict[object, bool]
) -> None:
    flags = ("type_notifiable", "is_group", "reminder_consent")
    rows = [
        {**ROW, "appointment_id": str(n), **dict.fromkeys(flags, value)} for n, value in enumerate(meaning)
    ]
    types = {**TYPES, **dict.fromkeys(flags, declared)}
    make_table(database_url, rows, columns=[*ROW, "reminder_consent"], types=types)
    found = {each.appointment_id: each for each in read(database_url).appointments}
    read_as = [[getattr(found[str(n)], flag) for flag in flags] for n in range(len(rows))]
    assert read_as == [[expected] * len(flags) for expected in meaning.values()]


TIMESTAMP_TYPES = ["TIMESTAMP", "TIMESTAMPTZ", "TEXT", "VARCHAR(40)"]


@pytest.mark.parametrize("declared", TIMESTAMP_TYPES)
@pytest.mark.parametrize(
    ("text", "local_time"),
    [
        ("2026-11-24 09:00:00", "2026-11-24 09:00"),
        ("2026-11-24T09:00", "2026-11-24 09:00"),
        ("2026-11-24 09:00:00.123456", "2026-11-24 09:00:00.123456"),
        ("2026-10-25 02:30:00", "2026-10-25 02:30"),  # twice: the earlier one
        ("2027-03-28 03:30:00", "2027-03-28 02:30"),  # lost, moved forward to this
    ],
)
def test_a_start_is_found_and_read_in_every_type_of_column(
    database_url: str, declared: str, text: str, local_time: str
) -> None:
    make_table(database_url, types={**TYPES, "starts_at": declared})
    with writing(database_url) as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET timezone TO 'Europe/Berlin'")
        if "2026-10-25" in text and declared == "TIMESTAMPTZ":
            text += (
                "+02" if connection.dialect.name == "postgresql" else ""
            )  # PostgreSQL would take the later
        connection.exec_driver_sql(
            f"INSERT INTO reminder_appointments VALUES ('4711', '{text}', '17', '1', '0')"
        )
    start = local(local_time)
    schedule = open_schedule(database_url)
    for since, until in [
        (start, start),
        (start - timedelta(hours=1), start),
        (start, start + timedelta(hours=1)),
    ]:
        assert [found.starts_at for found in schedule.read(since, until).appointments] == [start]
    second = timedelta(seconds=1)
    assert schedule.read(start - timedelta(days=1), start - second).appointments == ()
    assert schedule.read(start + second, start + timedelta(days=1)).appointments == ()
    schedule.close()


def test_both_hours_of_the_october_night_are_told_apart_where_the_zone_is_known(postgres_url: str) -> None:
    moments = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]  # 02:30 twice in Berlin
    make_table(postgres_url, types={**TYPES, "starts_at": "TIMESTAMPTZ"})
    database = make_url(postgres_url).database
    execute(postgres_url, f"ALTER DATABASE \"{database}\" SET timezone TO 'Europe/Berlin'")
    with writing(postgres_url) as connection:
        for number, moment in enumerate(moments):
            connection.exec_driver_sql(
                f"INSERT INTO reminder_appointments VALUES ('{number}', '{moment}', '17', true, false)"
            )
    window = read(postgres_url, "2026-10-25 00:00", "2026-10-25 12:00")
    assert [found.starts_at for found in window.appointments] == moments


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T08:00:00Z",
        "2026-11-24 09:00:00+01:00",
        "2026-11-24T22:00+14:00",
        "2026-11-23T20:00-12:00",
        "2026-11-24 09:00:00 +01:00",
        "2026-11-24T08:00:00Z    ",  # as CHAR(24) holds it
    ],
)
def test_a_text_with_an_offset_is_found_whichever_local_day_it_names(database_url: str, text: str) -> None:
    make_table(database_url, [{**ROW, "starts_at": text}], types={**TYPES, "starts_at": "TEXT"})
    assert read(database_url, "2026-11-24 09:00", "2026-11-24 09:00").appointments == (NEEDED,)
    assert read(database_url, "2026-11-24 09:01", "2026-11-25 23:00").appointments == ()
    assert read(database_url, "2026-11-22 00:00", "2026-11-24 08:59").appointments == ()


def test_the_range_includes_both_its_ends_and_nothing_beyond(database_url: str) -> None:
    starts = [local("2026-11-24 00:00") + timedelta(minutes=5 * step) for step in range(600)]
    rows: list[dict[str, object]] = []
    for number, start in enumerate(starts):
        wall = (start + timedelta(hours=1)).replace(tzinfo=None)  # Berlin, in winter
        form = [wall.isoformat(" "), wall.isoformat("T"), wall.isoformat("T", "minutes")][number % 3]
        rows.append({**ROW, "appointment_id": str(number), "starts_at": form})
    make_table(database_url, rows)
    schedule = open_schedule(database_url, midnight_starts=True)
    for since, until in [(100, 388), (0, 0), (287, 288), (288, 289), (5, 599)]:
        found = schedule.read(starts[since], starts[until]).appointments
        assert [row.starts_at for row in found] == starts[since : until + 1]
    schedule.close()


def test_a_window_is_sorted_by_start_and_then_by_id(database_url: str) -> None:
    rows = [
        {**ROW, "appointment_id": "b", "starts_at": "2026-11-24 10:00:00"},
        {**ROW, "appointment_id": "c", "starts_at": "2026-11-24 09:00:00"},
        {**ROW, "appointment_id": "a", "starts_at": "2026-11-24 10:00:00"},
    ]
    make_table(database_url, rows)
    assert [found.appointment_id for found in read(database_url).appointments] == ["c", "a", "b"]


def test_an_empty_schedule_gives_an_empty_window(database_url: str) -> None:
    make_table(database_url)
    window = read(database_url)
    assert (window.appointments, window.bad_rows, window.warnings) == ((), (), ())


def test_columns_are_recognised_in_any_case(database_url: str) -> None:
    columns = [f'"{name.upper()}"' for name in ROW] + ['"Status"']
    declared = ", ".join(f"{column} TEXT" for column in columns)
    execute(
        database_url,
        f"CREATE TABLE reminder_appointments ({declared})",
        "INSERT INTO reminder_appointments VALUES ('4711', '2026-11-24 09:00', '17', '1', '0', 'ok')",
    )
    (found,) = read(database_url).appointments
    assert (found.appointment_id, found.status) == ("4711", "ok")


def test_columns_that_nobody_asked_for_do_no_harm(database_url: str) -> None:
    make_table(database_url, [{**ROW, "secret_notes": "x"}], columns=[*ROW, "secret_notes"])
    assert read(database_url).appointments == (NEEDED,)


def test_each_reading_sees_what_has_been_committed_since(database_url: str) -> None:
    make_table(database_url, [ROW])
    schedule = open_schedule(database_url)
    since, until = local("2026-11-24 00:00"), local("2026-11-25 00:00")
    assert len(schedule.read(since, until).appointments) == 1
    execute(database_url, "UPDATE reminder_appointments SET customer_id = '18'")
    assert [found.customer_id for found in schedule.read(since, until).appointments] == ["18"]
    execute(database_url, "DELETE FROM reminder_appointments")
    assert schedule.read(since, until).appointments == ()
    schedule.close()


def test_one_appointment_is_found_by_its_id_at_whatever_time(database_url: str) -> None:
    rows = [{**ROW, "appointment_id": key, "starts_at": f"{key}-05-01 10:00:00"} for key in ("1999", "2050")]
    make_table(database_url, rows)
    schedule = open_schedule(database_url)
    assert [found.appointment_id for found in schedule.find("2050").appointments] == ["2050"]
    assert [found.starts_at for found in schedule.find("1999").appointments] == [local("1999-05-01 10:00")]
    for other in ("205", "", "x' OR '1'='1", "2050\0", "\udcff"):
        assert schedule.find(other).appointments == ()
    schedule.close()


def test_an_integer_key_is_found_by_its_text(database_url: str) -> None:
    make_table(database_url, [{**ROW, "appointment_id": 17}], types={**TYPES, "appointment_id": "INTEGER"})
    schedule = open_schedule(database_url)
    assert [found.appointment_id for found in schedule.find("17").appointments] == ["17"]
    assert schedule.find("kein").appointments == ()
    schedule.close()


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("NUMERIC(12, 2)", "4711"),
        ("NUMERIC", "4711.0"),
        ("JSON", "'4711'"),
        ("JSONB", "'\"4711\"'"),
        ("CHAR(20)", "' 4711'"),
        ("TEXT", "E'4711\t'"),
        ("TEXT", "E'\u00a04711\r\n'"),
        ("BIGINT", "4711"),
    ],
)
def test_an_id_is_found_in_whatever_type_of_column(postgres_url: str, declared: str, value: str) -> None:
    make_table(postgres_url, types={**TYPES, "appointment_id": declared})
    execute(
        postgres_url,
        f"INSERT INTO reminder_appointments VALUES ({value}, '2026-11-24 09:00', '17', true, false)",
    )
    schedule = open_schedule(postgres_url)
    (read,) = schedule.read(local("2026-11-24 08:00"), local("2026-11-24 10:00")).appointments
    assert read.appointment_id == "4711"
    assert schedule.find("4711").appointments == (read,)
    schedule.close()


@pytest.mark.parametrize("around", ["\t", "\r\n", "\u00a0", "  "])
def test_what_surrounds_an_id_hides_it_from_nobody(database_url: str, around: str) -> None:
    make_table(database_url, [{**ROW, "appointment_id": f"{around}4711{around}"}])
    schedule = open_schedule(database_url)
    assert [found.appointment_id for found in schedule.find("4711").appointments] == ["4711"]
    schedule.close()


def test_a_bad_row_is_found_by_its_id(database_url: str) -> None:
    make_table(database_url, [{**ROW, "starts_at": None}])
    schedule = open_schedule(database_url)
    assert schedule.find("4711").bad_rows == (BadRow("4711", "starts_at: missing"),)
    schedule.close()


@pytest.mark.parametrize("column", ["sms_allowed", "email_allowed"])
def test_a_leave_that_cannot_be_read_is_none(database_url: str, column: str) -> None:
    make_table(database_url, [{**ROW, column: "frag nach"}], columns=[*ROW, column], types=TEXT_LEAVES)
    window = read(database_url)
    assert [getattr(found, column) for found in window.appointments] == [False]
    (warning,) = window.warnings
    assert warning.startswith(f"{column}: 1 value could not be read")


@pytest.mark.parametrize("word", ["M\ufffdchte k\ufffdine SMS", b"M\xf6chte keine SMS", b"\xff"])
def test_a_preferred_channel_whose_letters_are_lost_is_for_a_person(
    tmp_path: Path, word: str | bytes
) -> None:
    url = f"sqlite:///{tmp_path / 'schedule.db'}"
    make_table(url, [ROW], columns=[*ROW, "preferred_channel"])
    raw = word if isinstance(word, bytes) else word.encode()
    execute(url, f"UPDATE reminder_appointments SET preferred_channel = CAST(x'{raw.hex()}' AS TEXT)")
    window = read(url)
    assert [preference(found) for found in window.appointments] == [Preference.UNCLEAR]
    assert window.warnings[0].startswith("preferred_channel: 1 value could not be read")


@pytest.mark.parametrize("column", ["status", "branch_code"])
def test_a_status_or_branch_that_cannot_be_read_makes_a_bad_row(tmp_path: Path, column: str) -> None:
    url = f"sqlite:///{tmp_path / 'schedule.db'}"
    make_table(url, [ROW], columns=[*ROW, column])
    execute(url, f"UPDATE reminder_appointments SET {column} = CAST(x'67656CF6736368740A' AS TEXT)")
    window = read(url)
    assert window.appointments == ()
    assert [bad.detail for bad in window.bad_rows] == [f"{column}: not a text: bytes that are no text"]


def test_a_status_that_is_no_text_at_all_is_dropped_with_a_warning(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'schedule.db'}"
    make_table(url, [ROW], columns=[*ROW, "status"])
    execute(url, "ALTER TABLE reminder_appointments DROP COLUMN status")
    execute(url, "ALTER TABLE reminder_appointments ADD COLUMN status REAL DEFAULT 1.5")
    window = read(url)
    assert [found.status for found in window.appointments] == [""]
    assert window.warnings[0].startswith("status: 1 value could not be read")


def test_a_status_in_which_a_letter_is_lost_makes_a_bad_row(database_url: str) -> None:
    make_table(database_url, [{**ROW, "status": "gel\ufffdscht"}], columns=[*ROW, "status"])
    assert [bad.detail for bad in read(database_url).bad_rows] == ["status: broken letters: 'gel\ufffdscht'"]


def test_a_status_is_excluded_in_whatever_form_its_letters_came() -> None:
    for status in ("Ｓｔｏｒｎｉｅｒｔ", "Stor\u200dniert", "storniert\ufe0f"):
        assert is_excluded_status(status, Rules())


TEXT_LEAVES = {name: kind for name, kind in TYPES.items() if not name.endswith("_allowed")}


# ------------------------------------------------------------------ further columns, for texts


def test_further_columns_are_read_as_texts_whatever_they_hold(database_url: str) -> None:
    columns = [*ROW, "raum", "preis", "seit", "status"]
    types = {**TYPES, "preis": "NUMERIC(6, 2)"}
    make_table(
        database_url,
        [
            {**ROW, "raum": " Raum 2 ", "preis": 12, "seit": "2026-01-01", "status": "neu"},
            {**ROW, "appointment_id": "2"},
        ],
        columns=columns,
        types=types,
    )
    window = read(database_url, extra_columns=("Raum", "preis", "seit", "status"))
    second, first = window.appointments
    assert {name: first.extra[name] for name in ("Raum", "seit", "status")} == {
        "Raum": "Raum 2",
        "seit": "2026-01-01",
        "status": "neu",
    }
    assert first.extra["preis"] in ("12", "12.00")  # SQLite's, PostgreSQL's
    assert first.status == "neu"
    assert dict(second.extra) == {"Raum": "", "preis": "", "seit": "", "status": ""}


def test_without_further_columns_none_are_read(database_url: str) -> None:
    make_table(database_url, [ROW], columns=[*ROW, "raum"])
    assert [dict(found.extra) for found in read(database_url).appointments] == [{}]


# ------------------------------------------------------------------ ids


@pytest.mark.parametrize("column", ["appointment_id", "customer_id"])
def test_a_letter_of_one_sign_or_two_is_one_id(database_url: str, column: str) -> None:
    apart = unicodedata.normalize("NFD", "müller-1")
    rows = [{**ROW, "appointment_id": "1", column: "müller-1"}, {**ROW, "appointment_id": "2", column: apart}]
    make_table(database_url, rows[1:])
    (found,) = read(database_url).appointments
    assert getattr(found, column) == "müller-1"
    if column == "appointment_id":
        schedule = open_schedule(database_url)
        for asked in ("müller-1", apart):
            assert [each.appointment_id for each in schedule.find(asked).appointments] == ["müller-1"]
        schedule.close()


def test_rows_whose_ids_differ_by_such_a_letter_alone_are_rows_of_one_id(database_url: str) -> None:
    apart = unicodedata.normalize("NFD", "é")
    rows = [{**ROW, "appointment_id": "é"}, {**ROW, "appointment_id": apart, "customer_id": "18"}]
    make_table(database_url, rows)
    assert [bad.appointment_id for bad in read(database_url).bad_rows] == ["é"]


# ------------------------------------------------------------------ midnight

NOBODY_IS_TOLD: list[dict[str, object]] = [
    {"customer_id": None},
    {"is_group": True},
    {"type_notifiable": False},
    {"status": " storniert "},
    {"branch_code": "TEST1"},
]


@pytest.mark.parametrize("declared", ["TIMESTAMP", "TIMESTAMPTZ", "TEXT"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata"])
def test_a_start_at_midnight_is_a_bad_row_unless_the_settings_take_it(
    database_url: str, declared: str, zone: str
) -> None:
    here = ZoneInfo(zone)
    midnight = datetime(2026, 11, 25, tzinfo=here)
    rows = [
        {**ROW, "starts_at": "2026-11-25 00:00:00"},
        {**ROW, "appointment_id": "1", "starts_at": "2026-11-25 00:01"},
    ]
    if declared == "TIMESTAMPTZ" and "postgresql" in database_url:
        rows = [{**row, "starts_at": f"{row['starts_at']} {zone}"} for row in rows]
    make_table(database_url, rows, types={**TYPES, "starts_at": declared})
    window = read(database_url, zone=here, until="2026-11-27 00:00")
    assert [found.appointment_id for found in window.appointments] == ["1"]
    (bad,) = window.bad_rows
    assert (bad.appointment_id, bad.starts_at) == ("4711", midnight)
    assert "schedule.midnight_starts = true" in bad.detail
    taken = read(database_url, zone=here, until="2026-11-27 00:00", midnight_starts=True)
    assert [found.appointment_id for found in taken.appointments] == ["4711", "1"]


@pytest.mark.parametrize("why", NOBODY_IS_TOLD, ids=[next(iter(why)) for why in NOBODY_IS_TOLD])
def test_midnight_is_no_matter_where_nobody_would_be_told(database_url: str, why: dict[str, object]) -> None:
    row = {**ROW, "starts_at": "2026-11-25 00:00:00", "status": "", "branch_code": "HH1", **why}
    make_table(database_url, [row], columns=[*ROW, "status", "branch_code"])
    window = read(database_url, rules=Rules(exclude_branches=("TEST*",)))
    assert [found.appointment_id for found in window.appointments] == ["4711"]
    assert window.bad_rows == ()


def test_midnight_is_found_by_an_id_too(database_url: str) -> None:
    make_table(database_url, [{**ROW, "starts_at": "2026-11-25 00:00:00"}])
    schedule = open_schedule(database_url)
    assert [bad.appointment_id for bad in schedule.find("4711").bad_rows] == ["4711"]
    schedule.close()
