"""Reading the schedule: the rows of a range, of one appointment, or all of them."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import wraps
from itertools import islice
from typing import Any, Concatenate, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from terminbenachrichtigung.config.filters import is_excluded_status, leaves_out
from terminbenachrichtigung.config.settings import Rules, ScheduleSettings
from terminbenachrichtigung.errors import ScheduleError
from terminbenachrichtigung.model.appointment import BY_START, Appointment, BadRow, Window
from terminbenachrichtigung.schedule import values
from terminbenachrichtigung.schedule.connection import ReadOnlyDatabase
from terminbenachrichtigung.schedule.inspection import COUNTED, Census
from terminbenachrichtigung.schedule.people import shared_ids
from terminbenachrichtigung.schedule.relation import (
    MOST_STRAYS,
    NO_ROW,
    Relation,
    StartType,
    matched,
    sorts_by_signs,
    source,
    start_type,
)
from terminbenachrichtigung.schedule.rows import EARLIEST, LATEST, NEEDED, Dropped, Item, RowReader, settled
from terminbenachrichtigung.schedule.timestamps import is_midnight

_MOST_ASKED = 10_000  # ids in one statement; SQLite takes 32,766 parameters, PostgreSQL 65,535

_MIDNIGHT = (
    "starts_at: midnight, mostly a date whose time was lost; "
    "if it is a time of day, set schedule.midnight_starts = true"
)
_NEVER = datetime.max.replace(tzinfo=UTC)
_RANGE_IN_INDEX = re.compile(r"SEARCH .*>\?.*<\?|Index Cond: .*>.*<")  # SQLite's words, PostgreSQL's

_Asked = ParamSpec("_Asked")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class _Prepared:
    """What is prepared once: the relation's columns, and the statements that read them."""

    relation: Relation
    reader: RowReader
    window: sa.Executable
    by_id: sa.Executable


@dataclass(frozen=True, slots=True)
class Portions:
    """How much is done at once."""

    rows: int = 5_000  # in memory, some 10 MB
    listed: int = 1_000  # bad rows of a scan; the others are counted


def _in_transaction(
    method: Callable[Concatenate["Schedule", sa.Connection, _Asked], _Result],
) -> Callable[Concatenate["Schedule", _Asked], _Result]:
    """Makes of a method that is given a connection one that reads in a transaction of its own."""

    @wraps(method)
    def whole(schedule: "Schedule", /, *args: _Asked.args, **kwargs: _Asked.kwargs) -> _Result:
        return schedule.run(lambda connection: method(schedule, connection, *args, **kwargs))

    return whole


