"""Corrections (contract, section 9): whoever was told what holds no more hears so, once, and no one else."""

import email.message
from typing import Any

import pytest

from practice import Practice, Ran, address, calendar_of, number, reminder
from terminbenachrichtigung.demo.loopback import Answer, Request
from terminbenachrichtigung.model.journal import CANCELLATION, MOVE

NINE, SEVEN = "2026-11-25 09:00", "2026-11-25 19:00"
FRIDAY = "2026-11-27 10:30"
ELEVEN, NOON, ONE, TWO, THREE = (f"2026-11-24 {hour}:00" for hour in range(11, 16))


@pytest.fixture
def correcting(either_practice: Practice) -> Practice:
    """A practice that corrects, and has told a customer at ten on Tuesday of Wednesday at nine."""
    either_practice.configure(corrections={"enabled": True})
    either_practice.book("1", NINE)
    assert either_practice.run_once().outcomes == {"1": "sent"}
    return either_practice


def sent(ran: Ran) -> list[tuple[str, str | None]]:
    """The reminders and corrections of a run, with what became of them."""
    return [(message["reminder"], message.get("outcome")) for message in ran.json["messages"]]


def texts(practice: Practice) -> list[str]:
    return [job.text for job in practice.gateway.jobs]


def on_the_list(practice: Practice, now: str) -> list[tuple[str, str]]:
    customers = practice.run("staff-list", "--json", now=now).json["customers"]
    return [(each["customer_id"], each["reason"]) for each in customers]


# ---------------------------------------------------------------- cancelled


def test_a_cancellation_is_told_once_by_the_second_run_that_sees_it(correcting: Practice) -> None:
    correcting.cancel("1")
    first, second, third = (correcting.run_once(now=now) for now in (ELEVEN, NOON, ONE))
    assert [sent(ran) for ran in (first, second, third)] == [[], [(CANCELLATION, "sent")], []]
    assert [ran.exit_code for ran in (first, second, third)] == [0, 0, 0]
    assert texts(correcting)[-1] == (
        "Guten Tag Frau Berger17, Ihr Termin am Mittwoch, 25. November um 09:00 Uhr entfällt."
        " Optik Nord, Tel. 040 123456"
    )
    assert correcting.texted == [number(17), number(17)]


def test_a_cancellation_that_was_undone_is_told_nobody(correcting: Practice) -> None:
    correcting.cancel("1")
    assert sent(correcting.run_once(now=ELEVEN)) == []
    correcting.change("1", status="Geplant")
    assert sent(correcting.run_once(now=NOON)) == []
    correcting.cancel("1")
    assert sent(correcting.run_once(now=ONE)) == []  # seen once only, since it was undone
    assert sent(correcting.run_once(now=TWO)) == [(CANCELLATION, "sent")]


def test_it_is_off_by_default(practice: Practice) -> None:
    practice.book("1", NINE)
    practice.run_once()
    practice.cancel("1")
    assert [sent(practice.run_once(now=now)) for now in (ELEVEN, NOON, ONE)] == [[], [], []]


@pytest.mark.parametrize("switched_off", ["cancelled", "moved"])
def test_each_kind_can_be_switched_off(switched_off: str, practice: Practice) -> None:
    practice.configure(corrections={"enabled": True, switched_off: False})
    practice.book("off", NINE, customer=1)
    practice.book("moved", NINE, customer=2)
    practice.run_once()
    practice.cancel("off")
    practice.change("moved", starts_at=FRIDAY)
    practice.run_once(now=ELEVEN)
    told = {"cancelled": "moved", "moved": "off"}[switched_off]
    assert practice.run_once(now=NOON).outcomes == {told: "sent"}


