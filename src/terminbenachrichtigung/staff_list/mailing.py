"""The staff list by e-mail: after a run, once a day for each list and recipient, if anybody is on it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.errors import TerminbenachrichtigungError
from terminbenachrichtigung.model.delivery import Rejected, Sent, Unavailable, Unknown
from terminbenachrichtigung.model.result import RunResult, Stop
from terminbenachrichtigung.run.context import RunContext
from terminbenachrichtigung.staff_list import page
from terminbenachrichtigung.staff_list.cases import staff
from terminbenachrichtigung.staff_list.entries import StaffEntry

_List = tuple[str, str]
"""A branch's code, or nothing for everybody's list; and the address that gets it."""


def after_run(context: RunContext, result: RunResult) -> tuple[RunResult, int | None]:
    """Mail the staff list if it is time; `result` with what went wrong, and how many customers are on it.

    Quiet periods are the customers': staff get their list in them as well. Whatever happens here, the run
    itself is over: trouble is a warning, and exit code 1. After a run that was stopped or braked nothing is
    sent, because the list would be as doubtful as the plan. None if the list was not asked for.
    """
    if result.stop not in (None, Stop.QUIET):
        return result, None
    try:
        moment = context.clock.now()
        due = _due(context, moment)
        if not due and not context.settings.monitoring.textfile:
            return result, None
        entries = staff(context)
        troubles = tuple(_mail(context, entries, due, moment))
    except TerminbenachrichtigungError as error:
        return _with(result, (f"the staff list could not be made or sent: {error}",)), None
    return _with(result, troubles), len(entries)


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
    if not lists or context.journal is None:
        return []
    mailed = context.journal.staff_mailed(local.date())
    return [each for each in lists if each not in mailed]


def _mail(
    context: RunContext, entries: Sequence[StaffEntry], due: Sequence[_List], moment: datetime
) -> Iterator[str]:
    """Claim, send, settle each; yields what went wrong."""
    settings, journal = context.settings, context.journal
    for branch_code, recipient in due:
        theirs = page.of_branch(entries, branch_code) if branch_code else entries
        if not theirs:
            continue
        if context.stopping() is not None:
            return
        assert journal is not None
        assert context.mailer is not None  # the configuration was checked for [email]
        claim = journal.claim_staff_mail(moment.astimezone(settings.zone).date(), branch_code, recipient)
        if claim is None:
            continue
        content = page.as_mail(
            theirs, recipient, now=moment, zone=settings.zone, language=settings.default_language
        )
        match outcome := context.mailer().send_to_staff(claim, content):
            case Sent():
                journal.settle_staff_mail(claim, sent=True)
            case Unknown():
                journal.settle_staff_mail(claim, sent=False)
                yield (
                    f"the staff list may not have reached {recipient}, and is not sent again today: "
                    f"{outcome.detail}"
                )
            case Rejected() | Unavailable():
                journal.release_staff_mail(claim)
                yield (
                    f"the staff list was not sent to {recipient}; the next run tries again: {outcome.detail}"
                )
                if isinstance(outcome, Unavailable) and not outcome.recipient_only:
                    return  # the mail server's own trouble: each further recipient could take as long
            case _:
                assert_never(outcome)


def _with(result: RunResult, troubles: tuple[str, ...]) -> RunResult:
    return replace(result, warnings=(*result.warnings, *troubles), news=(*result.news, *troubles))
