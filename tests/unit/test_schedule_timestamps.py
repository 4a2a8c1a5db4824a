"""Every form of a timestamp, on ordinary days and in the two nights in which the clock changes."""

# ruff: noqa: DTZ001 - readings of the local clock are what this is about

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminbenachrichtigung.schedule.timestamps import Timestamps, wall_bounds
from terminbenachrichtigung.schedule.values import Unreadable

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


READABLE = [
    # what the schedule holds, what it is in UTC, why
    ("2026-11-24 09:00:00", "2026-11-24 08:00", "a blank, in winter"),
    ("2026-07-24 09:00:00", "2026-07-24 07:00", "a blank, in summer"),
    ("2026-11-24T09:00:00", "2026-11-24 08:00", "a T"),
    ("2026-11-24T09:00", "2026-11-24 08:00", "a T, no seconds"),
    ("2026-11-24 09:00", "2026-11-24 08:00", "a blank, no seconds"),
    ("2026-11-24 09:00:00.5", "2026-11-24 08:00:00.500000", "one digit of a fraction"),
    ("2026-11-24 09:00:00.000000", "2026-11-24 08:00", "six digits, as Python writes"),
    ("2026-11-24T09:00:00.1234567", "2026-11-24 08:00:00.123456", "seven digits, as .NET writes"),
    ("2026-11-24T08:00:00Z", "2026-11-24 08:00", "Z"),
    ("2026-11-24T08:00Z", "2026-11-24 08:00", "Z, no seconds"),
    ("2026-11-24 08:00:00.25Z", "2026-11-24 08:00:00.250000", "Z after a fraction"),
    ("2026-11-24T09:00:00+01:00", "2026-11-24 08:00", "an offset"),
    ("2026-11-24 09:00:00+01", "2026-11-24 08:00", "an offset as PostgreSQL writes it"),
    ("2026-11-24 09:00:00+0100", "2026-11-24 08:00", "an offset without a colon"),
    ("2026-11-24 09:00:00 +01:00", "2026-11-24 08:00", "a blank before the offset, as .NET writes"),
    ("2026-11-24T03:00:00-05:00", "2026-11-24 08:00", "an offset to the west"),
    ("2026-11-24T22:00:00+14:00", "2026-11-24 08:00", "the offset that is furthest to the east"),
    ("2026-11-24 09:00:00  ", "2026-11-24 08:00", "blanks behind it, as in a column of fixed length"),
    ("2026-11-24T09:00:00-09:30", "2026-11-24 18:30", "the Marquesas, written as RFC 3339 has it"),
    ("2026-11-24 09:00:00-10", "2026-11-24 19:00", "Hawaii, as PostgreSQL writes it"),
    ("2026-11-24 09:00-03:30", "2026-11-24 12:30", "behind a blank, but earlier than nine: no stretch"),
    ("2026-11-24 09:00+10:00", "2026-11-23 23:00", "a plus is never a stretch"),
    ("2026-11-24 00:00:00", "2026-11-23 23:00", "midnight"),
    ("2026-11-24 12:00:00", "2026-11-24 11:00", "noon"),
    ("2026-11-24 13:00:00", "2026-11-24 12:00", "an hour past noon"),
    # 2026-10-25: the hour from 02:00 to 03:00 comes twice
    ("2026-10-25 01:59:00", "2026-10-24 23:59", "before the repeated hour"),
    ("2026-10-25 02:00:00", "2026-10-25 00:00", "twice: the earlier one"),
    ("2026-10-25 02:30:00", "2026-10-25 00:30", "twice: the earlier one"),
    ("2026-10-25 03:00:00", "2026-10-25 02:00", "after the repeated hour"),
    ("2026-10-25 02:30:00+01:00", "2026-10-25 01:30", "an offset names the later one"),
    # 2027-03-28: the hour from 02:00 to 03:00 does not exist
    ("2027-03-28 01:59:00", "2027-03-28 00:59", "before the lost hour"),
    ("2027-03-28 02:00:00", "2027-03-28 01:00", "lost: moved forward to 03:00"),
    ("2027-03-28 02:30:00", "2027-03-28 01:30", "lost: moved forward to 03:30"),
    ("2027-03-28 03:00:00", "2027-03-28 01:00", "after the lost hour"),
    ("9999-12-31 23:59:59", "9999-12-31 22:59:59", "a date that means never"),
    (datetime(2026, 11, 24, 9), "2026-11-24 08:00", "a timestamp without a zone"),
    (datetime(2026, 10, 25, 2, 30), "2026-10-25 00:30", "without a zone, twice"),
    (datetime(2026, 10, 25, 2, 30, fold=1), "2026-10-25 00:30", "without a zone there is no later one"),
    (datetime(2027, 3, 28, 2, 30), "2027-03-28 01:30", "without a zone, lost"),
    (datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN), "2026-10-25 01:30", "with a zone, the later one"),
    (datetime(2026, 11, 24, 3, tzinfo=timezone(timedelta(hours=-5))), "2026-11-24 08:00", "another zone"),
]

