"""Whether what the platform stands on is there: one word each, or a sentence."""

import logging
import os
from functools import cache

from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django_q.brokers import get_broker
from django_q.status import Stat

from adsplatform.wording import plural

logger = logging.getLogger(__name__)

HEALTHY = "Healthy"


def dependencies() -> dict[str, str]:
    """Each dependency's state; none of them can make this fail."""
    return {name: _state(name, check) for name, check in CHECKS.items()}


def readiness() -> dict[str, str]:
    """The state of all that it takes to answer requests. Workers are none of it: what is asked for waits for them."""
    return {name: _state(name, check) for name, check in NEEDED.items()}


def _state(name: str, check) -> str:
    try:
        return check() or HEALTHY
    except Exception:
        logger.exception("%s is not well", name)
        return f"{name} does not answer. The reason is in the log."


def _database() -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _storage() -> str | None:
    default_storage.exists("status")
    folder = getattr(default_storage, "location", None)
    # Made with the first upload.
    if folder and os.path.exists(folder) and not os.access(folder, os.W_OK):
        return "Uploads cannot be written to their folder."


def _queue() -> str | None:
    if not Stat.get_all():
        return "No worker is running; syncs wait until one is started."


@cache
def _all_migrations() -> tuple:
    return tuple(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def _migrations() -> str | None:
    applied = MigrationRecorder(connection).applied_migrations()
    if missing := sum(each not in applied for each in _all_migrations()):
        were = plural(missing, "migration has", "migrations have")
        return f"{missing} {were} not been applied to the database. Run `manage.py migrate`."


def _bell() -> str | None:
    get_broker().queue_size()


CHECKS = {"Database": _database, "Storage": _storage, "Queue": _queue}
NEEDED = {"Database": _database, "Migrations": _migrations, "Storage": _storage, "Queue": _bell}
