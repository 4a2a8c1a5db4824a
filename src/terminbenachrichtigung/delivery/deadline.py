"""What gateways and mail have in common on the way to a peer: a total deadline, and whom to trust.

httpcore and smtplib bound each single read and write. A peer that sends a byte now and then would hold a
worker, and the customer's claim, for ever. So every wait of an attempt asks its deadline for the time left.
"""

import errno
import ipaddress
import queue
import smtplib
import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import Final

import certifi

from terminbenachrichtigung.delivery.channel import Trouble
from terminbenachrichtigung.model.delivery import Unavailable, Unknown

_MOST_RECEIVED = 1024 * 1024  # bytes in one attempt: far more than any mail server has to say


class Deadline:
    """When one attempt must be over, how far it has come, and whom it is waiting for."""

    def __init__(self, seconds: float, peer: str) -> None:
        """Begin to count.

        Args:
            seconds: the whole time that the attempt has.
            peer: who is to be named when something goes wrong; changed on the way, as by a proxy.
        """
        self.seconds: Final = seconds
        self.peer = peer
        self.handed_over = False
        """The message has begun to leave: from now on no answer means `unknown`."""
        self.connected = False
        """The peer, or the proxy before it, has taken the connection."""
        self._end = time.monotonic() + seconds
        self._received = 0  # bytes, where the library sets no limit of its own

    def left(self) -> float:
        """Seconds that are left; raises TimeoutError when there are none."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the deadline is over")
        return seconds

    def receive(self, count: int) -> int:
        """Count what the peer sends; raises OSError when it does not come to an end."""
        self._received += count
        if self._received > _MOST_RECEIVED:
            raise OSError("the answer has no end")
        return count

    def connect(self, host: str, port: int) -> socket.socket:
        """Open a TCP connection in the time that is left, or raise OSError.

        Each of several addresses gets its share of it: where IPv6 leads nowhere, IPv4 still has its turn.
        """
        addresses = _addresses(host, port, self.left())
        fault: OSError | None = None
        for position, address in enumerate(addresses):
            try:
                share = self.left() / (len(addresses) - position)
                opened = socket.create_connection((address, port), share)
            except OSError as exc:
                fault = exc
            else:
                with suppress(OSError):  # the peer has reset it already: whoever writes will notice
                    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connected = True
                return opened
        raise fault or OSError("the name has no address")

    def fault(self, exc: Exception) -> Trouble:
        """What a broken line or a silent peer means: `unknown` once the message had begun to leave."""
        late = time.monotonic() >= self._end
        detail = f"{self.peer}: {f'no answer within {self.seconds:g} seconds' if late else _reason(exc)}"
        return Unknown(detail) if self.handed_over else Unavailable(detail)


def _addresses(host: str, port: int, seconds: float) -> list[str]:
    """Look a name up, for at most so many seconds: getaddrinfo knows no timeout of its own.

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

    try:
        threading.Thread(target=look_up, name=f"look up {host}", daemon=True).start()
    except RuntimeError:
        raise OSError(errno.EAGAIN, "the system allows no further thread") from None
    try:
        result = answer.get(timeout=seconds)
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


def _reason(exc: Exception) -> str:
    """One phrase for an administrator; never a peer's own words, which may repeat what is secret."""
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
