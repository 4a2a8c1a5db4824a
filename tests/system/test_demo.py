"""`demo`: the whole program on sample data, whatever the hour."""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from terminbenachrichtigung import cli, wiring
from terminbenachrichtigung.clock import ClockAt
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.demo import folder, preparation
from terminbenachrichtigung.demo.mailserver import MailServer
from terminbenachrichtigung.demo.scenario import EVENING_REMINDER, REMINDER, Scenario, scenario
from terminbenachrichtigung.demo.smscreator import SmsCreatorGateway
from terminbenachrichtigung.model.lead import HoursBefore
from terminbenachrichtigung.model.plan import MessageOutcome, Reason
from terminbenachrichtigung.model.result import RunResult
from terminbenachrichtigung.run import once
from terminbenachrichtigung.times.windows import Quiet

BERLIN = ZoneInfo("Europe/Berlin")
NEVER_SHOWN = {Reason.PAST, Reason.NOT_YET_DUE, Reason.CHANGED, Reason.NOT_FOR_THIS_REMINDER, Reason.HELD}
TAKEN_ALONG = "508"  # of Frieda Fuchs, who has one due as well


# ---------------------------------------------------------------- at any hour of any day


@dataclass(frozen=True)
class Scene:
    """A sample practice, with another run at work beside it."""

    sample: Scenario
    settings: Settings
    gateway: SmsCreatorGateway
    mail: MailServer

    def run_once(self) -> RunResult:
        """The run of the demo's moment, in this process."""
        with wiring.run_context(self.settings, clock=ClockAt(self.sample.now)) as context:
            return once.run_once(context)

    def dry_run(self, at: datetime) -> RunResult:
        """What a run would do then."""
        with wiring.run_context(self.settings, readonly=True) as context:
            return once.dry_run(context, at)

    def planned(self, result: RunResult) -> dict[str, str]:
        """Each customer's name, and the reminder."""
        return {self.sample.name(each.message.customer_id): each.message.reminder for each in result.messages}

    @property
    def received(self) -> int:
        """How many messages arrived at the other end."""
        return len(self.gateway.jobs) + len(self.mail.received)


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


FULL = pytest.mark.full
MOMENTS = [
    # an ordinary day round the clock: every zone at its first and last minute
    *(pytest.param(f"2026-11-24 {clock}", id=clock) for clock in ("00:00", "12:00", "23:59:59")),
    *(pytest.param(f"2026-11-24 {clock}", id=clock, marks=FULL) for clock in (
        "00:30", "01:59", "02:00", "06:59", "07:30", "09:59", "10:00",
        "14:59", "15:59", "16:00", "20:59", "21:00",
    )),
    pytest.param("2026-03-28 10:00", id="summer time begins tonight", marks=FULL),
    pytest.param("2026-03-28 15:59", id="summer time begins tonight, late", marks=FULL),
    pytest.param("2026-03-29 03:00", id="the moment summer time begins"),
    pytest.param("2026-03-29 10:00", id="summer time began last night", marks=FULL),
    pytest.param("2026-10-24 10:00", id="summer time ends tonight", marks=FULL),
    pytest.param("2026-10-24 15:59", id="summer time ends tonight, late", marks=FULL),
    pytest.param("2026-10-25 02:30", id="in the hour that comes twice"),
    pytest.param("2026-10-25 15:59", id="summer time ended last night", marks=FULL),
    pytest.param("2028-02-28 11:00", id="28 February of a leap year", marks=FULL),
    pytest.param("2028-02-29 11:00", id="29 February", marks=FULL),
    pytest.param("2027-02-28 23:30", id="28 February of another year", marks=FULL),
    pytest.param("2026-12-31 14:00", id="New Year's Eve", marks=FULL),
    pytest.param("2027-01-01 00:00:01", id="New Year", marks=FULL),
]  # fmt: skip


@pytest.fixture(params=MOMENTS)
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    sample = scenario(berlin(request.param))
    with SmsCreatorGateway() as gateway, MailServer() as mail:
        gateway.script = preparation.script(gateway)
        _, settings = preparation.prepare(tmp_path, sample, gateway, mail.port)
        yield Scene(sample, settings, gateway, mail)


