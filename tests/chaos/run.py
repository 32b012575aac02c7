"""One run: asks for syncs, injects faults until there have been enough, lets everything end, and reports."""

import contextlib
import os
import random
import shutil
import signal
import tempfile
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import django
import psutil
import psycopg

POINTS = {
    "claiming": 0.02, "claimed": 0.03, "started": 0.03, "reading": 0.008, "copying": 0.008, "merging": 0.03,
    "written": 0.04, "before the outcome": 0.03, "before the commit": 0.04, "after the commit": 0.04,
    "before recording a crash": 0.08, "before recovering a lost sync": 0.1, "recovering a lost sync": 0.1,
    "before the next wake-up": 0.04, "before the acknowledgement": 0.03,
}  # fmt: skip
LIMITS = {"tries": 30, "crashes": 8, "starts": 100}
LEASE = 3.0


@dataclass
class Wanted:
    """How many syncs and faults a run is to have."""

    syncs: int = 80
    kills: int = 30
    crashes: int = 30
    database_kills: int = 1
    zombies: int = 2
    cancels: float = 0.06
    seconds: float = 70
    # How long everything may take to end once nothing is broken any more.
    patience: float = 60
    mutant: str = ""
    seed: int = 1
    kill_every: float = 0.7
    enrollments: int = 12


@dataclass
class Report:
    kills: Counter = field(default_factory=Counter)
    crashes: Counter = field(default_factory=Counter)
    statuses: Counter = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)
    cancels: list[float] = field(default_factory=list)
    looks: int = 0
    attempts: int = 0
    syncs: int = 0
    seconds: float = 0
    wedged: int = 0
    emptied: int = 0

    def __str__(self):
        def listed(counter):
            return ", ".join(f"{name} {count}" for name, count in counter.most_common())

        def spread(seconds):
            ordered = sorted(seconds)
            if not ordered:
                return "none"
            half, most = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
            return f"{len(ordered)}, p50 {half:.2f} s, p95 {most:.2f} s, slowest {ordered[-1]:.2f} s"

        return "\n".join([
            f"syncs             {self.syncs} in {self.attempts} attempts, {self.seconds:.0f} s",
            f"outcomes          {listed(self.statuses)}",
            f"kills             {sum(self.kills.values())} ({listed(self.kills)})",
            f"crash points      {sum(self.crashes.values())} ({listed(self.crashes)})",
            f"queue emptied     {self.emptied} times",
            f"looks of a reader {self.looks}",
            f"recoveries        {spread(self.recoveries)}",
            f"cancels           {spread(self.cancels)}",
            f"wedged clusters   {self.wedged}",
            f"findings          {len(self.findings)}",
            *(f"  {finding}" for finding in list(dict.fromkeys(self.findings))[:20]),
        ])  # fmt: skip


def run(wanted: Wanted) -> Report:
    """Carry out a run in a folder of its own, which is removed if nothing was found."""
    folder = Path(tempfile.mkdtemp(prefix="ads-chaos-"))
    # As root, the server runs as another user, who has to reach its data.
    folder.chmod(0o711)
    report = Chaos(folder, wanted).carry_out()
    if report.findings and not wanted.mutant:
        report.findings.append(f"Everything is kept in {folder}.")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return report


