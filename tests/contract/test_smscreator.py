"""The `sms` channel on the wire: what it sends, and what each answer of a gateway means."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from peers import (
    MESSAGE_ID,
    NOW,
    read_http_request,
)
from sms_under_test import (
    ACCOUNT_ERROR,
    CLAIM,
    CONTENT,
    LATER,
    NOT_NOW,
    OK,
    PASSWORD,
    RECIPIENT,
    SERIAL,
    LoopbackSmsCreator,
    answering,
    http,
    outcome_against,
    sms_channel,
    xml,
)

from terminbenachrichtigung.config.settings import Branch
from terminbenachrichtigung.delivery import channel as delivery_channel
from terminbenachrichtigung.delivery.channel import Balance
from terminbenachrichtigung.delivery.exchange import Answer
from terminbenachrichtigung.delivery.smscreator import outcome_of_balance, outcome_of_send, send_form
from terminbenachrichtigung.demo.loopback import Answer as GatewayAnswer
from terminbenachrichtigung.demo.smscreator import SmsCreatorGateway
from terminbenachrichtigung.model.delivery import Content, Outcome, Rejected, Sent, Unavailable, Unknown
from terminbenachrichtigung.model.plan import Channel


@pytest.fixture
def gateway() -> Iterator[SmsCreatorGateway]:
    with LoopbackSmsCreator() as started:
        yield started


# ---------------------------------------------------------------- what is sent


def test_an_sms_reaches_the_gateway_in_the_fields_it_asks_for(gateway: SmsCreatorGateway) -> None:
    with sms_channel(gateway.url) as channel:
        assert channel.send(CLAIM, CONTENT) == Sent("JobId 1")
    (request,) = gateway.requests
    assert request.path == "/gateway/Send.asmx/SendSimpleSMS"
    assert request.fields == {
        "User": SERIAL,
        "Password": PASSWORD,
        "Caption": MESSAGE_ID,
        "Sender": "Optik",
        "Recipient": "00491715555555",
        "SMSText": CONTENT.text,
        "SmsTyp": "HighQuality",
        "SendDate": "2026-11-24T10:00:00",
    }


def test_the_request_is_a_form_in_utf_8() -> None:
    seen: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        seen.append(read_http_request(connection))
        connection.sendall(http("200 OK", OK))

    assert isinstance(outcome_against(behave), Sent)
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /gateway/Send.asmx/SendSimpleSMS HTTP/1.1\r\n")
    assert b"Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n" in head
    assert b"%C3%96zt%C3%BCrk" in body


@pytest.mark.parametrize(
    ("sms_type", "parts", "expected"),
    [
        pytest.param("auto", 1, "HighQuality", id="one part"),
        pytest.param("auto", 2, "HighQualityLong", id="more parts"),
        pytest.param("StandardLong", 1, "StandardLong", id="a fixed type stays"),
    ],
)
def test_the_kind_of_sms_follows_the_parts(sms_type: str, parts: int, expected: str) -> None:
    content = Content(Channel.SMS, RECIPIENT, "de", "Hallo", parts=parts)
    assert send_form(content, "label", "Optik", sms_type, NOW)["SmsTyp"] == expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        pytest.param(datetime(2026, 7, 1, 8, 0, tzinfo=UTC), "2026-07-01T10:00:00", id="summer time"),
        pytest.param(datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "2027-01-01T00:30:00", id="next year there"),
    ],
)
def test_the_send_date_is_the_gateways_local_time(moment: datetime, expected: str) -> None:
    assert send_form(CONTENT, "label", "Optik", "auto", moment)["SendDate"] == expected


@pytest.mark.parametrize(
    ("branch", "expected"),
    [
        pytest.param("HH1", "OptikHH", id="as written"),
        pytest.param("hh1", "OptikHH", id="in another case"),
        pytest.param("hh2", "Klein", id="the exact name goes before another spelling"),
        pytest.param("HH3", "Optik", id="a branch without a sender of its own"),
        pytest.param("B9", "Optik", id="an unknown branch"),
        pytest.param("", "Optik", id="no branch"),
    ],
)
def test_the_sender_follows_the_branch(gateway: SmsCreatorGateway, branch: str, expected: str) -> None:
    branches = {
        "HH1": Branch(sms_sender="OptikHH"),
        "HH2": Branch(sms_sender="Gross"),
        "hh2": Branch(sms_sender="Klein"),
        "HH3": Branch(reply_to="hh3@example.org"),
    }
    content = Content(Channel.SMS, RECIPIENT, "de", "Hallo", parts=1, branch_code=branch)
    with sms_channel(gateway.url, branches=branches) as channel:
        channel.send(CLAIM, content)
    assert gateway.jobs[0].sender == expected


def test_a_text_that_no_encoding_knows_is_rejected(gateway: SmsCreatorGateway) -> None:
    content = Content(Channel.SMS, RECIPIENT, "de", "half a character \ud83d", parts=1)
    with sms_channel(gateway.url) as channel:
        assert channel.send(CLAIM, content) == Rejected("the text holds what no SMS can carry")
    assert gateway.requests == []


def test_a_test_message_goes_the_same_way_under_a_label_of_its_own(gateway: SmsCreatorGateway) -> None:
    with sms_channel(gateway.url) as channel:
        assert channel.test(CONTENT) == Sent("JobId 1")
    assert gateway.jobs[0].caption.startswith("test-message-")


def test_the_adapter_is_a_channel(gateway: SmsCreatorGateway) -> None:
    with sms_channel(gateway.url) as adapter:
        channel: delivery_channel.Channel = adapter
        assert channel.name is Channel.SMS


# ---------------------------------------------------------------- what answers mean


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(OK, Sent("JobId 4711"), id="Ok and Ok"),
        pytest.param(xml("Ok", "Ok"), Sent(""), id="sent, even without a JobId"),
        pytest.param(
            OK.replace("http://www.smscreator.de/gateway", "urn:x"), Sent("JobId 4711"), id="namespace"
        ),
        pytest.param(
            OK.replace(' xmlns="http://www.smscreator.de/gateway"', ""), Sent("JobId 4711"), id="none"
        ),
        pytest.param(OK.replace("SendSimpleSMSResult", "Anything"), Sent("JobId 4711"), id="another root"),
        pytest.param(OK.replace(">Ok<", ">\n Ok\n <"), Sent("JobId 4711"), id="indented"),
        # refused for good: the word is kept
        pytest.param(xml("Ok", "NoTextFound"), Rejected("NoTextFound"), id="NoTextFound"),
        pytest.param(xml("Ok", "NoDataFound"), Rejected("NoDataFound"), id="NoDataFound"),
        pytest.param(xml("Ok", "NoUrlFound"), Rejected("NoUrlFound"), id="NoUrlFound"),
        pytest.param(xml("Ok", "NoRecipientFound"), Rejected("NoRecipientFound"), id="NoRecipientFound"),
        pytest.param(xml("Ok", "SMSTypeError"), Rejected("SMSTypeError"), id="SMSTypeError"),
        pytest.param(
            xml("Ok", "Blacklisted"), Rejected("Blacklisted", "Blacklisted"), id="an unheard-of Status"
        ),
        pytest.param(xml("Ok", "ok"), Rejected("ok", "ok"), id="words are exact"),
        # a word never heard of with a job's number: something was taken
        pytest.param(
            OK.replace("<Status>Ok", "<Status>OK"),
            Unknown("the gateway's status is OK, with JobId 4711"),
            id="OK, with a job",
        ),
        pytest.param(
            OK.replace("<Status>Ok", "<Status>Queued"),
            Unknown("the gateway's status is Queued, with JobId 4711"),
            id="Queued, with a job",
        ),
        pytest.param(
            OK.replace("<Status>Ok", "<Status>NoRecipientFound"),
            Unknown("the gateway's status is NoRecipientFound, with JobId 4711"),
            id="a word of rejection, with a job",
        ),
        pytest.param(
            OK.replace("<Status>Ok", "<Status>Guthaben knapp"),
            Unknown("the gateway's status is Guthaben knapp, with JobId 4711"),
            id="a word about credit, with a job",
        ),
        # nobody knows
        pytest.param(xml("Ok"), Unknown("the gateway's answer has no status"), id="no Value"),
        pytest.param(xml("Ok", ""), Unknown("the gateway's answer has no status"), id="an empty Status"),
        pytest.param(xml("Ok", "None"), Unknown("the gateway's answer has no status"), id="Status None"),
        pytest.param(
            OK.replace("<Status>Ok</Status>", "<Status>Ok</Status><Status>NoTextFound</Status>"),
            Unknown("the gateway's answer has no status"),
            id="two Statuses",
        ),
        pytest.param(
            xml("DatabaseError"), Unknown("the gateway's StatusCode is DatabaseError"), id="DatabaseError"
        ),
        pytest.param(xml("None"), Unknown("the gateway's StatusCode is None"), id="StatusCode None"),
        pytest.param(
            xml("Strange", "Ok"), Unknown("the gateway's StatusCode is Strange"), id="unheard-of code"
        ),
        pytest.param("<a/>", Unknown("the gateway's StatusCode is missing"), id="no StatusCode"),
    ],
)
def test_every_word_of_the_gateway_has_its_outcome(body: str, expected: Outcome) -> None:
    assert outcome_against(answering(http("200 OK", body))) == expected


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(xml("InvalidUser"), id="InvalidUser"),
        pytest.param(xml("AccountLocked"), id="AccountLocked"),
        pytest.param(xml("IPLock"), id="IPLock"),
        pytest.param(xml("Ok", "NoCredits"), id="no credit"),
        pytest.param(xml("Ok", "GuthabenLeer"), id="no credit in German"),
        pytest.param(xml("InsufficientBalance"), id="no credit as a StatusCode"),
    ],
)
def test_trouble_with_the_account_closes_the_channel(body: str) -> None:
    outcome = outcome_against(answering(http("200 OK", body)))
    assert isinstance(outcome, Unavailable)
    assert (outcome.account_error, outcome.again) == (True, False)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="empty"),
        pytest.param(OK[:-9], id="half a document"),
        pytest.param(OK + OK, id="two documents"),
        pytest.param("<html><body><p>Wartung<br></body></html>", id="HTML"),
        pytest.param("<html><body>Ok</body></html>", id="HTML that parses"),
        pytest.param("Ok", id="plain text"),
        pytest.param('{"StatusCode": "Ok"}', id="JSON"),
        pytest.param(OK.replace("utf-8", "no-such-encoding"), id="an encoding nobody knows"),
        pytest.param(
            '<!DOCTYPE a [<!ENTITY x "Ok">]>'
            "<a><StatusCode>&x;</StatusCode><Value><Status>&x;</Status></Value></a>",
            id="an entity",
        ),
        pytest.param(
            '<!DOCTYPE a [<!ENTITY x0 "Ok">'
            + "".join(f'<!ENTITY x{n + 1} "{f"&x{n};" * 10}">' for n in range(12))
            + "]><a><StatusCode>&x12;</StatusCode></a>",
            id="an entity bomb",
        ),
        pytest.param(
            '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><StatusCode>&x;</StatusCode></a>',
            id="an external entity",
        ),
        pytest.param("<a>" * 20_000, id="nested without end"),
        pytest.param(OK + " " * 70_000, id="longer than any answer"),
    ],
)
def test_an_answer_that_does_not_parse_is_unknown(body: str) -> None:
    assert isinstance(outcome_against(answering(http("200 OK", body))), Unknown)


@pytest.mark.parametrize(
    ("status", "headers", "flags"),
    [
        pytest.param("400 Bad Request", (), NOT_NOW, id="400"),
        pytest.param("401 Unauthorized", (), ACCOUNT_ERROR, id="401"),
        pytest.param("403 Forbidden", (), ACCOUNT_ERROR, id="403"),
        pytest.param("404 Not Found", (), NOT_NOW, id="404"),
        pytest.param("408 Request Timeout", (), NOT_NOW, id="408"),
        pytest.param("429 Too Many Requests", (), LATER, id="429"),
        pytest.param("429 Too Many Requests", ("Retry-After: 4",), LATER, id="429, within our pauses"),
        pytest.param(
            "429 Too Many Requests", ("Retry-After: 60",), NOT_NOW, id="429, longer than our pauses"
        ),
        pytest.param("503 Service Unavailable", (), LATER, id="503"),
        pytest.param("503 Service Unavailable", ("retry-after: 3600",), NOT_NOW, id="503, in an hour"),
        pytest.param(
            "503 Service Unavailable",
            ("Retry-After: Tue, 24 Nov 2026 09:00:03 GMT",),
            LATER,
            id="503, at a date",
        ),
        pytest.param(
            "503 Service Unavailable",
            ("Retry-After: Tue, 24 Nov 2026 10:00:03 +0100",),
            LATER,
            id="503, at a date in our own zone",
        ),
        pytest.param(
            "503 Service Unavailable",
            ("Retry-After: Tue, 24 Nov 2026 10:00:00 GMT",),
            NOT_NOW,
            id="503, later",
        ),
        pytest.param("503 Service Unavailable", ("Retry-After: soon",), LATER, id="503, unreadable"),
        pytest.param("503 Service Unavailable", ("Retry-After: " + "9" * 500,), NOT_NOW, id="503, for ever"),
    ],
)
def test_an_http_status_that_surely_sent_nothing(
    status: str, headers: tuple[str, ...], flags: dict[str, bool]
) -> None:
    outcome = outcome_against(answering(http(status, OK, *headers)))
    flags |= {"too_fast": flags["again"]}  # of 429 and 503 alone
    assert outcome == Unavailable(f"the gateway answers HTTP {status[:3]}", **flags)


@pytest.mark.parametrize(
    "status",
    [
        *("500 Internal Server Error", "501 x", "502 Bad Gateway", "504 x", "599 x", "999 x"),
        *("302 Found", "303 x", "304 Not Modified", "307 Temporary Redirect"),
    ],
)
def test_an_http_status_that_may_have_sent_it_is_unknown(status: str) -> None:
    outcome = outcome_against(answering(http(status, OK, "Location: http://[")))
    assert outcome == Unknown(f"the gateway answers HTTP {status[:3]}")


@pytest.mark.parametrize("status", [301, 308])
def test_a_gateway_that_moved_for_good_took_nothing(status: int) -> None:
    outcome = outcome_against(answering(http(f"{status} Moved", OK, "Location: http://127.0.0.1:1/")))
    moved = f"the gateway answers HTTP {status}: it has moved, so base_url is out of date"
    assert outcome == Unavailable(moved, **NOT_NOW)


def test_another_2xx_means_what_its_body_says() -> None:
    assert outcome_against(answering(http("202 Accepted", OK))) == Sent("JobId 4711")


# ---------------------------------------------------------------- the balance


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("1234.5", Balance(Decimal("1234.5")), id="with a fraction"),
        pytest.param(" 0 ", Balance(Decimal(0)), id="nothing left"),
        pytest.param("-3.25", Balance(Decimal("-3.25")), id="overdrawn"),
        pytest.param("", Unknown("the balance is not a number"), id="empty"),
        pytest.param("viel", Unknown("the balance is not a number"), id="a word"),
        pytest.param("NaN", Unknown("the balance is not a number"), id="not a number"),
        pytest.param("1e999999", Unknown("the balance is not a number"), id="absurd"),
        pytest.param("12,50", Unknown("the balance is not a number"), id="a comma"),
        pytest.param("٣", Unknown("the balance is not a number"), id="other digits"),
    ],
)
def test_the_balance_is_a_decimal_number(value: str, expected: Balance | Unknown) -> None:
    body = f'<R xmlns="urn:x"><StatusCode>Ok</StatusCode><Value>{value}</Value></R>'.encode()
    assert outcome_of_balance(Answer(200, body), NOW) == expected


def test_the_balance_is_asked_for_with_the_account_alone(gateway: SmsCreatorGateway) -> None:
    gateway.balance = Decimal("17.5")
    with sms_channel(gateway.url + "/") as channel:
        assert channel.balance() == Balance(Decimal("17.5"))
    (request,) = gateway.requests
    assert request.path == "/gateway/Information.asmx/QueryAccountBalance"
    assert request.fields == {"User": SERIAL, "Password": PASSWORD}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(
            GatewayAnswer(status_code="AccountLocked"),
            Unavailable("the gateway refuses the account: AccountLocked", **ACCOUNT_ERROR),
            id="locked",
        ),
        pytest.param(
            GatewayAnswer(http_status=503),
            Unavailable("the gateway answers HTTP 503", too_fast=True),
            id="unavailable",
        ),
        pytest.param(GatewayAnswer(http_status=500), Unknown("the gateway answers HTTP 500"), id="500"),
        pytest.param(
            GatewayAnswer(hang_up=True),
            Unknown("127.0.0.1: the connection ended, or broke the protocol, before a whole answer had come"),
            id="hangs up",
        ),
    ],
)
def test_a_balance_that_cannot_be_had_says_why(
    gateway: SmsCreatorGateway, answer: GatewayAnswer, expected: Unavailable | Unknown
) -> None:
    gateway.script = lambda request: answer
    with sms_channel(gateway.url) as channel:
        assert channel.balance() == expected


# ---------------------------------------------------------------- privacy


@pytest.mark.parametrize(
    "word",
    [
        pytest.param(f"Wrong password {PASSWORD}".replace("&", "&amp;"), id="the password"),
        pytest.param(f"User {SERIAL} unknown", id="the serial number"),
        pytest.param("Bad number 00491715555555", id="the recipient as sent"),
        pytest.param("Bad number +491715555555", id="the recipient as planned"),
    ],
)
def test_a_gateway_that_repeats_what_it_was_told_cannot_make_us_show_it(word: str) -> None:
    for body in (xml("Ok", word), xml(word), xml("Credit " + word)):
        outcome = outcome_against(answering(http("200 OK", body)))
        shown = repr(outcome)
        assert "•••" in shown
        assert not any(secret in shown for secret in (PASSWORD, SERIAL, "1715555555"))


def test_a_gateways_word_is_shown_short_and_without_control_characters() -> None:
    body = xml("Ok", "Zeile 1&#13;&#10;\tZeile\u202e 2&#133;" + "x" * 500).encode()
    outcome = outcome_of_send(Answer(200, body), NOW)
    assert isinstance(outcome, Rejected)
    assert outcome.detail.startswith("Zeile 1 Zeile 2 xxx")
    assert len(outcome.detail) == 120
    assert outcome.detail.isprintable()
    assert outcome.unheard_word == outcome.detail
