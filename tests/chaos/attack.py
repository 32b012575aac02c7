"""The attack: requests syncs and injects faults at random until there have been enough, then lets everything end."""

import contextlib
import random
import time

import psutil
from django_q.models import OrmQ

from adsplatform.errors import PlatformError
from syncs.models import SyncRequest
from tests.chaos.environment import LEASE, patient
from tests.chaos.installation import Installation, database_may_be_away
from tests.chaos.observer import Reader
from tests.chaos.report import Report, Wanted

POINTS = {
    "claiming": 0.02, "claimed": 0.03, "started": 0.03, "reading": 0.008, "copying": 0.008, "merging": 0.03,
    "written": 0.04, "before the outcome": 0.03, "before the commit": 0.04, "after the commit": 0.04,
    "before recording a crash": 0.08, "before recovering a lost sync": 0.1, "recovering a lost sync": 0.1,
    "before the next wake-up": 0.04, "before the acknowledgement": 0.03,
}  # fmt: skip
# How often each kind of process is killed, compared with the others.
VICTIMS = {"sync": 45, "reader": 14, "reading server": 3, "worker": 13, "idle": 15, "cluster": 7, "guard": 3}
# A cluster of this age counts as wedged after so many seconds without an attempt, if syncs wait.
WEDGED = 20.0


