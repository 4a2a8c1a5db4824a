"""How both adapters reach a peer: whom they trust, and one total deadline for all that an attempt waits for.

httpcore and smtplib bound each single read and write. A peer that sends a byte now and then would hold a
worker, and the customer's claim, for ever. So every wait of an attempt asks here how much time is left; a
thread makes one attempt at a time, hence the deadline hangs on the thread and no library has to carry it.
"""

import ipaddress
import queue
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import certifi

from terminbenachrichtigung.model.delivery import Unavailable, Unknown

_MOST_RECEIVED = 1024 * 1024  # bytes in one attempt: far more than any mail server has to say

_current = threading.local()


@dataclass(slots=True)
class Deadline:
    """When the attempt of this thread must be over, and how far it has come."""

    seconds: float
    end: float  # time.monotonic()
    handed_over: bool = False  # the message has begun to leave: from now on no answer means `unknown`
    received: int = 0  # bytes, where the library sets no limit of its own


@contextmanager
def within(seconds: float) -> Iterator[Deadline]:
    """Bound everything that this thread waits for in the block."""
    deadline = Deadline(seconds, time.monotonic() + seconds)
    _current.deadline = deadline
    try:
        yield deadline
    finally:
        del _current.deadline


def left() -> float:
    """Seconds that the attempt of this thread still has; raises TimeoutError when there are none."""
    deadline: Deadline = _current.deadline
    seconds = deadline.end - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the deadline is over")
    return seconds


def hand_over() -> None:
    """Note that the message begins to leave."""
    _current.deadline.handed_over = True


def receive(count: int) -> int:
    """Count what a peer sends in this attempt; raises OSError when it does not come to an end."""
    deadline: Deadline = _current.deadline
    deadline.received += count
    if deadline.received > _MOST_RECEIVED:
        raise OSError("the answer has no end")
    return count


def connect(host: str, port: int) -> socket.socket:
    """Open a TCP connection within the deadline, or raise OSError.

    Each of several addresses gets its share of the time: where IPv6 leads nowhere, IPv4 still has its turn.
    """
    addresses = _addresses(host, port)
    fault: OSError | None = None
    for position, address in enumerate(addresses):
        try:
            opened = socket.create_connection((address, port), left() / (len(addresses) - position))
        except OSError as exc:
            fault = exc
        else:
            with suppress(OSError):  # the peer has reset it already: whoever writes will notice
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return opened
    raise fault or OSError("the name has no address")


def _addresses(host: str, port: int) -> list[str]:
    """Look a name up, at most for as long as the deadline allows: getaddrinfo knows no timeout of its own.

    It runs in a daemon thread, which is left behind when it takes too long, and must not keep the process
    alive. One lookup for each new connection.
    """
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    answer: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except UnicodeError:
            answer.put(socket.gaierror(socket.EAI_NONAME, "not a host name"))
        except OSError as exc:
            answer.put(exc)
        else:
            answer.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))

    threading.Thread(target=look_up, name=f"look up {host}", daemon=True).start()
    try:
        result = answer.get(timeout=left())
    except queue.Empty:
        raise TimeoutError("the name lookup takes too long") from None
    if isinstance(result, OSError):
        raise result
    return result


def trust() -> ssl.SSLContext:
    """A context that verifies by the system's certificates, and by certifi's where the system has none.

    The system's carry a company's own authority; slim containers and Python on macOS come without any.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def fault(peer: str, deadline: Deadline, exc: Exception) -> Unavailable | Unknown:
    """What a broken line or a silent peer means: `unknown` once the message had begun to leave."""
    detail = f"{peer}: {_reason(exc, deadline)}"
    return Unknown(detail) if deadline.handed_over else Unavailable(detail)


def _reason(exc: BaseException, deadline: Deadline) -> str:
    """One phrase for an administrator; never a peer's own words, which may repeat what must not be shown."""
    if time.monotonic() >= deadline.end:
        return f"no answer within {deadline.seconds:g} seconds"
    match exc:
        case ConnectionRefusedError():
            return "the connection was refused"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {exc.verify_message}"
        case ssl.SSLEOFError() | ConnectionError() | smtplib.SMTPServerDisconnected():
            return "the connection was lost"
        case ssl.SSLError():
            return f"TLS failed: {exc.reason}"
        case socket.gaierror():
            return f"the name cannot be resolved: {exc.strerror}"
        case TimeoutError():
            return "no answer in time"
        case OSError(strerror=str(strerror)):
            return strerror
        case _:
            return "the connection ended, or broke the protocol, before a whole answer had come"
