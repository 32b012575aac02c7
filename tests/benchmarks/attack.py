"""What an attack on the running product does to others: their waiting time, the product's memory, and its disk.

An attacker has a key of an account of their own. The others go on reading: their 95th percentile during each attack is
compared with the usual one.
"""

import contextlib
import json
import multiprocessing
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import quote

import psutil
import requests

from tests.benchmarks.measuring import tell
from tests.benchmarks.server import PROJECT, BenchmarkServer
from tests.benchmarks.tables import table
from tests.product import Up

MEGABYTE = 1024**2
STALLED_SENDERS, CONDITIONS, LONG = 50, 150, 8_000
# The most that an attack may lengthen the others' 95th percentile, and may leave behind in memory and on disk.
MOST_SLOWER, MOST_MEGABYTES = 2.0, 100
PAUSE_SECONDS = 0.02
# Two accounts with a key each, as JSON.
ACCOUNTS = """
import django, json
django.setup()
from adsplatform.accounts.models import Account, ApiKey, Membership, User
keys = []
for name in ("others", "attacker"):
    account = Account.objects.create(name=name)
    user = User.objects.create_user(f"{name}@example.com")
    Membership.objects.create(group_key=account, user=user, role="Group Owner")
    keys.append(ApiKey.make(account=account, user=user, name=name)[1])
print(json.dumps(keys))
"""


@dataclass(frozen=True)
class Target:
    """The running product, the attacker's key, and a sync of theirs with many problems."""

    port: int
    key: str
    sync: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Api-Key": self.key}


# Each attack goes on for ever, and yields in a word what came of each step.


def stalled_senders(target: Target) -> Iterator[str]:
    """Hold connections open on which a request never ends; those that are refused come again."""
    head = f"POST /api/v1/Sync/zip HTTP/1.1\r\nHost: localhost\r\nApi-Key: {target.key}\r\n"
    beginnings = [
        f"{head}Content-Length: 90000000\r\n\r\nPK",
        f"{head}Content-Length: 5000\r\n\r\nPK",
        head,
        "POST /api/v1/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90\r\n\r\n{",
    ]
    open_ones: list[socket.socket] = []
    while True:
        for sender in list(open_ones):
            try:
                sender.send(b"x")
            except OSError:
                open_ones.remove(sender)
                sender.close()
                yield "refused"
        while len(open_ones) < STALLED_SENDERS:
            sender = socket.create_connection(("127.0.0.1", target.port), timeout=10)
            sender.sendall(beginnings[len(open_ones) % len(beginnings)].encode())
            open_ones.append(sender)
            yield "stalled"
        time.sleep(1)


def long_lists(target: Target) -> Iterator[str]:
    """Send batches of 60 MB that are a list of numbers."""
    body = b"[" + b"0," * (30 * MEGABYTE) + b"0]"
    while True:
        with contextlib.suppress(requests.RequestException):
            url = f"{target.url}/api/v1/Sync/batch"
            yield str(requests.post(url, data=body, headers=target.headers, timeout=60).status_code)


def long_names(target: Target) -> Iterator[str]:
    """Ask for hosts and paths of 8 kB, one after the other."""
    host, path = "a." * (LONG // 2), "/x" * (LONG // 2)
    while True:
        for request in (f"GET / HTTP/1.1\r\nHost: {host}", f"GET /admin/r{path} HTTP/1.1\r\nHost: localhost"):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", target.port), 10) as connection:
                connection.sendall(f"{request}\r\nConnection: close\r\n\r\n".encode())
                yield connection.recv(12)[9:].decode()
                while connection.recv(65536):
                    pass


def long_filters(target: Target) -> Iterator[str]:
    """Search the texts of many problems by far too many conditions, and by as many as are allowed."""
    condition = " OR ".join(f"message CONTAINS '{number}zz'" for number in range(CONDITIONS))
    allowed = " OR ".join(f"message CONTAINS '{number}zz'" for number in range(10))
    while True:
        for filter in (condition, allowed):
            url = f"{target.url}/api/v1/Sync/{target.sync}/details/query?filter={quote(filter)}"
            with contextlib.suppress(requests.RequestException):
                yield str(requests.get(url, headers=target.headers, timeout=60).status_code)


ATTACKS: dict[str, Callable[[Target], Iterator[str]]] = {
    f"{STALLED_SENDERS} stalled senders": stalled_senders,
    "60 MB of [0,…]": long_lists,
    "hosts and paths of 8 kB": long_names,
    f"{CONDITIONS} contains": long_filters,
}


@dataclass(frozen=True)
class Observed:
    """What the others' requests took, in seconds, and the most memory of the product meanwhile."""

    seconds: list[float]
    failed: int
    memory: int

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.seconds, n=20)[-1]


class Drained(Up):
    """The product, whose log is thrown away: a full pipe would stop it."""

    def wait(self) -> "Drained":
        super().wait()
        threading.Thread(target=self._drain, daemon=True).start()
        return self

    def _drain(self) -> None:
        for _ in self.process.stdout:
            pass

    def end(self) -> None:
        self.look()
        self.process.send_signal(signal.SIGINT)
        for process in self.survivors(60):
            process.kill()
        self.process.wait(10)


def attack(server: BenchmarkServer, seconds: float, problems: int) -> str:
    """Attack the product in each way for so many seconds; `problems` is how many the attacker's sync has."""
    var = server.folder / "attacked"
    temporary = var / "temporary"
    temporary.mkdir(parents=True)
    product = Drained(var, DATABASE_URL=server.url, LOG_LEVEL="ERROR", TMPDIR=str(temporary))
    try:
        product.wait()
        others, attacker = _accounts(server)
        target = Target(int(product.port), attacker)
        target = Target(target.port, attacker, _sync_with_problems(target, problems))
        return _measure(product, var, others, target, seconds)
    finally:
        product.end()
        shutil.rmtree(var, ignore_errors=True)


