"""The journal of one run: what a run may write into it, and each promise in one short transaction."""

import json
import os
import socket
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from terminbenachrichtigung.clock import Clock, Timings
from terminbenachrichtigung.config.settings import JournalSettings
from terminbenachrichtigung.errors import JournalError
from terminbenachrichtigung.journal import claims, corrections, statements, untold
from terminbenachrichtigung.journal.claims import Lost
from terminbenachrichtigung.journal.database import among, insert_new, lock, patient, reads, writes
from terminbenachrichtigung.journal.figures import FiguresReader
from terminbenachrichtigung.journal.forgetting import Forgetting
from terminbenachrichtigung.journal.opt_outs import OptOuts
from terminbenachrichtigung.journal.reader import Reader
from terminbenachrichtigung.journal.replies import ReplyNotes, mark_told
from terminbenachrichtigung.journal.reports import Reports
from terminbenachrichtigung.journal.retention import purge
from terminbenachrichtigung.journal.staff import StaffNotes
from terminbenachrichtigung.journal.tables import (
    attempts,
    database_clock,
    leftovers,
    messages,
    meta,
    reminders,
    reported,
    runs,
)
from terminbenachrichtigung.model.delivery import Attempt, Claim
from terminbenachrichtigung.model.journal import (
    CHANNELS_LEFT,
    CONFIRMATION,
    Change,
    Leftover,
    State,
)
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, PlannedMessage, Reason, Route
from terminbenachrichtigung.model.result import Untold


