"""The order of a run, from its first step to its last. No other file knows it.

A run reads the schedule, plans every message with pure rules, then claims, sends and settles them one by one,
confirms bookings, mails the staff list, writes its report, and only then notes what the report has said. A
dry run is the same run that stops after planning.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from terminbenachrichtigung.errors import JournalError, ScheduleError
from terminbenachrichtigung.model.journal import Known
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, PlannedMessage
from terminbenachrichtigung.model.result import Brake, Mode, RunResult, Stop, Untold
from terminbenachrichtigung.output.wording import counted
from terminbenachrichtigung.run import follow_up, news
from terminbenachrichtigung.run.context import RunContext, unsent
from terminbenachrichtigung.run.deliveries import Progress, deliver
from terminbenachrichtigung.run.planning import Planned, plan_bookings, plan_window
from terminbenachrichtigung.run.replies import fetch_replies

CLOCKS_APART = timedelta(minutes=10)
"""A run warns if the clock of the journal's database differs from ours by more than this."""
LONG_SILENCE = timedelta(hours=2)
"""A run warns after so much open time without a complete run: cron is not calling, or runs do not finish."""

MailStaff = Callable[[RunContext, RunResult], RunResult]
"""Mails the staff list if it is time; returns the result with what went wrong."""
WriteReport = Callable[[RunResult], None]
"""Writes the report out; raises OSError where it cannot be written."""


def run_once(
    context: RunContext,
    *,
    max_messages: int | None = None,
    allow_corrections: bool = False,
    progress: Progress | None = None,
    mail_staff: MailStaff = lambda _, result: result,
    write_report: WriteReport = lambda _: None,
) -> RunResult:
    """The hourly job.

    Args:
        context: what the run works with; its journal can be written.
        max_messages: replaces `[safety] max_messages_per_run` for this run.
        allow_corrections: whether corrections may go out that are held otherwise, because they are many.
        progress: told how many messages are done, and of how many.
        mail_staff: mails the staff list.
        write_report: writes the report; what is news counts as told only when it returns.

    Raises:
        ScheduleError, JournalError: out of reach or unfit before anything was sent.
    """
    now = context.clock.now()
    period = context.quiet.period_at(now)
    # In a quiet period nobody reads a report: claims that ran out wait for the first run after it.
    untold = context.writable.begin(now, Mode.RUN_ONCE, expire=period is None)
    try:
        if period is None:
            result = _notify_whoever_is_due(
                context, now, untold, progress, max_messages=max_messages, allow_corrections=allow_corrections
            )
        else:
            # Tried all the same: a person hears of a broken schedule before the first message is due.
            context.schedule.probe()
            result = RunResult(Mode.RUN_ONCE, now, quiet=True, next_open=period.end)
    except Exception as error:
        news.end(context, now, f"could not run: {_cause(error)}")
        raise
    return news.write(context, mail_staff(context, result), write_report)


def _notify_whoever_is_due(
    context: RunContext,
    now: datetime,
    untold: tuple[Untold, ...],
    progress: Progress | None,
    *,
    max_messages: int | None,
    allow_corrections: bool,
) -> RunResult:
    # Asked before planning: the plan takes the next channel where an SMS did not arrive, and leaves out who
    # confirmed or opted out.
    updates, troubles = follow_up.follow_up(context, now)
    replies, reply_troubles = fetch_replies(context, now)
    known_again = {update.message_id for update in updates}
    planned = plan_window(context, now, allow_corrections=allow_corrections)
    bookings = plan_bookings(context, now, planned.known)
    messages = planned.plan.messages + bookings.plan.messages
    result = RunResult(
        Mode.RUN_ONCE,
        now,
        quiet=False,
        bad_rows=planned.window.bad_rows,
        warnings=(*_warnings(context, planned, now), *troubles, *reply_troubles),
        untold=tuple(each for each in untold if each.message_id not in known_again),
        updates=updates,
        replies=replies,
        changes=planned.corrections.changes,
        held_corrections=planned.corrections.held,
    )
    if brake := _brake(context, messages, max_messages):
        left = tuple(unsent(context, message, now, MessageOutcome.DEFERRED) for message in messages)
        result = replace(
            result,
            messages=left,
            skips=planned.plan.skips + bookings.plan.skips,
            stop=Stop.BRAKE,
            brake=brake,
        )
    else:
        result = _confirm(context, bookings, deliver(context, planned, result, progress), progress)
    return news.find(context, replace(result, stranded=follow_up.stranded(planned.known, result)))


