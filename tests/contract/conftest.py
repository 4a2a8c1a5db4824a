"""The journal for the tests of its promises: made once on either database, emptied after each test."""

import uuid
from collections.abc import Iterator

import pytest

from journals import Journals
from postgres import PostgresServer


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def kept_journals(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Journals]:
    """Made by the real migrations, which cost more than most of the tests."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('journal') / 'journal.db'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        server.start()
        url = server.create_database(f"journal_{uuid.uuid4().hex}")
    with Journals(url) as made:
        yield made


@pytest.fixture
def journals(kept_journals: Journals) -> Iterator[Journals]:
    """An empty journal, once on SQLite and once on Postgres."""
    yield kept_journals
    kept_journals.empty()
