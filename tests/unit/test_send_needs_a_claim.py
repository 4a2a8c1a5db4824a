"""Nothing can leave that is not in the journal first: the types see to it (contract, section 4)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from mypy import api

import terminbenachrichtigung

SOURCE = Path(terminbenachrichtigung.__file__).parent
ROOT = SOURCE.parent.parent

SNIPPET = """\
from terminbenachrichtigung.delivery.channel import Channel
from terminbenachrichtigung.model.delivery import Claim, Content
from terminbenachrichtigung.model.plan import PlannedMessage

def deliver(channel: Channel, content: Content, claim: Claim, planned: PlannedMessage) -> None:
    channel.send(claim, content)
    channel.send(content)
    channel.send(None, content)
    channel.send(planned, content)
    channel.send(claim.message_id, content)
"""


def imports_and_calls() -> Iterator[tuple[str, ast.ImportFrom | ast.Call]]:
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom | ast.Call):
                yield path.relative_to(SOURCE).as_posix(), node


def test_only_the_journal_makes_claims() -> None:
    makers = {
        path
        for path, node in imports_and_calls()
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Claim"
    }
    assert makers == {"journal/journal.py"}


def test_nobody_gives_claims_another_name() -> None:
    renamed = {
        path
        for path, node in imports_and_calls()
        if isinstance(node, ast.ImportFrom)
        and any(alias.name == "Claim" and alias.asname is not None for alias in node.names)
    }
    assert renamed == set()


def test_sending_without_a_claim_does_not_type_check(tmp_path: Path) -> None:
    snippet = tmp_path / "snippet.py"
    snippet.write_text(SNIPPET)
    options = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path / "cache")]
    output, _, _ = api.run([*options, "--no-error-summary", str(snippet)])
    complaints = dict(re.findall(r"snippet\.py:(\d+): error: (.*)", output))
    assert set(complaints) == {"7", "8", "9", "10"}, output  # line 6 sends with a claim
    for line, kind in (("7", "Content"), ("8", "None"), ("9", "PlannedMessage"), ("10", "str")):
        assert f'has incompatible type "{kind}"; expected "Claim"' in complaints[line]
