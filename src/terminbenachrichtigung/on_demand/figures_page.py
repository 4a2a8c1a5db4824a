"""The figures as one page with pictures (SVG, no script), which prints. Pure; no customer's data is on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil

from babel.dates import format_date
from babel.numbers import format_decimal

from terminbenachrichtigung.model.figures import (
    EVERYBODY,
    Ending,
    Figures,
    Group,
    LeadTime,
    Section,
    Share,
)
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.on_demand.figures_words import WORDS, Words
from terminbenachrichtigung.output.pages import known_language, template

_STATES = (State.DELIVERED, State.SENT, State.UNKNOWN, State.UNDELIVERED, State.FAILED)
"""From the bottom of a bar to its top; what went well is at the bottom."""
_WIDTH = 720  # of every picture, in the units of its own drawing
_LEFT, _RIGHT = 150, 90  # room for the names and for the numbers beside horizontal bars
_ROW = 30
_MOST_WEEK_LABELS = 13


@dataclass(frozen=True, slots=True)
class Rect:
    """A filled rectangle; `kind` is its class in the style sheet, `title` what a pointer on it shows."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A piece of text."""

    x: float
    y: float
    text: str
    anchor: str = "start"  # or "middle", "end"
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawing; `name` is what a screen reader says of it."""

    name: str
    height: float
    rects: tuple[Rect, ...]
    labels: tuple[Label, ...]
    width: float = _WIDTH


@dataclass(frozen=True, slots=True)
class Card:
    """A number that stands alone."""

    number: str
    what: str


@dataclass(frozen=True, slots=True)
class Line:
    """A branch or a type in words: its name, its appointments, and who did not come of each group."""

    name: str
    appointments: str
    shares: tuple[str, ...]


def figures_as_html(figures: Figures, language: str) -> str:
    """One page that needs nothing else, for a browser or a printer (A4)."""
    known = known_language(language, WORDS)
    words = WORDS[known]
    total = figures.total
    groups = _groups(total)
    behind = total.appointments(*EVERYBODY)
    uncertain = total.appointments(Group.UNCERTAIN)
    return template("on_demand", "figures.html").render(
        language=known,
        words=words,
        span=words.span.format(
            first=_day(figures.first_day, known),
            last=_day(figures.last_day, known),
            behind=_number(behind, known),
            ahead=_number(total.ahead, known),
        ),
        cards=tuple(_cards(total, known, words)),
        weeks=_weeks(figures, known, words) if total.sent(*_STATES) else None,
        states=[(state.value, words.states[state]) for state in _STATES],
        no_show=_no_show(total, known, words) if total.appointments(Group.TOLD, Group.NOT_TOLD) else None,
        lead_times=_lead_times(total, known, words) if total.lead_times else None,
        messages=tuple(_messages(total, known, words)),
        groups=[words.groups[group] for group in groups],
        endings=[words.endings[ending] for ending in Ending],
        became=tuple(_became(total, known, words)),
        left_out=_left_out(figures, known, words),
        tables=[
            (title, tuple(_line(section, groups, known, words) for section in sections))
            for title, sections in ((words.by_branch, figures.branches), (words.by_type, figures.types))
            if len(sections) > 1
        ],
        uncertain=words.uncertain.format(count=_number(uncertain, known)) if uncertain else "",
        nothing="" if behind or total.ahead else words.nothing,
    )


# ---------------------------------------------------------------- numbers in words


def _groups(total: Section) -> tuple[Group, ...]:
    """Those that are compared: who confirmed only where anybody can."""
    confirmed = (Group.CONFIRMED,) if total.appointments(Group.CONFIRMED) else ()
    return Group.TOLD, *confirmed, Group.NOT_TOLD


def _cards(total: Section, language: str, words: Words) -> Iterator[Card]:
    for channel in Channel:
        left = total.sent(State.DELIVERED, State.SENT, State.UNDELIVERED, State.UNKNOWN, channel=channel)
        yield Card(_number(left, language), words.channels[channel])
    yield Card(_number(total.parts, language), words.parts)
    if total.correction_parts:
        yield Card(_number(total.correction_parts, language), words.correction_parts)
    if total.delivered.rate is not None:
        yield Card(_percent(total.delivered.rate, language), words.delivered_share)


def _messages(total: Section, language: str, words: Words) -> Iterator[tuple[str, tuple[str, ...]]]:
    for channel, name in (*words.channels.items(), (None, words.both)):
        yield (
            name,
            tuple(_number(total.sent(state, channel=channel), language) for state in _STATES),
        )


def _became(total: Section, language: str, words: Words) -> Iterator[Line]:
    for group in _groups(total):
        shares = (total.share(group, ending) for ending in Ending)
        yield Line(
            words.groups[group],
            _number(total.appointments(group), language),
            tuple(_share(share, language, words) for share in shares),
        )


def _left_out(figures: Figures, language: str, words: Words) -> str:
    if figures.first_remembered is None:
        return ""
    return words.forgotten.format(day=_day(figures.first_remembered, language))


def _line(section: Section, groups: Sequence[Group], language: str, words: Words) -> Line:
    return Line(
        section.name or words.without_name,
        _number(section.appointments(*EVERYBODY), language),
        tuple(_share(section.share(group, Ending.NO_SHOW), language, words) for group in groups),
    )


def _share(share: Share, language: str, words: Words) -> str:
    if share.rate is None or share.interval is None:
        return words.too_few.format(count=share.count, of=share.of) if share.of else "–"
    low, high = (format_decimal(each * 100, "0.0", locale=language) for each in share.interval)
    return f"{_percent(share.rate, language)} ({words.interval.format(low=low, high=high)})"


def _percent(rate: float, language: str) -> str:
    return f"{format_decimal(rate * 100, '0.0', locale=language)} %"


def _number(count: int, language: str) -> str:
    return str(format_decimal(count, locale=language))


def _day(day: date, language: str) -> str:
    return format_date(day, "long", locale=language)


# ---------------------------------------------------------------- pictures


def _weeks(figures: Figures, language: str, words: Words) -> Picture:
    """Stacked bars, one for each week, from its Monday."""
    height, bottom, top, left = 220.0, 190.0, 14.0, 40.0
    most = _round_up(max(week.section.sent(*_STATES) for week in figures.weeks))
    step = (_WIDTH - left) / len(figures.weeks)
    every = ceil(len(figures.weeks) / _MOST_WEEK_LABELS)
    rects: list[Rect] = []
    labels: list[Label] = []
    for part in range(5):
        y = bottom - (bottom - top) * part / 4
        rects.append(Rect(left, y, _WIDTH - left, 0.6, "grid"))
        labels.append(Label(left - 6, y + 4, _number(round(most * part / 4), language), "end"))
    for number, week in enumerate(figures.weeks):
        x, y = left + step * number, bottom
        name = format_date(week.monday, "d. MMM" if language == "de" else "d MMM", locale=language)
        for state in _STATES:
            count = week.section.sent(state)
            bar = (bottom - top) * count / most
            y -= bar
            title = f"{name}: {count} {words.states[state]}"
            rects.append(Rect(x + step * 0.14, y, step * 0.72, bar, state.value, title))
        if number % every == 0:
            labels.append(Label(x + step / 2, bottom + 16, name, "middle"))
    return Picture(words.messages_by_week, height, tuple(rects), tuple(labels))


def _no_show(total: Section, language: str, words: Words) -> Picture:
    """For each group its share as a bar, and around it the interval."""
    shares = [(group, total.share(group, Ending.NO_SHOW)) for group in _groups(total)]
    highest = max((share.interval[1] for _, share in shares if share.interval), default=0.1)
    most = min(1.0, _round_up(highest * 100) / 100)
    room = _WIDTH - _LEFT - 230
    rects: list[Rect] = []
    labels: list[Label] = []
    for number, (group, share) in enumerate(shares):
        y = number * 44.0 + 6
        labels.append(Label(_LEFT - 10, y + 15, words.groups[group], "end", "name"))
        numbers = {"count": _number(share.count, language), "of": _number(share.of, language)}
        labels.append(Label(_LEFT - 10, y + 30, words.count_of.format(**numbers), "end", "small"))
        if share.rate is None or share.interval is None:
            labels.append(Label(_LEFT, y + 18, words.too_few.format(**numbers)))
            continue
        low, high = (room * each / most for each in share.interval)
        rects.append(Rect(_LEFT, y, room * share.rate / most, 24, group.value))
        rects.append(Rect(_LEFT + low, y + 11.2, high - low, 1.6, "interval"))
        rects.extend(Rect(_LEFT + end - 0.8, y + 6, 1.6, 12, "interval") for end in (low, high))
        labels.append(Label(_LEFT + high + 10, y + 16, _share(share, language, words), "start", "name"))
    return Picture(words.no_show, 44.0 * len(shares) + 6, tuple(rects), tuple(labels))


def _lead_times(total: Section, language: str, words: Words) -> Picture:
    most = max(total.lead_times.values())
    room = _WIDTH - _LEFT - _RIGHT
    rects: list[Rect] = []
    labels: list[Label] = []
    for number, each in enumerate(LeadTime):
        count, y = total.lead_times[each], number * _ROW + 4.0
        rects.append(Rect(_LEFT, y, room * count / most, 20, "told", f"{words.lead_times[each]}: {count}"))
        labels.append(Label(_LEFT - 10, y + 15, words.lead_times[each], "end", "name"))
        labels.append(Label(_LEFT + room * count / most + 8, y + 15, _number(count, language)))
    return Picture(words.lead_times_title, _ROW * len(LeadTime) + 4.0, tuple(rects), tuple(labels))


def _round_up(value: float) -> float:
    """The next number that reads well on an axis, and can be divided by four: 4, 8, 12, 20, 40, 80 …"""
    unit = 1.0
    while True:
        for step in (4, 8, 12, 20):
            if step * unit >= value:
                return step * unit
        unit *= 10
