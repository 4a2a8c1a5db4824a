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
"""Shares one value among all rows of the same origin, to save memory."""


@dataclass(frozen=True, slots=True)
class Source:
    """What earlier files of a source left behind."""

    name: str
    imported_at: datetime | None = None  # None: this is the first
    whole_at: datetime | None = None  # the last import of a whole file
    first_day: date | None = None  # what that file covered
    last_day: date | None = None
    file: str = ""  # a hash of the last one's content
    file_at: datetime | None = None  # when that one was written, by its date or Last-Modified
    written_at: datetime | None = None  # the same, as the file says itself
    written_by: str = ""
    order: DateOrder | None = None
    ending: Ending | None = None
    together: tuple[frozenset[str], ...] = ()  # branches that came in one file
    empty: bool = False  # the last one had nobody in it
    off_by_name: bool = False  # beside names alone some said that it was off; what says it no more stands
    etag: str = ""
    asked: str = ""  # a hash of the address, the options and the day of the last request


NO_SOURCE = Source("")


@dataclass(frozen=True, slots=True)
class Held:
    """What the schedule holds, by table and key: appointments if they lie ahead or the file names them."""

    rows: Mapping[str, Rows]
    origins: Mapping[str, Origin] = field(default_factory=dict)
    source: Source = NO_SOURCE
    reported: frozenset[str] = frozenset()  # keys of lines of the source that were refused before
    listed: frozenset[str] = frozenset()  # titles of the source that were listed before
    made_ids: frozenset[str] = frozenset()  # of appointments, also of those that are not among the rows

    def source_of(self, appointment_id: str) -> str:
        """The source from which a row came last; empty if no import brought it."""
        origin = self.origins.get(appointment_id)
        return origin.source if origin else ""

    def knows(self, appointment_id: str) -> bool:
        """Whether there is such an appointment, or such a series."""
        return bool(appointment_id) and (
            appointment_id in self.rows["appointments"]
            or any(origin.series == appointment_id for origin in self.origins.values())
        )
