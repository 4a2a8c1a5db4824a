"""What the journal keeps for the staff list. Nothing of it is a message to a customer."""

import uuid
from collections.abc import Collection, Iterator
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, exists, func, select, update

from terminbenachrichtigung.journal.database import Connected, among, insert_new, reads, writes
from terminbenachrichtigung.journal.notifications import is_row, is_same_person, name_from
from terminbenachrichtigung.journal.tables import (
    database_clock,
    messages,
    notifications,
    staff_done,
    staff_mails,
)
from terminbenachrichtigung.model.delivery import StaffClaim
from terminbenachrichtigung.model.journal import (
    BESIDE_REMINDERS,
    CONFIRMATION,
    TOLD_NOBODY,
    StaffTick,
    ToldAhead,
)

_DOUBTFUL_FOR = timedelta(days=7)


def read_ticks(connection: Connection, which: ColumnElement[bool]) -> Iterator[StaffTick]:
    """What was ticked off."""
    for row in connection.execute(select(staff_done).where(which)):
        yield StaffTick(
            row.appointment_id,
            row.customer_id,
            row.starts_at,
            row.reason,
            row.message_id,
            row.revokes,
            row.done_at,
            name_from(row.name),
        )


def revoke(connection: Connection, customer_id: str, start: datetime, message_id: str = "") -> None:
    """Notes that a customer knows: the start that they were told does not hold any more.

    Meant is whom the message told, or this customer. Their record may have been merged with another since, so
    that what they were told stands under several ids.
    """
    rows = connection.execute(
        select(notifications).where(notifications.c.starts_at == start, notifications.c.revoked_at.is_(None))
    ).all()
    told = [row for row in rows if customer_id == row.customer_id or message_id == row.message_id]
    for row in rows:
        if any(is_same_person(row, each) for each in told):
            connection.execute(update(notifications).where(is_row(row)).values(revoked_at=database_clock()))


class StaffNotes(Connected):
    """The part of the journal that the staff list reads and writes."""

    @reads
    def notified_ahead(self, connection: Connection, now: datetime) -> frozenset[str]:
        """The appointments of which a reminder names a start after `now`, wherever they are by now."""
        ahead = select(notifications.c.appointment_id).where(
            notifications.c.starts_at > now, notifications.c.reminder != CONFIRMATION
        )
        return frozenset(connection.execute(ahead).scalars())

    @reads
    def told_ahead_by_reminder(self, connection: Connection, now: datetime) -> dict[str, ToldAhead]:
        """How many appointments after `now` each reminder told of, by its name, and when."""
        told = (
            select(
                notifications.c.reminder,
                func.count(notifications.c.appointment_id.distinct()),
                func.min(messages.c.run_now),
                func.max(messages.c.run_now),
            )
            .join(messages, messages.c.message_id == notifications.c.message_id)
            .where(
                notifications.c.starts_at > now,
                notifications.c.reminder.not_in(BESIDE_REMINDERS),
                messages.c.state.not_in(TOLD_NOBODY),
            )
            .group_by(notifications.c.reminder)
        )
        return {name: ToldAhead(*found) for name, *found in connection.execute(told)}

    # -------------------------------------------------------------- ticked off

    @reads
    def staff_done(self, connection: Connection, now: datetime) -> frozenset[StaffTick]:
        """What was ticked off, of the appointments that start after `now`."""
        return frozenset(read_ticks(connection, staff_done.c.starts_at > now))

    @writes
    def tick_off(self, connection: Connection, ticks: Collection[StaffTick], now: datetime) -> None:
        """Notes that a person has called, and which starts they took back. Once more changes nothing.

        Unless they said otherwise between the two: then this is their last word. A tick that is dated after
        `now`, by a clock that was ahead, came before these all the same.
        """
        about = among(connection, staff_done.c.appointment_id, {tick.appointment_id for tick in ticks})
        before = now - timedelta(seconds=1)
        connection.execute(update(staff_done).where(about, staff_done.c.done_at > now).values(done_at=before))
        for tick in ticks:
            noted = asdict(replace(tick, done_at=now)) | {"name": " ".join(sorted(tick.name))}
            connection.execute(insert_new(connection, staff_done), noted)
            later = staff_done.alias()
            since = exists().where(
                later.c.appointment_id == staff_done.c.appointment_id,
                later.c.done_at > staff_done.c.done_at,
            )
            same = (staff_done.c[each.name] == noted[each.name] for each in staff_done.primary_key)
            connection.execute(update(staff_done).where(*same, since).values(done_at=now))
            if tick.revokes is not None:
                revoke(connection, tick.customer_id, tick.revokes, tick.message_id)

    # -------------------------------------------------------------- mailed

    @reads
    def staff_mailed(self, connection: Connection, day: date) -> frozenset[tuple[str, str]]:
        """To whom the list of a day was, or may have been, mailed: (branch code, recipient)."""
        rows = connection.execute(select(staff_mails).where(staff_mails.c.day == day))
        return frozenset((row.branch_code, row.recipient) for row in rows)

    @writes
    def doubtful_staff_mails(self, connection: Connection, claim_timeout: timedelta) -> list[StaffClaim]:
        """The mails of the last days of which nobody knows whether they were sent.

        A claim older than `claim_timeout` is one of them: its run ended before it could note an answer.
        """
        clock = connection.execute(select(database_clock())).scalar_one()
        connection.execute(
            update(staff_mails)
            .where(staff_mails.c.state == "claimed", staff_mails.c.claimed_at < clock - claim_timeout)
            .values(state="unknown")
        )
        rows = connection.execute(
            select(staff_mails).where(
                staff_mails.c.state == "unknown", staff_mails.c.claimed_at > clock - _DOUBTFUL_FOR
            )
        )
        return [StaffClaim(row.mail_id, row.day, row.branch_code, row.recipient) for row in rows]

    def claim_staff_mail(self, day: date, branch_code: str, recipient: str) -> StaffClaim | None:
        """Takes the right to mail the list of a day, committed when this returns; None if another run did."""
        claim = StaffClaim(str(uuid.uuid4()), day, branch_code, recipient)
        return claim if self._claim_staff_mail(claim) else None

    @writes
    def _claim_staff_mail(self, connection: Connection, claim: StaffClaim) -> bool:
        connection.execute(
            insert_new(connection, staff_mails).values(
                day=claim.day,
                branch_code=claim.branch_code,
                recipient=claim.recipient,
                mail_id=claim.mail_id,
                state="claimed",
                claimed_at=database_clock(),
            )
        )
        # Read again, not counted: after a lost answer to the commit, the next try finds its own row.
        holder = select(staff_mails.c.mail_id).where(
            staff_mails.c.day == claim.day,
            staff_mails.c.branch_code == claim.branch_code,
            staff_mails.c.recipient == claim.recipient,
        )
        return connection.execute(holder).scalar() == claim.mail_id

    @writes
    def settle_staff_mail(self, connection: Connection, claim: StaffClaim, *, sent: bool) -> None:
        """Notes that the mail was sent, or that nobody knows; either way it is not repeated."""
        connection.execute(
            update(staff_mails)
            .where(staff_mails.c.mail_id == claim.mail_id)
            .values(state="sent" if sent else "unknown")
        )

    @writes
    def release_staff_mail(self, connection: Connection, claim: StaffClaim) -> None:
        """Gives the right back: the mail surely was not sent, and the next run may try again."""
        connection.execute(delete(staff_mails).where(staff_mails.c.mail_id == claim.mail_id))
