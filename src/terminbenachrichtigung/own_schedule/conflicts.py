"""Where two sources name one customer, or give one id to two: two programs may number from 1. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from terminbenachrichtigung.own_schedule.columns import CUSTOMER_TEXTS, LEAVE
from terminbenachrichtigung.own_schedule.entries import Entry, How, Identity, Refused, identity_of, refusal
from terminbenachrichtigung.own_schedule.source import Held
from terminbenachrichtigung.schedule.values import shown


def ids_of_others(entries: Sequence[Entry], held: Held, how: How) -> tuple[list[Entry], list[Refused]]:
    """The entries without those whose appointment or customer is another person's, and their refusals."""
    taken = _customers_of_others(entries, held, how)
    kept, refused = [], []
    for entry in entries:
        source = held.source_of(entry.appointment_id)
        customer_id = _customer_id(entry)
        if source not in ("", held.source.name) and _is_given_away(entry, held):
            reason = f"appointment_id: {shown(entry.appointment_id)} is another customer's in {source}"
            refused.append(replace(refusal(entry, reason), appointment_id=""))
        elif customer_id in taken:
            reason = f"customer_id: {shown(customer_id)} is {taken[customer_id]}"
            refused.append(refusal(entry, reason))
        else:
            kept.append(entry)
    return kept, refused


def without_starts(lines: Iterable[Refused], entries: Iterable[Entry], held: Held) -> list[Refused]:
    """The refusals; without the start where the line gives a known appointment to somebody else.

    An appointment whose line is refused stands if its start is unchanged, but not as another person's.
    """
    refused = list(lines)
    places = {(line.line, line.appointment_id) for line in refused}
    given_away = {
        place
        for entry in entries
        if (place := (entry.line, entry.appointment_id)) in places and _is_given_away(entry, held)
    }
    return [
        replace(line, starts_at=None) if (line.line, line.appointment_id) in given_away else line
        for line in refused
    ]


def people_replaced(entries: Iterable[Entry], held: Held) -> set[str]:
    """The customer ids under which the file names another person than the schedule does."""
    known = held.rows["customers"]
    named = {(entry.person.customer_id, entry.person.identity) for entry in entries if entry.person}
    return {
        customer_id
        for customer_id, identity in named
        if customer_id in known and identity_of(known[customer_id]).is_another(identity)
    }


def _is_given_away(entry: Entry, held: Held) -> bool:
    row = held.rows["appointments"].get(entry.appointment_id)
    known = held.rows["customers"].get(str(row["customer_id"])) if row else None
    return bool(known and entry.person) and identity_of(known or {}).is_another(_identity(entry))


def _identity(entry: Entry) -> Identity:
    return entry.person.identity if entry.person else identity_of({})


def _customers_of_others(entries: Iterable[Entry], held: Held, how: How) -> Mapping[str, str]:
    """The customer ids that are another person's in appointments ahead which the file does not name.

    One row holds a customer's name and number: whoever took it over would be told those appointments.
    """
    named = [entry for entry in entries if _customer_id(entry)]
    others = people_replaced(named, held)
    if not others:
        return {}
    keys = {entry.appointment_id for entry in named}
    starts = defaultdict(set)
    for entry in named:
        starts[_customer_id(entry)].add(entry.starts_at)
    found: dict[str, str] = {}
    for key, row in held.rows["appointments"].items():
        customer_id = str(row["customer_id"])
        if customer_id not in others or key in keys or not how.lies_ahead(row):
            continue
        if how.ids_from and row["starts_at"] in starts[customer_id]:
            continue
        if (source := held.source_of(key)) not in ("", held.source.name):
            found[customer_id] = (
                f"another customer's in {source}: if customers have numbers of their own there, leave the "
                "column out with --ignore HEADING"
            )
        elif not how.force:
            found.setdefault(
                customer_id,
                f"another customer's in the appointment {shown(key)}, which the file does not name: "
                "say --force if both are one person, else leave the column out with --ignore HEADING",
            )
    return found


def with_what_others_said(entries: Sequence[Entry], held: Held, how: How) -> list[Entry]:
    """The entries; an empty cell keeps what is known of a customer who has a sooner appointment elsewhere.

    As among the lines of one file, the soonest appointment counts, and here it is one of another source: a
    calendar without numbers took away those that the other one has, and its `keine SMS`.
    """
    rows = held.rows["appointments"]
    named = {entry.appointment_id for entry in entries}
    of_others = [
        rows[key]
        for key, origin in held.origins.items()
        if origin.source not in ("", held.source.name) and key in rows and key not in named
    ]
    if not of_others:
        return list(entries)
    here: dict[str, datetime] = {}
    for entry in entries:
        if entry.starts_at > how.now and (customer_id := _customer_id(entry)):
            here[customer_id] = min(entry.starts_at, here.get(customer_id, entry.starts_at))
    sooner = {
        customer_id
        for row in of_others
        if (customer_id := str(row["customer_id"])) in here
        and how.lies_ahead(row)
        and isinstance(starts_at := row["starts_at"], datetime)
        and starts_at < here[customer_id]
    }
    return [_with_known(entry, held) if _customer_id(entry) in sooner else entry for entry in entries]


def _with_known(entry: Entry, held: Held) -> Entry:
    known = held.rows["customers"].get(_customer_id(entry), {})
    said = entry.person.said if entry.person else {}
    kept = {column: str(known.get(column) or "") for column in CUSTOMER_TEXTS if said.get(column) == ""}
    silent = {column for column in LEAVE if said.get(column) is None}
    return entry.saying({**{name: said[name] for name in said.keys() - silent}, **kept})


def _customer_id(entry: Entry) -> str:
    return entry.person.customer_id if entry.person else ""
