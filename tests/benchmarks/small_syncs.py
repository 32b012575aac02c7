"""How long a sync of one record takes, and how many end in a second: `python -m tests.benchmarks small-syncs`.

Latency is from the moment at which a batch is sent to the running product until its Success can be read in the
database. Then many wait before the workers of a cluster start, and it counts how many end in a second.
"""

import json
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from statistics import median

import psycopg
import requests

from tests.benchmarks.attack import Drained
from tests.benchmarks.filling import multiply
from tests.benchmarks.measuring import tell
from tests.benchmarks.server import PROJECT, BenchmarkServer
from tests.benchmarks.tables import table

# So many enrollments, of as many accounts, wait for two workers.
ENROLLMENTS = 8
WARMING, FEW = 10, 10
POLL_SECONDS, PATIENCE_SECONDS = 0.002, 60
# Whoever measures asks more often than anybody may.
UNLIMITED = {"THROTTLE_CREATE_SYNC": "1000000/min", "THROTTLE_CREATE_SYNC_ACCOUNT": "1000000/min"}


def small_syncs(server: BenchmarkServer, syncs: int, records: int) -> str:
    """Send so many batches of one record into small and large books, then let as many run that wait."""
    server.fresh()
    keys = _ask(server, "fill", records)
    with server.connect() as connection:
        connection.execute("VACUUM ANALYZE")
    rows = []
    with _product(server) as url:
        for count, key in keys.items():
            rows += _latency(server, url, key, int(count), syncs)
    for enrollments in (ENROLLMENTS, 1):
        rows += _reported(_drained(server, enrollments, syncs))
    return table(("syncs of one record", "is"), rows)


@contextmanager
def _product(server: BenchmarkServer):
    """The running product; yields its address."""
    var = server.folder / "small"
    product = Drained(var, DATABASE_URL=server.url, LOG_LEVEL="ERROR", **UNLIMITED)
    try:
        yield product.wait().url
    finally:
        product.end()
        shutil.rmtree(var, ignore_errors=True)


def _latency(server: BenchmarkServer, url: str, key: str, records: int, syncs: int) -> list[tuple[str, str]]:
    beside = f"beside {records:,} records"
    with requests.Session() as session, server.connect() as connection:
        session.headers["Api-Key"] = key
        for number in range(WARMING):
            _send(session, url, connection, f"W{number}")
        wal, written, commits = server.wal_position(), _catalog_rows(server), _commits(server)
        began = time.monotonic()
        took = sorted(_send(session, url, connection, f"N{number}") for number in range(syncs))
        seconds = time.monotonic() - began
        of_sync = {
            "WAL, kB a sync": (server.wal_position() - wal) / 1000,
            "rows of the catalogue, written or removed": _catalog_rows(server) - written,
            "transactions, reading whether it has ended left out": _commits(server) - commits - _Polls.count,
        }
        running = connection.execute(
            "SELECT EXTRACT(EPOCH FROM finished - started)::float FROM syncs_syncrequest "
            "ORDER BY created DESC LIMIT %s",
            [syncs],
        ).fetchall()
    _Polls.count = 0
    slow = took[min(int(0.95 * len(took)), len(took) - 1)]
    return _reported(
        (f"latency {beside}, p50 / p95", f"{median(took) * 1000:.0f} / {slow * 1000:.0f} ms"),
        (f"… of it from claim to end, p50, {beside}", f"{median(each for (each,) in running) * 1000:.1f} ms"),
        (f"one after the other, {beside}", f"{syncs / seconds:.1f} a second"),
        *((f"{name}, {beside}", f"{figure / syncs:,.1f}") for name, figure in of_sync.items()),
    )


def _reported(*rows: tuple[str, str]) -> list[tuple[str, str]]:
    for row in rows:
        tell(": ".join(row))
    return list(rows)


class _Polls:
    """How often it was asked whether a sync has ended."""

    count = 0


