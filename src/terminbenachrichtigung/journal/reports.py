"""What became of messages after their run: what a gateway says later, in short transactions.

A report never moves a message back, and one about another number changes nothing. What is undelivered counts
as rejected from then on: its recipient is not tried again for these appointments, but the next channel is.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, or_, select, update

from terminbenachrichtigung.journal import corrections, untold
from terminbenachrichtigung.journal.database import Connected, among, reads, writes
from terminbenachrichtigung.journal.notifications import appointments_of
from terminbenachrichtigung.journal.statements import constant
from terminbenachrichtigung.journal.tables import attempts, database_clock, messages
from terminbenachrichtigung.model.delivery import LaterWord, OpenMessage
from terminbenachrichtigung.model.journal import CORRECTIONS, SURELY_TOLD, State
from terminbenachrichtigung.model.plan import Channel, Route
from terminbenachrichtigung.model.result import Update

_ACCEPTED = ("sent", "unknown")
"""Outcomes of an attempt that was, or may have been, accepted: one at most per message and channel."""
LEFT = or_(attempts.c.outcome.in_(_ACCEPTED), attempts.c.job_id.is_not(None))
"""Of an attempt that left, or may have; whatever was said of it later."""
_LATER_PARTS = timedelta(days=1)
"""How long after its first part was delivered the reports on the other parts of an SMS are fetched."""
_AT_ONCE = 500  # in one transaction: a claim of another run waits for it


class Reports(Connected):
    """Later words about messages that were sent, or may have been."""

    @reads
    def unanswered(self, connection: Connection, channel: Channel, since: datetime) -> list[OpenMessage]:
        """The messages since then that may have left by `channel`, and got no answer; newest first."""
        found = (
            _open_messages(channel, since)
            .where(messages.c.state == constant(State.UNKNOWN), attempts.c.outcome == "unknown")
            .order_by(messages.c.run_now.desc(), messages.c.message_id)
        )
        return [OpenMessage(*row) for row in connection.execute(found)]

    @reads
    def awaited(self, connection: Connection, channel: Channel, since: datetime) -> list[OpenMessage]:
        """The messages since then that left by `channel` and whose last report may be to come; newest first.

        A part of a long SMS may still fail when another was delivered: for a day its reports are read on,
        behind those of messages that have none.
        """
        accepted = attempts.c.outcome.in_(_ACCEPTED)
        clock = connection.execute(select(database_clock())).scalar_one()
        open_ = or_(
            and_(messages.c.state.in_((State.SENT, State.UNKNOWN)), accepted),
            and_(
                messages.c.state == State.DELIVERED,
                accepted,
                or_(attempts.c.parts.is_(None), attempts.c.parts > 1),
                messages.c.settled_at > clock - _LATER_PARTS,
            ),
            # A person said that it was not sent, and may have been wrong.
            and_(messages.c.state == State.RELEASED, messages.c.resolved_at.is_not(None)),
        )
        found = (
            _open_messages(channel, since)
            .where(messages.c.channel == channel, open_)
            .order_by(messages.c.state == State.DELIVERED, messages.c.run_now.desc(), messages.c.message_id)
        )
        return [OpenMessage(*row) for row in connection.execute(found)]

    @reads
    def messages_of_jobs(
        self, connection: Connection, job_ids: Collection[str], since: datetime
    ) -> dict[str, str]:
        """By the gateway's job: the message since then that it belongs to, if there is one."""
        rows = connection.execute(
            select(attempts.c.job_id, messages.c.message_id)
            .join(messages, messages.c.message_id == attempts.c.message_id)
            .where(among(connection, attempts.c.job_id, job_ids), messages.c.run_now > since)
        )
        return {row.job_id: row.message_id for row in rows}

    def follow(self, later_words: Sequence[LaterWord]) -> tuple[Update, ...]:
        """Notes what became of messages, and returns those that moved; of several runs one gets each."""
        moved: dict[str, Update] = {}
        for start in range(0, len(later_words), _AT_ONCE):
            self._follow(later_words[start : start + _AT_ONCE], moved)
        return tuple(moved.values())

    @writes
    def _follow(
        self, connection: Connection, later_words: Sequence[LaterWord], moved: dict[str, Update]
    ) -> None:
        # `moved` outlives a try: if only the answer to a commit was lost, the next try finds nothing new.
        moved |= {each.message_id: each for each in _note_all(connection, later_words)}


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


def _note_all(connection: Connection, later_words: Sequence[LaterWord]) -> list[Update]:
    """Notes later words, and returns the messages that moved. What is known already changes nothing."""
    told = {each.message_id: each for each in later_words}
    # Always in the same order: otherwise two runs that note the same reports could deadlock.
    rows = connection.execute(
        select(messages)
        .where(among(connection, messages.c.message_id, told))
        .order_by(messages.c.run_now, messages.c.message_id)
        .with_for_update()
    ).all()
    tried: dict[str, list[Row[Any]]] = defaultdict(list)
    for attempt in connection.execute(
        select(attempts)
        .where(among(connection, attempts.c.message_id, [row.message_id for row in rows]))
        .order_by(attempts.c.attempt_id)
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
    if state is State.DELIVERED and said is not State.UNDELIVERED:
        return state
    if state not in (State.SENT, State.UNKNOWN, State.DELIVERED):  # a later part may still fail
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


def _note(connection: Connection, row: Row[Any], tried: Sequence[Row[Any]], told: LaterWord) -> Update | None:
    was = State(row.state)
    # A person said that it was not sent, and may have been wrong.
    withdrawn = was is State.RELEASED and row.resolved_at is not None
    heard = ("unavailable",) if withdrawn else _ACCEPTED
    own = [each for each in tried if each.channel == told.channel and each.outcome in heard]
    if not own or not _same_number(own[-1].recipient, told.recipient):
        return None
    attempt = own[-1]
    others = {each.outcome for each in tried if each.channel != told.channel}
    if told.state is None or (withdrawn and told.state is not State.DELIVERED):
        state = was
    else:
        state = told.state if withdrawn else state_after(was, attempt.outcome, others, told.state)
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
    if row.reminder in CORRECTIONS:
        said = corrections.told_that_it_is_off if state in SURELY_TOLD else corrections.did_not_arrive
        said(connection, row.message_id)
    return Update(
        row.message_id,
        row.reminder,
        row.customer_id,
        appointments_of(connection, (row.message_id,))[row.message_id],
        Route(Channel(attempt.channel), attempt.recipient),
        was,
        state,
        told.detail,
    )


def _same_number(ours: str, theirs: str) -> bool:
    """Whether a gateway's way to write a number (00491715…, 491715…, 01715…) may mean ours (+491715…)."""
    digits = "".join(filter(str.isdecimal, theirs)).lstrip("0")
    return not theirs or (len(digits) >= 7 and ours.endswith(digits))
