"""What an exported file says, line by line: an entry for each appointment, or the reason to refuse the line.

The readers of CSV and of iCalendar share this: the options of an import, what they return, and how they find
out who the customer of a line is.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from terminbenachrichtigung.config.filters import plain_word
from terminbenachrichtigung.contact.names import name_words, parts_of_name, same_name, says_nothing
from terminbenachrichtigung.contact.phone import number_keys
from terminbenachrichtigung.own_schedule.columns import (
    CUSTOMER_TEXTS,
    name_without_cancellation,
    says_cancelled,
    title_mentions_cancellation,
)
from terminbenachrichtigung.own_schedule.letters import BROKEN, trouble_in_name, without_html
from terminbenachrichtigung.own_schedule.moments import DateOrder
from terminbenachrichtigung.safe_text import one_line
from terminbenachrichtigung.schedule import values
from terminbenachrichtigung.schedule.values import Unreadable, shown
from terminbenachrichtigung.times.windows import Quiet

T = TypeVar("T")
Value = str | bool | datetime | None

CANCELLED = "Storniert"
"""The status of a cancelled appointment; `rules.excluded_statuses` must have it."""

_NAMES = ("name", "first_name", "last_name")
_IDENTIFYING = ("first_name", "last_name", "mobile", "phone", "email")
_NAMING = ("customer_id", "name", *_IDENTIFYING)
_PERSONAL = ("customer_id", "name", *CUSTOMER_TEXTS)
_SPREADSHEET_WHOLE = re.compile(r"(-?\d+)[.,]0{1,2}")  # three noughts are thousands: 1.000 is not 1
_FORMULA = re.compile(r'="(.*)"', re.S)
_CUSTOMERS = 100_000  # as many as a large export has


@dataclass(frozen=True, slots=True)
class Identity:
    """By what two customers are told apart: the words of the name, and how they are reached."""

    words: frozenset[str]  # of the name, as names are compared
    reached: frozenset[str]  # the key of each number, and the address

    def is_exactly(self, other: "Identity") -> bool:
        """Whether they have the same name, and a number in common or both none."""
        same = self.words == other.words or (bool(self.reached) and same_name(self.words, other.words))
        return same and (bool(self.reached & other.reached) or not (self.reached or other.reached))

    def is_another(self, other: "Identity") -> bool:
        """Whether they have different names, and no number or address in common."""
        named = bool(self.words) and bool(other.words)
        return named and not same_name(self.words, other.words) and not self.reached & other.reached


@dataclass(frozen=True, slots=True)
class Person:
    """A customer as a line names them."""

    customer_id: str  # empty where the file gives none
    said: Mapping[str, Value]  # the columns about the customer that the file gives, and no others
    identity: Identity
    called_off: bool = field(default=False, compare=False)  # a cancellation is written beside the name

    @property
    def name(self) -> str:
        """For people to read."""
        return one_line(f"{self.said.get('first_name') or ''} {self.said.get('last_name') or ''}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One appointment of the file. `values` has the columns that the file gives, and no others."""

    line: int
    appointment_id: str  # empty where `--id-from` is to make it
    starts_at: datetime
    person: Person | None
    values: Mapping[str, Value]
    series: str = ""  # the id of the series of which it is an occurrence
    title: str = ""  # where it names nobody

    def saying(self, said: Mapping[str, Value]) -> "Entry":
        """The entry with other words about its customer, if it has any."""
        return replace(self, person=replace(self.person, said=said)) if self.person else self


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that may concern a customer and cannot be read, and why."""

    line: int
    reason: str
    appointment_id: str = ""  # empty where not even that could be read
    starts_at: datetime | None = None
    name: str = ""
    key: str = ""  # the same for the same content, in whatever line of whatever file
    names_somebody: bool = True
    status: Value = None  # None: it says none, or one that cannot be read


@dataclass(frozen=True, slots=True)
class Ending:
    """How a file ends. An export that was cut short ends differently from the whole ones before it."""

    line_end: bool = True
    short_line: str = ""  # a last line with too few cells, such as a sum or a footer; its digits as #


@dataclass(frozen=True, slots=True)
class How:
    """What the administrator and the settings say of an import."""

    now: datetime
    zone: ZoneInfo
    excluded: frozenset[str]  # statuses that keep an appointment from being notified, casefolded
    mapping: Mapping[str, str] = field(default_factory=dict)  # by column: its heading
    ignored: tuple[str, ...] = ()  # headings
    order: DateOrder | None = None  # of dates with `/`
    statuses: Mapping[str, bool] = field(default_factory=dict)  # casefolded; whether it is cancelled
    title_is_customer: bool = False
    ids_from: tuple[str, ...] = ()  # what ids are made of; empty: the file has them
    type_name: str = "Termin"  # of an appointment for which the file names none
    branch_code: str = ""  # likewise; empty: none
    cancelled: str = CANCELLED  # the status of a cancelled appointment, as the settings spell it
    partial: bool = False  # the file is not complete: nothing counts as gone
    force: bool = False  # the file is right: neither the brake nor a strange last line stops it
    covers_from: date | Literal["now"] | None = (
        None  # from when on the file is complete; None: from its first day
    )
    quiet: Quiet | None = None  # to tell who came in too late to be reminded
    file: str = ""  # the content, as a hash
    file_at: datetime | None = None  # when it was written

    def lies_ahead(self, row: Mapping[str, object]) -> bool:
        """Whether an appointment starts later than now, and is not cancelled."""
        starts_at = row["starts_at"]
        return isinstance(starts_at, datetime) and starts_at > self.now and not self.is_off(row["status"])

    def is_off(self, status: object) -> bool:
        """Whether a status is one of `rules.excluded_statuses`."""
        return plain_word(str(status or "")) in self.excluded


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a file says."""

    entries: tuple[Entry, ...]
    refused: tuple[Refused, ...] = ()
    warnings: tuple[str, ...] = ()
    nobody: Mapping[str, int] = field(default_factory=dict)  # by kind: how many entries name no customer
    off: Mapping[str, int] = field(
        default_factory=dict
    )  # by status that means a cancellation: how many lines have it
    titles: tuple[str, ...] = ()  # of timed entries in which `--title customer` found nobody
    headings: Mapping[str, str] = field(default_factory=dict)  # by column
    unused: tuple[str, ...] = ()  # headings
    complete: bool = True  # False: an invitation, which says nothing of other appointments
    cut: str = ""  # why it seems to be cut short
    order: DateOrder | None = None  # of its dates with `/`
    days: tuple[date, date] | None = None  # the first and the last, by the practice's clock
    written_at: datetime | None = None  # by its own word
    written_by: str = ""  # the id of the appointment whose stamp `written_at` is; empty: that of the file
    stamps: Mapping[str, datetime] = field(default_factory=dict)  # by id: when it was last changed
    series: frozenset[str] = frozenset()  # ids of series of which the file gives every occurrence
    ending: Ending = Ending()
    off_by_name: bool = False  # some is off by what stands beside a name alone: no column has the status


