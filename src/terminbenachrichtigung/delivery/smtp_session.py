"""A session with a mail server, every wait of which is bound by the deadline of the attempt that uses it."""

import base64
import io
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from terminbenachrichtigung.delivery.deadline import Deadline

_LINE_START_DOT = re.compile(rb"^\.", re.MULTILINE)

Reply = tuple[int, bytes]
"""The code of an answer, and its words."""


class Session(smtplib.SMTP):
    """An SMTP session whose every wait is bound by the deadline of the attempt that uses it."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, deadline: Deadline) -> None:
        """Connect and read the greeting.

        Args:
            host: the mail server.
            port: its port.
            tls: secures the line from the first byte on; None: the line begins open.
            deadline: of the attempt that opens the session; each later one puts its own in its place.
        """
        self.deadline = deadline
        self.dirty = False  # a message was begun and not sent: RSET before the next
        self.carried = False  # a message was sent
        self.resting_since = 0.0  # time.monotonic()
        self.login_words: tuple[str, ...] = ()  # secrets as the login said them, which a server may repeat
        self._tls = tls
        own_name = socket.gethostname()
        if "." not in own_name or not own_name.isascii():
            own_name = "[127.0.0.1]"  # smtplib would ask the DNS for a better one, without a timeout
        super().__init__(host, port, local_hostname=own_name)

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:  # noqa: ARG002 - ours is total
        opened = self.deadline.connect(host, port)
        self._name = host
        self._wire = _Wire(opened if self._tls is None else self._secured(opened, self._tls), self)
        return self._wire

    def secure(self, tls: ssl.SSLContext) -> None:
        """STARTTLS: from here on everything is encrypted. smtplib's own would read past the deadline."""
        if not self.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError
        code, words = self.docmd("STARTTLS")
        if code != 220:
            raise smtplib.SMTPResponseException(code, words)
        self._wire.sock = self._secured(self._wire.sock, tls)
        # What came unencrypted counts no more: the features, and bytes read ahead (RFC 3207, 4.2).
        self.file = None
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def _secured(self, opened: socket.socket, tls: ssl.SSLContext) -> ssl.SSLSocket:
        try:
            opened.settimeout(self.deadline.left())
            return tls.wrap_socket(opened, server_hostname=self._name)
        except BaseException:
            opened.close()
            raise

    def ways_to_log_in(self) -> list[str]:
        """The methods that the server offers."""
        return str(self.esmtp_features.get("auth", "")).upper().split()

    def log_in(self, username: str, password: str) -> None:
        """Log in by name and password; smtplib's own way takes ASCII alone, servers take UTF-8 (RFC 4616)."""
        plain = _base64(f"\0{username}\0{password}")
        self.login_words = (password, _base64(password), plain)
        methods = self.ways_to_log_in()
        if username.isascii() and password.isascii():
            if methods:
                self.esmtp_features["auth"] = " ".join(methods)  # smtplib looks for capital letters
            self.login(username, password)
            return
        if "PLAIN" in methods:
            code, words = self.docmd("AUTH", f"PLAIN {plain}")
        elif "LOGIN" in methods:
            code, words = self.docmd("AUTH", "LOGIN " + _base64(username))
            if code == 334:
                code, words = self.docmd(_base64(password))
        else:
            raise smtplib.SMTPNotSupportedError
        if code not in (235, 503):  # 503: logged in already
            raise smtplib.SMTPAuthenticationError(code, words)

    def log_in_by_token(self, username: str, token: str) -> Reply:
        """AUTH XOAUTH2; a server that refuses gives its reason first, and waits for an empty line."""
        word = _base64(f"user={username}\x01auth=Bearer {token}\x01\x01")
        self.login_words = (token, word)
        if "XOAUTH2" not in self.ways_to_log_in():
            raise smtplib.SMTPNotSupportedError
        reply = self.docmd("AUTH", f"XOAUTH2 {word}")
        return self.docmd("") if reply[0] == 334 else reply

    def deliver(self, data: bytes) -> Reply:
        """Send the message after a 354, and return what the server says to it."""
        self.send(_LINE_START_DOT.sub(b"..", data) + b".\r\n")
        return self.getreply()

    def leave(self) -> None:
        """QUIT, if the server still listens, and close."""
        with suppress(OSError):
            self.quit()
        self.close()


class Sessions:
    """The open sessions that no attempt uses, and how many attempts are at work. Safe between threads."""

    def __init__(self, idle_seconds: float) -> None:
        """Open nothing; a session that rests for longer than `idle_seconds` is not used again."""
        self._idle_seconds = idle_seconds
        self._at_rest: list[Session] = []
        self._at_work = 0
        self._scarce = False
        self._changed = threading.Condition()

    @contextmanager
    def one_more_at_work(self) -> Iterator[None]:
        """Counts an attempt, from before it has a session until it needs none any more."""
        with self._changed:
            self._at_work += 1
        try:
            yield
        finally:
            with self._changed:
                self._at_work -= 1
                self._changed.notify_all()

    def are_scarce(self) -> bool:
        """The server refused one more: whether there are others, at rest or at work, that can be had."""
        with self._changed:
            self._scarce = bool(self._at_rest) or self._at_work > 1
            return self._scarce

    def take(self, deadline: Deadline) -> Session | None:
        """A session that rests, if there is one; where they are scarce, waits for one."""
        with self._changed:
            if self._scarce and not self._at_rest:
                seconds = deadline.left()
                self._at_work -= 1
                self._changed.notify_all()  # who waits for the others must not wait for us
                self._changed.wait_for(lambda: self._at_rest or not self._at_work, seconds)
                self._at_work += 1
            session = self._at_rest.pop() if self._at_rest else None
        if session is not None and time.monotonic() - session.resting_since > self._idle_seconds:
            session.close()
            return None
        return session

    def rest(self, session: Session) -> None:
        """Keeps a session for the next attempt."""
        session.resting_since = time.monotonic()
        with self._changed:
            self._at_rest.append(session)
            self._changed.notify()

    def all_at_rest(self) -> list[Session]:
        """Takes out all that rest."""
        with self._changed:
            sessions, self._at_rest = self._at_rest, []
        return sessions


class _Wire:
    """What smtplib reads and writes through: each call has the time that is left, not a time of its own."""

    def __init__(self, sock: socket.socket, session: Session) -> None:
        self.sock = sock
        self.session = session

    def sendall(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            self.sock.settimeout(self.session.deadline.left())
            left = left[self.sock.send(left) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        self.sock.close()


class _Reader(io.RawIOBase):
    """Under smtplib's buffer, which is thrown away when the line is secured; the socket stays open then."""

    def __init__(self, wire: _Wire) -> None:
        super().__init__()
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        deadline = self._wire.session.deadline
        self._wire.sock.settimeout(deadline.left())
        return deadline.receive(self._wire.sock.recv_into(buffer))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")
