"""What an import starts from: what the schedule holds, what earlier files left, and what is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from terminbenachrichtigung.config.filters import plain_word
from terminbenachrichtigung.own_schedule.entries import CANCELLED, Ending
from terminbenachrichtigung.own_schedule.moments import DateOrder
from terminbenachrichtigung.own_schedule.people import Row
from terminbenachrichtigung.times.windows import Quiet

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


@lru_cache(maxsize=1_000)
def origin_of(source: str, series: str, missing_from: str = "") -> Origin:
    """One value for all rows that come from the same place."""
    return Origin(source, series, missing_from)


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


@dataclass(frozen=True, slots=True)
class How:
    """What the administrator and the settings say of an import."""

    now: datetime
    zone: ZoneInfo
    excluded: frozenset[str]  # statuses that keep an appointment from being notified, casefolded
    type_name: str = "Termin"  # of an appointment for which the file names none
    branch_code: str = ""  # likewise
    cancelled: str = CANCELLED  # the status of an appointment that is off, as the settings write it
    partial: bool = False  # what the file does not name stays
    force: bool = False  # what the brake holds is done
    covers_from: date | Literal["now"] | None = None  # the file covers what lies ahead from there on
    ids_from: tuple[str, ...] = ()
    quiet: Quiet | None = None  # to tell who came in too late to be reminded
    file: str = ""  # the content, as a hash
    file_at: datetime | None = None  # when it was written

    def lies_ahead(self, row: Row) -> bool:
        """Whether an appointment starts later than now, and stands."""
        starts_at = row["starts_at"]
        return isinstance(starts_at, datetime) and starts_at > self.now and not self.is_off(row["status"])

    def is_off(self, status: object) -> bool:
        """Whether a status is one of those that are never notified."""
        return plain_word(str(status or "")) in self.excluded
