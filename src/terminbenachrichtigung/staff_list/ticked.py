"""Which cases a person has ticked off, and what the customer knows since."""

from collections.abc import Iterable
from datetime import datetime

from terminbenachrichtigung.contact.names import same_name
from terminbenachrichtigung.model.appointment import to_the_minute
from terminbenachrichtigung.model.journal import Notification, StaffTick
from terminbenachrichtigung.rules.ticks import Ticks, overtaken, told_start
from terminbenachrichtigung.staff_list.entries import StaffCase
from terminbenachrichtigung.staff_list.reasons import StaffReason

_NO_WORD = frozenset(
    {StaffReason.REPLY, StaffReason.WANTS_TO_CANCEL, StaffReason.IMPORT, StaffReason.BAD_ROW}
)
"""What a person reads or looks up: whether they named a start to the customer is not said."""


class Ticked:
    """What was ticked off of the appointments ahead."""

    def __init__(self, done: Iterable[StaffTick] = (), name_key: bytes = b"") -> None:
        self._ticks = Ticks(done, name_key)

    def settles(self, case: StaffCase) -> bool:
        """Whether a person has done it, and said nothing else to the customer since."""
        row = case.appointment
        about = self._ticks.about(row)
        what = (to_the_minute(row.starts_at), case.reason, case.message_id)
        return any(
            (tick.starts_at, tick.reason, tick.message_id) == what
            and (tick.reason in _NO_WORD or not overtaken(tick, _words(about)))
            for tick in about
        )

    def known_start(self, heard: Notification) -> datetime | None:
        """The start that a person told after a message; None: nobody did, or they said that it is off."""
        words = [
            tick
            for tick in _words(self._ticks.of_appointment(heard.appointment_id))
            if (tick.customer_id == heard.customer_id or same_name(tick.name, heard.name))
            and tick.done_at is not None
            and tick.done_at >= heard.run_now
        ]
        last = next((tick for tick in words if not overtaken(tick, words)), None)
        return None if last is None else told_start(last)


def _words(ticks: Iterable[StaffTick]) -> list[StaffTick]:
    return [tick for tick in ticks if tick.reason not in _NO_WORD]
