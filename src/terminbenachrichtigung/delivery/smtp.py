"""The mail server: one session for each worker, kept open from message to message."""

import io
import re
import smtplib
import socket
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from email.errors import MessageError
from typing import Any

from terminbenachrichtigung.clock import TIMINGS
from terminbenachrichtigung.config.channels import EmailSettings
from terminbenachrichtigung.config.settings import Branch
from terminbenachrichtigung.delivery.channel import quoted
from terminbenachrichtigung.delivery.deadline import Deadline, trust
from terminbenachrichtigung.delivery.mail import Mail, compose
from terminbenachrichtigung.model.delivery import (
    Claim,
    Content,
    Outcome,
    Rejected,
    Sent,
    StaffClaim,
    Unavailable,
    Unknown,
)
from terminbenachrichtigung.model.plan import Channel

_GOODBYE_SECONDS = 2.0
_LINE_START_DOT = re.compile(rb"^\.", re.MULTILINE)

_POLICY = re.compile(r"^5\d\d[ -]5\.7\.\d{1,3}\b")
_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")

Reply = tuple[int, bytes]


class Smtp:
    """The `email` channel."""

    name = Channel.EMAIL

    def __init__(
        self,
        settings: EmailSettings,
        branches: Mapping[str, Branch],
        clock: Callable[[], datetime],
        ssl_context: ssl.SSLContext | None = None,
        idle_seconds: float = TIMINGS.mail_idle,
    ) -> None:
        """Open nothing yet.

        Args:
            settings: the section `[email]`.
            branches: the sections `[branches.*]`, for the reply address.
            clock: gives the present moment, aware.
            ssl_context: whom to trust; the default verifies by the system's and the public authorities.
            idle_seconds: how long a session may rest; routers forget longer ones without a word.
        """
        self._idle_seconds = idle_seconds
        self._settings = settings
        self._branches = branches
        self._clock = clock
        self._tls: ssl.SSLContext | None = None
        if settings.security != "none":
            self._tls = ssl_context or trust()
        self._idle: list[_Session] = []
        self._lock = threading.Lock()

    def send(self, claim: Claim, content: Content) -> Outcome:
        """Hand one e-mail to the mail server."""
        return self._submit(claim.message_id, content)

    def send_to_staff(self, claim: StaffClaim, content: Content) -> Outcome:
        """Hand the staff list to the mail server."""
        return self._submit(claim.mail_id, content)

    def test(self, content: Content) -> Outcome:
        """Hand one test e-mail to the mail server, with an id that no message has."""
        return self._submit(f"test-message-{uuid.uuid4()}", content)

    def check(self) -> Unavailable | None:
        """Connect, secure the line, log in, and leave; None if all of that works."""
        deadline = self._deadline()
        try:
            session = self._open(deadline)
        except _RefusedError as refused:
            return refused.outcome
        except OSError as exc:
            return Unavailable(deadline.fault(exc).detail)
        session.leave()
        return None

    def close(self) -> None:
        """Take leave of the server on every open session."""
        with self._lock:
            sessions, self._idle = self._idle, []
        for session in sessions:
            session.deadline = Deadline(_GOODBYE_SECONDS, self._settings.host)
            session.leave()

    def _deadline(self) -> Deadline:
        return Deadline(self._settings.timeout_seconds, self._settings.host)

    def _submit(self, message_id: str, content: Content) -> Outcome:
        try:
            mail = compose(self._settings, self._branches, content, message_id, self._clock())
        except (ValueError, MessageError):  # their text quotes the value
            return Rejected("the address, the subject or the text holds what no e-mail can carry")
        deadline = self._deadline()
        try:
            return self._attempt(mail, deadline)
        except _RefusedError as refused:
            return refused.outcome
        except OSError as exc:  # smtplib's exceptions are OSErrors too
            return deadline.fault(exc)

    def _attempt(self, mail: Mail, deadline: Deadline) -> Outcome:
        session, reply = self._begin(mail.sender, deadline)
        try:
            outcome, last = self._converse(session, reply, mail)
        except BaseException:
            session.close()
            raise
        if 200 <= last < 300 or 400 <= last < 600:
            session.dirty = not isinstance(outcome, Sent)
            self._rest(session)
        else:  # after an answer that makes no sense, the next one may belong to anything
            session.close()
        return outcome

    def _converse(self, session: "_Session", reply: Reply, mail: Mail) -> tuple[Outcome, int]:
        """From the answer to MAIL FROM to the end; returns the server's last code too."""
        if not _accepted(reply):
            return _refusal_of_sender(reply[0], self._quote(reply, mail)), reply[0]
        reply = session.rcpt(mail.recipient)
        if not _accepted(reply):
            return _refusal_of_recipient(reply[0], self._quote(reply, mail)), reply[0]
        reply = session.docmd("DATA")
        if reply[0] != 354:
            return _refusal_of_data(reply[0], self._quote(reply, mail)), reply[0]
        session.deadline.handed_over = True
        reply = session.deliver(mail.data)
        return _answer_to_data(reply[0], self._quote(reply, mail)), reply[0]

    def _quote(self, reply: Reply, mail: Mail | None = None) -> str:
        code, words = reply
        hidden = (self._settings.password.get_secret_value(), mail.recipient if mail else "")
        number = "" if code < 0 else f"{code} "  # smtplib: -1 where there was none
        return (number + quoted(words.decode("utf-8", "replace"), *hidden)).strip()

    # ------------------------------------------------------------ sessions

    def _begin(self, sender: str, deadline: Deadline) -> tuple["_Session", Reply]:
        """A session that was told the sender, and what it answered.

        A rested session may have died, or may have reached the server's limit of messages (421). Nothing
        was sent on it then, so a new one takes its place at once instead of a try being spent.
        """
        session = self._rested()
        if session is not None:
            session.deadline = deadline
            with suppress(OSError):
                if not session.dirty or session.rset()[0] == 250:
                    reply = session.mail(sender)
                    if reply[0] != 421:
                        return session, reply
            session.close()
        session = self._open(deadline)
        return session, session.mail(sender)

    def _rested(self) -> "_Session | None":
        with self._lock:
            session = self._idle.pop() if self._idle else None
        if session is not None and time.monotonic() - session.resting_since > self._idle_seconds:
            session.close()
            return None
        return session

    def _rest(self, session: "_Session") -> None:
        session.resting_since = time.monotonic()
        with self._lock:
            self._idle.append(session)

    def _open(self, deadline: Deadline) -> "_Session":
        """A new session, secured and logged in; raises _RefusedError or OSError."""
        settings = self._settings
        tls = self._tls if settings.security == "tls" else None
        try:
            session = _Session(settings.host, settings.port, tls, deadline)
        except smtplib.SMTPConnectError as exc:
            raise _RefusedError(self._unavailable("refuses the connection", exc)) from exc
        try:
            self._greet(session)
            if settings.username:
                self._log_in(session)
        except BaseException:
            session.close()
            raise
        return session

    def _greet(self, session: "_Session") -> None:
        try:
            session.ehlo_or_helo_if_needed()
            if self._settings.security == "starttls":
                assert self._tls is not None
                session.secure(self._tls)
                session.ehlo_or_helo_if_needed()
        except smtplib.SMTPNotSupportedError as exc:
            detail = f"{self._settings.host}: offers no STARTTLS; nothing is sent over an open line"
            raise _RefusedError(Unavailable(detail)) from exc
        except smtplib.SMTPResponseException as exc:
            raise _RefusedError(self._unavailable("refuses to begin", exc)) from exc

    def _log_in(self, session: "_Session") -> None:
        settings = self._settings
        refused = f"{settings.host}: the login failed"
        try:
            session.login(settings.username, settings.password.get_secret_value())
        except smtplib.SMTPAuthenticationError as exc:
            final = exc.smtp_code >= 500
            outcome = self._unavailable("refuses the login", exc, account_error=final)
            raise _RefusedError(outcome) from exc
        except (smtplib.SMTPServerDisconnected, smtplib.SMTPResponseException):
            raise  # a broken line, or one that has no end: smtplib calls that a 500, but the server did not
        except UnicodeEncodeError as exc:
            outcome = Unavailable(f"{refused}: user name or password is not ASCII", True, again=False)
            raise _RefusedError(outcome) from exc
        except (smtplib.SMTPException, ValueError) as exc:  # no login, no common method, a garbled challenge
            outcome = Unavailable(f"{refused}: the server knows no way that we know", True, again=False)
            raise _RefusedError(outcome) from exc

    def _unavailable(
        self, what: str, exc: smtplib.SMTPResponseException, *, account_error: bool = False
    ) -> Unavailable:
        words = exc.smtp_error if isinstance(exc.smtp_error, bytes) else exc.smtp_error.encode()
        detail = f"{self._settings.host} {what}: {self._quote((exc.smtp_code, words))}"
        return Unavailable(detail, account_error=account_error, again=not account_error)


