"""Times as exports write them: read right, or refused with the line; never guessed."""

import pytest

from field.conftest import OwnPractice

RIGHT = "2026-11-25 09:00"


def csv(*times: str, head: str = "Beginn") -> str:
    lines = [f'{n};"{time}";Kunde{n};0171 555500{n:02}' for n, time in enumerate(times, start=1)]
    return "\n".join([f"Termin-ID;{head};Name;Handy", *lines, ""])


def at(own: OwnPractice, content: str, *options: str) -> list[str]:
    ran = own.bring(content, *options)
    assert ran.exit_code == 0, ran.stdout
    return [said[:16] for said in own.standing().values()]


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-25 09:00",
        "2026-11-25T09:00:00",
        "2026-11-25 09:00:00.000",
        "2026-11-25T08:00:00Z",
        "2026-11-25T08:00:00.000Z",
        "2026-11-25 09:00+01:00",
        "2026-11-25T09:00:00+0100",
        "2026-11-25 09:00:00+01",
        "2026-11-25T03:00:00-05:00",  # an offset behind a full date, as some zone has it
        "20261125T090000",
        "2026/11/25 09:00",
        "2026.11.25 09:00",
        "25.11.2026 9:00",
        "25.11.26 09:00 Uhr",
        "25.11.2026 9.00",
        "25.11.2026 9 Uhr",
        "25.11.2026 9:00 AM",
        "25.11.2026 um 09:00",
        "Mi., 25.11.2026, 09:00",
        "Mittwoch, 25. November 2026, 09:00 Uhr",
        "25. Nov. 2026 09:00",
        "25-Nov-2026 9:00 am",
        "Nov 25, 2026, 9:00\u202fAM",  # with the blank that newer systems write
        "Wednesday, November 25, 2026 9:00 AM",
        "25.11.2026 09:00-09:30",  # a range is its beginning
        "25.11.2026 09:00 - 09:30",
        "25.11.2026 09:00–09:30",
        "25.11.2026 09:00 bis 09:30 Uhr",
        "25.11.2026 09:00-0930",
        "2026-11-25 09:00-09:30",  # behind a blank a minus with a later time
        "25.11.2026 09:00 - 25.11.2026 09:30",
        "25.11.2026 9:00 - 9:30 AM",
    ],
)
def test_one_time_in_many_forms(own: OwnPractice, time: str) -> None:
    assert at(own, csv(time)) == [RIGHT]


@pytest.mark.parametrize(
    ("day", "time"),
    [
        ("25.11.2026", "09:00-09:30"),
        ("25.11.2026", "09:00 - 09:30"),
        ("25.11.2026", "0900"),
        ("25.11.2026", "09:00:00"),
        ("25.11.2026", "9 Uhr"),
        ("25.11.2026", "9 AM"),
        ("25.11.2026", "9-9:30 Uhr"),
        ("25.11.2026 00:00:00", "09:00"),  # a spreadsheet writes a date with a midnight
        ("25.11.2026", "30.12.1899 09:00:00"),  # and a time with the day on which it begins to count
        ("25.11.2026", "0 days 09:00:00"),
        ("Mittwoch, 25.11.2026", "09:00"),
        ("2026-11-25T00:00:00", "09:00"),
        ("25. November 2026", "09:00"),
        ("Wed 25 Nov 2026", "9:00 am"),
        ("11/25/2026", "9:00 AM"),
        ("25/11/2026", "09:00"),
    ],
)
def test_date_and_time_in_two_columns(own: OwnPractice, day: str, time: str) -> None:
    content = f"Termin-ID;Datum;Uhrzeit;Name;Handy\n1;{day};{time};Kunde;0171 5555001\n"
    assert at(own, content) == [RIGHT]


