"""Each mistake that an administrator can make gets its key, its value and the remedy."""

from collections.abc import Iterable
from datetime import date, datetime, time
from pathlib import Path

import pytest
from config_files import SECRET, Absent, bent, problems_of, settings_of

from terminbenachrichtigung.config.loading import settings_from
from terminbenachrichtigung.config.problems import ConfigProblems, Problem
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.config.validation import Draft

TEXT = {"sms": "Hallo"}
MAIL = {"email_subject": "Termin", "email_body": "Hallo"}
WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def lead(**keys: object) -> dict[str, object]:
    """A reminder whose lead is made of these keys alone."""
    return {"reminders.0": {"name": "A", **keys}}


MISTAKES = [
    # -- top level
    ({"timezone": "Europe/Berlinn"}, "timezone", 'did you mean "Europe/Berlin"?'),
    ({"timezone": ""}, "timezone", "no known time zone"),
    ({"timezone": "/etc/passwd"}, "timezone", "no known time zone"),
    ({"timezone": "Europe"}, "timezone", "no known time zone"),  # a folder of the zone database
    # two hosts with one journal would have two clocks; and one that is 27 seconds off
    ({"timezone": "localtime"}, "timezone", '"Europe/Berlin"'),
    ({"timezone": "posixrules"}, "timezone", '"Europe/Berlin"'),
    ({"timezone": "right/Europe/Berlin"}, "timezone", '"Europe/Berlin"'),
    ({"default_language": "Deutsch"}, "default_language", '"de"'),
    ({"max_run_minutes": 0}, "max_run_minutes", "from 1 to"),
    ({"max_run_minutes": "30"}, "max_run_minutes", "leave out the quotes"),
    # -- unknown keys, with the one that was meant
    ({"timezon": "UTC"}, "timezon", 'did you mean "timezone"?'),
    ({"sms.passwort": SECRET}, "sms.passwort", 'did you mean "password"?'),
    ({"sms.proxy-server": ""}, "sms.proxy-server", 'did you mean "proxy_server"?'),
    ({"max_parts": 3}, "max_parts", "it belongs in [sms]"),
    ({"sms.token": SECRET}, "sms.token", "it belongs in [sms.lox24]"),
    ({"sms.service": "pro"}, "sms.service", "unknown key; it belongs in [sms.lox24]"),  # reads like "seven"
    ({"email.client_id": "A"}, "email.client_id", "it belongs in [email.oauth2]"),
    ({"lox24.token": SECRET}, "lox24", "it belongs in [sms]"),
    ({"hours_before": 24}, "hours_before", "it belongs in [[reminders]]"),
    ({"rules.sms_sender": "A"}, "rules.sms_sender", "it belongs in [branches.CODE]"),
    ({"rules.email_body": "A"}, "rules.email_body", "it belongs in [templates.NAME.LANGUAGE]"),
    ({"sms.timezone": "UTC"}, "sms.timezone", "it belongs at the top of the file"),
    (
        {"rules.max_run_minutes": 9},
        "rules.max_run_minutes",
        'minutes"? or it belongs at',
    ),
    ({"safety.hello": 3}, "safety.hello", "allowed here: max_messages_per_run, only_recipients"),
    ({"reminders.0.chanels": []}, "reminders[0].chanels", 'did you mean "channels"?'),
    ({"branches.HH1.sender": "A"}, "branches.HH1.sender", 'did you mean "sms_sender"?'),
    ({"templates.x.de.email_text": "A"}, "templates.x.de.email_text", "unknown key"),
    ({"schedule.query": "SELECT 1"}, "schedule.query", "query_file"),  # a field, but no key
    # -- databases; a URL is never shown
    ({"schedule.url": "schedule.db"}, "schedule.url", "no database URL"),
    ({"schedule.url": f"postgresql://u:{SECRET}@h:port/d"}, "schedule.url", "no database URL"),
    # Of a password with an @, or a /, the end would be taken for the host, and shown.
    ({"schedule.url": f"postgresql://u:pass@{SECRET}@h/d"}, "schedule.url", "written %40"),
    ({"journal.url": f"postgresql://u:p@ss/{SECRET}@h/d"}, "journal.url", "written %40"),
    ({"schedule.url": f"informix://u:{SECRET}@h/d"}, "schedule.url", "names no known database"),
    ({"schedule.url": "a+b+c://h/d"}, "schedule.url", "names no known database"),
    ({"schedule.url": f"oracle://u:{SECRET}@h/d"}, "schedule.url", "not installed (oracledb)"),
    ({"schedule.url": "postgresql+asyncpg://h/d"}, "schedule.url", "asynchronous"),
    ({"schedule.url": "sqlite+aiosqlite:///a.db"}, "schedule.url", "begins with sqlite:///"),
    ({"schedule.url": "sqlite://schedule.db"}, "schedule.url", "three slashes"),
    ({"schedule.url": "sqlite://"}, "schedule.url", "in memory"),
    ({"schedule.url": "sqlite:///:memory:"}, "schedule.url", "in memory"),
    ({"journal.url": "sqlite:///file::memory:?cache=shared&uri=true"}, "journal.url", "in memory"),
    ({"journal.url": "sqlite:///file:j.db?mode=memory&uri=true"}, "journal.url", "in memory"),
    ({"schedule.url": "sqlite:///file:j.db?immutable=1"}, "schedule.url", "leave out immutable"),
    ({"schedule.url": "sqlite:///schedule.db?key=4711"}, "schedule.url", "leave out key"),  # SQLCipher's
    ({"schedule.url": "sqlite:///schedule.db?timeout=abc"}, "schedule.url", "a number of seconds"),
    ({"schedule.url": "sqlite:///s.db?timeout=5&timeout=6"}, "schedule.url", "a number of seconds"),
    ({"journal.url": "sqlite:///journal.db?timeout=-1"}, "journal.url", "a number of seconds"),
    ({"journal.url": "postgresql://u@h/d?port=abc"}, "journal.url", "hosts and ports"),
    ({"schedule.url": "postgresql://u@/d?host=a,b&port=1,2,3"}, "schedule.url", "hosts and ports"),
    ({"journal.url": "mysql://h/d"}, "journal.url", "SQLite or PostgreSQL"),
    ({"journal.url": "postgresql+psycopg2://h/d"}, "journal.url", "psycopg 3"),
    ({"journal.url": "sqlite:///schedule.db"}, "journal.url", "a file of its own"),
    ({"journal.url": "sqlite:///./x/../schedule.db"}, "journal.url", "a file of its own"),
    ({"journal.url": "sqlite:///file:schedule.db?mode=rwc"}, "journal.url", "a file of its own"),
    ({"schedule.source": " "}, "schedule.source", "must not be empty"),
    # -- journal
    ({"journal.retention_days": 0}, "journal.retention_days", "from 1 to"),
    (
        {"journal.retention_days": 1, "rules.hours_between_messages": 25},
        "journal.retention_days",
        "at least 2",
    ),
    (
        {"journal.retention_days": 4, "rules.hours_between_messages": 99},
        "journal.retention_days",
        "at least 5",
    ),
    ({"journal.retention_days": 10**12}, "journal.retention_days", "from 1 to"),
    # 2 * (3 * 10 + 5 + 3 * 20 + 5) = 200 seconds: three minutes are too short, four are enough
    ({"journal.claim_timeout_minutes": 3}, "journal.claim_timeout_minutes", "at least 4"),
    ({"sms.timeout_seconds": 200}, "journal.claim_timeout_minutes", "at least 23"),
    # -- rules
    ({"rules.quiet_start": "08:00"}, "rules.quiet_end", "quiet_hours = false"),
    ({"rules.quiet_start": "8 pm"}, "rules.quiet_start", '"20:00"'),
    ({"rules.quiet_end": "24:00"}, "rules.quiet_end", '"00:00"'),
    ({"rules.quiet_end": "25:00"}, "rules.quiet_end", '"20:00"'),
    ({"rules.quiet_end": time(8, 0, 30)}, "rules.quiet_end", '"20:00"'),
    ({"rules.quiet_end": 8}, "rules.quiet_end", '"20:00"'),
    ({"rules.quiet_hours": 1}, "rules.quiet_hours", "true or false"),
    ({"rules.quiet_hours": "true"}, "rules.quiet_hours", "leave out the quotes"),
    ({"rules.quiet_days": "sunday"}, "rules.quiet_days", "a list in square brackets"),
    ({"rules.quiet_days": ["sonday"]}, "rules.quiet_days[0]", 'did you mean "sunday"?'),
    ({"rules.quiet_days": WEEK}, "rules.quiet_days", "no open time in a week"),
    ({"rules.quiet_dates": [datetime(2026, 12, 24, 10)]}, "rules.quiet_dates[0]", "without a time"),  # noqa: DTZ001
    ({"rules.quiet_dates": ["2026-02-30"]}, "rules.quiet_dates[0]", "no day of the calendar"),
    ({"rules.quiet_dates": [20261224]}, "rules.quiet_dates[0]", "without a time"),
    ({"rules.quiet_holidays": "DE-XX"}, "rules.quiet_holidays", '"DE-HH"'),
    ({"rules.quiet_holidays": "Hamburg"}, "rules.quiet_holidays", '"DE-HH"'),
    ({"rules.quiet_holidays": "DE-"}, "rules.quiet_holidays", '"DE-HH"'),
    ({"rules.pre_quiet_minutes": -1}, "rules.pre_quiet_minutes", "from 0 to"),
    ({"rules.hours_between_messages": 0}, "rules.hours_between_messages", "from 1 to 99"),
    ({"rules.hours_between_messages": 100}, "rules.hours_between_messages", "from 1 to 99"),
    ({"rules.hours_after_booking": -1}, "rules.hours_after_booking", "from 0 to"),
    ({"rules.on_unknown": "retry"}, "rules.on_unknown", '"hold", "fallback"'),
    ({"rules.excluded_statuses": [""]}, "rules.excluded_statuses[0]", "must not be empty"),
    ({"rules.include_branches": [1]}, "rules.include_branches[0]", "text in quotes"),
    # -- safety
    ({"safety.max_messages_per_run": -1}, "safety.max_messages_per_run", "at least 0"),
    ({"safety.only_recipients": ["Ute"]}, "safety.only_recipients[0]", "phone number nor an e-mail"),
    ({"safety.only_recipients": ["+49 171 5555555", "a@"]}, "safety.only_recipients[1]", "phone number nor"),
    # -- staff_list
    ({"staff_list.recipients": ["a@"]}, "staff_list.recipients[0]", "no e-mail address"),
    ({"staff_list.recipients": ["a@example.org, b@example.org"]}, "staff_list.recipients[0]", "one address"),
    ({"staff_list.recipients": "a@example.org"}, "staff_list.recipients", "a list in square brackets"),
    ({"staff_list.send_at": "7.30"}, "staff_list.send_at", '"20:00"'),
    ({"staff_list.send_at": "23:01"}, "staff_list.send_at", "an hourly run has to follow"),
    ({"branches.HH1.staff_recipients": [""]}, "branches.HH1.staff_recipients[0]", "must not be empty"),
    # -- reminders
    ({"reminders": Absent}, "reminders", "[[reminders]]"),
    ({"reminders": []}, "reminders", "must not be empty"),
    ({"reminders": {"name": "A", "hours_before": 24}}, "reminders", "[[reminders]]"),
    ({"reminders.0.name": Absent}, "reminders[0].name", "is missing"),
    ({"reminders.0.name": "  "}, "reminders[0].name", "must not be empty"),
    ({"reminders.0.name": "A\nB"}, "reminders[0].name", "one line"),
    ({"reminders.0.hours_before": Absent}, "reminders[0].hours_before", "is missing"),
    ({"reminders.0.hours_before": 0}, "reminders[0].hours_before", "from 1 to 99"),
    ({"reminders.0.hours_before": 100}, "reminders[0].hours_before", "from 1 to 99"),
    ({"reminders.0.hours_before": "24"}, "reminders[0].hours_before", "leave out the quotes"),
    ({"reminders.0.hours_before": 24.0}, "reminders[0].hours_before", "whole number"),
    ({"reminders.0.hours_before": True}, "reminders[0].hours_before", "whole number"),
    ({"reminders.0.days_before": 1}, "reminders[0].days_before", "one lead"),
    ({"reminders.0.at": "18:00"}, "reminders[0].at", "one lead"),
    (lead(days_before=1), "reminders[0].at", "is missing"),
    (lead(at="18:00"), "reminders[0].days_before", "is missing"),
    (lead(days_before=0, at="18:00"), "reminders[0].days_before", "from 1 to 60"),
    (lead(days_before=61, at="18:00"), "reminders[0].days_before", "from 1 to 60"),
    (lead(days_before=1, at="6pm"), "reminders[0].at", "a time of day"),
    (lead(days_before=1, at="20:00"), "reminders[0].at", "quiet hours"),
    (lead(days_before=1, at="07:59"), "reminders[0].at", "quiet hours"),
    ({"reminders.0.channels": []}, "reminders[0].channels", "must not be empty"),
    ({"reminders.0.channels": ["sms", "sms"]}, "reminders[0].channels", "twice"),
    ({"reminders.0.channels": ["sms", "mail"]}, "reminders[0].channels[1]", 'did you mean "email"?'),
    ({"reminders.0.channels": ["letter"]}, "reminders[0].channels[0]", '"sms", "email"'),
    (
        {"reminders": [{"name": "A", "hours_before": 24}, {"name": "A", "hours_before": 48}]},
        "reminders[1].name",
        "another reminder",
    ),
    # -- sections and templates that are used
    ({"sms": Absent}, "reminders[0].channels", "a section [sms]"),
    ({"email": Absent}, "reminders[0].channels", "a section [email]"),
    (
        {"email": Absent, "reminders.0.channels": ["sms"], "confirmation.enabled": True},
        "confirmation.enabled",
        "a section [email]",
    ),
    ({"reminders.0.template": "terminerinerung"}, "reminders[0].template", 'mean "terminerinnerung"?'),
    ({"reminders.0.name": "Terminbestätigung"}, "reminders[0].name", "is the name of the confirmation"),
    ({"reminders.0.name": "Terminabsage"}, "reminders[0].name", "is the name of a correction"),
    ({"reminders.0.name": "Terminverschiebung"}, "reminders[0].name", "is the name of a correction"),
    (
        {"corrections.enabled": True, "default_language": "it"}
        | {f"templates.{name}.it": TEXT | MAIL for name in ("terminerinnerung", "terminverschiebung")}
        | {"templates.terminabsage.it": MAIL},
        "templates.terminabsage.it.sms",
        "corrections needs it for sms",
    ),
    ({"confirmation": {"enabled": True, "template": "x"}}, "confirmation.template", "no such template"),
    (
        {"reminders.0.template": "kurz", "templates.kurz.de": MAIL},
        "templates.kurz.de.sms",
        "reminders[0] needs it for sms",
    ),
    (
        {"reminders.0.template": "kurz", "templates.kurz.de": TEXT | {"email_subject": "A"}},
        "templates.kurz.de.email_body",
        "reminders[0] needs it for email",
    ),
    (
        {"reminders.0.template": "kurz", "templates.kurz.de": TEXT | {"email_body": "A"}},
        "templates.kurz.de.email_subject",
        "reminders[0] needs it for email",
    ),
    (
        {"confirmation": {"enabled": True, "template": "kurz"}, "templates.kurz.de": {"email_body": "A"}},
        "templates.kurz.de.email_subject",
        "confirmation needs it for email in the default language",
    ),
    (
        {"confirmation": {"enabled": True, "template": "kurz"}, "templates.kurz.de": {"email_subject": "A"}},
        "templates.kurz.de.email_body",
        "confirmation needs it for email in the default language",
    ),
    (  # a text in another language does not help: the default language is the last one tried
        {"reminders.0": {"name": "A", "hours_before": 1, "channels": ["sms"], "template": "kurz"}}
        | {"templates.kurz.fr": TEXT},
        "templates.kurz.de.sms",
        "in the default language",
    ),
    ({"templates.terminerinnerung.de.sms": " "}, "templates.terminerinnerung.de.sms", "must not be empty"),
    ({"templates.terminerinnerung.DE": {}}, "templates.terminerinnerung.DE", "lower case"),
    ({"templates.kurz": TEXT}, "templates.kurz.sms", "[templates.NAME.LANGUAGE]"),
    # -- sms
    ({"sms.serial": Absent}, "sms.serial", "is missing"),
    ({"sms.password": Absent}, "sms.password", "sms.password_file or TERMINBENACHRICHTIGUNG_SMS__PASSWORD"),
    ({"sms.password": ""}, "sms.password", "not empty"),
    ({"sms.password": f"{SECRET}\n"}, "sms.password", "one line without control characters"),
    ({"sms.password": f"{SECRET}\0"}, "sms.password", "one line without control characters"),
    ({"sms.password": [SECRET]}, "sms.password", "text in quotes"),
    ({"sms.provider": "seven.io"}, "sms.provider", '"smscreator", "lox24", "seven"'),
    ({"sms.provider": "lox24"}, "sms.lox24.token", "SMS__LOX24__TOKEN"),
    ({"sms.provider": "seven"}, "sms.seven.api_key", "sms.seven.api_key_file"),
    ({"sms.provider": "seven", "sms.seven": {"api_key": SECRET}, "sms.max_parts": 10}, "sms.max_parts", "9"),
    *(
        ({"sms.lox24": {"token": f"{SECRET}{odd}"}}, "sms.lox24.token", "as the gateway shows it")
        for odd in ("ë", " ", "”")  # no header takes them: every SMS was `unknown`
    ),
    ({"sms.seven": {"api_key": f"ü{SECRET}"}}, "sms.seven.api_key", "as the gateway shows it"),
    ({"sms.lox24": {"token": SECRET, "tokn": SECRET}}, "sms.lox24.tokn", 'did you mean "token"?'),
    ({"sms.lox24": {"token": SECRET, "service": "gold"}}, "sms.lox24.service", '"economy"'),
    (
        {"sms.provider": "lox24", "sms.lox24": {"token": SECRET}, "sms.sender": "Öptik"},
        "sms.sender",
        "11 letters, digits and spaces",
    ),
    ({"sms.base_url": "http://www.smscreator.de/gateway"}, "sms.base_url", "https://"),
    ({"sms.base_url": "http://127.0.0.1.example.org"}, "sms.base_url", "https://"),
    ({"sms.base_url": "www.smscreator.de"}, "sms.base_url", "web address"),
    ({"sms.base_url": "ftp://www.smscreator.de"}, "sms.base_url", "web address"),
    ({"sms.base_url": "https://[::1"}, "sms.base_url", "web address"),
    ({"sms.base_url": f"https://u:{SECRET}@smscreator.de"}, "sms.base_url", "keys of its own"),
    ({"sms.base_url": f"https://gateway.seven.io/api?p={SECRET}"}, "sms.base_url", "keys of its own"),
    ({"sms.sender": "Augenoptiker"}, "sms.sender", "11 letters and digits"),  # 12 letters
    ({"sms.sender": "Öptik"}, "sms.sender", "no umlauts"),
    ({"sms.sender": "Optik HH"}, "sms.sender", "no umlauts, spaces"),
    ({"sms.sender": "+49 171 5"}, "sms.sender", "valid phone number"),
    ({"sms.country_code": "0049"}, "sms.country_code", '"+49"'),
    ({"sms.country_code": "+999"}, "sms.country_code", "no country's dialling code"),
    ({"sms.countries": ["DE", "GER"]}, "sms.countries[1]", "two letters"),
    ({"sms.sms_type": "Premium"}, "sms.sms_type", "HighQualityLong"),
    ({"sms.max_parts": 0}, "sms.max_parts", "from 1 to 10"),
    ({"email.host": f"u:{SECRET}@mail.example.org"}, "email.host", "the port has its own key"),
    ({"timezone": f"u:{SECRET}@x"}, "timezone", "no known time zone"),
    ({"email.reply_to": f"smtp://{SECRET}@x"}, "email.reply_to", "is no e-mail address"),
    ({"sms.proxy_server": f"http://u:{SECRET}@proxy:8080"}, "sms.proxy_server", "the login has its own keys"),
    ({"sms.proxy_server": f"u:{SECRET}@proxy"}, "sms.proxy_server", "proxy_user and proxy_password"),
    ({"sms.proxy_server": "proxy:8080"}, "sms.proxy_server", "the port has its own key"),
    ({"sms.proxy_user": "praxis"}, "sms.proxy_password", "a login needs both"),
    ({"sms.proxy_password": SECRET}, "sms.proxy_user", "a login needs both"),
    (
        {"sms.proxy_server": "proxy.praxis.de", "sms.base_url": "http://127.0.0.1:8080"},
        "sms.base_url",
        "readable to the proxy",
    ),
    ({"email.auth": "oauth2"}, "email.oauth2.token_url", "[email.oauth2]"),
    (
        {"email.oauth2": {"token_url": "http://login.example.org/token", "client_id": "a"}},
        "email.oauth2.token_url",
        "https://",
    ),
    ({"email.sender": "praxis@localhost@x"}, "email.sender", "no e-mail address"),
    ({"email.sender": "A <a@x.de>, B <b@x.de>"}, "email.sender", "one address"),
    ({"sms.proxy_port": 65536}, "sms.proxy_port", "from 1 to 65535"),
    ({"sms.active_from": datetime(2026, 12, 1, 10)}, "sms.active_from", "without a time"),  # noqa: DTZ001
    ({"sms.timeout_seconds": 0}, "sms.timeout_seconds", "from 1 to"),
    ({"sms.concurrency": 33}, "sms.concurrency", "from 1 to 32"),
    ({"sms.max_per_second": -1}, "sms.max_per_second", "from 0 to"),
    ({"sms.max_per_second": float("nan")}, "sms.max_per_second", "from 0 to"),
    ({"sms": [{"serial": "1", "password": SECRET}]}, "sms", "[sms]"),
    ({"sms": SECRET}, "sms", "[sms]"),  # whatever stands there may be a secret
    # -- email
    ({"email.host": "smtp://mail.example.org"}, "email.host", "host name"),
    ({"email.host": "mail.example.org:587"}, "email.host", "the port has its own key"),
    ({"email.port": "587"}, "email.port", "leave out the quotes"),
    ({"email.security": "ssl"}, "email.security", '"tls", "starttls", "none"'),
    ({"email.security": "none"}, "email.security", "readable for everybody"),
    ({"email.username": ""}, "email.username", "a login needs both"),
    ({"email.password": ""}, "email.password", "a login needs both"),
    ({"email.sender": "Praxis"}, "email.sender", "e-mail address"),
    ({"email.sender": "Optik, Hamburg <termine@example.org>"}, "email.sender", "quote a name with a comma"),
    ({"email.sender": "a@example.org\nBcc: b@example.org"}, "email.sender", "one line"),
    ({"email.reply_to": "nobody"}, "email.reply_to", "e-mail address"),
    # -- branches
    ({"branches.HH1.sms_sender": "Optik Hamburg"}, "branches.HH1.sms_sender", "11 letters"),
    ({"branches.HH 1.reply_to": "x"}, 'branches."HH 1".reply_to', "e-mail address"),
    ({"branches.[key]": "OptikHH"}, 'branches."[key]"', "[branches.CODE]"),  # pydantic's own mark
    ({"branches.HH1": "OptikHH"}, "branches.HH1", "[branches.CODE]"),
]