# ---------------------------------------------------------------- what the server's replies mean


def _refusal_of_sender(code: int, words: str) -> Unavailable:
    final = 500 <= code < 600
    return Unavailable(f"sender refused: {words}", account_error=final, again=not final)


def _refusal_of_recipient(code: int, words: str) -> Rejected | Unavailable:
    if 500 <= code < 600:
        return _rejected(words)
    # 421 is the server taking its leave, whatever it is the answer to.
    return Unavailable(words, recipient_only=400 <= code < 500 and code != 421)


def _refusal_of_data(code: int, words: str) -> Rejected | Unavailable:
    return _rejected(words) if 500 <= code < 600 else Unavailable(words)


def _rejected(words: str) -> Rejected:
    """Refused for good, by a server that may mean the sender: Postfix says so only to a recipient.

    A policy (RFC 3463: 5.7.x) that meets several recipients in the same words is not about them.
    """
    policy = _POLICY.search(words)
    return Rejected(words, unheard_word=_ADDRESS.sub("•••", words) if policy else None)


def _answer_to_data(code: int, words: str) -> Outcome:
    if 200 <= code < 300:
        return Sent(words)
    if 400 <= code < 600:
        return _refusal_of_data(code, words)
    return Unknown(f"no clear answer to the data: {words}")


