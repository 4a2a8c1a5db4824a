"""The README names everything a user can call or set."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from terminbenachrichtigung import cli
from terminbenachrichtigung.config.files import starter
from terminbenachrichtigung.model.plan import MessageOutcome, Reason

README = Path(__file__).parents[2].joinpath("README.md").read_text(encoding="utf-8")


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")
            if not command.invoke_without_command:
                continue
        yield f"{path}{name}", command


def keys() -> set[str]:
    """All that stand in the starter, commented out or not."""
    return set(re.findall(r"^(?:# )?(\w+) = ", starter(), re.MULTILINE))


@pytest.mark.parametrize(("name", "command"), list(commands(cli.main)), ids=str)
def test_every_command_and_its_options_are_documented(name: str, command: click.Command) -> None:
    assert f"`{name}" in README
    for parameter in command.params:
        for option in parameter.opts:
            if option.startswith("--"):
                assert option in README, f"{name} {option}"


@pytest.mark.parametrize("key", sorted(keys()))
def test_every_key_of_the_configuration_is_documented(key: str) -> None:
    assert f"`{key}" in README


@pytest.mark.parametrize("word", [*Reason, *MessageOutcome])
def test_every_reason_and_outcome_is_documented(word: str) -> None:
    assert f"`{word}`" in README


@pytest.mark.parametrize("marker", ["demo", "tests"])
def test_each_of_the_two_commands_is_one_line_that_makes_its_own_environment(marker: str) -> None:
    block = re.search(rf"<!-- {marker} -->\n```sh\n(.*?)\n```", README, re.DOTALL)
    assert block is not None
    assert "\n" not in block[1]
    assert block[1].startswith("python3 -m venv ")
