"""A series of a calendar → its occurrences in the coming weeks, each with the date that its rule gives it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from terminbenachrichtigung.schedule.values import Unreadable, shown

HORIZON = timedelta(days=90)
"""Occurrences are made for so long ahead; the longest lead of a reminder is 60 days."""

_STANDS_STILL = re.compile(r"INTERVAL=\s*[+-]?0+(?![0-9])", re.I)
_UNTIL_DAY = re.compile(r"(UNTIL=[0-9]{8})(?=;|$)", re.I)
_TOO_OFTEN = ("SECONDLY", "MINUTELY")


@dataclass(frozen=True, slots=True)
class SeriesPart:
    """The series itself, or one changed occurrence of it. Every time has the zone in which it repeats."""

    starts_at: datetime
    ends_at: datetime | None
    rule: str = ""  # RRULE, as the calendar writes it
    added: tuple[datetime, ...] = ()  # RDATE
    left_out: tuple[datetime, ...] = ()  # EXDATE
    instead_of: datetime | None = None  # RECURRENCE-ID: when it would be by the rule
    and_later: bool = False  # RANGE=THISANDFUTURE
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One appointment of a series."""

    part: int  # the index of the part that it comes from
    by_rule: datetime  # when it would be, had nobody moved it
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Spread:
    """The occurrences of a series, and whether a day has several, so that ids need the time."""

    occurrences: tuple[Occurrence, ...]
    several_a_day: bool = False


def spread(parts: Sequence[SeriesPart], since: datetime) -> Spread:
    """The occurrences from `since` on; raises Unreadable for a rule that cannot be followed."""
    import icalendar  # noqa: PLC0415 - 0.1 s, only where there is a series
    import recurring_ical_events  # noqa: PLC0415

    for part in parts:
        if part.rule and "FREQ=" not in part.rule.upper():
            raise Unreadable(f"no rule of a series: {shown(part.rule)}")
        if any(f"FREQ={word}" in part.rule.upper() for word in _TOO_OFTEN):
            raise Unreadable(f"a series more often than hourly: {shown(part.rule)}")
        if _STANDS_STILL.search(part.rule):  # INTERVAL=0: the library would loop for ever
            raise Unreadable(f"a series that never goes on: {shown(part.rule)}")
    calendar = icalendar.Calendar()
    try:
        for place, part in enumerate(parts):
            calendar.add_component(_event(place, part))
        found = recurring_ical_events.of(calendar).between(since, since + HORIZON)
        occurrences = sorted((_occurrence(each, parts) for each in found), key=lambda each: each.starts_at)
    except Exception as error:  # for a senseless rule the libraries may raise anything
        raise Unreadable(f"a series that cannot be followed: {type(error).__name__}") from None
    days = [each.by_rule.date() for each in occurrences]
    rules = " ".join(part.rule.upper() for part in parts)
    often = any(word in rules for word in ("BYHOUR", "BYMINUTE", "FREQ=HOURLY"))
    return Spread(tuple(occurrences), often or len(days) != len(set(days)))


def _event(place: int, part: SeriesPart) -> Any:
    import icalendar  # noqa: PLC0415

    event = icalendar.Event()
    event.add("UID", "series")
    event.add("X-PART", str(place))
    event.add("SEQUENCE", part.sequence)
    event.add("DTSTART", part.starts_at)
    if part.ends_at is not None and part.ends_at >= part.starts_at:
        event.add("DTEND", part.ends_at)
    if part.rule:
        # A last day is meant with all of its hours; the library would end with its midnight.
        rule = _UNTIL_DAY.sub(r"\1T235959", part.rule)
        event.add("RRULE", icalendar.vRecur.from_ical(rule))
    if part.added:
        event.add("RDATE", list(part.added))
    if part.left_out:
        event.add("EXDATE", list(part.left_out))
    if part.instead_of is not None:
        event.add("RECURRENCE-ID", part.instead_of, {"RANGE": "THISANDFUTURE"} if part.and_later else {})
    return event


def _occurrence(event: Any, parts: Sequence[SeriesPart]) -> Occurrence:
    starts_at = event["DTSTART"].dt
    by_rule = event["RECURRENCE-ID"].dt if "RECURRENCE-ID" in event else starts_at
    part = parts[int(str(event["X-PART"]))]
    if part.and_later and part.instead_of is not None:
        # They all have the RECURRENCE-ID of the first; each was moved by as much as the first was.
        first = part.instead_of.astimezone(part.starts_at.tzinfo)
        by_rule = starts_at - (part.starts_at.replace(tzinfo=None) - first.replace(tzinfo=None))
    ends_at = event["DTEND"].dt if "DTEND" in event else None
    return Occurrence(
        int(str(event["X-PART"])),
        by_rule,
        starts_at.astimezone(UTC),
        ends_at.astimezone(UTC) if ends_at is not None and ends_at != starts_at else None,
    )


def at_the_time_of(series: SeriesPart, part: SeriesPart) -> SeriesPart:
    """Give the occurrences that a part names by their days alone the time of day of the series.

    A midnight means its day: so Outlook names changed and deleted occurrences.
    """
    starts_at = series.starts_at

    def by_rule(named: datetime) -> datetime:
        if named.time() != time.min:
            return named
        return datetime.combine(named.date(), starts_at.time(), starts_at.tzinfo)

    return replace(
        part,
        left_out=tuple(map(by_rule, part.left_out)),
        instead_of=part.instead_of and by_rule(part.instead_of),
    )
