"""Stop signals and the end of time: what is under way finishes, and what hangs all the same ends by force."""

import json
import os
import pty
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from practice import Practice, days_ahead, reminder
from terminbenachrichtigung.demo.loopback import Answer, Request

STOPPING = "stopping: what is under way is finished first"
CUSTOMERS = 6


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    with Practice(tmp_path, now=None) as practice:
        practice.configure(
            rules={"quiet_hours": False}, reminders=[reminder(72, channels=("sms",))], sms={"concurrency": 1}
        )
        for customer in range(CUSTOMERS):
            practice.book(str(customer), days_ahead(2, f"{12 + customer}:00"), customer)
        yield practice


class Hanging:
    """A gateway whose SMS take until the test lets go; says when the first one hangs."""

    def __init__(self, practice: Practice) -> None:
        self.hangs, self.released = threading.Event(), threading.Event()
        practice.gateway.script = self._script

    def _script(self, request: Request) -> Answer | None:
        if request.operation == "SendSimpleSMS":
            self.hangs.set()
            self.released.wait(30)
        return None


@pytest.fixture
def hanging(practice: Practice) -> Iterator[Hanging]:
    practice.configure(sms={"timeout_seconds": 60}, journal={"claim_timeout_minutes": 60})
    gateway = Hanging(practice)
    yield gateway
    gateway.released.set()


def command(practice: Practice, *arguments: str, **timings: float) -> list[str]:
    script = str(Path(__file__).parents[1] / "stoppable.py")
    call = [sys.executable, script, json.dumps(timings), "--config", str(practice.config)]
    return [*call, "run-once", *arguments]


def start(practice: Practice, *arguments: str, **timings: float) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command(practice, *arguments, **timings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        pytest.param(signal.SIGINT, marks=pytest.mark.full),
        pytest.param(signal.SIGHUP, marks=pytest.mark.full),
    ],
)
def test_a_signal_is_answered_at_once_and_what_is_under_way_is_finished(
    practice: Practice, hanging: Hanging, number: int
) -> None:
    process = start(practice, "--json")
    assert hanging.hangs.wait(60)
    process.send_signal(number)
    assert process.stderr is not None
    assert STOPPING in process.stderr.readline()  # while the gateway still hangs
    hanging.released.set()
    stdout, _ = process.communicate(timeout=60)
    document = json.loads(stdout)
    assert process.returncode == 1
    assert document["stopped"]["reason"] == "signal"
    assert document["counts"]["sent"] == len(practice.texted) == 1
    assert practice.open_claims() == 0


@pytest.mark.parametrize(
    "numbers",
    [
        (signal.SIGTERM, signal.SIGINT),
        pytest.param((signal.SIGINT, signal.SIGINT), marks=pytest.mark.full),
    ],
)
def test_a_second_signal_leaves_at_once_and_nothing_is_sent_twice(
    practice: Practice, hanging: Hanging, numbers: tuple[int, int]
) -> None:
    process = start(practice)
    assert hanging.hangs.wait(60)
    process.send_signal(numbers[0])
    assert process.stderr is not None
    assert STOPPING in process.stderr.readline()
    process.send_signal(numbers[1])
    stdout, stderr = process.communicate(timeout=20)  # the gateway hangs for longer
    assert (process.returncode, stdout) == (1, "")
    assert "by force" in stderr
    assert practice.open_claims() == 1
    hanging.released.set()
    practice.gateway.script = None
    practice.let_claims_run_out()
    ran = practice.run_once()
    # The gateway is asked, and knows it: it is not sent again.
    assert [each["state"] for each in ran.json["updates"]] == ["sent"]
    assert len(practice.texted) == CUSTOMERS


def test_a_second_signal_leaves_at_once_where_nobody_reads_what_is_said(
    practice: Practice, hanging: Hanging
) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    process = subprocess.Popen(command(practice), stdout=subprocess.DEVNULL, stderr=writer)
    assert hanging.hangs.wait(60)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.2)  # two of one kind that come at once are one
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 1
    os.close(writer)
    os.close(reader)


