"""Quiet periods, reach and last chance: the contract's examples, and a slow but obvious oracle."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from terminbenachrichtigung.config.settings import Rules
from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.model.lead import DaysBefore, HoursBefore
from terminbenachrichtigung.times.windows import Period, Quiet

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    """A local clock time as the moment it stands for; `fold=1` is the second one of two."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def quiet(zone: ZoneInfo = BERLIN, /, **rules: object) -> Quiet:
    return Quiet(Rules.model_validate(rules), zone)


def nights(start: str, end: str, **rules: object) -> dict[str, object]:
    return {"quiet_start": time.fromisoformat(start), "quiet_end": time.fromisoformat(end), **rules}


# ---------------------------------------------------------------- quiet periods


@pytest.mark.parametrize(
    ("clock", "is_quiet"),
    [
        pytest.param("19:59", False, id="the minute before the night is open"),
        pytest.param("20:00", True, id="quiet_start itself is quiet"),
        pytest.param("23:59", True, id="before midnight"),
        pytest.param("00:00", True, id="midnight"),
        pytest.param("07:59", True, id="the last minute of the night"),
        pytest.param("08:00", False, id="quiet_end itself is open"),
        pytest.param("12:00", False, id="noon is open: no 12-hour clock"),
        pytest.param("13:00", False, id="one in the afternoon is open"),
    ],
)
def test_a_night_across_midnight_is_quiet_from_its_start_up_to_its_end(clock: str, is_quiet: bool) -> None:
    found = quiet().period_at(at(f"2026-11-24 {clock}"))
    assert (found is not None) == is_quiet


@pytest.mark.parametrize(
    ("start", "end", "clock", "is_quiet"),
    [
        pytest.param("12:00", "13:00", "11:59", False, id="before noon"),
        pytest.param("12:00", "13:00", "12:00", True, id="noon"),
        pytest.param("12:00", "13:00", "12:59", True, id="the last minute"),
        pytest.param("12:00", "13:00", "13:00", False, id="one o'clock"),
        pytest.param("12:00", "13:00", "00:30", False, id="half past midnight is not half past noon"),
        pytest.param("00:00", "06:00", "00:00", True, id="starts at midnight"),
        pytest.param("00:00", "06:00", "23:59", False, id="ends before the next midnight"),
        pytest.param("20:00", "00:00", "23:59", True, id="up to midnight"),
        pytest.param("20:00", "00:00", "00:00", False, id="midnight itself is open"),
    ],
)
def test_a_quiet_time_within_one_day_does_not_cross_midnight(
    start: str, end: str, clock: str, is_quiet: bool
) -> None:
    found = quiet(**nights(start, end)).period_at(at(f"2026-11-24 {clock}"))
    assert (found is not None) == is_quiet


@pytest.mark.parametrize(
    ("rules", "moment", "expected"),
    [
        pytest.param({}, "2026-11-24 23:00", ("2026-11-24 20:00", "2026-11-25 08:00"), id="a night alone"),
        pytest.param(
            {"quiet_days": ("sunday",)},
            "2026-11-29 12:00",
            ("2026-11-28 20:00", "2026-11-30 08:00"),
            id="a Sunday swallows the nights on both sides",
        ),
        pytest.param(
            {"quiet_days": ("sunday",)},
            "2026-11-28 21:00",
            ("2026-11-28 20:00", "2026-11-30 08:00"),
            id="the same one, seen from Saturday evening",
        ),
        pytest.param(
            {"quiet_hours": False, "quiet_days": ("sunday",)},
            "2026-11-29 12:00",
            ("2026-11-29 00:00", "2026-11-30 00:00"),
            id="without nights: the whole local day",
        ),
        pytest.param(
            {"quiet_dates": (date(2026, 12, 24),), "quiet_holidays": "DE-HH", "quiet_days": ("sunday",)},
            "2026-12-26 12:00",
            ("2026-12-23 20:00", "2026-12-28 08:00"),
            id="a date, two public holidays and a Sunday in a row",
        ),
        pytest.param(
            nights("22:00", "00:00", quiet_days=("wednesday",)),
            "2026-11-24 23:00",
            ("2026-11-24 22:00", "2026-11-26 00:00"),
            id="adjoining at midnight",
        ),
        pytest.param(
            {"quiet_dates": tuple(date(2026, 7, 1) + timedelta(days=n) for n in range(31))},
            "2026-07-15 12:00",
            ("2026-06-30 20:00", "2026-08-01 08:00"),
            id="a month of holidays for the whole practice",
        ),
    ],
)
def test_adjoining_and_overlapping_quiet_periods_merge(
    rules: dict[str, object], moment: str, expected: tuple[str, str]
) -> None:
    assert quiet(**rules).period_at(at(moment)) == Period(at(expected[0]), at(expected[1]))


