"""What changes while a run is under way: rows are read anew before a claim, the clock before an attempt."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from practice import TYPES, Practice, address, number, reminder
from terminbenachrichtigung.clock import Timings
from terminbenachrichtigung.demo.loopback import Answer, Request

WEDNESDAY = "2026-11-25 09:00"
FAR = "2026-11-27 09:00"
ALWAYS_ANOTHER = ", ".join(
    "hex(randomblob(4)) AS last_name" if name == "last_name" else name for name in TYPES
)


@pytest.fixture
def always_fresh(practice: Practice) -> None:
    """Rows are read anew before every claim, as in a run that takes long: not only every 30 seconds."""
    practice.timings = Timings(fresh=0)


def one_after_the_other(practice: Practice) -> None:
    # Attempts that the clock's jumps do not end.
    practice.configure(sms={"concurrency": 1, "timeout_seconds": 200}, journal={"claim_timeout_minutes": 30})


def during_the_first_sms(
    practice: Practice, happens: Callable[[], object], answer: Answer | None = None
) -> None:
    """Something happens once, after the gateway was asked to send for the first time; it answers so."""
    happened: list[object] = []

    def script(request: Request) -> Answer | None:
        if request.operation == "SendSimpleSMS" and not happened:
            happened.append(happens())
            return answer
        return None

    practice.gateway.script = script


def told(practice: Practice) -> list[tuple[str, str]]:
    """To whom, and what, after the first message."""
    texts = [("+" + job.recipient.removeprefix("00"), job.text) for job in practice.gateway.jobs]
    mails = [(mail.recipient, mail.raw.decode()) for mail in practice.mail.received]
    return texts[1:] + mails


# ---------------------------------------------------------------- the schedule

CHANGES = [
    # what is changed; whom the message goes to then, with which words in it (None: to nobody)
    pytest.param({"status": "Storniert"}, None, "status_excluded", id="cancelled"),
    pytest.param({"status": " geplatzt"}, None, "status_excluded", id="cancelled by another word"),
    pytest.param(None, None, "it is gone", id="deleted"),
    pytest.param({"starts_at": "soon"}, None, "it is gone", id="made unreadable"),
    pytest.param({"starts_at": FAR}, None, "moved out of reach", id="moved out of reach"),
    pytest.param({"starts_at": "2026-11-24 17:00"}, None, "same_day", id="moved to today"),
    pytest.param({"starts_at": "2026-11-24 08:00"}, None, "moved out of reach", id="moved into the past"),
    pytest.param({"starts_at": "2026-11-25 09:50"}, number(2), "09:50", id="moved within reach"),
    pytest.param({"customer_id": None}, None, "no longer due", id="taken from its customer"),
    pytest.param({"is_group": True}, None, "group_appointment", id="made a group's"),
    pytest.param({"type_notifiable": False}, None, "type_not_allowed", id="made another type"),
    pytest.param({"preferred_channel": "keine"}, None, "opted_out", id="opted out"),
    pytest.param({"preferred_channel": "Brief"}, None, "manual_contact", id="wants a letter"),
    pytest.param({"last_contacted_at": "2026-11-24 09:59"}, None, "recently_notified", id="was called"),
    pytest.param({"mobile": "", "email": ""}, None, "no_contact", id="lost number and address"),
    pytest.param({"mobile": ""}, address(2), "09:00", id="lost its number"),
    pytest.param({"mobile": number(3)}, number(3), "Berger2", id="got another number"),
    pytest.param({"preferred_channel": "email"}, address(2), "09:00", id="prefers e-mail now"),
    pytest.param({"mobile": "", "email": address(4)}, address(4), "09:00", id="got another address"),
    pytest.param({"last_name": "Neu"}, number(2), "Frau Neu,", id="got another name"),
    pytest.param({"language": "en"}, number(2), "Wednesday", id="speaks another language"),
    pytest.param({"branch_phone": "040 999"}, number(2), "040 999", id="the branch's phone is another one"),
    pytest.param(
        {"customer_id": "3", "mobile": number(3), "last_name": "Neu"}, number(3), "Neu", id="given to another"
    ),
    pytest.param(
        {"customer_id": "1", "mobile": number(1)}, number(1), "09:00", id="given to one who was just told"
    ),
]  # fmt: skip


@pytest.mark.usefixtures("always_fresh")
@pytest.mark.parametrize(("columns", "recipient", "words"), CHANGES)
def test_an_appointment_is_told_as_it_is_just_before_its_claim(
    columns: dict[str, object] | None, recipient: str | None, words: str, practice: Practice
) -> None:
    one_after_the_other(practice)
    practice.book("1", "2026-11-25 08:00", customer=1)
    practice.book("2", WEDNESDAY, customer=2)

    def change() -> None:
        if columns is None:
            practice.remove("2")
        else:
            practice.change("2", **columns)

    during_the_first_sms(practice, change)
    ran = practice.run_once()
    assert ran.outcomes["1"] == "sent"
    if recipient is None:
        assert told(practice) == []
        assert ran.reasons == {"2": "changed"}
        assert words in ran.json["skipped"][0]["detail"]
    else:
        ((whom, text),) = told(practice)
        assert (whom, ran.outcomes["2"]) == (recipient, "sent")
        assert words in text
    assert ran.exit_code == 0
    assert practice.run_once().outcomes == {}


def told_of(practice: Practice) -> list[str]:
    return [" ".join(word for word in text.split() if ":" in word) for _, text in told(practice)]


@pytest.mark.usefixtures("always_fresh")
@pytest.mark.parametrize(
    ("change", "times", "reasons"),
    [
        pytest.param(lambda p: p.cancel("a"), "10:00 11:00", {"a": "changed"}, id="the soonest"),
        pytest.param(lambda p: p.cancel("c"), "09:00 10:00", {"c": "changed"}, id="one that was carried"),
        pytest.param(lambda p: p.remove("b"), "09:00 11:00", {"b": "changed"}, id="deleted"),
        pytest.param(
            lambda p: p.change("a", starts_at="2026-11-25 10:30"), "10:00 10:30 11:00", {}, id="another order"
        ),
        pytest.param(
            lambda p: [p.cancel(each) for each in "abc"],
            "",
            dict.fromkeys("abc", "changed"),
            id="all of them",
        ),
    ],
)
def test_a_message_about_several_loses_what_is_no_longer_due_and_keeps_the_rest(
    change: Callable[[Practice], object], times: str, reasons: dict[str, str], practice: Practice
) -> None:
    one_after_the_other(practice)
    practice.book("1", "2026-11-25 08:00", customer=1)
    for hour, appointment in enumerate("abc", 9):
        practice.book(appointment, f"2026-11-25 {hour:02}:00", customer=2)
    during_the_first_sms(practice, lambda: change(practice))
    ran = practice.run_once()
    assert told_of(practice) == [times] * bool(times)
    assert ran.reasons == reasons
    assert practice.run_once().outcomes == {}


@pytest.mark.usefixtures("always_fresh")
def test_a_schedule_that_is_emptied_cancels_all_and_one_that_is_filled_again_loses_nobody(
    practice: Practice,
) -> None:
    """An export that deletes all rows before it writes them anew."""
    one_after_the_other(practice)
    for customer in range(1, 5):
        practice.book(str(customer), f"2026-11-25 09:0{customer}", customer=customer)

    def empty() -> None:
        practice.sql("CREATE TABLE kept AS SELECT * FROM reminder_appointments")
        practice.sql("DELETE FROM reminder_appointments")

    during_the_first_sms(practice, empty)
    ran = practice.run_once()
    assert (ran.exit_code, ran.outcomes) == (0, {"1": "sent"})
    assert ran.reasons == dict.fromkeys("234", "changed")
    practice.sql("INSERT INTO reminder_appointments SELECT * FROM kept")
    assert practice.run_once(now="2026-11-24 10:50").outcomes == dict.fromkeys("234", "sent")
    assert practice.texted == [number(customer) for customer in range(1, 5)]


def test_rows_that_never_come_twice_the_same_do_not_keep_a_run_for_ever(practice: Practice) -> None:
    one_after_the_other(practice)
    practice.book("1", customer=1)
    (practice.folder / "schedule.sql").write_text(f"SELECT {ALWAYS_ANOTHER} FROM reminder_appointments")
    practice.configure(schedule={"query_file": "schedule.sql"})
    practice.timings = Timings(fresh=0)
    ran = practice.run_once()
    practice.timings = Timings()
    assert (ran.exit_code, ran.reasons) == (0, {"1": "changed"})
    assert "the next run sees to it" in ran.json["skipped"][0]["detail"]
    assert practice.run_once().outcomes == {"1": "sent"}
    assert practice.texted == [number(1)]


# ---------------------------------------------------------------- who asks to be left alone


def opts_out(practice: Practice, recipient: str) -> Callable[[], object]:
    """What `opt-out add` at the desk, or a run that fetches an answer, does in another process."""
    insert = "INSERT INTO journal_opt_outs (recipient, since, why) VALUES (:recipient, :since, 'by hand')"
    since = datetime(2026, 11, 24, 9, tzinfo=UTC)
    known = since if practice.database("journal").name == "postgresql" else f"{since:%F %T.000000}"
    return lambda: practice.sql(insert, "journal", recipient=recipient, since=known)


@pytest.mark.parametrize(
    ("recipient", "of_the_second", "reasons"),
    [
        pytest.param(number(2), ["email sent"], {}, id="a number: the other channel stays open"),
        pytest.param(address(2), ["sms sent"], {}, id="the address that comes second"),
        pytest.param(None, None, {"2": "opted_out"}, id="all there is"),
    ],
)
def test_who_opts_out_while_a_run_sends_is_not_written_to_there(
    recipient: str | None,
    of_the_second: list[str] | None,
    reasons: dict[str, str],
    either_practice: Practice,
) -> None:
    practice = either_practice
    one_after_the_other(practice)
    practice.book("1", "2026-11-25 08:00", customer=1)
    practice.book("2", customer=2, **({} if recipient else {"email": ""}))
    during_the_first_sms(practice, opts_out(practice, recipient or number(2)))
    ran = practice.run_once()
    assert ran.told == {"1": ["sms sent"]} | ({"2": of_the_second} if of_the_second else {})
    assert (ran.exit_code, ran.reasons) == (0, reasons)
    assert [whom for whom, _ in told(practice)] == (
        [] if recipient is None else [number(2) if recipient == address(2) else address(2)]
    )
    assert practice.run_once(now="2026-11-24 11:00").outcomes == {}


@pytest.mark.parametrize(
    ("answer", "recipient"),
    [
        pytest.param(Answer(http_status=503), number(1), id="before the second try"),
        pytest.param(Answer(status="NoRecipientFound"), address(1), id="before the next channel"),
    ],
)
def test_who_opts_out_while_their_message_is_on_its_way_gets_no_further_try(
    answer: Answer, recipient: str, either_practice: Practice
) -> None:
    practice = either_practice
    one_after_the_other(practice)
    practice.book("1", customer=1)
    during_the_first_sms(practice, opts_out(practice, recipient), answer)
    ran = practice.run_once()
    assert (ran.exit_code, ran.outcomes, practice.received) == (0, {"1": "deferred"}, 0)
    assert "asked a moment ago not to be written to" in ran.json["messages"][0]["detail"]
    again = practice.run_once(now="2026-11-24 11:00")
    still_open = {"1": ["email sent"]} if recipient == number(1) else {}
    assert (again.told, practice.received) == (still_open, len(still_open))


# ---------------------------------------------------------------- the clock


def seconds_pass(practice: Practice, seconds: float, answer: Answer | None = None) -> None:
    during_the_first_sms(practice, lambda: practice.pass_time(seconds), answer)


@pytest.mark.parametrize(
    ("now", "soon_after", "rules"),
    [
        ("2026-11-24 19:59:30", "2026-11-24 20:50", {}),  # the night
        ("2026-11-24 11:59:30", "2026-11-24 12:50", {"quiet_start": "12:00", "quiet_end": "14:00"}),  # a rest
        ("2026-11-24 23:59:30", "2026-11-25 00:50", {"quiet_hours": False, "quiet_days": ["wednesday"]}),
        ("2026-11-24 23:59:30", "2026-11-25 23:50", {"quiet_hours": False, "quiet_dates": ["2026-11-25"]}),
    ],
)
def test_a_quiet_period_that_begins_stops_a_run_between_two_messages(
    now: str, soon_after: str, rules: dict[str, Any], practice: Practice
) -> None:
    one_after_the_other(practice)
    practice.configure(rules=rules, reminders=[reminder(72)])
    for customer in range(1, 5):
        practice.book(str(customer), f"2026-11-26 09:0{customer}", customer=customer)
    seconds_pass(practice, 45)
    ran = practice.run_once(now=now)
    assert ran.outcomes == {"1": "sent"} | dict.fromkeys("234", "deferred")
    assert (ran.exit_code, ran.json["stopped"]["reason"]) == (0, "quiet")
    assert len(practice.sql("SELECT * FROM journal_messages", "journal")) == 1  # the others were not claimed
    assert practice.run_once(now=soon_after).json["quiet"] is True
    assert practice.received == 1  # what was under way when it began had left before


def test_who_was_left_when_the_night_began_is_told_in_the_morning_or_missed_and_listed(
    practice: Practice,
) -> None:
    one_after_the_other(practice)
    practice.run_once(now="2026-11-23 19:50")
    practice.book("1", "2026-11-25 08:30", customer=1)
    practice.book("2", "2026-11-25 09:00", customer=2)  # tonight was the last chance
    practice.book("3", "2026-11-26 06:30", customer=3)  # due before the night already
    seconds_pass(practice, 45)
    evening = practice.run_once(now="2026-11-24 19:59:30")
    assert evening.outcomes == {"1": "sent", "2": "deferred", "3": "deferred"}
    assert practice.run_once(now="2026-11-24 20:50").json["quiet"] is True
    morning = practice.run_once(now="2026-11-25 08:00")
    assert (morning.exit_code, morning.outcomes, morning.reasons["2"]) == (1, {"3": "sent"}, "missed")
    assert practice.texted == [number(1), number(3)]
    (entry,) = practice.run("staff-list", "--json", now="2026-11-25 08:00").json["customers"]
    assert (entry["customer_id"], entry["reason"]) == ("2", "missed")


@pytest.mark.parametrize(
    ("answer", "told_again"),
    [
        pytest.param(Answer(http_status=503), ["sms sent"], id="before a second try"),
        pytest.param(Answer(status="NoRecipientFound"), ["email sent"], id="before the next channel"),
    ],
)
def test_a_quiet_period_that_begins_within_a_message_leaves_it_to_the_next_run(
    answer: Answer, told_again: list[str], practice: Practice
) -> None:
    one_after_the_other(practice)
    practice.book("1", "2026-11-26 06:30", customer=1)
    seconds_pass(practice, 45, answer)
    ran = practice.run_once(now="2026-11-24 19:59:30")
    assert (ran.exit_code, ran.outcomes, practice.received) == (0, {"1": "deferred"}, 0)
    assert practice.run_once(now="2026-11-25 08:00").told == {"1": told_again}
    assert practice.received == 1


def test_what_may_have_arrived_before_the_night_is_never_sent_again_though_the_next_channel_was_held(
    practice: Practice,
) -> None:
    one_after_the_other(practice)
    practice.configure(rules={"on_unknown": "fallback"})
    practice.book("1", "2026-11-26 06:30", customer=1)
    seconds_pass(practice, 45, Answer(http_status=500))
    assert practice.run_once(now="2026-11-24 19:59:30").outcomes == {"1": "unknown"}
    practice.gateway.script = None
    morning = practice.run_once(now="2026-11-25 08:00")
    assert (morning.outcomes, morning.reasons, practice.received) == ({}, {"1": "already_notified"}, 0)
    (entry,) = practice.run("staff-list", "--json", now="2026-11-25 08:00").json["customers"]
    assert (entry["customer_id"], entry["reason"]) == ("1", "unknown")


@pytest.mark.parametrize("answer", [None, Answer(http_status=503)], ids=["the next one", "the same, again"])
def test_nothing_leaves_after_the_start(answer: Answer | None, practice: Practice) -> None:
    one_after_the_other(practice)
    practice.configure(
        rules={"same_day": True, "quiet_hours": False}, reminders=[reminder(channels=("sms",))]
    )
    practice.book("1", "2026-11-24 10:01", customer=1)
    practice.book("2", "2026-11-24 10:02", customer=2)
    practice.book("3", "2026-11-24 10:30", customer=3)
    seconds_pass(practice, 150, answer)
    ran = practice.run_once()
    first = "deferred" if answer else "sent"
    assert ran.outcomes == {"1": first, "2": "deferred", "3": "sent"}
    practice.run_once(now="2026-11-24 10:05")
    assert practice.texted == [number(1)] * (not answer) + [number(3)]


def test_on_the_day_itself_nothing_leaves_from_midnight_on(practice: Practice) -> None:
    one_after_the_other(practice)
    practice.configure(rules={"quiet_hours": False}, reminders=[reminder(48)])
    practice.book("1", "2026-11-25 00:30", customer=1)
    practice.book("2", "2026-11-25 09:00", customer=2)
    practice.book("3", "2026-11-26 00:30", customer=3)
    seconds_pass(practice, 45)
    ran = practice.run_once(now="2026-11-24 23:59:30")
    assert ran.outcomes == {"1": "sent", "2": "deferred", "3": "sent"}
    later = practice.run_once(now="2026-11-25 00:10")
    assert (later.exit_code, later.outcomes, later.reasons["2"]) == (1, {}, "missed")
    assert practice.texted == [number(1), number(3)]
