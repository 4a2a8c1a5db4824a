"""`schedule init`."""

import click

from terminbenachrichtigung.cli.context import load_settings


@click.group()
def schedule() -> None:
    """The tool's own schedule, for practices whose software has no database to read."""


@schedule.command()
@click.pass_context
def init(context: click.Context) -> None:
    """Make the tables of a complete schedule at schedule.url, and the view that runs read."""
    settings = load_settings(context)
    from terminbenachrichtigung.schedule import own

    own.init(settings.schedule.url.get_secret_value())
    click.echo("The schedule is ready: branches, customers, appointment_types, appointments.")
