"""Simulated weeks on the real code: nobody twice, nobody lost (contract, section 4)."""

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from simulation.configurations import CONFIGURATIONS
from simulation.simulation import Simulation
from terminbenachrichtigung.journal.database import make_engine


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    seed, count = metafunc.config.getoption("--seed"), metafunc.config.getoption("--simulations")
    metafunc.parametrize("seed", [seed] if seed else range(1, count + 1))


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Journals that do not wait for the disk: nothing pulls the plug."""

    def do_not_wait(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.close()

    monkeypatch.setattr("terminbenachrichtigung.journal.make_engine", functools.cache(make_engine))
    sa.event.listen(sa.Engine, "connect", do_not_wait)
    yield
    sa.event.remove(sa.Engine, "connect", do_not_wait)


@pytest.mark.sized
@pytest.mark.usefixtures("hurry")
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