UNREADABLE = [
    ("kaputt", "a word"),
    ("24.11.2026 09:00", "a German date"),
    ("11/24/2026 09:00", "an American date"),
    ("2026-11-24 9:00", "an hour with one digit"),
    ("2026-11-24 25:00", "no such hour"),
    ("2026-11-24 24:00:01", "after the end of the day"),
    ("2026-11-31 09:00", "no such day"),
    ("2026-13-24 09:00", "no such month"),
    ("2026-11-24 09:00 Uhr", "a word behind it"),
    ("2026-11-24 09:00:00 CET", "a zone by its name"),
    ("2026-11-24x09:00", "another separator"),
    ("2026-11-24 09", "no minutes: would sort wrongly"),
    ("20261124T0900", "no separators: would sort wrongly"),
    ("2026-W48-2T09:00", "a week"),
    ("0001-01-01 00:00", "before the first moment that UTC has"),
    ("2026-11-24 09:00\x00", "a NUL character"),
    ("２０２６-11-24 09:00", "digits of another script"),
    ("  2026-11-24 09:00", "blanks before it: would sort wrongly"),
    ("0026-11-24 09:00", "a year with two digits"),
    ("2026-11-24t09:00", "a small t"),
    ("2026-11-24 9:00 AM", "a clock with twelve hours"),
    ("2026-11-24 09:00 PM", "the same, with two digits"),
    ("2026-11-24 09.00", "a full stop"),
    ("2026-11-24  09:00", "two blanks"),
    # a stretch of time, or an offset: refused, where both could be meant
    ("2026-11-24 09:00-09:30", "nine to half past, or the Marquesas"),
    ("2026-11-24 09:00 -09:30", "the same, with a blank"),
    ("2026-11-24 09:00 - 09:30", "the same, with two"),
    ("2026-11-24 09:00-0930", "the same, without a colon"),
    ("2026-11-24 09:00-10:00", "nine to ten, or Hawaii"),
    ("2026-11-24 09:00-10", "nine to ten, or Hawaii"),
    ("2026-11-24 09:00:00-09:30", "seconds alone do not tell"),
    ("2026-11-24 09:00:00-09:30:00", "seconds on both sides"),
    ("2026-11-24T09:00-10:00", "nor does a T alone"),
    ("2026-11-24 14:00-1430", "two o'clock to half past"),
    # offsets that no clock has
    ("2026-11-24T09:00:00-09:45", "a quarter to ten"),
    ("2026-11-24T09:00:00-13:00", "further west than the date line"),
    ("2026-11-24T09:00:00+14:30", "further east"),
    ("2026-11-24 09:00+01:17", "minutes that no clock has"),
    ("2026-11-24 09:00:00+01:00:30", "seconds"),
    (1795507200, "seconds since 1970"),
    (2461369.5, "a Julian day"),
    (True, "a boolean"),
    (b"2026-11-24 09:00", "bytes"),
    ([], "something else"),
]


