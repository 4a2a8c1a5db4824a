"""A complete schedule of the tool's own, for those who have none (`schedule init`).

Four tables, and the view `reminder_appointments` with the contract's columns. Keys are texts, so
that rows of another program can come in with their own ids. Timestamps are `timestamptz` on
PostgreSQL; on SQLite texts, in any form that the contract names.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from terminbenachrichtigung.config import postgres
from terminbenachrichtigung.config.databases import POSTGRES, masked_url
from terminbenachrichtigung.errors import ScheduleError
from terminbenachrichtigung.schedule.connection import STATEMENT_SECONDS, parsed_url, sentence

VIEW = "reminder_appointments"
"""The relation that `schedule.source` names by default."""

TABLES = ("branches", "customers", "appointment_types", "appointments")
SOURCES = sa.table("import_sources", *map(sa.column, ("source", "imported_at", "whole_at", "state")))
ROWS = sa.table("import_rows", *map(sa.column, ("appointment_id", "source", "series", "missing_from")))
_REFUSED = ("source", "line_key", "line", "appointment_id", "starts_at", "name", "reason", "first_at")
REFUSALS = sa.table("import_refusals", *map(sa.column, _REFUSED))
TITLES = sa.table("import_titles", *map(sa.column, ("source", "title")))
IMPORT_TABLES = (SOURCES.name, ROWS.name, REFUSALS.name, TITLES.name)
"""What `schedule import` notes for the next file; times are UTC, in text."""

_SCHEMA = """
CREATE TABLE branches (
    branch_code TEXT PRIMARY KEY,
    name TEXT NOT NULL DEFAULT '',
    phone TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT '',
    email TEXT NOT NULL DEFAULT ''
);

CREATE TABLE customers (
    customer_id TEXT PRIMARY KEY,
    salutation TEXT NOT NULL DEFAULT '',
    first_name TEXT NOT NULL DEFAULT '',
    last_name TEXT NOT NULL DEFAULT '',
    mobile TEXT NOT NULL DEFAULT '',
    phone TEXT NOT NULL DEFAULT '',
    email TEXT NOT NULL DEFAULT '',
    preferred_channel TEXT NOT NULL DEFAULT '',
    reminder_consent BOOLEAN NOT NULL DEFAULT FALSE,
    sms_allowed BOOLEAN,
    email_allowed BOOLEAN,
    language TEXT NOT NULL DEFAULT '',
    last_contacted_at {timestamp}
);

CREATE TABLE appointment_types (
    type_code TEXT PRIMARY KEY,
    name TEXT NOT NULL DEFAULT '',
    notifiable BOOLEAN NOT NULL DEFAULT TRUE
);

CREATE TABLE appointments (
    appointment_id TEXT PRIMARY KEY,
    customer_id TEXT REFERENCES customers (customer_id),
    type_code TEXT REFERENCES appointment_types (type_code),
    branch_code TEXT REFERENCES branches (branch_code),
    status TEXT NOT NULL DEFAULT '',
    is_group BOOLEAN NOT NULL DEFAULT FALSE,
    starts_at {timestamp} NOT NULL {check},
    ends_at {timestamp},
    created_at {timestamp} DEFAULT ({now}),
    import_state TEXT NOT NULL DEFAULT ''
);

CREATE TABLE import_sources (
    source TEXT PRIMARY KEY,
    imported_at TEXT NOT NULL,
    whole_at TEXT,
    state TEXT NOT NULL
);

CREATE TABLE import_rows (
    appointment_id TEXT PRIMARY KEY REFERENCES appointments (appointment_id) ON DELETE CASCADE,
    source TEXT NOT NULL,
    series TEXT NOT NULL DEFAULT '',
    missing_from TEXT NOT NULL DEFAULT ''
);

CREATE TABLE import_refusals (
    source TEXT NOT NULL,
    line_key TEXT NOT NULL,
    line INTEGER NOT NULL,
    appointment_id TEXT NOT NULL,
    starts_at TEXT,
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    first_at TEXT NOT NULL,
    PRIMARY KEY (source, line_key)
);

CREATE TABLE import_titles (
    source TEXT NOT NULL,
    title TEXT NOT NULL,
    PRIMARY KEY (source, title)
);

