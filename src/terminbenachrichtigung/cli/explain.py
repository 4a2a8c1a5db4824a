"""`explain`."""

import click

from terminbenachrichtigung.cli.context import (
    load_settings,
    local_moment,
    open_context,
    print_json,
    print_tables,
)


@click.command()
@click.argument("appointment_id")
@click.option("--at", metavar='"YYYY-MM-DD HH:MM"', help="As if it were then, by the practice's clock.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def explain(context: click.Context, *, appointment_id: str, at: str | None, as_json: bool) -> None:
    """Why an appointment is notified, or not, and by which hourly run.

    Shows every rule's verdict with the values it looked at, the addresses found, the message, and what
    the journal knows. The hourly runs are those of crontab.example, at minute 50. Nothing is sent or
    written.

    Exit code 0: done. 2: there is no such appointment. 3: the schedule or the journal is out of reach.
    """
    settings = load_settings(context)
    from terminbenachrichtigung.on_demand import explain as explaining
    from terminbenachrichtigung.on_demand.explain_text import explanation_as_json, explanation_as_text

    with open_context(context, settings, readonly=True) as opened:
        moment = None if at is None else local_moment(at, settings.zone)
        explained = explaining.explain(opened, appointment_id, moment)
    if as_json:
        print_json(explanation_as_json(explained), settings.zone)
    else:
        print_tables(explanation_as_text(explained, settings.zone))
