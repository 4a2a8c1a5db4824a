"""One suite over all gateways, each against its own kind of answers, over real sockets."""

import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from peers import (
    MESSAGE_ID,
    NOW,
    a_claim,
    a_peer,
    a_port_nobody_listens_on,
    certified_server,
    now,
    read_http_request,
    trusting_client,
    tunnel,
)
from sms_under_test import (
    dribbles_the_body,
    hangs_up_at_once,
    hangs_up_in_the_body,
    http,
    resets_after_reading,
    says_nothing,
)

from terminbenachrichtigung.config.channels import SmsSettings
from terminbenachrichtigung.config.settings import Branch
from terminbenachrichtigung.delivery.channel import Balance, Gateway
from terminbenachrichtigung.delivery.registry import PROVIDERS, make_gateway
from terminbenachrichtigung.demo.loopback import Answer, LoopbackGateway, Request
from terminbenachrichtigung.demo.preparation import GATEWAYS
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
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.model.reply import Reply

RECIPIENT = "+491715555555"
CONTENT = Content(
    Channel.SMS, RECIPIENT, "de", "Guten Tag Öztürk, 10 € & mehr 😀", parts=2, branch_code="HH1"
)
CLAIM = a_claim(Channel.SMS, RECIPIENT)
SECRETS = ("s3cr3t", "geheim")
ACCOUNTS: Mapping[str, dict[str, Any]] = {
    "smscreator": {"serial": "s3cr3t", "password": "geheim"},
    "lox24": {"lox24": {"token": "s3cr3t:geheim"}},
    "seven": {"seven": {"api_key": "s3cr3t:geheim"}},
}

every_gateway = pytest.mark.parametrize("provider", tuple(PROVIDERS))


def settings_for(provider: str, base_url: str, /, **changed: Any) -> SmsSettings:
    given = {"provider": provider, "base_url": base_url, "sender": "Optik", "timeout_seconds": 20}
    return SmsSettings.model_validate({**given, **ACCOUNTS[provider], **changed})


@contextmanager
def channel_to(
    provider: str,
    base_url: str,
    /,
    *,
    branches: Mapping[str, Branch] | None = None,
    trusted: Any = None,
    **changed: Any,
) -> Iterator[Gateway]:
    made = make_gateway(settings_for(provider, base_url, **changed), branches or {}, now, trusted=trusted)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def loopback(provider: str) -> Iterator[LoopbackGateway]:
    with GATEWAYS[provider]() as gateway:
        yield gateway


@contextmanager
def both(provider: str, **changed: Any) -> Iterator[tuple[LoopbackGateway, Gateway]]:
    """A well-behaved gateway, and the adapter that knows its account."""
    with (
        loopback(provider) as gateway,
        channel_to(provider, gateway.url, **{**gateway.settings, **changed}) as channel,
    ):
        yield gateway, channel


def answered(provider: str, status: str, body: str = "", *headers: str) -> Outcome:
    """What an SMS comes to when the gateway answers so."""

    def behave(connection: socket.socket) -> None:
        read_http_request(connection)
        connection.sendall(http(status, body, *headers))

    with a_peer(behave) as peer, channel_to(provider, f"http://127.0.0.1:{peer.port}") as channel:
        return channel.send(CLAIM, CONTENT)


# ---------------------------------------------------------------- what a gateway does


@every_gateway
def test_an_sms_is_taken_with_its_label_sender_and_text(provider: str) -> None:
    with both(provider) as (gateway, channel):
        outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Sent)
    assert outcome.job_id
    assert outcome.job_id in outcome.detail
    (job,) = gateway.jobs
    assert (job.caption, job.sender, job.text) == (MESSAGE_ID, "Optik", CONTENT.text)
    assert job.recipient.endswith("491715555555")


def test_what_lox24_and_seven_are_asked_for_is_what_their_pages_name() -> None:
    with both("lox24") as (gateway, channel):
        channel.send(CLAIM, CONTENT)
    assert gateway.requests[-1].fields == {
        "sender_id": "Optik",
        "phone": RECIPIENT,
        "text": CONTENT.text,
        "service_code": "direct",
        "is_unicode": None,  # the gateway decides
        "delivery_at": 0,  # at once
        "callback_data": MESSAGE_ID,
        "is_delete_text": True,  # nobody else needs to keep it
    }
    with both("seven", sender="+491715555000") as (gateway, channel):
        channel.send(CLAIM, CONTENT)
    assert gateway.requests[-1].fields == {
        "to": "491715555555",
        "text": CONTENT.text,
        "from": "491715555000",
        "foreign_id": MESSAGE_ID,
    }


