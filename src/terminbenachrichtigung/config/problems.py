"""A problem in the configuration, and the one error that lists them all."""

from collections.abc import Sequence
from dataclasses import dataclass

from terminbenachrichtigung.errors import ConfigError


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
