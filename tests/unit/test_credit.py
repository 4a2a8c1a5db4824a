"""How far a balance reaches: what an SMS costs, what is left, what is missing."""

from decimal import Decimal

import pytest

from terminbenachrichtigung.config.channels import SmsSettings
from terminbenachrichtigung.delivery.channel import Balance
from terminbenachrichtigung.model.delivery import Content, Outcome, Rejected, Sent, Unavailable, Unknown
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.model.result import Credits
from terminbenachrichtigung.run.credit import Credit, parts

CREDITS, EUR = "", "EUR"


def sms(count: int = 1) -> Content:
    return Content(Channel.SMS, "+491715555555", "de", "Text", parts=count)


MAIL = Content(Channel.EMAIL, "anna@example.org", "de", "Text")


def account(balance: str, unit: str, *taken: tuple[int, Outcome | None], **settings: object) -> Credit:
    """With this balance before SMS of so many parts, and how each ended; None: under way."""
    made = Credit(SmsSettings.model_validate({"serial": "1", "password": "x", "sender": "X", **settings}))
    made.opened(Balance(Decimal(balance), unit))
    for count, outcome in taken:
        made.take(sms(count))
        if outcome is not None:
            made.settle(sms(count), outcome)
    return made


def sent(price: str) -> Sent:
    return Sent("id 1", "1", Decimal(price))


@pytest.mark.parametrize(
    ("credit", "count", "covered"),
    [
        (account("2", CREDITS), 2, True),
        (account("2", CREDITS), 3, False),
        (account("1.5", CREDITS), 2, True),  # a part may cost a fraction
        (account("3", CREDITS, (2, None)), 1, True),
        (account("3", CREDITS, (2, None)), 2, False),
        (account("3", CREDITS, (2, Sent("1"))), 2, False),
        (account("3", CREDITS, (2, Unknown("?"))), 2, False),  # it may have been taken
        (account("3", CREDITS, (2, Rejected("no"))), 3, True),
        (account("3", CREDITS, (2, Unavailable("no"))), 3, True),
        (account("0.14", EUR), 9, True),  # nobody has named a price
        (account("0.21", EUR, (1, sent("0.07"))), 2, True),
        (account("0.21", EUR, (1, sent("0.07"))), 3, False),
        (account("0.28", EUR, (2, sent("0.14"))), 2, True),  # the price of a part
        (account("0.28", EUR, (2, sent("0.14"))), 3, False),
        (account("0.50", EUR, (1, sent("0.10")), (1, sent("0.05"))), 3, True),  # the highest counts
        (account("0.50", EUR, (1, sent("0.10")), (1, sent("0.05"))), 4, False),
        (account("0.14", EUR, price_per_part=0.07), 2, True),
        (account("0.14", EUR, price_per_part=0.07), 3, False),
        (account("3", CREDITS, price_per_part=1.5), 2, True),
        (account("3.5", CREDITS, price_per_part=1.5), 3, False),  # the price is known: no fraction counts
    ],
)  # fmt: skip
def test_what_a_balance_pays_for(credit: Credit, count: int, covered: bool) -> None:
    assert credit.covers(sms(count)) is covered
    assert credit.covers(MAIL)


@pytest.mark.parametrize(
    ("credit", "found"),
    [
        (account("3", CREDITS, (2, None)), Credits(Decimal(3), left=Decimal(1))),
        (account("1", CREDITS, (2, None)), Credits(Decimal(1))),  # never less than nothing
        (account("3", CREDITS, (2, None), credits_warn_below=1), Credits(Decimal(3), left=Decimal(1))),
        (
            account("3", CREDITS, (2, None), credits_warn_below=2),
            Credits(Decimal(3), low=True, left=Decimal(1)),
        ),
        (
            account("0.21", EUR, (1, sent("0.07")), credits_warn_below=1),
            Credits(Decimal("0.21"), low=True, left=Decimal("0.14"), currency=EUR),
        ),
    ],
)
def test_what_a_run_reports_of_the_account(credit: Credit, found: Credits) -> None:
    assert credit.found() == found


def test_what_is_missing_is_said_in_the_unit_of_the_account() -> None:
    credit = account("3", CREDITS, (2, None))
    assert credit.fell_short(4) == "the account has too few credits for what is due: 3 are missing"
    assert credit.found() == Credits(Decimal(3), missing=Decimal(3), left=Decimal(1))
    money = account("0.21", EUR, (1, sent("0.07")))
    expected = "the account has too little money for what is due: 0.14 EUR are missing"
    assert money.fell_short(4) == expected


def test_where_nobody_asked_everything_is_paid_for() -> None:
    for credit in (Credit(None), Credit(SmsSettings(sender="X", credits_warn_below=5))):
        assert credit.covers(sms(99))
        assert credit.found() is None


def test_an_sms_without_a_count_has_one_part_and_an_email_none() -> None:
    assert (parts(sms(3)), parts(sms(0)), parts(MAIL)) == (3, 1, 0)
