"""How a session on PostgreSQL is opened, the schedule's and the journal's alike.

Nothing here goes into libpq's startup `options`: the user's own stay in force (`?options=-csearch_path=x`),
and a pooler such as pgbouncer would refuse the connection. What a session needs is set by a statement. On a
direct connection once; behind a pooler in each transaction, because a pooler hands out another session for
each, and what was set for good would stay with whoever gets it next.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.engine import URL

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
