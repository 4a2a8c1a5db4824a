"""Pure: what happens next to a message, from what its attempts said (contract, section 3)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from terminbenachrichtigung.model.delivery import Attempt, Rejected, Sent, Unavailable, Unknown
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, Route


@dataclass(frozen=True, slots=True)
class Try:
    """Attempt this route, after a pause in seconds."""

    route: Route
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class End:
    """Nothing more is tried in this run."""

    outcome: MessageOutcome


def next_step(
    routes: Sequence[Route],
    attempts: Sequence[Attempt],
    closed: Collection[Channel],
    on_unknown: Literal["hold", "fallback"],
    pauses: Sequence[float],
) -> Try | End:
    """The next attempt of a message, or how it ended.

    Args:
        routes: its channels in order.
        attempts: what was tried so far, oldest first.
        closed: channels that nothing more may be sent by.
        on_unknown: whether an attempt that may have been sent lets the next channel try.
        pauses: seconds before each further try of what surely was not sent.
    """
    for route in routes:
        tried = [attempt.outcome for attempt in attempts if attempt.route == route]
        if not tried:
            if route.channel not in closed:
                return Try(route)
            continue
        match tried[-1]:
            case Sent():
                return End(MessageOutcome.SENT)
            case Unknown():
                if on_unknown == "hold":
                    return End(MessageOutcome.UNKNOWN)
            case Rejected():
                pass
            case Unavailable(again=again, account_error=account_error):
                if again and not account_error and len(tried) <= len(pauses) and route.channel not in closed:
                    return Try(route, pauses[len(tried) - 1])
            case _ as never:
                assert_never(never)
    return End(_without_a_channel_left(routes, attempts))


def _without_a_channel_left(routes: Sequence[Route], attempts: Sequence[Attempt]) -> MessageOutcome:
    if not attempts:
        return MessageOutcome.DEFERRED
    if any(isinstance(attempt.outcome, Unknown) for attempt in attempts):
        return MessageOutcome.UNKNOWN
    rejected = {attempt.route for attempt in attempts if isinstance(attempt.outcome, Rejected)}
    # A route that was closed before its attempt counts as unavailable: the next run may try it.
    return MessageOutcome.FAILED if rejected.issuperset(routes) else MessageOutcome.RETRY
