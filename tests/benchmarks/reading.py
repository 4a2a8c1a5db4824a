"""A window out of a large schedule, into the program's own values."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from terminbenachrichtigung.config import Rules, ScheduleSettings
from terminbenachrichtigung.schedule import Schedule, own


class Table:
    """A schedule of so many appointments, a five-hundredth of a percent of them in the window."""

    def __init__(self, folder: Path, rows: int) -> None:
        path = folder / "schedule.db"
        own.init(f"sqlite:///{path}")
        first = datetime(2026, 1, 1, tzinfo=UTC)
        step = timedelta(days=730) / rows
        with sqlite3.connect(path) as connection:
            connection.execute("INSERT INTO appointment_types VALUES ('S', 'Sehtest', 1)")
            connection.execute(
                "INSERT INTO branches VALUES ('HH1', 'Optik Nord', '040 1', 'Lange Reihe 1', '')"
            )
            connection.executemany(
                "INSERT INTO customers (customer_id, salutation, first_name, last_name, mobile, email) "
                "VALUES (?, 'Frau', 'Anna', ?, ?, ?)",
                ((str(n), f"Berger{n}", f"0171 {n:07}", f"c{n}@example.org") for n in range(rows // 5)),
            )
            connection.executemany(
                "INSERT INTO appointments (appointment_id, customer_id, type_code, branch_code, starts_at) "
                "VALUES (?, ?, 'S', 'HH1', ?)",
                (
                    (str(n), str(n % (rows // 5)), (first + n * step).strftime("%Y-%m-%d %H:%M:%S"))
                    for n in range(rows)
                ),
            )
        connection.close()
        self._path = path
        self._since = first + timedelta(days=365)
        self._until = self._since + timedelta(days=2.2)
        settings = ScheduleSettings(url=SecretStr(f"sqlite:///{path}"))
        self._schedule = Schedule(settings, Rules(), ZoneInfo("UTC"))

    def ours(self) -> float:
        """Seconds for the window as `Appointment`s."""
        began = perf_counter()
        self._schedule.read(self._since, self._until)
        return perf_counter() - began

    def bare(self) -> float:
        """Seconds for the same rows as tuples."""
        began = perf_counter()
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)
        connection.execute(
            "SELECT * FROM reminder_appointments WHERE starts_at BETWEEN ? AND ?",
            (f"{self._since:%Y-%m-%d %H:%M}", f"{self._until:%Y-%m-%d %H:%M}"),
        ).fetchall()
        connection.close()
        return perf_counter() - began
