"""Who may read and write the journal; whether this user may is found out before anything is sent.

A restored database often belongs to another role, which was granted the tables and not the sequences. Then a
claim succeeds, the message leaves, and nothing can be noted of it: each run would lose one more to `unknown`.
"""

import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, text

from terminbenachrichtigung.errors import JournalError

_OF_ITS_OWNER = 0o700
_OF_OTHERS = 0o007
_READ_ONLY_BY_DEFAULT = "SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_read_only'"
"""What it was before this session changed it for itself."""
_LACKING = text(r"""
    SELECT relname FROM pg_class
    WHERE relname LIKE 'journal\_%' AND pg_table_is_visible(oid) AND CASE relkind
        WHEN 'r' THEN NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
            AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE'))
        WHEN 'S' THEN NOT has_sequence_privilege(oid, 'USAGE')
        ELSE false END
    ORDER BY relname
""")


def take_from_others(connection: Connection) -> None:
    """Takes the file of a journal away from others: it holds customers' numbers. Only its owner can.

    Only once it is known to be a journal: as root, a path that leads elsewhere by mistake would shut
    /etc/passwd for the whole machine. Nothing is given that was not there: who made the file read-only wants
    no run to write.
    """
    if connection.dialect.name != "sqlite":
        return
    path = _path(connection)
    if path.stat().st_mode & _OF_OTHERS:
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            with suppress(OSError):
                beside = path.with_name(name)
                beside.chmod(beside.stat().st_mode & _OF_ITS_OWNER)


def _path(connection: Connection) -> Path:
    return Path(connection.exec_driver_sql("PRAGMA database_list").one()[2])


def check_rights(connection: Connection) -> None:
    """Raises JournalError if this user may read the journal and not write all of it.

    Writes nothing, so a connection that only reads can ask.
    """
    if connection.dialect.name == "sqlite":
        path = _path(connection)
        refused = [str(each) for each in (path, path.parent) if not os.access(each, os.W_OK)]
        if refused:
            raise JournalError(f"the journal cannot be written: this user may not write {refused[0]}")
        return
    if connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar_one():
        raise JournalError("the journal cannot be written: the server is a replica")
    if connection.exec_driver_sql(_READ_ONLY_BY_DEFAULT).scalar_one() == "on":
        raise JournalError(
            "the journal cannot be written: the server, this database or this role has "
            "default_transaction_read_only = on, which some hosts set when the disk is full"
        )
    if lacking := connection.execute(_LACKING).scalars().all():
        raise JournalError(
            f"the journal cannot be written: this user lacks rights to {', '.join(lacking)}. Grant SELECT, "
            "INSERT, UPDATE and DELETE to all of its tables, and USAGE to its sequences"
        )
