"""Reports the hourly run to monitoring: pings by the convention of healthchecks.io, metrics for Prometheus.

Neither may make a run fail or wait. The first ping is sent on a thread of its own, the last one after the
report was printed, and what goes wrong with them is a warning. Both hold counts, never a customer's data.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from terminbenachrichtigung.clock import Clock
from terminbenachrichtigung.config.settings import MonitoringSettings
from terminbenachrichtigung.delivery.exchange import Answer, Proxy, Request
from terminbenachrichtigung.errors import JournalError, TerminbenachrichtigungError
from terminbenachrichtigung.model.plan import MessageOutcome
from terminbenachrichtigung.model.result import RunResult, Stop
from terminbenachrichtigung.output.masking import mask_text
from terminbenachrichtigung.private_files import write_whole
from terminbenachrichtigung.run import report

PING_SECONDS = 3
"""The total deadline of one ping, with the look-up of the host's name. A run sends two."""


class Watch:
    """Monitors one run: a context manager around the run, which tells it the result."""

    def __init__(
        self,
        settings: MonitoringSettings,
        clock: Clock,
        last_complete_run: Callable[[], datetime | None],
        proxy: Proxy | None = None,
    ) -> None:
        """Nothing is called before the context is entered.

        Args:
            settings: the section `[monitoring]`.
            clock: tells the time.
            last_complete_run: asks the journal; raises JournalError where it is out of reach.
            proxy: through which the pings go.
        """
        self.troubles: tuple[str, ...] = ()
        """What went wrong with pings and metrics; complete when the context is left."""
        self._url = settings.ping_url.get_secret_value()
        self._textfile = settings.textfile
        self._clock = clock
        self._last_complete_run = last_complete_run
        self._proxy = proxy
        self._result: RunResult | None = None

    def __enter__(self) -> Self:
        self._began = self._clock.monotonic()
        self._start = threading.Thread(target=self._ping, args=("/start", ""), daemon=True)
        if self._url:
            try:
                self._start.start()
            except RuntimeError:  # the system allows no further thread
                self._ping("/start", "")
        return self

    def ended(self, result: RunResult) -> None:
        """The run came to its end, whatever became of its messages."""
        self._result = result

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        seconds = self._clock.monotonic() - self._began
        # An error after the end, such as a full disk under the log, does not undo the run.
        if self._result is not None:
            # Only one error can follow the result: the report could not be written.
            exit_code = report.exit_code(self._result) if error is None else 1
            words = report.summary(self._result)
        else:
            known = isinstance(error, TerminbenachrichtigungError)
            exit_code, words = 3, mask_text(str(error)) if known else type(error).__name__
        if self._textfile:
            self._write(exit_code, seconds, error)
        if self._url:
            if self._start.is_alive():
                self._start.join(PING_SECONDS)  # a start that arrives after the end would look like a new run
            self._ping("/fail" if exit_code == 3 else "", words)

    # -------------------------------------------------------------- ping

    def _ping(self, suffix: str, body: str) -> None:
        # Imported here: it costs 50 ms, which a run without monitoring need not pay.
        from terminbenachrichtigung.delivery.http import once  # noqa: PLC0415

        parts = urlsplit(self._url)
        url = urlunsplit(parts._replace(path=parts.path.rstrip("/") + suffix))
        request = Request("", "POST", {"Content-Type": "text/plain"}, body.encode("utf-8"))
        try:
            answer = once(url, request, seconds=PING_SECONDS, proxy=self._proxy)
        except Exception as error:  # whatever happens to a ping, the run has ended as it has
            self._note(f"{parts.hostname}: {type(error).__name__}")
            return
        if not isinstance(answer, Answer):
            self._note(answer.detail)
        elif not 200 <= answer.status < 300:
            self._note(f"{parts.hostname}: HTTP {answer.status}")

    def _note(self, trouble: str) -> None:
        # The host alone: the rest of the address is a secret.
        self.troubles += (f"monitoring.ping_url could not be called: {trouble}",)

    # -------------------------------------------------------------- metrics

    def _write(self, exit_code: int, seconds: float, error: BaseException | None) -> None:
        lines = "".join(self._metrics(exit_code, seconds, error))
        try:
            # node_exporter is another user and must be able to read it; nothing in it is private.
            write_whole(Path(self._textfile), lines, mode=0o644)
        except OSError as problem:
            self.troubles += (f"monitoring.textfile could not be written: {problem.strerror}",)

    def _metrics(self, exit_code: int, seconds: float, error: BaseException | None) -> Iterator[str]:
        yield _gauge("last_run_timestamp_seconds", "When the last run ended.", self._clock.now().timestamp())
        yield _gauge("last_run_duration_seconds", "How long the last run took.", round(seconds, 3))
        yield _gauge("last_run_exit_code", "0: done, 1: needs a person, 3: could not run.", exit_code)
        last, reachable = self._journal(error)
        yield _gauge("journal_reachable", "Whether the journal could be read and written.", int(reachable))
        if last is not None:
            moment = last.timestamp()
            yield _gauge("last_complete_run_timestamp_seconds", "When the last complete run began.", moment)
        if self._result is None:
            return
        result = self._result
        ended = Counter(message.outcome for message in result.messages)
        by_outcome = {f'{{outcome="{each}"}}': ended[each] for each in MessageOutcome}
        yield _gauges("last_run_messages", "Messages of the last run.", by_outcome)
        skipped = report.skipped_by_reason(result).items()
        by_reason = {f'{{reason="{reason}"}}': count for reason, count in skipped}
        yield _gauges("last_run_skipped", "Appointments that the last run skipped.", by_reason)
        yield _gauge("last_run_bad_rows", "Rows that could not be read.", len(result.bad_rows))
        yield _gauge("last_run_news", "What newly needs a person.", len(result.news))
        if result.on_staff_list is not None:
            meaning = "Customers whom a person must call or write."
            yield _gauge("staff_list_customers", meaning, result.on_staff_list)

    def _journal(self, error: BaseException | None) -> tuple[datetime | None, bool]:
        gone = self._result is not None and self._result.stop is Stop.JOURNAL
        if gone or isinstance(error, JournalError):
            return None, False  # asking again could take as long as the run has waited already
        try:
            return self._last_complete_run(), True
        except JournalError:
            return None, False


def _gauge(name: str, meaning: str, value: float) -> str:
    return _gauges(name, meaning, {"": value})


def _gauges(name: str, meaning: str, values: Mapping[str, float]) -> str:
    """A metric with a value for each of its labels."""
    full = f"terminbenachrichtigung_{name}"
    lines = (f"{full}{label} {value}\n" for label, value in values.items())
    return f"# HELP {full} {meaning}\n# TYPE {full} gauge\n" + "".join(lines)