@pytest.mark.parametrize(
    ("holidays", "day", "is_quiet"),
    [
        pytest.param("DE-HH", "2026-10-31", True, id="Reformation Day is a holiday in Hamburg"),
        pytest.param("DE-BY", "2026-10-31", False, id="but not in Bavaria"),
        pytest.param("DE", "2026-10-03", True, id="a whole country"),
        pytest.param("DE", "2027-01-01", True, id="of another year than the last one asked for"),
        pytest.param("AT", "2026-10-26", True, id="another country"),
        pytest.param("", "2026-10-03", False, id="none named"),
    ],
)
def test_public_holidays_are_those_of_the_named_region(holidays: str, day: str, is_quiet: bool) -> None:
    found = quiet(quiet_hours=False, quiet_holidays=holidays).period_at(at(f"{day} 12:00"))
    assert (found is not None) == is_quiet


def test_the_next_period_starts_after_the_moment_and_is_never_the_present_one() -> None:
    every_night = quiet()
    tuesday = Period(at("2026-11-24 20:00"), at("2026-11-25 08:00"))
    wednesday = Period(at("2026-11-25 20:00"), at("2026-11-26 08:00"))
    assert every_night.next_period(at("2026-11-24 19:59")) == tuesday
    assert every_night.next_period(at("2026-11-24 20:00")) == wednesday
    assert every_night.next_period(at("2026-11-25 07:59")) == wednesday
    assert every_night.next_period(at("2026-11-25 08:00")) == wednesday


def test_without_quiet_periods_there_is_no_next_one_and_every_moment_is_open() -> None:
    never = quiet(quiet_hours=False)
    assert never.next_period(at("2026-11-24 19:59")) is None
    assert never.period_at(at("2026-11-24 23:00")) is None
    assert never.next_open(at("2026-11-24 23:00")) == at("2026-11-24 23:00")


def test_a_single_quiet_date_months_ahead_is_the_next_period() -> None:
    found = quiet(quiet_hours=False, quiet_dates=(date(2027, 8, 15),)).next_period(at("2026-11-24 10:00"))
    assert found == Period(at("2027-08-15 00:00"), at("2027-08-16 00:00"))


def test_a_year_of_quiet_dates_ends_when_it_ends() -> None:
    """Longer than anything that comes round each year, and all the same no mistake: somebody is away."""
    away = tuple(date(2026, 12, 1) + timedelta(days=each) for each in range(500))
    assert quiet(quiet_dates=away).next_open(at("2026-12-24 10:00")) == at("2028-04-14 08:00")


def test_the_next_open_moment_is_the_end_of_the_merged_period() -> None:
    sundays = quiet(quiet_days=("sunday",))
    assert sundays.next_open(at("2026-11-28 20:00")) == at("2026-11-30 08:00")
    assert sundays.next_open(at("2026-11-28 19:59")) == at("2026-11-28 19:59")


