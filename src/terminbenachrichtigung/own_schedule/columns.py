"""What headings mean in the exports of other programs, and what the words below them mean."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from terminbenachrichtigung.errors import ConfigError

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
LEAVE = {"sms_allowed": "sms_refused", "email_allowed": "email_refused"}
"""The customer's leave for one channel, and what takes it back; an empty cell allows."""

BRANCH_TEXTS = ("branch_code", "branch_name", "branch_phone", "branch_address", "branch_email")

HEADINGS: Mapping[str, str] = {
    "appointment_id": "appointment id, appointment number, appointment no, booking id, id, uid, "
    "Termin-ID, Terminnummer, Termin-Nr, Buchungsnummer, Buchungs-ID, "
    "Identifiant, N° RDV, N° rendez-vous, Numéro de rendez-vous, ID rendez-vous, "
    "booking number, booking no, Buchungs-Nr",
    "starts_at": "start, starts at, start time, begin, time, from, Beginn, Startzeit, Terminbeginn, Uhrzeit, "
    "Zeit, Von, Termin, Beginnt um, start date time, start datetime, appointment time, "
    "date time, date and time, Datum und Uhrzeit, Datum Uhrzeit, "
    "Début, Heure, Heure de début, Commence à, Date et heure, Date et heure de début, "
    "Termin von, Zeit von, Uhrzeit von, Terminzeit, Termin um",
    "date": "date, day, start date, appointment date, Datum, Tag, Termindatum, Termin am, Beginnt am, "
    "Startdatum, Am, "
    "Jour, Date de début, Commence le, Date du rendez-vous, Date RDV",
    "ends_at": "end, ends at, end time, to, Ende, Endzeit, Terminende, Bis, Endet um, end date time, "
    "Fin, Heure de fin, Heure fin, Finit à, Se termine à, Date et heure de fin, "
    "Termin bis, Zeit bis, Uhrzeit bis",
    "end_date": "end date, Enddatum, Endet am, Date de fin, Finit le, Se termine le",
    "time_zone": "time zone, timezone, tz, tzid, start time zone, Zeitzone, Zeitzone des Beginns, "
    "Fuseau horaire",
    "all_day": "all day, all day event, Ganztägig, Ganztägiges Ereignis, Ganztags, "
    "Journée entière, Toute la journée",
    "status": "state, appointment status, booking status, Terminstatus, Buchungsstatus, "
    "Statut, État, Statut du rendez-vous, État du rendez-vous, Statut RDV, appointment state, booking state",
    "cancelled": "canceled, cancelled at, canceled at, cancelled on, canceled on, is cancelled, is canceled, "
    "cancellation date, cancelled date, canceled date, deleted, deleted at, deleted on, "
    "Storniert, Storniert am, Storno, Storno am, Stornodatum, Stornierung am, Stornierungsdatum, Abgesagt, "
    "Abgesagt am, Absage, Absage am, Absagedatum, Annulliert, Annulliert am, Gelöscht, Gelöscht am, "
    "Annulé, Annulé le, Annulation, Date d'annulation, Supprimé, Supprimé le",
    "type_name": "type, appointment type, event type, event type name, "
    "service, services, service name, treatment, treatments, Dienstleistung, Dienstleistungen, Terminart, "
    "Termintyp, Art, Typ, Leistung, Leistungen, Behandlung, Behandlungen, categories, category, Kategorie, "
    "Kategorien, Motif, Motif de consultation, Type de rendez-vous, Prestation, Prestations, Catégorie",
    "is_group": "group, group appointment, Gruppe, Gruppentermin, Groupe",
    "created_at": "created, booked at, booked on, Erstellt, Erstellt am, Angelegt am, Gebucht am, "
    "Créé le, Date de création",
    "branch_code": "branch, branch id, location, Filiale, Filialkürzel, Filial-Nr, Standort, "
    "Agence, Succursale, Magasin, Cabinet",
    "branch_name": "Filialname",
    "branch_phone": "Telefon Filiale, Filialtelefon",
    "branch_address": "Adresse Filiale, Filialadresse",
    "branch_email": "E-Mail Filiale",
    "customer_id": "customer number, customer no, client id, patient id, Kunden-ID, Kundennummer, "
    "Kunden-Nr, Patienten-ID, Patientennummer, Patienten-Nr, "
    "N° client, Numéro client, Numéro de client, ID client, N° patient, Numéro patient, ID patient, "
    "Kunde-ID, Kunde-Nr, Patient-Nr, Pat-Nr, Kd-Nr, patient number, patient no, client number, client no",
    "name": "full name, customer, customer name, Kundin, Patientin, "
    "client, client name, patient, patient name, Kunde, "
    "Kundenname, Patientenname, invitee, invitee name, Nom, Nom complet, Nom et prénom, "
    "Name Vorname, Nachname Vorname, Vorname Name, Vorname Nachname, Vor- und Nachname, first and last name",
    "salutation": "title, Anrede, Civilité",
    "first_name": "given name, Vorname, Prénom",
    "last_name": "surname, family name, Nachname, Familienname, Nom de famille",
    "mobile": "mobile phone, mobile number, cell, cell phone, Mobil, Mobiltelefon, Mobilnummer, Handy, "
    "Handynummer, Mobilfunk, Mobilfunknummer, cellphone, Portable, Natel",
    "phone": "telephone, phone number, tel, Telefon, Telefonnummer, Festnetz, Rufnummer, Téléphone, Tél, "
    "contact number, contact phone, Kontaktnummer, Kontakttelefon",
    "email": "e-mail, mail, email address, E-Mail-Adresse, "
    "Courriel, Adresse e-mail, Adresse mail, Adresse électronique",
    "preferred_channel": "preferred contact, Kontaktkanal, Bevorzugter Kontakt, Kontakt per, Erinnerung per, "
    "Benachrichtigung per, Bevorzugter Kontaktweg, Bevorzugter Kanal, preferred contact method",
    "reminder_consent": "consent, Einwilligung, Zustimmung, Consentement, Einverständnis, "
    "Erinnerung erlaubt, Erinnerung erwünscht, Erinnerung gewünscht",
    "sms_allowed": "SMS erlaubt, SMS-Erlaubnis, SMS-Einwilligung, Einwilligung SMS, SMS-Zustimmung, "
    "SMS erwünscht, SMS gewünscht, SMS consent, SMS opt-in, accepts SMS, Consentement SMS, Accord SMS",
    "email_allowed": "E-Mail erlaubt, Mail erlaubt, E-Mail-Erlaubnis, E-Mail-Einwilligung, "
    "Einwilligung E-Mail, E-Mail-Zustimmung, E-Mail erwünscht, E-Mail gewünscht, email consent, "
    "email opt-in, accepts email, Consentement e-mail, Accord e-mail",
    "sms_refused": "Keine SMS, SMS gesperrt, SMS-Sperre, no SMS, SMS opt-out, SMS abgemeldet, pas de SMS",
    "email_refused": "Keine E-Mail, Keine E-Mails, Keine Mails, E-Mail gesperrt, E-Mail-Sperre, no email, "
    "email opt-out, E-Mail abgemeldet, pas d'e-mail",
    "language": "Sprache, Langue",
    "last_contacted_at": "last contact, last contacted, Letzter Kontakt",
    "subject": "summary, Betreff, Titel, event, event title, Objet",
    "description": "Beschreibung, details",
}
"""By column: the headings that mean it, besides its own name. Case and punctuation do not count."""

