"""Watching over the hourly run: pings as healthchecks.io has them, and metrics for node_exporter."""

import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from peers import a_peer, a_port_nobody_listens_on, certified_server, until_hung_up
from pytest_httpserver import HTTPServer
from werkzeug import Response

from practice import Practice, number


@pytest.fixture
def watcher() -> Iterator[HTTPServer]:
    """A server that takes every ping."""
    with HTTPServer() as server:
        server.expect_request(re.compile(".*")).respond_with_data("OK")
        yield server


def pings(server: HTTPServer) -> list[tuple[str, str]]:
    return [(request.full_path.rstrip("?"), request.get_data(as_text=True)) for request, _ in server.log]


def metrics(path: Path) -> dict[str, float]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {
        line.rpartition(" ")[0].removeprefix("terminbenachrichtigung_"): float(line.rpartition(" ")[2])
        for line in lines
    }


# ---------------------------------------------------------------- pings


def test_a_run_pings_its_start_and_its_success_with_the_counts_and_nobody_s_name(
    watcher: HTTPServer, practice: Practice
) -> None:
    practice.configure(monitoring={"ping_url": watcher.url_for("/ab-cd")})
    practice.book("1")
    ran = practice.run_once()
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert pings(watcher) == [("/ab-cd/start", ""), ("/ab-cd", "1 message: 1 sent; 0 skipped")]


def test_a_run_that_needs_a_person_is_a_success_with_its_counts(
    watcher: HTTPServer, practice: Practice
) -> None:
    practice.configure(monitoring={"ping_url": watcher.url_for("/ab-cd")})
    practice.book("1", "no date")
    assert practice.run_once().exit_code == 1
    assert pings(watcher)[1] == ("/ab-cd", "0 messages; 0 skipped; 1 bad row; 1 new for a person")


@pytest.mark.parametrize("missing", ["journal", "schedule"])
def test_a_run_that_could_not_run_pings_its_failure(
    missing: str, watcher: HTTPServer, practice: Practice
) -> None:
    practice.configure(monitoring={"ping_url": watcher.url_for("/ab-cd?create=1")})
    (practice.folder / f"{missing}.db").unlink()
    assert practice.run_once().exit_code == 3
    (start, _), (end, words) = pings(watcher)
    assert (start, end) == ("/ab-cd/start?create=1", "/ab-cd/fail?create=1")
    assert missing in words


def test_only_the_hourly_run_pings(watcher: HTTPServer, practice: Practice) -> None:
    practice.configure(monitoring={"ping_url": watcher.url_for("/ab-cd")})
    practice.dry_run()
    practice.run("history")
    assert pings(watcher) == []


@pytest.mark.parametrize("quiet", [False, True])
def test_a_watcher_that_is_down_is_a_warning_unless_it_is_quiet_and_changes_nothing_else(
    quiet: bool, practice: Practice
) -> None:
    practice.configure(monitoring={"ping_url": f"http://127.0.0.1:{a_port_nobody_listens_on()}/ab-cd"})
    practice.book("1")
    ran = practice.run("run-once", *(["--quiet"] if quiet else ["--json"]))
    assert ran.exit_code == 0
    assert practice.texted == [number(17)]
    assert ("127.0.0.1: the connection was refused" in ran.stderr) is not quiet
    assert "ab-cd" not in ran.stdout + ran.stderr  # whoever knows it can report a success


def test_a_watcher_that_says_nothing_holds_up_the_end_for_seconds_and_the_messages_not_at_all(
    practice: Practice,
) -> None:
    with a_peer(until_hung_up) as peer:
        practice.configure(monitoring={"ping_url": f"http://127.0.0.1:{peer.port}/ab-cd"})
        practice.book("1")
        ran = practice.run_once()
    assert (ran.exit_code, ran.outcomes) == (0, {"1": "sent"})
    assert "no answer within 3 seconds" in ran.stderr


def test_a_watcher_whose_certificate_nobody_vouches_for_is_told_nothing(practice: Practice) -> None:
    with a_peer(until_hung_up, certified_server("127.0.0.1")) as peer:
        practice.configure(monitoring={"ping_url": f"https://127.0.0.1:{peer.port}/ab-cd"})
        ran = practice.run_once()
    assert ran.exit_code == 0
    assert "its certificate is not trusted" in ran.stderr