@pytest.mark.parametrize("how", ["gone", "given away", "nobody's", "unreadable", "group", "type", "missing"])
def test_what_a_person_must_look_at_is_never_corrected(how: str, correcting: Practice) -> None:
    """Gone, unreadable or given away; and what rules 1 to 3 leave alone."""
    changes: dict[str, dict[str, Any]] = {
        "given away": {"customer_id": "18", "last_name": "Neu", "status": "Storniert"},
        "nobody's": {"customer_id": None, "status": "Storniert"},
        "group": {"is_group": True, "status": "Storniert"},
        "type": {"type_notifiable": False, "status": "Storniert"},
        "missing": {"import_state": "gone", "status": "Storniert"},
    }
    if how == "gone":
        correcting.remove("1")
    elif how == "unreadable":
        correcting.remove("1")
        correcting.book("1", NINE, customer=17, status="Storniert", branch_name="A")
        correcting.book("1", NINE, customer=17, status="Storniert", branch_name="B")
    else:
        correcting.change("1", **changes[how])
    assert [sent(correcting.run_once(now=now)) for now in (ELEVEN, NOON, ONE)] == [[], [], []]


def test_a_row_of_the_same_person_at_that_start_says_that_it_stands(correcting: Practice) -> None:
    correcting.cancel("1")
    correcting.book("2", NINE)  # made anew by the calendar program
    assert [sent(correcting.run_once(now=now)) for now in (ELEVEN, NOON)] == [[], []]


def test_two_rows_at_one_start_are_called_off_in_one_message(either_practice: Practice) -> None:
    practice = either_practice
    practice.configure(corrections={"enabled": True})
    practice.book("1", NINE)
    practice.book("2", NINE, branch_name="Optik Nord")
    practice.run_once()
    practice.cancel("1")
    assert sent(practice.run_once(now=ELEVEN)) == []  # the other one stands
    practice.cancel("2")
    assert [sent(practice.run_once(now=now)) for now in (NOON, ONE, TWO)] == [
        [],
        [(CANCELLATION, "sent")],
        [],
    ]
    assert len(texts(practice)) == 2


def test_after_a_cancellation_it_is_told_anew_if_it_stands_again_and_called_off_anew(
    correcting: Practice,
) -> None:
    correcting.cancel("1")
    correcting.run_once(now=ELEVEN)
    assert sent(correcting.run_once(now=NOON)) == [(CANCELLATION, "sent")]
    correcting.change("1", status="Geplant")
    assert sent(correcting.run_once(now=ONE)) == [("Terminerinnerung", "sent")]
    correcting.cancel("1")
    assert sent(correcting.run_once(now=TWO)) == []
    assert sent(correcting.run_once(now=THREE)) == [(CANCELLATION, "sent")]
    assert sent(correcting.run_once(now="2026-11-24 16:00")) == []


def test_a_late_report_of_a_correction_takes_back_nothing_that_was_told_since(correcting: Practice) -> None:
    """Off, and on again: the report that the first of the two arrived comes when both were sent."""
    correcting.cancel("1")
    correcting.run_once(now=ELEVEN)
    correcting.run_once(now=NOON)
    correcting.change("1", status="Geplant")
    assert sent(correcting.run_once(now=ONE)) == [("Terminerinnerung", "sent")]
    correcting.gateway.report(correcting.gateway.jobs[1], "Delivered")
    assert correcting.run_once(now=TWO).reasons == {"1": "already_notified"}


def test_on_the_day_itself_yes_but_never_after_the_told_start(correcting: Practice) -> None:
    correcting.book("2", "2026-11-25 08:30", customer=2)
    correcting.run_once(now=ELEVEN)
    correcting.run_once(now="2026-11-24 18:50")
    correcting.cancel("1")
    correcting.cancel("2")
    correcting.run_once(now="2026-11-24 19:50")
    assert sent(correcting.run_once(now="2026-11-24 21:00")) == []  # in the night nothing leaves
    assert correcting.run_once(now="2026-11-25 08:40").outcomes == {"1": "sent"}


# ---------------------------------------------------------------- moved


