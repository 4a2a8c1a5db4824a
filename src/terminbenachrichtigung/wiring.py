"""The one place that wires settings to databases, gateways, clock and signals, and closes them again."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import cast

from terminbenachrichtigung.clock import SYSTEM_CLOCK, TIMINGS, Clock, Timings
from terminbenachrichtigung.config.files import find_config, shipped_templates
from terminbenachrichtigung.config.loading import Loaded, load
from terminbenachrichtigung.config.problems import Problem
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.delivery import preflight
from terminbenachrichtigung.delivery.channel import Channel as Sender
from terminbenachrichtigung.delivery.channel import Inquiry
from terminbenachrichtigung.errors import JournalMissingError
from terminbenachrichtigung.journal import open_journal
from terminbenachrichtigung.journal.journal import Journal
from terminbenachrichtigung.model.delivery import Content, Outcome, StaffClaim, Unavailable, Unknown
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.model.result import Stop
from terminbenachrichtigung.run.context import RunContext
from terminbenachrichtigung.run.monitoring import Watch
from terminbenachrichtigung.schedule.reading import Schedule
from terminbenachrichtigung.texts.messages import Texts
from terminbenachrichtigung.times.windows import Quiet


def load_config(path: Path | None, environ: Mapping[str, str]) -> Loaded:
    """Finds, reads and checks the configuration, templates included.

    Raises:
        ConfigError: everything that is wrong with it.
    """
    found = find_config(path, environ)
    return load(found, environ, extra_checks=(_templates,))


def _templates(settings: Settings) -> Iterator[Problem]:
    shipped = shipped_templates()
    if all(
        texts.model_dump(exclude_none=True) == shipped.get(name, {}).get(language)
        for name, languages in settings.templates.items()
        for language, texts in languages.items()
    ):
        return  # tests have checked them, and compiling them again costs an idle run a fifth of its time
    from terminbenachrichtigung.texts import check  # noqa: PLC0415

    for key, problem in check.check_templates(settings):
        yield Problem(key, problem)


@contextmanager
def run_context(
    settings: Settings,
    *,
    clock: Clock = SYSTEM_CLOCK,
    timings: Timings = TIMINGS,
    readonly: bool = False,
    stopping: Callable[[], Stop | None] = lambda: None,
) -> Iterator[RunContext]:
    """What a run reads, plans and sends with. Nothing is connected before the first message.

    Args:
        settings: the configuration in force.
        clock: tells the time.
        timings: how long it waits for what.
        readonly: for a dry run: the journal cannot be written, and a missing one counts as empty.
        stopping: asked between two messages whether to end.
    """
    with ExitStack() as closing:
        schedule = open_schedule(settings)
        closing.callback(schedule.close)
        journal: Journal | None = None
        try:
            journal = open_journal(settings.journal, readonly=readonly, clock=clock, timings=timings)
            closing.callback(journal.close)
        except JournalMissingError:
            if not readonly:
                raise
        senders = _Senders(settings, clock.now, closing)
        questions: dict[Channel, Callable[[], Decimal | str]] = {}
        if settings.sms is not None and settings.sms.check_balance:
            questions[Channel.SMS] = lambda: preflight.credit(
                balance(senders[Channel.SMS]), clock, timings.pauses
            )

        def to_staff(claim: StaffClaim, content: Content) -> Outcome:
            outcome: Outcome = senders[Channel.EMAIL].send_to_staff(claim, content)  # type: ignore[attr-defined]
            return outcome

        # The gateway's adapter is both: what is sent with, and what is asked.
        inquiry = (lambda: cast("Inquiry", senders[Channel.SMS])) if settings.sms is not None else None
        yield RunContext(
            settings,
            Quiet(settings.rules, settings.zone),
            schedule,
            journal,
            Texts(settings),
            clock,
            timings,
            senders=senders,
            preflight=questions,
            mail_staff=None if settings.email is None else to_staff,
            inquiry=inquiry,
            stopping=stopping,
        )


def open_schedule(settings: Settings) -> Schedule:
    return Schedule(settings.schedule, settings.rules, settings.zone, confirms=settings.confirmation.enabled)


def watch(settings: Settings, clock: Clock) -> Watch:
    """Who is told, outside of this machine's output, that a run began and how it ended."""

    def last_complete_run() -> datetime | None:
        journal = open_journal(settings.journal, readonly=True)
        try:
            return journal.last_complete_run()
        finally:
            journal.close()

    return Watch(settings.monitoring, clock, last_complete_run)


class _Senders(Mapping[Channel, Sender]):
    """The adapters of the configured channels, each made when it is first asked for.

    A run in which nothing is due never asks, and so does not pay 0.2 s for the libraries of the network.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime], closing: ExitStack) -> None:
        self._settings = settings
        self._now = now
        self._closing = closing
        self._made: dict[Channel, Sender] = {}
        configured = {Channel.SMS: settings.sms, Channel.EMAIL: settings.email}
        self._channels = [channel for channel, section in configured.items() if section is not None]

    def __getitem__(self, channel: Channel) -> Sender:
        if channel not in self._channels:
            raise KeyError(channel)
        if channel not in self._made:
            sender = make_sender(self._settings, channel, self._now)
            assert sender is not None
            self._closing.callback(sender.close)
            self._made[channel] = sender
        return self._made[channel]

    def __contains__(self, channel: object) -> bool:
        return channel in self._channels

    def __iter__(self) -> Iterator[Channel]:
        return iter(self._channels)

    def __len__(self) -> int:
        return len(self._channels)


def balance(sender: Sender) -> Callable[[], Decimal | Unavailable | Unknown]:
    asked: Callable[[], Decimal | Unavailable | Unknown] = sender.balance  # type: ignore[attr-defined]
    return asked


def make_sender(
    settings: Settings, channel: Channel, now: Callable[[], datetime] = SYSTEM_CLOCK.now
) -> Sender | None:
    """The adapter of a channel, or None where its section is not configured."""
    # Imported here, because a run in which nothing is due touches no network.
    if channel is Channel.SMS and settings.sms is not None:
        from terminbenachrichtigung.delivery.smscreator import SmsCreator  # noqa: PLC0415

        return SmsCreator(settings.sms, settings.branches, now)
    if channel is Channel.EMAIL and settings.email is not None:
        from terminbenachrichtigung.delivery.smtp import Smtp  # noqa: PLC0415

        return Smtp(settings.email, settings.branches, now)
    return None


@contextmanager
def stop_signals(max_run_minutes: int, clock: Clock) -> Iterator[Callable[[], Stop | None]]:
    """SIGTERM, SIGINT and the end of `max_run_minutes` as a question that a run asks between two messages."""
    seen: list[int] = []
    ends = clock.monotonic() + max_run_minutes * 60

    def note(number: int, _frame: FrameType | None) -> None:
        seen.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: Stop.SIGNAL if seen else Stop.MAX_RUN_MINUTES if clock.monotonic() > ends else None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
