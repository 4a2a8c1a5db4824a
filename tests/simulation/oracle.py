"""The rules of contract, section 2, written a second time: slow and literal, from the contract alone.

It shares the words with the program (`model`, the settings), and none of its rules or windows. What the
journal knows is read from the tables by statements of the simulation's own (`memory`).
"""

import fnmatch
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from itertools import chain

from simulation.minutes import Minutes
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.lead import DaysBefore
from terminbenachrichtigung.model.plan import Channel, Reason, Route

COUNTS_FOR_GAP = frozenset({"claimed", "sent", "delivered", "unknown"})
FAILED = ("failed", "undelivered")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
HAND_IS_OLD = timedelta(hours=2)
CONFIRMATION = "Terminbestätigung"
CANCELLATION, MOVE = CORRECTIONS = ("Terminabsage", "Terminverschiebung")


@dataclass(frozen=True)
class Told:
    """One row of journal_notifications with its message's state."""

    reminder: str
    appointment_id: str
    generation: int
    customer_id: str
    starts_at: datetime
    state: str
    message_id: str = ""
    run_now: datetime = LONG_AGO
    corrects: datetime | None = None
    """The start that it says to be off."""
    order: int = 0
    """Which came first."""
    route: tuple[str, str] | None = None
    """Channel and recipient of the last attempt."""
    name: str = ""
    """The customer's at that time."""
    recipient: str | None = None
    """The first of its message; None where nobody saw it."""


@dataclass(frozen=True)
class Heard:
    """One row of journal_messages, as the customer gap sees it."""

    run_now: datetime
    state: str
    message_id: str = ""
    reminder: str = ""


@dataclass(frozen=True)
class Tick:
    """What a person ticked off on the staff list."""

    appointment_id: str
    customer_id: str
    name: str
    starts_at: datetime
    revokes: datetime | None
    """The start that they said to be off."""
    done_at: datetime

    @property
    def believed(self) -> datetime | None:
        """The start that the customer knows by it; None: it is off."""
        return None if self.revokes == self.starts_at else self.starts_at


@dataclass
class Memory:
    """What the journal knows, for the rules."""

    # by appointment, oldest first; what the reminders said, and the confirmations
    told: dict[str, list[Told]] = field(default_factory=lambda: defaultdict(list))
    confirmed: dict[str, list[Told]] = field(default_factory=lambda: defaultdict(list))
    rejected: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # by appointment
    heard: dict[str, list[Heard]] = field(default_factory=lambda: defaultdict(list))  # by customer
    left: dict[tuple[str, str], tuple[str, datetime]] = field(default_factory=dict)
    ticks: dict[str, list[Tick]] = field(default_factory=lambda: defaultdict(list))  # by customer
    complete_runs: Sequence[datetime] = ()
    journal_made: datetime | None = None
    first_complete: dict[str, datetime] = field(default_factory=dict)  # by reminder
    changes: dict[str, tuple[str, datetime | None, datetime]] = field(default_factory=dict)
    """By appointment: whose last word was told otherwise, where it is now, and since when runs see that."""


