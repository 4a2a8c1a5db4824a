"""Small practices whose output stands in the docs, each at a moment of its own.

A scenario is a context manager over an empty folder, in which its commands run, as in the docs: with
`--config demo/config.toml`, or without, where the folder holds a config.toml.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from pathlib import Path

from click.testing import CliRunner

from docs.printed import Run
from practice import Practice, ShiftedClock, local, number
from terminbenachrichtigung import cli
from terminbenachrichtigung.cli.context import Invocation
from terminbenachrichtigung.demo import preparation
from terminbenachrichtigung.demo.loopback import Answer, Request
from terminbenachrichtigung.demo.lox24 import Lox24Gateway
from terminbenachrichtigung.demo.mailserver import MailServer
from terminbenachrichtigung.demo.scenario import scenario
from terminbenachrichtigung.demo.smscreator import SmsCreatorGateway

Scenario = Callable[[Path], AbstractContextManager[Run]]

SCENARIOS: dict[str, Scenario] = {}
"""By name, as the comment above a block has it: `credits-run-out`."""

_MISTAKES = """\
default_langauge = "de"
timezone = "Europe/Berlln"

[rules]
quiet_start = "8 Uhr"
hours_between_messages = 0

[[reminders]]
name = "Terminerinnerung"
hours_before = 24
channels = ["sms", "fax"]

[sms]
serial = "4711"
password = "geheim"
sender = "Optik Hansen GmbH"
max_parts = "3"
"""


def _scenario(function: Callable[[Path], Iterator[Run]]) -> Scenario:
    name = function.__name__.replace("_", "-")
    SCENARIOS[name] = contextmanager(function)
    return SCENARIOS[name]


def _at(now: str) -> Run:
    """Runs the program in this process at a moment, by the practice's clock."""

    def run(arguments: list[str]) -> str:
        clock = ShiftedClock()
        with clock.at(local(now)):
            result = CliRunner().invoke(cli.main, arguments, obj=Invocation(clock), terminal_width=110)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.stdout + result.stderr

    return run


@_scenario
def demo(folder: Path) -> Iterator[Run]:
    """What the demo leaves behind, with two appointments cancelled since.

    Its gateway and its mail server have ended.
    """
    scene = scenario(local("2026-11-23 14:50"))
    directory = folder / "demo"
    directory.mkdir()
    with SmsCreatorGateway() as gateway, MailServer() as mail:
        gateway.script = preparation.script(gateway)
        config, settings = preparation.prepare(directory, scene, gateway, mail.port)
        with preparation.run_beside(settings, scene.now):
            for _ in range(2):
                _at("2026-11-23 14:51")(["--config", str(config), "run-once", "--quiet"])
    with sqlite3.connect(directory / "schedule.db") as schedule:
        schedule.execute(
            "UPDATE appointments SET status = 'Storniert' WHERE appointment_id IN ('507', '508')"
        )
    schedule.close()
    yield _at("2026-11-23 14:52")


@_scenario
def mistakes(folder: Path) -> Iterator[Run]:
    """A configuration with a mistake of each kind."""
    (folder / "config.toml").write_text(_MISTAKES, encoding="utf-8")
    yield _at("2026-11-24 10:00")


@_scenario
def reports(folder: Path) -> Iterator[Run]:
    """Four were told in the morning; at eleven the gateway knows what became of it.

    The last one's SMS got no answer, though the gateway took it.
    """

    def answer(request: Request) -> Answer | None:
        is_last = request.operation == "SendSimpleSMS" and request.fields["Recipient"].endswith(number(4)[1:])
        return Answer(http_status=500, takes_job=True) if is_last else None

    with Practice(folder) as practice:
        practice.configure(sms={"concurrency": 1})  # so that the gateway counts in order
        practice.gateway.script = answer
        for customer, name, told in (
            (3, "Clara", "09:30"),
            (1, "Anna", ""),
            (2, "Berta", ""),
            (4, "Dora", "10:00"),
        ):
            email = "berta@example.org" if customer == 2 else ""
            start = f"2026-11-25 08:{customer}0"
            practice.book(f"50{customer}", start, customer, first_name=name, last_name="Müller", email=email)
            if told:
                practice.run("run-once", now=f"2026-11-24 {told}")
        practice.gateway.script = None
        words = {1: "Delivered", 2: "Undelivered", 3: "Undelivered"}
        for job in practice.gateway.jobs:
            if word := words.get(int(job.recipient[-1])):
                practice.gateway.report(job, word, done=local("2026-11-24 10:30"))
        yield _at("2026-11-24 11:00")


