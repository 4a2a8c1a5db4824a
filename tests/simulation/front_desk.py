"""The people at the front desk: they book, move, cancel, and change their minds; the schedule says it all."""

import random
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from simulation.clock import Clock
from terminbenachrichtigung.model import Appointment

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
PREFERENCES = (
    "",
    "",
    "",
    "",
    "sms",
    "SMS",
    "email",
    "E-Mail ",
    "brief",
    "Letter",
    "telefon",
    "none",
    "Keine",
    "fax",
)
STATUSES = ("Geplant", "Bestätigt", "", "storniert ", "Geplatzt")


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


@dataclass
class Version:
    """A row of the schedule from `since` on, by the seconds that have passed; None: there is no such row."""

    since: float
    row: Appointment | None


@dataclass
class FrontDesk:
    """The schedule on a real SQLite file, and all that it ever said."""

    path: Path
    zone: ZoneInfo
    clock: Clock
    chance: random.Random
    has_created_at: bool
    local_text: bool
    """Whether starts are written as the clock on the wall shows them, or with an offset."""
    log: Callable[[str, str], None]
    """Told (customer, what happened)."""
    customers: dict[str, Customer] = field(default_factory=dict)
    bookings: dict[str, Booking] = field(default_factory=dict)
    history: dict[str, list[Version]] = field(default_factory=lambda: defaultdict(list))
    typed: dict[str, str | None] = field(default_factory=lambda: {"": None})
    """What each text in a phone or e-mail field means."""
    touched: set[str] = field(default_factory=set)
    """Customers about whom something changed since this was last emptied."""
    _earlier_starts: dict[str, list[tuple[datetime, str]]] = field(default_factory=lambda: defaultdict(list))
    _numbers: int = 0

    def __post_init__(self) -> None:
        self._database = sqlite3.connect(self.path, isolation_level=None)
        self._database.execute("PRAGMA synchronous=OFF")
        created_at = "created_at," if self.has_created_at else ""
        self._database.executescript(_SCHEMA.format(created_at=created_at))

    def close(self) -> None:
        """Go home."""
        self._database.close()

    # ---------------------------------------------------------------- what the schedule says

    def rows(self) -> list[Appointment]:
        """Every row as it now is."""
        return [row for name in self.bookings if (row := self.row(name)) is not None]

    def row(self, appointment_id: str) -> Appointment | None:
        """One row as it now is."""
        versions = self.history[appointment_id]
        return versions[-1].row if versions else None

    def versions(self, appointment_id: str, since: float, until: float) -> list[Appointment | None]:
        """What the schedule said of an appointment at any moment of this stretch of time."""
        versions = self.history[appointment_id]
        ends = [version.since for version in versions[1:]] + [float("inf")]
        return [
            version.row
            for version, end in zip(versions, ends, strict=True)
            if version.since <= until and end >= since
        ]

    def _write(self, *appointment_ids: str) -> None:
        """Make the schedule say what is meant by now."""
        for appointment_id in appointment_ids:
            booking = self.bookings.get(appointment_id)
            row = None if booking is None else self._joined(booking)
            self.history[appointment_id].append(Version(self.clock.monotonic(), row))
            if booking is None:
                self._database.execute("DELETE FROM appointments WHERE appointment_id = ?", [appointment_id])
                continue
            self._database.execute(
                "INSERT OR REPLACE INTO appointments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    appointment_id,
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

    def _joined(self, booking: Booking) -> Appointment:
        # Space around a text means nothing to anybody.
        customer = self.customers.get(booking.customer_id or "", Customer("", ""))
        return Appointment(
            booking.appointment_id,
            booking.starts_at,
            booking.customer_id,
            booking.type_notifiable,
            booking.is_group,
            status=booking.status.strip(),
            branch_code=booking.branch_code,
            branch_name=BRANCHES[booking.branch_code],
            created_at=booking.created_at if self.has_created_at else None,
            last_name=customer.last_name,
            mobile=customer.mobile,
            phone=customer.phone,
            email=customer.email.strip(),
            preferred_channel=customer.preferred_channel.strip(),
            reminder_consent=customer.reminder_consent,
            last_contacted_at=customer.last_contacted_at,
        )

    # ---------------------------------------------------------------- what people do

    def welcome(self, count: int) -> None:
        """The first customers, and their appointments of the next weeks."""
        for _ in range(count):
            self._new_customer()
        for _ in range(count):
            self.book()

    def do_something(self) -> None:
        """One act of one person, at random."""
        acts: list[tuple[Callable[[], None], int]] = [
            (self.book, 30),
            (self._move, 12),
            (self._move_back, 4),
            (self._cancel, 6),
            (self._restore, 4),
            (self._change_contact, 6),
            (self._change_preference, 4),
            (self._change_consent, 2),
            (self._contact_by_hand, 5),
            (self._reassign, 3),
            (self._delete, 2),
            (self._change_kind, 3),
        ]
        (act,) = self.chance.choices([act for act, _ in acts], [weight for _, weight in acts])
        act()

    def book(self) -> None:
        """A new appointment: often of a customer who has one, and often for tomorrow."""
        chance = self.chance
        soon = [booking for booking in self.bookings.values() if booking.starts_at > self.clock.now()]
        if soon and chance.random() < 0.3:
            other = chance.choice(soon[-40:])
            customer = other.customer_id
            start, written = self._start(other.starts_at.astimezone(self.zone))
        else:
            customer = chance.choice(list(self.customers))
            start, written = self._start(None)
        self._numbers += 1
        booking = Booking(
            f"A{self._numbers}",
            start,
            written,
            None if chance.random() < 0.02 else customer,
            self.clock.now() if chance.random() < 0.8 else self.clock.now() - timedelta(days=20),
            type_notifiable=chance.random() > 0.04,
            is_group=chance.random() < 0.04,
            branch_code=chance.choice(list(BRANCHES)),
        )
        self._keep(booking, "is booked")

    def _keep(self, booking: Booking, what: str) -> None:
        before = self.bookings.get(booking.appointment_id)
        self.bookings[booking.appointment_id] = booking
        for customer in {before.customer_id if before else None, booking.customer_id} - {None}:
            assert customer is not None
            self._note(
                customer,
                f"{booking.appointment_id} {what}: {booking.written_start}, "
                f"{booking.customer_id}, {booking.status}"
                f"{', a group' * booking.is_group}{', not notified' * (not booking.type_notifiable)}, "
                f"booked {booking.created_at:%m-%d %H:%M} UTC",
            )
        self._write(booking.appointment_id)

    def _note(self, customer: str, what: str) -> None:
        self.touched.add(customer)
        self.log(customer, what)

    def _start(self, near: datetime | None) -> tuple[datetime, str]:
        """A start, by the practice's clock: mostly at a quarter of an opening hour, sometimes anywhere."""
        chance = self.chance
        today = (self.clock.now() + timedelta(minutes=30)).astimezone(self.zone)
        if near is not None:
            day = near.date() + timedelta(days=chance.choice((0, 0, 0, 0, 1)))
        else:
            day = today.date() + timedelta(days=chance.choice((0, 1, 1, 1, 2, 2, 3, 4, 5, 7, 9)))
        clock = time(chance.randrange(8, 18), chance.choice((0, 15, 30, 45)))
        if chance.random() < 0.15:
            clock = time(chance.randrange(24), chance.choice((0, 1, 29, 30, 59)))
        wall = datetime.combine(day, clock, self.zone)
        start = wall.astimezone(UTC)
        if start <= self.clock.now():
            wall += timedelta(days=1)
            start = wall.astimezone(UTC)
        return start, f"{wall:%Y-%m-%d %H:%M:%S}" if self.local_text else f"{start:%Y-%m-%dT%H:%MZ}"

    def _ahead(self) -> Booking | None:
        """An appointment that people still care about: mostly one of the next days."""
        now = self.clock.now()
        ahead = sorted(
            (booking for booking in self.bookings.values() if booking.starts_at > now),
            key=lambda booking: booking.starts_at,
        )
        if not ahead:
            return None
        return self.chance.choice(ahead[:30] if self.chance.random() < 0.7 else ahead)

    def _move(self) -> None:
        if (booking := self._ahead()) is not None:
            self._earlier_starts[booking.appointment_id].append((booking.starts_at, booking.written_start))
            near = booking.starts_at.astimezone(self.zone) if self.chance.random() < 0.5 else None
            start, written = self._start(near)
            self._keep(replace(booking, starts_at=start, written_start=written), "is moved")

    def _move_back(self) -> None:
        """A, then B, then A again."""
        now = self.clock.now()
        moved = [
            (booking, start, written)
            for name, starts in self._earlier_starts.items()
            if (booking := self.bookings.get(name)) is not None
            for start, written in starts
            if start > now and start != booking.starts_at
        ]
        if moved:
            booking, start, written = self.chance.choice(moved)
            self._earlier_starts[booking.appointment_id].append((booking.starts_at, booking.written_start))
            self._keep(replace(booking, starts_at=start, written_start=written), "is moved back")

    def _cancel(self) -> None:
        if (booking := self._ahead()) is not None:
            self._keep(replace(booking, status=self.chance.choice(STATUSES)), "changes its status")

    def _restore(self) -> None:
        gone = [booking for booking in self.bookings.values() if booking.status in ("storniert ", "Geplatzt")]
        gone = [booking for booking in gone if booking.starts_at > self.clock.now()]
        if gone:
            self._keep(replace(self.chance.choice(gone), status="Geplant"), "is restored")

    def _reassign(self) -> None:
        if (booking := self._ahead()) is not None:
            other = self.chance.choice(list(self.customers))
            self._keep(replace(booking, customer_id=other), "is another customer's")

    def _delete(self) -> None:
        if (booking := self._ahead()) is not None:
            del self.bookings[booking.appointment_id]
            if booking.customer_id is not None:
                self._note(booking.customer_id, f"{booking.appointment_id} is deleted")
            self._write(booking.appointment_id)

    def _change_kind(self) -> None:
        if (booking := self._ahead()) is not None:
            group, notifiable = self.chance.random() < 0.4, self.chance.random() < 0.6
            self._keep(replace(booking, is_group=group, type_notifiable=notifiable), "changes its kind")

    # ---------------------------------------------------------------- customers

    def _new_customer(self) -> None:
        name = f"C{len(self.customers) + 1}"
        customer = Customer(name, f"Berger {name}", reminder_consent=self.chance.random() < 0.8)
        customer = replace(customer, preferred_channel=self.chance.choice((*PREFERENCES, *("",) * 20)))
        self.customers[name] = customer
        self._enter(replace(customer, **self._contact_data()), "is a customer")

    def _enter(self, customer: Customer, what: str) -> None:
        self.customers[customer.customer_id] = customer
        self._note(customer.customer_id, f"{what}: {', '.join(map(str, vars(customer).values()))}")
        contacted = customer.last_contacted_at
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
                None if contacted is None else contacted.isoformat(),
            ],
        )
        theirs = [name for name, each in self.bookings.items() if each.customer_id == customer.customer_id]
        self._write(*theirs)

    def _anybody(self) -> Customer:
        """Mostly somebody with an appointment ahead."""
        booking = self._ahead() if self.chance.random() < 0.8 else None
        if booking is not None and booking.customer_id is not None:
            return self.customers[booking.customer_id]
        return self.chance.choice(list(self.customers.values()))

    def _contact_data(self) -> dict[str, Any]:
        """What people type; `typed` remembers what it means."""
        chance = self.chance
        self._numbers += 1
        tail = f"{5_000_000 + self._numbers}"
        number, address = f"+49171{tail}", f"c{self._numbers}@example.org"
        mobile = chance.choice(
            (
                number,
                f"0171 {tail}",
                f"0171/{tail}",
                f"0049171{tail}",
                f"Mobil: 0171 {tail}",
                f"0171 {tail} (privat)",
            )
        )
        wrong = chance.choice((f"0171 {tail} Ute", f"falsch: 0171 {tail}", f"030 {tail}", "keins"))
        self.typed |= {mobile: number, wrong: None, address: address, f" {address} ": address}
        self.typed |= {f"c{self._numbers}@": None, f"nr {self._numbers}": None}
        shared = [each.mobile for each in self.customers.values() if each.mobile] or [mobile]
        return {
            "mobile": chance.choices((mobile, wrong, "", chance.choice(shared)), (80, 8, 8, 4))[0],
            "phone": chance.choices(("", mobile, wrong), (80, 10, 10))[0],
            "email": chance.choices((address, f" {address} ", f"c{self._numbers}@", ""), (50, 5, 5, 40))[0],
        }

    def _change_contact(self) -> None:
        self._enter(replace(self._anybody(), **self._contact_data()), "has new contact data")

    def _change_preference(self) -> None:
        customer = self._anybody()
        self._enter(replace(customer, preferred_channel=self.chance.choice(PREFERENCES)), "prefers")

    def _change_consent(self) -> None:
        self._enter(replace(self._anybody(), reminder_consent=self.chance.random() < 0.7), "consents or not")

    def _contact_by_hand(self) -> None:
        moment = self.clock.now()
        if self.chance.random() < 0.1:
            moment += timedelta(hours=3)  # a typing error: it lies in the future
        self._enter(replace(self._anybody(), last_contacted_at=moment), "is contacted by hand")
