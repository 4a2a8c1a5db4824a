"""A program deletes an appointment and makes it anew: what staff and customer know of it holds on."""

from collections.abc import Callable
from typing import Any

import pytest

from practice import Practice, number, reminder
from terminbenachrichtigung.demo.loopback import Answer, Request

WEDNESDAY = "2026-11-25 09:00"


def at(clock: str) -> str:
    return f"2026-11-24 {clock}"


def listed(practice: Practice, now: str) -> list[tuple[str, str]]:
    """Each appointment on the staff list, with its reason."""
    shown = practice.run("staff-list", "--json", now=now).json["customers"]
    return [(each["appointment_id"], each["reason"]) for entry in shown for each in entry["appointments"]]


def no_answer(request: Request) -> Answer | None:
    return Answer(http_status=500) if request.operation == "SendSimpleSMS" else None


def refused(request: Request) -> Answer | None:
    return Answer(status="NoRecipientFound") if request.operation == "SendSimpleSMS" else None


MADE_ANEW = [
    pytest.param(lambda practice: practice.remove("a1"), id="deleted"),
    pytest.param(lambda practice: practice.cancel("a1"), id="cancelled"),
]


@pytest.mark.parametrize("off", MADE_ANEW)
def test_a_message_that_may_not_have_arrived_stays_on_the_list(
    either_practice: Practice, off: Callable[[Practice], object]
) -> None:
    practice = either_practice
    practice.configure(reminders=[reminder(channels=("sms",))])
    practice.gateway.script = no_answer
    practice.book("a1")
    assert practice.run_once().outcomes == {"a1": "unknown"}
    practice.gateway.script = None
    off(practice)
    practice.book("a2")
    assert practice.run_once(now=at("11:00")).outcomes == {}
    assert listed(practice, at("11:05")) == [("a2", "unknown")]
    assert practice.run("staff-list", "done", "a2", now=at("11:10")).exit_code == 0
    assert listed(practice, at("11:15")) == []


@pytest.mark.parametrize("off", MADE_ANEW)
def test_a_message_at_a_number_that_is_corrected_then_is_for_a_person(
    either_practice: Practice, off: Callable[[Practice], object]
) -> None:
    practice = either_practice
    practice.book("a1")
    practice.run_once()
    off(practice)
    practice.book("a2", mobile=number(99))
    assert practice.run_once(now=at("11:00")).outcomes == {}
    assert listed(practice, at("11:05")) == [("a2", "number_changed")]
    assert practice.run("staff-list", "done", "a2", now=at("11:10")).exit_code == 0
    assert listed(practice, at("11:15")) == []


@pytest.mark.parametrize("off", MADE_ANEW)
def test_that_a_message_did_not_arrive_is_news_of_the_new_row_where_no_run_tells_it(
    either_practice: Practice, off: Callable[[Practice], object]
) -> None:
    """Without booking times: nobody can say that the new row was missed."""
    practice = either_practice
    practice.configure(reminders=[reminder(channels=("sms",))])
    practice.run_once(now=at("09:50"))
    practice.book("a1", "2026-11-25 14:00", created_at=None)
    practice.run_once(now=at("14:50"))
    off(practice)
    practice.book("a2", "2026-11-25 14:00", created_at=None)
    practice.run_once(now=at("15:50"))
    practice.gateway.report(practice.gateway.jobs[-1], "Undelivered")
    ran = practice.run_once(now="2026-11-25 08:50")
    assert (ran.exit_code, ran.reasons["a2"], len(ran.json["news"])) == (1, "same_day", 1)
    assert listed(practice, "2026-11-25 08:55") == [("a2", "failed")]
    assert practice.run_once(now="2026-11-25 09:50").exit_code == 0  # told once
    assert practice.run("staff-list", "done", "a2", now="2026-11-25 09:55").exit_code == 0
    assert listed(practice, "2026-11-25 10:00") == []


