"""What the journal knows, read in one transaction: a few statements, however many appointments."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Row, Select, Table, and_, func, or_, select

from terminbenachrichtigung.journal.corrections import read_changes
from terminbenachrichtigung.journal.database import Connected, among, reads
from terminbenachrichtigung.journal.notifications import NOTIFICATIONS, appointments_of, notification
from terminbenachrichtigung.journal.opt_outs import read_opted_out
from terminbenachrichtigung.journal.replies import read_replies, read_replies_since
from terminbenachrichtigung.journal.staff import read_ticks
from terminbenachrichtigung.journal.statements import COUNTS_FOR_GAP, constant
from terminbenachrichtigung.journal.tables import (
    UtcTime,
    attempts,
    database_clock,
    leftovers,
    messages,
    meta,
    notifications,
    reminders,
    replies,
    runs,
    staff_done,
)
from terminbenachrichtigung.model.appointment import to_the_minute
from terminbenachrichtigung.model.journal import (
    BESIDE_REMINDERS,
    CONFIRMATION,
    SURELY_TOLD,
    Contacted,
    HistoryFilter,
    JournalAttempt,
    JournalMessage,
    JournalRun,
    Known,
    Leftover,
    MessageReply,
    Notification,
    State,
)
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, Reason

_LEFT_BECAUSE: Mapping[str, MessageOutcome | Reason] = {
    word.value: word for word in (*Reason, *MessageOutcome)
}
_EVERYTHING = HistoryFilter()
_Value = TypeVar("_Value")


class Reader(Connected):
    """The part of the journal that rules, `history` and monitoring read."""

    @reads
    def known(
        self,
        connection: Connection,
        appointment_ids: Collection[str],
        *,
        now: datetime,
        gap: timedelta,
        runs_since: datetime,
        starts: tuple[datetime, datetime] | None = None,
    ) -> Known:
        """Everything the rules ask the journal, about these appointments and their customers.

        Args:
            appointment_ids: the appointments of the window.
            now: the run's moment, from which `gap` is counted.
            gap: the customer gap; messages further away from `now` are left out.
            runs_since: how far back complete runs matter (when the earliest window opened).
            starts: the soonest and the latest start of these; between them, what others were told counts too.
        """
        complete = select(runs.c.run_now).where(runs.c.complete.is_(True))
        # A run that lies ahead had a clock that was wrong: it must not hide who was missed.
        past = complete.where(runs.c.run_now <= now).order_by(runs.c.run_now.desc())
        first_runs = select(reminders).where(reminders.c.first_complete_run <= now)
        by_runs = Known(
            last_complete_run=connection.execute(past.limit(1)).scalar(),
            journal_since=_journal_since(connection, now),
            reminder_since={row.reminder: row.first_complete_run for row in connection.execute(first_runs)},
            name_key=self._key(connection),
            changes=read_changes(connection),
        )
        if not appointment_ids:
            return by_runs

        # A dry run may not write, so it reads a claim that has run out as the `unknown` it will become.
        clock: datetime = connection.execute(select(database_clock())).scalar_one()
        leased = (clock - self._claim_timeout, clock + self._claim_timeout)
        about = NOTIFICATIONS.where(among(connection, notifications.c.appointment_id, appointment_ids))
        told = [notification(row, leased) for row in connection.execute(about)]
        beside: list[Notification] = []
        if starts is not None:
            near = notifications.c.starts_at.between(to_the_minute(starts[0]), to_the_minute(starts[1]))
            asked = frozenset(appointment_ids)
            ids = select(notifications.c.appointment_id).where(near).distinct()
            others = frozenset(connection.execute(ids).scalars()) - asked
            # All about them: a later word may have told another start.
            all_of_others = NOTIFICATIONS.where(among(connection, notifications.c.appointment_id, others))
            if others:
                beside = [notification(row, leased) for row in connection.execute(all_of_others)]
        claims = select(messages.c.customer_id).where(
            messages.c.state == constant(State.CLAIMED),
            messages.c.renewed_at.between(*leased),
            messages.c.run_id != self.run_id,
        )
        complete_runs = complete.where(runs.c.run_now.between(runs_since, now)).order_by(runs.c.run_now)
        ahead = select(func.count(runs.c.run_id)).where(runs.c.run_now > now, runs.c.run_id != self.run_id)
        # Who was called before the last chance was not missed, also when the appointment is over by now.
        since_then = staff_done.c.done_at > min(runs_since, now) - gap
        ticks = read_ticks(connection, or_(staff_done.c.starts_at > now, since_then))
        return replace(
            by_runs,
            notifications=_grouped(
                (each.appointment_id, each) for each in told if each.reminder != CONFIRMATION
            ),
            confirmations=_grouped(
                (each.appointment_id, each) for each in told if each.reminder == CONFIRMATION
            ),
            told_beside=tuple(beside),
            ticks=tuple(ticks),
            opted_out=read_opted_out(connection),
            replies=read_replies_since(connection, to_the_minute(min(starts[0], now) if starts else now)),
            runs_ahead=connection.execute(ahead).scalar_one(),
            database_now=None if connection.dialect.name == "sqlite" else clock,
            rejected=_rejected(connection, appointment_ids),
            contacted=self._contacted(connection, now, gap),
            open_claims=frozenset(connection.execute(claims).scalars()),
            leftovers={
                (row.reminder, row.appointment_id): Leftover(
                    row.customer_id, row.starts_at, _LEFT_BECAUSE[row.why]
                )
                for row in connection.execute(select(leftovers))
            },
            complete_runs=tuple(connection.execute(complete_runs).scalars()),
        )

    def _contacted(
        self, connection: Connection, now: datetime, gap: timedelta
    ) -> Mapping[str, list[Contacted]]:
        """By customer: the messages that count for the gap."""
        counting = select(messages.c.customer_id, messages.c.run_now, messages.c.reminder, messages.c.run_id)
        rows = connection.execute(
            counting.where(
                messages.c.state.in_(COUNTS_FOR_GAP),
                messages.c.reminder.not_in(BESIDE_REMINDERS),
                and_(messages.c.run_now > now - gap, messages.c.run_now < now + gap),
            )
        )
        return _grouped(
            (row.customer_id, Contacted(row.run_now, row.reminder, own=row.run_id == self.run_id))
            for row in rows
        )

    @reads
    def told_ahead(self, connection: Connection, now: datetime) -> dict[str, datetime]:
        """By appointment: the latest start after `now` that somebody was told and does not know to be off."""
        latest = func.max(notifications.c.starts_at, type_=UtcTime)
        found = (
            select(notifications.c.appointment_id, latest)
            .join(messages, messages.c.message_id == notifications.c.message_id)
            .where(
                notifications.c.starts_at > now,
                notifications.c.revoked_at.is_(None),
                messages.c.state.in_(SURELY_TOLD),
            )
            .group_by(notifications.c.appointment_id)
        )
        return {row[0]: row[1] for row in connection.execute(found)}

    @reads
    def latest(
        self, connection: Connection, reminder: str, appointment_ids: Collection[str]
    ) -> dict[str, Notification]:
        """By appointment: its latest notification for one reminder, as it stands now. No lock is taken."""
        rows = connection.execute(
            NOTIFICATIONS.where(
                notifications.c.reminder == reminder,
                among(connection, notifications.c.appointment_id, appointment_ids),
            )
            .order_by(None)
            .order_by(notifications.c.generation)
        )
        return {row.appointment_id: notification(row) for row in rows}

    def history(self, limit: int, wanted: HistoryFilter = _EVERYTHING) -> tuple[JournalMessage, ...]:
        """The newest of the wanted messages with their appointments and attempts, newest first."""
        newest = _of_run(messages, messages.c.claimed_at, wanted).order_by(messages.c.message_id)
        if wanted.customer_id is not None:
            newest = newest.where(messages.c.customer_id == wanted.customer_id)
        if wanted.appointment_id is not None:
            about = select(notifications.c.message_id).where(
                notifications.c.appointment_id == wanted.appointment_id
            )
            newest = newest.where(messages.c.message_id.in_(about))
        if wanted.states:
            newest = newest.where(messages.c.state.in_(wanted.states))
        with self._transaction(writes=False) as connection:
            rows = connection.execute(newest.limit(limit)).all()
            ids = [row.message_id for row in rows]
            told = appointments_of(connection, ids)
            attempted = select(attempts).where(among(connection, attempts.c.message_id, ids))
            tried = _grouped(
                (row.message_id, _attempt(row))
                for row in connection.execute(attempted.order_by(attempts.c.attempt_id))
            )
            answered = _grouped(
                (each.message_id or "", MessageReply(each.received_at, each.sender, each.answer, each.text))
                for each in read_replies(connection, among(connection, replies.c.message_id, ids))
            )
            return tuple(
                _message(row, told.get(each, ()), tried.get(each, ()), answered.get(each, ()))
                for each, row in zip(ids, rows, strict=True)
            )

    def runs(self, limit: int, wanted: HistoryFilter) -> tuple[JournalRun, ...]:
        """The newest runs, newest first; of `wanted`, the run and the time when it started count."""
        newest = _of_run(runs, runs.c.started_at, wanted).order_by(runs.c.run_id).limit(limit)
        with self._transaction(writes=False) as connection:
            return tuple(
                JournalRun(
                    run_id=row.run_id,
                    command=row.command,
                    at=row.run_now,
                    host=row.host,
                    process=row.process,
                    started_at=row.started_at,
                    finished_at=row.finished_at,
                    complete=row.complete,
                    ending=row.ending,
                    counts=json.loads(row.counts) if row.counts else {},
                )
                for row in connection.execute(newest)
            )

    def last_complete_run(self) -> datetime | None:
        """The `now` of the last complete run. Not repeated: monitoring does not wait for a locked journal."""
        newest = select(func.max(runs.c.run_now, type_=UtcTime)).where(runs.c.complete.is_(True))
        with self._transaction(writes=False) as connection:
            return connection.execute(newest).scalar()


def _grouped(pairs: Iterable[tuple[str, _Value]]) -> dict[str, list[_Value]]:
    """The values by their keys, in the order in which they come."""
    found: dict[str, list[_Value]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def _journal_since(connection: Connection, now: datetime) -> datetime | None:
    """When the journal was made; if its clock was ahead then, the first run that is not."""
    since: datetime = connection.execute(select(meta.c.created_at)).scalar_one()
    if since <= now:
        return since
    first = select(func.min(runs.c.run_now, type_=UtcTime)).where(runs.c.run_now <= now)
    return connection.execute(first).scalar()


def _rejected(connection: Connection, appointment_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """By appointment: the recipients that were refused for it."""
    rows = connection.execute(
        select(notifications.c.appointment_id, attempts.c.recipient)
        .join(attempts, attempts.c.message_id == notifications.c.message_id)
        .where(
            attempts.c.outcome == "rejected",
            among(connection, notifications.c.appointment_id, appointment_ids),
        )
    )
    by_appointment = _grouped((row.appointment_id, row.recipient) for row in rows)
    return {appointment: frozenset(refused) for appointment, refused in by_appointment.items()}


def _of_run(table: Table, began: Column[datetime], wanted: HistoryFilter) -> Select[Any]:
    """The rows of a table by their run and by when they began, newest first."""
    newest = select(table).order_by(began.desc())
    if wanted.run_id:
        newest = newest.where(table.c.run_id.startswith(wanted.run_id, autoescape=True))
    if wanted.since is not None:
        newest = newest.where(began >= wanted.since)
    if wanted.until is not None:
        newest = newest.where(began < wanted.until)
    return newest


def _attempt(row: Row[Any]) -> JournalAttempt:
    return JournalAttempt(Channel(row.channel), row.recipient, row.outcome, row.detail, row.ended_at)


def _message(
    row: Row[Any], told: tuple[str, ...], tried: Sequence[JournalAttempt], answered: Sequence[MessageReply]
) -> JournalMessage:
    # A claim names the channel that is to be tried; if it was released before that, none was.
    used = row.channel is not None and (row.state != State.RELEASED or bool(tried))
    return JournalMessage(
        message_id=row.message_id,
        run_id=row.run_id,
        reminder=row.reminder,
        customer_id=row.customer_id,
        appointment_ids=told,
        state=State(row.state),
        channel=Channel(row.channel) if used else None,
        recipient=row.recipient if used else None,
        claimed_at=row.claimed_at,
        settled_at=row.settled_at,
        attempts=tuple(tried),
        replies=tuple(answered),
    )
