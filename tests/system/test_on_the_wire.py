"""What leaves the house: the form of an SMS and of an e-mail, when, and how fast."""

import threading
import time

import pytest

from practice import Practice, address, reminder
from terminbenachrichtigung.clock import Timings
from terminbenachrichtigung.demo.loopback import Answer, Request


def test_an_sms_goes_out_as_the_gateway_wants_it(practice: Practice) -> None:
    practice.configure(
        branches={"B2": {"sms_sender": "OptikSued"}},
        templates={"terminerinnerung": {"de": {"sms": "Termin „{{ appointment.time }}“ … " + "x" * 150}}},
    )
    practice.book("1", customer=1)
    practice.book("2", "2026-11-25 09:30", customer=2, branch_code="B2")
    ran = practice.run_once()
    assert ran.exit_code == 0
    requests = {
        request.fields["Recipient"]: request
        for request in practice.gateway.requests
        if request.operation == "SendSimpleSMS"
    }
    one, two = requests["00491715500001"].fields, requests["00491715500002"].fields
    messages = {m["customer_id"]: m for m in practice.run("history", "--json").json["messages"]}
    assert one == {
        "User": "4711",
        "Password": "demo",
        "Caption": messages["1"]["message_id"],  # by which the gateway can be asked for the job later
        "Sender": "OptikNord",
        "Recipient": "00491715500001",
        "SMSText": 'Termin "09:00" ... ' + "x" * 150,
        "SmsTyp": "HighQualityLong",
        "SendDate": one["SendDate"],
    }
    assert one["SendDate"].startswith("2026-11-24T10:0")
    assert (two["Sender"], requests["00491715500001"].path) == (
        "OptikSued",
        "/gateway/Send.asmx/SendSimpleSMS",
    )


def test_an_email_goes_out_as_programs_and_people_expect(practice: Practice) -> None:
    practice.configure(branches={"B2": {"reply_to": "b2@example.org"}})
    practice.book("1", customer=1, preferred_channel="email")
    practice.book("2", "2026-11-25 09:30", customer=2, preferred_channel="email", branch_code="B2")
    practice.run_once()
    mails = {received.recipient: received for received in practice.mail.received}
    message = mails[address(1)].message
    assert mails[address(1)].sender == "termine@example.org"
    assert message["From"] == "Optik Nord <termine@example.org>"
    assert message["To"] == address(1)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Reply-To"] == "hh1@example.org"  # the branch's own address, from the schedule
    assert mails[address(2)].message["Reply-To"] == "b2@example.org"
    assert message["Date"].datetime.isoformat().startswith("2026-11-24T")
    assert message["Subject"] == "Ihr Termin am Mittwoch, 25. November um 09:00 Uhr – Optik Nord"
    messages = {m["customer_id"]: m for m in practice.run("history", "--json").json["messages"]}
    assert messages["1"]["message_id"] in message["Message-ID"]
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content_charset() == "utf-8"
    assert "Lange Reihe 1, Hamburg" in body.get_content()
    assert "Freundliche Grüße" in body.get_content()


def test_sms_wait_until_the_day_from_which_they_are_active(practice: Practice) -> None:
    practice.configure(sms={"active_from": "2026-11-25"})
    practice.book("1")
    practice.book("2", "2026-11-26 09:00", customer=2)
    assert practice.run_once().told == {"1": ["email sent"]}
    assert practice.run_once(now="2026-11-25 10:00").told == {"2": ["sms sent"]}


def test_max_per_second_and_concurrency_hold(practice: Practice) -> None:
    practice.configure(sms={"max_per_second": 10, "concurrency": 2})
    for customer in range(1, 7):
        practice.book(str(customer), customer=customer)
    busy = most = 0
    lock = threading.Lock()

    def count(request: Request) -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        threading.Event().wait(0.15)
        with lock:
            busy -= 1

    practice.gateway.script = count
    practice.run_once()
    times = [job.at for job in practice.gateway.jobs]
    assert len(times) == 6
    assert most <= 2
    assert (times[-1] - times[0]).total_seconds() > 0.4


@pytest.mark.parametrize("status", [429, 503])  # nginx says 503 where it limits
def test_a_gateway_that_is_asked_too_fast_is_left_alone_for_a_while(status: int, practice: Practice) -> None:
    practice.configure(reminders=[reminder(24, channels=("sms",))], sms={"concurrency": 1})
    practice.timings = Timings(pauses=(0.2, 0.2))
    for customer in range(1, 4):
        practice.book(str(customer), customer=customer)
    asked: list[float] = []

    def too_fast(request: Request) -> Answer | None:
        if request.operation != "SendSimpleSMS":
            return None
        asked.append(time.monotonic())
        return Answer(http_status=status, body="") if len(asked) == 1 else None

    practice.gateway.script = too_fast
    assert set(practice.run_once().outcomes.values()) == {"sent"}
    assert len(asked) == 4
    assert asked[1] - asked[0] >= 0.19
