"""What every rule may look at: the run's moment, the settings and the journal's answers, made ready once."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from terminbenachrichtigung.config.filters import is_excluded_status, leaves_out, patterns
from terminbenachrichtigung.config.settings import Reminder, Settings
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import Known, Leftover, Notification, State
from terminbenachrichtigung.model.lead import HoursBefore
from terminbenachrichtigung.model.plan import Reason, Route
from terminbenachrichtigung.rules.contact import Contact, Parts, contact
from terminbenachrichtigung.times.windows import Quiet


@dataclass(frozen=True, slots=True, eq=False)
class Horizon:
    """How far one reminder looks in this run."""

    reminder: Reminder
    reach: datetime  # due are appointments up to here
    carry: datetime  # and a message takes the customer's others along up to here
    rank: int  # among the reminders of an appointment, the shortest lead first
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
    """One appointment for one reminder, and what was found out about the two; not more than is needed."""

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
        """Empty without a customer; such an appointment gets no further than the first rule."""
        return self.appointment.customer_id or ""

    @property
    def order(self) -> tuple[datetime, str, int]:
        """Soonest first, and always the same."""
        return (
            self.appointment.starts_at,
            self.appointment.appointment_id,
            self.horizon.rank,
        )


class Context:
    """One run's view. What it says is planned grows while the plan is made."""

    def __init__(self, settings: Settings, known: Known, now: datetime, parts: Parts, quiet: Quiet) -> None:
        rules = settings.rules
        self.settings = settings
        self.known = known
        self.now = now
        self.parts = parts
        self.quiet = quiet
        self.today = quiet.local_date(now)
        self.tomorrow = quiet.day_start(self.today + timedelta(days=1))
        self.gap = timedelta(hours=rules.hours_between_messages)
        self.only_recipients = frozenset(settings.safety.only_recipients)
        self._reaches = tuple(quiet.reach(now, reminder.lead) for reminder in settings.reminders)
        self._rankings: dict[tuple[int, ...], tuple[Horizon, ...]] = {}
        self._all_hours = all(isinstance(reminder.lead, HoursBefore) for reminder in settings.reminders)
        self.farthest = max([self.tomorrow, *(reach + self.gap for reach in self._reaches)])
        self._planned: dict[str, Horizon] = {}
        """By appointment: of the reminders that this run plans for it, the one with the shortest lead."""
        self.told: set[str] = set()
        """The appointments that are in a planned message."""
        self.written: dict[str, tuple[str, ...]] = {}
        """By customer: the reminders of which a message is planned."""
        self._branches: dict[str, bool] = {}

    # ------------------------------------------------------------ how far the reminders look

    def horizons(self, start: datetime) -> tuple[Horizon, ...]:
        """All reminders, for an appointment at `start` the shortest lead first.

        Hours and days change places with the time of day: 24 hours before 10:00 is earlier than the evening
        before. Of two equal leads the first in the configuration is the shorter.
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

    # ------------------------------------------------------------ what a candidate's neighbours are

    def could_be_missed(self, start: datetime) -> bool:
        """Whether an appointment starts after the last complete run and before tomorrow."""
        last = self.known.last_complete_run
        return last is not None and last < start < self.tomorrow

    def notifications(self, candidate: Candidate) -> Sequence[Notification]:
        """All that the journal has for the appointment, by any reminder, oldest first."""
        return self.known.notifications.get(candidate.appointment.appointment_id, ())

    def latest(self, candidate: Candidate) -> Notification | None:
        """The appointment's latest notification for this reminder.

        What was released told nobody: moved there and back, the customer knows what is now.
        """
        own = [
            each
            for each in self.notifications(candidate)
            if each.reminder == candidate.name
            and (each.state is not State.RELEASED or _names(each, candidate.appointment))
        ]
        return max(own, key=lambda each: each.generation, default=None)

    def leftover(self, candidate: Candidate) -> Leftover | None:
        """What the last run that planned it left, if it names the present customer and start."""
        appointment = candidate.appointment
        left = self.known.leftovers.get((candidate.name, appointment.appointment_id))
        return left if left is not None and _names(left, appointment) else None

    def plans(self, candidate: Candidate) -> None:
        """Note that this run plans the pair: it passed rules 1 to 16, or a message takes it along."""
        key, horizon = candidate.appointment.appointment_id, candidate.horizon
        planned = self._planned.get(key)
        if planned is None or horizon.rank < planned.rank:
            self._planned[key] = horizon

    def shorter_reminder(self, candidate: Candidate) -> str | None:
        """A reminder with a shorter lead that tells the present customer and start, now or before."""
        shorter = candidate.horizon.shorter
        if not shorter:
            return None
        planned = self._planned.get(candidate.appointment.appointment_id)
        if planned is not None and planned.reminder.name in shorter:
            return planned.reminder.name
        for each in self.notifications(candidate):
            released = each.state is State.RELEASED
            if each.reminder in shorter and not released and _names(each, candidate.appointment):
                return each.reminder
        return None

    def complete_run_between(self, a: datetime, b: datetime) -> bool:
        """Whether a complete run's `now` lies in `[a, b)`, at an open moment."""
        runs = self.known.complete_runs
        return any(
            self.quiet.period_at(run) is None for run in runs[bisect_left(runs, a) : bisect_left(runs, b)]
        )

    # ------------------------------------------------------------ how the customer is reached

    def contact(self, candidate: Candidate) -> Contact:
        """The usable channels; found once, because it reads numbers and asks for texts."""
        found = candidate.contact
        if found is None:
            found = candidate.contact = contact(
                candidate.appointment,
                candidate.horizon.reminder,
                self.settings,
                today=self.today,
                rejected=self.rejected(candidate),
                parts=self.parts,
            )
        return found

    def rejected(self, candidate: Candidate) -> frozenset[str]:
        """Recipients that were refused for good for this appointment."""
        return self.known.rejected.get(candidate.appointment.appointment_id, frozenset())

    def allowed_routes(self, candidate: Candidate) -> tuple[Route, ...]:
        """The usable routes, without those that `only_recipients` holds back."""
        routes = self.contact(candidate).routes
        if not self.only_recipients:
            return routes
        return tuple(route for route in routes if route.recipient.lower() in self.only_recipients)

    # ------------------------------------------------------------ words and times

    def leaves_out(self, branch_code: str) -> bool:
        """Whether the branch filter (AMPAREX: Filialkürzel Filter) leaves a branch out."""
        answer = self._branches.get(branch_code)
        if answer is None:
            answer = self._branches[branch_code] = leaves_out(branch_code, self.settings.rules)
        return answer

    def clock(self, t: datetime) -> str:
        """A moment for people: local, to the minute."""
        return t.astimezone(self.quiet.zone).isoformat(" ", "minutes")[:16]


def _names(record: Notification | Leftover, appointment: Appointment) -> bool:
    """Whether the journal means the present customer and start, not those before a move or a change."""
    return record.starts_at == appointment.starts_at and record.customer_id == appointment.customer_id


def is_for(reminder: Reminder, appointment: Appointment) -> bool:
    """Whether a reminder is for an appointment's type and branch."""
    wanted = ((reminder.types, appointment.type_name), (reminder.branches, appointment.branch_code))
    return all(not names or patterns(names).fullmatch(word.strip().casefold()) for names, word in wanted)


def has_excluded_status(appointment: Appointment, settings: Settings) -> bool:
    """Whether an appointment stands for none by its status: cancelled, or whatever else the settings name."""
    return is_excluded_status(appointment.status, settings.rules)
