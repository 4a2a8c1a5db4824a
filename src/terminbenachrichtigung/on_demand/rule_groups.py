"""Groups of rules, for questions that do not ask all of them; and how far each reminder looks."""

from datetime import datetime

from terminbenachrichtigung.model.plan import Reason
from terminbenachrichtigung.run.context import RunContext

NOT_OURS = (
    Reason.NO_CUSTOMER,
    Reason.GROUP_APPOINTMENT,
    Reason.TYPE_NOT_ALLOWED,
    Reason.STATUS_EXCLUDED,
    Reason.BRANCH_EXCLUDED,
)
"""Rules 1 to 5: what is never notified, whatever the hour."""
ALL_BUT_NOT_OURS = tuple(frozenset(Reason) - frozenset(NOT_OURS))
ABOUT_TIME = (
    Reason.MISSED,
    Reason.PAST,
    Reason.SAME_DAY,
    Reason.NOT_YET_DUE,
    Reason.BOOKED_RECENTLY,
)
"""Rules 8 to 12: a run must wait, a person at the desk need not."""


def reaches(context: RunContext, now: datetime) -> dict[str, datetime]:
    """By reminder: the latest start that is due at the open moment `now`."""
    return {reminder.name: context.quiet.reach(now, reminder.lead) for reminder in context.settings.reminders}
