"""Removes expired data at once; the clusters do the same continuously, in small steps."""

from django.core.management import BaseCommand

from adsplatform.wording import counted
from syncs.periodic import retention


class Command(BaseCommand):
    """Remove until nothing expired is left."""

    help = "Removes what has been kept for longer than the KEEP_… settings say."

    def handle(self, **options: object) -> None:
        steps = 0
        while retention.prune_some():
            steps += 1
        self.stdout.write(f"Nothing is left that is to go; it took {counted(steps, 'step')}.")
