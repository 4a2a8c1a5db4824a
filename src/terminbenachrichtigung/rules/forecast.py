"""What the next hourly runs would do with one customer's appointments, if nothing in the schedule changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.contact.names import keyed_hash
from terminbenachrichtigung.model.appointment import Appointment, to_the_minute
from terminbenachrichtigung.model.journal import (
    CORRECTIONS,
    Change,
    Contacted,
    Known,
    Notification,
    SeenChange,
    State,
)
from terminbenachrichtigung.model.plan import Plan, PlannedMessage, Reason, Skip
from terminbenachrichtigung.rules.contact import CorrectionParts
from terminbenachrichtigung.rules.corrections import PlannedCorrections, plan_corrections
from terminbenachrichtigung.rules.people import name_of
from terminbenachrichtigung.rules.planning import plan
from terminbenachrichtigung.times.windows import Quiet

RUN_MINUTE = 50
"""The minute at which the line of crontab.example calls the run."""
HOUR = timedelta(hours=1)
_ONLY_TOO_LATE = (Reason.SAME_DAY, Reason.MISSED)
"""Reasons that only say that the time is over. The reason of an earlier run says why nobody was told."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The first hourly run that tells an appointment, with its message; or what keeps all from it."""

    run: datetime | None = None
    message: PlannedMessage | None = None
    skip: Skip | None = None  # None without a run: none came while the appointment was due


def forecast(  # noqa: PLR0917  the same as `plan`
    appointments: Sequence[Appointment],
    settings: Settings,
    known: Known,
    since: datetime,
    parts: CorrectionParts,
    quiet: Quiet,
    *,
    appointment_id: str,
) -> Mapping[str, Forecast]:
    """By reminder: which of the hourly runs from `since` until its start tells an appointment.

    Every run is taken to be complete and every message to arrive; a claim that is open now ends as sent.
    A correction that tells the new start stands under its own name, beside the reminders.

    Args:
        appointments: all of one customer, as far as they may share a message or the gap with that one.
        appointment_id: the one that is asked about.
    """
    (start,) = (each.starts_at for each in appointments if each.appointment_id == appointment_id)
    found: dict[str, Forecast] = {}
    for now in hourly_runs(since, start, settings.zone):
        if quiet.period_at(now) is not None:
            continue
        # Whoever claims something now will have settled it, or given it up, by the next run.
        known = replace(known, open_claims=frozenset())
        planned, changes = _one_run(appointments, settings, known, now, parts, quiet)
        for message in planned.messages:
            tells = any(row.appointment_id == appointment_id for row in message.appointments)
            if tells and found.get(message.reminder, Forecast()).run is None:
                found[message.reminder] = Forecast(now, message)
        for skip in planned.skips:
            if skip.appointment.appointment_id == appointment_id:
                found[skip.reminder] = _later(found.get(skip.reminder, Forecast()), skip)
        if all(found.get(each.name, Forecast()).run for each in settings.reminders):
            break
        known = _after(known, now, planned, changes, settings)
    names = [*(reminder.name for reminder in settings.reminders), *(found.keys() & set(CORRECTIONS))]
    return {name: found.get(name, Forecast()) for name in names}


def told_in_time(  # noqa: PLR0917  the same as `plan`
    appointments: Sequence[Appointment],
    settings: Settings,
    known: Known,
    since: datetime,
    parts: CorrectionParts,
    quiet: Quiet,
    *,
    until: Mapping[str, datetime],
) -> frozenset[str]:
    """Which appointments one of the hourly runs from `since` on tells before the moment given for each.

    One forecast for all of them, however many they are. `appointments` are all of their customers, as far
    as they may share a message or the gap with them.
    """
    told: set[str] = set()
    for now in hourly_runs(since, max(until.values(), default=since), settings.zone):
        if quiet.period_at(now) is not None:
            continue
        waiting = {each for each, end in until.items() if end > now and each not in told}
        customers = {row.customer_id for row in appointments if row.appointment_id in waiting}
        appointments = [row for row in appointments if row.customer_id in customers]
        if not appointments:
            break
        known = replace(known, open_claims=frozenset())
        planned, changes = _one_run(appointments, settings, known, now, parts, quiet)
        told |= waiting & {row.appointment_id for each in planned.messages for row in each.appointments}
        known = _after(known, now, planned, changes, settings)
    return frozenset(told)


