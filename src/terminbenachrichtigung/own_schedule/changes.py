"""What an import would change: pure, from what the file says and what the schedule holds.

An appointment that a file does not name is not cancelled at once. It is held first, so that nobody is
reminded of it, and cancelled only when another file does not name it either.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from terminbenachrichtigung.contact.names import name_words
from terminbenachrichtigung.model.appointment import GONE
from terminbenachrichtigung.own_schedule import conflicts, ids, people
from terminbenachrichtigung.own_schedule.appointments import Appointments, Table, first_of
from terminbenachrichtigung.own_schedule.columns import CUSTOMER_TEXTS, LEAVE
from terminbenachrichtigung.own_schedule.coverage import (
    Reach,
    booked_at,
    next_source,
    reach_of,
    was_covered,
)
from terminbenachrichtigung.own_schedule.doubts import doubtful_types
from terminbenachrichtigung.own_schedule.entries import (
    CANCELLED,
    Entry,
    How,
    Parsed,
    Person,
    identity_of,
)
from terminbenachrichtigung.own_schedule.result import Changes
from terminbenachrichtigung.own_schedule.source import KEYS, Held, Source

_NO_CHANCE = 3  # appointments of one name and start in two sources
_CUSTOMER = (*CUSTOMER_TEXTS, *LEAVE, "reminder_consent", "last_contacted_at")
_BRANCH = {
    "name": "branch_name",
    "phone": "branch_phone",
    "address": "branch_address",
    "email": "branch_email",
}


def find(parsed: Parsed, held: Held, how: How) -> Changes:
    """Compare the file with the schedule.

    Raises ConfigError where its ids are running numbers.
    """
    appointments = held.rows["appointments"]
    entries, shared = people.one_id_one_person(parsed.entries)
    entries, foreign = conflicts.ids_of_others(entries, held, how)
    contradicted = conflicts.without_starts([*shared, *foreign], parsed.entries, held)
    entries = [_with_known_customer(entry, held) for entry in entries]
    # A line of an appointment that another line names, or of its series, concerns its customer.
    named = {key for entry in entries if entry.person for key in (entry.appointment_id, entry.series)} - {""}
    refused = [
        line
        for line in (*parsed.refused, *contradicted)
        if line.names_somebody or line.appointment_id in named or held.knows(line.appointment_id)
    ]
    nobody = Counter(parsed.nobody)
    nobody["lines without a customer"] += len(parsed.refused) + len(contradicted) - len(refused)
    tables = {name: Table(held.rows[name]) for name in KEYS}
    branches = {entry.line: _branch(tables["branches"], entry, how) for entry in entries}
    reach = reach_of(parsed, entries, branches, held.source, how, refuses=bool(refused))

    def codes(entry: Entry) -> tuple[str, str]:
        type_name = str(entry.values.get("type_name") or how.type_name)
        return tables["appointment_types"].matching(type_name), branches[entry.line] or ""

    entries = _identified(entries, held, how, reach, codes)
    for entry in entries:
        if branches[entry.line] is None and (before := appointments.get(entry.appointment_id)):
            code = before["branch_code"]  # the file does not say it any more
            branches[entry.line] = None if code is None else str(code)
    reach = reach_of(parsed, entries, branches, held.source, how, refuses=bool(refused))
    if not how.ids_from:
        ids.check_stable(entries, appointments)
    kept = [entry for entry in entries if entry.person or entry.appointment_id in appointments]
    nobody["entries without a customer"] += len(entries) - len(kept)
    if reach.older:
        kept = [
            e for e in kept if e.appointment_id not in appointments and not was_covered(e, held.source, how)
        ]
    kept = people.agreed(people.with_contacts_if_any(kept), how.now)
    kept = conflicts.with_what_others_said(kept, held, how)
    for entry in kept:
        _put(tables, entry, branches.get(entry.line), held, how)
    work = Appointments(
        parsed=parsed,
        held=held,
        how=how,
        tables=tables,
        entries=kept,
        refused=[] if reach.older else refused,
        reach=reach,
    )
    found = work.outcome()
    named_titles = {entry.title for entry in entries if entry.person}
    is_first = held.source.imported_at is None
    unsaid = tuple(_unsaid(parsed, kept, held, how))
    return replace(
        found,
        refused=tuple(refused),
        newly_refused=tuple(line for line in refused if line.key not in held.reported),
        titles=tuple(
            sorted({title for title in parsed.titles if title not in {*held.listed, *named_titles}})
        ),
        warnings=(
            *parsed.warnings,
            *_shared_numbers(kept),
            *_over(entries, how),
            *_renamed_branches(tables["branches"]),
            *doubtful_types(
                kept, how, may_notify=lambda name: _may_notify(tables["appointment_types"], name)
            ),
            *(() if is_first else unsaid),
        ),
        problems=(
            *_problems(parsed, reach, entries, held.source),
            *(unsaid if is_first and reach.whole else ()),
            *((*_left_behind(kept, held, how, reach), *work.left_in_branches()) if reach.whole else ()),
        ),
        nobody={kind: count for kind, count in nobody.items() if count},
        statuses=_reminded(entries, how),
        unreachable=sum(entry.person is not None and not entry.person.identity.reached for entry in kept),
        whole=reach.whole,
        source=next_source(parsed, held.source, how, reach, braked=found.braked),
    )


def _with_known_customer(entry: Entry, held: Held) -> Entry:
    """The entry with the customer of its appointment, whose name its title has still, though no number."""
    row = held.rows["appointments"].get(entry.appointment_id)
    customer = held.rows["customers"].get(str(row["customer_id"])) if row and entry.title else None
    if customer is None:
        return entry
    identity = identity_of(customer)
    stands = identity.words and identity.words <= name_words(*re.findall(r"[\w'’-]+", entry.title))
    return replace(entry, person=Person(str(customer["customer_id"]), {}, identity)) if stands else entry


def _identified(
    entries: list[Entry], held: Held, how: How, reach: Reach, codes: Callable[[Entry], tuple[str, str]]
) -> list[Entry]:
    """The entries with ids for their customers and, where the export has none, for themselves."""
    rows, customers = held.rows["appointments"], held.rows["customers"]
    if not how.ids_from:

        def customer_before(entry: Entry) -> str | None:
            before = rows.get(entry.appointment_id)
            return None if before is None or before["customer_id"] is None else str(before["customer_id"])

        return people.identified(entries, customers, customer_before)
    own = {
        key: row
        for key, row in rows.items()
        # Ids made for other sources count too: when an export gets another column, its source is new.
        if held.source_of(key) == held.source.name or key.startswith(people.MADE)
    }
    identities = {key: identity_of(row) for key, row in customers.items()}
    found = people.identified(entries, customers, ids.customer_at(own, identities))

    def gone(key: str) -> bool:
        of_source = held.source_of(key) == held.source.name
        if not (reach.whole and of_source and how.lies_ahead(rows[key])):
            return False
        return reach.of_its_branches(rows[key]) and not reach.begins_behind(rows[key], how)

    return ids.with_ids(found, how.ids_from, own, gone=gone, codes=codes, taken=held.made_ids)


def _put(tables: Mapping[str, Table], entry: Entry, branch: str | None, held: Held, how: How) -> None:
    said = entry.values
    customer_id = None
    if entry.person:
        customer_id, about = entry.person.customer_id, entry.person.said
        tables["customers"].put(
            customer_id,
            {name: about[name] for name in _CUSTOMER if name in about},
            {
                "customer_id": customer_id,
                **dict.fromkeys(CUSTOMER_TEXTS, ""),
                **dict.fromkeys(LEAVE),
                "reminder_consent": False,
                "last_contacted_at": None,
            },
        )
    row: dict[str, object] = {"starts_at": entry.starts_at, "customer_id": customer_id, "import_state": ""}
    row |= {name: said[name] for name in ("status", "is_group", "ends_at", "created_at") if name in said}
    appointments = tables["appointments"]
    before = appointments.held.get(entry.appointment_id)
    if "status" not in said and before and before["import_state"] == GONE:
        row["status"] = ""  # it was gone from the file, and is back
    if row.get("status") == CANCELLED:
        row["status"] = how.cancelled
    if row.get("created_at", 0) is None:
        del row["created_at"]
    type_name = str(said.get("type_name") or "")
    if type_name or before is None or before["type_code"] is None:
        types = tables["appointment_types"]
        code = types.matching(type_name or how.type_name)
        types.put(code, {}, {"type_code": code, "name": code, "notifiable": True})
        row["type_code"] = code
    if branch is not None:
        row["branch_code"] = branch
    defaults: dict[str, object] = {}
    if before is None:
        defaults = {
            "appointment_id": entry.appointment_id,
            "branch_code": None,
            "status": "",
            "is_group": False,
            "ends_at": None,
            "created_at": booked_at(entry.starts_at, branch or "", held.source, how),
        }
    appointments.put(entry.appointment_id, row, defaults)


def _branch(table: Table, entry: Entry, how: How) -> str | None:
    said = entry.values
    word = str(said.get("branch_code") or said.get("branch_name") or how.branch_code)
    if not word:
        return None
    code = table.matching(word)
    if entry.person is None and code not in table.held:
        return code
    known: dict[str, object] = {name: said[column] for name, column in _BRANCH.items() if said.get(column)}
    table.put(code, known, {"branch_code": code, "name": word, "phone": "", "address": "", "email": ""})
    return code


def _renamed_branches(branches: Table) -> Iterator[str]:
    """A warning for each branch that gets another name: two programs may number theirs from 1."""
    for code, part in branches.updates.items():
        before = str(branches.held[code].get("name") or "")
        if part.get("name") and before not in ("", code):
            yield (
                f'the branch "{code}" was "{before}" until now, and "{part["name"]}" by this file: all of '
                "its appointments are told under that name, those of other files too"
            )


def _may_notify(types: Table, name: str) -> bool:
    row = types.held.get(types.matching(name))
    return row is None or bool(row["notifiable"])


def _shared_numbers(entries: Iterable[Entry]) -> list[str]:
    """A warning for a number that more than half of the customers have: it may be the practice's own."""
    names = defaultdict(set)
    for entry in entries:
        if entry.person and entry.person.identity.words:
            for number in entry.person.identity.reached:
                names[number].add(entry.person.identity.words)
    everybody = len(set().union(*names.values()))
    return [
        f"{len(of_number)} of {everybody} customers have one number or address: is it the practice's own?"
        for of_number in names.values()
        if len(of_number) > people.SHARED_BY and 2 * len(of_number) > everybody
    ]


