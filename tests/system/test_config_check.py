"""`config check` as CI calls it (contract, section 7)."""

import pytest

from practice import Practice


def test_one_document_says_everything_and_nothing_else_is_on_stdout(practice: Practice) -> None:
    fine = practice.run("config", "check", "--json", "--connect")
    assert (fine.exit_code, fine.json["exit_code"], fine.json["problems"]) == (0, 0, [])
    assert {each["name"]: each["ready"] for each in fine.json["connections"]} == {
        "schedule": True, "journal": True, "sms": True, "email": True,
    }  # fmt: skip
    practice.gateway.stop()
    assert practice.run("config", "check", "--json", "--connect").exit_code == 3


@pytest.mark.parametrize("form", [("--json",), ("--format", "github"), ("--format", "gitlab")])
def test_the_exit_code_is_the_same_in_every_form(form: tuple[str, ...], practice: Practice) -> None:
    assert practice.run("config", "check", *form).exit_code == 0
    practice.configure(safety={"only_recipients": ["+491715555555"]})
    warned = practice.run("config", "check", "--strict", *form)
    assert warned.exit_code == 2
    assert "only_recipients" in warned.stdout
    practice.configure(rules={"quiet_start": "8 Uhr"})
    wrong = practice.run("config", "check", *form)
    assert wrong.exit_code == 2
    assert "rules.quiet_start" in wrong.stdout
    missing = practice.run("config", "check", *form, str(practice.folder / "missing.toml"))
    assert missing.exit_code == 2
    assert "missing.toml" in missing.stdout


def test_two_forms_at_once_are_refused(practice: Practice) -> None:
    """The second was ignored, so a CI job showed no annotations."""
    both = practice.run("config", "check", "--json", "--format", "github")
    assert (both.exit_code, both.stdout) == (2, "")
    assert "give one of the two" in both.stderr


def test_a_secret_stands_in_no_form(practice: Practice) -> None:
    practice.configure(sms={"password": "geheim-4711", "sender": "viel zu langer Absender"})
    for form in (["--json"], ["--format", "github"], ["--format", "gitlab"]):
        ran = practice.run("config", "check", *form)
        assert ran.exit_code == 2
        assert "geheim-4711" not in ran.stdout + ran.stderr
