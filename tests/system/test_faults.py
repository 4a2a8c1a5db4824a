"""What becomes of everybody when a gateway or a mail server misbehaves, over two runs of the whole program.

What each single attempt makes of these behaviours is told in tests/contract; here it is what follows.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from peers import certified_server, reset, self_certified_server, until_hung_up

from faulty import (
    BOMB,
    IN_AN_HOUR,
    OK,
    Behaviour,
    Scene,
    a_byte_now_and_then,
    a_line,
    answers,
    asks_for,
    at_the_balance,
    behind_a_proxy,
    expired,
    greets,
    half_of_it,
    hang_up,
    in_pieces,
    no_starttls,
    no_tls_at_all,
    nobody_listens,
    nobody_takes_mail,
    on_the_wire,
    redirects_to_a_good_one,
    reset_in_the_middle,
    says,
    says_another_thing,
    secured,
    server,
    slowly,
    takes_and_hangs_up,
    with_the_wrong_name,
    without_credit,
    without_end,
)
from practice import Practice
from terminbenachrichtigung.clock import Timings
from terminbenachrichtigung.demo.mailserver import HANG_UP


@dataclass(frozen=True)
class Expected:
    """What a fault means for two customers: one who has but this channel, and one who has the other too."""

    alone: str
    """The outcome of the first one's message."""
    both: str
    """The outcome of the second one's message."""
    closed: bool
    """Whether the channel is closed for the rest of the run."""
    exit_code: int
    next_run: str | None
    """The outcome of the first one's message in the next run, when all is well again; None: no message."""
    got: tuple[int, int]
    """How many messages each of the two got in the end, whatever we know of it."""
    found: bool = False
    """Whether the next run finds the jobs at the gateway, so that nobody is left to staff."""


SENT = Expected("sent", "sent", closed=False, exit_code=0, next_run=None, got=(1, 1))
# Surely not sent: the next channel, or the next run.
NOT_SENT = Expected("retry", "sent", closed=False, exit_code=1, next_run="sent", got=(1, 1))
ACCOUNT_ERROR = Expected("retry", "sent", closed=True, exit_code=1, next_run="sent", got=(1, 1))
NOT_ASKED = Expected("deferred", "sent", closed=True, exit_code=1, next_run="sent", got=(1, 1))
# Refused for good: the next channel, or staff.
REFUSED = Expected("failed", "sent", closed=False, exit_code=1, next_run=None, got=(0, 1))
# Nobody knows: staff, whether it arrived or not, and never again.
LOST = Expected("unknown", "unknown", closed=False, exit_code=1, next_run=None, got=(0, 0))
TAKEN = Expected("unknown", "unknown", closed=False, exit_code=1, next_run=None, got=(1, 1))
FOUND = Expected("unknown", "unknown", closed=False, exit_code=1, next_run=None, got=(1, 1), found=True)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with Practice(tmp_path) as practice, ExitStack() as peers:
        practice.timings = Timings(pauses=(0.01, 0.02))
        practice.configure(sms={"check_balance": False, "timeout_seconds": 1}, email={"timeout_seconds": 1})
        yield Scene(practice, monkeypatch, peers)


def assert_as_expected(scene: Scene, channel: str, behave: Behaviour, expected: Expected) -> None:
    practice = scene.practice
    behave(scene)
    first = practice.run_once()
    assert first.outcomes == {"1": expected.alone, "2": expected.both}
    assert set(first.json["closed"]) == ({channel} if expected.closed else set())
    assert first.exit_code == expected.exit_code
    scene.heal()
    second = practice.run_once(now="2026-11-24 11:00")
    assert second.outcomes == ({"1": expected.next_run} if expected.next_run else {})
    assert (second.exit_code, second.json["closed"]) == (0, {})
    assert scene.got == expected.got
    listed = practice.run("staff-list", "--json", now="2026-11-24 11:00").json["customers"]
    assert [each["state"] for each in second.json["updates"]] == (["sent"] * 2 if expected.found else [])
    left_to_staff = {} if expected.found else {"1": expected.alone, "2": expected.both}
    assert {entry["customer_id"]: entry["reason"] for entry in listed} == {
        customer: outcome for customer, outcome in left_to_staff.items() if outcome in {"failed", "unknown"}
    }


def one_of_each(cases: Sequence[Any]) -> list[Any]:
    """The first case of each outcome; the others in the full size alone. `tests/contract` tries them all."""
    seen: list[object] = []
    chosen = []
    for case in cases:
        again = case.values[1] in seen
        seen.append(case.values[1])
        chosen.append(pytest.param(*case.values, id=case.id, marks=pytest.mark.full if again else ()))
    return chosen


# ---------------------------------------------------------------- gateways

