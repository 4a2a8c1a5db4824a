"""Values that the tests of the reports share: one customer, her messages and skips, and runs made of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from terminbenachrichtigung.model.appointment import Appointment, BadRow
from terminbenachrichtigung.model.delivery import Attempt, Content, Rejected
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, PlannedMessage, Reason, Route, Skip
from terminbenachrichtigung.model.result import MessageResult, Mode, RunResult, Stop, Untold

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # 10:00 in Berlin
TOMORROW = NOW + timedelta(hours=24)
BY_SMS = Route(Channel.SMS, "+491715555555")
BY_EMAIL = Route(Channel.EMAIL, "anna@example.org")
JOB = "0190f3c2-4a1b-7c3d-8e4f-123456789012"


def appointment(number: str = "4711", **fields: Any) -> Appointment:
    anna = Appointment(
        number,
        TOMORROW,
        customer_id="17",
        type_notifiable=True,
        is_group=False,
        salutation="Frau",
        first_name="Anna",
        last_name="Meier",
        mobile="0171/5555-555",
        phone="030 123456",
        email="Anna@example.org",
    )
    return replace(anna, **fields)


def message(
    outcome: MessageOutcome | None = MessageOutcome.SENT,
    *attempts: Attempt,
    appointments: tuple[Appointment, ...] = (),
    route: Route = BY_SMS,
    **fields: Any,
) -> MessageResult:
    sms = route.channel is Channel.SMS
    content = Content(
        route.channel,
        route.recipient,
        "de",
        text="Guten Tag, Frau Meier,\nIhr Termin ist morgen.",
        subject=None if sms else "Ihr Termin",
        parts=1 if sms else None,
        encoding="gsm7" if sms else None,
    )
    planned = PlannedMessage("Terminerinnerung", "17", appointments or (appointment(),), (BY_SMS, BY_EMAIL))
    return MessageResult(planned, content, outcome, attempts, message_id=JOB, **fields)


def skip(reason: Reason, number: str = "4712", detail: str = "", **fields: Any) -> Skip:
    return Skip(appointment(number, **fields), "Terminerinnerung", reason, detail)


def run(command: str = "run-once", **fields: Any) -> RunResult:
    return RunResult(Mode(command), NOW, **({"quiet": False} | fields))


EXPIRED = Untold(JOB, "Terminerinnerung", "17", ("4711",), BY_SMS)


TALKATIVE = run(
    # every place that can quote a recipient does so, each in another way of writing it
    messages=(
        message(
            MessageOutcome.FAILED,
            Attempt(BY_SMS, Rejected("no route to 00491715555555, job 8147110815")),
            Attempt(BY_EMAIL, Rejected("550 5.1.1 <ANNA@example.org>: user unknown")),
            detail="0171 5555 555 and anna@example.org refused",
            route=BY_EMAIL,
        ),
    ),
    skips=(skip(Reason.NO_CONTACT, detail="mobile '0171/5555-555': letters; phone 030 123456: a landline"),),
    bad_rows=(BadRow("4713", "start 'anna@example.org'"),),
    warnings=("2 customers share +49 171 5555555",),
    closed={Channel.EMAIL: "login of anna@example.org refused"},
    stop=Stop.JOURNAL,
    stop_detail="while writing anna@example.org",
    untold=(EXPIRED,),
    news=("failed: +491715555555",),
)
