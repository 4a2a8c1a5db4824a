"""The staff list on one page of paper, and as an e-mail. Pure; nothing from the schedule becomes HTML."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from terminbenachrichtigung.config.filters import plain_word
from terminbenachrichtigung.model.delivery import Content
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.output.pages import known_language, template
from terminbenachrichtigung.staff_list.entries import NO_START, Got, Matter, StaffEntry
from terminbenachrichtigung.staff_list.reasons import StaffReason
from terminbenachrichtigung.staff_list.words import WORDS, Words
from terminbenachrichtigung.texts import dates

_LONGEST = 200
"""Characters of what somebody typed into one field; a pasted novel must not bury the other customers."""


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
    words = WORDS[known_language(language, WORDS)]
    return template("staff_list", "page.html").render(
        words=words,
        language=_known(language),
        heading=_count(entries, words),
        as_of=_as_of(now, zone, language, words),
        customers=_customers(entries, zone, language, words),
    )


def as_mail(
    entries: Sequence[StaffEntry], recipient: str, *, now: datetime, zone: ZoneInfo, language: str
) -> Content:
    """The e-mail with the list, as a page and as plain text. Its subject names nobody."""
    words, today = WORDS[known_language(language, WORDS)], dates.words(now, zone, _known(language))
    return Content(
        Channel.EMAIL,
        recipient,
        _known(language),
        _plain(entries, now, zone, language),
        subject=words.subject.format(who=_count(entries, words), date=today.date_short),
        html=as_html(entries, now=now, zone=zone, language=language),
    )


def of_branch(entries: Sequence[StaffEntry], branch_code: str) -> tuple[StaffEntry, ...]:
    """The customers whose soonest appointment is in the branch, so that one branch calls each of them."""
    code = plain_word(branch_code)
    return tuple(entry for entry in entries if plain_word(entry.branch_code) == code)


def _plain(entries: Sequence[StaffEntry], now: datetime, zone: ZoneInfo, language: str) -> str:
    words = WORDS[known_language(language, WORDS)]
    lines = [f"{words.title}: {_count(entries, words)}", _as_of(now, zone, language, words), ""]
    for customer in _customers(entries, zone, language, words):
        lines.append(f"[ ] {customer.name}, {customer.number}" if customer.number else f"[ ] {customer.name}")
        lines += [f"    {what}: {typed}" for what, typed in customer.contacts]
        for line in customer.lines:
            where = ", ".join(filter(None, (line.date, line.clock, line.branch)))
            lines.append(f"    {where} (#{line.appointment_id})" if where else f"    #{line.appointment_id}")
            lines += [f"      {text}" for text in (line.reason, line.told, *line.said, line.got) if text]
        lines.append("")
    return "\n".join(lines)


# ---------------------------------------------------------------- entries in words


def _customers(
    entries: Sequence[StaffEntry], zone: ZoneInfo, language: str, words: Words
) -> tuple[_Customer, ...]:
    return tuple(
        _Customer(
            name=_clipped(entry.name or _nameless(entry, words)),
            number=_clipped(words.customer_id.format(id=entry.customer_id)) if entry.name else "",
            contacts=tuple(
                (what, _clipped(typed.strip()))
                for what, typed in (
                    (words.mobile, entry.mobile),
                    (words.phone, entry.phone),
                    (words.email, entry.email),
                )
                if typed.strip()
            ),
            lines=tuple(_line(matter, zone, language, words) for matter in entry.matters),
        )
        for entry in entries
    )


def _nameless(entry: StaffEntry, words: Words) -> str:
    """The customer's number; of somebody who answered and whom nobody knows, that it is so."""
    return (
        words.stranger
        if entry.customer_id == entry.mobile
        else words.customer_id.format(id=entry.customer_id)
    )


def _line(matter: Matter, zone: ZoneInfo, language: str, words: Words) -> _Line:
    start = dates.words(matter.starts_at, zone, _known(language))
    unknown = matter.starts_at == NO_START
    stray = unknown and matter.reason is StaffReason.REPLY  # there is no appointment
    told = ""
    if matter.told is not None:
        before = dates.words(matter.told, zone, _known(language))
        told = words.told_before.format(date=before.date_short, time=before.time)
    got = ", ".join(_got(matter, zone, language, words))
    return _Line(
        date=f"{start.weekday}, {start.date_short}" if not unknown else "" if stray else "?",
        clock="" if unknown else words.clock.format(time=start.time),
        appointment_id=_clipped(matter.appointment_id),
        branch=_clipped(matter.branch_name or matter.branch_code),
        reason=words.reasons[matter.reason],
        told=told,
        said=tuple(_said_words(matter, zone, language, words)),
        got=words.got.format(what=got) if got else "" if stray else words.got_nothing,
    )


def _said_words(matter: Matter, zone: ZoneInfo, language: str, words: Words) -> Iterator[str]:
    for each in matter.said:
        at = dates.words(each.at, zone, _known(language))
        yield words.answered.format(date=at.date_short, time=at.time, text=_clipped(each.text))


def _got(matter: Matter, zone: ZoneInfo, language: str, words: Words) -> Iterator[str]:
    for got in matter.got:
        at = dates.words(got.at, zone, _known(language))
        clock = words.clock.format(time=at.time)
        said = _said(got, matter, zone, language, words)
        unsure = words.unsure if got.state is State.UNKNOWN else ""
        notes = ", ".join(filter(None, (said, unsure)))
        what = f"{got.reminder}, {words.channels[got.channel]}, {at.date_short}, {clock}"
        yield f"{what} ({notes})" if notes else what


def _said(got: Got, matter: Matter, zone: ZoneInfo, language: str, words: Words) -> str:
    if got.starts_at in (matter.starts_at, matter.told):
        return ""
    said = dates.words(got.starts_at, zone, _known(language))
    return words.said.format(date=said.date_short, time=said.time)


def _count(entries: Sequence[StaffEntry], words: Words) -> str:
    return words.one if len(entries) == 1 else words.many.format(count=len(entries))


def _as_of(now: datetime, zone: ZoneInfo, language: str, words: Words) -> str:
    moment = dates.words(now, zone, _known(language))
    return words.as_of.format(weekday=moment.weekday, date=moment.date, time=moment.time)


def _known(language: str) -> str:
    """The language that the words are in, so that dates are not in another one."""
    return language if language.partition("-")[0] in WORDS else "de"


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
