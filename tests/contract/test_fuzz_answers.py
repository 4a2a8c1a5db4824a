"""Whatever a gateway or a mail server answers is an outcome; `sent` only where it said so clearly."""

import json
import re
import socket
from collections.abc import Iterator
from itertools import chain
from typing import Any
from xml.dom import expatbuilder

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail_under_test import CLAIM as MAIL_CLAIM
from mail_under_test import CONTENT as MAIL
from mail_under_test import mail_channel
from peers import NOW, Peer, a_peer, read_http_request, read_line
from sms_under_test import CLAIM, CONTENT, OK, PASSWORD, SERIAL, http, sms_channel

from fuzzing import inputs
from terminbenachrichtigung.delivery import lox24, seven
from terminbenachrichtigung.delivery.channel import Balance, Gateway
from terminbenachrichtigung.delivery.exchange import Answer
from terminbenachrichtigung.delivery.smscreator import outcome_of_balance, outcome_of_send
from terminbenachrichtigung.delivery.smtp import Smtp
from terminbenachrichtigung.model.delivery import Outcome, Rejected, Sent, Unavailable, Unknown

STATUSES = st.sampled_from([100, 200, 201, 202, 204, 299, 300, 302, 400, 401, 404, 429, 500, 503, 504, 999])


SPLINTERS = (
    *(
        b"Ok",
        b"None",
        b"<Value>",
        b"</Value>",
        b"<Status>Ok</Status>",
        b"<StatusCode>Ok</StatusCode>",
        b"<x>",
    ),
    *(b"</x>", b"<!--", b"<![CDATA[", b"&amp;", b"&x;", b"\0", b"\xff"),
)


@st.composite
def mutated(draw: st.DrawFn, good: bytes = OK.encode()) -> bytes:
    """A good answer of which some bytes, or some of its words, are other ones, missing, or there twice."""
    data = bytearray(good)
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 30)))
        data[start:end] = draw(
            st.one_of(
                st.binary(max_size=4),
                st.just(bytes(data[start:end]) * 2),
                st.sampled_from(SPLINTERS),
            )
        )
    return bytes(data)


WORDS = st.sampled_from(
    [
        *("Ok", "Ok", "ok", " Ok\n", "", "None", "InvalidUser", "NoRecipientFound", "NoCredits", "Guthaben"),
        *(PASSWORD, SERIAL, "x" * 300, "\x7f\u202e", "00491715555555", "DatabaseError"),
    ]
)
NAMES = st.sampled_from(["StatusCode", "Value", "Status", "JobId", "n:Status", "x", "SendSimpleSMSResult"])


def _element(name: str, inside: str) -> str:
    return f"<{name}>{inside}</{name}>"


def _escaped(word: str) -> str:
    return word.replace("&", "&amp;").replace("<", "&lt;")


ELEMENTS = st.recursive(
    WORDS.map(_escaped),
    lambda inner: st.lists(st.builds(_element, NAMES, inner), max_size=4).map("".join),
    max_leaves=8,
)
DOCUMENTS = ELEMENTS.map(
    lambda inside: f'<SendSimpleSMSResult xmlns:n="urn:x">{inside}</SendSimpleSMSResult>'.encode()
)
BODIES = st.one_of(mutated(), DOCUMENTS, st.binary(max_size=300))


def says_ok_and_ok(body: bytes) -> bool:
    """The same question asked of another parser, which is not ours: one StatusCode, one Value, one Status."""

    def words(parent: Any, name: str) -> list[Any]:
        return [node for node in parent.childNodes if node.nodeName.rpartition(":")[2] == name]

    def word(node: Any) -> str:
        # The text before the first child, as ElementTree has it; comments do not count.
        texts = []
        for child in node.childNodes:
            if child.nodeType in (child.TEXT_NODE, child.CDATA_SECTION_NODE):
                texts.append(child.data)
            elif child.nodeType == child.ELEMENT_NODE:
                break
        return "".join(texts).strip()

    root = expatbuilder.parseString(body, namespaces=False).documentElement
    codes, values = words(root, "StatusCode"), words(root, "Value")
    statuses = list(chain.from_iterable(words(value, "Status") for value in values))
    return [len(codes), len(values), len(statuses)] == [1, 1, 1] and {
        word(codes[0]),
        word(statuses[0]),
    } == {"Ok"}


