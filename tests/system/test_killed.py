"""A run that is killed at any moment: nobody gets a second message, and nobody who is due is lost.

Real processes, a real gateway that counts, journals on SQLite and on Postgres.
"""

import contextlib
import json
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from killing import Forks, Killable
from practice import Practice, address, days_ahead, number, reminder
from terminbenachrichtigung.demo.loopback import Answer, Request

FULL = pytest.mark.full
DUE = 24
"""Appointments in each scene: more than there are workers, so that a kill meets every state at once."""


@pytest.fixture
def practice(database_url: str, tmp_path: Path) -> Iterator[Practice]:
    """A practice in which all of `DUE` customers are due, by SMS with e-mail behind it."""
    with Practice(tmp_path, now=None, journal_url=database_url) as practice:
        practice.configure(
            rules={"quiet_hours": False},
            reminders=[reminder(72)],
            sms=practice_sms(practice),
            journal={"claim_timeout_minutes": 15},
        )
        for customer in range(DUE):
            practice.book(str(customer), days_ahead(2, f"{8 + customer % 10:02}:00"), customer)
        yield practice


@pytest.fixture
def runs(practice: Practice, forks: Forks) -> Iterator[Killable]:
    """Runs of that practice that can be killed."""
    killable = Killable(practice, forks)
    yield killable
    killable.close()


def practice_sms(practice: Practice) -> dict[str, object]:
    return {"base_url": practice.gateway.url, "concurrency": 4, "timeout_seconds": 2}


def states(practice: Practice) -> dict[str, str]:
    """By appointment: the state of its latest notification."""
    rows = practice.sql(
        "SELECT n.appointment_id, m.state FROM journal_notifications n "
        "JOIN journal_messages m ON m.message_id = n.message_id ORDER BY n.generation",
        which="journal",
    )
    return {row.appointment_id: row.state for row in rows}


def assert_promises_kept(practice: Practice, runs: Killable, *, at_most_unknown: int) -> None:
    """After a kill: the next runs go on, nobody is told twice, everybody is told or listed."""
    assert runs.run("run-once") in (0, 1), runs.output  # while the claims of the killed run are open
    practice.let_claims_run_out()
    assert runs.run("run-once") in (0, 1), runs.output
    assert runs.run("run-once") == 0, runs.output  # everything has been said once

    texted, mailed = Counter(practice.texted), Counter(practice.mailed)
    assert max(texted.values(), default=0) <= 1, texted
    assert max(mailed.values(), default=0) <= 1, mailed
    found = states(practice)
    assert set(found) == {str(customer) for customer in range(DUE)}
    assert set(found.values()) <= {"sent", "unknown"}, found
    unknown = {appointment for appointment, state in found.items() if state == "unknown"}
    assert len(unknown) <= at_most_unknown
    assert runs.run("staff-list", "--json") == 0
    listed = json.loads(runs.output)["customers"]
    assert {entry["reason"] for entry in listed} <= {"unknown"}
    assert {appointment for entry in listed for appointment in entry["appointment_ids"]} == unknown
    assert len(texted) + len(mailed) >= DUE - len(unknown)


COMMITS = [
    ("begin", 1),  # the run's own record, with the expiry of old claims
    ("claim", 1),  # the right to send one message: the first one
    ("claim", 7),  # and one in the middle, while others are under way
    ("settle", 1),  # what became of it
    ("settle", 7),
    ("finish", 1),  # the run's end, with what was left over
]
IN_EVERY_RUN = [("claim", 7, "after"), ("settle", 7, "before")]
"""Claimed and never sent, and sent and not noted."""


@pytest.mark.parametrize(
    ("point", "nth", "side"),
    [
        pytest.param(*where, side, marks=() if (*where, side) in IN_EVERY_RUN else FULL)
        for where in COMMITS
        for side in ("before", "after")
    ],
)
def test_killed_at_a_commit(practice: Practice, runs: Killable, point: str, nth: int, side: str) -> None:
    assert runs.run("run-once", point=point, side=side, nth=nth) == -signal.SIGKILL
    assert_promises_kept(practice, runs, at_most_unknown=6)


@pytest.mark.parametrize("taken", [True, False], ids=["the gateway took it", "it never arrived"])
def test_killed_after_the_request_left(practice: Practice, runs: Killable, taken: bool) -> None:
    def script(request: Request) -> Answer | None:
        if request.number == 10:
            runs.kill()
            return Answer(hang_up=True, takes_job=taken)
        return None

    practice.gateway.script = script
    assert runs.run("run-once") == -signal.SIGKILL
    assert_promises_kept(practice, runs, at_most_unknown=6)


@pytest.mark.parametrize("side", ["before", pytest.param("after", marks=FULL)])
def test_killed_with_delivery_reports_in_its_hands(practice: Practice, runs: Killable, side: str) -> None:
    """What a run was told and could not note, the next one is told again."""
    assert runs.run("run-once") == 0, runs.output
    for job in practice.gateway.jobs:
        practice.gateway.report(job, "Undelivered")
    assert runs.run("run-once", point="follow", side=side, nth=1) == -signal.SIGKILL
    assert practice.mailed == []
    assert runs.run("run-once") == 0, runs.output
    assert runs.run("run-once") == 0, runs.output
    assert Counter(practice.mailed) == {address(customer): 1 for customer in range(DUE)}
    assert Counter(practice.texted) == {number(customer): 1 for customer in range(DUE)}


