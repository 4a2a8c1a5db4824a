"""One practice for some weeks: life at the front desk, hourly runs, and all that happens to a cron job."""

import random
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import chain
from math import ceil
from pathlib import Path

import sqlalchemy as sa

from simulation.aftermath import Aftermath, compare
from simulation.clock import AskedClock, Clock
from simulation.configurations import Configuration
from simulation.front_desk import FrontDesk
from simulation.memory import Tables
from simulation.minutes import Minutes
from simulation.network import Network
from simulation.oracle import CONFIRMATION, CORRECTIONS, Memory, parts_of
from simulation.outlets import WEATHER, Attempted, Killed, Peer, SameThread
from simulation.promises import Promises
from simulation.schedule_file import ScheduleFile
from simulation.verdicts import Oracle, Verdict
from simulation.world import Log, Run, World
from terminbenachrichtigung.clock import Timings
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.delivery.channel import Balance
from terminbenachrichtigung.delivery.preflight import Shut, credit
from terminbenachrichtigung.errors import JournalError, ScheduleError
from terminbenachrichtigung.journal import create_journal, open_journal
from terminbenachrichtigung.journal.database import Mode, make_engine
from terminbenachrichtigung.journal.journal import Journal
from terminbenachrichtigung.model.delivery import Claim, Content
from terminbenachrichtigung.model.plan import Channel, MessageOutcome
from terminbenachrichtigung.model.result import RunResult, Stop
from terminbenachrichtigung.on_demand import adopt
from terminbenachrichtigung.run import once
from terminbenachrichtigung.run.context import RunContext
from terminbenachrichtigung.schedule.reading import Schedule
from terminbenachrichtigung.staff_list.cases import staff, tick_off
from terminbenachrichtigung.staff_list.entries import Matter, StaffEntry
from terminbenachrichtigung.staff_list.reasons import StaffReason
from terminbenachrichtigung.texts.messages import Texts
from terminbenachrichtigung.times.windows import Quiet

CLAIM_TIMEOUT = 15 * 60.0
"""Seconds after which a claim has run out; the default of `journal.claim_timeout_minutes`."""
PAUSES = (timedelta(minutes=2), timedelta(minutes=30))
"""How long a process stands still: shorter and longer than a claim lasts."""
NO_PAUSES = Timings(pauses=(0.0, 0.0))
MODES: tuple[Mode, ...] = ("ro", "rw")
"""Engines of the journal that are kept: making one costs more than a run."""
WHERE = ("before", "after", "asking", "between", "report")
"""An attempt; when the clock is asked before one; between two messages; when the report is written."""
TROUBLES = {
    "none": 52,
    "changes": 22,  # the schedule changes while the run is under way
    "killed": 10,
    "overlap": 6,  # another run begins and ends in the middle of this one
    "stopped process": 3,  # for a while, and other runs come meanwhile
    "signal": 3,
    "schedule gone": 3,
}