@pytest.mark.parametrize(
    ("changes", "key", "remedy"), MISTAKES, ids=[f"{key}: {remedy}" for _, key, remedy in MISTAKES]
)
def test_a_mistake_is_named_by_its_key_with_the_remedy(
    tmp_path: Path, changes: dict[str, object], key: str, remedy: str
) -> None:
    problems = problems_of(tmp_path, changes)
    assert [each.key for each in problems] == [key]  # this mistake, and none that merely follows from it
    assert remedy in problems[0].text


def test_every_text_that_the_default_language_lacks_is_named(tmp_path: Path) -> None:
    assert [each.key for each in problems_of(tmp_path, {"default_language": "it"})] == [
        "templates.terminerinnerung.it.sms",
        "templates.terminerinnerung.it.email_subject",
        "templates.terminerinnerung.it.email_body",
    ]


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"sms.max_parts": 11}, "sms.max_parts = 11: "),
        ({"rules.quiet_start": "8 pm"}, 'rules.quiet_start = "8 pm": '),
        ({"reminders.0.channels": ["fax"]}, 'reminders[0].channels[0] = "fax": '),
        ({"rules.quiet_start": "08:00"}, 'rules.quiet_end = "08:00": '),
        (lead(days_before=1, at="20:00"), 'reminders[0].at = "20:00": '),
        (
            {"rules.quiet_end": time(8, 0, 30)},
            "rules.quiet_end = 08:00:30: ",
        ),  # the seconds are what is wrong
        ({"rules.quiet_dates": [True]}, "rules.quiet_dates[0] = true: "),
        ({"timezone": "\x1b[31mred"}, 'timezone = "\\u001b[31mred": '),  # a terminal would obey it
        ({"timezone": "x" * 200}, f'timezone = "{"x" * 76}...: '),
        ({"sms.password": ""}, "sms.password: "),  # a secret has no value to be shown
        ({"sms.passwort": "x"}, "sms.passwort: "),  # nor has what may be one
    ],
)
def test_the_value_is_shown_as_it_stands_in_the_file(
    tmp_path: Path, changes: dict[str, object], shown: str
) -> None:
    (problem,) = problems_of(tmp_path, changes)
    assert str(problem).startswith(f"{tmp_path / 'config.toml'}: {shown}")


