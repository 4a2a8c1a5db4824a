"""How the schedule is asked: by an index on `starts_at`, and without the power to write."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from schedule_tables import (
    BERLIN,
    NOW,
    ROW,
    TYPES,
    execute,
    local,
    make_table,
    open_schedule,
    read,
    refusal,
    writing,
)

from fuzzing import inputs
from terminbenachrichtigung.errors import ScheduleError
from terminbenachrichtigung.schedule.reading import Schedule

VIEW = (
    "CREATE VIEW reminder_appointments AS SELECT a.*, c.name AS last_name "
    "FROM termine a LEFT JOIN kunden c ON c.id = a.customer_id"
)
QUERY = "SELECT a.*, c.name AS last_name FROM termine a LEFT JOIN kunden c ON c.id = a.customer_id"


@pytest.fixture(scope="module")
def one_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A schedule with an index that many examples fill in turn."""
    url = f"sqlite:///{tmp_path_factory.mktemp('ranges') / 'schedule.db'}"
    make_table(url)
    execute(url, "CREATE INDEX by_start ON reminder_appointments (starts_at)")
    return url


def make_foreign(url: str, *, declared: str = "TIMESTAMP", index: bool = True, rows: int = 3000) -> None:
    """Two tables of a foreign program: appointments every ten minutes from 2026-11-01, and customers."""
    make_table(url, name="termine", types={**TYPES, "starts_at": declared})
    with writing(url) as connection:
        connection.exec_driver_sql("CREATE TABLE kunden (id TEXT PRIMARY KEY, name TEXT)")
        minutes = (
            "strftime('%Y-%m-%d %H:%M', '2026-11-01', (10 * i) || ' minutes')"
            if connection.dialect.name == "sqlite"
            else f"CAST(timestamp '2026-11-01' + i * interval '10 minutes' AS {declared})"
        )
        statement = (
            "INSERT INTO termine WITH RECURSIVE n(i) AS "
            f"(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) "
            f"SELECT CAST(i AS VARCHAR(9)), {minutes}, '17', true, false FROM n"
        )
        connection.exec_driver_sql(statement)
        if index:
            connection.exec_driver_sql("CREATE INDEX by_start ON termine (starts_at)")
        connection.exec_driver_sql("ANALYZE")


def plan_of(schedule: Schedule) -> list[str]:
    """How the database would go about the statement that a run uses."""
    schedule.probe()
    assert schedule._prepared is not None
    relation = schedule._prepared.relation
    since, until = local("2026-11-10 08:00"), local("2026-11-11 09:00")

    def work(connection: sa.Connection) -> list[str]:
        compiled = relation.window().compile(dialect=connection.dialect)
        values = compiled.construct_params(relation.bounds(since, until, BERLIN))
        explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        order = compiled.positiontup
        parameters: Any = tuple(values[name] for name in order) if order else values
        return [str(row[-1]) for row in connection.exec_driver_sql(explain + str(compiled), parameters)]

    return schedule._database.run(work)


@pytest.mark.parametrize("how", ["view", "query"])
def test_on_sqlite_no_part_of_a_reading_goes_through_the_whole_table(tmp_path: Path, how: str) -> None:
    url = f"sqlite:///{tmp_path / 'schedule.db'}"
    make_foreign(url)
    execute(url, VIEW)
    schedule = open_schedule(url, query=QUERY if how == "query" else None)
    of_appointments = [line for line in plan_of(schedule) if line.split()[1] == "a"]
    assert [line.split("(")[0].strip() for line in of_appointments] == ["SEARCH a USING INDEX by_start"] * 5
    assert "(starts_at>? AND starts_at<?)" in of_appointments[0]
    schedule.close()


