"""What the journal keeps of replies, and for how long; on SQLite and on Postgres."""

from datetime import timedelta

import pytest

from journals import NOW, SMS, START, Journals, appointment, ask, claimed, end, planned, settled
from terminbenachrichtigung.journal.replies import FETCHED_AGAIN, LOOK_BACK
from terminbenachrichtigung.model.delivery import Attempt, Claim, Sent
from terminbenachrichtigung.model.plan import MessageOutcome
from terminbenachrichtigung.model.reply import Answer, NewReply, Reply

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def reply(
    name: str = "r1",
    answer: Answer = Answer.YES,
    claim: Claim | None = None,
    *,
    text: str = "ja",
    stops: tuple[str, ...] = (),
) -> NewReply:
    said = Reply(name, SMS.recipient, text, NOW + HOUR)
    return NewReply(said, answer, claim.message_id if claim else None, stops)


def kept(journals: Journals) -> list[tuple[object, ...]]:
    """Id, number and words of each reply."""
    return journals.rows("SELECT reply_id, sender, text FROM journal_replies ORDER BY reply_id")


def test_a_reply_is_kept_once_whoever_brings_it_and_however_often(journals: Journals) -> None:
    one, other = journals.run(), journals.run()
    claim = settled(one, planned())
    for run in (one, other, one):
        run.note_replies([reply(claim=claim)], NOW)
    assert kept(journals) == [("r1", SMS.recipient, "ja")]
    assert one.known_replies({"r1", "r2"}) == {"r1"}


def test_what_it_answers_comes_with_it(journals: Journals) -> None:
    run = journals.run()
    claim = settled(run, planned(appointment("a"), appointment("b")))
    run.note_replies([reply(claim=claim)], NOW)
    (found,) = ask(run, "a").replies
    assert (found.answer, found.message_id, found.told) == (Answer.YES, claim.message_id, False)
    assert {each.appointment_id for each in found.about} == {"a", "b"}
    assert ask(run, now=START + 2 * DAY).replies == ()  # of what is over no run needs to know


def test_until_a_report_has_named_it_each_run_is_given_it(journals: Journals) -> None:
    run = journals.run()
    run.note_replies([reply(), reply("r2")], NOW)
    assert [each.reply_id for each in journals.run().untold_replies()] == ["r1", "r2"]
    run.finish(NOW, ending="complete", complete=True, counts={}, reminder_names=(), reply_ids=["r1"])
    assert [each.reply_id for each in journals.run().untold_replies()] == ["r2"]


def test_beside_what_is_untold_stand_the_others_to_the_same_message(journals: Journals) -> None:
    run = journals.run()
    claim = settled(run, planned())
    run.note_replies([reply(claim=claim)], NOW)
    run.finish(NOW, ending="complete", complete=True, counts={}, reminder_names=(), reply_ids=["r1"])
    run.note_replies([reply("r2", Answer.NO, claim)], NOW)
    assert {each.reply_id: each.told for each in run.untold_replies()} == {"r1": True, "r2": False}


def test_a_stop_opts_out_in_the_same_breath_and_once(journals: Journals) -> None:
    run = journals.run()
    stop = reply(answer=Answer.STOP, stops=(SMS.recipient,))
    run.note_replies([stop], NOW)
    assert [each.recipient for each in run.opt_outs()] == [SMS.recipient]
    run.opt_in(SMS.recipient)
    run.note_replies([stop], NOW)
    assert run.opt_outs() == ()


def test_our_messages_are_found_by_their_job_and_by_their_number(journals: Journals) -> None:
    run = journals.run()
    claim = claimed(run, planned())
    run.settle(claim, MessageOutcome.SENT, SMS, [Attempt(SMS, Sent("id 77", "77"))])
    other = settled(run, planned(appointment("2", customer="18")))
    refused = settled(run, planned(appointment("3", customer="19")), MessageOutcome.FAILED)
    assert {job: each.message_id for job, each in run.sms_of_jobs({"77", "78"}).items()} == {
        "77": claim.message_id
    }
    found = run.sms_to({SMS.recipient})
    assert {each.message_id for each in found} == {claim.message_id, other.message_id}
    assert refused.message_id not in {each.message_id for each in found}  # it never left
    assert {each.customer_id for each in found} == {"17", "18"}


def test_what_came_when_all_was_over_is_handed_to_staff_unless_it_says_yes(journals: Journals) -> None:
    run = journals.run()
    claim = settled(run, planned())
    answers = {answer.value: reply(answer.value, answer, claim) for answer in Answer}
    late = START + HOUR
    run.note_replies([*answers.values(), reply("strange yes"), reply("strange stop", Answer.STOP)], late)
    found = {each.reply_id for each in run.stray_replies(NOW)}
    assert found == {"strange yes", *answers} - {"yes", "stop"}
    assert run.stray_replies(late + HOUR) == ()


SINCE = [
    # when all was fetched last; from when on the next run asks
    (None, NOW - LOOK_BACK),
    (NOW - HOUR, NOW - HOUR - FETCHED_AGAIN),
    (NOW - 20 * DAY, NOW - LOOK_BACK),
    (NOW, NOW - FETCHED_AGAIN),  # a run called twice within a second
    (NOW + 400 * DAY, NOW - LOOK_BACK),  # by a clock that was ahead
]


@pytest.mark.parametrize(("until", "since"), SINCE)
def test_a_run_asks_from_the_last_one_on_and_a_little_before(
    journals: Journals, until: object, since: object
) -> None:
    run = journals.run()
    if until is not None:
        run.replies_fetched(until)  # type: ignore[arg-type]
    assert run.replies_since(NOW) == since


# ---------------------------------------------------------------- how long


def test_words_and_numbers_go_with_the_retention_and_the_id_stays_a_while(journals: Journals) -> None:
    run = journals.run(retention_days=30)
    run.note_replies([reply()], NOW)
    for days, left in ((29, [("r1", SMS.recipient, "ja")]), (32, [("r1", "", "")]), (45, [])):
        later = NOW + days * DAY
        journals.purge_next(later - 30 * DAY)
        end(run, later)
        assert kept(journals) == left, days


def test_while_an_appointment_lies_ahead_what_was_answered_about_it_stays(journals: Journals) -> None:
    run = journals.run(retention_days=1)
    far = appointment("far", starts_at=NOW + 60 * DAY)
    claim = settled(run, planned(far))
    run.note_replies([reply(claim=claim)], NOW)
    journals.purge_next(NOW + 20 * DAY)
    end(run, NOW + 21 * DAY)
    assert kept(journals) == [("r1", SMS.recipient, "ja")]
    (found,) = ask(run, "far", now=NOW + 21 * DAY).replies
    assert found.answer is Answer.YES
    journals.purge_next(NOW + 61 * DAY)
    end(run, NOW + 64 * DAY)
    assert kept(journals) == []


def test_replies_go_with_their_message(journals: Journals) -> None:
    run = journals.run(retention_days=30)
    claim = settled(run, planned())
    run.note_replies([reply(claim=claim)], NOW + 29 * DAY)
    journals.purge_next(NOW + 2 * DAY)
    end(run, NOW + 33 * DAY)
    assert journals.rows("SELECT count(*) FROM journal_messages")[0][0] == 0
    assert kept(journals) == [("r1", "", "")]
    assert run.untold_replies() == ()
