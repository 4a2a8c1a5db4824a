"""A line to a PostgreSQL server that a test can cut, or let go dead."""

import shutil
import socket
import tempfile
import threading
from contextlib import suppress
from pathlib import Path


class Line:
    """A line to the server that can be cut when it has carried out a COMMIT, before its answer arrives."""

    def __init__(self, server: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="line", dir="/tmp"))
        self._server = str(server / ".s.PGSQL.5432")
        self._dead = threading.Event()
        self._unanswered: list[socket.socket] = []
        self._cut_next = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / ".s.PGSQL.5432"))
        self._listener.listen()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def cut_after_the_next_commit(self) -> None:
        self._cut_next.set()

    def go_dead(self) -> None:
        """From now on it takes everything, passes nothing on, and says nothing."""
        self._dead.set()

    @property
    def was_cut(self) -> bool:
        return not self._cut_next.is_set()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)
        for client in self._unanswered:
            client.close()
        shutil.rmtree(self.folder)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._dead.is_set():
                self._unanswered.append(client)
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            lost = threading.Event()
            pair = [(client, server, lost), (server, client, lost)]
            pumps = [threading.Thread(target=self._pump, args=one) for one in pair]
            self._threads += pumps
            for pump in pumps:
                pump.start()

    def _pump(self, source: socket.socket, target: socket.socket, lost: threading.Event) -> None:
        to_server = target.getpeername() == self._server
        with source:
            while data := source.recv(65536):
                if to_server and b"COMMIT" in data and self._cut_next.is_set():
                    self._cut_next.clear()
                    lost.set()
                elif not to_server and lost.is_set():
                    break  # the server has answered, so it has committed; nobody hears of it
                if not self._dead.is_set():
                    target.sendall(data)
            for end_ in (source, target):
                with suppress(OSError):  # the other pump was first
                    end_.shutdown(socket.SHUT_RDWR)
