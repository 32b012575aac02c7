"""Makes the benchmark's connector known to workers and to the processes that read their sources."""

from django.apps import AppConfig


class Benchmarks(AppConfig):
    name = "tests.benchmarks"
    label = "benchmarks"

    def ready(self):
        from tests.benchmarks import connector  # noqa: F401, registers it
