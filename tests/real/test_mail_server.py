"""Debian's Postfix, which says at RCPT what is not the recipient's fault.

By its default (`smtpd_delay_reject`) Postfix keeps all refusals until RCPT: a client that may not send,
or a sender that is not the login's, reads there like an unknown recipient. Nobody may be given up for that.
"""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from practice import Practice, reminder
from real.machine import Machine, wait_for

CUSTOMERS = range(1, 7)
TWELVE = "2026-11-24 12:00"

# It keeps no log. Its daemon for that, postlogd, once wrote to itself while it did not read: all stood still.
MAIN = """\
compatibility_level = 3.6
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
virtual_mailbox_domains = example.org
virtual_mailbox_maps = inline:{{ {known} }}
virtual_mailbox_base = /var/mail
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 65534
smtpd_relay_restrictions = reject_unauth_destination
"""


class Postfix:
    """A Postfix on loopback, at a port of its own."""

    def __init__(self, machine: Machine) -> None:
        """It knows the practice and its customers, and delivers all mail to one folder."""
        self._machine = machine
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        boxes = ["termine", *(f"c{customer}" for customer in CUSTOMERS)]
        known = ", ".join(f"{box}@example.org=delivered/" for box in boxes)
        self._main = MAIN.format(known=known) + "smtpd_client_restrictions =\n"
        machine.write("/etc/postfix/main.cf", self._main)
        without_chroot = r"/^smtp .*inet/d; s/^([^#]\S* +\S+ +\S+ +\S+ +)y /\1n /"
        service = f"127.0.0.1:{self.port} inet n - n - - smtpd"
        machine.ok(f"cd /etc/postfix; sed -i -E '{without_chroot}' master.cf; echo '{service}' >>master.cf")
        machine.ok("install --directory --owner=65534 --group=65534 /var/mail/delivered; postfix start")
        wait_for("Postfix", self._answers)

    def refuses(self, *lines: str) -> None:
        """From now on it has these lines of configuration in place of any before."""
        self._machine.write("/etc/postfix/main.cf", self._main + "\n".join(lines))
        self._machine.ok("postfix reload")
        wait_for("Postfix", self._answers)

    @property
    def taken(self) -> int:
        """How many mails it has delivered."""
        return len(self._machine.ok("find /var/mail/delivered -path '*/new/*'").splitlines())

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                return connection.recv(3) == b"220"
        except OSError:
            return False


@pytest.fixture(scope="module")
def running(machine: Machine) -> Postfix:
    return Postfix(machine)


@pytest.fixture
def postfix(running: Postfix) -> Postfix:
    """It refuses nobody whom it knows."""
    running.refuses()
    return running


@pytest.fixture
def practice(tmp_path: Path, postfix: Postfix) -> Iterator[Practice]:
    """A practice that reminds by e-mail alone, and six customers who are due."""
    with Practice(tmp_path) as made:
        made.configure(
            reminders=[reminder(channels=("email",))], email={"port": postfix.port, "concurrency": 1}
        )
        for customer in CUSTOMERS:
            made.book(str(customer), f"2026-11-25 08:0{customer}", customer)
        yield made


SENDERS = "inline:{ {termine@example.org = 553 5.7.1 Sender address rejected: not owned by user} }"
REFUSES_EVERYBODY = [
    pytest.param("smtpd_client_restrictions = reject", id="the client"),
    pytest.param(f"smtpd_sender_restrictions = check_sender_access {SENDERS}", id="the sender"),
]


@pytest.mark.parametrize("line", REFUSES_EVERYBODY)
def test_who_is_refused_for_the_practices_fault_is_told_as_soon_as_it_is_mended(
    line: str, practice: Practice, postfix: Postfix
) -> None:
    postfix.refuses(line)
    before = postfix.taken
    ran = practice.run_once()
    assert ran.exit_code == 1
    assert set(ran.outcomes.values()) <= {"retry", "deferred"}
    assert set(ran.json["closed"]) == {"email"}
    postfix.refuses()
    again = practice.run_once(now=TWELVE)
    assert (again.exit_code, set(again.outcomes.values())) == (0, {"sent"})
    assert len(again.outcomes) == len(CUSTOMERS)
    wait_for("the deliveries", lambda: postfix.taken - before == len(CUSTOMERS))


@pytest.mark.parametrize("line", REFUSES_EVERYBODY)
def test_config_check_tries_it_and_says_so(line: str, practice: Practice, postfix: Postfix) -> None:
    assert practice.run("config", "check", "--connect").exit_code == 0
    postfix.refuses(line)
    checked = practice.run("config", "check", "--connect")
    assert checked.exit_code == 3
    assert "5.7.1" in checked.stdout + checked.stderr


def test_an_unknown_recipient_is_refused_alone(practice: Practice, postfix: Postfix) -> None:
    practice.change("3", email="nobody@example.org")
    ran = practice.run_once()
    assert ran.outcomes == {str(customer): "failed" if customer == 3 else "sent" for customer in CUSTOMERS}
    assert ran.json["closed"] == {}
