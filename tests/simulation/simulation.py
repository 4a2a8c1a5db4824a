"""One practice for some weeks: life at the front desk, hourly runs, and all that happens to a cron job."""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from simulation.clock import Clock
from simulation.configurations import Configuration
from simulation.front_desk import FrontDesk
from simulation.memory import StoredMessage, Tables
from simulation.minutes import Minutes
from simulation.oracle import Oracle, Verdict
from simulation.outlets import WEATHER, Attempted, Killed, Peer
from simulation.promises import Promises, outcome_of
from terminbenachrichtigung import desk, pipeline
from terminbenachrichtigung.errors import ScheduleError
from terminbenachrichtigung.journal import Journal, create_journal, open_journal
from terminbenachrichtigung.messages import Texts
from terminbenachrichtigung.model import (
    Channel,
    Claim,
    Content,
    MessageOutcome,
    MessageResult,
    Reason,
    RunResult,
    Stop,
)
from terminbenachrichtigung.schedule import Schedule
from terminbenachrichtigung.staff_list import StaffReason
from terminbenachrichtigung.windows import Quiet

CLAIM_TIMEOUT = 15 * 60.0
"""Seconds after which a claim has run out; the default of `journal.claim_timeout_minutes`."""
HALF_AN_HOUR = 30 * 60
TROUBLES = {
    "none": 52,
    "changes": 22,  # the schedule changes while the run is under way
    "killed": 10,
    "overlap": 6,  # another run begins and ends in the middle of this one
    "stopped process": 3,  # for half an hour, and other runs come meanwhile
    "signal": 3,
    "schedule gone": 3,
}
LONG_DETAILS = 60


class BrokenPromiseError(AssertionError):
    """A promise did not hold; the message says how to see it again."""


@dataclass
class Run:
    """One run while it is under way."""

    now: datetime
    began: float
    trouble: str
    at: int
    """The trouble comes at the attempt of this number, and at the question for the time of this number."""
    where: str
    depth: int
    verdict: Verdict | None = None
    customers: set[str] = field(default_factory=set)
    made: list[Attempted] = field(default_factory=list)
    attempts: int = 0
    questions: int = 0
    steps: int = 0
    run_id: str = ""


