# ruff: noqa: ARG002 - httpcore hands a timeout to each single operation; ours is the attempt's deadline
"""Everything that goes over HTTP: through the practice's proxy, with a total deadline and a limit of size.

For one request, such as a ping or the download of a calendar, there is `once`:

    answer = once("https://example.org/calendar.ics", Request("", longest=50_000_000), seconds=60,
                  proxy=proxy_of(settings.sms))
    if not isinstance(answer, Answer):
        ...  # `answer.detail` says in a sentence what was wrong with the network

A redirect is an answer like any other, with its `location` among the headers.

An httpx client stands over connections of our own (httpcore's, with our sockets below), which know whether
the message had begun to leave.
"""

import select
import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from terminbenachrichtigung.config.fields import is_loopback
from terminbenachrichtigung.delivery.channel import Trouble
from terminbenachrichtigung.delivery.deadline import Deadline, trust
from terminbenachrichtigung.delivery.exchange import Answer, Proxy, Request, proxy_refusal

_IDLE_SECONDS = 2.0  # no server gives up sooner: a connection that it closes while we write ends in `unknown`
_FAULTS = (
    OSError,
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpx.RequestError,  # an address to go on to that is none
    httpx.InvalidURL,
)
_KEPT = frozenset({"retry-after", "etag", "last-modified", "location", "content-encoding"})
_ALWAYS = {"User-Agent": "terminbenachrichtigung", "Accept": "*/*", "Accept-Encoding": "identity"}


