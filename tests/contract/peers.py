"""Peers that misbehave on the wire, one function for each way; and what the tests of both channels send."""

import functools
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import trustme

from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.delivery import Claim
from terminbenachrichtigung.model.plan import Channel as Kind
from terminbenachrichtigung.model.plan import PlannedMessage, Route

MESSAGE_ID = "0b5c6f1e-8f6b-4d55-9a43-2f6d1f3f7b10"
PATIENCE = 60
"""Seconds for which a peer waits for the client, whose deadline is one or two."""

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # 10:00 in Berlin


def now() -> datetime:
    return NOW


def a_claim(kind: Kind, recipient: str) -> Claim:
    appointment = Appointment(
        appointment_id="4711",
        starts_at=datetime(2026, 11, 25, 8, 0, tzinfo=UTC),
        customer_id="17",
        type_notifiable=True,
        is_group=False,
    )
    planned = PlannedMessage("Terminerinnerung", "17", (appointment,), (Route(kind, recipient),))
    return Claim(MESSAGE_ID, planned)


@dataclass
class Peer:
    """A server that does to each connection whatever it was told to do."""

    behave: Callable[[socket.socket], None]
    tls: ssl.SSLContext | None = None
    connections: int = 0
    never_left: bool = False
    """The client was still there after all of a peer's patience: it has no deadline."""
    over: threading.Event = field(default_factory=threading.Event)
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    threads: list[threading.Thread] = field(default_factory=list)

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    def accept(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            if self.over.is_set():
                connection.close()
                return
            self.connections += 1
            self.threads.append(threading.Thread(target=self.serve, args=(connection,), daemon=True))
            self.threads[-1].start()

    def serve(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        with suppress(OSError), connection:
            try:
                if self.tls is None:
                    self.behave(connection)
                else:
                    with self.tls.wrap_socket(connection, server_side=True) as secured:
                        self.behave(secured)
            except TimeoutError:
                self.never_left = True


@contextmanager
def a_peer(behave: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> Iterator[Peer]:
    peer = Peer(behave, tls)
    accepting = threading.Thread(target=peer.accept, daemon=True)
    accepting.start()
    try:
        yield peer
    finally:
        peer.over.set()
        with suppress(OSError), socket.create_connection(("127.0.0.1", peer.port)):
            pass  # wakes accept()
        accepting.join()
        peer.listener.close()
        for thread in peer.threads:
            thread.join()
    assert not peer.never_left, "the client did not hang up at its deadline"


def a_port_nobody_listens_on() -> int:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port: int = closed.getsockname()[1]
        return port


# ---------------------------------------------------------------- ways to behave


def read_line(connection: socket.socket) -> bytes:
    """One line, without its end; ConnectionError when the client has gone."""
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            raise ConnectionError
        line += byte
    return line.rstrip(b"\r\n")


def read_http_request(connection: socket.socket) -> bytes:
    """A whole request with its body."""
    head = b""
    length = 0
    while line := read_line(connection):
        head += line + b"\r\n"
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    body = b""
    while len(body) < length:
        body += connection.recv(length - len(body))
    return head + b"\r\n" + body


def until_hung_up(connection: socket.socket) -> None:
    """Say nothing, until the client has had enough."""
    while connection.recv(4096):
        pass


def reset(connection: socket.socket) -> None:
    """Close with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def dribble(connection: socket.socket, data: bytes, pause: threading.Event | None = None) -> None:
    """A byte at a time, each soon enough to please any timeout of a single read.

    Raises TimeoutError when the client was there for all of it.
    """
    waiting = pause or threading.Event()
    for position in range(len(data)):
        connection.sendall(data[position : position + 1])
        waiting.wait(0.1)
    raise TimeoutError


def tunnel(connection: socket.socket, heads: list[bytes] | None = None) -> None:
    """A proxy that does as it is told; `heads` collects the header lines of what it was asked."""
    target = read_line(connection).split()[1].decode()
    asked = [] if heads is None else heads
    while line := read_line(connection):
        asked.append(line)
    host, _, port = target.partition(":")
    with socket.create_connection((host, int(port))) as other:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")

        def forth() -> None:
            while data := connection.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)

        sending = threading.Thread(target=forth)
        sending.start()
        while data := other.recv(65536):
            connection.sendall(data)
        connection.shutdown(socket.SHUT_RDWR)
        sending.join()


# ---------------------------------------------------------------- certificates


@functools.cache
def authority() -> trustme.CA:
    return trustme.CA()


def trusting_client() -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


def certified_server(name: str = "127.0.0.1", not_after: datetime | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(name, not_after=not_after).configure_cert(context)
    return context


def self_certified_server() -> ssl.SSLContext:
    """A certificate that is fine, but of an authority that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context
