"""The line to an SMS gateway: connections within a deadline, a proxy, and answers of bounded size."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpcore
import httpx

from terminbenachrichtigung.config.settings import SmsSettings
from terminbenachrichtigung.delivery.deadline import trust
from terminbenachrichtigung.delivery.http_network import DeadlineNetwork

_IDLE_SECONDS = 2.0  # shorter than any server's patience: a line it closes as we write is an `unknown`


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP."""

    status: int
    body: bytes = b""  # of a 2xx only, and cut off behind the largest that is read
    retry_after: str = ""


def client(settings: SmsSettings, ssl_context: ssl.SSLContext | None) -> httpx.Client:
    """A client over connections that hold to the attempt's deadline; nothing is opened yet."""
    return httpx.Client(
        transport=_Line(_pool(settings, ssl_context)),
        # A proxy in the environment of some shell must not see what is sent: ours is in the settings.
        trust_env=False,
        timeout=settings.timeout_seconds,
        headers={
            "User-Agent": "terminbenachrichtigung",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        },
    )


def read(response: httpx.Response, longest: int) -> Answer:
    """The answer, its body cut off behind `longest` bytes."""
    retry_after = response.headers.get("Retry-After", "").strip()
    if not response.is_success:
        return Answer(response.status_code, retry_after=retry_after)
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > longest:
            break
    return Answer(response.status_code, bytes(body))


def _pool(settings: SmsSettings, ssl_context: ssl.SSLContext | None) -> httpcore.ConnectionPool:
    tls = urlsplit(settings.base_url).scheme == "https"
    if tls and ssl_context is None:
        ssl_context = trust()  # 50 ms, which plain http to loopback need not pay
    network = DeadlineNetwork(tls=tls)
    connections = settings.concurrency + 1  # the main thread asks for the balance
    if not settings.proxy_server:
        return httpcore.ConnectionPool(
            ssl_context=ssl_context,
            max_connections=connections,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=network,
        )
    proxy = httpcore.URL(scheme="http", host=settings.proxy_server, port=settings.proxy_port, target="/")
    return httpcore.HTTPProxy(
        proxy_url=proxy,
        ssl_context=ssl_context,
        max_connections=connections,
        keepalive_expiry=_IDLE_SECONDS,
        network_backend=network,
    )


class _Line(httpx.BaseTransport):
    """httpx's way to our connections: its own would bound each single read, not the attempt as a whole.

    Of the answer's headers only Retry-After is handed on. httpx would set cookies by the others, and
    parse a Location that may be anything.
    """

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        kept = [(name, value) for name, value in answer.headers if name.lower() == b"retry-after"]
        return httpx.Response(answer.status, headers=kept, stream=_Body(answer))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()
