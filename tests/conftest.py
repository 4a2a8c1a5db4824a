"""What all tests share: databases that are made for one test and gone after it."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from postgres import PostgresServer


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One real PostgreSQL for each worker of the test run, started when the first test asks for it.

    A test that stops it need not start it again.
    """
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A fresh, empty database on the real PostgreSQL, dropped after the test."""
    name = f"test_{uuid.uuid4().hex}"
    postgres_server.start()
    yield postgres_server.create_database(name)
    postgres_server.start()
    postgres_server.drop_database(name)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, empty database, once on either kind; for SQLite a file that is not there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'database.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url
