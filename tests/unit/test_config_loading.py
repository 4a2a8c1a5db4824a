"""Where a configuration comes from: the file, the environment over it, and the files that it names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from config_files import MINIMAL, SECRET, Absent, problems_of, settings_of
from sqlalchemy import make_url

from terminbenachrichtigung.config import ConfigProblems, find_config, load
from terminbenachrichtigung.errors import ConfigError

PREFIX = "TERMINBENACHRICHTIGUNG_"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory that is not the configuration's folder."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


@contextmanager
def as_an_ordinary_user() -> Iterator[None]:
    """Root may read every file, so a test of modes has to step down for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


# ---------------------------------------------------------------- finding the file


def test_the_option_wins_over_the_environment_and_that_over_the_working_directory(elsewhere: Path) -> None:
    option = written(elsewhere / "option.toml", "")
    named = written(elsewhere / "named.toml", "")
    written(elsewhere / "config.toml", "")
    environ = {"TERMINBENACHRICHTIGUNG_CONFIG": str(named)}
    assert find_config(option, environ) == option
    assert find_config(None, environ) == named
    assert find_config(None, {}) == Path("config.toml")


def test_a_missing_configuration_names_every_place_that_was_looked_at(elsewhere: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        find_config(None, {"TERMINBENACHRICHTIGUNG_CONFIG": ""})
    for place in (
        "--config",
        "TERMINBENACHRICHTIGUNG_CONFIG",
        str(elsewhere / "config.toml"),
        "/etc/terminbenachrichtigung/config.toml",
    ):
        assert place in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("named", ["gone.toml", "a\0b", "config.toml/x"])
def test_a_named_file_that_is_missing_is_not_looked_for_elsewhere(elsewhere: Path, named: str) -> None:
    written(elsewhere / "config.toml", MINIMAL)
    with pytest.raises(ConfigError, match="does not exist"):
        find_config(Path(named), {})
    with pytest.raises(ConfigError, match="named by TERMINBENACHRICHTIGUNG_CONFIG, does not exist"):
        find_config(None, {"TERMINBENACHRICHTIGUNG_CONFIG": named})


# ---------------------------------------------------------------- reading the file


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b'timezone = "UTC"\n[sms]\nserial = 1 2\n', "line 3, column 12: Expected newline"),
        (b'timezone = "UTC\n', "line 1, column 16: "),
        (b"[rules]\nquiet_start = 20:00\n", "line 2, column "),  # a time without quotes
        (b"[sms\n", "line 1, column 5: "),
        (b"timezone = ", "end of the file: Invalid value"),
        (b"a = 1\na = 2\n", "Cannot overwrite a value"),
        (b'\xef\xbb\xbftimezone = "UTC"\n', "byte order mark"),
        ('timezone = "UTC"\n'.encode("utf-16"), "byte order mark"),
        ("a = 1\n# Müller\n".encode("latin-1"), "not UTF-8 in line 2"),
        (b"a = " + b"9" * 5000, "too long"),  # Python's own limit for whole numbers
        (b"a = " + b"[" * 5000, "too deep"),
        (b"a = 2026-13-01", "line 1, column "),
    ],
)
def test_a_file_that_is_not_toml_gives_one_sentence_with_the_place(
    tmp_path: Path, data: bytes, sentence: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    message = str(caught.value)
    assert str(path) in message
    assert sentence in message
    assert "\n" not in message


def test_a_folder_or_a_missing_file_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder, not a file"):
        load(tmp_path, {})
    with pytest.raises(ConfigError, match="does not exist"):
        load(tmp_path / "config.toml", {})


def test_a_file_that_may_not_be_read_says_so() -> None:
    with TemporaryDirectory() as name:  # not tmp_path, whose parents are closed to other users
        folder = Path(name)
        folder.chmod(0o755)
        path = written(folder / "config.toml", MINIMAL, 0o000)
        with as_an_ordinary_user(), pytest.raises(ConfigError, match="may not be read by this user"):
            load(path, {})


def test_an_empty_file_lacks_reminders_and_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblems) as caught:
        load(written(tmp_path / "config.toml", ""), {})
    assert [each.key for each in caught.value.problems] == ["reminders"]


