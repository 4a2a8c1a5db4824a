"""What customers answered, under the gateway's own ids: fetched twice, or by two runs, it counts once."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Boolean, ColumnElement, Connection, and_, literal_column, or_, select, update

from terminbenachrichtigung.journal.database import Connected, among, insert_new, reads, writes
from terminbenachrichtigung.journal.notifications import NOTIFICATIONS, name_from, notification
from terminbenachrichtigung.journal.reports import LEFT
from terminbenachrichtigung.journal.tables import (
    attempts,
    database_clock,
    messages,
    meta,
    notifications,
    opt_outs,
    replies,
)
from terminbenachrichtigung.model.journal import JournalReply, Notification
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.model.reply import Answer, NewReply, SentSms

FETCHED_AGAIN = timedelta(days=2)
"""Each run fetches what came since the last one that fetched all, and two days before: some come late."""
LOOK_BACK = timedelta(days=7)
"""Never further than this: an older reply answers no message."""
_UNTOLD = literal_column("NOT told", Boolean)
"""Written exactly so, because the partial index is used only then."""
BY_REPLY = "by reply"
"""The reason that is kept with an opt-out by SMS."""


def read_replies(connection: Connection, which: ColumnElement[bool]) -> tuple[JournalReply, ...]:
    """Replies with what they answer, oldest first."""
    rows = connection.execute(
        select(replies).where(which).order_by(replies.c.received_at, replies.c.reply_id)
    ).all()
    ids = {row.message_id for row in rows if row.message_id is not None}
    about: defaultdict[str, list[Notification]] = defaultdict(list)
    if ids:
        told = NOTIFICATIONS.where(among(connection, notifications.c.message_id, ids))
        for row in connection.execute(told):
            about[row.message_id].append(notification(row))
    return tuple(
        JournalReply(
            row.reply_id,
            row.sender,
            row.text,
            Answer(row.answer),
            row.received_at,
            row.message_id,
            tuple(sorted(about[row.message_id], key=lambda each: (each.starts_at, each.appointment_id))),
            told=row.told,
            noted_at=row.noted_at,
        )
        for row in rows
    )


def read_replies_since(connection: Connection, start: datetime) -> tuple[JournalReply, ...]:
    """What was answered to messages that told of this start or a later one, oldest first."""
    if connection.execute(select(replies.c.reply_id).limit(1)).first() is None:
        return ()  # else most practices, which fetch none, would look through all that lies ahead
    about = select(notifications.c.message_id).where(notifications.c.starts_at >= start)
    return read_replies(connection, replies.c.message_id.in_(about))


def mark_told(connection: Connection, reply_ids: Collection[str]) -> None:
    """A report has named them."""
    if reply_ids:
        ours = among(connection, replies.c.reply_id, reply_ids)
        connection.execute(update(replies).where(ours).values(told=True))


class ReplyNotes(Connected):
    """The part of the journal that keeps replies."""

    @reads
    def replies_since(self, connection: Connection, now: datetime) -> datetime:
        """From when on a run at `now` fetches replies. A clock that was ahead has fetched nothing."""
        until: datetime | None = connection.execute(select(meta.c.replies_until)).scalar()
        earliest = now - LOOK_BACK
        return earliest if until is None or until > now else max(until - FETCHED_AGAIN, earliest)

    @writes
    def replies_fetched(self, connection: Connection, now: datetime) -> None:
        """Notes that a run at `now` has fetched all that there was."""
        connection.execute(update(meta).values(replies_until=now))

    @reads
    def known_replies(self, connection: Connection, reply_ids: Collection[str]) -> frozenset[str]:
        """Of these ids, those that the journal has."""
        found = select(replies.c.reply_id).where(among(connection, replies.c.reply_id, reply_ids))
        return frozenset(connection.execute(found).scalars())

    @reads
    def sms_of_jobs(self, connection: Connection, job_ids: Collection[str]) -> dict[str, SentSms]:
        """By the gateway's ids: our SMS among them."""
        found = _sent_sms(connection, among(connection, attempts.c.job_id, job_ids))
        return {each.job_id: each for each in found}

    @reads
    def sms_to(self, connection: Connection, numbers: Collection[str]) -> tuple[SentSms, ...]:
        """All SMS to these numbers that left, or may have, and that the journal keeps."""
        return tuple(_sent_sms(connection, and_(among(connection, attempts.c.recipient, numbers), LEFT)))

    @writes
    def note_replies(self, connection: Connection, found: Sequence[NewReply], now: datetime) -> None:
        """Keeps replies, and who opts out by them; those that are there already stay as they are."""
        # Always in the same order: otherwise two runs that note the same replies could deadlock.
        for each in sorted(found, key=lambda each: each.reply.reply_id):
            new = (
                insert_new(connection, replies)
                .values(
                    reply_id=each.reply.reply_id,
                    message_id=each.message_id,
                    sender=each.reply.sender,
                    text=each.reply.text,
                    answer=each.answer,
                    received_at=each.reply.received_at,
                    noted_at=now,
                    told=False,
                )
                .returning(replies.c.reply_id)
            )
            if connection.execute(new).first() is None:
                continue  # known: an opt-out that was taken back since stays so
            for recipient in each.opts_out:
                connection.execute(
                    insert_new(connection, opt_outs).values(
                        recipient=recipient, since=database_clock(), why=BY_REPLY
                    )
                )

    @reads
    def stray_replies(self, connection: Connection, since: datetime) -> tuple[JournalReply, ...]:
        """Those noted since then that belong to no message, or came when all that it told was over."""
        found = and_(
            replies.c.noted_at >= since,
            replies.c.sender != "",
            replies.c.answer != Answer.STOP,
            or_(replies.c.message_id.is_(None), replies.c.answer != Answer.YES),
        )
        return tuple(each for each in read_replies(connection, found) if each.came_too_late)

    @reads
    def untold_replies(self, connection: Connection) -> tuple[JournalReply, ...]:
        """Those that no report has named yet, with all others to the same messages, oldest first."""
        untold = connection.execute(select(replies.c.reply_id, replies.c.message_id).where(_UNTOLD)).all()
        if not untold:
            return ()
        ids, answered = {row.reply_id for row in untold}, {row.message_id for row in untold} - {None}
        return read_replies(
            connection,
            or_(
                among(connection, replies.c.reply_id, ids),
                among(connection, replies.c.message_id, answered),
            ),
        )


def _sent_sms(connection: Connection, which: ColumnElement[bool]) -> list[SentSms]:
    rows = connection.execute(
        select(
            messages.c.message_id,
            messages.c.customer_id,
            messages.c.run_now,
            attempts.c.recipient,
            attempts.c.job_id,
        )
        .join(messages, messages.c.message_id == attempts.c.message_id)
        .where(which, attempts.c.channel == Channel.SMS)
    ).all()
    names: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    told = select(notifications.c.message_id, notifications.c.name).where(
        among(connection, notifications.c.message_id, {row.message_id for row in rows})
    )
    for message_id, name in connection.execute(told):
        names[message_id] |= name_from(name)
    return [
        SentSms(
            row.message_id,
            row.customer_id,
            names[row.message_id],
            row.recipient,
            row.run_now,
            row.job_id or "",
        )
        for row in rows
    ]
