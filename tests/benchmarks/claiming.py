"""How long a claim takes where thousands of syncs wait and a million ended: `python -m tests.benchmarks claiming`."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tests.benchmarks.filling import multiply
from tests.benchmarks.server import PROJECT, BenchmarkServer
from tests.benchmarks.tables import table

ACCOUNTS = 1_000


def claiming(server: BenchmarkServer, history: int, waiting: int, claimers: int, claims: int) -> str:
    """Have so many processes claim one sync after another, ending each at once, and look how long each claim took."""
    server.fresh()
    _ask(server, "fill", history, waiting)
    with server.connect() as connection:
        connection.execute("VACUUM ANALYZE")
    with ThreadPoolExecutor(claimers) as together:
        found = list(together.map(lambda _: _ask(server, "claim", claims), range(claimers)))
    claimed = [pk for each in found for pk, _ in each]
    if len(claimed) != claimers * claims or len(set(claimed)) != len(claimed):
        raise AssertionError(f"{len(claimed):,} claims, of {len(set(claimed)):,} syncs")
    took = sorted(milliseconds for each in found for _, milliseconds in each)
    of = [took[min(int(len(took) * share), len(took) - 1)] for share in (0.5, 0.95, 0.99, 1)]
    headings = ("waiting", "ended", "claimers", "p50 ms", "p95 ms", "p99 ms", "slowest ms")
    return table(headings, [(f"{waiting:,}", f"{history:,}", claimers, *(f"{each:.1f}" for each in of))])


def _ask(server, *what) -> list:
    command = [sys.executable, "-m", "tests.benchmarks.claiming", *map(str, what)]
    done = subprocess.run(command, cwd=PROJECT, env=server.environment, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def fill(history: int, waiting: int):
    """An enrollment for each sync that waits, of a thousand accounts, and as many syncs that ended as are wanted."""
    from adsplatform.accounts.models import Account
    from enrollments.models import AppEnrollment, Application
    from syncs.models import SyncRequest

    account = Account.objects.create(name="One of many")
    enrollment = AppEnrollment.objects.create(app=Application.objects.first(), group_key=account)
    sync_request = SyncRequest.objects.create(app_enrollment=enrollment, group_key=account, connector="demo-data")
    key = "lpad(to_hex({}), 32, '0')::uuid"
    enrollment_of = key.format(f"mod(number, {waiting}) + 1")
    account_of = key.format(f"mod(mod(number, {waiting}), {ACCOUNTS}) + 1")
    multiply(account, ACCOUNTS, group_key=key.format("number + 1"))
    multiply(enrollment, waiting, app_enrollment_id=enrollment_of, group_key=account_of)
    of_one = {"app_enrollment_id": enrollment_of, "group_key": account_of, "sync_request_id": key.format("number + 1")}
    at = "now() - interval '1 year' + number * interval '1 second'"
    multiply(sync_request, waiting, **of_one, status_code="'Connector'", turn=at, created=at)
    of_one["sync_request_id"] = key.format(f"number + 1 + {waiting}")
    multiply(sync_request, history, **of_one, status_code="'Success'", started=at, finished=at, created=at)


def claim(claims: int):
    """Claim so many syncs one after another; of each the id and the milliseconds it took."""
    from syncs.queue.claims import claim_next

    found = []
    for _ in range(claims):
        began = time.monotonic()
        claimed = claim_next("benchmark")
        found.append((str(claimed.pk), (time.monotonic() - began) * 1000))
        claimed.succeed("Nothing to do.")
    return found


if __name__ == "__main__":
    import django

    django.setup()
    do = {"fill": fill, "claim": claim}[sys.argv[1]]
    print(json.dumps(do(*map(int, sys.argv[2:]))))
