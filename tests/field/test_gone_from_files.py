"""What a file does not say: what is gone is held once and off the second time; nobody is lost on the way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from field.conftest import OwnPractice, with_its_own_schedule

HEAD = "Termin-ID;Beginn;Filiale;Name;Handy"


@pytest.fixture
def own(tmp_path: Path, database_url: str) -> Iterator[OwnPractice]:
    """On SQLite and on Postgres: what an import notes for the next one must come back as it was."""
    yield from with_its_own_schedule(tmp_path, database_url)


def line(number: int, start: str = "", branch: str = "", name: str = "") -> str:
    start = start or f"2026-11-{25 + number % 5:02} {9 + number % 8:02}:00"
    return f"{number};{start};{branch};{name or f'Kunde{number}'};0171 55550{number:03}"


def export(*lines: str) -> str:
    return "\n".join([HEAD, *lines, ""])


TWENTY = [line(number) for number in range(20)]


def without(*numbers: int) -> str:
    return export(*(each for number, each in enumerate(TWENTY) if number not in numbers))


def test_what_is_gone_once_is_held_and_what_is_gone_twice_is_off(own: OwnPractice) -> None:
    own.taken(export(*TWENTY))
    assert own.bring(without(4)).json["held"][0]["appointment_id"] == "4"
    assert own.state("4") == ("", "held")
    assert (
        own.bring(without(4), written="2026-11-24 09:30").exit_code == 0
    )  # the same file once more is no other
    assert own.state("4") == ("", "held")
    changed = without(4).replace("Kunde7", "Kunde Sieben")
    ran = own.bring(changed, written="2026-11-24 09:40")
    assert [each["detail"] for each in ran.json["cancelled"]] == ["missing from two files"]
    assert own.state("4") == ("Storniert", "gone")


def test_what_comes_back_is_due_again(own: OwnPractice) -> None:
    own.taken(export(*TWENTY))
    own.bring(without(4))
    assert "4" not in own.standing()
    own.bring(export(*TWENTY))
    assert "4" in own.standing()
    own.bring(without(4))
    own.bring(without(4, 5))
    assert own.state("4") == ("Storniert", "gone")
    own.bring(export(*TWENTY))
    assert {"4", "5"} <= own.standing().keys()


def test_two_exports_that_alternate_cancel_nobody(own: OwnPractice) -> None:
    whole = export(*TWENTY)
    for _ in range(3):
        own.bring(whole)
        own.bring(without(4, 9))
    assert own.practice.sql("SELECT count(*) FROM appointments WHERE status = 'Storniert'") == [(0,)]


def test_a_partial_file_says_nothing_of_others(own: OwnPractice) -> None:
    own.taken(export(*TWENTY))
    for numbers in ((4,), (4, 5)):
        assert own.bring(without(*numbers), "--partial").exit_code == 0
    assert len(own.standing()) == 20


def test_of_monday_all_are_deleted_and_the_export_begins_on_tuesday(own: OwnPractice) -> None:
    monday = [line(n, f"2026-11-30 {9 + n}:00") for n in range(3)]
    later = [line(n, f"2026-12-{1 + n % 4:02} {9 + n % 8:02}:00") for n in range(3, 30)]
    own.taken(export(*monday, *later))
    ran = own.bring(export(*later))
    assert ran.exit_code == 1
    assert [each["appointment_id"] for each in ran.json["uncovered"]] == ["0", "1", "2"]
    assert {"0", "1", "2"} <= own.standing().keys()
    ran = own.bring(export(*later), "--from", "now")
    assert ran.exit_code == 0
    assert [each["appointment_id"] for each in ran.json["held"]] == ["0", "1", "2"]
    assert own.bring(export(*later[:-1]), "--from", "now").exit_code == 0
    assert own.state("1") == ("Storniert", "gone")


@pytest.mark.parametrize(
    ("options", "uncovered", "held"),
    [
        ([], ["0", "1"], []),
        (["--from", "now"], [], ["0", "1"]),
        (["--from", "tomorrow"], [], ["1"]),  # an export from tomorrow on never has the rest of today
        (["--from", "+1"], [], ["1"]),
        (["--from", "2026-11-25"], [], ["1"]),
        (["--from", "+3"], [], []),
        (["--partial"], [], []),
    ],
)
def test_the_days_before_the_first_of_the_file(
    own: OwnPractice, options: list[str], uncovered: list[str], held: list[str]
) -> None:
    early = [line(0, "2026-11-24 16:00"), line(1, "2026-11-26 16:00")]
    later = [line(n, f"2026-12-{1 + n % 4:02} {9 + n % 8:02}:00") for n in range(3, 20)]
    own.taken(export(*early, *later))
    ran = own.bring(export(*later), *options)
    assert [each["appointment_id"] for each in ran.json["uncovered"]] == uncovered
    assert [each["appointment_id"] for each in ran.json["held"]] == held
    assert ran.exit_code == (1 if uncovered else 0)


def test_from_now_does_not_reach_days_that_no_file_covered(own: OwnPractice) -> None:
    """An export of January, taken by mistake while December is not over."""
    own.taken(export(*TWENTY))  # to the end of November
    own.practice.sql(
        "UPDATE appointments SET starts_at = '2026-12-15 09:00:00' WHERE appointment_id = '1'"
    )  # beyond what that file covered
    january = [line(n, "2027-01-11 09:00") for n in range(100, 103)]
    ran = own.bring(export(*january), "--from", "now")
    assert ran.exit_code == 1
    assert [each["appointment_id"] for each in ran.json["uncovered"]] == ["1"]
    assert ran.json["braked"]  # all of November is gone
    assert own.state("1") == ("", "")


def test_what_lies_later_than_the_file_stays(own: OwnPractice) -> None:
    own.taken(export(*TWENTY, line(50, "2026-12-24 09:00")))
    ran = own.bring(export(*TWENTY))
    assert (ran.exit_code, ran.json["understood"]["beyond"]) == (0, 1)
    assert "50" in own.standing()


# ---------------------------------------------------------------- branches and sources


def test_a_branch_that_is_exported_apart_says_nothing_of_the_others(own: OwnPractice) -> None:
    first = [line(n, branch="HH1") for n in range(10)]
    second = [line(n, branch="HH2") for n in range(10, 20)]
    own.taken(export(*first))
    own.taken(export(*second))
    own.bring(export(*first[:-1]))
    own.bring(export(*second))
    assert own.state("9") == ("", "held")
    assert len(own.standing()) == 19


def test_a_file_of_one_branch_that_is_refused_whole_says_nothing_of_the_others(own: OwnPractice) -> None:
    own.taken(export(*(line(n, branch="HH1") for n in range(4))))
    own.taken(export(*(line(n, branch="HH2") for n in range(10, 14))))
    own.bring(export(*(line(n, branch="HH1", name="M\ufffdller") for n in range(4))))
    assert own.standing().keys() == {"10", "11", "12", "13"} | {str(n) for n in range(4)}
    own.bring(export(*(line(n, "bald", branch="HH1") for n in range(4))))
    assert own.standing().keys() == {"10", "11", "12", "13"}


def test_the_only_appointment_of_a_small_branch_can_be_gone(own: OwnPractice) -> None:
    lines = [line(n, branch="HH1") for n in range(10)]
    own.taken(export(*lines, line(50, "2026-11-26 09:00", "HH9")))
    own.bring(export(*lines))
    own.bring(export(*lines, line(51, branch="HH1")))
    assert own.state("50") == ("Storniert", "gone")


def test_no_branch_is_a_branch(own: OwnPractice) -> None:
    """A column that only some lines fill."""
    lines = [line(n, branch="HH1") for n in range(10)]
    own.taken(export(*lines, line(50, "2026-11-26 09:00")))
    own.bring(export(*lines))
    assert own.state("50") == ("", "held")


def test_a_column_of_branches_that_is_new_says_of_no_appointment_that_it_may_stay(own: OwnPractice) -> None:
    plain = [f"{n};2026-11-{25 + n % 2} {8 + n // 2:02}:00;Kunde{n};0171 5555{n:03}" for n in range(8)]
    branched = [f"{text};HH{n % 2}" for n, text in enumerate(plain)]
    heads = ("Termin-ID;Beginn;Name;Handy", "Termin-ID;Beginn;Name;Handy;Filiale")
    for before, after in (
        ((heads[0], plain), (heads[1], branched)),
        ((heads[1], branched), (heads[0], plain)),
    ):
        source = ("--source", before[0])
        assert own.bring("\n".join([before[0], *before[1], ""]), *source).exit_code == 0
        ran = own.bring("\n".join([after[0], *after[1][:-1], ""]), *source)
        assert [each["appointment_id"] for each in ran.json["held"]] == ["7"]


def test_two_calendars_are_two_sources(own: OwnPractice) -> None:
    for name, lines in (("Anna", TWENTY[:10]), ("Bernd", TWENTY[10:])) * 3:
        assert own.bring(export(*lines), "--source", name).exit_code == 0
    assert len(own.standing()) == 20
    own.bring(export(*TWENTY[:9]), "--source", "Anna")
    assert own.state("9") == ("", "held")


def test_other_headings_are_another_source(own: OwnPractice) -> None:
    own.taken(export(*TWENTY))
    assert own.bring("Termin-ID;Start;Name;Handy\n100;2026-11-25 09:00;Kunde;0171 5555100\n").exit_code == 0
    assert len(own.standing()) == 21


def test_the_order_of_the_headings_makes_no_other_source(own: OwnPractice) -> None:
    own.taken(export(*TWENTY))
    backwards = (";".join(reversed(each.split(";"))) for each in [HEAD, *TWENTY[:4], *TWENTY[5:]])
    own.bring("\n".join([*backwards, ""]))
    assert own.state("4") == ("", "held")


@pytest.mark.parametrize(
    ("head", "prefix", "left"),
    [
        ("Termin-ID;Start;Filiale;Name;Handy", "", ["4"]),  # a heading is called otherwise
        ("Termin-ID;Beginn;Filiale;Name;Mobil", "", ["4"]),
        ("Termin-ID;Start;Filiale;Name;Handy", "N", [str(n) for n in range(20)]),  # and the ids too
    ],
)
def test_a_source_that_takes_over_from_another_says_once_what_that_one_leaves_behind(
    own: OwnPractice, head: str, prefix: str, left: list[str]
) -> None:
    """Else what was deleted before the first file with the new headings would stay for ever."""
    own.taken(export(*TWENTY))
    new = "\n".join([head, *(prefix + line for line in TWENTY[:4] + TWENTY[5:]), ""])
    ran = own.bring(new)
    assert ran.exit_code == 1
    (problem,) = ran.json["problems"]
    assert f"{len(left)} of the appointments of " in problem
    named = problem.partition("(")[2].partition(")")[0].removesuffix(", …").split(", ")
    assert set(named) <= set(left)
    assert (", …)" in problem) is (len(left) > 3)
    source = problem.partition('--source "')[2].partition('"')[0]
    assert own.bring(new, "--dry-run").exit_code == 0  # once
    as_it_says = own.bring(new, "--source", source)
    assert {each["appointment_id"] for each in as_it_says.json["held"]} == set(left)


def test_headings_that_change_back_leave_nobody_behind_without_a_word(own: OwnPractice) -> None:
    """A column was added, and is taken out again on the day on which an appointment was deleted."""
    added = "\n".join([f"{HEAD};Notiz", *(f"{line};" for line in TWENTY), ""])
    own.taken(export(*TWENTY))
    own.taken(added)
    ran = own.bring(export(*TWENTY[:4], *TWENTY[5:]))
    assert (ran.exit_code, "1 of the appointments of " in ran.json["problems"][0]) == (1, True)
    assert own.bring(export(*TWENTY[:4], *TWENTY[5:])).exit_code == 0  # once


@pytest.mark.parametrize(("several", "named"), [(16, False), (17, True)])
def test_a_part_of_another_export_takes_nothing_over_from_it(
    own: OwnPractice, several: int, named: bool
) -> None:
    """A colleague's list beside the one of the practice, of the same days: four fifths, or more."""
    part = "\n".join([f"{HEAD};Notiz", *(f"{line};" for line in TWENTY[:several]), ""])
    own.bring(part)
    own.taken(export(*TWENTY))
    assert (own.bring(part).exit_code == 1) is named


