"""No form of text hides a row: what a run can neither read nor place in time it reports.

Each text means an appointment on the day that a run looks at, between nine and ten o'clock.
"""

import random
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from schedule_tables import TYPES, execute, local, make_table, open_schedule, writing

DAYS = [
    # days that sort differently when they are written in another form
    "2026-11-25",
    "2026-11-03",
    "2026-11-30",
    "2026-11-20",
    "2026-01-05",
    "2026-01-31",
    "2026-04-09",
    "2026-09-09",
    "2026-12-31",
    "2027-01-01",
    "2028-02-29",
    "2030-01-01",
    "2029-12-30",
]

NOT_ISO = [
    # strftime, or a form of our own; what writes it
    ("%Y%m%dT%H%M%S", "ISO 8601, basic form"),
    ("%Y%m%dT%H%M%SZ", "the same in UTC, as calendars have it"),
    ("%Y%m%d %H%M", "basic, with a blank"),
    ("%Y%m%d%H%M", "digits alone"),
    ("%Y%m%d%H%M%S", "digits alone, with seconds"),
    ("%Y/%m/%d %H:%M", "Japan, and logs"),
    ("%Y.%m.%d %H:%M", "Hungary"),
    ("%Y %m %d %H:%M", "blanks"),
    ("%Y_%m_%d %H:%M", "file names"),
    ("%Y:%m:%d %H:%M:%S", "cameras"),
    ("%Y,%m,%d %H:%M", "a spreadsheet's function"),
    ("%Y年%m月%d日 %H:%M", "Japan"),
    ("%Y-%j", "ISO 8601, the day of the year"),
    ("%Y-%jT%H:%M", "the same with the time"),
    ("%Y%jT%H%M", "the same in basic form"),
    ("%G-W%V-%u", "ISO 8601, a week"),
    ("%G-W%V-%uT%H:%M", "the same with the time"),
    ("%GW%V%uT%H%M", "the same in basic form"),
    ("%Y-%-m-%-d %H:%M", "no padding"),
    ("%Y-%m-%-d %H:%M", "the day without padding"),
    ("%Y-%-m-%d %H:%M", "the month without padding"),
    ("%Y-%_m-%_d %H:%M", "blanks for padding"),
    ("%Y-%m-%_d %H:%M", "a blank before the day"),
    ("%Y-%m-%d", "no time"),
    ("%Y-%m-%d %-H:%M", "the hour without padding"),
    ("%Y-%m-%d %I:%M AM", "a clock with twelve hours"),
    ("%Y-%m-%d %-I:%M am", "the same without padding"),
    ("%Y-%m-%d_%H:%M", "another sign between"),
    ("%Y-%m-%d-%H:%M", "a dash between"),
    ("%Y-%m-%d-%H.%M.%S.000000", "Db2"),
    ("%Y-%m-%d,%H:%M", "a comma between"),
    ("%Y-%m-%d/%H:%M", "a slash between"),
    ("%Y-%m-%d\t%H:%M", "a tabulator between"),
    ("%Y-%m-%d\u00a0%H:%M", "a no-break space between"),
    ("%Y-%m-%d  %H:%M", "two blanks between"),
    ("%Y-%m-%d um %H:%M Uhr", "words"),
    ("%Y-%m-%dt%H:%M", "a small t"),
    ("%Y-%m-%d %H.%M", "a full stop in the time"),
    ("%Y-%m-%d %Hh%M", "France"),
    ("%Y-%m-%d %H%M", "no colon"),
    ("%Y-%m-%d %H", "no minutes"),
    ("%Y-%m-%d %H:%M-09:59", "a stretch of time"),
    ("%Y-%m-%d %H:%M Uhr", "a word behind"),
    ("%Y-%m-%d %H:%M CET", "a zone by its name"),
    ("%Y-%m-%d %H:%M[Europe/Berlin]", "Java"),
    ("%Y-%m-%dT%H:%M+01:00[Europe/Berlin]", "Java"),
    ("%Y-%b-%d %H:%M", "a month by its name"),
    ("%Y-%B-%d %H:%M", "a month by its name"),
    ("%Y %b %d %H:%M", "a month by its name"),
    ("%d.%m.%Y %H:%M", "Germany"),
    ("%-d.%-m.%Y %H:%M", "Germany, without padding"),
    ("%d.%m.%y %H:%M", "Germany, two digits for the year"),
    ("%d%m%Y %H%M", "Germany, digits alone"),
    ("%d%m%y %H%M", "Germany, digits alone, two for the year"),
    ("%d/%m/%Y %H:%M", "France"),
    ("%m/%d/%Y %I:%M %p", "America"),
    ("%-m/%-d/%Y %-I:%M %p", "America, without padding"),
    ("%d-%m-%Y %H:%M", "the Netherlands"),
    ("%d-%b-%Y %H:%M", "Oracle"),
    ("%d %m %Y %H:%M", "blanks, the day first"),
    ("%y-%m-%d %H:%M", "two digits for the year"),
    ("%y%m%d %H%M", "the same, digits alone"),
    ("00%y-%m-%d %H:%M", "a year with two digits, filled up"),
    ("%A, %d. %B %Y %H:%M", "words"),
    ("%a %b %d %H:%M:%S %Y", "C"),
    ("%H:%M %d.%m.%Y", "the time first"),
    ("20:30 %d.%m.%Y", "the time first, in the evening"),
    (" %Y-%m-%d %H:%M", "a blank before"),
    ("\t%Y-%m-%d %H:%M", "a tabulator before"),
    ("\u00a0%Y-%m-%d %H:%M", "a no-break space before"),
    ("\ufeff%Y-%m-%d %H:%M", "a byte order mark before"),
    ("'%Y-%m-%d %H:%M", "a spreadsheet's apostrophe"),
    ('"%Y-%m-%d %H:%M"', "quotes"),
    ("+%Y-%m-%d %H:%M", "a plus before"),
    ("+00%Y-%m-%dT%H:%M", "six digits for the year"),
    ("am %Y-%m-%d %H:%M", "a word before"),
]

