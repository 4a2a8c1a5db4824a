"""What the import notes in the own schedule for the next file: sources, rows, refused lines, titles."""

import json
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime

import sqlalchemy as sa

from terminbenachrichtigung.own_schedule.entries import Ending, Parsed, Refused
from terminbenachrichtigung.own_schedule.moments import DateOrder
from terminbenachrichtigung.own_schedule.result import Changes
from terminbenachrichtigung.own_schedule.source import Origin, Source, origin_of

_SOURCES = sa.table("import_sources", *map(sa.column, ("source", "imported_at", "whole_at", "state")))
_ROWS = sa.table("import_rows", *map(sa.column, ("appointment_id", "source", "series", "missing_from")))
_REFUSALS = sa.table(
    "import_refusals",
    *map(
        sa.column,
        ("source", "line_key", "line", "appointment_id", "starts_at", "name", "reason", "first_at"),
    ),
)
_TITLES = sa.table("import_titles", *map(sa.column, ("source", "title")))
_AT_ONCE = 500


def source(connection: sa.Connection, name: str) -> Source:
    """What earlier files of a source left behind."""
    state = connection.execute(sa.select(_SOURCES.c.state).where(_SOURCES.c.source == name)).scalar()
    return Source(name) if state is None else _source(name, json.loads(state))


def origins(connection: sa.Connection, appointment_ids: Collection[str]) -> dict[str, Origin]:
    """Where these rows come from."""
    wanted = sorted(appointment_ids)
    return {
        appointment_id: origin_of(source, series, missing_from)
        for first in range(0, len(wanted), _AT_ONCE)
        for appointment_id, source, series, missing_from in connection.execute(
            sa.select(_ROWS).where(_ROWS.c.appointment_id.in_(wanted[first : first + _AT_ONCE]))
        ).all()
    }


def refused_before(connection: sa.Connection, name: str) -> frozenset[str]:
    """The keys of lines of a source that are refused still."""
    return frozenset(
        connection.execute(sa.select(_REFUSALS.c.line_key).where(_REFUSALS.c.source == name)).scalars()
    )


def titles_before(connection: sa.Connection, name: str) -> frozenset[str]:
    """The titles of a source that were listed."""
    return frozenset(connection.execute(sa.select(_TITLES.c.title).where(_TITLES.c.source == name)).scalars())


def note(connection: sa.Connection, found: Changes, parsed: Parsed, after: Source) -> None:
    """Note everything of an import."""
    note_source(connection, after)
    ids = sorted(found.origins)
    for first in range(0, len(ids), _AT_ONCE):
        connection.execute(_ROWS.delete().where(_ROWS.c.appointment_id.in_(ids[first : first + _AT_ONCE])))
    if ids:
        connection.execute(
            _ROWS.insert(),
            [
                {
                    "appointment_id": key,
                    "source": origin.source,
                    "series": origin.series,
                    "missing_from": origin.missing_from,
                }
                for key, origin in found.origins.items()
            ],
        )
    read = None if found.whole and not found.braked else {entry.appointment_id for entry in parsed.entries}
    _note_refusals(connection, after, found.refused, read)
    if found.titles:
        connection.execute(
            _TITLES.insert(), [{"source": after.name, "title": title} for title in found.titles]
        )


def note_source(connection: sa.Connection, after: Source) -> None:
    """Note what the next import of a source is to know."""
    assert after.imported_at is not None
    connection.execute(_SOURCES.delete().where(_SOURCES.c.source == after.name))
    connection.execute(
        _SOURCES.insert(),
        {
            "source": after.name,
            "imported_at": _text(after.imported_at),
            "whole_at": _text(after.whole_at),
            "state": json.dumps(_state(after)),
        },
    )


def _note_refusals(
    connection: sa.Connection, after: Source, refused: Iterable[Refused], read: Collection[str] | None
) -> None:
    """The refused lines of a source as they are now; `read` has the ids of a file that is not whole."""
    lines = {line.key: line for line in refused}
    before = connection.execute(sa.select(_REFUSALS).where(_REFUSALS.c.source == after.name)).all()
    settled = [
        row.line_key
        for row in before
        if row.line_key not in lines and (read is None or (row.appointment_id and row.appointment_id in read))
    ]
    for key in settled:
        connection.execute(
            _REFUSALS.delete().where(_REFUSALS.c.source == after.name, _REFUSALS.c.line_key == key)
        )
    known = {row.line_key for row in before}
    if new := [line for key, line in lines.items() if key not in known]:
        connection.execute(
            _REFUSALS.insert(),
            [
                {
                    "source": after.name,
                    "line_key": line.key,
                    "line": line.line,
                    "appointment_id": line.appointment_id,
                    "starts_at": _text(line.starts_at),
                    "name": line.name,
                    "reason": line.reason,
                    "first_at": _text(after.imported_at),
                }
                for line in new
            ],
        )


def _state(after: Source) -> dict[str, object]:
    return {
        "imported_at": _text(after.imported_at),
        "whole_at": _text(after.whole_at),
        "first_day": after.first_day and after.first_day.isoformat(),
        "last_day": after.last_day and after.last_day.isoformat(),
        "file": after.file,
        "file_at": _text(after.file_at),
        "written_at": _text(after.written_at),
        "written_by": after.written_by,
        "order": after.order,
        "ending": after.ending and [after.ending.line_end, after.ending.short_line],
        "together": [sorted(group) for group in after.together],
        "empty": after.empty,
        "etag": after.etag,
        "asked": after.asked,
    }


def _source(name: str, state: dict[str, object]) -> Source:
    def moment(key: str) -> datetime | None:
        return datetime.fromisoformat(str(state[key])) if state[key] else None

    def day(key: str) -> date | None:
        return date.fromisoformat(str(state[key])) if state[key] else None

    ending, together = state["ending"], state["together"]
    return Source(
        name,
        imported_at=moment("imported_at"),
        whole_at=moment("whole_at"),
        first_day=day("first_day"),
        last_day=day("last_day"),
        file=str(state["file"]),
        file_at=moment("file_at"),
        written_at=moment("written_at"),
        written_by=str(state["written_by"]),
        order=DateOrder(str(state["order"])) if state["order"] else None,
        ending=Ending(bool(ending[0]), str(ending[1])) if isinstance(ending, list) else None,
        together=tuple(frozenset(map(str, group)) for group in together)
        if isinstance(together, list)
        else (),
        empty=bool(state["empty"]),
        etag=str(state["etag"]),
        asked=str(state["asked"]),
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
