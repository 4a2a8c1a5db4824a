"""The demo as it is shown: the program's own commands as processes, with what they print."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click

from terminbenachrichtigung.clock import SYSTEM_CLOCK
from terminbenachrichtigung.config.files import CONFIG_VARIABLE
from terminbenachrichtigung.config.keys import PREFIX
from terminbenachrichtigung.demo import folder, preparation
from terminbenachrichtigung.demo.mailserver import MailServer
from terminbenachrichtigung.demo.scenario import (
    ANSWERS,
    EVENING_REMINDER,
    MOVED,
    REMINDER,
    Scenario,
    scenario,
)
from terminbenachrichtigung.errors import ConfigError, TerminbenachrichtigungError
from terminbenachrichtigung.model.plan import Reason
from terminbenachrichtigung.model.result import Stop
from terminbenachrichtigung.run.stopping import stop_signals

_NAME = "terminbenachrichtigung"
_MINUTES = 10  # the whole demo takes seconds
_COLUMNS = 80
_MEANING = {0: "done", 1: "done, and something new needs a person"}


def show(directory: Path, provider: str = "lox24") -> None:
    """Make the sample practice in `directory`, run `run-once` three times on it, and show what happened.

    `provider` is the gateway that answers, as in `[sms] provider`.

    Raises:
        ConfigError: there is no such gateway, or the directory holds something that is not an earlier
            demo's, or cannot be made.
        TerminbenachrichtigungError: something could not be made or run, in one sentence.
        click.Abort: Ctrl-C, or a stop signal.
    """
    if provider not in preparation.GATEWAYS:
        raise ConfigError(f'there is no gateway "{provider}"; there are {", ".join(preparation.GATEWAYS)}')
    scene = scenario(SYSTEM_CLOCK.now())
    folder.make_room(directory)
    with (
        stop_signals(_MINUTES, SYSTEM_CLOCK, _say) as stopping,
        preparation.GATEWAYS[provider]() as gateway,
        MailServer() as mail,
    ):
        gateway.script = preparation.script(gateway)
        config, settings = preparation.prepare(directory, scene, gateway, mail.port)
        call = f"{_program()} --config {shlex.quote(str(config))}"
        _paragraph(_opening(scene, directory, provider))

        def command(arguments: str) -> None:
            click.echo(f"\n$ {call} {arguments}")
            texted, mailed = len(gateway.jobs), len(mail.received)
            exit_code = _run(stopping, config, *shlex.split(arguments))
            click.echo(f"(exit code {exit_code}: {_MEANING[exit_code]})")
            if arguments.startswith("run-once"):
                arrived = len(gateway.jobs) - texted, len(mail.received) - mailed
                _paragraph("The gateway received {} SMS, and the mail server {} e-mails.".format(*arrived))

        answered = preparation.can_be_answered(gateway)
        with preparation.run_beside(settings, scene.now):
            command("run-once --full")
            preparation.move(settings, scene)
            _paragraph(_moved(scene))
            command("run-once")
            _paragraph(_corrected(scene))
            if answered:
                preparation.answer(gateway, scene)
                _paragraph(_answers(scene))
            command("run-once --full")
        _paragraph(_evening(scene, answered=answered))
        command(f'dry-run --at "{scene.today} 18:30"')
        command("staff-list")
        command(f"explain {scene.shows(Reason.RECENTLY_NOTIFIED).appointment_id}")
    _closing(scene, call, answered=answered)


def _opening(scene: Scenario, directory: Path, provider: str) -> str:
    """Where and when the demo plays, and what was before."""
    local = scene.now.astimezone(scene.zone)
    return (
        f"It is {local:%A, %Y-%m-%d, %H:%M} in the sample practice. Its time zone is {scene.zone.key}, one "
        f"in which it is daytime now, since nothing is sent at night. The folder {directory} holds its "
        f"configuration, its schedule with {len(scene.customers)} customers and {len(scene.bookings)} "
        f"appointments, and its journal. A gateway that answers like {provider} and a mail server "
        f"listen on this machine: nothing leaves it. There are two reminders: {REMINDER}, 48 hours ahead, "
        f"and {EVENING_REMINDER}, the evening "
        f"before at six. A run told {scene.who_shows(Reason.ALREADY_NOTIFIED)} "
        f"{scene.clock(scene.first_run)}; then the computer was off until now. At this moment another run "
        f"is writing to {scene.who_shows(Reason.IN_PROGRESS)}."
    )


def _moved(scene: Scenario) -> str:
    """What the desk does after the first run."""
    moved = scene.booking(MOVED)
    times = f"from {scene.clock(moved.starts_at)} to {scene.clock(scene.moved_to)}"
    return (
        f"The desk moves the appointment of {scene.name(moved.customer_id)} {times}. The next run notes "
        "that, and sends nothing: a slip can still be undone."
    )


def _corrected(scene: Scenario) -> str:
    """What the run after that does about it."""
    moved = scene.booking(MOVED)
    return f"The run after that finds it so still, and tells {scene.name(moved.customer_id)} both times."


def _answers(scene: Scenario) -> str:
    """What customers say to the first run's SMS."""
    said = [f'{scene.name(customer_id)} "{text}"' for customer_id, text in ANSWERS.items()]
    return f"Three customers answer their SMS: {', '.join(said)}. It fetches that as well:"


