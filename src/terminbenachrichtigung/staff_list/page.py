"""The staff list as a page to print, and as an e-mail. What comes from the schedule is escaped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from terminbenachrichtigung.config.filters import plain_word
from terminbenachrichtigung.model.appointment import to_the_minute
from terminbenachrichtigung.model.delivery import Content
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.output.pages import known_language, template
from terminbenachrichtigung.staff_list.entries import NO_START, Got, Matter, Said, StaffEntry
from terminbenachrichtigung.staff_list.reasons import StaffReason
from terminbenachrichtigung.staff_list.words import WORDS, Words
from terminbenachrichtigung.texts import dates

_LONGEST = 200
"""Characters of one field, so that a long text that somebody pasted does not hide the other customers."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One appointment of a customer, in words."""

    date: str  # with the weekday
    clock: str
    appointment_id: str
    branch: str
    reason: str
    told: str
    said: tuple[str, ...]
    got: str


@dataclass(frozen=True, slots=True)
class _Customer:
    """One customer, in words."""

    name: str
    number: str
    contacts: tuple[tuple[str, str], ...]  # what it is, and what was typed
    lines: tuple[_Line, ...]


def as_html(entries: Sequence[StaffEntry], *, now: datetime, zone: ZoneInfo, language: str) -> str:
    """One page that needs nothing else: for a browser, a printer (A4) or an e-mail."""
    speaker = _speaker(zone, language)
    return template("staff_list", "page.html").render(
        words=speaker.words,
        language=speaker.language,
        heading=speaker.count(entries),
        as_of=speaker.as_of(now),
        customers=tuple(map(speaker.customer, entries)),
    )


def as_mail(
    entries: Sequence[StaffEntry], recipient: str, *, now: datetime, zone: ZoneInfo, language: str
) -> Content:
    """The e-mail with the list, as a page and as plain text. Its subject names nobody."""
    speaker = _speaker(zone, language)
    who, today = speaker.count(entries), speaker.when(now).date_short
    return Content(
        Channel.EMAIL,
        recipient,
        speaker.language,
        _plain(entries, now, speaker),
        subject=speaker.words.subject.format(who=who, date=today),
        html=as_html(entries, now=now, zone=zone, language=language),
    )


def of_branch(entries: Sequence[StaffEntry], branch_code: str) -> tuple[StaffEntry, ...]:
    """The customers whose soonest appointment is in the branch, so that one branch calls each of them."""
    code = plain_word(branch_code)
    return tuple(entry for entry in entries if plain_word(entry.branch_code) == code)


def _plain(entries: Sequence[StaffEntry], now: datetime, speaker: "_Speaker") -> str:
    lines = [f"{speaker.words.title}: {speaker.count(entries)}", speaker.as_of(now), ""]
    for customer in map(speaker.customer, entries):
        lines.append(f"[ ] {customer.name}, {customer.number}" if customer.number else f"[ ] {customer.name}")
        lines += [f"    {what}: {typed}" for what, typed in customer.contacts]
        for line in customer.lines:
            where = ", ".join(filter(None, (line.date, line.clock, line.branch)))
            lines.append(f"    {where} (#{line.appointment_id})" if where else f"    #{line.appointment_id}")
            lines += [f"      {text}" for text in (line.reason, line.told, *line.said, line.got) if text]
        lines.append("")
    return "\n".join(lines)


# ---------------------------------------------------------------- entries in words


@dataclass(frozen=True, slots=True)
class _Speaker:
    """One language and time zone, in which entries are put into words."""

    words: Words
    language: str  # such as de-AT, so that dates are those of the country
    zone: ZoneInfo

    def when(self, moment: datetime) -> dates.Words:
        return dates.words(moment, self.zone, self.language)

    def count(self, entries: Sequence[StaffEntry]) -> str:
        return self.words.one if len(entries) == 1 else self.words.many.format(count=len(entries))

    def as_of(self, now: datetime) -> str:
        moment = self.when(now)
        return self.words.as_of.format(weekday=moment.weekday, date=moment.date, time=moment.time)

    def customer(self, entry: StaffEntry) -> _Customer:
        words, number = self.words, self.words.customer_id.format(id=entry.customer_id)
        # Of somebody who answered and whom nobody knows, there is only the number of the phone.
        nameless = words.stranger if entry.customer_id == entry.mobile else number
        typed = ((words.mobile, entry.mobile), (words.phone, entry.phone), (words.email, entry.email))
        return _Customer(
            name=_clipped(entry.name or nameless),
            number=_clipped(number) if entry.name else "",
            contacts=tuple((what, _clipped(text.strip())) for what, text in typed if text.strip()),
            lines=tuple(map(self._line, entry.matters)),
        )

    def _line(self, matter: Matter) -> _Line:
        words, start = self.words, self.when(matter.starts_at)
        unknown = matter.starts_at == NO_START
        stray = unknown and matter.reason is StaffReason.REPLY  # there is no appointment
        told = ""
        if matter.told is not None:
            before = self.when(matter.told)
            told = words.told_before.format(date=before.date_short, time=before.time)
        got = ", ".join(self._got(got, matter) for got in matter.got)
        return _Line(
            date=f"{start.weekday}, {start.date_short}" if not unknown else "" if stray else "?",
            clock="" if unknown else words.clock.format(time=start.time),
            appointment_id=_clipped(matter.appointment_id),
            branch=_clipped(matter.branch_name or matter.branch_code),
            reason=words.reasons[matter.reason].format(wish=_clipped(matter.preferred_channel)),
            told=told,
            said=tuple(map(self._answered, matter.said)),
            got=words.got.format(what=got) if got else "" if stray else words.got_nothing,
        )

    def _answered(self, said: Said) -> str:
        at = self.when(said.at)
        return self.words.answered.format(date=at.date_short, time=at.time, text=_clipped(said.text))

    def _got(self, got: Got, matter: Matter) -> str:
        words, at = self.words, self.when(got.at)
        notes = []
        if got.starts_at not in (to_the_minute(matter.starts_at), matter.told):
            said = self.when(got.starts_at)
            notes.append(words.said.format(date=said.date_short, time=said.time))
        if got.state is State.UNKNOWN:
            notes.append(words.unsure)
        clock = words.clock.format(time=at.time)
        what = f"{got.reminder}, {words.channels[got.channel]}, {at.date_short}, {clock}"
        return f"{what} ({', '.join(notes)})" if notes else what


def _speaker(zone: ZoneInfo, language: str) -> _Speaker:
    known = language if language.partition("-")[0] in WORDS else "de"
    return _Speaker(WORDS[known_language(language, WORDS)], known, zone)


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
