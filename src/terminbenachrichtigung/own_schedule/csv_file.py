"""The cells of a CSV export → entries. The order of day and month is recognised."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from functools import partial

from terminbenachrichtigung.contact.names import NOTHING
from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.own_schedule import (
    columns,
    descriptions,
    doubts,
    entries,
    ids,
    letters,
    moments,
    zones,
)
from terminbenachrichtigung.own_schedule.columns import BRANCH_TEXTS, LEAVE, Understood
from terminbenachrichtigung.own_schedule.csv_cells import Row, Table, Unclosed
from terminbenachrichtigung.own_schedule.entries import (
    CANCELLED,
    Attempts,
    Ending,
    Entry,
    Findings,
    How,
    Parsed,
    Person,
    Refused,
    Value,
)
from terminbenachrichtigung.own_schedule.moments import DateOrder, Moments, Span
from terminbenachrichtigung.own_schedule.source import Source
from terminbenachrichtigung.schedule.rows import Dropped
from terminbenachrichtigung.schedule.values import Unreadable, shown

_DATED = ("starts_at", "date", "ends_at", "end_date", "created_at", "last_contacted_at")
_AT_THE_END = " (if the file always ends so, say --force once)"
_IDS = ("appointment_id", "customer_id")
_LETTERED = ("type_name", *BRANCH_TEXTS, "status")


def read(cells: Table, how: How, before: Source) -> Parsed:
    """Read a whole export; `before` is what earlier files of its source left behind.

    Raises:
        ConfigError: a needed column is not among its headings, its ids are running numbers, or its dates
            can be read in two ways.
    """
    meaning = columns.understood(cells.headings, how.mapping, how.ignored, ids_made=bool(how.ids_from))
    _check_ids(cells, meaning)
    order = how.order or _order(cells, meaning, before)
    lines = _Lines(meaning, cells.headings, replace(how, order=order), before)
    rows, cut, ending = _ending(cells, how, before.ending)
    for line, row in rows:
        lines.take(line, row)
    if cut:
        line, row = cells.rows[-1]
        lines.refuse(line, row, cut)
    elif rows and lines.refused and lines.refused[-1].line == rows[-1][0] and _is_one_cell(rows[-1][1]):
        reason = f"{lines.refused[-1].reason}{_AT_THE_END}"
        lines.refused[-1] = replace(lines.refused[-1], reason=reason)
    parsed = lines.parsed()
    statuses = doubts.doubtful_statuses(parsed.entries, how)
    return replace(
        parsed,
        warnings=(
            *lines.dropped.warnings(),
            *statuses,
            *doubts.doubtful_titles(lines.doubtful),
            *_doubtful_headings(cells, meaning),
        ),
        off=lines.off,
        headings=meaning.headings,
        unused=meaning.unused,
        cut=cut,
        order=order,
        ending=ending,
        off_by_name=lines.off_by_name,
    )


def _doubtful_headings(cells: Table, meaning: Understood) -> Iterator[str]:
    """A warning for each unused column that may say that appointments are cancelled."""
    for place in meaning.left:
        heading = cells.headings[place].strip()
        below = {cell.strip() for cell in cells.below(place)} - NOTHING
        if columns.mentions_cancellation(heading):
            if any(columns.truth(cell) is not False for cell in below):
                yield f'the heading "{heading}" holds a word for a cancellation, {_advice(heading)}'
        elif words := sorted(cell for cell in below if columns.is_cancellation(cell)):
            name = f'the heading "{heading}"' if heading else f"column {place + 1}, which has no heading"
            yield f"{shown(words[0])} stands below {name}, {_advice(heading)}"


def _advice(heading: str) -> str:
    decision = f'--mapping cancelled="{heading}", else --ignore' if heading else "give the column a heading"
    return f"and is not used: if what stands below it says that an appointment is off, {decision}"


def _check_ids(cells: Table, meaning: Understood) -> None:
    place = meaning.columns.get("appointment_id")
    if place is None:
        return
    if ids.counts_up(cells.headings[place], [cell.strip() for cell in cells.below(place)]):
        raise ConfigError(
            f'"{cells.headings[place].strip()}" only numbers the lines (1, 2, 3), which is no id: one '
            "booking shifts all later ones. Use --id-from start,customer"
        )


def _order(cells: Table, meaning: Understood, before: Source) -> DateOrder | None:
    places = [meaning.columns[name] for name in _DATED if name in meaning.columns]
    return moments.settled_order({cell for place in places for cell in cells.below(place)}, before.order)


def _ending(cells: Table, how: How, before: Ending | None) -> tuple[Sequence[Row], str, Ending]:
    """The rows without a last one that is cut short; why the file seems cut short; and how it ends."""
    if not cells.rows:
        return (), "", Ending(cells.line_end)
    last = cells.rows[-1][1]
    if isinstance(last, csv.Error):
        if "unexpected end" in str(last):
            return cells.rows[:-1], "the file ends inside quotation marks", Ending(cells.line_end)
        return cells.rows, "", Ending(cells.line_end)
    shape = re.sub(r"\d+", "#", "|".join(last))
    is_footer = how.force or (before is not None and before.short_line == shape)
    if len(last) < len(cells.headings):
        why = "" if is_footer else f"has {len(last)} cells under {len(cells.headings)} headings{_AT_THE_END}"
        return cells.rows[:-1], why, Ending(cells.line_end, shape)
    if is_footer and _is_one_cell(last):  # a spreadsheet fills it up with empty ones
        return cells.rows[:-1], "", Ending(cells.line_end, shape)
    ending = Ending(cells.line_end)
    if not cells.line_end and before is not None and before.line_end and not how.force:
        return cells.rows[:-1], f"ends without a line end, which earlier files had{_AT_THE_END}", ending
    return cells.rows, "", ending


def _is_one_cell(row: Sequence[str] | csv.Error) -> bool:
    """Whether a line has one cell that is not empty, as a sum below the table; it is no appointment."""
    return not isinstance(row, csv.Error) and len(list(filter(None, map(str.strip, row)))) == 1


class _Lines(Findings):
    """Takes the lines of a file one by one."""

    def __init__(self, meaning: Understood, headings: Sequence[str], how: How, before: Source) -> None:
        super().__init__(how)
        self.off: Counter[str] = Counter()
        self.dropped = Dropped()
        self.off_by_name = False
        self._was_off_by_name = before.off_by_name
        self._meaning = meaning
        self._width = len(headings)
        # A column of another heading (`Label`) that --mapping names has words of which one is a cancellation.
        self._worded = {
            place for place in meaning.cancelled if not columns.mentions_cancellation(headings[place])
        }
        self._last_name_first = columns.folded(meaning.headings.get("name", "")) in columns.LAST_NAME_FIRST
        self._moments = Moments(_zone_of(meaning) or how.zone, how.order)

    def take(self, line: int, row: Sequence[str] | csv.Error) -> None:
        """An entry, a refusal, or one of those that name nobody."""
        if isinstance(row, csv.Error):
            self.refuse(line, row, str(row))
        elif len(row) < self._width or any(map(str.strip, row[self._width :])):
            self.refuse(line, row, f"has {len(row)} cells under {self._width} headings")
        else:
            self._take(line, row)

    def refuse(self, line: int, row: Sequence[str] | csv.Error, reason: str) -> None:
        """Note a line that cannot be split into cells, with its id if that can still be read."""
        if isinstance(row, Unclosed):
            cells = row.cells if len(row.cells) == self._width else ()
        else:
            cells = () if isinstance(row, csv.Error) else row
        raw = self._raw(cells)
        attempts = Attempts()
        found = attempts.read("", lambda: entries.identifier(raw.get("appointment_id", ""))) or ""
        self.refused.append(Refused(line, reason, found, key=entries.key_of(cells or (reason, str(line)))))

    def _raw(self, row: Sequence[str]) -> dict[str, str]:
        """The cells by column. `NULL` and the like become empty, but not as an id, which is refused later."""
        raw = {
            column: "" if (text := entries.cleaned(row[place])) in NOTHING and column not in _IDS else text
            for column, place in self._meaning.columns.items()
            if place < len(row)
        }
        if self._last_name_first and "," not in raw.get("name", ","):
            raw["last_name"] = raw.pop("name")  # `von der Tann Ida`: where the first name begins is not said
        return raw

    def _take(self, line: int, row: Sequence[str]) -> None:
        raw = self._raw(row)
        if columns.truth(raw.get("all_day", "")) and not entries.names_somebody(raw):
            self.nobody["all-day entries"] += 1
            return
        attempts = Attempts()
        named = attempts.read("description", lambda: self._named(raw)) or raw
        found_id = attempts.read("appointment_id", lambda: self.id_in(raw.get("appointment_id", ""))) or ""
        span = attempts.read("starts_at", lambda: self._span(raw))
        if span is not None:
            self.starts.append(span.starts_at)
        who = attempts.read("customer", lambda: entries.person(named))
        said = attempts.read("status", lambda: self._said(raw, row)) or {}
        if who is not None and who.called_off:
            self.off_by_name = self.off_by_name or "status" not in said
            if not self.how.is_off(said.get("status")):
                said["status"] = CANCELLED
        elif self._was_off_by_name:
            said.setdefault("status", "")
        if attempts.problem:
            self.refused.append(
                Refused(
                    line,
                    attempts.problem,
                    found_id,
                    span.starts_at if span else None,
                    entries.name_in(named),
                    self._key(row),
                    names_somebody=entries.names_somebody(named),
                    status=said.get("status"),
                )
            )
            return
        assert span is not None
        said |= self._times(line, raw, span)
        if who is not None:
            who = self._with_consent(line, raw, who)
        self.add(
            Entry(line, found_id, span.starts_at, who, said),
            raw.get("subject", ""),
            lambda: descriptions.cancellations(raw.get("description", "")),
        )

    def _key(self, row: Sequence[str]) -> str:
        """The key of a line by what is read of it: the hour of the export beside it makes no other line."""
        used = {*self._meaning.columns.values(), *self._meaning.cancelled}
        return entries.key_of(row[place] for place in sorted(used))

    def _named(self, raw: Mapping[str, str]) -> Mapping[str, str]:
        """The line, completed by what its title and its description say of the customer."""
        found: dict[str, str] = {}
        if not (raw.get("description") or self.how.title_is_customer):
            return raw
        if raw.get("description"):
            found = descriptions.labelled(raw["description"])
        if self.how.title_is_customer and raw.get("subject"):
            here = {column: text for column, text in raw.items() if text}
            found = descriptions.titled(raw["subject"], found | here) | found
        descriptions.check_one_person(raw, found)
        return {**found, **{column: text for column, text in raw.items() if text or column not in found}}

    def _span(self, raw: Mapping[str, str]) -> Span:
        if columns.truth(raw.get("all_day", "")):
            raise Unreadable("a whole day, without a time")
        return self._moments.span(raw["starts_at"], raw.get("date", ""), self._zone(raw))

    def _zone(self, raw: Mapping[str, str]) -> tzinfo | None:
        # A start whose heading says UTC is in UTC; the zone beside it is that in which programs show it.
        name = "" if self._meaning.zone else raw.get("time_zone", "")
        return zones.named(name) if name else None

    def _said(self, raw: Mapping[str, str], row: Sequence[str]) -> dict[str, Value]:
        for column in _LETTERED:
            if why := letters.trouble(raw.get(column, "")):
                raise Unreadable(f"{why} in {shown(raw[column])}")
        said: dict[str, Value] = {name: raw[name] for name in ("type_name", *BRANCH_TEXTS) if name in raw}
        if "is_group" in raw:
            said["is_group"] = _flag(raw["is_group"])
        if "status" in raw:
            said["status"] = entries.status(raw["status"], self.how)
            if said["status"] == CANCELLED or self.how.is_off(said["status"]):
                self.off[raw["status"]] += 1
        if "subject" in raw:
            said.setdefault("status", "")
            if columns.without_cancellation(raw["subject"]) is not None:
                said["status"] = CANCELLED
        for place in self._meaning.cancelled:
            cell = entries.cleaned(row[place])
            if self._is_cancelled(cell, worded=place in self._worded) and not self.how.is_off(
                said.get("status")
            ):
                said["status"] = CANCELLED
        if self._meaning.cancelled:
            said.setdefault("status", "")
        return said

    def _is_cancelled(self, cell: str, *, worded: bool) -> bool:
        """What a column such as `Storniert am` says: yes or no, or a date."""
        if (said := columns.truth(cell)) is not None:
            return said
        if columns.says_cancelled(cell):
            return True
        if cell in NOTHING or moments.is_no_day(cell) or (worded and not columns.mentions_cancellation(cell)):
            return False
        try:
            self._moments.moment_or_day(cell)
        except Unreadable:
            raise Unreadable(f"cancelled: neither yes, no, nor a date: {shown(cell)}") from None
        return True

    # The optional columns: a value that cannot be read is left out, and counts as no consent.

    def _times(self, line: int, raw: Mapping[str, str], span: Span) -> dict[str, Value]:
        said: dict[str, Value] = {}
        if "ends_at" in raw or span.ends_at is not None:
            said["ends_at"] = span.ends_at
        if end := raw.get("ends_at"):
            day = raw.get("end_date", "")
            if not day and not moments.names_a_day(end):
                day = span.starts_at.astimezone(self.how.zone).date().isoformat()
            said["ends_at"] = self._kept(
                "ends_at", line, lambda: self._moments.moment(end, day, self._zone(raw))
            )
        if created := raw.get("created_at"):
            said["created_at"] = self._kept("created_at", line, lambda: self._moments.moment_or_day(created))
        return said

    def _with_consent(self, line: int, raw: Mapping[str, str], who: Person) -> Person:
        more: dict[str, Value] = {}
        for column in ("reminder_consent", *LEAVE):
            if (said := raw.get(column)) is None:
                continue
            is_silent = not said and column in LEAVE
            more[column] = None if is_silent else self._kept(column, line, partial(_flag, said)) or False
        for column, refused in LEAVE.items():
            if (said := raw.get(refused)) is not None:
                more.setdefault(column, None)
                if said and self._kept(refused, line, partial(_flag, said)) is not False:
                    more[column] = False
        if contacted := raw.get("last_contacted_at"):
            more["last_contacted_at"] = self._kept(
                "last_contacted_at", line, lambda: self._moments.moment_or_day(contacted)
            )
        return replace(who, said={**who.said, **more}) if more else who

    def _kept(self, column: str, line: int, reader: Callable[[], Value]) -> Value:
        try:
            return reader()
        except Unreadable as problem:
            self.dropped.add(column, f"line {line}: {problem}")
            return None


def _zone_of(meaning: Understood) -> tzinfo | None:
    try:
        return zones.named(meaning.zone) if meaning.zone else None
    except Unreadable as problem:
        raise ConfigError(f'the heading "{meaning.headings["starts_at"]}" says no zone: {problem}') from None


def _flag(text: str) -> bool:
    said = columns.truth(text)
    if said is None:
        raise Unreadable(f"neither yes nor no: {shown(text)}")
    return said
