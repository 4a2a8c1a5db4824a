"""What `run-once` and `dry-run` tell people, and their exit codes (contract, section 7)."""

import json
import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from run_results import (
    BERLIN,
    BY_EMAIL,
    BY_SMS,
    EXPIRED,
    JOB,
    NOW,
    TALKATIVE,
    TOMORROW,
    appointment,
    message,
    run,
    skip,
)

from terminbenachrichtigung.model.appointment import BadRow
from terminbenachrichtigung.model.delivery import Attempt, Rejected, Unavailable
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, Reason, Skip
from terminbenachrichtigung.model.reply import ReplyKind, ReplyNote
from terminbenachrichtigung.model.result import Brake, RunResult, Stop
from terminbenachrichtigung.output.wording import REASONS, REPLIES
from terminbenachrichtigung.run.report import as_json, as_quiet_text, as_text, exit_code

EXIT_CODES = [
    # the run                                                          code  what --quiet shows
    pytest.param(run(), 0, [], id="nothing was due"),
    pytest.param(run(messages=(message(),)), 0, [], id="all sent"),
    pytest.param(run(quiet=True), 0, [], id="quiet period"),
    pytest.param(run(stop=Stop.QUIET), 0, [], id="quiet began during the run"),
    pytest.param(run(skips=(skip(Reason.NO_CONTACT),)), 0, [], id="no contact only fills the staff list"),
    pytest.param(run(messages=(message(MessageOutcome.FAILED),)), 0, [], id="failed, and told before"),
    pytest.param(run(warnings=("slow",)), 0, [], id="a warning"),
    pytest.param(run(news=("17 failed",)), 1, ["17 failed"], id="news"),
    pytest.param(run(news=("17 failed", "17 failed")), 1, ["17 failed"], id="the same news twice"),
    pytest.param(
        run(closed={Channel.SMS: "no credit"}),
        1,
        ["sms was closed for the rest of the run: no credit"],
        id="a closed channel",
    ),
    pytest.param(
        run(untold=(EXPIRED,)),
        1,
        [
            "an earlier run ended while it wrote to customer 17 (sms +49171•••555; appointment 4711), which "
            "may have been sent. Ask the gateway or the customer, then: "
            f"terminbenachrichtigung history resolve {JOB} --sent (or --not-sent)"
        ],
        id="an expired claim",
    ),
    pytest.param(
        run(stop=Stop.SIGNAL),
        1,
        ["a stop signal ended the run early; the next run does the rest"],
        id="a stop signal",
    ),
    pytest.param(
        run(stop=Stop.MAX_RUN_MINUTES, stop_detail="30 minutes"),
        1,
        [
            "max_run_minutes was over before the work was done (30 minutes); the next run does the rest. "
            "If that happens often: raise max_run_minutes or sms.concurrency"
        ],
        id="max_run_minutes",
    ),
    pytest.param(
        run(stop=Stop.BRAKE, brake=Brake(1), messages=(message(MessageOutcome.DEFERRED),) * 2),
        1,
        [
            "the plan has 2 messages, above safety.max_messages_per_run = 1; nothing was sent. "
            "If that is right: terminbenachrichtigung run-once --max-messages 2"
        ],
        id="the brake",
    ),
    pytest.param(
        run(stop=Stop.JOURNAL, stop_detail="disk full"),
        1,
        [
            "the journal could not be written any more (disk full), so nothing more was sent; "
            "see to its database, then run again"
        ],
        id="the journal failed",
    ),
    pytest.param(
        run(stop=Stop.SCHEDULE, stop_detail="connection lost"),
        1,
        [
            "the schedule could not be read any more (connection lost), so nothing more was sent; "
            "see to its database, then run again"
        ],
        id="the schedule failed",
    ),
    pytest.param(
        run(stop=Stop.QUIET, news=("17 failed",)), 1, ["17 failed"], id="quiet began: that needs nobody"
    ),
    pytest.param(
        run("dry-run", stop=Stop.BRAKE, brake=Brake(1), news=("17",), closed={Channel.SMS: "x"}),
        0,
        [],
        id="a dry run",
    ),
]


@pytest.mark.parametrize(("result", "code", "lines"), EXIT_CODES)
def test_exit_code_and_quiet_output_go_together(result: RunResult, code: int, lines: list[str]) -> None:
    assert exit_code(result) == code
    heading = ["run-once of 2026-11-24 10:00 needs a person:"] if code else []
    assert as_quiet_text(result, zone=BERLIN).splitlines() == heading + lines


