"""Journal and schedule that fail before, during and between: nothing leaves that is not noted first.

A claim that could not be committed is never sent. A settle that could not be committed is tried again,
and at worst its message ends as `unknown`. The report is printed all the same.
"""

import resource
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from lines import Line
from postgres import PostgresServer
from practice import Practice, Ran, days_ahead, number, reminder
from terminbenachrichtigung.clock import Timings
from terminbenachrichtigung.demo.loopback import Answer, Request

CUSTOMERS = 5
PATIENCE = 0.6
"""Seconds for which a run waits for its journal here; 90 in earnest."""


IMPATIENT = Timings(busy=PATIENCE / 6, patience=PATIENCE, pauses=(PATIENCE / 2, PATIENCE / 2))


@pytest.fixture
def practice(database_url: str, tmp_path: Path) -> Iterator[Practice]:
    """A practice in which all customers are due, one after the other; the journal on either database."""
    with Practice(tmp_path, now=None, journal_url=database_url) as practice:
        practice.timings = IMPATIENT
        practice.configure(
            rules={"quiet_hours": False}, reminders=[reminder(72, channels=("sms",))], sms={"concurrency": 1}
        )
        for customer in range(CUSTOMERS):
            practice.book(str(customer), days_ahead(2, f"{12 + customer}:00"), customer)
        yield practice


def everybody(outcome: str) -> dict[str, str]:
    return {str(customer): outcome for customer in range(CUSTOMERS)}


def states(practice: Practice) -> Counter[str]:
    return Counter(row.state for row in practice.sql("SELECT state FROM journal_messages", which="journal"))


def assert_all_sent_and_noted_once(practice: Practice, ran: Ran) -> None:
    assert (ran.exit_code, ran.outcomes) == (0, everybody("sent"))
    assert practice.texted == [number(customer) for customer in range(CUSTOMERS)]
    assert states(practice) == {"sent": CUSTOMERS}
    (attempts,) = practice.sql("SELECT count(*) FROM journal_attempts", which="journal")
    assert attempts[0] == CUSTOMERS
    again = practice.run_once()
    assert (again.exit_code, again.outcomes) == (0, {})


# ---------------------------------------------------------------- a full disk before anything is read