def test_a_move_is_told_with_both_starts_and_the_reminder_still_follows(correcting: Practice) -> None:
    correcting.change("1", starts_at=FRIDAY)
    assert sent(correcting.run_once(now=ELEVEN)) == []
    assert sent(correcting.run_once(now=NOON)) == [(MOVE, "sent")]
    assert sent(correcting.run_once(now=ONE)) == []
    assert texts(correcting)[-1] == (
        "Guten Tag Frau Berger17. Statt Mittwoch, 25. November um 09:00 Uhr nun Freitag, 27. November"
        " um 10:30 Uhr. Optik Nord, Tel. 040 123456"
    )
    assert sent(correcting.run_once(now="2026-11-26 10:50")) == [("Terminerinnerung", "sent")]


def test_within_the_window_the_correction_takes_the_reminder_s_place(correcting: Practice) -> None:
    correcting.change("1", starts_at="2026-11-25 09:30")
    waiting = correcting.run_once(now=ELEVEN)
    assert (sent(waiting), waiting.reasons) == ([], {"1": "superseded"})
    assert sent(correcting.run_once(now=NOON)) == [(MOVE, "sent")]
    for now in (ONE, "2026-11-24 19:50", "2026-11-25 08:10"):
        assert sent(correcting.run_once(now=now)) == []
    assert len(texts(correcting)) == 2
    (taken,) = correcting.sql(
        "SELECT count(*) FROM journal_notifications WHERE reminder = 'Terminerinnerung' AND generation = 2",
        "journal",
    )
    assert taken[0] == 1


def test_before_its_last_chance_the_reminder_waits_for_no_correction(correcting: Practice) -> None:
    correcting.change("1", starts_at="2026-11-25 09:30")
    assert sent(correcting.run_once(now="2026-11-24 18:50")) == [("Terminerinnerung", "sent")]
    assert sent(correcting.run_once(now="2026-11-24 19:50")) == []


def test_moved_twice_each_change_is_seen_twice(correcting: Practice) -> None:
    correcting.change("1", starts_at=FRIDAY)
    assert sent(correcting.run_once(now=ELEVEN)) == []
    correcting.change("1", starts_at="2026-11-27 12:00")
    assert sent(correcting.run_once(now=NOON)) == []
    assert sent(correcting.run_once(now=ONE)) == [(MOVE, "sent")]
    correcting.change("1", starts_at=NINE)
    correcting.run_once(now=TWO)
    assert (
        "Statt Freitag, 27. November um 12:00 Uhr nun Mittwoch"
        in (correcting.run_once(now=THREE).json["messages"][0]["text"])
    )


def test_moved_away_and_back_within_the_hour_is_told_nobody(correcting: Practice) -> None:
    correcting.change("1", starts_at=FRIDAY)
    correcting.run_once(now=ELEVEN)
    correcting.change("1", starts_at=NINE)
    assert [sent(correcting.run_once(now=now)) for now in (NOON, ONE)] == [[], []]


def test_moved_into_the_past_is_told_nobody(correcting: Practice) -> None:
    correcting.change("1", starts_at="2026-11-24 09:00")
    assert [sent(correcting.run_once(now=now)) for now in (ELEVEN, NOON)] == [[], []]


# ---------------------------------------------------------------- how it reaches them


def test_it_takes_the_way_that_told_them(correcting: Practice) -> None:
    correcting.book("mail", NINE, customer=2, mobile="")
    correcting.run_once(now="2026-11-24 10:50")
    correcting.change("mail", mobile=number(2), status="Storniert")
    correcting.change("1", mobile=f"{number(5)}; {number(17)}", status="Storniert")
    correcting.run_once(now=ELEVEN)
    ran = correcting.run_once(now=NOON)
    assert {(message["recipient"], message["outcome"]) for message in ran.json["messages"]} == {
        (address(2), "sent"),
        (number(17), "sent"),
    }


