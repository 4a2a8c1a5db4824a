"""Schedules for the tests: one table with the contract's columns, on SQLite or PostgreSQL."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.pool import NullPool

from terminbenachrichtigung.config.settings import Rules, ScheduleSettings
from terminbenachrichtigung.errors import ScheduleError
from terminbenachrichtigung.model.appointment import Window
from terminbenachrichtigung.schedule.reading import Portions, Schedule

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, tzinfo=UTC)

ROW: Mapping[str, object] = {
    "appointment_id": "4711",
    "starts_at": "2026-11-24 09:00:00",
    "customer_id": "17",
    "type_notifiable": True,
    "is_group": False,
}
"""A row with only what is needed."""

TYPES: Mapping[str, str] = {
    "appointment_id": "TEXT",
    "starts_at": "TIMESTAMP",
    "customer_id": "TEXT",
    "type_notifiable": "BOOLEAN",
    "is_group": "BOOLEAN",
    "reminder_consent": "BOOLEAN",
    "sms_allowed": "BOOLEAN",
    "email_allowed": "BOOLEAN",
    "ends_at": "TIMESTAMP",
    "created_at": "TIMESTAMP",
    "last_contacted_at": "TIMESTAMP",
}
"""Column types, where they are not text."""


@contextmanager
def writing(url: str) -> Iterator[sa.Connection]:
    """A connection that may write, committed and closed at the end."""
    engine = sa.create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def execute(url: str, *statements: str) -> None:
    with writing(url) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def make_table(
    url: str,
    rows: Iterable[Mapping[str, object]] = (),
    *,
    columns: Iterable[str] = tuple(ROW),
    types: Mapping[str, str] = TYPES,
    name: str = "reminder_appointments",
) -> None:
    """Make the relation with these columns, and insert the rows; what a row lacks is NULL."""
    declared = ", ".join(f"{column} {types.get(column, 'TEXT')}" for column in columns)
    with writing(url) as connection:
        connection.exec_driver_sql(f"CREATE TABLE {name} ({declared})")
        schema, _, table_name = name.rpartition(".")
        table = sa.table(table_name, *(sa.column(column) for column in columns), schema=schema or None)
        for row in rows:
            connection.execute(table.insert().values(**row))


def open_schedule(
    url: str,
    *,
    rules: Rules | None = None,
    zone: ZoneInfo = BERLIN,
    portions: Portions | None = None,
    **settings: Any,
) -> Schedule:
    section = ScheduleSettings(url=SecretStr(url), **settings)
    return Schedule(section, rules or Rules(), zone, portions=portions or Portions())


def local(text: str) -> datetime:
    """A local time of Berlin as the UTC that the model wants."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def read(url: str, since: str = "2026-11-23 00:00", until: str = "2026-11-26 00:00", **how: Any) -> Window:
    """What one reading of [since, until], local times, gives."""
    schedule = open_schedule(url, **how)
    try:
        return schedule.read(local(since), local(until))
    finally:
        schedule.close()


def scan(url: str, **how: Any) -> Window:
    """What a scan of the whole relation gives."""
    schedule = open_schedule(url, **how)
    try:
        return schedule.scan()
    finally:
        schedule.close()


def _refusals(url: str, **how: Any) -> list[str]:
    schedule = open_schedule(url, **how)
    ways: list[Callable[[], object]] = [
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


def refusal(url: str, **how: Any) -> str:
    """The one sentence with which every way of reading refuses."""
    (sentence,) = set(_refusals(url, **how))
    return sentence