def assert_shows_no_secret(outcome: Outcome) -> None:
    assert isinstance(outcome, Sent | Rejected | Unavailable | Unknown)
    assert outcome.detail.isprintable()
    assert len(outcome.detail) < 250
    for secret in (PASSWORD, SERIAL, "1715555555"):
        assert secret not in outcome.detail


@inputs(15)
@given(body=BODIES, status=STATUSES, retry_after=st.one_of(st.just(""), st.text(max_size=40)))
def test_any_answer_to_an_sms_is_an_outcome_and_sent_only_if_it_says_ok_and_ok(
    body: bytes, status: int, retry_after: str
) -> None:
    outcome = outcome_of_send(Answer(status, body, {"retry-after": retry_after}), NOW, (PASSWORD, SERIAL))
    assert_shows_no_secret(outcome)
    if isinstance(outcome, Sent):
        assert 200 <= status < 300
        assert says_ok_and_ok(body)


def test_the_good_answer_is_among_those_that_are_sent() -> None:
    """Else the test above could not fail."""
    assert says_ok_and_ok(OK.encode())
    assert isinstance(outcome_of_send(Answer(200, OK.encode()), NOW), Sent)


@inputs(3)
@given(
    body=st.one_of(
        BODIES,
        st.text(max_size=20).map(lambda value: OK.replace("<Status>Ok</Status>", _escaped(value)).encode()),
    )
)
def test_any_answer_about_the_balance_is_a_number_or_an_outcome(body: bytes) -> None:
    balance = outcome_of_balance(Answer(200, body), NOW, (PASSWORD, SERIAL))
    if isinstance(balance, Balance):
        assert balance.amount.is_finite()
    else:
        assert_shows_no_secret(balance)


JSON_WORDS = st.sampled_from(
    [
        *("100", "202", "402", "500", "900", "11", "", "phone", "text: x", "u-1", PASSWORD, "\x7f\u202e\n"),
        *(0, 1, 3000, 100, 1e300, -1, True, None, "1e400", "00491715555555", 10**30),
    ]
)
JSON_KEYS = st.sampled_from(
    [
        *("uuid", "status_code", "price", "success", "messages", "error", "id", "detail", "violations"),
        *("propertyPath", "amount", "balance_amount", "currency"),
    ]
)
JSON_BODIES = st.one_of(
    st.recursive(
        JSON_WORDS,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(JSON_KEYS, inner, max_size=6)),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=200),
)


@inputs(10)
@given(
    body=JSON_BODIES,
    status=st.sampled_from([200, 201, 202, 301, 302, 400, 401, 402, 404, 422, 429, 500, 503]),
)
def test_any_answer_of_the_gateways_that_speak_json_is_an_outcome(body: bytes, status: int) -> None:
    answer = Answer(status, body)
    for sent_by, found in (
        (201, lox24.outcome_of_send(answer, NOW, (PASSWORD, SERIAL))),
        (200, seven.outcome_of_send(answer, NOW, (PASSWORD, SERIAL))),
    ):
        assert_shows_no_secret(found)
        if isinstance(found, Sent):
            said = json.loads(body)
            assert status == sent_by
            assert isinstance(said, dict)
            if sent_by == 201:
                assert (str(said["status_code"]), bool(said["uuid"])) in {("0", True), ("0.0", True)}
            else:
                assert (str(said["success"]), said["messages"][0]["success"]) == ("100", True)


# ---------------------------------------------------------------- over real sockets


