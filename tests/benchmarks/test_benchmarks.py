"""A small size of every figure, so that the benchmarks stay alive. Nothing is asserted about time."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.full
def test_every_figure_can_be_measured() -> None:
    command = [sys.executable, "-m", "benchmarks", "--size", "small"]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[1], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    figures = [line.split("  ")[0] for line in done.stdout.splitlines()[1:]]
    assert len(figures) == 30, done.stdout