@every_gateway
def test_the_sender_follows_the_branch(provider: str) -> None:
    with (
        loopback(provider) as gateway,
        channel_to(
            provider, gateway.url, branches={"HH1": Branch(sms_sender="OptikHH")}, **gateway.settings
        ) as channel,
    ):
        channel.send(CLAIM, CONTENT)
        channel.send(CLAIM, replace(CONTENT, branch_code="B9"))
    assert [job.sender for job in gateway.jobs] == ["OptikHH", "Optik"]


@every_gateway
def test_a_test_message_has_a_label_that_no_message_has(provider: str) -> None:
    with both(provider) as (gateway, channel):
        assert isinstance(channel.test(CONTENT), Sent)
    assert gateway.jobs[0].caption.startswith("test-message-")


@every_gateway
def test_half_a_character_is_rejected_before_anything_leaves(provider: str) -> None:
    with both(provider) as (gateway, channel):
        outcome = channel.send(CLAIM, replace(CONTENT, text="half \ud83d"))
    assert outcome == Rejected("the text holds what no SMS can carry")
    assert gateway.requests == []


@pytest.mark.parametrize(("provider", "currency"), [("smscreator", ""), ("lox24", "EUR"), ("seven", "EUR")])
def test_the_balance_has_its_unit(provider: str, currency: str) -> None:
    with both(provider) as (gateway, channel):
        gateway.balance = Decimal("17.5")
        assert channel.balance() == Balance(Decimal("17.5"), currency)


@pytest.mark.parametrize(
    ("body", "currency"),
    [
        ('{"amount": 17.5, "currency": "CHF"}', "CHF"),
        ('{"amount": 17.5}', "EUR"),
        ('{"amount": 17.500000000000004}', "EUR"),  # what is left of 17.6 - 0.1, as many programs count
        ('{"amount": "17.49999999999999998"}', "EUR"),
    ],
)
def test_seven_names_the_currency_of_the_account(body: str, currency: str) -> None:
    with both("seven") as (gateway, channel):
        gateway.script = lambda _request: Answer(body=body)
        assert channel.balance() == Balance(Decimal("17.5"), currency)


@pytest.mark.parametrize(("provider", "price"), [("smscreator", None), ("lox24", "0.07"), ("seven", "0.075")])
def test_the_price_is_known_where_the_gateway_names_it(provider: str, price: str | None) -> None:
    with both(provider) as (_, channel):
        outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Sent)
    assert outcome.price == (None if price is None else Decimal(price))


def asked_for(job_id: str = "") -> OpenMessage:
    return OpenMessage(MESSAGE_ID, RECIPIENT, NOW - timedelta(minutes=5), job_id)


def one_page(
    pages: Iterable[tuple[DeliveryReport, ...] | Unavailable | Unknown],
) -> tuple[DeliveryReport, ...]:
    (page,) = pages
    assert isinstance(page, tuple)
    return page


@every_gateway
def test_a_message_is_found_by_its_label_alone(provider: str) -> None:
    with both(provider) as (_, channel):
        assert channel.find(asked_for()) == ()
        sent = channel.send(CLAIM, CONTENT)
        channel.test(CONTENT)  # to the same number, with another label
        assert isinstance(sent, Sent)
        assert channel.find(asked_for()) == (sent.job_id,)


@every_gateway
@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("Delivered", State.DELIVERED),
        ("Failed", State.UNDELIVERED),
        ("Expired", State.UNDELIVERED),
        ("Buffered", None),
    ],
)
def test_a_delivery_report_says_what_became_of_it(provider: str, word: str, state: State | None) -> None:
    with both(provider) as (gateway, channel):
        sent = channel.send(CLAIM, CONTENT)
        assert isinstance(sent, Sent)
        gateway.report(gateway.jobs[0], word, done=NOW)
        pages = list(channel.reports([asked_for(sent.job_id)]))
    (report,) = one_page(pages)
    assert (report.label, report.job_id, report.state, report.unheard) == (
        MESSAGE_ID,
        sent.job_id,
        state,
        False,
    )


@every_gateway
def test_a_wrong_account_closes_the_channel(provider: str) -> None:
    with loopback(provider) as gateway, channel_to(provider, gateway.url) as channel:
        for outcome in (channel.send(CLAIM, CONTENT), channel.balance(), channel.find(asked_for())):
            assert isinstance(outcome, Unavailable)
            assert (outcome.account_error, outcome.again) == (True, False)
    assert gateway.jobs == []


@every_gateway
def test_a_refused_recipient_is_rejected(provider: str) -> None:
    with both(provider) as (gateway, channel):
        gateway.script = lambda _request: gateway.refusal()
        outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Rejected)
    assert outcome.unheard_word is None


