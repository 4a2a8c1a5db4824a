"""A practice whose schedule is the tool's own, and what came of a file that was brought into it."""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from practice import BERLIN, Practice, Ran, local

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class OwnPractice:
    """Tuesday, ten o'clock: files come in, one after the other."""

    def __init__(self, practice: Practice) -> None:
        self.practice = practice
        self._files = 0

    def bring(
        self,
        content: str | bytes,
        *options: str,
        name: str = "export.csv",
        written: str | None = None,
        now: str | None = None,
    ) -> Ran:
        """Import a file, and return what `--json` says; each file is a minute younger than the one before."""
        path = self.practice.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self._files += 1
        moment = local(written).timestamp() if written else START.timestamp() - 3600 + 60 * self._files
        os.utime(path, (moment, moment))
        return self.practice.run("schedule", "import", str(path), "--json", *options, now=now)

    def taken(self, content: str | bytes, *options: str, name: str = "export.csv") -> Mapping[str, str]:
        """Import a file about which there is nothing to say, and return what stands then."""
        ran = self.bring(content, *options, name=name)
        assert (ran.exit_code, ran.stderr) == (0, ""), ran.stdout
        return self.standing()

    def standing(self) -> dict[str, str]:
        """Of every appointment that a run may tell: when, to whom, and where."""
        return {
            key: f"{_local(start)} {name} {number}".strip()
            for key, start, name, number in self._rows(
                "SELECT appointment_id, starts_at, TRIM(first_name || ' ' || last_name), "
                "CASE WHEN mobile <> '' THEN mobile WHEN phone <> '' THEN phone ELSE email END "
                "FROM reminder_appointments WHERE status NOT IN ('Storniert', 'Geplatzt') "
                "AND import_state = '' AND customer_id IS NOT NULL ORDER BY 1"
            )
        }

    def _rows(self, statement: str) -> list[tuple[str, ...]]:
        return [tuple(row) for row in self.practice.sql(statement)]

    def state(self, appointment_id: str) -> tuple[str, str]:
        """Status and import state of an appointment."""
        ((status, state),) = self._rows(
            "SELECT status, import_state FROM reminder_appointments "
            f"WHERE appointment_id = '{appointment_id}'"
        )
        return status, state


def _local(start: object) -> str:
    """A start as the practice's clock shows it, which is how SQLite holds it."""
    return str(start.astimezone(BERLIN) if isinstance(start, datetime) else start)[:16]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OwnPractice]:
    """A practice without a database of its own, before its first file."""
    yield from with_its_own_schedule(tmp_path, "sqlite:///schedule.db")


def with_its_own_schedule(folder: Path, url: str) -> Iterator[OwnPractice]:
    """The same in the database of that URL."""
    with Practice(folder, schedule_url=url) as practice:
        practice.sql("DROP TABLE reminder_appointments")
        assert practice.run("schedule", "init").exit_code == 0
        yield OwnPractice(practice)
