"""A problem in the configuration, and the one error that lists them all."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from terminbenachrichtigung.errors import ConfigError

KeyPath = tuple[str | int, ...]
"""("reminders", 0, "hours_before")"""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a person must correct before anything runs.

    A check names the key and the remedy; the loader knows the rest and fills it in: where the value
    came from, and the value itself unless it is a secret.
    """

    key: str  # "sms.max_parts", "reminders[0].hours_before"; empty: the file as a whole
    text: str  # what is allowed, or what to do
    value: str = ""  # as it would stand in the file; never a secret's
    source: str = ""  # the file, or the name of the environment variable

    def __str__(self) -> str:
        where = f"{self.source}: " if self.source else ""
        what = f"{self.key} = {self.value}: " if self.value else f"{self.key}: " if self.key else ""
        return f"{where}{what}{self.text}"


class ConfigProblems(ConfigError):  # noqa: N818  # it is several of them
    """Everything that is wrong with a configuration, in one message."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = "1 problem" if count == 1 else f"{count} problems"
        super().__init__(
            "\n".join([f"{head} in the configuration:", *(f"  {each}" for each in self.problems)])
        )


def path_text(path: KeyPath) -> str:
    """`("reminders", 0, "hours_before")` as a person writes it: `reminders[0].hours_before`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{_key_text(step)}" for step in path)
    return "".join(steps).removeprefix(".")


def escaped(text: str) -> str:
    """TOML text with `\\u` escapes for signs that a terminal would obey or hide."""
    return "".join(sign if sign.isprintable() or sign == "\n" else _escape(sign) for sign in text)


def _key_text(key: str) -> str:
    """Bare where TOML allows it, else in quotes."""
    return key if _BARE_KEY.fullmatch(key) else escaped(json.dumps(key, ensure_ascii=False))


def _escape(sign: str) -> str:
    number = ord(sign)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
