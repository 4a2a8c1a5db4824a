"""Quiet periods, reach and last chance against a slow but obvious oracle: quarter of an hour by quarter."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from terminbenachrichtigung.config.settings import Rules
from terminbenachrichtigung.model.lead import DaysBefore, HoursBefore
from terminbenachrichtigung.times.windows import Period, Quiet

STEP = timedelta(minutes=15)
WEEKDAYS = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip

ANCHORS = [
    ("Europe/Berlin", datetime(2026, 11, 24, tzinfo=UTC)),  # nothing changes
    ("Europe/Berlin", datetime(2027, 3, 28, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, tzinfo=UTC)),
    ("America/Havana", datetime(2026, 3, 8, tzinfo=UTC)),  # no midnight
    ("America/Havana", datetime(2026, 11, 1, tzinfo=UTC)),  # two midnights
    ("Africa/Cairo", datetime(2026, 4, 23, tzinfo=UTC)),  # no midnight
    ("Africa/Cairo", datetime(2026, 10, 29, tzinfo=UTC)),  # back over midnight
    ("Australia/Lord_Howe", datetime(2026, 4, 4, tzinfo=UTC)),  # half an hour
    ("Pacific/Apia", datetime(2011, 12, 30, tzinfo=UTC)),  # a whole day left out
]


@dataclass(frozen=True)
class World:
    """Every quarter of an hour around an anchor, each marked quiet or open by the definition itself."""

    rules: Rules
    zone: ZoneInfo
    ticks: tuple[datetime, ...]
    silent: tuple[bool, ...]
    periods: tuple[Period, ...]

    def is_quiet(self, t: datetime) -> bool:
        return self.silent[(t - self.ticks[0]) // STEP]

    def reach(self, t: datetime, hours: int) -> datetime:
        pre_quiet = timedelta(minutes=self.rules.pre_quiet_minutes)
        past_the_night = [
            p.end + timedelta(hours=hours - 1) for p in self.periods if p.start - pre_quiet <= t < p.start
        ]
        return max([t + timedelta(hours=hours), *past_the_night])

    def call(self, day: date, at: time) -> datetime:
        """The first tick of a day that shows `at` or later; an earlier day's, where it is quiet."""
        while True:
            today = [t for t in self.ticks if t.astimezone(self.zone).date() == day]
            shown = (t for t in today if t.astimezone(self.zone).time() >= at)
            moment = next(shown, today[-1] + STEP if today else None)
            if moment is not None and not self.is_quiet(moment):
                return moment
            day -= timedelta(days=1)

    def is_due(self, start: datetime, t: datetime, lead: DaysBefore) -> bool:
        day = start.astimezone(self.zone).date()
        return self.call(day - timedelta(days=lead.days), lead.at) <= t

    def last_chance(self, start: datetime) -> datetime:
        today = start.astimezone(self.zone).date()
        before = [t for t in self.ticks if t < start]
        if not self.rules.same_day:
            first = next(t for t in self.ticks if t.astimezone(self.zone).date() == today)
            before = [t for t in before if t < first]
        return next(t for t in reversed(before) if not self.is_quiet(t)) + STEP


def label_night(rules: Rules) -> Callable[[datetime], date | None]:
    """The date on which the night of a local clock time began, or None by day."""

    def label(local: datetime) -> date | None:
        clock, today = local.time(), local.date()
        if not rules.quiet_hours:
            return None
        if rules.quiet_start < rules.quiet_end:
            return today if rules.quiet_start <= clock < rules.quiet_end else None
        if clock >= rules.quiet_start:
            return today
        return today - timedelta(days=1) if clock < rules.quiet_end else None

    return label


def label_day(rules: Rules) -> Callable[[datetime], date | None]:
    def label(local: datetime) -> date | None:
        today = local.date()
        quiet_day = WEEKDAYS[today.weekday()] in rules.quiet_days or today in rules.quiet_dates
        return today if quiet_day else None

    return label


def spans(labels: Iterable[date | None]) -> list[tuple[int, int]]:
    """First and last place of every label: what lies between them when the clock goes back is quiet too."""
    found: dict[date, tuple[int, int]] = {}
    for place, label in enumerate(labels):
        if label is not None:
            found[label] = (found.get(label, (place, place))[0], place)
    return list(found.values())


@dataclass(frozen=True)
class Case:
    """A configuration and a moment around which to try it; small, so that a failure can be read."""

    rules: Rules
    zone: str
    anchor: datetime

    @property
    def found(self) -> Quiet:
        return Quiet(self.rules, ZoneInfo(self.zone))

    @property
    def world(self) -> World:
        return build_world(self)

    def moment(self, place: int, seconds: int = 0) -> datetime:
        return self.anchor + place * STEP + timedelta(seconds=seconds)


@lru_cache
def build_world(case: Case) -> World:
    zone = ZoneInfo(case.zone)
    ticks = tuple(case.anchor + n * STEP for n in range(-12 * 96, 8 * 96))
    local = [t.astimezone(zone).replace(tzinfo=None) for t in ticks]
    silent = [False] * len(ticks)
    for label in (label_night(case.rules), label_day(case.rules)):
        for first, last in spans(label(t) for t in local):
            silent[first : last + 1] = [True] * (last + 1 - first)
    edges = [n for n, (a, b) in enumerate(pairwise([False, *silent, False])) if a != b]
    ends = [*ticks, ticks[-1] + STEP]
    periods = tuple(Period(ends[a], ends[b]) for a, b in zip(edges[::2], edges[1::2], strict=True))
    # A period as long as the margin would be cut off at the edge of what the oracle sees.
    assert all(p.end - p.start < timedelta(days=7) for p in periods)
    return World(case.rules, zone, ticks, tuple(silent), periods)


