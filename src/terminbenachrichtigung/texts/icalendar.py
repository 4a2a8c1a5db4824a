"""Appointments -> an iCalendar file that calendar programs read (RFC 5545, 5546)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from terminbenachrichtigung.safe_text import one_line

_ASSUMED_LENGTH = timedelta(minutes=30)
_LONGEST = timedelta(hours=24)
_SEQUENCE_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_UIDS = uuid.UUID("0bf8ae0a-9f5c-4f0e-8d0f-6a1c1b7d5f3e")  # of our own, so that nobody else makes the same


@dataclass(frozen=True, slots=True)
class Event:
    """One appointment for a calendar. Times are aware; texts may be empty and are made one line."""

    appointment_id: str
    starts_at: datetime
    ends_at: datetime | None
    summary: str
    location: str = ""
    description: str = ""


def method(*, cancelled: bool) -> str:
    """What the file asks a calendar program to do (RFC 5546): the mail that carries it must say the same."""
    return "CANCEL" if cancelled else "PUBLISH"


def calendar(
    events: Sequence[Event],
    now: datetime,
    organizer: str,
    organizer_name: str = "",
    *,
    cancelled: bool = False,
) -> bytes:
    """Return the file; the same arguments give the same bytes. `cancelled` takes the events back.

    `organizer` is the practice's e-mail address. It also keeps the UIDs of two practices apart that
    both have an appointment 4711; for one practice an appointment keeps its UID over all reminders
    and runs, so that a later file moves the event instead of adding one. SEQUENCE counts minutes since
    the year 2000: it grows with every later message, whichever reminder sends it.
    """
    import icalendar  # noqa: PLC0415  50 ms, only for e-mail

    file = icalendar.Calendar()
    file.add("prodid", "-//terminbenachrichtigung//DE")
    file.add("version", "2.0")
    file.add("method", method(cancelled=cancelled))
    for event in events:
        entry = icalendar.Event()
        entry.add("uid", str(uuid.uuid5(_UIDS, f"{organizer}\n{event.appointment_id}")))
        entry.add("dtstamp", now.astimezone(UTC))
        entry.add("sequence", (now - _SEQUENCE_EPOCH) // timedelta(minutes=1))
        entry.add("dtstart", event.starts_at.astimezone(UTC))
        entry.add("dtend", _end(event).astimezone(UTC))
        entry.add("summary", one_line(event.summary))
        if location := one_line(event.location):
            entry.add("location", location)
        if description := one_line(event.description):
            entry.add("description", description)
        entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
        address = icalendar.vCalAddress(f"mailto:{organizer}")
        if name := one_line(organizer_name):
            address.params["CN"] = icalendar.vText(name)
        entry.add("organizer", address)  # RFC 5546, 3.2.1: METHOD:PUBLISH needs one
        file.add_component(entry)
    return bytes(file.to_ical())


def _end(event: Event) -> datetime:
    """The end that the schedule gives, or half an hour after the start.

    An event without an end lasts no time at all by the RFC: some programs then show nothing in the
    day's column, and none keeps the time free. DTEND, because more programs read it than DURATION.
    """
    start = event.starts_at.astimezone(UTC)
    if event.ends_at is not None and start < event.ends_at.astimezone(UTC) <= start + _LONGEST:
        return event.ends_at
    return start + _ASSUMED_LENGTH
