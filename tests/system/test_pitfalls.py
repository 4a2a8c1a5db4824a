"""What went wrong in other reminder systems: each test is named after the property that was missing there.

Here are those that no other test of this folder proves on its way.
"""

import json
import signal
import socket
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from practice import BERLIN, REMINDER, Practice, days_ahead, local, number, reminder
from terminbenachrichtigung.demo.loopback import Answer, Request

HOURLY = [f"2026-11-24 {hour:02}:50" for hour in range(8, 20)]
SMS_ONLY = [reminder(channels=("sms",))]


def on_sending(practice: Practice, answer: Answer | None) -> None:
    practice.gateway.script = lambda request: answer if request.operation == "SendSimpleSMS" else None


def requests_to_send(practice: Practice) -> list[Request]:
    return [request for request in practice.gateway.requests if request.operation == "SendSimpleSMS"]


def test_n_runs_send_at_most_one_message_per_key(practice: Practice) -> None:
    for customer in range(1, 4):
        practice.book(str(customer), f"2026-11-25 1{customer}:00", customer=customer)
    for hour in HOURLY:
        practice.run_once(now=hour)
    assert sorted(practice.texted) == [number(1), number(2), number(3)]


def test_overlapping_runs_share_one_journal_and_send_at_most_one_message_per_key(
    either_practice: Practice,
) -> None:
    practice = either_practice
    practice.configure(rules={"quiet_hours": False}, reminders=[reminder(72)])
    for customer in range(1, 31):
        practice.book(str(customer), days_ahead(2), customer=customer)
    runs = [practice.start("run-once", "--json") for _ in range(3)]
    said = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], said
    assert sorted(practice.texted) == [number(customer) for customer in range(1, 31)]
    assert sum(json.loads(stdout)["counts"]["sent"] for stdout, _ in said) == 30


def test_at_most_one_open_row_per_key_by_unique(either_practice: Practice) -> None:
    either_practice.book("1")
    either_practice.run_once()
    with pytest.raises(sa.exc.IntegrityError):
        either_practice.sql(
            "INSERT INTO journal_notifications SELECT * FROM journal_notifications",
            "journal",
        )


# ---------------------------------------------------------------- times

BOUNDARIES = [
    # rules, the appointment, and the last moment at which it is not due beside the first at which it is
    ({}, {"start": "2026-11-25 10:00"}, "2026-11-24 09:59", "2026-11-24 10:00"),
    ({"hours_after_booking": 2}, {"created_at": "2026-11-24 09:00"}, "2026-11-24 10:59", "2026-11-24 11:00"),
    ({}, {"last_contacted_at": "2026-11-24 00:00"}, "2026-11-24 11:59", "2026-11-24 12:00"),
    ({}, {"start": "2026-11-26 07:00"}, "2026-11-24 18:29", "2026-11-24 18:30"),
]


@pytest.mark.parametrize(("rules", "columns", "not_yet", "now"), BOUNDARIES)
def test_every_boundary_is_tested_from_both_sides(
    rules: dict[str, object], columns: dict[str, Any], not_yet: str, now: str, practice: Practice
) -> None:
    practice.configure(rules=rules)
    practice.book("1", **{"start": "2026-11-25 09:00", **columns})
    assert practice.dry_run(at=not_yet).outcomes == {}
    assert practice.dry_run(at=now).outcomes == {"1": None}


@pytest.mark.parametrize(
    ("now", "start", "said"),
    [
        ("2026-11-24 10:00", "2026-11-25 00:00", "Mittwoch, 25. November um 00:00"),
        ("2026-11-24 10:00", "2026-11-25 00:30", "Mittwoch, 25. November um 00:30"),
        ("2026-11-24 13:00", "2026-11-25 12:00", "Mittwoch, 25. November um 12:00"),
        ("2026-11-24 13:00", "2026-11-25 12:30", "Mittwoch, 25. November um 12:30"),
        ("2026-11-24 13:00", "2026-11-25 13:00", "Mittwoch, 25. November um 13:00"),
        ("2026-11-24 15:30", "2026-11-25 15:30", "Mittwoch, 25. November um 15:30"),
        ("2027-03-27 10:00", "2027-03-28 03:30", "Sonntag, 28. März um 03:30"),
        ("2027-03-27 10:00", "2027-03-28 02:30", "Sonntag, 28. März um 03:30"),  # no clock shows 02:30
        ("2026-10-24 10:00", "2026-10-25 02:30", "Sonntag, 25. Oktober um 02:30"),  # shown twice
        ("2026-10-24 10:00", "2026-10-25T02:30+01:00", "Sonntag, 25. Oktober um 02:30"),  # the second one
    ],
)
def test_one_clock_tells_hours_00_12_13_and_both_dst_nights_right(
    now: str, start: str, said: str, practice: Practice
) -> None:
    practice.configure(schedule={"midnight_starts": True})
    practice.book("1", start)
    (message,) = practice.dry_run(at=now).json["messages"]
    assert said in message["text"]


