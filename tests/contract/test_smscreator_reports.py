"""What became of an SMS: the gateway's answers about jobs and delivery reports, over real sockets."""

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from peers import NOW, a_peer
from sms_under_test import (
    ACCOUNT_ERROR,
    CLAIM,
    CONTENT,
    PASSWORD,
    RECIPIENT,
    SERIAL,
    LoopbackSmsCreator,
    answering,
    dribbles_the_body,
    hangs_up_at_once,
    hangs_up_in_the_body,
    http,
    resets_after_reading,
    says_nothing,
    sms_channel,
)

from terminbenachrichtigung.delivery.channel import Gateway as SmsGateway
from terminbenachrichtigung.delivery.exchange import Answer
from terminbenachrichtigung.delivery.smscreator import jobs_of, reports_of
from terminbenachrichtigung.demo.loopback import Answer as GatewayAnswer
from terminbenachrichtigung.demo.smscreator import SmsCreatorGateway
from terminbenachrichtigung.model.delivery import DeliveryReport, OpenMessage, Unavailable, Unknown
from terminbenachrichtigung.model.journal import State

LABEL = CLAIM.message_id
SINCE = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MESSAGE = OpenMessage(LABEL, RECIPIENT, SINCE + timedelta(hours=1))
BOMB = '<!DOCTYPE a [<!ENTITY x "Ok"><!ENTITY y "&x;&x;&x;">]><a><StatusCode>&y;</StatusCode></a>'

Question = Callable[[SmsGateway], Any]


def ask_for_jobs(channel: SmsGateway) -> Any:
    return channel.find(MESSAGE)


def ask_for_reports(channel: SmsGateway) -> Any:
    return next(channel.reports([MESSAGE]))


@pytest.fixture
def gateway() -> Iterator[SmsCreatorGateway]:
    with LoopbackSmsCreator() as started:
        yield started


@pytest.fixture
def channel(gateway: SmsCreatorGateway) -> Iterator[SmsGateway]:
    with sms_channel(gateway.url) as opened:
        yield opened


def result(
    inner: str, word: str = "Ok", namespace: str = ' xmlns="http://www.smscreator.de/gateway"'
) -> bytes:
    return f"<R{namespace}><StatusCode>{word}</StatusCode>{inner}</R>".encode()


def reported(**fields: str) -> DeliveryReport:
    """The one report of an answer; a field that is None is left out."""
    usual = {
        "Id": "12",
        "Recipient": "00491715555555",
        "JobId": "4711",
        "Status": "Delivered",
        "Date": "2026-11-24T10:05:00",
        "Sequence": "1",
        "Caption": LABEL,
    }
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in (usual | fields).items())
    found = reports_of(
        Answer(200, result(f"<Value><SMSReport>{inner}</SMSReport></Value>")), NOW, (PASSWORD,)
    )
    assert isinstance(found, tuple)
    (report,) = found
    return report


# ---------------------------------------------------------------- as the loopback gateway answers


def test_a_job_is_found_by_its_label(gateway: SmsCreatorGateway, channel: SmsGateway) -> None:
    assert channel.find(MESSAGE) == ()
    channel.send(CLAIM, CONTENT)
    assert channel.find(MESSAGE) == ("1",)
    assert gateway.requests[-1].path == "/gateway/Information.asmx/QueryJobInfoByJobCaption"
    assert gateway.requests[-1].fields == {
        "User": SERIAL,
        "Password": PASSWORD,
        "Caption": LABEL,
        "StartDate": "2026-11-24T09:00:00",
    }


def test_reports_are_asked_for_by_date_and_not_taken_away(
    gateway: SmsCreatorGateway, channel: SmsGateway
) -> None:
    channel.send(CLAIM, CONTENT)
    (job,) = gateway.jobs
    gateway.report(job, "Buffered", done=SINCE - timedelta(minutes=1))
    gateway.report(job, "Delivered", done=SINCE + timedelta(minutes=5), part=2)
    expected = DeliveryReport(
        label=LABEL,
        job_id="1",
        recipient="00" + RECIPIENT.removeprefix("+"),
        state=State.DELIVERED,
        word="Delivered",
        part="2",
        number=2,
        at=SINCE + timedelta(minutes=5),
        note="0",
    )
    assert list(channel.reports([MESSAGE])) == [(expected,)]
    assert list(channel.reports([MESSAGE])) == [(expected,)]
    assert {request.operation for request in gateway.requests[1:]} == {"QueryReceivedDLR"}
    assert gateway.requests[-1].fields == {
        "User": SERIAL,
        "Password": PASSWORD,
        "StartDate": "2026-11-24T09:00:00",  # the gateway's local time
        "Limit": "5000",
    }


