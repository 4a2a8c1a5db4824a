"""What `config check` found, for programs: one JSON document, or annotations that GitHub and GitLab show.

Pure: the caller hands in the text of the file, so that each problem can name its line.
"""

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from terminbenachrichtigung.config.problems import Problem

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?")
_STEP = re.compile(r"\[(\d+)\]|\.?([^.\[]+)")


@dataclass(frozen=True, slots=True)
class Connection:
    """How one thing that `--connect` tried turned out."""

    name: str  # schedule, journal, sms or email
    ready: bool
    text: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Everything that one `config check` says."""

    path: Path | None  # None: no file was found
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    connections: tuple[Connection, ...] = ()


def check_as_json(result: CheckResult, exit_code: int) -> dict[str, object]:
    """The document of `config check --json`."""
    return {
        "command": "config check",
        "file": None if result.path is None else str(result.path),
        "exit_code": exit_code,
        "problems": [
            {"key": each.key, "text": each.text, "value": each.value or None, "source": each.source or None}
            for each in result.problems
        ],
        "warnings": list(result.warnings),
        "connections": [
            {"name": each.name, "ready": each.ready, "text": each.text} for each in result.connections
        ],
    }


def github_annotations(result: CheckResult, text: str, *, strict: bool) -> list[str]:
    """One workflow command in a line for each finding (docs.github.com: workflow commands)."""
    return [
        f"::{'error' if each.severe else 'warning'} file={_property(each.file)},line={each.line},"
        f"title={_property(each.title)}::{_message(each.text)}"
        for each in _findings(result, text, strict=strict)
    ]


def gitlab_report(result: CheckResult, text: str, *, strict: bool) -> list[dict[str, object]]:
    """A Code Quality report (docs.gitlab.com: code quality, report format)."""
    return [
        {
            "description": f"{each.title}: {each.text}",
            "check_name": each.title,
            "fingerprint": hashlib.sha256(os.fsencode(f"{each.file} {each.title} {each.text}")).hexdigest(),
            "severity": "major" if each.severe else "minor",
            "location": {"path": each.file, "lines": {"begin": each.line}},
        }
        for each in _findings(result, text, strict=strict)
    ]


def line_of(key: str, text: str) -> int:
    """The line of a TOML file in which a key stands, or its table, or the first line; counted from 1.

    Only keys with a line of their own are found, as people write them; not those of inline tables.
    """
    steps = [(int(number) if number else name) for number, name in _STEP.findall(key)]
    table: tuple[str | int, ...] = ()
    counts: dict[str, int] = {}
    found, best = 1, 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            name = header[2]
            table = tuple(part.strip().strip("\"'") for part in name.split("."))
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                table = (*table, counts[name])
            here = table
        elif assigned := re.match(r"\s*([A-Za-z0-9_\"'-]+)\s*=", line):
            here = (*table, assigned[1].strip("\"'"))
        else:
            continue
        if len(here) > best and list(here) == steps[: len(here)]:
            best, found = len(here), number
    return found


@dataclass(frozen=True, slots=True)
class _Finding:
    severe: bool
    file: str
    line: int
    title: str
    text: str


def _findings(result: CheckResult, text: str, *, strict: bool) -> Sequence[_Finding]:
    file = "config.toml" if result.path is None else str(result.path)
    problems = [
        _Finding(True, file, line_of(each.key, text), each.key or "configuration", _with_value(each))
        for each in result.problems
    ]
    failed = [
        _Finding(True, file, line_of(each.name, text), each.name, each.text)
        for each in result.connections
        if not each.ready
    ]
    warnings = [
        _Finding(strict, file, line_of(_key_in(each), text), "warning", each) for each in result.warnings
    ]
    return [*problems, *failed, *warnings]


def _key_in(warning: str) -> str:
    """The key with which most warnings begin; empty for the others."""
    first = warning.split(maxsplit=1)[0] if warning.strip() else ""
    return first if re.fullmatch(r"[a-z_]+(\.[A-Za-z0-9_]+)+", first) else ""


def _with_value(problem: Problem) -> str:
    return f"{problem.value}: {problem.text}" if problem.value else problem.text


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
