"""Where a configuration is found, how it is read, and what is warned about."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from config_files import MINIMAL, PREFIX, SECRET, Absent, problems_of, settings_of, written
from sqlalchemy import make_url

from terminbenachrichtigung.config.files import find_config, read_at_most
from terminbenachrichtigung.config.loading import load
from terminbenachrichtigung.config.problems import ConfigProblems
from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.wiring import load_config


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory that is not the configuration's folder."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


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
    system = elsewhere / "etc" / "config.toml"  # the machine's own may be there
    with pytest.raises(ConfigError) as caught:
        find_config(None, {"TERMINBENACHRICHTIGUNG_CONFIG": ""}, system=system)
    for place in (
        "--config",
        "TERMINBENACHRICHTIGUNG_CONFIG",
        str(elsewhere / "config.toml"),
        str(system),
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
        (b"a = 1\na = 2\n", "Cannot overwrite a value: the key stands further up already"),
        (
            b"[sms]\na = 1\n[sms]\n",
            "line 3, column 5: Cannot declare ('sms',) twice: the section stands",
        ),
        (b"sender = MeinePraxis\n", "Invalid value: texts and times stand in straight quotes"),
        ("sender = „Praxis“\n".encode(), "Invalid value: texts and times stand in straight quotes"),
        (b"same_day = True\n", "true and false in small letters"),
        (b"quiet_start = 20:00\n", "texts and times stand in straight quotes"),
        (rb'url = "sqlite:///C:\Users\journal.db"', "write a path with / in place of \\"),
        (rb'url = "sqlite:///C:\praxis\journal.db"', "write a path with / in place of \\"),
        (b'\xef\xbb\xbftimezone = "UTC"\n', "byte order mark"),
        ('timezone = "UTC"\n'.encode("utf-16"), "byte order mark"),
        ("a = 1\n# Müller\n".encode("latin-1"), "not UTF-8 in line 2"),
        (b"a = " + b"9" * 5000, "too long"),  # Python's own limit for whole numbers
        (b"a = " + b"[" * 100_000, "too deep"),  # whatever depth another test has allowed
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


# ---------------------------------------------------------------- pipes


def test_a_configuration_may_come_from_a_pipe(tmp_path: Path) -> None:
    """`--config <(sops -d config.toml)`: a pipe with a writer, who takes a while."""
    written_whole = written(tmp_path / "config.toml", MINIMAL)
    os.mkfifo(tmp_path / "pipe.toml")
    code = "import sys, time; time.sleep(0.2); open(sys.argv[2], 'w').write(open(sys.argv[1]).read())"
    with subprocess.Popen([sys.executable, "-c", code, written_whole, tmp_path / "pipe.toml"]):
        loaded = load(tmp_path / "pipe.toml", {})
    assert loaded.settings.reminders == load(written_whole, {}).settings.reminders


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TimeoutError, match=r"a pipe that gives nothing for 0\.05 seconds"):
        read_at_most(10, tmp_path / "pipe", seconds=0.05)


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("folder", "is a folder"),
        ("socket", "cannot be read"),
        ("/dev/zero", "is too long"),
    ],
)
def test_a_secret_s_file_that_is_none_is_named_at_once(tmp_path: Path, path: str, problem: str) -> None:
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "socket"))  # an absolute one may be too long for a socket
        problems = problems_of(tmp_path, {"sms.password": Absent, "sms.password_file": str(tmp_path / path)})
    assert [(each.key, problem in each.text) for each in problems] == [("sms.password_file", True)]


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


def test_the_search_goes_on_past_a_folder_that_may_not_be_entered() -> None:
    """Started in another user's home, it said that a config.toml may not be read which does not exist."""
    code = (
        "import os, sys; from pathlib import Path\n"
        "from terminbenachrichtigung.config import files\n"
        "from terminbenachrichtigung.errors import ConfigError\n"
        "os.chdir(sys.argv[1])\n"
        "os.chmod('.', 0o000); os.geteuid() or os.seteuid(65534)\n"
        "print(files.find_config(None, {}, system=Path(sys.argv[2])))\n"
        "try: files.find_config(None, {}, system=Path(sys.argv[1], 'config.toml'))\n"
        "except ConfigError as error: print(str(error)[:27])\n"
    )
    with TemporaryDirectory() as folder:  # pytest's own may be entered by its user alone
        Path(folder).chmod(0o755)
        closed, system = Path(folder, "closed"), written(Path(folder, "system.toml"), MINIMAL, 0o644)
        closed.mkdir()
        ran = subprocess.run(
            [sys.executable, "-c", code, closed, system], capture_output=True, text=True, check=False
        )
        closed.chmod(0o700)
        assert ran.stdout.splitlines() == [str(system), "no configuration file found"], ran.stderr


# ---------------------------------------------------------------- warnings

MAIL = '[email]\nhost = "mail.praxis-nord.de"\nsender = "a@praxis-nord.de"\n'


