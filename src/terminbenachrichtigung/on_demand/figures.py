"""Does it help, and what does it cost? Counts over a span of days (contract, section 10).

Everything is counted by the start of the appointment: a message belongs to the day of the appointment that it
was about. Only appointments count that a reminder could be for: with a customer, no group, of a type that
allows it, in a branch that the configuration does not leave out.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from terminbenachrichtigung.config.filters import leaves_out, plain_word, plain_words
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.contact.names import same_name
from terminbenachrichtigung.model.appointment import Appointment, to_the_minute
from terminbenachrichtigung.model.figures import (
    Ending,
    Figures,
    Group,
    LeadTime,
    Section,
    Telling,
    Week,
)
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Route
from terminbenachrichtigung.rules.contact import still_names
from terminbenachrichtigung.rules.context import has_excluded_status
from terminbenachrichtigung.rules.people import name_of
from terminbenachrichtigung.run.context import RunContext, ask_journal

_PIECE = timedelta(days=31)
"""How much of the schedule is read at once, so that a year of 300,000 appointments is not held in memory."""
_TOLD = (State.SENT, State.DELIVERED)
_UNCERTAIN = (State.UNKNOWN, State.ADOPTED)
_SHOWN = (State.SENT, State.DELIVERED, State.UNDELIVERED, State.UNKNOWN, State.FAILED)
_LEAD_TIMES = (
    (timedelta(hours=12), LeadTime.UNDER_12_HOURS),
    (timedelta(hours=24), LeadTime.UNDER_24_HOURS),
    (timedelta(hours=48), LeadTime.UNDER_48_HOURS),
    (timedelta(days=7), LeadTime.UNDER_7_DAYS),
)


def figures(context: RunContext, first_day: date, last_day: date) -> Figures:
    """Count the appointments from the first day to the last, and the messages about them.

    Raises:
        ScheduleError, JournalError: out of reach or unfit.
    """
    quiet, now = context.quiet, context.clock.now()
    remembered = _first_remembered(context, now)
    if remembered is None or remembered <= first_day:
        remembered = None  # all that was asked for
    begins_on = max(first_day, remembered or first_day)
    since, until = quiet.day_start(begins_on), quiet.day_start(last_day + timedelta(days=1))
    tellings = context.journal.tellings(since, until) if context.journal is not None else ()
    confirmed = context.journal.confirmed(since, until) if context.journal is not None else frozenset()
    key = ask_journal(context, (), now, since=now).name_key
    counting = _Counting(context.settings, now, _Tellings(tellings, context.settings, key), confirmed)
    for begins, ends in _pieces(since, until):
        for row in context.schedule.read(begins, ends).appointments:
            if begins <= row.starts_at < ends:
                counting.add(row, quiet.local_date(row.starts_at))
    # About appointments that are elsewhere by now, or gone: their SMS were paid for all the same.
    for each in tellings:
        counting.add_gone(each, quiet.local_date(each.starts_at))
    return counting.figures(first_day, last_day, remembered)


def _first_remembered(context: RunContext, now: datetime) -> date | None:
    """The first local day of which the journal still has every message; None without a journal.

    Messages are forgotten `retention_days` after they were claimed, and are claimed up to a lead before the
    start. Whoever was told before the journal was made would count as not told.
    """
    if context.journal is None:
        return None
    kept = timedelta(days=context.settings.journal.retention_days)
    opened = context.journal.known((), now=now, gap=timedelta(), runs_since=now).journal_since
    oldest = max(now - kept, opened or now)
    longest = max(oldest - context.quiet.due_at(oldest, each.lead) for each in context.settings.reminders)
    return context.quiet.local_date(oldest + longest) + timedelta(days=1)


def _pieces(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    while since < until:
        yield since, min(since + _PIECE, until)
        since += _PIECE


class _Tellings:
    """All messages, by the appointments and the people whom they told."""

    def __init__(self, tellings: Iterable[Telling], settings: Settings, name_key: bytes) -> None:
        self._settings = settings
        self._key = name_key
        self._of_appointment: defaultdict[str, list[Telling]] = defaultdict(list)
        self._at_start: defaultdict[datetime, list[Telling]] = defaultdict(list)
        for each in tellings:
            self._of_appointment[each.appointment_id].append(each)
            self._at_start[each.starts_at].append(each)

    def about(self, row: Appointment) -> Sequence[Telling]:
        """Those about the appointment; or about the row from which it was made anew, at the same start.

        Nobody is in two places at once: what its customer was told of this start under another id counts.
        """
        start, own = to_the_minute(row.starts_at), self._of_appointment.get(row.appointment_id, ())
        if any(each.starts_at == start for each in own):
            return own
        return [*own, *(each for each in self._at_start.get(start, ()) if self._is_of_same_person(each, row))]

    def is_theirs(self, told: Telling, row: Appointment) -> bool:
        """Whether the row's customer was told, and not the one who had the appointment before."""
        if told.customer_id == row.customer_id or not told.name:
            return True
        name = name_of(row, self._key)
        return not name or same_name(told.name, name)

    def _is_of_same_person(self, told: Telling, row: Appointment) -> bool:
        """By the id; or by the name and the number or address, where a record was merged."""
        if told.customer_id == row.customer_id:
            return True
        if told.channel is None or not same_name(told.name, name_of(row, self._key)):
            return False
        return still_names(row, Route(told.channel, told.recipient), self._settings)


