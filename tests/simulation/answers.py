"""Customers who answer, for some days: late, twice, from a shared number, with nonsense; read a second time.

Hourly runs with a real journal and a gateway on loopback that hands out replies late and twice, and fails now
and then; reports that cannot be written; a desk that cancels, moves and ticks off. Beside them stands what
the contract says (section 9), written once more over nothing but what was sent and said.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from practice import BERLIN, Practice, local, number, reminder
from terminbenachrichtigung import wiring
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.demo.loopback import Answer, Job, LoopbackGateway, Request
from terminbenachrichtigung.model.result import RunResult
from terminbenachrichtigung.on_demand.search import Query, SearchState, search
from terminbenachrichtigung.run import once
from terminbenachrichtigung.staff_list.cases import staff, tick_off
from terminbenachrichtigung.staff_list.reasons import StaffReason

WEEK, MONTH = timedelta(days=7), timedelta(days=30)
FIRST = "2026-11-23 07:00"  # a Monday
SAID = {
    # what customers write, and what a person would take it for
    "yes": ("Ja", "ja!", "OK", "Okay, danke", "1", "Bestätigt.", "JA JA"),
    "no": ("Nein", "nein danke", "Absage", "Bitte stornieren", "2", "cancel"),
    "stop": ("STOP", "Stopp!", "abmelden"),
    "other": (
        "Ja, aber später",
        "Wer ist da?",
        "",
        "👍",
        "nein doch ja",
        "Danke",
        "Komme 10 min später",
        "12",
    ),
}


@dataclass
class Said:
    """One reply, from the telephone to the report."""

    meaning: str
    text: str
    sender: str
    at: datetime  # when the gateway received it
    out_at: datetime  # since when the gateway hands it out
    job: Job | None  # the SMS that it answers, as far as the gateway can tell
    fetched_at: datetime | None = None
    message_id: str | None = None
    reports: int = 0  # that have named it


@dataclass(frozen=True)
class Told:
    """One appointment in one message, as the journal has it."""

    message_id: str
    appointment_id: str
    customer_id: str
    starts_at: datetime


@dataclass
class Row:
    """One appointment of the schedule."""

    appointment_id: str
    customer_id: str
    starts_at: datetime
    cancelled: bool = False
    moved: bool = False


@dataclass
class Days:
    """A practice whose customers answer."""

    practice: Practice
    gateway: LoopbackGateway
    seed: int
    unsure: timedelta  # so far off may the gateway's moments be
    said: list[Said] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)
    ticked: set[int] = field(default_factory=set)  # replies, by their place in `said`
    figures: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._told_until, self._all_told = -1, list[Told]()
        self.now = local(FIRST)
        self.gateway._clock = self.practice.clock
        self.practice.configure(
            rules={"hours_between_messages": 1},
            safety={"max_messages_per_run": 0},
            reminders=[
                reminder(72, "früh", channels=("sms",)),
                reminder(24, channels=("sms",)) | {"unless_confirmed": True},
            ],
            sms={"base_url": self.gateway.url, "sender": "+491715550000", **self.gateway.settings},
            replies={"enabled": True},
        )
        self.settings: Settings = wiring.load_config(self.practice.config, {}).settings
        for customer in range(30):
            # Of each six, two share a number: a mother and her son.
            mobile = number(customer - 1 if customer % 6 == 1 else customer)
            for nth in range(self.chance.randint(1, 2)):
                start = self.now + timedelta(days=self.chance.randint(1, 9), hours=self.chance.randint(1, 10))
                start += timedelta(minutes=self.chance.choice((0, 15, 30)) + customer % 7 * 60 // 7)
                name = f"{customer}-{nth}"
                self.rows[name] = Row(name, str(customer), start)
                self.practice.book(
                    name, _written(start), customer, mobile=mobile, email="", last_name=f"Name{customer}"
                )

    # ---------------------------------------------------------------- what happens

    def live(self, hours: int) -> None:
        """So many hours, with a run in most of them."""
        for _ in range(hours):
            self.now += timedelta(hours=1)
            clock = self.now.astimezone(self.settings.zone).hour
            self._answer()
            self._hand_out()
            if not 8 <= clock < 20:
                continue
            self._work_at_the_desk()
            if self.chance.random() < 0.85:
                self._run()
            if self.chance.random() < 0.3:
                self._compare()
        self._weather_clears()
        self._compare()
        # Whoever said something before the last run was heard, and of each a report has told once.
        assert all(each.reports == 1 for each in self.said if each.fetched_at is not None)
        assert not [each for each in self.said if each.fetched_at is None and self._must_be_known(each)]

    def _answer(self) -> None:
        """Some of those who were told answer, mostly soon; and some strangers."""
        for job in self.gateway.jobs:
            odds = 0.25 if self.now - job.at < timedelta(hours=3) else 0.012
            if self.now - job.at < timedelta(days=8) and self.chance.random() < odds:
                self._say("+" + job.recipient.lstrip("+0"), job if self.chance.random() < 0.6 else None)
        if self.chance.random() < 0.02:
            self._say(f"+49171999{self.chance.randrange(10000):04}", None)

    def _say(self, sender: str, job: Job | None) -> None:
        (meaning,) = self.chance.choices(list(SAID), (5, 3, 1, 3))
        late = self.chance.choice((0, 0, 0, 0, 1, 5, 26))  # hours until the gateway hands it out
        # Never at the very minute up to which our clock and the gateway's may be apart.
        at = self.now - timedelta(minutes=self.chance.choice((1, 4, 7, 15, 20, 25)))
        text = self.chance.choice(SAID[meaning])
        if any((each.sender, each.text, each.at) == (sender, text, at) for each in self.said):
            return  # the same words in the same minute: nobody could tell here which of the two was fetched
        self.said.append(Said(meaning, text, sender, at, self.now + timedelta(hours=late), job))
        self.figures[meaning] += 1

    def _hand_out(self) -> None:
        for each in self.said:
            if each.out_at <= self.now < each.out_at + timedelta(hours=1):
                job = each.job or Job(0, "", "+491715550000", each.sender, "", "", each.at)
                made = self.gateway.reply(
                    job, each.text, at=each.at, named=each.job is not None, sender=each.sender
                )
                if self.chance.random() < 0.2:
                    self.gateway.incoming.append(made)  # twice in one list

    def _work_at_the_desk(self) -> None:
        row = self.chance.choice(list(self.rows.values()))
        if row.cancelled or row.starts_at < self.now + timedelta(hours=3):
            return
        if self.chance.random() < 0.06:
            row.cancelled = True
            self.practice.cancel(row.appointment_id)
        elif self.chance.random() < 0.06:
            row.starts_at += timedelta(minutes=30)
            row.moved = True
            self.practice.change(row.appointment_id, starts_at=_written(row.starts_at))

    def _run(self, trouble: str = "") -> None:
        trouble = trouble or self.chance.choices(("none", "gateway fails", "report"), (8, 1, 1))[0]
        self.gateway.script = self._failing if trouble == "gateway fails" else None
        before = len(self.gateway.jobs)
        opted_out, confirmed = self._opted_out(self.now), self._confirmed(self.now)

        def write_report(result: RunResult) -> None:
            if trouble == "report":
                raise OSError("disk full")
            for note in result.replies:
                self._heard(note.sender, note.received_at, note.text, note.kind)

        with (
            self.practice.clock.at(self.now),
            wiring.run_context(
                self.settings, clock=self.practice.clock, timings=self.practice.timings
            ) as context,
            suppress(OSError),
        ):
            once.run_once(context, write_report=write_report)
        self._note_fetched()
        self.figures["runs"] += 1
        fetched = trouble != "gateway fails"
        for job in self.gateway.jobs[before:]:
            to = "+" + job.recipient.lstrip("+0")
            now_out = self._opted_out(self.now) if fetched else opted_out
            assert to not in now_out, f"{to} said stop"
            told = [each for each in self._told() if each.message_id == job.caption]
            still = confirmed & self._confirmed(self.now)  # this run may have fetched that it holds no more
            if any(each.appointment_id in still for each in told):
                assert not self._is_evening_reminder(job), f"{told} was confirmed"

    def _is_evening_reminder(self, job: Job) -> bool:
        rows = self.practice.sql(
            "SELECT reminder FROM journal_messages WHERE message_id = :id", "journal", id=job.caption
        )
        return bool(rows[0].reminder == "Terminerinnerung")

    @staticmethod
    def _failing(request: Request) -> Answer | None:
        if "incoming" in request.path or "inbound" in request.path:
            return Answer(http_status=500)
        return None

    def _weather_clears(self) -> None:
        """Two runs by day with which all is well."""
        for _ in range(2):
            self.now += timedelta(hours=1)
            while not 8 <= self.now.astimezone(self.settings.zone).hour < 19:
                self.now += timedelta(hours=1)
                self._hand_out()
            self._run("none")

    # ---------------------------------------------------------------- what must come of it

    def _heard(self, sender: str, at: datetime, text: str, kind: str) -> None:
        """A report names a reply: which, and as what?"""
        self._note_fetched()
        for each in self.said:
            same = (each.sender, each.text) == (sender, text) and abs(each.at - at) < timedelta(seconds=2)
            if same and each.reports == 0 and each.fetched_at is not None:
                each.reports += 1
                assert kind in self._kinds(each), (kind, each)
                return
        raise AssertionError(f"a report names what nobody said, or was named before: {sender} {text!r} {at}")

    def _kinds(self, reply: Said) -> set[str]:
        if reply.meaning == "stop":
            return {"opted_out"}
        if reply.message_id is None or reply.meaning == "other":
            return {"reply"}
        held = self._holding([each for each in self.said if each.message_id == reply.message_id])
        if held is not reply:
            return {"noted"}
        assert reply.fetched_at is not None
        told = [each for each in self._told() if each.message_id == reply.message_id]
        if all(each.starts_at <= reply.fetched_at for each in told):  # nobody can cancel that
            return {"noted"} if reply.meaning == "yes" else {"reply"}
        return {"confirmed"} if reply.meaning == "yes" else {"wants_to_cancel"}

    def _must_be_known(self, reply: Said) -> bool:
        """Handed out in time, and no further back than a run looks."""
        return reply.out_at <= self.now - timedelta(hours=3) and reply.at > self.now - timedelta(days=2)

    def _note_fetched(self) -> None:
        """Which replies the journal has by now, and what each answers by the messages of that moment."""
        kept = {
            (row.sender, row.text, _moment(row.received_at)): row.noted_at
            for row in self.practice.sql("SELECT * FROM journal_replies", "journal")
        }
        for each in self.said:
            key = (each.sender, each.text, each.at.replace(microsecond=0))
            if each.fetched_at is None and key in kept:
                each.fetched_at = _moment(kept[key])
                each.message_id = self._message_of(each)

    def _message_of(self, reply: Said) -> str | None:
        if reply.job is not None:
            return reply.job.caption
        assert reply.fetched_at is not None
        earlier = [
            job
            for job in self.gateway.jobs
            if "+" + job.recipient.lstrip("+0") == reply.sender and job.at < reply.fetched_at
        ]
        customers = {
            each.customer_id for job in earlier for each in self._told() if each.message_id == job.caption
        }
        if len(customers) != 1:
            return None

        def newest(moment: datetime) -> Job | None:
            near = [job for job in earlier if moment - WEEK <= _run_of(job) <= moment + timedelta(minutes=10)]
            return max(near, key=lambda job: job.at, default=None)

        moments = [reply.at - timedelta(minutes=minute) for minute in range(_minutes(self.unsure) + 1)]
        possible = {job.caption for moment in moments if (job := newest(moment)) is not None}
        return possible.pop() if len(possible) == 1 and newest(reply.at) is not None else None

    def _told(self) -> list[Told]:
        if self._told_until != len(self.gateway.jobs):
            rows = self.practice.sql("SELECT * FROM journal_notifications", "journal")
            self._all_told = [
                Told(row.message_id, row.appointment_id, row.customer_id, _moment(row.starts_at))
                for row in rows
            ]
            self._told_until = len(self.gateway.jobs)
        return self._all_told

    def _opted_out(self, now: datetime) -> set[str]:
        return {
            each.sender
            for each in self.said
            if each.meaning == "stop" and each.fetched_at is not None and each.fetched_at <= now
        }

    @staticmethod
    def _holding(replies: list[Said]) -> Said | None:
        decided = [each for each in replies if each.meaning in ("yes", "no") and each.fetched_at is not None]
        return max(decided, key=lambda each: each.at.replace(microsecond=0), default=None)

    def _answers_about(self, row: Row) -> list[Said]:
        """What was answered to messages that told this person of this start."""
        told = {
            each.message_id
            for each in self._told()
            if (each.appointment_id, each.customer_id) == (row.appointment_id, row.customer_id)
            and each.starts_at == row.starts_at
        }
        return [each for each in self.said if each.message_id in told]

    def _confirmed(self, now: datetime) -> set[str]:
        found = set()
        for row in self.rows.values():
            held = self._holding(self._answers_about(row))
            if held is not None and held.meaning == "yes" and row.starts_at > now:
                found.add(row.appointment_id)
        return found

    def _to_call(self) -> Iterator[tuple[str, StaffReason, int]]:
        """Customer (or number), why, and by which reply."""
        told = self._told()
        for place, reply in enumerate(self.said):
            if reply.fetched_at is None or reply.meaning == "stop" or place in self.ticked:
                continue
            about = [each for each in told if each.message_id == reply.message_id]
            over = all(each.starts_at <= reply.fetched_at for each in about)
            if not about:
                yield reply.sender, StaffReason.REPLY, place
            elif over and reply.meaning in ("other", "no"):
                yield about[0].customer_id, StaffReason.REPLY, place
            for each in about:
                row = self.rows[each.appointment_id]
                stands = not row.cancelled and row.starts_at > self.now
                if reply.meaning == "other" and (stands or each.starts_at > self.now):
                    yield each.customer_id, StaffReason.REPLY, place
                same = stands and row.starts_at == each.starts_at
                if reply.meaning == "no" and same and self._holding(self._answers_about(row)) is reply:
                    yield each.customer_id, StaffReason.WANTS_TO_CANCEL, place

    def _compare(self) -> None:
        """The staff list, and tomorrow's list of who confirmed."""
        self._note_fetched()
        expected: dict[str, set[StaffReason]] = defaultdict(set)
        places: dict[str, set[int]] = defaultdict(set)
        for customer, reason, place in self._to_call():
            expected[customer].add(reason)
            places[customer].add(place)
        moved = {row.customer_id for row in self.rows.values() if row.moved}
        with (
            self.practice.clock.at(self.now),
            wiring.run_context(
                self.settings, clock=self.practice.clock, timings=self.practice.timings
            ) as context,
        ):
            listed = staff(context)
            found = {
                entry.customer_id: {
                    matter.reason
                    for matter in entry.matters
                    if matter.reason in (StaffReason.REPLY, StaffReason.WANTS_TO_CANCEL)
                }
                for entry in listed
            }
            for customer in sorted({*expected, *found} - moved):
                ours, theirs = found.get(customer, set()), expected.get(customer, set())
                # The most urgent of an appointment's reasons stands for it.
                hidden = theirs - ours if StaffReason.WANTS_TO_CANCEL in ours else set()
                assert ours <= theirs, (customer, ours, theirs)
                assert theirs - hidden <= ours | {StaffReason.REPLY} & self._beside(listed, customer), (
                    customer,
                    ours,
                    theirs,
                )
                self.figures["compared"] += bool(theirs)
            day = self.now.astimezone(self.settings.zone).date()
            hits = search(context, Query(day, day + timedelta(days=9), states=(SearchState.CONFIRMED,)))
            ids = {
                hit.appointment.appointment_id for hit in hits.found if hit.appointment.starts_at > self.now
            }
            assert ids == self._confirmed(self.now)
            self.figures["confirmed"] += len(ids)
            if expected and self.chance.random() < 0.3:
                self._tick_off(context, sorted(set(expected) - moved), places, listed)

    @staticmethod
    def _beside(listed: Any, customer: str) -> set[StaffReason]:
        """A reply stands behind a more urgent reason of the same appointment."""
        entries = [entry for entry in listed if entry.customer_id == customer]
        urgent = {matter.reason for entry in entries for matter in entry.matters} - {StaffReason.REPLY}
        return {StaffReason.REPLY} if urgent else set()

    def _tick_off(self, context: Any, customers: list[str], places: dict[str, set[int]], listed: Any) -> None:
        entries = {entry.customer_id: entry for entry in listed}
        for customer in customers[:1]:
            if customer in entries:
                tick_off(context, entries[customer].appointment_ids, customer)
                self.ticked |= places[customer]
                self.figures["ticked off"] += 1


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(BERLIN):%Y-%m-%d %H:%M}"


def _moment(value: object) -> datetime:
    """A time of the journal on SQLite."""
    moment = datetime.fromisoformat(str(value))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).replace(microsecond=0)


def _minutes(span: timedelta) -> int:
    return round(span.total_seconds() / 60)


def _run_of(job: Job) -> datetime:
    """The journal counts from the beginning of the run."""
    return job.at.replace(minute=0, second=0, microsecond=0)
