"""What the attacked clusters have beyond the product: the test source and the mutants."""

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
