"""What the deliveries ask of the other rooms, and what they give back; `sending` wires it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from terminbenachrichtigung.delivery.channel import Channel as Sender
from terminbenachrichtigung.journal.journal import Journal
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.delivery import Content
from terminbenachrichtigung.model.plan import Channel, Plan, PlannedMessage, Route, Skip
from terminbenachrichtigung.model.result import Credits, MessageResult, Stop


class Held(StrEnum):
    """Why an attempt did not start."""

    QUIET = "a quiet period began"
    TOO_LATE = "its time had come before it could be sent"
    LEASE = "the claim had to be renewed first"


@dataclass(frozen=True, slots=True)
class Stages:
    """The rooms, as functions."""

    journal: Journal
    senders: Mapping[Channel, Sender]
    content: Callable[[PlannedMessage, Route], Content]
    gate: Callable[[datetime], Held | None]
    """For the soonest start of a message: whether it may leave at this moment, by a fresh clock."""
    reread: Callable[[], Sequence[Appointment]]
    """The window, read anew in a fresh transaction."""
    plan_customer: Callable[[Sequence[Appointment]], Plan]
    """What one customer's rows come to, judged with what the journal knows now."""
    preflight: Mapping[Channel, Callable[[], Decimal | str | None]]
    """Asked once before a channel's first message: its SMS credits, or why the channel must stay closed."""
    stopping: Callable[[], Stop | None]


@dataclass(frozen=True, slots=True)
class Limits:
    """The settings that the deliveries need."""

    now: datetime
    gap: timedelta
    on_unknown: Literal["hold", "fallback"]
    lease_seconds: float
    """After so long without a renewal no attempt starts: the rest of the lease is for the attempt itself."""


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What became of a plan."""

    results: tuple[MessageResult, ...]
    skips: tuple[Skip, ...]
    closed: Mapping[Channel, str]
    stop: Stop | None
    stop_detail: str
    credits: Credits | None
