"""What the desk does meanwhile: moves, cancellations, second bookings; and what was missed (contract, 2)."""

from pathlib import Path
from typing import Any

import pytest

from practice import TYPES, Practice, Ran, address, calendar_of, number, reminder
from terminbenachrichtigung.demo.loopback import Answer, Request

NINE = "2026-11-25 09:00"
TEN_TO_TEN = "2026-11-25 09:50"
TWENTY_TO = "2026-11-25 09:40"


def texts(practice: Practice) -> list[str]:
    return [job.text for job in practice.gateway.jobs]


# ---------------------------------------------------------------- moved, cancelled, reassigned


def test_a_moved_appointment_is_told_anew_at_once_whatever_the_gap(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1", NINE)
    assert practice.run_once().outcomes == {"1": "sent"}
    practice.change("1", starts_at=TWENTY_TO)
    ran = practice.run_once(now="2026-11-24 10:50")
    assert ran.outcomes == {"1": "sent"}
    assert ["um 09:00 Uhr" in texts(practice)[0], "um 09:40 Uhr" in texts(practice)[1]] == [True, True]
    assert practice.run_once(now="2026-11-24 11:50").reasons == {"1": "already_notified"}


def test_an_appointment_moved_away_and_back_is_told_three_times_and_no_more(practice: Practice) -> None:
    practice.book("1", NINE)
    for hour, start in enumerate((NINE, TWENTY_TO, NINE), 10):
        practice.change("1", starts_at=start)
        assert practice.run_once(now=f"2026-11-24 {hour}:00").outcomes == {"1": "sent"}
    assert practice.run_once(now="2026-11-24 13:00").outcomes == {}
    assert [text.partition("um ")[2][:5] for text in texts(practice)] == ["09:00", "09:40", "09:00"]


def test_an_appointment_moved_out_of_reach_waits_for_its_new_window(practice: Practice) -> None:
    practice.book("1", NINE)
    practice.run_once()
    practice.change("1", starts_at="2026-11-27 09:00")
    assert (practice.run_once().outcomes, practice.run_once().reasons) == ({}, {})
    assert practice.run_once(now="2026-11-26 09:00").outcomes == {"1": "sent"}


def test_a_reassigned_appointment_is_told_to_its_new_customer(practice: Practice) -> None:
    practice.book("1", customer=1)
    practice.run_once()
    practice.change("1", customer_id="2", mobile=number(2), last_name="Neu")
    assert practice.run_once().outcomes == {"1": "sent"}
    assert practice.texted == [number(1), number(2)]
    assert "Neu" in texts(practice)[1]
    assert practice.run_once().outcomes == {}


@pytest.mark.parametrize("deleted", [False, True])
def test_a_cancelled_appointment_is_not_told(deleted: bool, practice: Practice) -> None:
    practice.book("1")
    if deleted:
        practice.remove("1")
    else:
        practice.cancel("1")
    ran = practice.run_once()
    assert (ran.exit_code, ran.outcomes) == (0, {})
    assert ran.reasons == ({} if deleted else {"1": "status_excluded"})


@pytest.mark.parametrize(
    ("told_as", "record", "shown"),
    [
        (
            {},
            {"first_name": "Uwe", "last_name": "Neu", "mobile": number(9)},
            number(17),
        ),  # the number is his now
        ({}, {"last_name": "Neumann"}, number(17)),  # she has married
        ({}, {"mobile": number(9)}, number(9)),
        ({"first_name": "", "last_name": ""}, {"mobile": number(9)}, number(9)),
    ],
)
def test_who_is_called_about_a_cancelled_appointment_is_whoever_was_told_of_it(
    practice: Practice, told_as: dict[str, str], record: dict[str, str], shown: str
) -> None:
    practice.book("1", NINE, customer=17, **told_as)
    practice.run_once()
    practice.change("1", status="Storniert", **record)
    (entry,) = practice.run("staff-list", "--json").json["customers"]
    assert (entry["mobile"], "Uwe" in entry["name"]) == (shown, False)


def test_the_key_is_the_occurrence_so_each_one_of_a_series_is_told(practice: Practice) -> None:
    for day in ("25", "26", "27"):
        practice.book(f"series-1/2026-11-{day}", f"2026-11-{day} 09:00")
    sent = [practice.run_once(now=f"2026-11-{day} 10:00").outcomes for day in ("24", "25", "26", "27")]
    assert sent == [{f"series-1/2026-11-{day}": "sent"} for day in ("25", "26", "27")] + [{}]


def test_data_is_at_most_30_seconds_old_when_a_message_is_claimed(practice: Practice) -> None:
    """What the desk changes while a run is under way counts; here the clock jumps over the 30 seconds."""
    practice.configure(sms={"concurrency": 1, "timeout_seconds": 100})
    for number_, customer in enumerate(range(1, 6)):
        practice.book(str(customer), f"2026-11-25 09:{number_:02}", customer=customer)
    practice.book("6", "2026-11-25 09:30", customer=6)

    def meanwhile(request: Request) -> None:
        """While the first SMS is under way: one is cancelled, one moved, one given away, one removed."""
        if request.fields.get("Recipient") == "00491715500001":
            practice.cancel("2")
            practice.change("3", starts_at="2026-11-27 09:00")
            practice.change("4", customer_id="40", mobile=number(40), last_name="Neu")
            practice.remove("5")
            practice.change("6", starts_at="2026-11-25 09:45")
            practice.pass_time(31)

    practice.gateway.script = meanwhile
    ran = practice.run_once()
    assert ran.exit_code == 0
    assert practice.texted == [number(1), number(40), number(6)]
    assert "um 09:45 Uhr" in texts(practice)[2]
    assert ran.outcomes == {"1": "sent", "4": "sent", "6": "sent"}
    assert ran.reasons == {"2": "changed", "3": "changed", "5": "changed"}


# ---------------------------------------------------------------- the calendar file


def test_a_move_changes_the_entry_in_the_customers_calendar_instead_of_adding_one(practice: Practice) -> None:
    practice.book("1", NINE, preferred_channel="email", ends_at="2026-11-25 09:45")
    practice.run_once()
    practice.change("1", starts_at=TEN_TO_TEN, ends_at=None)
    practice.run_once(now="2026-11-24 11:50")
    first, second = calendar_of(practice, 0), calendar_of(practice, 1)
    assert first["UID"] == second["UID"]
    assert int(second["SEQUENCE"]) > int(first["SEQUENCE"])
    assert second["DTSTAMP"] > first["DTSTAMP"]
    assert (first["DTSTART"], first["DTEND"]) == ("20261125T080000Z", "20261125T084500Z")
    assert (second["DTSTART"], second["DTEND"]) == ("20261125T085000Z", "20261125T092000Z")
    assert first["SUMMARY"] == "Termin Optik Nord"  # never the type of the appointment


def test_calendar_attachment_false_leaves_it_out(practice: Practice) -> None:
    practice.configure(email={"calendar_attachment": False})
    practice.book("1", mobile="")
    practice.run_once()
    assert practice.mail.received[0].message.get_content_type() == "text/plain"


# ---------------------------------------------------------------- one message per customer, and the gap


def test_all_of_a_customers_appointments_go_into_one_message_soonest_first(practice: Practice) -> None:
    practice.book("late", "2026-11-25 16:00")  # not due before six hours, but the gap would hold it back
    practice.book("b", TWENTY_TO)
    practice.book("a", NINE)
    practice.book("far", "2026-11-26 09:00")
    ran = practice.run_once()
    (message,) = ran.json["messages"]
    assert message["appointment_ids"] == ["a", "b", "late"]
    assert "um 09:00 Uhr und um 09:40 Uhr und um 16:00 Uhr" in texts(practice)[0]
    assert practice.run_once(now="2026-11-24 16:00").outcomes == {}
    # The day after is told by a message of its own, once the gap is over.
    assert practice.run_once(now="2026-11-25 09:00").outcomes == {"far": "sent"}


def test_one_message_holds_one_customers_data_also_where_two_share_a_number(practice: Practice) -> None:
    practice.book("1", customer=1)
    practice.book("2", customer=2, mobile=number(1))
    assert practice.run_once().outcomes == {"1": "sent", "2": "sent"}
    assert practice.texted == [number(1), number(1)]
    assert [("Berger1," in text, "Berger2," in text) for text in sorted(texts(practice))] == [
        (True, False),
        (False, True),
    ]


def test_a_text_that_is_too_long_leaves_the_carried_ones_behind_and_splits_the_due_ones(
    practice: Practice,
) -> None:
    practice.configure(
        sms={"max_parts": 1, "concurrency": 1},
        reminders=[reminder(channels=("sms",))],
        templates={
            "terminerinnerung": {
                "de": {"sms": "{% for a in appointments %}{{ a.time }}" + "x" * 80 + "{% endfor %}"}
            }
        },
    )
    practice.book("a", "2026-11-25 09:00", customer=1)
    practice.book("carried", "2026-11-25 15:00", customer=1)
    practice.book("b", "2026-11-25 09:00", customer=2)
    practice.book("c", "2026-11-25 09:30", customer=2)
    ran = practice.run_once()
    assert sorted(m["appointment_ids"] for m in ran.json["messages"]) == [["a"], ["b"], ["c"]]
    assert ran.outcomes == {"a": "sent", "b": "sent", "c": "sent"}


def test_a_text_that_is_too_long_even_alone_takes_the_next_channel_or_none(practice: Practice) -> None:
    practice.configure(sms={"max_parts": 1})
    practice.book("1", customer=1, branch_name="x" * 160)
    practice.book("2", customer=2, branch_name="x" * 160, email="")
    ran = practice.run_once()
    assert (ran.told, ran.reasons) == ({"1": ["email sent"]}, {"2": "no_contact"})
    assert "parts, at most 1" in ran.json["skipped"][0]["detail"]


def test_the_gap_holds_to_the_hour_and_yields_at_the_last_chance(practice: Practice) -> None:
    practice.configure(rules={"hours_between_messages": 3})
    practice.book("1", "2026-11-25 10:00")
    practice.run_once()
    practice.book("2", "2026-11-25 09:00")
    assert practice.run_once(now="2026-11-24 12:59").reasons == {
        "1": "already_notified",
        "2": "recently_notified",
    }
    assert practice.run_once(now="2026-11-24 13:01").outcomes == {"2": "sent"}  # just over three hours
    practice.book("3", "2026-11-25 11:00")
    practice.configure(rules={"hours_between_messages": 99})
    assert practice.run_once(now="2026-11-24 18:29").reasons["3"] == "recently_notified"
    assert practice.run_once(now="2026-11-24 18:30").outcomes == {"3": "sent"}  # today is the last chance


def test_a_contact_by_hand_counts_and_two_hours_of_it_even_at_the_last_chance(practice: Practice) -> None:
    practice.book("1", last_contacted_at="2026-11-24 16:31")
    assert practice.run_once(now="2026-11-24 18:30").reasons == {"1": "recently_notified"}
    assert practice.run_once(now="2026-11-24 18:31").outcomes == {"1": "sent"}


def test_a_contact_in_the_future_is_a_typing_error_and_warned_about(practice: Practice) -> None:
    practice.book("1", last_contacted_at="2027-11-24 09:00")
    ran = practice.run_once()
    assert ran.outcomes == {"1": "sent"}
    assert "last_contacted_at in the future" in ran.json["warnings"][0]


def test_several_reminders_tell_a_customer_at_their_own_times(practice: Practice) -> None:
    practice.configure(
        reminders=[reminder(72, "früh", ("email",)), reminder(24, "spät", ("sms",))],
        rules={"hours_between_messages": 12},
    )
    practice.book("1", "2026-11-27 09:00")
    early = practice.run_once(now="2026-11-24 10:00")
    late = practice.run_once(now="2026-11-26 10:00")
    again = practice.run_once(now="2026-11-26 11:00")
    assert [(m["reminder"], m["channel"]) for m in early.json["messages"]] == [("früh", "email")]
    assert [(m["reminder"], m["channel"]) for m in late.json["messages"]] == [("spät", "sms")]
    assert again.json["messages"] == []
    assert (practice.mailed, practice.texted) == ([address(17)], [number(17)])


def test_renaming_a_reminder_tells_nobody_twice(practice: Practice) -> None:
    practice.configure(rules={"hours_between_messages": 1})
    practice.book("1")
    practice.run_once()
    practice.configure(reminders=[reminder(name="anders")])
    assert practice.run_once(now="2026-11-24 12:00").outcomes == {}
    practice.change("1", starts_at="2026-11-25 10:00")  # moved, it is told by the new name
    assert practice.run_once(now="2026-11-24 13:00").outcomes == {"1": "sent"}


# ---------------------------------------------------------------- languages


@pytest.mark.parametrize(
    ("language", "sms", "subject"),
    [
        (
            "de",
            "Guten Tag Frau Berger1, wir erwarten Sie am Mittwoch, 25. November um 09:00 Uhr",
            "Ihr Termin",
        ),
        ("de-AT", "Guten Tag Frau Berger1,", "Ihr Termin am Mittwoch, 25. November um 09:00 Uhr"),
        ("EN", "Wednesday", "Your appointment on Wednesday"),
        ("fr", "mercredi 25 novembre à 09:00", "Votre rendez-vous du mercredi 25 novembre"),
        ("", "Mittwoch, 25. November", "Ihr Termin"),
        ("pl", "Mittwoch, 25. November", "Ihr Termin"),
    ],
)
def test_dates_and_times_are_in_the_customers_language_and_the_practices_zone(
    language: str, sms: str, subject: str, practice: Practice
) -> None:
    practice.book("1", "2026-11-25T08:00:00Z", customer=1, language=language)
    practice.book("2", "2026-11-25T03:00:00-05:00", customer=2, language=language, preferred_channel="email")
    practice.run_once()
    assert sms in texts(practice)[0]
    assert subject in practice.mail.received[0].message["Subject"]


# ---------------------------------------------------------------- missed


def missed_on_monday(practice: Practice) -> Ran:
    """Cron slept from Monday morning to Tuesday morning."""
    practice.run_once(now="2026-11-23 08:00")
    practice.book("1", "2026-11-24 14:00", created_at="2026-11-20 12:00")
    return practice.run_once()


def test_what_no_run_told_in_time_is_missed_once_and_on_the_staff_list_until_it_starts(
    practice: Practice,
) -> None:
    first = missed_on_monday(practice)
    assert (first.exit_code, first.reasons) == (1, {"1": "missed"})
    assert first.json["news"][0].startswith("missed: ")
    second = practice.run_once(now="2026-11-24 11:00")
    assert (second.exit_code, second.json["news"]) == (0, [])
    (entry,) = practice.run("staff-list", "--json").json["customers"]
    assert (entry["customer_id"], entry["reason"], entry["appointment_ids"]) == ("17", "missed", ["1"])
    assert practice.run("staff-list", "--json", now="2026-11-24 14:00").json["customers"] == []
    assert practice.received == 0  # it is too late for a message


def test_who_was_called_by_hand_leaves_the_staff_list(practice: Practice) -> None:
    missed_on_monday(practice)
    practice.change("1", last_contacted_at="2026-11-24 10:30")
    assert practice.run("staff-list", "--json", now="2026-11-24 11:00").json["customers"] == []


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"created_at": "2026-11-24 09:00"}, "same_day"),  # booked when it was too late already
        ({"preferred_channel": "keine"}, "same_day"),
        ({"is_group": True}, "group_appointment"),
    ],
)
def test_what_could_not_have_been_told_was_not_missed(
    columns: dict[str, Any], reason: str, practice: Practice
) -> None:
    practice.run_once(now="2026-11-23 08:00")
    practice.book("1", "2026-11-24 14:00", **columns)
    ran = practice.run_once()
    assert (ran.exit_code, ran.reasons) == (0, {"1": reason})


