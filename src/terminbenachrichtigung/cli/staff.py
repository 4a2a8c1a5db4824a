"""`staff-list`."""

import click

from terminbenachrichtigung.cli.context import load_settings, print_json, terminal_width, wants_colour


@click.command("staff-list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def staff_list(context: click.Context, *, as_json: bool) -> None:
    """Whom a person must call or write, and why: each customer once, soonest first."""
    settings = load_settings(context)
    from terminbenachrichtigung import bootstrap, desk
    from terminbenachrichtigung import staff_list as listing

    with bootstrap.tools(settings, readonly=True) as tools:
        entries = desk.staff(tools)
    if as_json:
        print_json(listing.as_json(entries, zone=settings.zone))
    else:
        click.echo(
            listing.as_text(entries, zone=settings.zone, width=terminal_width(), colour=wants_colour())
        )
