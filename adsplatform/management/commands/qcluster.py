"""django-q2's cluster, which ends in good order and leaves nothing behind.

Used instead of django-q2's command of the same name, because there

- what is killed leaves its children working, unguarded and beyond reach;
- what is killed while it waits for work, or has just taken some, can block all others for ever (see `queues`);
- the work of stopping is done inside a signal handler, which now and then waits for itself for ever;
- a cluster whose guard was killed ends with exit code 0, so that nobody restarts it.
"""

import logging
import sys
import time

import psutil
from django.core.management.base import CommandError
from django_q.cluster import Cluster
from django_q.management.commands import qcluster

from adsplatform.cluster import shared_objects, shutdown
from adsplatform.cluster.resource_limits import limit_resources
from adsplatform.local.processes import end_descendants_with_parents
from syncs.periodic.loop import PeriodicLoop

logger = logging.getLogger(__name__)


class GracefulCluster(Cluster):
    """A cluster that is only told to stop by a signal, and is gone STOP_SECONDS later (see `stopping`)."""

    def sig_handler(self, signum, frame):
        shutdown.tell()

    def watch(self) -> None:
        """Return when the cluster has ended."""
        while self.sentinel.is_alive():
            if shutdown.is_told():
                self.stop_event.set()
            if shutdown.is_over():
                self.cut_off()
            time.sleep(0.1)

    def cut_off(self) -> None:
        """End every process of the cluster at once."""
        logger.error("What was still running when the time to stop was up has been cut off; nothing of it is kept.")
        guard = psutil.Process(self.sentinel.pid)
        for process in [guard, *guard.children(recursive=True)]:
            process.kill()
        self.sentinel.join()


class Command(qcluster.Command):
    """Run the workers of the queue until told to stop; what is running then may end within STOP_SECONDS."""

    help = "Runs the workers that carry out syncs."

    def handle(self, *args, cluster_name=None, run_once=False, **options):
        if cluster_name or run_once:
            raise CommandError("This product has one cluster, and it runs until it is stopped.")
        end_descendants_with_parents()
        # Handed down to every process that carries out a sync.
        limit_resources()
        shared_objects.replace_shared_objects()
        cluster = GracefulCluster()
        cluster.start()
        # After the fork: the workers are to inherit neither the threads nor their sessions of the database.
        ticking = PeriodicLoop()
        ticking.start()
        cluster.watch()
        ticking.stop()
        if not shutdown.is_told():
            sys.exit("The workers' guard ended unexpectedly.")
