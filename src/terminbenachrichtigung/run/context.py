"""What a run works with, and what all of its steps ask."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from terminbenachrichtigung.clock import TIMINGS, Clock, Timings
from terminbenachrichtigung.config.settings import CORRECTION_TEMPLATES, Settings
from terminbenachrichtigung.delivery.channel import Account, Balance, Mailer
from terminbenachrichtigung.delivery.channel import Channel as Sender
from terminbenachrichtigung.delivery.preflight import Shut
from terminbenachrichtigung.delivery.workers import Threads
from terminbenachrichtigung.journal.journal import Journal
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.delivery import Content
from terminbenachrichtigung.model.journal import CONFIRMATION, Known
from terminbenachrichtigung.model.plan import Channel, Correction, MessageOutcome, PlannedMessage, Route
from terminbenachrichtigung.model.result import MessageResult, Stop
from terminbenachrichtigung.own_schedule.notes import ImportNotes
from terminbenachrichtigung.rules.contact import Parts
from terminbenachrichtigung.rules.context import Situation
from terminbenachrichtigung.schedule.reading import Schedule
from terminbenachrichtigung.texts.messages import Texts
from terminbenachrichtigung.times.windows import Quiet


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a run works with, and each command that shows what a run would do. `wiring` makes and closes it.

    The gateway and the mail server are connected when they are first needed, so a command that only reads
    never touches the network.
    """

    settings: Settings
    quiet: Quiet
    schedule: Schedule
    journal: Journal | None  # None only for what reads where there is no journal yet
    texts: Texts
    clock: Clock
    timings: Timings = TIMINGS
    senders: Mapping[Channel, Callable[[], Sender]] = field(default_factory=dict)
    preflight: Mapping[Channel, Callable[[], Balance | Shut]] = field(default_factory=dict)
    """Asked once before a channel's first message: what its account holds, or why it must stay closed."""
    mailer: Callable[[], Mailer] | None = None  # None: no mail server is configured
    account: Callable[[], Account] | None = None
    """Gives the gateway's account, which knows what became of earlier SMS; None where no SMS are sent."""
    threads: Threads = ThreadPoolExecutor
    """Makes the threads of a channel, given their number and their name."""
    chance: Random = field(default_factory=Random)
    """Used only to spread runs that overlap."""
    imports: Callable[[datetime], ImportNotes] = lambda _: ImportNotes()
    """What `schedule import` has noted by a moment: lines still refused, and sources without a new file."""
    stopping: Callable[[], Stop | None] = lambda: None
    """Asked between two messages: why the run must end now, or None."""

    @property
    def writable(self) -> Journal:
        """The journal, where there surely is one."""
        assert self.journal is not None
        return self.journal


def gap_of(settings: Settings) -> timedelta:
    """The customer gap (AMPAREX: Min. Stunden vor Doppelnachricht)."""
    return timedelta(hours=settings.rules.hours_between_messages)


def reaches(context: RunContext, now: datetime) -> dict[str, datetime]:
    """By reminder: the latest start that is due at the open moment `now`."""
    return {reminder.name: context.quiet.reach(now, reminder.lead) for reminder in context.settings.reminders}


def ask_journal(
    context: RunContext,
    rows: Sequence[Appointment],
    now: datetime,
    since: datetime,
    *,
    others: Collection[str] = (),
) -> Known:
    """What the journal knows about these appointments at `now`, of a window that begins at `since`.

    `others` are the ids of appointments that the schedule may not have any more.
    """
    if context.journal is None:
        return Known()
    starts = [row.starts_at for row in rows]
    return context.journal.known(
        [*(row.appointment_id for row in rows), *others],
        starts=(min(starts), max(starts)) if starts else None,
        now=now,
        gap=gap_of(context.settings),
        runs_since=min(context.quiet.window_opens(since, each.lead) for each in context.settings.reminders),
    )


def situation(context: RunContext, known: Known, now: datetime) -> Situation:
    """What the rules judge by at the open moment `now`."""
    return Situation(context.settings, known, now, _text_lengths(context), context.quiet)


def _text_lengths(context: RunContext) -> Parts:
    """How the rules learn the length of a text without knowing templates."""
    template = _templates(context.settings)

    def parts(
        reminder: str,
        channel: Channel,
        appointments: Sequence[Appointment],
        correction: Correction | None = None,
        /,
    ) -> int:
        match channel:
            case Channel.SMS:
                return context.texts.sms(template[reminder], appointments, correction).parts
            case Channel.EMAIL:
                context.texts.email(template[reminder], appointments, correction)
                return 1

    return parts


def _templates(settings: Settings) -> Mapping[str, str]:
    reminders = {reminder.name: reminder.template for reminder in settings.reminders}
    return reminders | {CONFIRMATION: settings.confirmation.template} | CORRECTION_TEMPLATES


def may_ask_for_a_while(context: RunContext, times: float = 1) -> Callable[[], bool]:
    """Whether the gateway may be asked one more question, before the run's own work must begin.

    `times` is how many times as long as else, as far as that is no more than a sixth of the whole run.
    """
    longest = max(context.timings.asking, context.settings.max_run_minutes * 60 / 6)
    ends = context.clock.monotonic() + min(context.timings.asking * times, longest)
    return lambda: context.clock.monotonic() < ends and context.stopping() is None


def content_of(context: RunContext, message: PlannedMessage, route: Route, now: datetime) -> Content:
    """The text of a message for one of its channels.

    Raises:
        MessageError: its template cannot be filled in.
    """
    template = _templates(context.settings)[message.reminder]
    return context.texts.content(template, message.appointments, route, now, message.correction)


def unsent(
    context: RunContext, message: PlannedMessage, now: datetime, outcome: MessageOutcome | None
) -> MessageResult:
    """A message that was not tried, with the text that it would have had."""
    return MessageResult(message, content_of(context, message, message.routes[0], now), outcome=outcome)
