"""The contract's own examples, asked of the oracle: a mistake that the program shares no simulation finds."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from practice import local
from simulation.configurations import Configuration
from simulation.minutes import Minutes
from simulation.oracle import Memory
from simulation.verdicts import Oracle
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.plan import Reason

DUE = None
NOT_YET, SAME_DAY = Reason.NOT_YET_DUE, Reason.SAME_DAY
SUNDAYS = {"quiet_days": ["sunday"]}
EXAMPLES = [
    # now                 start              rules    verdict (24 hours before, quiet from 20:00 to 08:00)
    pytest.param("2026-11-24 10:00", "2026-11-25 10:00", {}, DUE, id="inclusive"),
    pytest.param("2026-11-24 10:00", "2026-11-25 10:01", {}, NOT_YET, id="a minute too early"),
    pytest.param("2026-11-24 10:00", "2026-11-24 16:00", {}, SAME_DAY, id="today"),
    pytest.param("2026-11-24 18:29", "2026-11-25 19:30", {}, NOT_YET, id="not yet before quiet"),
    pytest.param("2026-11-24 18:30", "2026-11-25 19:30", {}, DUE, id="before quiet"),
    pytest.param("2026-11-24 18:30", "2026-11-26 07:00", {}, DUE, id="a last hour of 23 after quiet"),
    pytest.param("2026-11-24 18:30", "2026-11-26 07:01", {}, NOT_YET, id="a minute after that"),
    pytest.param("2026-11-24 19:59", "2026-11-25 09:00", {}, DUE, id="the last open minute"),
    pytest.param("2026-11-25 08:00", "2026-11-26 07:30", {}, DUE, id="the first open minute"),
    pytest.param("2026-11-28 18:30", "2026-11-30 08:30", SUNDAYS, DUE, id="before a quiet Sunday"),
    pytest.param("2026-11-28 18:30", "2026-12-01 07:00", SUNDAYS, DUE, id="over it"),
    pytest.param("2026-11-28 18:30", "2026-12-01 07:01", SUNDAYS, NOT_YET, id="a minute too far over it"),
    pytest.param("2027-03-27 10:00", "2027-03-28 11:00", {}, DUE, id="a day of 23 hours"),
    pytest.param("2026-10-24 10:00", "2026-10-25 09:01", {}, NOT_YET, id="a day of 25 hours"),
]


def oracle(now: datetime, folder: Path, rules: dict[str, Any]) -> Oracle:
    """With two weeks of time around `now`."""
    settings = Configuration("the contract's", "", rules=rules).settings(folder)
    days = timedelta(days=9)
    minutes = Minutes(settings.rules, settings.zone, (now - days).date(), (now + days).date())
    return Oracle(settings, minutes, {"": None, "0171 5555555": "+491715555555"})


@pytest.mark.parametrize(("now", "start", "rules", "verdict"), EXAMPLES)
def test_an_example_of_the_contract(
    now: str, start: str, rules: dict[str, Any], verdict: Reason | None, tmp_path: Path
) -> None:
    moment = local(now)
    judging = oracle(moment, tmp_path, rules).judging(Memory(), moment)
    row = Appointment("A1", local(start), "C1", type_notifiable=True, is_group=False, mobile="0171 5555555")
    assert judging.first_no(row, "Terminerinnerung") is verdict


def test_the_example_that_lies_in_a_quiet_period(tmp_path: Path) -> None:
    """From 20:00 on, to 08:00."""
    begins = local("2026-11-24 20:00")
    minutes = oracle(begins, tmp_path, {}).minutes
    assert minutes.is_quiet(begins)
    assert not minutes.is_quiet(begins - timedelta(minutes=1))
    assert minutes.next_open(begins) == local("2026-11-25 08:00")


LAST_CHANCES = [
    # start               rules                       its last chance
    pytest.param("2026-11-25 09:00", {}, "2026-11-24 20:00", id="the evening before"),
    pytest.param("2026-11-30 09:00", SUNDAYS, "2026-11-28 20:00", id="before a quiet Sunday"),
    pytest.param("2026-11-25 09:00", {"same_day": True}, "2026-11-25 09:00", id="its start"),
    pytest.param(
        "2026-11-25 07:00", {"same_day": True}, "2026-11-24 20:00", id="before the night it lies in"
    ),
    pytest.param(
        "2026-11-25 09:00", {"quiet_hours": False}, "2026-11-25 00:00", id="no night: until midnight"
    ),
]


@pytest.mark.parametrize(("start", "rules", "chance"), LAST_CHANCES)
def test_the_last_chance_ends_with_the_last_open_time_before_the_day(
    start: str, rules: dict[str, Any], chance: str, tmp_path: Path
) -> None:
    at = local(start)
    same_day = rules.get("same_day", False)
    assert oracle(at, tmp_path, rules).minutes.last_chance(at, same_day=same_day) == local(chance)
