"""How a journal comes to be, is refused, and is upgraded; never by itself (contract, section 4)."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from journals import (
    NOW,
    SINCE,
    START,
    Journals,
    ask,
    claimed,
    create_at,
    meet,
    open_at,
    planned,
    report,
    settings,
    wait_until,
)
from terminbenachrichtigung.errors import JournalError, JournalMissingError
from terminbenachrichtigung.journal import create_journal, open_journal, versions
from terminbenachrichtigung.journal.claims import Lost
from terminbenachrichtigung.journal.tables import metadata
from terminbenachrichtigung.model.journal import Notification, State
from terminbenachrichtigung.model.plan import Reason

MIGRATIONS = Path(versions.__file__).parent / "migrations"


def version_of(url: str) -> str:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return str(connection.execute(text("SELECT version_num FROM journal_version")).scalar_one())
    finally:
        engine.dispose()


def make_version(url: str, version: str) -> None:
    """A journal as an older program made it: one sent message, one appointment, one attempt, one run."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(url)
    zone = "" if url.startswith("sqlite") else "+00:00"
    values = {"since": SINCE, "now": NOW, "start": START}
    moments = {key: f"{value:%Y-%m-%d %H:%M:%S}.000000{zone}" for key, value in values.items()}
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        for statement in (
            "INSERT INTO journal_meta (created_at) VALUES (:since)",
            "INSERT INTO journal_runs (run_id, command, run_now, started_at, host, process, complete)"
            " VALUES ('r1', 'run-once', :now, :now, 'host', 1, true)",
            "INSERT INTO journal_messages (message_id, run_id, reminder, customer_id, state, channel,"
            " recipient, run_now, claimed_at, renewed_at, settled_at) VALUES ('m1', 'r1',"
            " 'Terminerinnerung', '17', 'sent', 'sms', '+491715555555', :now, :now, :now, :now)",
            "INSERT INTO journal_notifications (reminder, appointment_id, generation, message_id,"
            " customer_id, starts_at) VALUES ('Terminerinnerung', '4711', 1, 'm1', '17', :start)",
            "INSERT INTO journal_attempts (message_id, channel, recipient, outcome, detail, ended_at)"
            " VALUES ('m1', 'sms', '+491715555555', 'sent', 'JobId 1', :now)",
        ):
            connection.execute(text(statement), moments)
    engine.dispose()


# ---------------------------------------------------------------- made on purpose only


def test_a_journal_is_made_once_and_then_left_as_it_is(database_url: str) -> None:
    assert create_journal(settings(database_url), NOW) is True
    journal = open_journal(settings(database_url))
    claimed(journal, planned())
    assert create_journal(settings(database_url), NOW + timedelta(days=1)) is False
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
    create_journal(settings(database_url), NOW)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM journal_version"))
    engine.dispose()
    with pytest.raises(JournalMissingError):
        open_journal(settings(database_url), readonly=readonly)


# ---------------------------------------------------------------- newer and older ones


@pytest.mark.parametrize("readonly", [True, False])
def test_a_newer_journal_is_refused_and_left_alone(database_url: str, readonly: bool) -> None:
    create_journal(settings(database_url), NOW)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE journal_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(JournalError, match=r"9999.*newer.*update the program") as refused:
        open_journal(settings(database_url), readonly=readonly)
    assert not isinstance(refused.value, JournalMissingError)
    with pytest.raises(JournalError, match="newer"):
        create_journal(settings(database_url), NOW)
    assert version_of(database_url) == "9999"


def test_an_older_journal_is_upgraded_with_everything_in_it(database_url: str) -> None:
    make_version(database_url, "0001")
    assert version_of(database_url) == "0001"
    journal = open_journal(settings(database_url))
    assert version_of(database_url) == versions.VERSIONS[-1]
    known = ask(journal)
    assert known.notifications == {
        "4711": [Notification("Terminerinnerung", "4711", 1, "17", START, State.SENT, "m1", NOW)]
    }
    assert (known.journal_since, known.last_complete_run) == (SINCE, NOW)
    again = journal.claim(planned(), now=NOW, gap=timedelta())
    assert again == Lost(Reason.ALREADY_NOTIFIED, "sent")
    (message,) = journal.history(10)
    assert [attempt.detail for attempt in message.attempts] == ["JobId 1"]
    assert report(journal, [("4711", "retry")])
    assert ask(journal).reminder_since == {"Terminerinnerung": NOW}
    journal.close()


def test_an_older_journal_is_upgraded_by_init_too(database_url: str) -> None:
    make_version(database_url, "0001")
    assert create_journal(settings(database_url), NOW) is False
    assert version_of(database_url) == versions.VERSIONS[-1]


def test_an_older_journal_cannot_be_opened_to_read_only(database_url: str) -> None:
    make_version(database_url, "0001")
    with pytest.raises(JournalError, match=r"0001.*older.*run-once upgrades"):
        open_journal(settings(database_url), readonly=True)
    assert version_of(database_url) == "0001"


def test_a_journal_shares_its_database_with_other_tables(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE messages (id INTEGER)"))
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('theirs')"))
    create_journal(settings(database_url), NOW)
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


def test_runs_that_upgrade_at_once_all_find_it_upgraded(database_url: str) -> None:
    make_version(database_url, "0001")
    assert at_once(open_at, database_url) == [1, 1, 1]  # each of them sees the one notification
    assert version_of(database_url) == versions.VERSIONS[-1]


# ---------------------------------------------------------------- tables


def test_the_tables_are_what_the_migrations_make(database_url: str) -> None:
    create_journal(settings(database_url), NOW)
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
    create_journal(settings(database_url), NOW)
    engine = create_engine(database_url)
    unique = inspect(engine).get_unique_constraints("journal_notifications")
    engine.dispose()
    assert [one["column_names"] for one in unique] == [["reminder", "appointment_id", "generation"]]
