"""A schedule or journal that is missing, out of reach or unfit: exit 3 and one sentence, also at night."""

from collections.abc import Callable
from pathlib import Path

import pytest

from postgres import PostgresServer
from practice import TYPES, Practice, Ran

NIGHT = "2026-11-24 23:00"


def assert_one_sentence(ran: Ran, *words: str) -> None:
    assert (ran.exit_code, ran.stdout) == (3, "")
    assert ran.stderr.startswith("Error: ")
    assert ran.stderr.count("\n") == 1
    for word in words:
        assert word in ran.stderr
    assert "s3cr3t" not in ran.stderr


# ---------------------------------------------------------------- the schedule


def no_file(practice: Practice) -> None:
    (practice.folder / "schedule.db").unlink()


def no_relation(practice: Practice) -> None:
    practice.configure(schedule={"source": "appointments_of_somebody_else"})


def no_database(practice: Practice) -> None:
    (practice.folder / "schedule.db").write_bytes(b"this is a letter, not a database" * 50)


def lacks_columns(practice: Practice) -> None:
    practice.sql("DROP INDEX reminder_appointments_by_start")
    for column in ("is_group", "starts_at"):
        practice.sql(f"ALTER TABLE reminder_appointments DROP COLUMN {column}")


def lacks_the_column_of_a_rule(practice: Practice) -> None:
    practice.sql("ALTER TABLE reminder_appointments DROP COLUMN reminder_consent")
    practice.configure(rules={"require_consent": True})


def query_is_wrong(practice: Practice) -> None:
    (practice.folder / "schedule.sql").write_text("SELECT * FROM nowhere")
    practice.configure(schedule={"query_file": "schedule.sql"})


def nobody_listens(practice: Practice) -> None:
    url = f"postgresql://me:s3cr3t@/praxis?host={practice.folder}"
    practice.configure(schedule={"url": url})


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (no_file, ["schedule.db"]),
        (no_relation, ["appointments_of_somebody_else"]),
        (no_database, ["schedule.db"]),
        (lacks_columns, ["starts_at", "is_group"]),  # all of them named
        (lacks_the_column_of_a_rule, ["reminder_consent", "require_consent"]),
        (query_is_wrong, ["nowhere"]),
        (nobody_listens, ["schedule", "praxis"]),
    ],
)
def test_a_schedule_that_is_out_of_reach_or_unfit(
    spoil: Callable[[Practice], None], words: list[str], practice: Practice
) -> None:
    spoil(practice)
    assert_one_sentence(practice.run("run-once", "--json"), *words)
    assert_one_sentence(practice.run("run-once", "--quiet", now=NIGHT), *words)
    assert_one_sentence(practice.run("dry-run", "--json"), *words)
    assert_one_sentence(practice.run("staff-list"), *words)
    assert practice.run("config", "check", "--connect").exit_code == 3


# ---------------------------------------------------------------- the journal


def journal_is_missing(practice: Practice) -> None:
    (practice.folder / "journal.db").unlink()


def journal_is_newer(practice: Practice) -> None:
    practice.sql("UPDATE journal_version SET version_num = '9999'", "journal")


def journal_is_something_else(practice: Practice) -> None:
    (practice.folder / "journal.db").write_bytes(b"this is a letter, not a database" * 50)


def journal_is_an_empty_database(practice: Practice) -> None:
    (practice.folder / "journal.db").write_bytes(b"")


def journals_server_is_down(practice: Practice) -> None:
    practice.configure(journal={"url": f"postgresql://me:s3cr3t@/praxis?host={practice.folder}"})


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (journal_is_missing, ["journal.db", "journal init"]),
        (journal_is_newer, ["version 9999", "update"]),
        (journal_is_something_else, ["journal.db"]),
        (journal_is_an_empty_database, ["journal init"]),
        (journals_server_is_down, ["journal", "praxis"]),
    ],
)
def test_a_journal_that_is_out_of_reach_or_unfit(
    spoil: Callable[[Practice], None], words: list[str], practice: Practice
) -> None:
    practice.book("1")
    spoil(practice)
    assert_one_sentence(practice.run("run-once", "--json"), *words)
    assert_one_sentence(practice.run("run-once", "--quiet", now=NIGHT), *words)
    assert practice.received == 0  # an empty journal would notify everybody again
    if spoil not in {journal_is_missing, journal_is_an_empty_database}:
        assert_one_sentence(practice.run("dry-run", "--json"), *words)
        assert_one_sentence(practice.run("journal", "init"))


