"""Runs that overlap and do not see the same: other clocks, other appointments, another reminder."""

import random
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine.default import DefaultDialect

from hosts import Host, hourly, run_together
from practice import Practice, local, number, reminder
from terminbenachrichtigung import wiring
from terminbenachrichtigung.clock import ClockAt, SystemClock, Timings
from terminbenachrichtigung.config.settings import JournalSettings
from terminbenachrichtigung.delivery.channel import Balance
from terminbenachrichtigung.demo.loopback import Request
from terminbenachrichtigung.journal import open_journal
from terminbenachrichtigung.model.delivery import Claim
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, Reason
from terminbenachrichtigung.model.result import RunResult, Stop
from terminbenachrichtigung.run import once
from terminbenachrichtigung.run.planning import plan_window

TEN = local("2026-11-24 10:00")
EVENING = hourly(local("2026-11-24 11:00"), local("2026-11-24 20:00"))
TWENTY_MINUTES = timedelta(minutes=20)
NAMES_THEM = "{% for each in appointments %}<{{ each.type }}>{% endfor %}"
"""A text that names its appointments, by which it is counted what each customer was told."""


@pytest.fixture
def practice(database_url: str, tmp_path: Path) -> Iterator[Practice]:
    """A practice with a journal on either database; each appointment's type is its own id."""
    with Practice(tmp_path, journal_url=database_url) as practice:
        practice.configure(
            reminders=[reminder(24, channels=("sms",))],
            templates={"terminerinnerung": {"de": {"sms": NAMES_THEM}}},
        )
        yield practice


def book(practice: Practice, appointment: str, start: str, customer: int = 17) -> None:
    practice.book(appointment, start, customer, type_name=appointment)


def told(practice: Practice) -> Counter[tuple[str, str]]:
    """How often each number was told of each appointment."""
    return Counter(
        ("+" + job.recipient.removeprefix("00"), appointment)
        for job in practice.gateway.jobs
        for appointment in job.text.strip("<>").split("><")
    )


def sees(practice: Practice, name: str, *appointments: str) -> Path:
    """The configuration of a host whose copy of the schedule has only these appointments so far."""
    shutil.copy(practice.folder / "schedule.db", practice.folder / f"{name}.db")
    config = practice.folder / f"{name}.toml"
    config.write_text(practice.config.read_text().replace("schedule.db", f"{name}.db"))
    config.chmod(0o600)
    here = {f"a{number}": appointment for number, appointment in enumerate(appointments)}
    there = {"schedule": {"url": f"sqlite:///{name}.db"}}
    whole = {"schedule": {"url": "sqlite:///schedule.db"}}
    practice.configure(**there)
    practice.sql(
        f"DELETE FROM reminder_appointments WHERE appointment_id NOT IN ({', '.join(f':{n}' for n in here)})",
        **here,
    )
    practice.configure(**whole)
    return config


def meet_before_the_first_claim(practice: Practice, runs: int) -> None:
    """So many runs have made their plans before any of them claims: each asks for the balance in between."""
    barrier = threading.Barrier(runs, timeout=60)

    def script(request: Request) -> None:
        if request.operation == "QueryAccountBalance":
            barrier.wait()

    practice.gateway.script = script


def outcomes(result: RunResult) -> dict[str, MessageOutcome | None]:
    return {row.appointment_id: each.outcome for each in result.messages for row in each.message.appointments}


def reasons(result: RunResult) -> dict[str, Reason]:
    return {skip.appointment.appointment_id: skip.reason for skip in result.skips}


# ---------------------------------------------------------------- clocks


@pytest.mark.parametrize(
    "ahead",
    [
        pytest.param(TWENTY_MINUTES, id="ahead"),
        pytest.param(-TWENTY_MINUTES, id="late", marks=pytest.mark.full),
    ],
)
def test_hosts_whose_clocks_differ_by_20_minutes_tell_everybody_once(
    practice: Practice, ahead: timedelta
) -> None:
    """Over a day, both at once each hour; at its ends one of them finds it quiet, the other does not."""
    for customer in range(24):
        minutes = 37 * customer  # over the next day from eight o'clock on, round the clock
        start = local("2026-11-25 08:00") + timedelta(minutes=minutes)
        book(practice, f"a{customer}", start.isoformat(), customer)
        if customer % 3 == 0:
            book(practice, f"b{customer}", (start + timedelta(minutes=90)).isoformat(), customer)
    hosts = [Host(practice), Host(practice, ahead=ahead)]
    for moment in hourly(local("2026-11-24 07:50"), local("2026-11-24 19:50")):
        for result in run_together(hosts, moment):
            assert {message.outcome for message in result.messages} <= {MessageOutcome.SENT}
    assert set(told(practice).values()) == {1}
    assert len(told(practice)) == 32
    assert len(practice.texted) == 24  # and in one message for each


