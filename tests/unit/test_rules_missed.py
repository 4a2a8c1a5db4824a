"""The paragraph *Missed* of the contract, sentence by sentence, every boundary from both sides.

It is Wednesday, eight o'clock; the appointment is at nine. Its last chance was on Tuesday at 20:00, its
window of 24 hours had opened on Tuesday at 9:00, and no run was complete since Monday evening.
"""

from dataclasses import replace

import pytest
from rules_scene import (
    ADDRESS,
    NAME,
    NUMBER,
    appointment,
    at,
    known,
    left,
    notified,
    planned,
    reminder,
    settings,
    verdicts,
    wrote,
)

from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import Known, StaffTick, State
from terminbenachrichtigung.model.plan import MessageOutcome, Plan

WEDNESDAY_MORNING = "2026-11-25 08:00"
JOURNAL = known(
    last_complete_run=at("2026-11-23 19:50"),
    complete_runs=(at("2026-11-23 19:50"),),
    journal_since=at("2026-01-01 12:00"),
    reminder_since={NAME: at("2026-01-01 12:50")},
)


def morning(appointment: Appointment, journal: Known = JOURNAL, /, **scene: object) -> Plan:
    return planned(appointment, journal=journal, **{"now": WEDNESDAY_MORNING, **scene})  # type: ignore[arg-type]


def verdict(appointment: Appointment, journal: Known = JOURNAL, /, **scene: object) -> str | None:
    return verdicts(morning(appointment, journal, **scene)).get("1")


def test_who_was_never_told_and_can_be_told_no_more_is_missed() -> None:
    assert verdict(appointment()) == "missed"


def test_what_has_started_since_the_last_complete_run_is_missed_and_listed_too() -> None:
    assert verdict(appointment(), now="2026-11-25 12:00") == "missed"


def test_the_detail_says_why() -> None:
    (booked,) = morning(appointment()).skips
    assert booked.detail == "booked 2026-10-01 12:00, last chance 2026-11-24 20:00"
    (unknown,) = morning(appointment(created_at=None)).skips
    assert unknown.detail == "no complete run between 2026-11-24 09:00 and 2026-11-24 20:00"
    retried = replace(JOURNAL, leftovers=left(MessageOutcome.RETRY))
    (retry,) = morning(appointment(created_at=None), retried).skips
    assert retry.detail == "the last run that met it due left it retry; last chance 2026-11-24 20:00"


@pytest.mark.parametrize(
    ("changes", "rules", "expected"),
    [
        # passes rules 1-5 ...
        ({"customer_id": None}, {}, "no_customer"),
        ({"is_group": True}, {}, "group_appointment"),
        ({"type_notifiable": False}, {}, "type_not_allowed"),
        ({"status": "Storniert"}, {}, "status_excluded"),
        ({"branch_code": "X"}, {"exclude_branches": ("X",)}, "branch_excluded"),
        # ... 12-16 (with them it was nobody's duty to tell the customer, or it is on the staff list anyway)
        ({"created_at": "2026-11-24 12:00"}, {"hours_after_booking": 24}, "same_day"),
        ({"preferred_channel": "none"}, {}, "same_day"),
        ({"reminder_consent": False}, {"require_consent": True}, "same_day"),
        ({"preferred_channel": "letter"}, {}, "same_day"),
        ({"mobile": "", "email": ""}, {}, "same_day"),
        # ... and 19
        ({}, {"configured": settings(only_recipients=("+491",))}, "same_day"),
        ({}, {"configured": settings(only_recipients=(ADDRESS,))}, "missed"),
    ],
)
def test_only_what_passes_the_other_rules_is_missed(
    changes: dict[str, object], rules: dict[str, object], expected: str
) -> None:
    assert verdict(appointment(**changes), **rules) == expected


def test_what_an_import_holds_is_missed_and_says_so() -> None:
    (skip,) = morning(appointment(import_state="held")).skips
    assert (skip.reason.value, skip.detail) == (
        "missed",
        "booked 2026-10-01 12:00, last chance 2026-11-24 20:00; an import holds it: ask whether it stands",
    )


def test_what_an_import_holds_is_not_missed_for_that_alone() -> None:
    seen = replace(JOURNAL, complete_runs=(at("2026-11-24 19:50"),))
    assert verdict(appointment(created_at=None, import_state="held"), seen) == "same_day"


def test_the_gap_does_not_excuse_a_missed_appointment() -> None:
    # rule 18 is not among those that it has to pass
    assert verdict(appointment(), replace(JOURNAL, contacted=wrote("2026-11-25 07:00"))) == "missed"


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        # starts after the last complete run ...
        ("2026-11-23 19:51", "missed"),
        ("2026-11-23 19:50", None),
        # ... and before tomorrow, by local date
        ("2026-11-25 23:59", "missed"),
        ("2026-11-26 00:00", "due"),
    ],
)
def test_missed_begins_after_the_last_complete_run_and_ends_with_today(
    start: str, expected: str | None
) -> None:
    assert verdict(appointment("1", start)) == expected


