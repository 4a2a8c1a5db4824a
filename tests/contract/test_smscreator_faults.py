"""The `sms` channel and sockets that misbehave: before the request left, surely not sent; then unknown."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from peers import (
    PATIENCE,
    a_peer,
    a_port_nobody_listens_on,
    dribble,
    read_http_request,
    reset,
)
from sms_under_test import (
    CLAIM,
    CONTENT,
    OK,
    PASSWORD,
    LoopbackSmsCreator,
    dribbles_the_body,
    hangs_up_at_once,
    hangs_up_in_the_body,
    http,
    outcome_against,
    resets_after_reading,
    resets_while_reading,
    says_nothing,
    sms_channel,
)

from terminbenachrichtigung.demo.loopback import Answer as GatewayAnswer
from terminbenachrichtigung.demo.smscreator import SmsCreatorGateway
from terminbenachrichtigung.model.delivery import Outcome, Sent, Unavailable, Unknown


@pytest.fixture
def gateway() -> Iterator[SmsCreatorGateway]:
    with LoopbackSmsCreator() as started:
        yield started


# ---------------------------------------------------------------- what faults mean


def hangs_up_in_the_headers(connection: socket.socket) -> None:
    read_http_request(connection)
    connection.sendall(http("200 OK", OK)[:30])


def speaks_no_http(connection: socket.socket) -> None:
    read_http_request(connection)
    connection.sendall(b"220 mail.example.org ESMTP\r\n\r\n" + PASSWORD.encode())


def dribbles_headers(connection: socket.socket) -> None:
    read_http_request(connection)
    dribble(connection, http("200 OK", OK))


def dribbles_chunks(connection: socket.socket) -> None:
    read_http_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    dribble(connection, b"1;" + b"x" * 200)


def keeps_saying_continue(connection: socket.socket) -> None:
    read_http_request(connection)
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 50)


def sends_10_megabytes(connection: socket.socket) -> None:
    read_http_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 10_000_000)


def sends_headers_without_end(connection: socket.socket) -> None:
    read_http_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000)


@pytest.mark.parametrize(
    "behave",
    [
        hangs_up_at_once,
        resets_while_reading,
        resets_after_reading,
        hangs_up_in_the_headers,
        hangs_up_in_the_body,
        speaks_no_http,
        says_nothing,
        dribbles_headers,
        dribbles_the_body,
        dribbles_chunks,
        keeps_saying_continue,
        sends_10_megabytes,
        sends_headers_without_end,
    ],
)
def test_no_clear_answer_is_unknown_and_within_the_deadline(behave: Callable[[socket.socket], None]) -> None:
    outcome = outcome_against(behave, timeout_seconds=1)
    assert isinstance(outcome, Unknown)
    assert PASSWORD not in outcome.detail


def test_a_line_that_is_reset_at_once_is_no_traceback() -> None:
    # Whether it was ours when it broke is a matter of microseconds: refused, or cut off.
    assert isinstance(outcome_against(reset), Unavailable | Unknown)


def test_10_megabytes_are_not_read_to_the_end() -> None:
    sent: list[int] = []

    def behave(connection: socket.socket) -> None:
        read_http_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        sent.append(0)
        while True:
            sent[0] += connection.send(b"x" * 65536)

    assert outcome_against(behave) == Unknown("the gateway's answer is too long")
    assert sent[0] < 20_000_000  # what the buffers of both sides hold


def in_pieces(connection: socket.socket) -> None:
    read_http_request(connection)
    data = http("200 OK", OK)
    for start in range(0, len(data), 60):
        connection.sendall(data[start : start + 60])
        threading.Event().wait(0.02)


def slowly(connection: socket.socket) -> None:
    read_http_request(connection)
    threading.Event().wait(0.6)
    connection.sendall(http("200 OK", OK))


def until_it_closes(connection: socket.socket) -> None:
    read_http_request(connection)
    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + OK.encode())


def in_chunks(connection: socket.socket) -> None:
    read_http_request(connection)
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(OK), OK.encode())
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk)


def early(connection: socket.socket) -> None:
    connection.sendall(http("200 OK", OK))
    read_http_request(connection)


@pytest.mark.parametrize("behave", [in_pieces, slowly, until_it_closes, in_chunks, early])
def test_a_clear_answer_counts_however_it_comes(behave: Callable[[socket.socket], None]) -> None:
    assert outcome_against(behave) == Sent("JobId 4711")


def test_a_refused_connection_is_unavailable() -> None:
    with sms_channel(f"http://127.0.0.1:{a_port_nobody_listens_on()}") as channel:
        outcome = channel.send(CLAIM, CONTENT)
    assert outcome == Unavailable("127.0.0.1: the connection was refused")


@pytest.mark.parametrize("host", ["gateway.invalid", "a..b", "x" * 64 + ".example"])
def test_a_name_that_cannot_be_resolved_is_unavailable(host: str) -> None:
    with sms_channel(f"https://{host}/gateway", timeout_seconds=5) as channel:
        outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Unavailable)
    assert outcome.detail.startswith(f"{host}: ")


def test_a_name_lookup_that_hangs_is_unavailable_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    ended = threading.Event()

    def hangs(*_: object, **__: object) -> list[object]:
        over.wait(PATIENCE)
        ended.set()
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    with sms_channel("https://gateway.example/gateway", timeout_seconds=1) as channel:
        outcome = channel.send(CLAIM, CONTENT)
    assert not ended.is_set()
    over.set()
    assert ended.wait(PATIENCE)
    assert outcome == Unavailable("gateway.example: no answer within 1 seconds")


def test_a_name_that_gets_no_thread_to_be_looked_up_on_is_unavailable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuses(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with sms_channel("https://gateway.example/gateway") as channel:
        monkeypatch.setattr(threading.Thread, "start", refuses)
        outcome = channel.send(CLAIM, CONTENT)
    assert outcome == Unavailable("gateway.example: the system allows no further thread")


@contextmanager
def never_accepting(address: tuple[str, int]) -> Iterator[int]:
    """A port whose queue is full: the kernel answers no further handshake."""
    with socket.create_server(address, backlog=0) as full, ExitStack() as fillers:
        port: int = full.getsockname()[1]
        for _ in range(3):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex((address[0], port))
        time.sleep(0.1)
        yield port


def test_a_connection_that_is_never_accepted_is_unavailable() -> None:
    with (
        never_accepting(("127.0.0.1", 0)) as port,
        sms_channel(f"http://127.0.0.1:{port}", timeout_seconds=1) as channel,
    ):
        outcome = channel.send(CLAIM, CONTENT)
    assert outcome == Unavailable("127.0.0.1: no answer within 1 seconds")


def test_an_address_that_leads_nowhere_leaves_time_for_the_next(
    gateway: SmsCreatorGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in ("127.0.0.2", "127.0.0.1")
    ]
    look_up = socket.getaddrinfo

    def finds_both(host: str, *rest: Any, **named: Any) -> Any:
        return nowhere if host == "localhost" else look_up(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", finds_both)
    with (
        never_accepting(("127.0.0.2", gateway.port)),
        sms_channel(gateway.url.replace("127.0.0.1", "localhost"), timeout_seconds=2) as channel,
    ):
        assert channel.send(CLAIM, CONTENT) == Sent("JobId 1")


# ---------------------------------------------------------------- connections


def test_one_connection_serves_many_messages(gateway: SmsCreatorGateway) -> None:
    with sms_channel(gateway.url) as channel:
        for _ in range(20):
            channel.send(CLAIM, CONTENT)
    assert gateway.connections == 1
    assert len(gateway.jobs) == 20


def test_an_idle_connection_that_the_server_closed_is_not_used_again() -> None:
    def one_answer(connection: socket.socket) -> None:
        read_http_request(connection)
        connection.sendall(http("200 OK", OK, "Connection: keep-alive"))

    with a_peer(one_answer) as peer, sms_channel(f"http://127.0.0.1:{peer.port}") as channel:
        for sent_before in range(3):
            assert channel.send(CLAIM, CONTENT) == Sent("JobId 4711")
            assert peer.connections == sent_before + 1
            peer.threads[-1].join()  # it has closed the line


@pytest.mark.parametrize(
    "behind",
    [
        http("200 OK", OK),  # twice the same
        http("408 Request Timeout", "", "Connection: close"),  # "you are too slow", along with the answer
        b"\r\n",
    ],
)
def test_what_stands_behind_an_answer_is_no_answer_to_the_next_message(behind: bytes) -> None:
    taken = []

    def says_more(connection: socket.socket) -> None:
        while True:
            taken.append(read_http_request(connection))
            connection.sendall(http("200 OK", OK) + behind)

    with a_peer(says_more) as peer, sms_channel(f"http://127.0.0.1:{peer.port}") as channel:
        assert channel.send(CLAIM, CONTENT) == Sent("JobId 4711", "4711")
        outcome = channel.send(CLAIM, CONTENT)  # on the same connection; "sent" would lose this customer
        assert isinstance(outcome, Unavailable)
        assert outcome.again
        assert len(taken) == 1
        assert channel.send(CLAIM, CONTENT) == Sent("JobId 4711", "4711")
        assert len(taken) == peer.connections == 2


def test_a_connection_that_rested_is_not_used_again(gateway: SmsCreatorGateway) -> None:
    with sms_channel(gateway.url) as channel:
        channel.send(CLAIM, CONTENT)
        time.sleep(2.2)
        channel.send(CLAIM, CONTENT)
    assert gateway.connections == 2


def test_threads_share_the_channel() -> None:
    slow = LoopbackSmsCreator(script=lambda request: GatewayAnswer(delay=0.05))
    with slow as gateway, sms_channel(gateway.url, concurrency=8) as channel:
        outcomes: list[Outcome] = []

        def work() -> None:
            outcomes.extend(channel.send(CLAIM, CONTENT) for _ in range(5))

        workers = [threading.Thread(target=work) for _ in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert {outcome.detail for outcome in outcomes} == {f"JobId {number}" for number in range(1, 41)}
    assert gateway.connections <= 9
