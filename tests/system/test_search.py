"""`search`: which appointments there are, and where each stands (contract, section 7)."""

from typing import Any

import pytest

from practice import REMINDER, Practice, address, number, reminder
from terminbenachrichtigung.demo.loopback import Answer, Request

EARLY = "Vorankündigung"


def found(practice: Practice, *options: str, now: str | None = None) -> dict[str, Any]:
    ran = practice.run("search", "--json", *options, now=now)
    assert (ran.exit_code, ran.stderr) == (0, "")
    return {each["appointment_id"]: each for each in ran.json["appointments"]}


@pytest.fixture
def busy_practice(either_practice: Practice) -> Practice:
    """One appointment of every kind that a search tells apart; a run has been at ten o'clock."""
    practice = either_practice
    practice.configure(schedule={"midnight_starts": True})
    practice.book("sent", customer=1)
    practice.book("failed", customer=2, email="")
    practice.book("unknown", customer=3)
    practice.book("no-contact", customer=4, mobile="0171 Ute", email="")
    practice.book("later", "2026-11-26 18:00", customer=5, branch_code="B1", type_name="Anpassung")
    practice.book("cancelled", customer=6, status="Storniert")
    practice.book("no customer", customer_id=None)
    practice.book("yesterday", "2026-11-23 09:00", customer=1)
    practice.book("tonight", "2026-11-24 23:59", customer=7)
    practice.book("midnight", "2026-11-25 00:00", customer=8)
    practice.book("in a week", "2026-12-01 23:59", customer=9)
    practice.book("after it", "2026-12-02 00:00", customer=9)

    def script(request: Request) -> Answer | None:
        recipient = request.fields.get("Recipient", "")
        if recipient.endswith(number(2)[1:]):
            return Answer(status="NoRecipientFound")
        return Answer(http_status=500) if recipient.endswith(number(3)[1:]) else None

    practice.gateway.script = script
    practice.run_once()
    return practice


def test_by_default_it_finds_today_and_the_next_seven_days(busy_practice: Practice) -> None:
    rows = found(busy_practice)
    assert {"yesterday", "after it"}.isdisjoint(rows)
    assert rows.keys() >= {"tonight", "midnight", "in a week", "sent", "cancelled", "no customer"}
    assert next(iter(rows)) == "tonight"  # in the order of the starts
    ran = busy_practice.run("search", "--json").json
    assert (ran["command"], ran["from"], ran["to"]) == ("search", "2026-11-24", "2026-12-01")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--day", "2026-11-24"), {"tonight"}),
        (("--day", "2026-11-23"), {"yesterday"}),
        (("--from", "2026-11-26", "--to", "2026-12-01"), {"later", "in a week"}),
        (("--from", "2026-12-02"), {"after it"}),
        (("--to", "2026-11-24"), {"tonight"}),
        (("--customer", "5"), {"later"}),  # the id, whole
        (("--customer", "berger9"), {"in a week"}),  # a part of the name
        (("--customer", "anna  BERGER9"), {"in a week"}),  # words of it
        (("--customer", "Berger9, Anna"), {"in a week"}),
        (("--customer", "nobody"), set()),
        (("--branch", "b1"), {"later"}),
        (("--type", "anpass"), {"later"}),
        (("--state", "sent"), {"sent"}),
        (("--state", "failed"), {"failed"}),
        (("--state", "unknown"), {"unknown"}),
        (("--state", "no-contact"), {"no-contact"}),
        (("--state", "sent", "--state", "failed"), {"sent", "failed"}),
        (("--state", "adopted"), set()),
        (
            ("--state", "not-notified"),
            {"no-contact", "later", "cancelled", "no customer", "tonight", "in a week"},
        ),
        (("--state", "not-notified", "--day", "2026-11-26"), {"later"}),
    ],
)
def test_it_finds(options: tuple[str, ...], expected: set[str], busy_practice: Practice) -> None:
    # "midnight" was told by the run: it starts 14 hours later, and not today
    assert found(busy_practice, *options).keys() - {"midnight"} == expected


def test_each_row_says_where_it_stands_and_why_a_run_would_leave_it_alone(busy_practice: Practice) -> None:
    rows = found(busy_practice)
    assert {key: (row["state"], row["reminders"][0]["reason"]) for key, row in rows.items()} == {
        "tonight": ("not-notified", "same_day"),
        "midnight": ("sent", "already_notified"),
        "sent": ("sent", "already_notified"),
        "failed": ("failed", "already_notified"),
        "unknown": ("unknown", "already_notified"),
        "no-contact": ("no-contact", "no_contact"),
        "cancelled": ("not-notified", "status_excluded"),
        "no customer": ("not-notified", "no_customer"),
        "later": ("not-notified", "not_yet_due"),
        "in a week": ("not-notified", "not_yet_due"),
    }
    sent = rows["sent"]
    assert (sent["name"], sent["mobile"], sent["email"]) == ("Frau Anna Berger1", number(1), address(1))
    plain = busy_practice.run("search").stdout
    for words in (
        number(1),
        address(1),
        "not-notified (same_day)",
        "no-contact",
        "10 appointments, 2026-11-24",
    ):
        assert words in plain


