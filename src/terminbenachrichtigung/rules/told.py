"""Whether a reminder has told an appointment already."""

from terminbenachrichtigung.model.appointment import to_the_minute
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.rules.context import Candidate, Context

_TIMES_A_DAY = 4
"""At how many different times an appointment may be told within a day; a person tells the fifth."""


def is_already_notified(candidate: Candidate, context: Context) -> bool:
    """Whether the present person was told of the present start, or of too many others (rule 7)."""
    return (
        _holds(candidate, context)
        or context.told_under_another_id(candidate) is not None
        or context.planned_in_another_record(candidate) is not None
        or told_too_often(candidate, context) != ""
    )


def told_too_often(candidate: Candidate, context: Context) -> str:
    """Why a person tells the next start, and no run; empty where a run may."""
    too_often = context.times_told(candidate) >= _TIMES_A_DAY
    return f"told at {_TIMES_A_DAY} different times within a day" if too_often else ""


def _holds(candidate: Candidate, context: Context) -> bool:
    """Whether the latest notification of this appointment keeps the reminder from telling it once more."""
    latest = context.latest(candidate)
    if latest is None or latest.revoked or not context.names(latest, candidate):
        return False
    match latest.state:
        case State.RELEASED:
            return False
        case State.CLAIMED:
            # An open claim of another run is `in_progress`; a claim of this run counts as told.
            return candidate.customer_id not in context.known.open_claims
        case State.FAILED | State.UNDELIVERED:
            # Where the recipients were forgotten, nobody knows which refused it: a person tells the customer.
            return latest.forgotten or not context.contact(candidate).routes
        case _:
            return True


def latest_state(candidate: Candidate, context: Context) -> str:
    """What the journal has of the appointment, for people."""
    if not _holds(candidate, context):
        if (beside := context.told_under_another_id(candidate)) is not None:
            return f"{beside.state} as appointment {beside.appointment_id}"
        if (other := context.planned_in_another_record(candidate)) is not None:
            return f"planned as appointment {other.appointment_id}"
        if too_often := told_too_often(candidate, context):
            return too_often
    latest = context.latest(candidate)
    if latest is None:
        return "no notification"
    if latest.starts_at != to_the_minute(candidate.appointment.starts_at):
        return f"{latest.state} for {context.clock(latest.starts_at)}"
    if not context.is_of(latest, candidate):
        return f"{latest.state} for customer {latest.customer_id}"
    return f"{latest.state}, then told that it is off" if latest.revoked else latest.state.value
