"""A gateway on loopback that answers like smscreator.de, as far as its public pages tell.

Standard library only, and lean, so that it also serves as the other end of a measurement.
"""

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from terminbenachrichtigung.clock import SYSTEM_CLOCK, Clock

_ZONE = ZoneInfo("Europe/Berlin")
_LOOKS_BACK = timedelta(days=7)  # QueryJobInfoByJobCaption
_MOST_REPORTS = 5000  # QueryReceivedDLR


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in."""

    operation: str  # "SendSimpleSMS"
    path: str
    fields: Mapping[str, str]
    at: datetime  # UTC
    number: int  # counts from 1


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
    """One delivery report (SMSReport)."""

    report_id: int
    job: Job
    status: str
    code: int
    text: str
    done: datetime  # UTC
    part: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway does with one request."""

    status_code: str = "Ok"
    status: str = "Ok"
    http_status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None  # instead of the XML
    delay: float = 0.0  # seconds, after the job was taken
    hang_up: bool = False  # close the line instead of answering
    takes_job: bool | None = None  # None: if it says so

    @property
    def accepts(self) -> bool:
        """Whether an SMS goes out."""
        if self.takes_job is not None:
            return self.takes_job
        return 200 <= self.http_status < 300 and (self.status_code, self.status) == ("Ok", "Ok")


Script = Callable[[Request], Answer | None]
"""Decides about a request; None: behave. Called from many threads at once."""