class Chaos:
    def __init__(self, folder: Path, wanted: Wanted):
        self.folder, self.wanted = folder, wanted
        self.random = random.Random(wanted.seed)
        self.report = Report()
        self.numbers = 0
        self.cancelled: set = set()
        self.stopped: list[tuple[float, list[psutil.Process]]] = []
        # Which process was killed when, to measure how long its sync took to be recovered.
        self.killed: list[tuple[int, float]] = []
        self.progress = deque([(time.monotonic(), -1)], maxlen=1)

    def carry_out(self) -> Report:
        began = time.monotonic()
        self._prepare()
        from tests.chaos.observer import Reader

        reader = self.reader = Reader(self.address, self.enrollments)
        try:
            reader.start()
            self._attack()
            self._let_end()
        finally:
            for cluster in self.clusters:
                cluster.end()
            reader.must_stop = True
            reader.join(20)
            self._conclude(reader)
            from django.db import connections

            connections.close_all()
            self.database.server.stop()
        self.report.seconds = time.monotonic() - began
        return self.report

    # Before

    def _prepare(self):
        from tests.chaos.clusters import Cluster, Database

        self.crash_log, self.attempt_log = self.folder / "crashes", self.folder / "attempts"
        for log in (self.crash_log, self.attempt_log):
            log.touch()
        os.environ |= {
            "ADS_VAR_DIR": str(self.folder / "var"),
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            # This process, which requests and cancels syncs, is broken in the same way.
            "CHAOS_MUTANT": self.wanted.mutant,
            "CHAOS_ATTEMPTS": str(self.attempt_log),
            "CRASH_LOG": str(self.crash_log),
            "LOG_LEVEL": "WARNING",
            "SYNC_LEASE_SECONDS": str(LEASE),
            "SYNC_RETRY_SECONDS": "0.2",
            # So that every waiting sync is due within the patience, however often it has failed.
            "SYNC_LONGEST_RETRY_SECONDS": "5",
            "SYNC_TRIES": str(LIMITS["tries"]),
            "SYNC_CRASHES": str(LIMITS["crashes"]),
            "SYNC_MOST_STARTS": str(LIMITS["starts"]),
            "SYNC_WORKERS": "3",
            "SYNC_TURN_SECONDS": "0",
            "SYNC_AHEAD_BYTES": "0",
            "SYNC_RUNNING_PER_ACCOUNT": "6",
        }
        os.environ.pop("DATABASE_URL", None)
        self.database = Database(self.folder / "var")
        django.setup()
        from adsplatform.local.embedded_postgres import database_settings

        of = database_settings(self.folder / "var")
        self.address = {
            "host": of["HOST"], "port": of["PORT"], "user": of["USER"], "password": of["PASSWORD"],
            "dbname": of["NAME"],
        }  # fmt: skip
        self._make_accounts()
        points = ",".join(f"{name}={chance}" for name, chance in POINTS.items())
        environment = os.environ | {"CRASH_POINTS": points}
        self.clusters = [Cluster(environment, self.folder / f"cluster{number}.log") for number in range(2)]

    def _make_accounts(self):
        from django.core.management import call_command

        from adsplatform.accounts.models import Account
        from enrollments.models import Application
        from enrollments.services import publish_application
        from tests.chaos.source import ChaosSource

        call_command("migrate", verbosity=0)
        publish_application(ChaosSource.application)
        self.app = Application.objects.get(connector="chaos")
        self.accounts = [Account.objects.create(name=f"Account {number}") for number in range(3)]
        self.enrollments = []
        for _ in range(self.wanted.enrollments):
            self._new_enrollment()

    def _new_enrollment(self):
        from enrollments.models import AppEnrollment

        account = self.accounts[len(self.enrollments) % 3]
        self.enrollments.append(AppEnrollment.objects.create(group_key=account, app=self.app).pk)

    # During

    def _attack(self):
        next_kill = next_database = next_zombie = time.monotonic() + 5
        deadline = time.monotonic() + self.wanted.seconds
        pace = self.wanted.seconds / 2
        while not self._is_enough() and not self._is_found_out() and time.monotonic() < deadline:
            now = time.monotonic()
            self._keep_running()
            self._ask()
            self._cancel()
            if now > next_kill:
                self._kill()
                next_kill = now + self.random.uniform(0, 2 * self.wanted.kill_every)
            if now > next_zombie and self.report.kills["zombie"] < self.wanted.zombies:
                self._stop_a_process()
                next_zombie = now + pace / (self.wanted.zombies + 1)
            if now > next_database and self._database_kills() < self.wanted.database_kills:
                self._kill_database()
                next_database = now + pace / (self.wanted.database_kills + 1)
            if self.random.random() < 0.01:
                self._empty_the_queue()
            self._wake()
            time.sleep(0.05)

    def _is_enough(self) -> bool:
        wanted, report = self.wanted, self.report
        kills = sum(report.kills.values()) - report.kills["zombie"] - self._database_kills()
        crashes = len(self.crash_log.read_text().splitlines())
        return (
            self.numbers >= wanted.syncs
            and kills >= wanted.kills
            and crashes >= wanted.crashes
            and report.kills["zombie"] >= wanted.zombies
            and self._database_kills() >= wanted.database_kills
        )

    def _is_found_out(self) -> bool:
        """Whether a mutant has been found out; one finding is enough."""
        return bool(self.wanted.mutant and self.reader.findings)

    def _database_kills(self) -> int:
        return self.report.kills["database"] + self.report.kills["database restart"]

    def _keep_running(self):
        for cluster in self.clusters:
            cluster.keep_running()
        self._end_wedged()

    def _end_wedged(self):
        """Report clusters that do nothing although syncs wait, and restart them, so that the run goes on."""
        attempts = self.attempt_log.stat().st_size
        since, seen = self.progress[0]
        if attempts != seen:
            self.progress.append((time.monotonic(), attempts))
        elif time.monotonic() - since > 20 and any(cluster.age > 10 for cluster in self.clusters):
            # A cluster that was killed a moment ago is still starting.
            self.progress.append((time.monotonic(), attempts))
            if not self.wanted.mutant and self._waiting():
                self.report.wedged += 1
                self.report.findings.append(
                    f"At {time.strftime('%X')}, syncs that could run were not taken up for 20 seconds; "
                    + "; ".join(map(str, self.clusters))
                )
                for cluster in self.clusters:
                    cluster.kill()

    def _waiting(self) -> int:
        from syncs.models import SyncRequest

        with self._asking():
            return SyncRequest.objects.may_run().count()
        return 0

    @contextlib.contextmanager
    def _asking(self):
        """Ignore errors of the database, which may be away; a request may have been carried out or not."""
        from django.db import DatabaseError, InterfaceError, connection

        try:
            yield
        except (DatabaseError, InterfaceError):
            connection.close()

    def _ask(self):
        """Keep some syncs waiting, so that there is always something to disturb."""
        from syncs.models import SyncRequest

        with self._asking():
            while SyncRequest.objects.unfinished().count() < 2 * self.wanted.enrollments:
                self._request_next()

    def _ask_for_a_long_one(self):
        """Without faults it must end; it does not if leases are not renewed, or are taken for expired."""
        from tests.chaos.source import Plan

        while Plan(self.numbers + 1).behaviour != "long":
            self.numbers += 1
        with self._asking():
            self._request_next()

    def _request_next(self):
        from django.core.files.base import ContentFile

        from enrollments.models import AppEnrollment
        from syncs.services import requests, uploads
        from tests.chaos.source import Plan

        self.numbers += 1
        plan = Plan(self.numbers)
        # Into empty books rows are inserted directly; a sync that fails must roll them back.
        if plan.behaviour == "refusing" or self.random.random() < 0.1:
            self._new_enrollment()
            chosen = self.enrollments[-1]
        else:
            chosen = self.random.choice(self.enrollments[-self.wanted.enrollments :])
        enrollment = AppEnrollment.objects.get(pk=chosen)
        upload = uploads.store_upload(
            enrollment.group_key, None, ContentFile(str(plan.number).encode()), file_name=str(plan.number)
        )
        requests.record_request(
            enrollment, None, connector="chaos", upload=upload, run_full_sync=plan.full, allow_deletes=True
        )

    def _cancel(self):
        from adsplatform.errors import PlatformError
        from syncs.models import SyncRequest
        from syncs.services import requests
        from tests.chaos.source import Plan

        with self._asking():
            for sync_request in SyncRequest.objects.running().select_related("upload"):
                hangs = Plan(int(sync_request.upload.file_name)).behaviour == "hanging"
                if self.random.random() < (0.05 if hangs else self.wanted.cancels / 20):
                    began = time.monotonic()
                    with contextlib.suppress(PlatformError):
                        requests.cancel_sync(sync_request, None)
                        self.cancelled.add(sync_request.pk)
                        self.report.cancels.append(time.monotonic() - began)

    def _kill(self):
        kinds = {"sync": 55, "worker": 15, "idle": 18, "cluster": 8, "guard": 4}
        kind = self.random.choices(list(kinds), kinds.values())[0]
        cluster = self.random.choice(self.clusters)
        victims = {
            "sync": cluster.syncs, "worker": cluster.busy_workers, "idle": cluster.idle,
            "cluster": lambda: [cluster.main], "guard": lambda: cluster.main.children(),
        }  # fmt: skip
        with contextlib.suppress(psutil.Error):
            found = victims[kind]()
            if found:
                victim = self.random.choice(found)
                lost = [victim, *victim.children(recursive=True)]
                victim.kill()
                self.report.kills[kind] += 1
                self.killed += ((process.pid, time.time()) for process in lost)

    def _stop_a_process(self):
        """Make a zombie: a process, and mostly its worker too, that is stopped until its lease has run out."""
        workers = [worker for cluster in self.clusters for worker in cluster.busy_workers()]
        with contextlib.suppress(psutil.Error):
            if workers:
                worker = self.random.choice(workers)
                stopped = [*worker.children(), worker]
                for process in reversed(stopped):
                    process.suspend()
                self.stopped.append((time.monotonic() + LEASE * self.random.uniform(1.2, 2.5), stopped))
                self.report.kills["zombie"] += 1

    def _wake(self, at_once=False):
        for entry in list(self.stopped):
            if at_once or time.monotonic() > entry[0] or self._is_taken_up(entry[1]):
                self.stopped.remove(entry)
                # The sync's process first, so that it runs for a while without its worker.
                for process in entry[1]:
                    with contextlib.suppress(psutil.Error):
                        process.resume()
                    time.sleep(0.3)

    def _empty_the_queue(self):
        """As if a broker had lost its messages: every wake-up is gone."""
        from django_q.models import OrmQ

        with self._asking():
            OrmQ.objects.all().delete()
            self.report.emptied += 1

    def _is_taken_up(self, stopped) -> bool:
        """Whether another process runs the sync of a stopped one: then a zombie can do most harm."""
        ours = {process.pid for process in stopped}
        attempts = [line.split() for line in self.attempt_log.read_text().splitlines()[-100:]]
        begun = {number: float(at) for at, pid, number in attempts if int(pid) in ours}
        return any(float(at) > begun.get(number, float("inf")) for at, pid, number in attempts if int(pid) not in ours)

    def _kill_database(self):
        if self.random.random() < 0.7:
            self.report.kills["database"] += 1
            self.database.kill()
        else:
            self.report.kills["database restart"] += 1
            self.database.restart()

    # After

    def _let_end(self):
        """Cause no more faults; every sync has to end by itself."""
        self._wake(at_once=True)
        for cluster in self.clusters:
            cluster.environment = cluster.environment | {"CRASH_POINTS": ""}
            if cluster.process is not None and cluster.process.poll() is None:
                cluster.process.send_signal(signal.SIGKILL)
                cluster.process.wait()
        self._empty_the_queue()
        self._ask_for_a_long_one()
        deadline = time.monotonic() + self.wanted.patience
        from syncs.models import SyncRequest

        while not self._is_found_out() and time.monotonic() < deadline:
            self._keep_running()
            with self._asking():
                if not SyncRequest.objects.unfinished().exists():
                    self._look_for_left_processes()
                    return
                self._end_hanging()
            time.sleep(0.2)

    def _look_for_left_processes(self):
        """A sync that was ended elsewhere is noticed within a second or so; on a busy machine that takes longer."""
        for _ in range(10):
            time.sleep(1)
            left = sum(len(cluster.syncs()) for cluster in self.clusters)
            if not left:
                return
        self.report.findings.append(f"{left} processes go on though their syncs have ended.")

    def _end_hanging(self):
        from adsplatform.errors import PlatformError
        from syncs.models import SyncRequest
        from syncs.services import requests
        from tests.chaos.source import Plan

        for sync_request in SyncRequest.objects.running().select_related("upload"):
            if Plan(int(sync_request.upload.file_name)).behaviour == "hanging":
                with contextlib.suppress(PlatformError):
                    requests.cancel_sync(sync_request, None)
                    self.cancelled.add(sync_request.pk)

    def _conclude(self, reader):
        from tests.chaos.observer import differences, final_findings

        report = self.report
        report.looks = reader.looks
        report.findings += reader.findings
        with psycopg.connect(**self.address) as connection:
            for enrollment in self.enrollments:
                report.findings += differences(connection, enrollment)
            report.findings += final_findings(connection, cancelled=self.cancelled, limits=LIMITS)
            report.statuses.update(dict(connection.execute(
                "SELECT status_code || CASE WHEN status_code = 'Failed' THEN ' ' || failure_code ELSE '' END, count(*)"
                " FROM syncs_syncrequest GROUP BY 1"
            ).fetchall()))  # fmt: skip
        report.syncs = sum(report.statuses.values())
        report.crashes.update(self.crash_log.read_text().splitlines())
        attempts = [line.split() for line in self.attempt_log.read_text().splitlines()]
        report.attempts = len(attempts)
        by_number = {}
        for at, pid, number in attempts:
            by_number.setdefault(number, []).append((float(at), int(pid)))
        for tries in by_number.values():
            for (began, pid), (again, _) in pairwise(tries):
                # Another process may have had the same number long before.
                report.recoveries += (again - at for killed, at in self.killed if killed == pid and began <= at < again)
