"""How the journal's database is opened: SQLite for one machine, Postgres for many."""

import functools
import json
import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, TypeVar
from urllib.parse import quote

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Table,
    Text,
    any_,
    create_engine,
    event,
    func,
    literal,
    make_url,
    select,
)
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from terminbenachrichtigung.clock import TIMINGS, Clock, Timings
from terminbenachrichtigung.config import postgres
from terminbenachrichtigung.config.databases import POSTGRES, masked_url
from terminbenachrichtigung.config.settings import JournalSettings
from terminbenachrichtigung.errors import JournalError, JournalMissingError
from terminbenachrichtigung.journal.tables import meta
from terminbenachrichtigung.private_files import OWNER_ALONE

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

Mode = Literal["ro", "rw", "rwc"]

MOUNTS = Path("/proc/mounts")
# File systems on which SQLite's locks are known not to hold between machines (sqlite.org/faq.html, 5).
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "ceph", "glusterfs", "fuse.glusterfs", "9p"}
    | {"fuse.sshfs", "lustre", "beegfs", "ocfs2", "gfs2", "drvfs", "davfs", "fuse.davfs", "fuse.rclone"}
)

_EACH_TRANSACTION = "terminbenachrichtigung: what each transaction begins with"

_REMEDIES = {
    "readonly database": (
        "; this user needs leave to write the file and its folder, where SQLite keeps -wal and -shm beside it"
    ),
    "disk I/O error": "; the disk may be full, or broken",  # SQLite says no more where -shm finds no room
}
"""By words of SQLite, what its sentence leaves out."""
_HOLDS_EVERY_LETTER = frozenset({"UTF8", "SQL_ASCII"})  # the second keeps what it is given
MAY_PASS = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
    | {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOMEM}
)
"""SQLite's kinds of error after which the same statement may succeed a little later."""


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """Turns what a database driver raises into one sentence that names the journal."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        said = error.orig if isinstance(error, DBAPIError) else error
        raise JournalError(f"the journal {masked_url(url)}: {_first_line(said)}") from error
    except UnicodeEncodeError as error:  # of what it is given
        raise JournalError(f"the journal {masked_url(url)} keeps text alone: {_first_line(error)}") from error
    except ValueError as error:  # of what a column holds: a broken moment, a state that there is not
        why = f"is damaged, or was changed by hand ({_first_line(error)}): put a backup in its place"
        raise JournalError(f"the journal {masked_url(url)} {why}") from error


def may_pass(error: JournalError) -> bool:
    """Whether waiting may help: locked, disk full, the server restarts; not: read-only, no such table."""
    cause = error.__cause__
    if not isinstance(cause, DBAPIError):
        return False
    if isinstance(cause.orig, sqlite3.Error):
        # The lowest byte is the kind, the others say more of it (sqlite.org/rescode.html).
        return getattr(cause.orig, "sqlite_errorcode", 0) & 0xFF in MAY_PASS
    return cause.connection_invalidated or isinstance(cause, OperationalError | InterfaceError)


def _first_line(error: BaseException | None) -> str:
    lines = str(error).strip().splitlines()
    if not lines:
        return type(error).__name__
    found = (remedy for words, remedy in _REMEDIES.items() if words in lines[0])
    return f"{lines[0]}{next(found, postgres.advice(lines[0]))}"


def make_engine(url: str, mode: Mode, timings: Timings = TIMINGS, mounts: Path = MOUNTS) -> Engine:
    """An engine for the journal; nothing is opened yet.

    Args:
        url: SQLAlchemy URL of an SQLite file or a Postgres database.
        mode: "ro" cannot write, "rw" needs an existing journal file, "rwc" makes the file.
        timings: how long one statement waits for another run's lock.
        mounts: where the system says what is mounted where.

    Raises:
        JournalError: an SQLite file on a network drive, where its locks cannot be trusted.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(Path(parsed.database or ""), mode, timings.busy, mounts)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername=POSTGRES)
    limits = {
        "timezone": "UTC",
        "datestyle": "ISO",  # the driver reads no other
        "synchronous_commit": "on",  # a claim that a crash takes back is a customer who is told twice
        "lock_timeout": f"{round(timings.busy * 1000)}ms",
        "statement_timeout": f"{round(timings.statement * 1000)}ms",
        # A run that was stopped in the middle of a transaction must not hold a customer's lock for ever.
        "idle_in_transaction_session_timeout": "60s",
    }
    drivers = postgres.connect_args(parsed)
    # The isolation is ours, whatever the role is set to: a claim must see what was written while it waited.
    engine = create_engine(
        parsed, connect_args=drivers, isolation_level="READ COMMITTED", pool_size=1, max_overflow=1
    )
    postgres.bound_answers(engine, timings.statement)

    def begin_session(connection: Any, record: ConnectionPoolEntry) -> None:
        _check_encoding(connection.info.parameter_status("server_encoding"))
        if postgres.is_direct(connection):
            read_only = {"default_transaction_read_only": "on"} if mode == "ro" else {}
            connection.execute(postgres.setting({**limits, **read_only}, local=False))
        else:
            read_only = {"transaction_read_only": "on"} if mode == "ro" else {}
            record.info[_EACH_TRANSACTION] = postgres.setting({**limits, **read_only}, local=True)
        connection.commit()

    event.listen(engine, "connect", begin_session)
    return engine


