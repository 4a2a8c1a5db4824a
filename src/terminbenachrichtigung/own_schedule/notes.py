"""What runs and the staff list ask about imports: which lines are refused, and when the last file came."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from terminbenachrichtigung.own_schedule.init import REFUSALS, SOURCES
from terminbenachrichtigung.schedule.connection import ReadOnlyDatabase
from terminbenachrichtigung.times.windows import Quiet

_SILENCE = timedelta(hours=2)  # of open time without a whole file, after which a run warns
_IN_USE = timedelta(days=7)  # without a file for so long, a source is no longer in use


@dataclass(frozen=True, slots=True)
class OpenRefusal:
    """A line of an import that may concern a customer, and that nobody has settled yet."""

    source: str
    line: int
    appointment_id: str  # empty where not even that could be read
    starts_at: datetime | None
    name: str
    reason: str
    first_at: datetime  # of the import that refused it first


@dataclass(frozen=True, slots=True)
class ImportNotes:
    """What imports have noted; empty where the schedule is not the tool's own."""

    refusals: tuple[OpenRefusal, ...] = ()  # of what lies ahead, oldest first
    imported_at: dict[str, datetime] = field(default_factory=dict)  # by source: its last import
    whole_at: dict[str, datetime] = field(default_factory=dict)  # by source: its last whole file

    def warnings(self, quiet: Quiet, now: datetime) -> tuple[str, ...]:
        """A sentence for each source whose files have stopped coming."""
        newest = max(self.whole_at.values(), default=None)
        stale = {
            name: at
            for name, at in self.whole_at.items()
            if at == newest or self.imported_at[name] >= now - _IN_USE
        }
        return tuple(
            f"the last whole file of {name} was imported {at.astimezone(quiet.zone):%Y-%m-%d %H:%M}: two "
            "open hours or more ago. Is cron calling schedule import before each run?"
            for name, at in sorted(stale.items())
            if quiet.open_time_between(at, now) >= _SILENCE
        )


def import_notes(url: str, zone: ZoneInfo, now: datetime) -> ImportNotes:
    """What imports into this schedule have noted.

    Raises:
        ScheduleError: it is out of reach.
    """
    database = ReadOnlyDatabase(url, zone)

    def read(connection: sa.Connection) -> ImportNotes:
        if not sa.inspect(connection).has_table(SOURCES.name):
            return ImportNotes()
        rows = connection.execute(sa.select(REFUSALS).order_by(REFUSALS.c.first_at, REFUSALS.c.line))
        refusals = tuple(map(_refusal, rows))
        sources = connection.execute(sa.select(SOURCES)).all()
        return ImportNotes(
            tuple(each for each in refusals if each.starts_at is None or each.starts_at > now),
            {row.source: datetime.fromisoformat(row.imported_at) for row in sources},
            {row.source: datetime.fromisoformat(row.whole_at) for row in sources if row.whole_at},
        )

    try:
        return database.run(read)
    finally:
        database.close()


def _refusal(row: sa.Row[tuple[object, ...]]) -> OpenRefusal:
    return OpenRefusal(
        row.source,
        row.line,
        row.appointment_id,
        datetime.fromisoformat(row.starts_at) if row.starts_at else None,
        row.name,
        row.reason,
        datetime.fromisoformat(row.first_at),
    )
