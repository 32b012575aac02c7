"""One turn of a worker: claim a sync, fork a process that carries it out, and watch that process until it has ended.

The process may get stuck, be killed or run out of memory without harm to the worker. The worker renews the lease, kills
the process when the sync is no longer its own (because it was cancelled, say), and records its death. The worker itself
never uses polars: that starts threads, which a forked process does not inherit.
"""

import contextlib
import gc
import logging
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, connections
from django.utils import timezone

from adsplatform.cluster import shutdown
from adsplatform.cluster.resource_limits import keep_freed_memory
from adsplatform.observability import logs
from adsplatform.records.specification import entities
from syncs.connectors import registered, registry
from syncs.crash_points import crash_point
from syncs.loading import pipeline, retry_policy
from syncs.models import SyncRequest, WrongStatus
from syncs.queue import sessions
from syncs.queue.claims import claim_next
from syncs.reading.client import prepare

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
    # Cached here for all later processes, each of which would have to load them again.
    registered()
    entities()
    # Two processes cannot share a database session.
    connections.close_all()
    process = ForkedProcess(lambda: _carry_out(sync_request))
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


def _carry_out(sync_request: SyncRequest) -> None:
    """The work of the forked process."""
    # If memory runs short, the kernel is to kill this process before the worker.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")
    # Present objects will stay, so the garbage collector need not examine them repeatedly.
    gc.freeze()
    crash_point("started")
    # It starts while this process connects to the database.
    prepare()
    sessions.name_session(sync_request)
    pipeline.run(sync_request)


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


class ForkedProcess:
    """A fork of this process that makes one call and exits."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.was_killed = False
        # As of `os.waitstatus_to_exitcode`: negative after a signal; None while it runs.
        self.exit_code: int | None = None
        # Nothing is ever written to the pipe: when its other end closes, the process has ended.
        self._alive, child_end = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._alive)
            _exit_after(call)
        os.close(child_end)

    def ends_within(self, seconds: float) -> bool:
        """Wait for its end, at most this many seconds; returns whether it has ended."""
        if self.exit_code is not None:
            return True
        if select.select([self._alive], [], [], seconds)[0]:
            self._reap(0)
        else:
            self._reap(os.WNOHANG)
        return self.exit_code is not None

    def terminate(self) -> None:
        """Ask it to end."""
        if self.exit_code is None:
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it, and wait until it has ended."""
        if self.exit_code is None:
            self.was_killed = True
            os.kill(self.pid, signal.SIGKILL)
            self._reap(0)

    def _reap(self, options: int) -> None:
        pid, status = os.waitpid(self.pid, options)
        if pid:
            self.exit_code = os.waitstatus_to_exitcode(status)
            os.close(self._alive)

    @property
    def was_terminated(self) -> bool:
        """Whether SIGTERM ended it; a service manager may send it to all processes of a service."""
        return self.exit_code == -signal.SIGTERM

    @property
    def has_crashed(self) -> bool:
        return self.exit_code != 0 and not self.was_killed

    @property
    def ending(self) -> str:
        """How it ended, for the log."""
        code = self.exit_code or 0
        return signal.strsignal(-code) or "by a signal" if code < 0 else f"exit code {code}"


def _exit_after(call: Callable[[], None]) -> NoReturn:
    """In the forked process: make the call and exit, without the worker's own exit handlers."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        call()
        code = 0
    except BaseException:
        logger.exception("The process of a sync ended with an error.")
    finally:
        logging.shutdown()
        os._exit(code)