def _evening(scene: Scenario, *, answered: bool) -> str:
    """What the second reminder will do tonight."""
    due = [scene.who_shows(reason) for reason in (Reason.BOOKED_RECENTLY, Reason.RECENTLY_NOTIFIED)]
    but = ", but for those who confirmed" if answered else ""
    return (
        f"Tonight {EVENING_REMINDER} tells all of tomorrow's customers once more{but}, and "
        f"{' and '.join(due)} as well: it is closer to the appointment than {REMINDER}, and takes its place."
    )


def _closing(scene: Scenario, call: str, *, answered: bool) -> None:
    """What to try next; `call` is how the program is called for this folder."""
    click.echo("")
    _paragraph(
        "Gateway and mail server have ended, so nothing can be sent any more. All else can be explored:"
    )
    overriding = [name for name in sorted(os.environ) if _is_ours(name) and name != CONFIG_VARIABLE]
    if overriding:
        _paragraph(
            f"But first unset {', '.join(overriding)}: these commands would obey them, as the demo did not."
        )
    now_due = scene.who_shows(Reason.IN_PROGRESS)
    for line, what in (
        ("dry-run", f"{now_due} is due: the other run has stopped without having sent anything"),
        ("history", "what was sent to whom, with every attempt"),
        ("staff-list --html list.html", "who is left to staff, as a page to print"),
        *([("search --state confirmed", "who answered that they will come")] if answered else []),
        ("search --state failed", "all appointments that stand so; see search --help"),
        ("figures --html figures.html", "what the owner asks: does it help, and what does it cost?"),
        ("config show", "all settings in force"),
    ):
        click.echo(f"\n  {call} {line}")
        _paragraph(what, indent=6)


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)


def _paragraph(text: str, *, indent: int = 0) -> None:
    click.echo(click.wrap_text(text, _COLUMNS, " " * indent, " " * indent))


def _run(stopping: Callable[[], Stop | None], config: Path, *arguments: str) -> int:
    """Run a command of the program as cron would; it writes to this program's stdout, terminal or not."""
    if stopping():
        raise click.Abort
    sys.stdout.flush()
    ended = subprocess.run(  # noqa: S603  the program itself
        [sys.executable, "-m", _NAME, "--config", str(config), *arguments],
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    if stopping():  # the terminal sends Ctrl-C to the command as well
        raise click.Abort
    if ended.returncode not in _MEANING:
        raise TerminbenachrichtigungError(
            f"{arguments[0]} ended with exit code {ended.returncode}: {ended.stderr.strip()}"
        )
    return ended.returncode


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
