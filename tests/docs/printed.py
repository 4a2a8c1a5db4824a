"""Output that the docs show, and the same printed again.

Above a block of output stands a comment that names a scenario (one of `scenarios.SCENARIOS`):

    <!-- printed: demo -->
    ```
    $ terminbenachrichtigung --config demo/config.toml dry-run
    dry-run, 2026-11-23 14:52
    …
    ```

Each line that begins with `$ ` is run, and what follows it must be what it prints. A line that is only …
stands for any number of lines, … within a line for any text; ids, ports, durations and the machine's name may
differ, and so may the width of a column. A block of JSON has no line with the command; the comment names it:
`<!-- printed: SCENARIO: run-once --json -->`.
"""

import json
import re
import shlex
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = "terminbenachrichtigung"

_MARKED = re.compile(
    r"^<!-- printed: (?P<scenario>[\w-]+)(?:: (?P<command>[^\n]+?))? -->\n"
    r"```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_VOLATILE = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # the id of a message or a run
    r"|(?<=127\.0\.0\.1:)\d+"  # the port of the demo's gateway
    r"|\b\d+\.\d+(?=  )"  # seconds in a column: how long it took
    r"|(?<=:\d\d:)\d\d\.\d+"  # seconds with a fraction: a busy machine takes longer
    rf"|(?<=  )(?:{re.escape(socket.gethostname())}|practice-pc)(?=  )"  # the machine
)


@dataclass(frozen=True, slots=True)
class Printed:
    """One block of output in the docs."""

    page: str
    line: int
    scenario: str
    command: str
    """The whole command, of a block that holds only its output; else empty."""
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


Run = Callable[[list[str]], str]
"""Runs the program with these arguments, and gives what it prints."""


def printed(page: str, text: str) -> Iterator[Printed]:
    """The marked blocks of a page."""
    for found in _MARKED.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Printed(page, line, found["scenario"], found["command"] or "", found["language"], found["text"])


def again(block: Printed, run: Run) -> str:
    """The block as the program prints it now."""
    if block.command:
        output = run(_arguments(f"{PROGRAM} {block.command}"))
        return _pretty(output) if block.language == "json" else output
    commands = [line for line in block.text.splitlines() if line.startswith("$ ")]
    assert commands, f"{block}: neither the comment nor the block names a command"
    return "".join(f"{line}\n{run(_arguments(line[2:]))}" for line in commands)


def is_same(block: Printed, now: str) -> bool:
    """Whether the block shows what is printed now, apart from what may differ."""
    if block.language == "json":
        return _matches(json.loads(block.text), json.loads(now))
    return re.fullmatch(_pattern(block.text), _plain(now)) is not None


def rewrite(path: Path, replacements: dict[str, str]) -> None:
    """Put new text in place of blocks, by their old text."""
    text = path.read_text(encoding="utf-8")
    for old, new in replacements.items():
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def _arguments(command: str) -> list[str]:
    program, *arguments = shlex.split(command)
    assert program == PROGRAM, f"only {PROGRAM} is run again, not {program}"
    return arguments


def _pretty(document: str) -> str:
    return json.dumps(json.loads(document), ensure_ascii=False, indent=2) + "\n"


def _plain(text: str) -> str:
    """The text without what may differ."""
    lines = (_VOLATILE.sub("#", line).rstrip() for line in text.splitlines())
    return "".join(re.sub(r"(?<=\S) {2,}", "  ", line) + "\n" for line in lines)


def _pattern(text: str) -> str:
    lines = (
        r"(?:.*\n)*?" if line == "…" else r".*?".join(map(re.escape, line.split("…"))) + r"\n"
        for line in _plain(text).splitlines()
    )
    return "".join(lines)


def _matches(shown: Any, now: Any) -> bool:
    if isinstance(shown, dict) and isinstance(now, dict):
        return shown.keys() == now.keys() and all(_matches(shown[key], now[key]) for key in shown)
    if isinstance(shown, list) and isinstance(now, list):
        return len(shown) == len(now) and all(map(_matches, shown, now))
    if isinstance(shown, str) and isinstance(now, str):
        return re.fullmatch(_pattern(shown), _plain(now)) is not None
    return type(shown) is type(now) and shown == now
