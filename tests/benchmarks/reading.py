"""A window out of a large schedule, into the program's own values."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import psycopg
import sqlalchemy as sa
from pydantic import SecretStr

from terminbenachrichtigung.config.settings import Rules, ScheduleSettings
from terminbenachrichtigung.own_schedule import init
from terminbenachrichtigung.schedule.reading import Schedule

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
SINCE = FIRST + timedelta(days=365)
UNTIL = SINCE + timedelta(days=2.2)
"""Of two years, so that 3,000 of a million appointments lie in it."""


class Table:
    """A schedule of so many appointments in two years, five for each customer."""

    def __init__(self, url: str, bare: Callable[[], object]) -> None:
        """`bare` fetches the same rows by the driver alone."""
        settings = ScheduleSettings(url=SecretStr(url))
        self._schedule = Schedule(settings, Rules(), ZoneInfo("UTC"))
        self._bare = bare

    def ours(self) -> float:
        """Seconds for the window as `Appointment`s."""
        began = perf_counter()
        self._schedule.read(SINCE, UNTIL)
        return perf_counter() - began

    def bare(self) -> float:
        """Seconds for the same rows as tuples."""
        began = perf_counter()
        self._bare()
        return perf_counter() - began

    def check(self, rows: int) -> None:
        """Both give what they are meant to give: a window without rows would be read quickly."""
        expected = rows * (UNTIL - SINCE) / timedelta(days=730)
        found = len(self._schedule.read(SINCE, UNTIL).appointments)
        assert abs(found - expected) <= 2, (found, expected)


def sqlite_table(folder: Path, rows: int) -> Table:
    """In a file."""
    path = folder / "schedule.db"
    url = f"sqlite:///{path}"
    init.init(url)
    step = timedelta(days=730) / rows
    with closing(sqlite3.connect(path)) as connection:
        _head(connection.execute)
        connection.executemany(
            "INSERT INTO customers (customer_id, salutation, first_name, last_name, mobile, email) "
            "VALUES (?, 'Frau', 'Anna', ?, ?, ?)",
            ((str(n), f"Berger{n}", f"0171 {n:07}", f"c{n}@example.org") for n in range(rows // 5)),
        )
        connection.executemany(
            "INSERT INTO appointments (appointment_id, customer_id, type_code, branch_code, starts_at) "
            "VALUES (?, ?, 'S', 'HH1', ?)",
            (
                (str(n), str(n % (rows // 5)), (FIRST + n * step).strftime("%Y-%m-%d %H:%M:%S"))
                for n in range(rows)
            ),
        )
        connection.commit()

    def bare() -> object:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return connection.execute(
                "SELECT * FROM reminder_appointments WHERE starts_at BETWEEN ? AND ?",
                (f"{SINCE:%Y-%m-%d %H:%M}", f"{UNTIL:%Y-%m-%d %H:%M}"),
            ).fetchall()

    return Table(url, bare)


def postgres_table(url: str, rows: int) -> Table:
    """The same in an empty PostgreSQL database."""
    init.init(url)
    conninfo = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo) as connection:
        _head(lambda statement: connection.execute(statement.encode()))
        connection.execute(
            "INSERT INTO customers (customer_id, salutation, first_name, last_name, mobile, email) "
            "SELECT n, 'Frau', 'Anna', 'Berger' || n, '0171 ' || lpad(n::text, 7, '0'), "
            "'c' || n || '@example.org' FROM generate_series(0, %s - 1) AS n",
            (rows // 5,),
        )
        connection.execute(
            "INSERT INTO appointments (appointment_id, customer_id, type_code, branch_code, starts_at) "
            "SELECT n, n %% %s, 'S', 'HH1', %s + n * %s FROM generate_series(0, %s - 1) AS n",
            (rows // 5, FIRST, timedelta(days=730) / rows, rows),
        )
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")

    def bare() -> object:
        with psycopg.connect(conninfo) as connection:
            return connection.execute(
                "SELECT * FROM reminder_appointments WHERE starts_at BETWEEN %s AND %s", (SINCE, UNTIL)
            ).fetchall()

    return Table(url, bare)


def _head(execute: Callable[[str], object]) -> None:
    execute("INSERT INTO appointment_types (type_code, name) VALUES ('S', 'Sehtest')")
    execute(
        "INSERT INTO branches (branch_code, name, phone, address) "
        "VALUES ('HH1', 'Optik Nord', '040 1', 'Lange Reihe 1')"
    )
