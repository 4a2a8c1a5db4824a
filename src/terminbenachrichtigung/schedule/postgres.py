"""What only the reading of PostgreSQL needs: values as the server sent them, for the careful reading."""

from psycopg import Connection
from psycopg.abc import Buffer
from psycopg.adapt import Loader

_TYPES = ("text", "varchar", "bpchar", "name", "date", "timestamp", "timestamptz", 0)  # 0: any other


class _AsText(Loader):
    def load(self, data: Buffer) -> str | bytes:
        raw = bytes(data)
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw


def read_all_as_text(connection: Connection[object]) -> None:
    """Leave to us what Python's datetime or UTF-8 cannot hold: `infinity`, years above 9999, stray bytes.

    psycopg would give up the whole result because of one such value. Costs three times the reading.
    """
    for name in _TYPES:
        connection.adapters.register_loader(name, _AsText)
    if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
        # A database that does not know its encoding: the server would refuse to send it as UTF-8.
        connection.execute("SET client_encoding TO 'SQL_ASCII'")