def test_a_number_that_the_row_names_no_more_is_not_written_to(correcting: Practice) -> None:
    correcting.change("1", mobile=number(5), status="Storniert")
    correcting.run_once(now=ELEVEN)
    (message,) = correcting.run_once(now=NOON).json["messages"]
    assert message["recipient"] == number(5)


def _calendar_part(practice: Practice, which: int) -> email.message.Message:
    (part,) = [
        part
        for part in practice.mail.received[which].message.walk()
        if part.get_content_type() == "text/calendar"
    ]
    return part


def test_the_calendar_entry_is_cancelled_or_moved_under_its_id(either_practice: Practice) -> None:
    practice = either_practice
    practice.configure(corrections={"enabled": True}, reminders=[reminder(channels=("email",))])
    practice.book("off", NINE, customer=1)
    practice.book("moved", NINE, customer=2)
    practice.run_once()
    told = {calendar_of(practice, which)["UID"]: calendar_of(practice, which) for which in (0, 1)}
    practice.cancel("off")
    practice.change("moved", starts_at=FRIDAY)
    practice.run_once(now=ELEVEN)
    practice.run_once(now=NOON)
    found = {}
    for which in (2, 3):
        entry = calendar_of(practice, which)
        assert int(entry["SEQUENCE"]) > int(told[entry["UID"]]["SEQUENCE"])
        assert _calendar_part(practice, which).get_param("method") == entry["METHOD"]
        found[practice.mail.received[which].recipient] = (
            entry["METHOD"],
            entry["STATUS"],
            entry["DTSTART"],
        )
    assert found == {
        address(1): ("CANCEL", "CANCELLED", "20261125T080000Z"),
        address(2): ("PUBLISH", "CONFIRMED", "20261127T093000Z"),
    }


def test_a_confirmed_booking_that_is_cancelled_is_corrected_by_email(either_practice: Practice) -> None:
    practice = either_practice
    practice.configure(corrections={"enabled": True}, confirmation={"enabled": True})
    practice.run_once()
    practice.book("1", "2027-02-02 09:00", created_at="2026-11-24 10:30")
    assert practice.run_once(now=ELEVEN).outcomes == {"1": "sent"}
    practice.cancel("1")
    assert sent(practice.run_once(now=NOON)) == []
    (message,) = practice.run_once(now=ONE).json["messages"]
    assert (message["reminder"], message["channel"], message["outcome"]) == (CANCELLATION, "email", "sent")
    assert sent(practice.run_once(now=TWO)) == []


def test_who_wants_no_messages_any_more_is_not_corrected(either_practice: Practice) -> None:
    """Nothing else lies in the window, so the run must ask the journal for the sake of this one alone."""
    practice = either_practice
    practice.configure(corrections={"enabled": True}, confirmation={"enabled": True})
    practice.run_once()
    practice.book("1", "2027-02-02 09:00", created_at="2026-11-24 10:30")
    assert practice.run_once(now=ELEVEN).outcomes == {"1": "sent"}
    assert practice.run("opt-out", "add", address(17)).exit_code == 0
    practice.cancel("1")
    practice.run_once(now=NOON)
    ran = practice.run_once(now=ONE)
    assert (sent(ran), ran.reasons) == ([], {"1": "opted_out"})


def test_corrections_do_not_count_for_the_gap_nor_does_it_hold_them(correcting: Practice) -> None:
    correcting.configure(rules={"hours_between_messages": 48})
    correcting.cancel("1")
    correcting.book("2", "2026-11-26 12:30", customer=3)
    correcting.run_once(now=ELEVEN)
    assert sent(correcting.run_once(now=NOON)) == [(CANCELLATION, "sent")]
    counting = correcting.sql("SELECT reminder FROM journal_messages WHERE customer_id = '17'", "journal")
    assert len(counting) == 2
    correcting.book("3", "2026-11-25 14:30", customer=17)
    assert (
        correcting.run_once(now="2026-11-24 14:40").reasons.get("3") == "recently_notified"
    )  # the first one


