"""What `schedule import` says: for people, and as JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from terminbenachrichtigung.output.json import picked, plain
from terminbenachrichtigung.output.tables import Row, Table
from terminbenachrichtigung.own_schedule.appointments import GONE_ONCE
from terminbenachrichtigung.own_schedule.entries import Refused
from terminbenachrichtigung.own_schedule.result import Change, Changes

_MOST = 20
"""So many rows of a table are shown, the rest is counted. `--json` has all."""


@dataclass(frozen=True, slots=True)
class Import:
    """One import, to be reported."""

    at: datetime
    found: Changes
    dry_run: bool
    zone: ZoneInfo


def as_text(done: Import) -> Iterator[str | Table]:
    """What was understood, what changed, and what a person should look at, in that order."""
    found = done.found
    yield from _understood(done)
    yield (
        f"{len(found.new)} new, {len(found.changed)} changed, {len(found.cancelled)} cancelled, "
        f"{len(found.held)} held, {found.unchanged} unchanged, {len(found.refused)} refused"
    )
    yield from (f"Warning: {warning}" for warning in found.warnings)
    yield from _changes(done)
    yield from _problems(done)
    if done.dry_run:
        yield "Nothing was written."


def _understood(done: Import) -> Iterator[str | Table]:
    parsed, found = done.found.parsed, done.found
    rows = tuple(Row((heading, column)) for column, heading in sorted(parsed.headings.items()))
    yield Table("understood", ("heading", "used as"), rows)
    if parsed.unused:
        yield "Not used: " + ", ".join(parsed.unused)
    if parsed.order:
        yield f"Dates with / are read with the {'day' if parsed.order == 'dmy' else 'month'} first."
    yield from (f"Left out: {count} {kind}" for kind, count in sorted(found.nobody.items()))
    if found.unreachable:
        yield f"{found.unreachable} appointments of customers without number and address"
    if any(found.statuses):
        words = (f"{status or 'none'} ({count})" for status, count in sorted(found.statuses.items()))
        yield "Statuses that are reminded: " + ", ".join(words)
    if parsed.off:
        words = (f"{status} ({count})" for status, count in sorted(parsed.off.items()))
        yield "Statuses that say that it is off: " + ", ".join(words)
    if found.beyond:
        yield f"{found.beyond} appointments lie later than the last day of the file: they stay"


def _changes(done: Import) -> Iterator[str | Table]:
    found = done.found
    for title, listed in (
        ("changed", found.changed),
        ("cancelled", found.cancelled),
        ("held: no run reminds", found.held),
        ("late: missed", found.late),
    ):
        yield from _table(title, listed, done.zone)
    yield from _refused(found.refused)
    if found.titles:
        yield f"Left out, since the title names nobody: {', '.join(_most(found.titles))}"
    new = found.inserts
    customers = len(new["customers"]), len(found.updates["customers"])
    if any(customers):
        yield "customers: {} new, {} with other data".format(*customers)
    if new["branches"]:
        yield "new branches: " + ", ".join(new["branches"])
    if new["appointment_types"]:
        yield "new types, which allow notifications: " + ", ".join(new["appointment_types"])


def _problems(done: Import) -> Iterator[str | Table]:
    found = done.found
    yield from (f"Look at this: {problem}." for problem in found.problems)
    if found.uncovered:
        yield from _table(
            "ahead, but before the first day of the file: they stay", found.uncovered, done.zone
        )
        yield (
            "Look at this: if the file covers them too, they were deleted: say it with --from now "
            "(or tomorrow, +N days, a date)."
        )
    if found.braked:
        yield f"Look at this: {brake_words(found)}"


def brake_words(found: Changes) -> str:
    """Why the brake holds, and what to do."""
    known = found.unchanged or found.changed or any(each.detail != GONE_ONCE for each in found.held)
    hint = "" if known else " None of its own was known: another export needs a --source of its own."
    return (
        f"{found.disturbed} of the {found.covered} appointments that the file covers would be cancelled, "
        "moved or given to another customer. Is it the right file, and complete? Only what is new was taken, "
        "and what is in dispute is held: no run reminds of it until a better file comes, or --force says "
        f"that this one is right.{hint}"
    )


def _table(title: str, listed: Iterable[Change], zone: ZoneInfo) -> Iterator[str | Table]:
    rows = [Row((_shown(c.starts_at, zone), c.appointment_id, c.name, c.detail)) for c in listed]
    return _cut(title, ("start", "appointment", "customer", "why"), rows)


def _refused(refused: Iterable[Refused]) -> Iterator[str | Table]:
    rows = [Row((str(line.line), line.appointment_id, line.name, line.reason)) for line in refused]
    return _cut("refused", ("line", "appointment", "customer", "why"), rows)


def _cut(title: str, columns: tuple[str, ...], rows: Sequence[Row]) -> Iterator[str | Table]:
    yield Table(title, columns, tuple(rows[:_MOST]))
    if len(rows) > _MOST:
        yield f"… and {len(rows) - _MOST} more"


def _most(texts: tuple[str, ...]) -> tuple[str, ...]:
    return texts if len(texts) <= _MOST else (*texts[:_MOST], f"and {len(texts) - _MOST} more")


def _shown(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def as_json(done: Import) -> Mapping[str, object]:
    """The document of `--json`."""
    parsed, found, zone = done.found.parsed, done.found, done.zone

    def changes(listed: Iterable[Change]) -> list[object]:
        return [picked(change, "appointment_id", "starts_at", "name", "detail") for change in listed]

    newly = {line.key for line in found.newly_refused}
    document: dict[str, object] = plain(
        {
            "command": "schedule import",
            "at": done.at,
            "source": found.source.name,
            "written": not done.dry_run,
            "understood": {
                "columns": dict(parsed.headings),
                "unused_headings": parsed.unused,
                "date_order": parsed.order,
                "first_day": parsed.days and parsed.days[0],
                "last_day": parsed.days and parsed.days[1],
                "whole": found.whole,
                "left_out": dict(found.nobody),
                "unreachable": found.unreachable,
                "statuses_reminded": dict(found.statuses),
                "statuses_off": dict(parsed.off),
                "beyond": found.beyond,
            },
            "new": changes(found.new),
            "changed": changes(found.changed),
            "cancelled": changes(found.cancelled),
            "held": changes(found.held),
            "late": changes(found.late),
            "uncovered": changes(found.uncovered),
            "refused": [
                {
                    "line": line.line,
                    "appointment_id": line.appointment_id or None,
                    "name": line.name,
                    "reason": line.reason,
                    "new": line.key in newly,
                }
                for line in found.refused
            ],
            "titles_left_out": found.titles,
            "problems": found.problems,
            "warnings": found.warnings,
            "braked": found.braked,
            "counts": {
                "new": len(found.new),
                "changed": len(found.changed),
                "cancelled": len(found.cancelled),
                "held": len(found.held),
                "unchanged": found.unchanged,
                "refused": len(found.refused),
                "disturbed": found.disturbed,
                "covered": found.covered,
            },
        },
        zone,
    )
    return document
