"""What `history` shows: what was sent to whom, with outcome. A person asked, so recipients are not masked."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import tzinfo
from io import StringIO

from terminbenachrichtigung.model.journal import JournalMessage, JournalRun, MessageReply, State
from terminbenachrichtigung.model.plan import MessageOutcome
from terminbenachrichtigung.model.reply import Answer
from terminbenachrichtigung.output.json import plain
from terminbenachrichtigung.output.tables import Row, Table
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


def history_as_json(messages: Sequence[JournalMessage]) -> dict[str, object]:
    """The contract's document (section 7)."""
    return {"command": "history", "messages": messages}


def history_as_text(messages: Sequence[JournalMessage], zone: tzinfo) -> Iterator[str | Table]:
    """One row per message in the order given."""
    yield history_rows(messages, zone)
    yield counted(len(messages), "message")


def history_as_csv(messages: Sequence[JournalMessage], zone: tzinfo) -> str:
    """One line per message under a line of headings, for a spreadsheet; without a line break at its end."""
    columns = [field.name for field in fields(JournalMessage)]
    rows = (
        plain(message, zone)
        | {
            "appointment_ids": ", ".join(message.appointment_ids),
            "attempts": "; ".join(
                f"{attempt.channel} {attempt.recipient} {attempt.outcome}"
                + (f": {attempt.detail}" if attempt.detail else "")
                for attempt in message.attempts
            ),
            "replies": "; ".join(f"{_answered(reply, zone)}: {reply.text}" for reply in message.replies),
        }
        for message in messages
    )
    return as_csv(columns, ([row[column] or "" for column in columns] for row in rows))


def runs_as_json(runs: Sequence[JournalRun]) -> dict[str, object]:
    """The runs with their counts."""
    return {"command": "history runs", "runs": runs}


def runs_as_csv(runs: Sequence[JournalRun], zone: tzinfo) -> str:
    """One line per run under a line of headings, for a spreadsheet; without a line break at its end."""
    columns = [field.name for field in fields(JournalRun) if field.name != "counts"]
    rows = (
        plain(run, zone)
        | {"complete": "true" if run.complete else "false", "process": str(run.process)}
        | {outcome.value: str(run.counts.get(outcome, 0)) for outcome in MessageOutcome}
        for run in runs
    )
    columns += [outcome.value for outcome in MessageOutcome]
    return as_csv(columns, ([row[column] or "" for column in columns] for row in rows))


def runs_as_text(runs: Sequence[JournalRun], zone: tzinfo) -> Iterator[str | Table]:
    """One row per run in the order given."""
    columns = ("at", "command", "ended", "seconds", "messages", "host", "run")
    yield Table("", columns, tuple(_run_row(run, zone) for run in runs))
    yield counted(len(runs), "run")


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


_PHONE_NUMBER = re.compile(r"\+[0-9]+")
_FORMULA = re.compile(r"(^|[;,])(\s*)(?=[=+@-])")


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lines under a line of headings, for a spreadsheet; without a line break at the end.

    German spreadsheets separate cells by semicolons, so a line that holds one has all its cells in quotes.
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
    """One cell. No spreadsheet must take it for a formula, whatever sign separates its cells."""
    text = printable(text)
    return text if _PHONE_NUMBER.fullmatch(text) else _FORMULA.sub(r"\1\2'", text)


def history_rows(messages: Sequence[JournalMessage], zone: tzinfo, title: str = "") -> Table:
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
    answers = (
        f"{_answered(reply, zone)}: {printable(reply.text) or '(forgotten)'}" for reply in message.replies
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
        below="\n".join((*attempts, *answers)),
        style=_STYLES.get(message.state, ""),
    )


def _answered(reply: MessageReply, zone: tzinfo) -> str:
    understood = "" if reply.answer is Answer.OTHER else f" ({reply.answer})"
    return f"{local_time(reply.at, zone)} answered{understood}"
