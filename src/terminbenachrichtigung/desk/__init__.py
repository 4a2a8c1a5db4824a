"""What people ask beside the hourly run: whom must we call, why did she get nothing, does it work at all?

The answers come from the same reading, rules and journal as a run's.
"""

from terminbenachrichtigung.desk.adoption import adopt
from terminbenachrichtigung.desk.by_hand import Choice, choose, notify, preview
from terminbenachrichtigung.desk.explaining import explain
from terminbenachrichtigung.desk.finding import Query, search
from terminbenachrichtigung.desk.staff import staff, tick_off
from terminbenachrichtigung.desk.staff_mail import after_run
from terminbenachrichtigung.desk.trial import test_message

__all__ = [
    "Choice",
    "Query",
    "adopt",
    "after_run",
    "choose",
    "explain",
    "notify",
    "preview",
    "search",
    "staff",
    "test_message",
    "tick_off",
]