# ---------------------------------------------------------------- the environment


@pytest.mark.parametrize(
    ("variable", "text", "key", "value"),
    [
        ("TIMEZONE", "Europe/Vienna", "timezone", "Europe/Vienna"),
        ("MAX_RUN_MINUTES", " 5 ", "max_run_minutes", 5),
        ("RULES__SAME_DAY", "true", "rules.same_day", True),
        ("RULES__SAME_DAY", "1", "rules.same_day", True),
        ("rules__Quiet_Hours", "no", "rules.quiet_hours", False),  # names in any case
        ("RULES__QUIET_DAYS", "saturday, sunday", "rules.quiet_days", ("saturday", "sunday")),
        ("RULES__QUIET_DATES", "2026-12-24", "rules.quiet_dates", (date(2026, 12, 24),)),
        ("RULES__QUIET_DAYS", "", "rules.quiet_days", ()),
        ("SMS__SENDER", "Optik2", "sms.sender", "Optik2"),
        ("SMS__SERIAL", "007", "sms.serial", "007"),  # a text that looks like a number stays a text
        ("SMS__MAX_PER_SECOND", "0.5", "sms.max_per_second", 0.5),
        ("SMS__ACTIVE_FROM", "2026-12-01", "sms.active_from", date(2026, 12, 1)),
        ("SMS__ACTIVE_FROM", "", "sms.active_from", None),
        ("JOURNAL__RETENTION_DAYS", "30", "journal.retention_days", 30),  # [journal] is not in the file
    ],
)
def test_any_single_key_can_come_from_the_environment(
    tmp_path: Path, variable: str, text: str, key: str, value: object
) -> None:
    found: Any = settings_of(tmp_path, environ={PREFIX + variable: text})
    for step in key.split("."):
        found = getattr(found, step)
    assert found == value


def test_a_whole_section_can_come_from_the_environment(tmp_path: Path) -> None:
    environ = {
        f"{PREFIX}SMS__{key}": value
        for key, value in {"SERIAL": "1", "PASSWORD": SECRET, "SENDER": "Optik"}.items()
    }
    sms = settings_of(tmp_path, {"sms": Absent}, environ).sms
    assert sms is not None
    assert sms.password.get_secret_value() == SECRET


def test_a_branch_is_set_from_the_environment_whether_the_file_knows_it_or_not(tmp_path: Path) -> None:
    environ = {
        f"{PREFIX}BRANCHES__HH1__SMS_SENDER": "OptikEins",
        f"{PREFIX}BRANCHES__HH__2__REPLY_TO": "hh2@example.org",
    }
    branches = settings_of(tmp_path, {"branches.hh1.reply_to": "hh1@example.org"}, environ).branches
    assert branches["hh1"].sms_sender == "OptikEins"
    assert branches["hh1"].reply_to == "hh1@example.org"
    assert branches["HH__2"].reply_to == "hh2@example.org"


