"""Asked once, before a channel's first message, so that an empty account costs no customer a reminder."""

import time
from collections.abc import Callable
from decimal import Decimal
from typing import assert_never

from terminbenachrichtigung.delivery.next_step import PAUSES
from terminbenachrichtigung.model.delivery import Unavailable, Unknown


def credit(balance: Callable[[], Decimal | Unavailable | Unknown]) -> Decimal | str:
    """The account's balance, in SMS credits; or why nothing should be sent.

    What surely did not reach the gateway is asked again twice, as a message would be.
    """
    for pause in (*PAUSES, None):
        match balance():
            case Unavailable(again=True) if pause is not None:
                time.sleep(pause)
            case Unavailable(detail=detail) | Unknown(detail=detail):
                return f"the balance could not be asked: {detail}"
            case Decimal() as credits:
                return credits if credits > 0 else f"the account's balance is {credits} credits"
            case _ as never:
                assert_never(never)
    raise AssertionError("the last pass returns")