class _Counting:
    """Counts one appointment after the other."""

    def __init__(
        self,
        settings: Settings,
        now: datetime,
        tellings: _Tellings,
        confirmed: frozenset[tuple[str, datetime]],
    ) -> None:
        self._settings = settings
        self._now = now
        self._tellings = tellings
        self._confirmed = confirmed
        self._no_show = plain_words(settings.figures.no_show_statuses)
        self._counted: set[str] = set()  # messages: one about two appointments is one message
        self._paid: set[str] = set()  # messages, by their SMS
        self._left_out: dict[str, bool] = {}  # by branch
        self._total = Section()
        self._weeks: defaultdict[date, Section] = defaultdict(Section)
        self._branches: defaultdict[str, Section] = defaultdict(Section)
        self._types: defaultdict[str, Section] = defaultdict(Section)

    def add(self, row: Appointment, day: date) -> None:
        """Count one appointment, and the messages about it."""
        if row.customer_id is None or row.is_group or not row.type_notifiable:
            return
        if self._is_left_out(row.branch_code):
            return
        sections = (
            self._total,
            self._weeks[_monday(day)],
            self._branches[row.branch_name.strip() or row.branch_code.strip()],
            self._types[row.type_name.strip()],
        )
        about = self._tellings.about(row)
        for each in about:
            self._pay(each, sections)
        start = to_the_minute(row.starts_at)
        told = [each for each in about if each.starts_at == start]
        for each in told:
            if each.reminds:
                self._message(each, sections)
        if row.starts_at > self._now:
            for section in sections:
                section.ahead += 1
            return
        theirs = [each for each in told if self._tellings.is_theirs(each, row)]
        confirmed = any((each.appointment_id, start) in self._confirmed for each in theirs)
        # Who answered has got it, whatever the gateway said.
        groups = (
            (Group.TOLD, Group.CONFIRMED)
            if confirmed
            else (_group([each for each in theirs if each.reminds]),)
        )
        for section in sections:
            section.endings.update((group, self._ending(row)) for group in groups)

    def add_gone(self, telling: Telling, day: date) -> None:
        """Count the SMS of a message that no counted appointment has paid for."""
        if telling.parts:
            self._pay(telling, (self._total, self._weeks[_monday(day)]))

    def _is_left_out(self, branch_code: str) -> bool:
        if branch_code not in self._left_out:
            self._left_out[branch_code] = leaves_out(branch_code, self._settings.rules)
        return self._left_out[branch_code]

    def _message(self, telling: Telling, sections: Sequence[Section]) -> None:
        if telling.message_id in self._counted or telling.channel is None or telling.state not in _SHOWN:
            return
        self._counted.add(telling.message_id)
        ahead = _lead_time(telling)
        for section in sections:
            section.messages[telling.channel, telling.state] += 1
            if ahead is not None:
                section.lead_times[ahead] += 1

    def _pay(self, telling: Telling, sections: Sequence[Section]) -> None:
        if telling.message_id in self._paid:
            return
        self._paid.add(telling.message_id)
        for section in sections:
            section.parts += telling.parts
            section.correction_parts += telling.parts if telling.corrects else 0

    def _ending(self, row: Appointment) -> Ending:
        if plain_word(row.status) in self._no_show:
            return Ending.NO_SHOW
        return Ending.CANCELLED if has_excluded_status(row, self._settings) else Ending.CAME

    def figures(self, first_day: date, last_day: date, remembered: date | None) -> Figures:
        """What all of them came to; sections by name, weeks by their Monday."""
        return Figures(
            first_day,
            last_day,
            self._total,
            remembered,
            tuple(Week(day, section) for day, section in sorted(self._weeks.items())),
            _sections(self._branches),
            _sections(self._types),
        )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _sections(sections: Mapping[str, Section]) -> tuple[Section, ...]:
    named = sorted(sections.items(), key=lambda each: (each[0] == "", each[0].casefold()))
    return tuple(replace(section, name=name) for name, section in named)


def _group(tellings: Sequence[Telling]) -> Group:
    """Whether they were told before the start: one message that was sent is enough."""
    in_time = [each for each in tellings if each.told_at < each.starts_at]
    if any(each.state in _TOLD for each in in_time):
        return Group.TOLD
    return Group.UNCERTAIN if any(each.state in _UNCERTAIN for each in in_time) else Group.NOT_TOLD


def _lead_time(telling: Telling) -> LeadTime | None:
    if telling.state not in _TOLD:
        return None
    ahead = telling.starts_at - telling.told_at
    return next((name for limit, name in _LEAD_TIMES if ahead < limit), LeadTime.LONGER)
