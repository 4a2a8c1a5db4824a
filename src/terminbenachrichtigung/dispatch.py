"""Claims, sends and settles planned messages, one by one, soonest first: where the promises meet.

The main thread owns the journal and every decision; threads only hold attempts. For each message
the order is fixed: rows at most 30 seconds old, claim, commit, fresh clock, send, settle, commit.
"""

import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from terminbenachrichtigung.delivery.channel import Channel as Sender
from terminbenachrichtigung.delivery.circuits import Circuits
from terminbenachrichtigung.delivery.course import PAUSES, End, Try, next_step
from terminbenachrichtigung.delivery.workers import Workers
from terminbenachrichtigung.errors import JournalError, MessageError, ScheduleError
from terminbenachrichtigung.journal import Journal, Lost
from terminbenachrichtigung.model import (
    Appointment,
    Attempt,
    Channel,
    Claim,
    Content,
    MessageOutcome,
    MessageResult,
    Outcome,
    Plan,
    PlannedMessage,
    Reason,
    Rejected,
    Route,
    Skip,
    Stop,
    Unavailable,
    Unknown,
)

FRESH_SECONDS = 30.0
"""How old the rows may be from which a message is made, when it is claimed (contract, section 2)."""
WAKE_SECONDS = 0.25
"""How long a stop signal may go unseen while attempts are under way."""
REPLANS = 3
"""How often one customer is planned anew in a run: enough for data that settle, an end where they do not."""


class Held(StrEnum):
    """Why an attempt did not start."""

    QUIET = "a quiet period began"
    TOO_LATE = "its time had come before it could be sent"
    LEASE = "the claim had to be renewed first"


Gate = Callable[[datetime], Held | None]
"""For the soonest start of a message: whether it may leave at this moment, by a fresh clock."""


@dataclass(frozen=True, slots=True)
class Stages:
    """What the dispatch asks of the other rooms; the pipeline wires it."""

    journal: Journal
    senders: Mapping[Channel, Sender]
    content: Callable[[PlannedMessage, Route], Content]
    gate: Gate
    reread: Callable[[], Sequence[Appointment]]
    """The window, read anew in a fresh transaction."""
    plan_customer: Callable[[Sequence[Appointment]], Plan]
    """What one customer's rows come to, judged with what the journal knows now."""
    preflight: Mapping[Channel, Callable[[], str | None]]
    """Asked once before a channel's first message; the answer is why the channel must stay closed."""
    stopping: Callable[[], Stop | None]


