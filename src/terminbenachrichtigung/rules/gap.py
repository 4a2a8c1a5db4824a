"""The customer gap: how long a customer is left in peace after a message or a contact by hand."""

from datetime import datetime, timedelta

from terminbenachrichtigung.model.appointment import to_the_minute
from terminbenachrichtigung.model.journal import TOLD_NOBODY
from terminbenachrichtigung.rules.context import Candidate, Context, Gap

_PEACE_AFTER_CONTACT = timedelta(hours=2)  # within this time after a contact by hand the gap never yields


def customer_gap(candidate: Candidate, context: Context) -> Gap:
    """What lies within the gap, and whether the gap yields: to a moved appointment, and at the last chance.

    A message that is planned in the same run counts for other reminders. Several messages of one reminder are
    the parts of a bundle that was too long, and do not hold each other back.
    """
    if (tick := context.ticked_off(candidate)) is not None and tick.done_at is not None:
        return Gap(f"a person told the customer of it, ticked off at {context.clock(tick.done_at)}")
    by_hand = _contact_by_hand(candidate, context)
    cause = _message(candidate, context)
    if by_hand is not None:
        cause = f"contacted by hand at {context.clock(by_hand)}"
    if not cause:
        return Gap()
    if by_hand is not None and context.now - by_hand < _PEACE_AFTER_CONTACT:
        return Gap(cause)
    return Gap(cause, waived=_waived(candidate, context))


def _contact_by_hand(candidate: Candidate, context: Context) -> datetime | None:
    contacted = context.contacted_by_hand(candidate)
    if contacted is None or context.now - contacted >= context.gap:
        return None
    return contacted


def _message(candidate: Candidate, context: Context) -> str:
    if any(name != candidate.name for name in context.written.get(candidate.customer_id, ())):
        return "another reminder's message is planned in this run"
    for contacted in context.known.contacted.get(candidate.customer_id, ()):
        if contacted.own and contacted.reminder == candidate.name:
            continue
        # Hosts' clocks differ by minutes, so another run's `now` may lie a little ahead; one that lies
        # ahead by more than the gap is a clock gone wrong, and must not silence the customer for ever.
        if abs(context.now - contacted.run_now) < context.gap:
            return f"message of {contacted.reminder} at {context.clock(contacted.run_now)}"
    return ""


def _waived(candidate: Candidate, context: Context) -> str:
    appointment = candidate.appointment
    told = [
        each
        for each in context.notifications(candidate)
        if each.state not in TOLD_NOBODY and context.is_of(each, candidate)
    ]
    if told and told[-1].starts_at != to_the_minute(appointment.starts_at):
        return f"moved since it was notified for {context.clock(told[-1].starts_at)}"
    if told and told[-1].revoked:
        return "it stands again since the customer was told that it is off"
    chance = context.quiet.last_chance(appointment.starts_at)
    if context.quiet.in_pre_quiet(context.now, chance):
        return f"the last chance ends at {context.clock(chance)}"
    return ""
