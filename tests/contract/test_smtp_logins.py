"""How the `email` channel logs in: passwords of any letters, and tokens; and what a check tries."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from mail_under_test import CLAIM, CONTENT, RECIPIENT, mail_channel, mail_content
from peers import (
    MESSAGE_ID,
    NOW,
    a_peer,
    a_port_nobody_listens_on,
    certified_server,
    read_line,
    trusting_client,
    until_hung_up,
)
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from terminbenachrichtigung.config.channels import EmailSettings
from terminbenachrichtigung.delivery.mail import compose
from terminbenachrichtigung.demo.mailserver import MailServer
from terminbenachrichtigung.model.delivery import Outcome, Sent, Unavailable

MAILBOX = "termine@praxis.example"
SECRET = "the-s3cret"
REFRESH = "the-refresh-t0ken"


class Endpoint:
    """A token endpoint: what it was asked, and the next answers; the last one stays."""

    def __init__(self, server: HTTPServer) -> None:
        self.forms: list[dict[str, str]] = []
        self.answers: list[tuple[int, Any]] = [(200, {"access_token": "t1", "token_type": "Bearer"})]
        self.url = server.url_for("/token")
        server.expect_request("/token", method="POST").respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        self.forms.append(request.form.to_dict())
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return Response(body if isinstance(body, str) else json.dumps(body), status)


@pytest.fixture
def endpoint(httpserver: HTTPServer) -> Endpoint:
    return Endpoint(httpserver)


def by_token(url: str, **changed: Any) -> dict[str, Any]:
    oauth2 = {"token_url": url, "client_id": "app", "client_secret": SECRET, "scope": "smtp", **changed}
    return {"auth": "oauth2", "username": MAILBOX, "oauth2": oauth2}


# ---------------------------------------------------------------- tokens


def test_client_credentials_open_the_mailbox_with_one_token_for_all_mails(endpoint: Endpoint) -> None:
    with (
        MailServer(token=(MAILBOX, "t1"), starttls=certified_server()) as server,
        mail_channel(
            server.port, security="starttls", trusted=trusting_client(), **by_token(endpoint.url)
        ) as channel,
    ):
        assert channel.check() is None
        outcomes: list[Outcome] = []
        threads = [
            threading.Thread(target=lambda: outcomes.append(channel.send(CLAIM, CONTENT))) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all(isinstance(each, Sent) for each in outcomes)
    assert [mail.login for mail in server.received] == [MAILBOX] * 4
    assert all(mail.secured for mail in server.received)
    assert endpoint.forms == [
        {"grant_type": "client_credentials", "client_id": "app", "client_secret": SECRET, "scope": "smtp"}
    ]


def test_a_refresh_token_is_sent_as_google_wants_it_and_a_new_one_is_kept_for_the_run(
    endpoint: Endpoint,
) -> None:
    first = {"access_token": "t1", "expires_in": 0, "refresh_token": "next", "token_type": "Bearer"}
    endpoint.answers = [(200, first), (200, {"access_token": "t1", "token_type": "Bearer"})]
    with (
        MailServer(token=(MAILBOX, "t1")) as server,
        mail_channel(server.port, **by_token(endpoint.url, refresh_token=REFRESH, scope="")) as channel,
    ):
        assert channel.check() is None  # the token has expired by the next login
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
    asked = {"grant_type": "refresh_token", "client_id": "app", "client_secret": SECRET}
    assert endpoint.forms == [{**asked, "refresh_token": REFRESH}, {**asked, "refresh_token": "next"}]


def test_a_token_that_is_refused_in_the_middle_is_replaced_once(endpoint: Endpoint) -> None:
    endpoint.answers = [(200, {"access_token": "t1"}), (200, {"access_token": "t2"})]
    with (
        MailServer(token=(MAILBOX, "t1")) as server,
        mail_channel(server.port, **by_token(endpoint.url)) as channel,
    ):
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
        server.token = (MAILBOX, "t2")
        server.hang_up()
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
    assert len(endpoint.forms) == 2


def test_with_a_password_no_token_is_asked_for_though_the_section_for_them_is_there(
    endpoint: Endpoint,
) -> None:
    both = {**by_token(endpoint.url), "auth": "password", "password": SECRET}
    with MailServer(login=(MAILBOX, SECRET)) as server, mail_channel(server.port, **both) as channel:
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
    assert endpoint.forms == []


def test_a_mailbox_that_no_token_opens_closes_the_channel(endpoint: Endpoint) -> None:
    with (
        MailServer(token=("somebody@else.example", "t1")) as server,
        mail_channel(server.port, **by_token(endpoint.url)) as channel,
    ):
        outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Unavailable)
    assert (outcome.account_error, outcome.again) == (True, False)
    assert outcome.detail.startswith("127.0.0.1 refuses the login: 535")
    assert len(endpoint.forms) == 2  # one more token was tried, and no third
    assert server.received == []


def test_a_server_that_takes_no_tokens_closes_the_channel(endpoint: Endpoint) -> None:
    def behave(connection: socket.socket) -> None:
        connection.sendall(b"220 ready\r\n")
        read_line(connection)
        connection.sendall(b"250-x\r\n250 AUTH PLAIN LOGIN\r\n")
        until_hung_up(connection)

    with a_peer(behave) as peer, mail_channel(peer.port, **by_token(endpoint.url)) as channel:
        outcome = channel.send(CLAIM, CONTENT)
    assert outcome == Unavailable(
        '127.0.0.1: the login failed: the server takes PLAIN LOGIN, and email.auth = "oauth2" XOAUTH2',
        account_error=True,
        again=False,
    )


@pytest.mark.parametrize(
    ("status", "body", "closes", "words"),
    [
        # what the endpoint says; whether that is about the account; a word of the sentence
        pytest.param(401, {"error": "invalid_client"}, True, "client_secret is wrong", id="wrong secret"),
        pytest.param(400, {"error": "invalid_grant"}, True, "make a new one", id="revoked"),
        pytest.param(400, {"error": "invalid_scope"}, True, "email.oauth2.scope is wrong", id="scope"),
        pytest.param(400, {"error": "odd"}, True, "odd", id="another refusal"),
        pytest.param(400, "<html>", False, "HTTP 400", id="a refusal without a word"),
        pytest.param(500, {"error": "server_error"}, False, "HTTP 500", id="broken"),
        pytest.param(503, "", False, "HTTP 503", id="busy"),
        pytest.param(302, "", False, "HTTP 302", id="elsewhere"),
        pytest.param(200, "<html>", False, "holds none", id="HTML"),
        pytest.param(200, {"access_token": ""}, False, "holds none", id="no token"),
        pytest.param(200, {"access_token": ["t1"]}, False, "holds none", id="a list"),
        pytest.param(
            200, {"access_token": "t1", "token_type": "mac"}, False, "holds none", id="another kind"
        ),
        pytest.param(200, "[" * 9999, False, "holds none", id="nested without end"),
    ],
)
def test_an_endpoint_that_gives_no_token(
    endpoint: Endpoint, status: int, body: Any, *, closes: bool, words: str
) -> None:
    endpoint.answers = [(status, body)]
    with (
        MailServer(token=(MAILBOX, "t1")) as server,
        mail_channel(server.port, **by_token(endpoint.url)) as channel,
    ):
        outcome = channel.send(CLAIM, CONTENT)
        assert channel.check() == outcome
    assert isinstance(outcome, Unavailable)
    assert (outcome.account_error, outcome.again) == (closes, not closes)
    assert outcome.detail.startswith("no token: ")
    assert words in outcome.detail
    assert server.received == []


def test_an_endpoint_that_is_down_leaves_the_channel_open() -> None:
    url = f"http://127.0.0.1:{a_port_nobody_listens_on()}/token"
    with MailServer(token=(MAILBOX, "t1")) as server, mail_channel(server.port, **by_token(url)) as channel:
        outcome = channel.send(CLAIM, CONTENT)
    assert outcome == Unavailable("no token: 127.0.0.1: the connection was refused")


def test_an_endpoint_that_says_nothing_is_left_at_the_deadline() -> None:
    with (
        a_peer(until_hung_up) as silent,
        MailServer(token=(MAILBOX, "t1")) as server,
        mail_channel(
            server.port, **by_token(f"http://127.0.0.1:{silent.port}/token"), timeout_seconds=1
        ) as channel,
    ):
        outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Unavailable)
    assert "no answer within" in outcome.detail


def test_an_endpoint_that_repeats_its_secrets_cannot_make_us_show_them(endpoint: Endpoint) -> None:
    endpoint.answers = [(400, {"error": "invalid_grant", "error_description": f"{SECRET} {REFRESH}\r\nx"})]
    with (
        MailServer(token=(MAILBOX, "t1")) as server,
        mail_channel(server.port, **by_token(endpoint.url, refresh_token=REFRESH)) as channel,
    ):
        outcome = channel.send(CLAIM, CONTENT)
    assert SECRET not in repr(outcome)
    assert REFRESH not in repr(outcome)
    assert outcome.detail.isprintable()


# ---------------------------------------------------------------- passwords


@pytest.mark.parametrize("password", ["süß & geheim", "пароль", "plain"])
def test_a_password_of_any_letters_logs_in(password: str) -> None:
    with (
        MailServer(login=("praxis", password)) as server,
        mail_channel(server.port, username="praxis", password=password) as channel,
    ):
        assert channel.check() is None
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
    assert server.received[0].login == "praxis"


def server_saying(auth: bytes, *replies: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.sendall(b"220 ready\r\n")
        read_line(connection)
        connection.sendall(b"250-x\r\n250 AUTH " + auth + b"\r\n")
        for reply in replies:
            read_line(connection)
            connection.sendall(reply + b"\r\n")
        until_hung_up(connection)

    return behave


@pytest.mark.parametrize(
    ("reply", "advised"),
    [
        (b"535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", True),
        (b"550 5.7.30 Basic authentication is not supported for Client Submission.", True),
        (b"535 5.7.8 Authentication credentials invalid", False),
        (b"535 5.7.1390 no", False),
    ],
)
def test_a_server_that_takes_no_passwords_any_more_is_answered_by_tokens(
    reply: bytes, *, advised: bool
) -> None:
    with (
        a_peer(server_saying(b"PLAIN", reply)) as peer,
        mail_channel(peer.port, username="praxis", password="x") as channel,
    ):
        outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Unavailable)
    assert outcome.account_error
    assert ('set email.auth = "oauth2"' in outcome.detail) == advised


def test_who_logs_in_by_a_token_is_not_told_to_do_so(endpoint: Endpoint) -> None:
    reply = b"535 5.7.139 Authentication unsuccessful, the user credentials were incorrect."
    with (
        a_peer(server_saying(b"XOAUTH2", reply, reply)) as peer,
        mail_channel(peer.port, **by_token(endpoint.url)) as channel,
    ):
        outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Unavailable)
    assert "5.7.139" in outcome.detail
    assert "set email.auth" not in outcome.detail


# ---------------------------------------------------------------- servers that repeat the login


def server_repeating(auth: bytes) -> Callable[[socket.socket], None]:
    """Sendmail repeats a line that it does not know."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(b"220 ready\r\n")
        read_line(connection)
        connection.sendall(b"250-x\r\n250 AUTH " + auth + b"\r\n")
        while line := read_line(connection):
            asks_on = line.upper() == b"AUTH LOGIN" or (
                line.startswith(b"AUTH LOGIN ") and line.count(b" ") == 2
            )
            reply = b"334 VXNlcm5hbWU6" if asks_on else b'535 5.5.1 Command unrecognized: "' + line + b'"'
            connection.sendall(reply + b"\r\n")

    return behave


