"""What sending costs: against bare posts, the loop that most people write, Apprise, and itself four times."""

import importlib.util
import json
import resource
import statistics
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import httpx

from benchmarks.costs import PROGRAM, Cost, folder, measured, process, show
from benchmarks.practices import prepare
from postgres import PostgresServer

FORM = {
    "User": "4711",
    "Password": "demo",
    "Caption": "00000000-0000-0000-0000-000000000000",
    "Sender": "Optik",
    "Recipient": "00491715555555",
    "SMSText": "Guten Tag Berger, wir erwarten Sie am Dienstag, 24. November um 12:00 Uhr.",
    "SmsTyp": "HighQuality",
    "SendDate": "2026-11-24T10:00:00",
}

_APPRISE = """
import json, resource, sys, time
from urllib.parse import urlencode, urlsplit
import apprise

gateway, count, form = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
text = form.pop("SMSText")
parts = urlsplit(gateway)
began, cpu = time.perf_counter(), time.process_time()
for number in range(count):
    # A colon puts a field of one's own into the form, and gives the text its name.
    fields = {":" + name: value for name, value in form.items()} | {":message": "SMSText"}
    fields[":Recipient"] = f"0049171{5000000 + number}"
    customer = apprise.Apprise()
    customer.add(f"form://{parts.netloc}{parts.path}/Send.asmx/SendSimpleSMS?{urlencode(fields)}")
    assert customer.notify(body=text)
print(json.dumps([time.perf_counter() - began, time.process_time() - cpu]))
"""


@contextmanager
def gateway(delay: float) -> Iterator[str]:
    """A loopback gateway in a process of its own, so that its CPU is not ours; gives its URL."""
    program = textwrap.dedent(f"""
        import threading
        from terminbenachrichtigung.demo.smscreator import SmsCreatorGateway
        from terminbenachrichtigung.demo.loopback import Answer
        script = lambda request: Answer(delay={delay}) if request.operation == "SendSimpleSMS" else None
        with SmsCreatorGateway(script=script) as gateway:
            gateway.balance = 1_000_000
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


def bare(url: str, count: int, threads: int) -> Cost:
    """The same bodies by a bare httpx.Client."""
    limits = httpx.Limits(max_connections=threads, max_keepalive_connections=threads)
    with (
        measured(resource.RUSAGE_SELF) as cost,
        httpx.Client(limits=limits) as client,
        ThreadPoolExecutor(threads) as pool,
    ):
        list(pool.map(lambda _: client.post(f"{url}/Send.asmx/SendSimpleSMS", data=FORM), range(count)))
        return cost()


def by_apprise(url: str, count: int) -> Cost:
    """A notification for each customer in turn, without the start of the process."""
    command = [sys.executable, "-c", _APPRISE, url, str(count), json.dumps(FORM)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return Cost(*json.loads(done.stdout))


def show_run(turns: int, messages: int) -> None:
    """One run of many messages, against all that could be done instead."""
    some = messages // 10  # of what works one by one; the rest would take as long each
    installed = importlib.util.find_spec("apprise") is not None
    bare_wall, bare_cpu, loop_wall, apprise_wall, apprise_cpu = [], [], [], [], []
    with gateway(delay=0.05) as url:
        for _ in range(turns):
            posts = bare(url, messages, 16)
            loop = bare(url, some, 1).times(messages / some)
            with folder() as place:
                prepare(place, messages, url, 16)
                ours = process(*PROGRAM, "run-once", "--quiet", cwd=place)
            bare_wall.append(ours.wall / posts.wall)
            bare_cpu.append(ours.cpu / posts.cpu)
            loop_wall.append(ours.wall / loop.wall)
            if installed:
                apprise = by_apprise(url, some).times(messages / some)
                apprise_wall.append(ours.wall / apprise.wall)
                apprise_cpu.append(ours.cpu / apprise.cpu)
    name = f"run-once, {messages:,} SMS, gateway 50 ms, 16 at a time"
    threads = "16 threads posting by a bare httpx.Client"
    show(f"{name}, wall", statistics.median(bare_wall), threads, "<= 1.2")
    show(f"{name}, CPU", statistics.median(bare_cpu), threads, "<= 2")
    scaled = f"{some:,} measured, times {messages // some}"
    show(f"{name}, wall", statistics.median(loop_wall), f"one post after the other ({scaled})", "<= 0.1")
    other = f"Apprise, one after the other ({scaled})" if installed else "Apprise: pip install '.[bench]'"
    show(f"{name}, wall", statistics.median(apprise_wall) if installed else None, other, "-")
    show(f"{name}, CPU", statistics.median(apprise_cpu) if installed else None, other, "-")


def show_together(server: PostgresServer, turns: int, messages: int) -> None:
    """Processes that share a journal on Postgres; each has as much to do as the one alone."""
    alone, together = [], []
    with gateway(delay=0.2) as url:
        for _ in range(turns):
            alone.append(_rate(server, url, messages, processes=1))
            together.append(_rate(server, url, 4 * messages, processes=4))
    ratios = [four / one for one, four in zip(alone, together, strict=True)]
    show(
        "four processes, one Postgres journal, gateway 200 ms, 4 each",
        statistics.median(ratios),
        f"one process, messages/s ({statistics.median(alone):.1f}; four: {statistics.median(together):.1f})",
        ">= 3",
    )


def _rate(server: PostgresServer, url: str, messages: int, *, processes: int) -> float:
    """Messages per second, from the start of all processes to the end of the last one."""
    with folder() as place:
        prepare(place, messages, url, 4, journal=server.fresh_database())
        began = perf_counter()
        running = [_start(place) for _ in range(processes)]
        codes = {process.wait() for process in running}
        seconds = perf_counter() - began
    assert codes == {0}, codes
    return messages / seconds


def _start(place: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*PROGRAM, "run-once", "--quiet"], cwd=place, stdout=subprocess.DEVNULL)
