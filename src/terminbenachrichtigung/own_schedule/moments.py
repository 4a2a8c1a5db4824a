"""Times as exports write them → moments in UTC. A text that may mean two times is refused.

A time without an offset is local. Where the clock is set back it is the earlier of two; where the clock is
set forward, a time that is skipped is moved forward too.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum
from functools import lru_cache

from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.schedule.timestamps import is_offset_of_a_zone
from terminbenachrichtigung.schedule.values import Unreadable, shown


class DateOrder(StrEnum):
    """Which comes first in a date such as 11/12/2026."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


_MONTH_NAMES = (
    "januar january janvier jan jänner",
    "februar february février fevrier feb fév febr feber",
    "märz maerz march mars mar mär mrz",
    "april avril apr avr",
    "mai may",
    "juni june juin jun",
    "juli july juillet jul juil",
    "august août aout aug",
    "september septembre sep sept",
    "oktober october octobre okt oct",
    "november novembre nov",
    "dezember december décembre decembre dez dec déc",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()}
_WEEKDAY_NAMES = (
    "montag monday lundi mo mon lun",
    "dienstag tuesday mardi di tue tues mar",
    "mittwoch wednesday mercredi mi wed mer",
    "donnerstag thursday jeudi do thu thur thurs jeu",
    "freitag friday vendredi fr fri ven",
    "samstag sonnabend saturday samedi sa sat sam",
    "sonntag sunday dimanche so sun dim",
)
_WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAY_NAMES) for name in names.split()}

_MONTH = "|".join(_MONTHS)  # what must follow a name decides which of `sep` and `sept` it is
_WEEKDAY = "|".join(_WEEKDAYS)
_YEAR = r"\d{4}|\d{2}(?!\d|:)"
_DATE = re.compile(
    rf"(?:(?P<weekday>{_WEEKDAY})(?:\.?\s*,?\s*(?:den\s+)?|,\s*)(?=\d|{_MONTH}))?(?:"
    r"(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})"
    r"|(?P<y2>20\d{2})(?P<m2>\d{2})(?P<d2>\d{2})"
    rf"|(?P<d3>\d{{1,2}})\.\s?(?P<m3>\d{{1,2}})\.\s?(?P<y3>{_YEAR})"
    rf"|(?P<a>\d{{1,2}})(?P<sep2>[/-])(?P<b>\d{{1,2}})(?P=sep2)(?P<y4>{_YEAR})"
    rf"|(?P<d5>\d{{1,2}})(?:\.|st|nd|rd|th)?[\s-]*(?P<m5>{_MONTH})\.?[\s,-]*(?P<y5>{_YEAR})"
    rf"|(?P<m6>{_MONTH})\.?\s*(?P<d6>\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s+(?P<y6>\d{{4}})"
    r")(?!\d)",
    re.I,
)
_CLOCK = (
    r"(?P<h>\d{1,2})"
    r"(?:\s*(?:[:.h]|\s?uhr\s)\s*(?P<min>\d{2})(?:[:.](?P<s>\d{2})(?:[.,]\d+)?)?)?"
    r"(?:\s*(?P<unit>uhr|h\b))?"
    r"(?:\s*(?P<half>[ap]\.?\s?m\b\.?))?"
)
_BETWEEN = re.compile(r"(?P<T>T)|\s*,?\s*(?:\b(?:um|at|ab|von|à|from)\b)?\s*|\s*[-–—|]\s*", re.I)
_DIGITS = r"(?P<digits>[0-2]\d[0-5]\d)(?P<more>[0-5]\d)?(?![\d:.])"  # 0900, 090000
_TIME = re.compile(rf"(?:um\s+|ab\s+|von\s+|0 days )?(?:{_DIGITS}|{_CLOCK})", re.I)
_OFFSET = re.compile(r"\s?(?P<name>Z|UTC|GMT)?(?P<sign>[+-])?(?P<oh>\d{2})?:?(?P<om>\d{2})?", re.I)
_UNTIL = re.compile(rf"(?P<how>\s*(?:[-–—]|bis|to|until)\s*)(?:{_DIGITS}|{_CLOCK})", re.I)
_UNTIL_DAY = re.compile(r"\s*(?:[-–—]|bis|to|until)\s*(?=\S+.*\d:\d\d)", re.I)

_DAY_ZERO = re.compile(r"30\.12\.1899|1899-12-30|12/30/1899|30/12/1899|1900-01-0[01]|0?[01]\.0?1\.1900")
"""Day zero of spreadsheets and Access: they write it before a time that has no date."""

_NO_DAY = re.compile(
    rf"(?:{_DAY_ZERO.pattern}|0000-00-00|00\.00\.0000|0001-01-01|01\.01\.0001|1/1/0001)(?:[T ][0:.]+Z?)?"
)
"""What databases and programs write where there is no date: MySQL, .NET, Access."""


