"""Whom a run does not notify, and why: every reason and every example of the contract, section 2."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from practice import TUESDAY_TEN, Practice, local, number, reminder
from terminbenachrichtigung.model.plan import Reason

WEDNESDAY = "2026-11-25 09:00"
Setup = Callable[[Practice], None]


def booked(start: str = WEDNESDAY, **columns: Any) -> Setup:
    """One appointment that is in order but for these columns."""
    return lambda practice: practice.book("1", start, **columns)


def configured(start: str = WEDNESDAY, rules: dict[str, object] | None = None, **columns: Any) -> Setup:
    """The same, under other rules."""

    def setup(practice: Practice) -> None:
        practice.configure(rules=rules or {})
        practice.book("1", start, **columns)

    return setup


def already_told(practice: Practice) -> None:
    practice.book("1")
    practice.run_once(now="2026-11-24 09:50")


def being_told(practice: Practice) -> None:
    """Another run, on another machine, has just claimed a message for this customer."""
    practice.book("1")
    practice.sql(
        "INSERT INTO journal_messages (message_id, run_id, reminder, customer_id, state, channel, recipient,"
        " run_now, claimed_at, renewed_at) VALUES ('m', 'another', 'Terminerinnerung', '17', 'claimed',"
        " 'sms', '+491715500017', :now, :lease, :lease)",
        "journal",
        now="2026-11-24 08:59:00.000000",
        # By the database's own clock, which no test can set.
        lease=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}.000000",
    )


def never_told(practice: Practice) -> None:
    """The runs of yesterday afternoon did not take place."""
    practice.run_once(now="2026-11-23 08:00")
    practice.book("1", "2026-11-24 14:00", created_at="2026-11-23 07:00")


def with_a_shorter_reminder(practice: Practice) -> None:
    practice.configure(reminders=[reminder(48, "zwei Tage"), reminder(24, "ein Tag")])
    practice.book("1")


def told_of_another_appointment(practice: Practice) -> None:
    practice.book("0", "2026-11-25 08:30")
    practice.run_once(now="2026-11-24 09:00")
    practice.book("1", "2026-11-25 09:45")  # was not there when the message went out


def for_trying_out(practice: Practice) -> None:
    practice.configure(safety={"only_recipients": [number(99)]})
    practice.book("1")


def for_others(**only: list[str]) -> Setup:
    def setup(practice: Practice) -> None:
        practice.configure(reminders=[reminder() | only])
        practice.book("1")

    return setup


REASONS = [
    ("no_customer", booked(customer_id=None), "no customer"),
    ("no_customer", booked(customer_id=""), "no customer"),
    ("group_appointment", booked(is_group=True), "group"),
    ("type_not_allowed", booked(type_notifiable=False), "Hörtest"),
    ("status_excluded", booked(status=" gePLATZT "), "gePLATZT"),
    ("branch_excluded", configured(rules={"include_branches": ["B*"]}), "HH1"),
    ("branch_excluded", configured(rules={"exclude_branches": ["hh?"]}), "HH1"),
    ("not_for_this_reminder", for_others(types=["Anpassung", "Seh*"]), "type Hörtest"),
    ("not_for_this_reminder", for_others(branches=["B?"]), "branch HH1"),
    ("already_notified", already_told, "sent"),
    ("in_progress", being_told, "another run"),
    ("held", booked(import_state="held"), "held"),
    ("missed", never_told, "last chance 2026-11-23 20:00"),
    ("same_day", booked("2026-11-24 16:00"), "2026-11-24 16:00"),
    ("booked_recently", configured(rules={"hours_after_booking": 3}, created_at="2026-11-24 07:01"), "07:01"),
    ("opted_out", booked(preferred_channel="Keine"), "prefers none"),
    ("no_consent", configured(rules={"require_consent": True}, reminder_consent=False), "consent"),
    ("manual_contact", booked(preferred_channel="Brief"), "letter"),
    ("manual_contact", booked(preferred_channel="telefon"), "phone"),
    ("no_contact", booked(mobile="0171 5555 Ute", email="anna@"), "0171 5555 Ute: unclear letters"),
    ("no_contact", booked(mobile="", email=""), "sms: no number; email: no address"),
    ("recently_notified", told_of_another_appointment, "Terminerinnerung at 2026-11-24 09:00"),
    ("recently_notified", booked(last_contacted_at="2026-11-23 22:01"), "by hand at 2026-11-23 22:01"),
    ("held_back", for_trying_out, "only_recipients"),
]


@pytest.mark.parametrize(("reason", "setup", "detail"), REASONS, ids=[reason for reason, _, _ in REASONS])
def test_a_run_says_why_it_leaves_an_appointment_alone(
    reason: str, setup: Setup, detail: str, practice: Practice
) -> None:
    setup(practice)
    before = practice.received
    shown = practice.dry_run(at=TUESDAY_TEN)
    ran = practice.run_once()
    (said,) = [skip for skip in ran.json["skipped"] if skip["appointment_id"] == "1"]
    assert (said["reason"], said["reminder"]) == (reason, "Terminerinnerung")
    assert detail in said["detail"]
    assert ran.exit_code == (1 if reason == "missed" else 0)
    assert shown.json["skipped"] == ran.json["skipped"]
    assert practice.received == before


def test_a_reminder_gives_way_to_a_shorter_one_that_is_planned_or_told(practice: Practice) -> None:
    with_a_shorter_reminder(practice)
    for outcome in ({"1": "sent"}, {}):
        ran = practice.run_once()
        assert ran.outcomes == outcome
        said = {skip["reminder"]: skip["reason"] for skip in ran.json["skipped"]}
        assert said["zwei Tage"] == "superseded"
    assert practice.received == 1


def test_every_reason_that_a_run_can_give_is_told_by_name_here() -> None:
    elsewhere = {
        Reason.SUPERSEDED,  # above
        Reason.CONFIRMED,  # test_replies
        Reason.CHANGED,  # test_changes
        Reason.PAST,  # these two appear in `explain` alone
        Reason.NOT_YET_DUE,
    }
    assert {reason for reason, _, _ in REASONS} == {reason.value for reason in set(Reason) - elsewhere}


def test_the_first_rule_that_says_no_gives_the_reason(practice: Practice) -> None:
    practice.configure(rules={"exclude_branches": ["HH1"], "require_consent": True})
    practice.book(
        "1",
        customer_id=None,
        is_group=True,
        type_notifiable=False,
        status="Storniert",
        reminder_consent=False,
    )
    expected = ["no_customer", "group_appointment", "type_not_allowed", "status_excluded", "branch_excluded"]
    repairs: list[dict[str, object]] = [
        {"customer_id": "17"},
        {"is_group": False},
        {"type_notifiable": True},
        {"status": "Geplant"},
        {"branch_code": "HH2"},
    ]
    said = []
    for repair in repairs:
        said.append(practice.dry_run().reasons["1"])
        practice.change("1", **repair)
    assert said == expected
    assert practice.dry_run().reasons == {"1": "no_consent"}


# ---------------------------------------------------------------- the examples of the contract

SUNDAY: dict[str, object] = {"quiet_days": ["sunday"]}
CHRISTMAS: dict[str, object] = {"quiet_dates": ["2026-12-24"], "quiet_holidays": "DE-HH"}
EXAMPLES = [
    ("2026-11-24 10:00", "2026-11-25 10:00", {}, "due"),  # inclusive
    ("2026-11-24 10:00", "2026-11-25 10:01", {}, "not_yet_due"),
    ("2026-11-24 10:00", "2026-11-24 16:00", {}, "same_day"),
    ("2026-11-24 18:29", "2026-11-25 19:30", {}, "not_yet_due"),
    ("2026-11-24 18:30", "2026-11-25 19:30", {}, "due"),  # before quiet
    ("2026-11-24 18:30", "2026-11-26 07:00", {}, "due"),  # E = Wed 08:00, + 23 h
    ("2026-11-24 18:30", "2026-11-26 07:01", {}, "not_yet_due"),
    ("2026-11-24 19:59", "2026-11-25 09:00", {}, "due"),
    ("2026-11-24 20:00", "2026-11-25 09:00", {}, "quiet"),
    ("2026-11-25 08:00", "2026-11-26 07:30", {}, "due"),
    ("2026-11-28 18:30", "2026-11-30 08:30", SUNDAY, "due"),  # E = Mon 08:00
    ("2026-11-28 18:30", "2026-12-01 07:00", SUNDAY, "due"),
    ("2026-11-28 18:30", "2026-12-01 07:01", SUNDAY, "not_yet_due"),
    ("2027-03-27 10:00", "2027-03-28 11:00", {}, "due"),  # 24 h elapsed over the switch to summer time
    ("2026-10-24 10:00", "2026-10-25 09:01", {}, "not_yet_due"),  # 24 h 1 min over the switch back
]


@pytest.mark.parametrize(("at", "start", "rules", "verdict"), EXAMPLES)
def test_every_example_of_the_contract(
    at: str, start: str, rules: dict[str, object], verdict: str, practice: Practice
) -> None:
    practice.configure(rules=rules)
    practice.book("1", start)
    shown = practice.dry_run(at=at)
    ran = practice.run_once(now=at)
    assert (shown.exit_code, ran.exit_code) == (0, 0)
    found = "due" if shown.outcomes else shown.reasons.get("1", "not_yet_due")
    assert ("quiet" if shown.json["quiet"] else found) == verdict
    assert ran.json["quiet"] is (verdict == "quiet")
    assert practice.texted == ([number(17)] if verdict == "due" else [])


def test_past_and_not_yet_due_are_never_listed(practice: Practice) -> None:
    practice.book("past", "2026-11-24 09:30", customer=1)
    practice.book("now", TUESDAY_TEN, customer=2)
    practice.book("later", "2026-11-27 09:30", customer=3)
    ran = practice.dry_run(at=TUESDAY_TEN)
    assert (ran.outcomes, ran.reasons) == ({}, {})


# ---------------------------------------------------------------- quiet periods


@pytest.mark.parametrize(
    ("at", "opens", "rules"),
    [
        ("2026-11-24 20:00", "2026-11-25T08:00:00+01:00", {}),
        ("2026-11-25 07:59", "2026-11-25T08:00:00+01:00", {}),
        ("2026-11-29 12:00", "2026-11-30T08:00:00+01:00", SUNDAY),
        ("2026-12-24 12:00", "2026-12-27T08:00:00+01:00", CHRISTMAS),
        ("2027-03-28 00:30", "2027-03-28T08:00:00+02:00", {}),  # the night of summer time
    ],
)  # fmt: skip
def test_in_a_quiet_period_a_run_sends_nothing_and_says_until_when(
    at: str, opens: str, rules: dict[str, object], practice: Practice
) -> None:
    practice.configure(rules=rules)
    practice.book("1", (local(at) + timedelta(hours=20)).isoformat())
    ran = practice.run_once(now=at)
    assert (ran.exit_code, ran.json["quiet"], ran.json["next_open"]) == (0, True, opens)
    assert (ran.json["messages"], ran.json["skipped"], practice.received) == ([], [], 0)
    assert "quiet period until" in practice.run("run-once", now=at).stdout


def test_dry_run_in_a_quiet_period_shows_what_the_first_run_after_it_would_do(practice: Practice) -> None:
    practice.book("1", "2026-11-26 07:30")
    shown = practice.dry_run(at="2026-11-24 23:00")
    assert (shown.json["quiet"], shown.json["next_open"]) == (True, "2026-11-25T08:00:00+01:00")
    assert shown.outcomes == {"1": None}
    assert practice.run_once(now="2026-11-25 08:00").outcomes == {"1": "sent"}


def test_without_quiet_hours_a_run_sends_at_night(practice: Practice) -> None:
    practice.configure(rules={"quiet_hours": False})
    practice.book("1", "2026-11-25 20:00")
    assert practice.run_once(now="2026-11-24 23:00").outcomes == {"1": "sent"}


def test_with_same_day_a_run_reminds_of_todays_appointment_too(practice: Practice) -> None:
    practice.configure(rules={"same_day": True})
    practice.book("1", "2026-11-24 16:00")
    assert practice.run_once().outcomes == {"1": "sent"}
