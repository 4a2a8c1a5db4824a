"""The cases that runs leave to a person, and how they become one entry for each customer."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from terminbenachrichtigung.model.appointment import Appointment, to_the_minute
from terminbenachrichtigung.model.journal import (
    CANCELLATION,
    JournalReply,
    Known,
    Notification,
    StaffTick,
    State,
)
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.model.reply import Answer
from terminbenachrichtigung.rules.people import name_of, names, same_person
from terminbenachrichtigung.rules.replies import Replies
from terminbenachrichtigung.safe_text import printable
from terminbenachrichtigung.staff_list.reasons import StaffReason

NO_START = datetime(9000, 1, 1, tzinfo=UTC)
"""In place of the start of an appointment whose line was refused, and had none that could be read."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a customer answered to an SMS, word for word, without control characters."""

    at: datetime
    text: str
    answer: Answer  # what it was understood as


@dataclass(frozen=True, slots=True)
class StaffCase:
    """One appointment that one reminder leaves to staff."""

    appointment: Appointment
    reminder: str
    reason: StaffReason
    detail: str
    contact_counts_since: datetime  # a contact by hand at or after this moment settles the case
    message_id: str = ""  # of the message that is the cause; empty where none is
    told: datetime | None = None  # the start that the customer was told, of a moved appointment
    said: Said | None = None  # the answer that is the cause


@dataclass(frozen=True, slots=True)
class Got:
    """What a customer already got, or may have got, about an appointment."""

    reminder: str
    channel: Channel | None  # None: told by another system
    state: State  # sent, delivered, unknown or adopted
    at: datetime  # the `now` of the run that sent it
    starts_at: datetime  # what it said


@dataclass(frozen=True, slots=True)
class Matter:
    """One appointment of a customer about which a person must call or write."""

    appointment_id: str
    starts_at: datetime
    reason: StaffReason  # the most urgent of its cases
    detail: str
    told: datetime | None  # the start that the customer was told before it was moved
    branch_code: str
    branch_name: str
    got: tuple[Got, ...] = ()  # oldest first
    said: tuple[Said, ...] = ()  # the same
    preferred_channel: str = ""  # as typed


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
    matters: tuple[Matter, ...] = ()  # soonest first


def journal_cases(appointments: Iterable[Appointment], known: Known) -> tuple[StaffCase, ...]:
    """The cases that the journal knows: messages for a present customer and start that failed or are unknown.

    An SMS that its delivery report calls undelivered has failed as well. Only a contact by hand after the
    message counts. `appointments` are those that pass rules 1 to 5: a cancelled one needs no call.
    """
    return tuple(
        StaffCase(appointment, latest.reminder, *IN_JOURNAL[latest.state], latest.run_now, latest.message_id)
        for appointment in appointments
        for latest in latest_by_reminder(known.notifications.get(appointment.appointment_id, ()))
        if latest.state in IN_JOURNAL
        and names(latest, appointment, known.name_key)
        # A refused cancellation of what stands again told nobody anything.
        and (latest.reminder != CANCELLATION or latest.state is State.UNKNOWN)
    )


def staff_list(
    cases: Iterable[StaffCase],
    known: Known,
    now: datetime,
    done: Callable[[StaffCase], bool] = lambda _: False,
    contacts: Mapping[str, datetime] = MappingProxyType({}),
) -> tuple[StaffEntry, ...]:
    """Drop the cases that are settled, and put the others into one entry per customer, soonest first.

    A case is settled when its appointment has started, the customer was told of it, by any reminder, or the
    customer was contacted by hand since; a contact that lies in the future is a typing error and counts for
    nothing. `no_contact` cases must be those that no other reminder can reach either. `done` says what a
    person ticked off, `contacts` when a customer was last contacted by hand, by any of their rows.
    """
    answers = Replies(known.replies, known.name_key)
    by_customer: defaultdict[str, list[StaffCase]] = defaultdict(list)
    for case in cases:
        if case.appointment.customer_id is not None:
            by_customer[case.appointment.customer_id].append(case)
    entries = []
    for customer_id, of_customer in by_customer.items():
        found = _open(of_customer, known, now, contacts.get(customer_id))
        if open_cases := [case for case in found if not done(case)]:
            entries.append(_entry(customer_id, open_cases, known, answers))
    return tuple(sorted(entries, key=_place))


def said(reply: JournalReply) -> Said:
    """A customer's answer as the list shows it."""
    return Said(reply.received_at, printable(reply.text).strip(), reply.answer)


def _place(entry: StaffEntry) -> tuple[int, datetime, str]:
    """Who wants to cancel comes first, then the soonest; rows that cannot be read come last."""
    place = {StaffReason.WANTS_TO_CANCEL: -1, StaffReason.BAD_ROW: 1}.get(entry.reason, 0)
    return place, entry.starts_at, entry.customer_id


def tick(case: StaffCase, name_key: bytes) -> StaffTick:
    """What is noted when a person has done it. A later move or a new failure is another case, and listed."""
    appointment = case.appointment
    assert appointment.customer_id is not None
    return StaffTick(
        appointment.appointment_id,
        appointment.customer_id,
        to_the_minute(appointment.starts_at),
        case.reason,
        case.message_id,
        revokes=_said_to_be_off(case),
        name=name_of(appointment, name_key) if appointment.starts_at < NO_START else frozenset(),
    )


