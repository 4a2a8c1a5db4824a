"""A practice for one test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from killing import Forks
from practice import Practice


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Started once for each worker of the test run: the imports take longer than many runs."""
    made = Forks()
    yield made
    made.close()


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    """A practice on SQLite; it is Tuesday, 2026-11-24, ten o'clock."""
    with Practice(tmp_path) as made:
        yield made


@pytest.fixture
def postgres_practice(tmp_path: Path, postgres_url: str) -> Iterator[Practice]:
    """The same with schedule and journal on PostgreSQL."""
    with Practice(tmp_path, schedule_url=postgres_url, journal_url=postgres_url) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgres"])
def either_practice(request: pytest.FixtureRequest) -> Practice:
    """The same, once on either kind of database."""
    made: Practice = request.getfixturevalue("practice" if request.param == "sqlite" else "postgres_practice")
    return made
