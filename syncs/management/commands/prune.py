"""Removes at once what has been kept for long enough; the clusters do the same by themselves, bit by bit."""

from django.core.management import BaseCommand

from adsplatform.wording import plural
from syncs.periodic import retention


class Command(BaseCommand):
    """Prune until nothing is left that is to go."""

    help = "Removes what has been kept for longer than the KEEP_… settings say."

    def handle(self, **options):
        steps = 0
        while retention.prune_some():
            steps += 1
        self.stdout.write(f"Nothing is left that is to go; it took {steps} {plural(steps, 'step')}.")
