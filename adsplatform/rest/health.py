"""Whether what the platform stands on is there: one word each, or a sentence."""

import logging
import os

from django.core.files.storage import default_storage
from django.db import connection
from django_q.status import Stat

logger = logging.getLogger(__name__)

HEALTHY = "Healthy"


def dependencies() -> dict[str, str]:
    """Each dependency's state; none of them can make this fail."""
    return {name: _state(name, check) for name, check in CHECKS.items()}


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


CHECKS = {"Database": _database, "Storage": _storage, "Queue": _queue}
