"""Lines whose ids belong to somebody else already: two programs may number from 1. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from terminbenachrichtigung.own_schedule.entries import Entry, How, Identity, Refused, identity_of, refusal
from terminbenachrichtigung.own_schedule.source import Held
from terminbenachrichtigung.schedule.values import shown


def ids_of_others(entries: Sequence[Entry], held: Held, how: How) -> tuple[list[Entry], list[Refused]]:
    """The entries without those whose appointment or customer is another person's, and their refusals."""
    taken = _customers_of_others(entries, held, how)
    kept, refused = [], []
    for entry in entries:
        source = held.source_of(entry.appointment_id)
        customer_id = entry.person.customer_id if entry.person else ""
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
    given_away = {(e.line, e.appointment_id) for e in entries if _is_given_away(e, held)}
    return [
        replace(line, starts_at=None) if (line.line, line.appointment_id) in given_away else line
        for line in lines
    ]


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
    named = [entry for entry in entries if entry.person and entry.person.customer_id]
    keys = {entry.appointment_id for entry in named}
    people: defaultdict[str, set[Identity]] = defaultdict(set)
    starts = defaultdict(set)
    for entry in named:
        customer_id = entry.person.customer_id if entry.person else ""
        people[customer_id].add(_identity(entry))
        starts[customer_id].add(entry.starts_at)
    others = {
        customer_id
        for customer_id, identities in people.items()
        if (known := held.rows["customers"].get(customer_id))
        and any(identity_of(known).is_another(identity) for identity in identities)
    }
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
