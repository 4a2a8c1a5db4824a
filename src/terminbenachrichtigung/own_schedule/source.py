"""What an import starts from: what the schedule holds, and what earlier files left."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

from terminbenachrichtigung.own_schedule.entries import Ending
from terminbenachrichtigung.own_schedule.moments import DateOrder
from terminbenachrichtigung.own_schedule.people import Row

Rows = Mapping[str, Row]

KEYS = {
    "branches": "branch_code",
    "customers": "customer_id",
    "appointment_types": "type_code",
    "appointments": "appointment_id",
}
"""The tables, in the order in which they are written, with their keys."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a row comes from, as the import notes it beside the row."""

    source: str
    series: str = ""
    missing_from: str = ""  # the file from which it was gone first


origin_of = lru_cache(maxsize=1_000)(Origin)
"""One value for all rows that come from the same place."""


@dataclass(frozen=True, slots=True)
class Source:
    """What earlier files of a source left behind."""

    name: str
    imported_at: datetime | None = None  # None: this is the first
    whole_at: datetime | None = None  # the last import of a whole file
    first_day: date | None = None  # what that file covered
    last_day: date | None = None
    file: str = ""  # the content of the last one that was taken, as a hash
    file_at: datetime | None = None  # when that one was written: the date of the file, Last-Modified
    written_at: datetime | None = None  # the same by the file's own word
    written_by: str = ""
    order: DateOrder | None = None
    ending: Ending | None = None
    together: tuple[frozenset[str], ...] = ()  # branches that came in one file
    empty: bool = False  # the last one had nobody in it
    etag: str = ""
    asked: str = ""  # with what address, options, and on what day the file was read


NO_SOURCE = Source("")


@dataclass(frozen=True, slots=True)
class Held:
    """What the schedule holds, by table and key; of appointments those ahead and those of the file."""

    rows: Mapping[str, Rows]
    origins: Mapping[str, Origin] = field(default_factory=dict)
    source: Source = NO_SOURCE
    reported: frozenset[str] = frozenset()  # keys of lines of the source that were refused before
    listed: frozenset[str] = frozenset()  # titles of the source that were listed before
    made_ids: frozenset[str] = frozenset()  # of appointments, also of those that are not among the rows

    def source_of(self, appointment_id: str) -> str:
        """From which source a row came last; empty for what the import did not bring."""
        origin = self.origins.get(appointment_id)
        return origin.source if origin else ""

    def knows(self, appointment_id: str) -> bool:
        """Whether there is such an appointment, or such a series."""
        return bool(appointment_id) and (
            appointment_id in self.rows["appointments"]
            or any(origin.series == appointment_id for origin in self.origins.values())
        )
