"""The order of a run, and the only place that knows it.

Read the schedule, plan every message with pure rules, then claim, send and settle them one by one,
and report. A dry run is the same run that stops after planning.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from terminbenachrichtigung import delivery, dispatch, follow_up, records, rules
from terminbenachrichtigung.config import Settings
from terminbenachrichtigung.journal import Journal
from terminbenachrichtigung.messages import Texts
from terminbenachrichtigung.model import (
    CONFIRMATION,
    Appointment,
    Channel,
    Content,
    Credits,
    Known,
    MessageOutcome,
    MessageResult,
    Outcome,
    Plan,
    PlannedMessage,
    Route,
    RunResult,
    StaffClaim,
    Stop,
    Window,
)
from terminbenachrichtigung.schedule import Schedule
from terminbenachrichtigung.windows import Quiet

LONG_SILENCE = timedelta(hours=2)
"""So much open time without a complete run is warned about: cron is not calling, or runs do not finish."""


FARTHEST = timedelta(days=3 * 366)
"""So far ahead bookings are confirmed; nobody means a start that lies beyond."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a run works with; `bootstrap` makes it and closes it."""

    settings: Settings
    quiet: Quiet
    schedule: Schedule
    journal: Journal | None  # None only for a dry run where there is no journal yet
    texts: Texts
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Outlets:
    """What only a run that sends needs."""

    senders: Mapping[Channel, delivery.Channel]
    preflight: Mapping[Channel, Callable[[], Decimal | str | None]]
    stopping: Callable[[], Stop | None]
    staff: Callable[[StaffClaim, Content], Outcome] | None = None  # None: no mail server is configured
    inquiry: Callable[[], delivery.Inquiry] | None = None
    """Whom to ask what became of earlier SMS; None where none are sent."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What one look at schedule and journal came to."""

    window: Window
    known: Known
    plan: Plan
    read_at: float  # by the monotonic clock
    since: datetime
    until: datetime


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
        records.finish(journal, tools.settings, now, ending="quiet", complete=False)
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
    confirming = plan_confirmations(tools, now)
    limit = tools.settings.safety.max_messages_per_run if max_messages is None else max_messages
    messages = planned.plan.messages + confirming.plan.messages
    if limit and len(messages) > limit:
        result = replace(
            result,
            messages=tuple(unsent(tools, message, now, MessageOutcome.DEFERRED) for message in messages),
            skips=planned.plan.skips + confirming.plan.skips,
            stop=Stop.BRAKE,
            stop_detail=str(limit) if max_messages is None else f"--max-messages = {limit}",
        )
    else:
        result = _send(tools, outlets, planned, result, progress)
        result = _confirm(tools, outlets, confirming, result, progress)
    result = replace(result, stranded=follow_up.stranded(planned.known, result))
    return records.record(journal, tools.settings, result)


def dry_run(tools: Tools, at: datetime) -> RunResult:
    """Exactly what `run_once` would do at `at`, through the same code; nothing is sent or written.

    In a quiet period: what the first run after it would do.
    """
    period = tools.quiet.period_at(at)
    now = at if period is None else period.end
    planned = plan_window(tools, now)
    confirming = plan_confirmations(tools, now)
    messages = planned.plan.messages + confirming.plan.messages
    limit = tools.settings.safety.max_messages_per_run
    braked = bool(limit) and len(messages) > limit
    return RunResult(
        "dry-run",
        at,
        quiet=period is not None,
        next_open=None if period is None else period.end,
        messages=tuple(unsent(tools, message, now, None) for message in messages),
        skips=planned.plan.skips + confirming.plan.skips,
        bad_rows=planned.window.bad_rows,
        warnings=_warnings(tools, planned, now),
        stop=Stop.BRAKE if braked else None,
        stop_detail=str(limit) if braked else "",
    )


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


def plan_window(tools: Tools, now: datetime, since: datetime | None = None) -> Planned:
    """Reads what a run at the open moment `now` needs, from `since` on if that is earlier, and plans it."""
    settings = tools.settings
    last = ask_journal(tools, (), now, since=now).last_complete_run
    since = min(now, last or now, since or now)
    farthest = max(tools.quiet.reach(now, reminder.hours_before) for reminder in settings.reminders)
    # To the end of the day at least: a short lead does not reach so far, but what is missed today counts.
    tomorrow = tools.quiet.day_start(tools.quiet.local_date(now) + timedelta(days=1))
    until = max(farthest + _gap(settings), tomorrow)
    read_at = time.monotonic()
    window = tools.schedule.read(since, until)
    known = ask_journal(tools, [row.appointment_id for row in window.appointments], now, since)
    plan = _plan(tools, window.appointments, known, now)
    return Planned(window, known, plan, read_at, since, until)