@contextmanager
def _answered(folder: Path) -> Iterator[Practice]:
    """Four were told in the morning by a gateway that can be answered, and have answered until eleven."""
    with Lox24Gateway() as gateway, Practice(folder) as practice:
        gateway._clock = practice.clock
        practice.configure(
            sms={"base_url": gateway.url, "sender": "+491715550000", **gateway.settings},
            replies={"enabled": True},
        )
        for customer, name in ((1, "Anna"), (2, "Berta"), (3, "Clara"), (4, "Dora")):
            practice.book(
                f"50{customer}", f"2026-11-25 08:{customer}0", customer, first_name=name, last_name="Müller"
            )
        practice.run("run-once", now="2026-11-24 10:00")
        answers = {1: "Ja, danke", 2: "nein", 3: "Kann ich eine Stunde später kommen?", 4: "STOP"}
        for job in sorted(gateway.jobs, key=lambda job: job.recipient):  # sent at once, in any order
            gateway.reply(job, answers[int(job.recipient[-1])], at=local("2026-11-24 10:30"))
        yield practice


@_scenario
def replies(folder: Path) -> Iterator[Run]:
    """At eleven the first run after the answers."""
    with _answered(folder):
        yield _at("2026-11-24 11:00")


@_scenario
def corrections(folder: Path) -> Iterator[Run]:
    """Two were told in the morning; then one is cancelled and one moves, and the run of eleven saw it."""
    with Practice(folder) as practice:
        practice.configure(corrections={"enabled": True})
        for customer, name in ((1, "Anna"), (2, "Berta")):
            start = f"2026-11-25 08:{customer}0"
            practice.book(f"50{customer}", start, customer, first_name=name, last_name="Müller")
        practice.run("run-once", now="2026-11-24 10:00")
        practice.cancel("501")
        practice.change("502", starts_at="2026-11-27 10:30")
        practice.run("run-once", now="2026-11-24 11:00")
        yield _at("2026-11-24 12:00")


@_scenario
def figures(folder: Path) -> Iterator[Run]:
    """Four were told, one was called off, one did not come; two days later all is over."""
    with Practice(folder) as practice:
        practice.configure(corrections={"enabled": True})
        for customer in range(1, 5):
            practice.book(f"50{customer}", f"2026-11-25 08:{customer}0", customer)
        practice.run("run-once", now="2026-11-24 10:00")
        practice.cancel("501")
        for now in ("2026-11-24 11:00", "2026-11-24 12:00"):
            practice.run("run-once", now=now)
        practice.change("502", status="Geplatzt")
        yield _at("2026-11-26 09:00")


@_scenario
def corrections_held(folder: Path) -> Iterator[Run]:
    """Ten were told in the morning, and six of them are cancelled since; the run of eleven saw it."""
    with Practice(folder) as practice:
        practice.configure(corrections={"enabled": True})
        for customer in range(1, 11):
            practice.book(str(500 + customer), "2026-11-25 09:00", customer)
        practice.run("run-once", now="2026-11-24 10:00")
        for customer in range(1, 7):
            practice.cancel(str(500 + customer))
        practice.run("run-once", now="2026-11-24 11:00")
        yield _at("2026-11-24 12:00")


@_scenario
def forgets(folder: Path) -> Iterator[Run]:
    """One customer was told of one appointment."""
    with Practice(folder) as practice:
        practice.book("4711")
        practice.run("run-once", now="2026-11-24 10:00")
        yield _at("2026-11-24 11:00")


@_scenario
def credits_run_out(folder: Path) -> Iterator[Run]:
    """Seven are due at twelve, and the account can pay for two and a half."""
    with Practice(folder) as practice:
        practice.configure(sms={"credits_warn_below": 50})
        for customer in range(1, 8):
            practice.book(str(customer), f"2026-11-25 09:0{customer}", customer)
        practice.gateway.balance = Decimal("2.5")
        yield _at("2026-11-24 12:00")


@_scenario
def one_due(folder: Path) -> Iterator[Run]:
    """One customer is due at ten."""
    with Practice(folder) as practice:
        practice.book("4711")
        yield _at("2026-11-24 10:00")


