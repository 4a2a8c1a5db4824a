"""One id, one person: which rows nobody is told of (contract, section 4)."""

from dataclasses import replace

import pytest
from rules_scene import appointment

from terminbenachrichtigung.schedule.people import shared_ids

IDA = appointment("1", first_name="Ida", last_name="Meier", mobile="0171 5555555", email="ida@example.org")
SCHULZ = {"last_name": "Schulz", "mobile": "", "email": ""}

UNDER_ONE_ID = [
    # the other row of the id                                             different people?
    pytest.param({}, False, id="the same"),
    pytest.param({"first_name": ""}, False, id="Meier beside Ida Meier"),
    pytest.param({"last_name": "Meier, Ida", "first_name": "Frau"}, False, id="in another order"),
    pytest.param({"first_name": "", "last_name": "", "mobile": "", "email": ""}, False, id="no name"),
    pytest.param({"mobile": "0171 5555556", "email": ""}, False, id="another number"),
    pytest.param({"last_name": "Schulz"}, False, id="married: the number is the same"),
    pytest.param(SCHULZ | {"mobile": "+49 171/5555555"}, False, id="typed otherwise"),
    pytest.param(SCHULZ | {"phone": "030 123456; 0171 5555555"}, False, id="in the other field"),
    pytest.param(SCHULZ | {"email": "IDA@example.org"}, False, id="the address"),
    pytest.param(SCHULZ | {"mobile": "0171 5555556"}, True, id="another person"),
    pytest.param(SCHULZ | {"mobile": "0151 5555555"}, True, id="another network, the same digits behind it"),
    pytest.param(SCHULZ, True, id="nothing in common"),
    pytest.param({"first_name": "Eva", "mobile": "", "email": ""}, True, id="a sister"),
    pytest.param(SCHULZ | {"last_name": "Meier-Schulz"}, True, id="a hyphen makes another name"),
]


@pytest.mark.parametrize(("changes", "different"), UNDER_ONE_ID)
def test_one_id_stands_for_one_person(changes: dict[str, str], different: bool) -> None:
    other = replace(IDA, appointment_id="2", **changes)  # type: ignore[arg-type]
    assert shared_ids([IDA, other]) == (frozenset({"17"}) if different else frozenset())
    assert not shared_ids([IDA, replace(other, customer_id="18")])
    assert not shared_ids([replace(IDA, customer_id=None), replace(other, customer_id=None)])


def test_one_stranger_among_many_rows_is_found() -> None:
    rows = [replace(IDA, appointment_id=str(number)) for number in range(500)]
    assert not shared_ids(rows)
    assert shared_ids([*rows, replace(IDA, **SCHULZ)]) == {"17"}  # type: ignore[arg-type]
