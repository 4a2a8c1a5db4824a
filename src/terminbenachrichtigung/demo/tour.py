"""The demo as it is shown: the program's own commands as processes, and what they did at the other end."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from terminbenachrichtigung.clock import SYSTEM_CLOCK
from terminbenachrichtigung.config.files import CONFIG_VARIABLE
from terminbenachrichtigung.config.keys import PREFIX
from terminbenachrichtigung.demo import folder, preparation, screen
from terminbenachrichtigung.demo.gateway import Gateway
from terminbenachrichtigung.demo.mailserver import MailServer
from terminbenachrichtigung.demo.scenario import scenario
from terminbenachrichtigung.errors import TerminbenachrichtigungError
from terminbenachrichtigung.model.plan import Reason
from terminbenachrichtigung.model.result import Stop
from terminbenachrichtigung.run.stopping import stop_signals

_NAME = "terminbenachrichtigung"
_MINUTES = 10  # the whole demo takes seconds


def show(directory: Path) -> None:
    """Make the sample practice in `directory`, run `run-once` twice on it, and show what happened.

    Raises:
        ConfigError: the directory holds something that is not an earlier demo's, or cannot be made.
        TerminbenachrichtigungError: something could not be made or run, in one sentence.
        click.Abort: Ctrl-C, or a stop signal.
    """
    scene = scenario(SYSTEM_CLOCK.now())
    folder.make_room(directory)
    with (
        stop_signals(_MINUTES, SYSTEM_CLOCK, _say) as stopping,
        Gateway(script=preparation.answer) as gateway,
        MailServer() as mail,
    ):
        config, settings = preparation.prepare(directory, scene, gateway, mail.port)
        call = f"{_program()} --config {shlex.quote(str(config))}"

        def command(*arguments: str) -> dict[str, Any]:
            exit_code, document = _run(stopping, config, *arguments)
            _print(screen.command(f"{call} {' '.join(arguments)}", exit_code))
            return document

        _print(screen.opening(scene, str(directory)))
        with preparation.run_beside(settings, scene.now):
            run = command("run-once", "--json", "--full")
            _print(screen.messages(run, scene, gateway.jobs, mail.received))
            _print(screen.skips(run, scene))
            texted, mailed = len(gateway.jobs), len(mail.received)
            run = command("run-once", "--json", "--full")
            _print(screen.again(run, scene, len(gateway.jobs) - texted, len(mail.received) - mailed))
        _print(screen.staff(command("staff-list", "--json")))
        asked = scene.shows(Reason.RECENTLY_NOTIFIED).appointment_id
        _print(screen.explained(command("explain", asked, "--json"), scene))
    overriding = [name for name in sorted(os.environ) if _is_ours(name) and name != CONFIG_VARIABLE]
    _print(screen.closing(scene, call, overriding))


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _run(stopping: Callable[[], Stop | None], config: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run a command of the program as cron would, and return its exit code and its document."""
    if stopping():
        raise click.Abort
    ended = subprocess.run(  # noqa: S603  the program itself
        [sys.executable, "-m", _NAME, "--config", str(config), *arguments],
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if stopping():  # the terminal sends Ctrl-C to the command as well
        raise click.Abort
    if ended.returncode not in (0, 1) or not ended.stdout:
        raise TerminbenachrichtigungError(
            f"{arguments[0]} ended with exit code {ended.returncode}: {ended.stderr.strip()}"
        )
    document: dict[str, Any] = json.loads(ended.stdout)
    return ended.returncode, document


def _environment() -> dict[str, str]:
    """This environment without what would lead the demo to a real configuration, database or gateway."""
    return {name: value for name, value in os.environ.items() if not _is_ours(name)}


def _is_ours(variable: str) -> bool:
    return variable.upper().startswith(PREFIX)


def _program() -> str:
    """How this program was called, so that a line can be copied: by its bare name only if that finds it."""
    called = Path(sys.argv[0])
    if called.stem != _NAME:
        return f"{shlex.quote(sys.executable)} -m {_NAME}"
    found = shutil.which(_NAME)
    if found is not None and Path(found).resolve() == called.resolve():
        return _NAME
    return shlex.quote(str(called))
