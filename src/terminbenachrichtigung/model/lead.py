"""How long before its start an appointment becomes due for a reminder (AMPAREX: Stunden vor Termin)."""

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, slots=True)
class HoursBefore:
    """So many elapsed hours before the start."""

    hours: int

    def __str__(self) -> str:
        return f"{self.hours} hour{'' if self.hours == 1 else 's'} before"


@dataclass(frozen=True, slots=True)
class DaysBefore:
    """At a local time of day, so many local days before the day of the start."""

    days: int
    at: time

    def __str__(self) -> str:
        return f"{self.days} day{'' if self.days == 1 else 's'} before, at {self.at:%H:%M}"


Lead = HoursBefore | DaysBefore
"""A closed type: `match` on it, with `assert_never` at the end."""
