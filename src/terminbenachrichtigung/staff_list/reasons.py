"""Why somebody is on the staff list."""

from dataclasses import dataclass
from enum import StrEnum


class StaffReason(StrEnum):
    """Why a person must do it, the most urgent first: `unknown` may have reached the customer after all.

    Where `Reason` and `MessageOutcome` have the case, the word is theirs: `StaffReason(skip.reason)`. The
    others are for customers who were told what does not hold any more, and for rows that cannot be read.
    """

    WANTS_TO_CANCEL = "wants_to_cancel"
    MISSED = "missed"
    CANCELLED = "cancelled"
    MOVED = "moved"
    REINSTATED = "reinstated"
    REPLY = "reply"
    NUMBER_CHANGED = "number_changed"
    IMPORT = "import"
    FAILED = "failed"
    NO_CONTACT = "no_contact"
    MANUAL_CONTACT = "manual_contact"
    UNKNOWN = "unknown"
    BAD_ROW = "bad_row"


@dataclass(frozen=True, slots=True)
class ReasonWords:
    """What is said of one reason: on a terminal, and by language on the page and in the mail.

    `{wish}` is the preferred channel as it was typed.
    """

    terminal: str
    de: str
    en: str
    fr: str


WORDING = {
    StaffReason.WANTS_TO_CANCEL: ReasonWords(
        "the customer answered that they will not come",
        de="Möchte absagen. Bitte den Termin streichen oder anrufen.",
        en="Wants to cancel. Please take the appointment out, or call.",
        fr="Souhaite annuler. Supprimer le rendez-vous, ou appeler.",
    ),
    StaffReason.MISSED: ReasonWords(
        "nobody told the customer in time",
        de="Wurde nicht rechtzeitig erinnert.",
        en="Was not reminded in time.",
        fr="N’a pas reçu de rappel à temps.",
    ),
    StaffReason.CANCELLED: ReasonWords(
        "the customer was told of an appointment that is theirs no more",
        de="Der Termin entfällt, aber wir haben daran erinnert. Bitte absagen.",
        en="The appointment is off, but we sent a reminder of it. Please tell them.",
        fr="Le rendez-vous est annulé après notre rappel. À prévenir.",
    ),
    StaffReason.MOVED: ReasonWords(
        "the customer was told another time, and no run will tell the new one",
        de="Der Termin wurde verschoben. Bitte die neue Zeit mitteilen.",
        en="The appointment was moved. Please tell them the new time.",
        fr="Le rendez-vous a été déplacé. Annoncer la nouvelle heure.",
    ),
    StaffReason.REINSTATED: ReasonWords(
        "the customer was told that it is off; it stands again, and no run will say so",
        de="Der Termin gilt wieder, nachdem er abgesagt war. Bitte Bescheid geben.",
        en="The appointment stands again after we said it was off. Please tell them.",
        fr="Le rendez-vous est de nouveau prévu après son annulation. À prévenir.",
    ),
    StaffReason.REPLY: ReasonWords(
        "somebody answered an SMS, and a person must read it",
        de="Hat auf die SMS geantwortet. Bitte lesen.",
        en="Answered the SMS. Please read it.",
        fr="A répondu au SMS. À lire.",
    ),
    StaffReason.NUMBER_CHANGED: ReasonWords(
        "the customer was told at a number or address that was corrected since",
        de="Wurde unter einer Nummer oder Adresse erinnert, die nicht mehr gilt.",
        en="Was reminded at a number or address that has been corrected since.",
        fr="Rappel envoyé à un numéro ou une adresse corrigés depuis.",
    ),
    StaffReason.IMPORT: ReasonWords(
        "an import could not read the line of the appointment",
        de="Die Terminliste war hier nicht lesbar. Bitte den Termin prüfen.",
        en="This line of the appointments could not be read. Please check it.",
        fr="Cette ligne des rendez-vous est illisible. À vérifier.",
    ),
    StaffReason.FAILED: ReasonWords(
        "every channel refused the message",
        de="Die Nachricht konnte nicht zugestellt werden.",
        en="The message could not be delivered.",
        fr="Le message n’a pas pu être remis.",
    ),
    StaffReason.NO_CONTACT: ReasonWords(
        "there is no number or address that can be used",
        de="Keine Handynummer oder E-Mail-Adresse, die wir nutzen können.",
        en="No mobile number or e-mail address that we can use.",
        fr="Aucun numéro de portable ni adresse e-mail utilisable.",
    ),
    StaffReason.MANUAL_CONTACT: ReasonWords(
        "the customer wants a letter or a call",
        # Also of who refuses something: "bitte kein Anruf" is no wish for a call.
        de="Kontaktwunsch: „{wish}“. Bitte persönlich darum kümmern.",
        en="Wish about contact: “{wish}”. Please see to it in person.",
        fr="Souhait de contact : « {wish} ». À traiter personnellement.",
    ),
    StaffReason.UNKNOWN: ReasonWords(
        "the message may or may not have arrived",
        de="Unklar, ob die Nachricht angekommen ist.",
        en="Nobody knows whether the message arrived.",
        fr="On ne sait pas si le message est arrivé.",
    ),
    StaffReason.BAD_ROW: ReasonWords(
        "no run can read the row, so nobody is told of it",
        de="Dieser Termin ist so nicht lesbar; niemand wird daran erinnert. Bitte prüfen.",
        en="This appointment cannot be read; nobody is reminded of it. Please check it.",
        fr="Ce rendez-vous est illisible, personne n’en est averti. À vérifier.",
    ),
}
