"""A person may repeat a message; nobody else may meanwhile (contract, sections 4 and 7)."""

from dataclasses import replace

import pytest

from journals import GAP, LATER, NOW, Journals, appointment, claimed, planned, settled
from terminbenachrichtigung.journal.claims import Lost
from terminbenachrichtigung.model.delivery import Claim
from terminbenachrichtigung.model.journal import HistoryFilter, State
from terminbenachrichtigung.model.plan import MessageOutcome, Reason


@pytest.mark.parametrize("outcome", [MessageOutcome.SENT, MessageOutcome.UNKNOWN])
def test_a_message_that_is_named_may_be_repeated_as_a_new_generation(
    outcome: MessageOutcome, journals: Journals
) -> None:
    first = settled(journals.run(), planned(), outcome)
    by_hand = journals.run()
    assert isinstance(by_hand.claim(planned(gap_waived=True), now=LATER, gap=GAP), Lost)
    again = replace(planned(gap_waived=True), again=frozenset({first.message_id}))
    assert isinstance(by_hand.claim(again, now=LATER, gap=GAP), Claim)
    assert journals.generations() == [1, 2]


def test_of_two_who_repeat_the_same_message_one_does(journals: Journals) -> None:
    first = settled(journals.run(), planned())
    again = replace(planned(gap_waived=True), again=frozenset({first.message_id}))
    settled(journals.run(), again)
    lost = journals.run().claim(again, now=LATER, gap=GAP)
    assert lost == Lost(Reason.ALREADY_NOTIFIED, State.SENT)
    assert journals.generations() == [1, 2]


def test_what_was_told_since_the_person_looked_is_not_repeated(journals: Journals) -> None:
    nothing_was_told = replace(planned(gap_waived=True), again=frozenset())
    settled(journals.run(), planned())
    lost = journals.run().claim(nothing_was_told, now=NOW, gap=GAP)
    assert lost == Lost(Reason.ALREADY_NOTIFIED, State.SENT)


def test_an_open_claim_is_never_repeated(journals: Journals) -> None:
    open_claim = claimed(journals.run(), planned())
    again = replace(planned(gap_waived=True), again=frozenset({open_claim.message_id}))
    lost = journals.run().claim(again, now=LATER, gap=GAP)
    assert isinstance(lost, Lost)
    assert lost.reason is Reason.IN_PROGRESS


def test_the_history_of_one_appointment_leaves_the_others_out(journals: Journals) -> None:
    run = journals.run()
    both = settled(run, planned(appointment("1"), appointment("2")))
    settled(run, planned(appointment("3", "18")))
    (found,) = run.history(10, HistoryFilter(appointment_id="2"))
    assert (found.message_id, found.appointment_ids) == (both.message_id, ("1", "2"))
    assert len(run.history(10)) == 2
    assert run.history(10, HistoryFilter(appointment_id="4")) == ()


def test_what_another_system_told_is_marked_whenever_this_one_wrote_last(journals: Journals) -> None:
    """`journal init --adopt` on an existing journal: what it leaves out would be told once more."""
    settled(journals.run(), planned(appointment("1")))
    assert journals.run().adopt([planned(appointment("2"), routes=())], NOW) == 1
    lost = journals.run().claim(planned(appointment("2")), now=LATER, gap=GAP)
    assert lost == Lost(Reason.ALREADY_NOTIFIED, State.ADOPTED)
