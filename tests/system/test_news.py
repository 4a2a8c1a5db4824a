"""What a run leaves for the next one, what of its result is news, and how it ends in the journal."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from practice import REMINDER, Practice, local, reminder
from terminbenachrichtigung.clock import ClockAt
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.delivery import Content
from terminbenachrichtigung.model.journal import CONFIRMATION, HistoryFilter, Leftover
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, PlannedMessage, Reason, Route, Skip
from terminbenachrichtigung.model.result import MessageResult, Mode, RunResult, Stop
from terminbenachrichtigung.run import news
from terminbenachrichtigung.run.context import RunContext
from terminbenachrichtigung.wiring import load_config, run_context

NOW = local("2026-11-24 10:00")
TONIGHT, TOMORROW = local("2026-11-24 18:00"), local("2026-11-25 09:00")
SMS = Route(Channel.SMS, "+491715555555")
KEY = (REMINDER, "4711")
Begin = Callable[[], RunContext]


@pytest.fixture
def begin(practice: Practice) -> Iterator[Begin]:
    """A run of the practice as it is configured now, which the journal knows to have begun."""
    with ExitStack() as stack:

        def made() -> RunContext:
            settings = load_config(practice.config, {}).settings
            context = stack.enter_context(run_context(settings, clock=ClockAt(NOW)))
            context.writable.begin(NOW, "run-once")
            return context

        yield made


def row(start: datetime = TOMORROW, **fields: Any) -> Appointment:
    return replace(Appointment("4711", start, "17", type_notifiable=True, is_group=False), **fields)


def message(outcome: MessageOutcome) -> MessageResult:
    planned = PlannedMessage(REMINDER, "17", (row(),), (SMS,))
    content = Content(SMS.channel, SMS.recipient, "de", text="Guten Tag", parts=1, encoding="gsm7")
    return MessageResult(planned, content, outcome, message_id="m1")


def skipped(reason: Reason, start: datetime = TOMORROW, name: str = REMINDER, **fields: Any) -> Skip:
    return Skip(row(start, **fields), name, reason, "")


def result(mode: Mode = Mode.RUN_ONCE, *, quiet: bool = False, **fields: Any) -> RunResult:
    return RunResult(mode, NOW, quiet, **fields)


def left(context: RunContext) -> dict[tuple[str, str], str]:
    """What the next run finds left over, and why."""
    known = context.writable.known(["4711"], now=NOW, gap=timedelta(), runs_since=NOW)
    return {key: each.why.value for key, each in known.leftovers.items()}


# ---------------------------------------------------------------- left over


@pytest.mark.parametrize("outcome", MessageOutcome)
@pytest.mark.parametrize("before", [False, True], ids=["first met now", "left over by the last run"])
def test_what_was_not_tried_to_the_end_is_left_over(
    begin: Begin, outcome: MessageOutcome, *, before: bool
) -> None:
    context = begin()
    if before:
        news.find(context, result(messages=(message(MessageOutcome.DEFERRED),)))
    news.find(context, result(messages=(message(outcome),)))
    still = outcome in {MessageOutcome.RETRY, MessageOutcome.DEFERRED}
    assert left(context) == ({KEY: outcome.value} if still else {})


def test_a_notification_by_hand_leaves_nothing_over_for_the_hourly_run(begin: Begin) -> None:
    context = begin()
    news.find(context, result(Mode.NOTIFY, messages=(message(MessageOutcome.RETRY),)))
    assert left(context) == {}


KEPT = {KEY: "deferred"}


@pytest.mark.parametrize(
    ("skip", "same_day", "expected"),
    [
        # why the next run left it alone; whether its own day still counts; what is left over then
        pytest.param(skipped(Reason.RECENTLY_NOTIFIED), False, {KEY: "recently_notified"}, id="the gap"),
        pytest.param(skipped(Reason.IN_PROGRESS), False, {KEY: "in_progress"}, id="another run's claim"),
        pytest.param(skipped(Reason.SUPERSEDED), False, {KEY: "superseded"}, id="another reminder's turn"),
        pytest.param(skipped(Reason.NO_CONTACT), False, {KEY: "no_contact"}, id="no number yet"),
        pytest.param(skipped(Reason.HELD), False, {KEY: "held"}, id="held by an import"),
        pytest.param(skipped(Reason.RECENTLY_NOTIFIED, TONIGHT), False, {}, id="not missed, and today's"),
        pytest.param(
            skipped(Reason.RECENTLY_NOTIFIED, TONIGHT), True, {KEY: "recently_notified"}, id="due today too"
        ),
        pytest.param(skipped(Reason.NO_CONSENT), False, {}, id="the customer would not have it"),
        pytest.param(skipped(Reason.HELD_BACK), False, {}, id="only some are told: for trying out"),
        pytest.param(skipped(Reason.SAME_DAY, TONIGHT), False, KEPT, id="too late now: was it missed?"),
        pytest.param(skipped(Reason.STATUS_EXCLUDED), False, KEPT, id="off; it may stand again"),
        pytest.param(skipped(Reason.CHANGED), False, KEPT, id="changed under the run's hands"),
        pytest.param(
            skipped(Reason.RECENTLY_NOTIFIED, created_at=NOW), False, KEPT, id="its booking time tells enough"
        ),
        pytest.param(skipped(Reason.NO_CONSENT, created_at=NOW), False, KEPT, id="the same"),
        pytest.param(skipped(Reason.NO_CONTACT, customer_id=None), False, KEPT, id="nobody's"),
    ],
)
def test_what_was_due_and_nobody_spoke_against_is_left_over(
    practice: Practice,
    begin: Begin,
    skip: Skip,
    expected: dict[tuple[str, str], str],
    *,
    same_day: bool,
) -> None:
    practice.configure(rules={"same_day": same_day})
    context = begin()
    context.writable.leave({KEY: Leftover("17", TOMORROW, MessageOutcome.DEFERRED)}, ())
    news.find(context, result(skips=(skip,)))
    assert left(context) == expected


# ---------------------------------------------------------------- news


@pytest.mark.parametrize(
    "found",
    [
        pytest.param({"messages": (message(MessageOutcome.RETRY),)}, id="tried in vain"),
        pytest.param(
            {"skips": tuple(skipped(Reason.MISSED, TONIGHT, each) for each in (REMINDER, "Vorab"))},
            id="missed, by two reminders",
        ),
    ],
)
def test_what_each_run_meets_again_is_news_once(begin: Begin, found: dict[str, Any]) -> None:
    first = begin()
    ended = news.find(first, result(**found))
    assert len(ended.news) == 1
    news.write(first, ended, lambda _: None)
    assert news.find(begin(), result(**found)).news == ()


def test_what_no_report_has_named_stays_news(begin: Begin) -> None:
    found = result(messages=(message(MessageOutcome.RETRY),))
    assert news.find(begin(), found).news == news.find(begin(), found).news != ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # what had stopped the run before the journal failed; what its report names
        ((None, ""), (Stop.JOURNAL, "no such table")),
        ((Stop.SCHEDULE, "the disk is gone"), (Stop.SCHEDULE, "the disk is gone")),
        ((Stop.SIGNAL, ""), (Stop.SIGNAL, "no such table")),
    ],
)
@pytest.mark.parametrize("step", ["find", "write"])
def test_a_run_that_loses_its_journal_says_so_and_what_stopped_it_before(
    practice: Practice, begin: Begin, step: str, before: tuple[Stop | None, str], after: tuple[Stop, str]
) -> None:
    context = begin()
    practice.sql("ALTER TABLE journal_reported RENAME TO elsewhere", "journal")
    cut = result(messages=(message(MessageOutcome.RETRY),), stop=before[0], stop_detail=before[1])
    ended = news.find(context, cut) if step == "find" else news.write(context, cut, lambda _: None)
    assert (ended.stop, after[1] in ended.stop_detail) == (after[0], True)
    assert len(ended.news) == (step == "find")  # what may have been told before is told again


# ---------------------------------------------------------------- how it ended

ONE_SENT = {"sent": 1, "failed": 0, "unknown": 0, "retry": 0, "deferred": 0}


@pytest.mark.parametrize(
    ("ended", "ending", "complete", "counts"),
    [
        (result(messages=(message(MessageOutcome.SENT),)), "complete", True, ONE_SENT),
        (result(messages=(message(MessageOutcome.SENT),), stop=Stop.SIGNAL), "signal", False, ONE_SENT),
        (result(messages=(message(MessageOutcome.SENT),), stop=Stop.BRAKE), "brake", False, ONE_SENT),
        (result(quiet=True), "quiet", False, {}),
        (result(Mode.NOTIFY, messages=(message(MessageOutcome.SENT),)), "complete", False, ONE_SENT),
    ],
)
def test_the_journal_keeps_how_a_run_ended(
    begin: Begin, ended: RunResult, ending: str, counts: dict[str, int], *, complete: bool
) -> None:
    context = begin()
    news.write(context, ended, lambda _: None)
    (run,) = context.writable.runs(1, HistoryFilter())
    assert (run.ending, run.complete, run.counts) == (ending, complete, counts)


def test_a_run_whose_report_cannot_be_written_is_not_complete(begin: Begin) -> None:
    def full(_: RunResult) -> None:
        raise OSError("no space left on device")

    context = begin()
    with pytest.raises(OSError, match="no space"):
        news.write(context, result(messages=(message(MessageOutcome.SENT),)), full)
    (run,) = context.writable.runs(1, HistoryFilter())
    assert (run.ending, run.complete, run.counts) == ("report not written", False, ONE_SENT)


@pytest.mark.parametrize("confirms", [False, True])
def test_bookings_are_confirmed_from_the_first_run_on_that_is_to_confirm_them(
    practice: Practice, begin: Begin, *, confirms: bool
) -> None:
    practice.configure(reminders=[reminder(), reminder(name="Vorab")], confirmation={"enabled": confirms})
    context = begin()
    news.write(context, result(), lambda _: None)
    since = context.writable.known((), now=NOW, gap=timedelta(), runs_since=NOW).reminder_since
    assert set(since) == {REMINDER, "Vorab"} | ({CONFIRMATION} if confirms else set())