def _measure(product: Up, var: Path, others: str, target: Target, seconds: float) -> str:
    _observe(product, others, min(seconds, 5))  # So that every process has answered before.
    usual = _observe(product, others, seconds)
    disk = _disk(var)
    rows = [[*_row("usually", usual, usual, 0), ""]]
    is_sound = True
    for name, attacking in ATTACKS.items():
        with _attacked(attacking, target) as steps:
            found = _observe(product, others, seconds)
        # What a request has taken up is given back when its connection ends.
        grown = _settled(lambda: _disk(var) - disk, MOST_MEGABYTES * MEGABYTE)
        memory = _settled(lambda: _memory(product) - usual.memory, MOST_MEGABYTES * MEGABYTE)
        got = ", ".join(f"{count} × {step}" for step, count in steps.items())
        rows.append([*_row(name, found, usual, grown), got])
        tell(" | ".join(rows[-1]))
        is_sound &= found.p95 < MOST_SLOWER * usual.p95 and not found.failed
        is_sound &= max(grown, memory) <= MOST_MEGABYTES * MEGABYTE
    verdict = (
        f"Others' 95th percentile below {MOST_SLOWER:g} × the usual one, none of their requests failed, and at most "
        f"{MOST_MEGABYTES} MB of memory and disk left behind: {'yes' if is_sound else 'NO'}."
    )
    headings = ["attack", "requests of others", "failed", "median ms", "p95 ms", "÷ usual", "peak memory MB"]
    return f"{table([*headings, 'disk MB left', 'what the attacker got'], rows)}\n\n{verdict}"


def _row(name: str, found: Observed, usual: Observed, grown: int) -> list[str]:
    return [
        name,
        f"{len(found.seconds):,}",
        str(found.failed),
        f"{statistics.median(found.seconds) * 1000:.1f}",
        f"{found.p95 * 1000:.1f}",
        f"{found.p95 / usual.p95:.2f}",
        f"{found.memory / MEGABYTE:,.0f}",
        f"{grown / MEGABYTE:,.0f}",
    ]


@contextlib.contextmanager
def _attacked(attacking: Callable[[Target], Iterator[str]], target: Target) -> Iterator[Counter[str]]:
    """Attack meanwhile, in a process of its own; afterwards the counts are of what came of it."""
    counted: Counter[str] = Counter()
    with NamedTemporaryFile("r") as steps:
        arguments = (attacking, target, steps.name)
        attacker = multiprocessing.get_context("fork").Process(target=_attack, args=arguments, daemon=True)
        attacker.start()
        while not os.path.getsize(steps.name):
            time.sleep(0.1)
        yield counted
        attacker.kill()
        attacker.join()
        counted.update(steps.read().split())


def _attack(attacking: Callable[[Target], Iterator[str]], target: Target, steps: str) -> None:
    # The attacker's own work is not to be measured: elsewhere it would not take the product's processors.
    os.nice(19)
    with open(steps, "w", buffering=1) as file:
        for step in attacking(target):
            file.write(f"{step}\n")


def _observe(product: Up, key: str, seconds: float) -> Observed:
    """Read as others do, one request after the other, while the memory is watched."""
    peak, has_ended = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not has_ended.wait(0.2):
            peak = max(peak, _memory(product))

    watching = threading.Thread(target=watch)
    watching.start()
    took: list[float] = []
    failed = 0
    end = time.monotonic() + seconds
    with requests.Session() as session:
        session.headers["Api-Key"] = key
        while time.monotonic() < end:
            for path in ("/api/v1/Status", "/api/v1/Sync/query?pageSize=20", "/sign-in/"):
                began = time.monotonic()
                failed += session.get(f"{product.url}{path}", timeout=60).status_code != 200
                took.append(time.monotonic() - began)
                time.sleep(PAUSE_SECONDS)
    has_ended.set()
    watching.join()
    return Observed(took, failed, peak or _memory(product))


def _memory(product: Up) -> int:
    """The bytes that the product's own processes hold, without those that they share."""
    total = 0
    for process in product.look():
        with contextlib.suppress(psutil.Error):
            if "postgres" not in process.name():
                total += process.memory_full_info().uss
    return total


def _disk(var: Path) -> int:
    """The bytes in the product's folder, with its uploads and temporary files."""
    total = 0
    for path in var.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_blocks * 512 if path.is_file() else 0
    return total


def _settled(grown: Callable[[], int], most: int) -> int:
    """What is left once it is below the limit, or after some seconds."""
    end = time.monotonic() + 30
    while (found := grown()) > most and time.monotonic() < end:
        time.sleep(1)
    return found


def _accounts(server: BenchmarkServer) -> list[str]:
    command = [sys.executable, "-c", ACCOUNTS]
    return json.loads(subprocess.check_output(command, cwd=PROJECT, env=server.environment, text=True))


def _sync_with_problems(target: Target, problems: int) -> str:
    lines = "".join(f"C{number},Acme {number},nonsense {number},true\n" for number in range(problems))
    files = {"file": ("companies.csv", f"erpKey,companyName,companyType,isActive\n{lines}".encode())}
    answer = requests.post(f"{target.url}/api/v1/Sync/zip", files=files, headers=target.headers, timeout=120)
    answer.raise_for_status()
    sync = answer.json()["syncRequestId"]
    while True:
        found = requests.get(f"{target.url}/api/v1/Sync/{sync}", headers=target.headers, timeout=60).json()
        if found["statusCode"] in ("Success", "Failed"):
            return sync
        time.sleep(0.5)
