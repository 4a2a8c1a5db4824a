"""How a notification is read: one appointment in one message, with where that message stands."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, select

from terminbenachrichtigung.contact.names import same_name
from terminbenachrichtigung.journal.database import among
from terminbenachrichtigung.journal.tables import messages, notifications
from terminbenachrichtigung.model.journal import Notification, State
from terminbenachrichtigung.model.plan import Channel, Route

NOTIFICATIONS = (
    select(
        notifications,
        messages.c.state,
        messages.c.run_now,
        messages.c.renewed_at,
        messages.c.claimed_at,
        messages.c.channel,
        messages.c.recipient,
    )
    .join(messages, messages.c.message_id == notifications.c.message_id)
    # By the moment of the claim: a run that began later may have claimed earlier.
    .order_by(messages.c.claimed_at, notifications.c.generation)
)


def name_from(kept: str) -> frozenset[str]:
    """A name as the journal keeps it, out of its column."""
    return frozenset(kept.split())


def notification(row: Row[Any], leased: tuple[datetime, datetime] | None = None) -> Notification:
    """One row of `NOTIFICATIONS`; a claim that was renewed outside of `leased` has run out."""
    state = State(row.state)
    if state is State.CLAIMED and leased is not None and not leased[0] <= row.renewed_at <= leased[1]:
        state = State.UNKNOWN
    return Notification(
        row.reminder,
        row.appointment_id,
        row.generation,
        row.customer_id,
        row.starts_at,
        state,
        row.message_id,
        row.run_now,
        Route(Channel(row.channel), row.recipient or "") if row.channel else None,
        name_from(row.name),
        row.first_recipient,
        revoked=row.revoked_at is not None,
        claimed_at=row.claimed_at,
    )


def appointments_of(connection: Connection, message_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """By message: its appointments, soonest first. A correction in a reminder's place names each twice."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for message, appointment in connection.execute(
        select(notifications.c.message_id, notifications.c.appointment_id)
        .where(among(connection, notifications.c.message_id, message_ids))
        .order_by(notifications.c.starts_at, notifications.c.appointment_id)
    ):
        found[message][appointment] = None
    return {message: tuple(appointments) for message, appointments in found.items()}


def is_same_person(one: Row[Any], other: Row[Any]) -> bool:
    """Whether two rows of `notifications` told one person.

    Under another id it is the name, on the same appointment or at the same number: a record may have been
    merged with another since.
    """
    if one.customer_id == other.customer_id:
        return True
    recipient = one.first_recipient is not None and one.first_recipient == other.first_recipient
    one_appointment = one.appointment_id == other.appointment_id
    return (recipient or one_appointment) and same_name(name_from(one.name), name_from(other.name))


def is_row(told: Row[Any]) -> ColumnElement[bool]:
    """The condition that a row of `notifications` is this one."""
    return and_(
        notifications.c.reminder == told.reminder,
        notifications.c.appointment_id == told.appointment_id,
        notifications.c.generation == told.generation,
    )
