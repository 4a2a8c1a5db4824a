"""What an import found, and what it is to write."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from terminbenachrichtigung.own_schedule.entries import Parsed, Refused
from terminbenachrichtigung.own_schedule.source import NO_SOURCE, Origin, Rows, Source


@dataclass(frozen=True, slots=True)
class Change:
    """One appointment that the import changes, and why."""

    appointment_id: str
    starts_at: datetime
    detail: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What was found, and the rows to write: whole ones to insert, parts of others to update."""

    parsed: Parsed
    new: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()
    cancelled: tuple[Change, ...] = ()
    held: tuple[Change, ...] = ()
    refused: tuple[Refused, ...] = ()
    newly_refused: tuple[Refused, ...] = ()
    titles: tuple[str, ...] = ()  # of entries that were left out, and are listed for the first time
    uncovered: tuple[Change, ...] = ()  # ahead, but before the first day of the file
    late: tuple[Change, ...] = ()  # new, but their last chance to be reminded is over
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()  # of the file as a whole; a person should look at it
    nobody: Mapping[str, int] = field(default_factory=dict)
    statuses: Mapping[str, int] = field(default_factory=dict)  # that will be reminded
    unreachable: int = 0  # appointments of customers without number and address
    beyond: int = 0  # ahead, and later than the last day of the file
    unchanged: int = 0
    disturbed: int = 0  # appointments ahead that are cancelled, moved, or given to another customer
    covered: int = 0  # appointments ahead that the file speaks of
    braked: bool = False
    whole: bool = True
    source: Source = NO_SOURCE  # what the next import is to know
    inserts: Mapping[str, Rows] = field(default_factory=dict)
    updates: Mapping[str, Rows] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)

    @property
    def needs_a_person(self) -> bool:
        """Whether the import ends with exit code 1."""
        return bool(self.problems or self.newly_refused or self.uncovered or self.braked or self.late)


def in_order(found: Iterable[Change]) -> tuple[Change, ...]:
    """Soonest first."""
    return tuple(sorted(found, key=lambda change: (change.starts_at, change.appointment_id)))
