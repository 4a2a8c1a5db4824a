"""Whether a channel may be used at all, and whether its account pays for one more message."""

from collections.abc import Callable

from terminbenachrichtigung.delivery.channel import Balance
from terminbenachrichtigung.delivery.circuits import Circuits
from terminbenachrichtigung.delivery.preflight import Shut
from terminbenachrichtigung.errors import MessageError
from terminbenachrichtigung.model.delivery import Content, Unknown
from terminbenachrichtigung.model.plan import Channel, PlannedMessage, Route
from terminbenachrichtigung.run.backlog import Backlog, Queued
from terminbenachrichtigung.run.context import RunContext
from terminbenachrichtigung.run.credit import Credit, parts
from terminbenachrichtigung.run.surprise import or_unknown


class Accounts:
    """Asks the accounts of a run's channels, and closes a channel in the backlog that cannot be used."""

    def __init__(
        self,
        context: RunContext,
        backlog: Backlog,
        circuits: Circuits,
        content: Callable[[PlannedMessage, Route], Content],
    ) -> None:
        self.credit = Credit(context.settings.sms)
        self._context = context
        self._backlog = backlog
        self._circuits = circuits
        self._content = content
        self._preflights = dict(context.preflight)

    def is_open(self, channel: Channel) -> bool:
        """Whether the channel can be used. It is made ready, and its preflight asked, only once."""
        if channel in self._circuits.closed:
            return False
        ready = or_unknown(self._context.senders[channel])
        ask = self._preflights.pop(channel, None)
        match or_unknown(ask) if ask and not isinstance(ready, Unknown) else ready:
            case Shut(why=why) | Unknown(detail=why):
                self._backlog.close(channel, why)
                return False
            case Balance() as balance:
                self.credit.opened(balance)
        return True

    def pay_for(self, content: Content, item: Queued | None = None) -> bool:
        """Whether there is credit for one more message. If not, closes its channel, and gives `item` back."""
        if self.credit.covers(content):
            return True
        waiting = self._backlog.waiting_for(content.channel)
        needed = parts(content) + sum(self._parts(message, content.channel) for message in waiting)
        if item is not None:
            self._backlog.give_back(item)
        self._backlog.close(content.channel, self.credit.fell_short(needed))
        return False

    def _parts(self, message: PlannedMessage, channel: Channel) -> int:
        (route,) = [route for route in message.routes if route.channel is channel]
        try:
            return parts(self._content(message, route))
        except MessageError:
            return 0
