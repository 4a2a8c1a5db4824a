"""The words of the page and the mail, for a shop assistant."""

from collections.abc import Mapping
from dataclasses import dataclass

from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.staff_list.reasons import StaffReason


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
    reasons={
        StaffReason.WANTS_TO_CANCEL: "Möchte absagen. Bitte den Termin streichen oder anrufen.",
        StaffReason.MISSED: "Wurde nicht rechtzeitig erinnert.",
        StaffReason.CANCELLED: "Der Termin entfällt, aber wir haben daran erinnert. Bitte absagen.",
        StaffReason.MOVED: "Der Termin wurde verschoben. Bitte die neue Zeit mitteilen.",
        StaffReason.REINSTATED: "Der Termin gilt wieder, nachdem er abgesagt war. Bitte Bescheid geben.",
        StaffReason.REPLY: "Hat auf die SMS geantwortet. Bitte lesen.",
        StaffReason.NUMBER_CHANGED: "Wurde unter einer Nummer oder Adresse erinnert, die nicht mehr gilt.",
        StaffReason.IMPORT: "Die Terminliste war hier nicht lesbar. Bitte den Termin prüfen.",
        StaffReason.FAILED: "Die Nachricht konnte nicht zugestellt werden.",
        StaffReason.NO_CONTACT: "Keine Handynummer oder E-Mail-Adresse, die wir nutzen können.",
        StaffReason.MANUAL_CONTACT: "Möchte einen Brief oder einen Anruf.",
        StaffReason.UNKNOWN: "Unklar, ob die Nachricht angekommen ist.",
        StaffReason.BAD_ROW: "Dieser Termin ist so nicht lesbar; niemand wird daran erinnert. Bitte prüfen.",
    },
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
    reasons={
        StaffReason.WANTS_TO_CANCEL: "Wants to cancel. Please take the appointment out, or call.",
        StaffReason.MISSED: "Was not reminded in time.",
        StaffReason.CANCELLED: "The appointment is off, but we sent a reminder of it. Please tell them.",
        StaffReason.MOVED: "The appointment was moved. Please tell them the new time.",
        StaffReason.REINSTATED: "The appointment stands again after we said it was off. Please tell them.",
        StaffReason.REPLY: "Answered the SMS. Please read it.",
        StaffReason.NUMBER_CHANGED: "Was reminded at a number or address that has been corrected since.",
        StaffReason.IMPORT: "This line of the appointments could not be read. Please check it.",
        StaffReason.FAILED: "The message could not be delivered.",
        StaffReason.NO_CONTACT: "No mobile number or e-mail address that we can use.",
        StaffReason.MANUAL_CONTACT: "Wants a letter or a call.",
        StaffReason.UNKNOWN: "Nobody knows whether the message arrived.",
        StaffReason.BAD_ROW: "This appointment cannot be read; nobody is reminded of it. Please check it.",
    },
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
    reasons={
        StaffReason.WANTS_TO_CANCEL: "Souhaite annuler. Supprimer le rendez-vous, ou appeler.",
        StaffReason.MISSED: "N’a pas reçu de rappel à temps.",
        StaffReason.CANCELLED: "Le rendez-vous est annulé après notre rappel. À prévenir.",
        StaffReason.MOVED: "Le rendez-vous a été déplacé. Annoncer la nouvelle heure.",
        StaffReason.REINSTATED: "Le rendez-vous est de nouveau prévu après son annulation. À prévenir.",
        StaffReason.REPLY: "A répondu au SMS. À lire.",
        StaffReason.NUMBER_CHANGED: "Rappel envoyé à un numéro ou une adresse corrigés depuis.",
        StaffReason.IMPORT: "Cette ligne des rendez-vous est illisible. À vérifier.",
        StaffReason.FAILED: "Le message n’a pas pu être remis.",
        StaffReason.NO_CONTACT: "Aucun numéro de portable ni adresse e-mail utilisable.",
        StaffReason.MANUAL_CONTACT: "Souhaite une lettre ou un appel.",
        StaffReason.UNKNOWN: "On ne sait pas si le message est arrivé.",
        StaffReason.BAD_ROW: "Ce rendez-vous est illisible, personne n’en est averti. À vérifier.",
    },
)

WORDS = {"de": _DE, "en": _EN, "fr": _FR}
