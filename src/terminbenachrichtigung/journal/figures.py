"""What the journal has of the messages about the appointments of a span; for `figures`."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from terminbenachrichtigung.journal.database import Connected
from terminbenachrichtigung.journal.notifications import name_from
from terminbenachrichtigung.journal.reports import LEFT
from terminbenachrichtigung.journal.tables import attempts, messages, notifications, replies
from terminbenachrichtigung.model.journal import BESIDE_REMINDERS, CANCELLATION, CORRECTIONS, State
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.model.reply import Answer

if TYPE_CHECKING:
    from terminbenachrichtigung.model.figures import Telling


_PARTS = (
    select(func.coalesce(func.sum(attempts.c.parts), 0))
    .where(
        attempts.c.message_id == messages.c.message_id,
        attempts.c.channel == Channel.SMS,
        # A report that it did not arrive makes the attempt one that was rejected; it was paid for.
        or_(LEFT, and_(messages.c.state == State.UNDELIVERED, messages.c.channel == Channel.SMS)),
    )
    .correlate(messages)
    .scalar_subquery()
)


class FiguresReader(Connected):
    """The part of the journal that `figures` counts."""

    def tellings(self, since: datetime, until: datetime) -> "tuple[Telling, ...]":
        """All messages about appointments that, as they say, start in [since, until); oldest first."""
        from terminbenachrichtigung.model.figures import Telling  # noqa: PLC0415 - 3 ms, and no run counts

        found = (
            select(
                messages.c.message_id,
                notifications.c.appointment_id,
                notifications.c.starts_at,
                notifications.c.reminder,
                notifications.c.customer_id,
                notifications.c.name,
                messages.c.recipient,
                messages.c.reminder.label("said_by"),
                messages.c.state,
                messages.c.channel,
                messages.c.run_now,
                _PARTS.label("parts"),
            )
            .join(messages, messages.c.message_id == notifications.c.message_id)
            .where(notifications.c.starts_at >= since, notifications.c.starts_at < until)
            .order_by(messages.c.claimed_at)
        )
        with self._transaction(writes=False) as connection:
            return tuple(
                Telling(
                    row.message_id,
                    row.appointment_id,
                    row.starts_at,
                    State(row.state),
                    Channel(row.channel) if row.channel else None,
                    row.run_now,
                    row.parts,
                    reminds=row.reminder not in BESIDE_REMINDERS,
                    corrects=row.said_by in CORRECTIONS,
                    customer_id=row.customer_id,
                    name=name_from(row.name),
                    recipient=row.recipient or "",
                )
                for row in connection.execute(found)
            )

    def confirmed(self, since: datetime, until: datetime) -> frozenset[tuple[str, datetime]]:
        """The appointments in [since, until), with their starts, whose last answer before it was a yes."""
        answered = (
            select(notifications.c.appointment_id, notifications.c.starts_at, replies.c.answer)
            .join(replies, replies.c.message_id == notifications.c.message_id)
            .where(
                notifications.c.starts_at >= since,
                notifications.c.starts_at < until,
                notifications.c.reminder != CANCELLATION,
                replies.c.answer.in_((Answer.YES, Answer.NO)),
                replies.c.received_at < notifications.c.starts_at,
            )
            .order_by(replies.c.received_at, replies.c.reply_id)
        )
        with self._transaction(writes=False) as connection:
            last = {tuple(row[:2]): row.answer for row in connection.execute(answered)}
        return frozenset(each for each, answer in last.items() if answer == Answer.YES)
