"""Standard streams that are closed (`2>&-`): the run runs, and says so where it can."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from practice import Practice, days_ahead, number, reminder


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    with Practice(tmp_path, now=None) as practice:
        practice.configure(rules={"quiet_hours": False}, reminders=[reminder(72, channels=("sms",))])
        practice.book("1", days_ahead(2), customer=1)
        yield practice


def run(
    practice: Practice, closed: str, *options: str, command: str = "run-once"
) -> "subprocess.CompletedProcess[str]":
    """Run a command as a shell does, with some streams closed."""
    before = [each for each in options if each == "-v"]
    after = [each for each in options if each != "-v"]
    call = [sys.executable, "-m", "terminbenachrichtigung", "--config", str(practice.config)]
    line = f'"$@" {closed}'
    return subprocess.run(
        ["bash", "-c", line, "bash", *call, *before, command, *after],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=practice.folder,
        timeout=60,
        check=False,
    )


FULL = pytest.mark.full
CLOSED = [
    ">&-",
    "2>&-",
    "<&- >&- 2>&-",
    *(pytest.param(each, marks=FULL) for each in ("<&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-")),
]


@pytest.mark.parametrize("options", [[], pytest.param(["--quiet"], marks=FULL)])
@pytest.mark.parametrize("closed", CLOSED)
def test_a_run_with_closed_streams_sends_and_ends_without_a_traceback(
    practice: Practice, closed: str, options: list[str]
) -> None:
    ran = run(practice, closed, *options)
    assert practice.texted == [number(1)]
    assert "Traceback" not in ran.stdout + ran.stderr
    assert "Exception ignored" not in ran.stderr
    # A report that nobody can read was not written; with --quiet there is none.
    unwritten = ">&-" in closed.split() and options != ["--quiet"]
    assert ran.returncode == int(unwritten)
    (run_row,) = practice.run("history", "runs", "--json").json["runs"]
    assert run_row["ending"] == ("report not written" if unwritten else "complete")
    if unwritten and "2>&-" not in closed:
        assert "the output could not be written" in ran.stderr
    if "2>&-" in closed and ">&-" not in closed.split() and options != ["--quiet"]:
        assert "the standard error is closed" in ran.stdout


def test_news_that_met_a_closed_output_is_told_by_the_next_run(practice: Practice) -> None:
    practice.change("1", starts_at="soon")
    assert run(practice, ">&-").returncode == 1
    assert practice.run("run-once", "--quiet").exit_code == 1
    assert practice.run("run-once", "--quiet").exit_code == 0


def test_no_database_gets_the_number_of_a_closed_stream(practice: Practice) -> None:
    """An error that is printed must not land in the journal, which was opened meanwhile."""
    practice.sql("ALTER TABLE reminder_appointments RENAME COLUMN is_group TO x")
    ran = run(practice, "<&- >&- 2>&-")
    assert ran.returncode == 3
    assert practice.sql("PRAGMA integrity_check", "journal") == [("ok",)]


@pytest.mark.parametrize("command", ["dry-run", pytest.param("staff-list", marks=FULL)])
@pytest.mark.parametrize("closed", CLOSED)
def test_no_other_command_minds_either(practice: Practice, command: str, closed: str) -> None:
    ran = run(practice, closed, command=command)
    assert ran.returncode == int(">&-" in closed.split())
    assert "Traceback" not in ran.stdout + ran.stderr


@pytest.mark.parametrize("command", ["--version", "--help", "config schema", "opt-out list"])
def test_whatever_is_printed_on_a_full_disk_ends_with_a_sentence(practice: Practice, command: str) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [
                sys.executable,
                "-m",
                "terminbenachrichtigung",
                "--config",
                str(practice.config),
                *command.split(),
            ],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (ran.returncode, ran.stderr.count("\n")) == (1, 1)
    assert "the output could not be written" in ran.stderr
