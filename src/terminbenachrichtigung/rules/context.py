"""What every rule may look at: the run's moment, the settings and the journal's answers, made ready once."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import chain, groupby
from operator import attrgetter

from terminbenachrichtigung.config.filters import is_excluded_status, leaves_out, patterns, plain_word
from terminbenachrichtigung.config.settings import Reminder, Settings
from terminbenachrichtigung.contact.names import keyed_hash
from terminbenachrichtigung.model.appointment import Appointment, to_the_minute
from terminbenachrichtigung.model.journal import (
    CONFIRMATION,
    TOLD_NOBODY,
    JournalReply,
    Known,
    Leftover,
    Notification,
    StaffTick,
    State,
)
from terminbenachrichtigung.model.lead import HoursBefore
from terminbenachrichtigung.model.plan import Reason, Route
from terminbenachrichtigung.rules.contact import Contact, Parts, contact
from terminbenachrichtigung.rules.people import PlannedByStart, ToldByStart, is_retired, names, same_person
from terminbenachrichtigung.rules.replies import Replies
from terminbenachrichtigung.rules.ticks import Ticks, told_otherwise
from terminbenachrichtigung.times.windows import Quiet

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, eq=False)
class Horizon:
    """How far ahead one reminder looks in this run."""

    reminder: Reminder
    reach: datetime  # due are appointments up to here
    carry: datetime  # a message also carries the customer's other appointments up to here
    rank: int  # 0 for the reminder with the shortest lead, then counting up
    shorter: frozenset[str]  # the names of the reminders with a shorter lead


@dataclass(frozen=True, slots=True)
class Gap:
    """What the customer gap (AMPAREX: Min. Stunden vor Doppelnachricht) says to one appointment."""

    cause: str = ""  # the message or contact that lies within the gap
    waived: str = ""  # why the gap yields to it all the same

    @property
    def holds(self) -> bool:
        """Whether the appointment has to wait."""
        return self.cause != "" and self.waived == ""


@dataclass(slots=True, eq=False)
class Candidate:
    """One appointment for one reminder, and what has been found out about the two so far."""

    appointment: Appointment
    horizon: Horizon
    refused: Reason | None = None
    in_message: bool = False
    contact: Contact | None = None
    gap: Gap | None = None

    @property
    def name(self) -> str:
        """The reminder's name."""
        return self.horizon.reminder.name

    @property
    def customer_id(self) -> str:
        """Empty without a customer; the first rule refuses such an appointment."""
        return self.appointment.customer_id or ""

    @property
    def order(self) -> tuple[datetime, str, int]:
        """Sorts the soonest first; the order is the same in each run."""
        return (self.appointment.starts_at, self.appointment.appointment_id, self.horizon.rank)


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a plan depends on, beside the appointments."""

    settings: Settings
    known: Known  # what the journal knows about the appointments
    now: datetime  # an open moment
    parts: Parts  # how long a text is, so that one that is too long is found before anything is sent
    quiet: Quiet
    corrected: Mapping[str, bool] = field(default_factory=dict)
    """By appointment: a correction tells its new start, in this run (True) or once it may be sent (False)."""


class Context:
    """One run's view of schedule and journal. While the plan is made, it collects what is planned so far."""

    def __init__(self, situation: Situation) -> None:
        settings, now, quiet = situation.settings, situation.now, situation.quiet
        self.settings = settings
        self.known = situation.known
        self.now = now
        self.parts = situation.parts
        self.quiet = quiet
        self.today = quiet.local_date(now)
        self.tomorrow = quiet.day_start(self.today + timedelta(days=1))
        self.gap = timedelta(hours=settings.rules.hours_between_messages)
        self.only_recipients = frozenset(settings.safety.only_recipients)
        self._reaches = tuple(quiet.reach(now, reminder.lead) for reminder in settings.reminders)
        self._rankings: dict[tuple[int, ...], tuple[Horizon, ...]] = {}
        self._all_hours = all(isinstance(reminder.lead, HoursBefore) for reminder in settings.reminders)
        self.farthest = max([self.tomorrow, *(reach + self.gap for reach in self._reaches)])
        self._corrected = situation.corrected
        self._planned: dict[str, Horizon] = {}
        """By appointment: of the reminders that this run plans for it, the one with the shortest lead."""
        self.told: set[str] = set()
        """The appointments that are in a planned message."""
        self.written: dict[str, tuple[str, ...]] = {}
        """By customer: the reminders of which a message is planned."""
        self._contacts: dict[str, datetime] = {}
        """By customer: when they were last contacted by hand, by any of their rows."""
        self._reminders = frozenset(each.name for each in settings.reminders)
        self._told_by_start: ToldByStart | None = None
        self.planned_by_start = PlannedByStart()
        self._replies: Replies | None = None
        self._left_at_start = {
            (name, left.customer_id, to_the_minute(left.starts_at)): left
            for (name, _), left in situation.known.leftovers.items()
        }
        self._ticks = Ticks(situation.known.ticks, situation.known.name_key)
        self.leaves_out: Callable[[str], bool] = cache(lambda code: leaves_out(code, settings.rules))
        """Whether the branch filter (AMPAREX: Filialkürzel Filter) leaves out the branch with this code."""

    # ------------------------------------------------------------ how far the reminders look

    def horizons(self, start: datetime) -> tuple[Horizon, ...]:
        """All reminders, first the one with the shortest lead for an appointment at `start`.

        The time of day decides which lead is shorter: 24 hours before 10:00 is earlier than 18:00 on the day
        before, 24 hours before 20:00 is later. Of two equal leads the first in the configuration is shorter.
        """
        if self._all_hours and self._rankings:
            return next(iter(self._rankings.values()))  # hours keep their order, whatever the start is
        due = [self.quiet.due_at(start, reminder.lead) for reminder in self.settings.reminders]
        order = tuple(sorted(range(len(due)), key=lambda at: (self.now - due[at], at)))
        found = self._rankings.get(order)
        if found is None:
            found = self._rankings[order] = tuple(
                self._horizon(at, rank, order[:rank]) for rank, at in enumerate(order)
            )
        return found

    def _horizon(self, at: int, rank: int, before: tuple[int, ...]) -> Horizon:
        reminders, reach = self.settings.reminders, self._reaches[at]
        shorter = frozenset(reminders[each].name for each in before)
        return Horizon(reminders[at], reach, reach + self.gap, rank, shorter)

    # ------------------------------------------------------------ what the journal knows of a candidate

    def first_run(self, reminder: str) -> datetime | None:
        """The first complete run of a reminder, or of one that it replaces."""
        runs = self.known.reminder_since.items()
        return min(
            (run for name, run in runs if name == reminder or is_retired(name, self._reminders)), default=None
        )

    def could_be_missed(self, start: datetime) -> bool:
        """Whether an appointment starts after the last complete run and before tomorrow."""
        last = self.known.last_complete_run
        return last is not None and last < start < self.tomorrow

    def notifications(self, candidate: Candidate) -> Sequence[Notification]:
        """All that the journal has for the appointment, by any reminder, oldest first."""
        return self.known.notifications.get(candidate.appointment.appointment_id, ())

    def latest(self, candidate: Candidate) -> Notification | None:
        """The appointment's notification by which the reminder goes: its own latest, or a retired one's.

        A released message told nobody. So after "told A, released B, moved back to A" the one about A counts.
        It also counts after "told A, sent again by hand, which failed". What a retired reminder told counts
        for every reminder: nobody is told again after "Drei Tage told A, Ein Tag's message about A was
        released, Drei Tage got another name".
        """
        counts = [
            each
            for each in self.notifications(candidate)
            if self._counts_for(each, candidate)
            and (each.state is not State.RELEASED or self.names(each, candidate))
        ]
        if not counts:
            return None
        # A clock may have been wrong, so a reminder's own are in the order of their generations.
        own = sorted((e for e in counts if e.reminder == candidate.name), key=attrgetter("generation"))
        in_order = iter(own)
        counts = [next(in_order) if each.reminder == candidate.name else each for each in counts]
        newest = (own or counts)[-1]
        told = next((each for each in reversed(counts) if each.state not in TOLD_NOBODY), None)
        if told is None:
            return newest
        if newest.state in TOLD_NOBODY:
            holds = self.names(newest, candidate) and self.names(told, candidate) and not told.revoked
            return told if holds else newest
        return told

    def overtaken(self, candidate: Candidate) -> Iterator[str]:
        """The reminder's own messages, by their ids, after which it told otherwise under another name."""
        if (latest := self.latest(candidate)) is not None and latest.reminder != candidate.name:
            for each in self.notifications(candidate):
                if each.reminder == candidate.name:
                    yield each.message_id

    def names(self, told: Notification, candidate: Candidate) -> bool:
        """Whether a notification names the appointment's present person and start."""
        return names(told, candidate.appointment, self.known.name_key)

    def is_of(self, told: Notification, candidate: Candidate) -> bool:
        """Whether a notification names the appointment's present person, at whatever start."""
        return same_person(told, candidate.appointment, self.known.name_key)

    def told_under_another_id(self, candidate: Candidate) -> Notification | None:
        """What this reminder told the same person of the same start, under another id of the appointment."""
        return next((each for each in self.told_beside(candidate) if self._counts_for(each, candidate)), None)

    def told_beside(self, candidate: Candidate) -> Iterator[Notification]:
        """What the same person was told of the same start, by any reminder, under other appointment ids."""
        if self._told_by_start is None:
            self._told_by_start = ToldByStart(self.known)
        yield from self._told_by_start.of_customer(candidate.appointment)
        for each in self._told_by_start.of_namesakes(candidate.appointment):
            if self._is_at_first_route(each, candidate):
                yield each

    def planned_in_another_record(self, candidate: Candidate) -> Appointment | None:
        """The same person's row, under another customer's id, of whose same start this run tells them."""
        if not (routes := self.contact(candidate).routes):
            return None
        return self.planned_by_start.of_namesake(candidate.name, candidate.appointment, routes[0].recipient)

    def _counts_for(self, told: Notification, candidate: Candidate) -> bool:
        if told.reminder == candidate.name:
            return True
        return candidate.name != CONFIRMATION and is_retired(told.reminder, self._reminders)

    def _is_at_first_route(self, told: Notification, candidate: Candidate) -> bool:
        routes = self.contact(candidate).routes
        return bool(routes) and told.first_recipient == keyed_hash(routes[0].recipient, self.known.name_key)

    def times_told(self, candidate: Candidate) -> int:
        """How often this appointment was told within a day, each time with another start than before."""
        starts = [
            each.starts_at
            for each in self.notifications(candidate)
            if each.state not in TOLD_NOBODY
            and self.is_of(each, candidate)
            and self.now - _DAY < each.run_now <= self.now
        ]
        return len(list(groupby(starts)))

    # ------------------------------------------------------------ who was contacted by hand

    def learn_contacts(self, appointments: Iterable[Appointment]) -> None:
        """Note when customers were last contacted by hand; a contact that lies ahead is a typing error."""
        for row in appointments:
            contacted, customer = row.last_contacted_at, row.customer_id
            if contacted is not None and customer is not None and contacted <= self.now:
                self._contacts[customer] = max(contacted, self._contacts.get(customer, contacted))

    def contacted_by_hand(self, candidate: Candidate, *, of_this_start: bool = False) -> datetime | None:
        """When the customer was last contacted by hand, by the schedule or by what was ticked off.

        Not by a tick that told them that this appointment is off: they must hear if it stands again. With
        `of_this_start` not by one about another start of it either.
        """
        found = [self._contacts.get(candidate.customer_id)]
        for tick in self._ticks.of(candidate.appointment):
            other = told_otherwise(tick, candidate.appointment)
            counts = not other or (tick.revokes is None and not of_this_start)
            if tick.done_at is not None and tick.done_at <= self.now and counts:
                found.append(tick.done_at)
        return max((each for each in found if each is not None), default=None)

    def ticked_off(self, candidate: Candidate) -> StaffTick | None:
        """The tick of a person who told the customer this start, unless a message told another one since."""
        tick = self._ticks.told(candidate.appointment)
        since = tick.done_at if tick is not None else None
        overtaken = since is not None and any(
            each.run_now > since
            and each.state not in TOLD_NOBODY
            and self.is_of(each, candidate)
            and not self.names(each, candidate)
            for each in self.notifications(candidate)
        )
        return None if overtaken else tick

    def confirmed(self, candidate: Candidate) -> JournalReply | None:
        """The customer's reply that confirms the present start, if there is one that counts."""
        if self._replies is None:
            self._replies = Replies(self.known.replies, self.known.name_key)
        return self._replies.confirmed(candidate.appointment)

    def leftover(self, candidate: Candidate) -> Leftover | None:
        """What the last run that planned the pair left of it, if the start is still the same.

        The record may be merged since, or the row made anew: the customer's other row at this start is it.
        """
        row, start = candidate.appointment, to_the_minute(candidate.appointment.starts_at)
        left = self.known.leftovers.get((candidate.name, row.appointment_id))
        if left is not None and to_the_minute(left.starts_at) == start:
            return left
        return self._left_at_start.get((candidate.name, candidate.customer_id, start))

    def plans(self, candidate: Candidate) -> None:
        """Note that this run plans the pair: rules 1 to 18 let it pass, or a message carries it."""
        key, horizon = candidate.appointment.appointment_id, candidate.horizon
        if (planned := self._planned.get(key)) is None or horizon.rank < planned.rank:
            self._planned[key] = horizon

    def shorter_reminder(self, candidate: Candidate) -> str | None:
        """A reminder with a shorter lead that tells the present person and start, in this run or before."""
        shorter = candidate.horizon.shorter
        if not shorter:
            return None
        planned = self._planned.get(candidate.appointment.appointment_id)
        if planned is not None and planned.reminder.name in shorter:
            return planned.reminder.name
        for each in self.notifications(candidate):
            holds = each.state is not State.RELEASED and not each.revoked
            if each.reminder in shorter and holds and self.names(each, candidate):
                return each.reminder
        # The row may have been made anew under another id: what the reminder of the day before has told, the
        # one of three days before need not tell.
        return next((each.reminder for each in self.told_beside(candidate) if each.reminder in shorter), None)

    def correction_instead(self, candidate: Candidate) -> bool:
        """Whether a correction tells the new start in this run, or will as soon as it may be sent.

        In the last `pre_quiet_minutes` before its last chance a reminder does not wait for a correction.
        """
        planned = self._corrected.get(candidate.appointment.appointment_id)
        if planned is None:
            return False
        chance = self.quiet.last_chance(candidate.appointment.starts_at)
        return planned or not self.quiet.in_pre_quiet(self.now, chance)

    def complete_run_between(self, a: datetime, b: datetime) -> bool:
        """Whether a complete run's `now` lies in `[a, b)`, at an open moment."""
        runs = self.known.complete_runs
        return any(
            self.quiet.period_at(run) is None for run in runs[bisect_left(runs, a) : bisect_left(runs, b)]
        )

    # ------------------------------------------------------------ how the customer is reached

    def contact(self, candidate: Candidate) -> Contact:
        """The usable channels. Found once, because reading numbers and measuring texts takes time."""
        found = candidate.contact
        if found is None:
            found = candidate.contact = contact(
                candidate.appointment,
                candidate.horizon.reminder,
                self.settings,
                today=self.today,
                rejected=self.rejected([candidate.appointment]),
                opted_out=self.known.opted_out,
                parts=self.parts,
            )
        return found

    def rejected(self, rows: Iterable[Appointment]) -> frozenset[str]:
        """Recipients that were refused for good for one of these appointments."""
        return frozenset(chain.from_iterable(self.known.rejected.get(row.appointment_id, ()) for row in rows))

    def allowed_routes(self, candidate: Candidate) -> tuple[Route, ...]:
        """The usable routes, without those that `only_recipients` holds back."""
        routes = self.contact(candidate).routes
        if not self.only_recipients:
            return routes
        return tuple(route for route in routes if route.recipient.lower() in self.only_recipients)

    # ------------------------------------------------------------ words and times

    def clock(self, t: datetime) -> str:
        """A moment for people: local, to the minute."""
        return t.astimezone(self.quiet.zone).isoformat(" ", "minutes")[:16]


def is_for(reminder: Reminder, appointment: Appointment) -> bool:
    """Whether a reminder is for an appointment's type and branch."""
    wanted = ((reminder.types, appointment.type_name), (reminder.branches, appointment.branch_code))
    return all(not names or patterns(names).fullmatch(plain_word(word)) for names, word in wanted)


def has_excluded_status(appointment: Appointment, settings: Settings) -> bool:
    """Whether an appointment's status is one of `excluded_statuses`, such as a cancellation."""
    return is_excluded_status(appointment.status, settings.rules)