# ---------------------------------------------------------------- every answer of each gateway's page


@dataclass(frozen=True)
class Said:
    """An answer, and the kind of outcome that it is."""

    status: str
    body: str = ""


def taken(**changed: Any) -> str:
    return json.dumps({"uuid": "u-1", "status_code": 0, "price": 0.07, "parts_count": 1, **changed})


ACCOUNT = "account error"
LOX24 = [
    # what comes back for an SMS; what it means
    pytest.param(Said("201 Created", taken()), Sent, id="201"),
    pytest.param(Said("201 Created", taken(status_code=3000)), Unknown, id="201, another status"),
    pytest.param(Said("201 Created", taken(uuid="")), Unknown, id="201, no id"),
    pytest.param(Said("201 Created", "[]"), Unknown, id="201, not an object"),
    pytest.param(Said("201 Created", "<html>"), Unknown, id="201, not JSON"),
    pytest.param(Said("201 Created", ""), Unknown, id="201, nothing"),
    pytest.param(Said("201 Created", "[" * 50_000), Unknown, id="201, nested without end"),
    pytest.param(Said("201 Created", taken() + " " * 70_000), Unknown, id="201, too long"),
    pytest.param(
        Said("201 Created", taken(price=0).replace(": 0", ": 1e" + "9" * 20)), Unknown, id="201, no number"
    ),
    pytest.param(Said("200 OK", taken()), Unknown, id="200 is not its answer"),
    pytest.param(Said("400 x", '{"detail": "phone: not valid"}'), Rejected, id="400 about the number"),
    pytest.param(Said("422 x", '{"detail": "text: too long"}'), Rejected, id="422 about the text"),
    pytest.param(
        Said("422 x", '{"violations": [{"propertyPath": "phone"}]}'), Rejected, id="422 by its violations"
    ),
    pytest.param(Said("400 x", '{"detail": "sender_id: not valid"}'), ACCOUNT, id="400 about the sender"),
    pytest.param(Said("422 x", '<p class="text">phone</p>'), ACCOUNT, id="422 that is not JSON"),
    pytest.param(Said("404 x"), ACCOUNT, id="404"),
    pytest.param(Said("401 x"), ACCOUNT, id="401, key invalid"),
    pytest.param(Said("402 x"), ACCOUNT, id="402, not enough funds"),
    pytest.param(Said("403 x"), ACCOUNT, id="403, not active"),
    pytest.param(Said("429 x"), ACCOUNT, id="429, address blocked for ten minutes"),
    pytest.param(Said("500 x"), Unknown, id="500"),
    pytest.param(Said("503 x"), Unknown, id="503"),
    pytest.param(Said("302 x"), Unknown, id="302"),
    pytest.param(Said("301 x"), Unavailable, id="301"),
    pytest.param(Said("405 x"), Unavailable, id="405"),
]


def message(**changed: Any) -> str:
    inside = {"id": "77", "recipient": "49171", "parts": 1, "price": 0.07, "success": True, "error": None}
    return json.dumps({"success": "100", "messages": [{**inside, **changed}]})


SEVEN = [
    pytest.param(Said("200 OK", message()), Sent, id="100, and the message's own success"),
    pytest.param(Said("200 OK", message(success=False, error="202")), Rejected, id="100, refused inside"),
    pytest.param(Said("200 OK", message(error="202")), Rejected, id="100, an error beside its success"),
    pytest.param(Said("200 OK", message(error="")), Sent, id="100, an empty error"),
    pytest.param(Said("200 OK", message(success=False, error="500")), ACCOUNT, id="100, no credit inside"),
    pytest.param(Said("200 OK", message(success=False)), Unknown, id="100, failed without a word"),
    pytest.param(Said("200 OK", message(success=None)), Unknown, id="100, no success inside"),
    pytest.param(Said("200 OK", '{"success": "100"}'), Unknown, id="100, no message"),
    pytest.param(Said("200 OK", '{"success": "100", "messages": []}'), Unknown, id="100, no messages"),
    pytest.param(Said("200 OK", '"100"'), Unknown, id="100 alone names no message"),
    *(
        pytest.param(Said("200 OK", form), kind, id=f"{code} as {form}")
        for kind, codes in {
            Rejected: ("202", "301", "305", "401", "403"),
            ACCOUNT: ("201", "300", "500", "900", "901", "902", "903"),
            Unavailable: ("11",),
            Unknown: ("402", "600", "700", "12345"),
        }.items()
        for code in codes
        for form in (code, f'"{code}"', f'{{"success": "{code}"}}')
    ),
    pytest.param(Said("200 OK", "true"), Unknown, id="a word"),
    pytest.param(Said("200 OK", "null"), Unknown, id="null"),
    pytest.param(Said("200 OK", "OK"), Unknown, id="not JSON"),
    pytest.param(Said("200 OK", ""), Unknown, id="nothing"),
    pytest.param(Said("200 OK", message() + " " * 70_000), Unknown, id="too long"),
    pytest.param(Said("200 OK", "1e" + "9" * 20), Unknown, id="a number without end"),
    pytest.param(Said("401 x"), ACCOUNT, id="HTTP 401"),
    pytest.param(Said("429 x"), Unavailable, id="HTTP 429"),
    pytest.param(Said("500 x"), Unknown, id="HTTP 500"),
    pytest.param(Said("503 x"), Unavailable, id="HTTP 503"),
]


