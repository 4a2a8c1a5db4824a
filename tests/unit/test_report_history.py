"""What `history` shows (contract, section 7)."""

from dataclasses import replace
from datetime import UTC, datetime

from run_results import BERLIN, JOB

from terminbenachrichtigung.model.journal import JournalAttempt, JournalMessage, State
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.on_demand.history import history_as_json, history_as_text
from terminbenachrichtigung.output.json import plain
from terminbenachrichtigung.output.tables import render

CLAIMED = datetime(2026, 11, 24, 9, 0, 1, tzinfo=UTC)
SETTLED = datetime(2026, 11, 24, 9, 0, 2, tzinfo=UTC)
HISTORY = (
    JournalMessage(
        JOB,
        "r1",
        "Terminerinnerung",
        "17",
        ("4711",),
        State.SENT,
        Channel.SMS,
        "+491715555555",
        CLAIMED,
        SETTLED,
        (JournalAttempt(Channel.SMS, "+491715555555", "sent", "JobId 123", SETTLED),),
    ),
    JournalMessage("m2", "r1", "Terminerinnerung", "18", ("4714",), State.ADOPTED, None, None, CLAIMED, None),
)


def test_history_json_has_the_contract_s_keys() -> None:
    assert plain(history_as_json(HISTORY), BERLIN) == {
        "command": "history",
        "messages": [
            {
                "message_id": JOB,
                "run_id": "r1",
                "reminder": "Terminerinnerung",
                "customer_id": "17",
                "appointment_ids": ["4711"],
                "state": "sent",
                "channel": "sms",
                "recipient": "+491715555555",
                "claimed_at": "2026-11-24T10:00:01+01:00",
                "settled_at": "2026-11-24T10:00:02+01:00",
                "attempts": [
                    {
                        "channel": "sms",
                        "recipient": "+491715555555",
                        "outcome": "sent",
                        "detail": "JobId 123",
                        "at": "2026-11-24T10:00:02+01:00",
                    }
                ],
                "replies": [],
            },
            {
                "message_id": "m2",
                "run_id": "r1",
                "reminder": "Terminerinnerung",
                "customer_id": "18",
                "appointment_ids": ["4714"],
                "state": "adopted",
                "channel": None,
                "recipient": None,
                "claimed_at": "2026-11-24T10:00:01+01:00",
                "settled_at": None,
                "attempts": [],
                "replies": [],
            },
        ],
    }


def test_history_text_shows_each_message_with_its_attempts() -> None:
    assert render(history_as_text(HISTORY, BERLIN)).splitlines() == [
        "  claimed           customer  appointments  reminder          state    to                 message",
        f"  2026-11-24 10:00  17        4711          Terminerinnerung  sent     sms +491715555555  {JOB}",
        "      2026-11-24 10:00 sms +491715555555 sent: JobId 123",
        "  2026-11-24 10:00  18        4714          Terminerinnerung  adopted                     m2",
        "",
        "2 messages",
    ]


def test_a_gateway_s_answer_cannot_forge_an_attempt() -> None:
    answer = "no\n2026-11-24 10:00 sms sent"
    forged = JournalAttempt(Channel.SMS, "+491715555555", "rejected", answer, SETTLED)
    lines = render(history_as_text([replace(HISTORY[0], attempts=(forged,))], BERLIN)).splitlines()
    assert lines[2] == "      2026-11-24 10:00 sms +491715555555 rejected: no 2026-11-24 10:00 sms sent"


def test_history_without_messages_says_so() -> None:
    assert render(history_as_text((), BERLIN)) == "0 messages"
