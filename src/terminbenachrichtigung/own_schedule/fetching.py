"""A file behind an address: over https, with a limit to its size and to how long it may take."""

import hashlib
import ipaddress
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from terminbenachrichtigung.errors import ConfigError, ScheduleError

if TYPE_CHECKING:
    import httpx

_PAUSE = 10  # seconds without a byte
_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server may cost."""

    largest: int = 50_000_000  # bytes, unpacked: a year of a large practice has a tenth of that
    deadline: float = (
        60  # seconds for everything: one that sends a byte now and then must not keep cron waiting
    )


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Fetched:
    """What the server gave; no content if it has not changed."""

    content: bytes | None
    etag: str = ""
    written_at: datetime | None = None  # Last-Modified


def address_in(path: Path) -> str:
    """The address that a file holds; raises ConfigError if there is none, or a plain one."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split()
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'no text'}") from None
    if len(lines) != 1:
        raise ConfigError(f"{path} must hold one address and nothing else")
    address = lines[0]
    if address.lower().startswith("webcal"):  # the same, as calendars write it
        address = "https" + address[address.index(":") :]
    _check(address, str(path))
    return address


def name_of(address: str) -> str:
    """The address without what is secret in it: whoever knows a published calendar's address can read it."""
    return f"{urlsplit(address).hostname} {hashlib.sha256(address.encode()).hexdigest()[:12]}"


def fetch(address: str, etag: str = "", limits: Limits = LIMITS) -> Fetched:
    """Ask for the file; with an `etag` only for one that has changed since.

    Raises:
        ScheduleError: the server is out of reach, refuses, is too slow, or sends too much.
        ConfigError: it leads to an address that is not https.
    """
    import httpx  # noqa: PLC0415

    host = urlsplit(address).hostname
    ends = time.monotonic() + limits.deadline
    headers = {"If-None-Match": etag} if etag else {}
    try:
        with httpx.Client(timeout=_PAUSE, headers=headers) as client:
            for _ in range(_REDIRECTS + 1):
                with client.stream("GET", address) as response:
                    if not response.has_redirect_location:
                        return _taken(response, host or "", ends, limits)
                    address = str(response.url.join(response.headers["location"]))
                    _check(address, f"the redirect of {host}")
    except httpx.HTTPError as error:
        raise ScheduleError(
            f"{host} cannot be reached: {type(error).__name__}; nothing was imported."
        ) from None
    raise ScheduleError(f"{host} leads from one address to the next: nothing was imported.")


def _taken(response: "httpx.Response", host: str, ends: float, limits: Limits) -> Fetched:
    etag = response.headers.get("etag", "")
    if response.status_code == HTTPStatus.NOT_MODIFIED:
        return Fetched(None, etag)
    if response.status_code != HTTPStatus.OK:
        raise ScheduleError(f"{host} answers with HTTP {response.status_code}: nothing was imported.")
    content = bytearray()
    for piece in response.iter_bytes():
        content += piece
        if len(content) > limits.largest:
            raise ScheduleError(f"{host} sends more than {limits.largest:,} bytes: nothing was imported.")
        if time.monotonic() > ends:
            raise ScheduleError(f"{host} took longer than {limits.deadline} seconds: nothing was imported.")
    return Fetched(bytes(content), etag, _date(response.headers.get("last-modified", "")))


def _check(address: str, where: str) -> None:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        raise ConfigError(f"{where} holds no address") from None
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))):
        raise ConfigError(f"{where} must hold an https:// address: names and numbers travel over it")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None
