"""`explain`: why somebody gets nothing, or when they will get it (contract, section 7)."""

import json
import time
from typing import Any

import pytest

from practice import REMINDER, Practice, address, days_ahead, number, reminder
from terminbenachrichtigung.demo.loopback import Answer
from terminbenachrichtigung.model.plan import Reason

EARLY = "Vorankündigung"


def explained(practice: Practice, appointment: str = "1", *options: str, now: str | None = None) -> Any:
    ran = practice.run("explain", appointment, "--json", *options, now=now)
    assert (ran.exit_code, ran.stderr) == (0, "")
    return ran.json


def reminders(document: Any) -> dict[str, Any]:
    return {each["reminder"]: each for each in document["reminders"]}


# ---------------------------------------------------------------- the answer


def test_every_rule_in_order_with_the_values_it_looked_at_for_every_reminder(
    either_practice: Practice,
) -> None:
    practice = either_practice
    practice.configure(reminders=[reminder(24), reminder(72, EARLY, ("email",))])
    practice.book("1", "2026-11-25 12:00", preferred_channel="keine")
    document = explained(practice)
    assert list(reminders(document)) == [REMINDER, EARLY]
    lead = {"hours_before": 24, "days_before": None, "at": None}
    assert reminders(document)[REMINDER].items() >= lead.items()
    for each in document["reminders"]:
        assert [verdict["rule"] for verdict in each["verdicts"]] == [
            reason for reason in Reason if reason is not Reason.CHANGED
        ]
    verdicts = {verdict["rule"]: verdict for verdict in reminders(document)[REMINDER]["verdicts"]}
    assert [rule for rule, verdict in verdicts.items() if verdict["skips"]] == ["not_yet_due", "opted_out"]
    assert verdicts["branch_excluded"]["detail"] == "branch HH1"
    assert (
        verdicts["not_yet_due"]["detail"] == "starts 2026-11-25 12:00, due are starts up to 2026-11-25 10:00"
    )
    assert verdicts["opted_out"]["detail"] == "prefers none"
    assert verdicts["no_contact"]["detail"] == f"sms: {number(17)}; email: {address(17)}"
    late, early = reminders(document)[REMINDER], reminders(document)[EARLY]
    assert (late["reason"], early["reason"]) == ("not_yet_due", "opted_out")
    assert (late["first_run"], late["no_run_because"]) == (None, "opted_out")
    assert (late["window_opens"], early["window_opens"]) == (
        "2026-11-24T12:00:00+01:00",
        "2026-11-22T12:00:00+01:00",
    )
    plain = practice.run("explain", "1").stdout
    for words in (
        "not_yet_due",
        "opted_out",
        "prefers none",
        EARLY,
        "No hourly run (at minute 50) will notify it",
    ):
        assert words in plain


def test_a_lead_in_days_is_named_with_its_time_of_day(practice: Practice) -> None:
    evening = {"name": REMINDER, "days_before": 1, "at": "18:00", "channels": ["sms"]}
    practice.configure(reminders=[evening])
    practice.book("1", "2026-11-25 12:00")
    lead = {"hours_before": None, "days_before": 1, "at": "18:00"}
    assert explained(practice)["reminders"][0].items() >= lead.items()


