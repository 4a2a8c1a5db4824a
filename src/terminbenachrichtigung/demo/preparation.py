"""From an empty folder to the moment before the demo's first run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from string import Template

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from terminbenachrichtigung import wiring
from terminbenachrichtigung.clock import ClockAt
from terminbenachrichtigung.config.channels import SmsSettings
from terminbenachrichtigung.config.keys import value_text
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.contact.phone import mobile_number
from terminbenachrichtigung.delivery.registry import PROVIDERS
from terminbenachrichtigung.demo import folder
from terminbenachrichtigung.demo.loopback import Answer, LoopbackGateway, Request, Script
from terminbenachrichtigung.demo.lox24 import Lox24Gateway
from terminbenachrichtigung.demo.scenario import (
    ANSWERS,
    CLAIMED_BESIDE,
    EVENING_REMINDER,
    HELD_BACK,
    HOURS_AFTER_BOOKING,
    MOVED,
    REFUSED,
    REMINDER,
    UNANSWERED,
    Booking,
    Scenario,
)
from terminbenachrichtigung.demo.seven import SevenGateway
from terminbenachrichtigung.demo.smscreator import SmsCreatorGateway
from terminbenachrichtigung.errors import ScheduleError
from terminbenachrichtigung.journal import create_journal
from terminbenachrichtigung.model.delivery import Claim
from terminbenachrichtigung.model.plan import MessageOutcome
from terminbenachrichtigung.model.result import Stop
from terminbenachrichtigung.own_schedule import init
from terminbenachrichtigung.run import once
from terminbenachrichtigung.run.context import gap_of
from terminbenachrichtigung.run.planning import plan_window

_BRANCHES = (
    ("HH1", "Optik Hansen Altona", "040 66969101", "Große Bergstraße 1, 22767 Hamburg"),
    ("HH2", "Hörakustik Hansen", "040 66969102", "Große Bergstraße 3, 22767 Hamburg"),
    ("TEST", "Testfiliale", "040 66969199", ""),
)
_TYPES = (
    ("sehtest", "Sehtest", True),
    ("hoertest", "Hörtest", True),
    ("kurs", "Hörtraining", True),
    ("abholung", "Abholung", False),
)

_CONFIG = Template("""\
# A practice of the demo's own. Its gateway and its mail server were on this machine, and ended with the demo.
# All keys with their meaning: terminbenachrichtigung config init

timezone = $zone         # one in which it was daytime, so that the demo works at any hour

[schedule]
url = "sqlite:///$schedule"

[journal]
url = "sqlite:///$journal"

[rules]
quiet_start = "20:00"
quiet_end = "08:00"
hours_between_messages = 12
hours_after_booking = $hours_after_booking
require_consent = true
exclude_branches = ["TEST*"]

[safety]
max_messages_per_run = 100
# All customers but one, to show what happens to that one.
only_recipients = [
$recipients
]

[[reminders]]
name = $reminder
hours_before = 48
channels = ["sms", "email"]

[[reminders]]
name = $evening_reminder
days_before = 1
at = "18:00"
unless_confirmed = $answered
channels = ["sms", "email"]

[corrections]
enabled = true

[replies]
enabled = $answered

[sms]
base_url = $gateway
sender = $sender
$account

[email]
host = "127.0.0.1"
port = $mail_port
security = "none"
sender = "Optik Hansen <termine@example.org>"

[branches.HH2]
sms_sender = $branch_sender
""")

_NAMES, _NUMBERS = ("OptikHansen", "HoerHansen"), ("+491713920098", "+491713920099")
"""Senders of the practice and of its second branch; only numbers can be answered."""


GATEWAYS: Mapping[str, Callable[..., LoopbackGateway]] = {
    "smscreator": SmsCreatorGateway,
    "lox24": Lox24Gateway,
    "seven": SevenGateway,
}
"""By `[sms] provider`: the one on loopback that answers like it."""


def script(gateway: LoopbackGateway) -> Script:
    """What the demo's gateway does differently: it refuses some numbers, and fails over one."""

    def answer(request: Request) -> Answer | None:
        number = gateway.recipient(request)
        if number in REFUSED:
            return gateway.refusal()
        if number in UNANSWERED:
            return Answer(http_status=502)
        return None

    return answer


def can_be_answered(gateway: LoopbackGateway) -> bool:
    """Whether customers can answer what goes out by such a gateway."""
    provider = PROVIDERS[str(gateway.settings.get("provider", "smscreator"))]
    sms = SmsSettings.model_validate({**gateway.settings, "sender": _NUMBERS[0]})
    return not provider.reply_problem(sms, sms.sender)


def answer(gateway: LoopbackGateway, scene: Scenario) -> None:
    """Let three customers answer what they were sent."""
    for customer in scene.customers:
        if text := ANSWERS.get(customer.customer_id):
            address = f"{customer.salutation} {customer.last_name}"
            (job,) = [job for job in gateway.jobs if address in job.text]
            gateway.reply(job, text)


