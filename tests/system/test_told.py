"""Telling people is at least once: news counts as told when a report that names it was written.

Real processes, and journals on SQLite and on Postgres.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from killing import Forks, Killable
from practice import Practice, address, days_ahead, number, reminder
from terminbenachrichtigung.demo.loopback import Answer, Request

REFUSED = Answer(status="NoRecipientFound")


@pytest.fixture
def practice(database_url: str, tmp_path: Path) -> Iterator[Practice]:
    """One customer is due, by SMS alone; the journal on either database."""
    with Practice(tmp_path, now=None, journal_url=database_url) as practice:
        practice.configure(rules={"quiet_hours": False}, reminders=[reminder(72, channels=("sms",))])
        practice.book("1", days_ahead(2), customer=1)
        yield practice


@pytest.fixture
def killable(practice: Practice, forks: Forks) -> Iterator[Killable]:
    runs = Killable(practice, forks)
    yield runs
    runs.close()


def refuse(practice: Practice, answer: Answer = REFUSED) -> None:
    def script(request: Request) -> Answer | None:
        return answer if request.operation == "SendSimpleSMS" else None

    practice.gateway.script = script


def into_a_full_disk(practice: Practice, *options: str) -> int:
    """The exit code of a run whose report meets a full disk."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        process = practice.start("run-once", *options, stdout=full)
        _, stderr = process.communicate(timeout=60)
    assert "Traceback" not in stderr
    assert "the output could not be written" in stderr
    return process.returncode


def endings(practice: Practice) -> list[str | None]:
    """How the runs ended, by `history runs`, oldest first."""
    return [run["ending"] for run in practice.run("history", "runs", "--json").json["runs"]][::-1]


ENDINGS = [
    # how the message ends, what the next report calls it, a word of the sentence
    pytest.param(REFUSED, "failed", "correct the number", id="refused"),
    pytest.param(Answer(http_status=500), "unknown", "may have been sent", id="nobody knows"),
]


@pytest.mark.parametrize(("answer", "state", "words"), ENDINGS)
@pytest.mark.parametrize("options", [(), ("--quiet",), ("--json",)])
def test_a_report_that_meets_a_full_disk_is_said_again_by_the_next_run(
    practice: Practice, answer: Answer, state: str, words: str, options: tuple[str, ...]
) -> None:
    refuse(practice, answer)
    assert into_a_full_disk(practice, *options) == 1
    assert endings(practice) == ["report not written"]
    second = practice.run_once()
    assert second.exit_code == 1
    assert [(each["customer_id"], each["state"]) for each in second.json["expired"]] == [("1", state)]
    third = practice.run("run-once", "--quiet")
    assert (third.exit_code, third.stdout) == (0, "")
    assert endings(practice) == ["report not written", "complete", "complete"]


@pytest.mark.parametrize(("answer", "state", "words"), ENDINGS)
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_run_that_is_killed_around_its_last_commit_tells_it_once_more_or_has_told_it(
    killable: Killable, answer: Answer, state: str, words: str, side: str
) -> None:
    practice = killable.practice
    refuse(practice, answer)
    killable.run("run-once", point="finish", side=side, nth=1)
    assert words in killable.output
    second = practice.run("run-once", "--quiet")
    if side == "before":
        assert second.exit_code == 1
        assert words in second.stdout
    else:
        assert (second.exit_code, second.stdout) == (0, "")
    assert practice.run("run-once", "--quiet").exit_code == 0


def test_a_run_that_is_killed_before_its_report_leaves_the_news_to_the_next_one(
    practice: Practice, killable: Killable
) -> None:
    refuse(practice)
    killable.run("run-once", point="settle", side="after", nth=1)
    assert killable.output == ""
    second = practice.run("run-once", "--quiet")
    assert second.exit_code == 1
    assert "correct the number" in second.stdout
    assert practice.run("run-once", "--quiet").exit_code == 0


def test_claims_of_a_killed_run_are_told_by_the_first_run_that_can_report(
    practice: Practice, killable: Killable
) -> None:
    killable.run("run-once", point="claim", side="after", nth=1)
    practice.let_claims_run_out()
    schedule, elsewhere = practice.folder / "schedule.db", practice.folder / "elsewhere.db"
    schedule.rename(elsewhere)
    for _ in range(2):
        assert practice.run("run-once").exit_code == 3
    elsewhere.rename(schedule)
    ran = practice.run("run-once", "--quiet")
    assert ran.exit_code == 1
    assert "may have been sent" in ran.stdout
    assert practice.run("run-once", "--quiet").exit_code == 0
    assert practice.texted == []


def test_a_number_that_was_corrected_and_is_refused_again_is_news_again(practice: Practice) -> None:
    refuse(practice)
    for customer in (1, 2):
        practice.change("1", mobile=number(customer))
        assert practice.run("run-once", "--quiet").exit_code == 1
        assert practice.run("run-once", "--quiet").exit_code == 0


def test_a_run_that_cannot_read_the_schedule_says_so_in_the_history(practice: Practice) -> None:
    practice.sql("ALTER TABLE reminder_appointments RENAME COLUMN is_group TO x")
    assert practice.run("run-once").exit_code == 3
    assert endings(practice) == ["could not run: schedule"]
    practice.configure(rules={"quiet_hours": True, "quiet_start": "00:00", "quiet_end": "23:59"})
    assert practice.run("run-once").exit_code == 3
    assert endings(practice)[-1] == "could not run: schedule"


def test_what_a_notification_by_hand_could_not_report_the_next_run_does(practice: Practice) -> None:
    refuse(practice)
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        process = practice.start("notify", "1", "--yes", stdout=full)
        process.communicate(timeout=60)
    assert process.returncode == 1
    assert practice.run("run-once", "--quiet").exit_code == 1
    assert practice.run("run-once", "--quiet").exit_code == 0


def test_doubt_about_a_mail_of_the_staff_list_is_told_again_where_the_report_could_not_be_written(
    practice: Practice, killable: Killable
) -> None:
    practice.configure(
        staff_list={"recipients": [address(9)], "send_at": "00:00"}, journal={"claim_timeout_minutes": 15}
    )
    practice.book("letter", days_ahead(1), customer=2, preferred_channel="letter")
    killable.run("run-once", point="staff claim", side="after", nth=1)
    old = (
        "datetime('now', '-1 day')"
        if practice.database("journal").name == "sqlite"
        else "now() - interval '1 day'"
    )
    practice.sql(f"UPDATE journal_staff_mails SET claimed_at = {old}", "journal")
    assert into_a_full_disk(practice) == 1
    told = practice.run("run-once", "--quiet")
    assert told.exit_code == 1
    assert "may not have reached" in told.stdout
    assert practice.run("run-once", "--quiet").exit_code == 0
    assert practice.mailed == []


def test_metrics_say_that_a_report_could_not_be_written(practice: Practice) -> None:
    metrics = practice.folder / "reminders.prom"
    practice.configure(monitoring={"textfile": str(metrics)})
    assert into_a_full_disk(practice) == 1
    assert "terminbenachrichtigung_last_run_exit_code 1\n" in metrics.read_text(encoding="utf-8")
    assert "last_complete_run" not in metrics.read_text(encoding="utf-8")
    assert practice.run("run-once").exit_code == 0
    assert "terminbenachrichtigung_last_run_exit_code 0\n" in metrics.read_text(encoding="utf-8")
