"""Finds customer ids under which one reading has different people. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import combinations, islice

from terminbenachrichtigung.contact.names import name_words, same_name
from terminbenachrichtigung.contact.phone import number_keys
from terminbenachrichtigung.model.appointment import Appointment

_PIECES = re.compile(r"[;,\s]+")
MOST_COMPARED = 50  # people under one id that are compared with each other; the first difference is enough

Person = tuple[str, str, str, str, str]
"""First and last name, mobile, phone, e-mail."""


def shared_ids(rows: Iterable[Appointment]) -> frozenset[str]:
    """The customers' ids that stand for different people: other names, and nothing in common.

    Nobody of them is told, because one would hear the other's times. `Meier` beside `Ida Meier` is one, and
    so is whoever has a number or an address in common: a name may be corrected, or changed by marriage.
    """
    listed = list(rows)
    rows_of = Counter([row.customer_id for row in listed])
    people: defaultdict[str, dict[Person, None]] = defaultdict(dict)
    for row in listed:
        if row.customer_id and rows_of[row.customer_id] > 1:  # mostly there is one, and nothing to compare
            people[row.customer_id][person_of(row)] = None
    return frozenset(
        customer
        for customer, found in people.items()
        if len(found) > 1
        and any(are_different(*pair) for pair in combinations(islice(found, MOST_COMPARED), 2))
    )


def person_of(row: Appointment) -> Person:
    """The columns of a row by which its customer is compared."""
    return row.first_name, row.last_name, row.mobile, row.phone, row.email


def are_different(one: Person, other: Person) -> bool:
    """Whether two rows of one id name different people."""
    names = name_words(*one[:2]), name_words(*other[:2])
    return all(names) and not same_name(*names) and not _reached_at(one) & _reached_at(other)


def _reached_at(person: Person) -> frozenset[str]:
    """The numbers, by what their spellings have in common; and the addresses."""
    _, _, *phones, email = person
    return number_keys(*phones) | frozenset(
        piece for piece in _PIECES.split(email.casefold()) if "@" in piece
    )
