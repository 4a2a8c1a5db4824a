"""What the journal forgets, because it holds customers' numbers."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from terminbenachrichtigung.journal.tables import (
    attempts,
    leftovers,
    messages,
    notifications,
    reported,
    runs,
    staff_done,
    staff_mails,
    untold,
)
from terminbenachrichtigung.model.journal import State

_CHUNK = 500  # ids in one statement; SQLite's oldest limit is 999


def purge(connection: Connection, now: datetime, keep: timedelta) -> None:
    """Deletes what is older than `keep`; never a message with an appointment ahead, nor an open claim."""
    before = now - keep
    # By all its generations: if a later one went before an earlier one, that would become the latest.
    any_generation = notifications.alias()
    ahead = (
        select(notifications.c.message_id)
        .join(any_generation, any_generation.c.appointment_id == notifications.c.appointment_id)
        .where(notifications.c.message_id == messages.c.message_id, any_generation.c.starts_at >= now)
        .exists()
    )
    old = select(messages.c.message_id).where(
        messages.c.run_now < before, messages.c.state != State.CLAIMED, ~ahead
    )
    ids = connection.execute(old).scalars().all()
    for table in (untold, attempts, notifications, messages):
        for start in range(0, len(ids), _CHUNK):
            connection.execute(delete(table).where(table.c.message_id.in_(ids[start : start + _CHUNK])))
    connection.execute(delete(runs).where(runs.c.run_now < before))
    connection.execute(delete(reported).where(reported.c.reported_at < before))
    connection.execute(delete(leftovers).where(leftovers.c.starts_at < before))
    connection.execute(delete(staff_done).where(staff_done.c.starts_at < before))
    connection.execute(delete(staff_mails).where(staff_mails.c.claimed_at < before))
