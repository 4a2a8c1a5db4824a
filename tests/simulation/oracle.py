"""The rules of contract, section 2, written a second time: slow and literal, from the contract alone.

It shares the words with the program (`model`, the settings), and none of its rules or windows. What the
journal knows is read from the tables by statements of the simulation's own (`memory`).
"""

import fnmatch
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property, partial

from simulation.minutes import Minutes
from terminbenachrichtigung.config import Settings
from terminbenachrichtigung.model import Appointment, Channel, Reason, Route

COUNTS_FOR_GAP = frozenset({"claimed", "sent", "delivered", "unknown"})
HAND_IS_OLD = timedelta(hours=2)
_NOT_OURS = (
    Reason.NO_CUSTOMER,
    Reason.GROUP_APPOINTMENT,
    Reason.TYPE_NOT_ALLOWED,
    Reason.STATUS_EXCLUDED,
    Reason.BRANCH_EXCLUDED,
)
_NOT_FOR_A_PERSON = (
    Reason.MISSED,
    Reason.PAST,
    Reason.SAME_DAY,
    Reason.NOT_YET_DUE,
    Reason.BOOKED_RECENTLY,
)
"""Rules 8 to 12: the staff list is judged without them."""


@dataclass(frozen=True)
class Told:
    """One row of journal_notifications with its message's state."""

    reminder: str
    appointment_id: str
    generation: int
    customer_id: str
    starts_at: datetime
    state: str


@dataclass(frozen=True)
class Heard:
    """One row of journal_messages, as the customer gap sees it."""

    customer_id: str
    run_now: datetime
    state: str


@dataclass
class Memory:
    """What the journal knows, for the rules."""

    # by appointment, oldest first
    told: dict[str, list[Told]] = field(default_factory=lambda: defaultdict(list))
    rejected: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # by appointment
    heard: dict[str, list[Heard]] = field(default_factory=lambda: defaultdict(list))  # by customer
    left: dict[tuple[str, str], tuple[str, datetime]] = field(default_factory=dict)
    complete_runs: Sequence[datetime] = ()
    journal_made: datetime | None = None
    first_complete: dict[str, datetime] = field(default_factory=dict)  # by reminder


@dataclass(frozen=True)
class Expected:
    """One message that a run must plan."""

    reminder: str
    customer_id: str
    appointment_ids: tuple[str, ...]
    routes: tuple[Route, ...]


@dataclass(frozen=True)
class Verdict:
    """What a run must plan, and why it leaves everything else alone: by (reminder, appointment)."""

    messages: frozenset[Expected]
    skips: Mapping[tuple[str, str], Reason]


class Oracle:
    """The rules for one configuration."""

    def __init__(self, settings: Settings, minutes: Minutes, typed: Mapping[str, str | None]) -> None:
        """Args:
        settings: the configuration in force.
        minutes: its quiet time.
        typed: what each text that people typed into a phone or e-mail field means; None: nothing usable.
        """
        self.settings = settings
        self.minutes = minutes
        self.typed = typed

    def judge(self, rows: Iterable[Appointment], memory: Memory, now: datetime) -> Verdict:
        """What a run at the open moment `now` does about these rows."""
        return Judging(self, rows, memory, now).verdict()

    def staff(
        self, rows: Iterable[Appointment], memory: Memory, moment: datetime
    ) -> Mapping[str, frozenset[str]]:
        """Whom a person must call or write now, and about which appointments."""
        judging = Judging(self, rows, memory, self.minutes.next_open(moment))
        judging.rows = _soonest_first(row for row in rows if row.starts_at > moment)
        return judging.staff()


