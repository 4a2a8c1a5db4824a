"""Runs of a practice as forks of one process, which a test may kill at any moment; see `killable.py`."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from practice import Practice


class Killable:
    """Use it, then `close` it."""

    def __init__(self, practice: Practice) -> None:
        self.practice = practice
        self._output = practice.folder / "output.txt"
        self._server = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("killable.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=practice.folder,
            text=True,
        )
        self.pid = 0

    def start(self, *arguments: str, **point: object) -> None:
        order = {
            "arguments": ["--config", str(self.practice.config), *arguments],
            "output": str(self._output),
        }
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(order | point) + "\n")
        self._server.stdin.flush()
        self.pid = self._answer()["started"]

    def wait(self) -> int:
        status = self._answer()["ended"]
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

    def _answer(self) -> dict[str, int]:
        assert self._server.stdout is not None
        answer: dict[str, int] = json.loads(self._server.stdout.readline())
        return answer

    def close(self) -> None:
        if self.pid:  # a test that failed must not wait for a run that it has stopped
            self.kill()
        self._server.communicate()