def _said_to_be_off(case: StaffCase) -> datetime | None:
    """The start that does not hold any more, as the customer knows once they were called for this case."""
    match case.reason:
        case StaffReason.CANCELLED:
            return to_the_minute(case.appointment.starts_at)
        case StaffReason.MOVED:
            return case.told
        case _:
            return None


IN_JOURNAL = {
    State.FAILED: (StaffReason.FAILED, ""),
    State.UNDELIVERED: (StaffReason.FAILED, "the delivery report says that it did not arrive"),
    State.UNKNOWN: (StaffReason.UNKNOWN, ""),
}
_TOLD = frozenset({State.SENT, State.DELIVERED, State.ADOPTED})
_MAY_HAVE_ARRIVED = frozenset({State.UNKNOWN, State.CLAIMED})
_GOT = _TOLD | {State.UNKNOWN}
_TOLD_IS_THE_TROUBLE = frozenset(
    {StaffReason.CANCELLED, StaffReason.NUMBER_CHANGED, StaffReason.IMPORT, StaffReason.BAD_ROW}
    | {StaffReason.WANTS_TO_CANCEL, StaffReason.REPLY}
)
_URGENCY = {reason: rank for rank, reason in enumerate(StaffReason)}


def latest_by_reminder(notifications: Iterable[Notification]) -> Iterable[Notification]:
    """The latest of each reminder that was not released: if it failed, a person must still tell them."""
    return {
        notification.reminder: notification
        for notification in notifications
        if notification.state is not State.RELEASED
    }.values()


def _open(
    cases: Sequence[StaffCase], known: Known, now: datetime, contacted: datetime | None
) -> list[StaffCase]:
    contacts = [contacted, *(case.appointment.last_contacted_at for case in cases)]
    latest = max((contact for contact in contacts if contact is not None and contact <= now), default=None)
    return [
        case
        for case in cases
        if case.appointment.starts_at > now
        and (case.reason in _TOLD_IS_THE_TROUBLE or not _told(case.appointment, known))
        and not (latest is not None and latest >= case.contact_counts_since)
    ]


def _told(appointment: Appointment, known: Known) -> bool:
    """Whether the newest message that the customer got names the appointment as it is.

    Told A, moved to B, perhaps told B, moved back to A: they may believe B, so this is not told.
    """
    told = False
    for notification in known.notifications.get(appointment.appointment_id, ()):
        right = (
            names(notification, appointment, known.name_key)
            and not notification.revoked
            and notification.reminder != CANCELLATION  # which says that it does not stand
        )
        if notification.state in _TOLD:
            told = right
        elif notification.state in _MAY_HAVE_ARRIVED and not right:
            told = False
    return told


def _told_otherwise(appointment: Appointment, known: Known) -> datetime | None:
    told = [
        notification.starts_at
        for notification in known.notifications.get(appointment.appointment_id, ())
        if notification.state in _TOLD and same_person(notification, appointment, known.name_key)
    ]
    return told[-1] if told and told[-1] != to_the_minute(appointment.starts_at) else None


def _entry(customer_id: str, cases: Sequence[StaffCase], known: Known, answers: Replies) -> StaffEntry:
    soonest_first = sorted(
        cases, key=lambda case: (case.appointment.starts_at, case.appointment.appointment_id)
    )
    by_appointment: dict[str, list[StaffCase]] = {}
    for case in soonest_first:
        by_appointment.setdefault(case.appointment.appointment_id, []).append(case)
    matters = tuple(_matter(each, known, answers) for each in by_appointment.values())
    soonest = soonest_first[0].appointment
    most_urgent = min(matters, key=lambda matter: _URGENCY[matter.reason])
    return StaffEntry(
        customer_id=customer_id,
        name=" ".join(printable(soonest.full_name).split()),
        appointment_ids=tuple(by_appointment),
        starts_at=soonest.starts_at,
        reason=most_urgent.reason,
        detail=most_urgent.detail,
        mobile=printable(soonest.mobile),
        phone=printable(soonest.phone),
        email=printable(soonest.email),
        branch_code=printable(soonest.branch_code),
        told=matters[0].told,
        matters=matters,
    )


def _matter(cases: Sequence[StaffCase], known: Known, answers: Replies) -> Matter:
    most_urgent = min(cases, key=lambda case: _URGENCY[case.reason])
    appointment = most_urgent.appointment
    heard = (
        *known.notifications.get(appointment.appointment_id, ()),
        *known.confirmations.get(appointment.appointment_id, ()),
    )
    got = tuple(
        Got(
            each.reminder,
            each.route.channel if each.route else None,
            each.state,
            each.run_now,
            each.starts_at,
        )
        for each in sorted(heard, key=lambda each: each.run_now)
        if each.state in _GOT and same_person(each, appointment, known.name_key)
    )
    return Matter(
        appointment_id=appointment.appointment_id,
        starts_at=appointment.starts_at,
        reason=most_urgent.reason,
        detail=printable(most_urgent.detail),
        told=most_urgent.told or _told_otherwise(appointment, known),
        branch_code=printable(appointment.branch_code),
        branch_name=printable(appointment.branch_name),
        preferred_channel=" ".join(printable(appointment.preferred_channel).split()),
        got=got,
        said=_said(cases, answers),
    )


def _said(cases: Sequence[StaffCase], answers: Replies) -> tuple[Said, ...]:
    """All that was answered about the appointment, and what put it on the list."""
    causes = [case.said for case in cases if case.said is not None]
    about = [said(reply) for reply in answers.about(cases[0].appointment)]
    return tuple(sorted(dict.fromkeys((*causes, *about)), key=lambda each: each.at))
