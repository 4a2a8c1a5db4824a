"""The relation that holds the appointments, and the statements that read it.

The range of `starts_at` goes to the database without a function around the column, so that an index
on it is used. Text sorts only roughly by time (a blank sorts before a T, an offset shifts it by up to
14 hours): there the index takes a range that is wider by half a day on both sides, a second condition
drops what is surely outside, and `rows` decides exactly.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from terminbenachrichtigung.config.settings import ScheduleSettings
from terminbenachrichtigung.schedule.rows import COLUMNS
from terminbenachrichtigung.schedule.timestamps import wall_bounds

MOST_STRAYS = 1000
"""Rows without a usable start that one reading takes, of each kind."""

NO_ROW = sa.literal(1) == sa.literal(0)
"""A condition that no row meets.

It has parameters, because psycopg sends only a statement with parameters by the protocol that takes one
statement at a time: a query of the user's could otherwise bring a second one, such as a DELETE."""

_WEST = timedelta(hours=12)  # no clock on earth is further behind UTC
_EAST = timedelta(hours=14)  # or ahead of it
_MINUTE = timedelta(minutes=1)
_TRAILING_SEMICOLON = re.compile(r";(\s|--[^\n]*(\n|$)|/\*.*?\*/)*$", re.DOTALL)


class StartType(Enum):
    """How the database holds `starts_at`, and so how a range of it is asked for."""

    TEXT = auto()
    LOCAL = auto()  # a timestamp without a zone
    ZONED = auto()


_POSTGRES_TYPES = {  # by the server's fixed numbers, pg_type.dat
    25: StartType.TEXT,
    1042: StartType.TEXT,  # character(n)
    1043: StartType.TEXT,  # character varying
    1082: StartType.LOCAL,  # date: each row will lack its time of day
    1114: StartType.LOCAL,
    1184: StartType.ZONED,
}


def source(settings: ScheduleSettings) -> sa.FromClause | sa.TextClause:
    """The relation by its name, with or without its schema, or the query in brackets."""
    if settings.query is not None:
        query = _TRAILING_SEMICOLON.sub("", settings.query.strip())
        # The line end closes a comment in the last line; a colon would be taken for a parameter.
        return sa.text(f"({query}\n) AS schedule".replace(":", r"\:"))
    schema, _, name = settings.source.rpartition(".")
    return sa.table(name, schema=schema or None)


@dataclass(frozen=True)
class Relation:
    """The relation with those of the contract's columns that it has, under its own names for them."""

    source: sa.FromClause | sa.TextClause
    columns: Mapping[str, str]
    start_type: StartType

    def window(self) -> sa.CompoundSelect[*tuple[Any, ...]]:
        """The rows of a range, and those that have no start or nothing like one."""
        start = self._column("starts_at")
        strays: list[sa.ColumnElement[bool]] = [start.is_(None)]
        if self.start_type is StartType.TEXT:
            # Before 2000 and after 2099 sort numbers, the empty text, bytes, words, 24.11.2026, 11/24/2026.
            strays += [start < _text("200-"), start >= _text("21-")]
        arms = [sa.select(self._select().where(stray).limit(MOST_STRAYS).subquery()) for stray in strays]
        return sa.union_all(self.range(), *arms)

    def range(self) -> sa.Select[*tuple[Any, ...]]:
        """The rows whose start lies between `since` and `until`, give or take what `rows` decides."""
        start = self._column("starts_at")
        if self.start_type is not StartType.TEXT:
            kind = sa.DateTime(timezone=self.start_type is StartType.ZONED)
            return self._select().where(
                start >= sa.bindparam("since", type_=kind), start <= sa.bindparam("until", type_=kind)
            )
        first, last = _Moment("since"), _Moment("until")
        after_first = sa.or_(
            start >= first.with_t, sa.and_(start >= first.with_blank, start < first.day_with_t)
        )
        before_last = sa.or_(start < last.with_blank, sa.and_(start >= last.day_with_t, start < last.with_t))
        has_offset = sa.or_(start.like("%Z"), start.like("%+%"), start.like("___________%-%"))
        return self._select().where(
            start >= sa.bindparam("earliest", type_=sa.Text),
            start < sa.bindparam("latest", type_=sa.Text),
            sa.or_(sa.and_(after_first, before_last), has_offset),
        )

    def bounds(self, since: datetime, until: datetime, zone: ZoneInfo) -> dict[str, object]:
        """The parameters of `window` and `range` for [since, until], both in UTC."""
        if self.start_type is StartType.ZONED:
            return {"since": since, "until": until}
        start, end = wall_bounds(since, until, zone)
        if self.start_type is StartType.LOCAL:
            return {"since": start, "until": end}
        end += _MINUTE  # not included: seconds and fractions may follow the minute
        earliest, latest = since - _WEST, until + _EAST + _MINUTE
        return {
            "earliest": earliest.replace(tzinfo=None).isoformat(" ", "minutes"),
            "latest": latest.replace(tzinfo=None).isoformat("T", "minutes"),
            **_Moment("since").parameters(start),
            **_Moment("until").parameters(end),
        }

    def by_id(self) -> sa.Select[*tuple[Any, ...]]:
        """The rows of the `appointment_ids`, which are texts, whatever type the column has."""
        wanted = sa.bindparam("appointment_ids", type_=sa.Text, expanding=True)
        return self._select().where(self._id_as_text().in_(wanted))

    def everything(self) -> sa.Select[*tuple[Any, ...]]:
        """All rows, those of one id beside each other: the database sorts, so our memory stays small."""
        return self._select().order_by(self._id_as_text())

    def _id_as_text(self) -> sa.ColumnElement[str]:
        return sa.func.trim(sa.cast(self._column("appointment_id"), sa.Text), type_=sa.Text)

    def _select(self) -> sa.Select[*tuple[Any, ...]]:
        names = [name for name in COLUMNS if name in self.columns]
        selected = [self._column(name).label(name) for name in names]
        return sa.select(*selected).select_from(self.source)

    def _column(self, name: str) -> sa.ColumnClause[object]:
        return sa.column(self.columns[name])


class _Moment:
    """A reading of the local clock as the texts that divide a column of texts before and after it."""

    def __init__(self, name: str) -> None:
        self._names = [f"{name}_{form}" for form in ("blank", "t", "day_t")]
        self.with_blank, self.with_t, self.day_with_t = (
            sa.bindparam(parameter, type_=sa.Text) for parameter in self._names
        )

    def parameters(self, reading: datetime) -> dict[str, object]:
        texts = (reading.isoformat(" ", "minutes"), reading.isoformat("T", "minutes"), f"{reading.date()}T")
        return dict(zip(self._names, texts, strict=True))


def matched(found: Iterable[str]) -> dict[str, str]:
    """The contract's columns among those found, in whatever case; an exact match comes first."""
    by_name: dict[str, str] = {}
    for actual in found:
        name = actual.lower()
        if name in COLUMNS and (name not in by_name or actual == name):
            by_name[name] = actual
    return by_name


def start_type(dialect: str, type_code: object) -> StartType | None:
    """How a range is asked for, by what the driver says of the column; None if it cannot hold times."""
    if dialect == "sqlite":
        return StartType.TEXT
    if dialect == "postgresql":
        return _POSTGRES_TYPES.get(type_code) if isinstance(type_code, int) else None
    return StartType.LOCAL


def _text(value: str) -> sa.ColumnElement[str]:
    return sa.literal(value, sa.Text)
