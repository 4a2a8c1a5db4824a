"""The mail server: one session for each worker, kept open from message to message."""

import re
import smtplib
import ssl
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from email.errors import MessageError

from terminbenachrichtigung.clock import TIMINGS
from terminbenachrichtigung.config.channels import EmailSettings
from terminbenachrichtigung.config.settings import Branch
from terminbenachrichtigung.delivery.channel import quoted
from terminbenachrichtigung.delivery.deadline import Deadline, trust
from terminbenachrichtigung.delivery.exchange import Proxy
from terminbenachrichtigung.delivery.mail import Mail, compose, sender_address
from terminbenachrichtigung.delivery.oauth2 import Token, TokenSource
from terminbenachrichtigung.delivery.smtp_session import Reply, Session, Sessions
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

Begun = tuple[Session, Rejected | Unavailable | None, int]
"""A session in which a mail was begun; what it refused, if it did; the server's last code."""

_NO_TLS_THERE = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL"})
_NO_MORE_PASSWORDS = re.compile(r"\b5[35]\d 5\.7\.(139|30)\b")
"""The answers by which Microsoft 365 says that it takes no password, or none any more."""
_USE_OAUTH2 = 'this server takes no password (any more): set email.auth = "oauth2" and [email.oauth2]'
_NOBODY = (
    r"(unknown|no such|invalid) (user|recipient|mailbox|person|account)"
    r"|(user|recipient|mailbox|account|(?<!sender )address) (is )?(unknown|unavailable|disabled|not found)"
    r"|(does not|doesn't) exist"
)
"""What servers say of a recipient, and perhaps of a relay or of a sender to whom a mail returns."""
_POLICY = re.compile(
    # What RFC 3463 has for policies, senders, limits and the order of commands; qmail writes it at the end.
    r"^5\d\d #?(5\.7\.\d{1,3}|5\.1\.[78]|5\.4\.5|5\.5\.[13])\b|\(#5\.7\.\d{1,3}\)"
    # What Postfix refuses under numbers that it has for recipients too, and Amazon before an account is open.
    r"|\b(sender address|helo command|client host) rejected|email address is not verified|too many recipients"
    # Servers that write no such number, as Exim does: a login is missing, or these words stand there.
    # Whatever the number, the text or our address may be on a list, or the limit of an hour is reached.
    rf"|^(503|530)\b|^5\d\d (?!.*\b({_NOBODY})\b)((?!#?\d\.\d).*\b(relay|authenticat|sender)"
    r"|.*\b((spam|virus|policy|rbl|dnsbl|per (hour|day)|administrative prohibition)\b|bl(ack|ock) ?list))",
    re.IGNORECASE,
)
"""Refusals that are about us, even in answer to a recipient."""
_OF_THIS_ANSWER = re.compile(r"\b(?=\S*\d)[\w.:+-]{6,}")  # an id or a moment, another one in each answer
_TOO_MANY_RECIPIENTS = re.compile(r"^(552|55\d 5\.5\.3)\b")  # of RFC 821, and of RFC 3463
_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")


