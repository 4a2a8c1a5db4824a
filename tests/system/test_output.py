"""What a run says, on which stream, how often, and with which exit code (contract, sections 7 and 8)."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from practice import REMINDER, TUESDAY_TEN, Practice, Ran, address, days_ahead, number, reminder
from terminbenachrichtigung.demo.loopback import Answer

Setup = Callable[[Practice], None]


def gateway_says(**answer: object) -> Setup:
    """The gateway answers each SMS like this, and the balance as ever."""

    def setup(practice: Practice) -> None:
        practice.configure(reminders=[reminder(channels=("sms",))])
        practice.gateway.script = lambda request: (
            Answer(**answer) if request.operation == "SendSimpleSMS" else None  # type: ignore[arg-type]
        )

    return setup


def an_appointment_missed(practice: Practice) -> None:
    practice.run_once(now="2026-11-23 08:00")
    practice.change("1", starts_at="2026-11-24 14:00", created_at="2026-11-23 07:00")


def a_row_unreadable(practice: Practice) -> None:
    practice.change("1", starts_at="tomorrow")


def a_plan_above_the_brake(practice: Practice) -> None:
    practice.configure(safety={"max_messages_per_run": 1})
    practice.book("2", customer=2)


NEEDS_A_PERSON = [
    # what a customer or a row asks for: once for each state
    pytest.param(gateway_says(status="NoRecipientFound"), "failed: Frau Anna Berger17", True, id="failed"),
    pytest.param(gateway_says(http_status=500), "unknown: Frau Anna Berger17", True, id="unknown"),
    pytest.param(gateway_says(http_status=404), "retry: Frau Anna Berger17", True, id="retry"),
    pytest.param(an_appointment_missed, "missed: Frau Anna Berger17", True, id="missed"),
    pytest.param(a_row_unreadable, "bad row: 1: starts_at", True, id="a bad row"),
    # what the run as a whole asks for: every time
    pytest.param(gateway_says(status_code="IPLock"), "closed for the rest of the run", False, id="closed"),
    pytest.param(a_plan_above_the_brake, "max_messages_per_run = 1", False, id="the brake"),
]


@pytest.mark.parametrize(("setup", "words", "once"), NEEDS_A_PERSON)
def test_cron_hears_of_what_needs_a_person_once_for_each_state_and_of_the_runs_own_trouble_every_time(
    setup: Setup, words: str, once: bool, practice: Practice
) -> None:
    practice.book("1")
    setup(practice)
    first = practice.run("run-once", "--quiet")
    assert (first.exit_code, first.stderr) == (1, "")
    assert words in first.stdout
    assert first.stdout.count(words) == 1
    second = practice.run("run-once", "--quiet", now="2026-11-24 11:00")
    if once:
        assert second == Ran(0, "", "")
    else:
        assert second.exit_code == 1
        assert words in second.stdout


@pytest.mark.parametrize(
    "columns",
    [
        {"mobile": "", "email": ""},  # no_contact
        {"preferred_channel": "Brief"},  # manual_contact
        {},  # sent
        {"status": "Storniert"},  # nothing due
    ],
)
def test_cron_hears_nothing_when_nothing_new_needs_a_person(
    columns: dict[str, Any], practice: Practice
) -> None:
    practice.book("1", **columns)
    assert practice.run("run-once", "--quiet") == Ran(0, "", "")


def test_cron_hears_nothing_in_a_quiet_period(practice: Practice) -> None:
    practice.book("1")
    assert practice.run("run-once", "--quiet", now="2026-11-24 23:00") == Ran(0, "", "")


def test_a_failure_that_becomes_another_state_is_news_again(practice: Practice) -> None:
    practice.book("1")
    gateway_says(http_status=404)(practice)
    assert "retry: " in practice.run("run-once", "--quiet").stdout
    gateway_says(status="NoRecipientFound")(practice)
    assert "failed: " in practice.run("run-once", "--quiet", now="2026-11-24 11:00").stdout


# ---------------------------------------------------------------- the brake


def test_the_brake_sends_nothing_names_the_way_past_it_and_lets_it_be_passed_once(practice: Practice) -> None:
    a_plan_above_the_brake(practice)
    practice.book("1")
    shown, ran = practice.dry_run(), practice.run_once()
    assert (shown.exit_code, ran.exit_code, practice.received) == (0, 1, 0)
    for said in (shown, ran):
        assert said.json["stopped"]["reason"] == "brake"
        assert "--max-messages 2" in said.json["stopped"]["detail"]
    assert ran.outcomes == {"1": "deferred", "2": "deferred"}

    past = practice.run_once("--max-messages", "2")
    assert (past.exit_code, past.outcomes) == (0, {"1": "sent", "2": "sent"})
    practice.book("3", customer=3)
    practice.book("4", customer=4)
    assert practice.run_once().json["stopped"]["reason"] == "brake"  # that was for once


def test_max_messages_0_is_no_limit_and_a_lower_one_brakes(practice: Practice) -> None:
    a_plan_above_the_brake(practice)
    practice.book("1")
    practice.configure(safety={"max_messages_per_run": 0})
    braked = practice.run_once("--max-messages", "1")
    assert "--max-messages = 1" in braked.json["stopped"]["detail"]
    assert (braked.exit_code, practice.received) == (1, 0)
    practice.configure(safety={"max_messages_per_run": 1})
    assert practice.run_once("--max-messages", "0").outcomes == {"1": "sent", "2": "sent"}


# ---------------------------------------------------------------- exit codes


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-command",),
        ("run-once", "--no-such-option"),
        ("run-once", "--max-messages", "-1"),
        ("run-once", "--max-messages", "many"),
        ("dry-run", "--at", "yesterday"),
        ("dry-run", "--at", "2026-13-01 10:00"),
        ("dry-run", "--at", "9999-12-31 23:59"),
        ("dry-run", "--at", "0001-01-01 00:00"),
        ("test-message", "--channel", "fax", "--to", "1"),
        ("test-message", "--channel", "sms"),
        ("history", "--limit", "0"),
        ("history", "resolve", "x", "--sent"),
        ("history", "resolve", "0b5c6f1e-8f6b-4d55-9a43-2f6d1f3f7b10"),
    ],
)
def test_exit_2_for_wrong_usage(arguments: tuple[str, ...], practice: Practice) -> None:
    ran = practice.run(*arguments)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "Error: " in ran.stderr


@pytest.mark.parametrize(
    "command",
    ["run-once", "dry-run", "staff-list", "history", "journal init", "schedule init", "config check"],
)
def test_exit_2_for_a_configuration_that_config_check_refuses_before_anything_is_opened(
    command: str, practice: Practice
) -> None:
    practice.configure(rules={"quiet_start": "08:00"}, journal={"url": "sqlite:///new.db"})
    ran = practice.run(*command.split())
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "quiet_end" in ran.stderr
    assert not (practice.folder / "new.db").exists()


def test_dry_run_never_exits_with_1(practice: Practice) -> None:
    a_plan_above_the_brake(practice)
    practice.book("1", "tomorrow")
    assert practice.dry_run().exit_code == 0


# ---------------------------------------------------------------- JSON

TOP_LEVEL = {"command", "at", "quiet", "messages", "skipped", "bad_rows", "counts"}
MESSAGE = (
    {"reminder", "customer_id", "appointment_ids", "channel", "recipient", "language"}
    | {"subject", "text", "parts", "encoding", "outcome", "attempts"}
)  # fmt: skip
COUNTS = {"messages", "sent", "failed", "unknown", "retry", "deferred", "skipped"}


def test_the_json_of_a_run_has_the_contracts_keys_and_values(practice: Practice) -> None:
    practice.book("4711")
    practice.book("4712", customer=18, is_group=True)
    practice.book("4713", "bad", customer=19)
    ran = practice.run_once()
    document = ran.json
    assert document.keys() >= TOP_LEVEL
    assert (document["command"], document["quiet"]) == ("run-once", False)
    assert re.fullmatch(r"2026-11-24T10:00:\d\d\+01:00", document["at"])
    (message,) = document["messages"]
    assert message.keys() >= MESSAGE
    assert (
        message
        | {
            "reminder": REMINDER,
            "customer_id": "17",
            "appointment_ids": ["4711"],
            "channel": "sms",
            "recipient": number(17),
            "language": "de",
            "subject": None,
            "text": practice.gateway.jobs[0].text,
            "parts": 1,
            "encoding": "gsm7",
            "outcome": "sent",
            "attempts": [{"channel": "sms", "outcome": "sent", "detail": "JobId 1"}],
        }
        == message
    )
    (skip,) = document["skipped"]
    assert skip.keys() == {"appointment_id", "reminder", "reason", "detail"}
    (bad,) = document["bad_rows"]
    assert bad["appointment_id"] == "4713"
    assert "starts_at" in bad["detail"]
    assert document["counts"] == dict.fromkeys(COUNTS, 0) | {"messages": 1, "sent": 1, "skipped": 1}


def test_an_email_in_json_has_a_subject_and_neither_parts_nor_encoding(practice: Practice) -> None:
    practice.book("1", preferred_channel="email")
    (message,) = practice.run_once().json["messages"]
    assert (message["channel"], message["recipient"]) == ("email", address(17))
    assert (message["parts"], message["encoding"]) == (None, None)
    assert message["subject"] == practice.mail.received[0].message["Subject"]


def test_the_json_of_a_dry_run_has_no_outcome_and_no_attempts(practice: Practice) -> None:
    practice.book("1")
    ran = practice.dry_run()
    (message,) = ran.json["messages"]
    assert message.keys() >= MESSAGE - {"outcome", "attempts"}
    assert not message.keys() & {"outcome", "attempts"}
    assert (ran.json["command"], "next_open" in ran.json) == ("dry-run", False)


def test_run_once_masks_recipients_and_leaves_texts_out_unless_full_is_asked_for(practice: Practice) -> None:
    practice.book("1")
    practice.book("2", customer=2, preferred_channel="email")
    practice.mail.script = lambda command, to: f"550 no user {to}" if command == "RCPT" else None
    masked = practice.run("run-once", "--json")
    recipients = {message["recipient"] for message in masked.json["messages"]}
    assert recipients == {"+49171•••017", "+49171•••002"}  # the second one had no luck by e-mail
    assert not any(message.keys() & {"text", "subject"} for message in masked.json["messages"])
    practice.book("3", customer=3, preferred_channel="email", mobile="")
    for output in (masked.stdout, practice.run("run-once").stdout):
        for private in ("5500017", "5500002", "5500003", "c2@", "c3@"):
            assert private not in output


def test_with_json_stdout_is_exactly_one_document_and_ascii(practice: Practice) -> None:
    """Also where the data hold what a terminal would obey, or a pipe in another encoding could not take."""
    practice.configure(rules={"quiet_hours": False}, reminders=[reminder(72)])
    practice.book("1", "2026-11-25 09:00", last_name="\x1b[31mBöse 🙂\u202e")
    practice.book("2", "unreadable", customer=2)
    for arguments in (
        ["run-once", "--json"],
        ["dry-run", "--json"],
        ["staff-list", "--json"],
        ["history", "--json"],
    ):
        ran = practice.run(*arguments)
        assert ran.stdout.isascii()
        assert isinstance(json.loads(ran.stdout), dict)
        assert ran.stderr == ""


# ---------------------------------------------------------------- text


def test_the_plain_report_says_each_fact_once(practice: Practice) -> None:
    practice.book("1")
    practice.book("2", customer=2, status="Storniert")
    practice.book("3", "bad", customer=3)
    ran = practice.run("run-once")
    assert (ran.exit_code, ran.stderr) == (1, "")
    for words in ("Berger17", "Berger2", "status_excluded", "bad rows", "1 message: 1 sent"):
        assert ran.stdout.count(words) == 1, ran.stdout
    assert "\x1b" not in ran.stdout  # colours are for terminals


def test_the_plain_dry_run_shows_texts_and_recipients_in_full(practice: Practice) -> None:
    practice.book("1")
    shown = practice.run("dry-run", "--at", TUESDAY_TEN)
    assert number(17) in shown.stdout
    assert "wir erwarten Sie am Mittwoch, 25. November um 09:00 Uhr" in shown.stdout
    assert "nothing was sent or written" in shown.stdout


def test_a_sign_that_the_terminal_cannot_show_does_not_end_a_run(practice: Practice) -> None:
    practice.configure(rules={"quiet_hours": False})
    practice.book("1", "bäd 🙂")
    ran = practice.process("run-once", environ={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert ran.exit_code == 1
    assert "bad row" in ran.stdout


def test_on_a_terminal_people_get_colours_and_no_line_is_wider_than_it(practice: Practice) -> None:
    practice.configure(rules={"quiet_hours": False}, reminders=[reminder(72)])
    practice.book("1", days_ahead(2), last_name="Leutheusser-Schnarrenberger " * 3)
    terminal, end = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "terminbenachrichtigung", "--config", str(practice.config), "run-once"],
        stdin=subprocess.DEVNULL,
        stdout=end,
        stderr=end,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "NO_COLOR": ""},
    ) as process:
        os.close(end)
        shown = b""
        with suppress(OSError):  # how Linux says that the other end was closed
            while chunk := os.read(terminal, 4096):
                shown += chunk
    os.close(terminal)
    assert process.returncode == 0
    text = shown.decode()
    assert "\x1b[32m" in text  # green: sent
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "\n").splitlines()
    assert max(map(len, lines)) <= 80
    assert "1 message: 1 sent" in text


def test_a_report_that_finds_no_room_is_a_sentence_and_exit_1(practice: Practice) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "terminbenachrichtigung", "--config", str(practice.config), "run-once"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "could not be written" in done.stderr


def test_silence_for_so_long_that_cron_may_have_stopped_is_warned_about(practice: Practice) -> None:
    practice.run_once(now="2026-11-24 08:00")
    assert practice.run_once(now="2026-11-24 09:50").json["warnings"] == []
    assert "two open hours" in practice.run_once(now="2026-11-24 11:51").json["warnings"][0]