@dataclass(frozen=True, slots=True)
class Span:
    """When an appointment is, in UTC."""

    starts_at: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moments:
    """Reads the times of one file."""

    zone: tzinfo  # of times without an offset
    order: DateOrder | None = None  # of dates with `/`; None: they are refused

    @lru_cache(maxsize=20_000)  # noqa: B019 - once a text: where two colleagues work, most starts come twice
    def span(self, text: str, day: str = "", zone: tzinfo | None = None) -> Span:
        """The beginning, and the end if the text is a range; `day` has the date where the text has none.

        Raises Unreadable, with what is wrong.
        """
        text = _tidy(text)
        if not text:
            raise Unreadable("missing")
        found = _DATE.match(text)
        if found is None and day.strip():
            return self._at(self._only_day(day), text, text, zone, full=False, separated="")
        rest = text[found.end() :] if found else ""
        between = _BETWEEN.match(rest)
        separated = between[0] if between else ""
        clock = rest[len(separated) :]
        if found and day.strip() and _DAY_ZERO.fullmatch(found[0]):
            return self._at(self._only_day(day), clock, text, zone, full=False, separated="")
        if found is None and _TIME.fullmatch(text):
            raise Unreadable(f"the date is missing: {shown(text)}")
        when, iso = self._day(text)
        if not clock:
            raise Unreadable(f"has no time of day: {shown(text)}")
        if day.strip() and self._only_day(day) != when:
            raise Unreadable(f"another day than {shown(_tidy(day))}: {shown(text)}")
        return self._at(when, clock, text, zone, full=iso, separated=separated)

    def moment(self, text: str, day: str = "", zone: tzinfo | None = None) -> datetime:
        """A single time; raises Unreadable, for a range too."""
        span = self.span(text, day, zone)
        if span.ends_at is not None:
            raise Unreadable(f"a range, not a time: {shown(text)}")
        return span.starts_at

    def moment_or_day(self, text: str) -> datetime:
        """A time, or the first moment of a day that is given alone; raises Unreadable."""
        try:
            return self.moment(text)
        except Unreadable:
            return self._local(self._only_day(text), time.min, None)

    def _only_day(self, text: str) -> date:
        text = _tidy(text)
        found = _DATE.match(text)
        # Spreadsheets write a date with midnight behind it.
        if found is None or not re.fullmatch(r"(?:[T\s]*0?0:00(?::00(?:\.0+)?)?)?", text[found.end() :]):
            raise Unreadable(f"not a date: {shown(text)}" if text else "the date is missing")
        return self._day(text)[0]

    def _day(self, text: str) -> tuple[date, bool]:
        """The date at the beginning of a text, and whether it is written as ISO 8601 has it."""
        found = _DATE.match(text)
        if found is None:
            raise Unreadable(f"not a date and time: {shown(text)}")
        return _calendar_day(found[0], self.order), found["y"] is not None or found["y2"] is not None

    def _at(
        self, day: date, clock: str, text: str, zone: tzinfo | None, *, full: bool, separated: str
    ) -> Span:
        found = _TIME.match(clock)
        if found is None:
            raise Unreadable(f"not a date and time: {shown(text)}")
        rest = clock[found.end() :].strip()
        start_is_bare = _is_bare(found)
        offset = _offset(clock[found.end() :]) if rest and full else None
        until = _UNTIL.match(clock[found.end() :]) if rest else None
        if until is not None and until.end() == len(clock) - found.end():
            end = self._end(day, found, until, zone=zone, text=text, offset=offset, separated=separated)
            if end is not None:
                return end
        if start_is_bare:
            raise Unreadable(f"not a time of day: {shown(text)}")
        start = _clock(found, text)
        if not rest:
            return Span(self._local(day, start, zone))
        if offset is not None:
            return Span(_in_this_century(datetime.combine(day, start, offset)))
        if (
            (both := _UNTIL_DAY.match(clock[found.end() :]))
            and (second := clock[found.end() + both.end() :])
            and _DATE.match(second)
        ):
            starts_at, ends_at = self._local(day, start, zone), self.moment(second, zone=zone)
            if ends_at > starts_at:
                return Span(starts_at, ends_at)
        raise Unreadable(f"not a date and time: {shown(text)}")

    def _end(
        self,
        day: date,
        found: re.Match[str],
        until: re.Match[str],
        *,
        zone: tzinfo | None,
        text: str,
        offset: tzinfo | None,
        separated: str,
    ) -> Span | None:
        """The range that begins with the time `found`; None if what looks like its end is an offset."""
        glued = offset is not None and until["how"] == "-"
        if glued and separated.upper() == "T":
            return None
        if _is_bare(until):
            raise Unreadable(f"not a time of day: {shown(text)}")
        end = _clock(until, text)
        half = found["half"] or until["half"]
        start = _clock(found, text, half)
        if start > end and not found["half"] and until["half"]:  # 11:00 - 1:00 PM
            start = _clock(found, text, "am")
        if glued and end <= start:
            return None
        if start >= end:
            raise Unreadable(f"a range that ends before it begins: {shown(text)}")
        return Span(self._local(day, start, zone), self._local(day, end, zone))

    def _local(self, day: date, clock: time, zone: tzinfo | None) -> datetime:
        return _in_this_century(datetime.combine(day, clock, zone or self.zone))


