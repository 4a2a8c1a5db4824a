"""Looking at schedule and journal, and planning what they say."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from terminbenachrichtigung import rules
from terminbenachrichtigung.model.appointment import Appointment, Window
from terminbenachrichtigung.model.journal import CONFIRMATION, Known
from terminbenachrichtigung.model.plan import Plan
from terminbenachrichtigung.run.context import Tools, ask_journal, gap_of, text_lengths

FARTHEST = timedelta(days=3 * 366)
"""So far ahead bookings are confirmed; nobody means a start that lies beyond."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What one look at schedule and journal came to."""

    window: Window
    known: Known
    plan: Plan
    read_at: float  # by the monotonic clock
    reread: Callable[[], Sequence[Appointment]]
    plan_customer: Callable[[Sequence[Appointment]], Plan]
    """Plans anew by the newest rows of one customer, and by what the journal knows then."""


def plan_window(tools: Tools, now: datetime, since: datetime | None = None) -> Planned:
    """Reads what a run at the open moment `now` needs, from `since` on if that is earlier, and plans it."""
    settings = tools.settings
    last = ask_journal(tools, (), now, since=now).last_complete_run
    first = min(now, last or now, since or now)
    farthest = max(tools.quiet.reach(now, reminder.lead) for reminder in settings.reminders)
    # To the end of the day at least: a short lead does not reach so far, but what is missed today counts.
    tomorrow = tools.quiet.day_start(tools.quiet.local_date(now) + timedelta(days=1))
    until = max(farthest + gap_of(settings), tomorrow)
    parts = text_lengths(tools)

    def plan(rows: Sequence[Appointment]) -> tuple[Known, Plan]:
        known = ask_journal(tools, [row.appointment_id for row in rows], now, first)
        return known, rules.plan(rows, settings, known, now, parts, tools.quiet)

    read_at = time.monotonic()
    window = tools.schedule.read(first, until)
    known, planned = plan(window.appointments)
    return Planned(
        window,
        known,
        planned,
        read_at,
        reread=lambda: tools.schedule.read(first, until).appointments,
        plan_customer=lambda rows: plan(rows)[1],
    )


def plan_confirmations(tools: Tools, now: datetime, known: Known) -> Planned | None:
    """Reads the bookings that are to be confirmed at the open moment `now`, and plans them.

    Whenever they are: a run that confirms reads all appointments that lie ahead. None where bookings are not
    confirmed, or were not until now: what was booked before the first run with confirmations is old.
    `known` is what the run knows already, of whatever appointments: it says since when they are.
    """
    settings, since = tools.settings, known.reminder_since.get(CONFIRMATION)
    if not settings.confirmation.enabled or since is None:
        return None
    parts = text_lengths(tools)

    def read() -> Sequence[Appointment]:
        return rules.booked_since(tools.schedule.read(now, now + FARTHEST).appointments, since)

    def plan(rows: Sequence[Appointment]) -> tuple[Known, Plan]:
        asked = ask_journal(tools, [row.appointment_id for row in rows], now, since=now)
        return asked, rules.plan_confirmations(rows, settings, asked, now, parts, tools.quiet)

    read_at = time.monotonic()
    rows = read()
    asked, planned = plan(rows)
    return Planned(
        Window(tuple(rows)), asked, planned, read_at, reread=read, plan_customer=lambda each: plan(each)[1]
    )


def judge(tools: Tools, planned: Planned, now: datetime) -> tuple[rules.Judgement, ...]:
    """Every rule's verdict about every appointment of the window, for those who ask beside the run."""
    return rules.judge(
        planned.window.appointments, tools.settings, planned.known, now, text_lengths(tools), tools.quiet
    )
