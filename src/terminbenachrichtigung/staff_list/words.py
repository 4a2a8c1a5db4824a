"""The words of the page and the mail, for a shop assistant."""

from collections.abc import Mapping
from dataclasses import dataclass

from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.staff_list.reasons import WORDING, StaffReason


@dataclass(frozen=True, slots=True)
class Words:
    """One language. Where a text has places to fill in, its comment names them."""

    title: str
    one: str
    many: str  # count
    subject: str  # who, date
    as_of: str  # weekday, date, time
    appointment: str
    customer: str
    reason: str
    done: str
    mobile: str
    phone: str
    email: str
    customer_id: str  # id
    clock: str  # time
    got: str  # what
    got_nothing: str
    said: str  # date, time: what the message said, where that is another start than the appointment's
    told_before: str  # date, time
    nobody: str
    tick_off: str
    channels: Mapping[Channel | None, str]
    unsure: str
    answered: str  # date, time, text
    stranger: str
    reasons: Mapping[StaffReason, str]


_DE = Words(
    title="Bitte anrufen oder schreiben",
    one="1 Kunde",
    many="{count} Kunden",
    subject="Bitte anrufen: {who} ({date})",
    as_of="Stand: {weekday}, {date}, {time} Uhr",
    appointment="Termin",
    customer="Kunde",
    reason="Warum",
    done="Erledigt",
    mobile="Mobil",
    phone="Telefon",
    email="E-Mail",
    customer_id="Nr. {id}",
    clock="{time} Uhr",
    got="Bisher: {what}",
    got_nothing="Bisher: nichts",
    said="mit Termin {date}, {time} Uhr",
    told_before="Mitgeteilt war {date}, {time} Uhr.",
    nobody="Niemand muss angerufen oder angeschrieben werden.",
    tick_off="Termin-Nummer zum Abhaken",
    channels={Channel.SMS: "SMS", Channel.EMAIL: "E-Mail", None: "durch ein anderes System"},
    unsure="vielleicht nicht angekommen",
    answered="Antwort {date}, {time} Uhr: „{text}“",
    stranger="Unbekannt",
    reasons={reason: words.de for reason, words in WORDING.items()},
)

_EN = Words(
    title="Please call or write",
    one="1 customer",
    many="{count} customers",
    subject="Please call: {who} ({date})",
    as_of="As of {weekday}, {date}, {time}",
    appointment="Appointment",
    customer="Customer",
    reason="Why",
    done="Done",
    mobile="Mobile",
    phone="Phone",
    email="E-mail",
    customer_id="No. {id}",
    clock="{time}",
    got="So far: {what}",
    got_nothing="So far: nothing",
    said="saying {date}, {time}",
    told_before="Was told {date}, {time}.",
    nobody="Nobody needs to be called or written to.",
    tick_off="appointment number, for ticking off",
    channels={Channel.SMS: "SMS", Channel.EMAIL: "e-mail", None: "by another system"},
    unsure="may not have arrived",
    answered="Answered {date}, {time}: “{text}”",
    stranger="Unknown",
    reasons={reason: words.en for reason, words in WORDING.items()},
)

_FR = Words(
    title="À appeler ou à prévenir par écrit",
    one="1 client",
    many="{count} clients",
    subject="À appeler : {who} ({date})",
    as_of="État : {weekday} {date}, {time}",
    appointment="Rendez-vous",
    customer="Client",
    reason="Pourquoi",
    done="Fait",
    mobile="Portable",
    phone="Téléphone",
    email="E-mail",
    customer_id="N° {id}",
    clock="{time}",
    got="Jusqu’ici : {what}",
    got_nothing="Jusqu’ici : rien",
    said="annonçant le {date}, {time}",
    told_before="Heure annoncée : {date}, {time}.",
    nobody="Personne n’est à appeler ni à prévenir.",
    tick_off="numéro du rendez-vous, pour le cocher",
    channels={Channel.SMS: "SMS", Channel.EMAIL: "e-mail", None: "par un autre système"},
    unsure="peut-être pas arrivé",
    answered="Réponse {date}, {time} : « {text} »",
    stranger="Inconnu",
    reasons={reason: words.fr for reason, words in WORDING.items()},
)

WORDS = {"de": _DE, "en": _EN, "fr": _FR}
