"""How a session on PostgreSQL is opened, the schedule's and the journal's alike.

Nothing here goes into libpq's startup `options`: the user's own stay in force (`?options=-csearch_path=x`),
and a pooler such as pgbouncer would refuse the connection. What a session needs is set by a statement. On a
direct connection once; behind a pooler in each transaction, because a pooler hands out another session for
each, and what was set for good would stay with whoever gets it next.
"""

import logging
import time
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import URL, Dialect

if TYPE_CHECKING:
    import psycopg

# Both libraries log a lost connection. Without a handler Python would print that on stderr, beside the one
# sentence that this program says.
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
    "prepare_threshold": None,  # a pooler in transaction mode knows no prepared statements from before
}

_UNLESS_SET = frozenset({"lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"})
"""Limits of which the user's own, of the role, the database or the URL, come first."""


def connect_args(url: URL) -> dict[str, Any]:
    """The driver's arguments, but for those that the URL names itself."""
    return {name: value for name, value in _CONNECTING.items() if name not in url.query}


def advice(said: str) -> str:
    """What to do about a pooler's refusal; empty for what it is not about."""
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
"""So much longer than the server's own limit an answer is waited for."""


def bound_answers(engine: Engine, statement_seconds: float) -> None:
    """Gives up a connection on which no answer comes, long after the server would have given up itself.

    Keep-alives and `tcp_user_timeout` notice a dead line, and `statement_timeout` ends a query. But between a
    run and its server there may be a proxy or a tunnel that takes everything and passes nothing on.
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
