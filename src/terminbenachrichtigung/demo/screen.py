"""What the demo prints, in lines of at most 80 columns. Pure.

What happened is taken from the commands' own JSON documents and from what gateway and mail server received;
the scenario only lends the names.
"""

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from terminbenachrichtigung.demo.gateway import Job
from terminbenachrichtigung.demo.mailserver import Received
from terminbenachrichtigung.demo.scenario import EARLY_REMINDER, NOTES, REMINDER, Scenario
from terminbenachrichtigung.model.plan import MessageOutcome, Reason
from terminbenachrichtigung.output.wording import OUTCOMES, REASONS
from terminbenachrichtigung.staff_list.entries import StaffReason
from terminbenachrichtigung.staff_list.text import WORDING

WIDTH = 80
Document = Mapping[str, Any]
"""What a command printed with `--json`."""
Skipped = Mapping[str, str]
"""One entry of its list `skipped`."""

_CHANNELS = {"sms": "SMS", "email": "e-mail"}
_NAMES_ONLY = 4
"""From so many alike on, names stand in one paragraph instead of one line each."""
_NOT_IN_A_RUN = {
    Reason.PAST: "a run looks at what starts after now",
    Reason.NOT_YET_DUE: "a run does not list what a later run will do",
    Reason.CHANGED: "the schedule would have to change under a run of more than half a minute",
}


def opening(scene: Scenario, directory: str) -> Iterator[str]:
    """Where and when the demo plays, and what was before."""
    local = scene.now.astimezone(scene.zone)
    yield from _heading("A practice on this machine")
    yield from _paragraph(
        f"It is {local:%A, %Y-%m-%d, %H:%M} in the sample practice. Its time zone is {scene.zone.key}, one "
        f"in which it is daytime now, since nothing is sent at night. The folder {directory} holds its "
        f"configuration, its schedule with {len(scene.customers)} customers and {len(scene.bookings)} "
        "appointments, and its journal. A gateway and a mail server listen on this machine: nothing leaves "
        "it."
    )
    yield ""
    yield from _paragraph(
        f"There are two reminders: {REMINDER}, 24 hours ahead by SMS, and {EARLY_REMINDER}, 72 hours ahead "
        f"by e-mail. A run told {scene.who_shows(Reason.ALREADY_NOTIFIED)} {scene.clock(scene.first_run)}; "
        "then the computer was off until now. At this moment another run is writing to "
        f"{scene.who_shows(Reason.IN_PROGRESS)}."
    )


def command(line: str, exit_code: int) -> Iterator[str]:
    """A command as it was called, and how it ended."""
    meaning = {0: "done", 1: "done, and something new needs a person"}
    yield from _heading(f"$ {line}")
    yield f"Exit code {exit_code}: {meaning[exit_code]}."


def messages(
    run: Document, scene: Scenario, texted: Sequence[Job], mailed: Sequence[Received]
) -> Iterator[str]:
    """Who got what: every message of the run, with what really arrived at the gateway or the mail server."""
    counts = run["counts"]
    ended = ", ".join(f"{counts[outcome]} {outcome}" for outcome in MessageOutcome if counts[outcome])
    yield from _heading(f"Who got what: {counts['messages']} messages, {ended}")
    for message in sorted(run["messages"], key=lambda each: str(each["appointment_ids"])):
        channel, recipient, outcome = message["channel"], message["recipient"], message["outcome"]
        starts = " and ".join(
            scene.clock(scene.booking(each).starts_at) for each in message["appointment_ids"]
        )
        yield from _paragraph(
            f"{scene.name(message['customer_id'])}, {starts}: {outcome}, {_CHANNELS[channel]} to {recipient}"
        )
        if note := NOTES.get(message["customer_id"]):
            yield from _paragraph(f"({note})", indent=2)
        for attempt in message["attempts"]:
            if attempt["outcome"] != "sent":
                what = f"{_CHANNELS[attempt['channel']]} {attempt['outcome']}: {attempt['detail']}"
                yield from _paragraph(f"({what})", indent=2)
        if outcome != MessageOutcome.SENT:
            yield from _paragraph(f"({OUTCOMES[MessageOutcome(outcome)]})", indent=2)
        if channel == "sms":
            number = recipient.replace("+", "00")
            arrived = [job for job in texted if (job.recipient, job.text) == (number, message["text"])]
            for job in arrived:
                yield from _paragraph(f"{job.sender}: {job.text}", indent=4)
        else:
            for mail in mailed:
                if (mail.recipient, mail.message["Subject"]) == (recipient, message["subject"]):
                    yield from _mail(mail)
        yield ""
    yield from (line for warning in run["warnings"] for line in _paragraph(f"The run warns: {warning}"))


def skips(run: Document, scene: Scenario) -> Iterator[str]:
    """Why the others got nothing: every reason of the run, in the order of the rules."""
    yield from _heading("Who got nothing, and why")
    by_reason = _by_reason(run["skipped"])
    for reason, alike in by_reason.items():
        yield from _paragraph(f"{reason}: {REASONS[reason]}", hanging=2)
        if len(alike) >= _NAMES_ONLY:
            yield from _paragraph(", ".join(_names(alike, scene)), indent=4)
        else:
            for skip in alike:
                booking = scene.booking(skip["appointment_id"])
                who = f"{scene.name(booking.customer_id)}, {scene.clock(booking.starts_at)}"
                yield from _paragraph(f"{who}: {skip['detail']}", indent=4)
    yield ""
    yield "Not shown here:"
    for reason in Reason:
        if reason not in by_reason:
            why = _NOT_IN_A_RUN.get(reason, "it did not occur")
            yield from _paragraph(f"{reason}: {REASONS[reason]} ({why})", indent=2, hanging=2)


