"""The seven.io gateway: all that is particular to it, and every place where something is *Not confirmed*.

Sources: docs.seven.io (sms, logbook, status reports) and seven-io/api-schemes.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count, islice
from typing import Any
from urllib.parse import urlencode

from terminbenachrichtigung.config.channels import SmsSettings
from terminbenachrichtigung.config.checks import e164
from terminbenachrichtigung.config.keys import value_text
from terminbenachrichtigung.config.problems import Problem
from terminbenachrichtigung.delivery.channel import Balance, Trouble
from terminbenachrichtigung.delivery.exchange import (
    FORM,
    JSON,
    LARGEST_LIST,
    Answer,
    Line,
    Request,
    account_error,
    amount,
    document,
    entries,
    http_fault,
    id_of,
    shown,
    text_of,
)
from terminbenachrichtigung.delivery.incoming import ReplyFields, read_incoming
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

ACCEPTED = "100"
REJECTED: Mapping[str, str] = {
    "202": "the recipient is not valid",
    "301": "no recipient",
    "305": "no text",
    "401": "the text is too long",
    "403": "this number's limit for the day is reached",
}
ACCOUNT: Mapping[str, str] = {
    "201": "the sender is not valid",
    "300": "user and password are missing",
    "500": "too little credit",
    "900": "the login failed",
    "901": "the signature is wrong",
    "902": "this key may not send",
    "903": "this address may not send",
}
CARRIER_UNAVAILABLE = "11"
# 402 is the same text to the same number within 180 s: what was sent before is then unknown, not refused.

STATES: Mapping[str, State | None] = {
    "DELIVERED": State.DELIVERED,
    "NOTDELIVERED": State.UNDELIVERED,
    "EXPIRED": State.UNDELIVERED,
    "REJECTED": State.UNDELIVERED,
    "FAILED": State.UNDELIVERED,
    "BUFFERED": None,
    "TRANSMITTED": None,
    "ACCEPTED": None,
    "": None,
}
"""By `dlr` of the journal. Not confirmed: the zone of its times, so none is read; how far it goes back."""

REPLY = ReplyFields(
    reply_id="id", sender="from", text="text", received_at="timestamp", job_id="reply_to_message_id"
)
"""Of `GET /journal/inbound`. Not confirmed: the zone of `timestamp`, so it counts as unsure."""

_MOST_PARTS = 9  # a text has at most 1520 characters; ten parts have 1530
_PAGE = 100
_MOST_PAGES = 100  # of those to one number: 10,000 messages


class Seven(SmsAdapter):
    """The `sms` channel over seven.io."""

    def __init__(
        self, settings: SmsSettings, branches: Branches, clock: Callable[[], datetime], line: Line
    ) -> None:
        """Open nothing yet; the arguments are those of every adapter."""
        super().__init__(settings, branches, clock, line)
        assert settings.seven is not None
        key = settings.seven.api_key.get_secret_value()
        self._headers = {"X-Api-Key": key, "Accept": JSON}
        self._hidden = (key,)

    def balance(self) -> Balance | Trouble:
        """Ask for the account's balance: money."""
        found = self._get("/balance")
        if isinstance(found, Unavailable | Unknown):
            return found
        if (code := code_of(found)) in ACCOUNT:
            return account_error(f"{code}, {ACCOUNT[code]}")
        value = amount(found, "amount")
        if value is None:
            return Unknown("the balance is not a number")
        return Balance(value, shown(text_of(found, "currency"), self._hidden) or "EUR")

    def find(self, message: OpenMessage) -> tuple[str, ...] | Trouble:
        """Look for the message's label among all that went to its number: there is no filter for labels."""
        found: list[str] = []
        question = {"to": message.recipient.removeprefix("+"), "date_from": _day_before(message.at)}
        for page in islice(self._journal("outbound", question), _MOST_PAGES):
            if not isinstance(page, list):
                return page
            found += [id_of(each, "id") for each in page if text_of(each, "foreign_id") == message.message_id]
        return tuple(filter(None, found))

    def reports(self, awaited: Sequence[OpenMessage]) -> Iterator[tuple[DeliveryReport, ...] | Trouble]:
        """Read the journal since the day before the oldest of these."""
        since = min(message.at for message in awaited)
        for page in self._journal("outbound", {"date_from": _day_before(since)}):
            yield page if not isinstance(page, list) else tuple(self._report(each) for each in page)

    def replies(self, since: datetime) -> Iterator[tuple[Reply, ...] | Trouble]:
        """Read what came in since the day before; what came to other software's numbers is not ours."""
        now, code = self._clock(), self._settings.country_code
        ours = {_digits(e164(each, code) or each) for each in self._senders()}
        for page in self._journal("inbound", {"date_from": _day_before(since)}):
            if not isinstance(page, list):
                yield page
                continue
            theirs = [each for each in page if _digits(text_of(each, "to")) in ours]
            yield read_incoming(theirs, REPLY, now, code)

    def _senders(self) -> Iterator[str]:
        yield self._settings.sender
        yield from (branch.sms_sender for branch in self._branches.values() if branch.sms_sender)

    def _message(self, content: Content, label: str, sender: str) -> Request:
        form = {
            "to": content.recipient.removeprefix("+"),
            "text": content.text,
            "from": sender.removeprefix("+"),
            "foreign_id": label,
        }
        body = urlencode(form).encode("ascii")
        return Request("/sms", "POST", {**self._headers, "Content-Type": FORM}, body)

    def _outcome(self, answer: Answer) -> Outcome:
        return outcome_of_send(answer, self._clock(), self._hidden)

    def _journal(self, which: str, question: Mapping[str, str]) -> Iterator[list[Any] | Trouble]:
        """Page by page, as many as the caller takes; one that is the same once more ends it."""
        before: list[Any] = []
        for number in count():
            asked = urlencode({**question, "limit": _PAGE, "offset": number * _PAGE})
            page = self._get(f"/journal/{which}?{asked}")
            if (code := code_of(page)) in ACCOUNT:
                page = account_error(f"{code}, {ACCOUNT[code]}")
            elif page is None:  # Not confirmed: how a journal without entries is answered
                page = []
            elif not isinstance(page, Unavailable | Unknown):
                page = entries(page)
            if page == before:
                return
            yield page
            if not isinstance(page, list) or len(page) < _PAGE:
                return
            before = page

    def _get(self, path: str) -> Any | Trouble:
        answer = self._line.ask(Request(path, "GET", self._headers, longest=LARGEST_LIST))
        if not isinstance(answer, Answer):
            return answer
        # Not confirmed: whether an error ever has another HTTP status than 200.
        return document(answer, LARGEST_LIST) if answer.status == 200 else http_fault(answer, self._clock())

    def _report(self, entry: Any) -> DeliveryReport:
        word = text_of(entry, "dlr")
        plain = word.upper()
        return DeliveryReport(
            label=id_of(entry, "foreign_id"),
            job_id=id_of(entry, "id"),
            recipient=text_of(entry, "to"),
            state=STATES.get(plain),
            word=shown(word, self._hidden),
            unheard=plain not in STATES,
        )