@pytest.mark.parametrize("off", MADE_ANEW)
def test_who_was_refused_stays_on_the_list_until_the_new_row_is_told(
    either_practice: Practice, off: Callable[[Practice], object]
) -> None:
    practice = either_practice
    practice.configure(reminders=[reminder(channels=("sms",))])
    practice.gateway.script = refused
    practice.book("a1", "2026-11-25 14:00")
    practice.run_once(now=at("14:50"))
    practice.gateway.script = None
    off(practice)
    practice.book(
        "a2", "2026-11-25 14:00", customer=18, last_name="Berger17", mobile=number(17), created_at=None
    )
    assert listed(practice, at("15:00")) == [("a2", "failed")]
    assert listed(practice, "2026-11-25 08:10") == [("a2", "failed")]  # made anew when it was too late
    assert practice.run_once(now=at("15:50")).outcomes == {"a2": "sent"}
    assert listed(practice, at("15:55")) == []


@pytest.mark.parametrize("how", ["told by the longer reminder", "called"])
def test_who_was_refused_and_knows_it_does_not_come_back(how: str, practice: Practice) -> None:
    if how != "called":
        practice.configure(reminders=[reminder(72, "früh", channels=("sms",))])
        practice.book("a1", "2026-11-25 14:00")
        practice.run_once()
    practice.configure(reminders=[reminder(72, "früh", channels=("sms",)), reminder(channels=("sms",))])
    practice.gateway.script = refused
    if how == "called":
        practice.book("a1", "2026-11-25 14:00")
    practice.run_once(now=at("18:50"))
    if how == "called":
        assert practice.run("staff-list", "done", "a1", now=at("18:55")).exit_code == 0
    practice.remove("a1")
    practice.book("a2", "2026-11-25 14:00")
    assert listed(practice, at("19:00")) == []


def test_what_is_told_anew_by_a_message_of_its_own_is_settled(practice: Practice) -> None:
    practice.book("a1")
    practice.run_once()
    practice.change("a1", mobile=number(99))
    practice.book("a2", mobile=number(99))
    assert practice.run("notify", "a2", "--yes", "--again", now=at("10:30")).exit_code == 0
    practice.remove("a1")
    assert listed(practice, at("11:00")) == []


@pytest.mark.parametrize(
    "columns", [{"mobile": "", "email": ""}, {"preferred_channel": "Brief"}], ids=["no number", "a letter"]
)
def test_who_was_called_about_it_is_not_called_or_texted_again(
    either_practice: Practice, columns: dict[str, Any]
) -> None:
    practice = either_practice
    practice.book("a1", **columns)
    practice.run_once()
    practice.run("staff-list", "done", "a1", now=at("10:10"))
    practice.remove("a1")
    practice.book("a2", **columns)
    assert listed(practice, at("10:30")) == []
    practice.change("a2", mobile=number(17), preferred_channel="")
    for hour in ("11:00", "18:45"):
        assert practice.run_once(now=at(hour)).outcomes == {}
    practice.change("a2", starts_at="2026-11-25 09:30")  # of this nobody has told them
    assert practice.run_once(now=at("19:45")).outcomes == {"a2": "sent"}


def test_who_was_told_by_the_longer_reminder_was_not_missed_by_the_shorter_one(
    either_practice: Practice,
) -> None:
    practice = either_practice
    practice.configure(reminders=[reminder(72, "früh"), reminder()])
    practice.book("a1", "2026-11-26 14:00")
    assert practice.run_once().outcomes == {"a1": "sent"}
    practice.remove("a1")
    practice.book("a2", "2026-11-26 14:00")
    practice.run_once(now=at("11:00"))  # and then cron stands still for two days
    late = practice.run_once(now="2026-11-26 08:50")
    assert (late.exit_code, set(late.reasons.values())) == (0, {"already_notified"})
    assert listed(practice, "2026-11-26 08:55") == []


