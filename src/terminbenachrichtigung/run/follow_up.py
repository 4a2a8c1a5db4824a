"""Asks the gateway what became of SMS whose end was open when their run ended.

There are two questions. Messages that got no answer are looked up by their label, and delivery reports are
fetched by date. Any number of runs may ask again at any time, and each answer is noted once. So a run that is
killed between asking and noting loses nothing. A message that the gateway does not find is not sent again.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain

from terminbenachrichtigung.contact.phone import number_key, number_keys
from terminbenachrichtigung.delivery.channel import Account
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.delivery import DeliveryReport, LaterWord, OpenMessage, Unavailable, Unknown
from terminbenachrichtigung.model.journal import CORRECTIONS, Known, Notification, State
from terminbenachrichtigung.model.plan import Channel, Reason, Skip
from terminbenachrichtigung.model.result import RunResult, Stranded, Update
from terminbenachrichtigung.rules.people import names
from terminbenachrichtigung.rules.verdicts import RULE
from terminbenachrichtigung.run.context import RunContext, may_ask_for_a_while
from terminbenachrichtigung.run.surprise import or_unknown

JOBS_FOR = timedelta(days=7)
"""How long after its run the gateway is asked for a message that got no answer."""
REPORTS_FOR = timedelta(hours=72)
"""How long a delivery report is waited for. Networks try to deliver for a day or two."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def follow_up(context: RunContext, now: datetime) -> tuple[tuple[Update, ...], tuple[str, ...]]:
    """Asks what became of earlier SMS, and notes it; returns what became known, and warnings.

    Nothing is asked where nothing is open.

    Raises:
        JournalError: the journal cannot be read or written.
    """
    if context.account is None or context.settings.sms is None:
        return (), ()
    journal, may_ask = context.writable, may_ask_for_a_while(context)
    unanswered = journal.unanswered(Channel.SMS, now - JOBS_FOR)
    awaited = journal.awaited(Channel.SMS, now - REPORTS_FOR) if context.settings.sms.delivery_reports else []
    if not unanswered and not awaited:
        return (), ()
    gateway = or_unknown(context.account)
    if isinstance(gateway, Unknown):
        return (), (_not_asked(gateway.detail),)
    later_words, troubles = _of_jobs(gateway, unanswered, may_ask)
    updates = journal.follow(later_words)
    if awaited:
        found, why = _reports(gateway, awaited, may_ask)
        of_jobs = journal.messages_of_jobs({each.job_id for each in found if each.job_id}, now - REPORTS_FOR)
        told, unheard = read_reports(found, of_jobs.get)
        updates += journal.follow(told)
        troubles += [*why, *unheard]
    return updates, tuple(dict.fromkeys(troubles))


def stranded(known: Known, result: RunResult) -> tuple[Stranded, ...]:
    """Appointments whose SMS did not arrive and that no run tells any more: no channel or time is left."""
    told = {row.appointment_id for each in result.messages for row in each.message.appointments}
    in_vain = _told_in_vain(known)
    return tuple(
        Stranded(skip.appointment, skip.reminder)
        for skip in result.skips
        if skip.reason in RULE
        and (RULE[skip.reason].strands or _is_correction_without_a_way(skip))
        and skip.appointment.appointment_id not in told
        and _ended_undelivered(known, skip, in_vain)
    )


def _is_correction_without_a_way(skip: Skip) -> bool:
    return skip.reminder in CORRECTIONS and skip.reason is Reason.NO_CONTACT


def _ended_undelivered(known: Known, skip: Skip, in_vain: Sequence[Notification]) -> bool:
    if skip.reason is Reason.ALREADY_NOTIFIED and skip.detail != State.UNDELIVERED:
        return False  # another run told the customer since the journal was asked
    row, key = skip.appointment, known.name_key
    own = known.notifications.get(row.appointment_id, ())
    about = [each for each in own if names(each, row, key) and each.state is not State.RELEASED]
    about = about or [each for each in in_vain if _is_of_row_before(each, row, key)]
    if not about or about[-1].state is not State.UNDELIVERED:
        return False
    # A correction that took a reminder's place is one message under two names. Only the reminder is named.
    called = {each.reminder for each in about if each.message_id == about[-1].message_id}
    return skip.reminder in (called - set(CORRECTIONS) or called)


