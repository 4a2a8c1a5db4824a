"""OpenEMR's view for MariaDB, where that program keeps its data."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from docs.pages import read as page
from practice import BERLIN
from real.databases import mariadb
from system.foreign_tables import OPENEMR, recurrence

DAY = datetime.now(BERLIN).date() + timedelta(days=3)
WEEK = timedelta(days=7)
EVENTS = [  # id, first day, last day, pc_recurrtype, pc_recurrspec
    (1, DAY, None, 0, None),
    (2, DAY - WEEK, DAY + 10 * WEEK, 1, recurrence("1", 1)),
    (3, DAY - WEEK, DAY + 10 * WEEK, 1, recurrence("1", 1, without=f"{DAY:%Y%m%d}")),
    (4, DAY - 2 * WEEK, DAY + 10 * WEEK, 1, recurrence("1", 2)),  # every month: for a person
]


def test_the_view_in_samples_reads_appointments_and_series_on_mariadb() -> None:
    with mariadb() as url:
        engine = sa.create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            for statement in (*OPENEMR, page("samples/openemr/mariadb.sql")):
                connection.exec_driver_sql(statement.replace("%", "%%"))
            patient = sa.text(
                "INSERT INTO patient_data (pid, fname, lname, phone_cell, hipaa_allowsms) "
                "VALUES (:id, 'Ida', 'Kühn', '0171 3920001', 'YES')"
            )
            insert = sa.text(
                "INSERT INTO openemr_postcalendar_events (pc_eid, pc_pid, pc_eventDate, pc_endDate, "
                "pc_recurrtype, pc_recurrspec, pc_startTime, pc_endTime) "
                "VALUES (:id, :id, :first, :last, :kind, :spec, '09:00:00', '09:30:00')"
            )
            for event in EVENTS:
                values = dict(zip(("id", "first", "last", "kind", "spec"), event, strict=True))
                connection.execute(patient, {"id": values["id"]})
                connection.execute(insert, values)
            rows = connection.exec_driver_sql(
                "SELECT appointment_id, starts_at, last_name, mobile FROM reminder_appointments"
            ).all()
        nine = datetime.combine(DAY, datetime.min.time()) + timedelta(hours=9)
        on_the_day = {row.appointment_id for row in rows if row.starts_at == nine}
        assert on_the_day == {"1", f"2-{DAY}"}
        assert {row.appointment_id for row in rows if row.starts_at is None} == {"4-series"}
        assert {(row.last_name, row.mobile) for row in rows} == {("Kühn", "0171 3920001")}
