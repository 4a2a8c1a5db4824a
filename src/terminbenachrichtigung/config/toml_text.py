"""Values and key paths as TOML text: for messages that a person reads, and for `config show`."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def key_text(key: str) -> str:
    """A key as it may stand in a file: bare where TOML allows it, else in quotes."""
    return key if _BARE_KEY.fullmatch(key) else string_text(key)


def path_text(path: Sequence[str | int]) -> str:
    """`("reminders", 0, "hours_before")` as a person writes it: `reminders[0].hours_before`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{key_text(step)}" if text else key_text(step)
    return text


def string_text(text: str) -> str:
    """A string in quotes. What a terminal would obey or hide (control and bidi signs) is escaped."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else _escape(sign) for sign in quoted)


def block_text(text: str) -> str:
    """A string of several lines between triple quotes; the same as `string_text` for a single line."""
    if "\n" not in text:
        return string_text(text)
    # Each line is escaped alone, so no run of quotes can close the block early.
    return '"""\n' + "\n".join(string_text(line)[1:-1] for line in text.split("\n")) + '"""'


def value_text(value: object) -> str:
    """Any value of a configuration on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return string_text(value)
        case date() | datetime() | time():
            return value.isoformat()
        case Mapping():
            return "{" + ", ".join(f"{key_text(str(k))} = {value_text(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(value_text(each) for each in value) + "]"
        case _:
            return str(value)


def _escape(sign: str) -> str:
    number = ord(sign)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
