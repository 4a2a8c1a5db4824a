"""Replies and runs that die or overlap: each is kept once, told at least once, and stop is stop.

Real processes, a gateway that hands out the same replies again and again, journals on SQLite and on Postgres.
"""

import json
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from killing import Forks, Killable
from practice import Practice, days_ahead, number, reminder
from terminbenachrichtigung.demo.lox24 import Lox24Gateway

DUE = 16
PROCESSES = 8
ANSWERS = ("Ja", "nein", "Wann genau?", "STOP")


@pytest.fixture
def practice(database_url: str, tmp_path: Path) -> Iterator[Practice]:
    """All were told of one appointment, each has answered, and each has a second one that is due now."""
    with Lox24Gateway() as gateway, Practice(tmp_path, now=None, journal_url=database_url) as practice:
        practice.gateway = gateway  # type: ignore[assignment]
        practice.configure(
            rules={"quiet_hours": False, "hours_between_messages": 1},
            reminders=[reminder(72, channels=("sms",))],
            sms={"base_url": gateway.url, "sender": "+491715550000", **gateway.settings},
            replies={"enabled": True},
        )
        for customer in range(DUE):
            practice.book(f"a{customer}", days_ahead(2, f"{8 + customer % 10:02}:00"), customer)
        assert practice.run_once().exit_code == 0
        for each, job in enumerate(sorted(gateway.jobs, key=lambda job: job.recipient)):
            gateway.reply(job, ANSWERS[each % 4])
        practice.sql("UPDATE journal_messages SET run_now = :earlier", "journal", earlier=_earlier(practice))
        for customer in range(DUE):
            practice.book(f"b{customer}", days_ahead(2, f"{8 + customer % 10:02}:30"), customer)
        yield practice


def _earlier(practice: Practice) -> object:
    """So long ago that the gap is over; the journal's own way of writing it."""
    in_sqlite = practice.database("journal").name == "sqlite"
    two_hours = "datetime('now', '-2 hours') || '.000000'" if in_sqlite else "now() - interval '2 hours'"
    return practice.sql(f"SELECT {two_hours}", "journal")[0][0]


@pytest.fixture
def runs(practice: Practice, forks: Forks) -> Iterator[Killable]:
    killable = Killable(practice, forks)
    yield killable
    killable.close()


def who(answer: str) -> set[str]:
    return {str(customer) for customer in range(DUE) if ANSWERS[customer % 4] == answer}


def told_by(output: str) -> list[tuple[str, str]]:
    """Kind and customer of each reply that a report names."""
    return [(each["kind"], each["customer_id"]) for each in json.loads(output)["replies"]]


def assert_promises_kept(practice: Practice, told: list[tuple[str, str]]) -> None:
    """Kept once, told at least once, and nobody who said stop got a second SMS."""
    assert set(told) == {
        *(("confirmed", customer) for customer in who("Ja")),
        *(("wants_to_cancel", customer) for customer in who("nein")),
        *(("reply", customer) for customer in who("Wann genau?")),
        *(("opted_out", customer) for customer in who("STOP")),
    }
    assert practice.sql("SELECT count(*) FROM journal_replies", "journal")[0][0] == DUE
    assert practice.sql("SELECT count(*) FROM journal_replies WHERE NOT told", "journal")[0][0] == 0
    texted = Counter(practice.texted)
    assert texted == {number(customer): 1 if str(customer) in who("STOP") else 2 for customer in range(DUE)}
    last = practice.run_once()
    assert (last.exit_code, last.json["replies"], last.outcomes) == (0, [], {})
    listed = practice.run("staff-list", "--json").json["customers"]
    reasons = {each["customer_id"]: each["reason"] for each in listed}
    expected = dict.fromkeys(who("nein"), "wants_to_cancel") | dict.fromkeys(who("Wann genau?"), "reply")
    assert reasons == expected


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("point", ["replies", pytest.param("all replies", marks=pytest.mark.full), "finish"])
def test_killed_with_replies_in_its_hands(practice: Practice, runs: Killable, point: str, side: str) -> None:
    assert runs.run("run-once", "--json", point=point, side=side, nth=1) == -signal.SIGKILL
    told = told_by(runs.output) if "{" in runs.output else []  # at "finish" the report was written out
    practice.let_claims_run_out()
    assert runs.run("run-once", "--json") in (0, 1), runs.output
    told += told_by(runs.output)
    assert_promises_kept(practice, told)


@pytest.mark.parametrize("side", ["before", "after"])
def test_killed_while_a_customer_is_forgotten(practice: Practice, runs: Killable, side: str) -> None:
    assert runs.run("run-once", "--json") == 1, runs.output
    told = told_by(runs.output)
    assert_promises_kept(practice, told)
    assert runs.run("journal", "forget", "1", point="forget", side=side, nth=1) == -signal.SIGKILL
    held = practice.sql("SELECT count(*) FROM journal_replies WHERE sender <> ''", "journal")[0][0]
    assert held == (DUE if side == "before" else DUE - 1)  # all of it, or nothing
    assert runs.run("journal", "forget", "1") == 0
    assert practice.run_once().exit_code == 0
    assert number(1)[1:] not in str(practice.sql("SELECT * FROM journal_attempts", "journal"))


def test_eight_runs_at_once(practice: Practice) -> None:
    started = [practice.start("run-once", "--json") for _ in range(PROCESSES)]
    ended = [process.communicate(timeout=300) for process in started]
    told: list[tuple[str, str]] = []
    for process, (stdout, stderr) in zip(started, ended, strict=True):
        assert process.returncode in (0, 1), stderr
        assert "Traceback" not in stderr
        told += told_by(stdout)
    practice.let_claims_run_out()
    assert_promises_kept(practice, told)
