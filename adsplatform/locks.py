"""Advisory locks of PostgreSQL: every one that this application takes has its key here.

A lock lasts until the transaction ends. Processes of two releases run side by side during an upgrade, so the number or
text of a key never changes.
"""

from typing import NamedTuple
from uuid import UUID

from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable


class HashedKey(NamedTuple):
    """A key that PostgreSQL makes from a text: `hashtextextended(text, seed)`."""

    text: str
    seed: int = 0


LockKey = int | HashedKey

# One worker at a time chooses the sync that runs next.
CLAIM_SYNC = 7_301_226
# One cluster at a time replaces lost wake-ups.
REQUEUE_WAKEUPS = 7_301_227
# One cluster at a time removes what is older than its retention period.
RETENTION = 7_301_228
# One cluster at a time seals the audit trail.
AUDIT_TRAIL = HashedKey("accounts.audit_trail")
# One cluster at a time opens and closes notices.
FRESHNESS = HashedKey("syncs.freshness")


def enrollment_key(app_enrollment_id: UUID) -> HashedKey:
    """For transactions that request a sync of an enrollment or change it, which are short."""
    return HashedKey(str(app_enrollment_id), 0)


def books_key(app_enrollment_id: UUID) -> HashedKey:
    """For transactions that write or count the records of an enrollment, which may take long."""
    return HashedKey(str(app_enrollment_id), 1)


def credentials_key(app_enrollment_id: UUID) -> HashedKey:
    """For transactions that replace an enrollment's credentials, which may ask a source for new ones meanwhile."""
    return HashedKey(str(app_enrollment_id), 2)


def budget_key(place: str) -> HashedKey:
    """For sessions that use a source, of which there may be so many at once; `place` is the number of one of them."""
    return HashedKey(place, 3)


class LockTimeout(Exception):
    """Another transaction did not release the lock in time."""


def acquire(key: LockKey, *, timeout_seconds: float | None = None) -> None:
    """Wait for the lock; raises LockTimeout after `timeout_seconds`, which leaves the transaction unusable."""
    call, params = _call("pg_advisory_xact_lock", key)
    with connection.cursor() as cursor:
        if timeout_seconds is None:
            cursor.execute(call, params)
            return
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{timeout_seconds * 1000:.0f}ms"])
        try:
            cursor.execute(call, params)
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise LockTimeout("Another transaction holds the lock.") from error
            raise
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")


def try_acquire(key: LockKey) -> bool:
    """Take the lock if it is free; returns whether this transaction holds it."""
    call, params = _call("pg_try_advisory_xact_lock", key)
    with connection.cursor() as cursor:
        cursor.execute(call, params)
        (is_acquired,) = cursor.fetchone()
    return is_acquired


def _call(function: str, key: LockKey) -> tuple[str, list[int | str]]:
    if isinstance(key, HashedKey):
        return f"SELECT {function}(hashtextextended(%s, %s))", [*key]
    return f"SELECT {function}(%s)", [key]