class Findings:
    """What the reader of a file has found in it so far."""

    def __init__(self, how: How) -> None:
        self.how = how
        self.entries: list[Entry] = []
        self.refused: list[Refused] = []
        self.nobody: Counter[str] = Counter()
        self.titles: list[str] = []
        self.starts: list[datetime] = []
        self.series: set[str] = set()
        self.doubtful: dict[str, None] = {}  # texts that hold a word for a cancellation, of what stands

    def add(self, entry: Entry, title: str, described: Callable[[], Iterable[str]]) -> None:
        """Take an entry that could be read, and look at its title; `described` has lines that it is off."""
        if entry.person is None and self.how.title_is_customer and title:
            self.titles.append(title)
            entry = replace(entry, title=title)
        self.entries.append(entry)
        status = entry.values.get("status")
        is_off = status == CANCELLED or self.how.is_off(status)
        if entry.person is None or is_off or not entry.starts_at > self.how.now:
            return
        titles = [title] if title_mentions_cancellation(title) else []
        self.doubtful |= dict.fromkeys(map(one_line, [*titles, *described()]))

    def id_in(self, text: str) -> str:
        """The id of a line; empty where `--id-from` makes it. Raises Unreadable where there is none."""
        found = "" if self.how.ids_from else identifier(text)
        if not (found or self.how.ids_from):
            raise Unreadable("missing")
        return found

    def parsed(self) -> Parsed:
        """All of it. Identical lines count once; lines of one id that differ are all refused."""
        kept, doubles = _settled(self.entries)
        return Parsed(
            entries=tuple(kept),
            refused=tuple(sorted([*self.refused, *doubles], key=lambda each: each.line)),
            nobody=self.nobody,
            titles=tuple(self.titles),
            days=span_of_days(self.starts, self.how.zone),
            series=frozenset(self.series),
        )


class Attempts:
    """Reads the values of one line, and keeps the first problem: the reason to refuse the line."""

    def __init__(self) -> None:
        self.problem = ""

    def read(self, column: str, reader: Callable[[], T]) -> T | None:
        """What the reader returns, or None, with the problem noted."""
        try:
            return reader()
        except Unreadable as problem:
            self.problem = self.problem or f"{column}: {problem}"
        return None


def key_of(parts: Iterable[str]) -> str:
    """The same key for the same content, in whatever line it stands."""
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:16]


@lru_cache(maxsize=20_000)
def cleaned(cell: str) -> str:
    """A cell without what spreadsheets and web pages wrap around it."""
    text = cell.strip()
    if text[:2] == '="' and (found := _FORMULA.fullmatch(text)):
        text = found[1].strip()
    if text[:1] == "'":
        text = text[1:].strip()
    if "<" in text or "&" in text:
        text = without_html(text).strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def identifier(text: str) -> str:
    """An id; empty where there is none. Raises Unreadable for words such as NULL in the place of one."""
    found = values.key(text)
    if BROKEN in found:
        raise Unreadable(f"broken letters in {shown(found)}")
    whole = _SPREADSHEET_WHOLE.fullmatch(found)
    return whole[1] if whole else found


