"""What the attacked clusters have beyond the product: the test source and the mutants."""

import os
from dataclasses import replace

from django.apps import AppConfig


class Chaos(AppConfig):
    name = "tests.chaos"
    label = "chaos"

    def ready(self):
        from syncs.connectors import register
        from tests.chaos import mutants, source

        register(source.ChaosSource)
        name_claims()
        make_small()
        if name := os.environ.get("CHAOS_MUTANT"):
            mutants.MUTANTS.get(name, mutants.sound)()


def make_small():
    """Have warm processes carry out two of three syncs, and compare the rows of every second one, as of small files."""
    from syncs.loading import pipeline
    from syncs.worker import warm

    carries = warm.may_carry
    warm.CONNECTORS.add("chaos")
    warm.may_carry = lambda sync_request: bool(int(sync_request.upload.file_name) % 3) and carries(sync_request)
    pipeline.is_compared = lambda upload: int(upload.file_name) % 2 == 0


def name_claims():
    """Tell the source which claim and process it is read for, as its settings; a real connector cannot know that."""
    from syncs.loading import pipeline

    opened = pipeline.open_source

    def open_source(sync_request, *others):
        of_claim = {"claim": str(sync_request.fencing_token), "process": str(os.getpid())}
        return replace(opened(sync_request, *others), settings=of_claim)

    pipeline.open_source = open_source
