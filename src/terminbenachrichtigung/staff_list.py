"""Whom a person must call or write, and why: each customer once, soonest first (contract, section 2)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from terminbenachrichtigung.model import Appointment, Known, Notification, State
from terminbenachrichtigung.tables import Row, Table, printable, render


class StaffReason(StrEnum):
    """Why a person must do it, the most urgent first: `unknown` may have reached the customer after all.

    The words are those of `Reason` and `MessageOutcome`, so `StaffReason(skip.reason)` is the way here.
    """

    MISSED = "missed"
    FAILED = "failed"
    NO_CONTACT = "no_contact"
    MANUAL_CONTACT = "manual_contact"
    UNKNOWN = "unknown"


WORDING = {
    StaffReason.MISSED: "nobody told the customer in time",
    StaffReason.FAILED: "every channel refused the message",
    StaffReason.NO_CONTACT: "there is no number or address that can be used",
    StaffReason.MANUAL_CONTACT: "the customer wants a letter or a call",
    StaffReason.UNKNOWN: "the message may or may not have arrived",
}


@dataclass(frozen=True, slots=True)
class StaffCase:
    """One appointment that one reminder leaves to staff."""

    appointment: Appointment
    reminder: str
    reason: StaffReason
    detail: str
    contact_counts_since: datetime  # a contact by hand at or after this moment settles the case


@dataclass(frozen=True, slots=True)
class StaffEntry:
    """One customer to call or write. Contact data as typed, without control characters; never masked."""

    customer_id: str
    name: str
    appointment_ids: tuple[str, ...]  # soonest first
    starts_at: datetime  # of the soonest
    reason: StaffReason  # the most urgent of all cases
    detail: str
    mobile: str
    phone: str
    email: str
    branch_code: str
    told: datetime | None  # the start that the customer was told before the soonest appointment was moved


def journal_cases(appointments: Iterable[Appointment], known: Known) -> tuple[StaffCase, ...]:
    """The cases that the journal knows: messages for a present customer and start that failed or are unknown.

    An SMS that its delivery report calls undelivered has failed as well. Only a contact by hand after the
    message counts. `appointments` are those that pass rules 1 to 5: a cancelled one needs no call.
    """
    return tuple(
        StaffCase(appointment, latest.reminder, *_IN_JOURNAL[latest.state], latest.run_now)
        for appointment in appointments
        for latest in _latest_by_reminder(known.notifications.get(appointment.appointment_id, ()))
        if latest.state in _IN_JOURNAL and _names(latest, appointment)
    )


def staff_list(cases: Iterable[StaffCase], known: Known, now: datetime) -> tuple[StaffEntry, ...]:
    """Drop the cases that are settled, and bring the others down to one entry per customer, soonest first.

    A case is settled when its appointment has started, the customer was told of it, by any reminder, or the
    customer was contacted by hand since; a contact that lies in the future is a typing error and counts for
    nothing. `no_contact` cases must be those that no other reminder can reach either.
    """
    by_customer: defaultdict[str, list[StaffCase]] = defaultdict(list)
    for case in cases:
        if case.appointment.customer_id is not None:
            by_customer[case.appointment.customer_id].append(case)
    entries = (
        _entry(customer_id, open_cases, known)
        for customer_id, of_customer in by_customer.items()
        if (open_cases := _open(of_customer, known, now))
    )
    return tuple(sorted(entries, key=lambda entry: (entry.starts_at, entry.customer_id)))


def as_json(entries: Sequence[StaffEntry], *, zone: tzinfo) -> dict[str, object]:
    """The document of `staff-list --json` (contract, section 7); times carry the local offset."""

    def local(moment: datetime | None) -> str | None:
        return None if moment is None else moment.astimezone(zone).isoformat(timespec="seconds")

    return {
        "command": "staff-list",
        "customers": [
            asdict(entry)
            | {
                "appointment_ids": list(entry.appointment_ids),
                "starts_at": local(entry.starts_at),
                "reason": entry.reason.value,
                "told": local(entry.told),
            }
            for entry in entries
        ],
    }


def as_text(
    entries: Sequence[StaffEntry], *, zone: tzinfo, width: int | None = None, colour: bool = True
) -> str:
    """One row per customer; `width` is the terminal's in columns, None without one."""
    if not entries:
        return "Nobody needs to be called or written to."
    columns = ("start", "customer", "branch", "mobile", "phone", "email", "why", "appointments")
    rows = tuple(_row(entry, zone) for entry in entries)
    return render([Table("", columns, rows)], width=width, colour=colour)


