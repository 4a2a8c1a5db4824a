"""The words of the page of figures, for the owner of a practice."""

from collections.abc import Mapping
from dataclasses import dataclass

from terminbenachrichtigung.model.figures import Ending, Group, LeadTime
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Channel


@dataclass(frozen=True, slots=True)
class Words:
    """One language. Where a text has places to fill in, its comment names them."""

    title: str
    span: str  # first, last, behind, ahead
    messages_by_week: str
    no_show: str
    lead_times_title: str
    by_branch: str
    by_type: str
    without_name: str
    appointments: str
    channel: str
    both: str
    parts: str
    correction_parts: str
    delivered_share: str
    too_few: str  # count, of
    count_of: str  # count, of
    interval: str  # low, high
    how_title: str
    how: tuple[str, ...]
    uncertain: str  # count
    forgotten: str  # day
    nothing: str
    channels: Mapping[Channel, str]
    states: Mapping[State, str]
    groups: Mapping[Group, str]
    endings: Mapping[Ending, str]
    lead_times: Mapping[LeadTime, str]


_DE = Words(
    title="Was die Terminerinnerungen bewirken",
    span="Termine vom {first} bis zum {last}: {behind} liegen zurück, {ahead} stehen noch bevor.",
    messages_by_week="Nachrichten, nach der Woche des Termins",
    no_show="Nicht erschienen",
    lead_times_title="Wie lange vorher erinnert wurde",
    by_branch="Nach Filiale",
    by_type="Nach Terminart",
    without_name="(ohne)",
    appointments="Termine",
    channel="Kanal",
    both="zusammen",
    parts="bezahlte SMS-Teile",
    correction_parts="davon für Absagen und Verschiebungen",
    delivered_share="der SMS nachweislich zugestellt",
    too_few="{count} von {of}: zu wenige für eine Aussage",
    count_of="{count} von {of}",
    interval="{low} bis {high}",
    how_title="So wird gezählt",
    how=(
        "Gezählt wird nach dem Tag des Termins; auch eine Nachricht gehört zu dem Termin, um den es "
        "ging. Es zählen nur Termine, für die erinnert werden darf: mit Kunde, kein Gruppentermin, "
        "erlaubte Terminart. Bezahlte SMS-Teile sind die aller SMS, die verschickt wurden, auch die der "
        "Absagen und Verschiebungen.",
        "Erinnert heißt: vor Beginn wurde eine Nachricht verschickt; bestätigt: per SMS "
        "zugesagt. Nicht erschienen heißt: der "
        "Status des Termins sagt es. Rechtzeitig abgesagt heißt: ein anderer Status, der von "
        "Erinnerungen ausnimmt.",
        "Der Balken um einen Anteil zeigt, wo der wahre Wert mit 95 % Sicherheit liegt (Wilson). "
        "Unter 30 Terminen steht kein Anteil. Wer nicht erinnert wird, unterscheidet sich oft auch "
        "sonst: der Unterschied ist ein Hinweis, kein Beweis.",
    ),
    uncertain="{count} Termine fehlen in beiden Gruppen: ob erinnert wurde, ist nicht bekannt.",
    forgotten="Termine vor dem {day} zählen nicht: das Journal kennt nicht alle ihre Nachrichten.",
    nothing="In diesem Zeitraum gibt es nichts zu zählen.",
    channels={Channel.SMS: "SMS", Channel.EMAIL: "E-Mail"},
    states={
        State.DELIVERED: "zugestellt",
        State.SENT: "verschickt",
        State.UNDELIVERED: "nicht angekommen",
        State.FAILED: "abgelehnt",
        State.UNKNOWN: "unbekannt",
    },
    groups={
        Group.TOLD: "erinnert",
        Group.CONFIRMED: "davon bestätigt",
        Group.NOT_TOLD: "nicht erinnert",
        Group.UNCERTAIN: "ungewiss",
    },
    endings={
        Ending.CAME: "erschienen",
        Ending.CANCELLED: "rechtzeitig abgesagt",
        Ending.NO_SHOW: "nicht erschienen",
    },
    lead_times={
        LeadTime.UNDER_12_HOURS: "unter 12 Stunden",
        LeadTime.UNDER_24_HOURS: "12 bis 24 Stunden",
        LeadTime.UNDER_48_HOURS: "24 bis 48 Stunden",
        LeadTime.UNDER_7_DAYS: "2 bis 7 Tage",
        LeadTime.LONGER: "länger",
    },
)

