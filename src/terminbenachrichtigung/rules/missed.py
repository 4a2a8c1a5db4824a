"""Whether an appointment was missed: nobody told the customer, and now it is too late.

This file compares the times with what the journal holds. Whether the other rules would have let the
appointment pass is asked in `verdicts`.
"""

from datetime import timedelta

from terminbenachrichtigung.model.appointment import HELD
from terminbenachrichtigung.model.journal import CONFIRMATION, State
from terminbenachrichtigung.rules.context import Candidate, Context


def why_missed(candidate: Candidate, context: Context) -> str:
    """The reason in words, or empty if it was not missed (contract, section 2, *Missed*)."""
    why = _why(candidate, context)
    if why and candidate.appointment.import_state == HELD:
        return f"{why}; an import holds it: ask whether it stands"
    return why


def _why(candidate: Candidate, context: Context) -> str:
    appointment, known = candidate.appointment, context.known
    since, first_run = known.journal_since, context.first_run(candidate.name)
    if since is None or first_run is None or not context.could_be_missed(appointment.starts_at):
        return ""
    chance = context.quiet.last_chance(appointment.starts_at)
    if not max(since, first_run) <= chance <= context.now:
        return ""
    if _was_told(candidate, context) or _was_contacted(candidate, context):
        return ""
    booked = appointment.created_at
    # A booking a day ahead comes from a clock that was wrong, and says nothing of when it was.
    if booked is not None and booked <= context.now + timedelta(days=1):
        if booked + timedelta(hours=context.settings.rules.hours_after_booking) >= chance:
            return ""
        return f"booked {context.clock(booked)}, last chance {context.clock(chance)}"
    if (left := context.leftover(candidate)) is not None:
        return f"the last run that met it due left it {left.why}; last chance {context.clock(chance)}"
    opens = context.quiet.window_opens(appointment.starts_at, candidate.horizon.reminder.lead)
    if context.complete_run_between(opens, chance):
        return ""
    return f"no complete run between {context.clock(opens)} and {context.clock(chance)}"


def _was_told(candidate: Candidate, context: Context) -> bool:
    """By any reminder: of this appointment, or of the same start under the id that it had before."""
    if any(each.reminder != CONFIRMATION for each in context.told_beside(candidate)):
        return True
    return any(
        each.state is not State.RELEASED and context.is_of(each, candidate)
        for each in context.notifications(candidate)
    )


def _was_contacted(candidate: Candidate, context: Context) -> bool:
    """Whether a person contacted the customer so late that the gap held until the last chance."""
    contacted = context.contacted_by_hand(candidate, of_this_start=True)
    chance = context.quiet.last_chance(candidate.appointment.starts_at)
    return contacted is not None and chance - context.gap <= contacted
