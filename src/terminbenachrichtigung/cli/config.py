"""`config check`, `show`, `init` and `schema`."""

import os
from pathlib import Path

import click

from terminbenachrichtigung.cli.context import config_path, load_settings, warn
from terminbenachrichtigung.errors import ConfigError, TerminbenachrichtigungError
from terminbenachrichtigung.safe_text import printable_lines


@click.group()
def config() -> None:
    """Check, show and start a configuration."""


@config.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--connect", is_flag=True, help="Also try schedule, journal, gateway and mail server.")
@click.option("--strict", is_flag=True, help="Warnings are errors (exit code 2).")
@click.pass_context
def check(context: click.Context, *, file: Path | None, connect: bool, strict: bool) -> None:
    """Say everything that is wrong with the configuration, at once."""
    from terminbenachrichtigung import wiring
    from terminbenachrichtigung.probes import probes
    from terminbenachrichtigung.times.blind_spots import blind_spots

    loaded = wiring.load_config(file or config_path(context), os.environ)
    blind = blind_spots(loaded.settings)
    warnings = loaded.warnings
    if blind:
        warnings += (f"no run can ever notify appointments that start {blind.sentence}\n{blind.table}",)
    failed = False
    if connect:
        for probe in probes(loaded.settings):
            try:
                found, more = probe.ask()
            except TerminbenachrichtigungError as error:
                click.echo(printable_lines(f"{probe.name}: {error}"), err=True)
                failed = True
            else:
                click.echo(printable_lines(f"{probe.name}: {found}"))
                warnings += more
    warn(warnings)
    if failed:
        context.exit(3)
    if strict and warnings:
        raise ConfigError(f"{loaded.path}: --strict counts warnings as errors")
    click.echo(f"{loaded.path}: no errors" + (f", {len(warnings)} warnings" if warnings else ""))


@config.command()
@click.pass_context
def show(context: click.Context) -> None:
    """Print the settings in force, secrets masked."""
    from terminbenachrichtigung.config import showing

    click.echo(showing.show(load_settings(context)), nl=False)


@config.command()
@click.argument("file", type=click.Path(path_type=Path), default=Path("config.toml"))
def init(file: Path) -> None:
    """Write a commented starter file (default: ./config.toml). Never overwrites one."""
    from terminbenachrichtigung.config.files import starter

    try:
        # It will hold a password, so it is nobody else's to read.
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise ConfigError(f"{file} is there already; remove it first, or name another file") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as written:
        written.write(starter())
    click.echo(f"{file} is written. Fill it in, then: terminbenachrichtigung --config {file} config check")


@config.command()
def schema() -> None:
    """Print the configuration's JSON Schema, for editors."""
    from terminbenachrichtigung.config.showing import json_schema

    click.echo(json_schema())
