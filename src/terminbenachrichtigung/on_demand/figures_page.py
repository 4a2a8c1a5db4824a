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
class Line:
    """A branch or a type in words: its name, its appointments, and who did not come of each group."""

    name: str
    appointments: str
    shares: tuple[str, ...]


def figures_as_html(figures: Figures, language: str) -> str:
    """One page that needs nothing else, for a browser or a printer (A4)."""
    known = known_language(language, WORDS)
    writer, words, total = _Writer(known, WORDS[known]), WORDS[known], figures.total
    groups, remembered = _groups(total), figures.first_remembered
    behind = total.appointments(*EVERYBODY)
    uncertain = total.appointments(Group.UNCERTAIN)
    return template("on_demand", "figures.html").render(
        language=known,
        words=words,
        span=words.span.format(
            first=writer.day(figures.first_day),
            last=writer.day(figures.last_day),
            behind=writer.number(behind),
            ahead=writer.number(total.ahead),
        ),
        cards=tuple(writer.cards(total)),
        weeks=writer.weeks(figures) if total.sent(*_STATES) else None,
        states=[(state.value, words.states[state]) for state in _STATES],
        no_show=writer.no_show(total) if total.appointments(Group.TOLD, Group.NOT_TOLD) else None,
        lead_times=writer.lead_times(total) if total.lead_times else None,
        messages=tuple(writer.messages(total)),
        groups=[words.groups[group] for group in groups],
        endings=[words.endings[ending] for ending in Ending],
        became=tuple(writer.became(total)),
        left_out=remembered and words.forgotten.format(day=writer.day(remembered)),
        tables=[
            (title, tuple(writer.line(section, groups) for section in sections))
            for title, sections in ((words.by_branch, figures.branches), (words.by_type, figures.types))
            if len(sections) > 1
        ],
        uncertain=uncertain and words.uncertain.format(count=writer.number(uncertain)),
        nothing="" if behind or total.ahead else words.nothing,
    )


def _groups(total: Section) -> tuple[Group, ...]:
    """Those that are compared: who confirmed only where anybody can."""
    confirmed = (Group.CONFIRMED,) if total.appointments(Group.CONFIRMED) else ()
    return Group.TOLD, *confirmed, Group.NOT_TOLD


