"""`schedule init` and `schedule import`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terminbenachrichtigung.cli.context import invocation, load_settings, terminal_width, wants_colour
from terminbenachrichtigung.errors import ConfigError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from terminbenachrichtigung.output.tables import Table
    from terminbenachrichtigung.own_schedule.changes import Changes


@click.group()
def schedule() -> None:
    """The tool's own schedule, for practices whose software has no database to read."""


@schedule.command()
@click.pass_context
def init(context: click.Context) -> None:
    """Make the tables of a complete schedule at schedule.url, and the view that runs read."""
    settings = load_settings(context)
    from terminbenachrichtigung.own_schedule import init

    init.init(settings.schedule.url.get_secret_value())
    click.echo("The schedule is ready: branches, customers, appointment_types, appointments.")


@schedule.command("import")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--mapping",
    "mappings",
    multiple=True,
    metavar="COLUMN=HEADING",
    help="The heading of a CSV file that means a column; may be repeated. Usual ones are recognised.",
)
@click.option(
    "--branch", default="", metavar="CODE", help="The branch of appointments for which FILE names none."
)
@click.option(
    "--type", "type_name", default="Termin", show_default=True, metavar="NAME", help="Likewise, the type."
)
@click.option("--partial", is_flag=True, help="FILE is no complete export: what it does not name stays.")
@click.option("--dry-run", is_flag=True, help="Report what would change, and write nothing.")
@click.option(
    "--force", is_flag=True, help="Also if more than a fifth of what lies ahead would be disturbed."
)
@click.pass_context
def import_(
    context: click.Context,
    *,
    file: Path,
    mappings: tuple[str, ...],
    branch: str,
    type_name: str,
    partial: bool,
    dry_run: bool,
    force: bool,
) -> None:
    """Bring an export of another program, CSV or iCalendar, into the tool's own schedule.

    Appointments are known by their ids: importing a file again changes nothing. What lies ahead, within
    the days of the file and in the branches that it names, and is gone from it, becomes cancelled.
    Lines that cannot be read are listed and refused; the others go in, in one transaction.

    Exit code 0: done. 1: lines were refused, or the whole file, because it would cancel, move or give to
    another customer more than a fifth of what lies ahead. 2: wrong usage, or no such file. 3: no schedule.
    """
    pairs = [mapping.partition("=") for mapping in mappings]
    if not all(column and heading for column, _, heading in pairs):
        raise ConfigError('--mapping takes COLUMN=HEADING, as in --mapping starts_at="Beginn"')
    settings = load_settings(context)
    excluded = [status.strip() for status in settings.rules.excluded_statuses]
    if not excluded:
        raise ConfigError("rules.excluded_statuses is empty: a cancelled appointment would still be notified")
    from terminbenachrichtigung.own_schedule import changes, entries, importing

    usual = [status for status in excluded if status.casefold() == entries.CANCELLED.casefold()]
    how = changes.How(
        now=invocation(context).clock.now(),
        zone=settings.zone,
        excluded=frozenset(status.casefold() for status in excluded),
        cancelled=(usual or excluded)[0],
        type_name=type_name.strip() or "Termin",
        branch_code=branch.strip(),
        partial=partial,
    )
    mapping = {column.strip(): heading for column, _, heading in pairs}
    parsed = importing.read_file(file, settings.zone, mapping)
    found = importing.import_entries(
        settings.schedule.url.get_secret_value(), parsed, how, dry_run=dry_run, force=force
    )
    _print(found, settings.zone, written=not dry_run and (force or not found.braked))
    if found.braked and not force:
        click.echo(
            f"Error: {found.disturbed} of the {found.ahead} appointments that lie ahead would be cancelled, "
            "moved or given to another customer: more than a fifth. Is it the right file, and complete? "
            "Nothing was imported; --force does it.",
            err=True,
        )
    context.exit(1 if found.refused or (found.braked and not force) else 0)


def _print(found: "Changes", zone: "ZoneInfo", *, written: bool) -> None:
    from terminbenachrichtigung.output import tables

    counts = (
        f"{len(found.new)} new, {len(found.changed)} changed, {len(found.cancelled)} cancelled, "
        f"{found.unchanged} unchanged, {len(found.refused)} refused"
    )
    parts = [counts, *(f"Warning: {warning}" for warning in found.warnings), *_found_tables(found, zone)]
    if not written:
        parts.append("Nothing was written.")
    click.echo(tables.render(parts, width=terminal_width(), colour=wants_colour()))


def _found_tables(found: "Changes", zone: "ZoneInfo") -> "Iterator[str | Table]":
    from terminbenachrichtigung.output.tables import Row, Table

    for title, listed in (("changed", found.changed), ("cancelled", found.cancelled)):
        rows = (
            Row((f"{change.starts_at.astimezone(zone):%Y-%m-%d %H:%M}", change.appointment_id, change.detail))
            for change in listed
        )
        yield Table(title, ("start", "appointment", "why"), tuple(rows))
    refused = (Row((str(line.line), line.appointment_id or "", line.reason)) for line in found.refused)
    yield Table("refused", ("line", "appointment", "why"), tuple(refused))
    new = found.inserts
    customers = len(new["customers"]), len(found.updates["customers"])
    if any(customers):
        yield "customers: {} new, {} with other data".format(*customers)
    if new["branches"]:
        yield "new branches: " + ", ".join(new["branches"])
    if new["appointment_types"]:
        yield "new types, which allow notifications: " + ", ".join(new["appointment_types"])