_EN = Words(
    title="What the appointment reminders achieve",
    span="Appointments from {first} to {last}: {behind} lie behind, {ahead} are still to come.",
    messages_by_week="Messages, by the week of the appointment",
    no_show="Did not come",
    lead_times_title="How long before they were reminded",
    by_branch="By branch",
    by_type="By type of appointment",
    without_name="(none)",
    appointments="Appointments",
    channel="Channel",
    both="together",
    parts="SMS parts paid for",
    correction_parts="of these for cancelled and moved appointments",
    delivered_share="of the SMS known to have arrived",
    too_few="{count} of {of}: too few to say",
    count_of="{count} of {of}",
    interval="{low} to {high}",
    how_title="How this is counted",
    how=(
        "Everything is counted by the day of the appointment; a message too belongs to the "
        "appointment that it was about. Only appointments count that may be reminded of: with a "
        "customer, no group, an allowed type. SMS parts are those of all SMS that were sent, also to say "
        "that an appointment is cancelled or has moved.",
        "Reminded means: a message was sent before the start; confirmed: they answered "
        "yes by SMS. Did not come means: the appointment's "
        "status says so. Cancelled in time means: another status that is excluded from reminders.",
        "The bar around a share shows where the true value lies with 95 % confidence (Wilson). With "
        "fewer than 30 appointments no share is given. Whoever is not reminded often differs in other "
        "ways too: the difference is a hint, not a proof.",
    ),
    uncertain="{count} appointments are in neither group: nobody knows whether they were reminded of.",
    forgotten="Appointments before {day} are not counted: the journal does not have all their messages.",
    nothing="There is nothing to count in this span.",
    channels={Channel.SMS: "SMS", Channel.EMAIL: "E-mail"},
    states={
        State.DELIVERED: "delivered",
        State.SENT: "sent",
        State.UNDELIVERED: "not delivered",
        State.FAILED: "refused",
        State.UNKNOWN: "unknown",
    },
    groups={
        Group.TOLD: "reminded",
        Group.CONFIRMED: "of these confirmed",
        Group.NOT_TOLD: "not reminded",
        Group.UNCERTAIN: "uncertain",
    },
    endings={Ending.CAME: "came", Ending.CANCELLED: "cancelled in time", Ending.NO_SHOW: "did not come"},
    lead_times={
        LeadTime.UNDER_12_HOURS: "under 12 hours",
        LeadTime.UNDER_24_HOURS: "12 to 24 hours",
        LeadTime.UNDER_48_HOURS: "24 to 48 hours",
        LeadTime.UNDER_7_DAYS: "2 to 7 days",
        LeadTime.LONGER: "longer",
    },
)

_FR = Words(
    title="Ce que les rappels de rendez-vous apportent",
    span="Rendez-vous du {first} au {last} : {behind} sont passés, {ahead} sont à venir.",
    messages_by_week="Messages, par semaine du rendez-vous",
    no_show="Absents",
    lead_times_title="Délai entre le rappel et le rendez-vous",
    by_branch="Par succursale",
    by_type="Par type de rendez-vous",
    without_name="(aucun)",
    appointments="Rendez-vous",
    channel="Canal",
    both="ensemble",
    parts="SMS facturés (parties)",
    correction_parts="dont annulations et déplacements",
    delivered_share="des SMS reçus avec certitude",
    too_few="{count} sur {of} : trop peu pour conclure",
    count_of="{count} sur {of}",
    interval="{low} à {high}",
    how_title="Comment on compte",
    how=(
        "Tout est compté selon le jour du rendez-vous ; un message appartient lui aussi au rendez-vous "
        "dont il parlait. Seuls comptent les rendez-vous qui peuvent être rappelés : avec un "
        "client, pas de groupe, un type autorisé. Les SMS facturés sont tous ceux qui sont partis, "
        "annulations et déplacements compris.",
        "Rappelé veut dire : un message est parti avant le début ; confirmé : oui par "
        "SMS. Absent veut dire : le statut du "
        "rendez-vous le dit. Annulé à temps veut dire : un autre statut exclu des rappels.",
        "La barre autour d'une part montre où se trouve la vraie valeur avec 95 % de confiance "
        "(Wilson). En dessous de 30 rendez-vous, aucune part n'est donnée. Ceux qui ne reçoivent pas "
        "de rappel diffèrent souvent par ailleurs : l'écart est un indice, pas une preuve.",
    ),
    uncertain="{count} rendez-vous ne sont dans aucun groupe : on ignore s'ils ont été rappelés.",
    forgotten="Les rendez-vous d’avant le {day} ne comptent pas : le journal n’a pas tous leurs messages.",
    nothing="Il n'y a rien à compter dans cette période.",
    channels={Channel.SMS: "SMS", Channel.EMAIL: "E-mail"},
    states={
        State.DELIVERED: "reçus",
        State.SENT: "envoyés",
        State.UNDELIVERED: "non reçus",
        State.FAILED: "refusés",
        State.UNKNOWN: "inconnus",
    },
    groups={
        Group.TOLD: "rappelés",
        Group.CONFIRMED: "dont confirmés",
        Group.NOT_TOLD: "non rappelés",
        Group.UNCERTAIN: "incertain",
    },
    endings={Ending.CAME: "venus", Ending.CANCELLED: "annulés à temps", Ending.NO_SHOW: "absents"},
    lead_times={
        LeadTime.UNDER_12_HOURS: "moins de 12 heures",
        LeadTime.UNDER_24_HOURS: "12 à 24 heures",
        LeadTime.UNDER_48_HOURS: "24 à 48 heures",
        LeadTime.UNDER_7_DAYS: "2 à 7 jours",
        LeadTime.LONGER: "plus longtemps",
    },
)

WORDS: Mapping[str, Words] = {"de": _DE, "en": _EN, "fr": _FR}