def again(run: Document, scene: Scenario, texted: int, mailed: int) -> Iterator[str]:
    """The second run: what it sent, and why nobody else got anything, in short."""
    planned = run["counts"]["messages"]
    yield from _paragraph(
        f"{planned} messages; the gateway received {texted} SMS, and the mail server {mailed} e-mails."
    )
    if not planned + texted + mailed:
        yield "Nobody is notified twice. The reasons now:"
    labelled = defaultdict(list)
    for reason, alike in _by_reason(run["skipped"]).items():
        for skip in alike:
            state = f" ({skip['detail']})" if reason is Reason.ALREADY_NOTIFIED else ""
            labelled[f"{reason}{state}"].append(skip)
    for label, alike in labelled.items():
        yield from _paragraph(f"{label}: {', '.join(_names(alike, scene))}", indent=2, hanging=2)


def staff(listed: Document) -> Iterator[str]:
    """Whom a person must call or write now."""
    yield "Whom a person must call or write:"
    for entry in listed["customers"]:
        why = f"{entry['reason']}: {WORDING[StaffReason(entry['reason'])]}"
        detail = f" ({entry['detail']})" if entry["detail"] else ""
        contact = entry["mobile"] or entry["email"]
        yield from _paragraph(f"{entry['name']}, {contact}: {why}{detail}", indent=2, hanging=2)


def explained(document: Document, scene: Scenario) -> Iterator[str]:
    """Why one customer got nothing, and when that changes: the answers, without all that they follow from."""
    booking = scene.booking(document["appointment_id"])
    yield from _paragraph(f"{scene.name(booking.customer_id)}, {scene.clock(booking.starts_at)}:")
    for each in document["reminders"]:
        why = f"{each['reason']}: {REASONS[Reason(each['reason'])]} ({each['detail']})"
        yield from _paragraph(f"{each['reminder']}: {why}", indent=2, hanging=2)
        if first := each["first_run"]:
            run = scene.clock(datetime.fromisoformat(first))
            yield from _paragraph(f"The first hourly run that notifies it: {run}", indent=4)
        else:
            yield from _paragraph(f"No hourly run will notify it: {each['no_run_because']}", indent=4)


def closing(scene: Scenario, call: str, overriding: Sequence[str]) -> Iterator[str]:
    """What to try next.

    Args:
        scene: what was shown.
        call: how the program is called for this folder.
        overriding: variables of the environment that would override its configuration.
    """
    yield from _heading("Explore")
    yield from _paragraph(
        "Gateway and mail server have ended with the demo, so nothing can be sent any more; all else works:"
    )
    if overriding:
        yield ""
        yield from _paragraph(
            f"But first unset {', '.join(overriding)}: these commands would obey them, as the demo did not."
        )
    now_due = scene.who_shows(Reason.IN_PROGRESS)
    due_tonight = (scene.who_shows(Reason.BOOKED_RECENTLY), scene.who_shows(Reason.RECENTLY_NOTIFIED))
    for line, what in (
        ("dry-run", f"{now_due} is due: the other run has stopped without having sent anything"),
        (f'dry-run --at "{scene.today} 18:30"', f"tonight {' and '.join(due_tonight)} are due as well"),
        ("history", "what was sent to whom, with every attempt"),
        ("staff-list", "who is left to staff; with --html FILE as a page to print"),
        (
            f"explain {scene.shows(Reason.RECENTLY_NOTIFIED).appointment_id}",
            "the whole of it: every rule, the addresses found, the message, the journal",
        ),
        ("search --state failed", "all appointments that stand so; see search --help"),
        ("config show", "all settings in force"),
    ):
        yield ""
        yield f"  {call} {line}"
        yield from _paragraph(what, indent=6)


def _heading(text: str) -> Iterator[str]:
    yield from ("", text, "-" * min(len(text), WIDTH))


def _paragraph(text: str, *, indent: int = 0, hanging: int = 0) -> Iterator[str]:
    yield from textwrap.wrap(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _mail(mail: Received) -> Iterator[str]:
    body = mail.message.get_body(("plain",))
    assert body is not None
    files = ", ".join(f"{part.get_filename()}" for part in mail.message.iter_attachments())
    for header in ("From", "Subject"):
        yield from _paragraph(f"{header}: {mail.message[header]}", indent=4, hanging=2)
    if files:
        yield f"    Attached: {files}"
    yield ""
    for line in body.get_content().splitlines():
        yield from _paragraph(line, indent=4) if line else [""]


def _by_reason(skipped: Iterable[Skipped]) -> Mapping[Reason, Sequence[Skipped]]:
    """The skips in the order of the rules, one for each appointment: the later reminder's if it has one.

    Nearly always both reminders say the same of an appointment.
    """
    one_each: dict[str, Skipped] = {}
    for skip in sorted(skipped, key=lambda each: each["reminder"] != REMINDER):
        one_each.setdefault(skip["appointment_id"], skip)
    found: defaultdict[Reason, list[Skipped]] = defaultdict(list)
    for skip in sorted(one_each.values(), key=lambda each: each["appointment_id"]):
        found[Reason(skip["reason"])].append(skip)
    return {reason: found[reason] for reason in Reason if reason in found}


def _names(skipped: Iterable[Skipped], scene: Scenario) -> Iterable[str]:
    return dict.fromkeys(scene.name(scene.booking(skip["appointment_id"]).customer_id) for skip in skipped)