class Judging:
    """Each rule for one moment; which appointments there are matters to none of them."""

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
        typed: what each text that people typed into a phone or e-mail field means; None: nothing usable.
        memory: what the journal knows.
        now: an open moment.
        """
        self.settings, self.minutes, self.typed = settings, minutes, typed
        self.rules, self.memory, self.now = settings.rules, memory, now
        # A run that lies ahead was made by a clock gone wrong.
        self.complete_runs = [run for run in memory.complete_runs if run <= now]
        self.gap = timedelta(hours=self.rules.hours_between_messages)
        self.today = self.minutes.day(now)
        self.leads = {reminder.name: reminder.lead for reminder in settings.reminders}
        self.retired = {
            told.reminder
            for rows in memory.told.values()
            for told in rows
            if told.reminder not in (*self.leads, *CORRECTIONS)
        } | {name for name in memory.first_complete if name not in (*self.leads, CONFIRMATION)}
        self._passes: dict[tuple[str, str], bool] = {}
        self.moved: Mapping[str, bool] = {}
        """By appointment that moved: whether a correction tells it now, or soon."""

    @cached_property
    def claimed_customers(self) -> frozenset[str]:
        return frozenset(
            customer
            for customer, messages in self.memory.heard.items()
            if any(message.state == "claimed" for message in messages)
        )

    def reach(self, reminder: str, moment: datetime | None = None) -> datetime:
        """The latest start in its window; now, if no moment is named."""
        lead, now = self.leads[reminder], moment or self.now
        if isinstance(lead, DaysBefore):
            return self.minutes.reach_of_days(now, lead)
        return self.minutes.reach(now, lead.hours, self.rules.pre_quiet_minutes)

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
        yield Reason.NOT_YET_DUE, partial(lambda: row.starts_at > self.reach(reminder))
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
        """Released ones that name another person or start told nobody anything.

        Of a reminder that told nothing of it yet: the latest of those that are configured no more. What those
        told of the present start stands, too, where the reminder's own message came to nothing.
        """
        told = [
            told
            for told in self.memory.told[row.appointment_id]
            if told.state != "released" or names(told, row)
        ]
        own = [each for each in told if each.reminder == reminder]
        retired = [each for each in told if each.reminder in self.retired]
        newest = max(own, key=lambda each: each.generation) if own else None
        if newest is None:
            return retired[-1] if retired else None
        telling = [each for each in told if each in own or each in retired]
        telling = [each for each in telling if each.state not in ("released", *FAILED)]
        if not telling or newest.state not in ("released", *FAILED):
            return telling[-1] if telling else newest
        last = telling[-1]
        holds = names(newest, row) and names(last, row) and not self.is_revoked(last)
        return last if holds else newest

    def already_notified(self, row: Appointment, reminder: str) -> bool:
        return self.is_told(row, reminder) or self.told_as_another(row, reminder) or self.told_too_often(row)

    def told_as_another(self, row: Appointment, reminder: str) -> bool:
        """Nobody is in two places at once: the same person was told this start, for another id."""
        return self.told_beside(row, reminder, [reminder, *self.retired])

    def told_beside(self, row: Appointment, reminder: str, by: Collection[str]) -> bool:
        """Whether one of these told the person of this start for another id; `reminder` says who they are."""
        routes = () if reminder == CONFIRMATION else self.routes([row], reminder)
        first = routes[0].recipient if routes else None
        if reminder == CONFIRMATION:
            first = self.confirmation_route(row)
        by_start = self.confirmed_by_start if reminder == CONFIRMATION else self.told_by_start
        return any(
            told.reminder in by
            and told.state not in ("released", *FAILED)
            and not self.is_revoked(told)
            and self.is_believed(name, told, of=reminder)
            and (
                told.customer_id == row.customer_id
                or (same_name(told.name, row.last_name) and first is not None and told.recipient == first)
            )
            for name, told in by_start.get(to_the_minute(row.starts_at), ())
            if name != row.appointment_id
        )

    def is_believed(self, appointment: str, told: Told, of: str) -> bool:
        """Whether its person was told no other start of the same appointment since."""
        kept = self.memory.confirmed if of == CONFIRMATION else self.memory.told
        newest = max(
            (
                each
                for each in kept[appointment]
                if each.state not in ("released", *FAILED)
                and (each.customer_id == told.customer_id or same_name(each.name, told.name))
            ),
            key=lambda each: each.order,
        )
        return newest.starts_at == told.starts_at

    @cached_property
    def told_by_start(self) -> Mapping[datetime, Sequence[tuple[str, Told]]]:
        return by_start(self.memory.told)

    @cached_property
    def confirmed_by_start(self) -> Mapping[datetime, Sequence[tuple[str, Told]]]:
        return by_start(self.memory.confirmed)

    def is_revoked(self, told: Told) -> bool:
        """Whether a correction that was surely sent took it back since; it takes itself back as well."""
        return any(
            each.order >= told.order
            and (
                each.customer_id == told.customer_id
                or (
                    same_name(each.name, told.name)
                    and (
                        each.appointment_id == told.appointment_id
                        or (told.recipient is not None and told.recipient == each.recipient)
                    )
                )
            )
            for each in self.corrected[told.starts_at]
        )

    @cached_property
    def corrected(self) -> Mapping[datetime, Sequence[Told]]:
        """By the start that they took back: the corrections that were surely sent."""
        found: defaultdict[datetime, list[Told]] = defaultdict(list)
        for rows in self.memory.told.values():
            for told in rows:
                if told.corrects is not None and told.state in ("sent", "delivered"):
                    found[told.corrects].append(told)
        return found

    def told_too_often(self, row: Appointment) -> bool:
        """Four times, one after the other, within a day: the fifth is for a person to tell."""
        day = timedelta(days=1)
        starts = [
            told.starts_at
            for told in self.memory.told[row.appointment_id]
            if told.state not in ("released", *FAILED)
            and is_theirs(told, row)
            and self.now - day < told.run_now <= self.now
        ]
        return sum(a != b for a, b in zip([None, *starts], starts, strict=False)) >= 4

    def is_told(self, row: Appointment, reminder: str) -> bool:
        latest = self.latest(row, reminder)
        if latest is None or not names(latest, row) or latest.state in ("claimed", "released"):
            return False
        if self.is_revoked(latest):
            return False
        # Failed for other recipients: one of the present ones was not rejected yet.
        return not (latest.state in FAILED and self.routes([row], reminder))

    def missed(self, row: Appointment, reminder: str) -> bool:
        complete = self.complete_runs
        runs = self.memory.first_complete.items()
        first = min((run for name, run in runs if name in (reminder, *self.retired)), default=None)
        last_chance = self.last_chance(row)
        if not complete or first is None or row.starts_at <= max(complete):
            return False
        if self.minutes.day(row.starts_at) > self.today or last_chance > self.now:
            return False
        told_already = [told for told in self.memory.told[row.appointment_id] if told.state != "released"]
        if any(is_theirs(told, row) for told in told_already):
            return False
        if self.told_beside(row, reminder, [*self.leads, *self.retired, *CORRECTIONS]):
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
        elif self.seen_in_window(row, reminder, last_chance) and not self.was_left(row, reminder):
            return False
        contacted = self.contacted(row, of_this_start=True)
        if contacted is not None and last_chance - self.gap < contacted <= self.now:
            return False
        assert self.memory.journal_made is not None
        return last_chance > max(self.memory.journal_made, first)

    def was_left(self, row: Appointment, reminder: str) -> bool:
        """Whether a run left the appointment, or the one of this customer that stood at its start, undone."""
        return any(
            name == reminder
            and start == to_the_minute(row.starts_at)
            and (appointment == row.appointment_id or customer == row.customer_id)
            for (name, appointment), (customer, start) in self.memory.left.items()
        )

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

    # ---------------------------------------------------------------- confirmations

    def confirmation_refused(self, row: Appointment) -> Reason | None:
        """Why a new booking is not confirmed: rules 1 to 5, and those that are not about reminders."""
        latest = max(
            (
                told
                for told in self.memory.confirmed[row.appointment_id]
                if told.state != "released" or names(told, row)
            ),
            key=lambda told: told.generation,
            default=None,
        )
        route = self.confirmation_route(row)
        told = (
            latest is not None
            and names(latest, row)
            and latest.state not in ("claimed", "released")
            and not self.is_revoked(latest)
        )
        again = told and latest is not None and latest.state in FAILED and route is not None
        for reason, says_no in self.in_order(row, next(iter(self.leads))):
            match reason:
                case Reason.ALREADY_NOTIFIED:
                    refused = (told and not again) or self.told_as_another(row, CONFIRMATION)
                case Reason.NO_CONTACT:
                    refused = route is None
                case Reason.MISSED | Reason.SAME_DAY | Reason.NOT_YET_DUE | Reason.BOOKED_RECENTLY:
                    continue
                case Reason.MANUAL_CONTACT:
                    continue
                case _:
                    refused = says_no()
            if refused:
                return reason
        only = self.settings.safety.only_recipients
        return Reason.HELD_BACK if only and route not in only else None

    def confirmation_route(self, row: Appointment) -> str | None:
        """The address, unless it was refused for this appointment."""
        address = self.typed[row.email] if self.settings.email is not None else None
        return None if address in self.memory.rejected[row.appointment_id] else address

    # ---------------------------------------------------------------- how a customer is reached

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
        """Of an SMS about these rows."""
        return parts_of(text_about(rows, self.settings))

    # ---------------------------------------------------------------- rules 17 to 19

    def shorter(self, row: Appointment, reminder: str) -> list[str]:
        """Of two equal leads the first in the configuration is the shorter."""
        names = list(self.leads)
        due = {name: self.minutes.due_at(row.starts_at, lead) for name, lead in self.leads.items()}
        return [
            name
            for name in names
            if due[name] > due[reminder]
            or (due[name] == due[reminder] and names.index(name) < names.index(reminder))
        ]

    def superseded(self, row: Appointment, reminder: str) -> bool:
        shorter = self.shorter(row, reminder)
        has_one = any(
            told.reminder in shorter
            and names(told, row)
            and told.state != "released"
            and not self.is_revoked(told)
            for told in self.memory.told[row.appointment_id]
        )
        corrected = self.moved.get(row.appointment_id)
        if corrected is not None and (corrected or not self.is_last_chance(row)):
            return True
        if shorter and self.told_beside(row, reminder, shorter):
            return True
        return has_one or any(self.passes(row, other) for other in shorter)

    def is_last_chance(self, row: Appointment) -> bool:
        chance = self.last_chance(row)
        return chance - timedelta(minutes=self.rules.pre_quiet_minutes) <= self.now < chance

    def recently_notified(self, row: Appointment, planned: Collection[str]) -> bool:
        """Args:
        row: the appointment.
        planned: customers who get a message of another reminder earlier in this run.
        """
        told = [
            told
            for told in self.memory.told[row.appointment_id]
            if told.state not in ("released", *FAILED) and is_theirs(told, row)
        ]
        moved = bool(told) and told[-1].starts_at != to_the_minute(row.starts_at)  # since then
        if self.told_by_a_person(row):
            return True
        stands_again = bool(told) and self.is_revoked(told[-1])
        yields = moved or stands_again or self.is_last_chance(row)
        assert row.customer_id is not None
        message = row.customer_id in planned or any(
            heard.state in COUNTS_FOR_GAP
            and heard.reminder not in (CONFIRMATION, *CORRECTIONS)
            and abs(self.now - heard.run_now) < self.gap
            for heard in self.memory.heard[row.customer_id]
        )
        if message and not yields:
            return True
        by_hand = self.contacted(row)
        if by_hand is None or self.now - by_hand >= self.gap:
            return False
        return not yields or self.now - by_hand < HAND_IS_OLD

    def told_by_a_person(self, row: Appointment) -> bool:
        """Of this very appointment and start, as the staff list asked."""
        start = to_the_minute(row.starts_at)
        calls = [
            each
            for each in self.calls(row)
            if each.appointment_id == row.appointment_id
            or (each.customer_id, each.starts_at) == (row.customer_id, start)
        ]
        return any(
            each.starts_at == start
            and not each.revokes
            and all(later.believed == start for later in calls if later.done_at > each.done_at)
            for each in calls
        )

    def calls(self, row: Appointment) -> list[Tick]:
        """What was ticked off for the customer, and for this appointment before their record was merged."""
        customer = row.customer_id or ""
        return self.memory.ticks.get(customer, []) + [
            each
            for each in chain(*self.memory.ticks.values())
            if each.appointment_id == row.appointment_id
            and each.customer_id != customer
            and same_name(each.name, row.last_name)
        ]

    def contacted(self, row: Appointment, *, of_this_start: bool = False) -> datetime | None:
        """When the customer was last contacted by hand; not by being told that this appointment is off."""
        contacts = [
            each.done_at
            for each in self.calls(row)
            if each.appointment_id != row.appointment_id
            or each.starts_at == to_the_minute(row.starts_at) != each.revokes
            or (each.revokes is None and not of_this_start)
        ]
        contacts += [row.last_contacted_at] if row.last_contacted_at is not None else []
        return max((each for each in contacts if each <= self.now), default=None)

    def held_back(self, row: Appointment, reminder: str) -> bool:
        only = self.settings.safety.only_recipients
        return bool(only) and not any(route.recipient in only for route in self.routes([row], reminder))


def text_about(rows: Sequence[Appointment], settings: Settings) -> str:
    """What the simulation's template says about these appointments, written without Jinja and Babel."""
    # Two chairs at one time are said once.
    said = {
        (to_the_minute(row.starts_at), row.branch_code): row for row in reversed(rows)
    }  # two chairs are said once
    entries = [
        f"{row.starts_at.astimezone(settings.zone):%d.%m.%Y %H:%M} in der {row.branch_name}"
        for row in rows
        if row in said.values()
    ]
    closing = (settings.templates["t"]["de"].sms or "").rpartition("{% endfor %}")[2]
    return (f"{rows[0].last_name}: " + ", ".join(entries) + closing).strip()