def test_a_moved_appointment_is_not_notified_again_yet(practice: Practice) -> None:
    practice.book("1")
    practice.run_once()
    assert found(practice)["1"]["state"] == "sent"
    practice.change("1", starts_at="2026-11-26 09:00")
    assert found(practice)["1"]["state"] == "not-notified"


def test_one_that_moved_while_the_gateway_was_down_and_back_is_what_the_rules_say(practice: Practice) -> None:
    """Told for 09:00; moved to 11:00, and the gateway did not take it; moved back."""
    practice.configure(reminders=[reminder(channels=("sms",))])
    practice.book("1")
    practice.run_once()
    practice.change("1", starts_at="2026-11-25 11:00")
    practice.gateway.script = lambda request: (
        Answer(http_status=503) if request.operation == "SendSimpleSMS" else None
    )
    assert practice.run_once(now="2026-11-24 11:00").outcomes == {"1": "retry"}
    practice.gateway.script = None
    practice.change("1", starts_at="2026-11-25 09:00")
    assert practice.run_once(now="2026-11-24 12:00").reasons == {"1": "already_notified"}
    row = found(practice)["1"]
    assert (row["state"], row["reminders"][0]["reason"]) == ("sent", "already_notified")


def test_of_two_reminders_a_search_finds_what_either_of_them_says(practice: Practice) -> None:
    practice.configure(reminders=[reminder(24, channels=("sms",)), reminder(72, EARLY, ("email",))])
    practice.book("1", "2026-11-26 09:00")
    practice.book("only mail", "2026-11-26 09:00", customer=18, mobile="")
    practice.run_once()
    rows = found(practice)
    states = {
        key: {each["reminder"]: each["state"] for each in row["reminders"]} for key, row in rows.items()
    }
    assert states == {
        "1": {REMINDER: "not-notified", EARLY: "sent"},
        "only mail": {REMINDER: "no-contact", EARLY: "sent"},
    }
    assert found(practice, "--state", "sent").keys() == {"1", "only mail"}
    assert found(practice, "--state", "not-notified") == {}
    assert found(practice, "--state", "no-contact") == {}
    assert f"{REMINDER}: not-notified (not_yet_due); {EARLY}: sent" in practice.run("search").stdout


@pytest.mark.parametrize(
    "options", [(), ("--day", "2026-11-26"), ("--customer", "17"), ("--branch", "HH2")], ids=str
)
def test_what_it_says_of_a_part_is_what_a_run_says_that_looks_at_all(
    options: tuple[str, ...], practice: Practice
) -> None:
    """The reminder of tomorrow's appointment goes first, and a call about it counts for the other one too."""
    practice.configure(reminders=[reminder(), reminder(48, EARLY)])
    called = {"last_contacted_at": "2026-11-24 09:00"}
    for customer, columns in ((17, {}), (18, called)):
        practice.book(f"tomorrow {customer}", customer=customer, **columns)
        practice.book(f"later {customer}", "2026-11-26 09:00", customer=customer, branch_code="HH2")
    planned = {skip["appointment_id"]: skip["reason"] for skip in practice.dry_run().json["skipped"]}
    reasons = {
        name: next(each["reason"] for each in row["reminders"] if each["reminder"] == EARLY)
        for name, row in found(practice, *options).items()
    }
    assert "later 17" in reasons
    assert reasons == {name: planned[name] for name in reasons}


def test_what_waits_for_a_correction_is_not_due(either_practice: Practice) -> None:
    practice = either_practice
    practice.configure(corrections={"enabled": True})
    practice.book("1")
    practice.run_once()
    practice.change("1", starts_at="2026-11-25 09:30")
    for now in ("2026-11-24 11:00", "2026-11-24 12:00"):  # it is seen, and then told
        row = found(practice, now=now)["1"]
        assert (row["state"], row["reminders"][0]["reason"]) == ("not-notified", "superseded")
        practice.run_once(now=now)
    assert found(practice, now="2026-11-24 12:10")["1"]["state"] == "sent"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--day", "2026-11-24", "--to", "2026-11-25"), "--day is one day"),
        (("--from", "2026-11-25", "--to", "2026-11-24"), "lies before"),
        (("--day", "tomorrow"), "is no date"),
        (("--day", "9999-12-31"), "outside the years"),
        (("--state", "lost"), "lost"),
    ],
)
def test_what_it_cannot_look_for_is_wrong_usage(
    options: tuple[str, ...], words: str, practice: Practice
) -> None:
    ran = practice.run("search", *options)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert words in ran.stderr


def test_a_day_of_25_hours_is_found_whole(practice: Practice) -> None:
    practice.configure(schedule={"midnight_starts": True})
    practice.book("first", "2026-10-25 00:00")
    practice.book("last", "2026-10-25 23:59")
    practice.book("next", "2026-10-26 00:00")
    assert found(practice, "--day", "2026-10-25").keys() == {"first", "last"}


def test_bad_rows_are_listed_and_a_missing_journal_counts_as_empty(practice: Practice) -> None:
    practice.book("1")
    practice.book("bad", type_notifiable="perhaps")
    (practice.folder / "journal.db").unlink()
    ran = practice.run("search", "--json")
    assert [each["state"] for each in ran.json["appointments"]] == ["not-notified"]
    assert [bad["appointment_id"] for bad in ran.json["bad_rows"]] == ["bad"]
    assert "bad row: bad" in practice.run("search").stdout
