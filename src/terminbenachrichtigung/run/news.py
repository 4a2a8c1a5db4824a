"""What the journal keeps of a run: what it left over, what of it is news, how it ended, and what was told."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.errors import JournalError, TerminbenachrichtigungError
from terminbenachrichtigung.model.appointment import Appointment, BadRow
from terminbenachrichtigung.model.journal import CONFIRMATION, Leftover, State
from terminbenachrichtigung.model.plan import MessageOutcome, Reason, Skip
from terminbenachrichtigung.model.reply import ReplyKind, ReplyNote
from terminbenachrichtigung.model.result import (
    Credits,
    MessageResult,
    Mode,
    RunResult,
    Stop,
    Stranded,
    Update,
)
from terminbenachrichtigung.output.wording import needs_a_person
from terminbenachrichtigung.rules.verdicts import RULE, About
from terminbenachrichtigung.run.context import RunContext

Fact = MessageResult | Skip | BadRow | Update | Stranded | Credits | ReplyNote
"""What may be news for a person."""

_NEVER_AGAIN = (MessageOutcome.FAILED, MessageOutcome.UNKNOWN)
"""Each message that ends so is news. If the corrected number is refused too, that is another message."""


_FOR_A_PERSON = (ReplyKind.WANTS_TO_CANCEL, ReplyKind.REPLY, ReplyKind.OPTED_OUT)
"""A reply of these kinds is news. The journal hands it to each run until a report has named it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What in a result a person must hear of, if no report has named it yet."""

    always: Sequence[Fact]
    """What no other run will name: messages that ended in this run, or that it found out about."""
    once: Mapping[tuple[str, str], Fact]
    """What each run meets again until somebody sees to it, by (subject, fact)."""
    message_ids: Sequence[str]
    """The ids of the messages among them, of earlier runs too."""


def find(context: RunContext, result: RunResult) -> RunResult:
    """Notes what a run left over, and finds out what of its result is news.

    A notification by hand leaves nothing over for the next run.
    """
    found = _facts(context.settings, result)
    facts: list[Fact] = [*found.always, *found.once.values()]
    try:
        fresh = context.writable.unreported(found.once)
        if result.mode is Mode.RUN_ONCE:
            context.writable.leave(*_leftovers(result, context.settings))
        facts = [*found.always, *(fact for key, fact in found.once.items() if key in fresh)]
    except JournalError as error:
        result = _without_a_journal(result, error)
    return replace(result, news=tuple(needs_a_person(fact, context.settings.zone) for fact in facts))


def write(context: RunContext, result: RunResult, write_report: Callable[[RunResult], None]) -> RunResult:
    """Writes the report, and only then notes that it has named what is news, and how the run ended.

    A run whose report cannot be written is not complete, and the next one reports the same.

    Raises:
        Whatever `write_report` raises.
    """
    try:
        write_report(result)
    except BaseException:
        end(context, result.at, "report not written", _counts(result))
        raise
    found = _facts(context.settings, result)
    ended = "quiet" if result.quiet else result.stop or "complete"
    try:
        context.writable.finish(
            result.at,
            ending=ended,
            complete=ended == "complete" and result.mode is Mode.RUN_ONCE,
            counts=_counts(result),
            reminder_names=_judged(context.settings),
            facts=[*found.once, *result.facts],
            message_ids=found.message_ids,
            reply_ids=[each.reply_id for each in result.replies],
            changes=result.changes,
        )
    except JournalError as error:
        return _without_a_journal(result, error)
    return result


def end(context: RunContext, now: datetime, ending: str, counts: Mapping[str, int] | None = None) -> None:
    """Notes how a run ended that could not go on, if the journal can be reached.

    `counts`: its messages by outcome, if it came so far.
    """
    try:
        context.writable.finish(
            now,
            ending=ending,
            complete=False,
            counts=counts or {},
            reminder_names=_judged(context.settings),
        )
    except TerminbenachrichtigungError:
        return  # the error that ended the run is reported, and says more


def _facts(settings: Settings, result: RunResult) -> Facts:
    always: list[Fact] = [each for each in result.replies if each.kind in _FOR_A_PERSON]
    once: dict[tuple[str, str], Fact] = {}
    message_ids = [each.message_id for each in result.untold]
    for message in result.messages:
        if message.outcome in _NEVER_AGAIN:
            always.append(message)
            message_ids += filter(None, [message.message_id])
        elif message.outcome is MessageOutcome.RETRY:
            once[_subject(message.message.soonest, message.message.reminder), message.outcome] = message
    for update in result.updates:
        if update.state is State.UNKNOWN:
            always.append(update)
            message_ids.append(update.message_id)
    for skip in result.skips:
        if skip.reason is Reason.MISSED:
            # One fact, however many reminders missed it.
            once.setdefault((_subject(skip.appointment, ""), skip.reason), skip)
    # A notification by hand does not report bad rows: the hourly run does.
    for bad in result.bad_rows if result.mode is Mode.RUN_ONCE else ():
        occurrence = f" {bad.starts_at.isoformat()}" if bad.starts_at else ""
        once[f"row {bad.appointment_id or ''}{occurrence}", bad.detail] = bad
    for each in result.stranded:
        once[_subject(each.appointment, each.reminder), State.UNDELIVERED] = each
    if result.credits is not None and result.credits.low:
        once[f"credits on {result.at.astimezone(settings.zone).date()}", "low"] = result.credits
    return Facts(always, once, message_ids)


def _leftovers(
    result: RunResult, settings: Settings
) -> tuple[dict[tuple[str, str], Leftover], list[tuple[str, str]]]:
    """By (reminder, appointment): what is left for the next run, and what is left no longer."""
    left: dict[tuple[str, str], Leftover] = {}
    told = []
    for message in result.messages:
        for row in message.message.appointments:
            key = (message.message.reminder, row.appointment_id)
            if message.outcome in (MessageOutcome.RETRY, MessageOutcome.DEFERRED):
                left[key] = Leftover(message.message.customer_id, row.starts_at, message.outcome)
            else:
                told.append(key)
    settled, unsettled = _skipped_when_due(result, settings)
    return left | unsettled, [*told, *settled]


def _counts(result: RunResult) -> dict[str, int]:
    """Messages by outcome; empty for a run in a quiet period, which planned none."""
    ended = Counter(message.outcome for message in result.messages)
    return {} if result.quiet else {outcome: ended[outcome] for outcome in MessageOutcome}


def _judged(settings: Settings) -> list[str]:
    judged = [reminder.name for reminder in settings.reminders]
    return [*judged, CONFIRMATION] if settings.confirmation.enabled else judged


def _without_a_journal(result: RunResult, error: JournalError) -> RunResult:
    return replace(result, stop=result.stop or Stop.JOURNAL, stop_detail=result.stop_detail or str(error))


def _skipped_when_due(
    result: RunResult, settings: Settings
) -> tuple[list[tuple[str, str]], dict[tuple[str, str], Leftover]]:
    """Of what was skipped: the pairs that are settled, and those that are missed if no later run tells them.

    An appointment with a booking time needs no such note: whether it was missed is known without it.
    """
    settled: list[tuple[str, str]] = []
    left: dict[tuple[str, str], Leftover] = {}
    today = result.at.astimezone(settings.zone).date()
    for skip in result.skips:
        row, rule = skip.appointment, RULE.get(skip.reason)
        key = (skip.reminder, row.appointment_id)
        due = settings.rules.same_day or row.starts_at.astimezone(settings.zone).date() > today
        if rule is None or row.customer_id is None or row.created_at is not None:
            continue
        if rule.unsettled and due:
            left[key] = Leftover(row.customer_id, row.starts_at, skip.reason)
        elif rule.about in (About.CUSTOMER, About.OTHER_MESSAGES):
            settled.append(key)
    return settled, left


def _subject(row: Appointment, reminder: str) -> str:
    return f"{reminder} {row.appointment_id} {row.customer_id} {row.starts_at.isoformat()}"
