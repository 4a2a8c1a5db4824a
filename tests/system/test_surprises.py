"""What nobody foresaw inside an adapter ends one message, or one question, and never the run."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import NoReturn

import pytest

from practice import Practice, local, number, reminder
from terminbenachrichtigung import wiring
from terminbenachrichtigung.clock import ClockAt
from terminbenachrichtigung.delivery.channel import Account
from terminbenachrichtigung.delivery.channel import Channel as Sender
from terminbenachrichtigung.model.delivery import Claim, Content, Outcome
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.model.result import RunResult
from terminbenachrichtigung.run import once
from terminbenachrichtigung.run.context import RunContext
from terminbenachrichtigung.staff_list import mailing

NOW = local("2026-11-24 10:00")
FIFTH, CUSTOMERS = 5, 40


@dataclass(frozen=True)
class Flawed:
    """The real gateway's adapter, with a flaw that shows for one recipient."""

    real: Sender
    recipient: str
    name: Channel = Channel.SMS

    def send(self, claim: Claim, content: Content) -> Outcome:
        if content.recipient == self.recipient:
            raise KeyError(f"no such key: {content.recipient}, {content.text}")
        return self.real.send(claim, content)

    def test(self, content: Content) -> Outcome:
        return self.real.test(content)

    def close(self) -> None:
        self.real.close()


def run_with(practice: Practice, flawed: Callable[[RunContext], RunContext]) -> RunResult:
    settings = wiring.load_config(practice.config, {}).settings
    with wiring.run_context(settings, clock=ClockAt(NOW)) as context:
        return once.run_once(flawed(context), mail_staff=mailing.after_run)


@pytest.fixture
def practice(practice: Practice) -> Practice:
    practice.configure(reminders=[reminder(24, channels=("sms",))], sms={"concurrency": 4})
    for customer in range(CUSTOMERS):
        practice.book(str(customer), customer=customer)
    return practice


def outcomes(result: RunResult) -> dict[str, str]:
    return {each.message.customer_id: str(each.outcome) for each in result.messages}


def fails(*_: object) -> NoReturn:
    raise ZeroDivisionError("Berger17, +4917155000017")


def test_an_error_for_the_5th_of_40_ends_that_message_as_unknown_and_the_run_goes_on(
    practice: Practice, caplog: pytest.LogCaptureFixture
) -> None:
    def flawed(context: RunContext) -> RunContext:
        real = context.senders[Channel.SMS]
        return replace(context, senders={Channel.SMS: lambda: Flawed(real(), number(FIFTH))})

    with caplog.at_level(logging.ERROR, "terminbenachrichtigung"):
        result = run_with(practice, flawed)
    expected = {str(customer): "sent" for customer in range(CUSTOMERS)} | {str(FIFTH): "unknown"}
    assert outcomes(result) == expected
    assert practice.open_claims() == 0
    assert len(result.news) == 1
    (record,) = [each for each in caplog.records if "nobody foresaw" in each.getMessage()]
    assert "KeyError in send (" in record.getMessage()
    assert number(FIFTH) not in record.getMessage()
    assert "Berger" not in caplog.text
    # Held like any unknown: no later run sends it, and none tells of it again.
    second = run_with(practice, lambda context: context)
    assert (outcomes(second), second.news) == ({}, ())
    assert number(FIFTH) not in practice.texted


class NoThreads(ThreadPoolExecutor):
    """The pool of a user whom the system allows no further thread."""

    def _adjust_thread_count(self) -> None:
        raise RuntimeError("can't start new thread")


def test_where_the_system_allows_no_further_thread_the_run_sends_one_by_one(practice: Practice) -> None:
    result = run_with(practice, lambda context: replace(context, threads=NoThreads))
    assert set(outcomes(result).values()) == {"sent"}
    assert (len(practice.texted), len(set(practice.texted))) == (CUSTOMERS, CUSTOMERS)
    assert (result.stop, practice.open_claims()) == (None, 0)


def no_thread(_: threading.Thread) -> NoReturn:
    raise RuntimeError("can't start new thread")


def test_where_nothing_could_end_a_run_that_hangs_it_sends_nothing_and_says_why(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice.configure(monitoring={"ping_url": "http://127.0.0.1:1/ping"})
    with monkeypatch.context() as refusing:
        refusing.setattr(threading.Thread, "start", no_thread)
        ran = practice.run("run-once")
    assert (ran.exit_code, practice.received) == (3, 0)
    assert "the system allows this user no further thread" in ran.stderr
    assert set(practice.run_once().outcomes.values()) == {"sent"}


def test_an_error_in_the_question_for_credit_closes_the_channel(practice: Practice) -> None:
    result = run_with(practice, lambda context: replace(context, preflight={Channel.SMS: fails}))
    assert set(outcomes(result).values()) == {"deferred"}
    assert "ZeroDivisionError" in result.closed[Channel.SMS]
    assert practice.texted == []


def test_an_adapter_that_cannot_be_made_closes_its_channel(practice: Practice) -> None:
    def nowhere() -> Sender:
        raise FileNotFoundError("/etc/ssl/certs")

    def flawed(context: RunContext) -> RunContext:
        return replace(context, senders=dict.fromkeys(Channel, nowhere), preflight={})

    result = run_with(practice, flawed)
    assert set(outcomes(result).values()) == {"deferred"}
    assert "FileNotFoundError" in result.closed[Channel.SMS]


def test_an_error_in_a_question_about_earlier_messages_is_a_warning(practice: Practice) -> None:
    @dataclass(frozen=True)
    class Silent:
        real: Account
        balance = find = reports = replies = staticmethod(fails)

    assert set(outcomes(run_with(practice, lambda context: context)).values()) == {"sent"}
    practice.book("new", "2026-11-25 09:30", customer=CUSTOMERS)

    def silent(context: RunContext) -> RunContext:
        assert context.account is not None
        gateway = Silent(context.account())
        return replace(context, account=lambda: gateway)

    for flawed in (silent, lambda context: replace(context, account=fails)):
        result = run_with(practice, flawed)
        assert [each for each in result.warnings if "ZeroDivisionError" in each]
        assert set(outcomes(result).values()) <= {"sent"}


def test_an_error_while_the_staff_list_is_mailed_is_told_once(practice: Practice) -> None:
    practice.configure(staff_list={"recipients": ["empfang@example.org"], "send_at": "08:00"})
    practice.book("letter", customer=99, preferred_channel="Brief")
    result = run_with(practice, lambda context: replace(context, mailer=fails))
    assert "may not have reached" in result.news[-1]
    assert run_with(practice, lambda context: context).news == ()
