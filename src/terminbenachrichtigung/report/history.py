"""What `history` shows: what was sent to whom, with outcome. A person asked, so recipients are not masked."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from terminbenachrichtigung.model import JournalMessage, State
from terminbenachrichtigung.report.wording import counted, local_time
from terminbenachrichtigung.tables import Row, Table, printable, render

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

    def local(moment: datetime | None) -> str | None:
        return None if moment is None else moment.astimezone(zone).isoformat(timespec="seconds")

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
                "claimed_at": local(message.claimed_at),
                "settled_at": local(message.settled_at),
                "attempts": [
                    {
                        "channel": attempt.channel.value,
                        "recipient": attempt.recipient,
                        "outcome": attempt.outcome,
                        "detail": attempt.detail,
                        "at": local(attempt.at),
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