def test_a_journal_of_which_a_part_was_put_back_is_refused_before_anything_is_sent(
    either_practice: Practice,
) -> None:
    either_practice.book("1")
    either_practice.sql("DROP TABLE journal_staff_mails", "journal")
    assert_one_sentence(either_practice.run("run-once", "--json"), "lacks journal_staff_mails", "backup")
    checked = either_practice.run("config", "check", "--connect")
    assert (checked.exit_code, "lacks journal_staff_mails" in checked.stderr) == (3, True)
    assert either_practice.received == 0


def test_a_run_never_makes_a_journal(practice: Practice) -> None:
    journal_is_missing(practice)
    for command in ("run-once", "dry-run", "staff-list", "history", "config check --connect"):
        practice.run(*command.split())
        assert not (practice.folder / "journal.db").exists()


def test_schedule_and_journal_servers_that_come_back_lose_nobody(
    postgres_practice: Practice, postgres_server: PostgresServer
) -> None:
    practice = postgres_practice
    practice.book("1")
    postgres_server.stop()
    assert_one_sentence(practice.run("run-once", "--json"))
    postgres_server.start()
    assert practice.run_once().outcomes == {"1": "sent"}


def test_a_process_ends_with_a_sentence_too(practice: Practice) -> None:
    """Nothing of it depends on being called from Python."""
    no_file(practice)
    assert_one_sentence(practice.process("run-once", "--json"), "schedule.db")


def test_without_any_configuration_the_places_that_were_searched_are_named(practice: Practice) -> None:
    practice.config.unlink()
    ran = practice.run("run-once")
    assert (ran.exit_code, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert str(practice.config) in ran.stderr


# ---------------------------------------------------------------- what is fit


def test_only_the_needed_columns_are_needed(tmp_path: Path) -> None:
    needed = ("appointment_id", "starts_at", "customer_id", "type_notifiable", "is_group", "mobile")
    with Practice(tmp_path, columns={name: TYPES[name] for name in needed}) as practice:
        practice.book("1")
        assert practice.run_once().outcomes == {"1": "sent"}
        assert practice.gateway.jobs[0].text.startswith("Guten Tag, wir erwarten Sie am Mittwoch")


def test_a_query_file_stands_in_for_a_relation(practice: Practice) -> None:
    practice.book("1")
    practice.sql("ALTER TABLE reminder_appointments RENAME TO t")
    (practice.folder / "schedule.sql").write_text(
        "SELECT *, ':not a parameter' AS note FROM t -- all of them;\n;", encoding="utf-8"
    )
    practice.configure(schedule={"query_file": "schedule.sql"})
    assert practice.run_once().outcomes == {"1": "sent"}


@pytest.mark.parametrize("zoned", [False, True])
def test_postgres_timestamps_mean_the_practices_hour_with_and_without_zone(
    zoned: bool, tmp_path: Path, postgres_url: str
) -> None:
    types = TYPES | {"starts_at": "TIMESTAMPTZ" if zoned else "TIMESTAMP", "appointment_id": "BIGINT"}
    with Practice(tmp_path, schedule_url=postgres_url, columns=types) as practice:
        practice.book(1, "2026-11-25 09:00+01:00" if zoned else "2026-11-25 09:00")
        practice.book(2, "2026-11-25 10:01+01:00" if zoned else "2026-11-25 10:01", customer=2)
        assert practice.run_once().outcomes == {"1": "sent"}
        assert "um 09:00 Uhr" in practice.gateway.jobs[0].text
