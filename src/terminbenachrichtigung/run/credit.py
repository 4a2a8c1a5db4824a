"""What the account still pays for: each SMS that is under way or was taken counts against the balance."""

from decimal import Decimal
from math import ceil

from terminbenachrichtigung.config.channels import SmsSettings
from terminbenachrichtigung.delivery.channel import Balance
from terminbenachrichtigung.model.delivery import Content, Outcome, Rejected, Unavailable
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.model.result import Credits


class Credit:
    """The balance of a run. Other runs that draw on the same account at the same time are not seen."""

    def __init__(self) -> None:
        self._balance: Decimal | None = None  # None: nobody asked, so everything counts as paid for
        self._missing = Decimal(0)
        self._spent = 0

    def opened(self, balance: Balance) -> None:
        """Takes the balance, as the gateway gave it, before the first SMS."""
        self._balance = balance.amount

    def found(self, sms: SmsSettings | None) -> Credits | None:
        """What the run reports; `sms` says below which balance a person wants to be told."""
        if self._balance is None:
            return None
        low = sms is not None and self._balance < Decimal(str(sms.credits_warn_below))
        return Credits(self._balance, self._missing, low)

    def covers(self, content: Content) -> bool:
        """Whether the rest of the balance pays for one more message."""
        # A fraction that is left pays for one more: balances have fractions because parts cost some.
        return self._balance is None or price(content) <= ceil(self._left(self._balance))

    def take(self, content: Content) -> None:
        """Sets the credits of a message aside that is about to be sent."""
        self._spent += price(content)

    def settle(self, content: Content, outcome: Outcome) -> None:
        """Gives them back if the message has left the channel, and surely was not sent by it."""
        if isinstance(outcome, Rejected | Unavailable):
            self._spent -= price(content)

    def fell_short(self, needed: int) -> str:
        """Notes that `needed` credits are wanted for what is left; the sentence that says so."""
        assert self._balance is not None
        self._missing = needed - self._left(self._balance)
        return f"the account has too few credits for what is due: {self._missing} are missing"

    def _left(self, balance: Decimal) -> Decimal:
        return balance - self._spent


def price(content: Content) -> int:
    """What a message costs, in SMS credits.

    Assumed, as what delivery/smscreator.py says of the gateway: one for each part, whatever country and type.
    """
    return (content.parts or 1) if content.channel is Channel.SMS else 0
