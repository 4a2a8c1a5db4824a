"""The JSON document of `run-once` and `dry-run` (contract, section 7)."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from run_results import (
    BERLIN,
    BY_EMAIL,
    BY_SMS,
    EXPIRED,
    JOB,
    message,
    run,
    skip,
)

from terminbenachrichtigung.model.appointment import BadRow
from terminbenachrichtigung.model.delivery import Attempt, Outcome, Rejected, Sent, Unavailable, Unknown
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, Reason
from terminbenachrichtigung.model.result import Stop
from terminbenachrichtigung.output.wording import REASONS, stop_sentence
from terminbenachrichtigung.run.report import as_json, as_text

EXAMPLE = json.loads("""
{
  "command": "run-once", "at": "2026-11-24T10:00:00+01:00", "quiet": false,
  "messages": [
    {"reminder": "Terminerinnerung", "customer_id": "17", "appointment_ids": ["4711"], "channel": "sms",
     "recipient": "+491715555555", "language": "de", "subject": null, "text": "...", "parts": 1,
     "encoding": "gsm7", "outcome": "sent",
     "attempts": [{"channel": "sms", "outcome": "sent", "detail": "JobId 123"}]}
  ],
  "skipped": [
    {"appointment_id": "4712", "reminder": "Terminerinnerung", "reason": "group_appointment", "detail": "..."}
  ],
  "bad_rows": [{"appointment_id": "4713", "detail": "..."}],
  "counts": {"messages": 1, "sent": 1, "failed": 0, "unknown": 0, "retry": 0, "deferred": 0, "skipped": 1}
}
""")


def test_json_is_the_contract_s_example_with_a_few_more_keys() -> None:
    sent = message(MessageOutcome.SENT, Attempt(BY_SMS, Sent("JobId 123")))
    result = run(
        messages=(replace(sent, content=replace(sent.content, text="...")),),
        skips=(skip(Reason.GROUP_APPOINTMENT, detail="..."),),
        bad_rows=(BadRow("4713", "..."),),
    )
    document: Any = as_json(result, full=True, zone=BERLIN)
    more = {
        key: document.pop(key)
        for key in (
            "warnings",
            "closed",
            "stopped",
            "expired",
            "updates",
            "replies",
            "credits",
            "held_corrections",
            "news",
        )
    }
    more |= {key: document["messages"][0].pop(key) for key in ("message_id", "detail")}
    assert json.dumps(document) == json.dumps(EXAMPLE)  # as text: the order of the keys as well
    assert more == {
        "warnings": [],
        "closed": {},
        "stopped": None,
        "expired": [],
        "updates": [],
        "replies": [],
        "credits": None,
        "held_corrections": None,
        "news": [],
        "message_id": JOB,
        "detail": "",
    }


def test_json_of_a_dry_run_is_full_and_has_no_outcome_or_attempts() -> None:
    opening = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
    planned = message(None, route=BY_EMAIL)
    result = run("dry-run", quiet=True, next_open=opening, messages=(planned,))
    document: Any = as_json(result, full=False, zone=BERLIN)
    assert document["next_open"] == "2026-11-25T08:00:00+01:00"
    assert document["messages"] == [
        {
            "reminder": "Terminerinnerung",
            "customer_id": "17",
            "appointment_ids": ["4711"],
            "channel": "email",
            "recipient": "anna@example.org",
            "language": "de",
            "subject": "Ihr Termin",
            "text": "Guten Tag, Frau Meier,\nIhr Termin ist morgen.",
            "parts": None,
            "encoding": None,
        }
    ]


def test_json_names_what_was_closed_stopped_and_expired() -> None:
    result = run(
        closed={Channel.SMS: "no credit"},
        stop=Stop.SIGNAL,
        untold=(EXPIRED,),
        warnings=("slow",),
        news=("17 failed",),
    )
    document = as_json(result, full=False, zone=BERLIN)
    assert document["closed"] == {"sms": "no credit"}
    assert document["stopped"] == {"reason": "signal", "detail": stop_sentence(result)}
    assert document["expired"] == [
        {
            "message_id": JOB,
            "reminder": "Terminerinnerung",
            "customer_id": "17",
            "appointment_ids": ["4711"],
            "channel": "sms",
            "recipient": "+49171•••555",
            "state": "unknown",
        }
    ]
    assert (document["warnings"], document["news"]) == (["slow"], ["17 failed"])


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (Sent("JobId 123"), "sent"),
        (Rejected("NoRecipientFound"), "rejected"),
        (Unavailable("timeout"), "unavailable"),
        (Unknown("answer cut off"), "unknown"),
    ],
)
def test_an_attempt_is_called_by_the_contract_s_word(outcome: Outcome, word: str) -> None:
    result = run(messages=(message(MessageOutcome.SENT, Attempt(BY_SMS, outcome)),))
    document: Any = as_json(result, full=True, zone=BERLIN)
    assert document["messages"][0]["attempts"] == [
        {"channel": "sms", "outcome": word, "detail": outcome.detail}
    ]


def test_a_skip_without_a_detail_still_says_why() -> None:
    document: Any = as_json(run(skips=(skip(Reason.NO_CONSENT),)), full=False, zone=BERLIN)
    assert document["skipped"][0]["detail"] == REASONS[Reason.NO_CONSENT]


def test_not_yet_due_and_past_are_left_to_explain() -> None:
    result = run(skips=(skip(Reason.NOT_YET_DUE, "1"), skip(Reason.PAST, "2"), skip(Reason.SAME_DAY, "3")))
    document: Any = as_json(result, full=False, zone=BERLIN)
    assert [skipped["appointment_id"] for skipped in document["skipped"]] == ["3"]
    assert document["counts"]["skipped"] == 1
    assert "1 skipped" in as_text(result, zone=BERLIN)
