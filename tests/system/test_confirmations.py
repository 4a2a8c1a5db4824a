"""Confirmations of bookings (AMPAREX: Terminbestätigung): once, by e-mail, and the reminder still follows."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from practice import BERLIN, Practice, address, calendar_of, days_ahead, number
from terminbenachrichtigung.model.journal import CONFIRMATION

ELEVEN, NOON = "2026-11-24 11:00", "2026-11-24 12:00"
NEW = "2026-11-24 10:30"
"""A booking after ten o'clock, when the run with which confirmations begin takes place."""
FAR = "2027-02-02 09:00"
"""In no window of any reminder for long."""


@pytest.fixture
def confirming(either_practice: Practice) -> Practice:
    """A practice that confirms what is booked from ten o'clock on."""
    either_practice.configure(confirmation={"enabled": True})
    assert either_practice.run_once().exit_code == 0
    return either_practice


def test_a_new_booking_is_confirmed_once_by_email_with_a_calendar_file(confirming: Practice) -> None:
    confirming.book("old", FAR, customer=1)
    confirming.book("new", FAR, customer=2, created_at=NEW)
    shown = confirming.dry_run(at=ELEVEN).json["messages"]
    ran = confirming.run_once(now=ELEVEN)
    assert ran.outcomes == {"new": "sent"}
    (message,) = ran.json["messages"]
    assert (message["reminder"], message["channel"]) == (CONFIRMATION, "email")
    assert message["text"] == shown[0]["text"]
    (mail,) = confirming.mail.received
    assert mail.recipient == address(2)
    assert mail.message["Subject"] == "Terminbestätigung: Dienstag, 2. Februar um 09:00 Uhr – Optik Nord"
    assert calendar_of(confirming, 0)["DTSTART"] == "20270202T080000Z"
    assert confirming.run_once(now=NOON).outcomes == {}
    assert confirming.received == 1


def test_switching_it_on_sends_nothing_for_old_bookings_also_the_second_time(confirming: Practice) -> None:
    confirming.book("before", FAR, customer=1, created_at="2026-11-24 09:59")
    confirming.book("unknown", FAR, customer=2, created_at=None)
    assert confirming.run_once(now="2026-11-24 10:50").outcomes == {}
    confirming.configure(confirmation={"enabled": False})
    confirming.book("meanwhile", FAR, customer=3, created_at=NEW)
    confirming.run_once(now=ELEVEN)
    confirming.configure(confirmation={"enabled": True})
    confirming.run_once(now="2026-11-24 11:30")
    confirming.book("after", FAR, customer=4, created_at="2026-11-24 11:40")
    assert confirming.run_once(now=NOON).outcomes == {"after": "sent"}


def test_a_confirmed_appointment_that_is_moved_is_confirmed_anew_in_the_same_calendar_entry(
    confirming: Practice,
) -> None:
    confirming.book("1", FAR, created_at=NEW)
    confirming.run_once(now=ELEVEN)
    confirming.change("1", starts_at="2027-02-03 10:00")
    assert confirming.run_once(now=NOON).outcomes == {"1": "sent"}
    first, second = calendar_of(confirming, 0), calendar_of(confirming, 1)
    assert first["UID"] == second["UID"]
    assert int(first["SEQUENCE"]) < int(second["SEQUENCE"])
    assert second["DTSTART"] == "20270203T090000Z"


def test_the_confirmation_does_not_count_for_the_gap_and_the_reminder_still_follows(
    confirming: Practice,
) -> None:
    confirming.book("1", "2026-11-25 10:30", created_at=NEW)
    ran = confirming.run_once(now=ELEVEN)  # both at once
    assert [(each["reminder"], each["outcome"]) for each in ran.json["messages"]] == [
        ("Terminerinnerung", "sent"),
        (CONFIRMATION, "sent"),
    ]
    confirming.book("2", "2026-11-25 16:00", customer=18, created_at=NEW)
    assert [each["reminder"] for each in confirming.run_once(now=NOON).json["messages"]] == [CONFIRMATION]
    later = confirming.run_once(now="2026-11-24 16:00")
    assert [(each["reminder"], each["outcome"]) for each in later.json["messages"]] == [
        ("Terminerinnerung", "sent")
    ]
    assert confirming.texted == [number(17), number(18)]


def test_a_reminder_that_was_just_sent_does_not_hold_a_confirmation_back(confirming: Practice) -> None:
    confirming.book("soon", "2026-11-25 10:30")
    assert confirming.run_once(now=ELEVEN).outcomes == {"soon": "sent"}
    confirming.book("far", FAR, created_at="2026-11-24 11:20")
    assert confirming.run_once(now=NOON).outcomes == {"far": "sent"}
    assert (confirming.texted, confirming.mailed) == ([number(17)], [address(17)])


def test_new_bookings_of_one_customer_go_into_one_mail(confirming: Practice) -> None:
    confirming.book("1", FAR, created_at=NEW)
    confirming.book("2", "2027-03-02 09:00", created_at=NEW)
    (message,) = confirming.run_once(now=ELEVEN).json["messages"]
    assert message["appointment_ids"] == ["1", "2"]
    assert confirming.mailed == [address(17)]


