"""What became of an SMS after the gateway took it: jobs and delivery reports, and a second reading of them.

The program asks (`Network.find`, `Network.reports`); `followed` says what the journal must hold after that.
"""

import random
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from simulation.clock import Clock
from simulation.memory import StoredMessage
from simulation.oracle import Memory
from terminbenachrichtigung.delivery.channel import Balance
from terminbenachrichtigung.model.delivery import DeliveryReport, OpenMessage, Unavailable
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.model.reply import Reply

JOBS_FOR = timedelta(days=7)
REPORTS_FOR = timedelta(hours=72)
CLOCKS_APART = timedelta(hours=1)


@dataclass
class Network:
    """The gateway's memory, as the program's `delivery.Account`."""

    clock: Clock
    chance: random.Random
    credits: Decimal
    """What the account holds; each part of an SMS takes one."""
    shows_none: bool = False
    """Whether it says that there are none left, although there are."""
    most_reports: int = 15
    jobs_fail: bool = False
    reports_fail: bool = False
    taken: dict[str, str] = field(default_factory=dict)
    """By message: the job."""
    told: list[DeliveryReport] = field(default_factory=list)
    """Reports, oldest first; some of them lie ahead."""
    undelivered: set[str] = field(default_factory=set)
    """Messages that did not arrive, whether or not a report says so yet."""

    def take(self, message_id: str, recipient: str, parts: int, *, answered: bool) -> str:
        """One more job; its reports come later, or never."""
        self.credits -= parts
        job_id = str(4000 + len(self.taken))
        self.taken[message_id] = job_id
        # Of what was not answered only the label says whose it is: no other name of it was ever given.
        label = message_id if not answered or self.chance.random() < 0.8 else ""
        (fate,) = self.chance.choices(("delivered", "undelivered", "never", "unheard"), (80, 14, 4, 2))
        if fate == "undelivered":
            self.undelivered.add(message_id)
        broken = self.chance.randrange(parts)
        at = self.clock.now() + timedelta(seconds=self.chance.randrange(60, 30 * 3600))
        report = DeliveryReport(label, job_id, recipient.replace("+", "00"), None, "Transmitted", at=at)
        for part in range(parts):
            # Most parts of an SMS arrive together; some come, or fail, when another was reported long ago.
            later = timedelta(hours=self.chance.choice((0, 0, 1, 5, 20)) if part else 0)
            of_part = replace(report, part=str(part), at=at + later)
            if self.chance.random() < 0.3:
                self._tell(replace(of_part, at=at + later - timedelta(seconds=30)))
            if fate == "unheard":
                self._tell(replace(of_part, word="Teleported", unheard=True))
            elif fate != "never":
                lost = fate == "undelivered" and part == broken
                state = State.UNDELIVERED if lost else State.DELIVERED
                self._tell(replace(of_part, state=state, word=state.capitalize()))
        if self.chance.random() < 0.2:  # other software on the same account
            self._tell(replace(report, label="Rechnung 17", job_id="1", state=State.UNDELIVERED))
        self.told.sort(key=lambda each: (each.at or at, each.number))
        return job_id

    def _tell(self, report: DeliveryReport) -> None:
        self.told.append(replace(report, number=len(self.told)))

    def balance(self) -> Balance:
        """What the account holds."""
        return Balance(Decimal(0) if self.shows_none else self.credits)

    def find(self, message: OpenMessage) -> tuple[str, ...] | Unavailable:
        """The job of a message, if it ever came to one."""
        if self.jobs_fail:
            return Unavailable("refused")
        return (self.taken[message.message_id],) if message.message_id in self.taken else ()

    def reports(self, awaited: Sequence[OpenMessage]) -> Iterator[tuple[DeliveryReport, ...] | Unavailable]:
        """Those since an hour before the oldest message, as many in one answer as fit."""
        if self.reports_fail:
            yield Unavailable("refused")
            return
        since = min(message.at for message in awaited) - CLOCKS_APART
        found = tuple(self._since(since))
        for begin in range(0, len(found), self.most_reports):
            yield found[begin : begin + self.most_reports]

    def _since(self, since: datetime) -> Iterator[DeliveryReport]:
        return (each for each in self.told if each.at is not None and since <= each.at <= self.clock.now())

    def replies(self, since: datetime) -> Iterator[tuple[Reply, ...] | Unavailable]:
        """Nobody answers."""
        return iter(())

    # ---------------------------------------------------------------- read a second time

    def followed(self, memory: Memory, messages: Collection[StoredMessage], now: datetime) -> Memory:
        """What the journal must hold once a run at `now` has asked what became of earlier SMS."""
        before = {each.message_id: "unknown" if each.ran_out else each.state for each in messages}
        states = dict(before)
        own = {each.message_id: _own(each) for each in messages}
        lost: set[str] = set()
        if not self.jobs_fail:
            for each in messages:
                asked = states[each.message_id] == "unknown" and own[each.message_id] == "unknown"
                if asked and each.run_now > now - JOBS_FOR and each.message_id in self.taken:
                    states[each.message_id] = own[each.message_id] = "sent"
        waiting = [
            each.run_now
            for each in messages
            if each.run_now > now - REPORTS_FOR
            and (each.channel == Channel.SMS or states[each.message_id] != before[each.message_id])
            and (
                states[each.message_id] in ("sent", "unknown")
                or (states[each.message_id] == "delivered" and each.parts != 1)
            )
        ]
        if waiting and not self.reports_fail:
            for message_id, arrived in self._last_words(min(waiting) - CLOCKS_APART).items():
                message = next((each for each in messages if each.message_id == message_id), None)
                if message is None or own[message_id] is None:
                    continue
                others = {word for channel, _, word in message.attempts if channel != Channel.SMS}
                others |= {"unknown"} if message.ran_out and message.channel != Channel.SMS else set()
                was = states[message_id]
                states[message_id] = _after_report(was, own[message_id] or "", others, arrived=arrived)
                if states[message_id] != was and not arrived:
                    lost.add(message_id)
        return self._with(memory, messages, states, lost)

    def _last_words(self, since: datetime) -> dict[str, bool]:
        """By message: whether it arrived, part by part, by what was said until now."""
        by_job = {job_id: message_id for message_id, job_id in self.taken.items()}
        parts: defaultdict[str, dict[str, bool]] = defaultdict(dict)
        for report in self._since(since):
            message_id = report.label if report.label in self.taken else by_job.get(report.job_id)
            if message_id is not None and report.state is not None:
                parts[message_id][report.part] = report.state is State.DELIVERED
        return {message_id: all(words.values()) for message_id, words in parts.items()}

    def _with(
        self, memory: Memory, messages: Collection[StoredMessage], states: dict[str, str], lost: set[str]
    ) -> Memory:
        told = {
            name: [replace(each, state=states.get(each.message_id, each.state)) for each in rows]
            for name, rows in memory.told.items()
        }
        heard = {
            name: [replace(each, state=states.get(each.message_id, each.state)) for each in rows]
            for name, rows in memory.heard.items()
        }
        rejected = defaultdict(set, {name: set(those) for name, those in memory.rejected.items()})
        for message in messages:
            if message.message_id in lost:
                numbers = {recipient for channel, recipient, _ in message.attempts if channel == Channel.SMS}
                for name, _ in message.appointments:
                    rejected[name] |= numbers
        return replace(
            memory, told=defaultdict(list, told), heard=defaultdict(list, heard), rejected=rejected
        )


def _own(message: StoredMessage) -> str | None:
    """How the SMS of a message ended, that was or may have been accepted."""
    words = [word for channel, _, word in message.attempts if channel == Channel.SMS]
    words += ["unknown"] if message.ran_out and message.channel == Channel.SMS else []
    return next((word for word in words if word in ("sent", "unknown")), None)


def _after_report(state: str, own: str, others: Collection[str], *, arrived: bool) -> str:
    if state not in ("sent", "unknown", "delivered"):
        return state  # it has said its last word
    if state == "sent" and own == "unknown" and "sent" not in others:
        return state  # a person settled it
    if arrived:
        return "delivered"
    if "sent" in others:
        return state
    return "unknown" if "unknown" in others else "undelivered"
