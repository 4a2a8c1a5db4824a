"""Prints every figure as a table: `python -m benchmarks [--size small]`, from the folder `tests`.

Each figure is a ratio against a reference that is measured in the same run, turn by turn; the median
of several turns is shown. The machines are noisy: quote ratios, never seconds.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import journal, planning, reading, sending


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    turns: int
    messages: int
    rows: int
    planned: int


SIZES = {"full": Size(5, 3000, 1_000_000, 20_000), "small": Size(1, 60, 5_000, 500)}


@dataclass(frozen=True)
class Cost:
    """What one command or call took, in seconds."""

    wall: float
    cpu: float


def process(*command: str, cwd: Path | None = None) -> Cost:
    """A whole process, with all of its start-up."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=cwd)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def ratio(turns: int, ours: Callable[[], float], reference: Callable[[], float]) -> float:
    """The median of ours / reference, measured in turn."""
    found = []
    for _ in range(turns):
        other = reference()
        found.append(ours() / other)
    return statistics.median(found)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def show(figure: str, value: float, reference: str, target: str) -> None:
    """One row, as soon as it is known."""
    print(f"{figure:62} {value:8.2f}  {target:>10}  {reference}", flush=True)


def main() -> None:
    """Measures everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="full")
    size = SIZES[parser.parse_args().size]
    python, program = sys.executable, [sys.executable, "-m", "terminbenachrichtigung"]
    print(f"{'figure':62} {'ratio':>8}  {'target':>10}  reference", flush=True)

    turns = max(size.turns, 1)
    show(
        "--help, CPU",
        ratio(
            turns, lambda: process(*program, "--help").cpu, lambda: process(python, "-c", "import click").cpu
        ),
        "python -c 'import click'",
        "<= 2",
    )
    with folder() as place:
        sending.prepare(place, 0, "http://127.0.0.1:9/gateway", 16)
        imports = "import sqlalchemy, pydantic, click"
        show(
            "run-once with nothing due, CPU",
            ratio(
                turns,
                lambda: process(*program, "run-once", "--quiet", cwd=place).cpu,
                lambda: process(python, "-c", imports).cpu,
            ),
            f"python -c '{imports}'",
            "<= 1.6",
        )
    with folder() as place:
        wanted = reading.Table(place, size.rows)
        show(
            f"reading a window of {size.rows:,} rows, SQLite",
            ratio(turns, wanted.ours, wanted.bare),
            "bare sqlite3 fetching the same rows",
            "<= 2",
        )
    with folder() as place:
        scene = journal.Scene(place, size.messages)
        show(
            "journal: claim and settle, SQLite",
            ratio(turns, scene.ours, scene.bare),
            "the bare statements and commits",
            "<= 1.3",
        )
    show("planning, appointments/s", planning.per_second(size.planned), "-", ">= 8000")
    with sending.gateway(delay=0.05) as url:
        walls, cpus = [], []
        for _ in range(max(1, turns // 2)):
            bare = sending.bare(url, size.messages, 16)
            with folder() as place:
                sending.prepare(place, size.messages, url, 16)
                ours = process(*program, "run-once", "--quiet", cwd=place)
            walls.append(ours.wall / bare.wall)
            cpus.append(ours.cpu / bare.cpu)
        name = f"run-once, {size.messages:,} SMS, gateway 50 ms, 16 at a time"
        reference = "16 threads posting by a bare httpx.Client"
        show(f"{name}, wall", statistics.median(walls), reference, "<= 1.25")
        show(f"{name}, CPU", statistics.median(cpus), reference, "<= 2.5")


if __name__ == "__main__":
    os.environ.pop("TERMINBENACHRICHTIGUNG_CONFIG", None)
    main()
