"""What `figures` counts, and the shares that it gives. Counts only, no customer's data."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from math import sqrt

from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Channel

FEWEST = 30
"""With fewer appointments than these no share is given, because it would say nothing."""
_Z = 1.959964  # of the normal distribution, for 95 in 100


@dataclass(frozen=True, slots=True)
class Telling:
    """One appointment in one message, as the journal has it."""

    message_id: str
    appointment_id: str
    starts_at: datetime  # as it was told
    state: State
    channel: Channel | None
    told_at: datetime  # when the run began that told it
    parts: int  # of all the message's SMS that left, or may have
    reminds: bool  # whether this is a reminder of the appointment, by itself or in a correction
    corrects: bool  # whether the message is a correction
    customer_id: str
    name: frozenset[str]  # hashes of the words of the customer's name; empty for no name
    recipient: str  # empty where it was forgotten, or another system told them


class Ending(StrEnum):
    """What became of an appointment whose start lies behind."""

    CAME = "came"
    CANCELLED = "cancelled"  # in time: by a status that excludes it from reminders
    NO_SHOW = "no_show"  # by a status of `[figures] no_show_statuses`


class Group(StrEnum):
    """Whether the customer was told before the start."""

    TOLD = "told"  # a message was sent, or is known to have arrived
    CONFIRMED = "confirmed"  # of those told: who answered before the start that they will come
    NOT_TOLD = "not_told"
    UNCERTAIN = "uncertain"  # unknown whether it was sent, or another system was to tell them


EVERYBODY = (Group.TOLD, Group.NOT_TOLD, Group.UNCERTAIN)
"""Every appointment is in one of these groups. Those that were confirmed are among those told."""


class LeadTime(StrEnum):
    """How long before the start a customer was told."""

    UNDER_12_HOURS = "under_12_hours"
    UNDER_24_HOURS = "under_24_hours"
    UNDER_48_HOURS = "under_48_hours"
    UNDER_7_DAYS = "under_7_days"
    LONGER = "longer"


@dataclass(frozen=True, slots=True)
class Share:
    """A share: `count` of `of`. With fewer than `FEWEST` there is no rate and no interval."""

    count: int
    of: int

    @property
    def rate(self) -> float | None:
        """Between 0 and 1; None where there are too few."""
        return self.count / self.of if self.of >= FEWEST else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The interval in which the true share lies with 95 % confidence (Wilson's score); None with too few.

        The simpler normal interval would reach below zero, because no-shows are rare.
        """
        if self.of < FEWEST:
            return None
        rate, spread = self.count / self.of, _Z * _Z / self.of
        centre = (rate + spread / 2) / (1 + spread)
        half = _Z / (1 + spread) * sqrt(rate * (1 - rate) / self.of + spread / (4 * self.of))
        return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(slots=True)
class Section:
    """The figures of all appointments, or of one branch, type or week; they grow while it is counted."""

    name: str = ""  # empty: all
    messages: Counter[tuple[Channel, State]] = field(default_factory=Counter)
    parts: int = 0  # of all SMS that left, or may have
    correction_parts: int = 0  # those of them that corrections took
    lead_times: Counter[LeadTime] = field(default_factory=Counter)
    endings: Counter[tuple[Group, Ending]] = field(default_factory=Counter)
    ahead: int = 0  # appointments of the span that have not started yet

    def sent(self, *states: State, channel: Channel | None = None) -> int:
        """Messages in any of these states, of one channel or of all."""
        return sum(
            count for (by, state), count in self.messages.items() if state in states and channel in (None, by)
        )

    @property
    def delivered(self) -> Share:
        """Of the SMS that were sent, those that a delivery report says have arrived."""
        sent = self.sent(State.SENT, State.DELIVERED, State.UNDELIVERED, channel=Channel.SMS)
        return Share(self.sent(State.DELIVERED, channel=Channel.SMS), sent)

    def share(self, group: Group, ending: Ending) -> Share:
        """Of the group's appointments, those with this ending."""
        return Share(self.endings[group, ending], self.appointments(group))

    def appointments(self, *groups: Group) -> int:
        """The appointments that lie behind, of these groups."""
        return sum(count for (group, _), count in self.endings.items() if group in groups)


@dataclass(frozen=True, slots=True)
class Week:
    """The figures of the appointments of one week."""

    monday: date
    section: Section


@dataclass(frozen=True, slots=True)
class Figures:
    """What `figures` found of a span of days."""

    first_day: date
    last_day: date
    total: Section
    first_remembered: date | None = None
    """Where the journal does not go back as far as was asked: the first day that it still knows all of."""
    weeks: Sequence[Week] = ()
    branches: Sequence[Section] = ()
    types: Sequence[Section] = ()