def test_a_signal_that_comes_with_the_end_of_a_run_does_not_hold_it_up() -> None:
    """Read together with the word that the run has ended, it let the run wait for its own last minute."""
    script = """
        import os, signal, threading
        from terminbenachrichtigung.clock import SYSTEM_CLOCK
        from terminbenachrichtigung.run.stopping import stop_signals

        told, may_go_on = threading.Event(), threading.Event()

        def say(sentence):
            told.set()
            may_go_on.wait(0.5)  # meanwhile the next signal waits to be read

        with stop_signals(30, SYSTEM_CLOCK, say) as stopping:
            os.kill(os.getpid(), signal.SIGTERM)
            told.wait()
            os.kill(os.getpid(), signal.SIGHUP)
        print(stopping())
    """
    call = [sys.executable, "-c", textwrap.dedent(script)]
    ended = subprocess.run(call, check=False, capture_output=True, text=True, timeout=30)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "signal\n", "")


def test_what_still_hangs_after_its_time_ends_by_force(practice: Practice, hanging: Hanging) -> None:
    practice.configure(max_run_minutes=1)
    process = start(
        practice, force=-50.0
    )  # ten seconds after the run began: a busy machine has claimed by then
    _, stderr = process.communicate(timeout=40)
    assert process.returncode == 1
    assert "still hangs" in stderr
    assert practice.open_claims() == 1


def test_on_a_terminal_ctrl_c_is_answered_at_once(practice: Practice, hanging: Hanging) -> None:
    """The terminal sends it to the whole foreground group; a progress bar is on the screen."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command(practice),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    assert hanging.hangs.wait(60)
    os.killpg(process.pid, signal.SIGINT)
    shown = b""
    while b"stopping" not in shown:
        shown += os.read(master, 4096)
    os.killpg(process.pid, signal.SIGINT)
    while b"by force" not in shown:
        shown += os.read(master, 4096)
    assert process.wait(20) == 1
    os.close(master)


def test_a_terminal_that_goes_away_stops_a_run_as_a_signal_does(practice: Practice, hanging: Hanging) -> None:
    """The shell and the system both send SIGHUP; nothing can be printed any more."""
    master, slave = pty.openpty()
    process = subprocess.Popen(command(practice), stdin=slave, stdout=slave, stderr=slave, process_group=0)
    os.close(slave)
    assert hanging.hangs.wait(60)
    os.close(master)
    for _ in range(2):
        process.send_signal(signal.SIGHUP)
    hanging.released.set()
    assert process.wait(60) == 1
    assert (len(practice.texted), practice.open_claims()) == (1, 0)
    (row,) = practice.run("history", "runs", "--json").json["runs"]
    assert (row["ending"], row["counts"]["sent"]) == ("report not written", 1)
    assert len(practice.run_once().outcomes) == CUSTOMERS - 1


def test_under_nohup_the_terminal_may_go_away(practice: Practice, hanging: Hanging) -> None:
    process = subprocess.Popen(
        ["nohup", *command(practice, "--json")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert hanging.hangs.wait(60)
    process.send_signal(signal.SIGHUP)
    hanging.released.set()
    stdout, _ = process.communicate(timeout=60)
    assert (process.returncode, json.loads(stdout)["counts"]["sent"]) == (0, CUSTOMERS)


def test_ctrl_c_while_the_program_is_imported_ends_it_without_a_traceback() -> None:
    script = """
        import os, signal, sys
        from terminbenachrichtigung.__main__ import program

        class Pressed:
            def find_spec(self, name, path=None, target=None):
                if name == "click":
                    os.kill(os.getpid(), signal.SIGINT)

        sys.meta_path.insert(0, Pressed())
        sys.argv = ["terminbenachrichtigung", "--version"]
        program()
        """
    call = [sys.executable, "-c", textwrap.dedent(script)]
    ended = subprocess.run(call, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "")
