"""What delivery reports come to, and how far a later word moves a message. Pure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from run_results import BY_SMS, TOMORROW, message, run, skip

from terminbenachrichtigung.contact.names import hashed_name
from terminbenachrichtigung.journal.reports import state_after
from terminbenachrichtigung.model.delivery import DeliveryReport, LaterWord
from terminbenachrichtigung.model.journal import MOVE, Known, Notification, State
from terminbenachrichtigung.model.plan import Channel, Reason, Route
from terminbenachrichtigung.run import follow_up
from terminbenachrichtigung.run.follow_up import read_reports

OURS = "0190f3c2-4a1b-7c3d-8e4f-123456789012"
ANOTHER = "0190f3c2-4a1b-7c3d-8e4f-999999999999"
NUMBER = "00491715555555"
TEN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

WORDS = {"Delivered": State.DELIVERED, "Failed": State.UNDELIVERED, "Buffered": None, "Lost": None}


def report(word: str = "Delivered", minutes: int = 0, **fields: Any) -> DeliveryReport:
    told = {
        "label": OURS,
        "job_id": "7",
        "recipient": NUMBER,
        "state": WORDS[word],
        "word": word,
        "unheard": word == "Lost",
        "at": TEN + timedelta(minutes=minutes),
        **fields,
    }
    return DeliveryReport(**told)


def read(*reports: DeliveryReport) -> list[LaterWord]:
    return read_reports(reports, {"7": OURS}.get)[0]


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        # what was reported about one message; what it comes to
        pytest.param([report()], State.DELIVERED, id="delivered"),
        pytest.param([report("Failed")], State.UNDELIVERED, id="undelivered"),
        pytest.param([report("Buffered"), report(minutes=1)], State.DELIVERED, id="first under way"),
        pytest.param([report(), report("Buffered", 1)], State.DELIVERED, id="a late word of the way"),
        pytest.param(
            [report("Failed", part="1"), report(minutes=1, part="1")],
            State.DELIVERED,
            id="the later word of one part holds",
        ),
        pytest.param(
            [report(minutes=1, part="1"), report("Failed", part="1")], State.DELIVERED, id="in whatever order"
        ),
        pytest.param(
            [report("Failed", part="1", at=None, number=1), report(part="1", at=None, number=2)],
            State.DELIVERED,
            id="without dates the numbers count",
        ),
        pytest.param(
            [report("Failed"), report(minutes=1)],
            State.UNDELIVERED,
            id="where no part is named, they may be two",
        ),
        pytest.param(
            [report("Failed", part="1"), report(minutes=1, part="2")],
            State.UNDELIVERED,
            id="one part that did not arrive makes the whole undelivered",
        ),
        pytest.param(
            [report(part="1"), report(part="2"), report(part="3")], State.DELIVERED, id="all parts arrived"
        ),
        pytest.param([report("Lost"), report(minutes=1)], State.DELIVERED, id="an unheard word first"),
    ],
)  # fmt: skip
def test_reports_about_one_message(reports: list[DeliveryReport], expected: State) -> None:
    (told,) = read(*reports)
    assert (told.message_id, told.channel, told.state) == (OURS, Channel.SMS, expected)


def test_a_word_of_the_way_says_nothing() -> None:
    assert read(report("Buffered")) == []


def test_a_word_that_nobody_knows_changes_nothing_is_kept_and_is_warned_about_once() -> None:
    told, warnings = read_reports([report("Lost"), report("Lost", label=ANOTHER)], lambda _job: None)
    assert [(each.state, each.detail) for each in told] == [(None, "report: Lost")] * 2
    assert warnings == ['the gateway reports "Lost" of 2 SMS: a word that is not known, and changes nothing']


@pytest.mark.parametrize(
    ("fields", "message_id"),
    [
        pytest.param({}, OURS, id="by its label"),
        pytest.param({"label": ANOTHER}, ANOTHER, id="the label goes before the job"),
        pytest.param({"label": ""}, OURS, id="without a label, by the job"),
        pytest.param({"label": OURS[:20]}, OURS, id="with a label cut short, by the job"),
        pytest.param({"label": OURS.upper()}, OURS, id="with a label that we do not write, by the job"),
        pytest.param({"label": "", "recipient": ""}, None, id="by the job only with a number to compare"),
        pytest.param({"label": "Rechnung 17", "job_id": "8"}, None, id="other software's"),
        pytest.param({"label": f"test-message-{OURS}", "job_id": "9"}, None, id="a test message's"),
        pytest.param({"label": "", "job_id": ""}, None, id="without anything to know it by"),
    ],
)
def test_whose_report_it_is(fields: dict[str, Any], message_id: str | None) -> None:
    assert [told.message_id for told in read(report(**fields))] == ([message_id] if message_id else [])


S = State


@pytest.mark.parametrize(
    ("state", "own", "others", "said", "expected"),
    [
        # the message, its SMS, its attempts on other channels; what is said; where the message stands then
        (S.UNKNOWN, "unknown", [], S.SENT, S.SENT),
        (S.UNKNOWN, "unknown", [], S.DELIVERED, S.DELIVERED),
        (S.UNKNOWN, "unknown", [], S.UNDELIVERED, S.UNDELIVERED),
        (S.SENT, "sent", [], S.SENT, S.SENT),
        (S.SENT, "sent", [], S.DELIVERED, S.DELIVERED),
        (S.SENT, "sent", [], S.UNDELIVERED, S.UNDELIVERED),
        (S.SENT, "sent", ["rejected", "unavailable"], S.UNDELIVERED, S.UNDELIVERED),
        # an e-mail that was sent after an SMS that got no answer: the customer was told
        (S.SENT, "unknown", ["sent"], S.UNDELIVERED, S.SENT),
        (S.SENT, "unknown", ["sent"], S.DELIVERED, S.DELIVERED),
        # an e-mail that may have been sent: never a second one, a person must ask
        (S.SENT, "sent", ["unknown"], S.UNDELIVERED, S.UNKNOWN),
        (S.UNKNOWN, "unknown", ["unknown"], S.UNDELIVERED, S.UNKNOWN),
        (S.UNKNOWN, "unknown", ["unknown"], S.SENT, S.SENT),
        # what a person settled by hand stays so
        (S.SENT, "unknown", [], S.UNDELIVERED, S.SENT),
        (S.SENT, "unknown", [], S.DELIVERED, S.SENT),
        (S.RELEASED, "unknown", [], S.SENT, S.RELEASED),
        # a later part of a long SMS did not arrive, or what was heard of it was wrong
        (S.DELIVERED, "sent", [], S.UNDELIVERED, S.UNDELIVERED),
        (S.DELIVERED, "sent", ["sent"], S.UNDELIVERED, S.DELIVERED),
        (S.DELIVERED, "sent", ["unknown"], S.UNDELIVERED, S.UNKNOWN),
        (S.DELIVERED, "sent", [], S.SENT, S.DELIVERED),
        # what is final stays final; a claim is its owner's
        (S.UNDELIVERED, "sent", [], S.DELIVERED, S.UNDELIVERED),
        (S.FAILED, "sent", [], S.SENT, S.FAILED),
        (S.CLAIMED, "sent", [], S.DELIVERED, S.CLAIMED),
    ],
)
def test_how_far_a_later_word_moves_a_message(
    state: State, own: str, others: list[str], said: State, expected: State
) -> None:
    assert state_after(state, own, others, said) is expected


# ---------------------------------------------------------------- nobody is left to tell them

ANOTHER_NAME = "Zwei Stunden"


def notified(state: State, reminder: str = "Terminerinnerung", generation: int = 1) -> Notification:
    return Notification(reminder, "4711", generation, "17", TOMORROW, state, OURS, TEN)


def test_of_a_correction_that_took_a_reminder_s_place_the_reminder_alone_is_named() -> None:
    """One message under two names did not arrive. A correction that took no place is named itself."""
    known = Known(notifications={"4711": [notified(State.UNDELIVERED), notified(State.UNDELIVERED, MOVE)]})
    both = (skip(Reason.SAME_DAY, "4711"), replace(skip(Reason.SAME_DAY, "4711"), reminder=MOVE))
    found = follow_up.stranded(known, run(skips=both))
    assert [each.reminder for each in found] == ["Terminerinnerung"]
    alone = Known(notifications={"4711": [notified(State.UNDELIVERED, MOVE)]})
    assert [each.reminder for each in follow_up.stranded(alone, run(skips=both))] == [MOVE]


@pytest.mark.parametrize(
    ("reason", "detail", "journal", "told", "stranded"),
    [
        # why the run left it alone; what the journal had of it; whether a message of this run has it
        pytest.param(
            Reason.ALREADY_NOTIFIED,
            "undelivered",
            [notified(State.UNDELIVERED)],
            False,
            True,
            id="no channel",
        ),
        pytest.param(Reason.SAME_DAY, "", [notified(State.UNDELIVERED)], False, True, id="no time is left"),
        pytest.param(
            Reason.ALREADY_NOTIFIED,
            "sent",
            [notified(State.UNDELIVERED)],
            False,
            False,
            id="told by another run",
        ),
        pytest.param(
            Reason.SAME_DAY,
            "",
            [notified(State.UNDELIVERED)],
            True,
            False,
            id="told by this run's other message",
        ),
        pytest.param(Reason.SAME_DAY, "", [notified(State.SENT)], False, False, id="it arrived"),
        pytest.param(Reason.SAME_DAY, "", [], False, False, id="never sent"),
        pytest.param(
            Reason.SAME_DAY,
            "",
            [notified(State.UNDELIVERED), notified(State.SENT, ANOTHER_NAME)],
            False,
            False,
            id="told by another reminder since",
        ),
        pytest.param(
            Reason.SAME_DAY,
            "",
            [notified(State.UNDELIVERED), notified(State.RELEASED, generation=2)],
            False,
            True,
            id="tried again in vain",
        ),
        pytest.param(
            Reason.RECENTLY_NOTIFIED,
            "",
            [notified(State.UNDELIVERED)],
            False,
            False,
            id="a later run tells them",
        ),
    ],
)
def test_whose_sms_did_not_arrive_and_whom_nobody_will_tell(
    reason: Reason, detail: str, journal: list[Notification], *, told: bool, stranded: bool
) -> None:
    known = Known(notifications={"4711": journal})
    result = run(messages=(message(),) if told else (), skips=(skip(reason, "4711", detail),))
    found = follow_up.stranded(known, result)
    assert [each.appointment.appointment_id for each in found] == (["4711"] if stranded else [])


@pytest.mark.parametrize(
    ("customer_id", "recipient", "stranded"),
    [
        # whom an SMS about the row that is gone did not reach, and where
        pytest.param("17", "+491716666666", True, id="the customer, whose number was corrected"),
        pytest.param("18", BY_SMS.recipient, True, id="the same person, merged since"),
        pytest.param("18", "+491716666666", False, id="a namesake"),
    ],
)
def test_where_the_row_was_made_anew_its_person_is_stranded_and_no_other(
    customer_id: str, recipient: str, *, stranded: bool
) -> None:
    gone = replace(
        notified(State.UNDELIVERED),
        appointment_id="4710",
        customer_id=customer_id,
        name=hashed_name("Anna Meier", key=b"key"),
        route=Route(Channel.SMS, recipient),
    )
    known = Known(notifications={"4710": [gone]}, name_key=b"key")
    found = follow_up.stranded(known, run(skips=(skip(Reason.SAME_DAY, "4711"),)))
    assert [each.appointment.appointment_id for each in found] == (["4711"] if stranded else [])


NAMED = replace(notified(State.UNDELIVERED), name=hashed_name("Anna Meier", key=b"key"))
OF_ANOTHER = replace(NAMED, customer_id="18", route=Route(Channel.SMS, "+491716666666"))
GONE = replace(NAMED, appointment_id="4710")


@pytest.mark.parametrize(
    ("notifications", "is_stranded"),
    [
        # what the journal has of the row and of one that is gone, oldest first
        pytest.param([NAMED], True, id="this start"),
        pytest.param([replace(NAMED, starts_at=TEN)], False, id="another start, since when it has moved"),
        pytest.param([OF_ANOTHER], True, id="on one appointment the name alone says who it is"),
        pytest.param([GONE], True, id="of the row that it was made anew from"),
        pytest.param([GONE, replace(GONE, state=State.RELEASED, generation=2)], True, id="and again in vain"),
        pytest.param([GONE, replace(GONE, state=State.SENT, generation=2)], False, id="and told since"),
        pytest.param([replace(GONE, starts_at=TEN)], False, id="of that one at another start"),
        pytest.param([replace(GONE, name=frozenset(), customer_id="18")], False, id="another's"),
    ],
)
def test_of_which_messages_that_did_not_arrive_a_row_is_stranded(
    notifications: list[Notification], is_stranded: bool
) -> None:
    by_appointment: dict[str, list[Notification]] = {}
    for each in notifications:
        by_appointment.setdefault(each.appointment_id, []).append(each)
    known = Known(notifications=by_appointment, name_key=b"key")
    found = follow_up.stranded(known, run(skips=(skip(Reason.SAME_DAY, "4711"),)))
    assert [each.appointment.appointment_id for each in found] == (["4711"] if is_stranded else [])
