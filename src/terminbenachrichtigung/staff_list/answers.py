"""Whose answer a person must read, and who wants to cancel (contract, section 9, *Replies*)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from terminbenachrichtigung.model.appointment import Appointment, to_the_minute
from terminbenachrichtigung.model.journal import JournalReply, Notification, State
from terminbenachrichtigung.model.reply import Answer
from terminbenachrichtigung.rules.people import names
from terminbenachrichtigung.rules.replies import Replies, decision, is_theirs, needs_reading
from terminbenachrichtigung.staff_list.changes import Seen, as_told
from terminbenachrichtigung.staff_list.entries import NO_START, StaffCase, said
from terminbenachrichtigung.staff_list.reasons import StaffReason

LISTED_FOR = timedelta(days=30)
"""How long an answer stays on the list to which no appointment ahead belongs, unless it is ticked off."""
_HEARD = (State.SENT, State.DELIVERED, State.UNKNOWN, State.CLAIMED)


def answer_cases(seen: Seen) -> Iterator[StaffCase]:
    """Of the answers about what lies ahead: who will not come, and what was not understood."""
    answers = seen.answers()
    for reply in seen.known.replies:
        if reply.answer not in (Answer.NO, Answer.OTHER):
            continue
        for told in {each.appointment_id: each for each in reply.about}.values():
            row = _standing(seen, reply, told)
            if needs_reading(reply):
                yield from _to_read(seen, reply, told, row)
            elif reply.answer is Answer.NO and row is not None:
                yield from _to_cancel(seen, answers, reply, told, row)


def stray_cases(replies: Iterable[JournalReply]) -> Iterator[StaffCase]:
    """Answers that belong to no message, with their number alone; and answers to what was over by then."""
    for reply in replies:
        told = reply.about[0] if reply.about else None
        row = Appointment(
            told.appointment_id if told else reply.sender,
            NO_START,
            told.customer_id if told else reply.sender,
            type_notifiable=True,
            is_group=False,
            mobile=reply.sender,
        )
        yield _case(StaffReason.REPLY, reply, row, told.reminder if told else "")


def _to_read(
    seen: Seen, reply: JournalReply, told: Notification, row: Appointment | None
) -> Iterator[StaffCase]:
    if row is not None:
        yield _case(StaffReason.REPLY, reply, row, told.reminder)
    elif told.starts_at > seen.now:
        yield _case(StaffReason.REPLY, reply, as_told(told, seen.any_row_of(told)), told.reminder)


def _to_cancel(
    seen: Seen, answers: Replies, reply: JournalReply, told: Notification, row: Appointment
) -> Iterator[StaffCase]:
    """A no that was not taken back. If the appointment moved since, it counts until the new start is told."""
    if decision(answers.about(replace(row, starts_at=told.starts_at))) is not reply:
        return
    moved = told.starts_at != to_the_minute(row.starts_at)
    if moved and _heard_since(seen, row, reply.received_at):
        return
    case = _case(StaffReason.WANTS_TO_CANCEL, reply, row, told.reminder)
    yield replace(case, told=told.starts_at if moved else None)


def _heard_since(seen: Seen, row: Appointment, moment: datetime) -> bool:
    return any(
        each.state in _HEARD and each.run_now >= moment and names(each, row, seen.known.name_key)
        for each in seen.known.notifications.get(row.appointment_id, ())
    )


def _standing(seen: Seen, reply: JournalReply, told: Notification) -> Appointment | None:
    """The appointment that was answered, if it stands; or the row in its place that a program made anew."""
    row = seen.rows.get(told.appointment_id)
    if row is not None and seen.stands_for(told, row):
        return row
    for other in seen.rows.values():
        same_start = to_the_minute(other.starts_at) == told.starts_at
        if same_start and is_theirs(reply, told, other, seen.known.name_key) and seen.stands_for(told, other):
            return other
    return None


def _case(reason: StaffReason, reply: JournalReply, row: Appointment, reminder: str) -> StaffCase:
    answer = said(reply)
    return StaffCase(row, reminder, reason, answer.text, reply.received_at, reply.reply_id, said=answer)