class Smtp:
    """The `email` channel."""

    name = Channel.EMAIL

    def __init__(
        self,
        settings: EmailSettings,
        branches: Mapping[str, Branch],
        clock: Callable[[], datetime],
        ssl_context: ssl.SSLContext | None = None,
        *,
        idle_seconds: float = TIMINGS.mail_idle,
        proxy: Proxy | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            settings: the section `[email]`.
            branches: the sections `[branches.*]`, for the reply address.
            clock: gives the present moment, aware.
            ssl_context: whom to trust; the default verifies by the system's and the public authorities.
            idle_seconds: how long a session may rest; routers forget longer ones without a word.
            proxy: on the way to the tokens of OAuth2; mail goes by no proxy.
        """
        self._sessions = Sessions(idle_seconds)
        self._settings = settings
        oauth2 = settings.oauth2 if settings.auth == "oauth2" else None
        self._tokens = TokenSource(oauth2, proxy, ssl_context) if oauth2 else None
        self._branches = branches
        self._clock = clock
        self._tls: ssl.SSLContext | None = None
        if settings.security != "none":
            self._tls = ssl_context or trust()

    def send(self, claim: Claim, content: Content) -> Outcome:
        """Hand one e-mail to the mail server."""
        return self._submit(claim.message_id, content)

    def send_to_staff(self, claim: StaffClaim, content: Content) -> Outcome:
        """Hand the staff list to the mail server."""
        return self._submit(claim.mail_id, content, for_customer=False)

    def test(self, content: Content) -> Outcome:
        """Hand one test e-mail to the mail server, with an id that no message has."""
        return self._submit(f"test-message-{uuid.uuid4()}", content)

    def check(self) -> Unavailable | None:
        """Connect, log in, name our own address as sender and as recipient, take it back, and leave.

        Many servers say only to a recipient that they do not take this sender, or this machine. No mail is
        sent; None if all of that works.
        """
        deadline = self._deadline()
        sender = sender_address(self._settings)
        try:
            session = self._open(deadline)
            try:
                if not _accepted(reply := session.mail(sender)):
                    return _refusal_of_sender(reply[0], self._quote(reply))
                if not _accepted(reply := session.rcpt(sender)):
                    return Unavailable(f"a mail to our own address is refused: {self._quote(reply)}")
                session.rset()
            finally:
                session.leave()
        except _RefusedError as refused:
            return refused.outcome
        except OSError as exc:
            return Unavailable(deadline.fault(exc).detail)
        return None

    def close(self) -> None:
        """Take leave of the server on every open session."""
        for session in self._sessions.all_at_rest():
            session.deadline = Deadline(_GOODBYE_SECONDS, self._settings.host)
            session.leave()

    def _deadline(self) -> Deadline:
        return Deadline(self._settings.timeout_seconds, self._settings.host)

    def _submit(self, message_id: str, content: Content, *, for_customer: bool = True) -> Outcome:
        try:
            now = self._clock()
            mail = compose(
                self._settings, self._branches, content, message_id, now, for_customer=for_customer
            )
        except (ValueError, MessageError):  # their text quotes the value
            return Rejected("the address, the subject or the text holds what no e-mail can carry")
        deadline = self._deadline()
        try:
            with self._sessions.one_more_at_work():
                return self._attempt(mail, deadline)
        except _RefusedError as refused:
            return refused.outcome
        except OSError as exc:  # smtplib's exceptions are OSErrors too
            return deadline.fault(exc)

    def _hint(self, exc: OSError, deadline: Deadline) -> str:
        """What to try where a line that breaks before the greeting looks like the wrong kind of TLS."""
        settings = self._settings
        if isinstance(exc, ssl.SSLError) and exc.reason in _NO_TLS_THERE:
            return f': port {settings.port} begins without TLS, so set email.security = "starttls"'
        silent = deadline.connected and isinstance(exc, TimeoutError | smtplib.SMTPServerDisconnected)
        if silent and settings.security != "tls":
            return f': if port {settings.port} wants TLS from the first byte, set email.security = "tls"'
        return ""

    def _attempt(self, mail: Mail, deadline: Deadline) -> Outcome:
        session, refusal, last = self._begin(mail, deadline)
        outcome: Outcome | None = refusal
        if outcome is None:
            deadline.handed_over = True
            with _closed_on_errors(session):
                reply = session.deliver(mail.data)
            outcome, last = _answer_to_data(reply[0], self._quote(reply, mail.recipient)), reply[0]
        if last // 100 in (2, 4, 5):
            session.dirty = not isinstance(outcome, Sent)
            session.carried = session.carried or not session.dirty
            self._sessions.rest(session)
        else:  # after an answer that makes no sense, the next one may belong to anything
            session.close()
        return outcome

    def _quote(self, reply: Reply, *hidden: str) -> str:
        code, words = reply
        number = "" if code < 0 else f"{code} "  # smtplib: -1 where there was none
        password = self._settings.password.get_secret_value()
        return (number + quoted(words.decode("utf-8", "replace"), *hidden, password)).strip()

    # ------------------------------------------------------------ sessions

    def _begin(self, mail: Mail, deadline: Deadline) -> Begun:
        """A session that waits for the data, or refuses them.

        A rested session may have died, or may have reached the server's limit of mails or recipients. Nothing
        was sent on it then, so a new one takes its place at once instead of a try being spent.
        """
        session = self._sessions.take(deadline)
        if session is not None and (begun := self._begun_again(session, mail, deadline)) is not None:
            return begun
        try:
            session = self._open(deadline)
        except _RefusedError as refused:
            # It may take only so many sessions at a time. Those that it took send this mail too.
            if not (refused.outcome.again and self._sessions.are_scarce()):
                raise
            with suppress(TimeoutError):
                session = self._sessions.take(deadline)
            begun = None if session is None else self._begun_again(session, mail, deadline)
            if begun is None:
                raise
            return begun
        with _closed_on_errors(session):
            return session, *self._ask_to_send(session, mail)

    def _begun_again(self, session: Session, mail: Mail, deadline: Deadline) -> Begun | None:
        """What a session says that has rested; None where a new one may say something else."""
        session.deadline = deadline
        with suppress(OSError):
            if not session.dirty or session.rset()[0] == 250:
                refusal, last = self._ask_to_send(session, mail)
                if refusal is None or not _is_about_the_session(session, refusal, last):
                    return session, refusal, last
        session.close()
        return None

    def _ask_to_send(self, session: Session, mail: Mail) -> tuple[Rejected | Unavailable | None, int]:
        """Name sender and recipient, and announce the data; what is refused, and the server's last code."""
        reply = session.mail(mail.sender)
        if not _accepted(reply):
            return _refusal_of_sender(reply[0], self._quote(reply, mail.recipient)), reply[0]
        reply = session.rcpt(mail.recipient)
        if not _accepted(reply):
            return _refusal_of_recipient(reply[0], self._quote(reply, mail.recipient)), reply[0]
        reply = session.docmd("DATA")
        if reply[0] != 354:
            return _refusal_of_data(reply[0], self._quote(reply, mail.recipient)), reply[0]
        return None, reply[0]

    def _open(self, deadline: Deadline) -> Session:
        """A new session, secured and logged in; raises _RefusedError or OSError."""
        settings = self._settings
        tls = self._tls if settings.security == "tls" else None
        try:
            session = Session(settings.host, settings.port, tls, deadline)
        except smtplib.SMTPConnectError as exc:
            raise _RefusedError(self._unavailable("refuses the connection", exc)) from exc
        except OSError as exc:
            detail = deadline.fault(exc).detail + self._hint(exc, deadline)
            raise _RefusedError(Unavailable(detail)) from exc
        try:
            self._greet(session)
            if settings.username:
                self._log_in(session)
        except BaseException:
            session.close()
            raise
        return session

    def _greet(self, session: Session) -> None:
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

    def _log_in(self, session: Session) -> None:
        settings = self._settings
        refused = f"{settings.host}: the login failed"
        try:
            if self._tokens is not None:
                self._log_in_by_token(session, self._tokens)
            else:
                session.log_in(settings.username, settings.password.get_secret_value())
        except smtplib.SMTPAuthenticationError as exc:
            final = exc.smtp_code >= 500
            outcome = self._unavailable("refuses the login", exc, *session.login_words, account_error=final)
            if settings.auth == "password" and _NO_MORE_PASSWORDS.search(outcome.detail):
                outcome = replace(outcome, detail=f"{outcome.detail}: {_USE_OAUTH2}")
            raise _RefusedError(outcome) from exc
        except (smtplib.SMTPServerDisconnected, smtplib.SMTPResponseException):
            raise  # a broken line, or one that has no end: smtplib calls that a 500, but the server did not
        except ValueError as exc:
            outcome = Unavailable(f"{refused}: the server asks for it in a garbled way", True, again=False)
            raise _RefusedError(outcome) from exc
        except smtplib.SMTPException as exc:
            outcome = Unavailable(f"{refused}: {self._no_way(session)}", True, again=False)
            raise _RefusedError(outcome) from exc

    def _no_way(self, session: Session) -> str:
        """Why a server can be logged in to by no way that we know, and what to do."""
        if ways := quoted(" ".join(session.ways_to_log_in())):
            ours = "PLAIN, LOGIN and CRAM-MD5" if self._tokens is None else "XOAUTH2"
            return f'the server takes {ways}, and email.auth = "{self._settings.auth}" {ours}'
        tls = ', or over TLS alone (email.security = "starttls")' if self._tls is None else ""
        return f"the server takes none on this port; leave email.username empty, or name another port{tls}"

    def _log_in_by_token(self, session: Session, tokens: TokenSource) -> None:
        """A token may have been revoked, or have expired early: a refused one is replaced once."""
        used: Token | None = None
        for last in (False, True):
            found = tokens.token(session.deadline, refused=used)
            if isinstance(found, Unavailable):
                raise _RefusedError(found)
            used = found
            code, words = session.log_in_by_token(self._settings.username, found.word)
            if code == 235:
                return
            if last or code != 535:
                raise smtplib.SMTPAuthenticationError(code, words)

    def _unavailable(
        self, what: str, exc: smtplib.SMTPResponseException, *hidden: str, account_error: bool = False
    ) -> Unavailable:
        words = exc.smtp_error if isinstance(exc.smtp_error, bytes) else exc.smtp_error.encode()
        detail = f"{self._settings.host} {what}: {self._quote((exc.smtp_code, words), *hidden)}"
        return Unavailable(detail, account_error=account_error, again=not account_error)


# ---------------------------------------------------------------- what the server's replies mean


def _refusal_of_sender(code: int, words: str) -> Unavailable:
    final = code // 100 == 5
    return Unavailable(f"sender refused: {words}", account_error=final, again=not final)


def _refusal_of_recipient(code: int, words: str) -> Rejected | Unavailable:
    if code // 100 == 5:
        return _rejected(words)
    # By 421 a server says that it closes the connection, whatever command it answers.
    return Unavailable(words, recipient_only=code // 100 == 4 and code != 421)


def _refusal_of_data(code: int, words: str) -> Rejected | Unavailable:
    return _rejected(words) if code // 100 == 5 else Unavailable(words)


def _rejected(words: str) -> Rejected:
    """Refused for good, by a server that may mean the sender: Postfix says so only to a recipient.

    A policy that meets several recipients in the same words is not about them.
    """
    if not _POLICY.search(words):
        return Rejected(words)
    code, _, rest = words.partition(" ")
    number, _, rest = rest.partition(" ")
    rest = _OF_THIS_ANSWER.sub("•••", _ADDRESS.sub("•••", rest))
    return Rejected(words, unheard_word=f"{code} {number} {rest}")


def _answer_to_data(code: int, words: str) -> Outcome:
    if code // 100 == 2:
        return Sent(words)
    if code // 100 in (4, 5):
        return _refusal_of_data(code, words)
    return Unknown(f"no clear answer to the data: {words}")


def _accepted(reply: Reply) -> bool:
    return reply[0] // 100 == 2


def _is_about_the_session(session: Session, refusal: Rejected | Unavailable, code: int) -> bool:
    """Whether the server may take in a new session what it refuses in this one.

    By 421 it says so, and most by any other. 450 to a recipient is about them (greylisting): a login for
    each could reach the server's limit of logins.
    """
    greylisted = code == 450 and isinstance(refusal, Unavailable) and refusal.recipient_only
    enough = isinstance(refusal, Unavailable) or _TOO_MANY_RECIPIENTS.search(refusal.detail)
    return code == 421 or (session.carried and bool(enough) and not greylisted)


@contextmanager
def _closed_on_errors(session: Session) -> Iterator[None]:
    try:
        yield
    except BaseException:
        session.close()
        raise


class _RefusedError(Exception):
    """The server does not let us begin."""

    def __init__(self, outcome: Unavailable) -> None:
        super().__init__(outcome.detail)
        self.outcome = outcome
