"""How a session on PostgreSQL is opened, the schedule's and the journal's alike.

What a session needs is set by a statement, not by libpq's startup `options`: these may be the user's own
(`?options=-csearch_path=x`), and a pooler such as pgbouncer refuses them. On a direct connection it is set
once. Behind a pooler it is set in each transaction: each may have another session, and what is set for longer
would stay with the program that gets the session next.
"""

import logging
import time
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import URL, Dialect

if TYPE_CHECKING:
    import psycopg

# Both libraries log a lost connection. Without a handler Python would print that on stderr, beside our own
# sentence.
for _library in ("psycopg", "sqlalchemy"):
    logging.getLogger(_library).addHandler(logging.NullHandler())

_CONNECTING: Mapping[str, Any] = {
    "connect_timeout": 10,  # seconds
    # A line that goes dead without a reset is noticed after a minute, while waiting and while sending.
    "keepalives_idle": 30,  # seconds
    "keepalives_interval": 10,  # seconds
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,  # milliseconds
    "client_encoding": "utf8",
    "prepare_threshold": None,  # behind a pooler the next transaction may not have what was prepared
}

_UNLESS_SET = frozenset({"lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"})
"""Limits that are set only where neither the role, nor the database, nor the URL sets one."""


def connect_args(url: URL) -> dict[str, Any]:
    """The driver's arguments, without those that the URL sets itself."""
    return {name: value for name, value in _CONNECTING.items() if name not in url.query}


def advice(said: str) -> str:
    """What to do if a pooler refused; empty for any other error."""
    if "unsupported startup parameter" in said:
        return "; a pooler stands before the server: lead the URL to the server directly, or leave that out"
    return ""


def is_direct(connection: Any) -> bool:
    """Whether a psycopg connection leads to the server itself: a pooler has process numbers of its own."""
    (pid,) = connection.execute("SELECT pg_backend_pid()").fetchone()
    return bool(pid == connection.info.backend_pid)


def setting(settings: Mapping[str, str], *, local: bool) -> str:
    """The statement that sets these settings, until the transaction's end (`local`) or the session's."""
    return "SELECT " + ", ".join(_changed(name, value, str(local)) for name, value in settings.items())


def _changed(name: str, value: str, local: str) -> str:
    change = f"set_config('{name}', '{value}', {local})"
    return f"CASE current_setting('{name}') WHEN '0' THEN {change} END" if name in _UNLESS_SET else change


MARGIN_SECONDS = 10.0
"""How much longer than the server's own limit an answer is waited for."""


def bound_answers(engine: Engine, statement_seconds: float) -> None:
    """Closes a connection on which no answer comes, ten seconds after the server should have given up.

    Keep-alives and `tcp_user_timeout` notice a dead line, and `statement_timeout` ends a query. None of them
    helps against a proxy or a tunnel in between that takes everything and passes nothing on.
    """

    def connect(_: Dialect, _record: object, arguments: Any, keywords: Any) -> "psycopg.Connection[Any]":
        return _bounded(statement_seconds + MARGIN_SECONDS).connect(*arguments, **keywords)

    event.listen(engine, "do_connect", connect)


def _bounded(seconds: float) -> "type[psycopg.Connection[Any]]":
    """The driver's connection, which waits for no answer longer than this."""
    import psycopg  # noqa: PLC0415 - costs 0.1 s, which an SQLite journal need not pay

    class Bounded(psycopg.Connection[Any]):
        def wait(self, gen: Generator[Any, Any, Any], *arguments: Any, **keywords: Any) -> Any:
            return super().wait(self._until(time.monotonic() + seconds, gen), *arguments, **keywords)

        def _until(self, ends: float, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
            """The driver's steps, between which it waits a tenth of a second at most."""
            try:
                wanted = next(gen)
                while True:
                    ready = yield wanted
                    if time.monotonic() > ends:
                        self.pgconn.finish()
                        raise psycopg.OperationalError(f"no answer came within {seconds:g} seconds")
                    wanted = gen.send(ready)
            except StopIteration as result:
                return result.value

    return Bounded
