"""SQL that is made once for all runs of a test session: making it costs half of a run's time.

A run makes its own engines, and with them every statement's SQL anew. The cache here is SQLAlchemy's own
(`compiled_cache`), only that two engines of one kind share what it holds.
"""

from collections.abc import Hashable
from typing import Any

from sqlalchemy import Dialect, Engine, event
from sqlalchemy.util import LRUCache


class SharedCache:
    """What `Connection.execution_options(compiled_cache=...)` asks for; its keys begin with the dialect."""

    def __init__(self) -> None:
        self._compiled: LRUCache[Hashable, Any] = LRUCache(2000)

    def get(self, key: tuple[Any, ...]) -> Any:
        return self._compiled.get(self._shared(key))

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        self._compiled[self._shared(key)] = compiled

    @staticmethod
    def _shared(key: tuple[Any, ...]) -> Hashable:
        dialect: Dialect = key[0]
        return (
            type(dialect),
            dialect.paramstyle,
            dialect.server_version_info,
            dialect.default_schema_name,
            *key[1:],
        )


_SHARED = SharedCache()


def share() -> None:
    """From now on every connection of this process uses the one cache."""
    event.listen(
        Engine, "engine_connect", lambda connection: connection.execution_options(compiled_cache=_SHARED)
    )
