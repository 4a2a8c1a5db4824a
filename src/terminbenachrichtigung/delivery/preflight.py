"""Asked once, before a channel's first message, so that an empty account costs no customer a reminder."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import assert_never

from terminbenachrichtigung.clock import Clock
from terminbenachrichtigung.model.delivery import Unavailable, Unknown


def credit(
    balance: Callable[[], Decimal | Unavailable | Unknown], clock: Clock, pauses: Sequence[float]
) -> Decimal | str:
    """The account's balance, in SMS credits; or why nothing should be sent.

    What surely did not reach the gateway is asked again twice, as a message would be.
    """
    for pause in (*pauses, None):
        match balance():
            case Unavailable(again=True) if pause is not None:
                clock.sleep(pause)
            case Unavailable(detail=detail) | Unknown(detail=detail):
                return f"the balance could not be asked: {detail}"
            case Decimal() as credits:
                return credits if credits > 0 else f"the account's balance is {credits} credits"
            case _ as never:
                assert_never(never)
    raise AssertionError("the last pass returns")
