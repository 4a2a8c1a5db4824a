"""Whatever stands in the file or the environment, the answer is settings or a list of problems."""

import tomllib
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tomlkit
from config_files import GOOD, bent
from hypothesis import given
from hypothesis import strategies as st

from fuzzing import inputs
from terminbenachrichtigung.config.keys import PREFIX, overridable, variable_of
from terminbenachrichtigung.config.loading import load, settings_from
from terminbenachrichtigung.config.problems import ConfigProblems
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.config.showing import show
from terminbenachrichtigung.errors import ConfigError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TELLING = st.sampled_from(
    [
        *("", "sms", "email", "sunday", "08:00", "20:00", "24:00", "+49", "+491715555555", "DE", "DE-HH"),
        *("UTC", "de", "a@example.org", "A <a@example.org>", "<@>", "a, b", "http://[", "https://x", "utils"),
        *("sqlite:///", "sqlite://x", "sqlite:///file:", "sqlite:///file://h/x", "postgresql://u:p@h:p/d"),
        *("://", "a+b+c://", "\x00", "terminerinnerung", "schedule.sql", ".", "..", "[::1]", "localhost"),
        *("2026-12-24", "2026-02-30"),
    ]
)
SCALARS = st.one_of(
    TEXT,
    TELLING,
    st.booleans(),
    st.integers(),
    st.integers(-2, 100),
    st.floats(),
    st.dates(),
    st.times(),
    st.datetimes(),
)
NAMES = st.one_of(
    TEXT,
    st.sampled_from([*Settings.model_fields, *(str(path[-1]) for path in overridable())]),
    st.sampled_from(["[key]", "name", "hours_before", "channels", "terminerinnerung", "de", "query", "HH1"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=5)),
    max_leaves=12,
)
TABLES = st.dictionaries(NAMES, VALUES, max_size=8)
PLACES = [".".join(map(str, path)) for path in overridable()]
PLACES += [f"reminders.0.{key}" for key in ("name", "hours_before", "channels", "template")]
PLACES += ["sms", "email", "rules", "schedule", "reminders", "templates", "templates.terminerinnerung"]
PLACES += ["templates.terminerinnerung.de", "templates.x.de.sms", "branches", "branches.HH1"]


def settings_or_problems(tables: dict[str, Any], environ: dict[str, str], folder: str) -> None:
    try:
        found = settings_from(tables, Path(folder) / "config.toml", environ)
    except ConfigProblems as error:
        problems = error.problems
    else:
        tomllib.loads(show(found))
        return
    assert problems
    assert all(problem.text and problem.source for problem in problems)


@inputs(3)
@given(tables=TABLES)
def test_any_tables_give_settings_or_problems(tables: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder:
        settings_or_problems(tables, {}, folder)


@inputs(5)
@given(changes=st.dictionaries(st.sampled_from(PLACES), VALUES, max_size=5))
def test_a_good_configuration_with_wrong_values_gives_settings_or_problems(changes: dict[str, Any]) -> None:
    # Whole sections first, so that a key within one does not meet the text that replaced it.
    whole = {place: value for place, value in changes.items() if place in GOOD or "." not in place}
    inner = {place: value for place, value in changes.items() if place.split(".")[0] not in whole}
    inner = {
        place: value
        for place, value in inner.items()
        if not any(place.startswith(f"{other}.") for other in inner)
    }
    with TemporaryDirectory() as folder:
        settings_or_problems(bent(whole | inner), {}, folder)


@inputs(3)
@given(
    environ=st.dictionaries(
        st.one_of(st.sampled_from([variable_of(path) for path in overridable()]), TEXT.map(PREFIX.__add__)),
        st.one_of(st.text(max_size=20), TELLING),
        max_size=5,
    )
)
def test_any_environment_gives_settings_or_problems(environ: dict[str, str]) -> None:
    with TemporaryDirectory() as folder:
        settings_or_problems(bent({}), environ, folder)


def file_text(tables: dict[str, Any]) -> bytes:
    return tomlkit.dumps(tables).encode()


@inputs(2)
@given(data=st.one_of(st.binary(max_size=200), TEXT.map(str.encode), TABLES.map(file_text)))
def test_any_file_gives_settings_or_an_error(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_bytes(data)
        with suppress(ConfigError):
            load(path, {})
