"""Any number of runs may overlap: threads and processes that want the same messages (contract, section 4)."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from threading import Barrier

import pytest

from journals import GAP, NOW, Journals, appointment, compete, planned
from terminbenachrichtigung.model.delivery import Claim
from terminbenachrichtigung.model.plan import PlannedMessage, Reason


def plan(size: int) -> list[PlannedMessage]:
    """Messages for as many customers, every third one with two appointments."""
    return [
        planned(*(appointment(f"{n}.{part}", customer=str(n)) for part in range(2 if n % 3 == 0 else 1)))
        for n in range(size)
    ]


def assert_each_was_told_once(journals: Journals, messages: Sequence[PlannedMessage], got: list[str]) -> None:
    assert sorted(got) == sorted(message.soonest.appointment_id for message in messages)
    told = Counter(row[0] for row in journals.rows("SELECT appointment_id FROM journal_notifications"))
    assert told == Counter(row.appointment_id for message in messages for row in message.appointments)
    size = len(messages)
    assert journals.rows("SELECT state, count(*) FROM journal_messages GROUP BY 1") == [("sent", size)]
    assert journals.rows("SELECT outcome, count(*) FROM journal_attempts GROUP BY 1") == [("sent", size)]
    assert journals.rows("SELECT DISTINCT generation FROM journal_notifications") == [(1,)]


def test_runs_in_many_threads_claim_each_message_once(journals: Journals) -> None:
    messages = plan(200)
    with ThreadPoolExecutor(6) as threads:
        runs = [threads.submit(compete, journals.url, seed, messages) for seed in range(6)]
        got = [one for run in runs for one in run.result()]
    assert_each_was_told_once(journals, messages, got)


def test_runs_in_several_processes_claim_each_message_once(journals: Journals) -> None:
    messages = plan(200)
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as processes:
        runs = [processes.submit(compete, journals.url, seed, messages) for seed in range(3)]
        got = [one for run in runs for one in run.result()]
    assert_each_was_told_once(journals, messages, got)


@pytest.mark.parametrize(
    "bundles",
    [
        pytest.param([("1", "2"), ("2", "3"), ("3", "2", "1")], id="crossing bundles"),
        # Nothing in common but the customer: only the lock keeps two messages at once from one person.
        pytest.param([("1",), ("2",), ("3",)], id="one each"),
    ],
)
@pytest.mark.parametrize("gap_waived", [False, pytest.param(True, marks=pytest.mark.full)])
def test_of_runs_that_write_to_one_customer_at_once_one_does(
    journals: Journals, gap_waived: bool, bundles: Sequence[Sequence[str]]
) -> None:
    for round_number in range(20):
        runs = [journals.run() for _ in bundles]
        start = Barrier(len(bundles))

        def claim(index: int, number: int = round_number, start: Barrier = start) -> object:
            rows = [appointment(f"{number}.{part}", customer=str(number)) for part in bundles[index]]
            start.wait()
            return runs[index].claim(planned(*rows, gap_waived=gap_waived), now=NOW, gap=GAP)  # noqa: B023

        with ThreadPoolExecutor(len(bundles)) as threads:
            answers = list(threads.map(claim, range(len(bundles))))
        assert sum(isinstance(answer, Claim) for answer in answers) == 1, answers
    told = journals.rows("SELECT appointment_id, count(*) FROM journal_notifications GROUP BY 1")
    assert {count for _, count in told} == {1}


def test_an_appointment_between_two_customers_is_told_to_one_of_them(journals: Journals) -> None:
    # Two runs read it before and after it was reassigned, so they lock two different customers.
    lost = []
    for n in range(20):
        runs = [journals.run(), journals.run()]
        start = Barrier(2)

        def claim(index: int, n: int = n, start: Barrier = start) -> object:
            rows = [appointment(f"{n}.{part}", customer=f"{n} {index}") for part in ("1", "2")]
            start.wait()
            # The other way round, so that on Postgres each waits for the other's row: a deadlock at worst.
            return runs[index].claim(planned(*rows[:: 1 if index else -1]), now=NOW, gap=GAP)  # noqa: B023

        with ThreadPoolExecutor(2) as threads:
            answers = list(threads.map(claim, range(2)))
        assert sum(isinstance(answer, Claim) for answer in answers) == 1, answers
        lost += [answer for answer in answers if not isinstance(answer, Claim)]
    assert {getattr(answer, "reason", None) for answer in lost} == {Reason.IN_PROGRESS}
