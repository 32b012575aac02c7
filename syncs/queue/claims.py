"""How a worker claims the sync that runs next."""

from functools import cache
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from adsplatform import locks
from syncs.crash_points import crash_point
from syncs.models.requests import SyncRequest

# A claim takes milliseconds; one whose process is stopped halfway must not keep the others waiting.
CLAIM_SECONDS = 5
# How many times to retry if staff have put a sync of the same enrollment in progress by hand.
ATTEMPTS = 5

# What `SyncRequest.start` does, for the row that `choice` finds.
_CLAIM = """
    UPDATE syncs_syncrequest SET
        status_code = 'In Progress', started = %s, modified = %s, lines_read = 0, fence = fence + 1, lease_owner = %s,
        lease_expires = STATEMENT_TIMESTAMP() + make_interval(secs => %s), not_before = NULL
    WHERE sync_request_id = ({choice} FOR UPDATE OF syncs_syncrequest SKIP LOCKED) RETURNING *
"""


def claim_next(owner: str = "") -> SyncRequest | None:
    """Claim the sync whose turn it is and return it, or None; two workers never get the same one.

    `owner` is the name of the worker's machine, and behind a comma what it is called there.
    """
    # Composed before the lock is taken, which all workers want.
    choice, choice_values = _choice(owner.partition(",")[0], *_caps())
    now = timezone.now()
    values = [now, now, owner, settings.SYNC_LEASE_SECONDS, *choice_values]
    for _ in range(ATTEMPTS):
        try:
            return _claim(_CLAIM.format(choice=choice), values)
        except IntegrityError:
            continue
    return None


def is_any_due() -> bool:
    """Whether a sync may run now, on whichever machine."""
    with connection.cursor() as cursor:
        cursor.execute(*_choice("", *_caps()))
        return cursor.fetchone() is not None


@transaction.atomic
def _claim(statement: str, values: list[object]) -> SyncRequest | None:
    _wait_for_other_claimers()
    sync_request = next(iter(SyncRequest.objects.raw(statement, values)), None)
    if sync_request:
        crash_point("claiming")
    return sync_request


def _caps() -> tuple[object, ...]:
    of_connectors = tuple(settings.SYNC_RUNNING_PER_CONNECTOR.items())
    return settings.SYNC_WORKERS, settings.SYNC_RUNNING_PER_ACCOUNT, of_connectors


@cache
def _choice(machine: str, *_settings: object) -> tuple[str, tuple[Any, ...]]:
    """The query for the sync whose turn it is, and its values; its text takes longer to compose than to run.

    It depends on the machine and on settings, for which the query itself looks.
    """
    chosen = SyncRequest.objects.may_run().within_caps(machine).order_by("turn", "created", "sync_request_id")
    return chosen.values("pk")[:1].query.sql_with_params()


def _wait_for_other_claimers() -> None:
    """Claims are made one at a time, because two workers could count the same running syncs and exceed a cap."""
    # Within a caller's transaction, the caller decides how long it may be idle.
    if not connection.savepoint_ids:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{CLAIM_SECONDS}s'")
    locks.acquire(locks.CLAIM_SYNC)
