"""`schedule inspect`."""

import click

from terminbenachrichtigung.cli.context import load_settings, open_context, print_json, print_tables


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def inspect(context: click.Context, *, as_json: bool) -> None:
    """Show what the schedule's words mean to the configuration, before the first message.

    Of all appointments ahead: each status, type, branch, preferred channel and language, how often it
    stands there and what happens to it; and what is odd. It takes seconds, since all that lies ahead is read.
    """
    settings = load_settings(context)
    from terminbenachrichtigung.on_demand import inspect as inspecting

    with open_context(context, settings, readonly=True) as opened:
        now = opened.clock.now()
        told_by = opened.journal.told_ahead_by_reminder(now) if opened.journal is not None else {}
        found = inspecting.inspect(settings, opened.schedule, told_by, now)
    if as_json:
        print_json(inspecting.inspection_as_json(found), settings.zone)
    else:
        print_tables(inspecting.inspection_as_text(found, settings.zone))
