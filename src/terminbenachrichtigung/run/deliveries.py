"""Claims, sends and settles messages. The main thread decides and writes; other threads make the attempts."""

import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime

from terminbenachrichtigung.clock import elapsed, instant
from terminbenachrichtigung.delivery.circuits import Circuits
from terminbenachrichtigung.delivery.next_step import End, Try, next_step
from terminbenachrichtigung.delivery.workers import Workers, limits_of
from terminbenachrichtigung.errors import ClaimGoneError, JournalError, MessageError, ScheduleError
from terminbenachrichtigung.journal.claims import Lost
from terminbenachrichtigung.model.delivery import Attempt, Content, Outcome, Unavailable, Unknown
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, PlannedMessage, Reason, Route
from terminbenachrichtigung.model.result import MessageResult, RunResult, Stop
from terminbenachrichtigung.run import report
from terminbenachrichtigung.run.accounts import Accounts
from terminbenachrichtigung.run.backlog import Backlog, Queued
from terminbenachrichtigung.run.context import RunContext, content_of, gap_of
from terminbenachrichtigung.run.delivery import Delivery, Held, held_by_time, not_rejected
from terminbenachrichtigung.run.planning import Planned
from terminbenachrichtigung.run.surprise import or_unknown

_LOG = logging.getLogger(__name__)


Progress = Callable[[int, int], None]
"""Told how many messages are done, and of how many."""


def deliver(
    context: RunContext, planned: Planned, result: RunResult, progress: Progress | None = None
) -> RunResult:
    """Claims, sends and settles the messages of a plan; returns `result` with what became of them.

    Whatever the plan says, nothing leaves in a quiet period or after an appointment's start.
    """
    with closing(_Crew(limits_of(context.settings), context.clock, context.threads)) as workers:
        return _Deliveries(context, planned, result.at, workers, progress).run(result)


_Crew = Workers[Delivery, Outcome | Held]


