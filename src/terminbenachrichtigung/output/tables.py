"""Rows of text → aligned lines, or tables on a terminal; nothing raw from the schedule gets through.

`render` is the one place where text from a schedule, a gateway or a mail server becomes output for people, so
it is also the one place that makes it harmless: a caller cannot forget to.
"""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from itertools import chain, zip_longest

from terminbenachrichtigung.safe_text import printable

LONGEST = 500
"""Characters of one cell or paragraph, so that a long text in a name field does not hide the other rows."""
PADDED = 40
"""Characters up to which a column is aligned; a longer cell only shifts its own line."""
IDS = frozenset({"message", "run"})
"""Columns whose ids a person copies. They stand last, and where a terminal is too narrow, below their row."""
_SHORT = 16
"""Columns of a terminal up to which a cell is never broken: a moment, a number."""
_SOME_WORDS = 24
"""Columns of a terminal that a sentence needs at least, to have more than a word in each line."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of cells, with a text of any number of lines that belongs beneath it."""

    cells: tuple[str, ...]
    below: str = ""
    style: str = ""  # in rich's words, such as "red"; seen on a terminal only


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under one title. A column that is empty in every row is left out."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def render(parts: Iterable[str | Table], *, width: int | None = None, colour: bool = True) -> str:
    """Write paragraphs and tables one after the other.

    `width` is the terminal's, in columns; None means that there is no terminal: plain aligned lines then, for
    a log or a mail. An empty table is left out. The text has no line break at its end.
    """
    shown = [_harmless(part) if isinstance(part, Table) else _clipped(part) for part in parts]
    kept = [part for part in shown if part and not (isinstance(part, Table) and not part.rows)]
    return _lines(kept) if width is None else _on_terminal(kept, width, colour)


def _clipped(text: str) -> str:
    # cut first: a gateway may have answered megabytes
    line = printable(text[: LONGEST + 1]).strip()
    return line if len(text) <= LONGEST else line[: LONGEST - 1] + "…"


def _harmless(table: Table) -> Table:
    rows = [(tuple(map(_clipped, row.cells)), row) for row in table.rows]
    filled = [any(cells[column] for cells, _ in rows) for column in range(len(table.columns))]

    def kept(cells: Sequence[str]) -> tuple[str, ...]:
        return tuple(cell for cell, keep in zip(cells, filled, strict=True) if keep)

    return Table(
        _clipped(table.title),
        kept(table.columns),
        tuple(
            Row(kept(cells), "\n".join(map(printable, row.below.splitlines())), row.style)
            for cells, row in rows
        ),
    )


def _lines(parts: Sequence[str | Table]) -> str:
    lines: list[str] = []
    for part in parts:
        if isinstance(part, str):
            lines.append(part)
            continue
        lines += ["", part.title] if part.title else [""]
        aligned = _aligned([part.columns, *(row.cells for row in part.rows)])
        lines.append(next(aligned))
        for line, row in zip(aligned, part.rows, strict=True):
            lines.append(line)
            lines += (f"      {below}".rstrip() for below in row.below.splitlines())
        lines.append("")
    # one empty line around a table, not two between neighbours
    spaced = [line for previous, line in zip(chain([""], lines), lines, strict=False) if line or previous]
    return "\n".join(spaced).rstrip("\n")


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [min(PADDED, max(map(len, column))) for column in zip(*rows, strict=True)]
    for row in rows:
        yield _line(row, widths)


def _line(cells: Iterable[str], widths: Iterable[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"  {'  '.join(padded)}".rstrip()


def _on_terminal(parts: Sequence[str | Table], width: int, colour: bool) -> str:
    # imported here: a run by cron has no terminal and must not pay for it
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    output = StringIO()
    screen = Console(
        file=output,
        width=width,
        force_terminal=True,
        color_system="standard" if colour else None,
        legacy_windows=False,
    )
    for before, part in zip((None, *parts), parts, strict=False):
        # Text, never markup: somebody may have typed "[red]" as a name
        if isinstance(part, str):
            screen.print(Text(part))
            continue
        table = _fitting(part, width)
        widths = _widths(table, width)
        if isinstance(before, str):
            screen.print()
        if part.title:
            screen.print(Text(part.title, "bold"))
        screen.print(Text(_wrapped(table.columns, widths), "bold"))
        for row in table.rows:
            screen.print(Text(_wrapped(row.cells, widths), row.style))
            if row.below:
                screen.print(Text("\n".join(_indented(line, width) for line in row.below.splitlines())))
                if row is not table.rows[-1]:
                    screen.print()
        screen.print()
    return output.getvalue().rstrip("\n")


def _fitting(table: Table, width: int) -> Table:
    """The table with as many columns as fit and can be read; its last ones stand under their rows."""
    kept = len(table.columns)
    floors = [_floor(column) for column in _columns(table)]
    if sum(floors) + 2 * kept > width or (
        table.columns[-1:] and table.columns[-1] in IDS and _natural(table) > width
    ):
        kept -= 1
    while kept > 1 and sum(floors[:kept]) + 2 * kept > width:
        kept -= 1
    rows = (
        replace(
            row, cells=row.cells[:kept], below="\n".join(filter(None, (*_below(table, row, kept), row.below)))
        )
        for row in table.rows
    )
    return replace(table, columns=table.columns[:kept], rows=tuple(rows))


def _below(table: Table, row: Row, kept: int) -> Iterator[str]:
    """The cells that stand under a row: together in a line, but an id, which is copied, in its own."""
    named = [(name, cell) for name, cell in zip(table.columns, row.cells, strict=True)][kept:]
    yield "; ".join(f"{name}: {cell}" for name, cell in named if cell and name not in IDS)
    yield from (f"{name} {cell}" for name, cell in named if cell and name in IDS)


def _columns(table: Table) -> Iterator[tuple[str, ...]]:
    return zip(table.columns, *(row.cells for row in table.rows), strict=True)


def _natural(table: Table) -> int:
    return sum(2 + max(map(len, column)) for column in _columns(table))


def _floor(column: Sequence[str]) -> int:
    """The least width at which a column can be read: a short one's own, else a few words'."""
    natural = max(map(len, column))
    if natural <= _SHORT:
        return natural
    longest_word = max(len(word) for cell in column for word in cell.split() or [""])
    return max(longest_word, min(natural, _SOME_WORDS))


def _indented(line: str, width: int) -> str:
    indent = " " * 6
    return textwrap.fill(line, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def _widths(table: Table, width: int) -> list[int]:
    """A width for each column, so that a row with its gaps fits: the widest give way."""
    columns = list(_columns(table))
    widths = [max(map(len, column)) for column in columns]
    floors = [_floor(column) for column in columns]
    while sum(widths) + 2 * len(widths) > width:
        wide = [at for at in range(len(widths)) if widths[at] > floors[at]]
        if not wide:  # a single column
            return [min(each, width - 2) for each in widths]
        widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def _wrapped(cells: Sequence[str], widths: Sequence[int]) -> str:
    """A row whose cells go on under their own columns."""
    columns = [
        textwrap.wrap(cell, max(1, width), break_on_hyphens=False)
        for cell, width in zip(cells, widths, strict=True)
    ]
    return "\n".join(_line(line, widths) for line in zip_longest(*columns, fillvalue=""))
