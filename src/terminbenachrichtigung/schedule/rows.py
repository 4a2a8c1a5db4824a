"""Rows become appointments, or bad rows that say why not.

A column is converted at once: values of the usual type cost next to nothing that way. Only a
column in which the quick look fails is read value by value, so that one bad row spoils no other.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, make_dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import compress, groupby, repeat
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from terminbenachrichtigung.model.appointment import Appointment, BadRow
from terminbenachrichtigung.schedule import values
from terminbenachrichtigung.schedule.timestamps import Timestamps
from terminbenachrichtigung.schedule.values import Unreadable

NEEDED = ("appointment_id", "starts_at", "customer_id", "type_notifiable", "is_group")
"""The columns without which nothing can be decided (contract, section 5)."""

_FIELDS = tuple(column.name for column in fields(Appointment))
COLUMNS = _FIELDS[:-1]
"""All columns that the schedule may have, in the order of `Appointment`; further ones are its `extra`."""

_DEFAULTS = {column.name: column.default for column in fields(Appointment)}
_DEFAULTS["extra"] = MappingProxyType({})

_Thawed = make_dataclass("_Thawed", _FIELDS, slots=True)

_ALLOWED = {**values.BOOLEANS, None: True}
_UNREADABLE = {"sms_allowed": False, "email_allowed": False, "preferred_channel": "not readable"}
"""What a value that cannot be read becomes, where it is not the column's default: what refuses."""

_DECIDING = frozenset({"status", "branch_code"})
"""Letters of these that cannot be read make a bad row: they may say that the appointment is off."""

EARLIEST, LATEST = datetime(1000, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, tzinfo=UTC)
"""Programs write starts before and behind them, such as 9999-12-31, where they mean never."""

_EXTRA = "extra."  # before the name of a further column: it may be called like one of the contract's
REPEATED = "appointment_id: comes more than once, with different content"
_MOST_STARTS = 1000  # of one id

Row = Sequence[object]
Item = Appointment | BadRow
Within = tuple[datetime, datetime]
_Quick = Callable[[Sequence[object]], Sequence[object]]
_Careful = Callable[[object], object]


@dataclass(slots=True)
class Dropped:
    """Optional values that could not be read, by column: how many, and one of them."""

    count: Counter[str] = field(default_factory=Counter)
    example: dict[str, str] = field(default_factory=dict)

    def add(self, column: str, example: str) -> None:
        self.count[column] += 1
        self.example.setdefault(column, example)

    def warnings(self) -> tuple[str, ...]:
        return tuple(
            f"{column}: {count} value{'' if count == 1 else 's'} could not be read and "
            f"{'was' if count == 1 else 'were'} left out, for instance {self.example[column]}"
            for column, count in self.count.items()
        )


class RowReader:
    """Converts the rows of one relation."""

    def __init__(self, columns: Iterable[str], zone: ZoneInfo, extra: Sequence[str] = ()) -> None:
        """`columns` are those of the contract that the relation has; `extra` come behind them in a row."""
        present = frozenset(columns)
        self.columns = tuple(name for name in COLUMNS if name in present)
        """The contract's columns of a row, in its order."""
        self._extra = tuple(_EXTRA + name for name in extra)
        self._start = self.columns.index("starts_at")
        self._timestamps = Timestamps(zone)

    def read(self, rows: Sequence[Row], dropped: Dropped, within: Within | None = None) -> list[Item]:
        """One item for each row, in their order; notes in `dropped` what had to be left out.

        With `within`, rows that start before or after these two moments have no item. Without, a start that
        means never makes a bad row: nobody is told that an appointment moved there.
        """
        starts, problems = self._converted("starts_at", [row[self._start] for row in rows])
        if within:
            since, until = within
            inside = [i in problems or since <= start <= until for i, start in enumerate(starts)]
            if not all(inside):
                kept = list(compress(range(len(rows)), inside))
                rows = [rows[i] for i in kept]
                starts = [starts[i] for i in kept]
                problems = {new: problems[old] for new, old in enumerate(kept) if old in problems}
        else:
            for index, start in enumerate(starts):
                if index not in problems and not EARLIEST <= start <= LATEST:
                    problems[index] = f"means never, since nobody comes on {start:%Y-%m-%d}"
        if not rows:
            return []
        return self._items(rows, starts, problems, dropped)

    def _items(
        self, rows: Sequence[Row], starts: Sequence[object], start_problems: dict[int, str], dropped: Dropped
    ) -> list[Item]:
        raw = dict(zip((*self.columns, *self._extra), zip(*rows, strict=True), strict=True))
        converted: dict[str, Iterable[object]] = {}
        bad: dict[int, list[str]] = {}
        unread: list[tuple[str, int, str]] = []
        for name, column in raw.items():
            if name == "starts_at":
                converted[name], problems = starts, start_problems
            else:
                converted[name], problems = self._converted(name, column)
            for index, problem in problems.items():
                if name in NEEDED or (name in _DECIDING and isinstance(column[index], bytes | str)):
                    bad.setdefault(index, []).append(f"{name}: {problem}")
                else:
                    unread.append((name, index, problem))
        if self._extra:
            names = [name.removeprefix(_EXTRA) for name in self._extra]
            extra = zip(*(converted[name] for name in self._extra), strict=True)
            converted["extra"] = [MappingProxyType(dict(zip(names, row, strict=True))) for row in extra]
        appointments = _made(converted)
        for name, index, problem in unread:
            dropped.add(name, f"{problem} (appointment {appointments[index].appointment_id})")
        items: list[Item] = [*appointments]
        for index, found in bad.items():
            items[index] = _bad_row(appointments[index], found, raw["starts_at"][index])
        return items

    def _converted(self, name: str, column: Sequence[object]) -> tuple[Sequence[Any], dict[int, str]]:
        """The values of a column; and by its index what is wrong with each that cannot be read."""
        quick, careful = self._converters(name)
        try:
            return quick(column), {}
        except (Unreadable, KeyError, TypeError):
            pass
        converted: list[Any] = []
        problems: dict[int, str] = {}
        for index, value in enumerate(column):
            try:
                converted.append(careful(value))
            except Unreadable as error:
                converted.append(None if name in NEEDED else _UNREADABLE.get(name, _DEFAULTS.get(name, "")))
                problems[index] = str(error)
        return converted, problems

    def _converters(self, name: str) -> tuple[_Quick, _Careful]:
        stamps = self._timestamps
        match name:
            case "starts_at":
                return self._starts, lambda value: _needed(stamps.read(value, time_needed=True))
            case "ends_at":
                return partial(stamps.column, time_needed=True), partial(stamps.read, time_needed=True)
            case "created_at" | "last_contacted_at":
                return partial(stamps.column, time_needed=False), partial(stamps.read, time_needed=False)
            case "type_notifiable" | "is_group" | "reminder_consent":
                return lambda column: [values.BOOLEANS[value] for value in column], values.boolean
            case "sms_allowed" | "email_allowed":
                return lambda column: [_ALLOWED[value] for value in column], values.allowed
            case "appointment_id":
                return lambda column: _all_needed(_keys(column)), lambda value: _needed(values.key(value))
            case "customer_id":
                return _keys, lambda value: values.key(value) or None
            case "status" | "preferred_channel":
                return _words, values.word
        if name in self._extra:
            return _texts, values.anything
        return _texts, values.text

    def _starts(self, column: Sequence[object]) -> Sequence[object]:
        return _all_needed(self._timestamps.column(column, time_needed=True))


