"""The journal of what became of messages after their run, one short transaction each."""

from collections.abc import Collection, Sequence
from datetime import datetime

from terminbenachrichtigung.journal import following
from terminbenachrichtigung.journal.database import Connected, patient
from terminbenachrichtigung.model.delivery import OpenMessage, Tidings
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.model.result import Update

_TIDINGS = 500  # in one transaction: a claim of another run waits for it


class Aftermath(Connected):
    """Later words about messages that were sent, or may have been."""

    @patient
    def unanswered(self, channel: Channel, since: datetime) -> list[OpenMessage]:
        """The messages since then that may have left by `channel`, and got no answer; newest first."""
        with self._transaction(writes=False) as connection:
            return following.unanswered(connection, channel, since)

    @patient
    def awaited(self, channel: Channel, since: datetime) -> list[OpenMessage]:
        """The messages since then that left by `channel` and have no final report; newest first."""
        with self._transaction(writes=False) as connection:
            return following.awaited(connection, channel, since)

    @patient
    def messages_of_jobs(self, job_ids: Collection[str], since: datetime) -> dict[str, str]:
        """By the gateway's job: the message since then that it belongs to, if there is one."""
        with self._transaction(writes=False) as connection:
            return following.messages_of_jobs(connection, job_ids, since)

    def follow(self, tidings: Sequence[Tidings]) -> tuple[Update, ...]:
        """Notes what became of messages; those that moved, each given to one of the runs that say it."""
        moved: dict[str, Update] = {}
        for start in range(0, len(tidings), _TIDINGS):
            self._follow(tidings[start : start + _TIDINGS], moved)
        return tuple(moved.values())

    @patient
    def _follow(self, tidings: Sequence[Tidings], moved: dict[str, Update]) -> None:
        # `moved` is kept from try to try, as in `_begin`.
        with self._transaction(writes=True) as connection:
            moved |= {each.message_id: each for each in following.note(connection, tidings)}
