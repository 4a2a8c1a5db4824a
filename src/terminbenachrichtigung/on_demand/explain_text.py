"""What `explain` shows of one appointment. A person asked, so nothing is masked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from terminbenachrichtigung.config.settings import Reminder
from terminbenachrichtigung.model.appointment import Appointment, BadRow
from terminbenachrichtigung.model.journal import (
    CONFIRMATION,
    JournalMessage,
    JournalReply,
    Notification,
    State,
)
from terminbenachrichtigung.model.plan import Verdict
from terminbenachrichtigung.model.reply import Answer
from terminbenachrichtigung.model.result import HeldCorrections, MessageResult
from terminbenachrichtigung.on_demand.history import history_rows
from terminbenachrichtigung.output.json import picked
from terminbenachrichtigung.output.tables import Row, Table
from terminbenachrichtigung.output.wording import (
    REASONS,
    bad_row_name,
    customer_name,
    held_corrections_sentence,
    local_time,
)
from terminbenachrichtigung.rules.forecast import RUN_MINUTE
from terminbenachrichtigung.run.report import message_json
from terminbenachrichtigung.safe_text import printable


@dataclass(frozen=True, slots=True)
class Address:
    """One thing typed into a contact field: what it was read as, or why it was refused."""

    field: str  # mobile, phone or email
    typed: str
    recipient: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class ReminderExplained:
    """What one reminder makes of the appointment."""

    reminder: Reminder
    window_opens: datetime
    verdicts: tuple[Verdict, ...]  # every rule's, in their order
    planned: bool  # a run at that moment puts it into a message
    refusal: Verdict | None  # else: the rule that decides
    first_run: datetime | None  # the first hourly run that notifies it
    first_run_refusal: Verdict | None  # without one: why; None: no run comes in its window
    message: MessageResult | None  # planned, of the first run, or else as it would read
    message_problem: str = ""  # why there is no text


@dataclass(frozen=True, slots=True)
class ConfirmationExplained:
    """What the confirmation of bookings makes of the appointment."""

    verdicts: tuple[Verdict, ...]  # of the rules that it knows, in their order
    refusal: Verdict | None  # the first of them that skips
    too_old: str  # why the booking counts as made before confirmations were switched on; empty if it does not


@dataclass(frozen=True, slots=True)
class CorrectionExplained:
    """What is said of an appointment that is not as its customer was told."""

    name: str  # whether it is off or has moved
    told: datetime  # the start that the customer was told
    refusal: Verdict | None  # why a run does not tell it; not_yet_due: the next one does, if it is so still
    message: MessageResult | None  # as a run would send it
    held: HeldCorrections | None = None  # there are so many that runs hold them all

    @property
    def detail(self) -> str | None:
        """Why a run does not tell it; None if it does."""
        if self.held is not None:
            return held_corrections_sentence(self.held)
        return None if self.refusal is None else self.refusal.detail


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about one appointment, by the schedule, the rules and the journal."""

    at: datetime
    next_open: datetime | None  # in a quiet period: when it ends; the rules are asked then
    appointment_id: str
    appointment: Appointment | None  # None: it is not in the schedule, or only as a bad row
    bad_rows: tuple[BadRow, ...]
    warnings: tuple[str, ...]
    last_chance: datetime | None
    addresses: tuple[Address, ...]
    reminders: tuple[ReminderExplained, ...]
    confirmation: ConfirmationExplained | None  # None: they are switched off
    correction: CorrectionExplained | None  # None: there is nothing to correct, or they are switched off
    notifications: tuple[Notification, ...]
    messages: tuple[JournalMessage, ...]
    replies: tuple[JournalReply, ...]  # what was answered about the present person and start, oldest first
    has_journal: bool

    @property
    def asked_at(self) -> datetime:
        """The moment at which the rules are asked: in a quiet period, its end."""
        return self.next_open or self.at


# ---------------------------------------------------------------- JSON


def explanation_as_json(explained: Explanation) -> dict[str, object]:
    """The document of `explain --json`."""
    return {
        "command": "explain",
        "at": explained.at,
        "quiet": explained.next_open is not None,
        "next_open": explained.next_open,
        "appointment_id": explained.appointment_id,
        "appointment": explained.appointment and appointment_json(explained.appointment),
        **picked(explained, "bad_rows", "warnings", "last_chance", "addresses"),
        "reminders": [_reminder_json(each) for each in explained.reminders],
        "confirmation": explained.confirmation and _confirmation_json(explained.confirmation),
        "correction": explained.correction and _correction_json(explained.correction),
        "notifications": [
            picked(each, "reminder", "generation", "state", "customer_id", "starts_at", "message_id")
            for each in explained.notifications
        ],
        "messages": explained.messages,
        "replies": [reply_json(reply) for reply in explained.replies],
    }


