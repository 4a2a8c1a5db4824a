"""A gateway's later word about messages, inside a transaction that the caller holds.

A message moves forward only, and never on hearsay about another number. What is undelivered counts as
rejected from then on: its recipient is not tried again for these appointments, and the next channel may be.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, update

from terminbenachrichtigung.journal import untold
from terminbenachrichtigung.journal.database import among
from terminbenachrichtigung.journal.statements import constant
from terminbenachrichtigung.journal.tables import attempts, database_clock, messages, notifications
from terminbenachrichtigung.model.delivery import OpenMessage, Tidings
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Channel, Route
from terminbenachrichtigung.model.result import Update

_ACCEPTED = ("sent", "unknown")
"""Outcomes of an attempt that was, or may have been, accepted: one at most per message and channel."""


def unanswered(connection: Connection, channel: Channel, since: datetime) -> list[OpenMessage]:
    """See `Aftermath.unanswered`."""
    found = (
        _open_messages(channel, since)
        .where(messages.c.state == constant(State.UNKNOWN), attempts.c.outcome == "unknown")
        .order_by(messages.c.run_now.desc(), messages.c.message_id)
    )
    return [OpenMessage(*row) for row in connection.execute(found)]


def awaited(connection: Connection, channel: Channel, since: datetime) -> list[OpenMessage]:
    """See `Aftermath.awaited`."""
    found = (
        _open_messages(channel, since)
        .where(messages.c.channel == channel, messages.c.state.in_((State.SENT, State.UNKNOWN)))
        .where(attempts.c.outcome.in_(_ACCEPTED))
        .order_by(messages.c.run_now.desc(), messages.c.message_id)
    )
    return [OpenMessage(*row) for row in connection.execute(found)]


def _open_messages(channel: Channel, since: datetime) -> Select[str, str, datetime, str]:
    return (
        select(
            messages.c.message_id,
            attempts.c.recipient,
            messages.c.run_now,
            func.coalesce(attempts.c.job_id, "", type_=attempts.c.job_id.type),
        )
        .join(attempts, attempts.c.message_id == messages.c.message_id)
        .where(messages.c.run_now > since, attempts.c.channel == channel)
    )


def messages_of_jobs(connection: Connection, job_ids: Collection[str], since: datetime) -> dict[str, str]:
    """See `Aftermath.messages_of_jobs`."""
    rows = connection.execute(
        select(attempts.c.job_id, messages.c.message_id)
        .join(messages, messages.c.message_id == attempts.c.message_id)
        .where(among(connection, attempts.c.job_id, job_ids), messages.c.run_now > since)
    )
    return {row.job_id: row.message_id for row in rows}


def note(connection: Connection, tidings: Sequence[Tidings]) -> list[Update]:
    """Notes the tidings; the messages that moved. What is known already, or about others, is passed over."""
    told = {each.message_id: each for each in tidings}
    # In one order, so that two runs which note the same do not wait for each other in a ring.
    rows = connection.execute(
        select(messages)
        .where(among(connection, messages.c.message_id, told))
        .order_by(messages.c.run_now, messages.c.message_id)
        .with_for_update()
    ).all()
    tried: dict[str, list[Row[Any]]] = defaultdict(list)
    for attempt in connection.execute(
        select(attempts).where(among(connection, attempts.c.message_id, [row.message_id for row in rows]))
    ):
        tried[attempt.message_id].append(attempt)
    moved = (_note(connection, row, tried[row.message_id], told[row.message_id]) for row in rows)
    return [each for each in moved if each is not None]


def state_after(state: State, own: str, others: Collection[str], said: State) -> State:
    """Where a message stands after a later word about one of its attempts.

    Args:
        state: where it stands.
        own: how the journal has that attempt: "sent" or "unknown".
        others: how its attempts on other channels ended.
        said: sent (the gateway has the job), delivered or undelivered.
    """
    if state not in (State.SENT, State.UNKNOWN):
        return state
    if state is State.SENT and own == "unknown" and "sent" not in others:
        return state  # a person settled it by hand, and knows better
    match said:
        case State.UNDELIVERED if "sent" in others:
            return state
        case State.UNDELIVERED if "unknown" in others:
            return State.UNKNOWN
        case State.DELIVERED | State.UNDELIVERED:
            return said
        case _:
            return State.SENT


def _note(connection: Connection, row: Row[Any], tried: Sequence[Row[Any]], told: Tidings) -> Update | None:
    own = [each for each in tried if each.channel == told.channel and each.outcome in _ACCEPTED]
    if not own or not _same_number(own[0].recipient, told.recipient):
        return None
    attempt, was = own[0], State(row.state)
    others = {each.outcome for each in tried if each.channel != told.channel}
    state = was if told.state is None else state_after(was, attempt.outcome, others, told.state)
    if state is was and (told.state is not None or told.detail in attempt.detail):
        return None
    changes: dict[str, Any] = {"detail": "; ".join(filter(None, (attempt.detail, told.detail)))}
    if state is not was:
        changes["outcome"] = "rejected" if told.state is State.UNDELIVERED else "sent"
    if told.job_id:
        changes["job_id"] = told.job_id
    connection.execute(update(attempts).where(attempts.c.attempt_id == attempt.attempt_id).values(**changes))
    if state is was:
        return None
    if state is State.UNKNOWN:
        untold.note(connection, row.message_id)
    connection.execute(
        update(messages)
        .where(messages.c.message_id == row.message_id)
        .values(
            state=state,
            channel=attempt.channel,
            recipient=attempt.recipient,
            settled_at=database_clock(),
        )
    )
    appointments = connection.execute(
        select(notifications.c.appointment_id)
        .where(notifications.c.message_id == row.message_id)
        .order_by(notifications.c.starts_at, notifications.c.appointment_id)
    ).scalars()
    return Update(
        row.message_id,
        row.reminder,
        row.customer_id,
        tuple(appointments),
        Route(Channel(attempt.channel), attempt.recipient),
        was,
        state,
        told.detail,
    )


def _same_number(ours: str, theirs: str) -> bool:
    """Whether a gateway's way to write a number (00491715…, 491715…, 01715…) may mean ours (+491715…)."""
    digits = "".join(filter(str.isdecimal, theirs)).lstrip("0")
    return not theirs or (len(digits) >= 7 and ours.endswith(digits))