ANSWERS = [
    # the answer; what follows; the words for it
    pytest.param(answers(), SENT, id="Ok and Ok"),
    pytest.param(answers(http_status=202, takes_job=True), SENT, id="another 2xx with Ok and Ok"),
    pytest.param(answers(body=OK.replace("www.smscreator.de", "x"), takes_job=True), SENT, id="namespace"),
    # HTTP: what surely was not taken
    pytest.param(answers(http_status=400), NOT_SENT, id="HTTP 400"),
    pytest.param(answers(http_status=404), NOT_SENT, id="HTTP 404"),
    pytest.param(answers(http_status=408), NOT_SENT, id="HTTP 408"),
    pytest.param(answers(http_status=429), NOT_SENT, id="HTTP 429"),
    pytest.param(answers(http_status=429, headers=IN_AN_HOUR), NOT_SENT, id="HTTP 429, in an hour"),
    pytest.param(answers(http_status=503), NOT_SENT, id="HTTP 503"),
    pytest.param(answers(http_status=503, headers=IN_AN_HOUR), NOT_SENT, id="HTTP 503, in an hour"),
    pytest.param(answers(http_status=308, headers={"Location": "http://["}), NOT_SENT, id="HTTP 308"),
    # and about the account
    pytest.param(answers(http_status=401), ACCOUNT_ERROR, id="HTTP 401"),
    pytest.param(answers(http_status=403), ACCOUNT_ERROR, id="HTTP 403"),
    pytest.param(answers(http_status=407), ACCOUNT_ERROR, id="HTTP 407"),
    # HTTP: who knows
    pytest.param(answers(http_status=307, headers={"Location": "http://["}), LOST, id="HTTP 307"),
    pytest.param(redirects_to_a_good_one, LOST, id="HTTP 302 to a gateway that would take it"),
    pytest.param(answers(http_status=500), LOST, id="HTTP 500"),
    pytest.param(answers(http_status=500, takes_job=True), FOUND, id="HTTP 500, but it was taken"),
    pytest.param(answers(http_status=502), LOST, id="HTTP 502"),
    pytest.param(answers(http_status=504, takes_job=True), FOUND, id="HTTP 504, but it was taken"),
    # StatusCode
    pytest.param(answers(status_code="InvalidUser"), ACCOUNT_ERROR, id="InvalidUser"),
    pytest.param(answers(status_code="AccountLocked"), ACCOUNT_ERROR, id="AccountLocked"),
    pytest.param(answers(status_code="IPLock"), ACCOUNT_ERROR, id="IPLock"),
    pytest.param(answers(status_code="None"), LOST, id="StatusCode None"),
    pytest.param(answers(status_code="DatabaseError"), LOST, id="DatabaseError"),
    pytest.param(answers(status_code="DatabaseError", takes_job=True), FOUND, id="DatabaseError, but taken"),
    pytest.param(answers(status_code="Overloaded"), LOST, id="a StatusCode nobody knows"),
    # Status
    pytest.param(answers(status="NoRecipientFound"), REFUSED, id="NoRecipientFound"),
    pytest.param(answers(status="NoTextFound"), REFUSED, id="NoTextFound"),
    pytest.param(answers(status="NoDataFound"), REFUSED, id="NoDataFound"),
    pytest.param(answers(status="NoUrlFound"), REFUSED, id="NoUrlFound"),
    pytest.param(answers(status="SMSTypeError"), REFUSED, id="SMSTypeError"),
    pytest.param(answers(status="Blacklisted"), REFUSED, id="a Status nobody knows"),
    pytest.param(answers(status="NoCredits"), ACCOUNT_ERROR, id="no credit"),
    pytest.param(answers(status="None"), LOST, id="Status None"),
    pytest.param(answers(status=""), LOST, id="an empty Status"),
    # bodies
    pytest.param(answers(body=""), FOUND, id="nothing"),
    pytest.param(answers(body="<html>Wartung</html>"), FOUND, id="HTML"),
    pytest.param(answers(body=OK[:-9]), FOUND, id="half a document"),
    pytest.param(answers(body=BOMB), FOUND, id="an entity bomb"),
    pytest.param(answers(body=OK + " " * 5_000_000), FOUND, id="an enormous body"),
    # before the first SMS
    pytest.param(without_credit, NOT_ASKED, id="a balance of 0"),
    pytest.param(at_the_balance(status_code="IPLock"), NOT_ASKED, id="IPLock at the balance"),
    pytest.param(at_the_balance(http_status=500), NOT_ASKED, id="HTTP 500 at the balance"),
    pytest.param(at_the_balance(hang_up=True), NOT_ASKED, id="hangs up at the balance"),
    pytest.param(at_the_balance(body="viel"), NOT_ASKED, id="a balance that is no XML"),
]  # fmt: skip
WIRES = [
    pytest.param(nobody_listens, NOT_SENT, id="refuses the connection"),
    pytest.param(on_the_wire(reset_in_the_middle, reads=False), LOST, id="resets while it reads the request"),
    pytest.param(on_the_wire(reset), LOST, id="resets after it has read the request"),
    pytest.param(on_the_wire(reset, takes=True), TAKEN, id="resets after it has taken the SMS"),
    pytest.param(on_the_wire(hang_up, takes=True), TAKEN, id="hangs up instead of answering"),
    pytest.param(on_the_wire(until_hung_up), LOST, id="times out"),
    pytest.param(on_the_wire(until_hung_up, takes=True), TAKEN, id="times out, but has taken the SMS"),
    pytest.param(on_the_wire(slowly, takes=True), SENT, id="answers slowly"),
    pytest.param(on_the_wire(in_pieces, takes=True), SENT, id="answers in pieces"),
    pytest.param(on_the_wire(a_byte_now_and_then, takes=True), TAKEN, id="answers a byte now and then"),
    pytest.param(on_the_wire(without_end, takes=True), TAKEN, id="answers without end"),
    pytest.param(on_the_wire(half_of_it, takes=True), TAKEN, id="answers the half and hangs up"),
    pytest.param(on_the_wire(says_another_thing), LOST, id="speaks no HTTP"),
    pytest.param(secured(certified_server), SENT, id="TLS that can be trusted"),
    pytest.param(secured(with_the_wrong_name), NOT_SENT, id="TLS with the wrong name"),
    pytest.param(secured(expired), NOT_SENT, id="an expired certificate"),
    pytest.param(secured(self_certified_server), NOT_SENT, id="a certificate of nobody's"),
    pytest.param(no_tls_at_all, NOT_SENT, id="no TLS where it should be"),
    pytest.param(behind_a_proxy(None), NOT_SENT, id="a proxy that is not there"),
    pytest.param(behind_a_proxy(b"HTTP/1.1 502 x\r\n\r\n"), NOT_SENT, id="a proxy that finds no gateway"),
    pytest.param(behind_a_proxy(b"HTTP/1.1 403 x\r\n\r\n"), ACCOUNT_ERROR, id="a proxy that forbids"),
    pytest.param(behind_a_proxy(b"HTTP/1.1 407 x\r\n\r\n"), ACCOUNT_ERROR, id="a proxy that wants a login"),
]  # fmt: skip


