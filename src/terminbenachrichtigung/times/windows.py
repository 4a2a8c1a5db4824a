"""Quiet periods, and what follows from them: how far a run looks ahead, and when it is too late.

Pure: the moment is always an argument. Every datetime that comes in or goes out is aware and UTC, so
that adding hours means elapsed hours; the local zone only tells which clock times and dates are quiet.
The words are those of the contract, section 2.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from terminbenachrichtigung.config.settings import Rules
from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.model.lead import DaysBefore, HoursBefore, Lead

DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
_HORIZON = 400 * DAY  # every night and every public holiday comes again within a year
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time in which nothing leaves (AMPAREX: Nachtruhe): `[start, end)`, in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class _Cache:
    """What has been worked out already. Every value follows from its key, so threads may share it."""

    pieces: dict[date, tuple[Period, ...]] = field(default_factory=dict)
    merged: dict[Period, Period] = field(default_factory=dict)
    holidays: dict[int, frozenset[date]] = field(default_factory=dict)
    starts: dict[date, datetime] = field(default_factory=dict)
    chances: dict[datetime, datetime] = field(default_factory=dict)
    reaches: dict[tuple[datetime, Lead], datetime] = field(default_factory=dict)
    calls: dict[tuple[date, time], datetime | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quiet:
    """The quiet periods of one configuration, and the windows between them.

    The change to summer time leaves out an hour: a clock time in it means the moment of the change. The
    change back shows an hour twice: a period that begins in it begins at the first showing, and one that
    ends in it ends at the last. An hour of quiet too many is better than a message in the night.
    """

    rules: Rules
    zone: ZoneInfo
    _cache: _Cache = field(default_factory=_Cache, init=False, repr=False, compare=False)

    # ------------------------------------------------------------ local dates

    def local_date(self, t: datetime) -> date:
        """The local date at `t`."""
        return t.astimezone(self.zone).date()

    def day_start(self, day: date) -> datetime:
        """The first moment of a local day; some zones change their clocks at midnight."""
        start = self._cache.starts.get(day)
        if start is None:
            start = self._cache.starts[day] = self._first(day, time.min)
        return start

    # ------------------------------------------------------------ quiet periods

    def period_at(self, t: datetime) -> Period | None:
        """The quiet period in which `t` lies, whole, or None at an open moment.

        Raises ConfigError if the quiet periods leave no open time.
        """
        for piece in self._pieces_around(t):
            if piece.start <= t < piece.end:
                return self._whole(piece)
        return None

    def next_period(self, t: datetime) -> Period | None:
        """The first quiet period that starts after `t`, or None if none does within 400 days."""
        return next(self._periods_after(t, t + _HORIZON), None)

    def next_open(self, t: datetime) -> datetime:
        """`t` itself at an open moment, else the end of its quiet period."""
        period = self.period_at(t)
        return t if period is None else period.end

    def open_time_between(self, a: datetime, b: datetime) -> timedelta:
        """How much time from `a` to `b` lies outside quiet periods; zero if `b` is not later."""
        open_time = max(b - a, timedelta())
        for period in self._periods_from(a, b):
            open_time -= min(period.end, b) - max(period.start, a)
        return open_time

    # ------------------------------------------------------------ windows

    def reach(self, t: datetime, lead: Lead) -> datetime:
        """How far a reminder looks at the open moment `t`: an appointment is due if `t < start <= reach`.

        At a later open moment it is never smaller.
        """
        reach = self._cache.reaches.get((t, lead))
        if reach is None:
            match lead:
                case HoursBefore(hours):
                    reach = self._reach_of_hours(t, timedelta(hours=hours))
                case DaysBefore(days, at):
                    last_day = self._day_before_next_call(t, at) + days * DAY
                    reach = self.day_start(last_day + DAY) - _INSTANT
                case _:
                    assert_never(lead)
            self._cache.reaches[t, lead] = reach
        return reach

    def due_at(self, start: datetime, lead: Lead) -> datetime:
        """When an appointment becomes due, leaving aside that a quiet period pulls it forward.

        Leads are compared by it: the later an appointment becomes due, the shorter the lead.
        """
        match lead:
            case HoursBefore(hours):
                return start - timedelta(hours=hours)
            case DaysBefore(days, at):
                return self._last_call(self.local_date(start) - days * DAY, at)
            case _:
                assert_never(lead)

    def window_opens(self, start: datetime, lead: Lead) -> datetime:
        """The first open moment at which `reach` comes up to an appointment's start.

        If no open moment before `start` does, it is not before `start`: no run can notify the appointment.
        """
        opens = self.due_at(start, lead)
        if isinstance(lead, DaysBefore):
            return opens
        first = self.next_open(opens)
        if self._pre_quiet:
            for period in self._periods_from(opens, first + self._pre_quiet):
                if period.end >= opens + timedelta(hours=1):
                    return min(first, self.next_open(period.start - self._pre_quiet))
        return first

    def last_chance(self, start: datetime) -> datetime:
        """The end of the last open time in which an appointment at `start` can still be notified.

        That is the last open time before its local day, or before its start with `same_day`. The end itself
        is already too late.
        """
        before = start if self.rules.same_day else self.day_start(self.local_date(start))
        chance = self._cache.chances.get(before)
        if chance is None:
            period = self.period_at(before - _INSTANT)
            chance = self._cache.chances[before] = before if period is None else period.start
        return chance

    def in_pre_quiet(self, t: datetime, end: datetime) -> bool:
        """Whether `t` lies in the last `pre_quiet_minutes` before the open time ends at `end`."""
        return end - self._pre_quiet <= t < end

    def _reach_of_hours(self, t: datetime, lead: timedelta) -> datetime:
        """Elapsed hours, except in the last `pre_quiet_minutes` before a quiet period.

        Then everything is due already that would become due until an hour before the quiet period ends.
        """
        # More than one period, if the open time between two is shorter than pre_quiet_minutes.
        near = self._periods_after(t, t + self._pre_quiet + _INSTANT)
        return max([t + lead, *(period.end + lead - timedelta(hours=1) for period in near)])

    def _call(self, day: date, at: time) -> datetime | None:
        """The moment `at` of a local day, from which a lead of days reaches a day further; None if quiet."""
        key = (day, at)
        if key not in self._cache.calls:
            moment = self._first(day, at)
            self._cache.calls[key] = moment if self.period_at(moment) is None else None
        return self._cache.calls[key]

    def _last_call(self, day: date, at: time) -> datetime:
        """The moment `at` of a local day, or of the nearest earlier day on which it is open."""
        for back in range(_HORIZON.days):
            moment = self._call(day - back * DAY, at)
            if moment is not None:
                return moment
        raise ConfigError(f"the quiet periods of [rules] leave no day open at {at:%H:%M}")

    def _day_before_next_call(self, t: datetime, at: time) -> date:
        """The local day before the next one on which `at` is open, and still to come.

        For all days up to it the moment has come: their own, or an earlier day's where their own is quiet.
        """
        day = self.local_date(t)
        for _ in range(_HORIZON.days):
            moment = self._call(day, at)
            if moment is not None and moment > t:
                break
            day += DAY
        return day - DAY

    # ------------------------------------------------------------ how they are found

    @property
    def _pre_quiet(self) -> timedelta:
        return timedelta(minutes=self.rules.pre_quiet_minutes)

    def _periods_from(self, a: datetime, b: datetime) -> Iterator[Period]:
        """Every quiet period that has a part in `[a, b)`, whole, in order."""
        period = self.period_at(a)
        if period is not None and a < b:
            yield period
        yield from self._periods_after(a, b)

    def _periods_after(self, t: datetime, until: datetime) -> Iterator[Period]:
        """Every quiet period that starts after `t` and before `until`, whole, in order."""
        after = self.next_open(t)
        day = self.local_date(after) - DAY
        last_day = self.local_date(until) + DAY
        while after < until and day <= last_day:
            starts = [piece for piece in self._on(day) if after < piece.start < until]
            if starts:
                period = self._whole(starts[0])
                yield period
                after = period.end
                day = max(day, self.local_date(after) - DAY)
            else:
                day += DAY

    def _whole(self, piece: Period) -> Period:
        """A piece together with everything quiet that adjoins or overlaps it."""
        whole = self._cache.merged.get(piece)
        if whole is None:
            start, end = piece.start, piece.end
            longest = _HORIZON + len(self.rules.quiet_dates) * DAY
            while touching := [p.end for p in self._pieces_around(end) if p.start <= end < p.end]:
                end = max(touching)
                if end - start > longest:
                    raise ConfigError("the quiet periods of [rules] leave no open time")
            while touching := [p.start for p in self._pieces_around(start) if p.start < start <= p.end]:
                start = min(touching)
            whole = self._cache.merged[piece] = Period(start, end)
        return whole

    def _pieces_around(self, t: datetime) -> tuple[Period, ...]:
        """All pieces that may touch `t`: of its day, of both neighbours, and of one day more before them.

        A night begins on the day before it ends, and near the date line a whole day may have been left out.
        """
        day = self.local_date(t)
        return self._on(day - 2 * DAY) + self._on(day - DAY) + self._on(day) + self._on(day + DAY)

    def _on(self, day: date) -> tuple[Period, ...]:
        """The night that begins on a local day, and the day itself if it is quiet; by their start."""
        pieces = self._cache.pieces.get(day)
        if pieces is None:
            found = []
            if self._is_quiet_day(day):
                found.append(Period(self.day_start(day), self._last(day + DAY, time.min)))
            if self.rules.quiet_hours:
                start, end = self.rules.quiet_start, self.rules.quiet_end
                last_day = day if start < end else day + DAY
                found.append(Period(self._first(day, start), self._last(last_day, end)))
            found = [piece for piece in found if piece.start < piece.end]
            pieces = self._cache.pieces[day] = tuple(sorted(found, key=lambda piece: piece.start))
        return pieces

    def _is_quiet_day(self, day: date) -> bool:
        return (
            _WEEKDAYS[day.weekday()] in self.rules.quiet_days
            or day in self.rules.quiet_dates
            or (self.rules.quiet_holidays != "" and day in self._public_holidays(day.year))
        )

    def _public_holidays(self, year: int) -> frozenset[date]:
        found = self._cache.holidays.get(year)
        if found is None:
            # Imported here because it costs 0.1 s, and most configurations name no holidays.
            from holidays import country_holidays  # noqa: PLC0415

            country, _, subdivision = self.rules.quiet_holidays.partition("-")
            found = frozenset(country_holidays(country, subdiv=subdivision or None, years=year))
            self._cache.holidays[year] = found
        return found

    def _first(self, day: date, clock: time) -> datetime:
        """The first moment at which the local clock shows this time or has jumped over it."""
        shown = datetime.combine(day, clock, self.zone)
        first, second = shown.astimezone(UTC), shown.replace(fold=1).astimezone(UTC)
        return first if first <= second else self._jump(second, first)

    def _last(self, day: date, clock: time) -> datetime:
        """The moment from which on the local clock never again shows less than this time of that day."""
        shown = datetime.combine(day, clock, self.zone)
        first, second = shown.astimezone(UTC), shown.replace(fold=1).astimezone(UTC)
        if first > second:
            return self._jump(second, first)
        just_before = (second - _INSTANT).astimezone(self.zone).replace(tzinfo=None)
        return second if just_before < shown.replace(tzinfo=None) else first

    def _jump(self, before: datetime, after: datetime) -> datetime:
        """The moment between the two at which the local clock jumps forward, to the second."""
        offset = before.astimezone(self.zone).utcoffset()
        while after - before > timedelta(seconds=1):
            middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
            if middle.astimezone(self.zone).utcoffset() == offset:
                before = middle
            else:
                after = middle
        return after
