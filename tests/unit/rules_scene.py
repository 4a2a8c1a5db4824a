"""A practice with one customer, one reminder and one appointment, all in order; a test changes its subject.

It is Tuesday, 2026-11-24, ten o'clock in Berlin, and the appointment is on Wednesday at nine.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import Contacted, Known, Leftover, Notification, State
from terminbenachrichtigung.model.plan import Channel, Correction, MessageOutcome, Plan
from terminbenachrichtigung.rules.contact import Parts
from terminbenachrichtigung.rules.context import Situation
from terminbenachrichtigung.rules.planning import Judgement, judge, plan
from terminbenachrichtigung.times.windows import Quiet

BERLIN = ZoneInfo("Europe/Berlin")
NAME = "Terminerinnerung"
NUMBER = "+491715555555"
OTHER_NUMBER = "+491715555556"
ADDRESS = "anna@example.org"
NOW = "2026-11-24 10:00"
WEDNESDAY = "2026-11-25 09:00"


def at(text: str, *, fold: int = 0) -> datetime:
    """A clock time in Berlin as the moment it stands for."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


_IN_ORDER = Appointment(
    appointment_id="1",
    starts_at=at(WEDNESDAY),
    customer_id="17",
    type_notifiable=True,
    is_group=False,
    status="Geplant",
    type_name="Hörtest",
    branch_code="HH1",
    mobile="0171 5555555",
    email=ADDRESS,
    reminder_consent=True,
    created_at=at("2026-10-01 12:00"),
)


def appointment(appointment_id: str = "1", start: str = WEDNESDAY, /, **changes: object) -> Appointment:
    """The appointment in order, with changes; times may be given as local text."""
    moments = {"created_at", "last_contacted_at"}
    known = {key: at(v) if key in moments and isinstance(v, str) else v for key, v in changes.items()}
    return replace(_IN_ORDER, appointment_id=appointment_id, starts_at=at(start), **known)  # type: ignore[arg-type]


def reminder(
    hours: int = 24, name: str = NAME, channels: Sequence[str] = ("sms", "email")
) -> dict[str, object]:
    return {"name": name, "hours_before": hours, "channels": list(channels)}


def settings(
    *,
    reminders: Iterable[dict[str, object]] = (),
    sms: dict[str, object] | None = None,
    only_recipients: Sequence[str] = (),
    **rules: object,
) -> Settings:
    """The defaults of the contract, a gateway and a mail server; keywords are keys of [rules]."""
    return Settings.model_validate(
        {
            "reminders": tuple(reminders) or (reminder(),),
            "sms": {"serial": "1", "password": "x", "sender": "Praxis", **(sms or {})},
            "email": {"host": "mail.example.org", "sender": "praxis@example.org"},
            "safety": {"only_recipients": tuple(only_recipients)},
            "rules": rules,
        }
    )


def one_part(
    reminder: str,
    channel: Channel,
    appointments: Sequence[Appointment],
    correction: Correction | None = None,
    /,
) -> int:
    """Every text is short."""
    return 1


def a_part_each(
    reminder: str,
    channel: Channel,
    appointments: Sequence[Appointment],
    correction: Correction | None = None,
    /,
) -> int:
    """A text takes a part for every appointment it names."""
    return len(appointments)


def notified(
    appointment_id: str = "1",
    start: str = WEDNESDAY,
    state: State = State.SENT,
    *,
    reminder: str = NAME,
    customer_id: str = "17",
    generation: int = 1,
    run_now: str = "2026-11-20 10:00",
) -> Notification:
    """What the journal remembers of one appointment."""
    message_id = f"{reminder}/{appointment_id}/{generation}"
    return Notification(
        reminder, appointment_id, generation, customer_id, at(start), state, message_id, at(run_now)
    )


def known(*notifications: Notification, **answers: object) -> Known:
    """The journal with these notifications, and other answers by their names."""
    by_appointment: dict[str, list[Notification]] = {}
    for each in notifications:
        by_appointment.setdefault(each.appointment_id, []).append(each)
    return Known(notifications=by_appointment, **answers)  # type: ignore[arg-type]


def wrote(run_now: str, *, reminder: str = NAME, own: bool = False) -> dict[str, tuple[Contacted, ...]]:
    """A message within the gap to the customer in order."""
    return {"17": (Contacted(at(run_now), reminder, own),)}


def left(
    outcome: MessageOutcome, start: str = WEDNESDAY, customer_id: str = "17", appointment_id: str = "1"
) -> dict[tuple[str, str], Leftover]:
    """What the last run left of the appointment in order."""
    return {(NAME, appointment_id): Leftover(customer_id, at(start), outcome)}


def situation(
    configured: Settings, journal: Known | None = None, now: str | datetime = NOW, parts: Parts = one_part
) -> Situation:
    """What the rules judge by at `now`."""
    moment = at(now) if isinstance(now, str) else now
    return Situation(configured, journal or Known(), moment, parts, Quiet(configured.rules, BERLIN))


def planned(
    *appointments: Appointment,
    now: str = NOW,
    journal: Known | None = None,
    parts: Parts = one_part,
    configured: Settings | None = None,
    **rules: object,
) -> Plan:
    """What the run at `now` would do."""
    chosen = configured or settings(**rules)  # type: ignore[arg-type]
    return plan(appointments, situation(chosen, journal, now, parts))


def judged(
    *appointments: Appointment,
    now: str = NOW,
    journal: Known | None = None,
    configured: Settings | None = None,
    **rules: object,
) -> tuple[Judgement, ...]:
    """Every rule's view of every appointment."""
    chosen = configured or settings(**rules)  # type: ignore[arg-type]
    return judge(appointments, situation(chosen, journal, now))


def verdicts(result: Plan) -> dict[str, str]:
    """By appointment: `due` if a message takes it, else the reason. Right where there is one reminder."""
    taken = {a.appointment_id: "due" for message in result.messages for a in message.appointments}
    return {skip.appointment.appointment_id: skip.reason.value for skip in result.skips} | taken


def messages(result: Plan) -> list[tuple[str, list[str]]]:
    """Reminder and appointments of every message, in the order of sending."""
    return [(m.reminder, [a.appointment_id for a in m.appointments]) for m in result.messages]