_UTC = re.compile(
    r"[(\[]?((?:(?<![^\W_])(?:UTC|GMT|Zulu)|(?-i:(?<=[a-z])U(?:TC|tc)))(?:\s*[+-]\s*\d{1,2}(?::?\d\d)?)?)"
    r"(?![^\W_])[)\]]?",
    re.I,
)
LAST_NAME_FIRST = frozenset({"namevorname", "nachnamevorname"})
"""Headings, folded, below which `Meier Ida` is written in this order."""

CONTACT = (
    *CUSTOMER_TEXTS,
    *LEAVE,
    *LEAVE.values(),
    "name",
    "customer_id",
    "reminder_consent",
    "last_contacted_at",
)
_OF_THE_CUSTOMER = re.compile(
    r"^\W*{0}[\W_]*(?:des|der|vom)?(?=\w)"
    r"|(?<=[^\W_])[\W_]+(?:(?:des|der|vom|du|de la|of the)\s+)?{0}\W*$".format(
        r"(?:kund(?:en|e|in)|patient(?:en|e|in)?|clients?|customers?|invitee|gast)"
    ),
    re.I,
)
_MOBILE_WORDS = frozenset(
    {
        "mobil",
        "mobile",
        "handy",
        "cell",
        "mobilfunk",
        "mobilnummer",
        "handynummer",
        "portable",
        "gsm",
        "natel",
    }
)
_PHONE_WORDS = _MOBILE_WORDS | {
    *("telefon", "tel", "telefonnummer", "phone", "rufnummer", "festnetz", "telephone", "fixe")
}
_BESIDE_PHONES = """
    nummer nr number no numero de 1 2 3 main primary
    privat priv geschaeftlich gesch dienstlich buero arbeit zuhause firma tagsueber abends
    home work business domicile bureau travail prive professionnel personnel
"""
_OF_PHONES = frozenset(_BESIDE_PHONES.split())
"""Words that may stand beside a word for a phone: `Telefon privat`, `Handy-Nr.`."""