@pytest.mark.parametrize("how", ["view", "query"])
@pytest.mark.parametrize("declared", ["TIMESTAMP", "TIMESTAMPTZ", "TEXT"])
def test_on_postgres_no_part_of_a_reading_goes_through_the_whole_table(
    postgres_url: str, declared: str, how: str
) -> None:
    make_foreign(postgres_url, declared=declared)
    execute(postgres_url, VIEW)
    schedule = open_schedule(postgres_url, query=QUERY if how == "query" else None)
    plan = plan_of(schedule)
    assert not [line for line in plan if "Seq Scan on termine" in line]
    assert any("Index Cond: ((starts_at >= " in line and "starts_at <" in line for line in plan)
    schedule.close()


@pytest.mark.parametrize("rows", [50, 3000])
@pytest.mark.parametrize("index", [True, False])
def test_whether_an_index_helps_is_told_of_small_and_large_schedules(
    database_url: str, index: bool, rows: int
) -> None:
    make_foreign(database_url, index=index, rows=rows)
    execute(database_url, VIEW)
    for query in (None, QUERY):
        schedule = open_schedule(database_url, query=query)
        assert schedule.uses_index() is index
        schedule.close()


def test_a_function_around_the_start_in_a_view_hides_the_index(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'schedule.db'}"
    make_foreign(url)
    query = (
        "SELECT appointment_id, datetime(starts_at) AS starts_at, customer_id, type_notifiable, is_group "
        "FROM termine"
    )
    schedule = open_schedule(url, query=query)
    assert schedule.uses_index() is False
    assert schedule.read(local("2026-11-10 08:00"), local("2026-11-10 09:00")).appointments
    schedule.close()


def test_only_the_rows_of_the_range_travel(database_url: str) -> None:
    make_foreign(database_url)
    execute(database_url, VIEW)
    schedule = open_schedule(database_url, midnight_starts=True)
    window = schedule.read(local("2026-11-10 08:00"), local("2026-11-11 09:00"))
    assert len(window.appointments) == 25 * 6 + 1

    assert schedule._prepared is not None
    prepared = schedule._prepared
    bounds = prepared.relation.bounds(local("2026-11-10 08:00"), local("2026-11-11 09:00"), BERLIN)
    rows = schedule._database.run(lambda connection: connection.execute(prepared.window, bounds).fetchall())
    assert len(rows) == len(window.appointments)
    schedule.close()


FORMS: list[Callable[[datetime], str]] = [
    # how a foreign program may write down a local reading, or a moment with an offset in hours
    lambda reading: reading.isoformat(" ", "minutes"),
    lambda reading: reading.isoformat("T", "minutes"),
    lambda reading: reading.isoformat(" ", "seconds"),
    lambda reading: reading.isoformat("T", "milliseconds"),
    lambda reading: reading.isoformat(" "),
]
RANGES = [FORMS[0], FORMS[1], FORMS[2], FORMS[4]]  # a minus behind these may be the word "until"
MINUTES = st.integers(-4 * 1440, 4 * 1440).map(lambda minutes: timedelta(minutes=minutes))
SECONDS = st.integers(-4 * 86400, 4 * 86400).map(lambda seconds: timedelta(seconds=seconds / 2))


@inputs(4)
@given(
    zone=st.sampled_from(["Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati", "Pacific/Pago_Pago"]),
    middle=st.sampled_from(["2026-11-24 10:00", "2026-10-25 02:30", "2027-03-28 02:30", "2026-12-31 23:59"]),
    texts=st.lists(
        st.tuples(SECONDS | MINUTES, st.sampled_from(FORMS), st.none() | st.integers(-12, 14)),
        min_size=1,
        max_size=12,
    ),
    ends=st.tuples(MINUTES | SECONDS, MINUTES | SECONDS).map(sorted),
)
def test_exactly_the_rows_of_the_range_are_found_however_they_are_written(
    one_url: str,
    zone: str,
    middle: str,
    texts: list[tuple[timedelta, Callable[[datetime], str], int | None]],
    ends: list[timedelta],
) -> None:
    here, reading = ZoneInfo(zone), datetime.fromisoformat(middle)
    since, until = (reading.replace(tzinfo=UTC) + end for end in ends)
    expected, unclear = set(), set()
    with writing(one_url) as connection:
        connection.exec_driver_sql("DELETE FROM reminder_appointments")
        for number, (shift, form, hours) in enumerate(texts):
            text = form(reading + shift) + ("" if hours is None else f"{hours:+03}:00")
            connection.exec_driver_sql(
                "INSERT INTO reminder_appointments VALUES (?, ?, '17', 1, 0)", (number, text)
            )
            if hours is not None and hours < 0 and form in RANGES and f"{-hours:02}:00" > text[11:16]:
                unclear.add(str(number))  # from then until then, or an offset: read as neither
                continue
            moment = datetime.fromisoformat(text)
            moment = (moment.replace(tzinfo=here) if moment.tzinfo is None else moment).astimezone(UTC)
            if moment.astimezone(here).time() == time(0):
                unclear.add(str(number))  # mostly a date alone
            elif since <= moment <= until:
                expected.add((str(number), moment))
    schedule = open_schedule(one_url, zone=here)
    window = schedule.read(since, until)
    schedule.close()
    assert {(found.appointment_id, found.starts_at) for found in window.appointments} == expected
    assert {found.appointment_id for found in window.bad_rows} <= unclear


