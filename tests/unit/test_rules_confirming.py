"""Whose booking may be confirmed at all: what was booked since bookings are confirmed."""

from dataclasses import replace

import pytest
from rules_scene import ADDRESS, NOW, appointment, at, known, notified, settings, situation, wrote

from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import CONFIRMATION, Known
from terminbenachrichtigung.model.plan import Channel, Plan, Route
from terminbenachrichtigung.rules.confirming import booked_since, plan_confirmations


@pytest.mark.parametrize(
    ("booked", "since", "confirmed"),
    [
        ("2026-11-20 10:00", "2026-11-20 10:00", True),  # at that very moment
        ("2026-11-20 09:59", "2026-11-20 10:00", False),
        ("2026-11-20 10:00", None, False),  # nobody knows yet since when
        (None, "2026-11-20 10:00", False),  # nobody knows when it was booked
    ],
)
def test_a_booking_is_confirmed_if_it_was_made_since(
    booked: str | None, since: str | None, confirmed: bool
) -> None:
    row = replace(appointment(), created_at=at(booked) if booked else None)
    assert booked_since([row], at(since) if since else None) == ([row] if confirmed else [])


def confirmed(row: Appointment, journal: Known, now: str = NOW) -> Plan:
    """What the run at `now` would do about one booking."""
    return plan_confirmations([row], situation(settings(), journal, now))


SINCE = {"reminder_since": {CONFIRMATION: at("2026-11-20 10:00")}}
BEFORE = {"last_complete_run": at("2026-11-24 09:00")}


@pytest.mark.parametrize(
    ("booked", "changes", "journal", "reasons"),
    [
        # a refused booking is named by the first run after it, and by no later one
        pytest.param("2026-11-24 09:00", {"email": ""}, BEFORE, ["no_contact"], id="since the last run"),
        pytest.param("2026-11-24 08:59", {"email": ""}, BEFORE, [], id="before it"),
        pytest.param("2026-11-24 08:59", {"email": ""}, {}, ["no_contact"], id="no run was complete yet"),
        pytest.param("2026-11-24 09:30", {"is_group": True}, BEFORE, ["group_appointment"], id="a group"),
        pytest.param("2026-11-20 09:59", {"email": ""}, {}, [], id="before bookings were confirmed"),
        # what is confirmed needs no word any more, nor what is over
        pytest.param(
            "2026-11-24 09:30",
            {},
            {"confirmations": {"1": [notified(reminder=CONFIRMATION)]}},
            [],
            id="confirmed",
        ),
    ],
)
def test_why_a_booking_is_not_confirmed_is_said_once(
    booked: str, changes: dict[str, object], journal: dict[str, object], reasons: list[str]
) -> None:
    found = confirmed(appointment(created_at=booked, **changes), known(**SINCE, **journal))
    assert [skip.reason.value for skip in found.skips] == reasons
    assert found.messages == ()


def test_what_has_started_is_not_confirmed_and_no_word_is_lost_about_it() -> None:
    row = appointment("1", "2026-11-24 09:59", created_at="2026-11-24 09:30")
    assert confirmed(row, known(**SINCE)) == Plan((), ())


def test_what_a_reminder_of_the_past_told_of_the_same_start_is_no_confirmation() -> None:
    row = appointment(created_at="2026-11-24 09:30")
    beside = [notified("2", reminder="Früher")]
    assert confirmed(row, known(**SINCE, told_beside=beside)).messages
    twice = [notified("2", reminder=CONFIRMATION)]
    assert not confirmed(row, known(**SINCE, told_beside=twice)).messages


@pytest.mark.parametrize(("name", "messages"), [("Meier", 1), ("Kurz", 2)])
def test_a_booking_in_two_records_of_one_person_is_confirmed_once(name: str, messages: int) -> None:
    row = replace(appointment(created_at="2026-11-24 09:30"), first_name="Ida", last_name="Meier")
    other = replace(row, appointment_id="2", customer_id="18", last_name=name)
    found = plan_confirmations([row, other], situation(settings(), known(**SINCE), NOW))
    assert len(found.messages) == messages


def test_a_confirmation_waits_for_no_gap_and_is_planned_as_one_that_none_holds() -> None:
    row = appointment(created_at="2026-11-24 09:30")
    (message,) = confirmed(row, known(**SINCE, contacted=wrote("2026-11-24 09:59"))).messages
    assert (message.reminder, message.routes) == (CONFIRMATION, (Route(Channel.EMAIL, ADDRESS),))
    assert message.gap_waived
