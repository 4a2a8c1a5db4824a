"""Which bookings a run confirms by e-mail (AMPAREX: Terminbestätigung)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from terminbenachrichtigung.config.settings import Reminder
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import CONFIRMATION
from terminbenachrichtigung.model.plan import Channel, Plan, Reason, Skip, Verdict
from terminbenachrichtigung.rules.bundles import Bundle, bundle
from terminbenachrichtigung.rules.context import Candidate, Context, Horizon, Situation
from terminbenachrichtigung.rules.verdicts import RULE, Asked, detail, first_refusal, rules_asked, verdicts

_RULES = rules_asked(Asked.CONFIRMATION)


def booked_since(appointments: Sequence[Appointment], since: datetime | None) -> list[Appointment]:
    """The appointments that were booked since then; none where no run has confirmed bookings yet (None)."""
    if since is None:
        return []
    return [each for each in appointments if each.created_at is not None and each.created_at >= since]


def plan_confirmations(appointments: Sequence[Appointment], situation: Situation) -> Plan:
    """Plan the confirmations that are due, soonest appointment first.

    All new bookings of one customer go into one e-mail. A moved one is confirmed anew. The customer gap
    neither holds a confirmation back nor counts it.

    Args:
        appointments: those that lie ahead; the ones booked before the journal says that bookings are
            confirmed are passed over.
        situation: all else that the plan depends on.

    Skips name only what was booked since the last complete run; earlier runs have named the rest.
    """
    context, horizon = _context(situation)
    known = context.known
    last = known.last_complete_run
    skips = []
    due: defaultdict[str, Bundle] = defaultdict(list)
    for appointment in booked_since(appointments, known.reminder_since.get(CONFIRMATION)):
        candidate = Candidate(appointment, horizon)
        refused = first_refusal(candidate, context, _RULES)
        if refused is None:
            due[candidate.customer_id].append(candidate)
        elif _is_listed(refused) and (
            last is None or appointment.created_at is None or appointment.created_at >= last
        ):
            skips.append(Skip(appointment, CONFIRMATION, refused, detail(candidate, context, refused)))
    messages = []
    for candidates in due.values():
        # One person may have the booking in two records.
        once = [each for each in candidates if context.planned_in_another_record(each) is None]
        for message, _ in bundle(once, [], context) if once else ():
            context.planned_by_start.add(message)
            messages.append(replace(message, gap_waived=True))
    return Plan(tuple(sorted(messages, key=lambda message: message.order)), tuple(skips))


def _is_listed(refused: Reason) -> bool:
    return refused is not Reason.ALREADY_NOTIFIED and RULE[refused].reported


def judge_confirmation(appointment: Appointment, situation: Situation) -> tuple[Verdict, ...]:
    """The verdict of each rule that applies to confirmations, in the order of the rules."""
    context, horizon = _context(situation)
    return verdicts(Candidate(appointment, horizon), context, _RULES)


def _context(situation: Situation) -> tuple[Context, Horizon]:
    """The rules' view for confirmations: the journal's confirmations stand in place of the notifications."""
    known, now = situation.known, situation.now
    context = Context(replace(situation, known=replace(known, notifications=known.confirmations)))
    reminder = Reminder(
        name=CONFIRMATION,
        hours_before=1,
        channels=(Channel.EMAIL.value,),
        template=situation.settings.confirmation.template,
    )
    return context, Horizon(reminder, reach=now, carry=now, rank=0, shorter=frozenset())
