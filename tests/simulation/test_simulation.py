"""Simulated weeks on the real code: nobody twice, nobody lost (contract, section 4)."""

import itertools
from pathlib import Path

import pytest

from simulation.configurations import CONFIGURATIONS
from simulation.simulation import Simulation

FIRST = (1, 7, 21, 24, 2, 8, 22, 6, 25)
"""Seeds of practices that are unlike each other; the others follow."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    seed, count = metafunc.config.getoption("--seed"), metafunc.config.getoption("--simulations")
    others = (each for each in itertools.count(1) if each not in FIRST)
    seeds = itertools.islice(itertools.chain(FIRST, others), count)
    metafunc.parametrize("seed", [seed] if seed else list(seeds))


@pytest.mark.sized
def test_nobody_is_notified_twice_and_nobody_is_lost(
    seed: int, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    configuration = CONFIGURATIONS[(seed - 1) % len(CONFIGURATIONS)]
    simulation = Simulation(configuration, seed, pytestconfig.getoption("--weeks"), tmp_path)
    try:
        simulation.live()
    finally:
        simulation.close()
    assert simulation.log.figures["appointments accounted for"] > 0
    print(configuration.name, dict(simulation.log.figures))
