"""What the journal remembers from run to run, and tells the rules, the report and people."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, timedelta
from threading import Barrier

import pytest

from journals import (
    EMAIL,
    GAP,
    LATER,
    NOW,
    REMINDER,
    SINCE,
    SMS,
    START,
    Journals,
    appointment,
    ask,
    claimed,
    end,
    planned,
    report,
    settled,
)
from terminbenachrichtigung.model.delivery import Attempt, Rejected, Sent
from terminbenachrichtigung.model.journal import (
    CONFIRMATION,
    Contacted,
    Known,
    Leftover,
    Notification,
    State,
)
from terminbenachrichtigung.model.plan import MessageOutcome

HOUR = timedelta(hours=1)
KEY = (REMINDER, "4711")


# ---------------------------------------------------------------- known: notifications


def test_an_empty_journal_knows_nothing_but_its_age(journals: Journals) -> None:
    for known in (ask(journals.run()), journals.run().known([], now=NOW, gap=GAP, runs_since=NOW)):
        assert len(known.name_key) == 32
        assert replace(known, name_key=b"", database_now=None) == Known(journal_since=SINCE)


def test_all_generations_of_all_reminders_are_known_oldest_first(journals: Journals) -> None:
    week = settled(journals.run(), planned(reminder="Woche vorher"), now=NOW - timedelta(days=6))
    first = settled(journals.run(), planned(), MessageOutcome.FAILED, now=NOW - HOUR)
    moved = claimed(journals.run(), planned(appointment(starts_at=LATER), routes=[EMAIL]))
    settled(journals.run(), planned(appointment("4712", customer="18")))  # not asked for
    found = ask(journals.run()).notifications
    assert found == {
        "4711": [
            Notification(
                "Woche vorher",
                "4711",
                1,
                "17",
                START,
                State.SENT,
                week.message_id,
                NOW - timedelta(days=6),
            ),
            Notification(REMINDER, "4711", 1, "17", START, State.FAILED, first.message_id, NOW - HOUR),
            Notification(REMINDER, "4711", 2, "17", LATER, State.CLAIMED, moved.message_id, NOW),
        ]
    }
    assert {each.starts_at.tzinfo for each in found["4711"]} == {UTC}


def test_the_order_is_that_of_the_claims_whichever_run_began_first(journals: Journals) -> None:
    began_later = settled(journals.run(), planned(), MessageOutcome.RETRY, now=NOW)
    claimed_later = settled(journals.run(), planned(), MessageOutcome.UNKNOWN, now=NOW - HOUR)
    found = [(each.message_id, each.state) for each in ask(journals.run()).notifications["4711"]]
    assert found == [(began_later.message_id, State.RELEASED), (claimed_later.message_id, State.UNKNOWN)]


def test_thousands_of_appointments_are_asked_about_at_once(journals: Journals) -> None:
    settled(journals.run(), planned(appointment("39999")))
    assert set(ask(journals.run(), *map(str, range(40_000))).notifications) == {"39999"}


@pytest.mark.parametrize("odd", ['"', "'", "\\", "Ümläut 🦉", "a,b", "{}", "%", "[1]", " ", "null"])
def test_ids_are_taken_as_they_are(journals: Journals, odd: str) -> None:
    settled(journals.run(), planned(appointment(odd, customer=odd)))
    known = ask(journals.run(), odd)
    assert set(known.notifications) == {odd}
    assert set(known.contacted) == {odd}


def test_an_expired_claim_is_read_as_the_unknown_it_will_become_and_left_as_it_is(
    journals: Journals,
) -> None:
    claim = claimed(journals.run(), planned())
    journals.age(claim, minutes=16)
    known = ask(journals.run(readonly=True))
    assert [each.state for each in known.notifications["4711"]] == [State.UNKNOWN]
    assert known.open_claims == frozenset()
    assert journals.state(claim) == "claimed"


def test_what_was_told_stays_told_however_long_ago_its_claim_was(journals: Journals) -> None:
    claim = settled(journals.run(), planned())
    journals.age(claim, days=3)
    (found,) = ask(journals.run()).notifications["4711"]
    assert (found.state, found.route, found.forgotten) == (State.SENT, SMS, False)


def test_an_open_claim_is_the_latest_notification(journals: Journals) -> None:
    claim = claimed(journals.run(), planned())
    found = journals.run().latest(REMINDER, ["4711"])
    assert (found["4711"].state, found["4711"].message_id) == (State.CLAIMED, claim.message_id)


def test_the_latest_notification_of_a_reminder_is_found_without_the_rest(journals: Journals) -> None:
    settled(journals.run(), planned(reminder="Woche vorher"), now=NOW - timedelta(days=6))
    settled(journals.run(), planned(), MessageOutcome.RETRY, now=NOW)
    moved = settled(journals.run(), planned(appointment(starts_at=LATER)), now=NOW - HOUR)
    found = journals.run().latest(REMINDER, ["4711", "4712"])
    assert found == {
        "4711": Notification(REMINDER, "4711", 2, "17", LATER, State.SENT, moved.message_id, NOW - HOUR)
    }


# ---------------------------------------------------------------- known: recipients and customers


def test_refused_recipients_are_known_by_appointment_whatever_the_reminder(journals: Journals) -> None:
    run = journals.run()
    bundle = planned(appointment("1"), appointment("2"), reminder="Woche vorher", routes=[SMS, EMAIL])
    claim = claimed(run, bundle)
    run.renew(claim, EMAIL, [Attempt(SMS, Rejected("NoRecipientFound"))])
    run.settle(claim, MessageOutcome.SENT, EMAIL, [Attempt(EMAIL, Sent())])
    settled(run, planned(appointment("3")), MessageOutcome.RETRY)
    refused = frozenset({SMS.recipient})
    assert ask(journals.run(), "1", "2", "3").rejected == {"1": refused, "2": refused}


@pytest.mark.parametrize(
    ("hours_ago", "counts"),
    [(0, True), (11.99, True), (12, False), (24, False), (-11.99, True), (-12, False)],
)
def test_messages_within_the_gap_are_known_by_customer(
    journals: Journals, hours_ago: float, counts: bool
) -> None:
    then = NOW - timedelta(hours=hours_ago)
    settled(journals.run(), planned(appointment("other")), now=then)
    expected = {"17": [Contacted(then, REMINDER)]} if counts else {}
    assert ask(journals.run()).contacted == expected


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (State.CLAIMED, True),
        (State.SENT, True),
        (State.DELIVERED, True),
        (State.UNKNOWN, True),
        (State.UNDELIVERED, False),
        (State.FAILED, False),
        (State.RELEASED, False),
        (State.ADOPTED, False),
    ],
)
def test_only_messages_that_may_have_reached_the_customer_are_contacts(
    journals: Journals, state: State, counts: bool
) -> None:
    journals.set_state(claimed(journals.run(), planned()), state)
    assert bool(ask(journals.run()).contacted) == counts


def test_a_run_tells_its_own_messages_from_those_of_others(journals: Journals) -> None:
    run = journals.run()
    settled(run, planned())
    assert ask(run).contacted == {"17": [Contacted(NOW, REMINDER, own=True)]}
    assert ask(journals.run()).contacted == {"17": [Contacted(NOW, REMINDER, own=False)]}


def test_the_customers_of_other_runs_open_claims_are_known(journals: Journals) -> None:
    run = journals.run()
    claimed(run, planned(appointment("1", customer="17")))
    claimed(journals.run(), planned(appointment("2", customer="18")))
    settled(journals.run(), planned(appointment("3", customer="19")))
    assert ask(run).open_claims == {"18"}
    assert ask(journals.run()).open_claims == {"17", "18"}


# ---------------------------------------------------------------- runs


def test_complete_runs_are_known_and_no_others(journals: Journals) -> None:
    for hours, complete in [(1, True), (3, False), (2, True), (200, True)]:
        run = journals.run()
        run.begin(NOW - hours * HOUR, "run-once")
        end(run, NOW - hours * HOUR, complete=complete)
    journals.run().begin(NOW, "run-once")  # still running, or killed
    known = ask(journals.run())
    assert known.complete_runs == (NOW - 2 * HOUR, NOW - HOUR)  # ascending, from `runs_since` on
    assert known.last_complete_run == NOW - HOUR


def test_a_run_exactly_at_the_moment_asked_for_is_among_the_complete_ones(journals: Journals) -> None:
    run = journals.run()
    run.begin(NOW, "run-once")
    end(run, NOW)
    known = journals.run().known(["4711"], now=NOW, gap=GAP, runs_since=NOW)
    assert known.complete_runs == (NOW,)


def test_the_first_complete_run_of_each_reminder_is_kept(journals: Journals) -> None:
    for hours, complete, names in [
        (4, False, ["Terminerinnerung"]),
        (3, True, ["Terminerinnerung"]),
        (2, True, ["Terminerinnerung", "Woche vorher"]),
        (1, True, ["Terminerinnerung", "Woche vorher"]),
    ]:
        run = journals.run()
        run.begin(NOW - hours * HOUR, "run-once")
        end(run, NOW - hours * HOUR, complete=complete, reminder_names=names)
    assert ask(journals.run()).reminder_since == {
        "Terminerinnerung": NOW - 3 * HOUR,
        "Woche vorher": NOW - 2 * HOUR,
    }


def test_a_reminder_that_was_first_noted_by_a_clock_that_was_ahead_counts_from_the_next_run(
    journals: Journals,
) -> None:
    end(journals.run(), NOW - HOUR, reminder_names=["Woche vorher"])
    end(journals.run(), NOW + 400 * 24 * HOUR, reminder_names=["Woche vorher", REMINDER])
    end(journals.run(), NOW, reminder_names=["Woche vorher", REMINDER])
    assert ask(journals.run()).reminder_since == {"Woche vorher": NOW - HOUR, REMINDER: NOW}


def test_once_confirmations_are_switched_on_again_only_later_bookings_count(journals: Journals) -> None:
    both = [REMINDER, CONFIRMATION]
    for hours, names in [(4, both), (3, [REMINDER]), (2, both), (1, both)]:
        end(journals.run(), NOW - hours * HOUR, reminder_names=names)
    assert ask(journals.run()).reminder_since == {REMINDER: NOW - 4 * HOUR, CONFIRMATION: NOW - 2 * HOUR}


def test_every_run_is_recorded_with_how_it_ended(journals: Journals) -> None:
    run = journals.run()
    run.begin(NOW, "run-once")
    end(run, complete=False)
    journals.run().begin(NOW + HOUR, "run-once")
    rows = journals.rows("SELECT command, ending, finished_at IS NULL FROM journal_runs ORDER BY run_now")
    assert [(command, ending, bool(open_)) for command, ending, open_ in rows] == [
        ("run-once", "signal", False),
        ("run-once", None, True),
    ]


# ---------------------------------------------------------------- what a run leaves over


def test_what_a_run_leaves_over_is_known_until_it_is_told(journals: Journals) -> None:
    retry = Leftover("17", START, MessageOutcome.RETRY)
    deferred = Leftover("18", LATER, MessageOutcome.DEFERRED)
    end(journals.run(), left={KEY: retry, (REMINDER, "4712"): deferred})
    assert ask(journals.run()).leftovers == {KEY: retry, (REMINDER, "4712"): deferred}
    end(journals.run(), told=[KEY])
    assert ask(journals.run()).leftovers == {(REMINDER, "4712"): deferred}


def test_the_last_run_that_planned_it_decides_what_is_left_over(journals: Journals) -> None:
    end(journals.run(), left={KEY: Leftover("17", START, MessageOutcome.RETRY)})
    moved = Leftover("18", LATER, MessageOutcome.DEFERRED)
    end(journals.run(), left={KEY: moved})
    assert ask(journals.run()).leftovers == {KEY: moved}


def test_runs_that_end_at_once_may_have_left_the_same_over(journals: Journals) -> None:
    left = {(REMINDER, str(n)): Leftover("17", START, MessageOutcome.RETRY) for n in range(50)}
    backwards = dict(reversed(left.items()))
    for _ in range(5):
        start = Barrier(2)

        def finish(what: dict[tuple[str, str], Leftover], start: Barrier = start) -> None:
            run = journals.run()
            start.wait()
            end(run, left=what)

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(finish, [left, backwards]))
        assert ask(journals.run()).leftovers == left
        end(journals.run(), told=list(left))


# ---------------------------------------------------------------- each fact once


def test_a_fact_is_news_until_a_report_has_named_it(journals: Journals) -> None:
    facts = [("row 4713", "no start"), ("row 4714", "no start")]
    assert journals.run().unreported(facts) == set(facts)
    assert report(journals.run(), facts) == set(facts)
    assert report(journals.run(), facts) == set()


def test_another_fact_about_the_same_subject_is_news(journals: Journals) -> None:
    report(journals.run(), [("4711", "retry")])
    assert report(journals.run(), [("4711", "retry"), ("4711", "failed")]) == {("4711", "failed")}
    assert report(journals.run(), []) == set()


def test_runs_that_report_the_same_at_once_do_not_disturb_each_other(journals: Journals) -> None:
    facts = [(str(n), "failed") for n in range(40)]
    runs = [journals.run(), journals.run()]
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(report, runs, [facts, list(reversed(facts))]))
    assert found[0] | found[1] == set(facts)
    assert journals.run().unreported(facts) == set()