@pytest.mark.parametrize(("behave", "expected"), [*one_of_each(ANSWERS), *WIRES])
def test_a_gateway(behave: Behaviour, expected: Expected, scene: Scene) -> None:
    scene.practice.book("1", "2026-11-25 09:00", customer=1, email="")
    scene.practice.book("2", "2026-11-25 09:30", customer=2)
    assert_as_expected(scene, "sms", behave, expected)


# ---------------------------------------------------------------- mail servers

MAIL_SERVERS = [
    pytest.param(says("MAIL", "250 OK"), SENT, id="takes it"),
    # surely not sent
    pytest.param(nobody_takes_mail, NOT_SENT, id="refuses the connection"),
    pytest.param(a_line(greets(b"421 busy")), NOT_SENT, id="is busy"),
    pytest.param(a_line(greets(b"554 no")), NOT_SENT, id="wants no connection from here"),
    pytest.param(a_line(until_hung_up), NOT_SENT, id="never greets"),
    pytest.param(a_line(reset), NOT_SENT, id="resets"),
    pytest.param(a_line(greets(b"HTTP/1.1 400 Bad Request")), NOT_SENT, id="speaks no SMTP"),
    pytest.param(says("MAIL", "451 later"), NOT_SENT, id="not now, to the sender"),
    pytest.param(says("RCPT", "450 greylisted"), NOT_SENT, id="greylists"),
    pytest.param(says("RCPT", HANG_UP), NOT_SENT, id="drops the line before DATA"),
    pytest.param(says("DATA", "452 disk full"), NOT_SENT, id="not now, after DATA"),
    pytest.param(no_starttls, NOT_SENT, id="no STARTTLS offered"),
    pytest.param(server("starttls", with_the_wrong_name), NOT_SENT, id="TLS with the wrong name"),
    pytest.param(server("tls", expired), NOT_SENT, id="an expired certificate"),
    # and about the account
    pytest.param(asks_for(("praxis", "richtig")), ACCOUNT_ERROR, id="wrong login"),
    pytest.param(says("MAIL", "550 sender refused"), ACCOUNT_ERROR, id="refuses the sender"),
    # refused for good
    pytest.param(says("RCPT", "550 no such user"), REFUSED, id="rejects the recipient"),
    pytest.param(says("DATA", "554 looks like spam"), REFUSED, id="rejects after DATA"),
    # who knows
    pytest.param(says("DATA", HANG_UP), LOST, id="drops the line after DATA"),
    pytest.param(takes_and_hangs_up, TAKEN, id="takes it and drops the line"),
    pytest.param(says("DATA", "999 what?"), LOST, id="an answer that makes no sense"),
    # good ones behind TLS
    pytest.param(server("starttls", certified_server), SENT, id="STARTTLS that can be trusted"),
    pytest.param(server("tls", certified_server), SENT, id="TLS that can be trusted"),
]  # fmt: skip


@pytest.mark.parametrize(("behave", "expected"), one_of_each(MAIL_SERVERS))
def test_a_mail_server(behave: Behaviour, expected: Expected, scene: Scene) -> None:
    scene.practice.book("1", "2026-11-25 09:00", customer=1, mobile="")
    scene.practice.book("2", "2026-11-25 09:30", customer=2, preferred_channel="email")
    assert_as_expected(scene, "email", behave, expected)