@pytest.mark.parametrize(
    ("in_branch", "renamed", "named"),
    [(5, 3, True), (4, 2, False), (3, 2, False), (4, 3, True), (6, 3, False), (7, 4, True), (4, 4, False)],
)
def test_what_a_branch_that_was_renamed_leaves_behind_is_named_once(
    own: OwnPractice, in_branch: int, renamed: int, named: bool
) -> None:
    """Most of it, and three at least: fewer were moved to the other branch, or this one is exported apart."""
    others = [line(n, branch="HH2") for n in range(50, 60)]
    lines = [line(n, branch="HH1") for n in range(in_branch)]
    own.taken(export(*lines, *others))
    after = [line(n, branch="Nord") for n in range(renamed)]
    moved = [each.replace("HH2", "Süd") for each in others]
    ran = own.bring(export(*after, *moved), "--force")
    assert ['of the branch "HH1" stay' in each for each in ran.json["problems"]] == [True] * named
    assert own.bring(export(*after, *moved), "--force").json["problems"] == []


def test_what_is_left_behind_without_a_branch_is_named_by_a_file_that_has_some(own: OwnPractice) -> None:
    own.taken(export(*TWENTY))
    branched = (each.replace(";;", ";HH1;") for each in TWENTY[:4] + TWENTY[5:])
    ran = own.bring("\n".join(["Termin-ID;Start;Filiale;Name;Handy", *branched, ""]))
    assert ["1 of the appointments of " in each for each in ran.json["problems"]] == [True]


