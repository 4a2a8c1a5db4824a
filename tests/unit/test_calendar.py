"""Calendar files that calendar programs read (RFC 5545, 5546)."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminbenachrichtigung.texts.icalendar import Event, calendar

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
START = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
ORGANIZER = "termine@example.org"


def event(**changes: Any) -> Event:
    return replace(Event("4711", START, None, "Termin"), **changes)


def read(file: bytes) -> list[Any]:
    """What a calendar program reads."""
    return list(icalendar.Calendar.from_ical(file).walk("VEVENT"))


def test_the_file_line_by_line() -> None:
    made = event(
        ends_at=START + timedelta(minutes=45),
        summary="Termin Optik Meier",
        location="Hauptstraße 1, 20095 Hamburg",
        description="Tel. 040 123456",
    )
    assert calendar([made], NOW, ORGANIZER, "Optik Meier").decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//terminbenachrichtigung//DE",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        "SUMMARY:Termin Optik Meier",
        "DTSTART:20261125T080000Z",
        "DTEND:20261125T084500Z",
        "DTSTAMP:20261124T090000Z",
        "UID:d154b193-dd1a-5f2f-a3a0-fdf233df6567",
        "SEQUENCE:14147100",
        "DESCRIPTION:Tel. 040 123456",
        "LOCATION:Hauptstraße 1\\, 20095 Hamburg",
        'ORGANIZER;CN="Optik Meier":mailto:termine@example.org',
        "STATUS:CONFIRMED",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 11, 25, 9, 0, tzinfo=ZoneInfo("Europe/Berlin")),
        datetime(2026, 11, 25, 3, 0, tzinfo=ZoneInfo("America/New_York")),
    ],
)
def test_times_are_in_utc_whatever_zone_they_come_in(start: datetime) -> None:
    file = calendar([event(starts_at=start)], NOW.astimezone(ZoneInfo("Europe/Berlin")), ORGANIZER)
    assert b"DTSTART:20261125T080000Z\r\n" in file
    assert b"DTSTAMP:20261124T090000Z\r\n" in file
    assert b"VTIMEZONE" not in file


@pytest.mark.parametrize(
    ("ends_at", "minutes"),
    [
        (START + timedelta(minutes=45), 45),
        (START + timedelta(hours=24), 24 * 60),
        (None, 30),  # unknown: an event of no length would not show
        (START, 30),
        (START - timedelta(minutes=15), 30),  # before the start
        (START + timedelta(hours=24, minutes=1), 30),  # a wrong date, no appointment
    ],
)
def test_an_end_that_makes_no_sense_counts_as_half_an_hour(ends_at: datetime | None, minutes: int) -> None:
    (read_event,) = read(calendar([event(ends_at=ends_at)], NOW, ORGANIZER))
    assert read_event.decoded("DTEND") - read_event.decoded("DTSTART") == timedelta(minutes=minutes)


def test_the_uid_stays_when_the_appointment_moves_and_the_newer_file_wins() -> None:
    (before,) = read(calendar([event()], NOW, ORGANIZER))
    moved = event(starts_at=START + timedelta(days=1), summary="Termin Optik Nord")
    (after,) = read(calendar([moved], NOW + timedelta(hours=1), ORGANIZER))
    assert after["UID"] == before["UID"]
    assert after.decoded("DTSTAMP") > before.decoded("DTSTAMP")
    assert after["SEQUENCE"] > before["SEQUENCE"]


def test_the_sequence_never_goes_down_and_fits_into_32_bits() -> None:
    late = datetime(2099, 12, 31, tzinfo=UTC)
    (read_event,) = read(calendar([event()], late, ORGANIZER))
    assert 0 <= read_event["SEQUENCE"] < 2**31


def test_uids_differ_between_appointments_and_between_practices() -> None:
    two = read(calendar([event(), event(appointment_id="4712")], NOW, ORGANIZER))
    (elsewhere,) = read(calendar([event()], NOW, "termine@example.net"))
    assert len({str(one["UID"]) for one in (*two, elsewhere)}) == 3


def test_the_same_arguments_give_the_same_bytes() -> None:
    assert calendar([event()], NOW, ORGANIZER) == calendar([event()], NOW, ORGANIZER)


def test_what_is_not_known_leaves_no_empty_line() -> None:
    (read_event,) = read(calendar([event()], NOW, ORGANIZER))
    assert not {"LOCATION", "DESCRIPTION"} & set(read_event)


NASTY = 'Meier\r\nATTENDEE:mailto:eve@example.net\nEND:VEVENT\x00;,\\:"\u2028 ü'


def test_a_value_cannot_make_a_line_of_its_own() -> None:
    file = calendar(
        [event(appointment_id=NASTY, summary=NASTY, location=NASTY, description=NASTY)], NOW, ORGANIZER, NASTY
    )
    unfolded = file.decode().replace("\r\n ", "").split("\r\n")
    assert [line for line in unfolded if line.startswith(("ATTENDEE", "END:VEVENT"))] == ["END:VEVENT"]
    (read_event,) = read(file)
    shown = 'Meier ATTENDEE:mailto:eve@example.net END:VEVENT ;,\\:" ü'
    assert (read_event["SUMMARY"], read_event["LOCATION"], read_event["DESCRIPTION"]) == (shown,) * 3


@given(st.text(max_size=200), st.text(max_size=40))
def test_no_value_spoils_the_file(value: str, appointment_id: str) -> None:
    made = event(appointment_id=appointment_id, summary=value, location=value, description=value)
    file = calendar([made], NOW, ORGANIZER, value)
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))  # RFC 5545, 3.1
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\x00", file)
    (read_event,) = read(file)
    assert read_event.decoded("DTSTART") == START
