"""What is particular to a journal in an SQLite file: its place, its safety, its one lock."""

import os
import re
import resource
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, ClauseElement, text
from sqlalchemy.dialects import sqlite

from journals import (
    GAP,
    NOW,
    SMS,
    ZONE,
    Journals,
    appointment,
    ask,
    claimed,
    compete,
    planned,
    settings,
    settled,
)
from terminbenachrichtigung.clock import SystemClock, Timings
from terminbenachrichtigung.errors import JournalError, JournalMissingError
from terminbenachrichtigung.journal import create_journal, open_journal, statements
from terminbenachrichtigung.journal.database import Mode, file_system_of, make_engine
from terminbenachrichtigung.journal.journal import Journal
from terminbenachrichtigung.model.delivery import Attempt, Claim, Unavailable
from terminbenachrichtigung.model.plan import MessageOutcome


def url_of(path: Path) -> str:
    return URL.create("sqlite", database=str(path)).render_as_string()


@pytest.fixture
def journals(tmp_path: Path) -> Iterator[Journals]:
    """A file of its own, because these tests lock it and break it."""
    with Journals(url_of(tmp_path / "journal.db")) as made:
        yield made


@contextmanager
def locked(path: Path, released: threading.Event | None = None) -> Iterator[threading.Event]:
    """Another program holds the write lock until the event is set, or the block ends."""
    taken, released = threading.Event(), released or threading.Event()

    def hold() -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            taken.set()
            released.wait()
            other.execute("ROLLBACK")

    thread = threading.Thread(target=hold)
    thread.start()
    assert taken.wait(60)
    try:
        yield released
    finally:
        released.set()
        thread.join()


def soon(released: threading.Event) -> None:
    """Set the event in a second, or when a busy machine gets round to it."""
    threading.Timer(1.0, released.set).start()


# ---------------------------------------------------------------- what is no file


@pytest.mark.parametrize("kind", ["folder", "file"])
@pytest.mark.parametrize("mode", ["ro", "rw", "rwc"])
def test_what_is_no_file_is_refused_and_keeps_its_rights(tmp_path: Path, kind: str, mode: Mode) -> None:
    """The journal's path may lead to /tmp, or to /dev/null, by mistake."""
    path = tmp_path / "shared"
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    path.chmod(0o1777)
    with pytest.raises(JournalError, match=f"it is (a folder|no {kind})"):
        make_engine(url_of(path), mode).connect()
    assert stat.S_IMODE(path.stat().st_mode) == 0o1777


# ---------------------------------------------------------------- what a claim looks for


@pytest.mark.parametrize(
    ("statement", "found_by"),
    [
        (
            statements.told_under_other_ids,
            ["starts_at=? AND customer_id=?", "starts_at=? AND first_recipient=?"],
        ),
        (statements.others_for_customer, ["customer_id=?"]),
        (statements.notifications_newest_first, ["reminder=? AND appointment_id=?"]),
        (statements.rejected_recipients, ["appointment_id=?", "message_id=?"]),
    ],
)
def test_it_is_found_by_an_index_however_many_have_the_same_start(
    statement: ClauseElement, found_by: list[str], journals: Journals, tmp_path: Path
) -> None:
    query = str(statement.compile(dialect=sqlite.dialect()))
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {query}", [None] * query.count("?")).fetchall()
    steps = [step for *_, step in plan if re.match("SEARCH|SCAN", step)]
    assert [step for step in steps if step.startswith("SCAN")] == []
    for columns in found_by:
        assert any(f"({columns})" in step for step in steps), steps


# ---------------------------------------------------------------- the file


@pytest.mark.parametrize(
    "name",
    [
        "mit Leerzeichen.db",
        "100%.db",
        "100%25.db",
        "was?.db",
        "nr#7.db",
        "Übersicht.db",
        "a&b=c;d+e.db",
        "ü/ß ?.db",
    ],
)
def test_the_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "Ordner #1?" / name
    path.parent.mkdir(parents=True)
    with Journals(url_of(path)) as journals:
        claimed(journals.run(), planned())
        assert ask(journals.run(readonly=True)).notifications
    assert [one for one in sorted(tmp_path.rglob("*")) if one.is_file()] == [path]
    assert path.stat().st_size > 0


def test_nobody_but_its_owner_may_read_it(journals: Journals, tmp_path: Path) -> None:
    claimed(journals.run(), planned())  # the two files beside it are there while it is open
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()}
    assert modes == {"journal.db": 0o600, "journal.db-wal": 0o600, "journal.db-shm": 0o600}


