"""After a run: what it said, what the journal kept, and what the peers got must be one story."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from simulation.corrections import changed_table
from simulation.memory import StoredMessage
from simulation.oracle import CONFIRMATION, CORRECTIONS, Memory, same_name, to_the_minute
from simulation.outlets import UNHEARD, Attempted
from simulation.promises import Promises, outcomes_of
from simulation.verdicts import OF_THE_HOUR, Verdict
from simulation.world import Run, World
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.delivery import Rejected
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, Reason
from terminbenachrichtigung.model.result import MessageResult, RunResult

STATES = {
    "sent": "sent",
    "failed": "failed",
    "unknown": "unknown",
    "retry": "released",
    "deferred": "released",
}
"""What the journal calls each outcome."""
STILL_TO_BE_TOLD = (
    Reason.RECENTLY_NOTIFIED,
    Reason.IN_PROGRESS,
    Reason.NO_CONTACT,
    Reason.SUPERSEDED,
    Reason.HELD,
)
"""Contract, section 2, *Missed*: what a run left so, and no later one told, was missed."""
NOT_TO_BE_TOLD = (Reason.OPTED_OUT, Reason.NO_CONSENT, Reason.MANUAL_CONTACT, Reason.HELD_BACK)
WHEN = (Reason.ALREADY_NOTIFIED, Reason.IN_PROGRESS, *OF_THE_HOUR)
"""Rules whose answer depends on when one asks."""


def compare(world: World, command: str, verdict: Verdict, result: RunResult) -> None:
    """The program's plan and the oracle's: the same messages by the same routes, the same reasons.

    Who has two records, and a row at one start in each, is told by the first message of the run: then the
    second record's message is planned anew.
    """
    twice = _told_by_another_message(verdict, result)
    world.log.figures["told by another record's message"] += len(twice)
    planned = {
        (each.message.reminder, each.message.customer_id, _names(each)): each.message.routes
        for each in result.messages
    }
    expected = {
        (each.reminder, each.customer_id, each.appointment_ids): each.routes
        for each in verdict.messages | verdict.confirmations | verdict.corrections
    }
    for key in sorted({*planned, *expected}):
        if planned.get(key) != expected.get(key) and key[1] not in twice:
            ours, theirs = ([each for each in found if each[1] == key[1]] for found in (planned, expected))
            why = [
                f"{skip.appointment.appointment_id}, {skip.reminder}: {skip.reason} ({skip.detail})"
                for skip in result.skips
                if skip.appointment.customer_id == key[1]
            ]
            world.fail(
                f"{command} plans {planned.get(key)} for {key}; the oracle {expected.get(key)}\n"
                f"{command}: {ours}\noracle: {theirs}\n"
                f"{command} skips {why}, bad rows: {result.bad_rows}",
                key[1],
            )
    if len(planned) != len(result.messages):
        world.fail(f"{command} plans one message twice")
    skips = {
        (skip.reminder, skip.appointment.appointment_id): skip.reason
        for skip in result.skips
        if skip.reason not in (Reason.NOT_YET_DUE, Reason.PAST)
        and skip.reminder not in (CONFIRMATION, *CORRECTIONS)
    }
    if bool(result.held_corrections) != verdict.held:
        world.fail(f"{command} holds {result.held_corrections}; the oracle: {verdict.held}")
    for pair in sorted({*skips, *verdict.skips}):
        booking = world.schedule.bookings.get(pair[1])
        if skips.get(pair) != verdict.skips.get(pair) and (
            booking is None or booking.customer_id not in twice
        ):
            world.fail(
                f"{command} skips {pair} for {skips.get(pair)}; the oracle for {verdict.skips.get(pair)}",
                booking.customer_id if booking else None,
            )


def _told_by_another_message(verdict: Verdict, result: RunResult) -> set[str]:
    """Customers of whom this run told the same person a planned appointment's start under another id."""
    planned = {
        (message.reminder, name): message for message in verdict.messages for name in message.appointment_ids
    }
    told = {MessageOutcome.SENT, MessageOutcome.UNKNOWN}
    return {
        expected.customer_id
        for skip in result.skips
        if skip.reason is Reason.ALREADY_NOTIFIED
        and (expected := planned.get((skip.reminder, skip.appointment.appointment_id))) is not None
        for each in result.messages
        for row in each.message.appointments
        if each.outcome in told
        and each.message.reminder == skip.reminder
        and row.appointment_id != skip.appointment.appointment_id
        and to_the_minute(row.starts_at) == to_the_minute(skip.appointment.starts_at)
        and same_name(row.last_name, skip.appointment.last_name)
        and each.message.routes[0].recipient == expected.routes[0].recipient
    }


