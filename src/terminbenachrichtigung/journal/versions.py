"""The journal's versions: made, checked and upgraded by Alembic, which only then is imported."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from terminbenachrichtigung.errors import JournalError, JournalMissingError
from terminbenachrichtigung.journal import database as opening
from terminbenachrichtigung.journal.tables import meta

VERSIONS = ("0001", "0002", "0003", "0004", "0005")
"""All that this program knows, oldest first; a test compares them with `migrations/versions`."""

MISSING = "there is no journal yet; make one: terminbenachrichtigung journal init"


def version(connection: Connection) -> str | None:
    """The journal's version, or None where there is no journal."""
    if not inspect(connection).has_table("journal_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM journal_version")).scalar()
    return found


def check(connection: Connection, *, readonly: bool) -> bool:
    """Whether the journal is of our version; False if it is older and must be upgraded first.

    Raises:
        JournalError: there is none, it is newer than this program, or older and cannot be upgraded.
    """
    found = version(connection)
    if found == VERSIONS[-1]:
        return True
    if found is None:
        raise JournalMissingError(MISSING)
    if found not in VERSIONS:
        raise JournalError(
            f"the journal has version {found}, made by a newer terminbenachrichtigung; "
            f"this one knows up to {VERSIONS[-1]}: update the program"
        )
    if readonly:
        raise JournalError(
            f"the journal has version {found}, older than {VERSIONS[-1]}; the next run-once upgrades it"
        )
    return False


def create(engine: Engine, now: datetime) -> bool:
    """Makes the journal's tables; False if a journal was there already (it is upgraded, if need be)."""
    with engine.connect() as connection, opening.transaction(connection, writes=True):
        opening.lock(connection, "upgrade")
        if version(connection) is not None:
            if not check(connection, readonly=False):
                _to_newest(connection)
            return False
        _to_newest(connection)
        connection.execute(meta.insert().values(created_at=now))
        return True


def upgrade(engine: Engine) -> None:
    """Brings an older journal to our version in one transaction; of two runs at once, one waits."""
    with engine.connect() as connection, opening.transaction(connection, writes=True):
        opening.lock(connection, "upgrade")
        if not check(connection, readonly=False):
            _to_newest(connection)


def _to_newest(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - costs 0.1 s, and most runs need no upgrade
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
