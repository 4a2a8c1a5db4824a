"""Exports of a chain of branches, imported for the first time and once more."""

from pathlib import Path

from benchmarks import practices
from benchmarks.costs import PROGRAM, folder, process, process_and_peak, show

NOWHERE = "http://127.0.0.1:9/gateway"
IMPORT = (*PROGRAM, "schedule", "import", "export.csv", "--quiet")
HEADINGS = "Termin-ID;Datum;Uhrzeit;Terminart;Filiale;Kundennummer;Anrede;Vorname;Nachname;Handy;E-Mail"


def show_import(lines: int) -> None:
    """Everything is new in the first import, and nothing in the second."""
    with folder() as place:
        practices.prepare(place, 0, NOWHERE, 1)
        _export(place, lines)
        show(f"schedule import, {lines:,} new lines, CPU in s", process(*IMPORT, cwd=place).cpu, "-", "<= 5")
        show("schedule import, the same once more, CPU in s", process(*IMPORT, cwd=place).cpu, "-", "<= 5")
        _, peak = process_and_peak(*IMPORT, cwd=place)
        show("schedule import, peak memory in MB", peak, "-", "<= 300")


def _export(place: Path, lines: int) -> None:
    with (place / "export.csv").open("w", encoding="utf-8") as file:
        file.write(HEADINGS + "\n")
        for number in range(lines):
            customer = number % (lines * 3 // 5)
            when = f"{1 + number % 28:02}.12.2098;{8 + number % 10:02}:{number % 60:02}"
            who = f"{customer};Frau;Ida;Müller{customer};0171 55{customer:05};c{customer}@example.org"
            file.write(f"{number};{when};Sehtest;HH{number % 20};{who}\n")
