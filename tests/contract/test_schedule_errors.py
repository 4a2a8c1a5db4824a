"""Whatever a user can do wrong with the schedule ends in one sentence that names it."""

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from schedule_tables import BERLIN, ROW, TYPES, execute, make_table, open_schedule, read

from postgres import PostgresServer
from terminbenachrichtigung.config import Rules
from terminbenachrichtigung.errors import ScheduleError
from terminbenachrichtigung.schedule import Schedule

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def refusals(url: str, **how: object) -> list[str]:
    """What each way of reading says; all of them must refuse with one line."""
    schedule = open_schedule(url, **how)  # type: ignore[arg-type]
    ways = [
        schedule.probe,
        schedule.scan,
        schedule.uses_index,
        lambda: schedule.read(NOW, NOW),
        lambda: schedule.find("4711"),
    ]
    said = []
    for way in ways:
        with pytest.raises(ScheduleError) as refusal:
            way()
        said.append(str(refusal.value))
    schedule.close()
    assert not any("\n" in sentence for sentence in said)
    return said


def refusal(url: str, **how: object) -> str:
    (sentence,) = set(refusals(url, **how))
    return sentence


# ------------------------------------------------------------------ relation and columns


def test_a_missing_relation_is_named_with_what_to_do(database_url: str) -> None:
    make_table(database_url, name="something_else")
    said = refusal(database_url)
    assert "its relation 'reminder_appointments' is not there" in said
    assert "schedule.source" in said
    assert "`schedule init`" in said


def test_a_missing_relation_in_a_schema_is_named(postgres_url: str) -> None:
    assert "'praxis.termine' is not there" in refusal(postgres_url, source="praxis.termine")


def test_a_relation_in_a_schema_is_read(postgres_url: str) -> None:
    execute(postgres_url, "CREATE SCHEMA praxis")
    make_table(postgres_url, [ROW], name="praxis.termine")
    assert len(read(postgres_url, source="praxis.termine").appointments) == 1


def test_all_missing_columns_are_named_at_once(database_url: str) -> None:
    execute(database_url, "CREATE TABLE reminder_appointments (appointment_id TEXT, customer_id TEXT)")
    rules = Rules(include_branches=("HH*",), require_consent=True, hours_after_booking=2)
    assert refusal(database_url, rules=rules).endswith(
        "its relation 'reminder_appointments' lacks the columns starts_at, type_notifiable, is_group, "
        "branch_code (for rules.include_branches), reminder_consent (for rules.require_consent), "
        "created_at (for rules.hours_after_booking)."
    )


@pytest.mark.parametrize(
    ("rules", "column"),
    [
        (Rules(include_branches=("HH1",)), "branch_code (for rules.include_branches)"),
        (Rules(exclude_branches=("HH1",)), "branch_code (for rules.exclude_branches)"),
        (Rules(require_consent=True), "reminder_consent (for rules.require_consent)"),
        (Rules(hours_after_booking=1), "created_at (for rules.hours_after_booking)"),
    ],
)
def test_a_rule_in_use_needs_its_column(database_url: str, rules: Rules, column: str) -> None:
    make_table(database_url, [ROW])
    assert refusal(database_url, rules=rules).endswith(f"lacks the column {column}.")


def test_a_rule_in_use_is_content_with_its_column(database_url: str) -> None:
    make_table(database_url, [ROW], columns=[*ROW, "branch_code", "reminder_consent", "created_at"])
    rules = Rules(exclude_branches=("HH1",), require_consent=True, hours_after_booking=1)
    assert len(read(database_url, rules=rules).appointments) == 1


@pytest.mark.parametrize("declared", ["BIGINT", "INTERVAL", "BOOLEAN"])
def test_a_start_of_a_type_that_holds_no_times_is_refused(postgres_url: str, declared: str) -> None:
    make_table(postgres_url, types={**TYPES, "starts_at": declared})
    assert "holds no timestamps in its column starts_at" in refusal(postgres_url)


