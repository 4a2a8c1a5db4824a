"""What `search` shows: appointments, and where each stands. A person asked, so nothing is masked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from enum import StrEnum

from terminbenachrichtigung.model.appointment import Appointment, BadRow
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Reason
from terminbenachrichtigung.on_demand.explain_text import appointment_json
from terminbenachrichtigung.output.tables import Row, Table, render
from terminbenachrichtigung.output.wording import bad_row_name, counted, customer_name, local_time


class FoundState(StrEnum):
    """Where an appointment stands with one reminder, for its present customer and start.

    Of several reminders, the one that comes first here speaks for the appointment.
    """

    SENT = "sent"  # delivered, too
    UNKNOWN = "unknown"
    IN_PROGRESS = "in-progress"
    FAILED = "failed"  # undelivered, too
    ADOPTED = "adopted"  # handled elsewhere
    NO_CONTACT = "no-contact"  # not notified, and no channel reaches the customer
    NOT_NOTIFIED = "not-notified"


STATES: Mapping[State, FoundState] = {
    State.SENT: FoundState.SENT,
    State.DELIVERED: FoundState.SENT,
    State.UNKNOWN: FoundState.UNKNOWN,
    State.CLAIMED: FoundState.IN_PROGRESS,
    State.FAILED: FoundState.FAILED,
    State.UNDELIVERED: FoundState.FAILED,
    State.ADOPTED: FoundState.ADOPTED,
    State.RELEASED: FoundState.NOT_NOTIFIED,
}
_NOBODY_TOLD = frozenset({FoundState.NOT_NOTIFIED, FoundState.NO_CONTACT})
_ORDER = tuple(FoundState)
_STYLES = {
    FoundState.SENT: "green",
    FoundState.UNKNOWN: "red",
    FoundState.FAILED: "red",
    FoundState.NO_CONTACT: "yellow",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One appointment with what each reminder's state is, and why a run leaves it alone now."""

    appointment: Appointment
    states: Mapping[str, FoundState]  # by reminder
    reasons: Mapping[str, Reason | None]  # by reminder; None: a run would notify it now

    @property
    def state(self) -> FoundState:
        """One word for all reminders."""
        return min(self.states.values(), key=_ORDER.index)

    def is_in(self, state: FoundState) -> bool:
        """Whether a search for a state finds it: by any reminder; where nobody was told, by all of them."""
        match state:
            case FoundState.NOT_NOTIFIED:
                return self.state in _NOBODY_TOLD
            case FoundState.NO_CONTACT:
                return set(self.states.values()) == {FoundState.NO_CONTACT}
            case _:
                return state in self.states.values()


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found, in the order of the starts; the range in local dates, both ends included."""

    first_day: date
    last_day: date
    found: tuple[Found, ...]
    bad_rows: tuple[BadRow, ...] = ()
    warnings: tuple[str, ...] = ()


def search_as_json(search: Search, *, zone: tzinfo) -> dict[str, object]:
    """The document of `search --json`; times carry the local offset."""
    return {
        "command": "search",
        "from": search.first_day.isoformat(),
        "to": search.last_day.isoformat(),
        "appointments": [
            appointment_json(found.appointment, zone)
            | {
                "state": found.state.value,
                "reminders": [
                    {
                        "reminder": reminder,
                        "state": state.value,
                        "reason": (reason := found.reasons[reminder]) and reason.value,
                    }
                    for reminder, state in found.states.items()
                ],
            }
            for found in search.found
        ],
        "bad_rows": [{"appointment_id": row.appointment_id, "detail": row.detail} for row in search.bad_rows],
        "warnings": list(search.warnings),
    }


def search_as_text(search: Search, *, zone: tzinfo, width: int | None = None, colour: bool = True) -> str:
    """One row per appointment; `width` is the terminal's, None without one."""
    columns = ("appointment", "start", "customer", "branch", "type", "status", "contact", "state")
    rows = tuple(_row(found, zone) for found in search.found)
    bad = (f"bad row: {bad_row_name(row)}: {row.detail}" for row in search.bad_rows)
    days = f"{search.first_day} to {search.last_day}"
    if search.first_day == search.last_day:
        days = str(search.first_day)
    summary = f"{counted(len(rows), 'appointment')}, {days}"
    return render([Table("", columns, rows), *bad, *search.warnings, summary], width=width, colour=colour)


def _row(found: Found, zone: tzinfo) -> Row:
    row = found.appointment
    return Row(
        (
            row.appointment_id,
            local_time(row.starts_at, zone),
            customer_name(row),
            row.branch_code,
            row.type_name,
            row.status,
            ", ".join(filter(None, (row.mobile, row.phone, row.email))),
            _states(found),
        ),
        style=_STYLES.get(found.state, ""),
    )


def _states(found: Found) -> str:
    """One word where the reminders agree; what was not told says why a run would not tell it now."""
    words = {}
    for reminder, state in found.states.items():
        reason = found.reasons[reminder]
        told = state not in _NOBODY_TOLD
        words[reminder] = state if told or reason == Reason.NO_CONTACT else f"{state} ({reason or 'due now'})"
    if len(set(words.values())) == 1:
        return next(iter(words.values()))
    return "; ".join(f"{reminder}: {word}" for reminder, word in words.items())
