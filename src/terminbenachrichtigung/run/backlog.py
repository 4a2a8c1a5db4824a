"""The planned messages that are not claimed yet, kept in order and up to date."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from terminbenachrichtigung.clock import elapsed, instant
from terminbenachrichtigung.delivery.circuits import Circuits
from terminbenachrichtigung.delivery.next_step import Try, next_step
from terminbenachrichtigung.errors import JournalError, ScheduleError
from terminbenachrichtigung.journal.claims import Lost
from terminbenachrichtigung.model.appointment import Appointment, to_the_minute
from terminbenachrichtigung.model.journal import CORRECTIONS, TOLD_NOBODY, State
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, Plan, PlannedMessage, Reason, Skip
from terminbenachrichtigung.model.result import MessageResult
from terminbenachrichtigung.run.context import RunContext, content_of
from terminbenachrichtigung.run.planning import Planned

SPREAD = 100
"""When runs overlap, each picks at random among so many messages, so that they do not race for one."""
REPLANS = 3
"""How often one run plans a customer anew. If the data still change after that, the next run goes on."""


@dataclass(slots=True, eq=False)
class Queued:
    """A planned message and its place in the order."""

    order: int
    message: PlannedMessage
    seen_in: int = 0  # the reading of the schedule that it was last compared with


class Backlog:
    """The messages that are still to be claimed. Each waits in the queue of its first open channel.

    It also keeps what ends without a claim: skips, and messages that are left for the next run.
    """

    def __init__(self, context: RunContext, planned: Planned, now: datetime, circuits: Circuits) -> None:
        """`planned` has the plan and the rows that it was made from; `now` is the run's moment."""
        self._context = context
        self._planned = planned
        self._now = now
        self._circuits = circuits
        self._queues: dict[Channel, deque[Queued]] = {channel: deque() for channel in Channel}
        self._rows: dict[str, Appointment] = {}
        self._customers: defaultdict[str, list[Appointment]] = defaultdict(list)
        self._reading = 0
        self.read_at = planned.read_at
        self._replans: Counter[str] = Counter()
        self._others_at_work = False
        self.skips = {(skip.reminder, skip.appointment.appointment_id): skip for skip in planned.plan.skips}
        self.left: list[MessageResult] = []
        self._take_rows(planned.window.appointments)
        self._put(Queued(order, message) for order, message in enumerate(planned.plan.messages))

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def waits_for(self, channel: Channel) -> bool:
        """Whether a message waits for this channel."""
        return bool(self._queues[channel])

    def waiting_for(self, channel: Channel) -> list[PlannedMessage]:
        """The messages that wait for this channel, in their order."""
        return [item.message for item in self._queues[channel]]

    def next_for(self, channel: Channel) -> Queued | None:
        """Takes out the next message of a channel. None if its rows changed: its customer is planned anew.

        Raises:
            ScheduleError, JournalError: the newest rows cannot be read, or the customer cannot be planned
                anew. The message stays in its queue.
        """
        queue = self._queues[channel]
        # Another run works on the same plan: a random place keeps both from claiming the same message.
        place = self._context.chance.randrange(min(len(queue), SPREAD)) if self._others_at_work else 0
        item = queue[place]
        if elapsed(self._context.clock, self.read_at) > self._context.timings.fresh:
            self._read_again()
        if item.seen_in != self._reading:
            item.seen_in = self._reading
            if any(self._rows.get(row.appointment_id) != row for row in item.message.appointments):
                self._plan_anew(item.message.customer_id)
                return None
        queue.remove(item)
        return item

    def give_back(self, item: Queued) -> None:
        """Puts a message back that could not be claimed after all."""
        if (channel := self._first_open(item.message)) is not None:
            self._queues[channel].appendleft(item)

    def close(self, channel: Channel, why: str) -> None:
        """Closes a channel for the rest of the run."""
        self._circuits.close(channel, why)
        self.redistribute()

    def redistribute(self) -> None:
        """Moves the messages of closed channels to their next channel, in the order of the plan."""
        if any(self._queues[channel] for channel in self._circuits.closed):
            items = [item for queue in self._queues.values() for item in queue]
            for queue in self._queues.values():
                queue.clear()
            self._put(items)

    def leave_all(self) -> None:
        """Leaves all messages that are still planned to the next run."""
        for queue in self._queues.values():
            for item in queue:
                self.leave(item.message)
            queue.clear()

    def leave(self, message: PlannedMessage, detail: str = "") -> None:
        """Notes that a message was not tried in this run."""
        content = content_of(self._context, message, message.routes[0], self._now)
        self.left.append(MessageResult(message, content, outcome=MessageOutcome.DEFERRED, detail=detail))

    def skip(self, appointment: Appointment, reminder: str, reason: Reason, detail: str) -> None:
        """Notes why an appointment that was planned is not told after all."""
        self.skips[reminder, appointment.appointment_id] = Skip(appointment, reminder, reason, detail)

    # -------------------------------------------------------------- in order

    def _put(self, items: Iterable[Queued]) -> None:
        for item in sorted(items, key=lambda queued: queued.order):
            channel = self._first_open(item.message)
            if channel is not None:
                self._queues[channel].append(item)

    def _first_open(self, message: PlannedMessage) -> Channel | None:
        closed = self._circuits.closed
        step = next_step(message.routes, (), closed, "hold", ())
        if isinstance(step, Try):
            return step.route.channel
        why = "; ".join(f"{channel}: {closed[channel]}" for channel in closed)
        self.leave(message, f"no channel is left in this run ({why})")
        return None

    # -------------------------------------------------------------- up to date with the schedule

    def _take_rows(self, rows: Sequence[Appointment]) -> None:
        self._rows = {row.appointment_id: row for row in rows}
        self._customers = defaultdict(list)
        for row in rows:
            if row.customer_id is not None:
                self._customers[row.customer_id].append(row)

    def _read_again(self) -> None:
        clock, timings = self._context.clock, self._context.timings
        began = instant(clock)
        for pause in timings.pauses:
            try:
                rows = self._planned.reread()
                break
            except ScheduleError:
                clock.sleep(pause)
                began = instant(clock)
        else:
            rows = self._planned.reread()
        # Rows count from the beginning of their reading. Where the reading itself takes long, they count from
        # later, so that there is time to claim something.
        late = elapsed(clock, began) - timings.fresh / 2
        self.read_at = began if late <= 0 else began.later(late)
        self._take_rows(rows)
        self._reading += 1

    # -------------------------------------------------------------- up to date with other runs

    def lost(self, item: Queued, lost: Lost) -> None:
        """A claim was lost, mostly to another run: what is left of the message is planned anew."""
        message = item.message
        self._others_at_work = True
        # The gap may yield for a part of it, and of two channels the other may still be open.
        replanned = lost.reason in {Reason.RECENTLY_NOTIFIED, Reason.OPTED_OUT}
        if len(message.appointments) == 1 and not replanned:
            self.skip(message.soonest, message.reminder, lost.reason, lost.detail)
        else:
            try:
                self._plan_anew(message.customer_id, item, lost)
            except JournalError:
                self.give_back(item)
                raise
        self._leave_to_others(message.reminder)

    def _leave_to_others(self, reminder: str) -> None:
        """Drops those of the first messages that another run has by now: one query saves many lost claims.

        Corrections stay, because an appointment may get several of them for one start.
        """
        if reminder in CORRECTIONS:
            return
        for queue in self._queues.values():
            alone = {
                item.message.soonest.appointment_id: item
                for item in list(queue)[:SPREAD]
                if item.message.reminder == reminder and len(item.message.appointments) == 1
            }
            theirs = self._context.writable.latest(reminder, alone.keys()) if alone else {}
            for appointment_id, latest in theirs.items():
                row = alone[appointment_id].message.soonest
                same = (latest.customer_id, latest.starts_at) == (
                    row.customer_id,
                    to_the_minute(row.starts_at),
                )
                if same and latest.state not in TOLD_NOBODY:
                    queue.remove(alone[appointment_id])
                    claimed = latest.state is State.CLAIMED
                    reason = Reason.IN_PROGRESS if claimed else Reason.ALREADY_NOTIFIED
                    self.skip(row, reminder, reason, latest.state)

    # -------------------------------------------------------------- planned anew

    def _plan_anew(self, customer: str, item: Queued | None = None, lost: Lost | None = None) -> None:
        """Plans a customer again, by the newest rows and by what the journal knows now.

        `item` is a message of this customer that was taken out of its queue and whose claim was `lost`.
        """
        plan = Plan((), ())
        self._replans[customer] += 1
        if settles := self._replans[customer] <= REPLANS:
            plan = self._planned.plan_customer(self._customers[customer])
        taken_out = self._take_out(customer) + ([item] if item is not None else [])
        order = min((each.order for each in taken_out), default=-1)
        planned = {
            (message.reminder, row.appointment_id)
            for message in plan.messages
            for row in message.appointments
        }
        why = {(skip.reminder, skip.appointment.appointment_id): skip for skip in plan.skips}
        for key in planned:
            self.skips.pop(key, None)
        gone = [(each.message.reminder, row) for each in taken_out for row in each.message.appointments]
        for reminder, row in gone:
            key = (reminder, row.appointment_id)
            if not settles:
                reason = lost.reason if lost else Reason.CHANGED
                self.skip(row, reminder, reason, "it kept changing; the next run sees to it")
            elif key not in planned:
                self.skips[key] = _changed(row, reminder, self._rows, why.get(key))
        for message in reversed(plan.messages):
            channel = self._first_open(message)
            if channel is not None:
                self._queues[channel].appendleft(Queued(order, message, seen_in=self._reading))
        now_of = {newest.customer_id for _, row in gone if (newest := self._rows.get(row.appointment_id))}
        for other in now_of - {customer}:
            if other is not None:
                self._plan_anew(other)  # an appointment was reassigned: it is this customer's now

    def _take_out(self, customer: str) -> list[Queued]:
        taken = []
        for queue in self._queues.values():
            found = [item for item in queue if item.message.customer_id == customer]
            for item in found:
                queue.remove(item)
            taken += found
        return taken


def _changed(row: Appointment, reminder: str, rows: Mapping[str, Appointment], skip: Skip | None) -> Skip:
    """Why an appointment that was planned is not sent after all."""
    newest = rows.get(row.appointment_id)
    if newest is None:
        return Skip(row, reminder, Reason.CHANGED, "it is gone, or was moved out of reach")
    if newest == row and skip is not None:
        return skip
    if skip is not None:
        return Skip(newest, reminder, Reason.CHANGED, f"{skip.reason}: {skip.detail}".rstrip(": "))
    return Skip(newest, reminder, Reason.CHANGED, "it is no longer due")