def _told_in_vain(known: Known) -> list[Notification]:
    """All that the journal has of the starts about which an SMS did not arrive, oldest first."""
    found = [*chain(*known.notifications.values()), *known.told_beside]
    starts = {each.starts_at for each in found if each.state is State.UNDELIVERED}
    about = (each for each in found if each.starts_at in starts and each.state is not State.RELEASED)
    return sorted(about, key=lambda each: each.run_now)


def _is_of_row_before(told: Notification, row: Appointment, key: bytes) -> bool:
    """Whether the customer was to be told of this start under another id: the row was made anew since."""
    if not names(told, row, key):
        return False
    recipient = told.route.recipient if told.route is not None else ""
    same_number = number_key(recipient) in number_keys(row.mobile, row.phone)
    return told.customer_id == row.customer_id or same_number


def _of_jobs(
    account: Account, unanswered: Iterable[OpenMessage], may_ask: Callable[[], bool]
) -> tuple[list[LaterWord], list[str]]:
    found: list[LaterWord] = []
    for message in unanswered:
        if not may_ask():
            break
        match or_unknown(partial(account.find, message)):
            case Unavailable(detail=detail) | Unknown(detail=detail):
                return found, [_not_asked(detail)]
            case (first, *_):
                detail = f"found as JobId {first}"
                found.append(LaterWord(message.message_id, Channel.SMS, State.SENT, detail, job_id=first))
            case _:
                pass
    return found, []


def _reports(
    account: Account, awaited: Sequence[OpenMessage], may_ask: Callable[[], bool]
) -> tuple[list[DeliveryReport], list[str]]:
    """All delivery reports, page by page, and why there are not more."""
    found: list[DeliveryReport] = []
    pages = _pages(account, awaited)
    while may_ask() and (page := or_unknown(lambda: next(pages, None))) is not None:
        if isinstance(page, Unavailable | Unknown):
            return found, [_not_asked(page.detail)]
        found += page
    return found, []


def _pages(
    account: Account, awaited: Sequence[OpenMessage]
) -> Iterator[tuple[DeliveryReport, ...] | Unavailable | Unknown]:
    # A generator: the adapter is called, and can fail, only when the first page is asked for.
    yield from account.reports(awaited)


def _not_asked(detail: str) -> str:
    return f"the gateway could not be asked what became of earlier SMS: {detail}"


def read_reports(
    reports: Iterable[DeliveryReport], message_of_job: Callable[[str], str | None]
) -> tuple[list[LaterWord], list[str]]:
    """What is to be noted about each message, and warnings about unknown words.

    A report belongs to the message that its label names, otherwise to the message of its job and number.
    Reports about SMS of other software on the same account belong to none. For each part of a long SMS the
    latest final word counts. One part that did not arrive makes the whole SMS undelivered. A report that
    names no part may be about any of them: no later word takes its place.
    """
    by_message: dict[str, list[DeliveryReport]] = defaultdict(list)
    for report in reports:
        message_id = report.label if _is_ours(report.label) else None
        if message_id is None and report.recipient:
            message_id = message_of_job(report.job_id)
        if message_id is not None:
            by_message[message_id].append(report)
    later_words = [told for each in by_message.items() if (told := _later_word(*each)) is not None]
    words = Counter(report.word for of_one in by_message.values() for report in of_one if report.unheard)
    return later_words, [
        f'the gateway reports "{word}" of {times} SMS: a word that is not known, and changes nothing'
        for word, times in sorted(words.items())
    ]


def _later_word(message_id: str, reports: Sequence[DeliveryReport]) -> LaterWord | None:
    in_order = sorted(reports, key=lambda each: (each.at or _LONG_AGO, each.number))
    final = {
        each.part or place: each for place, each in enumerate(in_order) if each.state is not None
    }.values()
    # False sorts before True: one part that did not arrive decides.
    chosen = min(final, key=lambda each: each.state is not State.UNDELIVERED, default=None)
    if chosen is None:
        chosen = next((each for each in reversed(in_order) if each.unheard), None)
    if chosen is None:
        return None
    detail = f"report: {chosen.word}" + (f" ({chosen.note})" if chosen.note else "")
    return LaterWord(message_id, Channel.SMS, chosen.state, detail, chosen.recipient)


def _is_ours(label: str) -> bool:
    """Whether a label looks like one of the journal's ids; whether it is one, the journal finds out."""
    try:
        return str(uuid.UUID(label)) == label
    except ValueError:
        return False
