"""Who was told what does not hold any more: it was cancelled, given away, moved, or stands again."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from terminbenachrichtigung.contact.names import same_name
from terminbenachrichtigung.model.appointment import GONE, Appointment, BadRow, to_the_minute
from terminbenachrichtigung.model.journal import CANCELLATION, CHANNELS_LEFT, Known, Notification, State
from terminbenachrichtigung.model.plan import Channel, Route
from terminbenachrichtigung.model.reply import Answer
from terminbenachrichtigung.rules.people import is_same, last_words, name_of, names, same_person
from terminbenachrichtigung.rules.replies import Replies, decision
from terminbenachrichtigung.staff_list.entries import IN_JOURNAL, StaffCase, latest_by_reminder
from terminbenachrichtigung.staff_list.reasons import StaffReason
from terminbenachrichtigung.staff_list.ticked import Ticked

_HEARD = frozenset({State.SENT, State.DELIVERED, State.UNKNOWN})
_CONFIRMED = frozenset({State.SENT, State.DELIVERED})
_OF_THE_PLACE = ("type_name", "branch_code", "branch_name", "branch_phone", "branch_address", "branch_email")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one reading of schedule and journal has of all appointments that somebody was told of."""

    known: Known
    rows: Mapping[str, Appointment]  # by id; one that is not there is gone
    cancelled: Callable[[Appointment], bool]  # whether a row stands for no appointment, by its status
    names: Callable[[Appointment, Route], bool]  # whether a row still names a number or address
    now: datetime  # a start that is not later needs no call
    ticked: Ticked = field(default_factory=Ticked)
    bad_rows: Sequence[BadRow] = ()  # of what lies ahead, and of what somebody was told, wherever it is now

    def answers(self) -> Replies:
        """What customers answered, by start."""
        return Replies(self.known.replies, self.known.name_key)

    def stands_for(self, heard: Notification, row: Appointment) -> bool:
        """Whether a row is an appointment ahead, of the person who heard of it."""
        return row.starts_at > self.now and not self.cancelled(row) and self.is_theirs(heard, row)

    def last_heard(self, notifications: Sequence[Notification]) -> Iterator[Notification]:
        """Where each person believes an appointment to stand, by a message or by telephone since."""
        for heard in _last_heard(notifications):
            start = self.ticked.known_start(heard) if heard.revoked else heard.starts_at
            if start is not None and start > self.now:
                yield replace(heard, starts_at=start)

    def any_row_of(self, heard: Notification) -> Appointment | None:
        """A row of the customer who heard of it, for name and numbers."""
        of_id = (row for row in self.rows.values() if row.customer_id == heard.customer_id)
        return next((row for row in of_id if self.has_their_record(heard, row)), None)

    def has_their_record(self, heard: Notification, row: Appointment) -> bool:
        """Whether a row has the name, number or address of the person who heard of an appointment.

        Customer numbers are given again: whoever has one now must not be called about another's appointment.
        """
        if not heard.name or same_name(heard.name, name_of(row, self.known.name_key)):
            return True
        return heard.route is not None and self.names(row, heard.route)

    def is_theirs(self, heard: Notification, row: Appointment) -> bool:
        """Whether the appointment is still that of the person who heard of it."""
        return same_person(heard, row, self.known.name_key)


