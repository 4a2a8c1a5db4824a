"""Simulated weeks on the real code: nobody twice, nobody lost (contract, section 4)."""

import functools
import random
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from simulation.configurations import CONFIGURATIONS
from simulation.outlets import SameThread
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


@pytest.mark.usefixtures("hurry")
def test_nobody_is_notified_twice_and_nobody_is_lost(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    configuration = CONFIGURATIONS[(seed - 1) % len(CONFIGURATIONS)]
    simulation = Simulation(configuration, seed, pytestconfig.getoption("--weeks"), tmp_path)
    # One thread and simulated seconds: a seed always comes to the same end.
    monkeypatch.setattr("terminbenachrichtigung.delivery.workers.ThreadPoolExecutor", SameThread)
    for module in ("run.planning", "run.backlog", "run.deliveries"):
        monkeypatch.setattr(f"terminbenachrichtigung.{module}.time", simulation.clock)
    chance = SimpleNamespace(Random=lambda: random.Random(seed))
    monkeypatch.setattr("terminbenachrichtigung.run.backlog.random", chance)
    monkeypatch.setattr("terminbenachrichtigung.delivery.next_step.PAUSES", (0.0, 0.0))
    try:
        simulation.live()
    finally:
        simulation.close()
    assert simulation.log.figures["appointments accounted for"] > 0
    print(configuration.name, dict(simulation.log.figures))