def plan_confirmations(tools: Tools, now: datetime) -> Planned:
    """Reads the bookings that are to be confirmed at the open moment `now`, and plans them.

    Whenever they are; a run that confirms reads all appointments that lie ahead.
    """
    nothing = Planned(Window(()), Known(), Plan((), ()), time.monotonic(), now, now)
    if not tools.settings.confirmation.enabled:
        return nothing
    since = ask_journal(tools, (), now, since=now).reminder_since.get(CONFIRMATION)
    if since is None:
        return nothing  # the first run with confirmations: what was booked before it is old
    until, read_at = now + FARTHEST, time.monotonic()
    rows = rules.booked_since(tools.schedule.read(now, until).appointments, since)
    known = ask_journal(tools, [row.appointment_id for row in rows], now, since=now)
    plan = _plan_confirmations(tools, rows, known, now)
    return Planned(Window(tuple(rows)), known, plan, read_at, now, until)


def _plan_confirmations(tools: Tools, rows: Sequence[Appointment], known: Known, now: datetime) -> Plan:
    return rules.plan_confirmations(rows, tools.settings, known, now, text_lengths(tools), tools.quiet)


def judge(tools: Tools, planned: Planned, now: datetime) -> tuple[rules.Judgement, ...]:
    """Every rule's verdict about every appointment of the window, for those who ask beside the run."""
    return rules.judge(
        planned.window.appointments, tools.settings, planned.known, now, text_lengths(tools), tools.quiet
    )


def _gap(settings: Settings) -> timedelta:
    return timedelta(hours=settings.rules.hours_between_messages)


def ask_journal(tools: Tools, appointment_ids: Sequence[str], now: datetime, since: datetime) -> Known:
    """What the journal knows about these appointments at `now`, of a window that begins at `since`."""
    if tools.journal is None:
        return Known()
    longest = max(reminder.hours_before for reminder in tools.settings.reminders)
    return tools.journal.known(
        appointment_ids,
        now=now,
        gap=_gap(tools.settings),
        runs_since=tools.quiet.window_opens(since, longest),
    )


def _plan(tools: Tools, appointments: Sequence[Appointment], known: Known, now: datetime) -> Plan:
    return rules.plan(appointments, tools.settings, known, now, text_lengths(tools), tools.quiet)


def text_lengths(tools: Tools) -> rules.Parts:
    """How the rules learn the length of a text without knowing templates."""
    template = _templates(tools.settings)

    def parts(reminder: str, channel: Channel, appointments: Sequence[Appointment], /) -> int:
        if channel is Channel.SMS:
            return tools.texts.sms(template[reminder], appointments).parts
        tools.texts.email(template[reminder], appointments)
        return 1

    return parts


def _templates(settings: Settings) -> Mapping[str, str]:
    reminders = {reminder.name: reminder.template for reminder in settings.reminders}
    return reminders | {CONFIRMATION: settings.confirmation.template}


@dataclass(frozen=True, slots=True)
class Work:
    """A plan to be sent, and how it is kept up to date meanwhile."""

    plan: Plan
    appointments: Sequence[Appointment]  # the rows that it was made from
    read_at: float  # by the monotonic clock
    reread: Callable[[], Sequence[Appointment]]
    plan_customer: Callable[[Sequence[Appointment]], Plan]
    same_day: bool  # whether a message may leave on the appointment's own day


def _send(
    tools: Tools,
    outlets: Outlets,
    planned: Planned,
    result: RunResult,
    progress: Callable[[int, int], None] | None,
) -> RunResult:
    now = result.at

    def plan_customer(rows: Sequence[Appointment]) -> Plan:
        known = ask_journal(tools, [row.appointment_id for row in rows], now, planned.since)
        return _plan(tools, rows, known, now)

    work = Work(
        planned.plan,
        planned.window.appointments,
        planned.read_at,
        reread=lambda: tools.schedule.read(planned.since, planned.until).appointments,
        plan_customer=plan_customer,
        same_day=tools.settings.rules.same_day,
    )
    return send(tools, outlets, work, result, progress)