def test_a_filled_in_configuration_of_the_owner_alone_gives_no_warning(tmp_path: Path) -> None:
    assert load(written(tmp_path / "config.toml", MINIMAL), {}).warnings == ()
    swiss = MINIMAL + '[branches.ZH]\nlanguage = "de-CH"\n'
    assert load(written(tmp_path / "config.toml", swiss), {}).warnings == ()
    for line in ("port = 2525", 'port = 465\nsecurity = "tls"', 'security = "none"'):
        assert load(written(tmp_path / "config.toml", f"{MINIMAL}{MAIL}{line}\n"), {}).warnings == ()


@pytest.mark.parametrize(
    ("change", "mode", "warning"),
    [
        (("", ""), 0o640, "others may read it"),
        (("max_messages_per_run = 500", "max_messages_per_run = 0"), 0o600, "no brake"),
        (("[safety]", '[safety]\nonly_recipients = ["+491715555555"]'), 0o600, "nobody but these 1"),
        ((SECRET, "change-me"), 0o600, "sms.password is still a placeholder"),
        (
            ("[safety]", "[branches.HH1]\nlanguage = 'it'\n[safety]"),
            0o600,
            "branches.HH1.language: there are no texts in 'it'",
        ),
        ((SECRET, "..."), 0o600, "sms.password is still a placeholder"),
        (
            ("[safety]", '[templates.terminerinerung.de]\nsms = "x"\n[safety]'),
            0o600,
            'templates.terminerinerung is used by no reminder; did you mean "terminerinnerung"?',
        ),
        (("OptikHH", "MeinePraxis"), 0o600, 'sms.sender is still a placeholder: "MeinePraxis"'),
        (
            ("[safety]", '[schedule]\nurl = "postgresql://u@db.example.org/x"\n[safety]'),
            0o600,
            "schedule.url is",
        ),
        (("[safety]", '[branches.HH1]\nreply_to = "hh1@example.org"\n[safety]'), 0o600, "HH1.reply_to is"),
        (
            (
                "[safety]",
                '[staff_list]\nrecipients = ["a@x.example"]\n[email]\nhost="mail.praxis-nord.de"\n'
                'sender = "a@praxis-nord.de"\n[safety]',
            ),
            0o600,
            "staff_list.recipients[0] is",
        ),
        (
            ("[safety]", '[monitoring]\nping_url = "https://hc-ping.com/your-uuid"\n[safety]'),
            0o600,
            "ping_url is",
        ),
        (
            ("[safety]", f"{MAIL}port = 465\n[safety]"),
            0o600,
            'email.security is "starttls", but on port 465 mail servers expect "tls"',
        ),
        (
            ("[safety]", f'{MAIL}security = "tls"\n[safety]'),
            0o600,
            "on port 587 mail servers",
        ),
    ],
)
def test_what_is_allowed_but_rarely_meant_is_warned_about(
    tmp_path: Path, change: tuple[str, str], mode: int, warning: str
) -> None:
    path = written(tmp_path / "config.toml", MINIMAL.replace(*change), mode)
    (found,) = load(path, {}).warnings
    assert warning in found


def test_a_password_file_that_others_may_read_is_warned_about(tmp_path: Path) -> None:
    text = MINIMAL.replace(f'password = "{SECRET}"', 'password_file = "pw"')
    text += '[schedule]\nurl_file = "url"\n[journal]\nurl_file = "journal-url"\n'
    written(tmp_path / "pw", SECRET, 0o604)
    written(tmp_path / "url", f"postgresql://u:{SECRET}@h/d", 0o640)
    written(tmp_path / "journal-url", "sqlite:///journal.db", 0o600)
    found = load(written(tmp_path / "config.toml", text, 0o644), {}).warnings
    assert [each.partition(":")[0] for each in found] == ["schedule.url_file", "sms.password_file"]
    assert not [each for each in found if SECRET in each]


def test_what_the_gateway_finds_odd_is_warned_about(tmp_path: Path) -> None:
    text = MINIMAL.replace("[sms]", '[sms]\nsms_type = "HighQuality"')
    (found,) = load_config(written(tmp_path / "config.toml", text), {}).warnings
    assert "one part only" in found


def test_a_readable_file_without_a_password_needs_no_warning(tmp_path: Path) -> None:
    written(tmp_path / "pw", SECRET)
    text = MINIMAL.replace(f'password = "{SECRET}"', 'password_file = "pw"')
    text += '[schedule]\nurl = "postgresql://reader@h/d"\n'  # a user alone is no secret
    assert load(written(tmp_path / "config.toml", text, 0o644), {}).warnings == ()


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://reader:{SECRET}@h/d",
        f"postgresql://reader:a/{SECRET}@h/d",
        f"postgresql://reader@h/d?sslpassword={SECRET}",
        f"mysql+pymysql://reader@h/d?passwd={SECRET}",
    ],
)
def test_a_readable_file_with_a_password_in_a_url_is_warned_about(tmp_path: Path, url: str) -> None:
    text = MINIMAL.replace(f'password = "{SECRET}"', "")
    text += f'[schedule]\nurl = "{url}"\n'
    path = written(tmp_path / "config.toml", text, 0o644)
    (found,) = load(path, {f"{PREFIX}SMS__PASSWORD": SECRET}).warnings
    assert "others may read it" in found
    assert SECRET not in found
