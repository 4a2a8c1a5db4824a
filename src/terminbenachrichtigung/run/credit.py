"""What the account still pays for: each SMS that is under way or was taken counts against the balance."""

from decimal import Decimal
from math import ceil

from terminbenachrichtigung.config.channels import SmsSettings
from terminbenachrichtigung.delivery.channel import Balance
from terminbenachrichtigung.model.delivery import Content, Outcome, Rejected, Sent, Unavailable
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.model.result import Credits


class Credit:
    """The balance of a run. Other runs that draw on the same account at the same time are not seen.

    A part costs `price_per_part`; else, where the balance counts credits, one of them, whatever country and
    type; else the most that the gateway named for one in this run. Until it has named a price, everything
    counts as paid for while the balance is above zero.
    """

    def __init__(self, sms: SmsSettings | None) -> None:
        """Nobody has asked for the balance yet."""
        self._balance: Balance | None = None  # None: nobody asked, so everything counts as paid for
        self._missing = Decimal(0)
        self._parts = 0  # under way, or taken
        self._warn_below = Decimal(str(sms.credits_warn_below)) if sms else Decimal(0)
        self._set = Decimal(str(sms.price_per_part)) if sms else Decimal(0)
        self._named = Decimal(0)

    def opened(self, balance: Balance) -> None:
        """Takes the balance, as the gateway gave it, before the first SMS."""
        self._balance = balance

    def found(self) -> Credits | None:
        """What the run reports; in the run that falls below the limit a person is told, not in the next."""
        if self._balance is None:
            return None
        left = self._left(self._balance)
        low = bool(self._warn_below) and left < self._warn_below
        return Credits(
            self._balance.amount, self._missing, low, max(Decimal(0), left), self._balance.currency
        )

    def covers(self, content: Content) -> bool:
        """Whether the rest of the balance pays for one more message."""
        if self._balance is None:
            return True
        left = self._left(self._balance)
        # A fraction of a credit that is left pays for one more: there are fractions because parts cost some.
        if not self._set and not self._balance.currency:
            left = Decimal(ceil(left))
        return parts(content) * self._price(self._balance) <= left

    def take(self, content: Content) -> None:
        """Sets the price of a message aside that is about to be sent."""
        self._parts += parts(content)

    def settle(self, content: Content, outcome: Outcome) -> None:
        """Gives it back if the message has left the channel, and surely was not sent by it."""
        if isinstance(outcome, Rejected | Unavailable):
            self._parts -= parts(content)
        elif isinstance(outcome, Sent) and outcome.price is not None and parts(content):
            self._named = max(self._named, outcome.price / parts(content))

    def fell_short(self, needed: int) -> str:
        """Notes that so many parts are wanted for what is left; the sentence that says so."""
        assert self._balance is not None
        self._missing = needed * self._price(self._balance) - self._left(self._balance)
        if self._balance.currency:
            missing = Balance(self._missing, self._balance.currency)
            return f"the account has too little money for what is due: {missing} are missing"
        return f"the account has too few credits for what is due: {self._missing} are missing"

    def _price(self, balance: Balance) -> Decimal:
        """Of one part; 0 where nobody knows."""
        return self._set or (self._named if balance.currency else Decimal(1))

    def _left(self, balance: Balance) -> Decimal:
        return balance.amount - self._parts * self._price(balance)


def parts(content: Content) -> int:
    """How many parts of a message are paid for."""
    return (content.parts or 1) if content.channel is Channel.SMS else 0