def test_two_exports_of_which_some_appointments_are_the_same_are_none_that_takes_over(
    own: OwnPractice,
) -> None:
    own.taken(export(*TWENTY))
    others = (line(n) for n in range(100, 110))
    assert (
        own.bring("\n".join(["Termin-ID;Start;Filiale;Name;Handy", *TWENTY[:9], *others, ""])).exit_code == 0
    )


def test_two_exports_that_number_their_appointments_alike_do_not_overwrite_each_other(
    own: OwnPractice,
) -> None:
    own.taken(export(*(line(n) for n in range(3))))
    lines = (f"{n};2026-11-27 {8 + n:02}:00;Fremde{n};0172 777700{n}" for n in (1, 7))
    other = "\n".join(["Termin-ID;Start;Name;Handy", *lines, ""])
    ran = own.bring(other)
    assert ran.exit_code == 1
    assert "is another customer's in" in ran.json["refused"][0]["reason"]
    assert own.standing().keys() == {"0", "1", "2", "7"}
    assert "Kunde1" in own.standing()["1"]


def test_nightly_files_are_one_source_and_each_night_a_day_is_gone_that_is_over(own: OwnPractice) -> None:
    own.bring(export(*TWENTY), name="export-2026-11-24.csv")
    assert own.bring(without(4), name="export-2026-11-25.csv").json["held"]


