"""The paragraph *Customer gap* of the contract, sentence by sentence, every boundary from both sides.

It is Tuesday, ten o'clock; the gap is twelve hours long and reaches back to Monday, 22:00.
"""

from dataclasses import replace

import pytest
from rules_scene import (
    NAME,
    NOW,
    WEDNESDAY,
    appointment,
    at,
    known,
    messages,
    notified,
    planned,
    reminder,
    settings,
    verdicts,
    wrote,
)

from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import Known, Notification, StaffTick, State


def verdict(appointment: Appointment, journal: Known | None = None, now: str = NOW, **rules: object) -> str:
    return verdicts(planned(appointment, journal=journal, now=now, **rules))["1"]  # type: ignore[arg-type]


def waived(appointment: Appointment, journal: Known | None = None, now: str = NOW) -> bool:
    (message,) = planned(appointment, journal=journal, now=now).messages
    return message.gap_waived


@pytest.mark.parametrize(
    ("run_now", "reminder", "own", "expected"),
    [
        ("2026-11-23 22:00", NAME, False, "due"),  # exactly that long ago is enough
        ("2026-11-23 22:01", NAME, False, "recently_notified"),
        ("2026-11-23 22:01", "Sonst", False, "recently_notified"),  # of any reminder
        ("2026-11-24 10:00", NAME, False, "recently_notified"),
        # another host's clock is a little ahead; one that is far ahead is wrong, and silences nobody
        ("2026-11-24 10:05", NAME, False, "recently_notified"),
        ("2026-11-24 21:59", NAME, False, "recently_notified"),
        ("2026-11-24 22:00", NAME, False, "due"),
        ("2027-11-24 10:00", NAME, False, "due"),
        # this run's own messages: other reminders' count, those of the same one are parts of one bundle
        ("2026-11-24 10:00", NAME, True, "due"),
        ("2026-11-24 10:00", "Sonst", True, "recently_notified"),
    ],
)
def test_a_message_within_the_gap_holds_the_next_one_back(
    run_now: str, reminder: str, own: bool, expected: str
) -> None:
    journal = known(contacted=wrote(run_now, reminder=reminder, own=own))
    assert verdict(appointment(), journal) == expected


def test_a_message_to_another_customer_holds_nobody_back() -> None:
    assert verdict(appointment(customer_id="4"), known(contacted=wrote("2026-11-24 09:00"))) == "due"


@pytest.mark.parametrize(("hours", "expected"), [(1, "due"), (2, "recently_notified")])
def test_the_gap_is_as_long_as_configured(hours: int, expected: str) -> None:
    journal = known(contacted=wrote("2026-11-24 09:00"))
    assert verdict(appointment(), journal, hours_between_messages=hours) == expected


@pytest.mark.parametrize(
    ("contacted", "expected"),
    [
        ("2026-11-23 22:00", "due"),
        ("2026-11-23 22:01", "recently_notified"),
        ("2026-11-24 10:00", "recently_notified"),
        ("2026-11-24 10:01", "due"),  # in the future: warned about
    ],
)
def test_a_contact_by_hand_within_the_gap_holds_a_message_back(contacted: str, expected: str) -> None:
    assert verdict(appointment(last_contacted_at=contacted)) == expected


def test_the_detail_says_what_lies_within_the_gap() -> None:
    (by_message,) = planned(appointment(), journal=known(contacted=wrote("2026-11-24 09:00"))).skips
    assert by_message.detail == f"message of {NAME} at 2026-11-24 09:00"
    (by_hand,) = planned(appointment(last_contacted_at="2026-11-24 09:30")).skips
    assert by_hand.detail == "contacted by hand at 2026-11-24 09:30"


def test_messages_planned_earlier_in_the_same_run_count_too() -> None:
    # Two appointments, each for another reminder: the soonest is told, the other one waits.
    two = settings(reminders=(reminder(48, "Vorab"), reminder(24)))
    result = planned(appointment("1"), appointment("2", "2026-11-26 09:00"), configured=two)
    assert messages(result) == [(NAME, ["1"])]
    assert verdicts(result)["2"] == "recently_notified"


def test_two_customers_do_not_hold_each_other_back_even_with_one_number() -> None:
    result = planned(appointment("1"), appointment("2", customer_id="18"))
    assert messages(result) == [(NAME, ["1"]), (NAME, ["2"])]
    assert {m.customer_id for m in result.messages} == {"17", "18"}


# ---------------------------------------------------------------- the gap yields: moved

WROTE = wrote("2026-11-24 09:00")


