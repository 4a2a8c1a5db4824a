"""`opt-out list`, `add` and `remove`."""

import click

from terminbenachrichtigung.cli.context import load_settings, open_journal, print_json, print_tables


@click.group("opt-out")
def opt_out() -> None:
    """Who asked not to be written to any more; beats the schedule, whatever it says."""


@opt_out.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def list_(context: click.Context, *, as_json: bool) -> None:
    """All who opted out, the newest first."""
    settings = load_settings(context)
    from terminbenachrichtigung.on_demand.opt_outs import opt_outs_as_json, opt_outs_as_text

    with open_journal(context, settings, readonly=True) as journal:
        found = journal.opt_outs()
    if as_json:
        print_json(opt_outs_as_json(found), settings.zone)
    else:
        print_tables(opt_outs_as_text(found, settings.zone))


@opt_out.command()
@click.argument("recipient")
@click.pass_context
def add(context: click.Context, *, recipient: str) -> None:
    """Never write to this number or address again."""
    settings = load_settings(context)
    from terminbenachrichtigung.on_demand.opt_outs import recipient_of

    known = recipient_of(recipient, settings)
    with open_journal(context, settings) as journal:
        new = journal.opt_out(known, "by hand")
    click.echo(f"{known} is not written to any more." if new else f"{known} had opted out already.")


@opt_out.command()
@click.argument("recipient")
@click.pass_context
def remove(context: click.Context, *, recipient: str) -> None:
    """Take an opt-out back: the recipient may be written to again."""
    settings = load_settings(context)
    from terminbenachrichtigung.errors import ConfigError
    from terminbenachrichtigung.on_demand.opt_outs import recipient_of

    known = recipient_of(recipient, settings)
    with open_journal(context, settings) as journal:
        if not journal.opt_in(known):
            raise ConfigError(f"{known} has not opted out; see opt-out list")
    click.echo(f"{known} may be written to again.")