_IN_JOURNAL = {
    State.FAILED: (StaffReason.FAILED, ""),
    State.UNDELIVERED: (StaffReason.FAILED, "the delivery report says that it did not arrive"),
    State.UNKNOWN: (StaffReason.UNKNOWN, ""),
}
_TOLD = frozenset({State.SENT, State.DELIVERED, State.ADOPTED})
_MAY_HAVE_ARRIVED = frozenset({State.UNKNOWN, State.CLAIMED})
_URGENCY = {reason: rank for rank, reason in enumerate(StaffReason)}


def _latest_by_reminder(notifications: Iterable[Notification]) -> Iterable[Notification]:
    # What was released told nobody: what failed before it is still to be made good.
    return {each.reminder: each for each in notifications if each.state is not State.RELEASED}.values()


def _names(notification: Notification, appointment: Appointment) -> bool:
    return (notification.customer_id, notification.starts_at) == (
        appointment.customer_id,
        appointment.starts_at,
    )


def _open(cases: Sequence[StaffCase], known: Known, now: datetime) -> list[StaffCase]:
    contacts = [case.appointment.last_contacted_at for case in cases]
    contacted = max((contact for contact in contacts if contact is not None and contact <= now), default=None)
    return [
        case
        for case in cases
        if case.appointment.starts_at > now
        and not _told(case.appointment, known)
        and not (contacted is not None and contacted >= case.contact_counts_since)
    ]


def _told(appointment: Appointment, known: Known) -> bool:
    """Whether what the customer heard last is right.

    Moved from A to B and back to A: the message about A is no comfort once the one about B may have arrived.
    """
    told = False
    for notification in known.notifications.get(appointment.appointment_id, ()):
        if notification.state in _TOLD:
            told = _names(notification, appointment)
        elif notification.state in _MAY_HAVE_ARRIVED and not _names(notification, appointment):
            told = False
    return told


def _told_otherwise(appointment: Appointment, known: Known) -> datetime | None:
    told = [
        notification.starts_at
        for notification in known.notifications.get(appointment.appointment_id, ())
        if notification.state in _TOLD and notification.customer_id == appointment.customer_id
    ]
    return told[-1] if told and told[-1] != appointment.starts_at else None


def _entry(customer_id: str, cases: Sequence[StaffCase], known: Known) -> StaffEntry:
    soonest_first = sorted(
        cases, key=lambda case: (case.appointment.starts_at, case.appointment.appointment_id)
    )
    soonest = soonest_first[0].appointment
    most_urgent = min(soonest_first, key=lambda case: _URGENCY[case.reason])
    names = (soonest.salutation, soonest.first_name, soonest.last_name)
    return StaffEntry(
        customer_id=customer_id,
        name=" ".join(printable(" ".join(names)).split()),
        appointment_ids=tuple(dict.fromkeys(case.appointment.appointment_id for case in soonest_first)),
        starts_at=soonest.starts_at,
        reason=most_urgent.reason,
        detail=printable(most_urgent.detail),
        mobile=printable(soonest.mobile),
        phone=printable(soonest.phone),
        email=printable(soonest.email),
        branch_code=printable(soonest.branch_code),
        told=_told_otherwise(soonest, known),
    )


def _row(entry: StaffEntry, zone: tzinfo) -> Row:
    def clock(moment: datetime) -> str:
        return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")

    because = f" ({entry.detail})" if entry.detail else ""
    moved = f"; was told {clock(entry.told)}" if entry.told else ""
    return Row(
        (
            clock(entry.starts_at),
            f"{entry.name} ({entry.customer_id})" if entry.name else entry.customer_id,
            entry.branch_code,
            entry.mobile,
            entry.phone,
            entry.email,
            f"{WORDING[entry.reason]}{because}{moved}",
            ", ".join(entry.appointment_ids),
        )
    )
