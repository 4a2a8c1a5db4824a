"""`python -m terminbenachrichtigung`, and the installed command."""

import atexit
import gc
import os
import signal
import sys

_STREAMS = (("stdin", os.O_RDONLY), ("stdout", os.O_RDONLY), ("stderr", os.O_WRONLY))


def program() -> None:
    """Runs a command as a process of its own.

    Python's garbage collector searches everything that was imported, several times and once more at the end,
    and finds nothing. That is a third of the time of a run in which nothing is due, so it is set to search
    rarely, and not at the end.
    """
    # What is imported below takes 60 ms, in which Python would answer Ctrl-C with a traceback.
    by_python = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if by_python:
        signal.signal(signal.SIGINT, lambda *_: os._exit(1))
    # Nothing else that is installed may change how the configuration is read; and looking for it costs time.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)
    closed = _open_closed_streams()
    from terminbenachrichtigung.cli import main
    from terminbenachrichtigung.cli.context import Invocation

    if by_python:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    main(obj=Invocation(without_stderr=2 in closed))


def _open_closed_streams() -> list[int]:
    """Puts something in the place of standard streams that are closed (`2>&-`); returns which were.

    Otherwise the next file that is opened gets their number: a database into which a library then writes its
    messages. A closed standard output becomes one that cannot be written: its report is not written, and that
    is an error as on a full disk.
    """
    closed = []
    for number, (name, flags) in enumerate(_STREAMS):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # gets the lowest number that is free: this one
            stream = os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False)
            setattr(sys, name, stream)
            closed.append(number)
    return closed


if __name__ == "__main__":
    program()
