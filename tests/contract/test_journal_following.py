"""What became of messages after their run, noted in the journal; on SQLite and on Postgres."""

from datetime import datetime, timedelta

import pytest

from journals import EMAIL, GAP, NOW, REMINDER, SMS, Journals, ask, claimed, planned, settled
from terminbenachrichtigung.journal.claims import Lost
from terminbenachrichtigung.journal.journal import Journal
from terminbenachrichtigung.model.delivery import (
    Attempt,
    Claim,
    LaterWord,
    OpenMessage,
    Rejected,
    Sent,
    Unavailable,
    Unknown,
)
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, Reason, Route

DIGITS = "00" + SMS.recipient.removeprefix("+")
WEEK = timedelta(days=7)
OTHER_NUMBER = Route(Channel.SMS, "+491716666666")


def told(claim: Claim, state: State | None, recipient: str = DIGITS, **fields: str) -> LaterWord:
    detail = fields.pop("detail", f"report: {state}")
    return LaterWord(claim.message_id, Channel.SMS, state, detail, recipient, **fields)


def sent_in(parts: int | None, journal: Journal, reminder: str = REMINDER, now: datetime = NOW) -> Claim:
    """An SMS of so many parts that the gateway took."""
    claim = claimed(journal, planned(reminder=reminder), now)
    journal.settle(claim, MessageOutcome.SENT, SMS, [Attempt(SMS, Sent("JobId 1"), parts)])
    return claim


def ended(journal: Journal, outcome: MessageOutcome, *attempts: Attempt) -> Claim:
    """A message that ended after these attempts."""
    claim = claimed(journal, planned(routes=[SMS, EMAIL]))
    journal.settle(claim, outcome, attempts[-1].route, attempts)
    return claim


@pytest.mark.parametrize(
    ("outcome", "state", "noted"),
    [
        # how the run left it; what is said later; how the attempt is noted then
        (MessageOutcome.UNKNOWN, State.SENT, "sent"),
        (MessageOutcome.UNKNOWN, State.DELIVERED, "sent"),
        (MessageOutcome.UNKNOWN, State.UNDELIVERED, "rejected"),
        (MessageOutcome.SENT, State.DELIVERED, "sent"),
        (MessageOutcome.SENT, State.UNDELIVERED, "rejected"),
    ],
)
def test_a_message_moves_once_and_says_so_once(
    journals: Journals, outcome: MessageOutcome, state: State, noted: str
) -> None:
    run = journals.run()
    claim = settled(run, planned(), outcome)
    (update,) = run.follow([told(claim, state)])
    was = State.SENT if outcome is MessageOutcome.SENT else State.UNKNOWN
    assert (update.message_id, update.was, update.state) == (claim.message_id, was, state)
    assert (update.appointment_ids, update.route) == (("4711",), SMS)
    assert journals.state(claim) == state
    assert journals.attempts(claim) == [("sms", noted)]
    assert run.follow([told(claim, state)]) == ()
    (message,) = run.history(1)
    assert message.attempts[0].detail.endswith(f"; report: {state}")


def test_two_runs_that_are_told_the_same_note_it_once(journals: Journals) -> None:
    claims = [settled(journals.run(), planned(reminder=name)) for name in "abcdef"]
    one, two = journals.run(), journals.run()
    first = one.follow([told(claim, State.DELIVERED) for claim in claims[:4]])
    second = two.follow([told(claim, State.DELIVERED) for claim in reversed(claims)])
    assert {each.message_id for each in first} == {claim.message_id for claim in claims[:4]}
    assert {each.message_id for each in second} == {claim.message_id for claim in claims[4:]}


@pytest.mark.parametrize(
    "recipient",
    [
        pytest.param("00491715555555", id="as it was sent"),
        pytest.param("491715555555", id="without the zeros"),
        pytest.param("+49 171 5555555", id="as people write it"),
        pytest.param("01715555555", id="national"),
        pytest.param("", id="not given, so that the label alone counts"),
    ],
)
def test_a_number_may_be_written_in_any_way(journals: Journals, recipient: str) -> None:
    claim = settled(journals.run(), planned())
    assert len(journals.run().follow([told(claim, State.DELIVERED, recipient)])) == 1


@pytest.mark.parametrize("recipient", ["00491716666666", "5555", "0", "Anna"])
def test_what_is_about_another_number_is_passed_over(journals: Journals, recipient: str) -> None:
    claim = settled(journals.run(), planned())
    assert journals.run().follow([told(claim, State.UNDELIVERED, recipient)]) == ()
    assert journals.state(claim) == "sent"