# ---------------------------------------------------------------- files that are not what they should be


def test_an_export_cut_short_in_the_middle_of_a_line_loses_nobody(own: OwnPractice) -> None:
    lines = sorted(TWENTY)
    own.taken(export(*lines))
    cut = export(*lines)[: int(len(export(*lines)) * 0.85)]
    for _ in range(2):
        ran = own.bring(cut)
        assert ran.exit_code == 1
        assert "cut short" in ran.json["problems"][0]
    # only the doubtful line is held, until it is read again
    assert len(own.standing()) >= 19
    own.taken(export(*lines))
    assert len(own.standing()) == 20


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_line_end_that_is_missing_counts_where_earlier_files_had_one(own: OwnPractice, end: str) -> None:
    whole = export(*TWENTY).rstrip("\n") + end
    own.taken(whole)
    ran = own.bring(export(*TWENTY[:-1]).rstrip("\n"))
    assert ran.exit_code == (1 if end else 0)
    assert own.state("19") == (("", "") if end else ("", "held"))


def test_a_file_that_ends_inside_quotation_marks_is_cut_short(own: OwnPractice) -> None:
    own.taken(export(*TWENTY))
    ran = own.bring(export(*TWENTY[:-3]) + '17;"2026-11-2')
    assert ran.exit_code == 1
    assert "inside quotation marks" in ran.json["problems"][0]
    assert len(own.standing()) == 20


def test_a_footer_is_told_once_with_force(own: OwnPractice) -> None:
    ran = own.bring(export(*TWENTY) + "20 Termine\n")
    assert (ran.exit_code, "--force once" in ran.json["problems"][0]) == (1, True)
    assert own.bring(export(*TWENTY) + "20 Termine\n", "--force").exit_code == 0
    assert own.bring(export(*TWENTY, line(20)) + "21 Termine\n").exit_code == 0


def test_a_footer_that_a_spreadsheet_fills_up_is_told_once_with_force(own: OwnPractice) -> None:
    """Below the names it may be somebody, until it is said."""
    ran = own.bring(export(*TWENTY) + ";;;20 Termine;\n")
    assert (ran.exit_code, "--force once" in ran.json["refused"][0]["reason"]) == (1, True)
    assert own.bring(export(*TWENTY) + ";;;20 Termine;\n", "--force").exit_code == 0
    ran = own.bring(export(*TWENTY, line(20)) + ";;;21 Termine;\n")
    assert (ran.exit_code, ran.json["refused"]) == (0, [])
    assert own.bring(export(*TWENTY, line(20)) + ";;;Ida Meier;\n").exit_code == 1


