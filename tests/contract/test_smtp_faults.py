"""The `email` channel and servers that misbehave: before the data leave, surely not sent; then unknown."""

import re
import socket
import threading
from typing import Any

import pytest
from mail_under_test import (
    CLAIM,
    CONTENT,
    PASSWORD,
    Act,
    Behaviour,
    a_server,
    hangs_up,
    mail_channel,
    stays_silent,
)
from peers import (
    a_peer,
    certified_server,
    dribble,
    reset,
    trusting_client,
)

from terminbenachrichtigung.model.delivery import Outcome, Rejected, Sent, Unavailable, Unknown


def dribbles(connection: socket.socket) -> None:
    dribble(connection, b"250-" + b"x" * 200)


def talks_without_end(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"250-and another thing\r\n" * 100)


def says_a_line_without_end(connection: socket.socket) -> None:
    connection.sendall(b"250 " + b"x" * 100_000)


def babbles(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def outcome_against(behave: Behaviour, **changed: Any) -> Outcome:
    """What comes of it within a deadline of one second; a peer notices when the deadline is not kept."""
    given: dict[str, Any] = {"timeout_seconds": 1, "trusted": trusting_client()} | changed
    with a_peer(behave) as peer, mail_channel(peer.port, **given) as channel:
        return channel.send(CLAIM, CONTENT)


FAULTS = [dribbles, talks_without_end, says_a_line_without_end, stays_silent, hangs_up, reset, babbles]


@pytest.mark.parametrize("step", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_before_the_data_is_unavailable(step: str, fault: Behaviour) -> None:
    outcome = outcome_against(a_server(**{step: fault, "HELO": fault}))
    assert isinstance(outcome, Unavailable)
    assert not outcome.account_error


@pytest.mark.parametrize("step", ["GREETING", "MAIL", "RCPT"])
def test_a_server_that_hangs_up_is_no_working_one_for_config_check(step: str) -> None:
    with a_peer(a_server(**{step: hangs_up})) as peer, mail_channel(peer.port) as channel:
        assert isinstance(channel.check(), Unavailable)


LATER, REFUSED = ("400", "450", "499"), ("500", "550", "599")
NO_ANSWER = ("199", "300", "354", "399", "600")
REPLIES = [
    # to what; the code; what becomes of the message
    *(("MAIL", code, Unavailable(f"sender refused: {code} x")) for code in (*LATER, *NO_ANSWER)),
    *(
        ("MAIL", code, Unavailable(f"sender refused: {code} x", account_error=True, again=False))
        for code in REFUSED
    ),
    *(("RCPT", code, Unavailable(f"{code} x", recipient_only=True)) for code in LATER),
    *(("RCPT", code, Unavailable(f"{code} x")) for code in ("421", *NO_ANSWER)),
    *(("RCPT", code, Rejected(f"{code} x")) for code in REFUSED),
    *((step, code, Sent("250 OK queued")) for step in ("MAIL", "RCPT") for code in ("200", "299")),
    *(("PAYLOAD", code, Sent(f"{code} x")) for code in ("200", "250", "299")),
    *(("PAYLOAD", code, Unavailable(f"{code} x")) for code in LATER),
    *(("PAYLOAD", code, Rejected(f"{code} x")) for code in REFUSED),
    *(("PAYLOAD", code, Unknown(f"no clear answer to the data: {code} x")) for code in NO_ANSWER),
]


@pytest.mark.parametrize(("step", "code", "outcome"), REPLIES)
def test_what_every_reply_of_a_server_means(step: str, code: str, outcome: Outcome) -> None:
    assert outcome_against(a_server(**{step: f"{code} x".encode()})) == outcome


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_after_the_data_is_unknown(fault: Behaviour) -> None:
    assert isinstance(outcome_against(a_server(PAYLOAD=fault)), Unknown)


def test_a_reply_without_end_is_not_read_until_the_deadline() -> None:
    said: list[int] = [0]

    def talks_on(connection: socket.socket) -> None:
        while True:
            said[0] += connection.send(b"250-and another thing\r\n" * 100)

    with a_peer(a_server(MAIL=talks_on)) as peer, mail_channel(peer.port, timeout_seconds=60) as channel:
        assert isinstance(channel.send(CLAIM, CONTENT), Unavailable)
    assert said[0] < 20_000_000  # what is read of one reply, and what the buffers of both sides hold


def go_ahead_and_reset(connection: socket.socket) -> None:
    connection.sendall(b"354 go ahead\r\n")
    reset(connection)


def go_ahead_and_hang_up(connection: socket.socket) -> None:
    connection.sendall(b"354 go ahead\r\n")
    hangs_up(connection)


@pytest.mark.parametrize("fault", [go_ahead_and_reset, go_ahead_and_hang_up])
def test_a_line_that_breaks_while_the_data_leave_is_unknown(fault: Behaviour) -> None:
    assert isinstance(outcome_against(a_server(DATA=fault)), Unknown)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(
            {"GREETING": b"554 no"},
            Unavailable("127.0.0.1 refuses the connection: 554 no"),
            id="greeting 5xx",
        ),
        pytest.param(
            {"GREETING": b"421 busy"},
            Unavailable("127.0.0.1 refuses the connection: 421 busy"),
            id="greeting 4xx",
        ),
        pytest.param({"EHLO": b"500 what?"}, Sent("250 OK queued"), id="a server from before EHLO"),
        pytest.param(
            {"EHLO": b"500 what?", "HELO": b"550 no"},
            Unavailable("127.0.0.1 refuses to begin: 550 no"),
            id="neither EHLO nor HELO",
        ),
        pytest.param({"DATA": b"554 nobody"}, Rejected("554 nobody"), id="DATA 5xx"),
        pytest.param({"DATA": b"451 busy"}, Unavailable("451 busy"), id="DATA 4xx"),
        pytest.param({"DATA": b"250 what?"}, Unavailable("250 what?"), id="DATA without 354"),
        pytest.param({"PAYLOAD": b"250-OK\r\n250 queued"}, Sent("250 OK queued"), id="a reply of two lines"),
        pytest.param({"PAYLOAD": b"250"}, Sent("250"), id="a reply without words"),
        pytest.param({"PAYLOAD": b"250 \xff\x1b[31m\x07ok"}, Sent("250 � [31m ok"), id="a reply of rubbish"),
        pytest.param({"PAYLOAD": b"250 " + b"x" * 500}, Sent("250 " + "x" * 119 + "…"), id="a long one"),
    ],
)
def test_a_reply_at_each_step_has_its_outcome(changed: dict[str, Act], expected: Outcome) -> None:
    assert outcome_against(a_server(**changed), timeout_seconds=20) == expected


