"""The order in which a run claims its messages, and how it keeps up with the schedule and with other runs."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest

from practice import Practice, local, reminder
from terminbenachrichtigung.clock import ClockAt
from terminbenachrichtigung.delivery.circuits import Circuits
from terminbenachrichtigung.journal.claims import Lost
from terminbenachrichtigung.model.journal import MOVE
from terminbenachrichtigung.model.plan import Channel, Reason
from terminbenachrichtigung.run.backlog import REPLANS, SPREAD, Backlog, Queued
from terminbenachrichtigung.run.context import RunContext
from terminbenachrichtigung.run.delivery import Held, held_by_time
from terminbenachrichtigung.run.planning import plan_window
from terminbenachrichtigung.wiring import load_config, run_context

NOW = "2026-11-24 10:00"
TOO_OLD = 26  # seconds; rows may be 25 seconds old


class Run:
    """One run as far as its messages are planned."""

    def __init__(self, practice: Practice, context: RunContext) -> None:
        self.practice, self.context = practice, context
        now = local(NOW)
        self.circuits = Circuits()
        self.backlog = Backlog(context, plan_window(context, now), now, self.circuits)

    def next(self, channel: Channel = Channel.SMS) -> Queued | None:
        return self.backlog.next_for(channel)

    def claims(self, count: int) -> None:
        """This run claims its next messages."""
        for _ in range(count):
            item = self.next()
            assert item is not None
            self.context.writable.claim(item.message, now=local(NOW), gap=timedelta())

    def loses_one(self) -> None:
        """This run finds that another one holds a claim for the customer of its next message."""
        item = self.next()
        assert item is not None
        self.backlog.lost(item, Lost(Reason.IN_PROGRESS, "claimed"))

    def taken(self, channel: Channel = Channel.SMS) -> list[str]:
        """The appointments of the message that comes next; none, if its customer is planned anew."""
        item = self.next(channel)
        return [row.appointment_id for row in item.message.appointments] if item else []

    def waiting(self, channel: Channel = Channel.SMS) -> list[list[str]]:
        found = self.backlog.waiting_for(channel)
        return [[row.appointment_id for row in message.appointments] for message in found]

    def skips(self) -> dict[str, tuple[str, str]]:
        return {row: (each.reason.value, each.detail) for (_, row), each in self.backlog.skips.items()}


@pytest.fixture
def begin(practice: Practice) -> Iterator[Callable[[], Run]]:
    """Plans a run of the practice as it is now."""
    with ExitStack() as stack:

        def made() -> Run:
            settings = load_config(practice.config, os.environ).settings
            context = run_context(settings, clock=practice.clock, timings=practice.timings)
            return Run(practice, stack.enter_context(context))

        stack.enter_context(practice.clock.at(local(NOW)))
        yield made


def book_three(practice: Practice) -> None:
    for number in (1, 2, 3):
        practice.book(number, f"2026-11-25 0{6 + number}:00", customer=number)


# ---------------------------------------------------------------- in order


def test_the_first_message_comes_first_and_again_once_it_was_given_back(
    practice: Practice, begin: Callable[[], Run]
) -> None:
    book_three(practice)
    run = begin()
    assert (len(run.backlog), run.waiting()) == (3, [["1"], ["2"], ["3"]])
    item = run.next()
    assert item is not None
    assert run.waiting() == [["2"], ["3"]]
    run.backlog.give_back(item)
    assert run.waiting() == [["1"], ["2"], ["3"]]


def test_of_a_closed_channel_the_messages_go_to_their_next_one_in_the_order_of_the_plan(
    practice: Practice, begin: Callable[[], Run]
) -> None:
    book_three(practice)
    practice.change("2", mobile="")  # has an address alone
    practice.change("3", email="")  # has a number alone
    run = begin()
    assert (run.waiting(), run.waiting(Channel.EMAIL)) == ([["1"], ["3"]], [["2"]])
    run.backlog.close(Channel.SMS, "no credit")
    assert (run.waiting(), run.waiting(Channel.EMAIL)) == ([], [["1"], ["2"]])
    (left,) = run.backlog.left
    assert left.detail == "no channel is left in this run (sms: no credit)"
    assert (left.outcome, [row.appointment_id for row in left.message.appointments]) == ("deferred", ["3"])
    assert not run.backlog.waits_for(Channel.SMS)
    item = run.next(Channel.EMAIL)
    assert item is not None
    run.backlog.close(Channel.EMAIL, "it hangs up")
    run.backlog.give_back(item)
    assert len(run.backlog) == 0
    assert sorted(each.message.soonest.appointment_id for each in run.backlog.left) == ["1", "2", "3"]


def test_where_the_run_ends_all_that_waits_is_left_for_the_next_one(
    practice: Practice, begin: Callable[[], Run]
) -> None:
    book_three(practice)
    run = begin()
    run.backlog.leave_all()
    assert len(run.backlog) == 0
    assert [(each.outcome, each.detail) for each in run.backlog.left] == [("deferred", "")] * 3


# ---------------------------------------------------------------- up to date with the schedule


@pytest.mark.parametrize(
    ("seconds", "again"), [(TOO_OLD, True), (TOO_OLD - 2, False)], ids=["too old", "fresh"]
)
def test_rows_are_read_again_once_they_are_too_old(
    practice: Practice, begin: Callable[[], Run], seconds: int, again: bool
) -> None:
    book_three(practice)
    run = begin()
    practice.change("1", starts_at="2026-11-25 08:30")
    practice.pass_time(seconds)
    assert run.taken() == ([] if again else ["1"])
    assert run.waiting() == ([["1"], ["2"], ["3"]] if again else [["2"], ["3"]])
    if again:
        (message, *_) = run.backlog.waiting_for(Channel.SMS)
        assert message.soonest.starts_at == local("2026-11-25 08:30")
        assert run.taken() == ["1"]  # it is not compared once more
        assert run.taken() == ["2"]  # the others are as they were


def test_how_a_changed_appointment_is_named(practice: Practice, begin: Callable[[], Run]) -> None:
    for number in range(1, 6):
        practice.book(number, f"2026-11-25 0{number + 4}:00", customer=number)
    run = begin()
    practice.remove("1")
    practice.cancel("2")
    practice.change("3", starts_at="2026-11-25 11:00")  # in no window yet
    practice.change("4", customer_id="44", last_name="Neu", mobile="0171 5555944")
    practice.pass_time(TOO_OLD)
    assert [run.taken() for _ in range(4)] == [[]] * 4
    assert run.skips() == {
        "1": ("changed", "it is gone, or was moved out of reach"),
        "2": ("changed", "status_excluded: status Storniert"),
        "3": ("changed", "it is no longer due"),
    }
    assert run.waiting() == [["4"], ["5"]]
    assert [message.customer_id for message in run.backlog.waiting_for(Channel.SMS)] == ["44", "5"]


def test_what_keeps_changing_is_left_to_the_next_run(practice: Practice, begin: Callable[[], Run]) -> None:
    practice.book("1")
    run = begin()
    for minute in range(REPLANS):
        practice.change("1", starts_at=f"2026-11-25 08:0{minute}")
        practice.pass_time(TOO_OLD)
        assert run.taken() == []
        assert run.waiting() == [["1"]]
    practice.change("1", starts_at="2026-11-25 08:30")
    practice.pass_time(TOO_OLD)
    assert (run.taken(), run.waiting()) == ([], [])
    assert run.skips() == {"1": ("changed", "it kept changing; the next run sees to it")}


# ---------------------------------------------------------------- up to date with other runs


def test_a_message_that_another_run_has_is_dropped_and_so_are_the_next_ones_that_it_has(
    practice: Practice, begin: Callable[[], Run]
) -> None:
    for number in range(1, 6):
        practice.book(number, f"2026-11-25 0{number + 4}:00", customer=number)
    other = begin()
    practice.change("3", starts_at="2026-11-25 07:10")  # what the other run says of it is no more so
    run = begin()
    other.claims(3)
    run.loses_one()
    assert run.waiting() == [["3"], ["4"], ["5"]]
    assert run.skips() == {"1": ("in_progress", "claimed"), "2": ("in_progress", "claimed")}


def test_a_message_of_another_reminder_or_about_more_than_that_is_not_dropped(
    practice: Practice, begin: Callable[[], Run]
) -> None:
    practice.configure(reminders=[reminder(), reminder(hours=48, name="Vorab")])
    practice.book("1", "2026-11-25 07:00", customer=1)
    practice.book("2", "2026-11-25 08:00", customer=2)
    practice.book("3", "2026-11-25 08:30", customer=2)
    practice.book("4", "2026-11-26 09:00", customer=4)
    other, run = begin(), begin()
    assert run.waiting() == [["1"], ["2", "3"], ["4"]]
    other.claims(3)
    run.loses_one()
    assert run.waiting() == [["2", "3"], ["4"]]  # its claim is lost only when it is tried


def test_from_then_on_any_of_the_next_messages_may_come_first(
    practice: Practice, begin: Callable[[], Run]
) -> None:
    for number in range(SPREAD + 21):
        practice.book(number, f"2026-11-25 0{5 + number // 60}:{number % 60:02}", customer=number)
    run = begin()
    first = run.next()
    assert first is not None
    run.backlog.lost(first, Lost(Reason.ALREADY_NOTIFIED, "sent"))
    places = []
    while run.backlog:
        waiting = run.waiting()
        places.append(waiting.index(run.taken()))
    assert places[0] < SPREAD  # the soonest ones all the same
    assert len(set(places)) > SPREAD / 3
    assert max(places) < SPREAD


def test_what_is_left_of_a_lost_message_is_planned_anew(practice: Practice, begin: Callable[[], Run]) -> None:
    practice.book("1", "2026-11-25 08:00")
    practice.book("2", "2026-11-25 09:00")
    practice.book("3", "2026-11-25 07:00", customer=3)
    run = begin()
    assert run.waiting() == [["3"], ["1", "2"]]
    assert run.taken() == ["3"]
    lost = run.next()
    assert lost is not None
    practice.change("1", status="Storniert")
    run.backlog._read_again()
    run.backlog.lost(lost, Lost(Reason.ALREADY_NOTIFIED, "sent"))
    assert run.waiting() == [["2"]]


# ---------------------------------------------------------------- corrections


@pytest.mark.parametrize(("moved", "held"), [(2, False), (8, True)])
def test_while_the_brake_holds_corrections_a_customer_is_planned_anew_without_theirs(
    practice: Practice, moved: int, *, held: bool
) -> None:
    practice.configure(corrections={"enabled": True})
    for number in range(8):
        practice.book(number, f"2026-11-25 07:0{number}", customer=number)
    practice.run_once(now="2026-11-24 08:10")
    for number in range(moved):
        practice.change(str(number), starts_at=f"2026-11-25 07:3{number}")
    practice.run_once(now="2026-11-24 09:00")  # sees it; the next run tells it
    settings = load_config(practice.config, os.environ).settings
    with practice.clock.at(local(NOW)), run_context(settings, clock=practice.clock) as context:
        planned = plan_window(context, local(NOW))
        assert (planned.corrections.held is not None) is held
        (row,) = [each for each in planned.window.appointments if each.appointment_id == "0"]
        corrected = [each.reminder for each in planned.plan_customer([row]).messages if each.correction]
        assert corrected == ([] if held else [MOVE])


@pytest.mark.parametrize(("start", "stands"), [("2026-11-28 08:00", True), ("2026-11-28 08:05", False)])
def test_a_row_made_anew_at_a_start_that_was_told_far_ahead_is_seen(
    practice: Practice, start: str, *, stands: bool
) -> None:
    """Told by a reminder of four days, which is one day now; then deleted, and booked under another id."""
    practice.configure(corrections={"enabled": True}, reminders=[reminder(hours=96)])
    practice.book("1", "2026-11-28 08:00")
    assert practice.run_once(now="2026-11-24 09:00").outcomes == {"1": "sent"}
    practice.configure(reminders=[reminder()])
    practice.cancel("1")
    practice.book("2", start)
    settings = load_config(practice.config, os.environ).settings
    with practice.clock.at(local(NOW)), run_context(settings, clock=practice.clock) as context:
        found = plan_window(context, local(NOW)).corrections.changes
    assert [change.appointment_id for change in found] == ([] if stands else ["1"])


# ---------------------------------------------------------------- right before it leaves


@pytest.mark.parametrize(
    ("now", "start", "same_day", "held"),
    [
        ("2026-11-24 10:00", "2026-11-25 09:00", False, None),
        ("2026-11-24 19:59", "2026-11-25 00:00", False, None),
        ("2026-11-24 20:00", "2026-11-25 09:00", True, Held.QUIET),  # the night begins
        ("2026-11-24 07:59", "2026-11-25 09:00", True, Held.QUIET),
        ("2026-11-24 08:00", "2026-11-25 09:00", True, None),
        ("2026-11-24 10:00", "2026-11-24 16:00", False, Held.TOO_LATE),  # the day has come
        ("2026-11-24 10:00", "2026-11-24 16:00", True, None),
        ("2026-11-24 10:00", "2026-11-24 10:01", True, None),
        ("2026-11-24 10:00", "2026-11-24 10:00", True, Held.TOO_LATE),  # it begins
        ("2026-11-24 10:00", "2026-11-23 10:00", True, Held.TOO_LATE),
    ],
)
def test_what_the_time_holds_back(
    practice: Practice, now: str, start: str, *, same_day: bool, held: Held | None
) -> None:
    settings = load_config(practice.config, os.environ).settings
    with run_context(settings, clock=ClockAt(local(now))) as context:
        assert held_by_time(context, local(start), same_day=same_day) is held