# ---------------------------------------------------------------- what an answer may look like


def jobs(*records: str, namespace: str = ' xmlns="http://www.smscreator.de/gateway"') -> bytes:
    inner = "".join(f"<Job>{record}</Job>" for record in records)
    return result(f"<Value>{inner}</Value>", namespace=namespace)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(result("<Value/>"), (), id="no job"),
        pytest.param(result(""), (), id="not even a value"),
        pytest.param(result("", "NoDataFound"), (), id="a word for it"),
        pytest.param(jobs("<Id>7</Id><CustId>3</CustId><Typ>1</Typ>"), ("7",), id="as published"),
        pytest.param(jobs("<Id>7</Id>", namespace=' xmlns="x"'), ("7",), id="namespace"),
        pytest.param(jobs("<Id>7</Id>", "<Id>8</Id>"), ("7", "8"), id="two jobs"),
        pytest.param(jobs("<Id>7</Id><Caption>Rechnung</Caption>"), (), id="another label's"),
        pytest.param(jobs("<Id>sieben</Id>"), (), id="not a number"),
        pytest.param(jobs("<Id></Id><CustId>3</CustId>"), (), id="without a number"),
    ],
)
def test_the_jobs_of_a_label(body: bytes, expected: tuple[str, ...]) -> None:
    assert jobs_of(Answer(200, body), LABEL, NOW) == expected


@pytest.mark.parametrize(
    ("word", "state", "unheard"),
    [
        ("Delivered", State.DELIVERED, False),
        ("DELIVRD", State.DELIVERED, False),
        ("Undelivered", State.UNDELIVERED, False),
        ("UNDELIV", State.UNDELIVERED, False),
        ("Failed", State.UNDELIVERED, False),
        ("Expired", State.UNDELIVERED, False),
        ("Rejected", State.UNDELIVERED, False),
        ("Buffered", None, False),
        ("Sent", None, False),  # the network has it; the phone may not
        ("Zugestellt", None, True),
        ("", None, True),
        ("Not delivered", None, True),  # no guessing
    ],
)
def test_what_a_word_means(word: str, state: State | None, *, unheard: bool) -> None:
    report = reported(Status=word)
    assert (report.state, report.unheard, report.word) == (state, unheard, word)


@pytest.mark.parametrize(
    ("code", "text", "note"),
    [
        ("27", "Absent Subscriber", "27 Absent Subscriber"),
        ("27", "", "27"),
        ("", "Absent", "Absent"),
        ("", "", ""),
    ],
)
def test_why_it_did_not_arrive_is_noted_with_its_number(code: str, text: str, note: str) -> None:
    assert reported(MsgCode=code, MsgText=text).note == note


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-24T10:05:00", datetime(2026, 11, 24, 9, 5, tzinfo=UTC)),
        ("2026-11-24T10:05:00.1234567+01:00", datetime(2026, 11, 24, 9, 5, 0, 123456, tzinfo=UTC)),
        ("2026-07-24T10:05:00Z", datetime(2026, 7, 24, 10, 5, tzinfo=UTC)),
        ("11/24/2026 10:05:00 AM", None),
        ("0001-01-01T00:00:00", None),  # what .NET writes where there is none
        ("", None),
    ],
)
def test_when_a_report_was_made(written: str, moment: datetime | None) -> None:
    assert reported(Date=written).at == moment


@pytest.mark.parametrize(
    ("sequence", "part"),
    [("1", "1"), ("10", "10"), ("11", ""), ("0", ""), ("", ""), ("48151623", ""), ("eins", "")],
)
def test_a_small_sequence_is_a_part_of_a_long_sms(sequence: str, part: str) -> None:
    assert reported(Sequence=sequence).part == part


def test_a_report_shows_no_secret_and_no_number_in_its_word() -> None:
    word = reported(Status=f"No route to 00491715555555 {PASSWORD}".replace("&", "&amp;")).word
    assert word == "No route to ••• •••"


def test_absurd_numbers_are_none() -> None:
    report = reported(Id="9" * 5000, JobId="9" * 5000)
    assert (report.number, report.job_id) == (0, "")


