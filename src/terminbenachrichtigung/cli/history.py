"""`history` and `history resolve`."""

from uuid import UUID

import click

from terminbenachrichtigung.cli.context import load_settings, print_json, terminal_width, wants_colour
from terminbenachrichtigung.errors import JournalError


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.option(
    "--limit",
    type=click.IntRange(1, 1_000_000),
    default=1000,
    show_default=True,
    help="The newest N messages.",
)
@click.pass_context
def history(context: click.Context, *, as_json: bool, limit: int) -> None:
    """What was sent to whom, and what became of it; newest first."""
    if context.invoked_subcommand is not None:
        return
    settings = load_settings(context)
    from terminbenachrichtigung import report
    from terminbenachrichtigung.journal import open_journal

    journal = open_journal(settings.journal, readonly=True)
    try:
        messages = journal.history(limit)
    finally:
        journal.close()
    if as_json:
        print_json(report.history_as_json(messages, zone=settings.zone))
    else:
        click.echo(
            report.history_as_text(
                messages, zone=settings.zone, width=terminal_width(), colour=wants_colour()
            )
        )


@history.command()
@click.argument("message_id", type=click.UUID)
@click.option(
    "--sent/--not-sent",
    required=True,
    help="It arrived; or it did not, and the next run may try it again.",
)
@click.pass_context
def resolve(context: click.Context, *, message_id: UUID, sent: bool) -> None:
    """Settle an unknown or failed message by hand, after asking the gateway or the customer."""
    settings = load_settings(context)
    from terminbenachrichtigung.journal import open_journal
    from terminbenachrichtigung.model import State

    journal = open_journal(settings.journal)
    try:
        before = journal.resolve(str(message_id), sent=sent)
    finally:
        journal.close()
    if before is None:
        raise JournalError(f"there is no message {message_id} in the journal; see: history")
    if before not in (State.UNKNOWN, State.FAILED):
        raise JournalError(f"message {message_id} is {before}; only unknown and failed ones can be resolved")
    click.echo(
        f"Message {message_id} was {before}, and is now noted as sent."
        if sent
        else f"Message {message_id} was {before}; the next run tries it again if it is still due."
    )