def test_every_case_is_what_it_is_there_to_show_and_a_second_run_sends_nothing(scene: Scene) -> None:
    with preparation.run_beside(scene.settings, scene.sample.now):
        first = scene.run_once()
        received = scene.received
        second = scene.run_once()

    shown: dict[str, Reason | MessageOutcome | None] = {
        skip.appointment.appointment_id: skip.reason for skip in first.skips if skip.reminder == REMINDER
    }
    for message in first.messages:
        shown |= {row.appointment_id: message.outcome for row in message.message.appointments}
    assert shown == {booking.appointment_id: booking.shows for booking in scene.sample.bookings}
    assert (second.messages, scene.received) == ((), received)

    quiet = Quiet(scene.settings.rules, scene.sample.zone)
    along = scene.sample.booking(TAKEN_ALONG)
    assert quiet.reach(scene.sample.now, HoursBefore(48)) < along.starts_at, "it would be due by itself"

    # What the demo says of afterwards.
    name = scene.sample.who_shows
    now_due = name(Reason.IN_PROGRESS)
    evening = datetime.combine(scene.sample.today, datetime.min.time(), scene.sample.zone).replace(
        hour=18, minute=30
    )
    assert scene.planned(scene.dry_run(scene.sample.now)) == {now_due: REMINDER}
    tonight = scene.dry_run(evening.astimezone(UTC))
    by_then = (Reason.IN_PROGRESS, Reason.BOOKED_RECENTLY, Reason.RECENTLY_NOTIFIED)
    tomorrow = {
        scene.sample.name(booking.customer_id)
        for booking in scene.sample.bookings
        if booking.shows in (MessageOutcome.SENT, MessageOutcome.UNKNOWN, *by_then)
        and (booking.starts_at.astimezone(scene.sample.zone).date() - scene.sample.today).days == 1
    }
    assert scene.planned(tonight) == dict.fromkeys(tomorrow, EVENING_REMINDER)
    assert Reason.SUPERSEDED in {skip.reason for skip in tonight.skips if skip.reminder == REMINDER}


# ---------------------------------------------------------------- the command as a process


@dataclass(frozen=True)
class Shown:
    """One demo that ran as a process."""

    directory: Path
    output: str
    errors: str
    exit_code: int

    def prints(self, *arguments: str) -> str:
        """What a command prints about that which the demo left behind."""
        config = str(self.directory / "config.toml")
        ended = CliRunner().invoke(cli.main, ["--config", config, *arguments])
        assert ended.exit_code == 0, ended.output
        return ended.stdout


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    return {**os.environ, "PYTHONIOENCODING": "utf-8", **(variables or {})}


