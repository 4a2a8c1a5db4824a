"""The rules of the contract, section 2, in their order: the first one that refuses gives the reason.

Each rule is a row of the table below, with the two functions that make it: one refuses, the other one gives
the values that it looked at.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, Flag, auto

from terminbenachrichtigung.model.appointment import HELD
from terminbenachrichtigung.model.journal import MOVE
from terminbenachrichtigung.model.plan import Reason, Verdict
from terminbenachrichtigung.rules.contact import SHOWN, Preference, preference
from terminbenachrichtigung.rules.context import Candidate, Context, Gap, has_excluded_status, is_for
from terminbenachrichtigung.rules.gap import customer_gap
from terminbenachrichtigung.rules.missed import why_missed
from terminbenachrichtigung.rules.told import is_already_notified, latest_state
from terminbenachrichtigung.safe_text import one_line


class About(Enum):
    """What a rule looks at."""

    APPOINTMENT = auto()  # what is never notified, whatever the hour
    REMINDER = auto()  # whether this one is for such an appointment
    JOURNAL = auto()  # who was told
    TIME = auto()  # a run must wait, a person need not
    CUSTOMER = auto()  # whether and how they may be reached
    OTHER_MESSAGES = auto()  # asked once it is known what else is planned


class Asked(Flag):
    """Who asks a rule, beside the runs."""

    BY_HAND = auto()  # `notify`
    BY_HAND_AGAIN = auto()  # `notify --again`: the customer may be told what they were told
    CONFIRMATION = auto()
    CORRECTION = auto()  # the rule about statuses is not asked: the status may be what is to be told
    MISSED = auto()  # an appointment is missed only if it should have been told

    CHOSEN = BY_HAND | BY_HAND_AGAIN
    ALWAYS = CHOSEN | CONFIRMATION | CORRECTION | MISSED


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the contract's table."""

    reason: Reason
    refuses: Callable[[Candidate, Context], bool]
    looks_at: Callable[[Candidate, Context], str]  # the values it judges by, for people
    about: About
    asked: Asked = Asked.ALWAYS
    staff: bool = False  # whom it refuses is on the staff list
    passes: bool = False  # a later run may let it pass, though nobody changes anything
    reported: bool = True  # False: only `explain` and `notify` show it, not the report of a run
    unsettled: bool = False  # due, and nothing spoke against it: if no later run tells it, it was missed
    strands: bool = False  # if an SMS did not arrive, no later run tells whom this refuses


# ---------------------------------------------------------------- 1-5: the appointment itself


def _has_no_customer(candidate: Candidate, _: Context) -> bool:
    return not candidate.customer_id


def _customer(candidate: Candidate, _: Context) -> str:
    return f"customer {candidate.customer_id}" if candidate.customer_id else "no customer"


def _is_group(candidate: Candidate, _: Context) -> bool:
    return candidate.appointment.is_group


def _group(candidate: Candidate, _: Context) -> str:
    return f"is_group is {candidate.appointment.is_group}".lower()


def _type_is_not_allowed(candidate: Candidate, _: Context) -> bool:
    return not candidate.appointment.type_notifiable


def _type(candidate: Candidate, _: Context) -> str:
    return f"type {candidate.appointment.type_name}" if candidate.appointment.type_name else ""


def _status_is_excluded(candidate: Candidate, context: Context) -> bool:
    return has_excluded_status(candidate.appointment, context.settings)


def _status(candidate: Candidate, _: Context) -> str:
    return f"status {candidate.appointment.status.strip()}" if candidate.appointment.status else ""


def _branch_is_left_out(candidate: Candidate, context: Context) -> bool:
    return context.leaves_out(candidate.appointment.branch_code)


def _branch(candidate: Candidate, _: Context) -> str:
    code = candidate.appointment.branch_code
    return f"branch {code}" if code else "no branch"


# ---------------------------------------------------------------- 6: the reminder's own types and branches


def _is_for_another_reminder(candidate: Candidate, _: Context) -> bool:
    return not is_for(candidate.horizon.reminder, candidate.appointment)


def _type_and_branch(candidate: Candidate, context: Context) -> str:
    return ", ".join(filter(None, (_type(candidate, context), _branch(candidate, context))))


# ---------------------------------------------------------------- 7-9: what the journal knows


def _is_in_progress(candidate: Candidate, context: Context) -> bool:
    return candidate.customer_id in context.known.open_claims


def _open_claim(candidate: Candidate, context: Context) -> str:
    return "open claim of another run" if _is_in_progress(candidate, context) else "no open claim"


def _was_missed(candidate: Candidate, context: Context) -> bool:
    return why_missed(candidate, context) != "" and first_refusal(candidate, context, _FOR_MISSED) is None


def _why_missed(candidate: Candidate, context: Context) -> str:
    return (
        why_missed(candidate, context)
        or f"last chance {context.clock(context.quiet.last_chance(candidate.appointment.starts_at))}"
    )


# ---------------------------------------------------------------- 9-12: the times


def _is_past(candidate: Candidate, context: Context) -> bool:
    return candidate.appointment.starts_at <= context.now


