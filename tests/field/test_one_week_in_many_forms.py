"""One practice's week, said in many forms, is one week: by whichever door it comes, runs read the same rows.

Left out is what not all forms can say: a calendar knows no branch, and an import takes in nobody whom its
line does not name.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path

import pytest
from schedule_tables import execute, make_table, read

from field.conftest import OwnPractice, with_its_own_schedule
from practice import BERLIN, Practice, local
from terminbenachrichtigung.model.appointment import Window

SATURDAY = "2026-10-24 09:00"
"""The day before summer time ends."""


@dataclass(frozen=True)
class Booked:
    """An appointment as it stands in the practice's book."""

    appointment_id: str
    start: str
    customer_id: str
    first_name: str
    last_name: str
    mobile: str = ""
    phone: str = ""
    email: str = ""
    type_name: str = "Sehtest"
    status: str = ""

    @property
    def starts_at(self) -> datetime:
        return local(self.start)

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=20)

    @property
    def texts(self) -> dict[str, str]:
        """What is no time."""
        return {name: text for name, text in asdict(self).items() if name != "start"}


WEEK = [
    Booked("101", "2026-10-24 16:00", "17", "Anna", "Müller", "0171 5555017", email="anna@example.org"),
    Booked("102", "2026-10-24 16:00", "17", "Anna", "Müller", "0171 5555017", email="anna@example.org"),
    Booked("103", "2026-10-24 16:30", "18", "Otto", "Müller", "0171/5555-017"),  # a family has one number
    Booked("104", "2026-10-25 00:00", "18", "Otto", "Müller", "0171/5555-017"),  # the time of day was lost
    Booked("105", "2026-10-25 01:30", "19", "Zoë", "Groß-Weiß", phone="030 123456; 0171 5555019"),
    Booked("106", "2026-10-25 03:30", "20", "Renée", "O'Connor", email="r@example.org", type_name="Hörtest"),
    Booked("107", "2026-10-25 07:30", "21", "", "Schmidt", "0171 5555021 Ute"),  # a number of somebody else
    Booked("108", "2026-10-25 08:00", "22", "Jörg", "Özil, Dr.", "+49 171 5555022", status="Storniert"),
    Booked("109", "2026-10-25 08:00", "23", 'Ida "Idi"', "Ng", "491715555023"),
    Booked("110", "2026-12-31 23:45", "23", 'Ida "Idi"', "Ng", "491715555023"),  # ends in another year
]


def rows(url: str) -> Window:
    """What a reading from shortly before the first to the last gives.

    Without what only an import notes: when it was booked.
    """
    window = read(url, "2026-10-24 15:30", "2026-12-31 23:45")
    return replace(window, appointments=tuple(replace(row, created_at=None) for row in window.appointments))


def on_the_wall(moment: datetime) -> datetime:
    """The moment by the practice's clock."""
    return moment.astimezone(BERLIN)


# ---------------------------------------------------------------- tables

Written = Callable[[datetime], str]


def plain(moment: datetime) -> str:
    return f"{on_the_wall(moment):%Y-%m-%d %H:%M}"


def in_utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


FORMS: Mapping[str, Written] = {
    "T": lambda at: f"{on_the_wall(at):%Y-%m-%dT%H:%M}",
    "seconds": lambda at: f"{on_the_wall(at):%Y-%m-%d %H:%M:%S}",
    "fractions": lambda at: f"{on_the_wall(at):%Y-%m-%dT%H:%M:%S.%f}",
    "offset": lambda at: on_the_wall(at).isoformat(" "),
    "offset of another place": lambda at: f"{at + timedelta(hours=13):%Y-%m-%d %H:%M}+13:00",
    "Z": in_utc,
}


def mixed() -> Written:
    """Each start in another form: the table has had many hands."""
    forms = cycle(FORMS.values())

    def written(moment: datetime) -> str:
        return next(forms)(moment)

    return written


def ids(kind: str) -> dict[str, str]:
    return dict.fromkeys(("appointment_id", "customer_id"), kind)


def times(kind: str) -> dict[str, str]:
    return dict.fromkeys(("starts_at", "ends_at"), kind)


def booleans(kind: str) -> dict[str, str]:
    return dict.fromkeys(("type_notifiable", "is_group"), kind)


