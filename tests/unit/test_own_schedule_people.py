"""Who the people of a file without customer ids are among the customers of the schedule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from terminbenachrichtigung.own_schedule import entries
from terminbenachrichtigung.own_schedule.entries import Entry, identity_of
from terminbenachrichtigung.own_schedule.ids import customer_at, with_ids
from terminbenachrichtigung.own_schedule.people import MADE, Row, identified, one_id_one_person

START = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)

CUSTOMERS = {
    "1": ("Ida", "Meier", "0171 5555001"),
    "2": ("Otto", "Kurz", ""),
    "3": ("Eva", "Lang", "0171 5555003"),
    "4": ("Eva", "Lang", "0171 5555003"),  # entered twice
    "5": ("Tom", "Adam", "0171 5555005"),
    "6": ("Tim Tom", "Adam", "0171 5555005"),  # his father
}


def customer(first_name: str, last_name: str, mobile: str) -> Row:
    return {"first_name": first_name, "last_name": last_name, "mobile": mobile, "phone": "", "email": None}


def line(name: str, mobile: str = "", appointment: str = "new", customer_id: str = "") -> Entry:
    person = entries.person({"name": name, "mobile": mobile, "customer_id": customer_id})
    assert person is not None
    return Entry(1, appointment, START, person, {})


def who(*lines: Entry, before: dict[str, str] | None = None) -> list[str]:
    """The customers that the lines get; `made` for a new one. `before`: customers by appointment."""
    known = {key: customer(*said) for key, said in CUSTOMERS.items()}
    found = identified(lines, known, lambda each: (before or {}).get(each.appointment_id))
    ids = [each.person.customer_id for each in found if each.person]
    return ["made" if each.startswith(MADE) else each for each in ids]


@pytest.mark.parametrize(
    ("name", "mobile", "expected"),
    [
        ("Ida Meier", "0171 5555001", "1"),
        ("Frau Meier, Ida", "+49 171 5555001", "1"),  # however it is typed
        ("Meier", "0171 5555001", "1"),  # a part of the name, and the number
        ("Ida Meier", "0171 5555001; 089 5555001", "1"),  # one number in common
        ("Ida Meier", "0171 5555009", "made"),  # a namesake
        ("Ida Meier", "", "made"),  # nobody knows which
        ("Eva Meier", "0171 5555001", "made"),  # her daughter
        ("Otto Kurz", "", "2"),  # neither has a number
        ("Kurz", "", "made"),  # without a number a part of the name is too little
        ("Otto Kurz", "0171 5555002", "made"),
        ("Eva Lang", "0171 5555003", "3"),  # always the same of two
        ("Tom Adam", "0171 5555005", "5"),  # the one whose name is the very same
        ("Tim Tom Adam", "0171 5555005", "6"),
        ("Adam", "0171 5555005", "made"),  # either of two
    ],
)
def test_a_person_without_an_id_is_whom_name_and_number_name(name: str, mobile: str, expected: str) -> None:
    assert who(line(name, mobile)) == [expected]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([line("Ida Meier", "0171 5555009", "a")], ["1"]),  # the number is corrected
        ([line("Ida Maier", "0171 5555001", "a")], ["1"]),  # the name is
        ([line("Ida Maier", "0171 5555009", "a")], ["made"]),  # both: somebody else has the appointment
        ([line("Ida Maier", "0171 5555001", "b")], ["made"]),  # another appointment proves nothing
        # Who stands in the file under the old name is the customer, and the other another.
        ([line("Ida Meier", "0171 5555001", "b"), line("Ida Maier", "0171 5555001", "a")], ["1", "made"]),
        # Two lay claim to one customer: who has the name gets it, whichever comes first.
        ([line("Ida Maier", "0171 5555001", "a"), line("Ida Meier", "0171 5555009", "c")], ["made", "1"]),
        ([line("Ida Meier", "0171 5555008", "a"), line("Ida Meier", "0171 5555009", "c")], ["1", "made"]),
        # One person's appointments belonged to two records: they get the first one's.
        ([line("Eva Lang", "0171 5555009", "e"), line("Eva Lang", "0171 5555009", "f")], ["3", "3"]),
        ([line("Eva Lang", "0171 5555008", "d"), line("Eva Lang", "0171 5555009", "d")], ["made", "made"]),
        ([line("Ida Meier", "0171 5555009", "gone")], ["made"]),  # of a customer that is no more
    ],
)
def test_of_a_known_appointment_the_name_or_the_number_may_be_corrected(
    lines: list[Entry], expected: list[str]
) -> None:
    before = {"a": "1", "c": "1", "d": "5", "e": "3", "f": "4", "gone": "99"}
    assert who(*lines, before=before) == expected


@pytest.mark.parametrize(("names", "expected"), [(3, "1"), (4, "made")])
def test_a_number_of_more_than_three_names_is_nobody_s(names: int, expected: str) -> None:
    theirs = [line(name, "0171 5555001", "b") for name in ("Jo Alt", "Jo Neu", "Jo Frei")[: names - 1]]
    assert who(*theirs, line("Ida Maier", "0171 5555001", "a"), before={"a": "1"})[-1] == expected


@pytest.mark.parametrize(
    ("held", "said", "expected"),
    [
        ({"a": "1"}, line("Ida Meier", "0171 5555009"), "1"),  # by the name
        ({"a": "1"}, line("Ida Maier", "0171 5555001"), "1"),  # or by the number
        ({"a": "1"}, line("Ida Maier", "0171 5555009"), None),
        ({"a": "1", "b": "5"}, line("Ida Meier", "0171 5555005"), None),  # either of two
        ({"a": "1", "b": "5"}, line("Ida Meier", "0171 5555009"), "1"),
        (
            {"a": None, "b": "99"},
            line("Ida Meier", "0171 5555001"),
            None,
        ),  # of nobody, and of one who is gone
        ({}, line("Ida Meier", "0171 5555001"), None),
        (
            {"a": "1"},
            replace(line("Ida Meier", "0171 5555001"), starts_at=START + timedelta(minutes=1)),
            None,
        ),
        ({"a": "1"}, replace(line("Ida Meier", "0171 5555001"), person=None), None),
    ],
)
def test_without_an_id_an_appointment_is_known_by_its_start_and_its_customer(
    held: dict[str, str | None], said: Entry, expected: str | None
) -> None:
    rows = {key: {"starts_at": START, "customer_id": whose} for key, whose in held.items()}
    identities = {key: identity_of(customer(*names)) for key, names in CUSTOMERS.items()}
    assert customer_at(rows, identities)(said) == expected


def codes(entry: Entry) -> tuple[str, str]:
    """Those of its type and branch, where the file calls them as the schedule does."""
    return str(entry.values.get("type_name") or ""), str(entry.values.get("branch_code") or "")


def ided(*lines: Entry, held: dict[str, Row], gone: tuple[str, ...] = ()) -> list[tuple[int, str]]:
    """By line: the id that `--id-from start,customer` gives; `made` for a new one."""
    found = with_ids(lines, ("start", "customer"), held, gone=gone.__contains__, codes=codes)
    return [
        (each.line, "made" if each.appointment_id.startswith(MADE) else each.appointment_id) for each in found
    ]


def row(hour: int, whose: str = "1") -> Row:
    at = START.replace(hour=hour)
    return {"starts_at": at, "customer_id": whose, "type_code": "T", "branch_code": None}


def on(number: int, hour: int, whose: str = "1", **said: str) -> Entry:
    person = entries.person({"name": "Ida Meier", "customer_id": whose})
    return Entry(number, "", START.replace(hour=hour), person, said)


@pytest.mark.parametrize(
    ("lines", "held", "gone", "expected"),
    [
        ([on(1, 9)], {"a": row(9)}, (), [(1, "a")]),
        ([on(1, 10)], {"a": row(9)}, (), [(1, "made")]),  # another one, beside the first
        ([on(1, 10)], {"a": row(9)}, ("a",), [(1, "a")]),  # the one that is gone has moved
        ([on(1, 10, "2")], {"a": row(9)}, ("a",), [(1, "made")]),  # somebody else's
        ([on(1, 10), on(2, 11)], {"a": row(9)}, ("a",), [(1, "made"), (2, "made")]),  # which of the two?
        ([on(1, 10)], {"a": row(8), "b": row(9)}, ("a", "b"), [(1, "made")]),
        ([on(2, 10), on(1, 9)], {"a": row(9)}, (), [(1, "a"), (2, "made")]),  # in the order of the lines
        ([on(1, 9), on(2, 9)], {"a": row(9)}, (), [(1, "a")]),  # the same line twice
        # two chairs at one time: the first line has the first id, in every file
        (
            [on(1, 9, type_name="A"), on(2, 9, type_name="B")],
            {"b": row(9), "a": row(9)},
            (),
            [(1, "a"), (2, "b")],
        ),
        ([on(1, 9, type_name="A"), on(2, 9, type_name="B")], {}, (), [(1, "made"), (2, "made")]),
        ([replace(on(1, 9), person=None)], {"a": row(9)}, (), []),  # a blocked time
    ],
)
def test_an_appointment_without_an_id_keeps_the_one_that_was_made_for_it(
    lines: list[Entry], held: dict[str, Row], gone: tuple[str, ...], expected: list[tuple[int, str]]
) -> None:
    assert ided(*lines, held=held, gone=gone) == expected
    made = [
        each.appointment_id
        for each in with_ids(lines, ("start", "customer"), held, gone=lambda _: False, codes=codes)
    ]
    assert len(set(made)) == len(made)


def test_two_appointments_at_one_time_are_told_apart_by_type_and_branch() -> None:
    held = {
        key: {**row(9), "type_code": kind, "branch_code": branch}
        for key, kind, branch in [("a", "Sehtest", "N"), ("b", "Sehtest", "S"), ("c", "Abgabe", "N")]
    }
    lines = [
        on(1, 9, type_name="Abgabe", branch_code="N"),
        on(2, 9, type_name="Sehtest", branch_code="S"),
        on(3, 9, type_name="Sehtest", branch_code="N"),
        on(4, 9, type_name="Abgabe", branch_code="S"),
    ]
    found = with_ids(lines, ("start", "customer", "type", "branch"), held, gone=lambda _: False, codes=codes)
    assert [each.appointment_id for each in found][:3] == ["c", "b", "a"]
    assert found[3].appointment_id.startswith(MADE)


def test_a_new_id_is_made_of_name_and_number_and_nobody_else_has_it() -> None:
    (made,) = identified([line("Ida Meier", "0171 5555009")], {}, lambda _: None)
    assert made.person is not None
    first = made.person.customer_id
    # The customer of that id is another person by now, and so is the one of the id after it.
    known = {first: customer("Jo", "Alt", ""), f"{first}-2": customer("Jo", "Neu", "")}
    (again,) = identified([line("Ida Meier", "0171 5555009")], known, lambda _: None)
    assert again.person is not None
    assert again.person.customer_id == f"{first}-3"


def test_ids_of_the_file_stay_and_lines_without_a_person_too() -> None:
    blocked = replace(line("Ida Meier"), person=None)
    lines = [line("Ida Meier", "0171 5555001", customer_id="88"), blocked]
    assert identified(lines, {}, lambda _: None) == lines
    assert identified([*lines, line("Ida Meier", "0171 5555001")], {}, lambda _: None)[:2] == lines


@pytest.mark.parametrize(
    ("one", "other", "same", "another"),
    [
        (("Ida Meier", "1111111"), ("Ida Meier", "1111111"), True, False),
        (("Ida Meier", "1111111"), ("Meier", "1111111"), True, False),
        (("Ida Meier", "1111111"), ("Eva Meier", "1111111"), False, False),
        (("Ida Meier", "1111111"), ("Ida Meier", "2222222"), False, False),
        (("Ida Meier", "1111111"), ("Eva Meier", "2222222"), False, True),
        (("Ida Meier", "1111111"), ("Ida Meier", ""), False, False),
        (("Ida Meier", ""), ("Ida Meier", ""), True, False),
        (("Ida Meier", ""), ("Meier", ""), False, False),  # without a number a part is too little
        (("Ida Meier", ""), ("Eva Meier", ""), False, True),
        (("", "1111111"), ("Eva Meier", "2222222"), False, False),  # nobody's name
    ],
)
def test_two_records_are_exactly_one_person_or_surely_two(
    one: tuple[str, str], other: tuple[str, str], *, same: bool, another: bool
) -> None:
    for first, second in ((one, other), (other, one)):
        left, right = (identity_of(customer("", name, number)) for name, number in (first, second))
        assert left.is_exactly(right) is same
        assert left.is_another(right) is another


@pytest.mark.parametrize(
    ("people", "refused"),
    [
        ([("Ida Meier", "0171 5555001"), ("Otto Kurz", "0171 5555002")], True),
        ([("Ida Meier", "0171 5555001"), ("Otto Kurz", "0171 5555001")], False),  # renamed, with the number
        ([("Ida Meier", "0171 5555001"), ("Meier", "0171 5555002")], False),  # a part of the name
        ([("Ida Meier", "0171 5555001"), ("", "0171 5555002")], False),  # no name is nobody else's
        ([("Ida Meier", "0171 5555001")] * 2, False),
    ],
)
def test_an_id_that_stands_for_different_people_is_nobody_s(
    people: list[tuple[str, str]], refused: bool
) -> None:
    lines = [line(*person, customer_id="17") for person in people]
    other = line("Eva Lang", "0171 5555003", customer_id="18")
    kept, left = one_id_one_person([*lines, other])
    assert kept == ([other] if refused else [*lines, other])
    assert [each.reason for each in left] == (
        ["customer_id: '17' stands for different people"] * len(lines) if refused else []
    )
