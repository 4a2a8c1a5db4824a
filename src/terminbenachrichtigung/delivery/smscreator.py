"""The smscreator.de gateway: all that is particular to it, and every place where something is *Assumed*."""

import re
import ssl
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode, urlsplit
from xml.etree.ElementTree import Element, ParseError
from zoneinfo import ZoneInfo

import httpcore
import httpx
from defusedxml import ElementTree

from terminbenachrichtigung import model
from terminbenachrichtigung.config.settings import Branch, SmsSettings
from terminbenachrichtigung.delivery.channel import branch_settings, quoted
from terminbenachrichtigung.delivery.connection import fault, trust, within
from terminbenachrichtigung.delivery.course import PAUSES
from terminbenachrichtigung.delivery.http_network import DeadlineNetwork
from terminbenachrichtigung.model import Claim, Content, Outcome, Rejected, Sent, Unavailable, Unknown

GATEWAY_ZONE = ZoneInfo("Europe/Berlin")  # of SendDate, whatever the practice's zone is

ACCOUNT_WORDS = frozenset({"InvalidUser", "AccountLocked", "IPLock"})
REJECTION_WORDS = frozenset({"NoTextFound", "NoDataFound", "NoUrlFound", "NoRecipientFound", "SMSTypeError"})
NO_CREDIT = re.compile("credit|balance|guthaben", re.IGNORECASE)
"""Assumed: the word that says that the credit is used up holds one of these, in whichever element."""
ACCOUNT_STATUSES = frozenset({401, 403, 407})
TRY_AGAIN_STATUSES = frozenset({429, 503})
"""Assumed: HTTP 503 means that nothing was taken."""