@dataclass(frozen=True, slots=True)
class Limits:
    """The settings that the dispatch needs."""

    now: datetime
    gap: timedelta
    on_unknown: Literal["hold", "fallback"]
    lease_seconds: float
    """After so long without a renewal no attempt starts: the rest of the lease is for the attempt itself."""


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What became of a plan."""

    results: tuple[MessageResult, ...]
    skips: tuple[Skip, ...]
    closed: Mapping[Channel, str]
    stop: Stop | None
    stop_detail: str


@dataclass(slots=True)
class _Queued:
    order: int
    message: PlannedMessage
    seen_in: int = 0  # the reading of the schedule that it was last compared with


@dataclass(slots=True)
class _Delivery:
    """A claimed message on its way through its channels."""

    claim: Claim
    route: Route
    content: Content
    renewed: float
    attempts: list[Attempt] = field(default_factory=list)
    noted: int = 0  # so many attempts are in the journal
    due: float = 0.0
    renew: bool = False

    @property
    def message(self) -> PlannedMessage:
        return self.claim.message


Crew = Workers[_Delivery, Outcome | Held]


class Dispatch:
    """One run's sending. Use: `Dispatch(...).run(plan, appointments)`."""

    def __init__(
        self,
        stages: Stages,
        limits: Limits,
        workers: Crew,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._stages = stages
        self._limits = limits
        self._workers = workers
        self._progress = progress or (lambda _done, _total: None)
        self._circuits = Circuits()
        self._queues: dict[Channel, deque[_Queued]] = {channel: deque() for channel in Channel}
        self._waiting: list[_Delivery] = []  # claimed, for a thread or the end of a pause
        self._open: dict[str, _Delivery] = {}  # every claim that is not settled yet
        self._preflights = dict(stages.preflight)
        self._results: dict[str, MessageResult] = {}
        self._unclaimed: list[MessageResult] = []
        self._skips: dict[tuple[str, str], Skip] = {}
        self._replans: Counter[str] = Counter()
        self._rows: dict[str, Appointment] = {}
        self._customers: defaultdict[str, list[Appointment]] = defaultdict(list)
        self._reading = 0
        self._read_at = 0.0
        self._stop: Stop | None = None
        self._stop_detail = ""

    def run(self, plan: Plan, appointments: Sequence[Appointment], read_at: float) -> Dispatched:
        """Sends the plan.

        Args:
            plan: what the rules say of `appointments`.
            appointments: the window as it was read.
            read_at: when that reading began, by the monotonic clock.
        """
        self._skips = {(skip.reminder, skip.appointment.appointment_id): skip for skip in plan.skips}
        self._take_rows(appointments)
        self._read_at = read_at
        self._enqueue(_Queued(order, message) for order, message in enumerate(plan.messages))
        total = len(plan.messages)
        while True:
            self._look_for_a_stop()
            self._attempt_waiting()
            while self._claim_next():
                pass
            queued = sum(map(len, self._queues.values()))
            self._progress(total - queued, total)
            if not self._open and (self._stop or not queued):
                break
            for delivery, result in self._workers.wait(self._nap()):
                self._after(delivery, result)
        for queue in self._queues.values():
            for queued_one in queue:
                self._leave(queued_one.message)
        return Dispatched(
            (*self._results.values(), *self._unclaimed),
            tuple(self._skips.values()),
            dict(self._circuits.closed),
            self._stop,
            self._stop_detail,
        )

    def _nap(self) -> float:
        if self._stop is None and any(self._queues.values()):
            pauses = [
                free for channel, queue in self._queues.items() if queue and (free := self._free_in(channel))
            ]
        else:
            pauses = []
        pauses += [max(0.0, delivery.due - time.monotonic()) for delivery in self._waiting]
        return min([WAKE_SECONDS, *(pause for pause in pauses if pause > 0)])

    # -------------------------------------------------------------- stopping

    def _look_for_a_stop(self) -> None:
        if self._stop is None and (found := self._stages.stopping()):
            self._halt(found)

    def _halt(self, stop: Stop, detail: str = "") -> None:
        """Nothing more is claimed or attempted; what is under way finishes."""
        if self._stop is None:
            self._stop, self._stop_detail = stop, detail
        waiting, self._waiting = self._waiting, []
        for delivery in waiting:
            self._end(delivery, self._outcome_when_stopped(delivery))

    def _outcome_when_stopped(self, delivery: _Delivery) -> MessageOutcome:
        step = next_step(
            delivery.message.routes, delivery.attempts, frozenset(Channel), self._limits.on_unknown
        )
        outcome = step.outcome if isinstance(step, End) else MessageOutcome.RETRY
        if outcome is MessageOutcome.RETRY and self._stop is Stop.QUIET:
            return MessageOutcome.DEFERRED
        return outcome

    # -------------------------------------------------------------- from the plan to a claim

    def _enqueue(self, items: Iterable[_Queued]) -> None:
        closed = self._circuits.closed
        for item in sorted(items, key=lambda queued: queued.order):
            step = next_step(item.message.routes, (), closed, self._limits.on_unknown)
            if isinstance(step, Try):
                self._queues[step.route.channel].append(item)
            else:
                why = "; ".join(f"{channel}: {closed[channel]}" for channel in closed)
                self._leave(item.message, f"no channel is left in this run ({why})")

    def _close(self, channel: Channel, why: str) -> None:
        self._circuits.close(channel, why)
        self._redistribute()

    def _redistribute(self) -> None:
        """Gives the messages of closed channels to their next one, in the order of the plan."""
        stranded = [self._queues[channel] for channel in self._circuits.closed if self._queues[channel]]
        if not stranded:
            return
        items = [item for queue in self._queues.values() for item in queue]
        for queue in self._queues.values():
            queue.clear()
        self._enqueue(items)

    def _free_in(self, channel: Channel) -> float | None:
        return self._workers.free_in(channel) if channel in self._stages.senders else None

    def _claim_next(self) -> bool:
        """Claims and starts one message, or settles why not; False when there is nothing to do now."""
        if self._stop is not None or len(self._open) >= self._workers.size:
            return False
        for channel, queue in self._queues.items():
            if queue and self._free_in(channel) == 0:
                if self._is_open(channel) and self._is_fresh(queue[0]):
                    self._claim(queue.popleft())
                return True
        return False

    def _is_open(self, channel: Channel) -> bool:
        """Asks the channel's preflight once, before its first message."""
        if channel in self._circuits.closed:
            return False
        ask = self._preflights.pop(channel, None)
        why = ask() if ask else None
        if why is not None:
            self._close(channel, why)
        return why is None

    def _is_fresh(self, item: _Queued) -> bool:
        """Whether the message still says what the schedule says; if not, its customer is planned anew."""
        if time.monotonic() - self._read_at > FRESH_SECONDS and not self._read_again():
            return False
        if item.seen_in != self._reading:
            item.seen_in = self._reading
            if any(self._rows.get(row.appointment_id) != row for row in item.message.appointments):
                self._plan_anew(item.message.customer_id, None)
                return False
        return True

    def _take_rows(self, rows: Sequence[Appointment]) -> None:
        self._rows = {row.appointment_id: row for row in rows}
        self._customers = defaultdict(list)
        for row in rows:
            if row.customer_id is not None:
                self._customers[row.customer_id].append(row)

    def _read_again(self) -> bool:
        for pause in (*PAUSES, None):
            began = time.monotonic()
            try:
                rows = self._stages.reread()
            except ScheduleError as error:
                if pause is None:
                    self._halt(Stop.SCHEDULE, str(error))
                    return False
                time.sleep(pause)
                continue
            # A reading that itself takes long must leave time to claim something.
            self._read_at = max(began, time.monotonic() - FRESH_SECONDS / 2)
            self._take_rows(rows)
            self._reading += 1
            return True
        return False

    def _claim(self, item: _Queued) -> None:
        message = item.message
        held = self._stages.gate(message.soonest.starts_at)
        if held is Held.QUIET:
            self._queues[message.routes[0].channel].appendleft(item)
            self._halt(Stop.QUIET)
            return
        if held is not None:
            self._leave(message, held)
            return
        try:
            claim = self._stages.journal.claim(message, now=self._limits.now, gap=self._limits.gap)
        except JournalError as error:
            self._queues[message.routes[0].channel].appendleft(item)
            self._halt(Stop.JOURNAL, str(error))
            return
        if isinstance(claim, Lost):
            self._lost(message, claim)
            return
        step = next_step(message.routes, (), self._circuits.closed, self._limits.on_unknown)
        assert isinstance(step, Try)  # `_enqueue` saw to it, and only `_after` closes channels
        content = self._stages.content(message, step.route)
        delivery = _Delivery(claim, step.route, content, renewed=time.monotonic())
        self._open[claim.message_id] = delivery
        if step.route != message.routes[0]:
            delivery.renew = True  # the journal must name the channel that is really tried
        self._start(delivery)

    def _leave(self, message: PlannedMessage, detail: str = "") -> None:
        content = self._stages.content(message, message.routes[0])
        self._unclaimed.append(
            MessageResult(message, content, outcome=MessageOutcome.DEFERRED, detail=detail)
        )

    def _lost(self, message: PlannedMessage, lost: Lost) -> None:
        if len(message.appointments) > 1 or lost.reason is Reason.RECENTLY_NOTIFIED:
            self._plan_anew(message.customer_id, (message, lost))
            return
        for appointment in message.appointments:
            self._skip(appointment, message.reminder, lost.reason, lost.detail)

    def _skip(self, appointment: Appointment, reminder: str, reason: Reason, detail: str) -> None:
        self._skips[reminder, appointment.appointment_id] = Skip(appointment, reminder, reason, detail)

    def _plan_anew(self, customer: str, lost: tuple[PlannedMessage, Lost] | None) -> None:
        """Plans a customer again, by the newest rows and what the journal knows now."""
        old = [
            item for queue in self._queues.values() for item in queue if item.message.customer_id == customer
        ]
        for queue in self._queues.values():
            kept = [item for item in queue if item.message.customer_id != customer]
            if len(kept) != len(queue):
                queue.clear()
                queue.extend(kept)
        gone = [item.message for item in old]
        order = min((item.order for item in old), default=-1)
        if lost is not None:
            gone.append(lost[0])
        self._replans[customer] += 1
        if self._replans[customer] > REPLANS:
            reason = lost[1].reason if lost else Reason.CHANGED
            for message in gone:
                for appointment in message.appointments:
                    self._skip(
                        appointment, message.reminder, reason, "it kept changing; the next run sees to it"
                    )
            return
        affected = {row.appointment_id for message in gone for row in message.appointments}
        plan = self._stages.plan_customer(self._customers[customer])
        planned = {
            (message.reminder, row.appointment_id)
            for message in plan.messages
            for row in message.appointments
        }
        for key in planned:
            self._skips.pop(key, None)
        why = {(skip.reminder, skip.appointment.appointment_id): skip for skip in plan.skips}
        for message in gone:
            for row in message.appointments:
                key = (message.reminder, row.appointment_id)
                if key not in planned:
                    self._skips[key] = _changed(row, message.reminder, self._rows, why.get(key))
        self._enqueue_first(plan.messages, order)
        now_of = {self._rows[row_id].customer_id for row_id in affected if row_id in self._rows}
        for other in now_of - {customer, None}:
            assert other is not None
            self._plan_anew(other, None)  # the appointment was reassigned: it is this customer's now

    def _enqueue_first(self, messages: Sequence[PlannedMessage], order: int) -> None:
        for message in reversed(messages):
            item = _Queued(order, message, seen_in=self._reading)
            step = next_step(message.routes, (), self._circuits.closed, self._limits.on_unknown)
            if isinstance(step, Try):
                self._queues[step.route.channel].appendleft(item)
            else:
                self._enqueue([item])

    # -------------------------------------------------------------- from a claim to its settling

    def _attempt_waiting(self) -> None:
        now = time.monotonic()
        waiting, self._waiting = self._waiting, []
        for delivery in waiting:
            if self._stop is not None:
                self._end(delivery, self._outcome_when_stopped(delivery))
            elif delivery.due > now or self._free_in(delivery.route.channel) != 0:
                self._waiting.append(delivery)
            else:
                self._start(delivery)

    def _start(self, delivery: _Delivery) -> None:
        if self._free_in(delivery.route.channel) != 0:
            self._waiting.append(delivery)
            return
        if delivery.renew and not self._renewed(delivery):
            return
        sender = self._stages.senders[delivery.route.channel]
        gate, lease = self._stages.gate, self._limits.lease_seconds

        def attempt() -> Outcome | Held:
            # On the thread, as close to the sending as can be: the process may have slept since.
            if held := gate(delivery.message.soonest.starts_at):
                return held
            if time.monotonic() - delivery.renewed > lease:
                return Held.LEASE
            return sender.send(delivery.claim, delivery.content)

        self._workers.start(delivery.route.channel, delivery, attempt)

    def _renewed(self, delivery: _Delivery) -> bool:
        """Renews the lease; where that fails the message ends, and nothing is sent."""
        try:
            ours = self._stages.journal.renew(
                delivery.claim, delivery.route, delivery.attempts[delivery.noted :]
            )
        except JournalError as error:
            self._note_result(delivery, MessageOutcome.UNKNOWN, str(error))
            self._halt(Stop.JOURNAL, str(error))
            return False
        if not ours:
            self._note_result(delivery, MessageOutcome.UNKNOWN, "its claim ran out before it could be sent")
            return False
        delivery.renewed = time.monotonic()
        delivery.noted = len(delivery.attempts)
        delivery.renew = False
        return True

    def _after(self, delivery: _Delivery, result: Outcome | Held) -> None:
        if isinstance(result, Held):
            self._after_held(delivery, result)
            return
        delivery.attempts.append(Attempt(delivery.route, result))
        closed_before = len(self._circuits.closed)
        step = self._next(delivery)
        leaves = not (isinstance(step, Try) and step.route == delivery.route)
        taken_back = self._circuits.note(
            delivery.claim.message_id, delivery.attempts[-1], leaves_channel=leaves
        )
        if taken_back:
            self._take_back(taken_back, delivery.route.channel)
        if len(self._circuits.closed) > closed_before:
            self._redistribute()
        step = self._next(delivery)
        if isinstance(step, End):
            self._end(delivery, step.outcome)
        elif self._stop is not None:
            self._end(delivery, self._outcome_when_stopped(delivery))
        else:
            self._try(delivery, step)

    def _next(self, delivery: _Delivery) -> Try | End:
        return next_step(
            delivery.message.routes, delivery.attempts, self._circuits.closed, self._limits.on_unknown
        )

    def _try(self, delivery: _Delivery, step: Try) -> None:
        if step.route != delivery.route:
            delivery.route = step.route
            try:
                delivery.content = self._stages.content(delivery.message, step.route)
            except MessageError as error:
                self._after(delivery, Unavailable(str(error), again=False, recipient_only=True))
                return
            if not self._is_open(step.route.channel):
                self._after_closing(delivery)
                return
        delivery.due = time.monotonic() + step.pause
        delivery.renew = True
        self._waiting.append(delivery)

    def _after_closing(self, delivery: _Delivery) -> None:
        step = self._next(delivery)
        if isinstance(step, End):
            self._end(delivery, step.outcome)
        else:
            self._try(delivery, step)

    def _after_held(self, delivery: _Delivery, held: Held) -> None:
        if held is Held.LEASE:
            delivery.renew = True
            self._waiting.append(delivery)
            if self._stop is not None:
                self._halt(self._stop)
            return
        unknown = any(isinstance(attempt.outcome, Unknown) for attempt in delivery.attempts)
        self._end(delivery, MessageOutcome.UNKNOWN if unknown else MessageOutcome.DEFERRED, held)
        if held is Held.QUIET:
            self._halt(Stop.QUIET)

    def _take_back(self, message_ids: Sequence[str], channel: Channel) -> None:
        """A rejection that was the channel's fault does not count against its recipients."""
        for message_id in message_ids:
            delivery = self._open.get(message_id)
            if delivery is not None:
                delivery.attempts[:] = _not_rejected(delivery.attempts, channel)
            result = self._results.get(message_id)
            if result is None:
                continue
            outcome = MessageOutcome.RETRY if result.outcome is MessageOutcome.FAILED else result.outcome
            attempts = tuple(_not_rejected(result.attempts, channel))
            self._results[message_id] = replace(result, outcome=outcome, attempts=attempts)
        try:
            self._stages.journal.reopen(message_ids, channel)
        except JournalError as error:
            self._halt(Stop.JOURNAL, str(error))

    def _end(self, delivery: _Delivery, outcome: MessageOutcome, detail: str = "") -> None:
        try:
            self._stages.journal.settle(
                delivery.claim, outcome, delivery.route, delivery.attempts[delivery.noted :]
            )
        except JournalError as error:
            # The claim stays open in the journal and ends there as `unknown`: never a second message.
            self._note_result(delivery, MessageOutcome.UNKNOWN, f"{outcome}, but not noted: {error}")
            self._halt(Stop.JOURNAL, str(error))
            return
        self._note_result(delivery, outcome, detail)

    def _note_result(self, delivery: _Delivery, outcome: MessageOutcome, detail: str) -> None:
        self._open.pop(delivery.claim.message_id, None)
        self._results[delivery.claim.message_id] = MessageResult(
            delivery.message,
            delivery.content,
            outcome=outcome,
            attempts=tuple(delivery.attempts),
            message_id=delivery.claim.message_id,
            detail=detail,
        )


def _not_rejected(attempts: Iterable[Attempt], channel: Channel) -> list[Attempt]:
    return [
        replace(attempt, outcome=Unavailable(attempt.outcome.detail, again=False))
        if attempt.route.channel is channel and isinstance(attempt.outcome, Rejected)
        else attempt
        for attempt in attempts
    ]


def _changed(row: Appointment, reminder: str, rows: Mapping[str, Appointment], skip: Skip | None) -> Skip:
    """Why an appointment that was planned is not sent after all."""
    newest = rows.get(row.appointment_id)
    if newest is None:
        return Skip(row, reminder, Reason.CHANGED, "it is no longer in the schedule")
    if newest == row and skip is not None:
        return skip
    if skip is not None:
        return Skip(newest, reminder, Reason.CHANGED, f"{skip.reason}: {skip.detail}".rstrip(": "))
    return Skip(newest, reminder, Reason.CHANGED, "it is no longer due")
