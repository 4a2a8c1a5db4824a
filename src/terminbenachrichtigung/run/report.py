"""What `run-once` and `dry-run` show: text, JSON and exit code (contract, section 7)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from operator import attrgetter

from terminbenachrichtigung.model.delivery import Content
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, Reason, Route, Skip
from terminbenachrichtigung.model.reply import ReplyKind, ReplyNote
from terminbenachrichtigung.model.result import MessageResult, Mode, RunResult, Stop, Untold, Update
from terminbenachrichtigung.output.json import picked, plain
from terminbenachrichtigung.output.masking import contact_data, mask_recipient, mask_text, private_data
from terminbenachrichtigung.output.tables import Row, Table, render
from terminbenachrichtigung.output.wording import (
    OUTCOMES,
    REASONS,
    REPLIES,
    UPDATES,
    bad_row_name,
    closed_sentence,
    counted,
    credits_sentence,
    customer_name,
    held_corrections_sentence,
    local_time,
    message_detail,
    stop_sentence,
    untold_sentence,
)
from terminbenachrichtigung.rules.verdicts import RULE
from terminbenachrichtigung.safe_text import printable

_STOPS_FOR_A_PERSON = frozenset(Stop) - {Stop.QUIET}
_ORDER = (
    MessageOutcome.FAILED,
    MessageOutcome.UNKNOWN,
    MessageOutcome.RETRY,
    MessageOutcome.DEFERRED,
    MessageOutcome.SENT,
)
"""What a person should see first stands first."""
_STYLES = {
    MessageOutcome.FAILED: "red",
    MessageOutcome.UNKNOWN: "red",
    MessageOutcome.RETRY: "yellow",
    MessageOutcome.DEFERRED: "yellow",
    MessageOutcome.SENT: "green",
}


def exit_code(result: RunResult) -> int:
    """0: done, also when nothing was due or it is quiet. 1: something new needs a person. A dry run: 0."""
    if _dry(result):
        return 0
    needs_a_person = result.closed or result.news or result.untold or result.held_corrections
    return int(bool(needs_a_person) or result.stop in _STOPS_FOR_A_PERSON)


def as_json(result: RunResult, *, full: bool, zone: tzinfo) -> dict[str, object]:
    """The contract's document. `full` shows recipients, subjects and texts, as a dry run always does."""
    full = full or _dry(result)
    document: dict[str, object] = plain(
        {
            "command": result.mode,
            **picked(result, "at", "quiet"),
            **({} if result.next_open is None else {"next_open": result.next_open}),
            "messages": [message_json(message, full, _dry(result)) for message in result.messages],
            "skipped": [
                {
                    "appointment_id": skip.appointment.appointment_id,
                    **picked(skip, "reminder", "reason"),
                    "detail": _masked(skip.detail, full, contact_data(skip.appointment))
                    or REASONS[skip.reason],
                }
                for skip in _reported(result)
            ],
            "bad_rows": [
                {"appointment_id": row.appointment_id, "detail": _masked(row.detail, full)}
                for row in result.bad_rows
            ],
            "counts": _counts(result),
            "warnings": [_masked(warning, full) for warning in result.warnings],
            "closed": {channel: _masked(why, full) for channel, why in result.closed.items()},
            "stopped": result.stop
            and {"reason": result.stop, "detail": _masked(stop_sentence(result), full)},
            "expired": [{**_earlier(untold, full), "state": untold.state} for untold in result.untold],
            "updates": [
                {
                    **_earlier(update, full),
                    **picked(update, "was", "state"),
                    "detail": _masked(update.detail, full),
                }
                for update in result.updates
            ],
            "replies": [
                {
                    **picked(note, "reply_id", "kind", "received_at"),
                    "sender": _sender(note, full),
                    **picked(note, "customer_id", "appointment_ids"),
                    **({"text": note.text} if full else {}),
                }
                for note in result.replies
            ],
            "credits": result.credits
            and picked(result.credits, "balance", "missing", "low", "left", "currency"),
            "held_corrections": result.held_corrections,
            "news": [_masked(line, full) for line in result.news],
        },
        zone,
    )
    return document


def as_text(
    result: RunResult, *, zone: tzinfo, full: bool = False, width: int | None = None, colour: bool = True
) -> str:
    """Everything for people, each fact once: every message, every skip, what went wrong, one line of summary.

    `width` is the terminal's in columns, None without one. Names are shown as they are; recipients are masked
    and texts left out, unless `full` or in a dry run. `news` is only counted: each line of it is a fact that
    the tables show already.
    """
    full = full or _dry(result)
    return render(
        [_heading(result, zone), *_body(result, zone, full), summary(result)], width=width, colour=colour
    )


def as_quiet_text(result: RunResult, *, zone: tzinfo, width: int | None = None, colour: bool = True) -> str:
    """For cron: what newly needs a person, masked, each fact once; empty when nothing does."""
    if exit_code(result) == 0:
        return ""
    lines = [*_closed_and_untold(result, full=False), *(mask_text(line) for line in result.news)]
    if result.stop in _STOPS_FOR_A_PERSON:
        lines.insert(0, mask_text(stop_sentence(result)))
    heading = f"{result.mode} of {local_time(result.at, zone)} needs a person:"
    return render([heading, *dict.fromkeys(lines)], width=width, colour=colour)


