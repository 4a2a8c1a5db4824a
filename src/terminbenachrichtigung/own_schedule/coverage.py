"""For which appointments a file counts: those of its days and branches, unless it is an older file."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from terminbenachrichtigung.own_schedule.entries import Entry, How, Parsed
from terminbenachrichtigung.own_schedule.people import Row
from terminbenachrichtigung.own_schedule.source import Source

_NO_BRANCH = frozenset({""})
_LATE = timedelta(hours=2)  # of open time without an import: somebody may have been booked and told nothing


@dataclass(frozen=True, slots=True)
class Reach:
    """For which appointments a file counts: if it does not name one of these, that one is gone."""

    spans: tuple[tuple[datetime, datetime], ...]
    branches: frozenset[str] | None  # None: all
    together: tuple[frozenset[str], ...]  # branches of which some files had several
    whole: bool  # what it does not name is gone
    older: bool  # than the last one of its source
    empty: bool  # nobody is in it: what is gone is held, and never cancelled

    def has(self, row: Row) -> bool:
        return self.of_its_branches(row) and self.has_day(row)

    def has_day(self, row: Row) -> bool:
        starts_at = row["starts_at"]
        return isinstance(starts_at, datetime) and any(a <= starts_at < b for a, b in self.spans)

    def begins_behind(self, row: Row, how: How) -> bool:
        """Whether the file surely says nothing of a day: the one it leaves out by `--from`, or today.

        An export that begins tomorrow has none of today's, and they have not moved to what is new in it.
        """
        today = how.now.astimezone(how.zone).date()
        first = how.covers_from if isinstance(how.covers_from, date) else today + timedelta(days=1)
        starts_at = row["starts_at"]
        return isinstance(starts_at, datetime) and starts_at < day_start(first, how) and not self.has_day(row)

    def of_its_branches(self, row: Row) -> bool:
        return self.branches is None or str(row["branch_code"] or "") in self.branches


def booked_at(starts_at: datetime, branch: str, source: Source, how: How) -> datetime | None:
    """When an appointment was booked, judged by the first file that names it.

    None in a source's first file, and where no earlier file covered its day or had its branch. Otherwise it
    was booked between the last import and now. Now is taken; but if its last chance to be reminded lies
    between the two, it is the time of the last import, so that the appointment counts as missed.
    """
    if source.whole_at is None or not _was_covered(starts_at, branch, source, how):
        return None
    return source.whole_at if came_late(starts_at, branch, source, how) else how.now


def came_late(starts_at: datetime, branch: str, source: Source, how: How) -> bool:
    if (
        source.whole_at is None
        or how.quiet is None
        or not starts_at > how.now
        or not _was_covered(starts_at, branch, source, how)
    ):
        return False
    chance = how.quiet.last_chance(starts_at)
    return (
        source.whole_at < chance <= how.now and how.quiet.open_time_between(source.whole_at, how.now) >= _LATE
    )


def _was_covered(starts_at: datetime, branch: str, source: Source, how: How) -> bool:
    """Whether earlier files would have had an appointment: branches may be exported one after the other."""
    has_branch = not source.together or any(branch in group for group in source.together)
    return has_branch and _within_days(starts_at, source, how)


def _within_days(starts_at: datetime, source: Source, how: How) -> bool:
    day = starts_at.astimezone(how.zone).date()
    return source.last_day is None or source.first_day is None or source.first_day <= day <= source.last_day


def was_covered(entry: Entry, source: Source, how: How) -> bool:
    """Whether the last file covered its day, and so would have named it if it stood."""
    return source.last_day is not None and _within_days(entry.starts_at, source, how)


def _is_older(parsed: Parsed, source: Source, how: How) -> bool:
    """Whether a file was written before the last one of its source."""
    if how.file == source.file:
        return False
    # A stamp of a later day is a clock's that was wrong: by it all files would be older, for years.
    if parsed.written_at and source.written_at and source.written_at <= how.now + timedelta(days=1):
        of_all = not parsed.written_by and not source.written_by
        of_one = parsed.written_by and source.written_by in parsed.stamps
        if of_all or of_one:
            return parsed.written_at < source.written_at
    if how.file_at and source.file_at and source.file_at <= how.now:
        return how.file_at < source.file_at - timedelta(seconds=2)
    return False


def _branches_together(before: Iterable[frozenset[str]], here: Iterable[str]) -> tuple[frozenset[str], ...]:
    """The groups of branches that came in one file; an appointment without a branch has the branch ``""``."""
    merged = set(here)
    apart = []
    for group in before:
        if group & merged:
            merged |= group
        else:
            apart.append(group)
    return (*apart, frozenset(merged)) if merged else tuple(apart)


def reach_of(
    parsed: Parsed,
    entries: Iterable[Entry],
    branches: Mapping[int, str | None],
    source: Source,
    how: How,
    *,
    refuses: bool,
) -> Reach:
    """For which appointments a file counts.

    Args:
        parsed: the file.
        entries: those of its entries that are not refused.
        branches: the branch of each, by its line.
        source: what earlier files left behind.
        how: what the administrator says of the file.
        refuses: whether some of its lines are refused.
    """
    named = [entry for entry in entries if entry.person]
    older = _is_older(parsed, source, how)
    whole = parsed.complete and not (how.partial or parsed.cut or older)
    here = {branches[entry.line] or "" for entry in named}
    if source.together == (_NO_BRANCH,):
        here |= _NO_BRANCH  # earlier files named no branch: what they left is of the same practice
    together = _branches_together(source.together, here)
    if whole and not named and not refuses:
        spans = tuple(_span(source.first_day, source.last_day, how))
        return Reach(spans, None, together, whole=True, older=False, empty=True)
    here = {branch or "" for branch in branches.values()}
    group = next((group for group in reversed(together) if group & here), frozenset(here))
    first, last = parsed.days or (None, None)
    spans = tuple(_span(first, last, how))
    if first is not None and isinstance(how.covers_from, date) and how.covers_from < first:
        spans = tuple(_span(how.covers_from, last, how))
    elif first is not None and how.covers_from == "now" and source.last_day is not None:
        spans += tuple(_span(how.now.astimezone(how.zone).date(), min(source.last_day, first), how))
    return Reach(spans, group, together, whole=whole, older=older, empty=False)


def _span(first: date | None, last: date | None, how: How) -> Iterator[tuple[datetime, datetime]]:
    if first is not None and last is not None and first <= last:
        after = last + timedelta(days=1)
        yield day_start(first, how), day_start(after, how)


def day_start(day: date, how: How) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=how.zone)


def next_source(parsed: Parsed, source: Source, how: How, reach: Reach, *, braked: bool) -> Source:
    """What the next import is to know of this one."""
    if reach.older:
        return replace(source, imported_at=source.imported_at or how.now)
    after = replace(
        source,
        imported_at=how.now,
        file=how.file,
        file_at=how.file_at,
        written_at=parsed.written_at or source.written_at,
        written_by=parsed.written_by if parsed.written_at else source.written_by,
        order=parsed.order or source.order,
        together=reach.together,
        empty=reach.empty,
        off_by_name=parsed.off_by_name or source.off_by_name,
    )
    if not reach.whole or braked:
        return after
    after = replace(after, whole_at=how.now, ending=parsed.ending)
    if reach.empty or parsed.days is None:
        return after
    first, last = parsed.days
    if isinstance(how.covers_from, date):
        first = min(first, how.covers_from)
    elif how.covers_from == "now":
        first = min(first, how.now.astimezone(how.zone).date())
    return replace(after, first_day=first, last_day=last)