class Simulation:
    """A practice, its people, and its cron job."""

    def __init__(self, configuration: Configuration, seed: int, weeks: float, folder: Path) -> None:
        self.configuration, self.seed, self.weeks, self.folder = configuration, seed, weeks, folder
        self.chance = random.Random(seed)
        self.settings = configuration.settings(folder)
        zone = self.settings.zone
        begins = configuration.start().replace(tzinfo=zone)
        self.clock = Clock(begins.astimezone(UTC))
        self.ends = self.clock.now() + timedelta(weeks=weeks)
        first, last = begins.date() - timedelta(days=9), self.ends.date() + timedelta(days=25)
        self.minutes = Minutes(self.settings.rules, zone, first, last)
        self.log: list[tuple[datetime, str, str]] = []
        self.front = FrontDesk(
            folder / "schedule.db",
            zone,
            self.clock,
            self.chance,
            configuration.has_created_at,
            configuration.local_text,
            self._log,
        )
        self.front.welcome(90)
        if configuration.few_allowed:
            allowed = [address for address in self.front.typed.values() if address][::3]
            safety = self.settings.safety.model_copy(update={"only_recipients": tuple(allowed)})
            self.settings = self.settings.model_copy(update={"safety": safety})
        self.oracle = Oracle(self.settings, self.minutes, self.front.typed)
        create_journal(self.settings.journal, self.clock.now())
        self.tables = Tables(folder / "journal.db")
        self.promises = Promises(
            self.settings, self.minutes, self.clock, self.front, self.oracle, self.tables.state
        )
        self.schedule = Schedule(self.settings.schedule, self.settings.rules, zone)
        self.quiet = Quiet(self.settings.rules, zone)
        self.texts = Texts(self.settings)
        self.peers = {
            channel: Peer(channel, self.clock, self.chance, self._before, self._after)
            for channel in Channel
            if getattr(self.settings, channel) is not None
        }
        self.stack: list[Run] = []
        self.last_renewed: dict[str, float] = {}
        self.latest_now = self.clock.now()
        self.complete_runs: list[datetime] = []
        self.first_complete: dict[str, datetime] = {}
        self.left: dict[tuple[str, str], tuple[str, datetime]] = {}
        self.accounted: defaultdict[str, set[str]] = defaultdict(set)
        """By appointment: the words with which a run or the staff list named it."""
        self.hours_without_runs = 0
        self.figures: Counter[str] = Counter()
        if configuration.adopt:
            with self._journal() as journal:
                self.figures["adopted"] += desk.adopt(self._tools(journal))

    def close(self) -> None:
        """Let go of all files."""
        self.schedule.close()
        self.tables.close()
        self.front.close()

    # ---------------------------------------------------------------- failing

    def _log(self, customer: str, what: str) -> None:
        self.log.append((self.clock.now(), customer, what))

    def fail(self, what: str, customer: str | None = None) -> None:
        """End here, with what happened to a customer, and how to see it again."""
        names = [name for name, booking in self.front.bookings.items() if booking.customer_id == customer]
        said = [
            f"{at.astimezone(self.settings.zone):%a %m-%d %H:%M:%S}  {what}"
            for at, whom, what in self.log
            if at >= self.clock.now() - timedelta(days=6)
            if whom in (customer, "") or any(name in what for name in names)
        ]
        now = self.clock.now().astimezone(self.settings.zone)
        raise BrokenPromiseError(
            f"{what}\n\nIt is {now:%a %Y-%m-%d %H:%M:%S} in {self.configuration.name!r}. "
            f"Customer {customer}:\n  " + "\n  ".join(said[-70:]) + "\n\n"
            f"Replay: pytest tests/simulation --seed {self.seed} --weeks {self.weeks:g}"
        )

    # ---------------------------------------------------------------- hour by hour

    def live(self) -> None:
        """The whole time."""
        while self.clock.now() < self.ends:
            self._hour()

    def _hour(self) -> None:
        chance, now = self.chance, self.clock.now()
        cron = now.replace(minute=50, second=chance.randrange(60))
        if cron <= now:
            cron += timedelta(hours=1)
        awake = 7 <= now.astimezone(self.settings.zone).hour < 20
        for _ in range(chance.choice((0, 1, 2, 3, 5, 8) if awake else (0, 0, 0, 1))):
            self.clock.sleep(chance.randrange(400))
            self.front.do_something()
        if chance.random() < 0.01:
            self.clock.step(timedelta(minutes=chance.randint(-100, 100)))
            self._log("", "the clock is set")
        self.clock.sleep_until(cron)
        for peer in self.peers.values():
            if chance.random() < 0.2:
                peer.weather = chance.choice(("fine", "fine", "fine", "mixed", *WEATHER))
                peer.seconds = chance.choice((0, 1, 1, 5, 50))
                peer.out_of_credit = chance.random() < 0.05
        if self.hours_without_runs:
            self.hours_without_runs -= 1
            self.figures["hours without a run"] += 1
            return
        if chance.random() < 0.008:
            self.hours_without_runs = chance.choice((1, 2, 5, 14, 40))
        self.run()
        if chance.random() < 0.05:
            self.clock.sleep(chance.choice((60, 600, 1200)))
            self.run()
        if chance.random() < 0.2:
            self._compare_staff_list()
        if chance.random() < 0.1:
            self._resolve()

    def _resolve(self) -> None:
        """Staff find out what became of a message, and settle it by hand."""
        open_ones = [name for name, state in self.tables.states().items() if state in ("unknown", "failed")]
        if not open_ones:
            return
        message_id = self.chance.choice(open_ones)
        made = self.promises.by_message[message_id]
        arrived = any(each.arrived for each in made)
        with self._journal() as journal:
            journal.resolve(message_id, sent=arrived)
        if not arrived:
            self.promises.taken_back.add(message_id)
        for customer in {each.customer_id for each in made}:
            self._log(customer, f"{message_id[:8]} is resolved by hand: {'sent' if arrived else 'not sent'}")

    # ---------------------------------------------------------------- one run

    def _journal(self) -> "_Opened":
        return _Opened(open_journal(self.settings.journal))

    def _tools(self, journal: Journal | None) -> pipeline.Tools:
        return pipeline.Tools(
            self.settings, self.quiet, self.schedule, journal, self.texts, self._ask_the_time
        )

    def run(self, depth: int = 0) -> None:
        """What cron does, with all that may go wrong meanwhile."""
        chance = self.chance
        self._let_claims_run_out()
        if chance.random() < 0.01:
            self._run_without_a_schedule()
            return
        now = self.clock.now()
        (trouble,) = chance.choices(list(TROUBLES), list(TROUBLES.values()))
        if depth and trouble in ("overlap", "stopped process"):
            trouble = "none"
        verdict = None if self.minutes.is_quiet(now) else self._compare_dry_run(now)
        run = Run(
            now,
            self.clock.monotonic(),
            trouble,
            chance.choice((1, 1, 1, 2, 3, 5)),
            chance.choice(("before", "after", "asking", "between")),
            depth,
            verdict,
        )
        if verdict is not None:
            run.customers = {message.customer_id for message in verdict.messages}
        limit = None
        if self.settings.safety.max_messages_per_run and chance.random() < 0.3:
            limit = 0
        touched_before, self.front.touched = self.front.touched, set()
        self.stack.append(run)
        try:
            with self._journal() as journal:
                run.run_id = journal.run_id
                result = self._run_once(journal, limit)
            self._check(run, result)
        finally:
            self.stack.pop()
            self.front.touched |= touched_before
        self.figures["runs"] += 1
        if depth:
            self.figures["overlapping runs"] += 1

    def _run_once(self, journal: Journal, limit: int | None) -> RunResult | None:
        run = self.stack[-1]
        outlets = pipeline.Outlets(
            self.peers,
            {Channel.SMS: self.peers[Channel.SMS].balance} if Channel.SMS in self.peers else {},
            self._stopping,
        )
        try:
            return pipeline.run_once(
                self._tools(journal), outlets, max_messages=limit, progress=self._between
            )
        except Killed:
            self.figures["killed runs"] += 1
            self._log("", f"the run of {run.now:%H:%M} is killed ({run.where}, {run.at})")
            return None
        finally:
            self._bring_the_schedule_back()

    def _run_without_a_schedule(self) -> None:
        self._take_the_schedule_away()
        try:
            with self._journal() as journal:
                outlets = pipeline.Outlets(self.peers, {}, lambda: None)
                before = len(self.peers[next(iter(self.peers))].attempts)
                try:
                    pipeline.run_once(self._tools(journal), outlets)
                except ScheduleError:
                    pass
                else:
                    self.fail("a run without a schedule ended well")
                if len(self.peers[next(iter(self.peers))].attempts) != before:
                    self.fail("a run without a schedule sent something")
                if self.tables.runs(journal.run_id)[1]:
                    self.fail("a run without a schedule counts as complete")
        finally:
            self._bring_the_schedule_back()
        self.figures["runs without a schedule"] += 1

    def _take_the_schedule_away(self) -> None:
        self.front.path.rename(self.folder / "away.db")

    def _bring_the_schedule_back(self) -> None:
        if (self.folder / "away.db").exists():
            (self.folder / "away.db").rename(self.front.path)

    def _let_claims_run_out(self) -> None:
        """The journal's clock is the database's, not the simulated one: so claims are aged by hand."""
        for message_id in self.tables.open_claims():
            since = self.last_renewed.setdefault(message_id, self.clock.monotonic())
            if self.clock.monotonic() - since > CLAIM_TIMEOUT:
                self.tables.let_run_out(message_id)
                self.promises.ran_out.add(message_id)
                self.figures["claims that ran out"] += 1

    # ---------------------------------------------------------------- what the run asks, and meets

    def _ask_the_time(self) -> datetime:
        if self.stack:
            run = self.stack[-1]
            run.questions += 1
            if run.where == "asking" and run.questions == 2 * run.at:
                if run.trouble == "killed":
                    raise Killed
                if run.trouble == "stopped process":
                    self._stop_the_process(run)
        return self.clock.now()

    def _between(self, _done: int, _total: int) -> None:
        run = self.stack[-1]
        run.steps += 1
        if run.trouble == "killed" and run.where == "between" and run.steps == run.at + 1:
            raise Killed

    def _stopping(self) -> Stop | None:
        run = self.stack[-1]
        if run.trouble == "signal" and run.attempts >= run.at:
            return Stop.SIGNAL
        if self.clock.monotonic() - run.began > self.settings.max_run_minutes * 60:
            return Stop.MAX_RUN_MINUTES
        return None

    def _before(self, peer: Peer, claim: Claim, content: Content) -> None:
        run = self.stack[-1]
        run.attempts += 1
        self.last_renewed[claim.message_id] = self.clock.monotonic()
        for what in self.promises.broken(claim, content, run.now):
            self.fail(f"{peer.name} to {content.recipient}: {what}", claim.message.customer_id)
        self.promises.about_to(claim)
        if self.tables.state(claim.message_id) != "claimed":
            self.fail("it is not claimed", claim.message.customer_id)
        if run.trouble == "changes" and self.chance.random() < 0.6:
            for _ in range(self.chance.randint(1, 3)):
                self.clock.sleep(self.chance.choice((0, 1, 10)))
                self.front.do_something()
                self.figures["changes during a run"] += 1
        if run.attempts == run.at and run.where == "before":
            if run.trouble == "killed":
                raise Killed
            if run.trouble == "overlap":
                self.run(run.depth + 1)

    def _after(self, attempted: Attempted) -> None:
        run = self.stack[-1]
        run.made.append(attempted)
        self.promises.note(attempted)
        self.figures[f"{attempted.channel} {attempted.word}"] += 1
        names = ", ".join(row.appointment_id for row in attempted.appointments)
        self._log(
            attempted.customer_id,
            f"{attempted.message_id[:8]} {attempted.reminder}: {attempted.channel} {attempted.recipient} "
            f"about {names} -> {attempted.outcome}",
        )
        if run.attempts == run.at:
            if run.trouble == "schedule gone" and not (self.folder / "away.db").exists():
                self._take_the_schedule_away()
                self.clock.sleep(31)
            if run.where == "after" and run.trouble == "killed":
                raise Killed
            if run.where == "after" and run.trouble == "overlap":
                self.run(run.depth + 1)
            if run.where == "after" and run.trouble == "stopped process":
                self._stop_the_process(run)

    def _stop_the_process(self, run: Run) -> None:
        self.figures["stopped processes"] += 1
        self._log("", f"the run of {run.now:%H:%M} stands still for half an hour")
        self.clock.sleep(HALF_AN_HOUR)
        if self.chance.random() < 0.7:
            self.run(run.depth + 1)
        else:
            self._let_claims_run_out()

    # ---------------------------------------------------------------- before a run: is the plan right?

    def _compare_dry_run(self, now: datetime) -> Verdict:
        verdict = self.oracle.judge(self.front.rows(), self.tables.memory(), now)
        with _Opened(open_journal(self.settings.journal, readonly=True)) as journal:
            result = pipeline.dry_run(self._tools(journal), now)
        self._compare("dry-run", verdict, result)
        self.figures["verdicts compared"] += len(verdict.skips) + len(verdict.messages)
        return verdict

    def _compare_staff_list(self) -> None:
        """For customers whom nobody has contacted by hand."""
        self._let_claims_run_out()
        moment = self.clock.now()
        expected = self.oracle.staff(self.front.rows(), self.tables.memory(), moment)
        with _Opened(open_journal(self.settings.journal, readonly=True)) as journal:
            listed = desk.staff(self._tools(journal))
        # The oracle does not judge who was told of a time that holds no more.
        changed = (StaffReason.CANCELLED, StaffReason.MOVED)
        found = {
            each.customer_id: names
            for each in listed
            if (names := frozenset(m.appointment_id for m in each.matters if m.reason not in changed))
        }
        for customer in sorted({*found, *expected}):
            if self.front.customers[customer].last_contacted_at is not None:
                continue
            if found.get(customer) != expected.get(customer):
                ours, theirs = found.get(customer), expected.get(customer)
                self.fail(f"the staff list has {ours}, the oracle {theirs}", customer)
        self.figures["staff list entries compared"] += len(expected)
        for names in found.values():
            for name in names:
                self.accounted[name].add("staff list")

    def _compare(self, command: str, verdict: Verdict, result: RunResult) -> None:
        planned = {
            (each.message.reminder, each.message.customer_id, _ids(each)): each.message.routes
            for each in result.messages
        }
        if len(planned) != len(result.messages):
            self.fail(f"{command} plans one message twice")
        expected = {
            (each.reminder, each.customer_id, each.appointment_ids): each.routes for each in verdict.messages
        }
        skips = {
            (skip.reminder, skip.appointment.appointment_id): skip.reason
            for skip in result.skips
            if skip.reason not in (Reason.NOT_YET_DUE, Reason.PAST)
        }
        for key in sorted({*planned, *expected}):
            if planned.get(key) != expected.get(key):
                self.fail(
                    f"{command} plans {planned.get(key)} for {key}; the oracle {expected.get(key)}\n"
                    f"{command}: {[each for each in planned if each[1] == key[1]]}\n"
                    f"oracle: {[each for each in expected if each[1] == key[1]]}",
                    key[1],
                )
        for skip in sorted({*skips, *verdict.skips}):
            if skips.get(skip) != verdict.skips.get(skip):
                row = self.front.row(skip[1])
                self.fail(
                    f"{command} skips {skip} for {skips.get(skip)}; the oracle for {verdict.skips.get(skip)}",
                    None if row is None else row.customer_id,
                )

    # ---------------------------------------------------------------- after a run: what became of it?

    def _check(self, run: Run, result: RunResult | None) -> None:
        if run.verdict is None:
            if run.made or (result is not None and not result.quiet):
                self.fail("a run in a quiet period did something")
            return
        made: defaultdict[str, list[Attempted]] = defaultdict(list)
        for attempted in run.made:
            made[attempted.message_id].append(attempted)
        stored = {message.message_id: message for message in self.tables.messages(run.run_id)}
        for message_id, attempts in made.items():
            if message_id not in stored:
                self.fail(f"the journal does not know {message_id}", attempts[0].customer_id)
        for message in stored.values():
            self._check_claim(message, made[message.message_id])
        for name in {row.appointment_id for each in run.made for row in each.appointments}:
            self.accounted[name].add("attempted")
        for message in stored.values():
            for name, _ in message.appointments:
                if message.state != "released":
                    self.accounted[name].add(message.state)
        if result is None:
            return
        self.figures[f"runs ended by {result.stop}" if result.stop else "complete runs"] += 1
        for channel in result.closed:
            self.figures[f"{channel} closed"] += 1
        for each in result.messages:
            self._check_result(each, made, stored, result)
        unheard = {each.message_id for each in result.messages if each.message_id in made}
        for message_id in set(made) - unheard:
            self.fail(f"the report does not name {message_id}", made[message_id][0].customer_id)
        for skip in result.skips:
            if skip.reason is Reason.MISSED:
                self.accounted[skip.appointment.appointment_id].add("missed")
        for expired in result.expired:
            for name in expired.appointment_ids:
                self.accounted[name].add("unknown")
        self._check_records(run, result)
        if run.trouble in ("none", "signal", "killed"):
            self._compare("run-once", run.verdict, result)
        elif result.stop is None:
            self._nothing_is_forgotten(run, result)

    def _check_claim(self, message: StoredMessage, attempts: list[Attempted]) -> None:
        if not attempts:
            return
        appointments = tuple((row.appointment_id, row.starts_at) for row in attempts[0].appointments)
        if (message.customer_id, message.reminder) != (attempts[0].customer_id, attempts[0].reminder):
            self.fail(f"the journal names another customer: {message}", message.customer_id)
        if sorted(message.appointments) != sorted(appointments):
            self.fail(f"the journal names other appointments: {message}", message.customer_id)
        # The same unheard-of word for three recipients: it was the channel's fault, not theirs.
        noted = [word for _, _, word in message.attempts]
        words = [each.word for each in attempts]
        if "Ouch" in str(attempts) and "rejected" in words and "unavailable" in noted:
            self.promises.taken_back.add(message.message_id)
        if any(each.may_have_arrived for each in attempts) and message.state in ("failed", "released"):
            self.fail(f"it may have arrived, and is {message.state}", message.customer_id)
        if message.state == "sent" and not any(each.word == "sent" for each in attempts):
            self.fail("it was not sent, and the journal says so", message.customer_id)

    def _check_result(
        self,
        each: MessageResult,
        made: dict[str, list[Attempted]],
        stored: dict[str, StoredMessage],
        result: RunResult,
    ) -> None:
        customer = each.message.customer_id
        if each.message_id is None:
            if each.outcome is not MessageOutcome.DEFERRED or each.attempts:
                self.fail(f"it was never claimed, and is {each.outcome}", customer)
            return
        attempts = made[each.message_id]
        said = [(try_.route.channel, type(try_.outcome).__name__.lower()) for try_ in each.attempts]
        was = [(attempted.channel, attempted.word) for attempted in attempts]
        taken_back = [
            (channel, "unavailable" if (channel, now_said) != (channel, word) else word)
            for (channel, word), (_, now_said) in zip(was, said, strict=False)
        ]
        ouch = any("Ouch" in why for why in result.closed.values())
        if said != was and (said != taken_back or not ouch):
            self.fail(f"the report says {said}, what happened is {was}", customer)
        expected = outcome_of(each.message.routes, each.attempts, stopped=result.stop is not None)
        ran_out = each.message_id in self.promises.ran_out
        if each.outcome not in expected and not ran_out:
            self.fail(f"its outcome is {each.outcome}, by its attempts {expected}", customer)
        state = stored[each.message_id].state
        words = {"sent": "sent", "failed": "failed", "unknown": "unknown"}
        words |= {"retry": "released", "deferred": "released"}
        if state != words[each.outcome or ""] and not (ran_out and state == "unknown"):
            self.fail(f"its outcome is {each.outcome}, the journal says {state}", customer)
        if state in ("sent", "unknown", "failed") and not ran_out:
            noted = [(channel, word) for channel, _, word in stored[each.message_id].attempts]
            if noted != [(channel.value, word) for channel, word in said]:
                self.fail(f"the journal notes {noted}, the report says {said}", customer)

    def _check_records(self, run: Run, result: RunResult) -> None:
        """What the next runs build upon."""
        if self.tables.runs(run.run_id) != (result.stop or "complete", result.stop is None):
            self.fail(f"the journal says of the run: {self.tables.runs(run.run_id)}")
        if result.stop is None:
            self.complete_runs.append(run.now)
            for reminder in self.settings.reminders:
                self.first_complete.setdefault(reminder.name, run.now)
        for each in result.messages:
            for row in each.message.appointments:
                key = each.message.reminder, row.appointment_id
                self.left.pop(key, None)
                if each.outcome in (MessageOutcome.RETRY, MessageOutcome.DEFERRED):
                    assert row.customer_id is not None
                    self.left[key] = row.customer_id, row.starts_at
        self.latest_now = max(self.latest_now, run.now)
        kept_from = self.latest_now - timedelta(days=self.settings.journal.retention_days)
        memory = self.tables.memory()
        complete, remembered = (
            sorted(moment for moment in runs if moment >= kept_from)
            for runs in (self.complete_runs, memory.complete_runs)
        )
        if complete != remembered:
            self.fail("the journal does not remember the complete runs")
        if memory.first_complete != self.first_complete:
            self.fail("the journal does not remember the first complete runs")
        self.left = {key: left for key, left in self.left.items() if left[1] >= kept_from}
        if {key: left for key, left in memory.left.items() if left[1] >= kept_from} != self.left:
            self.fail(f"the journal remembers as left over {memory.left}, not {self.left}")

    def _nothing_is_forgotten(self, run: Run, result: RunResult) -> None:
        """After a complete run nobody is due, but those who could not be told, or have just changed."""
        unsent = (each for each in result.messages if each.outcome is not MessageOutcome.SENT)
        open_ = {each.message.customer_id for each in unsent}
        verdict = self.oracle.judge(self.front.rows(), self.tables.memory(), run.now)
        for message in verdict.messages:
            keys = {(message.reminder, name) for name in message.appointment_ids}
            if message.customer_id not in self.front.touched | open_ and not keys & {*self.left}:
                self.fail(f"it is due, and was forgotten: {message}", message.customer_id)


class _Opened:
    """A journal as a context."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __enter__(self) -> Journal:
        return self._journal

    def __exit__(self, *_: object) -> None:
        self._journal.close()


def _ids(each: MessageResult) -> tuple[str, ...]:
    return tuple(row.appointment_id for row in each.message.appointments)


def _keys(each: MessageResult) -> list[tuple[str, str]]:
    return [(each.message.reminder, name) for name in _ids(each)]
