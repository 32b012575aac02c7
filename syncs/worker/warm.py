"""A warm process: it carries out one small sync after another, as long as each ends well.

A process of its own costs a sync of one record more than the sync itself: the fork, a database connection, temporary
tables, and everything that is done for the first time. What a warm process gives up is memory that is fresh for each
account, so it carries out uploads and batches only, for which nothing secret is decrypted, and small ones only; their
sources are still read by a process each. It ends after anything but a sync whose data were loaded.
"""

import contextlib
import itertools
import resource
import select
import socket
from functools import partial
from pathlib import Path
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection

from adsplatform.observability import logs
from adsplatform.records.specification import entity_named
from enrollments.models import FILE_UPLOAD, JSON_BATCH
from syncs.import_profiles.header_names import key_of, read_name
from syncs.loading.staging.session_tables import SessionTables
from syncs.models import SyncRequest
from syncs.queue import sessions
from syncs.worker import carrying
from syncs.worker.forks import ForkedProcess

# What it may carry out: the connectors that read uploads, and uploads up to this size.
CONNECTORS = {FILE_UPLOAD, JSON_BATCH}
MOST_BYTES = 500_000
# After so many syncs a process ends, and when it has grown by so many bytes.
MOST_SYNCS, MOST_GROWTH = 500, 64 * 1024**2
DONE = b"done"


class WarmProcess(ForkedProcess):
    """A fork that is handed one claimed sync after another."""

    def __init__(self) -> None:
        # Whether it has carried out the last sync that it was handed, and is ready for another.
        self.is_ready = True
        self.orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        super().__init__(partial(_serve, theirs, self.orders))
        theirs.close()

    def hand(self, sync_request: SyncRequest) -> None:
        """Hand it a sync; if it has died, that is noticed afterwards, as a crash of the sync."""
        self.is_ready = False
        with contextlib.suppress(OSError):
            self.orders.send(_as_order(sync_request))

    def ends_within(self, seconds: float) -> bool:
        """Wait until its sync has ended, at most this many seconds; returns whether that or its own end has come."""
        if self.exit_code is None and select.select([self.orders], [], [], seconds)[0]:
            # Nothing is received if it has ended.
            self.is_ready = self.orders.recv(len(DONE)) == DONE
            return self.is_ready or super().ends_within(1)
        return super().ends_within(0)

    def has_ended(self) -> bool:
        """Whether it has ended since its last sync."""
        return super().ends_within(0)

    def kill(self) -> None:
        """End it, unless it is ready for another sync."""
        if not self.is_ready:
            super().kill()


class _Kept:
    """The warm process of this worker."""

    process: WarmProcess | None = None


def may_carry(sync_request: SyncRequest) -> bool:
    """Whether a warm process may carry out the sync."""
    upload = sync_request.upload
    return sync_request.connector in CONNECTORS and upload is not None and upload.size <= MOST_BYTES


def process_for(sync_request: SyncRequest) -> ForkedProcess:
    """The worker's warm process, which is handed the sync; it is forked if there is none."""
    if _Kept.process is None or not _Kept.process.is_ready or _Kept.process.has_ended():
        discard()
        carrying.before_fork()
        _Kept.process = WarmProcess()
    _Kept.process.hand(sync_request)
    return _Kept.process


def discard() -> None:
    """Have no warm process any more, in a fork too; one that is there ends, as nobody can hand it a sync."""
    if process := _Kept.process:
        process.orders.close()
        _Kept.process = None


def _as_order(sync_request: SyncRequest) -> bytes:
    return f"{sync_request.pk.hex} {sync_request.fencing_token}".encode()


# In the process.


def _serve(orders: socket.socket, of_worker: socket.socket) -> None:
    """Carry out what is handed over, until something does not end well or the worker is gone."""
    # While this end is open, it could not be noticed that the worker's is closed.
    of_worker.close()
    carrying.begin()
    tables, size = SessionTables(), _size()
    for number in itertools.count(1):
        if not (order := orders.recv(100)):
            return
        is_loaded = _carry_out(order.decode(), tables)
        if not is_loaded or number >= MOST_SYNCS or _size() - size > MOST_GROWTH:
            return
        forget()
        try:
            sessions.name_idle()
        except (DatabaseError, InterfaceError):
            return
        orders.send(DONE)


def _carry_out(order: str, tables: SessionTables) -> bool:
    id, token = order.split()
    # The session may have been ended while there was nothing to do.
    connection.close_if_unusable_or_obsolete()
    claimed = SyncRequest(pk=UUID(id), fencing_token=int(token)).under_own_claim()
    sync_request = claimed.select_related("app_enrollment__app", "upload").first()
    if sync_request is None:
        return False
    with logs.about(sync_id=sync_request.pk):
        return carrying.carry_out(sync_request, tables)


def forget() -> None:
    """Empty the caches that texts of an account may be in: the names of files, kinds and columns."""
    for cache in (entity_named, read_name, key_of):
        cache.cache_clear()


def _size() -> int:
    """The bytes of memory that this process has; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return 0
