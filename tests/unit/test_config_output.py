"""What the configuration shows: the starter, the effective settings, the schema; and never a secret."""

import json
import re
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from config_files import MINIMAL, SECRET, Absent, bent, settings_of
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from terminbenachrichtigung.config.channels import EmailSettings, Lox24Settings, SmsSettings
from terminbenachrichtigung.config.files import starter
from terminbenachrichtigung.config.keys import overridable, value_text
from terminbenachrichtigung.config.loading import load
from terminbenachrichtigung.config.problems import path_text
from terminbenachrichtigung.config.settings import Reminder, Settings, TemplateTexts
from terminbenachrichtigung.config.showing import json_schema, show

ROOT = Path(__file__).parents[2]
FILE_TWINS = {
    *("url_file", "query_file", "password_file", "ping_url_file", "proxy_password_file"),
    *("token_file", "api_key_file", "client_secret_file", "refresh_token_file"),
}


def uncommented() -> dict[str, Any]:
    """The starter with its commented-out keys and tables in force."""
    return tomllib.loads(re.sub(r"(?m)^# (?=[a-z_]+ = |\[)", "", starter()))


# ---------------------------------------------------------------- the starter


def test_the_starter_is_the_example_at_the_top_of_the_repository() -> None:
    assert (ROOT / "config.example.toml").read_text(encoding="utf-8") == starter()


def test_the_starter_passes_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(starter(), encoding="utf-8")
    path.chmod(0o600)
    warnings = load(path, {}).warnings
    assert [each.partition(" is still a placeholder")[0] for each in warnings] == [
        *("sms.serial", "sms.password", "sms.sender"),
        *("email.host", "email.username", "email.password", "email.sender"),
    ]


def test_the_starter_is_clean_once_it_is_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    filled = starter().replace("change-me", SECRET).replace("example.org", "praxis-nord.de")
    path.write_text(filled.replace("MeinePraxis", "PraxisNord"), encoding="utf-8")
    path.chmod(0o600)
    assert load(path, {}).warnings == ()


def test_the_starter_holds_every_key_once_with_its_default() -> None:
    tables = uncommented()
    for path in overridable():
        table: Any = tables
        for step in path[:-1]:
            table = table[step]
        assert path[-1] in table, path
        occurrences = re.findall(rf"(?m)^(?:# )?{path[-1]} = ", starter())
        homes = [known for known in overridable() if known[-1] == path[-1]]
        extra = {"template": 1, "reply_to": 1}.get(str(path[-1]), 0)  # also in [[reminders]] and [branches]
        assert len(occurrences) == len(homes) + extra, path


def test_the_starter_shows_the_defaults_except_where_it_says_so() -> None:
    tables = uncommented()
    for table in tables.values():
        for file_key in FILE_TWINS if isinstance(table, dict) else ():
            table.pop(file_key, None)
    assert tables.pop("safety") == {"max_messages_per_run": 500, "only_recipients": []}
    for name in ("schedule", "journal"):  # a service's databases lie where its user may write
        assert tables[name].pop("url") == f"sqlite:////var/lib/terminbenachrichtigung/{name}.db"
    del tables["branches"], tables["templates"]
    sms, email = tables.pop("sms"), tables.pop("email")
    lox24 = sms.pop("lox24")
    assert Lox24Settings(token=SecretStr("...")) == Lox24Settings(
        **{**lox24, "token": "...", "token_file": ""}
    )
    del sms["seven"], email["oauth2"]  # of which every key is needed, or is empty
    needed = {key: sms[key] for key in ("serial", "password", "sender")}
    assert SmsSettings(**sms) == SmsSettings(
        **needed, active_from=date(2026, 12, 1), countries=("DE", "AT", "CH")
    )
    needed = {key: email[key] for key in ("host", "username", "password", "sender")}
    assert EmailSettings(**email) == EmailSettings(**needed)
    (shown,) = tables["reminders"]
    assert (shown.pop("days_before"), shown.pop("at")) == (1, "18:00")  # the other lead, in comments
    reminder = Reminder(name="Terminerinnerung", hours_before=24)
    assert Settings.model_validate(tables) == Settings(reminders=(reminder,))


@pytest.mark.parametrize(
    "field",
    [
        "Terminplaner",
        "Seriennummer",
        "Absender",
        "Proxy Server",
        "Passwort",
        "Landescode",
        "Proxy Port",
        "(Start)",
        "Start Nachtruhe",
        "Ende Nachtruhe",
        "Filialcode Filter",
        "Filialkürzel Filter",
        "Stunden vor Termin",
        "Min. Stunden vor Doppelnachricht",
        "Terminbestätigung",
    ],
)
def test_the_starter_gives_the_name_of_the_field_in_amparex(field: str) -> None:
    assert field in starter()


# ---------------------------------------------------------------- config show


