"""What the journal's tables say, read from outside by plain SQL."""

import functools
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from simulation.oracle import CONFIRMATION, Heard, Memory, Tick, Told

LONG_AGO = "2000-01-01 00:00:00.000"
"""As `renewed_at`: a claim that has run out. Leases go by the database's clock, not the simulated one."""


@dataclass(frozen=True)
class StoredMessage:
    """One row of journal_messages with what hangs on it."""

    message_id: str
    run_id: str
    run_now: datetime
    reminder: str
    customer_id: str
    state: str
    channel: str
    """By which it was sent, or is being sent."""
    appointments: tuple[tuple[str, datetime], ...]
    attempts: tuple[tuple[str, str, str], ...]  # channel, recipient, outcome
    parts: int | None
    """Of its SMS that was, or may have been, accepted; None where the journal does not know."""
    ran_out: bool
    """Whether it is claimed, and its time is over: the next run takes its last attempt for unknown."""


class Tables:
    """A look past the program at its SQLite file."""

    def __init__(self, path: Path, name_of: Callable[[str], str]) -> None:
        """`name_of` tells the present name of a customer."""
        self._name_of = name_of
        self.seen: dict[tuple[str, str], tuple[str, str | None]] = {}
        """By message and appointment: the name of whom it was for, and its first recipient."""
        self.ticked: dict[tuple[str, ...], str] = {}
        """By what identifies a tick: the name of whom was called."""
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA synchronous=OFF")

    def close(self) -> None:
        """Look no more."""
        self._database.close()

    def memory(self) -> Memory:
        """What the rules ask."""
        found = Memory()
        state = f"CASE WHEN state = 'claimed' AND renewed_at <= '{LONG_AGO}' THEN 'unknown' ELSE state END"
        for (
            reminder,
            appointment,
            generation,
            customer,
            start,
            word,
            message_id,
            run_now,
            corrects,
            order,
            channel,
            last_recipient,
        ) in self._database.execute(
            f"SELECT n.reminder, appointment_id, generation, n.customer_id, starts_at, {state}, message_id, "
            "run_now, corrects, n.rowid, channel, recipient "
            "FROM journal_notifications n JOIN journal_messages USING (message_id) ORDER BY n.rowid"
        ):
            name, recipient = self.seen.get((message_id, appointment)) or (self._name_of(customer), None)
            told = Told(
                reminder,
                appointment,
                generation,
                customer,
                _moment(start),
                word,
                message_id,
                _moment(run_now),
                None if corrects is None else _moment(corrects),
                order,
                (channel, last_recipient) if channel else None,
                name,
                recipient,
            )
            self.seen.setdefault((message_id, appointment), (name, recipient))
            (found.confirmed if reminder == CONFIRMATION else found.told)[appointment].append(told)
        for customer, run_now, word, message_id, reminder in self._database.execute(
            f"SELECT customer_id, run_now, {state}, message_id, reminder FROM journal_messages"
        ):
            found.heard[customer].append(Heard(_moment(run_now), word, message_id, reminder))
        for appointment, recipient in self._database.execute(
            "SELECT appointment_id, journal_attempts.recipient FROM journal_attempts "
            "JOIN journal_notifications USING (message_id) WHERE outcome = 'rejected'"
        ):
            found.rejected[appointment].add(recipient)
        found.left = {
            (reminder, appointment): (customer, _moment(start).replace(second=0, microsecond=0))
            for reminder, appointment, customer, start in self._database.execute(
                "SELECT reminder, appointment_id, customer_id, starts_at FROM journal_leftovers"
            )
        }
        found.changes = self.changes()
        for *what, revokes, done in self._database.execute(
            "SELECT reason, message_id, appointment_id, customer_id, starts_at, revokes, done_at "
            "FROM journal_staff_done"
        ):
            *_, appointment, customer, start = what
            name = self.ticked.setdefault(tuple(what), self._name_of(customer))
            off = _moment(revokes) if revokes else None
            found.ticks[customer].append(
                Tick(appointment, customer, name, _moment(start), off, _moment(done))
            )
        found.complete_runs = self.complete_runs()
        ((made,),) = self._database.execute("SELECT created_at FROM journal_meta")
        found.journal_made = _moment(made)
        found.first_complete = {
            reminder: _moment(run)
            for reminder, run in self._database.execute(
                "SELECT reminder, first_complete_run FROM journal_reminders"
            )
        }
        return found

    def changes(self) -> dict[str, tuple[str, datetime | None, datetime]]:
        """What the last complete run saw that customers were told otherwise."""
        return {
            appointment: (message_id, None if start is None else _moment(start), _moment(seen_at))
            for appointment, message_id, start, seen_at in self._database.execute(
                "SELECT appointment_id, message_id, starts_at, seen_at FROM journal_changes"
            )
        }

    def complete_runs(self) -> list[datetime]:
        """The `now` of every complete run."""
        runs = self._database.execute("SELECT run_now FROM journal_runs WHERE complete ORDER BY run_now")
        return [_moment(run) for (run,) in runs]

    def run(self, run_id: str) -> tuple[str | None, bool]:
        """How a run ended, and whether it was complete."""
        for ending, complete in self._database.execute(
            "SELECT ending, complete FROM journal_runs WHERE run_id = ?", [run_id]
        ):
            return ending, bool(complete)
        return None, False

    def messages(self, run_id: str | None = None) -> list[StoredMessage]:
        """The messages that a run claimed; or all."""
        return [
            StoredMessage(
                message_id,
                run,
                _moment(run_now),
                reminder,
                customer,
                state,
                channel,
                tuple(
                    (appointment, _moment(start))
                    for appointment, start in self._database.execute(
                        "SELECT appointment_id, starts_at FROM journal_notifications WHERE message_id = ? "
                        "ORDER BY starts_at, appointment_id",
                        [message_id],
                    )
                ),
                self.attempts(message_id),
                parts,
                state == "claimed" and renewed_at <= LONG_AGO,
            )
            for message_id, run, run_now, reminder, customer, state, channel, renewed_at, parts in (
                self._database.execute(
                    "SELECT message_id, run_id, run_now, reminder, customer_id, state, channel, renewed_at, "
                    "(SELECT a.parts FROM journal_attempts a WHERE a.message_id = m.message_id "
                    "AND a.channel = 'sms' AND outcome IN ('sent', 'unknown')) "
                    "FROM journal_messages m WHERE run_id = ?1 OR ?1 IS NULL",
                    [run_id],
                ).fetchall()
            )
        ]

    def attempts(self, message_id: str) -> tuple[tuple[str, str, str], ...]:
        """(channel, recipient, outcome) of a message's attempts, oldest first."""
        return tuple(
            self._database.execute(
                "SELECT channel, recipient, outcome FROM journal_attempts WHERE message_id = ? "
                "ORDER BY attempt_id",
                [message_id],
            )
        )

    def states(self) -> dict[str, str]:
        """By message."""
        found = "SELECT message_id, state FROM journal_messages ORDER BY rowid"
        return dict(self._database.execute(found).fetchall())

    def told_to_nobody(self) -> set[str]:
        """Messages that need a person, and of which no later run will say so."""
        rows = self._database.execute(
            "SELECT message_id FROM journal_messages WHERE state IN ('failed', 'unknown') "
            "AND message_id NOT IN (SELECT message_id FROM journal_untold)"
        )
        return {message_id for (message_id,) in rows}

    def state(self, message_id: str) -> str | None:
        """Of one message; None: it is not there, or not any more."""
        rows = self._database.execute("SELECT state FROM journal_messages WHERE message_id = ?", [message_id])
        return next((state for (state,) in rows), None)

    def is_revoked(self, message_id: str, appointment_id: str) -> bool:
        """Whether the customer heard since then that what this message said is off."""
        rows = self._database.execute(
            "SELECT 1 FROM journal_notifications WHERE message_id = ? AND appointment_id = ? "
            "AND revoked_at IS NOT NULL",
            [message_id, appointment_id],
        )
        return rows.fetchone() is not None

    def open_claims(self) -> list[str]:
        """Messages claimed and not settled, nor run out."""
        rows = self._database.execute(
            "SELECT message_id FROM journal_messages WHERE state = 'claimed' AND renewed_at > ?", [LONG_AGO]
        )
        return [message_id for (message_id,) in rows]

    def let_run_out(self, message_id: str) -> None:
        """As if the timeout had passed since its last renewal."""
        self._database.execute(
            "UPDATE journal_messages SET renewed_at = ? WHERE message_id = ?", [LONG_AGO, message_id]
        )


@functools.cache
def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
