"""What the next hourly runs will do with one appointment, and with others that share its messages or gap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import Known
from terminbenachrichtigung.rules.forecast import HOUR, Forecast, forecast
from terminbenachrichtigung.run.context import RunContext, ask_journal, gap_of, situation

_BEFORE = timedelta(days=7)
"""How long before its window runs are followed for its customer's other messages: longer than any gap."""


@dataclass(frozen=True, slots=True)
class CustomerForecast:
    """The customer's appointments, what the journal knows of them, and by reminder what the runs will do."""

    rows: Sequence[Appointment]
    known: Known
    ahead: Mapping[str, Forecast]


def forecast_customer(context: RunContext, row: Appointment, at: datetime, now: datetime) -> CustomerForecast:
    """Ask the rules run by run, from `at` until the appointment's start; `now` is the next open moment."""
    opens = (context.quiet.window_opens(row.starts_at, each.lead) for each in context.settings.reminders)
    # Runs long before the window cannot matter; those from here on are followed one by one.
    begin = max(at, min(opens) - _BEFORE)
    rows = _of_customer(context, row, now, begin)
    known = ask_journal(context, rows, now, min(now, row.starts_at))
    ahead = forecast(rows, situation(context, known, begin), appointment_id=row.appointment_id)
    return CustomerForecast(rows, known, ahead)


def _of_customer(context: RunContext, row: Appointment, now: datetime, begin: datetime) -> list[Appointment]:
    """The customer's appointments that share a message or the gap with this one, now or in its window."""
    if row.customer_id is None:
        return [row]
    quiet, leads = context.quiet, [each.lead for each in context.settings.reminders]
    gap = gap_of(context.settings)

    def carried_until(since: datetime) -> datetime:
        first = (quiet.next_open(max(since, quiet.window_opens(row.starts_at, lead))) for lead in leads)
        return max(quiet.reach(run, lead) for run, lead in zip(first, leads, strict=True)) + HOUR + gap

    near = max(quiet.reach(now, lead) for lead in leads) + gap
    far = carried_until(begin)
    readings = [(now, near), (begin, far)] if begin > near else [(now, max(near, far))]
    found = {
        each.appointment_id: each
        for since, until in readings
        for each in context.schedule.read(since, until).appointments
        if each.customer_id == row.customer_id
    } | {row.appointment_id: row}
    return sorted(found.values(), key=lambda each: (each.starts_at, each.appointment_id))
