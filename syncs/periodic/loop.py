"""Runs the periodic jobs of a cluster, each in a thread of its own, so that none delays another.

To add one, write a function that takes the time, does a bounded piece of work that several clusters may do at once,
and returns whether there is more to do at once; then add it to PERIODIC_JOBS.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import close_old_connections, connection, connections

from adsplatform.accounts import audit_chain
from syncs.monitoring import freshness, notice_emails
from syncs.periodic import retention, scheduler
from syncs.worker import reaper

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PeriodicJob:
    """A function and the pause, in seconds, after it has found nothing more to do."""

    name: str
    work: Callable[[datetime], bool]
    seconds: float


PERIODIC_JOBS = (
    PeriodicJob("scheduler", scheduler.start_due, 1),
    PeriodicJob("notices", freshness.update_notices, 30),
    PeriodicJob("notice e-mails", notice_emails.send_due, 5),
    PeriodicJob("reaper", reaper.run_once, 1),
    PeriodicJob("seals of the audit trail", audit_chain.seal_some, 60),
    PeriodicJob("retention", retention.prune_some, 60),
)


class PeriodicLoop:
    """Runs periodic jobs until it is stopped."""

    def __init__(self, jobs: Iterable[PeriodicJob] = PERIODIC_JOBS) -> None:
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._repeat, args=[job], name=job.name, daemon=True) for job in jobs]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float = 5) -> None:
        """Let running jobs end; jobs that take longer are rolled back when the process ends."""
        self._stopping.set()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0, until - time.monotonic()))

    def _repeat(self, job: PeriodicJob) -> None:
        is_failing = False
        while not self._stopping.is_set():
            has_more = False
            try:
                close_old_connections()
                has_more = job.work(database_time())
                if is_failing:
                    logger.info("Periodic job “%s” works again.", job.name)
                is_failing = False
            except Exception:
                # Most likely the database is unreachable: log it once and repeat until the job succeeds.
                if not is_failing:
                    logger.exception("Periodic job “%s” failed; it will be tried again.", job.name)
                is_failing = True
            if not has_more:
                self._stopping.wait(job.seconds)
        connections.close_all()


def database_time() -> datetime:
    """The time on the database's clock, which is the same for all machines."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    return now
