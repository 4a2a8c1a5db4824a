"""The journal's versions: made, checked and upgraded by Alembic, which only then is imported."""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select, text

from terminbenachrichtigung.errors import JournalError, JournalMissingError
from terminbenachrichtigung.journal import database as opening
from terminbenachrichtigung.journal.tables import meta, metadata

_MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Versions:
    """Versions of the journal, and where the migrations between them lie."""

    known: tuple[str, ...]  # oldest first
    folders: Sequence[Path]

    @property
    def newest(self) -> str:
        return self.known[-1]


VERSIONS = Versions(("0001",), (_MIGRATIONS / "versions",))
"""All that this program knows; a test compares them with the files."""

MISSING = "there is no journal yet; make one: terminbenachrichtigung journal init"


def version(connection: Connection) -> str | None:
    """The journal's version, or None where there is no journal."""
    if not inspect(connection).has_table("journal_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM journal_version")).scalar()
    return found


def check(connection: Connection, *, readonly: bool, versions: Versions = VERSIONS) -> bool:
    """Whether the journal is of our version; False if it is older and must be upgraded first.

    Raises:
        JournalError: there is none, it is newer than this program, or older and cannot be upgraded.
    """
    found = version(connection)
    if found == versions.newest:
        return True
    if found is None:
        raise JournalMissingError(MISSING)
    if found not in versions.known:
        raise JournalError(
            f"the journal has version {found}, made by a newer terminbenachrichtigung; "
            f"this one knows up to {versions.newest}: update the program"
        )
    if readonly:
        raise JournalError(
            f"the journal has version {found}, older than {versions.newest}; the next run-once upgrades it"
        )
    return False


def check_tables(connection: Connection) -> None:
    """Raises JournalError if tables are missing from a journal of our version."""
    if missing := metadata.tables.keys() - set(inspect(connection).get_table_names()):
        raise JournalError(
            f"the journal lacks {', '.join(sorted(missing))}: only a part of it was put back, or an "
            "unreleased version of this program made it; put the whole of a backup in its place"
        )


def create(engine: Engine, now: datetime, *, timezone: str, keep: timedelta) -> bool:
    """Makes the journal's tables; False if a journal was there already (it is upgraded, if need be)."""
    with engine.connect() as connection, opening.transaction(connection, writes=True):
        opening.lock(connection, "upgrade")
        if version(connection) is not None:
            if not check(connection, readonly=False):
                _to_newest(connection, VERSIONS)
            return False
        _to_newest(connection, VERSIONS)
        connection.execute(
            meta.insert().values(
                created_at=now,
                timezone=timezone,
                name_key=secrets.token_hex(32),
                purged_before=now - keep,
                purged_at=now,
            )
        )
        return True


def check_timezone(connection: Connection, timezone: str) -> None:
    """Refuses a run by another time zone than the journal's: each would tell what the other told anew.

    Raises:
        JournalError: the journal was made with another one; or it says nothing of itself, or says it twice.
    """
    found = connection.execute(select(meta.c.timezone)).scalars().all()
    if not found:
        raise JournalError("the journal is damaged, or was changed by hand: put a backup in its place")
    if len(found) > 1:
        raise JournalError(
            "a backup of the journal was loaded beside the tables that were there: load one that was made "
            "with pg_dump --clean --if-exists, or load it into an empty database"
        )
    kept = found[0]
    if kept != timezone:
        raise JournalError(
            f'the journal was made with timezone = "{kept}", and the configuration says "{timezone}": '
            "all starts would be other times of day. Correct the configuration, or, if the practice has "
            f"moved: terminbenachrichtigung journal timezone {timezone}"
        )


def upgrade(engine: Engine, versions: Versions = VERSIONS) -> None:
    """Brings an older journal to our version in one transaction; of two runs at once, one waits."""
    with engine.connect() as connection, opening.transaction(connection, writes=True):
        opening.lock(connection, "upgrade")
        if not check(connection, readonly=False, versions=versions):
            _to_newest(connection, versions)


def _to_newest(connection: Connection, versions: Versions) -> None:
    from alembic import command  # noqa: PLC0415 - costs 0.1 s, and most runs need no upgrade
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    folders = os.pathsep.join(map(str, versions.folders))
    config.set_main_option("version_locations", folders.replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
