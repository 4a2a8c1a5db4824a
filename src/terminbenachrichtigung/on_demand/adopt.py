"""What another system has told already: marked, so that the first run does not tell it again."""

from collections import defaultdict

from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.plan import PlannedMessage
from terminbenachrichtigung.rules.planning import judge
from terminbenachrichtigung.rules.verdicts import NEVER_NOTIFIED
from terminbenachrichtigung.run.context import RunContext, reaches, situation
from terminbenachrichtigung.run.planning import look


def adopt(context: RunContext) -> int:
    """Marks what is due now, or at the next open moment, as handled elsewhere; returns how many were new.

    For starting beside another system, and for a journal that was lost.
    """
    journal = context.journal
    assert journal is not None
    now = context.quiet.next_open(context.clock.now())
    found = look(context, now)
    together: defaultdict[tuple[str, str], list[Appointment]] = defaultdict(list)
    reach = reaches(context, now)
    for each in judge(found.window.appointments, situation(context, found.known, now)):
        row = each.appointment
        # Whom a message did not reach is on the staff list, and stays there.
        ours = each.first(NEVER_NOTIFIED) is None and not each.did_not_arrive()
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
