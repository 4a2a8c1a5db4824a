"""`history`, `history runs` and `history resolve`."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click
from click.core import ParameterSource

from terminbenachrichtigung.cli.context import (
    load_settings,
    local_day,
    one_form,
    open_journal,
    print_json,
    print_tables,
    typed_id,
)
from terminbenachrichtigung.errors import ConfigError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

STATES = ("claimed", "sent", "delivered", "undelivered", "failed", "unknown", "released", "adopted")

_Command = Callable[..., Any]


def _output(things: str) -> Callable[[_Command], _Command]:
    """The options that every listing of the journal has."""

    def with_options(command: _Command) -> _Command:
        for option in (
            click.option("--day", metavar="YYYY-MM-DD", help="One day, by the practice's calendar."),
            click.option(
                "--run",
                "run_id",
                callback=typed_id,
                default="",
                metavar="RUN_ID",
                help="One run; the beginning is enough.",
            ),
            click.option(
                "--limit",
                type=click.IntRange(1, 1_000_000),
                default=1000,
                show_default=True,
                help=f"The newest N {things}.",
            ),
            click.option("--csv", "as_csv", is_flag=True, help="Comma-separated lines for a spreadsheet."),
            click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout."),
        ):
            command = option(command)
        return command

    return with_options


@click.group(invoke_without_command=True)
@_output("messages")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(STATES),
    help="Where the message stands; may be repeated.",
)
@click.option("--appointment", callback=typed_id, metavar="ID", help="Messages about one appointment.")
@click.option("--customer", callback=typed_id, metavar="ID", help="Messages to one customer.")
@click.pass_context
def history(
    context: click.Context,
    *,
    customer: str | None,
    appointment: str | None,
    states: tuple[str, ...],
    day: str | None,
    run_id: str,
    limit: int,
    as_csv: bool,
    as_json: bool,
) -> None:
    """What was sent to whom, and what became of it; newest first.

    The options narrow it down together. A day is the one on which the message was claimed for sending.
    """
    if context.invoked_subcommand is not None:
        given = (name for name in context.params if context.get_parameter_source(name) is _TYPED)
        if any(given):
            raise ConfigError(
                f"options for {context.invoked_subcommand} stand behind it: "
                f"history {context.invoked_subcommand} --help"
            )
        return
    one_form(as_csv=as_csv, as_json=as_json)
    settings = load_settings(context)
    from terminbenachrichtigung.model.journal import HistoryFilter, State
    from terminbenachrichtigung.on_demand.history import history_as_csv, history_as_json, history_as_text

    since, until = _range(day, settings.zone)
    wanted = HistoryFilter(customer, appointment, run_id.lower(), tuple(map(State, states)), since, until)
    with open_journal(context, settings, readonly=True) as journal:
        messages = journal.history(limit, wanted)
    if as_json:
        print_json(history_as_json(messages), settings.zone)
    elif as_csv:
        click.echo(history_as_csv(messages, settings.zone))
    else:
        print_tables(history_as_text(messages, settings.zone))


@history.command()
@_output("runs")
@click.pass_context
def runs(
    context: click.Context, *, day: str | None, run_id: str, limit: int, as_csv: bool, as_json: bool
) -> None:
    """The runs, with how each ended and what became of its messages; newest first.

    A run that was killed, or is still under way, has not ended.
    """
    one_form(as_csv=as_csv, as_json=as_json)
    settings = load_settings(context)
    from terminbenachrichtigung.model.journal import HistoryFilter
    from terminbenachrichtigung.on_demand.history import runs_as_csv, runs_as_json, runs_as_text

    since, until = _range(day, settings.zone)
    with open_journal(context, settings, readonly=True) as journal:
        found = journal.runs(limit, HistoryFilter(run_id=run_id.lower(), since=since, until=until))
    if as_json:
        print_json(runs_as_json(found), settings.zone)
    elif as_csv:
        click.echo(runs_as_csv(found, settings.zone))
    else:
        print_tables(runs_as_text(found, settings.zone))


@history.command()
@click.argument("message_id", type=click.UUID)
@click.option(
    "--sent/--not-sent",
    required=True,
    help="It arrived; or it did not, and the next run may try it again.",
)
@click.pass_context
def resolve(context: click.Context, *, message_id: UUID, sent: bool) -> None:
    """Settle an unknown, failed or undelivered message by hand, after asking the gateway or the customer."""
    settings = load_settings(context)
    from terminbenachrichtigung.model.journal import State

    with open_journal(context, settings) as journal:
        before = journal.resolve(str(message_id), sent=sent)
    if before is None:
        raise ConfigError(f"there is no message {message_id} in the journal; see: history")
    if before not in (State.UNKNOWN, State.FAILED, State.UNDELIVERED):
        only = "only unknown, failed and undelivered ones can be resolved"
        raise ConfigError(f"message {message_id} is {before}; {only}")
    click.echo(
        f"Message {message_id} was {before}, and is now noted as sent."
        if sent
        else f"Message {message_id} was {before}; the next run tries it again if it is still due."
    )


_TYPED = ParameterSource.COMMANDLINE


def _range(day: str | None, zone: "ZoneInfo") -> tuple[datetime | None, datetime | None]:
    """The moments between which a local day lies; a day of the change of clocks has 23 or 25 hours."""
    if day is None:
        return None, None
    first = local_day(day)
    start, end = (datetime.combine(each, time(), zone) for each in (first, first + timedelta(days=1)))
    return start.astimezone(UTC), end.astimezone(UTC)
