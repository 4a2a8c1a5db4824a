"""The `email` channel's sessions: which are used again, and what happens where a server takes few of them."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest
from mail_under_test import CLAIM, CONTENT, Act, Behaviour, a_server, hangs_up, mail_channel, stays_silent
from peers import a_peer

from terminbenachrichtigung.delivery.deadline import Deadline
from terminbenachrichtigung.delivery.smtp import Smtp
from terminbenachrichtigung.delivery.smtp_session import Sessions
from terminbenachrichtigung.model.delivery import Outcome, Rejected, Sent, Unavailable, Unknown


def test_a_session_that_died_without_a_word_costs_no_more_than_the_deadline() -> None:
    mails: list[socket.socket] = []

    def once(connection: socket.socket) -> None:
        mails.append(connection)
        if len(mails) == 2:
            stays_silent(connection)
        connection.sendall(b"250 OK\r\n")

    with a_peer(a_server(MAIL=once)) as peer, mail_channel(peer.port, timeout_seconds=1) as channel:
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
        assert isinstance(channel.send(CLAIM, CONTENT), Unavailable)
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
        assert peer.connections == 2


def test_a_session_that_rested_for_long_is_not_used_again() -> None:
    with a_peer(a_server()) as peer, mail_channel(peer.port, idle_seconds=0.05) as channel:
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
        time.sleep(0.1)
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
        assert peer.connections == 2


def test_a_session_that_is_out_of_step_is_not_used_again() -> None:
    def two_answers(connection: socket.socket) -> None:
        connection.sendall(b"nonsense\r\n250 OK queued\r\n")

    with a_peer(a_server(PAYLOAD=two_answers)) as peer, mail_channel(peer.port) as channel:
        assert isinstance(channel.send(CLAIM, CONTENT), Unknown)
        assert isinstance(channel.send(CLAIM, CONTENT), Unknown)
        assert peer.connections == 2


@pytest.mark.parametrize("refusal", [b"450 mailbox busy", b"550 no such user"])
def test_a_session_in_which_one_recipient_was_refused_is_used_again(refusal: bytes) -> None:
    with a_peer(a_server(RCPT=refusal)) as peer, mail_channel(peer.port) as channel:
        for _ in range(3):
            assert channel.send(CLAIM, CONTENT).detail == refusal.decode()
        assert peer.connections == 1


def test_a_session_that_will_not_be_reset_is_not_used_again() -> None:
    with (
        a_peer(a_server(RCPT=b"550 no such user", RSET=b"502 what?")) as peer,
        mail_channel(peer.port) as channel,
    ):
        assert channel.send(CLAIM, CONTENT) == Rejected("550 no such user")
        assert channel.send(CLAIM, CONTENT) == Rejected("550 no such user")
        assert peer.connections == 2


def so_many_at_a_time(most: int, **changed: Act) -> Behaviour:
    """A server that refuses more sessions than so many, as many do by the client's address."""
    behave, places = a_server(**changed), threading.Semaphore(most)

    def or_refuse(connection: socket.socket) -> None:
        if not places.acquire(blocking=False):
            connection.sendall(b"421 4.7.0 too many connections from your IP\r\n")
            return
        try:
            behave(connection)
        finally:
            places.release()

    return or_refuse


def sent_by_threads(channel: Smtp, threads: int, each: int = 4) -> list[Outcome]:
    """What becomes of the mails of several threads that begin at once."""
    together = threading.Barrier(threads)

    def send(_: int) -> list[Outcome]:
        together.wait()
        return [channel.send(CLAIM, CONTENT) for _ in range(each)]

    with ThreadPoolExecutor(threads) as pool:
        return list(chain(*pool.map(send, range(threads))))


@pytest.mark.parametrize(("most", "threads"), [(1, 2), (1, 4), (2, 4)])
def test_a_server_that_takes_few_sessions_at_a_time_takes_all_mails(most: int, threads: int) -> None:
    with a_peer(so_many_at_a_time(most)) as peer, mail_channel(peer.port) as channel:
        outcomes = sent_by_threads(channel, threads)
    assert outcomes == [Sent("250 OK queued")] * 4 * threads


def test_a_server_that_takes_no_session_at_all_keeps_nobody_waiting() -> None:
    with a_peer(so_many_at_a_time(0)) as peer, mail_channel(peer.port) as channel:
        began = time.monotonic()
        outcomes = sent_by_threads(channel, threads=4, each=1)
        assert time.monotonic() - began < 5
    assert {outcome.detail for outcome in outcomes} == {
        "127.0.0.1 refuses the connection: 421 4.7.0 too many connections from your IP"
    }


def test_who_waits_for_a_session_waits_no_longer_than_the_deadline() -> None:
    sessions = Sessions(idle_seconds=30)
    with sessions.one_more_at_work(), sessions.one_more_at_work():
        assert sessions.are_scarce()
        began = time.monotonic()
        assert sessions.take(Deadline(0.05, "mail.example.org")) is None
        assert 0.04 < time.monotonic() - began < 5


def test_nobody_waits_before_a_session_was_refused() -> None:
    sessions = Sessions(idle_seconds=30)
    with sessions.one_more_at_work(), sessions.one_more_at_work():
        began = time.monotonic()
        assert sessions.take(Deadline(5, "mail.example.org")) is None
        assert time.monotonic() - began < 4


def test_who_is_alone_waits_for_nobody() -> None:
    sessions = Sessions(idle_seconds=30)
    with sessions.one_more_at_work():
        with sessions.one_more_at_work():
            assert sessions.are_scarce()
        assert sessions.take(Deadline(60, "mail.example.org")) is None
        assert not sessions.are_scarce()


def test_close_takes_leave_of_the_server() -> None:
    left: list[bool] = []

    def bye(connection: socket.socket) -> None:
        left.append(True)
        connection.sendall(b"221 bye\r\n")

    with a_peer(a_server(QUIT=bye)) as peer, mail_channel(peer.port) as channel:
        channel.send(CLAIM, CONTENT)
        channel.close()
        assert left == [True]


@pytest.mark.parametrize("fault", [stays_silent, hangs_up])
def test_close_does_not_wait_for_a_server_that_has_gone(fault: Behaviour) -> None:
    with a_peer(a_server(QUIT=fault)) as peer, mail_channel(peer.port, timeout_seconds=1) as channel:
        channel.send(CLAIM, CONTENT)
        channel.close()
