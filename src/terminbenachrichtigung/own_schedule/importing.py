"""`schedule import`: brings a file of another program into the tool's own schedule, in one transaction."""

import gc
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from terminbenachrichtigung.config.databases import masked_url
from terminbenachrichtigung.config.files import read_at_most
from terminbenachrichtigung.errors import ConfigError, ScheduleError
from terminbenachrichtigung.own_schedule import (
    changes,
    csv_cells,
    csv_file,
    icalendar_file,
    icalendar_lines,
    memory,
)
from terminbenachrichtigung.own_schedule.csv_cells import Table
from terminbenachrichtigung.own_schedule.entries import How, Parsed
from terminbenachrichtigung.own_schedule.init import IMPORT_TABLES, connected
from terminbenachrichtigung.own_schedule.people import MADE, Row
from terminbenachrichtigung.own_schedule.result import Changes
from terminbenachrichtigung.own_schedule.source import KEYS, Held, Source
from terminbenachrichtigung.schedule.connection import parsed_url
from terminbenachrichtigung.schedule.timestamps import Timestamps
from terminbenachrichtigung.schedule.values import Unreadable

LARGEST = 100_000_000
"""Bytes of a file; a year of a large practice has a tenth of that."""

_TIMES = ("starts_at", "ends_at", "created_at", "last_contacted_at")


@dataclass(frozen=True, slots=True)
class File:
    """What is imported: its content, where it came from, and when it was written."""

    content: bytes
    place: str  # its address, or its folder
    name: str = ""  # without the folder
    written_at: datetime | None = None
    etag: str = ""
    asked: str = ""


def hashed(content: bytes | str) -> str:
    """The same for the same content."""
    return hashlib.sha256(content if isinstance(content, bytes) else content.encode()).hexdigest()[:32]


