"""A machine for one test."""

from collections.abc import Iterator

import pytest

from real.machine import Machine


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A Debian machine of a module's own, whose tests build on one another in their order."""
    with Machine(tmp_path_factory.mktemp("machine")) as made:
        yield made
