"""Files that the program makes: for their owner alone, whole or not at all, and through no link."""

import errno
import os
import tempfile
from contextlib import suppress
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
