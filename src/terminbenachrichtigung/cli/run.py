"""`run-once`, `dry-run` and `test-message`."""

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from terminbenachrichtigung.cli import logs
from terminbenachrichtigung.cli.context import (
    invocation,
    load_settings,
    local_moment,
    open_context,
    print_json,
    progress_bar,
    stop_signals,
    terminal_width,
    wants_colour,
    warn,
)

if TYPE_CHECKING:
    from terminbenachrichtigung.config.settings import Settings
    from terminbenachrichtigung.model.result import RunResult
    from terminbenachrichtigung.run.once import MailStaff


_WITHOUT_STDERR = "the standard error is closed (2>&-), so warnings and the log go nowhere"


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
@click.option(
    "--allow-corrections",
    is_flag=True,
    help="Sends the corrections this once, however many they are.",
)
@click.pass_context
def run_once(
    context: click.Context,
    *,
    as_json: bool,
    full: bool,
    quiet: bool,
    max_messages: int | None,
    allow_corrections: bool,
) -> None:
    """The hourly job: notify whoever is due, and say what happened.

    Exit code 0: done. 1: done, and something new needs a person. 2: the configuration is wrong.
    3: the schedule or the journal is out of reach.
    """
    settings = load_settings(context, texts=False)
    from terminbenachrichtigung import wiring
    from terminbenachrichtigung.run import once, report

    logs.event("run_began", "the run begins")
    clock = invocation(context).clock
    with wiring.watch(settings, clock) as watch:

        def write_report(result: "RunResult") -> None:
            watch.ended(result)
            if invocation(context).without_stderr:
                result = replace(result, warnings=(*result.warnings, _WITHOUT_STDERR))
            if as_json:
                print_json(report.as_json(result, full=full, zone=settings.zone))
                return
            zone, width, colour = settings.zone, terminal_width(), wants_colour()
            if not quiet:
                click.echo(report.as_text(result, zone=zone, full=full, width=width, colour=colour))
            elif text := report.as_quiet_text(result, zone=zone, width=width, colour=colour):
                click.echo(text)

        with (
            stop_signals(context, settings) as stopping,
            open_context(context, settings) as opened,
            progress_bar(shown=not (as_json or quiet)) as progress,
        ):
            wiring.check_texts(opened, lambda: load_settings(context))
            result = once.run_once(
                replace(opened, stopping=stopping),
                progress=progress.told,
                max_messages=max_messages,
                allow_corrections=allow_corrections,
                mail_staff=_staff_mail(settings),
                write_report=progress.ended_before(write_report),
            )
    if not quiet:
        warn(watch.troubles)
    _log(result)
    context.exit(report.exit_code(result))


def _staff_mail(settings: "Settings") -> "MailStaff":
    if not (settings.has_staff_recipients or settings.monitoring.textfile):
        return lambda _, result: result  # no run pays for the list where nobody asks for it
    from terminbenachrichtigung.staff_list.mailing import after_run

    return after_run


def _log(result: "RunResult") -> None:
    from terminbenachrichtigung.output.masking import mask_text
    from terminbenachrichtigung.run import report

    for warning in result.warnings:
        logs.event("run_warning", mask_text(warning))
    for channel, why in result.closed.items():
        logs.event("channel_closed", f"{channel}: {mask_text(why)}", channel=channel.value)
    for line in result.news:
        logs.event("needs_a_person", mask_text(line))
    exit_code, stop = report.exit_code(result), result.stop and result.stop.value
    logs.event("run_ended", report.summary(result), exit_code=exit_code, quiet=result.quiet, stopped=stop)


@click.command("dry-run")
@click.option("--at", "at", metavar='"YYYY-MM-DD HH:MM"', help="As if it were then, by the practice's clock.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def dry_run(context: click.Context, *, at: str | None, as_json: bool) -> None:
    """What run-once would do now: recipients, texts, and a reason for everything skipped.

    Nothing is sent, and nothing is written.
    """
    settings = load_settings(context)
    from terminbenachrichtigung.run import once, report

    with open_context(context, settings, readonly=True) as opened:
        moment = opened.clock.now() if at is None else local_moment(at, settings.zone)
        result = once.dry_run(opened, moment)
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
    from terminbenachrichtigung.model.delivery import Sent
    from terminbenachrichtigung.model.plan import Channel
    from terminbenachrichtigung.on_demand import test_message as trial

    outcome = trial.test_message(settings, Channel(channel), recipient)
    click.echo(f"{outcome.word}: {outcome.detail}" if outcome.detail else outcome.word)
    context.exit(0 if isinstance(outcome, Sent) else 1)