def tabled(
    url: str,
    written: Written = plain,
    types: Mapping[str, str] | None = None,
    flags: tuple[object, object] = (True, False),
) -> None:
    """The week as a table; `flags` are what stands there for yes and no."""
    texts = dict.fromkeys(WEEK[0].texts, "TEXT")
    kinds = {**texts, **times("TEXT"), **booleans("BOOLEAN"), **(types or {})}
    entered = [
        {
            **each.texts,
            "starts_at": written(each.starts_at),
            "ends_at": written(each.ends_at),
            "type_notifiable": flags[0],
            "is_group": flags[1],
        }
        for each in WEEK
    ]
    make_table(url, entered, columns=kinds, types=kinds)


@pytest.fixture
def as_booked(tmp_path: Path) -> Window:
    """The rows that the plainest form gives: a table of texts on SQLite."""
    url = f"sqlite:///{tmp_path / 'plain.db'}"
    tabled(url)
    window = rows(url)
    assert len(window.appointments) == len(WEEK) - 1
    assert [row.appointment_id for row in window.bad_rows] == ["104"]  # at midnight
    return window


@pytest.mark.parametrize("written", [*FORMS.values(), mixed()], ids=[*FORMS, "mixed"])
def test_starts_as_text(tmp_path: Path, as_booked: Window, written: Written) -> None:
    url = f"sqlite:///{tmp_path / 'schedule.db'}"
    tabled(url, written)
    assert rows(url) == as_booked
    execute(url, "CREATE INDEX starts ON reminder_appointments (starts_at)")
    assert rows(url) == as_booked


@pytest.mark.parametrize(
    ("types", "flags"),
    [
        (ids("INTEGER") | booleans("INTEGER"), (1, 0)),
        (ids("NUMERIC") | booleans("TEXT"), ("t", "f")),
        (ids("DECIMAL(10,2)") | booleans("TEXT"), ("TRUE", "false")),
    ],
    ids=["0 and 1", "t and f", "TRUE and false"],
)
def test_types_of_sqlite(
    tmp_path: Path, as_booked: Window, types: Mapping[str, str], flags: tuple[object, object]
) -> None:
    url = f"sqlite:///{tmp_path / 'schedule.db'}"
    tabled(url, types=types, flags=flags)
    assert rows(url) == as_booked


@pytest.mark.parametrize(
    ("written", "types", "flags"),
    [
        (plain, times("TIMESTAMP") | ids("BIGINT"), (True, False)),
        (in_utc, times("TIMESTAMPTZ") | ids("NUMERIC(12,2)") | booleans("SMALLINT"), (1, 0)),
        (plain, times("VARCHAR(40)") | ids("JSONB") | booleans("TEXT"), ("t", "f")),
        (in_utc, times("CHAR(40)") | ids("CHAR(12)") | booleans("CHAR(5)"), ("true", "false")),
        (mixed(), ids("VARCHAR(12)") | booleans("NUMERIC"), (1, 0)),
    ],
    ids=["timestamp", "timestamptz", "varchar", "char", "text"],
)
def test_types_of_postgres(
    postgres_url: str,
    as_booked: Window,
    written: Written,
    types: Mapping[str, str],
    flags: tuple[object, object],
) -> None:
    tabled(postgres_url, written, types, flags)
    assert rows(postgres_url) == as_booked


# ---------------------------------------------------------------- exports

GERMAN = {
    "appointment_id": "Termin-ID",
    "starts_at": "Beginn",
    "ends_at": "Ende",
    "customer_id": "Kundennummer",
    "last_name": "Nachname",
    "first_name": "Vorname",
    "mobile": "Handy",
    "phone": "Telefon",
    "email": "E-Mail",
    "type_name": "Terminart",
    "status": "Status",
}
OWN_NAMES = {column: column for column in reversed(GERMAN)}
TWO_COLUMNS = {"date": "Datum", **GERMAN, "starts_at": "Uhrzeit"}


@dataclass(frozen=True)
class Export:
    """How a program writes its export."""

    headings: Mapping[str, str]
    date: str = "%d.%m.%Y"
    clock: str = "%H:%M"
    delimiter: str = ";"
    line_end: str = "\n"
    encoding: str = "utf-8"
    all_quoted: bool = False

    def of(self, week: Iterable[Booked]) -> bytes:
        file = io.StringIO(newline="")
        writer = csv.writer(
            file,
            delimiter=self.delimiter,
            lineterminator=self.line_end,
            quoting=csv.QUOTE_ALL if self.all_quoted else csv.QUOTE_MINIMAL,
        )
        writer.writerow(self.headings.values())
        for each in week:
            both = f"{self.date} {self.clock}"
            start = self.clock if "date" in self.headings else both
            cells = {
                **each.texts,
                "date": f"{on_the_wall(each.starts_at):{self.date}}",
                "starts_at": f"{on_the_wall(each.starts_at):{start}}",
                "ends_at": f"{on_the_wall(each.ends_at):{both}}",
            }
            writer.writerow(cells[column] for column in self.headings)
        return file.getvalue().encode(self.encoding)