# ------------------------------------------------------------------ read only


def test_on_postgres_the_transaction_is_read_only_even_for_the_owner(postgres_url: str) -> None:
    make_table(postgres_url, [ROW])
    schedule = open_schedule(postgres_url)
    for statement in (
        "UPDATE reminder_appointments SET customer_id = '18'",
        "SET transaction_read_only TO off; UPDATE reminder_appointments SET customer_id = '18'",
        "CREATE TABLE mine (x int)",
    ):
        first, _, second = statement.partition("; ")

        def work(connection: sa.Connection, first: str = first, second: str = second) -> None:
            connection.exec_driver_sql("SELECT 1 FROM reminder_appointments")
            connection.exec_driver_sql(first)
            connection.exec_driver_sql(second)

        with pytest.raises(ScheduleError, match=r"read-only|read-write mode must be set before any query"):
            schedule._database.run(work)
    schedule.close()
    assert [found.customer_id for found in read(postgres_url).appointments] == ["17"]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        (
            "WITH gone AS (DELETE FROM reminder_appointments RETURNING *) SELECT * FROM gone",
            "data-modifying statement",
        ),
        ("SELECT r.*, nextval('counter') AS status FROM reminder_appointments r", "read-only transaction"),
        ("SELECT r.*, spoil() AS status FROM reminder_appointments r", "read-only transaction"),
    ],
    ids=["a writing CTE", "a sequence", "a function that writes"],
)
def test_a_query_that_writes_fails_and_has_written_nothing(postgres_url: str, query: str, why: str) -> None:
    make_table(postgres_url, [ROW])
    execute(
        postgres_url,
        "CREATE SEQUENCE counter",
        "CREATE FUNCTION spoil() RETURNS text LANGUAGE sql AS "
        "$$ UPDATE reminder_appointments SET customer_id = '18' RETURNING customer_id $$",
    )
    with pytest.raises(ScheduleError, match=why):
        read(postgres_url, query=query)
    assert [found.customer_id for found in read(postgres_url).appointments] == ["17"]
    with writing(postgres_url) as connection:
        assert connection.exec_driver_sql("SELECT is_called FROM counter").scalar_one() is False


def test_on_sqlite_a_query_cannot_write_either(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'schedule.db'}"
    make_table(url, [ROW])
    with pytest.raises(ScheduleError):
        read(url, query="DELETE FROM reminder_appointments RETURNING *")
    assert len(read(url).appointments) == 1


def test_a_session_with_an_odd_date_style_is_read_alike(postgres_url: str) -> None:
    columns = [*ROW, "created_at"]
    make_table(
        postgres_url,
        [{**ROW, "created_at": "2026-11-12 13:14:15"}],
        columns=columns,
        types={**TYPES, "created_at": "TIMESTAMPTZ"},
    )
    with writing(postgres_url) as connection:
        connection.exec_driver_sql(
            "UPDATE reminder_appointments SET created_at = timestamptz '2026-11-12 13:14:15+00'"
        )
    options = "-c%20datestyle%3DGerman%20-c%20timezone%3DAsia/Tokyo"
    (found,) = read(f"{postgres_url}&options={options}").appointments
    assert found.starts_at == local("2026-11-24 09:00")
    assert found.created_at == datetime(2026, 11, 12, 13, 14, 15, tzinfo=UTC)