@pytest.mark.parametrize(("value", "expected", "why"), READABLE, ids=[row[2] for row in READABLE])
def test_every_form_of_a_timestamp_is_read(value: object, expected: str, why: str) -> None:
    assert Timestamps(BERLIN).read(value, time_needed=True) == utc(expected)


@pytest.mark.parametrize(("value", "expected", "why"), READABLE, ids=[row[2] for row in READABLE])
def test_a_column_of_timestamps_is_read_alike_the_first_and_the_second_time(
    value: object, expected: str, why: str
) -> None:
    timestamps = Timestamps(BERLIN)
    # Others of the same day and of the same time come first, so that both are remembered.
    others = ["2026-11-24 08:00", "2026-07-24 08:00", "2026-01-01 02:30:00", "2026-01-01 09:00:00"]
    for _ in range(2):
        assert timestamps.column([*others, value, value], time_needed=True)[-2:] == [utc(expected)] * 2


@pytest.mark.parametrize(("value", "why"), UNREADABLE, ids=[row[1] for row in UNREADABLE])
def test_what_is_no_timestamp_is_unreadable_alone_and_in_a_column(value: object, why: str) -> None:
    timestamps = Timestamps(BERLIN)
    assert timestamps.column(["2026-11-24 09:00", "2026-11-24 09:00:00"], time_needed=True)
    with pytest.raises(Unreadable):
        timestamps.read(value, time_needed=True)
    with pytest.raises(Unreadable):
        timestamps.column(["2026-11-24 09:00", value], time_needed=True)


@pytest.mark.parametrize("value", ["2026-11-24", "2026-11-24 ", date(2026, 11, 24)])
def test_a_bare_date_is_its_midnight_but_not_where_a_time_of_day_is_needed(value: object) -> None:
    timestamps = Timestamps(BERLIN)
    assert timestamps.read(value, time_needed=False) == utc("2026-11-23 23:00")
    with pytest.raises(Unreadable, match="no time of day"):
        timestamps.read(value, time_needed=True)


@pytest.mark.parametrize("value", [None, "", "   "])
def test_a_missing_timestamp_is_none(value: object) -> None:
    assert Timestamps(BERLIN).read(value, time_needed=True) is None
    assert Timestamps(BERLIN).column([value], time_needed=True) == [None]


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Berlin",
        "Europe/Lisbon",
        "America/St_Johns",  # half hours
        "Australia/Lord_Howe",  # a summer time of half an hour
        "Africa/Cairo",  # the clock changes at midnight
        "Pacific/Kiritimati",  # 14 hours ahead
        "Pacific/Apia",  # left out a whole day in 2011
    ],
)
@given(moment=st.datetimes(datetime(2010, 1, 1), datetime(2035, 1, 1)))
def test_adding_dates_to_times_gives_what_python_gives(zone: str, moment: datetime) -> None:
    here = ZoneInfo(zone)
    expected = moment.replace(tzinfo=here, fold=0).astimezone(UTC)
    timestamps = Timestamps(here)
    for text in (moment.isoformat(" "), moment.isoformat("T")):
        assert timestamps.column([text, text], time_needed=True) == [expected, expected]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "America/St_Johns"])
@given(
    reading=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),
    before=st.timedeltas(timedelta(0), timedelta(hours=30)),
    after=st.timedeltas(timedelta(0), timedelta(hours=30)),
)
def test_no_reading_of_the_clock_in_a_range_lies_outside_its_bounds(
    zone: str, reading: datetime, before: timedelta, after: timedelta
) -> None:
    moment = reading.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    start, end = wall_bounds(moment - before, moment + after, ZoneInfo(zone))
    assert start <= reading <= end


def test_the_bounds_are_exact_on_ordinary_days() -> None:
    bounds = wall_bounds(utc("2026-11-24 09:00"), utc("2026-11-25 09:00"), BERLIN)
    assert bounds == (datetime(2026, 11, 24, 10), datetime(2026, 11, 25, 10))
