"""Runs `terminbenachrichtigung` as forks of itself: processes of their own, but for half a second of imports.

python warm.py SOCKET      reads one order at a time, with the three standard streams

{"folder": F, "arguments": [...], "environ": {...}}
        -> {"started": PID}, and later {"ended": PID, "status": N}
"""

import json
import os
import select
import signal
import socket
import sys
from typing import Any

# Imported before the forks: what a run imports.
from terminbenachrichtigung import cli, wiring  # noqa: F401
from terminbenachrichtigung.__main__ import program
from terminbenachrichtigung.delivery import smscreator, smtp  # noqa: F401
from terminbenachrichtigung.journal import migrations  # noqa: F401
from terminbenachrichtigung.on_demand import adopt, explain, notify, search, test_message  # noqa: F401
from terminbenachrichtigung.own_schedule import importing  # noqa: F401
from terminbenachrichtigung.staff_list import mailing  # noqa: F401
from terminbenachrichtigung.texts import templates  # noqa: F401


def serve(line: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Forks for each order; returns it in the fork, and None when the other end is closed."""
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waking)
    number = line.fileno()
    while True:
        ready, _, _ = select.select([number, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            report_the_dead(line)
        if number in ready:
            data, streams, _, _ = socket.recv_fds(line, 65536, 3)
            if not data:
                return None
            child = os.fork()
            if child == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.close(woken)
                os.close(waking)
                line.close()
                return json.loads(data), streams
            for stream in streams:
                os.close(stream)
            line.sendall(json.dumps({"started": child}).encode() + b"\n")


def report_the_dead(line: socket.socket) -> None:
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if child == 0:
            return
        answer = {"ended": child, "status": os.waitstatus_to_exitcode(status)}
        line.sendall(json.dumps(answer).encode() + b"\n")


def main() -> None:
    """Serves orders; in a fork, becomes the program and ends as it does."""
    ordered = serve(socket.socket(fileno=int(sys.argv[1])))
    if ordered is None:
        return
    order, streams = ordered
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    # As Python makes them when it starts: those of the server know what they led to.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, "utf-8", "backslashreplace", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(order["environ"])
    os.chdir(order["folder"])
    sys.argv = ["terminbenachrichtigung", *order["arguments"]]
    program()


if __name__ == "__main__":
    main()
