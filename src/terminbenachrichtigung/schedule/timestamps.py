"""Timestamps of the schedule, in all forms the contract names, become UTC; and the way back.

A timestamp without a zone is local: the earlier one where the clock shows it twice, moved forward
where the clock skips it. Both is what Python does with `fold=0`.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from terminbenachrichtigung.schedule.values import Unreadable, shown

_DAY = timedelta(days=1)
_DATE_LENGTH = len("2026-11-24")
_SHORTEST = len("2026-11-24 09:00")
_MOST_REMEMBERED = 100_000  # days and times of day; some 20 MB at worst


class Timestamps:
    """Reads timestamps by one local zone.

    Text in the plain form is the bulk of a large SQLite schedule, and parsing it costs more than
    fetching it. So a date, as UTC of its midnight, and a time of day are each parsed once.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._midnights: dict[str, datetime] = {}
        self._times: dict[str, timedelta] = {}

    def column(self, values: Sequence[object], *, time_needed: bool) -> list[datetime | None]:
        """Many at once, as `read` does one; raises Unreadable if any one cannot be read."""
        if str not in set(map(type, values)):
            return [self.read(value, time_needed=time_needed) for value in values]
        midnights, times = self._midnights, self._times
        found: list[datetime | None] = []
        append = found.append
        for value in values:
            try:
                append(midnights[value[:10]] + times[value[10:]])  # type: ignore[index]
            except (KeyError, TypeError):
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
        if day[4:5] != "-" or day[7:8] != "-":
            raise ValueError
        if not rest:
            midnight = datetime.fromisoformat(day)
            if time_needed:
                raise Unreadable(f"has no time of day: {shown(text)}")
            return self._to_utc(midnight)
        if len(text) < _SHORTEST or rest[0] not in "T " or rest[3] != ":":
            raise ValueError
        clock, blank, offset = rest[1:].partition(" ")
        if blank and not offset.startswith(("+", "-", "Z")):
            raise ValueError
        moment = datetime.fromisoformat(f"{day}T{clock}{offset}")
        found = self._to_utc(moment)
        if moment.tzinfo is None:
            self._remember(day, rest, moment)
        return found

    def _to_utc(self, moment: datetime) -> datetime:
        return (moment if moment.tzinfo else moment.replace(tzinfo=self._zone, fold=0)).astimezone(UTC)

    def _remember(self, day: str, rest: str, moment: datetime) -> None:
        if max(len(self._midnights), len(self._times)) >= _MOST_REMEMBERED:
            self._midnights.clear()
            self._times.clear()
        midnight = datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001
        if midnight.date() < date.max:
            start, end = self._to_utc(midnight), self._to_utc(midnight + _DAY)
            if end - start == _DAY:  # else the clock changes on this day, and only the careful way is right
                self._midnights[day] = start
        self._times[rest] = moment - midnight


def wall_bounds(since: datetime, until: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The local wall clock readings, without zone, between which all of [since, until] lies.

    Exact, except around a change of the clock, where they are wider by the hour in question: there
    a reading alone does not tell the moment.
    """

    def offsets(moment: datetime) -> list[timedelta]:
        days = (moment - _DAY, moment, moment + _DAY)
        return [day.astimezone(zone).utcoffset() or timedelta() for day in days]

    start, end = since.astimezone(UTC), until.astimezone(UTC)
    return (
        (start + min(offsets(start))).replace(tzinfo=None),
        (end + max(offsets(end))).replace(tzinfo=None),
    )
