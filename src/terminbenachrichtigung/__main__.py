"""`python -m terminbenachrichtigung`, and the installed command."""

import atexit
import gc

from terminbenachrichtigung.cli import main


def program() -> None:
    """Runs a command as a process of its own.

    The garbage collector looks through all that was imported again and again, finds nothing, and once more at
    the end: a third of what a run costs in which nothing is due. So it comes seldom, and not at the end.
    """
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)
    main()


if __name__ == "__main__":
    program()