def assert_is(outcome: object, kind: Any) -> None:
    if kind == ACCOUNT:
        assert isinstance(outcome, Unavailable)
        assert (outcome.account_error, outcome.again) == (True, False)
    else:
        assert isinstance(outcome, kind)
        assert not (isinstance(outcome, Unavailable) and outcome.account_error)


@pytest.mark.parametrize(("said", "kind"), LOX24)
def test_every_answer_of_lox24(said: Said, kind: Any) -> None:
    assert_is(answered("lox24", said.status, said.body), kind)


@pytest.mark.parametrize(("said", "kind"), SEVEN)
def test_every_answer_of_seven(said: Said, kind: Any) -> None:
    assert_is(answered("seven", said.status, said.body), kind)


@pytest.mark.parametrize(("body", "word"), [("12345", "12345"), ("true", "True"), ("null", "missing")])
def test_an_answer_of_seven_that_nobody_knows_is_quoted(body: str, word: str) -> None:
    assert answered("seven", "200 OK", body).detail == f"the gateway's answer is {word}"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, ACCOUNT) for status in (401, 402, 403, 429)),
        *((status, Unavailable) for status in (400, 404, 422)),  # the account may be in order
        *((status, Unknown) for status in (302, 500, 503)),
    ],
)
def test_every_refusal_of_a_question_by_lox24(status: int, kind: Any) -> None:
    with both("lox24") as (gateway, channel):
        gateway.script = lambda _request: Answer(http_status=status)
        for answer in (channel.balance(), channel.find(asked_for())):
            assert_is(answer, kind)


@pytest.mark.parametrize("provider", ["lox24", "seven"])
@pytest.mark.parametrize("status", ["400 x", "422 x", "200 OK", "201 x"])
def test_a_gateway_that_repeats_what_it_was_told_cannot_make_us_show_it(provider: str, status: str) -> None:
    words = "text s3cr3t:geheim and +491715555555 \u202e\n"
    for body in (
        json.dumps({"detail": words, "success": words, "uuid": words, "status_code": words}),
        json.dumps(words),
    ):
        shown = repr(answered(provider, status, body))
        assert not any(secret in shown for secret in (*SECRETS, "1715555555", "\\n", "\\u202e"))


@pytest.mark.parametrize(
    ("status_code", "dlr_code", "state", "unheard"),
    [
        (0, 0, None, False),
        (100, 1, State.DELIVERED, False),
        (100, 2, None, False),
        (100, 4, None, False),
        (100, 8, State.UNDELIVERED, False),
        (100, 16, State.UNDELIVERED, False),
        (100, 32, None, True),
        *((code, 0, State.UNDELIVERED, False) for code in (208, 400, 410, 2000, 3000, 5000, 6000)),
        (777, 1, None, True),
    ],
)
def test_every_status_of_lox24(status_code: int, dlr_code: int, state: State | None, unheard: bool) -> None:
    body = json.dumps(
        {"uuid": "u-1", "status_code": status_code, "dlr_code": dlr_code, "callback_data": MESSAGE_ID}
    )

    def behave(connection: socket.socket) -> None:
        read_http_request(connection)
        connection.sendall(http("200 OK", body))

    with a_peer(behave) as peer, channel_to("lox24", f"http://127.0.0.1:{peer.port}") as channel:
        (report,) = one_page(channel.reports([asked_for("u-1")]))
        assert (report.state, report.unheard) == (state, unheard)


def test_lox24_without_money_is_not_asked_again() -> None:
    with both("lox24") as (gateway, channel):
        sent = channel.send(CLAIM, CONTENT)
        assert isinstance(sent, Sent)
        gateway.script = lambda request: (
            Answer(body=json.dumps({"status_code": 3000})) if request.method == "GET" else None
        )
        list(channel.reports([asked_for(sent.job_id)]))
        asked = len(gateway.requests)
        outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Unavailable)
    assert outcome.account_error
    assert len(gateway.requests) == asked


