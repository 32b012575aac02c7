"""What the queue calls. A message is only a bell: it carries nothing, and may ring twice or in vain."""

import time

from django.db import transaction

from adsplatform.cluster import shutdown
from adsplatform.records import removal
from enrollments.models import AppEnrollment
from syncs.crash_points import crash_point
from syncs.models import SyncRequest
from syncs.queue.notify import send_wakeup
from syncs.worker import process


def run_next_sync() -> str:
    """Run the next sync that may run, if there is one; a cluster that is stopping leaves it to the others."""
    if shutdown.is_requested():
        # Till then it has stopped taking messages.
        time.sleep(1)
        with transaction.atomic():
            send_wakeup()
        return "This cluster is stopping."
    sync_request = process.run_next()
    if sync_request is None:
        return "No sync is waiting that may run now."
    crash_point("before the next wake-up")
    # What waited for this one to end had its own bell rung in vain.
    if SyncRequest.objects.may_run().within_caps().exists():
        with transaction.atomic():
            send_wakeup()
    crash_point("before the acknowledgement")
    return str(sync_request)


@transaction.atomic
def remove_enrollment_data(app_enrollment_id: str) -> str:
    """Remove every record of a deleted enrollment, and note that they are gone."""
    removed = removal.remove_records_of(app_enrollment_id)
    AppEnrollment.objects.filter(pk=app_enrollment_id).update(removal_asked=None)
    return f"{removed} records removed."
