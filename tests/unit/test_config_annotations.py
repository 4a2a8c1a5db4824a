"""`config check` for programs: JSON, and annotations that name the line."""

from dataclasses import replace
from pathlib import Path

import pytest

from terminbenachrichtigung.config.annotations import (
    CheckResult,
    Connection,
    github_annotations,
    gitlab_report,
    line_of,
)
from terminbenachrichtigung.config.problems import Problem

FILE = """\
timezone = "Europe/Berlin"

[rules]   # who
quiet_start = "20:00"

[[reminders]]
name = "A"
hours_before = 24
[[ reminders ]]
name = "B"
hours_before = 124

[branches."HH 1"]
reply_to = "a@example.org"

[templates.t.de]
sms = "..."
"""


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("timezone", 1),
        ("rules.quiet_start", 4),
        ("rules.quiet_end", 3),  # missing: its table
        ("reminders[0].hours_before", 8),
        ("reminders[1].hours_before", 11),
        ("reminders[1].channels[0]", 9),
        ("sms.sender", 1),  # no such table
        ("templates.t.de.sms", 17),
        ("", 1),
    ],
)
def test_a_problem_is_shown_at_the_line_of_its_key(key: str, line: int) -> None:
    assert line_of(key, FILE) == line


FOUND = CheckResult(
    Path("conf,ig.toml"),
    (Problem("reminders[1].hours_before", "from 1 to 99", "124"),),
    ("rules.quiet_start is odd\n100 %",),
    (Connection("schedule", ready=True, text="ready"), Connection("sms", ready=False, text="no answer")),
)


def test_what_github_reads_is_escaped_as_it_wants() -> None:
    assert github_annotations(FOUND, FILE, strict=False) == [
        "::error file=conf%2Cig.toml,line=11,title=reminders[1].hours_before::124: from 1 to 99",
        "::error file=conf%2Cig.toml,line=1,title=sms::no answer",
        "::warning file=conf%2Cig.toml,line=4,title=warning::rules.quiet_start is odd%0A100 %25",
    ]


def test_with_strict_a_warning_is_an_error() -> None:
    assert github_annotations(FOUND, FILE, strict=True)[-1].startswith("::error ")
    assert gitlab_report(FOUND, FILE, strict=True)[-1]["severity"] == "major"


def test_gitlab_knows_a_finding_again_by_its_fingerprint() -> None:
    first, second = gitlab_report(FOUND, FILE, strict=False), gitlab_report(FOUND, FILE, strict=False)
    assert first == second
    assert len({each["fingerprint"] for each in first}) == 3
    assert first[0]["location"] == {"path": "conf,ig.toml", "lines": {"begin": 11}}


def test_a_file_of_any_name_has_a_fingerprint() -> None:
    in_latin_1 = replace(FOUND, path=Path("Pr\udcfcfung.toml"))
    assert len({each["fingerprint"] for each in gitlab_report(in_latin_1, FILE, strict=False)}) == 3
