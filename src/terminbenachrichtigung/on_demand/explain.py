"""Why did Frau Müller get nothing? One appointment, as the rules, the journal and the next runs see it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from terminbenachrichtigung.contact.email_address import email_address
from terminbenachrichtigung.contact.phone import mobile_number
from terminbenachrichtigung.errors import ConfigError, MessageError
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import CONFIRMATION, HistoryFilter, Known
from terminbenachrichtigung.model.plan import Channel, PlannedMessage, Reason, Route, Skip, Verdict
from terminbenachrichtigung.model.result import MessageResult
from terminbenachrichtigung.on_demand.explain_text import (
    Address,
    ConfirmationExplained,
    CorrectionExplained,
    Explanation,
    ReminderExplained,
)
from terminbenachrichtigung.on_demand.forecast import forecast_customer
from terminbenachrichtigung.output.wording import local_time
from terminbenachrichtigung.rules.confirming import booked_since, judge_confirmation
from terminbenachrichtigung.rules.contact import EMAIL_REFUSALS, PHONE_REFUSALS
from terminbenachrichtigung.rules.corrections import PlannedCorrections, plan_corrections
from terminbenachrichtigung.rules.forecast import Forecast
from terminbenachrichtigung.rules.planning import Judgement, judge, plan
from terminbenachrichtigung.rules.replies import Replies
from terminbenachrichtigung.run.context import RunContext, ask_journal, content_of, situation
from terminbenachrichtigung.run.planning import as_the_next_runs, see

_MESSAGES = 1000  # the most that are shown of one appointment


def explain(context: RunContext, appointment_id: str, at: datetime | None = None) -> Explanation:
    """Everything about one appointment at a moment: now, or `at`. Nothing is written.

    In a quiet period the rules are asked as the first run after it asks them.

    Raises:
        ConfigError: neither the schedule nor the journal knows the appointment.
    """
    appointment_id = appointment_id.strip()
    at = context.clock.now() if at is None else at
    now = context.quiet.next_open(at)
    window = context.schedule.find(appointment_id)
    row = next(iter(window.appointments), None)
    # A command line may hold half a surrogate pair, which no database takes as text.
    asked = [appointment_id] if appointment_id.encode(errors="ignore").decode() == appointment_id else []
    known = ask_journal(context, window.appointments, now, since=now, others=asked)
    notifications = (
        *known.notifications.get(appointment_id, ()),
        *known.confirmations.get(appointment_id, ()),
    )
    if row is None and not window.bad_rows and not notifications:
        raise ConfigError(f"there is no appointment {appointment_id} in the schedule")
    corrections = _corrections(context, row, known, now)
    context = as_the_next_runs(context, corrections)
    return Explanation(
        at=at,
        next_open=None if now == at else now,
        appointment_id=appointment_id,
        appointment=row,
        bad_rows=window.bad_rows,
        warnings=window.warnings,
        last_chance=None if row is None else context.quiet.last_chance(row.starts_at),
        addresses=() if row is None else tuple(_addresses(row, context)),
        reminders=() if row is None else tuple(_reminders(context, row, at, now, corrections.moved)),
        confirmation=None if row is None else _confirmation(context, row, known, now),
        correction=None if row is None else _correction(context, row, corrections, known, now),
        notifications=notifications,
        messages=context.journal.history(_MESSAGES, HistoryFilter(appointment_id=appointment_id))
        if context.journal is not None
        else (),
        replies=() if row is None else tuple(Replies(known.replies, known.name_key).about(row)),
        has_journal=context.journal is not None,
    )


# ---------------------------------------------------------------- the rules, now and later


def _reminders(
    context: RunContext, row: Appointment, at: datetime, now: datetime, moved: Mapping[str, bool]
) -> Iterator[ReminderExplained]:
    seen = forecast_customer(context, row, at, now)
    asked = replace(situation(context, seen.known, now), corrected=moved)
    planned = plan(seen.rows, asked)
    for each in judge(seen.rows, asked):
        if each.appointment is not row:
            continue
        reminder = each.candidate.horizon.reminder
        name = reminder.name
        message = next((m for m in planned.messages if m.reminder == name and row in m.appointments), None)
        skipped = next((s for s in planned.skips if s.reminder == name and s.appointment is row), None)
        refusal = _verdict(skipped) or (None if message is not None else each.first())
        later = seen.ahead[name]
        shown, problem = _rendered(context, message or later.message or _alone(each), now)
        yield ReminderExplained(
            reminder=reminder,
            window_opens=context.quiet.window_opens(row.starts_at, reminder.lead),
            verdicts=each.verdicts(),
            planned=message is not None,
            refusal=refusal,
            first_run=later.run,
            first_run_refusal=_refusal_of_all(later, refusal),
            message=shown,
            message_problem=problem,
        )


def _confirmation(
    context: RunContext, row: Appointment, known: Known, now: datetime
) -> ConfirmationExplained | None:
    settings = context.settings
    if not settings.confirmation.enabled:
        return None
    since = known.reminder_since.get(CONFIRMATION)
    too_old = ""
    if since is None:
        too_old = "no run has been complete since they were switched on; what was booked before it is old"
    elif not booked_since([row], since):
        too_old = f"it was not booked since {local_time(since, settings.zone)}, when they were switched on"
    verdicts = judge_confirmation(row, situation(context, known, now))
    refusal = next((verdict for verdict in verdicts if verdict.skips), None)
    return ConfirmationExplained(verdicts, refusal, too_old)


def _corrections(
    context: RunContext, row: Appointment | None, known: Known, now: datetime
) -> PlannedCorrections:
    """What a run tells of this appointment and of those that its customer may have at the told start."""
    if row is None or not context.settings.corrections.enabled:
        return PlannedCorrections()
    told = {
        each.starts_at
        for told in (known.notifications, known.confirmations)
        for each in told.get(row.appointment_id, ())
        if each.starts_at > now
    }
    beside = [
        each
        for start in sorted(told)
        for each in context.schedule.read(start, start + timedelta(minutes=1)).appointments
        if each.appointment_id != row.appointment_id
    ]
    planned = plan_corrections([row, *beside], situation(context, known, now), allowed=True)
    held = see(context, now).corrections.held  # which hangs on all that customers were told
    return planned if held is None else replace(planned, moved={}, held=held)


def _correction(
    context: RunContext, row: Appointment, planned: PlannedCorrections, known: Known, now: datetime
) -> CorrectionExplained | None:
    for message in planned.messages:
        if row in message.appointments and message.correction is not None:
            shown = None if planned.held else _rendered(context, message, now)[0]
            return CorrectionExplained(message.reminder, message.correction.told, None, shown, planned.held)
    for skip in planned.skips:
        if skip.appointment.appointment_id == row.appointment_id:
            told = _told_start(skip, planned, known)
            return CorrectionExplained(skip.reminder, told, _verdict(skip), None)
    return None


def _told_start(skip: Skip, planned: PlannedCorrections, known: Known) -> datetime:
    """The start that the customer was told of what is not corrected now."""
    name = skip.appointment.appointment_id
    told_by = {each.message_id for each in planned.changes if each.appointment_id == name}
    told = (*known.notifications.get(name, ()), *known.confirmations.get(name, ()))
    return next(each.starts_at for each in told if each.message_id in told_by)


def _verdict(skip: Skip | None) -> Verdict | None:
    return None if skip is None else Verdict(skip.reason, skips=True, detail=skip.detail)


def _refusal_of_all(later: Forecast, refusal: Verdict | None) -> Verdict | None:
    """Why no hourly run notifies it; None if one does, or if none comes in its window."""
    if later.run is not None:
        return None
    undue = refusal is None or refusal.reason is Reason.NOT_YET_DUE
    return _verdict(later.skip) or (None if undue else refusal)


def _alone(each: Judgement) -> PlannedMessage | None:
    """The message as it would read if no rule spoke against it; its recipient is empty if there is none."""
    row, reminder = each.appointment, each.candidate.horizon.reminder
    if row.customer_id is None:
        return None
    routes = each.context.contact(each.candidate).routes
    nobody = Route(Channel(reminder.channels[0]), "")
    return PlannedMessage(reminder.name, row.customer_id, (row,), routes or (nobody,))


def _rendered(
    context: RunContext, message: PlannedMessage | None, now: datetime
) -> tuple[MessageResult | None, str]:
    if message is None:
        return None, ""
    try:
        return MessageResult(message, content_of(context, message, message.routes[0], now)), ""
    except MessageError as error:
        return None, str(error)


# ---------------------------------------------------------------- what people typed


def _addresses(row: Appointment, context: RunContext) -> Iterator[Address]:
    """Every piece of every contact field; of a phone field up to the first number that can be texted."""
    sms = context.settings.sms
    for field, typed in (("mobile", row.mobile), ("phone", row.phone)):
        if sms is None or not typed.strip():
            yield Address(field, typed, why="empty" if sms else "SMS are not configured")
            continue
        found = mobile_number((typed,), sms.country_code, frozenset(sms.countries))
        for refusal in found.refused:
            yield Address(field, refusal.typed, why=PHONE_REFUSALS[refusal.code])
        if found.number is not None:
            yield Address(field, typed, found.number)
    address = email_address(row.email)
    if context.settings.email is None:
        yield Address("email", row.email, why="e-mail is not configured")
    else:
        why = EMAIL_REFUSALS[address.refused] if address.refused else "" if address.address else "empty"
        yield Address("email", row.email, address.address, why)
