"""Names of time zones, as programs write them → the zones; and whether a file defines a name otherwise.

Calendar programs write `Europe/Berlin` with a prefix of their own, the names of Windows, or what Windows
shows to people: `(UTC+01:00) Amsterdam, Berlin, Bern, …`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from terminbenachrichtigung.schedule.timestamps import is_offset_of_a_zone
from terminbenachrichtigung.schedule.values import Unreadable, shown

_REGIONS = frozenset(
    {
        *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian"),
        "Pacific",
    }
)
_OTHERS = {
    **dict.fromkeys(("utc", "z", "zulu", "coordinated universal time", "tzone://microsoft/utc"), "UTC"),
    **dict.fromkeys(("gmt", "greenwich mean time"), "Etc/GMT"),
    **dict.fromkeys(("mez", "cet", "met", "central european time"), "Europe/Berlin"),
    **dict.fromkeys(
        ("mitteleuropäische zeit", "mitteleuropäische sommerzeit", "westeuropäische normalzeit"),
        "Europe/Berlin",
    ),
    "eet": "Europe/Helsinki",
    "wet": "Europe/Lisbon",
    "bst": "Europe/London",
}
_CITIES = {
    **dict.fromkeys(("hamburg", "münchen", "munich", "frankfurt"), "Berlin"),
    **dict.fromkeys(("bern", "zürich", "genf"), "Zurich"),
    **dict.fromkeys(("rom", "mailand"), "Rome"),
    "wien": "Vienna",
    "prag": "Prague",
    "brüssel": "Brussels",
    "kopenhagen": "Copenhagen",
    "warschau": "Warsaw",
    "lissabon": "Lisbon",
    "athen": "Athens",
    "edinburgh": "London",
    "luxemburg": "Luxembourg",
}
"""German spellings of cities with a zone, and large cities in the zone of another."""

_SHOWN = re.compile(
    r"\(\s*(?:UTC|GMT)\s*(?:(?P<sign>[-+−–])\s*(?P<h>\d{1,2})[:.](?P<min>\d{2}))?\s*\)\s*(?P<names>.*)",
    re.I | re.S,
)
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*(?P<sign>[+-])(?P<h>\d{1,2})(?::?(?P<min>\d{2}))?", re.I)


@dataclass(frozen=True, slots=True)
class _Named:
    zone: tzinfo
    is_place: bool  # a name such as Europe/Berlin, which holds whatever a file defines under it


@lru_cache(maxsize=1_000)
def named(name: str) -> tzinfo:
    """The zone of a name alone, as a column of a CSV file has it; raises Unreadable if it is unknown."""
    if (found := _named(name)) is None:
        raise Unreadable(f"unknown time zone {shown(name)}")
    return found.zone


def _named(name: str) -> _Named | None:
    text = " ".join(name.strip().strip("\"'").split())
    if place := _place(text):
        return place
    folded = text.casefold()
    if key := _OTHERS.get(folded) or _windows().get(folded) or _olson().get(folded):
        return _Named(ZoneInfo(key), is_place=False)
    if found := _SHOWN.fullmatch(text):
        return _shown(found)
    if (found := _OFFSET.fullmatch(text)) and is_offset_of_a_zone(offset := _offset(found)):
        return _Named(timezone(offset), is_place=False)
    if key := _city(folded):
        return _Named(ZoneInfo(key), is_place=False)
    return None


def _place(text: str) -> _Named | None:
    """`Europe/Berlin`, also behind a prefix: `/freeassociation.sourceforge.net/Europe/Berlin`."""
    parts = text.replace("\\", "/").split("/")
    for first in range(max(0, len(parts) - 3), len(parts) - 1):
        key = _olson().get("/".join(parts[first:]).replace(" ", "_").casefold())
        if key and key.partition("/")[0] in _REGIONS:
            return _Named(ZoneInfo(key), is_place=True)
    return None


def _shown(found: re.Match[str]) -> _Named | None:
    """`(UTC+01:00) Amsterdam, Berlin, …`: the zone of the first known city that has this offset, or None."""
    offset = _offset(found) if found["sign"] else timedelta()
    for city in re.split(r"[,/;]", found["names"]):
        key = _city(" ".join(city.split()).casefold())
        if key and ZoneInfo(key).utcoffset(datetime(2026, 1, 15)) == offset:  # noqa: DTZ001
            return _Named(ZoneInfo(key), is_place=False)
    return None


def _offset(found: re.Match[str]) -> timedelta:
    ahead = timedelta(hours=int(found["h"]), minutes=int(found["min"] or 0))
    return ahead if found["sign"] == "+" else -ahead


def _city(folded: str) -> str | None:
    return _cities().get(_CITIES.get(folded, folded).casefold().replace(" ", "_"))


@cache
def _olson() -> Mapping[str, str]:
    return {key.casefold(): key for key in available_timezones()}


@cache
def _cities() -> Mapping[str, str]:
    return {
        key.rpartition("/")[2].casefold(): key
        for key in sorted(_olson().values())
        if key.partition("/")[0] in _REGIONS
    }


@cache
def _windows() -> Mapping[str, str]:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # noqa: PLC0415 - 50 ms

    return {name.casefold(): key for name, key in WINDOWS_TO_OLSON.items()}


# ---------------------------------------------------------------- zones that a calendar defines


@dataclass(frozen=True, slots=True)
class Definition:
    """A VTIMEZONE of a calendar: its names, and the zone that it defines."""

    names: tuple[str, ...]
    zone: tzinfo | None  # None: it cannot be read


class Zones:
    """The zones of one calendar, by the names that its events give."""

    def __init__(self, definitions: Iterable[Definition], now: datetime) -> None:
        self._defined: dict[str, list[Definition]] = {}
        for definition in definitions:
            for name in definition.names:
                self._defined.setdefault(name, []).append(definition)
        self._samples = [datetime(now.year, 1, 1, 12) + timedelta(days=14 * n) for n in range(53)]  # noqa: DTZ001
        self._known: dict[str, tzinfo | str] = {}

    def of(self, name: str) -> tzinfo:
        """The zone that a TZID means; raises Unreadable where it is unknown, or means two things."""
        if name not in self._known:
            self._known[name] = self._found(name)
        found = self._known[name]
        if isinstance(found, str):
            raise Unreadable(found)
        return found

    def _found(self, name: str) -> tzinfo | str:
        by_name = _named(name)
        if by_name is not None and by_name.is_place:
            return by_name.zone
        definitions = self._defined.get(name, [])
        aliases = (_named(alias) for each in definitions for alias in each.names if alias != name)
        by_alias = next((each for each in aliases if each is not None), None)
        if by_name is None and by_alias is not None and by_alias.is_place:
            return by_alias.zone
        meant = [each.zone for each in definitions if each.zone is not None]
        if by_name is not None:
            meant.append(by_name.zone)
        if not meant:
            return f"unknown time zone {shown(name)}"
        if any(not self._agree(meant[0], other) for other in meant[1:]):
            return f"the time zone {shown(name)} is defined otherwise than its name says"
        return meant[-1]

    def _agree(self, one: tzinfo, other: tzinfo) -> bool:
        return all(one.utcoffset(moment) == other.utcoffset(moment) for moment in self._samples)
