"""The journal: who was told what, and by which run. Claim, commit, send, settle, commit.

`open_journal` gives a `Journal`, over which one thread of one run writes. The promises of the
contract's section 4 are kept here, and by the UNIQUE constraint below.
"""

from datetime import datetime, timedelta

from terminbenachrichtigung.clock import SYSTEM_CLOCK, TIMINGS, Clock, Timings
from terminbenachrichtigung.config.settings import JournalSettings
from terminbenachrichtigung.journal import versions
from terminbenachrichtigung.journal.claims import Lost
from terminbenachrichtigung.journal.database import make_engine, reaching
from terminbenachrichtigung.journal.journal import Journal
from terminbenachrichtigung.journal.rights import check_rights, take_from_others

__all__ = ["Journal", "Lost", "create_journal", "open_journal"]


def create_journal(settings: JournalSettings, now: datetime, timezone: str) -> bool:
    """Makes the journal of a practice in this time zone; False if it was there already.

    Raises:
        JournalError: the database is out of reach, or holds a journal of a newer version.
    """
    url = settings.url.get_secret_value()
    engine = make_engine(url, "rwc")
    try:
        with reaching(url):
            keep = timedelta(days=settings.retention_days)
            return versions.create(engine, now, timezone=timezone, keep=keep)
    finally:
        engine.dispose()


def open_journal(
    settings: JournalSettings,
    *,
    readonly: bool = False,
    must_be_writable: bool = False,
    timezone: str | None = None,
    clock: Clock = SYSTEM_CLOCK,
    timings: Timings = TIMINGS,
) -> Journal:
    """Opens the journal that `journal init` made, upgraded if it is older.

    Args:
        settings: where it is.
        readonly: whether it cannot be written.
        must_be_writable: whether it is an error if a run could not write it, although `readonly` does not.
        timezone: the practice's, which must be the journal's; None for what compares no starts.
        clock: tells how long it waits.
        timings: how long it may.

    Raises:
        JournalError: missing, out of reach, newer than this program, older and `readonly`, or made with
            another time zone.
    """
    url = settings.url.get_secret_value()
    engine = make_engine(url, "ro" if readonly else "rw", timings)
    try:
        with reaching(url):
            with engine.connect() as connection:
                newest = versions.check(connection, readonly=readonly)
                if not readonly:
                    take_from_others(connection)
            if not newest:
                versions.upgrade(engine)
            with engine.connect() as connection:
                if not readonly or must_be_writable:
                    versions.check_tables(connection)
                    check_rights(connection)
                if timezone is not None:
                    versions.check_timezone(connection, timezone)
    except BaseException:
        engine.dispose()
        raise
    return Journal(engine, url, settings, clock, timings)