def _starts_later_today(candidate: Candidate, context: Context) -> bool:
    later_today = context.now < candidate.appointment.starts_at < context.tomorrow
    return later_today and not context.settings.rules.same_day


def _start(candidate: Candidate, context: Context) -> str:
    return f"starts {context.clock(candidate.appointment.starts_at)}"


def _is_in_no_window(candidate: Candidate, context: Context) -> bool:
    return not context.now < candidate.appointment.starts_at <= candidate.horizon.reach


def _reach(candidate: Candidate, context: Context) -> str:
    return f"{_start(candidate, context)}, due are starts up to {context.clock(candidate.horizon.reach)}"


def _is_held(candidate: Candidate, _: Context) -> bool:
    return candidate.appointment.import_state == HELD


def _import(candidate: Candidate, _: Context) -> str:
    state = candidate.appointment.import_state
    return f"the import says: {state}" if state else "no import holds it"


def _was_booked_recently(candidate: Candidate, context: Context) -> bool:
    created = candidate.appointment.created_at
    peace = timedelta(hours=context.settings.rules.hours_after_booking)
    # A booking a little ahead of `now` comes from a fast clock; one far ahead is a typing error.
    return created is not None and abs(context.now - created) < peace


def _booked(candidate: Candidate, context: Context) -> str:
    created = candidate.appointment.created_at
    return "booking time unknown" if created is None else f"booked {context.clock(created)}"


# ---------------------------------------------------------------- 14-18: the customer


def _opted_out(candidate: Candidate, context: Context) -> bool:
    if preference(candidate.appointment) is Preference.NONE:
        return True
    return bool(context.known.opted_out) and context.contact(candidate).opted_out


def _wish(candidate: Candidate, context: Context) -> str:
    if context.known.opted_out and context.contact(candidate).opted_out:
        return context.contact(candidate).detail
    return _preferred(candidate, context)


def _has_not_consented(candidate: Candidate, context: Context) -> bool:
    return context.settings.rules.require_consent and not candidate.appointment.reminder_consent


def _consent(candidate: Candidate, _: Context) -> str:
    return f"reminder_consent is {candidate.appointment.reminder_consent}".lower()


def _wants_a_person(candidate: Candidate, _: Context) -> bool:
    return preference(candidate.appointment) in {Preference.LETTER, Preference.PHONE, Preference.UNCLEAR}


def _preferred(candidate: Candidate, _: Context) -> str:
    wanted = preference(candidate.appointment)
    if wanted is Preference.UNCLEAR:
        typed = one_line(candidate.appointment.preferred_channel)[:SHOWN]
        return f"the preferred channel refuses something: {typed}"
    return f"prefers {wanted}" if wanted else "no preferred channel"


def _cannot_be_reached(candidate: Candidate, context: Context) -> bool:
    return not context.contact(candidate).routes


def _channels(candidate: Candidate, context: Context) -> str:
    contact = context.contact(candidate)
    usable = [f"{route.channel}: {route.recipient}" for route in contact.routes]
    return "; ".join([*usable, contact.detail] if contact.detail else usable)


def _has_confirmed(candidate: Candidate, context: Context) -> bool:
    return candidate.horizon.reminder.unless_confirmed and context.confirmed(candidate) is not None


def _confirmed(candidate: Candidate, context: Context) -> str:
    reply = context.confirmed(candidate)
    return (
        "no reply confirms it" if reply is None else f"confirmed by reply {context.clock(reply.received_at)}"
    )


# ---------------------------------------------------------------- 19-21: the other messages


def _is_superseded(candidate: Candidate, context: Context) -> bool:
    return context.shorter_reminder(candidate) is not None or context.correction_instead(candidate)


def _superseded_by(candidate: Candidate, context: Context) -> str:
    if context.correction_instead(candidate):
        return f"by the correction {MOVE}"
    shorter = context.shorter_reminder(candidate)
    return f"by {shorter}" if shorter else "by no other reminder"


def gap_of(candidate: Candidate, context: Context) -> Gap:
    """The customer gap, asked once: the messages that are planned later do not count for it."""
    if candidate.gap is None:
        candidate.gap = customer_gap(candidate, context)
    return candidate.gap


def _was_recently_notified(candidate: Candidate, context: Context) -> bool:
    return gap_of(candidate, context).holds


def _gap(candidate: Candidate, context: Context) -> str:
    gap = gap_of(candidate, context)
    if not gap.cause:
        return "no message or contact within the gap"
    return f"{gap.cause}; the gap yields: {gap.waived}" if gap.waived else gap.cause


def _is_held_back(candidate: Candidate, context: Context) -> bool:
    return not context.allowed_routes(candidate)


def _only_recipients(candidate: Candidate, context: Context) -> str:
    if not context.only_recipients:
        return "only_recipients is not set"
    allowed = ", ".join(route.channel for route in context.allowed_routes(candidate))
    return f"only_recipients allows: {allowed or 'no channel'}"


_AHEAD = Asked.CHOSEN | Asked.CONFIRMATION | Asked.CORRECTION

