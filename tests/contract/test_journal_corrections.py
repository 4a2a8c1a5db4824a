"""What the journal keeps of corrections: who may be claimed, who knows then, and what complete runs saw."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from journals import (
    GAP,
    LATER,
    NOW,
    REMINDER,
    SMS,
    START,
    Journals,
    appointment,
    ask,
    claimed,
    planned,
    settled,
)
from terminbenachrichtigung.journal import Lost
from terminbenachrichtigung.journal.journal import Journal
from terminbenachrichtigung.model.delivery import Claim, LaterWord
from terminbenachrichtigung.model.journal import CANCELLATION, MOVE, Change, Known, SeenChange, State
from terminbenachrichtigung.model.plan import Channel, Correction, MessageOutcome, PlannedMessage, Reason

HOUR = timedelta(hours=1)
OFF = Change("4711", "m1", None)
AWAY = Change("4712", "m2", LATER)


def off(told: Claim) -> PlannedMessage:
    """That the appointment of this message is off."""
    correction = Correction(START, frozenset({told.message_id}), cancelled=True)
    return replace(planned(reminder=CANCELLATION), correction=correction, gap_waived=True)


def away(told: Claim, *along: tuple[str, str]) -> PlannedMessage:
    """That it is at another start now."""
    correction = Correction(START, frozenset({told.message_id}), along)
    row = appointment(starts_at=LATER)
    return replace(planned(row, reminder=MOVE), correction=correction, gap_waived=True)


def revoked(journal: Journal) -> list[tuple[str, int, bool]]:
    """By reminder and generation: whether the customer knows that it is off."""
    found = ask(journal).notifications["4711"]
    return [(each.reminder, each.generation, each.revoked) for each in found]


# ---------------------------------------------------------------- claimed


def test_what_a_correction_takes_back_must_be_the_last_word(journals: Journals) -> None:
    told = settled(journals.run(), planned())
    again = settled(journals.run(), planned(appointment(starts_at=LATER)))
    lost = journals.run().claim(off(told), now=NOW, gap=GAP)
    assert (isinstance(lost, Lost) and lost.reason) is Reason.ALREADY_NOTIFIED
    back = Correction(LATER, frozenset({again.message_id}), cancelled=True)
    assert isinstance(journals.run().claim(replace(off(again), correction=back), now=NOW, gap=GAP), Claim)


def test_two_runs_do_not_correct_the_same(journals: Journals) -> None:
    told = settled(journals.run(), planned())
    first, second = journals.run(), journals.run()
    claim = claimed(first, off(told), gap=GAP)
    lost = second.claim(off(told), now=NOW, gap=GAP)
    assert (isinstance(lost, Lost) and lost.reason) is Reason.IN_PROGRESS
    first.settle(claim, MessageOutcome.SENT, SMS, ())
    lost = second.claim(off(told), now=NOW, gap=GAP)
    assert (isinstance(lost, Lost) and lost.reason) is Reason.ALREADY_NOTIFIED


def test_what_another_correction_of_that_start_took_back_is_not_corrected(journals: Journals) -> None:
    """Two chairs at one time: whoever hears that one is off has heard it of both."""
    rows = appointment(), appointment("4712", starts_at=START)
    told = settled(journals.run(), planned(*rows))
    settled(journals.run(), off(told))
    second = replace(off(told), appointments=rows[1:])
    lost = journals.run().claim(second, now=NOW, gap=GAP)
    assert (isinstance(lost, Lost) and lost.reason) is Reason.ALREADY_NOTIFIED


@pytest.mark.parametrize("outcome", MessageOutcome)
def test_only_one_that_reached_nobody_is_tried_once_more(journals: Journals, outcome: MessageOutcome) -> None:
    told = settled(journals.run(), planned())
    settled(journals.run(), off(told), outcome)
    again = journals.run().claim(off(told), now=NOW, gap=GAP)
    # What failed has refused this recipient; another one may be tried.
    assert isinstance(again, Claim) is (outcome in (MessageOutcome.RETRY, MessageOutcome.DEFERRED))


def test_a_correction_takes_the_reminder_s_generation_along(journals: Journals) -> None:
    told = settled(journals.run(), planned())
    settled(journals.run(), away(told, (REMINDER, "4711")))
    found = ask(journals.run()).notifications["4711"]
    assert {(each.reminder, each.generation, each.starts_at, each.state) for each in found} == {
        (REMINDER, 1, START, State.SENT),
        (MOVE, 1, LATER, State.SENT),
        (REMINDER, 2, LATER, State.SENT),
    }
    lost = journals.run().claim(planned(appointment(starts_at=LATER)), now=NOW, gap=GAP)
    assert (isinstance(lost, Lost) and lost.reason) is Reason.ALREADY_NOTIFIED
    assert journals.run().history(1)[0].appointment_ids == ("4711",)


def test_a_correction_neither_counts_for_the_gap_nor_is_held_by_it(journals: Journals) -> None:
    told = settled(journals.run(), planned())
    settled(journals.run(), off(told))
    assert [each.reminder for each in ask(journals.run()).contacted["17"]] == [REMINDER]
    later = NOW + timedelta(hours=12)
    anew = planned(appointment("4713"))
    assert isinstance(journals.run().claim(anew, now=later, gap=GAP), Claim)


# ---------------------------------------------------------------- who knows


@pytest.mark.parametrize("outcome", MessageOutcome)
def test_what_was_told_is_revoked_once_the_correction_was_surely_sent(
    journals: Journals, outcome: MessageOutcome
) -> None:
    told = settled(journals.run(), planned())
    settled(journals.run(), off(told), outcome)
    known = outcome is MessageOutcome.SENT
    assert revoked(journals.run()) == [(REMINDER, 1, known), (CANCELLATION, 1, known)]


def test_by_hand_or_by_a_report_it_becomes_known_later(journals: Journals) -> None:
    told = settled(journals.run(), planned())
    correction = settled(journals.run(), off(told), MessageOutcome.UNKNOWN)
    journals.run().resolve(correction.message_id, sent=True)
    assert revoked(journals.run()) == [(REMINDER, 1, True), (CANCELLATION, 1, True)]


def test_what_did_not_arrive_is_taken_back_but_not_what_was_told_since(journals: Journals) -> None:
    told = settled(journals.run(), planned())
    correction = settled(journals.run(), off(told))
    settled(journals.run(), planned())  # it stands again
    assert revoked(journals.run()) == [(REMINDER, 1, True), (CANCELLATION, 1, True), (REMINDER, 2, False)]
    for state, known in ((State.DELIVERED, True), (State.UNDELIVERED, False)):
        journals.run().follow([LaterWord(correction.message_id, Channel.SMS, state, "report")])
        assert revoked(journals.run()) == [
            (REMINDER, 1, known),
            (CANCELLATION, 1, known),
            (REMINDER, 2, False),
        ]


def test_another_customer_s_appointment_at_that_start_is_untouched(journals: Journals) -> None:
    told = settled(journals.run(), planned())
    settled(journals.run(), planned(appointment("4712", "18", START)))
    settled(journals.run(), off(told))
    (theirs,) = ask(journals.run(), "4712").notifications["4712"]
    assert not theirs.revoked


# ---------------------------------------------------------------- what may have to be corrected


def test_of_each_appointment_the_latest_start_ahead_counts_that_somebody_surely_was_told(
    journals: Journals,
) -> None:
    run = journals.run()
    settled(run, planned(appointment("over", "1", starts_at=NOW)))
    for start in (LATER, START, NOW - HOUR):
        settled(run, planned(appointment("moved", "2", starts_at=start)))
    for number, outcome in enumerate(MessageOutcome, 3):
        settled(run, planned(appointment(outcome.value, str(number), starts_at=START)), outcome)
    told = settled(run, planned())
    assert run.told_ahead(NOW) == {"moved": LATER, "sent": START, "4711": START}
    settled(run, off(told))  # 4711: its customer knows
    assert run.told_ahead(NOW) == {"moved": LATER, "sent": START}


# ---------------------------------------------------------------- what complete runs saw


def finish(run: Journal, now: datetime, *changes: Change, complete: bool = True) -> None:
    run.finish(
        now,
        ending="complete",
        complete=complete,
        counts={},
        reminder_names=(REMINDER,),
        changes=changes,
    )


def begun(journals: Journals) -> Journal:
    run = journals.run()
    run.begin(NOW, "run-once")
    return run


def seen(journals: Journals) -> Known:
    return ask(journals.run(), now=NOW + 10 * HOUR)


def test_a_change_is_kept_since_the_first_complete_run_that_saw_it(journals: Journals) -> None:
    finish(begun(journals), NOW, OFF)
    finish(begun(journals), NOW + HOUR, OFF, AWAY)
    assert seen(journals).changes == {
        "4711": SeenChange(OFF, NOW),
        "4712": SeenChange(AWAY, NOW + HOUR),
    }
    finish(begun(journals), NOW + 2 * HOUR, replace(OFF, message_id="m3"))
    assert seen(journals).changes == {"4711": SeenChange(replace(OFF, message_id="m3"), NOW + 2 * HOUR)}
    finish(begun(journals), NOW + 3 * HOUR)
    assert seen(journals).changes == {}


def test_an_incomplete_run_saw_nothing(journals: Journals) -> None:
    finish(begun(journals), NOW, OFF)
    finish(begun(journals), NOW + HOUR, AWAY, complete=False)
    assert seen(journals).changes == {"4711": SeenChange(OFF, NOW)}


def test_a_run_that_was_overtaken_notes_nothing(journals: Journals) -> None:
    """It saw the change before it was undone, and ends when the next run has seen that."""
    slow, quick = begun(journals), begun(journals)
    finish(quick, NOW + HOUR)
    finish(slow, NOW, OFF)
    assert seen(journals).changes == {}


def test_a_moment_that_a_wrong_clock_noted_is_brought_back(journals: Journals) -> None:
    finish(begun(journals), NOW + timedelta(days=9), OFF)
    finish(begun(journals), NOW, OFF)
    assert seen(journals).changes == {"4711": SeenChange(OFF, NOW)}


def test_changes_are_forgotten_with_the_retention(journals: Journals) -> None:
    """Where no run was complete for so long."""
    finish(begun(journals), NOW - timedelta(days=181), OFF)
    journals.purge_next()
    finish(begun(journals), NOW, complete=False)
    assert seen(journals).changes == {}
