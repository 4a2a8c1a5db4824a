"""Exports of a chain of branches, imported for the first time and once more."""

from pathlib import Path

from benchmarks import practices
from benchmarks.costs import PROGRAM, folder, process, process_and_peak, show

IMPORT = (*PROGRAM, "schedule", "import", "export.csv", "--quiet")
HEADINGS = "Datum;Uhrzeit;Terminart;Filiale;Kundennummer;Anrede;Vorname;Nachname;Handy;E-Mail"


def show_import(lines: int) -> None:
    """Everything is new in the first import, and nothing in the second; also where it makes the ids."""
    for kind, more in (("", ()), (" without ids", ("--id-from", "start,customer"))):
        with folder() as place:
            practices.prepare(place, 0, practices.NOWHERE, 1)
            _export(place, lines, ids=not more)
            command = (*IMPORT, *more)
            for what in ("new lines", "lines once more"):
                cost = process(*command, cwd=place)
                show(f"schedule import, {lines:,} {what}{kind}, CPU in s", cost.cpu, "-", "<= 5")
            _, peak = process_and_peak(*command, cwd=place)
            show(f"schedule import{kind}, peak memory in MB", peak, "-", "<= 300")


def _export(place: Path, lines: int, *, ids: bool) -> None:
    with (place / "export.csv").open("w", encoding="utf-8") as file:
        file.write(f"{'Termin-ID;' if ids else ''}{HEADINGS}\n")
        for number in range(lines):
            customer = number % (lines * 3 // 5)
            when = f"{1 + number % 28:02}.12.2098;{8 + number % 10:02}:{number % 60:02}"
            who = f"{customer};Frau;Ida;Müller{customer};0171 55{customer:05};c{customer}@example.org"
            first = f"{number};" if ids else ""
            file.write(f"{first}{when};Sehtest;HH{number % 20};{who}\n")
