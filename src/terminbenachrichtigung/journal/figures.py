"""What the journal has of the messages about the appointments of a span; for `figures`."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from terminbenachrichtigung.journal.tables import attempts, messages, notifications, replies
from terminbenachrichtigung.model.journal import BESIDE_REMINDERS, CANCELLATION, State
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.model.reply import Answer

if TYPE_CHECKING:
    from terminbenachrichtigung.model.figures import Telling


def read_tellings(connection: Connection, since: datetime, until: datetime) -> "Iterator[Telling]":
    """All reminders about appointments that start in [since, until), by their claim alone."""
    from terminbenachrichtigung.model.figures import Telling  # noqa: PLC0415 - 3 ms, and no run counts

    rows = connection.execute(
        select(
            messages.c.message_id,
            notifications.c.appointment_id,
            notifications.c.customer_id,
            notifications.c.starts_at,
            messages.c.state,
            messages.c.channel,
            messages.c.run_now,
            _PARTS,
        )
        .join(messages, messages.c.message_id == notifications.c.message_id)
        .where(
            notifications.c.starts_at >= since,
            notifications.c.starts_at < until,
            notifications.c.reminder.not_in(BESIDE_REMINDERS),
        )
        .order_by(messages.c.claimed_at)
    )
    for message_id, appointment, customer, starts_at, state, channel, run_now, parts in rows:
        by = Channel(channel) if channel else None
        yield Telling(message_id, appointment, customer, starts_at, State(state), by, run_now, parts)


_PARTS = (
    select(func.max(attempts.c.parts))
    .where(attempts.c.message_id == messages.c.message_id)
    .correlate(messages)
    .scalar_subquery()
)


def read_confirmed(
    connection: Connection, since: datetime, until: datetime
) -> frozenset[tuple[str, datetime]]:
    """The appointments in [since, until), with their starts, of which the last answer before it was a yes."""
    rows = connection.execute(
        select(notifications.c.appointment_id, notifications.c.starts_at, replies.c.answer)
        .join(replies, replies.c.message_id == notifications.c.message_id)
        .where(
            notifications.c.starts_at >= since,
            notifications.c.starts_at < until,
            notifications.c.reminder != CANCELLATION,
            replies.c.answer.in_((Answer.YES, Answer.NO)),
            replies.c.received_at < notifications.c.starts_at,
        )
        .order_by(replies.c.received_at, replies.c.reply_id)
    )
    last = {(row.appointment_id, row.starts_at): row.answer for row in rows}
    return frozenset(each for each, answer in last.items() if answer == Answer.YES)