@pytest.mark.parametrize(
    ("notifications", "expected"),
    [
        ((), "recently_notified"),
        ((notified(start="2026-11-25 16:00"),), "due"),  # notified, and moved since
        ((notified(start="2026-11-25 16:00", reminder="Vorab"),), "due"),  # by another reminder
        ((notified(start="2026-11-25 16:00", state=State.ADOPTED),), "due"),  # by another system
        ((notified(start="2026-11-25 16:00", state=State.UNKNOWN),), "due"),  # perhaps
        ((notified(start="2026-11-25 16:00", state=State.RELEASED),), "recently_notified"),
        ((notified(start="2026-11-25 16:00", state=State.FAILED),), "recently_notified"),  # not told
        ((notified(start="2026-11-25 16:00", state=State.UNDELIVERED),), "recently_notified"),  # the same
        ((notified(start="2026-11-25 16:00", customer_id="4"),), "recently_notified"),  # reassigned
        # told A, then B, and moved back to A
        ((notified(), notified(start="2026-11-25 16:00", generation=2, run_now="2026-11-22 10:00")), "due"),
    ],
)
def test_the_gap_yields_to_an_appointment_that_was_notified_and_has_since_moved(
    notifications: tuple[object, ...], expected: str
) -> None:
    journal = known(*notifications, contacted=WROTE)  # type: ignore[arg-type]
    assert verdict(appointment(), journal) == expected
    if expected == "due":
        assert waived(appointment(), journal)


@pytest.mark.parametrize(
    "notifications",
    [
        (notified(reminder="Vorab"),),  # told the present start by another reminder
        # told A by the longer reminder, then B by another: the customer knows
        (notified(start="2026-11-25 16:00", reminder="Vorab"), notified(reminder="Sonst")),
    ],
)
def test_the_gap_holds_where_another_reminder_told_the_present_start(
    notifications: tuple[Notification, ...],
) -> None:
    three = settings(reminders=(reminder(24), reminder(48, "Vorab"), reminder(72, "Sonst")))
    plan = planned(appointment(), journal=known(*notifications, contacted=WROTE), configured=three)
    assert [skip.reason.value for skip in plan.skips if skip.reminder == NAME] == ["recently_notified"]


def test_the_gap_yields_to_an_appointment_that_stands_again() -> None:
    told = replace(notified(), revoked=True)
    assert verdict(appointment(), known(told, contacted=WROTE)) == "due"
    assert waived(appointment(), known(told, contacted=WROTE))


def test_a_message_that_no_gap_held_was_not_waived() -> None:
    assert not waived(appointment(), known(notified(start="2026-11-25 16:00")))


# ---------------------------------------------------------------- the gap yields: the last chance

EVENING = wrote("2026-11-24 15:00")


@pytest.mark.parametrize(
    ("now", "expected"),
    [("2026-11-24 18:29", "recently_notified"), ("2026-11-24 18:30", "due"), ("2026-11-24 19:59", "due")],
)
def test_the_gap_yields_in_the_last_ninety_minutes_before_the_last_chance(now: str, expected: str) -> None:
    journal = known(contacted=EVENING)
    assert verdict(appointment(), journal, now) == expected
    if expected == "due":
        assert waived(appointment(), journal, now)


def test_it_yields_only_to_the_appointment_whose_last_chance_it_is() -> None:
    # In the window on Tuesday evening, but Thursday morning has its last chance on Wednesday evening.
    later = appointment("1", "2026-11-26 07:00")
    assert verdict(later, known(contacted=EVENING), "2026-11-24 18:30") == "recently_notified"


@pytest.mark.parametrize(
    ("contacted", "expected"),
    [
        ("2026-11-24 16:59", "due"),
        ("2026-11-24 17:00", "due"),  # two hours old
        ("2026-11-24 17:01", "recently_notified"),
        ("2026-11-24 19:00", "recently_notified"),
    ],
)
@pytest.mark.parametrize("journal", [known(), known(contacted=EVENING)], ids=["alone", "and a message"])
def test_to_a_contact_by_hand_it_yields_only_when_that_is_two_hours_old(
    contacted: str, expected: str, journal: Known
) -> None:
    assert verdict(appointment(last_contacted_at=contacted), journal, "2026-11-24 19:00") == expected


@pytest.mark.parametrize(
    ("contacted", "expected"), [("2026-11-24 08:00", "due"), ("2026-11-24 08:01", "recently_notified")]
)
def test_that_holds_for_a_moved_appointment_too(contacted: str, expected: str) -> None:
    moved = known(notified(start="2026-11-25 16:00"))
    assert verdict(appointment(last_contacted_at=contacted), moved) == expected


def test_with_same_day_the_last_chance_is_that_of_the_day_itself() -> None:
    journal = known(contacted=wrote("2026-11-25 08:00"))
    row = appointment("1", "2026-11-25 12:00")
    held = planned(row, journal=journal, now="2026-11-25 10:29", same_day=True)
    told = planned(row, journal=journal, now="2026-11-25 10:30", same_day=True)
    assert (verdicts(held), verdicts(told)) == ({"1": "recently_notified"}, {"1": "due"})


