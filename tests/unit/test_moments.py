"""Times as exports write them, one text at a time: the moment, or the reason to refuse the line."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from terminbenachrichtigung.own_schedule.moments import DateOrder, Moments, Span, in_utc, is_no_day
from terminbenachrichtigung.schedule.values import Unreadable

BERLIN = ZoneInfo("Europe/Berlin")
MOMENTS = Moments(BERLIN)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def span(start: str, end: str = "") -> Span:
    return Span(local(start), local(end) if end else None)


NINE = span("2026-11-25 09:00")


@pytest.mark.parametrize(
    ("text", "day", "expected"),
    [
        # a date and a time
        ("25.11.2026 09:00", "", NINE),
        ("25.11.2026 09:00:07", "", span("2026-11-25 09:00:07")),
        ("25.11.26 9 Uhr", "", NINE),
        ("25.11.2026 0900", "", NINE),
        ("25.11.2026 090007", "", span("2026-11-25 09:00:07")),
        ("25. Jänner 2026 09:00", "", span("2026-01-25 09:00")),
        ("11/11/2026 09:00", "", span("2026-11-11 09:00")),  # the same in either order
        # the years of this century, to the minute
        ("01.01.2000 00:00", "", span("2000-01-01 00:00")),
        ("31.12.2099 23:59", "", span("2099-12-31 23:59")),
        # the date in a column of its own
        ("09:00", "25.11.2026", NINE),
        ("9 Uhr", "25.11.2026 00:00:00.000", NINE),
        ("30.12.1899 09:00", "25.11.2026", NINE),  # a spreadsheet's time without a date
        ("1900-01-00 09:00", "25.11.2026", NINE),
        ("25.11.2026 09:00", "2026-11-25", NINE),  # in both
        ("25.11.2026 09:00", " ", NINE),
        # halves of the day
        ("25.11.2026 12:00 AM", "", span("2026-11-25 00:00")),
        ("25.11.2026 11:59 AM", "", span("2026-11-25 11:59")),
        ("25.11.2026 12:00 PM", "", span("2026-11-25 12:00")),
        ("25.11.2026 1 pm", "", span("2026-11-25 13:00")),
        ("25.11.2026 1 p.m.", "", span("2026-11-25 13:00")),
        ("25.11.2026 13:00 PM", "", span("2026-11-25 13:00")),  # what it can only mean
        # offsets, behind a full ISO date alone
        ("2026-11-25T08:00Z", "", NINE),
        ("2026-11-25 08:00 UTC", "", NINE),
        ("2026-11-25T09:00+01:00", "", NINE),
        ("2026-11-25T09:00 GMT+0100", "", NINE),
        ("2026-11-25T04:30:00-0330", "", NINE),
        ("20261125T080000Z", "", NINE),
        ("2026-11-25T09:00-05:00", "", span("2026-11-25 15:00")),  # behind a T never a range
        ("2026-11-25T10:00-05", "", span("2026-11-25 16:00")),
        ("2026-11-25 09:00-05:00", "", span("2026-11-25 15:00")),  # earlier, so no end
        ("2026-11-25 05:00-05:00", "", span("2026-11-25 11:00")),  # nor is the same time one
        ("2026-11-25 09:00-10:00", "", span("2026-11-25 09:00", "2026-11-25 10:00")),
        ("2026-11-25 09:00 - 10:00", "", span("2026-11-25 09:00", "2026-11-25 10:00")),
        ("2026-11-25T09:00 bis 10:00", "", span("2026-11-25 09:00", "2026-11-25 10:00")),
        # ranges
        ("9-9:30 Uhr", "25.11.2026", span("2026-11-25 09:00", "2026-11-25 09:30")),
        ("25.11.2026 14:00-1430", "", span("2026-11-25 14:00", "2026-11-25 14:30")),
        ("25.11.2026 11:00 - 1:00 PM", "", span("2026-11-25 11:00", "2026-11-25 13:00")),
        ("25.11.2026 1:00 - 2:00 PM", "", span("2026-11-25 13:00", "2026-11-25 14:00")),
        ("25.11.2026 9:00 AM - 1:00", "", None),  # in the morning or after noon?
        ("25.11.2026 9:00 AM - 11:00", "", span("2026-11-25 09:00", "2026-11-25 11:00")),
        ("25.11.2026 23:30 - 26.11.2026 00:15", "", span("2026-11-25 23:30", "2026-11-26 00:15")),
        # the clock is set back: the earlier one; set forward: moved forward too
        ("25.10.2026 02:30", "", Span(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))),
        ("29.03.2026 02:30", "", Span(datetime(2026, 3, 29, 1, 30, tzinfo=UTC))),
    ],
)
def test_a_time_is_read(text: str, day: str, expected: Span | None) -> None:
    if expected is None:
        with pytest.raises(Unreadable):
            MOMENTS.span(text, day)
    else:
        assert MOMENTS.span(text, day) == expected


@pytest.mark.parametrize(
    ("text", "day", "reason"),
    [
        ("", "25.11.2026", "missing"),
        (" ", "", "missing"),
        ("25.11.2026", "", "has no time of day: '25.11.2026'"),
        ("09:00", "", "the date is missing: '09:00'"),
        ("09.11.26", "", "has no time of day: '09.11.26'"),  # read as a time it would be 9:11:26
        ("morgen 9:00", "", "not a date and time: 'morgen 9:00'"),
        ("25.11.2026 bald", "", "not a date and time: '25.11.2026 bald'"),
        ("25.11.2026 9", "", "not a time of day: '25.11.2026 9'"),  # of what?
        ("25.11.2026 9-10", "", "not a time of day: '25.11.2026 9-10'"),
        ("25.11.2026 9:00-10", "", "not a time of day: '25.11.2026 9:00-10'"),
        ("9", "25.11.2026", "not a time of day: '9'"),
        ("25.11.2026 24:00", "", "there is no such time: '25.11.2026 24:00'"),
        ("25.11.2026 14:00 AM", "", "there is no such time: '25.11.2026 14:00 AM'"),
        ("31.11.2026 09:00", "", "there is no such day: '31.11.2026'"),
        ("Montag, 25.11.2026 09:00", "", "is no Montag: 'Montag, 25.11.2026'"),
        ("11/12/2026 09:00", "", "day or month first? '11/12/2026': say it with --date-order"),
        ("31.12.1999 23:59", "", "lies outside the years 2000 to 2099: 1999-12-31"),
        ("01.01.2100 00:00", "", "lies outside the years 2000 to 2099: 2100-01-01"),
        ("25.11.2026 09:00", "26.11.2026", "another day than '26.11.2026': '25.11.2026 09:00'"),
        ("09:00", "morgen", "not a date: 'morgen'"),
        ("09:00", "25.11.2026 08:00", "not a date: '25.11.2026 08:00'"),  # and nine o'clock?
        ("25.11.2026 09:00-08:30", "", "a range that ends before it begins: '25.11.2026 09:00-08:30'"),
        ("25.11.2026 09:00-09:00", "", "a range that ends before it begins: '25.11.2026 09:00-09:00'"),
        ("25.11.2026 12:30 AM - 1:00 - 2:00", "", "not a date and time: '25.11.2026 12:30 AM - 1:00 - 2:00'"),
        (
            "26.11.2026 00:15 - 25.11.2026 23:30",
            "",
            "not a date and time: '26.11.2026 00:15 - 25.11.2026 23:30'",
        ),
        (
            "25.11.2026 09:00 - 25.11.2026 09:00",
            "",
            "not a date and time: '25.11.2026 09:00 - 25.11.2026 09:00'",
        ),
        ("25.11.2026 09:00 +01:00", "", "not a date and time: '25.11.2026 09:00 +01:00'"),
        ("2026-11-25 09:00+09:15", "", "not a date and time: '2026-11-25 09:00+09:15'"),  # no zone has it
        (
            "2026-11-25 09:00 UTC01",
            "",
            "not a date and time: '2026-11-25 09:00 UTC01'",
        ),  # behind it or ahead?
        ("2026-11-25 09:00+", "", "not a date and time: '2026-11-25 09:00+'"),
        ("2026-11-25 09:00 MEZ", "", "not a date and time: '2026-11-25 09:00 MEZ'"),
    ],
)
def test_what_is_wrong_with_a_time_is_said(text: str, day: str, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        MOMENTS.span(text, day)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (DateOrder.DAY_FIRST, "2026-12-11 09:00"),
        (DateOrder.MONTH_FIRST, "2026-11-12 09:00"),
    ],
)
def test_which_comes_first_is_said_by_the_order(order: DateOrder, expected: str) -> None:
    assert Moments(BERLIN, order).span("11/12/2026 09:00") == span(expected)
    assert Moments(BERLIN, order).span("2026/11/12 09:00") == span("2026-11-12 09:00")


def test_a_zone_of_its_own_holds_for_a_time_and_for_its_end() -> None:
    london = ZoneInfo("Europe/London")
    hour = timedelta(hours=1)
    found = MOMENTS.span("25.11.2026 08:00 - 09:00", zone=london)
    assert found == Span(local("2026-11-25 08:00") + hour, local("2026-11-25 09:00") + hour)
    found = MOMENTS.span("25.11.2026 23:30 - 26.11.2026 00:15", zone=london)
    assert found == Span(local("2026-11-25 23:30") + hour, local("2026-11-26 00:15") + hour)


def test_a_single_time_is_no_range_and_may_be_a_day_where_one_is_enough() -> None:
    with pytest.raises(Unreadable, match=r"^a range, not a time: '25.11.2026 09:00-10:00'$"):
        MOMENTS.moment("25.11.2026 09:00-10:00")
    assert MOMENTS.moment_or_day("25.11.2026 09:00") == local("2026-11-25 09:00")
    assert MOMENTS.moment_or_day("25.11.2026") == local("2026-11-25 00:00")
    assert MOMENTS.moment_or_day("25.11.2026 0:00") == local("2026-11-25 00:00")
    with pytest.raises(Unreadable, match=r"^the date is missing$"):
        MOMENTS.moment_or_day("")


@pytest.mark.parametrize(
    ("text", "none"),
    [
        ("0000-00-00 00:00:00", True),
        ("0001-01-01T00:00:00Z", True),
        (" 30.12.1899 ", True),
        ("01.01.1900", True),
        ("01.01.2026", False),
        ("30.12.1899 09:00", False),
        ("", False),
    ],
)
def test_what_programs_write_where_there_is_no_date(text: str, none: bool) -> None:
    assert is_no_day(text) is none


def test_a_moment_without_a_zone_is_that_of_the_zone_that_is_named() -> None:
    assert in_utc(datetime(2026, 11, 25, 9), BERLIN) == local("2026-11-25 09:00")  # noqa: DTZ001
    assert in_utc(datetime(2026, 11, 25, 9, tzinfo=UTC), BERLIN) == datetime(2026, 11, 25, 9, tzinfo=UTC)
    # the earlier one of two, however it was made
    assert in_utc(datetime(2026, 10, 25, 2, 30, fold=1), BERLIN).hour == 0  # noqa: DTZ001


@pytest.mark.parametrize(
    ("names", "number"),
    [
        ("januar january janvier jan jänner", 1),
        ("februar february février fevrier feb fév febr feber", 2),
        ("märz maerz march mars mar mär mrz", 3),
        ("april avril apr avr", 4),
        ("mai may", 5),
        ("juni june juin jun", 6),
        ("juli july juillet jul juil", 7),
        ("august août aout aug", 8),
        ("september septembre sep sept", 9),
        ("oktober october octobre okt oct", 10),
        ("november novembre nov", 11),
        ("dezember december décembre decembre dez dec déc", 12),
    ],
)
def test_months_have_names_in_three_languages(names: str, number: int) -> None:
    expected = span(f"2026-{number:02}-05 09:00")
    for name in names.split():
        for text in (f"5. {name} 2026 09:00", f"5-{name.upper()}-26 9:00", f"{name}. 5, 2026 9 AM"):
            assert MOMENTS.span(text) == expected, text


@pytest.mark.parametrize(
    ("names", "day"),
    [
        ("montag monday lundi mo mon lun", 23),
        ("dienstag tuesday mardi di tue tues mar", 24),
        ("mittwoch wednesday mercredi mi wed mer", 25),
        ("donnerstag thursday jeudi do thu thur thurs jeu", 26),
        ("freitag friday vendredi fr fri ven", 27),
        ("samstag sonnabend saturday samedi sa sat sam", 28),
        ("sonntag sunday dimanche so sun dim", 29),
    ],
)
def test_days_of_the_week_must_be_those_of_the_date(names: str, day: int) -> None:
    for name in names.split():
        for text in (f"{name}, {day}.11.2026 09:00", f"{name}. den {day}. November 2026 09:00"):
            assert MOMENTS.span(text) == span(f"2026-11-{day} 09:00"), text
        with pytest.raises(Unreadable, match=f"is no {name}"):
            MOMENTS.span(f"{name}, 30.11.2026 09:00" if day != 23 else f"{name}, 29.11.2026 09:00")
