"""What an exported file says, line by line: frozen entries, and a reason for each line that is none.

The readers of the two kinds of file share this page: the names that columns have in the exports of
other programs, the forms in which people write times and names, and who a customer without an id is.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from terminbenachrichtigung.safe_text import one_line
from terminbenachrichtigung.schedule import values
from terminbenachrichtigung.schedule.values import Unreadable, shown

Value = str | bool | datetime | None

CANCELLED = "Storniert"
"""The status of a cancelled appointment; among `rules.excluded_statuses` unless somebody took it out."""

CUSTOMER_TEXTS = (
    "salutation",
    "first_name",
    "last_name",
    "mobile",
    "phone",
    "email",
    "preferred_channel",
    "language",
)
BRANCH_TEXTS = ("branch_code", "branch_name", "branch_phone", "branch_address", "branch_email")

HEADINGS: Mapping[str, str] = {
    "appointment_id": "appointment id, appointment number, appointment no, booking id, id, uid, "
    "Termin-ID, Terminnummer, Termin-Nr, Buchungsnummer, Buchungs-ID",
    "starts_at": "start, starts at, start time, begin, time, from, Beginn, Startzeit, Terminbeginn, Uhrzeit, "
    "Zeit, Von, Termin",
    "date": "date, day, start date, appointment date, Datum, Tag, Termindatum",
    "ends_at": "end, ends at, end time, to, Ende, Endzeit, Terminende, Bis",
    "status": "state, appointment status, Terminstatus",
    "type_name": "type, appointment type, service, Terminart, Termintyp, Art, Typ, Leistung, Behandlung",
    "is_group": "group, group appointment, Gruppe, Gruppentermin",
    "created_at": "created, booked at, booked on, Erstellt, Erstellt am, Angelegt am, Gebucht am",
    "branch_code": "branch, branch id, location, Filiale, Filialkürzel, Filial-Nr, Standort",
    "branch_name": "Filialname",
    "branch_phone": "Telefon Filiale, Filialtelefon",
    "branch_address": "Adresse Filiale, Filialadresse",
    "branch_email": "E-Mail Filiale",
    "customer_id": "customer number, customer no, client id, patient id, Kunden-ID, Kundennummer, "
    "Kunden-Nr, Patienten-ID, Patientennummer, Patienten-Nr",
    "name": "full name, customer, customer name, client, patient, patient name, Kunde, Kundenname, "
    "Patientenname",
    "salutation": "title, Anrede",
    "first_name": "given name, Vorname",
    "last_name": "surname, family name, Nachname, Familienname",
    "mobile": "mobile phone, mobile number, cell, cell phone, Mobil, Mobiltelefon, Mobilnummer, Handy, "
    "Handynummer",
    "phone": "telephone, phone number, tel, Telefon, Telefonnummer, Festnetz, Rufnummer",
    "email": "e-mail, mail, email address, E-Mail-Adresse",
    "preferred_channel": "preferred contact, Kontaktkanal, Bevorzugter Kontakt, Kontakt per",
    "reminder_consent": "consent, Einwilligung, Zustimmung",
    "language": "Sprache",
    "last_contacted_at": "last contact, last contacted, Letzter Kontakt",
}
"""By column: the headings that mean it beside its own name, in any case and with any punctuation."""

_WORDS = {"ja": True, "j": True, "yes": True, "y": True, "x": True, "wahr": True, "nein": False, "n": False}
_WORDS |= {"no": False, "falsch": False, "": False}
_CANCELLED_WORDS = {"storniert", "storno", "abgesagt", "gelöscht", "cancelled", "canceled", "deleted"}
_SALUTATIONS = ("Frau", "Herr", "Mr", "Mrs", "Ms")

_DATE = (
    r"(?:[^\W\d]+[.,]*\s+)?"  # Di., Dienstag,
    r"(?:(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})|(?P<D>\d{1,2})\.(?P<M>\d{1,2})\.(?P<Y>\d{4}|\d{2}))"
)
_TIME = (
    r"(?P<h>\d{1,2})[:.](?P<min>\d{2})(?::(?P<s>\d{2})(?:[.,]\d+)?)?(?:\s*Uhr)?\s*(?P<o>Z|[+-]\d{2}:?\d{2})?"
)
_WHOLE = re.compile(rf"{_DATE}(?:(?:\s*T|\s*,|)\s*{_TIME})?\Z", re.IGNORECASE)
_CLOCK = re.compile(rf"{_TIME}\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One appointment of the file. `values` has the columns that the file gives, and no others."""

    line: int
    appointment_id: str
    starts_at: datetime
    customer_id: str | None
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that says no appointment, and why; its id, where at least that could be read."""

    line: int
    reason: str
    appointment_id: str | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole file."""

    entries: tuple[Entry, ...]
    refused: tuple[Refused, ...] = ()
    warnings: tuple[str, ...] = ()
    complete: bool = True
    """Whether an appointment that the file does not name was cancelled."""


def column_of(heading: str) -> str | None:
    """The column that a heading means, or None for one that the tool has no use for."""
    return _COLUMNS.get(_folded(heading))


