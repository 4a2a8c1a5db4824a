"""What becomes of the schedule's appointments once a file came: held, cancelled, released; and the brake."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from terminbenachrichtigung.model.appointment import GONE, HELD
from terminbenachrichtigung.own_schedule.conflicts import people_replaced
from terminbenachrichtigung.own_schedule.coverage import Reach, came_late, day_start
from terminbenachrichtigung.own_schedule.entries import (
    CANCELLED,
    Entry,
    How,
    Parsed,
    Refused,
    identity_of,
)
from terminbenachrichtigung.own_schedule.people import Row
from terminbenachrichtigung.own_schedule.result import Change, Changes, in_order
from terminbenachrichtigung.own_schedule.source import Held, Origin, Rows, origin_of

# A file may cancel, move or give away a fifth of the appointments that it covers, and five in any case: in a
# small practice a single cancellation is more than a fifth.
_SHARE = 5
_FLOOR = 5

_NO_CHANCE = 3  # so many appointments of one branch in another one; fewer were moved by staff

GONE_ONCE = "gone from the file"


def first_of(keys: Sequence[str]) -> str:
    """The first ones, for a sentence."""
    return ", ".join(keys[:3]) + (", …" if len(keys) > 3 else "")


class Table:
    """One table: the rows that the schedule holds, and what is to be inserted and updated."""

    def __init__(self, held: Rows) -> None:
        self.held = held
        self.inserts: dict[str, dict[str, object]] = {}
        self.updates: dict[str, dict[str, object]] = {}
        self._names = {
            name: key
            for key, row in reversed(list(held.items()))
            for name in (str(row.get("name") or "").casefold(), key.casefold())
            if name
        }

    def put(self, key: str, said: Row, defaults: Row) -> None:
        """Gives the row of this key the values of `said`; a row that is new gets the defaults too."""
        if key not in self.held:
            self.inserts[key] = {**defaults, **self.inserts.get(key, {}), **said}
            self._names.setdefault(key.casefold(), key)
            return
        before = self.held[key]
        updates = {name: value for name, value in said.items() if before[name] != value}
        if earlier := self.updates.get(key):
            updates = {name: value for name, value in earlier.items() if name not in said} | updates
        if updates or earlier:
            self.updates[key] = updates

    def matching(self, value: str) -> str:
        """The key of the row with this code or name; a word that is new becomes a key itself."""
        return value if value in self.held else self._names.get(value.casefold(), value)


class Appointments:
    """Compares the appointments of the schedule with those of the file."""

    def __init__(
        self,
        *,
        parsed: Parsed,
        held: Held,
        how: How,
        tables: Mapping[str, Table],
        entries: list[Entry],
        refused: list[Refused],
        reach: Reach,
    ) -> None:
        self._held, self._how, self._tables, self._reach = held, how, tables, reach
        self._appointments = tables["appointments"]
        self._rows = held.rows["appointments"]
        # Those of this source that lie ahead and are not cancelled.
        self._own = {
            key: row
            for key, row in self._rows.items()
            if how.lies_ahead(row) and held.source_of(key) == held.source.name
        }
        self._parsed = parsed
        self._entries = {entry.appointment_id: entry for entry in entries}
        self._file_names = {entry.appointment_id for entry in (*parsed.entries, *entries)}
        self._refused: defaultdict[str, set[datetime | None]] = defaultdict(set)  # the starts that were read
        for line in refused:
            if line.appointment_id:
                self._refused[line.appointment_id].add(line.starts_at if self._agrees(line) else None)
        self._line_unknown = any(not line.appointment_id for line in refused)
        self._origins: dict[str, Origin] = {}
        self._details: dict[str, str] = {}

    def outcome(self) -> Changes:
        gone = list(self._gone()) if self._reach.whole else []
        for key in gone:
            self._lose(key)
        for key in [*self._unclear(), *self._in_doubt()]:
            self._hold(key, "its line cannot be read")
        self._note_origins()
        disturbed = self._disturbed(gone)
        covered = self._covered(disturbed)
        braked = not self._how.force and self._is_too_much(disturbed, covered)
        if braked:
            self._brake(disturbed)
        elif not self._how.force:  # which says that both are one person
            self._take_from_others()
        return replace(
            self._sorted_out(),
            uncovered=self._uncovered(),
            late=self._late(),
            beyond=sum(
                1 for key, row in self._own.items() if self._is_beyond(row) and not self._is_covered(key, row)
            ),
            disturbed=len(self._groups(disturbed)),
            covered=len(self._groups(covered)),
            braked=braked,
            inserts={name: table.inserts for name, table in self._tables.items()},
            updates={n: {k: part for k, part in t.updates.items() if part} for n, t in self._tables.items()},
            origins=self._origins,
        )

    def _agrees(self, line: Refused) -> bool:
        """Whether a refused line says nothing else than the schedule of whether its appointment is off."""
        row = self._rows.get(line.appointment_id)
        is_off = line.status == CANCELLED or self._how.is_off(line.status)
        return row is None or line.status is None or is_off == self._how.is_off(row["status"])

    def _is_unread(self, key: str) -> bool:
        origin = self._held.origins.get(key)
        return key in self._refused or bool(origin and origin.series and origin.series in self._refused)

    def _gone(self) -> Iterator[str]:
        for key, row in self._own.items():
            if key not in self._file_names and not self._is_unread(key) and self._is_covered(key, row):
                yield key

    def _is_covered(self, key: str, row: Row) -> bool:
        """Whether the file would name it: it lies in its days, or is of a series that it names to its end."""
        of_series = self._held.origins[key].series in self._parsed.series
        return self._reach.has(row) or (of_series and self._reach.of_its_branches(row))

    def _lose(self, key: str) -> None:
        """Hold an appointment that is gone from the file; cancel it if it is gone from a second one too."""
        row, origin = self._rows[key], self._held.origins[key]
        again = origin.missing_from and origin.missing_from != self._how.file
        proof = not self._reach.empty and not self._line_unknown
        if row["import_state"] == HELD and proof and (again or self._how.force):
            self._appointments.put(key, {"status": self._how.cancelled, "import_state": GONE}, {})
            self._details[key] = "missing from two files"
        else:
            self._hold(key, GONE_ONCE)
            self._origins[key] = replace(origin, missing_from=origin.missing_from or self._how.file)

    def _hold(self, key: str, why: str) -> None:
        self._appointments.updates.pop(key, None)
        self._appointments.put(key, {"import_state": HELD}, {})
        self._details[key] = why

    def _unclear(self) -> Iterator[str]:
        """Appointments whose line was refused, unless its start and status could be read and are unchanged.

        Cancelled ones too: no correction may say that it is off while its newest line cannot be read.
        """
        for key, row in self._rows.items():
            if not self._is_unread(key) or not self._may_be_told(row) or key in self._entries:
                continue
            if self._refused.get(key) != {row["starts_at"]}:
                yield key

    def _may_be_told(self, row: Row) -> bool:
        """Whether a run may say of it that it stands, or that it is off."""
        starts_at = row["starts_at"]
        return isinstance(starts_at, datetime) and starts_at > self._how.now and row["import_state"] != GONE

    def _in_doubt(self) -> Iterator[str]:
        """Appointments that the file names, but of which, or of whose series, another line was refused."""
        for key, entry in self._entries.items():
            starts = self._refused.get(key, set()) | self._refused.get(entry.series, set())
            if entry.person and entry.starts_at > self._how.now and starts - {entry.starts_at}:
                yield key

    def _note_origins(self) -> None:
        for key, entry in self._entries.items():
            origin = origin_of(self._held.source.name, entry.series)
            if self._held.origins.get(key) != origin:
                self._origins[key] = origin

    def _take_from_others(self) -> None:
        """What is cancelled has no customer any more where the customer's number is another person's now.

        Else whoever has the number would get a correction, or a call, about what was never theirs. What
        stands refuses the other person's line.
        """
        replaced = people_replaced(self._entries.values(), self._held)
        for key, row in self._rows.items() if replaced else ():
            starts_at = row["starts_at"]
            is_ahead = isinstance(starts_at, datetime) and starts_at > self._how.now
            if is_ahead and str(row["customer_id"]) in replaced and key not in self._entries:
                self._appointments.put(key, {"customer_id": None}, {})

    # ------------------------------------------------------------ the brake

    def _disturbed(self, gone: Iterable[str]) -> set[str]:
        """Appointments ahead that the file cancels, moves, or gives to another customer."""
        found = set(gone)
        for key, part in self._appointments.updates.items():
            before = self._rows[key]
            if not self._how.lies_ahead(before):
                continue
            if "starts_at" in part or self._how.is_off(part.get("status")) or self._is_given_away(key, part):
                found.add(key)
        replaced = people_replaced(self._entries.values(), self._held)
        for key in self._entries:
            before_row = self._rows.get(key)
            if before_row and str(before_row["customer_id"]) in replaced and self._how.lies_ahead(before_row):
                found.add(key)
        return found

    def _is_given_away(self, key: str, part: Row) -> bool:
        """Whether another person gets the appointment; the same person under a new id does not count."""
        if "customer_id" not in part:
            return False
        before = self._held.rows["customers"].get(str(self._rows[key]["customer_id"]))
        person = self._entries[key].person
        if before is None or person is None:
            return self._rows[key]["customer_id"] is not None
        return not identity_of(before).is_exactly(person.identity)

    def _covered(self, disturbed: set[str]) -> set[str]:
        """The appointments ahead that the file names, or would name if they still stood."""
        if not self._reach.whole:
            named = {
                key for key in self._entries if key in self._rows and self._how.lies_ahead(self._rows[key])
            }
            return named | disturbed
        return {
            key for key, row in self._own.items() if self._is_covered(key, row) or key in self._file_names
        } | disturbed

    def _groups(self, keys: Iterable[str]) -> set[str]:
        """The keys as the brake counts them: all occurrences of a series count as one."""
        return {
            f"series {origin.series}" if (origin := self._held.origins.get(key)) and origin.series else key
            for key in keys
        }

    def _is_too_much(self, disturbed: set[str], covered: set[str]) -> bool:
        if len(self._groups(covered)) >= 2 and self._groups(disturbed) == self._groups(covered):
            return True
        by_branch: defaultdict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
        for key in covered:
            for name in ("*", str(self._rows[key]["branch_code"] or "")):
                by_branch[name][1].add(key)
                if key in disturbed:
                    by_branch[name][0].add(key)
        return any(
            (count := len(self._groups(moved))) > _FLOOR and count * _SHARE > len(self._groups(there))
            for moved, there in by_branch.values()
        )

    def _brake(self, disturbed: set[str]) -> None:
        """Hold the disturbed appointments; let in what is new, contact data, and what stands unchanged."""
        in_dispute = [*disturbed, *self._reinstated()]
        for key, part in self._appointments.updates.items():
            if part.get("import_state") != HELD:
                # What two files lacked and is back stays as it is: it is cancelled still.
                released = self._rows[key]["import_state"] == HELD
                self._appointments.updates[key] = {"import_state": ""} if released else {}
        for key in in_dispute:
            self._hold(key, self._details.get(key, "in dispute"))
        for customer_id in people_replaced(self._entries.values(), self._held):
            self._tables["customers"].updates.pop(customer_id, None)

    def _reinstated(self) -> Iterator[str]:
        """Appointments that the file lets stand again."""
        for key, part in self._appointments.updates.items():
            row = self._rows[key]
            stands = "status" in part and not self._how.is_off(part["status"])
            if self._how.is_off(row["status"]) and stands and self._may_be_told(row):
                yield key

    # ------------------------------------------------------------ the report

    def _uncovered(self) -> tuple[Change, ...]:
        """Appointments ahead that start before the first day of the file, so that it says nothing of them."""
        starts = [start for start, _ in self._reach.spans]
        if not self._reach.whole or not starts or self._reach.empty:
            return ()
        since = self._how.now
        if isinstance(self._how.covers_from, date):
            since = max(since, day_start(self._how.covers_from, self._how))
        return in_order(
            Change(key, row["starts_at"], "before the first day of the file", self._name(row))
            for key, row in self._own.items()
            if isinstance(row["starts_at"], datetime)
            and since <= row["starts_at"] < max(starts)
            and key not in self._file_names
            and not self._is_unread(key)
            and not self._is_covered(key, row)
            and self._reach.of_its_branches(row)
        )

    def left_in_branches(self) -> Iterator[str]:
        """What stays in a branch whose appointments are mostly in another now: it was probably renamed."""
        by_branch: defaultdict[str, list[str]] = defaultdict(list)
        for key, row in self._own.items():
            if row["branch_code"] and not self._reach.of_its_branches(row) and self._reach.has_day(row):
                by_branch[str(row["branch_code"])].append(key)
        for branch, keys in by_branch.items():
            left = sorted(set(keys) - self._entries.keys())
            if left and len(keys) - len(left) >= _NO_CHANCE and 2 * len(left) < len(keys):
                yield (
                    f'{len(left)} of the appointments of the branch "{branch}" stay, and are reminded '
                    f"({first_of(left)}): the file has the others of it in another branch. If it was only "
                    "renamed, give these its new branch_code in the table appointments: the next file then "
                    "says whether they stand"
                )

    def _is_beyond(self, row: Row) -> bool:
        starts_at = row["starts_at"]
        ends = [end for _, end in self._reach.spans]
        return isinstance(starts_at, datetime) and bool(ends) and starts_at >= max(ends)

    def _late(self) -> tuple[Change, ...]:
        return in_order(
            Change(key, entry.starts_at, "came in after its last chance to be reminded", entry.person.name)
            for key, entry in self._entries.items()
            if (row := self._appointments.inserts.get(key))
            and entry.person
            and not self._how.is_off(row["status"])
            and came_late(entry.starts_at, str(row["branch_code"] or ""), self._held.source, self._how)
        )

    def _sorted_out(self) -> Changes:
        found: defaultdict[str, list[Change]] = defaultdict(list)
        touched = {key: part for key, part in self._appointments.updates.items() if part}
        for key, part in touched.items():
            before = self._rows[key]
            after = {**before, **part}
            starts_at = after["starts_at"]
            assert isinstance(starts_at, datetime)
            if self._how.is_off(after["status"]) and not self._how.is_off(before["status"]):
                kind, why = "cancelled", self._details.get(key, f"status {after['status']}")
            elif part.get("import_state") == HELD:
                kind, why = "held", self._details[key]
            else:
                kind, why = "changed", self._what(key, before, part)
            found[kind].append(Change(key, starts_at, why, self._name(after)))
        inserts = self._appointments.inserts
        for key, row in inserts.items():
            kind, why = ("held", self._details[key]) if row["import_state"] == HELD else ("new", "")
            found[kind].append(Change(key, self._entries[key].starts_at, why, self._name(row)))
        return Changes(
            self._parsed,
            new=in_order(found["new"]),
            changed=in_order(found["changed"]),
            cancelled=in_order(found["cancelled"]),
            held=in_order(found["held"]),
            unchanged=len(self._entries.keys() - inserts.keys() - touched.keys()),
        )

    def _what(self, key: str, before: Row, part: Row) -> str:
        words = []
        for name in part:
            old = before[name]
            if name == "starts_at" and isinstance(old, datetime):
                words.append(f"moved from {old.astimezone(self._how.zone):%Y-%m-%d %H:%M}")
            elif name == "customer_id" and part[name] is None:
                words.append("names no customer any more")
            elif name == "customer_id":
                words.append(
                    "another customer" if self._is_given_away(key, part) else "the customer's new number"
                )
            elif name == "import_state":
                words.append("no longer held" if old == HELD else "is back")
            else:
                words.append(name)
        return ", ".join(words)

    def _name(self, row: Row) -> str:
        customer_id = str(row["customer_id"] or "")
        table = self._tables["customers"]
        customer = table.inserts.get(customer_id) or table.held.get(customer_id) or {}
        return f"{customer.get('first_name') or ''} {customer.get('last_name') or ''}".strip()