# ---------------------------------------------------------------- STARTTLS


def ready_and_then(fault: Behaviour) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        connection.sendall(b"220 ready\r\n")
        fault(connection)

    return behave


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"454 not now", id="refused"),
        pytest.param(ready_and_then(stays_silent), id="silent"),
        pytest.param(ready_and_then(dribbles), id="dribbles"),
        pytest.param(ready_and_then(hangs_up), id="hangs up"),
        pytest.param(ready_and_then(babbles), id="speaks no TLS"),
    ],
)
def test_a_starttls_that_fails_is_unavailable(answer: Act) -> None:
    behave = a_server(EHLO=b"250-mail.example.org\r\n250 STARTTLS", STARTTLS=answer)
    outcome = outcome_against(behave, security="starttls")
    assert isinstance(outcome, Unavailable)
    assert not outcome.account_error


def test_a_late_handshake_has_only_the_time_that_is_left() -> None:
    # With two seconds of its own the handshake would succeed, and the mail be sent.
    def late(connection: socket.socket) -> None:
        threading.Event().wait(1.5)
        connection.sendall(b"220 ready\r\n")
        threading.Event().wait(1)
        with certified_server().wrap_socket(connection, server_side=True) as secured:
            a_server(GREETING=lambda _: None)(secured)

    behave = a_server(EHLO=b"250-mail.example.org\r\n250 STARTTLS", STARTTLS=late)
    outcome = outcome_against(behave, security="starttls", timeout_seconds=2)
    assert outcome == Unavailable("127.0.0.1: no answer within 2 seconds")


