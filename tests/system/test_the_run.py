"""The main promise: what `dry-run` shows is what `run-once` sends, and it sends it once."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import inspect

from practice import Practice, days_ahead, number, reminder
from terminbenachrichtigung.demo.mailserver import Received

ONLY_AFTER_SENDING = {"outcome", "attempts", "message_id", "detail"}


def as_shown(messages: list[dict[str, object]]) -> list[dict[str, object]]:
    """What both commands say about their messages; `run-once` lists them as they were answered."""
    shown = [
        {key: value for key, value in message.items() if key not in ONLY_AFTER_SENDING}
        for message in messages
    ]
    return sorted(shown, key=lambda message: str(message["appointment_ids"]))


def a_busy_day(practice: Practice) -> None:
    """Some customers of each kind on a coming day, whatever the hour now."""
    practice.configure(
        reminders=[reminder(hours=72)],
        rules={"quiet_hours": False},
        sms={"concurrency": 1},
        email={"concurrency": 1},
    )
    day = days_ahead(2, "")
    practice.book("a", f"{day}12:30", customer=1)
    practice.book("b", f"{day}12:10", customer=2, language="en", preferred_channel="email")
    practice.book("c", f"{day}12:20", customer=3, mobile="", language="fr")
    practice.book("d", f"{day}12:00", customer=4, last_name="Żółć 🙂")
    practice.book("e", f"{day}15:00", customer=4)  # goes along with d
    practice.book("f", f"{day}12:00", customer=5, status="storniert ")
    practice.book("g", f"{day}12:00", customer=6, mobile="", email="")


@pytest.mark.parametrize(
    ("schedule", "journal"),
    [
        pytest.param("sqlite", "sqlite", id="sqlite"),
        pytest.param("postgres", "postgres", id="postgres"),
        pytest.param("postgres", "sqlite", id="schedule on postgres, journal on sqlite"),
    ],
)
def test_run_once_sends_what_dry_run_had_shown_and_a_second_one_sends_nothing(
    schedule: str, journal: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    def url(kind: str, name: str) -> str:
        return str(request.getfixturevalue("postgres_url")) if kind == "postgres" else f"sqlite:///{name}.db"

    with Practice(
        tmp_path, now=None, schedule_url=url(schedule, "schedule"), journal_url=url(journal, "journal")
    ) as practice:
        a_busy_day(practice)
        shown = practice.process("dry-run", "--json")
        assert practice.received == 0
        sent = practice.process("run-once", "--json", "--full")
        again = practice.process("run-once", "--json")

        assert (shown.exit_code, sent.exit_code, again.exit_code) == (0, 0, 0)
        assert (shown.stderr, sent.stderr, again.stderr) == ("", "", "")
        assert as_shown(sent.json["messages"]) == as_shown(shown.json["messages"])
        assert sent.outcomes == dict.fromkeys("abcde", "sent")
        assert sent.json["skipped"] == shown.json["skipped"]
        assert sent.reasons == {"f": "status_excluded", "g": "no_contact"}

        # Each channel got the texts that were shown, in the order that was shown.
        planned = {
            channel: [message for message in shown.json["messages"] if message["channel"] == channel]
            for channel in ("sms", "email")
        }
        assert practice.texted == [message["recipient"] for message in planned["sms"]]
        assert [job.text for job in practice.gateway.jobs] == [message["text"] for message in planned["sms"]]
        assert practice.mailed == [message["recipient"] for message in planned["email"]]
        assert [mail.message["Subject"] for mail in practice.mail.received] == [
            message["subject"] for message in planned["email"]
        ]
        assert [text_of(mail) for mail in practice.mail.received] == [
            message["text"] for message in planned["email"]
        ]

        assert again.json["messages"] == []
        assert again.reasons == dict.fromkeys("abcde", "already_notified") | sent.reasons
        assert practice.received == 4


def text_of(mail: Received) -> str:
    """The plain text of a mail, with the line ends that the program has."""
    body = mail.message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_dry_run_neither_sends_nor_writes(practice: Practice) -> None:
    practice.book("1")
    before = (files(practice.folder), contents(practice))
    ran = practice.dry_run()
    assert ran.outcomes == {"1": None}
    assert (files(practice.folder), contents(practice)) == before
    assert (practice.received, practice.gateway.requests) == (0, [])  # not even the balance is asked


def test_dry_run_takes_a_missing_journal_as_empty_and_makes_none(practice: Practice) -> None:
    practice.book("1")
    journal = practice.folder / "journal.db"
    journal.unlink()
    ran = practice.dry_run()
    assert (ran.exit_code, ran.outcomes, journal.exists()) == (0, {"1": None}, False)


def test_the_schedule_is_read_only(practice: Practice) -> None:
    practice.book("1")
    before = hashlib.sha256((practice.folder / "schedule.db").read_bytes()).hexdigest()
    assert practice.run_once().outcomes == {"1": "sent"}
    assert hashlib.sha256((practice.folder / "schedule.db").read_bytes()).hexdigest() == before
    assert not list(practice.folder.glob("schedule.db-*"))


def test_an_empty_run_is_a_success(either_practice: Practice) -> None:
    ran = either_practice.run("run-once", "--json")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert (ran.json["messages"], ran.json["skipped"], ran.json["counts"]["messages"]) == ([], [], 0)
    assert either_practice.gateway.requests == []  # nothing to send: nobody is bothered


def test_the_tools_own_schedule_is_made_and_read(practice: Practice, database_url: str) -> None:
    """`schedule init`, customers and appointments entered by hand, then a run."""
    practice.configure(schedule={"url": database_url})
    made = practice.run("schedule", "init")
    assert (made.exit_code, made.stderr) == (0, "")
    practice.sql("INSERT INTO branches VALUES ('HH1', 'Optik Nord', '040 123456', 'Lange Reihe 1', '')")
    practice.sql(
        "INSERT INTO customers (customer_id, salutation, last_name, mobile)"
        " VALUES ('17', 'Frau', 'Berger', :m)",
        m=number(17),
    )
    practice.sql("INSERT INTO appointment_types VALUES ('H', 'Hörtest', TRUE), ('W', 'Werkstatt', FALSE)")
    practice.sql(
        "INSERT INTO appointments (appointment_id, customer_id, type_code, branch_code, starts_at) VALUES "
        "('1', '17', 'H', 'HH1', '2026-11-25 09:00:00+01:00'), "
        "('2', '17', 'W', 'HH1', '2026-11-25 10:00:00+01:00')"
    )
    ran = practice.run_once()
    assert (ran.exit_code, ran.outcomes, ran.reasons) == (0, {"1": "sent"}, {"2": "type_not_allowed"})
    (job,) = practice.gateway.jobs
    assert "Frau Berger" in job.text
    assert "Mittwoch, 25. November um 09:00 Uhr" in job.text
    assert "Optik Nord, Tel. 040 123456" in job.text
    assert "Hörtest" not in job.text  # a text may be read by anybody: never the type of the appointment

    again = practice.run("schedule", "init")
    assert (again.exit_code, again.stderr.count("\n")) == (3, 1)
    assert "already" in again.stderr


def files(folder: Path) -> dict[str, str]:
    """Every file, with what it holds; SQLite's shared memory of readers does not count."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if not path.name.endswith(("-shm", "-wal"))
    }


def contents(practice: Practice) -> dict[str, list[str]]:
    """All rows of the journal."""
    tables = inspect(practice.database("journal")).get_table_names()
    return {
        table: [str(row) for row in practice.sql(f"SELECT * FROM {table}", "journal")] for table in tables
    }