def test_a_lost_day_is_caught_up_soonest_first_with_one_message_per_customer(practice: Practice) -> None:
    practice.configure(sms={"concurrency": 1})
    practice.run_once(now="2026-11-23 10:00")
    practice.book("c", "2026-11-25 09:55", customer=3)
    practice.book("a1", "2026-11-25 08:00", customer=1)
    practice.book("a2", "2026-11-25 09:00", customer=1)
    practice.book("b", "2026-11-25 08:30", customer=2)
    ran = practice.run_once()
    assert practice.texted == [number(1), number(2), number(3)]
    assert ran.outcomes == dict.fromkeys(("a1", "a2", "b", "c"), "sent")


def test_without_created_at_only_what_no_complete_run_saw_in_time_was_missed(tmp_path: Path) -> None:
    columns = {name: kind for name, kind in TYPES.items() if name != "created_at"}
    with Practice(tmp_path, columns=columns) as practice:
        practice.run_once(now="2026-11-23 08:00")
        practice.run_once(now="2026-11-23 16:00")
        practice.book("1", "2026-11-24 14:00")  # for all we know, it was booked after four o'clock
        assert practice.run_once().reasons == {"1": "same_day"}


def test_what_the_gateway_did_not_take_until_it_was_too_late_was_missed(practice: Practice) -> None:
    practice.configure(reminders=[reminder(channels=("sms",))])
    practice.book("1", "2026-11-25 09:00")
    practice.gateway.script = lambda request: (
        Answer(http_status=404) if request.operation == "SendSimpleSMS" else None
    )
    assert practice.run_once(now="2026-11-24 19:00").outcomes == {"1": "retry"}
    ran = practice.run_once(now="2026-11-25 08:00")
    assert (ran.exit_code, ran.reasons) == (1, {"1": "missed"})
