"""What goes to stderr: errors and warnings, and with `--verbose` each event; as text or as JSON lines.

The rooms below say what happens through the standard library's loggers, already masked; here is where
it goes, and how it looks. A record may carry `event`, a word for programs, and `fields`, its values.
"""

import json
import logging
from contextlib import suppress
from datetime import tzinfo

import click

from terminbenachrichtigung.clock import Clock
from terminbenachrichtigung.safe_text import printable, printable_lines

FORMATS = ("text", "json")
LOGGER = logging.getLogger("terminbenachrichtigung")


def configure(log_format: str, clock: Clock, *, verbose: bool) -> None:
    """Sends everything of this program to the stderr of this moment, and to nobody else."""
    handler = _Stderr()
    handler.setFormatter(_JsonLines(clock) if log_format == "json" else _Text(clock))
    LOGGER.handlers[:] = [handler]
    LOGGER.propagate = False
    LOGGER.setLevel(logging.INFO if verbose else logging.WARNING)


def use_clock_of(zone: tzinfo) -> None:
    """From now on the lines of `--verbose` show the practice's time, as the report does."""
    for handler in LOGGER.handlers:
        if isinstance(handler.formatter, _Text):
            handler.formatter.zone = zone


def error(sentence: str, exit_code: int) -> None:
    """Why the command ends, as its last word."""
    LOGGER.error(sentence, extra={"event": "error", "fields": {"exit_code": exit_code}})


def warning(sentence: str) -> None:
    """What a person should know, although the command goes on."""
    LOGGER.warning(sentence, extra={"event": "warning"})


def event(name: str, sentence: str, **fields: object) -> None:
    """What happened, for those who asked with `--verbose`."""
    LOGGER.info(sentence, extra={"event": name, "fields": fields})


def in_json() -> bool:
    """Whether stderr is read by a program."""
    return any(isinstance(handler.formatter, _JsonLines) for handler in LOGGER.handlers)


class _Stderr(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        if record.levelno > logging.INFO:
            click.echo(line, err=True)
            return
        with suppress(OSError):  # a full disk under the log must not stop a run between two messages
            click.echo(line, err=True)


class _Text(logging.Formatter):
    zone: tzinfo | None = None  # None: the machine's

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def format(self, record: logging.LogRecord) -> str:
        if record.levelno > logging.INFO:
            return printable_lines(f"{record.levelname.capitalize()}: {record.getMessage()}")
        return printable(f"{self._clock.now().astimezone(self.zone):%Y-%m-%d %H:%M:%S} {record.getMessage()}")


class _JsonLines(logging.Formatter):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def format(self, record: logging.LogRecord) -> str:
        """One object; plain ASCII, whatever names may hold."""
        entry = {
            "time": self._clock.now().isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", record.name),
            "text": record.getMessage(),
        }
        return json.dumps(entry | getattr(record, "fields", {}))
