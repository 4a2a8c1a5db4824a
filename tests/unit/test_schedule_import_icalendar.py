"""What an iCalendar file says."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.own_schedule import icalendar_file
from terminbenachrichtigung.own_schedule.entries import Entry, Parsed

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def calendar(*events: str, head: str = "") -> Parsed:
    """Each event its properties, one a line; `UID:a` and a start where it has none."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *head.split()]
    for event in events:
        lines += ["BEGIN:VEVENT", *(line.strip() for line in event.strip().splitlines())]
        lines += [] if "UID" in event else ["UID:a"]
        lines += [] if "DTSTART" in event else ["DTSTART:20261124T080000Z"]
        lines += ["END:VEVENT"]
    return icalendar_file.read("\r\n".join([*lines, "END:VCALENDAR", ""]).encode(), BERLIN)


def only(event: str, head: str = "") -> Entry:
    found = calendar(event, head=head)
    assert found.refused == ()
    (entry,) = found.entries
    return entry


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("DTSTART:20261124T080000Z", "2026-11-24 09:00"),
        ("DTSTART:20261124T090000", "2026-11-24 09:00"),  # floating: the practice's clock
        ("DTSTART;TZID=Europe/Berlin:20260724T090000", "2026-07-24 09:00"),
        ("DTSTART;TZID=America/New_York:20261124T030000", "2026-11-24 09:00"),
        ("DTSTART;TZID=W. Europe Standard Time:20261124T090000", "2026-11-24 09:00"),  # Outlook's name
    ],
)
def test_a_start_is_read_with_its_zone(start: str, expected: str) -> None:
    assert only(start).starts_at == utc(expected)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("DTSTART;VALUE=DATE:20261124", "DTSTART: a whole day, without a time"),
        ("DTSTART:20261199T080000Z", "DTSTART: not a time"),
        ("DTSTART:20261124T080000Z\nDTSTART:20261124T090000Z", "DTSTART: not a time"),  # which of them?
        ("DTSTART;TZID=Nowhere/Land:20261124T090000", "DTSTART: unknown time zone 'Nowhere/Land'"),
        ("RRULE:FREQ=WEEKLY", "RRULE: a series by a rule"),
        ("ATTENDEE:mailto:a@example.org\nATTENDEE:mailto:b@example.org", "ATTENDEE: 2 people"),
        ("UID:", "UID: missing"),
    ],
)
def test_what_is_no_appointment_is_refused_with_its_line(event: str, reason: str) -> None:
    found = calendar("UID:first", event)
    assert [entry.appointment_id for entry in found.entries] == ["first"]
    (line,) = found.refused
    assert line.line == 7
    assert line.reason.startswith(reason)


def test_an_occurrence_of_a_series_is_an_appointment_of_its_own_however_its_zone_is_written() -> None:
    moved = "RECURRENCE-ID:20261123T080000Z"
    assert only(moved).appointment_id == "a/20261123T080000Z"
    assert only("RECURRENCE-ID;TZID=Europe/Berlin:20261123T090000").appointment_id == "a/20261123T080000Z"


@pytest.mark.parametrize(
    ("event", "head", "status"),
    [
        ("SUMMARY:x", "", ""),
        ("STATUS:CONFIRMED", "", ""),
        ("STATUS:CANCELLED", "", "Storniert"),
        ("SUMMARY:x", "METHOD:CANCEL", "Storniert"),
    ],
)
def test_a_cancelled_event_is_cancelled(event: str, head: str, status: str) -> None:
    assert only(event, head).values["status"] == status


@pytest.mark.parametrize(
    ("head", "complete"), [("", True), ("METHOD:PUBLISH", True), ("METHOD:REQUEST", False)]
)
def test_an_invitation_says_nothing_of_other_appointments(head: str, complete: bool) -> None:
    assert calendar("SUMMARY:x", head=head).complete is complete


def test_of_two_versions_of_an_event_the_later_one_holds() -> None:
    found = calendar("SEQUENCE:2\nDTSTART:20261124T090000Z", "SEQUENCE:1")
    assert [(entry.starts_at, found.refused) for entry in found.entries] == [(utc("2026-11-24 10:00"), ())]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            'ATTENDEE;CN="Meier, Ida":mailto:ida@example.org',
            {"first_name": "Ida", "last_name": "Meier", "email": "ida@example.org"},
        ),
        (
            "ORGANIZER:mailto:praxis@example.org\nATTENDEE:MAILTO:praxis@example.org\n"
            "ATTENDEE;CUTYPE=ROOM:mailto:raum@example.org\nATTENDEE:tel:+491715555555",
            {"mobile": "+491715555555"},
        ),
        (
            "DESCRIPTION:Kunde: Frau Ida Meier\\nMobil: 0171 5555555\\nRuft an: 0171 5555556",
            {"salutation": "Frau", "first_name": "Ida", "last_name": "Meier", "mobile": "0171 5555555"},
        ),
        (
            "DESCRIPTION:Vorname: Ida<br>E-Mail: i@example.org",
            {"first_name": "Ida", "email": "i@example.org"},
        ),
        # a number without a label may be anybody's
        ("DESCRIPTION:0171 5555555", {}),
    ],
)
def test_the_contact_is_the_attendee_or_a_labelled_line_of_the_description(
    event: str, expected: dict[str, str]
) -> None:
    entry = only(event)
    said = dict(entry.values)
    said.pop("status")
    assert said == expected
    assert (entry.customer_id is not None) is bool(expected)


def test_length_booking_and_category_come_along() -> None:
    entry = only("DURATION:PT45M\nCREATED:20261101T080000Z\nCATEGORIES:Sehtest,privat")
    assert entry.values == {
        "status": "",
        "ends_at": utc("2026-11-24 09:45"),
        "created_at": utc("2026-11-01 09:00"),
        "type_name": "Sehtest",
    }


@pytest.mark.parametrize("event", ["DTEND:bald", "DURATION:lang", "CREATED:nie", "DTEND;VALUE=DATE:20261124"])
def test_what_is_not_needed_and_cannot_be_read_is_left_out(event: str) -> None:
    assert only(event).values == {"status": ""}


@pytest.mark.parametrize(
    "content",
    [
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\n",  # cut off: the rest would count as cancelled
        b"BEGIN:VCALENDAR\r\nnonsense\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;TZID=Europe:20261124T090000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    ],
)
def test_a_damaged_calendar_is_refused_whole(content: bytes) -> None:
    with pytest.raises(ConfigError):
        icalendar_file.read(content, BERLIN)
