"""Claim and settle, against the bare statements and commits that keep the same promise."""

import sqlite3
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from pydantic import SecretStr

from terminbenachrichtigung.config.settings import JournalSettings
from terminbenachrichtigung.journal import create_journal, open_journal
from terminbenachrichtigung.journal.journal import Journal
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.delivery import Attempt, Claim, Sent
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, PlannedMessage, Route

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ROUTE = Route(Channel.SMS, "+491715555555")


def claim_and_settle(journal: Journal, customers: Iterable[int]) -> None:
    """One message for each customer, that was sent."""
    for n in customers:
        row = Appointment(str(n), NOW + timedelta(hours=20), str(n), type_notifiable=True, is_group=False)
        route = Route(Channel.SMS, f"+49171{5_000_000 + n}")
        message = PlannedMessage("Terminerinnerung", str(n), (row,), (route,))
        claim = journal.claim(message, now=NOW, gap=timedelta(hours=12))
        assert isinstance(claim, Claim)
        journal.settle(claim, MessageOutcome.SENT, route, [Attempt(route, Sent("JobId 1"))])


class Scene:
    """A journal on SQLite, and so many messages of one customer each."""

    def __init__(self, folder: Path, messages: int) -> None:
        self._folder = folder
        self._messages = messages
        self._turn = 0

    def _journal(self) -> Path:
        self._turn += 1
        path = self._folder / f"journal{self._turn}.db"
        create_journal(JournalSettings(url=SecretStr(f"sqlite:///{path}")), NOW, "Europe/Berlin")
        return path

    def ours(self) -> float:
        """Seconds for all claims and settles."""
        journal = open_journal(JournalSettings(url=SecretStr(f"sqlite:///{self._journal()}")))
        began = perf_counter()
        claim_and_settle(journal, range(self._messages))
        seconds = perf_counter() - began
        journal.close()
        return seconds

    def bare(self) -> float:
        """Seconds for the same rows by the driver alone: look, insert, commit; update, insert, commit."""
        connection = sqlite3.connect(self._journal(), isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        run, now, start = str(uuid.uuid4()), "2026-11-24 09:00:00.000000", "2026-11-25 05:00:00.000000"
        clock = "strftime('%Y-%m-%d %H:%M:%f', 'now')"
        began = perf_counter()
        for n in range(self._messages):
            message = str(uuid.uuid4())
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "SELECT state, run_now FROM journal_messages WHERE customer_id = ? AND run_id <> ?",
                (str(n), run),
            ).fetchall()
            connection.execute(
                "SELECT n.generation, n.customer_id, n.starts_at, m.state FROM journal_notifications n "
                "JOIN journal_messages m ON m.message_id = n.message_id "
                "WHERE n.reminder = ? AND n.appointment_id = ? ORDER BY n.generation DESC LIMIT 1",
                ("Terminerinnerung", str(n)),
            ).fetchone()
            connection.execute(
                "INSERT INTO journal_messages (message_id, run_id, reminder, customer_id, state, channel, "
                "recipient, run_now, claimed_at, renewed_at) "
                f"VALUES (?, ?, ?, ?, ?, ?, ?, ?, {clock}, {clock})",
                (message, run, "Terminerinnerung", str(n), "claimed", "sms", ROUTE.recipient, now),
            )
            connection.execute(
                "INSERT INTO journal_notifications "
                "(reminder, appointment_id, generation, message_id, customer_id, starts_at, name) "
                "VALUES (?, ?, 1, ?, ?, ?, '')",
                ("Terminerinnerung", str(n), message, str(n), start),
            )
            connection.execute("COMMIT")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                f"UPDATE journal_messages SET state = 'sent', settled_at = {clock} WHERE message_id = ?",
                (message,),
            )
            connection.execute(
                "INSERT INTO journal_attempts (message_id, channel, recipient, outcome, detail, ended_at) "
                f"VALUES (?, 'sms', ?, 'sent', 'JobId 1', {clock})",
                (message, ROUTE.recipient),
            )
            connection.execute("COMMIT")
        seconds = perf_counter() - began
        connection.close()
        return seconds