def test_text_without_a_terminal_is_aligned_lines_that_say_everything_once() -> None:
    result = run(
        messages=(
            message(MessageOutcome.SENT, appointments=(appointment("4711"), appointment("4710"))),
            message(
                MessageOutcome.RETRY,
                *(Attempt(BY_SMS, Unavailable("connect timeout")),) * 3,
                appointments=(appointment("4714", customer_id="18", last_name="Schulz"),),
            ),
        ),
        skips=(
            skip(Reason.GROUP_APPOINTMENT, "4712"),
            skip(Reason.NO_CONTACT, "4715", "no number, no address"),
        ),
        bad_rows=(BadRow("4713", "no start"),),
        warnings=("two open hours without a run",),
        news=("retry: …",),
    )
    assert as_text(result, zone=BERLIN).splitlines() == [
        "run-once, 2026-11-24 10:00",
        "",
        "messages",
        "  start             customer               to                outcome  appointments  detail",
        "  2026-11-25 10:00  Frau Anna Schulz (18)  sms +49171•••555  retry    4714          "
        "sms unavailable: connect timeout (tried 3 times)",
        "  2026-11-25 10:00  Frau Anna Meier (17)   sms +49171•••555  sent     4711, 4710",
        "",
        "retry: surely not sent; the next run tries again",
        "",
        "group_appointment: it is a group appointment (1)",
        "  start             customer              appointment",
        "  2026-11-25 10:00  Frau Anna Meier (17)  4712",
        "",
        f"no_contact: {REASONS[Reason.NO_CONTACT]} (1)",
        "  start             customer              appointment  detail",
        "  2026-11-25 10:00  Frau Anna Meier (17)  4715         no number, no address",
        "",
        "bad rows, passed over",
        "  appointment  detail",
        "  4713         no start",
        "",
        "warning: two open hours without a run",
        "2 messages: 1 sent, 1 retry; 2 skipped; 1 bad row; 1 new for a person",
    ]


def test_text_of_a_dry_run_shows_every_text_with_its_parts() -> None:
    result = run("dry-run", messages=(message(None), message(None, route=BY_EMAIL)))
    assert as_text(result, zone=BERLIN).splitlines() == [
        "dry-run, 2026-11-24 10:00",
        "",
        "messages",
        "  start             customer              to                      size              appointments",
        "  2026-11-25 10:00  Frau Anna Meier (17)  sms +491715555555       1 part, gsm7, de  4711",
        "      Guten Tag, Frau Meier,",
        "      Ihr Termin ist morgen.",
        "  2026-11-25 10:00  Frau Anna Meier (17)  email anna@example.org  de                4711",
        "      Ihr Termin",
        "      Guten Tag, Frau Meier,",
        "      Ihr Termin ist morgen.",
        "",
        "2 messages planned, 1 SMS part; 0 skipped; nothing was sent or written",
    ]


@pytest.mark.parametrize(
    ("full", "rows"),
    [
        pytest.param(
            False,
            [
                "  at                means            customer  from          appointments",
                "  2026-11-24 10:00  wants_to_cancel  18        +49171•••555  4712, 4713",
                "  2026-11-24 10:00  reply                      +49171•••555",
            ],
            id="without a text, and who comes is only counted",
        ),
        pytest.param(
            True,
            [
                "  at                means            customer  from           appointments",
                "  2026-11-24 10:00  confirmed        17        +491715555555  4711",
                "      Ja",
                "  2026-11-24 10:00  wants_to_cancel  18        +491715555555  4712, 4713",
                "      Nein",
                "  2026-11-24 10:00  reply                      +491715555555",
                "      Wie lange?",
            ],
            id="word for word where that is asked for",
        ),
    ],
)
def test_text_names_who_answered_what(full: bool, rows: list[str]) -> None:
    answers = (
        ReplyNote("r1", ReplyKind.CONFIRMED, BY_SMS.recipient, NOW, "Ja", "17", ("4711",)),
        ReplyNote("r2", ReplyKind.WANTS_TO_CANCEL, BY_SMS.recipient, NOW, "Nein", "18", ("4712", "4713")),
        ReplyNote("r3", ReplyKind.REPLY, BY_SMS.recipient, NOW, "Wie lange?", None),
    )
    assert as_text(run(replies=answers), zone=BERLIN, full=full).splitlines() == [
        "run-once, 2026-11-24 10:00",
        "",
        "what customers answered",
        *rows,
        "",
        f"wants_to_cancel: {REPLIES[ReplyKind.WANTS_TO_CANCEL]}",
        f"reply: {REPLIES[ReplyKind.REPLY]}",
        "1 customer confirmed by reply",
        "0 messages; 0 skipped",
    ]