CREATE INDEX appointments_starts_at ON appointments (starts_at);
CREATE INDEX appointments_customer_id ON appointments (customer_id);

CREATE VIEW reminder_appointments AS
SELECT
    a.appointment_id, a.starts_at, a.customer_id,
    COALESCE(t.notifiable, FALSE) AS type_notifiable, a.is_group,
    a.status, t.name AS type_name,
    a.branch_code, b.name AS branch_name, b.phone AS branch_phone, b.address AS branch_address,
    b.email AS branch_email,
    c.salutation, c.first_name, c.last_name, c.mobile, c.phone, c.email, c.preferred_channel,
    c.reminder_consent, c.sms_allowed, c.email_allowed, c.language,
    a.ends_at, a.created_at, c.last_contacted_at, a.import_state
FROM appointments a
LEFT JOIN customers c ON c.customer_id = a.customer_id
LEFT JOIN appointment_types t ON t.type_code = a.type_code
LEFT JOIN branches b ON b.branch_code = a.branch_code
"""

_SQLITE = {
    "timestamp": "TEXT",
    # Refuses starts that no reading would find: 24.11.2026, numbers.
    "check": "CHECK (starts_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9][ T][0-2][0-9]:[0-5][0-9]*')",
    # SQLite's own CURRENT_TIMESTAMP is UTC and does not say so: it would be read as local.
    "now": "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')",
}
_POSTGRES = {"timestamp": "TIMESTAMPTZ", "check": "", "now": "now()"}


def init(url: str) -> None:
    """Make the tables and the view, in an SQLite file that need not exist, or in PostgreSQL.

    All of it or nothing. Raises ScheduleError where one of the names is taken, the database is out
    of reach, or is of another kind.
    """
    parsed, name = parsed_url(url), masked_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            _check_file(parsed, name)
            dialect = _SQLITE
        case "postgresql":
            dialect = _POSTGRES
        case other:
            raise ScheduleError(f"A schedule can be made in SQLite and PostgreSQL, not in {other} ({name}).")
    with connected(url) as connection:
        _create(connection, dialect, name)


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    """A connection that may write; what the database refuses becomes a ScheduleError."""
    engine = _engine(parsed_url(url))
    try:
        with engine.connect() as connection:
            yield connection
    except sa.exc.DBAPIError as error:
        raise ScheduleError(f"The schedule {masked_url(url)} {sentence(error)}.") from error
    finally:
        engine.dispose()


def _engine(url: URL) -> sa.Engine:
    if url.drivername != POSTGRES:
        return sa.create_engine(url, poolclass=NullPool)
    engine = sa.create_engine(url, poolclass=NullPool, connect_args=postgres.connect_args(url))
    postgres.bound_answers(engine, STATEMENT_SECONDS)
    limits = {"datestyle": "ISO", "statement_timeout": f"{STATEMENT_SECONDS}s"}
    each_transaction = postgres.setting(limits, local=True)
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(each_transaction))
    return engine


def _create(connection: sa.Connection, dialect: dict[str, str], name: str) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # Python's sqlite3 begins no transaction for a CREATE
    there = sa.inspect(connection)
    taken = [relation for relation in (*TABLES, *IMPORT_TABLES, VIEW) if there.has_table(relation)]
    if taken:
        raise ScheduleError(
            f"The schedule {name} holds {', '.join(taken)} already: nothing was changed. "
            "Use it as it is, or choose another database."
        )
    for statement in _SCHEMA.format(**dialect).split(";"):
        connection.exec_driver_sql(statement)
    connection.commit()


def _check_file(url: URL, name: str) -> None:
    if not url.database or url.database == ":memory:":
        raise ScheduleError(f"The schedule {name} names no file.")
    folder = Path(url.database).absolute().parent
    if not folder.is_dir():
        raise ScheduleError(f"The schedule {name} cannot be made: there is no folder {folder}.")
    try:
        Path(url.database).touch(mode=0o600)  # only the owner may read names and numbers
    except OSError as error:
        raise ScheduleError(f"The schedule {name} cannot be made: {error.strerror}.") from error