# ---------------------------------------------------------------- the brake


def _many(practice: Practice, count: int = 7) -> None:
    practice.configure(corrections={"enabled": True})
    for customer in range(1, count + 1):
        practice.book(str(customer), NINE, customer=customer)
    practice.run_once()


def test_many_corrections_are_held_until_a_person_lets_them_pass(either_practice: Practice) -> None:
    practice = either_practice
    _many(practice, 7)
    for customer in range(1, 7):
        practice.cancel(str(customer))
    practice.book("new", "2026-11-25 11:30", customer=20)
    assert practice.run_once(now=ELEVEN).exit_code == 0
    ran = practice.run_once(now=NOON)
    assert (ran.exit_code, ran.outcomes) == (1, {"new": "sent"})  # reminders are sent
    assert (ran.json["held_corrections"]["planned"], ran.json["held_corrections"]["told"]) == (6, 7)
    assert "--allow-corrections" in practice.run("dry-run", now=ONE).stdout
    assert "--allow-corrections" in practice.run("run-once", "--quiet", now=ONE).stdout
    allowed = practice.run_once("--allow-corrections", now="2026-11-24 13:10")
    assert (allowed.exit_code, len(sent(allowed))) == (0, 6)
    assert sent(practice.run_once(now=TWO)) == []


def test_five_are_never_too_many_and_rows_that_are_gone_do_not_count(either_practice: Practice) -> None:
    practice = either_practice
    _many(practice, 7)
    for customer in range(1, 6):
        practice.cancel(str(customer))
    practice.remove("6")
    practice.run_once(now=ELEVEN)
    ran = practice.run_once(now=NOON)
    assert (ran.exit_code, len(sent(ran))) == (0, 5)


def test_they_count_for_max_messages_per_run(correcting: Practice) -> None:
    correcting.configure(safety={"max_messages_per_run": 1})
    correcting.cancel("1")
    correcting.run_once(now=ELEVEN)
    correcting.book("2", "2026-11-25 11:30", customer=2)
    ran = correcting.run_once(now=NOON)
    assert (ran.exit_code, ran.json["stopped"]["reason"]) == (1, "brake")
    assert {outcome for _, outcome in sent(ran)} == {"deferred"}


# ---------------------------------------------------------------- the staff list


def test_whoever_was_corrected_leaves_the_staff_list(correcting: Practice) -> None:
    correcting.cancel("1")
    correcting.run_once(now=ELEVEN)
    assert on_the_list(correcting, ELEVEN) == [("17", "cancelled")]
    correcting.run_once(now=NOON)
    assert on_the_list(correcting, NOON) == []


def test_a_cancelled_one_that_stands_again_too_late_is_reinstated(correcting: Practice) -> None:
    correcting.cancel("1")
    correcting.run_once(now=ELEVEN)
    correcting.run_once(now=NOON)
    correcting.change("1", status="Geplant")
    assert on_the_list(correcting, ONE) == []  # the next run tells it
    assert on_the_list(correcting, "2026-11-25 08:10") == [("17", "reinstated")]


def test_a_cancelled_one_that_stands_again_at_another_start_is_no_move(correcting: Practice) -> None:
    correcting.cancel("1")
    correcting.run_once(now=ELEVEN)
    correcting.run_once(now=NOON)
    correcting.change("1", status="Geplant", starts_at="2026-11-25 09:30")
    assert on_the_list(correcting, "2026-11-25 08:10") == [("17", "reinstated")]


def test_who_moved_is_on_the_list_only_if_no_correction_will_tell_it(correcting: Practice) -> None:
    correcting.change("1", starts_at=FRIDAY)
    assert on_the_list(correcting, ELEVEN) == []
    correcting.run_once(now=ELEVEN)
    assert on_the_list(correcting, NOON) == []
    correcting.configure(corrections={"moved": False})
    assert on_the_list(correcting, NOON) == [("17", "moved")]


