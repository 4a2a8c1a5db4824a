"""The README's picture: the staff list on a terminal, as SVG without anything from elsewhere.

cd tests && python -m docs.screenshot        writes docs/staff-list.svg
"""

import io
import os
import re
import sys
import tempfile
from contextlib import chdir, redirect_stdout
from pathlib import Path
from unittest import mock

from rich.console import Console
from rich.text import Text

from docs.pages import ROOT
from docs.scenarios import SCENARIOS
from practice import local
from terminbenachrichtigung import cli
from terminbenachrichtigung.cli.context import Invocation
from terminbenachrichtigung.clock import ClockAt

PICTURE = ROOT / "docs" / "staff-list.svg"
COMMAND = "terminbenachrichtigung --config demo/config.toml staff-list"
_COLUMNS = 112


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(folder: Path) -> str:
    """What the command writes on a terminal, colours and all."""
    screen = _Terminal()
    at_the_time = Invocation(ClockAt(local("2026-11-23 14:52")))
    wide = mock.patch.dict(os.environ, COLUMNS=str(_COLUMNS), TERM="xterm")
    with SCENARIOS["demo"](folder), chdir(folder), wide, redirect_stdout(screen):
        cli.main(COMMAND.split()[1:], standalone_mode=False, obj=at_the_time)
    return screen.getvalue()


def as_svg(text: str) -> str:
    """A picture of a terminal with the text, and the command as its title."""
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(text), overflow="ignore", crop=False)
    picture = console.export_svg(title=COMMAND, unique_id="terminal")
    without_fonts = re.sub(r" *@font-face \{.*?\}\n", "", picture, flags=re.DOTALL)
    return without_fonts.replace("Fira Code, monospace", "monospace")


def words(picture: str) -> list[str]:
    """The texts in a picture, as they follow one another."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", picture)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        PICTURE.write_text(as_svg(shown(Path(name))), encoding="utf-8")
    sys.stdout.write(f"{PICTURE} is written\n")
