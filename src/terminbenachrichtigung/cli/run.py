"""`run-once`, `dry-run` and `test-message`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from terminbenachrichtigung.cli.context import (
    load_settings,
    print_json,
    terminal_width,
    wants_colour,
)
from terminbenachrichtigung.errors import ConfigError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


@click.command("run-once")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.option("--full", is_flag=True, help="Show recipients, subjects and texts unmasked.")
@click.option("--quiet", is_flag=True, help="For cron: print nothing unless something new needs a person.")
@click.option(
    "--max-messages",
    type=click.IntRange(min=0),
    metavar="N",
    help="Replaces safety.max_messages_per_run this once; 0 = no limit.",
)
@click.pass_context
def run_once(
    context: click.Context, *, as_json: bool, full: bool, quiet: bool, max_messages: int | None
) -> None:
    """The hourly job: notify whoever is due, and say what happened.

    Exit code 0: done. 1: done, and something new needs a person. 2: the configuration is wrong.
    3: the schedule or the journal is out of reach.
    """
    settings = load_settings(context)
    from terminbenachrichtigung import bootstrap, pipeline, report

    with (
        bootstrap.stop_signals(settings.max_run_minutes) as stopping,
        bootstrap.tools(settings) as tools,
        bootstrap.outlets(settings, tools.clock, stopping) as outlets,
        _progress(shown=not (as_json or quiet)) as progress,
    ):
        result = pipeline.run_once(tools, outlets, progress=progress, max_messages=max_messages)
    if as_json:
        print_json(report.as_json(result, full=full, zone=settings.zone))
    elif quiet:
        text = report.as_quiet_text(result, zone=settings.zone, width=terminal_width(), colour=wants_colour())
        if text:
            click.echo(text)
    else:
        click.echo(
            report.as_text(
                result, zone=settings.zone, full=full, width=terminal_width(), colour=wants_colour()
            )
        )
    context.exit(report.exit_code(result))


@click.command("dry-run")
@click.option("--at", "at", metavar='"YYYY-MM-DD HH:MM"', help="As if it were then, by the practice's clock.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def dry_run(context: click.Context, *, at: str | None, as_json: bool) -> None:
    """What run-once would do now: recipients, texts, and a reason for everything skipped.

    Nothing is sent, and nothing is written.
    """
    settings = load_settings(context)
    from terminbenachrichtigung import bootstrap, pipeline, report

    with bootstrap.tools(settings, readonly=True) as tools:
        moment = tools.clock() if at is None else local_moment(at, settings.zone)
        result = pipeline.dry_run(tools, moment)
    if as_json:
        print_json(report.as_json(result, full=True, zone=settings.zone))
    else:
        click.echo(report.as_text(result, zone=settings.zone, width=terminal_width(), colour=wants_colour()))
    context.exit(report.exit_code(result))


@click.command("test-message")
@click.option("--channel", type=click.Choice(["sms", "email"]), required=True)
@click.option("--to", "recipient", required=True, metavar="RECIPIENT", help="A mobile number or an address.")
@click.pass_context
def test_message(context: click.Context, *, channel: str, recipient: str) -> None:
    """Send one marked test message through the real channel.

    Exit code 0: it was sent. 1: it was not, or nobody knows.
    """
    settings = load_settings(context)
    from terminbenachrichtigung import bootstrap, desk
    from terminbenachrichtigung.model import Channel, Sent

    outcome = desk.test_message(settings, Channel(channel), recipient, bootstrap.make_sender)
    word = type(outcome).__name__.lower()
    click.echo(f"{word}: {outcome.detail}" if outcome.detail else word)
    context.exit(0 if isinstance(outcome, Sent) else 1)


def local_moment(text: str, zone: "ZoneInfo") -> datetime:
    """A moment as an administrator types it, by the practice's clock unless it carries an offset.

    Raises:
        ConfigError: it is no date and time.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ConfigError(f'"{text}" is no date and time; write it like "2026-11-24 18:30"') from None
    if not 2000 <= moment.year < 2100:
        raise ConfigError(f'"{text}" lies outside the years 2000 to 2099')
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on a terminal, on stderr so that the report can be piped."""
    if not shown or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Sending", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
