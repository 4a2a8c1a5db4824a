"""Whether an attempt may start at this moment, by a fresh clock."""

from datetime import datetime
from enum import StrEnum

from terminbenachrichtigung.run.context import RunContext


class Held(StrEnum):
    """Why an attempt did not start."""

    QUIET = "a quiet period began"
    TOO_LATE = "its time had come before it could be sent"
    LEASE = "the claim had to be renewed first"
    OPTED_OUT = "its recipient asked a moment ago not to be written to (opt-out)"
    STALE = "its claim took so long that the schedule may say something else by now"


def held_by_time(context: RunContext, start: datetime, *, same_day: bool) -> Held | None:
    """What keeps a message that names a `start` from leaving now; None: nothing does.

    `same_day`: whether it may leave on the appointment's own day.
    """
    moment = context.clock.now()
    if context.quiet.period_at(moment) is not None:
        return Held.QUIET
    today = context.quiet.local_date(moment) == context.quiet.local_date(start)
    if start <= moment or (today and not same_day):
        return Held.TOO_LATE
    return None