def _check_encoding(encoding: str) -> None:
    """Refuses a database that lacks letters: it would refuse to note a message that has been sent already."""
    if encoding not in _HOLDS_EVERY_LETTER:
        raise JournalError(
            f"the journal's database has the encoding {encoding}, which lacks letters that ids, names and "
            "answers may have: make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        )


def _sqlite(path: Path, mode: Mode, busy_seconds: float, mounts: Path) -> Engine:
    file_system = file_system_of(path, mounts)
    if file_system in NETWORK_FILE_SYSTEMS:
        raise JournalError(
            f"the journal {path} lies on a network drive ({file_system}), where SQLite's locks do not hold: "
            "two runs could notify one customer. Put it on a local disk, or use Postgres"
        )
    try:
        if path.exists() and not path.is_file():
            raise JournalError(f"the journal {path}: it is {'a folder' if path.is_dir() else 'no file'}")
        if mode == "rwc":
            # It holds customers' numbers: nobody but its owner needs to read it.
            path.touch(mode=OWNER_ALONE)
        else:
            path.stat()
    except FileNotFoundError as error:
        if mode == "rwc":
            raise JournalError(f"the journal {path}: its folder does not exist") from error
        raise JournalMissingError(
            f"{path}: there is no journal yet; make one: terminbenachrichtigung journal init"
        ) from error
    except OSError as error:
        raise JournalError(f"the journal {path}: {error.strerror}") from error

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode={mode}",
            uri=True,
            timeout=busy_seconds,
            isolation_level=None,  # transactions begin where `transaction` says, not where the driver guesses
            check_same_thread=False,
        )
        try:
            if mode == "rwc" or (mode == "rw" and _holds_a_journal(connection)):
                _to_write_ahead_log(connection, busy_seconds)
                connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=1, max_overflow=1)


@contextmanager
def transaction(connection: Connection, *, writes: bool) -> Iterator[None]:
    """One transaction on the journal, committed when the block is left without an error."""
    with connection.begin():
        if connection.dialect.name == "sqlite":
            # A deferred transaction that reads first and writes later fails under load however long it waits,
            # so a writer takes the lock at once. BEGIN is executed here and not by a listener: with one,
            # SQLAlchemy looks for listeners at each statement, which costs a tenth of a claim.
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
        elif _EACH_TRANSACTION in connection.info:
            connection.exec_driver_sql(connection.info[_EACH_TRANSACTION])
        yield


def _holds_a_journal(connection: sqlite3.Connection) -> bool:
    """Another program's file, which the configuration names by mistake, must stay as it is."""
    named = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'journal_version'")
    return named.fetchone() is not None


def _to_write_ahead_log(connection: sqlite3.Connection, busy_seconds: float) -> None:
    # When several programs open a new file at once, SQLite refuses this step to some of them without waiting
    # (measured: four in a hundred). Once the file is in this mode, the statement does nothing.
    patience_ends = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > patience_ends:
                raise
            time.sleep(0.01)
        else:
            return


def file_system_of(path: Path, mounts: Path = MOUNTS) -> str:
    """The type of the file system that holds `path` ("ext4", "nfs4"), or "" where it cannot be seen."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    wanted = os.path.realpath(path)
    best: tuple[int, str] = (0, "")
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ").rstrip("/") + "/"
        if wanted.startswith(point) and len(point) >= best[0]:
            best = (len(point), fields[2])
    return best[1]


def lock(connection: Connection, key: str) -> None:
    """Waits for the lock of one customer (or of the upgrade), and holds it until the transaction ends.

    SQLite needs none: `BEGIN IMMEDIATE` holds the whole file already.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"terminbenachrichtigung:{key}",)
        )