def _unsaid(parsed: Parsed, entries: Iterable[Entry], held: Held, how: How) -> Iterator[str]:
    """What an earlier file said and this one has no column for, so that it stays as it was."""
    if not parsed.headings or "description" in parsed.headings:  # whose labelled lines may say it
        return
    rows, customers = held.rows["appointments"], held.rows["customers"]
    found: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries:
        row = rows.get(entry.appointment_id)
        if row is None or entry.person is None or not entry.starts_at > how.now:
            continue
        if "status" not in entry.values and how.is_off(row["status"]) and row["import_state"] != GONE:
            found["status"].add(entry.appointment_id)
        for column in ("last_name", "mobile", "phone", "email"):
            if column not in entry.person.said and customers.get(entry.person.customer_id, {}).get(column):
                found[column].add(entry.person.customer_id)
    for column, keys in found.items():
        of = "off" if column == "status" else "known"
        yield (
            f"the file has no column {column}, which an earlier one had: what is {of} by it stays so "
            f"({len(keys)}). If its heading has changed, name it with --mapping {column}=HEADING"
        )


def _left_behind(entries: Iterable[Entry], held: Held, how: How, reach: Reach) -> Iterator[str]:
    """What a source leaves behind of which this file takes over most: it is probably the same export.

    An export becomes another source when its headings or its name change, and the first one when they change
    back: then only ids tell, and nearly all of those that the other source has on these days.
    """
    rows, customers = held.rows["appointments"], held.rows["customers"]

    def content(row: Mapping[str, object]) -> object:
        customer = customers.get(str(row["customer_id"]))
        return row["starts_at"], identity_of(customer).words if customer else None

    of_others: defaultdict[str, list[str]] = defaultdict(list)
    for key, row in rows.items():
        if held.source_of(key) not in ("", held.source.name) and how.lies_ahead(row) and reach.has_day(row):
            of_others[held.source_of(key)].append(key)
    if not of_others:
        return
    ahead = [entry for entry in entries if entry.person and entry.starts_at > how.now]
    ids = {entry.appointment_id for entry in ahead}
    contents = {(entry.starts_at, entry.person.identity.words) for entry in ahead if entry.person}
    is_first = held.source.imported_at is None
    for source, keys in of_others.items():
        known = [key for key in keys if key in ids or (is_first and content(rows[key]) in contents)]
        left = [
            key
            for key in keys
            if key not in ids and (reach.of_its_branches(rows[key]) or not rows[key]["branch_code"])
        ]
        # A customer of two colleagues may stand at one time in both calendars; three are no chance.
        surely = len(known) >= _NO_CHANCE or not ids.isdisjoint(keys)
        surely = surely and (is_first or 5 * len(known) > 4 * len(keys))
        if left and surely and 2 * len(known) > len(ahead):
            yield (
                f"{len(left)} of the appointments of {source} stay, and are reminded ({first_of(left)}): "
                "this file has others of them, but not these, or under other ids. If it is the same export "
                f'with other headings, ids or another name, say --source "{source}" from now on'
            )