class _Exports:
    """A practice whose software only exports, and the files that it wrote."""

    def __init__(self, practice: Practice) -> None:
        practice.sql("DROP TABLE reminder_appointments")
        practice.run("schedule", "init")
        self._practice = practice
        days = (25, 26, 27, 28, 30, 29, 25, 26, 30, 30)
        self.lines = {
            number: f"{number};{day}.11.2026;13:00;Sehtest;HH1;{number};Frau;Ida;K{number};0171 392{number}"
            for number, day in enumerate(days, start=4711)
        }

    def write(self, *numbers: int, end: str = "\n") -> Path:
        heading = "Termin-ID;Datum;Uhrzeit;Terminart;Filiale;Kundennummer;Anrede;Vorname;Nachname;Handy"
        path = self._practice.folder / "export.csv"
        path.write_text("\n".join([heading, *(self.lines[each] for each in numbers)]) + end, encoding="utf-8")
        return path

    def bring(self, *numbers: int) -> None:
        self._practice.run("schedule", "import", str(self.write(*numbers)))


@_scenario
def export(folder: Path) -> Iterator[Run]:
    """An export comes anew: one is gone from it, one is new in it, and one has no year."""
    with Practice(folder) as practice:
        exports = _Exports(practice)
        exports.bring(*range(4711, 4719))
        exports.lines[4720] = exports.lines[4720].replace("2026", "")
        exports.write(*(each for each in range(4711, 4721) if each != 4715))
        yield _at("2026-11-24 10:00")


@_scenario
def export_gone_twice(folder: Path) -> Iterator[Run]:
    """One is gone from two exports; the second has one more."""
    with Practice(folder) as practice:
        exports = _Exports(practice)
        exports.bring(*range(4711, 4719))
        exports.bring(*(each for each in range(4711, 4719) if each != 4713))
        exports.write(*(each for each in range(4711, 4720) if each != 4713))
        yield _at("2026-11-24 10:00")


@_scenario
def export_of_half(folder: Path) -> Iterator[Run]:
    """An export has only half of the appointments."""
    with Practice(folder) as practice:
        exports = _Exports(practice)
        exports.bring(*range(4711, 4721))
        exports.write(4711, 4712, 4715)
        yield _at("2026-11-24 10:00")


@_scenario
def export_from_thursday(folder: Path) -> Iterator[Run]:
    """All of Wednesday's appointments are deleted, so that the export begins on Thursday."""
    with Practice(folder) as practice:
        exports = _Exports(practice)
        exports.bring(*range(4711, 4721))
        exports.write(*(each for each in range(4711, 4721) if each not in (4711, 4717)))
        yield _at("2026-11-24 10:00")


@_scenario
def export_cut_short(folder: Path) -> Iterator[Run]:
    """The disk was full."""
    with Practice(folder) as practice:
        exports = _Exports(practice)
        exports.bring(*range(4711, 4721))
        exports.lines[4718] = exports.lines[4718][:30]
        exports.write(*range(4711, 4719), end="")
        yield _at("2026-11-24 10:00")


@_scenario
def calendar(folder: Path) -> Iterator[Run]:
    """A calendar with a series, lunch breaks, a holiday, and a customer whose number stands twice."""
    with Practice(folder) as practice:
        _Exports(practice)
        who = "DESCRIPTION:Name: Ida Meier\\nMobil: 0171 5555555"

        def event(uid: str, *lines: str) -> list[str]:
            return ["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"]

        start = "DTSTART;TZID=Europe/Berlin:"
        lines = [
            "BEGIN:VCALENDAR",
            *event("sehtest", f"{start}20261125T090000", "SUMMARY:Sehtest", who),
            *event("kurs", f"{start}20261126T170000", "RRULE:FREQ=WEEKLY;COUNT=3", "SUMMARY:Kurs", who),
            *event("pause", f"{start}20261125T120000", "RRULE:FREQ=DAILY", "SUMMARY:Mittagspause"),
            *event("urlaub", "DTSTART;VALUE=DATE:20261224", "SUMMARY:Urlaub"),
            *event("zwei", f"{start}20261127T100000", f"{who}\\nMobil: 040 123456"),
            "END:VCALENDAR",
        ]
        (folder / "praxis.ics").write_text("\r\n".join([*lines, ""]), encoding="utf-8")
        yield _at("2026-11-24 10:00")


@_scenario
def export_without_ids(folder: Path) -> Iterator[Run]:
    """Square's export: no ids, months by name, am and pm."""
    with Practice(folder) as practice:
        _Exports(practice)
        lines = (
            "Client Name,Client Phone,Service,Date,Start Time,Status",
            'Ida Meier,0171 5555555,Sehtest,"Nov 25, 2026",9:00 AM,Accepted',
            'Udo Kurz,0171 5555556,Sehtest,"Nov 26, 2026",2:30 PM,Cancelled by client',
        )
        (folder / "appointments.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
        yield _at("2026-11-24 10:00")
