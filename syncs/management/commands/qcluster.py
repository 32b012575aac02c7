"""Runs django-q2's cluster so that it stops in order and leaves no process behind.

It replaces django-q2's command of the same name, in which

- the children of a killed process go on working, without a guard and out of reach;
- a process that is killed while it waits for a message can block all others for ever (see `shared_objects`);
- the cluster is stopped inside a signal handler, which can deadlock;
- a cluster whose guard was killed ends with exit code 0, so that no service manager restarts it.
"""

import logging
import sys
import time
from types import FrameType

import psutil
from django.core.management.base import CommandError
from django_q.cluster import Cluster
from django_q.management.commands import qcluster

from adsplatform.cluster import shared_objects, shutdown
from adsplatform.cluster.resource_limits import limit_resources
from adsplatform.local.processes import end_descendants_with_parents
from syncs.periodic.loop import PeriodicLoop
from syncs.reading.launcher import ReadingServer

logger = logging.getLogger(__name__)


class GracefulCluster(Cluster):
    """A cluster that has ended STOP_SECONDS after a signal asked it to stop (see `adsplatform.cluster.shutdown`)."""

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        shutdown.request()

    def watch(self, reading_server: ReadingServer) -> None:
        """Return when the cluster has ended; meanwhile the reading server is kept running."""
        while self.sentinel.is_alive():
            reading_server.keep_running()
            if shutdown.is_requested():
                self.stop_event.set()
            if shutdown.is_over():
                self.kill_all()
            time.sleep(0.1)

    def kill_all(self) -> None:
        """Kill every process of the cluster."""
        logger.error(
            "The time to stop is up. What was still running has been killed; its transactions are rolled back."
        )
        guard = psutil.Process(self.sentinel.pid)
        for process in [guard, *guard.children(recursive=True)]:
            process.kill()
        self.sentinel.join()


class Command(qcluster.Command):
    """Run the workers of the queue until asked to stop; running syncs then have STOP_SECONDS to end."""

    help = "Runs the workers that carry out syncs."

    def handle(self, *args: str, cluster_name: str | None = None, run_once: bool = False, **options: object) -> None:
        if cluster_name or run_once:
            raise CommandError("This product has one cluster, and it runs until it is stopped.")
        end_descendants_with_parents()
        # Every process that carries out a sync inherits this.
        limit_resources()
        shared_objects.replace_shared_objects()
        reading_server = ReadingServer()
        reading_server.start()
        cluster = GracefulCluster()
        cluster.start()
        # After the fork: the workers must inherit neither these threads nor their database connections.
        loop = PeriodicLoop()
        loop.start()
        cluster.watch(reading_server)
        reading_server.stop()
        loop.stop()
        if not shutdown.is_requested():
            sys.exit("The workers' guard ended unexpectedly.")
