"""Finds customer ids under which one reading has different people. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from terminbenachrichtigung.contact.names import name_words, same_name
from terminbenachrichtigung.contact.phone import number_keys
from terminbenachrichtigung.model.appointment import Appointment

_PIECES = re.compile(r"[;,\s]+")
_MOST_COMPARED = 50  # people under one id that are compared with each other; the first difference is enough

Person = tuple[str, str, str, str, str]
"""First and last name, mobile, phone, e-mail."""


@dataclass(slots=True)
class PeopleOfIds:
    """Finds, row by row, the ids of customers that stand for different people.

    These have other names, and nothing in common. Nobody of them is told, because one would hear the other's
    times. `Meier` beside `Ida Meier` is one person, and so is whoever has a number or an address in common: a
    name may be corrected, or changed by marriage.
    """

    first: dict[str, Appointment] = field(default_factory=dict)
    """The first row of each id."""
    shared: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The ids that stand for different people, each with two of the names."""
    _people: dict[str, list[Person]] = field(default_factory=dict)  # by id, where rows differ

    def add(self, customer_id: str, row: Appointment) -> None:
        """Compare the row with those that the id had before."""
        first = self.first.setdefault(customer_id, row)
        if first is row or customer_id in self.shared or (person := _person(row)) == _person(first):
            return
        known = self._people.setdefault(customer_id, [_person(first)])
        if person in known or len(known) >= _MOST_COMPARED:
            return
        another = next((each for each in known if _are_different(each, person)), None)
        if another is not None:
            self.shared[customer_id] = (_name(another), _name(person))
        known.append(person)


def shared_ids(rows: Iterable[Appointment]) -> frozenset[str]:
    """The customers' ids that stand for different people in one reading."""
    people = PeopleOfIds()
    for row in rows:
        if row.customer_id:
            people.add(row.customer_id, row)
    return frozenset(people.shared)


def _person(row: Appointment) -> Person:
    return row.first_name, row.last_name, row.mobile, row.phone, row.email


def _name(person: Person) -> str:
    return " ".join(filter(None, person[:2]))


def _are_different(one: Person, other: Person) -> bool:
    """Whether two rows of one id name different people."""
    names = name_words(*one[:2]), name_words(*other[:2])
    return all(names) and not same_name(*names) and not _reached_at(one) & _reached_at(other)


def _reached_at(person: Person) -> frozenset[str]:
    """The numbers, by what their spellings have in common; and the addresses."""
    _, _, *phones, email = person
    return number_keys(*phones) | frozenset(
        piece for piece in _PIECES.split(email.casefold()) if "@" in piece
    )
