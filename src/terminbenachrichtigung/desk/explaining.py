"""Why did Frau Müller get nothing? One appointment, as the rules, the journal and the next runs see it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from terminbenachrichtigung import rules
from terminbenachrichtigung.email_address import email_address
from terminbenachrichtigung.errors import ConfigError, MessageError
from terminbenachrichtigung.model import (
    Appointment,
    Channel,
    Known,
    MessageResult,
    PlannedMessage,
    Reason,
    Route,
    Verdict,
)
from terminbenachrichtigung.phone import mobile_number
from terminbenachrichtigung.pipeline import Tools, ask_journal, content_of, text_lengths
from terminbenachrichtigung.report import Address, Explanation, ReminderExplained
from terminbenachrichtigung.rules.contact import EMAIL_REFUSALS, PHONE_REFUSALS
from terminbenachrichtigung.rules.forecast import HOUR, RUN_MINUTE

_MESSAGES = 1000  # of one appointment; a journal that holds more of them has other troubles
_BEFORE = timedelta(days=7)
"""So long before its window its customer's other messages are followed: more than any gap lasts."""
_TOO_LATE = (Reason.PAST, Reason.SAME_DAY)


def explain(tools: Tools, appointment_id: str, at: datetime | None = None) -> Explanation:
    """Everything about one appointment at a moment: now, or `at`. Nothing is written.

    In a quiet period the rules are asked as the first run after it asks them.

    Raises:
        ConfigError: neither the schedule nor the journal knows the appointment.
    """
    appointment_id = appointment_id.strip()
    at = tools.clock() if at is None else at
    now = tools.quiet.next_open(at)
    window = tools.schedule.find(appointment_id)
    row = next(iter(window.appointments), None)
    known = ask_journal(tools, [appointment_id], now, since=now)
    notifications = tuple(known.notifications.get(appointment_id, ()))
    if row is None and not window.bad_rows and not notifications:
        raise ConfigError(f"there is no appointment {appointment_id} in the schedule")
    return Explanation(
        at=at,
        next_open=None if now == at else now,
        appointment_id=appointment_id,
        appointment=row,
        bad_rows=window.bad_rows,
        warnings=window.warnings,
        last_chance=row and tools.quiet.last_chance(row.starts_at),
        run_minute=RUN_MINUTE,
        addresses=() if row is None else tuple(_addresses(row, tools)),
        reminders=() if row is None else tuple(_reminders(tools, row, at, now)),
        notifications=notifications,
        messages=tools.journal.history(_MESSAGES, appointment_id) if tools.journal is not None else (),
        has_journal=tools.journal is not None,
    )


# ---------------------------------------------------------------- the rules, now and later


def _reminders(tools: Tools, row: Appointment, at: datetime, now: datetime) -> Iterator[ReminderExplained]:
    settings, quiet, parts = tools.settings, tools.quiet, text_lengths(tools)
    opens = {each.name: quiet.window_opens(row.starts_at, each.hours_before) for each in settings.reminders}
    # Runs long before the window cannot matter; those from here on are followed one by one.
    begin = max(at, min(opens.values()) - _BEFORE)
    rows = _of_customer(tools, row, now, begin)
    known = ask_journal(tools, [each.appointment_id for each in rows], now, since=now)
    planned = rules.plan(rows, settings, known, now, parts, quiet)
    ahead = rules.forecast(
        rows, settings, known, begin, parts, quiet, appointment_id=row.appointment_id
    )
    for each in rules.judge(rows, settings, known, now, parts, quiet):
        if each.appointment is not row:
            continue
        reminder = each.candidate.horizon.reminder
        message = next((m for m in planned.messages if m.reminder == reminder.name and row in m.appointments), None)
        refusal = None if message is not None else _refusal(planned.skips, each)
        later = ahead[reminder.name]
        shown, problem = _rendered(tools, message or later.message or _alone(each), later.run or now)
        yield ReminderExplained(
            reminder=reminder.name,
            hours_before=reminder.hours_before,
            window_opens=opens[reminder.name],
            verdicts=each.verdicts(),
            planned=message is not None,
            refusal=refusal,
            first_run=later.run,
            first_run_refusal=_refusal_of_all(later, refusal),
            message=shown,
            message_problem=problem,
        )
