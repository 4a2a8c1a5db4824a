"""What a person told by telephone, and ticked off: it holds for the person, and until they say otherwise."""

from collections.abc import Callable
from typing import Any

import pytest

from practice import Practice, number, reminder
from terminbenachrichtigung.demo.loopback import Answer, Request

WEDNESDAY = "2026-11-25"


def at(clock: str) -> str:
    return f"2026-11-24 {clock}"


def next_day(clock: str) -> str:
    return f"{WEDNESDAY} {clock}"


def listed(practice: Practice, now: str) -> dict[str, str]:
    """By customer: why they are on the staff list."""
    shown = practice.run("staff-list", "--json", now=now).json
    return {each["customer_id"]: each["reason"] for each in shown["customers"]}


def tick_off(practice: Practice, now: str) -> None:
    assert practice.run("staff-list", "done", "1", now=now).exit_code == 0


def refuse(practice: Practice) -> None:
    def script(request: Request) -> Answer | None:
        return Answer(status="NoRecipientFound") if request.operation == "SendSimpleSMS" else None

    practice.gateway.script = script


# ---------------------------------------------------------------- a person, not an id


def tell(practice: Practice) -> None:
    practice.run_once(now=at("10:00"))


def correct_the_number(practice: Practice) -> None:
    tell(practice)
    practice.change("1", mobile=number(99))


def move_far_ahead(practice: Practice) -> None:
    tell(practice)
    practice.change("1", starts_at="2026-11-28 09:00")


def refused(practice: Practice) -> None:
    refuse(practice)
    tell(practice)
    practice.gateway.script = None


MERGED = [
    # how the customer comes on the list; by which row; why
    pytest.param(refused, {}, "failed", id="no message arrived"),
    pytest.param(tell, {"mobile": ""}, "no_contact", id="no number"),
    pytest.param(tell, {"preferred_channel": "Brief"}, "manual_contact", id="wants a letter"),
    pytest.param(correct_the_number, {}, "number_changed", id="told at another number"),
    pytest.param(move_far_ahead, {}, "moved", id="moved"),
]


@pytest.mark.parametrize(("happens", "columns", "reason"), MERGED)
def test_a_customer_who_was_called_is_done_also_when_their_record_is_merged(
    either_practice: Practice, happens: Callable[[Practice], None], columns: dict[str, Any], reason: str
) -> None:
    practice = either_practice
    practice.configure(reminders=[reminder(channels=("sms",))])
    practice.book("1", **columns)
    happens(practice)
    assert listed(practice, at("10:20")) == {"17": reason}
    tick_off(practice, at("10:30"))
    practice.change("1", customer_id="18")
    assert listed(practice, at("10:40")) == {}
    practice.change("1", mobile=number(99), preferred_channel="")
    assert practice.run_once(now=at("11:00")).outcomes == {}
    assert listed(practice, at("11:10")) == {}


