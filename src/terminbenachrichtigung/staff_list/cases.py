"""Whom a person must call or write now; and how they are ticked off."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.model.appointment import Appointment, BadRow, to_the_minute
from terminbenachrichtigung.model.journal import Known
from terminbenachrichtigung.model.plan import Reason
from terminbenachrichtigung.rules.contact import still_names
from terminbenachrichtigung.rules.context import has_excluded_status
from terminbenachrichtigung.rules.corrections import plan_corrections
from terminbenachrichtigung.rules.forecast import told_in_time
from terminbenachrichtigung.rules.planning import Judgement, judge
from terminbenachrichtigung.rules.verdicts import LASTING, NEVER_NOTIFIED, RULE, WHATEVER_THE_HOUR
from terminbenachrichtigung.run.context import RunContext, ask_journal, gap_of, reaches, situation
from terminbenachrichtigung.run.planning import Look, as_the_next_runs, look
from terminbenachrichtigung.staff_list.answers import LISTED_FOR, answer_cases, stray_cases
from terminbenachrichtigung.staff_list.changes import (
    Seen,
    cancelled_cases,
    refused_cases,
    standing_cases,
)
from terminbenachrichtigung.staff_list.entries import (
    NO_START,
    StaffCase,
    StaffEntry,
    journal_cases,
    staff_list,
    tick,
)
from terminbenachrichtigung.staff_list.reasons import StaffReason
from terminbenachrichtigung.staff_list.ticked import Ticked

_MOST_BAD_ROWS = 50
"""Entries for rows that no run can read; a run's report has them all."""
_LONGEST_NAME = 80
_MINUTE = timedelta(minutes=1)


def staff(context: RunContext) -> tuple[StaffEntry, ...]:
    """Whom a person must call or write now (contract, section 2, *The staff list*)."""
    found = _look(context)
    return staff_list(found.cases, found.known, found.moment, found.ticked.settles, found.contacts)


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
    entries = staff_list(found.cases, found.known, found.moment, contacts=found.contacts)
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
            tick(case, found.known.name_key)
            for case in (*found.cases, *found.along)
            if (entry := chosen.get(case.appointment.customer_id or ""))
            and case.appointment.appointment_id in entry.appointment_ids
        },
        found.moment,
    )
    return tuple(chosen.values())


@dataclass(frozen=True, slots=True)
class _Found:
    """Everything that one reading of schedule and journal found, settled or not."""

    cases: tuple[StaffCase, ...]
    known: Known
    moment: datetime
    contacts: Mapping[str, datetime]
    ticked: Ticked
    along: tuple[StaffCase, ...]
    """What the customers of listed appointments were told before: whoever calls them says what holds now."""


def _look(context: RunContext) -> _Found:
    moment = context.clock.now()
    now = context.quiet.next_open(moment)
    found = look(context, now, since=moment)
    seen = _with_rows_behind(context, found, _seen(context, found, moment, now), moment)
    cases = [*_from_rules(context, found, moment, now), *_from_beyond(context, found, seen, now)]
    cases += cancelled_cases(seen)
    cases += refused_cases(seen)
    contacts = _contacts(seen.rows.values(), moment)
    open_cases = staff_list(cases, seen.known, moment, seen.ticked.settles, contacts)
    listed = {appointment_id for entry in open_cases for appointment_id in entry.appointment_ids}
    # An appointment that is listed for another reason shows there what its customer was told before.
    cases_of_change = tuple(standing_cases(seen))
    standing = [case for case in cases_of_change if case.appointment.appointment_id not in listed]
    along = [case for case in cases_of_change if case.appointment.appointment_id in listed]
    told = _will_be_told(context, found, seen, standing, now)
    cases += (case for case in standing if case.appointment.appointment_id not in told)
    cases += answer_cases(seen)
    if context.journal is not None:
        cases += stray_cases(context.journal.stray_replies(moment - LISTED_FOR))
    cases += _refused(context, seen.rows, moment)
    cases += _bad_rows(seen.bad_rows, moment)
    return _Found(tuple(cases), seen.known, moment, contacts, seen.ticked, tuple(along))