def test_who_moved_is_on_the_list_while_the_brake_holds_all_corrections(practice: Practice) -> None:
    _many(practice, 6)
    for customer in range(1, 7):
        practice.change(str(customer), starts_at=FRIDAY)
    practice.run_once(now=ELEVEN)
    assert practice.run_once(now=NOON).exit_code == 1
    assert [reason for _, reason in on_the_list(practice, NOON)] == ["moved"] * 6


def test_an_unclear_answer_to_a_correction_is_never_followed_by_another(correcting: Practice) -> None:
    """It may have been told that it is off: should it stand again, a person must find out."""
    correcting.cancel("1")
    correcting.run_once(now=ELEVEN)
    correcting.gateway.script = lambda request: (
        Answer(http_status=500) if request.operation == "SendSimpleSMS" else None
    )
    assert sent(correcting.run_once(now=NOON)) == [(CANCELLATION, "unknown")]
    correcting.gateway.script = None
    assert sent(correcting.run_once(now=ONE)) == []
    assert on_the_list(correcting, ONE) == [("17", "cancelled")]
    correcting.change("1", status="Geplant")
    assert sent(correcting.run_once(now=TWO)) == []
    assert on_the_list(correcting, TWO) == [("17", "unknown")]


@pytest.mark.parametrize("start", ["2026-11-25 09:30", FRIDAY, None], ids=["in the window", "later", "off"])
def test_a_correction_that_did_not_arrive_and_has_no_other_way_is_news_once(
    start: str | None, practice: Practice
) -> None:
    practice.configure(corrections={"enabled": True}, reminders=[reminder(channels=("sms",))])
    practice.book("1", NINE)
    practice.run_once()
    practice.change("1", **({"starts_at": start} if start else {"status": "Storniert"}))
    practice.run_once(now=ELEVEN)
    practice.run_once(now=NOON)
    practice.gateway.report(practice.gateway.jobs[-1], "Undelivered")
    ran = practice.run_once(now=ONE)
    assert (ran.exit_code, len(ran.json["news"]), sent(ran)) == (1, 1, [])
    assert ran.json["news"][0].startswith("undelivered: ")
    assert on_the_list(practice, ONE) == [("17", "failed" if start else "cancelled")]
    assert practice.run_once(now=TWO).exit_code == 0


def test_a_correction_that_a_person_finds_sent_counts_as_sent(correcting: Practice) -> None:
    correcting.cancel("1")
    correcting.run_once(now=ELEVEN)
    correcting.gateway.script = lambda request: (
        Answer(http_status=500) if request.operation == "SendSimpleSMS" else None
    )
    (message,) = correcting.run_once(now=NOON).json["messages"]
    correcting.gateway.script = None
    resolved = correcting.run("history", "resolve", message["message_id"], "--sent", now=ONE)
    assert resolved.exit_code == 0
    assert on_the_list(correcting, ONE) == []
    correcting.change("1", status="Geplant")
    assert sent(correcting.run_once(now=ONE)) == [("Terminerinnerung", "sent")]


def test_what_is_undone_while_the_run_is_under_way_is_told_nobody(practice: Practice) -> None:
    """The row is read again when a reading is older than 30 seconds."""
    practice.configure(corrections={"enabled": True})
    practice.configure(sms={"concurrency": 1})
    for customer in (1, 2):
        practice.book(str(customer), NINE, customer=customer)
    practice.run_once()
    practice.cancel("1")
    practice.cancel("2")
    practice.run_once(now=ELEVEN)

    def undo(request: Request) -> None:
        if request.operation == "SendSimpleSMS":
            practice.change("2", status="Geplant")
            practice.pass_time(31)

    practice.gateway.script = undo
    ran = practice.run_once(now=NOON)
    assert ran.outcomes == {"1": "sent"}
    assert number(2) not in practice.texted[2:]


