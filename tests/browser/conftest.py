"""A practice for one test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from practice import Practice


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    """A practice on SQLite; it is Tuesday, 2026-11-24, ten o'clock."""
    with Practice(tmp_path) as made:
        yield made
