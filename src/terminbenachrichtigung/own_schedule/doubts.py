"""Warnings about words for a cancellation that do not count as one."""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from terminbenachrichtigung.own_schedule.columns import mentions_cancellation
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


def doubtful_titles(titles: Collection[str]) -> Iterator[str]:
    """A warning for titles such as `Ida Meier abgesagt`, whose appointments will be reminded."""
    if titles:
        named = ", ".join(map(shown, islice(titles, 3))) + (", …" if len(titles) > 3 else "")
        yield (
            f"a word for a cancellation stands in titles, and they are reminded: {len(titles)} ({named}). It "
            "counts at the beginning before a colon or dash, and at the end behind one or in brackets"
        )
