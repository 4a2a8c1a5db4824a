"""What a run must do, and whom a person must call: the oracle's answers put together (contract, section 2)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from simulation.minutes import Minutes
from simulation.oracle import Judging, Memory
from terminbenachrichtigung.config import Settings
from terminbenachrichtigung.model import Appointment, Reason, Route

NOT_OURS = tuple(Reason)[:5]
"""Rules 1 to 5."""
OF_THE_HOUR = tuple(Reason)[7:12]
"""Rules 8 to 12."""
LATER = (Reason.MISSED, Reason.NOT_YET_DUE, Reason.BOOKED_RECENTLY)
"""What a later run may see otherwise."""


@dataclass(frozen=True)
class Expected:
    """One message that a run must plan."""

    reminder: str
    customer_id: str
    appointment_ids: tuple[str, ...]
    routes: tuple[Route, ...]


@dataclass(frozen=True)
class Verdict:
    """What a run must plan, and why it leaves everything else alone: by (reminder, appointment)."""

    messages: frozenset[Expected]
    skips: Mapping[tuple[str, str], Reason]


@dataclass(frozen=True)
class Oracle:
    """The rules for one configuration."""

    settings: Settings
    minutes: Minutes
    typed: Mapping[str, str | None]
    """What each text in a phone or e-mail field means; None: nothing usable."""

    def judging(self, memory: Memory, now: datetime) -> Judging:
        """The rules at an open moment."""
        return Judging(self.settings, self.minutes, self.typed, memory, now)

    def plan(self, rows: Iterable[Appointment], memory: Memory, now: datetime) -> Verdict:
        """What a run at the open moment `now` does about these rows."""
        judging = self.judging(memory, now)
        since = min([now, *judging.complete_runs[-1:]])
        return _Planning(judging, soonest_first(row for row in rows if row.starts_at > since)).verdict()

    def staff(
        self, rows: Iterable[Appointment], memory: Memory, moment: datetime
    ) -> Mapping[str, frozenset[str]]:
        """Whom a person must call or write now, and about which appointments.

        It leaves out that a contact by hand settles a case.
        """
        judging = self.judging(memory, self.minutes.next_open(moment))
        found: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            if row.starts_at > moment and row.customer_id is not None and not _is_told(row, memory):
                if any(_is_for_staff(judging, row, reminder) for reminder in judging.leads):
                    found[row.customer_id].add(row.appointment_id)
        return {customer: frozenset(names) for customer, names in found.items()}


# -------------------------------------------------------------------- the staff list


def _is_told(row: Appointment, memory: Memory) -> bool:
    """Whether what the customer heard last is right."""
    right = False
    for told in memory.told[row.appointment_id]:
        if told.state in ("sent", "delivered", "adopted"):
            right = told.names(row)
        elif told.state in ("unknown", "claimed") and not told.names(row):
            right = False
    return right


def _is_for_staff(judging: Judging, row: Appointment, reminder: str) -> bool:
    if judging.first_no(row, reminder) in NOT_OURS:
        return False
    latest = judging.latest(row, reminder)
    if latest is not None and latest.names(row) and latest.state in ("failed", "unknown"):
        return True
    if judging.minutes.day(row.starts_at) > judging.today and row.starts_at > judging.reach(reminder):
        return False
    if judging.first_no(row, reminder) is Reason.MISSED:
        return True
    reason = judging.first_no(row, reminder, without=OF_THE_HOUR)
    if reason is Reason.NO_CONTACT:
        return not any(_can_still_reach(judging, row, other) for other in judging.leads)
    return reason is Reason.MANUAL_CONTACT


def _can_still_reach(judging: Judging, row: Appointment, reminder: str) -> bool:
    no = judging.first_no(row, reminder, without=LATER) is not None
    return not no and not judging.superseded(row, reminder) and not judging.held_back(row, reminder)


# -------------------------------------------------------------------- the plan


def soonest_first(rows: Iterable[Appointment]) -> list[Appointment]:
    """In the order in which a message names them."""
    return sorted(rows, key=lambda row: (row.starts_at, row.appointment_id))


class _Planning:
    """Rules 1 to 17 for all; then 18 and 19, soonest appointment first; and the messages."""

    def __init__(self, judging: Judging, rows: Sequence[Appointment]) -> None:
        self.judging, self.rows = judging, rows
        self.messages: list[Expected] = []
        self.skips: dict[tuple[str, str], Reason] = {}

    def verdict(self) -> Verdict:
        due: list[tuple[Appointment, str]] = []
        for row in self.rows:
            for reminder in sorted(self.judging.leads, key=self.judging.leads.__getitem__):
                reason = self.judging.first_no(row, reminder)
                if reason is None and self.judging.superseded(row, reminder):
                    reason = Reason.SUPERSEDED
                if reason is None:
                    due.append((row, reminder))
                elif self._is_listed(row, reminder, reason):
                    self.skips[reminder, row.appointment_id] = reason
        for row, reminder in due:
            if not self._is_in_a_message(row, [reminder]):
                reason = self._last_no(row, reminder)
                if reason is not None:
                    self.skips[reminder, row.appointment_id] = reason
                    continue
                self._write(
                    reminder,
                    [
                        other
                        for other, its in due
                        if (its, other.customer_id) == (reminder, row.customer_id)
                        and self._last_no(other, reminder) is None
                    ],
                )
        return Verdict(frozenset(self.messages), self.skips)

    def _is_listed(self, row: Appointment, reminder: str, reason: Reason) -> bool:
        """Section 7: `skipped` covers the missed, today's from now on, and those in the windows."""
        if reason in (Reason.NOT_YET_DUE, Reason.PAST):
            return False
        ahead = row.starts_at > self.judging.now
        near = self.judging.is_today(row) or row.starts_at <= self.judging.reach(reminder)
        return reason is Reason.MISSED or (ahead and near)

    def _is_in_a_message(self, row: Appointment, reminders: Collection[str]) -> bool:
        return any(
            message.reminder in reminders and row.appointment_id in message.appointment_ids
            for message in self.messages
        )

    def _last_no(self, row: Appointment, reminder: str) -> Reason | None:
        """Rule 17 once more, for what a shorter reminder's message takes along; then 18 and 19."""
        if self._is_in_a_message(row, self.judging.shorter(reminder)):
            return Reason.SUPERSEDED
        if self.judging.recently_notified(row, {message.customer_id for message in self.messages}):
            return Reason.RECENTLY_NOTIFIED
        return Reason.HELD_BACK if self.judging.held_back(row, reminder) else None

    def _write(self, reminder: str, due: list[Appointment]) -> None:
        carried = self._carried(reminder, due)
        for together in self._bundles(reminder, due, carried):
            ids = tuple(row.appointment_id for row in together)
            routes = self.judging.allowed(self.judging.routes(together, reminder))
            assert together[0].customer_id is not None
            self.messages.append(Expected(reminder, together[0].customer_id, ids, routes))
            for each in ids:
                self.skips.pop((reminder, each), None)

    def _carried(self, reminder: str, due: Sequence[Appointment]) -> list[Appointment]:
        """What passes all rules but `not_yet_due` and the gap; nothing twice in one run."""
        until = self.judging.reach(reminder) + self.judging.gap
        return [
            row
            for row in self.rows
            if row.customer_id == due[0].customer_id
            and row not in due
            and row.starts_at <= until
            and not self._is_in_a_message(row, self.judging.leads)
            and self.judging.first_no(row, reminder, without=[Reason.NOT_YET_DUE]) is None
            and not self.judging.superseded(row, reminder)
            and not self.judging.held_back(row, reminder)
        ]

    def _bundles(
        self, reminder: str, due: list[Appointment], carried: list[Appointment]
    ) -> list[list[Appointment]]:
        """The customer's messages: all in one; else fewer carried ones; else several."""
        while carried and not self._fits(reminder, soonest_first(due + carried)):
            carried = carried[:-1]
        if self._fits(reminder, soonest_first(due + carried)):
            return [soonest_first(due + carried)]
        several: list[list[Appointment]] = []
        for row in due:
            if several and self._fits(reminder, [*several[-1], row]):
                several[-1].append(row)
            else:
                several.append([row])
        return several

    def _fits(self, reminder: str, rows: list[Appointment]) -> bool:
        """Whether the channel that the soonest one alone would take first can take them all."""
        alone = self.judging.allowed(self.judging.routes(rows[:1], reminder))
        together = self.judging.allowed(self.judging.routes(rows, reminder))
        return together[:1] == alone[:1]