class Simulation:
    """A practice, its people, and its cron job."""

    def __init__(self, configuration: Configuration, seed: int, weeks: float, folder: Path) -> None:
        self.chance, self.folder = random.Random(seed), folder
        settings = configuration.settings(folder)
        begins = configuration.start().replace(tzinfo=settings.zone)
        self.clock = clock = Clock(begins.astimezone(UTC))
        self.ends = clock.now() + timedelta(weeks=weeks)
        first, last = begins.date() - timedelta(days=16), self.ends.date() + timedelta(days=45)
        minutes = Minutes(settings.rules, settings.zone, first, last)
        self.log = log = Log(clock)
        schedule = ScheduleFile(folder / "schedule.db", clock, has_created_at=configuration.has_created_at)
        self.desk = FrontDesk(schedule, settings.zone, clock, self.chance, configuration.local_text, log.note)
        self.desk.welcome(90)
        if configuration.few_allowed:
            allowed = [address for address in self.desk.typed.values() if address][::3]
            safety = settings.safety.model_copy(update={"only_recipients": tuple(allowed)})
            settings = settings.model_copy(update={"safety": safety})
        self.settings = settings
        create_journal(settings.journal, clock.now(), settings.timezone)
        self.engines = {mode: _engine(settings, mode) for mode in MODES}
        self.tables = Tables(folder / "journal.db", schedule.names.__getitem__)
        oracle = Oracle(settings, minutes, self.desk.typed)
        self.world = World(
            configuration,
            seed,
            weeks,
            settings,
            clock,
            minutes,
            schedule,
            self.desk,
            oracle,
            self.tables,
            log,
            Network(clock, self.chance, Decimal(configuration.credits)),
        )
        self.promises = Promises(self.world)
        self.aftermath = Aftermath(self.world, self.promises)
        self.schedule = Schedule(settings.schedule, settings.rules, settings.zone)
        self.quiet, self.texts = Quiet(settings.rules, settings.zone), Texts(settings)
        self.peers = {
            channel: Peer(channel, clock, self.chance, self._before, self._after)
            for channel in Channel
            if getattr(settings, channel) is not None
        }
        if (sms := self.peers.get(Channel.SMS)) is not None:
            sms.network = self.world.network
        self.spread = random.Random(seed)
        self.asked_clock = AskedClock(clock, self._ask_the_time)
        self.stack: list[Run] = []
        self.last_renewed: dict[str, float] = {}
        self.hours_without_runs = 0
        if configuration.adopt:
            with self._journal() as journal:
                log.figures["adopted"] += adopt.adopt(self._context(journal))

    def close(self) -> None:
        """Let go of all files."""
        self.schedule.close()
        self.tables.close()
        for engine in self.engines.values():
            engine.dispose()
        self.world.schedule.close()

    # ---------------------------------------------------------------- hour by hour

    def live(self) -> None:
        """The whole time."""
        half_time = self.clock.now() + (self.ends - self.clock.now()) / 2
        while self.clock.now() < half_time:
            self._hour()
        self._change_the_configuration()
        while self.clock.now() < self.ends:
            self._hour()
        self.log.figures.update(f"messages {state}" for state in self.tables.states().values())
        self.aftermath.nobody_is_lost()

    def _change_the_configuration(self) -> None:
        """Another zone by mistake, which no journal takes; and perhaps another name for a reminder."""
        try:
            open_journal(self.settings.journal, timezone="Pacific/Auckland").close()
        except JournalError:
            pass
        else:
            self.world.fail("the journal takes another time zone")
        if self.world.configuration.renames:
            first, *others = self.settings.reminders
            renamed = first.model_copy(update={"name": f"{first.name}, neu"})
            self.settings = self.settings.model_copy(update={"reminders": (renamed, *others)})
            self.world.settings, self.texts = self.settings, Texts(self.settings)
            self.world.oracle = replace(self.world.oracle, settings=self.settings)
            self.log.note("", f"{first.name} is called {renamed.name} from now on")

    def _hour(self) -> None:
        chance, now = self.chance, self.clock.now()
        cron = now.replace(minute=50, second=chance.randrange(60))
        if now.minute >= 50:
            cron += timedelta(hours=1)
        if self._quiet_begins_after(cron) and chance.random() < 0.4:
            # What is due before quiet is left to the last minute, and quiet begins in the middle of it.
            cron = cron.replace(minute=59) + timedelta(hours=1)
        awake = 7 <= now.astimezone(self.settings.zone).hour < 20
        for _ in range(chance.choice((0, 1, 2, 3, 5, 8) if awake else (0, 0, 0, 1))):
            self.clock.sleep(chance.randrange(400))
            self.desk.do_something()
        if chance.random() < 0.01:
            self.clock.step(timedelta(minutes=chance.randint(-100, 100)))
            self.log.note("", "the clock is set")
        self.clock.sleep_until(cron)
        self._let_the_weather_change()
        if self.hours_without_runs:
            self.hours_without_runs -= 1
            self.log.figures["hours without a run"] += 1
            return
        if chance.random() < 0.008:
            self.hours_without_runs = chance.choice((1, 2, 5, 14, 40))
        self.run()
        if chance.random() < 0.05:
            self.clock.sleep(chance.choice((60, 600, 1200)))
            self.run()
        if chance.random() < 0.01:
            self._run_by_a_wrong_clock()
        if chance.random() < 0.2:
            self._compare_staff_list()
        if chance.random() < 0.1:
            self._resolve()

    def _run_by_a_wrong_clock(self) -> None:
        """For one run, by days; then somebody sets it right."""
        wrong = timedelta(days=self.chance.choice((-5, -2, -1, 1, 3, 9)))
        self.log.note("", f"the clock is wrong by {wrong}")
        forgotten = self.clock.now() - timedelta(days=self.settings.journal.retention_days)
        self.clock.step(wrong)
        try:
            self.run()
        except JournalError as error:
            if self.clock.now() >= forgotten:
                raise
            self.log.note("", f"the run is refused: {error}")
        self.clock.step(-wrong)
        self.log.note("", "the clock is right again")
        self.log.figures["runs by a wrong clock"] += 1

    def _quiet_begins_after(self, cron: datetime) -> bool:
        """Whether a single run is left after this one."""
        hour, is_quiet = timedelta(hours=1), self.world.minutes.is_quiet
        return not is_quiet(cron) and not is_quiet(cron + hour) and is_quiet(cron + 2 * hour)

    def _let_the_weather_change(self) -> None:
        network = self.world.network
        network.jobs_fail, network.reports_fail = (self.chance.random() < 0.1 for _ in range(2))
        network.shows_none = self.chance.random() < 0.02
        if network.credits < 3 and self.chance.random() < 0.1:
            network.credits += self.world.configuration.credits
            self.log.note("", f"credits are bought: now {network.credits}")
        for peer in self.peers.values():
            if self.chance.random() < 0.2:
                peer.weather = self.chance.choice(("fine", "fine", "fine", "mixed", *WEATHER))
                peer.seconds = self.chance.choice((0, 1, 1, 5, 50))

    def _resolve(self) -> None:
        """Staff find out what became of a message, and settle it by hand."""
        open_ones = [name for name, state in self.tables.states().items() if state in ("unknown", "failed")]
        if not open_ones:
            return
        message_id = self.chance.choice(open_ones)
        made = self.promises.by_message[message_id]
        arrived = message_id not in self.world.network.undelivered and any(each.arrived for each in made)
        with self._journal() as journal:
            journal.resolve(message_id, sent=arrived)
        if not arrived:
            self.promises.not_sent.add(message_id)
        for customer in sorted({each.customer_id for each in made}):
            found = "sent" if arrived else "not sent"
            self.log.note(customer, f"{message_id[:8]} is resolved by hand: {found}")

    # ---------------------------------------------------------------- before a run: is the plan right?

    def _compare_dry_run(self, now: datetime, *, allowed: bool) -> tuple[Verdict, Memory]:
        """What a dry run plans; gives what a run will, which first asks what became of earlier SMS."""
        oracle, rows, memory = self.world.oracle, self.world.schedule.rows(), self.tables.memory()
        verdict = oracle.plan(rows, memory, now)
        with self._journal(readonly=True) as journal:
            compare(self.world, "dry-run", verdict, once.dry_run(self._context(journal), now))
        self.log.figures["verdicts compared"] += len(verdict.skips) + len(verdict.messages)
        followed = self.world.network.followed(memory, self.tables.messages(), now)
        if allowed or followed != memory:
            verdict = oracle.plan(rows, followed, now, allowed=allowed)
        return verdict, followed

    def _compare_staff_list(self) -> None:
        """For customers whom nobody has contacted by hand."""
        self._let_claims_run_out()
        moment, schedule = self.clock.now(), self.world.schedule
        memory = self.tables.memory()
        expected = self.world.oracle.staff(schedule.rows(), memory, moment)
        with self._journal(readonly=True) as journal:
            listed = staff(self._context(journal))
        # The oracle does not judge who was told what holds no more.
        changed = (
            StaffReason.CANCELLED,
            StaffReason.MOVED,
            StaffReason.REINSTATED,
            StaffReason.NUMBER_CHANGED,
        )

        def is_judged(matter: Matter) -> bool:
            # Nor what became of a message about the row that an appointment was made anew from.
            own = any(told.state != "released" for told in memory.told[matter.appointment_id])
            return matter.reason not in changed and (own or matter.reason is not StaffReason.UNKNOWN)

        found = {
            each.customer_id: names
            for each in listed
            if (names := frozenset(m.appointment_id for m in each.matters if is_judged(m)))
        }
        otherwise = {m.appointment_id for each in listed for m in each.matters if not is_judged(m)}
        called = {each.appointment_id for each in chain(*memory.ticks.values())}
        for customer in sorted({*found, *expected}):
            record = schedule.customers.get(customer)
            if record is None or record.last_contacted_at is not None or memory.ticks[customer]:
                continue
            if called & expected.get(customer, frozenset()):  # before their record was merged
                continue
            ours, theirs = (of.get(customer, frozenset()) - otherwise for of in (found, expected))
            if ours != theirs:
                self.world.fail(f"the staff list has {ours}, the oracle {theirs}", customer)
        self.log.figures["staff list entries compared"] += len(expected)
        self.aftermath.note_listed(name for each in listed for name in each.appointment_ids)
        if self.world.configuration.ticks and listed:
            self._tick_off(self.chance.choice(listed))

    def _tick_off(self, entry: StaffEntry) -> None:
        """Somebody called, and said what there was to say."""
        with self._journal() as journal:
            tick_off(self._context(journal), entry.appointment_ids[:1], entry.customer_id)
        self.tables.memory()  # by whose name, before the desk changes it
        self.desk.touched.add(entry.customer_id)
        self.log.note(entry.customer_id, f"is ticked off: {entry.reason}, {entry.appointment_ids}")
        self.log.figures["ticked off"] += 1

    # ---------------------------------------------------------------- one run

    def _journal(self, *, readonly: bool = False) -> "closing[Journal]":
        settings = self.settings.journal
        engine = self.engines["ro" if readonly else "rw"]
        return closing(Journal(engine, str(engine.url), settings, self.clock, NO_PAUSES))

    def _context(self, journal: Journal | None) -> RunContext:
        sms = self.peers.get(Channel.SMS)
        return RunContext(
            self.settings,
            self.quiet,
            self.schedule,
            journal,
            self.texts,
            self.asked_clock,
            NO_PAUSES,
            senders={channel: partial(self.peers.__getitem__, channel) for channel in self.peers},
            preflight={Channel.SMS: self._credit} if sms is not None else {},
            account=(lambda: self.world.network) if sms is not None else None,
            threads=SameThread,
            chance=self.spread,
            stopping=self._stopping,
        )

    def run(self, depth: int = 0) -> None:
        """What cron does, with all that may go wrong meanwhile."""
        chance, figures = self.chance, self.log.figures
        self._let_claims_run_out()
        if chance.random() < 0.01:
            self._run_without_a_schedule()
            return
        now = self.clock.now()
        (trouble,) = chance.choices(list(TROUBLES), list(TROUBLES.values()))
        if self.world.minutes.is_quiet(now + PAUSES[0]):
            trouble = "stopped process"  # so that quiet begins in the middle of it
        if depth and trouble in ("overlap", "stopped process"):
            trouble = "none"
        allowed = self.settings.corrections.enabled and chance.random() < 0.3
        verdict, memory = None, Memory()
        if not self.world.minutes.is_quiet(now):
            verdict, memory = self._compare_dry_run(now, allowed=allowed)
        run = Run(
            now,
            self.clock.monotonic(),
            trouble,
            chance.choice((1, 1, 1, 2, 3, 5)),
            chance.choice(("after", "asking") if trouble == "stopped process" else WHERE),
            depth,
            verdict,
            memory,
        )
        braked = self.settings.safety.max_messages_per_run
        limit = 0 if braked and chance.random() < 0.3 else None
        touched_before, self.desk.touched = self.desk.touched, set()
        self.stack.append(run)
        try:
            with self._journal() as journal:
                run.run_id = journal.run_id
                result = self._run_once(journal, limit, allowed=allowed)
            self.aftermath.check(run, result)
        finally:
            self.stack.pop()
            self.desk.touched |= touched_before
        figures["runs"] += 1
        figures["runs in a quiet period"] += run.verdict is None
        figures["overlapping runs"] += depth > 0

    def _run_once(self, journal: Journal, limit: int | None, *, allowed: bool) -> RunResult | None:
        run = self.stack[-1]
        try:
            return once.run_once(
                self._context(journal),
                max_messages=limit,
                allow_corrections=allowed,
                progress=self._between,
                write_report=self._read_report,
            )
        except Killed:
            self.log.figures["killed runs"] += 1
            self.log.note("", f"the run of {run.now:%H:%M} is killed ({run.where}, {run.at})")
            return None
        finally:
            self._bring_the_schedule_back()

    def _read_report(self, result: RunResult) -> None:
        """A person reads it, if the run is not killed before it is written out."""
        run = self.stack[-1]
        if run.trouble == "killed" and run.where == "report":
            run.unwritten = result
            raise Killed
        self.aftermath.heard |= {each.message_id for each in result.untold}
        self.aftermath.heard |= {each.message_id for each in result.updates}
        self.aftermath.heard |= {
            each.message_id
            for each in result.messages
            if each.message_id is not None and each.outcome in (MessageOutcome.FAILED, MessageOutcome.UNKNOWN)
        }

    def _run_without_a_schedule(self) -> None:
        def sent() -> int:
            return sum(len(peer.attempts) for peer in self.peers.values())

        before = sent()
        self._take_the_schedule_away()
        try:
            with self._journal() as journal:
                try:
                    once.run_once(self._context(journal))
                except ScheduleError:
                    pass
                else:
                    self.world.fail("a run without a schedule ended well")
                if sent() != before:
                    self.world.fail("a run without a schedule sent something")
                if self.tables.run(journal.run_id)[1]:
                    self.world.fail("a run without a schedule counts as complete")
        finally:
            self._bring_the_schedule_back()
        self.log.figures["runs without a schedule"] += 1

    def _take_the_schedule_away(self) -> None:
        self.world.schedule.path.rename(self.folder / "away.db")

    def _bring_the_schedule_back(self) -> None:
        if (self.folder / "away.db").exists():
            (self.folder / "away.db").rename(self.world.schedule.path)

    def _let_claims_run_out(self) -> None:
        """The journal's clock is the database's, not the simulated one: so claims are aged by hand."""
        for message_id in self.tables.open_claims():
            since = self.last_renewed.setdefault(message_id, self.clock.monotonic())
            if self.clock.monotonic() - since > CLAIM_TIMEOUT:
                self.tables.let_run_out(message_id)
                self.promises.ran_out.add(message_id)
                self.log.figures["claims that ran out"] += 1

    # ---------------------------------------------------------------- what the run asks, and meets

    def _credit(self) -> Balance | Shut:
        found = credit(self.world.network.balance, self.clock, NO_PAUSES.pauses)
        self.stack[-1].credits = found.amount if isinstance(found, Balance) else None
        return found

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
        if not self.stack:
            return None
        run = self.stack[-1]
        if run.trouble == "signal" and run.attempts >= run.at:
            return Stop.SIGNAL
        if self.clock.monotonic() - run.began > self.settings.max_run_minutes * 60:
            return Stop.MAX_RUN_MINUTES
        return None

    def _before(self, peer: Peer, claim: Claim, content: Content) -> None:
        run = self.stack[-1]
        run.attempts += 1
        if peer.name is Channel.SMS and not self._is_paid_for(run, content):
            self.world.fail("nothing pays for this SMS", claim.message.customer_id)
        self.last_renewed[claim.message_id] = self.clock.monotonic()
        for what in self.promises.broken(claim, content, run.now):
            self.world.fail(f"{peer.name} to {content.recipient}: {what}", claim.message.customer_id)
        self.promises.about_to(claim)
        if run.trouble == "changes" and self.chance.random() < 0.6:
            for _ in range(self.chance.randint(1, 3)):
                self.clock.sleep(self.chance.choice((0, 1, 10)))
                self.desk.do_something(run.planned)
                self.log.figures["changes during a run"] += 1
        if run.attempts == run.at and run.where == "before":
            if run.trouble == "killed":
                raise Killed
            if run.trouble == "overlap":
                self.run(run.depth + 1)

    def _is_paid_for(self, run: Run, content: Content) -> bool:
        """By the balance that the run was told; others that draw on the account it does not see."""
        used = sum(each.parts for each in run.made if each.channel is Channel.SMS and each.may_have_arrived)
        return run.credits is None or used + parts_of(content.text) <= ceil(run.credits)

    def _after(self, attempted: Attempted) -> None:
        run = self.stack[-1]
        run.made.append(attempted)
        self.promises.note(attempted)
        self.log.figures[f"{attempted.channel} {attempted.word}"] += 1
        self.log.figures["confirmations"] += attempted.reminder == CONFIRMATION
        self.log.figures["corrections"] += attempted.reminder in CORRECTIONS
        names = ", ".join(row.appointment_id for row in attempted.appointments)
        self.log.note(
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
        self.log.figures["stopped processes"] += 1
        pause = self.chance.choice(PAUSES)
        self.log.note("", f"the run of {run.now:%H:%M} stands still for {pause}")
        self.clock.sleep(pause.total_seconds())
        if self.chance.random() < 0.7:
            self.run(run.depth + 1)
        else:
            self._let_claims_run_out()


def _engine(settings: Settings, mode: Mode) -> sa.Engine:
    """Of the journal; it does not wait for the disk, because nothing pulls the plug."""

    def do_not_wait(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.close()

    engine = make_engine(settings.journal.url.get_secret_value(), mode, NO_PAUSES)
    sa.event.listen(engine, "connect", do_not_wait)
    return engine
