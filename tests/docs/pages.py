"""README and the pages in docs/, as the tests read them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])

_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Section:
    """What stands below one heading, with the sections below that."""

    level: int
    """How many # the heading has."""
    heading: str
    text: str


def read(page: str) -> str:
    """The text of a page, by its path below the top."""
    return (ROOT / page).read_text(encoding="utf-8")


def prose(text: str) -> str:
    """The text without its blocks of code."""
    return _FENCED.sub("", text)


def sections(text: str) -> Iterator[Section]:
    """The sections of a page; a # in a block of code is no heading."""
    plain = _FENCED.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)
    headings = list(re.finditer(r"^(#+) (.*)$", plain, re.MULTILINE))
    for number, heading in enumerate(headings):
        level = len(heading[1])
        later = (other.start() for other in headings[number + 1 :] if len(other[1]) <= level)
        yield Section(level, heading[2], text[heading.end() : next(later, len(text))])


def anchor(heading: str) -> str:
    """What a link to the heading ends with, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def block(text: str, marker: str, language: str) -> str:
    """The first block in a language below a marker such as `<!-- demo -->`."""
    found = re.search(rf"<!-- {marker} -->.*?^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert found is not None, f"no block in {language} below {marker}"
    return found[1]
