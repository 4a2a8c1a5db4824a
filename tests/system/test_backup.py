"""Files that the program makes: for their owner alone, and through no link."""

import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from practice import Practice, number
from terminbenachrichtigung.demo.loopback import Request
from terminbenachrichtigung.errors import JournalError
from terminbenachrichtigung.journal.database import reaching
from terminbenachrichtigung.private_files import beside


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_handed() -> Iterator[None]:
    """Under a umask that hides nothing."""
    before = os.umask(0)
    yield
    os.umask(before)


# ---------------------------------------------------------------- journal backup


def test_a_backup_knows_who_was_told_and_is_its_owners_alone(practice: Practice, tmp_path: Path) -> None:
    practice.book("1", customer=1)
    practice.run_once()
    copy = tmp_path / "copy's place.db"
    assert practice.run("journal", "backup", str(copy)).exit_code == 0
    assert mode_of(copy) == 0o600
    practice.configure(journal={"url": f"sqlite:///{copy}"})
    assert practice.run_once().reasons["1"] == "already_notified"
    assert practice.texted == [number(1)]


def test_a_backup_taken_in_the_middle_of_a_run_is_whole(practice: Practice, tmp_path: Path) -> None:
    # However long a busy machine takes for the copy, the gateway's answer is waited for.
    practice.configure(sms={"concurrency": 1, "timeout_seconds": 120}, journal={"claim_timeout_minutes": 30})
    for customer in range(5):
        practice.book(str(customer), customer=customer)
    copied: list[int] = []

    def script(request: Request) -> None:
        if request.number == 3:
            copied.append(practice.process("journal", "backup", str(tmp_path / "copy.db")).exit_code)

    practice.gateway.script = script
    assert practice.run_once().exit_code == 0
    assert copied == [0]
    practice.configure(journal={"url": f"sqlite:///{tmp_path / 'copy.db'}"})
    assert practice.sql("PRAGMA integrity_check", "journal") == [("ok",)]
    practice.let_claims_run_out()
    assert {each.state for each in practice.sql("SELECT state FROM journal_messages", "journal")} == {
        "sent",
        "claimed",
    }


@pytest.mark.parametrize("links", [True, False])
def test_a_backup_has_its_name_only_when_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, links: bool
) -> None:
    """Whoever is killed before leaves nothing that looks like one; some disks know no links."""
    place = tmp_path / "copy.db"
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", lambda *_: os.link("/nowhere", place))
    with beside(place) as made:
        made.write_text("whole")
        assert not place.exists()
    assert (place.read_text(), mode_of(place)) == ("whole", 0o600)
    assert list(tmp_path.iterdir()) == [place]


def test_a_name_that_is_no_utf_8_says_nothing_about_the_journal(practice: Practice, tmp_path: Path) -> None:
    """It was said to be damaged, and a backup to be put in its place."""
    ran = practice.run("journal", "backup", str(tmp_path / "a\udcffb"))
    assert (ran.exit_code, "is no name in UTF-8" in ran.stderr) == (2, True)
    with pytest.raises(JournalError, match="keeps text alone"), reaching("sqlite:///journal.db"):
        "a\udcffb".encode()


def test_what_somebody_put_there_meanwhile_stays(tmp_path: Path) -> None:
    place = tmp_path / "copy.db"
    with pytest.raises(FileExistsError), beside(place):
        place.write_text("theirs")
    assert place.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("kind", ["a file", "a link to a file", "a link that leads nowhere", "a folder"])
def test_a_backup_touches_nothing_that_is_there(practice: Practice, tmp_path: Path, kind: str) -> None:
    place, other = tmp_path / "place", tmp_path / "other"
    other.write_text("other")
    if kind == "a file":
        place.write_text("mine")
    elif kind == "a folder":
        place.mkdir()
    else:
        place.symlink_to(other if kind == "a link to a file" else tmp_path / "nowhere")
    ran = practice.run("journal", "backup", str(place))
    assert (ran.exit_code, ran.stderr) == (
        2,
        f"Error: {place} is there already; remove it first, or name another file\n",
    )
    assert other.read_text() == "other"
    assert not (tmp_path / "nowhere").exists()


def test_a_backup_that_fails_leaves_nothing_behind(practice: Practice, tmp_path: Path) -> None:
    assert practice.run("journal", "backup", str(tmp_path / "no" / "copy.db")).exit_code == 2
    (practice.folder / "journal.db").unlink()
    assert practice.run("journal", "backup", str(tmp_path / "copy.db")).exit_code == 3
    assert not (tmp_path / "copy.db").exists()


