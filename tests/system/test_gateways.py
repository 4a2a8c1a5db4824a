"""Each gateway with the whole program, over sockets; and another gateway from one run to the next."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from practice import Practice, number
from terminbenachrichtigung.demo.loopback import Answer, LoopbackGateway, Request
from terminbenachrichtigung.demo.preparation import GATEWAYS

ELEVEN = "2026-11-24 11:00"
TWELVE = "2026-11-24 12:00"
MONEY = ("lox24", "seven")


@pytest.fixture
def others() -> Iterator[dict[str, LoopbackGateway]]:
    """The gateways beside the practice's own, by provider."""
    with GATEWAYS["lox24"]() as lox24, GATEWAYS["seven"]() as seven:
        yield {"lox24": lox24, "seven": seven}


def use(practice: Practice, gateway: LoopbackGateway, **changed: Any) -> LoopbackGateway:
    """Configure this gateway; the keys of the other ones stay, as in a file that somebody edits."""
    # The loopback gateways read the clock of the practice, which the reports are asked for by.
    gateway._clock = practice.clock
    practice.configure(sms={"base_url": gateway.url, **gateway.settings, **changed})
    return gateway


def states(practice: Practice, now: str) -> dict[str, str]:
    found = practice.run("history", "--json", now=now).json["messages"]
    return {message["customer_id"]: message["state"] for message in found}


@pytest.mark.parametrize("provider", MONEY)
def test_a_run_sends_finds_and_hears_what_became_of_it(
    provider: str, practice: Practice, others: Mapping[str, LoopbackGateway]
) -> None:
    gateway = use(practice, others[provider])
    for customer in (1, 2, 3, 4):
        practice.book(str(customer), customer=customer, email="")

    def script(request: Request) -> Answer | None:
        recipient = gateway.recipient(request)
        if recipient == number(3):
            return gateway.refusal()
        # It takes the job, and nobody hears of it.
        return Answer(http_status=500, takes_job=True) if recipient == number(4) else None

    gateway.script = script
    ran = practice.run_once()
    assert ran.outcomes == {"1": "sent", "2": "sent", "3": "failed", "4": "unknown"}
    gateway.script = None
    first, second = (job for job in gateway.jobs if job.recipient in {number(1), number(2)})
    gateway.report(first, "Delivered")
    gateway.report(second, "Failed")
    practice.run_once(now=ELEVEN)
    by_number = {job.recipient: job for job in (first, second)}
    assert states(practice, ELEVEN) == {
        "1": "delivered" if by_number[number(1)] is first else "undelivered",
        "2": "undelivered" if by_number[number(2)] is second else "delivered",
        "3": "failed",
        "4": "sent",
    }
    assert len(gateway.jobs) == 3


@pytest.mark.parametrize("provider", MONEY)
def test_another_gateway_from_one_run_to_the_next_tells_nobody_twice(
    provider: str, practice: Practice, others: Mapping[str, LoopbackGateway]
) -> None:
    old = practice.gateway

    def lost(request: Request) -> Answer | None:
        return Answer(http_status=500) if old.recipient(request) == number(2) else None

    old.script = lost
    for customer in (1, 2):
        practice.book(str(customer), customer=customer)
    assert practice.run_once().outcomes == {"1": "sent", "2": "unknown"}
    new = use(practice, others[provider])
    practice.book("3", customer=3)
    ran = practice.run_once(now=ELEVEN)
    assert ran.outcomes == {"3": "sent"}
    assert [job.recipient for job in new.jobs] == [number(3)]
    assert states(practice, ELEVEN) == {"1": "sent", "2": "unknown", "3": "sent"}
    listed = practice.run("staff-list", "--json", now=ELEVEN).json["customers"]
    assert [(entry["customer_id"], entry["reason"]) for entry in listed] == [("2", "unknown")]
    # And back again: still nobody.
    use(practice, old)
    assert practice.run_once(now=TWELVE).outcomes == {}
    assert practice.mailed == []


@pytest.mark.parametrize(("provider", "price"), [("lox24", 0.07), ("seven", 0.075)])
def test_money_for_two_sms_sends_two(
    provider: str, price: float, practice: Practice, others: Mapping[str, LoopbackGateway]
) -> None:
    gateway = use(practice, others[provider], price_per_part=price, concurrency=1)
    gateway.balance = Decimal(str(price)) * 2
    for customer in (1, 2, 3):
        practice.book(str(customer), f"2026-11-25 0{6 + customer}:00", customer=customer, email="")
    ran = practice.run_once()
    assert ran.outcomes == {"1": "sent", "2": "sent", "3": "deferred"}
    money = ran.json["credits"]
    assert (money["currency"], money["missing"], money["left"]) == ("EUR", price, 0)
    assert f"{price} EUR are missing" in ran.json["closed"]["sms"]


@pytest.mark.parametrize("provider", MONEY)
def test_the_price_that_the_gateway_named_holds_for_the_rest_of_the_run(
    provider: str, practice: Practice, others: Mapping[str, LoopbackGateway]
) -> None:
    gateway = use(practice, others[provider], concurrency=1)
    gateway.balance = Decimal("0.15")  # two of either
    for customer in (1, 2, 3):
        practice.book(str(customer), f"2026-11-25 0{6 + customer}:00", customer=customer, email="")
    assert practice.run_once().outcomes == {"1": "sent", "2": "sent", "3": "deferred"}
    assert len(gateway.jobs) == 2


@pytest.mark.parametrize("provider", MONEY)
def test_an_empty_account_closes_the_channel_before_anybody_is_lost(
    provider: str, practice: Practice, others: Mapping[str, LoopbackGateway]
) -> None:
    gateway = use(practice, others[provider])
    gateway.balance = Decimal(0)
    practice.book("1", customer=1, email="")
    ran = practice.run_once()
    assert ran.outcomes == {"1": "deferred"}
    assert "EUR" in ran.json["closed"]["sms"]
    assert gateway.jobs == []


@pytest.mark.full
@pytest.mark.parametrize("provider", ["smscreator", "seven"])
def test_each_gateway_has_its_demo(provider: str, tmp_path: Path) -> None:
    """LOX24's is the one that is shown where none is named."""
    program = [sys.executable, "-m", "terminbenachrichtigung"]
    ended = subprocess.run(
        [*program, "demo", "--gateway", provider, str(tmp_path / "demo")],
        capture_output=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    told = [line for line in ended.stdout.splitlines() if "The gateway received" in line]
    # The run, the one after it that sends nobody anything again, and one at a later hour.
    assert ["received 0 SMS" in line for line in told] == [False, True, False]
    assert ("Three customers answer" in ended.stdout) is (provider == "seven")
    config = (tmp_path / "demo" / "config.toml").read_text(encoding="utf-8")
    assert f'provider = "{provider}"' in config
    shown = subprocess.run(
        [*program, "--config", str(tmp_path / "demo" / "config.toml"), "history", "--json"],
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=True,
    )
    ended_as = {message["state"] for message in json.loads(shown.stdout)["messages"]}
    assert {"sent", "failed", "unknown"} <= ended_as