def parts_of(text: str) -> int:
    """Of the simulation's own text, in which every sign is one of GSM-7's."""
    return 1 if len(text) <= 160 else -(-len(text) // 153)


def names(told: Told, row: Appointment) -> bool:
    """Whether it is about the row's present person and start."""
    return told.starts_at == to_the_minute(row.starts_at) and is_theirs(told, row)


def is_theirs(told: Told, row: Appointment) -> bool:
    """Whether the row is still that of the person who was told of it: a new id beside the name is none."""
    if row.customer_id is None:
        return False
    return told.customer_id == row.customer_id or same_name(told.name, row.last_name)


def by_start(memory: Mapping[str, Sequence[Told]]) -> Mapping[datetime, Sequence[tuple[str, Told]]]:
    """By the start that was told: each row, with the appointment under which it is known."""
    found: defaultdict[datetime, list[tuple[str, Told]]] = defaultdict(list)
    for name, rows in memory.items():
        for told in rows:
            found[told.starts_at].append((name, told))
    return found


def same_name(one: str, other: str) -> bool:
    """`Meier` beside `Ida Meier` is one name; an empty one is nobody's."""
    ours, theirs = set(one.casefold().split()), set(other.casefold().split())
    return bool(ours) and bool(theirs) and (ours <= theirs or theirs <= ours)


def to_the_minute(start: datetime) -> datetime:
    """As a text shows it."""
    return start.replace(second=0, microsecond=0)
