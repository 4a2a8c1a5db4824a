"""What became of it: unanswered SMS are asked for, reports are heeded, and nobody gets the same twice."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from practice import Practice, Ran, address, days_ahead, local, number, reminder
from terminbenachrichtigung.clock import Timings
from terminbenachrichtigung.demo.loopback import Answer, Request
from terminbenachrichtigung.demo.mailserver import HANG_UP

ELEVEN = "2026-11-24 11:00"
TWELVE = "2026-11-24 12:00"
SEND = "SendSimpleSMS"
JOBS = "QueryJobInfoByJobCaption"
REPORTS = "QueryReceivedDLR"


def answering(operation: str, **answer: Any) -> Callable[[Request], Answer | None]:
    """A gateway that answers one kind of question so, and behaves otherwise."""
    return lambda request: Answer(**answer) if request.operation == operation else None


def asked(practice: Practice) -> list[str]:
    """What the gateway was asked since the last call, apart from the sending."""
    found = [request.operation for request in practice.gateway.requests]
    practice.gateway.requests.clear()
    return [operation for operation in found if operation not in {SEND, "QueryAccountBalance"}]


def reported(practice: Practice, word: str, at: str = "2026-11-24 10:30") -> None:
    """The gateway says this of all that it took."""
    for job in practice.gateway.jobs:
        practice.gateway.report(job, word, done=local(at))


def moves(ran: Ran) -> list[tuple[str, str]]:
    """From where to where messages moved."""
    return [(update["was"], update["state"]) for update in ran.json["updates"]]


def states(practice: Practice) -> list[str]:
    """Of all messages, oldest first."""
    found = practice.run("history", "--json", now=TWELVE).json["messages"]
    return [message["state"] for message in reversed(found)]


def to_call(practice: Practice, now: str = TWELVE) -> dict[str, str]:
    listed = practice.run("staff-list", "--json", now=now).json["customers"]
    return {customer["customer_id"]: customer["reason"] for customer in listed}


# ---------------------------------------------------------------- no answer came


def test_an_sms_without_an_answer_that_the_gateway_has_was_sent(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1")
    practice.gateway.script = answering(SEND, http_status=500, takes_job=True)
    assert practice.run_once().outcomes == {"1": "unknown"}
    assert to_call(practice) == {"17": "unknown"}
    practice.gateway.script = None
    ran = practice.run_once(now=ELEVEN)
    assert (ran.exit_code, ran.outcomes, ran.reasons) == (0, {}, {"1": "already_notified"})
    assert moves(ran) == [("unknown", "sent")]
    (update,) = ran.json["updates"]
    assert update["appointment_ids"] == ["1"]
    assert (update["channel"], update["recipient"]) == ("sms", number(17))
    assert update["detail"] == "found as JobId 1"
    assert to_call(practice) == {}
    assert practice.received == 1


@pytest.mark.parametrize("on_unknown", ["hold", "fallback"])
def test_an_sms_that_the_gateway_does_not_know_is_not_sent_again(on_unknown: str, practice: Practice) -> None:
    practice.configure(rules={"on_unknown": on_unknown})
    practice.book("1", email="")
    practice.gateway.script = answering(SEND, http_status=500)
    practice.run_once()
    practice.gateway.script = None
    asked(practice)
    for now in (ELEVEN, TWELVE, "2026-11-24 13:00"):
        ran = practice.run_once(now=now)
        assert (ran.exit_code, ran.outcomes, moves(ran)) == (0, {}, [])
        assert asked(practice) == [JOBS, REPORTS]
    assert states(practice) == ["unknown"]
    assert practice.received == 0


def test_a_run_that_died_after_sending_is_cleared_up_by_the_next(practice: Practice) -> None:
    practice.book("1")
    practice.run_once()
    practice.sql("DELETE FROM journal_attempts", "journal")  # as if it had died before the answer came
    practice.sql("UPDATE journal_messages SET state = 'claimed', settled_at = NULL", "journal")
    practice.let_claims_run_out()
    ran = practice.run_once(now=ELEVEN)
    assert (ran.exit_code, moves(ran), ran.json["expired"]) == (0, [("unknown", "sent")], [])
    assert to_call(practice) == {}
    assert practice.received == 1


# ---------------------------------------------------------------- delivery reports


def test_what_arrived_is_delivered_and_asked_for_no_more(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1")
    practice.run_once()
    reported(practice, "Delivered")
    assert asked(practice) == []
    ran = practice.run_once(now=ELEVEN)
    assert (ran.exit_code, moves(ran)) == (0, [("sent", "delivered")])
    assert asked(practice) == [REPORTS]
    assert moves(practice.run_once(now=TWELVE)) == []
    assert asked(practice) == []
    assert states(practice) == ["delivered"]


def test_what_did_not_arrive_goes_to_the_next_channel_once(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("due", "2026-11-25 09:00")
    practice.book("carried", "2026-11-25 16:00")  # in the same message
    practice.run_once()
    reported(practice, "Undelivered")
    ran = practice.run_once(now=ELEVEN)
    assert (ran.exit_code, moves(ran)) == (0, [("sent", "undelivered")])
    assert ran.told == {"due": ["email sent"], "carried": ["email sent"]}
    for now in (TWELVE, "2026-11-24 13:00"):
        again = practice.run_once(now=now)
        assert (again.exit_code, again.outcomes, moves(again)) == (0, {}, [])
    assert (practice.texted, practice.mailed) == ([number(17)], [address(17)])
    assert states(practice) == ["undelivered", "sent"]
    assert to_call(practice) == {}


def test_a_part_that_fails_after_another_was_delivered_makes_the_whole_undelivered(
    either_practice: Practice,
) -> None:
    """Part 1 delivered at 10:30, and noted at 11:00; part 2 undelivered at 11:30."""
    practice = either_practice
    practice.configure(templates={"terminerinnerung": {"de": {"sms": "Ihr Termin. " * 20}}})
    practice.book("1")
    practice.run_once()
    (job,) = practice.gateway.jobs
    practice.gateway.report(job, "Delivered", done=local("2026-11-24 10:30"), part=1)
    assert moves(practice.run_once(now=ELEVEN)) == [("sent", "delivered")]
    practice.gateway.report(job, "Undelivered", done=local("2026-11-24 11:30"), part=2)
    ran = practice.run_once(now=TWELVE)
    assert (moves(ran), ran.told) == ([("delivered", "undelivered")], {"1": ["email sent"]})
    again = practice.run_once(now="2026-11-24 13:00")
    assert (again.exit_code, moves(again), again.outcomes) == (0, [], {})
    assert (practice.texted, practice.mailed) == ([number(17)], [address(17)])


def test_without_another_channel_a_person_is_told_once_and_the_customer_is_listed(practice: Practice) -> None:
    practice.book("1", email="")
    practice.run_once()
    reported(practice, "Undelivered")
    ran = practice.run("run-once", "--quiet", now=ELEVEN)
    assert ran.exit_code == 1
    assert (
        "undelivered: Frau Anna Berger17 (17), 2026-11-25 09:00, appointment 1: the SMS did not" in ran.stdout
    )
    assert practice.run("run-once", "--quiet", now=TWELVE) == Ran(0, "", "")
    assert to_call(practice) == {"17": "failed"}
    assert practice.received == 1


@pytest.mark.parametrize(
    ("start", "afterwards"),
    [
        pytest.param("2026-11-25 09:00:30.003", {}, id="a start with seconds"),
        pytest.param("2026-11-25 09:00", {"customer_id": "18"}, id="a record that is merged meanwhile"),
    ],
)
def test_that_it_did_not_arrive_is_news_whatever_the_row_looks_like(
    practice: Practice, start: str, afterwards: dict[str, str]
) -> None:
    practice.book("1", start, email="")
    practice.run_once()
    reported(practice, "Undelivered")
    if afterwards:
        practice.change("1", **afterwards)
    ran = practice.run("run-once", "--quiet", now=ELEVEN)
    assert (ran.exit_code, "undelivered: Frau Anna Berger17" in ran.stdout) == (1, True)
    assert practice.run("run-once", "--quiet", now=TWELVE) == Ran(0, "", "")


def test_who_cannot_be_reached_by_the_next_channel_either_stays_on_the_list(practice: Practice) -> None:
    practice.book("1")
    practice.run_once()
    reported(practice, "Undelivered")
    practice.mail.script = lambda said, _address: "451 later" if said == "RCPT" else None
    for now in (ELEVEN, "2026-11-24 19:59"):
        assert practice.run_once(now=now).outcomes == {"1": "retry"}
        assert to_call(practice, now) == {"17": "failed"}
    morning = practice.run("run-once", "--quiet", now="2026-11-25 08:00")
    assert (morning.exit_code, "undelivered: Frau Anna Berger17" in morning.stdout) == (1, True)
    assert practice.run("run-once", "--quiet", now="2026-11-25 08:10") == Ran(0, "", "")
    assert to_call(practice, "2026-11-25 08:10") == {"17": "failed"}


def test_an_email_that_may_have_arrived_is_left_to_a_person(practice: Practice) -> None:
    practice.configure(rules={"on_unknown": "fallback"})
    practice.book("1", preferred_channel="email")
    practice.mail.script = lambda said, _address: HANG_UP if said == "DATA" else None
    assert practice.run_once().told == {"1": ["email unknown", "sms sent"]}
    practice.mail.script = None
    reported(practice, "Undelivered")
    ran = practice.run("run-once", "--quiet", now=ELEVEN)
    assert ran.exit_code == 1
    assert "unknown: appointment 1: its SMS did not arrive, and its e-mail may or may not have" in ran.stdout
    assert practice.run("run-once", "--quiet", now=TWELVE) == Ran(0, "", "")
    assert to_call(practice) == {"17": "unknown"}
    assert len(practice.texted) == 1


def test_a_corrected_number_is_tried_and_the_old_one_never_again(practice: Practice) -> None:
    practice.book("1", email="")
    practice.run_once()
    reported(practice, "Undelivered")
    practice.run_once(now=ELEVEN)
    practice.change("1", mobile=number(18))
    assert practice.run_once(now=TWELVE).outcomes == {"1": "sent"}
    assert practice.texted == [number(17), number(18)]


def test_on_the_day_itself_it_is_too_late_for_another_channel(practice: Practice) -> None:
    practice.book("1")
    practice.run_once()
    reported(practice, "Undelivered", "2026-11-24 21:00")
    assert practice.run_once(now="2026-11-24 22:00").json["updates"] == []  # quiet: nobody is asked
    morning = practice.run_once(now="2026-11-25 08:00")
    assert (morning.exit_code, morning.reasons) == (1, {"1": "same_day"})
    assert moves(morning) == [("sent", "undelivered")]
    assert practice.run_once(now="2026-11-25 08:10").exit_code == 0
    assert to_call(practice, "2026-11-25 08:10") == {"17": "failed"}
    assert practice.received == 1


def test_a_wish_for_the_email_first_leaves_the_sms_as_the_last_channel(practice: Practice) -> None:
    practice.book("1", preferred_channel="email")
    practice.mail.script = lambda said, _address: "550 no such user" if said == "RCPT" else None
    assert practice.run_once().told == {"1": ["email rejected", "sms sent"]}
    practice.mail.script = None
    reported(practice, "Undelivered")
    ran = practice.run_once(now=ELEVEN)
    assert (ran.exit_code, ran.outcomes, ran.reasons) == (1, {}, {"1": "already_notified"})
    assert practice.mailed == []


def test_reports_about_what_is_not_ours_are_passed_over(practice: Practice) -> None:
    practice.run("test-message", "--channel", "sms", "--to", number(17))
    practice.book("1")
    practice.run_once()
    test, ours = practice.gateway.jobs
    practice.gateway.report(test, "Undelivered", done=local("2026-11-24 10:30"))
    stranger = type(ours)(99, "Rechnung 17", "AMPAREX", ours.recipient, "", "", ours.at)
    practice.gateway.report(stranger, "Undelivered", done=local("2026-11-24 10:30"))
    ran = practice.run_once(now=ELEVEN)
    assert (ran.exit_code, ran.outcomes, moves(ran)) == (0, {}, [])


def test_a_gateway_that_leaves_the_label_out_is_understood_by_job_and_number(practice: Practice) -> None:
    practice.book("1")
    practice.run_once()
    (ours,) = practice.gateway.jobs
    bare = type(ours)(ours.job_id, "", ours.sender, ours.recipient, "", "", ours.at)
    practice.gateway.report(bare, "Delivered", done=local("2026-11-24 10:30"))
    assert moves(practice.run_once(now=ELEVEN)) == [("sent", "delivered")]


def test_a_word_that_nobody_knows_changes_nothing_and_is_said(practice: Practice) -> None:
    practice.book("1")
    practice.run_once()
    reported(practice, "Zugestellt")
    for now in (ELEVEN, TWELVE):
        ran = practice.run_once(now=now)
        assert (ran.exit_code, moves(ran)) == (0, [])
        assert [each for each in ran.json["warnings"] if '"Zugestellt"' in each]
    (message,) = practice.run("history", "--json", now=TWELVE).json["messages"]
    assert message["attempts"][0]["detail"] == "JobId 1; report: Zugestellt (0)"


def test_more_reports_than_fit_into_one_answer_are_all_read(practice: Practice) -> None:
    """5,000 fit: those of other software on the same account come first."""
    for customer in range(8):
        practice.book(str(customer), customer=customer)
    practice.run_once()
    theirs = replace(practice.gateway.jobs[0], job_id=10**6, caption="another program's")
    for number_ in range(6000):
        practice.gateway.report(theirs, done=local("2026-11-24 10:01") + timedelta(milliseconds=number_))
    for minute, job in enumerate(practice.gateway.jobs, 10):
        practice.gateway.report(job, done=local(f"2026-11-24 10:{minute}"))
    assert moves(practice.run_once(now=ELEVEN)) == [("sent", "delivered")] * 8


# ---------------------------------------------------------------- who asks, and when


def test_nobody_asks_where_nothing_is_open(practice: Practice) -> None:
    practice.book("1", mobile="")
    practice.run_once()  # an e-mail
    practice.run_once(now=ELEVEN)
    assert practice.gateway.requests == []
    practice.book("2", customer=2)
    practice.run("dry-run", now=ELEVEN)
    practice.run_once(now=ELEVEN)
    asked(practice)
    practice.run("dry-run", now=TWELVE)
    practice.run("notify", "1", "--yes", now=TWELVE)
    practice.run("staff-list", now=TWELVE)
    practice.run_once(now="2026-11-24 21:00")  # quiet
    assert asked(practice) == []
    practice.run_once(now="2026-11-27 12:00")  # three days later no report will come any more
    assert asked(practice) == []


def test_without_delivery_reports_only_what_got_no_answer_is_asked_for(practice: Practice) -> None:
    practice.configure(sms={"delivery_reports": False})
    practice.book("1")
    practice.run_once()
    practice.run_once(now=ELEVEN)
    assert asked(practice) == []
    practice.book("2", customer=2)
    practice.gateway.script = answering(SEND, http_status=500)
    practice.run_once(now=ELEVEN)
    practice.run_once(now=TWELVE)
    assert asked(practice) == [JOBS]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"http_status": 404}, id="an operation that is not there"),
        pytest.param({"http_status": 500}, id="HTTP 500"),
        pytest.param({"status_code": "InvalidUser"}, id="InvalidUser"),
        pytest.param({"body": "<html>Wartung"}, id="HTML"),
        pytest.param({"hang_up": True}, id="hangs up"),
    ],
)
@pytest.mark.parametrize("operation", [JOBS, REPORTS])
def test_a_gateway_that_does_not_tell_is_a_warning_and_the_run_goes_on(
    operation: str, answer: dict[str, Any], practice: Practice
) -> None:
    practice.book("1", email="")
    practice.gateway.script = answering(SEND, http_status=500)
    practice.run_once()
    practice.book("2", customer=2)
    practice.gateway.script = answering(operation, **answer)
    ran = practice.run_once(now=ELEVEN)
    assert (ran.exit_code, ran.outcomes, ran.json["closed"]) == (0, {"2": "sent"}, {})
    (warning,) = ran.json["warnings"]
    assert warning.startswith("the gateway could not be asked what became of earlier SMS: ")


def test_a_slow_gateway_does_not_hold_up_the_run(practice: Practice) -> None:
    """By a clock that a question puts on, so that a busy machine decides nothing."""
    practice.configure(sms={"timeout_seconds": 250}, journal={"claim_timeout_minutes": 30})
    practice.timings = Timings(asking=300, pauses=(0.01, 0.04))
    for customer in range(4):
        practice.book(str(customer), customer=customer, email="")
    practice.gateway.script = answering(SEND, http_status=500)
    practice.run_once()
    asked(practice)

    def slow(request: Request) -> None:
        if request.operation == JOBS:
            practice.pass_time(200)

    practice.gateway.script = slow
    practice.book("9", customer=9)
    assert practice.run_once(now=ELEVEN).outcomes == {"9": "sent"}
    assert asked(practice) == [JOBS, JOBS]


# ---------------------------------------------------------------- what people see


def test_a_run_shows_what_became_known_and_masks_it(practice: Practice) -> None:
    for customer in (1, 2, 3):
        practice.book(str(customer), customer=customer)
    practice.run_once()
    one, *others = practice.gateway.jobs
    practice.gateway.report(one, "Undelivered", done=local("2026-11-24 10:30"))
    for job in others:
        practice.gateway.report(job, done=local("2026-11-24 10:30"))
    shown = practice.run("run-once", now=ELEVEN).stdout
    assert "what became of earlier messages" in shown
    assert "undelivered: it did not arrive; the next channel takes its place while there is time" in shown
    assert "2 earlier messages arrived" in shown
    assert not any(number(customer) in shown for customer in (1, 2, 3))


# ---------------------------------------------------------------- several runs at once


def test_runs_that_overlap_hear_the_same_reports_and_send_one_mail_each(
    database_url: str, tmp_path: Path
) -> None:
    with Practice(tmp_path, now=None, journal_url=database_url) as practice:
        practice.configure(rules={"quiet_hours": False}, reminders=[reminder(72)])
        for customer in range(10):
            practice.book(str(customer), days_ahead(2), customer)
        assert practice.run_once().exit_code == 0
        for job in practice.gateway.jobs:
            practice.gateway.report(job, "Undelivered")
        started = [practice.start("run-once", "--json") for _ in range(2)]
        ended = [json.loads(process.communicate(timeout=120)[0]) for process in started]
        assert [process.returncode for process in started] == [0, 0]
        assert sum(len(each["updates"]) for each in ended) == 10
        assert sum(each["counts"]["sent"] for each in ended) == 10
        assert Counter(practice.mailed) == {address(customer): 1 for customer in range(10)}
        assert len(practice.gateway.jobs) == 10
