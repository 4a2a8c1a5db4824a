"""How things are measured and shown: ratios against a reference of the same run, medians of several turns."""

import gc
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAM = (sys.executable, "-m", "terminbenachrichtigung")

_LAUNCHER = textwrap.dedent("""
    import os, subprocess, sys
    child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    print(usage.ru_maxrss)
    sys.exit(os.waitstatus_to_exitcode(status))
""")
"""A process counts its parent's memory as its own peak until it is something else: this parent is small."""


@dataclass(frozen=True)
class Cost:
    """What one command or call took, in seconds."""

    wall: float
    cpu: float

    def times(self, factor: float) -> "Cost":
        """The cost of so many times the work, where less of it was measured."""
        return Cost(self.wall * factor, self.cpu * factor)


@contextmanager
def measured(who: int) -> Iterator[Callable[[], Cost]]:
    """What this process (RUSAGE_SELF) or those it waited for (RUSAGE_CHILDREN) cost since then."""
    before, began = resource.getrusage(who), time.perf_counter()

    def so_far() -> Cost:
        wall, after = time.perf_counter() - began, resource.getrusage(who)
        return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    yield so_far


def process(*command: str, cwd: Path | None = None) -> Cost:
    """A whole process, with all of its start-up."""
    with measured(resource.RUSAGE_CHILDREN) as cost:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=cwd)
        return cost()


def process_and_peak(*command: str, cwd: Path) -> tuple[float, float]:
    """Seconds of a whole process, and the most memory that it held, in MB."""
    began = time.perf_counter()
    launcher = [sys.executable, "-c", _LAUNCHER, *command]
    done = subprocess.run(launcher, check=True, stdout=subprocess.PIPE, cwd=cwd)
    unit = 1_000_000 if sys.platform == "darwin" else 1000
    return time.perf_counter() - began, int(done.stdout) / unit


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


def heading() -> None:
    """Above the table; whoever runs it has no configuration of their own, and an installed program."""
    gc.set_threshold(50_000)  # as the program does for what is measured in this process
    os.environ.pop("TERMINBENACHRICHTIGUNG_CONFIG", None)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each start compiles the program, but no library
    print(f"{'figure':62} {'ratio':>8}  {'target':>10}  reference", flush=True)


def show(figure: str, value: float | None, reference: str, target: str) -> None:
    """One row, as soon as it is known; None: it could not be measured here."""
    shown = f"{'-':>8}" if value is None else f"{value:8.2f}"
    print(f"{figure:62} {shown}  {target:>10}  {reference}", flush=True)
