"""A CSV file → its cells. Delimiter, encoding and the line of the headings are recognised."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.own_schedule import columns, letters

_DELIMITERS = ";,\t|"
_LINES_ABOVE = 10  # a title, a date and the like may stand above the headings

Row = tuple[int, Sequence[str] | csv.Error]
"""The number of its first line, and its cells, or the error for which they cannot be read."""


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a file."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    line_end: bool  # whether the last line ends with one

    @property
    def signature(self) -> str:
        """The same for all files with the same headings, in whatever order."""
        return "|".join(sorted(heading.strip().casefold() for heading in self.headings))

    def below(self, place: int) -> Iterator[str]:
        """The cells below a heading, of all rows that can be read and are long enough."""
        return (row[place] for _, row in self.rows if not isinstance(row, csv.Error) and place < len(row))


def table(content: bytes) -> Table:
    """The cells of an export; raises ConfigError if it is no text."""
    text = letters.decoded(content)
    delimiter = max(_DELIMITERS, key=lambda each: _fit(text, each))
    rows = _rows(text, delimiter)
    above = list(islice(rows, _LINES_ABOVE))
    place = _headings_at(above)
    headings = above[place][1] if above else ()
    if isinstance(headings, csv.Error):
        raise ConfigError(f"line {above[place][0]}: the file is no CSV: {headings}")
    # Printed reports repeat the headings on each page, and joined files have those of each file.
    cells = (row for row in (*above[place + 1 :], *rows) if not _repeats(row[1], headings))
    return Table(tuple(headings), tuple(cells), text.endswith(("\n", "\r")))


def _repeats(row: Sequence[str] | csv.Error, headings: Sequence[str]) -> bool:
    """Whether a row repeats the headings."""
    return not isinstance(row, csv.Error) and all(
        cell.strip().lstrip("\ufeff") == heading.strip()
        for cell, heading in zip_longest(row, headings, fillvalue="")
    )


def _fit(text: str, delimiter: str) -> tuple[int, int]:
    """How well a delimiter fits: how many known headings it gives, then how many cells."""
    first = list(islice(_rows(text, delimiter), _LINES_ABOVE))
    row = first[_headings_at(first)][1] if first else ()
    return (0, 0) if isinstance(row, csv.Error) else (columns.known(row), len(row))


def _headings_at(first: Sequence[Row]) -> int:
    """Which of the first lines has the headings: that with the most known ones, two at least; else the first.

    Above them may stand a title, or headings of groups of columns.
    """
    known = [0 if isinstance(row, csv.Error) else columns.known(row) for _, row in first]
    most = max(known, default=0)
    return known.index(most) if most >= 2 else 0


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    """The rows that are not empty, with the line on which each begins."""
    # Strict: what follows a closing quotation mark is an error, and not a part of the cell.
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    line = 1
    while True:
        row: Sequence[str] | csv.Error
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            row = error
        if isinstance(row, csv.Error) or (any(map(str.strip, row)) and not _is_hint(line, row)):
            yield line, row
        line = reader.line_num + 1


def _is_hint(line: int, row: Sequence[str]) -> bool:
    """Whether it is Excel's own first line "sep=;"."""
    return line == 1 and row[0].startswith("sep=") and len("".join(row)) <= len("sep=;")
