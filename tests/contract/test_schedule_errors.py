"""Whatever a user can do wrong with the schedule ends in one sentence that names it."""

import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from schedule_tables import NOW, ROW, TYPES, execute, make_table, open_schedule, read, refusal, writing
from sqlalchemy.engine import make_url

from postgres import PostgresServer
from terminbenachrichtigung.config.settings import Rules
from terminbenachrichtigung.errors import ScheduleError

# ------------------------------------------------------------------ relation and columns


def test_a_missing_relation_is_named_with_what_to_do(database_url: str) -> None:
    make_table(database_url, name="something_else")
    said = refusal(database_url)
    assert "its relation 'reminder_appointments' is not there" in said
    assert "schedule.source" in said
    assert "`schedule init`" in said


def test_a_missing_relation_in_a_schema_is_named(postgres_url: str) -> None:
    assert "'praxis.termine' is not there" in refusal(postgres_url, source="praxis.termine")


def test_a_relation_in_a_schema_is_read(postgres_url: str) -> None:
    execute(postgres_url, "CREATE SCHEMA praxis")
    make_table(postgres_url, [ROW], name="praxis.termine")
    assert len(read(postgres_url, source="praxis.termine").appointments) == 1


def test_all_missing_columns_are_named_at_once(database_url: str) -> None:
    execute(database_url, "CREATE TABLE reminder_appointments (appointment_id TEXT, customer_id TEXT)")
    rules = Rules(include_branches=("HH*",), require_consent=True, hours_after_booking=2)
    assert refusal(database_url, rules=rules).endswith(
        "its relation 'reminder_appointments' lacks the columns starts_at, type_notifiable, is_group, "
        "branch_code (for rules.include_branches), reminder_consent (for rules.require_consent), "
        "created_at (for rules.hours_after_booking)."
    )


JOINED = "SELECT a.*, c.* FROM termine a JOIN kunden c"


@pytest.mark.parametrize("also", ["email", "EMAIL"])
@pytest.mark.parametrize("how", ["view", "query"])
def test_two_columns_of_one_name_are_no_guess(tmp_path: Path, how: str, also: str) -> None:
    # The email of the branch, say, and that of the customer: SQLite takes the one that comes first.
    url = f"sqlite:///{tmp_path / 'schedule.db'}"
    make_table(url, [ROW], columns=[*ROW, "email"], name="termine")
    execute(url, f"CREATE TABLE kunden (id TEXT, note TEXT, {also} TEXT)")
    execute(url, f"CREATE VIEW reminder_appointments AS {JOINED}")
    query = JOINED if how == "query" else None
    assert "gives more than one column of the name email;" in refusal(url, query=query)


@pytest.mark.parametrize(
    ("rules", "column"),
    [
        (Rules(include_branches=("HH1",)), "branch_code (for rules.include_branches)"),
        (Rules(exclude_branches=("HH1",)), "branch_code (for rules.exclude_branches)"),
        (Rules(require_consent=True), "reminder_consent (for rules.require_consent)"),
        (Rules(hours_after_booking=1), "created_at (for rules.hours_after_booking)"),
    ],
)
def test_a_rule_in_use_needs_its_column(database_url: str, rules: Rules, column: str) -> None:
    make_table(database_url, [ROW])
    assert refusal(database_url, rules=rules).endswith(f"lacks the column {column}.")


def test_a_rule_in_use_is_content_with_its_column(database_url: str) -> None:
    make_table(database_url, [ROW], columns=[*ROW, "branch_code", "reminder_consent", "created_at"])
    rules = Rules(exclude_branches=("HH1",), require_consent=True, hours_after_booking=1)
    assert len(read(database_url, rules=rules).appointments) == 1


@pytest.mark.parametrize("declared", ["BIGINT", "INTERVAL", "BOOLEAN"])
def test_a_start_of_a_type_that_holds_no_times_is_refused(postgres_url: str, declared: str) -> None:
    make_table(postgres_url, types={**TYPES, "starts_at": declared})
    assert "holds no timestamps in its column starts_at" in refusal(postgres_url)


def test_a_view_that_refers_to_a_dropped_table_is_an_error_that_names_the_table(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'schedule.db'}"
    execute(
        url,
        "CREATE TABLE termine (id)",
        "CREATE VIEW reminder_appointments AS SELECT id AS appointment_id FROM termine",
        "DROP TABLE termine",
    )
    assert refusal(url).endswith("cannot be read: no such table: main.termine.")


