"""What people read for every reason, outcome and stop: one sentence, with the remedy where there is one."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import assert_never

from terminbenachrichtigung.model.appointment import Appointment, BadRow
from terminbenachrichtigung.model.delivery import Attempt, Sent
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, Reason, Skip
from terminbenachrichtigung.model.reply import ReplyKind, ReplyNote
from terminbenachrichtigung.model.result import (
    Credits,
    HeldCorrections,
    MessageResult,
    Mode,
    RunResult,
    Stop,
    Stranded,
    Untold,
    Update,
)
from terminbenachrichtigung.output.masking import contact_data, mask_recipient, mask_text, private_data

REASONS: Mapping[Reason, str] = {
    Reason.NO_CUSTOMER: "the appointment has no customer",
    Reason.GROUP_APPOINTMENT: "it is a group appointment",
    Reason.TYPE_NOT_ALLOWED: "its type does not allow automatic notifications "
    "(AMPAREX: Erlaubt für automatische Benachrichtigungen des Kunden)",
    Reason.STATUS_EXCLUDED: "its status is one of rules.excluded_statuses",
    Reason.BRANCH_EXCLUDED: "rules.include_branches or rules.exclude_branches leave its branch out",
    Reason.NOT_FOR_THIS_REMINDER: "types or branches of this reminder leave it out",
    Reason.ALREADY_NOTIFIED: "the journal already has this reminder for this customer and start",
    Reason.IN_PROGRESS: "another run is writing to this customer at this moment",
    Reason.MISSED: "nobody told the customer, and no run will any more; "
    "a person must: terminbenachrichtigung staff-list",
    Reason.PAST: "it has started",
    Reason.SAME_DAY: "it starts later today, and rules.same_day is false",
    Reason.NOT_YET_DUE: "it is not due yet; a later run notifies it",
    Reason.HELD: "the newest import no longer has it, or contradicts it; the next one settles that",
    Reason.BOOKED_RECENTLY: "it was booked less than rules.hours_after_booking hours ago; "
    "a later run notifies it",
    Reason.OPTED_OUT: "the customer wants no notifications",
    Reason.NO_CONSENT: "the customer has not consented to reminders, and rules.require_consent is true; "
    "record the consent in the schedule",
    Reason.MANUAL_CONTACT: "the customer wants a letter or a call; "
    "a person must see to it: terminbenachrichtigung staff-list",
    Reason.NO_CONTACT: "no channel of this reminder reaches the customer; "
    "correct the number or the address in the schedule, or call: terminbenachrichtigung staff-list",
    Reason.CONFIRMED: "the customer has confirmed this start by reply, and unless_confirmed is true",
    Reason.SUPERSEDED: "a reminder closer to the appointment, or a correction, takes this one's place",
    Reason.RECENTLY_NOTIFIED: "the customer was written to or called less than rules.hours_between_messages "
    "hours ago; a later run notifies it",
    Reason.HELD_BACK: "safety.only_recipients does not name its recipient; "
    "empty that list to write to everybody",
    Reason.CHANGED: "it was cancelled, moved or reassigned while the run was under way, "
    "and is not due any more",
}

OUTCOMES: Mapping[MessageOutcome, str] = {
    MessageOutcome.SENT: "the gateway or the mail server took it",
    MessageOutcome.FAILED: "refused for good on every channel; "
    "correct the number or the address, or call: terminbenachrichtigung staff-list",
    MessageOutcome.UNKNOWN: "it may have been sent, so it is not sent again; "
    "ask the gateway or the customer, "
    "then: terminbenachrichtigung history resolve MESSAGE_ID --sent (or --not-sent)",
    MessageOutcome.RETRY: "surely not sent; the next run tries again",
    MessageOutcome.DEFERRED: "not tried in this run; the next one takes it up if it is still due",
}


UPDATES: Mapping[State, str] = {
    State.SENT: "the gateway has it after all",
    State.DELIVERED: "it arrived",
    State.UNDELIVERED: "it did not arrive; the next channel takes its place while there is time",
    State.UNKNOWN: "its SMS did not arrive, and its e-mail may or may not have; ask the customer, "
    "then: terminbenachrichtigung history resolve MESSAGE_ID --sent (or --not-sent)",
}


REPLIES: Mapping[ReplyKind, str] = {
    ReplyKind.CONFIRMED: "the customer will come",
    ReplyKind.WANTS_TO_CANCEL: "the customer will not come, and nothing is cancelled by itself; "
    "a person must see to it: terminbenachrichtigung staff-list",
    ReplyKind.REPLY: "a person must read the answer: terminbenachrichtigung staff-list",
    ReplyKind.OPTED_OUT: "nobody writes to this number any more; see: terminbenachrichtigung opt-out list",
    ReplyKind.NOTED: "nothing follows from it",
}
"""What follows from a customer's answer. Its words are shown only where a person asks for them."""


