"""What `history` shows: what was sent to whom, with outcome. A person asked, so recipients are not masked."""

import csv
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from io import StringIO

from terminbenachrichtigung.model.journal import JournalMessage, JournalRun, State
from terminbenachrichtigung.model.plan import MessageOutcome
from terminbenachrichtigung.output.tables import Row, Table, render
from terminbenachrichtigung.output.wording import counted, local_time
from terminbenachrichtigung.safe_text import printable

_STYLES = {
    State.SENT: "green",
    State.DELIVERED: "green",
    State.FAILED: "red",
    State.UNKNOWN: "red",
    State.UNDELIVERED: "red",
    State.CLAIMED: "yellow",
}


def history_as_json(messages: Sequence[JournalMessage], *, zone: tzinfo) -> dict[str, object]:
    """The contract's document (section 7); times carry the local offset."""
    return {
        "command": "history",
        "messages": [
            {
                "message_id": message.message_id,
                "run_id": message.run_id,
                "reminder": message.reminder,
                "customer_id": message.customer_id,
                "appointment_ids": list(message.appointment_ids),
                "state": message.state.value,
                "channel": message.channel and message.channel.value,
                "recipient": message.recipient,
                "claimed_at": _iso(message.claimed_at, zone),
                "settled_at": _iso(message.settled_at, zone),
                "attempts": [
                    {
                        "channel": attempt.channel.value,
                        "recipient": attempt.recipient,
                        "outcome": attempt.outcome,
                        "detail": attempt.detail,
                        "at": _iso(attempt.at, zone),
                    }
                    for attempt in message.attempts
                ],
            }
            for message in messages
        ],
    }


def history_as_text(
    messages: Sequence[JournalMessage], *, zone: tzinfo, width: int | None = None, colour: bool = True
) -> str:
    """One row per message in the order given; `width` is the terminal's, None without one."""
    listed = (history_rows(messages, zone=zone), counted(len(messages), "message"))
    return render(listed, width=width, colour=colour)


def history_as_csv(messages: Sequence[JournalMessage], *, zone: tzinfo) -> str:
    """One line per message under a line of headings, for a spreadsheet; without a line break at its end."""
    columns = (
        "message_id", "run_id", "reminder", "customer_id", "appointment_ids", "state", "channel", "recipient",
        "claimed_at", "settled_at", "attempts",
    )  # fmt: skip
    return as_csv(
        columns,
        (
            (
                message.message_id,
                message.run_id,
                message.reminder,
                message.customer_id,
                ", ".join(message.appointment_ids),
                message.state,
                message.channel or "",
                message.recipient or "",
                _iso(message.claimed_at, zone) or "",
                _iso(message.settled_at, zone) or "",
                "; ".join(
                    f"{attempt.channel} {attempt.recipient} {attempt.outcome}"
                    + (f": {attempt.detail}" if attempt.detail else "")
                    for attempt in message.attempts
                ),
            )
            for message in messages
        ),
    )


def runs_as_json(runs: Sequence[JournalRun], *, zone: tzinfo) -> dict[str, object]:
    """The runs with their counts; times carry the local offset."""
    return {
        "command": "history runs",
        "runs": [
            {
                "run_id": run.run_id,
                "command": run.command,
                "at": _iso(run.at, zone),
                "started_at": _iso(run.started_at, zone),
                "finished_at": _iso(run.finished_at, zone),
                "host": run.host,
                "process": run.process,
                "complete": run.complete,
                "ending": run.ending,
                "counts": dict(run.counts),
            }
            for run in runs
        ],
    }


def runs_as_csv(runs: Sequence[JournalRun], *, zone: tzinfo) -> str:
    """One line per run under a line of headings, for a spreadsheet; without a line break at its end."""
    columns = (
        "run_id", "command", "at", "started_at", "finished_at", "host", "process", "complete", "ending",
    )  # fmt: skip
    return as_csv(
        (*columns, *MessageOutcome),
        (
            (
                run.run_id,
                run.command,
                _iso(run.at, zone) or "",
                _iso(run.started_at, zone) or "",
                _iso(run.finished_at, zone) or "",
                run.host,
                str(run.process),
                "true" if run.complete else "false",
                run.ending or "",
                *(str(run.counts.get(outcome, 0)) for outcome in MessageOutcome),
            )
            for run in runs
        ),
    )


def runs_as_text(
    runs: Sequence[JournalRun], *, zone: tzinfo, width: int | None = None, colour: bool = True
) -> str:
    """One row per run in the order given; `width` is the terminal's, None without one."""
    columns = ("at", "command", "ended", "seconds", "messages", "host", "run")
    table = Table("", columns, tuple(_run_row(run, zone) for run in runs))
    return render((table, counted(len(runs), "run")), width=width, colour=colour)


def _run_row(run: JournalRun, zone: tzinfo) -> Row:
    seconds = "" if run.finished_at is None else f"{(run.finished_at - run.started_at).total_seconds():.1f}"
    outcomes = (f"{run.counts[each]} {each}" for each in MessageOutcome if run.counts.get(each))
    return Row(
        (
            local_time(run.at, zone),
            run.command,
            run.ending or "not ended",
            seconds,
            ", ".join(outcomes) or "0",
            run.host,
            run.run_id,
        ),
        style="" if run.complete or run.ending in {"quiet", "complete"} else "yellow",
    )


def _iso(moment: datetime | None, zone: tzinfo) -> str | None:
    return None if moment is None else moment.astimezone(zone).isoformat(timespec="seconds")


_PHONE_NUMBER = re.compile(r"\+[0-9]+")
_FORMULA = re.compile(r"(^|[;,])(\s*)(?=[=+@-])")


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lines under a line of headings, for a spreadsheet; without a line break at the end.

    A German spreadsheet parts cells at semicolons, so a line with one has all its cells in quotes.
    """
    text = StringIO()
    plain, quoted = (
        csv.writer(text, lineterminator="\n", quoting=how) for how in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
    )
    plain.writerow(columns)
    for row in rows:
        cells = [_cell(cell) for cell in row]
        (quoted if any(";" in cell for cell in cells) else plain).writerow(cells)
    return text.getvalue().rstrip("\n")


def _cell(text: str) -> str:
    """One cell. A spreadsheet must not calculate what others wrote, at whatever sign it parts cells."""
    text = printable(text)
    return text if _PHONE_NUMBER.fullmatch(text) else _FORMULA.sub(r"\1\2'", text)


def history_rows(messages: Sequence[JournalMessage], *, zone: tzinfo, title: str = "") -> Table:
    """The messages with their attempts beneath them."""
    columns = ("claimed", "customer", "appointments", "reminder", "state", "to", "message")
    return Table(title, columns, tuple(_row(message, zone) for message in messages))


def _row(message: JournalMessage, zone: tzinfo) -> Row:
    attempts = (
        f"{local_time(attempt.at, zone)} {attempt.channel} {attempt.recipient} {attempt.outcome}"
        # one line for each attempt, whatever the gateway said
        + (f": {printable(attempt.detail)}" if attempt.detail else "")
        for attempt in message.attempts
    )
    return Row(
        (
            local_time(message.claimed_at, zone),
            message.customer_id,
            ", ".join(message.appointment_ids),
            message.reminder,
            message.state,
            " ".join(filter(None, (message.channel, message.recipient))),
            message.message_id,
        ),
        below="\n".join(attempts),
        style=_STYLES.get(message.state, ""),
    )