def _made(columns: Mapping[str, Iterable[object]]) -> list[Appointment]:
    """One appointment for each row of the columns; those that are not there have their defaults.

    The constructor of a frozen class calls a function for each of 24 fields, which would cost as much as
    everything else here together. So a class with the same fields that is not frozen takes the values, and
    its instances then change their class.
    """
    made: list[Any] = list(map(_Thawed, *(columns.get(name) or repeat(_DEFAULTS[name]) for name in _FIELDS)))
    for appointment in made:
        appointment.__class__ = Appointment
    return made


def settled(items: Iterable[Item]) -> Iterator[Item]:
    """Identical rows count as one, because a join may multiply rows; different rows of one id are bad rows.

    There is one bad row for each of their starts, because each concerns somebody on another day. Expects
    rows of one id beside each other. Rows without a readable id stay as they are.
    """
    for appointment_id, group in groupby(items, key=lambda item: item.appointment_id):
        if appointment_id is None:
            yield from dict.fromkeys(group)
            continue
        first, differs = None, False
        starts: set[datetime | None] = set()
        for item in group:  # not collected: a constant id can have a million rows
            first = first or item
            differs = differs or item != first
            if len(starts) < _MOST_STARTS:
                starts.add(item.starts_at)
        if differs:
            known = sorted(start for start in starts if start is not None)
            yield from (BadRow(appointment_id, REPEATED, start) for start in known)
            if not known:
                yield BadRow(appointment_id, REPEATED)
        elif first:
            yield first


def _bad_row(made: Appointment, problems: Sequence[str], raw_start: object) -> BadRow:
    """`made` holds None for what could not be read."""
    detail = "; ".join(problems)
    if not made.appointment_id:  # something else must help to find the row
        detail += f" (starts_at {values.shown(raw_start)}, customer_id {made.customer_id or 'none'})"
    return BadRow(made.appointment_id, detail)


def _texts(column: Sequence[object]) -> Sequence[object]:
    if len(set(column[:100])) <= 10:
        # Such as a branch or a status: read once for all rows, which then also share one text in memory.
        read = {value: "" if value is None else _stripped(value) for value in set(column)}
        return list(map(read.__getitem__, column))
    if set(map(type, column)) == {str}:
        if max(map(len, column)) > values.LONGEST_TEXT:  # type: ignore[arg-type]
            raise Unreadable("too long")
        return list(map(str.strip, column))  # type: ignore[arg-type]
    return ["" if value is None else _stripped(value) for value in column]


def _words(column: Sequence[object]) -> Sequence[object]:
    words = _texts(column)
    if any(map(values.UNDECODED.search, set(words))):  # type: ignore[arg-type]
        raise Unreadable("one of them has broken letters")
    return words


def _stripped(value: object) -> str:
    found = str.strip(value)  # type: ignore[arg-type]
    if len(found) > values.LONGEST_TEXT:
        raise Unreadable("too long")
    return found


def _keys(column: Sequence[object]) -> Sequence[object]:
    kinds = set(map(type, column)) - {type(None)}
    if kinds <= {int}:
        return [None if value is None else str(value) for value in column]
    if kinds != {str}:
        raise Unreadable("mixed types")
    keys = ["" if value is None else str.strip(value) for value in column]  # type: ignore[arg-type]
    together = "\n".join(keys)
    if max(map(len, keys)) > values.LONGEST_KEY or not together.isascii() or values.NO_KEY.search(together):
        raise Unreadable("one of them needs a closer look")
    return [found or None for found in keys]


def _all_needed(column: Sequence[object]) -> Sequence[object]:
    if None in column:
        raise Unreadable("missing")
    return column


def _needed(value: object) -> object:
    if not value:
        raise Unreadable("missing")
    return value