RULES: tuple[Rule, ...] = (
    Rule(Reason.NO_CUSTOMER, _has_no_customer, _customer, About.APPOINTMENT),
    Rule(Reason.GROUP_APPOINTMENT, _is_group, _group, About.APPOINTMENT),
    Rule(Reason.TYPE_NOT_ALLOWED, _type_is_not_allowed, _type, About.APPOINTMENT, ~Asked.CHOSEN),
    Rule(Reason.STATUS_EXCLUDED, _status_is_excluded, _status, About.APPOINTMENT, ~Asked.CORRECTION),
    Rule(Reason.BRANCH_EXCLUDED, _branch_is_left_out, _branch, About.APPOINTMENT),
    Rule(
        Reason.NOT_FOR_THIS_REMINDER,
        _is_for_another_reminder,
        _type_and_branch,
        About.REMINDER,
        Asked.CHOSEN | Asked.MISSED,
    ),
    Rule(
        Reason.ALREADY_NOTIFIED,
        is_already_notified,
        latest_state,
        About.JOURNAL,
        Asked.BY_HAND | Asked.CONFIRMATION,
        strands=True,
    ),
    Rule(Reason.IN_PROGRESS, _is_in_progress, _open_claim, About.JOURNAL, _AHEAD, unsettled=True),
    Rule(Reason.MISSED, _was_missed, _why_missed, About.TIME, Asked(0), staff=True, passes=True),
    Rule(Reason.PAST, _is_past, _start, About.TIME, _AHEAD, reported=False),
    Rule(Reason.SAME_DAY, _starts_later_today, _start, About.TIME, Asked(0), strands=True),
    Rule(Reason.NOT_YET_DUE, _is_in_no_window, _reach, About.TIME, Asked(0), passes=True, reported=False),
    Rule(
        Reason.HELD,
        _is_held,
        _import,
        About.TIME,
        Asked.CHOSEN | Asked.CONFIRMATION,
        passes=True,
        unsettled=True,
    ),
    Rule(Reason.BOOKED_RECENTLY, _was_booked_recently, _booked, About.TIME, Asked.MISSED, passes=True),
    Rule(Reason.OPTED_OUT, _opted_out, _wish, About.CUSTOMER),
    Rule(Reason.NO_CONSENT, _has_not_consented, _consent, About.CUSTOMER),
    Rule(
        Reason.MANUAL_CONTACT,
        _wants_a_person,
        _preferred,
        About.CUSTOMER,
        ~Asked.CONFIRMATION,
        staff=True,
        strands=True,
    ),
    Rule(Reason.NO_CONTACT, _cannot_be_reached, _channels, About.CUSTOMER, staff=True, unsettled=True),
    Rule(Reason.CONFIRMED, _has_confirmed, _confirmed, About.CUSTOMER, Asked.MISSED),
    Rule(
        Reason.SUPERSEDED,
        _is_superseded,
        _superseded_by,
        About.OTHER_MESSAGES,
        Asked.BY_HAND | Asked.MISSED,
        unsettled=True,
    ),
    Rule(
        Reason.RECENTLY_NOTIFIED,
        _was_recently_notified,
        _gap,
        About.OTHER_MESSAGES,
        Asked(0),
        passes=True,
        unsettled=True,
    ),
    Rule(Reason.HELD_BACK, _is_held_back, _only_recipients, About.OTHER_MESSAGES),
)
"""All rules in the order of the contract, section 2; a new one is a reason, a row here, and its wording."""

RULE = {rule.reason: rule for rule in RULES}


def rules_about(*subjects: About) -> tuple[Rule, ...]:
    """The rows that look at one of these."""
    return tuple(rule for rule in RULES if rule.about in subjects)


def rules_asked(by: Asked) -> tuple[Rule, ...]:
    """The rows that one of those who ask beside the runs asks."""
    return tuple(rule for rule in RULES if by in rule.asked)


NEVER_NOTIFIED = rules_about(About.APPOINTMENT)
"""Rules 1 to 5."""
WHATEVER_THE_HOUR = tuple(rule for rule in RULES if rule.about is not About.TIME)
"""The rules that hold for a person as well as for a run."""
LASTING = tuple(rule for rule in RULES if not rule.passes)
"""A reminder that none of these refuses can still reach its customer, now or later."""
_FOR_MISSED = rules_asked(Asked.MISSED)


def first_refusal(candidate: Candidate, context: Context, rules: Iterable[Rule]) -> Reason | None:
    """The reason that the first refusing one of these rules gives, or None if all let it pass."""
    for rule in rules:
        if rule.refuses(candidate, context):
            return rule.reason
    return None


def verdicts(candidate: Candidate, context: Context, rules: Iterable[Rule]) -> tuple[Verdict, ...]:
    """What each of these rules says, whatever the others say."""
    return tuple(
        Verdict(rule.reason, rule.refuses(candidate, context), rule.looks_at(candidate, context))
        for rule in rules
    )


def detail(candidate: Candidate, context: Context, reason: Reason) -> str:
    """The values that one rule looked at."""
    return RULE[reason].looks_at(candidate, context)
