"""Days of customers who answer, each kind of gateway; what comes of it is worked out a second time."""

from datetime import timedelta
from pathlib import Path

import pytest

from practice import Practice
from simulation.answers import Days
from terminbenachrichtigung.demo.preparation import GATEWAYS

UNSURE = {"lox24": timedelta(), "seven": timedelta(hours=2)}


@pytest.mark.sized
@pytest.mark.parametrize("number", [0, pytest.param(1, marks=pytest.mark.full)])
@pytest.mark.parametrize("provider", ["lox24", pytest.param("seven", marks=pytest.mark.full)])
def test_whatever_customers_answer(
    provider: str, number: int, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    seed = pytestconfig.getoption("--seed") or 1000 + number
    print(f"replay: --seed {seed}")
    with GATEWAYS[provider]() as gateway, Practice(tmp_path) as practice:
        days = Days(practice, gateway, seed, UNSURE[provider])
        days.live(24 * (8 if pytestconfig.getoption("--full") else 3))
    print(dict(days.figures))
    assert min(days.figures[each] for each in ("yes", "no", "other", "compared", "confirmed")) > 0