def test_quiet_periods_that_leave_no_open_time_end_with_an_error_and_not_never() -> None:
    always = quiet(quiet_days=("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
    with pytest.raises(ConfigError, match="no open time"):
        always.period_at(at("2026-11-24 10:00"))


# ---------------------------------------------------------------- the nights in which the clock changes


@pytest.mark.parametrize(
    ("rules", "moment", "expected"),
    [
        pytest.param(
            nights("20:00", "08:00"),
            at("2027-03-28 01:00"),
            Period(at("2027-03-27 20:00"), at("2027-03-28 08:00")),  # eleven hours long
            id="the short night in spring keeps its clock times",
        ),
        pytest.param(
            nights("20:00", "08:00"),
            at("2026-10-25 01:00"),
            Period(at("2026-10-24 20:00"), at("2026-10-25 08:00")),  # thirteen hours long
            id="the long night in autumn keeps its clock times",
        ),
        pytest.param(
            nights("22:00", "02:30"),
            at("2027-03-28 01:00"),
            Period(at("2027-03-27 22:00"), datetime(2027, 3, 28, 1, tzinfo=UTC)),
            id="an end that the clock leaves out is the moment of the change",
        ),
        pytest.param(
            nights("02:30", "06:00"),
            at("2027-03-28 04:00"),
            Period(datetime(2027, 3, 28, 1, tzinfo=UTC), at("2027-03-28 06:00")),
            id="so is a start",
        ),
        pytest.param(
            nights("22:00", "02:30"),
            at("2026-10-25 01:00"),
            Period(at("2026-10-24 22:00"), at("2026-10-25 02:30", fold=1)),
            id="of two ends the later one counts",
        ),
        pytest.param(
            nights("02:30", "06:00"),
            at("2026-10-25 04:00"),
            Period(at("2026-10-25 02:30"), at("2026-10-25 06:00")),
            id="of two starts the earlier one counts",
        ),
        pytest.param(
            nights("22:00", "02:00"),
            at("2026-10-25 01:00"),
            Period(at("2026-10-24 22:00"), at("2026-10-25 02:00")),
            id="a night that is over before the clock goes back does not begin again",
        ),
    ],
)
def test_quiet_hours_go_by_the_local_clock_in_the_nights_of_the_change(
    rules: dict[str, object], moment: datetime, expected: Period
) -> None:
    assert quiet(**rules).period_at(moment) == expected


def test_a_night_that_lies_wholly_in_the_hour_left_out_does_not_exist() -> None:
    short = quiet(**nights("02:10", "02:50"))
    assert short.period_at(datetime(2027, 3, 28, 1, tzinfo=UTC)) is None
    assert short.next_period(at("2027-03-28 00:00")) == Period(at("2027-03-29 02:10"), at("2027-03-29 02:50"))


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        # Cairo puts its clocks forward at midnight: the day begins at one o'clock.
        pytest.param(
            "Africa/Cairo", date(2026, 4, 24), ("2026-04-23T22:00", "2026-04-24T21:00"), id="no midnight"
        ),
        # Havana puts them back from one o'clock to midnight: the day has two, and 25 hours.
        pytest.param(
            "America/Havana", date(2026, 11, 1), ("2026-11-01T04:00", "2026-11-02T05:00"), id="two midnights"
        ),
        pytest.param(
            "America/Havana",
            date(2026, 10, 31),
            ("2026-10-31T04:00", "2026-11-01T04:00"),
            id="the day before two midnights ends at the first",
        ),
        # St. John's went back from 00:01 to 23:01, so that a minute of Sunday came before Saturday's end.
        pytest.param(
            "America/St_Johns",
            date(2010, 11, 6),
            ("2010-11-06T02:30", "2010-11-07T03:30"),
            id="a day that comes back after midnight",
        ),
        # Apia left out a whole day to come to the other side of the date line.
        pytest.param(
            "Pacific/Apia",
            date(2011, 12, 29),
            ("2011-12-29T10:00", "2011-12-30T10:00"),
            id="before a day left out",
        ),
    ],
)
def test_whole_local_days_are_whole_wherever_the_clock_changes_at_midnight(
    zone: str, day: date, expected: tuple[str, str]
) -> None:
    start, end = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in expected)
    whole = quiet(ZoneInfo(zone), quiet_hours=False, quiet_dates=(day,))
    assert whole.period_at(start) == Period(start, end)
    assert whole.period_at(start - timedelta(microseconds=1)) is None
    assert whole.day_start(day) == start


def test_an_end_in_the_hour_left_out_is_the_moment_of_the_change_whatever_its_minute() -> None:
    change = datetime(2027, 3, 28, 1, tzinfo=UTC)
    for minute in range(1, 60):
        found = quiet(**nights("22:00", f"02:{minute:02}")).period_at(at("2027-03-28 01:00"))
        assert found == Period(at("2027-03-27 22:00"), change)


def test_a_day_that_has_begun_is_quiet_though_the_clock_shows_the_day_before_again() -> None:
    # St. John's: Sunday begins, and a minute later it is 23:01 of Saturday.
    sunday = quiet(ZoneInfo("America/St_Johns"), quiet_hours=False, quiet_dates=(date(2010, 11, 7),))
    whole = Period(datetime(2010, 11, 7, 2, 30, tzinfo=UTC), datetime(2010, 11, 8, 3, 30, tzinfo=UTC))
    assert sunday.period_at(datetime(2010, 11, 7, 2, 45, tzinfo=UTC)) == whole


def test_the_nights_on_both_sides_of_a_day_left_out_are_one() -> None:
    apia = ZoneInfo("Pacific/Apia")
    whole = Period(at("2011-12-29 20:00", apia), at("2011-12-31 08:00", apia))
    for clock in ("2011-12-29 21:00", "2011-12-31 03:00"):
        assert quiet(apia).period_at(at(clock, apia)) == whole


# ---------------------------------------------------------------- open time, and the last of it