def _over(entries: Iterable[Entry], how: How) -> list[str]:
    """A warning where nothing lies ahead: the file may be old, or day and month may be confused."""
    starts = [entry.starts_at for entry in entries if entry.person]
    if not starts or max(starts) > how.now:
        return []
    last = max(starts).astimezone(how.zone)
    return [f"nothing in the file lies ahead: its last appointment is that of {last:%Y-%m-%d %H:%M}"]


def _reminded(entries: Iterable[Entry], how: How) -> Mapping[str, int]:
    return Counter(
        str(entry.values.get("status") or "")
        for entry in entries
        if entry.person and entry.starts_at > how.now and not how.is_off(entry.values.get("status"))
    )


def _problems(parsed: Parsed, reach: Reach, entries: Iterable[Entry], source: Source) -> tuple[str, ...]:
    found = []
    if parsed.cut:
        found.append(f"the file seems to be cut short: {parsed.cut}; nothing counts as gone")
    if reach.older:
        found.append(
            "the file is older than the last one of its source: it moves nothing, and nothing counts as "
            "gone. If it is another export, give it a --source of its own"
        )
    named = [entry.person for entry in entries if entry.person]
    if not named and not parsed.refused and not (reach.empty and source.empty):
        found.append("nobody in the file has a customer")
    if named and not any(person.identity.reached for person in named):
        found.append("no customer of the file has a number or an address")
    return tuple(found)
