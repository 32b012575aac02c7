"""How long a worker takes from a commit to the first line of its task: `python -m tests.benchmarks.pick_up`.

Each broker has a cluster of its own with two workers, on the server of DATABASE_URL or on an embedded one with its
durable settings; between two commits is a pause of random length, so that the cluster is idle. Redis is measured where
the program `redis-server` is there.
"""

import argparse
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adsplatform.settings")
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


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tasks", type=int, default=300)
    arguments.add_argument("--ring", type=Path, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.ring:
        return ring(options.ring, options.tasks)
    with tempfile.TemporaryDirectory(prefix="ads-pick-up-") as folder:
        Path(folder).chmod(0o711)
        measure(Path(folder), options.tasks)


def measure(folder: Path, tasks: int):
    from tests.benchmarks.loading import database, fresh_database
    from tests.servers import redis_server

    server, url = database(folder)
    common = os.environ | {"DATABASE_URL": url, "ADS_VAR_DIR": str(folder / "var"), "LOG_LEVEL": "WARNING"}
    try:
        fresh_database(url, common)
        print(f"Commit to first line of the task, {tasks} tasks, milliseconds")
        for name, more in BROKERS.items():
            if name == "Redis" and not shutil.which("redis-server"):
                print(f"{name:<18} not measured: there is no redis-server here")
                continue
            with redis_server(folder) if name == "Redis" else nullcontext() as port:
                environment = common | {key: value.format(port=port) for key, value in more.items()}
                measure_one(name, folder, tasks, environment)
    finally:
        if server:
            server.stop()


def measure_one(name: str, folder: Path, tasks: int, environment: dict):
    cluster = subprocess.Popen([sys.executable, "manage.py", "qcluster"], env=environment, start_new_session=True)
    try:
        command = [sys.executable, "-m", "tests.benchmarks.pick_up", "--ring", str(folder), "--tasks", str(tasks)]
        told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    finally:
        cluster.send_signal(signal.SIGTERM)
        cluster.wait()
    waits = sorted(float(line) for line in told.split())
    of = [waits[min(int(len(waits) * share), len(waits) - 1)] for share in (0.5, 0.95, 0.99, 1)]
    print(f"{name:<18} " + "  ".join(f"{n} {w:6.1f}" for n, w in zip(("p50", "p95", "p99", "max"), of, strict=True)))


def ring(folder: Path, tasks: int):
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
                async_task("tests.benchmarks.pick_up.arrived", str(path), save=False, ack_failure=True)
                committing = time.monotonic_ns()
            took = (int(answers.recv(64)) - committing) / 1e6
            if number >= 10:
                # The first ones find workers that have not done anything yet.
                print(took)
            time.sleep(random.uniform(0.02, 0.4))


if __name__ == "__main__":
    main()
