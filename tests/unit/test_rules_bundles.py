"""The paragraph *One message per customer* of the contract, sentence by sentence.

It is Tuesday, ten o'clock: due is what starts up to Wednesday, 10:00, and a message takes along what the
customer has up to 22:00, twelve hours later.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_scene import (
    ADDRESS,
    NAME,
    NUMBER,
    OTHER_NUMBER,
    a_part_each,
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

from terminbenachrichtigung.errors import MessageError
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import StaffTick, State
from terminbenachrichtigung.model.plan import Channel, Plan


def routes(result: Plan) -> list[list[str]]:
    return [[route.recipient for route in message.routes] for message in result.messages]


def test_all_that_is_due_for_a_customer_goes_into_one_message_soonest_first() -> None:
    result = planned(
        appointment("same minute", "2026-11-25 09:45"),
        appointment("noon", "2026-11-25 09:45"),
        appointment("early", "2026-11-25 08:15"),
        appointment("somebody else's", "2026-11-25 09:00", customer_id="18"),
    )
    assert messages(result) == [(NAME, ["early", "noon", "same minute"]), (NAME, ["somebody else's"])]
    assert result.skips == ()


def test_the_customer_s_data_come_from_the_soonest_row() -> None:
    result = planned(
        appointment("2", "2026-11-25 09:30", mobile=NUMBER), appointment("1", mobile=OTHER_NUMBER)
    )
    (message,) = result.messages
    assert message.soonest.appointment_id == "1"
    assert routes(result) == [[OTHER_NUMBER, ADDRESS]]


def test_a_message_takes_nothing_along_that_another_one_of_the_run_tells() -> None:
    """The first reminder tells "check" and "test"; for "moved" the other one does not wait for the gap."""
    reminders = (
        reminder(48, "Vorab") | {"types": ["Kontrolle", "Sehtest"]},
        reminder(24) | {"types": ["Sehtest", "Brille"]},
    )
    result = planned(
        appointment("check", "2026-11-25 08:30", type_name="Kontrolle"),
        appointment("moved", "2026-11-25 09:30", type_name="Sehtest"),
        appointment("test", "2026-11-25 15:00", type_name="Sehtest"),
        appointment("glasses", "2026-11-25 16:00", type_name="Brille"),
        configured=settings(reminders=reminders),
        journal=known(
            notified("moved", "2026-11-25 11:30"), notified("moved", "2026-11-25 11:30", reminder="Vorab")
        ),
    )
    assert messages(result) == [("Vorab", ["check", "test"]), (NAME, ["moved", "glasses"])]


@pytest.mark.parametrize(
    ("start", "taken"),
    [
        ("2026-11-25 16:00", True),  # the afternoon of the same day
        ("2026-11-25 22:00", True),  # reach + hours_between_messages
        ("2026-11-25 22:01", False),
    ],
)
def test_a_message_takes_along_what_the_gap_would_hold_back(start: str, taken: bool) -> None:
    result = planned(appointment("1"), appointment("2", start))
    assert messages(result) == [(NAME, ["1", "2"] if taken else ["1"])]
    assert result.skips == ()


def test_what_is_not_due_yet_gets_no_message_of_its_own() -> None:
    assert planned(appointment("2", "2026-11-25 16:00")) == Plan((), ())


@pytest.mark.parametrize(
    "changes",
    [
        {"is_group": True},
        {"status": "Storniert"},
        {"preferred_channel": "none"},
        {"preferred_channel": "letter"},
        {"mobile": "", "email": ""},
        {"created_at": "2026-11-24 09:00"},
        {"customer_id": "18"},
        {"customer_id": None},
    ],
)
def test_what_is_taken_along_must_pass_all_other_rules(changes: dict[str, object]) -> None:
    later = appointment("2", "2026-11-25 16:00", **changes)
    result = planned(appointment("1"), later, configured=settings(hours_after_booking=2))
    assert messages(result) == [(NAME, ["1"])]
    assert result.skips == ()  # it is not due: nobody has to be told why it is left alone


def test_today_s_appointment_beyond_the_carry_is_not_taken_along_either() -> None:
    short = settings(reminders=(reminder(1),), same_day=True, hours_between_messages=2)
    rows = [appointment("10:30", "2026-11-24 10:30"), appointment("13:00", "2026-11-24 13:00")]
    later = appointment("13:01", "2026-11-24 13:01")
    assert messages(planned(*rows, later, configured=short)) == [(NAME, ["10:30", "13:00"])]


def test_today_s_appointment_is_not_taken_along() -> None:
    result = planned(appointment("1"), appointment("2", "2026-11-24 16:00"))
    assert messages(result) == [(NAME, ["1"])]
    assert verdicts(result)["2"] == "same_day"


def test_what_was_told_already_is_not_taken_along() -> None:
    told = known(notified("2", "2026-11-25 16:00"))
    assert messages(planned(appointment("1"), appointment("2", "2026-11-25 16:00"), journal=told)) == [
        (NAME, ["1"])
    ]


def test_what_a_shorter_reminder_has_told_is_not_taken_along() -> None:
    two = settings(reminders=(reminder(48, "Vorab"), reminder(2)))
    told = known(notified("2", "2026-11-26 16:00", reminder=NAME))
    rows = (appointment("1", "2026-11-26 09:00"), appointment("2", "2026-11-26 16:00"))
    assert messages(planned(*rows, journal=told, configured=two)) == [("Vorab", ["1"])]
    assert messages(planned(*rows, configured=two)) == [("Vorab", ["1", "2"])]


def test_what_only_trial_recipients_may_get_is_not_taken_along_for_others() -> None:
    trial = settings(only_recipients=(NUMBER,))
    later = appointment("2", "2026-11-25 16:00", mobile=OTHER_NUMBER)
    assert messages(planned(appointment("1"), later, configured=trial)) == [(NAME, ["1"])]


def test_a_message_takes_along_what_the_gap_holds() -> None:
    # The customer was written to an hour ago. Since then the second appointment was moved: it must be
    # told, and with it goes the first one, which has to wait otherwise.
    journal = known(notified("moved", "2026-11-25 15:00"), contacted=wrote("2026-11-24 09:00"))
    rows = (appointment("held", "2026-11-25 08:30"), appointment("moved", "2026-11-25 09:30"))
    (message,) = planned(*rows, journal=journal).messages
    assert [a.appointment_id for a in message.appointments] == ["held", "moved"]
    assert message.gap_waived
    assert verdicts(planned(rows[0], journal=journal)) == {"held": "recently_notified"}


HELD_START, SOON = "2026-11-25 08:30", "2026-11-25 16:00"


@pytest.mark.parametrize(
    ("start", "mobile", "ticked", "taken"),
    [
        pytest.param(HELD_START, NUMBER, False, True, id="held by the gap"),
        pytest.param(HELD_START, NUMBER, True, False, id="held, and a person told them of it"),
        pytest.param(HELD_START, OTHER_NUMBER, False, False, id="held, and on trial at another number"),
        pytest.param(SOON, NUMBER, False, True, id="not due yet"),
        pytest.param(SOON, NUMBER, True, False, id="not due yet, and a person told them of it"),
    ],
)
def test_what_needs_no_message_is_not_taken_along(start: str, mobile: str, ticked: bool, taken: bool) -> None:
    done = StaffTick("2", "17", at(start), "failed", "", None, at("2026-11-20 10:00"))
    journal = known(
        notified("1", "2026-11-25 15:00"),
        contacted=wrote("2026-11-24 09:00"),
        ticks=[done] if ticked else [],
    )
    moved, other = appointment("1", "2026-11-25 09:30"), appointment("2", start, mobile=mobile, email="")
    result = planned(moved, other, journal=journal, configured=settings(only_recipients=(NUMBER,)))
    assert ("2" in {a.appointment_id for each in result.messages for a in each.appointments}) is taken
    assert verdicts(result)["1"] == "due"


# ---------------------------------------------------------------- too many parts


def test_carried_ones_stay_behind_latest_first() -> None:
    rows = [
        appointment("due", "2026-11-25 09:00"),
        appointment("due too", "2026-11-25 09:30"),
        appointment("11", "2026-11-25 11:00"),
        appointment("12", "2026-11-25 12:00"),
        appointment("13", "2026-11-25 13:00"),
    ]
    result = planned(*rows, parts=a_part_each)
    assert messages(result) == [(NAME, ["due", "due too", "11"])]
    assert result.skips == ()


def test_a_held_one_that_stays_behind_remains_recently_notified() -> None:
    journal = known(
        *(notified(str(n), "2026-11-25 15:00") for n in (1, 2, 3)), contacted=wrote("2026-11-24 09:00")
    )
    rows = [appointment(str(n), f"2026-11-25 09:0{n}") for n in (1, 2, 3)]
    result = planned(appointment("held", "2026-11-25 08:30"), *rows, journal=journal, parts=a_part_each)
    assert messages(result) == [(NAME, ["1", "2", "3"])]
    assert verdicts(result)["held"] == "recently_notified"


def test_due_ones_alone_that_are_too_many_take_several_messages_and_no_gap_holds_between_them() -> None:
    rows = [appointment(str(n), f"2026-11-25 09:0{n}") for n in range(7)]
    later = appointment("later", "2026-11-25 16:00")
    result = planned(*rows, later, parts=a_part_each)
    assert messages(result) == [(NAME, ["0", "1", "2"]), (NAME, ["3", "4", "5"]), (NAME, ["6"])]
    assert not any(message.gap_waived for message in result.messages)
    assert result.skips == ()


def test_each_part_of_a_long_bundle_goes_to_the_number_of_its_own_soonest_row() -> None:
    rows = [
        appointment("0", "2026-11-25 09:00", email=""),
        appointment("1", "2026-11-25 09:01", email="", mobile=OTHER_NUMBER),
    ]
    result = planned(*rows, parts=lambda *about: 9 * len(about[2]) - 8)
    assert messages(result) == [(NAME, ["0"]), (NAME, ["1"])]
    assert routes(result) == [[NUMBER], [OTHER_NUMBER]]


def test_the_second_part_of_a_long_bundle_is_due_when_it_is_planned_anew_after_the_first() -> None:
    # The journal then knows the first one as a message of this run's own.
    told = [notified(str(n), f"2026-11-25 09:0{n}", run_now="2026-11-24 10:00") for n in range(3)]
    journal = known(*told, contacted=wrote("2026-11-24 10:00", own=True))
    rows = [appointment(str(n), f"2026-11-25 09:0{n}") for n in range(6)]
    result = planned(*rows, journal=journal, parts=a_part_each)
    assert messages(result) == [(NAME, ["3", "4", "5"])]


def test_only_the_first_channel_must_be_able_to_take_the_whole_message() -> None:
    # By e-mail anything goes; the text message behind it would be too long, and is not tried.
    rows = [appointment(str(n), f"2026-11-25 09:0{n}", preferred_channel="email") for n in range(4)]
    result = planned(*rows, parts=a_part_each)
    assert messages(result) == [(NAME, ["0", "1", "2", "3"])]
    assert routes(result) == [[ADDRESS]]


def test_a_customer_with_hundreds_of_appointments_costs_a_dozen_long_texts_and_not_hundreds() -> None:
    long_ones = []

    def parts(reminder: str, channel: Channel, appointments: Sequence[Appointment], *_: object) -> int:
        if len(appointments) > 1:
            long_ones.append(len(appointments))
        return len(appointments)

    later = [appointment(str(n), f"2026-11-25 {11 + n // 60}:{n % 60:02}") for n in range(600)]
    result = planned(appointment("due"), *later, parts=parts)
    assert messages(result) == [(NAME, ["due", "0", "1"])]
    assert len(long_ones) <= 16


def failing_for(names: Callable[[Sequence[str]], bool]) -> object:
    def parts(reminder: str, channel: Channel, appointments: Sequence[Appointment], *_: object) -> int:
        if names([a.appointment_id for a in appointments]):
            raise MessageError("the template divides by zero")
        return 1

    return parts


def test_a_bundle_that_cannot_be_rendered_becomes_single_messages() -> None:
    rows = [appointment("1"), appointment("2", "2026-11-25 09:30"), appointment("3", "2026-11-25 16:00")]
    result = planned(*rows, parts=failing_for(lambda ids: len(ids) > 1))  # type: ignore[arg-type]
    assert messages(result) == [(NAME, ["1"]), (NAME, ["2"])]


def test_one_appointment_that_cannot_be_rendered_does_not_take_the_others_down() -> None:
    rows = [appointment("1"), appointment("bad", "2026-11-25 09:30")]
    result = planned(*rows, parts=failing_for(lambda ids: "bad" in ids))  # type: ignore[arg-type]
    assert verdicts(result) == {"1": "due", "bad": "no_contact"}


# ---------------------------------------------------------------- recipients that were rejected before


def test_a_recipient_rejected_for_one_appointment_is_not_used_for_its_bundle() -> None:
    refused = known(rejected={"2": frozenset({NUMBER})})
    result = planned(appointment("1"), appointment("2", "2026-11-25 09:30"), journal=refused)
    assert messages(result) == [(NAME, ["1", "2"])]
    assert routes(result) == [[ADDRESS]]


def test_an_appointment_that_leaves_no_route_for_the_bundle_gets_a_message_of_its_own() -> None:
    refused = known(rejected={"2": frozenset({NUMBER})})
    rows = [
        appointment("1", email=""),
        appointment("2", "2026-11-25 09:15"),
        appointment("3", "2026-11-25 09:30"),
    ]
    result = planned(*rows, journal=refused)
    assert messages(result) == [(NAME, ["1", "3"]), (NAME, ["2"])]
    assert routes(result) == [[NUMBER], [ADDRESS]]


def test_a_carried_one_that_leaves_no_route_stays_behind() -> None:
    refused = known(rejected={"2": frozenset({NUMBER})})
    rows = [appointment("1", email=""), appointment("2", "2026-11-25 16:00")]
    assert messages(planned(*rows, journal=refused)) == [(NAME, ["1"])]


def test_carried_ones_that_leave_no_route_together_stay_behind_latest_first() -> None:
    refused = known(rejected={"2": frozenset({NUMBER}), "3": frozenset({ADDRESS})})
    later = [appointment("2", "2026-11-25 12:00"), appointment("3", "2026-11-25 16:00")]
    result = planned(appointment("1"), *later, journal=refused)
    assert messages(result) == [(NAME, ["1", "2"])]
    assert routes(result) == [[ADDRESS]]


# ---------------------------------------------------------------- several reminders

TWO = settings(reminders=(reminder(48, "Vorab"), reminder(24)))


def test_each_reminder_has_its_own_message_and_the_gap_lies_between_them() -> None:
    result = planned(appointment("1"), appointment("2", "2026-11-26 09:00"), configured=TWO)
    assert messages(result) == [(NAME, ["1"])]
    assert verdicts(result)["2"] == "recently_notified"


def test_what_a_message_took_along_is_not_told_again_by_a_longer_reminder_in_the_same_run() -> None:
    # Moved, so that the gap would yield: but the shorter reminder's message has it already.
    journal = known(notified("2", "2026-11-25 18:00", reminder="Vorab"))
    result = planned(appointment("1"), appointment("2", "2026-11-25 16:00"), journal=journal, configured=TWO)
    assert messages(result) == [(NAME, ["1", "2"])]
    assert [(s.reminder, s.reason.value) for s in result.skips] == [
        ("Vorab", "superseded"),
        ("Vorab", "superseded"),
    ]


def test_a_longer_reminder_s_message_leaves_out_what_a_shorter_one_took_along() -> None:
    journal = known(notified("3", "2026-11-25 18:00", reminder="Vorab"))
    rows = [appointment("1"), appointment("2", "2026-11-25 16:00"), appointment("3", "2026-11-26 09:00")]
    result = planned(*rows, journal=journal, configured=TWO)
    assert messages(result) == [(NAME, ["1", "2"]), ("Vorab", ["3"])]


def test_a_moved_appointment_passes_the_gap_between_two_reminders_of_one_run() -> None:
    journal = known(notified("2", "2026-11-25 18:00", reminder="Vorab"))
    result = planned(appointment("1"), appointment("2", "2026-11-26 09:00"), journal=journal, configured=TWO)
    assert messages(result) == [(NAME, ["1"]), ("Vorab", ["2"])]
    assert [message.gap_waived for message in result.messages] == [False, True]


# ---------------------------------------------------------------- whatever the schedule holds

starts = st.integers(-120, 60 * 40)  # minutes from now
rows = st.lists(
    st.tuples(
        starts, st.sampled_from(["1", "2", "3"]), st.sampled_from(["", NUMBER, "030 1"]), st.booleans()
    ),
    max_size=12,
)


@given(rows, st.sets(st.integers(0, 11)), st.integers(1, 4), st.booleans())
def test_every_appointment_in_reach_is_in_one_message_or_has_one_reason(
    drawn: list[tuple[int, str, str, bool]], told: set[int], max_parts: int, same_day: bool
) -> None:
    configured = settings(
        reminders=(reminder(36, "Vorab"), reminder(24)), sms={"max_parts": max_parts}, same_day=same_day
    )
    now = at("2026-11-24 10:00")
    appointments = [
        appointment(
            str(n), f"2026-11-{24 + (600 + m) // 1440} {(600 + m) // 60 % 24:02}:{m % 60:02}",
            customer_id=customer, mobile=mobile, email=ADDRESS if reachable else "",
        )
        for n, (m, customer, mobile, reachable) in enumerate(drawn)
    ]  # fmt: skip
    journal = known(
        *(
            notified(a.appointment_id, "2026-11-25 15:00", customer_id=a.customer_id or "", state=State.SENT)
            for n, a in enumerate(appointments)
            if n in told
        )
    )
    result = planned(*appointments, journal=journal, configured=configured, parts=a_part_each)

    taken = [(m.reminder, a.appointment_id) for m in result.messages for a in m.appointments]
    skipped = [(s.reminder, s.appointment.appointment_id) for s in result.skips]
    assert len(taken) == len(set(taken)), "nothing is in two messages of one reminder"
    assert not set(taken) & set(skipped), "nothing is both told and skipped"
    in_window = {
        (name, a.appointment_id)
        for a in appointments
        for name, hours in (("Vorab", 36), (NAME, 24))
        if 0 < (a.starts_at - now).total_seconds() <= hours * 3600
    }
    assert in_window <= set(taken) | set(skipped), "everything in a window is told or has a reason"
    assert len({a for _, a in taken}) == len(taken), "nothing is told by two reminders in one run"
    for message in result.messages:
        assert {a.customer_id for a in message.appointments} == {message.customer_id}
        assert all(a.starts_at <= b.starts_at for a, b in pairwise(message.appointments))
        assert all(a.starts_at > now for a in message.appointments)
        if message.routes[0].channel is Channel.SMS:
            assert len(message.appointments) <= max_parts


def test_a_carried_one_that_leaves_no_route_does_not_take_a_later_one_down() -> None:
    rows = (
        appointment("due", "2026-11-25 09:00"),
        appointment("refused", "2026-11-25 11:00"),
        appointment("later", "2026-11-25 12:00"),
    )
    # By its own the second one could go to another number: the message is about the first one's.
    rows = (rows[0], replace(rows[1], mobile=OTHER_NUMBER), rows[2])
    journal = known(rejected={"refused": frozenset({NUMBER, ADDRESS})})
    assert messages(planned(*rows, journal=journal)) == [(NAME, ["due", "later"])]
