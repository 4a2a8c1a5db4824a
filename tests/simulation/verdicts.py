"""What follows from the rules: which messages a run plans, and whom the staff list holds."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from simulation.corrections import corrections
from simulation.minutes import Minutes
from simulation.oracle import CANCELLATION, CONFIRMATION, FAILED, MOVE, Judging, Memory, names
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.plan import Channel, Reason, Route

NOT_OURS = (
    Reason.NO_CUSTOMER,
    Reason.GROUP_APPOINTMENT,
    Reason.TYPE_NOT_ALLOWED,
    Reason.STATUS_EXCLUDED,
    Reason.BRANCH_EXCLUDED,
)
"""Rules 1 to 5."""
OF_THE_HOUR = (
    Reason.MISSED,
    Reason.PAST,
    Reason.SAME_DAY,
    Reason.NOT_YET_DUE,
    Reason.BOOKED_RECENTLY,
)
"""Rules 8 to 12: the staff list is judged without them."""


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
    confirmations: frozenset[Expected]
    corrections: frozenset[Expected]
    changes: Mapping[str, tuple[str, datetime | None]]
    """By appointment that is not as it was told: by which message, and where it is now."""
    held: bool
    """Whether so many are to be corrected that none is."""
    skips: Mapping[tuple[str, str], Reason]


@dataclass(frozen=True)
class Oracle:
    """The rules for one configuration."""

    settings: Settings
    minutes: Minutes
    typed: Mapping[str, str | None]
    """What each text in a phone or e-mail field means; None: nothing usable."""

    def judging(self, memory: Memory, now: datetime) -> Judging:
        """Each rule at an open moment."""
        return Judging(self.settings, self.minutes, self.typed, memory, now)

    def plan(
        self, rows: Sequence[Appointment], memory: Memory, now: datetime, *, allowed: bool = False
    ) -> Verdict:
        """What a run at the open moment `now` does about these rows.

        `allowed`: whether a person lets as many corrections pass as there are.
        """
        judging = self.judging(memory, now)
        corrected = corrections(judging, rows, allowed=allowed)
        judging.moved = corrected.moved
        since = min([now, *judging.complete_runs[-1:]])
        found = _Planning(judging, _soonest_first(row for row in rows if row.starts_at > since))
        verdict = found.verdict(self.confirmations(rows, memory, now))
        return replace(
            verdict,
            corrections=frozenset(Expected(*each) for each in corrected.messages),
            changes=corrected.changes,
            held=corrected.held,
        )

    def confirmations(
        self, rows: Sequence[Appointment], memory: Memory, now: datetime
    ) -> frozenset[Expected]:
        """The e-mails that confirm what was booked since a complete run first confirmed bookings."""
        since = memory.first_complete.get(CONFIRMATION)
        if since is None or not self.settings.confirmation.enabled:
            return frozenset()
        judging = self.judging(memory, now)
        new: defaultdict[str, list[Appointment]] = defaultdict(list)
        for row in _soonest_first(rows):
            booked = row.created_at is not None and row.created_at >= since
            if booked and judging.confirmation_refused(row) is None:
                new[row.customer_id or ""].append(row)
        found = set()
        for customer, theirs in new.items():
            address = judging.confirmation_route(theirs[0])
            apart = [[row] for row in theirs if address in memory.rejected[row.appointment_id]]
            for rows_of_one in ([row for row in theirs if [row] not in apart], *apart):
                route = Route(Channel.EMAIL, judging.confirmation_route(rows_of_one[0]) or "")
                names_of_one = tuple(row.appointment_id for row in rows_of_one)
                found.add(Expected(CONFIRMATION, customer, names_of_one, (route,)))
        return frozenset(found)

    def staff(
        self, rows: Iterable[Appointment], memory: Memory, moment: datetime
    ) -> Mapping[str, frozenset[str]]:
        """Whom a person must call or write now, and about which appointments."""
        judging = self.judging(memory, self.minutes.next_open(moment))
        found: defaultdict[str, set[str]] = defaultdict(set)
        for row in rows:
            if row.starts_at <= moment or row.customer_id is None or _is_told(judging, row):
                continue
            if any(_is_for_staff(judging, row, reminder) for reminder in judging.leads):
                found[row.customer_id].add(row.appointment_id)
        return {customer: frozenset(appointments) for customer, appointments in found.items()}


# ---------------------------------------------------------------- the staff list


def _is_told(judging: Judging, row: Appointment) -> bool:
    """Whether what the customer heard last is right."""
    right = False
    for told in judging.memory.told[row.appointment_id]:
        fits = names(told, row) and not judging.is_revoked(told) and told.reminder != CANCELLATION
        if told.state in ("sent", "delivered", "adopted"):
            right = fits
        elif told.state in ("unknown", "claimed") and not fits:
            right = False
    return right


def _is_for_staff(judging: Judging, row: Appointment, reminder: str) -> bool:
    reason = judging.first_no(row, reminder)
    if reason in NOT_OURS:
        return False
    if any(_did_not_arrive(judging, row, name) for name in (reminder, *judging.retired)):
        return True
    if _correction_went_wrong(judging, row):
        return True
    today = judging.minutes.day(row.starts_at) <= judging.today
    if not today and row.starts_at > judging.reach(reminder):
        return False
    if reason is Reason.MISSED:
        return True
    reason = judging.first_no(row, reminder, without=OF_THE_HOUR)
    if reason is Reason.NO_CONTACT:
        return not any(_can_still_reach(judging, row, other) for other in judging.leads)
    return reason is Reason.MANUAL_CONTACT


def _did_not_arrive(judging: Judging, row: Appointment, reminder: str) -> bool:
    """What was released told nobody: what failed before it is still to be made good."""
    told = [each for each in judging.memory.told[row.appointment_id] if each.reminder == reminder]
    told = [each for each in told if each.state != "released"]
    return bool(told) and names(told[-1], row) and told[-1].state in (*FAILED, "unknown")


def _correction_went_wrong(judging: Judging, row: Appointment) -> bool:
    """Its new start was refused, or may not have arrived; or it may have been called off, and stands."""
    for name, states in ((MOVE, (*FAILED, "unknown")), (CANCELLATION, ("unknown",))):
        told = [each for each in judging.memory.told[row.appointment_id] if each.reminder == name]
        told = [each for each in told if each.state != "released"]
        if told and names(told[-1], row) and told[-1].state in states:
            return True
    return False


def _can_still_reach(judging: Judging, row: Appointment, reminder: str) -> bool:
    later = (Reason.MISSED, Reason.NOT_YET_DUE, Reason.BOOKED_RECENTLY)
    if judging.first_no(row, reminder, without=later) is not None:
        return False
    return not judging.superseded(row, reminder) and not judging.held_back(row, reminder)


# ---------------------------------------------------------------- the plan


class _Planning:
    """One run's plan, message by message."""

    def __init__(self, judging: Judging, rows: Sequence[Appointment]) -> None:
        self.judging, self.rows = judging, rows
        self.messages: set[Expected] = set()

    def verdict(self, confirmations: frozenset[Expected]) -> Verdict:
        judging = self.judging
        skips: dict[tuple[str, str], Reason] = {}
        due: defaultdict[tuple[str, str], list[Appointment]] = defaultdict(list)
        for row in self.rows:
            for reminder in judging.leads:
                reason = judging.first_no(row, reminder)
                if reason is None and judging.superseded(row, reminder):
                    reason = Reason.SUPERSEDED
                if reason is None:
                    due[reminder, row.customer_id or ""].append(row)
                elif self.is_listed(row, reminder, reason):
                    skips[reminder, row.appointment_id] = reason
        in_order = sorted(
            ((row, reminder) for (reminder, _), rows in due.items() for row in rows),
            key=lambda each: (each[0].starts_at, each[0].appointment_id, judging.leads[each[1]]),
        )
        for row, reminder in in_order:
            if self.is_planned(row, [reminder]):
                continue
            reason = self.last_no(row, reminder)
            if reason is not None:
                skips[reminder, row.appointment_id] = reason
                continue
            customer = row.customer_id or ""
            theirs = due[reminder, customer]
            free = [each for each in theirs if self.last_no(each, reminder) is None]
            for together in self.bundles(reminder, free, self.carried(reminder, customer, free)):
                ids = tuple(each.appointment_id for each in together)
                self.messages.add(Expected(reminder, customer, ids, self.routes(reminder, together)))
                for each in ids:
                    skips.pop((reminder, each), None)
        return Verdict(frozenset(self.messages), confirmations, frozenset(), {}, held=False, skips=skips)

    def is_planned(self, row: Appointment, reminders: Collection[str]) -> bool:
        return any(
            message.reminder in reminders and row.appointment_id in message.appointment_ids
            for message in self.messages
        )

    def last_no(self, row: Appointment, reminder: str) -> Reason | None:
        """Rule 17 once more, for what a shorter reminder's message takes along; then 18 and 19.

        The gap does not hold between the messages of one reminder: who is due is in the first of them,
        unless they were too many for one, or rule 19 holds this one back.
        """
        if self.is_planned(row, self.judging.shorter(row, reminder)):
            return Reason.SUPERSEDED
        written = {message.customer_id for message in self.messages if message.reminder != reminder}
        if self.judging.recently_notified(row, written):
            return Reason.RECENTLY_NOTIFIED
        return Reason.HELD_BACK if self.judging.held_back(row, reminder) else None

    def is_listed(self, row: Appointment, reminder: str, reason: Reason) -> bool:
        """Section 7: `skipped` covers the missed, today's from now on, and those in the windows."""
        if reason in (Reason.NOT_YET_DUE, Reason.PAST):
            return False
        ahead = row.starts_at > self.judging.now
        today = self.judging.minutes.day(row.starts_at) == self.judging.today
        listed = today or row.starts_at <= self.judging.reach(reminder)
        return reason is Reason.MISSED or (ahead and listed)

    def carried(self, reminder: str, customer: str, free: Sequence[Appointment]) -> list[Appointment]:
        """What a message takes along; nothing twice in one run."""
        judging = self.judging
        until = judging.reach(reminder) + judging.gap
        return [
            row
            for row in self.rows
            if row.customer_id == customer
            and row not in free
            and not self.is_planned(row, judging.leads)
            and row.starts_at <= until
            and judging.first_no(row, reminder, without=[Reason.NOT_YET_DUE]) is None
            and not judging.superseded(row, reminder)
            and not judging.held_back(row, reminder)
            and not judging.told_by_a_person(row)
        ]

    def bundles(
        self, reminder: str, due: list[Appointment], carried: list[Appointment]
    ) -> list[list[Appointment]]:
        """The customer's messages: all in one; else fewer carried ones; else several.

        One of which the others' refused recipients leave no way goes by itself, and is not carried.
        """
        together: list[Appointment] = []
        for row in due:
            if self.allowed(self.judging.routes([*together, row], reminder)):
                together.append(row)
        apart, due = [[row] for row in due if row not in together], together
        carried = [
            row for row in carried if self.allowed(self.judging.routes(_soonest_first([*due, row]), reminder))
        ]
        while carried and not self.fits(reminder, _soonest_first(due + carried)):
            carried = carried[:-1]
        if self.fits(reminder, _soonest_first(due + carried)):
            return [_soonest_first(due + carried), *apart]
        several: list[list[Appointment]] = []
        for row in due:
            if several and self.fits(reminder, [*several[-1], row]):
                several[-1].append(row)
            else:
                several.append([row])
        return [*several, *apart]

    def fits(self, reminder: str, rows: list[Appointment]) -> bool:
        """Whether the channel that is tried first can take them all."""
        first = self.allowed(self.judging.routes(rows, reminder))[:1]
        return bool(first) and first == self.routes(reminder, rows)[:1]

    def routes(self, reminder: str, rows: list[Appointment]) -> tuple[Route, ...]:
        """The channels on which the text has no more parts than it may have."""
        judging, sms = self.judging, self.judging.settings.sms
        too_long = sms is not None and judging.parts(rows) > sms.max_parts
        routes = self.allowed(judging.routes(rows, reminder))
        return tuple(route for route in routes if not (too_long and route.channel is Channel.SMS))

    def allowed(self, routes: tuple[Route, ...]) -> tuple[Route, ...]:
        only = self.judging.settings.safety.only_recipients
        return tuple(route for route in routes if not only or route.recipient in only)


def _soonest_first(rows: Iterable[Appointment]) -> list[Appointment]:
    return sorted(rows, key=lambda row: (row.starts_at, row.appointment_id))