@dataclass(frozen=True, slots=True)
class _Writer:
    """One language, in which figures are put into words and drawn."""

    language: str
    words: Words

    # ------------------------------------------------------------ numbers in words

    def cards(self, total: Section) -> Iterator[tuple[str, str]]:
        """The numbers that stand alone, each with what it counts."""
        for channel in Channel:
            left = total.sent(State.DELIVERED, State.SENT, State.UNDELIVERED, State.UNKNOWN, channel=channel)
            yield self.number(left), self.words.channels[channel]
        yield self.number(total.parts), self.words.parts
        if total.correction_parts:
            yield self.number(total.correction_parts), self.words.correction_parts
        if total.delivered.rate is not None:
            yield self.percent(total.delivered.rate), self.words.delivered_share

    def messages(self, total: Section) -> Iterator[tuple[str, tuple[str, ...]]]:
        """By channel: how many messages are in each state."""
        for channel, name in (*self.words.channels.items(), (None, self.words.both)):
            yield name, tuple(self.number(total.sent(state, channel=channel)) for state in _STATES)

    def became(self, total: Section) -> Iterator[Line]:
        """What became of the appointments of each group."""
        for group in _groups(total):
            shares = tuple(self.share(total.share(group, ending)) for ending in Ending)
            yield Line(self.words.groups[group], self.number(total.appointments(group)), shares)

    def line(self, section: Section, groups: Sequence[Group]) -> Line:
        """A branch or a type: of each group, who did not come."""
        shares = tuple(self.share(section.share(group, Ending.NO_SHOW)) for group in groups)
        name = section.name or self.words.without_name
        return Line(name, self.number(section.appointments(*EVERYBODY)), shares)

    def share(self, share: Share) -> str:
        if share.rate is None or share.interval is None:
            return self.words.too_few.format(count=share.count, of=share.of) if share.of else "–"
        low, high = (format_decimal(each * 100, "0.0", locale=self.language) for each in share.interval)
        return f"{self.percent(share.rate)} ({self.words.interval.format(low=low, high=high)})"

    def percent(self, rate: float) -> str:
        return f"{format_decimal(rate * 100, '0.0', locale=self.language)} %"

    def number(self, count: int) -> str:
        return str(format_decimal(count, locale=self.language))

    def day(self, day: date) -> str:
        return format_date(day, "long", locale=self.language)

    # ------------------------------------------------------------ pictures

    def weeks(self, figures: Figures) -> Picture:
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
            labels.append(Label(left - 6, y + 4, self.number(round(most * part / 4)), "end"))
        for number, week in enumerate(figures.weeks):
            x, y = left + step * number, bottom
            day_and_month = "d. MMM" if self.language == "de" else "d MMM"
            name = format_date(week.monday, day_and_month, locale=self.language)
            for state in _STATES:
                count = week.section.sent(state)
                bar = (bottom - top) * count / most
                y -= bar
                title = f"{name}: {count} {self.words.states[state]}"
                rects.append(Rect(x + step * 0.14, y, step * 0.72, bar, state.value, title))
            if number % every == 0:
                labels.append(Label(x + step / 2, bottom + 16, name, "middle"))
        return Picture(self.words.messages_by_week, height, tuple(rects), tuple(labels))

    def no_show(self, total: Section) -> Picture:
        """For each group its share as a bar, and around it the interval."""
        shares = [(group, total.share(group, Ending.NO_SHOW)) for group in _groups(total)]
        highest = max((share.interval[1] for _, share in shares if share.interval), default=0.1)
        most = min(1.0, _round_up(highest * 100) / 100)
        room = _WIDTH - _LEFT - 230
        rects: list[Rect] = []
        labels: list[Label] = []
        for number, (group, share) in enumerate(shares):
            y = number * 44.0 + 6
            labels.append(Label(_LEFT - 10, y + 15, self.words.groups[group], "end", "name"))
            numbers = {"count": self.number(share.count), "of": self.number(share.of)}
            labels.append(Label(_LEFT - 10, y + 30, self.words.count_of.format(**numbers), "end", "small"))
            if share.rate is None or share.interval is None:
                labels.append(Label(_LEFT, y + 18, self.words.too_few.format(**numbers)))
                continue
            low, high = (room * each / most for each in share.interval)
            rects.append(Rect(_LEFT, y, room * share.rate / most, 24, group.value))
            rects.append(Rect(_LEFT + low, y + 11.2, high - low, 1.6, "interval"))
            rects.extend(Rect(_LEFT + end - 0.8, y + 6, 1.6, 12, "interval") for end in (low, high))
            labels.append(Label(_LEFT + high + 10, y + 16, self.share(share), "start", "name"))
        return Picture(self.words.no_show, 44.0 * len(shares) + 6, tuple(rects), tuple(labels))

    def lead_times(self, total: Section) -> Picture:
        """A bar for each length of time."""
        most = max(total.lead_times.values())
        room = _WIDTH - _LEFT - _RIGHT
        rects: list[Rect] = []
        labels: list[Label] = []
        for number, each in enumerate(LeadTime):
            count, y = total.lead_times[each], number * _ROW + 4.0
            bar, name = room * count / most, self.words.lead_times[each]
            rects.append(Rect(_LEFT, y, bar, 20, "told", f"{name}: {count}"))
            labels.append(Label(_LEFT - 10, y + 15, name, "end", "name"))
            labels.append(Label(_LEFT + bar + 8, y + 15, self.number(count)))
        return Picture(self.words.lead_times_title, _ROW * len(LeadTime) + 4.0, tuple(rects), tuple(labels))


def _round_up(value: float) -> float:
    """The next number that reads well on an axis, and can be divided by four: 4, 8, 12, 20, 40, 80 …"""
    unit = 1.0
    while True:
        for step in (4, 8, 12, 20):
            if step * unit >= value:
                return step * unit
        unit *= 10
