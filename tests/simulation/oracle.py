"""The rules of contract, section 2, written a second time: slow and literal, from the contract alone.

It shares words with the program (`model`, the settings), and none of its rules or windows. Here are rules 1
to 19, each as one question about one appointment and one reminder; `verdicts` puts the answers together.
"""

import fnmatch
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulation.minutes import Minutes
from terminbenachrichtigung.config import Settings
from terminbenachrichtigung.model import Appointment, Channel, Reason, Route

COUNTS_FOR_GAP = ("claimed", "sent", "delivered", "unknown")
HAND_IS_OLD = timedelta(hours=2)
WORDS = {"e-mail": "email", "brief": "letter", "telefon": "phone", "keine": "none"}
WORDS |= {word: word for word in ("sms", "email", "letter", "phone", "none")}


@dataclass(frozen=True)
class Told:
    """One row of journal_notifications, with its message's state."""

    reminder: str
    appointment_id: str
    generation: int
    customer_id: str
    starts_at: datetime
    state: str

    def names(self, row: Appointment) -> bool:
        """Whether it is about the present customer and start."""
        return (self.customer_id, self.starts_at) == (row.customer_id, row.starts_at)


@dataclass(frozen=True)
class Heard:
    """One row of journal_messages, as the customer gap sees it."""

    run_now: datetime
    state: str


@dataclass
class Memory:
    """What the journal knows."""

    told: dict[str, list[Told]] = field(default_factory=lambda: defaultdict(list))
    """By appointment, in the order in which they were claimed."""
    rejected: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # by appointment
    heard: dict[str, list[Heard]] = field(default_factory=lambda: defaultdict(list))  # by customer
    left: dict[tuple[str, str], tuple[str, datetime]] = field(default_factory=dict)
    """By (reminder, appointment) left `retry` or `deferred`: the customer and the start."""
    complete_runs: Sequence[datetime] = ()
    journal_made: datetime = datetime.min
    first_complete: dict[str, datetime] = field(default_factory=dict)  # by reminder