def test_a_view_that_refers_to_a_dropped_table_is_an_error_that_names_the_table(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'schedule.db'}"
    execute(
        url,
        "CREATE TABLE termine (id)",
        "CREATE VIEW reminder_appointments AS SELECT id AS appointment_id FROM termine",
        "DROP TABLE termine",
    )
    assert refusal(url).endswith("cannot be read: no such table: main.termine.")


def test_a_relation_that_changes_after_the_first_reading_is_looked_at_again(database_url: str) -> None:
    make_table(database_url, [ROW])
    schedule = open_schedule(database_url)
    schedule.probe()
    execute(database_url, "ALTER TABLE reminder_appointments RENAME TO moved_away")
    with pytest.raises(ScheduleError):
        schedule.read(NOW, NOW)
    with pytest.raises(ScheduleError, match="is not there"):
        schedule.read(NOW, NOW)
    make_table(database_url, [ROW], columns=[*ROW, "status"])
    schedule.read(NOW, NOW)
    schedule.close()


# ------------------------------------------------------------------ a query of the user's own


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM reminder_appointments",
        "SELECT * FROM reminder_appointments;",
        "SELECT * FROM reminder_appointments -- everything",
        "SELECT * FROM reminder_appointments; -- everything\n",
        "-- everything\nSELECT * FROM reminder_appointments\n;\n/* the\nend; */\n",
        "WITH all_of_them AS (SELECT * FROM reminder_appointments) SELECT * FROM all_of_them",
        "SELECT * FROM reminder_appointments WHERE customer_id LIKE '1%' AND ':nothing' <> ' :a ::b %s'",
        "SELECT * FROM reminder_appointments ORDER BY customer_id LIMIT 10",
        r"SELECT * FROM reminder_appointments WHERE customer_id <> 'a\:b'",
    ],
)
def test_a_query_takes_the_place_of_the_relation(database_url: str, query: str) -> None:
    make_table(database_url, [ROW, {**ROW, "appointment_id": "2"}])
    window = read(database_url, query=query)
    assert [found.appointment_id for found in window.appointments] == ["2", "4711"]


def test_a_query_may_write_a_colon_and_a_percent_sign_into_its_values(database_url: str) -> None:
    make_table(database_url, [ROW], types={**TYPES, "starts_at": "TEXT"})
    execute(database_url, "ALTER TABLE reminder_appointments ADD day TEXT")
    execute(database_url, "UPDATE reminder_appointments SET day = '2026-11-24'")
    query = (
        "SELECT appointment_id, day || ' 09' || ':30' AS starts_at, customer_id, "
        "type_notifiable, is_group, '100% :x ::y %(z)s \\:' AS status FROM reminder_appointments"
    )
    (found,) = read(database_url, query=query).appointments
    assert found.starts_at == datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    assert found.status == "100% :x ::y %(z)s \\:"


@pytest.mark.parametrize(
    "query",
    [
        "SELEKT * FROM reminder_appointments",
        "SELECT * FROM",
        "",
        "-- nothing",
        ";",
        "SELECT (",
        "SELECT * FROM nowhere",
        "SELECT nothing FROM reminder_appointments",
        "SELECT 1; DROP TABLE reminder_appointments",
        "SELECT 1) AS x; DROP TABLE reminder_appointments; --",
        "DROP TABLE reminder_appointments",
        "UPDATE reminder_appointments SET customer_id = 'x'",
    ],
)
def test_a_query_that_is_none_is_one_sentence_and_does_nothing(database_url: str, query: str) -> None:
    make_table(database_url, [ROW])
    assert refusal(database_url, query=query).startswith("The schedule ")
    assert [found.customer_id for found in read(database_url).appointments] == ["17"]