def status(text: str, how: How) -> str:
    """The status of a line. An excluded one keeps its name; other cancellations become `CANCELLED`."""
    text = one_line(text)
    folded = plain_word(text)
    if folded in how.excluded:
        return text
    decided = how.statuses.get(folded)
    if decided is None:
        decided = says_cancelled(folded)
    return CANCELLED if decided else text


def names_somebody(raw: Mapping[str, str]) -> bool:
    """Whether a line has anything that would tell who the customer is."""
    for column in _NAMING:
        text = raw.get(column)
        if text and not says_nothing(text):
            return True
    return False


def name_in(raw: Mapping[str, str]) -> str:
    """The name of a line that may be refused, as far as it has any."""
    names = (raw.get(column, "") for column in _NAMES)
    return one_line(" ".join(name for name in names if not says_nothing(name)))


def person(raw: Mapping[str, str]) -> Person | None:
    """The customer of a line, None if it names nobody. Raises Unreadable for a damaged name or id."""
    return _person(*map(raw.get, _PERSONAL))


@lru_cache(maxsize=_CUSTOMERS)  # a customer has several lines
def _person(*cells: str | None) -> Person | None:
    raw = {column: cell for column, cell in zip(_PERSONAL, cells, strict=True) if cell is not None}
    if not names_somebody(raw):
        return None
    off = _names_of_the_called_off(raw)
    raw |= off
    said: dict[str, Value] = {
        name: "" if says_nothing(raw[name]) else raw[name] for name in CUSTOMER_TEXTS if name in raw
    }
    if "name" in raw and not says_nothing(raw["name"]):
        name = one_line(raw["name"])
        parts = {"last_name": name} if "first_name" in raw else parts_of_name(name)
        for column, value in parts.items():
            if not said.get(column):
                said[column] = value
    for column in ("salutation", "first_name", "last_name"):
        if why := trouble_in_name(str(said.get(column) or "")):
            raise Unreadable(f"{why} in {shown(said[column])}")
    return Person(identifier(raw.get("customer_id", "")), said, identity_of(said), called_off=bool(off))


def _names_of_the_called_off(raw: Mapping[str, str]) -> dict[str, str]:
    """The names of a line beside which a cancellation is written, without it: `Ida Meier (abgesagt)`."""
    found = {column: name_without_cancellation(raw[column]) for column in _NAMES if raw.get(column)}
    return {column: name for column, name in found.items() if name is not None}


def identity_of(said: Mapping[str, object]) -> Identity:
    """The identity of a customer, from the columns of a line or of the schedule."""
    return _identity(*(str(said.get(column) or "") for column in _IDENTIFYING))


@lru_cache(maxsize=_CUSTOMERS)  # asked for each line of a customer, and for their row in the schedule
def _identity(first_name: str, last_name: str, mobile: str, phone: str, email: str) -> Identity:
    address = {email.strip().casefold()} if "@" in email else set()
    return Identity(name_words(first_name, last_name), number_keys(mobile, phone) | address)


def _settled(entries: Iterable[Entry]) -> tuple[list[Entry], list[Refused]]:
    groups: dict[str, list[Entry]] = {}
    kept, refused = [], []
    for entry in entries:
        if entry.appointment_id:
            groups.setdefault(entry.appointment_id, []).append(entry)
        else:
            kept.append(entry)
    for appointment_id, group in groups.items():
        if len(group) == 1 or all(_said(entry) == _said(group[0]) for entry in group):
            kept.append(group[0])
            continue
        lines = ", ".join(str(entry.line) for entry in group)
        reason = f"appointment_id: {shown(appointment_id)} comes more than once, differently (lines {lines})"
        refused += [refusal(entry, reason) for entry in group]
    return kept, refused


def refusal(entry: Entry, reason: str) -> Refused:
    """The refusal of an entry that can be read, but contradicts another."""
    who = entry.person
    return Refused(
        entry.line,
        reason,
        entry.appointment_id,
        entry.starts_at,
        who.name if who else "",
        key_of(
            (
                entry.appointment_id,
                entry.starts_at.isoformat(),
                str(who and sorted(who.said.items(), key=str)),
            )
        ),
        names_somebody=who is not None,
        status=entry.values.get("status"),
    )


def _said(entry: Entry) -> object:
    return entry.starts_at, entry.person, entry.values


def span_of_days(starts: Sequence[datetime], zone: ZoneInfo) -> tuple[date, date] | None:
    """The first and the last day, by the practice's clock."""
    if not starts:
        return None
    return min(starts).astimezone(zone).date(), max(starts).astimezone(zone).date()
