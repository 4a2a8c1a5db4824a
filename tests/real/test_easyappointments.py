"""Easy!Appointments' recipe on MariaDB, where that program keeps its data, from the docs to the SMS."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from docs.pages import block
from docs.pages import read as page
from practice import Practice, number
from real.databases import mariadb
from system.foreign_tables import EASYAPPOINTMENTS

PAGE = "docs/schedules.md"
FILLED = (
    "INSERT INTO ea_services (id, name, duration) VALUES (1, 'Sehtest', 30)",
    "INSERT INTO ea_services (id, name, attendants_number) VALUES (2, 'Vortrag', 12)",
    "INSERT INTO ea_users (id, first_name, last_name, mobile_number) "
    f"VALUES (11, 'Anna', 'Kühn', '{number(11)}')",
    "INSERT INTO ea_users (id, first_name, last_name, email) VALUES (12, 'Ida', 'Dorn', 'dorn@example.org')",
    "INSERT INTO ea_appointments (id, book_datetime, start_datetime, end_datetime, status, "
    "id_users_customer, id_services, is_unavailability) VALUES "
    "(1, '2026-11-01 08:00', '2026-11-25 09:00', '2026-11-25 09:30', 'Booked', 11, 1, 0), "
    "(2, '2026-11-01 08:00', '2026-11-25 09:00', '2026-11-25 09:30', 'Confirmed', 12, NULL, 0), "
    "(3, '2026-11-01 08:00', '2026-11-25 09:30', '2026-11-25 09:45', 'Cancelled', 12, 1, 0), "
    "(4, '2026-11-01 08:00', '2026-11-25 09:30', '2026-11-25 09:45', 'Booked', 12, 2, 0), "
    "(5, NULL, '2026-11-25 12:00', '2026-11-25 13:00', '', NULL, NULL, 1), "
    "(6, '2026-11-01 08:00', '2026-11-27 09:00', '2026-11-27 09:30', 'Booked', 12, 1, 0)",
)


@pytest.fixture(scope="module")
def filled_url() -> Iterator[str]:
    """Its tables, with what a day holds."""
    with mariadb() as url:
        run(url, *(table.replace("timestamp", "datetime") for table in EASYAPPOINTMENTS), *FILLED)
        yield url


def run(url: str, *statements: str) -> None:
    with sa.create_engine(url, poolclass=NullPool).begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize("way", ["view", "query"])
def test_easyappointments_on_mariadb(tmp_path: Path, filled_url: str, way: str) -> None:
    recipe = block(page(PAGE), "easyappointments", "sql")
    with Practice(tmp_path) as practice:
        practice.configure(schedule={"url": filled_url}, rules={"excluded_statuses": ["Cancelled", "Draft"]})
        if way == "view":
            run(filled_url, recipe)
        else:
            (tmp_path / "q.sql").write_text(recipe.partition("AS\n")[2], encoding="utf-8")
            practice.configure(schedule={"url": filled_url, "query_file": "q.sql"})
        check = practice.run("config", "check", "--connect")
        assert check.exit_code == 0, check.stderr
        assert practice.run("schedule", "inspect").exit_code == 0
        ran = practice.run_once()
        assert ran.outcomes == {"1": "sent", "2": "sent"}
        assert ran.reasons == {"3": "status_excluded", "4": "group_appointment"}
        assert ran.json["bad_rows"] == []
        assert "Guten Tag Anna Kühn" in practice.gateway.jobs[0].text
        assert practice.run_once(now="2026-11-24 11:00").outcomes == {}