def test_what_the_journal_does_not_know_is_passed_over(journals: Journals) -> None:
    stranger = LaterWord("0190f3c2-4a1b-7c3d-8e4f-123456789012", Channel.SMS, State.DELIVERED, "", DIGITS)
    assert journals.run().follow([stranger]) == ()


def test_a_claim_stays_its_owner_s(journals: Journals) -> None:
    owner = journals.run()
    claim = claimed(owner, planned())
    assert journals.run().follow([told(claim, State.DELIVERED)]) == ()
    owner.settle(claim, MessageOutcome.SENT, SMS, [Attempt(SMS, Sent("JobId 1"))])
    assert len(journals.run().follow([told(claim, State.DELIVERED)])) == 1


def test_what_a_person_settled_stays_so(journals: Journals) -> None:
    claim = settled(journals.run(), planned(), MessageOutcome.UNKNOWN)
    journals.run().resolve(claim.message_id, sent=True)
    assert journals.run().follow([told(claim, State.UNDELIVERED)]) == ()
    assert journals.state(claim) == "sent"


def test_an_email_that_was_sent_instead_is_enough(journals: Journals) -> None:
    claim = ended(
        journals.run(), MessageOutcome.SENT, Attempt(SMS, Unknown("no answer")), Attempt(EMAIL, Sent())
    )
    assert journals.run().follow([told(claim, State.UNDELIVERED)]) == ()
    assert journals.state(claim) == "sent"


def test_an_email_that_may_have_been_sent_is_never_sent_again(journals: Journals) -> None:
    claim = ended(
        journals.run(),
        MessageOutcome.SENT,
        Attempt(EMAIL, Unknown("lost after DATA")),
        Attempt(SMS, Sent("JobId 1")),
    )
    (update,) = journals.run().follow([told(claim, State.UNDELIVERED)])
    assert (update.was, update.state) == (State.SENT, State.UNKNOWN)
    again = journals.run().claim(planned(routes=[EMAIL]), now=NOW, gap=GAP)
    assert again == Lost(Reason.ALREADY_NOTIFIED, "unknown")


def test_staff_hear_of_a_message_of_which_nobody_knows_any_more_whether_it_came(journals: Journals) -> None:
    """Its run called it sent and told nobody: the SMS did not arrive, and the e-mail may not have."""
    lost, gone = Attempt(EMAIL, Unknown("lost after DATA")), Attempt(SMS, Sent("JobId 1"))
    claim = ended(journals.run(), MessageOutcome.SENT, lost, gone)
    journals.run().follow([told(claim, State.UNDELIVERED)])
    (news,) = journals.run().begin(NOW, "run-once")
    assert (news.message_id, news.state) == (claim.message_id, State.UNKNOWN)


def test_a_report_on_the_sms_leaves_the_email_alone(journals: Journals) -> None:
    claim = ended(
        journals.run(), MessageOutcome.SENT, Attempt(SMS, Unknown("no answer")), Attempt(EMAIL, Sent("250"))
    )
    journals.run().follow([told(claim, State.DELIVERED, recipient="", detail="report: arrived")])
    (message,) = journals.run().history(1)
    noted = [(each.channel, each.outcome, each.detail) for each in message.attempts]
    assert noted == [(Channel.SMS, "sent", "no answer; report: arrived"), (Channel.EMAIL, "sent", "250")]


def test_what_the_journal_knows_already_is_not_noted_again_in_other_words(journals: Journals) -> None:
    claim = settled(journals.run(), planned())
    assert journals.run().follow([told(claim, State.SENT, detail="report: under way")]) == ()
    (message,) = journals.run().history(1)
    assert message.attempts[0].detail == "JobId 4711"


def test_a_word_that_nobody_knows_decides_nothing_about_what_had_no_answer(journals: Journals) -> None:
    claim = settled(journals.run(), planned(), MessageOutcome.UNKNOWN)
    assert journals.run().follow([told(claim, None, detail="report: Lost")]) == ()
    (message,) = journals.run().history(1)
    assert (message.state, message.attempts[0].outcome) == (State.UNKNOWN, "unknown")
    assert message.attempts[0].detail == "read timeout; report: Lost"


def test_a_word_that_nobody_knows_is_kept_with_the_attempt_once(journals: Journals) -> None:
    claim = settled(journals.run(), planned())
    for _ in range(2):
        assert journals.run().follow([told(claim, None, detail="report: Lost")]) == ()
    (message,) = journals.run().history(1)
    assert (message.state, message.attempts[0].detail) == (State.SENT, "JobId 4711; report: Lost")


# ---------------------------------------------------------------- the next channel


