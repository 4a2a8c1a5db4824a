"""Behind a real pgbouncer, and a schedule in a real MariaDB."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from schedule_tables import execute, open_schedule, read
from sqlalchemy.pool import NullPool

from postgres import PostgresServer
from practice import TYPES, Practice, number
from real.databases import german_postgres, mariadb, pgbouncer
from terminbenachrichtigung.errors import ScheduleError

# ---------------------------------------------------------------- pgbouncer


@pytest.fixture(params=["transaction", "session"])
def pooled_url(
    request: pytest.FixtureRequest, postgres_server: PostgresServer, postgres_url: str
) -> Iterator[str]:
    """The empty database, reached through a pooler."""
    with pgbouncer(postgres_server, request.param) as address:
        yield f"postgresql://postgres@{address}/fresh"


def test_schedule_and_journal_may_lie_behind_a_pooler(tmp_path: Path, pooled_url: str) -> None:
    with Practice(tmp_path, schedule_url=pooled_url, journal_url=pooled_url) as practice:
        for customer in range(40):
            practice.book(str(customer), f"2026-11-25 08:{customer + 10}", customer)
        ran = practice.run_once()
        assert (ran.exit_code, ran.stderr) == (0, "")
        assert ran.outcomes == {str(customer): "sent" for customer in range(40)}
        again = practice.run_once()
        assert (again.exit_code, again.stderr, again.outcomes) == (0, "", {})
        assert sorted(practice.texted) == sorted(number(customer) for customer in range(40))
        for command in ("config check --connect", "schedule inspect", "staff-list", "history --limit 5"):
            assert practice.run(*command.split()).exit_code == 0


def test_a_file_is_imported_again_and_again_behind_a_pooler(tmp_path: Path, pooled_url: str) -> None:
    with Practice(tmp_path, schedule_url=pooled_url, journal_url=pooled_url) as practice:
        practice.sql("DROP TABLE reminder_appointments")
        assert practice.run("schedule", "init").exit_code == 0
        export = tmp_path / "termine.csv"
        for day in range(1, 6):
            lines = [f"T{n};{day + 24}.11.2026;{n}:00;{n};Meier {n};0171 555000{n}" for n in range(1, 9)]
            export.write_text("\n".join(["Terminnummer;Datum;Uhrzeit;Kundennummer;Name;Mobil", *lines, ""]))
            ran = practice.run("schedule", "import", str(export), "--force")
            assert (ran.exit_code, ran.stderr) == (0, "")


def test_what_one_reading_sets_stays_with_nobody_else_behind_a_pooler(pooled_url: str) -> None:
    execute(
        pooled_url.replace("postgresql:", "postgresql+psycopg:"),
        "CREATE VIEW reminder_appointments AS SELECT 'x' AS appointment_id, "
        "to_timestamp('2026-11-24 09:00', 'YYYY-MM-DD HH24:MI') AS starts_at, "
        "'17' AS customer_id, true AS type_notifiable, false AS is_group",
    )
    for _ in range(5):
        (found,) = read(pooled_url).appointments
        assert f"{found.starts_at:%H:%M}" == "08:00"  # nine in Berlin
    engine = sa.create_engine(
        pooled_url.replace("postgresql:", "postgresql+psycopg:"),
        poolclass=NullPool,
        connect_args={"prepare_threshold": None},
    )
    for attempt in range(5):
        with engine.begin() as other:  # another program, which gets the same session
            zone, read_only = other.exec_driver_sql(
                "SELECT current_setting('TimeZone'), current_setting('default_transaction_read_only')"
            ).one()
            assert (zone != "Europe/Berlin", read_only) == (True, "off")
            other.exec_driver_sql(f"CREATE TABLE mine{attempt} (x int)")


def test_an_option_that_a_pooler_refuses_ends_in_one_sentence_with_what_to_do(
    tmp_path: Path, pooled_url: str
) -> None:
    url = f"{pooled_url}?options=-csearch_path%3Dpraxis"
    schedule = open_schedule(url)
    with pytest.raises(Exception, match=r"unsupported startup parameter.*directly") as refused:
        schedule.probe()
    assert "\n" not in str(refused.value)
    with Practice(tmp_path) as practice:
        practice.configure(journal={"url": url})
        ran = practice.run("dry-run")
        assert ran.exit_code == 3
        assert "lead the URL to the server directly" in ran.stderr
        assert len(ran.stderr.splitlines()) == 1


# ---------------------------------------------------------------- a German PostgreSQL


FORMS = ["2026-11-24 09:00", "2026-11-24T09:00", "2026-11-24 10:00:00+02"]
ODD = [
    "20026-11-24 9:00",
    "2026-11-2 9:00",
    "20.1.2027 9:00",
    "2027-1-1 9:00",
    "2026/11/24 09:00",
    "24.11.2026",
    "20261124T0900",
]


def test_no_form_of_text_hides_a_row_where_blanks_and_signs_are_passed_over() -> None:
    with german_postgres() as url:
        columns = "starts_at TEXT, customer_id TEXT, type_notifiable BOOLEAN, is_group BOOLEAN"
        rows = ", ".join(f"('{start}', '{start}', '17', true, false)" for start in FORMS + ODD)
        execute(
            url,
            f"CREATE TABLE reminder_appointments (appointment_id TEXT, {columns})",
            f"INSERT INTO reminder_appointments VALUES {rows}, ('x', '2026-12-24 09:00', '17', true, false)",
        )
        found = {"2026-11-24": set(FORMS), "2026-11-02": set(), "2027-01-20": set(), "2027-01-01": set()}
        for index in ("", 'CREATE INDEX ON reminder_appointments (starts_at COLLATE "C")'):
            execute(url, *filter(None, [index]))
            bad: set[str] = set()
            for day, expected in found.items():
                window = read(url, since=f"{day} 00:00", until=f"{day} 23:00")
                assert {each.appointment_id for each in window.appointments} == expected
                bad |= {each.appointment_id or each.detail for each in window.bad_rows}
            assert len(bad) == len(ODD), bad


def test_the_index_that_such_a_database_wants_is_named_until_it_is_there(tmp_path: Path) -> None:
    with german_postgres() as url, Practice(tmp_path, journal_url=url, schedule_url=url) as practice:
        columns = "(appointment_id, starts_at, customer_id, type_notifiable, is_group)"
        hours = "to_char(timestamp '2026-01-01' + n * interval '1 hour', 'YYYY-MM-DD HH24:MI')"
        execute(
            url,
            "ALTER TABLE reminder_appointments ALTER COLUMN starts_at TYPE TEXT",
            f"INSERT INTO reminder_appointments {columns} "
            f"SELECT n::text, {hours}, n::text, true, false FROM generate_series(1, 5000) n",
            f"INSERT INTO reminder_appointments {columns} "
            "VALUES ('odd', '20026-11-25 9:00', '17', true, false)",
            "CREATE INDEX by_start ON reminder_appointments (starts_at)",
            "ANALYZE",
        )
        wanted = 'CREATE INDEX ON reminder_appointments (starts_at COLLATE "C")'
        assert wanted in practice.run("config", "check", "--connect").stderr
        assert [bad.appointment_id for bad in read(url).bad_rows] == ["odd"]
        execute(url, wanted)
        assert "INDEX" not in practice.run("config", "check", "--connect").stderr
        assert [bad.appointment_id for bad in read(url).bad_rows] == ["odd"]


# ---------------------------------------------------------------- MariaDB


@pytest.fixture(scope="module")
def mariadb_url() -> Iterator[str]:
    """One server for all of these tests."""
    with mariadb() as url:
        engine = sa.create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            kinds = {"BOOLEAN": "BOOLEAN", "TIMESTAMP": "DATETIME", "TEXT": "VARCHAR(200)"}
            columns = ", ".join(f"{name} {kinds[kind]}" for name, kind in TYPES.items())
            connection.exec_driver_sql(f"CREATE TABLE reminder_appointments ({columns})")
            connection.exec_driver_sql("CREATE TABLE texts LIKE reminder_appointments")
            connection.exec_driver_sql("ALTER TABLE texts MODIFY starts_at VARCHAR(40)")
            insert = (
                "INSERT INTO {} (appointment_id, starts_at, customer_id, type_notifiable, is_group) VALUES {}"
            )
            connection.exec_driver_sql(
                insert.format(
                    "reminder_appointments",
                    "('1', '2026-11-24 09:00', '17', 1, 0), ('2', '2026-11-24 00:00', '17', 1, 0), "
                    "('far', '2026-12-24 09:00', '17', 1, 0)",
                )
            )
            connection.exec_driver_sql(
                insert.format(
                    "texts",
                    "('1', '2026-11-24 09:00', '17', 1, 0), ('2', '24.11.2026 09:00', '17', 1, 0), "
                    "('3', '20261124T0900', '17', 1, 0), ('4', '2026-11-24 9:00', '17', 1, 0), "
                    "('5', '', '17', 1, 0), ('6', '2026/11/24 09:00', '17', 1, 0), "
                    "('far', '2026-12-24 09:00', '17', 1, 0), ('never', '9999-12-31 09:00', '17', 1, 0)",
                )
            )
        yield url


def test_a_schedule_in_mariadb_is_read(mariadb_url: str) -> None:
    window = read(mariadb_url)
    assert [found.appointment_id for found in window.appointments] == ["1"]
    assert [bad.appointment_id for bad in window.bad_rows] == ["2"]  # midnight
    schedule = open_schedule(mariadb_url)
    assert [found.appointment_id for found in schedule.find("far").appointments] == ["far"]
    assert schedule.scan().bad_rows == ()
    schedule.close()


def test_no_form_of_text_hides_a_row_in_mariadb(mariadb_url: str) -> None:
    window = read(mariadb_url, source="texts")
    assert [found.appointment_id for found in window.appointments] == ["1"]
    assert sorted(bad.appointment_id or "" for bad in window.bad_rows) == ["2", "3", "4", "5", "6"]


def test_a_query_of_mariadb_that_writes_changes_nothing(mariadb_url: str) -> None:
    engine = sa.create_engine(mariadb_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS counted (n INT)")
        connection.exec_driver_sql(
            "CREATE FUNCTION spoil() RETURNS INT MODIFIES SQL DATA "
            "BEGIN INSERT INTO counted VALUES (1); RETURN 1; END"
        )
    for query, words in (
        ("SELECT r.*, spoil() AS status FROM reminder_appointments r", "READ ONLY"),
        ("SELECT * FROM reminder_appointments) AS x; DELETE FROM reminder_appointments; -- ", "syntax"),
    ):
        with pytest.raises(ScheduleError, match=words):
            read(mariadb_url, query=query)
    assert [found.appointment_id for found in read(mariadb_url).appointments] == ["1"]
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM counted").scalar() == 0


@pytest.mark.parametrize(
    ("spoiled", "words"),
    [
        (lambda url: url.removesuffix("/praxis"), "names no database: put it behind the host"),
        (lambda url: url.replace("/praxis", "/nowhere"), "cannot be read: Access denied for user"),
        (lambda url: url.replace("geheim", "falsch"), "cannot be read: Access denied for user"),
        (lambda url: url.replace("praxis:", "keiner:"), "cannot be read: Access denied for user"),
    ],
    ids=["no database", "another database", "a wrong password", "no such user"],
)
def test_a_wrong_url_of_mariadb_is_one_sentence(
    tmp_path: Path, mariadb_url: str, spoiled: Callable[[str], str], words: str
) -> None:
    with Practice(tmp_path) as practice:
        practice.configure(schedule={"url": spoiled(mariadb_url)})
        ran = practice.run("dry-run")
    assert (ran.exit_code, len(ran.stderr.splitlines())) == (3, 1)
    assert words in ran.stderr
    assert "geheim" not in ran.stderr


def test_a_relation_that_mariadb_does_not_have_is_named(mariadb_url: str) -> None:
    with pytest.raises(Exception, match="its relation 'nowhere' is not there"):
        read(mariadb_url, source="nowhere")
