"""What the journal keeps of a run: how it ended, what it left over, and what of it is news."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.errors import JournalError
from terminbenachrichtigung.journal.journal import Journal
from terminbenachrichtigung.model.appointment import Appointment, BadRow
from terminbenachrichtigung.model.journal import CONFIRMATION, Leftover, State
from terminbenachrichtigung.model.plan import MessageOutcome, Reason, Skip
from terminbenachrichtigung.model.result import Credits, MessageResult, RunResult, Stop, Stranded, Update
from terminbenachrichtigung.output.wording import needs_a_person

Fact = MessageResult | Skip | BadRow | Update | Stranded | Credits
"""What may be news for a person."""


def record(journal: Journal, settings: Settings, result: RunResult, *, by_hand: bool = False) -> RunResult:
    """Ends the run in the journal, and finds out what of its result is news.

    What people send by hand is no run: it leaves nothing over for the next one, and is not complete.
    """
    facts: dict[tuple[str, str], Fact] = {}
    left: dict[tuple[str, str], Leftover] = {}
    told = []
    for message in result.messages:
        assert message.outcome is not None
        for row in message.message.appointments:
            key = (message.message.reminder, row.appointment_id)
            if message.outcome in (MessageOutcome.RETRY, MessageOutcome.DEFERRED):
                left[key] = Leftover(message.message.customer_id, row.starts_at, message.outcome)
            else:
                told.append(key)
        if message.outcome in (MessageOutcome.FAILED, MessageOutcome.UNKNOWN, MessageOutcome.RETRY):
            first = message.message.soonest
            facts[_subject(first, message.message.reminder), message.outcome] = message
    for skip in result.skips:
        if skip.reason is Reason.MISSED:
            # Told by no reminder: one fact, however many reminders missed it.
            facts.setdefault((_subject(skip.appointment, ""), skip.reason), skip)
    for bad in result.bad_rows:
        facts[f"row {bad.appointment_id or ''}", bad.detail] = bad
    for update in result.updates:
        if update.state is State.UNKNOWN:
            facts[f"message {update.message_id}", State.UNDELIVERED] = update
    for each in result.stranded:
        facts[_subject(each.appointment, each.reminder), State.UNDELIVERED] = each
    if result.credits is not None and result.credits.low:
        facts[f"credits on {result.at.astimezone(settings.zone).date()}", "low"] = result.credits
    try:
        fresh = journal.news(facts)
        finish(
            journal,
            settings,
            result.at,
            ending=result.stop or "complete",
            complete=result.stop is None and not by_hand,
            counts={
                outcome: sum(message.outcome is outcome for message in result.messages)
                for outcome in MessageOutcome
            },
            left={} if by_hand else left,
            told=told,
        )
    except JournalError as error:
        return replace(
            result,
            stop=result.stop or Stop.JOURNAL,
            stop_detail=result.stop_detail or str(error),
            news=_lines(settings, facts.values()),
        )
    return replace(result, news=_lines(settings, [fact for key, fact in facts.items() if key in fresh]))


def finish(
    journal: Journal,
    settings: Settings,
    now: datetime,
    *,
    ending: str,
    complete: bool,
    counts: Mapping[str, int] | None = None,
    left: Mapping[tuple[str, str], Leftover] | None = None,
    told: Sequence[tuple[str, str]] = (),
) -> None:
    """Ends a run in the journal; `complete` if it was not stopped, braked or cut off."""
    judged = [reminder.name for reminder in settings.reminders]
    journal.finish(
        now,
        ending=ending,
        complete=complete,
        counts=counts or {},
        left=left or {},
        told=told,
        reminder_names=[*judged, CONFIRMATION] if settings.confirmation.enabled else judged,
    )


def _subject(row: Appointment, reminder: str) -> str:
    return f"{reminder} {row.appointment_id} {row.customer_id} {row.starts_at.isoformat()}"


def _lines(settings: Settings, facts: Iterable[Fact]) -> tuple[str, ...]:
    return tuple(needs_a_person(fact, settings.zone) for fact in facts)