def test_times_are_the_practices_whatever_the_clock_of_the_machine(practice: Practice) -> None:
    practice.book("1", "2026-11-25 09:00")
    here = practice.process("dry-run", "--json", "--at", "2026-11-24 10:00")
    there = practice.process(
        "dry-run", "--json", "--at", "2026-11-24 10:00", environ={"TZ": "Pacific/Auckland"}
    )
    assert there.stdout == here.stdout
    assert "09:00 Uhr" in here.stdout


# ---------------------------------------------------------------- late, stopped, down


def test_no_message_after_its_appointment_started_however_late_the_gateway_comes_back(
    practice: Practice,
) -> None:
    practice.configure(reminders=SMS_ONLY, rules={"same_day": True})
    practice.book("1", "2026-11-24 12:00")
    on_sending(practice, Answer(http_status=404))
    for hour in ("2026-11-24 09:50", "2026-11-24 10:50"):
        assert practice.run_once(now=hour).outcomes == {"1": "retry"}
    practice.gateway.script = None
    for hour in ("2026-11-24 12:00", "2026-11-24 12:50", "2026-12-24 12:50"):
        practice.run_once(now=hour)
    assert practice.received == 0


def a_minute_passes_at_each_sms(practice: Practice) -> None:
    practice.configure(sms={"concurrency": 1, "timeout_seconds": 100})
    practice.gateway.script = lambda request: (
        practice.pass_time(60) if request.operation == "SendSimpleSMS" else None
    )


def test_no_message_after_its_appointment_started_while_the_run_was_under_way(practice: Practice) -> None:
    practice.configure(reminders=SMS_ONLY, rules={"same_day": True})
    practice.book("1", "2026-11-24 11:00", customer=1)
    practice.book("2", "2026-11-24 11:00", customer=2)
    a_minute_passes_at_each_sms(practice)
    assert practice.run_once(now="2026-11-24 10:59").outcomes == {"1": "sent", "2": "deferred"}
    assert practice.received == 1


def test_quiet_hours_hold_also_for_a_run_that_started_before_them(practice: Practice) -> None:
    practice.book("1", customer=1)
    practice.book("2", customer=2)
    a_minute_passes_at_each_sms(practice)
    ran = practice.run_once(now="2026-11-24 19:59")
    assert (ran.exit_code, ran.outcomes) == (0, {"1": "sent", "2": "deferred"})
    assert ran.json["stopped"]["reason"] == "quiet"
    assert practice.received == 1


def test_a_run_ends_when_its_time_is_over_and_the_next_one_does_the_rest(practice: Practice) -> None:
    practice.configure(max_run_minutes=1)
    practice.book("1", customer=1)
    practice.book("2", customer=2)
    a_minute_passes_at_each_sms(practice)
    ran = practice.run_once()
    assert (ran.exit_code, ran.outcomes) == (1, {"1": "sent", "2": "deferred"})
    assert ran.json["stopped"]["reason"] == "max_run_minutes"
    assert practice.run_once(now="2026-11-24 11:00").outcomes == {"2": "sent"}


def test_a_run_that_was_stopped_exits_with_1_and_leaves_a_counted_record(practice: Practice) -> None:
    practice.configure(rules={"quiet_hours": False}, reminders=[reminder(72)], sms={"concurrency": 1})
    for customer in range(1, 4):
        practice.book(str(customer), days_ahead(2), customer=customer)
    under_way, go_on = threading.Event(), threading.Event()

    def hold(request: Request) -> None:
        if request.operation == "SendSimpleSMS":
            under_way.set()
            go_on.wait(5)

    practice.gateway.script = hold
    run = practice.start("run-once", "--json")
    assert under_way.wait(30)
    run.send_signal(signal.SIGTERM)
    threading.Event().wait(0.5)  # it must notice while the attempt is still under way
    go_on.set()
    stdout, stderr = run.communicate(timeout=60)
    assert run.returncode == 1
    assert stderr.startswith("Warning: stopping")
    document = json.loads(stdout)
    assert document["stopped"]["reason"] == "signal"
    assert (document["counts"]["sent"], document["counts"]["deferred"]) == (1, 2)
    (record,) = practice.sql("SELECT ending, complete, counts FROM journal_runs", "journal")
    assert (record.ending, bool(record.complete)) == ("signal", False)
    assert json.loads(record.counts)["sent"] == 1
    practice.gateway.script = None
    assert practice.process("run-once", "--json").json["counts"]["sent"] == 2  # the next one does the rest


def test_windows_are_cumulative_so_two_late_runs_leave_no_slice_between_them(practice: Practice) -> None:
    for hour in range(8, 20):
        practice.book(f"{hour}", f"2026-11-25 {hour:02}:00", customer=hour)
    practice.run_once(now="2026-11-24 09:10")
    practice.run_once(now="2026-11-24 13:40")  # four runs between the two did not take place
    practice.run_once(now="2026-11-24 19:50")
    assert sorted(practice.texted) == [number(customer) for customer in range(8, 20)]


