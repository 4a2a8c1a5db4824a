"""Of which days and branches a file speaks, and which of two files is the older one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from terminbenachrichtigung.config.settings import Rules
from terminbenachrichtigung.own_schedule import entries
from terminbenachrichtigung.own_schedule.coverage import Reach, booked_at, came_late, next_source, reach_of
from terminbenachrichtigung.own_schedule.entries import Ending, Entry, How, Parsed
from terminbenachrichtigung.own_schedule.moments import DateOrder
from terminbenachrichtigung.own_schedule.source import Source
from terminbenachrichtigung.times.windows import Quiet

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def day(number: int) -> date:
    return date(2026, 11, number)


NOW = at("2026-11-24 10:00")  # a Tuesday; open from eight to eight
HOUR = timedelta(hours=1)
HOW = How(NOW, BERLIN, frozenset(), quiet=Quiet(Rules(), BERLIN), file="new", file_at=NOW)
FILE = Parsed((), days=(day(24), day(30)))
IDA = entries.person({"name": "Ida Meier"})
SOURCE = Source("s", imported_at=NOW - HOUR, whole_at=NOW - HOUR, file="old")


def reach(
    parsed: Parsed = FILE,
    source: Source = SOURCE,
    how: How = HOW,
    *,
    branches: Sequence[str | None] = (None,),
    blocked: Sequence[str] = (),
    refuses: bool = False,
) -> Reach:
    """Of a file with Ida Meier in each of these branches, and with blocked times in those."""
    lines = dict(enumerate([*((each, IDA) for each in branches), *((each, None) for each in blocked)]))
    found = [Entry(number, str(number), NOW, person, {}) for number, (_, person) in lines.items()]
    by_line = {number: branch for number, (branch, _) in lines.items()}
    return reach_of(parsed, found, by_line, source, how, refuses=refuses)


# ---------------------------------------------------------------- booked too late


@pytest.mark.parametrize(
    ("start", "whole_at", "changes", "late"),
    [
        # Its last chance was yesterday at eight in the evening.
        ("2026-11-24 16:00", "2026-11-23 17:59", {}, True),
        ("2026-11-24 16:00", "2026-11-23 19:00", {}, True),
        ("2026-11-24 16:00", "2026-11-23 20:00", {}, False),  # imported when it ended
        ("2026-11-24 16:00", "2026-11-23 21:00", {}, False),
        ("2026-11-24 10:00", "2026-11-23 17:00", {}, False),  # it has begun
        ("2026-11-26 09:00", "2026-11-23 17:00", {}, False),  # its last chance is still to come
        ("2026-11-24 16:00", None, {}, False),  # nothing was imported before
        # The last file ended before it, or began after it.
        ("2026-11-24 16:00", "2026-11-23 17:00", {"last": 23}, False),
        ("2026-11-24 16:00", "2026-11-23 17:00", {"first": 25}, False),
        ("2026-11-24 16:00", "2026-11-23 17:00", {"first": 24, "last": 24}, True),
    ],
)
def test_what_comes_in_after_its_last_chance_is_late(
    start: str, whole_at: str | None, changes: dict[str, int], late: bool
) -> None:
    source = replace(
        SOURCE,
        whole_at=at(whole_at) if whole_at else None,
        first_day=day(changes.get("first", 1)),
        last_day=day(changes.get("last", 30)),
    )
    assert came_late(at(start), "", source, HOW) is late
    of_another_branch = replace(source, together=(frozenset({"HH2"}),))
    assert not came_late(at(start), "", of_another_branch, HOW)
    if late:
        assert booked_at(at(start), "", source, HOW) == source.whole_at


@pytest.mark.parametrize(("whole_at", "late"), [("2026-11-23 18:00", True), ("2026-11-23 18:01", False)])
def test_nobody_is_late_unless_two_open_hours_went_by_without_an_import(whole_at: str, late: bool) -> None:
    source, evening = replace(SOURCE, whole_at=at(whole_at)), replace(HOW, now=at("2026-11-23 20:30"))
    assert came_late(at("2026-11-24 16:00"), "", source, evening) is late


@pytest.mark.parametrize(
    ("start", "source", "booked"),
    [
        ("2026-11-26 09:00", SOURCE, NOW),
        ("2026-11-26 09:00", replace(SOURCE, whole_at=None), None),  # the first file says nothing
        ("2026-12-02 09:00", replace(SOURCE, first_day=day(1), last_day=day(30)), None),  # nor a later day
        ("2026-11-30 23:59", replace(SOURCE, first_day=day(1), last_day=day(30)), NOW),
        # The branches are exported one after the other: this is HH1's first file, or its second.
        ("2026-11-26 09:00", replace(SOURCE, together=(frozenset({"HH2"}),)), None),
        ("2026-11-26 09:00", replace(SOURCE, together=(frozenset({"HH2"}), frozenset({"HH1"}))), NOW),
    ],
)
def test_when_an_appointment_was_booked(start: str, source: Source, booked: datetime | None) -> None:
    assert booked_at(at(start), "HH1", source, HOW) == booked


# ---------------------------------------------------------------- the older of two


@pytest.mark.parametrize(
    ("changes", "before", "older"),
    [
        # by the date of the file
        ({"file_at": NOW}, {"file_at": NOW}, False),
        ({"file_at": NOW - HOUR}, {"file_at": NOW}, True),
        ({"file_at": NOW - timedelta(seconds=2)}, {"file_at": NOW}, False),  # as exact as FAT is
        ({"file_at": NOW - timedelta(seconds=3)}, {"file_at": NOW}, True),
        ({"file_at": NOW - HOUR, "file": "old"}, {"file_at": NOW}, False),  # the same once more
        ({"file_at": NOW}, {"file_at": NOW + HOUR}, False),  # the other one's date was wrong
        ({"file_at": None}, {"file_at": NOW}, False),
        ({"file_at": NOW - HOUR}, {"file_at": None}, False),
        # by its own word, which comes first
        ({"written_at": NOW - HOUR}, {"written_at": NOW}, True),
        ({"written_at": NOW}, {"written_at": NOW}, False),
        ({"written_at": NOW, "file_at": NOW - HOUR}, {"written_at": NOW - HOUR, "file_at": NOW}, False),
        ({"written_at": NOW - HOUR}, {}, False),
        ({}, {"written_at": NOW}, False),
        # by the newest stamp of its appointments, if the file still has that appointment
        (
            {"written_at": NOW - HOUR, "written_by": "a", "stamps": {"b": NOW - HOUR}},
            BY_B := {
                "written_at": NOW,
                "written_by": "b",
            },
            True,
        ),
        ({"written_at": NOW - HOUR, "written_by": "a"}, BY_B, False),  # deleted since
        ({"written_at": NOW - HOUR}, BY_B, False),  # one word for all, and one for one
        ({"written_at": NOW - HOUR, "written_by": "a", "stamps": {"a": NOW}}, {"written_at": NOW}, False),
    ],
)
def test_a_file_is_older_than_the_last_one(
    changes: dict[str, Any], before: dict[str, Any], older: bool
) -> None:
    of_file = {key: value for key, value in changes.items() if key.startswith(("written", "stamps"))}
    of_disk = {key: value for key, value in changes.items() if key not in of_file}
    source = replace(SOURCE, **before)
    found = reach(replace(FILE, **of_file), source, replace(HOW, **of_disk))
    assert (found.older, found.whole) == (older, not older)


# ---------------------------------------------------------------- days and branches


@pytest.mark.parametrize(
    ("before", "here", "expected"),
    [
        ([], [], []),
        ([], ["a", "b"], ["ab"]),
        (["ab"], ["b", "c"], ["abc"]),
        (["ab"], ["c"], ["ab", "c"]),
        (["ab", "cd"], ["b", "c"], ["abcd"]),
        (["ab", "cd"], ["e"], ["ab", "cd", "e"]),
        (["ab", "cd"], [], ["ab", "cd"]),
    ],
)
def test_branches_that_came_in_one_file_belong_together(
    before: list[str], here: list[str], expected: list[str]
) -> None:
    source = replace(SOURCE, together=tuple(map(frozenset, before)))
    assert reach(source=source, branches=here).together == tuple(map(frozenset, expected))


@pytest.mark.parametrize(
    ("covers", "file_days", "start", "reached"),
    [
        # the file's own days, whole
        (None, (24, 30), "2026-11-24 00:00", True),
        (None, (24, 30), "2026-11-23 23:59", False),
        (None, (24, 30), "2026-11-30 23:59", True),
        (None, (24, 30), "2026-12-01 00:00", False),
        (None, None, "2026-11-24 09:00", False),
        # from a day on, which the administrator names
        (day(22), (24, 30), "2026-11-22 00:00", True),
        (day(22), (24, 30), "2026-11-21 23:59", False),
        (day(26), (24, 30), "2026-11-24 09:00", True),  # later than it begins by itself
        (day(22), None, "2026-11-24 09:00", False),  # it has nobody
        # from now on, up to its first day, as far as the last file went
        ("now", (26, 30), "2026-11-24 00:00", True),
        ("now", (26, 30), "2026-11-23 23:59", False),
        ("now", (26, 30), "2026-11-25 09:00", True),
        ("now", (30, 30), "2026-11-28 09:00", True),
        ("now", (30, 30), "2026-11-29 09:00", False),  # no file has covered that day
        ("now", None, "2026-11-25 09:00", False),
    ],
)
def test_the_days_of_which_a_file_speaks(
    covers: Any, file_days: tuple[int, int] | None, start: str, reached: bool
) -> None:
    parsed = replace(FILE, days=(day(file_days[0]), day(file_days[1])) if file_days else None)
    source = replace(SOURCE, first_day=day(1), last_day=day(28))
    found = reach(parsed, source, replace(HOW, covers_from=covers), branches=["a"])
    assert found.has({"starts_at": at(start), "branch_code": "a"}) is reached
    assert not found.empty


@pytest.mark.parametrize(
    ("branches", "branch", "reached"),
    [
        (["a"], "a", True),
        (["a"], "b", True),  # the two came in one file before
        (["a"], "c", False),
        (["a"], None, False),
        (["c"], "c", True),
        (["c"], "a", False),
        ([None], None, True),  # no branch is one of its own
        ([None], "a", False),
    ],
)
def test_the_branches_of_which_a_file_speaks(
    branches: list[str | None], branch: str | None, reached: bool
) -> None:
    found = reach(source=replace(SOURCE, together=(frozenset("ab"),)), branches=branches)
    assert found.has({"starts_at": at("2026-11-25 09:00"), "branch_code": branch}) is reached


def test_a_blocked_time_says_which_branch_the_file_speaks_of_but_not_what_comes_together() -> None:
    found = reach(branches=["a"], blocked=["b"])
    assert (found.branches, found.together) == (frozenset("a"), (frozenset("a"),))
    assert reach(branches=[], blocked=["b"], refuses=True).branches == frozenset("b")


def test_an_empty_file_holds_what_the_last_one_covered_and_cancels_nothing() -> None:
    source = replace(SOURCE, first_day=day(24), last_day=day(25))
    found = reach(replace(FILE, days=None), source, branches=[])
    rows = [{"starts_at": at(f"2026-11-{number} 09:00"), "branch_code": "x"} for number in (23, 24, 25, 26)]
    assert [found.has(row) for row in rows] == [False, True, True, False]
    assert found.empty


@pytest.mark.parametrize(
    ("parsed", "how", "kind", "whole", "empty"),
    [
        (FILE, HOW, {}, True, False),
        (replace(FILE, complete=False), HOW, {}, False, False),
        (replace(FILE, cut="in the middle of a line"), HOW, {}, False, False),
        (FILE, replace(HOW, partial=True), {}, False, False),
        (FILE, HOW, {"branches": []}, True, True),
        (FILE, HOW, {"branches": [], "blocked": ["a"]}, True, True),
        (FILE, HOW, {"branches": [], "refuses": True}, True, False),  # that line may be somebody
        (FILE, replace(HOW, partial=True), {"branches": []}, False, False),
    ],
)
def test_whether_a_file_is_the_whole_schedule_and_whether_nobody_is_in_it(
    parsed: Parsed, how: How, kind: dict[str, Any], whole: bool, empty: bool
) -> None:
    found = reach(parsed, how=how, **kind)
    assert (found.whole, found.empty, found.older) == (whole, empty, False)


# ---------------------------------------------------------------- what the next import is told


def told(
    parsed: Parsed = FILE, source: Source = SOURCE, how: How = HOW, *, braked: bool = False, **kind: Any
) -> Source:
    found = replace(reach(branches=["a"]), **kind)
    return next_source(parsed, source, how, found, braked=braked)


def test_a_whole_file_is_what_the_next_one_is_measured_by() -> None:
    ending = Ending(short_line="Summe ###")
    after = told(replace(FILE, written_at=NOW, written_by="a", order=DateOrder.DAY_FIRST, ending=ending))
    assert after == Source(
        "s",
        imported_at=NOW,
        whole_at=NOW,
        first_day=day(24),
        last_day=day(30),
        file="new",
        file_at=NOW,
        written_at=NOW,
        written_by="a",
        order=DateOrder.DAY_FIRST,
        ending=ending,
        together=(frozenset("a"),),
    )


def test_what_a_file_does_not_say_of_itself_stays_as_an_earlier_one_said() -> None:
    before = replace(SOURCE, written_at=NOW - HOUR, written_by="b", order=DateOrder.MONTH_FIRST)
    after = told(source=before)
    assert (after.written_at, after.written_by, after.order) == (NOW - HOUR, "b", DateOrder.MONTH_FIRST)
    assert told(replace(FILE, written_at=NOW), source=before).written_by == ""


@pytest.mark.parametrize(
    ("parsed", "covers", "kind", "days"),
    [
        (FILE, None, {"whole": False}, (1, 28)),  # a part of the schedule covers nothing
        (FILE, None, {"braked": True}, (1, 28)),
        (FILE, None, {"empty": True}, (1, 28)),
        (replace(FILE, days=None), None, {}, (1, 28)),
        (replace(FILE, days=(day(26), day(30))), None, {}, (26, 30)),
        (FILE, day(22), {}, (22, 30)),
        (FILE, day(26), {}, (24, 30)),
        (replace(FILE, days=(day(26), day(30))), "now", {}, (24, 30)),
        (replace(FILE, days=(day(20), day(30))), "now", {}, (20, 30)),
    ],
)
def test_the_days_that_the_last_file_covered(
    parsed: Parsed, covers: Any, kind: dict[str, bool], days: tuple[int, int]
) -> None:
    before = replace(SOURCE, first_day=day(1), last_day=day(28))
    after = told(parsed, before, replace(HOW, covers_from=covers), **kind)
    assert (after.first_day, after.last_day) == tuple(map(day, days))
    assert after.whole_at == (SOURCE.whole_at if {"whole", "braked"} & kind.keys() else NOW)
    assert after.empty is kind.get("empty", False)


def test_an_older_file_tells_the_next_one_nothing() -> None:
    assert told(older=True) == SOURCE
    assert told(source=Source("s"), older=True) == Source("s", imported_at=NOW)