@pytest.mark.parametrize("width", [None, 120], ids=["log", "terminal"])
def test_every_appointment_s_fate_is_in_the_text_of_a_large_run(width: int | None) -> None:
    outcomes = list(MessageOutcome)
    result = run(
        messages=tuple(
            message(outcomes[i % 5], appointments=(appointment(f"m{i}-"),), route=(BY_SMS, BY_EMAIL)[i % 2])
            for i in range(1500)
        ),
        skips=tuple(skip(list(Reason)[i % 8], f"s{i}-") for i in range(1500)),
    )
    text = as_text(result, zone=BERLIN, width=width, colour=False)
    assert [i for i in range(1500) if f"m{i}-" not in text or f"s{i}-" not in text] == []


@pytest.mark.parametrize(
    ("result", "heading"),
    [
        (
            run(quiet=True, next_open=TOMORROW),
            "run-once, 2026-11-24 10:00: quiet period until 2026-11-25 10:00; nothing is sent",
        ),
        (
            run("dry-run", quiet=True, next_open=TOMORROW),
            "dry-run, 2026-11-24 10:00: quiet period until 2026-11-25 10:00; "
            "this is what the first run after it would do",
        ),
    ],
)
def test_a_quiet_period_is_announced(result: RunResult, heading: str) -> None:
    assert as_text(result, zone=BERLIN).splitlines()[0] == heading


def test_failed_and_unknown_messages_show_the_id_that_history_resolve_asks_for() -> None:
    for outcome in MessageOutcome:
        shown = JOB in as_text(run(messages=(message(outcome),)), zone=BERLIN)
        assert shown == (outcome in {MessageOutcome.FAILED, MessageOutcome.UNKNOWN})


def test_the_reminder_is_named_when_there_are_several() -> None:
    other = replace(skip(Reason.SUPERSEDED), reminder="Vorabinfo")
    assert "Vorabinfo" not in as_text(run(skips=(other,)), zone=BERLIN)
    assert "Vorabinfo" in as_text(run(skips=(other, skip(Reason.SAME_DAY))), zone=BERLIN)


def test_masked_output_never_shows_a_whole_recipient_text_or_subject() -> None:
    outputs = [
        json.dumps(as_json(TALKATIVE, full=False, zone=BERLIN), ensure_ascii=False),
        as_text(TALKATIVE, zone=BERLIN),
        as_quiet_text(TALKATIVE, zone=BERLIN),
    ]
    for output in outputs:
        closed_up = re.sub(r"[\s()/.\-]", "", output)
        assert "5555555" not in closed_up
        assert "30123456" not in closed_up
        assert "anna@" not in output.lower()
        assert "Guten Tag" not in output
        assert "Ihr Termin" not in output
    assert "job 8147110815" in outputs[0]  # what is no recipient stays readable
    assert "job 8147110815" in outputs[1]


def test_full_output_shows_recipients_and_texts() -> None:
    outputs = [
        json.dumps(as_json(TALKATIVE, full=True, zone=BERLIN)),
        as_text(TALKATIVE, zone=BERLIN, full=True),
    ]
    for output in outputs:
        assert "anna@example.org" in output
        assert "+491715555555" in output
        assert "Guten Tag" in output
        assert "Ihr Termin" in output


@given(raw=st.text(st.characters(exclude_categories=()), min_size=1, max_size=20))
@example(raw="\x1b]0;title\x07\x9b2J\r\n\u2028\u202e\ud800")
@pytest.mark.parametrize("width", [None, 100], ids=["log", "terminal"])
def test_no_field_of_any_source_brings_control_characters_to_the_terminal(
    width: int | None, raw: str
) -> None:
    mallory = appointment(raw, customer_id=raw, first_name=raw, last_name=raw)
    result = run(
        messages=(message(MessageOutcome.FAILED, Attempt(BY_SMS, Rejected(raw)), appointments=(mallory,)),),
        skips=(Skip(mallory, raw, Reason.NO_CONTACT, raw),),
        bad_rows=(BadRow(raw, raw),),
        warnings=(raw,),
        closed={Channel.SMS: raw},
        stop=Stop.JOURNAL,
        stop_detail=raw,
        untold=(replace(EXPIRED, customer_id=raw, appointment_ids=(raw,)),),
        news=(raw,),
    )
    for text in (
        as_text(result, zone=BERLIN, full=True, width=width, colour=False),
        as_quiet_text(result, zone=BERLIN, width=width, colour=False),
    ):
        assert {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} <= {"\n"}