@pytest.mark.parametrize("password", ["the-s3cret", "süß & geheim"])
@pytest.mark.parametrize("auth", [b"PLAIN", b"LOGIN"])
def test_a_password_that_a_server_repeats_as_it_was_said_is_not_shown(auth: bytes, password: str) -> None:
    with (
        a_peer(server_repeating(auth)) as peer,
        mail_channel(peer.port, username="praxis", password=password) as channel,
    ):
        outcome = channel.send(CLAIM, CONTENT)
    assert outcome.detail.endswith('Command unrecognized: "AUTH PLAIN •••"' if auth == b"PLAIN" else '"•••"')


def test_a_token_that_a_server_repeats_is_not_shown(endpoint: Endpoint) -> None:
    endpoint.answers = [(200, {"access_token": "the-t0ken", "token_type": "Bearer"})]
    with (
        a_peer(server_repeating(b"XOAUTH2")) as peer,
        mail_channel(peer.port, **by_token(endpoint.url)) as channel,
    ):
        assert channel.send(CLAIM, CONTENT).detail.endswith('"AUTH XOAUTH2 •••"')


# ---------------------------------------------------------------- the wrong kind of TLS


def test_tls_to_a_port_that_begins_open_gets_a_hint() -> None:
    with (
        MailServer() as server,
        mail_channel(server.port, security="tls", trusted=trusting_client()) as channel,
    ):
        for outcome in (channel.send(CLAIM, CONTENT), channel.check()):
            assert isinstance(outcome, Unavailable)
            assert 'set email.security = "starttls"' in outcome.detail


