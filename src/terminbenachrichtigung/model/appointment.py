"""What the schedule says. Frozen; every datetime in `model` is aware and in UTC.

UTC, because Python subtracts two datetimes of one zone by their wall clocks: that is an hour too little or
too much across the nights in which summer time begins and ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter


@dataclass(frozen=True, slots=True)
class Appointment:
    """One row of the schedule (AMPAREX: Terminplaner), one occurrence of an appointment.

    Missing texts are empty, never None, so that no template can print "None".
    """

    appointment_id: str
    starts_at: datetime
    customer_id: str | None
    type_notifiable: bool
    is_group: bool
    status: str = ""
    type_name: str = ""
    branch_code: str = ""
    branch_name: str = ""
    branch_phone: str = ""
    branch_address: str = ""
    branch_email: str = ""
    salutation: str = ""
    first_name: str = ""
    last_name: str = ""
    mobile: str = ""
    phone: str = ""
    email: str = ""
    preferred_channel: str = ""
    reminder_consent: bool = False
    language: str = ""
    ends_at: datetime | None = None
    created_at: datetime | None = None
    last_contacted_at: datetime | None = None
    sms_allowed: bool = True
    email_allowed: bool = True
    """Whether the customer agreed to each channel; what the schedule leaves empty is allowed."""
    import_state: str = ""
    """What `schedule import` says: empty, `held` (no run may remind), `gone` (missing from two files)."""
    extra: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The columns of `schedule.extra_columns`, for texts alone."""

    @property
    def full_name(self) -> str:
        """Salutation, first and last name."""
        return " ".join(" ".join((self.salutation, self.first_name, self.last_name)).split())


HELD = "held"
"""The `import_state` of an appointment that no run may remind of."""

GONE = "gone"
"""The `import_state` of one that counts as off because two files lacked it; nobody has cancelled it."""


BY_START = attrgetter("starts_at", "appointment_id")
"""The order of appointments; two at one start come by their ids."""


def to_the_minute(start: datetime) -> datetime:
    """A start as texts show it: a row that moves by seconds has not moved."""
    return start.replace(second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was passed over because a needed value could not be read, or its id came twice."""

    appointment_id: str | None
    detail: str
    starts_at: datetime | None = None
    """Tells the occurrences of a repeated id, or of a series, apart: each one is news."""


@dataclass(frozen=True, slots=True)
class Window:
    """What one reading of the schedule gave: appointments by start, soonest first."""

    appointments: tuple[Appointment, ...]
    bad_rows: tuple[BadRow, ...] = ()
    warnings: tuple[str, ...] = ()
