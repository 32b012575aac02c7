"""The reaper: recovers syncs whose worker is lost, and replaces wake-ups that are lost. Each cluster runs one."""

import logging
import socket
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ

from adsplatform import locks
from syncs.crash_points import crash_point
from syncs.loading import pipeline
from syncs.models import SyncRequest, WrongStatus
from syncs.queue import notify, sessions

logger = logging.getLogger(__name__)

# The most syncs and wake-ups of one run, so that transactions stay short and the queue is not flooded.
AT_ONCE = 20
# A worker that has not acknowledged its wake-up after this many seconds is lost.
STALE_SECONDS = 120


def run_once(now: datetime) -> bool:
    """Recover syncs and wake-ups; returns whether there may be more to do at once."""
    recovered = recover_lost_syncs()
    requeue_lost_wakeups()
    return recovered == AT_ONCE


def recover_lost_syncs() -> int:
    """Fail or requeue syncs whose lease has expired; returns how many."""
    lost = list(SyncRequest.objects.expired().order_by("lease_expires")[:AT_ONCE])
    return sum(_recover(sync_request) for sync_request in lost)


def _recover(sync_request: SyncRequest) -> bool:
    # The worker may be paused or disconnected while it has locks, even the lock of the row below.
    sessions.end_session(sync_request)
    crash_point("before recovering a lost sync")
    with transaction.atomic():
        found = SyncRequest.objects.expired().filter(pk=sync_request.pk, fencing_token=sync_request.fencing_token)
        lost = found.select_for_update(skip_locked=True, of=("self",)).first()
        if lost is None:
            return False
        try:
            pipeline.give_up_lost(lost, by_outage=database_restarted_since(lost.lease_renewed))
        except WrongStatus:
            return False
        crash_point("recovering a lost sync")
    logger.warning("Sync %s had lost its worker (%s) and is now %s.", lost.pk, sync_request.lease_owner, lost)
    return True


def database_restarted_since(moment: datetime | None) -> bool:
    """Whether the database was started after that moment: then the lease expired because of the outage."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time() >= %s", [moment])
        (restarted,) = cursor.fetchone()
    return bool(restarted)


def requeue_lost_wakeups() -> None:
    """Send a wake-up for each sync that may run and has none; remove wake-ups that no worker acknowledged."""
    with transaction.atomic():
        if not locks.try_acquire(locks.REQUEUE_WAKEUPS):
            return
        _remove_stale_wakeups()
        waiting = SyncRequest.objects.may_run().order_by()
        due = waiting.within_caps(socket.gethostname())[:AT_ONCE].count()
        # What may not run on this machine may run on another, which a single wake-up will reach.
        due = due or int(waiting.within_caps().exists())
        for _ in range(due - get_broker().queue_size()):
            notify.send_wakeup()


def _remove_stale_wakeups() -> None:
    """In the queue of our own database; other brokers do this themselves."""
    # When django-q2 hands out a message, it sets `lock` to now plus its `retry` seconds.
    now = timezone.now()
    stale_before = now + timedelta(seconds=Conf.RETRY - STALE_SECONDS)
    for message in OrmQ.objects.filter(lock__gt=now, lock__lt=stale_before).order_by("lock")[:AT_ONCE]:
        if message.func() == notify.WAKEUP_TASK:
            message.delete()
