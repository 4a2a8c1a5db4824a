"""The LOX24 gateway: all that is particular to it, and every place where something is *Not confirmed*.

Sources: doc.lox24.eu (operations, status codes, delivery report codes) and lox24/lox24-client-php.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import quote, urlencode

from terminbenachrichtigung.config.channels import SmsSettings
from terminbenachrichtigung.config.checks import e164
from terminbenachrichtigung.config.problems import Problem
from terminbenachrichtigung.delivery.channel import Balance, Trouble
from terminbenachrichtigung.delivery.exchange import (
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

ACCOUNT_STATUSES = frozenset({401, 402, 403})
ABOUT_THE_MESSAGE = re.compile(r"\b(phone|text)\b")
"""Not confirmed: where a 400 or 422 names what it refuses; `detail` and `violations` are read."""

UNDELIVERED_STATUSES: Mapping[int, str] = {
    208: "the country is blocked",
    400: "maintenance",
    410: "stopped by hand",
    2000: "no line",
    3000: "not enough money",
    5000: "no operator",
    6000: "stopped",
}
UNDER_WAY_STATUSES = frozenset({0, 100})
NO_MONEY = 3000
REPORT_CODES: Mapping[int, tuple[State | None, str]] = {
    0: (None, "none"),
    1: (State.DELIVERED, "delivered"),
    2: (None, "queued"),
    4: (None, "under way"),
    8: (State.UNDELIVERED, "expired"),
    16: (State.UNDELIVERED, "rejected"),
}

REPLY = ReplyFields(reply_id="uuid", sender="from", text="text", received_at="received_at", job_id="msg_uuid")
"""Of `GET /incomings`. Not confirmed: how a moment is written; whatever cannot be read counts as unsure."""


class Lox24(SmsAdapter):
    """The `sms` channel over LOX24."""

    def __init__(
        self, settings: SmsSettings, branches: Branches, clock: Callable[[], datetime], line: Line
    ) -> None:
        """Open nothing yet; the arguments are those of every adapter."""
        super().__init__(settings, branches, clock, line)
        assert settings.lox24 is not None
        self._service = settings.lox24.service
        token = settings.lox24.token.get_secret_value()
        self._login = {"X-LOX24-AUTH-TOKEN": token}
        self._hidden = (token, *token.split(":"))
        self._without_money = False

    def balance(self) -> Balance | Trouble:
        """Ask for the account's balance: money."""
        found = self._get("/me")
        if isinstance(found, Unavailable | Unknown):
            return found
        value = amount(found, "balance_amount")
        return (
            Unknown("the balance is not a number")
            if value is None
            else Balance(value, shown(text_of(found, "currency"), self._hidden) or "EUR")
        )

    def find(self, message: OpenMessage) -> tuple[str, ...] | Trouble:
        """Ask for the messages with this label.

        Not confirmed: filters beyond the label, the size of a page, and how long the list goes back.
        """
        question = urlencode({"callback_data": message.message_id})
        found = self._get(f"/sms?{question}", accept="application/ld+json")
        if isinstance(found, Unavailable | Unknown):
            return found
        listed = _listed(found)
        if isinstance(listed, Unknown):
            return listed
        ours = (each for each in listed if text_of(each, "callback_data") == message.message_id)
        return tuple(filter(None, (id_of(each, "uuid") for each in ours)))

    def reports(self, awaited: Sequence[OpenMessage]) -> Iterator[tuple[DeliveryReport, ...] | Trouble]:
        """Ask for one message after the other, in the order given: there is no list of reports."""
        for message in awaited:
            if not message.job_id:
                continue  # it got no answer; `find` asks for it
            found = self._get(f"/sms/{quote(message.job_id)}", fine=frozenset({404}))
            if isinstance(found, Unavailable | Unknown):
                yield found
                return
            report = report_of(found, message)
            self._without_money |= report is not None and report.note == str(NO_MONEY)
            yield () if report is None else (report,)

    def replies(self, since: datetime) -> Iterator[tuple[Reply, ...] | Trouble]:
        """Read the postbox, newest first, until a page that is all older.

        Not confirmed: how long a page is, and how the one behind the last is answered; so an empty page, and
        one that is the same once more, ends it. How many pages are read is for the caller to say.
        """
        before: list[Any] = []
        for number in count(1):
            question = urlencode({"page": number})
            behind_the_last = frozenset({404} if number > 1 else ())
            found = self._get(f"/incomings?{question}", "application/ld+json", behind_the_last)
            if isinstance(found, Unavailable | Unknown):
                yield found
                return
            if found == {} and number > 1:
                return
            listed = _listed(found)
            if isinstance(listed, Unknown):
                yield listed
                return
            if not listed or listed == before:
                return
            page = read_incoming(listed, REPLY, self._clock(), self._settings.country_code)
            yield page
            if page and all(each.received_at < since for each in page):
                return
            before = listed

    def _submit(self, label: str, content: Content) -> Outcome:
        if self._without_money:
            return account_error("a report says that there is not enough money")
        return super()._submit(label, content)

    def _message(self, content: Content, label: str, sender: str) -> Request:
        body = message_document(content, label, sender, self._service)
        headers = {**self._login, "Content-Type": JSON, "Accept": JSON}
        return Request("/sms", "POST", headers, body, reads_refusal=True)

    def _outcome(self, answer: Answer) -> Outcome:
        return outcome_of_send(answer, self._clock(), self._hidden)

    def _get(self, path: str, accept: str = JSON, fine: frozenset[int] = frozenset()) -> Any | Trouble:
        answer = self._line.ask(Request(path, "GET", {**self._login, "Accept": accept}, longest=LARGEST_LIST))
        if not isinstance(answer, Answer):
            return answer
        if answer.status in fine:
            return {}
        if answer.status // 100 != 2:
            return _fault(answer, self._clock())
        return document(answer, LARGEST_LIST)


