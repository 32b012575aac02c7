"""The tasks that messages of the queue name. A wake-up carries no data, and may be redundant."""

import time
from uuid import UUID

from django.db import transaction

from adsplatform.cluster import shutdown
from enrollments.models import AppEnrollment
from syncs.crash_points import crash_point
from syncs.queue.claims import is_any_due
from syncs.queue.notify import request_removal, send_wakeup
from syncs.services import enrollment_removal
from syncs.worker import process

# For how many seconds a worker goes on with one sync after another before it looks for other messages.
LONGEST_TURN = 10.0


def run_next_sync() -> str:
    """Run the next sync that may run, and those after it; a cluster that is stopping leaves them to the others."""
    if shutdown.is_requested():
        # By that time this cluster no longer takes messages.
        time.sleep(1)
        _send_wakeup_now()
        return "This cluster is stopping."
    until = time.monotonic() + LONGEST_TURN
    sync_request = process.run_next()
    if sync_request is None:
        return "No sync is waiting that may run now."
    # The wake-up of a sync that waited for another one to end may have come too early.
    while not shutdown.is_requested() and time.monotonic() < until and (following := process.run_next()):
        sync_request = following
    crash_point("before the next wake-up")
    # The turn has ended early, or what is due may run on another machine only.
    if is_any_due():
        _send_wakeup_now()
    crash_point("before the acknowledgement")
    return str(sync_request)


def remove_enrollment_data(app_enrollment_id: str) -> str:
    """Remove everything that a deleted enrollment has loaded, step by step; a cluster that is stopping leaves the rest.

    The message alone removes nothing: the enrollment must say that its removal was asked for.
    """
    try:
        while (removed := enrollment_removal.remove_some_data_of(UUID(app_enrollment_id))) is None:
            if shutdown.is_requested():
                request_removal(UUID(app_enrollment_id))
                return "This cluster is stopping."
    except AppEnrollment.DoesNotExist:
        return f"Nobody asked to remove the data of the enrollment {app_enrollment_id}, or they are removed already."
    counts = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in removed.items())
    return f"Removed: {counts}."


@transaction.atomic
def _send_wakeup_now() -> None:
    send_wakeup()
