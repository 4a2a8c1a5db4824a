"""Threads that send: so many at once, and so many a second, as the settings say (contract, section 4)."""

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from terminbenachrichtigung.clock import SYSTEM_CLOCK, Clock, SystemClock
from terminbenachrichtigung.delivery.workers import Limits, Workers
from terminbenachrichtigung.model.plan import Channel


class HandClock(SystemClock):
    """A clock whose time passes only when somebody sleeps by it."""

    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


@contextmanager
def workers(limits: Mapping[Channel, Limits], clock: Clock = SYSTEM_CLOCK) -> Iterator[Workers[str, int]]:
    made: Workers[str, int] = Workers(limits, clock)
    try:
        yield made
    finally:
        made.close()


def test_a_result_comes_back_with_its_key() -> None:
    with workers({Channel.SMS: Limits(2)}) as crew:
        crew.start(Channel.SMS, "a", lambda: 1)
        assert crew.wait(10) == [("a", 1)]


def test_everything_that_has_finished_comes_back_at_once() -> None:
    with workers({Channel.SMS: Limits(8)}) as crew:
        for number in range(8):
            crew.start(Channel.SMS, str(number), lambda number=number: number)  # type: ignore[misc]
        got: list[tuple[str, int]] = []
        while len(got) < 8:
            got += crew.wait(10)
        assert sorted(got) == [(str(number), number) for number in range(8)]
        assert crew.wait(0) == []


def test_waiting_ends_when_nothing_finishes() -> None:
    release = threading.Event()
    with workers({Channel.SMS: Limits(1)}) as crew:
        crew.start(Channel.SMS, "a", release.wait)
        assert crew.wait(0.2) == []
        release.set()
        assert crew.wait(10) == [("a", True)]


def test_a_channel_is_busy_when_all_its_threads_are() -> None:
    release = threading.Event()
    with workers({Channel.SMS: Limits(2), Channel.EMAIL: Limits(1)}) as crew:
        assert crew.size == 3
        assert crew.free_in(Channel.SMS) == 0
        crew.start(Channel.SMS, "a", lambda: release.wait(10) and 1)
        assert crew.free_in(Channel.SMS) == 0
        crew.start(Channel.SMS, "b", lambda: release.wait(10) and 2)
        assert crew.free_in(Channel.SMS) is None
        assert crew.free_in(Channel.EMAIL) == 0  # the other channel has its own
        release.set()
        got: list[tuple[str, int]] = []
        while len(got) < 2:
            got += crew.wait(10)
        assert crew.free_in(Channel.SMS) == 0


def test_the_threads_of_a_channel_work_at_the_same_time() -> None:
    together = threading.Barrier(8)
    with workers({Channel.SMS: Limits(8)}) as crew:
        for number in range(8):
            crew.start(
                Channel.SMS, str(number), lambda: together.wait(10) * 0
            )  # one alone would wait for ever
        got: list[tuple[str, int]] = []
        while len(got) < 8:
            got += crew.wait(10)


@pytest.mark.parametrize("per_second", [20, 10, 0.5])
def test_no_more_start_in_a_second_than_the_settings_say(per_second: float) -> None:
    clock = HandClock()
    with workers({Channel.SMS: Limits(8, max_per_second=per_second)}, clock) as crew:
        starts = []
        for number in range(5):
            while (pause := crew.free_in(Channel.SMS)) != 0:
                assert pause is not None
                clock.sleep(pause)
            starts.append(clock.monotonic())
            crew.start(Channel.SMS, str(number), lambda: 1)
        assert starts == pytest.approx([number / per_second for number in range(5)])


def test_a_pause_is_not_saved_up_for_a_burst() -> None:
    clock = HandClock()
    with workers({Channel.SMS: Limits(8, max_per_second=1)}, clock) as crew:
        crew.start(Channel.SMS, "a", lambda: 1)
        clock.sleep(1.1)  # a second may start now, and no third
        assert crew.free_in(Channel.SMS) == 0
        crew.start(Channel.SMS, "b", lambda: 1)
        assert crew.free_in(Channel.SMS) != 0


def test_a_channel_rests_as_long_as_it_was_told_to_and_the_other_goes_on() -> None:
    clock = HandClock()
    with workers({Channel.SMS: Limits(2), Channel.EMAIL: Limits(2)}, clock) as crew:
        crew.rest(Channel.SMS, 4)
        crew.rest(Channel.SMS, 1)  # the longer one holds
        assert (crew.free_in(Channel.SMS), crew.free_in(Channel.EMAIL)) == (4, 0)
        clock.sleep(3)
        assert crew.free_in(Channel.SMS) == 1
        clock.sleep(1)
        assert crew.free_in(Channel.SMS) == 0


def test_without_a_limit_nothing_waits() -> None:
    with workers({Channel.SMS: Limits(4)}) as crew:
        for number in range(4):
            assert crew.free_in(Channel.SMS) == 0
            crew.start(Channel.SMS, str(number), lambda: 1)


def test_closing_waits_for_what_is_under_way() -> None:
    done = []
    with workers({Channel.SMS: Limits(1)}) as crew:
        crew.start(Channel.SMS, "a", lambda: (time.sleep(0.3), done.append(1), 1)[2])  # type: ignore[func-returns-value]
    assert done == [1]


class FewThreads(ThreadPoolExecutor):
    """The pool of a user whom the system allows only so many threads."""

    allowed = 0

    def _adjust_thread_count(self) -> None:
        if len(self._threads) < self.allowed:
            super()._adjust_thread_count()
        elif len(self._threads) < self._max_workers:
            raise RuntimeError("can't start new thread")


class OneThread(FewThreads):
    allowed = 1


@pytest.mark.parametrize("threads", [FewThreads, OneThread])
def test_what_gets_no_thread_is_done_all_the_same_and_once(threads: type[FewThreads]) -> None:
    done: list[str] = []
    crew: Workers[str, str] = Workers({Channel.SMS: Limits(4)}, SYSTEM_CLOCK, threads)

    def job(name: str) -> str:
        done.append(name)
        time.sleep(0.01)
        return name

    with closing(crew):
        got: list[tuple[str, str]] = []
        for name in "abcdefgh":
            while crew.free_in(Channel.SMS) is None:
                got += crew.wait(10)
            crew.start(Channel.SMS, name, lambda name=name: job(name))  # type: ignore[misc]
        while len(got) < 8:
            got += crew.wait(10)
        assert sorted(got) == [(name, name) for name in "abcdefgh"]
        crew._crews[Channel.SMS].pool.allowed = 4  # type: ignore[attr-defined]
        crew.start(Channel.SMS, "i", lambda: job("i"))  # a thread now finds what was left in the queue
        assert crew.wait(10) == [("i", "i")]
    assert sorted(done) == list("abcdefghi")
