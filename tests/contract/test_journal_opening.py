"""How a journal comes to be, is refused, and is upgraded; never by itself (contract, section 4)."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from journals import (
    NOW,
    ZONE,
    Journals,
    ask,
    claimed,
    create_at,
    end,
    meet,
    planned,
    settings,
    settled,
    wait_until,
)
from terminbenachrichtigung.errors import JournalError, JournalMissingError
from terminbenachrichtigung.journal import create_journal, open_journal, versions
from terminbenachrichtigung.journal.tables import metadata

NEXT = versions.Versions(
    ("0001", "0002"), (*versions.VERSIONS.folders, Path(__file__).parent / "next_version")
)
"""Our versions, and one more."""


def version_of(url: str) -> str:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return str(connection.execute(text("SELECT version_num FROM journal_version")).scalar_one())
    finally:
        engine.dispose()


def make_older(url: str) -> None:
    """A journal as this program makes it, with one message in it: older than the next version."""
    with Journals(url) as journals:
        journal = journals.run()
        journal.begin(NOW, "run-once")
        settled(journal, planned())
        end(journal)


def upgrade(url: str) -> None:
    engine = create_engine(url)
    try:
        versions.upgrade(engine, NEXT)
    finally:
        engine.dispose()


def upgrade_at(url: str, moment: datetime) -> None:
    """Upgrades the journal at a moment at which others do."""
    wait_until(moment)
    upgrade(url)


# ---------------------------------------------------------------- made on purpose only


def test_a_journal_is_made_once_and_then_left_as_it_is(database_url: str) -> None:
    assert create_journal(settings(database_url), NOW, ZONE) is True
    journal = open_journal(settings(database_url))
    claimed(journal, planned())
    assert create_journal(settings(database_url), NOW + timedelta(days=1), ZONE) is False
    known = ask(journal)
    assert known.journal_since == NOW
    assert known.notifications
    journal.close()


@pytest.mark.parametrize("readonly", [True, False])
def test_a_missing_journal_is_not_made_by_opening_it(database_url: str, readonly: bool) -> None:
    for _ in range(2):  # the first try must leave nothing behind either
        with pytest.raises(JournalMissingError, match="journal init"):
            open_journal(settings(database_url), readonly=readonly)
    if database_url.startswith("sqlite:///"):
        assert not Path(database_url.removeprefix("sqlite:///")).exists()


@pytest.mark.parametrize("readonly", [True, False])
def test_an_emptied_journal_is_a_missing_one(database_url: str, readonly: bool) -> None:
    # For instance a database restored without its rows: it would notify everybody again.
    create_journal(settings(database_url), NOW, ZONE)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM journal_version"))
    engine.dispose()
    with pytest.raises(JournalMissingError):
        open_journal(settings(database_url), readonly=readonly)


# ---------------------------------------------------------------- newer and older ones


@pytest.mark.parametrize("readonly", [True, False])
def test_a_newer_journal_is_refused_and_left_alone(database_url: str, readonly: bool) -> None:
    create_journal(settings(database_url), NOW, ZONE)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE journal_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(JournalError, match=r"9999.*newer.*update the program") as refused:
        open_journal(settings(database_url), readonly=readonly)
    assert not isinstance(refused.value, JournalMissingError)
    with pytest.raises(JournalError, match="newer"):
        create_journal(settings(database_url), NOW, ZONE)
    assert version_of(database_url) == "9999"


def test_an_older_journal_is_upgraded_with_everything_in_it(database_url: str) -> None:
    make_older(database_url)
    assert version_of(database_url) == "0001"
    upgrade(database_url)
    assert version_of(database_url) == "0002"
    engine = create_engine(database_url)
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT detail, price FROM journal_attempts")).all()
        told = connection.execute(text("SELECT appointment_id FROM journal_notifications")).scalars().all()
        assert connection.execute(text("SELECT what FROM journal_next")).all() == []
    engine.dispose()
    assert [tuple(row) for row in kept] == [("JobId 4711", None)]
    assert told == ["4711"]


def test_an_upgrade_of_the_newest_journal_changes_nothing(database_url: str) -> None:
    make_older(database_url)
    upgrade(database_url)
    upgrade(database_url)
    assert version_of(database_url) == "0002"


@pytest.mark.parametrize("readonly", [True, False])
def test_an_older_journal_cannot_be_opened_to_read_only(database_url: str, readonly: bool) -> None:
    make_older(database_url)
    engine = create_engine(database_url)
    with engine.connect() as connection:
        if readonly:
            with pytest.raises(JournalError, match=r"0001.*older.*run-once upgrades"):
                versions.check(connection, readonly=True, versions=NEXT)
        else:
            assert versions.check(connection, readonly=False, versions=NEXT) is False
    engine.dispose()
    assert version_of(database_url) == "0001"


def test_a_journal_shares_its_database_with_other_tables(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE messages (id INTEGER)"))
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('theirs')"))
    create_journal(settings(database_url), NOW, ZONE)
    open_journal(settings(database_url)).close()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "theirs"
        tables = set(inspect(connection).get_table_names())
    engine.dispose()
    assert {name for name in tables if not name.startswith("journal_")} == {"messages", "alembic_version"}


# ---------------------------------------------------------------- two at once


def at_once(work: Callable[[str, datetime], object], url: str) -> list[object]:
    """The answers of three processes that do `work` at the same moment."""
    spawn = get_context("spawn")
    all_up = spawn.Barrier(3)
    with ProcessPoolExecutor(3, mp_context=spawn, initializer=meet, initargs=(all_up,)) as processes:
        for up in [processes.submit(wait_until, datetime.now(UTC)) for _ in range(3)]:
            up.result()
        moment = datetime.now(UTC) + timedelta(seconds=0.3)
        return list(processes.map(work, [url] * 3, [moment] * 3))


def test_of_programs_that_make_the_journal_at_once_one_makes_it(database_url: str) -> None:
    assert sorted(map(str, at_once(create_at, database_url))) == ["False", "False", "True"]
    with Journals(database_url) as journals:
        assert journals.rows("SELECT count(*) FROM journal_meta") == [(1,)]


def test_of_runs_that_upgrade_at_once_one_upgrades_and_none_fails(database_url: str) -> None:
    make_older(database_url)
    assert at_once(upgrade_at, database_url) == [None, None, None]
    assert version_of(database_url) == "0002"


# ---------------------------------------------------------------- a backup put back


@pytest.mark.parametrize(
    ("done", "remedy"),
    [
        # A dump of Postgres was loaded into the journal that was there: only rows of this table do not clash.
        ("INSERT INTO journal_meta SELECT * FROM journal_meta", "--clean"),
        ("DELETE FROM journal_meta", "put a backup in its place"),
    ],
)
def test_a_journal_that_was_put_back_beside_itself_or_by_half_names_the_remedy(
    database_url: str, done: str, remedy: str
) -> None:
    create_journal(settings(database_url), NOW, ZONE)
    with Journals(database_url) as journals:
        journals.execute(done)
    with pytest.raises(JournalError, match=f"the journal .*{remedy}"):
        open_journal(settings(database_url), timezone=ZONE)


# ---------------------------------------------------------------- one time zone


def test_a_journal_has_one_time_zone(database_url: str) -> None:
    create_journal(settings(database_url), NOW, ZONE)
    open_journal(settings(database_url), timezone=ZONE).close()
    with pytest.raises(JournalError, match=r"Europe/Berlin.*Europe/London.*journal timezone Europe/London"):
        open_journal(settings(database_url), timezone="Europe/London")
    moved = open_journal(settings(database_url))
    moved.set_timezone("Europe/London")
    moved.close()
    open_journal(settings(database_url), timezone="Europe/London").close()


# ---------------------------------------------------------------- tables


def test_the_tables_are_what_the_migrations_make(database_url: str) -> None:
    create_journal(settings(database_url), NOW, ZONE)
    engine = create_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "version_table": "journal_version",
                # Indexes are the database's business: only the migrations name them.
                "include_object": lambda _object, _name, kind, _reflected, _other: kind != "index",
            },
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_never_twice_is_a_constraint_of_the_real_schema(database_url: str) -> None:
    create_journal(settings(database_url), NOW, ZONE)
    engine = create_engine(database_url)
    unique = inspect(engine).get_unique_constraints("journal_notifications")
    engine.dispose()
    assert [one["column_names"] for one in unique] == [["reminder", "appointment_id", "generation"]]
