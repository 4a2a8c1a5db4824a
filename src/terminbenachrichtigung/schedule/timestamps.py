"""Timestamps of the schedule, in all forms that the contract names, become UTC, and UTC local times.

A timestamp without a zone is local. Where the clock is set back it is the earlier of two; where the clock is
set forward, a time that is skipped is moved forward too. Python does both with `fold=0`.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from terminbenachrichtigung.schedule.values import Unreadable, shown

_DAY = timedelta(days=1)
_DATE_LENGTH = len("2026-11-24")
_MIDNIGHT = time(0)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - only to subtract from other times of that day
_OFFSET_MINUTES = frozenset(
    {*range(-12 * 60, 14 * 60 + 1, 60)}  # whole hours
    | {-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825}  # Marquesas … Chatham in summer
)
"""The offsets that some place on earth has today (the tz database)."""
_TIME_BEHIND_MINUS = re.compile(r"(?P<begin>.+)-(?P<hour>[0-9]{2})(?::?(?P<minute>[0-9]{2})(?::?[0-9]{2})?)?")
_FIRST_YEAR = "1000"
_MOST_REMEMBERED = 100_000  # days, and times of day; some 20 MB at worst


class Timestamps:
    """Reads timestamps by one local zone.

    In a large SQLite schedule most starts are plain text, and parsing them costs more than fetching them.
    So each date and each time of day is parsed once, and then only added.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._midnights: dict[str, datetime] = {}  # in UTC, of days on which the clock does not change
        self._times: dict[str, timedelta] = {}  # since midnight, by the text after the date

    def column(self, values: Sequence[object], *, time_needed: bool) -> list[datetime | None]:
        """Many at once, as `read` does one; raises Unreadable if any one cannot be read."""
        kinds = set(map(type, values))
        if kinds <= {str, type(None)} and len(set(values[:100])) <= 10:
            # A column without times, or with those of one import: each text is read once. Not so datetimes:
            # Python calls two equal although one is the second 02:30 of the night when the clock is set back.
            known = {value: self.read(value, time_needed=time_needed) for value in set(values)}
            return list(map(known.__getitem__, values))
        if str not in kinds:
            return [self.read(value, time_needed=time_needed) for value in values]
        midnights, times = self._midnights, self._times
        found: list[datetime | None] = []
        append = found.append
        for value in values:
            try:
                midnight, rest = midnights[value[:10]], value[10:]  # type: ignore[index]
                append(midnight + (times.get(rest) or self._time_of_day(rest)))
            except (KeyError, TypeError, ValueError):
                append(self.read(value, time_needed=time_needed))
        return found

    def read(self, value: object, *, time_needed: bool) -> datetime | None:
        """One timestamp, None where it is missing; a bare date is its midnight, unless `time_needed`."""
        try:
            return self._moment(value, time_needed=time_needed)
        except Unreadable:
            raise
        except (ValueError, OverflowError):
            raise Unreadable(f"not a timestamp: {shown(value)}") from None

    def _moment(self, value: object, *, time_needed: bool) -> datetime | None:
        match value:
            case None:
                return None
            case str() if time_needed and value[:1].isspace() and value.strip():
                # It sorts before all others, where a reading takes only the first thousand rows.
                raise Unreadable(f"begins with a blank: {shown(value)}")
            case str():
                return self._from_text(value.strip(), time_needed=time_needed)
            case datetime():
                return self._to_utc(value)
            case date() if not time_needed:
                return self._to_utc(datetime(value.year, value.month, value.day))  # noqa: DTZ001
            case date():
                raise Unreadable(f"has no time of day: {value}")
            case int() | float():
                raise Unreadable(f"a number, not a timestamp: {shown(value)}")
        raise ValueError

    def _from_text(self, text: str, *, time_needed: bool) -> datetime | None:
        if not text:
            return None
        # Python takes more forms of ISO 8601 than the query for a range can find, such as 20261124T0900.
        day, rest = text[:_DATE_LENGTH], text[_DATE_LENGTH:]
        if day[4:5] != "-" or day[7:8] != "-" or day < _FIRST_YEAR:  # 0026 was meant to be 2026
            raise ValueError
        if not rest:
            midnight = datetime.fromisoformat(day)
            if time_needed:
                raise Unreadable(f"has no time of day: {shown(text)}")
            return self._to_utc(midnight)
        if not _is_time(rest):
            raise ValueError
        clock, blank, offset = rest[1:].partition(" ")
        if blank and not offset.startswith(("+", "-", "Z")):
            raise ValueError
        moment = datetime.fromisoformat(f"{day}T{clock}{offset}")
        if moment.tzinfo:
            _refuse_a_range(rest, text)
            if not is_offset_of_a_zone(moment.utcoffset()):
                raise Unreadable(f"no time zone has this offset: {shown(text)}")
        if day not in self._midnights:
            self._remember(day)
        return self._to_utc(moment)

    def _time_of_day(self, rest: str) -> timedelta:
        """What follows the date as the time since midnight; ValueError unless it is a plain local time."""
        if not _is_time(rest):
            raise ValueError
        moment = datetime.fromisoformat(f"1970-01-01T{rest[1:]}")
        if moment.tzinfo:
            raise ValueError
        time = moment - _EPOCH
        if len(self._times) >= _MOST_REMEMBERED:
            self._times.clear()
        self._times[rest] = time
        return time

    def _to_utc(self, moment: datetime) -> datetime:
        return (moment if moment.tzinfo else moment.replace(tzinfo=self._zone, fold=0)).astimezone(UTC)

    def _remember(self, day: str) -> None:
        midnight = datetime.fromisoformat(day)
        if midnight.date() == date.max:
            return
        start, end = self._to_utc(midnight), self._to_utc(midnight + _DAY)
        if end - start == _DAY:  # else the clock changes on that day, and adding would be wrong
            if len(self._midnights) >= _MOST_REMEMBERED:
                self._midnights.clear()
            self._midnights[day] = start


