"""Runs `terminbenachrichtigung` in forks of itself, so that hundreds of killed runs cost no start-up.

    python killable.py        reads one JSON object a line, answers with one a line

    {"folder": F, "arguments": [...], "output": FILE}          -> {"started": PID}, {"ended": STATUS}
    ... "point": "claim", "side": "before", "nth": 2           dies by SIGKILL at that commit
    ... "signal": 19                                           or gets another signal there (here: SIGSTOP)

A point is a commit, known by what its transaction wrote, on either side of it. Random moments and other
signals come from outside: the caller has the PID.
"""

import contextlib
import io
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

import compiled

# Imported before the forks, so that each of them is a run from its first moment on.
from terminbenachrichtigung import cli, wiring  # noqa: F401
from terminbenachrichtigung.delivery import smscreator, smtp  # noqa: F401
from terminbenachrichtigung.journal import migrations  # noqa: F401
from terminbenachrichtigung.on_demand import adopt, explain, notify, search, test_message  # noqa: F401
from terminbenachrichtigung.staff_list import mailing  # noqa: F401

POINTS = {
    "begin": "INSERT INTO journal_runs",
    "claim": "INSERT INTO journal_messages",
    "renew": "UPDATE journal_messages SET channel",
    "settle": "UPDATE journal_messages SET state",
    "follow": "UPDATE journal_attempts",
    "news": "INSERT INTO journal_reported",
    "finish": "UPDATE journal_runs",
    "replies": "INSERT INTO journal_replies",
    "opt-outs": "INSERT INTO journal_opt_outs",
    "all replies": "UPDATE journal_meta SET replies_until",
    "forget": "UPDATE journal_attempts SET recipient",
    "staff claim": "INSERT INTO journal_staff_mails",
    "staff settle": "UPDATE journal_staff_mails",
}


def die_at(point: str, side: str, nth: int, number: int) -> None:
    """Signals this process at the nth commit of a transaction that contains the point's statement."""
    seen = {"here": False, "count": 0}

    @event.listens_for(Engine, "before_cursor_execute")
    def note(_c: Any, _cursor: Any, statement: str, _p: Any, _context: Any, _many: bool) -> None:
        seen["here"] = seen["here"] or statement.startswith(POINTS[point])

    commit: Any = DefaultDialect.do_commit

    def commit_or_die(self: DefaultDialect, connection: Any) -> None:
        reached, seen["here"] = seen["here"], False
        seen["count"] += reached
        fatal = reached and seen["count"] == nth
        if fatal and side == "before":
            os.kill(os.getpid(), number)
        commit(self, connection)
        if fatal:
            os.kill(os.getpid(), number)

    DefaultDialect.do_commit = commit_or_die  # type: ignore[method-assign]


def run(order: dict[str, Any]) -> None:
    """What the fork does; never returns."""
    os.chdir(order["folder"])
    target = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(target, 1)
    os.dup2(target, 2)
    if "point" in order:
        die_at(order["point"], order["side"], order["nth"], order.get("signal", signal.SIGKILL))
    try:
        cli.main(order["arguments"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def warm_up(config: str) -> None:
    """Plans for a practice before the fork, so that no fork has to compile texts and the SQL of planning."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        cli.main(["--config", config, "dry-run"])


def main() -> None:
    """Serves orders until its standard input ends."""
    compiled.share()
    warm: set[bool] = set()
    for line in sys.stdin:
        order = json.loads(line)
        config = order["arguments"][1]
        if (on_postgres := "postgresql" in Path(config).read_text(encoding="utf-8")) not in warm:
            warm_up(config)
            warm.add(on_postgres)
        child = os.fork()
        if child == 0:
            run(order)
            os._exit(0)
        print(json.dumps({"started": child}), flush=True)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"ended": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    main()
