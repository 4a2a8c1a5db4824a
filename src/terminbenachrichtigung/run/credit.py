"""Whether the account pays for one more SMS. SMS that are under way or were taken count as spent."""

from decimal import Decimal
from math import ceil

from terminbenachrichtigung.config.channels import SmsSettings
from terminbenachrichtigung.delivery.channel import Balance
from terminbenachrichtigung.model.delivery import Content, Outcome, Rejected, Sent, Unavailable
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.model.result import Credits


class Credit:
    """The balance during one run. It does not see what other runs take from the account at the same time.

    A part of an SMS costs `price_per_part`, if that is set. Otherwise it costs one credit where the balance
    counts credits, whatever country and type. Where the balance counts money, a part costs the highest price
    that the gateway has named in this run; until it has named one, any balance above zero pays.
    """

    def __init__(self, sms: SmsSettings | None) -> None:
        """The balance is not known yet."""
        self._balance: Balance | None = None  # None: not asked, so everything counts as paid for
        self._missing = Decimal(0)
        self._parts = 0  # of SMS that are under way, or that the gateway took
        self._warn_below = Decimal(str(sms.credits_warn_below)) if sms else Decimal(0)
        self._set = Decimal(str(sms.price_per_part)) if sms else Decimal(0)
        self._named = Decimal(0)

    def opened(self, balance: Balance) -> None:
        """Notes the balance that the gateway gave before the first SMS."""
        self._balance = balance

    def found(self) -> Credits | None:
        """What the run reports. `low`: in the run that falls below the limit, not only in the next one."""
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
        # A part may cost a fraction of a credit, so a fraction that is left still pays for one part.
        if not self._set and not self._balance.currency:
            left = Decimal(ceil(left))
        return parts(content) * self._price(self._balance) <= left

    def take(self, content: Content) -> None:
        """Sets aside the price of a message that is about to be sent."""
        self._parts += parts(content)

    def settle(self, content: Content, outcome: Outcome) -> None:
        """Gives the price back if the channel surely did not send the message; notes what an SMS cost."""
        if isinstance(outcome, Rejected | Unavailable):
            self._parts -= parts(content)
        elif isinstance(outcome, Sent) and outcome.price is not None and parts(content):
            self._named = max(self._named, outcome.price / parts(content))

    def fell_short(self, needed: int) -> str:
        """Notes what is missing for the parts that are needed, and returns the sentence that says so."""
        assert self._balance is not None
        self._missing = needed * self._price(self._balance) - self._left(self._balance)
        if self._balance.currency:
            missing = Balance(self._missing, self._balance.currency)
            return f"the account has too little money for what is due: {missing} are missing"
        return f"the account has too few credits for what is due: {self._missing} are missing"

    def _price(self, balance: Balance) -> Decimal:
        """The price of one part; 0 where it is not known."""
        return self._set or (self._named if balance.currency else Decimal(1))

    def _left(self, balance: Balance) -> Decimal:
        return balance.amount - self._parts * self._price(balance)


def parts(content: Content) -> int:
    """How many parts of a message the account pays for."""
    return (content.parts or 1) if content.channel is Channel.SMS else 0
