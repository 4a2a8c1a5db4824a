"""`journal init`, `journal backup` and `journal timezone`."""

from pathlib import Path

import click

from terminbenachrichtigung.cli.context import (
    invocation,
    load_settings,
    open_context,
)


@click.group()
def journal() -> None:
    """The tool's own tables: who was told what."""


@journal.command()
@click.option(
    "--adopt",
    is_flag=True,
    help="Mark what is due now as handled elsewhere, so that the first run does not notify it again.",
)
@click.pass_context
def init(context: click.Context, *, adopt: bool) -> None:
    """Make the journal, once, before the first run.

    An existing journal is left as it is. --adopt is for starting beside another system, or after a
    journal was lost; it works on an existing journal too.
    """
    settings = load_settings(context)
    from terminbenachrichtigung.journal import create_journal
    from terminbenachrichtigung.on_demand import adopt as adoption

    made = create_journal(settings.journal, invocation(context).clock.now(), settings.timezone)
    click.echo("The journal is ready." if made else "The journal was there already; it was left as it is.")
    if adopt:
        with open_context(context, settings) as opened:
            count = adoption.adopt(opened)
        click.echo(f"{count} due appointments are marked as handled elsewhere.")


@journal.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_context
def backup(context: click.Context, *, file: Path) -> None:
    """Copy the journal to FILE, whole, while runs may be writing; readable by its owner alone.

    For a journal on SQLite; one on Postgres has pg_dump. A file that is there already is left alone.
    """
    settings = load_settings(context)
    from terminbenachrichtigung.journal.backup import back_up

    back_up(settings.journal, file)
    click.echo(f"{file} is written. To restore it: stop cron, put it in the journal's place, run dry-run.")


@journal.command()
@click.argument("zone", metavar="ZONE")
@click.pass_context
def timezone(context: click.Context, *, zone: str) -> None:
    """Note that the practice has moved to another time zone, such as Europe/Vienna.

    The configuration must say the same. What was told before keeps its moment.
    """
    settings = load_settings(context)
    if zone != settings.timezone:
        raise click.UsageError(f'the configuration says timezone = "{settings.timezone}", not "{zone}"')
    from terminbenachrichtigung.journal import open_journal

    opened = open_journal(settings.journal)
    try:
        opened.set_timezone(zone)
    finally:
        opened.close()
    click.echo(f"The journal's time zone is {zone}.")
