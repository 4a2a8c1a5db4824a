"""What the account of the SMS pays for: the soonest, and a word to a person before it runs out."""

from decimal import Decimal

import pytest

from practice import Practice, Ran, address, number
from terminbenachrichtigung.demo.loopback import Answer

ELEVEN = "2026-11-24 11:00"


def book(practice: Practice, *customers: int, **columns: object) -> None:
    """An appointment each, tomorrow, the later the higher the customer's number; booked in another order."""
    for customer in sorted(customers, reverse=True):
        practice.book(str(customer), f"2026-11-25 08:{customer:02}", customer, **columns)


def channels(ran: Ran) -> dict[str, list[str]]:
    """By channel: the appointments that it told."""
    sent = [message for message in ran.json["messages"] if message["outcome"] == "sent"]
    return {
        channel: [message["appointment_ids"][0] for message in sent if message["channel"] == channel]
        for channel in ("sms", "email")
    }


@pytest.mark.parametrize(
    ("balance", "by_sms", "missing"),
    [
        pytest.param("5", 5, None, id="enough"),
        pytest.param("4.25", 5, None, id="a fraction pays for one more"),
        pytest.param("4", 4, 1, id="one too few"),
        pytest.param("2", 2, 3, id="three too few"),
        pytest.param("1.5", 2, 3.5, id="a fraction is counted"),
    ],
)
def test_the_soonest_get_an_sms_and_the_rest_an_email(
    balance: str, by_sms: int, missing: float | None, practice: Practice
) -> None:
    book(practice, 1, 2, 3, 4, 5)
    practice.gateway.balance = Decimal(balance)
    ran = practice.run_once()
    assert channels(ran) == {"sms": list("12345"[:by_sms]), "email": list("12345"[by_sms:])}
    left = max(0, float(balance) - by_sms)
    found = {"balance": float(balance), "missing": missing or 0, "low": False, "left": left, "currency": ""}
    assert ran.json["credits"] == found
    assert ran.exit_code == (1 if missing else 0)
    assert practice.received == 5
    if missing:
        assert "too few credits for what is due" in ran.json["closed"]["sms"]


def test_who_has_no_other_channel_waits_until_there_is_credit(practice: Practice) -> None:
    book(practice, 1, 2, 3, email="")
    practice.gateway.balance = Decimal(2)
    ran = practice.run_once()
    assert ran.outcomes == {"1": "sent", "2": "sent", "3": "deferred"}
    assert ran.json["credits"]["missing"] == 1
    # The balance is 2 again: the tests' gateway keeps it. Two went at once, in whatever order.
    shown = practice.run("run-once", "--quiet", now=ELEVEN)
    assert (shown.exit_code, sorted(practice.texted)) == (0, [number(1), number(2), number(3)])


def test_each_part_costs_a_credit(practice: Practice) -> None:
    practice.configure(
        sms={"max_parts": 2}, templates={"terminerinnerung": {"de": {"sms": "{{ appointment.type }} " * 3}}}
    )
    book(practice, 1, 2, type_name="x" * 60)  # 2 parts each
    practice.gateway.balance = Decimal(3)
    ran = practice.run_once()
    assert channels(ran) == {"sms": ["1"], "email": ["2"]}
    assert ran.json["credits"]["missing"] == 1


def test_what_was_not_taken_costs_nothing(practice: Practice) -> None:
    practice.configure(sms={"concurrency": 1})
    book(practice, 1, 2, 3)
    practice.gateway.balance = Decimal(2)
    practice.gateway.script = lambda request: (
        Answer(status="NoRecipientFound") if request.fields.get("Recipient") == "00" + number(1)[1:] else None
    )
    ran = practice.run_once()
    assert channels(ran) == {"sms": ["2", "3"], "email": ["1"]}
    assert (ran.exit_code, ran.json["credits"]["missing"]) == (0, 0)


