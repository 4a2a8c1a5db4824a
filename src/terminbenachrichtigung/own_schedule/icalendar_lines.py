"""The lines and components of an iCalendar file (RFC 5545), and the time zones that it defines."""

import quopri
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from terminbenachrichtigung.own_schedule import letters
from terminbenachrichtigung.own_schedule.zones import Definition
from terminbenachrichtigung.schedule.values import Unreadable

if TYPE_CHECKING:
    from icalendar.parser import Parameters


@dataclass(slots=True)
class Component:
    """The lines between a BEGIN and its END, without those of components inside."""

    name: str
    line: int
    text: list[str] = field(default_factory=list)
    properties: dict[str, list[tuple["Parameters", str]]] = field(default_factory=dict)
    broken: str = ""
    calendar: "Component | None" = None

    def one(self, name: str) -> tuple["Parameters", str] | None:
        """The only such property that is not empty; raises Unreadable if there are two that differ."""
        found = [each for each in self.properties.get(name, ()) if each[1].strip()]
        if not found:
            return None
        if any(value != found[0][1] for _, value in found[1:]):
            raise Unreadable(f"{name}: stands twice, with different values")
        return found[0]

    def text_of(self, name: str) -> str:
        """The text of the first such property, empty without one."""
        for parameters, value in self.properties.get(name, ()):
            if str(parameters.get("ENCODING", "")).upper() == "QUOTED-PRINTABLE":
                return _quoted_printable(value, str(parameters.get("CHARSET", "utf-8")))
            return _unescaped(value).strip()
        return ""

    def texts_of(self, name: str) -> list[str]:
        """The texts of a list, such as CATEGORIES, without empty ones."""
        values = ",".join(_unescaped(value) for _, value in self.properties.get(name, ()))
        return list(filter(None, map(str.strip, values.split(","))))


def is_calendar(content: bytes) -> bool:
    """Whether a file begins as an iCalendar file does."""
    start = content[:64].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t")
    return start[:15].upper() == b"BEGIN:VCALENDAR"


def name_of(content: bytes) -> str:
    """The calendar's own name, by which two calendars are told apart; empty if it has none."""
    found = re.search(rb"(?m)^(?:X-WR-CALNAME|NAME)[^:\r\n]*:([^\r\n]*)", content.replace(b"\0", b""), re.I)
    return found[1].decode(errors="replace").strip() if found else ""


def undated(file_name: str) -> str:
    """A file's name without its date and without the "(2)" that browsers add: the same for each export."""
    stem = file_name.rpartition(".")[0] or file_name
    return re.sub(
        r"\s*\(\d+\)|[-_. ]*\d{4}[-_.]?\d{2}[-_.]?\d{2}(?:[-_.T ]?\d{2,6})*|[-_. ]*\d{6,}", "", stem
    )


def _lines(content: bytes) -> Iterator[tuple[int, str]]:
    """The unfolded lines with their numbers. Bytes are unfolded: a fold may divide a letter of two bytes."""
    if letters.wide_encoding(content):
        content = letters.decoded(content).encode()
    numbers: list[int] = []
    unfolded: list[bytes] = []
    for number, line in enumerate(re.split(rb"\r\n|\n|\r", content.removeprefix(b"\xef\xbb\xbf")), start=1):
        quoted = unfolded and unfolded[-1].endswith(b"=") and b"QUOTED-PRINTABLE" in unfolded[-1].upper()
        if line[:1] in (b" ", b"\t") and unfolded:
            unfolded[-1] += line[1:]
        elif quoted:
            unfolded[-1] = unfolded[-1][:-1] + line
        elif line.strip():
            numbers.append(number)
            unfolded.append(line)
    yield from zip(numbers, letters.decoded(b"\n".join(unfolded)).split("\n"), strict=True)