def skipped_by_reason(result: RunResult) -> dict[Reason, int]:
    """How many appointments were skipped, for every reason that a run reports; 0 where there was none."""
    counts = Counter(skip.reason for skip in _reported(result))
    return {reason: counts[reason] for reason in Reason if _is_reported(reason)}


def _dry(result: RunResult) -> bool:
    return result.mode is Mode.DRY_RUN


def _reported(result: RunResult) -> list[Skip]:
    chosen = result.mode is Mode.NOTIFY
    return [skip for skip in result.skips if chosen or _is_reported(skip.reason)]


def _is_reported(reason: Reason) -> bool:
    return reason not in RULE or RULE[reason].reported


def _counts(result: RunResult) -> dict[str, int]:
    ended = Counter(message.outcome for message in result.messages)
    return {
        "messages": len(result.messages),
        **{outcome.value: ended[outcome] for outcome in MessageOutcome},
        "skipped": len(_reported(result)),
    }


def _masked(text: str, full: bool, private: Iterable[str] = ()) -> str:
    return text if full else mask_text(text, private)


# ---------------------------------------------------------------- JSON


def _earlier(message: Untold | Update, full: bool) -> dict[str, object]:
    """What stands first of a message of an earlier run."""
    return {
        **picked(message, "message_id", "reminder", "customer_id", "appointment_ids"),
        "channel": message.route.channel,
        "recipient": _recipient(message.route, full),
    }


def message_json(result: MessageResult, full: bool, dry: bool) -> dict[str, object]:
    """One message of the contract's document; `dry`: it was not tried."""
    content = result.content
    message = {
        **picked(result.message, "reminder", "customer_id"),
        "appointment_ids": [appointment.appointment_id for appointment in result.message.appointments],
        "channel": content.channel,
        "recipient": _recipient(content, full),
        "language": content.language,
        **(picked(content, "subject", "text") if full else {}),
        **picked(content, "parts", "encoding"),
    }
    if dry:
        return message
    private = private_data(result)
    return message | {
        "outcome": result.outcome,
        "attempts": [
            {
                "channel": attempt.route.channel,
                "outcome": attempt.outcome.word,
                "detail": _masked(attempt.outcome.detail, full, private),
            }
            for attempt in result.attempts
        ],
        "message_id": result.message_id,
        "detail": _masked(result.detail, full, private),
    }


def message_line(result: MessageResult) -> str:
    """What became of one message, for a log: in one line, masked, without a name."""
    detail = message_detail(result, full=False)
    whom = f"{result.message.reminder} for customer {result.message.customer_id}"
    where = f"{result.content.channel} {_recipient(result.content, full=False)}"
    return f"{result.outcome}: {whom}, {where}" + (f": {detail}" if detail else "")


def _recipient(to: Content | Route, full: bool) -> str:
    return to.recipient if full else mask_recipient(to.channel, to.recipient)


# ---------------------------------------------------------------- text


def _heading(result: RunResult, zone: tzinfo) -> str:
    heading = f"{result.mode}, {local_time(result.at, zone)}"
    if not result.quiet:
        return heading
    until = f" until {local_time(result.next_open, zone)}" if result.next_open else ""
    what = "this is what the first run after it would do" if _dry(result) else "nothing is sent"
    return f"{heading}: quiet period{until}; {what}"


def _body(result: RunResult, zone: tzinfo, full: bool) -> Iterator[str | Table]:
    skips = _reported(result)
    reminders = {message.message.reminder for message in result.messages} | {skip.reminder for skip in skips}
    several = len(reminders) > 1
    yield _messages(result, zone, full, several)
    for outcome in _ORDER:
        if outcome is not MessageOutcome.SENT and any(m.outcome is outcome for m in result.messages):
            yield f"{outcome}: {OUTCOMES[outcome]}"
    for reason in Reason:
        alike = [skip for skip in skips if skip.reason is reason]
        rows = (_skip_row(skip, zone, full, several) for skip in sorted(alike, key=_start))
        columns = ("start", "customer", "appointment", "reminder", "detail")
        yield Table(f"{reason}: {REASONS[reason]} ({len(alike)})", columns, tuple(rows))
    bad_rows = tuple(Row((bad_row_name(row), _masked(row.detail, full))) for row in result.bad_rows)
    yield Table("bad rows, passed over", ("appointment", "detail"), bad_rows)
    yield from _updates(result, full)
    yield from _replies(result, zone, full)
    if result.credits is not None and result.credits.low:
        yield f"warning: {credits_sentence(result.credits)}"
    yield from (f"warning: {_masked(warning, full)}" for warning in result.warnings)
    yield from _closed_and_untold(result, full)
    yield _masked(stop_sentence(result), full)


_start = attrgetter("appointment.starts_at")