@pytest.mark.parametrize("security", ["starttls", "none"])
def test_an_open_line_to_a_port_of_tls_gets_a_hint(security: str) -> None:
    with (
        MailServer(tls=certified_server()) as server,
        mail_channel(server.port, security=security, trusted=trusting_client(), timeout_seconds=1) as channel,
    ):
        outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Unavailable)
    assert 'set email.security = "tls"' in outcome.detail


def test_a_connection_that_is_refused_gets_no_hint() -> None:
    with mail_channel(a_port_nobody_listens_on(), security="none") as channel:
        assert channel.send(CLAIM, CONTENT) == Unavailable("127.0.0.1: the connection was refused")


# ---------------------------------------------------------------- what is tried without a mail


@pytest.mark.parametrize(
    ("command", "reply", "words"),
    [
        ("MAIL", "550 5.7.60 SendAsDenied", "sender refused: 550 5.7.60 SendAsDenied"),
        (
            "RCPT",
            "553 5.7.1 Sender address rejected: not owned by user",
            "a mail to our own address is refused: 553 5.7.1 Sender address rejected: not owned by user",
        ),
    ],
)
def test_the_check_names_sender_and_recipient_and_sends_nothing(command: str, reply: str, words: str) -> None:
    asked: list[tuple[str, str]] = []

    def script(said: str, address: str) -> str | None:
        asked.append((said, address))
        return reply if said == command else None

    with MailServer(script=script) as server, mail_channel(server.port) as channel:
        found = channel.check()
        server.script = None
        assert channel.check() is None
    assert found is not None
    assert found.detail == words
    assert {address for _, address in asked} == {"termine@example.org"}
    assert "DATA" not in [said for said, _ in asked]
    assert server.received == []


