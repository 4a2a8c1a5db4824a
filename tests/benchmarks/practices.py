"""Practices of any size, filled by SQL alone: a benchmark that held the rows itself would measure itself."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from terminbenachrichtigung.config.settings import JournalSettings
from terminbenachrichtigung.journal import create_journal
from terminbenachrichtigung.own_schedule import init

NOWHERE = "http://127.0.0.1:9/gateway"
"""Where no gateway is: nothing is sent."""

_TEXTS = '''
[templates.terminerinnerung.de]
sms = """Guten Tag {{ customer.name }}, bis {{ appointment.weekday }} um {{ appointment.time }} Uhr!
{{ appointment.branch.name }}, Tel. {{ appointment.branch.phone }}"""
email_subject = "Ihr Termin am {{ appointment.date }}"
email_body = """Guten Tag {{ customer.name }},
{% for each in appointments %}
{{ each.date }} um {{ each.time }} Uhr
{% endfor %}"""

[templates.terminerinnerung.en]
sms = "Hello {{ customer.name }}, see you on {{ appointment.date }} at {{ appointment.time }}"
'''


def prepare(
    folder: Path, due: int, url: str, concurrency: int, *, journal: str = "sqlite:///journal.db"
) -> None:
    """Configuration, schedule and journal of a practice in which `due` customers are due by SMS."""
    (folder / "config.toml").write_text(
        f"""
        [journal]
        url = "{journal}"
        retention_days = 800
        [rules]
        quiet_hours = false
        [[reminders]]
        name = "Terminerinnerung"
        hours_before = 72
        channels = ["sms"]
        [sms]
        base_url = "{url}"
        serial = "4711"
        password = "demo"
        sender = "Optik"
        concurrency = {concurrency}
        """,
        encoding="utf-8",
    )
    (folder / "config.toml").chmod(0o600)
    init.init(f"sqlite:///{folder / 'schedule.db'}")
    with closing(sqlite3.connect(folder / "schedule.db")) as connection:
        connection.execute("INSERT INTO appointment_types VALUES ('S', 'Sehtest', 1)")
        connection.execute(
            "INSERT INTO branches VALUES ('HH1', 'Optik Nord', '040 123456', 'Lange Reihe 1', '')"
        )
        start = (datetime.now() + timedelta(days=2)).strftime("%Y-%m-%d 12:00")  # noqa: DTZ005 - the practice's
        _add(connection, 0, due, customers=due, first=start, minutes=0)
    place = f"sqlite:///{folder / 'journal.db'}" if journal.startswith("sqlite") else journal
    create_journal(
        JournalSettings(url=SecretStr(place)), datetime.now(UTC) - timedelta(days=7), "Europe/Berlin"
    )


def write_texts(folder: Path) -> None:
    """Texts of the practice's own, in two languages."""
    with (folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write(_TEXTS)


def grow(folder: Path, appointments: int, *, first: str = "2015-01-01 08:00", minutes: float = 1) -> None:
    """Fill the schedule up to so many appointments, five for each customer, so many minutes apart."""
    with closing(sqlite3.connect(folder / "schedule.db")) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        (there,) = connection.execute("SELECT count(*) FROM appointments").fetchone()
        _add(
            connection,
            there,
            appointments - there,
            customers=(appointments - there) // 5,
            first=first,
            minutes=minutes,
        )
        connection.execute("ANALYZE")
        connection.commit()


def _add(
    connection: sqlite3.Connection, number: int, count: int, *, customers: int, first: str, minutes: float
) -> None:
    """So many customers and appointments, numbered from `number` on, each some minutes after the last one."""
    numbers = "WITH RECURSIVE n (i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) "
    if not count:
        return
    connection.execute(
        "INSERT INTO customers (customer_id, last_name, mobile) " + numbers + "SELECT CAST(i AS TEXT), "
        "'Berger' || i, '0171 ' || (5000000 + i) FROM n",
        (number, number + customers),
    )
    connection.execute(
        "INSERT INTO appointments (appointment_id, customer_id, type_code, branch_code, starts_at) "
        + numbers
        + "SELECT CAST(i AS TEXT), CAST(? + (i - ?) % ? AS TEXT), 'S', 'HH1', "
        "strftime('%Y-%m-%d %H:%M', ?, '+' || ((i - ?) * ?) || ' minutes') FROM n",
        (number, number + count, number, number, customers, first, number, minutes),
    )
    connection.commit()
