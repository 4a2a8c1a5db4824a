"""A claimed message on its way through its channels."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from terminbenachrichtigung.clock import Instant
from terminbenachrichtigung.model.delivery import Attempt, Claim, Content, Rejected, Unavailable
from terminbenachrichtigung.model.plan import Channel, PlannedMessage, Route
from terminbenachrichtigung.run.backlog import Queued


@dataclass(slots=True)
class Delivery:
    """Where it stands."""

    claim: Claim
    item: Queued  # its place in the backlog
    route: Route
    content: Content
    renewed: Instant
    read_at: Instant  # when the rows were read that it was made from
    attempts: list[Attempt] = field(default_factory=list)
    noted: int = 0  # so many attempts are in the journal
    due: float = 0.0
    renew: bool = False

    @property
    def message(self) -> PlannedMessage:
        return self.claim.message


def not_rejected(attempts: Iterable[Attempt], channel: Channel) -> list[Attempt]:
    """The attempts, where a rejection by this channel was the channel's own fault."""
    return [
        replace(attempt, outcome=Unavailable(attempt.outcome.detail, again=False))
        if attempt.route.channel is channel and isinstance(attempt.outcome, Rejected)
        else attempt
        for attempt in attempts
    ]
