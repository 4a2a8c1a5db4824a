"""Which customer the title, the description and the guests of a calendar entry name."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING
from urllib.parse import unquote

from terminbenachrichtigung.contact.names import name_words, same_name, without_notes
from terminbenachrichtigung.own_schedule.columns import (
    CONTACT,
    column_of,
    is_cancellation,
    mentions_cancellation,
    truth,
    without_cancellation,
)
from terminbenachrichtigung.own_schedule.entries import name_in
from terminbenachrichtigung.own_schedule.icalendar_lines import Component, text_of_parameter
from terminbenachrichtigung.own_schedule.letters import without_html
from terminbenachrichtigung.safe_text import one_line
from terminbenachrichtigung.schedule.values import Unreadable, shown

if TYPE_CHECKING:
    from icalendar.parser import Parameters

_LABELLED = re.compile(r"\s*[-*•]?\s*([^:]{1,40}?)\s*:\s*(\S.*)")
_FURTHER_LABEL = re.compile(r"\s*[,;|]\s*(?=([^:,;|]{1,40}?)\s*:\s*\S)")
_ROW_OF_TWO = re.compile(
    r"<tr\b[^<>]*>\s*<t[dh]\b[^<>]*>((?:(?!</?t[dhr]\b).)*)</t[dh]>\s*<t[dh]\b[^<>]*>((?:(?!</?t[dhr]\b).)*)</t[dh]>\s*(?=</tr)",
    re.I | re.S,
)
_DATED = re.compile(r"(?:20\d\d|\d{1,2})[./-]\s?\d{1,2}[./-]")
_MOST_WORDS = 8  # of a name with titles
_LINK = re.compile(r"\W*(?:cancel|delete|decline|reject)\W*", re.I)
_SHAPES = {
    **dict.fromkeys(("mobile", "phone"), re.compile(r"\d[\d\s()/.-]{4,}\d")),
    "email": re.compile("@"),
    "customer_id": re.compile(r"^\S*\d\S*$"),
}
"""What a value has that stands on the line below its label; below an empty one of a form stands anything."""
_NUMBER = re.compile(r"(?<![\w])(?:\+|00?)\s?\(?[1-9][\d\s/().-]{4,}\d(?!\w)")
_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER_WORDS = re.compile(
    r"(?<!\w)(?:tel(?:efon)?|mobil|handy|mobile|phone|e-?mail|nr|nummer)\s*[.:]*(?!\w)", re.I
)
_BREAK = re.compile(r"\s+[-–—/]\s+|[|;:()\[\]\n]|\s+[-–—]|[-–—]\s+")
_SERVICE_WORDS = """
    sehtest hörtest augenprüfung refraktion anpassung kontrolle brille brillen kontaktlinsen kontaktlinse
    linsen hörgerät hörgeräte beratung termin abholung nachkontrolle ersttermin erstberatung folgetermin
    zahnreinigung prophylaxe pzr untersuchung vorsorge behandlung massage physio physiotherapie reparatur kl
    besprechung impfung blutabnahme check checkup kunde kundin patient patientin neukunde neupatient
    appointment eye test hearing fitting follow-up mit für