NO_YEAR = [
    # what may mean the day of any run, and sorts among the days of another year; what it was
    ("20026-11-25 09:00", "a digit too many"),
    ("20206-11-25 09:00", "a digit too many"),
    ("20126-11-25T09:00:00", "a digit too many"),
    ("20926-11-25 09:00", "a digit too many"),
    ("202-11-25 09:00", "a digit too few"),
    ("206-11-25 09:00", "a digit too few"),
    ("2011.2026 09:00", "20.11.2026 without its first full stop"),
    ("2011/2026 09:00", "20/11/2026"),
    ("2011-2026 09:00", "20-11-2026"),
    ("2011 2026 09:00", "20 11 2026"),
    ("20112026", "20 November, digits alone"),
    ("201126 0900", "the same, two for the year"),
    ("2011.26 09:00", "20.11.26 without its first full stop"),
    ("2030 25.11.2026", "half past eight in the evening"),
    ("2030 05.11.2026", "the same"),
    ("2015 Uhr, 25.11.2026", "a quarter past eight"),
    ("2015h 25.11.2026", "the same"),
    ("2034567890", "seconds since 1970, in 2034"),
]

DIGITS = {"Arabic": "٠١٢٣٤٥٦٧٨٩", "wide": "０１２３４５６７８９", "Bengali": "০১২৩৪৫৬৭৮৯"}


def written(day: str, form: str) -> str:
    moment = datetime.fromisoformat(f"{day} 09:30")
    return moment.strftime(form)


def typing_errors(day: str) -> Iterator[str]:
    """One sign of the date replaced by one that a person or a program may put there."""
    text = f"{day} 09:30"
    for position in range(len(text)):
        for sign in "Ool ./:#x_":
            if sign != text[position] and not (position == 10 and sign in "T"):
                yield text[:position] + sign + text[position + 1 :]
    for digits in DIGITS.values():
        yield text.translate(str.maketrans("0123456789", digits))
        yield text[:8] + digits[int(text[8])] + text[9:]
        yield text[:9] + digits[int(text[9])] + text[10:]
        yield text[:11] + digits[0] + text[12:]


