"""What an import would change: pure, from what the file says and what the schedule holds."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from terminbenachrichtigung.own_schedule.entries import CANCELLED, CUSTOMER_TEXTS, Entry, Parsed, Refused

Row = Mapping[str, object]
Rows = Mapping[str, Row]

KEYS = {
    "branches": "branch_code",
    "customers": "customer_id",
    "appointment_types": "type_code",
    "appointments": "appointment_id",
}
"""The tables, in the order in which they are written, with their keys."""

_CUSTOMER = (*CUSTOMER_TEXTS, "reminder_consent", "last_contacted_at")
_BRANCH = {
    "name": "branch_name",
    "phone": "branch_phone",
    "address": "branch_address",
    "email": "branch_email",
}
_MOST = 5  # a file may disturb every fifth of the appointments that lie ahead


@dataclass(frozen=True, slots=True)
class Held:
    """What the schedule holds, by table and key; of appointments those ahead and those of the file."""

    rows: Mapping[str, Rows]
    empty: bool
    """No appointment has ever been entered."""


@dataclass(frozen=True, slots=True)
class How:
    """What the administrator and the settings say of an import."""

    now: datetime
    zone: ZoneInfo
    excluded: frozenset[str]  # statuses that keep an appointment from being notified, casefolded
    cancelled: str  # the status of an appointment that is gone
    type_name: str  # of an appointment for which the file names none
    branch_code: str = ""  # likewise
    partial: bool = False  # what the file does not name stays


@dataclass(frozen=True, slots=True)
class Change:
    """One appointment that is not as it was."""

    appointment_id: str
    starts_at: datetime
    detail: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What was found, and the rows to write: whole ones to insert, parts of others to update."""

    new: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()
    cancelled: tuple[Change, ...] = ()
    refused: tuple[Refused, ...] = ()
    warnings: tuple[str, ...] = ()
    unchanged: int = 0
    disturbed: int = 0  # appointments ahead that are cancelled, moved, or given to another customer
    ahead: int = 0  # appointments ahead in the branches of the file, before the import
    inserts: Mapping[str, Rows] = field(default_factory=dict)
    updates: Mapping[str, Rows] = field(default_factory=dict)

    @property
    def braked(self) -> bool:
        """Whether it disturbs more than a fifth of what lies ahead."""
        return self.disturbed * _MOST > self.ahead


class _Table:
    """Rows of one table as they will be."""

    def __init__(self, held: Rows) -> None:
        self.held = held
        self.inserts: dict[str, dict[str, object]] = {}
        self.updates: dict[str, dict[str, object]] = {}

    def put(self, key: str, said: Row, defaults: Row) -> None:
        """The row of the key has these values; a new one has the defaults too."""
        if key not in self.held:
            self.inserts[key] = {**defaults, **self.inserts.get(key, {}), **said}
            return
        before = self.held[key]
        updates = {**self.updates.get(key, {}), **said}
        self.updates[key] = {name: value for name, value in updates.items() if before[name] != value}

    def matching(self, value: str) -> str:
        """The key that a code or a name means; a new one is its own."""
        rows = {**self.held, **self.inserts}
        if value in rows:
            return value
        same = [
            key for key, row in rows.items() if value.casefold() in (key.casefold(), _folded(row["name"]))
        ]
        return same[0] if same else value


def find(parsed: Parsed, held: Held, how: How) -> Changes:
    """Compare the file with the schedule.

    An appointment that lies ahead, within the days of the file and in the branches that it names, and
    that a complete file does not name any more, is cancelled. A refused line still names its own.
    """
    tables = {name: _Table(held.rows[name]) for name in KEYS}
    branches = {entry.line: code for entry in parsed.entries if (code := _branch(tables, entry, how))}
    for entry in parsed.entries:
        _put(tables, entry, branches.get(entry.line), held, how)
    warnings = list(parsed.warnings)
    scope = set(branches.values())
    gone: set[str] = set()
    if parsed.complete and not how.partial:
        if any(line.appointment_id is None for line in parsed.refused):
            warnings.append(
                "nothing was cancelled for being gone from the file: a refused line names no appointment"
            )
        else:
            gone = set(_gone(parsed, held.rows["appointments"], scope, how))
    appointments = tables["appointments"]
    for key in gone:
        appointments.put(key, {"status": how.cancelled}, {})
    found = _sorted_out(appointments, scope, gone, how)
    return replace(
        found,
        refused=parsed.refused,
        warnings=tuple(warnings),
        unchanged=len(parsed.entries)
        - len(found.new)
        - sum(bool(part) for key, part in appointments.updates.items() if key not in gone),
        inserts={name: table.inserts for name, table in tables.items()},
        updates={name: {k: part for k, part in t.updates.items() if part} for name, t in tables.items()},
    )


