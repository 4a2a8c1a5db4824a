"""What a Postgres journal carries: claims and settles of several processes, and what they leave on disk."""

import multiprocessing
from multiprocessing.synchronize import Barrier
from time import perf_counter

import psycopg
import sqlalchemy as sa
from pydantic import SecretStr

from benchmarks.costs import show
from benchmarks.journal import NOW, claim_and_settle
from postgres import PostgresServer
from terminbenachrichtigung.config.settings import JournalSettings
from terminbenachrichtigung.journal import create_journal, open_journal


def make_durable(server: PostgresServer) -> None:
    """The tests do without the disk; a journal must not."""
    with psycopg.connect(_driver_url(server.url()), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = on".encode())
        connection.execute("SELECT pg_reload_conf()")


def show_capacity(server: PostgresServer, messages: int) -> None:
    """Messages a second, by one process and by four; and bytes for each."""
    url = server.fresh_database()
    create_journal(JournalSettings(url=SecretStr(url)), NOW, "Europe/Berlin")
    empty = _size(url)
    first = 0
    for processes in (1, 4):
        each = messages // processes
        begin = multiprocessing.get_context("spawn").Barrier(processes + 1)
        crew = [
            multiprocessing.get_context("spawn").Process(
                target=_claim_and_settle, args=(url, first + number * each, each, begin)
            )
            for number in range(processes)
        ]
        for member in crew:
            member.start()
        begin.wait(60)
        began = perf_counter()
        for member in crew:
            member.join()
        seconds = perf_counter() - began
        first += processes * each
        name = f"Postgres journal, claims and settles by {processes}, messages/s"
        show(name, processes * each / seconds, "no gateway, fsync on", "-")
    show("Postgres journal, bytes a message, with indexes", (_size(url) - empty) / first, "-", "-")


def _claim_and_settle(url: str, first: int, count: int, begin: Barrier) -> None:
    journal = open_journal(JournalSettings(url=SecretStr(url)))
    begin.wait(60)
    claim_and_settle(journal, range(first, first + count))
    journal.close()


def _size(url: str) -> int:
    with psycopg.connect(_driver_url(url)) as connection:
        found = connection.execute(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class "
            "WHERE relname LIKE 'journal%' AND relkind = 'r'"
        ).fetchone()
    assert found is not None
    return int(found[0])


def _driver_url(url: str) -> str:
    return sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