def _is_time(rest: str) -> bool:
    """Whether Python may look at it: it takes any separator, also no minutes, and stops at a NUL."""
    return rest[:1] in ("T", " ") and rest[3:4] == ":" and "\0" not in rest


def _refuse_a_range(rest: str, text: str) -> None:
    """Raise Unreadable for `09:00-09:30`, which may be from nine to half past, or nine on the Marquesas.

    A minus before a later time of day is taken for neither, unless the offset stands where only an
    offset can: behind seconds, and then as programs write it, `T09:00:00-09:30` or ` 09:00:00-10`.
    """
    found = _TIME_BEHIND_MINUS.fullmatch(rest[1:].replace(" ", ""))
    if found is None:
        return
    begin, has_seconds = found["begin"], found["begin"][5:6] == ":"
    if has_seconds and (rest[0] == "T" or found["minute"] is None):
        return
    if f"{found['hour']}:{found['minute'] or '00'}" > begin[:5]:
        raise Unreadable(f"a stretch of time, or an offset: {shown(text)}")


def is_offset_of_a_zone(offset: timedelta | None) -> bool:
    """Whether the clock of some place on earth is that far from UTC."""
    return offset is not None and offset / timedelta(minutes=1) in _OFFSET_MINUTES


def is_midnight(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether the local clock shows 00:00:00 at this moment."""
    return moment.minute % 15 == 0 and moment.astimezone(zone).time() == _MIDNIGHT


def wall_bounds(since: datetime, until: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """What the local clock shows at the ends of [since, until], without zone.

    Around a change of the clock they are an hour wider, because a reading alone does not tell the moment
    there.
    """

    def offsets(moment: datetime) -> list[timedelta]:
        days = (moment - _DAY, moment, moment + _DAY)
        return [day.astimezone(zone).utcoffset() or timedelta() for day in days]

    start, end = since.astimezone(UTC), until.astimezone(UTC)
    return (
        (start + min(offsets(start))).replace(tzinfo=None),
        (end + max(offsets(end))).replace(tzinfo=None),
    )
