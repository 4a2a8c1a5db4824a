"""A claimed message on its way through its channels, and whether it may leave at this moment."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from terminbenachrichtigung.clock import Instant
from terminbenachrichtigung.model.delivery import Attempt, Claim, Content, Rejected, Unavailable
from terminbenachrichtigung.model.plan import Channel, PlannedMessage, Route
from terminbenachrichtigung.run.backlog import Queued
from terminbenachrichtigung.run.context import RunContext


@dataclass(slots=True)
class Delivery:
    """A claimed message, and where it stands."""

    claim: Claim
    item: Queued  # its place in the backlog
    route: Route
    content: Content
    renewed: Instant
    read_at: Instant  # when the rows were read that it was made from
    attempts: list[Attempt] = field(default_factory=list)
    noted: int = 0  # how many of the attempts the journal has
    due: float = 0.0  # when the next attempt may start, by the monotonic clock
    renew: bool = False  # whether the lease must be renewed before the next attempt

    @property
    def message(self) -> PlannedMessage:
        return self.claim.message


def not_rejected(attempts: Iterable[Attempt], channel: Channel) -> list[Attempt]:
    """The attempts, with each rejection by this channel as `unavailable`: it was the channel's fault."""
    return [
        replace(attempt, outcome=Unavailable(attempt.outcome.detail, again=False))
        if attempt.route.channel is channel and isinstance(attempt.outcome, Rejected)
        else attempt
        for attempt in attempts
    ]


class Held(StrEnum):
    """Why an attempt did not start."""

    QUIET = "a quiet period began"
    TOO_LATE = "its time had come before it could be sent"
    LEASE = "the claim had to be renewed first"
    OPTED_OUT = "its recipient asked a moment ago not to be written to (opt-out)"
    STALE = "its claim took so long that the schedule may say something else by now"


def held_by_time(context: RunContext, start: datetime, *, same_day: bool) -> Held | None:
    """Why a message about an appointment at `start` must not leave now; None if it may.

    `same_day`: whether it may leave on the appointment's own day.
    """
    moment = context.clock.now()
    if context.quiet.period_at(moment) is not None:
        return Held.QUIET
    today = context.quiet.local_date(moment) == context.quiet.local_date(start)
    if start <= moment or (today and not same_day):
        return Held.TOO_LATE
    return None
