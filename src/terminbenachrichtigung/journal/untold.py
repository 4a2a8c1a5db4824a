"""Messages that need a person, until a run has written a report that names them.

A run notes them in the transaction that ends the message, and forgets them once its report was written. One
that dies in between, or whose report meets a full disk, leaves them to the next run: told at least once.
"""

from collections.abc import Collection

from sqlalchemy import Connection, delete, select

from terminbenachrichtigung.journal.database import among, insert_new
from terminbenachrichtigung.journal.notifications import appointments_of
from terminbenachrichtigung.journal.tables import database_clock, messages, untold
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Channel, Route
from terminbenachrichtigung.model.result import Untold

NEEDS_A_PERSON = (State.FAILED, State.UNKNOWN)
"""States that a person must hear of. What did not arrive is judged anew by each run."""


def note(connection: Connection, message_id: str) -> None:
    """Notes that a person must hear of this message."""
    new = insert_new(connection, untold).values(message_id=message_id, noted_at=database_clock())
    connection.execute(new)


def read(connection: Connection) -> tuple[Untold, ...]:
    """What earlier runs have told nobody, and still stands so; oldest first."""
    rows = connection.execute(
        select(messages)
        .join(untold, untold.c.message_id == messages.c.message_id)
        .where(messages.c.state.in_(NEEDS_A_PERSON))
        .order_by(untold.c.noted_at, messages.c.message_id)
    ).all()
    told = appointments_of(connection, [row.message_id for row in rows])
    return tuple(
        Untold(
            row.message_id,
            row.reminder,
            row.customer_id,
            told.get(row.message_id, ()),
            Route(Channel(row.channel), row.recipient),
            State(row.state),
        )
        for row in rows
    )


def forget(connection: Connection, message_ids: Collection[str]) -> None:
    """They were told."""
    if message_ids:
        connection.execute(delete(untold).where(among(connection, untold.c.message_id, message_ids)))