# ---------------------------------------------------------------- appointments


def test_runs_that_see_different_appointments_of_a_customer_tell_each_of_them_once(
    practice: Practice,
) -> None:
    for hour, appointment in enumerate(("a", "b", "c")):
        book(practice, appointment, f"2026-11-25 {9 + hour:02}:00")
    hosts = [
        Host(practice, config=sees(practice, "one", "a", "b")),
        Host(practice, config=sees(practice, "two", "b", "c")),
    ]
    meet_before_the_first_claim(practice, 2)
    results = run_together(hosts, local("2026-11-24 11:00"))
    assert len(practice.texted) == 1  # whoever was first; the other one found the customer taken
    assert sum(bool(outcomes(result)) for result in results) == 1
    practice.gateway.script = None
    host = Host(practice)
    for moment in EVENING:
        host.run(moment)
    assert told(practice) == {(number(17), appointment): 1 for appointment in "abc"}
    assert len(practice.texted) == 2  # what is left keeps the gap, and goes at its last chance


def test_a_claim_lost_to_another_run_leaves_the_rest_of_its_message_to_be_planned_anew(
    practice: Practice,
) -> None:
    """What both see goes with the other's message; what the other does not see is told by its own."""
    practice.configure(rules={"hours_between_messages": 1})
    book(practice, "a", "2026-11-25 09:00")
    book(practice, "b", "2026-11-25 09:30")
    one, two = Host(practice, config=sees(practice, "one", "a")), Host(practice)
    arrived, gone = threading.Event(), threading.Event()

    def script(request: Request) -> None:
        if request.operation == "QueryAccountBalance" and not arrived.is_set():
            arrived.set()
            gone.wait(60)

    practice.gateway.script = script
    later: list[RunResult] = []
    slow = threading.Thread(target=lambda: later.append(two.run(TEN)))
    slow.start()
    assert arrived.wait(60)
    assert outcomes(one.run(TEN - timedelta(hours=1))) == {"a": MessageOutcome.SENT}
    gone.set()
    slow.join()
    assert outcomes(later[0]) == {"b": MessageOutcome.SENT}
    assert reasons(later[0]) == {"a": Reason.ALREADY_NOTIFIED}
    assert told(practice) == {(number(17), "a"): 1, (number(17), "b"): 1}


def test_a_customer_to_whom_another_run_is_writing_is_left_to_it_even_where_the_gap_yields(
    practice: Practice,
) -> None:
    """This evening is the last chance for two new appointments, of which each host sees another one."""
    book(practice, "told at ten", "2026-11-25 09:00")
    assert outcomes(Host(practice).run(TEN)) == {"told at ten": MessageOutcome.SENT}
    book(practice, "a", "2026-11-25 12:00")
    book(practice, "b", "2026-11-25 13:00")
    hosts = [Host(practice, config=sees(practice, each, "told at ten", each)) for each in ("a", "b")]
    planned, one_is_over = threading.Barrier(2, timeout=60), threading.Event()

    def script(request: Request) -> None:
        if request.operation == "QueryAccountBalance":
            planned.wait()
        else:
            one_is_over.wait(3)  # the claim stays open until the other run has tried

    def run(host: Host) -> RunResult:
        result = host.run(local("2026-11-24 18:50"))
        one_is_over.set()
        return result

    practice.gateway.script = script
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(run, hosts))
    assert sorted(len(result.messages) for result in results) == [0, 1]
    (lost,) = [result for result in results if not result.messages]
    assert Reason.IN_PROGRESS in reasons(lost).values()
    practice.gateway.script = None
    Host(practice).run(local("2026-11-24 19:50"))
    assert told(practice) == {(number(17), appointment): 1 for appointment in ("told at ten", "a", "b")}