def dry_run(context: RunContext, at: datetime) -> RunResult:
    """Exactly what `run_once` would do at `at`, through the same code; nothing is sent or written.

    In a quiet period: what the first run after it would do.
    """
    period = context.quiet.period_at(at)
    now = at if period is None else period.end
    planned = plan_window(context, now)
    bookings = plan_bookings(context, now, planned.known)
    messages = planned.plan.messages + bookings.plan.messages
    brake = _brake(context, messages, None)
    return RunResult(
        Mode.DRY_RUN,
        at,
        quiet=period is not None,
        next_open=None if period is None else period.end,
        messages=tuple(unsent(context, message, now, None) for message in messages),
        skips=planned.plan.skips + bookings.plan.skips,
        bad_rows=planned.window.bad_rows,
        warnings=_warnings(context, planned, now),
        held_corrections=planned.corrections.held,
        stop=Stop.BRAKE if brake else None,
        brake=brake,
    )


def _cause(error: Exception) -> str:
    """One word for the history."""
    match error:
        case ScheduleError():
            return "schedule"
        case JournalError():
            return "journal"
        case _:
            return type(error).__name__


def _brake(
    context: RunContext, messages: tuple[PlannedMessage, ...], max_messages: int | None
) -> Brake | None:
    """The limit that a plan with these messages exceeds; None if it may be sent."""
    limit = context.settings.safety.max_messages_per_run
    brake = Brake(limit) if max_messages is None else Brake(max_messages, "--max-messages")
    return brake if brake.limit and len(messages) > brake.limit else None


def _confirm(
    context: RunContext, planned: Planned, result: RunResult, progress: Progress | None
) -> RunResult:
    """Sends the confirmations after a run's reminders, which are more urgent; returns `result` with both.

    A run that was stopped, or whose e-mail channel is closed, leaves the confirmations to the next run.
    """
    if planned.plan.messages and result.stop is None and Channel.EMAIL not in result.closed:
        try:
            # Planned anew, because this run's reminders may have found that an address is refused.
            planned = replace(planned, plan=planned.plan_customer(planned.window.appointments))
        except JournalError as error:
            result = replace(result, stop=Stop.JOURNAL, stop_detail=str(error))
    plan = planned.plan
    if not plan.messages or result.stop is not None or Channel.EMAIL in result.closed:
        left = tuple(unsent(context, each, result.at, MessageOutcome.DEFERRED) for each in plan.messages)
        return replace(result, messages=result.messages + left, skips=result.skips + plan.skips)
    sent = deliver(context, planned, result, progress)
    return replace(
        sent,
        messages=result.messages + sent.messages,
        skips=result.skips + sent.skips,
        closed={**result.closed, **sent.closed},
        credits=result.credits,
    )


def _warnings(context: RunContext, planned: Planned, now: datetime) -> tuple[str, ...]:
    silent = context.imports(now).warnings(context.quiet, now)
    found = (*planned.window.warnings, *planned.plan.warnings, *silent)
    last = planned.known.last_complete_run
    if last is not None and context.quiet.open_time_between(last, now) >= LONG_SILENCE:
        local = last.astimezone(context.settings.zone)
        found += (
            f"the last complete run was {local:%Y-%m-%d %H:%M}: two open hours or more ago. "
            "Is cron calling run-once every hour?",
        )
    return (*found, *_doubts_about_the_clock(context, planned.known))


def _doubts_about_the_clock(context: RunContext, known: Known) -> Iterator[str]:
    if known.runs_ahead:
        runs = counted(known.runs_ahead, "run")
        yield (
            f"the journal has {runs} dated after now, by a clock that was ahead; they count as none. "
            "Is the clock right?"
        )
    if known.database_now is not None:
        apart = abs(context.clock.now() - known.database_now)
        if apart > CLOCKS_APART:
            yield (
                f"the clocks of this machine and of the journal's database are "
                f"{round(apart.total_seconds() / 60)} minutes apart; set the one that is wrong"
            )