def _refused(context: RunContext, rows: Mapping[str, Appointment], moment: datetime) -> Iterator[StaffCase]:
    """Lines that an import could not read: no run may ever tell the customers whom they name."""
    for line in context.imports(moment).refusals:
        row = rows.get(line.appointment_id)
        if row is None or row.customer_id is None:
            row = Appointment(
                line.appointment_id or f"line {line.line}",
                line.starts_at or NO_START,
                ", ".join(filter(None, (f"line {line.line}", line.name))),
                type_notifiable=True,
                is_group=False,
                last_name=line.name,
            )
        detail = f"line {line.line}: {line.reason}"
        yield StaffCase(row, "", StaffReason.IMPORT, detail, line.first_at, line.first_at.isoformat())


def _bad_rows(rows: Sequence[BadRow], moment: datetime) -> Iterator[StaffCase]:
    """Bad rows of what lies ahead, which no run tells anybody. A person must find out who is meant."""
    for bad in rows[:_MOST_BAD_ROWS]:
        name = bad.appointment_id or f"row: {bad.detail}"[:_LONGEST_NAME]
        row = Appointment(name, bad.starts_at or NO_START, name, type_notifiable=True, is_group=False)
        yield StaffCase(row, "", StaffReason.BAD_ROW, bad.detail, moment, bad.detail)


def _contacts(rows: Iterable[Appointment], moment: datetime) -> Mapping[str, datetime]:
    """By customer: when they were last contacted by hand, by any of their rows."""
    contacts: dict[str, datetime] = {}
    for row in rows:
        contacted, customer = row.last_contacted_at, row.customer_id
        if contacted is not None and customer is not None and contacted <= moment:
            contacts[customer] = max(contacted, contacts.get(customer, contacted))
    return contacts


# ---------------------------------------------------------------- told of what does not hold any more


def _seen(context: RunContext, found: Look, moment: datetime, now: datetime) -> Seen:
    """The rows of the window, and those that somebody was told of and that are elsewhere by now."""
    rows = {row.appointment_id: row for row in found.window.appointments}
    known, bad_rows, ticked = found.known, found.window.bad_rows, Ticked()
    if context.journal is not None:
        ticked = Ticked(context.journal.staff_done(moment), known.name_key)
        # Told of the days ahead, but not in the window: they moved beyond it, or are gone from the schedule.
        # One statement asks for all of them, because with some views it reads every row.
        elsewhere = sorted(context.journal.notified_ahead(moment) - rows.keys())
        others = context.schedule.find(*elsewhere)
        rows |= {row.appointment_id: row for row in others.appointments}
        more = ask_journal(context, others.appointments, now, since=moment, others=elsewhere)
        bad_rows = (*bad_rows, *others.bad_rows)
        known = replace(
            known,
            notifications={**known.notifications, **more.notifications},
            confirmations={**known.confirmations, **more.confirmations},
            replies=max(known.replies, more.replies, key=len),  # a window without rows asks for none
        )
    # A row that cannot be read may say anything: it is no cancellation.
    unclear = {bad.appointment_id for bad in bad_rows}
    clear = {name: told for name, told in known.notifications.items() if name not in unclear}
    settings = context.settings
    return Seen(
        replace(known, notifications=clear),
        rows,
        cancelled=lambda row: has_excluded_status(row, settings),
        names=lambda row, route: still_names(row, route, settings),
        now=moment,
        ticked=ticked,
        bad_rows=bad_rows,
    )


def _with_rows_behind(context: RunContext, found: Look, seen: Seen, moment: datetime) -> Seen:
    """With what stands behind the window at starts that seem to be off: rows may have been made anew there.

    Such starts were told by hand, by a correction, or by a longer lead.
    """
    off = {case.appointment.starts_at for case in cancelled_cases(seen)}
    behind = {start for start in off if start + _MINUTE > found.until}
    if not behind:
        return seen
    read = context.schedule.read(min(behind), max(behind) + _MINUTE).appointments
    anew = [row for row in read if to_the_minute(row.starts_at) in behind]
    more = ask_journal(context, anew, moment, since=moment)
    known = replace(seen.known, notifications={**more.notifications, **seen.known.notifications})
    return replace(seen, known=known, rows={**{row.appointment_id: row for row in anew}, **seen.rows})