def _listed(found: Any) -> list[Any] | Unknown:
    """The entries of an answer that is a list, bare or as JSON-LD."""
    return entries(found.get("hydra:member") if isinstance(found, dict) else found)


def message_document(content: Content, label: str, sender: str, service: str) -> bytes:
    """The body of `POST /sms`. The text is deleted at the gateway once it was sent."""
    message = {
        "sender_id": sender,
        "phone": content.recipient,
        "text": content.text,
        "service_code": service,
        "is_unicode": None,  # the gateway decides by the text
        "delivery_at": 0,
        "callback_data": label,
        "is_delete_text": True,
    }
    return json.dumps(message, ensure_ascii=False).encode("utf-8")


def outcome_of_send(answer: Answer, now: datetime, hidden: Sequence[str] = ()) -> Outcome:
    """What an answer to `POST /sms` means. `hidden` are secrets that no detail may repeat."""
    if answer.status == 201:
        return _taken(answer, hidden)
    if answer.status in {400, 422} and (words := _about_the_message(answer)):
        return Rejected(shown(words, hidden))
    if answer.status in {400, 404, 422}:
        return account_error(f"HTTP {answer.status}")
    return _fault(answer, now)


def _taken(answer: Answer, hidden: Sequence[str]) -> Outcome:
    found = document(answer)
    if isinstance(found, Unknown):
        return found
    number, code = id_of(found, "uuid"), amount(found, "status_code")
    if code != 0 or not number:
        return Unknown(f"the gateway's answer has no clear status: {shown(str(code), hidden)}")
    return Sent(f"id {number}", number, amount(found, "price"))


def _about_the_message(answer: Answer) -> str:
    """What is wrong with the recipient or the text, if the answer names one of them."""
    found = document(answer)
    if not isinstance(found, dict):
        return ""
    violations = found.get("violations")
    places = [text_of(each, "propertyPath") for each in violations] if isinstance(violations, list) else []
    words = text_of(found, "detail")
    return words or " ".join(places) if ABOUT_THE_MESSAGE.search(" ".join((*places, words))) else ""


def report_of(found: Any, message: OpenMessage) -> DeliveryReport | None:
    """What `GET /sms/{uuid}` says; None if it is not about the message that was asked for.

    `economy` mostly stays at 4, under way.
    """
    if text_of(found, "callback_data") not in {"", message.message_id}:
        return None
    status, code = amount(found, "status_code"), amount(found, "dlr_code")
    if status is None:
        return None
    number = int(status)
    if number in UNDELIVERED_STATUSES:
        return _report(message, State.UNDELIVERED, UNDELIVERED_STATUSES[number], note=str(number))
    if number not in UNDER_WAY_STATUSES:
        return _report(message, None, f"status {number}", unheard=True)
    if code is None:
        return None
    if int(code) not in REPORT_CODES:
        return _report(message, None, f"report {int(code)}", unheard=True)
    state, word = REPORT_CODES[int(code)]
    return _report(message, state, word)


def _report(
    message: OpenMessage, state: State | None, word: str, *, note: str = "", unheard: bool = False
) -> DeliveryReport:
    return DeliveryReport(message.message_id, message.job_id, "", state, word, unheard, note=note)


def _fault(answer: Answer, now: datetime) -> Trouble:
    """429: the address is blocked for ten minutes after three wrong logins, so the channel is closed."""
    if answer.status in ACCOUNT_STATUSES or answer.status == 429:
        return account_error(f"HTTP {answer.status}")
    if answer.status == 503:
        return Unknown(f"the gateway answers HTTP {answer.status}")
    return http_fault(answer, now)


def _problems(sms: SmsSettings) -> Iterator[Problem]:
    if sms.lox24 is None:
        yield missing("sms", "lox24", "token")


def _reply_problem(sms: SmsSettings, sender: str) -> str:
    """A rented number can be answered, and `economy` within Germany, whatever its sender is."""
    economy = sms.lox24 is not None and sms.lox24.service == "economy" and sms.country_code == "+49"
    if economy or e164(sender, sms.country_code):
        return ""
    return (
        'a name cannot be answered; set a number rented from LOX24, or sms.lox24.service = "economy", '
        "whose answers within Germany are free of charge"
    )


PROVIDER = Provider(
    base_url="https://api.lox24.eu",
    make=Lox24,
    sender_names=re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9 ]{1,11}"),
    sender_names_in_words="11 letters, digits and spaces",
    problems=_problems,
    reply_problem=_reply_problem,
)