@pytest.mark.parametrize(
    ("variable", "text", "key", "remedy"),
    [
        ("SMS__PASSWROD", SECRET, "", "did you mean TERMINBENACHRICHTIGUNG_SMS__PASSWORD?"),
        ("SMS_PASSWORD", SECRET, "", "did you mean TERMINBENACHRICHTIGUNG_SMS__PASSWORD?"),
        ("SMS", "x", "", "names no key"),
        ("", "x", "", "names no key"),
        ("SCHEDULE__QUERY", "SELECT 1", "", "did you mean"),
        ("REMINDERS", "[]", "", "in the file only"),
        ("REMINDERS__0__NAME", "x", "", "in the file only"),
        ("TEMPLATES__X__DE__SMS", "x", "", "in the file only"),
        ("BRANCHES____SMS_SENDER", "x", "", "names no key"),
        ("SMS__CONCURRENCY", "eight", "sms.concurrency", "from 1 to 32"),
        ("SMS__CONCURRENCY", "", "sms.concurrency", "from 1 to 32"),
        ("SMS__CONCURRENCY", "99", "sms.concurrency", "from 1 to 32"),
        ("SMS__CONCURRENCY", "9" * 5000, "sms.concurrency", "from 1 to 32"),
        ("SMS__CHECK_BALANCE", "maybe", "sms.check_balance", "true or false"),
        ("SMS__PASSWORD", "", "sms.password", "not empty"),
        ("SMS__SENDER", "\udcff", "sms.sender", "UTF-8"),  # a byte that is no UTF-8
        ("RULES__QUIET_DATES", "24.12.2026", "rules.quiet_dates[0]", "2026-12-24"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(
    tmp_path: Path, variable: str, text: str, key: str, remedy: str
) -> None:
    (problem,) = problems_of(tmp_path, {}, {PREFIX + variable: text, "OTHER_VARIABLE": "x"})
    assert (problem.key, problem.source) == (key, PREFIX + variable)
    assert remedy in problem.text


def test_two_variables_for_one_key_are_a_problem(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, {}, {f"{PREFIX}TIMEZONE": "UTC", f"{PREFIX}timezone": "UTC"})
    assert f"set by {PREFIX}TIMEZONE" in problem.text


# ---------------------------------------------------------------- files that hold one value


def test_a_secret_in_a_file_is_read_without_its_line_end(tmp_path: Path) -> None:
    written(tmp_path / "pw", f" {SECRET} \r\n")
    sms = settings_of(tmp_path, {"sms.password": Absent, "sms.password_file": "pw"}).sms
    assert sms is not None
    assert sms.password.get_secret_value() == f" {SECRET} "


@pytest.mark.parametrize(
    ("in_file", "in_environment", "wins"),
    [
        # key in the file, variable -> which password is used
        ("password", ("PASSWORD", "from-variable"), "from-variable"),
        ("password", ("PASSWORD_FILE", "env-pw"), "from-env-pw"),
        ("password_file", ("PASSWORD", "from-variable"), "from-variable"),
        ("password_file", ("PASSWORD_FILE", "env-pw"), "from-env-pw"),
        ("password_file", ("PASSWORD_FILE", ""), "from-file-pw"),  # an empty name is no name
    ],
)
def test_the_environment_wins_over_the_file_whichever_way_each_gives_the_secret(
    tmp_path: Path, in_file: str, in_environment: tuple[str, str], wins: str
) -> None:
    written(tmp_path / "env-pw", "from-env-pw\n")
    written(tmp_path / "file-pw", "from-file-pw\n")
    changes = {"sms.password": Absent, f"sms.{in_file}": "file-pw"}
    environ = {f"{PREFIX}SMS__{in_environment[0]}": in_environment[1]}
    sms = settings_of(tmp_path, changes, environ).sms
    assert sms is not None
    assert sms.password.get_secret_value() == wins


def test_a_url_can_come_from_a_file(tmp_path: Path) -> None:
    written(tmp_path / "url", f"postgresql://u:{SECRET}@h/d\n")
    settings = settings_of(tmp_path, {"schedule.url_file": "url", "journal.url_file": "url"})
    for section in (settings.schedule, settings.journal):
        assert section.url.get_secret_value() == f"postgresql+psycopg://u:{SECRET}@h/d"


@pytest.mark.parametrize(
    ("section", "key"), [("sms", "password"), ("email", "password"), ("schedule", "url"), ("journal", "url")]
)
def test_a_value_and_its_file_in_one_source_are_a_problem(tmp_path: Path, section: str, key: str) -> None:
    written(tmp_path / "secret", "x")
    both = {f"{section}.{key}": SECRET, f"{section}.{key}_file": "secret"}
    (problem,) = problems_of(tmp_path, both)
    assert problem.key == f"{section}.{key}_file"
    assert "keep one of them" in problem.text
    environ = {PREFIX + dotted.replace(".", "__").upper(): value for dotted, value in both.items()}
    (problem,) = problems_of(tmp_path, {}, environ)
    assert problem.source == f"{PREFIX}{section}__{key}_file".upper()


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        (None, "does not exist"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"one\ntwo\n", "more than one line"),
        (b"\xff\xfe", "byte order mark"),
        (b"caf\xe9", "not UTF-8"),
    ],
)
def test_an_unfit_secret_file_is_named_with_its_path(
    tmp_path: Path, content: bytes | None, remedy: str
) -> None:
    if content is not None:
        (tmp_path / "pw").write_bytes(content)
    (problem,) = problems_of(tmp_path, {"sms.password": Absent, "sms.password_file": "pw"})
    assert problem.key == "sms.password_file"
    assert str(tmp_path / "pw") in problem.text
    assert remedy in problem.text


@pytest.mark.parametrize("named", ["", "a\0b", 3, "."])
def test_a_name_that_no_secret_file_can_have_is_one_problem(tmp_path: Path, named: object) -> None:
    (problem,) = problems_of(tmp_path, {"sms.password": Absent, "sms.password_file": named})
    assert problem.key == "sms.password_file"


# ---------------------------------------------------------------- the query file


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("SELECT * FROM termine;\n", "SELECT * FROM termine"),
        ("-- Termine\nselect 1 -- Ende", "select 1"),  # a comment at the end would swallow what follows
        ("WITH t AS (SELECT 1) SELECT * FROM t ; ;", "WITH t AS (SELECT 1) SELECT * FROM t"),
        ("(SELECT 1) UNION (SELECT 2)", "(SELECT 1) UNION (SELECT 2)"),
        ("SELECT ';' AS \"a;b\" /* ; */ FROM t", "SELECT ';' AS \"a;b\"   FROM t"),
        ("SELECT '--', $x$;$x$, 'it''s'", "SELECT '--', $x$;$x$, 'it''s'"),
        ("SELECT 'DELETE FROM x' AS a", "SELECT 'DELETE FROM x' AS a"),
    ],
)
def test_a_query_file_holds_one_select(tmp_path: Path, text: str, query: str) -> None:
    written(tmp_path / "schedule.sql", text)
    schedule = settings_of(tmp_path, {"schedule.query_file": "schedule.sql"}).schedule
    assert schedule.query == query


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("", "is empty"),
        ("-- nothing\n;", "is empty"),
        ("SELECT 1; SELECT 2", "more than one statement"),
        ("DELETE FROM termine", "only read"),
        ("UPDATE t SET a = 1", "only read"),
        ("WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "only read"),
        ("SELECTED", "must hold a single SELECT"),
    ],
)
def test_any_other_statement_is_refused(tmp_path: Path, text: str, remedy: str) -> None:
    written(tmp_path / "schedule.sql", text)
    (problem,) = problems_of(tmp_path, {"schedule.query_file": "schedule.sql"})
    assert problem.key == "schedule.query_file"
    assert remedy in problem.text


