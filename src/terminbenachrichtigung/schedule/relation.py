"""The relation that holds the appointments, and the statements that read it.

The range of `starts_at` goes to the database without a function around the column, so that an index
on it is used. Text sorts only roughly by time (a blank sorts before a T, an offset shifts it by up to
14 hours): there the index takes a range that is wider by half a day on both sides, a second condition
drops what is surely outside, and `rows` decides exactly.

Text in any other form sorts anywhere: `2026/11/25` and `20261125` behind all of `2026-12-31`, `2026-9-5`
too, `25.11.2026` behind 2099, `2026-11-1` behind `2026-11-09`, and `20026-11-25`, with a digit too many,
behind all of 2002. So each reading looks, by index, into the gaps between the days: into those in which a
text can lie that means a day of the range, and behind the end of each year for texts that mean no year at
all. What is found there is a bad row, never lost.

The rules of some languages pass over blanks and signs when they sort, those of German on many servers of
PostgreSQL: there `2026-11-2 9:00` lies in the midst of 2026-11-29. In such a database the gaps are asked for
sign by sign, by an index over `(starts_at COLLATE "C")`. Where no index leads to the gaps, one pass through
the table looks for all of them.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum, auto
from functools import cached_property
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
_DAY = timedelta(days=1)
_FIRST_DAY, _LAST_DAY = date(1000, 1, 1), date(9989, 12, 31)  # others are typing errors
_YEARS_END = "12-31T24:"  # behind every time on 31 December, wherever a colon sorts
_MOST_GAPS = 94  # for ranges that reach from one year into another; in one year half of it
_NO_GAP = ("2000-01-01", "2000-01-01")
_YEAR = "[0-9][0-9][0-9][0-9]"
_DAY_OF_A_YEAR = (
    # What follows the year in a text that means a day of it, so that to another year's runs it is no news.
    # GLOB and regular expressions both understand these.
    "-[^2]",  # 2024-13-05, 2024-W48-2, 2024-Nov-25; but not 2011-2026, which is 20 November 2026
    "-2[0-9]-",  # 2024-25-11
    "-2[0-9][0-9][^0-9]",  # 2024-219 09:00, the day of the year
    "[^0-9 -][01][0-9][^0-9]",  # 2024/11/25; but not 2011.2026
    "[^0-9 -][0-9][^0-9]",  # 2024.1.5
    " [01][0-9] ",  # 2024 11 25; but not 2030 05.11.2026, where the time comes first
    " [0-9] ",
    "[^0-9] [0-9][^0-9]",  # 2024/ 1/ 5
    "0[1-9][0-3][0-9]",  # 20240905
    "1[0-2][0-3][0-9]",
    "[0-3][0-9][0-9]T",  # 2024329T0930
    "W",
)
_NO_GAPS_LIE_THERE = (f"{_YEAR}-0[1-9]-[0-2][1-8][ T]", f"{_YEAR}-1[0-2]-[0-2][1-8][ T]")
_TRAILING_SEMICOLON = re.compile(r";(\s|--[^\n]*(\n|$)|/\*.*?\*/)*$", re.DOTALL)


class StartType(Enum):
    """How the database holds `starts_at`, and so how a range of it is asked for."""

    TEXT = auto()
    LOCAL = auto()  # a timestamp without a zone
    ZONED = auto()


_MYSQL_TEXTS = frozenset({15, 249, 250, 251, 252, 253, 254})  # pymysql.constants.FIELD_TYPE

_POSTGRES_TYPES = {  # by the server's fixed numbers, pg_type.dat
    25: StartType.TEXT,
    1042: StartType.TEXT,  # character(n)
    1043: StartType.TEXT,  # character varying
    1082: StartType.LOCAL,  # date: each row will lack its time of day
    1114: StartType.LOCAL,
    1184: StartType.ZONED,
}


_NUMERIC, _JSON = 1700, (114, 3802)  # the same of ids
_SURROUNDING = " \t\n\v\f\r\x85\xa0"  # what `values.key` takes off an id


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
    dialect: str
    extra: Mapping[str, str] = field(default_factory=dict)
    """Further columns, by the name that texts use."""
    by_signs: bool = True
    """Whether the database sorts the starts sign by sign; see `sorts_by_signs`."""
    id_type: object = None
    """What the driver says of the type of `appointment_id`."""
    by_index: bool = False
    """Whether an index leads to the gaps."""

    def window(self) -> sa.CompoundSelect[*tuple[Any, ...]]:
        """The rows of a range, and those that have no start or nothing like one."""
        strays = [self._select().where(self._column("starts_at").is_(None))]
        if self.start_type is StartType.TEXT:
            before, behind = self._outside_all_years()
            if self.by_index:
                strays += [self._select().where(before), self._select().where(behind), self.gaps_by_index]
            else:
                strays.append(self._select().where(sa.or_(before, behind, self._in_a_gap())))
        return sa.union_all(
            self.range(), *(sa.select(stray.limit(MOST_STRAYS).subquery()) for stray in strays)
        )

    def _outside_all_years(self) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
        """Numbers, the empty text, bytes, words, 24.11.2026, 11/24/2026: before 2000, or behind 2099.

        A start of the usual form that lies there is no stray: it is long ago, or never (9999-12-31).
        """
        start = self._sorted_start()
        odd = sa.or_(
            sa.not_(self._is_like(f"{_YEAR}-[0-9][0-9]-[0-9][0-9][ T]")),
            self._is_like("0"),  # 0026-11-25
        )
        return (
            sa.and_(start < _text("2000-01-01"), odd),
            sa.and_(start >= _text(f"2099-{_YEARS_END}"), odd),
        )

    @cached_property
    def gaps_by_index(self) -> sa.Select[*tuple[Any, ...]]:
        """The rows in the gaps that `bounds` names, asked for gap by gap.

        Of all ranges in one condition both databases would think most of the table, and read it whole.
        """
        parameter = sa.bindparam("gaps", type_=sa.Text)
        if self.dialect == "sqlite":
            gap = sa.func.json_each(parameter).table_valued("value", name="gap")
            ends = (sa.func.json_extract(gap.c.value, f"$[{n}]") for n in range(3))
            return self._select().select_from(gap).where(self._lies_in(*ends))
        gap = sa.func.json_array_elements(sa.cast(parameter, sa.JSON)).table_valued("value", name="gap")
        inside = self._lies_in(*(gap.c.value.op("->>", return_type=sa.Text())(n) for n in range(3)))
        # In their order, because only an index is cheap then.
        found = (
            self._select().where(inside).order_by(self._sorted_start()).limit(MOST_STRAYS).lateral("found")
        )
        return sa.select(found).select_from(gap.join(found, sa.true()))

    def _lies_in(
        self, after: sa.ColumnElement[Any], before: sa.ColumnElement[Any], kind: sa.ColumnElement[Any]
    ) -> sa.ColumnElement[bool]:
        start = self._sorted_start()
        return sa.and_(start > after, start < before, sa.or_(kind == _text("near"), self._means_no_year()))

    def _in_a_gap(self) -> sa.ColumnElement[bool]:
        """The same as one condition. MySQL finds an index for it."""
        start = self._sorted_start()
        near = [
            sa.and_(start > sa.bindparam(after, type_=sa.Text), start < sa.bindparam(before, type_=sa.Text))
            for after, before in _GAP_NAMES
        ]
        far = [sa.and_(start > _text(after), start < _text(before)) for after, before in _YEARS_ENDS]
        on_a_usual_day = self._is_like(*_NO_GAPS_LIE_THERE)
        return sa.and_(sa.not_(on_a_usual_day), sa.or_(*near, sa.and_(self._means_no_year(), sa.or_(*far))))

    def _means_no_year(self) -> sa.ColumnElement[bool]:
        return sa.not_(self._is_like(*(_YEAR + form for form in _DAY_OF_A_YEAR)))

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
        has_offset = sa.or_(start.like("%Z%"), start.like("%+%"), start.like("___________%-%"))
        is_odd = sa.not_(self._is_like("[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][ T][0-9][0-9]:[0-9][0-9]"))
        return self._select().where(
            start >= sa.bindparam("earliest", type_=sa.Text),
            start < sa.bindparam("latest", type_=sa.Text),
            sa.or_(sa.and_(after_first, before_last), has_offset, is_odd),
        )

    def bounds(self, since: datetime, until: datetime, zone: ZoneInfo) -> dict[str, object]:
        """The parameters of `window` and `range` for [since, until], both in UTC."""
        if self.start_type is StartType.ZONED:
            return {"since": since, "until": until}
        start, end = wall_bounds(since, until, zone)
        if self.start_type is StartType.LOCAL:
            return {"since": start, "until": end}
        end += _MINUTE  # not included: seconds and fractions may follow the minute
        earliest, latest = (since - _WEST).date(), (until + _EAST + _MINUTE).date()
        return {
            "earliest": str(earliest),
            "latest": str(min(latest, _LAST_DAY) + _DAY),
            **self._gap_parameters(gaps(earliest, latest)),
            **_Moment("since").parameters(start),
            **_Moment("until").parameters(end),
        }

    def _gap_parameters(self, near: Sequence[tuple[str, str]]) -> dict[str, object]:
        if self.by_index:
            far = [(*gap, "far") for gap in _YEARS_ENDS if gap not in near]
            return {"gaps": json.dumps([*((*gap, "near") for gap in near), *far])}
        none = (_NO_GAP,) * (_MOST_GAPS - len(near))
        ends = zip(_GAP_NAMES, (*near, *none), strict=True)
        return {name: text for names, gap in ends for name, text in zip(names, gap, strict=True)}

    def _is_like(self, *patterns: str) -> sa.ColumnElement[bool]:
        """Whether the start is text that begins like one of the patterns."""
        start = self._column("starts_at")
        if self.dialect == "sqlite":
            begins_so = sa.or_(*(start.op("GLOB")(_text(f"{pattern}*")) for pattern in patterns))
            return sa.and_(sa.func.typeof(start, type_=sa.Text) == _text("text"), begins_so)
        return start.regexp_match(f"^({'|'.join(patterns)})")

    def by_id(self) -> sa.Select[*tuple[Any, ...]]:
        """The rows of the `appointment_ids`, which are texts, whatever type the column has."""
        wanted = sa.bindparam("appointment_ids", type_=sa.Text, expanding=True)
        return self._select().where(self._id_as_text().in_(wanted))

    def everything(self) -> sa.Select[*tuple[Any, ...]]:
        """All rows, those of one id beside each other: the database sorts, so our memory stays small."""
        return self._select().order_by(self._id_as_text())

    def _id_as_text(self) -> sa.ColumnElement[str]:
        found: sa.ColumnElement[Any] = self._column("appointment_id")
        if self.dialect == "postgresql" and self.id_type == _NUMERIC:
            found = sa.func.trim_scale(found)  # 4711.00 is 4711 to us
        elif self.dialect == "postgresql" and self.id_type in _JSON:
            found = found.op("#>>")(sa.cast(_text("{}"), sa.ARRAY(sa.Text)))
        signs = [_text(_SURROUNDING)] if self.dialect in ("sqlite", "postgresql") else []
        return sa.func.trim(sa.cast(found, sa.Text), *signs, type_=sa.Text)

    def _select(self) -> sa.Select[*tuple[Any, ...]]:
        names = [name for name in COLUMNS if name in self.columns]
        selected = [self._column(name).label(name) for name in names]
        selected += [sa.column(actual).label(f"extra_{name}") for name, actual in self.extra.items()]
        return sa.select(*selected).select_from(self.source)

    def _sorted_start(self) -> sa.ColumnElement[Any]:
        start = self._column("starts_at")
        return start if self.by_signs else sa.cast(start, sa.Text).collate("C")

    def _column(self, name: str) -> sa.ColumnClause[object]:
        return sa.column(self.columns[name])


class _Moment:
    """A local time in each form in which the column may write it, to compare the column's texts with."""

    def __init__(self, name: str) -> None:
        self._names = [f"{name}_{form}" for form in ("blank", "t", "day_t")]
        self.with_blank, self.with_t, self.day_with_t = (
            sa.bindparam(parameter, type_=sa.Text) for parameter in self._names
        )

    def parameters(self, reading: datetime) -> dict[str, object]:
        texts = (reading.isoformat(" ", "minutes"), reading.isoformat("T", "minutes"), f"{reading.date()}T")
        return dict(zip(self._names, texts, strict=True))