_RUNNING_HEADINGS = """
    lfd lfdnr lfdnummer laufendenr laufendenummer laufnr laufnummer zeile zeilennr zeilennummer
    index row rowno rownumber slno sno serialno
"""
_RUNNING = frozenset(_RUNNING_HEADINGS.split())

_TRUE = frozenset(
    {
        *("ein", "on", "ja", "j", "yes", "y", "x", "wahr", "true", "t", "1", "1.0", "-1", "oui", "vrai"),
        *("✓", "✔", "☑"),
    }
)
_FALSE = frozenset(
    {"aus", "off", "nein", "n", "no", "falsch", "false", "f", "0", "0.0", "", "non", "faux", "-", "☐"}
)

# The words after `?!` are no cancellations: abgeschlossen, abgesprochen, abgestimmt.
_CANCELLED_STEM = (
    r"(?:storn|abges(?!ch|pr|t[ie])|annul|cancel|entf|declin|geplatzt|no[ _-]?show|absage"
    r"|gel(?:ö|oe)sch|delet|abgelehnt|reject|décli|refus|supprim)"
)
_CANCELLED_STATUS = re.compile(rf"\s*{_CANCELLED_STEM}", re.I)
# Whole words only: people are called Cancellara, Stornig, Deletaille.
_TITLE_END = (
    r"(?:storn(?:o|ier(?:t(?:e[rs]?)?|ung|en))|abges(?:agt(?:e[rs]?)?)?|absage|annul(?:l?iert|lierung|led|l?ation|ée?)|"
    r"cancell?(?:ed|ation)|entfällt|entfallen|declined?|geplatzt|no[ _-]?show|gelöscht|geloescht|deleted?|"
    r"abgelehnt|rejected|déclinée?|refusée?|supprimée?)"
)
_TITLE_WORD = rf"(?:{_TITLE_END}|cancel(?=\s*:|\s+[-–—]|\s*$))"  # elsewhere it may be a name
_BEFORE_TITLE = re.compile(rf"[\[(*]?\s*{_TITLE_WORD}\.?\s*(?:[:\-–—\[\](|!*]|$)\s*", re.I)
_BEHIND_TITLE = re.compile(rf"(?:(?<!\s)\s*[:–—|(\[*!]|\s-)\s*{_TITLE_END}\s*[\])!.*]*\s*$", re.I)
_IN_TITLE = re.compile(rf"(?<![^\W_])(?:{_TITLE_END}|cancel)(?![^\W_])", re.I)
_LONGEST_NAME = 200  # signs; a longer one is a file by mistake, and would cost seconds
_NO_NAME = re.compile(
    r"[\s,;:|(\[*!–—-]*(?<![^\W_])(?:storniert|abgesagt|annulliert|annulée?|cancell?ed|entfällt|entfallen|declined|"
    r"gelöscht|geloescht|deleted|abgelehnt|rejected|no[ _-]?show)(?![^\W_])[\s,;:|)\]*!.–—-]*",
    re.I,
)
# `Stornieren` is what somebody may do: a link in a description, a button in a table.
_ONLY_CANCELLED = re.compile(
    r"\W*(?!entf(?!ä|a)|(?:stornieren|absagen|annul(?:l?ieren|er)|supprimer|refuser|décliner)\W*$)"
    rf"{_CANCELLED_STEM}\w*\W*",
    re.I,
)
_CANCELLED_WORD = re.compile(rf"(?<![^\W_]){_CANCELLED_STEM}", re.I)