def _one_run(  # noqa: PLR0917  the same as `plan`
    appointments: Sequence[Appointment],
    settings: Settings,
    known: Known,
    now: datetime,
    parts: CorrectionParts,
    quiet: Quiet,
) -> tuple[Plan, tuple[Change, ...]]:
    """What one run sends, corrections first, and what it sees that was told otherwise."""
    corrections = PlannedCorrections()
    if settings.corrections.enabled:
        corrections = plan_corrections(appointments, settings, known, now, parts, quiet, allowed=True)
    planned = plan(appointments, settings, known, now, parts, quiet, corrections.moved)
    return replace(planned, messages=corrections.messages + planned.messages), corrections.changes


def hourly_runs(since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """When cron calls, from `since` on and before `until`; by the local clock's minutes."""
    local = since.astimezone(zone)
    past_the_hour = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    now = since - past_the_hour + timedelta(minutes=RUN_MINUTE)
    if now < since:
        now += HOUR
    while now < until:
        yield now
        now += HOUR


def _later(before: Forecast, skip: Skip) -> Forecast:
    if before.run is not None:
        return before
    if before.skip is not None and skip.reason in _ONLY_TOO_LATE and before.skip.reason not in _ONLY_TOO_LATE:
        return before
    return Forecast(skip=skip)


def _after(
    known: Known, now: datetime, planned: Plan, changes: Sequence[Change], settings: Settings
) -> Known:
    """What the journal will know once a run has sent its plan."""
    notifications = dict(known.notifications)
    contacted = dict(known.contacted)
    leftovers = dict(known.leftovers)
    for message in planned.messages:
        correction = message.correction
        if correction is None:
            contacted[message.customer_id] = (
                *contacted.get(message.customer_id, ()),
                Contacted(now, message.reminder),
            )
        for row in message.appointments:
            along = correction.takes_place_of if correction is not None else ()
            names = [message.reminder, *(name for name, each in along if each == row.appointment_id)]
            before = [
                replace(each, revoked=True) if correction and each.starts_at == correction.told else each
                for each in notifications.get(row.appointment_id, ())
            ]
            notifications[row.appointment_id] = (
                *before,
                *(_told(name, message, row, known, now) for name in names),
            )
            leftovers.pop((message.reminder, row.appointment_id), None)
    seen = {
        change.appointment_id: noted
        if (noted := known.changes.get(change.appointment_id)) is not None and noted.change == change
        else SeenChange(change, now)
        for change in changes
    }
    return replace(
        known,
        notifications=notifications,
        contacted=contacted,
        leftovers=leftovers,
        changes=seen,
        complete_runs=(*known.complete_runs, now),
        last_complete_run=now,
        reminder_since={each.name: now for each in settings.reminders} | dict(known.reminder_since),
    )


def _told(name: str, message: PlannedMessage, row: Appointment, known: Known, now: datetime) -> Notification:
    before = known.notifications.get(row.appointment_id, ())
    generation = max((each.generation for each in before if each.reminder == name), default=0) + 1
    off = message.correction is not None and message.correction.cancelled
    return Notification(
        name,
        row.appointment_id,
        generation,
        message.customer_id,
        message.until if off else to_the_minute(row.starts_at),
        State.SENT,
        message_id="",
        run_now=now,
        name=name_of(row, known.name_key),
        first_recipient=keyed_hash(message.routes[0].recipient, known.name_key),
        revoked=off,
    )
