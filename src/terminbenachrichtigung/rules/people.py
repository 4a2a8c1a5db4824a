"""Whether two ids mean one person, or one appointment (contract, section 4)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import chain

from terminbenachrichtigung.contact.names import hashed_name, name_words, same_name
from terminbenachrichtigung.model.appointment import Appointment, to_the_minute
from terminbenachrichtigung.model.journal import (
    BESIDE_REMINDERS,
    CONFIRMATION,
    TOLD_NOBODY,
    Known,
    Notification,
)
from terminbenachrichtigung.model.plan import PlannedMessage


def name_of(row: Appointment, key: bytes) -> frozenset[str]:
    """The customer's name as the journal keeps it."""
    return hashed_name(row.first_name, row.last_name, key=key)


def same_person(told: Notification, row: Appointment, key: bytes) -> bool:
    """Whether an appointment is still that of the person who was told of it: by the id, or by the name.

    Practices merge customer records, and exports give new ids: on one and the same appointment, a new id
    beside the same name is no reassignment.
    """
    if row.customer_id is None:
        return False
    return told.customer_id == row.customer_id or same_name(told.name, name_of(row, key))


def names(told: Notification, row: Appointment, key: bytes) -> bool:
    """Whether a notification of this appointment names its present person and start."""
    return told.starts_at == to_the_minute(row.starts_at) and same_person(told, row, key)


def last_words(notifications: Iterable[Notification]) -> list[Notification]:
    """The last notification that each person got, or may have got, about one appointment; oldest first.

    They come in oldest first, too. What failed or was released told nobody. A merged record has a new id, and
    is the same person.
    """
    last: list[Notification] = []
    for each in notifications:
        if each.state not in TOLD_NOBODY:
            last = [*(before for before in last if not is_same(before, each)), each]
    return last


def is_same(one: Notification, other: Notification) -> bool:
    """Whether two notifications of one appointment told one person."""
    return one.customer_id == other.customer_id or same_name(one.name, other.name)


def is_retired(reminder: str, configured: Collection[str]) -> bool:
    """Whether a reminder was renamed or removed: its notifications count for every reminder."""
    return reminder not in configured and reminder not in BESIDE_REMINDERS


def _believed(notifications: Iterable[Notification]) -> Iterator[Notification]:
    """What names the same start as the last word that its person got about its appointment."""
    about: defaultdict[tuple[str, bool], list[Notification]] = defaultdict(list)
    for each in notifications:
        about[each.appointment_id, each.reminder == CONFIRMATION].append(each)
    for told in about.values():
        last = last_words(told)
        for each in told:
            if each.state not in TOLD_NOBODY and is_believed(each, last):
                yield each


def is_believed(told: Notification, last: Iterable[Notification]) -> bool:
    """Whether none of the last words about the same appointment told its person another start."""
    return all(each.starts_at == told.starts_at for each in last if is_same(each, told))


class ToldByStart:
    """What was told of each start, under whatever appointment id: nobody is in two places at once.

    Who was told another start of the same appointment since does not believe the earlier one any more.
    """

    def __init__(self, known: Known) -> None:
        self._key = known.name_key
        self._starts: set[datetime] = set()
        self._of_customer: defaultdict[tuple[datetime, str], list[Notification]] = defaultdict(list)
        self._of_name: defaultdict[tuple[datetime, str], list[Notification]] = defaultdict(list)
        for each in _believed(chain(*known.notifications.values(), known.told_beside)):
            if not each.revoked:
                self._starts.add(each.starts_at)
                self._of_customer[each.starts_at, each.customer_id].append(each)
                for word in each.name:
                    self._of_name[each.starts_at, word].append(each)

    def of_customer(self, row: Appointment) -> Iterator[Notification]:
        """What this customer's id was told of this start under other ids of the appointment."""
        start = to_the_minute(row.starts_at)
        for each in self._of_customer.get((start, row.customer_id or ""), ()):
            if each.appointment_id != row.appointment_id:
                yield each

    def of_namesakes(self, row: Appointment) -> Iterator[Notification]:
        """What others of the same name were told of this start under other ids of the appointment."""
        start = to_the_minute(row.starts_at)
        if start not in self._starts:
            return
        name = name_of(row, self._key)
        # Whoever shares two words of the name stands below both.
        for each in dict.fromkeys(chain(*(self._of_name.get((start, word), ()) for word in name))):
            if each.appointment_id != row.appointment_id and same_name(each.name, name):
                yield each


class PlannedByStart:
    """What one run plans of each start: one person may have the same appointment in two records."""

    def __init__(self) -> None:
        self._rows: defaultdict[tuple[str, datetime, str], list[Appointment]] = defaultdict(list)

    def add(self, message: PlannedMessage) -> None:
        """Note what a message of this run will tell."""
        for row in message.appointments:
            told = (message.reminder, to_the_minute(row.starts_at), message.routes[0].recipient)
            self._rows[told].append(row)

    def of_namesake(self, reminder: str, row: Appointment, recipient: str) -> Appointment | None:
        """The same person's row in another record, of which this recipient will be told the same start."""
        name = name_words(row.first_name, row.last_name)
        for other in self._rows.get((reminder, to_the_minute(row.starts_at), recipient), ()):
            another = other.customer_id != row.customer_id
            if another and same_name(name, name_words(other.first_name, other.last_name)):
                return other
        return None