def test_an_sms_that_takes_an_email_s_place_needs_credit_too(practice: Practice) -> None:
    book(practice, 1, preferred_channel="email")
    book(practice, 2)
    practice.mail.script = lambda said, _address: "550 no such user" if said == "RCPT" else None
    practice.gateway.balance = Decimal(1)
    practice.configure(sms={"concurrency": 1}, email={"concurrency": 1})
    practice.gateway.script = lambda request: (
        Answer(delay=0.3) if request.operation == "SendSimpleSMS" else None
    )
    ran = practice.run_once()
    assert len(practice.texted) == 1
    assert ran.json["credits"]["missing"] == 1
    assert set(ran.outcomes.values()) == {"retry", "sent"}
    practice.gateway.script = practice.mail.script = None
    practice.run_once(now=ELEVEN)
    assert sorted(practice.texted) == [number(1), number(2)]  # nobody is lost, and nobody told twice
    assert practice.mailed == []


def test_check_balance_false_counts_nothing(practice: Practice) -> None:
    practice.configure(sms={"check_balance": False})
    book(practice, 1, 2)
    practice.gateway.balance = Decimal(1)
    ran = practice.run_once()
    assert (channels(ran)["sms"], ran.json["credits"]) == (["1", "2"], None)


# ---------------------------------------------------------------- before it runs out


def test_few_credits_are_told_to_a_person_once_a_day(either_practice: Practice) -> None:
    practice = either_practice
    practice.configure(sms={"credits_warn_below": 50})
    practice.gateway.balance = Decimal("49.5")
    told = []
    for customer, now in enumerate(
        ("2026-11-24 10:00", "2026-11-24 11:00", "2026-11-25 08:00", "2026-11-25 09:00"), 1
    ):
        practice.book(str(customer), "2026-11-25 10:00" if customer < 3 else "2026-11-26 08:00", customer)
        ran = practice.run("run-once", "--quiet", now=now)
        told.append((ran.exit_code, "credits: the SMS account has 48.5 credits left" in ran.stdout))
    assert told == [(1, True), (0, False), (1, True), (0, False)]
    assert practice.mailed == []
    assert len(practice.texted) == 4


def test_every_run_shows_that_credits_are_few(practice: Practice) -> None:
    practice.configure(sms={"credits_warn_below": 50})
    practice.gateway.balance = Decimal(12)
    for customer, now in ((1, "2026-11-24 10:00"), (2, ELEVEN)):
        book(practice, customer)
        shown = practice.run("run-once", now=now).stdout
        assert "warning: the SMS account has 11 credits left, below sms.credits_warn_below" in shown


@pytest.mark.parametrize(
    ("balance", "limit", "low"),
    [
        # one SMS is sent: the warning comes with the run that falls below
        *(("51", 50, False), ("50.99", 50, True), ("50", 50, True), ("49", 50, True)),
        *(("1.5", 0.5, False), ("1.4", 0.5, True), ("3", 0, False)),
    ],
)
def test_below_means_below(balance: str, limit: float, low: bool, practice: Practice) -> None:
    practice.configure(sms={"credits_warn_below": limit})
    book(practice, 1)
    practice.gateway.balance = Decimal(balance)
    ran = practice.run_once()
    assert (ran.json["credits"]["low"], ran.exit_code) == (low, int(low))


def test_a_run_without_an_sms_does_not_ask(practice: Practice) -> None:
    practice.configure(sms={"credits_warn_below": 50})
    practice.gateway.balance = Decimal(1)
    practice.book("1", mobile="")
    ran = practice.run_once()
    assert (ran.exit_code, ran.json["credits"], practice.mailed) == (0, None, [address(17)])
    assert practice.gateway.requests == []


def test_a_limit_that_nobody_would_compare_is_refused(practice: Practice) -> None:
    practice.configure(sms={"credits_warn_below": 50, "check_balance": False})
    ran = practice.run("config", "check")
    assert ran.exit_code == 2
    assert "sms.credits_warn_below = 50" in ran.stdout + ran.stderr
    assert "check_balance = true" in ran.stdout + ran.stderr