def credits_sentence(found: Credits) -> str:
    """Say that the account of the SMS runs low."""
    unit = found.currency or "credits"
    return f"the SMS account has {found.left} {unit} left, below sms.credits_warn_below; top it up"


def held_corrections_sentence(held: HeldCorrections) -> str:
    """Say why a run corrected nobody, and what to do."""
    return (
        f"{held.planned} of {held.told} appointments that customers were told of are off or have moved: "
        "too many to correct without asking, so no correction is sent. Is the schedule right? "
        "If so: terminbenachrichtigung run-once --allow-corrections"
    )


def stop_sentence(result: RunResult) -> str:
    """Say what cut the run short, and what to do; empty if nothing did."""
    because = f" ({result.stop_detail})" if result.stop_detail else ""
    match result.stop:
        case None:
            return ""
        case Stop.SIGNAL:
            return f"a stop signal ended the run early{because}; the next run does the rest"
        case Stop.MAX_RUN_MINUTES:
            return (
                f"max_run_minutes was over before the work was done{because}; the next run does the rest. "
                "If that happens often: raise max_run_minutes or sms.concurrency"
            )
        case Stop.QUIET:
            return f"a quiet period began during the run{because}; the first run after it does the rest"
        case Stop.BRAKE:
            assert result.brake is not None
            planned, brake = len(result.messages), result.brake
            dry = result.mode is Mode.DRY_RUN
            nothing = "run-once would send nothing" if dry else "nothing was sent"
            return (
                f"the plan has {planned} messages, above {brake.setting} = {brake.limit}; {nothing}. "
                f"If that is right: terminbenachrichtigung run-once --max-messages {planned}"
            )
        case Stop.JOURNAL:
            return (
                f"the journal could not be written any more{because}, so nothing more was sent; "
                "see to its database, then run again"
            )
        case Stop.CLAIM_GONE:
            return (
                f"a claim of this run is gone from the journal{because}, so nothing more was sent: an older "
                "copy was put back, or a replica took over. What this run has sent may be sent again; "
                "stop cron, compare history with the gateway's list, then: "
                "terminbenachrichtigung journal init --adopt"
            )
        case Stop.SCHEDULE:
            return (
                f"the schedule could not be read any more{because}, so nothing more was sent; "
                "see to its database, then run again"
            )
        case _:
            assert_never(result.stop)


def closed_sentence(channel: Channel, why: str) -> str:
    """Say that a channel was closed for the rest of the run, and why."""
    return f"{channel} was closed for the rest of the run: {why}"


def untold_sentence(message: Untold, *, full: bool) -> str:
    """Say what became of an earlier run's message, which that run could tell nobody."""
    route = message.route
    recipient = route.recipient if full else mask_recipient(route.channel, route.recipient)
    whom = (
        f"customer {message.customer_id} ({route.channel} {recipient}; "
        f"{_appointments(message.appointment_ids)})"
    )
    if message.state is State.FAILED:
        return f"failed, and in no report yet: {whom}: {OUTCOMES[MessageOutcome.FAILED]}"
    return (
        f"an earlier run ended while it wrote to {whom}, which may have been sent. "
        "Ask the gateway or the customer, then: "
        f"terminbenachrichtigung history resolve {message.message_id} --sent (or --not-sent)"
    )