def test_a_query_without_the_columns_is_told_which(database_url: str) -> None:
    make_table(database_url, [ROW])
    said = refusal(database_url, query="SELECT appointment_id, starts_at, is_group FROM reminder_appointments")
    assert said.endswith("its query lacks the columns customer_id, type_notifiable.")


def test_a_query_that_fails_on_its_rows_is_one_sentence(postgres_url: str) -> None:
    make_table(postgres_url, [ROW])
    query = "SELECT *, 1 / (length(customer_id) - 2) AS status FROM reminder_appointments"
    with pytest.raises(ScheduleError, match="cannot be read: division by zero"):
        read(postgres_url, query=query)


# ------------------------------------------------------------------ files


def test_a_missing_file_is_named_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "schedule.db"
    assert str(path) in refusal(f"sqlite:///{path}")
    assert not path.exists()


def test_a_file_in_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert "No such file" in refusal(f"sqlite:///{tmp_path / 'nowhere' / 'schedule.db'}")


def test_a_folder_is_no_schedule(tmp_path: Path) -> None:
    assert "it is a folder" in refusal(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("content", [b"appointment_id;starts_at\n" * 100, b"SQLite format 3\0" + b"x" * 5000])
def test_a_file_of_another_kind_is_no_schedule(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "schedule.db"
    path.write_bytes(content)
    assert "is not an SQLite database" in refusal(f"sqlite:///{path}")


def test_an_empty_file_is_a_schedule_without_its_relation(tmp_path: Path) -> None:
    (tmp_path / "schedule.db").touch()
    assert "is not there" in refusal(f"sqlite:///{tmp_path / 'schedule.db'}")


@pytest.mark.parametrize("kept", [5000, 12_000])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "schedule.db"
    make_table(f"sqlite:///{path}", [{**ROW, "appointment_id": str(number)} for number in range(500)])
    path.write_bytes(path.read_bytes()[:kept] + b"\xff" * 9000)
    with pytest.raises(ScheduleError, match="is damaged"):
        read(f"sqlite:///{path}")


def test_a_locked_file_is_one_sentence_after_the_time_that_the_url_grants(tmp_path: Path) -> None:
    path = tmp_path / "schedule.db"
    make_table(f"sqlite:///{path}", [ROW])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "is locked by another program" in refusal(f"sqlite:///{path}?timeout=0.1")
        other.execute("ROLLBACK")
        assert len(read(f"sqlite:///{path}").appointments) == 1


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file::memory:?uri=true"])
def test_a_database_in_memory_is_no_schedule(url: str) -> None:
    with pytest.raises(ScheduleError, match="names no file"):
        open_schedule(url)


@pytest.mark.parametrize("name", ["Termine 2026.db", "100%.db", "a?b#c.db", "käse&x=1.db", "a%20b.db", "file.db"])
def test_any_file_name_is_opened_as_it_is(tmp_path: Path, name: str) -> None:
    other = tmp_path / "other.db"
    make_table(f"sqlite:///{other}", [ROW])
    other.rename(tmp_path / name)
    url = f"sqlite:///{tmp_path / name}".replace("?", "%3F").replace("%20", "%2520") if "?" not in name else None
    assert url is None or len(read(url).appointments) == 1


def test_a_url_of_sqlites_own_form_is_understood(tmp_path: Path) -> None:
    make_table(f"sqlite:///{tmp_path / 'a b.db'}", [ROW])
    for url in (f"sqlite:///file:{tmp_path}/a%20b.db?mode=rwc&uri=true", f"sqlite:///file://{tmp_path}/a%20b.db?uri=true"):
        assert len(read(url).appointments) == 1


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without root's rights, which no permission stops."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_may_not_be_read_is_one_sentence(open_folder: Path) -> None:
    path = open_folder / "schedule.db"
    make_table(f"sqlite:///{path}", [ROW])
    path.chmod(0)
    with as_nobody():
        assert "Permission denied" in refusal(f"sqlite:///{path}")
