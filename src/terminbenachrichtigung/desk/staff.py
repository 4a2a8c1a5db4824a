"""Whom a person must call or write now."""

from datetime import datetime, timedelta

from terminbenachrichtigung import rules, staff_list
from terminbenachrichtigung.desk.grounds import ABOUT_TIME, ALL_BUT_NOT_OURS, reaches
from terminbenachrichtigung.model import Reason
from terminbenachrichtigung.pipeline import Tools, judge, plan_window
from terminbenachrichtigung.staff_list import StaffCase, StaffEntry, StaffReason

_PASSING = (Reason.MISSED, Reason.NOT_YET_DUE, Reason.BOOKED_RECENTLY, Reason.RECENTLY_NOTIFIED)
"""What a later run may see otherwise; a reminder refused by nothing else can still reach its customer."""


def staff(tools: Tools) -> tuple[StaffEntry, ...]:
    """Whom a person must call or write now (contract, section 2, *The staff list*)."""
    moment = tools.clock()
    now = tools.quiet.next_open(moment)
    planned = plan_window(tools, now, since=moment)
    tomorrow = tools.quiet.day_start(tools.quiet.local_date(now) + timedelta(days=1))
    reach = reaches(tools, now)
    ours = [
        each
        for each in judge(tools, planned, now)
        if moment < each.appointment.starts_at and each.first(without=ALL_BUT_NOT_OURS) is None
    ]
    # Also by a reminder whose window opens later.
    reached = {each.appointment.appointment_id for each in ours if each.first(without=_PASSING) is None}
    # Also what a message took along, whose own window opens later.
    cases = list(
        staff_list.journal_cases(
            {each.appointment.appointment_id: each.appointment for each in ours}.values(), planned.known
        )
    )
    ours = [
        each
        for each in ours
        if each.appointment.starts_at < tomorrow or each.appointment.starts_at <= reach[each.reminder]
    ]
    for each in ours:
        missed = each.first()
        verdict = each.first(without=ABOUT_TIME)
        if missed is not None and missed.reason is Reason.MISSED:
            verdict = missed
        if verdict is None or verdict.reason not in (
            Reason.MISSED,
            Reason.NO_CONTACT,
            Reason.MANUAL_CONTACT,
        ):
            continue
        if verdict.reason is Reason.NO_CONTACT and each.appointment.appointment_id in reached:
            continue
        cases.append(
            StaffCase(
                each.appointment,
                each.reminder,
                StaffReason(verdict.reason),
                verdict.detail,
                _contact_counts_since(tools, each, verdict.reason),
            )
        )
    return staff_list.staff_list(cases, planned.known, moment)


def _contact_counts_since(tools: Tools, each: rules.Judgement, reason: Reason) -> datetime:
    start = each.appointment.starts_at
    if reason is Reason.MISSED:
        return tools.quiet.last_chance(start) - timedelta(hours=tools.settings.rules.hours_between_messages)
    (hours_before,) = {
        reminder.hours_before for reminder in tools.settings.reminders if reminder.name == each.reminder
    }
    return tools.quiet.window_opens(start, hours_before)
