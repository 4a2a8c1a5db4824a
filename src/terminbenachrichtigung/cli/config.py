"""`config check`, `show`, `init` and `schema`."""

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terminbenachrichtigung.cli.context import invocation, load_settings, print_json, warn
from terminbenachrichtigung.errors import ConfigError, TerminbenachrichtigungError
from terminbenachrichtigung.safe_text import printable, printable_lines

if TYPE_CHECKING:
    from terminbenachrichtigung.clock import Clock
    from terminbenachrichtigung.config.annotations import CheckResult


@click.group()
def config() -> None:
    """Check, show and start a configuration."""


@config.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--connect", is_flag=True, help="Also try schedule, journal, gateway and mail server.")
@click.option("--strict", is_flag=True, help="Warnings are errors (exit code 2).")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.option(
    "--format",
    "written_as",
    type=click.Choice(["text", "github", "gitlab"]),
    default="text",
    help="For CI: annotations of GitHub, or a Code Quality report of GitLab.",
)
@click.pass_context
def check(
    context: click.Context, *, file: Path | None, connect: bool, strict: bool, as_json: bool, written_as: str
) -> None:
    """Say everything that is wrong with the configuration, at once."""
    if as_json and written_as != "text":
        raise ConfigError("--json and --format are two forms of the same; give one of the two")
    from terminbenachrichtigung.config.annotations import CheckResult
    from terminbenachrichtigung.config.files import find_config
    from terminbenachrichtigung.config.problems import ConfigProblems, Problem

    plain = written_as == "text" and not as_json
    path = file or invocation(context).config
    try:
        result = _checked(path, invocation(context).clock, connect=connect, plain=plain)
    except ConfigError as error:
        if plain:
            raise
        found = error.problems if isinstance(error, ConfigProblems) else (Problem("", str(error)),)
        with suppress(ConfigError):
            path = find_config(path, os.environ)
        _write(CheckResult(path, problems=found), 2, strict=strict, as_json=as_json, written_as=written_as)
        context.exit(2)
    unready = any(not each.ready for each in result.connections)
    exit_code = 3 if unready else 2 if strict and result.warnings else 0
    if not plain:
        _write(result, exit_code, strict=strict, as_json=as_json, written_as=written_as)
        context.exit(exit_code)
    from terminbenachrichtigung.output.wording import counted

    warn(result.warnings)
    if exit_code == 2:
        raise ConfigError(f"{result.path}: --strict counts warnings as errors")
    if exit_code == 0:
        more = f", {counted(len(result.warnings), 'warning')}" if result.warnings else ""
        click.echo(f"{result.path}: no errors{more}")
    context.exit(exit_code)


def _checked(path: Path | None, clock: "Clock", *, connect: bool, plain: bool) -> "CheckResult":
    """Checks the configuration; with `plain` each thing that is tried is said as soon as it is known."""
    from terminbenachrichtigung import wiring
    from terminbenachrichtigung.config.annotations import CheckResult, Connection
    from terminbenachrichtigung.probes import probes
    from terminbenachrichtigung.times.blind_spots import blind_spots

    loaded = wiring.load_config(path, os.environ)
    blind = blind_spots(loaded.settings)
    warnings = loaded.warnings
    if blind:
        warnings += (f"no run can ever notify appointments that start {blind.sentence}\n{blind.table}",)
    connections: list[Connection] = []
    for probe in probes(loaded.settings, clock) if connect else ():
        try:
            found, more = probe.ask()
        except TerminbenachrichtigungError as error:
            found, more = str(error), ()
            connections.append(Connection(probe.name, ready=False, text=found))
        else:
            connections.append(Connection(probe.name, ready=True, text=found))
        warnings += more
        if plain:
            click.echo(printable_lines(f"{probe.name}: {found}"), err=not connections[-1].ready)
    return CheckResult(loaded.path, (), warnings, tuple(connections))


def _write(result: "CheckResult", exit_code: int, *, strict: bool, as_json: bool, written_as: str) -> None:
    from terminbenachrichtigung.config.annotations import check_as_json, github_annotations, gitlab_report
    from terminbenachrichtigung.config.files import read_text

    if as_json:
        print_json(check_as_json(result, exit_code))
        return
    text = ""
    if result.path is not None:
        with suppress(ValueError):
            text = read_text(result.path)
    if written_as == "gitlab":
        print_json(gitlab_report(result, text, strict=strict))
        return
    for line in github_annotations(result, text, strict=strict):
        click.echo(printable(line))


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
    from terminbenachrichtigung.private_files import create

    try:
        descriptor = create(file)  # it will hold a password
    except FileExistsError:
        raise ConfigError(f"{file} is there already; remove it first, or name another file") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as written:
            written.write(starter())
    except OSError as error:  # a full disk: what is there would be refused as a file of the administrator's
        file.unlink(missing_ok=True)
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"{file} is written. Fill it in, then: terminbenachrichtigung --config {file} config check")


@config.command()
def schema() -> None:
    """Print the configuration's JSON Schema, for editors."""
    from terminbenachrichtigung.config.showing import json_schema

    click.echo(json_schema())
