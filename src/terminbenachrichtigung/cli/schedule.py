"""`schedule init` and `schedule import`."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from terminbenachrichtigung.cli.context import (
    invocation,
    load_settings,
    local_day,
    print_json,
    print_tables,
    typed_id,
)
from terminbenachrichtigung.errors import ConfigError

if TYPE_CHECKING:
    from terminbenachrichtigung.config.settings import Settings
    from terminbenachrichtigung.own_schedule.entries import How
    from terminbenachrichtigung.own_schedule.importing import File


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


_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@schedule.command("import")
@click.argument("file", metavar="[FILE]", type=_FILE, required=False)
@click.option(
    "--url-file", metavar="FILE", type=_FILE, help="Fetch the https:// address that stands in FILE."
)
@click.option(
    "--source",
    default="",
    callback=typed_id,
    metavar="NAME",
    help="What is gone is judged within one source.",
)
@click.option(
    "--mapping",
    "mappings",
    multiple=True,
    metavar="COLUMN=HEADING",
    help="The heading that means a column; may be repeated. Usual ones are recognised.",
)
@click.option("--ignore", multiple=True, metavar="HEADING", help="Do not use this column; may be repeated.")
@click.option(
    "--date-order", type=click.Choice(["dmy", "mdy"]), help="How dates such as 11/12/2026 are to be read."
)
@click.option(
    "--id-from", default="", metavar="start,customer", help="Make ids of these, where the export has none."
)
@click.option(
    "--title", type=click.Choice(["customer"]), help="Read name and number of the customer from the title."
)
@click.option(
    "--status",
    "statuses",
    multiple=True,
    metavar="WORD=cancelled|stands",
    help="What a status means; may be repeated.",
)
@click.option(
    "--branch", default="", callback=typed_id, metavar="CODE", help="The branch where FILE names none."
)
@click.option(
    "--type",
    "type_name",
    default="Termin",
    callback=typed_id,
    show_default=True,
    metavar="NAME",
    help="Likewise, the type.",
)
@click.option(
    "--from",
    "covers_from",
    default="",
    metavar="now|tomorrow|+N|DATE",
    help="FILE covers all from there on, also the days before its first appointment.",
)
@click.option("--partial", is_flag=True, help="FILE is no complete export: what it does not name stays.")
@click.option("--force", is_flag=True, help="FILE is right: do what the brake holds.")
@click.option("--dry-run", is_flag=True, help="Report what would change, and write nothing.")
@click.option("--quiet", is_flag=True, help="For cron: print nothing unless something new needs a person.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def import_(
    context: click.Context,
    *,
    file: Path | None,
    url_file: Path | None,
    source: str,
    mappings: tuple[str, ...],
    ignore: tuple[str, ...],
    date_order: str | None,
    id_from: str,
    title: str | None,
    statuses: tuple[str, ...],
    branch: str,
    type_name: str,
    covers_from: str,
    partial: bool,
    force: bool,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Bring an export of another program, CSV or iCalendar, into the tool's own schedule.

    Importing a file again changes nothing. What is gone from a file is held, and off when the next file does
    not have it either. What cannot be read is listed and refused; the rest goes in, in one transaction.

    Exit code 0: done. 1: done, and something new needs a person: refused lines, a file that seems wrong.
    2: wrong usage, or no such file. 3: no schedule, or the address is out of reach.
    """
    if (file is None) == (url_file is None):
        raise ConfigError("schedule import takes a FILE, or --url-file FILE with an address in it")
    settings = load_settings(context)
    now = invocation(context).clock.now()
    from terminbenachrichtigung.config.filters import plain_word
    from terminbenachrichtigung.own_schedule import entries, ids, import_report, importing, moments
    from terminbenachrichtigung.times.windows import Quiet

    excluded = {plain_word(status): status.strip() for status in settings.rules.excluded_statuses}
    if entries.CANCELLED.casefold() not in excluded:
        raise ConfigError(
            f'rules.excluded_statuses lacks "{entries.CANCELLED}", which the import gives to what is '
            "cancelled: a cancelled appointment would still be notified"
        )
    how = entries.How(
        now=now,
        zone=settings.zone,
        excluded=frozenset(excluded),
        mapping=_pairs(mappings, '--mapping takes COLUMN=HEADING, as in --mapping starts_at="Beginn"'),
        ignored=ignore,
        order=moments.DateOrder(date_order) if date_order else None,
        statuses=_meanings(statuses),
        title_is_customer=title == "customer",
        ids_from=ids.parts_of(id_from) if id_from else (),
        type_name=type_name.strip() or "Termin",
        branch_code=branch.strip(),
        cancelled=excluded[entries.CANCELLED.casefold()],
        partial=partial,
        force=force,
        covers_from=_first_day(covers_from, now.astimezone(settings.zone)),
        quiet=Quiet(settings.rules, settings.zone),
    )
    url = settings.schedule.url.get_secret_value()
    exported = (
        importing.file_at(file)
        if file is not None
        else _fetched(settings, url_file, source.strip(), now, asked=_options(how), dry_run=dry_run)
    )
    if exported is None:
        if as_json or not quiet:
            _say_unchanged(now.astimezone(settings.zone), as_json=as_json)
        return
    found = importing.import_file(url, exported, how, source=source.strip(), dry_run=dry_run)
    done = import_report.Import(now, found, dry_run=dry_run, zone=settings.zone)
    if as_json:
        print_json(import_report.as_json(done))
    elif found.needs_a_person or not quiet:
        print_tables(import_report.as_text(done))
    if found.needs_a_person:
        context.exit(1)