def names_a_day(text: str) -> bool:
    """Whether a text begins with a date of its own; day zero before a time is none."""
    found = _DATE.match(_tidy(text))
    return found is not None and not _DAY_ZERO.fullmatch(found[0])


def is_no_day(text: str) -> bool:
    """Whether a text stands for no date, such as 0000-00-00 00:00:00."""
    return _NO_DAY.fullmatch(text.strip()) is not None


def in_utc(read: datetime, zone: tzinfo) -> datetime:
    """The moment in UTC; `zone` is that of a time without one. Raises Unreadable for other centuries."""
    return _in_this_century(read if read.tzinfo else read.replace(tzinfo=zone, fold=0))


def _in_this_century(moment: datetime) -> datetime:
    if not 2000 <= moment.year < 2100:
        raise Unreadable(f"lies outside the years 2000 to 2099: {moment.date()}")
    return moment.astimezone(UTC)


def settled_order(texts: Iterable[str], before: DateOrder | None = None) -> DateOrder | None:
    """The order of all dates with `/` of a file; `before` if they allow both, or there are none.

    Raises ConfigError where some are surely day first and others surely month first, and where they allow
    both and no earlier file has settled it.
    """
    sure, unsure = set(), set()
    for text in texts:
        found = _DATE.match(_tidy(text))
        first, second = (int(found["a"]), int(found["b"])) if found and found["a"] else (0, 0)
        if first > 12 >= second:
            sure.add(DateOrder.DAY_FIRST)
        elif second > 12 >= first:
            sure.add(DateOrder.MONTH_FIRST)
        elif first != second and first <= 12:
            unsure.add(text.strip())
    if len(sure) > 1:
        raise ConfigError(
            "some dates are day first, others month first; is the file put together from two? "
            "--date-order dmy or mdy says which holds; lines that do not fit are then refused"
        )
    if unsure and not sure and before is None:
        raise ConfigError(
            f"{shown(min(unsure))} may begin with the day or with the month, and so may all dates of the "
            "file: say --date-order dmy or --date-order mdy"
        )
    return sure.pop() if sure else before


@lru_cache(maxsize=20_000)
def _calendar_day(text: str, order: DateOrder | None) -> date:
    found = _DATE.match(text)
    assert found is not None
    year, month, day = _parts(found, order, text)
    try:
        read = date(year, month, day)
    except ValueError:
        raise Unreadable(f"there is no such day: {shown(text)}") from None
    weekday = found["weekday"]
    if weekday and _WEEKDAYS[weekday.lower()] != read.weekday():
        raise Unreadable(f"is no {weekday}: {shown(text)}")
    return read


def _parts(found: re.Match[str], order: DateOrder | None, text: str) -> tuple[int, int, int]:
    if found["a"]:
        first, second = int(found["a"]), int(found["b"])
        if order is None and first != second:
            raise Unreadable(f"day or month first? {shown(text)}: say it with --date-order")
        month, day = (first, second) if order is DateOrder.MONTH_FIRST else (second, first)
        return _year(found["y4"]), month, day
    for number in ("", "2", "3"):
        if found[f"y{number}"]:
            return _year(found[f"y{number}"]), int(found[f"m{number}"]), int(found[f"d{number}"])
    number = "5" if found["y5"] else "6"
    return _year(found[f"y{number}"]), _MONTHS[found[f"m{number}"].lower()], int(found[f"d{number}"])


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == len("26") else 0)


def _clock(found: re.Match[str], text: str, half: str | None = None) -> time:
    if found["digits"]:
        hour, minute, second = int(found["digits"][:2]), int(found["digits"][2:]), int(found["more"] or 0)
    else:
        hour, minute, second = int(found["h"]), int(found["min"] or 0), int(found["s"] or 0)
    half = (found["half"] or half or "")[:1].lower()
    if half == "p" and hour < 12:
        hour += 12
    elif half == "a" and hour >= 12:
        hour = 0 if hour == 12 else 99  # 14:00 AM is refused below
    try:
        return time(hour, minute, second)
    except ValueError:
        raise Unreadable(f"there is no such time: {shown(text)}") from None


def _is_bare(found: re.Match[str]) -> bool:
    """Whether the time is a number alone, such as 9, which may mean anything."""
    return not (found["digits"] or found["min"] or found["unit"] or found["half"])


def _offset(text: str) -> tzinfo | None:
    """The offset that a text gives; None if no place on earth has it."""
    found = _OFFSET.fullmatch(text)
    if found is None or not text.strip():
        return None
    if not found["sign"]:
        return UTC if found["name"] and not found["oh"] else None
    if not found["oh"]:
        return None
    minutes = (int(found["oh"]) * 60 + int(found["om"] or 0)) * (-1 if found["sign"] == "-" else 1)
    offset = timedelta(minutes=minutes)
    return timezone(offset) if is_offset_of_a_zone(offset) else None


def _tidy(text: str) -> str:
    return " ".join(text.split())
