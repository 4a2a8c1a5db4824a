"""Gateways and mail servers that misbehave under the whole program, one function for each way."""

import socket
import ssl
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import parse_qs

import pytest
from peers import (
    a_peer,
    a_port_nobody_listens_on,
    authority,
    certified_server,
    dribble,
    read_http_request,
    reset,
    until_hung_up,
)

from practice import Practice, address, number
from terminbenachrichtigung.demo.loopback import Answer, Request
from terminbenachrichtigung.demo.mailserver import HANG_UP, MailServer
from terminbenachrichtigung.demo.smscreator import SmsCreatorGateway

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
OK = (
    '<SendSimpleSMSResult xmlns="http://www.smscreator.de/gateway"><StatusCode>Ok</StatusCode>'
    "<Value><Status>Ok</Status><JobId>4711</JobId></Value></SendSimpleSMSResult>"
)
BOMB = '<!DOCTYPE a [<!ENTITY x "Ok"><!ENTITY y "&x;&x;&x;">]><a><StatusCode>&y;</StatusCode></a>'
IN_AN_HOUR = {"Retry-After": "3600"}


@dataclass
class Scene:
    """A practice with the two customers, and the peer that misbehaves beside its well-behaved ones."""

    practice: Practice
    monkeypatch: pytest.MonkeyPatch
    peers: ExitStack
    taken: list[str] = field(default_factory=list)
    """Recipients of what a misbehaving peer took, in the form in which it was told them."""
    _usual: dict[str, dict[str, object]] = field(default_factory=dict)

    def use(self, section: str, usual: Mapping[str, object], **changed: object) -> None:
        """Points the program at another peer, until all is well again."""
        self._usual[section] = dict(usual)
        self.practice.configure(**{section: changed})

    def heal(self) -> None:
        self.practice.gateway.script = None
        self.practice.gateway.balance = Decimal(1000)
        self.practice.mail.script = None
        self.practice.configure(**self._usual)

    def trust_the_authority(self) -> None:
        """Its certificates are as good as a public authority's, so that only what else is wrong counts."""
        path = self.practice.folder / "authority.pem"
        authority().cert_pem.write_to_path(str(path))
        self.monkeypatch.setenv("SSL_CERT_FILE", str(path))

    @property
    def got(self) -> tuple[int, int]:
        everything = Counter([*self.practice.texted, *self.practice.mailed, *self.taken])
        one, two = (everything[number(c)] + everything[address(c)] for c in (1, 2))
        return one, two


Behaviour = Callable[[Scene], None]


# ---------------------------------------------------------------- gateways, by what they answer


def answers(**answer: object) -> Behaviour:
    """To every SMS; told of the balance it behaves."""

    def behave(scene: Scene) -> None:
        scene.practice.gateway.script = lambda request: (
            Answer(**answer) if request.operation == "SendSimpleSMS" else None  # type: ignore[arg-type]
        )

    return behave


def redirects_to_a_good_one(scene: Scene) -> None:
    other = scene.peers.enter_context(SmsCreatorGateway(script=_takes_it(scene)))
    answers(http_status=302, headers={"Location": f"{other.url}/Send.asmx/SendSimpleSMS"})(scene)


def _takes_it(scene: Scene) -> Callable[[Request], None]:
    return lambda request: scene.taken.append("+" + request.fields["Recipient"].removeprefix("00"))


def at_the_balance(**answer: object) -> Behaviour:
    """Fails when it is asked for the balance, before anybody's message is spent."""

    def behave(scene: Scene) -> None:
        scene.use("sms", {}, check_balance=True)
        scene.practice.gateway.script = lambda request: (
            Answer(**answer) if request.operation == "QueryAccountBalance" else None  # type: ignore[arg-type]
        )

    return behave


def without_credit(scene: Scene) -> None:
    scene.use("sms", {}, check_balance=True)
    scene.practice.gateway.balance = Decimal(0)


# ---------------------------------------------------------------- gateways, by how they answer


def on_the_wire(
    act: Callable[[socket.socket], None], *, reads: bool = True, takes: bool = False
) -> Behaviour:
    """Does this to every connection, when it has read the request or before; it may take the SMS first."""

    def behave(scene: Scene) -> None:
        def serve(connection: socket.socket) -> None:
            if reads:
                form = parse_qs(read_http_request(connection).partition(b"\r\n\r\n")[2].decode())
                if takes:
                    scene.taken.append("+" + form["Recipient"][0].removeprefix("00"))
            act(connection)

        peer = scene.peers.enter_context(a_peer(serve))
        _use_gateway(scene, f"http://127.0.0.1:{peer.port}/gateway")

    return behave


def _use_gateway(scene: Scene, url: str) -> None:
    scene.use("sms", {"base_url": scene.practice.gateway.url}, base_url=url)