@pytest.mark.parametrize(
    ("start", "now", "expected"),
    [
        ("2026-11-25 08:00", "2026-11-25 08:00", "missed"),  # its last chance was the evening before
        ("2026-11-25 08:01", "2026-11-25 08:00", "due"),
        ("2026-11-25 09:00", "2026-11-25 08:59", "due"),
        ("2026-11-25 09:00", "2026-11-25 09:00", "missed"),  # by day it lasts until the start
    ],
)
def test_with_same_day_the_last_chance_is_not_behind_it_before_the_start(
    start: str, now: str, expected: str
) -> None:
    assert verdict(appointment("1", start), now=now, same_day=True) == expected


@pytest.mark.parametrize(
    ("notifications", "expected"),
    [
        ((), "missed"),
        ((notified(state=State.RELEASED),), "missed"),
        ((notified(start="2026-11-26 09:00"),), "same_day"),  # for whatever start
        ((notified(start="2026-11-26 09:00", reminder="Vorab"),), "same_day"),  # by whatever reminder
        ((notified(state=State.UNKNOWN, reminder="Vorab"),), "already_notified"),  # renamed since
        ((notified(customer_id="4"),), "missed"),  # somebody else was told, before it was reassigned
        ((notified(appointment_id="2", start="2026-11-26 09:00"),), "missed"),
        ((notified(appointment_id="2"),), "already_notified"),  # the same person and start, under another id
    ],
)
def test_only_what_nobody_told_the_customer_is_missed(
    notifications: tuple[object, ...], expected: str
) -> None:
    told = known(*notifications)  # type: ignore[arg-type]
    assert verdict(appointment(), replace(JOURNAL, notifications=told.notifications)) == expected


def test_what_another_reminder_told_before_the_row_was_made_anew_is_not_missed() -> None:
    two = settings(reminders=(reminder(48, "Vorab"), reminder(24)))
    told = known(notified("2", reminder="Vorab")).notifications
    skips = morning(appointment(), replace(JOURNAL, notifications=told), configured=two).skips
    assert {skip.reminder: skip.reason.value for skip in skips} == {
        "Vorab": "already_notified",
        NAME: "same_day",
    }


@pytest.mark.parametrize(
    ("start", "expected"),
    [("2026-11-25 09:00", "same_day"), ("2026-11-25 16:00", "missed")],
)
def test_whom_a_person_told_another_start_was_missed_all_the_same(start: str, expected: str) -> None:
    done = StaffTick("1", "17", at(start), "failed", "", None, at("2026-11-24 19:00"))
    assert verdict(appointment(), replace(JOURNAL, ticks=[done])) == expected


def test_a_failed_message_is_on_the_staff_list_as_failed() -> None:
    failed = known(notified(state=State.FAILED)).notifications
    refused = {"1": frozenset({NUMBER, ADDRESS})}
    journal = replace(JOURNAL, notifications=failed, rejected=refused)
    assert verdict(appointment(), journal) == "already_notified"


@pytest.mark.parametrize(
    ("created_at", "hours_after_booking", "expected"),
    [
        ("2026-11-24 19:59", 0, "missed"),
        ("2026-11-24 20:00", 0, "same_day"),  # booked when it was too late: nobody's fault
        ("2026-11-24 17:59", 2, "missed"),  # hours_after_booking was over at 19:59
        ("2026-11-24 18:00", 2, "same_day"),
    ],
)
def test_with_a_booking_time_only_what_was_booked_before_the_last_chance_is_missed(
    created_at: str, hours_after_booking: int, expected: str
) -> None:
    row = appointment(created_at=created_at)
    assert verdict(row, hours_after_booking=hours_after_booking) == expected


def test_a_booking_that_lies_ahead_is_as_good_as_none() -> None:
    """An import noted it while the clock was wrong: nobody may be lost by that."""
    ahead = appointment(created_at="2028-03-01 10:00")
    assert verdict(ahead) == "missed"
    assert verdict(ahead, replace(JOURNAL, complete_runs=(at("2026-11-24 19:50"),))) == "same_day"
    # One that is less than a day ahead may come from another time zone: it was booked too late.
    assert verdict(appointment(created_at="2026-11-25 20:00")) == "same_day"


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ((), "missed"),
        (("2026-11-24 08:50",), "missed"),  # the window was not open yet
        (("2026-11-24 09:00",), "same_day"),  # it opens 24 hours before
        (("2026-11-24 08:50", "2026-11-24 19:50"), "same_day"),
        (("2026-11-24 20:00",), "missed"),  # too late, and quiet
        (("2026-11-25 00:10",), "missed"),
    ],
)
def test_without_a_booking_time_only_what_no_complete_run_could_see_is_missed(
    runs: tuple[str, ...], expected: str
) -> None:
    journal = replace(JOURNAL, complete_runs=tuple(at(run) for run in runs))
    assert verdict(appointment(created_at=None), journal) == expected
    # With a booking time the runs do not matter: it may have been cancelled, or without a number.
    assert verdict(appointment(), journal) == "missed"


