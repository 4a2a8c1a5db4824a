"""A practice for the tests, all of it real: configuration, schedule, journal, gateway and mail server.

practice.book("1", "2026-11-25 09:00", customer=17)     an appointment of a customer of their own
practice.run("run-once", "--json")                      a command at the hour `practice.now`, in this process
practice.process("run-once", "--json")                  a command as a process, by the clock on the wall
practice.gateway.jobs, practice.mail.received           what gateway and mail server took
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import IO, Any, Self
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from click.testing import CliRunner
from pydantic import SecretStr
from sqlalchemy.pool import NullPool

from forked import Forked
from terminbenachrichtigung import cli
from terminbenachrichtigung.cli.context import Invocation
from terminbenachrichtigung.clock import SystemClock, Timings
from terminbenachrichtigung.config.settings import JournalSettings
from terminbenachrichtigung.demo.mailserver import MailServer
from terminbenachrichtigung.demo.smscreator import SmsCreatorGateway
from terminbenachrichtigung.journal import create_journal
from terminbenachrichtigung.model.appointment import Appointment

BERLIN = ZoneInfo("Europe/Berlin")
REMINDER = "Terminerinnerung"
TUESDAY_TEN = "2026-11-24 10:00"
_STARTED = datetime.now(UTC)

TYPES = {
    column.name: "BOOLEAN" if column.type is bool else "TIMESTAMP" if column.name.endswith("_at") else "TEXT"
    for column in fields(Appointment)
}
"""All columns that a schedule may have; SQLite takes TEXT for the times."""


def number(customer: int) -> str:
    """The mobile number of a customer."""
    return f"+4917155{customer:05d}"


def address(customer: int) -> str:
    """The e-mail address of a customer."""
    return f"c{customer}@example.org"


def local(text: str) -> datetime:
    """A reading of the practice's clock as the moment it stands for, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def days_ahead(days: int, clock: str = "12:00") -> str:
    """A time on a coming day, by the clock on the wall."""
    return f"{datetime.now(BERLIN).date() + timedelta(days=days)} {clock}"


