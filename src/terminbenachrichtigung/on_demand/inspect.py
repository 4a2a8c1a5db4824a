"""`schedule inspect`: what the schedule's words mean to the configuration, before the first message."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from terminbenachrichtigung.config.fields import nearest, with_bases
from terminbenachrichtigung.config.filters import (
    is_excluded_status,
    leaves_out,
    patterns,
    plain_word,
    plain_words,
)
from terminbenachrichtigung.config.settings import Rules, Settings
from terminbenachrichtigung.contact.email_address import email_address
from terminbenachrichtigung.contact.phone import mobile_number
from terminbenachrichtigung.model.appointment import BY_START, Appointment
from terminbenachrichtigung.model.journal import ToldAhead
from terminbenachrichtigung.output.json import picked
from terminbenachrichtigung.output.masking import mask_number, mask_text
from terminbenachrichtigung.output.tables import Row, Table
from terminbenachrichtigung.output.wording import bad_row_name, counted, local_time
from terminbenachrichtigung.own_schedule.columns import mentions_cancellation
from terminbenachrichtigung.rules.contact import is_unknown_word, preference
from terminbenachrichtigung.schedule.inspection import Census
from terminbenachrichtigung.schedule.reading import Schedule, may_be_told

_SOMETIME = datetime(2026, 1, 1, tzinfo=UTC)
_MOST_WORDS = 50  # rows of a table for people
_MOST_EXAMPLES = 3
_FEWEST_REFUSED = 5  # appointments; fewer may well all be of one kind
_WENT_ON = (
    ", and it went on when this configuration had begun to tell: if another configuration uses this journal, "
    "give each a journal of its own; if the reminder was removed, it is well"
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a column, how often it stands there, and what the configuration does with it."""

    value: str
    count: int
    meaning: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the appointments that lie ahead hold, and what is odd about it."""

    at: datetime
    appointments: int
    customers: int
    words: Mapping[str, tuple[Word, ...]]  # by column, the most frequent first
    warnings: tuple[str, ...]


def inspect(
    settings: Settings, schedule: Schedule, told_by: Mapping[str, ToldAhead], now: datetime
) -> Inspection:
    """Counts what lies ahead of `now`, and compares it with the settings.

    Args:
        settings: the configuration in force.
        schedule: where the appointments are.
        told_by: the appointments ahead that the journal knows as told, by the name of the reminder.
        now: the present moment.
    """
    census = schedule.census(now)
    return Inspection(
        now,
        census.appointments,
        len(census.people.first),
        {column: tuple(_words(column, census, settings)) for column in census.words},
        tuple(_warnings(census, settings, told_by, local=schedule.local_starts())),
    )


# ---------------------------------------------------------------- what each word means


def _words(column: str, census: Census, settings: Settings) -> Iterator[Word]:
    for word, count in sorted(census.words[column].items(), key=lambda item: (-item[1], item[0])):
        yield Word(word, count, _meaning(column, word, count, census, settings))


def _meaning(column: str, word: str, count: int, census: Census, settings: Settings) -> str:
    match column:
        case "status":
            return "excluded" if is_excluded_status(word, settings.rules) else "reminded"
        case "type_name":
            return _type(word, count, census.types_allowed[word], settings)
        case "branch_code":
            has_section = plain_word(word) in plain_words(tuple(settings.branches))
            reminded = "reminded" + ", has its own section" * has_section
            return "left out" if leaves_out(word, settings.rules) else reminded
        case "preferred_channel":
            return _preferred(word)
    return _language(word, settings)


def _type(word: str, count: int, allowed: int, settings: Settings) -> str:
    names = [
        reminder.name
        for reminder in settings.reminders
        if not reminder.types or patterns(reminder.types).fullmatch(plain_word(word))
    ]
    if not allowed:
        return "not allowed (type_notifiable)"
    meaning = "reminded" if len(names) == len(settings.reminders) else f"reminded by {', '.join(names)}"
    if not names:
        meaning = "no reminder is for it"
    return meaning if allowed == count else f"{meaning}; {count - allowed} not allowed (type_notifiable)"


def _preferred(word: str) -> str:
    if is_unknown_word(word):
        return "not understood: no preference"
    row = Appointment("", _SOMETIME, None, type_notifiable=False, is_group=False, preferred_channel=word)
    found = preference(row)
    return f"prefers {found}" if found else "no preference"


def _language(word: str, settings: Settings) -> str:
    if not word.strip():
        return f"{settings.default_language}, or the branch's"
    known = {next(with_bases(name)): name for texts in settings.templates.values() for name in texts}
    for tag in with_bases(word):
        if tag in known:
            return f"texts in {known[tag]}"
    return f"no texts: {settings.default_language}, or the branch's"


# ---------------------------------------------------------------- what is odd


def _warnings(
    census: Census, settings: Settings, told_by: Mapping[str, ToldAhead], *, local: bool
) -> Iterator[str]:
    yield from _statuses(census.words["status"], settings.rules)
    yield from _unmatched(census, settings)
    yield from _all_refused(census, settings.rules)
    yield from _people(census)
    yield from _rows(census, settings)
    yield from _unreachable(census, settings)
    yield from _told_by_others(told_by, {reminder.name for reminder in settings.reminders})
    if local:
        yield (
            "starts_at has no time zone, and is read as the practice's local time; "
            "if the program keeps UTC, let the view say: starts_at AT TIME ZONE 'UTC'"
        )


def _told_by_others(told_by: Mapping[str, ToldAhead], configured: Collection[str]) -> Iterator[str]:
    began = [told.first for name, told in told_by.items() if name in configured]
    for name, told in sorted(told_by.items()):
        if name in configured:
            continue
        # A renamed one ended before the first message under its new name.
        went_on = any(told.last > first for first in began)
        number = told.appointments
        yield (
            f'{counted(number, "appointment")} ahead {_were(number)} told by the reminder "{name}", '
            "which is configured no more: they count as told for every reminder"
        ) + _WENT_ON * went_on


def _is_off(status: str) -> bool:
    return mentions_cancellation(status) or "nicht erschienen" in status.casefold()


def _statuses(found: Counter[str], rules: Rules) -> Iterator[str]:
    for status, count in sorted(found.items(), key=lambda item: (-item[1], item[0])):
        if _is_off(status) and not is_excluded_status(status, rules):
            yield (
                f'the status "{status}" ({counted(count, "appointment")} ahead) reads like a cancellation, '
                "and is reminded: add it to rules.excluded_statuses"
            )
    plain = set(map(plain_word, found))
    defaults = {status.casefold() for status in Rules().excluded_statuses}
    cancelled = [status for status in found if _is_off(status)]
    for status in rules.excluded_statuses:
        if plain_word(status) not in plain | defaults:
            yield _matches_nothing("rules.excluded_statuses", status, "status", cancelled)


def _unmatched(census: Census, settings: Settings) -> Iterator[str]:
    branches, types = list(census.words["branch_code"]), list(census.words["type_name"])
    rules = settings.rules
    for key, wanted, column, known in (
        ("rules.include_branches", rules.include_branches, "branch_code", branches),
        ("rules.exclude_branches", rules.exclude_branches, "branch_code", branches),
        *((f"types of {r.name}", r.types, "type_name", types) for r in settings.reminders),
        *((f"branches of {r.name}", r.branches, "branch_code", branches) for r in settings.reminders),
    ):
        for pattern in wanted:
            expression = patterns((pattern,))
            if not any(expression.fullmatch(plain_word(word)) for word in known):
                yield _matches_nothing(key, pattern, column, known)
    for code in settings.branches:
        if code not in branches:
            yield _matches_nothing("branches", code, "branch_code", branches)


def _matches_nothing(key: str, word: str, column: str, known: Sequence[str]) -> str:
    advice = nearest(word, [each.strip() for each in known if each.strip()])
    return f'{key}: "{word}" matches no {column} of what lies ahead' + (f"; {advice}" if advice else "")


def _all_refused(census: Census, rules: Rules) -> Iterator[str]:
    """That nobody can be told at all, by a view without customers or by a filter; no run reports that."""
    why: Counter[str] = Counter()
    for (customer, group, allowed, status, branch), count in census.kinds.items():
        if is_excluded_status(status, rules):
            continue
        if not customer:
            why["without customer_id"] += count
        elif group:
            why["is_group"] += count
        elif not allowed:
            why["not type_notifiable"] += count
        elif leaves_out(branch, rules):
            why["left out by branch"] += count
        else:
            return
    if why.total() >= _FEWEST_REFUSED:
        reasons = ", ".join(f"{count} {reason}" for reason, count in why.most_common())
        yield f"none of the {counted(why.total(), 'appointment')} ahead may be told: {reasons}"


def _people(census: Census) -> Iterator[str]:
    if shared := census.people.shared:
        few = [f"{key} ({one}; {other})" for key, (one, other) in sorted(shared.items())][:_MOST_EXAMPLES]
        count = len(shared)
        ids = f"{counted(count, 'customer id')} {_belong(count)}"
        yield f"{ids} to different people, such as {', '.join(few)}"
    numbers = sorted(census.shared_numbers.items(), key=lambda item: (-item[1], item[0]))
    if numbers:
        few = [f"{mask_number(number)} ({count} customers)" for number, count in numbers[:_MOST_EXAMPLES]]
        yield f"{counted(len(numbers), 'number')} that many customers share, for instance {', '.join(few)}"


def _rows(census: Census, settings: Settings) -> Iterator[str]:
    if census.bad_row_count:
        few = [f"{bad_row_name(row)}: {mask_text(row.detail)}" for row in census.bad_rows[:_MOST_EXAMPLES]]
        yield f"{counted(census.bad_row_count, 'row')} that no run would read, for instance {'; '.join(few)}"
    midnights = sorted((row for row in census.midnights if may_be_told(row, settings.rules)), key=BY_START)
    if midnights:
        what = "told as that" if settings.schedule.midnight_starts else "bad rows"
        ids = ", ".join(row.appointment_id for row in midnights[:_MOST_EXAMPLES])
        yield f"{counted(len(midnights), 'start')} at midnight sharp, {what}, for instance {ids}"
    yield from census.warnings


def _unreachable(census: Census, settings: Settings) -> Iterator[str]:
    channels: set[str] = {channel for reminder in settings.reminders for channel in reminder.channels}
    told = sorted(census.told.values(), key=BY_START)
    without = [row for row in told if not _has_address(row, settings, channels)]
    if without:
        few = ", ".join(str(row.customer_id) for row in without[:_MOST_EXAMPLES])
        count = len(without)
        yield f"{counted(count, 'customer')} of {len(told)} without a usable address, for instance {few}"


def _has_address(row: Appointment, settings: Settings, channels: set[str]) -> bool:
    """Whether one of the channels could reach a customer; the address is checked first, as it is quicker."""
    by_email = settings.email is not None and "email" in channels and row.email_allowed
    if by_email and email_address(row.email).address is not None:
        return True
    if settings.sms is None or "sms" not in channels or not row.sms_allowed:
        return False
    code, countries = settings.sms.country_code, frozenset(settings.sms.countries)
    return mobile_number((row.mobile, row.phone), code, countries).number is not None


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _belong(count: int) -> str:
    return "belongs" if count == 1 else "belong"


# ---------------------------------------------------------------- text and JSON

_TITLES = {
    "status": "statuses",
    "type_name": "types",
    "branch_code": "branches",
    "preferred_channel": "preferred channels",
    "language": "languages",
}


def inspection_as_text(found: Inspection, zone: tzinfo) -> Iterator[str | Table]:
    """What a person reads."""
    yield (
        f"After {local_time(found.at, zone)}: {counted(found.appointments, 'appointment')} of "
        f"{counted(found.customers, 'customer')}."
    )
    for column, words in found.words.items():
        rows = [Row((str(word.count), word.value or "(empty)", word.meaning)) for word in words]
        yield Table(_TITLES[column], ("appointments", column, "what happens"), tuple(rows[:_MOST_WORDS]))
        if len(rows) > _MOST_WORDS:
            yield f"… and {len(rows) - _MOST_WORDS} more; --json has all."
    yield from (f"Warning: {warning}" for warning in found.warnings)
    if not found.warnings:
        yield "Nothing odd was found."


def inspection_as_json(found: Inspection) -> dict[str, object]:
    """What a program reads."""
    return {
        "command": "schedule inspect",
        **picked(found, "at", "appointments", "customers"),
        **found.words,
        "warnings": found.warnings,
    }