def sorts_by_signs(source: sa.FromClause | sa.TextClause, column: str) -> sa.Select[*tuple[Any, ...]]:
    """Asks PostgreSQL whether a column of texts is sorted sign by sign."""
    start = sa.select(sa.column(column, sa.Text).label("start")).select_from(source).where(NO_ROW)
    sample = sa.select(_text("2026-11-2 9:00").label("start"))
    return sa.select(sa.union_all(start, sample).subquery("samples").c.start < _text("2026-11-20"))


def gaps(first: date, last: date) -> list[tuple[str, str]]:
    """Where a start in an unusual form sorts that means a day from `first` to `last`: between two usual days.

    Each gap is the pair of texts around it, mostly behind the last moment of one day and before the first of
    the next.
    """
    found: set[tuple[str, str]] = set()
    first, last = max(first, _FIRST_DAY), min(last, _LAST_DAY)
    for year in {first.year, last.year}:
        # blanks: 2026 11 25, 2026- 9- 5
        found.add((f"{year - 1}z", f"{year}-01-01"))
        # one digit: 2026-1-5, 2026-11-5; behind December: 2026/11/25, 20261125, 2026-W48
        found |= {_between(date(year, month, 1) - _DAY) for month in range(2, 13)}
        found.add(_between(date(year, 12, 31)))
    for year, month in {(day.year, day.month) for day in (first, last)}:
        # a day of one digit: 2026-11-1, 2026-11-2, 2026-11-3 09:00
        found |= {_between(date(year, month, day)) for day in (9, 19, 29) if (month, day) != (2, 29)}
        # a digit too many: 2026-11-125
        found |= {(f"{year}-{month:02}-{day:02}/", f"{year}-{month:02}-{day:02}:") for day in range(1, 32)}
    return sorted(found)


