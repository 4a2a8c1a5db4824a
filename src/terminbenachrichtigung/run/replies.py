"""Fetches from the gateway what customers answered, finds the message of each reply, and keeps both.

Any number of runs may ask again at any time, and each reply is noted once. So a run that is killed between
asking and noting loses nothing. One that is killed between noting and its report leaves the news to the next.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from terminbenachrichtigung.delivery.channel import Account, Trouble
from terminbenachrichtigung.journal.journal import Journal
from terminbenachrichtigung.journal.replies import FETCHED_AGAIN
from terminbenachrichtigung.model.delivery import Unavailable, Unknown
from terminbenachrichtigung.model.reply import NewReply, Reply, ReplyNote
from terminbenachrichtigung.rules.replies import notes as reply_notes
from terminbenachrichtigung.rules.replies import read_reply
from terminbenachrichtigung.run.context import RunContext, may_ask_for_a_while
from terminbenachrichtigung.run.surprise import or_unknown

_HOUR = timedelta(hours=1)
"""Gateways begin with the newest reply. Were each run to ask equally long, none would reach the rest that the
last one left; so it may ask as many times as long as hours have passed since all were fetched."""
_NOT_ALL = (
    "there was no time to fetch all that customers answered: what is missing may be a no or a stop; the next "
    "run asks anew, and longer; if this comes again, look into the gateway's own list"
)
_AHEAD = timedelta(days=1)
"""A reply that is dated further ahead is left to a later run: one of the clocks is wrong."""


def fetch_replies(context: RunContext, now: datetime) -> tuple[tuple[ReplyNote, ...], tuple[str, ...]]:
    """Fetches what customers answered, and notes it; returns what no report has named yet, and warnings.

    Raises:
        JournalError: the journal cannot be read or written.
    """
    if context.account is None or not context.settings.replies.enabled:
        return (), ()
    journal = context.writable
    warnings: tuple[str, ...] = ()
    gateway = or_unknown(context.account)
    if isinstance(gateway, Unknown):
        warnings = (_not_asked(gateway.detail),)
    else:
        since = journal.replies_since(now)
        may_ask = may_ask_for_a_while(context, times=max(1, (now - since - FETCHED_AGAIN) / _HOUR))
        pages = _pages(gateway, since)
        while may_ask():
            page = or_unknown(lambda: next(pages, None))
            if page is None:
                journal.replies_fetched(now)
                break
            if isinstance(page, Unavailable | Unknown):
                warnings = (_not_asked(page.detail),)
                break
            _note(journal, page, now)
        else:
            if context.stopping() is None:
                warnings = (_NOT_ALL,)
    return tuple(reply_notes(journal.untold_replies())), warnings


def _pages(gateway: Account, since: datetime) -> Iterator[tuple[Reply, ...] | Trouble]:
    # A generator: the adapter is called, and can fail, only when the first page is asked for.
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
    return [read_reply(each, by_job, to_numbers) for each in fresh]


def _not_asked(detail: str) -> str:
    return f"the gateway could not be asked what customers answered: {detail}"
