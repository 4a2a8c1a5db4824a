"""Looking at schedule and journal, and planning what they say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from terminbenachrichtigung import rules
from terminbenachrichtigung.clock import Instant, instant
from terminbenachrichtigung.model.appointment import Appointment, Window
from terminbenachrichtigung.model.journal import CONFIRMATION, Known
from terminbenachrichtigung.model.plan import Plan
from terminbenachrichtigung.run.context import RunContext, ask_journal, gap_of, text_lengths

FARTHEST = timedelta(days=3 * 366)
"""So far ahead bookings are confirmed; nobody means a start that lies beyond."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What one look at schedule and journal came to."""

    window: Window
    known: Known
    plan: Plan
    read_at: Instant
    same_day: bool  # whether a message may leave on the appointment's own day
    reread: Callable[[], Sequence[Appointment]]
    """Reads the window anew, in a fresh transaction."""
    plan_customer: Callable[[Sequence[Appointment]], Plan]
    """Plans anew by the newest rows of one customer, and by what the journal knows then."""


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
    settings = context.settings
    last = ask_journal(context, (), now, since=now).last_complete_run
    first = min(now, last or now, since or now)
    farthest = max(context.quiet.reach(now, reminder.lead) for reminder in settings.reminders)
    # To the end of the day at least: a short lead does not reach so far, but what is missed today counts.
    tomorrow = context.quiet.day_start(context.quiet.local_date(now) + timedelta(days=1))
    until = max(farthest + gap_of(settings), tomorrow)
    read_at = instant(context.clock)
    window = context.schedule.read(first, until)
    return Look(window, ask_journal(context, window.appointments, now, first), first, until, read_at)


def plan_window(context: RunContext, now: datetime) -> Planned:
    """Reads what a run at the open moment `now` needs, and plans it."""
    settings = context.settings
    parts = text_lengths(context)
    found = look(context, now)

    def plan(rows: Sequence[Appointment], known: Known) -> Plan:
        return rules.plan(rows, settings, known, now, parts, context.quiet)

    return Planned(
        found.window,
        found.known,
        plan(found.window.appointments, found.known),
        found.read_at,
        same_day=settings.rules.same_day,
        reread=lambda: context.schedule.read(found.first, found.until).appointments,
        plan_customer=lambda rows: plan(rows, ask_journal(context, rows, now, found.first)),
    )


def plan_confirmations(context: RunContext, now: datetime, known: Known) -> Planned | None:
    """Reads the bookings that are to be confirmed at the open moment `now`, and plans them.

    Whenever they are: a run that confirms reads all appointments that lie ahead. None where bookings are not
    confirmed, or were not until now: what was booked before the first run with confirmations is old.
    `known` is what the run knows already, of whatever appointments: it says since when they are.
    """
    settings, since = context.settings, known.reminder_since.get(CONFIRMATION)
    if not settings.confirmation.enabled or since is None:
        return None
    parts = text_lengths(context)

    def read() -> Sequence[Appointment]:
        return rules.booked_since(context.schedule.read(now, now + FARTHEST).appointments, since)

    def plan(rows: Sequence[Appointment]) -> tuple[Known, Plan]:
        asked = ask_journal(context, rows, now, since=now)
        return asked, rules.plan_confirmations(rows, settings, asked, now, parts, context.quiet)

    read_at = instant(context.clock)
    rows = read()
    asked, planned = plan(rows)
    return Planned(
        Window(tuple(rows)),
        asked,
        planned,
        read_at,
        same_day=True,
        reread=read,
        plan_customer=lambda each: plan(each)[1],
    )


def judge(context: RunContext, found: Look, now: datetime) -> tuple[rules.Judgement, ...]:
    """Every rule's verdict about every appointment of the window, for those who ask beside the run."""
    return rules.judge(
        found.window.appointments,
        context.settings,
        found.known,
        now,
        text_lengths(context),
        context.quiet,
    )
