"""What `schedule import` says of a file, for people and as JSON."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from terminbenachrichtigung.output.tables import Table
from terminbenachrichtigung.own_schedule.entries import Parsed, Refused
from terminbenachrichtigung.own_schedule.import_report import Import, as_json, as_text
from terminbenachrichtigung.own_schedule.moments import DateOrder
from terminbenachrichtigung.own_schedule.result import Change, Changes
from terminbenachrichtigung.own_schedule.source import KEYS, Rows, Source

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NOTHING: dict[str, Rows] = {name: {} for name in KEYS}


def change(number: int, detail: str = "") -> Change:
    return Change(str(number), NOW + timedelta(days=number), detail, f"Kunde{number}")


def found(parsed: Parsed = Parsed(()), **said: object) -> Changes:  # noqa: B008 - frozen
    given: dict[str, object] = {"inserts": NOTHING, "updates": NOTHING, **said}
    return Changes(parsed, **given)  # type: ignore[arg-type]


def said(changes: Changes, *, dry_run: bool = False) -> list[str]:
    """The sentences, and of each table that has rows its title and its rows."""
    lines = []
    for part in as_text(Import(NOW, changes, dry_run=dry_run, zone=BERLIN)):
        if isinstance(part, Table):
            lines += [f"[{part.title}] {' | '.join(row.cells)}" for row in part.rows]
        else:
            lines.append(part)
    return lines


COUNTS = "0 new, 0 changed, 0 cancelled, 0 held, 0 unchanged, 0 refused"


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        (found(), [COUNTS]),
        # what was understood
        (
            found(Parsed((), headings={"starts_at": "Beginn", "mobile": "Handy"}, unused=("Notiz", "Arzt"))),
            [
                "[understood] Handy | mobile",
                "[understood] Beginn | starts_at",
                "Not used: Notiz, Arzt",
                COUNTS,
            ],
        ),
        (found(Parsed((), order=DateOrder.DAY_FIRST)), ["Dates with / are read with the day first.", COUNTS]),
        (
            found(Parsed((), order=DateOrder.MONTH_FIRST)),
            ["Dates with / are read with the month first.", COUNTS],
        ),
        (
            found(nobody={"lines without a customer": 2, "all-day entries": 1}),
            ["Left out: 1 all-day entries", "Left out: 2 lines without a customer", COUNTS],
        ),
        (found(unreachable=2), ["2 appointments of customers without number and address", COUNTS]),
        (found(statuses={"": 3}), [COUNTS]),  # none has a status: nothing to say
        (found(statuses={"Neu": 3}), ["Statuses that are reminded: Neu (3)", COUNTS]),
        (found(statuses={"": 3, "Neu": 1}), ["Statuses that are reminded: none (3), Neu (1)", COUNTS]),
        (
            found(Parsed((), off={"storniert": 2, "Abgesagt": 1})),
            ["Statuses that say that it is off: Abgesagt (1), storniert (2)", COUNTS],
        ),
        (found(beyond=4), ["4 appointments lie later than the last day of the file: they stay", COUNTS]),
        # what changed
        (
            found(
                changed=(change(1, "moved"),),
                cancelled=(change(2, "status Storniert"),),
                held=(change(3, "gone from the file"),),
                late=(change(4, "too late"),),
            ),
            [
                "0 new, 1 changed, 1 cancelled, 1 held, 0 unchanged, 0 refused",
                "[changed] 2026-11-25 10:00 | 1 | Kunde1 | moved",
                "[cancelled] 2026-11-26 10:00 | 2 | Kunde2 | status Storniert",
                "[held: no run reminds] 2026-11-27 10:00 | 3 | Kunde3 | gone from the file",
                "[late: missed] 2026-11-28 10:00 | 4 | Kunde4 | too late",
            ],
        ),
        (
            found(new=(change(1), change(2)), unchanged=7, refused=(Refused(3, "what?", "a", None, "Ida"),)),
            [
                "2 new, 0 changed, 0 cancelled, 0 held, 7 unchanged, 1 refused",
                "[refused] 3 | a | Ida | what?",
            ],
        ),
        (
            found(titles=("Sommer", "Urlaub")),
            [COUNTS, "Left out, since the title names nobody: Sommer, Urlaub"],
        ),
        (
            found(
                inserts={**NOTHING, "customers": {"1": {}}, "branches": {"N": {}, "S": {}}},
                updates={**NOTHING, "customers": {"2": {}, "3": {}}},
            ),
            [COUNTS, "customers: 1 new, 2 with other data", "new branches: N, S"],
        ),
        (
            found(updates={**NOTHING, "customers": {"2": {}}}),
            [COUNTS, "customers: 0 new, 1 with other data"],
        ),
        (
            found(inserts={**NOTHING, "appointment_types": {"Sehtest": {}, "Abgabe": {}}}),
            [COUNTS, "new types, which allow notifications: Sehtest, Abgabe"],
        ),
        # what a person should look at
        (found(warnings=("it is strange",)), [COUNTS, "Warning: it is strange"]),
        (
            found(problems=("it is cut", "it is old")),
            [COUNTS, "Look at this: it is cut.", "Look at this: it is old."],
        ),
        (
            found(uncovered=(change(1, "x"),)),
            [
                COUNTS,
                "[ahead, but before the first day of the file: they stay] 2026-11-25 10:00 | 1 | Kunde1 | x",
                "Look at this: if the file covers them too, they were deleted: say it with --from now "
                "(or tomorrow, +N days, a date).",
            ],
        ),
        (
            found(braked=True, disturbed=6, covered=9, unchanged=3),
            [
                COUNTS.replace("0 unchanged", "3 unchanged"),
                "Look at this: 6 of the 9 appointments that the file covers would be cancelled, "
                "moved or given to another customer. Is it the right file, and complete? Only what is "
                "new was taken, and what is in dispute is held: no run reminds of it until a better "
                "file comes, or --force says that this one is right.",
            ],
        ),
        (
            found(braked=True, disturbed=9, covered=9),
            [
                COUNTS,
                "Look at this: 9 of the 9 appointments that the file covers would be cancelled, "
                "moved or given to another customer. Is it the right file, and complete? Only what is "
                "new was taken, and what is in dispute is held: no run reminds of it until a better "
                "file comes, or --force says that this one is right. None of its own was known: "
                "another export needs a --source of its own.",
            ],
        ),
    ],
)
def test_an_import_says_what_it_understood_what_changed_and_what_to_look_at(
    changes: Changes, lines: list[str]
) -> None:
    assert said(changes) == lines
    assert said(changes, dry_run=True) == [*lines, "Nothing was written."]


@pytest.mark.parametrize(("count", "shown", "more"), [(20, 20, []), (21, 20, ["… and 1 more"])])
def test_of_many_twenty_are_shown_and_the_rest_is_counted(count: int, shown: int, more: list[str]) -> None:
    lines = said(found(changed=tuple(map(change, range(count)))))
    assert len([line for line in lines if line.startswith("[changed]")]) == shown
    assert lines[shown + 1 :] == more
    titles = said(found(titles=tuple(f"T{number}" for number in range(count))))[-1]
    assert titles.count("T") == shown
    assert titles.endswith("and 1 more") is bool(more)


def test_the_same_as_json() -> None:
    """All of it, however much: other programs read it."""
    known, new = Refused(2, "x", key="known"), Refused(3, "y", "a", NOW, "Ida", key="new")
    changes = found(
        Parsed(
            (),
            headings={"starts_at": "Beginn"},
            unused=("Notiz",),
            order=DateOrder.DAY_FIRST,
            days=(date(2026, 11, 24), date(2026, 11, 30)),
            off={"storniert": 2},
        ),
        **{
            kind: (change(number, "why"),)
            for number, kind in enumerate(("new", "changed", "cancelled", "held", "late", "uncovered"))
        },
        refused=(known, new),
        newly_refused=(new,),
        titles=("Urlaub",),
        warnings=("strange",),
        problems=("cut",),
        nobody={"all-day entries": 1},
        statuses={"Neu": 3},
        unreachable=4,
        beyond=5,
        unchanged=6,
        disturbed=7,
        covered=8,
        braked=True,
        whole=False,
        source=Source("s"),
    )
    document = as_json(Import(NOW, changes, dry_run=True, zone=BERLIN))
    listed = {
        kind: [
            {
                "appointment_id": str(number),
                "starts_at": f"2026-11-{24 + number}T10:00:00+01:00",
                "name": f"Kunde{number}",
                "detail": "why",
            }
        ]
        for number, kind in enumerate(("new", "changed", "cancelled", "held", "late", "uncovered"))
    }
    assert document == {
        "command": "schedule import",
        "at": "2026-11-24T10:00:00+01:00",
        "source": "s",
        "written": False,
        "understood": {
            "columns": {"starts_at": "Beginn"},
            "unused_headings": ["Notiz"],
            "date_order": "dmy",
            "first_day": "2026-11-24",
            "last_day": "2026-11-30",
            "whole": False,
            "left_out": {"all-day entries": 1},
            "unreachable": 4,
            "statuses_reminded": {"Neu": 3},
            "statuses_off": {"storniert": 2},
            "beyond": 5,
        },
        **listed,
        "refused": [
            {"line": 2, "appointment_id": None, "name": "", "reason": "x", "new": False},
            {"line": 3, "appointment_id": "a", "name": "Ida", "reason": "y", "new": True},
        ],
        "titles_left_out": ["Urlaub"],
        "problems": ["cut"],
        "warnings": ["strange"],
        "braked": True,
        "counts": {
            "new": 1,
            "changed": 1,
            "cancelled": 1,
            "held": 1,
            "unchanged": 6,
            "refused": 2,
            "disturbed": 7,
            "covered": 8,
        },
    }
    empty = as_json(Import(NOW, found(), dry_run=False, zone=BERLIN))
    assert (empty["written"], empty["braked"]) == (True, False)


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        (found(), False),
        (found(problems=("cut",)), True),
        (found(newly_refused=(Refused(1, "x"),)), True),
        (found(refused=(Refused(1, "x"),)), False),  # told before
        (found(uncovered=(change(1),)), True),
        (found(braked=True), True),
        (found(late=(change(1),)), True),
        (found(held=(change(1),), cancelled=(change(2),), warnings=("strange",)), False),
    ],
)
def test_what_a_person_must_look_at_is_exit_code_1(changes: Changes, needed: bool) -> None:
    assert changes.needs_a_person is needed