@pytest.mark.parametrize(
    ("since", "until", "minutes"),
    [
        # since          until             open in between
        ("2026-11-24 19:00", "2026-11-24 21:00", 60),
        ("2026-11-24 21:00", "2026-11-25 09:00", 60),
        ("2026-11-24 21:00", "2026-11-24 21:00", 0),
        ("2026-11-24 21:00", "2026-11-24 20:30", 0),  # not later: none
        ("2026-11-24 11:00", "2026-11-24 10:00", 0),
    ],
)
def test_open_time_is_what_lies_outside_quiet_periods(since: str, until: str, minutes: int) -> None:
    assert quiet().open_time_between(at(since), at(until)) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("clock", "last"), [("18:29", False), ("18:30", True), ("19:59", True), ("20:00", False)]
)
def test_the_last_ninety_minutes_before_an_end_do_not_hold_the_end(clock: str, last: bool) -> None:
    assert quiet().in_pre_quiet(at(f"2026-11-24 {clock}"), at("2026-11-24 20:00")) is last


@pytest.mark.parametrize(
    ("rules", "start", "chance"),
    [
        # Wednesday is 2026-11-25.
        ({}, "2026-11-25 09:00", "2026-11-24 20:00"),
        (nights("20:00", "00:00"), "2026-11-25 09:00", "2026-11-24 20:00"),  # Wednesday begins open
        (nights("00:00", "08:00"), "2026-11-25 09:00", "2026-11-25 00:00"),  # Tuesday ends open
        ({"quiet_days": ["tuesday"]}, "2026-11-25 09:00", "2026-11-23 20:00"),
        ({"same_day": True}, "2026-11-25 09:00", "2026-11-25 09:00"),
        (
            {"same_day": True},
            "2026-11-25 08:00",
            "2026-11-24 20:00",
        ),  # no moment of the day is open before it
        ({"same_day": True}, "2026-11-25 07:00", "2026-11-24 20:00"),
    ],
)
def test_the_last_chance_is_the_end_of_the_last_open_time(
    rules: dict[str, object], start: str, chance: str
) -> None:
    assert quiet(**rules).last_chance(at(start)) == at(chance)


# ---------------------------------------------------------------- reach


@pytest.mark.parametrize(
    ("rules", "moment", "expected"),
    [
        pytest.param({}, "2026-11-24 10:00", "2026-11-25 10:00", id="a plain day ahead"),
        pytest.param({}, "2026-11-24 18:29", "2026-11-25 18:29", id="a minute before the pre-quiet time"),
        pytest.param({}, "2026-11-24 18:30", "2026-11-26 07:00", id="the pre-quiet time: E + 23 h"),
        pytest.param({}, "2026-11-24 19:59", "2026-11-26 07:00", id="the last open minute"),
        pytest.param({}, "2026-11-25 08:00", "2026-11-26 08:00", id="the first open minute"),
        pytest.param(
            {"quiet_days": ("sunday",)}, "2026-11-28 18:30", "2026-12-01 07:00", id="E is Monday morning"
        ),
        pytest.param(
            {"pre_quiet_minutes": 0}, "2026-11-24 19:59", "2026-11-25 19:59", id="no pre-quiet time at all"
        ),
        pytest.param(
            nights("12:00", "12:30"),
            "2026-11-24 11:50",
            "2026-11-25 11:50",
            id="after a short quiet period the plain reach is the larger one",
        ),
        pytest.param({"quiet_hours": False}, "2026-11-24 19:00", "2026-11-25 19:00", id="never quiet"),
        pytest.param({}, "2027-03-27 10:00", "2027-03-28 11:00", id="24 hours are a clock day and an hour"),
        pytest.param({}, "2026-10-24 10:00", "2026-10-25 09:00", id="24 hours are a clock day less an hour"),
        # 22:30 lies in the last 90 minutes before both: nobody could tell which one a run will reach.
        pytest.param(
            nights("23:00", "23:30", quiet_days=("wednesday",)),
            "2026-11-24 22:30",
            "2026-11-26 23:00",
            id="two quiet periods with half an hour between them",
        ),
    ],
)
def test_reach_counts_elapsed_hours_and_looks_past_the_night(
    rules: dict[str, object], moment: str, expected: str
) -> None:
    assert quiet(**rules).reach(at(moment), HoursBefore(24)) == at(expected)