def test_lox24_says_nothing_about_a_message_that_it_has_no_more() -> None:
    with both("lox24") as (_, channel):
        assert list(channel.reports([asked_for(), asked_for("u-9")])) == [()]


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        # What stands in the list for a label, though it was asked for; whose SMS that is.
        ({"uuid": "u-1", "callback_data": MESSAGE_ID}, ("u-1",)),
        ({"uuid": "u-1", "callback_data": "another"}, ()),
        ({"uuid": "u-1"}, ()),
        ({"uuid": "", "callback_data": MESSAGE_ID}, ()),
        ({"uuid": "../../u-1", "callback_data": MESSAGE_ID}, ()),
        ({"callback_data": MESSAGE_ID}, ()),
        ("u-1", ()),
    ],
)
def test_lox24_finds_nothing_that_is_another_message_s(entry: object, found: tuple[str, ...]) -> None:
    with both("lox24") as (gateway, channel):
        gateway.script = lambda _request: Answer(body=json.dumps([entry]))
        assert channel.find(asked_for()) == found


@pytest.mark.parametrize(
    "entry",
    [
        {"uuid": "u-1", "status_code": 100, "dlr_code": 1, "callback_data": "another"},
        {"uuid": "u-1", "dlr_code": 1, "callback_data": MESSAGE_ID},
        {"uuid": "u-1", "status_code": 100, "callback_data": MESSAGE_ID},
    ],
    ids=["about another message", "without a status", "without a report"],
)
def test_lox24_reports_nothing_that_is_not_clearly_about_the_message(entry: object) -> None:
    with both("lox24") as (gateway, channel):
        gateway.script = lambda _request: Answer(body=json.dumps(entry))
        assert list(channel.reports([asked_for("u-1")])) == [()]


@pytest.mark.parametrize("body", ["<html>", "7", '{"hydra:member": 7}', "{}"])
def test_lox24_has_not_said_that_there_is_no_message_where_its_answer_is_no_list(body: str) -> None:
    with both("lox24") as (gateway, channel):
        gateway.script = lambda _request: Answer(body=body)
        assert isinstance(channel.find(asked_for()), Unknown)


@pytest.mark.parametrize("behind", [Answer(http_status=404), Answer(body="{}"), Answer(body="[]"), None])
def test_the_end_of_lox24_s_postbox_is_no_fault(behind: Answer | None) -> None:
    """How the page behind the last is answered is not published; it may be the last one once more."""
    last = Answer(
        body=json.dumps([{"from": RECIPIENT, "to": OURS, "text": "ja", "timestamp": NOW.timestamp()}])
    )
    with both("lox24", sender=OURS) as (gateway, channel):
        gateway.script = lambda request: behind if behind and request.number > 1 else last
        (page,) = channel.replies(NOW - timedelta(days=7))
        assert len(gateway.requests) == 2
    assert isinstance(page, tuple)
    assert [each.text for each in page] == ["ja"]


@pytest.mark.parametrize(
    ("dlr", "state", "unheard"),
    [
        ("DELIVERED", State.DELIVERED, False),
        ("delivered", State.DELIVERED, False),
        ("NOTDELIVERED", State.UNDELIVERED, False),
        ("EXPIRED", State.UNDELIVERED, False),
        ("REJECTED", State.UNDELIVERED, False),
        ("FAILED", State.UNDELIVERED, False),
        ("BUFFERED", None, False),
        ("TRANSMITTED", None, False),
        ("ACCEPTED", None, False),
        ("", None, False),
        ("LOST", None, True),
    ],
)
def test_every_state_of_seven(dlr: str, state: State | None, unheard: bool) -> None:
    with both("seven") as (gateway, channel):
        entry = {"id": "7", "to": "49171", "foreign_id": MESSAGE_ID, "dlr": dlr}
        gateway.script = lambda _request: Answer(body=json.dumps([entry]))
        (report,) = one_page(channel.reports([asked_for("7")]))
    assert (report.state, report.unheard) == (state, unheard)