def test_show_is_toml_with_every_key_and_no_secret(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path,
        {
            "schedule.url": f"postgresql://reader:{SECRET}@db.example.org/praxis?sslmode=require&token={SECRET}",
            "branches.HH 1.sms_sender": "OptikHH",
            "sms.active_from": "2026-12-01",
            "sms.lox24": {"token": SECRET},
            "sms.seven": {"api_key": SECRET},
            "email.oauth2": {
                "token_url": "https://login.example.org/token",
                "client_id": "praxis",
                "client_secret": SECRET,
            },
            "templates.kurz.de.sms": 'Zeile 1\n"""Zeile\\ 2"""\n\x1b',
        },
    )
    text = show(settings)
    assert SECRET not in text
    shown = tomllib.loads(text)
    assert shown["sms"]["password"] == shown["email"]["password"] == "***"
    assert shown["schedule"]["url"] == (
        "postgresql+psycopg://reader:***@db.example.org/praxis?sslmode=require&token=***"
    )
    assert shown["journal"]["url"] == f"sqlite:///{tmp_path}/journal.db"
    assert shown["branches"]["HH 1"]["sms_sender"] == "OptikHH"
    assert shown["rules"]["quiet_start"] == "20:00"
    assert shown["templates"]["kurz"]["de"]["sms"] == 'Zeile 1\n"""Zeile\\ 2"""\n\x1b'
    assert "sms" in shown["templates"]["terminerinnerung"]["de"]  # what ships is in effect too
    for path in overridable():
        table = shown
        for step in path[:-1]:
            table = table[str(step)]
        assert path[-1] in table or path[-1] in FILE_TWINS, path


def test_show_loads_again_and_shows_the_same(tmp_path: Path) -> None:
    first = show(settings_of(tmp_path, {"rules.quiet_dates": ["2026-12-24"], "sms.max_per_second": 0.5}))
    path = tmp_path / "config.toml"
    path.write_text(first, encoding="utf-8")
    assert show(load(path, {}).settings) == first


def test_show_says_which_file_a_value_came_from(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text(SECRET, encoding="utf-8")
    (tmp_path / "q.sql").write_text("SELECT 1", encoding="utf-8")
    changes = {"sms.password": Absent, "sms.password_file": "pw", "schedule.query_file": "q.sql"}
    text = show(settings_of(tmp_path, changes))
    assert f'password = "***" # from "{tmp_path}/pw"' in text
    assert f'query_file = "{tmp_path}/q.sql"' in text


@pytest.mark.parametrize(
    "secret_in",
    [
        {"sms.password": SECRET},
        {"schedule.url": f"postgresql://u:{SECRET}@h/d"},
        {"journal.url": f"postgresql://u:{SECRET}@h/d"},
    ],
)
def test_settings_never_print_a_secret(tmp_path: Path, secret_in: dict[str, object]) -> None:
    settings = settings_of(tmp_path, secret_in)
    assert SECRET not in f"{settings}{settings!r}{settings.schedule!r}{settings.sms!r}{show(settings)}"
    assert SECRET not in settings.model_dump_json()


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_from_the_toml_that_is_written(text: str) -> None:
    assert tomllib.loads(f"a = {value_text(text)}")["a"] == text
    assert tomllib.loads(f"a = {value_text([text])}")["a"] == [text]
    assert tomllib.loads(f"{path_text((text,))} = 1") == {text: 1}
    reminder = Reminder(name="x", hours_before=1, template="y")
    texts = TemplateTexts.model_construct(sms=text)
    shown = show(Settings(reminders=(reminder,)).model_copy(update={"templates": {"y": {"de": texts}}}))
    assert tomllib.loads(shown)["templates"]["y"]["de"]["sms"] == text
    assert all(sign.isprintable() or sign == "\n" for sign in shown)


# ---------------------------------------------------------------- config schema


def test_the_schema_knows_every_key_and_refuses_others() -> None:
    schema = json.loads(json_schema())
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(Settings.model_fields)
    assert "query" not in schema["$defs"]["ScheduleSettings"]["properties"]
    assert {"query_file", "url_file"} <= set(schema["$defs"]["ScheduleSettings"]["properties"])
    for name, section in schema["$defs"].items():
        assert section["additionalProperties"] is False, name
        for key, entry in section["properties"].items():
            assert entry.get("description"), f"{name}.{key}"
    rules = schema["$defs"]["Rules"]["properties"]
    assert (rules["hours_between_messages"]["minimum"], rules["hours_between_messages"]["maximum"]) == (1, 99)
    assert re.fullmatch(rules["quiet_start"]["pattern"], "20:00")
    assert schema["$defs"]["ScheduleSettings"]["properties"]["url"]["default"] == "sqlite:///schedule.db"
    assert schema["$defs"]["SmsSettings"]["required"] == ["sender"]


def test_every_example_of_a_key_without_default_is_itself_right(tmp_path: Path) -> None:
    """The examples stand in for missing keys while the rest is checked, so each must be right."""
    for model in (SmsSettings, EmailSettings, Reminder):
        values = {
            name: info.examples[0]
            for name, info in model.model_fields.items()
            if info.is_required() and info.examples
        }
        assert model(**values)
    example = Settings.model_fields["reminders"].examples
    assert example
    assert Settings(reminders=example[0])


# ---------------------------------------------------------------- what it costs


def test_loading_for_an_idle_run_leaves_the_large_libraries_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(MINIMAL, encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from terminbenachrichtigung.config.loading import load\n"
        "print('sqlalchemy' in sys.modules)\n"
        "load(Path(sys.argv[1]), {})\n"
        "print([name for name in ('phonenumbers', 'holidays', 'email_validator', 'jinja2')"
        " if name in sys.modules])\n"
    )
    answer = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert answer.stdout.split("\n")[:2] == ["False", "[]"]


def test_the_good_configuration_of_these_tests_is_good(tmp_path: Path) -> None:
    assert settings_of(tmp_path).model_fields_set >= set(bent({}))
