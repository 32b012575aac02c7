"""How long a worker takes from a commit to the first line of its task: `python -m tests.benchmarks pick-up`.

Each broker has a cluster of its own with two workers; between two commits is a pause of random length, so that the
cluster is idle. Redis is measured where the program `redis-server` is there.
"""

import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

from tests.benchmarks.server import PROJECT, BenchmarkServer
from tests.benchmarks.tables import table
from tests.servers import redis_server

BROKERS = {
    "table, listening": {},
    "table, looking": {"QUEUE_LISTENS": "false"},
    "Redis": {"REDIS_URL": "redis://127.0.0.1:{port}/0"},
}


def arrived(path: str) -> None:
    """The task: tells the moment at which it began."""
    now = time.monotonic_ns()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as answer:
        answer.sendto(str(now).encode(), path)


def pick_up(server: BenchmarkServer, tasks: int) -> str:
    """Measure every broker that there is; returns the table."""
    rows = []
    for name, more in BROKERS.items():
        if name == "Redis" and not shutil.which("redis-server"):
            rows.append((name, *["not measured: there is no redis-server here"] * 4))
            continue
        server.fresh()
        with redis_server(server.folder) if name == "Redis" else nullcontext() as port:
            environment = server.environment | {key: value.format(port=port) for key, value in more.items()}
            rows.append((name, *measured(server.folder, tasks, environment)))
    return table(("broker", "p50 ms", "p95 ms", "p99 ms", "slowest ms"), rows)


def measured(folder: Path, tasks: int, environment: dict) -> list[str]:
    """The middle, the slow and the slowest of so many tasks, in milliseconds."""
    command = [sys.executable, "manage.py", "qcluster"]
    cluster = subprocess.Popen(command, cwd=PROJECT, env=environment, start_new_session=True)
    try:
        command = [sys.executable, "-m", "tests.benchmarks.pick_up", str(folder), str(tasks)]
        done = subprocess.run(command, cwd=PROJECT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    finally:
        cluster.send_signal(signal.SIGTERM)
        cluster.wait()
    waits = sorted(float(line) for line in done.stdout.split())
    return [f"{waits[min(int(len(waits) * share), len(waits) - 1)]:.1f}" for share in (0.5, 0.95, 0.99, 1)]


def send_wakeup(folder: Path, tasks: int):
    """Ring so often and print how long each took to be heard."""
    import django

    django.setup()
    from django.db import transaction
    from django_q.tasks import async_task

    path = folder / "answer"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as answers:
        answers.bind(str(path))
        answers.settimeout(60)
        for number in range(tasks + 10):
            with transaction.atomic():
                async_task("tests.benchmarks.pick_up.arrived", str(path))
                committing = time.monotonic_ns()
            took = (int(answers.recv(64)) - committing) / 1e6
            if number >= 10:
                # The first ones find workers that have not done anything yet.
                print(took)
            time.sleep(random.uniform(0.02, 0.4))


if __name__ == "__main__":
    send_wakeup(Path(sys.argv[1]), int(sys.argv[2]))