_LARGEST_ANSWER = 64 * 1024  # bytes; a real one has 300
_IDLE_SECONDS = 2.0  # shorter than any server's patience: a line it closes as we write is an `unknown`
_NUMBER_OF_CREDITS = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_LONG_NUMBER = re.compile(r"\d{7,}")  # in a gateway's word it can only be the recipient's
_FAULTS = (
    OSError,
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP."""

    status: int
    body: bytes = b""  # of a 2xx only, and cut off behind the largest that is read
    retry_after: str = ""


class SmsCreator:
    """The `sms` channel."""

    name = model.Channel.SMS

    def __init__(
        self,
        settings: SmsSettings,
        branches: Mapping[str, Branch],
        clock: Callable[[], datetime],
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            settings: the section `[sms]`.
            branches: the sections `[branches.*]`, for the sender.
            clock: gives the present moment, aware.
            ssl_context: whom to trust; the default verifies by the public authorities.
        """
        self._settings = settings
        self._branches = branches
        self._clock = clock
        self._base = settings.base_url.rstrip("/")
        self._host = urlsplit(self._base).hostname or ""
        self._hidden = (settings.password.get_secret_value(), settings.serial)
        self._client = httpx.Client(
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

    def send(self, claim: Claim, content: Content) -> Outcome:
        """Hand one SMS to the gateway."""
        return self._submit(claim.message_id, content)

    def test(self, content: Content) -> Outcome:
        """Hand one test SMS to the gateway, with a label that no message has."""
        return self._submit(f"test-message-{uuid.uuid4()}", content)

    def balance(self) -> Decimal | Unavailable | Unknown:
        """Ask for the account's balance, in SMS credits."""
        answer = self._post("Information.asmx/QueryAccountBalance", urlencode(self._account()))
        if not isinstance(answer, Answer):
            return answer
        return outcome_of_balance(answer, self._clock(), self._hidden)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _submit(self, label: str, content: Content) -> Outcome:
        sender = branch_settings(self._branches, content.branch_code).sms_sender or self._settings.sender
        message = send_form(content, label, sender, self._settings.sms_type, self._clock())
        try:
            form = urlencode({**self._account(), **message})
        except UnicodeEncodeError:  # half a character, which no encoding knows
            return Rejected("the text holds what no SMS can carry")
        answer = self._post("Send.asmx/SendSimpleSMS", form)
        if not isinstance(answer, Answer):
            return answer
        return outcome_of_send(answer, self._clock(), self._hidden)

    def _account(self) -> dict[str, str]:
        return {"User": self._settings.serial, "Password": self._settings.password.get_secret_value()}

    def _post(self, operation: str, form: str) -> Answer | Unavailable | Unknown:
        body = form.encode("ascii")
        with within(self._settings.timeout_seconds) as deadline:
            try:
                with self._client.stream("POST", f"{self._base}/{operation}", content=body) as response:
                    return _read(response)
            except httpcore.ProxyError as refusal:  # its text begins with the proxy's HTTP status
                return _refused_by_proxy(int(str(refusal).split()[0]))
            except _FAULTS as exc:
                return fault(self._host, deadline, exc)


def send_form(content: Content, label: str, sender: str, sms_type: str, now: datetime) -> dict[str, str]:
    """The fields that SendSimpleSMS takes beside the account's.

    Args:
        content: the SMS; its recipient is an E.164 number.
        label: of the job, by which the gateway can be asked for it later.
        sender: what the customer sees as the sender.
        sms_type: `auto`, or one of the gateway's types.
        now: aware; the gateway is told its own local time.
    """
    if sms_type == "auto":
        sms_type = "HighQuality" if (content.parts or 1) == 1 else "HighQualityLong"
    return {
        "Caption": label,
        "Sender": sender,
        "Recipient": "00" + content.recipient.removeprefix("+"),
        # Assumed: the gateway sends text outside GSM-7 as UCS-2 by itself; it offers no field for it.
        "SMSText": content.text,
        "SmsTyp": sms_type,
        "SendDate": now.astimezone(GATEWAY_ZONE).strftime("%Y-%m-%dT%H:%M:%S"),
    }


def outcome_of_send(answer: Answer, now: datetime, hidden: Iterable[str] = ()) -> Outcome:
    """What an answer to SendSimpleSMS means. `hidden` are secrets that no detail may repeat."""
    result = _result(answer, now, hidden)
    if not isinstance(result, Element):
        return result
    value = _child(result, "Value")
    word = _text(value, "Status")
    if word == "Ok":
        job = _text(value, "JobId")
        return Sent(f"JobId {job}" if job.isdecimal() and len(job) <= 20 else "")
    if word in {"", "None"}:
        return Unknown("the gateway's answer has no status")
    if NO_CREDIT.search(word):
        return _account_error(_quoted(word, hidden))
    shown = _quoted(word, hidden)
    return Rejected(shown, unheard_word=None if word in REJECTION_WORDS else shown)


def outcome_of_balance(
    answer: Answer, now: datetime, hidden: Iterable[str] = ()
) -> Decimal | Unavailable | Unknown:
    """What an answer to QueryAccountBalance means: SMS credits, which may have a fraction."""
    result = _result(answer, now, hidden)
    if not isinstance(result, Element):
        return result
    number = _text(result, "Value")
    return Decimal(number) if _NUMBER_OF_CREDITS.fullmatch(number) else Unknown("the balance is not a number")


def _result(answer: Answer, now: datetime, hidden: Iterable[str]) -> Element | Unavailable | Unknown:
    """The result element of an answer whose HTTP status and StatusCode say that all is well."""
    if not 200 <= answer.status < 300:
        return _http_fault(answer, now)
    if len(answer.body) > _LARGEST_ANSWER:
        return Unknown("the gateway's answer is too long")
    try:
        result: Element = ElementTree.fromstring(answer.body)
    except (ParseError, ValueError, LookupError):  # not XML, an entity bomb, an encoding nobody knows
        return Unknown("the gateway's answer is not the XML it should be")
    word = _text(result, "StatusCode")
    if word == "Ok":
        return result
    if word in ACCOUNT_WORDS or NO_CREDIT.search(word):
        return _account_error(_quoted(word, hidden))
    return Unknown(f"the gateway's StatusCode is {_quoted(word, hidden) or 'missing'}")


def _http_fault(answer: Answer, now: datetime) -> Unavailable | Unknown:
    detail = f"the gateway answers HTTP {answer.status}"
    if answer.status in ACCOUNT_STATUSES:
        return Unavailable(detail, account_error=True, again=False)
    if answer.status in TRY_AGAIN_STATUSES:
        return Unavailable(detail, again=_seconds_to_wait(answer.retry_after, now) <= sum(PAUSES))
    return Unavailable(detail, again=False) if 300 <= answer.status < 500 else Unknown(detail)


def _refused_by_proxy(status: int) -> Unavailable:
    """The proxy built no tunnel, so the gateway has seen nothing, whatever the status."""
    return Unavailable(
        f"the proxy answers HTTP {status}",
        account_error=status in ACCOUNT_STATUSES,
        again=status == 429 or status >= 500,
    )


def _account_error(word: str) -> Unavailable:
    return Unavailable(f"the gateway refuses the account: {word}", account_error=True, again=False)


def _seconds_to_wait(retry_after: str, now: datetime) -> float:
    """What a Retry-After asks for: seconds, or a date. One that cannot be read asks for nothing."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        until = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return 0.0
    return (until.replace(tzinfo=until.tzinfo or UTC) - now.astimezone(UTC)).total_seconds()


def _child(parent: Element | None, name: str) -> Element | None:
    """The one child with this local name; two of them are as good as none."""
    found = [] if parent is None else [child for child in parent if child.tag.rpartition("}")[2] == name]
    return found[0] if len(found) == 1 else None


def _text(parent: Element | None, name: str) -> str:
    child = _child(parent, name)
    return "" if child is None else (child.text or "").strip()


def _quoted(word: str, hidden: Iterable[str]) -> str:
    return _LONG_NUMBER.sub("•••", quoted(word, *hidden))


# ---------------------------------------------------------------- the line to the gateway


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


def _read(response: httpx.Response) -> Answer:
    retry_after = response.headers.get("Retry-After", "").strip()
    if not response.is_success:
        return Answer(response.status_code, retry_after=retry_after)
    body = b""
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            break
    return Answer(response.status_code, body)
