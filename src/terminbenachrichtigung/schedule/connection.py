"""The connection to the schedule: opened anew for each reading, and unable to write.

SQLite is opened with `mode=ro`; sessions of PostgreSQL, MySQL and MariaDB are read-only. Every error that a
user can cause becomes one sentence that names the database, without its password.
"""

import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from terminbenachrichtigung.config import postgres
from terminbenachrichtigung.config.databases import POSTGRES, masked_url
from terminbenachrichtigung.errors import ScheduleError

_PATIENCE = 30  # seconds to wait for a lock, as the journal does
STATEMENT_SECONDS = 300  # after so long a query that never ends is given up

_CRASHED = (
    "was left in the middle of its work by a program that crashed: start that program, it puts it right"
)
_MISSING = "; correct schedule.url, or make one of the tool's own: terminbenachrichtigung schedule init"
_ADVICE = {
    "SQLITE_BUSY": "is locked by another program",
    "SQLITE_CANTOPEN": "cannot be opened: look at the permissions of the file, its folder and its -wal file",
    "SQLITE_CORRUPT": "is damaged",
    "SQLITE_NOTADB": "is not an SQLite database",
    "SQLITE_READONLY_CANTINIT": _CRASHED,
    "SQLITE_READONLY_DIRECTORY": _CRASHED,
    "SQLITE_READONLY_RECOVERY": _CRASHED,
    "SQLITE_READONLY_ROLLBACK": _CRASHED,
    "55P03": "is locked by another program",
}
"""What follows the database's name, by SQLite's error name (or its first two words) or PostgreSQL's code."""

_MYSQL = ("mysql", "mariadb")
_TEXT_TYPES = ("text", "varchar", "bpchar", "name", "date", "timestamp", "timestamptz", 0)
"""Types of PostgreSQL that `_read_all_as_text` reads as text; 0: all others."""

_WAL_VERSION = b"\x02\x02"  # bytes 18 and 19 of an SQLite file in WAL mode (sqlite.org/fileformat2.html)
_URI_PARAMETERS = ("vfs", "immutable", "nolock", "cache", "psow")  # what SQLite itself takes in a URI

T = TypeVar("T")


class _Changed(Exception):  # noqa: N818 - a signal to read again, never shown
    """Somebody wrote to the file while it was read without locks: it must be read again."""