def test_source_and_query_file_together_are_a_problem_unless_one_comes_from_the_environment(
    tmp_path: Path,
) -> None:
    written(tmp_path / "q.sql", "SELECT 1")
    (problem,) = problems_of(tmp_path, {"schedule.source": "a", "schedule.query_file": "q.sql"})
    assert "keep one of them" in problem.text
    environ = {f"{PREFIX}SCHEDULE__SOURCE": "b"}
    schedule = settings_of(tmp_path, {"schedule.query_file": "q.sql"}, environ).schedule
    assert (schedule.source, schedule.query) == ("b", None)


# ---------------------------------------------------------------- relative paths


@pytest.mark.parametrize(
    ("url", "file"),
    [
        (None, "schedule.db"),  # the default
        ("sqlite:///schedule.db", "schedule.db"),
        ("sqlite+pysqlite:///data/schedule.db", "data/schedule.db"),
        ("sqlite:///../schedule.db", "../schedule.db"),
        ("sqlite:///Müller & Söhne.db", "Müller & Söhne.db"),
        ("sqlite:////srv/schedule.db", "/srv/schedule.db"),
        ("sqlite:///file:schedule.db?mode=ro&uri=true", "schedule.db"),
        ("sqlite:///file:/srv/schedule.db?mode=rw", "/srv/schedule.db"),
        ("sqlite:///file:///srv/schedule.db", "/srv/schedule.db"),
    ],
)
def test_a_sqlite_path_counts_from_the_configuration(
    tmp_path: Path, elsewhere: Path, url: str | None, file: str
) -> None:
    changes: dict[str, object] = {} if url is None else {"schedule.url": url}
    settings = settings_of(Path(os.path.relpath(tmp_path)), changes)
    resolved = make_url(settings.schedule.url.get_secret_value())
    assert resolved.drivername == "sqlite"
    assert Path(str(resolved.database)) == elsewhere / os.path.relpath(tmp_path) / file
    assert Path(str(resolved.database)).resolve() == (tmp_path / file).resolve()
    assert not resolved.query