def _send(session: requests.Session, url: str, connection: psycopg.Connection, key: str) -> float:
    """Send a batch of one company, and wait until it is loaded; the seconds that it took."""
    company = {"erpKey": key, "companyName": "Acme", "companyType": "Customer", "isActive": True}
    began = time.monotonic()
    answer = session.post(f"{url}/api/v1/Sync/batch", json={"companies": [company]}, timeout=60)
    answer.raise_for_status()
    sync = answer.json()["syncRequestId"]
    while time.monotonic() < began + PATIENCE_SECONDS:
        _Polls.count += 1
        query = "SELECT status_code, process_result_message FROM syncs_syncrequest WHERE sync_request_id = %s"
        status, message = connection.execute(query, [sync]).fetchone()
        if status == "Success":
            return time.monotonic() - began
        if status in ("Failed", "Cancelled"):
            break
        time.sleep(POLL_SECONDS)
    raise AssertionError(f"The sync of a record is {status}: {message}")


def _catalog_rows(server: BenchmarkServer) -> int:
    return server.ask(
        "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint FROM pg_stat_sys_tables WHERE schemaname = 'pg_catalog'"
    )


def _commits(server: BenchmarkServer) -> int:
    return server.ask("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")


def _drained(server: BenchmarkServer, enrollments: int, syncs: int) -> tuple[str, str]:
    """Let so many syncs wait, start a cluster, and see how many end in a second."""
    server.fresh()
    _ask(server, "ask", enrollments, syncs)
    command = [sys.executable, "manage.py", "qcluster"]
    environment = server.environment | {"SYNC_OWN_PROCESS": "true", "LOG_LEVEL": "ERROR"}
    cluster = subprocess.Popen(command, cwd=PROJECT, env=environment, start_new_session=True)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS + syncs
        while server.ask("SELECT count(*) FROM syncs_syncrequest WHERE finished IS NULL"):
            if time.monotonic() > deadline:
                raise AssertionError("The syncs that wait do not end.")
            time.sleep(0.2)
    finally:
        cluster.send_signal(signal.SIGTERM)
        cluster.wait()
    if failed := server.ask("SELECT count(*) FROM syncs_syncrequest WHERE status_code <> 'Success'"):
        raise AssertionError(f"{failed:,} syncs of one record did not succeed.")
    # The first ones find workers that have not done anything yet.
    rate = server.ask(
        "SELECT count(*) / EXTRACT(EPOCH FROM max(finished) - min(finished))::float FROM "
        "(SELECT finished FROM syncs_syncrequest ORDER BY finished OFFSET %s) s",
        min(WARMING, syncs // 2),
    )
    return f"{syncs:,} waiting in {enrollments}, ended in a second", f"{rate:.1f}"


def _ask(server: BenchmarkServer, *what):
    command = [sys.executable, "-m", "tests.benchmarks.small_syncs", *map(str, what)]
    done = subprocess.run(command, cwd=PROJECT, env=server.environment, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def fill(records: int) -> dict[int, str]:
    """Two accounts with few and many companies in their *Uploads*; returns their keys by these numbers."""
    from adsplatform.records.models import Company
    from enrollments.services import uploads_enrollment
    from tests.factories import member

    keys = {}
    for count in (FEW, records):
        membership, key = member("Group Owner")
        enrollment = uploads_enrollment(membership.group_key, membership.user)
        first = Company.objects.create(
            app_enrollment_id=enrollment.pk,
            group_key=membership.group_key_id,
            erp_key="first",
            company_name="First",
            company_type="Customer",
            is_active=True,
            row_hash="0123456789abcdef0123456789abcdef",
        )
        multiply(first, count, id="gen_random_uuid()", erp_key="number::text", row_hash="gen_random_uuid()")
        keys[count] = key
    return keys


def ask(enrollments: int, syncs: int) -> int:
    """Ask for so many syncs of one company, evenly, in so many accounts."""
    from io import BytesIO

    from adsplatform.accounts.models import Account
    from syncs.models import Upload
    from syncs.services.requests import load_upload

    accounts = [Account.objects.create(name=f"Account {number}") for number in range(enrollments)]
    for number in range(syncs):
        company = {"erpKey": f"C{number}", "companyName": "Acme", "companyType": "Customer", "isActive": True}
        content = BytesIO(json.dumps({"companies": [company]}).encode())
        account = accounts[number % enrollments]
        load_upload(account, None, content, file_name="batch.json", format=Upload.Format.BATCH)
    return syncs


if __name__ == "__main__":
    import django

    django.setup()
    do = {"fill": fill, "ask": ask}[sys.argv[1]]
    print(json.dumps(do(*map(int, sys.argv[2:]))))
