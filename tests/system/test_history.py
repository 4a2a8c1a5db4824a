"""`history` as an administrator asks it: filters, forms, and the runs (contract, section 7)."""

import csv
import io
import re

import pytest

from practice import Practice, address, number
from terminbenachrichtigung.demo.loopback import Answer


def two_runs(practice: Practice) -> list[str]:
    """Customer 1 is sent a message, customer 2 failed, in one run; customer 3 in another. The runs' ids."""
    practice.book("1", customer=1)
    practice.book("1b", "2026-11-25 09:30", customer=1)
    practice.book("2", customer=2, email="")
    practice.gateway.script = lambda request: (
        Answer(status="NoRecipientFound") if request.fields.get("Recipient", "").endswith("02") else None
    )
    practice.run_once()
    practice.gateway.script = None
    practice.book("3", customer=3)
    practice.run_once(now="2026-11-24 11:00")
    runs = practice.run("history", "runs", "--json").json["runs"]
    return [run["run_id"] for run in reversed(runs)]


def customers(practice: Practice, *options: str) -> list[str]:
    ran = practice.run("history", "--json", *options)
    assert (ran.exit_code, ran.stderr) == (0, "")
    return sorted(message["customer_id"] for message in ran.json["messages"])


def test_history_is_narrowed_down_by_customer_appointment_state_and_run(either_practice: Practice) -> None:
    practice = either_practice
    first, second = two_runs(practice)
    assert customers(practice) == ["1", "2", "3"]
    for options, expected in (
        (["--customer", "1"], ["1"]),
        (["--customer", "nobody"], []),
        (["--appointment", "1b"], ["1"]),
        (["--state", "failed"], ["2"]),
        (["--state", "failed", "--state", "sent"], ["1", "2", "3"]),
        (["--state", "failed", "--customer", "1"], []),  # together, not either
        (["--run", first], ["1", "2"]),
        (["--run", second[:8].upper()], ["3"]),  # as people copy it
        (["--run", "%"], []),
    ):
        assert customers(practice, *options) == expected, options
    document = practice.run("history", "--json", "--appointment", "1b").json
    assert document["messages"][0]["appointment_ids"] == ["1", "1b"]  # the whole message


@pytest.mark.parametrize(
    ("claimed", "found"),
    [
        ("2026-03-28 22:59:59", []),
        ("2026-03-28 23:00:00", ["1"]),  # midnight in Berlin
        ("2026-03-29 21:59:59", ["1"]),  # a day of 23 hours
        ("2026-03-29 22:00:00", []),
    ],
)
def test_a_day_is_one_of_the_practice_s_calendar(
    claimed: str, found: list[str], either_practice: Practice
) -> None:
    either_practice.book("1", customer=1)
    either_practice.run_once()
    zoned = ".500" if either_practice.database("journal").name == "sqlite" else ".500+00"
    for table, column in (("journal_messages", "claimed_at"), ("journal_runs", "started_at")):
        either_practice.sql(f"UPDATE {table} SET {column} = '{claimed}{zoned}'", "journal")
    assert customers(either_practice, "--day", "2026-03-29") == found
    runs = either_practice.run("history", "runs", "--json", "--day", "2026-03-29").json["runs"]
    assert len(runs) == len(found)


def test_the_runs_are_listed_with_what_became_of_their_messages(either_practice: Practice) -> None:
    practice = either_practice
    two_runs(practice)
    practice.run_once(now="2026-11-24 21:00")
    ran = practice.run("history", "runs", "--json")
    assert (ran.exit_code, ran.stderr, ran.json["command"]) == (0, "", "history runs")
    night, second, first = ran.json["runs"]
    assert (first["at"][:16], first["command"], first["ending"]) == (
        "2026-11-24T10:00", "run-once", "complete",
    )  # fmt: skip
    nothing = dict.fromkeys(("sent", "failed", "unknown", "retry", "deferred"), 0)
    assert first["counts"] == nothing | {"sent": 1, "failed": 1}
    assert second["counts"] == nothing | {"sent": 1}
    assert [run["complete"] for run in (first, second, night)] == [True, True, False]
    assert (night["ending"], night["counts"]) == ("quiet", {})
    assert first["finished_at"] >= first["started_at"]
    plain = practice.run("history", "runs").stdout
    for words in ("1 sent, 1 failed", "quiet", first["run_id"], "3 runs"):
        assert words in plain
    assert len(practice.run("history", "runs", "--json", "--limit", "1").json["runs"]) == 1
    table = list(csv.DictReader(io.StringIO(practice.run("history", "runs", "--csv").stdout)))
    assert [(row["ending"], row["sent"], row["failed"]) for row in table] == [
        ("quiet", "0", "0"), ("complete", "1", "0"), ("complete", "1", "1"),
    ]  # fmt: skip


