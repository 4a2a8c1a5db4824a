"""The sample practice: customers and appointments that between them show what a run can do. Pure.

A run says `same_day` of what starts later today, and `missed` of what starts today and was not told in time.
One minute before midnight there is no later today. So the practice lies in a time zone in which it is daytime
now, Berlin if it is daytime there, and the clock times below keep their meaning at any hour.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from terminbenachrichtigung.model.appointment import HELD
from terminbenachrichtigung.model.plan import MessageOutcome, Reason

ZONES = ("Europe/Berlin", "Asia/Dubai", "America/Puerto_Rico", "Pacific/Honolulu", "Asia/Tokyo")
"""Six hours of each make up the whole day; Berlin is the only one with summer time."""
DAYTIME = (time(10), time(16))
"""By the practice's clock, `[from, until)`: before what happens today, and before the evening's reminder.

Due 48 hours ahead is at 10:00 what starts in two days until 10:00, or 09:00 if summer time ends in between.
"""
HOURS_AFTER_BOOKING = 2

REMINDER, EVENING_REMINDER = "Terminerinnerung", "Vorabend"
"""48 hours ahead, and the evening before at six."""

REFUSED = frozenset({"+491713920009", "+491713920010"})
"""Numbers that the gateway refuses for good."""
UNANSWERED = frozenset({"+491713920011"})
"""Numbers whose SMS gets no clear answer; asked later, the gateway does not know of it either."""
ANSWERS = {"101": "Ja, danke!", "105": "Darf mein Hund mitkommen?", "107": "Nein"}
"""By customer: what they answer to the first run's SMS, where the gateway can be answered."""
MOVED, MOVED_TO = "503", "09:10"
"""The appointment that the desk moves once its customer was told, and the time of the same day to which."""
CLAIMED_BESIDE = "111"
"""The customer to whom another run is writing while the first run is at work."""
HELD_BACK = "120"
"""The customer whom `[safety] only_recipients` leaves out."""


@dataclass(frozen=True, slots=True)
class Customer:
    """One row of the table `customers`."""

    customer_id: str
    salutation: str
    first_name: str
    last_name: str
    mobile: str = ""
    email: str = ""
    preferred_channel: str = ""
    reminder_consent: bool = True
    language: str = "de"
    last_contacted_at: datetime | None = None

    @property
    def name(self) -> str:
        """The name as people say it."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True)
class Booking:
    """One row of the table `appointments`, and what it is there for."""

    appointment_id: str
    customer_id: str | None
    starts_at: datetime  # UTC, as all datetimes here
    created_at: datetime
    shows: Reason | MessageOutcome
    """What the first run is to make of it, for the reminder that it is about."""
    type_code: str = "sehtest"
    branch_code: str = "HH1"
    status: str = "Geplant"
    is_group: bool = False
    import_state: str = ""

    @property
    def ends_at(self) -> datetime:
        """Half an hour later."""
        return self.starts_at + timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Scenario:
    """The practice at one moment."""

    now: datetime
    zone: ZoneInfo
    first_run: datetime
    """Yesterday's run; only what was booked before it was in the schedule then."""
    customers: tuple[Customer, ...]
    bookings: tuple[Booking, ...]

    @property
    def today(self) -> date:
        """By the practice's clock."""
        return self.now.astimezone(self.zone).date()

    @property
    def moved_to(self) -> datetime:
        """Where the appointment stands that the desk moves."""
        day = self.booking(MOVED).starts_at.astimezone(self.zone).date()
        return datetime.combine(day, time.fromisoformat(MOVED_TO), self.zone).astimezone(UTC)

    def name(self, customer_id: str | None) -> str:
        """A customer's name, or that there is none."""
        names = {customer.customer_id: customer.name for customer in self.customers}
        return "(no customer)" if customer_id is None else names[customer_id]

    def booking(self, appointment_id: str) -> Booking:
        """The appointment with this id."""
        return {booking.appointment_id: booking for booking in self.bookings}[appointment_id]

    def shows(self, reason: Reason) -> Booking:
        """The one appointment that is there to show a reason."""
        (booking,) = [booking for booking in self.bookings if booking.shows is reason]
        return booking

    def who_shows(self, reason: Reason) -> str:
        """The name of the one customer who is there to show a reason."""
        return self.name(self.shows(reason).customer_id)

    def clock(self, moment: datetime) -> str:
        """A moment as the people of the practice say it: `tomorrow 08:15`."""
        local = moment.astimezone(self.zone)
        days = (local.date() - self.today).days
        word = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days, f"{local:%a}")
        return f"{word} {local:%H:%M}"


def zone_for(now: datetime) -> ZoneInfo:
    """The first of the zones in which it is daytime now."""
    opens, closes = DAYTIME
    return next(zone for zone in map(ZoneInfo, ZONES) if opens <= now.astimezone(zone).time() < closes)


