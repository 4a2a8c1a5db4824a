"""Tables → settings, with every mistake worded for the person who wrote the file.

If some keys are wrong, an example or the default stands in for each of them, so that the checks across
sections still find what else is wrong. These keys are remembered, so that nothing is said about a stand-in.
"""

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from terminbenachrichtigung.config.fields import nearest
from terminbenachrichtigung.config.keys import (
    choices,
    expectation,
    field_at,
    shown_value,
    unknown_key,
)
from terminbenachrichtigung.config.problems import KeyPath, Problem, path_text
from terminbenachrichtigung.config.settings import Settings

_BARE = re.compile(r"-?[0-9]+(\.[0-9]+)?|true|false")


@dataclass(frozen=True, slots=True)
class Draft:
    """Settings of which some keys may only be stand-ins."""

    settings: Settings
    doubtful: frozenset[str] = frozenset()

    def sound(self, *keys: str) -> bool:
        """Whether neither these keys, nor what they hold or belong to, are stand-ins."""
        return not any(_touch(key, bad) for key in keys for bad in self.doubtful)


def validated(tables: Mapping[str, Any], broken: Sequence[KeyPath]) -> tuple[Draft, list[Problem]]:
    """The settings as far as they are right, and a problem for each key that is not.

    `broken` are keys already found wrong, of which nothing more is to be said.
    """
    remaining = copy.deepcopy(dict(tables))
    for path in broken:
        _replace(remaining, path)
    doubtful = {path_text(path) for path in broken}
    try:
        return Draft(Settings.model_validate(remaining), frozenset(doubtful)), []
    except ValidationError as error:
        found = error.errors(include_url=False)
    mistakes = [(_key_path(each["loc"], each["type"]), each) for each in found]
    for path, _ in mistakes:
        _replace(remaining, path)
        doubtful.add(path_text(path))
    # Defaults and examples are right, so this time nothing is refused.
    draft = Draft(Settings.model_validate(remaining), frozenset(doubtful))
    return draft, [_problem(path, each) for path, each in mistakes]


def _problem(path: KeyPath, mistake: Any) -> Problem:
    key = path_text(path)
    kind, given = mistake["type"], mistake["input"]
    value = shown_value(path, given)
    if kind == "extra_forbidden":
        return Problem(key, unknown_key(path))
    if kind == "missing":
        return Problem(key, f"is missing; it must be {expectation(path)}")
    if kind == "value_error":
        return Problem(key, str(mistake["ctx"]["error"]), value)
    hint = nearest(given, choices(path)) if isinstance(given, str) else ""
    if isinstance(given, str) and _BARE.fullmatch(given.strip()):
        hint = "leave out the quotes"
    return Problem(key, f"must be {expectation(path)}{'; ' + hint if hint else ''}", value)


def _replace(tables: Any, path: KeyPath) -> None:
    """Take a wrong value out, or put an example where something must stand."""
    # Of a list of plain values all goes; a reminder keeps its place, so that the others keep their numbers.
    first = 2 if path[0] == "reminders" else 0
    path = next((path[:at] for at, step in enumerate(path) if at >= first and isinstance(step, int)), path)
    container: Any = tables
    for step in path[:-1]:
        container = container.get(step) if isinstance(container, dict) else container[step]
        if not isinstance(container, (dict, list)):
            return  # taken out with its table already
    info = field_at(path)
    if isinstance(container, list) and isinstance(path[-1], int):
        stand_in = field_at(path[:-1])
        container[path[-1]] = copy.deepcopy(stand_in.examples[0][0]) if stand_in and stand_in.examples else {}
    elif info is not None and info.is_required() and info.examples:
        container[path[-1]] = copy.deepcopy(info.examples[0])
    else:
        container.pop(path[-1], None)


def _key_path(location: KeyPath, kind: str) -> KeyPath:
    """The key path without the `[key]` that pydantic adds when it refuses the name of a table."""
    return location[:-1] if location[-1] == "[key]" and kind == "value_error" else location


def _touch(one: str, other: str) -> bool:
    """Whether two key paths are the same, or one lies within the other."""
    short, long = sorted((one, other), key=len)
    return long == short or long.startswith((short + ".", short + "["))