def test_undelivered_opens_the_next_channel_and_never_the_same_recipient(journals: Journals) -> None:
    claim = settled(journals.run(), planned())
    journals.run().follow([told(claim, State.UNDELIVERED)])
    again = journals.run().claim(planned(), now=NOW, gap=GAP)
    assert again == Lost(Reason.ALREADY_NOTIFIED, "undelivered")
    known = ask(journals.run())
    assert known.rejected == {"4711": {SMS.recipient}}
    assert known.contacted == {}
    settled(journals.run(), planned(routes=[EMAIL]))
    assert journals.generations() == [1, 2]
    assert isinstance(journals.run().claim(planned(routes=[EMAIL]), now=NOW, gap=GAP), Lost)


def test_a_corrected_number_opens_an_undelivered_message_again(journals: Journals) -> None:
    claim = settled(journals.run(), planned())
    journals.run().follow([told(claim, State.UNDELIVERED)])
    claimed(journals.run(), planned(routes=[OTHER_NUMBER]), gap=GAP)


def test_a_person_may_settle_what_did_not_arrive(journals: Journals) -> None:
    claim = settled(journals.run(), planned())
    journals.run().follow([told(claim, State.UNDELIVERED)])
    assert journals.run().resolve(claim.message_id, sent=True) is State.UNDELIVERED
    assert journals.run().follow([told(claim, State.UNDELIVERED)]) == ()
    assert journals.state(claim) == "sent"


# ---------------------------------------------------------------- what there is to ask


def test_only_sms_without_an_answer_are_asked_for_newest_first(journals: Journals) -> None:
    run = journals.run()
    old = settled(run, planned(reminder="a"), MessageOutcome.UNKNOWN, NOW - timedelta(days=6))
    new = settled(run, planned(reminder="b"), MessageOutcome.UNKNOWN, NOW - timedelta(days=1))
    settled(run, planned(reminder="c"), MessageOutcome.UNKNOWN, NOW - WEEK)
    settled(run, planned(reminder="d"), MessageOutcome.SENT)
    settled(run, planned(reminder="e", routes=[EMAIL]), MessageOutcome.UNKNOWN)
    by_email = claimed(run, planned(reminder="f", routes=[SMS, EMAIL]))
    ends = [Attempt(SMS, Unavailable("HTTP 503")), Attempt(EMAIL, Unknown("lost after DATA"))]
    run.settle(by_email, MessageOutcome.UNKNOWN, EMAIL, ends)
    found = run.unanswered(Channel.SMS, NOW - WEEK)
    assert [each.message_id for each in found] == [new.message_id, old.message_id]
    assert found[1] == OpenMessage(old.message_id, SMS.recipient, NOW - timedelta(days=6))


@pytest.mark.parametrize(
    ("outcome", "route", "days", "awaited"),
    [
        pytest.param(MessageOutcome.SENT, SMS, 2, True, id="sent"),
        pytest.param(MessageOutcome.UNKNOWN, SMS, 2, True, id="without an answer"),
        pytest.param(MessageOutcome.FAILED, SMS, 2, False, id="failed"),
        pytest.param(MessageOutcome.RETRY, SMS, 2, False, id="not sent"),
        pytest.param(MessageOutcome.SENT, EMAIL, 2, False, id="an e-mail"),
        pytest.param(MessageOutcome.SENT, SMS, 7, False, id="so long ago that none will come"),
    ],
)
def test_when_a_report_is_awaited(
    journals: Journals, outcome: MessageOutcome, route: Route, days: int, *, awaited: bool
) -> None:
    run = journals.run()
    moment = NOW - timedelta(days=days)
    settled(run, planned(routes=[route]), outcome, moment)
    assert [each.at for each in run.awaited(Channel.SMS, NOW - WEEK)] == ([moment] if awaited else [])


@pytest.mark.parametrize(
    ("parts", "hours", "awaited"),
    [
        pytest.param(1, 0, False, id="all of it arrived"),
        pytest.param(2, 0, True, id="another part may fail"),
        pytest.param(2, 23, True, id="for a day"),
        pytest.param(2, 25, False, id="and no longer"),
        pytest.param(None, 23, True, id="nobody knows how many parts it had"),
    ],
)
def test_what_was_delivered_in_parts_is_awaited_for_a_day(
    journals: Journals, parts: int | None, hours: int, *, awaited: bool
) -> None:
    claim = sent_in(parts, journals.run())
    journals.run().follow([told(claim, State.DELIVERED)])
    journals.settle_ago(claim, hours=hours)
    open_ones = journals.run().awaited(Channel.SMS, NOW - WEEK)
    assert [each.message_id for each in open_ones] == ([claim.message_id] if awaited else [])


