"""A CSV file → its cells. Delimiter, encoding and the line of the headings are recognised."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.own_schedule import columns, letters

_DELIMITERS = ";,\t|"
_LINES_ABOVE = 10  # a title, a date and the like may stand above the headings

Row = tuple[int, Sequence[str] | csv.Error]
"""The number of its first line, and its cells, or the error for which they cannot be read."""


class Unclosed(csv.Error):
    """A line with a quotation mark that is not closed on it, though its cells stand there."""

    def __init__(self, cells: Sequence[str]) -> None:
        super().__init__("a quotation mark is not closed on this line")
        self.cells = cells


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
    above = list(islice(_rows(text, delimiter), _LINES_ABOVE))
    if not above:
        return Table((), (), line_end=True)
    line, headings = above[_headings_at(above)]
    if isinstance(headings, csv.Error):
        raise ConfigError(f"line {line}: the file is no CSV: {headings}")
    # Printed reports repeat the headings on each page, and joined files have those of each file.
    rows = [
        row
        for row in _rows(text, delimiter, len(headings))
        if row[0] > line and not _repeats(row[1], headings)
    ]
    # Some programs end the headings with a separator, and no line.
    longest = max((len(row) for _, row in rows if not isinstance(row, csv.Error)), default=len(headings))
    if not any(map(str.strip, headings[longest:])):
        headings = headings[:longest]
    return Table(tuple(headings), tuple(rows), text.endswith(("\n", "\r")))


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


def _rows(text: str, delimiter: str, width: int = 0) -> Iterator[Row]:
    """The rows that say something, with the line on which each begins.

    With the `width` of the headings, lines that a quotation mark has made one row are read one by one.
    """
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for each in io.StringIO(text, newline=""):
            taken.append(each)
            yield each

    reader = _reader(lines(), delimiter)
    line = 1
    while True:
        row: Sequence[str] | csv.Error
        taken.clear()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            row = error
        if width and len(taken) > 1 and _is_several(row, width, delimiter):
            yield from _one_by_one(line, taken, row, delimiter)
        elif isinstance(row, csv.Error) or (_says_something(row) and not _is_hint(line, row)):
            yield line, row
        line += len(taken)


def _says_something(row: Sequence[str]) -> bool:
    """Whether a row has a letter or a digit; databases and reports draw a line below the headings."""
    return any(sign.isalnum() for cell in row for sign in cell)


def _reader(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    # Strict: what follows a closing quotation mark is an error, and not a part of the cell.
    return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)


def _is_several(row: Sequence[str] | csv.Error, width: int, delimiter: str) -> bool:
    """Whether a row of several lines is several rows, since somebody typed a quotation mark before a word.

    All up to the next such mark is one cell: a customer with the names of several, and the number of the
    last. Without the mark its first line has as many cells as there are headings, and so has its last. A note
    of several lines may end so too (`Brille, Etui, Tuch`): it has no digits where the row has its id and day.
    """
    if isinstance(row, csv.Error):
        return True
    for place, cell in enumerate(row):
        pieces = cell.splitlines()
        if len(pieces) > 1:
            before = place + 1 + pieces[0].count(delimiter)
            last = [*pieces[-1].split(delimiter), *row[place + 1 :]]
            is_note = _has_digit(row[:place]) and not _has_digit(last[:place])
            return before == width == len(last) and not is_note
    return False


def _has_digit(cells: Sequence[str]) -> bool:
    return any(sign.isdigit() for cell in cells for sign in cell)


def _one_by_one(
    line: int, texts: Sequence[str], row: Sequence[str] | csv.Error, delimiter: str
) -> Iterator[Row]:
    for number, text in enumerate(texts):
        is_cut = number == len(texts) - 1 and str(row).startswith("unexpected end")
        try:
            alone = next(_reader([text], delimiter))
        except csv.Error:
            yield line + number, row if is_cut else Unclosed(text.strip().split(delimiter))
            continue
        if is_cut:
            yield line + number, row
        elif any(map(str.strip, alone)):
            yield line + number, alone


def _is_hint(line: int, row: Sequence[str]) -> bool:
    """Whether it is Excel's own first line "sep=;"."""
    return line == 1 and row[0].startswith("sep=") and len("".join(row)) <= len("sep=;")
