"""The tool's own schedule, made by `schedule init`."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from schedule_tables import execute, local, make_table, open_schedule, read, writing

from terminbenachrichtigung.config.settings import Rules
from terminbenachrichtigung.errors import ScheduleError
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.own_schedule import init
from terminbenachrichtigung.schedule.rows import COLUMNS


def test_a_new_schedule_is_empty_complete_and_indexed(database_url: str) -> None:
    init.init(database_url)
    rules = Rules(include_branches=("*",), require_consent=True, hours_after_booking=1)
    assert read(database_url, rules=rules).appointments == ()
    schedule = open_schedule(database_url)
    assert schedule.uses_index()
    schedule.close()
    with writing(database_url) as connection:
        columns = connection.exec_driver_sql("SELECT * FROM reminder_appointments").keys()
    assert set(columns) == set(COLUMNS)


def test_what_is_written_into_its_tables_comes_out_as_an_appointment(database_url: str) -> None:
    init.init(database_url)
    execute(
        database_url,
        "INSERT INTO branches VALUES ('HH1', 'Optik an der Alster', '040 1234', 'Weg 1', 'hh1@example.org')",
        "INSERT INTO customers VALUES ('17', 'Frau', 'Ida', 'Meier', '0171 5', '040 5', 'ida@example.org', "
        "'sms', true, NULL, false, 'de', '2026-11-01 10:00:00+01:00')",
        "INSERT INTO appointment_types (type_code, name) VALUES ('S', 'Sehtest')",
        "INSERT INTO appointments (appointment_id, customer_id, type_code, branch_code, status, starts_at, "
        "ends_at, created_at) VALUES ('4711', '17', 'S', 'HH1', 'Bestätigt', '2026-11-24 09:00:00+01:00', "
        "'2026-11-24 09:30:00+01:00', '2026-11-20 17:00:00+01:00')",
    )
    assert read(database_url).appointments == (
        Appointment(
            appointment_id="4711",
            starts_at=local("2026-11-24 09:00"),
            customer_id="17",
            type_notifiable=True,
            is_group=False,
            status="Bestätigt",
            type_name="Sehtest",
            branch_code="HH1",
            branch_name="Optik an der Alster",
            branch_phone="040 1234",
            branch_address="Weg 1",
            branch_email="hh1@example.org",
            salutation="Frau",
            first_name="Ida",
            last_name="Meier",
            mobile="0171 5",
            phone="040 5",
            email="ida@example.org",
            preferred_channel="sms",
            reminder_consent=True,
            sms_allowed=True,
            email_allowed=False,
            language="de",
            ends_at=local("2026-11-24 09:30"),
            created_at=local("2026-11-20 17:00"),
            last_contacted_at=local("2026-11-01 10:00"),
        ),
    )


def test_it_can_be_written_on_a_database_that_writes_dates_in_the_german_way(postgres_url: str) -> None:
    """And behind a pooler, which may give the next session what this one has prepared."""
    init.init(postgres_url)
    execute(
        postgres_url,
        f"ALTER DATABASE {sa.make_url(postgres_url).database} SET datestyle = 'German'",
        "INSERT INTO appointments (appointment_id, starts_at) VALUES ('1', '2026-11-24 09:00:00+01:00')",
    )
    with init.connected(postgres_url) as connection:
        for _ in range(2):
            found = connection.exec_driver_sql("SELECT starts_at FROM appointments").scalar()
            assert found == local("2026-11-24 09:00")
            connection.commit()
        driver = connection.connection.driver_connection
        assert driver is not None
        assert driver.prepare_threshold is None
        assert str(driver.execute("SHOW datestyle").fetchone()).startswith("('German")  # nor what it has set


def test_an_appointment_alone_has_no_customer_and_a_type_that_allows_nothing(database_url: str) -> None:
    init.init(database_url)
    execute(
        database_url,
        "INSERT INTO appointments (appointment_id, starts_at) VALUES ('1', '2026-11-24 09:00:00+01:00')",
    )
    (found,) = read(database_url).appointments
    assert (found.customer_id, found.type_notifiable, found.is_group) == (None, False, False)
    assert found.created_at is not None  # now, and not an hour ago: the default says its zone
    assert abs((datetime.now(UTC) - found.created_at).total_seconds()) < 60


@pytest.mark.parametrize("start", ["24.11.2026 09:00", "kaputt", "", "2026-11-24", "1795507200"])
def test_a_start_that_a_reading_could_not_find_is_refused(tmp_path: Path, start: str) -> None:
    url = f"sqlite:///{tmp_path / 'schedule.db'}"
    init.init(url)
    with pytest.raises(Exception, match="CHECK constraint failed"):
        execute(url, f"INSERT INTO appointments (appointment_id, starts_at) VALUES ('1', '{start}')")


@pytest.mark.parametrize("name", [*init.TABLES, init.VIEW])
def test_whatever_is_there_already_is_left_alone(database_url: str, name: str) -> None:
    make_table(database_url, name=name, columns=["x"])
    with pytest.raises(ScheduleError, match=f"holds {name} already: nothing was changed"):
        init.init(database_url)
    with writing(database_url) as connection:
        assert list(connection.exec_driver_sql(f"SELECT * FROM {name}").keys()) == ["x"]
        for other in {*init.TABLES, init.VIEW} - {name}:
            assert not connection.dialect.has_table(connection, other)


def test_a_second_init_names_all_that_is_there(database_url: str) -> None:
    init.init(database_url)
    with pytest.raises(ScheduleError) as refused:
        init.init(database_url)
    for name in (*init.TABLES, init.VIEW):
        assert name in str(refused.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:////nowhere/at/all/schedule.db", "there is no folder /nowhere/at/all"),
        ("sqlite://", "names no file"),
        ("postgresql+psycopg://praxis:geheim@127.0.0.1:1/termine", "Connection refused"),
        ("mysql://praxis:geheim@127.0.0.1/termine", "not in mysql"),
        ("carrierpigeon", "not a database URL"),
    ],
)
def test_where_none_can_be_made_one_sentence_says_so(url: str, said: str) -> None:
    with pytest.raises(ScheduleError, match=said) as refused:
        init.init(url)
    assert "\n" not in str(refused.value)
    assert "geheim" not in str(refused.value)
