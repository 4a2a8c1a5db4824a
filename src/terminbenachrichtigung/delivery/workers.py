"""Threads that send: so many per channel as its settings say, no faster than they say."""

import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from terminbenachrichtigung.clock import Clock
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.model.plan import Channel

_Key = TypeVar("_Key")
_Result = TypeVar("_Result")

Threads = Callable[[int, str], Executor]
"""Makes so many threads, named so."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How hard a channel may be worked."""

    concurrency: int
    max_per_second: float = 0.0  # 0 = no limit


def limits_of(settings: Settings) -> dict[Channel, Limits]:
    """Those of every channel that is configured."""
    sections = {Channel.SMS: settings.sms, Channel.EMAIL: settings.email}
    return {
        channel: Limits(section.concurrency, section.max_per_second)
        for channel, section in sections.items()
        if section is not None
    }


class _Crew:
    def __init__(self, channel: Channel, limits: Limits, threads: Threads) -> None:
        self.limits = limits
        self.idle = limits.concurrency
        self.pool = threads(limits.concurrency, channel)
        self.next_start = 0.0  # by the monotonic clock


class Workers(Generic[_Key, _Result]):
    """The sending threads of a run. Its methods belong to the main thread."""

    def __init__(
        self, limits: Mapping[Channel, Limits], clock: Clock, threads: Threads = ThreadPoolExecutor
    ) -> None:
        self._clock = clock
        self._crews = {channel: _Crew(channel, limit, threads) for channel, limit in limits.items()}
        self._done: queue.SimpleQueue[tuple[Channel, _Key, Future[_Result]]] = queue.SimpleQueue()
        self.size = sum(limit.concurrency for limit in limits.values())

    def free_in(self, channel: Channel) -> float | None:
        """Seconds until `channel` may start another attempt; None while all its threads are busy."""
        crew = self._crews[channel]
        return max(0.0, crew.next_start - self._clock.monotonic()) if crew.idle else None

    def start(self, channel: Channel, key: _Key, job: Callable[[], _Result]) -> None:
        """Runs `job` on a thread of `channel`; `wait` gives its result back with `key`."""
        crew = self._crews[channel]
        crew.idle -= 1
        if crew.limits.max_per_second:
            crew.next_start = max(crew.next_start, self._clock.monotonic()) + 1 / crew.limits.max_per_second
        taken = threading.Lock()

        def work() -> None:
            if taken.acquire(blocking=False):
                done: Future[_Result] = Future()
                try:
                    done.set_result(job())
                except Exception as error:
                    done.set_exception(error)
                self._done.put((channel, key, done))

        try:
            crew.pool.submit(work)
        except RuntimeError:
            # The system allows no further thread, and the claim is made. A thread that is there may take the
            # job out of the pool's queue, now or later; so whoever is first does it, and the other nothing.
            work()

    def rest(self, channel: Channel, seconds: float) -> None:
        """Starts nothing more on `channel` for so long: what it leads to cannot keep up."""
        crew = self._crews[channel]
        crew.next_start = max(crew.next_start, self._clock.monotonic() + seconds)

    def wait(self, seconds: float) -> list[tuple[_Key, _Result]]:
        """What has finished, after waiting for at most `seconds` for the first of it."""
        finished = []
        try:
            while True:
                channel, key, future = self._done.get(timeout=seconds)
                self._crews[channel].idle += 1
                finished.append((key, future.result()))
                seconds = 0.0
        except queue.Empty:
            return finished

    def close(self) -> None:
        """Ends the threads; what they are at is waited for."""
        for crew in self._crews.values():
            crew.pool.shutdown()