def test_a_namesake_was_not_called(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1", mobile="", email="")
    practice.book("2", customer=18, last_name="Berger17", mobile="", email="")
    practice.run_once()
    tick_off(practice, at("10:30"))
    assert listed(practice, at("10:40")) == {"18": "no_contact"}


def test_who_takes_over_the_appointment_was_not_called(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1", mobile="", email="")
    practice.run_once()
    tick_off(practice, at("10:30"))
    practice.change("1", customer_id="18", last_name="Kurz")
    assert listed(practice, at("10:40")) == {"18": "no_contact"}
    practice.change("1", mobile=number(18))
    assert practice.run_once(now=at("11:00")).outcomes == {"1": "sent"}


# ---------------------------------------------------------------- until a person says otherwise


def test_who_was_called_because_nobody_told_them_is_called_again_when_it_moves(
    either_practice: Practice,
) -> None:
    practice = either_practice
    practice.run_once(now=at("09:50"))
    practice.book("1", next_day("14:00"))
    practice.run_once(now=next_day("08:50"))
    tick_off(practice, next_day("09:00"))
    assert listed(practice, next_day("09:10")) == {}
    practice.change("1", starts_at=next_day("16:00"))
    assert practice.run_once(now=next_day("09:50")).exit_code == 1
    assert listed(practice, next_day("10:00")) == {"17": "missed"}
    tick_off(practice, next_day("10:10"))
    assert practice.run_once(now=next_day("10:50")).exit_code == 0
    assert listed(practice, next_day("11:00")) == {}


def test_who_was_called_about_the_new_time_is_left_in_peace_for_two_hours(
    either_practice: Practice,
) -> None:
    practice = either_practice
    practice.book("1", next_day("09:00"))
    practice.run_once()
    practice.change("1", starts_at="2026-11-26 09:00")
    tick_off(practice, next_day("08:10"))
    assert practice.run_once(now=next_day("09:50")).reasons == {"1": "recently_notified"}
    assert practice.run_once(now=next_day("10:50")).outcomes == {"1": "sent"}


def test_who_was_called_about_a_second_move_is_called_again_when_it_moves_back(
    either_practice: Practice,
) -> None:
    practice = either_practice
    practice.book("1", next_day("09:00"))
    practice.run_once()
    for hour, start in ((1, "14:00"), (2, "15:00"), (3, "14:00"), (4, "15:00")):
        practice.change("1", starts_at=next_day(start))
        assert listed(practice, next_day(f"08:{hour}0")) == {"17": "moved"}
        tick_off(practice, next_day(f"08:{hour}5"))
        assert listed(practice, next_day(f"08:{hour}6")) == {}


def test_who_cannot_be_reached_is_called_at_each_move_also_back(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1", next_day("09:00"), mobile="", email="")
    for hour, start in ((10, "09:00"), (11, "09:30"), (12, "09:00"), (13, "09:30")):
        practice.change("1", starts_at=next_day(start))
        practice.run_once(now=at(f"{hour}:00"))
        assert listed(practice, at(f"{hour}:10")) == {"17": "no_contact"}
        tick_off(practice, at(f"{hour}:20"))
        assert listed(practice, at(f"{hour}:30")) == {}
    practice.change("1", starts_at=next_day("09:00"), mobile=number(17))  # they believe 09:30
    assert practice.run_once(now=at("18:45")).outcomes == {"1": "sent"}


def test_who_was_told_and_then_called_about_another_time_is_told_when_it_moves_back(
    either_practice: Practice,
) -> None:
    """They are listed because they prefer a letter, and the list shows the time that they were told."""
    practice = either_practice
    practice.book("1", next_day("09:00"))
    practice.run_once()
    practice.change("1", starts_at=next_day("09:30"), preferred_channel="Brief")
    assert listed(practice, at("11:00")) == {"17": "manual_contact"}
    tick_off(practice, at("11:10"))
    practice.change("1", starts_at=next_day("09:00"), preferred_channel="")  # they believe 09:30
    assert practice.run_once(now=at("13:20")).outcomes == {"1": "sent"}


def test_a_call_that_is_over_hides_no_later_message_about_another_time(either_practice: Practice) -> None:
    """The message failed, and they were called; then the row is made anew, moved, told, and moved back."""
    practice = either_practice
    practice.configure(reminders=[reminder(channels=("sms",))])
    practice.book("0", next_day("09:00"))
    refuse(practice)
    practice.run_once()
    practice.gateway.script = None
    practice.run("staff-list", "done", "0", now=at("10:55"))
    practice.remove("0")
    practice.book("1", next_day("09:30"), mobile=number(18))
    assert practice.run_once(now=at("18:50")).outcomes == {"1": "sent"}
    practice.change("1", starts_at=next_day("09:00"))  # they believe 09:30
    assert listed(practice, next_day("08:10")) == {"17": "moved"}


@pytest.mark.parametrize("wrong", [pytest.param(next_day("08:00"), id="ahead"), "2020-01-01 10:00"])
@pytest.mark.parametrize("which", [0, 1])
def test_the_order_of_calls_is_that_of_the_ticks_whatever_the_clock_was(
    either_practice: Practice, wrong: str, which: int
) -> None:
    practice = either_practice
    practice.book("1", next_day("09:00"), mobile="", email="")
    practice.run_once(now=at("10:00"))
    clocks = [at("10:30"), at("11:30")]
    clocks[which] = wrong
    for clock, start in zip(clocks, ("09:00", "09:30"), strict=True):
        practice.change("1", starts_at=next_day(start))
        practice.run("staff-list", "done", "1", now=clock)
    if listed(practice, at("11:50")):  # nobody is on the list of a day long past
        tick_off(practice, at("11:50"))
    assert listed(practice, at("12:00")) == {}
    practice.change("1", starts_at=next_day("09:00"))
    assert listed(practice, at("12:10")) == {"17": "no_contact"}
    tick_off(practice, at("12:20"))
    assert listed(practice, at("12:30")) == {}


def test_what_a_person_said_to_be_off_and_then_to_stand_is_off_again(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1", next_day("09:55"))
    practice.run_once()
    for minute in (10, 30):
        practice.cancel("1")
        assert listed(practice, next_day(f"08:{minute}")) == {"17": "cancelled"}
        tick_off(practice, next_day(f"08:{minute + 1}"))
        assert listed(practice, next_day(f"08:{minute + 2}")) == {}
        practice.change("1", status="Geplant")
        assert listed(practice, next_day(f"08:{minute + 10}")) == {"17": "reinstated"}
        tick_off(practice, next_day(f"08:{minute + 11}"))
        assert listed(practice, next_day(f"08:{minute + 12}")) == {}


def test_what_a_correction_said_to_be_off_and_a_person_to_stand_is_off_again(
    either_practice: Practice,
) -> None:
    practice = either_practice
    practice.configure(corrections={"enabled": True})
    practice.book("1", next_day("14:55"))
    practice.run_once(now=at("15:00"))
    practice.cancel("1")
    for hour in ("16:00", "17:00"):
        practice.run_once(now=at(hour))
    practice.change("1", status="Geplant")
    assert listed(practice, next_day("08:20")) == {"17": "reinstated"}
    tick_off(practice, next_day("08:30"))
    practice.cancel("1")
    assert listed(practice, next_day("08:40")) == {"17": "cancelled"}


@pytest.mark.parametrize("gone", [True, False])
def test_who_was_called_about_a_move_is_called_when_it_is_off_then(
    either_practice: Practice, gone: bool
) -> None:
    practice = either_practice
    practice.book("1")
    practice.run_once()
    practice.change("1", starts_at="2026-11-28 09:00")
    tick_off(practice, at("11:00"))
    assert listed(practice, at("11:10")) == {}
    if gone:
        practice.remove("1")
    else:
        practice.cancel("1")
    shown = practice.run("staff-list", "--json", now=at("11:20")).json["customers"]
    assert [(each["reason"], each["starts_at"][:16]) for each in shown] == [("cancelled", "2026-11-28T09:00")]
    tick_off(practice, at("11:30"))
    assert listed(practice, at("11:40")) == {}


def test_an_answer_that_was_read_is_no_word_of_a_person_about_the_start(practice: Practice) -> None:
    """Told by a run; staff ticked off that it is off, and read an answer afterwards: it is off still."""
    practice.book("1")
    practice.run_once()
    practice.cancel("1")
    tick_off(practice, at("11:00"))
    practice.sql(
        "INSERT INTO journal_staff_done SELECT appointment_id, customer_id, starts_at, 'reply', 'r1', NULL, "
        "'2026-11-24 10:30:00.000000', name FROM journal_staff_done",
        "journal",
    )
    assert listed(practice, at("11:40")) == {}


def test_the_hashes_of_a_name_go_when_the_appointment_is_over(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1")
    practice.run_once()
    practice.change("1", mobile=number(99))
    tick_off(practice, at("10:30"))

    def hashes() -> str:
        ((found,),) = practice.sql("SELECT name FROM journal_staff_done", "journal")
        return str(found)

    practice.run("journal", "forget", "17", now=at("11:00"))
    assert len(hashes().split()) == 2  # Anna Berger17: her record may be merged yet
    practice.run("journal", "forget", "17", now="2026-11-27 10:00")
    assert hashes() == ""