@pytest.mark.parametrize(
    ("rules", "start", "expected"),
    [
        pytest.param({}, "2026-11-25 18:00", "2026-11-24 18:00", id="24 hours before"),
        pytest.param({}, "2026-11-25 19:30", "2026-11-24 18:30", id="brought forward by the pre-quiet time"),
        pytest.param({}, "2026-11-26 07:00", "2026-11-24 18:30", id="the last start the evening takes"),
        pytest.param({}, "2026-11-26 07:01", "2026-11-25 08:00", id="the first that the morning takes"),
        pytest.param({}, "2026-11-26 08:01", "2026-11-25 08:01", id="a minute later"),
        pytest.param(
            {"pre_quiet_minutes": 0}, "2026-11-26 06:00", "2026-11-25 08:00", id="no pre-quiet time"
        ),
        pytest.param({"quiet_days": ("sunday",)}, "2026-12-01 07:00", "2026-11-28 18:30", id="over a Sunday"),
        pytest.param({"quiet_hours": False}, "2026-11-26 06:00", "2026-11-25 06:00", id="never quiet"),
    ],
)
def test_a_window_opens_at_the_first_open_moment_that_reaches_the_start(
    rules: dict[str, object], start: str, expected: str
) -> None:
    assert quiet(**rules).window_opens(at(start), HoursBefore(24)) == at(expected)


def test_a_window_that_no_open_moment_reaches_opens_too_late() -> None:
    # One hour ahead of 06:00 it is night, and without a pre-quiet time the evening before does not look.
    start = at("2026-11-25 06:00")
    assert quiet(pre_quiet_minutes=0).window_opens(start, HoursBefore(1)) >= start


# ---------------------------------------------------------------- leads of days


EVENING = DaysBefore(1, time(18))


@pytest.mark.parametrize(
    ("rules", "lead", "moment", "last_day"),
    [
        # rules                         lead                    now                  the last day that is due
        ({}, EVENING, "2026-11-24 17:59", "2026-11-24"),
        ({}, EVENING, "2026-11-24 18:00", "2026-11-25"),
        ({}, EVENING, "2026-11-24 19:59", "2026-11-25"),  # nothing is pulled forward before the night
        ({}, EVENING, "2026-11-25 08:00", "2026-11-25"),
        ({}, DaysBefore(7, time(9, 30)), "2026-11-24 09:29", "2026-11-30"),
        ({}, DaysBefore(7, time(9, 30)), "2026-11-24 09:30", "2026-12-01"),
        # The evening of Sunday is quiet, so Saturday's takes Monday too; and no later one before Monday's.
        ({"quiet_days": ("sunday",)}, EVENING, "2026-11-28 17:59", "2026-11-28"),
        ({"quiet_days": ("sunday",)}, EVENING, "2026-11-28 18:00", "2026-11-30"),
        ({"quiet_days": ("sunday",)}, EVENING, "2026-11-30 17:59", "2026-11-30"),
        ({"quiet_days": ("saturday", "sunday")}, EVENING, "2026-11-27 18:00", "2026-11-30"),
        ({"quiet_dates": (date(2026, 11, 25),)}, EVENING, "2026-11-24 18:00", "2026-11-26"),
        # both nights in which the clock changes
        ({}, EVENING, "2027-03-27 18:00", "2027-03-28"),
        ({}, EVENING, "2026-10-24 18:00", "2026-10-25"),
    ],
)
def test_with_a_lead_of_days_whole_days_fall_due_at_a_time_of_day(
    rules: dict[str, object], lead: DaysBefore, moment: str, last_day: str
) -> None:
    reach = quiet(**rules).reach(at(moment), lead)
    next_day = date.fromisoformat(last_day) + timedelta(days=1)
    assert at(f"{last_day} 23:59") < reach < at(f"{next_day} 00:00")


@pytest.mark.parametrize(
    ("rules", "start", "opens"),
    [
        ({}, "2026-11-25 08:00", "2026-11-24 18:00"),
        ({}, "2026-11-25 23:59", "2026-11-24 18:00"),
        ({}, "2026-11-26 00:00", "2026-11-25 18:00"),
        ({"quiet_days": ("sunday",)}, "2026-11-30 09:00", "2026-11-28 18:00"),
        ({"quiet_days": ("sunday",)}, "2026-11-29 09:00", "2026-11-28 18:00"),
        ({}, "2027-03-28 09:00", "2027-03-27 18:00"),
    ],
)
def test_the_window_of_a_lead_of_days_opens_at_its_time_of_day(
    rules: dict[str, object], start: str, opens: str
) -> None:
    assert quiet(**rules).window_opens(at(start), EVENING) == at(opens)


def test_leads_change_places_with_the_time_of_day() -> None:
    # 24 hours before 10:00 lie before six in the evening, those before 19:00 behind it.
    day = HoursBefore(24)
    for start, shorter, longer in (("2026-11-25 10:00", EVENING, day), ("2026-11-25 19:00", day, EVENING)):
        assert quiet().due_at(at(start), shorter) > quiet().due_at(at(start), longer)