def test_for_a_journal_on_postgres_the_server_has_its_own_tool(practice: Practice, postgres_url: str) -> None:
    practice.configure(journal={"url": postgres_url})
    ran = practice.run("journal", "backup", "copy of today.sql")
    assert ran.exit_code == 2
    assert "pg_dump --clean --if-exists --table='journal_*' --file='copy of today.sql' " in ran.stderr


# ---------------------------------------------------------------- rights and links


@pytest.mark.parametrize("mode", [0o666, 0o644, 0o604])
def test_a_journal_that_others_may_read_is_taken_away_from_them(practice: Practice, mode: int) -> None:
    journal = practice.folder / "journal.db"
    journal.chmod(mode)
    assert practice.run("dry-run").exit_code == 0
    assert mode_of(journal) == mode  # what only reads changes nothing
    assert practice.run_once().exit_code == 0
    assert mode_of(journal) == 0o600
    assert {mode_of(each) for each in practice.folder.glob("journal.db-*")} <= {0o600}


@pytest.mark.parametrize(
    "other", ["a text", "another program's database", "the schedule of another practice"]
)
def test_what_is_no_journal_keeps_its_rights(practice: Practice, other: str) -> None:
    """The journal's path leads to /etc/passwd by mistake, and root runs it."""
    path = practice.folder / "other"
    if other == "a text":
        path.write_text("root:x:0:0")
    elif other == "another program's database":
        with closing(sqlite3.connect(path)) as made:
            made.execute("CREATE TABLE bookmarks (url)")
    else:
        path.write_bytes((practice.folder / "schedule.db").read_bytes())
    path.chmod(0o644)
    practice.configure(journal={"url": f"sqlite:///{path}"})
    assert practice.run("run-once").exit_code == 3
    assert mode_of(path) == 0o644


def test_a_page_or_metrics_take_the_place_of_no_device(practice: Practice) -> None:
    """As root, `--html /dev/null` would put a file there for the whole machine."""
    os.mkfifo(device := practice.folder / "device.prom")
    for command in (["staff-list", "--html", str(device)], ["figures", "--html", str(device)]):
        ran = practice.run(*command)
        assert (ran.exit_code, ran.stderr.count("\n")) == (2, 1)
        assert "it is no file" in ran.stderr
    practice.configure(monitoring={"textfile": str(device)})
    assert "monitoring.textfile could not be written: it is no file" in practice.run("run-once").stderr
    assert stat.S_ISFIFO(device.stat().st_mode)
    link = practice.folder / "link.html"
    link.symlink_to(device)
    assert practice.run("figures", "--html", str(link)).exit_code == 2
    assert link.is_symlink()


def test_a_journal_that_somebody_made_read_only_is_not_made_writable(practice: Practice) -> None:
    journal = practice.folder / "journal.db"
    journal.chmod(0o444)
    ran = practice.run_once()
    assert mode_of(journal) == 0o400
    if os.geteuid() != 0:  # root writes all the same
        assert ran.exit_code == 3
        assert re.search("this user (needs leave to|may not) write", ran.stderr)


def test_metrics_take_the_place_of_a_link_and_leave_alone_what_it_leads_to(practice: Practice) -> None:
    other = practice.folder / "other"
    other.write_text("other")
    metrics = practice.folder / "metrics.prom"
    metrics.symlink_to(other)
    # The names under which an earlier program wrote beside it.
    for pid in range(os.getpid() - 2, os.getpid() + 3):
        (practice.folder / f".metrics.prom.{pid}").symlink_to(other)
    practice.configure(monitoring={"textfile": str(metrics)})
    ran = practice.run_once()
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert other.read_text() == "other"
    assert "terminbenachrichtigung_last_run_exit_code 0" in metrics.read_text()
    assert (metrics.is_symlink(), mode_of(metrics)) == (False, 0o644)


def test_a_page_for_staff_takes_the_place_of_a_link_and_is_its_owners_alone(practice: Practice) -> None:
    other, page = practice.folder / "other", practice.folder / "page.html"
    other.write_text("other")
    page.symlink_to(other)
    assert practice.run("staff-list", "--html", str(page)).exit_code == 0
    assert other.read_text() == "other"
    assert (page.is_symlink(), mode_of(page)) == (False, 0o600)


def test_a_starter_configuration_is_written_through_no_link(practice: Practice, tmp_path: Path) -> None:
    place = tmp_path / "new.toml"
    place.symlink_to(tmp_path / "nowhere")
    assert practice.run("config", "init", str(place)).exit_code == 2
    assert not (tmp_path / "nowhere").exists()
    assert practice.run("config", "init", str(tmp_path / "mine.toml")).exit_code == 0
    assert mode_of(tmp_path / "mine.toml") == 0o600
