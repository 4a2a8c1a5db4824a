"""What the journal forgets, what it shows to people, and what it takes over from elsewhere."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from journals import (
    EMAIL,
    GAP,
    LATER,
    NO_GAP,
    NOW,
    REMINDER,
    SMS,
    Journals,
    appointment,
    ask,
    claimed,
    end,
    planned,
    report,
    settled,
)
from terminbenachrichtigung.errors import JournalError
from terminbenachrichtigung.journal.claims import Lost
from terminbenachrichtigung.model.delivery import Attempt, Sent, Unavailable
from terminbenachrichtigung.model.journal import CONFIRMATION, Leftover, State
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, PlannedMessage, Reason

HOUR = timedelta(hours=1)
KEY = (REMINDER, "4711")


# ---------------------------------------------------------------- what is forgotten

OLD = NOW - timedelta(days=181)  # retention_days is 180


def counts(journals: Journals) -> tuple[int, ...]:
    tables = ("messages", "notifications", "attempts", "runs")
    return tuple(journals.rows(f"SELECT count(*) FROM journal_{table}")[0][0] for table in tables)


def test_old_messages_go_with_their_notifications_and_attempts(journals: Journals) -> None:
    run = journals.run()
    run.begin(OLD, "run-once")
    settled(run, planned(appointment("1", starts_at=OLD + HOUR)), now=OLD)
    young = settled(run, planned(appointment("2", starts_at=NOW - HOUR)), now=NOW - timedelta(days=179))
    assert counts(journals) == (2, 2, 2, 1)
    later = journals.run()
    later.begin(NOW, "run-once")
    journals.purge_next()
    end(later)
    assert counts(journals) == (1, 1, 1, 1)
    assert journals.state(young) == "sent"


@pytest.mark.parametrize(
    ("start", "goes"),
    [
        pytest.param(NOW + HOUR, False, id="ahead"),
        pytest.param(NOW, False, id="starts now"),
        pytest.param(NOW - HOUR, False, id="past, unless the clock is ahead"),
        pytest.param(NOW - timedelta(days=2), False, id="past, but for a clock that is two days ahead"),
        pytest.param(NOW - timedelta(days=2, minutes=1), True, id="past"),
    ],
)
def test_a_message_is_kept_while_one_of_its_appointments_lies_ahead(
    journals: Journals, start: datetime, goes: bool
) -> None:
    rows = (appointment("1", starts_at=OLD + HOUR), appointment("2", starts_at=start))
    settled(journals.run(), planned(*rows), now=OLD)
    journals.purge_next()
    end(journals.run())
    assert counts(journals)[:3] == ((0, 0, 0) if goes else (1, 2, 1))


def test_no_generation_is_forgotten_while_another_one_names_a_start_ahead(journals: Journals) -> None:
    # Told for a far start, then for an early one; moved back to the far one, it must be told again.
    far = appointment(starts_at=NOW + timedelta(days=3))
    settled(journals.run(), planned(far), now=OLD)
    settled(journals.run(), planned(appointment(starts_at=OLD + timedelta(days=1))), now=OLD + HOUR)
    journals.purge_next()
    end(journals.run())
    claimed(journals.run(), planned(far))
    assert journals.generations() == [1, 2, 3]


def test_an_open_claim_is_never_forgotten(journals: Journals) -> None:
    claim = claimed(journals.run(), planned(appointment(starts_at=OLD + HOUR)), now=OLD)
    journals.purge_next()
    end(journals.run())
    assert journals.state(claim) == "claimed"


def test_the_retention_is_a_setting(journals: Journals) -> None:
    settled(journals.run(), planned(appointment(starts_at=NOW - 70 * HOUR)), now=NOW - 71 * HOUR)
    journals.purge_next()
    end(journals.run(retention_days=3))
    assert counts(journals)[0] == 1
    journals.purge_next()
    end(journals.run(retention_days=2))
    assert counts(journals)[0] == 0


def test_thousands_of_old_messages_go_in_one_run(journals: Journals) -> None:
    many = [{"id": f"m{n}", "then": "2020-01-01 00:00:00.000000+00:00"} for n in range(1234)]
    for row in many:
        row["then"] = row["then"] if "postgres" in journals.url else row["then"].removesuffix("+00:00")
    journals.execute_many(
        "INSERT INTO journal_messages (message_id, run_id, reminder, customer_id, state, run_now, "
        "claimed_at, renewed_at) VALUES (:id, 'r', 'x', '17', 'sent', :then, :then, :then)",
        many,
    )
    journals.purge_next()
    end(journals.run())
    assert counts(journals)[0] == 0


def test_old_facts_and_leftovers_are_forgotten(journals: Journals) -> None:
    end(journals.run(), OLD, left={KEY: Leftover("17", OLD + HOUR, MessageOutcome.RETRY)})
    report(journals.run(), [("4711", "retry")])
    journals.purge_next()
    end(journals.run())
    assert ask(journals.run()).leftovers == {}
    assert journals.run().unreported([("4711", "retry")]) == set()  # reported just now
    journals.execute("UPDATE journal_reported SET reported_at = '2020-01-01 00:00:00'")
    journals.purge_next()
    end(journals.run())
    assert journals.run().unreported([("4711", "retry")]) == {("4711", "retry")}


# ---------------------------------------------------------------- by a clock that is wrong

YEARS_AHEAD = NOW + timedelta(days=460)
EACH_DAY = timedelta(days=1)


def told(journals: Journals, days_ago: int) -> str:
    then = NOW - timedelta(days=days_ago)
    row = appointment(f"told {days_ago} days ago", starts_at=then + HOUR)
    return settled(journals.run(), planned(row), now=then).message_id


def kept(journals: Journals) -> set[str]:
    return {row[0] for row in journals.rows("SELECT message_id FROM journal_messages")}


def test_a_wrong_clock_for_a_day_purges_a_day_more_at_most(journals: Journals) -> None:
    gone, oldest, near, young = (told(journals, days) for days in (182, 181, 180, 1))
    journals.purge_next(NOW - timedelta(days=181))
    end(journals.run(), NOW - EACH_DAY)  # by a right clock; the next limit is a day later
    assert kept(journals) == {oldest, near, young}
    assert gone not in kept(journals)
    for hours in range(24):  # and then a day by a clock that is more than a year ahead
        end(journals.run(), YEARS_AHEAD + timedelta(hours=hours))
    assert kept(journals) == {near, young}
    end(journals.run(), NOW)
    assert kept(journals) == {near, young}


def test_there_is_one_purge_a_day(journals: Journals) -> None:
    journals.purge_next()
    end(journals.run(), NOW)
    told(journals, 300)
    end(journals.run(), NOW + 23 * HOUR)
    assert len(kept(journals)) == 1
    end(journals.run(), NOW + 24 * HOUR)
    assert kept(journals) == set()


def test_who_has_one_run_a_day_has_one_purge_a_day_though_it_never_begins_at_the_same_second(
    journals: Journals,
) -> None:
    old, young = told(journals, 173), told(journals, 168)  # retention_days is 180
    journals.purge_next(NOW - timedelta(days=180))
    for day in range(10):
        end(journals.run(), NOW + day * EACH_DAY - timedelta(seconds=30 * (day % 2)))
    assert kept(journals) == {young}
    assert old not in kept(journals)


def test_init_sets_the_first_limit(journals: Journals) -> None:
    """A journal restored, or a clock ahead at the first run: nothing that was told goes at once."""
    message = told(journals, 1)
    end(journals.run(), YEARS_AHEAD)
    assert kept(journals) == {message}


def test_what_was_told_of_a_time_ahead_is_kept_by_a_wrong_clock_too(journals: Journals) -> None:
    ahead = appointment("ahead", starts_at=NOW + 12 * HOUR)
    settled(journals.run(), planned(ahead), now=NOW - timedelta(days=181))
    journals.purge_next(NOW - timedelta(days=180))
    end(journals.run(), NOW)
    end(journals.run(), YEARS_AHEAD)
    assert len(kept(journals)) == 1


def test_a_longer_retention_keeps_what_a_shorter_one_would_have_deleted(journals: Journals) -> None:
    message = told(journals, 200)
    journals.purge_next()
    end(journals.run(retention_days=365))
    assert kept(journals) == {message}


# ---------------------------------------------------------------- history


def test_the_history_shows_the_newest_messages_first_with_all_that_was_tried(journals: Journals) -> None:
    run = journals.run()
    old = settled(run, planned(appointment("1")), MessageOutcome.FAILED)
    both = planned(appointment("3", starts_at=LATER), appointment("2"), routes=[SMS, EMAIL])
    new = claimed(run, replace(both, appointments=both.appointments[::-1]))
    run.renew(new, EMAIL, [Attempt(SMS, Unavailable("HTTP 503"))])
    run.settle(new, MessageOutcome.SENT, EMAIL, [Attempt(EMAIL, Sent("250 queued"))])
    first, second = journals.run(readonly=True).history(10)
    assert (first.message_id, second.message_id) == (new.message_id, old.message_id)
    assert first.run_id == run.run_id
    assert (first.reminder, first.customer_id, first.state) == (REMINDER, "17", State.SENT)
    assert first.appointment_ids == ("2", "3")  # soonest first
    assert (first.channel, first.recipient) == (Channel.EMAIL, EMAIL.recipient)
    tried = [(each.channel, each.recipient, each.outcome, each.detail) for each in first.attempts]
    assert tried == [
        (Channel.SMS, SMS.recipient, "unavailable", "HTTP 503"),
        (Channel.EMAIL, EMAIL.recipient, "sent", "250 queued"),
    ]
    assert first.settled_at is not None
    assert first.claimed_at <= first.attempts[0].at <= first.attempts[1].at
    assert abs(datetime.now(UTC) - first.claimed_at) < timedelta(minutes=5)


def test_the_history_is_as_long_as_asked_for(journals: Journals) -> None:
    assert journals.run().history(10) == ()
    for n in range(3):
        settled(journals.run(), planned(appointment(str(n), customer=str(n))))
    assert [each.customer_id for each in journals.run().history(2)] == ["2", "1"]


def test_an_open_claim_has_no_end_yet(journals: Journals) -> None:
    claimed(journals.run(), planned())
    (message,) = journals.run().history(1)
    assert (message.state, message.settled_at, message.channel) == (State.CLAIMED, None, Channel.SMS)


def test_a_message_that_was_released_before_any_attempt_has_no_channel(journals: Journals) -> None:
    settled(journals.run(), planned(), MessageOutcome.DEFERRED)
    (message,) = journals.run().history(1)
    assert (message.state, message.channel, message.recipient) == (State.RELEASED, None, None)


# ---------------------------------------------------------------- adopt


def adopting(*numbers: str) -> list[PlannedMessage]:
    return [planned(appointment(number), routes=[]) for number in numbers]


def test_what_was_adopted_is_not_told(journals: Journals) -> None:
    assert journals.run().adopt(adopting("1", "2"), NOW) == 2
    again = journals.run().claim(planned(appointment("1")), now=NOW, gap=GAP)
    assert again == Lost(Reason.ALREADY_NOTIFIED, "adopted")
    (message, _) = journals.run().history(2)
    assert (message.state, message.channel, message.attempts) == (State.ADOPTED, None, ())
    assert message.settled_at is not None


def test_what_was_adopted_is_told_when_it_moves_and_holds_no_gap(journals: Journals) -> None:
    journals.run().adopt(adopting("4711"), NOW)
    claimed(journals.run(), planned(appointment(starts_at=LATER)), gap=GAP)


def test_adopting_twice_adopts_nothing_more(journals: Journals) -> None:
    journals.run().adopt(adopting("1", "2"), NOW)
    assert journals.run().adopt(adopting("1", "2", "3"), NOW) == 1


@pytest.mark.parametrize(
    ("outcome", "adopted"),
    [
        (MessageOutcome.SENT, 0),
        (MessageOutcome.UNKNOWN, 0),
        (MessageOutcome.FAILED, 1),
        (MessageOutcome.RETRY, 1),
    ],
)
def test_an_existing_journal_adopts_what_nobody_was_told(
    journals: Journals, outcome: MessageOutcome, adopted: int
) -> None:
    settled(journals.run(), planned(), outcome)
    assert journals.run().adopt(adopting("4711"), NOW) == adopted


def test_what_a_run_is_sending_just_now_is_not_adopted(journals: Journals) -> None:
    claimed(journals.run(), planned())
    assert journals.run().adopt(adopting("4711"), NOW) == 0


# ---------------------------------------------------------------- read-only


def test_a_journal_that_was_opened_to_read_cannot_be_written(journals: Journals) -> None:
    owner = journals.run()
    claim = claimed(owner, planned(appointment("1")))
    unknown = settled(owner, planned(appointment("2")), MessageOutcome.UNKNOWN)
    reader = journals.run(readonly=True)
    for write in (
        lambda: reader.begin(NOW, "dry-run"),
        lambda: reader.claim(planned(appointment("3", customer="18")), now=NOW, gap=NO_GAP),
        lambda: reader.renew(claim, SMS, []),
        lambda: reader.settle(claim, MessageOutcome.SENT, SMS, []),
        lambda: reader.reopen([claim.message_id], Channel.SMS),
        lambda: reader.resolve(unknown.message_id, sent=True),
        lambda: report(reader, [("a", "b")]),
        lambda: reader.leave({}, [("a", "b")]),
        lambda: reader.adopt([planned(appointment("3", customer="18"))], NOW),
        lambda: end(reader),
    ):
        with pytest.raises(JournalError, match=r"read-?only"):
            write()
    assert counts(journals) == (2, 2, 1, 0)
    assert ask(reader, "1").notifications


@pytest.mark.parametrize(
    ("runs", "since"),
    [
        # complete runs, by their clocks; whether bookings were confirmed already; since when they are
        ([(NOW, True)], NOW),
        ([(NOW, True), (NOW + HOUR, True)], NOW),
        ([(NOW - HOUR, False), (NOW, True)], NOW),
        ([(NOW - HOUR, False), (NOW + timedelta(days=9), True), (NOW, True)], NOW),  # a clock was ahead
        # or this run's is months slow
        ([(NOW - HOUR, False), (NOW, True), (NOW - timedelta(days=60), True)], NOW - HOUR),
        ([(NOW, True), (NOW - timedelta(days=60), True)], NOW),  # no run before says how far to go back
    ],
)
def test_bookings_are_confirmed_since_the_first_complete_run_by_a_right_clock(
    journals: Journals, runs: list[tuple[datetime, bool]], since: datetime
) -> None:
    for now, confirms in runs:
        run = journals.run()
        run.begin(now, "run-once")
        end(run, now, reminder_names=(REMINDER, CONFIRMATION) if confirms else (REMINDER,))
    assert ask(journals.run()).reminder_since[CONFIRMATION] == since
