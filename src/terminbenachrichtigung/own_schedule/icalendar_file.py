"""An iCalendar file (RFC 5545) → entries: one for each event, and one for each occurrence of a series.

An event's id is its UID. An occurrence's is the UID with the date that the series' rule gives it, so that it
keeps its id when it is moved. Events are read one at a time: an error in one does not spoil the others.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.own_schedule import columns, descriptions, entries, letters, moments
from terminbenachrichtigung.own_schedule.coverage import day_start
from terminbenachrichtigung.own_schedule.doubts import doubtful_titles
from terminbenachrichtigung.own_schedule.entries import (
    CANCELLED,
    Attempts,
    Entry,
    Findings,
    How,
    Parsed,
    Person,
    Refused,
    Value,
)
from terminbenachrichtigung.own_schedule.icalendar_lines import (
    Component,
    components_of,
    definitions,
    is_date,
    is_whole_days,
    text_of_parameter,
)
from terminbenachrichtigung.own_schedule.series import (
    Occurrence,
    SeriesPart,
    at_the_time_of,
    doubts,
    spread,
)
from terminbenachrichtigung.own_schedule.zones import Zones
from terminbenachrichtigung.schedule.values import Unreadable, shown

if TYPE_CHECKING:
    from icalendar.parser import Parameters

_TIME = re.compile(r"(\d{8})(?:T(\d{4}(?:\d{2})?)(Z?))?", re.I)
# These may change with each export, though the event is the same.
_CHANGING = re.compile(r"DTSTAMP|LAST-MODIFIED|SEQUENCE|CREATED|X-(?!ALT-DESC)", re.I)
_PROPOSALS = frozenset({"COUNTER", "DECLINECOUNTER", "REFRESH"})
_ONE_EXPORT = timedelta(minutes=10)


class _WholeDay(Unreadable):
    """A date without a time."""


def read(content: bytes, how: How) -> Parsed:
    """Read a whole calendar.

    A calendar that is an invitation (METHOD other than PUBLISH) says nothing of other appointments.
    """
    components, cut = components_of(content)
    calendars = [each for each in components if each.name == "VCALENDAR"]
    methods = {each.text_of("METHOD").upper() or "PUBLISH" for each in calendars}
    if proposal := next(iter(methods & _PROPOSALS), None):
        raise ConfigError(f"the file is a guest's question (METHOD:{proposal}), and says not what was agreed")
    zones = Zones(definitions(components), how.now)
    reader = _Events(how, zones)
    reader.take([each for each in components if each.name == "VEVENT"])
    written_at, written_by = reader.written()
    return replace(
        reader.parsed(),
        complete=methods == {"PUBLISH"},
        cut="" if how.force else cut,
        written_at=written_at,
        written_by=written_by,
        stamps=reader.stamps,
        warnings=tuple(doubtful_titles(reader.doubtful)),
    )


# ---------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class _Event:
    """One VEVENT, read."""

    component: Component
    uid: str
    part: SeriesPart
    person: Person | None
    values: Mapping[str, Value]
    stamp: datetime | None

    @property
    def repeats(self) -> bool:
        return bool(self.part.rule or self.part.added)


class _Events(Findings):
    """Takes the events of a file."""

    def __init__(self, how: How, zones: Zones) -> None:
        super().__init__(how)
        self.stamps: dict[str, datetime] = {}
        self._export_times: list[datetime] = []
        # By series: the places of refused changes, each with the time of its occurrence by the rule.
        self._unread_changes: defaultdict[str, list[tuple[int, datetime]]] = defaultdict(list)
        self._zones = zones
        self._today = day_start(how.now.astimezone(how.zone).date(), how)

    def written(self) -> tuple[datetime | None, str]:
        """When the file was written, as it says itself; else when its newest event was, and its UID."""
        times = self._export_times
        at_once = len(times) > 1 and max(times) - min(times) <= _ONE_EXPORT
        if at_once and max(times) + _ONE_EXPORT >= max(self.stamps.values(), default=max(times)):
            return max(times), ""
        newest = max(self.stamps, key=lambda uid: self.stamps[uid], default="")
        return self.stamps.get(newest), newest

    def take(self, components: Sequence[Component]) -> None:
        """Every event becomes an entry, a refusal, or one of those that name nobody."""
        by_uid: dict[str, list[_Event]] = {}
        for component in components:
            if (event := self._event(component)) is not None:
                by_uid.setdefault(event.uid or f"\0{component.line}", []).append(event)
        for group in by_uid.values():
            if any(event.repeats for event in group):
                self._take_series(_newest(group))
            else:
                for event in _newest(group):
                    self._take_one(event)

    def _event(self, component: Component) -> _Event | None:
        stamp = self._stamp(component)
        attempts = Attempts()
        uid = attempts.read("UID", lambda: self.id_in(component.text_of("UID"))) or ""
        if stamp is not None:
            self.stamps[uid] = max(stamp, self.stamps.get(uid, stamp))
        raw = attempts.read("customer", lambda: self._customer(component)) or {}
        person = attempts.read("customer", lambda: entries.person(raw))
        part = None
        try:
            part = self._part(component)
        except _WholeDay:
            of_series = "RECURRENCE-ID" in component.properties  # whose customer it may concern
            if not (entries.names_somebody(raw) or attempts.problem or of_series):
                self.nobody["all-day entries"] += 1
                return None
            attempts.problem = attempts.problem or "DTSTART: a whole day, without a time"
        except Unreadable as problem:
            attempts.problem = attempts.problem or str(problem)
        values = attempts.read("event", lambda: self._values(component, person))
        if component.broken:
            attempts.problem = component.broken
        if attempts.problem or part is None or values is None:
            self.refused.append(
                Refused(
                    component.line,
                    attempts.problem,
                    self._known_as(component, uid),
                    part.starts_at.astimezone(UTC) if part else None,
                    entries.name_in(raw) or component.text_of("SUMMARY"),
                    _key(component),
                    names_somebody=bool(attempts.problem.startswith("customer") or component.broken)
                    or entries.names_somebody(raw),
                    status=(values or {}).get("status"),
                )
            )
            return None
        return _Event(component, uid, part, person, values, stamp)

    def _customer(self, component: Component) -> dict[str, str]:
        return descriptions.customer_of(component, title_too=self.how.title_is_customer)

    def _known_as(self, component: Component, uid: str) -> str:
        """The id that a refused event would have had: of the occurrence, or of the whole series."""
        try:
            instead_of = self._instead_of(component)
        except Unreadable:
            instead_of = None
        if not (instead_of and uid):
            return uid
        self._unread_changes[uid].append((len(self.refused), instead_of))
        return self._occurrence_id(uid, instead_of)

    def _occurrence_id(self, uid: str, of: Occurrence | datetime) -> str:
        by_rule, needs_time = (of.by_rule, of.needs_time) if isinstance(of, Occurrence) else (of, False)
        local = by_rule.astimezone(self.how.zone)
        return f"{uid}/{local:%Y%m%dT%H%M}" if needs_time else f"{uid}/{local:%Y%m%d}"

    def _take_one(self, event: _Event) -> None:
        uid, by_rule = event.uid, event.part.instead_of
        if by_rule is not None and uid:
            uid = self._occurrence_id(uid, by_rule)
        else:
            self.series.add(uid)  # it may have been one until now
        self._add(event, uid, event.part.starts_at, event.part.ends_at, "" if by_rule is None else event.uid)

    def _add(
        self, event: _Event, appointment_id: str, starts_at: datetime, ends_at: datetime | None, series: str
    ) -> None:
        starts_at = starts_at.astimezone(UTC)
        if event.person is not None or not event.repeats:
            self.starts.append(starts_at)
        said = dict(event.values)
        if ends_at is not None:
            said["ends_at"] = ends_at.astimezone(UTC)
        component = event.component
        entry = Entry(component.line, appointment_id, starts_at, event.person, said, series)
        self.add(entry, component.text_of("SUMMARY"), lambda: descriptions.cancellations_of(component))

    def _take_series(self, group: Sequence[_Event]) -> None:
        master = next(event for event in group if event.repeats)
        if all(event.person is None for event in group):
            self.nobody["series without a customer"] += 1
            if self.how.title_is_customer:
                self.titles.append(master.component.text_of("SUMMARY"))
            return
        events = [
            replace(each, part=at_the_time_of(master.part, each.part), person=each.person or master.person)
            for each in group
        ]
        try:
            unsure = [
                doubt
                for doubt in doubts([event.part for event in events], self._today)
                if not (doubt.is_off and self.how.is_off(events[doubt.part].values["status"]))
            ]
            changes = {doubt.part for doubt in unsure if doubt.is_change}
            sure = [event for place, event in enumerate(events) if place not in changes]
            found = spread([event.part for event in sure], self._today)
        except Unreadable as problem:
            self._refuse(master, str(problem), master.uid, _key(master.component))
            return
        self.series.add(master.uid)
        ids = {each.by_rule: self._occurrence_id(master.uid, each) for each in found}
        for each in found:
            uid = ids[each.by_rule] if master.uid else ""
            self._add(sure[each.part], uid, each.starts_at, each.ends_at, master.uid)
        for place, by_rule in self._unread_changes[master.uid]:
            if by_rule in ids:
                self.refused[place] = replace(self.refused[place], appointment_id=ids[by_rule])
        for doubt in unsure:
            known_as = ids.get(doubt.occurrence) or self._occurrence_id(master.uid, doubt.occurrence)
            key = entries.key_of((master.uid, doubt.reason))
            self._refuse(events[doubt.part], doubt.reason, known_as, key)

    def _refuse(self, event: _Event, reason: str, known_as: str, key: str) -> None:
        name = event.person.name if event.person else ""
        self.refused.append(Refused(event.component.line, reason, known_as, None, name, key))

    # ------------------------------------------------------------ what an event says

    def _part(self, event: Component) -> SeriesPart:
        # A deleted occurrence may have no start of its own.
        starts_at = self._moment(event, "DTSTART") or self._instead_of(event)
        if starts_at is None:
            raise Unreadable("DTSTART: missing")
        ends_at = self._end(event, starts_at)
        if event.text_of("X-MICROSOFT-CDO-ALLDAYEVENT").upper() == "TRUE" or is_whole_days(
            starts_at, ends_at
        ):
            raise _WholeDay("DTSTART: a whole day, without a time")
        if "EXRULE" in event.properties:
            raise Unreadable("EXRULE: a rule for what is left out; no program writes it any more")
        rules = [value for _, value in event.properties.get("RRULE", ())]
        if len(set(rules)) > 1:
            raise Unreadable("RRULE: two rules for one series")
        named = event.one("RECURRENCE-ID")
        reach = str(named[0].get("RANGE", "")).upper() if named else ""
        if reach not in ("", "THISANDFUTURE"):
            raise Unreadable(f"RECURRENCE-ID: RANGE={shown(reach)}; no program writes it any more")
        return SeriesPart(
            starts_at,
            ends_at,
            rule=rules[0].strip() if rules else "",
            added=tuple(self._moments(event, "RDATE")),
            left_out=tuple(self._moments(event, "EXDATE")),
            instead_of=self._instead_of(event),
            and_later=reach == "THISANDFUTURE",
            sequence=_whole_number(event.text_of("SEQUENCE")),
        )

    def _end(self, event: Component, starts_at: datetime) -> datetime | None:
        """When it ends; None where that cannot be read, since nothing needs it."""
        try:
            if (end := self._moment(event, "DTEND")) is not None:
                return end
            if length := event.text_of("DURATION"):
                from icalendar import vDuration  # noqa: PLC0415

                read_length: Callable[[str], timedelta] = vDuration.from_ical
                return starts_at + read_length(length)
        except ValueError:  # Unreadable is one
            return None
        return None

    def _moment(self, event: Component, name: str) -> datetime | None:
        found = event.one(name)
        return None if found is None else self._time(event, name, *found)

    def _instead_of(self, event: Component) -> datetime | None:
        """When a changed occurrence would be by the rule."""
        found = event.one("RECURRENCE-ID")
        return None if found is None else self._by_rule(event, "RECURRENCE-ID", *found)

    def _moments(self, event: Component, name: str) -> Iterator[datetime]:
        read = self._by_rule if name == "EXDATE" else self._time
        for parameters, value in event.properties.get(name, ()):
            for piece in value.split(","):
                if text := piece.partition("/")[0].strip():  # of a period only the beginning
                    yield read(event, name, parameters, text)

    def _by_rule(self, event: Component, name: str, parameters: "Parameters", value: str) -> datetime:
        """A time by the rule of a series; the midnight of a day that is named alone."""
        return self._time(event, name, parameters, f"{value}T000000" if is_date(value) else value)

    def _time(self, event: Component, name: str, parameters: "Parameters", value: str) -> datetime:
        """A time with its zone. Raises Unreadable, also for a date without a time."""
        found = _TIME.fullmatch(value.strip())
        if found is None:
            raise Unreadable(f"{name}: not a time: {shown(value)}")
        if found[2] is None:
            raise _WholeDay(f"{name}: a whole day, without a time")
        try:
            read = datetime.strptime(f"{found[1]}{found[2]:0<6}", "%Y%m%d%H%M%S")  # noqa: DTZ007
        except ValueError:
            raise Unreadable(f"{name}: there is no such time: {shown(value)}") from None
        zone: tzinfo = UTC
        if not found[3]:
            zone = self._zone(event, text_of_parameter(parameters, "TZID"))
        moments.in_utc(read, zone)  # raises for other centuries
        return read.replace(tzinfo=zone)

    def _zone(self, event: Component, tzid: str) -> tzinfo:
        if tzid:
            return self._zones.of(tzid)
        of_calendar = event.calendar.text_of("X-WR-TIMEZONE") if event.calendar else ""
        return self._zones.of(of_calendar) if of_calendar else self.how.zone

    def _stamp(self, event: Component) -> datetime | None:
        times: dict[str, datetime] = {}
        for name in ("LAST-MODIFIED", "DTSTAMP"):
            try:
                if (moment := self._moment(event, name)) is not None:
                    times[name] = moment.astimezone(UTC)
            except Unreadable:
                continue
        if exported := times.get("DTSTAMP"):
            self._export_times.append(exported)
        return times.get("LAST-MODIFIED") or times.get("DTSTAMP")

    def _values(self, event: Component, person: Person | None) -> dict[str, Value]:
        status = entries.status(event.text_of("STATUS"), self.how)
        cancelled = (
            status == CANCELLED
            or (event.calendar is not None and event.calendar.text_of("METHOD").upper() == "CANCEL")
            or columns.without_cancellation(letters.without_html(event.text_of("SUMMARY"))) is not None
            or descriptions.all_declined(event)
            or (person is not None and person.called_off)
        )
        off = status if self.how.is_off(status) else CANCELLED if cancelled else ""
        said: dict[str, Value] = {"status": off}
        if types := event.texts_of("CATEGORIES"):
            if why := letters.trouble(types[0]):
                raise Unreadable(f"CATEGORIES: {why} in {shown(types[0])}")
            said["type_name"] = types[0]
        try:
            if (created := self._moment(event, "CREATED")) is not None:
                said["created_at"] = created.astimezone(UTC)
        except Unreadable:
            pass  # nothing needs it
        return said


def _newest(group: Sequence[_Event]) -> list[_Event]:
    """Of several versions of an event, the one with the highest SEQUENCE; of equal ones the newest."""
    by_part: dict[object, list[_Event]] = {}
    for event in group:
        by_part.setdefault(event.part.instead_of and event.part.instead_of.astimezone(UTC), []).append(event)
    oldest = datetime(1970, 1, 1, tzinfo=UTC)
    found = []
    for versions in by_part.values():
        newest = max((event.part.sequence, event.stamp or oldest) for event in versions)
        found += [e for e in versions if (e.part.sequence, e.stamp or oldest) == newest]
    return found


def _whole_number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _key(event: Component) -> str:
    return entries.key_of(line for line in event.text if not _CHANGING.match(line))
