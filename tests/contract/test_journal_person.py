"""A person, not an id; an appointment, not a row: what a claim finds (contract, section 4)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from journals import (
    EMAIL,
    GAP,
    LATER,
    NO_GAP,
    NOW,
    SMS,
    START,
    Journals,
    appointment,
    ask,
    claimed,
    planned,
    settled,
)
from terminbenachrichtigung.journal.claims import Lost
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.delivery import Claim
from terminbenachrichtigung.model.journal import CANCELLATION, CONFIRMATION, StaffTick, State
from terminbenachrichtigung.model.plan import Correction, MessageOutcome, PlannedMessage, Reason, Route

OTHER_NUMBER = Route(SMS.channel, "+491716666666")


def of(
    first_name: str, last_name: str, number: str = "4711", customer: str = "17", *, later: bool = False
) -> Appointment:
    row = appointment(number, customer, LATER if later else START)
    return replace(row, first_name=first_name, last_name=last_name)


IDA = of("Ida", "Meier")


def off(told: Claim, row: Appointment) -> PlannedMessage:
    """That what this message told is off; `row` is how the schedule has it now."""
    correction = Correction(START, frozenset({told.message_id}), cancelled=True)
    return replace(planned(row, reminder=CANCELLATION), correction=correction, gap_waived=True)


# ---------------------------------------------------------------- told under another id


@pytest.mark.parametrize(
    ("row", "routes", "same"),
    [
        # the row that a later plan has; by which channels; whether Ida Meier was told of it already
        (of("Ida", "Meier", "4712", "99"), (SMS,), True),
        (of("", "Meier", "4712", "99"), (SMS,), True),
        (of("Ida", "Meier", "4712", "99"), (SMS, EMAIL), True),  # the first recipient counts
        (of("Ida", "Meier", "4712", "99"), (OTHER_NUMBER,), False),  # a namesake
        (of("Eva", "Meier", "4712", "99"), (SMS,), False),  # her daughter, at the same number
        (of("", "", "4712", "99"), (SMS,), False),  # an empty name is nobody's
        (of("Ida", "Meier", "4712", "99", later=True), (SMS,), False),
        (of("", "", "4712"), (OTHER_NUMBER,), True),  # the same customer id
    ],
)
@pytest.mark.parametrize("ended", [True, False], ids=["told", "being told"])
def test_who_was_told_of_a_start_is_not_told_of_it_by_a_row_that_was_made_anew(
    journals: Journals, row: Appointment, routes: tuple[Route, ...], *, same: bool, ended: bool
) -> None:
    run = journals.run()
    (settled if ended else claimed)(run, planned(IDA, routes=[SMS, OTHER_NUMBER]))
    found = run.claim(planned(row, routes=routes), now=NOW, gap=NO_GAP)
    assert isinstance(found, Lost) is same
    if isinstance(found, Lost):
        assert found.reason is (Reason.ALREADY_NOTIFIED if ended else Reason.IN_PROGRESS)


NOBODY = of("", "")  # then the ids alone say who was told


@pytest.mark.parametrize(
    ("first", "later", "ended", "reminder", "believed"),
    [
        # how the appointment was told once more; whether the first customer still comes at the first start
        (NOBODY, of("", "", later=True), MessageOutcome.SENT, "", False),
        (NOBODY, of("Otto", "Berger", customer="18", later=True), MessageOutcome.SENT, "", True),
        (IDA, of("Ida", "Meier", customer="18", later=True), MessageOutcome.SENT, "", False),  # merged since
        (NOBODY, of("", "", later=True), MessageOutcome.FAILED, "", True),  # it reached nobody
        (NOBODY, of("", "", later=True), MessageOutcome.SENT, CONFIRMATION, True),  # of a booking
    ],
)
def test_whoever_was_told_of_another_start_since_is_told_of_the_first_one_again(
    journals: Journals,
    first: Appointment,
    later: Appointment,
    ended: MessageOutcome,
    reminder: str,
    *,
    believed: bool,
) -> None:
    run = journals.run()
    settled(run, planned(first))
    again = planned(later)
    settled(run, replace(again, reminder=reminder or again.reminder), ended)
    found = run.claim(planned(replace(first, appointment_id="4712")), now=NOW, gap=NO_GAP)
    assert isinstance(found, Lost) is believed


def test_a_message_that_is_named_may_be_repeated_for_a_row_that_was_made_anew(journals: Journals) -> None:
    first = settled(journals.run(), planned(IDA))
    anew = planned(of("Ida", "Meier", "4712"), gap_waived=True)
    assert isinstance(journals.run().claim(anew, now=NOW, gap=GAP), Lost)
    claimed(journals.run(), replace(anew, again=frozenset({first.message_id})))


@pytest.mark.parametrize(
    ("starts", "found"),
    [
        (None, []),
        ((START, START), [START, LATER]),  # all about them: a later word may have told another start
        ((LATER, LATER), [START, LATER]),
        ((START + timedelta(minutes=1), START + timedelta(minutes=2)), []),
    ],
)
def test_what_was_told_of_starts_under_ids_that_nobody_asked_for_is_known_too(
    journals: Journals, starts: tuple[datetime, datetime] | None, found: list[datetime]
) -> None:
    run = journals.run()
    settled(run, planned(IDA))
    settled(run, planned(of("Ida", "Meier", later=True)))
    known = run.known(("4712",), now=NOW, gap=GAP, runs_since=NOW, starts=starts)
    assert sorted(each.starts_at for each in known.told_beside) == found
    asked = run.known(("4711",), now=NOW, gap=GAP, runs_since=NOW, starts=(START, LATER))
    assert list(asked.told_beside) == []


# ---------------------------------------------------------------- the latest of several


def test_what_was_told_and_repeated_in_vain_is_not_told_a_third_time(journals: Journals) -> None:
    first = settled(journals.run(), planned())
    again = replace(planned(gap_waived=True), again=frozenset({first.message_id}))
    settled(journals.run(), again, MessageOutcome.RETRY)
    found = journals.run().claim(planned(routes=[EMAIL], gap_waived=True), now=NOW, gap=GAP)
    assert found == Lost(Reason.ALREADY_NOTIFIED, "sent")


def test_what_another_run_tells_the_next_owner_is_in_progress_though_the_last_one_was_told(
    journals: Journals,
) -> None:
    settled(journals.run(), planned())
    claimed(journals.run(), planned(appointment(customer="18")))
    found = journals.run().claim(planned(appointment(starts_at=LATER)), now=NOW, gap=NO_GAP)
    assert isinstance(found, Lost)
    assert found.reason is Reason.IN_PROGRESS


def test_what_moved_since_it_was_refused_was_told_to_nobody(journals: Journals) -> None:
    """The next run tells it by a recipient that was not refused; staff need not be told that it was told."""
    settled(journals.run(), planned(), MessageOutcome.FAILED)
    found = journals.run().claim(planned(appointment(starts_at=LATER)), now=NOW, gap=NO_GAP)
    assert isinstance(found, Lost)
    assert found.reason is Reason.IN_PROGRESS


def test_what_was_refused_and_then_released_on_another_way_was_told_to_nobody(journals: Journals) -> None:
    """The first recipient stays refused, which is no word about the appointment."""
    settled(journals.run(), planned(), MessageOutcome.FAILED)
    settled(journals.run(), planned(routes=[EMAIL]), MessageOutcome.RETRY)
    found = journals.run().claim(planned(), now=NOW, gap=NO_GAP)
    assert isinstance(found, Lost)
    assert found.reason is Reason.IN_PROGRESS
    claimed(journals.run(), planned(routes=[EMAIL]))


# ---------------------------------------------------------------- corrections


def test_a_correction_is_claimed_though_the_record_was_merged_with_another_since(journals: Journals) -> None:
    told = settled(journals.run(), planned(IDA))
    claimed(journals.run(), off(told, of("Ida", "Meier", customer="99")))


def test_a_correction_says_it_to_whom_it_was_told_whatever_another_heard_meanwhile(
    journals: Journals,
) -> None:
    """Given to Otto Berger, given back to Ida Meier, and cancelled."""
    told = settled(journals.run(), planned(IDA))
    settled(journals.run(), planned(of("Otto", "Berger", customer="18")))
    claimed(journals.run(), off(told, IDA))


def test_a_correction_waits_while_another_run_tells_the_appointment_to_somebody(journals: Journals) -> None:
    told = settled(journals.run(), planned(IDA))
    claimed(journals.run(), planned(of("Otto", "Berger", customer="18")))
    found = journals.run().claim(off(told, IDA), now=NOW, gap=GAP)
    assert isinstance(found, Lost)
    assert found.reason is Reason.IN_PROGRESS


@pytest.mark.parametrize(
    ("state", "detail"),
    [(State.UNDELIVERED, "it was not told"), (State.SENT, "sent")],
    ids=["a report said that it did not arrive", "another run corrected it"],
)
def test_a_correction_is_lost_with_what_happened_since_it_was_planned(
    journals: Journals, state: State, detail: str
) -> None:
    told = settled(journals.run(), planned(IDA))
    if state is State.SENT:
        settled(journals.run(), off(told, IDA))
    else:
        journals.set_state(told, state)
    found = journals.run().claim(off(told, IDA), now=NOW, gap=GAP)
    assert found == Lost(Reason.ALREADY_NOTIFIED, detail)


def test_a_correction_is_not_sent_to_a_recipient_that_was_refused_meanwhile(journals: Journals) -> None:
    told = settled(journals.run(), planned(IDA, routes=[EMAIL]))
    settled(journals.run(), planned(IDA, reminder="Vorab"), MessageOutcome.FAILED)
    found = journals.run().claim(replace(off(told, IDA), routes=(SMS, EMAIL)), now=NOW, gap=GAP)
    assert isinstance(found, Lost)
    assert found.reason is Reason.IN_PROGRESS
    claimed(journals.run(), replace(off(told, IDA), routes=(EMAIL,)))


def test_a_cancellation_is_about_the_start_that_was_told_wherever_the_row_is_by_then(
    journals: Journals,
) -> None:
    """Moved, and cancelled before anybody was told of the move."""
    told = settled(journals.run(), planned(IDA))
    settled(journals.run(), off(told, replace(IDA, starts_at=LATER)))
    found = ask(journals.run()).notifications["4711"]
    assert {(each.reminder, each.starts_at, each.revoked) for each in found} == {
        ("Terminerinnerung", START, True),
        (CANCELLATION, START, True),
    }


@pytest.mark.parametrize(
    ("other", "routes", "same"),
    [
        # what else somebody was told of that start; by which channels; whether it is taken back too
        (of("", "", "4712"), (OTHER_NUMBER,), True),  # her customer id
        (of("Ida", "Meier", "4712", "99"), (SMS,), True),  # her name and number: two records of one person
        (of("Ida", "Meier", "4712", "99"), (OTHER_NUMBER,), False),  # a namesake
        (of("Otto", "Meier", "4712", "99"), (SMS,), False),  # her husband
    ],
)
def test_a_correction_takes_back_all_that_this_person_was_told_of_the_start(
    journals: Journals, other: Appointment, routes: tuple[Route, ...], *, same: bool
) -> None:
    told = settled(journals.run(), planned(IDA))
    settled(journals.run(), planned(other, reminder="Vorab", routes=routes))
    settled(journals.run(), off(told, IDA))
    (beside,) = ask(journals.run(), "4712").notifications["4712"]
    assert beside.revoked is same


@pytest.mark.parametrize(
    ("first_name", "same"),
    [("Ida", True), ("Otto", False)],
    ids=["her record was merged", "it was given away"],
)
def test_on_one_appointment_the_name_alone_says_who_was_told(
    journals: Journals, first_name: str, *, same: bool
) -> None:
    first = planned(of(first_name, "Meier", customer="99"), reminder="Vorab", routes=[EMAIL])
    settled(journals.run(), first)
    told = settled(journals.run(), planned(IDA, routes=[OTHER_NUMBER]))
    settled(journals.run(), off(told, IDA))
    found = {each.reminder: each.revoked for each in ask(journals.run()).notifications["4711"]}
    assert found["Vorab"] is same


def test_two_whom_another_system_told_are_not_one_person_for_want_of_a_number(journals: Journals) -> None:
    run = journals.run()
    run.adopt([planned(row, routes=()) for row in (IDA, of("Ida", "Meier", "4712", "99"))], NOW)
    run.tick_off([StaffTick("4711", "17", START, "cancelled", "", revokes=START)], NOW)
    found = ask(run, "4711", "4712").notifications
    assert {number: each.revoked for number, (each,) in found.items()} == {"4711": True, "4712": False}
