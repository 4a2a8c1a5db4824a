"""The people at the front desk: they book, move, cancel, and change their minds, at random."""

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from simulation.clock import Clock
from simulation.schedule_file import BRANCHES, Booking, Customer, ScheduleFile

_WORDS = ("sms", "SMS", "email", "E-Mail ", "brief", "Letter", "telefon", "none", "Keine", "fax")
PREFERENCES = (*("",) * 4, *_WORDS)
STATUSES = ("Geplant", "Bestätigt", "", "storniert ", "Geplatzt")


@dataclass
class FrontDesk:
    """Everything that people do to the schedule."""

    schedule: ScheduleFile
    zone: ZoneInfo
    clock: Clock
    chance: random.Random
    local_text: bool
    """Whether starts are written as the clock on the wall shows them, or in UTC with a Z."""
    log: Callable[[str, str], None]
    """Told (customer, what happened)."""
    typed: dict[str, str | None] = field(default_factory=lambda: {"": None})
    """What each text in a phone or e-mail field means."""
    touched: set[str] = field(default_factory=set)
    """Customers about whom something changed since this was last emptied."""
    _starts: dict[str, list[tuple[datetime, str]]] = field(default_factory=lambda: defaultdict(list))
    """The earlier starts of an appointment that was moved."""
    _persons: dict[str, str] = field(default_factory=dict)
    """Of each name that was corrected: the person, by their first name in the schedule."""
    _about: Sequence[str] = ()
    _numbers: int = 0

    def welcome(self, count: int) -> None:
        """The first customers, and their appointments of the next weeks."""
        for number in range(1, count + 1):
            preferred = self.chance.choice((*("",) * 20, *PREFERENCES))
            customer = Customer(f"C{number}", f"Berger C{number}", preferred_channel=preferred)
            consents = self.chance.random() < 0.8
            customer = replace(customer, reminder_consent=consents)
            self._enter(self._with_contact_data(customer), "is a customer")
        for _ in range(count * 3 // 2):
            self._book()

    def do_something(self, about: Sequence[str] = ()) -> None:
        """One act of one person; mostly about one of these appointments, if there are any."""
        self._about = [name for name in about if name in self.schedule.bookings]
        acts: dict[Callable[[], None], int] = {
            self._book: 30,
            self._move: 12,
            self._move_back: 5,
            self._change_status: 6,
            self._restore: 4,
            self._change_contact: 6,
            self._change_preference: 4,
            self._change_consent: 2,
            self._contact_by_hand: 4,
            self._reassign: 4,
            self._delete: 2,
            self._change_kind: 3,
            self._enter_twice: 3,
            self._merge: 3,
            self._renumber: 2,
            self._make_anew: 3,
            self._correct_name: 2,
            self._shift_by_seconds: 2,
        }
        (act,) = self.chance.choices(list(acts), list(acts.values()))
        act()

    # ---------------------------------------------------------------- appointments

    def _keep(self, booking: Booking, what: str) -> None:
        before = self.schedule.bookings.get(booking.appointment_id, booking)
        self.schedule.book(booking)
        for customer in dict.fromkeys((before.customer_id, booking.customer_id)):
            if customer is not None:
                self._note(customer, f"{booking.appointment_id} {what}: {booking}")

    def _note(self, customer: str, what: str) -> None:
        self.touched.add(customer)
        self.log(customer, what)

    def _book(self) -> None:
        """A new appointment: often of a customer who has one, and often for tomorrow."""
        chance, now = self.chance, self.clock.now()
        soon = [booking for booking in self.schedule.bookings.values() if booking.starts_at > now]
        if soon and chance.random() < 0.3:
            other = chance.choice(soon[-40:])
            customer = other.customer_id
            start, written = self._start(other.starts_at.astimezone(self.zone))
        else:
            customer = chance.choice(list(self.schedule.customers))
            start, written = self._start()
        self._numbers += 1
        booking = Booking(
            f"A{self._numbers}",
            start,
            written,
            None if chance.random() < 0.02 else customer,
            now if chance.random() < 0.8 else now - timedelta(days=20),
            type_notifiable=chance.random() > 0.04,
            is_group=chance.random() < 0.04,
            branch_code=chance.choice(list(BRANCHES)),
        )
        self._keep(booking, "is booked")

    def _start(self, near: datetime | None = None) -> tuple[datetime, str]:
        """A start: mostly at a quarter of an opening hour by the practice's clock, sometimes anywhere."""
        chance = self.chance
        if near is not None:
            day = near.date() + timedelta(days=chance.choice((0, 0, 0, 0, 1)))
        else:
            today = (self.clock.now() + timedelta(minutes=30)).astimezone(self.zone).date()
            day = today + timedelta(days=chance.choice((0, 1, 1, 1, 2, 2, 3, 4, 5, 7, 9)))
        clock = time(chance.randrange(8, 18), chance.choice((0, 15, 30, 45)))
        if chance.random() < 0.15:
            clock = time(chance.randrange(24), chance.choice((0, 1, 29, 30, 59)))
        wall = datetime.combine(day, clock, self.zone)
        if wall.astimezone(UTC) <= self.clock.now():
            wall += timedelta(days=1)
        start = wall.astimezone(UTC)
        return start, f"{wall:%Y-%m-%d %H:%M:%S}" if self.local_text else f"{start:%Y-%m-%dT%H:%MZ}"

    def _ahead(self) -> Booking | None:
        """An appointment that people still care about: mostly one of the next days."""
        if self._about and self.chance.random() < 0.7:
            return self.schedule.bookings[self.chance.choice(self._about)]
        now = self.clock.now()
        ahead = [booking for booking in self.schedule.bookings.values() if booking.starts_at > now]
        ahead.sort(key=lambda booking: booking.starts_at)
        if not ahead:
            return None
        return self.chance.choice(ahead[:40] if self.chance.random() < 0.7 else ahead)

    def _move(self) -> None:
        if (booking := self._ahead()) is not None:
            near = booking.starts_at.astimezone(self.zone) if self.chance.random() < 0.5 else None
            self._move_to(booking, *self._start(near), "is moved")

    def _move_to(self, booking: Booking, start: datetime, written: str, what: str) -> None:
        self._starts[booking.appointment_id].append((booking.starts_at, booking.written_start))
        self._keep(replace(booking, starts_at=start, written_start=written), what)

    def _move_back(self) -> None:
        """A, then B, then A again."""
        now, moved = self.clock.now(), []
        for name, starts in self._starts.items():
            booking = self.schedule.bookings.get(name)
            if booking is not None and (not self._about or name in self._about):
                moved += [(booking, *each) for each in starts if now < each[0] != booking.starts_at]
        if moved:
            self._move_to(*self.chance.choice(moved), "is moved back")

    def _change_status(self) -> None:
        if (booking := self._ahead()) is not None:
            self._keep(replace(booking, status=self.chance.choice(STATUSES)), "has another status")

    def _restore(self) -> None:
        now = self.clock.now()
        gone = [
            booking
            for booking in self.schedule.bookings.values()
            if booking.status in ("storniert ", "Geplatzt") and booking.starts_at > now
        ]
        if gone:
            self._keep(replace(self.chance.choice(gone), status="Geplant"), "is restored")

    def _reassign(self) -> None:
        if (booking := self._ahead()) is not None:
            other = self.chance.choice(list(self.schedule.customers))
            self._keep(replace(booking, customer_id=other), "is another customer's")

    def _delete(self) -> None:
        if (booking := self._ahead()) is not None:
            self.schedule.delete(booking.appointment_id)
            self._note(booking.customer_id or "", f"{booking.appointment_id} is deleted")

    def _change_kind(self) -> None:
        if (booking := self._ahead()) is not None:
            group, notifiable = self.chance.random() < 0.4, self.chance.random() < 0.6
            self._keep(replace(booking, is_group=group, type_notifiable=notifiable), "is of another kind")

    # ---------------------------------------------------------------- who is who

    def person_of(self, name: str) -> str:
        """The person whose name was written so."""
        return self._persons.get(name, name)

    def _enter_twice(self) -> None:
        """A record of its own for somebody who has one, and an appointment in it."""
        if (booking := self._ahead()) is None or booking.customer_id is None:
            return
        self._numbers += 1
        twin = replace(self.schedule.customers[booking.customer_id], customer_id=f"D{self._numbers}")
        self._enter(twin, f"is {booking.customer_id} once more")
        start, written = self._start()
        self._numbers += 1
        again = replace(booking, appointment_id=f"A{self._numbers}", customer_id=twin.customer_id)
        self._keep(replace(again, starts_at=start, written_start=written), "is booked for a second record")

    def _merge(self) -> None:
        """Two records of one person become one: the appointments of both, under one id."""
        records = defaultdict(list)
        for customer in self.schedule.customers.values():
            records[customer.last_name].append(customer.customer_id)
        several = [ids for ids in records.values() if len(ids) > 1]
        if several:
            kept, *others = self.chance.sample(ids := self.chance.choice(several), len(ids))
            self._give_all(others, kept, "is merged")

    def _renumber(self) -> None:
        """The program gives a customer another id."""
        old = self._anybody()
        self._numbers += 1
        new = replace(old, customer_id=f"N{self._numbers}")
        self._enter(new, f"was {old.customer_id}")
        self._give_all([old.customer_id], new.customer_id, "is renumbered")

    def _give_all(self, owners: Sequence[str], to: str, what: str) -> None:
        for booking in list(self.schedule.bookings.values()):
            if booking.customer_id in owners:
                self._keep(replace(booking, customer_id=to), what)
        for each in owners:
            self.schedule.retire(each)

    def _make_anew(self) -> None:
        """A calendar program deletes an appointment and makes the same under another id."""
        if (booking := self._ahead()) is not None:
            self._numbers += 1
            self.schedule.delete(booking.appointment_id)
            self._keep(replace(booking, appointment_id=f"A{self._numbers}"), f"was {booking.appointment_id}")

    def _correct_name(self) -> None:
        """Another spelling; all records of the person keep their ids."""
        old = self._anybody()
        self._numbers += 1
        name = f"Bergner {old.customer_id}x{self._numbers}"  # a number of six digits is no name
        self._persons[name] = self.person_of(old.last_name)
        for customer in list(self.schedule.customers.values()):
            if customer.last_name == old.last_name:
                self._enter(replace(customer, last_name=name), "is written otherwise")

    def _shift_by_seconds(self) -> None:
        """Nobody can see that in a text."""
        if (booking := self._ahead()) is not None:
            start = booking.starts_at.replace(second=self.chance.randrange(60))
            wall = start.astimezone(self.zone)
            written = f"{wall:%Y-%m-%d %H:%M:%S}" if self.local_text else f"{start:%Y-%m-%dT%H:%M:%SZ}"
            self._keep(replace(booking, starts_at=start, written_start=written), "shifts by seconds")

    # ---------------------------------------------------------------- customers

    def _enter(self, customer: Customer, what: str) -> None:
        self.schedule.enter(customer)
        self._note(customer.customer_id, f"{what}: {', '.join(map(str, vars(customer).values()))}")

    def _anybody(self) -> Customer:
        """Mostly somebody with an appointment ahead."""
        customers = self.schedule.customers
        booking = self._ahead() if self.chance.random() < 0.8 else None
        if booking is not None and booking.customer_id is not None:
            return customers[booking.customer_id]
        return self.chance.choice(list(customers.values()))

    def _with_contact_data(self, customer: Customer) -> Customer:
        """New ones, as people type them; `typed` remembers what they mean."""
        chance = self.chance
        self._numbers += 1
        tail = f"{5_000_000 + self._numbers}"
        number, address = f"+49171{tail}", f"c{self._numbers}@example.org"
        forms = (number, "0171 {}", "0171/{}", "0049171{}", "Mobil: 0171 {}", "0171 {} (privat)")
        mobile = chance.choice(forms).format(tail)
        wrong = chance.choice(("0171 {} Ute", "falsch: 0171 {}", "030 {}", "keins")).format(tail)
        no_address = f"c{self._numbers}@"
        self.typed |= {mobile: number, wrong: None, address: address, no_address: None}
        shared = chance.choice([each.mobile for each in self.schedule.customers.values()] or [mobile])
        return replace(
            customer,
            mobile=chance.choices((mobile, wrong, "", shared), (80, 8, 8, 4))[0],
            phone=chance.choices(("", mobile, wrong), (80, 10, 10))[0],
            email=chance.choices((address, f" {address} ", no_address, ""), (50, 5, 5, 40))[0],
        )

    def _change_contact(self) -> None:
        self._enter(self._with_contact_data(self._anybody()), "has new contact data")

    def _change_preference(self) -> None:
        preferred = self.chance.choice(PREFERENCES)
        self._enter(replace(self._anybody(), preferred_channel=preferred), "prefers another way")

    def _change_consent(self) -> None:
        consents = self.chance.random() < 0.7
        self._enter(replace(self._anybody(), reminder_consent=consents), "consents or not")

    def _contact_by_hand(self) -> None:
        moment = self.clock.now()
        if self.chance.random() < 0.1:
            moment += timedelta(hours=3)  # a typing error: it lies in the future
        self._enter(replace(self._anybody(), last_contacted_at=moment), "is contacted by hand")
