"""Finds and reads the files of a configuration; whatever is wrong with a file becomes one sentence."""

import codecs
import errno
import os
import re
import select
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from terminbenachrichtigung.errors import ConfigError

CONFIG_VARIABLE = "TERMINBENACHRICHTIGUNG_CONFIG"
OPTION_VARIABLES = frozenset({CONFIG_VARIABLE, "TERMINBENACHRICHTIGUNG_LOG_FORMAT"})
"""Options of the command line, not keys of the configuration."""
LOCAL_CONFIG = Path("config.toml")
SYSTEM_CONFIG = Path("/etc/terminbenachrichtigung/config.toml")

_LIMIT = 10_000_000  # bytes; so that a path such as /dev/zero is not read for ever
_QUOTES = "texts and times stand in straight quotes, true and false in small letters"
_SLASHES = "write a path with / in place of \\"
_REMEDIES = {
    "Cannot declare": "the section stands further up already",
    "Cannot overwrite a value": "the key stands further up already",
    "Expected newline": _QUOTES,
    "Invalid hex value": _SLASHES,
    "Invalid value": _QUOTES,
    "Unescaped '\\' in a string": _SLASHES,
}
"""How a sentence of Python's TOML reader begins, and what the person who wrote the file most likely did."""
_POSITION = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)")


def find_config(explicit: Path | None, environ: Mapping[str, str], *, system: Path = SYSTEM_CONFIG) -> Path:
    """The configuration file: `--config`, the environment, `./config.toml`, the system's, in this order.

    A file that was named and is missing is an error: with another one the tool would run with other settings
    than its owner believes.

    Raises:
        ConfigError: with the places that were looked at.
    """
    named = environ.get(CONFIG_VARIABLE, "")
    if explicit is not None:
        if not _is_there(explicit):
            raise ConfigError(f"the configuration file {explicit} does not exist")
        return explicit
    if named:
        if not _is_there(Path(named)):
            raise ConfigError(f"the configuration file {named}, named by {CONFIG_VARIABLE}, does not exist")
        return Path(named)
    for path in (LOCAL_CONFIG, system):
        # In a folder that we may not enter, such as another user's home, there is no configuration of ours.
        if _is_there(path, closed_to_us=False):
            return path
    raise ConfigError(
        f"no configuration file found: looked at --config, {CONFIG_VARIABLE} (both not given), "
        f"{_absolute(LOCAL_CONFIG)} and {system}; "
        "`terminbenachrichtigung config init` writes one to start from"
    )


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        ConfigError: it cannot be read, or is not TOML: with line and column where they are known.
    """
    try:
        text = read_text(path)
    except ValueError as error:
        raise ConfigError(f"the configuration file {path} {error}") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _POSITION.fullmatch(str(error))
        if found is None:
            raise ConfigError(f"{path} is not TOML: {error}") from None
        where = f"line {found['line']}, column {found['column']}" if found["line"] else "end of the file"
        what = found["what"]
        what += "".join(f": {remedy}" for begins, remedy in _REMEDIES.items() if what.startswith(begins))
        raise ConfigError(f"{path}, {where}: {what}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits; brackets a thousand deep
        raise ConfigError(f"{path} is not TOML that can be read: a value is too long or too deep") from None


def read_text(path: Path) -> str:
    """The text of a file that an administrator wrote.

    Raises:
        ValueError: what is wrong with it, as the rest of a sentence that begins with its name.
    """
    try:
        data = read_at_most(_LIMIT + 1, path)
    except FileNotFoundError:
        raise ValueError("does not exist") from None
    except IsADirectoryError:
        raise ValueError("is a folder, not a file") from None
    except PermissionError:
        raise ValueError("may not be read by this user") from None
    except ValueError:
        raise ValueError("has a name that no file can have") from None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    if len(data) > _LIMIT:
        raise ValueError("is too long")
    if data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ValueError("begins with a byte order mark; save it as UTF-8 without one (without BOM)")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"is not UTF-8 in line {line}; save it as UTF-8") from None


def read_at_most(size: int, path: Path, *, seconds: float = 5) -> bytes:
    """The first bytes of a file, or of a pipe such as `<(sops -d config.toml)` or /dev/stdin.

    A pipe that nobody writes to, given by mistake, would hold up cron for ever.

    Raises:
        OSError: it cannot be read; TimeoutError if it is a pipe that gives nothing for so many seconds.
    """
    with open(path, "rb", buffering=0, opener=_without_waiting) as file:
        data = bytearray()
        while len(data) < size:
            if not select.select([file], [], [], seconds)[0]:
                raise TimeoutError(
                    errno.ETIMEDOUT, f"it is a pipe that gives nothing for {seconds:g} seconds"
                )
            part = file.read(size - len(data))
            if part == b"":
                break
            data += part or b""
        return bytes(data)


def _without_waiting(path: str, flags: int) -> int:
    """Opens a pipe although nobody writes to it."""
    return os.open(path, flags | os.O_NONBLOCK)


@cache
def shipped_templates() -> Mapping[str, Any]:
    """The templates that come with the tool: name, then language, then texts. Read once, never changed."""
    text = (
        resources.files("terminbenachrichtigung").joinpath("texts/templates.toml").read_text(encoding="utf-8")
    )
    return tomllib.loads(text)


def starter() -> str:
    """A commented configuration to start from: every key, with its default where it has one."""
    return resources.files(__package__).joinpath("config.example.toml").read_text(encoding="utf-8")


def written(path: Path) -> str:
    """A path as text; raises ValueError for one that no text can hold."""
    try:
        return str(path).encode().decode()
    except UnicodeEncodeError:
        raise ValueError("has, or a folder above it has, a name that is no UTF-8; rename it") from None


def _absolute(path: Path) -> Path:
    try:
        return path.absolute()
    except OSError:  # the folder was removed under us
        return path


def _is_there(path: Path, *, closed_to_us: bool = True) -> bool:
    """Whether there is such a file; `closed_to_us` is returned where we may not enter its folder.

    A file that was named is taken as there: reading it will say what is wrong.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return closed_to_us
    return True
