"""No command, log or monitoring service is ever shown a secret (contract, section 8)."""

import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from practice import Practice

SECRET = "geheim-4711"
URLS = [
    f"postgresql://u@127.0.0.1:1/x?password={SECRET}",
    f"postgresql://u:{SECRET}@127.0.0.1:1/x",
    f"postgresql://127.0.0.1:1/x?user=u&password={SECRET}&connect_timeout=1",
    f"postgresql+psycopg://u@127.0.0.1:1/x?sslpassword={SECRET}",
    f"postgresql://u@127.0.0.1:1/x?passfile=/{SECRET}",
    f"postgresql://u%3A{SECRET}@127.0.0.1:1/x",  # the colon is written as a sign of the name
]
"""Nobody listens at port 1."""
COMMANDS = [
    "run-once",
    "-v run-once --json",
    "--log-format json -v run-once",
    "dry-run",
    "search",
    "explain 1",
    "staff-list",
    "history",
    "history runs",
    "config show",
    "config check",
    "config check --connect",
    "journal init",
    "schedule init",
]


@pytest.mark.parametrize("database", ["schedule", "journal"])
def test_no_command_prints_the_password_of_a_database_that_is_down(database: str, practice: Practice) -> None:
    practice.configure(**{database: {"url": URLS[0]}})
    for command in COMMANDS:
        ran = practice.run(*command.split())
        assert SECRET not in ran.stdout + ran.stderr, command


@pytest.mark.parametrize("url", URLS[1:])
def test_nor_does_it_in_another_place_of_the_url(url: str, practice: Practice) -> None:
    practice.configure(schedule={"url": url}, journal={"url": url})
    ran = practice.run("--log-format", "json", "-v", "config", "check", "--connect")
    assert ran.exit_code == 3
    assert SECRET not in ran.stdout + ran.stderr


@pytest.fixture
def pinged() -> Iterator[tuple[str, list[str]]]:
    """A monitoring service on this machine, and everything that it was told."""
    told: list[str] = []

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(self.path + self.rfile.read(int(self.headers["Content-Length"] or 0)).decode())
            self.send_response(200)
            self.end_headers()

        do_GET = do_POST  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/ping", told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("url", URLS[:2])
def test_the_monitoring_is_never_told_the_password_of_a_database_that_is_down(
    url: str, pinged: tuple[str, list[str]], practice: Practice
) -> None:
    address, told = pinged
    practice.configure(schedule={"url": url}, monitoring={"ping_url": address})
    assert practice.run("run-once").exit_code == 3
    assert any("/ping/" in each for each in told)  # it was told of the failure
    assert not [each for each in told if SECRET in each]


@pytest.mark.parametrize("umask", [0o022, 0o000])
def test_files_that_the_tool_makes_are_their_owners_alone(
    umask: int, tmp_path: Path, practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    before = os.umask(umask)
    try:
        practice.configure(schedule={"url": "sqlite:///own.db"}, journal={"url": "sqlite:///new.db"})
        practice.run("schedule", "init")
        practice.run("journal", "init")
        page, starter = practice.folder / "list.html", practice.folder / "starter.toml"
        practice.run("staff-list", "--html", str(page))
        practice.run("config", "init", str(starter))
    finally:
        os.umask(before)
    made = [practice.folder / "own.db", practice.folder / "new.db", page, starter]
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
