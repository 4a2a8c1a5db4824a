"""The one place that wires settings to databases, gateways, clock and signals, and closes them again."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from terminbenachrichtigung import __version__
from terminbenachrichtigung.clock import SYSTEM_CLOCK, TIMINGS, Clock, Timings
from terminbenachrichtigung.config.files import find_config, shipped_templates
from terminbenachrichtigung.config.loading import Loaded, load
from terminbenachrichtigung.config.problems import Problem
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.config.validation import Draft
from terminbenachrichtigung.delivery import registry
from terminbenachrichtigung.delivery.channel import Balance, Gateway, Mailer
from terminbenachrichtigung.delivery.channel import Channel as Sender
from terminbenachrichtigung.delivery.exchange import proxy_of
from terminbenachrichtigung.delivery.preflight import Shut, credit
from terminbenachrichtigung.delivery.registry import gateway_problems, gateway_warnings
from terminbenachrichtigung.errors import JournalMissingError
from terminbenachrichtigung.journal import open_journal
from terminbenachrichtigung.journal.journal import Journal
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.own_schedule.notes import import_notes
from terminbenachrichtigung.run.context import RunContext
from terminbenachrichtigung.run.monitoring import Watch
from terminbenachrichtigung.schedule.reading import Schedule
from terminbenachrichtigung.texts.messages import Texts
from terminbenachrichtigung.times.windows import Quiet


def load_config(path: Path | None, environ: Mapping[str, str], *, texts: bool = True) -> Loaded:
    """Finds, reads and checks the configuration, gateway and templates included.

    Without `texts`, the practice's own texts are left for `check_texts`.

    Raises:
        ConfigError: everything that is wrong with it.
    """
    found = find_config(path, environ)
    checks = (gateway_problems, _templates) if texts else (gateway_problems,)
    loaded = load(found, environ, extra_checks=checks)
    return replace(loaded, warnings=loaded.warnings + gateway_warnings(loaded.settings.sms))


def check_texts(context: RunContext, load_again: Callable[[], object]) -> None:
    """Checks the texts of a configuration that was loaded without them; `load_again` loads it with them.

    Compiling them costs an idle run a fifth of its time. So only the first run after a change of the
    configuration does it: the journal remembers which configuration was checked last.

    Raises:
        ConfigError: what is wrong with them.
    """
    if _has_only_shipped_texts(context.settings):
        return
    journal = context.writable
    known_as = sha256(f"{__version__} {context.settings.model_dump_json()}".encode()).hexdigest()
    if not journal.has_checked(known_as):
        load_again()
        journal.note_checked(known_as)


def _has_only_shipped_texts(settings: Settings) -> bool:
    """Whether tests have checked all of them."""
    shipped = shipped_templates()
    return all(
        texts.model_dump(exclude_none=True) == shipped.get(name, {}).get(language)
        for name, languages in settings.templates.items()
        for language, texts in languages.items()
    )


def _templates(draft: Draft) -> Iterator[Problem]:
    if _has_only_shipped_texts(draft.settings):
        return
    from terminbenachrichtigung.texts import check  # noqa: PLC0415

    for key, problem in check.check_templates(draft.settings):
        yield Problem(key, problem)


@contextmanager
def run_context(
    settings: Settings,
    *,
    clock: Clock = SYSTEM_CLOCK,
    timings: Timings = TIMINGS,
    readonly: bool = False,
) -> Iterator[RunContext]:
    """What a run reads, plans and sends with. Nothing is connected before the first message.

    Args:
        settings: the configuration in force.
        clock: tells the time.
        timings: how long it waits for what.
        readonly: for a dry run: the journal cannot be written, and a missing one counts as empty.
    """
    with ExitStack() as stack:
        schedule = stack.enter_context(closing(open_schedule(settings)))
        journal: Journal | None = None
        try:
            journal = open_journal(
                settings.journal,
                readonly=readonly,
                timezone=settings.timezone,
                clock=clock,
                timings=timings,
            )
            stack.callback(journal.close)
        except JournalMissingError:
            if not readonly:
                raise

        @cache
        def gateway() -> Gateway:
            return stack.enter_context(closing(make_gateway(settings, clock.now)))

        @cache
        def mailer() -> Mailer:
            return stack.enter_context(closing(make_mailer(settings, clock.now)))

        sms, email = settings.sms, settings.email
        senders: dict[Channel, Callable[[], Sender]] = {}
        if sms is not None:
            senders[Channel.SMS] = gateway
        if email is not None:
            senders[Channel.EMAIL] = mailer
        preflight: dict[Channel, Callable[[], Balance | Shut]] = {}
        if sms is not None and sms.check_balance:
            preflight[Channel.SMS] = lambda: credit(gateway().balance, clock, timings.pauses)
        yield RunContext(
            settings,
            Quiet(settings.rules, settings.zone),
            schedule,
            journal,
            Texts(settings),
            clock,
            timings,
            senders=senders,
            preflight=preflight,
            mailer=mailer if email is not None else None,
            account=gateway if sms is not None else None,
            imports=lambda now: import_notes(settings.schedule.url.get_secret_value(), settings.zone, now),
        )


def open_schedule(settings: Settings) -> Schedule:
    return Schedule(settings.schedule, settings.rules, settings.zone, confirms=settings.confirmation.enabled)


def watch(settings: Settings, clock: Clock) -> Watch:
    """Who is told, outside of this machine's output, that a run began and how it ended."""

    def last_complete_run() -> datetime | None:
        with closing(open_journal(settings.journal, readonly=True)) as journal:
            return journal.last_complete_run()

    return Watch(settings.monitoring, clock, last_complete_run, proxy_of(settings.sms))


def make_gateway(settings: Settings, now: Callable[[], datetime] = SYSTEM_CLOCK.now) -> Gateway:
    """The gateway of the section [sms], which must be there."""
    assert settings.sms is not None
    return registry.make_gateway(settings.sms, settings.branches, now)


def make_mailer(settings: Settings, now: Callable[[], datetime] = SYSTEM_CLOCK.now) -> Mailer:
    """The mail server of the section [email], which must be there."""
    # Imported here, because a run in which nothing is due touches no network.
    from terminbenachrichtigung.delivery.smtp import Smtp  # noqa: PLC0415

    assert settings.email is not None
    return Smtp(settings.email, settings.branches, now, proxy=proxy_of(settings.sms))
