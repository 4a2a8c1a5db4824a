"""Before its first SMS a run asks for the balance (contract, section 3)."""

from decimal import Decimal

import pytest

from terminbenachrichtigung.clock import SYSTEM_CLOCK
from terminbenachrichtigung.delivery.channel import Balance
from terminbenachrichtigung.delivery.preflight import Shut, credit
from terminbenachrichtigung.model.delivery import Unavailable, Unknown

Answer = Balance | Unavailable | Unknown

FIVE = Balance(Decimal(5))
DOWN = Unavailable("connection refused")
LOCKED = Unavailable("AccountLocked", account_error=True, again=False)


def asked(*answers: Answer) -> tuple[Balance | Shut, int]:
    """What came of it, and how often was asked; the last answer stays."""
    left = list(answers)
    count = 0

    def balance() -> Answer:
        nonlocal count
        count += 1
        return left.pop(0) if len(left) > 1 else left[0]

    return credit(balance, SYSTEM_CLOCK, (0.01, 0.01)), count


@pytest.mark.parametrize("balance", ["1", "0.5", "0.0001", "123456.75"])
def test_with_credit_the_channel_is_open(balance: str) -> None:
    assert asked(Balance(Decimal(balance))) == (Balance(Decimal(balance)), 1)


@pytest.mark.parametrize("balance", ["0", "0.00", "-1", "-0.5", "-0"])
def test_without_credit_nothing_is_sent(balance: str) -> None:
    assert asked(Balance(Decimal(balance))) == (Shut(f"the account's balance is {balance} credits"), 1)


def test_an_empty_account_of_money_is_named_with_its_currency() -> None:
    assert asked(Balance(Decimal("-0.12"), "EUR")) == (Shut("the account's balance is -0.12 EUR"), 1)


@pytest.mark.parametrize(
    ("answers", "why", "times"),
    [
        pytest.param([DOWN], "connection refused", 3, id="down, at all three times"),
        pytest.param([LOCKED], "AccountLocked", 1, id="an account error is final"),
        pytest.param([Unknown("no XML")], "no XML", 1, id="an answer that nobody understands"),
        pytest.param([DOWN, LOCKED], "AccountLocked", 2, id="down, then an account error"),
    ],
)
def test_a_gateway_that_fails_closes_the_channel(answers: list[Answer], why: str, times: int) -> None:
    assert asked(*answers) == (Shut(f"the balance could not be asked: {why}"), times)


@pytest.mark.parametrize("answers", [[DOWN, FIVE], [DOWN, DOWN, FIVE]])
def test_a_gateway_that_was_away_for_a_moment_does_not(answers: list[Answer]) -> None:
    assert asked(*answers) == (FIVE, len(answers))
