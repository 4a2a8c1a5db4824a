"""What a run looks at beyond its window, to find out what customers were told that holds no more."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from terminbenachrichtigung.model.appointment import Window
from terminbenachrichtigung.model.journal import Known
from terminbenachrichtigung.run.context import RunContext, ask_journal

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Told:
    """The appointments ahead of which somebody was told; empty where nobody is corrected."""

    ids: Collection[str] = ()
    until: datetime | None = None
    """Just behind the last start that somebody was told: up to here a row may stand at one of them."""


def told_ahead(context: RunContext, now: datetime) -> Told:
    """Whom a run at `now` may have to correct."""
    if not context.settings.corrections.enabled or context.journal is None:
        return Told()
    told = context.journal.told_ahead(now)
    return Told(told.keys(), max(told.values()) + _MINUTE) if told else Told()


def with_told(context: RunContext, window: Window, until: datetime, told: Told) -> Window:
    """The window with the rows at all starts that were told, and of all that were told, wherever they are.

    Warnings are those of the window alone: a run speaks of the days that it plans.
    """
    if told.until is not None and told.until > until:
        beyond = context.schedule.read(until, told.until)
        window = _joined(window, beyond)
    # One question for all of them, because in a foreign view it may read every row.
    elsewhere = sorted(set(told.ids) - {row.appointment_id for row in window.appointments})
    return _joined(window, context.schedule.find(*elsewhere)) if elsewhere else window


def _joined(window: Window, other: Window) -> Window:
    there = {row.appointment_id for row in window.appointments}
    more = tuple(row for row in other.appointments if row.appointment_id not in there)
    return replace(window, appointments=(*window.appointments, *more))


def ask_beyond(context: RunContext, known: Known, window: Window, whole: Window, now: datetime) -> Known:
    """`known` of the window, with what the journal knows of the rows beyond it."""
    asked = {row.appointment_id for row in window.appointments}
    rows = [row for row in whole.appointments if row.appointment_id not in asked]
    if not rows:
        return known
    more = ask_journal(context, rows, now, since=now)
    if not asked:
        return more  # of a window without rows the journal says only which runs there were
    return replace(
        known,
        notifications={**known.notifications, **more.notifications},
        confirmations={**known.confirmations, **more.confirmations},
        rejected={**known.rejected, **more.rejected},
    )
