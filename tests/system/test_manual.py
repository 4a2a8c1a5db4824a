"""`--version`, `completion` and `man-pages`: from the same source as `--help`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from practice import Practice


def test_the_version_says_what_a_bug_report_should_name(practice: Practice) -> None:
    ran = practice.run("--version")
    assert ran.exit_code == 0
    for word in ("terminbenachrichtigung ", "Python 3.", "SQLite 3.", "sqlalchemy 2.", "phonenumbers "):
        assert word in ran.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_for_the_shell(practice: Practice, shell: str) -> None:
    ran = practice.run("completion", shell)
    assert ran.exit_code == 0
    assert "_TERMINBENACHRICHTIGUNG_COMPLETE" in ran.stdout


def test_bash_completes_a_command() -> None:
    environ = {
        **os.environ,
        "_TERMINBENACHRICHTIGUNG_COMPLETE": "bash_complete",
        "COMP_WORDS": "terminbenachrichtigung run",
        "COMP_CWORD": "1",
    }
    program = Path(sys.executable).with_name("terminbenachrichtigung")  # the name decides, so no "python -m"
    ran = subprocess.run([program], env=environ, capture_output=True, text=True, check=True)
    assert "plain,run-once" in ran.stdout


def test_the_script_is_one_that_bash_accepts(practice: Practice, tmp_path: Path) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(practice.run("completion", "bash").stdout)
    bash = shutil.which("bash")
    assert bash is not None
    assert subprocess.run([bash, "-n", str(script)], check=False).returncode == 0


def test_each_command_has_a_man_page_with_its_options(practice: Practice, tmp_path: Path) -> None:
    ran = practice.run("man-pages", str(tmp_path / "man1"))
    assert ran.exit_code == 0
    page = (tmp_path / "man1" / "terminbenachrichtigung-run-once.1").read_text()
    assert ".TH" in page
    assert "quiet" in page
    assert (tmp_path / "man1" / "terminbenachrichtigung-config-check.1").exists()
    assert practice.run("man-pages", "/proc/nowhere").exit_code == 2
