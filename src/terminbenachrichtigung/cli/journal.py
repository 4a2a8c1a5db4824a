"""`journal init`, `journal backup`, `journal forget` and `journal timezone`."""

from pathlib import Path

import click

from terminbenachrichtigung.cli.context import invocation, load_settings, open_context, open_journal, typed_id
from terminbenachrichtigung.errors import ScheduleError


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
        try:
            with open_context(context, settings) as opened:
                count = adoption.adopt(opened)
        except ScheduleError as error:
            again = "Nothing is marked as handled yet: call journal init --adopt again before the first run."
            raise ScheduleError(f"{error} {again}") from error
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
@click.argument("customer_id", callback=typed_id)
@click.pass_context
def forget(context: click.Context, *, customer_id: str) -> None:
    """Take a customer's numbers, addresses and replies out of the journal, for good (GDPR article 17).

    Hashes of name and recipient go when the appointments ahead are over: until then they see to it that
    nobody is told twice. Opt-outs stay. What the schedule holds is your software's affair.
    """
    settings = load_settings(context)
    from terminbenachrichtigung.errors import ConfigError
    from terminbenachrichtigung.journal.forgetting import NotForgotten
    from terminbenachrichtigung.output.wording import counted

    with open_journal(context, settings) as opened:
        found = opened.forget(customer_id, invocation(context).clock.now())
    if isinstance(found, NotForgotten):
        advice = "; try again in a minute" if found is NotForgotten.CLAIMED else "; see: history --customer"
        raise ConfigError(f"customer {customer_id}: nothing was forgotten: {found.value}{advice}")
    click.echo(
        f"The journal has forgotten the numbers and addresses of {counted(found.messages, 'message')} "
        f"to customer {customer_id}, and what was answered ({found.replies})."
    )
    if found.ahead:
        click.echo(f"Hashes stay until {counted(found.ahead, 'appointment')} ahead will be over.")


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
    with open_journal(context, settings) as opened:
        opened.set_timezone(zone)
    click.echo(f"The journal's time zone is {zone}.")
