"""Nobody is notified twice: what may be claimed, on SQLite and on a real Postgres (contract, section 4)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

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
    claimed,
    planned,
    settled,
)
from terminbenachrichtigung.journal.claims import Lost
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.delivery import Attempt, Claim, Rejected, Unavailable
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import MessageOutcome, PlannedMessage, Reason, Route

OTHER_NUMBER = Route(SMS.channel, "+491716666666")
HOLDING = [State.SENT, State.DELIVERED, State.UNKNOWN, State.ADOPTED]


# ---------------------------------------------------------------- who asked to be left alone


@pytest.mark.parametrize("stopped", [SMS, EMAIL], ids=["the first channel", "the next one"])
def test_who_opted_out_since_the_plan_was_made_is_not_claimed(journals: Journals, stopped: Route) -> None:
    run = journals.run()
    message = planned(routes=(SMS, Route(EMAIL.channel, EMAIL.recipient.upper())))
    journals.run().opt_out(stopped.recipient, "an answer that another run fetched")
    lost = run.claim(message, now=NOW, gap=GAP)
    assert isinstance(lost, Lost)
    assert (lost.reason, journals.generations()) == (Reason.OPTED_OUT, [])
    journals.run().opt_in(stopped.recipient)
    claimed(run, message)


# ---------------------------------------------------------------- generations


def test_the_first_claim_of_an_appointment_is_its_first_generation(journals: Journals) -> None:
    claim = claimed(journals.run(), planned())
    assert journals.generations() == [1]
    assert journals.state(claim) == "claimed"


@pytest.mark.parametrize("state", HOLDING)
def test_what_was_told_is_not_told_again(journals: Journals, state: State) -> None:
    journals.set_state(settled(journals.run(), planned()), state)
    again = journals.run().claim(planned(), now=NOW + timedelta(days=1), gap=GAP)
    assert again == Lost(Reason.ALREADY_NOTIFIED, state)
    assert journals.generations() == [1]


def test_a_run_does_not_tell_its_own_message_again(journals: Journals) -> None:
    run = journals.run()
    settled(run, planned())
    assert run.claim(planned(), now=NOW, gap=GAP) == Lost(Reason.ALREADY_NOTIFIED, "sent")


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(appointment(starts_at=LATER), id="moved"),
        pytest.param(appointment(starts_at=START + timedelta(minutes=1)), id="moved by a minute"),
        pytest.param(appointment(customer="18"), id="reassigned"),
        pytest.param(appointment(customer="18", starts_at=LATER), id="moved and reassigned"),
    ],
)
@pytest.mark.parametrize("state", [*HOLDING, State.UNDELIVERED, State.FAILED, State.RELEASED])
def test_another_customer_or_start_opens_the_next_generation(
    journals: Journals, state: State, changed: Appointment
) -> None:
    journals.set_state(settled(journals.run(), planned()), state)
    claimed(journals.run(), planned(changed))
    assert journals.generations() == [1, 2]


def test_an_appointment_moved_and_moved_back_is_told_each_time_and_then_never_again(
    journals: Journals,
) -> None:
    for hours, start in enumerate((START, LATER, START)):
        settled(journals.run(), planned(appointment(starts_at=start)), now=NOW + timedelta(hours=hours))
    assert journals.generations() == [1, 2, 3]
    again = journals.run().claim(planned(), now=NOW + timedelta(days=1), gap=GAP)
    assert again == Lost(Reason.ALREADY_NOTIFIED, "sent")


def test_an_appointment_given_away_and_given_back_is_told_each_time(journals: Journals) -> None:
    for customer in ("17", "18", "17"):
        settled(journals.run(), planned(appointment(customer=customer)))
    assert journals.generations() == [1, 2, 3]


@pytest.mark.parametrize(
    "between",
    [
        pytest.param(appointment(starts_at=LATER), id="moved and moved back"),
        pytest.param(appointment(customer="18"), id="given away and given back"),
    ],
)
def test_what_is_back_where_it_was_told_is_not_told_again_if_nobody_was_told_otherwise(
    journals: Journals, between: Appointment
) -> None:
    settled(journals.run(), planned())
    settled(journals.run(), planned(between), MessageOutcome.RETRY)
    again = journals.run().claim(planned(), now=NOW + timedelta(days=1), gap=GAP)
    assert again == Lost(Reason.ALREADY_NOTIFIED, "sent")
    claimed(journals.run(), planned(between))
    assert journals.generations() == [1, 2, 3]


def test_the_same_moment_in_another_zone_is_no_move(journals: Journals) -> None:
    berlin = datetime.fromisoformat("2026-11-25T10:00:00+01:00")
    assert berlin == START
    settled(journals.run(), planned())
    again = journals.run().claim(planned(appointment(starts_at=berlin)), now=NOW, gap=NO_GAP)
    assert again == Lost(Reason.ALREADY_NOTIFIED, "sent")


def test_each_reminder_counts_its_own_generations(journals: Journals) -> None:
    settled(journals.run(), planned(reminder="Woche vorher"))
    claimed(journals.run(), planned(reminder="Terminerinnerung"))
    assert journals.generations() == [1, 1]


@pytest.mark.parametrize("outcome", MessageOutcome)
def test_what_the_same_person_was_told_of_a_start_counts_for_a_row_under_another_id(
    journals: Journals, outcome: MessageOutcome
) -> None:
    settled(journals.run(), planned(appointment("4711", starts_at=START)), outcome)
    found = journals.run().claim(planned(appointment("4712", starts_at=START)), now=NOW, gap=NO_GAP)
    told = outcome in {MessageOutcome.SENT, MessageOutcome.UNKNOWN}
    assert isinstance(found, Lost) is told


@pytest.mark.parametrize("outcome", [MessageOutcome.RETRY, MessageOutcome.DEFERRED])
def test_what_was_released_opens_the_next_generation(journals: Journals, outcome: MessageOutcome) -> None:
    settled(journals.run(), planned(), outcome)
    claimed(journals.run(), planned())
    assert journals.generations() == [1, 2]


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        # the recipient that was refused, alone or beside another
        ((SMS,), Lost(Reason.ALREADY_NOTIFIED, "failed")),
        ((SMS, EMAIL), Lost(Reason.ALREADY_NOTIFIED, "failed")),
        ((EMAIL, SMS), Lost(Reason.ALREADY_NOTIFIED, "failed")),
        # a recipient that nobody has refused yet
        ((OTHER_NUMBER,), None),
        ((EMAIL,), None),
    ],
)
def test_failed_is_bound_to_its_recipients(
    journals: Journals, routes: tuple[Route, ...], expected: Lost | None
) -> None:
    settled(journals.run(), planned(), MessageOutcome.FAILED)
    again = journals.run().claim(planned(routes=routes), now=NOW, gap=GAP)
    assert again == expected if expected else isinstance(again, Claim)
    assert journals.generations() == ([1] if expected else [1, 2])


def test_every_recipient_that_ever_failed_stays_refused(journals: Journals) -> None:
    settled(journals.run(), planned(), MessageOutcome.FAILED)
    settled(journals.run(), planned(routes=[OTHER_NUMBER]), MessageOutcome.FAILED)
    for refused in (SMS, OTHER_NUMBER):
        again = journals.run().claim(planned(routes=[refused]), now=NOW, gap=GAP)
        assert again == Lost(Reason.ALREADY_NOTIFIED, "failed")
    claimed(journals.run(), planned(routes=[EMAIL]))


def test_a_recipient_refused_since_the_plan_was_made_is_not_tried_again(journals: Journals) -> None:
    # Another run was refused the number, found the mail server down, and released the message.
    claim = claimed(journals.run(), planned(routes=[SMS, EMAIL]))
    ended = [Attempt(SMS, Rejected("NoRecipientFound")), Attempt(EMAIL, Unavailable("connection refused"))]
    journals.run().settle(claim, MessageOutcome.RETRY, EMAIL, ended)
    late = journals.run()
    lost = late.claim(planned(routes=[SMS, EMAIL]), now=NOW, gap=GAP)
    assert isinstance(lost, Lost)
    assert lost.reason is Reason.IN_PROGRESS
    claimed(late, planned(routes=[EMAIL]))


# ---------------------------------------------------------------- the last word


def test_the_database_itself_refuses_a_second_row_of_one_generation(journals: Journals) -> None:
    claim = claimed(journals.run(), planned())
    with pytest.raises(IntegrityError):
        journals.execute(
            "INSERT INTO journal_notifications "
            "(reminder, appointment_id, generation, message_id, customer_id, starts_at) "
            "SELECT reminder, appointment_id, generation, message_id, customer_id, starts_at "
            "FROM journal_notifications WHERE message_id = :id",
            id=claim.message_id,
        )
    assert journals.generations() == [1]


def test_a_claim_that_only_the_database_refuses_is_lost_and_leaves_nothing(journals: Journals) -> None:
    twice = planned(appointment("4711"), appointment("4711"))  # no plan has this; both are generation 1
    lost = journals.run().claim(twice, now=NOW, gap=GAP)
    assert isinstance(lost, Lost)
    assert lost.reason is Reason.IN_PROGRESS
    assert journals.rows("SELECT * FROM journal_messages") == []
    assert journals.generations() == []


# ---------------------------------------------------------------- whole or not at all


def test_a_claim_takes_every_appointment_of_its_message(journals: Journals) -> None:
    claim = claimed(journals.run(), planned(appointment("1"), appointment("2"), appointment("3")))
    taken = journals.rows(
        "SELECT appointment_id FROM journal_notifications WHERE message_id = :id ORDER BY 1",
        id=claim.message_id,
    )
    assert taken == [("1",), ("2",), ("3",)]


def test_a_message_of_which_a_part_was_told_is_not_claimed_at_all(journals: Journals) -> None:
    settled(journals.run(), planned(appointment("2")))
    bundle = planned(appointment("1"), appointment("2"), appointment("3"))
    lost = journals.run().claim(bundle, now=NOW, gap=NO_GAP)
    assert lost == Lost(Reason.ALREADY_NOTIFIED, "sent")
    assert journals.rows("SELECT appointment_id FROM journal_notifications") == [("2",)]
    assert journals.rows("SELECT count(*) FROM journal_messages") == [(1,)]


def test_each_appointment_of_a_message_gets_its_own_generation(journals: Journals) -> None:
    settled(journals.run(), planned(appointment("1")))
    claimed(journals.run(), planned(appointment("1", starts_at=LATER), appointment("2")))
    assert journals.generations("1") == [1, 2]
    assert journals.generations("2") == [1]


# ---------------------------------------------------------------- open claims


def test_a_customer_whom_another_run_is_writing_to_is_in_progress(journals: Journals) -> None:
    claimed(journals.run(), planned(appointment("1")))
    lost = journals.run().claim(planned(appointment("2"), gap_waived=True), now=NOW, gap=GAP)
    assert isinstance(lost, Lost)
    assert lost.reason is Reason.IN_PROGRESS


def test_an_appointment_claimed_for_the_customer_it_was_taken_from_is_in_progress(journals: Journals) -> None:
    claimed(journals.run(), planned(appointment(customer="17")))
    lost = journals.run().claim(planned(appointment(customer="18")), now=NOW, gap=GAP)
    assert isinstance(lost, Lost)
    assert lost.reason is Reason.IN_PROGRESS


def test_a_run_may_hold_several_claims_for_one_customer(journals: Journals) -> None:
    run = journals.run()
    claimed(run, planned(appointment("1")), gap=GAP)
    claimed(run, planned(appointment("2")), gap=GAP)
    assert journals.rows("SELECT count(*) FROM journal_messages WHERE state = 'claimed'") == [(2,)]


def test_a_run_cannot_claim_what_it_holds(journals: Journals) -> None:
    run = journals.run()
    claimed(run, planned())
    lost = run.claim(planned(), now=NOW, gap=GAP)
    assert isinstance(lost, Lost)
    assert lost.reason is Reason.IN_PROGRESS


# ---------------------------------------------------------------- the gap, read again under the lock


@pytest.mark.parametrize(
    ("hours_ago", "held"),
    [
        (0, True),
        (11.99, True),
        (12, False),  # exactly that long ago is enough
        (13, False),
        (-1, True),  # a run that began a little later was faster
        (-12, False),
    ],
)
def test_what_another_run_told_the_customer_meanwhile_counts_for_the_gap(
    journals: Journals, hours_ago: float, held: bool
) -> None:
    settled(journals.run(), planned(appointment("1")), now=NOW - timedelta(hours=hours_ago))
    answer = journals.run().claim(planned(appointment("2")), now=NOW, gap=GAP)
    if held:
        assert isinstance(answer, Lost)
        assert answer.reason is Reason.RECENTLY_NOTIFIED
    else:
        assert isinstance(answer, Claim)


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (State.SENT, True),
        (State.DELIVERED, True),
        (State.UNKNOWN, True),
        (State.UNDELIVERED, False),
        (State.FAILED, False),
        (State.RELEASED, False),
        (State.ADOPTED, False),
    ],
)
def test_only_what_may_have_reached_the_customer_counts_for_the_gap(
    journals: Journals, state: State, counts: bool
) -> None:
    journals.set_state(settled(journals.run(), planned(appointment("1"))), state)
    answer = journals.run().claim(planned(appointment("2")), now=NOW, gap=GAP)
    assert isinstance(answer, Lost) == counts


def test_the_gap_counts_messages_of_any_reminder(journals: Journals) -> None:
    settled(journals.run(), planned(appointment("1"), reminder="Woche vorher"))
    lost = journals.run().claim(planned(appointment("2")), now=NOW, gap=GAP)
    assert isinstance(lost, Lost)
    assert lost.reason is Reason.RECENTLY_NOTIFIED


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(planned(appointment("2"), gap_waived=True), id="the gap yields"),
        pytest.param(planned(appointment("2", customer="18")), id="another customer"),
    ],
)
def test_the_gap_holds_nobody_else_back(journals: Journals, message: PlannedMessage) -> None:
    settled(journals.run(), planned(appointment("1")))
    claimed(journals.run(), message, gap=GAP)


def test_the_gap_does_not_hold_between_the_messages_of_one_run(journals: Journals) -> None:
    run = journals.run()
    settled(run, planned(appointment("1")))
    claimed(run, planned(appointment("2")), gap=GAP)
