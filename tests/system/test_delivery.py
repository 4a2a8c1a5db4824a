"""What becomes of a message on its way: the outcomes of the contract, section 3, over real sockets."""

import itertools
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from practice import Practice, Ran, address, number, reminder
from terminbenachrichtigung.demo.loopback import Answer
from terminbenachrichtigung.demo.mailserver import HANG_UP

SMS_ONLY = [reminder(channels=("sms",))]


def sms_gets(practice: Practice, *answers: Answer | None) -> None:
    """What the gateway says to one SMS after another, the last for good; None: it behaves."""
    said = itertools.chain(answers, itertools.repeat(answers[-1]))
    practice.gateway.script = lambda request: next(said) if request.operation == "SendSimpleSMS" else None


def sent_to(practice: Practice) -> int:
    """How often the gateway was asked to send."""
    return sum(request.operation == "SendSimpleSMS" for request in practice.gateway.requests)


# ---------------------------------------------------------------- the outcomes

OUTCOMES = [
    # what the gateway answers; the attempts; the outcome where there is an e-mail address too; and where not
    pytest.param(Answer(), ["sms sent"], "sent", "sent", id="Ok"),
    pytest.param(Answer(status="NoRecipientFound"), ["sms rejected"], "sent", "failed", id="a known word"),
    pytest.param(Answer(status="Blacklisted"), ["sms rejected"], "sent", "failed", id="an unheard-of word"),
    pytest.param(Answer(http_status=404), ["sms unavailable"], "sent", "retry", id="HTTP 404"),
    pytest.param(Answer(http_status=302), ["sms unknown"], "unknown", "unknown", id="HTTP 302"),
    pytest.param(Answer(http_status=308), ["sms unavailable"], "sent", "retry", id="HTTP 308"),
    pytest.param(Answer(status_code="InvalidUser"), ["sms unavailable"], "sent", "retry", id="account"),
    pytest.param(Answer(http_status=401), ["sms unavailable"], "sent", "retry", id="HTTP 401"),
    pytest.param(Answer(status_code="DatabaseError"), ["sms unknown"], "unknown", "unknown", id="database"),
    pytest.param(Answer(status_code="None"), ["sms unknown"], "unknown", "unknown", id="StatusCode None"),
    pytest.param(Answer(status="None"), ["sms unknown"], "unknown", "unknown", id="Status None"),
    pytest.param(Answer(http_status=500), ["sms unknown"], "unknown", "unknown", id="HTTP 500"),
    pytest.param(Answer(http_status=504), ["sms unknown"], "unknown", "unknown", id="HTTP 504"),
    pytest.param(Answer(hang_up=True), ["sms unknown"], "unknown", "unknown", id="connection lost"),
    pytest.param(Answer(body="<html>busy</html>"), ["sms unknown"], "unknown", "unknown", id="HTML"),
    pytest.param(Answer(body="<a><StatusCode>Ok"), ["sms unknown"], "unknown", "unknown", id="half an XML"),
    pytest.param(Answer(body=""), ["sms unknown"], "unknown", "unknown", id="nothing"),
    pytest.param(Answer(body="x" * 10_000_000), ["sms unknown"], "unknown", "unknown", id="10 MB"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "attempts", "with_email", "alone"), OUTCOMES)
def test_the_gateways_answer_decides_the_outcome_and_whether_the_next_channel_is_tried(
    answer: Answer, attempts: list[str], with_email: str, alone: str, practice: Practice
) -> None:
    practice.book("1", customer=1)
    practice.book("2", customer=2, email="")
    sms_gets(practice, answer)
    ran = practice.run_once()
    assert ran.outcomes == {"1": with_email, "2": alone}
    fallback = ["email sent"] if with_email == "sent" != alone else []
    assert ran.told == {"1": attempts + fallback, "2": attempts}
    assert practice.mailed == ([address(1)] if alone in {"failed", "retry"} else [])
    # An answer that nobody understood is no proof that nothing went out.
    assert practice.run_once().outcomes == ({"2": "retry"} if alone == "retry" else {})