def test_thousands_of_reports_are_one_answer() -> None:
    one = "<SMSReport><Id>1</Id><JobId>7</JobId><Status>Delivered</Status></SMSReport>"
    found = reports_of(Answer(200, result(f"<Value>{one * 5000}</Value>")), NOW)
    assert isinstance(found, tuple)
    assert len(found) == 5000


def a_page(count: int, *dates: str) -> bytes:
    """So many reports; the last ones have these dates."""
    one = "<SMSReport><JobId>7</JobId><Date>{}</Date></SMSReport>"
    listed = [one.format("")] * (count - len(dates)) + [one.format(date) for date in dates]
    return result(f"<Value>{''.join(listed)}</Value>")


@pytest.mark.parametrize(
    ("pages", "asked_since"),
    [
        # SendDate is an hour ahead of UTC; the first question goes back an hour before the message.
        ([a_page(4999, "2026-11-24T10:30:00")], ["09:00:00"]),
        # as many as it gives at once: the rest is asked for from the newest of them on
        (
            [a_page(5000, "2026-11-24T10:30:00", "2026-11-24T10:10:00"), a_page(2, "2026-11-24T10:40:00")],
            ["09:00:00", "10:30:00"],
        ),
        ([a_page(5000, "2026-11-24T09:00:00")], ["09:00:00"]),  # they do not go on: else it had no end
        ([a_page(5000)], ["09:00:00"]),
        ([a_page(5000, "2026-11-24T10:30:00"), b"<html>"], ["09:00:00", "10:30:00"]),
    ],
)
def test_more_reports_than_come_at_once_are_asked_for_in_pages(
    gateway: SmsCreatorGateway, channel: SmsGateway, pages: list[bytes], asked_since: list[str]
) -> None:
    answers = iter(pages)
    gateway.script = lambda _: GatewayAnswer(body=next(answers).decode())
    assert len(list(channel.reports([MESSAGE]))) == len(pages)
    since = [request.fields["StartDate"].partition("T")[2] for request in gateway.requests]
    assert since == asked_since


# ---------------------------------------------------------------- trouble

TOO_LONG = Unknown("the gateway's answer is too long")
NO_XML = Unknown("the gateway's answer is not the XML it should be")


@pytest.mark.parametrize("ask", [ask_for_jobs, ask_for_reports])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(http("200 OK", "<html>Wartung"), NO_XML, id="HTML"),
        pytest.param(http("200 OK", ""), NO_XML, id="nothing"),
        pytest.param(http("200 OK", BOMB), NO_XML, id="an entity bomb"),
        pytest.param(http("200 OK", "x" * (2**23 + 1)), TOO_LONG, id="huge"),
        pytest.param(
            http("200 OK", result("", "IPLock").decode()),
            Unavailable("the gateway refuses the account: IPLock", **ACCOUNT_ERROR),
            id="IPLock",
        ),
        pytest.param(
            http("200 OK", result("", "DatabaseError").decode()),
            Unknown("the gateway's StatusCode is DatabaseError"),
            id="DatabaseError",
        ),
        pytest.param(http("200 OK", "<R/>"), Unknown("the gateway's StatusCode is missing"), id="other XML"),
        pytest.param(http("503 Busy"), Unavailable("the gateway answers HTTP 503", too_fast=True), id="503"),
        pytest.param(http("404 No"), Unavailable("the gateway answers HTTP 404", again=False), id="404"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none(ask: Question, data: bytes, expected: Unavailable | Unknown) -> None:
    with a_peer(answering(data)) as peer, sms_channel(f"http://127.0.0.1:{peer.port}/gateway") as channel:
        assert ask(channel) == expected


@pytest.mark.parametrize("ask", [ask_for_jobs, ask_for_reports])
@pytest.mark.parametrize(
    "behave",
    [
        hangs_up_at_once,
        resets_after_reading,
        hangs_up_in_the_body,
        pytest.param(says_nothing, id="says nothing until the deadline"),
        pytest.param(dribbles_the_body, id="a byte now and then until the deadline"),
    ],
)
def test_a_broken_line_is_an_answer_too(ask: Question, behave: Callable[[socket.socket], None]) -> None:
    with (
        a_peer(behave) as peer,
        sms_channel(f"http://127.0.0.1:{peer.port}/gateway", timeout_seconds=1) as channel,
    ):
        assert isinstance(ask(channel), Unknown)
