"""`figures`."""

from datetime import UTC, timedelta
from pathlib import Path

import click

from terminbenachrichtigung.cli.context import (
    load_settings,
    local_day,
    one_form,
    open_context,
    print_json,
    print_tables,
    write_private,
)
from terminbenachrichtigung.errors import ConfigError


@click.command()
@click.option(
    "--from", "first", metavar="YYYY-MM-DD", help="The first day; default: 90 days before the last."
)
@click.option("--to", "last", metavar="YYYY-MM-DD", help="The last day; default: today.")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a page with pictures, for a browser or a printer.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated lines for a spreadsheet.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def figures(
    context: click.Context,
    *,
    first: str | None,
    last: str | None,
    html: Path | None,
    as_csv: bool,
    as_json: bool,
) -> None:
    """What was sent, what arrived, and who came: does it help, and what does it cost?

    Days are those of the appointments, by the practice's calendar. Counts only, no customer's data.
    """
    one_form(as_csv=as_csv, as_json=as_json)
    settings = load_settings(context)
    from terminbenachrichtigung.on_demand.figures import figures as count
    from terminbenachrichtigung.on_demand.figures_text import (
        figures_as_csv,
        figures_as_json,
        figures_as_text,
    )

    with open_context(context, settings, readonly=True) as opened:
        last_day = local_day(last) if last else opened.quiet.local_date(opened.clock.now())
        first_day = local_day(first) if first else last_day - timedelta(days=90)
        if last_day < first_day:
            raise ConfigError(f"--to {last_day} lies before --from {first_day}")
        found = count(opened, first_day, last_day)
    if html is not None:
        from terminbenachrichtigung.on_demand.figures_page import figures_as_html

        write_private(html, figures_as_html(found, settings.default_language))
    if as_json:
        print_json(figures_as_json(found), UTC)
    elif as_csv:
        click.echo(figures_as_csv(found))
    elif html is not None:
        click.echo(f"{html}: {first_day} to {last_day}")
    else:
        print_tables(figures_as_text(found))
