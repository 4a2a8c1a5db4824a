"""A configuration that is right, on disk, for the tests of the config room to bend."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from terminbenachrichtigung.config.loading import Check, settings_from
from terminbenachrichtigung.config.problems import ConfigProblems, Problem
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.delivery.registry import gateway_problems

SECRET = "s3cr3t-PW"

GOOD: dict[str, Any] = {
    "safety": {"max_messages_per_run": 500},
    "reminders": [{"name": "Terminerinnerung", "hours_before": 24}],
    "sms": {"serial": "12345", "password": SECRET, "sender": "OptikHH"},
    "email": {
        "host": "mail.example.org",
        "username": "praxis",
        "password": SECRET,
        "sender": "Praxis <termine@example.org>",
    },
}

MINIMAL = f"""
[safety]
max_messages_per_run = 500
[[reminders]]
name = "Terminerinnerung"
hours_before = 24
channels = ["sms"]
[sms]
serial = "12345"
password = "{SECRET}"
sender = "OptikHH"
"""


PREFIX = "TERMINBENACHRICHTIGUNG_"


class Absent:
    """In the place of a value: the key is not there."""


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    """A file with this text and mode."""
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def bent(changes: Mapping[str, object]) -> dict[str, Any]:
    """The good configuration with some keys changed, each by its path: `reminders.0.name`."""
    tables = copy.deepcopy(GOOD)
    for dotted, value in changes.items():
        container: Any = tables
        steps: list[Any] = [int(step) if step.isdigit() else step for step in dotted.split(".")]
        for step in steps[:-1]:
            container = container[step] if isinstance(container, list) else container.setdefault(step, {})
        if value is Absent:
            del container[steps[-1]]
        else:
            container[steps[-1]] = value
    return tables


def settings_of(
    folder: Path, changes: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """The settings of a bent configuration that lies in `folder`."""
    return settings_from(bent(changes or {}), folder / "config.toml", environ or {})


def problems_of(
    folder: Path,
    changes: Mapping[str, object],
    environ: Mapping[str, str] | None = None,
    extra_checks: tuple[Check, ...] = (gateway_problems,),
) -> tuple[Problem, ...]:
    """What is said about a bent configuration that lies in `folder`; never a secret."""
    with pytest.raises(ConfigProblems) as caught:
        settings_from(bent(changes), folder / "config.toml", environ or {}, extra_checks)
    assert SECRET not in f"{caught.value}{caught.value!r}{caught.value.__cause__!r}"
    return caught.value.problems