def test_a_range_gives_the_end_too(own: OwnPractice) -> None:
    own.taken("Termin-ID;Datum;Uhrzeit;Name;Handy\n1;25.11.2026;14:00-1430;Kunde;0171 5555001\n")
    (row,) = own.practice.sql("SELECT starts_at, ends_at FROM appointments")
    assert (row.starts_at[:16], row.ends_at[:16]) == ("2026-11-25 14:00", "2026-11-25 14:30")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("25.11.2026 23:30", "26.11.2026 00:15", "2026-11-26 00:15"),  # on the day after
        ("2026-11-26 00:15", "2026-11-25T23:45:00Z", "2026-11-26 00:45"),  # UTC has yesterday still
        ("25.11.2026 14:00", "14:30", "2026-11-25 14:30"),
        ("25.11.2026 14:00", "30.12.1899 14:30:00", "2026-11-25 14:30"),  # Access: a time without a date
    ],
)
def test_an_end_is_on_its_own_day_where_it_names_one(
    own: OwnPractice, start: str, end: str, expected: str
) -> None:
    own.taken(f"Termin-ID;Beginn;Ende;Name;Handy\n1;{start};{end};Kunde;0171 5555001\n")
    ((ends_at,),) = own.practice.sql("SELECT ends_at FROM appointments")
    assert ends_at[:16] == expected


@pytest.mark.parametrize(
    "time",
    [
        "25.11.2026",  # no time of day
        "2026-11-25",
        "25.11.2026 9",  # a number alone
        "25.11.2026 9-10",
        "25.11.2026 24:00",
        "25.11.2026 25:00",
        "25.11.2026 14:00 AM",
        "31.11.2026 09:00",
        "29.02.2026 09:00",
        "25.11.0026 09:00",
        "25.11.1926 09:00",
        "46351.375",  # a spreadsheet's number
        "1795593600",  # seconds since 1970
        "morgen 9:00",
        "25.11.2026 09:00 +01:00",  # an offset counts only behind a full ISO date
        "25.11.2026 09:00-08:30",  # a range that ends before it begins
        "2026-11-25 09:00+09:15",  # an offset that no zone has
        "2026-11-25 09:00-13:00 Uhr MEZ",
        "Montag, 25.11.2026 09:00",  # it is a Wednesday
        "25.11.2026 09:00 oder 10:00",
        "25.11.2026 09:00, 10:00",
        "ab 25.11.2026 vormittags",
        "25.11. 09:00",
        "?",
        "-",
        "",
    ],
)
def test_what_may_mean_another_time_is_refused_and_the_others_go_in(own: OwnPractice, time: str) -> None:
    ran = own.bring(csv(time, "25.11.2026 09:00"))
    assert ran.exit_code == 1
    assert [line["appointment_id"] for line in ran.json["refused"]] == ["1"]
    assert own.standing().keys() == {"2"}


@pytest.mark.parametrize(
    ("dates", "right"),
    [
        (["11/25/2026 9:00 AM", "12/01/2026 9:00 AM"], ["2026-11-25 09:00", "2026-12-01 09:00"]),
        (["25/11/2026 09:00", "01/12/2026 09:00"], ["2026-11-25 09:00", "2026-12-01 09:00"]),
        (["25-11-2026 09:00", "01-12-2026 09:00"], ["2026-11-25 09:00", "2026-12-01 09:00"]),
        (["12/12/2026 09:00"], ["2026-12-12 09:00"]),  # it is the same either way
    ],
)
def test_one_date_settles_the_order_for_the_file(
    own: OwnPractice, dates: list[str], right: list[str]
) -> None:
    assert at(own, csv(*dates)) == right


def test_dates_that_may_begin_with_the_day_or_the_month_are_refused_until_it_is_said(
    own: OwnPractice,
) -> None:
    content = csv("12/01/2026 9:00", "12/02/2026 9:00")
    ran = own.bring(content)
    assert ran.exit_code == 2
    assert "--date-order dmy or --date-order mdy" in ran.stderr
    assert at(own, content, "--date-order", "mdy") == ["2026-12-01 09:00", "2026-12-02 09:00"]
    # settled for the source
    assert at(own, csv("12/03/2026 9:00", "12/02/2026 9:00")) == ["2026-12-03 09:00", "2026-12-02 09:00"]