def test_a_line_of_somebody_at_the_end_of_a_file_is_no_footer(own: OwnPractice) -> None:
    ran = own.bring(export(*TWENTY) + ";;;Ida Meier;0171 5555999\n", "--force")
    assert (ran.exit_code, "--force once" in ran.json["refused"][0]["reason"]) == (1, False)


@pytest.mark.parametrize("end", [";", ";;", "; ;"])
def test_headings_that_end_with_separators_need_none_in_the_lines(own: OwnPractice, end: str) -> None:
    lines = [HEAD + end, line(1), line(2)]
    own.taken("\n".join([*lines, ""]))
    own.taken("\n".join([*lines, line(3), ""]))
    ran = own.bring("\n".join([*lines, "3;2026-11-2"]))  # cut short all the same
    assert (ran.exit_code, len(ran.json["refused"])) == (1, 1)


def test_an_export_cut_short_between_two_lines_is_braked_or_held(own: OwnPractice) -> None:
    """30 of 200 missing: not a fifth, and told again by the next whole file."""
    lines = [line(n, f"2026-12-{1 + n % 20:02} {9 + n % 8:02}:00") for n in range(200)]
    own.taken(export(*lines))
    ran = own.bring(export(*lines[:170]))
    assert (ran.exit_code, len(ran.json["held"])) == (0, 30)
    own.taken(export(*lines))
    assert len(own.standing()) == 200


def test_an_older_file_moves_nothing(own: OwnPractice) -> None:
    old = export(*TWENTY)
    new = export(*TWENTY[:4], line(4, "2026-11-28 17:00"), *TWENTY[5:19], line(30))
    own.bring(old, written="2026-11-23 08:00")
    own.bring(new, written="2026-11-24 08:00")
    ran = own.bring(old, written="2026-11-23 08:00")
    assert ran.exit_code == 1
    assert "older" in ran.json["problems"][0]
    assert own.standing()["4"].startswith("2026-11-28 17:00")
    assert "30" in own.standing()
    assert own.state("19") == ("", "held")


@pytest.mark.parametrize("empty", [HEAD + "\n", HEAD, export(line(1, name=" ").replace("0171 55550001", ""))])
def test_a_whole_file_with_nobody_in_it_is_named_once_and_holds(own: OwnPractice, empty: str) -> None:
    own.taken(export(*TWENTY))
    ran = own.bring(empty)
    assert ran.exit_code == 1
    assert own.standing() == {}
    own.bring(empty.rstrip("\n") + "\n\n")  # another file, and as empty: nobody is cancelled by that
    assert own.practice.sql("SELECT count(*) FROM appointments WHERE status = 'Storniert'") == [(0,)]
    own.taken(export(*TWENTY))
    assert len(own.standing()) == 20


def test_two_empty_files_are_no_proof_against_the_only_appointment(own: OwnPractice) -> None:
    own.taken(export(line(1)))
    own.bring(HEAD + "\n")
    own.bring(HEAD + "\n\n")
    assert own.state("1") == ("", "held")


def test_headings_only_and_nobody_with_a_number_end_with_one(own: OwnPractice) -> None:
    ran = own.bring(HEAD + "\n")
    assert (ran.exit_code, ran.json["understood"]["columns"]["mobile"]) == (1, "Handy")
    ran = own.bring("Termin-ID;Beginn;Name\n1;2026-11-25 09:00;Meier\n")
    assert ran.exit_code == 1
    assert "no customer of the file has a number" in ran.json["problems"][0]


# ---------------------------------------------------------------- the brake


@pytest.mark.parametrize(
    ("there", "gone", "braked"),
    [
        (4, 1, False),  # a floor: in a small practice one is more than a fifth
        (10, 5, False),
        (10, 6, True),
        (40, 8, False),  # a fifth exactly
        (40, 9, True),
        (2, 2, True),  # all there is
        (1, 1, False),
    ],
)
def test_a_file_that_loses_more_than_a_fifth_is_braked(
    own: OwnPractice, there: int, gone: int, braked: bool
) -> None:
    lines = [line(n, f"2026-11-25 {8 + n % 10:02}:{n // 10:02}") for n in range(there)]
    own.taken(export(*lines))
    ran = own.bring(export(*lines[gone:], line(999, "2026-11-25 20:00")))
    assert (ran.json["braked"], ran.exit_code) == (braked, int(braked))
    assert len(ran.json["held"]) == gone