@pytest.mark.parametrize("url", ["postgresql://u@h/d", "postgres://u@h/d", "postgresql+psycopg://u@h/d"])
def test_plain_postgresql_means_the_driver_that_is_installed(tmp_path: Path, url: str) -> None:
    settings = settings_of(tmp_path, {"schedule.url": url})
    assert settings.schedule.url.get_secret_value() == "postgresql+psycopg://u@h/d"


# ---------------------------------------------------------------- warnings


def test_a_filled_in_configuration_of_the_owner_alone_gives_no_warning(tmp_path: Path) -> None:
    assert load(written(tmp_path / "config.toml", MINIMAL), {}).warnings == ()


@pytest.mark.parametrize(
    ("change", "mode", "warning"),
    [
        (("", ""), 0o640, "others may read it"),
        (("max_messages_per_run = 500", "max_messages_per_run = 0"), 0o600, "no brake"),
        (("[safety]", '[safety]\nonly_recipients = ["+491715555555"]'), 0o600, "nobody but these 1"),
        ((SECRET, "change-me"), 0o600, 'sms.password is still "change-me"'),
        (("[sms]", '[sms]\nsms_type = "HighQuality"'), 0o600, "one part only"),
    ],
)
def test_what_is_allowed_but_rarely_meant_is_warned_about(
    tmp_path: Path, change: tuple[str, str], mode: int, warning: str
) -> None:
    path = written(tmp_path / "config.toml", MINIMAL.replace(*change), mode)
    (found,) = load(path, {}).warnings
    assert warning in found


def test_a_readable_file_without_a_password_needs_no_warning(tmp_path: Path) -> None:
    written(tmp_path / "pw", SECRET)
    text = MINIMAL.replace(f'password = "{SECRET}"', 'password_file = "pw"')
    text += '[schedule]\nurl = "postgresql://reader@h/d"\n'  # a user alone is no secret
    assert load(written(tmp_path / "config.toml", text, 0o644), {}).warnings == ()


def test_a_readable_file_with_a_password_in_a_url_is_warned_about(tmp_path: Path) -> None:
    text = MINIMAL.replace(f'password = "{SECRET}"', "")
    text += f'[schedule]\nurl = "postgresql://reader:{SECRET}@h/d"\n'
    path = written(tmp_path / "config.toml", text, 0o644)
    (found,) = load(path, {f"{PREFIX}SMS__PASSWORD": SECRET}).warnings
    assert "others may read it" in found
    assert SECRET not in found
