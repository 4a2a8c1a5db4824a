"""One person, one appointment, one message, whatever data, people and clocks do (contract, section 4)."""

from collections.abc import Callable

import pytest

from practice import Practice, number, reminder
from terminbenachrichtigung.demo.loopback import Answer


def listed(practice: Practice, now: str | None = None) -> dict[str, str]:
    """By customer: why they are on the staff list."""
    shown = practice.run("staff-list", "--json", now=now).json
    return {each["customer_id"]: each["reason"] for each in shown["customers"]}


def at(clock: str) -> str:
    return f"2026-11-24 {clock}"


# ---------------------------------------------------------------- a person, not an id


def test_a_merged_customer_is_not_told_again(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1")
    practice.run_once()
    practice.change("1", customer_id="18")  # the same name and number
    again = practice.run_once(now=at("12:50"))
    assert again.reasons == {"1": "already_notified"}
    assert listed(practice, at("12:55")) == {}
    practice.change("1", starts_at="2026-11-25 09:30")  # moved, she is told under her new id
    assert practice.run_once(now=at("13:50")).outcomes == {"1": "sent"}
    assert listed(practice, at("13:55")) == {}


def test_different_people_under_one_id_are_told_nothing(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1", last_name="Meier", mobile="0171 5500001", email="")
    practice.book("2", "2026-11-25 09:30", last_name="Schulz", mobile="0171 5500002", email="")
    ran = practice.run_once()
    assert {row["appointment_id"] for row in ran.json["bad_rows"]} == {"1", "2"}
    assert "different people" in ran.json["bad_rows"][0]["detail"]
    assert (ran.exit_code, practice.texted) == (1, [])
    practice.change("2", customer_id="18")
    assert practice.run_once(now=at("12:00")).outcomes == {"1": "sent", "2": "sent"}


def test_a_corrected_number_puts_who_was_told_at_the_old_one_on_the_list(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1")
    practice.run_once()
    assert listed(practice) == {}
    practice.change("1", mobile=number(99))
    assert listed(practice, at("11:00")) == {"17": "number_changed"}
    assert practice.run_once(now=at("12:00")).outcomes == {}
    practice.run("staff-list", "done", "1", now=at("12:05"))
    assert listed(practice, at("12:10")) == {}


def test_who_was_told_at_a_number_that_is_gone_stays_on_the_list_when_a_second_reminder_is_due(
    practice: Practice,
) -> None:
    practice.configure(reminders=[reminder(48, "früh", ("sms",)), reminder(channels=("sms",))])
    practice.book("1", "2026-11-25 18:00")
    assert practice.run_once().outcomes == {"1": "sent"}
    practice.change("1", mobile="")
    assert listed(practice, at("11:00")) == {"17": "number_changed"}
    assert listed(practice, at("18:55")) == {"17": "number_changed"}  # the second has no number to use


def test_the_number_in_another_field_or_spelling_is_the_same(practice: Practice) -> None:
    practice.book("1")
    practice.run_once()
    practice.change("1", mobile="", phone=f"030 1234567; {number(17)} (privat)")
    assert listed(practice, at("11:00")) == {}


def test_a_contact_noted_on_one_row_counts_for_all_of_the_customer(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1", last_contacted_at=at("09:00"))
    practice.book("2", "2026-11-25 09:30", last_contacted_at=None)
    assert practice.run_once().reasons == {"1": "recently_notified", "2": "recently_notified"}


# ---------------------------------------------------------------- an appointment, not a row


def test_an_appointment_deleted_and_made_anew_is_told_once(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("a1")
    practice.run_once()
    practice.remove("a1")
    practice.book("a2")
    again = practice.run_once(now=at("12:50"))
    assert again.reasons == {"a2": "already_notified"}
    assert again.json["skipped"][0]["detail"] == "sent as appointment a1"
    assert listed(practice, at("12:55")) == {}
    found = practice.run("search", "--json", now=at("12:55")).json["appointments"]
    assert [each["state"] for each in found] == ["sent"]
    practice.remove("a2")
    assert listed(practice, at("13:00")) == {"17": "cancelled"}


def test_a_row_made_anew_under_another_customer_id_is_the_same_person_s(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("a1")
    practice.run_once()
    practice.remove("a1")
    practice.book("a2", customer=18, last_name="Berger17", mobile=number(17), email="")
    assert practice.run_once(now=at("12:50")).reasons == {"a2": "already_notified"}
    assert listed(practice, at("12:55")) == {}


@pytest.mark.parametrize("by_hand", [False, True])
def test_what_was_told_of_an_appointment_that_moved_since_is_told_of_no_other_one(
    either_practice: Practice, by_hand: bool
) -> None:
    """Told nine o'clock, then another time of the same appointment; now another one stands at nine."""
    practice = either_practice
    practice.book("1")
    practice.run_once(now=at("09:50"))
    practice.change("1", starts_at="2026-12-15 14:00" if by_hand else "2026-11-25 10:30")
    if by_hand:
        assert practice.run("notify", "1", "--yes", now=at("10:40")).exit_code == 0
    else:
        assert practice.run_once(now=at("10:50")).outcomes == {"1": "sent"}
    practice.book("2")
    assert practice.dry_run(at("12:50")).reasons["2"] == "recently_notified"
    assert practice.run_once(now=at("18:50")).outcomes == {"2": "sent"}
    assert practice.run_once(now=at("19:50")).outcomes == {}
    assert listed(practice, at("19:55")) == {}


def enter_twice(practice: Practice) -> None:
    """The desk has two records of one person, and the appointment stands in both."""
    for customer, appointment in ((17, "1"), (18, "2")):
        practice.book(appointment, customer=customer, last_name="Berger", mobile=number(17), email="")


def test_an_appointment_in_two_records_of_one_person_is_planned_once(either_practice: Practice) -> None:
    practice = either_practice
    practice.configure(reminders=[reminder(48, "früh"), reminder()])
    enter_twice(practice)
    planned = practice.dry_run().json
    (row,) = practice.run("search", "--json", "--customer", "18").json["appointments"]
    assert {each["reminder"]: each["reason"] for each in row["reminders"]} == {
        "Terminerinnerung": "already_notified",
        "früh": "superseded",
    }
    ran = practice.run_once().json
    assert [message["appointment_ids"] for message in planned["messages"]] == [["1"]]
    assert [message["appointment_ids"] for message in ran["messages"]] == [["1"]]
    assert planned["skipped"] == ran["skipped"]
    assert [each["detail"] for each in ran["skipped"] if each["reason"] == "already_notified"] == [
        "planned as appointment 1"
    ]
    assert practice.run_once(now=at("11:00")).outcomes == {}
    assert listed(practice, at("11:10")) == {}


def test_a_booking_in_two_records_of_one_person_is_confirmed_once(practice: Practice) -> None:
    practice.configure(confirmation={"enabled": True})
    practice.run_once(now=at("09:00"))
    for customer, appointment in ((17, "1"), (18, "2")):
        booked = {"last_name": "Berger", "email": "a@example.org", "created_at": at("09:30")}
        practice.book(appointment, "2026-12-08 09:00", customer=customer, **booked)
    planned = practice.dry_run().json["messages"]
    ran = practice.run_once()
    assert [message["appointment_ids"] for message in planned] == [["1"]]
    assert (ran.exit_code, ran.outcomes, practice.mailed) == (0, {"1": "sent"}, ["a@example.org"])


def test_an_appointment_in_two_records_is_told_by_hand_in_either(practice: Practice) -> None:
    enter_twice(practice)
    assert practice.run("notify", "2", "--yes", "--json").json["messages"][0]["appointment_ids"] == ["2"]
    assert practice.run_once().outcomes == {}


def test_a_namesake_at_the_same_time_is_told(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("a1")
    practice.run_once()
    practice.book("a2", customer=18, last_name="Berger17")  # at another number
    assert practice.run_once(now=at("12:50")).outcomes == {"a2": "sent"}


def test_two_appointments_that_change_places_are_no_news(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("eyes", "2026-11-25 09:00")
    practice.book("ears", "2026-11-25 09:30")
    practice.run_once()
    practice.change("eyes", starts_at="2026-11-25 09:30")
    assert listed(practice, at("11:00")) == {"17": "moved"}  # nobody comes at nine any more
    practice.change("ears", starts_at="2026-11-25 09:00")
    assert practice.run_once(now=at("12:00")).outcomes == {}
    assert listed(practice, at("12:05")) == {}
    practice.cancel("eyes")  # they believe in half past nine too
    assert listed(practice, at("13:00")) == {"17": "moved"}
    practice.change("eyes", status="Geplant", customer_id="18", last_name="Kurz", mobile=number(18), email="")
    assert listed(practice, at("13:05")) == {"17": "moved"}


def test_starts_are_compared_to_the_minute(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1")
    practice.run_once()
    for hour, start in enumerate(("09:00:01", "09:00:59.5", "09:00:00"), start=11):
        practice.change("1", starts_at=f"2026-11-25 {start}")
        assert practice.run_once(now=at(f"{hour}:50")).outcomes == {}
    assert practice.texted == [number(17)]
    assert listed(practice, at("14:00")) == {}


def test_an_appointment_that_was_told_at_four_times_within_a_day_is_told_no_fifth(
    either_practice: Practice,
) -> None:
    practice = either_practice
    practice.configure(rules={"hours_between_messages": 1})
    practice.book("1", "2026-11-25 09:00")
    practice.run_once(now=at("10:00"))
    for hour, start in ((12, "09:10"), (13, "09:20"), (14, "09:30")):
        practice.change("1", starts_at=f"2026-11-25 {start}")
        assert practice.run_once(now=at(f"{hour}:00")).outcomes == {"1": "sent"}
    practice.change("1", starts_at="2026-11-25 09:40")
    fifth = practice.run_once(now=at("16:00"))
    assert fifth.reasons == {"1": "already_notified"}
    assert "4 different times" in fifth.json["skipped"][0]["detail"]
    assert listed(practice, at("16:05")) == {"17": "moved"}


def test_what_was_told_under_another_name_of_the_reminder_is_told_anew_when_it_moves_back(
    either_practice: Practice,
) -> None:
    """Told nine, renamed, told half past nine, renamed back, and it is at nine again."""
    practice = either_practice
    practice.book("1", "2026-11-25 09:00")
    practice.run_once()
    practice.configure(reminders=[reminder(name="Erinnerung")])
    practice.change("1", starts_at="2026-11-25 09:30")
    assert practice.run_once(now=at("11:00")).outcomes == {"1": "sent"}
    practice.configure(reminders=[reminder()])
    assert practice.run_once(now=at("12:00")).outcomes == {}
    practice.change("1", starts_at="2026-11-25 09:00")
    assert practice.run_once(now=at("13:00")).outcomes == {"1": "sent"}
    assert practice.run_once(now=at("14:00")).outcomes == {}
    assert listed(practice, at("14:05")) == {}


# ---------------------------------------------------------------- off and on again

OFF = [
    # what the desk does, after which a person calls           the reason on the list
    pytest.param({"status": "Storniert"}, "cancelled", id="cancelled"),
    pytest.param({"starts_at": "2026-11-24 16:00"}, "moved", id="moved to today"),
]


@pytest.mark.parametrize(("change", "reason"), OFF)
def test_who_was_told_that_it_is_off_is_told_anew_once_it_stands_again(
    either_practice: Practice, change: dict[str, str], reason: str
) -> None:
    practice = either_practice
    practice.book("1")
    practice.run_once()
    practice.change("1", **change)
    assert listed(practice, at("11:00")) == {"17": reason}
    assert practice.run("staff-list", "done", "1", now=at("11:05")).exit_code == 0
    practice.change("1", status="Geplant", starts_at="2026-11-25 09:00")
    again = practice.run_once(now=at("12:50"))
    assert again.outcomes == {"1": "sent"}
    assert practice.run_once(now=at("13:50")).outcomes == {}
    assert listed(practice, at("13:55")) == {}


@pytest.mark.parametrize(("change", "reason"), OFF)
@pytest.mark.parametrize("merged_first", [True, False])
def test_it_is_off_for_the_person_and_not_for_the_record(
    either_practice: Practice, change: dict[str, str], reason: str, merged_first: bool
) -> None:
    practice = either_practice
    practice.book("1")
    practice.book("2", branch_code="HH2")  # the same start: told beside it
    practice.run_once()
    if merged_first:
        practice.change("1", customer_id="18")
    for appointment in ("1", "2"):
        practice.change(appointment, **change)
    assert set(listed(practice, at("11:00")).values()) == {reason}
    practice.run("staff-list", "done", "1", "2", now=at("11:05"))
    assert listed(practice, at("11:10")) == {}
    for appointment in ("1", "2"):
        practice.change(appointment, customer_id="18", status="Geplant", starts_at="2026-11-25 09:00")
    assert practice.run_once(now=at("12:50")).outcomes == {"1": "sent", "2": "sent"}
    assert practice.run_once(now=at("13:50")).outcomes == {}
    assert listed(practice, at("13:55")) == {}


def test_that_it_is_off_for_one_says_nothing_to_another(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1")
    practice.run_once()
    practice.change("1", customer_id="18", last_name="Kurz", mobile=number(18), email="")
    assert practice.run_once(now=at("11:00")).outcomes == {"1": "sent"}
    practice.cancel("1")
    assert listed(practice, at("11:30")) == {"17": "cancelled", "18": "cancelled"}


def test_what_stands_again_too_late_for_a_run_is_for_a_person(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1", "2026-11-25 09:00")
    practice.run_once()
    practice.cancel("1")
    practice.run("staff-list", "done", "1", now=at("11:05"))
    practice.change("1", status="Geplant")
    assert listed(practice, "2026-11-25 08:10") == {"17": "reinstated"}


def test_a_cancellation_that_nobody_called_about_and_that_was_a_slip_says_nothing(practice: Practice) -> None:
    practice.book("1")
    practice.run_once()
    practice.cancel("1")
    practice.change("1", status="Geplant")
    assert practice.run_once(now=at("12:50")).outcomes == {}
    assert listed(practice, at("12:55")) == {}


def test_search_and_rules_agree_on_what_was_moved_there_and_back(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1")
    practice.run_once()
    practice.change("1", starts_at="2026-11-25 10:00")
    practice.gateway.script = lambda request: Answer(http_status=503)  # the message about 10:00 is released
    practice.configure(reminders=[reminder(channels=("sms",))])
    practice.run_once(now=at("11:00"))
    practice.change("1", starts_at="2026-11-25 09:00")
    found = practice.run("search", "--json", now=at("11:30")).json["appointments"]
    assert [each["state"] for each in found] == ["sent"]
    assert practice.dry_run(at("11:30")).reasons == {"1": "already_notified"}


# ---------------------------------------------------------------- clocks and time zones


def test_a_clock_that_was_years_ahead_for_a_run_tells_nobody_twice_and_hides_nobody(
    either_practice: Practice,
) -> None:
    practice = either_practice
    practice.book("1")
    practice.run_once(now=at("10:50"))
    practice.run_once(now="2028-03-01 10:00")
    right = practice.run_once(now=at("11:50"))
    assert right.reasons == {"1": "already_notified"}
    assert any("dated after now" in each for each in right.json["warnings"])
    practice.book("2", "2026-11-25 14:00", 18)  # and then cron stands still until the next morning
    morning = practice.run_once(now="2026-11-25 08:50")
    assert morning.reasons["2"] == "missed"
    assert practice.texted == [number(17)]


def test_a_first_run_by_a_clock_that_is_ahead_does_not_silence_missed(either_practice: Practice) -> None:
    practice = either_practice
    practice.run_once(now="2028-03-01 10:00")
    practice.run_once(now=at("10:50"))
    practice.book("1", "2026-11-25 14:00")
    assert practice.run_once(now="2026-11-25 08:50").reasons == {"1": "missed"}


def test_a_run_in_another_time_zone_is_refused(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1")
    practice.configure(timezone="Europe/London")
    refused = practice.run("run-once")
    assert refused.exit_code == 3
    assert "journal timezone Europe/London" in refused.stderr
    checked = practice.run("config", "check", "--connect")
    assert (checked.exit_code, "journal timezone Europe/London" in checked.stderr) == (3, True)
    assert practice.run("dry-run").exit_code == 3
    assert practice.texted == []
    assert practice.run("journal", "timezone", "Europe/Vienna").exit_code == 2
    assert practice.run("journal", "timezone", "Europe/London").exit_code == 0
    assert practice.run_once().exit_code == 0


# ---------------------------------------------------------------- missed, without booking times


def test_who_was_held_by_the_gap_and_never_told_is_missed(either_practice: Practice) -> None:
    practice = either_practice
    practice.run_once(now=at("08:50"))
    practice.book("1", "2026-11-25 18:00", created_at=None, last_contacted_at=at("18:00"))
    assert practice.run_once(now=at("18:10")).reasons == {"1": "recently_notified"}
    practice.change("1", last_contacted_at=None)
    assert practice.run_once(now="2026-11-25 08:50").reasons == {"1": "missed"}


def merge(practice: Practice) -> None:
    practice.change("1", customer_id="18")


def make_anew(practice: Practice) -> None:
    practice.remove("1")
    practice.book("2", created_at=None)


@pytest.mark.parametrize("changes", [merge, make_anew])
def test_whom_the_gateway_did_not_take_is_missed_also_under_another_id(
    either_practice: Practice, changes: Callable[[Practice], None]
) -> None:
    """There are no booking times, and the practice's program renumbers at night."""
    practice = either_practice
    practice.configure(reminders=[reminder(channels=("sms",))])
    practice.gateway.script = lambda request: (
        Answer(http_status=503) if request.operation == "SendSimpleSMS" else None
    )
    practice.run_once(now=at("09:50"))
    practice.book("1", created_at=None)
    practice.run_once(now=at("19:50"))
    changes(practice)
    late = practice.run_once(now="2026-11-25 08:50")
    assert (late.exit_code, set(late.reasons.values())) == (1, {"missed"})
    assert set(listed(practice, "2026-11-25 08:55").values()) == {"missed"}


def test_who_had_no_contact_until_it_was_too_late_is_missed(either_practice: Practice) -> None:
    practice = either_practice
    practice.run_once(now=at("08:50"))
    practice.book("1", "2026-11-25 09:30", created_at=None, mobile="", email="")
    assert practice.run_once(now=at("10:50")).reasons == {"1": "no_contact"}
    practice.change("1", mobile=number(17))  # and no run comes any more that day
    assert practice.run_once(now="2026-11-25 08:10").reasons == {"1": "missed"}


# ---------------------------------------------------------------- adopt


def test_adopting_on_an_existing_journal_leaves_whom_no_message_reached_on_the_list(
    either_practice: Practice,
) -> None:
    practice = either_practice
    practice.configure(reminders=[reminder(channels=("sms",)), reminder(23, "zweite", ("sms",))])
    practice.book("1", mobile=number(17))
    practice.gateway.script = lambda request: (
        Answer(status="NoRecipientFound") if request.operation == "SendSimpleSMS" else None
    )
    practice.run_once()
    assert listed(practice) == {"17": "failed"}
    practice.change("1", mobile=number(18))
    practice.run("journal", "init", "--adopt")
    assert listed(practice) == {"17": "failed"}