def outcome_of_send(answer: Answer, now: datetime, hidden: Sequence[str] = ()) -> Outcome:
    """What an answer to `POST /sms` means: refusals come with HTTP 200 too, as a bare number or inside."""
    if answer.status != 200:
        return http_fault(answer, now)
    found = document(answer)
    if isinstance(found, Unknown):
        return found
    code = code_of(found)
    if code != ACCEPTED:
        return _refusal(code, hidden)
    messages = found.get("messages") if isinstance(found, dict) else None
    message = messages[0] if isinstance(messages, list) and len(messages) == 1 else None
    if not isinstance(message, dict):
        return Unknown("the gateway's answer names no message")
    if message.get("success") is not True or message.get("error") not in (None, ""):
        return _refusal(text_of(message, "error"), hidden)
    number = id_of(message, "id")
    price = amount(message, "price")
    return Sent(f"id {number}", number, price) if number else Sent(price=price)


def _refusal(code: str, hidden: Sequence[str]) -> Outcome:
    if code in REJECTED:
        return Rejected(f"{code}, {REJECTED[code]}")
    if code in ACCOUNT:
        return account_error(f"{code}, {ACCOUNT[code]}")
    if code == CARRIER_UNAVAILABLE:
        return Unavailable(f"{code}, the carrier is not available")
    return Unknown(f"the gateway's answer is {shown(code, hidden) or 'missing'}")


def code_of(found: Any) -> str:
    """The number of an answer: bare, in quotes, or under `success`; empty where there is none."""
    if isinstance(found, dict):
        return text_of(found, "success")
    return str(found) if isinstance(found, str | int) else ""


def _day_before(moment: datetime) -> str:
    return f"{moment.date() - timedelta(days=1):%Y-%m-%d}"  # whatever zone the gateway reads it in


def _digits(number: str) -> str:
    return "".join(filter(str.isdecimal, number)).lstrip("0")


def _reply_problem(sms: SmsSettings, sender: str) -> str:
    """A number of one's own can be answered, or a shared one: then the keyword stands in the answer."""
    if e164(sender, sms.country_code):
        return ""
    return "a name cannot be answered; set a number rented from seven.io"


def _problems(sms: SmsSettings) -> Iterator[Problem]:
    if sms.seven is None:
        yield missing("sms", "seven", "api_key")
    if sms.max_parts > _MOST_PARTS:
        advice = f"must be at most {_MOST_PARTS}: seven.io takes no longer text"
        yield Problem("sms.max_parts", advice, value_text(sms.max_parts))


PROVIDER = Provider(
    base_url="https://gateway.seven.io/api",
    make=Seven,
    sender_names=re.compile(r"[A-Za-z0-9]{1,11}"),
    sender_names_in_words="11 letters and digits (no umlauts, spaces or signs)",
    problems=_problems,
    reply_problem=_reply_problem,
)
