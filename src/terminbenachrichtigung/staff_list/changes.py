"""Who was told of a time that holds no more: the appointment was cancelled, given away, or moved."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import Known, Notification, State
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.staff_list.entries import StaffCase, StaffReason

_HEARD = frozenset({State.SENT, State.DELIVERED, State.UNKNOWN})
_CONFIRMED = frozenset({State.SENT, State.DELIVERED})
_LATER_WORD = frozenset({State.CLAIMED, State.ADOPTED})
"""Somebody is telling the customer at this moment, or another system has."""


def cancelled_cases(
    known: Known,
    rows: Mapping[str, Appointment],
    customers: Mapping[str, Appointment],
    cancelled: Callable[[Appointment], bool],
    now: datetime,
) -> Iterator[StaffCase]:
    """Those who were, or may have been, told of an appointment ahead that is theirs no more.

    Only a contact by hand after the message settles it. The start is the one that they were told.

    Args:
        known: the journal's answer about all appointments that are to be judged.
        rows: these appointments as the schedule has them, by id; one that is not there is gone.
        customers: by customer, a row that has their contact data, for an appointment that is gone.
        cancelled: whether a row stands for no appointment, by its status.
        now: a start that is not later needs no call.
    """
    for appointment_id, notifications in known.notifications.items():
        row = rows.get(appointment_id)
        for heard in _last_heard(notifications):
            if heard.starts_at <= now:
                continue
            if row is None:
                detail = "gone from the schedule"
            elif row.customer_id != heard.customer_id:
                detail = "given to another customer" if row.customer_id else "it has no customer any more"
            elif cancelled(row):
                detail = f"status {row.status.strip()}"
            else:
                continue
            theirs = row if row and row.customer_id == heard.customer_id else customers.get(heard.customer_id)
            yield StaffCase(
                _as_told(heard, theirs),
                heard.reminder,
                StaffReason.CANCELLED,
                detail,
                heard.run_now,
                heard.message_id,
            )


def moved_cases(
    known: Known,
    rows: Mapping[str, Appointment],
    cancelled: Callable[[Appointment], bool],
    now: datetime,
) -> Iterator[StaffCase]:
    """Those whose appointment has another start than the one they were, or may have been, told.

    Whether a run will still tell them is for the caller to find out. The arguments are as above.
    """
    for appointment_id, notifications in known.notifications.items():
        row = rows.get(appointment_id)
        if row is None or row.starts_at <= now or cancelled(row):
            continue
        for heard in _last_heard(notifications):
            if (
                heard.customer_id == row.customer_id
                and heard.starts_at != row.starts_at
                and not _confirmed(row, heard, known)
            ):
                yield StaffCase(
                    row,
                    heard.reminder,
                    StaffReason.MOVED,
                    "",
                    heard.run_now,
                    heard.message_id,
                    told=heard.starts_at,
                )


def _confirmed(row: Appointment, heard: Notification, known: Known) -> bool:
    """Whether the new start was confirmed to the customer since."""
    return any(
        each.state in _CONFIRMED
        and (each.customer_id, each.starts_at) == (row.customer_id, row.starts_at)
        and each.run_now >= heard.run_now
        for each in known.confirmations.get(row.appointment_id, ())
    )


def _last_heard(notifications: Iterable[Notification]) -> Iterator[Notification]:
    """By customer: the last word that they have, or may have, about the appointment."""
    last = {
        notification.customer_id: notification
        for notification in notifications
        if notification.state in _HEARD | _LATER_WORD
    }
    return (notification for notification in last.values() if notification.state in _HEARD)


def _as_told(heard: Notification, theirs: Appointment | None) -> Appointment:
    if theirs is not None:
        return replace(theirs, appointment_id=heard.appointment_id, starts_at=heard.starts_at)
    # All that is left of them is where the message went.
    recipient = {heard.route.channel: heard.route.recipient} if heard.route else {}
    return Appointment(
        heard.appointment_id,
        heard.starts_at,
        heard.customer_id,
        type_notifiable=True,
        is_group=False,
        mobile=recipient.get(Channel.SMS, ""),
        email=recipient.get(Channel.EMAIL, ""),
    )
