"""Texts of the practice's own are checked by the first run that meets them, due or not, and by no other."""

import pytest

from practice import Practice

HALLO = "Hallo {{ customer.name }}, bis {{ appointment.time }}!"
WRONG = "Hallo {{ customer.nme }}"


def texts(sms: str) -> dict[str, object]:
    return {"terminerinnerung": {"de": {"sms": sms}}}


def compiles(practice: Practice) -> bool:
    """Whether a run in which nothing is due loads what compiles texts."""
    ran = practice.process("run-once", "--quiet", environ={"PYTHONPROFILEIMPORTTIME": "1"})
    assert ran.exit_code == 0
    return "jinja2" in ran.stderr


@pytest.mark.full
def test_they_are_compiled_once_and_again_when_the_configuration_has_changed(practice: Practice) -> None:
    assert not compiles(practice)  # those that come along: tests have checked them
    practice.configure(templates=texts(HALLO))
    assert [compiles(practice), compiles(practice)] == [True, False]
    practice.configure(templates=texts(HALLO + " "))
    assert compiles(practice)
    practice.configure(rules={"pre_quiet_minutes": 60})
    assert compiles(practice)


@pytest.mark.parametrize("now", ["2026-11-24 10:00", "2026-11-24 23:00"], ids=["by day", "at night"])
def test_a_wrong_one_is_found_by_every_run_though_nothing_is_due(now: str, practice: Practice) -> None:
    practice.configure(templates=texts(HALLO))
    assert practice.run("run-once", now=now).exit_code == 0
    practice.configure(templates=texts(WRONG))
    for _ in range(2):
        ran = practice.run("run-once", now=now)
        assert ran.exit_code == 2
        assert "templates.terminerinnerung.de.sms: line 1: customer.nme is unknown" in ran.stderr


def test_a_wrong_one_stands_beside_what_else_is_wrong_in_config_check(practice: Practice) -> None:
    practice.configure(templates=texts(WRONG), sms={"max_parts": 0})
    checked = practice.run("config", "check")
    assert checked.exit_code == 2
    assert "customer.nme is unknown" in checked.stderr
    assert "sms.max_parts" in checked.stderr


def test_a_text_that_was_wrong_and_is_right_again_is_used(practice: Practice) -> None:
    practice.configure(templates=texts(WRONG))
    practice.book("1")
    assert practice.run_once().exit_code == 2
    practice.configure(templates=texts(HALLO))
    practice.run_once()
    assert [job.text[:5] for job in practice.gateway.jobs] == ["Hallo"]
