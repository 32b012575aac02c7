"""django-q2's cluster, which ends in good order and leaves nothing behind.

Used instead of django-q2's command of the same name, because there

- what is killed leaves its children working, unguarded and beyond reach;
- the work of stopping is done inside a signal handler, which now and then waits for itself for ever;
- a cluster whose guard was killed ends with exit code 0, so that nobody restarts it.
"""

import sys
import time

from django.core.management.base import CommandError
from django_q.cluster import Cluster
from django_q.management.commands import qcluster

from adsplatform.processes import end_descendants_with_parents
from adsplatform.resource_limits import limit_resources


class PoliteCluster(Cluster):
    """A cluster that is only told to stop by a signal, and stops when it comes to look."""

    told_to_stop = False

    def sig_handler(self, signum, frame):
        self.told_to_stop = True

    def watch(self) -> None:
        """Return when the cluster has ended."""
        while self.sentinel.is_alive():
            if self.told_to_stop:
                self.stop()
            time.sleep(0.1)


class Command(qcluster.Command):
    """Run the workers of the queue until told to stop; running tasks are waited for."""

    help = "Runs the workers that carry out syncs."

    def handle(self, *args, cluster_name=None, run_once=False, **options):
        if cluster_name or run_once:
            raise CommandError("This product has one cluster, and it runs until it is stopped.")
        end_descendants_with_parents()
        # Handed down to every process that carries out a sync.
        limit_resources()
        cluster = PoliteCluster()
        cluster.start()
        cluster.watch()
        if not cluster.told_to_stop:
            sys.exit("The workers' guard ended unexpectedly.")
