"""The files in samples/, as far as they can be tried without Debian's programs; tests/real tries the rest."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from docs.pages import PAGES, ROOT, read

DECLARED = [Requirement(line) for line in tomllib.loads(read("pyproject.toml"))["project"]["dependencies"]]
PINNED = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", read("samples/constraints.txt"), re.MULTILINE))


@pytest.mark.parametrize("declared", DECLARED, ids=str)
def test_a_dependency_is_pinned_to_a_version_that_it_allows(declared: Requirement) -> None:
    assert declared.specifier.contains(PINNED[canonicalize_name(declared.name)])


@pytest.mark.parametrize("declared", DECLARED, ids=str)
def test_a_dependency_says_from_which_version_on(declared: Requirement) -> None:
    assert any(each.operator in {">=", "=="} for each in declared.specifier)


def test_every_sample_is_named_in_the_docs() -> None:
    everything = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [file.name for file in (ROOT / "samples").iterdir() if file.name not in everything] == []
