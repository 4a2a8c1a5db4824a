"""What the journal forgets of one customer, and what of others it keeps."""

from datetime import datetime, timedelta

import pytest

from journals import NOW, SMS, START, Journals, appointment, claimed, planned, settled
from terminbenachrichtigung.journal.forgetting import NotForgotten
from terminbenachrichtigung.model.journal import ForgottenCustomer
from terminbenachrichtigung.model.plan import Channel, Route
from terminbenachrichtigung.model.reply import Answer, NewReply, Reply

SHARED = Route(Channel.SMS, "+491715555000")
ANOTHER = Route(Channel.SMS, "+491715555999")


def test_replies_from_a_number_that_is_theirs_alone_go_with_them(journals: Journals) -> None:
    run = journals.run()
    own = settled(run, planned())
    settled(run, planned(appointment("2"), routes=[SHARED]))
    settled(run, planned(appointment("3", "18"), routes=[SHARED]))
    others = settled(run, planned(appointment("4", "19"), routes=[ANOTHER]))
    said = {
        "answered": ("+491715550001", own.message_id),  # from whatever number it came
        "own": (SMS.recipient, None),
        "shared": (SHARED.recipient, None),
        "another's": (ANOTHER.recipient, others.message_id),
        "a stranger's": ("+491715550002", None),
    }
    run.note_replies(
        [
            NewReply(Reply(key, sender, "ja", NOW), Answer.YES, message_id)
            for key, (sender, message_id) in said.items()
        ],
        NOW,
    )
    assert run.forget("17", NOW) == ForgottenCustomer(2, 2, 2)
    kept = journals.rows("SELECT reply_id FROM journal_replies WHERE sender <> '' AND text <> ''")
    assert {row[0] for row in kept} == {"shared", "another's", "a stranger's"}
    kept = journals.rows("SELECT recipient FROM journal_attempts WHERE recipient <> ''")
    assert sorted(row[0] for row in kept) == [SHARED.recipient, ANOTHER.recipient]
    kept = journals.rows("SELECT customer_id FROM journal_messages WHERE recipient <> ''")
    assert sorted(row[0] for row in kept) == ["18", "19"]


@pytest.mark.parametrize(
    ("start", "ahead"), [(NOW + timedelta(minutes=1), True), (NOW, False), (NOW - timedelta(days=1), False)]
)
def test_the_hashes_stay_while_an_appointment_of_theirs_lies_ahead(
    journals: Journals, start: datetime, *, ahead: bool
) -> None:
    run = journals.run()
    settled(run, planned(appointment("over", starts_at=NOW - timedelta(days=2))))
    settled(run, planned(appointment("1", starts_at=start)))
    settled(run, planned(appointment("2", "18", START)))
    assert run.forget("17", NOW) == ForgottenCustomer(2, 0, int(ahead))
    hashed = journals.rows(
        "SELECT appointment_id FROM journal_notifications WHERE first_recipient IS NOT NULL"
    )
    assert {row[0] for row in hashed} == ({"over", "1", "2"} if ahead else {"2"})


def test_nobody_is_forgotten_whom_the_journal_does_not_know_or_a_run_is_writing_to(
    journals: Journals,
) -> None:
    run = journals.run()
    settled(run, planned())
    assert run.forget("18", NOW) is NotForgotten.UNKNOWN
    claimed(run, planned(appointment("2")))
    assert run.forget("17", NOW) is NotForgotten.CLAIMED
    assert journals.rows("SELECT count(*) FROM journal_messages WHERE recipient = ''") == [(0,)]