def test_the_worst_part_s_word_wins_whenever_it_comes_and_is_the_last(journals: Journals) -> None:
    claim = sent_in(3, journals.run())
    words = (State.DELIVERED, State.UNDELIVERED, State.DELIVERED)
    moved = [update for word in words for update in journals.run().follow([told(claim, word)])]
    assert [(each.was, each.state) for each in moved] == [
        (State.SENT, State.DELIVERED),
        (State.DELIVERED, State.UNDELIVERED),
    ]
    assert (journals.state(claim), journals.attempts(claim)) == ("undelivered", [("sms", "rejected")])
    assert journals.run().awaited(Channel.SMS, NOW - WEEK) == []


def test_a_part_of_what_arrived_is_asked_for_behind_what_has_no_report(journals: Journals) -> None:
    run = journals.run()
    arrived = sent_in(2, run, "new")
    older = sent_in(2, run, "old", NOW - timedelta(days=1))
    run.follow([told(arrived, State.DELIVERED)])
    found = run.awaited(Channel.SMS, NOW - WEEK)
    assert [each.message_id for each in found] == [older.message_id, arrived.message_id]


def test_reports_are_awaited_newest_first_with_what_the_gateway_knows_them_by(journals: Journals) -> None:
    run = journals.run()
    for hours in (3, 30, 2):
        settled(run, planned(reminder=f"{hours}"), now=NOW - timedelta(hours=hours))
    awaited = run.awaited(Channel.SMS, NOW - WEEK)
    assert [each.at for each in awaited] == [NOW - timedelta(hours=hours) for hours in (2, 3, 30)]
    assert {each.recipient for each in awaited} == {SMS.recipient}


def test_a_message_is_found_by_its_job_whenever_that_became_known(journals: Journals) -> None:
    run = journals.run()
    sent = claimed(run, planned(reminder="a"))
    run.settle(sent, MessageOutcome.SENT, SMS, [Attempt(SMS, Sent("JobId 1", "1"))])
    asked_for = settled(run, planned(reminder="b"), MessageOutcome.UNKNOWN)
    run.follow([told(asked_for, State.SENT, "", job_id="2")])
    old = claimed(run, planned(reminder="c"), NOW - WEEK)
    run.settle(old, MessageOutcome.SENT, SMS, [Attempt(SMS, Sent("JobId 3", "3"))])
    run.follow([told(sent, State.DELIVERED)])  # this report does not name the job
    found = run.messages_of_jobs({"1", "2", "3", "4"}, NOW - WEEK)
    assert found == {"1": sent.message_id, "2": asked_for.message_id}
    assert run.messages_of_jobs(set(), NOW - WEEK) == {}


def test_a_refused_sms_and_a_later_report_leave_the_refusal(journals: Journals) -> None:
    claim = ended(
        journals.run(),
        MessageOutcome.SENT,
        Attempt(SMS, Rejected("NoRecipientFound")),
        Attempt(EMAIL, Sent()),
    )
    assert journals.run().follow([told(claim, State.DELIVERED)]) == ()
    assert journals.attempts(claim) == [("sms", "rejected"), ("email", "sent")]


def test_a_report_wins_over_a_person_who_said_that_it_was_not_sent(journals: Journals) -> None:
    run = journals.run()
    claim = settled(run, planned(), MessageOutcome.UNKNOWN)
    assert run.resolve(claim.message_id, sent=False) is State.UNKNOWN
    assert [each.message_id for each in run.awaited(Channel.SMS, NOW - timedelta(days=1))] == [
        claim.message_id
    ]
    assert run.follow([told(claim, State.UNDELIVERED)]) == ()  # that is what the person said
    (update,) = run.follow([told(claim, State.DELIVERED)])
    assert (update.was, update.state) == (State.RELEASED, State.DELIVERED)
    again = journals.run().claim(planned(), now=NOW, gap=GAP)
    assert again == Lost(Reason.ALREADY_NOTIFIED, "delivered")


def test_of_two_attempts_the_report_is_about_the_one_that_may_have_left(journals: Journals) -> None:
    run = journals.run()
    claim = ended(
        run, MessageOutcome.UNKNOWN, Attempt(SMS, Unavailable("HTTP 503")), Attempt(SMS, Unknown("no answer"))
    )
    run.resolve(claim.message_id, sent=False)
    run.follow([told(claim, State.DELIVERED)])
    assert journals.attempts(claim) == [("sms", "unavailable"), ("sms", "sent")]


def test_no_report_is_awaited_of_what_a_run_gave_back_itself(journals: Journals) -> None:
    claim = settled(journals.run(), planned(), MessageOutcome.RETRY)
    assert journals.run().awaited(Channel.SMS, NOW - timedelta(days=1)) == []
    assert journals.run().follow([told(claim, State.DELIVERED)]) == ()
