"""The configuration for people and editors: effective settings as TOML, and the JSON Schema."""

import json
from collections.abc import Mapping
from datetime import time
from typing import Any

import tomlkit
from pydantic import BaseModel, SecretStr
from tomlkit.items import Item

from terminbenachrichtigung.config.databases import masked_url
from terminbenachrichtigung.config.problems import escaped
from terminbenachrichtigung.config.settings import Settings

_MASK = "***"


def show(settings: Settings) -> str:
    """The effective settings as TOML, defaults and shipped templates included, secrets masked."""
    return escaped(tomlkit.dumps(_table(settings)))


def json_schema() -> str:
    """The JSON Schema of the configuration file, for editors that complete and check TOML."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Settings.model_json_schema()
    schema["title"] = "Configuration of terminbenachrichtigung"
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _table(section: BaseModel) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name in type(section).model_fields:
        value = getattr(section, name)
        if value is None or name == "query" or name.endswith("_file"):
            continue
        file = getattr(section, "query_file" if name == "source" else f"{name}_file", "")
        if name == "source" and file:
            shown["query_file"] = file
        else:
            shown[name] = _value(name, value, file)
    return shown


def _value(name: str, value: Any, file: str) -> Any:
    """A value as it would stand in the file, with the name of the secret file that it came from."""
    match value:
        case BaseModel():
            return _table(value)
        case Mapping():
            return {str(key): _value(str(key), each, "") for key, each in value.items()}
        case tuple():
            return [_value(name, each, "") for each in value]
        case SecretStr():
            return _commented(tomlkit.item(_masked(name, value.get_secret_value())), file)
        case float() if value.is_integer():
            return int(value)
        case time():
            return value.isoformat("minutes")
        case str() if "\n" in value and not value.startswith("\n"):  # which TOML would leave out
            return tomlkit.string(value, multiline=True)
    return value


def _masked(name: str, secret: str) -> str:
    return masked_url(secret) if name == "url" else _MASK if secret else ""


def _commented(item: Item, file: str) -> Item:
    return item.comment(f'from "{file}"') if file else item
