"""docs/install.md word for word, on a machine of its own; then cron, and the rotation of its log."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_string, policy
from email.message import EmailMessage

import pytest

from docs.pages import block, read
from practice import BERLIN
from real.machine import CHECKOUT, Machine, wait_for
from terminbenachrichtigung.demo.loopback import Answer, Request
from terminbenachrichtigung.demo.mailserver import MailServer
from terminbenachrichtigung.demo.smscreator import SmsCreatorGateway

PAGE = read("docs/install.md")
CONFIG = "/etc/terminbenachrichtigung/config.toml"
LOG = "/var/log/terminbenachrichtigung/run.log"
REFUSED = "00491713920010"


def of_the_page(marker: str) -> str:
    """The commands below a marker, for this checkout."""
    return block(PAGE, marker, "sh").replace("/path/to/this/checkout", CHECKOUT)


@pytest.fixture(scope="module")
def gateway() -> Iterator[SmsCreatorGateway]:
    """It refuses one number."""

    def answer(request: Request) -> Answer | None:
        return Answer(status="NoRecipientFound") if request.fields.get("Recipient") == REFUSED else None

    with SmsCreatorGateway(script=answer) as serving:
        yield serving


@pytest.fixture(scope="module")
def mail() -> Iterator[MailServer]:
    with MailServer() as serving:
        yield serving


@pytest.fixture(scope="module")
def installed(machine: Machine, gateway: SmsCreatorGateway, mail: MailServer) -> Machine:
    """As the page has it, with the starter filled in."""
    machine.ok(of_the_page("installation"), seconds=600)
    starter = machine.read(CONFIG)
    changes = {
        r"^base_url = .*$": f'base_url = "{gateway.url}"',
        r"^serial = .*$": f'serial = "{gateway.serial}"',
        r'^password = "change-me"(?=.*Passwort)': f'password = "{gateway.password}"',
        r'^host = "mail.example.org"': 'host = "127.0.0.1"',
        r"^port = 587": f"port = {mail.port}",
        r'^security = "starttls"': 'security = "none"',
        r"^username = .*$": "",
        r'^password = "change-me".*$': "",
        r"example\.org": "praxis-hansen.de",
        r'"MeinePraxis"': '"Hansen"',
        r"^quiet_hours = true": "quiet_hours = false",
        r"^hours_before = 24": "hours_before = 48",  # so that tomorrow noon is due at any hour
    }
    for old, new in changes.items():
        starter = re.sub(old, new, starter, flags=re.MULTILINE)
    machine.ok(f"cat >{CONFIG} <<'END'\n{starter}\nEND")
    machine.ok("terminbenachrichtigung schedule init", user="reminder")
    return machine


@pytest.fixture(scope="module")
def started(installed: Machine) -> Machine:
    """After the first steps as the user `reminder`."""
    installed.ok(of_the_page("first-steps"), user="reminder")
    return installed


BOOK = """
import sqlite3, sys
appointment, start, mobile = sys.argv[1:]
with sqlite3.connect("/var/lib/terminbenachrichtigung/schedule.db") as schedule:
    def insert(table, *values):
        schedule.execute(f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(values))})", values)
    insert("branches (branch_code, name, phone)", "HH1", "Hörakustik Hansen", "040 123456")
    insert("appointment_types (type_code, name, notifiable)", "s", "Sehtest", 1)
    insert("customers (customer_id, salutation, first_name, last_name, mobile)",
           appointment, "Frau", "Änne", "Öztürk", mobile)
    insert("appointments (appointment_id, customer_id, starts_at, type_code, branch_code, status, is_group)",
           appointment, appointment, start, "s", "HH1", "Geplant", 0)
"""


def book(machine: Machine, appointment: str, mobile: str) -> None:
    """An appointment of a customer of its own, tomorrow at noon."""
    start = (datetime.now(BERLIN) + timedelta(days=1)).replace(hour=12, minute=0)
    arguments = f"{appointment} '{start:%Y-%m-%d %H:%M}' '{mobile}'"
    machine.ok(f"/opt/terminbenachrichtigung/bin/python - {arguments} <<'END'\n{BOOK}END", user="reminder")


def test_the_databases_lie_where_their_user_may_write_and_nobody_else_may_read(started: Machine) -> None:
    listed = started.ok(
        "stat -c '%U %a' /var/lib/terminbenachrichtigung/journal.db /etc/terminbenachrichtigung/config.toml"
    )
    assert listed.splitlines() == ["reminder 600"] * 2


def test_cron_runs_the_line_mails_what_needs_a_person_and_logs_it(
    started: Machine, gateway: SmsCreatorGateway
) -> None:
    started.ok(of_the_page("every-hour"))
    file = "/etc/cron.d/terminbenachrichtigung"
    started.ok(
        f"sed -i 's/^50 /* /' {file}; grep -q '^[*] [*]' {file}"
    )  # else the test would wait for an hour
    started.ok("rm -f /etc/cron.d/[!t]* /usr/sbin/sendmail")
    started.write("/usr/sbin/sendmail", "#!/bin/sh\ncat >>/tmp/mail", "755")
    book(started, "1", "0171 3920001")
    book(started, "2", "0171 3920010")
    started.ok("cron")  # puts itself into the background
    wait_for("cron's mail", lambda: "\n\n" in started.read("/tmp/mail"))
    mail = message_from_string(started.read("/tmp/mail"), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert mail["To"] == "praxis@example.org"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content_charset() == "utf-8"
    log = started.read(LOG)
    assert "needs a person" in log
    assert log.strip() in mail.get_payload()
    assert [job.recipient for job in gateway.jobs] == ["00491713920001"]


def test_the_log_is_rotated_and_the_next_run_finds_it_writable(started: Machine) -> None:
    before = started.read(LOG)
    assert before
    started.ok("logrotate --force /etc/logrotate.d/terminbenachrichtigung")
    assert started.read(f"{LOG}.1") == before
    assert started.read(LOG) == ""
    started.ok(f"echo again | tee -a {LOG}", user="reminder")


def test_the_units_pass_systemds_own_check(started: Machine) -> None:
    started.ok(f"cp {CHECKOUT}/samples/terminbenachrichtigung.* /etc/systemd/system/")
    said = started.run("systemd-analyze verify terminbenachrichtigung.timer terminbenachrichtigung.service")
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def test_the_versions_that_were_tested_install_by_their_hashes(machine: Machine) -> None:
    machine.ok("python3 -m venv /opt/pinned")
    machine.ok(of_the_page("pinned").replace("/opt/terminbenachrichtigung", "/opt/pinned"), seconds=600)
    machine.ok("/opt/pinned/bin/pip check && /opt/pinned/bin/terminbenachrichtigung --version")