@pytest.mark.parametrize("fault", [dribbles, stays_silent, hangs_up])
def test_a_fault_behind_tls_after_the_data_is_unknown(fault: Behaviour) -> None:
    with (
        a_peer(a_server(PAYLOAD=fault), certified_server()) as peer,
        mail_channel(peer.port, security="tls", trusted=trusting_client(), timeout_seconds=1) as channel,
    ):
        assert isinstance(channel.send(CLAIM, CONTENT), Unknown)


# ---------------------------------------------------------------- logins


@pytest.mark.parametrize(
    ("answer", "account_error"),
    [
        pytest.param(b"535 5.7.8 no", True, id="refused"),
        pytest.param(b"500 what?", True, id="not understood, though it was offered"),
        pytest.param(b"454 4.7.0 try later", False, id="not now"),
        pytest.param(b"421 bye", False, id="leaves"),
        pytest.param(b"334 VXNlcm5hbWU6", True, id="asks on, and refuses the answer"),
        pytest.param(b"334 A", True, id="asks something that is not base64"),
        pytest.param(stays_silent, False, id="silent"),
        pytest.param(hangs_up, False, id="hangs up"),
        pytest.param(babbles, False, id="babbles"),
        pytest.param(says_a_line_without_end, False, id="says a line without end"),
    ],
)
def test_a_login_that_is_not_refused_for_good_leaves_the_channel_open(
    answer: Act, account_error: bool
) -> None:
    behave = a_server(EHLO=b"250-mail.example.org\r\n250 AUTH PLAIN", AUTH=answer)
    outcome = outcome_against(behave, username="praxis", password=PASSWORD)
    assert isinstance(outcome, Unavailable)
    assert outcome.account_error is account_error


def test_a_server_that_repeats_the_password_cannot_make_us_show_it() -> None:
    behave = a_server(
        EHLO=b"250-mail.example.org\r\n250 AUTH PLAIN", AUTH=b"535 wrong password " + PASSWORD.encode()
    )
    outcome = outcome_against(behave, username="praxis", password=PASSWORD)
    assert outcome.detail == "127.0.0.1 refuses the login: 535 wrong password •••"


OFFERED = [
    # what the server says it takes, and the sentence about it
    (b"250 AUTH NTLM GSSAPI", 'takes NTLM GSSAPI, and email.auth = "password" PLAIN, LOGIN and CRAM-MD5'),
    (b"250 SIZE 1000", 'takes none on this port; leave email.username empty, .* "starttls"'),
    (b"250 AUTH CRAM-MD5", "asks for it in a garbled way"),
]


@pytest.mark.parametrize(("offered", "sentence"), OFFERED)
def test_why_nobody_can_log_in_is_said_with_what_to_do(offered: bytes, sentence: str) -> None:
    behave = a_server(EHLO=b"250-mail.example.org\r\n" + offered, AUTH=b"334 !garbled!")
    with a_peer(behave) as peer, mail_channel(peer.port, username="praxis", password="x") as channel:
        outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Unavailable)
    assert (outcome.account_error, outcome.again) == (True, False)
    assert re.search(sentence, outcome.detail)


def test_a_server_may_write_its_methods_in_small_letters() -> None:
    behave = a_server(EHLO=b"250-mail.example.org\r\n250 auth plain", AUTH=b"235 welcome")
    with a_peer(behave) as peer, mail_channel(peer.port, username="praxis", password="x") as channel:
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
