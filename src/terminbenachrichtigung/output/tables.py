"""Rows of text → aligned lines, or tables on a terminal; nothing raw from the schedule gets through.

`render` is the one place where text from a schedule, a gateway or a mail server becomes output for people, so
it is also the one place that makes it harmless: a caller cannot forget to.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import chain

from terminbenachrichtigung.safe_text import printable

LONGEST = 500
"""Characters of one cell or paragraph: a pasted novel in a name field must not bury the other rows."""
PADDED = 40
"""Characters up to which a column is aligned; a longer cell only shifts its own line."""


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
    # cut before the work, not after it: a gateway may have answered megabytes
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
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {cells}".rstrip()


def _on_terminal(parts: Sequence[str | Table], width: int, colour: bool) -> str:
    # imported here: a run by cron has no terminal and must not pay for it
    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.padding import Padding  # noqa: PLC0415
    from rich.table import Table as Grid  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    output = StringIO()
    screen = Console(
        file=output,
        width=width,
        force_terminal=True,
        color_system="standard" if colour else None,
        legacy_windows=False,
    )
    for part in parts:
        # Text, never markup: a customer called "[red]" is called just that
        if isinstance(part, str):
            screen.print(Text(part))
        elif any(row.below for row in part.rows):
            # lines, not a grid: its last column would be too narrow for a text
            aligned = _aligned([part.columns, *(row.cells for row in part.rows)])
            screen.print(Text(f"\n{part.title}", "bold"))
            screen.print(Text(next(aligned), "bold"))
            for line, row in zip(aligned, part.rows, strict=True):
                screen.print(Text(line, row.style))
                screen.print(Padding(Text(row.below), (0, 0, 1, 6)))
        else:
            screen.print()
            grid = Grid(box=box.SIMPLE_HEAD, title=Text(part.title, "bold"), title_justify="left")
            for column in part.columns:
                grid.add_column(Text(column), overflow="fold")
            for row in part.rows:
                grid.add_row(*(Text(cell, row.style) for cell in row.cells))
            screen.print(grid)
    return output.getvalue().rstrip("\n")
