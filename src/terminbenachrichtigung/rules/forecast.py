"""What the next hourly runs would do with one customer's appointments, if nothing in the schedule changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

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
from terminbenachrichtigung.rules.context import Situation
from terminbenachrichtigung.rules.corrections import PlannedCorrections, plan_corrections
from terminbenachrichtigung.rules.people import name_of
from terminbenachrichtigung.rules.planning import plan

RUN_MINUTE = 50
"""The minute at which the line of crontab.example calls the run."""
HOUR = timedelta(hours=1)
_ONLY_TOO_LATE = (Reason.SAME_DAY, Reason.MISSED)
"""Reasons that only say that the time is over. The reason of an earlier run says why nobody was told."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The first hourly run that tells an appointment, with its message; or why none does."""

    run: datetime | None = None
    message: PlannedMessage | None = None
    skip: Skip | None = None  # None also if no run came while the appointment was due


def forecast(
    appointments: Sequence[Appointment], situation: Situation, *, appointment_id: str
) -> Mapping[str, Forecast]:
    """By reminder: which of the hourly runs from now until its start tells an appointment.

    It assumes that every run is complete, every message arrives, and a claim that is open now ends as sent.
    A correction that tells the new start stands under its own name, beside the reminders.

    Args:
        appointments: all of one customer, as far as they may share a message or the gap with that one.
        situation: the moment from which on runs are followed, and all that they depend on.
        appointment_id: the one that is asked about.
    """
    (start,) = (each.starts_at for each in appointments if each.appointment_id == appointment_id)
    reminders = [each.name for each in situation.settings.reminders]
    found: dict[str, Forecast] = {}
    for now, planned in _runs(lambda _: appointments, situation, until=start):
        for message in planned.messages:
            if any(row.appointment_id == appointment_id for row in message.appointments):
                found[message.reminder] = Forecast(now, message)
        for skip in planned.skips:
            if skip.appointment.appointment_id == appointment_id:
                found[skip.reminder] = _later(found.get(skip.reminder, Forecast()), skip)
        if all(found.get(name, Forecast()).run for name in reminders):
            break
    names = [*reminders, *(found.keys() & set(CORRECTIONS))]
    return {name: found.get(name, Forecast()) for name in names}


def told_in_time(
    appointments: Sequence[Appointment], situation: Situation, *, until: Mapping[str, datetime]
) -> frozenset[str]:
    """Which appointments one of the hourly runs from now on tells before the moment given for each.

    One forecast for all of them, however many they are. `appointments` are all of their customers, as far
    as they may share a message or the gap with them.
    """
    told: set[str] = set()

    def of_those_who_wait(now: datetime) -> Sequence[Appointment]:
        waiting = {each for each, end in until.items() if end > now and each not in told}
        customers = {row.customer_id for row in appointments if row.appointment_id in waiting}
        return [row for row in appointments if row.customer_id in customers]

    last = max(until.values(), default=situation.now)
    for now, planned in _runs(of_those_who_wait, situation, until=last):
        named = {row.appointment_id for each in planned.messages for row in each.appointments}
        told |= {each for each, end in until.items() if end > now and each in named}
    return frozenset(told)


def _runs(
    rows: Callable[[datetime], Sequence[Appointment]], situation: Situation, *, until: datetime
) -> Iterator[tuple[datetime, Plan]]:
    """What each hourly run would do with the rows that it is given, as long as there are any."""
    for now in hourly_runs(situation.now, until, situation.settings.zone):
        if situation.quiet.period_at(now) is not None:
            continue
        if not (appointments := rows(now)):
            return
        # What is claimed now will be settled or given up by the next run.
        known = replace(situation.known, open_claims=frozenset())
        situation = replace(situation, now=now, known=known)
        corrections = PlannedCorrections()
        if situation.settings.corrections.enabled:
            corrections = plan_corrections(appointments, situation, allowed=True)
        planned = plan(appointments, replace(situation, corrected=corrections.moved))
        planned = replace(planned, messages=corrections.messages + planned.messages)
        yield now, planned
        situation = replace(situation, known=_after(situation, planned, corrections.changes))


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


def _after(situation: Situation, planned: Plan, changes: Sequence[Change]) -> Known:
    """What the journal will know once a run has sent its plan."""
    known, now = situation.known, situation.now
    notifications = dict(known.notifications)
    contacted = dict(known.contacted)
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
            notifications[row.appointment_id] = (
                *notifications.get(row.appointment_id, ()),
                *(_told(name, message, row, known, now) for name in names),
            )
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
        changes=seen,
        complete_runs=(*known.complete_runs, now),
        last_complete_run=now,
        reminder_since={each.name: now for each in situation.settings.reminders} | dict(known.reminder_since),
    )


def _told(name: str, message: PlannedMessage, row: Appointment, known: Known, now: datetime) -> Notification:
    before = known.notifications.get(row.appointment_id, ())
    generation = max((each.generation for each in before), default=0) + 1
    off = message.correction is not None and message.correction.cancelled
    return Notification(
        name,
        row.appointment_id,
        generation,
        message.customer_id,
        to_the_minute(row.starts_at),
        State.SENT,
        message_id="",
        run_now=now,
        name=name_of(row, known.name_key),
        first_recipient=keyed_hash(message.routes[0].recipient, known.name_key),
        revoked=off,
    )