@pytest.mark.parametrize(
    "written",
    ["a\0b", "\ud800", "\x1b[31m", "' OR 1=1", "x" * 65, [], None],
    ids=lambda text: ascii(text)[:9],
)
def test_what_seven_writes_for_an_id_and_is_none_is_left_out(written: object) -> None:
    # No database keeps the first two, and a run that met one of them ended with an error.
    assert answered("seven", "200 OK", message(id=written)) == Sent(price=Decimal("0.07"))
    with both("seven") as (gateway, channel):
        entry = {"id": written, "to": "49171", "foreign_id": written, "dlr": "DELIVERED"}
        gateway.script = lambda _request: Answer(body=json.dumps([entry]))
        (report,) = one_page(channel.reports([asked_for("7")]))
        assert (report.job_id, report.label) == ("", "")
        gateway.script = lambda _request: Answer(body=json.dumps([{**entry, "foreign_id": MESSAGE_ID}]))
        assert channel.find(asked_for()) == ()


def test_seven_reads_its_journal_page_by_page() -> None:
    with both("seven") as (gateway, channel):
        for _ in range(100):
            channel.test(CONTENT)
        sent = channel.send(CLAIM, CONTENT)
        assert isinstance(sent, Sent)
        gateway.jobs.reverse()  # ours comes last, on a page of its own
        assert channel.find(asked_for()) == (sent.job_id,)
        assert [len(page) for page in channel.reports([asked_for()]) if isinstance(page, tuple)] == [100, 1]
        offsets = [request.fields["offset"] for request in gateway.requests if "offset" in request.fields]
    assert offsets == ["0", "100"] * 2


@pytest.mark.parametrize("provider", ["lox24", "seven"])
@pytest.mark.parametrize(
    "body", ["", "<html>", "{}", "7", '{"balance_amount": "viel", "amount": null}', "[1e400]"]
)
def test_a_balance_that_is_no_number_is_unknown(provider: str, body: str) -> None:
    with both(provider) as (gateway, channel):
        gateway.script = lambda _request: Answer(body=body)
        assert isinstance(channel.balance(), Unknown)


# ---------------------------------------------------------------- replies

ANSWERED = ("lox24", "seven")
OURS = "+491715550000"
every_answered_gateway = pytest.mark.parametrize("provider", ANSWERED)


def all_replies(channel: Gateway, since: datetime = NOW) -> list[Reply]:
    found: list[Reply] = []
    for page in channel.replies(since):
        assert isinstance(page, tuple), page
        found += page
    return found


@every_answered_gateway
@pytest.mark.parametrize("named", [True, False])
def test_a_reply_has_its_id_sender_text_moment_and_the_sms_that_it_answers(
    provider: str, named: bool
) -> None:
    with both(provider, sender=OURS) as (gateway, channel):
        sent = channel.send(CLAIM, CONTENT)
        assert isinstance(sent, Sent)
        gateway.reply(gateway.jobs[0], "Ja, \U0001f44d\nbis morgen", at=NOW, named=named)
        (reply,) = all_replies(channel)
        assert all_replies(channel) == [reply]  # nothing is taken: the next one is told the same
    assert (reply.sender, reply.text) == (RECIPIENT, "Ja, \U0001f44d\nbis morgen")
    assert reply.job_id == (sent.job_id if named else "")
    assert reply.received_at - reply.unsure <= NOW <= reply.received_at
    assert reply.unsure <= timedelta(hours=2)  # read, and not taken for any moment of the week
    assert reply.reply_id


@every_answered_gateway
def test_replies_come_in_pages(provider: str) -> None:
    with both(provider, sender=OURS) as (gateway, channel):
        channel.send(CLAIM, CONTENT)
        for number in range(130):
            gateway.reply(gateway.jobs[0], str(number), at=NOW + timedelta(minutes=number))
        pages = list(channel.replies(NOW))
    assert sorted(len(page) for page in pages if isinstance(page, tuple))[-1] < 130
    assert {int(each.text) for page in pages if isinstance(page, tuple) for each in page} == set(range(130))


@every_answered_gateway
def test_an_adapter_ends_its_pages_with_the_gateways_last_one_alone(provider: str) -> None:
    """If it ended sooner, that would mean that there is no more, and a no behind it would be lost."""

    def page(request: Request) -> Answer:
        number = int(request.fields.get("page", 0)) or int(request.fields.get("offset", 0)) // 100 + 1
        found = {"from": RECIPIENT, "to": OURS, "received_at": NOW.timestamp(), "timestamp": f"{NOW:%FT%TZ}"}
        entries = [{**found, "text": str(number), "uuid": f"{number}", "id": f"{number}"}] * 100
        return Answer(body=json.dumps(entries if number <= 120 else []))

    with both(provider, sender=OURS) as (gateway, channel):
        gateway.script = page
        assert all_replies(channel)[-1].text == "120"