def scenario(now: datetime) -> Scenario:
    """The practice as it is at `now` (UTC), whatever the hour and the day."""
    zone = zone_for(now)

    def at(days: int, clock: str) -> datetime:
        day = now.astimezone(zone).date() + timedelta(days=days)
        return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)

    since = at(-1, "18:30")  # after yesterday's run: it told nobody of these
    sent, failed, unknown = MessageOutcome.SENT, MessageOutcome.FAILED, MessageOutcome.UNKNOWN
    bookings = (
        # who gets a message
        Booking("501", "101", at(1, "08:00"), since, sent),
        Booking("502", "102", at(1, "08:05"), since, sent, "hoertest", "HH2"),
        Booking("503", "103", at(1, "08:10"), since, sent),
        Booking("504", "104", at(2, "08:30"), since, sent, "hoertest", "HH2"),
        Booking("505", "105", at(1, "08:15"), since, sent),
        Booking("506", "106", at(1, "08:15"), since, sent, "hoertest"),
        Booking("507", "107", at(1, "08:20"), since, sent),
        Booking("508", "107", at(2, "17:30"), since, sent, "hoertest"),  # not due yet, but goes along
        Booking("509", "108", at(1, "08:25"), since, sent),
        Booking("510", "109", at(1, "08:30"), since, failed),
        Booking("511", "110", at(1, "08:35"), since, unknown),
        # appointments that are not notified
        Booking("521", None, at(1, "08:00"), since, Reason.NO_CUSTOMER),
        Booking("522", "101", at(1, "08:40"), since, Reason.GROUP_APPOINTMENT, "kurs", is_group=True),
        Booking("523", "102", at(1, "08:40"), since, Reason.TYPE_NOT_ALLOWED, "abholung"),
        Booking("524", "103", at(1, "08:40"), since, Reason.STATUS_EXCLUDED, status="Storniert"),
        Booking("525", "104", at(1, "08:45"), since, Reason.BRANCH_EXCLUDED, branch_code="TEST"),
        # what the journal and the clock say
        Booking("531", "112", at(0, "16:45"), at(-14, "11:00"), Reason.ALREADY_NOTIFIED),
        Booking("532", CLAIMED_BESIDE, at(1, "08:45"), since, Reason.IN_PROGRESS),
        Booking("533", "113", at(0, "16:30"), at(-1, "17:55"), Reason.MISSED),
        Booking("534", "114", at(0, "17:00"), at(0, "08:10"), Reason.SAME_DAY),
        Booking("535", "115", at(1, "08:50"), now - timedelta(minutes=20), Reason.BOOKED_RECENTLY),
        Booking("536", "122", at(1, "08:55"), since, Reason.HELD, import_state=HELD),
        # what the customer says
        Booking("541", "116", at(1, "08:30"), since, Reason.OPTED_OUT),
        Booking("542", "117", at(1, "08:35"), since, Reason.NO_CONSENT),
        Booking("543", "118", at(1, "08:40"), since, Reason.MANUAL_CONTACT),
        Booking("544", "119", at(1, "08:50"), since, Reason.NO_CONTACT),
        Booking("545", "121", at(1, "08:55"), since, Reason.RECENTLY_NOTIFIED),
        Booking("546", HELD_BACK, at(1, "08:55"), since, Reason.HELD_BACK),
    )
    return Scenario(now, zone, at(-1, "17:50"), _customers(now - timedelta(hours=1)), bookings)


def _customers(an_hour_ago: datetime) -> tuple[Customer, ...]:
    # Numbers that the Bundesnetzagentur keeps free for films and examples.
    return (
        Customer("101", "Frau", "Anna", "Adler", "0171 3920001", "anna.adler@example.org"),
        Customer("102", "Herr", "Bernd", "Busch", "0171 3920002", "bernd.busch@example.org", "E-Mail"),
        Customer("103", "Mrs", "Emma", "Clarke", "+49 (0)171 3920003", language="en"),
        Customer("104", "Madame", "Françoise", "Dubois", "", "f.dubois@example.org", language="fr"),
        Customer("105", "Frau", "Erika", "Ehlers", "0171 3920005"),
        Customer("106", "Herr", "Emil", "Ehlers", "0171/3920005"),
        Customer("107", "Frau", "Frieda", "Fuchs", "Mobil: 0171 3920007"),
        Customer("108", "Herr", "Georg", "Gruber", "0171 3920009", "georg.gruber@example.org"),
        Customer("109", "Frau", "Helga", "Hahn", "0171 3920010"),
        Customer("110", "Frau", "Ines", "Iversen", "0171 3920011"),
        Customer(CLAIMED_BESIDE, "Frau", "Karla", "Keller", "0171 3920012"),
        Customer("112", "Herr", "Jan", "Jansen", "0171 3920013"),
        Customer("113", "Herr", "Lars", "Lorenz", "0171 3920014"),
        Customer("114", "Frau", "Mia", "Maurer", "0171 3920015"),
        Customer("115", "Herr", "Nils", "Neumann", "0171 3920016"),
        Customer("116", "Frau", "Olga", "Otto", "0171 3920017", preferred_channel="keine"),
        Customer("117", "Herr", "Paul", "Peters", "0171 3920018", reminder_consent=False),
        Customer("118", "Frau", "Rita", "Richter", "0171 3920019", preferred_channel="Brief"),
        Customer("119", "Herr", "Stefan", "Schulz", "0171 3920020 Ute"),
        Customer("121", "Frau", "Tina", "Thoma", "0171 3920021", last_contacted_at=an_hour_ago),
        Customer("122", "Herr", "Theo", "Timm", "0171 3920023"),
        Customer(HELD_BACK, "Herr", "Uwe", "Ulrich", "0171 3920022"),
    )
