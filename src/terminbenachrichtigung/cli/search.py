"""`search` and `notify` (AMPAREX: Suchen & Benachrichtigungen)."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from terminbenachrichtigung.cli.context import (
    load_settings,
    local_day,
    open_context,
    print_json,
    print_tables,
    progress_bar,
    stop_signals,
    terminal_width,
    wants_colour,
)
from terminbenachrichtigung.errors import ConfigError

if TYPE_CHECKING:
    from terminbenachrichtigung.config.settings import Settings
    from terminbenachrichtigung.model.result import RunResult

STATES = (
    *("not-notified", "failed", "unknown", "no-contact", "sent", "in-progress", "adopted"),
    *("confirmed", "wants-to-cancel"),
)


@click.command()
@click.option("--customer", default="", metavar="ID|NAME", help="The customer's id, or words of the name.")
@click.option("--day", metavar="YYYY-MM-DD", help="One day, by the practice's calendar.")
@click.option("--from", "first", metavar="YYYY-MM-DD", help="The first day. Default: today.")
@click.option("--to", "last", metavar="YYYY-MM-DD", help="The last day. Default: seven days after the first.")
@click.option("--branch", "branches", multiple=True, metavar="CODE", help="A branch; may be repeated.")
@click.option("--type", "type_name", default="", metavar="NAME", help="A part of the type's name.")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(STATES),
    metavar="STATE",
    help=f"Where it stands: {', '.join(STATES)}. May be repeated. not-notified has no-contact among it.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def search(
    context: click.Context,
    *,
    customer: str,
    day: str | None,
    first: str | None,
    last: str | None,
    branches: tuple[str, ...],
    type_name: str,
    states: tuple[str, ...],
    as_json: bool,
) -> None:
    """Find appointments, and where each stands: who was told, who was not, and why.

    Without options: today's appointments and those of the next seven days.
    """
    if day is not None and (first is not None or last is not None):
        raise ConfigError("--day is one day, --from and --to are a range; give one of the two")
    first_day = None if (text := day or first) is None else local_day(text)
    last_day = None if (text := day or last) is None else local_day(text)
    if first_day is not None and last_day is not None and last_day < first_day:
        raise ConfigError(f"--to {last_day} lies before --from {first_day}")
    settings = load_settings(context)
    from terminbenachrichtigung.on_demand import search as searching
    from terminbenachrichtigung.on_demand.search import SearchState, search_as_json, search_as_text

    query = searching.Query(
        first_day, last_day, customer, branches, type_name, tuple(map(SearchState, states))
    )
    with open_context(context, settings, readonly=True) as opened:
        found = searching.search(opened, query)
    if as_json:
        print_json(search_as_json(found), settings.zone)
    else:
        print_tables(search_as_text(found, settings.zone))


@click.command()
@click.argument("appointment_ids", metavar="APPOINTMENT_ID...", nargs=-1, required=True)
@click.option("--reminder", metavar="NAME", help="Whose text is sent; needed if there are several reminders.")
@click.option("--yes", is_flag=True, help="Do not ask before sending.")
@click.option("--again", is_flag=True, help="Also to customers who were told of it already.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout; needs --yes.")
@click.pass_context
def notify(
    context: click.Context,
    *,
    appointment_ids: tuple[str, ...],
    reminder: str | None,
    yes: bool,
    again: bool,
    as_json: bool,
) -> None:
    """Notify chosen appointments now, by hand; shows what it sends, and asks first.

    Passes what says when and which type: windows, same day, a fresh booking, the gap between messages, the
    type's flag. Never passes the start, quiet periods, a cancelled or group appointment, the branch filter,
    opt-out, consent, a wish for letter or call, safety.only_recipients. Nobody is told twice without --again.
    The hourly run does not send the same once more.

    Exit code 0: done, also when nothing could be sent. 1: something new needs a person. 2: wrong usage.
    """
    if not yes and as_json:
        raise ConfigError("--json prints one document and asks nothing, so it needs --yes")
    if not yes and not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask on before sending; --yes sends without asking")
    settings = load_settings(context)
    from terminbenachrichtigung.on_demand import notify as by_hand
    from terminbenachrichtigung.output.wording import counted
    from terminbenachrichtigung.run import report

    choice = by_hand.choose(settings, appointment_ids, reminder, again=again)

    def write_report(result: "RunResult") -> None:
        if as_json:
            print_json(report.as_json(result, full=False, zone=settings.zone))
            return
        if not yes and shown.messages:
            result = replace(result, skips=tuple(each for each in result.skips if each not in shown.skips))
        click.echo(_text(result, settings, full=False))

    with open_context(context, settings) as opened:
        shown = by_hand.preview(opened, choice)
        if not shown.messages:
            write_report(shown)
            context.exit(report.exit_code(shown))
        if not yes:
            click.echo(_text(shown, settings, full=True))
            if not click.confirm(f"Send {counted(len(shown.messages), 'message')} now?"):
                click.echo("Nothing was sent.")
                return
        with (
            # Only now: until here Ctrl-C ends the command at once.
            stop_signals(context, settings) as stopping,
            progress_bar(shown=not as_json) as progress,
        ):
            result = by_hand.notify(
                replace(opened, stopping=stopping),
                choice,
                shown,
                progress=progress.told,
                write_report=progress.ended_before(write_report),
            )
    context.exit(report.exit_code(result))


def _text(result: "RunResult", settings: "Settings", *, full: bool) -> str:
    from terminbenachrichtigung.run import report

    return report.as_text(
        result, zone=settings.zone, full=full, width=terminal_width(), colour=wants_colour()
    )
