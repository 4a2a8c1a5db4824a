"""All pairs of appointment and reminder -> the messages of a run, and a reason for all that is not told."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import CHANNELS_LEFT, Notification, State
from terminbenachrichtigung.model.plan import MessageOutcome, Plan, PlannedMessage, Reason, Skip, Verdict
from terminbenachrichtigung.rules.bundles import bundle
from terminbenachrichtigung.rules.contact import SHOWN, is_unknown_word
from terminbenachrichtigung.rules.context import Candidate, Context, Situation, is_for
from terminbenachrichtigung.rules.verdicts import (
    NEVER_NOTIFIED,
    RULE,
    RULES,
    About,
    Rule,
    detail,
    first_refusal,
    rules_about,
    verdicts,
)
from terminbenachrichtigung.safe_text import one_line
from terminbenachrichtigung.texts.values import is_no_name

_MOST_UNCOVERED = 10
_SUPERSEDED = (RULE[Reason.SUPERSEDED],)
_TO_BE_TOLD = rules_about(About.OTHER_MESSAGES)
# Superseded comes first: what is only planned in another record of the same person is told by nobody yet.
_ASKED_AGAIN = (*_SUPERSEDED, RULE[Reason.ALREADY_NOTIFIED], *_TO_BE_TOLD)
TO_BE_PLANNED = tuple(rule for rule in RULES if rule not in _TO_BE_TOLD)
_CARRIED_ALL_THE_SAME = (RULE[Reason.NOT_YET_DUE], RULE[Reason.RECENTLY_NOTIFIED])
_TO_BE_CARRIED = tuple(rule for rule in RULES if rule not in _CARRIED_ALL_THE_SAME)


def plan(appointments: Sequence[Appointment], situation: Situation) -> Plan:
    """Decide whom a run notifies, and with which message.

    Args:
        appointments: one reading of the schedule, from the last complete run or `now`, whichever is
            earlier, up to the end of the local day or `hours_between_messages` after the farthest reach,
            whichever is later.
        situation: all else that the plan depends on.

    The messages come in the order of sending: soonest first, and last those that the last run left `retry`.
    """
    return _Planning(Context(situation)).plan(appointments)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One appointment and one reminder: what each rule says, whatever the others say."""

    candidate: Candidate
    context: Context

    @property
    def appointment(self) -> Appointment:
        """The appointment that is judged."""
        return self.candidate.appointment

    @property
    def reminder(self) -> str:
        """The name of the reminder that is judged."""
        return self.candidate.name

    def did_not_arrive(self) -> bool:
        """Whether some reminder's message about the present person and start failed, or may have."""
        return any(
            each.state in (*CHANNELS_LEFT, State.UNKNOWN) and self.context.names(each, self.candidate)
            for each in self.context.notifications(self.candidate)
        )

    def told(self) -> Notification | None:
        """What the journal has of this reminder for the present person and start; None: nothing."""
        latest = self.context.latest(self.candidate)
        if latest is not None and not latest.revoked and self.context.names(latest, self.candidate):
            return latest
        return self.context.told_under_another_id(self.candidate)

    def verdicts(self) -> tuple[Verdict, ...]:
        """Every rule's verdict, in the order of the rules."""
        return verdicts(self.candidate, self.context, RULES)

    def first(self, of: Iterable[Rule] = RULES) -> Verdict | None:
        """The first of these rules that refuses; None if none does."""
        reason = first_refusal(self.candidate, self.context, of)
        if reason is None:
            return None
        return Verdict(reason, skips=True, detail=detail(self.candidate, self.context, reason))


def judge(appointments: Sequence[Appointment], situation: Situation) -> tuple[Judgement, ...]:
    """Judge every appointment for every reminder, shorter leads first, as `plan` does.

    The appointments must be the same as for `plan`, because rules 19 and 20 depend on what else is planned.
    """
    context = Context(situation)
    planning = _Planning(context)
    planning.plan(appointments)
    known_pairs = {(each.appointment.appointment_id, each.name): each for each in planning.candidates}
    return tuple(
        Judgement(
            known_pairs.get((appointment.appointment_id, horizon.reminder.name))
            or Candidate(appointment, horizon),
            context,
        )
        for appointment in appointments
        for horizon in context.horizons(appointment.starts_at)
    )


