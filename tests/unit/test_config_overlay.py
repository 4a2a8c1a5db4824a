"""What is laid over a configuration: the environment, and the files that it names."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from config_files import PREFIX, SECRET, Absent, problems_of, settings_of, written

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


@pytest.mark.parametrize(
    "key", ["SMS__PASSWORD", "SMS__LOX24__TOKEN", "SMS__SEVEN__API_KEY", "EMAIL__PASSWORD"]
)
def test_the_line_end_of_a_file_that_a_variable_took_in_is_named(tmp_path: Path, key: str) -> None:
    problems = problems_of(tmp_path, {}, {PREFIX + key: f"{SECRET}\n"})
    assert [problem.source for problem in problems if "one line" in problem.text] == [PREFIX + key]


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


def test_a_folder_whose_name_is_no_text_is_named_as_the_problem(tmp_path: Path) -> None:
    folder = tmp_path / "Pr\udcfcfung"
    folder.mkdir()
    (folder / "schedule.sql").write_text("SELECT * FROM termine")
    files = {"schedule.query_file": "schedule.sql", "monitoring.textfile": "runs.prom"}
    problems = problems_of(folder, files)
    keys = ["schedule.query_file", "schedule.url", "journal.url", "monitoring.textfile"]
    assert [problem.key for problem in problems] == keys
    assert all("a name that is no UTF-8; rename it" in problem.text for problem in problems)


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
