"""The order of a run, and the only place that knows it.

Read the schedule, plan every message with pure rules, then claim, send and settle them one by one,
and report. A dry run is the same run that stops after planning.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from terminbenachrichtigung.model.plan import MessageOutcome, PlannedMessage, Skip
from terminbenachrichtigung.model.result import RunResult, Stop
from terminbenachrichtigung.run import follow_up, news
from terminbenachrichtigung.run.context import Outlets, Tools, unsent
from terminbenachrichtigung.run.planning import Planned, plan_confirmations, plan_window
from terminbenachrichtigung.run.sending import confirm, send, work_of

LONG_SILENCE = timedelta(hours=2)
"""So much open time without a complete run is warned about: cron is not calling, or runs do not finish."""


def run_once(
    tools: Tools,
    outlets: Outlets,
    *,
    max_messages: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> RunResult:
    """The hourly job.

    Args:
        tools: where it reads and what it plans with; the journal is needed.
        outlets: where it sends.
        max_messages: replaces `[safety] max_messages_per_run` for this run.
        progress: told how many messages are done, and of how many.

    Raises:
        ScheduleError, JournalError: out of reach or unfit before anything was sent.
    """
    journal = tools.journal
    assert journal is not None
    now = tools.clock()
    period = tools.quiet.period_at(now)
    if period is not None:
        # A broken schedule or journal is better heard of at night than when the first message is due.
        tools.schedule.probe()
        journal.begin(now, "run-once", expire=False)
        news.finish(journal, tools.settings, now, ending="quiet", complete=False)
        return RunResult("run-once", now, quiet=True, next_open=period.end)

    expired = journal.begin(now, "run-once")
    followed = _follow_up(tools, outlets, now)
    known_again = {update.message_id for update in followed.updates}
    planned = plan_window(tools, now)
    result = RunResult(
        "run-once",
        now,
        quiet=False,
        bad_rows=planned.window.bad_rows,
        warnings=(*_warnings(tools, planned, now), *followed.warnings),
        expired=tuple(each for each in expired if each.message_id not in known_again),
        updates=followed.updates,
    )
    confirming = plan_confirmations(tools, now, planned.known)
    limit = tools.settings.safety.max_messages_per_run if max_messages is None else max_messages
    messages, skips = _both(planned, confirming)
    if limit and len(messages) > limit:
        result = replace(
            result,
            messages=tuple(unsent(tools, message, now, MessageOutcome.DEFERRED) for message in messages),
            skips=skips,
            stop=Stop.BRAKE,
            stop_detail=str(limit) if max_messages is None else f"--max-messages = {limit}",
        )
    else:
        work = work_of(planned, same_day=tools.settings.rules.same_day)
        result = send(tools, outlets, work, result, progress)
        if confirming is not None:
            result = confirm(tools, outlets, confirming, result, progress)
    result = replace(result, stranded=follow_up.stranded(planned.known, result))
    return news.record(journal, tools.settings, result)


def dry_run(tools: Tools, at: datetime) -> RunResult:
    """Exactly what `run_once` would do at `at`, through the same code; nothing is sent or written.

    In a quiet period: what the first run after it would do.
    """
    period = tools.quiet.period_at(at)
    now = at if period is None else period.end
    planned = plan_window(tools, now)
    messages, skips = _both(planned, plan_confirmations(tools, now, planned.known))
    limit = tools.settings.safety.max_messages_per_run
    braked = bool(limit) and len(messages) > limit
    return RunResult(
        "dry-run",
        at,
        quiet=period is not None,
        next_open=None if period is None else period.end,
        messages=tuple(unsent(tools, message, now, None) for message in messages),
        skips=skips,
        bad_rows=planned.window.bad_rows,
        warnings=_warnings(tools, planned, now),
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


def _follow_up(tools: Tools, outlets: Outlets, now: datetime) -> follow_up.Followed:
    """What became of earlier SMS: before the plan, which may take the next channel for them."""
    if outlets.inquiry is None or tools.settings.sms is None:
        return follow_up.Followed()
    assert tools.journal is not None
    return follow_up.follow_up(
        tools.journal,
        outlets.inquiry,
        now,
        reports=tools.settings.sms.delivery_reports,
        stopping=outlets.stopping,
    )


def _warnings(tools: Tools, planned: Planned, now: datetime) -> tuple[str, ...]:
    found = (*planned.window.warnings, *planned.plan.warnings)
    last = planned.known.last_complete_run
    if last is not None and tools.quiet.open_time_between(last, now) >= LONG_SILENCE:
        local = last.astimezone(tools.settings.zone)
        found += (
            f"the last complete run was {local:%Y-%m-%d %H:%M}: two open hours or more ago. "
            "Is cron calling run-once every hour?",
        )
    return found