def test_a_confirmation_of_the_row_before_hides_nobody_who_was_missed(practice: Practice) -> None:
    practice.configure(confirmation={"enabled": True})
    practice.run_once(now=at("09:00"))
    practice.book("a1", "2026-11-25 14:00", created_at=at("09:30"))
    practice.run_once(now=at("09:50"))
    practice.remove("a1")
    practice.book("a2", "2026-11-25 14:00", created_at=at("09:30"))
    assert practice.run_once(now="2026-11-25 08:50").reasons == {"a2": "missed"}


TOLD_FAR_AHEAD = [
    # how the customer heard of a start that lies beyond all windows
    pytest.param({}, "2026-12-04 09:00", "notify", id="by hand"),
    pytest.param({"enabled": True}, WEDNESDAY, "correction", id="by a correction"),
    pytest.param({}, "2026-12-04 09:00", "longer lead", id="by a reminder that is configured no more"),
]


@pytest.mark.parametrize("off", MADE_ANEW)
@pytest.mark.parametrize(("corrections", "start", "how"), TOLD_FAR_AHEAD)
def test_what_stands_far_ahead_under_another_id_is_not_off(
    practice: Practice,
    corrections: dict[str, bool],
    start: str,
    how: str,
    off: Callable[[Practice], object],
) -> None:
    practice.configure(corrections=corrections)
    practice.book("a1", start)
    match how:
        case "notify":
            assert practice.run("notify", "a1", "--yes").exit_code == 0
        case "correction":
            practice.run_once()
            practice.change("a1", starts_at="2026-12-04 09:00")
            practice.run_once(now=at("10:50"))
            assert practice.run_once(now=at("11:50")).outcomes == {"a1": "sent"}
        case _:
            long = {"name": "früh", "days_before": 14, "at": "09:00", "channels": ("sms",)}
            practice.configure(reminders=[long])
            assert practice.run_once().outcomes == {"a1": "sent"}
            practice.configure(reminders=[reminder()])
    off(practice)
    practice.book("a2", "2026-12-04 09:00")
    assert listed(practice, at("12:00")) == []
    practice.remove("a2")
    assert listed(practice, at("12:10")) == [("a1", "cancelled")]


def test_each_start_far_ahead_is_looked_at_with_its_seconds(practice: Practice) -> None:
    starts = {"a": "2026-12-04 09:00:00", "b": "2026-12-07 15:30:40", "c": "2026-12-06 10:00:00"}
    for customer, (name, start) in enumerate(starts.items()):
        practice.book(f"{name}1", start, customer)
    assert practice.run("notify", "a1", "b1", "c1", "--yes").exit_code == 0
    for customer, (name, start) in enumerate(starts.items()):
        practice.remove(f"{name}1")
        practice.book(f"{name}2", start, customer)
    practice.change("c2", starts_at="2026-12-06 10:01:00")  # nobody comes at ten
    assert listed(practice, at("12:00")) == [("c1", "cancelled")]


@pytest.mark.parametrize(("script", "expected"), [(None, []), (no_answer, [("a1", "reinstated")])])
@pytest.mark.parametrize("corrections", [False, True])
def test_who_was_told_of_the_row_in_its_place_knows_that_it_stands_again(
    practice: Practice,
    corrections: bool,
    script: Callable[[Request], Answer | None] | None,
    expected: list[tuple[str, str]],
) -> None:
    """Off, made anew, told; then the new row is taken back and the old one restored."""
    practice.configure(corrections={"enabled": corrections}, reminders=[reminder(channels=("sms",))])
    practice.book("a1")
    practice.run_once()
    practice.cancel("a1")
    if corrections:
        practice.run_once(now=at("10:50"))
        assert practice.run_once(now=at("11:50")).outcomes == {"a1": "sent"}
    else:
        assert practice.run("staff-list", "done", "a1", now=at("11:50")).exit_code == 0
    practice.book("a2")
    practice.gateway.script = script
    assert practice.run_once(now=at("18:50")).outcomes.keys() == {"a2"}
    practice.cancel("a2")
    practice.change("a1", status="Geplant")
    assert listed(practice, at("19:00")) == expected
