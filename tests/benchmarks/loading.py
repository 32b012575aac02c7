"""How fast invoices load, beside COPY of the same rows into the same keyed table: `python -m tests.benchmarks.loading`.

Each measurement goes through the real task, in a process of its own, on a fresh database: the server of DATABASE_URL,
or an embedded one with its durable settings. Rows a second, medians of `--runs`; memory is the process's peak.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adsplatform.settings")
DATABASE = "ads_benchmark"


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--load", type=Path, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.load:
        return print(json.dumps(load(options.load)))
    with tempfile.TemporaryDirectory(prefix="ads-benchmark-") as folder:
        Path(folder).chmod(0o711)
        measure(Path(folder), options.rows, options.runs)


def measure(folder: Path, rows: int, runs: int):
    from tests.benchmarks.invoices import write_zip

    first = write_zip(folder / "first.zip", rows)
    changed = write_zip(folder / "changed.zip", rows, changed_share=0.1)
    server, url = database(folder)
    try:
        found = {name: [] for name in ("COPY", "first load", "same again", "10 % changed")}
        memory = 0
        for _ in range(runs):
            ours = {"ADS_VAR_DIR": str(folder / "var"), "LOG_LEVEL": "WARNING", "SYNC_OWN_PROCESS": "false"}
            environment = os.environ | {"DATABASE_URL": url} | ours
            fresh_database(url, environment)
            for name, path in (("first load", first), ("same again", first), ("10 % changed", changed)):
                command = [sys.executable, "-m", "tests.benchmarks.loading", "--load", str(path)]
                done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
                result = json.loads(done.stdout.splitlines()[-1])
                assert result["message"].startswith(("Nothing new", f"{rows + 500:,} lines")), result
                found[name].append(rows / result["seconds"])
                memory = max(memory, result["peak_mb"])
                print(f"  {name}: {rows / result['seconds']:,.0f} rows/s; {result['message']}", flush=True)
            found["COPY"].append(rows / copy_seconds(url))
            print(f"  COPY: {found['COPY'][-1]:,.0f} rows/s", flush=True)
    finally:
        if server:
            server.stop()
    limit = statistics.median(found["COPY"])
    print(f"\n{rows:,} invoices x 35 columns, medians of {runs}, peak memory of the worker {memory:,.0f} MB")
    for name, speeds in found.items():
        speed = statistics.median(speeds)
        print(f"{name:<14} {speed:>10,.0f} rows/s  {speed / limit:5.2f} x COPY")


def database(folder: Path):
    """A server (or None) and the address of the benchmark's own database on it."""
    from psycopg.conninfo import conninfo_to_dict

    from adsplatform import embedded

    if url := os.environ.get("DATABASE_URL"):
        of = conninfo_to_dict(url)
        server = None
    else:
        server = embedded.Server(folder / "var")
        server.start()
        settings = embedded.database_settings(folder / "var")
        of = {"user": settings["USER"], "password": settings["PASSWORD"], "host": settings["HOST"],
              "port": settings["PORT"]}  # fmt: skip
    password = f":{of['password']}" if of.get("password") else ""
    return server, f"postgresql://{of['user']}{password}@{of['host']}:{of.get('port', 5432)}/{DATABASE}"


def fresh_database(url: str, environment):
    import psycopg

    with psycopg.connect(url.rsplit("/", 1)[0] + "/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=environment, check=True, capture_output=True)


def load(path: Path) -> dict:
    """Upload the ZIP and run its sync, as door and worker do; seconds of the task, and its outcome."""
    import django

    django.setup()
    from adsplatform.accounts.models import Account, User
    from syncs import services, tasks

    account = Account.objects.first() or Account.objects.create(name="Benchmark")
    user = User.objects.first() or User.objects.create_user("benchmark@example.com")
    with path.open("rb") as content:
        upload = services.store_upload(account, user, content, file_name=path.name)
    sync_request = services.request_upload(account, user, upload)
    began = time.perf_counter()
    tasks.run_next_sync()
    seconds = time.perf_counter() - began
    sync_request.refresh_from_db()
    return {
        "seconds": seconds,
        "status": sync_request.status_code,
        "message": sync_request.process_result_message,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def copy_seconds(url: str) -> float:
    """COPY of the same rows, as text, into a table with the same columns, constraints and indexes."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection, tempfile.TemporaryFile() as rows:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE copied (LIKE records_invoice INCLUDING ALL)")
        with cursor.copy("COPY records_invoice TO STDOUT") as out:
            for chunk in out:
                rows.write(chunk)
        rows.seek(0)
        began = time.perf_counter()
        with cursor.copy("COPY copied FROM STDIN") as into:
            while chunk := rows.read(1024**2):
                into.write(chunk)
        seconds = time.perf_counter() - began
        cursor.execute("DROP TABLE copied")
    return seconds


if __name__ == "__main__":
    main()
