"""The one connection of a run to its journal."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from terminbenachrichtigung.journal.database import reaching, transaction
from terminbenachrichtigung.journal.patience import Patient


class Connected(Patient):
    """What every room of the journal's class shares: short transactions, repeated where that helps."""

    def __init__(self, engine: Engine, url: str) -> None:
        super().__init__()
        self._engine = engine
        self._url = url
        self._connection: Connection | None = None

    def close(self) -> None:
        """Gives the connections back."""
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Connection]:
        # One connection for the whole run: taking it from the pool anew costs a fifth of a claim.
        with reaching(self._url):
            if self._connection is None:
                self._connection = self._engine.connect()
            with transaction(self._connection, writes=writes):
                yield self._connection