@every_answered_gateway
def test_old_replies_are_not_read_to_the_beginning(provider: str) -> None:
    with both(provider, sender=OURS) as (gateway, channel):
        channel.send(CLAIM, CONTENT)
        for days in range(200):
            gateway.reply(gateway.jobs[0], str(days), at=NOW - timedelta(days=days))
        asked = len(gateway.requests)
        found = all_replies(channel, NOW - timedelta(days=3))
    assert {int(each.text) for each in found} >= {0, 1, 2, 3}
    assert len(gateway.requests) - asked <= 2


@every_answered_gateway
@pytest.mark.parametrize("written", ["+491715555555", "491715555555", "00491715555555", "0171 5555555"])
def test_a_sender_is_e164_however_it_is_written(provider: str, written: str) -> None:
    with both(provider, sender=OURS) as (gateway, channel):
        channel.send(CLAIM, CONTENT)
        gateway.reply(gateway.jobs[0], "ja", at=NOW, sender=written)
        assert [each.sender for each in all_replies(channel)] == [RECIPIENT]


ENTRIES = [
    # what else a list may hold; how many replies that is
    pytest.param({}, 0, id="nothing"),
    pytest.param(None, 0, id="null"),
    pytest.param("ja", 0, id="a word"),
    pytest.param({"from": "", "text": "ja"}, 0, id="nobody"),
    pytest.param({"from": RECIPIENT, "to": OURS, "text": "ja"}, 1, id="no id and no moment"),
    pytest.param({"from": "Telekom", "to": OURS, "text": "Hinweis"}, 1, id="a name"),
    pytest.param({"from": RECIPIENT, "to": OURS, "text": "x" * 100_000}, 1, id="a novel"),
    pytest.param({"from": RECIPIENT, "to": OURS, "text": "\0 \ud83d"}, 1, id="what no database takes"),
    pytest.param({"from": RECIPIENT, "to": OURS, "text": ["ja"]}, 1, id="no text"),
    *(
        pytest.param(
            {"from": RECIPIENT, "to": OURS, "text": "ja", "received_at": moment, "timestamp": moment},
            1,
            id=f"received {moment}",
        )
        for moment in (
            "gestern",
            "2026-11-24 10:00:00",
            "2026-11-24T10:00:00+01:00",
            -1,
            1e40,
            10**30,
            "",
            True,
        )
    ),
]


@every_answered_gateway
@pytest.mark.parametrize(("entry", "count"), ENTRIES)
def test_whatever_stands_in_a_list_is_a_reply_or_none(provider: str, entry: object, count: int) -> None:
    with both(provider, sender=OURS) as (gateway, channel):
        gateway.script = lambda request: Answer(body=json.dumps([entry] if request.number == 1 else []))
        found = all_replies(channel, NOW - timedelta(days=7))
    assert len(found) == count
    for reply in found:
        assert 0 < len(reply.reply_id) <= 200
        assert len(reply.text) <= 2000
        assert "\0" not in reply.text
        reply.text.encode()
        assert reply.received_at.tzinfo is not None


@every_answered_gateway
def test_a_reply_without_an_id_is_the_same_each_time(provider: str) -> None:
    entries = [{"from": RECIPIENT, "to": OURS, "text": text} for text in ("ja", "nein")]
    with both(provider, sender=OURS) as (gateway, channel):
        gateway.script = lambda request: Answer(body=json.dumps(entries if request.number % 2 else []))
        first = {each.reply_id for each in all_replies(channel, NOW - timedelta(days=7))}
        gateway.requests.clear()
        again = {each.reply_id for each in all_replies(channel, NOW - timedelta(days=7))}
    assert len(first) == 2
    assert first == again


@every_answered_gateway
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(http_status=500), Unknown),
        (Answer(http_status=401), Unavailable),
        (Answer(body="<html>"), Unknown),
        (Answer(http_status=404), Unavailable),
        (Answer(body='{"error": "nothing"}'), Unknown),
        (Answer(body="{}"), Unknown),
        (Answer(body='"OK"'), Unknown),
        (Answer(body="7"), Unknown),
        (Answer(body="[" * 100_000), Unknown),
        (Answer(body="[" + " " * 9_000_000 + "]"), Unknown),
        (Answer(hang_up=True), Unknown),
    ],
    ids=[
        "500",
        "401",
        "html",
        "404",
        "an error",
        "an empty object",
        "a word",
        "a number",
        "nested",
        "too long",
        "hangs up",
    ],
)
def test_a_fault_ends_the_question_about_replies(provider: str, answer: Answer, kind: type) -> None:
    with both(provider, sender=OURS) as (gateway, channel):
        gateway.script = lambda _request: answer
        (page,) = channel.replies(NOW)
    assert isinstance(page, kind)