def components_of(content: bytes) -> tuple[list[Component], str]:
    """All components in the order in which they begin, and why the file seems to be cut short."""
    from icalendar.parser import Contentline  # noqa: PLC0415 - 50 ms, only for this kind of file

    read_line: Callable[[str], Contentline] = Contentline

    found: list[Component] = []
    open_ones: list[Component] = []
    damage = ""
    for number, line in _lines(content):
        word, _, name = line.strip().partition(":")
        if word.upper() == "BEGIN":
            calendar = next((each for each in open_ones if each.name == "VCALENDAR"), None)
            name = name.strip().upper()
            if open_ones and open_ones[-1].name == name == "VEVENT":
                open_ones.pop().broken = "has no end"
            open_ones.append(Component(name, number, calendar=calendar))
            found.append(open_ones[-1])
        elif word.upper() == "END":
            name = name.strip().upper()
            while open_ones and open_ones.pop().name != name:
                pass
        elif open_ones:
            component = open_ones[-1]
            component.text.append(line)
            try:
                property_name, parameters, value = read_line(line).parts()
            except (ValueError, IndexError):
                component.broken = component.broken or f"line {number} is no property"
                if component.name == "VCALENDAR":
                    damage = damage or f"line {number} is no property of a calendar"
                continue
            component.properties.setdefault(property_name.upper(), []).append((parameters, value))
    for component in open_ones:
        component.broken = "has no end"
    return found, "the calendar has no end" if open_ones else damage


def definitions(components: Sequence[Component]) -> Iterator[Definition]:
    for place, component in enumerate(components):
        if component.name != "VTIMEZONE":
            continue
        names = [
            value.strip().strip('"')
            for name in ("TZID", "TZID-ALIAS-OF", "X-LIC-LOCATION")
            for _, value in component.properties.get(name, ())
        ]
        parts = []
        for part in components[place + 1 :]:
            if part.name not in ("STANDARD", "DAYLIGHT"):
                break
            parts.append(part)
        yield Definition(tuple(dict.fromkeys(filter(None, names))), _defined(parts))


def _defined(parts: Sequence[Component]) -> tzinfo | None:
    """The zone that a VTIMEZONE defines; None where it cannot be read."""
    from icalendar import Timezone  # noqa: PLC0415

    text = ["BEGIN:VTIMEZONE", "TZID:defined"]
    for part in parts:
        text += [f"BEGIN:{part.name}", *part.text, f"END:{part.name}"]
    try:
        defined: Any = Timezone.from_ical("\r\n".join([*text, "END:VTIMEZONE", ""]))
        zone: tzinfo = defined.to_tz(lookup_tzid=False)
        zone.utcoffset(datetime(2026, 7, 1))  # noqa: DTZ001 - some complain only when they are asked
    except Exception:  # for a senseless definition the library may raise anything
        return None
    return zone


def text_of_parameter(parameters: "Parameters", name: str) -> str:
    """The text of a parameter, empty without one."""
    text: object = parameters.get(name, "")
    if isinstance(text, list):  # `CN=Meier, Ida`, `TZID=Amsterdam, Berlin, Bern`: without quotation marks
        text = ",".join(map(str, text))
    return str(text).strip().strip('"')


def is_date(text: str) -> bool:
    return re.fullmatch(r"\d{8}", text) is not None


def is_whole_days(starts_at: datetime, ends_at: datetime | None) -> bool:
    """Whether it lasts from midnight to midnight: some programs write whole days so."""
    midnight = starts_at.strftime("%H%M%S") == "000000"
    return (
        midnight
        and ends_at is not None
        and ends_at - starts_at >= timedelta(days=1)
        and ends_at.strftime("%H%M") == "0000"
    )


def _unescaped(value: str) -> str:
    return re.sub(r"\\([nN,;:\\\"])", lambda found: "\n" if found[1] in "nN" else found[1], value)


def _quoted_printable(value: str, charset: str) -> str:
    """A text as vCalendar 1.0 writes it."""
    content = quopri.decodestring(value.encode(errors="replace"))
    try:
        return content.decode(charset, errors="replace").strip()
    except LookupError:
        return content.decode(errors="replace").strip()
