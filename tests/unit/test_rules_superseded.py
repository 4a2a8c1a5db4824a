"""Rule 17: of several reminders the one with the shorter lead takes the place of the others."""

from dataclasses import replace
from datetime import time

import pytest
from rules_scene import (
    NAME,
    appointment,
    known,
    messages,
    notified,
    planned,
    reminder,
    settings,
    verdicts,
    wrote,
)

from terminbenachrichtigung.model.journal import Notification, State
from terminbenachrichtigung.model.plan import Reason

BOTH = settings(reminders=(reminder(48, "Vorab"), reminder(24)))


def test_the_shorter_lead_takes_the_place_of_the_longer_one_in_one_run() -> None:
    result = planned(appointment(), configured=BOTH)
    assert messages(result) == [(NAME, ["1"])]
    assert [(s.reminder, s.reason, s.detail) for s in result.skips] == [
        ("Vorab", Reason.SUPERSEDED, f"by {NAME}")
    ]


def test_the_longer_lead_comes_first_where_the_shorter_one_is_not_due() -> None:
    assert messages(planned(appointment("1", "2026-11-25 10:01"), configured=BOTH)) == [("Vorab", ["1"])]


@pytest.mark.parametrize(
    ("notification", "expected"),
    [
        (notified(state=State.SENT), "superseded"),
        (notified(state=State.FAILED), "superseded"),  # it is not released
        (notified(state=State.ADOPTED), "superseded"),
        (notified(state=State.RELEASED), "due"),
        (replace(notified(), revoked=True), "due"),  # it was off since, and stands again
        (notified(start="2026-11-25 08:30"), "due"),  # not for the present start
        (notified(customer_id="4"), "due"),  # nor the present customer
        (notified(reminder="Frühling"), "already_notified"),  # a reminder that was renamed since
    ],
)
def test_a_shorter_reminder_that_was_made_supersedes_the_longer_ones(
    notification: Notification, expected: str
) -> None:
    # One hour before is not due yet, so that it is the journal alone that answers for it.
    two = settings(reminders=(reminder(48, "Vorab"), reminder(1)))
    assert verdicts(planned(appointment(), journal=known(notification), configured=two)) == {"1": expected}


def test_a_longer_lead_supersedes_nothing() -> None:
    journal = known(notified(reminder="Vorab"))
    assert messages(planned(appointment(), journal=journal, configured=BOTH)) == [(NAME, ["1"])]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        # At 18:30 all of Wednesday is due by the evening before, and up to 18:30 by 24 hours (19:30: the
        # hour before the night reaches further).
        ("2026-11-25 10:00", "Abend"),  # 24 hours before were at 10:00, earlier than 18:00
        ("2026-11-25 18:20", "Tag"),  # 24 hours before were at 18:20
    ],
)
def test_the_shorter_lead_is_the_one_that_becomes_due_later(start: str, expected: str) -> None:
    evening: dict[str, object] = {"name": "Abend", "days_before": 1, "at": time(18), "channels": ["sms"]}
    two = settings(reminders=(reminder(24, "Tag"), evening))
    plan = planned(appointment("1", start), now="2026-11-24 18:30", configured=two)
    assert messages(plan) == [(expected, ["1"])]


def test_of_two_equal_leads_the_first_in_the_configuration_is_the_shorter() -> None:
    twins = settings(reminders=(reminder(24, "A"), reminder(24, "B")))
    plan = planned(appointment(), configured=twins)
    assert messages(plan) == [("A", ["1"])]
    assert [(skip.reminder, skip.reason) for skip in plan.skips] == [("B", Reason.SUPERSEDED)]


def test_a_shorter_reminder_that_cannot_reach_the_customer_leaves_it_to_the_longer_one() -> None:
    # "planned" means passed rules 1 to 16
    two = settings(reminders=(reminder(48, "Vorab", ("email",)), reminder(24, NAME, ("sms",))))
    result = planned(appointment(mobile=""), configured=two)
    assert messages(result) == [("Vorab", ["1"])]
    assert [(s.reminder, s.reason) for s in result.skips] == [(NAME, Reason.NO_CONTACT)]


def test_a_shorter_reminder_that_the_gap_holds_back_supersedes_all_the_same() -> None:
    journal = known(contacted=wrote("2026-11-24 09:00", reminder="Sonst"))
    result = planned(appointment(), journal=journal, configured=BOTH)
    assert [(s.reminder, s.reason) for s in result.skips] == [
        (NAME, Reason.RECENTLY_NOTIFIED),
        ("Vorab", Reason.SUPERSEDED),
    ]


def test_hours_and_days_change_places_from_one_appointment_to_the_next_in_one_run() -> None:
    """The evening before is later than 24 hours before ten in the morning, and earlier before eight."""
    evening: dict[str, object] = {"name": "Abend", "days_before": 1, "at": time(18), "channels": ["sms"]}
    result = planned(
        appointment("1", "2026-11-25 10:00"),
        appointment("2", "2026-11-25 20:00", customer_id="18"),
        configured=settings(reminders=(reminder(24, "Tag"), evening)),
        now="2026-11-24 18:45",
    )
    assert messages(result) == [("Abend", ["1"]), ("Tag", ["2"])]
    assert [(skip.appointment.appointment_id, skip.reminder) for skip in result.skips] == [
        ("1", "Tag"),
        ("2", "Abend"),
    ]


@pytest.mark.parametrize("told_as", ["1", "2"])  # the second: its row was made anew since
def test_what_the_longest_of_three_reminders_told_keeps_the_next_one_from_nothing(told_as: str) -> None:
    three = settings(reminders=(reminder(72, "Vorab"), reminder(48, "Mitte"), reminder(24)))
    told = known(notified(told_as, "2026-11-26 09:00", reminder="Vorab"))
    result = planned(appointment("1", "2026-11-26 09:00"), journal=told, configured=three)
    assert messages(result) == [("Mitte", ["1"])]
    assert [(skip.reminder, skip.reason) for skip in result.skips] == [("Vorab", Reason.ALREADY_NOTIFIED)]