class Saying:
    """A peer that says what it was told to say last, and hangs up."""

    def __init__(self) -> None:
        self.data = b""
        self.replies: list[bytes] = []

    def as_gateway(self, connection: socket.socket) -> None:
        read_http_request(connection)
        connection.sendall(self.data)

    def as_mail_server(self, connection: socket.socket) -> None:
        """One reply to the connection, one to each command, and one to the data."""
        replies = list(self.replies)
        connection.sendall(replies.pop(0))
        while replies:
            command = read_line(connection)
            reply = replies.pop(0)
            connection.sendall(reply)
            if command == b"DATA" and reply.startswith(b"354"):
                while replies and read_line(connection) != b".":
                    pass
                if replies:
                    connection.sendall(replies.pop(0))


@pytest.fixture(scope="module")
def saying() -> Saying:
    return Saying()


@pytest.fixture(scope="module")
def gateway(saying: Saying) -> Iterator[Gateway]:
    with a_peer(saying.as_gateway) as peer, sms_channel(f"http://127.0.0.1:{peer.port}/gateway") as channel:
        yield channel


@pytest.fixture(scope="module")
def mail_server(saying: Saying) -> Iterator[tuple[Smtp, Peer]]:
    with a_peer(saying.as_mail_server) as peer, mail_channel(peer.port) as channel:
        yield channel, peer


def _head(draw: st.DrawFn) -> bytes:
    return draw(mutated(http("200 OK", OK, "Connection: close").partition(b"\r\n\r\n")[0])) + b"\r\n\r\n"


@st.composite
def http_answers(draw: st.DrawFn) -> bytes:
    """Mostly something like HTTP."""
    body = draw(BODIES)
    good = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    return draw(st.one_of(st.just(good), st.builds(lambda: _head(draw)), st.binary(max_size=50))) + body


@inputs(2)
@given(data=http_answers())
def test_whatever_comes_over_the_line_from_a_gateway_is_an_outcome(
    gateway: Gateway, saying: Saying, data: bytes
) -> None:
    saying.data = data
    outcome = gateway.send(CLAIM, CONTENT)
    assert_shows_no_secret(outcome)
    if isinstance(outcome, Sent):
        assert re.match(rb"HTTP/1\.[01] 2\d\d\b", data)
        assert data.count(b"Ok") >= 2


REPLIES = st.sampled_from(
    [
        *(
            b"220 x",
            b"250 OK",
            b"250-x\r\n250 STARTTLS",
            b"250-",
            b"250",
            b"354 go",
            b"421 bye",
            b"451 later",
        ),
        *(b"550 no", b"999 x", b"", b"\0", b"2500 x", b"25", b"-1 x", b"\xff\xfe"),
    ]
)


@st.composite
def conversations(draw: st.DrawFn) -> list[bytes]:
    """A good conversation up to some point, anything there, and then the line is cut."""
    good = [b"220 x\r\n", b"250 x\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go\r\n", b"250 queued\r\n"]
    anything = draw(st.one_of(st.lists(REPLIES, max_size=3).map(b"\r\n".join), st.binary(max_size=30)))
    return [*good[: draw(st.integers(0, len(good)))], anything + draw(st.sampled_from([b"\r\n", b""]))]


@inputs(2)
@given(replies=conversations())
def test_whatever_a_mail_server_says_is_an_outcome(
    mail_server: tuple[Smtp, Peer], saying: Saying, replies: list[bytes]
) -> None:
    channel, _ = mail_server
    saying.replies = replies
    outcome = channel.send(MAIL_CLAIM, MAIL)
    assert isinstance(outcome, Sent | Rejected | Unavailable | Unknown)
    assert outcome.detail.isprintable()
    if isinstance(outcome, Sent):
        assert any(reply.startswith(b"354") for reply in replies)
        assert sum(reply.startswith(b"2") for reply in replies) >= 4
