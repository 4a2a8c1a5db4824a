"""An iCalendar file (RFC 5545) → entries: one for each event, under its UID.

One occurrence of a series (RECURRENCE-ID) is an appointment of its own. A series by a rule is
refused: which of its occurrences still stand, only the calendar that made it knows.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.own_schedule import entries
from terminbenachrichtigung.own_schedule.entries import (
    CANCELLED,
    CUSTOMER_TEXTS,
    Entry,
    Parsed,
    Refused,
    Value,
)
from terminbenachrichtigung.schedule import values
from terminbenachrichtigung.schedule.values import Unreadable, shown

_CONTACT = (*CUSTOMER_TEXTS, "name", "customer_id")
_LABELLED = re.compile(r"\s*([^:]{1,40}):\s*(.+)")


def is_calendar(content: bytes) -> bool:
    """Whether a file calls itself one."""
    return content.lstrip(b"\xef\xbb\xbf \r\n\t")[:15].upper() == b"BEGIN:VCALENDAR"


def read(content: bytes, zone: ZoneInfo) -> Parsed:
    """Read a whole calendar; `zone` is that of times without one.

    A calendar that is an invitation (METHOD other than PUBLISH) says nothing of other appointments.
    Raises ConfigError if it is damaged.
    """
    import icalendar  # noqa: PLC0415 - 50 ms, only for this kind of file

    lines = [
        number
        for number, line in enumerate(content.splitlines(), start=1)
        if line.strip().upper() == b"BEGIN:VEVENT"
    ]
    try:
        calendars = icalendar.Calendar.from_ical(content, multiple=True)
    except (ValueError, IndexError, KeyError, OSError) as error:  # OSError: zoneinfo's, for the zone "Europe"
        raise ConfigError(f"the file is no iCalendar: {str(error).splitlines()[0]}") from None
    events = [(calendar, event) for calendar in calendars for event in calendar.walk("VEVENT")]
    if len(events) != len(lines) or not calendars:
        raise ConfigError("the calendar is damaged or ends too early: nothing was read")
    found: list[tuple[int, Entry]] = []
    refused: list[Refused] = []
    methods = {str(calendar.get("METHOD", "PUBLISH")).upper() for calendar in calendars}
    for line, (calendar, event) in zip(lines, events, strict=True):
        try:
            entry = _entry(line, event, zone, cancelled=str(calendar.get("METHOD", "")).upper() == "CANCEL")
            sequence = int(str(event.get("SEQUENCE", 0)) or 0)
        except (Unreadable, ValueError) as problem:
            refused.append(Refused(line, str(problem), str(event.get("UID", "")).strip() or None))
            continue
        found.append((sequence, entry))
    newest: dict[str, int] = {}
    for sequence, entry in found:
        newest[entry.appointment_id] = max(sequence, newest.get(entry.appointment_id, sequence))
    kept, differing = entries.settled(
        entry for sequence, entry in found if sequence == newest[entry.appointment_id]
    )
    in_order = sorted([*refused, *differing], key=lambda each: each.line)
    return Parsed(tuple(kept), tuple(in_order), complete=methods == {"PUBLISH"})


def _entry(line: int, event: Any, zone: ZoneInfo, *, cancelled: bool) -> Entry:
    appointment_id = values.key(str(event.get("UID", "")))
    if not appointment_id:
        raise Unreadable("UID: missing")
    if "RRULE" in event or "RDATE" in event:
        raise Unreadable("RRULE: a series by a rule; export its occurrences one by one")
    starts_at = _moment(event, "DTSTART", zone)
    if "RECURRENCE-ID" in event:
        occurrence = _moment(event, "RECURRENCE-ID", zone)
        appointment_id = values.key(f"{appointment_id}/{occurrence:%Y%m%dT%H%M%SZ}")
    gone = cancelled or str(event.get("STATUS", "")).upper() == "CANCELLED"
    said: dict[str, Value] = {"status": CANCELLED if gone else ""}
    if "CATEGORIES" in event and (names := _categories(event["CATEGORIES"])):
        said["type_name"] = names[0]
    for name, column in (("DTEND", "ends_at"), ("CREATED", "created_at")):
        with suppress(Unreadable):  # neither is needed
            said[column] = _moment(event, name, zone)
    length = _read(event, "DURATION")
    if isinstance(length, timedelta) and "DTEND" not in event:
        said["ends_at"] = starts_at + length
    customer_id, contact = entries.customer(dict(_contact(event)))
    return Entry(line, appointment_id, starts_at, customer_id, said | contact)


def _moment(event: Any, name: str, zone: ZoneInfo) -> datetime:
    """The time of a property in UTC; raises Unreadable."""
    found = event.get(name)
    read = _read(event, name)
    if isinstance(read, datetime):
        unknown = found.params.get("TZID") if read.tzinfo is None else None
        if unknown:
            raise Unreadable(f"{name}: unknown time zone {shown(str(unknown))}")
        return entries.in_utc(read, zone).astimezone(UTC)
    if read is not None:
        raise Unreadable(f"{name}: a whole day, without a time")
    raise Unreadable(f"{name}: missing" if found is None else f"{name}: not a time: {shown(str(found))}")


def _read(event: Any, name: str) -> object:
    """What the library made of a property; None where it is missing, broken, or comes twice."""
    found = event.get(name)
    broken = {str(error[0]).upper() for error in event.errors}
    return None if name in broken or isinstance(found, list) else getattr(found, "dt", None)


def _categories(found: Any) -> list[str]:
    first = found[0] if isinstance(found, list) else found
    return [str(name).strip() for name in getattr(first, "cats", ()) if str(name).strip()]


def _contact(event: Any) -> Iterator[tuple[str, str]]:
    """From the one attendee, and above that from lines of the description such as `Mobil: 0171 5555`.

    Only lines with a known label: a number alone may be anybody's.
    """
    labelled = {
        column: found[2].strip()
        for text in re.split(r"\r?\n|<br\s*/?>", str(event.get("DESCRIPTION", "")))
        if (found := _LABELLED.match(text)) and (column := entries.column_of(found[1])) in _CONTACT
    }
    attendees = _people(event)
    if len(attendees) > 1 and not labelled:
        raise Unreadable(f"ATTENDEE: {len(attendees)} people; which of them is the customer?")
    if len(attendees) == 1:
        address = str(attendees[0])
        kind, _, value = address.partition(":")
        if kind.lower() in ("mailto", "tel"):
            yield ("email" if kind.lower() == "mailto" else "mobile"), value
        name = str(attendees[0].params.get("CN", ""))
        if name and "@" not in name and not {"name", "first_name", "last_name"} & labelled.keys():
            yield "name", name
    yield from labelled.items()


def _people(event: Any) -> list[Any]:
    found = event.get("ATTENDEE", [])
    organizer = str(event.get("ORGANIZER", "")).casefold()
    return [
        each
        for each in (found if isinstance(found, list) else [found])
        if str(each).casefold() != organizer
        and str(each.params.get("CUTYPE", "INDIVIDUAL")).upper() == "INDIVIDUAL"
    ]
