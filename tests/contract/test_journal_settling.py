"""From claim to settle: leases, late answers, rejections taken back, hands (contract, section 4)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from journals import (
    EMAIL,
    ENDED,
    GAP,
    LATER,
    NO_GAP,
    NOW,
    REMINDER,
    SMS,
    Journals,
    appointment,
    claimed,
    end,
    planned,
    settings,
    settled,
)
from terminbenachrichtigung.clock import ClockAt
from terminbenachrichtigung.errors import ClaimGoneError
from terminbenachrichtigung.journal import open_journal
from terminbenachrichtigung.journal.claims import Lost
from terminbenachrichtigung.model.delivery import Attempt, Outcome, Rejected, Sent, Unavailable, Unknown
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, Reason
from terminbenachrichtigung.model.result import Untold

STATE_AFTER = {
    MessageOutcome.SENT: "sent",
    MessageOutcome.FAILED: "failed",
    MessageOutcome.UNKNOWN: "unknown",
    MessageOutcome.RETRY: "released",
    MessageOutcome.DEFERRED: "released",
}
REFUSED = Attempt(SMS, Rejected("NoRecipientFound"))
NO_ANSWER = Attempt(SMS, Unknown("read timeout"))
DOWN = Attempt(SMS, Unavailable("connection refused"))
MAILED = Attempt(EMAIL, Sent("250 queued"))


# ---------------------------------------------------------------- settle


@pytest.mark.parametrize("outcome", MessageOutcome)
def test_each_outcome_has_its_state(journals: Journals, outcome: MessageOutcome) -> None:
    assert journals.state(settled(journals.run(), planned(), outcome)) == STATE_AFTER[outcome]


@pytest.mark.parametrize(
    ("outcome", "word", "job_id"),
    [
        (Sent("JobId 1", "1"), "sent", "1"),
        (Sent("250 OK"), "sent", None),
        (Rejected("NoRecipientFound"), "rejected", None),
        (Unavailable("HTTP 503"), "unavailable", None),
        (Unknown("read timeout"), "unknown", None),
    ],
)
def test_every_kind_of_attempt_is_noted_with_its_detail(
    journals: Journals, outcome: Outcome, word: str, job_id: str | None
) -> None:
    run = journals.run()
    run.settle(claimed(run, planned()), MessageOutcome.RETRY, SMS, [Attempt(SMS, outcome)])
    noted = journals.rows("SELECT channel, recipient, outcome, detail, job_id FROM journal_attempts")
    assert noted == [("sms", SMS.recipient, word, outcome.detail, job_id)]


def test_the_message_keeps_the_channel_that_ended_it(journals: Journals) -> None:
    run = journals.run()
    claim = claimed(run, planned(routes=[SMS, EMAIL]))
    run.settle(claim, MessageOutcome.SENT, EMAIL, [REFUSED, MAILED])
    assert journals.rows("SELECT channel, recipient FROM journal_messages") == [("email", EMAIL.recipient)]
    assert journals.attempts(claim) == [("sms", "rejected"), ("email", "sent")]


@pytest.mark.parametrize("outcome", ENDED)
def test_settling_twice_changes_nothing(journals: Journals, outcome: MessageOutcome) -> None:
    run = journals.run()
    claim = settled(run, planned(), outcome)
    noted = journals.attempts(claim)
    run.settle(claim, outcome, SMS, [Attempt(SMS, ENDED[outcome])])
    assert journals.attempts(claim) == noted
    assert journals.state(claim) == STATE_AFTER[outcome]


@pytest.mark.parametrize("outcome", MessageOutcome)
@pytest.mark.parametrize(
    "state", [State.SENT, State.DELIVERED, State.UNDELIVERED, State.FAILED, State.RELEASED]
)
def test_what_is_settled_stays_settled(journals: Journals, state: State, outcome: MessageOutcome) -> None:
    run = journals.run()
    claim = claimed(run, planned())
    journals.set_state(claim, state)
    run.settle(claim, outcome, SMS, [NO_ANSWER])
    assert journals.state(claim) == state
    assert journals.attempts(claim) == []


@pytest.mark.parametrize("second", ["sent", "unknown"])
@pytest.mark.parametrize("first", ["sent", "unknown"])
def test_the_database_itself_refuses_a_second_attempt_on_a_channel_that_may_have_been_accepted(
    journals: Journals, first: str, second: str
) -> None:
    claim = claimed(journals.run(), planned())

    def note(channel: str, outcome: str) -> None:
        journals.execute(
            "INSERT INTO journal_attempts (message_id, channel, recipient, outcome, detail, ended_at) "
            "VALUES (:id, :channel, 'x', :outcome, '', '2026-11-24 09:00:00.000000')",
            id=claim.message_id,
            channel=channel,
            outcome=outcome,
        )

    note("sms", first)
    note("email", first)
    note("sms", "unavailable")
    with pytest.raises(IntegrityError):
        note("sms", second)


# ---------------------------------------------------------------- renew


def test_the_owner_renews_its_claim_and_notes_what_was_tried(journals: Journals) -> None:
    run = journals.run()
    claim = claimed(run, planned(routes=[SMS, EMAIL]))
    journals.age(claim, minutes=14)
    assert run.renew(claim, EMAIL, [REFUSED])
    assert journals.attempts(claim) == [("sms", "rejected")]
    assert journals.rows("SELECT state, channel, recipient FROM journal_messages") == [
        ("claimed", "email", EMAIL.recipient)
    ]
    journals.age(claim, minutes=14)  # counted from the renewal
    assert journals.run().begin(NOW, "run-once") == ()


def test_equal_attempts_are_each_noted(journals: Journals) -> None:
    run = journals.run()
    claim = claimed(run, planned())
    assert run.renew(claim, SMS, [DOWN])
    assert run.renew(claim, SMS, [DOWN])
    run.settle(claim, MessageOutcome.RETRY, SMS, [DOWN])
    assert journals.attempts(claim) == [("sms", "unavailable")] * 3


@pytest.mark.parametrize("state", [state for state in State if state is not State.CLAIMED])
def test_a_claim_that_is_open_no_longer_cannot_be_renewed(journals: Journals, state: State) -> None:
    run = journals.run()
    claim = claimed(run, planned())
    journals.set_state(claim, state)
    assert not run.renew(claim, SMS, [DOWN])
    assert journals.state(claim) == state
    assert journals.attempts(claim) == []


def test_nobody_else_can_renew_a_claim(journals: Journals) -> None:
    claim = claimed(journals.run(), planned())
    assert not journals.run().renew(claim, EMAIL, [DOWN])
    assert journals.rows("SELECT channel FROM journal_messages") == [("sms",)]
    assert journals.attempts(claim) == []


# ---------------------------------------------------------------- claims that nobody settled


def test_a_claim_that_nobody_settled_becomes_unknown_with_one_attempt(journals: Journals) -> None:
    rows = (appointment("1"), appointment("2", starts_at=LATER))
    claim = claimed(journals.run(), planned(*rows, routes=[SMS, EMAIL]))
    journals.age(claim, minutes=16)
    expired = journals.run().begin(NOW, "run-once")
    assert expired == (Untold(claim.message_id, REMINDER, "17", ("1", "2"), SMS),)
    assert journals.state(claim) == "unknown"
    assert journals.attempts(claim) == [("sms", "unknown")]
    assert journals.rows("SELECT count(*) FROM journal_messages WHERE settled_at IS NULL") == [(0,)]


def test_what_expired_is_told_until_a_report_has_named_it(journals: Journals) -> None:
    claim = claimed(journals.run(), planned())
    journals.age(claim, minutes=16)
    for _ in range(2):  # the first one dies before its report
        run = journals.run()
        assert [each.message_id for each in run.begin(NOW, "run-once")] == [claim.message_id]
    end(run, message_ids=[claim.message_id])
    assert journals.run().begin(NOW, "run-once") == ()
    assert journals.attempts(claim) == [("sms", "unknown")]


@pytest.mark.parametrize("outcome", MessageOutcome)
def test_a_message_that_ended_badly_is_told_until_a_report_has_named_it(
    journals: Journals, outcome: MessageOutcome
) -> None:
    claim = settled(journals.run(), planned(), outcome)
    found = journals.run().begin(NOW, "run-once")
    if outcome in (MessageOutcome.FAILED, MessageOutcome.UNKNOWN):
        state = State(journals.state(claim))
        assert found == (Untold(claim.message_id, REMINDER, "17", ("4711",), SMS, state),)
        end(journals.run(), message_ids=[claim.message_id])
    else:
        assert found == ()
    assert journals.run().begin(NOW, "run-once") == ()


def test_what_was_settled_by_hand_before_it_was_told_is_told_no_more(journals: Journals) -> None:
    claim = settled(journals.run(), planned(), MessageOutcome.UNKNOWN)
    journals.run().resolve(claim.message_id, sent=True)
    assert journals.run().begin(NOW, "run-once") == ()


def test_a_settle_or_renewal_that_finds_its_claim_gone_says_so(journals: Journals) -> None:
    run = journals.run()
    claim = claimed(run, planned())
    journals.execute("DELETE FROM journal_notifications")
    journals.execute("DELETE FROM journal_messages")
    with pytest.raises(ClaimGoneError, match=claim.message_id):
        run.renew(claim, SMS, [])
    for outcome in MessageOutcome:
        with pytest.raises(ClaimGoneError, match=claim.message_id):
            run.settle(claim, outcome, SMS, [])


@pytest.mark.parametrize(
    ("timeout_minutes", "age_minutes", "expires"),
    [(15, 14.9, False), (15, 15.1, True), (60, 59.9, False), (60, 60.1, True)],
)
def test_a_claim_expires_after_the_configured_time(
    journals: Journals, timeout_minutes: int, age_minutes: float, expires: bool
) -> None:
    claim = claimed(journals.run(), planned())
    journals.age(claim, minutes=age_minutes)
    run = journals.run(claim_timeout_minutes=timeout_minutes)
    assert bool(run.begin(NOW, "run-once")) == expires
    assert journals.state(claim) == ("unknown" if expires else "claimed")


def test_leases_go_by_the_clock_of_the_database_alone(journals: Journals) -> None:
    claim = claimed(journals.run(), planned())
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    host = open_journal(settings(journals.url), clock=ClockAt(tomorrow))  # its clock is a day fast
    assert host.begin(tomorrow, "run-once") == ()
    host.close()
    assert journals.state(claim) == "claimed"


def test_the_attempt_that_may_have_left_is_the_one_on_the_channel_last_renewed(journals: Journals) -> None:
    run = journals.run()
    claim = claimed(run, planned(routes=[SMS, EMAIL]))
    run.renew(claim, EMAIL, [REFUSED])
    journals.age(claim, minutes=16)
    (expired,) = journals.run().begin(NOW, "run-once")
    assert expired.route == EMAIL
    assert journals.attempts(claim) == [("sms", "rejected"), ("email", "unknown")]


def test_a_run_in_a_quiet_period_expires_nothing(journals: Journals) -> None:
    claim = claimed(journals.run(), planned())
    journals.age(claim, minutes=16)
    assert journals.run().begin(NOW, "run-once", expire=False) == ()
    assert journals.state(claim) == "claimed"


def test_an_expired_claim_is_held(journals: Journals) -> None:
    owner = journals.run()
    claim = claimed(owner, planned(routes=[SMS, EMAIL]))
    journals.age(claim, minutes=16)
    journals.run().begin(NOW, "run-once")
    assert not owner.renew(claim, EMAIL, [])  # its owner stops
    for routes in ([SMS], [EMAIL]):  # and nobody else sends it, on no channel
        lost = journals.run().claim(planned(routes=routes), now=NOW, gap=NO_GAP)
        assert lost == Lost(Reason.ALREADY_NOTIFIED, "unknown")


def test_runs_that_begin_at_once_expire_each_claim_once(journals: Journals) -> None:
    owner = journals.run()
    claims = [claimed(owner, planned(appointment(str(n), customer=str(n)))) for n in range(30)]
    for claim in claims:
        journals.age(claim, minutes=16)
    runs = [journals.run() for _ in range(4)]
    with ThreadPoolExecutor(len(runs)) as threads:
        found = [one for some in threads.map(lambda run: run.begin(NOW, "run-once"), runs) for one in some]
    assert {one.message_id for one in found} == {claim.message_id for claim in claims}
    assert journals.rows("SELECT count(*) FROM journal_attempts") == [(30,)]


@pytest.mark.parametrize("outcome", MessageOutcome)
def test_a_late_settle_turns_unknown_into_sent_and_into_nothing_else(
    journals: Journals, outcome: MessageOutcome
) -> None:
    owner = journals.run()
    claim = claimed(owner, planned())
    journals.age(claim, minutes=16)
    journals.run().begin(NOW, "run-once")
    ended = [Attempt(SMS, ENDED[outcome])] if outcome in ENDED else []
    owner.settle(claim, outcome, SMS, ended)
    if outcome is MessageOutcome.SENT:
        assert journals.state(claim) == "sent"
        assert journals.attempts(claim) == [("sms", "sent")]  # in place of the mark
    else:
        assert journals.state(claim) == "unknown"
        assert journals.attempts(claim) == [("sms", "unknown")]


def test_a_late_settle_keeps_what_another_channel_left_unknown(journals: Journals) -> None:
    owner = journals.run()
    claim = claimed(owner, planned(routes=[SMS, EMAIL]))
    owner.renew(claim, EMAIL, [NO_ANSWER])  # on_unknown = "fallback"
    journals.age(claim, minutes=16)
    journals.run().begin(NOW, "run-once")
    owner.settle(claim, MessageOutcome.SENT, EMAIL, [MAILED])
    assert journals.attempts(claim) == [("sms", "unknown"), ("email", "sent")]


# ---------------------------------------------------------------- a rejection taken back


def test_a_failed_message_whose_rejection_is_taken_back_is_released(journals: Journals) -> None:
    run = journals.run()
    claims = [
        settled(run, planned(appointment(n, customer=n)), MessageOutcome.FAILED) for n in ("1", "2", "3")
    ]
    run.reopen([claim.message_id for claim in claims[:2]], Channel.SMS)
    assert [journals.state(claim) for claim in claims] == ["released", "released", "failed"]
    assert [journals.attempts(claim) for claim in claims] == [
        [("sms", "unavailable")],
        [("sms", "unavailable")],
        [("sms", "rejected")],
    ]
    claimed(journals.run(), planned(appointment("1", customer="1")), gap=GAP)


def test_only_the_rejections_of_that_channel_are_taken_back(journals: Journals) -> None:
    run = journals.run()
    claim = claimed(run, planned(routes=[SMS, EMAIL]))
    run.settle(claim, MessageOutcome.FAILED, EMAIL, [REFUSED, Attempt(EMAIL, Rejected("550 no mailbox"))])
    run.reopen([claim.message_id], Channel.SMS)
    assert journals.state(claim) == "released"
    assert journals.attempts(claim) == [("sms", "unavailable"), ("email", "rejected")]
    claimed(journals.run(), planned(routes=[SMS]))


@pytest.mark.parametrize("state", [State.CLAIMED, State.SENT, State.UNKNOWN])
def test_only_failed_messages_are_released_by_it(journals: Journals, state: State) -> None:
    run = journals.run()
    claim = claimed(run, planned(routes=[SMS, EMAIL]))
    run.renew(claim, EMAIL, [REFUSED])
    journals.set_state(claim, state)
    run.reopen([claim.message_id], Channel.SMS)
    assert journals.state(claim) == state
    assert journals.attempts(claim) == [("sms", "unavailable")]


# ---------------------------------------------------------------- by hand


@pytest.mark.parametrize("outcome", [MessageOutcome.UNKNOWN, MessageOutcome.FAILED])
def test_a_person_settles_unknown_and_failed_as_sent(journals: Journals, outcome: MessageOutcome) -> None:
    claim = settled(journals.run(), planned(), outcome)
    assert journals.run().resolve(claim.message_id, sent=True) == STATE_AFTER[outcome]
    assert journals.state(claim) == "sent"
    again = journals.run().claim(planned(routes=[EMAIL]), now=NOW, gap=NO_GAP)
    assert again == Lost(Reason.ALREADY_NOTIFIED, "sent")


@pytest.mark.parametrize("outcome", [MessageOutcome.UNKNOWN, MessageOutcome.FAILED])
def test_what_a_person_settles_as_not_sent_may_be_sent_by_every_channel(
    journals: Journals, outcome: MessageOutcome
) -> None:
    claim = settled(journals.run(), planned(), outcome)
    assert journals.run().resolve(claim.message_id, sent=False) == STATE_AFTER[outcome]
    assert journals.state(claim) == "released"
    assert journals.attempts(claim) == [("sms", "unavailable")]
    claimed(journals.run(), planned(routes=[SMS, EMAIL]), gap=GAP)


SETTLED = [state for state in State if state not in (State.UNKNOWN, State.FAILED, State.UNDELIVERED)]


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("state", SETTLED)
def test_nothing_else_is_settled_by_hand(journals: Journals, state: State, sent: bool) -> None:
    claim = claimed(journals.run(), planned())
    journals.set_state(claim, state)
    assert journals.run().resolve(claim.message_id, sent=sent) is state
    assert journals.state(claim) == state


def test_settling_a_message_that_does_not_exist_says_so(journals: Journals) -> None:
    assert journals.run().resolve("no such message", sent=True) is None


def test_a_claim_that_is_dated_ahead_expires_too(journals: Journals) -> None:
    """Its run had a clock that was ahead: its customer would be in progress for ever."""
    claim = claimed(journals.run(), planned())
    journals.age(claim, minutes=-14)
    assert journals.run().begin(NOW, "run-once") == ()
    journals.age(claim, minutes=-16)
    assert [each.message_id for each in journals.run().begin(NOW, "run-once")] == [claim.message_id]
    assert journals.state(claim) == "unknown"