def prepare(
    directory: Path, scene: Scenario, gateway: LoopbackGateway, mail_port: int
) -> tuple[Path, Settings]:
    """Make configuration, schedule and journal in an empty folder, and let yesterday's run happen.

    That run sends for real, to `gateway` and the mail server on loopback. Returns the configuration's path,
    and what it says.
    """
    answered = can_be_answered(gateway)
    sender, branch_sender = _NUMBERS if answered else _NAMES
    text = _CONFIG.substitute(
        answered="true" if answered else "false",
        sender=value_text(sender),
        branch_sender=value_text(branch_sender),
        zone=value_text(scene.zone.key),
        schedule=folder.SCHEDULE,
        journal=folder.JOURNAL,
        hours_after_booking=HOURS_AFTER_BOOKING,
        recipients="\n".join(f"    {value_text(recipient)}," for recipient in _recipients(scene)),
        reminder=value_text(REMINDER),
        evening_reminder=value_text(EVENING_REMINDER),
        gateway=value_text(gateway.url),
        account=_account(gateway),
        mail_port=mail_port,
    )
    path = folder.write_config(directory, text)
    # Nothing of the environment: a variable for the real configuration would lead the demo to real databases.
    settings = wiring.load_config(path, {}).settings
    init.init(settings.schedule.url.get_secret_value())
    with _schedule(settings) as schedule:
        _make_practice(schedule, scene)
        _book(schedule, scene, [each for each in scene.bookings if each.created_at < scene.first_run])
    create_journal(settings.journal, scene.first_run - timedelta(minutes=10), settings.timezone)
    _run(settings, scene.first_run)
    with _schedule(settings) as schedule:
        _book(schedule, scene, [each for each in scene.bookings if each.created_at >= scene.first_run])
    return path, settings


def move(settings: Settings, scene: Scenario) -> None:
    """Let the desk move an appointment of which its customer was told."""
    with _schedule(settings) as schedule:
        statement = sa.text("UPDATE appointments SET starts_at = :start WHERE appointment_id = :this")
        start = f"{scene.moved_to.astimezone(scene.zone):%Y-%m-%d %H:%M}"
        schedule.execute(statement, {"start": start, "this": MOVED})


def _account(gateway: LoopbackGateway) -> str:
    """The keys of the account, and behind them the section that some of them stand in."""
    keys = gateway.settings
    lines = [f"{key} = {value_text(each)}" for key, each in keys.items() if not isinstance(each, Mapping)]
    for name, section in keys.items():
        if isinstance(section, Mapping):
            lines += ["", f"[sms.{name}]", *(f"{key} = {value_text(each)}" for key, each in section.items())]
    return "\n".join(lines)


@contextmanager
def run_beside(settings: Settings, now: datetime) -> Iterator[None]:
    """Another run that claims one customer's message, and in the end stops without having sent it."""
    with wiring.run_context(settings) as context:
        journal = context.journal
        assert journal is not None
        journal.begin(now, "run-once")
        planned = plan_window(context, now).plan.messages
        (message,) = [each for each in planned if each.customer_id == CLAIMED_BESIDE]
        gap = gap_of(settings)
        claim = journal.claim(message, now=now, gap=gap)
        assert isinstance(claim, Claim)
        yield
        journal.settle(claim, MessageOutcome.DEFERRED, message.routes[0], ())
        journal.finish(
            now,
            ending=Stop.SIGNAL,
            complete=False,
            counts={MessageOutcome.DEFERRED: 1},
            reminder_names=(),
        )


def _recipients(scene: Scenario) -> Iterator[str]:
    for customer in scene.customers:
        if customer.customer_id != HELD_BACK:
            number = mobile_number((customer.mobile,), "+49", frozenset()).number
            yield from dict.fromkeys(filter(None, (number, customer.email)))


def _run(settings: Settings, now: datetime) -> None:
    """A run as it was at another time than now: the clock is its only difference from `run-once`."""
    with wiring.run_context(settings, clock=ClockAt(now)) as context:
        once.run_once(context)


@contextmanager
def _schedule(settings: Settings) -> Iterator[sa.Connection]:
    engine = sa.create_engine(settings.schedule.url.get_secret_value(), poolclass=NullPool)
    try:
        with engine.begin() as connection:
            yield connection
    except sa.exc.DBAPIError as error:
        raise ScheduleError(f"the demo's schedule cannot be written: {error.orig}") from error


def _make_practice(schedule: sa.Connection, scene: Scenario) -> None:
    branch = ("branch_code", "name", "phone", "address")
    _insert(schedule, scene, "branches", [dict(zip(branch, each, strict=True)) for each in _BRANCHES])
    kind = ("type_code", "name", "notifiable")
    _insert(schedule, scene, "appointment_types", [dict(zip(kind, each, strict=True)) for each in _TYPES])
    _insert(schedule, scene, "customers", [asdict(customer) for customer in scene.customers])


def _book(schedule: sa.Connection, scene: Scenario, bookings: Sequence[Booking]) -> None:
    rows = [asdict(booking) | {"ends_at": booking.ends_at} for booking in bookings]
    for row in rows:
        del row["shows"]  # no column: it says what the row is there for
    _insert(schedule, scene, "appointments", rows)


def _insert(
    schedule: sa.Connection, scene: Scenario, table: str, rows: Sequence[Mapping[str, object]]
) -> None:
    def typed(value: object) -> object:
        if isinstance(value, datetime):  # by the practice's clock, as people who look into the file expect
            return f"{value.astimezone(scene.zone):%Y-%m-%d %H:%M}"
        return value

    into = sa.table(table, *map(sa.column, rows[0])).insert()
    schedule.execute(into, [{column: typed(value) for column, value in row.items()} for row in rows])
