"""The wording of every reason, outcome and stop."""

from dataclasses import replace

import pytest
from run_results import BERLIN, BY_SMS, EXPIRED, JOB, message, run, skip

from terminbenachrichtigung.model.appointment import BadRow
from terminbenachrichtigung.model.delivery import Attempt, Rejected
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import MessageOutcome, Reason, Skip
from terminbenachrichtigung.model.result import Brake, MessageResult, Stop
from terminbenachrichtigung.output.wording import (
    OUTCOMES,
    REASONS,
    needs_a_person,
    stop_sentence,
    untold_sentence,
)


@pytest.mark.parametrize("word", [*Reason, *MessageOutcome])
def test_every_reason_and_every_outcome_has_a_sentence_of_its_own(word: Reason | MessageOutcome) -> None:
    sentences = [*REASONS.values(), *OUTCOMES.values()]
    sentence = REASONS[word] if isinstance(word, Reason) else OUTCOMES[word]
    assert len(sentence.split()) >= 3
    assert sentences.count(sentence) == 1


@pytest.mark.parametrize("stop", Stop)
def test_every_stop_is_explained_with_what_comes_next(stop: Stop) -> None:
    sentence = stop_sentence(run(stop=stop, stop_detail="500", brake=Brake(500)))
    assert len(sentence.split()) > 8
    assert "500" in sentence


@pytest.mark.parametrize(
    ("command", "limit", "sentence"),
    [
        pytest.param(
            "run-once",
            Brake(1),
            "the plan has 2 messages, above safety.max_messages_per_run = 1; nothing was sent. "
            "If that is right: terminbenachrichtigung run-once --max-messages 2",
            id="the limit of the configuration",
        ),
        pytest.param(
            "run-once",
            Brake(1, "--max-messages"),
            "the plan has 2 messages, above --max-messages = 1; nothing was sent. "
            "If that is right: terminbenachrichtigung run-once --max-messages 2",
            id="the limit of the command line",
        ),
        pytest.param(
            "dry-run",
            Brake(1),
            "the plan has 2 messages, above safety.max_messages_per_run = 1; run-once would send nothing. "
            "If that is right: terminbenachrichtigung run-once --max-messages 2",
            id="a dry run says it beforehand",
        ),
    ],
)
def test_the_brake_names_the_way_past_it(command: str, limit: Brake, sentence: str) -> None:
    two = (message(MessageOutcome.DEFERRED), message(MessageOutcome.DEFERRED))
    assert stop_sentence(run(command, messages=two, stop=Stop.BRAKE, brake=limit)) == sentence


@pytest.mark.parametrize(
    ("fact", "line"),
    [
        pytest.param(
            message(MessageOutcome.FAILED, Attempt(BY_SMS, Rejected("NoRecipientFound: 00491715555555"))),
            "failed: Frau Anna Meier (17), 2026-11-25 10:00, appointment 4711: refused for good on every "
            "channel; correct the number or the address, or call: terminbenachrichtigung staff-list "
            "(sms rejected: NoRecipientFound: 00491•••555)",
            id="a message, masked",
        ),
        pytest.param(
            message(MessageOutcome.UNKNOWN),
            "unknown: Frau Anna Meier (17), 2026-11-25 10:00, appointment 4711: it may have been sent, so it "
            "is not sent again; ask the gateway or the customer, then: "
            f"terminbenachrichtigung history resolve {JOB} --sent (or --not-sent)",
            id="an unknown one, with the id that settles it",
        ),
        pytest.param(
            skip(Reason.MISSED, detail="last chance 2026-11-24 20:00"),
            "missed: Frau Anna Meier (17), 2026-11-25 10:00, appointment 4712: nobody told the customer, and "
            "no run will any more; a person must: terminbenachrichtigung staff-list "
            "(last chance 2026-11-24 20:00)",
            id="a missed appointment",
        ),
        pytest.param(BadRow("4713", "no start"), "bad row: 4713: no start", id="a bad row"),
        pytest.param(
            BadRow(None, "no id"), "bad row: a row without an id: no id", id="a bad row without an id"
        ),
    ],
)
def test_news_says_what_happened_to_whom_and_what_to_do(
    fact: MessageResult | Skip | BadRow, line: str
) -> None:
    assert needs_a_person(fact, BERLIN) == line


def test_a_failed_message_of_an_earlier_run_says_what_to_do_as_its_own_report_would_have() -> None:
    failed = replace(EXPIRED, state=State.FAILED)
    assert untold_sentence(failed, full=False) == (
        "failed, and in no report yet: customer 17 (sms +49171•••555; appointment 4711): refused for good on "
        "every channel; correct the number or the address, or call: terminbenachrichtigung staff-list"
    )
    assert BY_SMS.recipient in untold_sentence(failed, full=True)
