"""Who the customers of a file are among those of the schedule. Pure.

Two lines with one id are one customer. Without ids, name and number tell: however the number is typed, and
even if one of the two is corrected, as long as the appointment is known.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain, combinations, count, islice

from terminbenachrichtigung.contact.names import same_name
from terminbenachrichtigung.own_schedule.columns import LEAVE
from terminbenachrichtigung.own_schedule.entries import Entry, Identity, Refused, Value, identity_of, refusal
from terminbenachrichtigung.schedule.values import shown

MADE = "file-"
"""Ids that the import makes begin so."""

SHARED_BY = 3  # people: a number that more of them have is no family's, but the practice's or a dummy
_REACHED = frozenset({"mobile", "phone", "email"})
_COMPARED = 50  # people under one id that are compared with each other; the first difference is enough

Row = Mapping[str, object]


def one_id_one_person(entries: Iterable[Entry]) -> tuple[list[Entry], list[Refused]]:
    """Refuse all lines of a customer id that stands for different people."""
    by_id: defaultdict[str, dict[Identity, None]] = defaultdict(dict)
    listed = list(entries)
    for entry in listed:
        if entry.person and entry.person.customer_id:
            by_id[entry.person.customer_id][entry.person.identity] = None
    shared = {
        customer_id
        for customer_id, people in by_id.items()
        if any(one.is_another(other) for one, other in combinations(islice(people, _COMPARED), 2))
    }
    kept, refused = [], []
    for entry in listed:
        if entry.person and entry.person.customer_id in shared:
            reason = f"customer_id: {shown(entry.person.customer_id)} stands for different people"
            refused.append(refusal(entry, reason))
        else:
            kept.append(entry)
    return kept, refused


def identified(
    entries: Sequence[Entry], customers: Mapping[str, Row], customer_before: Callable[[Entry], str | None]
) -> list[Entry]:
    """The entries with an id for each customer.

    Args:
        entries: of one file.
        customers: of the schedule, by id.
        customer_before: the customer to whom the appointment of an entry belongs so far, if it is known.
    """
    nameless = [entry for entry in entries if entry.person and not entry.person.customer_id]
    if not nameless:
        return list(entries)
    known = {key: identity_of(row) for key, row in customers.items()}
    found = _ids(nameless, known, customer_before)
    return [
        replace(entry, person=replace(entry.person, customer_id=found[entry.person.identity]))
        if entry.person and not entry.person.customer_id
        else entry
        for entry in entries
    ]


def _ids(
    entries: Sequence[Entry], known: Mapping[str, Identity], customer_before: Callable[[Entry], str | None]
) -> Mapping[Identity, str]:
    people = dict.fromkeys(entry.person.identity for entry in entries if entry.person)
    index: defaultdict[object, list[str]] = defaultdict(list)
    for customer_id, identity in known.items():
        for mark in identity.reached or (identity.words,):
            index[mark].append(customer_id)
    found: dict[Identity, str] = {}
    for person in people:
        candidates = {key for mark in person.reached or (person.words,) for key in index[mark]}
        exact = {key for key in candidates if known[key].is_exactly(person)}
        same_words = {key for key in exact if known[key].words == person.words}
        if same_words or len(exact) == 1:
            found[person] = min(same_words or exact)
    taken = set(found.values())
    for person, customer_id in _corrected(entries, found, known, customer_before):
        if person not in found and customer_id not in taken:
            found[person] = customer_id
            taken.add(customer_id)
    taken.update(known)
    for person in people:
        if person not in found:
            content = " ".join(sorted(person.words)) + "\n" + " ".join(sorted(person.reached))
            found[person] = made_id(content, taken)
            taken.add(found[person])
    return found


def _corrected(
    entries: Sequence[Entry],
    found: Mapping[Identity, str],
    known: Mapping[str, Identity],
    customer_before: Callable[[Entry], str | None],
) -> Iterable[tuple[Identity, str]]:
    """People whose appointment is known, under the same name (first) or the same number."""
    in_file = {entry.person.identity for entry in entries if entry.person}
    names_of = Counter(number for person in in_file for number in person.reached)
    by_name, by_number = [], []
    for entry in entries:
        if entry.person is None or (person := entry.person.identity) in found:
            continue
        before = customer_before(entry)
        if before is None or before not in known:
            continue
        old = known[before]
        if same_name(old.words, person.words):
            by_name.append((person, before))
        elif any(
            names_of[number] <= SHARED_BY
            and not any(other.words == old.words and number in other.reached for other in in_file)
            for number in old.reached & person.reached
        ):
            by_number.append((person, before))
    return [*by_name, *by_number]


def with_contacts_if_any(entries: Iterable[Entry]) -> list[Entry]:
    """The entries; without their empty numbers and addresses where nobody in the file has any.

    The export lost its columns: it must not take those away that are known. One customer alone may have
    had the number taken out.
    """
    listed = list(entries)
    people = {entry.person.customer_id: entry.person.identity for entry in listed if entry.person}
    if len(people) < 2 or any(identity.reached for identity in people.values()):
        return listed
    return [
        entry.saying({column: value for column, value in entry.person.said.items() if column not in _REACHED})
        if entry.person
        else entry
        for entry in listed
    ]


def agreed(entries: Iterable[Entry], now: datetime) -> list[Entry]:
    """The entries, of which all of one customer say the same.

    Where they differ the line of the soonest appointment ahead counts, and where it says nothing the next
    one does. Nobody consents, or gives leave, of whom one of the lines ahead says no.
    """
    listed = list(entries)
    first: dict[str, Mapping[str, Value]] = {}
    lines: defaultdict[str, list[Entry]] = defaultdict(list)  # of those whose lines differ, which are few
    for entry in listed:
        if entry.person:
            before = first.setdefault(entry.person.customer_id, entry.person.said)
            if before is not entry.person.said and before != entry.person.said:
                lines[entry.person.customer_id] = []
    for entry in listed if lines else ():
        if entry.person and entry.person.customer_id in lines:
            lines[entry.person.customer_id].append(entry)
    said = {key: _said_by(theirs, now) for key, theirs in lines.items()}
    if not said:
        return listed
    return [
        entry.saying(said[entry.person.customer_id])
        if entry.person and entry.person.customer_id in said
        else entry
        for entry in listed
    ]


def _said_by(lines: Sequence[Entry], now: datetime) -> dict[str, Value]:
    found: dict[str, Value] = {}
    by_time = sorted(
        lines, key=lambda each: (each.starts_at <= now, abs(each.starts_at - now), each.appointment_id)
    )
    for line in by_time:
        for column, value in (line.person.said if line.person else {}).items():
            if not found.get(column):
                found[column] = value
    ahead = [each for each in lines if each.starts_at > now] or lines
    if "reminder_consent" in found:
        found["reminder_consent"] = all(_said(each, "reminder_consent") for each in ahead)
    for column in LEAVE:
        if column in found and any(_said(each, column) is False for each in ahead):
            found[column] = False
    contacts = [at for each in lines if isinstance(at := _said(each, "last_contacted_at"), datetime)]
    return found | ({"last_contacted_at": max(contacts)} if contacts else {})


def _said(entry: Entry, column: str) -> Value:
    return entry.person.said.get(column) if entry.person else None


def made_id(content: str, taken: Container[str]) -> str:
    """An id made of a content, the same in every file; with a number behind it if another has it already."""
    first = MADE + hashlib.sha256(content.encode()).hexdigest()[:16]
    further = (f"{first}-{number}" for number in count(2))
    return next(made for made in chain([first], further) if made not in taken)
