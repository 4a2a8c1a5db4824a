"""What `config check --connect` tries: schedule, journal, gateway and mail server."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from terminbenachrichtigung.clock import SYSTEM_CLOCK
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.errors import DeliveryError
from terminbenachrichtigung.journal import open_journal
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.wiring import balance, make_sender, open_schedule

_NO_INDEX = (
    "the schedule's starts_at cannot use an index: every run reads the whole relation, "
    "which took {seconds:.2f} s just now, again every 30 s while it sends. "
    "Index the column of the start in the table below the view"
)


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that `config check --connect` tries."""

    name: str
    ask: Callable[[], tuple[str, tuple[str, ...]]]
    """What was found, and warnings about it; raises the room's own error where it fails."""


def probes(settings: Settings) -> tuple[Probe, ...]:
    """What to try: schedule, journal, and the channels that are configured."""
    found = [Probe("schedule", lambda: _schedule(settings)), Probe("journal", lambda: _journal(settings))]
    if settings.sms is not None:
        found.append(Probe("sms", lambda: _gateway(settings)))
    if settings.email is not None:
        found.append(Probe("email", lambda: _mail_server(settings)))
    return tuple(found)


def _schedule(settings: Settings) -> tuple[str, tuple[str, ...]]:
    schedule = open_schedule(settings)
    try:
        schedule.probe()
        scanned = schedule.scan()
        bad = tuple(f"bad row {row.appointment_id or '(no id)'}: {row.detail}" for row in scanned.bad_rows)
        slow: tuple[str, ...] = ()
        if schedule.uses_index() is False:
            began = time.monotonic()
            schedule.read(SYSTEM_CLOCK.now(), SYSTEM_CLOCK.now())
            slow = (_NO_INDEX.format(seconds=time.monotonic() - began),)
        return "ready", (*bad, *scanned.warnings, *slow)
    finally:
        schedule.close()


def _journal(settings: Settings) -> tuple[str, tuple[str, ...]]:
    open_journal(settings.journal, readonly=True).close()
    return "ready", ()


def _gateway(settings: Settings) -> tuple[str, tuple[str, ...]]:
    sender = make_sender(settings, Channel.SMS)
    assert sender is not None
    try:
        credit = balance(sender)()
    finally:
        sender.close()
    if not isinstance(credit, Decimal):
        raise DeliveryError(credit.detail)
    return f"{credit} credits", (("the balance is used up",) if credit <= 0 else ())


def _mail_server(settings: Settings) -> tuple[str, tuple[str, ...]]:
    sender = make_sender(settings, Channel.EMAIL)
    assert sender is not None
    try:
        trouble = sender.check()  # type: ignore[attr-defined]
    finally:
        sender.close()
    if trouble is not None:
        raise DeliveryError(trouble.detail)
    return "ready", ()
