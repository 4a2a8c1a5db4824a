"""Quiet time, minute by minute: slow to make, and too plain to be wrong (contract, section 2)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays

from terminbenachrichtigung.config.settings import Rules
from terminbenachrichtigung.model.lead import DaysBefore, HoursBefore, Lead

MINUTE = timedelta(minutes=1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Minutes:
    """Every minute between two days: whether it is quiet, and which local day it belongs to."""

    def __init__(self, rules: Rules, zone: ZoneInfo, first: date, last: date) -> None:
        self._begin = datetime.combine(first, time(), UTC)
        count = (last - first).days * 24 * 60
        locals_ = [(self._begin + minute * MINUTE).astimezone(zone) for minute in range(count)]
        days = sorted({local.date() for local in locals_})
        quiet_days = {day for day in days if _is_quiet_day(rules, day)}
        self._day = [local.date() for local in locals_]
        self._clock = [local.time() for local in locals_]
        self._quiet = [_is_night(rules, local.time()) or local.date() in quiet_days for local in locals_]
        self._first_of_day: dict[date, int] = {}
        for minute, day in enumerate(self._day):
            self._first_of_day.setdefault(day, minute)
        # The next quiet and the next open minute, from each minute on.
        self._next_quiet: list[int] = [count] * (count + 1)
        self._next_open: list[int] = [count] * (count + 1)
        for minute in range(count - 1, -1, -1):
            quiet = self._quiet[minute]
            self._next_quiet[minute] = minute if quiet else self._next_quiet[minute + 1]
            self._next_open[minute] = self._next_open[minute + 1] if quiet else minute

    def _minute(self, moment: datetime) -> int:
        return (moment - self._begin) // MINUTE

    def _moment(self, minute: int) -> datetime:
        return self._begin + minute * MINUTE

    def is_quiet(self, moment: datetime) -> bool:
        """Whether nothing may leave now."""
        return self._quiet[self._minute(moment)]

    def day(self, moment: datetime) -> date:
        """The local day."""
        return self._day[self._minute(moment)]

    def next_open(self, moment: datetime) -> datetime:
        """This moment, or when the quiet period that it lies in ends."""
        minute = self._minute(moment)
        return self._moment(self._next_open[minute]) if self._quiet[minute] else moment

    def reach(self, now: datetime, hours_before: int, pre_quiet_minutes: int) -> datetime:
        """The latest start in the window of a reminder at `now`, an open moment."""
        assert not self.is_quiet(now)
        lead = timedelta(hours=hours_before)
        quiet_begins = self._next_quiet[self._minute(now)]
        if now >= self._moment(quiet_begins) - timedelta(minutes=pre_quiet_minutes):
            quiet_ends = self._moment(self._next_open[quiet_begins])
            return max(now + lead, quiet_ends + lead - timedelta(hours=1))
        return now + lead

    def due_at(self, start: datetime, lead: Lead) -> datetime:
        """When an appointment becomes due, nothing pulled forward."""
        if isinstance(lead, HoursBefore):
            return start - timedelta(hours=lead.hours)
        return self._call(self.day(start) - timedelta(days=lead.days), lead.at)

    def reach_of_days(self, now: datetime, lead: DaysBefore) -> datetime:
        """The last moment of the latest day whose appointments are due."""
        day = self.day(now) + timedelta(days=lead.days - 1)
        while self._call(day + timedelta(days=1 - lead.days), lead.at) <= now:
            day += timedelta(days=1)
        return self._moment(self._first_of_day[day + timedelta(days=1)]) - timedelta(microseconds=1)

    def _call(self, day: date, at: time) -> datetime:
        """The moment `at` of a day, or of the nearest earlier one on which it is open."""
        while True:
            first, after = self._first_of_day[day], self._first_of_day[day + timedelta(days=1)]
            minute = next((each for each in range(first, after) if self._clock[each] >= at), after)
            if not self._quiet[minute]:
                return self._moment(minute)
            day -= timedelta(days=1)

    def last_chance(self, start: datetime, *, same_day: bool) -> datetime:
        """The end of the last open time before the start's local day; with `same_day` before the start."""
        end = start if same_day else self._moment(self._first_of_day[self.day(start)])
        minute = self._minute(end)
        if self._moment(minute) == end:
            minute -= 1
        while self._quiet[minute]:
            minute -= 1
        return min(self._moment(minute + 1), end)


def _is_night(rules: Rules, clock: time) -> bool:
    if not rules.quiet_hours:
        return False
    if rules.quiet_start < rules.quiet_end:
        return rules.quiet_start <= clock < rules.quiet_end
    return clock >= rules.quiet_start or clock < rules.quiet_end


def _is_quiet_day(rules: Rules, day: date) -> bool:
    if WEEKDAYS[day.weekday()] in rules.quiet_days or day in rules.quiet_dates:
        return True
    if not rules.quiet_holidays:
        return False
    country, _, state = rules.quiet_holidays.partition("-")
    return day in holidays.country_holidays(country, subdiv=state or None)
