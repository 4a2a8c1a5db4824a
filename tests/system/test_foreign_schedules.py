"""The views over other programs' tables, as docs/schedules.md and samples/openemr have them, are run."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from docs.pages import block, read
from practice import BERLIN, Practice, number
from system.foreign_tables import EASYAPPOINTMENTS, OPENEMR, recurrence

PAGE = read("docs/schedules.md")

DAY = datetime.now(BERLIN).date() + timedelta(days=3)
"""The day that is told of. Databases count by the clock on the wall, so it cannot be a fixed one."""
EVE = f"{DAY - timedelta(days=1)} 12:00"
"""When it is told."""


def openemrs_view(practice: Practice) -> str:
    """The view in samples/ for the practice's kind of database."""
    kind = "sqlite" if practice.database("schedule").name == "sqlite" else "postgres"
    return read(f"samples/openemr/{kind}.sql")


def execute(practice: Practice, *statements: str) -> None:
    """Statements as they stand: a colon in them is no parameter."""
    with practice.database("schedule").begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement.replace(":", r"\:")))


def insert(practice: Practice, table: str, **row: Any) -> None:
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    practice.sql(f"INSERT INTO {table} ({names}) VALUES ({values})", **row)


def connect_by_view(practice: Practice, sql: str) -> None:
    execute(practice, "DROP TABLE reminder_appointments", sql)


def connect_by_query_file(practice: Practice, sql: str) -> None:
    """The same without the line that makes a view, for a database in which no view may be made."""
    execute(practice, "DROP TABLE reminder_appointments")
    _, query = sql.split("CREATE VIEW reminder_appointments AS\n")
    practice.folder.joinpath("foreign.sql").write_text(query, encoding="utf-8")
    practice.configure(schedule={"query_file": "foreign.sql"})


def configure_as_advised(practice: Practice, marker: str) -> None:
    advice = re.search(r"excluded_statuses = (\[.*?\])", block(PAGE, marker, "toml"))
    assert advice is not None
    practice.configure(rules={"excluded_statuses": re.findall(r'"(.*?)"', advice[1])})


Connect = Callable[[Practice, str], None]
WAYS = pytest.mark.parametrize("connect", [connect_by_view, connect_by_query_file], ids=["view", "query"])


# ---------------------------------------------------------------- Easy!Appointments


@WAYS
def test_easyappointments(either_practice: Practice, connect: Connect) -> None:
    practice = either_practice
    execute(practice, *EASYAPPOINTMENTS)
    configure_as_advised(practice, "easyappointments")
    connect(practice, block(PAGE, "easyappointments", "sql"))

    def person(customer: int, name: str, **columns: object) -> None:
        insert(practice, "ea_users", id=customer, first_name="Anna", last_name=name, id_roles=3, **columns)

    def booked(appointment: int, customer: int | None, **columns: object) -> None:
        row = {
            "id": appointment,
            "book_datetime": "2026-11-01 08:00:00",
            "start_datetime": "2026-11-25 09:00:00",
            "end_datetime": "2026-11-25 09:30:00",
            "status": "Booked",
            "id_users_provider": 2,
            "id_users_customer": customer,
            "id_services": 1,
        }
        insert(practice, "ea_appointments", **(row | columns))

    insert(practice, "ea_services", id=1, name="Sehtest", duration=30)
    insert(practice, "ea_services", id=2, name="Vortrag", duration=60, attendants_number=12)
    person(11, "Berger", mobile_number=number(11))
    person(12, "Conrad", phone_number=number(12))
    person(13, "Dorn", email="dorn@example.org")
    person(14, "Ernst", mobile_number=number(14))
    booked(1, 11)
    booked(2, 12, status="Confirmed")
    booked(3, 13, id_services=None)  # its service was deleted
    booked(4, 14, status="Cancelled")
    booked(5, 14, status="Draft")
    booked(6, 14, id_services=2)
    booked(7, None, is_unavailability=1, id_services=None)  # the provider's lunch
    booked(8, 14, start_datetime="2026-11-26 09:00:00")

    check = practice.run("config", "check", "--connect")
    assert check.exit_code == 0, check.stderr
    ran = practice.dry_run()
    assert ran.outcomes.keys() == {"1", "2", "3"}
    assert [message["recipient"] for message in ran.json["messages"]] == [
        number(11),
        number(12),
        "dorn@example.org",
    ]
    assert "Guten Tag Anna Berger" in ran.json["messages"][0]["text"]
    assert ran.reasons == {"4": "status_excluded", "5": "status_excluded", "6": "group_appointment"}
    assert ran.json["bad_rows"] == []
    practice.run_once()
    assert practice.run_once().outcomes == {}