@pytest.mark.parametrize("side", ["before", pytest.param("after", marks=FULL)])
@pytest.mark.parametrize("point", [pytest.param("renew", marks=FULL), "settle"])
def test_killed_in_the_fallback(practice: Practice, runs: Killable, point: str, side: str) -> None:
    """The SMS was refused for good; the e-mail is on its way when the process dies."""
    practice.gateway.script = lambda request: (
        Answer(status="NoRecipientFound") if request.operation == "SendSimpleSMS" else None
    )
    assert runs.run("run-once", point=point, side=side, nth=3) == -signal.SIGKILL
    assert_promises_kept(practice, runs, at_most_unknown=6)
    assert not practice.texted


STAFF_MAILS = [
    # killed at the commit                  lists that the reception gets that day
    pytest.param("staff claim", "before", 1, id="before it is claimed: the next run sends it"),
    pytest.param("staff claim", "after", 0, id="between claim and sending: who knows, so never again"),
    pytest.param("staff settle", "before", 1, id="sent, and not noted"),
]


@pytest.mark.parametrize(("point", "side", "mails"), STAFF_MAILS)
def test_killed_while_the_staff_list_is_mailed(
    practice: Practice, runs: Killable, point: str, side: str, mails: int
) -> None:
    practice.configure(staff_list={"recipients": ["empfang@example.org"], "send_at": "00:00"})
    practice.sql("DELETE FROM reminder_appointments")
    practice.book("letter", days_ahead(2), preferred_channel="Brief")
    assert runs.run("run-once", point=point, side=side, nth=1) == -signal.SIGKILL
    assert runs.run("run-once") == 0
    assert practice.mailed == mails * ["empfang@example.org"]


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=FULL)])
def test_a_stop_signal_lets_what_is_under_way_finish(
    practice: Practice, runs: Killable, number: signal.Signals
) -> None:
    practice.gateway.script = lambda request: Answer(delay=0.3)
    runs.start("run-once", "--json")
    while len(practice.gateway.jobs) < 4:
        time.sleep(0.01)
    runs.kill(number)
    assert runs.wait() == 1
    said, _, document = runs.output.partition("{")
    assert said.startswith("Warning: stopping")
    report = json.loads("{" + document)
    assert report["stopped"]["reason"] == "signal"
    outcomes = Counter(message["outcome"] for message in report["messages"])
    assert set(outcomes) == {"sent", "deferred"}
    assert outcomes.total() == DUE
    assert outcomes["sent"] == len(practice.gateway.jobs) < DUE  # all that was asked for was noted
    practice.gateway.script = None
    assert_promises_kept(practice, runs, at_most_unknown=0)


@pytest.mark.parametrize("nth", [1, 7])  # nothing is under way yet; the answers of others come meanwhile
def test_stopped_between_claim_and_send_for_longer_than_the_claim_lasts(
    practice: Practice, runs: Killable, nth: int
) -> None:
    """SIGSTOP; other runs come and go; and when it goes on, it makes good what they took for lost."""
    runs.start("run-once", point="claim", side="after", nth=nth, signal=signal.SIGSTOP)
    while len(states(practice)) < nth:
        time.sleep(0.01)
    held = practice.open_claims()
    assert 1 <= held <= 6

    second = practice.run_once()
    assert (second.exit_code, len(second.outcomes)) == (0, DUE - nth)
    assert Counter(second.reasons.values())["in_progress"] == held
    practice.let_claims_run_out()
    third = practice.run_once()
    assert third.outcomes == {}
    # What the gateway took meanwhile is no longer open; the one that was stopped before it left is.
    assert third.exit_code == 1
    assert len(third.json["expired"]) + len(third.json["updates"]) == held

    runs.kill(signal.SIGCONT)
    assert runs.wait() == 0, runs.output
    assert Counter(practice.texted) == {number(customer): 1 for customer in range(DUE)}
    assert not practice.mailed
    assert Counter(states(practice).values()) == {"sent": DUE}
    assert practice.run_once().exit_code == 0


@pytest.mark.sized
def test_killed_at_random_moments(
    practice: Practice, runs: Killable, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """Runs of one practice are killed one after the other, each at a moment of its own."""
    kills: int = pytestconfig.getoption("--kills")
    seed = pytestconfig.getoption("--seed") or random.randrange(1_000_000)
    chance = random.Random(seed)
    print(f"replay: --seed {seed}")
    practice.gateway.script = lambda request: Answer(delay=chance.uniform(0, 0.02))
    killed = 0
    while killed < kills:
        # A new day's customers, so that there is always something on its way to be killed at.
        practice.sql("DELETE FROM reminder_appointments")
        for table in ("untold", "attempts", "notifications", "messages", "leftovers", "reported"):
            practice.sql(f"DELETE FROM journal_{table}", which="journal")
        practice.gateway.jobs.clear()
        practice.mail.received.clear()
        for customer in range(DUE):
            practice.book(str(customer), days_ahead(2, f"{8 + customer % 10:02}:00"), customer)
        for _ in range(chance.randint(1, 6)):
            runs.start("run-once")
            time.sleep(chance.expovariate(1 / 0.12))
            with contextlib.suppress(ProcessLookupError):  # it was faster
                runs.kill(chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
            killed += runs.wait() < 0
            if chance.random() < 0.3:
                practice.let_claims_run_out()
        assert_promises_kept(practice, runs, at_most_unknown=DUE)