def _reminder_json(each: ReminderExplained) -> dict[str, object]:
    return {
        "reminder": each.reminder.name,
        **picked(each.reminder, "hours_before", "days_before", "at"),
        "window_opens": each.window_opens,
        "notified_now": each.planned,
        "reason": each.refusal and each.refusal.reason,
        "detail": each.refusal and each.refusal.detail,
        "first_run": each.first_run,
        "no_run_because": each.first_run_refusal and each.first_run_refusal.reason,
        "verdicts": _verdicts_json(each.verdicts),
        "message": each.message and message_json(each.message, full=True, dry=True),
        "message_problem": each.message_problem or None,
    }


def _confirmation_json(confirmation: ConfirmationExplained) -> dict[str, object]:
    return {
        "confirmed_now": not confirmation.too_old and confirmation.refusal is None,
        "too_old": confirmation.too_old or None,
        "reason": confirmation.refusal and confirmation.refusal.reason,
        "verdicts": _verdicts_json(confirmation.verdicts),
    }


def _correction_json(correction: CorrectionExplained) -> dict[str, object]:
    return {
        **picked(correction, "name", "told"),
        "corrected_now": correction.refusal is None and correction.held is None,
        "reason": correction.refusal and correction.refusal.reason,
        "detail": correction.detail,
        "message": correction.message and message_json(correction.message, full=True, dry=True),
    }


def _verdicts_json(verdicts: Sequence[Verdict]) -> list[dict[str, object]]:
    return [{"rule": verdict.reason, **picked(verdict, "skips", "detail")} for verdict in verdicts]


def reply_json(reply: JournalReply) -> dict[str, object]:
    """What a customer answered, for a person who looks for it."""
    return picked(reply, "reply_id", "message_id", "received_at", "answer", "text")


def appointment_json(row: Appointment) -> dict[str, object]:
    """What the schedule says of an appointment, for a person who looks for it."""
    return {
        **picked(row, "appointment_id", "starts_at", "customer_id"),
        "name": row.full_name,
        **picked(row, "branch_code", "type_name", "status", "mobile", "phone", "email", "preferred_channel"),
    }


# ---------------------------------------------------------------- text


def explanation_as_text(explained: Explanation, zone: tzinfo) -> Iterator[str | Table]:
    """For people: the answer for each reminder first, then what it follows from."""
    yield from _opening(explained, zone)
    yield from _body(explained, zone)


def _opening(explained: Explanation, zone: tzinfo) -> Iterator[str | Table]:
    heading = f"explain, {local_time(explained.at, zone)}"
    if explained.next_open is not None:
        until = local_time(explained.next_open, zone)
        heading += f": quiet period until {until}; the rules are asked as the first run after it does"
    yield heading
    yield from (f"bad row: {bad_row_name(bad)}: {bad.detail}" for bad in explained.bad_rows)
    yield from (f"warning: {warning}" for warning in explained.warnings)
    row = explained.appointment
    if row is None:
        where = "only as a bad row, which every run passes over" if explained.bad_rows else ""
        yield f"Appointment {explained.appointment_id} is not in the schedule{where and f', or {where}'}."
        return
    branch = row.branch_code and f"branch {row.branch_code}"
    said = "; ".join(filter(None, (customer_name(row), row.type_name, branch, row.status)))
    yield f"Appointment {row.appointment_id}, {local_time(row.starts_at, zone)}: {said}"
    yield from (_reply(reply, zone) for reply in explained.replies)
    run = f"a run at {local_time(explained.asked_at, zone)}"
    for each in explained.reminders:
        notifies = _does("notifies", "notify", each.refusal)
        yield f"{each.reminder.name} ({each.reminder.lead}): {run} {notifies}"
        yield _first_run(each, zone)
    if (confirmation := explained.confirmation) is not None:
        confirms = f"{run} {_does('confirms', 'confirm', confirmation.refusal)}"
        too_old = confirmation.too_old and f"no run confirms it: {confirmation.too_old}"
        yield f"{CONFIRMATION}: {too_old or confirms}"
    if (correction := explained.correction) is not None:
        told = f"{correction.name} (told {local_time(correction.told, zone)})"
        tells = f"{run} {_does('tells', 'tell', correction.refusal)}"
        yield f"{told}: {correction.detail if correction.held else tells}"