def _confirm(
    tools: Tools,
    outlets: Outlets,
    planned: Planned,
    result: RunResult,
    progress: Callable[[int, int], None] | None,
) -> RunResult:
    """Sends the confirmations once the reminders are through: those cannot wait as long."""
    now, plan = result.at, planned.plan
    if not plan.messages or result.stop is not None or Channel.EMAIL in result.closed:
        left = tuple(unsent(tools, message, now, MessageOutcome.DEFERRED) for message in plan.messages)
        return replace(result, messages=result.messages + left, skips=result.skips + plan.skips)

    def plan_customer(rows: Sequence[Appointment]) -> Plan:
        known = ask_journal(tools, [row.appointment_id for row in rows], now, since=now)
        return _plan_confirmations(tools, rows, known, now)

    work = Work(
        plan,
        planned.window.appointments,
        planned.read_at,
        reread=lambda: tools.schedule.read(planned.since, planned.until).appointments,
        plan_customer=plan_customer,
        same_day=True,
    )
    sent = send(tools, outlets, work, result, progress)
    return replace(
        sent,
        messages=result.messages + sent.messages,
        skips=result.skips + sent.skips,
        closed={**result.closed, **sent.closed},
    )


def send(
    tools: Tools,
    outlets: Outlets,
    work: Work,
    result: RunResult,
    progress: Callable[[int, int], None] | None = None,
) -> RunResult:
    """Claims, sends and settles the messages of a plan; `result` with what became of them.

    Whatever the plan says, nothing leaves in a quiet period or after an appointment's start.
    """
    settings, now, journal = tools.settings, result.at, tools.journal
    assert journal is not None
    channels: dict[Channel, delivery.Limits] = {}
    if settings.sms is not None:
        channels[Channel.SMS] = delivery.Limits(settings.sms.concurrency, settings.sms.max_per_second)
    if settings.email is not None:
        channels[Channel.EMAIL] = delivery.Limits(settings.email.concurrency, settings.email.max_per_second)

    def gate(start: datetime) -> dispatch.Held | None:
        moment = tools.clock()
        if tools.quiet.period_at(moment) is not None:
            return dispatch.Held.QUIET
        today = tools.quiet.local_date(moment) == tools.quiet.local_date(start)
        if start <= moment or (today and not work.same_day):
            return dispatch.Held.TOO_LATE
        return None

    stages = dispatch.Stages(
        journal=journal,
        senders=outlets.senders,
        content=lambda message, route: content_of(tools, message, route, now),
        gate=gate,
        reread=work.reread,
        plan_customer=work.plan_customer,
        preflight=outlets.preflight,
        stopping=outlets.stopping,
    )
    limits = dispatch.Limits(
        now=now,
        gap=_gap(settings),
        on_unknown=settings.rules.on_unknown,
        # Half of it, because the longest delivery takes at most half of it (`config check` sees to that).
        lease_seconds=settings.journal.claim_timeout_minutes * 60 / 2,
    )
    workers: dispatch.Crew = delivery.Workers(channels)
    try:
        sent = dispatch.Dispatch(stages, limits, workers, progress).run(
            work.plan, work.appointments, work.read_at
        )
    finally:
        workers.close()
    return replace(
        result,
        # In the order of the plan, as a dry run shows them; they ended in another one.
        messages=tuple(sorted(sent.results, key=lambda each: _place(each.message))),
        skips=sent.skips,
        closed=sent.closed,
        stop=sent.stop,
        stop_detail=sent.stop_detail,
        credits=_credits(settings, sent.credits),
    )


def _credits(settings: Settings, found: Credits | None) -> Credits | None:
    if found is None or settings.sms is None:
        return found
    return replace(found, low=found.balance < Decimal(str(settings.sms.credits_warn_below)))


def _place(message: PlannedMessage) -> tuple[datetime, str, str, str]:
    soonest = message.soonest
    return (soonest.starts_at, message.customer_id, soonest.appointment_id, message.reminder)


def content_of(tools: Tools, message: PlannedMessage, route: Route, now: datetime) -> Content:
    """The text of a message for one of its channels.

    Raises:
        MessageError: its template cannot be filled in.
    """
    template = _templates(tools.settings)[message.reminder]
    return tools.texts.content(template, message.appointments, route, now)


def unsent(
    tools: Tools, message: PlannedMessage, now: datetime, outcome: MessageOutcome | None
) -> MessageResult:
    """A message that was not tried, with the text that it would have had."""
    return MessageResult(message, content_of(tools, message, message.routes[0], now), outcome=outcome)


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
