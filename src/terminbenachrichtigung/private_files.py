"""Files that the program makes: for their owner alone, whole or not at all, and through no link."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

OWNER_ALONE = 0o600
_OF_DEVICES = (Path("/dev"), Path("/dev/fd"))


def create(path: Path) -> int:
    """A new, empty file that only its owner may read; its descriptor, open for writing.

    Raises:
        FileExistsError: something is there already, be it a link that leads nowhere.
        OSError: it cannot be made.
    """
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ALONE)


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """An empty file of its owner alone that takes the name `path` once the block has filled it.

    Whoever is killed meanwhile leaves nothing under that name. What is there already stays.

    Raises:
        FileExistsError: something is there already, be it a link that leads nowhere.
        OSError: it cannot be made.
    """
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, "it is there already")
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(descriptor)
    made = Path(name)
    try:
        yield made
        try:
            path.hardlink_to(made)
        except FileExistsError:
            raise
        except OSError:  # a disk that knows no links
            made.replace(path)
    finally:
        made.unlink(missing_ok=True)


def write_whole(path: Path, text: str, mode: int = OWNER_ALONE) -> None:
    """Writes a file in the place of what may be there; nobody ever reads half of it.

    It is written beside it, under a name that nobody can guess, and renamed: where a link lies in its place,
    the link is replaced, and not what it leads to.

    Raises:
        OSError: it cannot be written there, or a device or a folder would be replaced.
    """
    if (path.exists() and not path.is_file()) or path.absolute().parent in _OF_DEVICES:
        # As root this would put a file in the place of /dev/null, for the whole machine.
        raise OSError(errno.EINVAL, "it is no file")
    descriptor, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8", "replace"))
            os.fchmod(file.fileno(), mode)
        Path(beside).replace(path)
    except OSError:
        with suppress(OSError):
            Path(beside).unlink()
        raise
