"""What the tests of the journal share: one customer, her appointments, and a journal with several runs."""

import random
import time
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from types import TracebackType
from typing import Any, Self

from pydantic import SecretStr
from sqlalchemy import create_engine, text

from terminbenachrichtigung.clock import SYSTEM_CLOCK, TIMINGS, Clock, Timings
from terminbenachrichtigung.config.settings import JournalSettings
from terminbenachrichtigung.journal import create_journal, open_journal
from terminbenachrichtigung.journal.journal import Journal
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.delivery import (
    Attempt,
    Claim,
    Outcome,
    Rejected,
    Sent,
    Unavailable,
    Unknown,
)
from terminbenachrichtigung.model.journal import Known, Leftover
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, PlannedMessage, Reason, Route

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SINCE = NOW - timedelta(days=400)
START = NOW + timedelta(hours=24)
LATER = START + timedelta(hours=2)
GAP = timedelta(hours=12)
NO_GAP = timedelta(0)
REMINDER = "Terminerinnerung"
ZONE = "Europe/Berlin"
SMS = Route(Channel.SMS, "+491715555555")
EMAIL = Route(Channel.EMAIL, "anna@example.org")

LOST_TO_OTHERS = (Reason.IN_PROGRESS, Reason.ALREADY_NOTIFIED, Reason.RECENTLY_NOTIFIED)

TABLES = [
    f"journal_{name}" for name in ("replies", "untold", "attempts", "notifications", "messages", "runs")
] + [
    f"journal_{name}"
    for name in ("reminders", "leftovers", "changes", "reported", "staff_done", "staff_mails", "opt_outs")
]

ENDED: dict[MessageOutcome, Outcome] = {
    MessageOutcome.SENT: Sent("JobId 4711"),
    MessageOutcome.FAILED: Rejected("NoRecipientFound"),
    MessageOutcome.UNKNOWN: Unknown("read timeout"),
    MessageOutcome.RETRY: Unavailable("HTTP 503"),
}
"""An attempt that leads to each outcome of a message; `deferred` has none."""


def settings(url: str, **fields: Any) -> JournalSettings:
    return JournalSettings(url=SecretStr(url), **fields)


def appointment(number: str = "4711", customer: str = "17", starts_at: datetime | None = None) -> Appointment:
    """By default each number has a time of its own, because nobody is in two places at once."""
    start = START if number == "4711" else START + timedelta(minutes=sum(map(ord, number)))
    return Appointment(number, starts_at or start, customer, type_notifiable=True, is_group=False)


def planned(
    *appointments: Appointment,
    reminder: str = REMINDER,
    routes: Sequence[Route] = (SMS,),
    gap_waived: bool = False,
) -> PlannedMessage:
    """A message about these appointments, all of one customer; by default about one."""
    rows = appointments or (appointment(),)
    assert rows[0].customer_id is not None
    return PlannedMessage(reminder, rows[0].customer_id, rows, tuple(routes), gap_waived)


def claimed(journal: Journal, message: PlannedMessage, now: datetime = NOW, gap: timedelta = NO_GAP) -> Claim:
    claim = journal.claim(message, now=now, gap=gap)
    assert isinstance(claim, Claim), claim
    return claim


def settled(
    journal: Journal,
    message: PlannedMessage,
    outcome: MessageOutcome = MessageOutcome.SENT,
    now: datetime = NOW,
) -> Claim:
    """Claims a message and lets its first channel end it so; customer gaps are left aside."""
    claim = claimed(journal, message, now)
    route = message.routes[0]
    ended = [Attempt(route, ENDED[outcome])] if outcome in ENDED else []
    journal.settle(claim, outcome, route, ended)
    return claim


def ask(journal: Journal, *appointments: str, now: datetime = NOW, gap: timedelta = GAP) -> Known:
    return journal.known(appointments or ("4711",), now=now, gap=gap, runs_since=now - timedelta(days=5))


def end(
    journal: Journal,
    now: datetime = NOW,
    *,
    complete: bool = True,
    left: dict[tuple[str, str], Leftover] | None = None,
    told: Sequence[tuple[str, str]] = (),
    reminder_names: Sequence[str] = (REMINDER,),
    message_ids: Sequence[str] = (),
) -> None:
    """Ends a run as `once.run_once` does."""
    journal.leave(left or {}, told)
    journal.finish(
        now,
        ending="complete" if complete else "signal",
        complete=complete,
        counts={},
        reminder_names=reminder_names,
        message_ids=message_ids,
    )


def report(journal: Journal, facts: Collection[tuple[str, str]], now: datetime = NOW) -> set[tuple[str, str]]:
    """Ends a run whose report named these facts; what of them was news."""
    fresh = journal.unreported(facts)
    journal.finish(now, ending="complete", complete=True, counts={}, reminder_names=[REMINDER], facts=facts)
    return fresh