# ---------------------------------------------------------------- what a person ticked off


OTHER_START, LONG_AGO = "2026-11-27 09:00", "2026-11-20 10:00"
LAST_CHANCE = "2026-11-24 18:45"


def ticked(
    done: str | None, appointment_id: str = "1", start: str = WEDNESDAY, off: str | None = None
) -> StaffTick:
    """Staff were on the telephone about an appointment; `off`: the start that they said to be off."""
    revokes, done_at = (None if moment is None else at(moment) for moment in (off, done))
    return StaffTick(appointment_id, "17", at(start), "failed", "", revokes, done_at)


def another(done: str) -> StaffTick:
    return ticked(done, "2", OTHER_START)


@pytest.mark.parametrize(
    ("tick", "now", "expected"),
    [
        # told of this very appointment and start: no message is needed any more, at no hour
        pytest.param(ticked("2026-11-24 09:30"), NOW, "recently_notified", id="told of it"),
        pytest.param(ticked(LONG_AGO), NOW, "recently_notified", id="told of it long ago"),
        pytest.param(ticked(LONG_AGO), LAST_CHANCE, "recently_notified", id="and the gap yields to no hour"),
        pytest.param(ticked(None), NOW, "due", id="not noted yet"),
        # anything else is a contact by hand
        pytest.param(another("2026-11-23 22:01"), NOW, "recently_notified", id="of another one"),
        pytest.param(another("2026-11-23 22:00"), NOW, "due", id="that long ago is enough"),
        pytest.param(another("2026-11-24 10:00"), NOW, "recently_notified", id="at this moment"),
        pytest.param(another("2026-11-24 10:01"), NOW, "due", id="by a clock that was ahead"),
        pytest.param(another("2026-11-24 10:00"), LAST_CHANCE, "due", id="the gap yields to the last chance"),
        # nobody is in two places at once: it was made anew since
        pytest.param(ticked(LONG_AGO, "2"), LAST_CHANCE, "recently_notified", id="of it by its old id"),
        pytest.param(
            ticked("2026-11-24 09:30", start=OTHER_START), NOW, "recently_notified", id="another start"
        ),
        pytest.param(ticked(LONG_AGO, start=OTHER_START), NOW, "due", id="another start, long ago"),
        # said to be off, and it stands again: that is news
        pytest.param(ticked("2026-11-24 09:30", off=WEDNESDAY), NOW, "due", id="said to be off"),
        pytest.param(ticked(LONG_AGO, off=WEDNESDAY), NOW, "due", id="said to be off long ago"),
        pytest.param(
            ticked("2026-11-24 09:30", "2", OTHER_START, OTHER_START),
            NOW,
            "recently_notified",
            id="the other is off",
        ),
        pytest.param(
            ticked("2026-11-24 09:30", "2", off=WEDNESDAY), NOW, "due", id="said to be off by its old id"
        ),
    ],
)
def test_what_a_person_ticked_off_is_a_contact_by_hand(tick: StaffTick, now: str, expected: str) -> None:
    assert verdict(appointment(), known(ticks=[tick]), now) == expected


@pytest.mark.parametrize(
    ("run_now", "state", "expected"),
    [
        ("2026-11-22 10:00", State.SENT, "due"),
        ("2026-11-22 10:00", State.UNKNOWN, "due"),
        ("2026-11-22 10:00", State.FAILED, "recently_notified"),
        ("2026-11-20 10:00", State.SENT, "recently_notified"),  # then a person told the present one
        ("2026-11-19 10:00", State.SENT, "recently_notified"),
    ],
)
def test_what_a_person_said_holds_until_a_message_tells_another_start(
    run_now: str, state: State, expected: str
) -> None:
    message = notified(start="2026-11-25 16:00", run_now=run_now, state=state)
    assert verdict(appointment(), known(message, ticks=[ticked(LONG_AGO)])) == expected


@pytest.mark.parametrize(
    "message",
    [
        notified(start="2026-11-25 16:00", run_now="2026-11-22 10:00", customer_id="4"),
        notified(run_now="2026-11-22 10:00", reminder="Vorab"),
    ],
    ids=["of another person", "of the same start, by another reminder"],
)
def test_what_a_person_said_holds_though_a_message_went_out_since(message: Notification) -> None:
    two = settings(reminders=(reminder(48, "Vorab"), reminder(24)))
    result = planned(appointment(), journal=known(message, ticks=[ticked(LONG_AGO)]), configured=two)
    (skip,) = [skip for skip in result.skips if skip.reminder == NAME]
    assert skip.reason.value == "recently_notified"


def test_what_was_ticked_off_for_another_customer_holds_nobody_back() -> None:
    journal = known(ticks=[replace(ticked("2026-11-24 09:30"), customer_id="18")])
    assert verdict(appointment(), journal) == "due"
