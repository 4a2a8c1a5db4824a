"""What people ask: the staff list, the figures of a year, and what a schedule's words mean."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks import practices
from benchmarks.costs import PROGRAM, folder, process, process_and_peak, ratio, show
from benchmarks.sending import gateway


def show_staff_list(turns: int, appointments: int) -> None:
    """One in twenty was moved after its customer had been told."""
    moved = appointments // 20
    with folder() as place, gateway(delay=0) as url:
        practices.prepare(place, appointments, url, 16)
        process(*PROGRAM, "run-once", "--quiet", cwd=place)
        with closing(sqlite3.connect(place / "schedule.db")) as schedule:
            schedule.execute(
                "UPDATE appointments SET starts_at = datetime(starts_at, '+3 hours') "
                "WHERE CAST(appointment_id AS INTEGER) < ?",
                (moved,),
            )
            schedule.commit()
        show(
            f"staff-list, {moved:,} moved of {appointments:,}, CPU",
            ratio(
                turns,
                lambda: process(*PROGRAM, "staff-list", "--json", cwd=place).cpu,
                lambda: process(*PROGRAM, "dry-run", "--json", cwd=place).cpu,
            ),
            "dry-run --json of the same schedule",
            "<= 2",
        )


def show_figures(appointments: int) -> None:
    """All of the last year, each told by an SMS that arrived."""
    today = datetime.now()  # noqa: DTZ005 - the practice's
    first = today - timedelta(days=364)
    with folder() as place:
        practices.prepare(place, 0, practices.NOWHERE, 1)
        minutes = timedelta(days=364) / appointments / timedelta(minutes=1)
        practices.grow(place, appointments, first=f"{first:%Y-%m-%d %H:%M}", minutes=minutes)
        _tell_all(place)
        span = ("--from", f"{first:%Y-%m-%d}", "--to", f"{today:%Y-%m-%d}")
        cost = process(*PROGRAM, "figures", *span, "--json", cwd=place)
    show(f"figures over a year of {appointments:,} appointments, CPU in s", cost.cpu, "-", "<= 10")


def _tell_all(place: Path) -> None:
    """In a journal that is old enough to remember them."""
    with closing(sqlite3.connect(place / "journal.db")) as journal:
        journal.execute("PRAGMA synchronous = OFF")
        journal.execute("ATTACH ? AS schedule", (str(place / "schedule.db"),))
        journal.execute("UPDATE journal_meta SET created_at = datetime(created_at, '-2 years')")
        due = "datetime(starts_at, '-1 day') || '.000000'"
        journal.execute(
            "INSERT INTO journal_messages (message_id, run_id, reminder, customer_id, state, channel, "
            "recipient, run_now, claimed_at, renewed_at) "
            "SELECT appointment_id, 'r', 'Terminerinnerung', customer_id, 'delivered', 'sms', '+49171', "
            f"{due}, {due}, {due} FROM schedule.appointments"
        )
        journal.execute(
            "INSERT INTO journal_notifications "
            "(reminder, appointment_id, generation, message_id, customer_id, starts_at, name) "
            "SELECT 'Terminerinnerung', appointment_id, 1, appointment_id, customer_id, "
            "starts_at || ':00.000000', '' FROM schedule.appointments"
        )
        journal.execute(
            "INSERT INTO journal_attempts (message_id, channel, recipient, outcome, detail, ended_at, parts) "
            f"SELECT appointment_id, 'sms', '+49171', 'sent', '', {due}, 1 FROM schedule.appointments"
        )
        journal.commit()


def show_inspect(appointments: int) -> None:
    """All of them lie ahead."""
    command = (*PROGRAM, "schedule", "inspect", "--json")
    with folder() as place:
        practices.prepare(place, 0, practices.NOWHERE, 1)
        practices.grow(place, appointments, first="2097-01-01 08:00")
        cost = process(*command, cwd=place)
        _, peak = process_and_peak(*command, cwd=place)
    show(f"schedule inspect, {appointments:,} appointments ahead, CPU in s", cost.cpu, "-", "<= 20")
    show("schedule inspect, peak memory in MB", peak, "-", "-")
