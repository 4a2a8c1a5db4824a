"""A copy of the journal, taken while runs may be writing: a plain copy could be half old, half new."""

import shlex
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import make_url

from terminbenachrichtigung.config.settings import JournalSettings
from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.journal import open_journal
from terminbenachrichtigung.journal.database import reaching
from terminbenachrichtigung.private_files import beside


def back_up(settings: JournalSettings, path: Path) -> None:
    """Writes a whole and consistent copy of an SQLite journal to a new file, for its owner alone.

    Raises:
        ConfigError: there is such a file already, or it cannot be made; or the journal is on Postgres.
        JournalError: the journal is missing, out of reach, or of another version.
    """
    url = settings.url.get_secret_value()
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise ConfigError(
            "the journal is on Postgres, which has a tool of its own: "
            f"pg_dump --clean --if-exists --table='journal_*' --file={shlex.quote(str(path))} "
            f"{parsed.database or ''}".rstrip()
        )
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise ConfigError(f"{path} is no name in UTF-8, and SQLite takes no other") from None
    open_journal(settings, readonly=True).close()
    try:
        with beside(path) as copy, reaching(url):
            source = f"file:{quote(str(parsed.database))}?mode=ro"
            with closing(sqlite3.connect(source, uri=True, isolation_level=None)) as connection:
                # Into a file that is there already, and empty: so it keeps its owner's rights.
                connection.execute("VACUUM INTO ?", (str(copy),))
    except FileExistsError:
        raise ConfigError(f"{path} is there already; remove it first, or name another file") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None
