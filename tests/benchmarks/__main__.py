"""Prints every figure as a table: `python -m benchmarks [--size small]`, from the folder `tests`.

Each figure is a ratio against a reference that is measured in the same run, turn by turn; the median
of several turns is shown. The machines are noisy: quote ratios, never seconds.
"""

import argparse
import sys
from contextlib import closing
from dataclasses import dataclass

from benchmarks import answers, capacity, importing, journal, large, planning, practices, reading, sending
from benchmarks.costs import PROGRAM, folder, heading, process, ratio, show
from postgres import PostgresServer


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    turns: int
    messages: int  # of a run, and due of each of `schedules`
    rows: int  # to read a window from
    planned: int
    schedules: tuple[int, int, int]
    due: tuple[int, int]
    together: int  # messages for each process
    imported: int  # lines of an export
    told: int  # of whom one in twenty is on the staff list
    counted: int  # appointments of a year


SIZES = {
    "full": Size(
        5,
        3000,
        1_000_000,
        20_000,
        (10_000, 1_000_000, 3_000_000),
        (10_000, 100_000),
        200,
        50_000,
        8_400,
        300_000,
    ),
    "small": Size(1, 60, 5_000, 500, (200, 2_000, 6_000), (20, 200), 8, 500, 60, 600),
}


def main() -> None:
    """Measures everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="full")
    size = SIZES[parser.parse_args().size]
    turns, few = size.turns, max(1, size.turns // 2)
    heading()
    show_start(turns)
    large.show_due(few, *size.due)
    large.show_schedules(few, size.messages, *size.schedules)
    importing.show_import(size.imported)
    answers.show_staff_list(few, size.told)
    answers.show_figures(size.counted)
    answers.show_inspect(size.rows)
    with folder() as place:
        scene = journal.Scene(place, size.messages)
        show(
            "journal: claim and settle, SQLite",
            ratio(turns, scene.ours, scene.bare),
            "the bare statements and commits",
            "<= 1.35",
        )
    show("planning, appointments/s", planning.per_second(size.planned), "-", ">= 8000")
    sending.show_run(few, size.messages)
    with closing(PostgresServer()) as server:
        server.start()
        show_reading(server, turns, size.rows)
        capacity.make_durable(server)
        sending.show_together(server, few, size.together)
        capacity.show_capacity(server, size.messages)


def show_start(turns: int) -> None:
    """What it costs to begin, and an hour in which nothing is due."""
    python = sys.executable
    show(
        "--help, CPU",
        ratio(
            turns, lambda: process(*PROGRAM, "--help").cpu, lambda: process(python, "-c", "import click").cpu
        ),
        "python -c 'import click'",
        "<= 2",
    )
    imports = "import sqlalchemy, pydantic, click"
    with folder() as place:
        practices.prepare(place, 0, practices.NOWHERE, 16)
        for texts in ("", " and texts of one's own"):
            if texts:
                practices.write_texts(place)
                process(*PROGRAM, "run-once", "--quiet", cwd=place)  # which checks them, once
            show(
                f"run-once with nothing due{texts}, CPU",
                ratio(
                    turns,
                    lambda: process(*PROGRAM, "run-once", "--quiet", cwd=place).cpu,
                    lambda: process(python, "-c", imports).cpu,
                ),
                f"python -c '{imports}'",
                "<= 1.4",
            )


def show_reading(server: PostgresServer, turns: int, rows: int) -> None:
    """On both databases."""
    figure = f"reading a window of {rows:,} rows"
    with folder() as place:
        table = reading.sqlite_table(place, rows)
        table.check(rows)
        reference = "bare sqlite3 fetching the same rows"
        show(f"{figure}, SQLite", ratio(turns, table.ours, table.bare), reference, "<= 1.8")
    table = reading.postgres_table(server.fresh_database(), rows)
    table.check(rows)
    reference = "bare psycopg fetching the same rows"
    show(f"{figure}, Postgres", ratio(turns, table.ours, table.bare), reference, "<= 2")


if __name__ == "__main__":
    main()