@pytest.mark.parametrize(
    ("columns", "outcomes"),
    [
        pytest.param({"start": "2026-11-24 16:00"}, {"1": "sent"}, id="later today"),
        pytest.param({"start": "2026-11-24 10:59"}, {}, id="started"),
        pytest.param({"is_group": True}, {}, id="a group"),
        pytest.param({"type_notifiable": False}, {}, id="a type without messages"),
        pytest.param({"status": "Storniert"}, {}, id="cancelled"),
        pytest.param({"customer_id": None}, {}, id="no customer"),
        pytest.param({"preferred_channel": "keine"}, {}, id="opted out"),
        pytest.param({"preferred_channel": "Telefon"}, {"1": "sent"}, id="prefers to be called"),
        pytest.param({"email": ""}, {}, id="no address"),
        pytest.param({"mobile": ""}, {"1": "sent"}, id="no number"),
    ],
)
def test_who_is_confirmed(columns: dict[str, object], outcomes: dict[str, str], practice: Practice) -> None:
    practice.configure(confirmation={"enabled": True})
    practice.run_once()
    practice.book("1", **({"start": FAR, "created_at": NEW} | columns))  # type: ignore[arg-type]
    assert practice.run_once(now=ELEVEN).outcomes == outcomes


def test_without_consent_nothing_is_confirmed_where_consent_is_asked_for(practice: Practice) -> None:
    practice.configure(confirmation={"enabled": True}, rules={"require_consent": True})
    practice.run_once()
    practice.book("1", FAR, created_at=NEW, reminder_consent=False)
    assert practice.run_once(now=ELEVEN).reasons == {"1": "no_consent"}
    assert practice.received == 0


def test_a_skip_is_shown_by_the_first_run_after_the_booking_alone(practice: Practice) -> None:
    practice.configure(confirmation={"enabled": True})
    practice.run_once()
    practice.book("1", FAR, created_at=NEW, email="")
    assert practice.run_once(now=ELEVEN).reasons == {"1": "no_contact"}
    assert practice.run_once(now=NOON).reasons == {}


def test_what_is_booked_in_the_night_is_confirmed_in_the_morning(practice: Practice) -> None:
    practice.configure(confirmation={"enabled": True})
    practice.run_once()
    practice.book("1", FAR, created_at="2026-11-24 21:30")
    assert practice.run_once(now="2026-11-24 21:50").json["quiet"]
    assert practice.received == 0
    assert practice.run_once(now="2026-11-25 08:00").outcomes == {"1": "sent"}


def test_a_refused_confirmation_is_news_once_and_no_reason_to_call_a_reminder_sent(
    practice: Practice,
) -> None:
    practice.configure(confirmation={"enabled": True})
    practice.run_once()
    practice.mail.script = lambda command, _: "550 no such user" if command == "RCPT" else None
    practice.book("1", "2026-11-26 16:00", created_at=NEW)
    ran = practice.run_once(now=ELEVEN)
    assert (ran.exit_code, ran.outcomes) == (1, {"1": "failed"})
    again = practice.run_once(now=NOON)
    assert (again.exit_code, again.outcomes) == (0, {})
    assert practice.run_once(now="2026-11-25 16:00").told == {"1": ["sms sent"]}


def test_an_address_that_was_refused_for_the_reminder_is_not_tried_by_the_confirmation_of_the_same_run(
    confirming: Practice,
) -> None:
    confirming.book("refused", "2026-11-25 10:30", created_at=NEW, mobile="")
    confirming.book("other", FAR, customer=18, created_at=NEW)
    asked: list[str] = []

    def refuse(command: str, to: str) -> str | None:
        if command == "RCPT" and address(17) in to:
            asked.append(to)
            return "550 no such user"
        return None

    confirming.mail.script = refuse
    ran = confirming.run_once(now=ELEVEN)
    assert [(each["reminder"], each["outcome"]) for each in ran.json["messages"]] == [
        ("Terminerinnerung", "failed"),
        (CONFIRMATION, "sent"),
    ]
    assert ran.reasons["refused"] == "no_contact"
    assert (len(asked), confirming.mailed) == (1, [address(18)])


def test_a_closed_mail_server_leaves_confirmations_to_the_next_run(practice: Practice) -> None:
    practice.configure(confirmation={"enabled": True}, email={"timeout_seconds": 1})
    practice.run_once()
    practice.book("1", FAR, created_at=NEW)
    practice.mail.script = lambda command, _: "421 come again" if command == "MAIL" else None
    assert practice.run_once(now=ELEVEN).outcomes == {"1": "retry"}
    practice.mail.script = None
    assert practice.run_once(now=NOON).outcomes == {"1": "sent"}
    assert len(practice.mailed) == 1


def test_a_plan_with_too_many_confirmations_is_braked(practice: Practice) -> None:
    practice.configure(confirmation={"enabled": True}, safety={"max_messages_per_run": 2})
    practice.run_once()
    for customer in range(3):
        practice.book(str(customer), FAR, customer=customer, created_at=NEW)
    ran = practice.run_once(now=ELEVEN)
    assert (ran.exit_code, set(ran.outcomes.values())) == (1, {"deferred"})
    assert practice.received == 0
    assert set(practice.run_once("--max-messages", "3", now=NOON).outcomes.values()) == {"sent"}


