"""One worker's turn: claim a sync, have a process of its own carry it out, and stand by until that has ended.

The process can hang, be killed or run out of memory without harm to the worker, which goes on renewing the lease, ends
the process when the sync is no longer its own (say because it was cancelled), and notes when it died. The worker itself
does nothing with polars: the threads that it starts would be missing in the process that is forked.
"""

import contextlib
import gc
import logging
import os
import select
import signal
import socket
import time

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, connections
from django.utils import timezone

from adsplatform.cluster import shutdown
from adsplatform.cluster.resource_limits import keep_freed_memory
from adsplatform.observability import logs
from adsplatform.records.specification import entities
from syncs.connectors import registered
from syncs.crash_points import crash_point
from syncs.loading import pipeline, retry_policy
from syncs.models import SyncRequest, WrongStatus
from syncs.queue import sessions
from syncs.queue.claims import claim_next

logger = logging.getLogger(__name__)

# How often the lease is renewed; also how long a process goes on after its sync was cancelled.
BEAT_SECONDS = 1.0


def run_next() -> SyncRequest | None:
    """Claim the sync whose turn it is and see it through; returns it, or None if none may run."""
    sync_request = claim_next(owner=f"{socket.gethostname()}, process {os.getpid()}"[:100])
    if sync_request is None:
        return None
    with logs.about(sync_id=sync_request.pk):
        _see_through(sync_request)
    return sync_request


def _see_through(sync_request):
    waited = (timezone.now() - sync_request.created).total_seconds()
    logger.info("The sync begins, %.1f s after it was asked for.", waited)
    began = time.monotonic()
    keep_freed_memory()
    crash_point("claimed")
    if settings.SYNC_OWN_PROCESS:
        _stand_by(sync_request)
    else:
        pipeline.run(sync_request)
    sync_request.refresh_from_db(fields=["status_code", "lines_read"])
    took = time.monotonic() - began
    logger.info("The sync is %s after %.1f s; lines read: %d.", sync_request.status_code, took, sync_request.lines_read)


def _stand_by(sync_request):
    # Looked up once for all processes to come, each of which would have to do it again.
    registered()
    entities()
    # A session cannot be shared by two processes.
    connections.close_all()
    process = _Process(lambda: _carry_out(sync_request))
    try:
        while not process.ends_within(min(BEAT_SECONDS, settings.SYNC_LEASE_SECONDS / 4)):
            if not _still_ours(sync_request):
                process.kill()
            elif shutdown.is_time_up():
                process.ask_to_end()
    finally:
        process.kill()
    if process.was_told_to_end:
        _note(sync_request, lambda: pipeline.hand_back(sync_request, retry_policy.WORKER_STOPPING, "worker_stopping"))
    elif process.has_crashed:
        logger.error("The process that ran sync %s ended: %s.", sync_request.pk, process.how)
        crash_point("before recording a crash")
        _note(sync_request, lambda: pipeline.give_up_crashed(sync_request))


def _carry_out(sync_request):
    with contextlib.suppress(OSError):
        # If memory runs short, this process is to go before the worker.
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write("500")
    # What there is by now stays: it need not be looked through for garbage again and again.
    gc.freeze()
    crash_point("started")
    sessions.name_session(sync_request)
    pipeline.run(sync_request)


def _still_ours(sync_request) -> bool:
    """Renew the lease. While the database is away nobody else can have it."""
    try:
        if sync_request.renew():
            return True
        sessions.end_session(sync_request)
        return False
    except (DatabaseError, InterfaceError):
        connection.close()
        return True


def _note(sync_request, decide):
    """Have it decided at once what is to come of a sync whose process is gone; if that fails, its lease runs out."""
    try:
        # What the process had begun may still be going on in the database.
        sessions.end_session(sync_request)
        decide()
    except WrongStatus as gone:
        logger.info("Sync %s is %s; nothing of it was kept.", sync_request.pk, gone.present_status)
    except (DatabaseError, InterfaceError):
        logger.exception("Sync %s is left to the rescue.", sync_request.pk)
        connection.close()


class _Process:
    """A fork of this one that makes one call and ends."""

    def __init__(self, call):
        self.killed = False
        self.status = None
        # Nothing is ever written: that the other end is closed tells at once that the process has ended.
        self.alive, held = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.alive)
            _end_after(call)
        os.close(held)

    def ends_within(self, seconds: float) -> bool:
        if self.status is not None:
            return True
        if select.select([self.alive], [], [], seconds)[0]:
            self._reap(0)
        else:
            self._reap(os.WNOHANG)
        return self.status is not None

    def ask_to_end(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGTERM)

    def kill(self):
        if self.status is None:
            self.killed = True
            os.kill(self.pid, signal.SIGKILL)
            self._reap(0)

    def _reap(self, options):
        pid, status = os.waitpid(self.pid, options)
        if pid:
            self.status = os.waitstatus_to_exitcode(status)
            os.close(self.alive)

    @property
    def was_told_to_end(self) -> bool:
        """By SIGTERM, as by a service manager that stops all processes of a service."""
        return self.status == -signal.SIGTERM

    @property
    def has_crashed(self) -> bool:
        return self.status != 0 and not self.killed

    @property
    def how(self) -> str:
        return signal.strsignal(-self.status) or "by a signal" if self.status < 0 else f"exit code {self.status}"


def _end_after(call):
    """In the new process: make the call and end, past everything that the worker would do at its own end."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        call()
        code = 0
    except BaseException:
        logger.exception("A sync's process broke off.")
    finally:
        logging.shutdown()
        os._exit(code)