@contextmanager
def no_room() -> Iterator[None]:
    """No file may grow beyond a few bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("command", ["run-once", "dry-run", "staff-list"])
def test_a_journal_that_finds_no_room_says_what_sqlite_leaves_out(practice: Practice, command: str) -> None:
    with no_room():
        ran = practice.run(command)
    assert ran.exit_code == 3
    assert "the disk may be full" in ran.stderr
    assert practice.texted == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_starter_configuration_that_finds_no_room_leaves_nothing_in_its_own_way(practice: Practice) -> None:
    place = practice.folder / "starter.toml"
    with no_room():
        ran = practice.run("config", "init", str(place))
    assert (ran.exit_code, place.exists()) == (2, False)
    assert f"{place} cannot be written" in ran.stderr
    assert practice.run("config", "init", str(place)).exit_code == 0


# ---------------------------------------------------------------- the journal's faults


class Fault(Protocol):
    """Something that keeps the journal from being written, from `begin` to `end`."""

    def begin(self) -> None: ...

    def end(self) -> None: ...


class DiskFull:
    """No file may grow any more. The limit of the process, because filling a disk needs a disk."""

    def __init__(self, practice: Practice) -> None:
        self._journal = practice.folder / "database.db"

    def begin(self) -> None:
        # What is written goes to the end of this file, which a run makes when it opens the journal.
        written_ahead = self._journal.with_name("database.db-wal")
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        full = written_ahead.stat().st_size if written_ahead.exists() else 0
        resource.setrlimit(resource.RLIMIT_FSIZE, (full, most))

    def end(self) -> None:
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


class Locked:
    """Another program has begun to write, and does not come to its end."""

    def __init__(self, practice: Practice) -> None:
        self._engine = practice.database("journal")

    def begin(self) -> None:
        self._program = self._engine.connect()
        if self._engine.name == "sqlite":
            self._program.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            self._program.exec_driver_sql("LOCK TABLE journal_runs, journal_messages IN EXCLUSIVE MODE")

    def end(self) -> None:
        self._program.close()


class ReadOnlyFile:
    """A file whose header says that only a later SQLite may write it: that binds root as well."""

    _WRITE_VERSION = 18  # the byte's place (sqlite.org/fileformat2.html, 1.3.3)

    def __init__(self, practice: Practice) -> None:
        self._journal = practice.folder / "database.db"

    def begin(self) -> None:
        self._set(3)

    def end(self) -> None:
        self._set(2)

    def _set(self, version: int) -> None:
        with self._journal.open("r+b") as file:
            file.seek(self._WRITE_VERSION)
            file.write(bytes([version]))


class ReadOnlyServer:
    """As after a failover: the connections are gone, and the server that answers now takes no writes."""

    def __init__(self, practice: Practice, server: PostgresServer) -> None:
        self._database = practice.database("journal").url.database
        self._administrator = sa.create_engine(server.url(), isolation_level="AUTOCOMMIT", poolclass=NullPool)

    def begin(self) -> None:
        self._read_only("on")
        self._run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._database}'"
        )

    def end(self) -> None:
        self._read_only("off")

    def _read_only(self, value: str) -> None:
        self._run(f"ALTER DATABASE {self._database} SET default_transaction_read_only TO {value}")

    def _run(self, statement: str) -> None:
        with self._administrator.connect() as connection:
            connection.exec_driver_sql(statement)


class ServerDown:
    """It crashed. Started again by the main thread alone: it dies with the thread that started it."""

    def __init__(self, _practice: Practice, server: PostgresServer) -> None:
        self._server = server

    def begin(self) -> None:
        self._server.stop("immediate")

    def end(self) -> None:
        self._server.start()


@pytest.fixture
def fault(request: pytest.FixtureRequest, practice: Practice) -> Iterator[Fault]:
    if request.param in {ReadOnlyServer, ServerDown}:
        made: Fault = request.param(practice, request.getfixturevalue("postgres_server"))
    else:
        made = request.param(practice)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield made
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


PASSING: list[tuple[str, type]] = [("sqlite", DiskFull), ("sqlite", Locked), ("postgres", Locked)]
LASTING = [*PASSING, ("postgres", ReadOnlyServer), ("postgres", ServerDown)]


def over(cases: list[tuple[str, type]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("database_url", "fault"),
        cases,
        indirect=True,
        ids=[f"{kind.__name__} on {database}" for database, kind in cases],
    )


@over([*LASTING, ("sqlite", ReadOnlyFile)])
def test_a_journal_that_cannot_be_written_at_all_is_exit_3_and_nothing_is_sent(
    practice: Practice, fault: Fault
) -> None:
    fault.begin()
    ran = practice.run("run-once", "--json")
    assert (ran.exit_code, ran.stdout) == (3, "")
    assert ran.stderr.startswith("Error: the journal ")
    assert ran.stderr.count("\n") == 1
    assert practice.gateway.requests == []
    fault.end()
    assert_all_sent_and_noted_once(practice, practice.run_once())


@over(LASTING)
def test_a_claim_that_could_not_be_committed_is_never_sent(practice: Practice, fault: Fault) -> None:
    def script(request: Request) -> None:
        if request.operation == "QueryAccountBalance":  # the last question before the first claim
            fault.begin()

    practice.gateway.script = script
    ran = practice.run_once()
    assert (ran.exit_code, ran.outcomes) == (1, everybody("deferred"))
    assert ran.json["stopped"]["reason"] == "journal"
    assert practice.received == 0
    practice.gateway.script = None
    fault.end()
    assert_all_sent_and_noted_once(practice, practice.run_once())


@over(LASTING)
def test_a_settle_that_could_not_be_committed_is_asked_for_later_and_never_sent_again(
    practice: Practice, fault: Fault
) -> None:
    def script(request: Request) -> None:
        if request.operation == "SendSimpleSMS":
            fault.begin()

    practice.gateway.script = script
    ran = practice.run_once()
    assert (ran.exit_code, ran.outcomes) == (1, everybody("deferred") | {"0": "unknown"})
    assert ran.told["0"] == ["sms sent"]
    (message,) = [m for m in ran.json["messages"] if m["outcome"] == "unknown"]
    assert message["detail"].startswith("sent, but not noted: the journal ")
    assert ran.json["stopped"]["reason"] == "journal"
    assert practice.texted == [number(0)]
    practice.gateway.script = None
    fault.end()

    second = practice.run_once()
    assert (second.exit_code, second.outcomes) == (0, {c: "sent" for c in everybody("sent") if c != "0"})
    assert second.reasons == {"0": "in_progress"}
    practice.let_claims_run_out()
    third = practice.run_once()
    assert (third.exit_code, third.outcomes) == (0, {})
    ((customer, state),) = [(each["customer_id"], each["state"]) for each in third.json["updates"]]
    assert (customer, state) == ("0", "sent")
    assert practice.run_once().exit_code == 0
    assert practice.texted == [number(customer) for customer in range(CUSTOMERS)]
    assert practice.run("staff-list", "--json").json["customers"] == []


@over(PASSING)
@pytest.mark.parametrize("moment", ["the first claim", "a settle in the middle"])
def test_a_fault_that_passes_costs_nothing_but_time(practice: Practice, fault: Fault, moment: str) -> None:
    practice.timings = replace(IMPATIENT, patience=20)
    soon = threading.Timer(PATIENCE / 2, fault.end)

    def script(request: Request) -> None:
        if request.number == (1 if moment == "the first claim" else 4):  # the first asks for the balance
            fault.begin()
            soon.start()

    practice.gateway.script = script
    ran = practice.run_once()
    soon.join()
    assert_all_sent_and_noted_once(practice, ran)


@pytest.mark.parametrize("mode", [pytest.param("fast", marks=pytest.mark.full), "immediate"])
def test_a_postgres_that_is_restarted_in_the_middle_of_a_run_costs_nothing_but_time(
    mode: str, tmp_path: Path, postgres_server: PostgresServer, postgres_url: str
) -> None:
    """Schedule and journal are both on it; the run is a process, which knows no patience but its own."""
    with Practice(tmp_path, now=None, schedule_url=postgres_url, journal_url=postgres_url) as practice:
        practice.configure(
            rules={"quiet_hours": False}, reminders=[reminder(72, channels=("sms",))], sms={"concurrency": 2}
        )
        for customer in range(CUSTOMERS):
            practice.book(str(customer), days_ahead(2, f"{12 + customer}:00"), customer)
        under_way = threading.Event()
        practice.gateway.script = slow_from(under_way)
        process = practice.start("run-once", "--json", "--full")
        assert under_way.wait(60)
        postgres_server.stop("fast" if mode == "fast" else "immediate")
        postgres_server.start()
        stdout, stderr = process.communicate(timeout=120)
        ran = Ran(process.returncode, stdout, stderr)
        assert (ran.exit_code, ran.outcomes, ran.stderr) == (0, everybody("sent"), "")
        assert Counter(practice.texted) == Counter(number(customer) for customer in range(CUSTOMERS))
        assert states(practice) == {"sent": CUSTOMERS}
        assert practice.run_once().outcomes == {}


@pytest.mark.full  # it waits for 20 seconds
def test_a_run_whose_line_to_the_journal_goes_dead_ends_and_nobody_is_told_twice(
    tmp_path: Path, postgres_server: PostgresServer, postgres_url: str
) -> None:
    """No reset, no answer: whatever the run says is taken, and nothing comes back."""
    line = Line(postgres_server.folder)
    behind = sa.make_url(postgres_url).update_query_dict({"host": str(line.folder), "connect_timeout": "2"})
    with Practice(tmp_path, now=None, journal_url=postgres_url) as practice:
        practice.timings = Timings(statement=0.1, patience=1)
        practice.configure(
            rules={"quiet_hours": False}, reminders=[reminder(72, channels=("sms",))], sms={"concurrency": 1}
        )
        practice.configure(journal={"url": behind.render_as_string(hide_password=False)})
        for customer in range(CUSTOMERS):
            practice.book(str(customer), days_ahead(2, f"{12 + customer}:00"), customer)

        def script(request: Request) -> None:
            if request.number == 3:  # the first was for the balance
                line.go_dead()

        practice.gateway.script = script
        ran = practice.run_once()
        assert (ran.exit_code, ran.json["stopped"]["reason"]) == (1, "journal")
        assert practice.texted == [number(0), number(1)]
        line.close()
        practice.gateway.script = None
        practice.configure(journal={"url": postgres_url})
        practice.let_claims_run_out()
        practice.run_once()
        assert practice.texted == [number(customer) for customer in range(CUSTOMERS)]


def slow_from(under_way: threading.Event) -> Callable[[Request], Answer]:
    """A gateway whose answers take a while, and which says when it was asked for the second SMS."""

    def script(request: Request) -> Answer:
        if request.number == 3:  # the first was for the balance
            under_way.set()
        return Answer(delay=0.3)

    return script


def test_claims_that_vanish_in_mid_run_stop_it_with_what_to_do(practice: Practice) -> None:
    """As when an older copy is put back, or a replica takes over without the last commits."""

    def script(request: Request) -> None:
        if request.number == 3:  # the first was for the balance
            for table in ("untold", "attempts", "notifications", "messages"):
                practice.sql(f"DELETE FROM journal_{table}", "journal")

    practice.gateway.script = script
    ran = practice.run_once()
    assert ran.exit_code == 1
    assert ran.json["stopped"]["reason"] == "claim gone"
    assert "journal init --adopt" in ran.json["stopped"]["detail"]
    assert ran.outcomes == {"0": "sent", "1": "sent", "2": "deferred", "3": "deferred", "4": "deferred"}
    assert "its claim is gone" in next(m["detail"] for m in ran.json["messages"] if m["customer_id"] == "1")
    assert practice.texted == [number(0), number(1)]


# ---------------------------------------------------------------- the schedule between two reads


def is_gone(practice: Practice) -> Callable[[], object]:
    schedule, elsewhere = practice.folder / "schedule.db", practice.folder / "elsewhere"
    schedule.rename(elsewhere)
    return lambda: elsewhere.rename(schedule)


def lost_a_column(practice: Practice) -> Callable[[], object]:
    practice.sql("ALTER TABLE reminder_appointments RENAME COLUMN is_group TO x")
    return lambda: practice.sql("ALTER TABLE reminder_appointments RENAME COLUMN x TO is_group")


def is_being_exported(practice: Practice) -> Callable[[], object]:
    schedule = practice.folder / "schedule.db"
    whole = schedule.read_bytes()
    schedule.write_bytes(whole[:1000])
    return lambda: schedule.write_bytes(whole)


SPOILT = pytest.mark.parametrize("spoil", [is_gone, lost_a_column, is_being_exported])
Spoil = Callable[[Practice], Callable[[], object]]


@pytest.fixture
def fresh(practice: Practice) -> None:
    """Rows are read anew before every claim, not only every 30 seconds."""
    practice.timings = replace(IMPATIENT, fresh=0)


@SPOILT
@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_schedule_that_is_gone_between_two_reads_stops_the_run_and_the_next_one_goes_on(
    practice: Practice, spoil: Spoil
) -> None:
    repair: list[Callable[[], object]] = []

    def script(request: Request) -> None:
        if request.operation == "SendSimpleSMS" and not repair:
            repair.append(spoil(practice))

    practice.gateway.script = script
    ran = practice.run_once()
    assert (ran.exit_code, ran.outcomes) == (1, everybody("deferred") | {"0": "sent"})
    assert ran.json["stopped"]["reason"] == "schedule"
    assert "schedule.db" in ran.json["stopped"]["detail"]
    assert states(practice) == {"sent": 1}
    repair[0]()
    second = practice.run_once()
    assert (second.exit_code, second.outcomes) == (0, {c: "sent" for c in everybody("sent") if c != "0"})
    assert practice.texted == [number(customer) for customer in range(CUSTOMERS)]


@SPOILT
@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_schedule_that_is_soon_back_costs_nothing_but_time(practice: Practice, spoil: Spoil) -> None:
    timers: list[threading.Timer] = []

    def script(request: Request) -> None:
        if request.operation == "SendSimpleSMS" and not timers:
            timers.append(threading.Timer(PATIENCE / 4, spoil(practice)))
            timers[0].start()

    practice.gateway.script = script
    assert_all_sent_and_noted_once(practice, practice.run_once())
