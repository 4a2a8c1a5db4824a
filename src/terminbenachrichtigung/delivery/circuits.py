"""When a channel is closed for the rest of a run: trouble that is the channel's, not a recipient's."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from terminbenachrichtigung.model.delivery import Attempt, Rejected, Sent, Unavailable, Unknown
from terminbenachrichtigung.model.plan import Channel

IN_A_ROW = 5
"""So many messages in a row that end `unavailable` or `unknown` close their channel."""
SAME_WORD = 3
"""So many recipients refused with one unheard-of word: it is about the channel, not about them."""


@dataclass
class Circuits:
    """Counts, in order of completion, what the messages of a run say about each channel."""

    closed: dict[Channel, str] = field(default_factory=dict)
    """Channel -> the sentence that says why."""
    _in_a_row: Counter[Channel] = field(default_factory=Counter)
    _distrusted: set[tuple[Channel, str]] = field(default_factory=set)
    _refused: dict[tuple[Channel, str], dict[str, list[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def close(self, channel: Channel, why: str) -> None:
        """Closes a channel; the first reason stays."""
        self.closed.setdefault(channel, why)

    def note(self, message_id: str, attempt: Attempt, *, leaves_channel: bool) -> list[str]:
        """Takes note of an attempt.

        Args:
            message_id: the message it belongs to.
            attempt: what was tried, and how it ended.
            leaves_channel: whether the message is done with this channel; only that counts in a row.

        Returns:
            Messages whose rejection is taken back, because the same unheard-of word met too many
            different recipients; usually none.
        """
        channel = attempt.route.channel
        match attempt.outcome:
            case Sent():
                self._in_a_row[channel] = 0
            case Rejected(unheard_word=None):
                self._in_a_row[channel] = 0
            case Rejected(unheard_word=str(word)):
                self._in_a_row[channel] = 0
                if (channel, word) in self._distrusted:  # it was under way when the channel was closed
                    return [message_id]
                refused = self._refused[channel, word]
                refused[attempt.route.recipient].append(message_id)
                if len(refused) >= SAME_WORD:
                    self._distrusted.add((channel, word))
                    self.close(channel, f'it refused {len(refused)} recipients in the same words: "{word}"')
                    return [known for messages in refused.values() for known in messages]
            case Unavailable(account_error=True, detail=detail):
                self.close(channel, detail)
            case Unavailable(recipient_only=True):
                pass
            case Unavailable(detail=detail) | Unknown(detail=detail) if leaves_channel:
                self._in_a_row[channel] += 1
                if self._in_a_row[channel] >= IN_A_ROW:
                    self.close(channel, f"{IN_A_ROW} messages in a row got no clear answer, last: {detail}")
        return []