def cancelled_cases(seen: Seen) -> Iterator[StaffCase]:
    """Those who were, or may have been, told of an appointment ahead that is theirs no more.

    Only a contact by hand after the message settles it. The start is the one that they were told. Who has
    another row at that start is left out: calendar programs delete an appointment and make it anew.
    """
    customers: dict[str, Appointment] = {}
    for each in seen.rows.values():
        if each.customer_id is not None:
            customers.setdefault(each.customer_id, each)
    at_start = _by_start(seen)
    answers = seen.answers()
    for appointment_id, notifications in seen.known.notifications.items():
        row = seen.rows.get(appointment_id)
        for heard in seen.last_heard(notifications):
            if row is None:
                detail = "gone from the schedule"
            elif row.import_state == GONE:
                detail = "missing from two files of the import: check"
            elif not seen.is_theirs(heard, row):
                detail = "given to another customer" if row.customer_id else "it has no customer any more"
            elif seen.cancelled(row):
                detail = f"status {row.status.strip()}"
            else:
                continue
            others = (each for each in at_start[heard.starts_at] if _is_their_other_row(seen, heard, each))
            if (anew := next(others, None)) is not None:
                yield from _made_anew(seen, heard, anew)
                continue
            theirs = row if row and seen.is_theirs(heard, row) else customers.get(heard.customer_id)
            told = as_told(heard, theirs if theirs and seen.has_their_record(heard, theirs) else None)
            if row is not None:  # the place is the appointment's, whoever has it now
                told = replace(told, **{name: getattr(row, name) for name in _OF_THE_PLACE})
            if _asked_for(answers, told):
                continue
            yield StaffCase(
                told,
                heard.reminder,
                StaffReason.CANCELLED,
                detail,
                heard.run_now,
                heard.message_id,
            )


def _made_anew(seen: Seen, heard: Notification, row: Appointment) -> Iterator[StaffCase]:
    """What a message about a row that is off leaves to do for the one that was made in its place."""
    own = _last_heard(seen.known.notifications.get(row.appointment_id, ()))
    if heard.revoked or any(seen.is_theirs(each, row) for each in own):
        return
    reason, detail = StaffReason.UNKNOWN, ""
    if heard.state in _CONFIRMED:
        if heard.route is None or not _is_elsewhere(seen, row, heard.route):
            return
        reason, detail = StaffReason.NUMBER_CHANGED, f"told at {heard.route.recipient}"
    yield StaffCase(row, heard.reminder, reason, detail, heard.run_now, heard.message_id)


def refused_cases(seen: Seen) -> Iterator[StaffCase]:
    """Those whom no message reached about a row that is off, for the one that was made in its place."""
    at_start = _by_start(seen)
    for appointment_id, notifications in seen.known.notifications.items():
        row = seen.rows.get(appointment_id)
        told = last_words(notifications)
        for refused in latest_by_reminder(notifications):
            if refused.state not in CHANNELS_LEFT or (row is not None and seen.stands_for(refused, row)):
                continue
            if any(each.starts_at == refused.starts_at and is_same(each, refused) for each in told):
                continue
            for anew in at_start[refused.starts_at]:
                if anew.starts_at > seen.now and _is_their_other_row(seen, refused, anew):
                    if not _is_known(seen, anew):
                        reason, detail = IN_JOURNAL[refused.state]
                        yield StaffCase(
                            anew, refused.reminder, reason, detail, refused.run_now, refused.message_id
                        )
                    break


def _is_known(seen: Seen, row: Appointment) -> bool:
    """Whether the journal has a message about this very row, person and start, whatever became of it."""
    return any(
        each.state is not State.RELEASED and names(each, row, seen.known.name_key)
        for each in seen.known.notifications.get(row.appointment_id, ())
    )


def standing_cases(seen: Seen) -> Iterator[StaffCase]:
    """Those whose appointment stands, but not as they were, or may have been, told of it.

    It has another start; or it stands again, perhaps as another row, after they heard that it is off; or they
    were told at a number or address that was corrected since. The caller leaves out the first two where a run
    will still tell them. Two appointments of one customer that changed places are left out: the customer
    comes at the same times.
    """
    at_start = _by_start(seen)
    believed: defaultdict[datetime, list[Notification]] = defaultdict(list)
    for notifications in seen.known.notifications.values():
        for heard in seen.last_heard(notifications):
            believed[heard.starts_at].append(heard)
    for appointment_id, notifications in seen.known.notifications.items():
        row = seen.rows.get(appointment_id)
        for heard in _last_heard(notifications):
            yield from _stands_anew(seen, heard, at_start[heard.starts_at])
            if row is None or not seen.stands_for(heard, row):
                continue
            if (found := _of_standing(seen, row, heard)) is None:
                continue
            in_its_place = any(_is_their_other_row(seen, heard, other) for other in at_start[heard.starts_at])
            about_its_start = believed[to_the_minute(row.starts_at)]
            expected = [other for other in about_its_start if _is_their_other_row(seen, other, row)]
            if found.reason is StaffReason.MOVED and in_its_place and expected:
                continue
            # Told since of the row that had taken its place: they know that the start stands.
            if found.reason is StaffReason.REINSTATED and any(each.state in _CONFIRMED for each in expected):
                continue
            yield found


