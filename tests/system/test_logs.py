"""What goes to stderr: text as it always was, or one JSON object in each line."""

import json
import re
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import pytest

from practice import Practice, Ran, address, days_ahead, number, reminder
from terminbenachrichtigung.demo.loopback import Answer

AS_JSON = ("--log-format", "json")
SECRETS = ("Berger", number(17), number(18).removeprefix("+49"), address(18))


def lines(ran: Ran) -> list[dict[str, Any]]:
    """Every line of stderr, each an object with a moment, a level and an event."""
    entries = [json.loads(line) for line in ran.stderr.splitlines()]
    for entry in entries:
        assert datetime.fromisoformat(entry["time"]).utcoffset() == timedelta(0)
        assert entry["level"] in {"info", "warning", "error"}
        assert entry["event"]
        assert entry["text"]
    return entries


def two_due(practice: Practice) -> None:
    """One who is sent an SMS, and one whose number the gateway refuses."""
    practice.configure(reminders=[reminder(channels=("sms",))])
    practice.book("1", customer=17)
    practice.book("2", customer=18)
    refused = "00" + number(18).removeprefix("+")
    practice.gateway.script = lambda request: (
        Answer(status="NoRecipientFound") if request.fields.get("Recipient") == refused else None
    )


def test_each_message_and_the_end_of_the_run_are_a_line_of_json(practice: Practice) -> None:
    two_due(practice)
    ran = practice.run(*AS_JSON, "--verbose", "run-once")
    entries = lines(ran)
    assert [entry["event"] for entry in entries] == [
        "run_began",
        "message",
        "message",
        "needs_a_person",
        "run_ended",
    ]
    messages = {entry["customer_id"]: entry for entry in entries if entry["event"] == "message"}
    assert (messages["17"]["outcome"], messages["17"]["appointment_ids"]) == ("sent", ["1"])
    assert messages["17"]["recipient"] == "+49171•••017"
    assert (messages["18"]["outcome"], messages["18"]["channel"]) == ("failed", "sms")
    assert "NoRecipientFound" in messages["18"]["text"]
    assert (entries[-1]["exit_code"], entries[-1]["stopped"]) == (1, None)
    assert "2 messages: 1 sent, 1 failed" in entries[-1]["text"]
    assert ran.stderr.isascii()
    assert "2 messages" in ran.stdout  # the report stays where it was


def test_the_same_as_text(practice: Practice) -> None:
    two_due(practice)
    stderr = practice.run("-v", "run-once").stderr
    assert len(stderr.splitlines()) == 5
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S", line) for line in stderr.splitlines())
    assert "sent: Terminerinnerung for customer 17, sms +49171•••017\n" in stderr
    assert "failed: Terminerinnerung for customer 18, sms +49171•••018: sms rejected" in stderr


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_what_happens_to_a_message_is_told_without_anybodys_data(practice: Practice, log_format: str) -> None:
    two_due(practice)
    ran = practice.run("--log-format", log_format, "-v", "run-once")
    told = [line for line in ran.stderr.splitlines() if "customer 1" in line]
    assert len(told) == 2
    assert not [secret for secret in SECRETS if secret in "".join(told)]


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("options", [("run-once",), ("run-once", "--quiet"), ("run-once", "--json")])
def test_without_verbose_a_run_that_went_well_logs_nothing(
    practice: Practice, log_format: str, options: tuple[str, ...]
) -> None:
    practice.book("1")
    ran = practice.run("--log-format", log_format, *options)
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert (ran.stdout == "") is ("--quiet" in options)


def test_a_closed_channel_is_an_event(practice: Practice) -> None:
    practice.configure(reminders=[reminder(channels=("sms",))])
    practice.book("1")
    practice.gateway.script = lambda request: Answer(status_code="AccountLocked")
    closed = [e for e in lines(practice.run(*AS_JSON, "-v", "run-once")) if e["event"] == "channel_closed"]
    assert [entry["channel"] for entry in closed] == ["sms"]


def test_a_warning_is_a_line_of_json(practice: Practice) -> None:
    practice.configure(monitoring={"ping_url": "http://127.0.0.1:9/ping"})
    at_the_start, at_the_end = lines(practice.run(*AS_JSON, "run-once"))
    for warning in (at_the_start, at_the_end):
        assert (warning["level"], warning["event"]) == ("warning", "warning")
        assert "the connection was refused" in warning["text"]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "word"),
    [
        (("run-once",), 3, "reminder_appointments"),  # no such table
        (("dry-run", "--at", "soon"), 2, "no date and time"),
        (("run-once", "--quite"), 2, "--quite"),
        (("run-twice",), 2, "run-twice"),
    ],
)
def test_an_error_is_one_line_of_json_and_the_same_exit_code(
    practice: Practice, arguments: tuple[str, ...], exit_code: int, word: str
) -> None:
    practice.sql("DROP TABLE reminder_appointments")
    plain, ran = practice.run(*arguments), practice.run(*AS_JSON, *arguments)
    (error,) = lines(ran)
    assert (ran.exit_code, error["exit_code"], error["level"]) == (exit_code, exit_code, "error")
    assert plain.exit_code == exit_code
    assert word in error["text"]
    assert f"Error: {error['text']}" in plain.stderr


def test_the_environment_may_choose_the_format(practice: Practice) -> None:
    """And is not taken for a misspelt key of the configuration."""
    practice.configure(rules={"quiet_hours": False})
    ran = practice.process("-v", "run-once", environ={"TERMINBENACHRICHTIGUNG_LOG_FORMAT": "json"})
    assert [entry["event"] for entry in lines(ran)] == ["run_began", "run_ended"]


def test_a_log_on_a_full_disk_keeps_no_message_from_being_sent_and_noted(practice: Practice) -> None:
    practice.configure(rules={"quiet_hours": False}, reminders=[reminder(72)])
    practice.book("1", days_ahead(2), customer=17)
    practice.book("2", days_ahead(2), customer=18)
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device, not a file
        done = subprocess.run(
            [sys.executable, "-m", "terminbenachrichtigung", "--config", practice.config, "-v", "run-once"],
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            check=False,
        )
    assert done.returncode == 0
    assert "2 messages: 2 sent" in done.stdout
    assert practice.run_once().outcomes == {}
