"""The staff list by e-mail: after a run, once a day for each list and recipient, if anybody is on it."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never

from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.errors import TerminbenachrichtigungError
from terminbenachrichtigung.model.delivery import (
    Content,
    Outcome,
    Rejected,
    Sent,
    StaffClaim,
    Unavailable,
    Unknown,
)
from terminbenachrichtigung.model.result import RunResult, Stop
from terminbenachrichtigung.run.context import RunContext
from terminbenachrichtigung.run.surprise import or_unknown
from terminbenachrichtigung.staff_list import page
from terminbenachrichtigung.staff_list.cases import staff
from terminbenachrichtigung.staff_list.entries import StaffEntry

_LOG = logging.getLogger(__name__)

_List = tuple[str, str]
"""A branch's code, or nothing for everybody's list; and the address that gets it."""


def after_run(context: RunContext, result: RunResult) -> RunResult:
    """Mail the staff list if it is time; `result` with what went wrong, and how many customers are on it.

    Staff get their list in quiet periods as well, which are for customers. The run itself is over, so trouble
    here is a warning, and exit code 1. After a run that was stopped or braked nothing is sent, because the
    list could be as wrong as the plan.
    """
    if result.stop not in (None, Stop.QUIET):
        return result
    try:
        moment = context.clock.now()
        due = _due(context, moment)
        if due or context.settings.monitoring.textfile:
            entries = staff(context)
            result = _with(result, _mail(context, entries, due, moment))
            result = replace(result, on_staff_list=len(entries))
        return _with_doubts(context, result)
    except TerminbenachrichtigungError as error:
        return _with(result, (f"the staff list could not be made or sent: {error}",))


def _with_doubts(context: RunContext, result: RunResult) -> RunResult:
    """`result` with the mails of which nobody knows whether they arrived, each told once."""
    timeout = timedelta(minutes=context.settings.journal.claim_timeout_minutes)
    doubtful = {claim.doubt: claim for claim in context.writable.doubtful_staff_mails(timeout)}
    fresh = tuple(sorted(context.writable.unreported(doubtful)))
    sentences = (
        f"the staff list of {claim.day} may not have reached {claim.recipient}, and is not sent again; "
        "look into the mailbox, or print it: terminbenachrichtigung staff-list"
        for claim in map(doubtful.__getitem__, fresh)
    )
    return replace(_with(result, sentences), facts=fresh)


def _lists(settings: Settings) -> Iterator[_List]:
    """Who is to get which list; `only_recipients` holds here too."""
    only = settings.safety.only_recipients
    branches = {code: branch.staff_recipients for code, branch in settings.branches.items()}
    for code, recipients in {"": settings.staff_list.recipients, **branches}.items():
        for recipient in dict.fromkeys(recipients):
            if not only or recipient.lower() in only:
                yield code, recipient


def _due(context: RunContext, moment: datetime) -> list[_List]:
    local = moment.astimezone(context.settings.zone)
    if local.time() < context.settings.staff_list.send_at:
        return []
    lists = list(_lists(context.settings))
    if not lists:
        return []
    mailed = context.writable.staff_mailed(local.date())
    return [each for each in lists if each not in mailed]


def _mail(
    context: RunContext, entries: Sequence[StaffEntry], due: Sequence[_List], moment: datetime
) -> Iterator[str]:
    """Claim, send, settle each; yields what went wrong."""
    settings, journal = context.settings, context.writable
    for branch_code, recipient in due:
        theirs = page.of_branch(entries, branch_code) if branch_code else entries
        if not theirs:
            continue
        if context.stopping() is not None:
            yield "the run was told to end before all had the staff list; the next run sends it to the others"
            return
        claim = journal.claim_staff_mail(moment.astimezone(settings.zone).date(), branch_code, recipient)
        if claim is None:
            continue
        content = page.as_mail(
            theirs, recipient, now=moment, zone=settings.zone, language=settings.default_language
        )
        match outcome := or_unknown(partial(_send, context, claim, content)):
            case Sent():
                journal.settle_staff_mail(claim, sent=True)
            case Unknown():
                # `_with_doubts` says so, in this run's report or in the first one that can be written.
                journal.settle_staff_mail(claim, sent=False)
                _LOG.info("a mail of the staff list has an unknown fate: %s", outcome.detail)
            case Rejected() | Unavailable():
                journal.release_staff_mail(claim)
                yield (
                    f"the staff list was not sent to {recipient}; the next run tries again: {outcome.detail}"
                )
                if isinstance(outcome, Unavailable) and not outcome.recipient_only:
                    return  # the mail server is at fault: each further recipient could take as long
            case _:
                assert_never(outcome)


def _send(context: RunContext, claim: StaffClaim, content: Content) -> Outcome:
    assert context.mailer is not None  # the configuration was checked for [email]
    return context.mailer().send_to_staff(claim, content)


def _with(result: RunResult, troubles: Iterable[str]) -> RunResult:
    troubles = tuple(troubles)
    return replace(result, warnings=(*result.warnings, *troubles), news=(*result.news, *troubles))