def _messages(result: RunResult, zone: tzinfo, full: bool, several: bool) -> Table:
    def order(message: MessageResult) -> int:
        return _ORDER.index(message.outcome) if message.outcome else 0

    columns = ("start", "customer", "to", "outcome", "size", "reminder", "appointments", "detail", "message")
    rows = (_message_row(message, zone, full, several) for message in sorted(result.messages, key=order))
    return Table("messages", columns, tuple(rows))


def _message_row(result: MessageResult, zone: tzinfo, full: bool, several: bool) -> Row:
    content, outcome = result.content, result.outcome
    size = [counted(content.parts, "part")] if content.parts is not None else []
    asked_for = outcome in {MessageOutcome.FAILED, MessageOutcome.UNKNOWN}  # by `history resolve`
    return Row(
        (
            local_time(result.message.soonest.starts_at, zone),
            customer_name(result.message.soonest),
            f"{content.channel} {_recipient(content, full)}",
            outcome or "",
            ", ".join(filter(None, [*size, content.encoding, content.language])) if full else "",
            result.message.reminder if several else "",
            ", ".join(appointment.appointment_id for appointment in result.message.appointments),
            message_detail(result, full=full),
            (result.message_id or "") if asked_for else "",
        ),
        below="\n".join(filter(None, [content.subject, content.text])) if full else "",
        style=_STYLES[outcome] if outcome else "",
    )


def _skip_row(skip: Skip, zone: tzinfo, full: bool, several: bool) -> Row:
    return Row(
        (
            local_time(skip.appointment.starts_at, zone),
            customer_name(skip.appointment),
            skip.appointment.appointment_id,
            skip.reminder if several else "",
            _masked(skip.detail, full, contact_data(skip.appointment)),
        )
    )


def _updates(result: RunResult, full: bool) -> Iterator[str | Table]:
    """What became known of earlier messages; those that arrived are only counted."""
    arrived = [each for each in result.updates if (each.was, each.state) == (State.SENT, State.DELIVERED)]
    rows = tuple(
        Row(
            (
                ", ".join(each.appointment_ids),
                f"{each.route.channel} {_recipient(each.route, full)}",
                each.was,
                each.state,
                _masked(each.detail, full),
            ),
            style="red" if each.state in {State.UNDELIVERED, State.UNKNOWN} else "green",
        )
        for each in result.updates
        if each not in arrived
    )
    yield Table("what became of earlier messages", ("appointments", "to", "was", "is", "detail"), rows)
    states = {each.state for each in result.updates if each not in arrived}
    yield from (f"{state}: {UPDATES[state]}" for state in UPDATES if state in states)
    if arrived:
        yield f"{counted(len(arrived), 'earlier message')} arrived"


def _replies(result: RunResult, zone: tzinfo, full: bool) -> Iterator[str | Table]:
    """What customers answered; confirmations are only counted, and texts are shown only if `full`."""
    confirmed = [each for each in result.replies if each.kind is ReplyKind.CONFIRMED]
    rows = tuple(
        Row(
            (
                local_time(each.received_at, zone),
                each.kind,
                each.customer_id or "",
                _sender(each, full),
                ", ".join(each.appointment_ids),
            ),
            below=printable(each.text) if full else "",
            style="green" if each.kind in {ReplyKind.CONFIRMED, ReplyKind.NOTED} else "red",
        )
        for each in result.replies
        if full or each.kind is not ReplyKind.CONFIRMED
    )
    yield Table("what customers answered", ("at", "means", "customer", "from", "appointments"), rows)
    kinds = {each.kind for each in result.replies} - {ReplyKind.CONFIRMED}
    yield from (f"{kind}: {sentence}" for kind, sentence in REPLIES.items() if kind in kinds)
    if confirmed:
        yield f"{counted(len(confirmed), 'customer')} confirmed by reply"


def _sender(note: ReplyNote, full: bool) -> str:
    return printable(note.sender) if full else mask_recipient(Channel.SMS, note.sender)


def _closed_and_untold(result: RunResult, full: bool) -> Iterator[str]:
    if result.held_corrections is not None:
        yield held_corrections_sentence(result.held_corrections)
    yield from (_masked(closed_sentence(*closed), full) for closed in result.closed.items())
    yield from (untold_sentence(each, full=full) for each in result.untold)


def summary(result: RunResult) -> str:
    """One line of counts; it names nobody."""
    counts = _counts(result)
    ended = [f"{counts[outcome]} {outcome}" for outcome in MessageOutcome if counts[outcome]]
    messages = counted(counts["messages"], "message")
    if _dry(result):
        parts = sum(m.content.parts or 0 for m in result.messages if m.content.channel is Channel.SMS)
        messages += f" planned, {counted(parts, 'SMS part')}"
    sections = [
        f"{messages}: {', '.join(ended)}" if ended else messages,
        f"{counts['skipped']} skipped",
        counted(len(result.bad_rows), "bad row") if result.bad_rows else "",
        "nothing was sent or written" if _dry(result) else "",
        f"{len(result.news)} new for a person" if result.news else "",
    ]
    return "; ".join(filter(None, sections))
