"""One request to a gateway and its answer, as values: an adapter writes the one and reads the other."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from terminbenachrichtigung.clock import TIMINGS
from terminbenachrichtigung.config.channels import SmsSettings
from terminbenachrichtigung.delivery.channel import Trouble, quoted
from terminbenachrichtigung.model.delivery import Unavailable, Unknown

LARGEST_ANSWER = 64 * 1024  # bytes; a real one has 300
LARGEST_LIST = 8 * 1024 * 1024  # bytes; 5,000 delivery reports have 3 MB

FORM = "application/x-www-form-urlencoded; charset=utf-8"
JSON = "application/json"

_ACCOUNT = frozenset({401, 403, 407})
_LATER = frozenset({429, 503})
_SURELY_NOT_SENT = frozenset({301, 308})
_AMOUNT = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,30})?", re.ASCII)
_PLACES = 6  # of a price; what programs write behind them is their own error of rounding
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_LONG_NUMBER = re.compile(r"\d{7,}")  # in a gateway's word it can only be the recipient's


@dataclass(frozen=True, slots=True)
class Request:
    """What goes to a gateway."""

    path: str  # with its query, below the gateway's `base_url`
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    longest: int = LARGEST_ANSWER  # bytes of the answer's body that are read
    reads_refusal: bool = False  # whether the body of an answer other than 2xx is read too


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP."""

    status: int
    body: bytes = b""  # cut off behind the largest that is read
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case


@dataclass(frozen=True, slots=True)
class Proxy:
    """The HTTP proxy through which this practice reaches the network."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"the proxy {self.host}:{self.port}"


class Line(Protocol):
    """The way to a gateway. Whatever the network does is a `Trouble`, within a total deadline."""

    def ask(self, request: Request) -> Answer | Trouble:
        """Send one request and wait for its answer."""

    def close(self) -> None:
        """Close all connections."""


def proxy_of(sms: SmsSettings | None) -> Proxy | None:
    """The proxy of the section `[sms]`, through which everything over HTTP goes; None where there is none."""
    if sms is None or not sms.proxy_server:
        return None
    password = sms.proxy_password.get_secret_value()
    return Proxy(sms.proxy_server, sms.proxy_port, sms.proxy_user, password)


def http_fault(answer: Answer, now: datetime) -> Trouble:
    """What an HTTP status other than 2xx means, where a gateway's own page does not say otherwise.

    An ASP.NET server may answer an error of its own with a redirect, after it took the message: only a
    permanent one surely took nothing.
    """
    status = answer.status
    detail = f"the gateway answers HTTP {status}"
    if status == 407:
        return proxy_refusal(407)
    if status in _ACCOUNT:
        return Unavailable(detail, account_error=True, again=False)
    if status in _LATER:
        again = seconds_to_wait(answer.headers.get("retry-after", ""), now) <= sum(TIMINGS.pauses)
        return Unavailable(detail, again=again, too_fast=again)
    if status in _SURELY_NOT_SENT:
        return Unavailable(f"{detail}: it has moved, so base_url is out of date", again=False)
    return Unavailable(detail, again=False) if status // 100 == 4 else Unknown(detail)


def proxy_refusal(status: int, proxy: Proxy | None = None) -> Unavailable:
    """The proxy built no tunnel, so the gateway has seen nothing, whatever the status."""
    who = "the proxy" if proxy is None else str(proxy)
    hint = ""
    if status == 407:
        known = proxy is not None and proxy.user
        what = "it does not take the login, so correct" if known else "it wants a login, so set"
        hint = f": {what} sms.proxy_user and sms.proxy_password"
    return Unavailable(
        f"{who} answers HTTP {status}{hint}",
        account_error=status in _ACCOUNT,
        again=status == 429 or status >= 500,
    )


def document(answer: Answer, longest: int = LARGEST_ANSWER) -> Any | Unknown:
    """The JSON of an answer, its numbers exact; `unknown` if it is none, or too long."""
    if len(answer.body) > longest:
        return Unknown("the gateway's answer is too long")
    try:
        return json.loads(answer.body, parse_float=Decimal)
    # Not JSON; 1e99999999999999999999; nested without end.
    except (ValueError, ArithmeticError, RecursionError):
        return Unknown("the gateway's answer is not the JSON it should be")


def entries(found: Any) -> list[Any] | Unknown:
    """What should be a JSON list; `unknown` if it is none."""
    return found if isinstance(found, list) else Unknown("the gateway's answer is not the list it should be")


def text_of(found: Any, key: str) -> str:
    """A field of a JSON object as text; empty where it is missing, or neither a text nor a number."""
    value = found.get(key) if isinstance(found, dict) else None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def id_of(found: Any, key: str) -> str:
    """A field of a JSON object as an id; empty where it is none: not any text can be kept, or shown."""
    text = text_of(found, key)
    return text if _ID.fullmatch(text) else ""


def amount(found: Any, key: str) -> Decimal | None:
    """A field of a JSON object as a number, written as one or as text; None where it is none."""
    return decimal(found.get(key)) if isinstance(found, dict) else None


def decimal(value: Any) -> Decimal | None:
    """A number, or a text that is one; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    if not _AMOUNT.fullmatch(str(value)):
        return None
    exact = Decimal(str(value))
    rounded = round(exact, _PLACES)
    return exact if exact == rounded else rounded


def account_error(word: str) -> Unavailable:
    """The gateway will send nothing for this account, whoever the recipient is."""
    return Unavailable(f"the gateway refuses the account: {word}", account_error=True, again=False)


def shown(word: str, hidden: Iterable[str]) -> str:
    """A gateway's own word, fit to be shown: short, on one line, without secrets and without numbers."""
    return _LONG_NUMBER.sub("•••", quoted(word, *hidden))


def seconds_to_wait(retry_after: str, now: datetime) -> float:
    """What a Retry-After asks for: seconds, or a date. One that cannot be read asks for nothing."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return 0.0
    return (until.replace(tzinfo=until.tzinfo or UTC) - now.astimezone(UTC)).total_seconds()