def test_ten_different_mistakes_give_one_list_of_ten(tmp_path: Path) -> None:
    ten = {
        "timezone": "Europe/Berlinn",
        "journal.url": "sqlite:///schedule.db",  # the same file as the schedule's
        "rules.quiet_start": "08:00",  # equal to quiet_end
        "rules.hours_between_messages": 100,
        "reminders.0.template": "unbekannt",
        "reminders.0.hours_before": "24",
        "sms.passwort": SECRET,
        "sms.max_parts": True,
        "email.username": Absent,  # but a password
        "safety.only_recipients": ["Ute"],
    }
    assert {each.key for each in problems_of(tmp_path, ten)} == {
        "timezone",
        "journal.url",
        "rules.quiet_end",
        "rules.hours_between_messages",
        "reminders[0].template",
        "reminders[0].hours_before",
        "sms.passwort",
        "sms.max_parts",
        "email.username",
        "safety.only_recipients[0]",
    }


def test_the_list_counts_its_problems_and_follows_the_order_of_the_sections(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblems) as caught:
        settings_from(
            bent({"email.port": 0, "reminders.0.name": "", "timezone": "x"}), tmp_path / "c.toml", {}
        )
    lines = str(caught.value).splitlines()
    assert lines[0] == "3 problems in the configuration:"
    keys = [line.removeprefix(f"  {tmp_path / 'c.toml'}: ").split(" = ")[0] for line in lines[1:]]
    assert keys == ["timezone", "reminders[0].name", "email.port"]
    assert caught.value.exit_code == 2