def test_a_relation_that_changes_after_the_first_reading_is_looked_at_again(database_url: str) -> None:
    make_table(database_url, [ROW])
    schedule = open_schedule(database_url)
    schedule.probe()
    execute(database_url, "ALTER TABLE reminder_appointments RENAME TO moved_away")
    with pytest.raises(ScheduleError):
        schedule.read(NOW, NOW)
    with pytest.raises(ScheduleError, match="is not there"):
        schedule.read(NOW, NOW)
    make_table(database_url, [ROW], columns=[*ROW, "status"])
    schedule.read(NOW, NOW)
    schedule.close()


# ------------------------------------------------------------------ a query of the user's own


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM reminder_appointments",
        "SELECT * FROM reminder_appointments;",
        "SELECT * FROM reminder_appointments -- everything",
        "SELECT * FROM reminder_appointments; -- everything\n",
        "-- everything\nSELECT * FROM reminder_appointments\n;\n/* the\nend; */\n",
        "WITH all_of_them AS (SELECT * FROM reminder_appointments) SELECT * FROM all_of_them",
        "SELECT * FROM reminder_appointments WHERE customer_id LIKE '1%' AND ':nothing' <> ' :a ::b %s'",
        "SELECT * FROM reminder_appointments ORDER BY customer_id LIMIT 10",
        r"SELECT * FROM reminder_appointments WHERE customer_id <> 'a\:b'",
    ],
)
def test_a_query_takes_the_place_of_the_relation(database_url: str, query: str) -> None:
    make_table(database_url, [ROW, {**ROW, "appointment_id": "2"}])
    window = read(database_url, query=query)
    assert [found.appointment_id for found in window.appointments] == ["2", "4711"]


def test_a_query_may_write_a_colon_and_a_percent_sign_into_its_values(database_url: str) -> None:
    make_table(database_url, [ROW], types={**TYPES, "starts_at": "TEXT"})
    execute(database_url, "ALTER TABLE reminder_appointments ADD day TEXT")
    execute(database_url, "UPDATE reminder_appointments SET day = '2026-11-24'")
    query = (
        "SELECT appointment_id, day || ' 09' || ':30' AS starts_at, customer_id, "
        "type_notifiable, is_group, '100% :x ::y %s \\:' AS status FROM reminder_appointments"
    )
    (found,) = read(database_url, query=query).appointments
    assert found.starts_at == datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    assert found.status == "100% :x ::y %s \\:"


@pytest.mark.parametrize(
    "query",
    [
        "SELEKT * FROM reminder_appointments",
        "SELECT * FROM",
        "",
        "-- nothing",
        ";",
        "SELECT (",
        "SELECT * FROM nowhere",
        "SELECT nothing FROM reminder_appointments",
        "SELECT 1; DROP TABLE reminder_appointments",
        "SELECT 1) AS x; DROP TABLE reminder_appointments; --",
        "DROP TABLE reminder_appointments",
        "UPDATE reminder_appointments SET customer_id = 'x'",
    ],
)
def test_a_query_that_is_none_is_one_sentence_and_does_nothing(database_url: str, query: str) -> None:
    make_table(database_url, [ROW])
    assert refusal(database_url, query=query).startswith("The schedule ")
    assert [found.customer_id for found in read(database_url).appointments] == ["17"]


def test_a_query_without_the_columns_is_told_which(database_url: str) -> None:
    make_table(database_url, [ROW])
    said = refusal(
        database_url, query="SELECT appointment_id, starts_at, is_group FROM reminder_appointments"
    )
    assert said.endswith("its query lacks the columns customer_id, type_notifiable.")


def test_a_query_that_fails_on_its_rows_is_one_sentence(postgres_url: str) -> None:
    make_table(postgres_url, [ROW])
    query = "SELECT *, 1 / (length(customer_id) - 2) AS status FROM reminder_appointments"
    with pytest.raises(ScheduleError, match="cannot be read: division by zero"):
        read(postgres_url, query=query)


# ------------------------------------------------------------------ servers and URLs


def test_a_server_that_is_not_there_is_one_sentence_without_the_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    said = refusal(f"postgresql+psycopg://praxis:geheim@127.0.0.1:{port}/termine")
    assert "Connection refused" in said
    assert f"postgresql+psycopg://praxis:***@127.0.0.1:{port}/termine" in said
    assert "geheim" not in said


def test_a_password_among_the_parameters_is_masked_too() -> None:
    said = refusal("postgresql+psycopg://praxis@/termine?host=/nowhere&password=geheim")
    assert "password=***" in said
    assert "geheim" not in said


