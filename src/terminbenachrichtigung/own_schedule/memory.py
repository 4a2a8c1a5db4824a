"""What the import notes in the own schedule for the next file: sources, rows, refused lines, titles."""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime

import sqlalchemy as sa
from pydantic import TypeAdapter

from terminbenachrichtigung.own_schedule.entries import Refused
from terminbenachrichtigung.own_schedule.init import REFUSALS, ROWS, SOURCES, TITLES
from terminbenachrichtigung.own_schedule.result import Changes
from terminbenachrichtigung.own_schedule.source import Origin, Source, origin_of

_AT_ONCE = 500  # keys in one statement; SQLite takes 32,766 values, older ones 999
_STATE = TypeAdapter(Source)


def in_portions(keys: Iterable[str]) -> Iterator[list[str]]:
    """The keys in lists that a database takes in one statement."""
    wanted = sorted(keys)
    return (wanted[first : first + _AT_ONCE] for first in range(0, len(wanted), _AT_ONCE))


def source(connection: sa.Connection, name: str) -> Source:
    """What earlier files of a source left behind."""
    state = connection.execute(sa.select(SOURCES.c.state).where(SOURCES.c.source == name)).scalar()
    return Source(name) if state is None else _STATE.validate_json(state)


def origins(connection: sa.Connection, appointment_ids: Collection[str]) -> dict[str, Origin]:
    """Where these rows come from."""
    return {
        appointment_id: origin_of(source, series, missing_from)
        for some in in_portions(appointment_ids)
        for appointment_id, source, series, missing_from in connection.execute(
            sa.select(ROWS).where(ROWS.c.appointment_id.in_(some))
        ).all()
    }


def refused_before(connection: sa.Connection, name: str) -> frozenset[str]:
    """The keys of the lines of a source that earlier imports refused, and that are not settled."""
    return frozenset(
        connection.execute(sa.select(REFUSALS.c.line_key).where(REFUSALS.c.source == name)).scalars()
    )


def titles_before(connection: sa.Connection, name: str) -> frozenset[str]:
    """The titles that earlier imports of a source have listed."""
    return frozenset(connection.execute(sa.select(TITLES.c.title).where(TITLES.c.source == name)).scalars())


def note(connection: sa.Connection, found: Changes, after: Source) -> None:
    """Note everything of an import."""
    note_source(connection, after)
    for some in in_portions(found.origins):
        connection.execute(ROWS.delete().where(ROWS.c.appointment_id.in_(some)))
    if found.origins:
        connection.execute(
            ROWS.insert(),
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
    read = (
        None if found.whole and not found.braked else {entry.appointment_id for entry in found.parsed.entries}
    )
    _note_refusals(connection, after, found.refused, read)
    if found.titles:
        connection.execute(
            TITLES.insert(), [{"source": after.name, "title": title} for title in found.titles]
        )


def note_source(connection: sa.Connection, after: Source) -> None:
    """Note what the next import of a source is to know."""
    assert after.imported_at is not None
    connection.execute(SOURCES.delete().where(SOURCES.c.source == after.name))
    connection.execute(
        SOURCES.insert(),
        {
            "source": after.name,
            "imported_at": _text(after.imported_at),
            "whole_at": _text(after.whole_at),
            "state": _STATE.dump_json(after).decode(),
        },
    )


def _note_refusals(
    connection: sa.Connection, after: Source, refused: Iterable[Refused], read: Collection[str] | None
) -> None:
    """Note new refused lines, and delete settled ones.

    A whole file (`read` is None) settles every line that it does not refuse. Another one settles only lines
    whose appointment it names: `read` has the ids of these.
    """
    lines = {line.key: line for line in refused}
    before = connection.execute(sa.select(REFUSALS).where(REFUSALS.c.source == after.name)).all()
    settled = [
        row.line_key
        for row in before
        if row.line_key not in lines and (read is None or (row.appointment_id and row.appointment_id in read))
    ]
    for key in settled:
        connection.execute(
            REFUSALS.delete().where(REFUSALS.c.source == after.name, REFUSALS.c.line_key == key)
        )
    known = {row.line_key for row in before}
    if new := [line for key, line in lines.items() if key not in known]:
        connection.execute(
            REFUSALS.insert(),
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


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