def insert_new(connection: Connection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """An INSERT that does nothing if the row is there. RETURNING tells whether, `rowcount` does not."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite  # noqa: PLC0415

        return sqlite.insert(table).on_conflict_do_nothing()
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - costs 0.1 s, which an SQLite journal need not pay

    return postgresql.insert(table).on_conflict_do_nothing()


def among(connection: Connection, column: Column[str], values: Collection[str]) -> ColumnElement[bool]:
    """A condition "column is one of these": one parameter, however many values there are."""
    if connection.dialect.name == "sqlite":
        return column.in_(select(func.json_each(json.dumps(list(values))).table_valued("value").c.value))
    return column == any_(literal(list(values), ARRAY(Text)))


# ---------------------------------------------------------------- one connection, and patience with it

_Self = TypeVar("_Self", bound="Connected")
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class Connected:
    """The one connection of a run to its journal: short transactions, repeated where that helps."""

    def __init__(
        self, engine: Engine, url: str, settings: JournalSettings, clock: Clock, timings: Timings
    ) -> None:
        self.run_id = str(uuid.uuid4())
        self._engine = engine
        self._url = url
        self._claim_timeout = timedelta(minutes=settings.claim_timeout_minutes)
        self._keep = timedelta(days=settings.retention_days)
        self._clock = clock
        self._timings = timings
        self._name_key: bytes | None = None
        self._connection: Connection | None = None
        self._retrying = False
        self._patience_ends: float | None = None  # by the monotonic clock; None while all is well

    def close(self) -> None:
        """Gives the connections back."""
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Connection]:
        # One connection for the whole run: to take one from the pool each time costs a fifth of a claim.
        with reaching(self._url):
            if self._connection is None:
                self._connection = self._engine.connect()
            with transaction(self._connection, writes=writes):
                yield self._connection

    def _key(self, connection: Connection) -> bytes:
        """With which names and recipients are hashed."""
        if self._name_key is None:
            self._name_key = bytes.fromhex(connection.execute(select(meta.c.name_key)).scalar_one())
        return self._name_key

    def _wait_for_the_journal(self, error: JournalError, pause: float) -> None:
        """Waits for as long as `pause`; raises the error where waiting cannot help, or took long enough.

        Patience is counted from the first failure, not for each call: a run with eight messages under way
        would otherwise hang on a full disk for eight times as long.
        """
        if self._patience_ends is None:
            self._patience_ends = self._clock.monotonic() + self._timings.patience
        if not may_pass(error) or self._clock.monotonic() + pause > self._patience_ends:
            raise error
        self._retrying = True
        self._clock.sleep(pause)


def patient(
    method: Callable[Concatenate[_Self, _Arguments], _Result],
) -> Callable[Concatenate[_Self, _Arguments], _Result]:
    """Repeats a transaction that the database could not finish: locked, disk full, server restarted.

    The whole transaction is repeated. A method must also be right when its first try was committed and only
    the answer was lost; `_retrying` says that this is not the first try.
    """

    @functools.wraps(method)
    def repeated(self: _Self, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        pause = 0.2
        try:
            while True:
                try:
                    result = method(self, *args, **kwargs)
                except JournalError as error:
                    self._wait_for_the_journal(error, pause)
                    pause = min(pause * 2, 5.0)
                else:
                    self._patience_ends = None
                    return result
        finally:
            self._retrying = False

    return repeated


def _in_transaction(
    *, writes: bool
) -> Callable[
    [Callable[Concatenate[_Self, Connection, _Arguments], _Result]],
    Callable[Concatenate[_Self, _Arguments], _Result],
]:
    """Runs a method in one transaction and hands it the connection; repeated as `patient` does."""

    def decorated(
        method: Callable[Concatenate[_Self, Connection, _Arguments], _Result],
    ) -> Callable[Concatenate[_Self, _Arguments], _Result]:
        @functools.wraps(method)
        def whole(self: _Self, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
            with self._transaction(writes=writes) as connection:
                return method(self, connection, *args, **kwargs)

        return patient(whole)

    return decorated


reads = _in_transaction(writes=False)
writes = _in_transaction(writes=True)