def _fetched(
    settings: "Settings", url_file: Path | None, source: str, now: datetime, *, asked: str, dry_run: bool
) -> "File | None":
    """What the address gives; None if it is what it was at the last import, which is noted.

    A dry run writes nothing, and shows the file even so.
    """
    from terminbenachrichtigung.delivery.exchange import proxy_of
    from terminbenachrichtigung.own_schedule import fetching, importing

    assert url_file is not None
    address = fetching.address_in(url_file)
    name = source or fetching.name_of(address)
    url = settings.schedule.url.get_secret_value()
    before = importing.remembered(url, name)
    # A series is spread anew each day, so that a calendar is read each day though it is what it was.
    asked = importing.hashed(f"{address} {now.astimezone(settings.zone).date()} {asked}")
    known = before.etag if before.asked == asked and not dry_run else ""
    fetched = fetching.fetch(address, known, proxy=proxy_of(settings.sms))
    if fetched.content is None:
        importing.unchanged(url, name, now)
        return None
    return importing.File(fetched.content, name, "", fetched.written_at, fetched.etag, asked)


def _options(how: "How") -> str:
    """The options that decide what a file means: with others, an unchanged file is imported again."""
    return repr(replace(how, now=datetime.min.replace(tzinfo=UTC), covers_from=None, quiet=None))


def _say_unchanged(now: datetime, *, as_json: bool) -> None:
    if as_json:
        print_json({"command": "schedule import", "at": now.isoformat(), "unchanged": True})
    else:
        click.echo("The file has not changed since the last import.")


def _pairs(texts: Iterable[str], usage: str) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    if not all(left.strip() and right.strip() for left, _, right in pairs):
        raise ConfigError(usage)
    found: dict[str, str] = {}
    for left, _, right in pairs:
        word = left.strip().casefold()
        if found.setdefault(word, right) != right:
            both = f'"{found[word]}" and "{right}"'
            raise ConfigError(f'"{left.strip()}" cannot be {both} at once: give one of the two')
    return found


def _meanings(texts: Iterable[str]) -> dict[str, bool]:
    usage = '--status takes WORD=cancelled or WORD=stands, as in --status "Warteliste=cancelled"'
    pairs = _pairs(texts, usage)
    if any(meaning.strip() not in ("cancelled", "stands") for meaning in pairs.values()):
        raise ConfigError(usage)
    return {word: meaning.strip() == "cancelled" for word, meaning in pairs.items()}


def _first_day(text: str, now: datetime) -> date | Literal["now"] | None:
    text = text.strip().lower()
    if not text or text == "now":
        return "now" if text else None
    if text == "tomorrow":
        return now.date() + timedelta(days=1)
    if text.startswith("+") and text[1:].isdecimal() and len(text) < 5:
        return now.date() + timedelta(days=int(text[1:]))
    return local_day(text)