def test_a_complete_run_in_a_quiet_period_has_seen_nothing() -> None:
    # On Sunday the window of 99 hours is open, and a run would say that it is quiet.
    configured = settings(reminders=(reminder(99),), quiet_days=("sunday",))
    journal = replace(
        JOURNAL, complete_runs=(at("2026-11-22 12:00"),), last_complete_run=at("2026-11-22 12:00")
    )
    row = appointment("1", "2026-11-25 09:00", created_at=None)
    assert verdict(row, journal, configured=configured) == "missed"


@pytest.mark.parametrize(
    ("leftovers", "expected"),
    [
        (left(MessageOutcome.RETRY), "missed"),
        (left(MessageOutcome.DEFERRED), "missed"),
        (left(MessageOutcome.RETRY, start="2026-11-26 09:00"), "same_day"),  # of another start
        (left(MessageOutcome.RETRY, customer_id="4"), "missed"),  # merged since, or given to another
        (left(MessageOutcome.RETRY, appointment_id="2"), "missed"),  # made anew since
        (left(MessageOutcome.RETRY, appointment_id="2", customer_id="4"), "same_day"),  # another's
        (left(MessageOutcome.RETRY, appointment_id="2", start="2026-11-26 09:00"), "same_day"),
        ({}, "same_day"),
    ],
)
def test_what_the_last_run_could_not_send_is_missed_though_that_run_was_complete(
    leftovers: dict[tuple[str, str], object], expected: str
) -> None:
    seen = replace(JOURNAL, complete_runs=(at("2026-11-24 19:50"),), leftovers=leftovers)  # type: ignore[arg-type]
    assert verdict(appointment(created_at=None), seen) == expected


@pytest.mark.parametrize(
    ("contacted", "expected"),
    [
        ("2026-11-24 07:59", "missed"),  # more than twelve hours before the last chance
        ("2026-11-24 08:00", "same_day"),
        ("2026-11-24 19:00", "same_day"),
        ("2026-11-25 07:59", "same_day"),  # or after it
        ("2026-11-25 08:00", "same_day"),  # this very minute
        ("2026-11-25 08:01", "missed"),  # in the future: a typing error
    ],
)
def test_a_customer_whom_somebody_called_around_the_last_chance_was_not_missed(
    contacted: str, expected: str
) -> None:
    assert verdict(appointment(last_contacted_at=contacted)) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"journal_since": at("2026-11-24 20:00")}, "missed"),
        ({"journal_since": at("2026-11-24 20:01")}, "same_day"),  # not from before the journal was made
        ({"reminder_since": {NAME: at("2026-11-24 20:00")}}, "missed"),
        ({"reminder_since": {NAME: at("2026-11-24 20:01")}}, "same_day"),  # nor the first complete run
        ({"reminder_since": {"Terminbestätigung": at("2026-01-01 12:50")}}, "same_day"),  # of this reminder
        ({"reminder_since": {"Vorab": at("2026-01-01 12:50")}}, "missed"),  # or of one that it replaces
        ({"last_complete_run": None}, "same_day"),
        ({"journal_since": None}, "same_day"),
    ],
)
def test_a_new_journal_or_reminder_has_missed_nothing(change: dict[str, object], expected: str) -> None:
    assert verdict(appointment(), replace(JOURNAL, **change)) == expected  # type: ignore[arg-type]


def test_without_a_journal_nothing_is_missed() -> None:
    assert verdict(appointment(), Known()) == "same_day"


def test_in_progress_comes_before_missed() -> None:
    assert verdict(appointment(), replace(JOURNAL, open_claims=frozenset({"17"}))) == "in_progress"


def test_every_reminder_that_should_have_told_it_has_missed_it() -> None:
    two = settings(reminders=(reminder(48, "Vorab"), reminder(24)))
    journal = replace(JOURNAL, reminder_since={NAME: at("2026-01-01 12:50"), "Vorab": at("2026-01-01 12:50")})
    found = [
        (skip.reminder, skip.reason.value) for skip in morning(appointment(), journal, configured=two).skips
    ]
    assert found == [(NAME, "missed"), ("Vorab", "missed")]
