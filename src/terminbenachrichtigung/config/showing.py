"""The configuration for people and editors: effective settings as TOML, and the JSON Schema."""

import json
from collections.abc import Iterator, Mapping
from datetime import time
from typing import Any

from pydantic import BaseModel, SecretStr

from terminbenachrichtigung.config.databases import masked_url
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.config.toml_text import block_text, path_text, value_text

_MASK = "***"
_FILES = {
    "url": "url_file",
    "password": "password_file",
    "source": "query_file",
    "ping_url": "ping_url_file",
}


def show(settings: Settings) -> str:
    """The effective settings as TOML, defaults and shipped templates included, secrets masked."""
    lines = list(_section(settings, ()))
    return "\n".join(lines).lstrip("\n") + "\n"


def json_schema() -> str:
    """The JSON Schema of the configuration file, for editors that complete and check TOML."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Settings.model_json_schema()
    schema["title"] = "Configuration of terminbenachrichtigung"
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _section(section: BaseModel, path: tuple[str, ...]) -> Iterator[str]:
    """Plain keys first, because in TOML every line after a table's head belongs to that table."""
    tables: list[tuple[str, Any]] = []
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, (BaseModel, Mapping)) or _is_table_list(value):
            tables.append((name, value))
        elif value is not None and name not in {"query", *_FILES.values()}:
            yield from _key(section, name, value)
    for name, value in tables:
        yield from _table((*path, name), value)


def _table(path: tuple[str, ...], value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _table((*path, name), inner)
    elif isinstance(value, tuple):
        for item in value:
            yield from ["", f"[[{path_text(path)}]]", *_section(item, path)]
    else:
        yield from ["", f"[{path_text(path)}]", *_section(value, path)]


def _key(section: BaseModel, name: str, value: Any) -> Iterator[str]:
    file = getattr(section, _FILES.get(name, ""), "")
    if name == "source" and file:
        yield f"query_file = {value_text(file)}"
    elif isinstance(value, SecretStr):
        secret = value.get_secret_value()
        shown = masked_url(secret) if name == "url" else _MASK if secret else ""
        yield f"{name} = {value_text(shown)}" + (f"  # from {value_text(file)}" if file else "")
    elif isinstance(value, float) and value.is_integer():
        yield f"{name} = {int(value)}"
    elif isinstance(value, time):
        yield f'{name} = "{value.isoformat("minutes")}"'
    elif isinstance(value, str):
        yield f"{name} = {block_text(value)}"
    else:
        yield f"{name} = {value_text(value)}"


def _is_table_list(value: object) -> bool:
    return isinstance(value, tuple) and any(isinstance(each, BaseModel) for each in value)
