"""Debian's pgbouncer before a PostgreSQL of the tests, and Debian's MariaDB; each in a folder of its own."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from postgres import PostgresServer

_PATIENCE = 60.0  # seconds


def _as_nobody() -> dict[str, Any]:
    nobody = pwd.getpwnam("nobody")
    return {"user": "nobody", "group": nobody.pw_gid, "extra_groups": ()}


@contextmanager
def _folder() -> Iterator[Path]:
    """Short, because a socket's path may have 107 bytes at most; the servers refuse to run as root."""
    folder = Path(tempfile.mkdtemp(prefix="db", dir="/tmp"))
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


@contextmanager
def _running(command: list[str | Path], folder: Path, port: int) -> Iterator[None]:
    """A server that listens on a port of the loopback."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, **_as_nobody()
        )
    try:
        ends = time.monotonic() + _PATIENCE
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < ends, (folder / "log").read_text()
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(_PATIENCE)


@contextmanager
def pgbouncer(server: PostgresServer, mode: str) -> Iterator[str]:
    """A pooler in that mode with two sessions for all; gives `127.0.0.1:port`."""
    port = _free_port()
    with _folder() as folder:
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host={server.folder} user=postgres\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\n"
            f"pool_mode = {mode}\ndefault_pool_size = 2\nunix_socket_dir =\n"
        )
        with _running(["/usr/sbin/pgbouncer", folder / "pgbouncer.ini"], folder, port):
            yield f"127.0.0.1:{port}"


@contextmanager
def german_postgres() -> Iterator[str]:
    """A database that sorts as most servers in Germany do, past blanks and signs; gives its URL."""
    with _folder() as folder, pytest.MonkeyPatch.context() as patch:
        subprocess.run(
            ["/usr/bin/localedef", "-i", "de_DE", "-f", "UTF-8", folder / "de_DE.UTF-8"], check=True
        )
        patch.setenv("LOCPATH", str(folder))
        server = PostgresServer()
        try:
            server.start()
            german = "TEMPLATE template0 LC_COLLATE 'de_DE.UTF-8' LC_CTYPE 'de_DE.UTF-8'"
            yield server.create_database("german", german)
        finally:
            server.close()


@contextmanager
def mariadb() -> Iterator[str]:
    """An empty database; gives its URL, of a user that may do everything in it."""
    port = _free_port()
    with _folder() as folder:
        data = folder / "data"
        subprocess.run(
            ["/usr/bin/mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db"],
            check=True,
            capture_output=True,
            cwd=folder,
            **_as_nobody(),
        )
        (folder / "init.sql").write_text(
            "CREATE DATABASE praxis;\n"
            "CREATE USER praxis@'127.0.0.1' IDENTIFIED BY 'geheim';\n"
            "GRANT ALL ON praxis.* TO praxis@'127.0.0.1';\n"
        )
        command: list[str | Path] = ["/usr/sbin/mariadbd", "--no-defaults", f"--datadir={data}"]
        command += [
            f"--socket={folder}/s",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
        ]
        command += [f"--init-file={folder}/init.sql", f"--pid-file={folder}/pid"]
        with _running(command, folder, port):
            yield f"mysql+pymysql://praxis:geheim@127.0.0.1:{port}/praxis"
