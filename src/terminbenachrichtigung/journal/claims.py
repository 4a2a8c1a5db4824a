"""One message's way through the journal, inside a transaction that the caller holds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from terminbenachrichtigung.contact.names import hashed_name, keyed_hash, same_name
from terminbenachrichtigung.errors import ClaimGoneError
from terminbenachrichtigung.journal import statements, untold
from terminbenachrichtigung.journal.notifications import name_from
from terminbenachrichtigung.journal.opt_outs import asked_to_stop
from terminbenachrichtigung.journal.tables import attempts, database_clock, messages, notifications
from terminbenachrichtigung.model.appointment import Appointment, to_the_minute
from terminbenachrichtigung.model.delivery import Attempt, Sent, Unknown
from terminbenachrichtigung.model.journal import CHANNELS_LEFT, CONFIRMATION, TOLD_NOBODY, State
from terminbenachrichtigung.model.plan import (
    Channel,
    Correction,
    MessageOutcome,
    PlannedMessage,
    Reason,
    Route,
)

STATE_AFTER = {
    MessageOutcome.SENT: State.SENT,
    MessageOutcome.FAILED: State.FAILED,
    MessageOutcome.UNKNOWN: State.UNKNOWN,
    MessageOutcome.RETRY: State.RELEASED,
    MessageOutcome.DEFERRED: State.RELEASED,
}


@dataclass(frozen=True, slots=True)
class Lost:
    """A message that could not be claimed: another run was first, or its customer was told already."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    """What the journal adds to a planned message."""

    message_id: str
    run_id: str
    state: State
    run_now: datetime
    name_key: bytes  # with which names and recipients are hashed


def _name_of(appointment: Appointment, key: bytes) -> frozenset[str]:
    return hashed_name(appointment.first_name, appointment.last_name, key=key)


def take(connection: Connection, message: PlannedMessage, row: MessageRow, gap: timedelta) -> Lost | None:
    """Writes a message with its notifications, or says why it cannot be claimed.

    Reads under the customer's lock, so what it finds holds until the transaction ends.
    """
    generations = _next_generations(connection, message, row, gap)
    if isinstance(generations, Lost):
        return generations
    _insert(connection, row, message, generations)
    return None


def _next_generations(
    connection: Connection, message: PlannedMessage, row: MessageRow, gap: timedelta
) -> list[int] | Lost:
    """The next generation of each appointment, or why the message cannot be claimed."""
    name_key = row.name_key
    if asked_to_stop(connection, [route.recipient for route in message.routes]):
        return Lost(Reason.OPTED_OUT, "the recipient asked a moment ago not to be written to (opt-out)")
    others = connection.execute(
        statements.others_for_customer,
        {
            "customer_id": message.customer_id,
            "run_id": row.run_id,
            "gap_from": row.run_now - gap,
            "gap_until": row.run_now + gap,
        },
    ).all()
    if any(other.state == State.CLAIMED for other in others):
        return Lost(Reason.IN_PROGRESS, "another run holds an open claim for this customer")
    if message.correction is not None:
        return _generations_of_correction(connection, message, message.correction, name_key)
    generations = []
    for appointment in message.appointments:
        if (lost := _told_under_another_id(connection, message, appointment, name_key)) is not None:
            return lost
        key = {"appointment_id": appointment.appointment_id}
        newest_first = connection.execute(
            statements.notifications_newest_first, {"reminder": message.reminder, **key}
        ).all()
        if not newest_first:
            generations.append(1)
            continue
        if newest_first[0].state == State.CLAIMED:
            return Lost(Reason.IN_PROGRESS, "it is claimed")
        generations.append(newest_first[0].generation + 1)
        latest, same = _latest(newest_first, message.customer_id, appointment, name_key)
        chosen = latest.message_id in message.again or latest.revoked_at is not None
        if same and latest.state not in TOLD_NOBODY and not chosen:
            return Lost(Reason.ALREADY_NOTIFIED, latest.state)
        refused = set(connection.execute(statements.rejected_recipients, key).scalars())
        if any(route.recipient in refused for route in message.routes):
            if same and latest.state in CHANNELS_LEFT:
                return Lost(Reason.ALREADY_NOTIFIED, latest.state)
            return Lost(Reason.IN_PROGRESS, "another run was refused one of its recipients a moment ago")
    if others and not message.gap_waived:
        return Lost(Reason.RECENTLY_NOTIFIED, "another run told this customer something a moment ago")
    return generations


def _generations_of_correction(
    connection: Connection, message: PlannedMessage, correction: Correction, name_key: bytes
) -> list[int] | Lost:
    """The same for a correction: first under its own name, then for the reminders whose place it takes.

    What it corrects must still be the newest message that told this person of the appointment.
    """
    own: list[int] = []
    along: dict[tuple[str, str], int] = {}
    for appointment in message.appointments:
        key = {"appointment_id": appointment.appointment_id}
        newest_first = connection.execute(statements.all_of_appointment, key).all()
        if any(row.state == State.CLAIMED for row in newest_first):
            return Lost(Reason.IN_PROGRESS, "it is claimed")
        name = _name_of(appointment, name_key)
        theirs = [
            row
            for row in newest_first
            if row.state not in TOLD_NOBODY
            and (row.customer_id == message.customer_id or same_name(name_from(row.name), name))
        ]
        last = theirs[0] if theirs else None
        if last is None or last.message_id not in correction.told_by or last.revoked_at is not None:
            return Lost(Reason.ALREADY_NOTIFIED, last.state if last is not None else "it was not told")
        refused = set(connection.execute(statements.rejected_recipients, key).scalars())
        if any(route.recipient in refused for route in message.routes):
            return Lost(Reason.IN_PROGRESS, "another run was refused one of its recipients a moment ago")
        taken: Counter[str] = Counter()
        for row in newest_first:
            taken[row.reminder] = max(taken[row.reminder], row.generation)
        own.append(taken[message.reminder] + 1)
        for reminder, appointment_id in correction.takes_place_of:
            if appointment_id == appointment.appointment_id:
                along[reminder, appointment_id] = taken[reminder] + 1
    return [*own, *(along[pair] for pair in correction.takes_place_of)]


def _latest(
    newest_first: Sequence[Any], customer_id: str, appointment: Appointment, key: bytes
) -> tuple[Any, bool]:
    """The notification that counts, and whether it names the same person and start.

    What was released told nobody, so the message before it counts: told A, moved to B and released, moved
    back to A, the customer still knows A. The same after a message was repeated by hand in vain.
    """
    start, name = to_the_minute(appointment.starts_at), _name_of(appointment, key)

    def is_same(row: Any) -> bool:
        return row.starts_at == start and (
            row.customer_id == customer_id or same_name(name_from(row.name), name)
        )

    left = [row for row in newest_first if row.state != State.RELEASED]
    if left and is_same(left[0]) and left[0].state not in TOLD_NOBODY:
        return left[0], True
    for row in newest_first:
        if (same := is_same(row)) or row.state != State.RELEASED:
            return row, same
    return newest_first[-1], False


def _told_under_another_id(
    connection: Connection, message: PlannedMessage, appointment: Appointment, key: bytes
) -> Lost | None:
    """What the same person was told of this start, under whatever id: nobody is in two places at once."""
    told = connection.execute(
        statements.told_under_other_ids,
        {
            "reminder": message.reminder,
            "starts_at": to_the_minute(appointment.starts_at),
            "appointment_id": appointment.appointment_id,
            "customer_id": message.customer_id,
            "first_recipient": _first_recipient(message, key),
        },
    ).all()
    name = _name_of(appointment, key) if told else frozenset()
    for row in told:
        same = row.customer_id == message.customer_id or same_name(name_from(row.name), name)
        holds = row.state not in TOLD_NOBODY and row.message_id not in message.again
        if same and holds and _is_believed(connection, row):
            claimed = row.state == State.CLAIMED
            return Lost(Reason.IN_PROGRESS if claimed else Reason.ALREADY_NOTIFIED, row.state)
    return None


def _is_believed(connection: Connection, told: Any) -> bool:
    """Whether its person was told no other start of the same appointment since."""
    name, confirms = name_from(told.name), told.reminder == CONFIRMATION
    key = {"appointment_id": told.appointment_id}
    for row in connection.execute(statements.all_of_appointment, key).all():
        same = row.customer_id == told.customer_id or same_name(name_from(row.name), name)
        if same and row.state not in TOLD_NOBODY and (row.reminder == CONFIRMATION) == confirms:
            return bool(row.starts_at == told.starts_at)
    return True


def _first_recipient(message: PlannedMessage, key: bytes) -> str | None:
    return keyed_hash(message.routes[0].recipient, key) if message.routes else None


def _insert(
    connection: Connection, row: MessageRow, message: PlannedMessage, generations: Sequence[int]
) -> None:
    """Writes the message and its notifications; the UNIQUE constraint refuses what is there."""
    first = message.routes[0] if message.routes else None
    connection.execute(
        statements.insert_message,
        {
            "message_id": row.message_id,
            "run_id": row.run_id,
            "reminder": message.reminder,
            "customer_id": message.customer_id,
            "state": row.state,
            "channel": first.channel if first else None,
            "recipient": first.recipient if first else None,
            "run_now": row.run_now,
        },
    )
    correction = message.correction
    takes_back = correction.told if correction is not None else None
    by_id = {each.appointment_id: each for each in message.appointments}
    told = [(message.reminder, each, takes_back) for each in message.appointments]
    if correction is not None:
        told += [(reminder, by_id[appointment], None) for reminder, appointment in correction.takes_place_of]
    off = takes_back if correction is not None and correction.cancelled else None
    connection.execute(
        insert(notifications),
        [
            {
                "reminder": reminder,
                "appointment_id": appointment.appointment_id,
                "generation": generation,
                "message_id": row.message_id,
                "customer_id": message.customer_id,
                "starts_at": off or to_the_minute(appointment.starts_at),
                "name": " ".join(sorted(_name_of(appointment, row.name_key))),
                "first_recipient": _first_recipient(message, row.name_key),
                "corrects": corrects,
            }
            for (reminder, appointment, corrects), generation in zip(told, generations, strict=True)
        ],
    )


def expire(connection: Connection, claim_timeout: timedelta) -> None:
    """Turns claims that were not renewed for `claim_timeout` into `unknown`, of which a person must hear.

    So do claims that were renewed in the future, when the database's clock was ahead: otherwise their
    customers would stay `in_progress` until then.
    """
    clock = connection.execute(select(database_clock())).scalar_one()
    late = connection.execute(
        select(messages)
        .where(
            messages.c.state == State.CLAIMED,
            or_(
                messages.c.renewed_at < clock - claim_timeout,
                messages.c.renewed_at > clock + claim_timeout,
            ),
        )
        # Rows that are locked are left out: another run expires them, or their owner settles them late.
        .with_for_update(skip_locked=True)
    ).all()
    for row in late:
        route = Route(Channel(row.channel), row.recipient)
        connection.execute(
            update(messages)
            .where(messages.c.message_id == row.message_id)
            .values(state=State.UNKNOWN, settled_at=database_clock())
        )
        outcome = Unknown("the run that claimed it ended before it could note an answer")
        record(connection, row.message_id, [Attempt(route, outcome)])
        untold.note(connection, row.message_id)


def record(connection: Connection, message_id: str, ended: Sequence[Attempt]) -> None:
    """Notes attempts that ended."""
    if ended:
        connection.execute(
            statements.insert_attempt,
            [
                {
                    "message_id": message_id,
                    "channel": attempt.route.channel,
                    "recipient": attempt.route.recipient,
                    "outcome": attempt.outcome.word,
                    "detail": attempt.outcome.detail,
                    "job_id": attempt.outcome.job_id or None if isinstance(attempt.outcome, Sent) else None,
                    "parts": attempt.parts,
                }
                for attempt in ended
            ],
        )


def count(connection: Connection, message_id: str) -> int:
    """How many attempts of a message are noted."""
    noted = select(func.count()).select_from(attempts).where(attempts.c.message_id == message_id)
    return connection.execute(noted).scalar_one()


def is_open(connection: Connection, message_id: str) -> bool:
    """Whether a message is claimed, and not settled yet."""
    return _state(connection, message_id) == State.CLAIMED


def check_it_is_there(connection: Connection, message_id: str) -> None:
    """Raises ClaimGoneError where the journal does not know a message that this run has claimed."""
    if _state(connection, message_id) is None:
        raise ClaimGoneError(f"message {message_id}")


def _state(connection: Connection, message_id: str) -> str | None:
    return connection.execute(select(messages.c.state).where(messages.c.message_id == message_id)).scalar()
