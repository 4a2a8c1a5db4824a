"""Asked once, before a channel's first message, so that an empty account costs no customer a reminder."""

import time
from collections.abc import Callable
from decimal import Decimal
from typing import assert_never

from terminbenachrichtigung.delivery.course import PAUSES
from terminbenachrichtigung.model import Unavailable, Unknown


def no_credit(balance: Callable[[], Decimal | Unavailable | Unknown]) -> str | None:
    """Why nothing should be sent, by the account's balance; None if there is credit.

    What surely did not reach the gateway is asked again twice, as a message would be.
    """
    for pause in (*PAUSES, None):
        match balance():
            case Unavailable(again=True) if pause is not None:
                time.sleep(pause)
            case Unavailable(detail=detail) | Unknown(detail=detail):
                return f"the balance could not be asked: {detail}"
            case Decimal() as credits:
                return None if credits > 0 else f"the account's balance is {credits} credits"
            case _ as never:
                assert_never(never)
    return None
