"""One turn of a worker: claim a sync, have another process carry it out, and watch that process until it has done so.

The process may get stuck, be killed or run out of memory without harm to the worker. The worker renews the lease, kills
the process when the sync is no longer its own (because it was cancelled, say), and records its death. The worker itself
never uses polars: that starts threads, which a forked process does not inherit.
"""

import logging
import os
import socket
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from adsplatform.cluster import shutdown
from adsplatform.cluster.resource_limits import keep_freed_memory
from adsplatform.observability import logs
from syncs.connectors import registry
from syncs.crash_points import crash_point
from syncs.loading import pipeline, retry_policy
from syncs.models import SyncRequest, WrongStatus
from syncs.queue import sessions
from syncs.queue.claims import claim_next
from syncs.worker import carrying, warm
from syncs.worker.forks import ForkedProcess

logger = logging.getLogger(__name__)

# How often the lease is renewed; also how long a process can go on after its sync was cancelled.
HEARTBEAT_SECONDS = 1.0
# How long a process may go on after its sync has ended, to move the files that the sync has read.
AFTERWARDS_SECONDS = 300


def run_next() -> SyncRequest | None:
    """Claim the sync whose turn it is and run it to its end; returns it, or None if none may run."""
    sync_request = claim_next(owner=f"{socket.gethostname()}, process {os.getpid()}"[:100])
    if sync_request is None:
        return None
    with logs.about(sync_id=sync_request.pk):
        _run(sync_request)
    return sync_request


def _run(sync_request: SyncRequest) -> None:
    waited = (timezone.now() - sync_request.created).total_seconds()
    logger.info("The sync starts, %.1f s after it was asked for.", waited)
    began = time.monotonic()
    keep_freed_memory()
    crash_point("claimed")
    if settings.SYNC_OWN_PROCESS:
        _run_in_own_process(sync_request)
    else:
        pipeline.run(sync_request)
    sync_request.refresh_from_db(fields=["status_code", "lines_read"])
    took = time.monotonic() - began
    logger.info("The sync is %s after %.1f s; lines read: %d.", sync_request.status_code, took, sync_request.lines_read)


def _run_in_own_process(sync_request: SyncRequest) -> None:
    process = _process_for(sync_request)
    try:
        while not process.ends_within(min(HEARTBEAT_SECONDS, settings.SYNC_LEASE_SECONDS / 4)):
            if not _renew(sync_request):
                process.kill()
            elif shutdown.is_time_up():
                process.terminate()
    finally:
        process.kill()
    if process.was_terminated:
        _decide(sync_request, lambda: pipeline.hand_back(sync_request, retry_policy.WORKER_STOPPING, "worker_stopping"))
    elif process.has_crashed:
        logger.error("The process that ran sync %s ended: %s.", sync_request.pk, process.ending)
        crash_point("before recording a crash")
        _decide(sync_request, lambda: pipeline.give_up_crashed(sync_request))


def _process_for(sync_request: SyncRequest) -> ForkedProcess:
    """The process that carries the sync out: a warm one for small uploads, for others a new one."""
    if warm.may_carry(sync_request):
        return warm.process_for(sync_request)
    carrying.before_fork()
    return ForkedProcess(lambda: _carry_out(sync_request))


def _carry_out(sync_request: SyncRequest) -> None:
    """The work of a process that carries out this sync only."""
    warm.discard()
    carrying.begin()
    carrying.carry_out(sync_request)


def _renew(sync_request: SyncRequest) -> bool:
    """Renew the lease; returns whether the sync is still ours. Without the database nobody else can claim it."""
    try:
        if sync_request.renew() or _is_moving_files(sync_request):
            return True
        sessions.end_session(sync_request)
        return False
    except (DatabaseError, InterfaceError):
        connection.close()
        return True


def _is_moving_files(sync_request: SyncRequest) -> bool:
    """Whether the sync has an outcome, and its process may still be moving the files that it has read."""
    connector = registry.get(sync_request.connector)
    if connector is None or not connector.puts_files_away:
        return False
    outcomes = (SyncRequest.Status.SUCCESS, SyncRequest.Status.FAILED)
    since = timezone.now() - timedelta(seconds=AFTERWARDS_SECONDS)
    ended = SyncRequest.objects.filter(pk=sync_request.pk, status_code__in=outcomes, finished__gt=since)
    return ended.exists()


def _decide(sync_request: SyncRequest, decide: Callable[[], None]) -> None:
    """Requeue or fail a sync whose process has ended; if that fails, the reaper does it when the lease expires."""
    try:
        # A statement of the process may still be running in the database.
        sessions.end_session(sync_request)
        decide()
    except WrongStatus as error:
        pipeline.log_lost(sync_request, error)
    except (DatabaseError, InterfaceError):
        logger.exception("Sync %s is left to the reaper, because the database did not answer.", sync_request.pk)
        connection.close()
