"""What is particular to a journal on Postgres: a lock per customer, a server that stops, lost answers."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from journals import (
    EMAIL,
    GAP,
    NO_GAP,
    NOW,
    REMINDER,
    SMS,
    START,
    ZONE,
    Journals,
    appointment,
    ask,
    claimed,
    end,
    planned,
    report,
    settings,
    settled,
)
from lines import Line
from postgres import PostgresServer
from terminbenachrichtigung.clock import Timings
from terminbenachrichtigung.errors import JournalError
from terminbenachrichtigung.journal import create_journal, open_journal
from terminbenachrichtigung.journal.database import lock, make_engine
from terminbenachrichtigung.journal.journal import Journal
from terminbenachrichtigung.model.delivery import Attempt, Claim, Rejected, Sent, Unavailable, Unknown
from terminbenachrichtigung.model.journal import Leftover
from terminbenachrichtigung.model.plan import Channel, MessageOutcome

DOWN = Attempt(SMS, Unavailable("connection refused"))


@pytest.fixture
def journals(postgres_url: str) -> Iterator[Journals]:
    with Journals(postgres_url) as made:
        yield made


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that may be stopped without anybody else noticing."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.close()


# ---------------------------------------------------------------- letters


@pytest.mark.parametrize(("encoding", "fits"), [("LATIN1", False), ("WIN1252", False), ("SQL_ASCII", True)])
def test_a_database_that_lacks_letters_is_refused_before_anything_is_sent(
    postgres_server: PostgresServer, encoding: str, fits: bool
) -> None:
    """It would take all but the message whose answer or id has such a letter, when that was sent already."""
    postgres_server.start()
    name = f"in_{encoding.lower()}"
    url = postgres_server.create_database(
        name, f"ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    try:
        with nullcontext() if fits else pytest.raises(JournalError, match=f"encoding {encoding}.*'UTF8'"):
            create_journal(settings(url), NOW, ZONE)
        if fits:
            journal = open_journal(settings(url))
            settled(journal, planned(appointment("Łódź")))
            assert list(ask(journal, "Łódź").notifications) == ["Łódź"]
            journal.close()
    finally:
        postgres_server.drop_database(name)


# ---------------------------------------------------------------- rights

RIGHTS = [
    # what the role lacks, and what the sentence names
    ("REVOKE INSERT ON journal_attempts FROM clerk", "journal_attempts"),
    ("REVOKE DELETE ON journal_untold FROM clerk", "journal_untold"),
    ("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM clerk", "journal_attempts_attempt_id_seq"),
    ("REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public FROM clerk", "journal_attempts, journal_"),
]


def test_a_database_that_is_read_only_is_refused_before_anything_is_sent(journals: Journals) -> None:
    name = make_url(journals.url).database
    journals.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    for readonly in (False, True):
        with pytest.raises(JournalError, match="default_transaction_read_only"):
            open_journal(settings(journals.url), readonly=readonly, must_be_writable=True)
    open_journal(settings(journals.url), readonly=True).close()


@pytest.mark.parametrize(("revoked", "named"), RIGHTS)
def test_a_role_that_could_not_note_what_it_sends_is_refused_before_it_sends(
    journals: Journals, postgres_server: PostgresServer, revoked: str, named: str
) -> None:
    everything = "ALL TABLES IN SCHEMA public", "ALL SEQUENCES IN SCHEMA public"
    journals.execute("DROP ROLE IF EXISTS clerk")
    journals.execute("CREATE ROLE clerk LOGIN")
    try:
        for each in everything:
            journals.execute(f"GRANT ALL ON {each} TO clerk")
        as_clerk = settings(postgres_server.url(make_url(journals.url).database or "", "clerk"))
        open_journal(as_clerk).close()
        journals.execute(revoked)
        with pytest.raises(JournalError, match=f"lacks rights to {named}"):
            open_journal(as_clerk)
        with pytest.raises(JournalError, match=f"lacks rights to {named}"):
            open_journal(as_clerk, readonly=True, must_be_writable=True)
        open_journal(as_clerk, readonly=True).close()  # who only looks may
    finally:
        journals.execute("DROP OWNED BY clerk")
        journals.execute("DROP ROLE clerk")


# ---------------------------------------------------------------- locks


@contextmanager
def locked(url: str, customer: str) -> Iterator[threading.Event]:
    """Another run holds a customer's lock until the event is set, or the block ends."""
    taken, released = threading.Event(), threading.Event()

    def hold() -> None:
        database = make_engine(url, "rw")
        with database.begin() as connection:
            lock(connection, customer)
            taken.set()
            released.wait()
        database.dispose()

    thread = threading.Thread(target=hold)
    thread.start()
    assert taken.wait(60)
    try:
        yield released
    finally:
        released.set()
        thread.join()