@pytest.mark.parametrize(
    "export",
    [
        Export(OWN_NAMES, date="%Y-%m-%d", clock="%H:%M:%S", delimiter=",", line_end="\r\n"),
        Export(TWO_COLUMNS, encoding="cp1252", line_end="\r\n"),
        Export(TWO_COLUMNS, clock="%H.%M Uhr", encoding="utf-8-sig", all_quoted=True),
        Export(GERMAN, date="%d/%m/%Y", clock="%I:%M %p", delimiter="\t", encoding="utf-16"),
        Export(GERMAN, date="%d.%m.%y", clock="%H:%M:%S.000", delimiter="|"),
    ],
    ids=lambda export: f"{export.delimiter}-{export.encoding}",
)
def test_exports(own: OwnPractice, as_booked: Window, export: Export) -> None:
    own.practice.now = SATURDAY
    own.taken(export.of(WEEK))
    assert rows(url_of(own.practice)) == as_booked


def url_of(practice: Practice) -> str:
    return practice.database("schedule").url.render_as_string(hide_password=False)


def test_an_export_on_postgres(tmp_path: Path, postgres_url: str, as_booked: Window) -> None:
    for own in with_its_own_schedule(tmp_path, postgres_url):
        own.practice.now = SATURDAY
        own.taken(Export(GERMAN).of(WEEK))
        assert rows(postgres_url) == as_booked


# ---------------------------------------------------------------- calendars

ZONE = """BEGIN:VTIMEZONE
TZID:Praxis
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE"""
LABELS = {
    "customer_id": "Kundennummer",
    "first_name": "Vorname",
    "last_name": "Nachname",
    "mobile": "Handy",
    "phone": "Telefon",
    "email": "E-Mail",
}


@dataclass(frozen=True)
class Calendar:
    """How a calendar program writes."""

    zone: str = ""  # of its times; empty: they have none
    head: str = ""
    line_end: str = "\r\n"
    folded_at: int = 10_000  # bytes
    utc: bool = False

    def time(self, name: str, moment: datetime) -> str:
        if self.utc:
            return f"{name}:{moment:%Y%m%dT%H%M%SZ}"
        zone = f";TZID={self.zone}" if self.zone else ""
        return f"{name}{zone}:{on_the_wall(moment):%Y%m%dT%H%M%S}"

    def event(self, each: Booked, *more: str, uid: str = "") -> list[str]:
        texts = each.texts
        who = "\\n".join(f"{label}: {escaped(texts[name])}" for name, label in LABELS.items() if texts[name])
        return [
            "BEGIN:VEVENT",
            f"UID:{uid or each.appointment_id}",
            self.time("DTSTART", each.starts_at),
            self.time("DTEND", each.ends_at),
            f"CATEGORIES:{each.type_name}",
            f"DESCRIPTION:{who}",
            *(["STATUS:CANCELLED"] if each.status else []),
            *more,
            "END:VEVENT",
        ]

    def of(self, events: Iterable[list[str]]) -> bytes:
        head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *self.head.splitlines()]
        lines = [*head, *(line for event in events for line in event), "END:VCALENDAR"]
        return b"".join(map(self._folded, lines))

    def _folded(self, line: str) -> bytes:
        text, end = line.encode(), self.line_end.encode()
        pieces = [text[at : at + self.folded_at] for at in range(0, len(text), self.folded_at)]
        return (end + b" ").join(pieces) + end  # also inside of a letter, as the standard has it


def escaped(text: str) -> str:
    return text.replace(";", "\\;").replace(",", "\\,")


CALENDARS = [
    Calendar(utc=True),
    Calendar("Europe/Berlin", folded_at=75),
    Calendar("W. Europe Standard Time", line_end="\n"),
    Calendar("Praxis", head=ZONE),
    Calendar(line_end="\n", folded_at=17),  # by the practice's own clock
    Calendar(head="X-WR-TIMEZONE:Europe/Berlin"),
]


@pytest.mark.parametrize("calendar", CALENDARS, ids=lambda each: each.zone or each.head or f"utc={each.utc}")
def test_calendars(own: OwnPractice, as_booked: Window, calendar: Calendar) -> None:
    own.practice.now = SATURDAY
    own.taken(calendar.of(map(calendar.event, WEEK)), name="praxis.ics")
    assert rows(url_of(own.practice)) == as_booked


