"""The project's settings for the cluster that `pick_up` measures: its queue runs the benchmark's task too."""

from adsplatform.settings import *  # noqa: F403
from adsplatform.settings import QUEUE_TASKS

QUEUE_TASKS = (*QUEUE_TASKS, "tests.benchmarks.pick_up.arrived")
