"""What the commands share: how errors end, where the configuration comes from, how wide the terminal is."""

import errno
import io
import json
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from terminbenachrichtigung.errors import TerminbenachrichtigungError

if TYPE_CHECKING:
    from terminbenachrichtigung.config import Settings

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What writing to a log on a full or broken disk ends with."""


class Commands(click.Group):
    """A group whose commands end with a sentence and an exit code instead of a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """In the order in which a new user meets them."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; an error that a user can cause becomes its sentence on stderr."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # A sign that the terminal's encoding lacks must not end a run after it has sent.
                stream.reconfigure(errors="replace")
        try:
            return super().invoke(ctx)
        except TerminbenachrichtigungError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(error.exit_code)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            with suppress(OSError):  # stderr may lead to the same disk
                click.echo(f"Error: the output could not be written: {error.strerror}", err=True)
            ctx.exit(1)


def load_settings(context: click.Context) -> "Settings":
    """The settings of the configuration in force; its warnings stay with `config check`.

    Raises:
        ConfigError: what `config check` calls an error.
    """
    from terminbenachrichtigung.bootstrap import load_config

    return load_config(context.find_root().obj, os.environ).settings


def config_path(context: click.Context) -> Path | None:
    """The path given by `--config`, if any."""
    path: Path | None = context.find_root().obj
    return path


def terminal_width() -> int | None:
    """The width of the terminal that stdout is, or None where it is a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def wants_colour() -> bool:
    """Whether colours are wanted (no-color.org)."""
    return not os.environ.get("NO_COLOR")


def print_json(document: object) -> None:
    """One JSON document on stdout, and nothing else there; plain ASCII, whatever names may hold."""
    click.echo(json.dumps(document, indent=2))


def warn(warnings: tuple[str, ...]) -> None:
    """Warnings go to stderr."""
    for warning in warnings:
        click.echo(f"Warning: {warning}", err=True)
