"""The files in samples/, as far as they can be tried without Debian's programs; tests/real tries the rest."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from docs.pages import PAGES, ROOT, read
from practice import Practice

DECLARED = [Requirement(line) for line in tomllib.loads(read("pyproject.toml"))["project"]["dependencies"]]
PINNED = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", read("samples/constraints.txt"), re.MULTILINE))


@pytest.mark.parametrize("declared", DECLARED, ids=str)
def test_a_dependency_is_pinned_to_a_version_that_it_allows(declared: Requirement) -> None:
    assert declared.specifier.contains(PINNED[canonicalize_name(declared.name)])


@pytest.mark.parametrize("declared", DECLARED, ids=str)
def test_a_dependency_says_from_which_version_on(declared: Requirement) -> None:
    assert any(each.operator in {">=", "=="} for each in declared.specifier)


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    """A configuration without a mistake."""
    with Practice(tmp_path) as made:
        made.configure(email={"sender": "Optik Nord <termine@optik-nord.de>"})
        yield made


@pytest.mark.parametrize("sample", ["github-workflow.yml", "gitlab-ci.yml"])
@pytest.mark.parametrize(("setting", "exit_code"), [("max_parts = 3", 0), ("max_parts = 30", 2)])
def test_the_ci_jobs_command_finds_a_mistake(
    sample: str, setting: str, exit_code: int, practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = re.search(r"terminbenachrichtigung (config check .*? config\.toml)", read(f"samples/{sample}"))
    assert command is not None
    key, value = setting.split(" = ")
    practice.configure(sms={key: int(value)})
    monkeypatch.chdir(practice.folder)
    ran = practice.run(*command[1].split())
    assert ran.exit_code == exit_code, ran.stderr
    assert ("max_parts" in ran.stdout + ran.stderr) == bool(exit_code)


def test_every_sample_is_named_in_the_docs() -> None:
    everything = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [file.name for file in (ROOT / "samples").iterdir() if file.name not in everything] == []
