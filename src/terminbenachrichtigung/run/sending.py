"""A plan on its way out: claim, send, settle."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.delivery.workers import Limits as ChannelLimits
from terminbenachrichtigung.delivery.workers import Workers
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, Plan
from terminbenachrichtigung.model.result import Credits, RunResult
from terminbenachrichtigung.run.context import Outlets, Tools, content_of, gap_of, unsent
from terminbenachrichtigung.run.deliveries import Crew, Dispatch
from terminbenachrichtigung.run.planning import Planned
from terminbenachrichtigung.run.stages import Held, Limits, Stages


@dataclass(frozen=True, slots=True)
class Work:
    """A plan to be sent, and how it is kept up to date meanwhile."""

    plan: Plan
    appointments: Sequence[Appointment]  # the rows that it was made from
    read_at: float  # by the monotonic clock
    reread: Callable[[], Sequence[Appointment]]
    plan_customer: Callable[[Sequence[Appointment]], Plan]
    same_day: bool  # whether a message may leave on the appointment's own day


def work_of(planned: Planned, *, same_day: bool) -> Work:
    """What was planned as work to do; `same_day` as in `Work`."""
    return Work(
        planned.plan,
        planned.window.appointments,
        planned.read_at,
        reread=planned.reread,
        plan_customer=planned.plan_customer,
        same_day=same_day,
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
    channels: dict[Channel, ChannelLimits] = {}
    if settings.sms is not None:
        channels[Channel.SMS] = ChannelLimits(settings.sms.concurrency, settings.sms.max_per_second)
    if settings.email is not None:
        channels[Channel.EMAIL] = ChannelLimits(settings.email.concurrency, settings.email.max_per_second)

    def gate(start: datetime) -> Held | None:
        moment = tools.clock()
        if tools.quiet.period_at(moment) is not None:
            return Held.QUIET
        today = tools.quiet.local_date(moment) == tools.quiet.local_date(start)
        if start <= moment or (today and not work.same_day):
            return Held.TOO_LATE
        return None

    stages = Stages(
        journal=journal,
        senders=outlets.senders,
        content=lambda message, route: content_of(tools, message, route, now),
        gate=gate,
        reread=work.reread,
        plan_customer=work.plan_customer,
        preflight=outlets.preflight,
        stopping=outlets.stopping,
    )
    limits = Limits(
        now=now,
        gap=gap_of(settings),
        on_unknown=settings.rules.on_unknown,
        # Half of it, because the longest delivery takes at most half of it (`config check` sees to that).
        lease_seconds=settings.journal.claim_timeout_minutes * 60 / 2,
    )
    workers: Crew = Workers(channels)
    try:
        sent = Dispatch(stages, limits, workers, progress).run(work.plan, work.appointments, work.read_at)
    finally:
        workers.close()
    return replace(
        result,
        # In the order of the plan, as a dry run shows them; they ended in another one.
        messages=tuple(sorted(sent.results, key=lambda each: each.message.order)),
        skips=sent.skips,
        closed=sent.closed,
        stop=sent.stop,
        stop_detail=sent.stop_detail,
        credits=_credits(settings, sent.credits),
    )


def confirm(
    tools: Tools,
    outlets: Outlets,
    planned: Planned,
    result: RunResult,
    progress: Callable[[int, int], None] | None = None,
) -> RunResult:
    """Sends the confirmations behind a run's reminders, which cannot wait as long; `result` with both.

    A run that was stopped, and one that has lost its mail server, leaves them to the next one.
    """
    plan = planned.plan
    if not plan.messages or result.stop is not None or Channel.EMAIL in result.closed:
        left = tuple(unsent(tools, each, result.at, MessageOutcome.DEFERRED) for each in plan.messages)
        return replace(result, messages=result.messages + left, skips=result.skips + plan.skips)
    sent = send(tools, outlets, work_of(planned, same_day=True), result, progress)
    return replace(
        sent,
        messages=result.messages + sent.messages,
        skips=result.skips + sent.skips,
        closed={**result.closed, **sent.closed},
        credits=result.credits,
    )


def _credits(settings: Settings, found: Credits | None) -> Credits | None:
    if found is None or settings.sms is None:
        return found
    return replace(found, low=found.balance < Decimal(str(settings.sms.credits_warn_below)))