def test_the_mode_that_its_owner_gave_it_stays(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.touch()
    path.chmod(0o660)
    assert create_journal(settings(url_of(path)), NOW, ZONE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


@pytest.mark.parametrize("readonly", [True, False])
def test_a_file_that_holds_no_journal_is_a_missing_one(tmp_path: Path, readonly: bool) -> None:
    path = tmp_path / "journal.db"
    path.touch()
    with pytest.raises(JournalMissingError, match="journal init"):
        open_journal(settings(url_of(path)), readonly=readonly)


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("letter.txt", "not a database"),
        (".", "it is a folder"),
        ("x" * 300, "name too long"),
        ("letter.txt/journal.db", "ot a directory"),
    ],
)
def test_what_cannot_be_a_journal_is_one_sentence(tmp_path: Path, place: str, why: str) -> None:
    (tmp_path / "letter.txt").write_text("Sehr geehrte Damen und Herren, " * 40)
    for opening in (
        lambda: open_journal(settings(url_of(tmp_path / place))),
        lambda: open_journal(settings(url_of(tmp_path / place)), readonly=True),
        lambda: create_journal(settings(url_of(tmp_path / place)), NOW, ZONE),
    ):
        with pytest.raises(JournalError, match=f"(?i){why}") as refused:
            opening()
        assert not isinstance(refused.value, JournalMissingError)
        assert "\n" not in str(refused.value)


def test_a_journal_is_not_made_in_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="folder does not exist"):
        create_journal(settings(url_of(tmp_path / "no such folder" / "journal.db")), NOW, ZONE)


def test_another_program_s_file_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bookmarks (url)")
    before = path.read_bytes()
    for readonly in (False, True):
        with pytest.raises(JournalMissingError, match="journal init"):
            open_journal(settings(url_of(path)), readonly=readonly)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("damage", "reading"),
    [
        ("UPDATE journal_meta SET created_at = '20x6-11-20'", lambda run: ask(run, "4711")),
        ("UPDATE journal_messages SET state = 'gone'", lambda run: run.history(10)),
        ("UPDATE journal_messages SET channel = 'fax'", lambda run: run.history(10)),
        ("UPDATE journal_messages SET customer_id = CAST(x'ff' AS TEXT)", lambda run: run.history(10)),
        ("UPDATE journal_notifications SET starts_at = ''", lambda run: ask(run, "4711")),
        ("UPDATE journal_meta SET name_key = 'no hash'", lambda run: ask(run, "4711")),
    ],
)
def test_a_value_that_cannot_be_read_is_one_sentence(
    journals: Journals, damage: str, reading: Callable[[Journal], object]
) -> None:
    settled(journals.run(), planned())
    journals.execute(damage)
    with pytest.raises(JournalError, match=r"^the journal sqlite[^\n]*$"):
        reading(journals.run())


def test_what_was_committed_survives_a_crash_of_the_machine(journals: Journals) -> None:
    database = make_engine(journals.url, "rw")
    with database.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    database.dispose()


# ---------------------------------------------------------------- one writer at a time


def test_a_claim_waits_for_another_writer(journals: Journals, tmp_path: Path) -> None:
    run = journals.run()
    with locked(tmp_path / "journal.db") as released:
        soon(released)
        assert isinstance(run.claim(planned(), now=NOW, gap=GAP), Claim)
        assert released.is_set()


def test_reading_waits_for_nobody(journals: Journals, tmp_path: Path) -> None:
    run, reader = journals.run(), journals.run(readonly=True)
    with locked(tmp_path / "journal.db"):
        ask(run)
        ask(reader)
        reader.history(10)


def test_writers_take_turns_and_none_is_refused(journals: Journals) -> None:
    # A transaction that read before it wrote would be refused at once, however long it may wait.
    messages = [planned(appointment(str(n), customer=str(n))) for n in range(60)]
    with ThreadPoolExecutor(4) as threads:
        runs = [
            threads.submit(compete, journals.url, seed, messages, Timings(patience=0)) for seed in range(4)
        ]
        assert sum(len(run.result()) for run in runs) == 60


def test_a_journal_locked_for_longer_than_the_busy_timeout_is_waited_for(
    journals: Journals, tmp_path: Path
) -> None:
    run = journals.run(timings=Timings(busy=0.1))
    claim = claimed(run, planned())
    with locked(tmp_path / "journal.db") as released:
        soon(released)
        run.settle(claim, MessageOutcome.SENT, SMS, [])
        assert released.is_set()
    assert journals.state(claim) == "sent"


class Releasing(SystemClock):
    """By this clock, whoever waits for the journal finds it free afterwards."""

    def __init__(self, released: threading.Event) -> None:
        self._released = released

    def sleep(self, seconds: float) -> None:
        self._released.set()
        super().sleep(0.02)


