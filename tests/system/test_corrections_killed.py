"""Corrections by runs that are killed, and by runs that overlap: nobody hears it twice.

Real processes and a real gateway that counts, journals on SQLite and on Postgres, by the clock on the wall.
"""

import json
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from killing import Forks, Killable
from practice import Practice, days_ahead, number, reminder

OFF = range(6)
MOVED = range(6, 12)
STAND = range(12, 15)
EVERYBODY = range(15)
PROCESSES = 8


@pytest.fixture
def changed(database_url: str, tmp_path: Path) -> Iterator[Practice]:
    """A practice whose customers were told by SMS; then most of it was cancelled or moved."""
    with Practice(tmp_path, now=None, journal_url=database_url) as practice:
        practice.configure(
            rules={"quiet_hours": False},
            reminders=[reminder(72, channels=("sms",))],
            sms={"base_url": practice.gateway.url, "concurrency": 4, "timeout_seconds": 2},
            corrections={"enabled": True},
        )
        for customer in EVERYBODY:
            practice.book(str(customer), days_ahead(2, f"{8 + customer % 5:02}:00"), customer)
        assert practice.process("run-once").exit_code == 0
        for customer in OFF:
            practice.cancel(str(customer))
        for customer in MOVED:
            practice.change(str(customer), starts_at=days_ahead(2, f"{14 + customer % 5:02}:30"))
        yield practice


@pytest.fixture
def runs(changed: Practice, forks: Forks) -> Iterator[Killable]:
    """Runs of that practice that can be killed."""
    killable = Killable(changed, forks)
    yield killable
    killable.close()


def corrected(practice: Practice) -> Counter[int]:
    """By customer: how many corrections the gateway took for them."""
    told = Counter(practice.texted)
    return Counter({each: told[number(each)] - 1 for each in EVERYBODY if told[number(each)] > 1})


def states(practice: Practice) -> dict[int, str]:
    """By customer: how the journal has their correction."""
    rows = practice.sql(
        "SELECT n.appointment_id, m.state FROM journal_notifications n "
        "JOIN journal_messages m ON m.message_id = n.message_id "
        "WHERE n.corrects IS NOT NULL ORDER BY n.generation",
        which="journal",
    )
    return {int(row.appointment_id): row.state for row in rows}


def on_the_list(practice: Practice, runs: Killable) -> set[int]:
    assert runs.run("staff-list", "--json") == 0
    return {int(each["customer_id"]) for each in json.loads(runs.output)["customers"]}


@pytest.mark.parametrize("side", ["before", pytest.param("after", marks=pytest.mark.full)])
@pytest.mark.parametrize(("point", "nth"), [pytest.param("claim", 5, marks=pytest.mark.full), ("settle", 5)])
def test_a_run_that_is_killed_while_it_corrects(
    changed: Practice, runs: Killable, point: str, nth: int, side: str
) -> None:
    assert runs.run("run-once") == 0, runs.output  # sees the changes
    killed = runs.run("run-once", "--allow-corrections", point=point, side=side, nth=nth)
    assert killed == -signal.SIGKILL
    assert runs.run("run-once", "--allow-corrections") in (0, 1), runs.output
    changed.let_claims_run_out()
    assert runs.run("run-once", "--allow-corrections") in (0, 1), runs.output
    assert runs.run("run-once", "--allow-corrections") == 0, runs.output

    heard, found = corrected(changed), states(changed)
    assert set(heard.values()) <= {1}, heard
    assert set(found) == {*OFF, *MOVED}
    assert set(found.values()) <= {"sent", "unknown"}
    unknown = {customer for customer, state in found.items() if state == "unknown"}
    assert len(unknown) <= 6
    assert on_the_list(changed, runs) == unknown  # whose correction may have arrived, and nobody else
    assert {*OFF, *MOVED} - unknown <= set(heard)


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_run_that_is_killed_before_it_has_noted_what_it_saw_saw_nothing(
    changed: Practice, runs: Killable, side: str
) -> None:
    assert runs.run("run-once", point="finish", side=side, nth=1) == -signal.SIGKILL
    assert not corrected(changed)
    assert runs.run("run-once", "--allow-corrections") in (0, 1), runs.output
    assert bool(corrected(changed)) is (side == "after")
    assert runs.run("run-once", "--allow-corrections") in (0, 1), runs.output
    assert corrected(changed) == Counter([*OFF, *MOVED])


def test_eight_runs_at_once_correct_each_customer_once(changed: Practice) -> None:
    assert changed.process("run-once").exit_code == 0  # sees the changes
    started = [changed.start("run-once", "--allow-corrections", "--json") for _ in range(PROCESSES)]
    for process in started:
        stdout, stderr = process.communicate(timeout=600)
        assert process.returncode == 0, (stdout[-500:], stderr)
    assert corrected(changed) == Counter([*OFF, *MOVED])
    assert states(changed) == dict.fromkeys([*OFF, *MOVED], "sent")
    # The reminder of those who moved is told along, and so by nobody else.
    told = changed.sql(
        "SELECT appointment_id, count(*) AS times FROM journal_notifications "
        "WHERE reminder = 'Terminerinnerung' GROUP BY appointment_id",
        which="journal",
    )
    assert {int(row.appointment_id): row.times for row in told} == {
        customer: 2 if customer in MOVED else 1 for customer in EVERYBODY
    }
