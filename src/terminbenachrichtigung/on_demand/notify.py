"""Chosen appointments, notified now: shown first, then claimed, sent and settled like those of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from terminbenachrichtigung.clock import instant
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.model.appointment import Appointment, Window
from terminbenachrichtigung.model.journal import Known
from terminbenachrichtigung.model.plan import Plan, Reason, Skip
from terminbenachrichtigung.model.result import Mode, RunResult
from terminbenachrichtigung.rules.by_hand import plan_by_hand
from terminbenachrichtigung.run import news
from terminbenachrichtigung.run.context import RunContext, ask_journal, situation, unsent
from terminbenachrichtigung.run.deliveries import Progress, deliver
from terminbenachrichtigung.run.planning import Planned


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose to send."""

    appointment_ids: tuple[str, ...]
    reminder: str
    again: bool = False  # also what was told before


def choose(
    settings: Settings, appointment_ids: Sequence[str], reminder: str | None, *, again: bool
) -> Choice:
    """What to send: with the reminder that is named, or the only one.

    Raises:
        ConfigError: there is no such reminder, or none is named and there are several.
    """
    names = [each.name for each in settings.reminders]
    if reminder is None and len(names) > 1:
        raise ConfigError(f"there are several reminders, so name one with --reminder: {', '.join(names)}")
    if reminder is not None and reminder not in names:
        raise ConfigError(f'there is no reminder "{reminder}"; there are: {", ".join(names)}')
    ids = dict.fromkeys(each.strip() for each in appointment_ids)
    return Choice(tuple(ids), reminder or names[0], again)


def preview(context: RunContext, choice: Choice) -> RunResult:
    """What `notify` would send now, and why it would leave others alone. Nothing is sent or written.

    Raises:
        ConfigError: the schedule does not know one of the appointments.
    """
    now = context.clock.now()
    if (period := context.quiet.period_at(now)) is not None:
        return RunResult(Mode.NOTIFY, now, quiet=True, next_open=period.end)
    window = context.schedule.find(*choice.appointment_ids)
    bad_ids = {row.appointment_id for row in window.bad_rows}
    known_ids = bad_ids | {row.appointment_id for row in window.appointments}
    if missing := [each for each in choice.appointment_ids if each not in known_ids]:
        raise ConfigError(f"not in the schedule: {', '.join(missing)}. Nothing was sent")
    plan = _plan(context, choice, window.appointments, now)
    return RunResult(
        Mode.NOTIFY,
        now,
        quiet=False,
        messages=tuple(unsent(context, message, now, None) for message in plan.messages),
        skips=plan.skips,
        bad_rows=window.bad_rows,
        warnings=window.warnings,
    )


def notify(
    context: RunContext,
    choice: Choice,
    shown: RunResult,
    *,
    progress: Progress | None = None,
    write_report: Callable[[RunResult], None] = lambda _: None,
) -> RunResult:
    """Sends what `preview` has shown, as far as it still holds; what changed meanwhile is left alone.

    Nothing leaves after a start or in a quiet period. What needs a person counts as told when
    `write_report` has returned.
    """
    now = context.clock.now()
    if (period := context.quiet.period_at(now)) is not None:
        write_report(quiet := RunResult(Mode.NOTIFY, now, quiet=True, next_open=period.end))
        return quiet
    agreed = {row.appointment_id: row for each in shown.messages for row in each.message.appointments}
    # Without looking for claims that ran out: the next run does, and reports them.
    context.writable.begin(now, Mode.NOTIFY, expire=False)
    read_at = instant(context.clock)
    rows = context.schedule.find(*agreed).appointments
    plan = _only_agreed(context, choice, rows, agreed, now)
    gone = agreed.keys() - {row.appointment_id for row in rows}
    removed = (
        Skip(agreed[each], choice.reminder, Reason.CHANGED, "it is no longer in the schedule")
        for each in sorted(gone)
    )
    planned = Planned(
        Window(rows),
        Known(),
        replace(plan, skips=(*plan.skips, *removed)),
        read_at,
        same_day=True,
        reread=lambda: context.schedule.find(*agreed).appointments,
        plan_customer=lambda theirs: _only_agreed(context, choice, theirs, agreed, now),
    )
    result = deliver(context, planned, RunResult(Mode.NOTIFY, now, quiet=False), progress)
    result = replace(
        news.find(context, result),
        skips=(*shown.skips, *result.skips),
        bad_rows=shown.bad_rows,
        warnings=shown.warnings,
    )
    return news.write(context, result, write_report)


def _plan(context: RunContext, choice: Choice, rows: Sequence[Appointment], now: datetime) -> Plan:
    known = ask_journal(context, rows, now, since=now)
    return plan_by_hand(rows, situation(context, known, now), reminder=choice.reminder, again=choice.again)


def _only_agreed(
    context: RunContext,
    choice: Choice,
    rows: Sequence[Appointment],
    agreed: Mapping[str, Appointment],
    now: datetime,
) -> Plan:
    """The plan for the rows that are as they were shown; a person must see the others first."""
    plan = _plan(context, choice, [row for row in rows if agreed.get(row.appointment_id) == row], now)
    changed = (
        Skip(row, choice.reminder, Reason.CHANGED, "it changed since it was shown; look at it again")
        for row in rows
        if agreed.get(row.appointment_id) != row
    )
    return replace(plan, skips=(*plan.skips, *changed))
