"""Threads that send: so many at once, and so many a second, as the settings say (contract, section 4)."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise

import pytest

from terminbenachrichtigung.clock import SYSTEM_CLOCK
from terminbenachrichtigung.delivery.workers import Limits, Workers
from terminbenachrichtigung.model.plan import Channel


@contextmanager
def workers(limits: Mapping[Channel, Limits]) -> Iterator[Workers[str, int]]:
    made: Workers[str, int] = Workers(limits, SYSTEM_CLOCK)
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
        crew.start(Channel.SMS, "a", lambda: release.wait(10) or 1)
        began = time.monotonic()
        assert crew.wait(0.2) == []
        assert 0.15 < time.monotonic() - began < 5
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


@pytest.mark.parametrize(("per_second", "least"), [(20, 0.20), (10, 0.40)])
def test_no_more_start_in_a_second_than_the_settings_say(per_second: float, least: float) -> None:
    with workers({Channel.SMS: Limits(8, max_per_second=per_second)}) as crew:
        began = time.monotonic()
        starts = []
        for number in range(5):
            while (pause := crew.free_in(Channel.SMS)) != 0:
                assert pause is not None
                assert pause <= 1 / per_second
                time.sleep(pause)
            starts.append(time.monotonic() - began)
            crew.start(Channel.SMS, str(number), lambda: 1)
        assert starts[-1] >= least * 0.999
        assert all(later - sooner >= 0.9 / per_second for sooner, later in pairwise(starts))


def test_a_pause_is_not_saved_up_for_a_burst() -> None:
    with workers({Channel.SMS: Limits(8, max_per_second=1)}) as crew:
        crew.start(Channel.SMS, "a", lambda: 1)
        time.sleep(1.1)  # a second may start now, and no third
        assert crew.free_in(Channel.SMS) == 0
        crew.start(Channel.SMS, "b", lambda: 1)
        assert crew.free_in(Channel.SMS) != 0


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
