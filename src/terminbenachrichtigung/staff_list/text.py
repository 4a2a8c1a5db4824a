"""The staff list for programs and for the terminal."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, tzinfo

from terminbenachrichtigung.output.json import picked, plain
from terminbenachrichtigung.output.tables import Row, Table, render
from terminbenachrichtigung.staff_list.entries import NO_START, Matter, StaffEntry
from terminbenachrichtigung.staff_list.reasons import WORDING


def as_json(entries: Sequence[StaffEntry], *, zone: tzinfo) -> dict[str, object]:
    """The document of `staff-list --json` (contract, section 7); times carry the local offset."""
    names = [field.name for field in fields(StaffEntry) if field.name != "matters"]
    of_matter = [field.name for field in fields(Matter)]
    customers = [
        _dated(entry, *names) | {"appointments": [_dated(matter, *of_matter) for matter in entry.matters]}
        for entry in entries
    ]
    return {"command": "staff-list", "customers": plain(customers, zone)}


def _dated(of: StaffEntry | Matter, *names: str) -> dict[str, object]:
    """These fields, with null for a start that could not be read."""
    return picked(of, *names) | ({"starts_at": None} if of.starts_at == NO_START else {})


def as_text(
    entries: Sequence[StaffEntry], *, zone: tzinfo, width: int | None = None, colour: bool = True
) -> str:
    """One row per customer; `width` is the terminal's in columns, None without one."""
    if not entries:
        return "Nobody needs to be called or written to."
    columns = ("start", "customer", "branch", "mobile", "phone", "email", "why", "appointments")
    rows = tuple(_row(entry, zone) for entry in entries)
    return render([Table("", columns, rows)], width=width, colour=colour)


def _row(entry: StaffEntry, zone: tzinfo) -> Row:
    def clock(moment: datetime) -> str:
        return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")

    because = f" ({entry.detail})" if entry.detail else ""
    moved = f"; was told {clock(entry.told)}" if entry.told else ""
    return Row(
        (
            "" if entry.starts_at == NO_START else clock(entry.starts_at),
            f"{entry.name} ({entry.customer_id})" if entry.name else entry.customer_id,
            entry.branch_code,
            entry.mobile,
            entry.phone,
            entry.email,
            f"{WORDING[entry.reason].terminal}{because}{moved}",
            ", ".join(entry.appointment_ids),
        )
    )
