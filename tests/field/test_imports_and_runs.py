"""What the runs make of imports: what is held is told nobody, and silence is noticed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from field.conftest import OwnPractice, with_its_own_schedule
from practice import BERLIN, local
from terminbenachrichtigung.own_schedule.notes import import_notes

HEAD = "Termin-ID;Beginn;Name;Handy\n"
LINES = [f"{n};2026-11-25 {9 + n:02}:00;Kunde{n};0171 555500{n:02}\n" for n in range(1, 6)]
WHOLE = HEAD + "".join(LINES)


@pytest.fixture
def own(tmp_path: Path, database_url: str) -> Iterator[OwnPractice]:
    """On SQLite and on Postgres: what an import notes for the next one must come back as it was."""
    yield from with_its_own_schedule(tmp_path, database_url)


def test_what_came_too_late_for_any_run_is_missed(own: OwnPractice) -> None:
    """Cron was down from Tuesday noon; on Wednesday morning the file has somebody for the afternoon."""
    own.practice.run_once(now="2026-11-24 09:00")
    own.bring(WHOLE, now="2026-11-24 12:00")
    own.practice.run_once(now="2026-11-24 12:01")
    late = "77;2026-11-25 16:00;Ute Neu;0171 5555099\n"
    ran = own.bring(WHOLE + late, now="2026-11-25 08:00")
    assert (ran.exit_code, [each["appointment_id"] for each in ran.json["late"]]) == (1, ["77"])
    missed = own.practice.run_once(now="2026-11-25 08:01")
    assert missed.reasons["77"] == "missed"


def test_what_is_held_is_told_nobody_and_missed_when_it_is_too_late(own: OwnPractice) -> None:
    own.practice.run_once(now="2026-11-24 08:30")
    own.bring(WHOLE, now="2026-11-24 08:40")
    own.bring(HEAD + "".join(LINES[:2] + LINES[3:]), now="2026-11-24 08:50")
    assert own.practice.dry_run("2026-11-24 12:30").reasons["3"] == "held"
    for hour in range(9, 20):
        own.practice.run_once(now=f"2026-11-24 {hour:02}:00")
    assert "+4917155550003" not in own.practice.texted
    ran = own.practice.run_once(now="2026-11-25 08:01")
    assert ran.reasons["3"] == "missed"
    assert "held" in next(skip["detail"] for skip in ran.json["skipped"] if skip["appointment_id"] == "3")


def test_what_comes_back_is_told(own: OwnPractice) -> None:
    own.bring(WHOLE)
    own.bring(HEAD + "".join(LINES[:2] + LINES[3:]))
    own.bring(WHOLE)
    assert "3" in own.practice.run_once(now="2026-11-24 12:00").outcomes


def test_what_was_booked_on_the_day_itself_is_not_late(own: OwnPractice) -> None:
    own.bring(WHOLE, now="2026-11-25 09:00")
    ran = own.bring(WHOLE + "77;2026-11-25 16:00;Ute Neu;0171 5555099\n", now="2026-11-25 10:00")
    assert (ran.exit_code, ran.json["late"]) == (0, [])


@pytest.mark.parametrize(
    ("now", "silent"),
    [
        ("2026-11-24 11:00", False),
        ("2026-11-24 12:01", True),  # two open hours
        ("2026-11-24 20:30", True),
    ],
)
def test_that_no_file_comes_any_more_is_said(own: OwnPractice, now: str, silent: bool) -> None:
    own.bring(WHOLE, now="2026-11-24 10:00")
    warned = own.practice.run("dry-run", now=now).stdout
    assert ("Is cron calling schedule import" in warned) is silent


def test_hours_of_quiet_are_no_silence(own: OwnPractice) -> None:
    own.bring(WHOLE, now="2026-11-24 19:30")
    assert "schedule import" not in own.practice.run("dry-run", now="2026-11-25 08:30").stdout


def test_where_there_were_no_imports_nothing_is_said(own: OwnPractice) -> None:
    assert "schedule import" not in own.practice.run("dry-run").stdout


def test_open_refusals_are_listed_until_they_are_settled_or_over(own: OwnPractice) -> None:
    url = own.practice.database("schedule").url.render_as_string(hide_password=False)

    def listed(now: str = "2026-11-24 10:00") -> list[tuple[str, str, int]]:
        notes = import_notes(url, BERLIN, local(now))
        return [(each.appointment_id, each.name, each.line) for each in notes.refusals]

    assert listed() == []
    bad = WHOLE + "8;bald;Ute Neu;0171 5555098\n9;2026-11-25 16:00;M\ufffdller;0171 5555099\n"
    own.bring(bad)
    assert listed() == [("8", "Ute Neu", 7), ("9", "M\ufffdller", 8)]
    assert listed("2026-11-25 16:00") == [("8", "Ute Neu", 7)]  # the other one is over
    own.bring(WHOLE.replace("Kunde1", "Kundin"), "--partial")
    assert len(listed()) == 2
    own.bring(HEAD + "9;2026-11-25 16:00;Müller;0171 5555099\n", "--partial")
    assert listed() == [("8", "Ute Neu", 7)]
    own.bring(WHOLE)
    assert listed() == []


def test_a_file_that_is_braked_settles_no_line_that_it_does_not_name(own: OwnPractice) -> None:
    own.bring(WHOLE + "8;bald;Ute Neu;0171 5555098\n")
    assert own.bring(WHOLE.replace("2026-11-25", "2026-11-26")).json["braked"]
    url = own.practice.database("schedule").url.render_as_string(hide_password=False)
    assert [each.name for each in import_notes(url, BERLIN, local("2026-11-24 10:00")).refusals] == [
        "Ute Neu"
    ]


def test_refused_lines_stand_on_the_staff_list_until_they_are_settled(own: OwnPractice) -> None:
    bad = WHOLE + "8;bald;Ute Neu;0171 5555098\n9;2026-11-25 16:00;M\ufffdller;0171 5555099\n"
    own.bring(WHOLE)
    own.bring(bad.replace("1;2026-11-25 10:00", "1;25:00"))

    def listed() -> dict[str, tuple[str | None, str]]:
        customers = own.practice.run("staff-list", "--json").json["customers"]
        assert {each["reason"] for each in customers} <= {"import"}
        return {each["name"]: (each["starts_at"], each["detail"]) for each in customers}

    found = listed()
    assert found["Kunde1"][0] == "2026-11-25T10:00:00+01:00"  # the appointment is known: it is held
    assert found["Ute Neu"] == (None, "line 7: starts_at: not a date and time: 'bald'")
    assert found["M\ufffdller"][0] == "2026-11-25T16:00:00+01:00"
    text = own.practice.run("staff-list").stdout
    assert "Ute Neu" in text
    assert "9000" not in text
    page = own.practice.folder / "list.html"
    own.practice.run("staff-list", "--html", str(page))
    assert "Die Terminliste war hier nicht lesbar" in page.read_text(encoding="utf-8")
    assert own.practice.run("staff-list", "done", "8").exit_code == 0
    assert listed().keys() == {"Kunde1", "M\ufffdller"}
    assert own.bring(bad).exit_code == 0  # read by people already, and Kunde1 is right again
    assert listed().keys() == {"M\ufffdller"}
    own.bring(WHOLE)
    assert listed() == {}


def test_who_was_told_of_what_two_files_lack_is_to_be_asked(own: OwnPractice) -> None:
    own.bring(WHOLE)
    assert own.practice.run_once(now="2026-11-24 10:05").outcomes["1"] == "sent"
    for more in ("", "6;2026-11-25 15:00;Kunde6;0171 55550006\n"):
        own.bring(HEAD + "".join(LINES[1:]) + "0;2026-11-25 08:00;Kunde0;0171 55550000\n" + more)
    (entry,) = own.practice.run("staff-list", "--json").json["customers"]
    assert (entry["appointment_ids"], entry["reason"]) == (["1"], "cancelled")
    assert entry["detail"] == "missing from two files of the import: check"


def test_whoever_gets_the_number_of_a_customer_hears_nothing_of_what_that_one_cancelled(
    own: OwnPractice,
) -> None:
    """Ida's record is deleted, and her customer number is Uwe's now: Ida is to be called, not he."""
    own.practice.configure(corrections={"enabled": True})
    head = "Termin-ID;Kundennummer;Beginn;Name;Handy;Status\n"
    others = "".join(f"{n};{n};2026-11-26 {n}:00;Kunde{n};0171 55550{n};\n" for n in range(10, 18))
    ida, uwe = "1;7;2026-11-25 10:00;Ida Meier;0171 5555001;", "2;7;2026-11-27 12:00;Uwe Neu;0171 5555002;"
    own.bring(f"{head}{ida}\n{others}")
    own.practice.run_once(now="2026-11-24 10:05")
    own.bring(f"{head}{ida}Storniert\n{others}", now="2026-11-24 11:00")
    own.practice.run_once(now="2026-11-24 11:05")
    ran = own.bring(f"{head}{uwe}\n{others}", now="2026-11-24 12:00")
    assert ran.json["changed"][0]["detail"] == "names no customer any more"
    assert own.practice.run_once(now="2026-11-24 12:05").json["messages"] == []
    (entry,) = own.practice.run("staff-list", "--json", now="2026-11-24 12:10").json["customers"]
    assert (entry["appointment_ids"], entry["name"], entry["mobile"]) == (["1"], "", "+491715555001")


@pytest.mark.parametrize(
    ("uwe", "options", "keeps"),
    [
        ("2;7;2026-11-27 12:00;Uwe Neu;0171 5555002;", ("--force",), True),  # says that both are one person
        ("2;7;2026-11-27 12:00;Ida Meyer;0171 5555001;", (), True),
        ("1;7;2026-11-25 10:00;Uwe Neu;0171 5555002;Storniert", (), True),  # which is his, as it says
        ("2;7;2026-11-27 12:00;Uwe Neu;0171 5555002;", (), False),
    ],
)
def test_what_is_cancelled_keeps_its_customer_unless_the_number_is_another_s(
    own: OwnPractice, uwe: str, options: tuple[str, ...], keeps: bool
) -> None:
    head = "Termin-ID;Kundennummer;Beginn;Name;Handy;Status\n"
    ida = "1;7;2026-11-25 10:00;Ida Meier;0171 5555001;Storniert\n"
    before = "0;7;2026-11-23 10:00;Ida Meier;0171 5555001;Storniert\n"
    own.bring(head + before + ida)
    own.bring(f"{head}{uwe}\n", *options)
    rows = own.practice.sql("SELECT appointment_id, customer_id FROM appointments WHERE appointment_id < '2'")
    assert dict(map(tuple, rows)) == {"0": "7", "1": "7" if keeps else None}
