"""What a run works with, and the questions that all of it asks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from terminbenachrichtigung import rules
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.delivery.channel import Channel as Sender
from terminbenachrichtigung.delivery.channel import Inquiry
from terminbenachrichtigung.journal.journal import Journal
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.delivery import Content, Outcome, StaffClaim
from terminbenachrichtigung.model.journal import CONFIRMATION, Known
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, PlannedMessage, Route
from terminbenachrichtigung.model.result import MessageResult, Stop
from terminbenachrichtigung.schedule.reading import Schedule
from terminbenachrichtigung.texts.messages import Texts
from terminbenachrichtigung.times.windows import Quiet


@dataclass(frozen=True, slots=True)
class Tools:
    """What a run works with; `wiring` makes it and closes it."""

    settings: Settings
    quiet: Quiet
    schedule: Schedule
    journal: Journal | None  # None only for a dry run where there is no journal yet
    texts: Texts
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Outlets:
    """What only a run that sends needs."""

    senders: Mapping[Channel, Sender]
    preflight: Mapping[Channel, Callable[[], Decimal | str | None]]
    stopping: Callable[[], Stop | None]
    staff: Callable[[StaffClaim, Content], Outcome] | None = None  # None: no mail server is configured
    inquiry: Callable[[], Inquiry] | None = None
    """Whom to ask what became of earlier SMS; None where none are sent."""


def gap_of(settings: Settings) -> timedelta:
    """The customer gap (AMPAREX: Min. Stunden vor Doppelnachricht)."""
    return timedelta(hours=settings.rules.hours_between_messages)


def ask_journal(tools: Tools, appointment_ids: Sequence[str], now: datetime, since: datetime) -> Known:
    """What the journal knows about these appointments at `now`, of a window that begins at `since`."""
    if tools.journal is None:
        return Known()
    return tools.journal.known(
        appointment_ids,
        now=now,
        gap=gap_of(tools.settings),
        runs_since=min(tools.quiet.window_opens(since, each.lead) for each in tools.settings.reminders),
    )


def text_lengths(tools: Tools) -> rules.Parts:
    """How the rules learn the length of a text without knowing templates."""
    template = _templates(tools.settings)

    def parts(reminder: str, channel: Channel, appointments: Sequence[Appointment], /) -> int:
        if channel is Channel.SMS:
            return tools.texts.sms(template[reminder], appointments).parts
        tools.texts.email(template[reminder], appointments)
        return 1

    return parts


def _templates(settings: Settings) -> Mapping[str, str]:
    reminders = {reminder.name: reminder.template for reminder in settings.reminders}
    return reminders | {CONFIRMATION: settings.confirmation.template}


def content_of(tools: Tools, message: PlannedMessage, route: Route, now: datetime) -> Content:
    """The text of a message for one of its channels.

    Raises:
        MessageError: its template cannot be filled in.
    """
    template = _templates(tools.settings)[message.reminder]
    return tools.texts.content(template, message.appointments, route, now)


def unsent(
    tools: Tools, message: PlannedMessage, now: datetime, outcome: MessageOutcome | None
) -> MessageResult:
    """A message that was not tried, with the text that it would have had."""
    return MessageResult(message, content_of(tools, message, message.routes[0], now), outcome=outcome)