# ---------------------------------------------------------------- bookings and changes


def test_late_bookings_get_the_shortest_reminder_once_and_none_in_the_past(practice: Practice) -> None:
    practice.configure(
        reminders=[reminder(72, "drei Tage"), reminder(24, "ein Tag"), reminder(2, "zwei Stunden")]
    )
    practice.book("1", "2026-11-25 09:00", created_at="2026-11-24 09:30")
    said = practice.run_once()
    assert [message["reminder"] for message in said.json["messages"]] == ["ein Tag"]
    assert {skip["reminder"]: skip["reason"] for skip in said.json["skipped"]} == {"drei Tage": "superseded"}
    assert practice.run_once(now="2026-11-24 11:00").outcomes == {}


def test_no_reminder_right_after_booking(practice: Practice) -> None:
    practice.configure(rules={"hours_after_booking": 2})
    practice.book("1", "2026-11-25 09:00", created_at="2026-11-24 09:00")
    assert practice.run_once().reasons == {"1": "booked_recently"}
    assert practice.run_once(now="2026-11-24 11:00").outcomes == {"1": "sent"}


def test_nothing_is_scheduled_ahead_at_the_gateway(practice: Practice) -> None:
    practice.book("1")
    practice.run_once()
    (request,) = requests_to_send(practice)
    send_date = datetime.fromisoformat(request.fields["SendDate"]).replace(tzinfo=BERLIN)
    assert abs(send_date - local("2026-11-24 10:00")) < timedelta(minutes=1)


# ---------------------------------------------------------------- outcomes


def test_a_timeout_is_unknown_not_failed_and_nothing_is_sent_again(practice: Practice) -> None:
    practice.configure(sms={"timeout_seconds": 1})
    practice.book("1")
    on_sending(practice, Answer(delay=1.5))  # it takes the job, and answers too late
    assert practice.run_once().outcomes == {"1": "unknown"}
    practice.gateway.script = None
    for hour in HOURLY[3:6]:
        assert practice.run_once(now=hour).outcomes == {}
    assert (len(practice.gateway.jobs), practice.mailed) == (1, [])


def test_failed_is_not_sent_and_invalid_numbers_are_not_retried_daily(practice: Practice) -> None:
    practice.configure(reminders=[reminder(99, channels=("sms",))])
    practice.book("1", "2026-11-28 09:00")
    on_sending(practice, Answer(status="NoRecipientFound"))
    ran = practice.run_once()
    assert (ran.json["counts"]["sent"], ran.json["counts"]["failed"]) == (0, 1)
    for day in ("25", "26", "27"):
        assert practice.run_once(now=f"2026-11-{day} 10:00").outcomes == {}
    assert len(requests_to_send(practice)) == 1
    (entry,) = practice.run("staff-list", "--json", now="2026-11-27 10:00").json["customers"]
    assert entry["reason"] == "failed"


def test_http_200_is_not_yet_sent(practice: Practice) -> None:
    practice.configure(reminders=SMS_ONLY)
    practice.book("1")
    on_sending(practice, Answer(status="CreditExhausted"))
    ran = practice.run_once()
    assert (ran.exit_code, ran.outcomes) == (1, {"1": "retry"})  # the account's fault, so nobody is lost
    practice.gateway.script = None
    assert practice.run_once().outcomes == {"1": "sent"}


def test_too_long_is_found_before_sending(practice: Practice) -> None:
    practice.configure(reminders=SMS_ONLY)
    practice.book("1", branch_name="x" * 1000)
    for hour in HOURLY[:3]:
        assert practice.run_once(now=hour).outcomes == {}
    assert practice.gateway.requests == []


def test_one_outcome_per_message_however_many_parts_it_has(practice: Practice) -> None:
    practice.book("1", branch_name="ß" * 250)
    ran = practice.run_once()
    (message,) = ran.json["messages"]
    assert (message["parts"], message["outcome"], len(message["attempts"])) == (3, "sent", 1)
    (request,) = requests_to_send(practice)
    assert request.fields["SmsTyp"] == "HighQualityLong"


def test_every_socket_has_a_timeout(practice: Practice) -> None:
    """A gateway that takes the call and never says a word, at the question for the balance and at sending."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/gateway"
        practice.configure(sms={"base_url": url, "timeout_seconds": 1})
        practice.book("1", customer=1)
        practice.book("2", customer=2, email="")
        asked = practice.run_once()
        assert (asked.exit_code, asked.outcomes) == (1, {"1": "sent", "2": "deferred"})
        practice.configure(sms={"check_balance": False})
        assert practice.run_once().outcomes == {"2": "unknown"}


def test_the_staff_can_read_whether_it_was_sent_and_if_not_why(practice: Practice) -> None:
    practice.book("1", email="")
    on_sending(practice, Answer(status="NoRecipientFound"))
    practice.run_once()
    history = practice.run("history").stdout
    assert REMINDER in history
    assert "failed" in history
    assert "rejected: NoRecipientFound" in history
