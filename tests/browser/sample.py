"""A dozen customers for the page of the staff list, with what makes pages burst."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.model.reply import Answer
from terminbenachrichtigung.staff_list.entries import NO_START, Got, Matter, Said, StaffEntry
from terminbenachrichtigung.staff_list.reasons import StaffReason

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 6, 50, tzinfo=UTC)  # Tuesday, 07:50 in Berlin
START = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
SENT_AT = NOW - timedelta(hours=15)

_NAMES = [
    ("Frau Änne Öztürk-Großmüller", "0171 3920001", "", "anne.oeztuerk@example.org"),
    ("Herr Jürgen Weiß", "", "040 / 66 96 91 02", ""),
    ("Frau Dr. Maria-Magdalena von und zu Hohenlohe-Schillingsfürst", "0171 5555 Ute", "040 123456", ""),
    ("Herr Bernd Busch", "0171 3920004 (privat)", "", ""),
    ("Frau Helga Hahn", "0171 3920005", "040 66969105", "helga.hahn@ein-sehr-langer-name.example.org"),
    ("", "+491713920006", "", ""),
    ("Herr Lars Lorenz", "0171 3920007", "", ""),
    ("Frau Ines Iversen", "", "", "ines.iversen@example.org"),
    ("Frau Rita Richter", "0171 3920009", "", ""),
    ("Herr Søren Ångström", "0171 3920010", "", "soeren@example.org"),
    ("Frau Łucja Žižková", "0171 3920011; 040 66969111", "", ""),
    ("Herr Max Mustermann", "0171 3920012", "", ""),
]


_ANSWERS = {
    StaffReason.WANTS_TO_CANCEL: ("Nein",),
    StaffReason.REPLY: (
        "Könnte ich um 10:30 Uhr kommen? 🚌 Donaudampfschifffahrtsgesellschaftskapitänswitwenrente",
    ),
}


def customers(count: int = 12) -> tuple[StaffEntry, ...]:
    """So many customers, of whom one has two appointments."""
    return tuple(_customer(number) for number in range(count))


def _customer(number: int) -> StaffEntry:
    name, mobile, phone, email = _NAMES[number % len(_NAMES)]
    reason = list(StaffReason)[number % len(StaffReason)]
    start = START + timedelta(minutes=15 * number)
    matters = [_matter(str(4711 + number), start, reason)]
    if number % len(_NAMES) == 4:
        matters.append(_matter("4799", start + timedelta(hours=5), StaffReason.MANUAL_CONTACT))
    return StaffEntry(
        customer_id=str(101 + number),
        name=name,
        appointment_ids=tuple(matter.appointment_id for matter in matters),
        starts_at=start,
        reason=reason,
        detail="",
        mobile=mobile,
        phone=phone,
        email=email,
        branch_code="HH1",
        told=matters[0].told,
        matters=tuple(matters),
    )


def _matter(appointment_id: str, start: datetime, reason: StaffReason) -> Matter:
    told = start + timedelta(days=1) if reason is StaffReason.MOVED else None
    got: tuple[Got, ...] = ()
    if reason in (StaffReason.CANCELLED, StaffReason.MOVED):
        got = (Got("Terminerinnerung", Channel.SMS, State.SENT, SENT_AT, told or start),)
    if reason is StaffReason.UNKNOWN:
        got = (Got("Vorankündigung", Channel.EMAIL, State.UNKNOWN, SENT_AT, start),)
    words = _ANSWERS.get(reason, ())
    said = tuple(Said(SENT_AT + timedelta(minutes=20), text, Answer.OTHER) for text in words)
    return Matter(appointment_id, start, reason, "", told, "HH1", "Optik Hansen Altona", got, said, "Brief")


def stranger(number: int = 1) -> StaffEntry:
    """Somebody who answered, and whom nobody knows: the number is all that there is."""
    mobile = f"+4917155550{number:02}"
    matter = Matter(
        mobile,
        NO_START,
        StaffReason.REPLY,
        "",
        None,
        "",
        "",
        said=(Said(SENT_AT, "Wer ist da? Ich kenne Sie nicht.", Answer.OTHER),),
    )
    return StaffEntry(
        customer_id=mobile,
        name="",
        appointment_ids=(mobile,),
        starts_at=NO_START,
        reason=StaffReason.REPLY,
        detail="",
        mobile=mobile,
        phone="",
        email="",
        branch_code="",
        told=None,
        matters=(matter,),
    )
