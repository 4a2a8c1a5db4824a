"""`completion`, `man-pages` and `--version`, made from the commands' own descriptions as `--help` is."""

import platform
import warnings
from pathlib import Path

import click

from terminbenachrichtigung import __version__
from terminbenachrichtigung.errors import ConfigError

PROGRAM = "terminbenachrichtigung"
_LIBRARIES = ("sqlalchemy", "psycopg", "pydantic", "httpx", "httpcore", "phonenumbers", "jinja2", "click")
"""Those that a bug may hide in."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, *, shell: str) -> None:
    """Print what makes the Tab key complete commands and options in a shell."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None  # the choice above names the shells that click knows
    script = found(context.find_root().command, {}, PROGRAM, f"_{PROGRAM.upper()}_COMPLETE")
    click.echo(script.source())


@click.command("man-pages")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.pass_context
def man_pages(context: click.Context, *, folder: Path) -> None:
    """Write a man page for each command into a folder, such as /usr/local/share/man/man1."""
    from click_man.core import write_man_pages

    before = set(folder.glob("*.1")) if folder.is_dir() else set()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # click-man asks click for what click moves
            write_man_pages(PROGRAM, context.find_root().command, version=__version__, target_dir=str(folder))
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error.strerror}") from error
    written = len(set(folder.glob(f"{PROGRAM}*.1")) | before) - len(before)
    click.echo(f"{folder}: man pages of {PROGRAM}, {written} new. Read them with: man {PROGRAM}")


def print_version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    """What a bug report should say: the program, Python, SQLite, the system, and the libraries."""
    if not value or context.resilient_parsing:
        return
    import sqlite3
    from importlib import metadata

    click.echo(f"{PROGRAM} {__version__}")
    click.echo(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.platform()}")
    click.echo(", ".join(f"{name} {metadata.version(name)}" for name in _LIBRARIES))
    context.exit()
