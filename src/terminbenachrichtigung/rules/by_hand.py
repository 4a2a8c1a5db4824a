"""What a person sends by hand (AMPAREX: Suchen & Benachrichtigungen): fewer rules, the same promises."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.plan import Plan, Skip
from terminbenachrichtigung.rules.bundles import Bundle, bundle
from terminbenachrichtigung.rules.context import Context, Situation
from terminbenachrichtigung.rules.planning import judge
from terminbenachrichtigung.rules.verdicts import Asked, rules_asked

_CHOSEN, _CHOSEN_AGAIN = rules_asked(Asked.BY_HAND), rules_asked(Asked.BY_HAND_AGAIN)


def plan_by_hand(
    appointments: Sequence[Appointment], situation: Situation, *, reminder: str, again: bool
) -> Plan:
    """Plan the messages of one reminder for exactly these appointments.

    Args:
        appointments: those that a person chose.
        situation: all else that the plan depends on.
        reminder: the reminder whose text and key are used, so that no run sends it once more.
        again: whether the customer may be told what the journal says was told.

    A customer's appointments go into one message. The customer gap does not hold it back; later runs count
    it for theirs.
    """
    asked = _CHOSEN_AGAIN if again else _CHOSEN
    skips = []
    due: defaultdict[str, Bundle] = defaultdict(list)
    judged = [each for each in judge(appointments, situation) if each.reminder == reminder]
    for each in judged:
        refused = each.first(asked)
        if refused is None:
            due[each.candidate.customer_id].append(each.candidate)
        else:
            skips.append(Skip(each.appointment, reminder, refused.reason, refused.detail))
    messages = []
    for chosen in due.values():
        context = judged[0].context
        for message, taken in bundle(chosen, [], context):
            told = _told_before(taken, context) if again else frozenset[str]()
            messages.append(replace(message, gap_waived=True, again=told))
    return Plan(tuple(sorted(messages, key=lambda message: message.order)), tuple(skips))


def _told_before(taken: Bundle, context: Context) -> frozenset[str]:
    """The messages that a person saw and may repeat; not one that another run or person adds meanwhile."""
    told = [context.latest(each) for each in taken] + [context.told_under_another_id(each) for each in taken]
    return frozenset(each.message_id for each in told if each is not None)
