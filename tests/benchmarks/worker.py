"""One sync in a process of its own, requested as the interfaces do and run as a worker does.

`python -m tests.benchmarks.worker` takes a Load as JSON. Told “ask”, the process asks for the sync; told “go”, it runs
the queue's task and prints an Outcome as JSON. Before, it has run another, tiny sync: real workers are warm too.
"""

import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.benchmarks.server import PROJECT, BenchmarkServer

CONNECTORS = {"sql": "sql-database", "singer": "singer"}


@dataclass
class Load:
    """What is to be loaded: a file, sent as an upload or a batch; pages that the connector fetches; or tables."""

    path: str
    interface: str = "upload"  # or "batch", "connector", "sql", "singer"
    account: str = "Benchmark"
    reject_limit_percent: int = 100
    profile: dict[str, object] = field(default_factory=dict)  # an import profile of the upload
    settings: dict[str, str] = field(default_factory=dict)  # of the SQL database or the tap
    credentials: dict[str, str] = field(default_factory=dict)


@dataclass
class Outcome:
    """What came of it: when the task began and ended, and the counts of invoices.

    `busy_before` and `busy_after` are the seconds for which all cores of the machine had worked by then.
    """

    began: float
    ended: float
    busy_before: float
    busy_after: float
    peak_mb: float
    status: str
    message: str
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return self.ended - self.began


def run(server: BenchmarkServer, *loads: Load) -> list[Outcome]:
    """Run so many syncs at once, each in a worker process of its own."""
    workers = []
    try:
        for load in loads:
            command = [sys.executable, "-m", "tests.benchmarks.worker", json.dumps(asdict(load))]
            workers.append(
                subprocess.Popen(
                    command,
                    cwd=PROJECT,
                    env=server.environment,
                    text=True,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            )
        for word in ("ask", "go"):
            for worker in workers:
                if worker.stdout.readline() != "ready\n":
                    raise SystemExit("A worker of the benchmark ended early; it says why above.")
            for worker in workers:
                worker.stdin.write(f"{word}\n")
                worker.stdin.flush()
        return [Outcome(**json.loads(worker.communicate()[0])) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def main():
    import django

    django.setup()
    from syncs import tasks
    from syncs.reading.launcher import ReadingServer

    # As in a cluster, another process reads the source.
    ReadingServer().start()
    with tempfile.TemporaryDirectory() as folder:
        company = Path(folder) / "companies.csv"
        company.write_text("erpKey,companyName,companyType,isActive\nK1,Warm,Customer,TRUE\n")
        warming = _ask_for(Load(str(company), account="Warming up"))
        while warming.finished is None:
            tasks.run_next_sync()
            warming.refresh_from_db()
    gc.freeze()  # as in the process of a sync
    _wait_for("ask")
    sync_request = _ask_for(Load(**json.loads(sys.argv[1])))
    _wait_for("go")
    began, busy_before = time.monotonic(), _busy()
    tasks.run_next_sync()
    ended, busy_after = time.monotonic(), _busy()
    # Where several workers run, this process may have run another's sync, and another may still run this one.
    while sync_request.finished is None:
        time.sleep(0.05)
        sync_request.refresh_from_db()
    of_invoices = sync_request.results.filter(entity="Invoice").first()
    names = ("lines_read", "inserted", "updated", "unchanged", "skipped", "rejected")
    outcome = Outcome(
        began=began,
        ended=ended,
        busy_before=busy_before,
        busy_after=busy_after,
        peak_mb=_peak(),
        status=sync_request.status_code,
        message=sync_request.process_result_message,
        counts={name: getattr(of_invoices, name) for name in names} if of_invoices else {},
    )
    print(json.dumps(asdict(outcome)))


def _busy() -> float:
    """In user and system mode, and for interrupts, not while they waited; 0 where the system does not tell."""
    try:
        user, nice, system, _, _, irq, softirq, *_ = map(int, Path("/proc/stat").read_text().split()[1:9])
    except OSError:
        return 0
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def _peak() -> float:
    """The most megabytes that this process has taken, or one that it started, if a sync has one of its own."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return max(usage.ru_maxrss for usage in usages) / 1024


def _wait_for(word: str) -> None:
    print("ready", flush=True)
    if sys.stdin.readline() != f"{word}\n":
        sys.exit()  # Nobody waits for us any more.


def _ask_for(load: Load):
    """The sync, requested through the services that the interfaces call."""
    from adsplatform.accounts.models import Account, User
    from enrollments.services import change_enrollment, enroll, publish_application, uploads_enrollment
    from syncs.connectors import connector_named
    from syncs.models import Upload
    from syncs.services import requests
    from syncs.services.import_profiles import save_profile
    from tests.benchmarks.connector import PagedBooks

    account, _ = Account.objects.get_or_create(name=load.account)
    user, _ = User.objects.get_or_create(email="benchmark@example.com")
    if load.interface == "connector":
        app = publish_application(PagedBooks.application)
        enrollment = account.enrollments.filter(app=app).first()
        enrollment = enrollment or enroll(account, app, user)
        enrollment.custom_field_definitions.update(value=load.path)
        return requests.request_sync(enrollment, user)
    if load.interface in ("sql", "singer"):
        app = publish_application(connector_named(CONNECTORS[load.interface]).application)
        enrollment = account.enrollments.filter(app=app).first()
        enrollment = enrollment or enroll(account, app, user, settings=load.settings, credentials=load.credentials)
        return requests.request_sync(enrollment, user)
    enrollment = uploads_enrollment(account, user)
    change_enrollment(enrollment, user, reject_limit_percent=load.reject_limit_percent)
    if load.profile:
        save_profile(enrollment, user, load.profile)
    path = Path(load.path)
    format = Upload.Format.BATCH if load.interface == "batch" else ""
    with path.open("rb") as content:
        return requests.load_upload(account, user, content, file_name=path.name, format=format, enrollment=enrollment)


if __name__ == "__main__":
    main()
