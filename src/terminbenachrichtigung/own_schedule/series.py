"""A series of a calendar → its occurrences in the coming weeks, each with the date that its rule gives it."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
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
    needs_time: bool = False  # in its id, since another occurrence of its day has the day alone


@dataclass(frozen=True, slots=True)
class Doubt:
    """A change of a series of which it is not sure that it means the occurrence of its day."""

    part: int  # the index of the part that makes it
    occurrence: datetime
    reason: str
    is_change: bool  # of an occurrence; False: one that the series itself leaves out
    is_off: bool = False  # if the change cancels it, there is no doubt: the series leaves it out too


def spread(parts: Sequence[SeriesPart], since: datetime) -> tuple[Occurrence, ...]:
    """The occurrences from `since` on; raises Unreadable for a rule that cannot be followed."""
    found = _sorted(parts, since)
    rules = " ".join(part.rule.upper() for part in parts)
    often = any(word in rules for word in ("BYHOUR", "BYMINUTE", "FREQ=HOURLY"))
    added = {moment for part in parts for moment in part.added}
    # What is added beside the rule (RDATE) takes no other occurrence's id.
    days: set[date] = set()
    needing = {}
    for each in sorted(found, key=lambda each: (each.by_rule in added, each.by_rule)):
        needing[each] = often or each.by_rule.date() in days
        days.add(each.by_rule.date())
    return tuple(replace(each, needs_time=needing[each]) for each in found)


def doubts(parts: Sequence[SeriesPart], since: datetime) -> Iterator[Doubt]:
    """Changes that name a time at which the series has nothing, on a day on which it has something.

    Programs keep the old time there when the whole series is moved, or are wrong by the hour of summer time.
    A change of an occurrence that the series leaves out is as doubtful. `since` is the beginning of a day by
    the practice's clock. Raises Unreadable as `spread` does.
    """
    series = next(part for part in parts if part.rule or part.added)
    named = [
        (place, moment, part is not series)
        for place, part in enumerate(parts)
        for moment in (part.left_out if part is series else filter(None, (part.instead_of,)))
        if since <= moment < since + HORIZON
    ]
    if not named:
        return
    zone = series.starts_at.tzinfo
    by_day: defaultdict[date, list[datetime]] = defaultdict(list)
    for each in _sorted([replace(series, left_out=())], since):
        by_day[each.by_rule.astimezone(zone).date()].append(each.by_rule)
    for place, moment, is_change in named:
        there = by_day[moment.astimezone(zone).date()]
        shown_time = f"{moment.astimezone(since.tzinfo):%Y-%m-%d %H:%M}"
        name = "RECURRENCE-ID" if is_change else "EXDATE"
        and_later = is_change and parts[place].and_later
        if moment in there:
            if is_change and moment in series.left_out and not and_later:
                reason = f"{name}: {shown_time} is changed, and left out by EXDATE: does it stand?"
                yield Doubt(place, moment, reason, is_change, is_off=True)
        else:
            for occurrence in there:
                reason = (
                    f"{name}: the series has nothing at {shown_time}, but at "
                    f"{occurrence.astimezone(since.tzinfo):%H:%M}: is that one meant?"
                )
                if and_later:
                    raise Unreadable(reason)
                yield Doubt(place, occurrence, reason, is_change)


def _check(parts: Iterable[SeriesPart]) -> None:
    for part in parts:
        if part.rule and "FREQ=" not in part.rule.upper():
            raise Unreadable(f"no rule of a series: {shown(part.rule)}")
        if any(f"FREQ={word}" in part.rule.upper() for word in _TOO_OFTEN):
            raise Unreadable(f"a series more often than hourly: {shown(part.rule)}")
        if _STANDS_STILL.search(part.rule):  # INTERVAL=0: the library would loop for ever
            raise Unreadable(f"a series that never goes on: {shown(part.rule)}")


def _sorted(parts: Sequence[SeriesPart], since: datetime) -> list[Occurrence]:
    import icalendar  # noqa: PLC0415 - 0.1 s, only where there is a series
    import recurring_ical_events  # noqa: PLC0415

    _check(parts)
    # What is left out and changed alone is not for the library: in Berlin's winter it takes 10:00, which is
    # 09:00 UTC, for 09:00 of the same day, and the occurrence at ten would be lost with that at nine.
    changed = sorted(
        (part.instead_of, part.sequence, place)
        for place, part in enumerate(parts)
        if part.instead_of is not None and not part.and_later
    )
    alone = {place for _, _, place in changed}
    calendar = icalendar.Calendar()
    try:
        for place, part in enumerate(parts):
            if place not in alone:
                calendar.add_component(_event(place, part))
        found = recurring_ical_events.of(calendar).between(since, since + HORIZON)
        by_rule = [_occurrence(each, parts) for each in found]
    except Exception as error:  # for a senseless rule the libraries may raise anything
        raise Unreadable(f"a series that cannot be followed: {type(error).__name__}") from None
    changes = {moment: _changed(place, parts[place], moment) for moment, _, place in changed}
    left_out = {moment for part in parts for moment in part.left_out}
    found = [
        *(each for each in by_rule if each.by_rule not in changes),
        *(each for each in changes.values() if since <= each.starts_at < since + HORIZON),
    ]
    stands = (each for each in found if left_out.isdisjoint((each.by_rule, _shown_at(each, parts))))
    return sorted(stands, key=lambda each: each.starts_at)


def _shown_at(each: Occurrence, parts: Sequence[SeriesPart]) -> datetime:
    """When programs show what they leave out: at its new time, if all later ones were moved with it."""
    return each.starts_at if parts[each.part].and_later else each.by_rule


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
    if part.instead_of is not None:
        event.add("RECURRENCE-ID", part.instead_of, {"RANGE": "THISANDFUTURE"})
    return event


def _changed(place: int, part: SeriesPart, by_rule: datetime) -> Occurrence:
    ends_at = part.ends_at.astimezone(UTC) if part.ends_at and part.ends_at > part.starts_at else None
    return Occurrence(place, by_rule, part.starts_at.astimezone(UTC), ends_at)


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