# ---------------------------------------------------------------- explained


def explained(practice: Practice, now: str) -> str:
    return practice.run("explain", "1", now=now).stdout


def test_explain_says_what_a_run_will_tell_of_a_change_and_when(correcting: Practice) -> None:
    correcting.cancel("1")
    told = "Terminabsage (told 2026-11-25 09:00): a run at "
    assert told + "2026-11-24 11:00 does not tell it: not_yet_due" in explained(correcting, ELEVEN)
    correcting.run_once(now=ELEVEN)
    assert told + "2026-11-24 12:00 tells it" in explained(correcting, NOON)
    assert "Uhr entfällt" in explained(correcting, NOON)
    document = correcting.run("explain", "1", "--json", now=NOON).json
    assert (document["correction"]["name"], document["correction"]["corrected_now"]) == (CANCELLATION, True)
    correcting.run_once(now=NOON)
    assert told not in explained(correcting, ONE)
    assert correcting.run("explain", "1", "--json", now=ONE).json["correction"] is None


def test_explain_says_that_the_reminder_waits_for_the_correction(correcting: Practice) -> None:
    correcting.change("1", starts_at="2026-11-25 09:30")
    assert "superseded" in explained(correcting, ELEVEN)
    assert "Terminverschiebung (told 2026-11-25 09:00): a run at 2026-11-24 11:00 does not" in explained(
        correcting, ELEVEN
    )


def test_explain_says_of_corrections_that_are_held_that_none_is_sent_and_reminders_are(
    practice: Practice,
) -> None:
    practice.configure(corrections={"enabled": True})
    for customer in range(8):
        practice.book(str(customer), NINE, customer=customer)
    practice.run_once()
    for customer in range(7):
        practice.change(str(customer), starts_at="2026-11-25 09:30")
    practice.run_once(now=ELEVEN)
    said = explained(practice, NOON)
    assert "too many to correct without asking" in said
    assert "2026-11-24 12:00 tells it" not in said
    document = practice.run("explain", "1", "--json", now=NOON).json
    assert (document["correction"]["corrected_now"], document["correction"]["message"]) == (False, None)
    each = document["reminders"][0]
    assert (each["notified_now"], each["first_run"]) == (True, "2026-11-24T12:50:00+01:00")
    (row,) = practice.run("search", "--json", "--customer", "1", now=NOON).json["appointments"]
    assert row["reminders"][0]["reason"] is None
    assert practice.run_once(now=NOON).outcomes["1"] == "sent"


def test_history_names_the_correction_and_its_appointment_once(correcting: Practice) -> None:
    correcting.change("1", starts_at="2026-11-25 09:30")
    correcting.run_once(now=ELEVEN)
    correcting.run_once(now=NOON)
    newest = correcting.run("history", "--json", now=ONE).json["messages"][0]
    assert (newest["reminder"], newest["appointment_ids"], newest["state"]) == (MOVE, ["1"], "sent")


def test_who_was_called_is_not_written_to(correcting: Practice) -> None:
    correcting.cancel("1")
    correcting.run_once(now=ELEVEN)
    assert correcting.run("staff-list", "done", "1", now="2026-11-24 11:30").exit_code == 0
    assert [sent(correcting.run_once(now=now)) for now in (NOON, ONE)] == [[], []]


def test_a_correction_that_did_not_arrive_is_tried_by_the_next_channel(correcting: Practice) -> None:
    correcting.cancel("1")
    correcting.run_once(now=ELEVEN)
    correcting.run_once(now=NOON)
    correcting.gateway.report(correcting.gateway.jobs[-1], "Undelivered")
    (message,) = correcting.run_once(now=ONE).json["messages"]
    assert (message["reminder"], message["channel"], message["outcome"]) == (CANCELLATION, "email", "sent")
    assert sent(correcting.run_once(now=TWO)) == []
