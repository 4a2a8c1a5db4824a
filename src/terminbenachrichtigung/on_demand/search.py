"""Which appointments are there, and where does each stand? (AMPAREX: Suchen & Benachrichtigungen)"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from terminbenachrichtigung.model.appointment import Appointment, BadRow
from terminbenachrichtigung.model.journal import JournalReply, Known, State
from terminbenachrichtigung.model.plan import Reason
from terminbenachrichtigung.model.reply import Answer
from terminbenachrichtigung.on_demand.explain_text import appointment_json, reply_json
from terminbenachrichtigung.output.json import picked
from terminbenachrichtigung.output.tables import Row, Table
from terminbenachrichtigung.output.wording import bad_row_name, counted, customer_name, local_time
from terminbenachrichtigung.rules.planning import Judgement, judge
from terminbenachrichtigung.rules.replies import Replies, decision
from terminbenachrichtigung.rules.verdicts import WHATEVER_THE_HOUR, About
from terminbenachrichtigung.run.context import RunContext, ask_journal, situation
from terminbenachrichtigung.run.planning import see

_DAY = timedelta(days=1)
_NEXT_DAYS = 7
_WHETHER_REACHED = tuple(rule for rule in WHATEVER_THE_HOUR if rule.about is not About.JOURNAL)
"""The rules that decide whether a customer could be reached at all."""


class SearchState(StrEnum):
    """Where an appointment stands with one reminder, for its present customer and start.

    Of several reminders, the one that comes first here speaks for the appointment.
    """

    WANTS_TO_CANCEL = "wants-to-cancel"  # answered that they will not come
    CONFIRMED = "confirmed"  # answered that they will
    SENT = "sent"  # delivered, too
    UNKNOWN = "unknown"
    IN_PROGRESS = "in-progress"
    FAILED = "failed"  # undelivered, too
    ADOPTED = "adopted"  # handled elsewhere
    NO_CONTACT = "no-contact"  # not notified, and no channel reaches the customer
    NOT_NOTIFIED = "not-notified"


STATES: Mapping[State, SearchState] = {
    State.SENT: SearchState.SENT,
    State.DELIVERED: SearchState.SENT,
    State.UNKNOWN: SearchState.UNKNOWN,
    State.CLAIMED: SearchState.IN_PROGRESS,
    State.FAILED: SearchState.FAILED,
    State.UNDELIVERED: SearchState.FAILED,
    State.ADOPTED: SearchState.ADOPTED,
    State.RELEASED: SearchState.NOT_NOTIFIED,
}
_NOBODY_TOLD = frozenset({SearchState.NOT_NOTIFIED, SearchState.NO_CONTACT})
_ORDER = tuple(SearchState)
_ANSWERED = {Answer.YES: SearchState.CONFIRMED, Answer.NO: SearchState.WANTS_TO_CANCEL}
_STYLES = {
    SearchState.WANTS_TO_CANCEL: "red",
    SearchState.CONFIRMED: "green",
    SearchState.SENT: "green",
    SearchState.UNKNOWN: "red",
    SearchState.FAILED: "red",
    SearchState.NO_CONTACT: "yellow",
}


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One appointment with what each reminder's state is, and why a run leaves it alone now."""

    appointment: Appointment
    states: Mapping[str, SearchState]  # by reminder
    reasons: Mapping[str, Reason | None]  # by reminder; None: a run would notify it now
    replies: tuple[JournalReply, ...] = ()  # what was answered about this person and start, oldest first

    @property
    def answered(self) -> SearchState | None:
        """What the customer has answered to this start, if it was understood."""
        held = decision(self.replies)
        return _ANSWERED[held.answer] if held else None

    @property
    def state(self) -> SearchState:
        """One word for all reminders, and for what was answered."""
        return self.answered or min(self.states.values(), key=_ORDER.index)

    def is_in(self, state: SearchState) -> bool:
        """Whether a search for a state finds it: one reminder is enough, but of "nobody told" all must be."""
        match state:
            case SearchState.NOT_NOTIFIED:
                return set(self.states.values()) <= _NOBODY_TOLD
            case SearchState.NO_CONTACT:
                return set(self.states.values()) == {SearchState.NO_CONTACT}
            case SearchState.CONFIRMED | SearchState.WANTS_TO_CANCEL:
                return state is self.answered
            case _:
                return state in self.states.values()


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found, in the order of the starts; the range in local dates, both ends included."""

    first_day: date
    last_day: date
    found: tuple[SearchHit, ...]
    bad_rows: tuple[BadRow, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """What a person looks for; an empty field takes everything."""

    first_day: date | None = None  # by the practice's calendar; default: today
    last_day: date | None = None  # included; default: seven days later
    customer: str = ""  # the id, or words of the name
    branches: tuple[str, ...] = ()
    type_name: str = ""  # a part of it
    states: tuple[SearchState, ...] = ()


def search(context: RunContext, query: Query) -> SearchResult:
    """Find appointments by their local day and more, each with its state in the journal."""
    now = context.quiet.next_open(context.clock.now())
    first = query.first_day or min(context.quiet.local_date(context.clock.now()), query.last_day or date.max)
    last = query.last_day or first + _NEXT_DAYS * _DAY
    # The end of the last day is the first moment of the next one, which is not in it.
    begin, end = context.quiet.day_start(first), context.quiet.day_start(last + _DAY)
    window = context.schedule.read(begin, end)
    rows = [row for row in window.appointments if row.starts_at < end and _fits(row, query)]
    known, judgements = _judged(context, rows, now)
    judged = defaultdict(list)
    for each in judgements:
        judged[each.appointment.appointment_id].append(each)
    replies = Replies(known.replies, known.name_key)
    found = (_found(row, judged[row.appointment_id], tuple(replies.about(row))) for row in rows)
    return SearchResult(
        first,
        last,
        tuple(each for each in found if not query.states or any(map(each.is_in, query.states))),
        window.bad_rows,
        window.warnings,
    )


def _judged(
    context: RunContext, rows: Sequence[Appointment], now: datetime
) -> tuple[Known, tuple[Judgement, ...]]:
    """Judges by all that a run looks at: its other messages and corrections, and calls about other rows."""
    run, ids = see(context, now), {row.appointment_id for row in rows}
    rows = [*rows, *(row for row in run.window.appointments if row.appointment_id not in ids)]
    known = ask_journal(context, rows, now, since=now)
    return known, judge(rows, replace(situation(context, known, now), corrected=run.corrections.moved))


def _found(row: Appointment, judged: list[Judgement], replies: tuple[JournalReply, ...]) -> SearchHit:
    verdicts = {each.reminder: each.first() for each in judged}
    return SearchHit(
        row,
        {each.reminder: _state(each) for each in judged},
        {name: None if verdict is None else verdict.reason for name, verdict in verdicts.items()},
        replies,
    )


def _state(each: Judgement) -> SearchState:
    told = each.told()
    state = SearchState.NOT_NOTIFIED if told is None else STATES[told.state]
    if state is SearchState.NOT_NOTIFIED:
        refusal = each.first(_WHETHER_REACHED)
        if refusal is not None and refusal.reason is Reason.NO_CONTACT:
            return SearchState.NO_CONTACT
    return state


def _fits(row: Appointment, query: Query) -> bool:
    return (
        (not query.branches or _plain(row.branch_code) in map(_plain, query.branches))
        and _plain(query.type_name) in _plain(row.type_name)
        and _is_customer(row, query.customer)
    )


def _is_customer(row: Appointment, asked: str) -> bool:
    if not asked.strip() or row.customer_id == asked.strip():
        return True
    name = _plain(row.full_name)
    return all(word in name for word in _plain(asked).replace(",", " ").split())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


# ---------------------------------------------------------------- what is shown; nothing is masked


def search_as_json(search: SearchResult) -> dict[str, object]:
    """The document of `search --json`."""
    return {
        "command": "search",
        "from": search.first_day,
        "to": search.last_day,
        "appointments": [
            appointment_json(hit.appointment)
            | {
                "state": hit.state,
                "reminders": [
                    {"reminder": reminder, "state": state, "reason": hit.reasons[reminder]}
                    for reminder, state in hit.states.items()
                ],
                "replies": [reply_json(reply) for reply in hit.replies],
            }
            for hit in search.found
        ],
        **picked(search, "bad_rows", "warnings"),
    }


def search_as_text(search: SearchResult, zone: tzinfo) -> Iterator[str | Table]:
    """One row per appointment."""
    columns = ("appointment", "start", "customer", "branch", "type", "status", "contact", "state")
    yield Table("", columns, tuple(_row(found, zone) for found in search.found))
    yield from (f"bad row: {bad_row_name(row)}: {row.detail}" for row in search.bad_rows)
    yield from search.warnings
    days = f"{search.first_day} to {search.last_day}"
    if search.first_day == search.last_day:
        days = str(search.first_day)
    yield f"{counted(len(search.found), 'appointment')}, {days}"


def _row(found: SearchHit, zone: tzinfo) -> Row:
    row = found.appointment
    return Row(
        (
            row.appointment_id,
            local_time(row.starts_at, zone),
            customer_name(row),
            row.branch_code,
            row.type_name,
            row.status,
            ", ".join(filter(None, (row.mobile, row.phone, row.email))),
            _states(found),
        ),
        style=_STYLES.get(found.state, ""),
    )


def _states(found: SearchHit) -> str:
    """What was answered; one word where the reminders agree; and why a run tells nothing now."""
    words = {}
    for reminder, state in found.states.items():
        reason = found.reasons[reminder]
        told = state not in _NOBODY_TOLD
        words[reminder] = state if told or reason == Reason.NO_CONTACT else f"{state} ({reason or 'due now'})"
    alike = set(words.values())
    of_each = (f"{reminder}: {word}" for reminder, word in words.items())
    told_each = next(iter(alike)) if len(alike) == 1 else "; ".join(of_each)
    return f"{found.answered} ({told_each})" if found.answered else told_each