class ReadOnlyDatabase:
    """A database that is read by one short transaction at a time, each on a connection of its own.

    No connection is kept: an export may replace an SQLite file by renaming another over it, and a
    server may restart between two readings. Opening costs less than a millisecond on SQLite.
    """

    def __init__(self, url: str, zone: ZoneInfo) -> None:
        """Open nothing yet. A PostgreSQL session gets `zone`, so that views mean the practice's clock."""
        self._url = parsed_url(url)
        self._session = {
            "TimeZone": str(zone),
            "datestyle": "ISO",
            "lock_timeout": f"{_PATIENCE}s",
            "statement_timeout": f"{STATEMENT_SECONDS}s",
        }
        self.name = masked_url(url)
        self._lenient = False
        self._is_psycopg = False
        self._file: _SqliteFile | None = None
        if self._url.get_backend_name() == "sqlite":
            self._file = _SqliteFile(self._sqlite_path())
        if self._url.get_backend_name() in _MYSQL and not self._url.database:
            raise self.failure(
                "names no database: put it behind the host, as in mysql+pymysql://user@host/praxis"
            )
        try:
            self._engine = self._new_engine(immutable=False)
            self._immutable_engine = self._new_engine(immutable=True) if self._file else self._engine
        except (ImportError, sa.exc.SQLAlchemyError) as error:
            raise self.failure(f"cannot be used: {error}") from error
        self.dialect = self._engine.dialect

    def run(self, work: Callable[[sa.Connection], T]) -> T:
        """Do `work` in a fresh read-only transaction, again if somebody wrote. Raises ScheduleError."""
        locking = False
        while True:
            try:
                if self._file and not locking and self._file.is_idle_wal():
                    return self._without_locks(self._file, work)
                with self._connected() as connection:
                    if self._is_psycopg:
                        self._begin_session(connection)
                    return work(connection)
            except _Changed:
                locking = True
            except (sa.exc.SQLAlchemyError, UnicodeError) as error:
                if self._lenient or not _is_about_a_value(error):
                    raise self.failure(sentence(error)) from error
                self._lenient = True
            except OSError as error:
                remedy = _MISSING if isinstance(error, FileNotFoundError) else ""
                raise self.failure(f"cannot be opened: {error.strerror}{remedy}") from error

    def _connected(self) -> sa.Connection:
        try:
            return self._engine.connect()
        except RuntimeError as error:  # a driver of MySQL's that lacks what the server's login needs
            needs = ": pip install 'pymysql[rsa]'" if "cryptography" in str(error) else ""
            raise self.failure(f"cannot be opened: {_first_line(error)}{needs}") from error

    def failure(self, sentence: str) -> ScheduleError:
        """The error to raise: `sentence` continues "The schedule so-and-so", without a full stop."""
        return ScheduleError(f"The schedule {self.name} {sentence}.")

    def close(self) -> None:
        self._engine.dispose()
        self._immutable_engine.dispose()
        if self._file:
            self._file.close()

    def _without_locks(self, file: "_SqliteFile", work: Callable[[sa.Connection], T]) -> T:
        """Read a file in WAL mode that nobody has open, without making the files of that mode.

        With `mode=ro` alone SQLite would make a -wal and a -shm file and leave them there. They would belong
        to our user, and the practice's program might not be able to open its own database any more. And in a
        folder where we may not write, SQLite could not read at all.
        """
        before = file.state()
        try:
            with self._immutable_engine.connect() as connection:
                result = work(connection)
        except sa.exc.DBAPIError:
            if file.state() != before:
                raise _Changed from None
            raise
        if file.state() != before:
            raise _Changed
        return result

    def _sqlite_path(self) -> Path:
        database = self._url.database or ""
        if database.startswith("file:"):  # SQLAlchemy's form for SQLite's own URIs
            database = unquote(database.removeprefix("file:").removeprefix("//"))
        if database in ("", ":memory:") or "\0" in database:
            raise self.failure("names no file")
        return Path(database).absolute()

    def _new_engine(self, *, immutable: bool) -> sa.Engine:
        if self._file:
            return sa.create_engine(
                "sqlite://",
                creator=lambda: self._open_sqlite(immutable=immutable),
                poolclass=NullPool,
                enable_from_linting=False,  # rows are found by a list of ranges, for which it warns
            )
        url = self._url
        if url.drivername != POSTGRES:
            engine = sa.create_engine(url, poolclass=NullPool)
            if url.get_backend_name() in _MYSQL:
                sa.event.listen(engine, "connect", _only_read)
            return engine
        self._is_psycopg = True
        engine = sa.create_engine(
            url,
            poolclass=NullPool,
            execution_options={"postgresql_readonly": True},
            connect_args=postgres.connect_args(url),
        )
        postgres.bound_answers(engine, STATEMENT_SECONDS)
        return engine

    def _begin_session(self, connection: sa.Connection) -> None:
        """The settings of one reading, which end with its transaction.

        On a direct connection the whole session is read-only, so that a query that commits and goes on writes
        nothing either. Behind a pooler only the transaction is: another program would inherit the session.
        """
        raw: Any = connection.connection.driver_connection
        if self._lenient:
            _read_all_as_text(raw)
        connection.exec_driver_sql(postgres.setting(self._session, local=True))
        if postgres.is_direct(raw):
            connection.exec_driver_sql("SET default_transaction_read_only TO on")

    def _open_sqlite(self, *, immutable: bool) -> sqlite3.Connection:
        assert self._file is not None
        parameters = {name: str(self._url.query[name]) for name in _URI_PARAMETERS if name in self._url.query}
        if immutable:
            parameters["immutable"] = "1"
        uri = f"{self._file.path.as_uri()}?{urlencode({**parameters, 'mode': 'ro'})}"
        timeout = str(self._url.query.get("timeout", _PATIENCE))
        connection = sqlite3.connect(uri, uri=True, timeout=float(timeout), check_same_thread=False)
        if self._lenient:
            connection.text_factory = _text_or_bytes
        return connection


