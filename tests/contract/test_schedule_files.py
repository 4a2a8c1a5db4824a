"""The schedule as an SQLite file: whatever is wrong with it, and that nothing is ever written to it."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from schedule_tables import NOW, ROW, execute, local, make_table, open_schedule, read, refusal

from terminbenachrichtigung.errors import ScheduleError


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without the rights of root, whom no permission stops."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody can reach, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_missing_file_is_named_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "schedule.db"
    said = refusal(f"sqlite:///{path}")
    assert str(path) in said
    assert said.endswith("make one of the tool's own: terminbenachrichtigung schedule init.")
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


@pytest.mark.parametrize("name", ["Termine 2026.db", "100%.db", "b#c.db", "käse&x=1.db", "file:.db"])
def test_any_file_name_is_opened_as_it_is(tmp_path: Path, name: str) -> None:
    make_table(f"sqlite:///{tmp_path / 'made.db'}", [ROW])
    (tmp_path / "made.db").rename(tmp_path / name)
    assert len(read(f"sqlite:///{tmp_path / name}").appointments) == 1


def test_a_url_of_sqlites_own_form_is_understood(tmp_path: Path) -> None:
    make_table(f"sqlite:///{tmp_path / 'a b.db'}", [ROW])
    for url in (
        f"sqlite:///file:{tmp_path}/a%20b.db?mode=rwc&uri=true",
        f"sqlite:///file://{tmp_path}/a%20b.db?uri=true",
    ):
        assert len(read(url).appointments) == 1


def test_a_file_that_may_not_be_read_is_one_sentence(folder: Path) -> None:
    path = folder / "schedule.db"
    make_table(f"sqlite:///{path}", [ROW])
    path.chmod(0)
    with as_nobody():
        assert "Permission denied" in refusal(f"sqlite:///{path}")


def test_a_file_whose_folder_may_not_be_entered_is_one_sentence(folder: Path) -> None:
    make_table(f"sqlite:///{folder / 'schedule.db'}", [ROW])
    folder.chmod(0o700)
    with as_nobody():
        assert "Permission denied" in refusal(f"sqlite:///{folder / 'schedule.db'}")


def test_a_file_left_in_the_middle_of_a_change_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "schedule.db"
    url = f"sqlite:///{path}"
    make_table(url, [{**ROW, "appointment_id": str(number)} for number in range(2000)])
    with closing(sqlite3.connect(path, isolation_level=None)) as crashing:
        crashing.execute("PRAGMA cache_size = 5")  # so that changes go to the file before the commit
        crashing.execute("BEGIN")
        crashing.execute("UPDATE reminder_appointments SET customer_id = customer_id || 'x'")
        (tmp_path / "copy.db-journal").write_bytes((tmp_path / "schedule.db-journal").read_bytes())
        (tmp_path / "copy.db").write_bytes(path.read_bytes())
    assert "by a program that crashed" in refusal(f"sqlite:///{tmp_path / 'copy.db'}")


# ------------------------------------------------------------------ never written


def test_the_connection_cannot_write(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'schedule.db'}"
    make_table(url, [ROW])
    schedule = open_schedule(f"{url}?mode=rwc")
    with pytest.raises(ScheduleError, match="readonly"):
        schedule._database.run(
            lambda connection: connection.exec_driver_sql("UPDATE reminder_appointments SET customer_id = 1")
        )
    schedule.close()


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_reading_leaves_every_byte_and_every_file_as_it_was(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "schedule.db"
    make_table(f"sqlite:///{path}", [ROW])
    execute(f"sqlite:///{path}", f"PRAGMA journal_mode = {mode}")
    before = path.read_bytes(), path.stat().st_mtime_ns
    schedule = open_schedule(f"sqlite:///{path}")
    assert len(schedule.read(local("2026-11-24 00:00"), local("2026-11-25 00:00")).appointments) == 1
    schedule.scan()
    schedule.close()
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    # A -shm of ours beside a schedule in WAL mode could lock its own program out.
    assert [file.name for file in tmp_path.iterdir()] == ["schedule.db"]


def test_a_wal_schedule_in_a_folder_that_is_not_ours_is_read(folder: Path) -> None:
    url = f"sqlite:///{folder / 'schedule.db'}"
    make_table(url, [ROW])
    execute(url, "PRAGMA journal_mode = wal")
    with as_nobody():
        assert len(read(url).appointments) == 1


def test_a_wal_schedule_in_use_is_read_as_its_program_has_left_it(folder: Path) -> None:
    url = f"sqlite:///{folder / 'schedule.db'}"
    make_table(url, [ROW])
    with closing(sqlite3.connect(folder / "schedule.db", isolation_level=None)) as program:
        program.execute("PRAGMA journal_mode = wal")
        program.execute("UPDATE reminder_appointments SET customer_id = '18'")
        with as_nobody():
            assert [found.customer_id for found in read(url).appointments] == ["18"]
            program.execute("UPDATE reminder_appointments SET customer_id = '19'")
            assert [found.customer_id for found in read(url).appointments] == ["19"]


def test_a_wal_schedule_whose_program_starts_during_the_reading_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "schedule.db"
    make_table(f"sqlite:///{path}", [ROW])
    execute(f"sqlite:///{path}", "PRAGMA journal_mode = wal")
    schedule = open_schedule(f"sqlite:///{path}")
    readings: list[str] = []

    def work(connection: sa.Connection) -> str:
        customer = connection.exec_driver_sql("SELECT customer_id FROM reminder_appointments").scalar_one()
        if not readings:
            execute(f"sqlite:///{path}", "UPDATE reminder_appointments SET customer_id = '18'")
        readings.append(str(customer))
        return str(customer)

    assert schedule._database.run(work) == "18"
    assert readings == ["17", "18"]
    schedule.close()


def test_a_file_that_an_export_puts_in_place_of_another_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "schedule.db"
    make_table(f"sqlite:///{path}", [ROW])
    make_table(f"sqlite:///{tmp_path / 'export.db'}", [{**ROW, "customer_id": "18"}])
    schedule = open_schedule(f"sqlite:///{path}")
    since, until = local("2026-11-24 00:00"), local("2026-11-25 00:00")
    assert [found.customer_id for found in schedule.read(since, until).appointments] == ["17"]
    (tmp_path / "export.db").replace(path)
    assert [found.customer_id for found in schedule.read(since, until).appointments] == ["18"]
    schedule.close()


def test_reading_does_not_take_away_the_locks_of_others_in_this_process(tmp_path: Path) -> None:
    path = tmp_path / "schedule.db"
    make_table(f"sqlite:///{path}", [ROW])
    schedule = open_schedule(f"sqlite:///{path}?timeout=0.1")
    schedule.probe()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for _ in range(2):
            with pytest.raises(ScheduleError, match="locked"):
                schedule.read(NOW, NOW)
        other.execute("ROLLBACK")
    schedule.close()