@dataclass
class Aftermath:
    """Checks each run when it has ended, and remembers what the next ones must build upon."""

    world: World
    promises: Promises
    complete: list[tuple[float, datetime]] = field(default_factory=list)
    """Of each complete run: when it began, by the seconds that have passed, and its `now`."""
    first_complete: dict[str, datetime] = field(default_factory=dict)
    left: dict[tuple[str, str], tuple[str, datetime]] = field(default_factory=dict)
    accounted: set[tuple[str, str, datetime]] = field(default_factory=set)
    """(appointment, person, start): they were told of it, or a run or the staff list named it."""
    waited: set[str] = field(default_factory=set)
    """Appointments that a run left to a later one, for the sake of another message to their customer."""
    latest_now: datetime | None = None
    heard: set[str] = field(default_factory=set)
    """Messages that a written report named."""

    def check(self, run: Run, result: RunResult | None) -> None:
        """One run; None if it was killed."""
        self._account_for_messages()
        for message_id in self.world.tables.told_to_nobody() - self.heard:
            of_it = self.promises.by_message[message_id]
            customer = of_it[0].customer_id if of_it else None
            self.world.fail(f"{message_id} needs a person, and counts as reported", customer)
        if run.verdict is None:
            if run.made or (result is not None and not result.quiet):
                self.world.fail("a run in a quiet period did something")
            return
        skips = run.verdict.skips.items()
        self.waited |= {
            name for (_, name), reason in skips if reason in (Reason.IN_PROGRESS, Reason.RECENTLY_NOTIFIED)
        }
        made: defaultdict[str, list[Attempted]] = defaultdict(list)
        for attempted in run.made:
            made[attempted.message_id].append(attempted)
        stored = {message.message_id: message for message in self.world.tables.messages(run.run_id)}
        for message_id, attempts in made.items():
            if message_id not in stored:
                self.world.fail(f"the journal does not know {message_id}", attempts[0].customer_id)
            self._check_stored(stored[message_id], attempts)
        if result is not None:
            self._check_result(run, result, made, stored)
        elif run.unwritten is not None:
            self._leave_over(run, run.unwritten)

    def note_listed(self, appointment_ids: Iterable[str]) -> None:
        """The staff list holds them."""
        rows = (self.world.schedule.history[name][-1].row for name in appointment_ids)
        self._account_for(row for row in rows if row is not None)

    def _account_for_messages(self) -> None:
        """Sent, failed, or unknown, which staff settle by hand later."""
        for told in (each for rows in self.world.tables.memory().told.values() for each in rows):
            if told.state not in ("claimed", "released"):
                person = self.world.desk.person_of(told.name)
                self.accounted.add((told.appointment_id, person, told.starts_at))

    def _account_for(self, rows: Iterable[Appointment]) -> None:
        person_of = self.world.desk.person_of
        self.accounted |= {
            (row.appointment_id, person_of(row.last_name), to_the_minute(row.starts_at)) for row in rows
        }

    def _check_stored(self, message: StoredMessage, attempts: Sequence[Attempted]) -> None:
        rows = attempts[0].appointments
        correction = attempts[0].correction
        said = {
            row.appointment_id: correction.told
            if correction is not None and correction.cancelled
            else to_the_minute(row.starts_at)
            for row in rows
        }
        along = correction.takes_place_of if correction is not None else ()
        told = sorted([*said.items(), *((name, said[name]) for _, name in along)])
        if (message.customer_id, sorted(message.appointments)) != (attempts[0].customer_id, told):
            self.world.fail(f"the journal means somebody or something else: {message}", message.customer_id)
        words = {attempted.word for attempted in attempts}
        if words & {"sent", "unknown"} and message.state in ("failed", "released"):
            self.world.fail(f"it may have arrived, and is {message.state}", message.customer_id)
        found = message.message_id in self.world.network.taken  # another run asked the gateway meanwhile
        if message.state == "sent" and "sent" not in words and not found:
            self.world.fail("it was not sent, and the journal says so", message.customer_id)

    def _check_result(
        self,
        run: Run,
        result: RunResult,
        made: Mapping[str, Sequence[Attempted]],
        stored: Mapping[str, StoredMessage],
    ) -> None:
        figures = self.world.log.figures
        figures[f"runs ended by {result.stop}" if result.stop else "complete runs"] += 1
        figures["channels closed"] += len(result.closed)
        if result.stop is not None:
            self.world.log.note("", f"the run of {run.now:%H:%M} is ended: {result.stop}")
        named = set()
        for each in result.messages:
            if each.outcome is MessageOutcome.DEFERRED:
                names = ", ".join(_names(each))
                self.world.log.note(
                    each.message.customer_id, f"{each.message.reminder} about {names}: deferred"
                )
            if each.message_id is not None:
                named.add(each.message_id)
                self._check_message(each, made.get(each.message_id, ()), stored[each.message_id], result)
            elif each.outcome is not MessageOutcome.DEFERRED or each.attempts:
                self.world.fail(f"it was never claimed, and is {each.outcome}", each.message.customer_id)
        for message_id in made:
            if message_id not in named:
                self.world.fail(f"the report does not name {message_id}", made[message_id][0].customer_id)
        self._account_for(skip.appointment for skip in result.skips if skip.reason is Reason.MISSED)
        self._check_records(run, result)
        assert run.verdict is not None
        if run.trouble in ("none", "signal", "killed"):
            compare(self.world, "run-once", self._as_planned_last(run, run.verdict, result), result)
        elif result.stop is None:
            self._nobody_was_forgotten(run, result)

    def _as_planned_last(self, run: Run, verdict: Verdict, result: RunResult) -> Verdict:
        """Confirmations are planned once more behind the reminders: by what was refused for those."""
        rejected = defaultdict(set, {name: set(those) for name, those in run.memory.rejected.items()})
        for attempted in run.made:
            if isinstance(attempted.outcome, Rejected) and attempted.reminder != CONFIRMATION:
                for row in attempted.appointments:
                    rejected[row.appointment_id].add(attempted.recipient)
        memory = replace(run.memory, rejected=rejected)
        again = self.world.oracle.confirmations(self.world.schedule.rows(), memory, run.now)
        planned = {_names(each) for each in result.messages if each.message.reminder == CONFIRMATION}
        cut_short = result.stop is not None or Channel.EMAIL in result.closed
        if cut_short and planned == {each.appointment_ids for each in verdict.confirmations}:
            return verdict
        return replace(verdict, confirmations=again)

    def _check_message(
        self, each: MessageResult, made: Sequence[Attempted], stored: StoredMessage, result: RunResult
    ) -> None:
        customer, ran_out = each.message.customer_id, each.message_id in self.promises.ran_out
        said = [(attempt.route.channel, type(attempt.outcome).__name__.lower()) for attempt in each.attempts]
        was = [(attempted.channel, attempted.word) for attempted in made]
        if self.promises.is_taken_back(stored.message_id) and UNHEARD.detail in str(result.closed):
            said = [(channel, word.replace("rejected", "unavailable")) for channel, word in said]
            was = [(channel, word.replace("rejected", "unavailable")) for channel, word in was]
        if said != was:
            self.world.fail(f"the report says {said}, what happened is {was}", customer)
        expected = outcomes_of(each.message.routes, each.attempts, stopped=result.stop is not None)
        if each.outcome not in expected and not ran_out:
            self.world.fail(f"its outcome is {each.outcome}, by its attempts {expected}", customer)
        # Another run, meanwhile, may have asked what became of it.
        asked = stored.message_id in self.world.network.taken and {
            (Channel.SMS, "unknown"),
            (Channel.SMS, "sent"),
        } & set(said)
        if asked and stored.state not in ("unknown", "released", "failed"):
            return
        if stored.state != STATES[each.outcome or ""] and not (ran_out and stored.state == "unknown"):
            self.world.fail(f"its outcome is {each.outcome}, the journal says {stored.state}", customer)
        noted = [(channel, word) for channel, _, word in stored.attempts]
        if stored.state in ("sent", "unknown") and not ran_out and noted != was:
            self.world.fail(f"the journal notes {noted}, what happened is {was}", customer)

    def _check_records(self, run: Run, result: RunResult) -> None:
        """What the next runs build upon."""
        world, memory = self.world, self.world.tables.memory()
        if world.tables.run(run.run_id) != (result.stop or "complete", result.stop is None):
            world.fail(f"the journal says of the run: {world.tables.run(run.run_id)}")
        if result.stop is None and run.trouble == "none" and run.depth == 0 and run.verdict is not None:
            noted = changed_table(run.memory.changes, run.verdict.changes, run.now)
            if memory.changes != noted:
                world.fail(f"the journal notes the changes {memory.changes}; the oracle {noted}")
            world.log.figures["changes noted"] += len(noted)
        if run.verdict is not None and run.verdict.held:
            world.log.figures["runs that held corrections"] += 1
        if result.stop is None:
            self.complete.append((run.began, run.now))
            confirms = world.settings.confirmation.enabled
            names = [reminder.name for reminder in world.settings.reminders]
            for name in (*names, *([CONFIRMATION] if confirms else [])):
                # Of two runs that overlap, the one that began first may end last.
                self.first_complete[name] = min(run.now, self.first_complete.get(name, run.now))
        self._leave_over(run, result)
        self.latest_now = max(self.latest_now or run.now, run.now)
        since = self.latest_now - timedelta(days=world.settings.journal.retention_days)
        if _since(since, (now for _, now in self.complete)) != _since(since, memory.complete_runs):
            world.fail("the journal does not remember the complete runs")
        if memory.first_complete != self.first_complete:
            world.fail("the journal does not remember the first complete runs")
        for key in sorted({*self.left, *memory.left}):
            ours, theirs = self.left.get(key), memory.left.get(key)
            if ours != theirs and max(left[1] for left in (ours, theirs) if left) >= since:
                world.fail(f"{key} was left over as {ours}, the journal remembers {theirs}")

    def _leave_over(self, run: Run, result: RunResult) -> None:
        """What a later run must tell, or call missed."""
        rows = [(each, row) for each in result.messages for row in each.message.appointments]
        for each, row in rows:
            self.left.pop((each.message.reminder, row.appointment_id), None)
        for each, row in rows:
            # Of two customers in one run the one who was not told counts.
            if each.outcome in (MessageOutcome.RETRY, MessageOutcome.DEFERRED):
                start = to_the_minute(row.starts_at)
                self.left[each.message.reminder, row.appointment_id] = row.customer_id or "", start
        self._leave_over_what_was_skipped(run, result)

    def _leave_over_what_was_skipped(self, run: Run, result: RunResult) -> None:
        """Without booking times: what the run met due and did not tell, though it should be told yet."""
        minutes, same_day = self.world.minutes, self.world.settings.rules.same_day
        for skip in result.skips:
            row, key = skip.appointment, (skip.reminder, skip.appointment.appointment_id)
            if row.customer_id is None or row.created_at is not None:
                continue
            in_time = same_day or minutes.day(row.starts_at) > minutes.day(run.now)
            if skip.reason in STILL_TO_BE_TOLD and in_time:
                self.left[key] = row.customer_id, to_the_minute(row.starts_at)
            elif skip.reason in NOT_TO_BE_TOLD:
                self.left.pop(key, None)

    def _nobody_was_forgotten(self, run: Run, result: RunResult) -> None:
        """After a complete run nobody is due, but those who could not be told, or have just changed."""
        unsent = (each for each in result.messages if each.outcome is not MessageOutcome.SENT)
        changed = self.world.desk.touched.union(each.message.customer_id for each in unsent)
        memory = self.world.tables.memory()
        for name, recipients in run.memory.rejected.items():
            memory.rejected[name] |= recipients  # the run still knew what its own purge has forgotten
        verdict = self.world.oracle.plan(self.world.schedule.rows(), memory, run.now)
        # What waited for a correction that a confirmation of this very run made needless is the next one's.
        waited = {
            (skip.reminder, skip.appointment.appointment_id)
            for skip in result.skips
            if skip.reason is Reason.SUPERSEDED and self.world.settings.corrections.enabled
        }
        for message in verdict.messages:
            pairs = {(message.reminder, name) for name in message.appointment_ids}
            left = bool(pairs & (self.left.keys() | waited))
            if message.customer_id not in changed and not left:
                why = [
                    f"{skip.reminder}, {skip.appointment.appointment_id}: {skip.reason} ({skip.detail})"
                    for skip in result.skips
                    if skip.appointment.appointment_id in message.appointment_ids
                ]
                self.world.fail(
                    f"it is due, and was forgotten: {message}; skipped {why}", message.customer_id
                )

    # ---------------------------------------------------------------- in the end

    def nobody_is_lost(self) -> None:
        """Whatever nothing speaks against, and a complete run met in its window, is accounted for."""
        world, memory = self.world, self.world.tables.memory()
        if not self.complete:
            return
        self._account_for_messages()
        judging = world.oracle.judging(memory, self.complete[-1][1])
        # A run whose clock was days ahead met nobody whose appointment has not come yet.
        last = max((now for _, now in self.complete if now <= world.clock.now()), default=world.clock.now())
        for name, versions in world.schedule.history.items():
            row, since = versions[-1].row, versions[-1].since
            if row is None or row.starts_at >= last or judging.contacted(row) is not None:
                continue
            if row.created_at is None and name in self.waited:
                continue  # without booking times nobody knows whether it was there in time: none is missed
            due = [
                reminder
                for reminder in judging.leads
                if judging.first_no(row, reminder, without=WHEN) is None
                and not judging.held_back(row, reminder)
                and self._was_met(row, reminder, since)
            ]
            world.log.figures["appointments accounted for"] += bool(due)
            if due and not self._is_accounted_for(row):
                world.fail(f"{name} is lost: nobody was told, nobody listed it", row.customer_id)

    def _is_accounted_for(self, row: Appointment) -> bool:
        person, start = self.world.desk.person_of(row.last_name), to_the_minute(row.starts_at)
        if any(key[1:] == (person, start) for key in self.accounted):
            return True  # for whatever id of the appointment
        # Who was told before it was moved is never missed: then the report of a retry is what remains.
        told_before = any(key[:2] == (row.appointment_id, person) for key in self.accounted)
        left = {left for (_, name), left in self.left.items() if name == row.appointment_id}
        return told_before and (row.customer_id, start) in left

    def _was_met(self, row: Appointment, reminder: str, since: float) -> bool:
        """Whether a complete run met it in its window after its last change, and in time."""
        judging = self.world.oracle.judging
        return any(
            since < began and row.starts_at > now and judging(Memory(), now).first_no(row, reminder) is None
            for began, now in self.complete
        )


def _names(each: MessageResult) -> tuple[str, ...]:
    return tuple(row.appointment_id for row in each.message.appointments)


def _since(moment: datetime, runs: Iterable[datetime]) -> list[datetime]:
    return sorted(run for run in runs if run >= moment)
