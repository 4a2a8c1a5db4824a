"""The staff list for programs and for the terminal."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import tzinfo

from terminbenachrichtigung.output.json import picked
from terminbenachrichtigung.output.tables import Row, Table
from terminbenachrichtigung.output.wording import local_time
from terminbenachrichtigung.staff_list.entries import NO_START, Matter, StaffEntry
from terminbenachrichtigung.staff_list.reasons import WORDING


def as_json(entries: Sequence[StaffEntry]) -> dict[str, object]:
    """The document of `staff-list --json` (contract, section 7)."""
    names = [field.name for field in fields(StaffEntry) if field.name != "matters"]
    of_matter = [field.name for field in fields(Matter)]
    customers = [
        _dated(entry, *names) | {"appointments": [_dated(matter, *of_matter) for matter in entry.matters]}
        for entry in entries
    ]
    return {"command": "staff-list", "customers": customers}


def _dated(of: StaffEntry | Matter, *names: str) -> dict[str, object]:
    """These fields, with null for a start that could not be read."""
    return picked(of, *names) | ({"starts_at": None} if of.starts_at == NO_START else {})


def as_text(entries: Sequence[StaffEntry], zone: tzinfo) -> Iterator[str | Table]:
    """One row per customer."""
    if not entries:
        yield "Nobody needs to be called or written to."
    columns = ("start", "customer", "branch", "mobile", "phone", "email", "why", "appointments")
    yield Table("", columns, tuple(_row(entry, zone) for entry in entries))


def _row(entry: StaffEntry, zone: tzinfo) -> Row:
    because = f" ({entry.detail})" if entry.detail else ""
    moved = f"; was told {local_time(entry.told, zone)}" if entry.told else ""
    return Row(
        (
            "" if entry.starts_at == NO_START else local_time(entry.starts_at, zone),
            f"{entry.name} ({entry.customer_id})" if entry.name else entry.customer_id,
            entry.branch_code,
            entry.mobile,
            entry.phone,
            entry.email,
            f"{WORDING[entry.reason].terminal}{because}{moved}",
            ", ".join(entry.appointment_ids),
        )
    )
