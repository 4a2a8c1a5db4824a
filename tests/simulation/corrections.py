"""Corrections (contract, section 9), written a second time: whom a run tells that it is off or has moved."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from simulation.oracle import (
    CANCELLATION,
    CONFIRMATION,
    FAILED,
    MOVE,
    Judging,
    Told,
    is_theirs,
    same_name,
    to_the_minute,
)
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.plan import Channel, Correction, Route

NEEDS_NO_LEAVE = 5
SURELY = ("sent", "delivered")


@dataclass(frozen=True)
class Case:
    """An appointment that is not as its customer was told."""

    row: Appointment
    told: Told
    off: bool

    @property
    def name(self) -> str:
        return CANCELLATION if self.off else MOVE

    @property
    def change(self) -> tuple[str, datetime | None]:
        """The last word that they have, and where it is now."""
        return self.told.message_id, None if self.off else to_the_minute(self.row.starts_at)

    @property
    def start(self) -> datetime:
        """What counts for the order: of one that is off, the told one."""
        return self.told.starts_at if self.off else self.row.starts_at


@dataclass
class Corrections:
    """What a run says of changes, and what it only notes."""

    messages: list[tuple[str, str, tuple[str, ...], tuple[Route, ...]]] = field(default_factory=list)
    """Name, customer, appointments and ways of each."""
    moved: dict[str, bool] = field(default_factory=dict)
    """By appointment that moved: whether its new start is told now, or soon."""
    changes: dict[str, tuple[str, datetime | None]] = field(default_factory=dict)
    held: bool = False


def corrections(judging: Judging, rows: Sequence[Appointment], *, allowed: bool) -> Corrections:
    """Of one run at an open moment, by all rows of the schedule."""
    found = Corrections()
    if not judging.settings.corrections.enabled:
        return found
    told = [(row, each) for row in rows for each in _knows(judging, row)]
    cases = [case for row, each in told if (case := _case(judging, row, each, rows)) is not None]
    found.changes = {case.row.appointment_id: case.change for case in cases}
    groups: defaultdict[tuple[str | None, datetime], list[Case]] = defaultdict(list)
    for case in cases:
        if not _refused(judging, case):
            groups[case.row.customer_id, case.told.starts_at].append(case)
    for group in groups.values():
        seen = all(_was_seen(judging, case) for case in group)
        found.moved |= {case.row.appointment_id: seen for case in group if not case.off}
        if seen:
            found.messages.append(_message(judging, group))
    planned = sum(len(names) for _, _, names, _ in found.messages)
    if planned > NEEDS_NO_LEAVE and planned > len(told) / 5 and not allowed:
        found.messages, found.moved, found.held = [], {}, True
    return found


def _knows(judging: Judging, row: Appointment) -> Iterator[Told]:
    """The last word of each person about it, if they surely have it, and it lies ahead and stands to them."""
    memory, last = judging.memory, list[Told]()
    for told in sorted(
        [*memory.told[row.appointment_id], *memory.confirmed[row.appointment_id]],
        key=lambda each: each.order,
    ):
        if told.state not in (*FAILED, "released"):
            others = (
                each
                for each in last
                if each.customer_id != told.customer_id and not same_name(each.name, told.name)
            )
            last = [*others, told]
    for told in last:
        ahead = told.starts_at > judging.now and not judging.is_revoked(told)
        if told.state in SURELY and ahead and is_theirs(told, row):
            yield told


def _case(judging: Judging, row: Appointment, told: Told, rows: Sequence[Appointment]) -> Case | None:
    off = judging.status_excluded(row)
    if not off and told.starts_at == to_the_minute(row.starts_at):
        return None
    for other in rows:
        stands = other.appointment_id != row.appointment_id and not judging.status_excluded(other)
        if stands and to_the_minute(other.starts_at) == told.starts_at:
            same_record = other.customer_id in (told.customer_id, row.customer_id)
            if same_record or (is_theirs(told, other) and _names(judging, other, told.route)):
                return None
    return Case(row, told, off)


def _names(judging: Judging, row: Appointment, route: tuple[str, str] | None) -> bool:
    """Whether a row still has the number or address that they were told at."""
    if route is None:
        return False
    fields = (row.mobile, row.phone) if route[0] == "sms" else (row.email,)
    return route[1] in [judging.typed[each] for each in fields]


def _refused(judging: Judging, case: Case) -> bool:
    row = case.row
    never = (
        row.customer_id is None
        or row.is_group
        or not row.type_notifiable
        or judging.branch_excluded(row)
        or row.customer_id in judging.claimed_customers
        or judging.preferred(row) in ("none", "letter", "phone")
        or (judging.rules.require_consent and not row.reminder_consent)
    )
    too_late = not case.off and row.starts_at <= judging.now
    too_often = not case.off and judging.told_too_often(row)
    return never or too_late or too_often or not _routes(judging, case, [case])


def _was_seen(judging: Judging, case: Case) -> bool:
    """By an earlier complete run, and no one since saw it otherwise."""
    seen = judging.memory.changes.get(case.row.appointment_id)
    return seen is not None and seen[:2] == case.change and seen[2] < judging.now


def _message(judging: Judging, group: Sequence[Case]) -> tuple[str, str, tuple[str, ...], tuple[Route, ...]]:
    moved = [case for case in group if not case.off]
    chosen = sorted(moved or group, key=lambda case: (case.start, case.row.appointment_id))
    routes = _routes(judging, chosen[0], chosen)
    if not routes:
        chosen = chosen[:1]
        routes = _routes(judging, chosen[0], chosen)
    names = tuple(case.row.appointment_id for case in chosen)
    return chosen[0].name, chosen[0].row.customer_id or "", names, routes


def _routes(judging: Judging, case: Case, group: Sequence[Case]) -> tuple[Route, ...]:
    settings, row, route = judging.settings, case.row, case.told.route
    if not _names(judging, row, route):
        route = None
    configured = {each.name: each.channels for each in settings.reminders}
    if case.told.reminder == CONFIRMATION:
        order = ["email"]
    else:
        by_all = dict.fromkeys(channel for channels in configured.values() for channel in channels)
        order = [str(channel) for channel in configured.get(case.told.reminder, tuple(by_all))]
    preferred, told_by = judging.preferred(row), route[0] if route else ""
    order.sort(key=lambda channel: (channel != told_by, channel != preferred))
    rejected = set[str]().union(*(judging.memory.rejected[each.row.appointment_id] for each in group))
    only = settings.safety.only_recipients
    found = []
    for channel in order:
        if channel == "sms":
            sms = settings.sms
            active = sms is not None and (sms.active_from is None or judging.today >= sms.active_from)
            recipient = (judging.typed[row.mobile] or judging.typed[row.phone]) if active else None
        else:
            recipient = judging.typed[row.email] if settings.email is not None else None
        if route is not None and route[0] == channel and recipient is not None:
            recipient = route[1]
        if recipient and recipient not in rejected and (not only or recipient in only):
            found.append(Route(Channel(channel), recipient))
    return tuple(found)


def text_of(correction: Correction, rows: Sequence[Appointment], entries: str, zone: ZoneInfo) -> str:
    """What the simulation's templates say, written without Jinja; `entries` is where they are now."""
    told = f"{correction.told.astimezone(zone):%d.%m.%Y %H:%M}"
    if correction.cancelled:
        return f"{rows[0].last_name}: {told} entfällt"
    return f"{rows[0].last_name}: statt {told} nun {entries}"


def changed_table(
    before: Mapping[str, tuple[str, datetime | None, datetime]],
    seen: Mapping[str, tuple[str, datetime | None]],
    now: datetime,
) -> dict[str, tuple[str, datetime | None, datetime]]:
    """What the journal must hold of changes after a complete run at `now`."""
    return {
        name: (*change, min(before[name][2], now) if name in before and before[name][:2] == change else now)
        for name, change in seen.items()
    }