# ---------------------------------------------------------------- OpenEMR


class OpenEmr:
    """OpenEMR's tables with one facility, and a patient for each event."""

    def __init__(self, practice: Practice) -> None:
        self.practice = practice
        execute(practice, *OPENEMR)
        for category, name, kind in ((5, "Office Visit", 0), (2, "In Office", 1), (8, "Lunch", 1)):
            insert(
                practice,
                "openemr_postcalendar_categories",
                pc_catid=category,
                pc_catname=name,
                pc_cattype=kind,
            )
        insert(practice, "facility", id=3, name="Optik Nord", phone="040 123456", facility_code="HH1")

    def patient(self, pid: int, **columns: object) -> None:
        row = {
            "pid": pid,
            "fname": "Anna",
            "lname": f"Berger{pid}",
            "sex": "Female",
            "phone_cell": number(pid),
            "hipaa_allowsms": "YES",
        }
        insert(self.practice, "patient_data", **(row | columns))

    def book(self, eid: int, day: date = DAY, *, pid: object = None, **columns: object) -> None:
        """An event of a patient of its own at nine; pid "" is none."""
        if pid is None:
            self.patient(eid)
        row = {
            "pc_eid": eid,
            "pc_catid": 5,
            "pc_pid": str(eid if pid is None else pid),
            "pc_eventDate": day,
            "pc_startTime": "09:00:00",
            "pc_endTime": "09:30:00",
            "pc_facility": 3,
        }
        insert(self.practice, "openemr_postcalendar_events", **(row | columns))

    def repeat(
        self, eid: int, begins: date, spec: str | None, *, kind: int = 1, days: int = 400, **columns: object
    ) -> None:
        """A series that began on a day and runs for so many days."""
        ends = begins + timedelta(days=days)
        self.book(eid, begins, pc_endDate=ends, pc_recurrtype=kind, pc_recurrspec=spec, **columns)


@pytest.fixture(params=["sqlite", "postgres"])
def openemr(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenEmr]:
    """OpenEMR by the clock on the wall, as the database's own is."""
    url = "sqlite:///schedule.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with Practice(tmp_path, now=None, schedule_url=url) as practice:
        practice.configure(rules={"quiet_hours": False})
        configure_as_advised(practice, "openemr")
        yield OpenEmr(practice)


def connect_openemr(openemr: OpenEmr, connect: Connect = connect_by_view) -> None:
    connect(openemr.practice, openemrs_view(openemr.practice))


@WAYS
def test_openemr(openemr: OpenEmr, connect: Connect) -> None:
    practice = openemr.practice
    connect_openemr(openemr, connect)
    openemr.book(1)
    openemr.book(2, pc_apptstatus="x")
    openemr.book(3, pc_apptstatus="%")
    openemr.book(4, DAY + timedelta(days=1))
    openemr.book(5, pid="", pc_catid=8)  # somebody's lunch
    openemr.book(6, pid="", pc_catid=2, pc_startTime=None, pc_alldayevent=1)
    openemr.patient(7, hipaa_allowsms="NO", hipaa_allowemail="YES", email="sieben@example.org")
    openemr.book(7, pid=7)
    openemr.patient(8, hipaa_allowsms="NO")
    openemr.book(8, pid=8)
    openemr.book(9, pc_gid=4)

    check = practice.run("config", "check", "--connect")
    assert check.exit_code == 0, check.stderr
    ran = practice.dry_run(EVE)
    assert {"1", "7"} == ran.outcomes.keys()
    assert [message["recipient"] for message in ran.json["messages"]] == [number(1), "sieben@example.org"]
    assert "Guten Tag Frau Berger1" in ran.json["messages"][0]["text"]
    assert "040 123456" in ran.json["messages"][0]["text"]
    assert ran.reasons == {
        "2": "status_excluded",
        "3": "status_excluded",
        "8": "no_contact",
        "9": "group_appointment",
    }
    assert ran.json["bad_rows"] == []


WEEKDAY = str((DAY.weekday() + 1) % 7 + 1)  # OpenEMR's number of it
OTHERS = ",".join(str(day) for day in range(1, 8) if str(day) != WEEKDAY)
LEFT_OUT = f"{DAY - timedelta(days=7):%Y%m%d},{DAY:%Y%m%d}"


