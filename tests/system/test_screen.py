"""What reaches a terminal or a log: nothing raw from outside, the practice's clock, no forged line."""

import re
import unicodedata

import pytest

from practice import Practice, Ran
from terminbenachrichtigung.cli.context import wants_colour

HOSTILE = "17\x1b[2J\x1b]0;x\x07\nError: nothing was sent\r\u202e\u2028\x9b31m"
"""An id or name that clears a terminal, renames its window, forges a log line and turns the row around."""


def raw_signs(ran: Ran) -> set[str]:
    return {
        sign
        for sign in ran.stdout + ran.stderr
        if sign != "\n" and unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["-v", "run-once"],
        ["-v", "run-once", "--full"],
        ["run-once", "--quiet"],
        ["dry-run"],
        ["config", "check", "--connect"],
        ["search"],
        ["staff-list"],
        ["history"],
        ["explain", HOSTILE],
    ],
    ids=" ".join,
)
def test_no_command_obeys_what_an_id_or_a_name_holds_nor_begins_a_line_with_it(
    arguments: list[str], practice: Practice
) -> None:
    practice.book(
        HOSTILE,
        customer_id=HOSTILE,
        last_name=HOSTILE,
        branch_code=HOSTILE,
        branch_name=HOSTILE,
        type_name=HOSTILE,
    )
    practice.book("2", customer_id=f"2{HOSTILE}", last_name=HOSTILE, mobile=HOSTILE, email=HOSTILE)
    practice.book("3", status=HOSTILE, preferred_channel=HOSTILE, language=HOSTILE)
    practice.book(f"4{HOSTILE}", "soon")
    if arguments[0] in {"history", "staff-list"}:
        practice.run("run-once")
    ran = practice.run(*arguments)
    assert not raw_signs(ran)
    assert not [line for line in (ran.stdout + ran.stderr).splitlines() if line == "Error: nothing was sent"]


def test_the_lines_of_verbose_show_the_practices_time_as_the_report_does(practice: Practice) -> None:
    """The machine of these tests may be anywhere; 10:00 in the practice's zone is 04:00 in New York."""
    practice.configure(timezone="America/New_York")
    practice.run("journal", "timezone", "America/New_York")
    practice.book("1", "2026-11-25 03:00")
    ran = practice.run("-v", "run-once", now="2026-11-24 20:00")
    assert {line[:13] for line in ran.stderr.splitlines()} == {"2026-11-24 14"}
    assert "2026-11-24 14:00" in ran.stdout


@pytest.mark.parametrize(
    ("environ", "colour"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),  # no-color.org: an empty one does not count
    ],
)
def test_colours_are_for_terminals_that_have_them(
    environ: dict[str, str], colour: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert wants_colour() is colour


def test_a_problem_of_several_lines_cannot_pass_for_several_problems(practice: Practice) -> None:
    practice.configure(schedule={"source": "no such\nError: forged"})
    ran = practice.run("config", "check", "--connect")
    assert not re.search("(?m)^Error: forged", ran.stderr)
