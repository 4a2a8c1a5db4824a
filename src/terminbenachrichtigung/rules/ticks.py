"""What a person ticked off on the staff list, by the customer whom they called."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from terminbenachrichtigung.contact.names import same_name
from terminbenachrichtigung.model.appointment import Appointment, to_the_minute
from terminbenachrichtigung.model.journal import StaffTick
from terminbenachrichtigung.rules.people import name_of


class Ticks:
    """Ticks of any number of customers and appointments, by both."""

    def __init__(self, ticks: Iterable[StaffTick], name_key: bytes) -> None:
        self._key = name_key
        self._of_customer: defaultdict[str, list[StaffTick]] = defaultdict(list)
        self._of_appointment: defaultdict[str, list[StaffTick]] = defaultdict(list)
        for tick in ticks:
            self._of_customer[tick.customer_id].append(tick)
            self._of_appointment[tick.appointment_id].append(tick)

    def of(self, row: Appointment) -> Iterator[StaffTick]:
        """The ticks of a row's customer, and those of the appointment from before their record was merged."""
        yield from self._of_customer.get(row.customer_id or "", ())
        for tick in self._of_appointment.get(row.appointment_id, ()):
            if tick.customer_id != row.customer_id and same_name(tick.name, name_of(row, self._key)):
                yield tick

    def about(self, row: Appointment) -> list[StaffTick]:
        """Those about this very appointment, at whatever start; and about the row that it was made anew from.

        Nobody is in two places at once: a customer's other row at the same start is that one.
        """
        key = (row.customer_id, to_the_minute(row.starts_at))
        return [
            tick
            for tick in self.of(row)
            if tick.appointment_id == row.appointment_id or (tick.customer_id, tick.starts_at) == key
        ]

    def told(self, row: Appointment) -> StaffTick | None:
        """The tick of a person who told the customer this start, and no other one since."""
        start, about = to_the_minute(row.starts_at), self.about(row)
        for tick in about:
            if tick.starts_at == start and tick.revokes is None and not overtaken(tick, about):
                return tick
        return None

    def of_appointment(self, appointment_id: str) -> Iterable[StaffTick]:
        """All about one appointment, whoever its customer was."""
        return self._of_appointment.get(appointment_id, ())


def overtaken(tick: StaffTick, about: Iterable[StaffTick]) -> bool:
    """Whether a later one of the ticks about its appointment says otherwise."""
    return any(_when(later) > _when(tick) and told_start(later) != told_start(tick) for later in about)


def told_start(tick: StaffTick) -> datetime | None:
    """The start that the customer knows since they were called; None: they know that it is off."""
    return None if tick.revokes == tick.starts_at else tick.starts_at


def told_otherwise(tick: StaffTick, row: Appointment) -> bool:
    """Whether it told the customer that this very appointment is off, or stands at another start.

    Also of the row that it was made anew from: what they had at this start was said to be off.
    """
    start = to_the_minute(row.starts_at)
    if tick.appointment_id == row.appointment_id:
        return told_start(tick) != start
    return tick.revokes == start  # a tick of another id is this customer's own, see `Ticks.of`


def _when(tick: StaffTick) -> float:
    return tick.done_at.timestamp() if tick.done_at is not None else float("-inf")
