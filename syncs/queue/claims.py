"""How a worker claims the sync that runs next."""

from django.db import IntegrityError, connection, transaction

from adsplatform import locks
from syncs.crash_points import crash_point
from syncs.models.requests import SyncRequest

# A claim takes milliseconds; one whose process is stopped halfway must not keep the others waiting.
CLAIM_SECONDS = 5
# How many times to retry if staff have put a sync of the same enrollment in progress by hand.
ATTEMPTS = 5


def claim_next(owner: str = "") -> SyncRequest | None:
    """Claim the sync whose turn it is and return it, or None; two workers never get the same one.

    `owner` is the name of the worker's machine, and behind a comma what it is called there.
    """
    for _ in range(ATTEMPTS):
        try:
            return _claim(owner)
        except IntegrityError:
            continue
    return None


@transaction.atomic
def _claim(owner: str) -> SyncRequest | None:
    _wait_for_other_claimers()
    sync_request = (
        SyncRequest.objects.may_run()
        .within_caps(owner.partition(",")[0])
        .order_by("turn", "created", "sync_request_id")
        .select_for_update(skip_locked=True, of=("self",))
        .first()
    )
    if sync_request:
        sync_request.start(owner)
        crash_point("claiming")
    return sync_request


def _wait_for_other_claimers() -> None:
    """Claims are made one at a time, because two workers could count the same running syncs and exceed a cap."""
    # Within a caller's transaction, the caller decides how long it may be idle.
    if not connection.savepoint_ids:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{CLAIM_SECONDS}s'")
    locks.acquire(locks.CLAIM_SYNC)
