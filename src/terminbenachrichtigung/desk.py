"""What people ask beside the hourly run: whom must we call, what is handled elsewhere, does it work at all?

The answers come from the same reading, rules and journal as a run's.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from terminbenachrichtigung import delivery, rules, staff_list
from terminbenachrichtigung.config import Settings
from terminbenachrichtigung.email_address import email_address
from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.model import (
    Appointment,
    Channel,
    Content,
    Outcome,
    PlannedMessage,
    Reason,
)
from terminbenachrichtigung.phone import mobile_number
from terminbenachrichtigung.pipeline import Tools, judge, plan_window
from terminbenachrichtigung.sms_text import sms_text
from terminbenachrichtigung.staff_list import StaffCase, StaffEntry, StaffReason

_NOT_OURS = (
    Reason.NO_CUSTOMER,
    Reason.GROUP_APPOINTMENT,
    Reason.TYPE_NOT_ALLOWED,
    Reason.STATUS_EXCLUDED,
    Reason.BRANCH_EXCLUDED,
)
"""Rules 1 to 5: what is never notified, whatever the hour."""
_ALL_BUT_NOT_OURS = tuple(frozenset(Reason) - frozenset(_NOT_OURS))
_ABOUT_TIME = (
    Reason.MISSED,
    Reason.PAST,
    Reason.SAME_DAY,
    Reason.NOT_YET_DUE,
    Reason.BOOKED_RECENTLY,
)
"""Rules 8 to 12: a run must wait, a person at the desk need not."""
_PASSING = (Reason.MISSED, Reason.NOT_YET_DUE, Reason.BOOKED_RECENTLY, Reason.RECENTLY_NOTIFIED)
"""What a later run may see otherwise; a reminder refused by nothing else can still reach its customer."""

_TEST_TEXT = "TEST: Diese Nachricht prueft den Versand der Terminerinnerungen. Es gibt keinen Termin."


def staff(tools: Tools) -> tuple[StaffEntry, ...]:
    """Whom a person must call or write now (contract, section 2, *The staff list*)."""
    moment = tools.clock()
    now = tools.quiet.next_open(moment)
    planned = plan_window(tools, now, since=moment)
    tomorrow = tools.quiet.day_start(tools.quiet.local_date(now) + timedelta(days=1))
    reach = _reach(tools, now)
    ours = [
        each
        for each in judge(tools, planned, now)
        if moment < each.appointment.starts_at and each.first(without=_ALL_BUT_NOT_OURS) is None
    ]
    # Also by a reminder whose window opens later.
    reached = {each.appointment.appointment_id for each in ours if each.first(without=_PASSING) is None}
    ours = [
        each
        for each in ours
        if each.appointment.starts_at < tomorrow or each.appointment.starts_at <= reach[each.reminder]
    ]
    cases = list(
        staff_list.journal_cases(
            {each.appointment.appointment_id: each.appointment for each in ours}.values(), planned.known
        )
    )
    for each in ours:
        missed = each.first()
        verdict = each.first(without=_ABOUT_TIME)
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


def _reach(tools: Tools, now: datetime) -> dict[str, datetime]:
    return {
        reminder.name: tools.quiet.reach(now, reminder.hours_before) for reminder in tools.settings.reminders
    }


def _contact_counts_since(tools: Tools, each: rules.Judgement, reason: Reason) -> datetime:
    start = each.appointment.starts_at
    if reason is Reason.MISSED:
        return tools.quiet.last_chance(start) - timedelta(hours=tools.settings.rules.hours_between_messages)
    (hours_before,) = {
        reminder.hours_before for reminder in tools.settings.reminders if reminder.name == each.reminder
    }
    return tools.quiet.window_opens(start, hours_before)


def adopt(tools: Tools) -> int:
    """Marks what is due now, or at the next open moment, as handled elsewhere; returns how many were new.

    For starting beside another system, and for a journal that was lost.
    """
    journal = tools.journal
    assert journal is not None
    now = tools.quiet.next_open(tools.clock())
    planned = plan_window(tools, now)
    together: defaultdict[tuple[str, str], list[Appointment]] = defaultdict(list)
    reach = _reach(tools, now)
    for each in judge(tools, planned, now):
        row = each.appointment
        ours = each.first(without=_ALL_BUT_NOT_OURS) is None
        if ours and row.customer_id is not None and now < row.starts_at <= reach[each.reminder]:
            together[each.reminder, row.customer_id].append(row)
    return journal.adopt(
        (
            PlannedMessage(reminder, customer, (row,), routes=())
            for (reminder, customer), rows in together.items()
            for row in rows
        ),
        now,
    )


def test_message(
    settings: Settings,
    channel: Channel,
    recipient: str,
    make_sender: Callable[[Settings, Channel], delivery.Channel | None],
) -> Outcome:
    """Sends one marked test message through the real channel.

    Raises:
        ConfigError: the channel is not configured, or the recipient is no mobile number or address, or
            not one of `[safety] only_recipients`.
    """
    content = _test_content(settings, channel, recipient)
    only = settings.safety.only_recipients
    if only and content.recipient.lower() not in only:
        raise ConfigError(f"safety.only_recipients does not name {recipient}")
    sender = make_sender(settings, channel)
    assert sender is not None  # `_test_content` asked for the section
    try:
        return sender.test(content)
    finally:
        sender.close()


def _test_content(settings: Settings, channel: Channel, recipient: str) -> Content:
    language = settings.default_language
    if channel is Channel.EMAIL:
        if settings.email is None:
            raise ConfigError("there is no section [email] in the configuration")
        address = email_address(recipient).address
        if address is None:
            raise ConfigError(f'"{recipient}" is no e-mail address')
        return Content(channel, address, language, _TEST_TEXT + "\n", subject="TEST: terminbenachrichtigung")
    if settings.sms is None:
        raise ConfigError("there is no section [sms] in the configuration")
    number = mobile_number((recipient,), settings.sms.country_code, frozenset(settings.sms.countries)).number
    if number is None:
        raise ConfigError(f'"{recipient}" is no mobile number that may be texted')
    text = sms_text(_TEST_TEXT, transliterate=settings.sms.transliterate)
    return Content(channel, number, language, text.text, parts=text.parts, encoding=text.encoding)
