"""The keys of the configuration, taken from the settings: what each may hold, and how messages show it."""

import re
import types
import typing
from collections.abc import Iterator, Mapping
from datetime import date, time
from functools import cache
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from terminbenachrichtigung.config.fields import nearest
from terminbenachrichtigung.config.problems import KeyPath, escaped, path_text
from terminbenachrichtigung.config.settings import Settings

PREFIX = "TERMINBENACHRICHTIGUNG_"

_INTERNAL = {("schedule", "query")}  # fields of the settings that the loader fills
_TABLES = {
    "reminders": "[[reminders]], each with a name and hours_before, or days_before and at",
    "branches": "[branches.CODE]",
    "templates": "[templates.NAME.LANGUAGE]",
}
_LONGEST_VALUE = 80
_LOGIN = re.compile(r"://\S*[@?]|[^\s:@]:[^\s@]*@")
"""A login before a host, as in user:password@proxy, or behind a ?, whatever key it was written into."""


@cache
def overridable() -> Mapping[KeyPath, Any]:
    """Every key with its type, but for those of reminders, templates and branches, which the user names."""
    return dict(_single_keys(Settings, ()))


def variable_of(path: KeyPath) -> str:
    """The environment variable that overrides a key."""
    return PREFIX + "__".join(str(step) for step in path).upper()


def plain_type(annotation: Any) -> Any:
    """A type without `Annotated` and without `| None`."""
    if typing.get_origin(annotation) is typing.Annotated:
        return plain_type(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        return plain_type(next(each for each in typing.get_args(annotation) if each is not type(None)))
    return annotation


def field_at(path: KeyPath) -> FieldInfo | None:
    """The field at a key path; None if there is no such key."""
    info = FieldInfo(annotation=Settings)
    for step in path:
        kind = plain_type(info.annotation)
        if _is_section(kind):
            found = None if (*path[:-1], step) in _INTERNAL else kind.model_fields.get(str(step))
            if found is None:
                return None
            info = found
        else:  # an item of a list, or one of several tables that the user names
            inner = typing.get_args(kind)
            info = FieldInfo.from_annotation(inner[0] if typing.get_origin(kind) is tuple else inner[-1])
    return info


def is_secret(path: KeyPath) -> bool:
    """Whether the value of a key must never be shown."""
    info = field_at(path)
    return info is not None and plain_type(info.annotation) is SecretStr


def expectation(path: KeyPath) -> str:
    """What a key may hold, as the rest of a sentence that begins with "must be"."""
    info = field_at(path)
    kind = plain_type(info.annotation) if info else None
    if info is None or _holds_tables(kind):
        return f"given as {_TABLES.get(str(path[0]), f'[{path[0]}], with one key = value per line')}"
    example = f", as in {value_text(info.examples[0])}" if info.examples else ""
    if typing.get_origin(kind) is tuple:
        return f"a list in square brackets{example}"
    if words := choices(path):
        return "one of " + ", ".join(value_text(each) for each in words)
    if kind is SecretStr:
        dotted = path_text(path)
        return f"text in quotes that is not empty, or come from {dotted}_file or {variable_of(path)}"
    known: dict[Any, str] = {
        bool: "true or false",
        int: f"a whole number{_range(info)}",
        float: f"a number{_range(info)}",
        date: "a date without a time, as in 2026-12-24",
        time: 'a time of day in quotes, as in "20:00"',
    }
    return known.get(kind, f"text in quotes{example}")


def choices(path: KeyPath) -> list[str]:
    """The words of which a key takes one; empty if it takes something else."""
    info = field_at(path)
    kind = plain_type(info.annotation) if info else None
    return [str(each) for each in typing.get_args(kind)] if typing.get_origin(kind) is typing.Literal else []


def unknown_key(path: KeyPath) -> str:
    """What to say about a key that does not exist: the one that was probably meant, or all there are."""
    parent = field_at(path[:-1])
    kind = plain_type(parent.annotation) if parent else Settings
    allowed = [name for name in kind.model_fields if field_at((*path[:-1], name)) is not None]
    homes = list(dict.fromkeys(home for name, home in _homes(Settings, "") if name == path[-1]))
    below = [home for home in homes if home.startswith(f"in [{path[0]}.")] if len(path) == 2 else []
    hint = nearest(str(path[-1]).replace("-", "_"), allowed) if not below else ""
    belongs = f"it belongs {' or '.join(below or homes)}" if homes else ""
    likely = " or ".join(filter(None, (hint, belongs)))
    return f"unknown key; {likely or 'allowed here: ' + ', '.join(allowed)}"


def shown_value(path: KeyPath, value: object) -> str:
    """A value as it may stand in a message; empty for a secret and for whatever could hold one."""
    info = field_at(path)
    parts = value if isinstance(value, (list, tuple)) else [value]
    if (
        info is None
        or is_secret(path)
        or _holds_tables(plain_type(info.annotation))
        or not all(isinstance(part, (str, bool, int, float, date, time)) for part in parts)
        or _LOGIN.search(str(value))
    ):
        return ""
    text = value_text(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."


def value_text(value: object) -> str:
    """Any value of a configuration as it would stand in the file, on one line."""
    if isinstance(value, time) and not value.second:
        value = value.isoformat("minutes")
    import tomlkit  # noqa: PLC0415  # 60 ms, only where there is something to say

    return escaped(tomlkit.item(value).as_string())


def _single_keys(section: type[BaseModel], path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    for name, info in section.model_fields.items():
        kind, here = plain_type(info.annotation), (*path, name)
        if _is_section(kind):
            yield from _single_keys(kind, here)
        elif not _holds_tables(kind) and here not in _INTERNAL:
            yield here, kind


def _homes(section: type[BaseModel], header: str) -> Iterator[tuple[str, str]]:
    """Every key with the place where it belongs, as the end of a sentence."""
    for name, info in section.model_fields.items():
        kind = plain_type(info.annotation)
        below = f"{header}.{name}".removeprefix(".")
        if not _holds_tables(kind):
            if (header, name) not in _INTERNAL:
                yield name, f"in [{header}]" if header else "at the top of the file, before the first section"
        elif _is_section(kind):
            if header:
                yield name, f"in [{header}]"
            yield from _homes(kind, below)
        elif typing.get_origin(kind) is tuple:
            yield from _homes(plain_type(typing.get_args(kind)[0]), f"[{below}]")
        else:
            while typing.get_origin(kind) is Mapping:
                kind = plain_type(typing.get_args(kind)[-1])
            yield from _homes(kind, _TABLES[name][1:-1])


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _holds_tables(kind: Any) -> bool:
    """A section, a list of sections, or tables that the user names."""
    if typing.get_origin(kind) is tuple:
        return _is_section(plain_type(typing.get_args(kind)[0]))
    return _is_section(kind) or typing.get_origin(kind) is Mapping


def _range(info: FieldInfo) -> str:
    low = next((each.ge for each in info.metadata if hasattr(each, "ge")), None)
    high = next((each.le for each in info.metadata if hasattr(each, "le")), None)
    if high is None:
        return f" of at least {low}" if low is not None else ""
    return f" from {low} to {high}"
