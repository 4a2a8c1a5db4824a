"""Starts that no hourly run, at whatever minute, could ever notify: found from the settings alone.

An appointment can be told from the moment its window opens until its last chance. If the windows of all
reminders open after its last chance, its customer is never told before the day.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.model.lead import Lead
from terminbenachrichtigung.times.windows import Quiet

_MONDAY = date(2027, 1, 11)
"""Any week in which no zone changes its clocks."""
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class BlindSpots:
    """By weekday (Monday first), the minutes of the local day at which no appointment can be notified."""

    minutes: tuple[tuple[bool, ...], ...]

    def __bool__(self) -> bool:
        return any(any(day) for day in self.minutes)

    @property
    def sentence(self) -> str:
        """All of them as ranges, with equal days together: `Mon-Sun 09:01-23:59`."""
        alike = groupby(range(7), key=lambda day: self.minutes[day])
        found = []
        for minutes, group in alike:
            days = list(group)
            if any(minutes):
                name = _DAYS[days[0]] if len(days) == 1 else f"{_DAYS[days[0]]}-{_DAYS[days[-1]]}"
                found.append(f"{name} {', '.join(_ranges(minutes))}")
        return "; ".join(found)

    @property
    def table(self) -> str:
        """One line for each weekday, one sign for each hour: `.` all can be notified, `#` none, `+` some."""
        lines = ["     " + " ".join(f"{hour:02}" for hour in range(24))]
        for day, minutes in zip(_DAYS, self.minutes, strict=True):
            hours = (minutes[hour * 60 : hour * 60 + 60] for hour in range(24))
            signs = ("#" if all(hour) else "+" if any(hour) else "." for hour in hours)
            lines.append(f"{day}   " + "  ".join(signs))
        return "\n".join(lines)


def blind_spots(settings: Settings) -> BlindSpots:
    """Asks for every minute of an ordinary week and every reminder.

    Ordinary means: quiet hours and quiet days count, single dates and public holidays do not.
    """
    every_week = settings.rules.model_copy(update={"quiet_dates": (), "quiet_holidays": ""})
    quiet = Quiet(every_week, settings.zone)
    leads = {reminder.lead for reminder in settings.reminders}

    def minutes(day: date) -> Iterator[bool]:
        for minute in range(24 * 60):
            start = datetime.combine(day, time(minute // 60, minute % 60), settings.zone)
            yield is_blind(start.astimezone(UTC), quiet, leads)

    return BlindSpots(tuple(tuple(minutes(_MONDAY + timedelta(days=day))) for day in range(7)))


def is_blind(start: datetime, quiet: Quiet, leads: Collection[Lead]) -> bool:
    """Whether no run, at whatever minute, can notify an appointment by any reminder.

    Args:
        start: of the appointment.
        quiet: the quiet periods.
        leads: of all reminders.
    """
    chance = quiet.last_chance(start)
    return all(quiet.window_opens(start, lead) >= chance for lead in leads)


def _ranges(minutes: tuple[bool, ...]) -> Iterator[str]:
    for blind, group in groupby(range(len(minutes)), key=lambda minute: minutes[minute]):
        if blind:
            found = list(group)
            first, last = (f"{minute // 60:02}:{minute % 60:02}" for minute in (found[0], found[-1]))
            yield first if first == last else f"{first}-{last}"