class _Planning:
    """One plan while it is made."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.candidates: list[Candidate] = []
        self._due: list[Candidate] = []
        self._groups: defaultdict[tuple[str, str], list[Candidate]] = defaultdict(list)
        """By customer and reminder: those that passed rules 1 to 19."""
        self._later: defaultdict[tuple[str, str], list[Candidate]] = defaultdict(list)
        """By customer and reminder: not due yet, but near enough to be taken along."""
        self._messages: list[tuple[tuple[object, ...], PlannedMessage]] = []

    def plan(self, appointments: Sequence[Appointment]) -> Plan:
        self.context.learn_contacts(appointments)
        for appointment in appointments:
            self._admit(appointment)
        for candidate in sorted(self._due, key=lambda each: each.order):
            if not candidate.in_message and self._may_be_told(candidate):
                self._tell(candidate.customer_id, candidate.name)
        self._messages.sort(key=lambda each: each[0])
        return Plan(
            messages=tuple(message for _, message in self._messages),
            skips=tuple(self._skips()),
            warnings=(*_warnings(appointments, self.context.now), *self._uncovered(appointments)),
        )

    def _admit(self, appointment: Appointment) -> None:
        """Judge by rules 1 to 19 what this run has to report on; keep what a message may carry."""
        context, start = self.context, appointment.starts_at
        if start > context.farthest or (start <= context.now and not context.could_be_missed(start)):
            return
        for horizon in context.horizons(start):
            if start > horizon.carry and start >= context.tomorrow:
                continue
            candidate = Candidate(appointment, horizon)
            self.candidates.append(candidate)
            if start > horizon.reach and start >= context.tomorrow:
                candidate.refused = Reason.NOT_YET_DUE
            else:
                candidate.refused = self._passes(candidate)
            group = (candidate.customer_id, candidate.name)
            if candidate.refused is None:
                self._due.append(candidate)
                self._groups[group].append(candidate)
            elif candidate.refused is Reason.NOT_YET_DUE and start <= horizon.carry:
                self._later[group].append(candidate)

    def _passes(self, candidate: Candidate) -> Reason | None:
        """Shorter leads are judged first, so that a longer one knows whether they are planned."""
        refused = first_refusal(candidate, self.context, TO_BE_PLANNED)
        if refused is None:
            self.context.plans(candidate)
            refused = first_refusal(candidate, self.context, _SUPERSEDED)
        return refused

    def _may_be_told(self, candidate: Candidate) -> bool:
        # Whether it is superseded is asked again: a shorter reminder's message may carry it by now.
        # And whether they are told: another record of the same person may be in this plan by now.
        candidate.refused = first_refusal(candidate, self.context, _ASKED_AGAIN)
        return candidate.refused is None

    def _tell(self, customer_id: str, reminder: str) -> None:
        """Plan the message of one customer for one reminder, or several if its text would be too long."""
        context, group = self.context, (customer_id, reminder)
        due: list[Candidate] = []
        carried: list[Candidate] = []
        for candidate in self._groups[group]:
            if self._may_be_told(candidate):
                due.append(candidate)
            elif candidate.refused is Reason.RECENTLY_NOTIFIED and self._may_be_carried(candidate):
                carried.append(candidate)
        for candidate in self._later[group]:
            told = candidate.appointment.appointment_id in context.told
            if told or first_refusal(candidate, context, _TO_BE_CARRIED) is not None:
                continue
            if self._may_be_carried(candidate):
                carried.append(candidate)
        for message, taken in bundle(due, carried, context):
            self._messages.append((self._turn(message, taken), message))
            context.planned_by_start.add(message)
            for candidate in taken:
                candidate.in_message = True
                candidate.refused = None
                context.told.add(candidate.appointment.appointment_id)
                context.plans(candidate)
        context.written[customer_id] = (*context.written.get(customer_id, ()), reminder)

    def _may_be_carried(self, candidate: Candidate) -> bool:
        """Not if a person told the customer about this very appointment: they need no message about it."""
        return bool(self.context.allowed_routes(candidate)) and self.context.ticked_off(candidate) is None

    def _turn(self, message: PlannedMessage, taken: Iterable[Candidate]) -> tuple[object, ...]:
        """The place in the order of sending: what the gateway did not take last time comes last."""
        retried = False
        if self.context.known.leftovers:
            left = [self.context.leftover(candidate) for candidate in taken]
            retried = any(each is not None and each.why is MessageOutcome.RETRY for each in left)
        return (retried, *message.order)

    def _uncovered(self, appointments: Sequence[Appointment]) -> Iterator[str]:
        """Name the appointments that no reminder is for: a new type is easily forgotten."""
        context, reminders = self.context, self.context.settings.reminders
        if not all(reminder.types or reminder.branches for reminder in reminders):
            return
        found = Counter(
            (one_line(row.type_name)[:SHOWN], one_line(row.branch_code)[:SHOWN])
            for row in appointments
            if context.now < row.starts_at <= context.farthest
            and not any(is_for(reminder, row) for reminder in reminders)
            and first_refusal(Candidate(row, context.horizons(row.starts_at)[0]), context, NEVER_NOTIFIED)
            is None
        )
        if found:
            shown = [
                f"{count} of type {kind or '(none)'} in branch {branch or '(none)'}"
                for (kind, branch), count in found.most_common(_MOST_UNCOVERED)
            ]
            more = [f"{len(found) - _MOST_UNCOVERED} more kinds"] if len(found) > _MOST_UNCOVERED else []
            yield f"no reminder is for these appointments (types and branches): {', '.join(shown + more)}"

    def _skips(self) -> Iterable[Skip]:
        for candidate in sorted(self.candidates, key=lambda each: each.order):
            reason, appointment = candidate.refused, candidate.appointment
            if reason is None or not RULE[reason].reported:
                continue
            if appointment.starts_at > self.context.now or reason is Reason.MISSED:
                yield Skip(appointment, candidate.name, reason, detail(candidate, self.context, reason))


def _warnings(appointments: Sequence[Appointment], now: datetime) -> Iterable[str]:
    ahead = [each for each in appointments if each.starts_at > now]
    words = {
        one_line(each.preferred_channel)[:SHOWN] for each in ahead if is_unknown_word(each.preferred_channel)
    }
    if words:
        yield f"unknown preferred_channel, taken as no preference: {', '.join(sorted(words))}"
    nameless = {
        each.customer_id: each for each in ahead if any(map(is_no_name, (each.first_name, each.last_name)))
    }
    if nameless:
        yield (
            f"a name that is none (NULL), or whose letters are broken: {len(nameless)} customers, "
            f"such as {next(iter(nameless))}; correct it in the schedule"
        )
    early = [each for each in ahead if each.last_contacted_at is not None and each.last_contacted_at > now]
    if early:
        yield (
            f"last_contacted_at in the future does not count: {len(early)} appointments, "
            f"such as {early[0].appointment_id}"
        )
