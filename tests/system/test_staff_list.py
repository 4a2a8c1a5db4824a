"""Whom a person must call: also who was told of a time that holds no more; and what was ticked off."""

from typing import Any

import pytest

from practice import Practice, Ran, number, reminder


def listed(practice: Practice, now: str | None = None) -> dict[str, tuple[str, list[str]]]:
    """By customer: the reason, and the appointments."""
    ran = practice.run("staff-list", "--json", now=now)
    assert (ran.exit_code, ran.stderr) == (0, "")
    return {c["customer_id"]: (c["reason"], c["appointment_ids"]) for c in ran.json["customers"]}


def told(practice: Practice, now: str | None = None) -> None:
    """A run that tells everybody who is due."""
    assert set(practice.run_once(now=now).outcomes.values()) == {"sent"}


# ---------------------------------------------------------------- told, then cancelled


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        # how the front desk cancels                                    what the list says
        pytest.param({"status": " storniert "}, "status storniert", id="by its status"),
        pytest.param(
            {"customer_id": "18", "last_name": "Schulz"},
            "given to another customer",
            id="another customer has it now",
        ),
        pytest.param({"customer_id": None}, "it has no customer any more", id="nobody has it now"),
    ],
)
def test_who_was_told_of_an_appointment_that_is_cancelled_must_hear_of_it(
    practice: Practice, change: dict[str, Any], detail: str
) -> None:
    practice.book("1")
    told(practice)
    practice.change("1", **change)
    (entry,) = practice.run("staff-list", "--json").json["customers"]
    assert (entry["customer_id"], entry["reason"], entry["detail"]) == ("17", "cancelled", detail)
    assert entry["starts_at"] == "2026-11-25T09:00:00+01:00"


def test_a_row_that_is_gone_leaves_the_number_that_was_texted(practice: Practice) -> None:
    practice.book("1")
    told(practice)
    practice.remove("1")
    (entry,) = practice.run("staff-list", "--json").json["customers"]
    assert (entry["reason"], entry["detail"]) == ("cancelled", "gone from the schedule")
    assert (entry["name"], entry["mobile"], entry["email"]) == ("", number(17), "")
    (appointment,) = entry["appointments"]
    assert appointment["got"] == [
        {
            "reminder": "Terminerinnerung",
            "channel": "sms",
            "state": "sent",
            "at": "2026-11-24T10:00:00+01:00",
            "starts_at": "2026-11-25T09:00:00+01:00",
        }
    ]


def test_a_row_that_is_gone_borrows_name_and_contact_from_the_customer_s_other_one(
    practice: Practice,
) -> None:
    practice.book("1")
    told(practice)
    practice.book("2", "2026-11-25 16:00", mobile="0171 5500017 (privat)")
    practice.remove("1")
    (entry,) = practice.run("staff-list", "--json").json["customers"]
    assert (entry["name"], entry["mobile"], entry["branch_code"]) == (
        "Frau Anna Berger17",
        "0171 5500017 (privat)",
        "HH1",
    )
    assert entry["appointment_ids"] == ["1"]


CANCELLED = [
    # what happens after the message             when the list is read     listed?
    pytest.param({}, "2026-11-25 08:59", True, id="until the time they were told"),
    pytest.param({}, "2026-11-25 09:00", False, id="not from then on"),
    pytest.param({"last_contacted_at": "2026-11-24 11:00"}, "2026-11-24 12:00", False, id="called since"),
    pytest.param({"last_contacted_at": "2026-11-24 09:00"}, "2026-11-24 12:00", True, id="called before"),
    pytest.param({"status": "Geplant"}, "2026-11-24 12:00", False, id="not cancelled after all"),
]


@pytest.mark.parametrize(("change", "now", "still"), CANCELLED)
def test_a_cancelled_appointment_stays_listed_until_its_time_or_a_contact_by_hand(
    practice: Practice, change: dict[str, Any], now: str, still: bool
) -> None:
    practice.book("1")
    told(practice)
    practice.change("1", **{"status": "Storniert", **change})
    assert ("17" in listed(practice, now)) == still


@pytest.mark.parametrize(("status", "still"), [("Geplant", True), ("Storniert", False)])
def test_what_failed_by_a_clock_that_was_days_ahead_is_listed_though_no_window_has_it_yet(
    either_practice: Practice, status: str, *, still: bool
) -> None:
    either_practice.book("1", "2026-12-02 09:00", mobile="")
    either_practice.mail.script = lambda command, to: "550 no" if command == "RCPT" else None
    assert either_practice.run_once(now="2026-12-01 10:00").outcomes == {"1": "failed"}
    either_practice.change("1", status=status)
    assert ("17" in listed(either_practice)) == still


def test_who_was_never_told_need_not_hear_of_a_cancellation(practice: Practice) -> None:
    practice.book("1", mobile="", email="")
    practice.book("2", customer=2)
    practice.mail.script = lambda command, to: "550 no" if command == "RCPT" else None
    practice.configure(reminders=[reminder(channels=("email",))])
    practice.run_once()
    practice.cancel("1")
    practice.cancel("2")
    assert listed(practice) == {}


