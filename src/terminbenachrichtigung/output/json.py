"""Values of the program -> the plain data of its JSON documents (contract, section 7)."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from enum import Enum
from typing import Any


def plain(value: object, zone: tzinfo) -> Any:
    """Dicts, lists and plain values, whatever stands in `value`.

    Moments carry the offset of `zone`, to the second. A dataclass is an object with all its fields.
    """
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.astimezone(zone).isoformat(timespec="seconds")
        case time():
            return value.isoformat("minutes")
        case date():
            return value.isoformat()
        case Decimal():
            return float(value)
        case Mapping():
            return {plain(key, zone): plain(each, zone) for key, each in value.items()}
        case list() | tuple():
            return [plain(each, zone) for each in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {field.name: plain(getattr(value, field.name), zone) for field in fields(value)}
    return value


def picked(value: object, *names: str) -> dict[str, object]:
    """An object with some fields of a value, in this order."""
    return {name: getattr(value, name) for name in names}
