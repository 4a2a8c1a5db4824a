"""Dry runs over large schedules, and over many appointments that are due."""

import statistics

from benchmarks import practices
from benchmarks.costs import PROGRAM, folder, process, process_and_peak, ratio, show

DRY_RUN = (*PROGRAM, "dry-run", "--json")


def show_schedules(turns: int, due: int, small: int, *sizes: int) -> None:
    """The same appointments are due in schedules of all sizes; the large one grows from one to the next."""
    with folder() as little, folder() as large:
        practices.prepare(little, due, practices.NOWHERE, 16)
        practices.prepare(large, due, practices.NOWHERE, 16)
        practices.grow(little, small)
        for size in sizes:
            practices.grow(large, size)
            show(
                f"dry-run --json, {due:,} due of {size:,} appointments, wall",
                ratio(
                    turns,
                    lambda: process(*DRY_RUN, cwd=large).wall,
                    lambda: process(*DRY_RUN, cwd=little).wall,
                ),
                f"itself, {due:,} due of {small:,}",
                "<= 1.2",
            )


def show_due(turns: int, few: int, many: int) -> None:
    """Ten times as many are due at once: the time that takes, and the memory."""
    with folder() as little, folder() as large:
        practices.prepare(little, few, practices.NOWHERE, 16)
        practices.prepare(large, many, practices.NOWHERE, 16)
        ratios, peaks = [], []
        for _ in range(turns):
            reference, _peak = process_and_peak(*DRY_RUN, cwd=little)
            seconds, peak = process_and_peak(*DRY_RUN, cwd=large)
            ratios.append(seconds / reference)
            peaks.append(peak)
    show(f"dry-run --json, {many:,} due, wall", statistics.median(ratios), f"itself, {few:,} due", "<= 11")
    show(f"dry-run --json, {many:,} due, peak memory in MB", statistics.median(peaks), "-", "<= 300")
