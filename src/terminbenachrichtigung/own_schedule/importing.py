"""`schedule import`: a file of another program goes into the tool's own schedule, in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from terminbenachrichtigung.errors import ConfigError, ScheduleError
from terminbenachrichtigung.own_schedule import changes, csv_file, icalendar_file
from terminbenachrichtigung.own_schedule.changes import KEYS, Changes, Held, How, Row
from terminbenachrichtigung.own_schedule.entries import Parsed
from terminbenachrichtigung.schedule import values
from terminbenachrichtigung.schedule.connection import masked, sentence
from terminbenachrichtigung.schedule.timestamps import Timestamps
from terminbenachrichtigung.schedule.values import Unreadable

_COLUMNS = {
    "branches": ("branch_code", "name", "phone", "address", "email"),
    "customers": (
        "customer_id",
        "salutation",
        "first_name",
        "last_name",
        "mobile",
        "phone",
        "email",
        "preferred_channel",
        "reminder_consent",
        "language",
        "last_contacted_at",
    ),
    "appointment_types": ("type_code", "name", "notifiable"),
    "appointments": (
        "appointment_id",
        "customer_id",
        "type_code",
        "branch_code",
        "status",
        "is_group",
        "starts_at",
        "ends_at",
        "created_at",
    ),
}
_TABLES = {name: sa.table(name, *map(sa.column, columns)) for name, columns in _COLUMNS.items()}
_FLAGS = ("reminder_consent", "notifiable", "is_group")
_AT_ONCE = 500  # keys in one query; SQLite takes 32,766 values, older ones 999


def read_file(path: Path, zone: ZoneInfo, mapping: Mapping[str, str]) -> Parsed:
    """Read a CSV or iCalendar file; the content says which. Raises ConfigError if it is neither."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if icalendar_file.is_calendar(content):
        if mapping:
            raise ConfigError("--mapping is for CSV; the properties of iCalendar have fixed names")
        return icalendar_file.read(content, zone)
    return csv_file.read(content, zone, mapping)


def import_entries(
    url: str, parsed: Parsed, how: How, *, dry_run: bool = False, force: bool = False
) -> Changes:
    """Write what the file says, all of it or nothing; a braked import writes nothing unless forced.

    Raises ScheduleError where the database is out of reach or has not the tables of `schedule init`.
    """
    parsed_url = make_url(url)
    name = masked(parsed_url)
    if parsed_url.drivername == "postgresql":
        parsed_url = parsed_url.set(drivername="postgresql+psycopg")
    if parsed_url.get_backend_name() == "sqlite" and not Path(parsed_url.database or "").is_file():
        raise ScheduleError(f"The schedule {name} is not there: `schedule init` makes it.")
    engine = sa.create_engine(parsed_url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            _begin(connection, name, dry_run=dry_run)
            found = changes.find(parsed, _held(connection, parsed, how), how)
            if not dry_run and (force or not found.braked):
                _write(connection, found, how.zone)
                connection.commit()
            return found
    except sa.exc.DBAPIError as error:
        raise ScheduleError(f"The schedule {name} {sentence(error)}.") from error
    finally:
        engine.dispose()


def _begin(connection: sa.Connection, name: str, *, dry_run: bool) -> None:
    there = sa.inspect(connection)
    missing = [table for table in KEYS if not there.has_table(table)]
    if missing:
        raise ScheduleError(
            f"The schedule {name} is not the tool's own: it lacks {', '.join(missing)}. "
            "`schedule init` makes an own one; an import writes into no other."
        )
    connection.rollback()
    if dry_run:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:  # two imports at a time would both insert what is new; whoever reads is not kept waiting
        connection.exec_driver_sql("LOCK TABLE appointments IN SHARE ROW EXCLUSIVE MODE")


def _held(connection: sa.Connection, parsed: Parsed, how: How) -> Held:
    appointments = _TABLES["appointments"]
    # Text in SQLite bears any offset: a bound two days early, and exact comparison later.
    since = how.now - timedelta(days=2)
    bound = since.date().isoformat() if connection.dialect.name == "sqlite" else since
    rows = {
        "branches": _by_key(connection, "branches", [sa.select(_TABLES["branches"])], how.zone),
        "appointment_types": _by_key(
            connection, "appointment_types", [sa.select(_TABLES["appointment_types"])], how.zone
        ),
        "customers": _by_key(
            connection,
            "customers",
            _of_keys("customers", {entry.customer_id for entry in parsed.entries} - {None}),
            how.zone,
        ),
        "appointments": _by_key(
            connection,
            "appointments",
            [
                sa.select(appointments).where(appointments.c.starts_at >= bound),
                *_of_keys("appointments", {entry.appointment_id for entry in parsed.entries}),
            ],
            how.zone,
        ),
    }
    first = connection.execute(sa.select(appointments.c.appointment_id).limit(1)).first()
    return Held(rows, empty=first is None)


def _of_keys(table: str, keys: Iterable[str | None]) -> Sequence[sa.Select[tuple[object, ...]]]:
    wanted, column = sorted(map(str, keys)), _TABLES[table].c[KEYS[table]]
    return [
        sa.select(_TABLES[table]).where(column.in_(wanted[first : first + _AT_ONCE]))
        for first in range(0, len(wanted), _AT_ONCE)
    ]


def _by_key(
    connection: sa.Connection, table: str, queries: Iterable[sa.Select[tuple[object, ...]]], zone: ZoneInfo
) -> dict[str, Row]:
    stamps = Timestamps(zone)
    return {
        str(row[KEYS[table]]): {name: _plain(name, value, stamps) for name, value in row.items()}
        for query in queries
        for row in connection.execute(query).mappings()
    }


def _plain(name: str, value: object, stamps: Timestamps) -> object:
    """A value as it is compared; what somebody typed that cannot be read is none, and is overwritten."""
    with suppress(Unreadable):
        if name in _FLAGS:
            return values.boolean(value)
        return stamps.read(value, time_needed=False) if name.endswith("_at") else value
    return None


def _write(connection: sa.Connection, found: Changes, zone: ZoneInfo) -> None:
    in_text = connection.dialect.name == "sqlite"
    for name, key in KEYS.items():
        table = _TABLES[name]
        if rows := [_stored(row, zone, in_text=in_text) for row in found.inserts[name].values()]:
            connection.execute(table.insert(), rows)
        for value, part in found.updates[name].items():
            stored = _stored(part, zone, in_text=in_text)
            connection.execute(table.update().where(table.c[key] == value).values(**stored))


def _stored(row: Row, zone: ZoneInfo, *, in_text: bool) -> dict[str, object]:
    """The row as the database takes it; SQLite's times are local, so that people can read them."""

    def stored(value: object) -> object:
        if in_text and isinstance(value, datetime):
            return value.astimezone(zone).isoformat(" ", "seconds")
        return value

    return {name: stored(value) for name, value in row.items()}
