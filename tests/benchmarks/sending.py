"""A practice with so many SMS due, a gateway that takes its time, and bare posts as the reference."""

import resource
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace

import httpx
import sqlalchemy as sa

from terminbenachrichtigung.schedule import own


@contextmanager
def gateway(delay: float) -> Iterator[str]:
    """A loopback gateway in a process of its own, so that its CPU is not ours; gives its URL."""
    program = textwrap.dedent(f"""
        import threading
        from terminbenachrichtigung.demo.gateway import Answer, Gateway
        script = lambda request: Answer(delay={delay}) if request.operation == "SendSimpleSMS" else None
        with Gateway(script=script) as gateway:
            print(gateway.url, flush=True)
            threading.Event().wait()
    """)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def prepare(folder: Path, due: int, url: str, concurrency: int) -> None:
    """Configuration, schedule and journal of a practice in which `due` customers are due by SMS."""
    (folder / "config.toml").write_text(
        f"""
        [rules]
        quiet_hours = false
        [[reminders]]
        name = "Terminerinnerung"
        hours_before = 72
        channels = ["sms"]
        [sms]
        base_url = "{url}"
        serial = "4711"
        password = "demo"
        sender = "Optik"
        concurrency = {concurrency}
        """,
        encoding="utf-8",
    )
    own.init(f"sqlite:///{folder / 'schedule.db'}")
    engine = sa.create_engine(f"sqlite:///{folder / 'schedule.db'}")
    start = (datetime.now() + timedelta(days=2)).strftime("%Y-%m-%d 12:00")  # noqa: DTZ005 - the practice's
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO appointment_types VALUES ('S', 'Sehtest', 1)"))
        connection.execute(
            sa.text("INSERT INTO branches VALUES ('HH1', 'Optik Nord', '040 123456', 'Lange Reihe 1', '')")
        )
        people = [{"id": str(n), "name": f"Berger{n}", "mobile": f"0171 {5_000_000 + n}"} for n in range(due)]
        if people:
            connection.execute(
                sa.text(
                    "INSERT INTO customers (customer_id, last_name, mobile) VALUES (:id, :name, :mobile)"
                ),
                people,
            )
            connection.execute(
                sa.text(
                    "INSERT INTO appointments "
                    "(appointment_id, customer_id, type_code, branch_code, starts_at) "
                    "VALUES (:id, :id, 'S', 'HH1', :start)"
                ),
                [{"id": person["id"], "start": start} for person in people],
            )
    engine.dispose()
    subprocess.run(
        [sys.executable, "-m", "terminbenachrichtigung", "journal", "init"],
        check=True,
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )


def bare(url: str, count: int, threads: int) -> SimpleNamespace:
    """The same bodies by a bare httpx.Client; wall and CPU time in seconds."""
    form = {
        "User": "4711",
        "Password": "demo",
        "Caption": "00000000-0000-0000-0000-000000000000",
        "Sender": "Optik",
        "Recipient": "00491715555555",
        "SMSText": "Guten Tag Berger, wir erwarten Sie am Dienstag, 24. November um 12:00 Uhr.",
        "SmsTyp": "HighQuality",
        "SendDate": "2026-11-24T10:00:00",
    }
    limits = httpx.Limits(max_connections=threads, max_keepalive_connections=threads)
    before, began = resource.getrusage(resource.RUSAGE_SELF), perf_counter()
    with httpx.Client(limits=limits) as client, ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: client.post(f"{url}/Send.asmx/SendSimpleSMS", data=form), range(count)))
    wall, after = perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return SimpleNamespace(wall=wall, cpu=cpu)
