"""Whether what the platform depends on works: one word for each dependency, or a sentence."""

import logging
import os
from collections.abc import Callable, Mapping
from functools import cache

from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django_q.brokers import get_broker
from django_q.status import Stat

from adsplatform.wording import plural

logger = logging.getLogger(__name__)

HEALTHY = "Healthy"

# Returns a sentence about what is wrong, or an empty text.
Check = Callable[[], str]


def dependencies() -> dict[str, str]:
    """The state of each dependency; a check that raises is a state too."""
    return _states(CHECKS)


def readiness() -> dict[str, str]:
    """The state of each dependency that web requests need; not workers, because requested syncs wait for them."""
    return _states(NEEDED)


def _states(checks: Mapping[str, Check]) -> dict[str, str]:
    return {name: _state(name, check) for name, check in checks.items()}


def _state(name: str, check: Check) -> str:
    try:
        return check() or HEALTHY
    except Exception:
        logger.exception("The health check of %s failed", name)
        return f"{name} does not answer. The reason is in the log."


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _storage() -> str:
    default_storage.exists("status")
    folder = default_storage.location if isinstance(default_storage, FileSystemStorage) else None
    # The first upload creates the folder.
    if folder and os.path.exists(folder) and not os.access(folder, os.W_OK):
        return "Uploads cannot be written to their folder."
    return ""


def _workers() -> str:
    return "" if Stat.get_all() else "No worker is running; syncs wait until one is started."


@cache
def _all_migrations() -> tuple[tuple[str, str], ...]:
    return tuple(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def _migrations() -> str:
    applied = MigrationRecorder(connection).applied_migrations()
    if missing := sum(each not in applied for each in _all_migrations()):
        were = plural(missing, "migration has", "migrations have")
        return f"{missing} {were} not been applied to the database. Run `manage.py migrate`."
    return ""


def _queue() -> str:
    get_broker().queue_size()
    return ""


CHECKS: dict[str, Check] = {"Database": _database, "Storage": _storage, "Queue": _workers}
NEEDED: dict[str, Check] = {
    "Database": _database,
    "Migrations": _migrations,
    "Storage": _storage,
    "Queue": _queue,
}
