"""The statements of claim and settle, made once: building them anew cost a fifth of a run's CPU."""

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    bindparam,
    case,
    delete,
    insert,
    literal_column,
    or_,
    select,
    union_all,
    update,
)

from terminbenachrichtigung.journal.notifications import NOTIFICATIONS
from terminbenachrichtigung.journal.tables import (
    UtcTime,
    attempts,
    database_clock,
    messages,
    notifications,
    opt_outs,
)
from terminbenachrichtigung.model.journal import BESIDE_REMINDERS, State

COUNTS_FOR_GAP = (State.CLAIMED, State.SENT, State.DELIVERED, State.UNKNOWN)


def constant(word: str) -> ColumnElement[str]:
    """A word as a literal of the SQL: a partial index is used only then, and no claim has to bind it."""
    return literal_column(f"'{word}'", Text)


_of_appointment = NOTIFICATIONS.where(notifications.c.appointment_id == bindparam("appointment_id")).order_by(
    None
)

notifications_newest_first = _of_appointment.where(
    notifications.c.reminder == bindparam("reminder")
).order_by(notifications.c.generation.desc())
"""Of one appointment for one reminder; seldom more than one or two."""

_under_other_ids = (
    select(notifications, messages.c.state)
    .join(messages, messages.c.message_id == notifications.c.message_id)
    .where(
        notifications.c.reminder == bindparam("reminder"),
        notifications.c.starts_at == bindparam("starts_at", type_=UtcTime),
        notifications.c.appointment_id != bindparam("appointment_id"),
        notifications.c.revoked_at.is_(None),
    )
)
# In two halves, so that each uses an index: a chain of shops has a thousand appointments at ten o'clock.
told_under_other_ids = union_all(
    _under_other_ids.where(notifications.c.customer_id == bindparam("customer_id")),
    _under_other_ids.where(notifications.c.first_recipient == bindparam("first_recipient")),
)
"""What the customer, or somebody at the same number, has from one reminder about one start."""

others_for_customer = select(messages.c.state, messages.c.run_now).where(
    messages.c.customer_id == bindparam("customer_id"),
    messages.c.run_id != bindparam("run_id"),
    or_(
        messages.c.state == constant(State.CLAIMED),
        and_(
            or_(*(messages.c.state == constant(state) for state in COUNTS_FOR_GAP)),
            messages.c.reminder.not_in([constant(name) for name in BESIDE_REMINDERS]),
            messages.c.run_now > bindparam("gap_from", type_=UtcTime),
            messages.c.run_now < bindparam("gap_until", type_=UtcTime),
        ),
    ),
)
"""What other runs hold open for a customer, or have told them within the gap."""

all_of_appointment = _of_appointment.order_by(messages.c.claimed_at.desc(), notifications.c.generation.desc())
"""What anybody has of one appointment, by any reminder or correction; newest first."""

rejected_recipients = (
    select(attempts.c.recipient)
    .join(notifications, notifications.c.message_id == attempts.c.message_id)
    .where(
        notifications.c.appointment_id == bindparam("appointment_id"),
        attempts.c.outcome == "rejected",
    )
)

opted_out = select(opt_outs.c.recipient).where(
    opt_outs.c.recipient.in_(bindparam("recipients", expanding=True))
)
"""Which of these recipients asked not to be written to."""

# The columns that are not named here get the values that the statement is executed with.
insert_message = insert(messages).values(
    state=bindparam("state"),
    claimed_at=database_clock(),
    renewed_at=database_clock(),
    settled_at=case((bindparam("state") == constant(State.CLAIMED), None), else_=database_clock()),
)

renew_claim = (
    update(messages)
    .where(
        messages.c.message_id == bindparam("claim"),
        messages.c.state == State.CLAIMED,
        messages.c.run_id == bindparam("run"),
    )
    .values(channel=bindparam("channel"), recipient=bindparam("recipient"), renewed_at=database_clock())
)

_settle = (
    update(messages)
    .where(messages.c.message_id == bindparam("claim"))
    .values(
        state=bindparam("state"),
        channel=bindparam("channel"),
        recipient=bindparam("recipient"),
        settled_at=database_clock(),
    )
)
settle_claim = _settle.where(messages.c.state == constant(State.CLAIMED))
settle_late = _settle.where(messages.c.state == State.UNKNOWN)
"""A claim that expired while its run hung is `unknown`; that run may still learn that it was sent."""

forget_mark = delete(attempts).where(
    attempts.c.message_id == bindparam("claim"),
    attempts.c.channel == bindparam("attempted"),
    attempts.c.outcome == "unknown",
)

insert_attempt = insert(attempts).values(ended_at=database_clock())
