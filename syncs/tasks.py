"""What the queue calls. A message is only a bell: it carries nothing, and may ring twice or in vain."""

import logging
import time

from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from adsplatform import logs, stopping
from adsplatform.records import removal
from enrollments.models import AppEnrollment
from syncs import runner
from syncs.models import SyncRequest

logger = logging.getLogger(__name__)


def ring():
    """Wake a worker; inside a transaction, the bell is part of it and rings with its commit."""
    async_task("syncs.tasks.run_next_sync", save=False, ack_failure=True)


def ring_removal(app_enrollment_id):
    """Have a deleted enrollment's records removed in the background."""
    async_task("syncs.tasks.remove_enrollment_data", str(app_enrollment_id), save=False, ack_failure=True)


def run_next_sync() -> str:
    """Run the next sync that may run, if there is one; a cluster that is stopping leaves it to the others."""
    if stopping.is_told():
        # Till then it has stopped taking messages.
        time.sleep(1)
        with transaction.atomic():
            ring()
        return "This cluster is stopping."
    sync_request = SyncRequest.objects.claim_next()
    if sync_request is None:
        return "No sync is waiting that may run now."
    try:
        with logs.about(sync_id=sync_request.pk):
            _run(sync_request)
    finally:
        # What waited for this one to end had its own bell rung in vain.
        if SyncRequest.objects.waiting().exists():
            with transaction.atomic():
                ring()
    return str(sync_request)


def _run(sync_request: SyncRequest):
    began = time.monotonic()
    logger.info(
        "The sync begins, %.1f s after it was asked for.", (timezone.now() - sync_request.created).total_seconds()
    )
    runner.run(sync_request)
    sync_request.refresh_from_db(fields=["status_code", "lines_read"])
    took = time.monotonic() - began
    logger.info("The sync is %s after %.1f s; lines read: %d.", sync_request.status_code, took, sync_request.lines_read)


@transaction.atomic
def remove_enrollment_data(app_enrollment_id: str) -> str:
    """Remove every record of a deleted enrollment, and note that they are gone."""
    removed = removal.remove_records_of(app_enrollment_id)
    AppEnrollment.objects.filter(pk=app_enrollment_id).update(removal_asked=None)
    return f"{removed} records removed."
