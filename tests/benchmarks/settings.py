"""The project's settings with what the benchmarks add: a task of the queue for `pick_up`, and a connector."""

from adsplatform.settings import *  # noqa: F403
from adsplatform.settings import INSTALLED_APPS, QUEUE_TASKS, STORAGES

INSTALLED_APPS = [*INSTALLED_APPS, "tests.benchmarks.app.Benchmarks"]
QUEUE_TASKS = (*QUEUE_TASKS, "tests.benchmarks.pick_up.arrived")
# Pages are looked at without collecting their files before.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