def test_a_reading_ends_its_transaction(postgres_url: str) -> None:
    make_table(postgres_url, [ROW])
    schedule = open_schedule(postgres_url)
    schedule.read(NOW, NOW)
    execute(postgres_url, "SET lock_timeout TO '1s'", "ALTER TABLE reminder_appointments ADD status TEXT")
    schedule.close()


WRITES_BETWEEN = [
    # what a query may do after it has ended our SELECT, before it begins another one
    "DELETE FROM reminder_appointments",
    "COMMIT; DELETE FROM reminder_appointments",
    "ROLLBACK; BEGIN READ WRITE; DELETE FROM reminder_appointments; COMMIT",
    "SET default_transaction_read_only TO off; COMMIT; DELETE FROM reminder_appointments; COMMIT",
]
SMUGGLED = [
    f"SELECT * FROM reminder_appointments) AS x; {done}; SELECT * FROM (SELECT 1" for done in WRITES_BETWEEN
]
SMUGGLED += [
    # Our own look at the query takes all of this for one text; the server does not.
    rf"SELECT * FROM reminder_appointments WHERE status <> E'\'') AS x; {done}; SELECT * FROM (SELECT 1 -- '"
    for done in WRITES_BETWEEN
]


@pytest.mark.parametrize("query", SMUGGLED)
def test_a_query_that_ends_the_select_and_deletes_has_deleted_nothing(postgres_url: str, query: str) -> None:
    make_table(postgres_url, [ROW], columns=[*ROW, "status"])
    assert "cannot insert multiple commands" in refusal(postgres_url, query=query)
    assert [found.customer_id for found in read(postgres_url).appointments] == ["17"]


def test_on_postgres_the_session_is_read_only_beyond_its_transaction(postgres_url: str) -> None:
    make_table(postgres_url, [ROW])
    schedule = open_schedule(postgres_url)

    def work(connection: sa.Connection) -> None:
        connection.commit()
        connection.exec_driver_sql("COMMIT")
        raw: Any = connection.connection.driver_connection
        raw.rollback()
        raw.read_only = None  # as the session has it
        raw.execute("UPDATE reminder_appointments SET customer_id = '18'")

    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        schedule._database.run(work)
    schedule.close()


VIEW_OF_TEXTS = (
    "CREATE VIEW reminder_appointments AS SELECT '4711' AS appointment_id, "
    "to_timestamp('2026-11-24 09:00', 'YYYY-MM-DD HH24:MI') AS starts_at, "
    "'17' AS customer_id, true AS type_notifiable, false AS is_group"
)


@pytest.mark.parametrize("options", ["", "&options=-c%20timezone%3DUTC"])
def test_what_a_view_makes_of_texts_means_the_practices_clock(postgres_url: str, options: str) -> None:
    execute(postgres_url, VIEW_OF_TEXTS, "ALTER DATABASE fresh SET timezone TO 'America/New_York'")
    (found,) = read(postgres_url + options).appointments
    assert found.starts_at == local("2026-11-24 09:00")


def test_a_url_without_a_driver_has_the_same_session(postgres_url: str) -> None:
    execute(postgres_url, VIEW_OF_TEXTS, "ALTER DATABASE fresh SET timezone TO 'America/New_York'")
    (found,) = read(postgres_url.replace("postgresql+psycopg:", "postgresql:")).appointments
    assert found.starts_at == local("2026-11-24 09:00")


def test_the_search_path_of_the_url_is_kept(postgres_url: str) -> None:
    execute(postgres_url, "CREATE SCHEMA praxis")
    make_table(postgres_url, [ROW], name="praxis.reminder_appointments")
    assert len(read(f"{postgres_url}&options=-csearch_path%3Dpraxis").appointments) == 1
