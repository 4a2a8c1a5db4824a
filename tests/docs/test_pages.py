"""README and docs/ name everything that a user can call or set, and their links lead somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from docs.pages import PAGES, ROOT, anchor, block, prose, read, sections
from terminbenachrichtigung import cli
from terminbenachrichtigung.config.files import starter
from terminbenachrichtigung.model.plan import MessageOutcome, Reason

README = read("README.md")
COMMANDS = read("docs/commands.md")

# ---------------------------------------------------------------- commands, keys, words


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")
            if not command.invoke_without_command:
                continue
        yield f"{path}{name}", command


def section_of(name: str) -> str:
    """What stands below a command's heading, up to that of the next command."""
    (found,) = [section.text for section in sections(COMMANDS) if section.heading == f"`{name}`"]
    return re.split(r"^#+ `", found, flags=re.MULTILINE)[0]


@pytest.mark.parametrize("name", dict(commands(cli.main)))
def test_every_command_has_a_section_that_names_its_options(name: str) -> None:
    section = section_of(name)
    for parameter in dict(commands(cli.main))[name].params:
        for option in parameter.opts + parameter.secondary_opts:
            if option.startswith("--"):
                assert re.search(rf"`[^`]*(?<![\w-]){option}(?![\w-])", section), f"{name} {option}"


@pytest.mark.parametrize("name", dict(commands(cli.main)))
def test_no_command_s_help_is_wider_than_80_columns(name: str) -> None:
    shown = CliRunner(env={"COLUMNS": "80"}).invoke(cli.main, [*name.split(), "--help"]).stdout
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("option", [name for parameter in cli.main.params for name in parameter.opts])
def test_every_option_before_the_command_is_documented(option: str) -> None:
    (section,) = [each.text for each in sections(COMMANDS) if each.heading == "Before the command"]
    assert f"`{option}" in section


def keys() -> set[str]:
    """All that stand in the starter, commented out or not."""
    return set(re.findall(r"^(?:# )?(\w+) = ", starter(), re.MULTILINE))


@pytest.mark.parametrize("key", sorted(keys()))
def test_every_key_of_the_configuration_is_documented(key: str) -> None:
    assert f"`{key}" in read("docs/configuration.md")


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_documented_among_the_rules(reason: Reason) -> None:
    assert f"| `{reason}` |" in read("docs/rules.md")


@pytest.mark.parametrize("outcome", list(MessageOutcome))
def test_every_outcome_is_documented_where_run_once_is(outcome: MessageOutcome) -> None:
    assert f"`{outcome}`" in section_of("run-once")


# ---------------------------------------------------------------- the README


@pytest.mark.parametrize("marker", ["demo", "tests"])
def test_each_of_the_two_commands_is_one_line_that_makes_its_own_environment(marker: str) -> None:
    command = block(README, marker, "sh").strip()
    assert "\n" not in command
    assert command.startswith("python3 -m venv ")


def test_the_readme_stays_short_and_leads_to_every_page() -> None:
    assert len(README.encode()) <= 9000
    for page in ROOT.glob("docs/*.md"):
        assert f"(docs/{page.name})" in README, page.name


# ---------------------------------------------------------------- links


def links() -> Iterator[tuple[Path, str]]:
    """Every link of every page that stays in the tree."""
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", prose(page.read_text(encoding="utf-8"))):
            if not re.match(r"\w+:", target):
                yield page, target


@pytest.mark.parametrize(
    ("page", "target"), [(page.relative_to(ROOT), target) for page, target in links()], ids=str
)
def test_every_link_leads_to_a_file_and_a_heading(page: Path, target: str) -> None:
    name, _, fragment = target.partition("#")
    file = (ROOT / page.parent / name).resolve() if name else ROOT / page
    assert file.is_relative_to(ROOT)
    assert file.exists()
    if fragment:
        headings = {anchor(section.heading) for section in sections(file.read_text(encoding="utf-8"))}
        assert fragment in headings