@pytest.mark.parametrize(
    ("second", "hint"),
    [
        ([line(n, name=f"Kundin{n}") for n in range(100, 120)], True),  # a colleague's export
        ([each.replace("2026-11", "2026-12") for each in TWENTY], False),  # a wrong month
        (TWENTY[:10], False),
    ],
)
def test_of_an_export_of_somebody_else_it_is_said_that_it_needs_a_source(
    own: OwnPractice, second: list[str], hint: bool
) -> None:
    own.taken(export(*TWENTY))
    path = own.practice.folder / "export.csv"
    path.write_text(export(*second), encoding="utf-8")
    ran = own.practice.run("schedule", "import", str(path))
    assert (ran.exit_code, "needs a --source of its own" in ran.stdout) == (1, hint)


def test_what_is_braked_is_held_until_force(own: OwnPractice) -> None:
    own.taken(export(*TWENTY))
    moved = export(*(line(n, f"2026-11-28 {8 + n}:30") for n in range(10)), *TWENTY[10:], line(30))
    ran = own.bring(moved)
    assert ran.exit_code == 1
    assert ran.json["braked"]
    assert [each["appointment_id"] for each in ran.json["new"]] == ["30"]
    standing = own.standing()
    assert len(standing) == 11  # what is in dispute is nobody's to tell
    assert standing["30"]
    assert own.bring(moved).exit_code == 1  # until somebody decides
    assert own.bring(moved, "--force").exit_code == 0
    assert own.standing()["3"].startswith("2026-11-28 11:30")


def test_what_is_braked_is_held_until_a_better_file(own: OwnPractice) -> None:
    own.taken(export(*TWENTY))
    own.bring(export(*TWENTY[:6]))
    assert len(own.standing()) == 6
    own.taken(export(*TWENTY))
    assert len(own.standing()) == 20


def test_force_cancels_what_the_brake_held(own: OwnPractice) -> None:
    own.taken(export(*TWENTY))
    few = without(0, 1, 2, 5, 6, 7, 11)
    assert own.bring(few).exit_code == 1
    assert own.bring(few, "--force").exit_code == 0
    assert own.state("1") == ("Storniert", "gone")


def test_contact_data_are_corrected_though_the_brake_holds(own: OwnPractice) -> None:
    numbered = "Termin-ID;Beginn;Kundennummer;Name;Handy"
    lines = [f"{n};2026-11-{25 + n % 5} 09:00;{n};Kunde{n};0171 55550{n:03}" for n in range(20)]
    own.taken("\n".join([numbered, *lines, ""]))
    moved = [each.replace("09:00", "10:00") for each in lines]
    moved[3] = moved[3].replace("0171 55550003", "0171 5555999")
    assert own.bring("\n".join([numbered, *moved, ""])).json["braked"]
    assert own.practice.sql("SELECT mobile FROM customers WHERE customer_id = '3'") == [("0171 5555999",)]


def test_one_branch_that_is_lost_is_braked_though_the_practice_is_large(own: OwnPractice) -> None:
    many = [line(n, f"2026-11-{25 + n % 5} {8 + n % 10:02}:15", "HH1") for n in range(100)]
    few = [line(n, f"2026-11-{25 + n % 5} {8 + n % 10:02}:45", "HH2") for n in range(100, 108)]
    own.taken(export(*many, *few))
    assert own.bring(export(*many, few[0])).json["braked"]


def test_another_person_under_a_known_customer_number_counts_as_given_away(own: OwnPractice) -> None:
    """A database that was restored, or ids that begin anew."""
    numbered = "Termin-ID;Beginn;Kundennummer;Name;Handy"
    lines = [f"{n};2026-11-{25 + n % 5} 09:00;{n};Kunde{n};0171 55550{n:03}" for n in range(20)]
    own.taken("\n".join([numbered, *lines, ""]))
    others = [f"{n};2026-11-{25 + n % 5} 09:00;{n};Fremde{n};0172 77770{n:03}" for n in range(20)]
    assert own.bring("\n".join([numbered, *others, ""])).json["braked"]
    assert own.standing() == {}
    assert own.practice.sql("SELECT last_name FROM customers WHERE customer_id = '3'") == [("Kunde3",)]
