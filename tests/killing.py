"""Runs of a practice as forks of one process, which a test may kill at any moment; see `killable.py`."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from practice import Practice

_LONGEST = 300  # seconds; a run takes a few, on a slow machine half a minute


class Forks:
    """The process that all killed runs are forks of. Use it, then `close` it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("killable.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def order(self, order: dict[str, object]) -> int:
        """Start a run; gives the id of its process."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self.answer()["started"]

    def answer(self) -> dict[str, int]:
        """What it says next; a run that hangs must fail its test, and not hold up all others for ever."""
        assert self._process.stdout is not None
        giving_up = threading.Timer(_LONGEST, self._process.kill)
        giving_up.start()
        try:
            line = self._process.stdout.readline()
        finally:
            giving_up.cancel()
        assert line, f"a run has not ended within {_LONGEST} seconds"
        answer: dict[str, int] = json.loads(line)
        return answer

    def close(self) -> None:
        """End it."""
        self._process.communicate()


class Killable:
    """Runs of one practice. Use it, then `close` it."""

    def __init__(self, practice: Practice, forks: Forks) -> None:
        self.practice = practice
        self._forks = forks
        self._output = practice.folder / "output.txt"
        self.pid = 0

    def start(self, *arguments: str, **point: object) -> None:
        order = {
            "folder": str(self.practice.folder),
            "arguments": ["--config", str(self.practice.config), *arguments],
            "output": str(self._output),
        }
        self.pid = self._forks.order(order | point)

    def wait(self) -> int:
        status = self._forks.answer()["ended"]
        self.pid = 0
        return status

    def run(self, *arguments: str, **point: object) -> int:
        self.start(*arguments, **point)
        return self.wait()

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self.pid, number)

    @property
    def output(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def close(self) -> None:
        if self.pid:  # a test that failed must not leave a run behind that it has stopped
            self.kill()
            self.wait()