def program(
    *arguments: str, cwd: Path, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "terminbenachrichtigung", *arguments],
        cwd=cwd,
        env=environment(variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


REAL_DATABASE = "real.db"


def show(directory: Path) -> Shown:
    """A demo in the folder of an earlier one, beside a real configuration that stands in variables."""
    directory.mkdir()
    folder.write_config(directory, "")
    (directory / "journal.db").write_text("of an earlier demo")
    variables = {
        "TERMINBENACHRICHTIGUNG_JOURNAL__URL": f"sqlite:///{directory.parent / REAL_DATABASE}",
        "TERMINBENACHRICHTIGUNG_SAFETY__MAX_MESSAGES_PER_RUN": "1",
        "TERMINBENACHRICHTIGUNG_CONFIG": str(directory.parent / "no-such-file.toml"),
    }
    ended = program("demo", str(directory), cwd=directory.parent, variables=variables)
    return Shown(directory, ended.stdout, ended.stderr, ended.returncode)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """A demo by the clock on the wall, made by the first worker of the test run that asks for it.

    The tests of it only read.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # then each worker has a folder of its own in the one of the run
        shared = shared.parent
    directory, kept = shared / "Optik Hansen", shared / "demo.json"
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            shown = show(directory)
            kept.write_text(json.dumps([shown.output, shown.errors, shown.exit_code]), encoding="utf-8")
    return Shown(directory, *json.loads(kept.read_text(encoding="utf-8")))


class TestOneDemo:
    def test_it_ends_well_and_says_nothing_on_stderr(self, demo: Shown) -> None:
        assert (demo.exit_code, demo.errors) == (0, "")

    @pytest.mark.parametrize("reason", sorted(set(Reason) - NEVER_SHOWN))
    def test_it_shows_every_reason_that_a_run_can_give(self, demo: Shown, reason: Reason) -> None:
        assert re.search(rf"(?m)^{reason}: .*\(\d+\)$", demo.output)

    @pytest.mark.parametrize(
        "said",
        [
            pytest.param("Guten Tag Frau Adler, wir erwarten Sie am", id="a German SMS"),
            pytest.param("Hello Mrs Clarke, we look forward to seeing you", id="an English SMS"),
            pytest.param("Bonjour Madame Dubois,\n", id="a French e-mail"),
            pytest.param("Frau Ehlers", id="two customers with one number: her"),
            pytest.param("Herr Ehlers", id="two customers with one number: him"),
            pytest.param("Guten Tag Herr Gruber,\n", id="an e-mail after a refused number"),
            pytest.param("um 08:20 Uhr und am", id="both appointments of a customer in one message"),
            pytest.param("failed: refused for good on every channel", id="a failure"),
            pytest.param("unknown: it may have been sent", id="an answer that never came"),
        ],
    )
    def test_it_shows_what_the_runs_print(self, demo: Shown, said: str) -> None:
        assert said in demo.output

    def test_the_first_run_is_received_and_the_second_one_sends_nothing(self, demo: Shown) -> None:
        received = re.findall(
            r"The gateway received (\d+) SMS, and the mail server (\d+) e-mails", demo.output
        )
        assert int(received[0][0]) > 0
        assert received[1:] == [("0", "0"), ("1", "0")]  # the third one sends the correction

    def test_it_shows_a_correction(self, demo: Shown) -> None:
        moved = demo.output.partition("The desk moves the appointment of Emma Clarke")[2]
        seen, _, corrected = moved.partition("The run after that")
        assert re.search(r"(?m)^ *503|by the correction Terminverschiebung", seen)
        assert "Hello Mrs Clarke. Instead of " in corrected
        assert "we now expect you at 09:10." in corrected

    @pytest.mark.parametrize(
        "said",
        [
            pytest.param(r"wants_to_cancel +107 ", id="one will not come"),
            pytest.param(r"reply +105 ", id="one asked something"),
            pytest.param(r"1 customer confirmed by reply", id="one confirmed"),
            pytest.param(r"Darf mein Hund mitkommen\?", id="word for word on the staff list"),
        ],
    )
    def test_it_shows_three_replies(self, demo: Shown, said: str) -> None:
        assert re.search(said, demo.output.partition("Three customers answer")[2])

    @pytest.mark.parametrize("command", ["staff-list", "history", "search", "explain 545"])
    def test_what_a_command_prints_is_what_it_prints_afterwards(self, demo: Shown, command: str) -> None:
        """The demo retells nothing: its blocks are the commands' own output."""
        printed = demo.prints(*command.split())
        if command in {"staff-list", "explain 545"}:
            block = demo.output.partition(f"config.toml' {command}\n")[2].partition("\n(exit code")[0]
            assert _lines(block)[:4] == _lines(printed)[:4]

    def test_it_leaves_what_it_speaks_of_and_nothing_else(self, demo: Shown) -> None:
        names = {path.name for path in demo.directory.iterdir()}
        companions = {"journal.db-wal", "journal.db-shm", "schedule.db-wal", "schedule.db-shm"}
        assert names - companions == {"config.toml", "schedule.db", "journal.db"}

    @pytest.mark.parametrize(
        "arguments",
        [("dry-run",), ("history",), ("staff-list",), ("explain", "545"), ("search",)],
        ids=" ".join,
    )
    def test_the_commands_work_on_what_it_left(self, demo: Shown, arguments: tuple[str, ...]) -> None:
        assert json.loads(demo.prints(*arguments, "--json"))["command"] == arguments[0]

    def test_afterwards_whom_the_other_run_gave_up_is_due(self, demo: Shown) -> None:
        due = json.loads(demo.prints("dry-run", "--json"))["messages"]
        assert [message["customer_id"] for message in due] == ["111"]

    def test_its_configuration_passes_config_check(self, demo: Shown) -> None:
        assert "no errors" in demo.prints("config", "check")

    def test_it_replaces_an_earlier_one_and_obeys_no_variable_for_the_real_configuration(
        self, demo: Shown
    ) -> None:
        assert "The gateway received 0 SMS, and the mail server 0 e-mails." in demo.output
        assert "unset TERMINBENACHRICHTIGUNG_JOURNAL__URL" in " ".join(demo.output.split())
        assert not (demo.directory.parent / REAL_DATABASE).exists()


def _lines(printed: str) -> list[str]:
    """Without the moment at which it was printed; a minute may pass in between."""
    now = r"(explain, |a run at )[-0-9]+ [0-9:]+"
    return [re.sub(now, r"\1…", line) for line in printed.splitlines()]


# ---------------------------------------------------------------- where it runs


def test_a_folder_of_somebody_else_is_refused_with_exit_code_2(tmp_path: Path) -> None:
    mine = tmp_path / "demo" / "journal.db"  # ./demo is the default
    mine.parent.mkdir()
    mine.write_text("mine")
    refused = program("demo", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("Error: ")
    assert mine.read_text() == "mine"


def test_a_gateway_that_nobody_knows_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    refused = CliRunner().invoke(cli.main, ["demo", "--gateway", "pigeon", str(tmp_path / "demo")])
    assert refused.exit_code == 2
    assert refused.stderr == 'Error: there is no gateway "pigeon"; there are smscreator, lox24, seven\n'
    assert not (tmp_path / "demo").exists()


def test_an_interrupted_demo_ends_without_a_traceback_and_can_be_replaced(tmp_path: Path) -> None:
    directory = tmp_path / "demo"
    process = subprocess.Popen(
        [sys.executable, "-m", "terminbenachrichtigung", "demo", str(directory)],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.read(1)  # it has begun to speak: the first run is under way
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does on Ctrl-C: the run gets it as well
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.splitlines()[-1] == "Aborted!"
    assert "Traceback" not in output
    folder.make_room(directory)
    assert list(directory.iterdir()) == []


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); "
        "from terminbenachrichtigung.cli import main; main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", limited, "demo", str(tmp_path / "demo")],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert ended.returncode == 3
    assert len(ended.stderr.strip().splitlines()) == 1
