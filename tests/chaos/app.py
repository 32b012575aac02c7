"""What the clusters under attack know beyond the product: the source, and how to be a mutant."""

import os

from django.apps import AppConfig


class Chaos(AppConfig):
    name = "tests.chaos"
    label = "chaos"

    def ready(self):
        from syncs.connectors import register
        from tests.chaos import mutants, source

        register(source.ChaosSource)
        if name := os.environ.get("CHAOS_MUTANT"):
            mutants.MUTANTS.get(name, mutants.sound)()