def test_the_digits_of_other_scripts_are_digits() -> None:
    assert [unicodedata.digit(digits[7]) for digits in DIGITS.values()] == [7, 7, 7]


DATABASES = {
    # where the starts are texts: their type, and whether they have an index
    "sqlite": ("TIMESTAMP", True),
    "sqlite without a type": ("", True),
    "sqlite without an index": ("TIMESTAMP", False),
    "postgres": ("TEXT", True),
    "postgres without an index": ("TEXT", False),
}


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A schedule whose starts are texts."""
    kind, has_index = DATABASES[request.param]
    if request.param.startswith("postgres"):
        found: str = request.getfixturevalue("postgres_url")
    else:
        found = f"sqlite:///{tmp_path / 'schedule.db'}"
    make_table(found, types={**TYPES, "starts_at": kind})
    if has_index:
        execute(found, "CREATE INDEX by_start ON reminder_appointments (starts_at)")
    return found


def fill(url: str, texts: list[str]) -> None:
    with writing(url) as connection:
        kind = "1, 0" if connection.dialect.name == "sqlite" else "true, false"
        mark = "?" if connection.dialect.name == "sqlite" else "%s"
        connection.exec_driver_sql("DELETE FROM reminder_appointments")
        connection.exec_driver_sql(
            f"INSERT INTO reminder_appointments VALUES ({mark}, {mark}, '17', {kind})",
            [(str(number), text) for number, text in enumerate(texts)],
        )


@pytest.mark.parametrize("day", DAYS)
def test_what_means_the_day_of_a_run_is_read_or_reported(url: str, day: str) -> None:
    texts = sorted({written(day, form) for form, _ in NOT_ISO} | {*typing_errors(day)})
    texts = [text for text in texts if not _is_another_moment(text)]
    fill(url, [*texts, f"{day} 09:30", f"{day}T09:30:00"])
    schedule = open_schedule(url)
    noon = local(f"{day} 12:00")
    # The evening before, in the night, and in the last hour: whenever a run looks at that day.
    for since in (noon - timedelta(hours=18), noon - timedelta(hours=11), noon - timedelta(hours=3)):
        window = schedule.read(since, since + timedelta(hours=30))
        assert len(window.appointments) == 2
        assert {bad.detail.split(":")[0] for bad in window.bad_rows} == {"starts_at"}
        seen = {bad.appointment_id for bad in window.bad_rows}
        assert [text for number, text in enumerate(texts) if str(number) not in seen] == []
    schedule.close()


def _is_another_moment(text: str) -> bool:
    """Whether a typing error made a plain moment of another day of it, which nobody can know."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return text[4:5] == "-" and text[7:8] == "-" and text[10:11] in (" ", "T") and text[13:14] == ":"


def test_what_names_no_year_is_reported_wherever_it_sorts(url: str) -> None:
    fill(url, [text for text, _ in NO_YEAR])
    schedule = open_schedule(url)
    window = schedule.read(local("2026-11-24 18:00"), local("2026-11-26 06:00"))
    seen = {bad.appointment_id for bad in window.bad_rows}
    assert [text for number, (text, _) in enumerate(NO_YEAR) if str(number) not in seen] == []
    schedule.close()


@pytest.mark.parametrize("day", DAYS)
def test_any_slip_of_the_keys_is_read_or_reported_or_names_another_day(
    url: str, day: str, request: pytest.FixtureRequest
) -> None:
    chance = random.Random(f"{day} {request.config.getoption('--seed')}")
    forms = [form for form, _ in NOT_ISO] + ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"] * 30
    texts = sorted({slipped(written(day, chance.choice(forms)), chance) for _ in range(900)})
    fill(url, texts)
    schedule = open_schedule(url)
    noon = local(f"{day} 12:00")
    window = schedule.read(noon - timedelta(hours=18), noon + timedelta(hours=12))
    seen = {row.appointment_id for row in window.appointments}
    seen |= {row.appointment_id or "" for row in window.bad_rows}
    unseen = [text for number, text in enumerate(texts) if str(number) not in seen]
    assert [text for text in unseen if not _names_another_day(text, day)] == []
    assert len(unseen) < len(texts) / 2
    schedule.close()