class Schedule:
    """The schedule (AMPAREX: Terminplaner), read only.

    Each method reads in a fresh transaction, and raises ScheduleError where the schedule is out of
    reach or is not what the contract, section 5, asks for.
    """

    def __init__(
        self,
        settings: ScheduleSettings,
        rules: Rules,
        zone: ZoneInfo,
        *,
        confirms: bool = False,
        portions: Portions = Portions(),
    ) -> None:
        """Open nothing yet; `confirms` if bookings are confirmed, for which their time is needed."""
        self._portions = portions
        self._zone = zone
        self._rules = rules
        self._extra_columns = settings.extra_columns
        self._midnight_starts = settings.midnight_starts
        self._rule_columns = _rule_columns(rules, confirms=confirms)
        self._source = source(settings)
        self._table = None if settings.query is not None else settings.source
        self._database = ReadOnlyDatabase(settings.url.get_secret_value(), zone)
        self._prepared: _Prepared | None = None

    @_in_transaction
    def read(self, connection: sa.Connection, since: datetime, until: datetime) -> Window:
        """The appointments that start in [since, until], and the rows whose start cannot be read.

        An id that comes twice is found here only if both rows start in the range; `scan` finds all.
        """
        since, until = since.astimezone(UTC), until.astimezone(UTC)  # comparing two zones is slow
        prepared = self._prepare(connection)
        bounds = prepared.relation.bounds(since, until, self._zone)
        dropped = Dropped()
        items: list[Item] = []
        # In pieces: all rows of a large window beside their appointments would take twice the memory.
        for rows in connection.execute(prepared.window, bounds).partitions(self._portions.rows):
            items += prepared.reader.read(rows, dropped, within=(since, until))
        return self._window(items, dropped)

    def find(self, *appointment_ids: str) -> Window:
        """The appointments of these ids, or why their rows are bad, at whatever time. May read all rows."""
        # é may be one sign or two in the schedule; to us both are one id.
        ids = [unicodedata.normalize("NFC", each.strip()) for each in appointment_ids if _can_be_an_id(each)]
        wanted = list(dict.fromkeys([*ids, *(unicodedata.normalize("NFD", each) for each in ids)]))
        return self._of_ids(wanted) if wanted else Window(())

    @_in_transaction
    def _of_ids(self, connection: sa.Connection, wanted: Sequence[str]) -> Window:
        prepared = self._prepare(connection)
        dropped = Dropped()
        items: list[Item] = []
        for start in range(0, len(wanted), _MOST_ASKED):
            chunk = {"appointment_ids": wanted[start : start + _MOST_ASKED]}
            items += prepared.reader.read(connection.execute(prepared.by_id, chunk).fetchall(), dropped)
        return self._window(items, dropped)

    @_in_transaction
    def scan(self, connection: sa.Connection) -> Window:
        """The bad rows and repeated ids of the whole relation, without its appointments.

        Takes about 20 seconds for a million rows, in bounded memory. The first thousand bad rows are
        listed, a warning counts the others.
        """
        prepared = self._prepare(connection)
        dropped = Dropped()
        items = self._stream(connection, prepared, dropped)
        bad = (item for item in settled(items) if isinstance(item, BadRow))
        listed = tuple(islice(bad, self._portions.listed))
        more = sum(1 for _ in bad)
        warnings = dropped.warnings()
        if more:
            warnings += (f"{more} more bad rows are not listed",)
        return Window((), listed, warnings)

    @_in_transaction
    def census(self, connection: sa.Connection, now: datetime) -> Census:
        """What the rows hold that start after `now`, whenever that is. A million take about 10 seconds."""
        now = now.astimezone(UTC)
        whole = self._prepare(connection).relation
        columns = {name: actual for name, actual in whole.columns.items() if name in COUNTED}
        relation, reader = replace(whole, columns=columns, extra={}), RowReader(columns, self._zone)
        census = Census(self._zone, lambda row: may_be_told(row, self._rules))
        dropped = Dropped()
        bounds = relation.bounds(now, LATEST, self._zone)
        rows = connection.execute(relation.window(), bounds, execution_options={"stream_results": True})
        for piece in rows.partitions(self._portions.rows):
            census.add(reader.read(piece, dropped, within=(now, LATEST)))
        census.warnings = dropped.warnings()
        return census

    @_in_transaction
    def local_starts(self, connection: sa.Connection) -> bool:
        """Whether the starts are timestamps of PostgreSQL without a zone, which are read as local time."""
        relation = self._prepare(connection).relation
        return connection.dialect.name == "postgresql" and relation.start_type is StartType.LOCAL

    @_in_transaction
    def probe(self, connection: sa.Connection) -> None:
        """Whether a run could read: the database answers, the relation and its columns are there."""
        self._prepared = None
        self._prepare(connection)

    @_in_transaction
    def uses_index(self, connection: sa.Connection) -> bool | None:
        """Whether a range of `starts_at` is found by an index; None where that cannot be told.

        SQLite passes over the index of a table with a handful of rows, once it has counted them.
        """
        relation = self._prepare(connection).relation
        if connection.dialect.name == "postgresql":  # else a small table is read whole
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return self._finds_range(connection, relation, relation.range())

    @_in_transaction
    def lacks_index_by_signs(self, connection: sa.Connection) -> bool:
        """Whether each reading goes through all rows because PostgreSQL sorts without blanks and signs."""
        relation = self._prepare(connection).relation
        if relation.by_signs:
            return False
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        by_index = replace(relation, by_index=True)
        return not self._finds_range(connection, by_index, by_index.gaps_by_index)

    def _finds_range(
        self, connection: sa.Connection, relation: Relation, statement: sa.Select[*tuple[Any, ...]]
    ) -> bool | None:
        """Whether the statement finds a range of starts by an index; None where that cannot be told."""
        someday = datetime(2026, 1, 1, tzinfo=UTC)
        plan = _plan(connection, statement, relation.bounds(someday, someday, self._zone))
        return any(map(_RANGE_IN_INDEX.search, plan)) if plan else None

    def close(self) -> None:
        """Free the database's resources; no connection is open between two readings anyway."""
        self._database.close()

    def run(self, work: Callable[[sa.Connection], _Result]) -> _Result:
        """Do `work` in a fresh transaction."""
        try:
            return self._database.run(work)
        except ScheduleError:
            self._prepared = None  # the relation may have changed
            raise

    def _prepare(self, connection: sa.Connection) -> _Prepared:
        if self._prepared is None:
            types = self._column_types(connection)
            columns = matched(types)
            self._check_columns(columns, matched(types, self._extra_columns))
            kind = start_type(connection.dialect.name, types[columns["starts_at"]])
            if kind is None:
                raise self._failure("holds no timestamps in its column starts_at")
            extra = matched(types, self._extra_columns)
            self._check_names(types, {**extra, **columns})
            by_signs = True
            if kind is StartType.TEXT and connection.dialect.name == "postgresql":
                asked = sorts_by_signs(self._source, columns["starts_at"])
                by_signs = bool(connection.execute(asked).scalar_one())
            id_type = types[columns["appointment_id"]]
            relation = Relation(
                self._source, columns, kind, connection.dialect.name, extra, by_signs, id_type=id_type
            )
            if kind is StartType.TEXT:
                by_index = replace(relation, by_index=True)
                if self._finds_range(connection, by_index, by_index.gaps_by_index):
                    relation = by_index
            reader = RowReader(columns, self._zone, tuple(extra))
            self._prepared = _Prepared(relation, reader, relation.window(), relation.by_id())
        return self._prepared

    def _column_types(self, connection: sa.Connection) -> dict[str, object]:
        """The relation's columns, with what the driver says of the type of each."""
        try:
            result = connection.execute(sa.select(sa.text("*")).select_from(self._source).where(NO_ROW))
        except sa.exc.DBAPIError:
            connection.rollback()
            if self._table is not None and not _exists(connection, self._table):
                raise self._failure(
                    "is not there: set schedule.source to the table or view that holds the appointments, "
                    "or make one with `schedule init`"
                ) from None
            raise
        assert result.cursor is not None
        return {column[0]: column[1] for column in result.cursor.description}

    def _check_columns(self, columns: Collection[str], extra: Collection[str]) -> None:
        missing = [name for name in NEEDED if name not in columns]
        missing += [
            f"{name} (for {rule})" for name, rule in self._rule_columns.items() if name not in columns
        ]
        missing += [
            f"{name} (for schedule.extra_columns)" for name in self._extra_columns if name not in extra
        ]
        if missing:
            raise self._failure(f"lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}")

    def _check_names(self, types: Collection[str], columns: Mapping[str, str]) -> None:
        """Of two columns of one name SQLite takes the first, and calls the other email:1."""
        found = {name.lower() for name in types}
        twice = [name for name, actual in columns.items() if f"{actual}:1".lower() in found]
        if twice:
            names = ", ".join(twice)
            raise self._failure(f"gives more than one column of the name {names}; leave all but one out")

    def _failure(self, sentence: str) -> ScheduleError:
        what = "its query" if self._table is None else f"its relation {self._table!r}"
        return self._database.failure(f"cannot be used: {what} {sentence}")

    def _window(self, items: list[Item], dropped: Dropped) -> Window:
        if len({item.appointment_id for item in items}) < len(items):
            items = list(settled(sorted(items, key=lambda item: item.appointment_id or "")))
        if not self._midnight_starts:
            items = self._without_midnights(items)
        shared = shared_ids(item for item in items if isinstance(item, Appointment))
        if shared:
            items = [_unclear(item, shared) for item in items]
        appointments = [item for item in items if isinstance(item, Appointment)]
        bad_rows = tuple(sorted((item for item in items if isinstance(item, BadRow)), key=_by_start_or_last))
        warnings = dropped.warnings()
        if len(bad_rows) >= MOST_STRAYS:
            warnings += (f"rows without a readable start are listed up to the number of {MOST_STRAYS}",)
        return Window(tuple(sorted(appointments, key=BY_START)), bad_rows, warnings)

    def _without_midnights(self, items: list[Item]) -> list[Item]:
        """Rows at midnight become bad rows if somebody would be told: mostly their time of day was lost."""
        starts = {item.starts_at for item in items if isinstance(item, Appointment)}
        midnights = {start for start in starts if is_midnight(start, self._zone)}
        if not midnights:
            return items
        return [
            BadRow(item.appointment_id, _MIDNIGHT, item.starts_at)
            if isinstance(item, Appointment)
            and item.starts_at in midnights
            and may_be_told(item, self._rules)
            else item
            for item in items
        ]

    def _stream(self, connection: sa.Connection, prepared: _Prepared, dropped: Dropped) -> Iterator[Item]:
        everything = connection.execute(
            prepared.relation.everything(), execution_options={"stream_results": True}
        )
        for rows in everything.partitions(self._portions.rows):
            yield from prepared.reader.read(rows, dropped, within=(EARLIEST, LATEST))