class _SqliteFile:
    """What can be learnt of an SQLite file without opening it as a database."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._wal = path.with_name(path.name + "-wal")
        self._opened: tuple[tuple[int, int], int] | None = None  # (device, inode), descriptor

    def state(self) -> tuple[object, ...]:
        """A value that changes when somebody writes to the database, or opens it for that in WAL mode."""
        info = self.path.stat()
        return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, self._wal.exists()

    def is_idle_wal(self) -> bool:
        """Whether it is in WAL mode, and nobody has it open; raises OSError if it is no file."""
        info = self.path.stat()
        if stat.S_ISDIR(info.st_mode):
            raise IsADirectoryError(0, "it is a folder")
        if self._wal.exists():
            return False
        identity = info.st_dev, info.st_ino
        if self._opened is None or self._opened[0] != identity:
            self.close()
            # Kept open: closing any descriptor of a file drops all locks that this process has on it.
            self._opened = identity, os.open(self.path, os.O_RDONLY)
        return os.pread(self._opened[1], 2, 18) == _WAL_VERSION

    def close(self) -> None:
        if self._opened:
            os.close(self._opened[1])
            self._opened = None


def parsed_url(text: str) -> URL:
    """The URL of a schedule, in its parts; plain postgresql:// means psycopg 3, as in the configuration.

    With another driver a session would have neither the practice's zone nor be read-only as a whole.
    """
    try:
        url = make_url(text)
    except sa.exc.ArgumentError as error:
        raise ScheduleError("The URL of the schedule is not a database URL.") from error
    return url.set(drivername=POSTGRES) if url.drivername == "postgresql" else url


def sentence(error: Exception) -> str:
    """What is wrong with the database, to follow its name; one line, without a full stop."""
    original = getattr(error, "orig", None)
    for code in (getattr(original, "sqlite_errorname", None), getattr(original, "sqlstate", None)):
        advice = code and (_ADVICE.get(code) or _ADVICE.get("_".join(code.split("_")[:2])))
        if advice:
            return advice
    said = _first_line(original or error)
    return f"cannot be read: {said}{postgres.advice(said)}"


def _first_line(error: BaseException) -> str:
    match error.args:
        case (int(), str() as text):  # MySQL's drivers put the error's number before it
            lines = text.strip().splitlines()
        case _:
            lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _is_about_a_value(error: Exception) -> bool:
    """Whether the trouble is one value that Python, or UTF-8, cannot represent."""
    if isinstance(error, UnicodeDecodeError):
        return True
    original = getattr(error, "orig", None)
    if isinstance(original, sqlite3.Error):
        return str(original).startswith("Could not decode to UTF-8")
    # psycopg's own refusals have no code; the server's is "character not in repertoire".
    return isinstance(error, sa.exc.DataError) and getattr(original, "sqlstate", "") in (None, "22021")


def _only_read(connection: Any, _record: object) -> None:
    """All transactions of a session of MySQL or MariaDB are read-only."""
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION READ ONLY")


def _text_or_bytes(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _read_all_as_text(connection: Any) -> None:
    """Read everything as text, for values that Python cannot hold: `infinity`, years above 9999, stray bytes.

    psycopg would give up the whole result because of one such value. Costs three times the reading.
    """
    from psycopg.adapt import Loader  # noqa: PLC0415 - psycopg only where it is used

    class AsText(Loader):
        def load(self, data: Any) -> str | bytes:
            return _text_or_bytes(bytes(data))

    for name in _TEXT_TYPES:
        connection.adapters.register_loader(name, AsText)
    if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
        # A database that does not know its encoding: the server would refuse to send it as UTF-8.
        connection.execute("SET client_encoding TO 'SQL_ASCII'")
