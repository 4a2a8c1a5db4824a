"""What the journal forgets, because it holds customers' numbers."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from terminbenachrichtigung.journal.database import among
from terminbenachrichtigung.journal.forgetting import FORGOTTEN_REPLY, forget_hashes
from terminbenachrichtigung.journal.replies import LOOK_BACK
from terminbenachrichtigung.journal.tables import (
    attempts,
    changes,
    leftovers,
    messages,
    meta,
    notifications,
    replies,
    reported,
    runs,
    staff_done,
    staff_mails,
    untold,
)
from terminbenachrichtigung.model.journal import State

_DAY = timedelta(days=1)
_NEXT_PURGE = _DAY - timedelta(minutes=30)
"""A run that cron starts at eight each day begins some seconds earlier or later: each of them purges."""
_MARGIN = 2 * _DAY  # the clock may be wrong by so much: what ended within it counts as ahead
_LONGEST_AHEAD = timedelta(days=3 * 366)  # nobody books further ahead


def purge(connection: Connection, now: datetime, keep: timedelta) -> None:
    """Deletes what is older than `keep`; never a message with an appointment ahead, nor an open claim.

    Once a day, and never further than a day beyond the last time: a clock that is wrong for a run or a day
    deletes nothing that counts.
    """
    last = connection.execute(select(meta.c.purged_before, meta.c.purged_at)).one()
    if abs(now - last.purged_at) < _NEXT_PURGE:
        return
    before = min(now - keep, last.purged_before + _DAY)
    connection.execute(update(meta).values(purged_before=max(before, last.purged_before), purged_at=now))
    present = min(now, before + keep) - _MARGIN
    # A message stays while any generation of its appointments lies ahead: without the later one, an earlier
    # one would become the latest.
    any_generation = notifications.alias()
    ahead = (
        select(notifications.c.message_id)
        .join(any_generation, any_generation.c.appointment_id == notifications.c.appointment_id)
        .where(notifications.c.message_id == messages.c.message_id, any_generation.c.starts_at >= present)
        .exists()
    )
    old = select(messages.c.message_id).where(
        messages.c.run_now < before, messages.c.state != State.CLAIMED, ~ahead
    )
    ids = connection.execute(old).scalars().all()
    forget_replies(connection, before, ids)
    forget_hashes(connection, present)
    for table in (untold, attempts, notifications, messages):
        connection.execute(delete(table).where(among(connection, table.c.message_id, ids)))
    connection.execute(delete(runs).where(runs.c.run_now < before))
    connection.execute(delete(reported).where(reported.c.reported_at < before))
    connection.execute(delete(changes).where(changes.c.seen_at < before))
    connection.execute(delete(leftovers).where(leftovers.c.starts_at < before))
    connection.execute(delete(staff_done).where(staff_done.c.starts_at < before))
    connection.execute(delete(staff_mails).where(staff_mails.c.claimed_at < before))
    # Ticks of no appointment have a start in the year 9000.
    connection.execute(delete(staff_done).where(staff_done.c.done_at < before - _LONGEST_AHEAD))


def forget_replies(connection: Connection, before: datetime, message_ids: Sequence[str]) -> None:
    """Takes words and numbers out of replies to these messages, and of those to none older than `before`.

    While an appointment lies ahead, a person may still have to read what was answered about it. What is left
    is the gateway's id: without it a reply that is fetched again would be new. It goes once no run fetches as
    far back any more.
    """
    of_none = replies.c.message_id.is_(None)
    connection.execute(update(replies).where(of_none, replies.c.noted_at < before).values(**FORGOTTEN_REPLY))
    of_these = among(connection, replies.c.message_id, message_ids)
    connection.execute(update(replies).where(of_these).values(message_id=None, told=True, **FORGOTTEN_REPLY))
    fetched_no_more = replies.c.noted_at < before - LOOK_BACK - _MARGIN
    connection.execute(delete(replies).where(fetched_no_more, of_none))
