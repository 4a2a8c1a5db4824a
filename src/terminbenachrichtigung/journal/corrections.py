"""What the journal keeps of corrections: what they take back, and what runs saw before.

A correction is claimed like every other message. What it says to be off is revoked only once it is known to
have been sent, and stands again if a report says that it did not arrive.
"""

from collections.abc import Collection, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, insert, select, update

from terminbenachrichtigung.journal.notifications import is_row, is_same_person
from terminbenachrichtigung.journal.tables import changes, database_clock, messages, notifications, runs
from terminbenachrichtigung.model.journal import Change, SeenChange

# ---------------------------------------------------------------- what was taken back


def told_that_it_is_off(connection: Connection, message_id: str) -> None:
    """Notes that a correction was sent: its customer knows that the start they were told does not hold."""
    for told in _corrected(connection, message_id):
        if told.revoked_at is None:
            connection.execute(update(notifications).where(is_row(told)).values(revoked_at=database_clock()))


def did_not_arrive(connection: Connection, message_id: str) -> None:
    """Undoes that: a report says that the correction did not arrive, so the customer does not know."""
    for told in _corrected(connection, message_id):
        connection.execute(update(notifications).where(is_row(told)).values(revoked_at=None))


def _corrected(connection: Connection, message_id: str) -> Iterator[Row[Any]]:
    """All that the person of a correction was told of the start that it takes back, itself included.

    Messages that were claimed later do not count: the report that the correction arrived may come after the
    customer was told anew.
    """
    with_claim = select(notifications, messages.c.claimed_at).join(
        messages, messages.c.message_id == notifications.c.message_id
    )
    own = with_claim.where(notifications.c.message_id == message_id, notifications.c.corrects.is_not(None))
    for correction in connection.execute(own).all():
        at_start = with_claim.where(
            notifications.c.starts_at == correction.corrects,
            messages.c.claimed_at <= correction.claimed_at,
        )
        for told in connection.execute(at_start).all():
            if is_same_person(told, correction):
                yield told


# ---------------------------------------------------------------- what complete runs saw


def read_changes(connection: Connection) -> dict[str, SeenChange]:
    """By appointment: what the last complete run saw."""
    return {
        row.appointment_id: SeenChange(Change(row.appointment_id, row.message_id, row.starts_at), row.seen_at)
        for row in connection.execute(select(changes))
    }


def note_changes(connection: Connection, run_id: str, now: datetime, seen: Collection[Change]) -> None:
    """Notes what a complete run saw, in place of what the one before it had seen.

    A run notes nothing if a later one has been complete: what it saw may have been undone and done again.
    """
    began = select(runs.c.started_at).where(runs.c.run_id == run_id).scalar_subquery()
    later = exists().where(runs.c.complete.is_(True), runs.c.started_at > began)
    if connection.execute(select(later)).scalar():
        return
    known = read_changes(connection)
    if not known and not seen:
        return
    connection.execute(delete(changes))
    # A moment in the future was noted by a run whose clock was wrong.
    since = {
        each: min(before.seen_at, now)
        for each in seen
        if (before := known.get(each.appointment_id)) is not None and before.change == each
    }
    if seen:
        connection.execute(
            insert(changes),
            [
                {**asdict(each), "seen_at": since.get(each, now)}
                for each in {one.appointment_id: one for one in seen}.values()
            ],
        )
