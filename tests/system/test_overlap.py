"""Runs that overlap share the work: each customer gets one message, whatever the runs see of each other."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from practice import Practice, days_ahead, number, reminder

PROCESSES = 8


@pytest.fixture
def practice(database_url: str, tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[Practice]:
    """A practice in which so many customers are due that a run takes a while."""
    with Practice(tmp_path, now=None, journal_url=database_url) as practice:
        practice.configure(
            rules={"quiet_hours": False},
            safety={"max_messages_per_run": 0},
            reminders=[reminder(72, channels=("sms",))],
            sms={"base_url": practice.gateway.url, "check_balance": False},
        )
        due: int = pytestconfig.getoption("--due")
        rows = [
            {
                "id": str(customer),
                "start": days_ahead(2, f"{8 + customer % 10:02}:00"),
                "mobile": number(customer),
            }
            for customer in range(due)
        ]
        with practice.database("schedule").begin() as connection:
            connection.execute(
                sa.text(
                    "INSERT INTO reminder_appointments "
                    "(appointment_id, starts_at, customer_id, type_notifiable, is_group, mobile) "
                    "VALUES (:id, :start, :id, true, false, :mobile)"
                ),
                rows,
            )
        yield practice


@pytest.mark.sized
def test_eight_runs_at_once_send_one_message_each(
    practice: Practice, capfd: pytest.CaptureFixture[str]
) -> None:
    started = [practice.start("run-once", "--json") for _ in range(PROCESSES)]
    ended = [process.communicate(timeout=600) for process in started]
    for process, (stdout, stderr) in zip(started, ended, strict=True):
        assert process.returncode == 0, (stdout[-500:], stderr)
        assert "locked" not in stderr
    sent_by_each = [json.loads(stdout)["counts"]["sent"] for stdout, _ in ended]
    due = practice.sql("SELECT count(*) FROM reminder_appointments")[0][0]
    print(f"shares of {due}: {sent_by_each}", file=sys.stderr)
    assert sum(sent_by_each) == due
    assert Counter(practice.texted) == Counter({number(customer): 1 for customer in range(due)})
    assert sum(share > 0 for share in sent_by_each) >= PROCESSES // 2