def test_a_row_that_cannot_be_read_is_no_cancellation(practice: Practice) -> None:
    practice.book("1")
    told(practice)
    practice.change("1", starts_at="morgen")
    assert listed(practice) == {"1": ("bad_row", ["1"])}


NEVER = "9999-12-31 23:59:59"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"starts_at": NEVER}, id="put off for ever"),
        pytest.param({"starts_at": "9999-12-31 12:00"}, id="put off for ever, by day"),
        pytest.param({"starts_at": "2999-12-31 12:00"}, id="put off for a thousand years"),
        pytest.param({"starts_at": "2027-01-20 00:00"}, id="its time of day was lost, far ahead"),
        pytest.param({"starts_at": "2027-01-20 10:00", "is_group": "maybe"}, id="unreadable, far ahead"),
    ],
)
def test_who_was_told_is_listed_where_no_run_can_read_the_row_any_more(
    practice: Practice, changed: dict[str, Any]
) -> None:
    practice.configure(corrections={"enabled": True})
    practice.book("1")
    told(practice)
    practice.change("1", **changed)
    for hour in (11, 12, 13):
        assert practice.run_once(now=f"2026-11-24 {hour}:00").json["messages"] == []
    assert listed(practice) == {"1": ("bad_row", ["1"])}


BY_DAY = {"name": "Terminerinnerung", "days_before": 1, "at": "18:00", "channels": ("sms",)}


@pytest.mark.parametrize("lead", [reminder(), pytest.param(BY_DAY, marks=pytest.mark.full)])
@pytest.mark.parametrize("day", [NEVER, "9999-12-30 09:00", "9999-12-28 09:00", "2999-12-31 09:00"])
def test_a_start_that_means_never_ends_no_command(practice: Practice, day: str, lead: dict[str, Any]) -> None:
    practice.configure(reminders=[lead])
    practice.book("1", day)
    practice.book("2", customer=2)
    practice.now = "2026-11-24 18:30"
    assert practice.run_once().outcomes == {"2": "sent"}
    practice.change("2", starts_at=day)
    for command in ("run-once", "dry-run", "staff-list", "search", "schedule inspect", "notify 2 --yes"):
        assert practice.run(*command.split()).exit_code == 0
    for command in ("explain 1", "explain 2"):
        assert f"means never, since nobody comes on {day[:10]}" in practice.run(*command.split()).stdout


def test_an_appointment_that_another_customer_got_is_two_customers_matter(practice: Practice) -> None:
    practice.book("1")
    told(practice)
    practice.change("1", customer_id="18", last_name="Schulz", mobile="", email="")
    assert listed(practice) == {"17": ("cancelled", ["1"]), "18": ("no_contact", ["1"])}
    which = practice.run("staff-list", "done", "1")
    assert (which.exit_code, which.stdout) == (2, "")
    assert "17 and 18" in which.stderr
    assert "--customer" in which.stderr
    assert practice.run("staff-list", "done", "1", "--customer", "17").exit_code == 0
    assert listed(practice) == {"18": ("no_contact", ["1"])}


# ---------------------------------------------------------------- told, then moved


MOVED = [
    # the new start         is on the list?
    pytest.param("2026-11-24 17:00", True, id="to today: no run tells it"),
    pytest.param("2026-11-25 16:00", False, id="later tomorrow: the next run tells it"),
    pytest.param("2027-01-12 09:00", True, id="to next year: they would come tomorrow in vain"),
]


@pytest.mark.parametrize(("start", "still"), MOVED)
def test_who_was_told_another_time_is_listed_if_no_run_will_tell_the_new_one(
    practice: Practice, start: str, still: bool
) -> None:
    practice.book("1")
    told(practice)
    practice.change("1", starts_at=start)
    assert listed(practice, "2026-11-24 10:30") == ({"17": ("moved", ["1"])} if still else {})


def test_the_list_says_both_times_of_a_moved_appointment(practice: Practice) -> None:
    practice.book("1")
    told(practice)
    practice.change("1", starts_at="2026-11-24 17:00")
    (entry,) = practice.run("staff-list", "--json").json["customers"]
    assert (entry["starts_at"], entry["told"]) == ("2026-11-24T17:00:00+01:00", "2026-11-25T09:00:00+01:00")
    assert "was told 2026-11-25 09:00" in practice.run("staff-list").stdout


def test_a_moved_appointment_of_a_type_that_no_run_tells_any_more_is_listed(practice: Practice) -> None:
    practice.book("1")
    told(practice)
    practice.change("1", starts_at="2026-12-08 09:00", type_notifiable=False)
    assert listed(practice) == {"17": ("moved", ["1"])}


def test_a_moved_appointment_leaves_the_list_when_it_is_moved_back(practice: Practice) -> None:
    practice.book("1")
    told(practice)
    practice.change("1", starts_at="2026-11-24 17:00")
    assert "17" in listed(practice)
    practice.change("1", starts_at="2026-11-25 09:00")
    assert listed(practice) == {}


