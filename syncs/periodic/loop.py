"""What is done again and again in every cluster: each tick in a thread of its own, so that none holds up another.

To add one, write a function that takes the time, does a bounded piece of work that may be done by many at once,
and returns whether there is more to do at once; then name it in TICKS.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import close_old_connections, connection, connections

from syncs.monitoring import freshness, notice_emails
from syncs.periodic import retention, scheduler
from syncs.worker import reaper

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PeriodicJob:
    name: str
    work: Callable[[datetime], bool]
    seconds: float


PERIODIC_JOBS = (
    PeriodicJob("the clock of the schedules", scheduler.start_due, 1),
    PeriodicJob("the watch over fresh data", freshness.watch, 30),
    PeriodicJob("the e-mails about notices", notice_emails.send_due, 5),
    PeriodicJob("the rescue of lost syncs", reaper.run_once, 1),
    PeriodicJob("retention", retention.prune_some, 60),
)


class PeriodicLoop:
    """Does the ticks until it is stopped."""

    def __init__(self, ticks=PERIODIC_JOBS):
        self.ticks = ticks
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._go_on, args=[tick], daemon=True) for tick in ticks]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self, seconds: float = 5) -> None:
        """Let what is being done end; what takes longer is rolled back when the process ends."""
        self.stopping.set()
        until = time.monotonic() + seconds
        for thread in self.threads:
            thread.join(max(0, until - time.monotonic()))

    def _go_on(self, tick: PeriodicJob) -> None:
        is_well = True
        while not self.stopping.is_set():
            has_more = False
            try:
                close_old_connections()
                has_more = tick.work(database_time())
                if not is_well:
                    logger.info("%s goes on.", tick.name.capitalize())
                is_well = True
            except Exception:
                # Most likely the database is away; said once, tried again for as long as it takes.
                if is_well:
                    logger.exception("%s does not get on; it is tried again.", tick.name.capitalize())
                is_well = False
            if not has_more:
                self.stopping.wait(tick.seconds)
        connections.close_all()


def database_time() -> datetime:
    """The time on the database's clock, which is the same for all machines."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    return now