def test_a_redirect_is_not_followed(practice: Practice) -> None:
    with HTTPServer() as server:
        elsewhere = server.url_for("/elsewhere")
        server.expect_request(re.compile("/ab-cd.*")).respond_with_response(
            Response(status=302, headers={"Location": elsewhere})
        )
        practice.configure(monitoring={"ping_url": server.url_for("/ab-cd")})
        ran = practice.run_once()
        assert [path for path, _ in pings(server)] == ["/ab-cd/start", "/ab-cd"]
    assert "HTTP 302" in ran.stderr


# ---------------------------------------------------------------- metrics


def test_the_metrics_count_outcomes_and_reasons(either_practice: Practice) -> None:
    practice = either_practice
    practice.configure(monitoring={"textfile": "reminders.prom"})
    practice.book("1", customer=1)
    practice.book("2", customer=2, is_group=True)
    practice.book("3", customer=3, is_group=True)
    assert practice.run_once().exit_code == 0
    path = practice.folder / "reminders.prom"  # beside the configuration
    written = metrics(path)
    assert written["last_run_exit_code"] == 0
    assert written["journal_reachable"] == 1
    assert written['last_run_messages{outcome="sent"}'] == 1
    assert written['last_run_messages{outcome="unknown"}'] == 0  # a series that comes and goes is no alarm
    assert written['last_run_skipped{reason="group_appointment"}'] == 2
    assert written['last_run_skipped{reason="missed"}'] == 0
    complete = written["last_complete_run_timestamp_seconds"]
    assert 0 <= written["last_run_timestamp_seconds"] - complete < 60
    assert 0 <= written["last_run_duration_seconds"] < 60
    assert stat.S_IMODE(path.stat().st_mode) == 0o644  # node_exporter is another user
    assert [each.name for each in practice.folder.iterdir() if "prom" in each.name] == ["reminders.prom"]

    practice.run_once(now="2026-11-24 21:00")  # quiet: it ran, and was not a complete run
    assert metrics(path)["last_complete_run_timestamp_seconds"] == complete


def test_a_run_that_could_not_run_says_so_in_its_metrics(practice: Practice) -> None:
    practice.configure(monitoring={"textfile": "reminders.prom"})
    practice.run_once()
    complete = metrics(practice.folder / "reminders.prom")["last_complete_run_timestamp_seconds"]
    (practice.folder / "schedule.db").unlink()
    practice.run_once(now="2026-11-24 11:00")
    written = metrics(practice.folder / "reminders.prom")
    assert (written["last_run_exit_code"], written["journal_reachable"]) == (3, 1)
    assert written["last_complete_run_timestamp_seconds"] == complete
    (practice.folder / "journal.db").unlink()
    practice.run_once(now="2026-11-24 12:00")
    assert metrics(practice.folder / "reminders.prom")["journal_reachable"] == 0


def test_metrics_that_cannot_be_written_are_a_warning_and_change_nothing_else(practice: Practice) -> None:
    practice.configure(monitoring={"textfile": "no/such/folder/reminders.prom"})
    practice.book("1")
    ran = practice.run_once()
    assert (ran.exit_code, ran.outcomes) == (0, {"1": "sent"})
    assert "monitoring.textfile could not be written" in ran.stderr
    check = practice.run("config", "check", "--strict")
    assert "there is no folder" in check.stdout + check.stderr


# ---------------------------------------------------------------- configuration


@pytest.mark.parametrize(
    ("key", "value", "advice"),
    [
        ("ping_url", "http://hc.example.org/s3cret", "must begin with https://"),
        ("ping_url", "https://user:s3cret@hc.example.org/", "must hold no user"),
        ("ping_url", "hc-ping.com/s3cret", "must be a web address"),
        ("textfile", "reminders.txt", 'must end with ".prom"'),
    ],
)
def test_what_cannot_be_watched_is_refused_without_showing_the_secret(
    key: str, value: str, advice: str, practice: Practice
) -> None:
    practice.configure(monitoring={key: value})
    ran = practice.run("config", "check")
    assert ran.exit_code == 2
    assert f"monitoring.{key}" in ran.stderr
    assert advice in ran.stderr
    assert "s3cret" not in ran.stderr


def test_the_ping_url_may_come_from_a_file_and_is_never_shown(
    watcher: HTTPServer, practice: Practice
) -> None:
    (practice.folder / "ping-url").write_text(watcher.url_for("/s3cret") + "\n", encoding="utf-8")
    practice.configure(monitoring={"ping_url_file": "ping-url"})
    practice.run_once()
    assert [path for path, _ in pings(watcher)] == ["/s3cret/start", "/s3cret"]
    shown = practice.run("config", "show").stdout
    assert 'ping_url = "***"' in shown
    assert "s3cret" not in shown