def _accepted(reply: Reply) -> bool:
    return 200 <= reply[0] < 300


# ---------------------------------------------------------------- the line to the mail server


class _RefusedError(Exception):
    """The server does not let us begin."""

    def __init__(self, outcome: Unavailable) -> None:
        super().__init__(outcome.detail)
        self.outcome = outcome


class _Session(smtplib.SMTP):
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
        self.resting_since = 0.0  # time.monotonic()
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
        """STARTTLS: from here on everything is encrypted. smtplib's own does not know our wire."""
        if not self.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError
        code, words = self.docmd("STARTTLS")
        if code != 220:
            raise smtplib.SMTPResponseException(code, words)
        self._wire.sock = self._secured(self._wire.sock, tls)
        # What was said over the open line counts no more, nor what was read beyond it (RFC 3207, 4.2).
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

    def deliver(self, data: bytes) -> Reply:
        """Send the message after a 354, and return what the server says to it."""
        self.send(_LINE_START_DOT.sub(b"..", data) + b".\r\n")
        return self.getreply()

    def leave(self) -> None:
        """QUIT, if the server still listens, and close."""
        with suppress(OSError):
            self.quit()
        self.close()


class _Wire:
    """What smtplib reads and writes through: each call has the time that is left, not a time of its own."""

    def __init__(self, sock: socket.socket, session: _Session) -> None:
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
