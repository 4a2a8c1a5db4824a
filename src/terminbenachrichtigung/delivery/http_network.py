# ruff: noqa: ARG002 - httpcore hands in a timeout for each single operation; ours bounds them all together
"""The network under httpcore: it bounds every wait by the attempt's deadline, and notes what has left."""

import select
import socket
import ssl
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import httpcore

from terminbenachrichtigung.delivery.deadline import connect, hand_over, left


class DeadlineNetwork(httpcore.NetworkBackend):
    """Opens the connections of one pool."""

    def __init__(self, *, tls: bool) -> None:
        """Open nothing yet.

        Args:
            tls: whether messages travel inside TLS; what passes below it then is not a message.
        """
        self._tls = tls

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(connect(host, port), carries_message=not self._tls)


class _Stream(httpcore.NetworkStream):
    """One connection. Below TLS it carries no message yet, only what a proxy is asked to do."""

    def __init__(self, sock: socket.socket, *, carries_message: bool) -> None:
        self._sock = sock
        self._carries_message = carries_message
        self._unsent = b""

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # httpcore writes head and body apart; sent as one they cost a system call and a packet less.
        self._unsent += buffer

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._unsent:
            self._send()
        self._sock.settimeout(left())
        return self._sock.recv(max_bytes)

    def _send(self) -> None:
        request, self._unsent = self._unsent, b""
        self._sock.settimeout(left())
        if self._carries_message:
            hand_over()
        with suppress(OSError):  # the peer may have answered before it hung up: reading tells
            self._sock.sendall(request)

    def close(self) -> None:
        self._sock.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            self._sock.settimeout(left())
            secured = ssl_context.wrap_socket(self._sock, server_hostname=server_hostname)
        except BaseException:
            self.close()
            raise
        return _Stream(secured, carries_message=True)

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return self._sock if isinstance(self._sock, ssl.SSLSocket) else None
        if info == "is_readable":  # of an idle connection: the server has closed it
            return bool(select.select([self._sock], [], [], 0)[0])
        return None