SPREAD = [  # how many days before the day it began, its rule, pc_recurrtype, whether it meets the day
    ("on its first day", 0, recurrence("1", 1), 1, True),
    ("every week", 7, recurrence("1", 1), 1, True),
    ("every week, on another day", 6, recurrence("1", 1), 1, False),
    ("every second week", 28, recurrence("2", 1), 1, True),
    ("every second week, the week between", 21, recurrence("2", 1), 1, False),
    ("every day", 5, recurrence("1", 0), 1, True),
    ("every third day", 9, recurrence("3", 0), 1, True),
    ("every third day, the day between", 10, recurrence("3", 0), 1, False),
    ("every workday", 9, recurrence("1", 4), 1, DAY.weekday() < 5),
    ("on this day of the week", 9, recurrence(WEEKDAY, 6), 3, True),
    ("on this and another day of the week", 9, recurrence(f"{OTHERS[0]},{WEEKDAY}", 6), 3, True),
    ("on two other days of the week", 9, recurrence(OTHERS[:3], 6), 3, False),
    ("begins later", -1, recurrence("1", 0), 1, False),
    ("has ended", 401, recurrence("1", 0), 1, False),
    ("on its last day", 400, recurrence("1", 0), 1, True),
    ("this one is left out", 14, recurrence("1", 1, without=LEFT_OUT), 1, False),
    ("another one is left out", 14, recurrence("1", 1, without="20200101"), 1, True),
    ("every no week", 14, recurrence("0", 1), 1, False),  # OpenEMR does not show it either
]


def test_a_series_of_openemr_is_told_on_the_days_that_it_meets(openemr: OpenEmr) -> None:
    connect_openemr(openemr)
    for eid, (_, days_before, spec, kind, _) in enumerate(SPREAD, start=101):
        openemr.repeat(eid, DAY - timedelta(days=days_before), spec, kind=kind)
    ran = openemr.practice.dry_run(EVE)
    told = {name: f"{eid}-{DAY}" in ran.outcomes for eid, (name, *_) in enumerate(SPREAD, start=101)}
    assert told == {name: meets for name, *_, meets in SPREAD}
    assert len(ran.outcomes) == sum(told.values())
    assert ran.json["bad_rows"] == []


NOT_SPREAD = [
    (recurrence("1", 2), 1),  # every month
    (recurrence("1", 3), 1),  # every year
    (recurrence("2", 4), 1),  # every second workday
    (recurrence("0", 0), 2),  # on the nth Monday of a month
    (recurrence("1,2,3,4,5,6,7", 6), 3),  # its days are a text of more than nine letters
    ("", 1),
    (None, 1),
]


def test_a_series_of_openemr_that_the_view_cannot_spread_is_listed(openemr: OpenEmr) -> None:
    connect_openemr(openemr)
    for eid, (spec, kind) in enumerate(NOT_SPREAD, start=1):
        openemr.repeat(eid, DAY - timedelta(days=14), spec, kind=kind)
        openemr.repeat(eid + 100, DAY - timedelta(days=500), spec, kind=kind)  # is over
    openemr.book(999)
    ran = openemr.practice.dry_run(EVE)
    assert list(ran.outcomes) == ["999"]
    listed = {row["appointment_id"] for row in ran.json["bad_rows"]}
    assert listed == {f"{eid}-series" for eid in range(1, len(NOT_SPREAD) + 1)}


def test_each_occurrence_of_a_series_of_openemr_is_told_once(openemr: OpenEmr) -> None:
    """Also after the calendar split it off, under a number of its own, because its status was changed."""
    practice = openemr.practice
    connect_openemr(openemr)
    practice.configure(reminders=[{"name": "Terminerinnerung", "hours_before": 99, "channels": ["sms"]}])
    openemr.repeat(123, DAY - timedelta(days=14), recurrence("1", 1))
    first = practice.run_once()
    assert first.outcomes == {f"123-{DAY}": "sent"}
    spec = recurrence("1", 1, without=f"{DAY:%Y%m%d}")
    practice.sql("UPDATE openemr_postcalendar_events SET pc_recurrspec = :spec", spec=spec)
    openemr.book(124, pid=123, pc_apptstatus="*")
    again = practice.run_once()
    assert (again.outcomes, again.reasons) == ({}, {f"123-{DAY}": "already_notified"})
    week_after = practice.dry_run(f"{DAY + timedelta(days=6)} 12:00")
    assert list(week_after.outcomes) == [f"123-{DAY + timedelta(days=7)}"]
