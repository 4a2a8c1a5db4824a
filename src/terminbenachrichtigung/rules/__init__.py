"""Whom a run notifies, and why it leaves all others alone (contract, section 2).

Pure functions of the appointments, the settings, what the journal knows, and `now`:

    verdicts: every rule, in order    ->  contact, missed, gap: the three that need more than a line
    planning: all pairs of appointment and reminder  ->  bundles: one message per customer

Beside the reminders: `confirming`, which bookings are confirmed; `corrections`, who is told of changes.
Beside the runs: `by_hand`, what a person may send all the same; `forecast`, what the next runs would do.
"""

from terminbenachrichtigung.rules.by_hand import plan_by_hand
from terminbenachrichtigung.rules.confirming import booked_since, judge_confirmation, plan_confirmations
from terminbenachrichtigung.rules.contact import Parts, still_names
from terminbenachrichtigung.rules.context import Situation, has_excluded_status
from terminbenachrichtigung.rules.corrections import PlannedCorrections, plan_corrections
from terminbenachrichtigung.rules.forecast import Forecast, forecast, told_in_time
from terminbenachrichtigung.rules.people import last_words, names, same_person
from terminbenachrichtigung.rules.planning import Judgement, judge, plan
from terminbenachrichtigung.rules.replies import Replies, decision, needs_reading, read_reply
from terminbenachrichtigung.rules.replies import notes as reply_notes
from terminbenachrichtigung.rules.verdicts import (
    LASTING,
    NEVER_NOTIFIED,
    RULE,
    RULES,
    WHATEVER_THE_HOUR,
    About,
)

__all__ = [
    "LASTING",
    "NEVER_NOTIFIED",
    "RULE",
    "RULES",
    "WHATEVER_THE_HOUR",
    "About",
    "Forecast",
    "Judgement",
    "Parts",
    "PlannedCorrections",
    "Replies",
    "Situation",
    "booked_since",
    "decision",
    "forecast",
    "has_excluded_status",
    "judge",
    "judge_confirmation",
    "last_words",
    "names",
    "needs_reading",
    "plan",
    "plan_by_hand",
    "plan_confirmations",
    "plan_corrections",
    "read_reply",
    "reply_notes",
    "same_person",
    "still_names",
    "told_in_time",
]