def _between(day: date) -> tuple[str, str]:
    return f"{day}T24:", str(day + _DAY)


_YEARS_ENDS = tuple(_between(date(year, 12, 31)) for year in range(2000, 2099))
"""Behind them sort 20026-11-25, 202-11-25 and 20112026, which mean no year; and 2011/11/25, which does."""

_GAP_NAMES = tuple((f"gap_{number}_after", f"gap_{number}_before") for number in range(_MOST_GAPS))


def matched(found: Iterable[str], wanted: Iterable[str] = COLUMNS) -> dict[str, str]:
    """The wanted columns among those found, in whatever case; an exact match comes first."""
    by_name: dict[str, str] = {}
    plain = {name.lower(): name for name in wanted}
    for actual in found:
        name = plain.get(actual.lower())
        if name is not None and (name not in by_name or actual == name):
            by_name[name] = actual
    return by_name


def start_type(dialect: str, type_code: object) -> StartType | None:
    """How a range is asked for, by what the driver says of the column; None if it cannot hold times."""
    if dialect == "sqlite":
        return StartType.TEXT
    if dialect == "postgresql":
        return _POSTGRES_TYPES.get(type_code) if isinstance(type_code, int) else None
    if dialect in ("mysql", "mariadb") and type_code in _MYSQL_TEXTS:
        return StartType.TEXT
    return StartType.LOCAL


def _text(value: str) -> sa.ColumnElement[str]:
    return sa.literal(value, sa.Text)