@every_answered_gateway
@pytest.mark.parametrize("behave", [says_nothing, dribbles_the_body])
def test_the_question_about_replies_ends_within_the_deadline(
    provider: str, behave: Callable[[socket.socket], None]
) -> None:
    with (
        a_peer(behave) as peer,
        channel_to(provider, f"http://127.0.0.1:{peer.port}", timeout_seconds=1) as channel,
    ):
        (page,) = channel.replies(NOW)
    assert isinstance(page, Unknown)


def test_what_came_to_other_softwares_number_at_seven_is_not_ours() -> None:
    with both("seven", sender=OURS, branches={"HH1": Branch(sms_sender="0171 6666666")}) as (
        gateway,
        channel,
    ):
        channel.send(CLAIM, CONTENT)  # by the branch's number
        (job,) = gateway.jobs
        gateway.reply(replace(job, sender="+491719999999"), "theirs", at=NOW)
        gateway.reply(replace(job, sender=OURS), "ours", at=NOW)
        gateway.reply(replace(job, sender="491716666666"), "the branch's", at=NOW)
        assert {each.text for each in all_replies(channel)} == {"ours", "the branch's"}


def test_smscreator_hands_out_no_replies() -> None:
    with both("smscreator") as (gateway, channel):
        (page,) = channel.replies(NOW)
        assert isinstance(page, Unavailable)
        assert gateway.requests == []


# ---------------------------------------------------------------- the line


@every_gateway
@pytest.mark.parametrize(
    "behave",
    [hangs_up_at_once, resets_after_reading, hangs_up_in_the_body, says_nothing, dribbles_the_body],
)
def test_no_clear_answer_is_unknown_within_the_deadline(
    provider: str, behave: Callable[[socket.socket], None]
) -> None:
    with (
        a_peer(behave) as peer,
        channel_to(provider, f"http://127.0.0.1:{peer.port}", timeout_seconds=1) as channel,
    ):
        assert isinstance(channel.send(CLAIM, CONTENT), Unknown)


@every_gateway
def test_a_gateway_that_is_not_there_is_unavailable_to_every_question(provider: str) -> None:
    with channel_to(provider, f"http://127.0.0.1:{a_port_nobody_listens_on()}") as channel:
        down = Unavailable("127.0.0.1: the connection was refused")
        assert channel.send(CLAIM, CONTENT) == down
        assert channel.balance() == down
        assert channel.find(asked_for()) == down
        assert list(channel.reports([asked_for("u-1")])) == [down]
        if provider in ANSWERED:
            assert list(channel.replies(NOW)) == [down]


@every_gateway
def test_a_certificate_is_verified(provider: str) -> None:
    with GATEWAYS[provider](ssl_context=certified_server()) as gateway:
        with channel_to(provider, gateway.url, trusted=trusting_client(), **gateway.settings) as channel:
            assert isinstance(channel.send(CLAIM, CONTENT), Sent)
        with channel_to(provider, gateway.url, **gateway.settings) as channel:
            outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Unavailable)
    assert "its certificate is not trusted" in outcome.detail
    assert len(gateway.jobs) == 1


@every_gateway
def test_a_proxy_gets_its_login_and_the_gateway_does_not(provider: str) -> None:
    heads: list[bytes] = []
    with (
        GATEWAYS[provider](ssl_context=certified_server()) as gateway,
        a_peer(lambda connection: tunnel(connection, heads)) as proxy,
        channel_to(
            provider,
            gateway.url,
            trusted=trusting_client(),
            **{
                **gateway.settings,
                "proxy_server": "127.0.0.1",
                "proxy_port": proxy.port,
                "proxy_user": "praxis",
                "proxy_password": "süß",
            },
        ) as channel,
    ):
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
    login = [head for head in heads if head.lower().startswith(b"proxy-authorization: basic ")]
    assert login == [b"Proxy-Authorization: Basic cHJheGlzOnPDvMOf"]  # praxis:süß, in UTF-8
    assert not any("proxy-authorization" in request.headers for request in gateway.requests)
    assert proxy.connections == 1


@every_gateway
def test_threads_share_one_channel(provider: str) -> None:
    with both(provider) as (gateway, channel):
        gateway.script = lambda _request: Answer(delay=0.02)
        outcomes: list[Outcome] = []
        workers = [
            threading.Thread(target=lambda: outcomes.extend(channel.send(CLAIM, CONTENT) for _ in range(5)))
            for _ in range(8)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert len({each.job_id for each in outcomes if isinstance(each, Sent)}) == 40
    assert gateway.connections <= 9
