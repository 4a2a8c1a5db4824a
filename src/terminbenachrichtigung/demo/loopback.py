"""What the demo's gateways have in common: a server on loopback that notes requests, and the SMS it took.

Standard library only, and lean, so that it also serves as the other end of a measurement.
"""

import json
import socket
import socketserver
import ssl
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from terminbenachrichtigung.clock import SYSTEM_CLOCK, Clock


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in."""

    operation: str  # the last step of the path: "SendSimpleSMS", "sms"
    path: str
    fields: Mapping[str, Any]  # of the query, and of the form or JSON document in the body
    at: datetime  # UTC
    number: int  # counts from 1
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case


@dataclass(frozen=True, slots=True)
class Job:
    """One SMS that the gateway took."""

    job_id: int
    caption: str
    sender: str
    recipient: str
    text: str
    sms_type: str
    at: datetime  # UTC


@dataclass(frozen=True, slots=True)
class Report:
    """One delivery report."""

    report_id: int
    job: Job
    status: str
    code: int
    text: str
    done: datetime  # UTC
    part: int = 1


@dataclass(frozen=True, slots=True)
class Incoming:
    """One SMS that came in."""

    number: int
    sender: str
    recipient: str  # ours
    text: str
    at: datetime  # UTC
    job: Job | None  # the SMS that it answers, where the gateway can tell


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway does with one request."""

    status_code: str = "Ok"  # smscreator's two words
    status: str = "Ok"
    http_status: int = 0  # 0: as the gateway answers when all is well
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None  # instead of its own
    delay: float = 0.0  # seconds, after the job was taken
    hang_up: bool = False  # close the line instead of answering
    takes_job: bool | None = None  # None: if it says so

    @property
    def accepts(self) -> bool:
        """Whether an SMS goes out."""
        if self.takes_job is not None:
            return self.takes_job
        fine = self.http_status == 0 or 200 <= self.http_status < 300
        return fine and (self.status_code, self.status) == ("Ok", "Ok")


Script = Callable[[Request], Answer | None]
"""Decides about a request; None: behave. Called from many threads at once."""