class Journals:
    """One journal on a real database, the runs that use it, and a look past them at its tables."""

    def __init__(self, url: str, since: datetime = SINCE) -> None:
        self.url = url
        self._runs = ExitStack()
        create_journal(settings(url), since, ZONE)
        self._engine = create_engine(url, pool_size=1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runs.close()
        self._engine.dispose()

    def empty(self) -> None:
        """Ends all runs and forgets everything but since when there is a journal."""
        self._runs.close()
        with self._engine.begin() as connection:
            for table in TABLES:
                connection.execute(text(f"DELETE FROM {table}"))
            connection.execute(text("UPDATE journal_meta SET replies_until = NULL"))
        self.purge_next(SINCE)

    def purge_next(self, now: datetime = NOW) -> None:
        """Lets the next run purge whatever is older than the retention, as if there had been one each day."""
        zone = "" if self.url.startswith("sqlite") else "+00:00"
        moments = {"limit": now, "day_before": now - timedelta(days=1)}
        self.execute(
            "UPDATE journal_meta SET purged_before = :limit, purged_at = :day_before",
            **{key: f"{value:%Y-%m-%d %H:%M:%S}.000000{zone}" for key, value in moments.items()},
        )

    def run(
        self,
        *,
        readonly: bool = False,
        clock: Clock = SYSTEM_CLOCK,
        timings: Timings = TIMINGS,
        **fields: Any,
    ) -> Journal:
        """The journal as one more run opens it."""
        journal = open_journal(settings(self.url, **fields), readonly=readonly, clock=clock, timings=timings)
        self._runs.callback(journal.close)
        return journal

    def rows(self, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), parameters)]

    def execute(self, statement: str, **parameters: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(text(statement), parameters)

    def execute_many(self, statement: str, rows: Sequence[dict[str, Any]]) -> None:
        with self._engine.begin() as connection:
            connection.execute(text(statement), rows)

    def state(self, claim: Claim) -> str:
        query = "SELECT state FROM journal_messages WHERE message_id = :id"
        return str(self.rows(query, id=claim.message_id)[0][0])

    def set_state(self, claim: Claim, state: str) -> None:
        self.execute(
            "UPDATE journal_messages SET state = :state WHERE message_id = :id",
            state=state,
            id=claim.message_id,
        )

    def attempts(self, claim: Claim) -> list[tuple[Any, ...]]:
        """Channel and outcome of what is noted of a message, oldest first."""
        return self.rows(
            "SELECT channel, outcome FROM journal_attempts WHERE message_id = :id ORDER BY attempt_id",
            id=claim.message_id,
        )

    def generations(self, appointment_id: str = "4711") -> list[int]:
        query = "SELECT generation FROM journal_notifications WHERE appointment_id = :id ORDER BY generation"
        return [row[0] for row in self.rows(query, id=appointment_id)]

    def age(self, claim: Claim, **ago: float) -> None:
        """Moves the last renewal of a claim back by so much of the database's own time."""
        self._move_back("renewed_at", claim, **ago)

    def settle_ago(self, claim: Claim, **ago: float) -> None:
        """As if a message had been settled so long ago, by the database's own time."""
        self._move_back("settled_at", claim, **ago)

    def _move_back(self, column: str, claim: Claim, **ago: float) -> None:
        seconds = timedelta(**ago).total_seconds()
        before = (
            f"strftime('%Y-%m-%d %H:%M:%f', 'now', '{-seconds:+} seconds')"
            if self._engine.dialect.name == "sqlite"
            else f"clock_timestamp() - interval '{seconds} seconds'"
        )
        self.execute(
            f"UPDATE journal_messages SET {column} = {before} WHERE message_id = :id", id=claim.message_id
        )


# ---------------------------------------------------------------- for other processes


def meet(others: Barrier) -> None:
    """Waits until all processes of a test are there."""
    others.wait(60)


def wait_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))


def create_at(url: str, moment: datetime) -> bool:
    """Makes the journal at a moment at which others do."""
    wait_until(moment)
    return create_journal(settings(url), NOW, ZONE)


def compete(url: str, seed: int, messages: Sequence[PlannedMessage], timings: Timings = TIMINGS) -> list[str]:
    """One run that claims and settles what it can get of a plan that others have too, in its own order.

    Gives the first appointment of each message it got. What it did not get must have been lost to others.
    """
    journal = open_journal(settings(url), timings=timings)
    order = list(messages)
    random.Random(seed).shuffle(order)
    got = []
    try:
        journal.begin(NOW, "run-once")
        for message in order:
            claim = journal.claim(message, now=NOW, gap=GAP)
            if isinstance(claim, Claim):
                assert journal.renew(claim, message.routes[0], [])
                sent = [Attempt(message.routes[0], Sent())]
                journal.settle(claim, MessageOutcome.SENT, message.routes[0], sent)
                got.append(message.soonest.appointment_id)
            else:
                assert claim.reason in LOST_TO_OTHERS, claim
        end(journal)
    finally:
        journal.close()
    return got
