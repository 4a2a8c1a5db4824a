"""Counts what the rows that lie ahead hold, for `schedule inspect`.

A million rows are read in pieces. Kept in memory are two rows for each customer, and a number for each
appointment.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from zoneinfo import ZoneInfo

from terminbenachrichtigung.model.appointment import BY_START, Appointment, BadRow
from terminbenachrichtigung.schedule.people import PeopleOfIds
from terminbenachrichtigung.schedule.rows import REPEATED, Item
from terminbenachrichtigung.schedule.timestamps import is_midnight

WORDS = ("status", "type_name", "branch_code", "preferred_channel", "language")
"""The columns whose words mean something to the configuration."""

COUNTED = frozenset(
    {"appointment_id", "starts_at", "customer_id", "type_notifiable", "is_group", *WORDS}
    | {"first_name", "last_name", "mobile", "phone", "email", "sms_allowed", "email_allowed"}
)
"""The columns that are read; reading the others too would take half as long again."""

MANY = 4
"""A number that so many customers have, or more, is shown; a family of three is not."""

_MOST_EXAMPLES = 20
_BESIDE_DIGITS = re.compile(r"\D+")
_FEWEST_DIGITS = 6


@dataclass(slots=True)
class Census:
    """What was counted among the appointments that lie ahead."""

    zone: ZoneInfo
    may_be_told: Callable[[Appointment], bool]
    appointments: int = 0
    words: dict[str, Counter[str]] = field(default_factory=lambda: {column: Counter() for column in WORDS})
    types_allowed: Counter[str] = field(default_factory=Counter)
    """By type: those whose type allows notifications."""
    kinds: Counter[tuple[bool, bool, bool, str, str]] = field(default_factory=Counter)
    """By whether it has a customer, is for a group, its type allows notifications; by status and branch."""
    bad_rows: list[BadRow] = field(default_factory=list)
    bad_row_count: int = 0
    people: PeopleOfIds = field(default_factory=PeopleOfIds)
    told: dict[str, Appointment] = field(default_factory=dict)
    """By customer: the soonest row that may be told, whose contact data a run would take."""
    midnights: list[Appointment] = field(default_factory=list)
    warnings: tuple[str, ...] = ()
    """Optional values that were left out."""
    _ids: int = 0
    _rows: dict[str, int] = field(default_factory=dict)  # hashes of their content, by id

    def add(self, items: Iterable[Item]) -> None:
        """Counts the rows of one piece."""
        rows = []
        for item in items:
            if isinstance(item, BadRow):
                self._bad(item)
            elif self._is_new(item):
                rows.append(item)
        self.appointments += len(rows)
        for column, counts in self.words.items():
            counts.update(map(attrgetter(column), rows))
        self.types_allowed.update(row.type_name for row in rows if row.type_notifiable)
        self.kinds.update(
            (bool(row.customer_id), row.is_group, row.type_notifiable, row.status, row.branch_code)
            for row in rows
        )
        starts: dict[datetime, bool] = {}
        for row in rows:
            if row.customer_id:
                self.people.add(row.customer_id, row)
                self._note_told(row.customer_id, row)
            start = row.starts_at
            if start not in starts:
                starts[start] = is_midnight(start, self.zone)
            if starts[start]:
                self.midnights.append(row)

    @property
    def shared_numbers(self) -> dict[str, int]:
        """The numbers that many customers share, and how many customers share each."""
        typed = (row.mobile or row.phone for row in self.people.first.values())
        counts = Counter(_BESIDE_DIGITS.sub("", number) for number in typed)
        return {
            digits: count
            for digits, count in counts.items()
            if count >= MANY and len(digits) >= _FEWEST_DIGITS
        }

    def _note_told(self, customer_id: str, row: Appointment) -> None:
        known = self.told.get(customer_id)
        if (known is None or BY_START(row) < BY_START(known)) and self.may_be_told(row):
            self.told[customer_id] = row

    def _bad(self, row: BadRow) -> None:
        self.bad_row_count += 1
        if len(self.bad_rows) < _MOST_EXAMPLES:
            self.bad_rows.append(row)

    def _is_new(self, row: Appointment) -> bool:
        """Whether a row is the first of its id; another one with other content is a bad row."""
        content = hash((row.starts_at, row.customer_id, row.status, row.last_name, row.mobile))
        known = self._rows.setdefault(row.appointment_id, content)
        if len(self._rows) > self._ids:
            self._ids += 1
            return True
        if known != content:
            self._bad(BadRow(row.appointment_id, REPEATED, row.starts_at))
        return False