def test_dates_of_both_orders_in_one_file_are_refused(own: OwnPractice) -> None:
    ran = own.bring(csv("25/11/2026 09:00", "11/26/2026 09:00"))
    assert ran.exit_code == 2
    assert "--date-order" in ran.stderr
    ran = own.bring(csv("25/11/2026 09:00", "11/26/2026 09:00"), "--date-order", "dmy")
    assert ran.exit_code == 1
    assert own.standing().keys() == {"1"}


@pytest.mark.parametrize(
    ("zone", "right"),
    [
        ("Europe/Berlin", "2026-11-25 09:00"),
        ("Europe/London", "2026-11-25 10:00"),
        ("UTC", "2026-11-25 10:00"),
        ("GMT Standard Time", "2026-11-25 10:00"),
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "2026-11-25 09:00"),
        ("(GMT+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien", "2026-11-25 09:00"),
        ("MEZ", "2026-11-25 09:00"),
        ("UTC+1", "2026-11-25 09:00"),
        ("", "2026-11-25 09:00"),
        ("Mittelerde", None),
    ],
)
def test_a_column_with_time_zones_is_used_or_the_line_refused(
    own: OwnPractice, zone: str, right: str | None
) -> None:
    ran = own.bring(f'Termin-ID;Beginn;Zeitzone;Name;Handy\n1;25.11.2026 09:00;"{zone}";Kunde;0171 5555001\n')
    assert ran.exit_code == (0 if right else 1)
    assert [said[:16] for said in own.standing().values()] == ([right] if right else [])


@pytest.mark.parametrize(
    "head", ["Start (UTC)", "Beginn [UTC]", "Start UTC", "UTC Start", "start_utc", "StartUtc", "Von (GMT)"]
)
@pytest.mark.parametrize("mapped", [False, True])
def test_a_heading_that_says_utc_is_believed(own: OwnPractice, head: str, mapped: bool) -> None:
    options = ("--mapping", f"starts_at={head}") if mapped else ()
    assert at(own, csv("2026-11-25 08:00", head=head), *options) == [RIGHT]


def test_a_heading_that_says_utc_is_believed_beside_a_column_of_zones(own: OwnPractice) -> None:
    content = "Termin-ID;Start UTC;Time zone;Name;Handy\n1;2026-11-25 08:00;Europe/Berlin;Ida;0171 5555001\n"
    assert at(own, content) == [RIGHT]


@pytest.mark.parametrize(
    ("head", "start"),
    [
        ("Start (UTC+1)", "2026-11-25 09:00"),
        ("Beginn GMT+01:00", "2026-11-25 09:00"),
        ("Start (UTC -1)", "2026-11-25 07:00"),
        ("Kontakt (MEZ/UTC+01)", "2026-11-25 09:00"),
    ],
)
def test_a_heading_with_an_offset_means_that_offset(own: OwnPractice, head: str, start: str) -> None:
    options = ("--mapping", f"starts_at={head}") if head.startswith("Kontakt") else ()
    assert at(own, csv(start, head=head), *options) == [RIGHT]


def test_a_heading_with_an_offset_that_no_zone_has_is_refused(own: OwnPractice) -> None:
    ran = own.bring(csv("2026-11-25 08:00", head="Start (UTC+25)"))
    assert (ran.exit_code, "unknown time zone 'UTC+25'" in ran.stderr) == (2, True)


def test_a_heading_that_is_mapped_says_utc_too(own: OwnPractice) -> None:
    head = "Kontakt (UTC)"
    assert at(own, csv("2026-11-25 08:00", head=head), "--mapping", f"starts_at={head}") == [RIGHT]


@pytest.mark.parametrize(
    ("time", "right"),
    [
        ("2026-10-25 02:30", "2026-10-25 02:30:00+02:00"),  # twice on the clock: the earlier
        ("2027-03-28 02:30", "2027-03-28 03:30:00+02:00"),  # skipped by the clock: moved forward
    ],
)
def test_the_two_nights_in_which_the_clock_changes(own: OwnPractice, time: str, right: str) -> None:
    own.bring(csv(time, "2026-11-25 09:00"), now="2026-10-20 10:00")
    assert own.practice.sql("SELECT starts_at FROM appointments WHERE appointment_id = '1'") == [(right,)]