class LoopbackGateway(ABC):
    """A gateway. Start it as a context manager; it listens on 127.0.0.1, on a free port."""

    content_type = "application/json"
    below = ""
    """The path under which it answers."""
    balance = Decimal(1000)
    """What the account holds; sending does not reduce it."""

    def __init__(
        self,
        *,
        script: Script | None = None,
        ssl_context: ssl.SSLContext | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Bind the port; nothing is answered before `start`.

        Args:
            script: what to do differently.
            ssl_context: speak https, with this certificate.
            clock: tells when a request came in, and an SMS arrived.
        """
        self._clock = clock
        self.script = script
        self.requests: list[Request] = []
        self.jobs: list[Job] = []
        self.reports: list[Report] = []
        self.incoming: list[Incoming] = []
        self.connections = 0
        """How many were opened so far."""
        self._lock = threading.Lock()
        self._server = _Server(self, ssl_context)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="gateway", daemon=True
        )
        scheme = "https" if ssl_context else "http"
        self.port: int = self._server.server_address[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}{self.below}"
        """What goes into `base_url`."""

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """The keys of `[sms]` that lead here."""

    @abstractmethod
    def refusal(self) -> Answer:
        """How it answers a recipient that it does not accept."""

    @abstractmethod
    def recipient(self, request: Request) -> str:
        """The number that a request is about, in its international form; empty if it sends nothing."""

    @abstractmethod
    def well_behaved(self, request: Request) -> Answer:
        """What it does where no script says otherwise."""

    @abstractmethod
    def value(self, request: Request, answer: Answer) -> tuple[int, str]:
        """HTTP status and body of an answer, under the lock; takes the job if the answer accepts one."""

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port and all connections."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.hang_up()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def report(
        self,
        job: Job,
        status: str = "Delivered",
        code: int = 0,
        text: str = "",
        *,
        part: int = 1,
        done: datetime | None = None,
    ) -> Report:
        """Note what became of a job, or one part of it, now or at `done`, for whoever asks for reports."""
        with self._lock:
            number = len(self.reports) + 1
            made = Report(number, job, status, code, text, done or self._clock.now(), part)
            self.reports.append(made)
        return made

    def newest_incoming(self) -> list[Incoming]:
        """What came in, newest first, as gateways list it."""
        return sorted(self.incoming, key=lambda each: (each.at, each.number), reverse=True)

    def reply(
        self, job: Job, text: str, *, at: datetime | None = None, named: bool = True, sender: str = ""
    ) -> Incoming:
        """Note what somebody answers to a job, now or at `at`; `named`: the gateway can tell which job."""
        with self._lock:
            number = len(self.incoming) + 1
            sender = sender or "+" + job.recipient.lstrip("+0")
            answered = job if named else None
            made = Incoming(number, sender, job.sender, text, at or self._clock.now(), answered)
            self.incoming.append(made)
        return made

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[Answer, bytes]:
        """Take a request in, and say what is done about it, with the body of the answer."""
        parts = urlsplit(target)
        fields: dict[str, Any] = dict(parse_qsl(parts.query, keep_blank_values=True))
        if headers.get("content-type", "").startswith("application/json"):
            fields |= json.loads(body)
        else:
            fields |= parse_qsl(body.decode("utf-8"), keep_blank_values=True)
        operation = parts.path.rpartition("/")[2]
        with self._lock:
            number = len(self.requests) + 1
            request = Request(operation, parts.path, fields, self._clock.now(), number, method, headers)
            self.requests.append(request)
        answer = (self.script and self.script(request)) or self.well_behaved(request)
        with self._lock:
            status, own = self.value(request, answer)
        status = answer.http_status or status
        return replace(answer, http_status=status), (own if answer.body is None else answer.body).encode()

    def take(self, request: Request, label: str, sender: str, text: str, sms_type: str = "") -> Job:
        """Note an SMS that goes out."""
        recipient = str(request.fields.get("Recipient") or self.recipient(request))
        job = Job(len(self.jobs) + 1, label, sender, recipient, text, sms_type, request.at)
        self.jobs.append(job)
        return job

    def last_report(self, job: Job) -> Report | None:
        """What was reported about a job last."""
        return next((each for each in reversed(self.reports) if each.job == job), None)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, gateway: LoopbackGateway, ssl_context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.gateway = gateway
        self.ssl_context = ssl_context
        self.open: set[socket.socket] = set()

    def hang_up(self) -> None:
        for connection in list(self.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # the peer was faster
                continue


class _Handler(socketserver.StreamRequestHandler):
    """One connection, kept open for any number of requests (HTTP/1.1)."""

    server: _Server
    disable_nagle_algorithm = True

    def setup(self) -> None:
        if self.server.ssl_context:
            self.request = self.server.ssl_context.wrap_socket(
                self.request, server_side=True, do_handshake_on_connect=False
            )
        super().setup()
        self.server.open.add(self.connection)
        self.server.gateway.connections += 1

    def handle(self) -> None:
        try:
            while self._answer_one():
                pass
        except OSError:  # the peer hung up, or does not trust our certificate
            return

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        try:
            super().finish()
        except OSError:  # nobody is left to flush to
            self.rfile.close()
        self.connection.close()

    def _answer_one(self) -> bool:
        target = self.rfile.readline().split()
        if len(target) < 2:
            return False
        given: dict[str, str] = {}
        while (line := self.rfile.readline()) not in {b"\r\n", b""}:
            name, _, value = line.decode("latin-1").partition(":")
            given[name.lower()] = value.strip()
        asked = self.rfile.read(int(given.get("content-length", 0)))
        method, path = (step.decode("latin-1") for step in target[:2])
        answer, body = self.server.gateway.answer(method, path, given, asked)
        if answer.delay:
            time.sleep(answer.delay)
        if answer.hang_up:
            return False
        headers = {
            "Content-Type": self.server.gateway.content_type,
            "Content-Length": str(len(body)),
            **answer.headers,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        phrase = HTTPStatus(answer.http_status).phrase
        self.wfile.write(f"HTTP/1.1 {answer.http_status} {phrase}\r\n{lines}\r\n".encode("latin-1") + body)
        return True