def test_many_hosts_with_clocks_and_views_of_their_own_tell_everything_once(
    practice: Practice, pytestconfig: pytest.Config
) -> None:
    seed = pytestconfig.getoption("--seed") or random.randrange(1_000_000)
    chance = random.Random(seed)
    print(f"replay: --seed {seed}")
    appointments = {f"{customer}.{each}": customer for customer in range(12) for each in range(3)}
    # No two at one time: those of one customer would be said once, and one of them would not be counted.
    minutes = chance.sample(range(600), len(appointments))
    for (appointment, customer), minute in zip(appointments.items(), minutes, strict=True):
        start = local("2026-11-25 09:00") + timedelta(minutes=minute)
        book(practice, appointment, start.isoformat(), customer)
    hosts = [
        Host(
            practice,
            ahead=timedelta(minutes=chance.uniform(-20, 20)),
            config=sees(practice, f"view{host}", *(each for each in appointments if chance.random() < 0.6)),
        )
        for host in range(5)
    ]
    for moment in (TEN, *EVENING[:4]):
        for result in run_together(hosts, moment):
            assert {message.outcome for message in result.messages} <= {MessageOutcome.SENT}
    everything = [Host(practice), Host(practice)]
    for moment in EVENING[4:]:
        run_together(everything, moment)
    assert told(practice) == {(number(customer), each): 1 for each, customer in appointments.items()}


# ---------------------------------------------------------------- reminders


def test_two_reminders_on_two_hosts_do_not_both_write_to_a_customer(practice: Practice) -> None:
    """While a new configuration is being rolled out."""
    for customer in range(10):
        book(practice, f"{customer}", "2026-11-25 09:00", customer)
    hosts = []
    for name, hours in (("früh", 48), ("spät", 24)):
        practice.configure(reminders=[reminder(hours, name, ("sms",))])
        hosts.append(Host(practice))
    meet_before_the_first_claim(practice, 2)
    results = run_together(hosts, TEN)
    assert Counter(practice.texted) == {number(customer): 1 for customer in range(10)}
    assert sum(len(result.messages) for result in results) == 10
    practice.gateway.script = None
    for moment in EVENING[:3]:
        run_together(hosts, moment)
    assert len(practice.texted) == 10  # the gap holds between reminders, whoever sent


# ---------------------------------------------------------------- times


def test_a_schedule_that_changes_between_two_runs_reads_is_told_as_it_now_is(
    practice: Practice,
) -> None:
    """One run has made its plan; the desk changes everything; another run tells it; the first one goes on."""
    for customer, appointment in enumerate(("moved", "given away", "cancelled", "as it was"), 1):
        book(practice, appointment, f"2026-11-25 0{customer + 4}:00", customer)
    first, second = Host(practice, timings=Timings(fresh=0)), Host(practice)
    runs = 0

    def script(request: Request) -> None:
        nonlocal runs
        if request.operation != "QueryAccountBalance":
            return
        runs += 1
        if runs == 1:
            practice.change("moved", starts_at="2026-11-25 09:30")
            practice.change("given away", customer_id="20", mobile=number(20))
            practice.cancel("cancelled")
            seen.append(second.run(TEN))

    seen: list[RunResult] = []
    practice.gateway.script = script
    result = first.run(TEN)
    assert outcomes(seen[0]) == dict.fromkeys(("moved", "given away", "as it was"), MessageOutcome.SENT)
    assert outcomes(result) == {}
    assert told(practice) == {
        (number(1), "moved"): 1,
        (number(20), "given away"): 1,
        (number(4), "as it was"): 1,
    }
    assert outcomes(first.run(TEN + timedelta(hours=1))) == {}


