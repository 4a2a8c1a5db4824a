"""What `config check --connect` tries: schedule, journal, gateway and mail server."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from terminbenachrichtigung.clock import Clock
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.delivery.channel import Balance
from terminbenachrichtigung.errors import DeliveryError, JournalError
from terminbenachrichtigung.journal import open_journal
from terminbenachrichtigung.model.journal import ToldAhead
from terminbenachrichtigung.on_demand.inspect import inspect
from terminbenachrichtigung.wiring import make_gateway, make_mailer, open_schedule

_NO_INDEX = (
    "the schedule's starts_at cannot use an index: every run reads the whole relation, "
    "which took {seconds:.2f} s just now, again every 30 s while it sends. "
    "Index the column of the start in the table below the view"
)
_NO_INDEX_BY_SIGNS = (
    "the schedule's starts_at is text in a database that sorts past blanks and signs: every run reads the "
    "whole relation, which took {seconds:.2f} s just now, again every 30 s while it sends. "
    'CREATE INDEX ON {table} (starts_at COLLATE "C"), for a view on that column of the table below it'
)


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that `config check --connect` tries."""

    name: str
    ask: Callable[[], tuple[str, tuple[str, ...]]]
    """What was found, and warnings about it; raises the room's own error where it fails."""


def probes(settings: Settings, clock: Clock) -> tuple[Probe, ...]:
    """What to try: schedule, journal, and the channels that are configured."""
    found = [
        Probe("schedule", lambda: _schedule(settings, clock.now())),
        Probe("journal", lambda: _journal(settings)),
    ]
    if settings.sms is not None:
        found.append(Probe("sms", lambda: _gateway(settings)))
    if settings.email is not None:
        found.append(Probe("email", lambda: _mail_server(settings)))
    return tuple(found)


def _schedule(settings: Settings, now: datetime) -> tuple[str, tuple[str, ...]]:
    with closing(open_schedule(settings)) as schedule:
        schedule.probe()
        scanned = schedule.scan()
        bad = tuple(f"bad row {row.appointment_id or '(no id)'}: {row.detail}" for row in scanned.bad_rows)
        slow: tuple[str, ...] = ()
        by_signs = schedule.lacks_index_by_signs()
        if by_signs or schedule.uses_index() is False:
            began = time.monotonic()
            schedule.read(now, now)
            advice = _NO_INDEX_BY_SIGNS if by_signs else _NO_INDEX
            seconds = time.monotonic() - began
            slow = (advice.format(seconds=seconds, table=settings.schedule.source),)
        inspected = inspect(settings, schedule, _told_by(settings, now), now).warnings
        return "ready", (*bad, *scanned.warnings, *slow, *inspected)


def _told_by(settings: Settings, now: datetime) -> Mapping[str, ToldAhead]:
    """What the journal knows; another probe says what is wrong with it."""
    try:
        with closing(open_journal(settings.journal, readonly=True)) as journal:
            return journal.told_ahead_by_reminder(now)
    except JournalError:
        return {}


def _journal(settings: Settings) -> tuple[str, tuple[str, ...]]:
    open_journal(settings.journal, readonly=True, must_be_writable=True, timezone=settings.timezone).close()
    return "ready", ()


def _gateway(settings: Settings) -> tuple[str, tuple[str, ...]]:
    with closing(make_gateway(settings)) as gateway:
        balance = gateway.balance()
    if not isinstance(balance, Balance):
        raise DeliveryError(balance.detail)
    return str(balance), (("the balance is used up",) if balance.amount <= 0 else ())


def _mail_server(settings: Settings) -> tuple[str, tuple[str, ...]]:
    with closing(make_mailer(settings)) as mailer:
        trouble = mailer.check()
    if trouble is not None:
        raise DeliveryError(trouble.detail)
    return "ready", ()
