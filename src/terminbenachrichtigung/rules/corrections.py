"""Whom a run tells that an appointment is off or has moved (contract, section 9, *Corrections*)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from terminbenachrichtigung.config.fields import Channels
from terminbenachrichtigung.config.settings import CORRECTION_TEMPLATES, Reminder
from terminbenachrichtigung.model.appointment import Appointment, to_the_minute
from terminbenachrichtigung.model.journal import (
    CANCELLATION,
    CONFIRMATION,
    MOVE,
    SURELY_TOLD,
    Change,
    Notification,
)
from terminbenachrichtigung.model.plan import Channel, Correction, PlannedMessage, Reason, Skip
from terminbenachrichtigung.model.result import HeldCorrections
from terminbenachrichtigung.rules.contact import Contact, contact, still_names
from terminbenachrichtigung.rules.context import Candidate, Context, Horizon, Situation, has_excluded_status
from terminbenachrichtigung.rules.people import last_words, same_person
from terminbenachrichtigung.rules.planning import TO_BE_PLANNED
from terminbenachrichtigung.rules.told import told_too_often
from terminbenachrichtigung.rules.verdicts import Asked, detail, first_refusal, rules_asked

_RULES = rules_asked(Asked.CORRECTION)
_MOST_UNASKED = 5
"""More corrections than this, and than a fifth of those who were told, wait until a person allows them."""
_WAITS = "the next run tells it, if it is the same still: a slip can be undone until then"


@dataclass(frozen=True, slots=True)
class PlannedCorrections:
    """The corrections that a run sends, and the changes that it only notes."""

    messages: tuple[PlannedMessage, ...] = ()
    skips: tuple[Skip, ...] = ()
    changes: tuple[Change, ...] = ()
    """Where the schedule differs from what was told; a later run that finds the same difference tells it."""
    moved: Mapping[str, bool] = field(default_factory=dict)
    """By appointment that moved: whether this run tells its new start, or one of the next ones will."""
    held: HeldCorrections | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    """One appointment that is not as its customer was told."""

    row: Appointment
    told: Notification
    cancelled: bool

    @property
    def name(self) -> str:
        return CANCELLATION if self.cancelled else MOVE

    @property
    def change(self) -> Change:
        start = None if self.cancelled else to_the_minute(self.row.starts_at)
        return Change(self.row.appointment_id, self.told.message_id, start)

    @property
    def view(self) -> Appointment:
        """The row; if the appointment is off, with the start that the customer was told."""
        return replace(self.row, starts_at=self.told.starts_at) if self.cancelled else self.row


def plan_corrections(
    appointments: Sequence[Appointment], situation: Situation, *, allowed: bool = False
) -> PlannedCorrections:
    """Plan the corrections of a run.

    Args:
        appointments: all that somebody was told of, whenever they start now, and all at a told start.
        situation: all else that the plan depends on.
        allowed: whether a person has said that so many may be corrected.
    """
    return _Corrections(Context(situation)).plan(appointments, allowed=allowed)


class _Corrections:
    """One plan while it is made."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._told = 0
        self._skips: list[Skip] = []

    def plan(self, appointments: Sequence[Appointment], *, allowed: bool) -> PlannedCorrections:
        cases = list(self._cases(appointments))
        groups: defaultdict[tuple[str, datetime], list[_Case]] = defaultdict(list)
        for case in cases:
            if self._may_be_told(case):
                groups[case.row.customer_id or "", case.told.starts_at].append(case)
        moved: dict[str, bool] = {}
        messages: list[PlannedMessage] = []
        for group in groups.values():
            seen = all(map(self._was_seen, group))
            moved |= {each.row.appointment_id: seen for each in group if not each.cancelled}
            if seen:
                messages.append(self._message(group))
            else:
                self._skips += (Skip(each.view, each.name, Reason.NOT_YET_DUE, _WAITS) for each in group)
        held = None if allowed else self._brake(messages)
        return PlannedCorrections(
            () if held else tuple(sorted(messages, key=lambda message: message.order)),
            tuple(self._skips),
            tuple(case.change for case in cases),
            {} if held else moved,
            held,
        )

    def _cases(self, appointments: Iterable[Appointment]) -> Iterator[_Case]:
        """The appointments that are not as told; not if the customer has another row at the told start."""
        context = self._context
        rows = {row.appointment_id: row for row in appointments}
        at_start: defaultdict[datetime, list[Appointment]] = defaultdict(list)
        for row in rows.values():
            if not has_excluded_status(row, context.settings):
                at_start[to_the_minute(row.starts_at)].append(row)
        for appointment_id, row in sorted(rows.items()):
            for told in self._surely_told(appointment_id):
                # Nobody has cancelled what an import marks as gone, and what it holds is in dispute.
                if row.import_state or not same_person(told, row, context.known.name_key):
                    continue
                self._told += 1
                case = self._case(row, told)
                if case and not any(self._is_theirs_too(case, other) for other in at_start[told.starts_at]):
                    yield case

    def _surely_told(self, appointment_id: str) -> Iterator[Notification]:
        """Each person's last notification, if they surely got it, and its start is ahead and still stands."""
        known = self._context.known
        words = list(known.notifications.get(appointment_id, ()))
        if confirmed := known.confirmations.get(appointment_id):
            words = sorted([*words, *confirmed], key=lambda each: each.claimed_at or each.run_now)
        for told in last_words(words):
            if told.state in SURELY_TOLD and not told.revoked and told.starts_at > self._context.now:
                yield told

    def _case(self, row: Appointment, told: Notification) -> _Case | None:
        settings = self._context.settings
        if has_excluded_status(row, settings):
            return _Case(row, told, cancelled=True) if settings.corrections.cancelled else None
        moved = told.starts_at != to_the_minute(row.starts_at)
        return _Case(row, told, cancelled=False) if moved and settings.corrections.moved else None

    def _is_theirs_too(self, case: _Case, other: Appointment) -> bool:
        """Whether another row of the same person stands at the start that they were told."""
        told = case.told
        if other.customer_id in (told.customer_id, case.row.customer_id):
            return True
        same_recipient = told.route is not None and still_names(other, told.route, self._context.settings)
        return same_recipient and same_person(told, other, self._context.known.name_key)

    # ------------------------------------------------------------ whether, and how

    def _may_be_told(self, case: _Case) -> bool:
        candidate = self._candidate(case, [case])
        refused = first_refusal(candidate, self._context, _RULES)
        if refused is not None:
            found = detail(candidate, self._context, refused)
            self._skips.append(Skip(case.view, case.name, refused, found))
            return False
        if not case.cancelled and (why := told_too_often(candidate, self._context)):
            self._skips.append(Skip(case.view, case.name, Reason.ALREADY_NOTIFIED, why))
            return False
        return True

    def _was_seen(self, case: _Case) -> bool:
        """Whether an earlier complete run saw the same change."""
        seen = self._context.known.changes.get(case.row.appointment_id)
        return seen is not None and seen.change == case.change and seen.seen_at < self._context.now

    def _candidate(self, case: _Case, group: Sequence[_Case]) -> Candidate:
        """The case as the rules judge it, with the routes on which the text about the whole group can go."""
        reminder = _as_reminder(case.name, self._channels(case.told))
        horizon = Horizon(reminder, self._context.now, self._context.now, rank=0, shorter=frozenset())
        return Candidate(case.view, horizon, contact=self._contact(case, reminder, group))

    def _channels(self, told: Notification) -> Channels:
        """The channels of the reminder that told the customer; if it was renamed, those of all reminders."""
        if told.reminder == CONFIRMATION:
            return (Channel.EMAIL.value,)
        reminders = self._context.settings.reminders
        by_name = [each for each in reminders if each.name == told.reminder] or reminders
        return tuple(dict.fromkeys(channel for each in by_name for channel in each.channels))

    def _contact(self, case: _Case, reminder: Reminder, group: Sequence[_Case]) -> Contact:
        """The routes to the customer; first the one by which they were told, if the row still names it."""
        context, told_by = self._context, case.told.route
        row, first = case.view, None
        if told_by is not None and still_names(row, told_by, context.settings):
            first = told_by.channel
            match first:
                case Channel.SMS:
                    row = replace(row, mobile=told_by.recipient)
                case Channel.EMAIL:
                    row = replace(row, email=told_by.recipient)
        rows, correction = [each.view for each in group], self._correction(group)
        found = contact(
            row,
            reminder,
            context.settings,
            today=context.today,
            rejected=context.rejected(rows),
            opted_out=context.known.opted_out,
            parts=lambda name, channel, *_: context.parts(name, channel, rows, correction),
        )
        return replace(
            found, routes=tuple(sorted(found.routes, key=lambda route: route.channel is not first))
        )

    def _correction(self, group: Sequence[_Case]) -> Correction:
        return Correction(
            told=group[0].told.starts_at,
            told_by=frozenset(each.told.message_id for each in group),
            cancelled=group[0].cancelled,
        )

    # ------------------------------------------------------------ the messages

    def _message(self, group: Sequence[_Case]) -> PlannedMessage:
        """One message for a person and a told start; where only some rows are off, it tells the moves."""
        moved = [case for case in group if not case.cancelled]
        chosen = sorted(moved or group, key=lambda case: (case.view.starts_at, case.row.appointment_id))
        candidate = self._candidate(chosen[0], chosen)
        routes = self._context.allowed_routes(candidate)
        if not routes:  # too much for one text
            chosen = chosen[:1]
            routes = self._context.allowed_routes(self._candidate(chosen[0], chosen))
        instead = tuple(pair for case in chosen for pair in self._takes_place_of(case.row))
        return PlannedMessage(
            reminder=chosen[0].name,
            customer_id=candidate.customer_id,
            appointments=tuple(case.row for case in chosen),
            routes=routes,
            gap_waived=True,
            correction=replace(self._correction(chosen), takes_place_of=instead),
        )

    def _takes_place_of(self, row: Appointment) -> Iterator[tuple[str, str]]:
        """The reminder that would tell the new start in this run; the one with the shortest lead."""
        for horizon in self._context.horizons(row.starts_at):
            candidate = Candidate(row, horizon)
            if first_refusal(candidate, self._context, TO_BE_PLANNED) is None:
                if self._context.shorter_reminder(candidate) is None:
                    yield horizon.reminder.name, row.appointment_id
                return

    def _brake(self, messages: Iterable[PlannedMessage]) -> HeldCorrections | None:
        planned = sum(len(message.appointments) for message in messages)
        too_many = planned > _MOST_UNASKED and planned * 5 > self._told
        return HeldCorrections(planned, self._told) if too_many else None


@lru_cache
def _as_reminder(name: str, channels: Channels) -> Reminder:
    return Reminder(name=name, hours_before=1, channels=channels, template=CORRECTION_TEMPLATES[name])
