"""What all tests share: databases that are made for one test and gone after it."""

import os
import shutil
import signal
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

import compiled
from journals import Journals
from postgres import PostgresServer

SIZES = {
    # option       here  --full  what it counts
    "kills": (2, 30, "runs killed at random moments, for each database"),
    "due": (200, 5000, "appointments that eight runs share"),
    "simulations": (2, 9, "practices whose weeks are simulated"),
    "weeks": (0.5, 3.0, "how long each of them is simulated"),
    "inputs": (12, 100, "inputs of a fuzz test, or a few times as many"),
}
"""Long tests have a small size, for every commit, and a full one."""


_ROOM = 4 * 1024**3  # bytes; a whole run has taken a tenth of that
_ON_BOTH = (
    "test_journal_claims.py",
    "test_journal_overlap.py",
    "test_journal_settling.py",
    "test_overlap.py",
    "test_schedule_rows.py",
)
"""Files whose tests run on Postgres at every commit, too: they hold the promises and the reading of rows."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The sizes of long tests, and which of them are run at all."""
    for name, (here, full, what) in SIZES.items():
        parser.addoption(f"--{name}", type=type(full), help=f"{what}: {here}, in full {full}")
    parser.addoption("--full", action="store_true", help="the full sizes of all that")
    parser.addoption("--seed", type=int, default=0, help="replay what a failing random test printed")
    parser.addoption("--browser", action="store_true", help="also what needs Debian's package chromium")
    parser.addoption("--real", action="store_true", help="also what needs programs of Debian and root")
    parser.addoption("--rewrite-docs", action="store_true", help="put what is printed now into the docs")


def pytest_configure(config: pytest.Config) -> None:
    """A failing input prints how to replay it; how long it took proves nothing on a busy machine."""
    for name, sizes in SIZES.items():
        if config.getoption(name) is None:
            setattr(config.option, name, sizes[config.getoption("--full")])
    compiled.share()
    if not (config.getoption("--real") or config.getoption("--browser")):
        _keep_folders_in_memory()
    inputs: int = config.getoption("--inputs")
    hypothesis.settings.register_profile("here", max_examples=inputs, deadline=None, print_blob=True)
    hypothesis.settings.load_profile("here")
    # A shell's job in the background ignores Ctrl-C, and nohup that the terminal goes away. Every process
    # that a test starts would ignore them too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _keep_folders_in_memory() -> None:
    """Puts the folders of tests where a commit does not wait for the disk: most of a run is commits.

    Where there is no such place, or little room in it, they stay where pytest makes them.
    """
    memory = Path("/dev/shm")
    if sys.platform == "linux" and os.access(memory, os.W_OK):
        roomy = shutil.disk_usage(memory).free > _ROOM
        runs_programs = not os.statvfs(memory).f_flag & os.ST_NOEXEC  # some tests install one
        if roomy and runs_programs:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


@pytest.hookimpl(tryfirst=True)  # before `-m` looks at the markers
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what only the full size runs: tests marked so, and most of what is tried on Postgres again.

    A test on Postgres takes four times the CPU of the same one on SQLite.
    """
    for item in items:
        call = getattr(item, "callspec", None)
        on_postgres = call is not None and any(
            call.params.get(name) == "postgres"
            for name in ("database_url", "either_practice", "kept_journals")
        )
        if on_postgres and item.path.name not in _ON_BOTH:
            item.add_marker("full")
    if not config.getoption("--full"):
        left = [item for item in items if item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if not item.get_closest_marker("full")]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Tests that need programs of the system are run by themselves: most machines have none of these."""
    for folder, option in (("browser", "--browser"), ("real", "--real")):
        if collection_path == Path(__file__).parent / folder and not config.getoption(option):
            return True
    return None


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
def postgres_url(postgres_server: PostgresServer) -> str:
    """An empty database on the real PostgreSQL; whoever was left connected to it is thrown out first."""
    postgres_server.start()
    return postgres_server.fresh_database()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, empty database, once on either kind; for SQLite a file that is not there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'database.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


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