def _reply(reply: JournalReply, zone: tzinfo) -> str:
    meant = {Answer.YES: "confirmed", Answer.NO: "wants to cancel", Answer.STOP: "wants no more messages"}
    what = meant.get(reply.answer, "a person must read it")
    return f"Answered {local_time(reply.received_at, zone)} ({what}): {printable(reply.text)}"


def _does(does: str, verb: str, refusal: Verdict | None) -> str:
    """`confirms it`, or `does not confirm it` and why."""
    return f"{does} it" if refusal is None else f"does not {verb} it: {_why(refusal)}"


def _first_run(each: ReminderExplained, zone: tzinfo) -> str:
    runs = f"hourly run (at minute {RUN_MINUTE})"
    if each.first_run is not None:
        return f"The first {runs} that notifies it, if nothing changes: {local_time(each.first_run, zone)}"
    if each.first_run_refusal is None:
        return f"No {runs} will notify it: none comes while it is due"
    if each.first_run_refusal == each.refusal:
        return f"No {runs} will notify it, for the same reason"
    return f"No {runs} will notify it: {_why(each.first_run_refusal)}"


def _why(verdict: Verdict) -> str:
    detail = f" ({verdict.detail})" if verdict.detail else ""
    return f"{verdict.reason}: {REASONS[verdict.reason]}{detail}"


def _body(explained: Explanation, zone: tzinfo) -> Iterator[str | Table]:
    for each in explained.reminders:
        assert explained.last_chance is not None
        opens, chance = local_time(each.window_opens, zone), local_time(explained.last_chance, zone)
        title = f"{each.reminder.name}: every rule; its window opens {opens}, last chance {chance}"
        yield Table(title, ("rule", "says", "looked at"), tuple(map(_verdict, each.verdicts)))
    if explained.confirmation is not None:
        verdicts = tuple(map(_verdict, explained.confirmation.verdicts))
        yield Table(f"{CONFIRMATION}: every rule", ("rule", "says", "looked at"), verdicts)
    columns = ("field", "typed", "read as", "refused")
    addresses = (
        Row((address.field, address.typed, address.recipient or "", address.why))
        for address in explained.addresses
    )
    yield Table("contact", columns, tuple(addresses))
    messages = tuple(_message(each, explained, zone) for each in explained.reminders if _has_text(each))
    correction = tuple(_correction(explained, zone))
    yield Table("message", ("reminder", "as of", "to", "appointments"), (*correction, *messages))
    yield from _journal(explained, zone)


def _verdict(verdict: Verdict) -> Row:
    says = "skips" if verdict.skips else "passes"
    return Row((verdict.reason, says, verdict.detail), style="yellow" if verdict.skips else "")


def _has_text(each: ReminderExplained) -> bool:
    return each.message is not None or each.message_problem != ""


def _correction(explained: Explanation, zone: tzinfo) -> Iterator[Row]:
    if explained.correction is not None and (message := explained.correction.message) is not None:
        yield _text_row(explained.correction.name, local_time(explained.asked_at, zone), message)


def _message(each: ReminderExplained, explained: Explanation, zone: tzinfo) -> Row:
    moment = explained.asked_at if each.planned else each.first_run
    when = "if it were sent" if moment is None else local_time(moment, zone)
    if each.message is None:
        return Row((each.reminder.name, when, "", ""), below=f"no text: {each.message_problem}", style="red")
    return _text_row(each.reminder.name, when, each.message)


def _text_row(name: str, when: str, message: MessageResult) -> Row:
    content = message.content
    return Row(
        (
            name,
            when,
            f"{content.channel} {content.recipient or '(no recipient)'}",
            ", ".join(row.appointment_id for row in message.message.appointments),
        ),
        below="\n".join(filter(None, (content.subject, content.text))),
    )


def _journal(explained: Explanation, zone: tzinfo) -> Iterator[str | Table]:
    if not explained.has_journal:
        yield "There is no journal yet; make one: terminbenachrichtigung journal init"
        return
    if not explained.notifications:
        yield "The journal knows nothing of it."
        return
    columns = ("reminder", "generation", "state", "told for", "customer", "message")
    yield Table("journal: notifications", columns, _notifications(explained.notifications, zone))
    yield history_rows(explained.messages, zone, "journal: messages")


def _notifications(notifications: Sequence[Notification], zone: tzinfo) -> tuple[Row, ...]:
    return tuple(
        Row(
            (
                each.reminder,
                str(each.generation),
                each.state,
                local_time(each.starts_at, zone),
                each.customer_id,
                each.message_id,
            ),
            style="red" if each.state in {State.FAILED, State.UNKNOWN, State.UNDELIVERED} else "",
        )
        for each in notifications
    )