class Attack:
    def __init__(self, site: Installation, wanted: Wanted, report: Report, reader: Reader):
        self.site, self.wanted, self.report, self.reader = site, wanted, report, reader
        self.random = random.Random(wanted.seed)
        self.requested = 0
        # Processes that are stopped, until when.
        self.stopped: list[tuple[float, list[psutil.Process]]] = []
        # Which process was killed when, to measure how long its sync took to be recovered.
        self.killed: list[tuple[int, float]] = []
        # When the log of attempts was last seen to grow, and its size then.
        self.progress = (time.monotonic(), -1)

    def carry_out(self) -> None:
        """Inject faults until there have been as many as wanted, or the time is up."""
        self.site.restart_clusters(POINTS)
        for _ in range(self.wanted.enrollments):
            self.site.new_enrollment()
        next_kill = next_database = next_zombie = time.monotonic() + 5
        deadline = time.monotonic() + self.wanted.seconds
        pace = self.wanted.seconds / 2
        while not self._is_enough() and not self._is_found_out() and time.monotonic() < deadline:
            now = time.monotonic()
            self._keep_running()
            self._keep_syncs_waiting()
            self._cancel_some()
            if now > next_kill:
                self._kill_a_process()
                next_kill = now + self.random.uniform(0, 2 * self.wanted.kill_every)
            if now > next_zombie and self.report.kills["zombie"] < self.wanted.zombies:
                self._stop_a_process()
                self._stop_a_reader()
                next_zombie = now + pace / (self.wanted.zombies + 1)
            if now > next_database and self._database_kills() < self.wanted.database_kills:
                self._kill_database()
                next_database = now + pace / (self.wanted.database_kills + 1)
            if self.random.random() < 0.01:
                self._empty_the_queue()
            self._continue_stopped()
            time.sleep(0.05)

    def let_end(self) -> None:
        """Cause no more faults; every sync has to end by itself."""
        self._continue_stopped(at_once=True)
        self.site.restart_clusters({})
        self._empty_the_queue()
        began = time.monotonic()
        while not self._is_found_out() and time.monotonic() - began < patient(self.wanted.patience):
            self._keep_running()
            with database_may_be_away():
                if not SyncRequest.objects.unfinished().exists():
                    self._look_for_left_processes()
                    return
                self._cancel_hanging()
            time.sleep(0.2)

    def _is_enough(self) -> bool:
        wanted, report = self.wanted, self.report
        kills = sum(report.kills[kind] for kind in VICTIMS)
        crashes = len(self.site.crash_log.read_text().splitlines())
        return (
            self.requested >= wanted.syncs
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

    # What users do.

    def _keep_syncs_waiting(self) -> None:
        """So that there is always something to disturb."""
        with database_may_be_away():
            while SyncRequest.objects.unfinished().count() < 2 * self.wanted.enrollments:
                self._request_next()

    def _request_next(self) -> None:
        self.requested += 1
        plan = self.site.next_plan()
        # Into empty books rows are inserted directly; a sync that fails must roll them back.
        if plan.behaviour == "refusing" or self.random.random() < 0.1:
            enrollment = self.site.new_enrollment()
        else:
            enrollment = self.random.choice(self.site.enrollments[-self.wanted.enrollments :])
        self.site.request(plan, enrollment)

    def _cancel_some(self) -> None:
        with database_may_be_away():
            for sync_request, plan in self.site.running():
                if self.random.random() < (0.05 if plan.behaviour == "hanging" else self.wanted.cancels / 20):
                    began = time.monotonic()
                    with contextlib.suppress(PlatformError):
                        self.site.cancel(sync_request)
                        self.report.cancels.append(time.monotonic() - began)

    def _cancel_hanging(self) -> None:
        for sync_request, plan in self.site.running():
            if plan.behaviour == "hanging":
                with contextlib.suppress(PlatformError):
                    self.site.cancel(sync_request)

    # Faults.

    def _kill_a_process(self) -> None:
        kind = self.random.choices(list(VICTIMS), VICTIMS.values())[0]
        cluster = self.random.choice(self.site.clusters)
        victims = {
            "sync": cluster.syncs, "worker": cluster.busy_workers, "idle": cluster.idle,
            "cluster": lambda: [cluster.main], "guard": cluster.guards, "reader": cluster.readers,
            "reading server": cluster.reading_servers,
        }  # fmt: skip
        with contextlib.suppress(psutil.Error):
            if found := victims[kind]():
                victim = self.random.choice(found)
                lost = [victim, *victim.children(recursive=True)]
                victim.kill()
                self.report.kills[kind] += 1
                self.killed += ((process.pid, time.time()) for process in lost)

    def _stop_a_process(self) -> None:
        """Make a zombie: the process of a sync and its worker are stopped until the lease has run out."""
        workers = [worker for cluster in self.site.clusters for worker in cluster.busy_workers()]
        with contextlib.suppress(psutil.Error):
            if workers:
                worker = self.random.choice(workers)
                stopped = [*worker.children(), worker]
                for process in reversed(stopped):
                    process.suspend()
                self.stopped.append((time.monotonic() + LEASE * self.random.uniform(1.2, 2.5), stopped))
                self.report.kills["zombie"] += 1

    def _stop_a_reader(self) -> None:
        """Let a process that reads a source hang for a while, or the server that starts such processes."""
        clusters = self.site.clusters
        found = [process for cluster in clusters for process in (*cluster.readers(), *cluster.reading_servers())]
        with contextlib.suppress(psutil.Error):
            if found:
                victim = self.random.choice(found)
                victim.suspend()
                self.stopped.append((time.monotonic() + LEASE * self.random.uniform(0.2, 1.5), [victim]))
                self.report.kills["hanging reader"] += 1

    def _continue_stopped(self, *, at_once: bool = False) -> None:
        for entry in list(self.stopped):
            until, processes = entry
            if at_once or time.monotonic() > until or self._is_taken_up(processes):
                self.stopped.remove(entry)
                # The sync's process first, so that it runs for a while without its worker.
                for process in processes:
                    with contextlib.suppress(psutil.Error):
                        process.resume()
                    time.sleep(0.3)

    def _is_taken_up(self, stopped: list[psutil.Process]) -> bool:
        """Whether another process runs the sync of a stopped one: then a zombie can do most harm."""
        ours = {process.pid for process in stopped}
        attempts = self.site.attempts()[-100:]
        begun = {attempt.number: attempt.at for attempt in attempts if attempt.pid in ours}
        others = [attempt for attempt in attempts if attempt.pid not in ours]
        return any(attempt.at > begun.get(attempt.number, float("inf")) for attempt in others)

    def _empty_the_queue(self) -> None:
        """As if a broker had lost its messages: every wake-up is gone."""
        with database_may_be_away():
            OrmQ.objects.all().delete()
            self.report.emptied += 1

    def _kill_database(self) -> None:
        if self.random.random() < 0.7:
            self.report.kills["database"] += 1
            self.site.database.kill()
        else:
            self.report.kills["database restart"] += 1
            self.site.database.restart()

    # What goes on meanwhile.

    def _keep_running(self) -> None:
        self.site.keep_running()
        size = self.site.attempt_log.stat().st_size
        since, seen = self.progress
        if size != seen:
            self.progress = (time.monotonic(), size)
        elif time.monotonic() - since > (most := patient(WEDGED)) and any(
            cluster.age > most for cluster in self.site.clusters
        ):
            # A cluster that was killed a moment ago is still starting.
            self.progress = (time.monotonic(), size)
            self._end_wedged()

    def _end_wedged(self) -> None:
        """Report clusters that do nothing although syncs wait, and restart them, so that the run goes on."""
        with database_may_be_away():
            if self.wanted.mutant or not SyncRequest.objects.may_run().exists():
                return
            self.report.wedged += 1
            self.report.findings.append(
                f"At {time.strftime('%X')}, syncs that could run were not taken up for {WEDGED:.0f} seconds or more; "
                + "; ".join(map(str, self.site.clusters))
            )
            for cluster in self.site.clusters:
                cluster.kill()

    def _look_for_left_processes(self) -> None:
        """A sync that was ended elsewhere is noticed within a second or so; on a busy machine that takes longer."""
        for _ in range(10):
            time.sleep(1)
            left = sum(len(cluster.superfluous()) + len(cluster.readers()) for cluster in self.site.clusters)
            if not left:
                return
        self.report.findings.append(f"{left} processes go on though their syncs have ended.")