@dataclass(frozen=True, slots=True)
class Understood:
    """Which heading is used as what."""

    columns: Mapping[str, int]  # by column: its place in a row
    cancelled: tuple[int, ...]  # the places of columns that say whether it is cancelled
    headings: Mapping[str, str]  # by column: the heading, as the file has it
    unused: tuple[str, ...]  # headings that mean nothing to the tool
    left: tuple[int, ...] = ()  # places neither used nor ignored, with or without a heading
    zone: str = ""  # what the heading of the start says of it: "Start (UTC)", "Start (GMT+1)"


def column_of(heading: str) -> str | None:
    """The column that a heading means, or None for one that the tool has no use for."""
    if column := _COLUMNS.get(folded(heading)):
        return column
    customers = _COLUMNS.get(folded(_OF_THE_CUSTOMER.sub("", heading, count=1)))
    if customers in CONTACT:
        return customers
    apart = re.sub(r"(?<=[a-zäöü])(?=[A-ZÄÖÜ])", " ", heading)  # TelMobil
    words = frozenset(re.findall(r"\w+", _plain(_OF_THE_CUSTOMER.sub("", apart, count=1))))
    if words & _PHONE_WORDS and words <= _PHONE_WORDS | _OF_PHONES:
        return "mobile" if words & _MOBILE_WORDS else "phone"
    return None


def _is_usual(heading: str) -> bool:
    """Whether a heading stands in the list itself; `Telefon dienstlich` is only made of known words."""
    return folded(heading) in _COLUMNS


def understood(
    headings: Sequence[str], mapping: Mapping[str, str], ignored: Iterable[str], *, ids_made: bool
) -> Understood:
    """What the headings mean; raises ConfigError for what is missing, unclear, or no id.

    With `ids_made`, `--id-from` makes the ids, and no column of the file is taken for one.
    """
    taken: dict[str, int] = {}
    for column, heading in mapping.items():
        if column not in HEADINGS:
            raise ConfigError(f'--mapping: there is no column "{column}"; there are {", ".join(HEADINGS)}')
        taken[column] = _place(headings, heading, "--mapping")
    out = {_place(headings, heading, "--ignore") for heading in ignored}
    mapped = frozenset(taken.values())
    cancelled = [taken.pop("cancelled")] if "cancelled" in taken else []
    dated = {column_of(heading) for heading in headings}
    for place, heading in enumerate(headings):
        bare = _UTC.sub(" ", heading)
        means = column_of(heading) or (column_of(bare) if bare != heading else None)
        if place in out or place in mapped or means is None or means in mapping:
            continue
        if means == "cancelled":
            cancelled.append(place)
        elif means in taken and not (_is_usual(heading) and _is_usual(headings[taken[means]])):
            # `Telefon` wins over `Telefon dienstlich`; of two such as `Telefon dienstlich` the first wins.
            if _is_usual(heading):
                taken[means] = place
        elif means == "starts_at" and means in taken and "date" not in dated:
            # `Termin` beside `Uhrzeit` is the day.
            first, second = sorted((taken[means], place), key=lambda each: folded(headings[each]) != "termin")
            if folded(headings[first]) != "termin":
                raise ConfigError(_both(headings, taken[means], place, means))
            taken |= {"date": first, means: second}
        elif means in taken:
            raise ConfigError(_both(headings, taken[means], place, means))
        else:
            taken[means] = place
    if ids_made:
        taken.pop("appointment_id", None)
    _check(taken, headings, ids_made=ids_made)
    zone = _UTC.search(headings[taken["starts_at"]])
    used = {*taken.values(), *cancelled}
    names = {column: headings[place].strip() for column, place in taken.items()}
    if cancelled:
        names["cancelled"] = ", ".join(headings[place].strip() for place in cancelled)
    unused = [place for place in range(len(headings)) if place not in used]
    return Understood(
        taken,
        tuple(cancelled),
        names,
        tuple(filter(None, (headings[place].strip() for place in unused))),
        tuple(place for place in unused if place not in out),
        zone[1] if zone else "",
    )