class HttpLine:
    """Connections to one server, kept open from request to request. Safe to use from several threads."""

    def __init__(
        self,
        base_url: str,
        *,
        seconds: float,
        connections: int = 1,
        proxy: Proxy | None = None,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            base_url: http or https, in ASCII.
            seconds: the total deadline of one request, from the look-up of the name on.
            connections: at most so many at a time.
            proxy: on the way; what is on this machine is not asked for through a proxy elsewhere.
            trusted: whom to trust; the default verifies by the system's and the public authorities.
        """
        parts = urlsplit(base_url)
        host = parts.hostname or ""
        if proxy is not None and is_loopback(host) and not is_loopback(proxy.host):
            proxy = None
        tls = parts.scheme == "https"
        self._base = base_url
        self._headers = {"Host": parts.netloc.rpartition("@")[2], **_ALWAYS}
        self._proxy = proxy
        self._peer = host if tls or proxy is None else str(proxy)
        self._seconds = seconds
        if tls and trusted is None:
            trusted = trust()  # 50 ms, which plain http to loopback need not pay
        pool = _pool(_Network(host, proxy, tls=tls), connections, proxy, trusted)
        self._client = httpx.Client(transport=_Transport(pool), trust_env=False)

    def ask(self, request: Request) -> Answer | Trouble:
        """Send one request and wait for its answer; `unknown` only if the request had begun to leave."""
        deadline = Deadline(self._seconds, self._peer)
        try:
            # Made here and not by the client, which would add the cookies of earlier answers.
            asked = httpx.Request(
                request.method,
                self._base + request.path,
                headers={**self._headers, **request.headers},
                content=request.body or None,
                extensions={"timeout": _timeouts(deadline)},
            )
            with closing(self._client.send(asked, stream=True)) as response:
                return _read(response, request)
        except httpcore.ProxyError as refusal:  # its text begins with the proxy's HTTP status
            return proxy_refusal(int(str(refusal).split()[0]), self._proxy)
        except _FAULTS as exc:
            return deadline.fault(exc)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


def once(
    url: str,
    request: Request,
    *,
    seconds: float,
    proxy: Proxy | None = None,
    trusted: ssl.SSLContext | None = None,
) -> Answer | Trouble:
    """One request to one address, whose connection is closed afterwards; see the head of this file."""
    with closing(HttpLine(url, seconds=seconds, proxy=proxy, trusted=trusted)) as line:
        return line.ask(request)


def _timeouts(deadline: Deadline) -> dict[str, Any]:
    """Handed on to the network as they are; only the pool itself waits by a number."""
    return {"connect": deadline, "read": deadline, "write": deadline, "pool": deadline.seconds}


def _read(response: httpx.Response, request: Request) -> Answer:
    status = response.status_code
    headers = {name: response.headers[name] for name in _KEPT if name in response.headers}
    if status // 100 == 2:
        return Answer(status, _body(response, request.longest), headers)
    body = b""
    if request.reads_refusal:
        with suppress(*_FAULTS):  # the status has said it already
            body = _body(response, request.longest)
    return Answer(status, body, headers)


def _body(response: httpx.Response, longest: int) -> bytes:
    """The body, cut off behind `longest` bytes."""
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > longest:
            break
    return bytes(body)


class _Transport(httpx.BaseTransport):
    """The client's way to our connections. httpx's own would make its connections itself."""

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        if answer.extensions["network_stream"].get_extra_info("unsent"):
            answer.close()
            raise httpcore.RemoteProtocolError("an answer that came along with the one before")
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """What comes in from a connection, which goes back to the others when it is closed."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


def _pool(
    network: "_Network", connections: int, proxy: Proxy | None, trusted: ssl.SSLContext | None
) -> httpcore.ConnectionPool:
    if proxy is None:
        return httpcore.ConnectionPool(
            ssl_context=trusted,
            max_connections=connections,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=network,
        )
    login = (proxy.user.encode(), proxy.password.encode()) if proxy.user else None
    return httpcore.HTTPProxy(
        proxy_url=httpcore.URL(scheme="http", host=proxy.host, port=proxy.port, target="/"),
        proxy_auth=login,
        ssl_context=trusted,
        max_connections=connections,
        keepalive_expiry=_IDLE_SECONDS,
        network_backend=network,
    )


class _Network(httpcore.NetworkBackend):
    """Opens the connections of one pool, and notes on a deadline whom it waits for and what has left."""

    def __init__(self, host: str, proxy: Proxy | None, *, tls: bool) -> None:
        self._host = host
        self._proxy = proxy
        self._tls = tls

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: Any = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        deadline: Deadline = timeout
        if self._proxy is not None:
            deadline.peer = str(self._proxy)
        return _Stream(deadline.connect(host, port), self._host, carries_message=not self._tls)


class _Stream(httpcore.NetworkStream):
    """One connection. Below TLS it carries no message yet, only what a proxy is asked to do."""

    def __init__(self, sock: socket.socket, host: str, *, carries_message: bool) -> None:
        self._sock = sock
        self._host = host
        self._carries_message = carries_message
        self._unsent = b""

    def write(self, buffer: bytes, timeout: Any = None) -> None:
        # httpcore writes head and body apart; sent as one they cost a system call and a packet less.
        self._unsent += buffer

    def read(self, max_bytes: int, timeout: Any = None) -> bytes:
        deadline: Deadline = timeout
        if self._unsent:
            self._send(deadline)
        self._sock.settimeout(deadline.left())
        return self._sock.recv(max_bytes)

    def _send(self, deadline: Deadline) -> None:
        request, self._unsent = self._unsent, b""
        self._sock.settimeout(deadline.left())
        deadline.handed_over = deadline.handed_over or self._carries_message
        with suppress(OSError):  # the peer may have answered before it hung up: reading tells
            self._sock.sendall(request)

    def close(self) -> None:
        self._sock.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: Any = None
    ) -> httpcore.NetworkStream:
        deadline: Deadline = timeout
        deadline.peer = self._host  # a tunnel has been built, if there was a proxy
        try:
            self._sock.settimeout(deadline.left())
            secured = ssl_context.wrap_socket(self._sock, server_hostname=server_hostname)
        except BaseException:
            self.close()
            raise
        return _Stream(secured, self._host, carries_message=True)

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return self._sock if isinstance(self._sock, ssl.SSLSocket) else None
        if info == "is_readable":  # of an idle connection: the server has closed it
            return bool(select.select([self._sock], [], [], 0)[0])
        if info == "unsent":  # something was answered before anything was read, and so before it was asked
            return self._unsent
        return None