def response(body: str = OK) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def hang_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def reset_in_the_middle(connection: socket.socket) -> None:
    connection.recv(1)
    reset(connection)


def in_pieces(connection: socket.socket) -> None:
    # Else the system holds each piece back until the one before is acknowledged, up to 40 ms on Linux.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for start in range(0, len(response()), 50):
        connection.sendall(response()[start : start + 50])


def a_byte_now_and_then(connection: socket.socket) -> None:
    dribble(connection, response())


def slowly(connection: socket.socket) -> None:
    connection.settimeout(0.5)
    try:
        connection.recv(1)
    except TimeoutError:
        connection.sendall(response())


def without_end(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X: " + b"x" * 1000 + b"\r\n")


def half_of_it(connection: socket.socket) -> None:
    connection.sendall(response()[:-30])
    hang_up(connection)


def says_another_thing(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example.org ESMTP\r\n")
    hang_up(connection)


def nobody_listens(scene: Scene) -> None:
    _use_gateway(scene, f"http://127.0.0.1:{a_port_nobody_listens_on()}/gateway")


def secured(make: Callable[[], ssl.SSLContext]) -> Behaviour:
    """A good gateway behind TLS, with this certificate."""

    def behave(scene: Scene) -> None:
        scene.trust_the_authority()
        gateway = scene.peers.enter_context(SmsCreatorGateway(ssl_context=make(), script=_takes_it(scene)))
        _use_gateway(scene, gateway.url)

    return behave


def with_the_wrong_name() -> ssl.SSLContext:
    return certified_server("somebody-else.example")


def expired() -> ssl.SSLContext:
    return certified_server(not_after=LONG_AGO)


def no_tls_at_all(scene: Scene) -> None:
    port = scene.peers.enter_context(a_peer(says_another_thing)).port
    _use_gateway(scene, f"https://127.0.0.1:{port}/gateway")


def behind_a_proxy(answer: bytes | None) -> Behaviour:
    """A gateway that can be reached only through a proxy, which says this; None: nobody is there."""

    def refuse(connection: socket.socket) -> None:
        assert answer is not None
        read_http_request(connection)
        connection.sendall(answer)

    def behave(scene: Scene) -> None:
        port = a_port_nobody_listens_on()
        if answer is not None:
            port = scene.peers.enter_context(a_peer(refuse)).port
        usual = {"base_url": scene.practice.gateway.url, "proxy_server": ""}
        scene.use("sms", usual, base_url="https://gateway.invalid", proxy_server="127.0.0.1", proxy_port=port)

    return behave


# ---------------------------------------------------------------- mail servers


def says(command: str, reply: str) -> Behaviour:
    """Answers so to this command; to DATA once the mail is there."""

    def behave(scene: Scene) -> None:
        scene.practice.mail.script = lambda said, _address: reply if said == command else None

    return behave


def takes_and_hangs_up(scene: Scene) -> None:
    def script(said: str, recipient: str) -> str | None:
        if said != "DATA":
            return None
        scene.taken.append(recipient)
        return HANG_UP

    scene.practice.mail.script = script


def a_line(act: Callable[[socket.socket], None]) -> Behaviour:
    """Does this to every connection."""
    return lambda scene: _use_mail_server(scene, scene.peers.enter_context(a_peer(act)).port)


def greets(words: bytes) -> Callable[[socket.socket], None]:
    def act(connection: socket.socket) -> None:
        connection.sendall(words + b"\r\n")
        until_hung_up(connection)

    return act


def _use_mail_server(scene: Scene, port: int, **changed: object) -> None:
    usual = {"port": scene.practice.mail.port, "security": "none", "username": "", "password": ""}
    scene.use("email", usual, port=port, **changed)


def nobody_takes_mail(scene: Scene) -> None:
    _use_mail_server(scene, a_port_nobody_listens_on())


def no_starttls(scene: Scene) -> None:
    _use_mail_server(scene, scene.practice.mail.port, security="starttls")


def server(security: str, make: Callable[[], ssl.SSLContext]) -> Behaviour:
    """A good mail server with this certificate."""

    def behave(scene: Scene) -> None:
        scene.trust_the_authority()
        mail = MailServer(**{security: make()})  # type: ignore[arg-type]
        scene.peers.enter_context(mail)
        mail.script = lambda said, recipient: scene.taken.append(recipient) if said == "DATA" else None
        _use_mail_server(scene, mail.port, security=security)

    return behave


def asks_for(login: tuple[str, str]) -> Behaviour:
    """A mail server that wants another login than the configured one."""

    def behave(scene: Scene) -> None:
        mail = scene.peers.enter_context(MailServer(login=login))
        _use_mail_server(scene, mail.port, username="praxis", password="falsch")

    return behave