def test_a_server_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        schedule = open_schedule(f"postgresql+psycopg://praxis@127.0.0.1:{port}/termine?connect_timeout=2")
        with pytest.raises(ScheduleError, match="timeout"):
            schedule.probe()
        schedule.close()


def test_a_wrong_password_is_one_sentence(postgres_server: PostgresServer, postgres_url: str) -> None:
    execute(postgres_url, "DROP ROLE IF EXISTS guarded", "CREATE ROLE guarded LOGIN PASSWORD 'richtig'")
    database = make_url(postgres_url).database or ""
    said = refusal(postgres_server.url(database, "guarded", "falsch"))
    assert 'password authentication failed for user "guarded"' in said
    assert "falsch" not in said


def test_a_missing_database_is_one_sentence(postgres_server: PostgresServer, postgres_url: str) -> None:
    assert 'database "nowhere" does not exist' in refusal(postgres_server.url("nowhere"))


def test_a_relation_without_the_right_to_read_is_one_sentence(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    make_table(postgres_url, [ROW])
    execute(postgres_url, "DROP ROLE IF EXISTS stranger", "CREATE ROLE stranger LOGIN")
    database = make_url(postgres_url).database or ""
    assert "permission denied for table" in refusal(postgres_server.url(database, "stranger"))


def test_a_locked_relation_is_one_sentence_after_the_time_that_the_url_grants(postgres_url: str) -> None:
    make_table(postgres_url, [ROW])
    with writing(postgres_url) as other:
        other.exec_driver_sql("LOCK TABLE reminder_appointments")
        said = refusal(f"{postgres_url}&options=-c%20lock_timeout%3D100ms")
    assert "is locked by another program" in said


def test_a_server_that_stops_is_out_of_reach_and_found_again_when_it_is_back(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    make_table(postgres_url, [ROW])
    schedule = open_schedule(postgres_url)
    schedule.probe()
    postgres_server.stop("fast")
    with pytest.raises(ScheduleError, match="connection to server on socket"):
        schedule.read(NOW, NOW)
    postgres_server.start()
    schedule.probe()
    schedule.close()


@pytest.mark.parametrize("url", ["", "schedule.db", "postgresql+nodriver://x/y", "carrierpigeon://x/y"])
def test_a_url_that_names_no_database_is_one_sentence(url: str) -> None:
    with pytest.raises(ScheduleError) as refused:
        open_schedule(url)
    assert "\n" not in str(refused.value)


# ------------------------------------------------------------------ MySQL


def test_a_mysql_url_without_a_database_is_one_sentence() -> None:
    said = refusal_to_open("mysql+pymysql://praxis:geheim@127.0.0.1")
    assert said.endswith("names no database: put it behind the host, as in mysql+pymysql://user@host/praxis.")
    assert "geheim" not in said


def refusal_to_open(url: str) -> str:
    with pytest.raises(ScheduleError) as refused:
        open_schedule(url)
    return str(refused.value)


def _packet(number: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes([number]) + payload


def _ask_for_a_login_of_mysql_8(listening: socket.socket) -> None:
    """The first packets of a server whose users log in by caching_sha2_password, without TLS."""
    greeting = b"\x0a8.0.36\0" + bytes(4) + b"saltsalt\0" + b"\xff\xf7\x2d\x02\x00\xff\xdf\x15" + bytes(10)
    greeting += b"saltsaltsalt\0caching_sha2_password\0"
    connection, _ = listening.accept()
    with connection:
        connection.sendall(_packet(0, greeting))
        connection.recv(4096)
        connection.sendall(_packet(2, b"\x01\x04"))  # the whole login, please
        connection.recv(4096)
        connection.sendall(_packet(4, b"\x01-----BEGIN PUBLIC KEY-----"))
        connection.recv(4096)


def test_a_login_of_mysql_for_which_a_library_is_missing_is_one_sentence_with_what_to_do() -> None:
    program = (
        "import sys; sys.modules['cryptography'] = None; sys.path[:0] = sys.argv[2:]\n"
        "from schedule_tables import open_schedule\n"
        "open_schedule(f'mysql+pymysql://praxis:geheim@127.0.0.1:{sys.argv[1]}/praxis').probe()\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Thread(target=_ask_for_a_login_of_mysql_8, args=(listening,))
        server.start()
        port = str(listening.getsockname()[1])
        ran = subprocess.run(
            [sys.executable, "-c", program, port, *sys.path], capture_output=True, text=True, check=False
        )
        server.join()
    said = ran.stderr.strip().splitlines()[-1]
    assert "ScheduleError: The schedule mysql+pymysql://praxis:***@127.0.0.1" in said
    assert said.endswith("pip install 'pymysql[rsa]'.")
