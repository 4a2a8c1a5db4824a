"""The smscreator.de gateway: all that is particular to it, and every place where something is *Assumed*."""

import re
import ssl
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode, urlsplit
from xml.etree.ElementTree import Element, ParseError
from zoneinfo import ZoneInfo

import httpcore
from defusedxml import ElementTree

from terminbenachrichtigung.clock import TIMINGS
from terminbenachrichtigung.config.settings import Branch, SmsSettings
from terminbenachrichtigung.delivery.channel import Balance, Trouble, branch_settings, quoted
from terminbenachrichtigung.delivery.deadline import fault, within
from terminbenachrichtigung.delivery.http_line import Answer, client, read
from terminbenachrichtigung.model.delivery import (
    Claim,
    Content,
    DeliveryReport,
    Outcome,
    Rejected,
    Sent,
    Unavailable,
    Unknown,
)
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Channel

GATEWAY_ZONE = ZoneInfo("Europe/Berlin")  # of SendDate, whatever the practice's zone is

ACCOUNT_WORDS = frozenset({"InvalidUser", "AccountLocked", "IPLock"})
REJECTION_WORDS = frozenset({"NoTextFound", "NoDataFound", "NoUrlFound", "NoRecipientFound", "SMSTypeError"})
NO_CREDIT = re.compile("credit|balance|guthaben", re.IGNORECASE)
"""Assumed: the word that says that the credit is used up holds one of these, in whichever element."""
ACCOUNT_STATUSES = frozenset({401, 403, 407})
TRY_AGAIN_STATUSES = frozenset({429, 503})
"""Assumed: HTTP 503 means that nothing was taken."""

DELIVERED_WORDS = frozenset({"delivered", "delivrd"})
UNDELIVERED_WORDS = frozenset({
    "undelivered", "undeliverable", "undeliv", "notdelivered", "failed", "rejected", "rejectd", "expired",
})  # fmt: skip
UNDER_WAY_WORDS = frozenset({
    "none", "ok", "sent", "submitted", "accepted", "acceptd", "buffered", "enroute", "pending",
})  # fmt: skip
"""Assumed, all three, without case: the words of a report's Status, which no public page lists. They are
those of SMPP, which the networks use among themselves, and what their names say. Any other word changes
nothing; the run warns about it, and the journal keeps it with the attempt."""
NOTHING_FOUND = frozenset({"NoDataFound"})
"""Assumed: a question that finds nothing is answered with this word, or with no records."""
PARTS = frozenset(map(str, range(1, 11)))
"""Assumed: a report's Sequence says by such a number which part of a long SMS it is about."""

_LARGEST_ANSWER = 64 * 1024  # bytes; a real one has 300
_LARGEST_LIST = 8 * 1024 * 1024  # bytes; so many reports have 3 MB
_NUMBER_OF_CREDITS = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_LONG_NUMBER = re.compile(r"\d{7,}")  # in a gateway's word it can only be the recipient's
_FAULTS = (
    OSError,
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
)


class SmsCreator:
    """The `sms` channel."""

    name = Channel.SMS
    most_reports = 5000  # of QueryReceivedDLR. Assumed: the oldest come first, by their `Date`

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
        self._client = client(settings, ssl_context)

    def send(self, claim: Claim, content: Content) -> Outcome:
        """Hand one SMS to the gateway."""
        return self._submit(claim.message_id, content)

    def test(self, content: Content) -> Outcome:
        """Hand one test SMS to the gateway, with a label that no message has."""
        return self._submit(f"test-message-{uuid.uuid4()}", content)

    def balance(self) -> Balance | Trouble:
        """Ask for the account's balance, in SMS credits."""
        answer = self._post("Information.asmx/QueryAccountBalance", urlencode(self._account()))
        if not isinstance(answer, Answer):
            return answer
        return outcome_of_balance(answer, self._clock(), self._hidden)

    def jobs(self, label: str) -> tuple[str, ...] | Unavailable | Unknown:
        """Ask for the jobs with this label; their ids. The gateway looks back seven days."""
        question = {**self._account(), "Caption": label}
        answer = self._post("Information.asmx/QueryJobInfoByJobCaption", urlencode(question))
        if not isinstance(answer, Answer):
            return answer
        return jobs_of(answer, label, self._clock(), self._hidden)

    def reports(self, since: datetime) -> tuple[DeliveryReport, ...] | Unavailable | Unknown:
        """Ask for the delivery reports since a moment, of all that was sent by this account.

        By their date, and not for the new ones: those are handed out once, and the other software that uses
        the account may be waiting for them.
        """
        question = {
            **self._account(),
            "StartDate": _gateway_time(since),
            "Limit": str(self.most_reports),
        }
        answer = self._post("Information.asmx/QueryReceivedDLR", urlencode(question), _LARGEST_LIST)
        if not isinstance(answer, Answer):
            return answer
        return reports_of(answer, self._clock(), self._hidden)

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

    def _post(
        self, operation: str, form: str, longest: int = _LARGEST_ANSWER
    ) -> Answer | Unavailable | Unknown:
        body = form.encode("ascii")
        with within(self._settings.timeout_seconds) as deadline:
            try:
                with self._client.stream("POST", f"{self._base}/{operation}", content=body) as response:
                    return read(response, longest)
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
        "SendDate": _gateway_time(now),
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
        return Sent(f"JobId {job}", job) if _is_job_id(job) else Sent()
    if word in {"", "None"}:
        return Unknown("the gateway's answer has no status")
    if NO_CREDIT.search(word):
        return _account_error(_quoted(word, hidden))
    shown = _quoted(word, hidden)
    return Rejected(shown, unheard_word=None if word in REJECTION_WORDS else shown)