class Gateway:
    """The gateway. Start it as a context manager; it listens on 127.0.0.1, on a free port."""

    def __init__(
        self,
        *,
        serial: str = "4711",
        password: str = "demo",  # noqa: S107 - a loopback gateway's
        balance: Decimal = Decimal(1000),
        script: Script | None = None,
        ssl_context: ssl.SSLContext | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Bind the port; nothing is answered before `start`.

        Args:
            serial: the account's Seriennummer; with another one, or another password, InvalidUser.
            password: the account's password.
            balance: SMS credits; sending does not reduce them.
            script: what to do differently.
            ssl_context: speak https, with this certificate.
            clock: tells when a request came in, and an SMS arrived.
        """
        self._clock = clock
        self.serial = serial
        self.password = password
        self.balance = balance
        self.script = script
        self.requests: list[Request] = []
        self.jobs: list[Job] = []
        self.reports: list[Report] = []
        self.connections = 0
        """How many were opened so far."""
        self._handed_out = 0  # reports that QueryReceivedNewDLR gave away
        self._lock = threading.Lock()
        self._server = _Server(self, ssl_context)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="gateway", daemon=True
        )
        scheme = "https" if ssl_context else "http"
        self.port: int = self._server.server_address[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}/gateway"
        """What goes into `base_url`."""

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

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
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

    def answer(self, path: str, body: bytes) -> tuple[Answer, bytes]:
        """Take a request in, and say what is done about it, with the body of the answer."""
        fields = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True))
        operation = path.rpartition("/")[2]
        with self._lock:
            request = Request(operation, path, fields, self._clock.now(), len(self.requests) + 1)
            self.requests.append(request)
        answer = (self.script and self.script(request)) or self._well_behaved(request)
        with self._lock:
            value = self._value(request, answer)
        if answer.body is not None:
            return answer, answer.body.encode("utf-8")
        xml = (
            '<?xml version="1.0" encoding="utf-8"?>'
            f'<{operation}Result xmlns="http://www.smscreator.de/gateway">'
            f"<StatusCode>{escape(answer.status_code)}</StatusCode>{value}</{operation}Result>"
        )
        return answer, xml.encode("utf-8")

    def _well_behaved(self, request: Request) -> Answer:
        if request.operation not in _OPERATIONS:
            return Answer(http_status=404, body="no such operation")
        if (request.fields.get("User"), request.fields.get("Password")) != (self.serial, self.password):
            return Answer(status_code="InvalidUser")
        if request.operation == "SendSimpleSMS":
            if not request.fields.get("Recipient"):
                return Answer(status="NoRecipientFound")
            if not request.fields.get("SMSText"):
                return Answer(status="NoTextFound")
        return Answer()

    def _value(self, request: Request, answer: Answer) -> str:
        if request.operation == "SendSimpleSMS":
            job = f"<JobId>{self._take(request).job_id}</JobId>" if answer.accepts else ""
            status = escape(answer.status)
            return f"<Value><Status>{status}</Status>{job}</Value>" if answer.status_code == "Ok" else ""
        if answer.status_code != "Ok":
            return ""
        match request.operation:
            case "QueryAccountBalance":
                return f"<Value>{self.balance}</Value>"
            case "QueryJobInfoByJobCaption":
                return f"<Value>{self._jobs_by_label(request)}</Value>"
            case "QueryReceivedNewDLR":
                return f"<Value>{self._new_reports(request)}</Value>"
            case "QueryReceivedDLR":
                return f"<Value>{self._reports_since(request)}</Value>"
            case _:
                return ""

    def _take(self, request: Request) -> Job:
        get = request.fields.get
        job = Job(
            job_id=len(self.jobs) + 1,
            caption=get("Caption", ""),
            sender=get("Sender", ""),
            recipient=get("Recipient", ""),
            text=get("SMSText", ""),
            sms_type=get("SmsTyp", ""),
            at=request.at,
        )
        self.jobs.append(job)
        return job

    def _jobs_by_label(self, request: Request) -> str:
        label = request.fields.get("Caption", "")
        since = request.at - _LOOKS_BACK
        if start := request.fields.get("StartDate"):
            since = datetime.fromisoformat(start).replace(tzinfo=_ZONE)
        found = [job for job in self.jobs if job.caption == label and job.at > since]
        return "".join(
            f"<Job><Id>{job.job_id}</Id><CustId>{escape(self.serial)}</CustId><Typ>1</Typ><Caption>{escape(job.caption)}</Caption>"
            f"<Recipient>{escape(job.recipient)}</Recipient><CreateDate>{_local(job.at)}</CreateDate></Job>"
            for job in found
        )

    def _new_reports(self, request: Request) -> str:
        limit = int(request.fields.get("Limit") or 0)
        new = self.reports[self._handed_out :][: limit or None]
        self._handed_out += len(new)
        return "".join(f"<SMSReport>{_report(report)}</SMSReport>" for report in new)

    def _reports_since(self, request: Request) -> str:
        since = datetime.fromisoformat(request.fields["StartDate"]).replace(tzinfo=_ZONE).astimezone(UTC)
        limit = min(int(request.fields.get("Limit") or _MOST_REPORTS), _MOST_REPORTS)
        found = [report for report in self.reports if report.done >= since][:limit]
        return "".join(
            f"<SMSReport>{_report(report)}<Sequence>{report.part}</Sequence><Caption>{escape(report.job.caption)}</Caption>"
            f"<CreateDate>{_local(report.job.at)}</CreateDate></SMSReport>"
            for report in found
        )


_OPERATIONS = frozenset({
    "SendSimpleSMS",
    "QueryAccountBalance",
    "QueryJobInfoByJobCaption",
    "QueryReceivedNewDLR",
    "QueryReceivedDLR",
})  # fmt: skip


def _report(report: Report) -> str:
    done = _local(report.done)
    return (
        f"<Id>{report.report_id}</Id><Recipient>{escape(report.job.recipient)}</Recipient>"
        f"<JobId>{report.job.job_id}</JobId><Status>{escape(report.status)}</Status><Date>{done}</Date>"
        f"<MsgCode>{report.code}</MsgCode><MsgText>{escape(report.text)}</MsgText>"
        f"<DoneDate>{done}</DoneDate><DoneDateTimeZoneOffset>0</DoneDateTimeZoneOffset>"
    )


def _local(moment: datetime) -> str:
    return moment.astimezone(_ZONE).strftime("%Y-%m-%dT%H:%M:%S")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, gateway: Gateway, ssl_context: ssl.SSLContext | None) -> None:
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
        length = 0
        while (line := self.rfile.readline()) not in {b"\r\n", b""}:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        answer, body = self.server.gateway.answer(target[1].decode("latin-1"), self.rfile.read(length))
        if answer.delay:
            time.sleep(answer.delay)
        if answer.hang_up:
            return False
        headers = {
            "Content-Type": "text/xml; charset=utf-8",
            "Content-Length": str(len(body)),
            **answer.headers,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        phrase = HTTPStatus(answer.http_status).phrase
        self.wfile.write(f"HTTP/1.1 {answer.http_status} {phrase}\r\n{lines}\r\n".encode("latin-1") + body)
        return True