def slipped(text: str, chance: random.Random) -> str:
    """A sign or two too many, too few, wrong, or in the wrong order."""
    signs = [*text]
    for _ in range(chance.choice([1, 1, 2])):
        at = chance.randrange(12)
        match chance.randrange(4):
            case 0:
                signs.insert(at, chance.choice("0123456789-./: "))
            case 1:
                del signs[at : at + 1]
            case 2:
                signs[at : at + 1] = chance.choice("0123456789-./: ")
            case 3:
                signs[at : at + 2] = reversed(signs[at : at + 2])
    return "".join(signs)


def _names_another_day(text: str, day: str) -> bool:
    """Whether a text begins with a day or a year that no reading of `day` can take for its own."""
    if re.match(r"[1-9][0-9]{3}-[01][0-9]-[0-3]?[0-9](?![0-9])", text):
        return text[:10] != day
    if re.match(r"[1-9][0-9]{3}-[01][0-9]-", text) and text[:8] != day[:8]:
        return True
    if re.match(r"[3-9][0-9]{3}-[0-9]{2}-[0-9]{2}[ T]", text):
        return True  # never, and its month is wrong too
    if re.match(r"[12][0-9]{3}(0[1-9]|1[0-2])[0-3][0-9]", text):
        return text[:4] != day[:4]
    year = re.match(r"[12][0-9]{3}(?=[^0-9]|[0-3][0-9]{2}T|W)", text)
    return bool(year) and text[:4] != day[:4] and day[:4] not in text[4:]


@pytest.mark.parametrize("form", ["%Y/%m/%d %H:%M", "%Y%m%dT%H%M%S", "%d.%m.%Y %H:%M"])
def test_a_whole_schedule_in_another_form_is_reported_as_far_as_a_report_reaches(url: str, form: str) -> None:
    begin = datetime(2026, 11, 1, 8, tzinfo=UTC)
    fill(url, sorted({(begin + timedelta(minutes=20 * n)).strftime(form) for n in range(3000)}))
    schedule = open_schedule(url)
    window = schedule.read(local("2026-11-24 18:00"), local("2026-11-26 06:00"))
    assert window.appointments == ()
    assert len(window.bad_rows) >= 1000
    assert window.warnings == ("rows without a readable start are listed up to the number of 1000",)
    schedule.close()


@pytest.mark.parametrize("placeholder", ["1900-01-01 00:00:00", "9999-12-31 23:59:59", "1899-12-30T00:00:00"])
def test_thousands_of_rows_that_mean_never_hide_no_other(url: str, placeholder: str) -> None:
    fill(url, ["1.1.26", "25.11.2026", "x", *[placeholder] * 2500])
    schedule = open_schedule(url)
    window = schedule.read(local("2026-11-24 18:00"), local("2026-11-26 06:00"))
    assert sorted(bad.appointment_id or "" for bad in window.bad_rows) == ["0", "1", "2"]
    schedule.close()


def test_what_was_written_in_another_form_in_earlier_years_is_no_news(url: str) -> None:
    fill(
        url,
        [
            *("2024/11/25 09:00", "20251124T090000", "2019-1-5 09:00", "2025-12-31 9:00"),
            *("2024 11 25", "2024/ 1/ 5", "2024.11.25 9:00", "2023年11月25日"),
            *("2025-W48-2", "2024W482", "2024329T0900", "2024-219 09:00", "2024-25-11 09:00"),
        ],
    )
    schedule = open_schedule(url)
    assert schedule.read(local("2026-11-24 18:00"), local("2026-11-26 06:00")).bad_rows == ()
    schedule.close()
