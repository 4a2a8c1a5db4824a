"""The `sms` channel under test, and the answers that its tests let it read."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from peers import (
    a_claim,
    a_peer,
    dribble,
    now,
    read_http_request,
    reset,
    until_hung_up,
)
from pydantic import SecretStr

from terminbenachrichtigung.config.channels import SmsSettings
from terminbenachrichtigung.config.settings import Branch
from terminbenachrichtigung.delivery.channel import Gateway
from terminbenachrichtigung.delivery.registry import make_gateway
from terminbenachrichtigung.demo.smscreator import SmsCreatorGateway
from terminbenachrichtigung.model.delivery import Content, Outcome
from terminbenachrichtigung.model.plan import Channel

SERIAL = "SN-99-17"
PASSWORD = "geheim & süß"


class LoopbackSmsCreator(SmsCreatorGateway):
    """One with this account."""

    serial, password = SERIAL, PASSWORD


RECIPIENT = "+491715555555"
CONTENT = Content(
    Channel.SMS, RECIPIENT, "de", "Guten Tag Ute Öztürk, 10 € & mehr 😀", parts=1, branch_code="HH1"
)
CLAIM = a_claim(Channel.SMS, RECIPIENT)

ACCOUNT_ERROR = {"account_error": True, "again": False}
LATER = {"account_error": False, "again": True}
NOT_NOW = {"account_error": False, "again": False}

OK = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<SendSimpleSMSResult xmlns="http://www.smscreator.de/gateway">'
    "<StatusCode>Ok</StatusCode><Value><Status>Ok</Status><JobId>4711</JobId></Value></SendSimpleSMSResult>"
)


def xml(status_code: str, status: str | None = None) -> str:
    value = "" if status is None else f"<Value><Status>{status}</Status></Value>"
    return (
        f'<SendSimpleSMSResult xmlns="http://www.smscreator.de/gateway"><StatusCode>{status_code}</StatusCode>'
        f"{value}</SendSimpleSMSResult>"
    )


def http(status: str, body: str = "", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body.encode())}", "", ""]
    return "\r\n".join(lines).encode() + body.encode()


@contextmanager
def sms_channel(
    base_url: str,
    *,
    branches: dict[str, Branch] | None = None,
    trusted: ssl.SSLContext | None = None,
    **changed: Any,
) -> Iterator[Gateway]:
    settings = SmsSettings(
        base_url=base_url,
        serial=SERIAL,
        password=SecretStr(PASSWORD),
        sender="Optik",
        **{"timeout_seconds": 20, **changed},
    )
    channel = make_gateway(settings, branches or {}, now, trusted=trusted)
    try:
        yield channel
    finally:
        channel.close()


def outcome_against(
    behave: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None, **changed: Any
) -> Outcome:
    with a_peer(behave, tls) as peer:
        scheme = "https" if tls else "http"
        with sms_channel(f"{scheme}://127.0.0.1:{peer.port}/gateway", **changed) as channel:
            return channel.send(CLAIM, CONTENT)


def answering(data: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        read_http_request(connection)
        connection.sendall(data)

    return behave


# ---------------------------------------------------------------- ways to fail


def hangs_up_at_once(connection: socket.socket) -> None:
    connection.recv(1)


def resets_while_reading(connection: socket.socket) -> None:
    connection.recv(1)
    reset(connection)


def resets_after_reading(connection: socket.socket) -> None:
    read_http_request(connection)
    reset(connection)


def hangs_up_in_the_body(connection: socket.socket) -> None:
    read_http_request(connection)
    connection.sendall(http("200 OK", OK)[:-20])


def says_nothing(connection: socket.socket) -> None:
    until_hung_up(connection)


def dribbles_the_body(connection: socket.socket) -> None:
    read_http_request(connection)
    head, _, body = http("200 OK", OK).partition(b"\r\n\r\n")
    connection.sendall(head + b"\r\n\r\n")
    dribble(connection, body)
