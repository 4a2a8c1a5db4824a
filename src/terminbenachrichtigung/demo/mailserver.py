# ruff: noqa: ARG002, N802 - aiosmtpd names the hooks, and what they are given
"""A mail server on loopback that keeps what it is sent."""

import asyncio
import base64
import email
import email.policy
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HANG_UP = "hang up"
"""A script's answer that closes the line instead."""

Script = Callable[[str, str], str | None]
"""Decides about a command: "MAIL" with the sender, "RCPT" with the recipient, "DATA" with the recipient once
the data have come. Answers with a reply such as `"550 no such user"`, with HANG_UP, or with None: behave."""


@dataclass(frozen=True, slots=True)
class Received:
    """One mail that the server took."""

    sender: str  # of the envelope, as the recipient
    recipient: str
    message: EmailMessage
    raw: bytes
    secured: bool
    login: str | None


class MailServer:
    """The server. Start it as a context manager; it listens on 127.0.0.1, on a free port."""

    def __init__(
        self,
        *,
        script: Script | None = None,
        starttls: ssl.SSLContext | None = None,
        tls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
        token: tuple[str, str] | None = None,
    ) -> None:
        """Bind nothing yet.

        Args:
            script: what to do differently.
            starttls: offer STARTTLS, with this certificate.
            tls: speak TLS from the first byte on, with this certificate.
            login: the user name and the password that are asked for.
            token: the user name and the token that are asked for (XOAUTH2); may be changed later.
        """
        self.script = script
        self.received: list[Received] = []
        self.sessions = 0
        """How many were opened so far."""
        self.port = 0
        self._starttls = starttls
        self._tls = tls
        self.wants_login = login is not None or token is not None
        self.token = token
        self._login = login
        self._open: set[asyncio.BaseTransport] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="mail server", daemon=True
        )

    def start(self) -> None:
        """Answer from now on; `port` is known afterwards."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Close the port and all sessions."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def hang_up(self) -> None:
        """Close all sessions, as a server does that has waited long enough."""
        self._loop.call_soon_threadsafe(self._abort)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        server = await self._loop.create_server(self._session, "127.0.0.1", 0, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._over.wait()
        server.close()
        self._abort()

    def _abort(self) -> None:
        for transport in self._open:
            transport.abort()  # type: ignore[attr-defined]
        self._open.clear()

    def _session(self) -> SMTP:
        self.sessions += 1
        return _Session(
            self._open,
            _Handler(self),
            hostname="loopback.example",
            loop=self._loop,
            tls_context=self._starttls,
            require_starttls=self._starttls is not None,
            auth_require_tls=self._starttls is not None,
            authenticator=self._authenticate if self._login else None,
        )

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self._login, handled=False, auth_data=data)


class _Session(SMTP):
    """aiosmtpd's session; notes its line, so that it can be cut."""

    def __init__(self, open_: set[asyncio.BaseTransport], handler: "_Handler", **settings: Any) -> None:
        super().__init__(handler, **settings)
        self._lines = open_

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._lines.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self.transport is not None:
            self._lines.discard(self.transport)
        super().connection_lost(error)


class _Handler:
    """aiosmtpd calls these; each answers with the reply of the server."""

    def __init__(self, owner: MailServer) -> None:
        self._owner = owner

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:
        said = base64.b64decode(args[1]).decode()
        fields = dict(each.split("=", 1) for each in said.split("\x01") if each)
        user, bearer = fields.get("user", ""), fields.get("auth", "").removeprefix("Bearer ")
        if (user, bearer) == self._owner.token:
            return AuthResult(success=True, auth_data=LoginPassword(user.encode(), b""))
        await server.challenge_auth('{"status":"401","schemes":"bearer"}')
        return AuthResult(success=False, handled=False)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._owner.wants_login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        return self._scripted("MAIL", address, server) or "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self._scripted("RCPT", address, server)
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        recipient = envelope.rcpt_tos[0]
        reply = self._scripted("DATA", recipient, server)
        if reply is None:
            raw = envelope.original_content or b""
            message = email.message_from_bytes(raw, policy=email.policy.default)
            self._owner.received.append(
                Received(
                    sender=envelope.mail_from or "",
                    recipient=recipient,
                    message=message,
                    raw=raw,
                    secured=server.transport.get_extra_info("ssl_object") is not None,
                    login=session.auth_data.login.decode() if session.auth_data else None,
                )
            )
        return reply or "250 OK queued"

    def _scripted(self, command: str, address: str, server: Any) -> str | None:
        reply = self._owner.script(command, address) if self._owner.script else None
        if reply == HANG_UP:
            server.transport.abort()
        return reply