def soon(released: threading.Event, seconds: float = 1.0) -> None:
    """Set the event after so long, or when a busy machine gets round to it."""
    threading.Timer(seconds, released.set).start()


def test_a_claim_waits_for_the_run_that_is_writing_to_its_customer(journals: Journals) -> None:
    run = journals.run()
    with locked(journals.url, "17") as released:
        soon(released)
        assert isinstance(run.claim(planned(), now=NOW, gap=GAP), Claim)
        assert released.is_set()


def test_other_customers_need_not_wait(journals: Journals) -> None:
    run = journals.run()
    with locked(journals.url, "17"):
        claim = claimed(run, planned(appointment(customer="18")))
        run.settle(claim, MessageOutcome.SENT, SMS, [])


def test_a_lock_held_for_longer_than_the_timeout_is_waited_for(journals: Journals) -> None:
    run = journals.run(timings=Timings(busy=1))
    with locked(journals.url, "17") as released:
        soon(released, 2)
        assert isinstance(run.claim(planned(), now=NOW, gap=GAP), Claim)
        assert released.is_set()


def test_a_lock_held_for_good_is_given_up_with_one_sentence(journals: Journals) -> None:
    run = journals.run(timings=Timings(busy=1, patience=0.1))
    with (
        locked(journals.url, "17"),
        pytest.raises(JournalError, match=r"^the journal postgresql.*lock timeout[^\n]*$"),
    ):
        run.claim(planned(), now=NOW, gap=GAP)
    claimed(run, planned())


def test_a_claim_sees_what_was_claimed_while_it_waited_whatever_the_database_is_set_to(
    journals: Journals,
) -> None:
    """With one snapshot for a whole transaction it would see the customer as before it waited."""
    database = make_url(journals.url).database
    journals.execute(f"ALTER DATABASE {database} SET default_transaction_isolation = 'repeatable read'")
    runs = {journals.run(): planned(appointment("1")), journals.run(): planned(appointment("2"))}
    with locked(journals.url, "17") as released, ThreadPoolExecutor() as threads:
        claims = [threads.submit(run.claim, message, now=NOW, gap=GAP) for run, message in runs.items()]
        soon(released, 0.2)
    assert sorted(type(claim.result()) is Claim for claim in claims) == [False, True]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("lock_timeout", "30s"),
        ("idle_in_transaction_session_timeout", "1min"),  # a suspended run gives its locks back
        ("TimeZone", "UTC"),
        ("synchronous_commit", "on"),
        ("DateStyle", "ISO, DMY"),  # the driver reads no moment in the German way
    ],
)
def test_a_session_is_set_up_so(journals: Journals, setting: str, value: str) -> None:
    name = make_url(journals.url).database
    for changed in ("synchronous_commit = 'off'", "TimeZone = 'Europe/Berlin'", "DateStyle = 'German'"):
        journals.execute(f"ALTER DATABASE {name} SET {changed}")
    database = make_engine(journals.url, "rw")
    with database.connect() as connection:
        assert connection.execute(text(f"SHOW {setting}")).scalar() == value
    database.dispose()