def _stands_anew(seen: Seen, heard: Notification, at_start: Sequence[Appointment]) -> Iterator[StaffCase]:
    """The row that took the place of one of which its customer heard that it is off, or has moved."""
    said_to_be_off = heard.revoked and seen.ticked.known_start(heard) != heard.starts_at
    theirs = [row for row in at_start if row.starts_at > seen.now and _is_their_other_row(seen, heard, row)]
    if said_to_be_off and theirs and not any(_is_known(seen, row) for row in theirs):
        yield StaffCase(
            theirs[0], heard.reminder, StaffReason.REINSTATED, "", heard.run_now, heard.message_id
        )


def _by_start(seen: Seen) -> defaultdict[datetime, list[Appointment]]:
    """The appointments that stand, by the start that a text would show."""
    at_start: defaultdict[datetime, list[Appointment]] = defaultdict(list)
    for row in seen.rows.values():
        if row.customer_id is not None and not seen.cancelled(row):
            at_start[to_the_minute(row.starts_at)].append(row)
    return at_start


def _of_standing(seen: Seen, row: Appointment, heard: Notification) -> StaffCase | None:
    reason, detail, told = StaffReason.MOVED, "", None
    if heard.revoked and heard.reminder == CANCELLATION:
        reason = StaffReason.REINSTATED
    elif heard.starts_at != to_the_minute(row.starts_at):
        told = heard.starts_at
        if _confirmed(row, heard, seen.known):
            return None
    elif heard.revoked:
        reason = StaffReason.REINSTATED
    elif heard.state in _CONFIRMED and heard.route is not None and _is_elsewhere(seen, row, heard.route):
        reason, detail = StaffReason.NUMBER_CHANGED, f"told at {heard.route.recipient}"
    else:
        return None
    return StaffCase(row, heard.reminder, reason, detail, heard.run_now, heard.message_id, told)


def _is_elsewhere(seen: Seen, row: Appointment, route: Route) -> bool:
    """Whether the row has no more the number or address where they heard of it; False if it was forgotten."""
    return bool(route.recipient) and not seen.names(row, route)


def _is_their_other_row(seen: Seen, heard: Notification, row: Appointment) -> bool:
    """Whether a row of another appointment is the same person's: by the id, or by name and recipient."""
    if row.appointment_id == heard.appointment_id:
        return False
    if row.customer_id == heard.customer_id:
        return True
    same_recipient = heard.route is not None and seen.names(row, heard.route)
    return same_recipient and seen.is_theirs(heard, row)


def _confirmed(row: Appointment, heard: Notification, known: Known) -> bool:
    """Whether the new start was confirmed to the customer since."""
    return any(
        each.state in _CONFIRMED and names(each, row, known.name_key) and each.run_now >= heard.run_now
        for each in known.confirmations.get(row.appointment_id, ())
    )


def _last_heard(notifications: Sequence[Notification]) -> Iterator[Notification]:
    """For each person: the newest message about the appointment that they got, or may have got."""
    return (each for each in last_words(notifications) if each.state in _HEARD)


def _asked_for(answers: Replies, row: Appointment) -> bool:
    """Whether the customer answered that they will not come: then it is no news to them that it is off."""
    held = decision(answers.about(row))
    return held is not None and held.answer is Answer.NO


def as_told(heard: Notification, theirs: Appointment | None) -> Appointment:
    """The appointment as the customer was told of it."""
    if theirs is not None:
        return replace(
            theirs,
            appointment_id=heard.appointment_id,
            starts_at=heard.starts_at,
            customer_id=heard.customer_id,
        )
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
