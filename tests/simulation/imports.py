"""Weeks of a practice whose schedule is filled by files of another program: cut, stale, late, empty, split.

What must hold is said by the files alone: what the newest whole file says, or a later part of one, stands.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from simulation.clock import Clock
from simulation.configurations import Configuration
from simulation.outlets import SameThread
from simulation.simulation import NO_PAUSES
from terminbenachrichtigung.journal import create_journal, open_journal
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.delivery import Claim, Content, Outcome, Sent
from terminbenachrichtigung.model.plan import Channel, Reason
from terminbenachrichtigung.own_schedule import importing
from terminbenachrichtigung.own_schedule.entries import How
from terminbenachrichtigung.own_schedule.init import init
from terminbenachrichtigung.own_schedule.notes import import_notes
from terminbenachrichtigung.run import once
from terminbenachrichtigung.run.context import RunContext
from terminbenachrichtigung.schedule.reading import Schedule
from terminbenachrichtigung.staff_list.cases import staff
from terminbenachrichtigung.staff_list.reasons import StaffReason
from terminbenachrichtigung.texts.messages import Texts
from terminbenachrichtigung.times.windows import Quiet

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
HEAD = "Termin-ID;Beginn;Name;Handy;Status;Filiale\n"
LEAD = timedelta(hours=24)
PRACTICES = (
    # the name; by what the program splits its exports: files of one source, or sources of their own
    "one calendar",
    "two calendars without a branch",
    "branches exported apart",
    "a file each night",
    "branches by turns",
)
MISTAKES = {"none": 74, "no file": 8, "cut": 5, "stale": 5, "late": 4, "empty": 4}


class LostError(AssertionError):
    """A promise did not hold."""


@dataclass(frozen=True)
class Visit:
    """An appointment as the other program has it."""

    number: int
    start: datetime
    booked: datetime
    cancelled: bool = False

    @property
    def name(self) -> str:
        return str(self.number)

    @property
    def half(self) -> int:
        """Of the practice: its branch, or its calendar."""
        return self.number % 2


@dataclass(frozen=True)
class Exported:
    """One file, as it was written."""

    source: str
    halves: tuple[int, ...]
    visits: tuple[Visit, ...]
    at: datetime


@dataclass
class Letterbox:
    """A gateway that takes everything, as the program's `delivery.Channel`."""

    sent: list[Appointment] = field(default_factory=list)

    name = Channel.SMS

    def send(self, claim: Claim, content: Content) -> Outcome:
        """Take it."""
        assert content.channel is Channel.SMS
        self.sent += claim.message.appointments
        return Sent(f"JobId {len(self.sent)}", str(len(self.sent)))

    def test(self, content: Content) -> Outcome:
        """Nobody asks for it here."""
        raise AssertionError(content)

    def close(self) -> None:
        """Nothing is held."""


