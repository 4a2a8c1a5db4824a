"""The `email` channel under test, and the mail that its tests send."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from peers import a_claim, now, read_line, until_hung_up

from terminbenachrichtigung.config.channels import EmailSettings
from terminbenachrichtigung.delivery.smtp import Smtp
from terminbenachrichtigung.model.delivery import Content
from terminbenachrichtigung.model.plan import Channel

PASSWORD = "geheim-und-lang"
RECIPIENT = "anna@example.org"
CONTENT = Content(
    Channel.EMAIL,
    RECIPIENT,
    "de",
    "Guten Tag Ute Öztürk,\n\nbis morgen um 9 Uhr.\n",
    subject="Ihr Termin am Mittwoch, 25. November — Grüße",
)
CLAIM = a_claim(Channel.EMAIL, RECIPIENT)


def mail_content(**changed: Any) -> Content:
    return replace(CONTENT, **changed)


@contextmanager
def mail_channel(
    port: int,
    *,
    trusted: ssl.SSLContext | None = None,
    security: str = "none",
    idle_seconds: float = 30.0,
    **changed: Any,
) -> Iterator[Smtp]:
    given = {
        "host": "127.0.0.1",
        "port": port,
        "security": security,
        "sender": "Praxis Süd <termine@example.org>",
        "timeout_seconds": 20,
        **changed,
    }
    channel = Smtp(EmailSettings.model_validate(given), {}, now, trusted, idle_seconds=idle_seconds)
    try:
        yield channel
    finally:
        channel.close()


Act = bytes | Callable[[socket.socket], None]
Behaviour = Callable[[socket.socket], None]


def a_server(**changed: Act) -> Behaviour:
    """A mail server on one connection that does something else at the steps named: a reply, or an act."""
    usual: dict[str, Act] = {
        "GREETING": b"220 mail.example.org",
        "EHLO": b"250 mail.example.org",
        "HELO": b"250 mail.example.org",
        "MAIL": b"250 OK",
        "RCPT": b"250 OK",
        "DATA": b"354 go ahead",
        "PAYLOAD": b"250 OK queued",
        "RSET": b"250 OK",
        "QUIT": b"221 bye",
    }
    steps = {**usual, **changed}

    def act(connection: socket.socket, step: str) -> None:
        chosen = steps.get(step, b"502 what?")
        if callable(chosen):
            chosen(connection)
        else:
            connection.sendall(chosen + b"\r\n")

    def behave(connection: socket.socket) -> None:
        act(connection, "GREETING")
        while True:
            command = read_line(connection).split()[0].decode("ascii", "replace").upper()
            act(connection, command)
            if command == "DATA" and steps["DATA"] == usual["DATA"]:
                while read_line(connection) != b".":
                    pass
                act(connection, "PAYLOAD")

    return behave


def stays_silent(connection: socket.socket) -> None:
    until_hung_up(connection)


def hangs_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)