"""
_SERVICES = frozenset(_SERVICE_WORDS.split())
_SALUTATION = re.compile(r"(?<!\w)(?:frau|herrn?|fr\.|hr\.)\s", re.I)
_WORD = re.compile(r"[^\W\d_][^\d_:;|@]*")


def customer_of(event: Component, *, title_too: bool) -> dict[str, str]:
    """The customer by the description (`Mobil: 0171 5555`), else by the guest, else by the title.

    Raises Unreadable where it may be either of two people.
    """
    described = labelled(text_of(event))
    invited = guests(event)
    found: dict[str, str] = {}
    if len(invited) > 1 and not described:
        raise Unreadable(f"ATTENDEE: {len(invited)} people; which of them is the customer?")
    if len(invited) == 1:
        found = dict(of_guest(*invited[0]))
        check_one_person(found, described)
        if {"first_name", "last_name"} & described.keys():
            found.pop("name", None)
    found |= described
    return titled(event.text_of("SUMMARY"), found) | found if title_too else found


def cancellations_of(event: Component) -> Iterator[str]:
    """Such lines of the description, and such categories behind the first, which is the type."""
    return cancellations("\n".join([text_of(event), *event.texts_of("CATEGORIES")[1:]]))


def text_of(event: Component) -> str:
    """The description of an entry, which may be HTML."""
    return event.text_of("DESCRIPTION") or event.text_of("X-ALT-DESC")


def cancellations(description: str) -> Iterator[str]:
    """The lines that say of an appointment that it is off: `ABGESAGT`, `Status: storniert`."""
    if not mentions_cancellation(description):
        return
    for line in _lines(description):
        found = _LABELLED.match(line)
        means = column_of(found[1].strip("*_ ")) if found else None
        value = found[2].strip("*_ ") if found else line.strip()
        if means == "cancelled":
            says = bool(truth(value) or _DATED.match(value))
        else:
            says = is_cancellation(value) and (
                means == "status" or (found is None and not _LINK.fullmatch(value))
            )
        if says:
            yield line


def labelled(description: str) -> dict[str, str]:
    """What lines such as `Mobil: 0171 5555` say. A number without a known label may be anybody's.

    Raises Unreadable where a label stands twice with different values: one may be the practice's.
    """
    found: dict[str, str] = {}
    for text in _lines(description):
        line = _LABELLED.match(text)
        column = _contact_column(line[1]) if line else ""
        if line is None or not column:
            continue
        value = one_line(line[2]).strip("*_ ")
        if _plain(found.setdefault(column, value)) != _plain(value):
            raise Unreadable(
                f"description: {shown(line[1])} stands twice, with {shown(found[column])} and {shown(value)}"
            )
    if number := _NUMBER.search(found.get("name", "")):  # Kunde: Ida Meier Tel. 0171 5555001
        rest = _NUMBER_WORDS.sub(" ", found["name"].replace(number[0], " "))
        found["name"] = one_line(rest).strip(" ,;/|()-–")
        if found.keys().isdisjoint({"mobile", "phone"}):
            found["mobile"] = number[0].strip()
    return found


def _lines(description: str) -> Iterator[str]:
    """The lines; one about the customer is divided before a further label: `Name: Ida, Tel: 0171 5555001`."""
    text = without_html(_ROW_OF_TWO.sub(r"\1:\n\2", description))
    for line in _with_labels(re.split(r"[\r\n\u2028\u2029]+", text)):
        begin, first = 0, _LABELLED.match(line)
        for further in _FURTHER_LABEL.finditer(line) if first and _contact_column(first[1]) else ():
            if _contact_column(further[1]):
                yield line[begin : further.start()]
                begin = further.start(1)
        yield line[begin:]


def _with_labels(lines: Iterable[str]) -> Iterator[str]:
    """The lines; a label that stands alone on one has its value on the next, as in mails and tables."""
    label = ""
    for line in lines:
        text = line.strip("*_ \t")
        if label and text and not _LABELLED.match(text) and _fits(label, text):
            yield f"{label}: {text}"
            label = ""
        elif text.endswith(":") and _contact_column(text.rstrip(": ")):
            label = text.rstrip(": ")
        elif text:
            label = ""
            yield line


def _fits(label: str, text: str) -> bool:
    """Whether a line can be the value of the label above it, and is not the next label, or a sentence."""
    if text.endswith((":", "!", "?")):
        return False
    column = _contact_column(label)
    if column in _SHAPES:
        return _SHAPES[column].search(text) is not None
    words = re.findall(r"[^\W\d_]+", without_notes(text))
    # A name is written in capitals throughout or not at all, but for what stands behind it: `Ida Meier jun.`
    is_sentence = len(words) > 1 and words[0][0].isupper() and words[-1].islower() and len(words[-1]) > 3
    return not is_sentence and len(words) <= _MOST_WORDS


def _contact_column(label: str) -> str:
    """The column about the customer that a label means; empty for another."""
    column = column_of(label.strip("*_ "))
    return column if column in CONTACT else ""


def check_one_person(*found: Mapping[str, str]) -> None:
    """Raise Unreadable where title, description, guest or columns name different people."""
    for one, other in combinations(filter(None, map(name_in, found)), 2):
        words = name_words(one), name_words(other)
        if all(words) and not same_name(*words):
            raise Unreadable(f"names {shown(one)} and {shown(other)}; which of them is the customer?")


def titled(title: str, beside: Mapping[str, str]) -> dict[str, str]:
    """Name and number in a title, as small practices write them; nothing without a number, address or id.

    `beside` is what is known of the customer already, from the description or the guest.
    """
    text = one_line(without_html(without_cancellation(title) or title))
    found: dict[str, str] = {}
    if number := _NUMBER.search(text):
        found["mobile"] = number[0].strip()
        text = f"{text[: number.start()]} ; {text[number.end() :]}"
    if address := _ADDRESS.search(text):
        found["email"] = address[0]
        text = text.replace(address[0], " ; ")
    known = {*beside, *found}
    if not known & {"mobile", "phone", "email", "customer_id"}:
        return {}
    if name := _name(_NUMBER_WORDS.sub(" ", text)):
        found["name"] = name
        of_another = name_words(name).isdisjoint(name_words(name_in(beside)) or name_words(name))
        if of_another and {"mobile", "email"} & found.keys() - beside.keys():
            raise Unreadable(
                f"names {shown(name)} and {shown(name_in(beside))}; which of them is the customer?"
            )
    return found if "name" in {*found, *beside} or {"first_name", "last_name"} & beside.keys() else {}


def _name(text: str) -> str:
    if salutation := _SALUTATION.search(text):
        return _bare(_BREAK.split(text[salutation.start() :])[0])
    for piece in _BREAK.split(text):
        if name := _bare(piece):
            return name
    return ""


def _bare(piece: str) -> str:
    """The piece without words such as Sehtest; empty if what is left can be no name."""
    words = piece.strip(" ,.").split()
    while words and words[0].strip(",.").casefold() in _SERVICES:
        words = words[1:]
    while words and words[-1].strip(",.").casefold() in _SERVICES:
        words = words[:-1]
    name = " ".join(words).strip(" ,.")
    return name if len(words) <= 5 and _WORD.fullmatch(name) else ""


def _plain(value: str) -> str:
    digits = re.sub(r"\D", "", value)
    return digits[-9:] if len(digits) >= 6 else re.sub(r"\W", "", value.casefold())


# ---------------------------------------------------------------- guests


def guests(event: Component) -> list[tuple["Parameters", str]]:
    """The people who are invited, without the organizer, rooms and the like."""
    organizers = {mark for each in event.properties.get("ORGANIZER", ()) for mark in _marks(*each)}
    return [
        (parameters, value)
        for parameters, value in event.properties.get("ATTENDEE", ())
        if organizers.isdisjoint(_marks(parameters, value))
        and str(parameters.get("CUTYPE", "INDIVIDUAL")).upper() in ("INDIVIDUAL", "UNKNOWN")
        and str(parameters.get("ROLE", "")).upper() != "NON-PARTICIPANT"
    ]


def _marks(parameters: "Parameters", value: str) -> Iterator[str]:
    """By what organizer and guest are one: iCloud writes the one as an address, the other as an id."""
    yield value.casefold()
    if "EMAIL" in parameters:
        yield f"mailto:{parameters['EMAIL']}".casefold()


def all_declined(event: Component) -> bool:
    """Whether everybody who was invited has declined."""
    invited = guests(event)
    return bool(invited) and all(str(each.get("PARTSTAT", "")).upper() == "DECLINED" for each, _ in invited)


def of_guest(parameters: "Parameters", value: str) -> Iterator[tuple[str, str]]:
    """What an invitation says of a guest."""
    kind, _, address = value.partition(":")
    if "EMAIL" in parameters and kind.lower() not in ("mailto", "tel", "sms"):  # beside urn:uuid:…, RFC 7986
        kind, address = "mailto", str(parameters["EMAIL"])
    if "@" in kind:
        kind, address = "mailto", kind
    if kind.lower() in ("mailto", "tel", "sms"):
        yield ("email" if kind.lower() == "mailto" else "mobile"), unquote(address.partition("?")[0]).strip()
    name = text_of_parameter(parameters, "CN")
    if name and "@" not in name:
        yield "name", name