@pytest.mark.parametrize("stop", [Stop.SIGNAL, Stop.MAX_RUN_MINUTES])
def test_a_stop_is_looked_for_at_every_claim_though_all_are_lost(practice: Practice, stop: Stop) -> None:
    """400 claims, one after the other, are lost to another run: nothing that the run sends ends meanwhile."""
    customers = 400
    for customer in range(customers):
        book(practice, f"{customer}", "2026-11-25 09:00", customer)
    settings = wiring.load_config(practice.config, {}).settings
    questions = 0

    def stopping() -> Stop | None:
        nonlocal questions
        questions += 1
        return stop if questions > 2 else None

    def claimed_by_another() -> Balance:
        with wiring.run_context(settings, clock=ClockAt(TEN)) as another:
            for message in plan_window(another, TEN).plan.messages:
                assert isinstance(another.writable.claim(message, now=TEN, gap=timedelta(0)), Claim)
        return Balance(Decimal(1000))

    with wiring.run_context(settings, clock=ClockAt(TEN)) as context:
        result = once.run_once(
            replace(context, preflight={Channel.SMS: claimed_by_another}, stopping=stopping)
        )
    assert result.stop is stop
    assert len(result.skips) < customers
    assert set(outcomes(result).values()) == {MessageOutcome.DEFERRED}


class SuspendedClock(SystemClock):
    """The clocks of a machine as Linux keeps them in suspension: only the one on the wall goes on."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


@pytest.mark.parametrize("meanwhile", ["another run comes by", "nobody does"])
def test_a_run_that_slept_past_its_claim_asks_for_it_again_before_it_sends(
    practice: Practice, meanwhile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine is suspended for twenty minutes right after a claim's commit; the claim lasts fifteen."""
    practice.configure(sms={"concurrency": 1})
    book(practice, "1", "2026-11-25 09:00", customer=1)
    book(practice, "2", "2026-11-25 09:30", customer=2)
    clock = SuspendedClock(TEN)
    commit: Any = DefaultDialect.do_commit

    def commit_and_sleep(dialect: DefaultDialect, connection: Any) -> None:
        commit(dialect, connection)
        monkeypatch.setattr(DefaultDialect, "do_commit", commit)
        if practice.open_claims() == 0:
            monkeypatch.setattr(DefaultDialect, "do_commit", commit_and_sleep)
            return
        clock.moment += timedelta(minutes=20)
        practice.let_claims_run_out()
        if meanwhile == "another run comes by":
            expire(practice)

    monkeypatch.setattr(DefaultDialect, "do_commit", commit_and_sleep)
    result = Host(practice).run(TEN, clock)
    if meanwhile == "another run comes by":
        assert outcomes(result) == {"1": MessageOutcome.UNKNOWN, "2": MessageOutcome.SENT}
        assert practice.texted == [number(2)]
    else:
        assert outcomes(result) == {"1": MessageOutcome.SENT, "2": MessageOutcome.SENT}
        assert practice.texted == [number(1), number(2)]


class SleepyClock(SuspendedClock):
    """The machine is suspended for a while when the clock is asked for the time so often."""

    def __init__(self, question: int, sleep: Callable[[], timedelta]) -> None:
        super().__init__(TEN)
        self._left, self._sleep = question, sleep

    def now(self) -> datetime:
        self._left -= 1
        if self._left == 0:
            self.moment += self._sleep()
        return self.moment


@pytest.mark.parametrize("minutes", [pytest.param(2, marks=pytest.mark.full), 20])
@pytest.mark.parametrize("question", range(1, 11))
def test_a_run_tells_nobody_what_the_schedule_took_back_while_it_slept(
    practice: Practice, question: int, minutes: int
) -> None:
    """Wherever it was suspended: before it planned, between plan and claim, between claim and attempt."""
    practice.configure(sms={"concurrency": 1})
    book(practice, "1", "2026-11-25 09:00", customer=1)

    expected = "<1>"

    def change() -> timedelta:
        nonlocal expected
        if not practice.gateway.jobs:
            expected = "<another>"
        practice.change("1", type_name="another")
        return timedelta(minutes=minutes)

    result = Host(practice).run(TEN, SleepyClock(question, change))
    assert outcomes(result) == {"1": MessageOutcome.SENT}
    assert [job.text for job in practice.gateway.jobs] == [expected]


def expire(practice: Practice) -> None:
    """What another host's run does first."""
    url = practice.database("journal").url.render_as_string(hide_password=False)
    journal = open_journal(JournalSettings.model_validate({"url": url}))
    assert len(journal.begin(TEN, "run-once")) == 1
    journal.close()
