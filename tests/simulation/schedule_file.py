"""The schedule as a real SQLite file, and all that it ever said."""

import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from simulation.clock import Clock
from terminbenachrichtigung.model.appointment import Appointment

_SCHEMA = """
CREATE TABLE customers (
    customer_id TEXT PRIMARY KEY, last_name TEXT, mobile TEXT, phone TEXT, email TEXT,
    preferred_channel TEXT, reminder_consent INTEGER, last_contacted_at TEXT
);
CREATE TABLE appointments (
    appointment_id TEXT PRIMARY KEY, starts_at TEXT, customer_id TEXT, type_notifiable INTEGER,
    is_group INTEGER, status TEXT, branch_code TEXT, branch_name TEXT, created_at TEXT
);
CREATE INDEX by_start ON appointments (starts_at);
CREATE VIEW reminder_appointments AS
SELECT appointment_id, starts_at, a.customer_id, type_notifiable, is_group, status, branch_code,
    branch_name, {created_at} last_name, mobile, phone, email, preferred_channel, reminder_consent,
    last_contacted_at
FROM appointments a LEFT JOIN customers c ON c.customer_id = a.customer_id;
"""
BRANCHES = {"HH1": "Optik Nord", "HH2": "Optik Hafen", "B1": "Optik Mitte"}


@dataclass(frozen=True)
class Customer:
    """A customer, with the contact data as they were typed."""

    customer_id: str
    last_name: str
    mobile: str = ""
    phone: str = ""
    email: str = ""
    preferred_channel: str = ""
    reminder_consent: bool = True
    last_contacted_at: datetime | None = None


NOBODY = Customer("", "", reminder_consent=False)


@dataclass(frozen=True)
class Booking:
    """An appointment, with its start as the schedule holds it."""

    appointment_id: str
    starts_at: datetime
    written_start: str
    customer_id: str | None
    created_at: datetime
    type_notifiable: bool = True
    is_group: bool = False
    status: str = "Geplant"
    branch_code: str = "HH1"

    def __str__(self) -> str:
        marks = ", a group" * self.is_group + ", not notified" * (not self.type_notifiable)
        booked = f"{self.created_at:%m-%d %H:%M} UTC"
        return f"{self.written_start}, {self.customer_id}, {self.status}{marks}, booked {booked}"


@dataclass(frozen=True)
class Version:
    """A row of the schedule from `since` on, by the seconds that have passed; None: there is no such row."""

    since: float
    row: Appointment | None


class ScheduleFile:
    """What the program reads; and, for the checks, what it said at any moment."""

    def __init__(self, path: Path, clock: Clock, *, has_created_at: bool) -> None:
        self.path, self._clock, self._has_created_at = path, clock, has_created_at
        self.customers: dict[str, Customer] = {}
        self.names: dict[str, str] = {}
        """Of every customer's id that there ever was: the name."""
        self.bookings: dict[str, Booking] = {}
        self.history: defaultdict[str, list[Version]] = defaultdict(list)
        """By appointment, oldest first."""
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA synchronous=OFF")
        created_at = "created_at," if has_created_at else ""
        self._database.executescript(_SCHEMA.format(created_at=created_at))

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    # ---------------------------------------------------------------- read

    def rows(self) -> list[Appointment]:
        """Every row as it now is."""
        newest = (self.history[name][-1].row for name in self.bookings)
        return [row for row in newest if row is not None]

    def said(self, appointment_id: str, since: float, until: float) -> list[Appointment | None]:
        """What it said of an appointment at any moment of this stretch of time."""
        versions = self.history[appointment_id]
        ends = [version.since for version in versions[1:]] + [float("inf")]
        return [
            version.row
            for version, end in zip(versions, ends, strict=True)
            if version.since <= until and end >= since
        ]

    # ---------------------------------------------------------------- written

    def enter(self, customer: Customer) -> None:
        """Write a customer, new or changed."""
        self.customers[customer.customer_id] = customer
        self.names[customer.customer_id] = customer.last_name
        self._database.execute(
            "INSERT OR REPLACE INTO customers VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                customer.customer_id,
                customer.last_name,
                customer.mobile,
                customer.phone,
                customer.email,
                customer.preferred_channel,
                customer.reminder_consent,
                customer.last_contacted_at and customer.last_contacted_at.isoformat(),
            ],
        )
        for booking in self.bookings.values():
            if booking.customer_id == customer.customer_id:
                self._remember(booking.appointment_id)

    def retire(self, customer_id: str) -> None:
        """Take a customer's record out, which has no appointments any more."""
        del self.customers[customer_id]
        self._database.execute("DELETE FROM customers WHERE customer_id = ?", [customer_id])

    def book(self, booking: Booking) -> None:
        """Write an appointment, new or changed."""
        self.bookings[booking.appointment_id] = booking
        self._database.execute(
            "INSERT OR REPLACE INTO appointments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                booking.appointment_id,
                booking.written_start,
                booking.customer_id,
                booking.type_notifiable,
                booking.is_group,
                booking.status,
                booking.branch_code,
                BRANCHES[booking.branch_code],
                booking.created_at.isoformat(),
            ],
        )
        self._remember(booking.appointment_id)

    def delete(self, appointment_id: str) -> None:
        """Take an appointment out."""
        del self.bookings[appointment_id]
        self._database.execute("DELETE FROM appointments WHERE appointment_id = ?", [appointment_id])
        self._remember(appointment_id)

    def _remember(self, appointment_id: str) -> None:
        booking = self.bookings.get(appointment_id)
        row = None if booking is None else self._joined(booking)
        self.history[appointment_id].append(Version(self._clock.monotonic(), row))

    def _joined(self, booking: Booking) -> Appointment:
        customer = self.customers.get(booking.customer_id or "", NOBODY)
        # Space around a text means nothing to anybody.
        return Appointment(
            booking.appointment_id,
            booking.starts_at,
            booking.customer_id,
            booking.type_notifiable,
            booking.is_group,
            status=booking.status.strip(),
            branch_code=booking.branch_code,
            branch_name=BRANCHES[booking.branch_code],
            created_at=booking.created_at if self._has_created_at else None,
            last_name=customer.last_name,
            mobile=customer.mobile,
            phone=customer.phone,
            email=customer.email.strip(),
            preferred_channel=customer.preferred_channel.strip(),
            reminder_consent=customer.reminder_consent,
            last_contacted_at=customer.last_contacted_at,
        )
