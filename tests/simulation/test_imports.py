"""Simulated days of imports: nobody twice, nobody lost, nobody called for nothing, whatever files do."""

from pathlib import Path

import pytest

from simulation.imports import Weeks


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    seed, count = metafunc.config.getoption("--seed"), metafunc.config.getoption("--simulations")
    metafunc.parametrize("seed", [seed] if seed else range(1, count + 1))


@pytest.mark.sized
def test_what_the_files_say_is_told_once_whatever_else_comes(
    seed: int, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    weeks = Weeks(seed, round(3 * pytestconfig.getoption("--weeks")), tmp_path)
    try:
        weeks.live()
    finally:
        weeks.close()
    assert len(weeks.told) > 5
    assert weeks.mistakes > 0