class Judging:
    """The rules at one moment, with what the journal knows then."""

    def __init__(
        self,
        settings: Settings,
        minutes: Minutes,
        typed: Mapping[str, str | None],
        memory: Memory,
        now: datetime,
    ) -> None:
        """Args:
        settings: the configuration in force.
        minutes: its quiet time.
        typed: what each text in a phone or e-mail field means; None: nothing usable.
        memory: what the journal knows.
        now: an open moment.
        """
        self.settings, self.rules = settings, settings.rules
        self.minutes, self.typed, self.memory, self.now = minutes, typed, memory, now
        self.gap = timedelta(hours=self.rules.hours_between_messages)
        self.wait = timedelta(hours=self.rules.hours_after_booking)
        self.pre_quiet = timedelta(minutes=self.rules.pre_quiet_minutes)
        self.today = minutes.day(now)
        self.leads = {reminder.name: reminder.hours_before for reminder in settings.reminders}
        # A run that lies ahead was made by a clock gone wrong.
        self.complete_runs = [run for run in memory.complete_runs if run <= now]
        self.claimed_customers = {
            customer
            for customer, messages in memory.heard.items()
            if any(message.state == "claimed" for message in messages)
        }
        self._passes: dict[tuple[str, str], bool] = {}

    def reach(self, reminder: str, moment: datetime | None = None) -> datetime:
        """The latest start in a reminder's window, now or at another open moment."""
        lead, pre_quiet = self.leads[reminder], self.rules.pre_quiet_minutes
        return self.minutes.reach(moment or self.now, lead, pre_quiet)

    def is_today(self, row: Appointment) -> bool:
        return self.minutes.day(row.starts_at) == self.today

    # ---------------------------------------------------------------- rules 1 to 16

    def first_no(
        self, row: Appointment, reminder: str, without: Collection[Reason] = frozenset()
    ) -> Reason | None:
        """The first of rules 1 to 16 that says no."""
        for reason, says_no in RULES.items():
            if reason not in without and says_no(self, row, reminder):
                return reason
        return None

    def passes(self, row: Appointment, reminder: str) -> bool:
        """Rules 1 to 16."""
        key = reminder, row.appointment_id
        if key not in self._passes:
            self._passes[key] = self.first_no(row, reminder) is None
        return self._passes[key]

    def no_customer(self, row: Appointment, _: str) -> bool:
        return row.customer_id is None

    def group_appointment(self, row: Appointment, _: str) -> bool:
        return row.is_group

    def type_not_allowed(self, row: Appointment, _: str) -> bool:
        return not row.type_notifiable

    def status_excluded(self, row: Appointment, _: str) -> bool:
        excluded = [status.strip().casefold() for status in self.rules.excluded_statuses]
        return row.status.strip().casefold() in excluded

    def branch_excluded(self, row: Appointment, _: str) -> bool:
        def named(patterns: Iterable[str]) -> bool:
            return any(fnmatch.fnmatch(row.branch_code.upper(), pattern.upper()) for pattern in patterns)

        include, exclude = self.rules.include_branches, self.rules.exclude_branches
        return (bool(include) and not named(include)) or named(exclude)

    def latest(self, row: Appointment, reminder: str) -> Told | None:
        """The latest notification; what was released for another customer or start told nobody anything."""
        told = [
            told
            for told in self.memory.told[row.appointment_id]
            if told.reminder == reminder and (told.state != "released" or told.names(row))
        ]
        return max(told, key=lambda told: told.generation, default=None)

    def already_notified(self, row: Appointment, reminder: str) -> bool:
        latest = self.latest(row, reminder)
        if latest is None or not latest.names(row) or latest.state in ("claimed", "released"):
            return False
        # Failed for other recipients: one of the present ones was not rejected yet.
        return not (latest.state == "failed" and self.routes([row], reminder))

    def in_progress(self, row: Appointment, _: str) -> bool:
        return row.customer_id in self.claimed_customers

    def missed(self, row: Appointment, reminder: str) -> bool:
        first = self.memory.first_complete.get(reminder)
        chance = self.last_chance(row)
        if not self.complete_runs or first is None or row.starts_at <= max(self.complete_runs):
            return False
        if self.minutes.day(row.starts_at) > self.today or chance > self.now:
            return False
        if any(
            told.state != "released" and told.customer_id == row.customer_id
            for told in self.memory.told[row.appointment_id]
        ):
            return False
        for says_no in (
            self.booked_recently,
            self.opted_out,
            self.no_consent,
            self.manual_contact,
            self.no_contact,
            self.superseded,
            self.held_back,
        ):
            if says_no(row, reminder):
                return False
        if row.created_at is not None:
            if row.created_at + self.wait >= chance:
                return False
        elif self.was_in_window(row, reminder, chance) and not self.was_left(row, reminder):
            return False
        contacted = row.last_contacted_at
        if contacted is not None and chance - self.gap < contacted <= self.now:
            return False
        return chance > max(self.memory.journal_made, first)

    def last_chance(self, row: Appointment) -> datetime:
        return self.minutes.last_chance(row.starts_at, same_day=self.rules.same_day)

    def was_in_window(self, row: Appointment, reminder: str, before: datetime) -> bool:
        """Whether a complete run's `now` lay in its windows before its last chance."""
        return any(
            run < before and run < row.starts_at <= self.reach(reminder, run)
            for run in self.memory.complete_runs
        )

    def was_left(self, row: Appointment, reminder: str) -> bool:
        """Whether the last run that planned it left it `retry` or `deferred`."""
        left = self.memory.left.get((reminder, row.appointment_id))
        return left == (row.customer_id, row.starts_at)

    def past(self, row: Appointment, _: str) -> bool:
        return row.starts_at <= self.now

    def same_day(self, row: Appointment, _: str) -> bool:
        return not self.rules.same_day and self.is_today(row)

    def not_yet_due(self, row: Appointment, reminder: str) -> bool:
        return row.starts_at > self.reach(reminder)

    def booked_recently(self, row: Appointment, _: str) -> bool:
        return bool(self.wait) and row.created_at is not None and self.now - row.created_at < self.wait

    def preferred(self, row: Appointment) -> str:
        """`sms`, `email`, `letter`, `phone`, `none`, or empty."""
        return WORDS.get(row.preferred_channel.strip().lower(), "")

    def opted_out(self, row: Appointment, _: str) -> bool:
        return self.preferred(row) == "none"

    def no_consent(self, row: Appointment, _: str) -> bool:
        return self.rules.require_consent and not row.reminder_consent

    def manual_contact(self, row: Appointment, _: str) -> bool:
        return self.preferred(row) in ("letter", "phone")

    def no_contact(self, row: Appointment, reminder: str) -> bool:
        return not self.routes([row], reminder)

    # ---------------------------------------------------------------- section 3: the channels

    def routes(self, rows: Sequence[Appointment], reminder: str) -> tuple[Route, ...]:
        """The channels for a message about these rows, in order; the soonest row gives the data."""
        row = rows[0]
        (configured,) = [each.channels for each in self.settings.reminders if each.name == reminder]
        order = [Channel(channel) for channel in configured]
        preferred = self.preferred(row)
        order.sort(key=lambda channel: channel != preferred)  # the others stay in their order
        rejected = set().union(*(self.memory.rejected[each.appointment_id] for each in rows))
        found = []
        for channel in order:
            recipient = self.number(row) if channel is Channel.SMS else self.address(row)
            if recipient is not None and recipient not in rejected and self.fits(rows, channel):
                found.append(Route(channel, recipient))
        return tuple(found)

    def number(self, row: Appointment) -> str | None:
        sms = self.settings.sms
        if sms is None or (sms.active_from is not None and self.today < sms.active_from):
            return None
        return self.typed[row.mobile] or self.typed[row.phone]

    def address(self, row: Appointment) -> str | None:
        return None if self.settings.email is None else self.typed[row.email]

    def fits(self, rows: Sequence[Appointment], channel: Channel) -> bool:
        """Whether the simulation's text, in which every sign is one of GSM-7's, has not too many parts."""
        length = len(text_about(rows, self.settings))
        parts = 1 if length <= 160 else -(-length // 153)
        return channel is Channel.EMAIL or self.settings.sms is None or parts <= self.settings.sms.max_parts

    # ---------------------------------------------------------------- rules 17 to 19

    def shorter(self, reminder: str) -> list[str]:
        return [name for name, lead in self.leads.items() if lead < self.leads[reminder]]

    def superseded(self, row: Appointment, reminder: str) -> bool:
        shorter = self.shorter(reminder)
        has_one = any(
            told.reminder in shorter and told.names(row) and told.state != "released"
            for told in self.memory.told[row.appointment_id]
        )
        return has_one or any(self.passes(row, other) for other in shorter)

    def recently_notified(self, row: Appointment, planned: Collection[str]) -> bool:
        """Args:
        row: the appointment.
        planned: customers who get a message earlier in this run.
        """
        assert row.customer_id is not None
        yields = self.has_moved(row) or self.is_last_chance(row)
        message = row.customer_id in planned or any(
            heard.state in COUNTS_FOR_GAP and abs(self.now - heard.run_now) < self.gap
            for heard in self.memory.heard[row.customer_id]
        )
        if message and not yields:
            return True
        contacted = row.last_contacted_at
        if contacted is None or contacted > self.now or self.now - contacted >= self.gap:
            return False
        return not yields or self.now - contacted < HAND_IS_OLD

    def has_moved(self, row: Appointment) -> bool:
        """Whether the customer was told another start, and nothing since."""
        starts = [
            told.starts_at
            for told in self.memory.told[row.appointment_id]
            if told.state not in ("released", "failed") and told.customer_id == row.customer_id
        ]
        return bool(starts) and starts[-1] != row.starts_at

    def is_last_chance(self, row: Appointment) -> bool:
        chance = self.last_chance(row)
        return chance - self.pre_quiet <= self.now < chance

    def held_back(self, row: Appointment, reminder: str) -> bool:
        return not self.allowed(self.routes([row], reminder))

    def allowed(self, routes: Iterable[Route]) -> tuple[Route, ...]:
        """Of these, the ones that `only_recipients` lets through."""
        only = self.settings.safety.only_recipients
        return tuple(route for route in routes if not only or route.recipient in only)


RULES: Mapping[Reason, Callable[[Judging, Appointment, str], bool]] = {
    Reason.NO_CUSTOMER: Judging.no_customer,
    Reason.GROUP_APPOINTMENT: Judging.group_appointment,
    Reason.TYPE_NOT_ALLOWED: Judging.type_not_allowed,
    Reason.STATUS_EXCLUDED: Judging.status_excluded,
    Reason.BRANCH_EXCLUDED: Judging.branch_excluded,
    Reason.ALREADY_NOTIFIED: Judging.already_notified,
    Reason.IN_PROGRESS: Judging.in_progress,
    Reason.MISSED: Judging.missed,
    Reason.PAST: Judging.past,
    Reason.SAME_DAY: Judging.same_day,
    Reason.NOT_YET_DUE: Judging.not_yet_due,
    Reason.BOOKED_RECENTLY: Judging.booked_recently,
    Reason.OPTED_OUT: Judging.opted_out,
    Reason.NO_CONSENT: Judging.no_consent,
    Reason.MANUAL_CONTACT: Judging.manual_contact,
    Reason.NO_CONTACT: Judging.no_contact,
}
"""Rules 1 to 16, in their order."""


def text_about(rows: Sequence[Appointment], settings: Settings) -> str:
    """What the simulation's template says about these appointments, written without Jinja and Babel."""
    starts = [(row.starts_at.astimezone(settings.zone), row.branch_name) for row in rows]
    return f"{rows[0].last_name}: " + ", ".join(
        f"{local:%d.%m.%Y %H:%M} in der {branch}" for local, branch in starts
    )