class Journal(FiguresReader, Forgetting, OptOuts, Reader, ReplyNotes, Reports, StaffNotes):
    """The journal of one run (or of one command). Not thread-safe: the main thread writes it alone."""

    def __init__(
        self, engine: Engine, url: str, settings: JournalSettings, clock: Clock, timings: Timings
    ) -> None:
        super().__init__(engine, url, settings, clock, timings)
        self._noted: Counter[str] = Counter()  # attempts in the journal, by open claim

    # -------------------------------------------------------------- the run

    @writes
    def begin(
        self, connection: Connection, now: datetime, command: str, *, expire: bool = True
    ) -> tuple[Untold, ...]:
        """Records that a run began, and turns claims that nobody settled in time into `unknown`.

        Returns the messages of earlier runs that no report has named yet, those claims among them.

        Raises:
            JournalError: the clock is before all that the journal remembers, as after a battery died. What
                the schedule still has of that time may have been told and forgotten.
        """
        remembers = connection.execute(select(meta.c.purged_before)).scalar_one()
        if now < remembers:
            raise JournalError(
                f"the clock of this machine says {now.date()}, and the journal remembers nothing from before "
                f"{remembers.date()}: set the clock right. If it is, the journal was made by a wrong one: "
                "make it anew"
            )
        connection.execute(
            insert_new(connection, runs).values(
                run_id=self.run_id,
                command=command,
                run_now=now,
                started_at=database_clock(),
                host=socket.gethostname(),
                process=os.getpid(),
                complete=False,
            )
        )
        if expire:
            claims.expire(connection, self._claim_timeout)
        return untold.read(connection)

    def _confirm_since(self, connection: Connection, now: datetime) -> None:
        """Corrects the moment from which bookings are confirmed, if it lies in the future: a clock was wrong.

        It becomes the complete run before it, and not `now`: the wrong clock may be this run's, months slow,
        and the next run would confirm all that was booked in these months.
        """
        own = reminders.c.reminder == CONFIRMATION
        noted = connection.execute(select(reminders.c.first_complete_run).where(own)).scalar()
        if noted is None or noted <= now:
            return
        before = select(func.max(runs.c.run_now)).where(runs.c.complete.is_(True), runs.c.run_now < noted)
        moment = max(now, connection.execute(before).scalar() or noted)
        connection.execute(update(reminders).where(own).values(first_complete_run=moment))

    @reads
    def has_checked(self, connection: Connection, configuration: str) -> bool:
        """Whether the texts of this configuration, by its hash, were those that were checked last."""
        return connection.execute(select(meta.c.checked)).scalar() == configuration

    @writes
    def note_checked(self, connection: Connection, configuration: str) -> None:
        """Notes that nothing is wrong with the texts of this configuration."""
        connection.execute(update(meta).values(checked=configuration))

    @writes
    def set_timezone(self, connection: Connection, timezone: str) -> None:
        """Notes that the practice has moved to another time zone."""
        connection.execute(update(meta).values(timezone=timezone))

    @writes
    def finish(
        self,
        connection: Connection,
        now: datetime,
        *,
        ending: str,
        complete: bool,
        counts: Mapping[str, int],
        reminder_names: Collection[str],
        facts: Collection[tuple[str, str]] = (),
        message_ids: Collection[str] = (),
        reply_ids: Collection[str] = (),
        changes: Collection[Change] = (),
    ) -> None:
        """Records how the run ended and what its report said; deletes what is older than the retention.

        Args:
            now: the run's moment.
            ending: one word for `history`.
            complete: not stopped, braked, or cut off, and reported: such a run counts for `missed`.
            counts: messages by outcome.
            reminder_names: the reminders this run judged, and the confirmation if it is switched on.
            facts: (subject, fact) pairs that a report has named; no later run calls them new.
            message_ids: messages that a report has named.
            reply_ids: customers' replies that a report has named.
            changes: what the run saw that customers were told otherwise; only a complete one's are kept.
        """
        lock(connection, "finish")  # two runs that end at once may have named the same
        if facts:
            connection.execute(
                insert_new(connection, reported).values(reported_at=database_clock()),
                [{"subject": subject, "fact": fact} for subject, fact in sorted(facts)],
            )
        untold.forget(connection, message_ids)
        mark_told(connection, reply_ids)
        if complete:
            # What a run noted while its clock was ahead would keep `missed` silent until then.
            ahead = reminders.c.first_complete_run > now
            connection.execute(delete(reminders).where(ahead, reminders.c.reminder != CONFIRMATION))
            self._confirm_since(connection, now)
            if reminder_names:
                connection.execute(
                    insert_new(connection, reminders).values(first_complete_run=now),
                    [{"reminder": name} for name in reminder_names],
                )
            if CONFIRMATION not in reminder_names:
                # Switched off: once it is switched on again, only what is booked from then on counts.
                connection.execute(delete(reminders).where(reminders.c.reminder == CONFIRMATION))
            corrections.note_changes(connection, self.run_id, now, changes)
        purge(connection, now, self._keep)
        connection.execute(
            update(runs)
            .where(runs.c.run_id == self.run_id)
            .values(finished_at=database_clock(), ending=ending, complete=complete, counts=json.dumps(counts))
        )

    @patient
    def leave(self, left: Mapping[tuple[str, str], Leftover], told: Iterable[tuple[str, str]]) -> None:
        """Records what a run leaves over.

        Args:
            left: appointments that were due and not told, though nothing spoke against it, by
                (reminder, appointment).
            told: (reminder, appointment) pairs that are left over no longer.
        """
        gone = [{"r": reminder, "a": appointment} for reminder, appointment in (*told, *left)]
        if not gone:
            return
        with self._transaction(writes=True) as connection:
            lock(connection, "leave")  # two runs that end at once may have left the same appointment over
            forget = text("DELETE FROM journal_leftovers WHERE reminder = :r AND appointment_id = :a")
            connection.execute(forget, gone)
            if left:
                connection.execute(
                    insert(leftovers),
                    [
                        {"reminder": reminder, "appointment_id": appointment, **asdict(what)}
                        for (reminder, appointment), what in left.items()
                    ],
                )

    @patient
    def unreported(self, facts: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Of these (subject, fact) pairs, the ones that no report has named; `finish` notes that one has."""
        if not facts:
            return set()
        with self._transaction(writes=False) as connection:
            subjects = {subject for subject, _ in facts}
            known = select(reported.c.subject, reported.c.fact).where(
                among(connection, reported.c.subject, subjects)
            )
            return set(facts) - {(row.subject, row.fact) for row in connection.execute(known)}

    # -------------------------------------------------------------- one message

    def claim(self, message: PlannedMessage, *, now: datetime, gap: timedelta) -> Claim | Lost:
        """Takes the right to send `message`, whole or not at all; committed when this returns.

        The customer is locked, and the latest generations and the gap are read again under that
        lock, so that overlapping runs and split bundles cannot cross.
        """
        claim = Claim(str(uuid.uuid4()), message)
        try:
            return self._claim(claim, now, gap)
        except JournalError as error:
            if isinstance(error.__cause__, IntegrityError):
                return Lost(Reason.IN_PROGRESS, "another run claimed it at the same moment")
            raise

    @writes
    def _claim(self, connection: Connection, claim: Claim, now: datetime, gap: timedelta) -> Claim | Lost:
        lock(connection, claim.message.customer_id)
        if self._retrying and claims.is_open(connection, claim.message_id):
            return claim
        key = self._key(connection)
        row = claims.MessageRow(claim.message_id, self.run_id, State.CLAIMED, now, key)
        return claims.take(connection, claim.message, row, gap) or claim

    @patient
    def renew(self, claim: Claim, route: Route, ended: Sequence[Attempt]) -> bool:
        """Renews the lease before the next attempt, and notes the attempts that ended; False: it is lost.

        A claim that expired meanwhile is `unknown`, and nothing may be sent for it any more.

        Raises:
            ClaimGoneError: the journal does not know the claim any more.
        """
        with self._transaction(writes=True) as connection:
            held = connection.execute(
                statements.renew_claim,
                {
                    "claim": claim.message_id,
                    "run": self.run_id,
                    "channel": route.channel,
                    "recipient": route.recipient,
                },
            ).rowcount
            if not held:
                claims.check_it_is_there(connection, claim.message_id)
            noted = self._noted[claim.message_id]
            if held and not (self._retrying and claims.count(connection, claim.message_id) > noted):
                claims.record(connection, claim.message_id, ended)
        self._noted[claim.message_id] += len(ended)
        return bool(held)

    @patient
    def settle(self, claim: Claim, outcome: MessageOutcome, route: Route, ended: Sequence[Attempt]) -> None:
        """Notes how the message ended, with the attempts not yet noted. Committed when this returns.

        May be called again after an error: what was noted is not noted twice.

        Raises:
            ClaimGoneError: the journal does not know the claim any more.
        """
        with self._transaction(writes=True) as connection:
            ending = {
                "claim": claim.message_id,
                "state": claims.STATE_AFTER[outcome],
                "channel": route.channel,
                "recipient": route.recipient,
            }
            if not connection.execute(statements.settle_claim, ending).rowcount:
                late = outcome is MessageOutcome.SENT
                if not late or not connection.execute(statements.settle_late, ending).rowcount:
                    claims.check_it_is_there(connection, claim.message_id)
                    return
                # The claim had expired, with a mark that this answer replaces.
                mark = {"claim": claim.message_id, "attempted": route.channel}
                connection.execute(statements.forget_mark, mark)
            claims.record(connection, claim.message_id, ended)
            if claim.message.correction is not None and outcome is MessageOutcome.SENT:
                corrections.told_that_it_is_off(connection, claim.message_id)
            if claims.STATE_AFTER[outcome] in untold.NEEDS_A_PERSON:
                untold.note(connection, claim.message_id)
        self._noted.pop(claim.message_id, None)

    @writes
    def reopen(self, connection: Connection, message_ids: Sequence[str], channel: Channel) -> None:
        """Turns rejections of three recipients in a row into `unavailable`: the gateway was at fault.

        Messages that failed by them are released, so that the next run tries them again.
        """
        connection.execute(
            update(attempts)
            .where(
                among(connection, attempts.c.message_id, message_ids),
                attempts.c.channel == channel,
                attempts.c.outcome == "rejected",
            )
            .values(outcome="unavailable")
        )
        ours = among(connection, messages.c.message_id, message_ids)
        connection.execute(
            update(messages).where(ours, messages.c.state == State.FAILED).values(state=State.RELEASED)
        )

    # -------------------------------------------------------------- by hand

    def adopt(self, planned: Iterable[PlannedMessage], now: datetime) -> int:
        """Marks appointments as handled elsewhere; returns how many were not yet known."""
        count = 0
        for message in planned:
            with self._transaction(writes=True) as connection:
                lock(connection, message.customer_id)
                key = self._key(connection)
                row = claims.MessageRow(str(uuid.uuid4()), self.run_id, State.ADOPTED, now, key)
                if claims.take(connection, message, row, timedelta(0)) is None:
                    count += len(message.appointments)
        return count

    @writes
    def resolve(self, connection: Connection, message_id: str, *, sent: bool) -> State | None:
        """Settles an `unknown`, `failed` or `undelivered` message by hand; returns its state before.

        None if there is no such message.

        Not sent means: the next run may try it again, by every channel.
        """
        before: str | None = connection.execute(
            # Its run may be settling it late at this moment: the second must see what the first noted.
            select(messages.c.state).where(messages.c.message_id == message_id).with_for_update()
        ).scalar()
        if before not in (State.UNKNOWN, *CHANNELS_LEFT):
            return State(before) if before else None
        connection.execute(
            update(messages)
            .where(messages.c.message_id == message_id)
            .values(
                state=State.SENT if sent else State.RELEASED,
                settled_at=database_clock(),
                resolved_at=database_clock(),
            )
        )
        if sent:
            corrections.told_that_it_is_off(connection, message_id)
        else:
            connection.execute(
                update(attempts)
                .where(attempts.c.message_id == message_id, attempts.c.outcome.in_(("unknown", "rejected")))
                .values(outcome="unavailable")
            )
        return State(before)