@pytest.mark.parametrize("calendar", CALENDARS[2:4], ids=lambda each: each.zone or "no zone")
def test_a_series_is_the_same_as_its_occurrences(
    own: OwnPractice, tmp_path: Path, calendar: Calendar
) -> None:
    """By the clock, before and after summer time ends; one is left out, one has moved, one is off."""
    own.practice.now = SATURDAY
    first = replace(WEEK[0], start="2026-10-24 16:00")
    days = [f"2026-{day} 16:00" for day in ("10-24", "10-31", "11-07", "11-14", "11-21")]
    moved = replace(first, start="2026-11-08 09:30")
    off = replace(first, start=days[3], status="Storniert")
    series = [
        calendar.event(first, "RRULE:FREQ=WEEKLY;COUNT=5", calendar.time("EXDATE", local(days[1])), uid="s"),
        calendar.event(moved, calendar.time("RECURRENCE-ID", local(days[2])), uid="s"),
        calendar.event(off, calendar.time("RECURRENCE-ID", local(days[3])), uid="s"),
    ]
    written_out = [
        calendar.event(first, uid="s/20261024"),
        calendar.event(moved, uid="s/20261107"),
        calendar.event(off, uid="s/20261114"),
        calendar.event(replace(first, start=days[4]), uid="s/20261121"),
    ]
    own.taken(calendar.of(series), name="praxis.ics")
    found = rows(url_of(own.practice))
    assert len(found.appointments) == len(written_out)
    folder = tmp_path / "another"
    folder.mkdir()
    for another in with_its_own_schedule(folder, "sqlite:///schedule.db"):
        another.practice.now = SATURDAY
        another.taken(calendar.of(written_out), name="praxis.ics")
        assert rows(url_of(another.practice)) == found


# ---------------------------------------------------------------- in several files

EXPORT = Export(GERMAN).of
CALENDAR = CALENDARS[1]
PARTS = [
    # the files, one after the other, each with its options
    pytest.param([(EXPORT(WEEK), ()), (EXPORT(WEEK), ())], id="twice"),
    pytest.param([(EXPORT(reversed(WEEK)), ()), (EXPORT(WEEK), ())], id="in another order"),
    pytest.param(
        [(EXPORT(WEEK[1::2]), ("--source", "b")), (EXPORT(WEEK[::2]), ("--source", "a"))] * 2,
        id="by colleague, each a source",
    ),
    pytest.param([(EXPORT(WEEK[:5]), ("--partial",)), (EXPORT(WEEK[5:]), ("--partial",))], id="in parts"),
    pytest.param(
        [(EXPORT(WEEK), ()), (CALENDAR.of(map(CALENDAR.event, WEEK)), ("--source", "calendar"))],
        id="an export, then the calendar",
    ),
]


@pytest.mark.parametrize("files", PARTS)
def test_in_several_files(
    own: OwnPractice, as_booked: Window, files: list[tuple[bytes, tuple[str, ...]]]
) -> None:
    own.practice.now = SATURDAY
    for content, options in files:
        own.taken(content, *options, name="praxis.ics" if content.startswith(b"BEGIN") else "export.csv")
    assert rows(url_of(own.practice)) == as_booked


# ---------------------------------------------------------------- and so a run says the same


def said(practice: Practice) -> list[list[dict[str, object]]]:
    """Messages, reasons and bad rows of a run, and whom staff must call."""
    ran, listed = practice.dry_run().json, practice.run("staff-list", "--json").json
    return [ran["messages"], ran["skipped"], ran["bad_rows"], listed["customers"]]


def test_messages_reasons_and_the_staff_list_are_the_same(own: OwnPractice, tmp_path: Path) -> None:
    """Of a table and of a file: what a run makes of the rows hangs on nothing but the rows."""
    own.practice.now = SATURDAY
    own.taken(CALENDAR.of(map(CALENDAR.event, WEEK)), name="praxis.ics")
    folder = tmp_path / "table"
    folder.mkdir()
    with Practice(folder, now=SATURDAY) as practice:
        practice.sql("DROP TABLE reminder_appointments")
        tabled(url_of(practice), mixed())
        of_the_table = said(practice)
    assert [message["appointment_ids"] for message in of_the_table[0]] == [["105"], ["106"], ["109"]]
    assert said(own.practice) == of_the_table
