"""What a calendar says, event by event: entries, refusals, and what is left out."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.own_schedule import icalendar_file, icalendar_lines
from terminbenachrichtigung.own_schedule.entries import How, Parsed

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOW = How(NOW, BERLIN, frozenset({"storniert"}))
NINE = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
IDA = "DESCRIPTION:Name: Ida Meier\\nMobil: 0171 5555001"
START = "DTSTART:20261125T080000Z"


def event(*lines: str, uid: str = "a", start: str = START, who: str = IDA) -> str:
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", *filter(None, (start, who)), *lines, "END:VEVENT"])


def read(*parts: str, how: How = HOW, head: str = "PRODID:x", end: str = "END:VCALENDAR") -> Parsed:
    return icalendar_file.read("\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", head, *parts, end]).encode(), how)


def starts(parsed: Parsed) -> dict[str, str]:
    return {
        entry.appointment_id: f"{entry.starts_at.astimezone(BERLIN):%Y-%m-%d %H:%M}"
        for entry in parsed.entries
    }


@pytest.mark.parametrize(
    ("start", "end", "whole"),
    [
        ("2026-11-25 00:00", "2026-11-26 00:00", True),
        ("2026-11-25 00:00", "2026-11-27 00:00", True),
        ("2026-11-25 00:00", "2026-11-25 00:00", False),  # it takes no time at all
        ("2026-11-25 00:00", "2026-11-26 09:00", False),
        ("2026-11-25 09:00", "2026-11-27 00:00", False),
        ("2026-11-25 00:00", None, False),
    ],
)
def test_whole_days_last_from_midnight_to_midnight(start: str, end: str | None, whole: bool) -> None:
    ends_at = None if end is None else datetime.fromisoformat(end)
    assert icalendar_lines.is_whole_days(datetime.fromisoformat(start), ends_at) is whole


# ---------------------------------------------------------------- one event


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], {"status": ""}),
        (["DTEND:20261125T083000Z"], {"status": "", "ends_at": NINE.replace(minute=30)}),
        (["DURATION:PT30M"], {"status": "", "ends_at": NINE.replace(minute=30)}),
        (["DTEND:bald"], {"status": ""}),  # nothing needs it
        (["DURATION:bald"], {"status": ""}),
        (["CREATED:20261101T080000Z"], {"status": "", "created_at": datetime(2026, 11, 1, 8, tzinfo=UTC)}),
        (["CREATED:bald"], {"status": ""}),
        (["CATEGORIES: Sehtest ,Wichtig"], {"status": "", "type_name": "Sehtest"}),
        (["CATEGORIES:,"], {"status": ""}),
        (["STATUS:CONFIRMED"], {"status": ""}),
        (["STATUS:cancelled"], {"status": "Storniert"}),
        (["STATUS:CANCELED"], {"status": "Storniert"}),
        (["STATUS:DELETED"], {"status": "Storniert"}),
        (["SUMMARY:Abgesagt: Sehtest"], {"status": "Storniert"}),
        (["SUMMARY:Entfernung Zahnstein"], {"status": ""}),
        (["ATTENDEE;PARTSTAT=DECLINED:mailto:ida@example.org"], {"status": "Storniert"}),
        (["ATTENDEE;PARTSTAT=ACCEPTED:mailto:ida@example.org"], {"status": ""}),
        (
            [  # the organizer's own answer is not the customer's, nor is a room's
                "ORGANIZER:mailto:praxis@example.org",
                "ATTENDEE;PARTSTAT=DECLINED:MAILTO:praxis@example.org",
                "ATTENDEE;CUTYPE=ROOM;PARTSTAT=DECLINED:mailto:raum@example.org",
                "ATTENDEE;ROLE=NON-PARTICIPANT;PARTSTAT=DECLINED:mailto:info@example.org",
            ],
            {"status": ""},
        ),
    ],
)
def test_what_an_event_says_of_an_appointment(lines: list[str], expected: dict[str, Any]) -> None:
    (entry,) = read(event(*lines)).entries
    assert (entry.appointment_id, entry.starts_at, entry.values) == ("a", NINE, expected)


def test_what_stands_beside_the_name_of_a_description_calls_an_appointment_off() -> None:
    (entry,) = read(event(who="DESCRIPTION:Name: Ida Meier (abgesagt)\\nMobil: 0171 5555001")).entries
    assert entry.values == {"status": "Storniert"}


@pytest.mark.parametrize(
    ("who", "lines", "expected"),
    [
        (IDA, [], {"first_name": "Ida", "last_name": "Meier", "mobile": "0171 5555001"}),
        ("X-ALT-DESC:<p>Name: Meier</p>", [], {"last_name": "Meier", "first_name": ""}),
        (
            "",
            ["ATTENDEE;CN=Ida Meier:mailto:ida@example.org"],
            {"last_name": "Meier", "email": "ida@example.org"},
        ),
        ("", ["ATTENDEE;CN=Ida Meier:tel:+491715555001"], {"last_name": "Meier", "mobile": "+491715555001"}),
        ("", ["ATTENDEE;CN=ida@example.org:mailto:ida@example.org"], {"email": "ida@example.org"}),  # no name
        (
            "",
            ["ATTENDEE;CN=Meier;EMAIL=ida@example.org:urn:uuid:1"],
            {"last_name": "Meier", "email": "ida@example.org"},
        ),
        # an address without its kind; and what is none
        ("", ["ATTENDEE;CN=Meier:ida@example.org"], {"last_name": "Meier", "email": "ida@example.org"}),
        ("", ["ATTENDEE;CN=Meier:invalid"], {"last_name": "Meier", "email": None}),
        (
            "",
            ["ATTENDEE;CN=Meier;EMAIL=buero@example.org:mailto:ida@example.org"],
            {"last_name": "Meier", "email": "ida@example.org"},
        ),
        # the address of a guest beside another one that says more than a mark
        *(
            (
                "",
                [f"ATTENDEE;CN=Meier;EMAIL=ida@example.org:{kind}:+491715555001"],
                {"mobile": "+491715555001", "email": None},
            )
            for kind in ("tel", "sms")
        ),
        # `Meier Ida` has the last name first, and would be `Meier Meier`
        (
            "DESCRIPTION:Nachname: Meier\\nMobil: 0171 5555001",
            ["ATTENDEE;CN=Meier Ida:mailto:ida@example.org"],
            {"last_name": "Meier", "first_name": None},
        ),
        # and below `Vorname` the whole name would be a last name: `Ida Ida Meier`
        (
            "DESCRIPTION:Vorname: Ida\\nMobil: 0171 5555001",
            ["ATTENDEE;CN=Ida Meier:mailto:ida@example.org"],
            {"first_name": "Ida", "last_name": None},
        ),
        # a guest, and lines that say more of them
        (
            "DESCRIPTION:Nachname: Meier\\nMobil: 0171 5555001",
            ["ATTENDEE;CN=Ida Meier:mailto:ida@example.org"],
            {"last_name": "Meier", "mobile": "0171 5555001", "email": "ida@example.org"},
        ),
        # several guests, but the lines say who it is
        (
            IDA,
            ["ATTENDEE;CN=Otto:mailto:o@example.org", "ATTENDEE;CN=Eva:mailto:e@example.org"],
            {"first_name": "Ida", "last_name": "Meier", "mobile": "0171 5555001"},
        ),
    ],
)
def test_who_the_customer_of_an_event_is(who: str, lines: list[str], expected: dict[str, Any]) -> None:
    (entry,) = read(event(*lines, who=who)).entries
    assert entry.person is not None
    assert {name: entry.person.said.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("of_event", "reason"),
    [
        ({"start": ""}, "DTSTART: missing"),
        ({"start": "DTSTART:bald"}, "DTSTART: not a time: 'bald'"),
        ({"start": "DTSTART:20261125T250000Z"}, "DTSTART: there is no such time: '20261125T250000Z'"),
        ({"start": "DTSTART:19991231T225959Z"}, "lies outside the years 2000 to 2099: 1999-12-31"),
        ({"start": "DTSTART;VALUE=DATE:20261125"}, "DTSTART: a whole day, without a time"),
        ({"start": "DTSTART;TZID=Nirgends:20261125T090000"}, "unknown time zone 'Nirgends'"),
        ({"start": f"{START}\nDTSTART:20261125T090000Z"}, "DTSTART: stands twice, with different values"),
        ({"start": f"{START}\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE"}, "DTSTART: a whole day, without a time"),
        ({"start": "DTSTART:20261125T000000\nDTEND:20261126T000000"}, "DTSTART: a whole day, without a time"),
        ({"uid": ""}, "UID: missing"),
        ({"who": "DESCRIPTION:Name: M\ufffdller"}, "customer: broken letters in 'M\ufffdller'"),
        ({"who": f"{IDA}\nCATEGORIES:M\ufffdglich"}, "event: CATEGORIES: broken letters in 'M\ufffdglich'"),
        ({"who": f"{IDA}\nEXRULE:FREQ=DAILY"}, "EXRULE: a rule for what is left out; no program writes it"),
        ({"who": f"{IDA}\nRRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY"}, "RRULE: two rules for one series"),
        (
            {"who": f"{IDA}\nRECURRENCE-ID;RANGE=THISANDPRIOR:20261125T080000Z"},
            "RECURRENCE-ID: RANGE='THISANDPRIOR'; no program writes it any more",
        ),
        (
            {"who": "ATTENDEE;CN=Ida:mailto:ida@example.org\nATTENDEE;CN=Eva:mailto:eva@example.org"},
            "customer: ATTENDEE: 2 people; which of them is the customer?",
        ),
        ({"who": f"{IDA}\nSTATUS"}, "line 8 is no property"),
        ({"who": f"{IDA}\nRRULE:FREQ=SECONDLY"}, "a series more often than hourly: 'FREQ=SECONDLY'"),
        ({"who": f"{IDA}\nRRULE:FREQ=MINUTELY"}, "a series more often than hourly: 'FREQ=MINUTELY'"),
        ({"who": f"{IDA}\nRRULE:FREQ=DAILY;INTERVAL=0"}, "a series that never goes on: "),
        ({"who": f"{IDA}\nRRULE:BYDAY=MO"}, "no rule of a series: 'BYDAY=MO'"),
        ({"who": f"{IDA}\nRRULE:FREQ=DAILY;BYDAY=QQ"}, "a series that cannot be followed: "),
    ],
)
def test_what_may_concern_a_customer_and_cannot_be_read_is_refused_and_the_others_go_in(
    of_event: dict[str, str], reason: str
) -> None:
    parsed = read(event(**of_event), event(uid="b"))
    (refused,) = parsed.refused
    assert refused.reason.startswith(reason)
    assert (refused.line, refused.names_somebody) == (4, True)
    assert refused.appointment_id.partition("/")[0] == of_event.get("uid", "a")
    assert starts(parsed) == {"b": "2026-11-25 09:00"}
    assert parsed.days is not None  # the file speaks of the day of the other one


@pytest.mark.parametrize(
    ("of_event", "nobody"),
    [
        ({"start": "DTSTART;VALUE=DATE:20261125", "who": ""}, {"all-day entries": 1}),
        ({"start": "DTSTART:20261125T000000\nDTEND:20261127T000000", "who": ""}, {"all-day entries": 1}),
        ({"start": "DTSTART:20261125T000000\nDTEND:20261125T233000", "who": ""}, {}),  # not to midnight
        ({"start": "DTSTART:20261125T000000\nDTEND:20261126T233000", "who": ""}, {}),
        ({"start": "DTSTART:20261125T000000", "who": ""}, {}),
        ({"start": "DTSTART:20261125T010000\nDTEND:20261127T000000", "who": ""}, {}),
        ({"who": "RRULE:FREQ=DAILY"}, {"series without a customer": 1}),
    ],
)
def test_what_names_nobody_is_counted_by_kind(of_event: dict[str, str], nobody: dict[str, int]) -> None:
    parsed = read(event(**of_event))
    assert parsed.nobody == nobody
    assert parsed.refused == ()
    assert len(parsed.entries) == (0 if nobody else 1)
    titled = read(event("SUMMARY:Pause", **of_event), how=replace(HOW, title_is_customer=True))
    assert titled.titles == (() if "all-day entries" in nobody else ("Pause",))


@pytest.mark.parametrize(
    ("of_event", "lines", "doubtful"),
    [
        ({}, [], True),
        ({"who": ""}, [], False),  # nobody is reminded of it
        ({}, ["STATUS:CANCELLED"], False),  # off, whatever the settings exclude
        ({"start": "DTSTART:20261124T090000Z"}, [], False),  # begins now
    ],
)
def test_a_title_that_may_say_that_it_is_off_is_warned_about_where_it_is_reminded(
    of_event: dict[str, str], lines: list[str], doubtful: bool
) -> None:
    how = replace(HOW, excluded=frozenset())
    parsed = read(event("SUMMARY:Sehtest wurde abgesagt", *lines, **of_event), how=how)
    assert len(parsed.warnings) == doubtful


# ---------------------------------------------------------------- series

WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=3"
THREE = {"a/20261125": "2026-11-25 09:00", "a/20261202": "2026-12-02 09:00", "a/20261209": "2026-12-09 09:00"}


def of_three(*left_out: str, **more: str) -> dict[str, str]:
    return {key: start for key, start in {**THREE, **more}.items() if key not in left_out}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([WEEKLY], THREE),
        ([WEEKLY, "EXDATE:20261202T080000Z"], of_three("a/20261202")),
        ([WEEKLY, "EXDATE;VALUE=DATE:20261202"], of_three("a/20261202")),  # the one on that day
        (
            [WEEKLY, "EXDATE;TZID=Europe/Berlin:20261202T000000"],
            of_three("a/20261202"),
        ),  # as Outlook names it
        ([WEEKLY, "EXDATE:20261202T000000Z,20261209T000000Z"], of_three("a/20261202", "a/20261209")),
        ([WEEKLY, "EXDATE:20261125T080000Z,20261202T080000Z"], of_three("a/20261125", "a/20261202")),
        (["RDATE:20261202T080000Z,20261209T080000Z"], THREE),
        (["RDATE;VALUE=PERIOD:20261202T080000Z/PT1H", "RDATE:20261209T080000Z"], THREE),
        ([WEEKLY, "RDATE:20261126T100000Z"], of_three(**{"a/20261126": "2026-11-26 11:00"})),
        (
            ["RRULE:FREQ=DAILY;UNTIL=20261126"],
            {"a/20261125": "2026-11-25 09:00", "a/20261126": "2026-11-26 09:00"},
        ),
        # two on a day: their ids have the time
        (
            ["RRULE:FREQ=DAILY;COUNT=2;BYHOUR=8,10"],
            {"a/20261125T0900": "2026-11-25 09:00", "a/20261125T1100": "2026-11-25 11:00"},
        ),
        (
            ["RRULE:FREQ=DAILY;COUNT=1;BYHOUR=8"],
            {"a/20261125T0900": "2026-11-25 09:00"},
        ),  # as it may have two
        (["RRULE:FREQ=HOURLY;COUNT=1"], {"a/20261125T0900": "2026-11-25 09:00"}),
        (["RRULE:FREQ=DAILY;COUNT=1;BYMINUTE=0"], {"a/20261125T0900": "2026-11-25 09:00"}),
        # one more on a day: those by the rule keep their ids, also where it is earlier
        ([WEEKLY, "RDATE:20261125T100000Z"], THREE | {"a/20261125T1100": "2026-11-25 11:00"}),
        ([WEEKLY, "RDATE:20261202T070000Z"], THREE | {"a/20261202T0800": "2026-12-02 08:00"}),
    ],
)
def test_a_series_is_spread(lines: list[str], expected: dict[str, str]) -> None:
    parsed = read(event(*lines))
    assert starts(parsed) == expected
    assert {entry.series for entry in parsed.entries} == {"a"}


def test_a_series_begins_with_the_first_minute_of_today_and_ends_after_ninety_days() -> None:
    how = replace(HOW, now=datetime(2026, 11, 23, 23, 10, tzinfo=UTC))  # ten past midnight
    found = starts(read(event("RRULE:FREQ=DAILY", start="DTSTART:20261101T000100"), how=how))
    assert (min(found), max(found), len(found)) == ("a/20261124", "a/20270221", 90)


@pytest.mark.parametrize(
    ("parts", "last"),
    [
        ([event()], 25),
        ([event(who="")], 25),  # a blocked time shows that the file covers its day
        ([event(WEEKLY)], 9),
        ([event(), event(WEEKLY, uid="b", who="")], 25),  # a series of nobody goes on for ever
        ([], None),
    ],
)
def test_the_days_of_a_calendar_are_those_of_its_events(parts: list[str], last: int | None) -> None:
    days = read(*parts).days
    assert (days and (days[0].day, days[1].day)) == (last and (25, last))


@pytest.mark.parametrize(
    ("left_out", "doubtful"),
    [
        ("20261123T225900Z", False),  # the last minute of yesterday
        ("20261123T230000Z", True),
        ("20270221T225900Z", True),  # the last minute of the ninety days
        ("20270221T230000Z", False),
    ],
)
def test_what_a_series_leaves_out_is_doubted_from_the_first_minute_of_today_for_ninety_days(
    left_out: str, doubtful: bool
) -> None:
    nine_o_clock = "DTSTART;TZID=Europe/Berlin:20261101T090000"
    parsed = read(event("RRULE:FREQ=DAILY", f"EXDATE:{left_out}", start=nine_o_clock))
    assert bool(parsed.refused) is doubtful


@pytest.mark.parametrize(
    ("moved_to", "stands"),
    [
        ("20261123T225900Z", False),
        ("20261123T230000Z", True),
        ("20270221T225900Z", True),
        ("20270221T230000Z", False),
    ],
)
def test_a_moved_occurrence_counts_from_the_first_minute_of_today_for_ninety_days(
    moved_to: str, stands: bool
) -> None:
    moved = event("RECURRENCE-ID:20261202T080000Z", start=f"DTSTART:{moved_to}")
    assert ("a/20261202" in starts(read(event(WEEKLY), moved))) is stands


@pytest.mark.parametrize(
    ("left_out", "expected"),
    [
        # all later ones were moved from 9:00 to 11:00 of the next day
        ("20261202T080000Z", of_three("a/20261202", **{"a/20261209": "2026-12-10 11:00"})),
        ("20261210T100000Z", of_three("a/20261209", **{"a/20261202": "2026-12-03 11:00"})),
    ],
)
def test_what_is_left_out_of_those_that_were_all_moved_is_named_by_its_old_or_its_new_time(
    left_out: str, expected: dict[str, str]
) -> None:
    moved = event("RECURRENCE-ID;RANGE=THISANDFUTURE:20261202T080000Z", start="DTSTART:20261203T100000Z")
    parsed = read(event(WEEKLY, f"EXDATE:{left_out}"), moved)
    assert (starts(parsed), parsed.refused) == (expected, ())


def test_a_doubtful_occurrence_is_known_by_the_hour_where_a_day_has_several() -> None:
    twice = event("RRULE:FREQ=DAILY;COUNT=2;BYHOUR=8,10", "EXDATE:20261125T070000Z")
    named = [line.appointment_id for line in read(twice).refused]
    assert named == ["a/20261125T0900", "a/20261125T1100"]


def test_each_occurrence_has_the_end_of_the_series() -> None:
    parsed = read(event(WEEKLY, "DTEND:20261125T083000Z"))
    assert {entry.values["ends_at"] for entry in parsed.entries} == {
        entry.starts_at.replace(minute=30) for entry in parsed.entries
    }
    backwards = read(event(WEEKLY, "DTEND:20261125T073000Z"))  # no end at all
    assert all("ends_at" not in entry.values for entry in backwards.entries)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (["RECURRENCE-ID:20261202T080000Z"], of_three(**{"a/20261202": "2026-12-03 11:00"})),
        (["RECURRENCE-ID;VALUE=DATE:20261202"], of_three(**{"a/20261202": "2026-12-03 11:00"})),
        (
            ["RECURRENCE-ID;RANGE=THISANDFUTURE:20261202T080000Z"],
            of_three(**{"a/20261202": "2026-12-03 11:00", "a/20261209": "2026-12-10 11:00"}),
        ),
    ],
)
def test_a_changed_occurrence_keeps_its_id(change: list[str], expected: dict[str, str]) -> None:
    assert starts(read(event(WEEKLY), event(*change, start="DTSTART:20261203T100000Z"))) == expected


def test_a_changed_occurrence_is_its_series_customer_s_unless_it_says_otherwise() -> None:
    moved = {"start": "DTSTART:20261203T100000Z"}
    for who, name in (("", "Ida Meier"), ("DESCRIPTION:Name: Eva Lang\\nMobil: 0171 5555003", "Eva Lang")):
        parsed = read(event(WEEKLY), event("RECURRENCE-ID:20261202T080000Z", who=who, **moved))
        names = {entry.appointment_id: entry.person and entry.person.name for entry in parsed.entries}
        assert names == {"a/20261125": "Ida Meier", "a/20261202": name, "a/20261209": "Ida Meier"}


def test_a_changed_occurrence_without_its_series_has_the_same_id_and_what_cannot_be_read_too() -> None:
    alone = read(event("RECURRENCE-ID:20261202T080000Z", start="DTSTART:20261203T100000Z"))
    assert starts(alone) == {"a/20261202": "2026-12-03 11:00"}
    assert alone.entries[0].series == "a"
    unread = read(event("RECURRENCE-ID:20261202T080000Z", start="DTSTART:bald"))
    assert [line.appointment_id for line in unread.refused] == ["a/20261202"]
    assert [line.appointment_id for line in read(event("RECURRENCE-ID:bald")).refused] == ["a"]
    nameless = read(event("RECURRENCE-ID:20261202T080000Z", uid=""))  # of which series?
    assert [line.appointment_id for line in nameless.refused] == [""]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (["SEQUENCE:1"], ["SEQUENCE:2"], {"a": "2026-11-25 10:00"}),
        (["SEQUENCE:2"], ["SEQUENCE:1"], {"a": "2026-11-25 09:00"}),
        (["SEQUENCE:2"], ["SEQUENCE:x"], {"a": "2026-11-25 09:00"}),  # which counts as none
        (
            ["SEQUENCE:1", "DTSTAMP:20261102T080000Z"],
            ["SEQUENCE:1", "DTSTAMP:20261101T080000Z"],
            {"a": "2026-11-25 09:00"},
        ),
        (
            ["DTSTAMP:20261103T080000Z", "LAST-MODIFIED:20261101T080000Z"],
            ["DTSTAMP:20261103T080000Z", "LAST-MODIFIED:20261102T080000Z"],
            {"a": "2026-11-25 10:00"},
        ),
        (["DTSTAMP:20261101T080000Z"], ["DTSTAMP:bald"], {"a": "2026-11-25 09:00"}),
        ([], [], {}),  # which one holds?
    ],
)
def test_of_two_versions_of_an_event_the_later_holds(
    first: list[str], second: list[str], expected: dict[str, str]
) -> None:
    parsed = read(event(*first), event(*second, start="DTSTART:20261125T090000Z"))
    assert starts(parsed) == expected
    assert len(parsed.refused) == (0 if expected else 2)


# ---------------------------------------------------------------- the file


@pytest.mark.parametrize(
    ("head", "complete"),
    [
        ("PRODID:x", True),
        ("METHOD:PUBLISH", True),
        ("METHOD:publish", True),
        ("METHOD:REQUEST", False),  # an invitation says nothing of other appointments
        ("METHOD:CANCEL", False),
    ],
)
def test_a_calendar_is_the_whole_schedule_unless_it_is_an_invitation(head: str, complete: bool) -> None:
    parsed = read(event(), head=head)
    assert parsed.complete is complete
    assert parsed.entries[0].values["status"] == ("Storniert" if head.endswith("CANCEL") else "")


@pytest.mark.parametrize("method", ["COUNTER", "DECLINECOUNTER", "REFRESH"])
def test_what_a_guest_asks_for_is_refused(method: str) -> None:
    with pytest.raises(ConfigError, match=f"a guest's question .METHOD:{method}."):
        read(event(), head=f"METHOD:{method}")


def test_a_calendar_without_its_end_is_cut_short() -> None:
    assert read(event(), end="").cut == "the calendar has no end"
    assert read(event(), end="", how=replace(HOW, force=True)).cut == ""
    assert read(event()).cut == ""
    inside = read("BEGIN:VEVENT", "UID:a", START, IDA, end="")
    assert [(line.appointment_id, line.reason) for line in inside.refused] == [("a", "has no end")]


@pytest.mark.parametrize(
    ("stamps", "written_at", "written_by"),
    [
        # DTSTAMP of all of them within ten minutes is when the file was written.
        (["DTSTAMP:20261120T080000Z", "DTSTAMP:20261120T081000Z"], "08:10", ""),
        (["DTSTAMP:20261120T080000Z", "DTSTAMP:20261120T081001Z"], "08:10", "b"),
        (["DTSTAMP:20261120T080000Z", ""], "08:00", "a"),  # one alone says nothing of the others
        (["LAST-MODIFIED:20261120T080000Z", "LAST-MODIFIED:20261120T083000Z"], "08:30", "b"),
        # one was changed after that
        (
            ["DTSTAMP:20261120T080000Z", "DTSTAMP:20261120T080000Z\nLAST-MODIFIED:20261120T081001Z"],
            "08:10",
            "b",
        ),
        (
            ["DTSTAMP:20261120T080000Z", "DTSTAMP:20261120T080000Z\nLAST-MODIFIED:20261120T081000Z"],
            "08:00",
            "",
        ),
        (["", ""], None, ""),
    ],
)
def test_when_a_calendar_was_written(stamps: list[str], written_at: str | None, written_by: str) -> None:
    parsed = read(*(event(*filter(None, [stamp]), uid=uid) for uid, stamp in zip("ab", stamps, strict=True)))
    assert (parsed.written_at and f"{parsed.written_at:%H:%M}") == written_at
    assert parsed.written_by == written_by


def test_a_refused_event_is_the_same_in_the_next_export() -> None:
    def key(*lines: str, start: str = "DTSTART:bald") -> str:
        return read(event(*lines, start=start)).refused[0].key

    assert key("DTSTAMP:20261101T080000Z", "SEQUENCE:1") == key("DTSTAMP:20261102T080000Z", "LAST-MODIFIED:x")
    assert key("CREATED:20261101T080000Z") == key()
    assert key("X-MOZ-LASTACK:20261101T080000Z") == key()
    assert key("X-ALT-DESC:Name: Ida") != key()
    assert key(start="DTSTART:nie") != key()


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("DESCRIPTION:Name: Ida\\, Meier\\nMobil: 1", "Meier"),
        ("DESCRIPTION:Name: Meier\\NMobil: 1", "Meier"),
        ("DESCRIPTION:Name\\: Meier\\nMobil\\: 1", "Meier"),
        ('DESCRIPTION:Name: Ida \\"Meier\\"\\nMobil: 1', '"Meier"'),
        ("DESCRIPTION:Name: Mei\n er\\nMobil: 1", "Meier"),  # folded
        ("DESCRIPTION;ENCODING=QUOTED-PRINTABLE;CHARSET=utf-8:Name: M=C3=BCller=0AMobil: 1", "Müller"),
        ("DESCRIPTION;ENCODING=QUOTED-PRINTABLE;CHARSET=cp1252:Name: M=FCller=0AMobil: 1", "Müller"),
        ("DESCRIPTION;ENCODING=QUOTED-PRINTABLE:Name: M=C3=\n=BCller=0AMobil: 1", "Müller"),
        ("DESCRIPTION;ENCODING=QUOTED-PRINTABLE;CHARSET=what:Name: M=C3=BCller=0AMobil: 1", "Müller"),
    ],
)
def test_a_text_is_read_as_programs_write_it(written: str, text: str) -> None:
    (entry,) = read(event(who=written)).entries
    assert entry.person is not None
    assert text in (entry.person.said["last_name"], entry.person.said["first_name"])
    assert entry.person.said["mobile"] == "1"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"X-WR-CALNAME:Anna\r\nBEGIN", "Anna"),
        (b"BEGIN:VCALENDAR\nname;LANGUAGE=de: Bernd \nX", "Bernd"),
        (b"BEGIN:VCALENDAR\nSUMMARY:X-WR-CALNAME:Anna", ""),
        ("X-WR-CALNAME:Anna".encode("utf-16-le"), "Anna"),
    ],
)
def test_the_name_of_a_calendar_tells_two_of_them_apart(content: bytes, name: str) -> None:
    assert icalendar_lines.name_of(content) == name


@pytest.mark.parametrize(
    ("file_name", "undated"),
    [
        ("praxis.ics", "praxis"),
        ("praxis", "praxis"),
        ("praxis (2).ics", "praxis"),
        ("praxis-2026-11-24.ics", "praxis"),
        ("praxis_20261124_0930.ics", "praxis"),
        ("praxis 24112026.ics", "praxis"),
        ("praxis-12.ics", "praxis-12"),  # the twelfth, and no date
    ],
)
def test_the_name_of_a_file_is_the_same_each_night(file_name: str, undated: str) -> None:
    assert icalendar_lines.undated(file_name) == undated


@pytest.mark.parametrize(
    ("content", "calendar"),
    [
        (b"BEGIN:VCALENDAR\n", True),
        (b"\xef\xbb\xbf\r\n begin:vcalendar", True),
        ("\ufeffBEGIN:VCALENDAR".encode("utf-16"), True),
        (b"Termin-ID;Beginn", False),
        (b"", False),
    ],
)
def test_a_calendar_is_known_by_its_first_line(content: bytes, calendar: bool) -> None:
    assert icalendar_lines.is_calendar(content) is calendar


@pytest.mark.parametrize(
    ("series", "change", "reason", "stand"),
    [
        # by the hour of summer time, or as the series was before it was moved
        (["EXDATE:20261202T070000Z"], None, "EXDATE: the series has nothing at 2026-12-02 08:00, but", THREE),
        (
            [],
            "20261202T070000Z",
            "RECURRENCE-ID: the series has nothing at 2026-12-02 08:00, but at 09:",
            THREE,
        ),
        (
            ["EXDATE:20261202T080000Z"],
            "20261202T080000Z",
            "RECURRENCE-ID: 2026-12-02 09:00 is changed, and left out by EXDATE",
            of_three("a/20261202"),
        ),
        # what they say is sure
        (["EXDATE:20261203T080000Z"], None, "", THREE),  # a day on which it has nothing
        (["EXDATE:20261118T070000Z"], None, "", THREE),  # over
        ([], "20261203T080000Z", "", {**THREE, "a/20261203": "2026-12-10 10:00"}),
        ([], "20261202T080000Z", "", {**THREE, "a/20261202": "2026-12-10 10:00"}),
    ],
)
@pytest.mark.parametrize("status", ["CONFIRMED", "CANCELLED"])
def test_a_change_at_a_time_at_which_the_series_has_nothing_is_refused_with_the_one_of_its_day(
    series: list[str], change: str | None, reason: str, stand: dict[str, str], status: str
) -> None:
    changed = [
        event(f"RECURRENCE-ID:{named}", f"STATUS:{status}", start="DTSTART:20261210T090000Z")
        for named in (change,)
        if named
    ]
    parsed = read(event(WEEKLY, *series), *changed)
    sure = not reason or (status == "CANCELLED" and "left out by" in reason)
    assert [line.reason.startswith(reason) for line in parsed.refused] == [True] * (not sure)
    assert {line.appointment_id for line in parsed.refused} <= {"a/20261202"}
    assert starts(parsed) == stand


def test_a_change_of_all_later_ones_at_a_time_at_which_there_is_none_refuses_the_series() -> None:
    later = event("RECURRENCE-ID;RANGE=THISANDFUTURE:20261202T070000Z", start="DTSTART:20261202T090000Z")
    parsed = read(event(WEEKLY), later)
    assert ([(line.appointment_id, line.name) for line in parsed.refused], starts(parsed)) == (
        [("a", "Ida Meier")],
        {},
    )
    nobody_s = read(event(WEEKLY, who=""), later)  # the change alone names somebody
    assert [(line.appointment_id, line.name) for line in nobody_s.refused] == [("a", "")]


def test_a_change_that_cannot_be_read_is_known_by_the_hour_where_a_day_has_several() -> None:
    twice = event("RRULE:FREQ=DAILY;COUNT=2;BYHOUR=8,10")
    parsed = read(twice, event("RECURRENCE-ID:20261125T100000Z", start="DTSTART:bald"))
    assert [line.appointment_id for line in parsed.refused] == ["a/20261125T1100"]


@pytest.mark.parametrize(
    ("day", "change", "expected"),
    [
        # In winter ten o'clock here is nine o'clock in UTC, and eight o'clock here is what nine is in UTC.
        ("BYHOUR=9,10", "EXDATE;TZID=Europe/Berlin:20261126T090000", ["10:00"]),
        ("BYHOUR=9,10", "EXDATE:20261126T080000Z", ["10:00"]),
        ("BYHOUR=8,9", "EXDATE;TZID=Europe/Berlin:20261126T090000", ["08:00"]),
        ("BYHOUR=8,9", "EXDATE:20261126T080000Z", ["08:00"]),
        ("BYHOUR=8,9", "RECURRENCE-ID;TZID=Europe/Berlin:20261126T090000", ["08:00", "14:00"]),
        ("BYHOUR=9,10", "RECURRENCE-ID;TZID=Europe/Berlin:20261126T090000", ["10:00", "14:00"]),
        ("BYHOUR=9,10", "RECURRENCE-ID:20261126T080000Z", ["10:00", "14:00"]),
        # So a program moves one from nine to ten.
        (
            "COUNT=2\nRDATE;TZID=Europe/Berlin:20261126T100000",
            "EXDATE;TZID=Europe/Berlin:20261126T090000",
            ["10:00"],
        ),
    ],
)
def test_what_is_left_out_or_changed_takes_no_other_of_its_day_with_it(
    day: str, change: str, expected: list[str]
) -> None:
    daily, at_two = f"RRULE:FREQ=DAILY;{day}", "DTSTART;TZID=Europe/Berlin:20261126T140000"
    nine = "DTSTART;TZID=Europe/Berlin:20261125T090000"
    parsed = (
        read(event(daily, change, start=nine))
        if change.startswith("EXDATE")
        else read(event(daily, start=nine), event(change, start=at_two))
    )
    there = sorted(said[11:] for said in starts(parsed).values() if said.startswith("2026-11-26"))
    assert (there, parsed.refused) == (expected, ())


def test_of_two_changes_of_one_occurrence_the_later_one_holds() -> None:
    changes = [
        event("RECURRENCE-ID:20261202T080000Z", f"SEQUENCE:{sequence}", start=f"DTSTART:20261202T{hour}0000Z")
        for sequence, hour in ((2, 12), (1, 14))
    ]
    assert starts(read(event(WEEKLY), *changes))["a/20261202"] == "2026-12-02 13:00"
