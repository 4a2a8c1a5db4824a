"""The smscreator.de gateway: all that is particular to it, and every place where something is *Assumed*."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, ParseError
from zoneinfo import ZoneInfo

from defusedxml import ElementTree

from terminbenachrichtigung.config.channels import SmsSettings
from terminbenachrichtigung.config.keys import value_text
from terminbenachrichtigung.config.problems import Problem
from terminbenachrichtigung.delivery.channel import Balance, Trouble
from terminbenachrichtigung.delivery.exchange import (
    FORM,
    LARGEST_ANSWER,
    LARGEST_LIST,
    Answer,
    Line,
    Request,
    account_error,
    decimal,
    http_fault,
    shown,
)
from terminbenachrichtigung.delivery.provider import Branches, Provider, SmsAdapter, missing
from terminbenachrichtigung.model.delivery import (
    Content,
    DeliveryReport,
    OpenMessage,
    Outcome,
    Rejected,
    Sent,
    Unavailable,
    Unknown,
)
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.reply import Reply

_NO_REPLIES = "how smscreator hands out replies is not public; LOX24 and seven.io can be answered"
"""Not confirmed: that there is a way at all."""

GATEWAY_ZONE = ZoneInfo("Europe/Berlin")  # of SendDate, whatever the practice's zone is

ACCOUNT_WORDS = frozenset({"InvalidUser", "AccountLocked", "IPLock"})
REJECTION_WORDS = frozenset({"NoTextFound", "NoDataFound", "NoUrlFound", "NoRecipientFound", "SMSTypeError"})
NO_CREDIT = re.compile("credit|balance|guthaben", re.IGNORECASE)
"""Assumed: the word that says that the credit is used up holds one of these, in whichever element."""
SMS_TYPES = (
    "Flash",
    "Standard",
    "StandardDeliveryNotification",
    "StandardLong",
    "HighQuality",
    "HighQualityLong",
    "PSTNFixedLine",
)
"""The kinds that the gateway's service page lists for `SmsTyp`."""
# Assumed: HTTP 503 means that nothing was taken, as `exchange.http_fault` has it for every gateway.

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

_MARGIN = timedelta(hours=1)  # between our clock and the gateway's
_MOST_REPORTS = 5000  # of QueryReceivedDLR. Assumed: the oldest come first, by their `Date`


class SmsCreator(SmsAdapter):
    """The `sms` channel over smscreator.de."""

    def __init__(
        self, settings: SmsSettings, branches: Branches, clock: Callable[[], datetime], line: Line
    ) -> None:
        """Open nothing yet; the arguments are those of every adapter."""
        super().__init__(settings, branches, clock, line)
        self._hidden = (settings.password.get_secret_value(), settings.serial)

    def balance(self) -> Balance | Trouble:
        """Ask for the account's balance, in SMS credits."""
        answer = self._ask("Information.asmx/QueryAccountBalance", {})
        if not isinstance(answer, Answer):
            return answer
        return outcome_of_balance(answer, self._clock(), self._hidden)

    def find(self, message: OpenMessage) -> tuple[str, ...] | Trouble:
        """Ask for the jobs with the message's label; their ids."""
        question = {"Caption": message.message_id, "StartDate": _gateway_time(message.at - _MARGIN)}
        answer = self._ask("Information.asmx/QueryJobInfoByJobCaption", question)
        if not isinstance(answer, Answer):
            return answer
        return jobs_of(answer, message.message_id, self._clock(), self._hidden)

    def reports(self, awaited: Sequence[OpenMessage]) -> Iterator[tuple[DeliveryReport, ...] | Trouble]:
        """Ask for the delivery reports since the oldest of these, of all that was sent by this account.

        By their date, and not for the new ones: those are handed out once, and the other software that uses
        the account may be waiting for them.
        """
        since = min(message.at for message in awaited) - _MARGIN
        while True:
            page = self._reports_since(since)
            yield page
            if not isinstance(page, tuple) or len(page) < _MOST_REPORTS:
                return
            latest = max((each.at for each in page if each.at is not None), default=since)
            if latest <= since:
                return
            since = latest

    def replies(self, since: datetime) -> Iterator[tuple[Reply, ...] | Trouble]:  # noqa: ARG002
        """Not confirmed: the names of its operations for replies are not public, so none are fetched."""
        yield Unavailable(_NO_REPLIES, again=False)

    def _reports_since(self, since: datetime) -> tuple[DeliveryReport, ...] | Trouble:
        question = {"StartDate": _gateway_time(since), "Limit": str(_MOST_REPORTS)}
        answer = self._ask("Information.asmx/QueryReceivedDLR", question, LARGEST_LIST)
        if not isinstance(answer, Answer):
            return answer
        return reports_of(answer, self._clock(), self._hidden)

    def _message(self, content: Content, label: str, sender: str) -> Request:
        form = send_form(content, label, sender, self._settings.sms_type, self._clock())
        return self._request("Send.asmx/SendSimpleSMS", form)

    def _outcome(self, answer: Answer) -> Outcome:
        return outcome_of_send(answer, self._clock(), self._hidden)

    def _ask(
        self, operation: str, form: Mapping[str, str], longest: int = LARGEST_ANSWER
    ) -> Answer | Trouble:
        return self._line.ask(self._request(operation, form, longest))

    def _request(self, operation: str, form: Mapping[str, str], longest: int = LARGEST_ANSWER) -> Request:
        account = {"User": self._settings.serial, "Password": self._settings.password.get_secret_value()}
        body = urlencode({**account, **form}).encode("ascii")
        return Request(f"/{operation}", "POST", {"Content-Type": FORM}, body, longest)


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
        sms_type = "HighQuality" if content.parts == 1 else "HighQualityLong"
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
    job = _text(value, "JobId")
    if word == "Ok":
        return Sent(f"JobId {job}", job) if _is_job_id(job) else Sent()
    if word in {"", "None"}:
        return Unknown("the gateway's answer has no status")
    quote = shown(word, hidden)
    if _is_job_id(job):  # something was taken, whatever the word means
        return Unknown(f"the gateway's status is {quote}, with JobId {job}")
    if NO_CREDIT.search(word):
        return account_error(quote)
    return Rejected(quote, unheard_word=None if word in REJECTION_WORDS else quote)


