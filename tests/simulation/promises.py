"""What must hold for every message that leaves, by what the schedule said: plain checks, no rules engine."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulation.corrections import text_of
from simulation.oracle import CONFIRMATION, Memory, same_name, text_about, to_the_minute
from simulation.outlets import UNHEARD, Attempted
from simulation.verdicts import NOT_OURS
from simulation.world import World
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.delivery import (
    Attempt,
    Claim,
    Content,
    Rejected,
    Sent,
    Unavailable,
    Unknown,
)
from terminbenachrichtigung.model.plan import Channel, Correction, MessageOutcome, Reason, Route

FRESH = 30.0
"""Seconds that the rows of a message may be old when it is claimed (contract, section 2, *Late data*)."""
TRIES = 3
NEVER = (*NOT_OURS, Reason.OPTED_OUT, Reason.NO_CONSENT, Reason.MANUAL_CONTACT)
"""Rules that no run may overlook, whatever the hour."""
NEVER_CORRECTED = tuple(reason for reason in NEVER if reason is not Reason.STATUS_EXCLUDED)
NEVER_CONFIRMED = NEVER[:-1]
"""Who wants a letter or a call to be reminded is confirmed by e-mail nevertheless."""


@dataclass
class Promises:
    """Looks at each attempt before it is made, and remembers all of them."""

    world: World
    made: dict[str, list[Attempted]] = field(default_factory=lambda: defaultdict(list))
    """By appointment, oldest first."""
    claims: dict[str, list[Claim]] = field(default_factory=lambda: defaultdict(list))
    """All claims of which an attempt was about to be made, by appointment, oldest first."""
    by_message: dict[str, list[Attempted]] = field(default_factory=lambda: defaultdict(list))
    order: dict[str, int] = field(default_factory=dict)
    """Which message came first."""
    ran_out: set[str] = field(default_factory=set)
    """Messages whose claim ran out, so that nobody noted what became of their attempts."""
    taken_back: set[str] = field(default_factory=set)
    """Messages whose rejection was the channel's fault: three recipients met the same unheard-of word."""
    not_sent: set[str] = field(default_factory=set)
    """Messages of which staff found that nobody got them."""

    def broken(self, claim: Claim, content: Content, run_now: datetime) -> Iterator[str]:
        """Every promise that this attempt would break."""
        rows, correction = claim.message.appointments, claim.message.correction
        confirms = claim.message.reminder == CONFIRMATION
        never = NEVER_CORRECTED if correction else NEVER_CONFIRMED if confirms else NEVER
        any_day = confirms or correction is not None or self.world.settings.rules.same_day
        yield from self._at_a_wrong_time(rows, correction, same_day=any_day)
        for row in rows:
            yield from self._not_for_it(row, never)
            yield from self._twice(row, claim, content)
            if correction is not None:
                yield from self._corrects_nothing(row, correction, claim)
        if {(row.customer_id, row.last_name) for row in rows} != {
            (claim.message.customer_id, rows[0].last_name)
        }:
            yield "it holds another customer's data"
        if not self.by_message[claim.message_id]:
            yield from self._stale(rows)
        yield from self._wrong_address(claim, content)
        text = text_about(rows, self.world.settings)
        if correction is not None:
            text = text_of(correction, rows, text.partition(": ")[2], self.world.settings.zone)
        if content.text.strip() != text:
            yield f"the text says {content.text!r}"
        yield from self._against_its_course(claim, content)
        if not confirms and correction is None:
            yield from self._too_far(claim, run_now)
        if self.world.tables.state(claim.message_id) != "claimed":
            yield "it is not claimed"

    def about_to(self, claim: Claim) -> None:
        """An attempt is about to be made; the run may be killed before it is."""
        for row in claim.message.appointments:
            first = claim.message.routes[0].recipient
            self.world.tables.seen[claim.message_id, row.appointment_id] = row.last_name, first
            claims = self.claims[row.appointment_id]
            if not claims or claims[-1].message_id != claim.message_id:
                claims.append(claim)
        self.order.setdefault(claim.message_id, len(self.order))

    def note(self, attempted: Attempted) -> None:
        """An attempt was made."""
        self.by_message[attempted.message_id].append(attempted)
        for row in attempted.appointments:
            self.made[row.appointment_id].append(attempted)

    def is_taken_back(self, message_id: str) -> bool:
        """Whether the journal no longer holds a rejection of this message against its recipient."""
        pairs = zip(self.by_message[message_id], self.world.tables.attempts(message_id), strict=False)
        if any(attempted.outcome == UNHEARD and word == "unavailable" for attempted, (_, _, word) in pairs):
            self.taken_back.add(message_id)
        return message_id in self.taken_back

    def is_undelivered(self, attempted: Attempted) -> bool:
        """Whether the journal has learned that it did not arrive."""
        state = self.world.tables.state(attempted.message_id)
        return (
            attempted.channel is Channel.SMS
            and attempted.message_id in self.world.network.undelivered
            and state == "undelivered"
        )

    def _at_a_wrong_time(
        self, rows: Sequence[Appointment], correction: Correction | None, *, same_day: bool
    ) -> Iterator[str]:
        now, minutes = self.world.clock.now(), self.world.minutes
        if minutes.is_quiet(now):
            yield "it is quiet"
        if correction is not None and correction.told <= now:
            yield "the start that they were told is over"
        for row in rows:
            if row.starts_at <= now and not (correction is not None and correction.cancelled):
                yield f"{row.appointment_id} has started"
            if not same_day and minutes.day(row.starts_at) == minutes.day(now):
                yield f"{row.appointment_id} is today"

    def _not_for_it(self, row: Appointment, never: Sequence[Reason]) -> Iterator[str]:
        judging = self.world.oracle.judging(Memory(), self.world.clock.now())
        others = tuple(set(Reason) - set(never))
        if (reason := judging.first_no(row, next(iter(judging.leads)), without=others)) is not None:
            yield f"{row.appointment_id} must not be told: {reason}"

    def _corrects_nothing(self, row: Appointment, correction: Correction, claim: Claim) -> Iterator[str]:
        """By what really went out: the last word that this person may have is the one that is taken back."""
        judging = self.world.oracle.judging(Memory(), self.world.clock.now())
        if correction.cancelled != judging.status_excluded(row):
            yield f"{row.appointment_id} is not what the correction says: {row}"
        words = [
            each
            for each in self.made[row.appointment_id]
            if each.may_have_arrived
            and each.message_id not in self.not_sent
            and not self.is_undelivered(each)
            and each.message_id != claim.message_id
            and any(
                then.appointment_id == row.appointment_id
                and (then.customer_id == row.customer_id or same_name(then.last_name, row.last_name))
                for then in each.appointments
            )
        ]
        if not words:
            yield f"nobody was told of {row.appointment_id}"
            return
        last = words[-1]
        (then,) = [each for each in last.appointments if each.appointment_id == row.appointment_id]
        if last.correction is not None and last.correction.cancelled:
            yield f"{row.appointment_id} was called off before, at {last.at}"
        elif to_the_minute(then.starts_at) != correction.told:
            yield f"{row.appointment_id} was told for {then.starts_at}, not {correction.told}"

    def _stale(self, rows: Sequence[Appointment]) -> Iterator[str]:
        """What leaves was in the schedule less than 30 seconds ago."""
        until = self.world.clock.monotonic()
        for row in rows:
            if row not in self.world.schedule.said(row.appointment_id, until - FRESH, until):
                yield f"{row.appointment_id} is not what the schedule said in the last 30 seconds: {row}"

    def _wrong_address(self, claim: Claim, content: Content) -> Iterator[str]:
        row = claim.message.soonest
        fields = (row.mobile, row.phone) if content.channel is Channel.SMS else (row.email,)
        theirs = [number for each in fields if (number := self.world.desk.typed[each])]
        first = theirs[:1] if claim.message.correction is None else theirs  # the one that told them
        if content.recipient not in first:
            yield f"{content.recipient} is not this customer's"
        only = self.world.settings.safety.only_recipients
        if only and content.recipient not in only:
            yield f"{content.recipient} may not be written to"

    def _twice(self, row: Appointment, claim: Claim, content: Content) -> Iterator[str]:
        kept = timedelta(days=self.world.settings.journal.retention_days)
        for before in self.made[row.appointment_id]:
            # Of a killed run, or moved far ahead meanwhile: of both the journal knows nothing.
            forgotten = before.message_id in self.ran_out or before.at < self.world.clock.now() - kept
            open_again = before.message_id in self.not_sent or self.is_taken_back(before.message_id)
            refused = isinstance(before.outcome, Rejected) or self.is_undelivered(before)
            rejected = refused and before.recipient == content.recipient
            if rejected and not forgotten and not open_again:
                yield f"{content.recipient} was rejected for {row.appointment_id} before"
        if claim.message.correction is not None:
            return  # `_corrects_nothing` asks more
        for claim_before in reversed(self.claims[row.appointment_id]):
            if self._was_taken_back(row, claim_before):
                return
            if self.world.tables.is_revoked(claim_before.message_id, row.appointment_id):
                return  # a person said that it is off, and it stands again
            if self._tells(claim_before, claim.message.reminder, row):
                (then,) = [
                    each
                    for each in claim_before.message.appointments
                    if each.appointment_id == row.appointment_id
                ]
                theirs = then.customer_id == row.customer_id or same_name(then.last_name, row.last_name)
                if theirs and to_the_minute(then.starts_at) == to_the_minute(row.starts_at):
                    yield from self._again(claim_before, claim, content)
                elif self.world.tables.state(claim_before.message_id) != "released":
                    return  # A, then B, then A again: a notification of its own

    def _tells(self, claim: Claim, reminder: str, row: Appointment) -> bool:
        """Whether a message is that reminder's, or takes its place for this appointment.

        What a reminder of an earlier name said counts for every one.
        """
        correction = claim.message.correction
        along = correction.takes_place_of if correction is not None else ()
        if claim.message.reminder == reminder or (reminder, row.appointment_id) in along:
            return True
        named = {each.name for each in self.world.settings.reminders}
        renamed = claim.message.reminder not in named and claim.message.reminder != CONFIRMATION
        return renamed and correction is None and reminder != CONFIRMATION

    def _was_taken_back(self, row: Appointment, claim_before: Claim) -> bool:
        """Whether since then a correction took the start of this row back, and surely was sent."""
        start = to_the_minute(row.starts_at)
        return any(
            claim.message.correction is not None
            and claim.message.correction.told == start
            and self.order[claim.message_id] >= self.order[claim_before.message_id]
            and self.world.tables.state(claim.message_id) in ("sent", "delivered")
            for claims in self.claims.values()
            for claim in claims
            for then in claim.message.appointments
            if then.customer_id == row.customer_id or same_name(then.last_name, row.last_name)
        )

    def _again(self, before: Claim, claim: Claim, content: Content) -> Iterator[str]:
        if before.message_id in self.not_sent:
            return
        for attempted in self.by_message[before.message_id]:
            if self.is_undelivered(attempted):
                continue
            if isinstance(attempted.outcome, Sent):
                yield f"it was told before, at {attempted.at}"
            if isinstance(attempted.outcome, Unknown):
                falls_back = self.world.settings.rules.on_unknown == "fallback"
                same = before.message_id == claim.message_id and attempted.channel is not content.channel
                if not (falls_back and same):
                    yield f"it may have been told before, at {attempted.at}"

    def _against_its_course(self, claim: Claim, content: Content) -> Iterator[str]:
        tried = [each for each in self.by_message[claim.message_id] if each.channel is content.channel]
        if len(tried) >= TRIES:
            yield f"this is try number {len(tried) + 1}"
        if tried and not isinstance(tried[-1].outcome, Unavailable):
            yield f"{content.channel} had answered: {tried[-1].outcome}"
        if Route(content.channel, content.recipient) not in claim.message.routes:
            yield "this route was not planned"

    def _too_far(self, claim: Claim, run_now: datetime) -> Iterator[str]:
        judging = self.world.oracle.judging(Memory(), run_now)
        reach = judging.reach(claim.message.reminder)
        if claim.message.soonest.starts_at > reach:
            yield f"{claim.message.soonest.appointment_id} is in no window yet"
        if claim.message.appointments[-1].starts_at > reach + judging.gap:
            yield f"{claim.message.appointments[-1].appointment_id} is too far ahead to be carried"


def outcomes_of(
    routes: Sequence[Route], attempts: Sequence[Attempt], *, stopped: bool
) -> set[MessageOutcome]:
    """How a message may have ended, by what its attempts said (contract, section 3, *What follows*)."""
    outcomes = [attempt.outcome for attempt in attempts]
    if any(isinstance(outcome, Sent) for outcome in outcomes):
        return {MessageOutcome.SENT}
    if any(isinstance(outcome, Unknown) for outcome in outcomes):
        return {MessageOutcome.UNKNOWN}
    if not outcomes:
        return {MessageOutcome.DEFERRED, *({MessageOutcome.RETRY} if stopped else ())}
    rejected = {attempt.route for attempt in attempts if isinstance(attempt.outcome, Rejected)}
    if rejected == set(routes):
        return {MessageOutcome.FAILED}
    # Cut off by quiet time or by the start, what surely was not sent is deferred.
    return {MessageOutcome.RETRY, MessageOutcome.DEFERRED}