class Judging:
    """One run's verdict."""

    def __init__(self, oracle: Oracle, rows: Iterable[Appointment], memory: Memory, now: datetime) -> None:
        self.settings, self.minutes, self.typed = oracle.settings, oracle.minutes, oracle.typed
        self.rules = oracle.settings.rules
        self.memory, self.now = memory, now
        # A run that lies ahead was made by a clock gone wrong.
        self.complete_runs = [run for run in memory.complete_runs if run <= now]
        since = min([now, *self.complete_runs[-1:]])
        self.rows = _soonest_first(row for row in rows if row.starts_at > since)
        self.gap = timedelta(hours=self.rules.hours_between_messages)
        self.today = self.minutes.day(now)
        self.leads = {reminder.name: reminder.hours_before for reminder in self.settings.reminders}
        self._passes: dict[tuple[str, str], bool] = {}

    @cached_property
    def claimed_customers(self) -> frozenset[str]:
        return frozenset(
            customer
            for customer, messages in self.memory.heard.items()
            if any(message.state == "claimed" for message in messages)
        )

    def reach(self, reminder: str, moment: datetime) -> datetime:
        return self.minutes.reach(moment, self.leads[reminder], self.rules.pre_quiet_minutes)

    def last_chance(self, row: Appointment) -> datetime:
        return self.minutes.last_chance(row.starts_at, same_day=self.rules.same_day)

    # ---------------------------------------------------------------- rules 1 to 16, each by its own number

    def first_no(
        self, row: Appointment, reminder: str, without: Collection[Reason] = frozenset()
    ) -> Reason | None:
        """The first of rules 1 to 16 that says no."""
        for reason, says_no in self.in_order(row, reminder):
            if reason not in without and says_no():
                return reason
        return None

    def in_order(self, row: Appointment, reminder: str) -> Iterator[tuple[Reason, partial[bool]]]:
        yield Reason.NO_CUSTOMER, partial(lambda: row.customer_id is None)
        yield Reason.GROUP_APPOINTMENT, partial(lambda: row.is_group)
        yield Reason.TYPE_NOT_ALLOWED, partial(lambda: not row.type_notifiable)
        yield Reason.STATUS_EXCLUDED, partial(self.status_excluded, row)
        yield Reason.BRANCH_EXCLUDED, partial(self.branch_excluded, row)
        yield Reason.ALREADY_NOTIFIED, partial(self.already_notified, row, reminder)
        yield Reason.IN_PROGRESS, partial(lambda: row.customer_id in self.claimed_customers)
        yield Reason.MISSED, partial(self.missed, row, reminder)
        yield Reason.PAST, partial(lambda: row.starts_at <= self.now)
        yield (
            Reason.SAME_DAY,
            partial(lambda: not self.rules.same_day and self.minutes.day(row.starts_at) == self.today),
        )
        yield Reason.NOT_YET_DUE, partial(lambda: row.starts_at > self.reach(reminder, self.now))
        yield Reason.BOOKED_RECENTLY, partial(self.booked_recently, row)
        yield Reason.OPTED_OUT, partial(lambda: self.preferred(row) == "none")
        yield Reason.NO_CONSENT, partial(lambda: self.rules.require_consent and not row.reminder_consent)
        yield Reason.MANUAL_CONTACT, partial(lambda: self.preferred(row) in ("letter", "phone"))
        yield Reason.NO_CONTACT, partial(lambda: not self.routes([row], reminder))

    def passes(self, row: Appointment, reminder: str) -> bool:
        """Rules 1 to 16."""
        key = reminder, row.appointment_id
        if key not in self._passes:
            self._passes[key] = self.first_no(row, reminder) is None
        return self._passes[key]

    def status_excluded(self, row: Appointment) -> bool:
        excluded = {status.strip().casefold() for status in self.rules.excluded_statuses}
        return row.status.strip().casefold() in excluded

    def branch_excluded(self, row: Appointment) -> bool:
        def named(patterns: Iterable[str]) -> bool:
            return any(fnmatch.fnmatch(row.branch_code.upper(), pattern.upper()) for pattern in patterns)

        include, exclude = self.rules.include_branches, self.rules.exclude_branches
        return (bool(include) and not named(include)) or named(exclude)

    def latest(self, row: Appointment, reminder: str) -> Told | None:
        """Released ones that name another customer or start told nobody anything."""
        told = [
            told
            for told in self.memory.told[row.appointment_id]
            if told.reminder == reminder and (told.state != "released" or _names(told, row))
        ]
        return max(told, key=lambda told: told.generation, default=None)

    def already_notified(self, row: Appointment, reminder: str) -> bool:
        latest = self.latest(row, reminder)
        if latest is None or not _names(latest, row) or latest.state in ("claimed", "released"):
            return False
        # Failed for other recipients: one of the present ones was not rejected yet.
        return not (latest.state == "failed" and self.routes([row], reminder))

    def missed(self, row: Appointment, reminder: str) -> bool:
        complete = self.complete_runs
        first = self.memory.first_complete.get(reminder)
        last_chance = self.last_chance(row)
        if not complete or first is None or row.starts_at <= max(complete):
            return False
        if self.minutes.day(row.starts_at) > self.today or last_chance > self.now:
            return False
        told_already = [told for told in self.memory.told[row.appointment_id] if told.state != "released"]
        if any(told.customer_id == row.customer_id for told in told_already):
            return False
        if self.booked_recently(row) or self.preferred(row) in ("none", "letter", "phone"):
            return False
        if self.rules.require_consent and not row.reminder_consent:
            return False
        unreachable = not self.routes([row], reminder)
        if unreachable or self.superseded(row, reminder) or self.held_back(row, reminder):
            return False
        if row.created_at is not None:
            wait = timedelta(hours=self.rules.hours_after_booking)
            if row.created_at + wait >= last_chance:
                return False
        elif self.seen_in_window(row, reminder, last_chance) and self.memory.left.get(
            (reminder, row.appointment_id)
        ) != (row.customer_id, row.starts_at):
            return False
        contacted = row.last_contacted_at
        if contacted is not None and last_chance - self.gap < contacted <= self.now:
            return False
        assert self.memory.journal_made is not None
        return last_chance > max(self.memory.journal_made, first)

    def seen_in_window(self, row: Appointment, reminder: str, last_chance: datetime) -> bool:
        """Whether a complete run's `now` lay in its windows before its last chance."""
        return any(
            run < last_chance and run < row.starts_at <= self.reach(reminder, run)
            for run in self.memory.complete_runs
        )

    def booked_recently(self, row: Appointment) -> bool:
        wait = timedelta(hours=self.rules.hours_after_booking)
        return bool(wait) and row.created_at is not None and self.now - row.created_at < wait

    def preferred(self, row: Appointment) -> str:
        """`sms`, `email`, `letter`, `phone`, `none`, or empty."""
        words = {
            "sms": "sms", "email": "email", "e-mail": "email", "letter": "letter", "brief": "letter",
            "phone": "phone", "telefon": "phone", "none": "none", "keine": "none",
        }  # fmt: skip
        return words.get(row.preferred_channel.strip().lower(), "")

    def routes(self, rows: Sequence[Appointment], reminder: str) -> tuple[Route, ...]:
        """The channels for a message about these rows, in order; the soonest row gives the data."""
        row = rows[0]
        (configured,) = [each.channels for each in self.settings.reminders if each.name == reminder]
        order = [str(channel) for channel in configured]
        preferred = self.preferred(row)
        if preferred in order:
            order = [preferred, *(channel for channel in order if channel != preferred)]
        rejected = set().union(*(self.memory.rejected[each.appointment_id] for each in rows))
        found = []
        for channel in order:
            recipient = self.number(row, rows) if channel == "sms" else self.typed[row.email]
            if self.settings.email is None and channel == "email":
                recipient = None
            if recipient is not None and recipient not in rejected:
                found.append(Route(Channel(channel), recipient))
        return tuple(found)

    def number(self, row: Appointment, rows: Sequence[Appointment]) -> str | None:
        sms = self.settings.sms
        if sms is None or (sms.active_from is not None and self.today < sms.active_from):
            return None
        if len(rows) == 1 and self.parts(rows) > sms.max_parts:
            return None
        return self.typed[row.mobile] or self.typed[row.phone]

    def parts(self, rows: Sequence[Appointment]) -> int:
        """Of the simulation's own text, in which every sign is one of GSM-7's."""
        length = len(sms_text(rows, self.settings))
        return 1 if length <= 160 else -(-length // 153)

    # ---------------------------------------------------------------- rules 17 to 19

    def shorter(self, reminder: str) -> list[str]:
        return [name for name, lead in self.leads.items() if lead < self.leads[reminder]]

    def superseded(self, row: Appointment, reminder: str) -> bool:
        shorter = self.shorter(reminder)
        has_one = any(
            told.reminder in shorter and _names(told, row) and told.state != "released"
            for told in self.memory.told[row.appointment_id]
        )
        return has_one or any(self.passes(row, other) for other in shorter)

    def recently_notified(self, row: Appointment, planned: Collection[str]) -> bool:
        """Args:
        row: the appointment.
        planned: customers who get a message earlier in this run.
        """
        told = [
            told
            for told in self.memory.told[row.appointment_id]
            if told.state not in ("released", "failed") and told.customer_id == row.customer_id
        ]
        moved = bool(told) and told[-1].starts_at != row.starts_at  # since then
        chance = self.last_chance(row)
        late = chance - timedelta(minutes=self.rules.pre_quiet_minutes) <= self.now < chance
        yields = moved or late
        assert row.customer_id is not None
        message = row.customer_id in planned or any(
            heard.state in COUNTS_FOR_GAP and abs(self.now - heard.run_now) < self.gap
            for heard in self.memory.heard[row.customer_id]
        )
        if message and not yields:
            return True
        by_hand = row.last_contacted_at
        if by_hand is None or by_hand > self.now or self.now - by_hand >= self.gap:
            return False
        return not yields or self.now - by_hand < HAND_IS_OLD

    def held_back(self, row: Appointment, reminder: str) -> bool:
        only = self.settings.safety.only_recipients
        return bool(only) and not any(route.recipient in only for route in self.routes([row], reminder))

    # ---------------------------------------------------------------- the staff list

    def staff(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for row in self.rows:
            if row.customer_id is None or self.is_told(row):
                continue
            if any(self.is_for_staff(row, reminder) for reminder in self.leads):
                found[row.customer_id].add(row.appointment_id)
        return {customer: frozenset(names) for customer, names in found.items()}

    def is_told(self, row: Appointment) -> bool:
        """Whether what the customer heard last is right."""
        right = False
        for told in self.memory.told[row.appointment_id]:
            if told.state in ("sent", "delivered", "adopted"):
                right = _names(told, row)
            elif told.state in ("unknown", "claimed") and not _names(told, row):
                right = False
        return right

    def is_for_staff(self, row: Appointment, reminder: str) -> bool:
        if self.first_no(row, reminder) in _NOT_OURS:
            return False
        latest = self.latest(row, reminder)
        if latest is not None and _names(latest, row) and latest.state in ("failed", "unknown"):
            return True
        if self.minutes.day(row.starts_at) > self.today and row.starts_at > self.reach(reminder, self.now):
            return False
        if self.first_no(row, reminder) is Reason.MISSED:
            return True
        reason = self.first_no(row, reminder, without=_NOT_FOR_A_PERSON)
        if reason is Reason.NO_CONTACT:
            return not any(self.can_still_reach(row, other) for other in self.leads)
        return reason is Reason.MANUAL_CONTACT

    def can_still_reach(self, row: Appointment, reminder: str) -> bool:
        later = (Reason.MISSED, Reason.NOT_YET_DUE, Reason.BOOKED_RECENTLY)
        no = self.first_no(row, reminder, without=later) is not None
        return not no and not self.superseded(row, reminder) and not self.held_back(row, reminder)

    # ---------------------------------------------------------------- the plan

    def verdict(self) -> Verdict:
        skips: dict[tuple[str, str], Reason] = {}
        due: dict[tuple[str, str], list[Appointment]] = defaultdict(list)
        by_customer: dict[str, list[Appointment]] = defaultdict(list)
        for row in self.rows:
            if row.customer_id is not None:
                by_customer[row.customer_id].append(row)
            for reminder in self.leads:
                reason = self.first_no(row, reminder)
                if reason is None and self.superseded(row, reminder):
                    reason = Reason.SUPERSEDED
                if reason is None:
                    assert row.customer_id is not None
                    due[reminder, row.customer_id].append(row)
                elif self.is_listed(row, reminder, reason):
                    skips[reminder, row.appointment_id] = reason
        messages: set[Expected] = set()
        in_order = sorted(
            ((row, reminder) for (reminder, _), rows in due.items() for row in rows),
            key=lambda each: (each[0].starts_at, each[0].appointment_id, self.leads[each[1]]),
        )
        for row, reminder in in_order:
            customer = row.customer_id
            assert customer is not None
            if self.is_in(messages, row, [reminder]):
                continue
            reason = self.last_no(row, reminder, messages)
            if reason is not None:
                skips[reminder, row.appointment_id] = reason
                continue
            theirs = due[reminder, customer]
            free = [each for each in theirs if self.last_no(each, reminder, messages) is None]
            carried = self.carried(reminder, by_customer[customer], free, messages)
            for together in self.bundles(reminder, free, carried):
                ids = tuple(each.appointment_id for each in together)
                messages.add(Expected(reminder, customer, ids, self.allowed(self.routes(together, reminder))))
                for each in ids:
                    skips.pop((reminder, each), None)
        return Verdict(frozenset(messages), skips)

    def is_in(self, messages: Iterable[Expected], row: Appointment, reminders: Collection[str]) -> bool:
        return any(
            message.reminder in reminders and row.appointment_id in message.appointment_ids
            for message in messages
        )

    def last_no(self, row: Appointment, reminder: str, messages: Collection[Expected]) -> Reason | None:
        """Rule 17 once more, for what a shorter reminder's message takes along; then 18 and 19."""
        if self.is_in(messages, row, self.shorter(reminder)):
            return Reason.SUPERSEDED
        if self.recently_notified(row, {message.customer_id for message in messages}):
            return Reason.RECENTLY_NOTIFIED
        return Reason.HELD_BACK if self.held_back(row, reminder) else None

    def is_listed(self, row: Appointment, reminder: str, reason: Reason) -> bool:
        """Section 7: `skipped` covers the missed, today's from now on, and those in the windows."""
        if reason in (Reason.NOT_YET_DUE, Reason.PAST):
            return False
        ahead = row.starts_at > self.now
        today = self.minutes.day(row.starts_at) == self.today
        listed = today or row.starts_at <= self.reach(reminder, self.now)
        return reason is Reason.MISSED or (ahead and listed)

    def carried(
        self,
        reminder: str,
        rows: Sequence[Appointment],
        free: Sequence[Appointment],
        messages: Collection[Expected],
    ) -> list[Appointment]:
        """What a message takes along; nothing twice in one run."""
        until = self.reach(reminder, self.now) + self.gap
        return [
            row
            for row in rows
            if row not in free
            and not self.is_in(messages, row, self.leads)
            and row.starts_at <= until
            and self.first_no(row, reminder, without=[Reason.NOT_YET_DUE]) is None
            and not self.superseded(row, reminder)
            and not self.held_back(row, reminder)
        ]

    def bundles(
        self, reminder: str, due: list[Appointment], carried: list[Appointment]
    ) -> list[list[Appointment]]:
        """The customer's messages: all in one; else fewer carried ones; else several."""
        while carried and not self.fits(reminder, _soonest_first(due + carried)):
            carried = carried[:-1]
        if self.fits(reminder, _soonest_first(due + carried)):
            return [_soonest_first(due + carried)]
        several: list[list[Appointment]] = []
        for row in due:
            if several and self.fits(reminder, [*several[-1], row]):
                several[-1].append(row)
            else:
                several.append([row])
        return several

    def fits(self, reminder: str, rows: list[Appointment]) -> bool:
        """Whether the text on the channel that is tried first has no more parts than it may have."""
        routes = self.routes(rows, reminder)
        if not routes or routes[0].channel is not Channel.SMS:
            return bool(routes)
        assert self.settings.sms is not None
        return self.parts(rows) <= self.settings.sms.max_parts

    def allowed(self, routes: tuple[Route, ...]) -> tuple[Route, ...]:
        only = self.settings.safety.only_recipients
        return tuple(route for route in routes if not only or route.recipient in only)


def sms_text(rows: Sequence[Appointment], settings: Settings) -> str:
    """What the simulation's template says about these appointments, written without Jinja and Babel."""
    entries = [
        f"{local:%d.%m.%Y %H:%M} in der {row.branch_name}"
        for row in rows
        if (local := row.starts_at.astimezone(settings.zone))
    ]
    return f"{rows[0].last_name}: " + ", ".join(entries)


def local_day(moment: datetime, settings: Settings) -> date:
    """The practice's day."""
    return moment.astimezone(settings.zone).date()


def _names(told: Told, row: Appointment) -> bool:
    return (told.customer_id, told.starts_at) == (row.customer_id, row.starts_at)


def _soonest_first(rows: Iterable[Appointment]) -> list[Appointment]:
    return sorted(rows, key=lambda row: (row.starts_at, row.appointment_id))