def outcome_of_balance(answer: Answer, now: datetime, hidden: Iterable[str] = ()) -> Balance | Trouble:
    """What an answer to QueryAccountBalance means: SMS credits, which may have a fraction."""
    result = _result(answer, now, hidden)
    if not isinstance(result, Element):
        return result
    credits_left = decimal(_text(result, "Value"))
    return Unknown("the balance is not a number") if credits_left is None else Balance(credits_left)


def jobs_of(
    answer: Answer, label: str, now: datetime, hidden: Iterable[str] = ()
) -> tuple[str, ...] | Trouble:
    """What an answer to QueryJobInfoByJobCaption means: the ids of the jobs with this label.

    Assumed: a job that the gateway knows was taken, and goes out.
    """
    result = _result(answer, now, hidden, LARGEST_ANSWER, NOTHING_FOUND)
    if not isinstance(result, Element):
        return result
    value = _child(result, "Value")
    found = ((_text(job, "Id"), _text(job, "Caption")) for job in (() if value is None else value))
    return tuple(number for number, caption in found if _is_job_id(number) and caption in {"", label})


def reports_of(
    answer: Answer, now: datetime, hidden: Iterable[str] = ()
) -> tuple[DeliveryReport, ...] | Trouble:
    """What an answer to QueryReceivedDLR means."""
    result = _result(answer, now, hidden, LARGEST_LIST, NOTHING_FOUND)
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
        word=shown(word, hidden),
        unheard=state is None and plain not in UNDER_WAY_WORDS,
        part=sequence if sequence in PARTS else "",
        number=int(number) if _is_job_id(number) else 0,
        at=_moment(_text(report, "Date")),
        note=shown(" ".join(filter(None, (_text(report, "MsgCode"), _text(report, "MsgText")))), hidden),
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
    longest: int = LARGEST_ANSWER,
    fine: Collection[str] = (),
) -> Element | Trouble:
    """The result element of an answer whose HTTP status and StatusCode say that all is well.

    `fine` are words beside `Ok` that say so.
    """
    if answer.status // 100 != 2:
        return http_fault(answer, now)
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
        return account_error(shown(word, hidden))
    return Unknown(f"the gateway's StatusCode is {shown(word, hidden) or 'missing'}")


def _child(parent: Element | None, name: str) -> Element | None:
    """The one child with this local name; two of them are as good as none."""
    found = [] if parent is None else [child for child in parent if child.tag.rpartition("}")[2] == name]
    return found[0] if len(found) == 1 else None


def _text(parent: Element | None, name: str) -> str:
    child = _child(parent, name)
    return "" if child is None else (child.text or "").strip()


def _problems(sms: SmsSettings) -> Iterator[Problem]:
    if not sms.serial:
        yield missing("sms", "serial")
    if not sms.password.get_secret_value():
        yield missing("sms", "password")
    if sms.sms_type != "auto" and sms.sms_type not in SMS_TYPES:
        advice = f'must be "auto" or one of {", ".join(SMS_TYPES)}'
        yield Problem("sms.sms_type", advice, value_text(sms.sms_type))


def _warnings(sms: SmsSettings) -> Iterator[str]:
    kind = sms.sms_type
    if sms.max_parts > 1 and kind != "auto" and not kind.endswith("Long"):
        yield f'sms.sms_type "{kind}" takes one part only: set max_parts = 1, or sms_type = "auto"'


PROVIDER = Provider(
    base_url="https://www.smscreator.de/gateway",
    make=SmsCreator,
    reply_problem=lambda _sms, _sender: _NO_REPLIES,
    sender_names=re.compile(r"[A-Za-z0-9]{1,11}"),
    sender_names_in_words="11 letters and digits (no umlauts, spaces or signs)",
    problems=_problems,
    warnings=_warnings,
)
