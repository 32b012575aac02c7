"""What goes on beside the workers, in every cluster: syncs whose worker is lost are taken up again, bells that were
lost ring again, and what rings for nothing is swept away. Many may do so at once.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ

from adsplatform import locks
from syncs.crash_points import crash_point
from syncs.loading import pipeline
from syncs.models import SyncRequest, WrongStatus
from syncs.queue import notify, sessions

logger = logging.getLogger(__name__)

# Of a round, so that no transaction gets long and no queue is flooded.
AT_ONCE = 20
# A bell that was taken up so long ago and still lies there was taken by a worker that is gone.
STALE_SECONDS = 120


def run_once(now: datetime) -> bool:
    """Do what there is to do at this moment; returns whether there may be more at once."""
    rescued = recover_lost_syncs()
    requeue_lost_wakeups()
    return rescued == AT_ONCE


def recover_lost_syncs() -> int:
    """Take up again what nobody holds any more; returns how many syncs."""
    lost = list(SyncRequest.objects.expired().order_by("lease_expires")[:AT_ONCE])
    return sum(_rescue(sync_request) for sync_request in lost)


def _rescue(sync_request) -> bool:
    # Its holder may be stopped or cut off with locks in hand, even that of the row below.
    sessions.end_session(sync_request)
    crash_point("before recovering a lost sync")
    with transaction.atomic():
        held = SyncRequest.objects.expired().filter(pk=sync_request.pk, fencing_token=sync_request.fencing_token)
        held = held.select_for_update(skip_locked=True, of=("self",)).first()
        if held is None:
            return False
        try:
            pipeline.give_up_lost(held, by_outage=_was_renewed_before_a_restart(held))
        except WrongStatus:
            return False
        crash_point("recovering a lost sync")
    logger.warning("Sync %s had lost its worker (%s) and is now %s.", held.pk, sync_request.lease_owner, held)
    return True


def _was_renewed_before_a_restart(sync_request) -> bool:
    """Whether the database was away while the lease should have been renewed: that is nobody's failure."""
    renewed = sync_request.lease_expires - timedelta(seconds=settings.SYNC_LEASE_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time() >= %s", [renewed])
        return cursor.fetchone()[0]


def requeue_lost_wakeups() -> None:
    """Ring for those who may run and for whom no bell is left; sweep away bells that were taken and never answered."""
    with transaction.atomic():
        if not locks.try_acquire(locks.REQUEUE_WAKEUPS):
            return
        _sweep()
        due = SyncRequest.objects.may_run().within_caps().order_by()[:AT_ONCE]
        for _ in range(due.count() - get_broker().queue_size()):
            notify.send_wakeup()


def _sweep():
    """Bells of the queue in our own database; others look after theirs."""
    # To take an entry, django-q2 puts its time off by `retry`.
    taken = timezone.now() + timedelta(seconds=settings.Q_CLUSTER["retry"])
    stale = OrmQ.objects.filter(lock__gt=timezone.now(), lock__lt=taken - timedelta(seconds=STALE_SECONDS))
    for entry in stale.order_by("lock")[:AT_ONCE]:
        if entry.func() == notify.WAKEUP_TASK:
            entry.delete()