def test_a_killed_run_is_shown_as_not_ended(practice: Practice) -> None:
    practice.run_once()
    practice.sql("UPDATE journal_runs SET finished_at = NULL, ending = NULL, complete = 0", "journal")
    assert "not ended" in practice.run("history", "runs").stdout
    assert practice.run("history", "runs", "--json").json["runs"][0]["finished_at"] is None


def test_csv_has_one_line_for_each_message(practice: Practice) -> None:
    two_runs(practice)
    ran = practice.run("history", "--csv", "--customer", "1")
    (row,) = csv.DictReader(io.StringIO(ran.stdout))
    assert (row["customer_id"], row["appointment_ids"], row["state"]) == ("1", "1, 1b", "sent")
    assert (row["channel"], row["recipient"]) == ("sms", number(1))
    assert row["attempts"].startswith(f"sms {number(1)} sent")


def test_a_spreadsheet_does_not_calculate_what_stands_in_the_schedule(practice: Practice) -> None:
    practice.book('=HYPERLINK("https://evil.example")', customer_id="@SUM(1)", mobile="", email=address(5))
    practice.run_once()
    (row,) = csv.DictReader(io.StringIO(practice.run("history", "--csv").stdout))
    assert row["appointment_ids"] == '\'=HYPERLINK("https://evil.example")'
    assert row["customer_id"] == "'@SUM(1)"


@pytest.mark.parametrize(
    "hidden", ["x;=1+1", "x; =1+1", "x;+1", "x;-1", "x;@SUM(1)", "x,=1+1", ";=1+1;", "\t=1+1"]
)
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_nor_does_one_that_parts_cells_at_another_sign(
    hidden: str, separator: str, practice: Practice
) -> None:
    """A German spreadsheet parts cells at semicolons, whatever stands in the file."""
    practice.book(hidden, customer_id=hidden, mobile="", email=address(5))
    practice.run_once()
    line = practice.run("history", "--csv").stdout.splitlines()[1]
    cells = re.split(re.escape(separator), line)
    assert not [cell for cell in cells if re.match(r'[\s"]*[=@-]|[\s"]*\+(?!49)', cell)]
    if ";" in hidden:
        assert all(
            re.fullmatch(r'"[^"]*"', cell)
            for cell in next(csv.reader([line], quoting=csv.QUOTE_NONE))
            if ";" in cell
        )


def test_an_id_is_found_in_whatever_form_of_unicode_it_is_typed(practice: Practice) -> None:
    practice.book("Zoe\u0308", customer_id="Zo\u00eb")
    practice.run_once()
    for typed in ("Zoe\u0308", "Zo\u00eb", " Zo\u00eb "):
        for option in ("--customer", "--appointment"):
            assert len(practice.run("history", option, typed, "--json").json["messages"]) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("history", "--day", "yesterday"),
        ("history", "--state", "lost"),
        ("history", "--csv", "--json"),
        ("history", "--customer", "1", "runs"),  # would silently be ignored
        ("history", "runs", "--customer", "1"),
        # What a terminal in Latin-1 writes for ü is no text to a database.
        ("history", "--customer", "M\udcfcller"),
        ("history", "--appointment", "M\udcfcller"),
        ("history", "--run", "M\udcfcller"),
        ("history", "runs", "--run", "M\udcfcller"),
        ("journal", "forget", "M\udcfcller"),
    ],
    ids=lambda arguments: ascii(" ".join(arguments)),
)
def test_exit_2_for_what_cannot_be_asked(arguments: tuple[str, ...], practice: Practice) -> None:
    ran = practice.run(*arguments)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "Error: " in ran.stderr