class _Deliveries:
    """One plan's sending, from its first claim to its last settling."""

    def __init__(
        self, context: RunContext, planned: Planned, now: datetime, workers: _Crew, progress: Progress | None
    ) -> None:
        self._context = context
        self._journal = context.writable
        self._clock = context.clock
        self._planned = planned
        self._now = now
        self._workers = workers
        self._progress = progress or (lambda _done, _total: None)
        # The other half is for the delivery itself, which takes no longer (`config check` sees to that).
        self._lease_seconds = context.settings.journal.claim_timeout_minutes * 60 / 2
        self._circuits = Circuits()
        self._backlog = Backlog(context, planned, now, self._circuits)
        self._waiting: list[Delivery] = []  # claimed, for a thread or the end of a pause
        self._open: dict[str, Delivery] = {}  # every claim that is not settled yet
        self._accounts = Accounts(context, self._backlog, self._circuits, self._content)
        self._results: dict[str, MessageResult] = {}
        self._stop: Stop | None = None
        self._stop_detail = ""

    def run(self, result: RunResult) -> RunResult:
        """Sends the plan; returns `result` with what became of it."""
        total = len(self._planned.plan.messages)
        while True:
            self._look_for_a_stop()
            self._attempt_waiting()
            while self._claim_next():
                self._look_for_a_stop()
            self._progress(max(0, total - len(self._backlog) - len(self._open)), total)
            if not self._open and (self._stop or not self._backlog):
                break
            for delivery, ended in self._workers.wait(self._nap()):
                self._after(delivery, ended)
        self._backlog.leave_all()
        return replace(
            result,
            # In the order of the plan, as a dry run shows them; they ended in another order.
            messages=tuple(
                sorted((*self._results.values(), *self._backlog.left), key=lambda each: each.message.order)
            ),
            skips=tuple(self._backlog.skips.values()),
            closed=dict(self._circuits.closed),
            stop=self._stop,
            stop_detail=self._stop_detail,
            credits=self._accounts.credit.found(),
        )

    def _nap(self) -> float:
        """Seconds to wait for the end of an attempt: until a pause is over, or a channel may send again."""
        pauses = [delivery.due - self._clock.monotonic() for delivery in self._waiting]
        if self._stop is None:
            pauses += [
                self._free_in(channel) or 0.0 for channel in Channel if self._backlog.waits_for(channel)
            ]
        return min([self._context.timings.wake, *(pause for pause in pauses if pause > 0)])

    # -------------------------------------------------------------- stopping

    def _look_for_a_stop(self) -> None:
        if self._stop is None and (found := self._context.stopping()):
            self._halt(found)

    def _halt(self, stop: Stop, detail: str = "") -> None:
        """Nothing more is claimed or attempted; what is under way finishes."""
        if self._stop is None:
            self._stop, self._stop_detail = stop, detail
        waiting, self._waiting = self._waiting, []
        for delivery in waiting:
            self._end(delivery, self._outcome_when_stopped(delivery))

    def _halt_for(self, error: JournalError) -> None:
        gone = isinstance(error, ClaimGoneError)
        self._halt(Stop.CLAIM_GONE if gone else Stop.JOURNAL, str(error))

    def _outcome_when_stopped(self, delivery: Delivery) -> MessageOutcome:
        step = self._step(delivery.message, delivery.attempts, frozenset(Channel))
        outcome = step.outcome if isinstance(step, End) else MessageOutcome.RETRY
        if outcome is MessageOutcome.RETRY and self._stop is Stop.QUIET:
            return MessageOutcome.DEFERRED
        return outcome

    # -------------------------------------------------------------- from the plan to a claim

    def _free_in(self, channel: Channel) -> float | None:
        return self._workers.free_in(channel) if channel in self._context.senders else None

    def _claim_next(self) -> bool:
        """Claims and starts one message, or notes why it is not claimed; False if nothing can be done now."""
        if self._stop is not None or len(self._open) >= self._workers.size:
            return False
        for channel in Channel:
            if self._backlog.waits_for(channel) and self._free_in(channel) == 0:
                if self._accounts.is_open(channel):
                    self._claim_for(channel)
                return True
        return False

    def _claim_for(self, channel: Channel) -> None:
        try:
            item = self._backlog.next_for(channel)
            if item is not None:
                self._claim(item)
        except ScheduleError as error:
            self._halt(Stop.SCHEDULE, str(error))
        except JournalError as error:
            self._halt_for(error)

    def _claim(self, item: Queued) -> None:
        message = item.message
        held = self._held_by_time(message)
        if held is Held.QUIET:
            self._backlog.give_back(item)
            self._halt(Stop.QUIET)
            return
        if held is not None:
            self._backlog.leave(message, held)
            return
        step = self._step(message)
        assert isinstance(step, Try)  # the backlog gives out nothing else
        try:
            content = self._content(message, step.route)
        except MessageError as error:
            for row in message.appointments:
                self._backlog.skip(row, message.reminder, Reason.NO_CONTACT, str(error))
            return
        if not self._accounts.pay_for(content, item):
            return
        # The lease counts from before the commit: right after it the process may be suspended for longer.
        began = instant(self._clock)
        if elapsed(self._clock, self._backlog.read_at) > self._context.timings.stale:
            self._backlog.give_back(item)  # suspended since the rows were read: they are read again
            return
        try:
            claim = self._journal.claim(message, now=self._now, gap=gap_of(self._context.settings))
        except JournalError:
            self._backlog.give_back(item)
            raise
        if isinstance(claim, Lost):
            self._backlog.lost(item, claim)
            return
        delivery = Delivery(claim, item, step.route, content, began, self._backlog.read_at)
        self._open[claim.message_id] = delivery
        self._accounts.credit.take(content)
        # The claim names the first route. Where another one is tried, a renewal tells the journal.
        delivery.renew = step.route != message.routes[0]
        self._start(delivery)

    def _step(
        self,
        message: PlannedMessage,
        attempts: Sequence[Attempt] = (),
        closed: Collection[Channel] | None = None,
    ) -> Try | End:
        return next_step(
            message.routes,
            attempts,
            self._circuits.closed if closed is None else closed,
            self._context.settings.rules.on_unknown,
            self._context.timings.pauses,
        )

    def _content(self, message: PlannedMessage, route: Route) -> Content:
        return content_of(self._context, message, route, self._now)

    def _held_by_time(self, message: PlannedMessage) -> Held | None:
        same_day = self._planned.same_day or message.correction is not None
        return held_by_time(self._context, message.until, same_day=same_day)

    # -------------------------------------------------------------- from a claim to its settling

    def _attempt_waiting(self) -> None:
        now = self._clock.monotonic()
        waiting, self._waiting = self._waiting, []
        for delivery in waiting:
            if self._stop is not None:
                self._end(delivery, self._outcome_when_stopped(delivery))
            elif delivery.due > now or self._free_in(delivery.route.channel) != 0:
                self._waiting.append(delivery)
            else:
                self._start(delivery)

    def _start(self, delivery: Delivery) -> None:
        if self._free_in(delivery.route.channel) != 0:
            self._waiting.append(delivery)
            return
        if delivery.renew and not self._renewed(delivery):
            return
        sender = self._context.senders[delivery.route.channel]()

        def attempt() -> Outcome | Held:
            # On the thread, right before sending: the process may have been suspended since the claim.
            if held := self._held_by_time(delivery.message):
                return held
            if elapsed(self._clock, delivery.renewed) > self._lease_seconds:
                return Held.LEASE
            age = elapsed(self._clock, delivery.read_at)
            if not delivery.attempts and age > 2 * self._context.timings.stale:
                return Held.STALE
            return or_unknown(lambda: sender.send(delivery.claim, delivery.content))

        self._workers.start(delivery.route.channel, delivery, attempt)

    def _renewed(self, delivery: Delivery) -> bool:
        """Renews the lease; where that fails the message ends, and nothing is sent."""
        began = instant(self._clock)  # as in `_claim`
        try:
            ours = self._journal.renew(delivery.claim, delivery.route, delivery.attempts[delivery.noted :])
            stopped = ours and self._journal.has_opted_out(delivery.route.recipient)
        except JournalError as error:
            self._note_result(delivery, MessageOutcome.UNKNOWN, str(error))
            self._halt_for(error)
            return False
        if not ours:
            self._note_result(delivery, MessageOutcome.UNKNOWN, "its claim ran out before it could be sent")
            return False
        delivery.renewed = began
        delivery.noted = len(delivery.attempts)
        delivery.renew = False
        if stopped:
            self._after_held(delivery, Held.OPTED_OUT)
        return not stopped

    def _after(self, delivery: Delivery, result: Outcome | Held) -> None:
        if isinstance(result, Held):
            self._after_held(delivery, result)
            return
        delivery.attempts.append(Attempt(delivery.route, result, delivery.content.parts))
        closed_before = len(self._circuits.closed)
        step = self._step(delivery.message, delivery.attempts)
        leaves = not (isinstance(step, Try) and step.route == delivery.route)
        if isinstance(step, Try) and isinstance(result, Unavailable) and result.too_fast:
            self._workers.rest(delivery.route.channel, step.pause)
        if leaves and delivery.content.channel is delivery.route.channel:
            self._accounts.credit.settle(delivery.content, result)
        taken_back = self._circuits.note(
            delivery.claim.message_id, delivery.attempts[-1], leaves_channel=leaves
        )
        if taken_back:
            self._take_back(taken_back, delivery.route.channel)
        if len(self._circuits.closed) > closed_before:
            self._backlog.redistribute()
        self._go_on(delivery)

    def _go_on(self, delivery: Delivery) -> None:
        """Ends a message, or sees to its next attempt."""
        step = self._step(delivery.message, delivery.attempts)
        if isinstance(step, End):
            self._end(delivery, step.outcome)
        elif self._stop is not None:
            self._end(delivery, self._outcome_when_stopped(delivery))
        else:
            self._try(delivery, step)

    def _try(self, delivery: Delivery, step: Try) -> None:
        if step.route != delivery.route:
            delivery.route = step.route
            try:
                delivery.content = self._content(delivery.message, step.route)
            except MessageError as error:
                self._after(delivery, Unavailable(str(error), again=False, recipient_only=True))
                return
            if not self._accounts.is_open(step.route.channel) or not self._accounts.pay_for(delivery.content):
                self._go_on(delivery)
                return
            self._accounts.credit.take(delivery.content)
        delivery.due = self._clock.monotonic() + step.pause
        delivery.renew = True
        self._waiting.append(delivery)

    def _after_held(self, delivery: Delivery, held: Held) -> None:
        if held is Held.LEASE:
            delivery.renew = True
            self._waiting.append(delivery)
            if self._stop is not None:
                self._halt(self._stop)
            return
        if held is Held.STALE and self._stop is None:
            if self._settles(delivery, MessageOutcome.DEFERRED):
                self._open.pop(delivery.claim.message_id)
                self._backlog.give_back(delivery.item)
            return
        unknown = any(isinstance(attempt.outcome, Unknown) for attempt in delivery.attempts)
        self._end(delivery, MessageOutcome.UNKNOWN if unknown else MessageOutcome.DEFERRED, held)
        if held is Held.QUIET:
            self._halt(Stop.QUIET)

    def _take_back(self, message_ids: Sequence[str], channel: Channel) -> None:
        """Takes back rejections that were the channel's fault: they do not count against the recipients."""
        for message_id in message_ids:
            delivery = self._open.get(message_id)
            if delivery is not None:
                delivery.attempts[:] = not_rejected(delivery.attempts, channel)
            result = self._results.get(message_id)
            if result is None:
                continue
            outcome = MessageOutcome.RETRY if result.outcome is MessageOutcome.FAILED else result.outcome
            attempts = tuple(not_rejected(result.attempts, channel))
            self._results[message_id] = replace(result, outcome=outcome, attempts=attempts)
        try:
            self._journal.reopen(message_ids, channel)
        except JournalError as error:
            self._halt_for(error)

    def _end(self, delivery: Delivery, outcome: MessageOutcome, detail: str = "") -> None:
        if self._settles(delivery, outcome):
            self._note_result(delivery, outcome, detail)

    def _settles(self, delivery: Delivery, outcome: MessageOutcome) -> bool:
        """Settles a claim. Where that fails, the message ends and the run stops."""
        try:
            self._journal.settle(delivery.claim, outcome, delivery.route, delivery.attempts[delivery.noted :])
        except ClaimGoneError as error:
            self._note_result(delivery, outcome, f"{outcome}, but its claim is gone from the journal")
            self._halt_for(error)
            return False
        except JournalError as error:
            # The claim stays open in the journal and becomes `unknown` there, so there is no second message.
            self._note_result(delivery, MessageOutcome.UNKNOWN, f"{outcome}, but not noted: {error}")
            self._halt_for(error)
            return False
        return True

    def _note_result(self, delivery: Delivery, outcome: MessageOutcome, detail: str) -> None:
        self._open.pop(delivery.claim.message_id, None)
        result = self._results[delivery.claim.message_id] = MessageResult(
            delivery.message,
            delivery.content,
            outcome=outcome,
            attempts=tuple(delivery.attempts),
            message_id=delivery.claim.message_id,
            detail=detail,
        )
        if _LOG.isEnabledFor(logging.INFO):
            fields = report.message_json(result, full=False, dry=False)
            _LOG.info(report.message_line(result), extra={"event": "message", "fields": fields})
