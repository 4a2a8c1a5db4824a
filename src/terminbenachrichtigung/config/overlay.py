"""Lays environment variables and secret files over the configuration file.

pydantic-settings cannot do this: a problem has to name the variable or the file that a value came from, a
variable may name a branch that the file does not, and a misspelt variable is an error like a misspelt key.
"""

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from terminbenachrichtigung.config.databases import single_select
from terminbenachrichtigung.config.files import OPTION_VARIABLES, read_text, written
from terminbenachrichtigung.config.keys import PREFIX, overridable, variable_of
from terminbenachrichtigung.config.problems import KeyPath, Problem, path_text
from terminbenachrichtigung.config.settings import Branch

_SWITCH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(slots=True)
class Overlay:
    """The tables of the file with everything laid over them, before they are validated."""

    tables: dict[str, Any]
    sources: dict[str, str] = field(default_factory=dict)
    """By key path: the variable or file that a value came from, where it is not the configuration."""
    problems: list[Problem] = field(default_factory=list)
    broken: list[KeyPath] = field(default_factory=list)
    """Keys whose value is known to be wrong before it is validated."""


def overlaid(tables: dict[str, Any], environ: Mapping[str, str], folder: Path) -> Overlay:
    """Lay the environment over the file's tables, then put in the content of the files that they name."""
    result = Overlay(tables)
    schedule = tables.get("schedule")
    if isinstance(schedule, dict) and "query" in schedule:
        del schedule["query"]
        advice = "is no key of the file; put the SELECT into a file of its own and name that in query_file"
        result.problems.append(Problem("schedule.query", advice))
    _lay_environment(result, environ)
    for file_path in _file_keys():
        _read_twin(result, file_path, folder)
    return result


def _file_keys() -> list[KeyPath]:
    """The keys such as `password_file`, of which the value or its file may be given, but not both."""
    return [path for path in overridable() if str(path[-1]).endswith("_file")]


def _twin(file_path: KeyPath) -> KeyPath:
    """The key whose value stands in the file."""
    name = str(file_path[-1]).removesuffix("_file")
    return (*file_path[:-1], "source" if name == "query" else name)


def _table_at(tables: dict[str, Any], path: KeyPath) -> dict[str, Any] | None:
    table: Any = tables
    for step in path:
        table = table.get(step) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else None


def _lay_environment(result: Overlay, environ: Mapping[str, str]) -> None:
    kinds = overridable()
    laid: dict[KeyPath, str] = {}
    for variable, text in sorted(environ.items()):
        if not variable.upper().startswith(PREFIX) or variable.upper() in OPTION_VARIABLES:
            continue
        path = _key_of(variable, result.tables)
        if isinstance(path, str):
            result.problems.append(Problem("", path, source=variable))
        elif path in laid:
            advice = f"the same key is set by {laid[path]}; keep one of them"
            result.problems.append(Problem(path_text(path), advice, source=variable))
        elif any(0xD800 <= ord(sign) <= 0xDFFF for sign in text):  # bytes that Python could not decode
            result.problems.append(Problem(path_text(path), "must be UTF-8", source=variable))
        elif text.strip() or not str(path[-1]).endswith("_file"):
            # An empty PASSWORD_FILE in the environment does not override the password in the configuration.
            laid[path] = variable
            result.sources[path_text(path)] = variable
            _put(result.tables, path, _parsed(text, kinds.get(path, str)))

    # The environment wins: PASSWORD in it also removes password_file from the configuration.
    for file_path in _file_keys():
        pair = (_twin(file_path), file_path)
        given = [each for each in pair if each in laid]
        table = _table_at(result.tables, file_path[:-1])
        if len(given) == 1 and table is not None:
            (other,) = set(pair) - set(given)
            table.pop(str(other[-1]), None)


def _key_of(variable: str, tables: Mapping[str, Any]) -> KeyPath | str:
    """The key that a variable overrides, or the sentence why there is none."""
    steps = variable[len(PREFIX) :].split("__")
    path: KeyPath = tuple(step.lower() for step in steps)
    if path in overridable():
        return path
    if path[0] == "branches" and any(steps[1:-1]) and path[-1] in Branch.model_fields:
        code = "__".join(steps[1:-1])
        branches = tables.get("branches")
        codes = list(branches) if isinstance(branches, dict) else []
        same = [each for each in codes if each == code] or [c for c in codes if c.lower() == code.lower()]
        return ("branches", same[0] if same else code, path[-1])
    if path[0] in {"reminders", "templates"}:
        return f"[{path[0]}] can be set in the file only, not from the environment"
    close = get_close_matches(variable.upper(), [variable_of(known) for known in overridable()], n=1)
    example = variable_of(("sms", "password"))
    return f"names no key; did you mean {close[0]}?" if close else f"names no key, as {example} does"


def _parsed(text: str, kind: Any) -> object:
    """A variable's text as the type of its key; what does not parse stays text and is refused later."""
    word = text.strip()
    if typing.get_origin(kind) is tuple:
        return [each.strip() for each in text.split(",") if each.strip()]
    if kind is date and not word:
        return None
    if kind is bool:
        return _SWITCH.get(word.lower(), text)
    if kind in {int, float}:
        try:
            return kind(word)
        except ValueError:
            return text
    return text


def _read_twin(result: Overlay, file_path: KeyPath, folder: Path) -> None:
    table = _table_at(result.tables, file_path[:-1])
    file_key = str(file_path[-1])
    if table is None or file_key not in table:
        return
    key_path = _twin(file_path)
    key = str(key_path[-1])
    named = table[file_key]
    if not isinstance(named, str):  # the validation says so; it need not say that the password is missing too
        result.broken.append(key_path)
        return
    if key in table:
        problem = f"and {path_text(key_path)} are both given; keep one of them"
    elif not named.strip():
        problem = "must not be empty; leave the line out"
    else:
        path = folder / named
        table[file_key] = str(path)
        try:
            written(path)
            content = read_text(path)
            if key == "source":
                table["query"] = single_select(content)
            else:
                table[key] = _secret(content)
        except ValueError as error:
            problem = f"the file {path} {error}"
        else:
            result.sources[path_text(key_path)] = str(path)
            return
    result.problems.append(Problem(path_text(file_path), problem))
    result.broken.append(key_path)


def _secret(content: str) -> str:
    secret = content.rstrip("\r\n")
    if not secret.strip():
        raise ValueError("is empty")
    if "\n" in secret or "\r" in secret:
        raise ValueError("holds more than one line")
    return secret


def _put(tables: dict[str, Any], path: KeyPath, value: object) -> None:
    table: Any = tables
    for step in path[:-1]:
        table = table.setdefault(step, {})
        if not isinstance(table, dict):
            return  # no table where one belongs: the validation says so
    table[path[-1]] = value