def test_the_promised_run_is_the_one_that_sends(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1", "2026-11-25 14:20")
    first_run = explained(practice)["reminders"][0]["first_run"]
    assert first_run == "2026-11-24T14:50:00+01:00"
    assert practice.run_once(now="2026-11-24 13:50").outcomes == {}
    assert practice.run_once(now="2026-11-24 14:50").outcomes == {"1": "sent"}
    after = explained(practice, now="2026-11-24 15:00")["reminders"][0]
    assert (after["first_run"], after["no_run_because"]) == (None, "already_notified")


def test_the_message_is_the_one_that_dry_run_shows_with_the_other_appointments_in_it(
    practice: Practice,
) -> None:
    practice.book("1")
    practice.book("2", "2026-11-25 17:00")
    practice.book("other", customer=18)
    (dry,) = [message for message in practice.dry_run().json["messages"] if message["customer_id"] == "17"]
    for appointment in ("1", "2"):
        document = explained(practice, appointment)
        each = document["reminders"][0]
        assert each["notified_now"] is True
        assert each["message"] == dry
        assert each["first_run"] == "2026-11-24T10:50:00+01:00"
    assert dry["text"] in practice.run("explain", "2").stdout


def test_the_gap_and_the_other_appointments_of_the_customer_count(practice: Practice) -> None:
    practice.book("1")
    practice.run_once()
    practice.book("2", "2026-11-25 10:15")
    each = explained(practice, "2", now="2026-11-24 10:30")["reminders"][0]
    assert each["reason"] == "recently_notified"
    assert each["first_run"] == "2026-11-24T18:50:00+01:00"  # the last 90 minutes before the night
    assert practice.run_once(now="2026-11-24 17:50").outcomes == {}
    assert practice.run_once(now="2026-11-24 18:50").outcomes == {"2": "sent"}


def test_at_asks_the_rules_at_another_moment(practice: Practice) -> None:
    practice.book("1", "2026-12-03 09:00")
    assert explained(practice)["reminders"][0]["reason"] == "not_yet_due"
    later = explained(practice, "1", "--at", "2026-12-02 09:00")
    assert (later["at"], later["reminders"][0]["notified_now"]) == ("2026-12-02T09:00:00+01:00", True)
    past = explained(practice, "1", "--at", "2026-12-03 09:00")["reminders"][0]
    assert (past["reason"], past["no_run_because"]) == ("past", "past")


def test_in_a_quiet_period_the_rules_are_asked_as_the_first_run_after_it_asks_them(
    practice: Practice,
) -> None:
    practice.book("1", "2026-11-26 07:30")
    document = explained(practice, now="2026-11-24 22:00")
    assert (document["quiet"], document["next_open"]) == (True, "2026-11-25T08:00:00+01:00")
    assert document["reminders"][0]["notified_now"] is True
    assert document["reminders"][0]["first_run"] == "2026-11-25T08:50:00+01:00"
    assert (
        "quiet period until 2026-11-25 08:00" in practice.run("explain", "1", now="2026-11-24 22:00").stdout
    )


def test_a_month_ahead_the_run_is_known_and_what_the_customer_gets_until_then(practice: Practice) -> None:
    practice.book("1", "2027-01-20 15:00")
    practice.book("before", "2027-01-20 11:00")
    each = explained(practice)["reminders"][0]
    assert each["first_run"] == "2027-01-19T11:50:00+01:00"
    assert each["message"]["appointment_ids"] == ["before", "1"]


# ---------------------------------------------------------------- addresses, journal


def test_every_contact_field_says_what_was_found_and_why_others_were_refused(practice: Practice) -> None:
    practice.book(
        "1",
        mobile="0171 5555 Ute, 030 123456",
        phone="privat; 0171 5555555",
        email="anna@example.org, b@c.de",
    )
    addresses = explained(practice)["addresses"]
    assert [(a["field"], a["typed"], a["recipient"], a["why"]) for a in addresses] == [
        ("mobile", "0171 5555 Ute", None, "unclear letters beside it"),
        ("mobile", "030 123456", None, "not a mobile number"),
        ("phone", "privat", None, "no number"),
        ("phone", "privat; 0171 5555555", "+491715555555", ""),
        ("email", "anna@example.org, b@c.de", "anna@example.org", ""),
    ]
    assert "unclear letters beside it" in practice.run("explain", "1").stdout


def test_what_the_journal_knows_notifications_with_states_and_attempts(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1")
    practice.book("other", customer=18)
    practice.gateway.script = lambda request: (
        Answer(status="NoRecipientFound") if request.operation == "SendSimpleSMS" else None
    )
    practice.run_once()
    practice.change("1", starts_at="2026-11-25 11:00")
    practice.gateway.script = None
    document = explained(practice, now="2026-11-24 10:30")
    (told,) = document["notifications"]
    assert (told["reminder"], told["generation"], told["state"], told["starts_at"]) == (
        REMINDER, 1, "sent", "2026-11-25T09:00:00+01:00",
    )  # fmt: skip
    (message,) = document["messages"]
    assert message["message_id"] == told["message_id"]
    assert [(attempt["channel"], attempt["outcome"]) for attempt in message["attempts"]] == [
        ("sms", "rejected"),
        ("email", "sent"),
    ]
    assert document["reminders"][0]["reason"] == "not_yet_due"  # the new time is not due yet
    plain = practice.run("explain", "1").stdout
    assert "rejected: NoRecipientFound" in plain
    assert told["message_id"] in plain


def test_an_appointment_that_is_gone_shows_what_the_journal_still_knows(practice: Practice) -> None:
    practice.book("1")
    practice.run_once()
    practice.remove("1")
    document = explained(practice)
    assert (document["appointment"], document["reminders"]) == (None, [])
    assert len(document["messages"]) == 1
    assert "not in the schedule" in practice.run("explain", "1").stdout


def test_without_a_journal_it_explains_all_the_same(practice: Practice) -> None:
    (practice.folder / "journal.db").unlink()
    practice.book("1")
    assert explained(practice)["reminders"][0]["notified_now"] is True
    assert "There is no journal yet" in practice.run("explain", "1").stdout
    assert not (practice.folder / "journal.db").exists()


# ---------------------------------------------------------------- unfit


@pytest.mark.parametrize("unknown", ["4711", "", "x' OR 1=1 --", "\udcff"], ids=ascii)
def test_an_unknown_appointment_is_a_wrong_argument(unknown: str, either_practice: Practice) -> None:
    either_practice.book("1")
    ran = either_practice.run("explain", unknown, "--json")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr.startswith("Error: there is no appointment ")
    assert ran.stderr.endswith(" in the schedule\n")


def test_a_bad_row_is_an_answer_too(practice: Practice) -> None:
    practice.book("1", "sometime")
    document = explained(practice)
    assert document["appointment"] is None
    assert [bad["appointment_id"] for bad in document["bad_rows"]] == ["1"]
    assert "bad row: 1" in practice.run("explain", "1").stdout


def test_an_appointment_without_a_customer_and_a_text_that_cannot_be_filled_in(practice: Practice) -> None:
    practice.book("1", customer_id=None)
    assert explained(practice)["reminders"][0]["message"] is None
    practice.configure(
        templates={REMINDER.lower(): {"de": {"sms": "{{ 1 // (customer.first_name | length - 7) }}"}}},
        reminders=[reminder(24, channels=("sms",))],
    )
    practice.book("2", first_name="Rosalie")  # seven letters, which divide by nothing
    each = explained(practice, "2")["reminders"][0]
    assert (each["reason"], each["message"]) == ("no_contact", None)
    assert each["message_problem"]


def test_nothing_raw_from_the_schedule_reaches_the_terminal(practice: Practice) -> None:
    practice.book("1", last_name="\x1b[31mBerger\nTagesordnung", mobile="0171\x1b]0;x\x07 Ute")
    ran = practice.run("explain", "1")
    assert ran.exit_code == 0
    assert "\x1b" not in ran.stdout
    assert "\x07" not in ran.stdout


def test_as_a_process_it_prints_one_document_and_writes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with Practice(tmp_path_factory.mktemp("practice"), now=None) as practice:
        practice.configure(rules={"quiet_hours": False})
        practice.book("1", days_ahead(3))
        ran = practice.process("explain", "1", "--json")
        assert (ran.exit_code, ran.stderr) == (0, "")
        assert json.loads(ran.stdout)["reminders"][0]["first_run"].startswith(days_ahead(2, "")[:10])
        assert practice.sql("SELECT count(*) FROM journal_runs", "journal") == [(0,)]
        assert practice.received == 0


def test_among_thousands_of_appointments_the_answer_takes_a_moment(practice: Practice) -> None:
    with practice.database("schedule").begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO reminder_appointments"
            " (appointment_id, starts_at, customer_id, type_notifiable, is_group)"
            " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)"
            " SELECT 'x' || i, datetime('2026-11-24 11:00', '+' || (i % 20000) || ' minutes'),"
            " 'c' || i, 1, 0 FROM n"
        )
    practice.book("1", "2026-12-05 10:30")
    began = time.process_time()
    assert explained(practice)["reminders"][0]["first_run"] == "2026-12-04T10:50:00+01:00"
    assert time.process_time() - began < 20  # only its customer's rows are planned, hour by hour
