"""What customers answered since: fetched from the gateway, matched, and kept.

It may be asked again at any time, by any number of runs, and each reply is noted once: a run that is killed
between the asking and the noting loses nothing, and one that is killed between the noting and its report
leaves the news to the next.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from terminbenachrichtigung import rules
from terminbenachrichtigung.delivery.channel import Account, Trouble
from terminbenachrichtigung.journal.journal import Journal
from terminbenachrichtigung.model.delivery import Unavailable, Unknown
from terminbenachrichtigung.model.reply import NewReply, Reply, ReplyNote
from terminbenachrichtigung.run.surprise import or_unknown

_AHEAD = timedelta(days=1)
"""What is dated further ahead than this is left to a run whose clock is right."""


@dataclass(frozen=True, slots=True)
class FetchedReplies:
    """What no report has named yet, and what went wrong."""

    notes: tuple[ReplyNote, ...] = ()
    warnings: tuple[str, ...] = ()


def fetch_replies(
    journal: Journal,
    account: Callable[[], Account],
    now: datetime,
    *,
    may_ask: Callable[[], bool],
) -> FetchedReplies:
    """Fetches what customers answered, and notes it.

    Args:
        journal: says what is known, and keeps what is new.
        account: gives the gateway.
        now: the run's moment.
        may_ask: asked before each question; False once the run's own work must begin.

    Raises:
        JournalError: the journal cannot be read or written.
    """
    warnings: tuple[str, ...] = ()
    gateway = or_unknown(account)
    if isinstance(gateway, Unknown):
        warnings = (_not_asked(gateway.detail),)
    else:
        pages = _pages(gateway, journal.replies_since(now))
        while may_ask():
            page = or_unknown(lambda: next(pages, None))
            if page is None:
                journal.replies_fetched(now)
                break
            if isinstance(page, Unavailable | Unknown):
                warnings = (_not_asked(page.detail),)
                break
            _note(journal, page, now)
    return FetchedReplies(tuple(rules.reply_notes(journal.untold_replies())), warnings)


def _pages(gateway: Account, since: datetime) -> Iterator[tuple[Reply, ...] | Trouble]:
    # A generator, so that nothing of the adapter is called, and can fail, before the first page is asked for.
    yield from gateway.replies(since)


def _note(journal: Journal, page: Sequence[Reply], now: datetime) -> None:
    by_id = {each.reply_id: each for each in page if each.received_at <= now + _AHEAD}
    known = journal.known_replies(by_id) if by_id else frozenset()
    fresh = [reply for reply_id, reply in by_id.items() if reply_id not in known]
    if fresh:
        journal.note_replies(_matched(journal, fresh), now)


def _matched(journal: Journal, fresh: Sequence[Reply]) -> list[NewReply]:
    by_job = journal.sms_of_jobs({each.job_id for each in fresh if each.job_id})
    to_numbers = journal.sms_to({each.sender for each in fresh if not each.job_id})
    return [rules.read_reply(each, by_job, to_numbers) for each in fresh]


def _not_asked(detail: str) -> str:
    return f"the gateway could not be asked what customers answered: {detail}"