def test_an_appointment_that_is_cancelled_while_reminders_are_sent_is_not_confirmed(
    practice: Practice,
) -> None:
    practice.configure(confirmation={"enabled": True}, sms={"timeout_seconds": 60})
    practice.run_once()
    practice.book("soon", "2026-11-25 10:30")
    practice.book("new", FAR, customer=2, created_at=NEW)

    def cancel(_: object) -> None:
        practice.cancel("new")
        practice.pass_time(31)

    practice.gateway.script = cancel
    ran = practice.run_once(now=ELEVEN)
    assert (ran.outcomes, ran.reasons) == ({"soon": "sent"}, {"new": "changed"})
    assert practice.mailed == []


def test_a_confirmation_does_not_hide_that_the_reminder_was_missed(practice: Practice) -> None:
    """Confirmed on Tuesday; then cron stood still until Thursday noon, when it starts in the afternoon."""
    practice.configure(confirmation={"enabled": True})
    practice.run_once()
    practice.book("1", "2026-11-26 16:00", created_at=NEW)
    assert practice.run_once(now=ELEVEN).outcomes == {"1": "sent"}
    assert practice.run_once(now="2026-11-26 12:00").reasons == {"1": "missed"}


def test_explain_says_what_the_confirmation_makes_of_it(practice: Practice) -> None:
    practice.configure(confirmation={"enabled": True})
    practice.book("old", FAR)
    practice.book("new", FAR, customer=2, created_at=NEW)
    first = practice.run("explain", "new").stdout
    assert "Terminbestätigung: no run confirms it: no run has been complete since" in first
    practice.run_once()
    old = practice.run("explain", "old", now=ELEVEN).stdout
    assert "no run confirms it: it was not booked since 2026-11-24 10:00" in old
    assert (
        "Terminbestätigung: a run at 2026-11-24 11:00 confirms it"
        in practice.run("explain", "new", now=ELEVEN).stdout
    )
    practice.run_once(now=ELEVEN)
    after = practice.run("explain", "new", "--json", now=NOON).json
    assert after["confirmation"]["reason"] == "already_notified"
    assert [each["reminder"] for each in after["notifications"]] == [CONFIRMATION]


def test_it_needs_the_time_of_booking_and_says_so(practice: Practice) -> None:
    practice.configure(confirmation={"enabled": True}, schedule={"source": "without"})
    practice.sql("CREATE VIEW without AS SELECT appointment_id, starts_at, customer_id, type_notifiable, "
                 "is_group FROM reminder_appointments")  # fmt: skip
    ran = practice.run_once()
    assert ran.exit_code == 3
    assert "lacks the column created_at (for confirmation.enabled)" in ran.stderr


def test_two_runs_at_once_confirm_each_booking_once(tmp_path: Path) -> None:
    with Practice(tmp_path, now=None) as practice:
        practice.configure(confirmation={"enabled": True}, rules={"quiet_hours": False})
        assert practice.process("run-once").exit_code == 0
        booked = f"{datetime.now(BERLIN) + timedelta(seconds=1):%Y-%m-%d %H:%M:%S}"
        for customer in range(20):
            practice.book(str(customer), days_ahead(40), customer=customer, created_at=booked)
        runs = [practice.start("run-once", "--json") for _ in range(2)]
        for run in runs:
            run.communicate(timeout=60)
            assert run.returncode == 0
        assert sorted(practice.mailed) == sorted(address(customer) for customer in range(20))


def test_what_the_account_holds_is_reported_with_confirmations_too(practice: Practice) -> None:
    practice.configure(confirmation={"enabled": True}, sms={"credits_warn_below": 5000})
    practice.run_once()
    practice.book("soon", "2026-11-25 10:30")
    practice.book("new", FAR, customer=2, created_at=NEW)
    ran = practice.run_once(now=ELEVEN)
    assert (ran.exit_code, set(ran.outcomes.values())) == (1, {"sent"})
    assert ran.json["credits"]["balance"] is not None


def test_a_clock_that_goes_wrong_confirms_no_old_booking(confirming: Practice) -> None:
    confirming.run_once(now="2026-09-24 10:00")  # months back, for one run
    confirming.book("old", FAR, customer=1, created_at="2026-10-30 12:00")
    confirming.book("new", FAR, customer=2, created_at="2026-11-24 11:20")
    assert confirming.run_once(now="2026-11-24 12:00").outcomes == {"new": "sent"}


def test_a_clock_that_was_ahead_silences_no_confirmation_for_ever(practice: Practice) -> None:
    practice.run_once(now="2026-11-24 09:00")
    practice.configure(confirmation={"enabled": True})
    practice.run_once(now="2028-03-01 10:00")  # the first run with confirmations has a wrong clock
    practice.run_once(now="2026-11-24 10:00")
    practice.book("new", FAR, customer=2, created_at="2026-11-24 10:30")
    assert practice.run_once(now="2026-11-24 11:00").outcomes == {"new": "sent"}