def test_a_plain_postgresql_url_means_the_driver_that_is_installed(journals: Journals) -> None:
    plain = journals.url.replace("postgresql+psycopg://", "postgresql://")
    assert plain != journals.url
    journal = open_journal(settings(plain))
    claimed(journal, planned())
    journal.close()


# ---------------------------------------------------------------- out of reach


def test_a_server_out_of_reach_is_one_sentence_without_the_password(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://writer:geheim@/reminders?host={tmp_path}"
    for readonly in (True, False):
        with pytest.raises(
            JournalError, match=r"^the journal postgresql\+psycopg://writer:\*\*\*@"
        ) as refused:
            open_journal(settings(url), readonly=readonly)
        assert "geheim" not in str(refused.value)
        assert "\n" not in str(refused.value)


def test_a_server_that_restarts_between_two_claims_is_found_again(own_server: PostgresServer) -> None:
    with Journals(own_server.create_database("journal")) as journals:
        run = journals.run()
        settled(run, planned(appointment("1", customer="1")))
        second = claimed(run, planned(appointment("2", customer="2")))
        own_server.stop()
        own_server.start()
        claimed(run, planned(appointment("3", customer="3")))
        own_server.stop("immediate")  # a crash
        own_server.start()
        run.settle(second, MessageOutcome.SENT, SMS, [Attempt(SMS, Sent())])
        states = [(row.appointment_ids, row.state) for row in run.history(10)]
        assert sorted(states) == [(("1",), "sent"), (("2",), "sent"), (("3",), "claimed")]


def test_a_server_that_is_away_for_a_moment_is_waited_for(own_server: PostgresServer) -> None:
    with Journals(own_server.create_database("journal")) as journals:
        run = journals.run()
        claim = claimed(run, planned())
        own_server.stop()
        settling = threading.Thread(
            target=run.settle, args=(claim, MessageOutcome.SENT, SMS, [Attempt(SMS, Sent())])
        )
        settling.start()
        time.sleep(1.0)
        assert settling.is_alive()
        own_server.start()
        settling.join(30)
        assert not settling.is_alive()
        fresh = open_journal(settings(journals.url))
        assert [(row.state, len(row.attempts)) for row in fresh.history(10)] == [("sent", 1)]
        fresh.close()


def test_a_journal_whose_server_is_gone_can_still_be_closed(own_server: PostgresServer) -> None:
    url = own_server.create_database("journal")
    with Journals(url):
        pass
    journal = open_journal(settings(url), timings=Timings(patience=0.1))
    claimed(journal, planned())
    own_server.stop("immediate")
    with pytest.raises(JournalError):
        journal.claim(planned(appointment("2", customer="2")), now=NOW, gap=GAP)
    journal.close()


# ---------------------------------------------------------------- the answer to a commit gets lost


@pytest.fixture
def line(journals: Journals, postgres_server: PostgresServer) -> Iterator[Line]:
    made = Line(postgres_server.folder)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def run(journals: Journals, line: Line) -> Iterator[Journal]:
    """A run whose line to the server can be cut; its first statement is behind it."""
    url = make_url(journals.url).update_query_dict({"host": str(line.folder)})
    journal = open_journal(settings(url.render_as_string(hide_password=False)))
    ask(journal)
    yield journal
    journal.close()


@pytest.mark.full  # it waits for 12 seconds
def test_a_line_that_goes_dead_without_a_word_is_given_up_with_one_sentence(
    journals: Journals, line: Line
) -> None:
    """Neither keep-alives nor the server's own limits notice it: what the run says is taken."""
    url = make_url(journals.url).update_query_dict({"host": str(line.folder), "connect_timeout": "2"})
    behind = settings(url.render_as_string(hide_password=False))
    journal = open_journal(behind, timings=Timings(statement=0.5, patience=1))
    claim = claimed(journal, planned())
    line.go_dead()
    with pytest.raises(JournalError, match=r"^the journal postgresql[^\n]*(no answer came|timeout)[^\n]*$"):
        journal.settle(claim, MessageOutcome.SENT, SMS, [])
    journal.close()
    assert journals.state(claim) == "claimed"


def test_a_claim_whose_answer_was_lost_is_the_runs_own(journals: Journals, line: Line, run: Journal) -> None:
    line.cut_after_the_next_commit()
    claim = run.claim(planned(), now=NOW, gap=GAP)
    assert line.was_cut
    assert isinstance(claim, Claim)
    assert journals.state(claim) == "claimed"
    assert journals.generations() == [1]
    assert run.renew(claim, SMS, [])


@pytest.mark.parametrize("ended", [DOWN, Attempt(SMS, Unknown("read timeout"))])
def test_an_attempt_is_noted_once_though_the_answer_to_its_renewal_was_lost(
    journals: Journals, line: Line, run: Journal, ended: Attempt
) -> None:
    claim = claimed(run, planned(routes=[SMS, EMAIL]))
    run.renew(claim, SMS, [DOWN])
    line.cut_after_the_next_commit()
    assert run.renew(claim, EMAIL, [ended])
    assert line.was_cut
    assert len(journals.attempts(claim)) == 2
    run.renew(claim, EMAIL, [Attempt(EMAIL, Unavailable("421"))])
    assert len(journals.attempts(claim)) == 3


@pytest.mark.parametrize("outcome", [MessageOutcome.SENT, MessageOutcome.UNKNOWN, MessageOutcome.RETRY])
def test_a_message_is_settled_once_though_the_answer_was_lost(
    journals: Journals, line: Line, run: Journal, outcome: MessageOutcome
) -> None:
    claim = claimed(run, planned())
    line.cut_after_the_next_commit()
    run.settle(claim, outcome, SMS, [DOWN])
    assert line.was_cut
    assert journals.attempts(claim) == [("sms", "unavailable")]


def test_expired_claims_are_reported_though_the_answer_was_lost(
    journals: Journals, line: Line, run: Journal
) -> None:
    claim = claimed(journals.run(), planned())
    journals.age(claim, minutes=16)
    line.cut_after_the_next_commit()
    assert [one.message_id for one in run.begin(NOW, "run-once")] == [claim.message_id]
    assert line.was_cut
    assert journals.rows("SELECT count(*) FROM journal_runs") == [(1,)]
    assert journals.attempts(claim) == [("sms", "unknown")]


def test_news_is_told_though_the_answer_was_lost(journals: Journals, line: Line, run: Journal) -> None:
    report(journals.run(), [("1", "failed")])
    line.cut_after_the_next_commit()
    assert report(run, [("1", "failed"), ("2", "failed")]) == {("2", "failed")}
    assert line.was_cut
    assert run.unreported([("2", "failed")]) == set()


def test_a_run_ends_once_though_the_answer_was_lost(journals: Journals, line: Line, run: Journal) -> None:
    run.begin(NOW, "run-once")
    left = {(REMINDER, "4711"): Leftover("17", START, MessageOutcome.RETRY)}
    line.cut_after_the_next_commit()
    end(run, left=left)
    assert line.was_cut
    known = ask(journals.run())
    assert (known.leftovers, known.last_complete_run) == (left, NOW)
    assert known.reminder_since == {REMINDER: NOW}


def test_a_rejection_is_taken_back_though_the_answer_was_lost(
    journals: Journals, line: Line, run: Journal
) -> None:
    claim = claimed(run, planned())
    run.settle(claim, MessageOutcome.FAILED, SMS, [Attempt(SMS, Rejected("?", unheard_word="?"))])
    line.cut_after_the_next_commit()
    run.reopen([claim.message_id], Channel.SMS)
    assert line.was_cut
    assert journals.state(claim) == "released"
    claimed(journals.run(), planned(), gap=NO_GAP)