def outcome_of_balance(answer: Answer, now: datetime, hidden: Iterable[str] = ()) -> Balance | Trouble:
    """What an answer to QueryAccountBalance means: SMS credits, which may have a fraction."""
    result = _result(answer, now, hidden)
    if not isinstance(result, Element):
        return result
    number = _text(result, "Value")
    if not _NUMBER_OF_CREDITS.fullmatch(number):
        return Unknown("the balance is not a number")
    return Balance(Decimal(number))


def jobs_of(
    answer: Answer, label: str, now: datetime, hidden: Iterable[str] = ()
) -> tuple[str, ...] | Unavailable | Unknown:
    """What an answer to QueryJobInfoByJobCaption means: the ids of the jobs with this label.

    Assumed: a job that the gateway knows was taken, and goes out.
    """
    result = _result(answer, now, hidden, _LARGEST_ANSWER, NOTHING_FOUND)
    if not isinstance(result, Element):
        return result
    found = ((_text(job, "JobId"), _text(job, "Caption")) for job in result.iter())
    return tuple(number for number, caption in found if _is_job_id(number) and caption in {"", label})


def reports_of(
    answer: Answer, now: datetime, hidden: Iterable[str] = ()
) -> tuple[DeliveryReport, ...] | Unavailable | Unknown:
    """What an answer to QueryReceivedDLR means."""
    result = _result(answer, now, hidden, _LARGEST_LIST, NOTHING_FOUND)
    if not isinstance(result, Element):
        return result
    return tuple(_report(each, hidden) for each in result.iter() if _child(each, "JobId") is not None)


def _report(report: Element, hidden: Iterable[str]) -> DeliveryReport:
    word = _text(report, "Status")
    plain = word.casefold()
    job, number, sequence = (_text(report, name) for name in ("JobId", "Id", "Sequence"))
    state = State.DELIVERED if plain in DELIVERED_WORDS else None
    state = State.UNDELIVERED if plain in UNDELIVERED_WORDS else state
    return DeliveryReport(
        label=_text(report, "Caption"),
        job_id=job if _is_job_id(job) else "",
        recipient=_text(report, "Recipient"),
        state=state,
        word=_quoted(word, hidden),
        unheard=state is None and plain not in UNDER_WAY_WORDS,
        part=sequence if sequence in PARTS else "",
        number=int(number) if number.isdecimal() and len(number) <= 20 else 0,
        at=_moment(_text(report, "Date")),
    )


def _moment(written: str) -> datetime | None:
    """A date of the gateway. Assumed: its local time, where it names no offset."""
    try:
        moment = datetime.fromisoformat(written)
        return (moment if moment.tzinfo else moment.replace(tzinfo=GATEWAY_ZONE)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _gateway_time(moment: datetime) -> str:
    return moment.astimezone(GATEWAY_ZONE).strftime("%Y-%m-%dT%H:%M:%S")


def _is_job_id(word: str) -> bool:
    return word.isdecimal() and len(word) <= 20


def _result(
    answer: Answer,
    now: datetime,
    hidden: Iterable[str],
    longest: int = _LARGEST_ANSWER,
    fine: Collection[str] = (),
) -> Element | Unavailable | Unknown:
    """The result element of an answer whose HTTP status and StatusCode say that all is well.

    `fine` are words beside `Ok` that say so.
    """
    if not 200 <= answer.status < 300:
        return _http_fault(answer, now)
    if len(answer.body) > longest:
        return Unknown("the gateway's answer is too long")
    try:
        result: Element = ElementTree.fromstring(answer.body)
    except (ParseError, ValueError, LookupError):  # not XML, an entity bomb, an encoding nobody knows
        return Unknown("the gateway's answer is not the XML it should be")
    word = _text(result, "StatusCode")
    if word == "Ok" or word in fine:
        return result
    if word in ACCOUNT_WORDS or NO_CREDIT.search(word):
        return _account_error(_quoted(word, hidden))
    return Unknown(f"the gateway's StatusCode is {_quoted(word, hidden) or 'missing'}")


def _http_fault(answer: Answer, now: datetime) -> Unavailable | Unknown:
    detail = f"the gateway answers HTTP {answer.status}"
    if answer.status in ACCOUNT_STATUSES:
        return Unavailable(detail, account_error=True, again=False)
    if answer.status in TRY_AGAIN_STATUSES:
        return Unavailable(detail, again=_seconds_to_wait(answer.retry_after, now) <= sum(TIMINGS.pauses))
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
