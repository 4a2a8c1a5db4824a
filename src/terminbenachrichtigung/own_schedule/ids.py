"""Ids of appointments: made where an export has none; refused where they are only line numbers. Pure."""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from terminbenachrichtigung.contact.names import same_name
from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.own_schedule.columns import folded
from terminbenachrichtigung.own_schedule.entries import Entry, Identity
from terminbenachrichtigung.own_schedule.people import MADE, Row, made_id

PARTS = ("start", "customer", "type", "branch")
"""Of what `--id-from` can make an id."""

_COUNTING = frozenset({"nr", "no", "num", "number", "nummer", "pos", "position", "ord"})
_SHIFTED = 2  # so many appointments under other ids; one alone may have been swapped by staff


def parts_of(text: str) -> tuple[str, ...]:
    """The parts that `--id-from` names; raises ConfigError for unknown ones."""
    parts = tuple(filter(None, (part.strip().lower() for part in text.split(","))))
    unknown = [part for part in parts if part not in PARTS]
    if unknown or not {"start", "customer"} <= set(parts):
        raise ConfigError(
            f"--id-from takes start,customer, and with them {' or '.join(PARTS[2:])}; not {text!r}"
        )
    return parts


def counts_up(heading: str, ids: Sequence[str]) -> bool:
    """Whether ids under a heading such as `Nr` only number the lines: 1, 2, 3."""
    if folded(heading) not in _COUNTING and heading.strip() != "#":
        return False
    if len(ids) < 3 or not all(each.isdecimal() for each in ids):
        return False
    numbers = [int(each) for each in ids]
    return numbers[0] in (0, 1) and all(after - before == 1 for before, after in pairwise(numbers))


def check_stable(entries: Iterable[Entry], held: Mapping[str, Row]) -> None:
    """Raise ConfigError where ids are running numbers: the same appointments have other ids than before."""
    before = {key: (row["customer_id"], row["starts_at"]) for key, row in held.items()}
    ids = {content: key for key, content in before.items()}
    listed = {entry.appointment_id: _content(entry) for entry in entries if entry.person}
    shifted = [
        appointment_id
        for appointment_id, content in listed.items()
        # One customer may have several at one time: who stands where it stood has not shifted.
        if before.get(appointment_id) != content
        and (other := ids.get(content)) in listed
        # Else one customer has moved, each time to the next one's place, or two have changed rooms.
        and listed[other][0] != content[0]
        and listed[other][1] != content[1]
    ]
    if len(shifted) >= _SHIFTED:
        raise ConfigError(
            f"{len(shifted)} appointments stand under other ids than before, which are others' now (as "
            f"{', '.join(shifted[:3])}): they are running numbers. Use --id-from start,customer"
        )


def _content(entry: Entry) -> tuple[str | None, datetime]:
    return entry.person.customer_id if entry.person else None, entry.starts_at


def customer_at(held: Mapping[str, Row], identities: Mapping[str, Identity]) -> Callable[[Entry], str | None]:
    """The customer who has an appointment at the start of an entry so far, with its name or number."""
    by_start: defaultdict[object, list[str]] = defaultdict(list)
    for row in held.values():
        if row["customer_id"] is not None:
            by_start[row["starts_at"]].append(str(row["customer_id"]))

    def found(entry: Entry) -> str | None:
        if entry.person is None:
            return None
        alike = {
            customer_id
            for customer_id in by_start[entry.starts_at]
            if (known := identities.get(customer_id))
            and (
                same_name(known.words, entry.person.identity.words)
                or known.reached & entry.person.identity.reached
            )
        }
        return alike.pop() if len(alike) == 1 else None

    return found


def with_ids(
    entries: Sequence[Entry],
    parts: Sequence[str],
    held: Mapping[str, Row],
    *,
    gone: Callable[[str], bool],
    codes: Callable[[Entry], tuple[str, str]],
    taken: Iterable[str] = (),
) -> list[Entry]:
    """The entries with an id for each.

    An appointment that is known by its parts keeps its id. So does one that has moved: of its customer
    exactly one is gone, and exactly one is new.

    Args:
        entries: their customers have ids.
        parts: what `--id-from` names.
        held: what the schedule holds, by id: of this source, and all with ids that were made.
        gone: whether an appointment, by its id, is gone if the file does not name it.
        codes: those of an entry's type and branch in the schedule, whatever the file calls them.
        taken: further ids that are others' already.
    """
    waiting: defaultdict[tuple[object, ...], list[str]] = defaultdict(list)
    # A made id first: where an export lost its ids, the old ones then are gone, all at once.
    for key, row in sorted(held.items(), key=lambda each: (not each[0].startswith(MADE), each[0])):
        waiting[_parts_of_row(row, parts)].append(key)
    found: list[Entry] = []
    new: defaultdict[str, list[Entry]] = defaultdict(list)
    seen: defaultdict[tuple[object, ...], list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.person is None:
            continue
        here = _parts_of_entry(entry, parts, codes(entry))
        if any(entry.values == other.values and entry.person == other.person for other in seen[here]):
            continue  # the same line twice
        seen[here].append(entry)
        if waiting[here]:
            found.append(replace(entry, appointment_id=waiting[here].pop(0)))
        else:
            new[entry.person.customer_id].append(entry)
    left: defaultdict[str, list[str]] = defaultdict(list)
    for keys in waiting.values():
        for key_left in keys:
            if gone(key_left):
                left[str(held[key_left]["customer_id"])].append(key_left)
    taken = {*taken, *held}
    for customer_id, theirs in new.items():
        if len(theirs) == 1 and len(left[customer_id]) == 1:
            found.append(replace(theirs[0], appointment_id=left[customer_id][0]))
            continue
        for entry in theirs:
            made = _made(_parts_of_entry(entry, parts, codes(entry)), taken)
            taken.add(made)
            found.append(replace(entry, appointment_id=made))
    return sorted(found, key=lambda entry: entry.line)


def _parts_of_entry(entry: Entry, parts: Sequence[str], codes: tuple[str, str]) -> tuple[object, ...]:
    all_parts = {
        "start": entry.starts_at,
        "customer": entry.person.customer_id if entry.person else None,
        "type": codes[0],
        "branch": codes[1],
    }
    return tuple([all_parts[part] for part in parts])


def _parts_of_row(row: Row, parts: Sequence[str]) -> tuple[object, ...]:
    all_parts = {
        "start": row["starts_at"],
        "customer": row["customer_id"],
        "type": str(row["type_code"] or ""),
        "branch": str(row["branch_code"] or ""),
    }
    return tuple([all_parts[part] for part in parts])


def _made(parts: Sequence[object], taken: Container[str]) -> str:
    texts = (part.isoformat() if isinstance(part, datetime) else str(part) for part in parts)
    return made_id("\n".join(texts), taken)
