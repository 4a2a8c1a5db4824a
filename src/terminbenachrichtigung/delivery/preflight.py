"""The balance is asked for before a channel's first message: on an empty account no SMS is even tried."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from terminbenachrichtigung.clock import Clock
from terminbenachrichtigung.delivery.channel import Balance, Trouble
from terminbenachrichtigung.model.delivery import Unavailable, Unknown


@dataclass(frozen=True, slots=True)
class Shut:
    """The channel must stay closed."""

    why: str


def credit(balance: Callable[[], Balance | Trouble], clock: Clock, pauses: Sequence[float]) -> Balance | Shut:
    """The account's balance; or why nothing should be sent.

    What surely did not reach the gateway is asked again twice, as a message would be.
    """
    for pause in (*pauses, None):
        match balance():
            case Unavailable(again=True) if pause is not None:
                clock.sleep(pause)
            case Unavailable(detail=detail) | Unknown(detail=detail):
                return Shut(f"the balance could not be asked: {detail}")
            case Balance() as found:
                return found if found.amount > 0 else Shut(f"the account's balance is {found}")
            case _ as never:
                assert_never(never)
    raise AssertionError("the last pass returns")