def _put(tables: Mapping[str, _Table], entry: Entry, branch: str | None, held: Held, how: How) -> None:
    said = entry.values
    if entry.customer_id is not None:
        tables["customers"].put(
            entry.customer_id,
            {name: said[name] for name in _CUSTOMER if name in said},
            {
                "customer_id": entry.customer_id,
                **dict.fromkeys(CUSTOMER_TEXTS, ""),
                "reminder_consent": False,
                "last_contacted_at": None,
            },
        )
    row: dict[str, object] = {"starts_at": entry.starts_at, "customer_id": entry.customer_id}
    row |= {name: said[name] for name in ("status", "is_group", "ends_at", "created_at") if name in said}
    before = tables["appointments"].held.get(entry.appointment_id)
    if "status" not in said and before and before["status"] == how.cancelled:
        row["status"] = ""  # it was gone from the file, and is back
    if row.get("status") == CANCELLED:
        row["status"] = how.cancelled
    if "created_at" in row and row["created_at"] is None:
        del row["created_at"]
    type_name = str(said.get("type_name") or "")
    if type_name or before is None or before["type_code"] is None:
        types = tables["appointment_types"]
        code = types.matching(type_name or how.type_name)
        types.put(code, {}, {"type_code": code, "name": code, "notifiable": True})
        row["type_code"] = code
    if branch is not None:
        row["branch_code"] = branch
    defaults = {
        "appointment_id": entry.appointment_id,
        "branch_code": None,
        "status": "",
        "is_group": False,
        "ends_at": None,
        # The first file brings what was booked at any time; what a later one adds was booked of late.
        "created_at": None if held.empty else how.now,
    }
    tables["appointments"].put(entry.appointment_id, row, defaults)


def _branch(tables: Mapping[str, _Table], entry: Entry, how: How) -> str | None:
    said = entry.values
    word = str(said.get("branch_code") or said.get("branch_name") or how.branch_code)
    if not word:
        return None
    table = tables["branches"]
    code = table.matching(word)
    known: dict[str, object] = {name: said[column] for name, column in _BRANCH.items() if said.get(column)}
    table.put(code, known, {"branch_code": code, "name": word, "phone": "", "address": "", "email": ""})
    return code


def _gone(parsed: Parsed, held: Rows, scope: set[str], how: How) -> Iterator[str]:
    days = [entry.starts_at.astimezone(how.zone).date() for entry in parsed.entries]
    named = {entry.appointment_id for entry in parsed.entries}
    unread = {line.appointment_id for line in parsed.refused}
    for key, row in held.items():
        if key in named or key in unread or key.rpartition("/")[0] in unread:
            continue  # before the slash: the series to which an occurrence belongs
        starts_at = row["starts_at"]
        if (
            isinstance(starts_at, datetime)
            and _lies_ahead(row, how)
            and (not scope or row["branch_code"] in scope)
            and days
            and min(days) <= starts_at.astimezone(how.zone).date() <= max(days)
        ):
            yield key


def _lies_ahead(row: Row, how: How) -> bool:
    starts_at = row["starts_at"]
    return (
        isinstance(starts_at, datetime) and starts_at > how.now and _folded(row["status"]) not in how.excluded
    )


def _sorted_out(appointments: _Table, scope: set[str], gone: set[str], how: How) -> Changes:
    changed, cancelled = [], []
    disturbed: set[str] = set()
    for key, part in appointments.updates.items():
        if not part:
            continue
        before = appointments.held[key]
        after = {**before, **part}
        starts_at = after["starts_at"]
        assert isinstance(starts_at, datetime)
        ended = "status" in part and _folded(after["status"]) in how.excluded
        if ended and _folded(before["status"]) not in how.excluded:
            why = "gone from the file" if key in gone else f"status {after['status']}"
            cancelled.append(Change(key, starts_at, why))
        else:
            changed.append(Change(key, starts_at, _what(before, part, how)))
        if _lies_ahead(before, how) and (ended or {"starts_at", "customer_id"} & part.keys()):
            disturbed.add(key)
    ahead = {
        key
        for key, row in appointments.held.items()
        if _lies_ahead(row, how) and (not scope or row["branch_code"] in scope or key in disturbed)
    }
    new = [Change(key, row["starts_at"], "") for key, row in appointments.inserts.items()]  # type: ignore[arg-type]
    return Changes(
        new=_in_order(new),
        changed=_in_order(changed),
        cancelled=_in_order(cancelled),
        disturbed=len(disturbed),
        ahead=len(ahead),
    )


def _what(before: Row, part: Row, how: How) -> str:
    words = []
    for name in part:
        old = before[name]
        if name == "starts_at" and isinstance(old, datetime):
            words.append(f"moved from {old.astimezone(how.zone):%Y-%m-%d %H:%M}")
        else:
            words.append("another customer" if name == "customer_id" else name)
    return ", ".join(words)


def _in_order(found: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(found, key=lambda change: (change.starts_at, change.appointment_id)))


def _folded(text: object) -> str:
    return str(text or "").strip().casefold()
