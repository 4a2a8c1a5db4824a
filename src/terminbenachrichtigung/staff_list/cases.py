"""Whom a person must call or write now, and what was ticked off."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from terminbenachrichtigung import rules
from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import Known, StaffTick
from terminbenachrichtigung.model.plan import Reason
from terminbenachrichtigung.on_demand.forecast import outlook
from terminbenachrichtigung.run.context import RunContext, ask_journal, gap_of, reaches
from terminbenachrichtigung.run.planning import Planned, judge, plan_window
from terminbenachrichtigung.staff_list.changes import cancelled_cases, moved_cases
from terminbenachrichtigung.staff_list.entries import (
    StaffCase,
    StaffEntry,
    StaffReason,
    journal_cases,
    staff_list,
    tick,
)


def staff(context: RunContext) -> tuple[StaffEntry, ...]:
    """Whom a person must call or write now (contract, section 2, *The staff list*)."""
    found = _look(context)
    done = frozenset[StaffTick]() if context.journal is None else context.journal.staff_done(found.moment)
    return staff_list(found.cases, found.known, found.moment, done)


def tick_off(
    context: RunContext, appointment_ids: Sequence[str], customer_id: str | None = None
) -> tuple[StaffEntry, ...]:
    """Tick off the customers who are on the list with these appointments, with all that they are there for.

    Returns what was ticked off. Once more changes nothing.

    Args:
        context: with a journal that can be written.
        appointment_ids: as the list shows them.
        customer_id: of whom, where an appointment was one customer's and is now another's.

    Raises:
        ConfigError: nobody is on the list with one of them, or two customers are.
    """
    assert context.journal is not None
    found = _look(context)
    entries = staff_list(found.cases, found.known, found.moment)
    chosen: dict[str, StaffEntry] = {}
    for appointment_id in appointment_ids:
        meant = [
            entry
            for entry in entries
            if appointment_id.strip() in entry.appointment_ids and customer_id in (None, entry.customer_id)
        ]
        if not meant:
            raise ConfigError(
                f"nobody is on the staff list with the appointment {appointment_id}; "
                "`staff-list` shows the appointments of those who are"
            )
        if len(meant) > 1:
            names = " and ".join(entry.customer_id for entry in meant)
            raise ConfigError(
                f"the customers {names} are on the staff list with the appointment {appointment_id}; "
                "say which with --customer"
            )
        chosen[meant[0].customer_id] = meant[0]
    context.journal.tick_off(
        {
            tick(case)
            for case in found.cases
            if (entry := chosen.get(case.appointment.customer_id or ""))
            and case.appointment.appointment_id in entry.appointment_ids
        },
        found.moment,
    )
    return tuple(chosen.values())


@dataclass(frozen=True, slots=True)
class _Found:
    """Everything that one look at schedule and journal found, settled or not."""

    cases: tuple[StaffCase, ...]
    known: Known
    moment: datetime


def _look(context: RunContext) -> _Found:
    moment = context.clock.now()
    now = context.quiet.next_open(moment)
    planned = plan_window(context, now, since=moment)
    cases = _from_rules(context, planned, moment, now)
    listed = {case.appointment.appointment_id for case in cases}
    known, changed = _changed(context, planned, moment, now)
    for case in changed:
        if case.reason is StaffReason.CANCELLED or (
            # Where it is listed already, the list says what they were told before.
            case.appointment.appointment_id not in listed and not _will_be_told(context, case, moment, now)
        ):
            cases.append(case)
    return _Found(tuple(cases), known, moment)


# ---------------------------------------------------------------- told of a time that holds no more


def _changed(
    context: RunContext, planned: Planned, moment: datetime, now: datetime
) -> tuple[Known, Iterable[StaffCase]]:
    """The cancelled, and the moved, whom a run may still tell; with what the journal knows of all of them."""
    if context.journal is None:
        return planned.known, ()
    rows = {row.appointment_id: row for row in planned.window.appointments}
    customers: dict[str, Appointment] = {}
    for row in rows.values():
        if row.customer_id is not None:
            customers.setdefault(row.customer_id, row)
    # Told of the days ahead, and not there any more: moved beyond the window, or gone from the schedule. One
    # statement asks for all of them, because in a foreign view it may read every row.
    elsewhere = sorted(context.journal.notified_ahead(moment) - rows.keys())
    found = context.schedule.find(*elsewhere)
    rows |= {row.appointment_id: row for row in found.appointments}
    more = ask_journal(context, found.appointments, now, since=moment, others=elsewhere)
    known = replace(
        planned.known,
        notifications={**planned.known.notifications, **more.notifications},
        confirmations={**planned.known.confirmations, **more.confirmations},
    )
    # A row that cannot be read may say anything: it is no cancellation.
    unclear = {bad.appointment_id for bad in (*planned.window.bad_rows, *found.bad_rows)}
    clear = replace(
        known, notifications={name: told for name, told in known.notifications.items() if name not in unclear}
    )

    def cancelled(row: Appointment) -> bool:
        return rules.has_excluded_status(row, context.settings)

    return known, (
        *cancelled_cases(clear, rows, customers, cancelled, moment),
        *moved_cases(clear, rows, cancelled, moment),
    )


def _will_be_told(context: RunContext, case: StaffCase, moment: datetime, now: datetime) -> bool:
    ahead = outlook(context, case.appointment, moment, now).ahead
    return any(forecast.run is not None for forecast in ahead.values())


# ---------------------------------------------------------------- left to staff by the rules


def _from_rules(context: RunContext, planned: Planned, moment: datetime, now: datetime) -> list[StaffCase]:
    tomorrow = context.quiet.day_start(context.quiet.local_date(now) + timedelta(days=1))
    reach = reaches(context, now)
    ours = [
        each
        for each in judge(context, planned, now)
        if moment < each.appointment.starts_at and each.first(rules.NEVER_NOTIFIED) is None
    ]
    # Also by a reminder whose window opens later.
    reached = {each.appointment.appointment_id for each in ours if each.first(rules.LASTING) is None}
    # Also what a message took along, whose own window opens later.
    cases = list(
        journal_cases(
            {each.appointment.appointment_id: each.appointment for each in ours}.values(), planned.known
        )
    )
    ours = [
        each
        for each in ours
        if each.appointment.starts_at < tomorrow or each.appointment.starts_at <= reach[each.reminder]
    ]
    return [*cases, *_unreached(context, ours, reached)]


def _unreached(
    context: RunContext, ours: Iterable[rules.Judgement], reached: set[str]
) -> Iterator[StaffCase]:
    for each in ours:
        missed = each.first()
        verdict = each.first(rules.WHATEVER_THE_HOUR)
        if missed is not None and missed.reason is Reason.MISSED:
            verdict = missed
        if verdict is None or not rules.RULE[verdict.reason].staff:
            continue
        if verdict.reason is Reason.NO_CONTACT and each.appointment.appointment_id in reached:
            continue
        yield StaffCase(
            each.appointment,
            each.reminder,
            StaffReason(verdict.reason),
            verdict.detail,
            _contact_counts_since(context, each, verdict.reason),
        )


def _contact_counts_since(context: RunContext, each: rules.Judgement, reason: Reason) -> datetime:
    start = each.appointment.starts_at
    if reason is Reason.MISSED:
        return context.quiet.last_chance(start) - gap_of(context.settings)
    (lead,) = {reminder.lead for reminder in context.settings.reminders if reminder.name == each.reminder}
    return context.quiet.window_opens(start, lead)
