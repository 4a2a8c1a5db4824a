"""A CSV export → entries. Delimiter, encoding and headings are recognised."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.own_schedule import entries
from terminbenachrichtigung.own_schedule.entries import BRANCH_TEXTS, HEADINGS, Entry, Parsed, Refused, Value
from terminbenachrichtigung.schedule import values
from terminbenachrichtigung.schedule.values import Unreadable, shown

_DELIMITERS = ";,\t|"


def read(content: bytes, zone: ZoneInfo, mapping: Mapping[str, str]) -> Parsed:
    """Read a whole export.

    Args:
        content: UTF-8, UTF-16 with a byte order mark, or else Windows-1252.
        zone: of times without an offset.
        mapping: by column, the heading that means it; all others are recognised.

    Raises:
        ConfigError: it is no table, or a needed column is not among its headings.
    """
    text = _decoded(content)
    delimiter = max(_DELIMITERS, key=lambda each: _fit(text, each))
    rows = _rows(text, delimiter)
    headings = next(rows, (0, ()))[1]
    columns = _columns(headings, mapping)
    found: list[Entry] = []
    refused: list[Refused] = []
    warnings: list[str] = []
    for line, cells in rows:
        raw = {column: cells[place] for column, place in columns.items() if place < len(cells)}
        try:
            _check_width(cells, headings)
            entry, dropped = _entry(line, raw, zone)
        except Unreadable as problem:
            refused.append(Refused(line, str(problem), _id(raw)))
            continue
        found.append(entry)
        warnings += dropped
    kept, doubles = entries.settled(found)
    in_order = sorted([*refused, *doubles], key=lambda each: each.line)
    return Parsed(tuple(kept), tuple(in_order), tuple(warnings))


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", errors="replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
    if "\0" in text:
        raise ConfigError("the file is no text: neither CSV nor iCalendar")
    return text


def _fit(text: str, delimiter: str) -> tuple[int, int]:
    """How many known headings the delimiter gives, then how many headings."""
    try:
        headings = next(_rows(text, delimiter), (0, ()))[1]
    except ConfigError:
        return 0, 0
    return sum(entries.column_of(heading) is not None for heading in headings), len(headings)


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, Sequence[str]]]:
    """The rows that are not empty, with the line on which each begins."""
    # Strict: an open quotation mark would swallow all lines after it, and they would count as cancelled.
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            hint = (
                line == 1
                and len("".join(cells)) <= len("sep=;")
                and cells[:1]
                and cells[0].startswith("sep=")
            )
            if any(cell.strip() for cell in cells) and not hint:  # Excel's own line "sep=;" is no heading
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise ConfigError(f"line {line}: the file is no CSV: {error}") from None


def _columns(headings: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """By column: its place in a row."""
    places: dict[str, int] = {}
    for column, heading in mapping.items():
        if column not in HEADINGS:
            raise ConfigError(f'--mapping: there is no column "{column}"; there are {", ".join(HEADINGS)}')
        wanted = [place for place, each in enumerate(headings) if each.strip() == heading.strip()]
        if not wanted:
            raise ConfigError(f'--mapping: the file has no heading "{heading}"; it has {_listed(headings)}')
        places[column] = wanted[0]
    taken = set(places.values())
    for place, heading in enumerate(headings):
        column = entries.column_of(heading) or ""
        if not column or place in taken or column in mapping:
            continue
        if column in places:
            both = _listed((headings[places[column]], heading))
            raise ConfigError(f"{both} both mean {column}; choose one with --mapping {column}=HEADING")
        places[column] = place
    missing = [column for column in ("appointment_id", "starts_at") if column not in places]
    if missing:
        raise ConfigError(
            f"no heading means {' and '.join(missing)}; the file has {_listed(headings) or 'none'}. "
            f"Name it with --mapping {missing[0]}=HEADING"
        )
    return places


def _listed(headings: Sequence[str]) -> str:
    return ", ".join(f'"{heading.strip()}"' for heading in headings)


def _check_width(cells: Sequence[str], headings: Sequence[str]) -> None:
    if len(cells) < len(headings) or any(cells[len(headings) :]):
        raise Unreadable(f"has {len(cells)} cells under {len(headings)} headings")


def _needed_key(text: str) -> str:
    found = values.key(text)
    if not found:
        raise Unreadable("missing")
    return found


def _id(raw: Mapping[str, str]) -> str | None:
    try:
        return values.key(raw.get("appointment_id", "")) or None
    except Unreadable:
        return None


def _entry(line: int, raw: Mapping[str, str], zone: ZoneInfo) -> tuple[Entry, list[str]]:
    """The entry of a line, and a warning for each optional value that was dropped. Raises Unreadable."""
    column = "appointment_id"
    try:
        appointment_id = _needed_key(raw[column])
        column = "starts_at"
        starts_at = entries.moment(raw[column], zone, raw.get("date", ""))
        said: dict[str, Value] = {
            name: raw[name].strip() for name in ("type_name", *BRANCH_TEXTS) if name in raw
        }
        column = "is_group"
        if column in raw:
            said[column] = entries.flag(raw[column])
        column = "customer_id"
        customer_id, contact = entries.customer(raw)
    except Unreadable as problem:
        raise Unreadable(f"{column}: {problem}") from None
    if "status" in raw:
        said["status"] = entries.status(raw["status"])
    dropped = []
    for column in ("ends_at", "created_at", "last_contacted_at", "reminder_consent"):
        if column not in raw or (column.endswith("_at") and not raw[column].strip()):
            continue
        try:
            value: Value = (
                entries.flag(raw[column])
                if column == "reminder_consent"
                else entries.moment(raw[column], zone, raw.get("date") or raw["starts_at"])
                if column == "ends_at"
                else _time_or_midnight(raw[column], zone)
            )
        except Unreadable as problem:
            # What cannot be read allows nothing.
            value = False if column == "reminder_consent" else None
            dropped.append(f"line {line}: {column} was left out: {problem}")
        (said if column in ("ends_at", "created_at") else contact)[column] = value
    if customer_id is None:
        contact = {}
    return Entry(line, appointment_id, starts_at, customer_id, said | contact), dropped


def _time_or_midnight(text: str, zone: ZoneInfo) -> Value:
    try:
        return entries.moment(text, zone)
    except Unreadable:
        return entries.moment("00:00", zone, text) if "/" not in text else _refuse(text)


def _refuse(text: str) -> Value:
    raise Unreadable(f"not a date: {shown(text)}")