class ShiftedClock(SystemClock):
    """The machine's clocks, which a test may put to another moment; they tick on."""

    def __init__(self) -> None:
        self._shift = timedelta()
        self._passed = 0.0

    def now(self) -> datetime:
        """What the clock on the wall shows."""
        return super().now() + self._shift

    def monotonic(self) -> float:
        """Seconds that have passed."""
        return super().monotonic() + self._passed

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Within the block it begins to tick at `moment`."""
        self._shift = moment - super().now()
        try:
            yield
        finally:
            self._shift = timedelta()

    def pass_time(self, seconds: float) -> None:
        """Let time pass at once."""
        self._shift += timedelta(seconds=seconds)
        self._passed += seconds


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.stdout)

    @property
    def outcomes(self) -> dict[str, str | None]:
        """By appointment: the outcome of its message; None in a dry run."""
        return {
            appointment: message.get("outcome")
            for message in self.json["messages"]
            for appointment in message["appointment_ids"]
        }

    @property
    def reasons(self) -> dict[str, str]:
        """By appointment: why it was skipped. Right where there is one reminder."""
        return {skip["appointment_id"]: skip["reason"] for skip in self.json["skipped"]}

    @property
    def told(self) -> dict[str, list[str]]:
        """By appointment: the outcomes of its attempts, such as `sms rejected`."""
        return {
            appointment: [f"{attempt['channel']} {attempt['outcome']}" for attempt in message["attempts"]]
            for message in self.json["messages"]
            for appointment in message["appointment_ids"]
        }


class Practice:
    """One practice in a folder of its own; use it as a context manager."""

    def __init__(
        self,
        folder: Path,
        *,
        now: str | None = TUESDAY_TEN,
        schedule_url: str = "sqlite:///schedule.db",
        journal_url: str = "sqlite:///journal.db",
        columns: Mapping[str, str] = TYPES,
    ) -> None:
        """Nothing is there before the context is entered.

        Args:
            folder: for the configuration, and databases that are files.
            now: what `run` takes for the time, by the practice's clock; None: the clock on the wall.
            schedule_url: of SQLite or PostgreSQL.
            journal_url: the same.
            columns: of the table of appointments, with their types.
        """
        self.folder = folder
        self.now = now
        self.clock = ShiftedClock()
        self.gateway = SmsCreatorGateway(clock=self.clock)
        self.mail = MailServer()
        self._columns = dict(columns)
        self._tables: dict[str, Any] = {"schedule": {"url": schedule_url}, "journal": {"url": journal_url}}
        self.timings = Timings(pauses=(0.01, 0.04))
        """How long a `run` waits for what."""
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        self._closing.enter_context(self.gateway)
        self._closing.enter_context(self.mail)
        self.configure(
            safety={"max_messages_per_run": 500},
            reminders=[reminder()],
            sms={"base_url": self.gateway.url, "serial": "4711", "password": "demo", "sender": "OptikNord"},
            email={
                "host": "127.0.0.1",
                "port": self.mail.port,
                "security": "none",
                "sender": "Optik Nord <termine@example.org>",
            },
        )
        self._make_schedule()
        self.make_journal()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    # ---------------------------------------------------------------- configuration and databases

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "config.toml"

    def configure(self, **sections: Any) -> None:
        """Change keys of sections; a section that is None is left out, and a list replaced."""
        for name, section in sections.items():
            if isinstance(section, dict):
                self._tables[name] = (self._tables.get(name) or {}) | section
            else:
                self._tables[name] = section
        lines = [f"{name} = {_toml(value)}" for name, value in self._tables.items() if value is not None]
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.config.chmod(0o600)

    def database(self, which: str) -> sa.Engine:
        """An engine of the tests' own for `schedule` or `journal`."""
        url = sa.make_url(self._tables[which]["url"])
        if url.get_backend_name() == "sqlite":
            url = url.set(database=str(self.folder / str(url.database)))
        return sa.create_engine(url, poolclass=NullPool)

    def sql(self, statement: str, which: str = "schedule", **values: object) -> list[sa.Row[Any]]:
        """Run a statement of the tests' own; gives its rows, if it has some."""
        return self._execute(which, statement, values)

    def _execute(self, which: str, statement: str, values: Mapping[str, object]) -> list[sa.Row[Any]]:
        with self.database(which).begin() as connection:
            result = connection.execute(sa.text(statement), dict(values))
            return list(result) if result.returns_rows else []

    def make_journal(self) -> None:
        """What `journal init` does, some days before `now`; mostly a copy of one that was made before."""
        made = local("2026-11-20 09:00") if self.now else _STARTED
        engine = self.database("journal")
        if engine.name == "sqlite":
            path = Path(str(engine.url.database))
            path.write_bytes(_new_journal(made))
            path.chmod(0o600)
        else:
            _copy_journal(engine, made)

    def _make_schedule(self) -> None:
        in_sqlite = self.database("schedule").name == "sqlite"
        columns = ", ".join(
            f"{name} {'TEXT' if in_sqlite and kind == 'TIMESTAMP' else kind}"
            for name, kind in self._columns.items()
        )
        self.sql(f"CREATE TABLE reminder_appointments ({columns})")
        self.sql("CREATE INDEX reminder_appointments_by_start ON reminder_appointments (starts_at)")

    # ---------------------------------------------------------------- what people do at the desk

    def book(
        self,
        appointment: object = "1",
        start: object = "2026-11-25 09:00",
        customer: int = 17,
        **columns: object,
    ) -> None:
        """Enter an appointment with which all is well, apart from what `columns` say."""
        row = {
            "appointment_id": appointment,
            "starts_at": start,
            "customer_id": str(customer),
            "type_notifiable": True,
            "is_group": False,
            "status": "Geplant",
            "type_name": "Hörtest",
            "branch_code": "HH1",
            "branch_name": "Optik Nord",
            "branch_phone": "040 123456",
            "branch_address": "Lange Reihe 1, Hamburg",
            "branch_email": "hh1@example.org",
            "salutation": "Frau",
            "first_name": "Anna",
            "last_name": f"Berger{customer}",
            "mobile": number(customer),
            "email": address(customer),
            "language": "de",
            "reminder_consent": True,
            "created_at": "2026-10-01 12:00",
        } | columns
        row = {name: value for name, value in row.items() if name in self._columns}
        names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
        self._execute("schedule", f"INSERT INTO reminder_appointments ({names}) VALUES ({values})", row)

    def change(self, appointment: str, **columns: object) -> None:
        """Change columns of an appointment: `starts_at` moves it, `status` may cancel it."""
        changes = ", ".join(f"{name} = :{name}" for name in columns)
        self._execute(
            "schedule",
            f"UPDATE reminder_appointments SET {changes} WHERE appointment_id = :this",
            {"this": appointment, **columns},
        )

    def cancel(self, appointment: str) -> None:
        """Cancel an appointment."""
        self.change(appointment, status="Storniert")

    def remove(self, appointment: str) -> None:
        """Delete the row."""
        self.sql("DELETE FROM reminder_appointments WHERE appointment_id = :this", this=appointment)

    # ---------------------------------------------------------------- the journal

    def open_claims(self) -> int:
        """How many messages are claimed and not settled."""
        return int(self.sql("SELECT count(*) FROM journal_messages WHERE state = 'claimed'", "journal")[0][0])

    def let_claims_run_out(self) -> None:
        """As if the claim timeout had passed for all that is claimed; leases are by the database's clock."""
        in_sqlite = self.database("journal").name == "sqlite"
        earlier = "datetime(renewed_at, '-1 day')" if in_sqlite else "renewed_at - interval '1 day'"
        self.sql(f"UPDATE journal_messages SET renewed_at = {earlier} WHERE state = 'claimed'", "journal")

    # ---------------------------------------------------------------- the program

    def run(self, *arguments: str, now: str | None = None) -> Ran:
        """Run a command in this process, at `now` or else at the practice's own; the clock ticks on."""
        moment = now or self.now
        called = Invocation(clock=self.clock, timings=self.timings)
        with nullcontext() if moment is None else self.clock.at(local(moment)):
            result = CliRunner().invoke(cli.main, ["--config", str(self.config), *arguments], obj=called)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    def pass_time(self, seconds: float) -> None:
        """Put the clock forward during a `run`; for a script of the gateway or the mail server."""
        self.clock.pass_time(seconds)

    def run_once(self, *options: str, now: str | None = None) -> Ran:
        """`run-once --json`, with nothing masked."""
        return self.run("run-once", "--json", "--full", *options, now=now)

    def dry_run(self, at: str | None = None) -> Ran:
        """`dry-run --json`."""
        return self.run("dry-run", "--json", *(("--at", at) if at else ()))

    def process(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Ran:
        """Run a command as a process, and wait for it."""
        process = self.start(*arguments, environ=environ)
        stdout, stderr = process.communicate(timeout=120)
        assert "Traceback" not in stdout + stderr, stderr
        return Ran(process.returncode, stdout, stderr)

    def start(
        self,
        *arguments: str,
        environ: Mapping[str, str] | None = None,
        stdout: IO[str] | int = subprocess.PIPE,
    ) -> "Forked | subprocess.Popen[str]":
        """Start a command as a process; as a fork of one that is warm, unless it has an environment."""
        if environ is None:
            return Forked(self.folder, ["--config", str(self.config), *arguments], stdout)
        return subprocess.Popen(
            [sys.executable, "-m", "terminbenachrichtigung", "--config", str(self.config), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env={**os.environ, **environ},
            text=True,
            encoding="utf-8",
        )

    # ---------------------------------------------------------------- what came out of it

    @property
    def texted(self) -> list[str]:
        """The numbers to which the gateway sent, in the order in which it was asked to."""
        return ["+" + job.recipient.lstrip("+0") for job in self.gateway.jobs]

    @property
    def mailed(self) -> list[str]:
        """The addresses to which the mail server sent, in order."""
        return [received.recipient for received in self.mail.received]

    @property
    def received(self) -> int:
        """How many messages left the house."""
        return len(self.gateway.jobs) + len(self.mail.received)


def reminder(
    hours: int = 24, name: str = REMINDER, channels: tuple[str, ...] = ("sms", "email")
) -> dict[str, Any]:
    """One of `[[reminders]]`."""
    return {"name": name, "hours_before": hours, "channels": channels}


def calendar_of(practice: Practice, which: int) -> dict[str, str]:
    """The properties of the (one) event in the calendar file of a received mail, by their names."""
    (part,) = [
        part
        for part in practice.mail.received[which].message.walk()
        if part.get_content_type() == "text/calendar"
    ]
    lines = re.sub(r"\r\n[ \t]", "", part.get_content()).splitlines()
    return dict(line.split(":", 1) for line in lines)


def _journal_at(url: sa.URL) -> JournalSettings:
    return JournalSettings(url=SecretStr(url.render_as_string(hide_password=False)))


@cache
def _new_journal(made: datetime) -> bytes:
    """An empty journal, as a file. Making it takes longer than a run."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        create_journal(_journal_at(sa.make_url(f"sqlite:///{path}")), made, "Europe/Berlin")
        return path.read_bytes()


_WRITTEN: dict[datetime, list[tuple[str, Any]]] = {}
"""By the moment when a journal was made on PostgreSQL: the statements that wrote it."""


def _copy_journal(engine: sa.Engine, made: datetime) -> None:
    """An empty journal, by the statements that made the first one."""
    if made not in _WRITTEN:
        _WRITTEN[made] = written = []

        @sa.event.listens_for(sa.Engine, "before_cursor_execute")
        def note(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
            if not statement.lstrip().upper().startswith(("SELECT", "SET")):
                written.append((statement, values or None))

        create_journal(_journal_at(engine.url), made, "Europe/Berlin")
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
        return
    with engine.begin() as connection:
        for statement, values in _WRITTEN[made]:
            connection.exec_driver_sql(statement, values)


def _toml(value: object) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case date():
            return value.isoformat()
        case _:
            return json.dumps(value, ensure_ascii=False)
