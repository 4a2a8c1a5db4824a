"""The order of a run, and the only place that knows it.

Read the schedule, plan every message with pure rules, then claim, send and settle them one by one,
and report. A dry run is the same run that stops after planning.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from terminbenachrichtigung.model.plan import Channel, MessageOutcome, PlannedMessage, Skip
from terminbenachrichtigung.model.result import RunResult, Stop
from terminbenachrichtigung.run import follow_up, news
from terminbenachrichtigung.run.context import RunContext, unsent
from terminbenachrichtigung.run.deliveries import deliver
from terminbenachrichtigung.run.planning import Planned, plan_confirmations, plan_window

LONG_SILENCE = timedelta(hours=2)
"""So much open time without a complete run is warned about: cron is not calling, or runs do not finish."""


def run_once(
    context: RunContext,
    *,
    max_messages: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> RunResult:
    """The hourly job.

    Args:
        context: where it reads and what it plans with; the journal is needed.
        max_messages: replaces `[safety] max_messages_per_run` for this run.
        progress: told how many messages are done, and of how many.

    Raises:
        ScheduleError, JournalError: out of reach or unfit before anything was sent.
    """
    journal = context.writable
    now = context.clock.now()
    period = context.quiet.period_at(now)
    if period is not None:
        # A broken schedule or journal is better heard of at night than when the first message is due.
        context.schedule.probe()
        journal.begin(now, "run-once", expire=False)
        news.finish(journal, context.settings, now, ending="quiet", complete=False)
        return RunResult("run-once", now, quiet=True, next_open=period.end)

    expired = journal.begin(now, "run-once")
    followed = _follow_up(context, now)
    known_again = {update.message_id for update in followed.updates}
    planned = plan_window(context, now)
    result = RunResult(
        "run-once",
        now,
        quiet=False,
        bad_rows=planned.window.bad_rows,
        warnings=(*_warnings(context, planned, now), *followed.warnings),
        expired=tuple(each for each in expired if each.message_id not in known_again),
        updates=followed.updates,
    )
    confirming = plan_confirmations(context, now, planned.known)
    limit = context.settings.safety.max_messages_per_run if max_messages is None else max_messages
    messages, skips = _both(planned, confirming)
    if limit and len(messages) > limit:
        result = replace(
            result,
            messages=tuple(unsent(context, message, now, MessageOutcome.DEFERRED) for message in messages),
            skips=skips,
            stop=Stop.BRAKE,
            stop_detail=str(limit) if max_messages is None else f"--max-messages = {limit}",
        )
    else:
        result = deliver(context, planned, result, progress)
        if confirming is not None:
            result = _confirm(context, confirming, result, progress)
    result = replace(result, stranded=follow_up.stranded(planned.known, result))
    return news.record(journal, context.settings, result)


def dry_run(context: RunContext, at: datetime) -> RunResult:
    """Exactly what `run_once` would do at `at`, through the same code; nothing is sent or written.

    In a quiet period: what the first run after it would do.
    """
    period = context.quiet.period_at(at)
    now = at if period is None else period.end
    planned = plan_window(context, now)
    messages, skips = _both(planned, plan_confirmations(context, now, planned.known))
    limit = context.settings.safety.max_messages_per_run
    braked = bool(limit) and len(messages) > limit
    return RunResult(
        "dry-run",
        at,
        quiet=period is not None,
        next_open=None if period is None else period.end,
        messages=tuple(unsent(context, message, now, None) for message in messages),
        skips=skips,
        bad_rows=planned.window.bad_rows,
        warnings=_warnings(context, planned, now),
        stop=Stop.BRAKE if braked else None,
        stop_detail=str(limit) if braked else "",
    )


def _both(
    planned: Planned, confirming: Planned | None
) -> tuple[tuple[PlannedMessage, ...], tuple[Skip, ...]]:
    """All that is planned: reminders, then confirmations."""
    if confirming is None:
        return planned.plan.messages, planned.plan.skips
    return planned.plan.messages + confirming.plan.messages, planned.plan.skips + confirming.plan.skips


def _follow_up(context: RunContext, now: datetime) -> follow_up.Followed:
    """What became of earlier SMS: before the plan, which may take the next channel for them."""
    if context.account is None or context.settings.sms is None:
        return follow_up.Followed()
    ends = context.clock.monotonic() + context.timings.asking

    def may_ask() -> bool:
        return context.clock.monotonic() < ends and context.stopping() is None

    return follow_up.follow_up(
        context.writable,
        context.account,
        now,
        reports=context.settings.sms.delivery_reports,
        may_ask=may_ask,
    )


def _confirm(
    context: RunContext,
    planned: Planned,
    result: RunResult,
    progress: Callable[[int, int], None] | None,
) -> RunResult:
    """Sends the confirmations behind a run's reminders, which cannot wait as long; `result` with both.

    A run that was stopped, and one that has lost its mail server, leaves them to the next one.
    """
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
    found = (*planned.window.warnings, *planned.plan.warnings)
    last = planned.known.last_complete_run
    if last is not None and context.quiet.open_time_between(last, now) >= LONG_SILENCE:
        local = last.astimezone(context.settings.zone)
        found += (
            f"the last complete run was {local:%Y-%m-%d %H:%M}: two open hours or more ago. "
            "Is cron calling run-once every hour?",
        )
    return found