quarter_hours = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    zone, anchor = draw(st.sampled_from(ANCHORS))
    start, end = draw(st.tuples(quarter_hours, quarter_hours).filter(lambda pair: pair[0] != pair[1]))
    rules = {
        "quiet_hours": draw(st.booleans()),
        "quiet_start": start,
        "quiet_end": end,
        "quiet_days": tuple(draw(st.sets(st.sampled_from(WEEKDAYS), max_size=2))),
        "quiet_dates": tuple(
            anchor.date() + timedelta(n) for n in draw(st.sets(st.integers(-1, 2), max_size=2))
        ),
        "pre_quiet_minutes": draw(st.sampled_from([0, 15, 60, 90, 240])),
        "same_day": draw(st.booleans()),
    }
    return Case(Rules.model_validate(rules), zone, anchor)


patiently = settings(deadline=None)  # the oracle takes its time
near = st.integers(-3 * 96, 3 * 96)  # quarters of an hour around the anchor
offsets = st.integers(0, 899)  # seconds into a quarter of an hour


@patiently
@given(cases(), near, offsets)
@example(  # a night into a day that was left out adjoins the day after that one
    Case(
        Rules(quiet_start=time(0, 15), quiet_end=time(0), quiet_days=("saturday",)),
        "Pacific/Apia",
        datetime(2011, 12, 30, tzinfo=UTC),
    ),
    40,
    0,
)
def test_the_quiet_period_is_the_one_that_the_clock_on_the_wall_shows(
    case: Case, place: int, seconds: int
) -> None:
    t = case.moment(place, seconds)
    expected = next((p for p in case.world.periods if p.start <= t < p.end), None)
    assert case.found.period_at(t) == expected
    assert (expected is not None) == case.world.is_quiet(t)


@patiently
@given(cases(), near, offsets)
def test_the_next_period_is_the_next_change_to_quiet_on_the_wall(
    case: Case, place: int, seconds: int
) -> None:
    t = case.moment(place, seconds)
    expected = next((p for p in case.world.periods if p.start > t), None)
    assume(expected is not None and expected.end < case.world.ticks[-1])
    assert case.found.next_period(t) == expected


@patiently
@given(cases(), near, offsets, st.integers(1, 99))
def test_reach_is_the_one_of_the_definition(case: Case, place: int, seconds: int, hours: int) -> None:
    t = case.moment(place, seconds)
    assume(not case.world.is_quiet(t))
    assert case.found.reach(t, HoursBefore(hours)) == case.world.reach(t, hours)


@patiently
@given(cases(), near, near, st.integers(1, 99))
def test_reach_never_shrinks_from_one_open_moment_to_a_later_one(
    case: Case, one: int, other: int, hours: int
) -> None:
    early, late = sorted((case.moment(one), case.moment(other)))
    assume(not case.world.is_quiet(early) and not case.world.is_quiet(late))
    assert case.found.reach(early, HoursBefore(hours)) <= case.found.reach(late, HoursBefore(hours))


@patiently
@given(cases(), near, offsets)
def test_the_last_chance_ends_the_last_open_time_on_the_wall(case: Case, place: int, seconds: int) -> None:
    start = case.moment(place, seconds)
    expected = case.world.last_chance(start)
    # The wall is read in quarters of an hour; a start within an open one cuts it short.
    assert case.found.last_chance(start) == (min(expected, start) if case.rules.same_day else expected)


@patiently
@given(cases(), near, st.integers(1, 48))
def test_a_window_opens_at_the_first_open_tick_that_reaches_the_start(
    case: Case, place: int, hours: int
) -> None:
    start, world = case.moment(place), case.world
    first = next(t for t in world.ticks if not world.is_quiet(t) and start <= world.reach(t, hours))
    assert case.found.window_opens(start, HoursBefore(hours)) == first


def by_day(case: Case, days: int, at: time) -> DaysBefore:
    """A lead that the configuration allows: at its time of day it is not night."""
    night = label_night(case.rules)(datetime.combine(date(2026, 11, 24), at))
    return DaysBefore(days, case.rules.quiet_end if night else at)


# The calendar of Apia lacks a day, and "the day before" means nothing there.
with_whole_calendars = cases().filter(lambda case: case.zone != "Pacific/Apia")


@patiently
@given(with_whole_calendars, near, st.integers(1, 3 * 96), st.integers(1, 2), quarter_hours)
def test_a_lead_of_days_is_due_as_by_the_calendar_on_the_wall(
    case: Case, place: int, ahead: int, days: int, at: time
) -> None:
    world, lead = case.world, by_day(case, days, at)
    t = next(t for t in world.ticks if t >= case.moment(place) and not world.is_quiet(t))
    start = t + ahead * STEP
    assert (start <= case.found.reach(t, lead)) == world.is_due(start, t, lead)


@patiently
@given(with_whole_calendars, near, st.integers(1, 2), quarter_hours)
def test_the_window_of_a_lead_of_days_opens_where_it_becomes_due(
    case: Case, place: int, days: int, at: time
) -> None:
    start, world, lead = case.moment(place), case.world, by_day(case, days, at)
    opens = case.found.window_opens(start, lead)
    assert opens == case.found.due_at(start, lead)
    assert world.is_due(start, opens, lead)
    assert not world.is_due(start, opens - STEP, lead)


@patiently
@given(cases(), near, near)
def test_open_time_is_the_number_of_open_ticks(case: Case, one: int, other: int) -> None:
    a, b = sorted((case.moment(one), case.moment(other)))
    ticks = sum(1 for t in case.world.ticks if a <= t < b and not case.world.is_quiet(t))
    assert case.found.open_time_between(a, b) == ticks * STEP
