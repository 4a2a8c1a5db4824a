"""The program as a process, forked from one that has imported it already; see `warm.py`."""

import atexit
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import IO


class WarmServer:
    """The process that the others are forks of: one for each worker of the test run. Safe between threads."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("warm.py")), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        self._line = ours
        self._answers = ours.makefile("r", encoding="utf-8")
        self._changed = threading.Condition()
        self._started: list[int] = []
        self._ended: dict[int, int] = {}
        self._ordering = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._answers:
            answer = json.loads(line)
            with self._changed:
                if "started" in answer:
                    self._started.append(answer["started"])
                else:
                    self._ended[answer["ended"]] = answer["status"]
                self._changed.notify_all()

    def start(self, folder: Path, arguments: Sequence[str], streams: Sequence[int]) -> int:
        """Starts the program, by the environment of this moment; gives the process's id."""
        order = {"folder": str(folder), "arguments": list(arguments), "environ": dict(os.environ)}
        with self._ordering, self._changed:
            socket.send_fds(self._line, [json.dumps(order).encode()], list(streams))
            assert self._changed.wait_for(lambda: self._started, 60), "the server of forks does not answer"
            return self._started.pop()

    def status(self, pid: int, seconds: float | None) -> int | None:
        """How the process ended; None if it has not, after so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: pid in self._ended, seconds)
            return self._ended.get(pid)

    def close(self) -> None:
        self._line.shutdown(socket.SHUT_RDWR)
        self._process.wait()


@cache
def server() -> WarmServer:
    made = WarmServer()
    atexit.register(made.close)
    return made


class Forked:
    """A process as `subprocess.Popen` has it, as far as tests ask."""

    def __init__(self, folder: Path, arguments: Sequence[str], stdout: IO[str] | int) -> None:
        """Starts the program with an empty standard input; `stdout` is a file, or `subprocess.PIPE`."""
        self.stdout: IO[str] | None = None
        with Path(os.devnull).open("rb") as nothing:
            read_errors, errors = os.pipe()
            output = errors
            if isinstance(stdout, int):
                assert stdout == subprocess.PIPE
                read_output, output = os.pipe()
                self.stdout = os.fdopen(read_output, encoding="utf-8")
            given = output if isinstance(stdout, int) else stdout.fileno()
            self.stderr = os.fdopen(read_errors, encoding="utf-8")
            self.pid = server().start(folder, arguments, (nothing.fileno(), given, errors))
            for each in {output, errors}:
                os.close(each)

    def poll(self) -> int | None:
        return server().status(self.pid, 0)

    @property
    def returncode(self) -> int:
        """How it ended; it must have."""
        return self.wait(0)

    def wait(self, timeout: float | None = None) -> int:
        status = server().status(self.pid, timeout)
        if status is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return status

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """All that it says, once it has ended."""
        ends = None if timeout is None else time.monotonic() + timeout
        with ThreadPoolExecutor(2) as readers:
            said = readers.submit(self.stdout.read) if self.stdout else None
            errors = readers.submit(self.stderr.read)
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
            left = None if ends is None else max(1.0, ends - time.monotonic())
            texts = said.result(left) if said else "", errors.result(left)
        for stream in (self.stdout, self.stderr):
            if stream:
                stream.close()
        return texts

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(9)