def _both(headings: Sequence[str], one: int, other: int, column: str) -> str:
    return (
        f"{listed((headings[one], headings[other]))} both mean {column}; choose one with "
        f"--mapping {column}=HEADING, or leave one out with --ignore HEADING"
    )


def _check(taken: Mapping[str, int], headings: Sequence[str], *, ids_made: bool) -> None:
    if "appointment_id" in taken and folded(headings[taken["appointment_id"]]) in _RUNNING:
        raise ConfigError(
            f"{listed([headings[taken['appointment_id']]])} is a running number, which is no id: one booking "
            "shifts all later ones. Use --id-from start,customer"
        )
    needed = ["starts_at"] if ids_made else ["appointment_id", "starts_at"]
    if missing := [column for column in needed if column not in taken]:
        advice = f"Name it with --mapping {missing[0]}=HEADING"
        if "appointment_id" in missing:
            advice += "; if the export has no ids, --id-from start,customer makes them"
        raise ConfigError(
            f"no heading means {' and '.join(missing)}; the file has {listed(headings) or 'none'}. {advice}"
        )


def known(headings: Sequence[str]) -> int:
    """How many of them mean something."""
    return sum(column_of(heading) is not None for heading in headings)


def listed(headings: Iterable[str]) -> str:
    """Headings for a message."""
    return ", ".join(f'"{heading.strip()}"' for heading in headings)


def _place(headings: Sequence[str], heading: str, option: str) -> int:
    wanted = [place for place, each in enumerate(headings) if each.strip() == heading.strip()]
    if not wanted:
        raise ConfigError(f'{option}: the file has no heading "{heading}"; it has {listed(headings)}')
    return wanted[0]


def _plain(heading: str) -> str:
    text = unicodedata.normalize("NFC", heading).casefold()
    for umlaut, plain in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        text = text.replace(umlaut, plain)
    signs = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in signs if not unicodedata.combining(sign))


def folded(heading: str) -> str:
    return re.sub(r"[\W_]", "", _plain(heading))


_COLUMNS = {
    folded(heading): column for column, names in HEADINGS.items() for heading in (column, *names.split(","))
}


def truth(text: str) -> bool | None:
    """Whether a cell says yes or no; an empty one says no. None for any other word."""
    word = text.strip().casefold()
    return True if word in _TRUE else False if word in _FALSE else None


def says_cancelled(status: str) -> bool:
    """Whether a status begins as a cancellation does: Storniert, Abgesagt vom Kunden, Cancelled by client."""
    return _CANCELLED_STATUS.match(status) is not None


def mentions_cancellation(text: str) -> bool:
    """Whether a word for a cancellation stands somewhere in it."""
    return _CANCELLED_WORD.search(text) is not None


def is_cancellation(text: str) -> bool:
    """Whether a text is such a word and nothing else: Abgesagt, CANCELED, cancelled_by_client."""
    return _ONLY_CANCELLED.fullmatch(text) is not None


def title_mentions_cancellation(title: str) -> bool:
    """Whether such a word stands anywhere in a title."""
    return _IN_TITLE.search(title) is not None


def without_cancellation(title: str) -> str | None:
    """The title without `Abgesagt:` at its beginning or `(abgesagt)` at its end; None if there is neither.

    At the beginning a colon, a dash, a bracket or the end of the title must follow it, at the end one must
    stand before it: `Entfernung Zahnstein` is no cancellation.
    """
    title = title.strip()
    if found := _BEFORE_TITLE.match(title):
        return title[found.end() :].strip()
    found = _BEHIND_TITLE.search(title)
    return None if found is None else title[: found.start()].strip()


@lru_cache(maxsize=1_000)  # asked twice of each line
def name_without_cancellation(name: str) -> str | None:
    """A name without `(abgesagt)` beside it; None if there is no such word.

    Before and behind it the same counts as in a title, and in its midst the words that are nobody's name.
    """
    if len(name) > _LONGEST_NAME or not mentions_cancellation(name):
        return None
    if rest := without_cancellation(name):
        return rest
    rest = _NO_NAME.sub(" ", name).strip()
    return None if rest == name.strip() else rest
