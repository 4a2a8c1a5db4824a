"""The token with which a mail server is logged in to: asked for over HTTP, kept for the run, never written.

One form and one JSON answer (RFC 6749, sections 4.4 and 6), over our own line to the network: it knows the
attempt's total deadline, the practice's proxy and whom to trust. A library's client would have to be taught
them, and Authlib's for httpx is on its way out. Sources: Microsoft's and Google's pages on SMTP AUTH XOAUTH2.
"""

import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from terminbenachrichtigung.config.channels import OAuth2Settings
from terminbenachrichtigung.delivery.channel import quoted
from terminbenachrichtigung.delivery.deadline import Deadline
from terminbenachrichtigung.delivery.exchange import (
    FORM,
    JSON,
    Answer,
    Proxy,
    Request,
    amount,
    document,
    text_of,
)
from terminbenachrichtigung.delivery.http import once
from terminbenachrichtigung.model.delivery import Unavailable

_EARLY_SECONDS = 60.0  # a token is left so long before it expires, for the clocks and the login
_HOUR = 3600.0  # how long a token holds that does not say so, as with both providers
ADVICE = {
    "invalid_client": "email.oauth2.client_id or client_secret is wrong, or the secret has expired",
    "invalid_grant": "email.oauth2.refresh_token is wrong, was revoked or has expired: make a new one",
    "unauthorized_client": "the application may not ask for this kind of token",
    "invalid_scope": "email.oauth2.scope is wrong",
}


@dataclass(frozen=True, slots=True)
class Token:
    """An access token."""

    word: str
    until: float  # time.monotonic()


class TokenSource:
    """Gives the token that holds now, and asks for a new one when it no longer does. Safe between threads."""

    def __init__(
        self,
        settings: OAuth2Settings,
        proxy: Proxy | None = None,
        trusted: ssl.SSLContext | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask for nothing yet.

        Args:
            settings: the section `[email.oauth2]`.
            proxy: on the way to the token's address.
            trusted: whom to trust; the default verifies by the system's and the public authorities.
            monotonic: seconds that have passed since some moment.
        """
        self._settings = settings
        self._proxy = proxy
        self._trusted = trusted
        self._monotonic = monotonic
        self._refresh_token = settings.refresh_token.get_secret_value()
        self._token: Token | None = None
        self._lock = threading.Lock()

    def token(self, deadline: Deadline, refused: Token | None = None) -> Token | Unavailable:
        """The token that holds now.

        Args:
            deadline: of the attempt that needs it.
            refused: one that the mail server no longer takes; it is not given out again.
        """
        with self._lock:  # the others wait for the one that asks, rather than ask as well
            held = self._token
            if held is not None and held != refused and self._monotonic() < held.until:
                return held
            self._token = None
            found = self._ask(deadline)
            if isinstance(found, Token):
                self._token = found
            return found

    def _ask(self, deadline: Deadline) -> Token | Unavailable:
        request = Request(
            "",
            "POST",
            {"Content-Type": FORM, "Accept": JSON},
            urlencode(self._form()).encode("ascii"),
            reads_refusal=True,
        )
        answer = once(
            self._settings.token_url,
            request,
            seconds=deadline.left(),
            proxy=self._proxy,
            trusted=self._trusted,
        )
        if not isinstance(answer, Answer):  # whatever became of the question, no mail has left
            return Unavailable(f"no token: {answer.detail}")
        return self._read(answer)

    def _form(self) -> dict[str, str]:
        settings = self._settings
        form = {
            "grant_type": "refresh_token" if self._refresh_token else "client_credentials",
            "client_id": settings.client_id,
            "client_secret": settings.client_secret.get_secret_value(),
            "refresh_token": self._refresh_token,
            "scope": settings.scope,
        }
        return {key: value for key, value in form.items() if value}

    def _read(self, answer: Answer) -> Token | Unavailable:
        host = urlsplit(self._settings.token_url).hostname
        found = document(answer)
        word = text_of(found, "access_token")
        if answer.status == 200 and word and text_of(found, "token_type").lower() in {"bearer", ""}:
            # Some give a new refresh token with each answer; it holds for the rest of the run.
            self._refresh_token = text_of(found, "refresh_token") or self._refresh_token
            lasts = amount(found, "expires_in")
            seconds = _HOUR if lasts is None else float(lasts)
            return Token(word, self._monotonic() + max(0.0, seconds - _EARLY_SECONDS))
        error = text_of(found, "error")
        if error and answer.status in {400, 401, 403}:
            hidden = (
                self._settings.client_secret.get_secret_value(),
                self._settings.refresh_token.get_secret_value(),
            )
            words = quoted(f"{error}: {text_of(found, 'error_description')}".rstrip(": "), *hidden)
            advice = f" ({ADVICE[error]})" if error in ADVICE else ""
            return Unavailable(
                f"no token: {host} refuses it: {words}{advice}", account_error=True, again=False
            )
        if answer.status == 200:
            return Unavailable(f"no token: {host} gives an answer that holds none")
        return Unavailable(f"no token: {host} answers HTTP {answer.status}")
