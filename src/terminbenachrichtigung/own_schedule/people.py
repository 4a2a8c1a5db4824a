"""Who the customers of a file are among those of the schedule. Pure.

A customer is their id. Without ids, a name with a number is one: the same in every export, however the
number is typed, and also where one of the two is corrected in an appointment that is known.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice

from terminbenachrichtigung.contact.names import same_name
from terminbenachrichtigung.own_schedule.entries import Entry, Person, Refused, reached, refusal, words
from terminbenachrichtigung.schedule.values import shown

MADE = "file-"
"""Ids that the import makes begin so."""

SHARED_BY = 3  # names; more of them have one number in common because it is the practice's, or nobody's
_COMPARED = 50  # people under one id that are compared with each other; the first difference is enough

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a customer from another: the words of the name, and how they are reached."""

    words: frozenset[str]
    reached: frozenset[str]

    def is_exactly(self, other: "Identity") -> bool:
        """The same name, and a number in common; or neither has one."""
        same = self.words == other.words or (bool(self.reached) and same_name(self.words, other.words))
        return same and (bool(self.reached & other.reached) or not (self.reached or other.reached))

    def is_another(self, other: "Identity") -> bool:
        """Another name, and nothing in common by which they are reached."""
        named = bool(self.words) and bool(other.words)
        return named and not same_name(self.words, other.words) and not self.reached & other.reached


def identity_of(row: Row) -> Identity:
    """Of a customer of the schedule."""
    texts = {
        name: str(row.get(name) or "") for name in ("first_name", "last_name", "mobile", "phone", "email")
    }
    return Identity(
        words(texts["first_name"], texts["last_name"]),
        reached(texts["mobile"], texts["phone"], texts["email"]),
    )


def one_id_one_person(entries: Iterable[Entry]) -> tuple[list[Entry], list[Refused]]:
    """The lines of an id that stands for different people are refused: whose appointment is whose?"""
    by_id: defaultdict[str, dict[Identity, None]] = defaultdict(dict)
    listed = list(entries)
    for entry in listed:
        if entry.person and entry.person.customer_id:
            by_id[entry.person.customer_id][_identity(entry.person)] = None
    shared = {
        customer_id
        for customer_id, people in by_id.items()
        if any(one.is_another(other) for one, other in combinations(islice(people, _COMPARED), 2))
    }
    kept = [entry for entry in listed if not (entry.person and entry.person.customer_id in shared)]
    refused = [
        refusal(entry, f"customer_id: {shown(entry.person.customer_id)} stands for different people")
        for entry in listed
        if entry.person and entry.person.customer_id in shared
    ]
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
        replace(entry, person=replace(entry.person, customer_id=found[_identity(entry.person)]))
        if entry.person and not entry.person.customer_id
        else entry
        for entry in entries
    ]


def _ids(
    entries: Sequence[Entry], known: Mapping[str, Identity], customer_before: Callable[[Entry], str | None]
) -> Mapping[Identity, str]:
    people = dict.fromkeys(_identity(entry.person) for entry in entries if entry.person)
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
            found[person] = _new_id(person, taken)
            taken.add(found[person])
    return found


def _corrected(
    entries: Sequence[Entry],
    found: Mapping[Identity, str],
    known: Mapping[str, Identity],
    customer_before: Callable[[Entry], str | None],
) -> Iterable[tuple[Identity, str]]:
    """People whose known appointment has kept either the name or the number: first those with the name."""
    in_file = {_identity(entry.person) for entry in entries if entry.person}
    names_of = Counter(number for person in in_file for number in person.reached)
    by_name, by_number = [], []
    for entry in entries:
        if entry.person is None or (person := _identity(entry.person)) in found:
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


def _identity(person: Person) -> Identity:
    return Identity(person.words, person.reached)


def _new_id(person: Identity, taken: Container[str]) -> str:
    known = " ".join(sorted(person.words)) + "\n" + " ".join(sorted(person.reached))
    first = MADE + hashlib.sha256(known.encode()).hexdigest()[:16]
    number, made = 1, first
    while made in taken:
        number += 1
        made = f"{first}-{number}"
    return made
