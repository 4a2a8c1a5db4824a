"""Which appointments are there, and where does each stand? (AMPAREX: Suchen & Benachrichtigungen)"""

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from terminbenachrichtigung import rules
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.plan import Reason
from terminbenachrichtigung.on_demand.search_text import STATES, Found, FoundState, Search
from terminbenachrichtigung.run.context import RunContext, ask_journal, text_lengths

_DAY = timedelta(days=1)
_NEXT_DAYS = 7
_WHETHER_REACHED = tuple(rule for rule in rules.WHATEVER_THE_HOUR if rule.about is not rules.About.JOURNAL)
"""What matters to the question whether a customer could be reached at all."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a person looks for; an empty field takes everything."""

    first_day: date | None = None  # by the practice's calendar; default: today
    last_day: date | None = None  # included; default: seven days later
    customer: str = ""  # the id, or words of the name
    branches: tuple[str, ...] = ()
    type_name: str = ""  # a part of it
    states: tuple[FoundState, ...] = ()


def search(context: RunContext, query: Query) -> Search:
    """Find appointments by their local day and more, each with its state in the journal."""
    now = context.quiet.next_open(context.clock.now())
    first = query.first_day or min(context.quiet.local_date(context.clock.now()), query.last_day or date.max)
    last = query.last_day or first + _NEXT_DAYS * _DAY
    # The end of the last day is the first moment of the next one, which is not in it.
    begin, end = context.quiet.day_start(first), context.quiet.day_start(last + _DAY)
    window = context.schedule.read(begin, end)
    rows = [row for row in window.appointments if row.starts_at < end and _fits(row, query)]
    known = ask_journal(context, rows, now, since=now)
    judged = defaultdict(list)
    for each in rules.judge(rows, context.settings, known, now, text_lengths(context), context.quiet):
        judged[each.appointment.appointment_id].append(each)
    found = (_found(row, judged[row.appointment_id]) for row in rows)
    return Search(
        first,
        last,
        tuple(each for each in found if not query.states or any(map(each.is_in, query.states))),
        window.bad_rows,
        window.warnings,
    )


def _found(row: Appointment, judged: list[rules.Judgement]) -> Found:
    verdicts = {each.reminder: each.first() for each in judged}
    return Found(
        row,
        {each.reminder: _state(each) for each in judged},
        {name: None if verdict is None else verdict.reason for name, verdict in verdicts.items()},
    )


def _state(each: rules.Judgement) -> FoundState:
    told = each.told()
    state = FoundState.NOT_NOTIFIED if told is None else STATES[told.state]
    if state is FoundState.NOT_NOTIFIED:
        refusal = each.first(_WHETHER_REACHED)
        if refusal is not None and refusal.reason is Reason.NO_CONTACT:
            return FoundState.NO_CONTACT
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
    name = _plain(" ".join((row.salutation, row.first_name, row.last_name)))
    return all(word in name for word in _plain(asked).replace(",", " ").split())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()
