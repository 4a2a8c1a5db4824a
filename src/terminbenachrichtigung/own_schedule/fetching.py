"""Fetches a file over https, with limits to its size and to the time that it takes."""

import hashlib
import string
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

from terminbenachrichtigung.config.fields import is_loopback
from terminbenachrichtigung.config.files import read_at_most
from terminbenachrichtigung.delivery.exchange import Answer, Proxy, Request
from terminbenachrichtigung.errors import ConfigError, ScheduleError

_REDIRECTS = 5
_LONGEST_ADDRESS = 10_000  # bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """How much and how long a server may send."""

    largest: int = 50_000_000  # bytes, unpacked: a year of a large practice has a tenth of that
    deadline: float = 60  # seconds in all: a server that sends a byte now and then must not block cron


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Fetched:
    """What the server gave; no content if it has not changed."""

    content: bytes | None
    etag: str = ""
    written_at: datetime | None = None  # Last-Modified


def address_in(path: Path) -> str:
    """The address that a file holds. Raises ConfigError if there is none, or one without https."""
    try:
        content = read_at_most(_LONGEST_ADDRESS + 1, path)
        lines = content.decode("utf-8-sig").split()
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'no text'}") from None
    if len(lines) != 1 or len(content) > _LONGEST_ADDRESS:
        raise ConfigError(f"{path} must hold one address and nothing else")
    address = lines[0]
    if address.lower().startswith("webcal"):  # calendar programs write this for https
        address = "https" + address[address.index(":") :]
    _check(address, str(path))
    return address


def name_of(address: str) -> str:
    """A name for the address that does not reveal it: whoever knows the address can read the calendar."""
    return f"{urlsplit(address).hostname} {hashlib.sha256(address.encode()).hexdigest()[:12]}"


def fetch(address: str, etag: str = "", limits: Limits = LIMITS, proxy: Proxy | None = None) -> Fetched:
    """Ask for the file, through the practice's proxy; with an `etag` only for one that has changed since.

    Raises:
        ScheduleError: the server is out of reach, refuses, is too slow, or sends too much.
        ConfigError: it leads to an address that is not https.
    """
    from terminbenachrichtigung.delivery.http import once  # noqa: PLC0415  # 50 ms, only for an address

    host = urlsplit(address).hostname or ""
    ends = time.monotonic() + limits.deadline
    headers = {"If-None-Match": etag} if etag else {}
    request = Request("", headers=headers, longest=limits.largest)
    for _ in range(_REDIRECTS + 1):
        # HTTP takes ASCII only: umlauts in an address are encoded, as browsers do it.
        asked = quote(address, safe=string.punctuation)
        answer = once(asked, request, seconds=max(0.0, ends - time.monotonic()), proxy=proxy)
        if not isinstance(answer, Answer):
            if time.monotonic() >= ends:
                raise ScheduleError(
                    f"{host} took longer than {limits.deadline:g} seconds: nothing was imported."
                )
            raise ScheduleError(f"{host} cannot be reached ({answer.detail}): nothing was imported.")
        if not (answer.status // 100 == 3 and answer.headers.get("location")):
            return _taken(answer, host, limits, asked_for_changes=bool(etag))
        address = redirected(address, answer.headers["location"], host)
    raise ScheduleError(f"{host} leads from one address to the next: nothing was imported.")


def redirected(address: str, location: str, host: str) -> str:
    """Where a server says that the file is.

    Raises:
        ConfigError: that is no address, or it leads out of https, be it to this machine.
    """
    where = f"the redirect of {host}"
    try:
        found = urljoin(address, location)
    except ValueError:
        raise ConfigError(f"{where} holds no address") from None
    _check(found, where)
    if urlsplit(address).scheme == "https" and urlsplit(found).scheme != "https":
        raise ConfigError(f"{where} leads from https:// to http://: names and numbers travel over it")
    return found


def _taken(answer: Answer, host: str, limits: Limits, *, asked_for_changes: bool) -> Fetched:
    etag = answer.headers.get("etag", "")
    if answer.status == HTTPStatus.NOT_MODIFIED and asked_for_changes:
        return Fetched(None, etag)
    if answer.status != HTTPStatus.OK:
        raise ScheduleError(f"{host} answers with HTTP {answer.status}: nothing was imported.")
    if len(answer.body) > limits.largest:
        raise ScheduleError(f"{host} sends more than {limits.largest:,} bytes: nothing was imported.")
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise ScheduleError(
            f"{host} sends the file packed, although it was asked not to: nothing was imported."
        )
    return Fetched(answer.body, etag, _date(answer.headers.get("last-modified", "")))


def _check(address: str, where: str) -> None:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        raise ConfigError(f"{where} holds no address") from None
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        raise ConfigError(f"{where} must hold an https:// address: names and numbers travel over it")


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):  # the year 1, or 9999
        return None