def needs_a_person(
    fact: MessageResult | Skip | BadRow | Update | Stranded | Credits | ReplyNote, zone: tzinfo
) -> str:
    """One line of `RunResult.news`: what happened, to whom, and what to do. Recipients are masked."""
    match fact:
        case MessageResult():
            assert fact.outcome is not None, "a planned message is no news"
            who = _whom(fact.message.soonest, zone, [a.appointment_id for a in fact.message.appointments])
            detail = message_detail(fact, full=False)
            sentence = OUTCOMES[fact.outcome].replace("MESSAGE_ID", fact.message_id or "MESSAGE_ID")
            return f"{fact.outcome}: {who}: {sentence}" + (f" ({detail})" if detail else "")
        case Skip():
            who = _whom(fact.appointment, zone, [fact.appointment.appointment_id])
            detail = mask_text(fact.detail, contact_data(fact.appointment))
            return f"{fact.reason}: {who}: {REASONS[fact.reason]}" + (f" ({detail})" if detail else "")
        case Update():
            sentence = UPDATES[fact.state].replace("MESSAGE_ID", fact.message_id)
            return f"{fact.state}: {_appointments(fact.appointment_ids)}: {sentence}"
        case Stranded():
            who = _whom(fact.appointment, zone, [fact.appointment.appointment_id])
            return (
                f"undelivered: {who}: the SMS did not arrive, and no channel or time is left; "
                "a person must call or write: terminbenachrichtigung staff-list"
            )
        case Credits():
            return f"credits: {credits_sentence(fact)}"
        case ReplyNote():
            return f"{fact.kind}: {_who_answered(fact)}: {REPLIES[fact.kind]}"
        case BadRow():
            return f"bad row: {bad_row_name(fact)}: {mask_text(fact.detail)}"
        case _:
            assert_never(fact)


def message_detail(result: MessageResult, *, full: bool) -> str:
    """What happened on the way to the outcome: the attempts that did not succeed, then the reason given."""
    counted = Counter(map(_attempt, (a for a in result.attempts if not isinstance(a.outcome, Sent))))
    tried = (
        attempt if times == 1 else f"{attempt} (tried {times} times)" for attempt, times in counted.items()
    )
    detail = "; ".join(filter(None, (*tried, result.detail)))
    return detail if full else mask_text(detail, private_data(result))


def customer_name(appointment: Appointment) -> str:
    """The customer's name with the id: a name alone may belong to two people."""
    name = appointment.full_name
    if len(name) > 60:
        name = name[:59] + "…"
    number = appointment.customer_id or ""
    return f"{name} ({number})" if name and number else name or number


def bad_row_name(row: BadRow) -> str:
    """The row's id, or a word for its absence."""
    return row.appointment_id or "a row without an id"


def local_time(moment: datetime, zone: tzinfo) -> str:
    """Date and time by the practice's clock, to the minute."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def counted(number: int, noun: str) -> str:
    """`1 message`, `2 messages`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _attempt(attempt: Attempt) -> str:
    said = f": {attempt.outcome.detail}" if attempt.outcome.detail else ""
    return f"{attempt.route.channel} {attempt.outcome.word}{said}"


def _who_answered(note: ReplyNote) -> str:
    who = mask_recipient(Channel.SMS, note.sender) if note.sender else "a number that was forgotten"
    if note.customer_id is None:
        return who
    return f"customer {note.customer_id} ({who}), {_appointments(note.appointment_ids)}"


def _whom(appointment: Appointment, zone: tzinfo, ids: list[str]) -> str:
    start = local_time(appointment.starts_at, zone)
    return f"{customer_name(appointment)}, {start}, {_appointments(ids)}"


def _appointments(ids: list[str] | tuple[str, ...]) -> str:
    return f"{'appointment' if len(ids) == 1 else 'appointments'} {', '.join(ids)}"
