"""Time at the level of runs: clocks that jump, nights of 23 and 25 hours, leap days, a month's pause."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count

import pytest

from hosts import HOUR, Host, hourly
from practice import BERLIN, Practice, local, number, reminder
from terminbenachrichtigung.errors import JournalError
from terminbenachrichtigung.model.plan import MessageOutcome, Reason
from terminbenachrichtigung.model.result import RunResult

TEN = local("2026-11-24 10:00")
THURSDAY = local("2026-11-26 19:50")


def book_for_days(practice: Practice, first: datetime, last: datetime, apart: timedelta) -> list[datetime]:
    """An appointment of a customer of their own every so often; gives the starts, by customer."""
    starts = [first + each * apart for each in range((last - first) // apart + 1)]
    for customer, start in enumerate(starts):
        practice.book(str(customer), start.isoformat(), customer)
    return starts


def told(results: list[RunResult]) -> Counter[str]:
    """How often each appointment was told."""
    return Counter(
        row.appointment_id
        for result in results
        for message in result.messages
        if message.outcome is MessageOutcome.SENT
        for row in message.message.appointments
    )


# ---------------------------------------------------------------- clocks that jump


JUMPS = [
    # by how much the clock is wrong, run by run, before it is right again
    pytest.param([-1 * HOUR], id="an hour back", marks=pytest.mark.full),
    pytest.param([HOUR, -1 * HOUR], id="an hour forth and two back", marks=pytest.mark.full),
    pytest.param([6 * HOUR] * 3, id="six hours forth for three runs", marks=pytest.mark.full),
    pytest.param([24 * HOUR], id="a day forth", marks=pytest.mark.full),
    pytest.param([-24 * HOUR] * 2, id="a day back for two runs", marks=pytest.mark.full),
    pytest.param([72 * HOUR, -72 * HOUR, 24 * HOUR], id="days forth and back", marks=pytest.mark.full),
    pytest.param([timedelta(days=30)] * 2, id="a month forth", marks=pytest.mark.full),
    pytest.param([timedelta(days=-365)], id="a year back", marks=pytest.mark.full),
    pytest.param([local("2000-01-01 10:00") - TEN], id="a battery that died"),
]


@pytest.mark.parametrize("wrong", JUMPS)
def test_a_clock_that_steps_back_and_forth_between_runs_loses_nobody_and_tells_nobody_twice(
    wrong: list[timedelta], practice: Practice
) -> None:
    """Also who has two appointments: a message that seems to lie days ahead does not silence them."""
    practice.configure(schedule={"midnight_starts": True})
    starts = book_for_days(practice, local("2026-11-25 08:00"), local("2026-11-27 18:00"), 5 * HOUR)
    for customer in range(0, 8, 2):
        later = starts[customer] + timedelta(days=1)
        practice.book(f"{customer} again", later.isoformat(), customer)
    host = Host(practice)
    results = [host.run(TEN - HOUR)]
    for ahead in wrong:
        with suppress(JournalError):  # before all that the journal remembers, which is a test of its own
            results.append(Host(practice, ahead=ahead).run(TEN))
    results += [host.run(moment) for moment in hourly(TEN, THURSDAY)]
    assert set(told(results).values()) == {1}
    assert len(told(results)) == len(starts) + 4
    assert len(practice.texted) <= len(starts) + 4


def test_a_clock_that_was_ahead_for_a_run_does_not_hide_who_is_missed_later(practice: Practice) -> None:
    practice.book("1", "2026-11-25 09:00", created_at="2026-11-24 12:00")
    practice.cancel("1")
    host = Host(practice)
    host.run(TEN)
    Host(practice, ahead=timedelta(days=3)).run(TEN + HOUR)
    practice.change("1", status="Geplant")
    result = host.run(local("2026-11-25 08:00"))  # the runs of the afternoon did not take place
    assert [(skip.appointment.appointment_id, skip.reason) for skip in result.skips] == [("1", Reason.MISSED)]


def test_by_a_clock_from_before_all_that_the_journal_remembers_nobody_is_told_anything(
    practice: Practice,
) -> None:
    """A machine without a battery starts in another year, of which the schedule still has appointments."""
    practice.book("of then", "2020-01-02 09:00")
    practice.book("1", "2026-11-25 09:00")
    ran = practice.run("run-once", now="2020-01-01 10:00")
    assert ran.exit_code == 3
    assert "the clock of this machine says 2020-01-01" in ran.stderr
    assert "set the clock right" in ran.stderr
    assert practice.received == 0
    assert practice.run_once(now="2026-11-24 10:00").outcomes == {"1": "sent"}


# ---------------------------------------------------------------- the nights in which clocks are changed


@pytest.mark.parametrize(
    ("first", "last"),
    [
        pytest.param(
            "2027-03-27 07:50", "2027-03-28 19:50", id="a night of 23 hours", marks=pytest.mark.full
        ),
        pytest.param("2026-10-24 07:50", "2026-10-25 19:50", id="a night of 25 hours"),
    ],
)
def test_hourly_runs_over_a_night_in_which_clocks_are_changed(
    first: str, last: str, practice: Practice
) -> None:
    """Everybody once, on the day before at the latest, never at night, and by the clock on their wall."""
    practice.configure(reminders=[reminder(channels=("sms",))])
    begins, ends = local(first), local(last)
    starts = book_for_days(practice, begins + 17 * HOUR, ends + 24 * HOUR, timedelta(minutes=55))
    host = Host(practice)
    results = [host.run(moment) for moment in hourly(begins, ends)]
    assert told(results) == {str(customer): 1 for customer in range(len(starts))}
    for result in results:
        now = result.at.astimezone(BERLIN)
        for message in result.messages:
            start = message.message.soonest.starts_at.astimezone(BERLIN)
            assert now.date() < start.date()
            assert 8 <= now.hour < 20
            assert f"{start.day}. " in message.content.text
            assert f" um {start:%H:%M} Uhr" in message.content.text
    assert sum(result.quiet for result in results) >= 11


# ---------------------------------------------------------------- the machine's own time zone


@pytest.fixture(params=["UTC", "Europe/Berlin", "America/New_York"])
def machine_in(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A machine whose own time zone is this one."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("machine_in")
@pytest.mark.parametrize(
    ("now", "quiet"),
    [
        ("2026-11-24 07:59", True),
        ("2026-11-24 08:00", False),
        ("2026-11-24 19:59", False),
        ("2026-11-24 20:00", True),
    ],
)
def test_the_practices_hours_hold_whatever_the_zone_of_the_machine(
    now: str, quiet: bool, either_practice: Practice
) -> None:
    practice = either_practice
    practice.book("today", "2026-11-24 23:30", customer=1)
    practice.book("tomorrow", "2026-11-25 00:30", customer=2)
    ran = practice.run_once(now=now)
    assert ran.json["quiet"] is quiet
    assert ran.json["at"] == f"{now.replace(' ', 'T')}:00+01:00"
    if not quiet:
        assert (ran.outcomes, ran.reasons) == ({"tomorrow": "sent"}, {"today": "same_day"})
        assert "Mittwoch, 25. November um 00:30 Uhr" in practice.gateway.jobs[0].text
        (request,) = [each for each in practice.gateway.requests if each.operation == "SendSimpleSMS"]
        assert request.fields["SendDate"].startswith(now[:10] + "T" + now[11:])


# ---------------------------------------------------------------- days that are not like others

NEW_YEAR = {"quiet_holidays": "DE-HH"}


@pytest.mark.parametrize(
    ("now", "start", "said", "rules"),
    [
        # 29 February
        ("2028-02-28 10:00", "2028-02-29 09:00", "Dienstag, 29. Februar um 09:00 Uhr", {}),
        ("2028-02-29 10:00", "2028-03-01 09:30", "Mittwoch, 1. März um 09:30 Uhr", {}),
        ("2028-02-28 18:30", "2028-03-01 07:00", "Mittwoch, 1. März um 07:00 Uhr", {}),  # over the whole 29th
        ("2027-02-28 10:00", "2027-03-01 09:30", "Montag, 1. März um 09:30 Uhr", {}),  # there is none
        # New Year
        ("2026-12-31 10:00", "2027-01-01 09:30", "Freitag, 1. Januar um 09:30 Uhr", {}),
        ("2026-12-31 19:59", "2027-01-01 00:00", "Freitag, 1. Januar um 00:00 Uhr", {}),
        ("2026-12-31 18:30", "2027-01-02 08:30", "Samstag, 2. Januar um 08:30 Uhr", NEW_YEAR),  # a quiet day
        ("2027-12-31 18:30", "2028-01-03 06:30", "Montag, 3. Januar um 06:30 Uhr",
         NEW_YEAR | {"quiet_days": ["sunday"]}),  # and a Sunday behind it
    ],
)  # fmt: skip
def test_days_that_are_not_like_others(
    now: str, start: str, said: str, rules: dict[str, object], practice: Practice
) -> None:
    practice.configure(rules=rules, schedule={"midnight_starts": True})
    practice.book("1", start)
    assert practice.run_once(now=now).outcomes == {"1": "sent"}
    assert said in practice.gateway.jobs[0].text
    assert practice.run_once(now=now).reasons == {"1": "already_notified"}


def test_after_a_month_without_runs_the_next_one_goes_on_and_lists_what_was_missed_once(
    practice: Practice,
) -> None:
    practice.sql("UPDATE journal_meta SET created_at = '2026-10-01 09:00:00.000000'", "journal")
    practice.book("told", "2026-10-21 09:00", customer=1)
    assert practice.run_once(now="2026-10-20 10:00").outcomes == {"told": "sent"}
    customers = count(2)
    for day in ("2026-10-23", "2026-11-11", "2026-11-24"):
        practice.book(day, f"{day} 15:00", customer=next(customers), created_at="2026-10-02 12:00")
    practice.book("tomorrow", "2026-11-25 09:00", customer=next(customers))

    ran = practice.run_once(now="2026-11-24 10:00")
    assert (ran.exit_code, ran.outcomes) == (1, {"tomorrow": "sent"})
    assert ran.reasons == dict.fromkeys(("2026-10-23", "2026-11-11", "2026-11-24"), "missed")
    assert len(ran.json["news"]) == 3
    assert "the last complete run was 2026-10-20 10:00" in ran.json["warnings"][0]
    (entry,) = practice.run("staff-list", "--json").json["customers"]
    assert (entry["reason"], entry["appointment_ids"]) == ("missed", ["2026-11-24"])  # the others are over

    again = practice.run_once(now="2026-11-24 11:00")
    assert (again.exit_code, again.outcomes, again.json["warnings"]) == (0, {}, [])
    assert practice.texted == [number(1), number(5)]


def test_what_a_run_of_a_month_ago_left_open_is_unknown_and_said_once(practice: Practice) -> None:
    practice.book("1", "2026-10-21 09:00", customer=1)
    practice.run_once(now="2026-10-20 10:00")
    practice.sql("DELETE FROM journal_attempts", "journal")  # as if it had been killed while it sent
    practice.sql("UPDATE journal_messages SET state = 'claimed', settled_at = NULL", "journal")
    practice.let_claims_run_out()
    practice.book("2", "2026-11-25 09:00", customer=1)
    ran = practice.run_once()
    assert (ran.exit_code, ran.outcomes) == (1, {"2": "sent"})
    assert [expired["appointment_ids"] for expired in ran.json["expired"]] == [["1"]]
    assert practice.run_once(now="2026-11-24 11:00").exit_code == 0