def test_a_wrong_reminder_does_not_shift_the_numbers_of_the_others(tmp_path: Path) -> None:
    reminders = ["A", {"name": "B", "hours_before": 1}, {"name": "C", "hours_before": 2, "template": "x"}]
    keys = [each.key for each in problems_of(tmp_path, {"reminders": reminders})]
    assert keys == ["reminders[0]", "reminders[2].template"]


def test_checks_from_other_rooms_stand_in_the_same_list_and_see_whole_settings(tmp_path: Path) -> None:
    seen: list[Settings] = []

    def check(draft: Draft) -> Iterable[Problem]:
        seen.append(draft.settings)
        yield Problem("templates.terminerinnerung.de.sms", "the name oops is not known")
        yield Problem("sms.sender", "a finding about what only stands in for a missing sender")

    problems = problems_of(tmp_path, {"sms.sender": Absent}, extra_checks=(check,))
    assert [(each.key, each.text.split(";")[0]) for each in problems] == [
        ("sms.sender", "is missing"),
        ("templates.terminerinnerung.de.sms", "the name oops is not known"),
    ]
    assert seen[0].sms is not None
    assert seen[0].sms.serial == "12345"


ACCEPTED = [
    ({"rules": {"quiet_hours": False, "quiet_start": "08:00"}}, "equal, but there are no quiet hours"),
    ({"rules.quiet_start": time(20, 0)}, "a TOML time"),
    ({"rules.quiet_days": ["Sunday"]}, "weekdays in any case"),
    ({"rules.quiet_dates": [date(2026, 12, 24), "2026-12-31"]}, "a TOML date, and the same in quotes"),
    ({"rules.quiet_holidays": "DE-HH"}, "a German state"),
    ({"rules.quiet_holidays": "AT"}, "a country"),
    ({"rules.exclude_branches": [""]}, "appointments without a branch"),
    ({"sms": Absent, "reminders.0.channels": ["email"]}, "a section that nobody uses may be missing"),
    ({"email": Absent, "reminders.0.channels": ["sms"]}, "the same for e-mail"),
    ({"sms.base_url": "http://127.0.0.1:8025/gateway/"}, "plain http to this machine"),
    ({"sms.base_url": "http://[::1]:8025"}, "the same over IPv6"),
    ({"sms.sender": "+49 171 5555555"}, "a phone number as sender"),
    ({"sms.sender": "0171 5555555"}, "a national one, read with country_code"),
    ({"sms.proxy_server": "10.0.0.1"}, "a proxy by address"),
    ({"sms.max_per_second": 0.5}, "one in two seconds"),
    ({"sms.countries": ["de", "AT"]}, "countries in any case"),
    ({"email.security": "none", "email.host": "localhost"}, "nobody can listen on this machine"),
    ({"email.security": "none", "email.username": "", "email.password": ""}, "no password to protect"),
    ({"email.sender": '"Optik, Hamburg" <termine@example.org>'}, "a name with a comma in quotes"),
    ({"schedule.url": "postgresql://u@h/d", "journal.url": "postgresql://u@h/d"}, "one Postgres for both"),
    (
        {"journal.retention_days": 5, "rules.hours_between_messages": 99},
        "the shortest memory of the longest gap",
    ),
    ({"journal.claim_timeout_minutes": 4}, "the shortest that covers both channels"),
    (
        {
            "sms.timeout_seconds": 200,
            "reminders.0.channels": ["email"],
        },
        "an unused channel does not count",
    ),
    ({"default_language": "en", "templates.terminerinnerung.en": TEXT | MAIL}, "a text of one's own"),
    ({"default_language": "de-AT"}, "texts in its base will do"),
    (
        {"confirmation": {"enabled": False, "template": "kurz"}, "templates.kurz.de": TEXT},
        "a confirmation that is off needs no text",
    ),
]


@pytest.mark.parametrize("changes", [changes for changes, _ in ACCEPTED], ids=[why for _, why in ACCEPTED])
def test_what_is_unusual_but_right_is_accepted(tmp_path: Path, changes: dict[str, object]) -> None:
    assert settings_of(tmp_path, changes).reminders


def test_a_domain_with_umlauts_is_sent_in_its_ascii_form(tmp_path: Path) -> None:
    email = settings_of(tmp_path, {"email.sender": "Müller <termine@müller.de>"}).email
    assert email is not None
    assert email.sender == "Müller <termine@xn--mller-kva.de>"


def test_recipients_for_trying_out_are_compared_in_one_form(tmp_path: Path) -> None:
    typed = ["0171 5555555", "+43 664 5555555", " Ute@Example.ORG "]
    settings = settings_of(tmp_path, {"safety.only_recipients": typed})
    assert settings.safety.only_recipients == ("+491715555555", "+436645555555", "ute@example.org")
