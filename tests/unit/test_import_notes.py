"""When a run warns that no file comes any more."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from terminbenachrichtigung.config.settings import Rules
from terminbenachrichtigung.own_schedule.notes import ImportNotes
from terminbenachrichtigung.times.windows import Quiet

NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)  # a Tuesday; open from seven to seven in UTC
QUIET = Quiet(Rules(), ZoneInfo("Europe/Berlin"))
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("sources", "warned"),
    [
        # by source: how long ago the last file came, and the last whole one
        ({}, []),
        ({"a": (HOUR, HOUR)}, []),
        ({"a": (2 * HOUR, 2 * HOUR)}, ["a"]),
        ({"a": (2 * HOUR - MINUTE, 2 * HOUR - MINUTE)}, []),
        ({"a": (HOUR, 3 * HOUR)}, ["a"]),  # a part of the schedule is no whole file
        ({"a": (HOUR, None)}, []),  # there never was a whole one
        ({"a": (8 * HOUR, 8 * HOUR)}, ["a"]),
        # a source of its own for each calendar
        ({"a": (HOUR, HOUR), "b": (3 * HOUR, 3 * HOUR)}, ["b"]),
        ({"b": (3 * HOUR, 3 * HOUR), "a": (4 * HOUR, 4 * HOUR)}, ["a", "b"]),
        # without a file for a week it is in use no more, unless it is the last one of all
        ({"a": (HOUR, HOUR), "b": (168 * HOUR, 168 * HOUR)}, ["b"]),
        ({"a": (HOUR, HOUR), "b": (168 * HOUR + MINUTE, 168 * HOUR + MINUTE)}, []),
        ({"b": (300 * HOUR, 300 * HOUR)}, ["b"]),
    ],
)
def test_a_source_whose_whole_files_have_stopped_coming_is_named(
    sources: dict[str, tuple[timedelta, timedelta | None]], warned: list[str]
) -> None:
    notes = ImportNotes(
        imported_at={name: NOW - imported for name, (imported, _) in sources.items()},
        whole_at={name: NOW - whole for name, (_, whole) in sources.items() if whole is not None},
    )
    found = notes.warnings(QUIET, NOW)
    assert [each.split()[5] for each in found] == warned


def test_the_warning_says_when_by_the_practice_s_clock() -> None:
    at = NOW - 3 * HOUR
    (warning,) = ImportNotes(imported_at={"a": at}, whole_at={"a": at}).warnings(QUIET, NOW)
    assert warning.startswith(
        "the last whole file of a was imported 2026-11-24 11:00: two open hours or more"
    )
