"""What the docs show as the program's output is what it prints."""

from pathlib import Path

import pytest

from docs import screenshot
from docs.pages import PAGES, ROOT
from docs.printed import Printed, again, is_same, printed, rewrite
from docs.scenarios import SCENARIOS

BLOCKS = [
    block
    for page in PAGES
    for block in printed(str(page.relative_to(ROOT)), page.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_of_output_is_printed_again(
    block: Printed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(tmp_path)
    with SCENARIOS[block.scenario](tmp_path) as run:
        now = again(block, run)
    if is_same(block, now):
        return
    if request.config.getoption("--rewrite-docs"):
        rewrite(ROOT / block.page, {block.text: now})
    pytest.fail(f"{block} shows something else; printed was:\n{now}")


EXAMPLE = """\
$ terminbenachrichtigung history runs
  at     run
  10:00  7aa2c2ec-e914-4f65-966d-794d9bb352a7
…

1 run
"""


@pytest.mark.parametrize(
    ("now", "same"),
    [
        pytest.param(EXAMPLE.replace("…\n", ""), True, id="as it stands"),
        pytest.param(EXAMPLE.replace("…", "one\n  two"), True, id="with lines for …"),
        pytest.param(EXAMPLE.replace("…\n", "").replace("7aa2", "0000"), True, id="with another id"),
        pytest.param(EXAMPLE.replace("…\n", "").replace("at     run", "at       run"), True, id="wider"),
        pytest.param(EXAMPLE.replace("…\n", "").replace("10:00", "11:00"), False, id="with another time"),
        pytest.param(
            EXAMPLE.replace("…\n", "").replace("1 run", "1 run\n1 more"), False, id="with a line more"
        ),
        pytest.param(EXAMPLE.replace("…\n", "").replace("  10", "10"), False, id="not indented"),
    ],
)
def test_what_may_differ_and_what_may_not(now: str, same: bool) -> None:
    page = f"<!-- printed: demo -->\n```\n{EXAMPLE}```\n"
    (block,) = printed("page.md", page)
    assert is_same(block, now) is same


def test_json_is_compared_by_its_values() -> None:
    page = '<!-- printed: demo: history --json -->\n```json\n{"at": "…", "n": 1}\n```\n'
    (block,) = printed("page.md", page)
    assert block.command == "history --json"
    assert is_same(block, '{"n": 1, "at": "2026"}')
    assert not is_same(block, '{"n": true, "at": "2026"}')
    assert not is_same(block, '{"n": 1}')


def test_the_readmes_picture_shows_the_staff_list_of_the_demo(tmp_path: Path) -> None:
    picture = screenshot.PICTURE.read_text(encoding="utf-8")
    assert screenshot.words(picture) == screenshot.words(screenshot.as_svg(screenshot.shown(tmp_path)))
    assert "url(http" not in picture