def test_a_moved_appointment_that_was_confirmed_anew_is_no_matter_for_staff(practice: Practice) -> None:
    """And a confirmation that is all they got is nothing to be taken back, but the list shows it."""
    practice.configure(confirmation={"enabled": True})
    practice.run_once(now="2026-11-23 12:00")
    practice.book("1", created_at="2026-11-24 09:00")
    practice.book("2", "2026-12-24 09:00", customer=2, created_at="2026-11-24 09:00")
    told(practice)
    practice.change("1", starts_at="2026-11-24 17:00")
    practice.cancel("2")
    (entry,) = practice.run("staff-list", "--json").json["customers"]
    assert (entry["customer_id"], entry["reason"]) == ("17", "moved")
    assert [got["channel"] for got in entry["appointments"][0]["got"]] == ["sms", "email"]
    told(practice, "2026-11-24 10:50")  # confirmed anew
    assert listed(practice, "2026-11-24 11:00") == {}


def test_who_was_told_another_time_after_the_confirmation_does_not_know_that_it_moved_back(
    practice: Practice,
) -> None:
    """Confirmed for today at 17:00; told tomorrow at 9; and back: no reminder comes on the day itself."""
    practice.configure(confirmation={"enabled": True})
    practice.run_once(now="2026-11-24 08:30")
    practice.book("1", "2026-11-24 17:00", created_at="2026-11-24 09:00")
    told(practice)
    practice.change("1", starts_at="2026-11-25 09:00")
    told(practice, "2026-11-24 10:50")
    practice.change("1", starts_at="2026-11-24 17:00")
    assert listed(practice, "2026-11-24 11:00") == {"17": ("moved", ["1"])}
    told(practice, "2026-11-24 11:50")  # confirmed anew
    assert listed(practice, "2026-11-24 12:00") == {}


# ---------------------------------------------------------------- ticked off


def done(practice: Practice, *arguments: str) -> Ran:
    ran = practice.run("staff-list", "done", *arguments)
    assert (ran.exit_code, ran.stderr) == (0, "")
    return ran


def test_a_customer_is_ticked_off_with_all_that_they_are_on_the_list_for(either_practice: Practice) -> None:
    with_letter = {"preferred_channel": "Brief"}
    either_practice.book("1", customer=1, **with_letter)
    either_practice.book("2", "2026-11-25 09:30", customer=1, **with_letter)
    either_practice.book("3", customer=3, **with_letter)
    assert done(either_practice, "2").stdout == "done: Frau Anna Berger1 (1), 1, 2\n"
    assert listed(either_practice) == {"3": ("manual_contact", ["3"])}
    assert done(either_practice, "1").stdout == "done: Frau Anna Berger1 (1), 1, 2\n"  # changes nothing
    assert done(either_practice, "1", "3").stdout.count("done: ") == 2
    assert listed(either_practice) == {}


def test_what_is_ticked_off_comes_back_when_it_moves(practice: Practice) -> None:
    practice.book("1", preferred_channel="Brief")
    done(practice, "1")
    assert listed(practice) == {}
    practice.change("1", starts_at="2026-11-25 09:15")
    assert listed(practice) == {"17": ("manual_contact", ["1"])}


def test_who_was_called_gets_no_message_at_a_corrected_address(practice: Practice) -> None:
    """A tick is a contact by hand, about this very appointment: nothing is left to tell."""
    practice.configure(reminders=[reminder(channels=("email",))])
    practice.mail.script = lambda command, to: "550 no" if command == "RCPT" else None
    practice.book("1")
    practice.run_once()
    done(practice, "1")
    assert listed(practice) == {}
    practice.mail.script = lambda command, to: None
    practice.change("1", email="new@example.org")  # would open the message again
    for clock in ("11:00", "14:00", "18:45"):  # at the last chance, too
        assert practice.run_once(now=f"2026-11-24 {clock}").reasons == {"1": "recently_notified"}
    practice.change("1", starts_at="2026-11-25 10:00")  # moved, it is another matter
    assert practice.run_once(now="2026-11-24 18:50").outcomes == {"1": "sent"}


def test_a_cancelled_appointment_is_ticked_off_too(practice: Practice) -> None:
    practice.book("1")
    told(practice)
    practice.remove("1")
    assert done(practice, "1").stdout == "done: 17, 1\n"
    assert listed(practice) == {}


@pytest.mark.parametrize("unknown", ["4711", "", "\udcff", "1; DROP TABLE"])
def test_an_appointment_that_is_not_on_the_list_is_wrong_usage(practice: Practice, unknown: str) -> None:
    practice.book("1")
    ran = practice.run("staff-list", "done", unknown)
    assert (ran.exit_code, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert "`staff-list` shows" in ran.stderr


def test_the_options_of_the_list_are_none_of_done(practice: Practice) -> None:
    ran = practice.run("staff-list", "--json", "done", "1")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "--json" in ran.stderr