class Weeks:
    """One practice that imports what its program exports, and runs an hour later."""

    def __init__(self, seed: int, days: int, folder: Path) -> None:
        self.chance, self.days = random.Random(seed), days
        self.kind = PRACTICES[(seed - 1) % len(PRACTICES)]
        configuration = Configuration(
            self.kind, "2026-11-16 06:00", rules={"hours_between_messages": 1}, without=("email",)
        )
        settings = configuration.settings(folder)
        self.settings = settings.model_copy(
            update={"schedule": settings.schedule.model_copy(update={"midnight_starts": False})}
        )
        self.zone = settings.zone
        self.clock = Clock(configuration.start().replace(tzinfo=self.zone).astimezone(UTC))
        self.url = settings.schedule.url.get_secret_value()
        (folder / "schedule.db").touch()
        init(self.url)
        create_journal(settings.journal, self.clock.now(), settings.timezone)
        self.quiet = Quiet(settings.rules, self.zone)
        self.schedule = Schedule(self.settings.schedule, settings.rules, self.zone)
        self.letterbox = Letterbox()
        self.visits: dict[str, Visit] = {}
        self.stands: dict[str, Visit] = {}
        """What the files that came say, by appointment."""
        self.since: dict[str, datetime] = {}
        """Since when they say it."""
        self.ever: set[str] = set()
        self.first_files: dict[int, datetime] = {}
        """When the first file of each half came."""
        self.first_seen: dict[str, datetime] = {}
        self.late: list[Exported] = []
        self.old: dict[str, list[Exported]] = {}
        self.told: dict[str, list[datetime]] = {}
        self.named: set[str] = set()
        """Appointments that a run called missed, or an import late, or a person was asked to look at."""
        self.unsure: set[tuple[str, int]] = set()
        """By source and half, what an import holds until a better file comes, or a person looks at it."""
        self.gone: dict[str, Visit] = {}
        self.absent: dict[str, int] = {}
        """Of each appointment that whole files lack: how many of them, one after the other."""
        self.lines: list[str] = []
        self.mistakes = 0
        for _ in range(60):
            self._book()

    def close(self) -> None:
        """Let go of all files."""
        self.schedule.close()

    def live(self) -> None:
        """The whole time."""
        ends = self.clock.now() + self.days * DAY
        while self.clock.now() < ends:
            local = self.clock.now().astimezone(self.zone)
            for _ in range(self.chance.choice((0, 1, 1, 2, 4)) if 7 <= local.hour < 20 else 0):
                self._do_something()
            self.clock.sleep(2400)
            for halves, source in self._exports(local):
                self._export(source, halves)
            self.clock.sleep(600)
            self._run()
            self._look_at_the_staff_list()
            self.clock.sleep(600)
        self._nobody_is_lost()

    # ---------------------------------------------------------------- the other program

    def _do_something(self) -> None:
        act = self.chance.choices((self._book, self._move, self._cancel, self._delete), (50, 25, 15, 10))[0]
        act()

    def _start(self) -> datetime:
        day = self.clock.now().astimezone(self.zone).date()
        day += self.chance.choice((0, 1, 1, 1, 2, 2, 3, 4, 5, 7)) * DAY
        local = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        start = local + timedelta(hours=self.chance.randrange(8, 18), minutes=self.chance.choice((0, 15, 30)))
        return start.astimezone(UTC) if start > self.clock.now() else (start + DAY).astimezone(UTC)

    def _book(self) -> None:
        visit = Visit(len(self.ever), self._start(), self.clock.now())
        self.ever.add(visit.name)
        self._keep(visit, "booked")

    def _keep(self, visit: Visit, what: str) -> None:
        self.visits[visit.name] = visit
        self._log(visit.name, f"{what}: {visit.start.astimezone(self.zone):%a %d %H:%M}")

    def _ahead(self) -> Visit | None:
        ahead = [each for each in self.visits.values() if each.start > self.clock.now()]
        return self.chance.choice(ahead) if ahead else None

    def _move(self) -> None:
        if (visit := self._ahead()) is not None:
            self._keep(replace(visit, start=self._start()), "moved")

    def _cancel(self) -> None:
        if (visit := self._ahead()) is not None:
            self._keep(replace(visit, cancelled=not visit.cancelled), "cancelled or restored")

    def _delete(self) -> None:
        if (visit := self._ahead()) is not None:
            del self.visits[visit.name]
            self._log(visit.name, "deleted")

    def _exports(self, local: datetime) -> Iterator[tuple[tuple[int, ...], str]]:
        match self.kind:
            case "one calendar":
                yield (0, 1), "all"
            case "two calendars without a branch":
                yield (0,), "room 0"
                yield (1,), "room 1"
            case "branches exported apart":
                yield (0,), "all"
                yield (1,), "all"
            case "a file each night" if local.hour == 4:
                yield (0, 1), "all"
            case "branches by turns":
                yield (local.hour % 2,), "all"

    def _export(self, source: str, halves: tuple[int, ...]) -> None:
        rarely = {"none": 10} if "night" in self.kind else {}
        (mistake,) = self.chance.choices(list(MISTAKES), list((MISTAKES | rarely).values()))
        self.mistakes += mistake != "none"
        now = self.clock.now()
        today = now.astimezone(self.zone).date()
        visits = tuple(
            each
            for each in sorted(self.visits.values(), key=lambda each: (each.start, each.number))
            if each.half in halves and each.start.astimezone(self.zone).date() >= today
        )
        fresh = Exported(source, halves, visits, now)
        key = f"{source} {halves}"
        if mistake == "late":
            self.late.append(fresh)  # comes behind a younger one
            return
        if mistake == "no file" or not visits:
            return
        self.clock.sleep(3)
        if mistake == "stale" and self.old.get(key):
            self._bring(self.chance.choice(self.old[key]), "stale")
        elif mistake == "cut":
            self._bring(fresh, "cut")
        elif mistake == "empty":
            self._bring(replace(fresh, visits=()), "empty")
        else:
            self._bring(fresh, "whole")
            self.old.setdefault(key, []).append(fresh)
            for each in [late for late in self.late if late.source == source and late.halves == halves]:
                self.late.remove(each)
                self._bring(each, "stale")

    def _written(self, exported: Exported) -> str:
        apart = "branch" in self.kind
        return HEAD + "".join(
            f"{each.name};{each.start.astimezone(self.zone):%d.%m.%Y %H:%M};Kunde{each.name};"
            f"0171 {5_000_000 + each.number};{'Storniert' if each.cancelled else 'Geplant'};"
            f"{f'HH{each.half}' if apart or self.kind == 'one calendar' else ''}\n"
            for each in exported.visits
        )

    # ---------------------------------------------------------------- an import, and what it must come to

    def _bring(self, exported: Exported, what: str) -> None:
        text, visits = self._written(exported), exported.visits
        if what == "cut":
            whole = len(text)
            text = text[: self.chance.randrange(len(HEAD) + 1, whole - 1)]
            visits = visits[: text.count("\n") - 1]
        now, excluded = self.clock.now(), frozenset({"storniert", "geplatzt"})
        how = How(now=now, zone=self.zone, excluded=excluded, quiet=self.quiet)
        file = importing.File(text.encode(), "/exports", "export.csv", exported.at)
        found = importing.import_file(self.url, file, how, source=exported.source)
        self._log("", f"{what} file of {exported.source} {exported.halves} with {len(visits)}")
        asks = found.needs_a_person or found.held
        # An empty file does not say of which branch it is.
        for half in (0, 1) if what == "empty" else exported.halves:
            (self.unsure.add if asks or what != "whole" else self.unsure.discard)((exported.source, half))
        self.named |= {each.appointment_id for each in (*found.late, *found.uncovered)}
        if what != "empty":
            for half in exported.halves:
                self.first_files.setdefault(half, now)
        match what:
            case "whole":
                self._says(visits)
                first, last = (each.start.astimezone(self.zone).date() for each in (visits[0], visits[-1]))
                self._forgets(exported, {each.name for each in visits}, first, last)
            case "empty":  # it holds all, as a first file that lacks them
                for name in (*self.stands, *self.gone):
                    self.absent[name] = self.absent.get(name, 0) + 1
            case "cut":
                self._says(visits)
            case _:
                self._says(each for each in visits if each.name not in self.since)

    def _says(self, visits: Iterable[Visit]) -> None:
        for each in visits:
            self.gone.pop(each.name, None)
            self.absent.pop(each.name, None)
            self.first_seen.setdefault(each.name, self.clock.now())
            if self.stands.get(each.name) != each:
                self.stands[each.name], self.since[each.name] = each, self.clock.now()

    def _forgets(self, exported: Exported, there: set[str], first: date, last: date) -> None:
        for name, visit in list(self.stands.items()):
            day = visit.start.astimezone(self.zone).date()
            if visit.half in exported.halves and name not in there and first <= day <= last:
                self._log(name, "gone from a whole file")
                self.gone[name] = self.stands.pop(name)
        for name, visit in self.gone.items():
            day = visit.start.astimezone(self.zone).date()
            if visit.half in exported.halves and first <= day <= last:
                self.absent[name] = self.absent.get(name, 0) + 1

    # ---------------------------------------------------------------- a run, and whom it must tell

    def _context(self) -> RunContext:
        journal = open_journal(self.settings.journal, clock=self.clock, timings=NO_PAUSES)
        return RunContext(
            self.settings,
            self.quiet,
            self.schedule,
            journal,
            Texts(self.settings),
            self.clock,
            NO_PAUSES,
            senders={Channel.SMS: lambda: self.letterbox},
            threads=SameThread,
            imports=lambda now: import_notes(self.url, self.zone, now),
        )

    def _run(self) -> None:
        now, before = self.clock.now(), len(self.letterbox.sent)
        context = self._context()
        try:
            result = once.run_once(context)
        finally:
            context.writable.close()
        for row in self.letterbox.sent[before:]:
            self._check_told(row)
        if result.quiet:
            return
        skips = {skip.appointment.appointment_id: skip for skip in result.skips}
        self.named |= {name for name, skip in skips.items() if skip.reason is Reason.MISSED}
        for name, visit in self.stands.items():
            tomorrow = visit.start.astimezone(self.zone).date() > now.astimezone(self.zone).date()
            if visit.cancelled or not tomorrow or not visit.start <= now + LEAD:
                continue
            if self.told.get(name, [])[-1:] == [visit.start]:
                continue
            # A move that the brake holds has not come in: the row that is held is where it was.
            held = name not in skips or skips[name].reason is Reason.HELD
            if not (held and any(half == visit.half for _, half in self.unsure)):
                self._fail(f"{name} is due, and was not told: {skips.get(name)}", name)

    def _check_told(self, row: Appointment) -> None:
        name, told = row.appointment_id, self.told.setdefault(row.appointment_id, [])
        if told[-1:] == [row.starts_at]:
            self._fail(f"{name} was told twice of {row.starts_at}", name)
        told.append(row.starts_at)
        self._log(name, f"told of {row.starts_at.astimezone(self.zone):%a %d %H:%M}")
        said = self.stands.get(name)
        if said is None or said.cancelled or said.start != row.starts_at:
            self._fail(f"{name} was told of {row.starts_at}; the files say {said}", name)

    def _look_at_the_staff_list(self) -> None:
        if self.chance.random() > 0.2:
            return
        context = self._context()
        try:
            listed = staff(context)
        finally:
            context.writable.close()
        for each in (matter for entry in listed for matter in entry.matters):
            self.named.add(each.appointment_id)
            said = self.stands.get(each.appointment_id)
            stands = said is not None and not said.cancelled
            once = said is None and self.absent.get(each.appointment_id, 0) < 2
            if each.reason is StaffReason.CANCELLED and (stands or once):
                self._fail(f"staff are told that {each.appointment_id} is off: {said}", each.appointment_id)

    def _nobody_is_lost(self) -> None:
        """Whoever a file named in time, and who was there in the end, was told, or a person heard of it."""
        for name, visit in self.stands.items():
            over = visit.start < self.clock.now() and not visit.cancelled
            chance = self.quiet.last_chance(visit.start)
            in_time = self.since[name] < visit.start - HOUR and visit.booked + 3 * HOUR < chance
            if chance <= self.first_files[visit.half]:
                continue  # of what the first file names, nobody knows when it was booked
            if self.first_seen[name] < chance <= self.since[name]:
                continue  # moved when it was too late: who moved it spoke with them
            if over and in_time and self.visits.get(name) == visit:
                accounted = visit.start in self.told.get(name, []) or name in self.named
                if not accounted and not self.told.get(name):
                    self._fail(f"{name} is lost: nobody was told, nobody listed it", name)

    # ---------------------------------------------------------------- what is said of it

    def _log(self, name: str, what: str) -> None:
        self.lines.append(f"{self.clock.now().astimezone(self.zone):%a %d %H:%M}  {name:4} {what}")

    def _fail(self, what: str, name: str) -> None:
        ours = [line for line in self.lines if line[14:18].strip() in (name, "")]
        raise LostError(f"{what}\n  in {self.kind!r}:\n  " + "\n  ".join(ours[-60:]))