def _will_be_told(
    context: RunContext, found: Look, seen: Seen, standing: Iterable[StaffCase], now: datetime
) -> frozenset[str]:
    """Of those that moved or stand again: which a run tells before the start that the customer was told."""
    until = {
        (row := case.appointment).appointment_id: min(case.told or row.starts_at, row.starts_at)
        for case in standing
        if case.reason is not StaffReason.NUMBER_CHANGED
    }
    if not until:
        return frozenset()
    rows = dict(seen.rows)
    last = max(until.values())
    # What the last of these runs could take along; mostly the window has it all.
    far = max(reaches(context, max(last, now)).values()) + gap_of(context.settings)
    known = seen.known
    if far > found.until:
        beyond = context.schedule.read(found.until, far).appointments
        more = ask_journal(context, beyond, now, since=now)
        rows |= {row.appointment_id: row for row in beyond}
        known = replace(known, notifications={**known.notifications, **more.notifications})
    customers = {rows[each].customer_id for each in until}
    theirs = [row for row in rows.values() if row.customer_id in customers]
    ids = {row.appointment_id for row in theirs}
    starts = {to_the_minute(row.starts_at) for row in theirs}
    # Of such a start they may have been told for an appointment that is gone by now, or another customer's.
    notifications = {
        each: about
        for each, about in known.notifications.items()
        if each in ids or any(told.starts_at in starts for told in about)
    }
    known = replace(known, notifications=notifications)
    return told_in_time(
        sorted(theirs, key=lambda row: (row.starts_at, row.appointment_id)),
        situation(_as_the_next_runs(context, seen, now), known, seen.now),
        until=until,
    )


def _as_the_next_runs(context: RunContext, seen: Seen, now: datetime) -> RunContext:
    if not context.settings.corrections.enabled:
        return context
    planned = plan_corrections(tuple(seen.rows.values()), situation(context, seen.known, now))
    return as_the_next_runs(context, planned)


# ---------------------------------------------------------------- left to staff by the rules


def _from_rules(context: RunContext, found: Look, moment: datetime, now: datetime) -> list[StaffCase]:
    tomorrow = context.quiet.day_start(context.quiet.local_date(now) + timedelta(days=1))
    reach = reaches(context, now)
    ours = [
        each
        for each in judge(found.window.appointments, situation(context, found.known, now))
        if moment < each.appointment.starts_at and each.first(NEVER_NOTIFIED) is None
    ]
    # Also those whom a reminder reaches whose window opens later.
    reached = {each.appointment.appointment_id for each in ours if each.first(LASTING) is None}
    # Also appointments that a message took along before their own window opened.
    cases = list(
        journal_cases(
            {each.appointment.appointment_id: each.appointment for each in ours}.values(), found.known
        )
    )
    ours = [
        each
        for each in ours
        if each.appointment.starts_at < tomorrow or each.appointment.starts_at <= reach[each.reminder]
    ]
    return [*cases, *_unreached(context, ours, reached)]


def _from_beyond(context: RunContext, found: Look, seen: Seen, now: datetime) -> tuple[StaffCase, ...]:
    """What failed of appointments that no window has yet: they were planned by a clock that was ahead."""
    window = {row.appointment_id for row in found.window.appointments}
    beyond = tuple(row for name, row in seen.rows.items() if name not in window)
    ours = {
        each.appointment.appointment_id: each.appointment
        for each in judge(beyond, situation(context, seen.known, now))
        if each.first(NEVER_NOTIFIED) is None
    }
    return journal_cases(ours.values(), seen.known)


def _unreached(context: RunContext, ours: Iterable[Judgement], reached: set[str]) -> Iterator[StaffCase]:
    for each in ours:
        missed = each.first()
        verdict = each.first(WHATEVER_THE_HOUR)
        if missed is not None and missed.reason is Reason.MISSED:
            verdict = missed
        if verdict is None or not RULE[verdict.reason].staff:
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


def _contact_counts_since(context: RunContext, each: Judgement, reason: Reason) -> datetime:
    start = each.appointment.starts_at
    if reason is Reason.MISSED:
        return context.quiet.last_chance(start) - gap_of(context.settings)
    (lead,) = {reminder.lead for reminder in context.settings.reminders if reminder.name == each.reminder}
    return context.quiet.window_opens(start, lead)
