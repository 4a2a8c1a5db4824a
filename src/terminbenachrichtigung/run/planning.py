"""Reads the schedule and the journal, and plans a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from terminbenachrichtigung.clock import Instant, instant
from terminbenachrichtigung.model.appointment import Appointment, Window
from terminbenachrichtigung.model.journal import CONFIRMATION, Known
from terminbenachrichtigung.model.plan import Plan
from terminbenachrichtigung.rules.confirming import booked_since, plan_confirmations
from terminbenachrichtigung.rules.corrections import PlannedCorrections, plan_corrections
from terminbenachrichtigung.rules.planning import plan as plan_reminders
from terminbenachrichtigung.run.context import RunContext, ask_journal, gap_of, reaches, situation

FARTHEST = timedelta(days=3 * 366)
"""How far ahead bookings are confirmed. A start beyond that is a typing error."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what it was made from."""

    window: Window
    known: Known
    plan: Plan
    read_at: Instant
    same_day: bool  # whether a message may leave on the appointment's own day
    reread: Callable[[], Sequence[Appointment]]
    """Reads the window anew, in a fresh transaction."""
    plan_customer: Callable[[Sequence[Appointment]], Plan]
    """Plans anew by the newest rows of one customer, and by what the journal knows then."""
    corrections: PlannedCorrections = field(default_factory=PlannedCorrections)
    """What of the plan's messages are corrections, and what of changes is only noted."""


@dataclass(frozen=True, slots=True)
class Look:
    """What schedule and journal say of the days that a run looks at."""

    window: Window
    known: Known
    first: datetime
    until: datetime
    read_at: Instant


def look(context: RunContext, now: datetime, since: datetime | None = None) -> Look:
    """Reads what a run at the open moment `now` needs, from `since` on if that is earlier."""
    last = ask_journal(context, (), now, since=now).last_complete_run
    first = min(now, last or now, since or now)
    farthest = max(reaches(context, now).values())
    # At least to the end of the day: what is missed today counts, even where no lead reaches so far.
    tomorrow = context.quiet.day_start(context.quiet.local_date(now) + timedelta(days=1))
    until = max(farthest + gap_of(context.settings), tomorrow)
    read_at = instant(context.clock)
    window = context.schedule.read(first, until)
    return Look(window, ask_journal(context, window.appointments, now, first), first, until, read_at)


@dataclass(frozen=True, slots=True)
class Seen:
    """All rows by which a run judges, what the journal knows of them, and the corrections to send."""

    look: Look
    told: Mapping[str, datetime]
    window: Window  # that of the look, and the rows of whom was told
    known: Known
    corrections: PlannedCorrections


def see(context: RunContext, now: datetime, *, allow_corrections: bool = False) -> Seen:
    """Reads what a run at the open moment `now` needs, and plans its corrections, but no reminder."""
    found = look(context, now)
    told = _told_ahead(context, now)
    whole = _with_told(context, found.window, found.until, told)
    known = found.known
    if len(whole.appointments) > len(found.window.appointments):
        known = ask_journal(context, whole.appointments, now, found.first)
    corrections = PlannedCorrections()
    if told:
        corrections = plan_corrections(
            whole.appointments, situation(context, known, now), allowed=allow_corrections
        )
    return Seen(found, told, whole, known, corrections)


def plan_window(context: RunContext, now: datetime, *, allow_corrections: bool = False) -> Planned:
    """Reads what a run at the open moment `now` needs, and plans it: corrections first, then reminders.

    Args:
        context: what the run works with.
        now: the run's moment.
        allow_corrections: whether a person has said that so many may be corrected.
    """
    seen = see(context, now, allow_corrections=allow_corrections)
    found, told, known, corrections = seen.look, seen.told, seen.known, seen.corrections

    def plan(rows: Sequence[Appointment], known: Known, corrections: PlannedCorrections) -> Plan:
        reminders = plan_reminders(rows, replace(situation(context, known, now), corrected=corrections.moved))
        return replace(
            reminders,
            messages=corrections.messages + reminders.messages,
            skips=corrections.skips + reminders.skips,
        )

    def plan_customer(rows: Sequence[Appointment]) -> Plan:
        asked = ask_journal(context, rows, now, found.first)
        again = PlannedCorrections()
        if told and corrections.held is None:
            again = plan_corrections(rows, situation(context, asked, now), allowed=True)
        return plan(rows, asked, again)

    def reread() -> Sequence[Appointment]:
        window = context.schedule.read(found.first, found.until)
        return _with_told(context, window, found.until, told).appointments

    return Planned(
        seen.window,
        known,
        plan(found.window.appointments, known, corrections),
        found.read_at,
        same_day=context.settings.rules.same_day,
        reread=reread,
        plan_customer=plan_customer,
        corrections=corrections,
    )


def as_the_next_runs(context: RunContext, corrections: PlannedCorrections) -> RunContext:
    """What the next runs work with: without corrections, if there are so many that runs hold them all."""
    if corrections.held is None:
        return context
    settings = context.settings
    off = settings.corrections.model_copy(update={"enabled": False})
    return replace(context, settings=settings.model_copy(update={"corrections": off}))


def _told_ahead(context: RunContext, now: datetime) -> Mapping[str, datetime]:
    """By appointment that may need a correction: the latest start after `now` that somebody was told."""
    if not context.settings.corrections.enabled or context.journal is None:
        return {}
    return context.journal.told_ahead(now)


def _with_told(context: RunContext, window: Window, until: datetime, told: Mapping[str, datetime]) -> Window:
    """The window with the rows at all starts that were told, and of all that were told, wherever they are.

    Warnings are those of the window alone: a run speaks of the days that it plans.
    """
    behind = max((start + _MINUTE for start in told.values()), default=until)
    if behind > until:
        window = _joined(window, context.schedule.read(until, behind))
    # One question for all of them, because in a foreign view it may read every row.
    elsewhere = sorted(told.keys() - {row.appointment_id for row in window.appointments})
    return _joined(window, context.schedule.find(*elsewhere)) if elsewhere else window


def _joined(window: Window, other: Window) -> Window:
    there = {row.appointment_id for row in window.appointments}
    more = tuple(row for row in other.appointments if row.appointment_id not in there)
    return replace(window, appointments=(*window.appointments, *more))


def plan_bookings(context: RunContext, now: datetime, known: Known) -> Planned:
    """Reads the bookings that are to be confirmed at the open moment `now`, and plans them.

    A run that confirms bookings reads all appointments that lie ahead. The plan is empty where bookings are
    not confirmed, and in the first run that confirms them: what was booked before that run is old.

    `known` is what the journal has told the run already. It says since when bookings are confirmed.
    """
    since = known.reminder_since.get(CONFIRMATION) if context.settings.confirmation.enabled else None

    def read() -> Sequence[Appointment]:
        if since is None:
            return ()
        return booked_since(context.schedule.read(now, now + FARTHEST).appointments, since)

    def plan(rows: Sequence[Appointment]) -> Plan:
        if not rows:
            return Plan((), ())
        asked = ask_journal(context, rows, now, since=now)
        return plan_confirmations(rows, situation(context, asked, now))

    read_at = instant(context.clock)
    rows = read()
    return Planned(
        Window(tuple(rows)), known, plan(rows), read_at, same_day=True, reread=read, plan_customer=plan
    )