def file_at(path: Path) -> File:
    """A file of this machine; raises ConfigError if it cannot be read."""
    try:
        info = path.stat()
        content = read_at_most(LARGEST + 1, path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > LARGEST:
        raise ConfigError(
            f"{path} is larger than {LARGEST // 1_000_000} MB: that is no export of appointments"
        )
    written_at = datetime.fromtimestamp(info.st_mtime, UTC)
    return File(content, _as_text(path.absolute().parent), _as_text(path.name), written_at)


def _as_text(name: str | Path) -> str:
    """A name of a file system, which may be any bytes, as text that a database takes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def import_file(url: str, file: File, how: How, *, source: str = "", dry_run: bool = False) -> Changes:
    """Read a file and write what it says, all of it or nothing.

    Args:
        url: of the schedule.
        file: the export; its content says whether it is CSV or iCalendar.
        how: the options; `file` and `file_at` are added here.
        source: the name of its source; empty: the address, or the folder with the headings.
        dry_run: write nothing.

    Raises:
        ConfigError: the file cannot be read.
        ScheduleError: the database is out of reach, or lacks the tables of `schedule init`.
    """
    table = None if icalendar_lines.is_calendar(file.content) else csv_cells.table(file.content)
    if table is None and (how.mapping or how.ignored):
        raise ConfigError("--mapping and --ignore are for CSV; the properties of iCalendar have fixed names")
    name = source or _source_of(file, table)
    how = replace(how, file=hashed(file.content), file_at=file.written_at)
    with _no_garbage_collected(), _opened(url, to_write=not dry_run) as connection:
        before = memory.source(connection, name)
        parsed = (
            icalendar_file.read(file.content, how) if table is None else csv_file.read(table, how, before)
        )
        table = None  # frees the cells, a third of the memory that a large file takes
        found = changes.find(parsed, _held(connection, parsed, before, how), how)
        if not dry_run:
            _write(connection, found, how.zone)
            after = replace(found.source, etag=_etag(file, found), asked=file.asked)
            memory.note(connection, found, after)
            connection.commit()
        return found


@contextmanager
def _no_garbage_collected() -> Iterator[None]:
    """Switches the garbage collector off: it would find nothing, and take a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def remembered(url: str, source: str) -> Source:
    """What earlier files of a source left behind."""
    with _opened(url, to_write=False) as connection:
        return memory.source(connection, source)


def unchanged(url: str, source: str, now: datetime) -> None:
    """Note that a file was asked for and has not changed: this counts as an import."""
    with _opened(url, to_write=True) as connection:
        memory.note_source(
            connection, replace(memory.source(connection, source), imported_at=now, whole_at=now)
        )
        connection.commit()


@contextmanager
def _opened(url: str, *, to_write: bool) -> Iterator[sa.Connection]:
    """A transaction in the tool's own schedule; raises ScheduleError where that is not what `url` names."""
    database, name = parsed_url(url), masked_url(url)
    if database.get_backend_name() == "sqlite" and not Path(database.database or "").is_file():
        raise ScheduleError(f"The schedule {name} is not there: `schedule init` makes it.")
    with connected(url) as connection:
        _begin(connection, name, to_write=to_write)
        yield connection


def _etag(file: File, found: Changes) -> str:
    """The ETag to ask with next time; empty while something is unsettled, so that the file is read again."""
    return file.etag if found.whole and not (found.needs_a_person or found.refused or found.held) else ""


def _source_of(file: File, table: Table | None) -> str:
    """The source: the address, or the folder with a hash of the headings, or with the calendar's name."""
    if not file.name:
        return file.place
    if table is not None:
        return f"{file.place} {hashlib.sha256(table.signature.encode()).hexdigest()[:8]}"
    return f"{file.place} {icalendar_lines.name_of(file.content) or icalendar_lines.undated(file.name)}"


def _begin(connection: sa.Connection, name: str, *, to_write: bool) -> None:
    there = sa.inspect(connection)
    missing = [table for table in (*KEYS, *IMPORT_TABLES) if not there.has_table(table)]
    if missing:
        raise ScheduleError(
            f"The schedule {name} is not the tool's own: it lacks {', '.join(missing)}. "
            "`schedule init` makes an own one; an import writes into no other."
        )
    connection.rollback()
    if to_write and connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif to_write:  # or two imports would both insert what is new; readers need not wait
        connection.exec_driver_sql("LOCK TABLE appointments IN SHARE ROW EXCLUSIVE MODE")


def _held(connection: sa.Connection, parsed: Parsed, before: Source, how: How) -> Held:
    # SQLite's texts may have any offset: so two days more are read, and compared exactly later.
    since = min([how.now, *(entry.starts_at for entry in parsed.entries if how.ids_from)]) - timedelta(days=2)
    bound = since.date().isoformat() if connection.dialect.name == "sqlite" else since
    named = {entry.appointment_id for entry in parsed.entries} | {
        line.appointment_id for line in parsed.refused
    }
    rows = _by_key(connection, "appointments", [sa.column("starts_at") >= bound], how.zone)
    rows |= _by_key(
        connection, "appointments", _of_keys("appointments", named - rows.keys() - {""}), how.zone
    )
    wanted = {str(row["customer_id"]) for row in rows.values() if row["customer_id"] is not None}
    wanted |= {entry.person.customer_id for entry in parsed.entries if entry.person} - {""}
    made = sa.column("customer_id").like(f"{MADE}%")
    own_id = sa.column("appointment_id", sa.Text)
    made_ids = sa.select(own_id).select_from(sa.table("appointments")).where(own_id.like(f"{MADE}%"))
    return Held(
        {
            "branches": _by_key(connection, "branches", [sa.true()], how.zone),
            "customers": _by_key(connection, "customers", [made, *_of_keys("customers", wanted)], how.zone),
            "appointment_types": _by_key(connection, "appointment_types", [sa.true()], how.zone),
            "appointments": rows,
        },
        memory.origins(connection, rows.keys()),
        before,
        memory.refused_before(connection, before.name),
        memory.titles_before(connection, before.name),
        frozenset(connection.execute(made_ids).scalars()) if how.ids_from else frozenset(),
    )


def _of_keys(table: str, keys: Iterable[str]) -> list[sa.ColumnElement[bool]]:
    return [sa.column(KEYS[table]).in_(some) for some in memory.in_portions(keys)]


def _by_key(
    connection: sa.Connection, table: str, conditions: Iterable[sa.ColumnElement[bool]], zone: ZoneInfo
) -> dict[str, Row]:
    """The rows that meet any of the conditions, with all their columns."""
    found: dict[str, Row] = {}
    for condition in conditions:
        result = connection.execute(sa.select(sa.text("*")).select_from(sa.table(table)).where(condition))
        names = list(result.keys())
        readers = [_reader(name, zone) for name in names]
        for cells in result:
            row = {
                name: value if reader is None else reader(value)
                for name, reader, value in zip(names, readers, cells, strict=True)
            }
            found[str(row[KEYS[table]])] = row
    return found


def _reader(name: str, zone: ZoneInfo) -> Callable[[object], object] | None:
    """Converts the values of a column for comparison; None becomes of what cannot be read."""
    if not name.endswith("_at"):
        return None
    stamps = Timestamps(zone)
    known: dict[object, object] = {}

    def read(value: object) -> object:
        try:
            return known[value]
        except KeyError:
            pass
        found: object = None
        with suppress(Unreadable):
            found = stamps.read(value, time_needed=False)
        known[value] = found
        return found

    return read


def _write(connection: sa.Connection, found: Changes, zone: ZoneInfo) -> None:
    in_text = connection.dialect.name == "sqlite"
    for name, key in KEYS.items():
        if rows := [_stored(row, zone, in_text=in_text) for row in found.inserts[name].values()]:
            connection.execute(sa.table(name, *map(sa.column, rows[0])).insert(), rows)
        # Updates of the same columns go in one statement: one by one they take seconds for a large file.
        alike: dict[tuple[str, ...], list[Mapping[str, object]]] = {}
        for value, part in found.updates[name].items():
            alike.setdefault(tuple(part), []).append(
                {**_stored(part, zone, in_text=in_text), "the_key": value}
            )
        for columns, parts in alike.items():
            table = sa.table(name, *map(sa.column, columns))
            update = table.update().where(sa.column(key) == sa.bindparam("the_key"))
            connection.execute(update.values({column: sa.bindparam(column) for column in columns}), parts)


def _stored(row: Row, zone: ZoneInfo, *, in_text: bool) -> dict[str, object]:
    """The row as it is written; in SQLite with local times, for people who look into the file."""
    stored = dict(row)
    for name in _TIMES if in_text else ():
        if isinstance(moment := stored.get(name), datetime):
            stored[name] = moment.astimezone(zone).isoformat(" ", "seconds")
    return stored
