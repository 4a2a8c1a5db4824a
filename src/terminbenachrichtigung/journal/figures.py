"""What the journal has of the messages about the appointments of a span; for `figures`."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, func, select

from terminbenachrichtigung.journal.tables import attempts, messages, notifications
from terminbenachrichtigung.model.figures import Telling
from terminbenachrichtigung.model.journal import BESIDE_REMINDERS, State
from terminbenachrichtigung.model.plan import Channel


def read_tellings(connection: Connection, since: datetime, until: datetime) -> Iterator[Telling]:
    """All reminders about appointments that start in [since, until), by their claim alone."""
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