def _unclear(item: Item, shared: Collection[str]) -> Item:
    """The row, or a bad row if its customer id stands for different people: one would hear another's time."""
    if not isinstance(item, Appointment) or item.customer_id not in shared:
        return item
    detail = f"customer_id: {values.shown(item.customer_id)} stands for different people; give each their own"
    return BadRow(item.appointment_id, detail, item.starts_at)


def _by_start_or_last(row: BadRow) -> tuple[datetime, str, str]:
    """An order of bad rows that is not the database's, which depends on its indexes."""
    return row.starts_at or _NEVER, row.appointment_id or "", row.detail


def may_be_told(row: Appointment, rules: Rules) -> bool:
    """Whether an appointment passes the first five rules, which need neither clock nor journal."""
    return (
        bool(row.customer_id)
        and not row.is_group
        and row.type_notifiable
        and not is_excluded_status(row.status, rules)
        and not leaves_out(row.branch_code, rules)
    )


def _rule_columns(rules: Rules, *, confirms: bool) -> dict[str, str]:
    """The optional columns that these rules need, and by column the rule that needs it."""
    used = {
        "rules.exclude_branches": ("branch_code", rules.exclude_branches),
        "rules.include_branches": ("branch_code", rules.include_branches),
        "rules.require_consent": ("reminder_consent", rules.require_consent),
        "confirmation.enabled": ("created_at", confirms),
        "rules.hours_after_booking": ("created_at", rules.hours_after_booking),
    }
    return {column: rule for rule, (column, is_used) in used.items() if is_used}


def _exists(connection: sa.Connection, table: str) -> bool:
    schema, _, name = table.rpartition(".")
    return sa.inspect(connection).has_table(name, schema=schema or None)


def _can_be_an_id(appointment_id: str) -> bool:
    """False for what no database takes as text: a command line may hold bytes that are no UTF-8."""
    try:
        appointment_id.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in appointment_id


def _plan(
    connection: sa.Connection, statement: sa.Select[*tuple[Any, ...]], parameters: dict[str, object]
) -> list[str]:
    """What the database says of how it would find these rows; empty where it is not asked."""
    explain = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}.get(connection.dialect.name)
    if explain is None:
        return []
    compiled = statement.compile(dialect=connection.dialect)
    values = compiled.construct_params(parameters)
    positions = compiled.positiontup
    plan = connection.exec_driver_sql(
        explain + str(compiled), tuple(values[name] for name in positions) if positions else values
    )
    return [str(row[-1]) for row in plan]