def _folded(heading: str) -> str:
    text = heading.casefold()
    for umlaut, plain in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        text = text.replace(umlaut, plain)
    return re.sub(r"[\W_]", "", text)


_COLUMNS = {
    _folded(heading): column for column, names in HEADINGS.items() for heading in (column, *names.split(","))
}


def moment(text: str, zone: ZoneInfo, day: str = "") -> datetime:
    """A time as exports write it, in UTC: 2026-11-24T09:00, 24.11.2026 9:00 Uhr; or its date in `day`.

    Without an offset it is local: the earlier one where the clock shows it twice, moved forward where
    the clock skips it. Raises Unreadable; also for 11/24/2026, which may be a day or a month first.
    """
    text = text.strip()
    if day.strip() and _CLOCK.match(text):
        text = f"{_day(day).isoformat()} {text}"
    found = _WHOLE.match(text)
    if found is None:
        raise Unreadable(f"not a date and time: {shown(text)}" if text else "missing")
    if found["h"] is None:
        raise Unreadable(f"has no time of day: {shown(text)}")
    offset = (found["o"] or "").upper()
    clock = f"{int(found['h']):02}:{found['min']}:{found['s'] or '00'}{offset}"
    try:
        read = datetime.fromisoformat(f"{_calendar_day(found).isoformat()}T{clock}")
    except ValueError:
        raise Unreadable(f"there is no such time: {shown(text)}") from None
    return in_utc(read, zone)


def in_utc(read: datetime, zone: ZoneInfo) -> datetime:
    """A moment of the file, of this century; raises Unreadable for any other."""
    if not 2000 <= read.year < 2100:
        raise Unreadable(f"lies outside the years 2000 to 2099: {read.date()}")
    return (read if read.tzinfo else read.replace(tzinfo=zone, fold=0)).astimezone(UTC)


def _day(text: str) -> date:
    found = _WHOLE.match(text.strip())
    if found is None:
        raise Unreadable(f"not a date: {shown(text)}")
    return _calendar_day(found)


def _calendar_day(found: re.Match[str]) -> date:
    year, month, day = (int(found[small] or found[large]) for small, large in ("yY", "mM", "dD"))
    try:
        return date(year + 2000 if len(found["Y"] or "") == len("26") else year, month, day)
    except ValueError:
        raise Unreadable(f"there is no such day: {shown(found[0])}") from None


def flag(text: str) -> bool:
    """A flag as exports write it: ja, nein, x, 1, true; empty is false. Raises Unreadable."""
    word = text.strip().casefold()
    return _WORDS[word] if word in _WORDS else values.boolean(word)


def status(text: str) -> str:
    """The status of a line: every word for a cancellation becomes `CANCELLED`."""
    return CANCELLED if text.strip().casefold() in _CANCELLED_WORDS else text.strip()


def customer(raw: Mapping[str, str]) -> tuple[str | None, dict[str, Value]]:
    """Who the customer is, and what the file says of them; without id, name and address there is none.

    A customer without an id gets one of their name and the end of their first number, or else their
    e-mail address: the same in every export, and however the number is typed.
    """
    said: dict[str, Value] = {name: raw[name].strip() for name in CUSTOMER_TEXTS if name in raw}
    if "name" in raw:
        for column, value in _names(raw["name"], whole="first_name" not in raw).items():
            if not said.get(column):
                said[column] = value
    customer_id = values.key(raw.get("customer_id", ""))
    if customer_id:
        return customer_id, said
    digits = next((d for n in ("mobile", "phone") if (d := re.sub(r"\D", "", raw.get(n, "")))), "")
    address = digits[-9:] or raw.get("email", "").strip()
    name = f"{said.get('first_name', '')} {said.get('last_name', '')}"
    if not name.strip() and not address:
        return None, {}
    known = one_line(f"{name}\n{address}".casefold())
    return "file-" + hashlib.sha256(known.encode()).hexdigest()[:16], said


def _names(text: str, *, whole: bool) -> dict[str, str]:
    """`Frau Ida Meier` and `Meier, Ida` in their parts; not whole: it is the last name beside a first."""
    text = one_line(text)
    if not whole:
        return {"last_name": text}
    found = {}
    word, _, rest = text.partition(" ")
    if word.rstrip(".") in _SALUTATIONS and rest:
        found["salutation"], text = word, rest
    last, comma, first = text.partition(",")
    if not comma:
        first, _, last = text.rpartition(" ")
    return found | {"first_name": first.strip(), "last_name": last.strip()}


def settled(entries: Iterable[Entry]) -> tuple[list[Entry], list[Refused]]:
    """Identical lines are one; different lines of one id are all refused: which one holds?"""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.appointment_id, []).append(entry)
    kept, refused = [], []
    for appointment_id, group in groups.items():
        if all(_said(entry) == _said(group[0]) for entry in group):
            kept.append(group[0])
            continue
        lines = ", ".join(str(entry.line) for entry in group)
        reason = f"appointment_id: {shown(appointment_id)} comes more than once, differently (lines {lines})"
        refused += [Refused(entry.line, reason, appointment_id) for entry in group]
    return kept, refused


def _said(entry: Entry) -> object:
    return entry.starts_at, entry.customer_id, entry.values
