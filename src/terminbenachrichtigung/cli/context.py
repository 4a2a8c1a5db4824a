"""What the commands share: how errors end, where the configuration comes from, how wide the terminal is."""

import errno
import io
import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from terminbenachrichtigung.cli import logs
from terminbenachrichtigung.clock import SYSTEM_CLOCK, TIMINGS, Clock, Timings
from terminbenachrichtigung.errors import ConfigError, TerminbenachrichtigungError
from terminbenachrichtigung.private_files import write_whole

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from terminbenachrichtigung.config.settings import Settings
    from terminbenachrichtigung.journal.journal import Journal
    from terminbenachrichtigung.model.result import RunResult, Stop
    from terminbenachrichtigung.output.tables import Table
    from terminbenachrichtigung.run.context import RunContext

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})
"""What writing to a log on a full or broken disk ends with, or to a stream that is closed."""


class Commands(click.Group):
    """A group whose commands end with a sentence and an exit code instead of a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """In the order in which a new user meets them."""
        return list(self.commands)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the program; a full disk under its output, also of `--help`, ends it with a sentence."""
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            with suppress(OSError):  # stderr may lead to the same disk
                logs.error(f"the output could not be written: {error.strerror}", 1)
            _let_go_of_stdout()
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; an error that a user can cause becomes its sentence on stderr."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # A sign that the terminal's encoding lacks must not end a run after it has sent.
                stream.reconfigure(errors="replace")
        if ctx.parent is None:
            called: Invocation = ctx.obj or Invocation()
            logs.configure(ctx.params["log_format"], called.clock, verbose=ctx.params["verbose"])
        try:
            return super().invoke(ctx)
        except TerminbenachrichtigungError as error:
            logs.error(str(error), error.exit_code)
            ctx.exit(error.exit_code)
        except click.UsageError as error:
            if not logs.in_json():
                raise
            logs.error(error.format_message(), error.exit_code)
            ctx.exit(error.exit_code)


def _let_go_of_stdout() -> None:
    """Python flushes stdout at its end; if that fails again, it would end with an exit code of its own."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a command is called with beside its own options; tests hand in their own clock and timings."""

    clock: Clock = SYSTEM_CLOCK
    timings: Timings = TIMINGS
    config: Path | None = None
    """The path given by `--config`, if any."""
    without_stderr: bool = False
    """Whether the standard error was closed, so that warnings and the log go nowhere."""


def invocation(context: click.Context) -> Invocation:
    """What the command at hand was called with."""
    found: Invocation = context.find_root().obj
    return found


def open_context(
    context: click.Context, settings: "Settings", *, readonly: bool = False
) -> "AbstractContextManager[RunContext]":
    """What a command reads, plans and sends with, by the clock that it was called with."""
    from terminbenachrichtigung.wiring import run_context

    called = invocation(context)
    return run_context(settings, clock=called.clock, timings=called.timings, readonly=readonly)


def open_journal(
    context: click.Context, settings: "Settings", *, readonly: bool = False
) -> "AbstractContextManager[Journal]":
    """The journal alone, for a command that reads no schedule."""
    from terminbenachrichtigung import journal

    called = invocation(context)
    return closing(
        journal.open_journal(settings.journal, readonly=readonly, clock=called.clock, timings=called.timings)
    )


def stop_signals(
    context: click.Context, settings: "Settings"
) -> "AbstractContextManager[Callable[[], Stop | None]]":
    """Whether a command that sends must end, by a signal or because `max_run_minutes` is over."""
    from terminbenachrichtigung.run import stopping

    called = invocation(context)
    return stopping.stop_signals(settings.max_run_minutes, called.clock, logs.warning, called.timings)


def load_settings(context: click.Context, *, texts: bool = True) -> "Settings":
    """The settings of the configuration in force; its warnings stay with `config check`.

    Without `texts`, the practice's own texts are left for `wiring.check_texts`.

    Raises:
        ConfigError: what `config check` calls an error.
    """
    from terminbenachrichtigung.wiring import load_config

    settings = load_config(invocation(context).config, os.environ, texts=texts).settings
    logs.use_clock_of(settings.zone)
    return settings


def terminal_width() -> int | None:
    """The width of the terminal that stdout is, or None where it is a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def wants_colour() -> bool:
    """Whether colours are wanted (no-color.org), and the terminal can show them."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_tables(parts: "Iterable[str | Table]") -> None:
    """Paragraphs and tables on stdout, as the terminal shows them best."""
    from terminbenachrichtigung.output.tables import render

    click.echo(render(parts, width=terminal_width(), colour=wants_colour()))


def print_json(document: object, zone: tzinfo | None = None) -> None:
    """One JSON document on stdout, and nothing else there; plain ASCII, whatever names may hold.

    With a `zone`, values of the program may stand in it, and its moments carry the offset of that zone.
    """
    from terminbenachrichtigung.output.json import plain

    # Piece by piece: the text of a hundred thousand messages would be as large as all the rest.
    encoder = json.JSONEncoder(indent=2)
    sys.stdout.writelines(encoder.iterencode(document if zone is None else plain(document, zone)))
    click.echo()


def write_private(path: Path, text: str) -> None:
    """Write a file with customers' data, whole or not at all; nobody but its owner may read it.

    Raises:
        ConfigError: it cannot be written there.
    """
    try:
        write_whole(path, text)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None


def warn(warnings: tuple[str, ...]) -> None:
    """Warnings go to stderr."""
    for warning in warnings:
        logs.warning(warning)


def one_form(*, as_csv: bool, as_json: bool) -> None:
    """Refuses two forms of one output at once."""
    if as_csv and as_json:
        raise ConfigError("--csv and --json are two forms of the same; give one of the two")


def typed_id(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """An id as the journal keeps it: é in one sign, without blanks around it. Databases take text alone."""
    if value is None:
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        raise click.BadParameter(f"{value!a} is no text in UTF-8") from None
    return unicodedata.normalize("NFC", value.strip())


def local_moment(text: str, zone: "ZoneInfo") -> datetime:
    """A moment as an administrator types it, by the practice's clock unless it carries an offset.

    Raises:
        ConfigError: it is no date and time.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ConfigError(f'"{text}" is no date and time; write it like "2026-11-24 18:30"') from None
    _plausible(moment.year, text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def local_day(text: str) -> date:
    """A day as an administrator types it.

    Raises:
        ConfigError: it is no date.
    """
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise ConfigError(f'"{text}" is no date; write it like "2026-11-24"') from None
    _plausible(day.year, text)
    return day


def _plausible(year: int, text: str) -> None:
    if not 2000 <= year < 2100:
        raise ConfigError(f'"{text}" lies outside the years 2000 to 2099')


class ProgressBar:
    """A progress bar on a terminal, on stderr so that the report can be piped."""

    def __init__(self, stop: Callable[[], None], told: Callable[[int, int], None] | None) -> None:
        self.told = told
        """Told how many messages are done, and of how many; None where there is no terminal."""
        self._stop = stop

    def ended_before(self, write: "Callable[[RunResult], None]") -> "Callable[[RunResult], None]":
        """`write` with the bar taken away first: while it is there, it takes all output for its own."""

        def ended(result: "RunResult") -> None:
            self._stop()
            write(result)

        return ended


@contextmanager
def progress_bar(*, shown: bool) -> Iterator[ProgressBar]:
    """The bar while messages are sent, if it is `shown` and there is a terminal."""
    if not shown or not sys.stderr.isatty():
        yield ProgressBar(lambda: None, None)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Sending", total=None)
        yield ProgressBar(bar.stop, lambda done, total: bar.update(task, completed=done, total=total))