@contextmanager
def a_byte_a_second() -> Iterator[str]:
    """A gateway that begins an answer and never comes to its end; gives its address."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            for byte in itertools.cycle(b"HTTP/1.1 200 OK\r\n"):
                if over.wait(0.3):
                    return
                try:
                    connection.sendall(bytes([byte]))
                except OSError:
                    return

    serving = threading.Thread(target=serve)
    serving.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/gateway"
    finally:
        over.set()
        serving.join()
        listener.close()


def test_a_gateway_that_sends_a_byte_now_and_then_is_given_up_and_the_outcome_unknown(
    practice: Practice,
) -> None:
    practice.book("1")
    practice.book("2", customer=2, preferred_channel="email")
    with a_byte_a_second() as url:
        practice.configure(sms={"base_url": url, "timeout_seconds": 1, "check_balance": False})
        ran = practice.run_once()
    assert ran.outcomes == {"1": "unknown", "2": "sent"}
    assert ran.exit_code == 1


@pytest.mark.parametrize(
    ("command", "reply", "attempt", "outcome"),
    [
        ("RCPT", "550 no such user", "email rejected", "failed"),
        ("DATA", "554 looks like spam", "email rejected", "failed"),
        ("DATA", HANG_UP, "email unknown", "unknown"),  # after the data have left
        ("MAIL", "550 sender refused", "email unavailable", "retry"),
    ],
)
def test_the_mail_servers_answer_decides_too(
    command: str, reply: str, attempt: str, outcome: str, practice: Practice
) -> None:
    practice.book("1", mobile="")
    practice.mail.script = lambda said, _address: reply if said == command else None
    ran = practice.run_once()
    assert (ran.outcomes, ran.told) == ({"1": outcome}, {"1": [attempt]})
    assert (ran.exit_code, practice.mail.received) == (1, [])


# ---------------------------------------------------------------- fallback, hold, retry


def test_a_rejected_recipient_is_not_tried_again_but_another_one_opens_the_message_again(
    practice: Practice,
) -> None:
    practice.configure(reminders=SMS_ONLY)
    practice.book("1")
    sms_gets(practice, Answer(status="NoRecipientFound"), None)
    assert practice.run_once().outcomes == {"1": "failed"}
    again = practice.run_once(now="2026-11-24 11:00")
    assert (again.outcomes, again.reasons) == ({}, {"1": "already_notified"})
    practice.change("1", mobile="0171 5555556")
    assert practice.run_once(now="2026-11-24 12:00").outcomes == {"1": "sent"}
    assert practice.texted == ["+491715555556"]


def test_a_recipient_that_one_reminder_found_to_be_wrong_is_wrong_for_the_others(practice: Practice) -> None:
    practice.configure(reminders=[reminder(48, "früh", ("sms",)), reminder(24, "spät", ("sms", "email"))])
    practice.book("1", "2026-11-26 09:00")
    sms_gets(practice, Answer(status="NoRecipientFound"))
    assert practice.run_once().outcomes == {"1": "failed"}
    ran = practice.run_once(now="2026-11-25 10:00")
    assert ran.told == {"1": ["email sent"]}
    assert sent_to(practice) == 1


def test_what_surely_was_not_sent_is_sent_by_the_next_run(either_practice: Practice) -> None:
    practice = either_practice
    practice.configure(reminders=SMS_ONLY)
    practice.book("1", customer=1)
    sms_gets(practice, Answer(http_status=404), None)
    first = practice.run_once()
    assert (first.exit_code, first.outcomes, practice.received) == (1, {"1": "retry"}, 0)
    practice.book("2", "2026-11-25 09:30", customer=2)
    practice.configure(sms={"concurrency": 1})
    second = practice.run_once()
    assert (second.exit_code, second.outcomes) == (0, {"1": "sent", "2": "sent"})
    assert practice.texted == [number(2), number(1)]  # what the last run left goes last


def test_a_busy_gateway_is_asked_three_times(practice: Practice) -> None:
    practice.configure(reminders=SMS_ONLY)
    practice.book("1")
    sms_gets(practice, Answer(http_status=503), Answer(http_status=503), None)
    ran = practice.run_once()
    assert ran.told == {"1": ["sms unavailable", "sms unavailable", "sms sent"]}
    assert (ran.exit_code, practice.received) == (0, 1)


def test_an_unclear_answer_is_held_for_staff_and_never_sent_again(practice: Practice) -> None:
    practice.book("1")
    sms_gets(practice, Answer(http_status=500), None)
    ran = practice.run_once()
    assert (ran.exit_code, ran.outcomes, ran.told) == (1, {"1": "unknown"}, {"1": ["sms unknown"]})
    again = practice.run_once(now="2026-11-24 11:00")
    assert (again.exit_code, again.reasons, sent_to(practice)) == (0, {"1": "already_notified"}, 1)
    (entry,) = practice.run("staff-list", "--json").json["customers"]
    assert (entry["customer_id"], entry["reason"], entry["appointment_ids"]) == ("17", "unknown", ["1"])


def test_the_staff_list_names_all_that_an_unclear_message_held_also_what_it_took_along(
    practice: Practice,
) -> None:
    practice.book("due", "2026-11-25 09:00")
    practice.book("carried", "2026-11-25 16:00")
    sms_gets(practice, Answer(http_status=500), None)
    assert practice.run_once().outcomes == {"due": "unknown", "carried": "unknown"}
    (entry,) = practice.run("staff-list", "--json").json["customers"]
    assert (entry["reason"], entry["appointment_ids"]) == ("unknown", ["due", "carried"])


@pytest.mark.parametrize("on_unknown", ["hold", "fallback"])
def test_what_a_run_that_died_had_claimed_is_unknown_once_its_claim_ran_out_and_never_sent(
    on_unknown: str, either_practice: Practice
) -> None:
    practice = either_practice
    practice.configure(rules={"on_unknown": on_unknown})
    practice.book("1")
    practice.run_once()
    practice.sql("DELETE FROM journal_attempts", "journal")  # as if it had died before the answer came
    practice.sql(
        "UPDATE journal_messages SET state = 'claimed', settled_at = NULL, renewed_at = '2020-01-01 00:00'",
        "journal",
    )
    practice.gateway.script = lambda request: (
        Answer(status_code="NoDataFound") if request.operation == "QueryJobInfoByJobCaption" else None
    )
    first = practice.run_once()
    assert (first.exit_code, first.reasons) == (1, {"1": "already_notified"})
    assert [expired["customer_id"] for expired in first.json["expired"]] == ["17"]
    assert practice.run("run-once", "--quiet") == Ran(0, "", "")
    assert [c["reason"] for c in practice.run("staff-list", "--json").json["customers"]] == ["unknown"]
    assert practice.received == 1


def test_on_unknown_fallback_tries_the_next_channel_once(practice: Practice) -> None:
    practice.configure(rules={"on_unknown": "fallback"})
    practice.book("1")
    practice.book("2", customer=2, email="")
    sms_gets(practice, Answer(http_status=500))
    ran = practice.run_once()
    assert ran.told == {"1": ["sms unknown", "email sent"], "2": ["sms unknown"]}
    assert ran.outcomes == {"1": "sent", "2": "unknown"}
    assert practice.run_once(now="2026-11-24 11:00").outcomes == {}
    assert (sent_to(practice), practice.mailed) == (2, [address(17)])


def test_the_preferred_channel_goes_first_and_the_other_one_behind_it(practice: Practice) -> None:
    practice.book("1", preferred_channel=" E-Mail ")
    practice.mail.script = lambda said, _address: "550 no such user" if said == "RCPT" else None
    assert practice.run_once().told == {"1": ["email rejected", "sms sent"]}


# ---------------------------------------------------------------- channels that are closed


def test_an_account_error_closes_the_channel_and_the_others_use_the_next_one(practice: Practice) -> None:
    practice.configure(sms={"concurrency": 1})
    for customer in range(1, 5):
        practice.book(str(customer), customer=customer)
    practice.book("5", customer=5, email="")
    sms_gets(practice, Answer(status_code="AccountLocked"))
    ran = practice.run_once()
    assert ran.exit_code == 1
    assert "AccountLocked" in ran.json["closed"]["sms"]
    assert ran.outcomes == dict.fromkeys("1234", "sent") | {"5": "deferred"}
    assert (sent_to(practice), len(practice.mailed)) == (1, 4)
    sms_gets(practice, None)
    assert practice.run_once().outcomes == {"5": "sent"}  # closed for the rest of that run only


@pytest.mark.parametrize("balance", [Decimal(0), Decimal("-0.5")])
def test_without_credit_no_message_is_spent_and_nobody_is_lost(balance: Decimal, practice: Practice) -> None:
    practice.book("1", customer=1)
    practice.book("2", customer=2, email="")
    practice.gateway.balance = balance
    ran = practice.run_once()
    assert (ran.exit_code, sent_to(practice)) == (1, 0)
    assert ran.outcomes == {"1": "sent", "2": "deferred"}
    assert "balance" in ran.json["closed"]["sms"]
    practice.gateway.balance = Decimal("0.5")
    assert practice.run_once().outcomes == {"2": "sent"}


def test_a_gateway_that_cannot_tell_the_balance_is_not_sent_anything(practice: Practice) -> None:
    practice.book("1", email="")
    practice.gateway.script = lambda request: (
        Answer(body="<html>") if request.operation == "QueryAccountBalance" else None
    )
    ran = practice.run_once()
    assert (ran.exit_code, ran.outcomes, sent_to(practice)) == (1, {"1": "deferred"}, 0)


def test_check_balance_false_asks_nothing(practice: Practice) -> None:
    practice.configure(sms={"check_balance": False})
    practice.gateway.balance = Decimal(0)
    practice.book("1")
    assert practice.run_once().outcomes == {"1": "sent"}
    assert [request.operation for request in practice.gateway.requests] == ["SendSimpleSMS"]


def test_five_messages_in_a_row_without_a_clear_answer_close_the_channel(practice: Practice) -> None:
    practice.configure(reminders=SMS_ONLY, sms={"concurrency": 1})
    for customer in range(1, 8):
        practice.book(str(customer), customer=customer)
    sms_gets(practice, Answer(http_status=500))
    ran = practice.run_once()
    assert list(ran.outcomes.values()) == ["unknown"] * 5 + ["deferred"] * 2
    assert ran.json["closed"].keys() == {"sms"}
    assert sent_to(practice) == 5


def test_one_clear_answer_starts_the_count_anew(practice: Practice) -> None:
    practice.configure(reminders=SMS_ONLY, sms={"concurrency": 1})
    for customer in range(1, 10):
        practice.book(str(customer), customer=customer)
    lost = Answer(http_status=500)
    sms_gets(practice, lost, lost, lost, lost, Answer(status="NoRecipientFound"), lost, lost, lost, lost)
    ran = practice.run_once()
    assert sorted(ran.outcomes.values(), key=str) == ["failed"] + ["unknown"] * 8
    assert ran.json["closed"] == {}


def test_one_unheard_of_word_for_three_recipients_is_the_gateways_fault_and_nobody_is_lost(
    practice: Practice,
) -> None:
    practice.configure(reminders=SMS_ONLY, sms={"concurrency": 1})
    for customer in range(1, 6):
        practice.book(str(customer), customer=customer)
    sms_gets(practice, Answer(status="Overloaded"))
    ran = practice.run_once()
    assert ran.outcomes == dict.fromkeys("123", "retry") | dict.fromkeys("45", "deferred")
    assert "Overloaded" in ran.json["closed"]["sms"]
    sms_gets(practice, None)
    assert practice.run_once(now="2026-11-24 11:00").outcomes == dict.fromkeys("12345", "sent")


def test_while_nobody_listens_at_the_gateway_nobody_is_lost(practice: Practice) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    practice.configure(sms={"base_url": f"http://127.0.0.1:{port}", "check_balance": False})
    practice.book("1", customer=1)
    practice.book("2", customer=2, email="")
    ran = practice.run_once()
    assert (ran.exit_code, ran.outcomes) == (1, {"1": "sent", "2": "retry"})
    assert ran.told == {"1": ["sms unavailable"] * 3 + ["email sent"], "2": ["sms unavailable"] * 3}
    practice.configure(sms={"base_url": practice.gateway.url})
    assert practice.run_once().outcomes == {"2": "sent"}


POLICIES = [
    # to which command; what a mail server answers to everybody, the recipient's address in it or not
    pytest.param("RCPT", "553 5.7.1 <termine@example.org>: Sender address rejected: not owned", id="sender"),
    pytest.param("RCPT", "554 5.7.1 <{to}>: Relay access denied", id="relay, with the recipient's address"),
    pytest.param("RCPT", "554 5.7.1 Client host rejected: cannot find your hostname", id="client"),
    pytest.param("RCPT", "550 5.7.60 Client does not have permissions to send as this sender", id="as"),
    pytest.param("DATA", "550 5.7.1 message refused by policy", id="after the data"),
    pytest.param("RCPT", "550 relay not permitted", id="Exim"),
]


@pytest.mark.parametrize(("command", "words"), POLICIES)
def test_a_policy_of_the_mail_server_that_meets_three_recipients_is_not_theirs_and_nobody_is_lost(
    practice: Practice, command: str, words: str
) -> None:
    practice.configure(reminders=[reminder(24, channels=("email",))], email={"concurrency": 1})
    for customer in range(5):
        practice.book(str(customer), f"2026-11-25 09:0{customer}", customer=customer)
    practice.mail.script = lambda said, to: words.format(to=to) if said == command else None
    ran = practice.run_once()
    assert ran.exit_code == 1
    assert "3 recipients in the same words" in ran.json["closed"]["email"]
    assert Counter(ran.outcomes.values()) == {"retry": 3, "deferred": 2}
    practice.mail.script = None
    assert set(practice.run_once(now="2026-11-24 11:00").outcomes.values()) == {"sent"}
    assert sorted(practice.mailed) == [address(customer) for customer in range(5)]


OTHERS = [
    # each refused for a reason of their own
    pytest.param(lambda to: "550 5.1.1 no such user", id="no such user, in the same words"),
    pytest.param(lambda to: f"550 5.7.1 box {to[:2]} wants no mail of yours", id="other words each"),
    pytest.param(lambda to: "552 5.2.2 mailbox full", id="full"),
]


@pytest.mark.parametrize("words", OTHERS)
def test_recipients_who_are_refused_for_themselves_do_not_close_the_channel(
    practice: Practice, words: Callable[[str], str]
) -> None:
    practice.configure(reminders=[reminder(24, channels=("email",))], email={"concurrency": 1})
    for customer in range(4):
        practice.book(str(customer), f"2026-11-25 09:0{customer}", customer=customer)
    practice.mail.script = lambda said, to: words(to) if said == "RCPT" else None
    ran = practice.run_once()
    assert ran.json["closed"] == {}
    assert set(ran.outcomes.values()) == {"failed"}
