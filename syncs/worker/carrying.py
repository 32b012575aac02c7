"""What the process of a sync does, forked from a worker."""

import contextlib
import gc
from pathlib import Path

from django.db import connections

from adsplatform.records.specification import entities
from syncs.connectors import registered
from syncs.crash_points import crash_point
from syncs.loading import pipeline
from syncs.loading.staging.session_tables import SessionTables
from syncs.models import SyncRequest
from syncs.queue import sessions
from syncs.reading.client import prepare


def before_fork() -> None:
    """In the worker: load what every process would have to load again, and close the sessions, which none can share."""
    registered()
    entities()
    connections.close_all()


def begin() -> None:
    """In the fork: become a process of syncs."""
    # If memory runs short, the kernel is to kill this process before the worker.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")
    # Present objects will stay, so the garbage collector need not examine them repeatedly.
    gc.freeze()


def carry_out(sync_request: SyncRequest, tables: SessionTables | None = None) -> bool:
    """Carry out a claimed sync; takes and returns what `pipeline.run` does."""
    crash_point("started")
    # It starts while this process connects to the database.
    prepare()
    sessions.name_session(sync_request)
    return pipeline.run(sync_request, tables)
