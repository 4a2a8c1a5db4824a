"""What the journal can forget of one customer at once (GDPR article 17), and what has to wait.

An empty recipient of a message is the mark that it was forgotten. The hashes of name and recipient stay while
an appointment lies ahead: without them a merged or renumbered customer would be told again.
"""

from datetime import datetime
from enum import Enum

from sqlalchemy import Connection, and_, exists, func, or_, select, update

from terminbenachrichtigung.journal.database import Connected, among, lock, writes
from terminbenachrichtigung.journal.tables import attempts, messages, notifications, replies, staff_done
from terminbenachrichtigung.model.journal import ForgottenCustomer, State

FORGOTTEN_REPLY = {"sender": "", "text": ""}
"""What is left of a reply's number and words."""


class NotForgotten(Enum):
    """Why nothing was forgotten."""

    UNKNOWN = "the journal has no message to this customer"
    CLAIMED = "a run is writing to the customer at this moment"


class Forgetting(Connected):
    """The part of the journal that forgets."""

    @writes
    def forget(
        self, connection: Connection, customer_id: str, now: datetime
    ) -> ForgottenCustomer | NotForgotten:
        """Takes numbers, addresses and replies of a customer out. Once more takes what came since."""
        lock(connection, customer_id)
        states = dict(
            connection.execute(
                select(messages.c.message_id, messages.c.state).where(messages.c.customer_id == customer_id)
            ).all()
        )
        if not states:
            return NotForgotten.UNKNOWN
        if State.CLAIMED in states.values():  # its owner would note the recipient once more
            return NotForgotten.CLAIMED
        ids = list(states)
        answered = _forget_replies(connection, customer_id, ids)
        connection.execute(
            update(attempts)
            .where(among(connection, attempts.c.message_id, ids))
            .values(recipient="", detail="")
        )
        # Adopted ones have none, and those that were never tried.
        told = messages.c.recipient.is_not(None)
        connection.execute(
            update(messages).where(among(connection, messages.c.message_id, ids), told).values(recipient="")
        )
        forget_hashes(connection, now)
        ahead = select(func.count(notifications.c.appointment_id.distinct())).where(
            notifications.c.customer_id == customer_id, notifications.c.starts_at > now
        )
        return ForgottenCustomer(len(ids), answered, connection.execute(ahead).scalar_one())


def _forget_replies(connection: Connection, customer_id: str, message_ids: list[str]) -> int:
    """Takes out what was answered to these messages, and what came from their numbers without one."""
    numbers = select(attempts.c.recipient).where(among(connection, attempts.c.message_id, message_ids))
    others = (
        select(attempts.c.recipient)
        .join(messages, messages.c.message_id == attempts.c.message_id)
        .where(messages.c.customer_id != customer_id)
    )
    theirs = or_(
        among(connection, replies.c.message_id, message_ids),
        and_(
            replies.c.message_id.is_(None),
            replies.c.sender.in_(numbers),
            replies.c.sender.not_in(others),  # a number that is another's too
        ),
    )
    kept = replies.c.sender != ""
    # Who was on the staff list by the number alone was ticked off under it.
    senders = connection.execute(select(replies.c.sender).distinct().where(theirs, kept)).scalars().all()
    connection.execute(
        update(staff_done)
        .where(among(connection, staff_done.c.customer_id, senders))
        .values(customer_id="", appointment_id="")
    )
    return connection.execute(update(replies).where(theirs, kept).values(**FORGOTTEN_REPLY)).rowcount


def forget_hashes(connection: Connection, moment: datetime) -> None:
    """Takes the hashes out of what was forgotten, for appointments that were over at this moment."""
    ahead = notifications.alias()
    of_one_ahead = exists().where(
        ahead.c.customer_id == notifications.c.customer_id, ahead.c.starts_at > moment
    )
    forgotten = select(messages.c.message_id).where(messages.c.recipient == "")
    connection.execute(
        update(notifications)
        .where(notifications.c.message_id.in_(forgotten), notifications.c.starts_at <= moment, ~of_one_ahead)
        .values(name="", first_recipient=None)
    )
    over = and_(staff_done.c.starts_at <= moment, staff_done.c.name != "")
    connection.execute(update(staff_done).where(over).values(name=""))
