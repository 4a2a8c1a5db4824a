"""Warnings about words for a cancellation that do not count as one."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice

from terminbenachrichtigung.own_schedule.columns import (
    is_cancellation,
    mentions_cancellation,
    without_cancellation,
)
from terminbenachrichtigung.own_schedule.entries import Entry, How
from terminbenachrichtigung.safe_text import one_line
from terminbenachrichtigung.schedule.values import shown


def doubtful_statuses(entries: Iterable[Entry], how: How) -> list[str]:
    """A warning for each status that sounds like a cancellation, but will be reminded."""
    found: dict[str, int] = {}
    for entry in entries:
        word = str(entry.values.get("status") or "")
        if word and word.casefold() not in how.excluded and word.casefold() not in how.statuses:
            found[word] = found.get(word, 0) + 1
    return [
        f'the status "{one_line(word)}" holds a word for a cancellation, and its {count} '
        f"appointment{'' if count == 1 else 's'} will be reminded: --status WORD=cancelled or =stands decides"
        for word, count in found.items()
        if mentions_cancellation(word)
    ]


def doubtful_types(entries: Iterable[Entry], how: How, *, may_notify: Callable[[str], bool]) -> Iterator[str]:
    """A warning for each type that is a word for a cancellation, and whose appointments will be reminded.

    Outlook's categories are typed so, and some exports have one column for the kind of booking and its state.
    """
    listed = list(entries)
    names = {word: one_line(word) for word in {str(entry.values.get("type_name") or "") for entry in listed}}
    doubtful = {
        word
        for word, name in names.items()
        if (is_cancellation(name) or without_cancellation(name) is not None) and may_notify(name)
    }
    found = Counter(
        names[word]
        for entry in (listed if doubtful else ())
        if (word := str(entry.values.get("type_name") or "")) in doubtful
        and entry.person
        and entry.starts_at > how.now
        and not how.is_off(entry.values.get("status"))
    )
    for type_name, count in found.items():
        appointments = f"its {count} appointment{'' if count == 1 else 's'}"
        yield (
            f'the type "{type_name}" is a word for a cancellation, and {appointments} will be reminded: '
            "--mapping status=HEADING if its column has the status; else notifiable = false in the table "
            "appointment_types takes it out"
        )


def doubtful_titles(titles: Collection[str]) -> Iterator[str]:
    """A warning for titles such as `Ida Meier abgesagt`, and lines such as `Status: abgesagt`."""
    if titles:
        named = ", ".join(map(shown, islice(titles, 3))) + (", …" if len(titles) > 3 else "")
        yield (
            "a word for a cancellation stands in titles or descriptions, and they are reminded: "
            f"{len(titles)} ({named}). In a title it counts at the beginning before a colon or dash, and at "
            "the end behind one or in brackets"
        )
