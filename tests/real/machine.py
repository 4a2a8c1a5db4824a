"""A Debian machine for one test: this one's programs, and every file that it writes gone afterwards.

Its root is an overlay over this machine's, in mount and process namespaces of its own, so a test may install,
add users and start daemons as an administrator would. The network is this machine's, with its loopback.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

_INSIDE = """\
set -e
mount -t tmpfs tmpfs {folder}
cd {folder}
mkdir written work root checkout checkout-work
mount -t overlay overlay -o lowerdir=/,upperdir=written,workdir=work root
for shared in dev sys; do mount --rbind /$shared root/$shared; done
mount -t proc proc root/proc
mount -t tmpfs tmpfs root/run
mount -t tmpfs tmpfs root/tmp
mount --bind /etc/resolv.conf root/etc/resolv.conf
mount -t overlay overlay -o lowerdir={sources},upperdir=checkout,workdir=checkout-work root{checkout}
exec chroot root sh -c 'echo ready; exec sleep infinity'
"""

SOURCES = Path(__file__).parents[2]
CHECKOUT = "/mnt"
"""Where the machine finds this checkout."""


class Machine:
    """Use it as a context manager; only root can."""

    def __init__(self, folder: Path) -> None:
        """`folder` is empty, and a mount point while the machine runs."""
        self._folder = folder
        self._init: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._init = subprocess.Popen(
            [
                *("setpriv", "--pdeathsig", "KILL"),  # nothing of it outlives a test run that was killed
                *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"),
                *("sh", "-c", _INSIDE.format(folder=self._folder, sources=SOURCES, checkout=CHECKOUT)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._init.stdout is not None
        assert self._init.stdout.readline() == "ready\n", "no namespace of its own: the tests need root"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._init is not None
        os.killpg(self._init.pid, signal.SIGKILL)  # with it goes its first process, and so all others
        self._init.communicate()

    def run(
        self, script: str, *, user: str = "root", seconds: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """Run a piece of shell as a user, in /; a test fails if it takes longer than so many seconds."""
        return subprocess.run(
            [*self._enter(), "setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "sh", "-s"],
            input=script,
            capture_output=True,
            encoding="utf-8",
            timeout=seconds,
            check=False,
        )

    def ok(self, script: str, *, user: str = "root", seconds: float = 300) -> str:
        """The same, of a script whose every command must end well; gives what it prints."""
        ended = self.run(f"set -e\n{script}", user=user, seconds=seconds)
        assert ended.returncode == 0, f"exit code {ended.returncode}\n{ended.stdout}{ended.stderr}"
        return ended.stdout

    def read(self, path: str) -> str:
        """A file of the machine; empty if there is none."""
        return self.run(f"cat {path} 2>/dev/null").stdout

    def write(self, path: str, text: str, mode: str = "644") -> None:
        """Put a file there, root's."""
        self.ok(f"cat >{path} <<'END-OF-FILE'\n{text}\nEND-OF-FILE\nchmod {mode} {path}")

    def _enter(self) -> list[str]:
        """What a command begins with to run inside, with the environment of a fresh login."""
        assert self._init is not None
        children = Path(f"/proc/{self._init.pid}/task/{self._init.pid}/children").read_text().split()
        own_index = [f"{name}={value}" for name, value in os.environ.items() if name.startswith("PIP_")]
        return [
            *("nsenter", "--target", children[0], "--mount", "--pid", "--root", "--wd"),
            *("env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", *own_index),
        ]


def wait_for(what: str, happened: Callable[[], bool], seconds: float = 90) -> None:
    """Wait until something has happened.

    Raises:
        AssertionError: it did not, in so many seconds.
    """
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, f"waited for {what}, {seconds} s"
        time.sleep(0.2)