# ---------------------------------------------------------------- who may answer


@pytest.mark.parametrize(
    ("reply_to", "expected"),
    [
        ("", "<mailto:termine@example.org>"),
        ("hh1@example.org", "<mailto:hh1@example.org>"),
        ("Praxis <hh1+a@example.org>", "<mailto:hh1%2Ba@example.org>"),
    ],
)
def test_a_mail_says_where_to_be_taken_off(reply_to: str, expected: str) -> None:
    with MailServer() as server, mail_channel(server.port, reply_to=reply_to) as channel:
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
    assert server.received[0].message["List-Unsubscribe"] == expected


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        # as configured; the name that arrives
        ("Praxis: Nord <t@x.de>", "Praxis: Nord"),
        ("Praxis \\ Nord <t@x.de>", "Praxis \\ Nord"),
        ('"Praxis, Nord" <t@x.de>', "Praxis, Nord"),
        ('"Die \\"Praxis\\"" <t@x.de>', 'Die "Praxis"'),
        ("Praxis (Nord) <t@x.de>", "Praxis (Nord)"),
        ("Dr. med. Süß <t@x.de>", "Dr. med. Süß"),
        ("t@x.de", ""),
        ("<t@x.de>", ""),
        ("  Praxis   <t@x.de> ", "Praxis"),
    ],
)
def test_the_sender_that_arrives_is_the_one_that_was_checked(sender: str, name: str) -> None:
    settings = EmailSettings.model_validate({"host": "mail.x.de", "sender": sender})
    assert compose(settings, {}, mail_content(recipient=RECIPIENT), MESSAGE_ID, NOW).sender == "t@x.de"
    with MailServer() as server, mail_channel(server.port, sender=sender) as channel:
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
    (address,) = server.received[0].message["From"].addresses
    assert (address.display_name, address.addr_spec) == (name, "t@x.de")
    assert server.received[0].sender == "t@x.de"


def test_a_domain_of_the_practices_own_network_is_taken_whoever_asks_first() -> None:
    """In a process of its own: what was asked before must make no difference."""
    asked = (
        "from terminbenachrichtigung.config.channels import EmailSettings\n"
        "print(EmailSettings.model_validate({'host': 'x.de', 'sender': 'Praxis <t@praxis.local>'}).sender)"
    )
    ended = subprocess.run([sys.executable, "-c", asked], capture_output=True, encoding="utf-8", check=True)
    assert ended.stdout.strip() == "Praxis <t@praxis.local>"


def test_a_machine_that_takes_no_connection_gets_no_hint() -> None:
    with ExitStack() as held:
        busy = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):  # what waits to be accepted fills its queue
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(busy.getsockname())
        with mail_channel(busy.getsockname()[1], security="none", timeout_seconds=1) as channel:
            outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Unavailable)
    assert "email.security" not in outcome.detail