def test_what_could_not_be_written_at_first_is_written_by_the_next_try(
    journals: Journals, tmp_path: Path
) -> None:
    """Nothing may leave for a claim that the journal has not taken, and no attempt may be forgotten."""
    released = threading.Event()
    run = journals.run(clock=Releasing(released), timings=Timings(busy=0.01))
    ask(run)
    tried = Attempt(SMS, Unavailable("HTTP 503"))
    with locked(tmp_path / "journal.db", released):
        claim = claimed(run, planned())
    assert journals.state(claim) == "claimed"
    released.clear()
    with locked(tmp_path / "journal.db", released):
        assert run.renew(claim, SMS, [tried])
    assert journals.attempts(claim) == [("sms", "unavailable")]


def test_a_journal_locked_for_good_is_given_up_with_one_sentence(journals: Journals, tmp_path: Path) -> None:
    run = journals.run(timings=Timings(busy=0.1, patience=0.5))
    with (
        locked(tmp_path / "journal.db"),
        pytest.raises(JournalError, match=r"journal\.db: database is locked"),
    ):
        run.claim(planned(), now=NOW, gap=GAP)
    claimed(run, planned())  # and the next message may find it free


class Restless(SystemClock):
    """A clock by which nobody may wait."""

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"waited for {seconds} s")


def test_waiting_is_for_what_may_pass(journals: Journals) -> None:
    run = journals.run(clock=Restless())
    claim = claimed(run, planned())
    journals.execute("ALTER TABLE journal_messages RENAME TO elsewhere")
    with pytest.raises(JournalError, match="no such table"):
        run.settle(claim, MessageOutcome.SENT, SMS, [])


def test_a_disk_that_is_full_for_a_moment_is_waited_for(journals: Journals, tmp_path: Path) -> None:
    run = journals.run()
    settled(run, planned(appointment("1", customer="1")))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    written = (tmp_path / "journal.db-wal").stat().st_size
    has_room = threading.Event()

    def make_room() -> None:
        has_room.set()
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    room = threading.Timer(1.0, make_room)
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, before[1]))  # no file may grow beyond this
    room.start()
    try:
        claimed(run, planned(appointment("2", customer="2")))
        assert has_room.is_set()
    finally:
        room.join()
    assert journals.generations("2") == [1]


# ---------------------------------------------------------------- network drives

MOUNTS = r"""
/dev/sda1 / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
/dev/sdb1 /srv xfs rw 0 0
nas:/practice /srv/practice nfs4 rw,vers=4.2 0 0
//server/share /mnt/branch\040office cifs rw 0 0
systemd-1 /mnt/auto autofs rw 0 0
nas:/auto /mnt/auto nfs rw 0 0
tmpfs /srv/practice/local tmpfs rw 0 0
you@host:/ /home/anna/far fuse.sshfs rw 0 0

garbled
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/journal.db", "ext4"),
        ("/var/lib/terminbenachrichtigung/journal.db", "ext4"),
        ("/srv/journal.db", "xfs"),
        ("/srv/practice/journal.db", "nfs4"),  # the longest mount point counts
        ("/srv/practice/deep/er/journal.db", "nfs4"),
        ("/srv/practice/local/journal.db", "tmpfs"),
        ("/srv/practice-old/journal.db", "xfs"),  # begins alike, lies elsewhere
        ("/mnt/branch office/journal.db", "cifs"),  # the kernel writes a blank as \040
        ("/mnt/auto/journal.db", "nfs"),  # mounted over the automounter: the last one counts
        ("/home/anna/far/journal.db", "fuse.sshfs"),
        ("/srv/../srv/practice/journal.db", "nfs4"),
    ],
)
def test_the_file_system_of_a_path_is_that_of_its_mount(tmp_path: Path, path: str, kind: str) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert file_system_of(Path(path), mounts) == kind


def test_a_link_to_a_network_drive_lies_on_it(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    (tmp_path / "drive").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "drive")
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nnas:/ {tmp_path.resolve() / 'drive'} nfs rw 0 0\n")
    assert file_system_of(tmp_path / "link" / "journal.db", mounts) == "nfs"


def test_where_mounts_cannot_be_seen_nothing_is_known(tmp_path: Path) -> None:
    assert file_system_of(tmp_path, tmp_path / "no such file") == ""


@pytest.mark.parametrize("mode", ["ro", "rw", "rwc"])
def test_a_journal_on_a_network_drive_is_refused(tmp_path: Path, mode: Mode) -> None:
    path, mounts = tmp_path / "journal.db", tmp_path / "mounts"
    mounts.write_text("nas:/ / nfs4 rw 0 0\n")
    with pytest.raises(JournalError, match=r"network drive.*Postgres"):
        make_engine(url_of(path), mode, mounts=mounts)
    assert not path.exists()
