"""The folder that the demo leaves behind: nothing in it is touched that is not surely the demo's own."""

import hashlib
from pathlib import Path

from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.private_files import write_whole

CONFIG, SCHEDULE, JOURNAL = "config.toml", "schedule.db", "journal.db"

_BESIDE_A_DATABASE = ("", "-wal", "-shm", "-journal")  # SQLite's own companions
_OWN = (*(name + end for name in (SCHEDULE, JOURNAL) for end in _BESIDE_A_DATABASE), CONFIG)
_MARK = "# Made by `terminbenachrichtigung demo`, which replaces this folder unless this file was changed: "


def make_room(directory: Path) -> None:
    """Make the folder, or empty it of an earlier demo.

    An earlier demo is known by its configuration, as it was written: a changed one may have become
    somebody's real configuration, and the journal beside it then keeps customers from being told twice.

    Raises:
        ConfigError: something is there that is not the demo's, or the folder cannot be made.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if not any(directory.iterdir()):
            return
        if not _is_unchanged(directory / CONFIG):
            raise ConfigError(
                f"{directory} is left as it is: it holds something that is not an earlier demo's, or was "
                "changed since. Name a folder that is new or empty: terminbenachrichtigung demo DIR"
            )
        for name in _OWN:  # the configuration last: until then an interrupted demo can be replaced
            (directory / name).unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{directory} cannot be used for the demo: {error.strerror or error}") from error


def write_config(directory: Path, text: str) -> Path:
    """Write the configuration under a mark by which `make_room` knows it again.

    Raises:
        ConfigError: it cannot be written.
    """
    path = directory / CONFIG
    try:
        write_whole(path, _marked(text))
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}") from error
    return path


def _marked(text: str) -> str:
    return f"{_MARK}{hashlib.sha256(text.encode('utf-8')).hexdigest()}\n{text}"


def _is_unchanged(config: Path) -> bool:
    if not config.is_file():
        return False
    found = config.read_bytes()
    return found == _marked(found.decode("utf-8", "replace").partition("\n")[2]).encode("utf-8")
